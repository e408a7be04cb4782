/** Bootstrapping: a ciphertext that has few limbs left becomes one of the same slots that has many.
 *
 * Slots go to coefficients while there is little to compute on, then the modulus is raised, slots
 * come back, and the multiples of q_0 that raising brought are removed by a sine. The secret is
 * dense; a sparse one exists between raising's two key switchings. docs/design/
 * ckks-bootstrapping.md, whose equations are cited here.
 *
 * Levels, from the top: n_matrices and CKKS_BOOTSTRAP_SINE_DEPTH, all of them wide (params.h); what
 * is left is the caller's, of which the next bootstrap takes n_matrices, and one limb stays.
 */
#ifndef TACIT_CKKS_BOOTSTRAP_H
#define TACIT_CKKS_BOOTSTRAP_H

#include "ckks/capsule.h"
#include "ckks/polynomial.h"
#include "ckks/transform.h"

enum {
    CKKS_BOOTSTRAP_DEGREE = 15,    /* of the series for a cosine */
    CKKS_BOOTSTRAP_DOUBLINGS = 5,  /* of its angle */
    CKKS_BOOTSTRAP_SINE_DEPTH = 9, /* ceil(log2(DEGREE + 1)) + DOUBLINGS */
};

/** What is wanted; zeros mean what the comments say. */
typedef struct {
    unsigned log_n;      /* 16 */
    unsigned scale_bits; /* 45: of the caller's levels */
    unsigned levels;     /* 10: for the caller between two bootstraps */
    unsigned n_matrices; /* 3: of each transform, up to 4 */
    bool insecure;       /* as in params.h */
} ckks_bootstrap_wish;

/** Parameters of a ring in which that is possible. ERR_POLICY is for the context to find. */
status ckks_bootstrap_params(ckks_params *out, const ckks_bootstrap_wish *wish,
                             error *err) MUST_USE;

/** Read-only after `new`; public. */
typedef struct {
    const ckks_context *ctx;
    unsigned log_slots, margin_bits;
    size_t in_limbs, out_limbs;
    ckks_transform to_coefficients, to_slots;
    ckks_series sine;  /* the cosine that its doublings start from */
    double sine_scale; /* of its value */
    double up_gain;    /* of to_slots */
    double message;    /* the scale of slots as coefficients, q_0 / 2^margin_bits */
} ckks_bootstrap;

/** For ciphertexts of 2^log_slots slots. margin_bits 0 picks 11: |slots| <= 1 come out off by
 * 2^(1.7 - 2 margin_bits) at most from the sine, and by noise that doubles with each bit.
 * Memory: some 0.7 GB at N = 2^16 with all slots. ERR_USAGE where the context's wide limbs are not
 * those of ckks_bootstrap_params. */
status ckks_bootstrap_new(ckks *c, ckks_bootstrap *out, unsigned log_slots, unsigned n_matrices,
                          unsigned margin_bits) MUST_USE;
void ckks_bootstrap_clear(ckks_bootstrap *b);

/** Memory that its matrices take. */
size_t ckks_bootstrap_bytes(const ckks_bootstrap *b);

/** All keys that it wants, each cut to the limbs where it is used: to out (NULL: counted alone), a
 * bound of ckks_bootstrap_wishes(b, NULL). Equal elements come more than once. */
size_t ckks_bootstrap_wishes(const ckks_bootstrap *b, ckks_key_wish *out);

typedef struct {
    ckks_capsule capsule;
    ckks_keys keys; /* relinearisation, conjugation, rotations */
} ckks_bootstrap_keys;

status ckks_bootstrap_keys_new(ckks *c, ckks_bootstrap_keys *out, const ckks_bootstrap *b,
                               const ckks_secret *s) MUST_USE;
void ckks_bootstrap_keys_clear(ckks_bootstrap_keys *k);
size_t ckks_bootstrap_keys_bytes(const ckks_bootstrap_keys *k);

/** z = x, of b->out_limbs limbs at its level's scale. x has b->in_limbs limbs or more, at its
 * level's scale, |slots| <= 1; z has room for b->out_limbs. Fails with no more than probability
 * 2^-100 (Eq. (9)). ERR_USAGE, ERR_RESOURCE. */
status ckks_bootstrap_run(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_bootstrap *b,
                          const ckks_bootstrap_keys *keys) MUST_USE;

/** The same where slots are real: half of the work behind raising. What was imaginary is lost. */
status ckks_bootstrap_run_real(ckks *c, ckks_cipher *z, const ckks_cipher *x,
                               const ckks_bootstrap *b, const ckks_bootstrap_keys *keys) MUST_USE;

/** Two of real slots for the price of one of complex ones. */
status ckks_bootstrap_run_two(ckks *c, ckks_cipher z[2], const ckks_cipher x[2],
                              const ckks_bootstrap *b, const ckks_bootstrap_keys *keys) MUST_USE;

/** Twice, the second time what the first was off by, 2^gain_bits times as large: more precise by
 * almost that, one limb less, twice the time. gain_bits at most the bits that one run has. x has
 * b->in_limbs + 1 limbs or more. Eq. (12) */
status ckks_bootstrap_run_twice(ckks *c, ckks_cipher *z, const ckks_cipher *x,
                                const ckks_bootstrap *b, const ckks_bootstrap_keys *keys,
                                unsigned gain_bits) MUST_USE;

#endif
