#include "base/mem.h"
#include "plain/state.h"

typedef struct {
    const plain_engine *e;
    const packed_linear *out;
    float *rows; /* PANEL rows of the weight for each worker */
} pack_job;

void plain_round_bf16(const plain_kernels *k, float *y, const float *x, size_t n)
{
    enum { PIECE = 256 };
    uint16_t piece[PIECE];
    for (size_t at = 0; at < n; at += PIECE) {
        const size_t len = n - at < PIECE ? n - at : PIECE;
        k->to_bf16(piece, x + at, len);
        const tensor t = {.type = DTYPE_BF16, .count = len, .data = piece};
        tensor_read(y + at, &t, 0, len);
    }
}

static void pack_panels(void *ctx, size_t begin, size_t end, size_t worker)
{
    const pack_job *job = ctx;
    const plain_kernels *k = &job->e->kernels;
    const linear *w = job->out->source;
    float *rows = job->rows + worker * PANEL * w->in;
    for (size_t p = begin; p < end; p++) {
        void *out = (char *)job->out->panels + p * job->out->panel_bytes;
        const size_t first = p * PANEL;
        const size_t n = w->out - first < PANEL ? w->out - first : PANEL;
        tensor_read(rows, w->weight, first * w->in, n * w->in);
        if (job->e->tiles) {
            k->pack_rows_bf16(out, rows, w->in, 1, w->in, n);
            continue;
        }
        if (job->e->precision == PLAIN_BF16) {
            plain_round_bf16(k, rows, rows, n * w->in);
        }
        k->pack_rows(out, rows, w->in, 1, w->in, n);
    }
}

static void list_linear(plain_engine *e, const linear *w)
{
    CHECK(w->id < e->model->n_linears);
    e->linears[w->id].source = w;
}

static void list_linears(plain_engine *e)
{
    const model *m = e->model;
    for (size_t i = 0; i < m->n_layers; i++) {
        const encoder_layer *l = &m->layers[i];
        const linear *const all[] = {&l->query, &l->key, &l->value, &l->output, &l->up, &l->down};
        for (size_t j = 0; j < sizeof all / sizeof *all; j++) {
            list_linear(e, all[j]);
        }
    }
    if (m->head.has_dense) {
        list_linear(e, &m->head.dense);
    }
    if (m->head.kind != HEAD_EMBEDDING) {
        list_linear(e, &m->head.out);
    }
}

/* Shapes of the panels; *total and *widest are bytes of all of them and the longest row. */
static bool measure(plain_engine *e, size_t *total, size_t *widest)
{
    *total = 0;
    *widest = 1;
    for (size_t i = 0; i < e->model->n_linears; i++) {
        packed_linear *p = &e->linears[i];
        size_t bytes;
        if (!p->source) {
            continue;
        }
        p->depth = e->tiles ? plain_round_up(p->source->in, BF16_DEPTH) : p->source->in;
        p->n_panels = (p->source->out + PANEL - 1) / PANEL;
        if (!mem_mul(&p->panel_bytes, p->depth, PANEL * (e->tiles ? 2 : sizeof(float))) ||
            !mem_mul(&bytes, p->panel_bytes, p->n_panels) || !mem_add(total, *total, bytes)) {
            return false;
        }
        *widest = p->depth > *widest ? p->depth : *widest;
    }
    return true;
}

status plain_pack_model(plain_engine *e)
{
    const size_t n = e->model->n_linears;
    size_t total, widest;
    e->tiles = e->precision == PLAIN_BF16 && e->kernels.gemm_bf16;
    e->linears = mem_new(n, sizeof *e->linears);
    if (!e->linears) {
        return error_memory(e->base.err);
    }
    list_linears(e);
    e->panels = measure(e, &total, &widest) ? mem_new(total, 1) : NULL;
    if (!e->panels) {
        return error_memory(e->base.err);
    }
    e->bytes += total;
    const size_t rows_bytes = pool_size(e->pool) * PANEL * sizeof(float);
    TRY(plain_scratch_need(e, &e->workers, rows_bytes, widest));
    char *at = e->panels;
    for (size_t i = 0; i < n; i++) {
        packed_linear *p = &e->linears[i];
        if (p->source) {
            p->panels = at;
            at += p->panel_bytes * p->n_panels;
            pack_job job = {.e = e, .out = p, .rows = e->workers.bytes};
            parallel_for(e->pool, p->n_panels, 1, pack_panels, &job);
        }
    }
    return OK;
}

void plain_packed_free(plain_engine *e)
{
    mem_free(e->panels);
    mem_free(e->linears);
}
