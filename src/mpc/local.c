/* What each server does with its share alone. The other walks note what becomes of rings. */
#include <string.h>

#include "base/mem.h"
#include "mpc/gates.h"
#include "mpc/plan.h"

void mpc_truncate(mpc *p, wire *x, unsigned t)
{
    CHECK(!x->width && t < x->bits && t <= x->frac);
    if (t == 0) {
        return;
    }
    if (mpc_has_shares(p)) { /* mpc.md Eq. (7): 2^t - 1 makes up for the carry that is lost */
        const uint64_t c = p->server == 0 ? ring_mask(t) : 0;
        p->kernels->truncate(x->share, x->n, c, t, ring_mask(x->bits));
    }
    x->bits -= t;
    x->frac -= t;
}

void mpc_narrow(mpc *p, wire *x, unsigned bits)
{
    CHECK(!x->width && bits <= x->bits);
    if (mpc_has_shares(p) && bits < x->bits) {
        p->kernels->add_public(x->share, x->n, 0, ring_mask(bits));
    }
    x->bits = bits;
}

void mpc_add_public(mpc *p, wire *x, uint64_t c)
{
    CHECK(!x->width);
    if (mpc_has_shares(p) && p->server == 0) {
        p->kernels->add_public(x->share, x->n, c, ring_mask(x->bits));
    }
}

void mpc_multiply_public(mpc *p, wire *x, uint64_t c, unsigned frac)
{
    CHECK(!x->width);
    if (mpc_has_shares(p)) {
        p->kernels->multiply_public(x->share, x->n, c, ring_mask(x->bits));
    }
    x->frac += frac;
}

void mpc_multiply_rows(mpc *p, wire *x, const uint64_t *c, size_t rows, unsigned frac)
{
    const size_t columns = x->n / rows;
    for (size_t i = 0; mpc_has_shares(p) && i < rows; i++) {
        p->kernels->multiply_public(x->share + i * columns, columns, c[i], ring_mask(x->bits));
    }
    x->frac += frac;
}

status mpc_copy(mpc *p, wire **y, const wire *x)
{
    *y = wire_new(p, x->n, x->bits, x->frac);
    if (!*y) {
        return ERR_RESOURCE;
    }
    if (mpc_has_shares(p)) {
        memcpy((*y)->share, x->share, x->n * sizeof *x->share);
    }
    return OK;
}

void mpc_settle_rows(mpc *p, wire *x, const uint8_t *drop, size_t rows, unsigned frac,
                     unsigned bits)
{
    const size_t columns = x->n / rows;
    for (size_t i = 0; i < rows; i++) {
        CHECK(!x->width && x->bits - drop[i] >= bits);
        if (mpc_has_shares(p)) {
            const uint64_t c = p->server == 0 && drop[i] ? ring_mask(drop[i]) : 0;
            p->kernels->truncate(x->share + i * columns, columns, c, drop[i], ring_mask(x->bits));
        }
    }
    x->frac = frac;
    mpc_narrow(p, x, bits);
}

status mpc_row_sums(mpc *p, wire **y, const wire *x, size_t rows)
{
    CHECK(x->n % rows == 0);
    *y = wire_new(p, rows, x->bits, x->frac);
    if (!*y) {
        return ERR_RESOURCE;
    }
    if (mpc_has_shares(p)) {
        p->kernels->row_sums((*y)->share, x->share, rows, x->n / rows, ring_mask(x->bits));
    }
    return OK;
}

void mpc_centre_rows(mpc *p, wire *x, size_t rows)
{
    CHECK(!x->width);
    if (mpc_has_shares(p)) {
        p->kernels->centre(x->share, rows, x->n / rows, ring_mask(x->bits));
    }
}

void mpc_add_shifted(mpc *p, wire *x, const wire *y, unsigned shift)
{
    CHECK(!x->width && x->n == y->n && shift < 64);
    const unsigned theirs = y->bits + shift;
    x->bits = theirs < x->bits ? theirs : x->bits;
    if (mpc_has_shares(p)) {
        p->kernels->add_shifted(x->share, y->share, x->n, shift, ring_mask(x->bits));
    }
}

status mpc_join_heads(mpc *p, wire **y, const wire *x, const mpc_heads *h)
{
    *y = wire_new(p, x->n, x->bits, x->frac);
    if (!*y) {
        return ERR_RESOURCE;
    }
    const uint64_t *from = x->share;
    for (size_t seq = 0; mpc_has_shares(p) && seq < h->seqs->n; seq++) {
        const size_t begin = h->seqs->start[seq], end = h->seqs->start[seq + 1];
        for (size_t j = 0; j < h->heads; j++) {
            for (size_t i = begin; i < end; i++, from += h->dim) {
                memcpy((*y)->share + (i * h->heads + j) * h->dim, from, h->dim * sizeof *from);
            }
        }
    }
    return OK;
}

/* The sum of the rows of a sequence, times 2^16 / their number. */
static void mean_rows(uint64_t *y, const uint64_t *x, size_t rows, size_t columns, uint64_t m)
{
    const uint64_t c = ((UINT64_C(1) << MPC_MEAN_BITS) + rows / 2) / rows;
    for (size_t j = 0; j < columns; j++) {
        uint64_t sum = 0;
        for (size_t i = 0; i < rows; i++) {
            sum += x[i * columns + j];
        }
        y[j] = sum * c & m;
    }
}

status mpc_pool_rows(mpc *p, wire **y, const wire *x, const sequences *s, size_t columns,
                     pooling how)
{
    *y = wire_new(p, s->n * columns, x->bits, x->frac);
    if (!*y) {
        return ERR_RESOURCE;
    }
    for (size_t i = 0; mpc_has_shares(p) && i < s->n; i++) {
        const uint64_t *from = x->share + s->start[i] * columns;
        uint64_t *to = (*y)->share + i * columns;
        if (how == POOL_FIRST) {
            memcpy(to, from, columns * sizeof *to);
        } else {
            mean_rows(to, from, s->start[i + 1] - s->start[i], columns, ring_mask(x->bits));
        }
    }
    if (how == POOL_MEAN) {
        (*y)->frac += MPC_MEAN_BITS;
        mpc_truncate(p, *y, MPC_MEAN_BITS);
    }
    return OK;
}
