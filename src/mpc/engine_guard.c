/* Whether all that was assumed about ranges held, as one bit for the data owner alone.
 * docs/design/mpc-guard.md */
#include <string.h>

#include "base/mem.h"
#include "mpc/state.h"

enum {
    GUARD_BITS = 12,       /* of a word that is compared */
    TOLERANCE = 2,         /* units of these by which truncation may be off */
    COUNT_BITS = 30,       /* of the number of comparisons that found something */
    FLUSH_WORDS = 1 << 19, /* compared at once, so that memory stays small */
};

static unsigned bits_of(int64_t x)
{
    uint64_t v = x < 0 ? ~(uint64_t)x : (uint64_t)x;
    unsigned bits = 1;
    for (; v > 0; v >>= 1) {
        bits++;
    }
    return bits;
}

/* All that waits, one behind the other. */
static status gather(mpc_engine *e, wire **all)
{
    *all = wire_new(&e->p, e->guard_words, GUARD_BITS, 0);
    if (!*all) {
        return ERR_RESOURCE;
    }
    size_t at = 0;
    for (size_t i = 0; i < e->n_guarded; i++) {
        const wire *w = e->guarded[i];
        if (mpc_has_shares(&e->p)) {
            memcpy((*all)->share + at, w->share, w->n * sizeof *w->share);
        }
        at += w->n;
    }
    return OK;
}

void mpc_guard_drop(mpc_engine *e)
{
    for (size_t i = 0; i < e->n_guarded; i++) {
        wire_drop(&e->p, e->guarded[i]);
    }
    e->n_guarded = 0;
    e->guard_words = 0;
}

/* How many of those that wait are negative, added to what there was. */
static status flush(mpc_engine *e)
{
    mpc *p = &e->p;
    const comparison c = {.width = GUARD_BITS, .top = GUARD_BITS, .sign_bits = COUNT_BITS};
    wire *all = NULL, *negative = NULL, *sum = NULL;
    if (e->guard_words == 0) {
        return OK;
    }
    status st = gather(e, &all);
    mpc_guard_drop(e);
    if (st == OK) {
        st = mpc_compare(p, &negative, NULL, all, &c);
    }
    if (st == OK) {
        st = mpc_row_sums(p, &sum, negative, 1);
    }
    wire_drop(p, all);
    wire_drop(p, negative);
    TRY(st);
    if (e->outside) {
        mpc_add_shifted(p, sum, e->outside, 0);
        wire_drop(p, e->outside);
    }
    e->outside = sum;
    return OK;
}

/* Keep sign·x + c for the next flush. */
static status keep(mpc_engine *e, const wire *x, bool negate, int64_t c)
{
    wire *y;
    if (!mem_reserve((void **)&e->guarded, &e->cap_guarded, e->n_guarded + 1, sizeof *e->guarded)) {
        return error_memory(e->p.err);
    }
    TRY(mpc_copy(&e->p, &y, x));
    if (negate) {
        mpc_multiply_public(&e->p, y, UINT64_MAX, 0);
    }
    mpc_add_public(&e->p, y, (uint64_t)c);
    e->guarded[e->n_guarded++] = y;
    e->guard_words += y->n;
    return OK;
}

status mpc_guard(mpc_engine *e, const wire *x, double lo, double hi)
{
    if (!e->asks.guard || x->bits < GUARD_BITS) {
        return OK;
    }
    const int64_t least = (int64_t)lo, most = (int64_t)hi;
    const unsigned wide = bits_of(least) > bits_of(most) ? bits_of(least) : bits_of(most);
    const unsigned bits = wide + 2 < GUARD_BITS ? GUARD_BITS
                          : wide + 2 < x->bits  ? wide + 2
                                                : x->bits;
    const unsigned low = bits - GUARD_BITS;
    if (most - least + ((int64_t)(2 * TOLERANCE + 2) << low) >= INT64_C(1) << (bits - 1)) {
        return OK; /* no room in the ring for anything outside */
    }
    wire *y;
    TRY(mpc_copy(&e->p, &y, x));
    mpc_narrow(&e->p, y, bits);
    y->frac = low;
    mpc_truncate(&e->p, y, low);
    status st = keep(e, y, false, TOLERANCE - (least >> low));
    if (st == OK) {
        st = keep(e, y, true, (most >> low) + TOLERANCE);
    }
    wire_drop(&e->p, y);
    TRY(st);
    return e->guard_words >= FLUSH_WORDS ? flush(e) : OK;
}

status mpc_guard_answer(mpc_engine *e, wire **bit)
{
    const comparison c = {.width = COUNT_BITS, .top = COUNT_BITS, .sign_bits = MPC_ANSWER_BITS};
    *bit = NULL;
    TRY(flush(e));
    if (!e->outside) {
        e->outside = wire_new(&e->p, 1, COUNT_BITS, 0);
        if (!e->outside) {
            return ERR_RESOURCE;
        }
        if (mpc_has_shares(&e->p)) {
            e->outside->share[0] = 0;
        }
    }
    mpc_multiply_public(&e->p, e->outside, UINT64_MAX, 0);
    return mpc_compare(&e->p, bit, NULL, e->outside, &c);
}
