#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "plain/forms.h"
#include "plain/small_model.h"

/* Every table that this processor has, at odd sizes, against the formulas in double. */

enum { GAP = 3, CANARY = 12345 };

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

static float *random_floats(size_t n, uint64_t seed)
{
    float *x = mem_new(n ? n : 1, sizeof *x);
    for (size_t i = 0; i < n; i++) {
        x[i] = small_random(&seed);
    }
    return x;
}

/* Y is m × n; what is beside its columns must keep its value. */
static void check_product(const plain_kernels *t, const float *y, size_t ldy, const float *x,
                          size_t ldx, const float *w, const float *bias, size_t m, size_t k,
                          size_t n)
{
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            double sum = bias ? (double)bias[j] : 0, size = fabs(sum);
            for (size_t c = 0; c < k; c++) {
                const double part = (double)x[i * ldx + c] * (double)w[j * k + c];
                sum += part;
                size += fabs(part);
            }
            const double off = fabs((double)y[i * ldy + j] - sum);
            if (!(off <= (double)(k + 1) * 0x1p-23 * size)) {
                fail_msg("%s: %zux%zux%zu at %zu,%zu is off by %g", t->isa, m, k, n, i, j, off);
            }
        }
        for (size_t j = n; j < ldy; j++) {
            assert_true(y[i * ldy + j] == CANARY);
        }
    }
}

static float *canaries(size_t n)
{
    float *y = mem_new(n, sizeof *y);
    for (size_t i = 0; i < n; i++) {
        y[i] = CANARY;
    }
    return y;
}

/* Tiles of every height give the same bits as rows in place. */
static void check_gemm_tiles(const plain_kernels *t, const float *want, size_t ldy, const float *x,
                             size_t ldx, const float *w, const float *bias, size_t m, size_t k,
                             size_t n)
{
    float *tiles = mem_new(m * k, sizeof *tiles), *y = canaries(m * ldy);
    for (size_t height = 1; height <= t->tile_rows; height++) {
        for (size_t i = 0; i < m; i += height) {
            const size_t rows = m - i < height ? m - i : height;
            t->pack_tile(tiles + i * k, x + i * ldx, ldx, rows, k);
        }
        t->gemm_tiles(y, ldy, tiles, height, w, bias, m, k, n, height % 2 ? w : NULL);
        assert_memory_equal(y, want, m * ldy * sizeof *y);
    }
    mem_free(tiles);
    mem_free(y);
}

static void check_gemm(const plain_kernels *t, size_t m, size_t k, size_t n, bool with_bias)
{
    const size_t ldx = k + GAP, ldy = n + GAP;
    float *x = random_floats(m * ldx, m), *w = random_floats(n * k, k), *y = canaries(m * ldy);
    float *bias = with_bias ? random_floats(n, n) : NULL;
    float *packed = mem_new(round_up(n, PANEL) * k, sizeof *packed);
    t->pack_rows(packed, w, k, 1, k, n);
    t->gemm(y, ldy, x, ldx, packed, bias, m, k, n);
    check_product(t, y, ldy, x, ldx, w, bias, m, k, n);

    float *row = canaries(ldy); /* a row alone gives the same bits */
    for (size_t i = 0; i < m; i++) {
        t->gemm(row, ldy, x + i * ldx, ldx, packed, bias, 1, k, n);
        assert_memory_equal(row, y + i * ldy, ldy * sizeof *row);
    }
    if (t->gemm_tiles) {
        check_gemm_tiles(t, y, ldy, x, ldx, packed, bias, m, k, n);
    }
    mem_free(x);
    mem_free(w);
    mem_free(y);
    mem_free(bias);
    mem_free(packed);
    mem_free(row);
}

static void test_gemm(void **state)
{
    (void)state;
    static const size_t ms[] = {1, 2, 3, 5, 8, 13, 14, 15, 29, 43},
                        ks[] = {1, 3, 17, 64, 259, 1033}, ns[] = {1, 15, 16, 17, 32, 33, 97};
    for (isa level = ISA_REF; level <= cpu_best(); level++) {
        plain_kernels t;
        plain_kernels_pick(&t, level);
        for (size_t i = 0; i < sizeof ms / sizeof *ms; i++) {
            for (size_t j = 0; j < sizeof ks / sizeof *ks; j++) {
                for (size_t h = 0; h < sizeof ns / sizeof *ns; h++) {
                    check_gemm(&t, ms[i], ks[j], ns[h], (i + j + h) % 2);
                }
            }
        }
    }
}

/* Round as the kernels do, but for numbers that are ordinary. */
static float rounded(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits += 0x7fff + (bits >> 16 & 1);
    bits &= 0xffff0000u;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* W = wᵀ packed from its rows and from its columns must be what was packed by hand. */
static void check_pack_bf16(const plain_kernels *t, const uint16_t *want, const float *w, size_t k,
                            size_t n)
{
    const size_t size = round_up(n, PANEL) * round_up(k, BF16_DEPTH);
    uint16_t *got = mem_new(size, sizeof *got);
    float *turned = mem_new(k * n, sizeof *turned);
    memset(got, 0xee, size * sizeof *got);
    t->pack_rows_bf16(got, w, k, 1, k, n);
    assert_memory_equal(got, want, size * sizeof *got);
    for (size_t i = 0; i < k * n; i++) {
        turned[i % k * n + i / k] = w[i];
    }
    memset(got, 0xee, size * sizeof *got);
    t->pack_columns_bf16(got, turned, n, k, n);
    assert_memory_equal(got, want, size * sizeof *got);
    mem_free(got);
    mem_free(turned);
}

static void check_gemm_bf16(const plain_kernels *t, size_t m, size_t k, size_t n, bool with_bias)
{
    const size_t depth = round_up(k, BF16_DEPTH), rows = round_up(m, TILE_ROWS), ldy = n + GAP;
    float *x = random_floats(m * k, m), *w = random_floats(n * k, k), *y = canaries(m * ldy);
    float *bias = with_bias ? random_floats(n, n) : NULL, *row = canaries(ldy);
    uint16_t *tiles = mem_new(rows * depth, sizeof *tiles);
    uint16_t *packed = mem_new(round_up(n, PANEL) * depth, sizeof *packed);
    t->tiles_bf16(tiles, x, k, m, k);
    for (size_t j = 0; j < n; j++) {
        for (size_t c = 0; c < k; c++) {
            const size_t panel = j / PANEL * depth / 2 * PANEL;
            t->to_bf16(&packed[(panel + c / 2 * PANEL + j % PANEL) * 2 + c % 2], &w[j * k + c], 1);
        }
    }
    check_pack_bf16(t, packed, w, k, n);
    for (size_t i = 0; i < n * k; i++) {
        w[i] = rounded(w[i]);
    }
    t->gemm_bf16(y, ldy, tiles, packed, bias, m, depth, n, NULL);
    for (size_t i = 0; i < m; i++) { /* a row alone gives the same bits */
        t->tiles_bf16(tiles, x + i * k, k, 1, k);
        t->gemm_bf16(row, ldy, tiles, packed, bias, 1, depth, n, NULL);
        assert_memory_equal(row, y + i * ldy, ldy * sizeof *row);
    }
    for (size_t i = 0; i < m * k; i++) {
        x[i] = rounded(x[i]);
    }
    check_product(t, y, ldy, x, k, w, bias, m, k, n);
    mem_free(x);
    mem_free(w);
    mem_free(y);
    mem_free(bias);
    mem_free(row);
    mem_free(tiles);
    mem_free(packed);
}

static void test_gemm_bf16(void **state)
{
    (void)state;
    static const size_t ms[] = {1, 2, 15, 16, 17, 32, 33, 79}, ks[] = {1, 31, 32, 65, 256},
                        ns[] = {1, 15, 16, 17, 32, 33, 97};
    size_t tables = 0;
    for (isa level = ISA_REF; level <= cpu_best(); level++) {
        plain_kernels t;
        plain_kernels_pick(&t, level);
        for (size_t i = 0; t.gemm_bf16 && i < sizeof ms / sizeof *ms; i++) {
            for (size_t j = 0; j < sizeof ks / sizeof *ks; j++) {
                for (size_t h = 0; h < sizeof ns / sizeof *ns; h++) {
                    check_gemm_bf16(&t, ms[i], ks[j], ns[h], (i + j + h) % 2);
                }
            }
        }
        tables += t.gemm_bf16 != NULL;
    }
    if (tables == 0) {
        print_message("this processor has no table with a bf16 product\n");
        skip();
    }
}

static void test_packing_agrees_with_ref(void **state)
{
    (void)state;
    plain_kernels ref, t;
    plain_kernels_pick(&ref, ISA_REF);
    for (isa level = ISA_AVX2; level <= cpu_best(); level++) {
        plain_kernels_pick(&t, level);
        for (size_t k = 1; k < 70; k += 4) {
            for (size_t n = 1; n < 70; n += 3) {
                const size_t size = round_up(n, PANEL) * k;
                float *a = canaries(size), *b = canaries(size), *x = random_floats(n * (k + 2), n);
                ref.pack_rows(a, x, k + 2, 0.3f, k, n);
                t.pack_rows(b, x, k + 2, 0.3f, k, n);
                assert_memory_equal(a, b, size * sizeof *a);
                float *z = random_floats(k * (n + 1), k);
                ref.pack_columns(a, z, n + 1, k, n);
                t.pack_columns(b, z, n + 1, k, n);
                assert_memory_equal(a, b, size * sizeof *a);
                mem_free(a);
                mem_free(b);
                mem_free(x);
                mem_free(z);
            }
        }
    }
}

static void test_to_bf16_agrees_with_ref(void **state)
{
    (void)state;
    enum { N = 4099 };
    static float x[N];
    uint32_t bits[N];
    for (uint32_t i = 0; i < N; i++) { /* ties, denormals, infinities and NaNs among them */
        bits[i] = i % 3 == 0 ? i << 15 : i % 3 == 1 ? i * 0x9e3779b9u : 0x7f7f8000u + i * 17;
    }
    memcpy(x, bits, sizeof x);
    plain_kernels ref, t;
    plain_kernels_pick(&ref, ISA_REF);
    uint16_t want[N], got[N];
    ref.to_bf16(want, x, N);
    for (isa level = ISA_AVX2; level <= cpu_best(); level++) {
        plain_kernels_pick(&t, level);
        for (size_t n = 0; n < 70; n++) {
            memset(got, 0xee, sizeof got);
            t.to_bf16(got, x, n);
            assert_memory_equal(got, want, n * sizeof *got);
            assert_int_equal(got[n], 0xeeee);
        }
        t.to_bf16(got, x, N);
        assert_memory_equal(got, want, sizeof got);
    }
}

/* The bound of each activation, as kernels.h states it. */
static double activation_bound(activation_form form, double x)
{
    const double ulp = 0x1p-22;
    switch (form) {
    case ACTIVATION_TANH:
        return ulp * fabs(tanh(x));
    case ACTIVATION_QUAD:
        return ulp * (0.125 * x * x + 0.25 * fabs(x) + 0.5);
    case ACTIVATION_NONE:
    case ACTIVATION_RELU:
        return 0;
    default:
        return ulp * fabs(x) + 0x1p-126;
    }
}

static void check_activation(const plain_kernels *t, activation_form form, double lo, double hi)
{
    enum { N = 100003 };
    static float x[N], y[N];
    const activation f = {.form = form};
    for (size_t i = 0; i < N; i++) {
        x[i] = (float)(lo + (hi - lo) * (double)i / N);
    }
    t->activate(y, x, N, &f);
    for (size_t i = 0; i < N; i++) {
        const double want = forms_point(form, NULL, (double)x[i]);
        const double off = fabs((double)y[i] - want);
        if (!(off <= activation_bound(form, (double)x[i]))) {
            fail_msg("%s: form %d of %.9g is %.9g, should be %.9g", t->isa, form, (double)x[i],
                     (double)y[i], want);
        }
    }
}

static void test_activations(void **state)
{
    (void)state;
    for (isa level = ISA_AVX2; level <= cpu_best(); level++) {
        plain_kernels t;
        plain_kernels_pick(&t, level);
        for (int f = ACTIVATION_NONE; f <= ACTIVATION_QUAD; f++) {
            check_activation(&t, (activation_form)f, -1, 1);
            check_activation(&t, (activation_form)f, -1e-5, 1e-5);
            check_activation(&t, (activation_form)f, -20, 20);
            check_activation(&t, (activation_form)f, -1e6, 1e6);
        }
    }
}

static void test_activations_at_the_ends(void **state)
{
    (void)state;
    const float x[] = {INFINITY, 3e38f, NAN, -3e38f};
    for (isa level = ISA_REF; level <= cpu_best(); level++) {
        plain_kernels t;
        plain_kernels_pick(&t, level);
        for (int i = ACTIVATION_GELU; i <= ACTIVATION_RELU; i++) {
            const activation f = {.form = (activation_form)i};
            float y[4];
            t.activate(y, x, 4, &f);
            assert_true(y[0] == INFINITY && y[1] == 3e38f && isnan(y[2]));
            assert_true(fabsf(y[3]) < 1e-40f);
        }
    }
}

static void test_exp(void **state)
{
    (void)state;
    enum { N = 4001 };
    const attention a = {.form = ATTENTION_SOFTMAX_FREEDIV, .length_power = 0};
    for (isa level = ISA_AVX2; level <= cpu_best(); level++) {
        plain_kernels t;
        plain_kernels_pick(&t, level);
        for (int part = -87; part < 88; part++) {
            float x[N], y[N];
            for (int i = 0; i < N; i++) {
                y[i] = x[i] = (float)(part + (double)i / N);
            }
            t.weights(y, N, &a, 0);
            for (int i = 0; i < N; i++) {
                const double want = exp((double)x[i]);
                assert_true(fabs((double)y[i] - want) <= 0x1p-22 * want);
            }
        }
        float ends[] = {-103, -105, -INFINITY, 89, INFINITY, NAN};
        t.weights(ends, 6, &a, 0);
        assert_true(ends[0] == 0x1p-149f && ends[1] == 0 && ends[2] == 0);
        assert_true(ends[3] == INFINITY && ends[4] == INFINITY && isnan(ends[5]));
    }
}

static void test_polynomial(void **state)
{
    (void)state;
    const float coef[] = {0.5f, -1, 0.25f, 2, 0, -0.125f, 0.0625f};
    const activation f = {.form = ACTIVATION_POLYNOMIAL,
                          .poly = {.lo = -6, .hi = 9, .degree = 6, .coef = coef}};
    for (isa level = ISA_REF; level <= cpu_best(); level++) {
        plain_kernels t;
        plain_kernels_pick(&t, level);
        float x[151], y[151];
        for (int i = 0; i < 151; i++) {
            x[i] = -6 + 0.1f * (float)i;
        }
        t.activate(y, x, 151, &f);
        for (int i = 0; i < 151; i++) { /* T_k(t) = cos(k arccos t) */
            const double at = (2 * (double)x[i] - 3) / 15;
            double want = 0;
            for (int k = 0; k <= 6; k++) {
                want += (double)coef[k] * cos(k * acos(at < -1 ? -1 : at > 1 ? 1 : at));
            }
            assert_true(fabs((double)y[i] - want) < 4e-5);
        }
    }
}

/* Weights times factor, and the sum, against ref. */
static void check_weights(const plain_kernels *t, const attention *a, size_t n, float size)
{
    float *want = random_floats(n, n), *got = random_floats(n, n);
    for (size_t i = 0; i < n; i++) {
        want[i] *= size;
        got[i] *= size;
    }
    const row_weights w = forms_weights(want, n, a, 1), g = t->weights(got, n, a, 1);
    const double bound = 4e-6;
    assert_true(fabs((double)(g.sum - w.sum)) <= bound * fabs((double)w.sum));
    for (size_t i = 0; i < n; i++) {
        const double p = (double)want[i] * (double)w.factor, q = (double)got[i] * (double)g.factor;
        if (!(fabs(p - q) <= bound * fabs(p))) {
            fail_msg("%s: form %d, %zu keys: weight %zu is %.9g, should be %.9g", t->isa, a->form,
                     n, i, q, p);
        }
    }
    mem_free(want);
    mem_free(got);
}

static void test_weights(void **state)
{
    (void)state;
    const float shift[] = {0, 1.5f}, kappa[] = {1, 3};
    const float one[] = {0.5f, 0.25f}, two[] = {0.1f, 0.2f, 0.3f, 0.4f}, out[] = {0.7f, 0.01f};
    const reciprocal_net net = {
        .width = 2, .w1 = one, .b1 = one, .w2 = two, .b2 = one, .w3 = out, .b3 = one};
    const float coef[] = {2, 1, 0.5f};
    attention a = {.c = 5,
                   .length_power = 0.75f,
                   .shift = shift,
                   .kappa = kappa,
                   .thex = net,
                   .sigma = ACTIVATION_POLYNOMIAL,
                   .power = 4};
    a.sigma_poly = (polynomial){.lo = -4, .hi = 4, .degree = 2, .coef = coef};
    for (isa level = ISA_AVX2; level <= cpu_best(); level++) {
        plain_kernels t;
        plain_kernels_pick(&t, level);
        for (size_t n = 1; n < 140; n = n * 5 / 4 + 1) {
            for (int form = ATTENTION_SOFTMAX; form <= ATTENTION_POWER; form++) {
                a.form = (attention_form)form;
                check_weights(&t, &a, n, 3);
            }
            a.form = ATTENTION_THEX;
            a.thex_literal = true;
            check_weights(&t, &a, n, 3);
            a.thex_literal = false;
            a.form = ATTENTION_SOFTMAX;
            check_weights(&t, &a, n, 40);
        }
    }
}

static void check_norm(const plain_kernels *t, norm_form form, size_t dim)
{
    float *x = random_floats(dim, 1), *residual = random_floats(dim, 2);
    float *gamma = random_floats(dim, 3), *beta = random_floats(dim, 4);
    float *want = mem_new(dim, sizeof *want), *got = mem_new(dim + 1, sizeof *got);
    const float coef[] = {2, -1, 0.5f};
    const norm f = {.form = form,
                    .dim = dim,
                    .eps = 1e-5f,
                    .gamma = gamma,
                    .beta = form == NORM_RMSNORM ? NULL : beta,
                    .poly = {.lo = 0, .hi = 2, .degree = 2, .coef = coef}};
    for (int with = 0; with < 2; with++) {
        for (size_t i = 0; i < dim; i++) {
            x[i] += 0.5f;
        }
        forms_normalise(want, x, with ? residual : NULL, &f);
        got[dim] = CANARY;
        t->normalise(got, x, with ? residual : NULL, &f);
        assert_true(got[dim] == CANARY);
        memcpy(got, x, dim * sizeof *got);
        t->normalise(got, got, with ? residual : NULL, &f); /* in place */
        for (size_t i = 0; i < dim; i++) {
            /* a row of one element is all cancellation: its variance is 0, eps alone divides */
            const double bound = dim == 1 ? 1e-4 : 2e-6;
            assert_true(fabs((double)(got[i] - want[i])) <= bound * (2 + fabs((double)want[i])));
        }
    }
    mem_free(x);
    mem_free(residual);
    mem_free(gamma);
    mem_free(beta);
    mem_free(want);
    mem_free(got);
}

static void test_norms(void **state)
{
    (void)state;
    for (isa level = ISA_AVX2; level <= cpu_best(); level++) {
        plain_kernels t;
        plain_kernels_pick(&t, level);
        for (int form = NORM_LAYERNORM; form <= NORM_LAYERNORM_POLYNOMIAL; form++) {
            for (size_t dim = 1; dim < 800; dim = dim * 4 / 3 + 1) {
                check_norm(&t, (norm_form)form, dim);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gemm),
        cmocka_unit_test(test_gemm_bf16),
        cmocka_unit_test(test_packing_agrees_with_ref),
        cmocka_unit_test(test_to_bf16_agrees_with_ref),
        cmocka_unit_test(test_activations),
        cmocka_unit_test(test_activations_at_the_ends),
        cmocka_unit_test(test_exp),
        cmocka_unit_test(test_polynomial),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_norms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
