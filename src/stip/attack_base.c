/* What a public checkpoint gives away: its norms beside the permuted ones (A3), and its weights
 * beside the permuted ones (A4). A model that was fine-tuned from it is the checkpoint and some
 * noise; trials add noise of their own on top of what the given one brings. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "stip/attack_parts.h"

static const uint8_t noise_seed[PRG_SEED_BYTES] = {1};

/* ---- A3 ---- */

/* The i-th norm: the embeddings' and two of each layer. */
static const norm *norm_at(const model *m, size_t i)
{
    if (i == 0) {
        return &m->embeddings.norm;
    }
    const encoder_layer *l = &m->layers[(i - 1) / 2];
    return i % 2 ? &l->attention_norm : &l->output_norm;
}

static size_t count_norms(const model *m)
{
    return 2 * m->n_layers + 1;
}

/* Gains of all norms, then shifts. */
static void gather_norms(float *out, const model *m)
{
    const size_t n = count_norms(m), dim = m->dim;
    for (size_t i = 0; i < n; i++) {
        const norm *f = norm_at(m, i);
        memcpy(out + i * dim, f->gamma, dim * sizeof *out);
        if (f->beta) {
            memcpy(out + (n + i) * dim, f->beta, dim * sizeof *out);
        }
    }
}

static status try_norms(stip_attack_result *r, const stip_attack_input *in, float *seen,
                        float *known, error *err)
{
    static const double noises[] = {0, 0.001, 0.01};
    const size_t dim = in->server->dim, k = 2 * count_norms(in->server);
    uint32_t *guess = mem_new(dim, sizeof *guess);
    prg *g = guess ? prg_new(noise_seed, "stip attack norms", err) : NULL;
    if (!g) {
        mem_free(guess);
        return error_memory(err);
    }
    status st = OK;
    for (size_t i = 0; st == OK && i < sizeof noises / sizeof *noises; i++) {
        gather_norms(known, in->base);
        attack_add_noise(known, k * dim, noises[i], g);
        st = attack_columns_by_rank(guess, seen, known, 1, dim, err);
        stip_attack_trial *one =
            attack_trial(r, "entries of the hidden permutation", noises[i], "from one gain vector");
        one->tried = dim;
        one->recovered = attack_grade(guess, in->owner->key.hidden, dim);
        attack_columns_by_distance(guess, seen, known, k, dim);
        stip_attack_trial *all =
            attack_trial(r, "entries of the hidden permutation", noises[i], "from all norms");
        all->tried = dim;
        all->recovered = attack_grade(guess, in->owner->key.hidden, dim);
    }
    prg_free(g);
    mem_free(guess);
    return st;
}

status attack_norms(stip_attack_result *r, const stip_attack_input *in, error *err)
{
    const size_t numbers = 2 * count_norms(in->server) * in->server->dim; /* as many are loaded */
    float *seen = mem_new(numbers, sizeof *seen), *known = mem_new(numbers, sizeof *known);
    status st = seen && known ? OK : error_memory(err);
    if (st == OK) {
        gather_norms(seen, in->server);
        st = try_norms(r, in, seen, known, err);
    }
    mem_free(seen);
    mem_free(known);
    return st;
}

/* ---- A4 ---- */

typedef struct {
    size_t n;     /* dim */
    float *seen;  /* n × n: W' of the first layer's queries */
    float *known; /* the checkpoint's */
    float *noisy; /* … with noise */
    float *a, *b; /* rows of seen and noisy, each sorted; later in one order */
    uint32_t *rows, *truth, *guess;
} matrices;

static void sort_rows(float *out, const float *m, size_t n)
{
    memcpy(out, m, n * n * sizeof *out);
    for (size_t i = 0; i < n; i++) {
        qsort(out + i * n, n, sizeof *out, attack_by_float);
    }
}

/* Each row of a among those of b, by least L1 distance. */
static void nearest_rows(uint32_t *out, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float least = INFINITY;
        out[i] = 0;
        for (size_t j = 0; j < n; j++) {
            float distance = 0;
            for (size_t c = 0; c < n; c += 64) { /* give up early, now and then */
                const size_t end = c + 64 < n ? c + 64 : n;
                for (size_t e = c; e < end; e++) {
                    distance += fabsf(a[i * n + e] - b[j * n + e]);
                }
                if (distance >= least) {
                    break;
                }
            }
            if (distance < least) {
                least = distance;
                out[i] = (uint32_t)j;
            }
        }
    }
}

/* Which row is which, for grading: with the hidden permutation undone, by the checkpoint itself. */
static void find_truth(matrices *w, const uint32_t *hidden)
{
    for (size_t i = 0; i < w->n; i++) {
        for (size_t j = 0; j < w->n; j++) {
            w->a[i * w->n + hidden[j]] = w->seen[i * w->n + j];
        }
    }
    nearest_rows(w->truth, w->a, w->known, w->n);
}

static void try_weights(matrices *w, stip_attack_result *r, const uint32_t *hidden, double noise,
                        prg *g)
{
    const size_t n = w->n;
    memcpy(w->noisy, w->known, n * n * sizeof *w->noisy);
    attack_add_noise(w->noisy, n * n, noise * attack_deviation(w->known, n * n), g);
    sort_rows(w->a, w->seen, n);
    sort_rows(w->b, w->noisy, n);
    nearest_rows(w->rows, w->a, w->b, n);
    stip_attack_trial *rows = attack_trial(r, "rows of a weight matrix", noise, NULL);
    rows->tried = n;
    rows->recovered = attack_grade(w->rows, w->truth, n);
    for (size_t i = 0; i < n; i++) { /* the checkpoint's rows in the order of those seen */
        memcpy(w->b + i * n, w->noisy + w->rows[i] * n, n * sizeof *w->b);
    }
    for (size_t i = 0; i < n; i++) { /* columns as rows */
        for (size_t j = 0; j < n; j++) {
            w->a[j * n + i] = w->seen[i * n + j];
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++) {
            const float x = w->b[i * n + j];
            w->b[i * n + j] = w->b[j * n + i];
            w->b[j * n + i] = x;
        }
    }
    nearest_rows(w->guess, w->a, w->b, n);
    stip_attack_trial *entries = attack_trial(r, "entries of the hidden permutation", noise, NULL);
    entries->tried = n;
    entries->recovered = attack_grade(w->guess, hidden, n);
}

static status run_weights(matrices *w, stip_attack_result *r, const stip_attack_input *in,
                          error *err)
{
    static const double noises[] = {0, 0.01, 0.05, 0.2};
    prg *g = prg_new(noise_seed, "stip attack weights", err);
    if (!g) {
        return ERR_RESOURCE;
    }
    tensor_read(w->seen, in->server->layers[0].query.weight, 0, w->n * w->n);
    tensor_read(w->known, in->base->layers[0].query.weight, 0, w->n * w->n);
    find_truth(w, in->owner->key.hidden);
    for (size_t i = 0; i < sizeof noises / sizeof *noises; i++) {
        try_weights(w, r, in->owner->key.hidden, noises[i], g);
    }
    prg_free(g);
    return OK;
}

status attack_weights(stip_attack_result *r, const stip_attack_input *in, error *err)
{
    if (in->server->n_layers == 0) {
        return OK;
    }
    matrices w = {.n = in->server->dim};
    const size_t square = w.n * w.n; /* as large as a weight that is there */
    float **const floats[] = {&w.seen, &w.known, &w.noisy, &w.a, &w.b};
    uint32_t **const lists[] = {&w.rows, &w.truth, &w.guess};
    bool ok = true;
    for (size_t i = 0; i < 5; i++) {
        ok &= (*floats[i] = mem_new(square, sizeof **floats[i])) != NULL;
    }
    for (size_t i = 0; i < 3; i++) {
        ok &= (*lists[i] = mem_new(w.n, sizeof **lists[i])) != NULL;
    }
    const status st = ok ? run_weights(&w, r, in, err) : error_memory(err);
    for (size_t i = 0; i < 5; i++) {
        mem_free(*floats[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        mem_free(*lists[i]);
    }
    return st;
}
