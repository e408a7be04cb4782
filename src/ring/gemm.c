#include "ring/gemm.h"

#include "base/mem.h"
#include "ring/kernels.h"

/* Pieces that a thread gets: so that one which the system held up costs at most a piece. */
enum { PIECES_A_THREAD = 4, LINE = 64 };

static bool add_lines(size_t *sum, size_t bytes)
{
    return mem_add(sum, *sum, bytes) && mem_add(sum, *sum, LINE - 1) && (*sum -= *sum % LINE, true);
}

bool ring_right_bytes(size_t *bytes, size_t k, size_t n, unsigned bits)
{
    size_t tiles;
    return mem_mul(&tiles, ring_tiles(k, RING_TILE_DEPTH), ring_tiles(n, RING_TILE_COLUMNS)) &&
           mem_mul(&tiles, tiles, ring_limbs(bits)) && mem_mul(bytes, tiles, RING_TILE_BYTES);
}

void ring_right_pack(const ring_kernels *t, uint8_t *out, const uint64_t *w, size_t k, size_t n,
                     size_t row_stride, size_t col_stride, unsigned bits)
{
    CHECK(bits >= 1 && bits <= RING_MAX_BITS);
    t->pack_right(out, w, k, n, row_stride, col_stride, bits);
}

/* Bytes of the packed left operand; 0 where a is read in place. */
static bool left_bytes(size_t *bytes, const ring_kernels *t, size_t m, size_t k, unsigned bits)
{
    *bytes = 0;
    return !t->pack_left || ring_right_bytes(bytes, k, m, bits);
}

bool ring_gemm_scratch(size_t *bytes, const ring_kernels *t, const pool *p, size_t m, size_t k,
                       unsigned bits)
{
    size_t left, work = t->work_bytes(ring_tiles(m, RING_TILE_ROWS), ring_limbs(bits));
    work += (LINE - work % LINE) % LINE;
    *bytes = 0;
    return left_bytes(&left, t, m, k, bits) && mem_mul(&work, work, p ? pool_size(p) : 1) &&
           add_lines(bytes, left) && mem_add(bytes, *bytes, work);
}

typedef struct {
    const ring_kernels *t;
    ring_product g;
    size_t row_tiles, columns_a_piece, column_pieces, rows_a_piece;
    uint8_t *work;
    size_t work_bytes;
} gemm_job;

static void pack_some(void *ctx, size_t begin, size_t end, size_t worker)
{
    gemm_job *job = ctx;
    (void)worker;
    job->t->pack_left(&job->g, begin, end);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void multiply_some(void *ctx, size_t begin, size_t end, size_t worker)
{
    gemm_job *job = ctx;
    const size_t column_tiles = ring_tiles(job->g.w->n, RING_TILE_COLUMNS);
    for (size_t i = begin; i < end; i++) {
        const size_t row = i / job->column_pieces * job->rows_a_piece;
        const size_t column = i % job->column_pieces * job->columns_a_piece;
        job->t->multiply(&job->g, row, least(row + job->rows_a_piece, job->row_tiles), column,
                         least(column + job->columns_a_piece, column_tiles),
                         job->work + worker * job->work_bytes);
    }
}

/* Columns are shared out first, since a piece reads its columns from memory but once; rows too
 * where there are not enough columns. */
static size_t cut(gemm_job *job, size_t n_threads)
{
    const size_t column_tiles = ring_tiles(job->g.w->n, RING_TILE_COLUMNS);
    const size_t wanted = n_threads > 1 ? n_threads * PIECES_A_THREAD : 1;
    job->columns_a_piece = ring_tiles(column_tiles, wanted);
    job->column_pieces = ring_tiles(column_tiles, job->columns_a_piece);
    const size_t row_pieces = least(ring_tiles(wanted, job->column_pieces), job->row_tiles);
    job->rows_a_piece = ring_tiles(job->row_tiles, row_pieces);
    return job->column_pieces * ring_tiles(job->row_tiles, job->rows_a_piece);
}

void ring_gemm(const ring_kernels *t, pool *p, ring_op op, uint64_t *c, size_t ldc,
               const uint64_t *a, size_t lda, size_t m, const ring_right *w, void *scratch)
{
    if (m == 0 || w->n == 0) {
        return;
    }
    CHECK((uintptr_t)w->data % LINE == 0 && (uintptr_t)scratch % LINE == 0);
    const size_t n_threads = p ? pool_size(p) : 1;
    size_t left = 0;
    gemm_job job = {.t = t, .row_tiles = ring_tiles(m, RING_TILE_ROWS)};
    job.g = (ring_product){op, c, ldc, a, lda, m, w, scratch};
    CHECK(left_bytes(&left, t, m, w->k, w->bits));
    job.work = (uint8_t *)scratch + left;
    job.work_bytes = t->work_bytes(job.row_tiles, ring_limbs(w->bits));
    job.work_bytes += (LINE - job.work_bytes % LINE) % LINE;
    const size_t pieces = cut(&job, n_threads);
    if (!p) {
        if (t->pack_left) {
            pack_some(&job, 0, job.row_tiles, 0);
        }
        multiply_some(&job, 0, pieces, 0);
        return;
    }
    if (t->pack_left) {
        parallel_for(p, job.row_tiles, ring_tiles(job.row_tiles, n_threads), pack_some, &job);
    }
    parallel_for(p, pieces, 1, multiply_some, &job);
}
