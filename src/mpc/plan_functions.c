#include "mpc/plan_functions.h"

#include <math.h>

#include "base/mem.h"

/* Of scores whose exponentials are taken, which is then a part of the weight. */
static const double SCORE_STEP = 1.25e-4;

/* Of exponentials: the smallest error there is. */
static const double CLOSEST = 1e-6;

typedef struct {
    double error, noise;
    size_t max_terms;
    unsigned dealt_frac;
} quality;

/* The first quality that can be had. */
static status fit(mpc_function_plan *g, mpc_function f, double lo, double hi, const quality *q,
                  size_t n, error *err)
{
    status st = ERR_PRECISION;
    for (size_t i = 0; st == ERR_PRECISION && i < n; i++) {
        const mpc_fit_limits limits = {.dealt_frac = q[i].dealt_frac, .max_terms = q[i].max_terms};
        st = mpc_fit(&g->series, f, lo, hi, q[i].error, &limits, err);
        if (st == OK) {
            st = mpc_series_widths(&g->widths, &g->series, q[i].noise, err);
        }
    }
    return st;
}

/* One look-up is enough where the range is narrow; else it is where Newton's step begins, which
 * squares its error (mpc-refine.md). A step takes a round or two more, but a seed needs a quarter
 * of the terms: where it begins is where a look-up would take about 128 terms, 256 for roots. */
static status fit_relative(mpc_function_plan *g, mpc_function f, double ratio, error *err)
{
    static const quality direct[] = {{5e-5, 2e-5, 256, 28}, {2.5e-4, 1e-4, 256, 28}};
    static const quality seed[] = {
        {7e-3, 1e-3, 256, 28}, {1.4e-2, 2e-3, 256, 28}, {2.5e-2, 4e-3, 256, 28}};
    if (ratio <= (f == MPC_RECIPROCAL ? 128 : 1024)) {
        return fit(g, f, 1 / ratio, 1, direct, sizeof direct / sizeof *direct, err);
    }
    return fit(g, f, 1 / ratio, 1, seed, sizeof seed / sizeof *seed, err);
}

/* Beside the largest weight. Closer than the first is asked for where all weights are small. */
static status fit_exp(mpc_function_plan *g, double lo, double hi, double wanted, error *err)
{
    static const quality all[] = {{CLOSEST, 5e-7, 128, 24},
                                  {5e-6, 2.5e-6, 128, 20},
                                  {3e-5, 1.5e-5, 128, 16},
                                  {2e-4, 5e-5, 256, 16}};
    const size_t ordinary = 2;
    size_t i = ordinary;
    while (i > 0 && all[i].error > wanted) {
        i--;
    }
    return fit(g, MPC_EXP, lo, hi, all + i, sizeof all / sizeof *all - i, err);
}

static status fit_activation(mpc_function_plan *g, mpc_function f, double lo, double hi, error *err)
{
    static const quality all[] = {
        {2.5e-4, 2e-4, 256, 16}, {1e-3, 1.5e-4, 256, 16}, {5e-3, 1e-3, 256, 16}};
    return fit(g, f, lo, hi, all, sizeof all / sizeof *all, err);
}

status mpc_plan_function(mpc_plan *p, size_t *out, const mpc_wish *o, error *err)
{
    for (size_t i = 0; i < p->n_functions; i++) {
        const mpc_function_plan *g = &p->functions[i];
        if (g->series.f == o->f && g->series.lo == o->lo && g->series.hi == o->hi &&
            (o->bits == 0 || g->period_bits == o->bits) &&
            (o->off == 0 || g->series.max_error <= fmax(o->off, CLOSEST))) {
            *out = i;
            return OK;
        }
    }
    if (!mem_reserve((void **)&p->functions, &p->cap_functions, p->n_functions + 1,
                     sizeof *p->functions)) {
        return error_memory(err);
    }
    mpc_function_plan *g = &p->functions[p->n_functions];
    if (o->f == MPC_EXP) {
        TRY(fit_exp(g, o->lo, o->hi, o->off, err));
    } else if (o->f == MPC_RSQRT || o->f == MPC_RECIPROCAL) {
        TRY(fit_relative(g, o->f, o->hi / o->lo, err));
    } else {
        TRY(fit_activation(g, o->f, o->lo, o->hi, err));
    }
    g->period_bits = o->bits ? o->bits : (unsigned)mpc_magnitude(g->series.period / SCORE_STEP);
    *out = p->n_functions++;
    return OK;
}
