#include "ckks/transform.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

/* A matrix as it grows: diagonal i is that of k[i], of `n` complex numbers at re + i n, im + i n.
 */
typedef struct {
    size_t n, n_diagonals;
    int64_t *k;
    double *re, *im;
} growing;

/* Stages first .. first + count - 1, stage s of butterflies 2^s apart. */
typedef struct {
    unsigned first, count;
} span_of_stages;

static void growing_clear(growing *g)
{
    mem_free(g->k);
    mem_free(g->re);
    *g = (growing){0};
}

static status growing_new(growing *g, size_t n, size_t n_diagonals, error *err)
{
    *g = (growing){.n = n};
    g->k = mem_new(n_diagonals, sizeof *g->k);
    g->re = mem_new(2 * n * n_diagonals, sizeof *g->re);
    g->im = g->re ? g->re + n * n_diagonals : NULL;
    if (!g->k || !g->re) {
        growing_clear(g);
        return error_memory(err);
    }
    return OK;
}

/* Which diagonal is that of k, a new one where there is none. */
static size_t diagonal(growing *g, int64_t k)
{
    const int64_t n = (int64_t)g->n, wanted = (k % n + n) % n;
    for (size_t i = 0; i < g->n_diagonals; i++) {
        if (g->k[i] == wanted) {
            return i;
        }
    }
    g->k[g->n_diagonals] = wanted;
    return g->n_diagonals++;
}

/* One stage: entry i of its diagonals 0, h, -h. Eq. (5), (6) */
static void stage_entry(const ckks_embedding *e, size_t h, size_t i, bool backward, double re[3],
                        double im[3])
{
    const size_t j = i & (h - 1);
    const bool upper = i & h;
    double c, s;
    ckks_embedding_root(e, h, j, &c, &s);
    memset(re, 0, 3 * sizeof *re);
    memset(im, 0, 3 * sizeof *im);
    if (backward) { /* (x + y) / 2, (x - y) / 2 conj(root) */
        re[0] = upper ? -c / 2 : 0.5;
        im[0] = upper ? s / 2 : 0;
        re[1] = upper ? 0 : 0.5;
        re[2] = upper ? c / 2 : 0;
        im[2] = upper ? -s / 2 : 0;
    } else { /* x + root y, x - root y */
        re[0] = upper ? -c : 1;
        im[0] = upper ? -s : 0;
        re[1] = upper ? 0 : c;
        im[1] = upper ? 0 : s;
        re[2] = upper ? 1 : 0;
    }
}

/* z = stage x: diagonal k + l of a product is the sum of diag_k(stage) rot_k(diag_l(x)). */
static void multiply_stage(const ckks_context *ctx, growing *z, const growing *x, size_t h,
                           bool backward)
{
    const int64_t by[3] = {0, (int64_t)h, -(int64_t)h};
    for (size_t d = 0; d < x->n_diagonals; d++) {
        size_t to[3];
        for (size_t t = 0; t < 3; t++) {
            to[t] = diagonal(z, x->k[d] + by[t]) * x->n;
        }
        for (size_t i = 0; i < x->n; i++) {
            double re[3], im[3];
            stage_entry(ctx->embedding, h, i, backward, re, im);
            for (size_t t = 0; t < 3; t++) {
                const size_t at = d * x->n + ((i + (size_t)by[t]) & (x->n - 1));
                z->re[to[t] + i] += re[t] * x->re[at] - im[t] * x->im[at];
                z->im[to[t] + i] += re[t] * x->im[at] + im[t] * x->re[at];
            }
        }
    }
}

/* The product of some stages, in the order in which they act. */
static status product(ckks *c, growing *out, unsigned log_slots, span_of_stages s, bool backward)
{
    const size_t n = (size_t)1 << log_slots;
    TRY(growing_new(out, n, 1, c->err));
    for (size_t i = 0; i < n; i++) {
        out->re[i] = 1;
    }
    out->n_diagonals = 1;
    for (unsigned i = 0; i < s.count; i++) {
        const unsigned stage = backward ? s.first + s.count - 1 - i : s.first + i;
        growing next;
        TRY(growing_new(&next, n, 3 * out->n_diagonals, c->err));
        multiply_stage(c->ctx, &next, out, (size_t)1 << stage, backward);
        growing_clear(out);
        *out = next;
    }
    return OK;
}

/* Diagonals are multiples of the shortest stride d, from -(2^count - 1) d on, or all of them where
 * the longest stride is half of the slots: Eq. (7). */
static ckks_matrix_shape shape_of(unsigned log_slots, span_of_stages s)
{
    const bool all = s.first + s.count == log_slots;
    const int64_t stride = (int64_t)1 << s.first, reach = ((int64_t)1 << s.count) - 1;
    const unsigned log_diagonals = s.count + (all ? 0 : 1);
    return (ckks_matrix_shape){.baby = stride << (log_diagonals + 1) / 2,
                               .first = all ? 0 : -reach * stride,
                               .log_period = all ? 0 : s.first + s.count};
}

static status matrix(ckks *c, ckks_matrix *out, const ckks_transform_shape *t, span_of_stages s,
                     size_t n_limbs, double scale)
{
    growing g = {0};
    ckks_matrix_shape shape = shape_of(t->log_slots, s);
    shape.scale = scale;
    status st = product(c, &g, t->log_slots, s, t->backward);
    ckks_diagonal *d = st == OK ? mem_new(g.n_diagonals, sizeof *d) : NULL;
    if (st == OK && !d) {
        st = error_memory(c->err);
    }
    for (size_t i = 0; st == OK && i < g.n_diagonals; i++) {
        d[i] = (ckks_diagonal){.k = g.k[i], .re = g.re + i * g.n, .im = g.im + i * g.n};
    }
    if (st == OK) {
        st = ckks_matrix_new_shaped(c, out, d, g.n_diagonals, t->log_slots, n_limbs, &shape);
    }
    mem_free(d);
    growing_clear(&g);
    return st;
}

/* Its share of the gain, without the system's roots: whole powers of two, the rest to the first. */
static double share(double gain, unsigned i, unsigned n)
{
    int exponent;
    const double rest = frexp(gain, &exponent);
    const int each = exponent / (int)n;
    return i == 0 ? ldexp(rest, exponent - each * ((int)n - 1)) : ldexp(1, each);
}

status ckks_transform_new(ckks *c, ckks_transform *out, const ckks_transform_shape *t)
{
    *out = (ckks_transform){0};
    const unsigned n = t->n_matrices, stages = t->log_slots;
    if (n < 1 || n > CKKS_TRANSFORM_MAX_MATRICES || n > stages || t->n_limbs <= n ||
        stages >= c->ctx->params.log_n) {
        return error_set(c->err, ERR_USAGE, "ckks: no transform of 2^%u slots in %u matrices",
                         stages, n);
    }
    out->n_matrices = n;
    for (unsigned i = 0, first = 0; i < n; i++) {
        /* From the shortest strides on; the longest has no more stages than others. */
        const span_of_stages s = {.first = first, .count = (stages - first + n - i - 1) / (n - i)};
        const unsigned at = t->backward ? n - 1 - i : i;
        const size_t limbs = t->n_limbs - at;
        const double scale = share(t->gain, at, n) * (double)ckks_limb_prime(c->ctx, limbs - 1);
        const status st = matrix(c, &out->matrix[at], t, s, limbs, scale);
        if (st != OK) {
            ckks_transform_clear(out);
            return st;
        }
        first += s.count;
    }
    return OK;
}

void ckks_transform_clear(ckks_transform *t)
{
    for (size_t i = 0; i < CKKS_TRANSFORM_MAX_MATRICES; i++) {
        ckks_matrix_clear(&t->matrix[i]);
    }
    *t = (ckks_transform){0};
}

status ckks_transform_apply(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_transform *t,
                            const ckks_keys *keys)
{
    CHECK(z != x);
    TRY(ckks_matrix_apply(c, z, x, &t->matrix[0], keys));
    for (unsigned i = 1; i < t->n_matrices; i++) {
        TRY(ckks_matrix_apply(c, z, z, &t->matrix[i], keys));
    }
    return OK;
}

size_t ckks_transform_wishes(const ckks_transform *t, ckks_key_wish *out, size_t n)
{
    for (unsigned i = 0; i < t->n_matrices; i++) {
        const ckks_matrix *m = &t->matrix[i];
        n = ckks_matrix_wishes(m, out, n);
    }
    return n;
}
