#include "stip/permutations.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/random.h"

_Static_assert((int)STIP_SEED_BYTES == (int)PRG_SEED_BYTES, "one kind of seed");

/* Numbers of all lists together, or false where they do not fit. Each is at most 2^18 and layers
 * are at most 1024, so sums of few of them cannot wrap. */
static bool count_numbers(size_t *out, const model *m)
{
    const size_t layer = m->n_heads + 2 * m->dim + m->ff;
    size_t all;
    if (!mem_mul(&all, layer, m->n_layers)) {
        return false;
    }
    return mem_add(out, all, 2 * m->dim + m->head.n_labels);
}

static uint32_t *next(uint32_t **at, size_t n)
{
    uint32_t *list = *at;
    *at += n;
    return list;
}

static void place(stip_permutations *p, const model *m)
{
    uint32_t *at = (uint32_t *)(void *)p->memory.data; /* a page's beginning */
    p->hidden = next(&at, m->dim);
    p->outputs = m->head.kind == HEAD_EMBEDDING ? NULL : next(&at, m->head.n_labels);
    p->dense = m->head.has_dense ? next(&at, m->dim) : NULL;
    for (size_t i = 0; i < m->n_layers; i++) {
        p->layers[i] = (stip_layer){.heads = next(&at, m->n_heads),
                                    .query = next(&at, m->dim),
                                    .value = next(&at, m->dim),
                                    .inner = next(&at, m->ff)};
    }
}

/* Eq. (4): feature k of the head at place h is feature q[k] of head heads[h], q drawn anew for
 * each place. */
static void draw_features(uint32_t *out, prg *g, const uint32_t *heads, size_t n_heads,
                          size_t head_dim)
{
    for (size_t h = 0; h < n_heads; h++) {
        uint32_t *features = out + h * head_dim;
        prg_permutation(g, features, head_dim);
        for (size_t k = 0; k < head_dim; k++) {
            features[k] += heads[h] * (uint32_t)head_dim;
        }
    }
}

static status draw_outer(stip_permutations *p, const model *m, const uint8_t *seed, error *err)
{
    prg *g = prg_new(seed, "stip outer", err);
    if (!g) {
        return ERR_RESOURCE;
    }
    prg_permutation(g, p->hidden, m->dim);
    if (p->outputs) {
        prg_permutation(g, p->outputs, m->head.n_labels);
    }
    prg_free(g);
    return OK;
}

static status draw_inner(stip_permutations *p, const model *m, const uint8_t *seed, error *err)
{
    prg *g = prg_new(seed, "stip inner", err);
    if (!g) {
        return ERR_RESOURCE;
    }
    for (size_t i = 0; i < m->n_layers; i++) {
        const stip_layer *l = &p->layers[i];
        prg_permutation(g, l->heads, m->n_heads);
        draw_features(l->query, g, l->heads, m->n_heads, m->dim / m->n_heads);
        draw_features(l->value, g, l->heads, m->n_heads, m->dim / m->n_heads);
        prg_permutation(g, l->inner, m->ff);
    }
    if (p->dense) {
        prg_permutation(g, p->dense, m->dim);
    }
    prg_free(g);
    return OK;
}

static status draw(stip_permutations *p, const model *m, const uint8_t *seed, error *err)
{
    size_t n, bytes;
    p->layers = mem_new(m->n_layers, sizeof *p->layers);
    if (!p->layers || !count_numbers(&n, m) || !mem_mul(&bytes, n, sizeof(uint32_t))) {
        return error_memory(err);
    }
    TRY(secret_new(&p->memory, bytes, err));
    place(p, m);
    TRY(draw_outer(p, m, seed, err));
    return draw_inner(p, m, seed, err);
}

status stip_draw(stip_permutations **out, const model *m, const uint8_t seed[STIP_SEED_BYTES],
                 error *err)
{
    *out = NULL;
    stip_permutations *p = mem_new(1, sizeof *p);
    if (!p) {
        return error_memory(err);
    }
    const status st = draw(p, m, seed, err);
    if (st != OK) {
        stip_permutations_free(p);
        return st;
    }
    *out = p;
    return OK;
}

void stip_permutations_free(stip_permutations *p)
{
    if (p) {
        secret_clear(&p->memory);
        mem_free(p->layers);
        mem_free(p);
    }
}
