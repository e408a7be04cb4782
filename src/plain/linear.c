#include "base/mem.h"
#include "plain/ranges.h"
#include "plain/state.h"

/* A linear map is split into blocks of rows and panels of columns. How it is split changes no
 * result: every element is computed from its own row and column in one order. */
typedef struct {
    const plain_engine *e;
    const packed_linear *w;
    const float *bias;
    const void *x; /* floats, or bf16 */
    float *y;
    size_t rows, in, out;
    size_t row_block, panels; /* rows and panels of one piece */
    size_t n_row_blocks;
} product;

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void multiply_piece(const product *p, size_t piece)
{
    const plain_kernels *k = &p->e->kernels;
    const size_t depth = p->w->depth;
    const size_t row = piece % p->n_row_blocks * p->row_block;
    const size_t column = piece / p->n_row_blocks * p->panels * PANEL;
    const size_t m = least(p->row_block, p->rows - row);
    const size_t n = least(p->panels * PANEL, p->out - column);
    const float *bias = p->bias ? p->bias + column : NULL;
    float *y = p->y + row * p->out + column;
    if (p->w->bf16) {
        k->gemm_bf16(y, p->out, (const uint16_t *)p->x + row * depth, p->w->bf16 + column * depth,
                     bias, m, depth, n);
    } else {
        k->gemm(y, p->out, (const float *)p->x + row * depth, depth, p->w->f32 + column * depth,
                bias, m, depth, n);
    }
}

static void multiply(void *ctx, size_t begin, size_t end, size_t worker)
{
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        multiply_piece(ctx, i);
    }
}

static void run_product(product *p)
{
    enum { ROWS = 2 * TILE_ROWS };
    const size_t threads = pool_size(p->e->pool);
    const size_t n_panels = (p->out + PANEL - 1) / PANEL;
    p->panels = n_panels / (threads * 4) + 1;
    p->row_block = p->rows;
    if (n_panels < threads) {
        p->row_block = p->rows / (threads * 4) / ROWS * ROWS + ROWS;
    }
    p->n_row_blocks = (p->rows + p->row_block - 1) / p->row_block;
    const size_t n_columns = (n_panels + p->panels - 1) / p->panels;
    parallel_for(p->e->pool, n_columns * p->n_row_blocks, 1, multiply, p);
}

typedef struct {
    const plain_engine *e;
    const value *x;
    void *out;
    size_t depth; /* of a row in tiles; 0: give floats that are rounded to bf16 */
} rounding;

static void round_row(const plain_kernels *k, float *to, const float *from, size_t n)
{
    enum { PIECE = 256 };
    uint16_t piece[PIECE];
    for (size_t at = 0; at < n; at += PIECE) {
        const size_t len = least(PIECE, n - at);
        k->to_bf16(piece, from + at, len);
        const tensor t = {.type = DTYPE_BF16, .count = len, .data = piece};
        tensor_read(to + at, &t, 0, len);
    }
}

static void round_rows(void *ctx, size_t begin, size_t end, size_t worker)
{
    const rounding *r = ctx;
    const plain_kernels *k = &r->e->kernels;
    const size_t in = r->x->columns;
    const float *from = r->x->data + begin * in;
    (void)worker;
    if (r->depth) {
        k->tiles_bf16((uint16_t *)r->out + begin * r->depth, from, in, end - begin, in);
        return;
    }
    for (size_t i = begin; i < end; i++, from += in) {
        round_row(k, (float *)r->out + i * in, from, in);
    }
}

/* The operand of a bf16 product. Rows of the last tile that are not there give results that nobody
 * keeps; what stands in them is from an earlier operand or zero. */
static status round_operand(plain_engine *e, const value *x, const packed_linear *w)
{
    const size_t rows = (x->rows + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
    TRY(plain_scratch_need(e, &e->operand, rows * sizeof(float), w->depth));
    rounding r = {.e = e, .x = x, .out = e->operand.bytes, .depth = w->bf16 ? w->depth : 0};
    parallel_for(e->pool, x->rows, TILE_ROWS, round_rows, &r);
    return OK;
}

status plain_linear(engine *base, value **y, const value *x, const linear *w)
{
    plain_engine *e = (plain_engine *)base;
    const packed_linear *packed = &e->linears[w->id];
    *y = NULL;
    CHECK(w->id < e->model->n_linears && x->columns == w->in);
    const void *operand = x->data;
    if (e->precision == PLAIN_BF16) {
        TRY(round_operand(e, x, packed));
        operand = e->operand.bytes;
    }
    value *v;
    TRY(plain_value_new(e, &v, x->rows, w->out));
    product p = {.e = e,
                 .w = packed,
                 .bias = w->bias,
                 .x = operand,
                 .y = v->own,
                 .rows = x->rows,
                 .in = w->in,
                 .out = w->out};
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
