/* Time and memory of the homomorphic scheme's operations, in two rings, with one thread and more.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "api/api.h"
#include "base/mem.h"
#include "ckks/ckks.h"

enum { N_TURNED = 8, DEFAULT_REPEAT = 5, DEFAULT_THREADS = 2, LOW_LIMBS = 4 };

/* A ring, its chain and digits: docs/results/ckks.md says what each is compared with. */
typedef struct {
    const char *name;
    ckks_params params;
} shape;

static const shape shapes[] = {
    {"n16",
     {.log_n = 16,
      .n_limbs = 27,
      .base_bits = 50,
      .scale_bits = 49,
      .special_bits = 50,
      .n_special = 7,
      .alpha = 7}},
    {"n15",
     {.log_n = 15,
      .n_limbs = 12,
      .base_bits = 50,
      .scale_bits = 49,
      .special_bits = 50,
      .n_special = 4,
      .alpha = 4}},
};

typedef struct {
    const tacit_bench_ckks_options *options;
    size_t repeat;
    ckks_context *ctx;
    pool *threads;
    ckks c;
    ckks_secret secret;
    ckks_keys keys;
    ckks_plain plain, out;
    ckks_cipher x, z[N_TURNED];
    double *slots; /* real parts, then imaginary ones */
    double keygen_ms;
} bench;

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static const int64_t steps[N_TURNED] = {1, 2, 3, 4, 5, 6, 7, 8};

/* ---- What is timed */

static status rotation(bench *b, const ckks_cipher *x)
{
    return ckks_rotate(&b->c, &b->z[0], x, 1, &b->keys);
}

static status eight_rotations(bench *b, const ckks_cipher *x)
{
    return ckks_rotate_many(&b->c, b->z, x, steps, N_TURNED, &b->keys);
}

static status product(bench *b, const ckks_cipher *x)
{
    return ckks_multiply(&b->c, &b->z[0], x, x, &b->keys);
}

static status plain_product(bench *b, const ckks_cipher *x)
{
    return ckks_mul_plain(&b->c, &b->z[0], x, &b->plain);
}

static status sum(bench *b, const ckks_cipher *x)
{
    return ckks_add(&b->c, &b->z[0], x, x);
}

static status rescaling(bench *b, const ckks_cipher *x)
{
    return ckks_rescale(&b->c, &b->z[0], x);
}

static status encode_slots(bench *b, const ckks_cipher *x)
{
    const size_t n = b->ctx->n / 2;
    const ckks_encoding how = {
        .log_slots = b->ctx->params.log_n - 1, .n_limbs = x->n_limbs, .scale = x->scale};
    ckks_plain_clear(&b->out);
    return ckks_encode(&b->c, &b->out, b->slots, b->slots + n, &how);
}

static status encrypt_slots(bench *b, const ckks_cipher *x)
{
    (void)x;
    return ckks_encrypt(&b->c, &b->z[0], &b->plain, &b->secret, NULL);
}

static status decrypt_slots(bench *b, const ckks_cipher *x)
{
    const size_t n = b->ctx->n / 2;
    ckks_plain_clear(&b->out);
    TRY(ckks_decrypt(&b->c, &b->out, x, &b->secret));
    return ckks_decode(&b->c, b->slots, b->slots + n, &b->out);
}

typedef struct {
    const char *name;
    status (*run)(bench *b, const ckks_cipher *x);
    bool top; /* at the highest level alone */
} operation;

static const operation operations[] = {
    {"rotation", rotation, false},
    {"eight_rotations", eight_rotations, false},
    {"product", product, false},
    {"rescaling", rescaling, false},
    {"plain_product", plain_product, false},
    {"sum", sum, false},
    {"encoding", encode_slots, false},
    {"encryption", encrypt_slots, true},
    {"decryption", decrypt_slots, false},
};

/* Least wall and processor time of this thread; the first run warms what the others find warm. */
static status time_one(bench *b, json_t *out, const operation *o, const ckks_cipher *x)
{
    double wall = 1e300, cpu = 1e300;
    for (size_t i = 0; i <= b->repeat; i++) {
        const double w = now(CLOCK_MONOTONIC), t = now(CLOCK_THREAD_CPUTIME_ID);
        TRY(o->run(b, x));
        const double wall_ms = now(CLOCK_MONOTONIC) - w, cpu_ms = now(CLOCK_THREAD_CPUTIME_ID) - t;
        wall = i > 0 && wall_ms < wall ? wall_ms : wall;
        cpu = i > 0 && cpu_ms < cpu ? cpu_ms : cpu;
    }
    json_object_set_new(out, o->name, json_pack("{s:f, s:f}", "wall_ms", wall, "thread_ms", cpu));
    return OK;
}

static status time_level(bench *b, json_t *out, size_t n_limbs)
{
    ckks_cipher x = b->x;
    const bool top = n_limbs == x.n_limbs;
    json_t *level = json_object();
    char name[32];
    x.n_limbs = n_limbs;
    snprintf(name, sizeof name, "limbs_%zu", n_limbs);
    json_object_set_new(out, name, level);
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        if (top || !operations[i].top) {
            TRY(time_one(b, level, &operations[i], &x));
        }
        if (b->options->progress) {
            b->options->progress(b->options->ctx, "timing", i + 1,
                                 sizeof operations / sizeof *operations);
        }
    }
    return OK;
}

/* ---- A ring and its keys */

static status fill(bench *b, const ckks_params *p)
{
    error *err = b->c.err;
    const size_t n = b->ctx->n / 2;
    const double begin = now(CLOCK_MONOTONIC);
    TRY(ckks_secret_new(&b->c, &b->secret, NULL));
    TRY(ckks_keys_new(&b->c, &b->keys, &b->secret, steps, N_TURNED, false, p->n_limbs));
    b->keygen_ms = (now(CLOCK_MONOTONIC) - begin) / (double)b->keys.n;
    b->slots = mem_new(2 * n, sizeof *b->slots);
    if (!b->slots) {
        return error_memory(err);
    }
    for (size_t i = 0; i < 2 * n; i++) {
        b->slots[i] = (double)(i * 2654435761u % 1000) / 2000 - 0.25;
    }
    const ckks_encoding how = {
        .log_slots = p->log_n - 1, .n_limbs = p->n_limbs, .scale = b->ctx->level[p->n_limbs].scale};
    TRY(ckks_encode(&b->c, &b->plain, b->slots, b->slots + n, &how));
    TRY(ckks_cipher_new(&b->x, b->ctx, p->n_limbs, 2, err));
    for (size_t i = 0; i < N_TURNED; i++) {
        TRY(ckks_cipher_new(&b->z[i], b->ctx, p->n_limbs, 2, err));
    }
    return ckks_encrypt(&b->c, &b->x, &b->plain, &b->secret, NULL);
}

static void close_bench(bench *b)
{
    for (size_t i = 0; i < N_TURNED; i++) {
        ckks_cipher_clear(&b->z[i]);
    }
    ckks_cipher_clear(&b->x);
    ckks_plain_clear(&b->plain);
    ckks_plain_clear(&b->out);
    mem_free(b->slots);
    ckks_keys_clear(&b->keys);
    ckks_secret_clear(&b->secret);
    ckks_close(&b->c);
    pool_free(b->threads);
    ckks_context_free(b->ctx);
}

static json_t *sizes(const bench *b)
{
    uint64_t primes[CKKS_MAX_PRIMES];
    const ckks_params *p = &b->ctx->params;
    for (size_t i = 0; i < b->ctx->ring->n_primes; i++) {
        primes[i] = b->ctx->ring->limb[i].m.q;
    }
    const size_t key = ckks_switch_key_bytes(b->ctx, p->n_limbs);
    const ckks_keys one = {.key = b->keys.key, .n = 1};
    return json_pack(
        "{s:i, s:i, s:i, s:i, s:i, s:I, s:I, s:I, s:I, s:f}", "log_n", (int)p->log_n, "limbs",
        (int)p->n_limbs, "digits", (int)b->ctx->n_digits, "special", (int)p->n_special, "log_qp",
        (int)ckks_product_bits(primes, b->ctx->ring->n_primes), "key_bytes", (json_int_t)key,
        "key_file_bytes", (json_int_t)ckks_keys_bytes(&one), "ciphertext_bytes",
        (json_int_t)(2 * p->n_limbs * b->ctx->n * sizeof(uint64_t)), "ciphertext_file_bytes",
        (json_int_t)ckks_cipher_bytes(&b->x), "keygen_ms", b->keygen_ms);
}

static status run_threads(bench *b, json_t *out, size_t n_threads)
{
    json_t *timed = json_object();
    char name[32];
    snprintf(name, sizeof name, "threads_%zu", n_threads);
    json_object_set_new(out, name, timed);
    if (n_threads > 1) {
        TRY(pool_new(&b->threads, n_threads, b->c.err));
        b->c.pool = b->threads;
    }
    TRY(time_level(b, timed, b->ctx->params.n_limbs));
    return time_level(b, timed, LOW_LIMBS);
}

static status run_shape(json_t *out, const shape *s, const tacit_bench_ckks_options *o, isa level,
                        error *err)
{
    bench b = {.options = o, .repeat = o->repeat ? o->repeat : DEFAULT_REPEAT};
    const size_t threads = o->threads ? o->threads : DEFAULT_THREADS;
    status st = ckks_context_new(&b.ctx, &s->params, ckks_kernels_for(level), err);
    st = st == OK ? ckks_open(&b.c, b.ctx, NULL, err) : st;
    st = st == OK ? fill(&b, &s->params) : st;
    if (st == OK) {
        json_t *ring = sizes(&b);
        json_object_set_new(out, s->name, ring);
        st = run_threads(&b, ring, 1);
        st = st == OK && threads > 1 ? run_threads(&b, ring, threads) : st;
    }
    close_bench(&b);
    return st;
}

tacit_status tacit_bench_ckks(const tacit_bench_ckks_options *o, char **json, tacit_error *err)
{
    error inner = {0};
    isa level = ISA_REF;
    struct rusage used;
    *json = NULL;
    json_t *out = json_object();
    status st = out ? cpu_pick(&level, &inner) : error_memory(&inner);
    for (size_t i = 0; st == OK && i < sizeof shapes / sizeof *shapes; i++) {
        if (!o->ring || strcmp(o->ring, shapes[i].name) == 0) {
            st = run_shape(out, &shapes[i], o, level, &inner);
        }
    }
    if (st == OK && json_object_size(out) == 0) {
        st = error_set(&inner, ERR_USAGE, "ring '%s' is none of n16, n15", o->ring);
    }
    if (st == OK) {
        getrusage(RUSAGE_SELF, &used);
        json_object_set_new(out, "peak_bytes", json_integer((json_int_t)used.ru_maxrss * 1024));
        st = api_dump(json, out, &inner);
    } else {
        json_decref(out);
    }
    return api_return(err, st, &inner);
}
