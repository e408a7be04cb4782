#define _GNU_SOURCE
#include "net/clock.h"

#include <limits.h>
#include <time.h>

int64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_after(int64_t ns, int64_t ms)
{
    int64_t span, sum;
    if (__builtin_mul_overflow(ms, INT64_C(1000000), &span) ||
        __builtin_add_overflow(ns, span, &sum)) {
        return CLOCK_FOREVER;
    }
    return sum;
}

int clock_poll_ms(int64_t ns)
{
    if (ns == CLOCK_FOREVER) {
        return -1;
    }
    const int64_t left = ns - clock_ns();
    if (left <= 0) {
        return 0;
    }
    const int64_t ms = left / 1000000 + (left % 1000000 != 0);
    return ms < INT_MAX ? (int)ms : INT_MAX;
}
