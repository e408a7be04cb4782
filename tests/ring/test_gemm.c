#include "test.h"

#include "base/mem.h"
#include "ring/gemm.h"
#include "ring/kernels.h"

/* Every table of this processor against sums of 128 bits, at odd shapes, strides and widths. */

enum { GAP = 3, CANARY = 0x5c, GUARDS = 64 };

static uint64_t random_word(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t *words(size_t n, uint64_t seed)
{
    uint64_t *x = mem_new(n, sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < n; i++) {
        x[i] = seed ? random_word(&seed) : UINT64_MAX;
    }
    return x;
}

/* A case: strides of W are one of three orders. */
typedef struct {
    size_t m, k, n;
    unsigned bits;
    ring_op op;
    uint64_t seed; /* 0: all bits are ones */
    int order;     /* of W: rows, columns, or every second of both */
} product_case;

typedef struct {
    product_case s;
    size_t row_stride, col_stride, ldc, lda;
    uint64_t *a, *w, *c, *want;
} product;

static product open_product(product_case s)
{
    product g = {.s = s, .lda = s.k + GAP, .ldc = s.n + GAP};
    g.row_stride = s.order == 0 ? s.n + 1 : s.order == 1 ? 1 : 2 * (2 * s.n + 5);
    g.col_stride = s.order == 0 ? 1 : s.order == 1 ? s.k + 2 : 2;
    const uint64_t seed = s.seed;
    g.a = words(s.m * g.lda + 1, seed);
    g.w = words(s.k * g.row_stride + s.n * g.col_stride + 1, seed ? seed + 1 : 0);
    g.c = words(s.m * g.ldc, 99);
    g.want = mem_new(s.m * g.ldc, sizeof *g.want);
    memcpy(g.want, g.c, s.m * g.ldc * sizeof *g.c);
    for (size_t i = 0; i < s.m; i++) {
        for (size_t j = 0; j < s.n; j++) {
            unsigned __int128 sum = 0;
            for (size_t l = 0; l < s.k; l++) {
                sum += (unsigned __int128)g.a[i * g.lda + l] *
                       g.w[l * g.row_stride + j * g.col_stride];
            }
            uint64_t *at = &g.want[i * g.ldc + j];
            const uint64_t old = *at, low = (uint64_t)sum;
            *at = s.op == RING_SET ? low : s.op == RING_ADD ? old + low : old - low;
            if (s.bits < 64) {
                *at %= UINT64_C(1) << s.bits;
            }
        }
    }
    return g;
}

static void close_product(product *g)
{
    mem_free(g->a);
    mem_free(g->w);
    mem_free(g->c);
    mem_free(g->want);
}

static uint8_t *guarded(size_t bytes)
{
    uint8_t *p = mem_new(bytes + GUARDS, 1);
    assert_non_null(p);
    memset(p, CANARY, bytes + GUARDS);
    return p;
}

static void check_guard(const uint8_t *p, size_t bytes)
{
    for (size_t i = 0; i < GUARDS; i++) {
        assert_int_equal(p[bytes + i], CANARY);
    }
}

static void check_table(const ring_kernels *t, pool *p, const product *g)
{
    const product_case *s = &g->s;
    size_t right_bytes, scratch_bytes;
    assert_true(ring_right_bytes(&right_bytes, s->k, s->n, s->bits));
    assert_true(ring_gemm_scratch(&scratch_bytes, t, p, s->m, s->k, s->bits));
    uint8_t *right = guarded(right_bytes), *scratch = guarded(scratch_bytes);
    uint64_t *c = mem_new(s->m * g->ldc, sizeof *c);
    memcpy(c, g->c, s->m * g->ldc * sizeof *c);
    ring_right_pack(t, right, g->w, s->k, s->n, g->row_stride, g->col_stride, s->bits);
    check_guard(right, right_bytes);
    const ring_right w = {s->k, s->n, s->bits, right};
    ring_gemm(t, p, s->op, c, g->ldc, g->a, g->lda, s->m, &w, scratch);
    check_guard(scratch, scratch_bytes);
    for (size_t i = 0; i < s->m * g->ldc; i++) {
        if (c[i] != g->want[i]) {
            fail_msg("%s: %zux%zux%zu, %u bits, order %d, op %d: (%zu, %zu) is %llx, not %llx",
                     t->name, s->m, s->k, s->n, s->bits, s->order, (int)s->op, i / g->ldc,
                     i % g->ldc, (unsigned long long)c[i], (unsigned long long)g->want[i]);
        }
    }
    mem_free(c);
    mem_free(right);
    mem_free(scratch);
}

static void check_all(pool *p, product_case s)
{
    product g = open_product(s);
    const ring_kernels *t;
    for (size_t i = 0; (t = ring_kernels_nth(i)) != NULL; i++) {
        check_table(t, p, &g);
    }
    close_product(&g);
}

static void test_every_width(void **state)
{
    (void)state;
    for (unsigned bits = 1; bits <= RING_MAX_BITS; bits++) {
        check_all(NULL, (product_case){17, 70, 18, bits, RING_SET, bits, 0});
        check_all(NULL, (product_case){5, 130, 35, bits, RING_ADD, bits, 1});
        check_all(NULL, (product_case){33, 64, 16, bits, RING_SUBTRACT, bits, 2});
        check_all(NULL, (product_case){2, 300, 3, bits, RING_SUBTRACT, 0, 0});
    }
}

static void test_odd_shapes(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 3, 15, 16, 17, 31, 65};
    static const unsigned widths[] = {8, 34, 50, 64};
    enum { N = sizeof sizes / sizeof *sizes };
    for (size_t i = 0; i < N * N * N; i++) {
        check_all(NULL, (product_case){sizes[i % N], sizes[i / N % N], sizes[i / N / N],
                                       widths[i % 4], (ring_op)(i % 3), i + 1, (int)(i / 3 % 3)});
    }
}

static void test_larger_shapes(void **state)
{
    (void)state;
    check_all(NULL, (product_case){150, 1000, 50, 46, RING_SET, 1, 0});
    check_all(NULL, (product_case){300, 200, 40, 34, RING_ADD, 2, 1});
    check_all(NULL, (product_case){40, 3072, 48, 56, RING_SUBTRACT, 3, 0});
    check_all(NULL, (product_case){1, 3072, 100, 64, RING_SET, 4, 2});
}

/* Where sums of 32 bits just fit and where they do not; both signs of an accumulation. */
static void test_deep_sums_of_ones(void **state)
{
    (void)state;
    static const size_t depths[] = {8192, 8256, 8257, 16512, 16513, 24576};
    static const unsigned widths[] = {8, 34, 40, 48, 53, 56, 61, 64};
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        for (size_t j = 0; j < sizeof widths / sizeof *widths; j++) {
            const ring_op op = (ring_op)((i + j) % 3);
            check_all(NULL, (product_case){3, depths[i], 2, widths[j], op, 0, 0});
        }
    }
}

static void test_empty_products(void **state)
{
    (void)state;
    check_all(NULL, (product_case){3, 0, 5, 34, RING_SET, 1, 0});
    check_all(NULL, (product_case){3, 0, 5, 34, RING_ADD, 1, 0});
}

static void test_every_number_of_threads(void **state)
{
    (void)state;
    static const product_case cases[] = {{128, 256, 256, 34, RING_SET, 1, 0},
                                         {1, 256, 700, 50, RING_ADD, 2, 0},
                                         {200, 64, 5, 64, RING_SUBTRACT, 3, 1},
                                         {64, 512, 96, 46, RING_SET, 4, 1}};
    for (size_t n_threads = 1; n_threads <= 4; n_threads++) {
        pool *p;
        assert_int_equal(pool_new(&p, n_threads, NULL), OK);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            check_all(p, cases[i]);
        }
        pool_free(p);
    }
}

/* Every pair of 2 × 2 matrices of two bits. */
static void test_small_ring_exhaustively(void **state)
{
    (void)state;
    const ring_kernels *t;
    for (size_t i = 0; (t = ring_kernels_nth(i)) != NULL; i++) {
        size_t right_bytes, scratch_bytes;
        assert_true(ring_right_bytes(&right_bytes, 2, 2, 2));
        assert_true(ring_gemm_scratch(&scratch_bytes, t, NULL, 512, 2, 2));
        uint8_t *right = mem_new(right_bytes, 1), *scratch = mem_new(scratch_bytes, 1);
        static uint64_t a[1024], c[1024]; /* all matrices A, one below another */
        for (size_t j = 0; j < 1024; j++) {
            a[j] = j / 4 >> j % 4 * 2 & 3;
        }
        for (unsigned all = 0; all < 256; all++) {
            const uint64_t w[] = {all & 3, all >> 2 & 3, all >> 4 & 3, all >> 6};
            ring_right_pack(t, right, w, 2, 2, 2, 1, 2);
            const ring_right r = {2, 2, 2, right};
            ring_gemm(t, NULL, RING_SET, c, 2, a, 2, 512, &r, scratch);
            for (size_t j = 0; j < 1024; j++) {
                const uint64_t *row = a + j / 2 * 2;
                assert_int_equal(c[j], (row[0] * w[j % 2] + row[1] * w[2 + j % 2]) % 4);
            }
        }
        mem_free(right);
        mem_free(scratch);
    }
}

/* The packed form is that of gemm.h, from every table. */
static void test_packed_form(void **state)
{
    (void)state;
    const size_t k = 100, n = 37;
    uint64_t *w = words(k * n, 5);
    const ring_kernels *t;
    for (size_t i = 0; (t = ring_kernels_nth(i)) != NULL; i++) {
        for (unsigned bits = 1; bits <= RING_MAX_BITS; bits++) {
            const size_t limbs = (bits + 7) / 8, steps = 2, bytes = limbs * 128 * 48;
            size_t said;
            assert_true(ring_right_bytes(&said, k, n, bits));
            assert_int_equal(said, bytes);
            uint8_t *got = mem_new(bytes, 1);
            memset(got, CANARY, bytes);
            /* by rows and by columns alike */
            ring_right_pack(t, got, w, k, n, bits % 2 ? n : 1, bits % 2 ? 1 : k, bits);
            for (size_t r = 0; r < 128; r++) {
                for (size_t j = 0; j < 48; j++) {
                    const uint64_t word = r >= k || j >= n ? 0
                                          : bits % 2       ? w[r * n + j]
                                                           : w[j * k + r];
                    for (size_t l = 0; l < limbs; l++) {
                        const size_t at = ((j / 16 * steps + r / 64) * limbs + l) * 1024 +
                                          r % 64 / 4 * 64 + j % 16 * 4 + r % 4;
                        assert_int_equal(got[at], (word & ring_mask(bits)) >> 8 * l & 255);
                    }
                }
            }
            mem_free(got);
        }
    }
    mem_free(w);
}

static void test_sizes_that_do_not_fit(void **state)
{
    (void)state;
    size_t bytes;
    assert_false(ring_right_bytes(&bytes, SIZE_MAX / 2, 100, 64));
    assert_false(ring_right_bytes(&bytes, 100, SIZE_MAX, 8));
    assert_true(ring_right_bytes(&bytes, 0, 100, 64));
    assert_int_equal(bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_width),
        cmocka_unit_test(test_odd_shapes),
        cmocka_unit_test(test_larger_shapes),
        cmocka_unit_test(test_deep_sums_of_ones),
        cmocka_unit_test(test_empty_products),
        cmocka_unit_test(test_every_number_of_threads),
        cmocka_unit_test(test_small_ring_exhaustively),
        cmocka_unit_test(test_packed_form),
        cmocka_unit_test(test_sizes_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
