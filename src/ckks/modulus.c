#include "ckks/modulus.h"

status ckks_modulus_init(ckks_modulus *m, uint64_t q, error *err)
{
    if (q < 3 || q >> CKKS_PRIME_BITS || !ckks_is_prime(q)) {
        return error_set(err, ERR_USAGE, "modulus %llu: must be an odd prime below 2^%d",
                         (unsigned long long)q, CKKS_PRIME_BITS);
    }
    const unsigned __int128 one = 1;
    *m = (ckks_modulus){.q = q, .bits = 64 - (unsigned)__builtin_clzll(q)};
    m->barrett = (uint64_t)((one << (2 * m->bits)) / q);
    m->barrett64 = (uint64_t)((one << 64) / q);
    m->barrett52 = (UINT64_C(1) << CKKS_WORD_BITS) / q;
    m->r52 = (UINT64_C(1) << CKKS_WORD_BITS) % q;
    m->r52_ratio = (uint64_t)((one * m->r52 << CKKS_WORD_BITS) / q);
    uint64_t inverse = q; /* right mod 2^3; each step doubles the bits */
    for (int i = 0; i < 5; i++) {
        inverse *= 2 - q * inverse;
    }
    m->inverse52 = inverse & ((UINT64_C(1) << CKKS_WORD_BITS) - 1);
    m->reciprocal = 1.0 / (double)q;
    return OK;
}

uint64_t ckks_mod_wide(const ckks_modulus *m, unsigned __int128 x)
{
    const uint64_t high = ckks_mod_word(m, (uint64_t)(x >> 64)), r52 = m->r52;
    const uint64_t r64 = ckks_mod_mul(m, r52, ckks_mod_word(m, UINT64_C(1) << 12));
    return ckks_mod_add(m, ckks_mod_mul(m, high, r64), ckks_mod_word(m, (uint64_t)x));
}

uint64_t ckks_mod_ratio(const ckks_modulus *m, uint64_t w)
{
    /* 2^64 w / q by its bits: the quotient's next bit is whether twice the rest reaches q. */
    uint64_t ratio = 0, rest = w;
    for (int i = 0; i < 64; i++) {
        const uint64_t twice = 2 * rest;
        rest = ckks_mod_once(twice, m->q);
        ratio = 2 * ratio + (rest != twice);
    }
    return ratio;
}

uint64_t ckks_mod_pow(const ckks_modulus *m, uint64_t a, uint64_t e)
{
    uint64_t y = 1;
    for (; e > 0; e >>= 1) {
        if (e & 1) {
            y = ckks_mod_mul(m, y, a);
        }
        a = ckks_mod_mul(m, a, a);
    }
    return y;
}

uint64_t ckks_mod_inverse(const ckks_modulus *m, uint64_t a)
{
    return ckks_mod_pow(m, a, m->q - 2);
}
