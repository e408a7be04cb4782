/* A secret times a weight: everything but one product is prepared. mpc.md Eq. (2)
 *
 *   y_i = M·W_i + t_i,  t_i = bias_i - r_i·m - c_i,  c_0 + c_1 = r·(B0 + B1)
 *
 * so that y_0 + y_1 = M·(m + B) - r·m - r·B = (M - r)·W. */
#include "base/mem.h"
#include "mpc/gates.h"

/* c (op)= a·w, or a∘w for a vector. */
static status multiply(mpc *p, ring_op op, uint64_t *c, const uint64_t *a, size_t rows,
                       const mpc_weight *w, bool share)
{
    if (w->by_column) {
        p->kernels->columns(c, a, share ? w->share_row : w->masked_row, rows, w->out, (int)op,
                            ring_mask(w->bits));
        return OK;
    }
    return mpc_gemm(p, op, c, w->out, a, w->in, rows, share ? &w->share : &w->masked);
}

static status deal(mpc *p, const wire *x, const mpc_weight *w, size_t rows, size_t n)
{
    uint64_t *c = mpc_words(p, n);
    if (!c) {
        return ERR_RESOURCE;
    }
    status st = multiply(p, RING_SET, c, x->mask, rows, w, true);
    if (st == OK) {
        st = mpc_word_gate(p, c, NULL, n, w->bits);
    }
    mpc_words_drop(p, c);
    return st;
}

/* t as above goes into the queue. */
static status prepare(mpc *p, const wire *x, const mpc_weight *w, size_t rows, size_t n)
{
    uint64_t *t = mpc_words(p, n);
    uint8_t *c = buffers_take(p->buffers, ring_packed_bytes(n, w->bits));
    status st = t && c ? mpc_dealt_take(p, c, n, w->bits) : error_memory(p->err);
    if (st == OK) {
        ring_unpack(p->ring, t, c, n, w->bits);
        p->kernels->subtract_from_row(t, w->bias, rows, w->out, ring_mask(w->bits));
        st = multiply(p, RING_SUBTRACT, t, x->mask, rows, w, false);
    }
    buffers_give(p->buffers, c);
    if (st != OK) {
        mpc_words_drop(p, t);
        return st;
    }
    return queue_put(p->queue, p->gate, t, n * sizeof *t, p->err);
}

static status evaluate(mpc *p, wire *y, const wire *x, const mpc_weight *w, size_t rows)
{
    void *t;
    mpc_gate(p);
    mpc_count_dealt(p, ring_packed_bytes(y->n, w->bits));
    TRY(mpc_take(p, &t));
    mpc_words_drop(p, y->share);
    y->share = t;
    return multiply(p, RING_ADD, y->share, x->masked, rows, w, true);
}

static status product(mpc *p, wire **y, const wire *x, const mpc_weight *w, size_t rows)
{
    CHECK(x->width >= w->bits && !x->grown);
    *y = wire_new(p, rows * w->out, w->bits, x->frac + w->frac);
    if (!*y) {
        return ERR_RESOURCE;
    }
    status st = OK;
    switch (p->phase) {
    case MPC_PLAN:
        st = mpc_word_gate(p, NULL, NULL, (*y)->n, w->bits);
        break;
    case MPC_DEAL:
        st = deal(p, x, w, rows, (*y)->n);
        break;
    case MPC_PREPARE:
        st = prepare(p, x, w, rows, (*y)->n);
        break;
    case MPC_EVALUATE:
        st = evaluate(p, *y, x, w, rows);
        break;
    }
    if (st != OK) {
        wire_drop(p, *y);
        *y = NULL;
    }
    return st;
}

status mpc_linear(mpc *p, wire **y, const wire *x, const mpc_weight *w)
{
    CHECK(!w->by_column && x->n % w->in == 0);
    return product(p, y, x, w, x->n / w->in);
}

status mpc_scale(mpc *p, wire **y, const wire *x, const mpc_weight *w)
{
    CHECK(w->by_column && x->n % w->out == 0);
    return product(p, y, x, w, x->n / w->out);
}
