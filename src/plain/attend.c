#include "base/mem.h"
#include "plain/ranges.h"
#include "plain/state.h"

/* One piece of work is one head of one sequence: its keys and values are packed as the kernels
 * want them, then blocks of queries go through scores, form and weighted sum. Memory is bounded
 * by the longest sequence: a worker holds its packed keys and values and one block of scores. */
enum { QUERIES = 64 };

typedef struct {
    void *keys, *values; /* packed: floats, or bf16 for tiles */
    void *tiles;         /* of a block of queries, or of their weights, in bf16 */
    float *scores;
    interval seen[3]; /* scores, sum, context */
} attend_worker;

typedef struct {
    const plain_engine *e;
    const attention *a;
    const value *q, *k, *v;
    float *y;
    attend_worker *workers;
    size_t score_stride;
} attend_job;

static void see(const attend_job *job, attend_worker *w, const float *scores, size_t n,
                row_weights before, const float *context)
{
    if (scores) {
        interval_add_all(&w->seen[0], scores, n);
    } else {
        interval_add(&w->seen[1], (double)before.sum / (double)n);
        interval_add_all(&w->seen[2], context, job->a->head_dim);
    }
}

/* w->scores = scores of `rows` queries at q and the first `keys` keys. */
static void score(const attend_job *job, attend_worker *w, const float *q, size_t rows, size_t keys)
{
    const plain_kernels *k = &job->e->kernels;
    const size_t d = job->a->head_dim, ldq = job->q->columns, stride = job->score_stride;
    if (job->e->tiles) {
        k->tiles_bf16(w->tiles, q, ldq, rows, d);
        k->gemm_bf16(w->scores, stride, w->tiles, w->keys, NULL, rows,
                     plain_round_up(d, BF16_DEPTH), keys, NULL);
    } else {
        k->gemm(w->scores, stride, q, ldq, w->keys, NULL, rows, d, keys);
    }
}

/* y = weights of `rows` queries times the first `keys` of len values. A panel of the values is as
 * deep as all of them, so panels are taken one by one. */
static void weigh(const attend_job *job, attend_worker *w, float *y, size_t rows, size_t keys,
                  size_t len)
{
    const plain_kernels *k = &job->e->kernels;
    const size_t d = job->a->head_dim, ldy = job->q->columns, stride = job->score_stride;
    if (job->e->tiles) {
        k->tiles_bf16(w->tiles, w->scores, stride, rows, keys);
    }
    for (size_t j = 0; j < d; j += PANEL) {
        const size_t n = d - j < PANEL ? d - j : PANEL;
        if (job->e->tiles) {
            const uint16_t *panel =
                (const uint16_t *)w->values + j * plain_round_up(len, BF16_DEPTH);
            k->gemm_bf16(y + j, ldy, w->tiles, panel, NULL, rows, plain_round_up(keys, BF16_DEPTH),
                         n, NULL);
        } else {
            const float *panel = (const float *)w->values + j * len;
            k->gemm(y + j, ldy, w->scores, stride, panel, NULL, rows, keys, n);
        }
    }
}

/* Rows first to last of one head's queries; len keys, of which a causal query sees those up to
 * its own place. */
static void query_block(const attend_job *job, attend_worker *w, const float *q, float *y, size_t h,
                        size_t first, size_t last, size_t len)
{
    const plain_kernels *k = &job->e->kernels;
    const attention *a = job->a;
    const size_t d = a->head_dim, stride = job->score_stride, rows = last - first;
    const size_t ldq = job->q->columns;
    const size_t keys = a->causal ? last : len;
    row_weights done[QUERIES];
    score(job, w, q + first * ldq, rows, keys);
    for (size_t i = 0; i < rows; i++) {
        float *s = w->scores + i * stride;
        const size_t n = a->causal ? first + i + 1 : len;
        if (job->e->ranges) {
            see(job, w, s, n, (row_weights){0}, NULL);
        }
        done[i] = k->weights(s, n, a, h);
        for (size_t j = n; j < keys; j++) {
            s[j] = 0;
        }
    }
    weigh(job, w, y + first * ldq, rows, keys, len);
    for (size_t i = 0; i < rows; i++) {
        float *context = y + (first + i) * ldq;
        for (size_t j = 0; j < d; j++) {
            context[j] *= done[i].factor;
        }
        if (job->e->ranges) {
            see(job, w, NULL, a->causal ? first + i + 1 : len, done[i], context);
        }
    }
}

static void attend_pieces(void *ctx, size_t begin, size_t end, size_t worker)
{
    const attend_job *job = ctx;
    const attention *a = job->a;
    const plain_kernels *k = &job->e->kernels;
    attend_worker *w = &job->workers[worker];
    const size_t d = a->head_dim;
    for (size_t piece = begin; piece < end; piece++) {
        const size_t h = piece % a->n_heads, seq = piece / a->n_heads;
        const size_t start = job->e->seqs.start[seq], len = job->e->seqs.start[seq + 1] - start;
        const size_t kv = h / (a->n_heads / a->n_kv_heads);
        const size_t ldq = job->q->columns, ldk = job->k->columns;
        const size_t from = start * ldk + kv * d;
        if (job->e->tiles) {
            k->pack_rows_bf16(w->keys, job->k->data + from, ldk, a->scale, d, len);
            k->pack_columns_bf16(w->values, job->v->data + from, ldk, len, d);
        } else {
            k->pack_rows(w->keys, job->k->data + from, ldk, a->scale, d, len);
            k->pack_columns(w->values, job->v->data + from, ldk, len, d);
        }
        for (size_t i = 0; i < len; i += QUERIES) {
            const size_t last = len - i < QUERIES ? len : i + QUERIES;
            query_block(job, w, job->q->data + start * ldq + h * d, job->y + start * ldq + h * d, h,
                        i, last, len);
        }
    }
}

static size_t longest(const sequences *s)
{
    size_t most = 0;
    for (size_t i = 0; i < s->n; i++) {
        const size_t len = s->start[i + 1] - s->start[i];
        most = len > most ? len : most;
    }
    return most;
}

/* Bytes of the parts of one worker, each rounded up to cache lines. */
typedef struct {
    size_t keys, values, tiles, scores;
} worker_bytes;

static worker_bytes measure(const plain_engine *e, size_t len, size_t d)
{
    const size_t element = e->tiles ? sizeof(uint16_t) : sizeof(float);
    const size_t deep_d = plain_round_up(d, BF16_DEPTH), deep_len = plain_round_up(len, BF16_DEPTH);
    const size_t columns = plain_round_up(len, PANEL);
    return (worker_bytes){
        .keys = plain_round_up(columns * deep_d * element, MEM_ALIGN),
        .values = plain_round_up(deep_len * plain_round_up(d, PANEL) * element, MEM_ALIGN),
        .tiles = e->tiles ? QUERIES * (deep_d > deep_len ? deep_d : deep_len) * element : 0,
        .scores = QUERIES * columns * sizeof(float),
    };
}

/* Lay the workers' parts out in e->workers. */
static status make_workers(plain_engine *e, attend_job *job)
{
    const size_t len = longest(&e->seqs), n = pool_size(e->pool);
    const worker_bytes b = measure(e, len, job->a->head_dim);
    const size_t table = plain_round_up(n * sizeof *job->workers, MEM_ALIGN);
    const size_t each = b.keys + b.values + b.tiles + b.scores;
    size_t bytes;
    if (!mem_mul(&bytes, each, n) || !mem_add(&bytes, bytes, table)) {
        return error_memory(e->base.err);
    }
    TRY(plain_scratch_need(e, &e->workers, bytes, 1));
    job->score_stride = plain_round_up(len, PANEL);
    job->workers = e->workers.bytes;
    char *at = (char *)e->workers.bytes + table;
    for (size_t i = 0; i < n; i++, at += each) {
        attend_worker *w = &job->workers[i];
        w->keys = at;
        w->values = at + b.keys;
        w->tiles = at + b.keys + b.values;
        w->scores = (float *)(void *)(at + b.keys + b.values + b.tiles);
        for (size_t j = 0; j < 3; j++) {
            w->seen[j] = interval_empty();
        }
    }
    return OK;
}

static status record(const plain_engine *e, const attend_job *job)
{
    static const char *const names[] = {"scores", "sum", "context"};
    for (size_t j = 0; e->ranges && j < 3; j++) {
        interval all = interval_empty();
        for (size_t i = 0; i < pool_size(e->pool); i++) {
            interval_join(&all, job->workers[i].seen[j]);
        }
        TRY(range_recorder_widen(e->ranges, job->a->name, names[j], all, e->base.err));
    }
    return OK;
}

status plain_attend(engine *base, value **y, const value *q, const value *k, const value *v,
                    const attention *a)
{
    plain_engine *e = (plain_engine *)base;
    *y = NULL;
    CHECK(q->columns == a->n_heads * a->head_dim && k->columns == a->n_kv_heads * a->head_dim);
    CHECK(v->columns == k->columns && q->rows == k->rows && k->rows == v->rows);
    attend_job job = {.e = e, .a = a, .q = q, .k = k, .v = v};
    TRY(make_workers(e, &job));
    value *out;
    TRY(plain_value_new(e, &out, q->rows, q->columns));
    job.y = out->own;
    parallel_for(e->pool, e->seqs.n * a->n_heads, 1, attend_pieces, &job);
    const status st = record(e, &job);
    if (st != OK) {
        plain_value_drop(base, out);
        return st;
    }
    *y = out;
    return OK;
}
