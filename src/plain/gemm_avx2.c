#include "plain/kernels.h"

#if defined(__x86_64__)
#include <string.h>

#include "plain/gemm_tile.h"
#include "plain/vec_avx2.h"

/* The tile: up to 6 rows × 2 vectors of 8 columns in 12 registers, half a panel wide. Every
 * element of y is one chain of fused multiply-adds in order of k, whatever its tile. */
enum { ROWS = 6, WIDTH = 2 * LANES };

/* The columns of a half that there are. */
static inline __m256i half_mask(const tile *t, size_t h)
{
    const size_t n = t->columns > h * LANES ? t->columns - h * LANES : 0;
    return vec_mask(n < LANES ? n : LANES);
}

ALWAYS_INLINE void tile_begin(vec acc[ROWS][2], const tile *t, size_t rows)
{
    UNROLLED
    for (size_t h = 0; h < 2; h++) {
        const __m256i mask = half_mask(t, h);
        const vec bias = t->bias ? _mm256_maskload_ps(t->bias + h * LANES, mask) : vec_set(0);
        UNROLLED
        for (size_t i = 0; i < rows; i++) {
            acc[i][h] = bias;
            if (t->resume) {
                acc[i][h] = _mm256_maskload_ps(t->y + i * t->ldy + h * LANES, mask);
            }
        }
    }
}

/* One step of k on up to three rows at `upper` and up to three at `lower`. */
ALWAYS_INLINE void step(vec acc[ROWS][2], const float *upper, const float *lower, size_t stride,
                        const float *w, size_t rows)
{
    const vec w0 = vec_load(w), w1 = vec_load(w + LANES);
    UNROLLED
    for (size_t i = 0; i < rows; i++) {
        const vec e = _mm256_broadcast_ss(i < 3 ? upper + i * stride : lower + (i - 3) * stride);
        acc[i][0] = vec_fma(e, w0, acc[i][0]);
        acc[i][1] = vec_fma(e, w1, acc[i][1]);
    }
}

ALWAYS_INLINE void multiply_rows(vec acc[ROWS][2], const tile *t, size_t rows)
{
    const float *upper = t->x, *lower = t->x + 3 * t->ldx;
    for (size_t k = 0; k < t->k; k++) {
        step(acc, upper + k, lower + k, t->ldx, t->w + k * PANEL, rows);
    }
}

ALWAYS_INLINE void multiply_packed(vec acc[ROWS][2], const tile *t, size_t rows)
{
    const float *x = t->x, *w = t->w;
    const char *fetch = t->fetch;
    size_t k = t->k;
    for (; k >= CHUNK; k -= CHUNK) {
        for (size_t l = 0; l < t->fetch_a_chunk; l++, fetch += LINE) {
            _mm_prefetch(fetch, _MM_HINT_T1);
        }
        UNROLLED
        for (size_t i = 0; i < CHUNK; i++) {
            step(acc, x + i * rows, x + i * rows + 3, 1, w + i * PANEL, rows);
        }
        x += CHUNK * rows;
        w += CHUNK * PANEL;
    }
    for (; k > 0; k--, x += rows, w += PANEL) {
        step(acc, x, x + 3, 1, w, rows);
    }
}

ALWAYS_INLINE void tile_rows(const tile *t, size_t rows)
{
    vec acc[ROWS][2];
    tile_begin(acc, t, rows);
    if (t->ldx) {
        multiply_rows(acc, t, rows);
    } else {
        multiply_packed(acc, t, rows);
    }
    UNROLLED
    for (size_t i = 0; i < rows; i++) {
        _mm256_maskstore_ps(t->y + i * t->ldy, half_mask(t, 0), acc[i][0]);
        _mm256_maskstore_ps(t->y + i * t->ldy + LANES, half_mask(t, 1), acc[i][1]);
    }
}

static void tile_any(const tile *t, size_t rows)
{
    switch (rows) {
    case 1:
        tile_rows(t, 1);
        break;
    case 2:
        tile_rows(t, 2);
        break;
    case 3:
        tile_rows(t, 3);
        break;
    case 4:
        tile_rows(t, 4);
        break;
    case 5:
        tile_rows(t, 5);
        break;
    default:
        tile_rows(t, 6);
        break;
    }
}

#include "plain/gemm_driver.h"

/* Packed, r rows of one k stand beside each other. */
static void pack_tile(float *out, const float *x, size_t ldx, size_t rows, size_t k)
{
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < k; j++) {
            out[j * rows + i] = x[i * ldx + j];
        }
    }
}

/* Eight floats to bf16 in the lower halves of eight words. */
static inline __m256i round8(vec x)
{
    const __m256i bits = _mm256_castps_si256(x);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i up = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
    const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
    return _mm256_srli_epi32(_mm256_blendv_epi8(up, quiet, nan), 16);
}

static void to_bf16(uint16_t *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i += LANES) {
        const size_t left = n - i < LANES ? n - i : LANES;
        const __m256i words = round8(_mm256_maskload_ps(x + i, vec_mask(left)));
        const __m256i halves = _mm256_permute4x64_epi64(_mm256_packus_epi32(words, words), 0x08);
        const __m128i out = _mm256_castsi256_si128(halves);
        memcpy(y + i, &out, left * sizeof *y);
    }
}

void plain_gemm_avx2(plain_kernels *t)
{
    t->gemm = gemm;
    t->tile_rows = ROWS;
    t->pack_tile = pack_tile;
    t->gemm_tiles = gemm_tiles;
    t->to_bf16 = to_bf16;
}
#endif
