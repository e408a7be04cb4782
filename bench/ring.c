/** Arithmetic mod 2^bits: matrix products (the packing of the left operand included), of a whole
 * layer and of one head, packing to bits and back, and streams of random words. Beside the rate
 * stands its share of what the processor multiplies in registers alone, measured in the same run.
 * Weights take turns, so that they come from memory as in a model.
 *
 * usage: bench_ring [THREADS [RUNS [TABLE]]] */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "machine.h"
#include "peak.h"
#include "ring/gemm.h"
#include "ring/kernels.h"
#include "ring/stream.h"

enum { WEIGHT_BYTES = 96 << 20, MAX_COPIES = 24, MAX_RUNS = 1000, N_WORDS = 1 << 20 };

typedef struct {
    const ring_kernels *t;
    pool *p; /* NULL: this thread */
    size_t m, k, n, copies, right_bytes;
    unsigned bits;
    uint64_t *a, *w, *c;
    uint8_t *right, *scratch;
} product;

static void fill(uint64_t *x, size_t n)
{
    uint64_t state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        x[i] = state ^ state >> 29;
    }
}

static void open_product(product *g)
{
    size_t scratch = 0;
    bench_need(!ring_right_bytes(&g->right_bytes, g->k, g->n, g->bits) ||
                   !ring_gemm_scratch(&scratch, g->t, g->p, g->m, g->k, g->bits),
               "too large");
    g->copies = WEIGHT_BYTES / g->right_bytes + 1;
    g->copies = g->copies < MAX_COPIES ? g->copies : MAX_COPIES;
    g->a = mem_new(g->m * g->k, sizeof *g->a);
    g->w = mem_new(g->k * g->n, sizeof *g->w);
    g->c = mem_new(g->m * g->n, sizeof *g->c);
    g->right = mem_new(g->copies, g->right_bytes);
    g->scratch = mem_new(scratch, 1);
    bench_need(!g->a || !g->w || !g->c || !g->right || !g->scratch, "no memory");
    fill(g->a, g->m * g->k);
    fill(g->w, g->k * g->n);
    for (size_t i = 0; i < g->copies; i++) {
        ring_right_pack(g->t, g->right + i * g->right_bytes, g->w, g->k, g->n, g->n, 1, g->bits);
    }
}

static void close_product(product *g)
{
    mem_free(g->a);
    mem_free(g->w);
    mem_free(g->c);
    mem_free(g->right);
    mem_free(g->scratch);
}

static double run_product(product *g, size_t turn)
{
    const ring_right w = {g->k, g->n, g->bits, g->right + turn % g->copies * g->right_bytes};
    const double begin = bench_now();
    ring_gemm(g->t, g->p, RING_SET, g->c, g->n, g->a, g->k, g->m, &w, g->scratch);
    return bench_now() - begin;
}

/* Both operands packed at run time, the right one from its columns as keys are. */
static double run_head(product *g)
{
    const ring_right w = {g->k, g->n, g->bits, g->right};
    const double begin = bench_now();
    ring_right_pack(g->t, g->right, g->w, g->k, g->n, 1, g->k, g->bits);
    ring_gemm(g->t, NULL, RING_SET, g->c, g->n, g->a, g->k, g->m, &w, g->scratch);
    return bench_now() - begin;
}

/* G products of words a second that the processor has at most with this table. */
static double limit(const product *g, pool *p)
{
    const double limbs = ring_limbs(g->bits);
    return strcmp(g->t->name, "amx") == 0 ? bench_peak_bytes(p, ISA_AMX) / (limbs * (limbs + 1) / 2)
                                          : bench_peak_words(p, ISA_AVX512);
}

static void print_rate(double work, double seconds, double most)
{
    printf(" | %.1f", work / seconds * 1e-9);
    if (most > 0) {
        printf(" (%.0f %%)", work / seconds * 1e-7 / most);
    }
}

static void measure_products(const ring_kernels *t, pool *p, size_t runs)
{
    static const size_t shapes[][3] = {
        {128, 768, 768}, {128, 768, 2304}, {128, 768, 3072}, {128, 3072, 768}, {32, 768, 768}};
    static const unsigned widths[] = {34, 46, 50, 64};
    static double seconds[MAX_RUNS];
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        printf("| %s | %zu x %zu x %zu", t->name, shapes[i][0], shapes[i][1], shapes[i][2]);
        for (size_t j = 0; j < sizeof widths / sizeof *widths; j++) {
            product g = {.t = t, .p = p, .m = shapes[i][0], .k = shapes[i][1], .n = shapes[i][2]};
            g.bits = widths[j];
            open_product(&g);
            for (size_t r = 0; r < runs; r++) {
                seconds[r] = run_product(&g, r);
            }
            print_rate((double)g.m * (double)g.k * (double)g.n, bench_least(seconds, runs),
                       limit(&g, p));
            close_product(&g);
        }
        printf(" |\n");
        fflush(stdout);
    }
}

static void measure_heads(const ring_kernels *t, pool *one, size_t runs)
{
    static const unsigned widths[] = {34, 46, 50, 64};
    static double seconds[MAX_RUNS];
    printf("| %s, both packed, one thread | 128 x 64 x 128", t->name);
    for (size_t j = 0; j < sizeof widths / sizeof *widths; j++) {
        product g = {.t = t, .m = 128, .k = 64, .n = 128, .bits = widths[j]};
        open_product(&g);
        for (size_t r = 0; r < runs; r++) {
            seconds[r] = run_head(&g);
        }
        print_rate(128.0 * 64 * 128, bench_least(seconds, runs), limit(&g, one));
        close_product(&g);
    }
    printf(" |\n");
}

/* Words to bits, back, and out of a stream: what a million words cost. */
static void measure_words(const ring_kernels *t, pool *p, unsigned bits, size_t runs)
{
    static double to[MAX_RUNS], from[MAX_RUNS], drawn[MAX_RUNS];
    const uint8_t seed[PRG_SEED_BYTES] = {1};
    uint64_t *x = mem_new(N_WORDS, sizeof *x);
    uint8_t *packed = mem_new(ring_packed_bytes(N_WORDS, bits), 1);
    ring_stream *s = ring_stream_new(seed, "bench", pool_size(p), NULL);
    bench_need(!x || !packed || !s, "no memory");
    for (size_t i = 0; i < runs; i++) {
        const double a = bench_now();
        ring_stream_words(s, t, p, x, N_WORDS, bits);
        const double b = bench_now();
        ring_pack(t, packed, x, N_WORDS, bits);
        const double c = bench_now();
        ring_unpack(t, x, packed, N_WORDS, bits);
        from[i] = bench_now() - c;
        to[i] = c - b;
        drawn[i] = b - a;
    }
    const double bytes = (double)ring_packed_bytes(N_WORDS, bits);
    printf("| %s | %u | %.2f | %.2f | %.2f | %.2f |\n", t->name, bits,
           N_WORDS * 1e-9 / bench_least(to, runs), N_WORDS * 1e-9 / bench_least(from, runs),
           N_WORDS * 1e-9 / bench_least(drawn, runs), bytes * 1e-9 / bench_least(drawn, runs));
    mem_free(x);
    mem_free(packed);
    ring_stream_free(s);
}

/* GB/s of the cipher alone, in the first cache. */
static double cipher_rate(const EVP_CIPHER *cipher, size_t runs)
{
    static uint8_t bytes[8192], key[32], counter[16];
    double best = 0;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    bench_need(!c || EVP_EncryptInit_ex(c, cipher, NULL, key, counter) != 1, "no cipher");
    for (size_t i = 0; i < runs; i++) {
        const double begin = bench_now();
        for (int j = 0, n; j < 100; j++) {
            bench_need(EVP_EncryptUpdate(c, bytes, &n, bytes, sizeof bytes) != 1, "no bytes");
        }
        const double rate = 100e-9 * sizeof bytes / (bench_now() - begin);
        best = rate > best ? rate : best;
    }
    EVP_CIPHER_CTX_free(c);
    return best;
}

int main(int argc, char **argv)
{
    const size_t threads = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
    const size_t runs = argc > 2 ? strtoul(argv[2], NULL, 10) : 60;
    const char *only = argc > 3 ? argv[3] : NULL;
    static const unsigned widths[] = {5, 17, 34, 50, 64};
    pool *p, *one;
    error err;
    bench_need(runs == 0 || runs > MAX_RUNS, "usage: bench_ring [THREADS [RUNS [TABLE]]]");
    bench_need(pool_new(&p, threads, &err), err.text);
    bench_need(pool_new(&one, 1, &err), err.text);
    const ring_kernels *t;
    printf("%zu threads, best of %zu: G products of words a second (share of the limit)\n\n",
           pool_size(p), runs);
    printf("| kernels | m x k x n | 34 bits | 46 bits | 50 bits | 64 bits "
           "|\n|---|---|---|---|---|---|\n");
    for (size_t i = 0; (t = ring_kernels_nth(i)) != NULL; i++) {
        if (!only || strcmp(only, t->name) == 0) {
            measure_products(t, p, i == 0 ? 3 : runs);
            measure_heads(t, one, runs);
        }
    }
    printf("\nG words a second\n\n| kernels | bits | pack | unpack | stream | stream, GB/s |\n");
    printf("|---|---|---|---|---|---|\n");
    for (size_t i = 0; (t = ring_kernels_nth(i)) != NULL; i++) {
        for (size_t j = 0; j < sizeof widths / sizeof *widths; j++) {
            if (!only || strcmp(only, t->name) == 0) {
                measure_words(t, p, widths[j], runs);
            }
        }
    }
    printf("\nThe cipher alone, one thread, GB/s: AES-128-CTR %.2f, AES-256-CTR %.2f\n",
           cipher_rate(EVP_aes_128_ctr(), runs), cipher_rate(EVP_aes_256_ctr(), runs));
    pool_free(p);
    pool_free(one);
    return 0;
}
