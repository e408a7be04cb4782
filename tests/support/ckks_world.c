#include "support/ckks_world.h"

#include <math.h>

#include "test.h"

#include "base/mem.h"

void world_must(world *w, status st, const char *what)
{
    if (st != OK) {
        fail_msg("%s: %s", what, w->err.text);
    }
}

ckks_params world_params(unsigned log_n, unsigned n_limbs, unsigned scale_bits, unsigned alpha)
{
    ckks_params p = {.log_n = log_n,
                     .n_limbs = n_limbs,
                     .base_bits = 50,
                     .scale_bits = scale_bits,
                     .special_bits = 50,
                     .alpha = alpha,
                     .insecure = true};
    p.n_special = ckks_params_special(n_limbs, alpha, 50, scale_bits, 50);
    return p;
}

void world_begin(world *w, const ckks_params *p, const int64_t *steps, size_t n_steps,
                 bool conjugation)
{
    static const uint8_t seed[PRG_SEED_BYTES] = {1, 2, 3};
    isa level;
    *w = (world){.state = 88172645463325252};
    world_ok(w, cpu_pick(&level, &w->err));
    world_ok(w, ckks_context_new(&w->ctx, p, ckks_kernels_for(level), &w->err));
    world_ok(w, pool_new(&w->pool, 2, &w->err));
    world_ok(w, ckks_open(&w->c, w->ctx, w->pool, &w->err));
    world_ok(w, ckks_secret_new(&w->c, &w->secret, seed));
    world_ok(w,
             ckks_keys_new(&w->c, &w->keys, &w->secret, steps, n_steps, conjugation, p->n_limbs));
}

void world_end(world *w)
{
    ckks_keys_clear(&w->keys);
    ckks_secret_clear(&w->secret);
    ckks_close(&w->c);
    pool_free(w->pool);
    ckks_context_free(w->ctx);
}

double world_uniform(world *w)
{
    w->state ^= w->state << 13;
    w->state ^= w->state >> 7;
    w->state ^= w->state << 17;
    return ldexp((double)(w->state >> 11), -52) - 1;
}

double complex *world_slots(world *w, unsigned log_slots, double size, bool real)
{
    const size_t n = (size_t)1 << log_slots;
    double complex *x = mem_new(n, sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < n; i++) {
        const double re = size * world_uniform(w) * (real ? 1 : 0.7);
        x[i] = re + (real ? 0 : I * size * world_uniform(w) * 0.7);
    }
    return x;
}

void world_encode(world *w, ckks_plain *out, const double complex *x, unsigned log_slots,
                  size_t n_limbs, double scale)
{
    const size_t n = (size_t)1 << log_slots;
    double *re = mem_new(2 * n, sizeof *re);
    assert_non_null(re);
    for (size_t i = 0; i < n; i++) {
        re[i] = creal(x[i]);
        re[n + i] = cimag(x[i]);
    }
    const ckks_encoding how = {.log_slots = log_slots, .n_limbs = n_limbs, .scale = scale};
    world_ok(w, ckks_encode(&w->c, out, re, re + n, &how));
    mem_free(re);
}

void world_encrypt(world *w, ckks_cipher *out, const double complex *x, unsigned log_slots,
                   size_t n_limbs)
{
    ckks_plain plain;
    uint8_t seed[PRG_SEED_BYTES] = {0};
    w->encrypted++;
    memcpy(seed, &w->encrypted, sizeof w->encrypted);
    world_encode(w, &plain, x, log_slots, n_limbs, w->ctx->level[n_limbs].scale);
    world_ok(w, ckks_cipher_new(out, w->ctx, n_limbs, 2, &w->err));
    world_ok(w, ckks_encrypt(&w->c, out, &plain, &w->secret, seed));
    ckks_plain_clear(&plain);
}

ckks_cipher world_room(world *w, size_t n_limbs)
{
    ckks_cipher z;
    world_ok(w, ckks_cipher_new(&z, w->ctx, n_limbs, 2, &w->err));
    return z;
}

double world_error(world *w, const ckks_cipher *y, const double complex *x, unsigned log_slots)
{
    const size_t n = (size_t)1 << log_slots;
    ckks_plain plain;
    double *re = mem_new(2 * n, sizeof *re), worst = 0;
    assert_non_null(re);
    assert_int_equal(y->log_slots, log_slots);
    world_ok(w, ckks_decrypt(&w->c, &plain, y, &w->secret));
    world_ok(w, ckks_decode(&w->c, re, re + n, &plain));
    for (size_t i = 0; i < n; i++) {
        worst = fmax(worst, cabs(re[i] + I * re[n + i] - x[i]));
    }
    ckks_plain_clear(&plain);
    mem_free(re);
    return worst;
}
