/** What an evaluation says: accuracy, and the measures that GLUE asks of its tasks. */
#ifndef TACIT_API_METRICS_H
#define TACIT_API_METRICS_H

#include <stddef.h>

typedef struct {
    size_t n, correct;
    /* of the label with index 1 among two */
    size_t true_positive, false_positive, true_negative, false_negative;
} counts;

void counts_add(counts *c, size_t predicted, size_t expected);
double counts_accuracy(const counts *c);
double counts_f1(const counts *c);       /* 0 where nothing is positive */
double counts_matthews(const counts *c); /* 0 where a margin is empty */

/** Of n pairs; 0 where either is constant. */
double metrics_pearson(const double *x, const double *y, size_t n);

/** Ranks of x, ties sharing their mean, into rank; `order` is scratch of n. */
void metrics_ranks(double *rank, size_t *order, const double *x, size_t n);

#endif
