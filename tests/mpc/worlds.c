#include "worlds.h"

#include "base/mem.h"
#include "mpc/compare.h"
#include "mpc/dealt.h"
#include "test.h"

/* The run at hand; one at a time. Streams are read by several threads, written by none. */
static worlds *now;

/* ---- What the gates are given */

typedef struct {
    const draw *d;
    size_t at;
} stream;

prg *__real_prg_new_bulk(const uint8_t *seed, const char *purpose, error *err);
void __real_prg_free(prg *p);
void __real_prg_bytes(prg *p, void *out, size_t n);
void __real_prg_seek(prg *p, uint64_t offset);
status __real_dealt_take(dealt *d, channel *from, uint8_t *out, size_t n, error *err);
status __real_channel_swap(channel *c, uint32_t op, const void *mine, size_t n_mine, void *theirs,
                           size_t n_theirs, error *err);
prg *__wrap_prg_new_bulk(const uint8_t *seed, const char *purpose, error *err);
void __wrap_prg_free(prg *p);
void __wrap_prg_bytes(prg *p, void *out, size_t n);
void __wrap_prg_seek(prg *p, uint64_t offset);
status __wrap_dealt_take(dealt *d, channel *from, uint8_t *out, size_t n, error *err);
status __wrap_channel_swap(channel *c, uint32_t op, const void *mine, size_t n_mine, void *theirs,
                           size_t n_theirs, error *err);

static const draw *find(draw_kind kind, unsigned gate)
{
    for (size_t i = 0; i < now->n_draws; i++) {
        if (now->draws[i].kind == kind && now->draws[i].gate == gate) {
            return &now->draws[i];
        }
    }
    fail_msg("a stream that the test does not know: gate %u", gate);
    return NULL;
}

prg *__wrap_prg_new_bulk(const uint8_t *seed, const char *purpose, error *err)
{
    if (!now) {
        return __real_prg_new_bulk(seed, purpose, err);
    }
    unsigned gate;
    const bool second = memcmp(seed, now->w.roots[1], PRG_SEED_BYTES) == 0;
    const bool mask = sscanf(purpose, "mpc mask %u", &gate) == 1;
    if (!mask) {
        assert_int_equal(sscanf(purpose, "mpc dealt %u", &gate), 1);
        assert_false(second);
    }
    stream *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->d = find(!mask ? DRAW_DEALT : second ? DRAW_MASK1 : DRAW_MASK0, gate);
    return (prg *)(void *)s;
}

void __wrap_prg_free(prg *p)
{
    if (now) {
        free(p);
    } else {
        __real_prg_free(p);
    }
}

void __wrap_prg_bytes(prg *p, void *out, size_t n)
{
    if (!now) {
        __real_prg_bytes(p, out, n);
        return;
    }
    stream *s = (stream *)(void *)p;
    assert_true(s->at + n <= s->d->n_bytes);
    memcpy(out, s->d->bytes + s->at, n);
    s->at += n;
}

void __wrap_prg_seek(prg *p, uint64_t offset)
{
    if (now) {
        ((stream *)(void *)p)->at = offset;
    } else {
        __real_prg_seek(p, offset);
    }
}

/* ---- What servers see */

static void note(uint8_t **all, size_t *have, const void *bytes, size_t n)
{
    *all = realloc(*all, *have + n);
    assert_non_null(*all);
    memcpy(*all + *have, bytes, n);
    *have += n;
}

status __wrap_dealt_take(dealt *d, channel *from, uint8_t *out, size_t n, error *err)
{
    const status st = __real_dealt_take(d, from, out, n, err);
    if (now && st == OK) {
        note(&now->dealt, &now->n_dealt, out, n);
    }
    return st;
}

status __wrap_channel_swap(channel *c, uint32_t op, const void *mine, size_t n_mine, void *theirs,
                           size_t n_theirs, error *err)
{
    const status st = __real_channel_swap(c, op, mine, n_mine, theirs, n_theirs, err);
    if (now && st == OK) { /* the first end of a pair is server 0's */
        const int server = channel_role(c) == ROLE_OWNER ? 0 : 1;
        note(&now->received[server], &now->n_received[server], theirs, n_theirs);
    }
    return st;
}

/* ---- Declarations */

size_t worlds_draw(worlds *v, draw_kind kind, unsigned gate, unsigned bits)
{
    assert_true(v->n_draws < WORLDS_DRAWS);
    v->draws[v->n_draws] = (draw){.kind = kind, .gate = gate, .bits = bits, .at = v->used};
    v->used += bits;
    return v->n_draws++;
}

void worlds_given(worlds *v, draw_kind kind, unsigned gate, unsigned bits, uint64_t word)
{
    const unsigned used = v->used;
    draw *d = &v->draws[worlds_draw(v, kind, gate, bits)];
    d->given = true;
    d->value = word;
    v->used = used;
}

void worlds_mask(worlds *v, unsigned gate, unsigned bits)
{
    worlds_draw(v, DRAW_MASK0, gate, bits);
    worlds_draw(v, DRAW_MASK1, gate, bits);
}

void worlds_message(worlds *v, unsigned bits)
{
    v->messages[v->n_messages++] = bits;
}

void worlds_draw_lane(worlds *v, draw_kind kind, unsigned gate)
{
    v->draws[worlds_draw(v, kind, gate, 1)].lanes = true;
}

void worlds_message_lane(worlds *v)
{
    worlds_message(v, 0);
}

void worlds_mask_pair(worlds *v, unsigned gate, unsigned bits)
{
    v->draws[worlds_draw(v, DRAW_MASK0, gate, 2 * bits)].pair = true;
    v->draws[worlds_draw(v, DRAW_MASK1, gate, 2 * bits)].pair = true;
}

void worlds_message_pair(worlds *v, unsigned bits)
{
    v->paired[v->n_messages] = true;
    worlds_message(v, bits);
}

void worlds_secret(worlds *v, unsigned bits)
{
    v->secret_at = v->used;
    v->secret_bits = bits;
    v->used += bits;
    assert_true(v->used >= 3 && v->used <= 20); /* whole bytes of words; memory */
    v->n = (size_t)1 << v->used;
}

uint64_t worlds_secret_of(const worlds *v, size_t i)
{
    return v->secret_bits ? i >> v->secret_at & ring_mask(v->secret_bits) : 0;
}

wire *worlds_input(mpc *p, worlds *v, size_t input, const uint64_t *x, unsigned bits)
{
    wire *y = wire_new(p, v->n, bits, 0);
    assert_non_null(y);
    draw *d = &v->draws[input];
    for (size_t i = 0; p->phase == MPC_EVALUATE && i < v->n; i++) {
        y->share[i] = (p->server ? x[i] - d->words[i] : d->words[i]) & ring_mask(bits);
    }
    if (p->phase == MPC_EVALUATE && p->server == 1) {
        memcpy(d->second, y->share, v->n * sizeof *y->share);
    }
    return y;
}

/* ---- A run */

static void pack_lanes(uint8_t *out, const uint64_t *bits, size_t n)
{
    assert_true(n % COMPARE_LANES == 0);
    for (size_t i = 0; i < n; i++) {
        out[i / 8] |= (uint8_t)(bits[i] << i % 8);
    }
}

/* Both words of each world as one stream. */
static void pack_pairs(uint8_t *out, const uint64_t *words, size_t n, unsigned bits)
{
    uint64_t *both = calloc(2 * n, sizeof *both);
    assert_non_null(both);
    for (size_t i = 0; i < n; i++) {
        both[2 * i] = words[i];
        both[2 * i + 1] = words[i] >> bits;
    }
    ring_pack(ring_kernels_for(ISA_REF), out, both, 2 * n, bits);
    free(both);
}

static void unpack_pairs(uint64_t *out, const uint8_t *in, size_t n, unsigned bits)
{
    uint64_t *both = calloc(2 * n, sizeof *both);
    assert_non_null(both);
    ring_unpack(ring_kernels_for(ISA_REF), both, in, 2 * n, bits);
    for (size_t i = 0; i < n; i++) {
        out[i] = both[2 * i] | both[2 * i + 1] << bits;
    }
    free(both);
}

static void unpack_lanes(uint64_t *out, const uint8_t *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = in[i / 8] >> i % 8 & 1;
    }
}

/* A draw's words by world and as the stream has them. A look-up's draw of 2·bits digits is a pair:
 * in a block first the cosines, then the sines. */
static void fill(worlds *v, draw *d)
{
    const ring_kernels *k = ring_kernels_for(ISA_REF);
    const size_t n = v->n, block = d->together ? d->together : n;
    const unsigned bits = d->together ? d->bits / 2 : d->bits;
    unsigned at = d->at, kept = d->bits;
    if (v->fault == FAULT_SAME_MASK && d->gate > 1 && d->kind < DRAW_DEALT) {
        at = find(d->kind, 1)->at;
    }
    if (v->fault == FAULT_SHORT_MASK && d->kind < DRAW_DEALT) {
        kept--;
    }
    if (v->fault == FAULT_BARE_WORDS && d->kind == DRAW_DEALT) {
        kept = 0;
    }
    d->words = calloc(n, sizeof *d->words);
    d->second = calloc(n, sizeof *d->second);
    d->n_bytes = d->lanes      ? n / 8
                 : d->pair     ? ring_packed_bytes(2 * n, d->bits / 2)
                 : d->together ? n / block * 2 * ring_packed_bytes(block, bits)
                               : ring_packed_bytes(n, bits);
    uint8_t *out = d->bytes = calloc(d->n_bytes, 1);
    uint64_t *part = calloc(block, sizeof *part);
    assert_true(d->words && d->second && out && part && n % block == 0);
    for (size_t i = 0; i < n; i++) {
        d->words[i] = kept ? (d->given ? d->value : i >> at) & ring_mask(kept) : 0;
    }
    if (d->pair) {
        pack_pairs(out, d->words, n, d->bits / 2);
        free(part);
        return;
    }
    if (d->lanes) {
        pack_lanes(out, d->words, n);
        free(part);
        return;
    }
    for (size_t b = 0; b < n; b += block) {
        for (unsigned half = 0; half < (d->together ? 2U : 1U); half++) {
            for (size_t i = 0; i < block; i++) {
                part[i] = d->words[b + i] >> half * bits;
            }
            ring_pack(k, out, part, block, bits);
            out += ring_packed_bytes(block, bits);
        }
    }
    free(part);
}

/* The same of what server 1 was dealt. */
static void split(const worlds *v, draw *d, const uint8_t *in)
{
    const ring_kernels *k = ring_kernels_for(ISA_REF);
    const size_t block = d->together ? d->together : v->n;
    const unsigned bits = d->together ? d->bits / 2 : d->bits;
    if (d->lanes) {
        unpack_lanes(d->second, in, v->n);
        return;
    }
    uint64_t *part = calloc(block, sizeof *part);
    assert_non_null(part);
    for (size_t b = 0; b < v->n; b += block) {
        for (unsigned half = 0; half < (d->together ? 2U : 1U); half++) {
            ring_unpack(k, part, in, block, bits);
            in += ring_packed_bytes(block, bits);
            for (size_t i = 0; i < block; i++) {
                d->second[b + i] |= part[i] << half * bits;
            }
        }
    }
    free(part);
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* Two hashes of a view, word by word. */
typedef struct {
    uint64_t a, b;
} view;

static void see(view *h, uint64_t word)
{
    h->a = mix(h->a + word + UINT64_C(0x9e3779b97f4a7c15));
    h->b = mix(h->b * 3 + word + UINT64_C(0xd1b54a32d192ed03));
}

/* A server's view of one world. */
static view view_of(const worlds *v, unsigned server, size_t i, uint64_t *const *messages)
{
    view h = {server, 1};
    for (size_t k = 0; k < WORLDS_CONSTANTS; k++) {
        see(&h, v->constants[server][k]);
    }
    for (size_t k = 0; k < v->n_draws; k++) {
        const draw *d = &v->draws[k];
        if (d->kind == DRAW_DEALT || d->kind == DRAW_INPUT) {
            see(&h, server ? d->second[i] : d->words[i]);
        } else if ((d->kind == DRAW_MASK1) == (server == 1)) {
            see(&h, d->words[i]);
        }
    }
    for (size_t k = 0; k < v->n_messages; k++) {
        see(&h, messages[k][i]);
    }
    return h;
}

static void count_views(worlds *v, unsigned server)
{
    uint64_t *messages[4] = {NULL};
    const uint8_t *in = v->received[server];
    for (size_t k = 0; k < v->n_messages; k++) {
        messages[k] = calloc(v->n, sizeof(uint64_t));
        assert_non_null(messages[k]);
        if (v->paired[k]) {
            unpack_pairs(messages[k], in, v->n, v->messages[k]);
            in += ring_packed_bytes(2 * v->n, v->messages[k]);
            continue;
        }
        if (v->messages[k] == 0) {
            unpack_lanes(messages[k], in, v->n);
            in += v->n / 8;
            continue;
        }
        ring_unpack(ring_kernels_for(ISA_REF), messages[k], in, v->n, v->messages[k]);
        in += ring_packed_bytes(v->n, v->messages[k]);
    }
    assert_int_equal(in - v->received[server], v->n_received[server]);
    for (size_t i = 0; i < v->n; i++) {
        const size_t secret = v->secret_base + worlds_secret_of(v, i);
        const view h = view_of(v, server, i, messages);
        assert_true(secret < WORLDS_SECRETS);
        v->sums[secret][server][0] += h.a;
        v->sums[secret][server][1] += h.b;
        v->count[secret] += server;
    }
    for (size_t k = 0; k < v->n_messages; k++) {
        free(messages[k]);
    }
}

void worlds_run(worlds *v, walks_fn *fn)
{
    now = v;
    for (size_t k = 0; k < v->n_draws; k++) {
        fill(v, &v->draws[k]);
    }
    v->w.ctx = v;
    walks_run(&v->w, fn);
    const uint8_t *in = v->dealt;
    for (size_t k = 0; k < v->n_draws; k++) {
        if (v->draws[k].kind == DRAW_DEALT) {
            split(v, &v->draws[k], in);
            in += v->draws[k].n_bytes;
        }
    }
    assert_int_equal(in - v->dealt, v->n_dealt);
    now = NULL;
    count_views(v, 0);
    count_views(v, 1);
}

bool worlds_same(const worlds *v)
{
    bool same = true;
    assert_true(v->count[0] > 0);
    for (size_t i = 1; i < WORLDS_SECRETS && v->count[i]; i++) {
        same &=
            v->count[i] == v->count[0] && memcmp(v->sums[i], v->sums[0], sizeof v->sums[0]) == 0;
    }
    return same;
}

void worlds_clear(worlds *v)
{
    for (size_t k = 0; k < v->n_draws; k++) {
        free(v->draws[k].bytes);
        free(v->draws[k].words);
        free(v->draws[k].second);
    }
    walks_clear(&v->w);
    free(v->received[0]);
    free(v->received[1]);
    free(v->dealt);
    v->received[0] = v->received[1] = v->dealt = NULL;
    v->n_received[0] = v->n_received[1] = v->n_dealt = 0;
    memset(v->paired, 0, sizeof v->paired);
    v->n_draws = v->n_messages = v->used = 0;
}
