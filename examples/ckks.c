/* Arithmetic on numbers that the one who computes cannot see. Read it from main() on.
 *
 * An owner encrypts temperatures of eight rooms. A server, which has public keys alone, returns for
 * every room how far it is from the mean of all, squared: sums by rotations, one product. */
#include <stdio.h>
#include <stdlib.h>

#include "ckks/ckks.h"

enum { LOG_ROOMS = 3, ROOMS = 1 << LOG_ROOMS };

static const double temperature[ROOMS] = {19.5, 21.0, 20.2, 22.8, 18.9, 20.0, 21.4, 23.1};

/* Every call that can fail returns a status, and says why in an error. */
static void need(status st, const error *err)
{
    if (st != OK) {
        fprintf(stderr, "%s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

/* The server's part: x - mean(x), squared. It sees ciphertexts and public keys. */
static void server(ckks *c, ckks_cipher *answer, const ckks_cipher *x, const ckks_keys *keys)
{
    const error *err = c->err;
    const size_t limbs = x->n_limbs;
    ckks_cipher sum, turned, mean;
    need(ckks_cipher_new(&sum, c->ctx, limbs, 2, c->err), err);
    need(ckks_cipher_new(&turned, c->ctx, limbs, 2, c->err), err);
    need(ckks_cipher_new(&mean, c->ctx, limbs - 1, 2, c->err), err);

    /* Turning by 4, 2 and 1 and adding puts the sum of all eight slots into each of them. */
    need(ckks_copy(c, &sum, x, limbs), err);
    for (int64_t by = ROOMS / 2; by > 0; by /= 2) {
        need(ckks_rotate(c, &turned, &sum, by, keys), err);
        need(ckks_add(c, &sum, &sum, &turned), err);
    }

    /* A constant costs a level, and rides on the way down to it. */
    need(ckks_adjust_by(c, &mean, &sum, limbs - 1, 1.0 / ROOMS), err);
    need(ckks_adjust(c, &turned, x, limbs - 1), err);
    need(ckks_sub(c, &mean, &turned, &mean), err);

    /* The product is relinearised and rescaled: one limb less, and two parts again. */
    need(ckks_multiply(c, answer, &mean, &mean, keys), err);

    ckks_cipher_clear(&sum);
    ckks_cipher_clear(&turned);
    ckks_cipher_clear(&mean);
}

int main(void)
{
    error err = {0};

    /* What is wanted: two levels, scales of 40 bits, values up to 2^7. The library picks the
     * smallest ring that is secure for it. */
    const ckks_wish wish = {
        .depth = 2, .scale_bits = 40, .integer_bits = 7, .min_log_slots = LOG_ROOMS};
    ckks_params params;
    ckks_context *ctx;
    isa level;
    need(ckks_params_choose(&params, &wish, &err), &err);
    need(cpu_pick(&level, &err), &err);
    need(ckks_context_new(&ctx, &params, ckks_kernels_for(level), &err), &err);
    printf("a ring of 2^%u coefficients, %u limbs, %u special primes\n", params.log_n,
           params.n_limbs, params.n_special);

    /* A session: one thread's working memory, and where errors go. */
    ckks c;
    need(ckks_open(&c, ctx, NULL, &err), &err);

    /* The owner's keys. The server gets the second kind. */
    static const int64_t steps[] = {1, 2, 4};
    ckks_secret secret_key;
    ckks_keys keys;
    need(ckks_secret_new(&c, &secret_key, NULL), &err);
    need(ckks_keys_new(&c, &keys, &secret_key, steps, 3, false, params.n_limbs), &err);

    /* Numbers to a plaintext to a ciphertext. */
    const ckks_encoding how = {.log_slots = LOG_ROOMS,
                               .n_limbs = params.n_limbs,
                               .scale = ctx->level[params.n_limbs].scale};
    ckks_plain plain;
    ckks_cipher x, answer;
    need(ckks_encode(&c, &plain, temperature, NULL, &how), &err);
    need(ckks_cipher_new(&x, ctx, params.n_limbs, 2, &err), &err);
    need(ckks_encrypt(&c, &x, &plain, &secret_key, NULL), &err);
    ckks_plain_clear(&plain);

    need(ckks_cipher_new(&answer, ctx, params.n_limbs - 2, 2, &err), &err);
    server(&c, &answer, &x, &keys);

    /* Back to numbers, which only the owner can do. */
    double found[ROOMS], mean = 0;
    need(ckks_decrypt(&c, &plain, &answer, &secret_key), &err);
    need(ckks_decode(&c, found, NULL, &plain), &err);
    for (size_t i = 0; i < ROOMS; i++) {
        mean += temperature[i] / ROOMS;
    }
    for (size_t i = 0; i < ROOMS; i++) {
        const double apart = temperature[i] - mean;
        printf("room %zu: %.4f, in the clear %.4f\n", i, found[i], apart * apart);
    }

    ckks_plain_clear(&plain);
    ckks_cipher_clear(&x);
    ckks_cipher_clear(&answer);
    ckks_keys_clear(&keys);
    ckks_secret_clear(&secret_key);
    ckks_close(&c);
    ckks_context_free(ctx);
    return EXIT_SUCCESS;
}
