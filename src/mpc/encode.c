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

/* What becomes of one row of W, an output: scale and γ in it. */
typedef struct {
    const linear *l;
    const mpc_linear_plan *plan;
    const norm *from;
    float *row;
    double *folded; /* the row, l->in */
    double *mean;   /* over all rows, where outputs are centred; l->in */
    double bias, mean_bias;
} folder;

static void fold_row(folder *f, size_t o)
{
    const linear *l = f->l;
    tensor_read(f->row, l->weight, o * l->in, l->in);
    double bias = l->bias ? (double)l->bias[o] : 0;
    for (size_t i = 0; i < l->in; i++) {
        const double x = (double)f->row[i];
        bias += f->from && f->from->beta ? x * (double)f->from->beta[i] : 0;
        f->folded[i] = x * (f->from ? (double)f->from->gamma[i] : 1) * f->plan->scale;
    }
    f->bias = bias * f->plan->scale;
}

/* Outputs minus their mean are rows minus the mean row. */
static void find_mean(folder *f)
{
    const double part = 1 / (double)f->l->out;
    for (size_t o = 0; o < f->l->out; o++) {
        fold_row(f, o);
        for (size_t i = 0; i < f->l->in; i++) {
            f->mean[i] += f->folded[i] * part;
        }
        f->mean_bias += f->bias * part;
    }
}

static status to_word(uint64_t *out, double x, unsigned frac, unsigned bits, const char *name,
                      error *err)
{
    const double scaled = x * (double)(UINT64_C(1) << frac);
    if (!(fabs(scaled) < (double)(UINT64_C(1) << (bits - 1)))) {
        return error_set(err, ERR_PRECISION,
                         "%s: a weight of %g does not fit %u bits with %u behind the point", name,
                         x, bits, frac);
    }
    *out = (uint64_t)(int64_t)rint(scaled) & ring_mask(bits);
    return OK;
}

static status encode_rows(folder *f, uint64_t *w, uint64_t *bias, error *err)
{
    const unsigned frac = f->plan->frac, bits = f->plan->bits;
    if (f->plan->to != MPC_NONE) {
        find_mean(f);
    }
    for (size_t o = 0; o < f->l->out; o++, w += f->l->in) {
        fold_row(f, o);
        for (size_t i = 0; i < f->l->in; i++) {
            TRY(to_word(&w[i], f->folded[i] - f->mean[i], frac, bits, f->l->name, err));
        }
        TRY(to_word(&bias[o], f->bias - f->mean_bias, frac + MPC_FRAC, bits, f->l->name, err));
    }
    return OK;
}

status mpc_encode_linear(uint64_t *w, uint64_t *bias, const model *m, const mpc_plan *p,
                         const linear *l, error *err)
{
    const mpc_linear_plan *lp = &p->linears[l->id];
    folder f = {.l = l,
                .plan = lp,
                .from = lp->from == MPC_NONE ? NULL : mpc_norm_find(m, lp->from),
                .row = mem_new(l->in, sizeof *f.row),
                .folded = mem_new(l->in, sizeof *f.folded),
                .mean = mem_new(l->in, sizeof *f.mean)};
    const status st =
        f.row && f.folded && f.mean ? encode_rows(&f, w, bias, err) : error_memory(err);
    mem_free(f.row);
    mem_free(f.folded);
    mem_free(f.mean);
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
