/* Gates on wires that have grown, mpc.md Eq. (4) and (5): over the integers
 *
 *   x = a - r + u·b,  a = M - 2^(w-2),  b = r's highest bit,  u = 2^w where M's highest bit is 0
 *
 * since M = x + 2^(w-2) + r mod 2^w has wrapped exactly where b is 1 and M's highest bit 0. Hence
 *
 *   x² = a² - 2a·r + r² + 2u(a·b - r·b) + u²·b
 *
 * with words for r² and r·b. The latter is multiplied by 2^(w+1), so it needs that many bits less.
 */
#include "mpc/gates.h"

status mpc_square(mpc *p, wire **y, const wire *x, unsigned bits)
{
    CHECK(x->grown >= bits && bits > x->width + 1);
    uint64_t *squares = NULL, *tops = NULL;
    *y = wire_new(p, x->n, bits, 2 * x->frac);
    status st = *y ? OK : ERR_RESOURCE;
    if (st == OK && (p->phase == MPC_DEAL || p->phase == MPC_EVALUATE)) {
        squares = mpc_words(p, x->n);
        tops = mpc_words(p, x->n);
        st = squares && tops ? OK : ERR_RESOURCE;
    }
    if (st == OK && p->phase == MPC_DEAL) {
        p->kernels->multiply_rows(squares, x->mask, x->mask, x->n, 1);
        p->kernels->multiply_rows(tops, x->mask, x->top, x->n, 1);
    }
    if (st == OK) {
        st = mpc_word_gate(p, squares, squares, x->n, bits);
    }
    if (st == OK) {
        st = mpc_word_gate(p, tops, tops, x->n, bits - x->width - 1);
    }
    if (st == OK && p->phase == MPC_EVALUATE) {
        p->kernels->square((*y)->share, x, squares, tops, p->server, ring_mask(bits));
    }
    mpc_words_drop(p, squares);
    mpc_words_drop(p, tops);
    if (st != OK) {
        wire_drop(p, *y);
        *y = NULL;
    }
    return st;
}

status mpc_grow(mpc *p, wire **y, const wire *x)
{
    CHECK(x->grown);
    *y = wire_new(p, x->n, x->grown, x->frac);
    if (!*y) {
        return ERR_RESOURCE;
    }
    if (p->phase == MPC_EVALUATE) {
        p->kernels->grow((*y)->share, x, p->server, ring_mask(x->grown));
    }
    return OK;
}
