/** What every measurement needs: a clock, medians, and the memory that a process took. */
#ifndef TACIT_BENCH_MACHINE_H
#define TACIT_BENCH_MACHINE_H

#include <stddef.h>

double bench_now(void); /* seconds, monotonic */

/** Sorts x. */
double bench_median(double *x, size_t n);
double bench_least(const double *x, size_t n);

/** Largest resident set of this process so far, in MiB. */
double bench_peak_mib(void);

/** End the program with a message where st is not OK. */
void bench_need(int st, const char *what);

#endif
