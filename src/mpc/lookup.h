/** A bounded function of one variable on shares, in one opening: a sum of cosines and sines of the
 * opened word, whose values at the mask the dealer deals.
 *
 *   F(z) = a_0 + alpha·z + Σ_k a_k cos(2πh_k z/2^p) + b_k sin(2πh_k z/2^p),  z a word of p bits
 *
 * Both servers compute the public parts a_k cos(h_k M) + b_k sin(h_k M) and a_k sin(h_k M) - b_k
 * cos(h_k M) in doubles of a fixed order without contraction: the same bits on every machine.
 *
 * Source: docs/design/mpc-lookup.md. Outside the interval of the fit the answer is silently that
 * of z plus or minus a period.
 */
#ifndef TACIT_MPC_LOOKUP_H
#define TACIT_MPC_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

enum { LOOKUP_MAX_TERMS = 512, LOOKUP_BLOCK = 128 };

typedef struct {
    unsigned period_bits; /* p */
    unsigned bits, frac;  /* of the result, as a share */
    size_t terms;
    unsigned every;           /* h_k = 1 + every·k: 1, or 2 where odd ones suffice */
    double a0, alpha;         /* alpha: per unit of the word; else than 0 the wire has grown */
    const double *a, *b;      /* terms each */
    const uint8_t *word_frac; /* of the dealt cosines and sines, */
    const uint8_t *coef_frac; /* and of the public factors, by term; together at most frac */
} lookup;

/** A term whose fractions are together `shift` less than frac is shifted up at the end, so its
 * words live in a ring that is so many bits smaller. */
static inline unsigned lookup_shift(const lookup *t, size_t k)
{
    return t->frac - t->word_frac[k] - t->coef_frac[k];
}

static inline unsigned lookup_word_bits(const lookup *t, size_t k)
{
    return t->bits - lookup_shift(t, k);
}

/** Width at which a wire must be opened for it: one bit more where alpha needs the wire grown. */
static inline unsigned lookup_width(const lookup *t)
{
    return t->period_bits + (t->alpha != 0);
}

#endif
