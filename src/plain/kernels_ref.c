#include <string.h>

#include "plain/forms.h"
#include "plain/kernels.h"

/* One row times one panel. */
static void row_panel(float *y, const float *x, const float *w, const float *bias, size_t k,
                      size_t columns)
{
    float acc[PANEL] = {0};
    if (bias) {
        memcpy(acc, bias, columns * sizeof *bias);
    }
    for (size_t i = 0; i < k; i++) {
        for (size_t j = 0; j < PANEL; j++) {
            acc[j] += x[i] * w[i * PANEL + j];
        }
    }
    memcpy(y, acc, columns * sizeof *y);
}

static void gemm(float *y, size_t ldy, const float *x, size_t ldx, const float *w,
                 const float *bias, size_t m, size_t k, size_t n)
{
    for (size_t j = 0; j < n; j += PANEL) {
        const size_t columns = n - j < PANEL ? n - j : PANEL;
        for (size_t i = 0; i < m; i++) {
            row_panel(y + i * ldy + j, x + i * ldx, w + j * k, bias ? bias + j : NULL, k, columns);
        }
    }
}

static void pack_rows(float *out, const float *x, size_t ldx, float scale, size_t k, size_t n)
{
    for (size_t j = 0; j < n; j += PANEL) {
        const size_t columns = n - j < PANEL ? n - j : PANEL;
        for (size_t i = 0; i < k; i++) {
            float *to = out + j * k + i * PANEL;
            for (size_t c = 0; c < columns; c++) {
                to[c] = scale * x[(j + c) * ldx + i];
            }
            memset(to + columns, 0, (PANEL - columns) * sizeof *to);
        }
    }
}

static void pack_columns(float *out, const float *x, size_t ldx, size_t k, size_t n)
{
    for (size_t j = 0; j < n; j += PANEL) {
        const size_t columns = n - j < PANEL ? n - j : PANEL;
        for (size_t i = 0; i < k; i++) {
            float *to = out + j * k + i * PANEL;
            memcpy(to, x + i * ldx + j, columns * sizeof *to);
            memset(to + columns, 0, (PANEL - columns) * sizeof *to);
        }
    }
}

static void to_bf16(uint16_t *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        if ((bits & 0x7fffffffu) > 0x7f800000u) {
            y[i] = (uint16_t)(bits >> 16 | 0x40); /* a NaN stays one */
        } else {
            y[i] = (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
        }
    }
}

void plain_kernels_ref(plain_kernels *t)
{
    *t = (plain_kernels){
        .isa = "ref",
        .gemm = gemm,
        .pack_rows = pack_rows,
        .pack_columns = pack_columns,
        .weights = forms_weights,
        .activate = forms_activate,
        .normalise = forms_normalise,
        .to_bf16 = to_bf16,
    };
}
