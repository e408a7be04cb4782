/** The matrix products of one encoder layer on one thread: our kernels on weights packed once
 * (the time to pack the rows included), and OpenBLAS on the same numbers where it is installed,
 * in turns. Weights take turns too, so that they come from memory as in a model.
 *
 * usage: bench_gemm [RUNS] */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "machine.h"
#include "peak.h"
#include "plain/kernels.h"

enum { COPIES = 24, MAX_RUNS = 1000, ROW_MAJOR = 101, PLAIN = 111, TRANSPOSED = 112 };

typedef void sgemm_fn(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a,
                      int lda, const float *b, int ldb, float beta, float *c, int ldc);

typedef struct {
    plain_kernels t;
    sgemm_fn *sgemm; /* NULL: no OpenBLAS here */
    size_t m, k, n;
    float *x, *y, *tiles, *w, *packed;
    uint16_t *tiles16, *packed16;
} gemm_case;

static sgemm_fn *find_openblas(void)
{
    void *lib = dlopen("libopenblas.so.0", RTLD_NOW);
    void *one = lib ? dlsym(lib, "openblas_set_num_threads") : NULL;
    void *found = lib ? dlsym(lib, "cblas_sgemm") : NULL;
    if (!one || !found) {
        return NULL;
    }
    ((void (*)(int))(uintptr_t)one)(1);
    return (sgemm_fn *)(uintptr_t)found;
}

static double run_ours(gemm_case *c, size_t turn)
{
    const float *w = c->packed + turn % COPIES * c->k * c->n;
    const float *next = c->packed + (turn + 1) % COPIES * c->k * c->n;
    const double begin = bench_now();
    if (!c->t.gemm_tiles) {
        c->t.gemm(c->y, c->n, c->x, c->k, w, NULL, c->m, c->k, c->n);
        return bench_now() - begin;
    }
    const size_t most = c->t.tile_rows;
    const size_t height = (c->m - 1) / ((c->m + most - 1) / most) + 1;
    for (size_t i = 0; i < c->m; i += height) {
        const size_t rows = c->m - i < height ? c->m - i : height;
        c->t.pack_tile(c->tiles + i * c->k, c->x + i * c->k, c->k, rows, c->k);
    }
    for (size_t i = 0; i < c->m; i += 18 * height) {
        const size_t rows = c->m - i < 18 * height ? c->m - i : 18 * height;
        c->t.gemm_tiles(c->y + i * c->n, c->n, c->tiles + i * c->k, height, w, NULL, rows, c->k,
                        c->n, i + 18 * height < c->m ? w : next);
    }
    return bench_now() - begin;
}

static double run_bf16(gemm_case *c, size_t turn)
{
    const uint16_t *w = c->packed16 + turn % COPIES * c->k * c->n;
    const uint16_t *next = c->packed16 + (turn + 1) % COPIES * c->k * c->n;
    const size_t block = c->k > 1024 ? 128 : 512;
    const double begin = bench_now();
    c->t.tiles_bf16(c->tiles16, c->x, c->k, c->m, c->k);
    for (size_t i = 0; i < c->m; i += block) {
        const size_t rows = c->m - i < block ? c->m - i : block;
        c->t.gemm_bf16(c->y + i * c->n, c->n, c->tiles16 + i * c->k, w, NULL, rows, c->k, c->n,
                       i + block < c->m ? w : next);
    }
    return bench_now() - begin;
}

static double run_openblas(gemm_case *c, size_t turn)
{
    const float *w = c->w + turn % COPIES * c->k * c->n;
    const double begin = bench_now();
    c->sgemm(ROW_MAJOR, PLAIN, TRANSPOSED, (int)c->m, (int)c->n, (int)c->k, 1, c->x, (int)c->k, w,
             (int)c->k, 0, c->y, (int)c->n);
    return bench_now() - begin;
}

static void fill(float *x, size_t n)
{
    uint64_t state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        x[i] = (float)(int32_t)(state >> 32) * 0x1p-31f;
    }
}

static void open_case(gemm_case *c)
{
    const size_t weights = c->k * c->n * COPIES;
    c->x = mem_new(c->m * c->k, sizeof *c->x);
    c->tiles = mem_new(c->m * c->k, sizeof *c->tiles);
    c->y = mem_new(c->m * c->n, sizeof *c->y);
    c->w = mem_new(weights, sizeof *c->w);
    c->packed = mem_new(weights, sizeof *c->packed);
    c->tiles16 = mem_new((c->m + TILE_ROWS) * c->k, sizeof *c->tiles16);
    c->packed16 = mem_new(weights, sizeof *c->packed16);
    bench_need(!c->x || !c->tiles || !c->y || !c->w || !c->packed || !c->tiles16 || !c->packed16,
               "no memory");
    fill(c->x, c->m * c->k);
    fill(c->w, weights);
    for (size_t i = 0; i < COPIES; i++) {
        const size_t at = i * c->k * c->n;
        c->t.pack_rows(c->packed + at, c->w + at, c->k, 1, c->k, c->n);
        if (c->t.gemm_bf16) {
            c->t.pack_rows_bf16(c->packed16 + at, c->w + at, c->k, 1, c->k, c->n);
        }
    }
}

static void close_case(gemm_case *c)
{
    mem_free(c->x);
    mem_free(c->y);
    mem_free(c->tiles);
    mem_free(c->w);
    mem_free(c->packed);
    mem_free(c->tiles16);
    mem_free(c->packed16);
}

/* " | best GFLOP/s (share of the peak)" */
static void print_rate(const gemm_case *c, const double *seconds, size_t runs, double peak)
{
    const double work = 2e-9 * (double)c->m * (double)c->k * (double)c->n;
    const double best = work / bench_least(seconds, runs);
    printf(" | %.0f (%.0f %%)", best, 100 * best / peak);
}

static void measure(gemm_case *c, pool *p, isa level, size_t runs)
{
    static double ours[MAX_RUNS], bf16[MAX_RUNS], theirs[MAX_RUNS];
    open_case(c);
    for (size_t i = 0; i < runs; i++) {
        ours[i] = run_ours(c, i);
        theirs[i] = c->sgemm ? run_openblas(c, i) : 0;
        bf16[i] = c->t.gemm_bf16 ? run_bf16(c, i) : 0;
    }
    const double peak = bench_peak_f32(p, level);
    printf("| %zu x %zu x %zu | %.0f", c->m, c->k, c->n, peak);
    print_rate(c, ours, runs, peak);
    if (c->sgemm) {
        print_rate(c, theirs, runs, peak);
    }
    if (c->t.gemm_bf16) {
        const double tiles = bench_peak_bf16(p, level);
        printf(" | %.0f", tiles);
        print_rate(c, bf16, runs, tiles);
    }
    printf(" |\n");
    fflush(stdout);
    close_case(c);
}

int main(int argc, char **argv)
{
    static const size_t shapes[][3] = {{1, 768, 3072},   {32, 768, 768},   {128, 768, 768},
                                       {128, 768, 3072}, {128, 3072, 768}, {512, 768, 768},
                                       {512, 768, 3072}, {512, 3072, 768}};
    const size_t runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 72;
    isa level;
    pool *p;
    error err;
    bench_need(runs == 0 || runs > MAX_RUNS, "usage: bench_gemm [RUNS]");
    bench_need(cpu_pick(&level, &err), err.text);
    bench_need(pool_new(&p, 1, &err), err.text);
    gemm_case c = {.sgemm = find_openblas()};
    plain_kernels_pick(&c.t, level);
    printf("one thread, %s, best of %zu, GFLOP/s (share of the peak)\n\n", cpu_isa_name(level),
           runs);
    printf("| m x k x n | fp32 peak | tacit%s%s |\n", c.sgemm ? " | OpenBLAS" : "",
           c.t.gemm_bf16 ? " | bf16 peak | tacit bf16" : "");
    printf("|---|---|---%s%s|\n", c.sgemm ? "|---" : "", c.t.gemm_bf16 ? "|---|---" : "");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        c.m = shapes[i][0];
        c.k = shapes[i][1];
        c.n = shapes[i][2];
        measure(&c, p, level, runs);
    }
    pool_free(p);
    return 0;
}
