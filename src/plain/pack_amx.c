#include "plain/kernels.h"

#if defined(__x86_64__)
#include <string.h>

#include "plain/transpose_avx512.h"

/* Operands of the tiles: rounded to bf16 and put where a tile load finds them. */
enum { TILE_ELEMENTS = TILE_ROWS * BF16_DEPTH };

/* 32 floats to 32 halves in order: the nearest, ties to even. Denormals become zero, which is what
 * the tiles take them for. */
static inline __m512 round_pairs(__m512 lo, __m512 hi)
{
    const __m512bh halves = _mm512_cvtne2ps_pbh(hi, lo);
    __m512 out;
    memcpy(&out, &halves, sizeof out); /* no cast is known to both compilers */
    return out;
}

static inline uint32_t first_bits(size_t n)
{
    return n < 32 ? (1u << n) - 1 : 0xffffffffu;
}

static void tiles_bf16(uint16_t *out, const float *x, size_t ldx, size_t m, size_t k)
{
    const size_t depth = (k + BF16_DEPTH - 1) / BF16_DEPTH * BF16_DEPTH;
    for (size_t i = 0; i < m; i++) {
        uint16_t *to = out + i / TILE_ROWS * TILE_ROWS * depth + i % TILE_ROWS * BF16_DEPTH;
        const float *from = x + i * ldx;
        for (size_t j = 0; j < k; j += BF16_DEPTH, to += TILE_ELEMENTS) {
            const uint32_t mask = first_bits(k - j);
            const __m512 lo = _mm512_maskz_loadu_ps((__mmask16)mask, from + j);
            const __m512 hi = _mm512_maskz_loadu_ps((__mmask16)(mask >> 16), from + j + 16);
            _mm512_store_ps((float *)(void *)to, round_pairs(lo, hi));
        }
    }
}

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

/* A word of a panel is a pair along k, so a row of pairs turns into a column of words. */
static void pack_rows_bf16(uint16_t *out, const float *x, size_t ldx, float scale, size_t k,
                           size_t n)
{
    const size_t depth = round_up(k, BF16_DEPTH);
    const __m512 factor = _mm512_set1_ps(scale);
    for (size_t first = 0; first < round_up(n, PANEL); first += LANES) {
        const size_t rows = n > first ? n - first : 0;
        uint16_t *to = out + first / PANEL * PANEL * depth + first % PANEL * 2;
        for (size_t c = 0; c < depth; c += BF16_DEPTH, to += BF16_DEPTH * PANEL) {
            __m512 r[LANES];
            for (size_t i = 0; i < LANES; i++) {
                const float *from = x + (first + i) * ldx + c;
                const uint32_t mask = i < rows ? first_bits(k > c ? k - c : 0) : 0;
                const __m512 lo = _mm512_maskz_loadu_ps((__mmask16)mask, from);
                const __m512 hi = _mm512_maskz_loadu_ps((__mmask16)(mask >> 16), from + LANES);
                r[i] = round_pairs(_mm512_mul_ps(lo, factor), _mm512_mul_ps(hi, factor));
            }
            transpose(r);
            for (size_t i = 0; i < LANES; i++) {
                _mm512_store_ps((float *)(void *)(to + i * PANEL * 2), r[i]);
            }
        }
    }
}

/* Rows 2i and 2i + 1 of x, interleaved. */
static void pack_columns_bf16(uint16_t *out, const float *x, size_t ldx, size_t k, size_t n)
{
    const size_t depth = round_up(k, BF16_DEPTH);
    uint16_t order[2 * LANES];
    for (uint16_t i = 0; i < 2 * LANES; i++) {
        order[i] = (uint16_t)(i / 2 + i % 2 * LANES);
    }
    const __m512i interleave = _mm512_loadu_si512(order);
    for (size_t first = 0; first < round_up(n, PANEL); first += LANES) {
        const __mmask16 mask = (__mmask16)first_bits(n > first ? n - first : 0);
        uint16_t *to = out + first / PANEL * PANEL * depth + first % PANEL * 2;
        for (size_t i = 0; i < depth; i += 2, to += PANEL * 2) {
            const float *from = x + i * ldx + first;
            const __m512 even = _mm512_maskz_loadu_ps(i < k ? mask : 0, from);
            const __m512 odd = _mm512_maskz_loadu_ps(i + 1 < k ? mask : 0, from + ldx);
            const __m512i halves = _mm512_castps_si512(round_pairs(even, odd));
            _mm512_store_si512((void *)to, _mm512_permutexvar_epi16(interleave, halves));
        }
    }
}

void plain_pack_amx(plain_kernels *t)
{
    t->tiles_bf16 = tiles_bf16;
    t->pack_rows_bf16 = pack_rows_bf16;
    t->pack_columns_bf16 = pack_columns_bf16;
}
#endif
