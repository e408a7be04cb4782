#include "ckks/sine.h"

#include <math.h>

#include "base/mem.h"

enum { BESSEL = 128 };

/* J_0 .. J_(BESSEL-1) at x: the recurrence J_(n-1) = 2 n / x J_n - J_(n+1) downwards, where it is
 * stable, then J_0 + 2 J_2 + 2 J_4 + .. = 1. */
static void bessel(double *j, double x)
{
    double above = 0, here = 1e-280;
    for (size_t n = BESSEL - 1; n > 0; n--) {
        j[n] = here;
        const double below = 2 * (double)n / x * here - above;
        above = here;
        here = below;
    }
    j[0] = here;
    double sum = j[0];
    for (size_t n = 2; n < BESSEL; n += 2) {
        sum += 2 * j[n];
    }
    for (size_t n = 0; n < BESSEL; n++) {
        j[n] /= sum;
    }
}

static double angle(unsigned doublings)
{
    return CKKS_SINE_TURN * CKKS_SINE_REACH / ldexp(1, (int)doublings);
}

/* cos and sin of pi / 2 / 2^doublings by halving, from that of pi / 2. */
static void offset(double *cosine, double *sine, unsigned doublings)
{
    double c = 0;
    for (unsigned i = 0; i < doublings; i++) {
        c = sqrt((1 + c) / 2);
    }
    *cosine = c;
    *sine = sqrt(1 - c * c);
}

/* cos(pi / 2 + a u - o) = sin o cos(a u) - cos o sin(a u): cos(a u) = J_0 + 2 sum (-1)^k J_2k T_2k,
 * sin(a u) = 2 sum (-1)^k J_(2k+1) T_(2k+1). */
status ckks_sine_series(ckks_series *out, size_t degree, unsigned doublings, error *err)
{
    double j[BESSEL], c, s;
    CHECK(degree < BESSEL);
    *out = (ckks_series){.low = -1, .high = 1, .degree = degree};
    out->coefficient = mem_new(degree + 1, sizeof *out->coefficient);
    if (!out->coefficient) {
        return error_memory(err);
    }
    bessel(j, angle(doublings));
    offset(&c, &s, doublings);
    for (size_t n = 0; n <= degree; n++) {
        const double sign = n & 2 ? -1 : 1;
        out->coefficient[n] = sign * (n == 0 ? 1 : 2) * j[n] * (n & 1 ? -c : s);
    }
    return OK;
}

double ckks_sine_error(size_t degree, unsigned doublings)
{
    double j[BESSEL], c, s, sum = 0;
    bessel(j, angle(doublings));
    offset(&c, &s, doublings);
    for (size_t n = degree + 1; n < BESSEL; n++) {
        sum += 2 * fabs(j[n]) * (n & 1 ? c : s);
    }
    return sum;
}

static status doubled(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_keys *keys)
{
    ckks_cipher room;
    TRY(ckks_cipher_take(c, &room, x->n_limbs, 3));
    TRY(ckks_tensor(c, &room, x, x));
    TRY(ckks_add(c, &room, &room, &room));
    TRY(ckks_add_constant(c, &room, &room, -1));
    return ckks_relinearise_rescale(c, z, &room, keys);
}

status ckks_sine_double(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_keys *keys)
{
    const arena_mark_t mark = arena_mark(c->tmp);
    const status st = doubled(c, z, x, keys);
    arena_release(c->tmp, mark);
    return st;
}
