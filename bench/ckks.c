/** Ring arithmetic of ckks: transforms, elements, conversions to other primes and sums of products,
 * on one thread by its CPU time, the fastest but a tenth of many runs (clocks of threads sometimes
 * lose time on virtual machines, so that the least is not a measurement); and several limbs at once
 * on all threads by the clock. Beside what multiplies stands its share of what VPMADD52 does in
 * registers alone, measured in the same run: three of them to a butterfly, two to a term of a sum.
 *
 * usage: bench_ckks [THREADS [RUNS [TABLE]]] */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "ckks/automorphism.h"
#include "ckks/kernels.h"
#include "ckks/ntt.h"
#include "machine.h"
#include "peak.h"

enum { BITS = 49, LOG_N = 16, N_LIMBS = 34, N_POLYS = 12, SOURCES = 7, TERMS = 4, MAX_RUNS = 5000 };

static double thread_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A ring, polynomials over all of it, and what is measured on them. */
typedef struct {
    ckks_ring *r;
    ckks_basis b; /* limbs that an operation takes */
    uint64_t *x[N_POLYS];
    uint64_t c[N_LIMBS];
    ckks_convert *convert;
    uint32_t *table;
    pool *p;
    size_t runs;
} world;

static world open_world(const ckks_kernels *k, unsigned log_n, unsigned bits, size_t n_limbs,
                        size_t n_polys, size_t runs)
{
    world w = {.b = ckks_basis_range(0, n_limbs), .runs = runs};
    uint64_t primes[N_LIMBS];
    error err;
    const uint64_t near = (UINT64_C(1) << bits) - (UINT64_C(1) << (bits - 3));
    bench_need(ckks_primes_find(primes, n_limbs, log_n, near, NULL, 0, &err), err.text);
    bench_need(ckks_ring_new(&w.r, k, log_n, primes, n_limbs, &err), err.text);
    for (size_t i = 0; i < n_polys; i++) {
        /* 4 MiB and more lie on huge pages, as the polynomials of a scheme do. */
        const size_t least = (size_t)4 << 20, words = n_limbs * w.r->n;
        w.x[i] = mem_new(words * 8 < least ? least / 8 : words, sizeof *w.x[i]);
        bench_need(!w.x[i], "no memory");
        for (size_t j = 0; j < words; j++) {
            w.x[i][j] = (j + i) * UINT64_C(0x9e3779b97f4a7c15) % primes[j / w.r->n];
        }
    }
    for (size_t j = 0; j < n_limbs; j++) {
        w.c[j] = primes[j] / 3;
    }
    return w;
}

static void close_world(world *w)
{
    for (size_t i = 0; i < N_POLYS; i++) {
        mem_free(w->x[i]);
    }
    mem_free(w->table);
    ckks_convert_free(w->convert);
    ckks_ring_free(w->r);
}

typedef void operation(const world *w);

static double typical_seconds(const world *w, operation *op, double clock(void))
{
    static double seconds[MAX_RUNS];
    for (size_t i = 0; i < w->runs; i++) {
        const double begin = clock();
        op(w);
        seconds[i] = clock() - begin;
    }
    (void)bench_median(seconds, w->runs); /* sorts them */
    return seconds[w->runs / 10];
}

static void run_forward(const world *w)
{
    ckks_ntt_forward(w->r, w->p, &w->b, w->x[0]);
}
static void run_inverse(const world *w)
{
    ckks_ntt_inverse(w->r, w->p, &w->b, w->x[0]);
}
static void run_add(const world *w)
{
    ckks_poly_add(w->r, w->p, &w->b, w->x[2], w->x[0], w->x[1]);
}
static void run_mul(const world *w)
{
    ckks_poly_mul(w->r, w->p, &w->b, w->x[2], w->x[0], w->x[1]);
}
static void run_mul_scalar(const world *w)
{
    ckks_poly_mul_scalar(w->r, w->p, &w->b, w->x[2], w->x[0], w->c);
}
static void run_sub_scale(const world *w)
{
    ckks_poly_sub_scale(w->r, w->p, &w->b, w->x[2], w->x[0], w->x[1], w->c);
}
static void run_permute(const world *w)
{
    ckks_automorphism_ntt(w->r, w->p, &w->b, w->x[2], w->x[0], w->table);
}
static void run_convert(const world *w)
{
    ckks_convert_run(w->convert, w->p, CKKS_APPROXIMATE, w->x[2], w->x[0]);
}
static void run_convert_centred(const world *w)
{
    ckks_convert_run(w->convert, w->p, CKKS_CENTRED, w->x[2], w->x[0]);
}
static void run_dot(const world *w)
{
    const uint64_t *const *all = (const uint64_t *const *)w->x;
    const ckks_dot d = {.n_terms = TERMS,
                        .n_outputs = 2,
                        .x = all + 2,
                        .y = {all + 4, all + 8},
                        .y_basis = &w->b,
                        .z = {w->x[0], w->x[1]}};
    ckks_poly_dot(w->r, w->p, &w->b, &d);
}

/* G products of 52-bit words a second in registers on one thread, 0 where there are none. */
static double word_peak(void)
{
    double best = 0;
#if defined(__x86_64__)
    for (int i = 0; i < 40 && cpu_best() >= ISA_AVX512 && cpu_has_ifma(); i++) {
        const double begin = thread_seconds(), work = peak_burst_words(100000);
        const double rate = work / (thread_seconds() - begin) * 1e-9;
        best = rate > best ? rate : best;
    }
#endif
    return best;
}

static void print_cell(double ns, double products, double peak)
{
    printf(" | %.3f", ns);
    if (peak > 0) {
        printf(" (%.0f %%)", 100 * products / peak / ns);
    }
}

static double peak_of(const ckks_kernels *k, double peak)
{
    return strcmp(k->name, "avx512-ifma") == 0 ? peak : 0;
}

static void measure_transforms(const ckks_kernels *k, double peak, unsigned bits, size_t runs)
{
    static operation *const both[] = {run_forward, run_inverse};
    static const char *const name[] = {"forward", "inverse"};
    for (size_t d = 0; d < 2; d++) {
        printf("| %s | %s, %u bits", k->name, name[d], bits);
        for (unsigned log_n = 12; log_n <= 17; log_n++) {
            world w = open_world(k, log_n, bits, 1, 1, runs << (log_n < 16 ? 16 - log_n : 0));
            w.runs = w.runs < MAX_RUNS ? w.runs : MAX_RUNS;
            const double work = (double)w.r->n / 2 * log_n;
            print_cell(typical_seconds(&w, both[d], thread_seconds) / work * 1e9, 3,
                       peak_of(k, peak));
            close_world(&w);
        }
        printf(" |\n");
        fflush(stdout);
    }
}

/* One limb again and again, and all of them in turn. */
static void measure_elements(world *w, const char *name, operation *op)
{
    const double n = (double)w->r->n;
    w->b = ckks_basis_range(0, 1);
    const double hot = typical_seconds(w, op, thread_seconds) / n;
    w->b = ckks_basis_range(0, N_LIMBS);
    const double cold = typical_seconds(w, op, thread_seconds) / (n * N_LIMBS);
    printf("| %s | %s | %.3f | %.3f |\n", w->r->kernels->name, name, hot * 1e9, cold * 1e9);
    fflush(stdout);
}

static void measure_sum(world *w, const char *name, operation *op, double terms, double peak)
{
    const double ns = typical_seconds(w, op, thread_seconds) / (terms * (double)w->r->n) * 1e9;
    printf("| %s | %s", w->r->kernels->name, name);
    print_cell(ns, 2, peak_of(w->r->kernels, peak));
    printf(" |\n");
    fflush(stdout);
}

static void measure_rest(const ckks_kernels *k, double peak, size_t runs)
{
    static const struct {
        const char *name;
        operation *op;
    } elements[] = {{"forward transform", run_forward},
                    {"inverse transform", run_inverse},
                    {"x + y", run_add},
                    {"x y", run_mul},
                    {"c x", run_mul_scalar},
                    {"c (x - y)", run_sub_scale},
                    {"automorphism", run_permute}};
    world w = open_world(k, LOG_N, BITS, N_LIMBS, N_POLYS, runs / 8 + 1);
    w.table = mem_new(w.r->n, sizeof *w.table);
    bench_need(!w.table, "no memory");
    ckks_automorphism_table(w.r, w.table, 5);
    printf("\nN = 2^%d, ns an element\n\n| kernels | operation | one limb again and again | %d in "
           "turn "
           "|\n|---|---|---|---|\n",
           LOG_N, N_LIMBS);
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
        measure_elements(&w, elements[i].name, elements[i].op);
    }
    const ckks_basis from = ckks_basis_range(0, SOURCES);
    const ckks_basis to = ckks_basis_range(SOURCES, N_LIMBS - SOURCES);
    bench_need(ckks_convert_new(&w.convert, w.r, &from, &to, NULL), "conversion");
    printf("\nN = 2^%d, ns a term\n\n| kernels | sums | ns (share of the limit) |\n|---|---|---|\n",
           LOG_N);
    measure_sum(&w, "conversion, 7 to 27 primes", run_convert, SOURCES * (double)to.n, peak);
    measure_sum(&w, "the same, centred", run_convert_centred, (SOURCES + 1) * (double)to.n, peak);
    w.b = ckks_basis_range(0, 1);
    measure_sum(&w, "4 terms, 2 outputs, one limb", run_dot, TERMS * 2, peak);
    w.b = ckks_basis_range(0, N_LIMBS);
    measure_sum(&w, "the same, 34 limbs", run_dot, TERMS * 2 * N_LIMBS, peak);
    close_world(&w);
}

/* All limbs, one thread and several, by the clock. */
static void measure_threads(const ckks_kernels *k, size_t n_threads, size_t runs)
{
    pool *p;
    error err;
    bench_need(pool_new(&p, n_threads, &err), err.text);
    world w = open_world(k, LOG_N, BITS, N_LIMBS, 1, runs / 4 + 1);
    const double one = typical_seconds(&w, run_forward, bench_now);
    w.p = p;
    const double all = typical_seconds(&w, run_forward, bench_now);
    printf("\n%d forward transforms, N = 2^%d, by the clock: %.2f ms on one thread, %.2f ms on %zu "
           "(%.2f times)\n",
           N_LIMBS, LOG_N, one * 1e3, all * 1e3, pool_size(p), one / all);
    close_world(&w);
    pool_free(p);
}

int main(int argc, char **argv)
{
    const size_t threads = argc > 1 ? strtoul(argv[1], NULL, 10) : 2;
    const size_t runs = argc > 2 ? strtoul(argv[2], NULL, 10) : 200;
    const char *only = argc > 3 ? argv[3] : NULL;
    const double peak = word_peak();
    const ckks_kernels *k, *last = NULL;
    bench_need(runs == 0 || runs > MAX_RUNS, "usage: bench_ckks [THREADS [RUNS [TABLE]]]");
    printf("VPMADD52 in registers: %.1f G products/s\n\nns a butterfly (share of the limit)\n\n"
           "| kernels | transform | 2^12 | 2^13 | 2^14 | 2^15 | 2^16 | 2^17 |\n"
           "|---|---|---|---|---|---|---|---|\n",
           peak);
    for (size_t i = 0; (k = ckks_kernels_nth(i)) != NULL; i++) {
        if (!only || strcmp(only, k->name) == 0) {
            measure_transforms(k, peak, BITS, i == 0 ? runs / 20 + 1 : runs);
            last = k;
        }
    }
    bench_need(!last, "no such table");
    measure_transforms(last, peak, BITS + 1, runs);
    for (size_t i = 0; (k = ckks_kernels_nth(i)) != NULL; i++) {
        if (!only || strcmp(only, k->name) == 0) {
            measure_rest(k, peak, i == 0 ? 8 : runs);
        }
    }
    measure_threads(last, threads, runs);
    return 0;
}
