#include "plain/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

/* Tiles 0 to 3 hold 32 × 32 sums; 4 and 5 two blocks of rows of x, 6 and 7 two halves of the
 * panel. Each step of 32 along k is four products on four loads. */
enum { TILE_BYTES = 64, TILE_ELEMENTS = TILE_ROWS * BF16_DEPTH, TILE_COLUMNS = 16, LINE = 64 };

typedef struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
} tile_config;

/* gcc's tile intrinsics do not say which memory they read: without this, what was written to it
 * before may count as dead. */
static inline void written(const void *p)
{
    __asm__ volatile("" : : "r"(p) : "memory");
}

static void configure(void)
{
    tile_config c = {.palette = 1};
    for (int i = 0; i < 8; i++) {
        c.bytes[i] = TILE_BYTES;
        c.rows[i] = TILE_ROWS;
    }
    written(&c);
    _tile_loadconfig(&c);
}

/* Where the results of one block go. */
typedef struct {
    float *y;
    size_t ldy, rows, columns;
    const char *fetch; /* lines to fetch meanwhile, so many at every step of k */
    size_t fetch_a_step;
} target;

static void store_part(const target *t, size_t row, size_t column, const float *tile)
{
    if (row >= t->rows || column >= t->columns) {
        return;
    }
    const size_t rows = t->rows - row < TILE_ROWS ? t->rows - row : TILE_ROWS;
    const size_t n = t->columns - column < TILE_COLUMNS ? t->columns - column : TILE_COLUMNS;
    const __mmask16 mask = (__mmask16)((1u << n) - 1);
    for (size_t i = 0; i < rows; i++) {
        _mm512_mask_storeu_ps(t->y + (row + i) * t->ldy + column, mask,
                              _mm512_load_ps(tile + i * TILE_COLUMNS));
    }
}

/* The sums begin as the bias, the same in every row: a load with stride 0. */
static void multiply_block(const target *t, const uint16_t *x0, const uint16_t *w,
                           const float *bias, size_t k)
{
    const uint16_t *x1 = t->rows > TILE_ROWS ? x0 + k * TILE_ROWS : x0;
    const size_t stride = PANEL * 2 * sizeof *w;
    _tile_loadd(0, bias, 0);
    _tile_loadd(1, bias + TILE_COLUMNS, 0);
    _tile_loadd(2, bias, 0);
    _tile_loadd(3, bias + TILE_COLUMNS, 0);
    const char *fetch = t->fetch;
    for (size_t i = 0; i < k; i += BF16_DEPTH) {
        for (size_t l = 0; l < t->fetch_a_step; l++, fetch += LINE) {
            _mm_prefetch(fetch, _MM_HINT_T1);
        }
        _tile_loadd(6, w + i * PANEL, stride);
        _tile_loadd(4, x0 + i * TILE_ROWS, TILE_BYTES);
        _tile_loadd(7, w + i * PANEL + TILE_BYTES / sizeof *w, stride);
        _tile_loadd(5, x1 + i * TILE_ROWS, TILE_BYTES);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    if (t->rows >= 2 * TILE_ROWS && t->columns >= 2 * TILE_COLUMNS) {
        const size_t bytes = t->ldy * sizeof *t->y;
        float *lower = t->y + TILE_ROWS * t->ldy;
        _tile_stored(0, t->y, bytes);
        _tile_stored(1, t->y + TILE_COLUMNS, bytes);
        _tile_stored(2, lower, bytes);
        _tile_stored(3, lower + TILE_COLUMNS, bytes);
        return;
    }
    _Alignas(64) float part[4][TILE_ROWS * TILE_COLUMNS];
    _tile_stored(0, part[0], TILE_BYTES);
    _tile_stored(1, part[1], TILE_BYTES);
    _tile_stored(2, part[2], TILE_BYTES);
    _tile_stored(3, part[3], TILE_BYTES);
    for (size_t i = 0; i < 4; i++) {
        store_part(t, i / 2 * TILE_ROWS, i % 2 * TILE_COLUMNS, part[i]);
    }
}

/* All rows times one panel; next is the panel to fetch meanwhile, as deep as this one. */
static void panel(target t, size_t m, const uint16_t *x, const uint16_t *w, const float *bias,
                  size_t k, const void *next)
{
    enum { ROWS = 2 * TILE_ROWS, LINES_A_STEP = BF16_DEPTH * PANEL * 2 / LINE };
    const size_t n_blocks = (m + ROWS - 1) / ROWS;
    t.fetch = next;
    t.fetch_a_step = next ? (LINES_A_STEP + n_blocks - 1) / n_blocks : 0;
    for (size_t i = 0; i < m; i += ROWS) {
        t.rows = m - i < ROWS ? m - i : ROWS;
        multiply_block(&t, x + i * k, w, bias, k);
        t.y += ROWS * t.ldy;
        t.fetch += t.fetch_a_step * k / BF16_DEPTH * LINE;
    }
}

static void gemm_bf16(float *y, size_t ldy, const uint16_t *x, const uint16_t *w, const float *bias,
                      size_t m, size_t k, size_t n, const void *next)
{
    configure();
    for (size_t j = 0; j < n; j += PANEL) {
        const size_t columns = n - j < PANEL ? n - j : PANEL;
        _Alignas(64) float start[PANEL] = {0};
        if (bias) {
            memcpy(start, bias + j, columns * sizeof *start);
        }
        written(start);
        const target t = {.y = y + j, .ldy = ldy, .columns = columns};
        panel(t, m, x, w + j * k, start, k, j + PANEL < n ? w + (j + PANEL) * k : next);
    }
    _tile_release();
}

static __m256i round16(__m512 x)
{
    const __m512i bits = _mm512_castps_si512(x);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i up = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    const __m512i quiet = _mm512_or_si512(bits, _mm512_set1_epi32(0x400000));
    const __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    const __m512i whole = _mm512_mask_mov_epi32(up, nan, quiet);
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(whole, 16));
}

static void tiles_bf16(uint16_t *out, const float *x, size_t ldx, size_t m, size_t k)
{
    const size_t depth = (k + BF16_DEPTH - 1) / BF16_DEPTH * BF16_DEPTH;
    for (size_t i = 0; i < m; i++) {
        uint16_t *to = out + i / TILE_ROWS * TILE_ROWS * depth + i % TILE_ROWS * BF16_DEPTH;
        const float *from = x + i * ldx;
        for (size_t j = 0; j < k; j += BF16_DEPTH, to += TILE_ELEMENTS) {
            const uint32_t mask = k - j < BF16_DEPTH ? (1u << (k - j)) - 1 : 0xffffffffu;
            const __m512 lo = _mm512_maskz_loadu_ps((__mmask16)mask, from + j);
            const __m512 hi = _mm512_maskz_loadu_ps((__mmask16)(mask >> 16), from + j + 16);
            _mm256_store_si256((__m256i *)to, round16(lo));
            _mm256_store_si256((__m256i *)(to + 16), round16(hi));
        }
    }
}

void plain_gemm_amx(plain_kernels *t)
{
    t->gemm_bf16 = gemm_bf16;
    t->tiles_bf16 = tiles_bf16;
}
#endif
