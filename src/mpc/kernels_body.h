/* The loops of kernels.h, plain: included once by a file for each instruction set, whose compiler
 * flags make them what they are. Floating-point expressions are evaluated as they stand. */
#include <math.h>
#include <string.h>

#include "mpc/kernels.h"

#define RESTRICT restrict

static void k_mask(uint64_t *RESTRICT y, const uint64_t *RESTRICT share,
                   const uint64_t *RESTRICT mask, size_t n, uint64_t c, uint64_t m)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = (share[i] + mask[i] + c) & m;
    }
}

static void k_add(uint64_t *y, const uint64_t *a, const uint64_t *b, size_t n, uint64_t m)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = (a[i] + b[i]) & m;
    }
}

static void k_subtract(uint64_t *RESTRICT y, const uint64_t *RESTRICT b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] -= b[i];
    }
}

static void k_multiply_rows(uint64_t *RESTRICT y, const uint64_t *RESTRICT a,
                            const uint64_t *RESTRICT b, size_t rows, size_t columns)
{
    if (columns == 1) {
        for (size_t i = 0; i < rows; i++) {
            y[i] = a[i] * b[i];
        }
        return;
    }
    for (size_t i = 0; i < rows; i++, y += columns, a += columns) {
        for (size_t j = 0; j < columns; j++) {
            y[j] = a[j] * b[i];
        }
    }
}

static void k_add_shifted(uint64_t *RESTRICT y, const uint64_t *RESTRICT b, size_t n,
                          unsigned shift, uint64_t m)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = (y[i] + (b[i] << shift)) & m;
    }
}

static void k_truncate(uint64_t *y, size_t n, uint64_t c, unsigned t, uint64_t m)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = ((y[i] + c) & m) >> t;
    }
}

static void k_add_public(uint64_t *y, size_t n, uint64_t c, uint64_t m)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = (y[i] + c) & m;
    }
}

static void k_multiply_public(uint64_t *y, size_t n, uint64_t c, uint64_t m)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = y[i] * c & m;
    }
}

static void k_subtract_from_row(uint64_t *RESTRICT y, const uint64_t *RESTRICT bias, size_t rows,
                                size_t columns, uint64_t m)
{
    for (size_t i = 0; i < rows; i++, y += columns) {
        for (size_t j = 0; j < columns; j++) {
            y[j] = (bias[j] - y[j]) & m;
        }
    }
}

static void k_columns(uint64_t *RESTRICT y, const uint64_t *RESTRICT a, const uint64_t *RESTRICT w,
                      size_t rows, size_t columns, int op, uint64_t m)
{
    const uint64_t keep = op == 0 ? 0 : ~UINT64_C(0), sign = op == 2 ? ~UINT64_C(0) : 1;
    for (size_t i = 0; i < rows; i++, y += columns, a += columns) {
        for (size_t j = 0; j < columns; j++) {
            y[j] = ((y[j] & keep) + sign * (a[j] * w[j])) & m;
        }
    }
}

static void k_masked_minus(uint64_t *y, const uint64_t *masked, const uint64_t *mask, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = (masked ? masked[i] : 0) - mask[i];
    }
}

static void k_clear(uint64_t *y, size_t n)
{
    memset(y, 0, n * sizeof *y);
}

static void k_row_sums(uint64_t *RESTRICT y, const uint64_t *RESTRICT x, size_t rows,
                       size_t columns, uint64_t m)
{
    for (size_t i = 0; i < rows; i++, x += columns) {
        uint64_t sum = 0;
        for (size_t j = 0; j < columns; j++) {
            sum += x[j];
        }
        y[i] = sum & m;
    }
}

static void k_centre(uint64_t *x, size_t rows, size_t columns, uint64_t m)
{
    for (size_t i = 0; i < rows; i++, x += columns) {
        uint64_t sum = 0;
        for (size_t j = 0; j < columns; j++) {
            sum += x[j];
        }
        for (size_t j = 0; j < columns; j++) {
            x[j] = (columns * x[j] - sum) & m;
        }
    }
}

/* The public parts of a grown wire: a, and u = 2^w where M's highest bit is 0. */
typedef struct {
    uint64_t a, u;
} opened;

static inline opened open_word(uint64_t masked, unsigned width)
{
    return (opened){masked - (UINT64_C(1) << (width - 2)), (UINT64_C(1) - (masked >> (width - 1)))
                                                               << width};
}

static void k_grow(uint64_t *RESTRICT y, const wire *x, unsigned server, uint64_t m)
{
    const uint64_t *RESTRICT masked = x->masked, *RESTRICT whole = x->whole, *RESTRICT top = x->top;
    const uint64_t mine = server;
    const unsigned w = x->width;
    for (size_t i = 0; i < x->n; i++) {
        const opened o = open_word(masked[i], w);
        y[i] = (mine * o.a - whole[i] + o.u * top[i]) & m;
    }
}

static void k_square(uint64_t *RESTRICT y, const wire *x, const uint64_t *RESTRICT squares,
                     const uint64_t *RESTRICT tops, unsigned server, uint64_t m)
{
    const uint64_t *RESTRICT masked = x->masked, *RESTRICT whole = x->whole, *RESTRICT top = x->top;
    const uint64_t mine = server;
    const unsigned w = x->width;
    for (size_t i = 0; i < x->n; i++) {
        const opened o = open_word(masked[i], w);
        y[i] = (mine * o.a * o.a - 2 * o.a * whole[i] + squares[i] +
                2 * o.u * (o.a * top[i] - tops[i]) + o.u * o.u * top[i]) &
               m;
    }
}

static void k_product(uint64_t *RESTRICT y, const wire *x, const wire *f, uint64_t *const pair[4],
                      unsigned server, uint64_t m)
{
    const size_t columns = x->n / f->n;
    const uint64_t mine = server;
    const unsigned wx = x->width, wf = f->width;
    for (size_t row = 0; row < f->n; row++) {
        const opened g = open_word(f->masked[row], wf);
        const uint64_t c = g.a, v = g.u, q = f->whole[row], e = f->top[row];
        const size_t at = row * columns;
        const uint64_t *RESTRICT masked = x->masked + at, *RESTRICT r = x->whole + at,
                                 *RESTRICT b = x->top + at, *RESTRICT rq = pair[0] + at,
                                 *RESTRICT re = pair[1] + at, *RESTRICT bq = pair[2] + at,
                                 *RESTRICT be = pair[3] + at;
        const uint64_t by_a = mine * c - q + v * e;
        for (size_t j = 0; j < columns; j++) {
            const opened o = open_word(masked[j], wx);
            y[at + j] =
                (o.a * by_a - c * r[j] + rq[j] - v * re[j] + o.u * (c * b[j] - bq[j] + v * be[j])) &
                m;
        }
    }
}

/* 2π·t for |t| <= 1/8, by the series of sine and cosine: absolute errors below 2.1e-14. */
static inline void small_turn(double *c, double *s, double t)
{
    const double x = t * 6.283185307179586476925, y = x * x;
    double p = 1.0 / 6227020800.0;
    p = p * y - 1.0 / 39916800.0;
    p = p * y + 1.0 / 362880.0;
    p = p * y - 1.0 / 5040.0;
    p = p * y + 1.0 / 120.0;
    p = p * y - 1.0 / 6.0;
    *s = x + x * (y * p);
    double q = 1.0 / 20922789888000.0;
    q = q * y - 1.0 / 87178291200.0;
    q = q * y + 1.0 / 479001600.0;
    q = q * y - 1.0 / 3628800.0;
    q = q * y + 1.0 / 40320.0;
    q = q * y - 1.0 / 720.0;
    q = q * y + 1.0 / 24.0;
    q = q * y - 0.5;
    *c = 1.0 + q * y;
}

/* To the nearest quarter by integers alone, so that neither branch nor address depends on it. */
static void k_turn(double *RESTRICT c, double *RESTRICT s, const uint64_t *RESTRICT words, size_t n,
                   unsigned p)
{
    const uint64_t m = (UINT64_C(1) << p) - 1, eighth = UINT64_C(1) << (p - 3);
    const double unit = ldexp(1.0, -(int)p);
    for (size_t i = 0; i < n; i++) {
        const uint64_t w = words[i] & m, quarter = (w + eighth) >> (p - 2);
        const int64_t rest = (int64_t)w - (int64_t)(quarter << (p - 2));
        double x, y;
        small_turn(&x, &y, (double)(int32_t)rest * unit);
        const double odd = (double)(int32_t)(quarter & 1), even = 1.0 - odd;
        const double sign_c = 1.0 - 2.0 * (double)(int32_t)(((quarter + 1) >> 1) & 1);
        const double sign_s = 1.0 - 2.0 * (double)(int32_t)((quarter >> 1) & 1);
        c[i] = sign_c * (even * x + odd * y);
        s[i] = sign_s * (even * y + odd * x);
    }
}

static void k_step(double *RESTRICT c, double *RESTRICT s, const double *RESTRICT c1,
                   const double *RESTRICT s1, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double x = c[i] * c1[i] - s[i] * s1[i];
        const double y = s[i] * c1[i] + c[i] * s1[i];
        c[i] = x;
        s[i] = y;
    }
}

/* To the nearest integer, halves to even: the sum with 1.5·2^52 keeps no fraction. |x| < 2^51. */
static inline uint64_t nearest(double x)
{
    const double magic = 6755399441055744.0, sum = x + magic;
    uint64_t bits, base;
    memcpy(&bits, &sum, sizeof bits);
    memcpy(&base, &magic, sizeof base);
    return bits - base;
}

static void k_round_pair(uint64_t *RESTRICT x, uint64_t *RESTRICT y, const double *RESTRICT c,
                         const double *RESTRICT s, size_t n, unsigned frac)
{
    const double scale = ldexp(1.0, (int)frac);
    for (size_t i = 0; i < n; i++) {
        x[i] = nearest(c[i] * scale);
        y[i] = nearest(s[i] * scale);
    }
}

static void k_term(uint64_t *RESTRICT y, const double *RESTRICT c, const double *RESTRICT s,
                   const uint64_t *RESTRICT wc, const uint64_t *RESTRICT ws, double a, double b,
                   const double *RESTRICT gain, size_t n, unsigned frac, unsigned shift)
{
    const double scale = ldexp(1.0, (int)frac), as = a * scale, bs = b * scale;
    if (gain) {
        for (size_t i = 0; i < n; i++) {
            const uint64_t p = nearest((as * c[i] + bs * s[i]) * gain[i]);
            const uint64_t q = nearest((as * s[i] - bs * c[i]) * gain[i]);
            y[i] += (p * wc[i] + q * ws[i]) << shift;
        }
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const uint64_t p = nearest(as * c[i] + bs * s[i]);
        const uint64_t q = nearest(as * s[i] - bs * c[i]);
        y[i] += (p * wc[i] + q * ws[i]) << shift;
    }
}

/* What every table holds. */
#define KERNELS                                                                                    \
    .mask = k_mask, .add = k_add, .subtract = k_subtract, .multiply_rows = k_multiply_rows,        \
    .add_shifted = k_add_shifted, .truncate = k_truncate, .add_public = k_add_public,              \
    .multiply_public = k_multiply_public, .subtract_from_row = k_subtract_from_row,                \
    .columns = k_columns, .masked_minus = k_masked_minus, .clear = k_clear,                        \
    .row_sums = k_row_sums, .centre = k_centre, .square = k_square, .grow = k_grow,                \
    .product = k_product, .turn = k_turn, .step = k_step, .round_pair = k_round_pair,              \
    .term = k_term

static const mpc_kernels table = {KERNELS};
