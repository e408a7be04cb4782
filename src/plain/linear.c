#include "base/mem.h"
#include "plain/ranges.h"
#include "plain/state.h"

/* A linear map is split into blocks of rows and panels of columns. How it is split changes no
 * result: every element is computed from its own row and column in one order. A block of rows is
 * so small that it stays in a core's own cache while the panels stream by. */
enum { BLOCK_BYTES = 1 << 20 };

typedef struct {
    const plain_engine *e;
    const packed_linear *w;
    const void *x; /* rows of floats, tiles of floats, or tiles of bf16 */
    float *y;
    size_t rows;
    size_t height;           /* of the tiles; 0: rows */
    size_t row_block, group; /* rows and panels of one piece */
    size_t n_groups;         /* pieces go through all groups of a block of rows, then the next */
} product;

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Panels of one piece: some pieces for each thread, so that a thread that was held up holds up
 * the others little. */
static size_t group_size(const plain_engine *e, const packed_linear *w)
{
    const size_t threads = pool_size(e->pool);
    return threads == 1 ? w->n_panels : w->n_panels / (threads * 4) + 1;
}

/* Where the thread that has this piece will probably read next: threads take turns. */
static const void *next_panels(const product *p, size_t piece)
{
    const plain_engine *e = p->e;
    const packed_linear *w = p->w;
    const size_t n_blocks = (p->rows + p->row_block - 1) / p->row_block;
    const size_t total = p->n_groups * n_blocks, next = piece + pool_size(e->pool);
    size_t group = next % p->n_groups;
    if (next >= total) {
        w = p->w + 1; /* linear maps stand in order of execution */
        if ((size_t)(w - e->linears) == e->model->n_linears || !w->panels) {
            return NULL;
        }
        group = next - total;
    }
    const size_t panel = group * group_size(e, w);
    return panel < w->n_panels ? (const char *)w->panels + panel * w->panel_bytes : NULL;
}

static void multiply_piece(const product *p, size_t piece)
{
    const plain_kernels *k = &p->e->kernels;
    const linear *w = p->w->source;
    const size_t depth = p->w->depth;
    const size_t row = piece / p->n_groups * p->row_block;
    const size_t panel = piece % p->n_groups * p->group, column = panel * PANEL;
    const size_t m = least(p->row_block, p->rows - row);
    const size_t n = least(p->group * PANEL, w->out - column);
    const float *bias = w->bias ? w->bias + column : NULL;
    const void *panels = (const char *)p->w->panels + panel * p->w->panel_bytes;
    float *y = p->y + row * w->out + column;
    const void *next = next_panels(p, piece);
    if (p->e->tiles) {
        k->gemm_bf16(y, w->out, (const uint16_t *)p->x + row * depth, panels, bias, m, depth, n,
                     next);
    } else if (p->height) {
        k->gemm_tiles(y, w->out, (const float *)p->x + row * depth, p->height, panels, bias, m,
                      depth, n, next);
    } else {
        k->gemm(y, w->out, (const float *)p->x + row * depth, depth, panels, bias, m, depth, n);
    }
}

static void multiply(void *ctx, size_t begin, size_t end, size_t worker)
{
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        multiply_piece(ctx, i);
    }
}

/* Tiles of nearly equal heights: 15 rows are 8 and 7, not 14 and 1. */
static size_t tile_height(const plain_engine *e, size_t rows)
{
    if (e->tiles) {
        return TILE_ROWS;
    }
    const size_t most = e->precision == PLAIN_F32 ? e->kernels.tile_rows : 0;
    return most ? (rows - 1) / ((rows + most - 1) / most) + 1 : 0;
}

static void run_product(product *p)
{
    enum { DEPTH = 1024 }; /* of the rows that a fp32 kernel works on at a time */
    const size_t threads = pool_size(p->e->pool), step = p->height ? 2 * p->height : 8;
    const size_t row_bytes =
        p->e->tiles ? p->w->depth * 2 : least(p->w->depth, DEPTH) * sizeof(float);
    size_t n_blocks = p->rows * row_bytes / BLOCK_BYTES + 1;
    p->group = group_size(p->e, p->w);
    p->n_groups = (p->w->n_panels + p->group - 1) / p->group;
    if (p->n_groups < threads) { /* few columns: by rows, then */
        n_blocks = n_blocks > threads * 4 ? n_blocks : threads * 4;
    }
    p->row_block = plain_round_up((p->rows + n_blocks - 1) / n_blocks, step);
    n_blocks = (p->rows + p->row_block - 1) / p->row_block;
    parallel_for(p->e->pool, p->n_groups * n_blocks, 1, multiply, p);
}

typedef struct {
    const plain_engine *e;
    const value *x;
    void *out;
    size_t depth;
} packing;

static void pack_rows(void *ctx, size_t begin, size_t end, size_t worker)
{
    const packing *p = ctx;
    const plain_kernels *k = &p->e->kernels;
    const size_t in = p->x->columns;
    const float *from = p->x->data + begin * in;
    (void)worker;
    if (p->e->tiles) {
        k->tiles_bf16((uint16_t *)p->out + begin * p->depth, from, in, end - begin, in);
        return;
    }
    float *to = (float *)p->out + begin * in;
    if (p->e->precision == PLAIN_F32) {
        k->pack_tile(to, from, in, end - begin, in);
        return;
    }
    for (size_t i = begin; i < end; i++, from += in, to += in) {
        plain_round_bf16(k, to, from, in);
    }
}

/* *out = the rows of x as the products want them; what was packed last is kept, because several
 * maps read the same value. Of the last bf16 tile, rows that are not there give results that
 * nobody keeps; what stands in them is from an earlier operand or zero. */
static status pack_operand(plain_engine *e, const void **out, const value *x, size_t height,
                           size_t depth)
{
    if (e->precision == PLAIN_F32 && height == 0) {
        *out = x->data;
        return OK;
    }
    if (e->operand_of != x->serial) {
        e->operand_of = 0;
        TRY(plain_scratch_need(e, &e->operand, plain_round_up(x->rows, TILE_ROWS) * sizeof(float),
                               depth));
        packing p = {.e = e, .x = x, .out = e->operand.bytes, .depth = depth};
        parallel_for(e->pool, x->rows, height ? height : 8, pack_rows, &p);
        e->operand_of = x->serial;
    }
    *out = e->operand.bytes;
    return OK;
}

status plain_linear(engine *base, value **y, const value *x, const linear *w)
{
    plain_engine *e = (plain_engine *)base;
    const packed_linear *packed = &e->linears[w->id];
    *y = NULL;
    CHECK(w->id < e->model->n_linears && x->columns == w->in);
    const void *operand;
    const size_t height = tile_height(e, x->rows);
    TRY(pack_operand(e, &operand, x, height, packed->depth));
    value *v;
    TRY(plain_value_new(e, &v, x->rows, w->out));
    product p = {.e = e, .w = packed, .x = operand, .y = v->own, .rows = x->rows, .height = height};
    run_product(&p);
    if (e->ranges) {
        interval seen = interval_empty();
        interval_add_all(&seen, v->data, v->rows * v->columns);
        const status st = range_recorder_widen(e->ranges, w->name, "output", seen, base->err);
        if (st != OK) {
            plain_value_drop(base, v);
            return st;
        }
    }
    *y = v;
    return OK;
}
