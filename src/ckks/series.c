#include <math.h>

#include "base/mem.h"
#include "ckks/polynomial.h"

static double to_interval(const ckks_series *s, double u)
{
    return (s->high - s->low) / 2 * u + (s->high + s->low) / 2;
}

double ckks_series_at(const ckks_series *s, double x)
{
    const double u = (2 * x - s->low - s->high) / (s->high - s->low);
    double b1 = 0, b2 = 0;
    for (size_t i = s->degree; i > 0; i--) {
        const double b0 = s->coefficient[i] + 2 * u * b1 - b2;
        b2 = b1;
        b1 = b0;
    }
    return s->coefficient[0] + u * b1 - b2;
}

/* ckks-polynomial.md Eq. (1) */
static void interpolate(ckks_series *s, ckks_real_function *f, const void *arg, double *value)
{
    const size_t n = s->degree + 1;
    const double step = acos(-1) / (double)n;
    for (size_t j = 0; j < n; j++) {
        value[j] = f(to_interval(s, cos(step * ((double)j + 0.5))), arg);
    }
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t j = 0; j < n; j++) {
            sum += value[j] * cos(step * (double)i * ((double)j + 0.5));
        }
        s->coefficient[i] = sum * (i == 0 ? 1 : 2) / (double)n;
    }
}

static double distance(const ckks_series *s, ckks_real_function *f, const void *arg)
{
    const size_t points = 16 * (s->degree + 1);
    double worst = 0;
    for (size_t i = 0; i <= points; i++) {
        const double x = to_interval(s, cos(acos(-1) * (double)i / (double)points));
        worst = fmax(worst, fabs(ckks_series_at(s, x) - f(x, arg)));
    }
    return worst;
}

status ckks_series_fit(ckks_series *out, ckks_real_function *f, const void *arg, double low,
                       double high, size_t degree, double *off, error *err)
{
    *out = (ckks_series){.low = low, .high = high, .degree = degree};
    if (!(low < high) || degree < 1 || degree > CKKS_MAX_DEGREE) {
        return error_set(err, ERR_USAGE, "ckks: no series of degree %zu on [%g, %g]", degree, low,
                         high);
    }
    double *value = mem_new(degree + 1, sizeof *value);
    out->coefficient = mem_new(degree + 1, sizeof *out->coefficient);
    if (!value || !out->coefficient) {
        mem_free(value);
        ckks_series_clear(out);
        return error_memory(err);
    }
    interpolate(out, f, arg, value);
    mem_free(value);
    if (off) {
        *off = distance(out, f, arg);
    }
    return OK;
}

void ckks_series_clear(ckks_series *s)
{
    mem_free(s->coefficient);
    *s = (ckks_series){0};
}

static size_t log2_up(size_t x)
{
    size_t bits = 0;
    while (((size_t)1 << bits) < x) {
        bits++;
    }
    return bits;
}

size_t ckks_series_depth(const ckks_series *s)
{
    return log2_up(s->degree + 1) + (s->low == -1 && s->high == 1 ? 0 : 1);
}
