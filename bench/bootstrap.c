/** Bootstrapping of ckks: time, precision, levels left, keys, memory. Slots are uniform in [-1, 1]
 * + i [-1, 1]; bits are -log2 of the mean and of the worst distance over all slots of all
 * ciphertexts. Time is by the clock on all threads, and the processor time of all of them.
 *
 * usage: bench_bootstrap [THREADS [CIPHERTEXTS [LOG_SLOTS [KIND [LOG_N]]]]]
 * KIND: all (default), complex, real, two, twice */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "ckks/bootstrap.h"
#include "ckks/crypt.h"
#include "ckks/kernels.h"
#include "ckks/security.h"
#include "ckks/store.h"
#include "machine.h"

enum { MAX_CIPHERS = 100000, GAIN_BITS = 14 };

typedef struct {
    ckks_context *ctx;
    ckks c;
    ckks_secret secret;
    ckks_bootstrap b;
    ckks_bootstrap_keys keys;
    size_t n_slots, n_ciphers;
    double *truth[4], *got[2]; /* re, im of one ciphertext, then of a second */
    uint64_t state;
} world;

typedef enum { COMPLEX, REAL, TWO, TWICE, KINDS } kind;
static const char *const kinds[KINDS] = {"complex", "real", "two", "twice"};

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double uniform(world *w)
{
    w->state ^= w->state << 13;
    w->state ^= w->state >> 7;
    w->state ^= w->state << 17;
    return ldexp((double)(w->state >> 11), -52) - 1;
}

static void open_world(world *w, size_t threads, unsigned log_n, unsigned log_slots)
{
    static error err;
    const ckks_bootstrap_wish wish = {.log_n = log_n, .insecure = log_n < 16};
    const uint8_t seed[PRG_SEED_BYTES] = {7};
    ckks_params p;
    isa level;
    pool *workers;
    bench_need(cpu_pick(&level, &err), err.text);
    bench_need(ckks_bootstrap_params(&p, &wish, &err), err.text);
    bench_need(ckks_context_new(&w->ctx, &p, ckks_kernels_for(level), &err), err.text);
    bench_need(pool_new(&workers, threads, &err), err.text);
    bench_need(ckks_open(&w->c, w->ctx, workers, &err), err.text);
    bench_need(ckks_secret_new(&w->c, &w->secret, seed), err.text);
    double begin = bench_now();
    bench_need(ckks_bootstrap_new(&w->c, &w->b, log_slots, 3, 0), err.text);
    const double matrices = bench_now() - begin;
    begin = bench_now();
    bench_need(ckks_bootstrap_keys_new(&w->c, &w->keys, &w->b, &w->secret), err.text);
    const double keys = bench_now() - begin;
    w->n_slots = (size_t)1 << log_slots;
    for (size_t i = 0; i < 4; i++) {
        w->truth[i] = mem_new(w->n_slots, sizeof(double));
    }
    for (size_t i = 0; i < 2; i++) {
        w->got[i] = mem_new(w->n_slots, sizeof(double));
    }
    uint64_t primes[CKKS_MAX_PRIMES];
    for (size_t i = 0; i < w->ctx->ring->n_primes; i++) {
        primes[i] = w->ctx->ring->limb[i].m.q;
    }
    printf("N 2^%u, slots 2^%u, %zu threads, %s; %u limbs, %u wide, %u special, alpha %u, "
           "log2 QP %u\n",
           log_n, log_slots, threads, w->ctx->kernels->name, p.n_limbs, p.n_wide, p.n_special,
           p.alpha, ckks_product_bits(primes, w->ctx->ring->n_primes));
    const double rest =
        (double)(ckks_keys_bytes(&w->keys.keys) + ckks_capsule_stored_bytes(w->ctx));
    printf("matrices %.2f GB in %.1f s; %zu keys %.2f GB in memory, %.2f GB at rest, in %.1f s\n",
           (double)ckks_bootstrap_bytes(&w->b) * 1e-9, matrices, w->keys.keys.n,
           (double)ckks_bootstrap_keys_bytes(&w->keys) * 1e-9, rest * 1e-9, keys);
}

static void encrypt(world *w, ckks_cipher *x, double *re, double *im, bool real, size_t limbs)
{
    ckks_plain plain;
    const ckks_encoding how = {
        .log_slots = w->b.log_slots, .n_limbs = limbs, .scale = w->ctx->level[limbs].scale};
    for (size_t i = 0; i < w->n_slots; i++) {
        re[i] = uniform(w);
        im[i] = real ? 0 : uniform(w);
    }
    bench_need(ckks_encode(&w->c, &plain, re, im, &how), "encode");
    bench_need(ckks_encrypt(&w->c, x, &plain, &w->secret, NULL), "encrypt");
    ckks_plain_clear(&plain);
}

static void compare(world *w, const ckks_cipher *z, const double *re, const double *im, double *sum,
                    double *worst)
{
    ckks_plain plain;
    bench_need(ckks_decrypt(&w->c, &plain, z, &w->secret), "decrypt");
    bench_need(ckks_decode(&w->c, w->got[0], w->got[1], &plain), "decode");
    for (size_t i = 0; i < w->n_slots; i++) {
        const double off = hypot(w->got[0][i] - re[i], w->got[1][i] - im[i]);
        *sum += off;
        *worst = fmax(*worst, off);
    }
    ckks_plain_clear(&plain);
}

static status run(world *w, ckks_cipher z[2], const ckks_cipher x[2], kind k)
{
    switch (k) {
    case REAL:
        return ckks_bootstrap_run_real(&w->c, z, x, &w->b, &w->keys);
    case TWO:
        return ckks_bootstrap_run_two(&w->c, z, x, &w->b, &w->keys);
    case TWICE:
        return ckks_bootstrap_run_twice(&w->c, z, x, &w->b, &w->keys, GAIN_BITS);
    default:
        return ckks_bootstrap_run(&w->c, z, x, &w->b, &w->keys);
    }
}

static void measure(world *w, kind k)
{
    static double seconds[MAX_CIPHERS], processor[MAX_CIPHERS];
    const bool real = k == REAL || k == TWO;
    const size_t each = k == TWO ? 2 : 1, limbs = w->b.in_limbs + 1;
    ckks_cipher x[2], z[2];
    double sum = 0, worst = 0, total = 0;
    for (size_t i = 0; i < 2; i++) {
        bench_need(ckks_cipher_new(&x[i], w->ctx, limbs, 2, NULL), "no memory");
        bench_need(ckks_cipher_new(&z[i], w->ctx, w->b.out_limbs, 2, NULL), "no memory");
    }
    for (size_t i = 0; i < w->n_ciphers; i++) {
        for (size_t j = 0; j < each; j++) {
            encrypt(w, &x[j], w->truth[2 * j], w->truth[2 * j + 1], real, limbs);
        }
        const double begin = bench_now(), used = processor_seconds();
        bench_need(run(w, z, x, k), w->c.err->text);
        seconds[i] = bench_now() - begin;
        processor[i] = processor_seconds() - used;
        total += seconds[i];
        for (size_t j = 0; j < each; j++) {
            compare(w, &z[j], w->truth[2 * j], w->truth[2 * j + 1], &sum, &worst);
        }
    }
    const double count = (double)(w->n_ciphers * each * w->n_slots);
    const double median = bench_median(seconds, w->n_ciphers);
    printf("%-8s %zu x: least %.3f s, median %.3f, mean %.3f, processor %.3f; bits mean %.2f, "
           "worst %.2f; levels "
           "left %zu; peak %.2f GB\n",
           kinds[k], w->n_ciphers, seconds[0], median, total / (double)w->n_ciphers,
           bench_least(processor, w->n_ciphers), -log2(sum / count), -log2(worst),
           z[0].n_limbs - w->b.in_limbs, bench_peak_mib() / 1024);
    fflush(stdout);
    for (size_t i = 0; i < 2; i++) {
        ckks_cipher_clear(&x[i]);
        ckks_cipher_clear(&z[i]);
    }
}

static unsigned long argument(int argc, char **argv, int i, unsigned long otherwise)
{
    return argc > i ? strtoul(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    static world w = {.state = 88172645463325252};
    const unsigned log_n = (unsigned)argument(argc, argv, 5, 16);
    const char *only = argc > 4 ? argv[4] : "all";
    setvbuf(stdout, NULL, _IOLBF, 0);
    w.n_ciphers = argument(argc, argv, 2, 20);
    w.n_ciphers = w.n_ciphers < MAX_CIPHERS ? w.n_ciphers : MAX_CIPHERS;
    open_world(&w, argument(argc, argv, 1, 2), log_n, (unsigned)argument(argc, argv, 3, log_n - 1));
    for (kind k = 0; k < KINDS; k++) {
        if (strcmp(only, "all") == 0 || strcmp(only, kinds[k]) == 0) {
            measure(&w, k);
        }
    }
    return 0;
}
