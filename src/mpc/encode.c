#include "mpc/encode.h"

#include <math.h>

#include "base/mem.h"
#include "ring/ring.h"

/* x with `frac` fraction bits. |x| 2^frac < 2^62. */
static uint64_t encode(double x, unsigned frac)
{
    return (uint64_t)(int64_t)rint(ldexp(x, (int)frac));
}

const norm *mpc_norm_find(const model *m, uint32_t id)
{
    if (id == m->embeddings.norm.id) {
        return &m->embeddings.norm;
    }
    for (size_t i = 0; i < m->n_layers; i++) {
        if (m->layers[i].attention_norm.id == id) {
            return &m->layers[i].attention_norm;
        }
        if (m->layers[i].output_norm.id == id) {
            return &m->layers[i].output_norm;
        }
    }
    return NULL;
}

/* W and b as real numbers with scale, γ and β in them: out × in. */
static void fold(double *w, double *b, float *row, const linear *l, const mpc_linear_plan *lp,
                 const norm *from)
{
    for (size_t o = 0; o < l->out; o++) {
        tensor_read(row, l->weight, o * l->in, l->in);
        double bias = l->bias ? (double)l->bias[o] : 0;
        for (size_t i = 0; i < l->in; i++) {
            const double x = (double)row[i];
            bias += from && from->beta ? x * (double)from->beta[i] : 0;
            w[o * l->in + i] = x * (from ? (double)from->gamma[i] : 1) * lp->scale;
        }
        b[o] = bias * lp->scale;
    }
}

/* Outputs minus their mean: columns of Wᵀ minus the mean column. */
static void centre(double *w, double *b, double *mean, size_t in, size_t out)
{
    double bias = 0;
    for (size_t i = 0; i < in; i++) {
        mean[i] = 0;
    }
    for (size_t o = 0; o < out; o++) {
        for (size_t i = 0; i < in; i++) {
            mean[i] += w[o * in + i] / (double)out;
        }
        bias += b[o] / (double)out;
    }
    for (size_t o = 0; o < out; o++) {
        for (size_t i = 0; i < in; i++) {
            w[o * in + i] -= mean[i];
        }
        b[o] -= bias;
    }
}

static status to_words(uint64_t *out, const double *x, size_t n, unsigned frac, unsigned bits,
                       const char *name, error *err)
{
    const double limit = ldexp(1, (int)bits - 1);
    for (size_t i = 0; i < n; i++) {
        if (!(fabs(ldexp(x[i], (int)frac)) < limit)) {
            return error_set(err, ERR_PRECISION,
                             "%s: a weight of %g does not fit %u bits with %u behind the point",
                             name, x[i], bits, frac);
        }
        out[i] = encode(x[i], frac) & ring_mask(bits);
    }
    return OK;
}

status mpc_encode_linear(uint64_t *w, uint64_t *bias, const model *m, const mpc_plan *p,
                         const linear *l, error *err)
{
    const mpc_linear_plan *lp = &p->linears[l->id];
    const norm *from = lp->from == MPC_NONE ? NULL : mpc_norm_find(m, lp->from);
    size_t count = 0;
    double *x = NULL, *b = mem_new(l->out, sizeof *b), *mean = mem_new(l->in, sizeof *mean);
    float *row = mem_new(l->in, sizeof *row);
    if (mem_mul(&count, l->in, l->out)) {
        x = mem_new(count, sizeof *x);
    }
    status st = x && b && mean && row ? OK : error_memory(err);
    if (st == OK) {
        fold(x, b, row, l, lp, from);
        if (lp->to != MPC_NONE) {
            centre(x, b, mean, l->in, l->out);
        }
        st = to_words(w, x, count, lp->frac, lp->bits, l->name, err);
    }
    if (st == OK) {
        st = to_words(bias, b, l->out, lp->frac + MPC_FRAC, lp->bits, l->name, err);
    }
    mem_free(x);
    mem_free(b);
    mem_free(mean);
    mem_free(row);
    return st;
}

void mpc_encode_norm(uint64_t *gamma, uint64_t *beta, const norm *n, unsigned bits)
{
    for (size_t i = 0; i < n->dim; i++) {
        gamma[i] = encode((double)n->gamma[i], MPC_GAMMA_FRAC) & ring_mask(bits);
        beta[i] =
            encode(n->beta ? (double)n->beta[i] : 0, MPC_GAMMA_FRAC + MPC_FRAC) & ring_mask(bits);
    }
}
