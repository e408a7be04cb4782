/** What moduli are safe: the table of the security guidelines for homomorphic encryption of 2024
 * (Bossuat et al., eprint 2024/463, Table 5.2), 128 bits against classical attacks, secret uniform
 * in {-1, 0, 1}, errors of standard deviation 3.19. docs/design/ckks-parameters.md.
 */
#ifndef TACIT_CKKS_SECURITY_H
#define TACIT_CKKS_SECURITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { CKKS_SECURE_MIN_LOG_N = 10, CKKS_SECURE_MAX_LOG_N = 17 };

/** The largest log2 of the modulus under which something that depends on a secret of 2^log_n
 * coefficients may be published; 0 outside of the table. */
unsigned ckks_security_max_bits(unsigned log_n);

/** Bits of the product of n moduli, each at least 2 and below 2^62; exact, at most 128 of them. */
unsigned ckks_product_bits(const uint64_t *q, size_t n);

/** ERR_POLICY where the product of n moduli passes the table. `what` names the key in the error. */
status ckks_security_check(unsigned log_n, const uint64_t *q, size_t n, const char *what,
                           error *err) MUST_USE;

#endif
