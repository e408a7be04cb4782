#include "mpc/shares.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "mpc/encode.h"
#include "mpc/limbs.h"
#include "mpc/tables.h"
#include "ring/kernels.h"

enum { ALIGN = 64 };

/* ---- Layout */

static status add_part(share_layout *l, size_t *cap, const char *name, const char *what, size_t in,
                       size_t out, unsigned bits, error *err)
{
    if (!mem_reserve((void **)&l->parts, cap, l->n + 1, sizeof *l->parts)) {
        return error_memory(err);
    }
    share_part *s = &l->parts[l->n++];
    *s = (share_part){.in = in, .out = out, .bits = bits, .offset = l->bytes};
    snprintf(s->name, sizeof s->name, "%.70s.%s", name, what);
    if (in == 0) {
        s->bytes = out * sizeof(uint64_t);
    } else if (!ring_right_bytes(&s->bytes, in, out, bits)) {
        return error_memory(err);
    }
    s->bytes = (s->bytes + ALIGN - 1) / ALIGN * ALIGN;
    return mem_add(&l->bytes, l->bytes, s->bytes) ? OK : error_memory(err);
}

/* The model's linear maps by id. */
static status each_linear(const model *m, const linear **out, error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_layers; i++) {
        const encoder_layer *l = &m->layers[i];
        const linear *all[] = {&l->query, &l->key, &l->value, &l->output, &l->up, &l->down};
        for (size_t j = 0; j < sizeof all / sizeof *all; j++) {
            out[all[j]->id] = all[j];
            n++;
        }
    }
    if (m->head.kind == HEAD_SEQUENCE && m->head.has_dense) {
        out[m->head.dense.id] = &m->head.dense;
        n++;
    }
    if (m->head.kind != HEAD_EMBEDDING) {
        out[m->head.out.id] = &m->head.out;
        n++;
    }
    return n == m->n_linears ? OK : error_set(err, ERR_INTERNAL, "a linear map without a place");
}

static bool has_residual(const mpc_plan *p, size_t id)
{
    return p->ops[id].kind == MPC_OP_NORM && p->ops[id].norm.gamma_later;
}

static status lay_out(share_layout *l, const model *m, const mpc_plan *p, const linear **maps,
                      error *err)
{
    size_t cap = 0;
    TRY(each_linear(m, maps, err));
    for (size_t i = 0; i < m->n_linears; i++) {
        const unsigned bits = p->linears[i].bits;
        TRY(add_part(l, &cap, maps[i]->name, "weight", maps[i]->in, maps[i]->out, bits, err));
        TRY(add_part(l, &cap, maps[i]->name, "bias", 0, maps[i]->out, bits, err));
    }
    for (size_t i = 0; i < p->n_ops; i++) {
        if (has_residual(p, i)) {
            const norm *n = mpc_norm_find(m, (uint32_t)i);
            const unsigned bits = mpc_gamma_bits(p, m, (uint32_t)i);
            TRY(add_part(l, &cap, n->name, "gamma", 0, n->dim, bits, err));
            TRY(add_part(l, &cap, n->name, "beta", 0, n->dim, bits, err));
        }
    }
    if (p->oblivious) {
        TRY(add_part(l, &cap, "embeddings", "weight", mpc_table_rows(m), m->dim, MPC_TABLE_BITS,
                     err));
        TRY(add_part(l, &cap, "embeddings", "bias", 0, m->dim, MPC_TABLE_BITS, err));
    }
    return OK;
}

status share_layout_new(share_layout *out, const model *m, const mpc_plan *p, error *err)
{
    *out = (share_layout){0};
    const linear **maps = mem_new(m->n_linears, sizeof *maps);
    const status st = maps ? lay_out(out, m, p, maps, err) : error_memory(err);
    mem_free(maps);
    if (st != OK) {
        share_layout_clear(out);
    }
    return st;
}

void share_layout_clear(share_layout *l)
{
    mem_free(l->parts);
    *l = (share_layout){0};
}

/* ---- Pads */

/* y += or -= words that are 64 bits wide each, mod 2^bits. */
static void combine_words(uint8_t *y, const uint8_t *x, size_t n, unsigned bits, bool subtract)
{
    for (size_t i = 0; i < n; i++) {
        const uint64_t a = ring_load64(y + 8 * i), b = ring_load64(x + 8 * i);
        ring_store64(y + 8 * i, (subtract ? a - b : a + b) & ring_mask(bits));
    }
}

static void combine(uint8_t *y, const uint8_t *x, const share_part *s, bool subtract)
{
    if (s->in == 0) {
        combine_words(y, x, s->out, s->bits, subtract);
    } else if (subtract) {
        limbs_subtract(y, x, s->bytes, ring_limbs(s->bits));
    } else {
        limbs_add(y, x, s->bytes, ring_limbs(s->bits));
    }
}

static void trim(uint8_t *y, const share_part *s)
{
    if (s->in != 0) {
        limbs_trim(y, s->in, s->out, s->bits);
        return;
    }
    for (size_t i = 0; i < s->out; i++) {
        ring_store64(y + 8 * i, ring_load64(y + 8 * i) & ring_mask(s->bits));
    }
}

/* The pad of a part from one seed: uniform where the part has words, zero elsewhere. */
static status pad(uint8_t *out, const share_part *s, const uint8_t seed[PRG_SEED_BYTES], error *err)
{
    char purpose[128];
    snprintf(purpose, sizeof purpose, "mpc weight %s", s->name);
    prg *g = prg_new(seed, purpose, err);
    if (!g) {
        return ERR_RESOURCE;
    }
    prg_bytes(g, out, s->bytes);
    prg_free(g);
    trim(out, s);
    return OK;
}

/* y += or -= the pad of a part. scratch: s->bytes. */
static status combine_pad(uint8_t *y, uint8_t *scratch, const share_part *s,
                          const uint8_t seed[PRG_SEED_BYTES], bool subtract, error *err)
{
    TRY(pad(scratch, s, seed, err));
    combine(y, scratch, s, subtract);
    trim(y, s);
    return OK;
}

static size_t largest(const share_layout *l)
{
    size_t most = 0;
    for (size_t i = 0; i < l->n; i++) {
        most = l->parts[i].bytes > most ? l->parts[i].bytes : most;
    }
    return most;
}

/* ---- The owner */

typedef struct {
    uint8_t *masked, *scratch;
    uint64_t *words; /* a matrix */
    const share_layout *layout;
    const ring_kernels *ring;
    const uint8_t (*seeds)[PRG_SEED_BYTES];
    error *err;
} masker;

static status mask_part(masker *k, const share_part *s)
{
    uint8_t *y = k->masked + s->offset;
    TRY(combine_pad(y, k->scratch, s, k->seeds[0], true, k->err));
    return combine_pad(y, k->scratch, s, k->seeds[1], true, k->err);
}

static void store_words(uint8_t *out, const uint64_t *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ring_store64(out + 8 * i, words[i]);
    }
}

static status mask_linear(masker *k, const share_part *s, const model *m, const mpc_plan *p,
                          const linear *l)
{
    uint64_t *bias = k->words + l->in * l->out;
    TRY(mpc_encode_linear(k->words, bias, m, p, l, k->err));
    ring_right_pack(k->ring, k->masked + s[0].offset, k->words, l->in, l->out, 1, l->in, s->bits);
    store_words(k->masked + s[1].offset, bias, l->out);
    TRY(mask_part(k, &s[0]));
    return mask_part(k, &s[1]);
}

/* Words without a bias are words with one of zeros. */
static status mask_tables(masker *k, const share_part *s, const model *m, const mpc_plan *p)
{
    TRY(mpc_encode_tables(k->words, m, p, k->err));
    ring_right_pack(k->ring, k->masked + s[0].offset, k->words, s->in, s->out, s->out, 1, s->bits);
    TRY(mask_part(k, &s[0]));
    return mask_part(k, &s[1]);
}

static status mask_all(masker *k, const model *m, const mpc_plan *p, const linear **maps)
{
    const share_part *s = k->layout->parts;
    TRY(each_linear(m, maps, k->err));
    for (size_t i = 0; i < m->n_linears; i++, s += 2) {
        TRY(mask_linear(k, s, m, p, maps[i]));
    }
    for (size_t i = 0; i < p->n_ops; i++) {
        if (!has_residual(p, i)) {
            continue;
        }
        const norm *n = mpc_norm_find(m, (uint32_t)i);
        mpc_encode_norm(k->words, k->words + n->dim, n, s->bits);
        store_words(k->masked + s[0].offset, k->words, n->dim);
        store_words(k->masked + s[1].offset, k->words + n->dim, n->dim);
        TRY(mask_part(k, &s[0]));
        TRY(mask_part(k, &s[1]));
        s += 2;
    }
    return p->oblivious ? mask_tables(k, s, m, p) : OK;
}

static size_t most_words(const share_layout *l)
{
    size_t most = 0;
    for (size_t i = 0; i < l->n; i++) {
        const size_t words = (l->parts[i].in + 2) * l->parts[i].out;
        most = words > most ? words : most;
    }
    return most;
}

status mpc_mask_weights(uint8_t *masked, const share_layout *l, const model *m, const mpc_plan *p,
                        const uint8_t seeds[2][PRG_SEED_BYTES], error *err)
{
    isa level;
    TRY(cpu_pick(&level, err));
    const size_t words = most_words(l), bytes = largest(l);
    memset(masked, 0, l->bytes);
    masker k = {.masked = masked,
                .layout = l,
                .ring = ring_kernels_for(level),
                .seeds = seeds,
                .err = err,
                .scratch = mem_new(bytes, 1),
                .words = mem_new(words, sizeof *k.words)};
    const linear **maps = mem_new(m->n_linears, sizeof *maps);
    const status st = k.scratch && k.words && maps ? mask_all(&k, m, p, maps) : error_memory(err);
    if (k.words) {
        mem_wipe(k.words, words * sizeof *k.words);
    }
    if (k.scratch) {
        mem_wipe(k.scratch, bytes);
    }
    if (st != OK) { /* perhaps still without its pads */
        mem_wipe(masked, l->bytes);
    }
    mem_free(k.words);
    mem_free(k.scratch);
    mem_free(maps);
    return st;
}

/* ---- The others */

static mpc_weight weight_of(const share_part *s, unsigned frac, const uint8_t *shares,
                            const uint8_t *masked)
{
    mpc_weight w = {.in = s[0].in ? s[0].in : 1,
                    .out = s[0].out,
                    .bits = s[0].bits,
                    .frac = frac,
                    .by_column = s[0].in == 0,
                    .bias = (const uint64_t *)(const void *)(shares + s[1].offset)};
    const uint8_t *share = shares + s[0].offset, *m = masked ? masked + s[0].offset : NULL;
    if (w.by_column) {
        w.share_row = (const uint64_t *)(const void *)share;
        w.masked_row = (const uint64_t *)(const void *)m;
    } else {
        w.share = (ring_right){.k = w.in, .n = w.out, .bits = w.bits, .data = share};
        w.masked = (ring_right){.k = w.in, .n = w.out, .bits = w.bits, .data = m};
    }
    return w;
}

/* Server 0: m + B0; server 1: B1; dealer: B0 + B1. */
static status make_shares(mpc_weights *w, mpc_holder who, const uint8_t *masked,
                          const share_layout *l, const uint8_t seeds[2][PRG_SEED_BYTES], error *err)
{
    uint8_t *scratch = mem_new(largest(l), 1);
    if (!scratch) {
        return error_memory(err);
    }
    status st = OK;
    for (size_t i = 0; st == OK && i < l->n; i++) {
        const share_part *s = &l->parts[i];
        uint8_t *y = w->shares + s->offset;
        st = pad(y, s, seeds[who == HOLDER_SERVER1 ? 1 : 0], err);
        if (st == OK && who == HOLDER_SERVER0) {
            combine(y, masked + s->offset, s, false);
            trim(y, s);
        } else if (st == OK && who == HOLDER_DEALER) {
            st = combine_pad(y, scratch, s, seeds[1], false, err);
        }
    }
    mem_wipe(scratch, largest(l));
    mem_free(scratch);
    return st;
}

status mpc_weights_new(mpc_weights **out, mpc_holder who, const uint8_t *masked,
                       const share_layout *l, const model *m, const mpc_plan *p,
                       const uint8_t seeds[2][PRG_SEED_BYTES], error *err)
{
    mpc_weights *w = *out = mem_new(1, sizeof *w);
    if (!w) {
        return error_memory(err);
    }
    w->linears = mem_new(m->n_linears, sizeof *w->linears);
    w->norms = mem_new(p->n_ops, sizeof *w->norms);
    w->shares = mem_new(l->bytes, 1);
    w->bytes = l->bytes;
    status st = w->linears && w->norms && w->shares ? OK : error_memory(err);
    if (st == OK) {
        st = make_shares(w, who, masked, l, seeds, err);
    }
    if (st != OK) {
        mpc_weights_free(w);
        *out = NULL;
        return st;
    }
    const share_part *s = l->parts;
    for (size_t i = 0; i < m->n_linears; i++, s += 2) {
        w->linears[i] = weight_of(s, p->linears[i].frac, w->shares, masked);
    }
    for (size_t i = 0; i < p->n_ops; i++) {
        if (has_residual(p, i)) {
            w->norms[i] = weight_of(s, MPC_GAMMA_FRAC, w->shares, masked);
            s += 2;
        }
    }
    if (p->oblivious) {
        w->tables = weight_of(s, MPC_FRAC, w->shares, masked);
    }
    return OK;
}

void mpc_weights_free(mpc_weights *w)
{
    if (!w) {
        return;
    }
    if (w->shares) {
        mem_wipe(w->shares, w->bytes);
    }
    mem_free(w->shares);
    mem_free(w->linears);
    mem_free(w->norms);
    mem_free(w);
}
