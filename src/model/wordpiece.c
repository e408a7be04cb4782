#include "model/wordpiece.h"

#include <string.h>

#include "model/unicode.h"

/* Every piece that begins with the prefix, without it: so that hashes of what is left of a word
 * can be taken in one walk. */
static status collect_continuing(wordpiece *w, span prefix, error *err)
{
    for (size_t i = 0; i < w->pieces->n_slots; i++) {
        const vocab_slot *s = &w->pieces->slots[i];
        if (s->id == VOCAB_NONE || s->len <= prefix.len) {
            continue;
        }
        const uint8_t *bytes = (const uint8_t *)w->pieces->bytes + s->at;
        if (prefix.len > 0 && memcmp(bytes, prefix.data, prefix.len) != 0) {
            continue;
        }
        const span rest = {bytes + prefix.len, s->len - prefix.len};
        TRY(vocab_add(&w->continuing, rest, s->id, err));
    }
    return OK;
}

status wordpiece_init(wordpiece *w, const vocab *pieces, span prefix, span unknown,
                      size_t max_chars, error *err)
{
    CHECK(max_chars <= WORDPIECE_MAX_CHARS);
    *w = (wordpiece){.pieces = pieces, .max_chars = max_chars};
    w->unknown = vocab_find(pieces, unknown);
    if (w->unknown == VOCAB_NONE) {
        return error_set(err, ERR_ARTEFACT, "the unknown token '%.*s' is not in the vocabulary",
                         (int)(unknown.len < 64 ? unknown.len : 64), (const char *)unknown.data);
    }
    return collect_continuing(w, prefix, err);
}

void wordpiece_clear(wordpiece *w)
{
    vocab_clear(&w->continuing);
    *w = (wordpiece){0};
}

/* Length of the longest piece at the front of the word, 0 for none. hashes and ends are scratch
 * for each prefix that ends with a code point. */
static size_t longest_piece(const vocab *pieces, span word, uint32_t *id, uint32_t *hashes,
                            uint32_t *ends)
{
    uint32_t hash = vocab_hash_start();
    size_t n = 0;
    for (size_t i = 0; i < word.len && i < pieces->max_bytes; i++) {
        hash = vocab_hash_byte(hash, word.data[i]);
        if (i + 1 == word.len || (word.data[i + 1] & 0xC0) != 0x80) {
            hashes[n] = hash;
            ends[n++] = (uint32_t)i + 1;
        }
    }
    while (n-- > 0) {
        *id = vocab_find_hashed(pieces, (span){word.data, ends[n]}, hashes[n]);
        if (*id != VOCAB_NONE) {
            return ends[n];
        }
    }
    return 0;
}

static size_t count_chars(span word)
{
    size_t n = 0;
    for (size_t i = 0; i < word.len; i++) {
        n += (word.data[i] & 0xC0) != 0x80;
    }
    return n;
}

status wordpiece_encode(const wordpiece *w, token_list *out, span word, const text_range *from,
                        error *err)
{
    uint32_t hashes[WORDPIECE_MAX_CHARS], ends[WORDPIECE_MAX_CHARS];
    const size_t before = out->len;
    const bool too_long = count_chars(word) > w->max_chars;
    size_t done = too_long ? word.len : 0;
    bool known = !too_long;
    while (known && done < word.len) {
        uint32_t id;
        const span rest = {word.data + done, word.len - done};
        const size_t n = longest_piece(done ? &w->continuing : w->pieces, rest, &id, hashes, ends);
        known = n > 0;
        if (known && token_push(out, id, (text_range){from[done].begin, from[done + n - 1].end})) {
            return error_memory(err);
        }
        done += n;
    }
    if (!known) {
        out->len = before;
        const text_range whole = {from[0].begin, from[word.len - 1].end};
        if (token_push(out, w->unknown, whole)) {
            return error_memory(err);
        }
    }
    return OK;
}
