/** Parameters: which ring, how many levels, how large the primes, how keys are switched.
 * docs/design/ckks-parameters.md.
 *
 * A ciphertext of n limbs lives modulo q_0 .. q_(n-1); each rescaling drops the last of them. Keys
 * live modulo these times the special primes. Limb i belongs to digit i / alpha.
 */
#ifndef TACIT_CKKS_PARAMS_H
#define TACIT_CKKS_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

enum {
    CKKS_MAX_LIMBS = 64,
    CKKS_MAX_SPECIAL = 32,
    CKKS_MAX_SCALE_BITS = 49,
    CKKS_MIN_SCALE_BITS = 20,
};

typedef struct {
    unsigned log_n;        /* coefficients: 2^log_n; twice as many as slots */
    unsigned n_limbs;      /* 1 .. CKKS_MAX_LIMBS: rescalings that are possible, plus one */
    unsigned base_bits;    /* of q_0, which bounds what can be decrypted: <= 50 */
    unsigned scale_bits;   /* of the other primes and of the scale */
    unsigned special_bits; /* of the special primes: <= 50 */
    unsigned n_special;
    unsigned alpha; /* limbs a digit; the number of digits is ceil(n_limbs / alpha) */
    /* The last n_wide limbs, and scales where they are there, have wide_bits (up to 50) for
     * scale_bits: what bootstrapping computes in. 0 of them: none. */
    unsigned n_wide, wide_bits;
    bool insecure; /* past the table of security.h: for tests alone */
} ckks_params;

/** What a caller wants. */
typedef struct {
    unsigned depth;         /* rescalings one behind the other */
    unsigned scale_bits;    /* of every scale: precision is some 20 bits less (ckks-noise.md) */
    unsigned integer_bits;  /* |values| < 2^integer_bits when decrypted */
    unsigned min_log_slots; /* at most 16 */
    unsigned dnum;          /* digits; 0 picks those that cost least */
} ckks_wish;

/** The smallest secure ring that grants the wish. ERR_USAGE names the field that has no meaning,
 * or says that no ring of 2^17 coefficients is large enough. */
status ckks_params_choose(ckks_params *out, const ckks_wish *wish, error *err) MUST_USE;

/** ERR_USAGE names the field that is out of its range. What is secure is checked where primes are
 * known (context.h). */
status ckks_params_check(const ckks_params *p, error *err) MUST_USE;

/** Special primes that keep the error of key switching below that of rounding: their product is at
 * least 2^2 times that of any digit's. */
unsigned ckks_params_special(unsigned n_limbs, unsigned alpha, unsigned base_bits,
                             unsigned scale_bits, unsigned special_bits);

/** The same at a level of parameters that may have wide limbs: what its widest digit asks for. */
unsigned ckks_params_special_at(const ckks_params *p, unsigned n_limbs);

#endif
