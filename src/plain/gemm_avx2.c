#include "plain/kernels.h"

#if defined(__x86_64__)
#include <string.h>

#include "plain/unroll.h"
#include "plain/vec_avx2.h"

/* The tile: up to 6 rows × 2 vectors of 8 columns in 12 registers, half a panel wide. Every
 * element of y is one chain of fused multiply-adds in order of k, whatever its tile. */
enum { ROWS = 6, WIDTH = 2 * LANES };

typedef struct {
    const float *x;
    size_t ldx;
    const float *w;
    size_t k;
    float *y;
    size_t ldy;
    __m256i mask[2]; /* columns that there are */
    vec bias[2];
} tile;

ALWAYS_INLINE void tile_rows(const tile *t, size_t rows)
{
    vec acc[ROWS][2];
    UNROLLED
    for (size_t i = 0; i < rows; i++) {
        acc[i][0] = t->bias[0];
        acc[i][1] = t->bias[1];
    }
    const float *w = t->w, *lower = t->x + 3 * t->ldx;
    for (size_t k = 0; k < t->k; k++, w += PANEL) {
        const vec w0 = vec_load(w), w1 = vec_load(w + LANES);
        UNROLLED
        for (size_t i = 0; i < rows; i++) {
            const float *x = i < 3 ? t->x + i * t->ldx : lower + (i - 3) * t->ldx;
            const vec e = _mm256_broadcast_ss(x + k);
            acc[i][0] = vec_fma(e, w0, acc[i][0]);
            acc[i][1] = vec_fma(e, w1, acc[i][1]);
        }
    }
    UNROLLED
    for (size_t i = 0; i < rows; i++) {
        _mm256_maskstore_ps(t->y + i * t->ldy, t->mask[0], acc[i][0]);
        _mm256_maskstore_ps(t->y + i * t->ldy + LANES, t->mask[1], acc[i][1]);
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

static void gemm(float *y, size_t ldy, const float *x, size_t ldx, const float *w,
                 const float *bias, size_t m, size_t k, size_t n)
{
    for (size_t j = 0; j < n; j += WIDTH) {
        tile t = {.ldx = ldx, .w = w + j / PANEL * PANEL * k + j % PANEL, .k = k, .ldy = ldy};
        for (size_t h = 0; h < 2; h++) {
            const size_t first = j + h * LANES, left = n > first ? n - first : 0;
            t.mask[h] = vec_mask(left < LANES ? left : LANES);
            t.bias[h] = bias ? _mm256_maskload_ps(bias + first, t.mask[h]) : vec_set(0);
        }
        for (size_t i = 0; i < m; i += ROWS) {
            t.x = x + i * ldx;
            t.y = y + i * ldy + j;
            tile_any(&t, m - i < ROWS ? m - i : ROWS);
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
    t->to_bf16 = to_bf16;
}
#endif
