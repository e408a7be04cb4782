#include <math.h>

#include "mpc/fit.h"

enum {
    MIN_WORD = 4, /* below, the rounding of a cosine is no longer spread evenly */
    MAX_FRAC = 40
};

/* 4^-bits / 12: the variance of rounding to so many fraction bits. */
static double rounding(unsigned bits)
{
    return ldexp(1.0 / 12, -2 * (int)bits);
}

/* Total variance, and which part brings in most: term *worst, its words or its coefficients. */
static double survey(const mpc_widths *w, const mpc_series *s, size_t *worst, int *word)
{
    double total = 0, most = -1;
    for (size_t k = 0; k < s->n; k++) {
        const double by_word = (s->a[k] * s->a[k] + s->b[k] * s->b[k]) * rounding(w->word[k]);
        const double by_coef = rounding(w->coef[k]);
        total += by_word + by_coef;
        if (fmax(by_word, by_coef) > most) {
            most = fmax(by_word, by_coef);
            *worst = k;
            *word = by_word > by_coef;
        }
    }
    return total;
}

/* A bit takes three quarters of a part's variance away, so the next bit goes where most of it is:
 * with parts that do not hang together that is the cheapest way to any total. */
status mpc_series_widths(mpc_widths *out, const mpc_series *s, double noise, error *err)
{
    CHECK(noise > 0 && s->n > 0);
    *out = (mpc_widths){0};
    for (size_t k = 0; k < s->n; k++) {
        out->word[k] = MIN_WORD;
    }
    size_t worst = 0;
    int word = 0;
    double variance = 0;
    while ((variance = survey(out, s, &worst, &word)) > noise * noise) {
        uint8_t *bits = word ? &out->word[worst] : &out->coef[worst];
        if (*bits == MAX_FRAC) {
            return error_set(err, ERR_PRECISION,
                             "the look-up of %s on [%g, %g] needs more than %d bits for noise %.2g",
                             mpc_function_name(s->f), s->lo, s->hi, MAX_FRAC, noise);
        }
        ++*bits;
    }
    out->noise = sqrt(variance);
    for (size_t k = 0; k < s->n; k++) {
        const unsigned both = out->word[k] + out->coef[k];
        out->scale = both > out->scale ? both : out->scale;
        out->bits += (double)both / (double)s->n;
    }
    return OK;
}
