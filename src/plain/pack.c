#include "base/mem.h"
#include "plain/state.h"

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

typedef struct {
    plain_engine *e;
    const linear *w;
    packed_linear *out;
    float *rows; /* PANEL rows of the weight for each worker */
} pack_job;

/* Round to bf16 and back, in place. */
static void round_rows(const plain_kernels *k, float *x, size_t n)
{
    enum { PIECE = 256 };
    uint16_t piece[PIECE];
    for (size_t at = 0; at < n; at += PIECE) {
        const size_t len = n - at < PIECE ? n - at : PIECE;
        k->to_bf16(piece, x + at, len);
        const tensor t = {.type = DTYPE_BF16, .count = len, .data = piece};
        tensor_read(x + at, &t, 0, len);
    }
}

/* Pairs along k beside each other: kernels.h, gemm_bf16. */
static void pack_pairs(const plain_kernels *k, uint16_t *out, const float *rows, size_t in,
                       size_t n)
{
    enum { PIECE = 256 };
    uint16_t piece[PIECE];
    for (size_t j = 0; j < n; j++) {
        for (size_t at = 0; at < in; at += PIECE) {
            const size_t len = in - at < PIECE ? in - at : PIECE;
            k->to_bf16(piece, rows + j * in + at, len);
            for (size_t i = 0; i < len; i++) {
                out[((at + i) / 2 * PANEL + j) * 2 + (at + i) % 2] = piece[i];
            }
        }
    }
}

static void pack_panels(void *ctx, size_t begin, size_t end, size_t worker)
{
    const pack_job *job = ctx;
    const plain_kernels *k = &job->e->kernels;
    const linear *w = job->w;
    float *rows = job->rows + worker * PANEL * w->in;
    for (size_t p = begin; p < end; p++) {
        const size_t first = p * PANEL;
        const size_t n = w->out - first < PANEL ? w->out - first : PANEL;
        tensor_read(rows, w->weight, first * w->in, n * w->in);
        if (job->out->bf16) {
            pack_pairs(k, job->out->bf16 + first * job->out->depth, rows, w->in, n);
            continue;
        }
        if (job->e->precision == PLAIN_BF16) {
            round_rows(k, rows, n * w->in);
        }
        k->pack_rows(job->out->f32 + first * w->in, rows, w->in, 1, w->in, n);
    }
}

static status pack_linear(plain_engine *e, const linear *w)
{
    CHECK(w->id < e->model->n_linears);
    packed_linear *out = &e->linears[w->id];
    const bool bf16 = e->precision == PLAIN_BF16 && e->kernels.gemm_bf16;
    const size_t columns = round_up(w->out, PANEL), panels = columns / PANEL;
    out->depth = bf16 ? round_up(w->in, BF16_DEPTH) : w->in;
    TRY(plain_scratch_need(e, &e->workers, pool_size(e->pool) * PANEL * sizeof(float), w->in));

    void *packed = NULL;
    size_t bytes;
    if (mem_mul(&bytes, out->depth * (bf16 ? sizeof *out->bf16 : sizeof *out->f32), columns)) {
        packed = mem_new(bytes, 1);
    }
    if (!packed) {
        return error_memory(e->base.err);
    }
    e->bytes += bytes;
    if (bf16) {
        out->bf16 = packed;
    } else {
        out->f32 = packed;
    }
    pack_job job = {.e = e, .w = w, .out = out, .rows = e->workers.bytes};
    parallel_for(e->pool, panels, 1, pack_panels, &job);
    return OK;
}

status plain_pack_model(plain_engine *e)
{
    const model *m = e->model;
    e->linears = mem_new(m->n_linears, sizeof *e->linears);
    if (!e->linears) {
        return error_memory(e->base.err);
    }
    for (size_t i = 0; i < m->n_layers; i++) {
        const encoder_layer *l = &m->layers[i];
        const linear *const all[] = {&l->query, &l->key, &l->value, &l->output, &l->up, &l->down};
        for (size_t j = 0; j < sizeof all / sizeof *all; j++) {
            TRY(pack_linear(e, all[j]));
        }
    }
    if (m->head.has_dense) {
        TRY(pack_linear(e, &m->head.dense));
    }
    return m->head.kind != HEAD_EMBEDDING ? pack_linear(e, &m->head.out) : OK;
}

void plain_packed_free(plain_engine *e)
{
    for (size_t i = 0; e->linears && i < e->model->n_linears; i++) {
        mem_free(e->linears[i].f32);
        mem_free(e->linears[i].bf16);
    }
    mem_free(e->linears);
}
