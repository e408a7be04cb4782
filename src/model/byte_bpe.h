/** Byte-level BPE: a word is its bytes, and the pair of neighbours whose merge has the lowest rank
 * becomes one token, again and again.
 *
 * A byte is written in the vocabulary as a printable character of its own (GPT-2's alphabet).
 */
#ifndef TACIT_MODEL_BYTE_BPE_H
#define TACIT_MODEL_BYTE_BPE_H

#include "model/token_list.h"
#include "model/vocab.h"

enum { BPE_MAX_MERGES = 1 << 21 };

typedef struct {
    uint32_t left, right; /* ids; left VOCAB_NONE in an empty slot */
    uint32_t rank, id;    /* place in the list of merges; what the two become */
} bpe_merge;

typedef struct {
    const vocab *pieces;
    uint32_t bytes[256]; /* id of each byte, VOCAB_NONE where it is no piece */
    bpe_merge *slots;    /* a hash table by (left, right): a power of two, at most half full */
    size_t n_slots, n_merges, next_rank;
    uint32_t unknown;  /* id for bytes that are no piece; VOCAB_NONE: they are left out */
    bool fuse_unknown; /* … one for all such bytes in a row */
    bool whole_words;  /* a word that is a piece is not built by merges */
} byte_bpe;

/** A token in the making: bytes [begin, end) of the word, in a list. */
typedef struct {
    uint32_t id, begin, end;
    uint32_t prev, next; /* places of the neighbours; UINT32_MAX at the ends */
} bpe_symbol;

/** A merge that may be done. */
typedef struct {
    uint32_t rank, at, id;
} bpe_candidate;

/** Zeroed at first; one thread's. */
typedef struct {
    bpe_symbol *symbols;
    size_t n, symbols_cap;
    bpe_candidate *heap;
    size_t n_heap, heap_cap;
    char *word; /* in the alphabet */
    size_t word_cap;
} bpe_scratch;

/** `pieces` must outlive it. */
void byte_bpe_init(byte_bpe *b, const vocab *pieces);
void byte_bpe_clear(byte_bpe *b);

/** The next merge, ranks in order of the calls; one that is there already gets the new rank.
 * ERR_ARTEFACT where a part or the whole is no piece. */
status byte_bpe_add_merge(byte_bpe *b, span left, span right, error *err) MUST_USE;

/** Append the tokens of one word, which is not empty; `from` belongs to its bytes.
 * Cost: O(n log n) for n bytes. Returns OK or ERR_RESOURCE. */
status byte_bpe_encode(const byte_bpe *b, bpe_scratch *s, token_list *out, span word,
                       const text_range *from, error *err) MUST_USE;
void bpe_scratch_clear(bpe_scratch *s);

/** The two tokens of "left right"; false where there is no single space in it. */
bool bpe_parse_merge(span line, span *left, span *right);

/** The character that stands for a byte. */
uint32_t byte_bpe_character(uint8_t byte);

#endif
