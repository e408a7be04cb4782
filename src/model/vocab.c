#include "model/vocab.h"

#include <string.h>

#include "base/mem.h"

/* Longest walk over full slots. At most half of the slots are full, so a hash that scatters stays
 * far below; only a table made to collide reaches it. */
enum { MAX_WALK = 1024, FIRST_SLOTS = 64 };

/* FNV's low bits are weak for short strings. */
static size_t slot_of(uint32_t hash, size_t n_slots)
{
    hash ^= hash >> 15;
    hash *= 0x2c1b3c6du;
    hash ^= hash >> 12;
    return hash & (n_slots - 1);
}

/* The slot that holds the string or the empty one where it belongs; NULL after MAX_WALK. */
static vocab_slot *find_slot(const vocab *v, span token, uint32_t hash)
{
    size_t i = slot_of(hash, v->n_slots);
    for (size_t walked = 0; walked < MAX_WALK; walked++) {
        vocab_slot *s = &v->slots[i];
        if (s->id == VOCAB_NONE) {
            return s;
        }
        if (s->hash == hash && s->len == token.len &&
            (token.len == 0 || memcmp(v->bytes + s->at, token.data, token.len) == 0)) {
            return s;
        }
        i = (i + 1) & (v->n_slots - 1);
    }
    return NULL;
}

static status too_many_collisions(error *err)
{
    return error_set(err, ERR_ARTEFACT, "tokens collide in the hash table");
}

static status grow(vocab *v, error *err)
{
    vocab bigger = *v;
    bigger.n_slots = v->n_slots ? 2 * v->n_slots : FIRST_SLOTS;
    bigger.slots = mem_new(bigger.n_slots, sizeof *bigger.slots);
    if (!bigger.slots) {
        return error_memory(err);
    }
    for (size_t i = 0; i < bigger.n_slots; i++) {
        bigger.slots[i].id = VOCAB_NONE;
    }
    for (size_t i = 0; i < v->n_slots; i++) {
        const vocab_slot *s = &v->slots[i];
        if (s->id != VOCAB_NONE) {
            const span token = {(const uint8_t *)v->bytes + s->at, s->len};
            vocab_slot *to = find_slot(&bigger, token, s->hash);
            if (!to) {
                mem_free(bigger.slots);
                return too_many_collisions(err);
            }
            *to = *s;
        }
    }
    mem_free(v->slots);
    *v = bigger;
    return OK;
}

/* Put the string behind the others; *at is its place. */
static status keep_bytes(vocab *v, span token, uint32_t *at, error *err)
{
    const size_t need = v->bytes_len + token.len + 1;
    if (need > UINT32_MAX) {
        return error_set(err, ERR_ARTEFACT, "tokens have more than 4 GiB");
    }
    if (!mem_reserve((void **)&v->bytes, &v->bytes_cap, need, 1)) {
        return error_memory(err);
    }
    *at = (uint32_t)v->bytes_len;
    if (token.len > 0) {
        memcpy(v->bytes + v->bytes_len, token.data, token.len);
    }
    v->bytes[need - 1] = '\0';
    v->bytes_len = need;
    return OK;
}

static uint32_t hash_of(span token)
{
    uint32_t hash = vocab_hash_start();
    for (size_t i = 0; i < token.len; i++) {
        hash = vocab_hash_byte(hash, token.data[i]);
    }
    return hash;
}

static status check_limits(const vocab *v, span token, uint32_t id, error *err)
{
    if (token.len > VOCAB_MAX_TOKEN) {
        return error_set(err, ERR_ARTEFACT, "token of id %u has %zu bytes, at most %d are allowed",
                         (unsigned)id, token.len, VOCAB_MAX_TOKEN);
    }
    if (id >= VOCAB_MAX_ID) {
        return error_set(err, ERR_ARTEFACT, "id %u of '%.*s' must be below %d", (unsigned)id,
                         (int)(token.len < 64 ? token.len : 64), (const char *)token.data,
                         VOCAB_MAX_ID);
    }
    if (v->n >= VOCAB_MAX_ENTRIES) {
        return error_set(err, ERR_ARTEFACT, "more than %d tokens", VOCAB_MAX_ENTRIES);
    }
    return OK;
}

status vocab_add(vocab *v, span token, uint32_t id, error *err)
{
    TRY(check_limits(v, token, id, err));
    if (2 * (v->n + 1) > v->n_slots) {
        TRY(grow(v, err));
    }
    if (!mem_reserve((void **)&v->at, &v->at_cap, (size_t)id + 1, sizeof *v->at)) {
        return error_memory(err);
    }
    const uint32_t hash = hash_of(token);
    vocab_slot *s = find_slot(v, token, hash);
    if (!s) {
        return too_many_collisions(err);
    }
    if (s->id == VOCAB_NONE) {
        uint32_t at = 0;
        TRY(keep_bytes(v, token, &at, err));
        *s = (vocab_slot){.hash = hash, .at = at, .len = (uint32_t)token.len};
        v->n++;
    } else if (v->at[s->id] == s->at + 1) {
        v->at[s->id] = 0;
    }
    s->id = id;
    v->at[id] = s->at + 1;
    v->end = id >= v->end ? (size_t)id + 1 : v->end;
    v->max_bytes = token.len > v->max_bytes ? token.len : v->max_bytes;
    return OK;
}

uint32_t vocab_find_hashed(const vocab *v, span token, uint32_t hash)
{
    if (v->n_slots == 0) {
        return VOCAB_NONE;
    }
    const vocab_slot *s = find_slot(v, token, hash);
    return s ? s->id : VOCAB_NONE;
}

uint32_t vocab_find(const vocab *v, span token)
{
    return vocab_find_hashed(v, token, hash_of(token));
}

const char *vocab_token(const vocab *v, uint32_t id)
{
    return id < v->end && v->at[id] ? v->bytes + (v->at[id] - 1) : NULL;
}

void vocab_clear(vocab *v)
{
    mem_free(v->bytes);
    mem_free(v->slots);
    mem_free(v->at);
    *v = (vocab){0};
}
