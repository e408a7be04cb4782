/* Scores and weighted sums of packed batches, against loops over tokens. */
#include "support/walks.h"
#include "test.h"

enum { MAX_TOKENS = 64, MAX_HEADS = 3, MAX_DIM = 70, MAX = MAX_TOKENS * MAX_HEADS * MAX_DIM };

typedef struct {
    mpc_heads h;
    sequences seqs;
    unsigned bits, width;
    uint64_t q[MAX], k[MAX], weights[MAX_HEADS * MAX_TOKENS * MAX_TOKENS];
} input;

static status scores(mpc *p, walks *w)
{
    const input *in = w->ctx;
    const size_t n = in->seqs.start[in->seqs.n] * in->h.heads * in->h.dim;
    wire *q = walks_input(p, w, in->q, n, in->width, 12);
    wire *k = walks_input(p, w, in->k, n, in->width, 11), *s;
    const opening o[] = {{.x = q, .width = in->width}, {.x = k, .width = in->width}};
    TRY(mpc_open(p, o, 2));
    TRY(mpc_scores(p, &s, q, k, &in->h, in->bits));
    assert_int_equal(s->frac, 23);
    walks_output(p, w, 0, s);
    wire_drop(p, q);
    wire_drop(p, k);
    return OK;
}

static status weigh(mpc *p, walks *w)
{
    const input *in = w->ctx;
    const size_t n = in->seqs.start[in->seqs.n] * in->h.heads * in->h.dim;
    wire *a = walks_input(p, w, in->weights, mpc_scores_count(&in->h), in->width, 6);
    wire *v = walks_input(p, w, in->k, n, in->width, 10), *c, *joined;
    const opening o[] = {{.x = a, .width = in->width}, {.x = v, .width = in->width}};
    TRY(mpc_open(p, o, 2));
    TRY(mpc_weigh(p, &c, a, v, &in->h, in->bits));
    TRY(mpc_join_heads(p, &joined, c, &in->h));
    assert_int_equal(joined->frac, 16);
    walks_output(p, w, 0, joined);
    wire_drop(p, a);
    wire_drop(p, v);
    wire_drop(p, c);
    return OK;
}

/* Token i, head h, number d of a matrix of tokens. */
static uint64_t at(const input *in, const uint64_t *x, size_t i, size_t h, size_t d)
{
    return x[(i * in->h.heads + h) * in->h.dim + d];
}

static void check_scores(const input *in, const walks *w)
{
    size_t place = 0;
    for (size_t s = 0; s < in->seqs.n; s++) {
        const size_t begin = in->seqs.start[s], end = in->seqs.start[s + 1];
        for (size_t h = 0; h < in->h.heads; h++) {
            for (size_t i = begin; i < end; i++) {
                for (size_t j = begin; j < end; j++) {
                    uint64_t sum = 0;
                    for (size_t d = 0; d < in->h.dim; d++) {
                        sum += at(in, in->q, i, h, d) * at(in, in->k, j, h, d);
                    }
                    assert_int_equal(walks_word(w, 0, place++), sum & ring_mask(in->bits));
                }
            }
        }
    }
    assert_int_equal(place, w->n[0]);
    assert_int_equal(place, mpc_scores_count(&in->h));
}

static void check_weigh(const input *in, const walks *w)
{
    size_t scores_before = 0;
    for (size_t s = 0; s < in->seqs.n; s++) {
        const size_t begin = in->seqs.start[s], len = in->seqs.start[s + 1] - begin;
        for (size_t h = 0; h < in->h.heads; h++, scores_before += len * len) {
            for (size_t i = 0; i < len; i++) {
                for (size_t d = 0; d < in->h.dim; d++) {
                    uint64_t sum = 0;
                    for (size_t j = 0; j < len; j++) {
                        sum += in->weights[scores_before + i * len + j] *
                               at(in, in->k, begin + j, h, d);
                    }
                    const size_t k = ((begin + i) * in->h.heads + h) * in->h.dim + d;
                    assert_int_equal(walks_word(w, 0, k), sum & ring_mask(in->bits));
                }
            }
        }
    }
}

static void check(size_t heads, size_t dim, unsigned bits, unsigned width)
{
    static const size_t start[] = {0, 1, 4, 41, 43, 64};
    input *in = calloc(1, sizeof *in);
    prg *g = prg_new((const uint8_t[PRG_SEED_BYTES]){13}, "test", NULL);
    in->seqs = (sequences){.n = 5, .start = start};
    in->h = (mpc_heads){.seqs = &in->seqs, .heads = heads, .dim = dim};
    in->bits = bits;
    in->width = width;
    for (size_t i = 0; i < MAX; i++) {
        in->q[i] = prg_word(g);
        in->k[i] = prg_word(g);
    }
    for (size_t i = 0; i < mpc_scores_count(&in->h); i++) {
        in->weights[i] = prg_word(g);
    }
    const size_t n = 64 * heads * dim, pairs = heads * (1 + 9 + 37 * 37 + 4 + 21 * 21);
    walks w = {.ctx = in, .threads = 2};
    walks_run(&w, scores);
    check_scores(in, &w);
    assert_int_equal(w.cost.rounds, 1);
    assert_int_equal(w.cost.opened_bytes, 2 * ring_packed_bytes(n, width));
    assert_int_equal(w.cost.dealt_bytes, ring_packed_bytes(pairs, bits));
    walks_run(&w, weigh);
    check_weigh(in, &w);
    assert_int_equal(w.cost.opened_bytes,
                     ring_packed_bytes(pairs, width) + ring_packed_bytes(n, width));
    assert_int_equal(w.cost.dealt_bytes, ring_packed_bytes(n, bits));
    walks_clear(&w);
    prg_free(g);
    free(in);
}

static void test_scores_and_weigh(void **state)
{
    (void)state;
    check(1, 1, 2, 2);
    check(2, 3, 32, 32);
    check(3, 70, 34, 34);
    check(3, 17, 50, 64);
    check(2, 64, 64, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_scores_and_weigh)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
