#include "ckks/functions.h"

#include <math.h>

/* Levels of one round: y (2 - x y); y (3 - x y^2) / 2; y^2; and for sign y (3 - y^2) / 2. */
static size_t round_depth(ckks_function_kind kind)
{
    return kind == CKKS_EXP ? 1 : kind == CKKS_INVERSE_ROOT ? 3 : 2;
}

/* What the series stands for. Eq. (6) */
static double target(double x, const void *arg)
{
    const ckks_function *f = arg;
    switch (f->kind) {
    case CKKS_INVERSE:
        return 1 / x;
    case CKKS_INVERSE_ROOT:
        return 1 / sqrt(x);
    case CKKS_EXP:
        return exp(ldexp(x, -(int)f->rounds));
    default: /* steep where sign is not asked for: Eq. (10) */
        return erf(2 * x / f->low);
    }
}

static double exact(const ckks_function *f, double x)
{
    switch (f->kind) {
    case CKKS_INVERSE:
        return 1 / x;
    case CKKS_INVERSE_ROOT:
        return 1 / sqrt(x);
    case CKKS_EXP:
        return exp(x);
    default:
        return x < 0 ? -1 : 1;
    }
}

double ckks_function_at(const ckks_function *f, double x)
{
    double y = ckks_series_at(&f->series, x);
    for (size_t i = 0; i < f->rounds; i++) {
        switch (f->kind) {
        case CKKS_INVERSE:
            y = y * (2 - x * y);
            break;
        case CKKS_INVERSE_ROOT:
            y = y * (3 - x * y * y) / 2;
            break;
        case CKKS_EXP:
            y = y * y;
            break;
        default:
            y = y * (3 - y * y) / 2;
        }
    }
    return y;
}

static double distance_at(const ckks_function *f, double x)
{
    const double wanted = exact(f, x), off = fabs(ckks_function_at(f, x) - wanted);
    return isfinite(off) ? off / fabs(wanted) : INFINITY;
}

/* The largest distance, at points that lie more closely towards both ends. */
static double distance(const ckks_function *f)
{
    const size_t points = 64 * (f->series.degree + 1);
    double worst = 0;
    for (size_t i = 0; i <= points; i++) {
        const double u = (1 - cos(acos(-1) * (double)i / (double)points)) / 2;
        const double x = f->low + (f->high - f->low) * u;
        worst = fmax(worst, distance_at(f, x));
        worst = f->kind == CKKS_SIGN ? fmax(worst, distance_at(f, -x)) : worst;
    }
    return worst;
}

/* One mixture: so many rounds, the series taking what depth is left. */
static status attempt(ckks_function *out, const ckks_function *wish, size_t rounds, error *err)
{
    const size_t left = wish->depth - rounds * round_depth(wish->kind);
    const double low = wish->kind == CKKS_SIGN ? -wish->high : wish->low;
    const bool mapped = low != -1 || wish->high != 1;
    const size_t levels = left - mapped < 10 ? left - mapped : 10;
    const size_t degree = ((size_t)1 << levels) - 1;
    *out = *wish;
    out->rounds = rounds;
    TRY(ckks_series_fit(&out->series, target, out, low, wish->high, degree, NULL, err));
    out->depth = rounds * round_depth(wish->kind) + ckks_series_depth(&out->series);
    out->error = distance(out);
    return OK;
}

static bool has_meaning(const ckks_function *f)
{
    const bool finite = isfinite(f->low) && isfinite(f->high) && f->low < f->high;
    return finite && f->depth >= 3 && f->depth < CKKS_MAX_LIMBS &&
           (f->kind == CKKS_EXP || f->low > 0) && (f->kind != CKKS_EXP || f->high < 700);
}

status ckks_function_new(ckks_function *out, ckks_function_kind kind, double low, double high,
                         size_t depth, error *err)
{
    const ckks_function wish = {
        .kind = kind, .low = low, .high = high, .depth = depth, .error = INFINITY};
    *out = wish;
    if (!has_meaning(&wish)) {
        return error_set(err, ERR_USAGE, "ckks: no function of depth %zu on [%g, %g]", depth, low,
                         high);
    }
    for (size_t rounds = 0; rounds * round_depth(kind) + 2 <= depth; rounds++) {
        ckks_function f;
        const status st = attempt(&f, &wish, rounds, err);
        if (st != OK) {
            ckks_function_clear(out);
            return st;
        }
        if (f.error < out->error) {
            ckks_function_clear(out);
            *out = f;
        } else {
            ckks_function_clear(&f);
        }
    }
    return out->series.coefficient
               ? OK
               : error_set(err, ERR_PRECISION, "ckks: %zu levels do not reach [%g, %g]", depth, low,
                           high);
}

void ckks_function_clear(ckks_function *f)
{
    ckks_series_clear(&f->series);
}
