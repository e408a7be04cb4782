/* ckks-linear.md Eq. (1)-(2): what a matrix is made of. */
#include <string.h>

#include "base/mem.h"
#include "ckks/linear.h"

void ckks_matrix_clear(ckks_matrix *m)
{
    for (size_t i = 0; m->plain && i < m->n; i++) {
        ckks_plain_clear(&m->plain[i]);
    }
    mem_free(m->plain);
    mem_free(m->k);
    *m = (ckks_matrix){0};
}

/* Products with keys for steps b: the baby steps but 0, and a whole switching, which costs about
 * three of them, for each giant step but 0. */
static size_t cost(const int64_t *k, size_t n, int64_t b)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        bool new_baby = k[i] % b != 0, new_giant = k[i] >= b;
        for (size_t j = 0; j < i; j++) {
            new_baby &= k[j] % b != k[i] % b;
            new_giant &= k[j] / b != k[i] / b;
        }
        total += (new_baby ? 1 : 0) + (new_giant ? 3 : 0);
    }
    return total;
}

static int64_t best_baby(const int64_t *k, size_t n, unsigned log_slots)
{
    int64_t best = 1;
    for (int64_t b = 2; b <= (int64_t)1 << log_slots && b <= CKKS_MATRIX_MAX_TERMS; b *= 2) {
        best = cost(k, n, b) < cost(k, n, best) ? b : best;
    }
    return best;
}

/* Diagonal d turned back by its giant step, so that the turn that follows undoes it. */
static status encode(ckks *c, ckks_matrix *m, size_t i, const ckks_diagonal *d)
{
    const unsigned log_period = m->shape.log_period ? m->shape.log_period : m->log_slots;
    const size_t slots = (size_t)1 << log_period;
    const size_t giant = (size_t)(m->k[i] / m->shape.baby * m->shape.baby);
    double *re = arena_take(c->tmp, 2 * slots, sizeof *re);
    if (!re) {
        return error_memory(c->err);
    }
    for (size_t s = 0; s < slots; s++) {
        const size_t from = (s - giant) & (slots - 1);
        re[s] = d->re[from];
        re[slots + s] = d->im ? d->im[from] : 0;
    }
    const ckks_encoding how = {
        .log_slots = log_period, .n_limbs = m->n_limbs, .scale = m->shape.scale, .raised = true};
    return ckks_encode(c, &m->plain[i], re, re + slots, &how);
}

static status check(ckks *c, const ckks_diagonal *d, size_t n, unsigned log_slots, size_t n_limbs,
                    int64_t baby)
{
    if (n < 1 || log_slots >= c->ctx->params.log_n || n_limbs < 2 ||
        n_limbs > c->ctx->params.n_limbs || baby < 0) {
        return error_set(c->err, ERR_USAGE, "ckks: no matrix of %zu diagonals at %zu limbs", n,
                         n_limbs);
    }
    for (size_t i = 0; i < n; i++) {
        if (d[i].k < 0 || d[i].k >= (int64_t)1 << log_slots) {
            return error_set(c->err, ERR_USAGE, "ckks: diagonal %lld of 2^%u slots",
                             (long long)d[i].k, log_slots);
        }
    }
    return OK;
}

/* Diagonals by rising k - first; which of d each is, to at. */
static status sort(ckks *c, ckks_matrix *m, size_t *at, const ckks_diagonal *d)
{
    const int64_t slots = (int64_t)1 << m->log_slots;
    for (size_t i = 0; i < m->n; i++) {
        const int64_t k = ((d[i].k - m->shape.first) % slots + slots) % slots;
        size_t to = i;
        for (; to > 0 && m->k[to - 1] >= k; to--) {
            if (m->k[to - 1] == k) {
                return error_set(c->err, ERR_USAGE, "ckks: diagonal %lld comes twice",
                                 (long long)d[i].k);
            }
            m->k[to] = m->k[to - 1];
            at[to] = at[to - 1];
        }
        m->k[to] = k;
        at[to] = i;
    }
    return OK;
}

static status fill(ckks *c, ckks_matrix *m, const ckks_diagonal *d)
{
    m->k = mem_new(m->n, sizeof *m->k);
    m->plain = mem_new(m->n, sizeof *m->plain);
    size_t *at = arena_take(c->tmp, m->n, sizeof *at);
    if (!m->k || !m->plain || !at) {
        return error_memory(c->err);
    }
    TRY(sort(c, m, at, d));
    m->shape.baby = m->shape.baby > 0 ? m->shape.baby : best_baby(m->k, m->n, m->log_slots);
    if (ckks_matrix_terms(m) > CKKS_MATRIX_MAX_TERMS) {
        return error_set(c->err, ERR_USAGE, "ckks: more than %d diagonals to a giant step",
                         CKKS_MATRIX_MAX_TERMS);
    }
    for (size_t i = 0; i < m->n; i++) {
        const arena_mark_t mark = arena_mark(c->tmp);
        const status st = encode(c, m, i, &d[at[i]]);
        arena_release(c->tmp, mark);
        TRY(st);
    }
    return OK;
}

status ckks_matrix_new_shaped(ckks *c, ckks_matrix *out, const ckks_diagonal *d, size_t n,
                              unsigned log_slots, size_t n_limbs, const ckks_matrix_shape *shape)
{
    *out = (ckks_matrix){0};
    TRY(check(c, d, n, log_slots, n_limbs, shape->baby));
    *out = (ckks_matrix){
        .ctx = c->ctx, .log_slots = log_slots, .n_limbs = n_limbs, .n = n, .shape = *shape};
    if (shape->scale == 0) {
        out->shape.scale = c->ctx->level[n_limbs].scale;
    }
    const arena_mark_t mark = arena_mark(c->tmp);
    const status st = fill(c, out, d);
    arena_release(c->tmp, mark);
    if (st != OK) {
        ckks_matrix_clear(out);
    }
    return st;
}

status ckks_matrix_new(ckks *c, ckks_matrix *out, const ckks_diagonal *d, size_t n,
                       unsigned log_slots, size_t n_limbs, int64_t baby)
{
    const ckks_matrix_shape shape = {.baby = baby};
    return ckks_matrix_new_shaped(c, out, d, n, log_slots, n_limbs, &shape);
}

static size_t add_step(int64_t *steps, size_t n, int64_t step)
{
    for (size_t i = 0; i < n || step == 0; i++) {
        if (step == 0 || steps[i] == step) {
            return n;
        }
    }
    steps[n] = step;
    return n + 1;
}

size_t ckks_matrix_terms(const ckks_matrix *m)
{
    size_t most = 0;
    for (size_t i = 0, begin = 0; i < m->n; i++) {
        begin = m->k[i] / m->shape.baby == m->k[begin] / m->shape.baby ? begin : i;
        most = i + 1 - begin > most ? i + 1 - begin : most;
    }
    return most;
}

/* Giant steps turn by how far they are from the next one below, the lowest by itself. */
size_t ckks_matrix_steps(const ckks_matrix *m, int64_t *steps)
{
    const int64_t b = m->shape.baby;
    size_t n = 0;
    for (size_t i = 0; i < m->n; i++) {
        const int64_t giant = m->k[i] / b, below = i > 0 ? m->k[i - 1] / b : 0;
        n = add_step(steps, n, m->shape.first + m->k[i] % b);
        n = add_step(steps, n, (giant - below) * b);
    }
    return n;
}

static size_t add_wish(ckks_key_wish *out, size_t n, const ckks_matrix *m, int64_t step)
{
    const ckks_key_wish w = {.element = ckks_rotation_element(m->ctx, step), .n_limbs = m->n_limbs};
    if (out && w.element != 1) {
        out[n] = w;
    }
    return n + (w.element != 1);
}

size_t ckks_matrix_wishes(const ckks_matrix *m, ckks_key_wish *out, size_t n)
{
    const int64_t b = m->shape.baby;
    for (size_t i = 0; i < m->n; i++) {
        const int64_t giant = m->k[i] / b, below = i > 0 ? m->k[i - 1] / b : 0;
        n = add_wish(out, n, m, m->shape.first + m->k[i] % b);
        n = add_wish(out, n, m, (giant - below) * b);
    }
    return n;
}
