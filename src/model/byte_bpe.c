#include "model/byte_bpe.h"

#include <string.h>

#include "model/unicode.h"

/* As in vocab.c: only tables made to collide walk so far. */
enum { MAX_WALK = 1024, FIRST_SLOTS = 64 };

/* Printable characters of Latin-1 stand for themselves, the others, in order, for those from
 * U+0100 on. */
uint32_t byte_bpe_character(uint8_t byte)
{
    if ((byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte != 0xAD)) {
        return byte;
    }
    if (byte <= ' ') {
        return 0x100u + byte;
    }
    return byte == 0xAD ? 0x143 : 0x121u + (byte - 0x7Fu);
}

void byte_bpe_init(byte_bpe *b, const vocab *pieces)
{
    *b = (byte_bpe){.pieces = pieces, .unknown = VOCAB_NONE};
    for (unsigned byte = 0; byte < 256; byte++) {
        uint8_t utf8[4];
        const size_t n = utf8_encode(utf8, byte_bpe_character((uint8_t)byte));
        b->bytes[byte] = vocab_find(pieces, (span){utf8, n});
    }
}

void byte_bpe_clear(byte_bpe *b)
{
    mem_free(b->slots);
    *b = (byte_bpe){0};
}

/* The slot of a pair or the empty one where it belongs; NULL after MAX_WALK. */
static bpe_merge *find_slot(const byte_bpe *b, uint32_t left, uint32_t right)
{
    uint64_t hash = ((uint64_t)left << 32 | right) * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 29;
    hash *= 0xBF58476D1CE4E5B9u;
    size_t i = (size_t)(hash >> 32) & (b->n_slots - 1);
    for (size_t walked = 0; walked < MAX_WALK; walked++) {
        bpe_merge *m = &b->slots[i];
        if (m->left == VOCAB_NONE || (m->left == left && m->right == right)) {
            return m;
        }
        i = (i + 1) & (b->n_slots - 1);
    }
    return NULL;
}

static const bpe_merge *find_merge(const byte_bpe *b, uint32_t left, uint32_t right)
{
    if (b->n_slots == 0) {
        return NULL;
    }
    const bpe_merge *m = find_slot(b, left, right);
    return m && m->left != VOCAB_NONE ? m : NULL;
}

static status too_many_collisions(error *err)
{
    return error_set(err, ERR_ARTEFACT, "merges collide in the hash table");
}

static status grow(byte_bpe *b, error *err)
{
    byte_bpe bigger = *b;
    bigger.n_slots = b->n_slots ? 2 * b->n_slots : FIRST_SLOTS;
    bigger.slots = mem_new(bigger.n_slots, sizeof *bigger.slots);
    if (!bigger.slots) {
        return error_memory(err);
    }
    for (size_t i = 0; i < bigger.n_slots; i++) {
        bigger.slots[i].left = VOCAB_NONE;
    }
    for (size_t i = 0; i < b->n_slots; i++) {
        const bpe_merge *m = &b->slots[i];
        if (m->left != VOCAB_NONE) {
            bpe_merge *to = find_slot(&bigger, m->left, m->right);
            if (!to) {
                mem_free(bigger.slots);
                return too_many_collisions(err);
            }
            *to = *m;
        }
    }
    mem_free(b->slots);
    *b = bigger;
    return OK;
}

static status find_piece(const byte_bpe *b, span piece, uint32_t *id, error *err)
{
    *id = vocab_find(b->pieces, piece);
    if (*id == VOCAB_NONE) {
        return error_set(err, ERR_ARTEFACT, "'%.*s' is not in the vocabulary",
                         (int)(piece.len < 64 ? piece.len : 64), (const char *)piece.data);
    }
    return OK;
}

status byte_bpe_add_merge(byte_bpe *b, span left, span right, error *err)
{
    uint8_t whole[2 * VOCAB_MAX_TOKEN];
    uint32_t left_id, right_id, id;
    TRY(find_piece(b, left, &left_id, err));
    TRY(find_piece(b, right, &right_id, err));
    memcpy(whole, left.data, left.len);
    memcpy(whole + left.len, right.data, right.len);
    TRY(find_piece(b, (span){whole, left.len + right.len}, &id, err));
    if (b->next_rank >= BPE_MAX_MERGES) {
        return error_set(err, ERR_ARTEFACT, "more than %d merges", BPE_MAX_MERGES);
    }
    if (2 * (b->n_merges + 1) > b->n_slots) {
        TRY(grow(b, err));
    }
    bpe_merge *m = find_slot(b, left_id, right_id);
    if (!m) {
        return too_many_collisions(err);
    }
    b->n_merges += m->left == VOCAB_NONE;
    *m = (bpe_merge){left_id, right_id, (uint32_t)b->next_rank++, id};
    return OK;
}

bool bpe_parse_merge(span line, span *left, span *right)
{
    const uint8_t *space = line.len > 0 ? memchr(line.data, ' ', line.len) : NULL;
    if (!space) {
        return false;
    }
    *left = (span){line.data, (size_t)(space - line.data)};
    *right = (span){space + 1, line.len - left->len - 1};
    return right->len == 0 || !memchr(right->data, ' ', right->len);
}

static bool before(const bpe_candidate *x, const bpe_candidate *y)
{
    return x->rank != y->rank ? x->rank < y->rank : x->at < y->at;
}

static void swap(bpe_candidate *x, bpe_candidate *y)
{
    const bpe_candidate was = *x;
    *x = *y;
    *y = was;
}

/* Into the heap, lowest rank on top and of equal ranks the leftmost. */
static status push(bpe_scratch *s, bpe_candidate c)
{
    if (s->n_heap == s->heap_cap &&
        !mem_reserve((void **)&s->heap, &s->heap_cap, s->n_heap + 1, sizeof *s->heap)) {
        return ERR_RESOURCE;
    }
    size_t i = s->n_heap++;
    s->heap[i] = c;
    while (i > 0 && before(&s->heap[i], &s->heap[(i - 1) / 2])) {
        swap(&s->heap[i], &s->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    return OK;
}

static bpe_candidate pop(bpe_scratch *s)
{
    const bpe_candidate top = s->heap[0];
    s->heap[0] = s->heap[--s->n_heap];
    for (size_t i = 0;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < s->n_heap; child++) {
            least = before(&s->heap[child], &s->heap[least]) ? child : least;
        }
        if (least == i) {
            return top;
        }
        swap(&s->heap[i], &s->heap[least]);
        i = least;
    }
}

/* If the symbol at `at` and the next one have a merge, it becomes a candidate. */
static status consider(const byte_bpe *b, bpe_scratch *s, uint32_t at)
{
    const bpe_symbol *left = &s->symbols[at];
    if (left->next == UINT32_MAX) {
        return OK;
    }
    const bpe_merge *m = find_merge(b, left->id, s->symbols[left->next].id);
    return m ? push(s, (bpe_candidate){m->rank, at, m->id}) : OK;
}

static void add_symbol(bpe_scratch *s, uint32_t id, size_t begin, size_t end)
{
    const uint32_t at = (uint32_t)s->n++;
    s->symbols[at] = (bpe_symbol){.id = id,
                                  .begin = (uint32_t)begin,
                                  .end = (uint32_t)end,
                                  .prev = at ? at - 1 : UINT32_MAX,
                                  .next = UINT32_MAX};
    if (at > 0) {
        s->symbols[at - 1].next = at;
    }
}

/* A symbol a byte. */
static status load(const byte_bpe *b, bpe_scratch *s, span word)
{
    s->n = 0;
    s->n_heap = 0;
    if (!mem_reserve((void **)&s->symbols, &s->symbols_cap, word.len, sizeof *s->symbols)) {
        return ERR_RESOURCE;
    }
    bool was_unknown = false;
    for (size_t i = 0; i < word.len; i++) {
        const uint32_t id = b->bytes[word.data[i]];
        if (id != VOCAB_NONE) {
            add_symbol(s, id, i, i + 1);
        } else if (b->unknown != VOCAB_NONE && was_unknown && b->fuse_unknown) {
            s->symbols[s->n - 1].end = (uint32_t)i + 1;
        } else if (b->unknown != VOCAB_NONE) {
            add_symbol(s, b->unknown, i, i + 1);
        }
        was_unknown = id == VOCAB_NONE;
    }
    return OK;
}

/* Do the candidate if its two symbols are still there: then, as in `tokenizers`, the merge they
 * have now gives the same token. */
static status merge(const byte_bpe *b, bpe_scratch *s, bpe_candidate c)
{
    bpe_symbol *left = &s->symbols[c.at];
    if (left->begin == left->end || left->next == UINT32_MAX) {
        return OK;
    }
    bpe_symbol *right = &s->symbols[left->next];
    const bpe_merge *m = find_merge(b, left->id, right->id);
    if (!m || m->id != c.id) {
        return OK;
    }
    left->id = c.id;
    left->end = right->end;
    left->next = right->next;
    right->begin = right->end;
    if (left->next != UINT32_MAX) {
        s->symbols[left->next].prev = c.at;
    }
    if (left->prev != UINT32_MAX) {
        TRY(consider(b, s, left->prev));
    }
    return consider(b, s, c.at);
}

static status merge_all(const byte_bpe *b, bpe_scratch *s)
{
    for (size_t i = 0; i + 1 < s->n; i++) {
        TRY(consider(b, s, (uint32_t)i));
    }
    while (s->n_heap > 0) {
        TRY(merge(b, s, pop(s)));
    }
    return OK;
}

/* The id of the word itself, written in the alphabet; VOCAB_NONE where it is no piece. */
static status find_whole(const byte_bpe *b, bpe_scratch *s, span word, uint32_t *id)
{
    *id = VOCAB_NONE;
    if (word.len > VOCAB_MAX_TOKEN) {
        return OK;
    }
    if (!mem_reserve((void **)&s->word, &s->word_cap, 4 * word.len, 1)) {
        return ERR_RESOURCE;
    }
    size_t n = 0;
    for (size_t i = 0; i < word.len; i++) {
        n += utf8_encode((uint8_t *)s->word + n, byte_bpe_character(word.data[i]));
    }
    *id = vocab_find(b->pieces, (span){(const uint8_t *)s->word, n});
    return OK;
}

static status encode(const byte_bpe *b, bpe_scratch *s, token_list *out, span word,
                     const text_range *from)
{
    if (b->whole_words) {
        uint32_t id;
        TRY(find_whole(b, s, word, &id));
        if (id != VOCAB_NONE) {
            return token_push(out, id, (text_range){from[0].begin, from[word.len - 1].end});
        }
    }
    TRY(load(b, s, word));
    TRY(merge_all(b, s));
    for (size_t i = 0; i < s->n; i++) {
        const bpe_symbol *t = &s->symbols[i];
        if (t->begin < t->end) {
            TRY(token_push(out, t->id, (text_range){from[t->begin].begin, from[t->end - 1].end}));
        }
    }
    return OK;
}

status byte_bpe_encode(const byte_bpe *b, bpe_scratch *s, token_list *out, span word,
                       const text_range *from, error *err)
{
    return encode(b, s, out, word, from) == OK ? OK : error_memory(err);
}

void bpe_scratch_clear(bpe_scratch *s)
{
    mem_free(s->symbols);
    mem_free(s->heap);
    mem_free(s->word);
    *s = (bpe_scratch){0};
}
