/* Products of two opened secrets, by sequence and head, mpc.md Eq. (3):
 *
 *   z_i = i·A·B - A·b_i - a_i·B + c_i,  c_0 + c_1 = a·b
 *
 * where A and B are the masked operands and a, b their masks. */
#include "base/mem.h"
#include "mpc/gates.h"

typedef enum { QUERY_KEY, WEIGHT_VALUE } product_kind;

/* One product by matrices: where its operands and its result are. */
typedef struct {
    size_t m, k, n;
    size_t a, lda;             /* rows of the left operand */
    size_t b, b_row, b_column; /* strides of the right one */
    size_t c, ldc;
} shape;

typedef struct {
    mpc *p;
    product_kind kind;
    const mpc_heads *h;
    unsigned bits;
    const uint64_t *left, *right; /* of all heads */
    uint64_t *out;
    ring_op op;
    uint8_t *work; /* a worker's right operand, packed, and its scratch */
    size_t packed_bytes, work_bytes;
} job;

size_t mpc_scores_count(const mpc_heads *h)
{
    size_t n = 0;
    for (size_t i = 0; i < h->seqs->n; i++) {
        const size_t len = h->seqs->start[i + 1] - h->seqs->start[i];
        n += h->heads * len * len;
    }
    return n;
}

size_t mpc_queries_count(const mpc_heads *h)
{
    return h->heads * h->seqs->start[h->seqs->n];
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

static shape shape_of(product_kind kind, const mpc_heads *h, size_t seq, size_t at)
{
    const size_t begin = h->seqs->start[seq], len = h->seqs->start[seq + 1] - begin;
    const size_t columns = h->heads * h->dim, token = begin * columns + at * h->dim;
    size_t scores = at * len * len;
    for (size_t i = 0; i < seq; i++) {
        const size_t l = h->seqs->start[i + 1] - h->seqs->start[i];
        scores += h->heads * l * l;
    }
    if (kind == QUERY_KEY) {
        return (shape){.m = len,
                       .k = h->dim,
                       .n = len,
                       .a = token,
                       .lda = columns,
                       .b = token,
                       .b_row = 1,
                       .b_column = columns,
                       .c = scores,
                       .ldc = len};
    }
    return (shape){.m = len,
                   .k = len,
                   .n = h->dim,
                   .a = scores,
                   .lda = len,
                   .b = token,
                   .b_row = columns,
                   .b_column = 1,
                   .c = (h->heads * begin + at * len) * h->dim,
                   .ldc = h->dim};
}

static void heads(void *ctx, size_t begin, size_t end, size_t worker)
{
    const job *j = ctx;
    uint8_t *packed = j->work + worker * j->work_bytes;
    for (size_t i = begin; i < end; i++) {
        const shape s = shape_of(j->kind, j->h, i / j->h->heads, i % j->h->heads);
        const ring_right right = {.k = s.k, .n = s.n, .bits = j->bits, .data = packed};
        ring_right_pack(j->p->ring, packed, j->right + s.b, s.k, s.n, s.b_row, s.b_column, j->bits);
        ring_gemm(j->p->ring, NULL, j->op, j->out + s.c, s.ldc, j->left + s.a, s.lda, s.m, &right,
                  packed + j->packed_bytes);
    }
}

/* out (op)= left·right, all heads. */
static status multiply(mpc *p, product_kind kind, const mpc_heads *h, unsigned bits, ring_op op,
                       uint64_t *out, const uint64_t *left, const uint64_t *right)
{
    const size_t len = longest(h->seqs);
    const size_t k = kind == QUERY_KEY ? h->dim : len, n = kind == QUERY_KEY ? len : h->dim;
    job j = {.p = p,
             .kind = kind,
             .h = h,
             .bits = bits,
             .left = left,
             .right = right,
             .out = out,
             .op = op};
    size_t scratch, all;
    if (!ring_right_bytes(&j.packed_bytes, k, n, bits) ||
        !ring_gemm_scratch(&scratch, p->ring, NULL, len, k, bits) ||
        !mem_add(&j.work_bytes, j.packed_bytes, scratch + MEM_ALIGN) ||
        !mem_mul(&all, j.work_bytes = j.work_bytes / MEM_ALIGN * MEM_ALIGN, pool_size(p->pool))) {
        return error_memory(p->err);
    }
    j.work = buffers_take(p->buffers, all);
    if (!j.work) {
        return error_memory(p->err);
    }
    const double begin = mpc_now();
    parallel_for(p->pool, h->seqs->n * h->heads, 1, heads, &j);
    mpc_spent(&p->times.products, begin);
    buffers_give(p->buffers, j.work);
    return OK;
}

static status deal(mpc *p, product_kind kind, const mpc_heads *h, unsigned bits, const wire *a,
                   const wire *b, size_t n)
{
    uint64_t *c = mpc_words(p, n);
    if (!c) {
        return ERR_RESOURCE;
    }
    status st = multiply(p, kind, h, bits, RING_SET, c, a->mask, b->mask);
    if (st == OK) {
        st = mpc_word_gate(p, c, NULL, n, bits);
    }
    mpc_words_drop(p, c);
    return st;
}

static status evaluate(mpc *p, product_kind kind, const mpc_heads *h, unsigned bits, wire *z,
                       const wire *a, const wire *b)
{
    uint64_t *t = mpc_words(p, b->n);
    status st = t ? mpc_word_gate(p, NULL, z->share, z->n, bits) : ERR_RESOURCE;
    if (st == OK) { /* t = i·B - b_i */
        p->kernels->masked_minus(t, p->server ? b->masked : NULL, b->mask, b->n);
        st = multiply(p, kind, h, bits, RING_ADD, z->share, a->masked, t);
    }
    if (st == OK) {
        st = multiply(p, kind, h, bits, RING_SUBTRACT, z->share, a->mask, b->masked);
    }
    mpc_words_drop(p, t);
    return st;
}

static status product(mpc *p, product_kind kind, wire **z, const wire *a, const wire *b,
                      const mpc_heads *h, size_t n, unsigned bits)
{
    CHECK(a->width >= bits && b->width >= bits && !a->grown && !b->grown);
    *z = wire_new(p, n, bits, a->frac + b->frac);
    if (!*z) {
        return ERR_RESOURCE;
    }
    status st;
    switch (p->phase) {
    case MPC_DEAL:
        st = deal(p, kind, h, bits, a, b, n);
        break;
    case MPC_EVALUATE:
        st = evaluate(p, kind, h, bits, *z, a, b);
        break;
    default:
        st = mpc_word_gate(p, NULL, NULL, n, bits);
        break;
    }
    if (st != OK) {
        wire_drop(p, *z);
        *z = NULL;
    }
    return st;
}

status mpc_scores(mpc *p, wire **s, const wire *q, const wire *k, const mpc_heads *h, unsigned bits)
{
    return product(p, QUERY_KEY, s, q, k, h, mpc_scores_count(h), bits);
}

status mpc_weigh(mpc *p, wire **c, const wire *w, const wire *v, const mpc_heads *h, unsigned bits)
{
    return product(p, WEIGHT_VALUE, c, w, v, h, mpc_queries_count(h) * h->dim, bits);
}
