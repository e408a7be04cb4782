#define _GNU_SOURCE
#include "api/metrics.h"

#include <math.h>
#include <stdlib.h>

void counts_add(counts *c, size_t predicted, size_t expected)
{
    c->n++;
    c->correct += predicted == expected;
    if (expected == 1) {
        c->true_positive += predicted == 1;
        c->false_negative += predicted != 1;
    } else {
        c->false_positive += predicted == 1;
        c->true_negative += predicted != 1;
    }
}

double counts_accuracy(const counts *c)
{
    return c->n ? (double)c->correct / (double)c->n : 0;
}

double counts_f1(const counts *c)
{
    const size_t all = 2 * c->true_positive + c->false_positive + c->false_negative;
    return all ? 2.0 * (double)c->true_positive / (double)all : 0;
}

double counts_matthews(const counts *c)
{
    const double tp = (double)c->true_positive, fp = (double)c->false_positive;
    const double tn = (double)c->true_negative, fn = (double)c->false_negative;
    const double below = sqrt(tp + fp) * sqrt(tp + fn) * sqrt(tn + fp) * sqrt(tn + fn);
    return below > 0 ? (tp * tn - fp * fn) / below : 0;
}

static double mean(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += x[i];
    }
    return n ? sum / (double)n : 0;
}

double metrics_pearson(const double *x, const double *y, size_t n)
{
    const double mx = mean(x, n), my = mean(y, n);
    double xx = 0, yy = 0, xy = 0;
    for (size_t i = 0; i < n; i++) {
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
        xy += (x[i] - mx) * (y[i] - my);
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
}

static int by_value(const void *a, const void *b, void *ctx)
{
    const double *x = ctx;
    const size_t i = *(const size_t *)a, j = *(const size_t *)b;
    return (x[i] > x[j]) - (x[i] < x[j]);
}

void metrics_ranks(double *rank, size_t *order, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        order[i] = i;
    }
    qsort_r(order, n, sizeof *order, by_value, (void *)(size_t)x);
    for (size_t i = 0; i < n;) {
        size_t j = i;
        while (j < n && x[order[j]] == x[order[i]]) {
            j++;
        }
        for (size_t k = i; k < j; k++) {
            rank[order[k]] = ((double)i + (double)(j - 1)) / 2;
        }
        i = j;
    }
}
