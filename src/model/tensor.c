#include "model/tensor.h"

#include <string.h>

#include "base/status.h"

const char *dtype_name(dtype t)
{
    static const char *const names[] = {"F32", "F16", "BF16"};
    return names[t];
}

size_t dtype_bytes(dtype t)
{
    return t == DTYPE_F32 ? 4 : 2;
}

static float from_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static float from_f16(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000) << 16;
    const uint32_t exponent = (h >> 10) & 0x1f, mantissa = h & 0x3ff;
    if (exponent == 0x1f) { /* infinity and NaN */
        return from_bits(sign | 0x7f800000u | mantissa << 13);
    }
    if (exponent == 0) { /* zero and denormals: mantissa · 2^-24, exact in fp32 */
        const float x = (float)mantissa * 0x1p-24f;
        return sign ? -x : x;
    }
    return from_bits(sign | (exponent + 112) << 23 | mantissa << 13);
}

void tensor_read(float *out, const tensor *t, size_t first, size_t count)
{
    VERIFY(first <= t->count && count <= t->count - first);
    const uint8_t *at = (const uint8_t *)t->data + first * dtype_bytes(t->type);
    if (t->type == DTYPE_F32) {
        memcpy(out, at, count * sizeof *out);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint16_t h;
        memcpy(&h, at + 2 * i, sizeof h);
        out[i] = t->type == DTYPE_BF16 ? from_bits((uint32_t)h << 16) : from_f16(h);
    }
}

/* Whether all exponent bits are set in any of n elements. */
static uint32_t any_special_32(const uint8_t *at, size_t n)
{
    uint32_t any = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, at + 4 * i, sizeof bits);
        any |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return any;
}

static uint16_t any_special_16(const uint8_t *at, size_t n, uint16_t exponent)
{
    uint16_t any = 0;
    for (size_t i = 0; i < n; i++) {
        uint16_t bits;
        memcpy(&bits, at + 2 * i, sizeof bits);
        any |= (bits & exponent) == exponent;
    }
    return any;
}

static bool any_special(const tensor *t, size_t first, size_t n)
{
    const uint8_t *at = (const uint8_t *)t->data + first * dtype_bytes(t->type);
    switch (t->type) {
    case DTYPE_F16:
        return any_special_16(at, n, 0x7c00);
    case DTYPE_BF16:
        return any_special_16(at, n, 0x7f80);
    case DTYPE_F32:
        break;
    }
    return any_special_32(at, n);
}

bool tensor_finite(const tensor *t, size_t *bad)
{
    enum { PIECE = 4096 };
    for (size_t first = 0; first < t->count; first += PIECE) {
        const size_t n = t->count - first < PIECE ? t->count - first : PIECE;
        if (!any_special(t, first, n)) {
            continue;
        }
        *bad = first;
        while (!any_special(t, *bad, 1)) {
            ++*bad;
        }
        return false;
    }
    return true;
}
