/** What a model's operations see on real texts, from which a conversion without training takes its
 * constants.
 *
 * The calibrating engine stands before another engine: it passes every operation on, and looks at
 * the operands through `reveal`. So it works over any engine that reveals to this process, and
 * the forward pass that it watches is the real one.
 */
#ifndef TACIT_API_CALIBRATE_H
#define TACIT_API_CALIBRATE_H

#include "nn/engine.h"

/** A growing list of numbers, of which the median is asked. */
typedef struct {
    double *x;
    size_t n, cap;
} samples;

status samples_add(samples *s, double x) MUST_USE;
double samples_median(samples *s); /* sorts; 0 where there are none */
void samples_clear(samples *s);

/** Of one attention; n keys, scores s, sums over the keys of a query. */
typedef struct {
    double lo, hi;           /* scores */
    double *max;             /* [heads] the largest score */
    samples *log_sum;        /* [heads] log(Σ exp s) - length_power·log n, a sample a query */
    samples *quad_sum;       /* [heads] Σ (s + c)² / n^length_power */
    double cube_lo, cube_hi; /* Σ ReLU((s/2 + 1)³), smallest positive and largest */
} attention_stats;

/** Of one norm: means over rows of the row's mean and standard deviation. */
typedef struct {
    double sum_mean, sum_deviation, rows;
} norm_stats;

/** Everything, by the id of the operation; entries of other kinds stay zero. */
typedef struct {
    size_t n_ops, n_heads;
    double c, length_power; /* of the forms that the conversion is for */
    attention_stats *attentions;
    norm_stats *norms;
} calibration;

status calibration_init(calibration *c, const model *m, double shift, double length_power,
                        error *err) MUST_USE;
void calibration_clear(calibration *c);

/** Takes inner over, whatever it returns. c must outlive the engine. */
status calibration_engine_new(engine **out, engine *inner, calibration *c, error *err) MUST_USE;

#endif
