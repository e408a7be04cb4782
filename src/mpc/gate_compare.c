/* Signs of opened words. docs/design/mpc-compare.md
 *
 * M = x + r was opened, so x < 0 is M's sign ⊕ r's sign ⊕ [M < r below the sign]. The latter is a
 * sum of terms of bits (compare.h), of which each server has shares by exclusive or. Opened under
 * masks of their own, they are public factors of what the dealer has dealt: the products of those
 * masks, as words, each times (1 - 2 · r's sign), and again times r for x·[x < 0]. */
#include "base/mem.h"
#include "mpc/compare.h"
#include "mpc/gates.h"

enum { PLAIN, TIMES_MASK, KINDS };

typedef struct {
    mpc *p;
    wire *x;
    const comparison *c;
    compare_shape shape;
    size_t groups;
    bool product;            /* x·[x < 0] too */
    uint64_t *slices, *bits; /* groups × slices; groups × factors: masks, or opened factors */
    uint64_t *word;          /* dealt words of one kind */
    uint64_t *y[KINDS];      /* [x < 0], and r·[x < 0] */
} run;

static size_t lanes(const run *r, size_t group)
{
    const size_t left = r->x->n - group * COMPARE_LANES;
    return left < COMPARE_LANES ? left : COMPARE_LANES;
}

/* The ring of the dealt words of a kind. */
static unsigned word_bits(const run *r, int kind)
{
    return kind == PLAIN && !r->product && r->c->sign_bits ? r->c->sign_bits : r->c->width;
}

/* ---- The bits */

static void deal_slices(void *ctx, size_t begin, size_t end, size_t worker)
{
    const run *r = ctx;
    (void)worker;
    for (size_t g = begin; g < end; g++) {
        compare_deal(r->slices + g * r->shape.slices, &r->shape, r->x->mask + g * COMPARE_LANES,
                     lanes(r, g));
    }
}

/* Masked shares of all factors, in the place of their masks. */
static void mask_factors(void *ctx, size_t begin, size_t end, size_t worker)
{
    const run *r = ctx;
    (void)worker;
    for (size_t g = begin; g < end; g++) {
        uint64_t factors[COMPARE_FACTORS];
        compare_factors(factors, &r->shape, r->slices + g * r->shape.slices,
                        r->x->masked + g * COMPARE_LANES, lanes(r, g), r->p->server);
        for (unsigned f = 0; f < r->shape.factors; f++) {
            r->bits[g * r->shape.factors + f] ^= factors[f];
        }
    }
}

static status open_factors(run *r)
{
    mpc *p = r->p;
    const size_t slices = r->groups * r->shape.slices, bits = r->groups * r->shape.factors;
    if (p->phase == MPC_DEAL || p->phase == MPC_EVALUATE) {
        r->slices = mpc_words(p, slices);
        r->bits = mpc_words(p, bits);
        if (!r->slices || !r->bits) {
            return ERR_RESOURCE;
        }
    }
    if (p->phase == MPC_DEAL) {
        parallel_for(p->pool, r->groups, 64, deal_slices, r);
    }
    TRY(mpc_bit_gate(p, r->slices, r->slices, slices));
    TRY(mpc_bit_masks(p, r->bits, bits));
    if (p->phase == MPC_EVALUATE) {
        parallel_for(p->pool, r->groups, 64, mask_factors, r);
    }
    return mpc_open_bits(p, r->bits, bits);
}

/* ---- The words */

/* What the dealer deals of a monomial, or for the monomial 0 of r's sign. */
static void dealer_words(const run *r, uint8_t monomial, int kind)
{
    for (size_t g = 0; g < r->groups; g++) {
        const uint64_t product =
            compare_monomial(monomial, r->bits + g * r->shape.factors, r->shape.factors);
        for (size_t i = 0; i < lanes(r, g); i++) {
            const uint64_t mask = r->x->mask[g * COMPARE_LANES + i];
            const uint64_t sign = mask >> (r->c->top - 1) & 1;
            const uint64_t by = monomial ? (1 - 2 * sign) * (product >> i & 1) : sign;
            r->word[g * COMPARE_LANES + i] = kind == TIMES_MASK ? by * mask : by;
        }
    }
}

static void expand(const run *r, uint8_t monomial, int kind)
{
    for (size_t g = 0; g < r->groups; g++) {
        const size_t at = g * COMPARE_LANES;
        compare_expand(r->y[kind] + at, r->word + at, &r->shape, monomial,
                       r->bits + g * r->shape.factors, lanes(r, g));
    }
}

/* y holds the sum over monomials; word is r's sign: y = sign + (1 - 2 sign)·a + b·y with the public
 * b = 1 - 2·(M's sign), a = M's sign + b·(what stands without a mask). */
static void finish(const run *r, int kind)
{
    const mpc *p = r->p;
    for (size_t g = 0; g < r->groups; g++) {
        const size_t at = g * COMPARE_LANES, n = lanes(r, g);
        uint64_t bare[COMPARE_LANES] = {0};
        compare_expand(bare, NULL, &r->shape, 0, r->bits + g * r->shape.factors, n);
        for (size_t i = at; i < at + n; i++) {
            const uint64_t sign = r->x->masked[i] >> (r->c->top - 1) & 1, b = 1 - 2 * sign;
            const uint64_t one = kind == TIMES_MASK ? r->x->mask[i] : p->server;
            const uint64_t theirs = r->word[i];
            r->y[kind][i] =
                theirs + (one - 2 * theirs) * (sign + b * bare[i - at]) + b * r->y[kind][i];
        }
    }
}

static status words_of(run *r, int kind)
{
    mpc *p = r->p;
    if (p->phase == MPC_EVALUATE) {
        p->kernels->clear(r->y[kind], r->x->n);
    }
    for (unsigned k = 0; k <= r->shape.monomials; k++) { /* r's sign is the last */
        const uint8_t m = k < r->shape.monomials ? r->shape.monomial[k] : 0;
        if (p->phase == MPC_DEAL) {
            dealer_words(r, m, kind);
        }
        TRY(mpc_word_gate(p, r->word, r->word, r->x->n, word_bits(r, kind)));
        if (p->phase == MPC_EVALUATE && m) {
            expand(r, m, kind);
        }
    }
    if (p->phase == MPC_EVALUATE) {
        finish(r, kind);
    }
    return OK;
}

static status all_words(run *r)
{
    mpc *p = r->p;
    if (p->phase == MPC_DEAL || p->phase == MPC_EVALUATE) {
        r->word = mpc_words(p, r->x->n);
        for (int kind = 0; kind < KINDS; kind++) {
            r->y[kind] = mpc_words(p, r->x->n);
            if (!r->word || !r->y[kind]) {
                return ERR_RESOURCE;
            }
        }
    }
    TRY(words_of(r, PLAIN));
    return r->product ? words_of(r, TIMES_MASK) : OK;
}

/* ---- Answers */

static status give_sign(run *r, wire **y)
{
    const unsigned bits = word_bits(r, PLAIN);
    *y = wire_new(r->p, r->x->n, bits, 0);
    if (!*y) {
        return ERR_RESOURCE;
    }
    for (size_t i = 0; r->p->phase == MPC_EVALUATE && i < r->x->n; i++) {
        (*y)->share[i] = r->y[PLAIN][i] & ring_mask(bits);
    }
    return OK;
}

/* x - x·[x < 0] with x·[x < 0] = M·[x < 0] - r·[x < 0]. */
static status give_positive(run *r, wire **y)
{
    const wire *x = r->x;
    *y = wire_new(r->p, x->n, r->c->width, x->frac);
    if (!*y) {
        return ERR_RESOURCE;
    }
    for (size_t i = 0; r->p->phase == MPC_EVALUATE && i < x->n; i++) {
        (*y)->share[i] = (x->share[i] - x->masked[i] * r->y[PLAIN][i] + r->y[TIMES_MASK][i]) &
                         ring_mask(r->c->width);
    }
    return OK;
}

status mpc_compare(mpc *p, wire **negative, wire **positive, wire *x, const comparison *c)
{
    CHECK(c->top <= c->width && c->width <= x->bits);
    run r = {.p = p,
             .x = x,
             .c = c,
             .shape = compare_shape_for(c->low, c->top,
                                        positive       ? 2 * c->width
                                        : c->sign_bits ? c->sign_bits
                                                       : c->width),
             .groups = (x->n + COMPARE_LANES - 1) / COMPARE_LANES,
             .product = positive != NULL};
    if (!x->width) {
        const opening o = {.x = x, .width = c->width};
        TRY(mpc_open(p, &o, 1));
    }
    CHECK(x->width == c->width);
    status st = open_factors(&r);
    if (st == OK) {
        st = all_words(&r);
    }
    if (st == OK && negative) {
        st = give_sign(&r, negative);
    }
    if (st == OK && positive) {
        st = give_positive(&r, positive);
        if (st != OK && negative) {
            wire_drop(p, *negative);
            *negative = NULL;
        }
    }
    mpc_words_drop(p, r.slices);
    mpc_words_drop(p, r.bits);
    mpc_words_drop(p, r.word);
    mpc_words_drop(p, r.y[PLAIN]);
    mpc_words_drop(p, r.y[TIMES_MASK]);
    return st;
}
