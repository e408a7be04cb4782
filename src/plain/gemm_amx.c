#include "plain/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

/* Tiles 0 to 3 hold 32 × 32 sums; 4 and 5 two blocks of rows of x, 6 and 7 two halves of the
 * panel. Each step of 32 along k is four products on four loads. DEPTH of a panel stays in the
 * first cache while SPAN rows pass by; sums wait in a buffer between one DEPTH and the next
 * (docs/design/plain-gemm.md). */
enum {
    TILE_BYTES = 64,
    TILE_COLUMNS = 16,
    BLOCK = 2 * TILE_ROWS, /* rows of four tiles */
    DEPTH = 256,
    SPAN = 256,
    LINE = 64
};

typedef struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
} tile_config;

/* MemorySanitizer does not see what tiles store: there, their buffers begin as zeros. */
#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#define TILES_UNSEEN
#endif
#endif

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

/* Rows of one panel, and how far they are. */
typedef struct {
    float *y;
    size_t ldy, rows, columns;
    const float *bias;   /* PANEL of them */
    float *sums;         /* SPAN × PANEL: four tiles for each block of rows */
    const char *fetch;   /* the next line to fetch; NULL: none */
    size_t fetch_a_step; /* so many at every step of k */
} panel_job;

static void store_part(const panel_job *p, size_t row, size_t column, const float *tile)
{
    if (row >= p->rows || column >= p->columns) {
        return;
    }
    const size_t rows = p->rows - row < TILE_ROWS ? p->rows - row : TILE_ROWS;
    const size_t n = p->columns - column < TILE_COLUMNS ? p->columns - column : TILE_COLUMNS;
    const __mmask16 mask = (__mmask16)((1u << n) - 1);
    for (size_t i = 0; i < rows; i++) {
        _mm512_mask_storeu_ps(p->y + (row + i) * p->ldy + column, mask,
                              _mm512_load_ps(tile + i * TILE_COLUMNS));
    }
}

static void store_sums(float *sums)
{
    _tile_stored(0, sums, TILE_BYTES);
    _tile_stored(1, sums + TILE_ROWS * TILE_COLUMNS, TILE_BYTES);
    _tile_stored(2, sums + 2 * TILE_ROWS * TILE_COLUMNS, TILE_BYTES);
    _tile_stored(3, sums + 3 * TILE_ROWS * TILE_COLUMNS, TILE_BYTES);
}

/* The sums of a block of rows to y. */
static void store_block(const panel_job *p, size_t row, float *sums)
{
    if (p->rows - row >= BLOCK && p->columns == PANEL) {
        const size_t bytes = p->ldy * sizeof *p->y;
        float *upper = p->y + row * p->ldy, *lower = upper + TILE_ROWS * p->ldy;
        _tile_stored(0, upper, bytes);
        _tile_stored(1, upper + TILE_COLUMNS, bytes);
        _tile_stored(2, lower, bytes);
        _tile_stored(3, lower + TILE_COLUMNS, bytes);
        return;
    }
    store_sums(sums);
    for (size_t i = 0; i < 4; i++) {
        store_part(p, row + i / 2 * TILE_ROWS, i % 2 * TILE_COLUMNS,
                   sums + i * TILE_ROWS * TILE_COLUMNS);
    }
}

/* sums += block · panel, k deep; they stay in tiles 0 to 3. x1 is the lower half of the block. */
static void multiply_block(panel_job *p, const uint16_t *x0, const uint16_t *x1, const uint16_t *w,
                           size_t k)
{
    const size_t stride = PANEL * 2 * sizeof *w;
    for (size_t i = 0; i < k; i += BF16_DEPTH) {
        for (size_t l = 0; l < p->fetch_a_step; l++, p->fetch += LINE) {
            _mm_prefetch(p->fetch, _MM_HINT_T1);
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
}

/* Tiles 0 to 3 begin as the bias, the same in every row (a load with stride 0), or as the sums
 * so far. */
static void begin_block(const float *bias, const float *sums)
{
    const size_t stride = bias ? 0 : TILE_BYTES;
    const size_t tile = bias ? 0 : TILE_ROWS * TILE_COLUMNS;
    const float *from = bias ? bias : sums;
    _tile_loadd(0, from, stride);
    _tile_loadd(1, bias ? bias + TILE_COLUMNS : sums + tile, stride);
    _tile_loadd(2, from + 2 * tile, stride);
    _tile_loadd(3, bias ? bias + TILE_COLUMNS : sums + 3 * tile, stride);
}

/* At most SPAN rows times one panel. */
static void multiply_span(panel_job *p, const uint16_t *x, const uint16_t *w, size_t k)
{
    const size_t step = p->rows > BLOCK ? DEPTH : k; /* one block reads the panel but once */
    for (size_t from = 0; from < k; from += step) {
        const size_t depth = k - from < step ? k - from : step;
        for (size_t i = 0; i < p->rows; i += BLOCK) {
            const uint16_t *x0 = x + i * k + from * TILE_ROWS;
            const uint16_t *x1 = p->rows - i > TILE_ROWS ? x0 + k * TILE_ROWS : x0;
            float *sums = p->sums + i * PANEL;
            begin_block(from == 0 ? p->bias : NULL, sums);
            multiply_block(p, x0, x1, w + from * PANEL, depth);
            if (from + step < k) {
                store_sums(sums);
            } else {
                store_block(p, i, sums);
            }
        }
    }
}

static void gemm_bf16(float *y, size_t ldy, const uint16_t *x, const uint16_t *w, const float *bias,
                      size_t m, size_t k, size_t n, const void *next)
{
    enum { LINES_A_STEP = BF16_DEPTH * PANEL * 2 / LINE };
    _Alignas(64) float sums[SPAN * PANEL], start[PANEL];
    const size_t n_blocks = (m + BLOCK - 1) / BLOCK;
#ifdef TILES_UNSEEN
    memset(sums, 0, sizeof sums);
#endif
    configure();
    for (size_t j = 0; j < n; j += PANEL) {
        panel_job p = {.ldy = ldy, .columns = n - j < PANEL ? n - j : PANEL};
        p.bias = start;
        p.sums = sums;
        p.fetch = j + PANEL < n ? (const char *)(w + (j + PANEL) * k) : next;
        p.fetch_a_step = p.fetch ? (LINES_A_STEP + n_blocks - 1) / n_blocks : 0;
        memset(start, 0, sizeof start);
        if (bias) {
            memcpy(start, bias + j, p.columns * sizeof *start);
        }
        written(start);
        for (size_t i = 0; i < m; i += SPAN) {
            p.y = y + i * ldy + j;
            p.rows = m - i < SPAN ? m - i : SPAN;
            multiply_span(&p, x + i * k, w + j * k, k);
        }
    }
    _tile_release();
}

void plain_gemm_amx(plain_kernels *t)
{
    t->gemm_bf16 = gemm_bf16;
}
#endif
