#include "mpc/fit.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "mpc/least_squares.h"
#include "mpc/same_math.h"

/* A function, where it is fitted and how closely. `curve` is fitted on [from, to], which for an
 * even or odd one are values of |z|. */
typedef struct {
    mpc_function f;
    mpc_symmetry symmetry;
    double lo, hi, from, to;
    unsigned dealt_frac;
} task;

static task task_of(mpc_function f, double lo, double hi, unsigned dealt_frac)
{
    task t = {f, mpc_function_symmetry(f), lo, hi, lo, hi, dealt_frac};
    if (t.symmetry != MPC_NEITHER) {
        t.from = lo > 0 ? lo : hi < 0 ? -hi : 0;
        t.to = fmax(fabs(lo), fabs(hi));
    }
    return t;
}

static size_t columns_of(const task *t, size_t n)
{
    return (t->symmetry != MPC_ODD) + (t->symmetry == MPC_NEITHER ? 2 : 1) * n;
}

static bool is_relative(const task *t)
{
    return t->f == MPC_RECIPROCAL || t->f == MPC_RSQRT;
}

/* The i-th of n points of [from, to], closer together towards the ends, where errors grow; for
 * relative errors every other point is that of the logarithms. */
static double point(const task *t, size_t i, size_t n)
{
    const double x = (1 - same_cos_turns((double)i / (double)(2 * (n - 1)))) / 2;
    if (is_relative(t) && i % 2) {
        return t->from * same_exp(x * same_log(t->to / t->from));
    }
    return t->from + (t->to - t->from) * x;
}

static size_t points_to_fit(const task *t, size_t n)
{
    return (is_relative(t) ? 6 : 4) * n + 128;
}

static size_t points_to_measure(const task *t, size_t n)
{
    return (is_relative(t) ? 24 : 16) * n + 1024;
}

/* ------------------------------------------------------------------- the series of given terms */

static status fill(least_squares *l, const task *t, double period, size_t n, unsigned every,
                   error *err)
{
    const size_t rows = points_to_fit(t, n), cols = columns_of(t, n);
    if (least_squares_init(l, rows, cols) != 0) {
        return error_memory(err);
    }
    const bool constant = t->symmetry != MPC_ODD;
    double weights = 0;
    for (size_t i = 0; i < rows; i++) {
        const double z = point(t, i, rows), w = mpc_function_weight(t->f, z, t->to);
        weights += w * w;
        least_squares_column(l, cols)[i] = w * mpc_function_curve(t->f, z);
        size_t j = 0;
        if (constant) {
            least_squares_column(l, j++)[i] = w;
        }
        for (size_t k = 0; k < n; k++) {
            const double turns = (double)(every == 2 ? 2 * k + 1 : k + 1) * z / period;
            if (t->symmetry != MPC_ODD) {
                least_squares_column(l, j++)[i] = w * same_cos_turns(turns);
            }
            if (t->symmetry != MPC_EVEN) {
                least_squares_column(l, j++)[i] = w * same_sin_turns(turns);
            }
        }
    }
    /* What the rounding of dealt words, uniform within half a unit, brings in by a coefficient of
     * one. Without it coefficients grow to thousands and magnify that rounding. */
    const double ridge = sqrt(weights / 12) * ldexp(1, -(int)t->dealt_frac);
    for (size_t j = constant; j < cols; j++) {
        least_squares_ridge(l, j, ridge);
    }
    return OK;
}

/* The first n terms of a factored problem, not yet measured. */
static void read_terms(mpc_series *s, const least_squares *l, const task *t, double period,
                       size_t n, unsigned every, double *x)
{
    *s = (mpc_series){.f = t->f, .lo = t->lo, .hi = t->hi, .period = period, .n = n};
    s->constant = mpc_function_constant(t->f);
    s->slope = mpc_function_slope(t->f);
    least_squares_solve(l, x, columns_of(t, n));
    if (t->symmetry != MPC_ODD) {
        s->constant += *x++;
    }
    for (size_t k = 0; k < n; k++) {
        s->harmonic[k] = (uint16_t)(every == 2 ? 2 * k + 1 : k + 1);
        s->a[k] = t->symmetry != MPC_ODD ? *x++ : 0;
        s->b[k] = t->symmetry != MPC_EVEN ? *x++ : 0;
    }
}

/* The sum without its line, by turning one angle on from term to term. */
static double curve_at(const mpc_series *s, double z, unsigned every)
{
    double c = same_cos_turns(z / s->period), i = same_sin_turns(z / s->period);
    const double dc = same_cos_turns(every * z / s->period);
    const double di = same_sin_turns(every * z / s->period);
    double sum = s->constant;
    for (size_t k = 0; k < s->n; k++) {
        sum += s->a[k] * c + s->b[k] * i;
        const double next = c * dc - i * di;
        i = c * di + i * dc;
        c = next;
    }
    return sum;
}

static void measure(mpc_series *s, const task *t, unsigned every)
{
    const size_t n = points_to_measure(t, s->n);
    double worst = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        const double x = (double)i / (double)(n - 1);
        const double z = is_relative(t) && i % 2 ? t->from * same_exp(x * same_log(t->to / t->from))
                                                 : t->from + (t->to - t->from) * x;
        const double is = curve_at(s, z, every) - mpc_function_constant(t->f);
        const double e = fabs(is - mpc_function_curve(t->f, z));
        const double weighted = e * mpc_function_weight(t->f, z, t->to);
        worst = fmax(worst, weighted);
        squares += weighted * weighted;
    }
    s->max_error = worst;
    s->rms_error = sqrt(squares / (double)n);
}

status mpc_fit_period(mpc_series *out, mpc_function f, double lo, double hi, double period,
                      size_t n, unsigned every, unsigned dealt_frac, error *err)
{
    TRY(mpc_function_check(f, lo, hi, err));
    CHECK(n >= 1 && n <= MPC_SERIES_TERMS && (every == 1 || every == 2) && period > 0);
    const task t = task_of(f, lo, hi, dealt_frac);
    least_squares l;
    status st = fill(&l, &t, period, n, every, err);
    double *x = mem_new(columns_of(&t, n), sizeof *x);
    if (st == OK && !x) {
        st = error_memory(err);
    }
    if (st == OK) {
        least_squares_factor(&l);
        read_terms(out, &l, &t, period, n, every, x);
        measure(out, &t, every);
    }
    mem_free(x);
    least_squares_clear(&l);
    return st;
}

/* ------------------------------------------------------------------------------- the search */

typedef struct {
    task t;
    double wanted;
    mpc_series best; /* n is one more than allowed while nothing is found */
    double nearest;  /* the least error seen */
    mpc_series trial;
    double *x;
} search;

/* Periods to try, by how much they are longer than the least that makes sense. */
static const double gaps[] = {0.003, 0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3,
                              0.4,   0.5,  0.6,  0.8,  1,    1.3, 1.7,  2.3, 3,    4};
enum { N_GAPS = sizeof gaps / sizeof *gaps };

static double period_of(const task *t, unsigned every, double gap)
{
    /* The odd harmonics alone change sign after half a period, so without a symmetry only half of
     * it is free; with one, half of it is all there is either way. */
    return (t->symmetry == MPC_NEITHER ? every * (t->to - t->from) : 2 * t->to) * (1 + gap);
}

static double error_with(search *s, const least_squares *l, double period, size_t n, unsigned every)
{
    read_terms(&s->trial, l, &s->t, period, n, every, s->x);
    measure(&s->trial, &s->t, every);
    return s->trial.max_error;
}

static void keep_if_better(search *s)
{
    const mpc_series *new = &s->trial;
    if (new->max_error <= s->wanted &&
        (new->n < s->best.n || (new->n == s->best.n &&new->max_error < s->best.max_error))) {
        s->best = *new;
    }
}

/* Up to `top` terms of one period: the fewest that do. *reached is the error of `top` terms. */
static status try_period(search *s, unsigned every, double gap, size_t top, double *reached,
                         error *err)
{
    const double period = period_of(&s->t, every, gap);
    least_squares l;
    TRY(fill(&l, &s->t, period, top, every, err));
    least_squares_factor(&l);
    *reached = error_with(s, &l, period, top, every);
    s->nearest = fmin(s->nearest, *reached);
    keep_if_better(s);
    size_t fails = 0, does = top;
    while (*reached <= s->wanted && does - fails > 1) {
        const size_t mid = fails + (does - fails) / 2;
        if (error_with(s, &l, period, mid, every) <= s->wanted) {
            does = mid;
            keep_if_better(s);
        } else {
            fails = mid;
        }
    }
    least_squares_clear(&l);
    return OK;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* All periods for one number of terms, few for many terms: those about the best of half as many. */
static status try_periods(search *s, unsigned every, size_t top, size_t *centre, error *err)
{
    const bool all = top <= 32;
    const size_t begin = all ? 0 : *centre > 3 ? *centre - 3 : 0;
    const size_t end = all ? N_GAPS : least(*centre + 1, N_GAPS);
    double best = HUGE_VAL;
    for (size_t i = end; i-- > begin;) {
        double reached = 0;
        TRY(try_period(s, every, gaps[i], least(top, s->best.n), &reached, err));
        if (reached < best) {
            best = reached;
            *centre = i;
        }
    }
    return OK;
}

/* Around the best period of the table, by golden sections. */
static status refine(search *s, error *err)
{
    const unsigned every = s->best.n > 1 && s->best.harmonic[1] == 3 ? 2 : 1;
    const double gap = s->best.period / period_of(&s->t, every, 0) - 1;
    double lo = gap * 0.6, hi = gap * 1.5;
    const size_t steps = s->best.n <= 64 ? 12 : s->best.n <= 128 ? 4 : 0;
    for (size_t i = 0; i < steps; i++) {
        const double p = hi - 0.6180339887498949 * (hi - lo);
        const double q = lo + 0.6180339887498949 * (hi - lo);
        double at_p = 0, at_q = 0;
        TRY(try_period(s, every, p, s->best.n, &at_p, err));
        TRY(try_period(s, every, q, s->best.n, &at_q, err));
        if (at_p < at_q) {
            hi = q;
        } else {
            lo = p;
        }
    }
    return OK;
}

static status run(search *s, size_t max_terms, error *err)
{
    size_t centre[2] = {0, 0};
    for (size_t top = least(8, max_terms); s->best.n > max_terms; top = least(2 * top, max_terms)) {
        TRY(try_periods(s, 1, top, &centre[0], err));
        if (top <= 64) {
            TRY(try_periods(s, 2, top, &centre[1], err));
        }
        if (top == max_terms) {
            break;
        }
    }
    if (s->best.n > max_terms) {
        return error_set(err, ERR_PRECISION,
                         "no look-up of %s on [%g, %g] with error %.2g: %zu terms reach %.2g",
                         mpc_function_name(s->t.f), s->t.lo, s->t.hi, s->wanted, max_terms,
                         s->nearest);
    }
    return refine(s, err);
}

status mpc_fit(mpc_series *out, mpc_function f, double lo, double hi, double wanted_error,
               const mpc_fit_limits *limits, error *err)
{
    TRY(mpc_function_check(f, lo, hi, err));
    const size_t max = limits->max_terms ? limits->max_terms : MPC_SERIES_TERMS;
    CHECK(max <= MPC_SERIES_TERMS && limits->dealt_frac >= 8 && limits->dealt_frac <= 52);
    search *s = mem_new(1, sizeof *s);
    double *x = mem_new(2 * MPC_SERIES_TERMS + 1, sizeof *x);
    status st = s && x ? OK : error_memory(err);
    if (st == OK) {
        s->t = task_of(f, lo, hi, limits->dealt_frac);
        s->wanted = wanted_error;
        s->nearest = HUGE_VAL;
        s->best.n = max + 1;
        s->x = x;
        st = run(s, max, err);
    }
    if (st == OK) {
        *out = s->best;
    }
    mem_free(x);
    mem_free(s);
    return st;
}

double mpc_series_at(const mpc_series *s, double z)
{
    double sum = s->constant + s->slope * z;
    for (size_t k = 0; k < s->n; k++) {
        const double turns = (double)s->harmonic[k] * z / s->period;
        sum += s->a[k] * same_cos_turns(turns) + s->b[k] * same_sin_turns(turns);
    }
    return sum;
}
