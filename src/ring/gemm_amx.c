#include "ring/kernels.h"

#if defined(__x86_64__)
#include <string.h>

#include "ring/combine_amx.h"
#include "ring/sums_amx.h"

/* A product of words is one of byte limbs a[i] b[j] for every i + j < limbs; what belongs to one
 * i + j is summed in one tile of 32-bit sums (docs/design/ring.md). SPAN row tiles at a time pass
 * by the columns; SPAN_BYTES of their limbs stay in the second cache. Up to six limbs, all groups
 * fit the registers and stay there for all of k; above, W takes two passes, and CHUNK_BYTES of a
 * column tile at a time stay in the first cache.
 *
 * Sums of DEEPEST places of 64 along k do not pass 2^32 where that would matter: in group g < 4
 * there are g + 1 products of at most 255^2 for each k, and 258 * 64 * 4 * 255^2 < 2^32; in the
 * groups above, what passes 2^32 is past bit 64 of the word. */
enum {
    AWAKE = 4,
    SPAN = 16,
    SPAN_BYTES = 1 << 20,
    CHUNK_BYTES = 20 << 10,
    DEEPEST = 258,
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

static void configure(void)
{
    tile_config c = {.palette = 1};
    for (int i = 0; i < 8; i++) {
        c.bytes[i] = SUM_ROW_BYTES;
        c.rows[i] = RING_TILE_ROWS;
    }
    __asm__ volatile("" : : "r"(&c) : "memory"); /* gcc does not see that it is read */
    _tile_loadconfig(&c);
}

typedef struct {
    const ring_product *g;
    size_t limbs, steps;  /* places of 64 along all of k */
    size_t row, row_end;  /* row tiles at hand */
    size_t from, depth;   /* places at hand */
    uint8_t *sums;        /* limbs tiles for each row tile */
    uint8_t *unused;      /* a tile */
    const uint8_t *fetch; /* the next line to fetch */
    size_t fetch_a_step;
} span;

/* One row tile times n places of a column tile. limbs is a constant to the compiler. */
ALWAYS_INLINE void add_places(span *s, uint8_t *sums, const uint8_t *a, const uint8_t *b, size_t n,
                              size_t limbs, bool fresh)
{
    const size_t low = limbs > 6 ? limbs - 3 : limbs;
    if (limbs > 6) {
        uint8_t *high_sums = sums + low * RING_TILE_BYTES;
        begin_sums(high_sums, 3, fresh);
        for (size_t i = 0; i < n; i++) {
            add_high_3(a + i * limbs * RING_TILE_BYTES, b + i * limbs * RING_TILE_BYTES, limbs);
        }
        end_sums(high_sums, 3);
    }
    begin_sums(sums, low, fresh);
    for (size_t i = 0; i < n; i++) {
        for (size_t l = 0; l < s->fetch_a_step; l++, s->fetch += LINE) {
            _mm_prefetch((const char *)s->fetch, _MM_HINT_T1);
        }
        add_low(a + i * limbs * RING_TILE_BYTES, b + i * limbs * RING_TILE_BYTES, low);
        if (i % AWAKE == 0) {
            stay_awake(s->unused);
        }
    }
    end_sums(sums, low);
}

/* The rows at hand times n places of a column tile that stay in the first cache; then to C, if
 * these were the last. */
ALWAYS_INLINE void multiply_chunk(span *s, size_t column, size_t from, size_t n, size_t limbs)
{
    const ring_product *g = s->g;
    const size_t place = limbs * RING_TILE_BYTES, left = g->w->n - column * RING_TILE_COLUMNS;
    const size_t columns = left < RING_TILE_COLUMNS ? left : RING_TILE_COLUMNS;
    const uint8_t *b = g->w->data + (column * s->steps + from) * place;
    const uint64_t mask = ring_mask(g->w->bits);
    const ring_op op = g->op == RING_SET && s->from > 0 ? RING_ADD : g->op;
    const bool last = from + n >= s->from + s->depth;
    for (size_t i = s->row; i < s->row_end; i++) {
        uint8_t *sums = s->sums + (i - s->row) * place;
        add_places(s, sums, g->left + (i * s->steps + from) * place, b, n, limbs, from == s->from);
        if (last) {
            const size_t row = i * RING_TILE_ROWS, rows = g->m - row;
            combine_tile(g->c + row * g->ldc + column * RING_TILE_COLUMNS, g->ldc,
                         rows < RING_TILE_ROWS ? rows : RING_TILE_ROWS, columns, sums, limbs, mask,
                         op);
        }
    }
}

ALWAYS_INLINE void multiply_column(span *s, size_t column, size_t limbs)
{
    const size_t most = limbs > 6 ? CHUNK_BYTES / (limbs * RING_TILE_BYTES) : s->depth;
    const size_t n_chunks = s->depth > most ? (s->depth + most - 1) / most : 1;
    size_t from = s->from;
    for (size_t i = 0; i < n_chunks; i++) {
        const size_t n = (s->from + s->depth - from) / (n_chunks - i);
        multiply_chunk(s, column, from, n, limbs);
        from += n;
    }
}

static void multiply_any(span *s, size_t column)
{
    switch (s->limbs) {
    case 1:
        multiply_column(s, column, 1);
        break;
    case 2:
        multiply_column(s, column, 2);
        break;
    case 3:
        multiply_column(s, column, 3);
        break;
    case 4:
        multiply_column(s, column, 4);
        break;
    case 5:
        multiply_column(s, column, 5);
        break;
    case 6:
        multiply_column(s, column, 6);
        break;
    case 7:
        multiply_column(s, column, 7);
        break;
    default:
        multiply_column(s, column, 8);
    }
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* While one column tile is multiplied, the next is fetched, evenly spread. */
static void multiply_columns(span *s, size_t column, size_t column_end)
{
    const size_t place = s->limbs * RING_TILE_BYTES, rows = s->row_end - s->row;
    for (size_t j = column; j < column_end; j++) {
        const size_t next = j + 1 < column_end ? j + 1 : column;
        s->fetch = s->g->w->data + (next * s->steps + s->from) * place;
        s->fetch_a_step = (place / LINE + rows - 1) / rows;
        multiply_any(s, j);
    }
}

size_t ring_work_bytes_amx(size_t row_tiles, unsigned limbs)
{
    return (least(row_tiles, SPAN) * limbs + 1) * RING_TILE_BYTES;
}

void ring_multiply_amx(const ring_product *g, size_t row, size_t row_end, size_t column,
                       size_t column_end, void *work)
{
    span s = {.g = g, .limbs = ring_limbs(g->w->bits), .unused = work};
    s.sums = s.unused + RING_TILE_BYTES;
    s.steps = ring_tiles(g->w->k, RING_TILE_DEPTH);
#ifdef TILES_UNSEEN
    memset(work, 0, ring_work_bytes_amx(row_end - row, (unsigned)s.limbs));
#endif
    configure();
    for (s.row = row; s.row < row_end; s.row += SPAN) {
        s.row_end = least(s.row + SPAN, row_end);
        const size_t tiles = SPAN_BYTES / RING_TILE_BYTES / s.limbs;
        const size_t block = least(tiles / (s.row_end - s.row), DEEPEST);
        s.from = 0;
        do {
            s.depth = least(block, s.steps - s.from);
            multiply_columns(&s, column, column_end);
            s.from += s.depth;
        } while (s.from < s.steps);
    }
    _tile_release();
}
#endif
