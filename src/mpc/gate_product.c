/* Grown x times grown f, one f for a row of x, mpc.md Eq. (6): with x = a - r + u·b and f = c - q +
 * v·e,
 *
 *   x·f = a·c - a·q + a·v·e - c·r + r·q - v·r·e + c·u·b - u·b·q + u·v·b·e
 *
 * needs words for r·q, r·e, b·q, b·e; multiplied by u and v as they are, the last three need that
 * many bits less. */
#include "mpc/gates.h"

enum { RQ, RE, BQ, BE, PAIRS };

static void dealer_words(const mpc *p, uint64_t *out, int pair, const wire *x, const wire *f)
{
    const uint64_t *left = pair == RQ || pair == RE ? x->mask : x->top;
    const uint64_t *right = pair == RQ || pair == BQ ? f->mask : f->top;
    p->kernels->multiply_rows(out, left, right, f->n, x->n / f->n);
}

/* How many bits of a pair's word are needed: 0 where the whole of it falls out of the ring. */
static unsigned pair_bits(int pair, const wire *x, const wire *f, unsigned bits)
{
    const unsigned dropped =
        (pair == BQ || pair == BE ? x->width : 0) + (pair == RE || pair == BE ? f->width : 0);
    return dropped < bits ? bits - dropped : 0;
}

static status words(mpc *p, uint64_t *pair[PAIRS], const wire *x, const wire *f, unsigned bits)
{
    const bool needed = p->phase == MPC_DEAL || p->phase == MPC_EVALUATE;
    for (int i = 0; i < PAIRS; i++) {
        if (needed) {
            pair[i] = mpc_words(p, x->n);
            if (!pair[i]) {
                return ERR_RESOURCE;
            }
        }
        const unsigned b = pair_bits(i, x, f, bits);
        if (p->phase == MPC_DEAL) {
            dealer_words(p, pair[i], i, x, f);
        }
        if (b > 0) {
            TRY(mpc_word_gate(p, pair[i], pair[i], x->n, b));
        } else if (p->phase == MPC_EVALUATE) {
            p->kernels->clear(pair[i], x->n);
        }
    }
    return OK;
}

status mpc_product(mpc *p, wire **y, const wire *x, const wire *f, unsigned bits)
{
    CHECK(x->grown >= bits && f->grown >= bits && f->n > 0 && x->n % f->n == 0);
    uint64_t *pair[PAIRS] = {NULL};
    *y = wire_new(p, x->n, bits, x->frac + f->frac);
    status st = *y ? words(p, pair, x, f, bits) : ERR_RESOURCE;
    if (st == OK && p->phase == MPC_EVALUATE) {
        p->kernels->product((*y)->share, x, f, pair, p->server, ring_mask(bits));
    }
    for (int i = 0; i < PAIRS; i++) {
        mpc_words_drop(p, pair[i]);
    }
    if (st != OK) {
        wire_drop(p, *y);
        *y = NULL;
    }
    return st;
}
