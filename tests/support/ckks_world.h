/** A small CKKS world for tests: context, session, secret key, all keys that are asked for, and
 * slots that are known. Everything follows from one seed. Failures end the test. */
#ifndef TACIT_TESTS_CKKS_WORLD_H
#define TACIT_TESTS_CKKS_WORLD_H

#include <complex.h>

#include "ckks/ckks.h"

typedef struct {
    ckks_context *ctx;
    pool *pool;
    ckks c;
    error err;
    ckks_secret secret;
    ckks_keys keys;
    uint64_t state;     /* of the generator of slots */
    uint64_t encrypted; /* ciphertexts so far: each has a seed of its own */
} world;

/** Rings that are too small to be secure are allowed here. */
ckks_params world_params(unsigned log_n, unsigned n_limbs, unsigned scale_bits, unsigned alpha);

void world_begin(world *w, const ckks_params *p, const int64_t *steps, size_t n_steps,
                 bool conjugation);
void world_end(world *w);

/** Uniform in [-1, 1]. */
double world_uniform(world *w);

/** 2^log_slots slots, complex or real, of absolute values up to `size`. */
double complex *world_slots(world *w, unsigned log_slots, double size, bool real);

void world_encode(world *w, ckks_plain *out, const double complex *x, unsigned log_slots,
                  size_t n_limbs, double scale);
/** At the level's scale; new. */
void world_encrypt(world *w, ckks_cipher *out, const double complex *x, unsigned log_slots,
                   size_t n_limbs);
/** Room for n_limbs limbs and two parts. */
ckks_cipher world_room(world *w, size_t n_limbs);

/** The largest distance of decrypted slots from x. */
double world_error(world *w, const ckks_cipher *y, const double complex *x, unsigned log_slots);

/** A status that must be OK. */
#define world_ok(w, expr) world_must((w), (expr), #expr)
void world_must(world *w, status st, const char *what);

#endif
