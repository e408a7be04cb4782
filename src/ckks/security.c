#include "ckks/security.h"

enum { MAX_FACTORS = 128 };

/* For 2^10 .. 2^17 coefficients. */
static const uint16_t max_bits[] = {26, 53, 106, 214, 430, 868, 1747, 3523};

unsigned ckks_security_max_bits(unsigned log_n)
{
    return log_n < CKKS_SECURE_MIN_LOG_N || log_n > CKKS_SECURE_MAX_LOG_N
               ? 0
               : max_bits[log_n - CKKS_SECURE_MIN_LOG_N];
}

/* The product itself, in words: rounded lengths would add up to something else. */
unsigned ckks_product_bits(const uint64_t *q, size_t n)
{
    uint64_t product[MAX_FACTORS] = {1};
    size_t len = 1;
    CHECK(n < MAX_FACTORS);
    for (size_t i = 0; i < n; i++) {
        uint64_t carry = 0;
        for (size_t j = 0; j < len; j++) {
            const unsigned __int128 t = (unsigned __int128)product[j] * q[i] + carry;
            product[j] = (uint64_t)t;
            carry = (uint64_t)(t >> 64);
        }
        if (carry) {
            product[len++] = carry;
        }
    }
    return (unsigned)(64 * len) - (unsigned)__builtin_clzll(product[len - 1]);
}

/* A product of odd primes is no power of two, so it is below 2^b exactly where it has b bits. */
status ckks_security_check(unsigned log_n, const uint64_t *q, size_t n, const char *what,
                           error *err)
{
    const unsigned have = ckks_product_bits(q, n), most = ckks_security_max_bits(log_n);
    if (have > most) {
        return error_set(err, ERR_POLICY,
                         "%s: a modulus of %u bits over 2^%u coefficients is not secure, "
                         "at most %u are",
                         what, have, log_n, most);
    }
    return OK;
}
