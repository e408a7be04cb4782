#define _GNU_SOURCE
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *x, size_t n)
{
    qsort(x, n, sizeof *x, by_value);
    return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

double bench_least(const double *x, size_t n)
{
    double least = x[0];
    for (size_t i = 1; i < n; i++) {
        least = x[i] < least ? x[i] : least;
    }
    return least;
}

/* Not getrusage: its figure begins at the size of the process that started this one. */
double bench_peak_mib(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    double kib = 0;
    for (char line[256]; f && fgets(line, sizeof line, f);) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            kib = strtod(line + 6, NULL);
        }
    }
    if (f) {
        fclose(f);
    }
    return kib / 1024;
}

void bench_need(int st, const char *what)
{
    if (st != 0) {
        fprintf(stderr, "bench: %s\n", what);
        exit(1);
    }
}
