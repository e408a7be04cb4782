/** Look-ups: a function of an opened word as a sum of cosines and sines, found by least squares.
 *
 *     F(z) = constant + slope·z + sum over k of a_k cos(2 pi h_k z / P) + b_k sin(2 pi h_k z / P)
 *
 * With z masked modulo P such a sum takes one opening and 2 n dealt words (docs/design/lookup.md).
 * Outside [lo, hi] a series is silently wrong: it comes back after a period.
 *
 * Everything is public and computed before any secret is there. The same call gives the same bits
 * on every machine.
 */
#ifndef TACIT_MPC_FIT_H
#define TACIT_MPC_FIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "mpc/function.h"

enum { MPC_SERIES_TERMS = 512 };

/** A value: copied by assignment, nothing to give back. */
typedef struct {
    mpc_function f;
    double lo, hi;
    double period;          /* P, in units of z: what the 2^p values of its word stand for */
    double constant, slope; /* slope is 1/2 for GELU and SiLU, else 0 */
    size_t n;
    uint16_t harmonic[MPC_SERIES_TERMS];             /* h: 1, 2, 3, … or 1, 3, 5, … */
    double a[MPC_SERIES_TERMS], b[MPC_SERIES_TERMS]; /* b is 0 for GELU, SiLU; a for tanh */
    double max_error, rms_error; /* on a fine grid of [lo, hi], as mpc_function_weight says */
} mpc_series;

typedef struct {
    unsigned dealt_frac; /* fraction bits of the dealt words, 8 to 52: their rounding is what holds
                            the coefficients down */
    size_t max_terms;    /* at most MPC_SERIES_TERMS; 0 means that */
} mpc_fit_limits;

/** The series with the fewest terms, over every other harmonic or all of them and over periods,
 * whose largest error on [lo, hi] is at most wanted_error; among equals the one of the smaller
 * error. GELU, SiLU, tanh and the sigmoid on a range that holds 0 are right on [-m, m], m being
 * the bound that is further away.
 *
 * Returns ERR_PRECISION, naming function and range, where that many terms do not reach it (the
 * text says what they do reach) or the range has no meaning; ERR_RESOURCE.
 * Cost: 50 ms at 10 to 40 terms of GELU, half a second at 60 of 1/z, 0.6 to 3 s at 200 to 320. */
status mpc_fit(mpc_series *out, mpc_function f, double lo, double hi, double wanted_error,
               const mpc_fit_limits *limits, error *err) MUST_USE;

/** The series of the first n harmonics of a given period (every = 1), or of the first n odd ones
 * (every = 2). */
status mpc_fit_period(mpc_series *out, mpc_function f, double lo, double hi, double period,
                      size_t n, unsigned every, unsigned dealt_frac, error *err) MUST_USE;

/** F(z), as a real number. */
double mpc_series_at(const mpc_series *s, double z);

/** How many fraction bits each term's dealt words (word) and public coefficients (coef) need. */
typedef struct {
    uint8_t word[MPC_SERIES_TERMS], coef[MPC_SERIES_TERMS];
    unsigned scale; /* the largest word + coef: terms of less are shifted up to it */
    double noise;   /* rms error that the rounding of both brings about */
    double bits;    /* mean of word + coef over the terms */
} mpc_widths;

/** The fewest bits in all with rms noise at most `noise`, in the units of F.
 *
 * With amplitude R = hypot(a, b) a term of word bits d and coefficient bits c brings in variance
 * (R^2 4^-d + 4^-c) / 12: the public pair (a cos + b sin, a sin - b cos) at any opened word has
 * length R, the dealt pair (cos, sin) length 1. The sum of d + c is least where each part brings
 * as much: one c for all terms, d = c + log2 R. Hence a term of small amplitude needs short words.
 * Returns ERR_PRECISION where that takes more than 40 bits for either. */
status mpc_series_widths(mpc_widths *out, const mpc_series *s, double noise, error *err) MUST_USE;

#endif
