#include "ckks/sample.h"

#include <string.h>

#include "base/mem.h"
#include "ckks/encode.h"

enum { PIECE = 256 };

static void draw(prg *p, uint64_t *w, size_t n)
{
    prg_bytes(p, w, n * sizeof *w);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (size_t i = 0; i < n; i++) {
        w[i] = __builtin_bswap64(w[i]);
    }
#endif
}

/* All ones where x is 0, without a branch. */
static uint64_t is_zero(uint64_t x)
{
    return (uint64_t)(((unsigned __int128)x - 1) >> 64);
}

void ckks_sample_sparse(prg *p, int64_t *x, size_t n, size_t weight)
{
    CHECK((n & (n - 1)) == 0 && weight <= n / 2);
    memset(x, 0, n * sizeof *x);
    for (size_t done = 0; done < weight;) {
        uint64_t w;
        draw(p, &w, 1);
        const uint64_t at = w & (n - 1);
        const int64_t sign = 1 - 2 * (int64_t)(w >> 63);
        uint64_t taken = 0;
        for (size_t i = 0; i < n; i++) {
            taken |= is_zero(i ^ at) & (uint64_t)x[i];
        }
        if (ckks_reveal(taken != 0)) {
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            x[i] |= (int64_t)(is_zero(i ^ at) & (uint64_t)sign);
        }
        done++;
    }
}

/* ckks-sampling.md Eq. (1) */
void ckks_sample_ternary(prg *p, int8_t *x, size_t n)
{
    uint64_t w[2 * PIECE];
    for (size_t at = 0; at < n; at += PIECE) {
        const size_t len = n - at < PIECE ? n - at : PIECE;
        draw(p, w, 2 * len);
        for (size_t i = 0; i < len; i++) {
            const unsigned __int128 low = (unsigned __int128)w[2 * i] * 3;
            const unsigned __int128 high = (unsigned __int128)w[2 * i + 1] * 3 + (low >> 64);
            x[at + i] = (int8_t)((int)(uint64_t)(high >> 64) - 1);
        }
    }
    mem_wipe(w, sizeof w);
}

/* Ones among the low 21 bits. The compiler's own may look them up in a table. */
static inline uint32_t weight21(uint32_t x)
{
    x &= (1u << CKKS_ERROR_BITS) - 1;
    x -= (x >> 1) & 0x55555555u;
    x = (x & 0x33333333u) + ((x >> 2) & 0x33333333u);
    x = (x + (x >> 4)) & 0x0f0f0f0fu;
    return (x * 0x01010101u) >> 24;
}

/* ckks-sampling.md Eq. (2) */
void ckks_sample_error(prg *p, int8_t *x, size_t n)
{
    uint64_t w[PIECE];
    for (size_t at = 0; at < n; at += PIECE) {
        const size_t len = n - at < PIECE ? n - at : PIECE;
        draw(p, w, len);
        for (size_t i = 0; i < len; i++) {
            const uint32_t plus = weight21((uint32_t)w[i]);
            const uint32_t minus = weight21((uint32_t)(w[i] >> CKKS_ERROR_BITS));
            x[at + i] = (int8_t)((int)plus - (int)minus);
        }
    }
    mem_wipe(w, sizeof w);
}

/* ckks-sampling.md Eq. (3): the upper half of w q, unless its lower half is below 2^64 mod q. */
void ckks_sample_uniform(prg *p, uint64_t *x, size_t n, uint64_t q)
{
    uint64_t w[PIECE];
    const uint64_t excess = -q % q;
    for (size_t done = 0; done < n;) {
        const size_t len = n - done < PIECE ? n - done : PIECE;
        draw(p, w, len);
        for (size_t i = 0; i < len; i++) {
            const unsigned __int128 product = (unsigned __int128)w[i] * q;
            x[done] = (uint64_t)(product >> 64);
            done += (uint64_t)product >= excess;
        }
    }
}

/* ckks-sampling.md Eq. (4): a centred sum of 24 words of 32 bits has variance 2 (2^64 - 1). */
enum { WIDE_WORDS = 24 };

void ckks_sample_wide(prg *p, int64_t *x, size_t n, double sigma)
{
    uint64_t w[WIDE_WORDS / 2];
    const double unit = sigma / (4294967296.0 * 1.4142135623730951);
    for (size_t i = 0; i < n; i++) {
        draw(p, w, WIDE_WORDS / 2);
        int64_t sum = -(int64_t)(WIDE_WORDS / 2) * 4294967295;
        for (size_t j = 0; j < WIDE_WORDS / 2; j++) {
            sum += (int64_t)(uint32_t)w[j] + (int64_t)(w[j] >> 32);
        }
        x[i] = (int64_t)((double)sum * unit);
    }
    mem_wipe(w, sizeof w);
}
