/* Numbers of a file as floats: every half there is, at every alignment. */
#include "test.h"

#include <math.h>

#include "model/tensor.h"

static uint8_t bytes[2 * 65536 + 1];

/* Every 16-bit pattern once, in order. */
static tensor all_halves(dtype type, size_t shift)
{
    for (size_t i = 0; i < 65536; i++) {
        bytes[shift + 2 * i] = (uint8_t)i;
        bytes[shift + 2 * i + 1] = (uint8_t)(i >> 8);
    }
    return (tensor){
        .type = type, .rank = 1, .shape = {65536}, .count = 65536, .data = bytes + shift};
}

static float want_f16(unsigned h)
{
    const int exponent = h >> 10 & 31, mantissa = h & 1023;
    const float magnitude = exponent == 31  ? (mantissa ? NAN : INFINITY)
                            : exponent == 0 ? ldexpf((float)mantissa, -24)
                                            : ldexpf((float)(1024 + mantissa), exponent - 25);
    return h & 0x8000 ? -magnitude : magnitude;
}

static void check(float got, float want, unsigned h)
{
    if (isnan(want) ? !isnan(got) : memcmp(&got, &want, sizeof got) != 0) {
        fail_msg("%04x is %a, must be %a", h, (double)got, (double)want);
    }
}

static void test_every_half(void **state)
{
    (void)state;
    static float got[65536];
    for (size_t shift = 0; shift < 2; shift++) {
        tensor t = all_halves(DTYPE_F16, shift);
        tensor_read(got, &t, 0, t.count);
        for (unsigned h = 0; h < 65536; h++) {
            check(got[h], want_f16(h), h);
        }
        t.type = DTYPE_BF16;
        tensor_read(got, &t, 0, t.count);
        for (unsigned h = 0; h < 65536; h++) {
            const uint32_t bits = h << 16;
            float want;
            memcpy(&want, &bits, sizeof want);
            check(got[h], want, h);
        }
    }
}

static void test_finite_is_what_isfinite_says(void **state)
{
    (void)state;
    for (int type = DTYPE_F16; type <= DTYPE_BF16; type++) {
        const tensor all = all_halves((dtype)type, 1);
        for (size_t i = 0; i < 65536; i++) {
            tensor one = all;
            float x;
            size_t bad = 1;
            one.count = 1;
            one.data = (const uint8_t *)all.data + 2 * i;
            tensor_read(&x, &all, i, 1);
            assert_int_equal(tensor_finite(&one, &bad), isfinite(x) != 0);
            assert_int_equal(bad, isfinite(x) ? 1 : 0);
        }
    }
}

static void test_parts_of_a_tensor(void **state)
{
    (void)state;
    const float x[5] = {1, -2, 3.5f, 0, -0.0f};
    memcpy(bytes + 3, x, sizeof x);
    const tensor t = {.type = DTYPE_F32, .rank = 1, .shape = {5}, .count = 5, .data = bytes + 3};
    float got[5] = {9, 9, 9, 9, 9};
    tensor_read(got, &t, 1, 3);
    assert_memory_equal(got, x + 1, 3 * sizeof *x);
    assert_true(got[3] == 9);
    tensor_read(got, &t, 5, 0);
    assert_string_equal(dtype_name(DTYPE_BF16), "BF16");
    assert_int_equal(dtype_bytes(DTYPE_F32) + dtype_bytes(DTYPE_F16) + dtype_bytes(DTYPE_BF16), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_half),
        cmocka_unit_test(test_finite_is_what_isfinite_says),
        cmocka_unit_test(test_parts_of_a_tensor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
