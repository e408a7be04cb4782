#include "ckks/modulus.h"

static uint64_t times(uint64_t a, uint64_t b, uint64_t n)
{
    return (uint64_t)((unsigned __int128)a * b % n);
}

static uint64_t power(uint64_t a, uint64_t e, uint64_t n)
{
    uint64_t y = 1;
    for (a %= n; e > 0; e >>= 1) {
        y = e & 1 ? times(y, a, n) : y;
        a = times(a, a, n);
    }
    return y;
}

/* Whether n = d 2^s + 1, d odd, could be prime as far as base a tells. */
static bool passes(uint64_t n, uint64_t d, unsigned s, uint64_t a)
{
    uint64_t x = power(a, d, n);
    if (x == 1 || x == n - 1) {
        return true;
    }
    for (unsigned i = 1; i < s; i++) {
        x = times(x, x, n);
        if (x == n - 1) {
            return true;
        }
    }
    return false;
}

bool ckks_is_prime(uint64_t x)
{
    /* No composite below 3.3 10^24 passes all of these (Sorenson and Webster). */
    static const uint64_t bases[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};
    if (x < 2) {
        return false;
    }
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        if (x % bases[i] == 0) {
            return x == bases[i];
        }
    }
    const unsigned s = (unsigned)__builtin_ctzll(x - 1);
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        if (!passes(x, (x - 1) >> s, s, bases[i])) {
            return false;
        }
    }
    return true;
}

static bool contains(const uint64_t *x, size_t n, uint64_t q)
{
    for (size_t i = 0; i < n; i++) {
        if (x[i] == q) {
            return true;
        }
    }
    return false;
}

status ckks_primes_find(uint64_t *out, size_t n, unsigned log_n, uint64_t near,
                        const uint64_t *taken, size_t n_taken, error *err)
{
    const uint64_t step = UINT64_C(2) << log_n, end = UINT64_C(1) << CKKS_PRIME_BITS;
    const uint64_t middle = near < end ? near : end - 1;
    uint64_t below = middle > step ? (middle - 1) / step * step + 1 : 1, above = below + step;
    size_t found = 0;
    while (found < n && (below > 1 || above < end)) {
        const bool up = below <= 1 || (above < end && above - middle <= middle - below);
        const uint64_t q = up ? above : below;
        above += up ? step : 0;
        below -= up ? 0 : step;
        if (!contains(taken, n_taken, q) && ckks_is_prime(q)) {
            out[found++] = q;
        }
    }
    if (found < n) {
        return error_set(err, ERR_USAGE, "%zu primes 1 mod %llu below 2^%d: there are %zu", n,
                         (unsigned long long)step, CKKS_PRIME_BITS, found);
    }
    return OK;
}

uint64_t ckks_primitive_root(const ckks_modulus *m, unsigned log_n)
{
    const uint64_t order = UINT64_C(2) << log_n;
    CHECK((m->q - 1) % order == 0);
    for (uint64_t c = 2;; c++) {
        const uint64_t root = ckks_mod_pow(m, c, (m->q - 1) / order);
        if (ckks_mod_pow(m, root, order / 2) == m->q - 1) {
            return root;
        }
    }
}
