/** The ring's arithmetic: one table of kernels per instruction set.
 *
 * `ref` is complete, plain C and always built; the others replace what their instruction set does
 * faster. Kernels work on one thread, cannot fail, keep no state and take no memory.
 */
#ifndef TACIT_RING_KERNELS_H
#define TACIT_RING_KERNELS_H

#include <stdbool.h>

#include "ring/gemm.h"
#include "ring/ring.h"

/* Tiles of the right operand: gemm.h. */
enum { RING_TILE_DEPTH = 64, RING_TILE_COLUMNS = 16, RING_TILE_ROWS = 16, RING_TILE_BYTES = 1024 };

/** One product, as ring_gemm was asked for it. */
typedef struct {
    ring_op op;
    uint64_t *c;
    size_t ldc;
    const uint64_t *a;
    size_t lda, m;
    const ring_right *w;
    uint8_t *left; /* a in the kernel's own order, where it wants one */
} ring_product;

struct ring_kernels {
    const char *name;

    /** Eight words a group, `groups` groups: exactly groups * bits bytes, no byte beside them read
     * or written. */
    void (*pack)(uint8_t *out, const uint64_t *x, size_t groups, unsigned bits);
    void (*unpack)(uint64_t *x, const uint8_t *in, size_t groups, unsigned bits);

    /** Column tiles [begin, end) of ring_right_pack. */
    void (*pack_right)(uint8_t *out, const uint64_t *w, size_t k, size_t n, size_t row_stride,
                       size_t col_stride, unsigned bits);

    /** NULL where a is read in place: row tiles [begin, end) of a into g->left, which has
     * RING_TILE_ROWS × K × limbs bytes for each of them, K = k rounded up to RING_TILE_DEPTH. */
    void (*pack_left)(const ring_product *g, size_t begin, size_t end);

    /** Bytes of `work` for so many row tiles. */
    size_t (*work_bytes)(size_t row_tiles, unsigned limbs);

    /** Rows of row tiles [row, row_end) times column tiles [column, column_end); work is at a
     * cache line and belongs to this call. */
    void (*multiply)(const ring_product *g, size_t row, size_t row_end, size_t column,
                     size_t column_end, void *work);
};

/** The i-th table that this processor has, from `ref` up, for those who try them all; NULL behind
 * the last. */
const ring_kernels *ring_kernels_nth(size_t i);

static inline size_t ring_tiles(size_t n, size_t size)
{
    return n / size + (n % size != 0);
}

static inline uint64_t ring_load64(const uint8_t *p)
{
    uint64_t x;
    __builtin_memcpy(&x, p, sizeof x);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    return x;
}

static inline void ring_store64(uint8_t *p, uint64_t x)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    __builtin_memcpy(p, &x, sizeof x);
}

/** What becomes of an element of c that a sum is put into. */
static inline uint64_t ring_put(ring_op op, uint64_t c, uint64_t sum, uint64_t mask)
{
    if (op == RING_SET) {
        return sum & mask;
    }
    return (op == RING_ADD ? c + sum : c - sum) & mask;
}

void ring_pack_ref(uint8_t *out, const uint64_t *x, size_t groups, unsigned bits);
void ring_unpack_ref(uint64_t *x, const uint8_t *in, size_t groups, unsigned bits);
void ring_pack_right_ref(uint8_t *out, const uint64_t *w, size_t k, size_t n, size_t row_stride,
                         size_t col_stride, unsigned bits);
size_t ring_work_bytes_ref(size_t row_tiles, unsigned limbs);
void ring_multiply_ref(const ring_product *g, size_t row, size_t row_end, size_t column,
                       size_t column_end, void *work);

/* 64 n rows of a column tile to words, for files that do not do it better. */
enum { RING_WORK_DEPTH_REF = 256 };
void ring_unpack_tiles_ref(uint64_t *out, const uint8_t *tiles, size_t n, size_t limbs);

/* Files for another architecture are empty. */
void ring_multiply_avx2(const ring_product *g, size_t row, size_t row_end, size_t column,
                        size_t column_end, void *work);
size_t ring_work_bytes_avx512(size_t row_tiles, unsigned limbs);
void ring_multiply_avx512(const ring_product *g, size_t row, size_t row_end, size_t column,
                          size_t column_end, void *work);
void ring_multiply_ifma(const ring_product *g, size_t row, size_t row_end, size_t column,
                        size_t column_end, void *work);
void ring_pack_ifma(uint8_t *out, const uint64_t *x, size_t groups, unsigned bits);
void ring_unpack_ifma(uint64_t *x, const uint8_t *in, size_t groups, unsigned bits);
void ring_pack_left_ifma(const ring_product *g, size_t begin, size_t end);
void ring_pack_right_ifma(uint8_t *out, const uint64_t *w, size_t k, size_t n, size_t row_stride,
                          size_t col_stride, unsigned bits);
size_t ring_work_bytes_amx(size_t row_tiles, unsigned limbs);
void ring_multiply_amx(const ring_product *g, size_t row, size_t row_end, size_t column,
                       size_t column_end, void *work);

#endif
