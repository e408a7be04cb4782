#include "mpc/least_squares.h"

#include <math.h>

#include "base/mem.h"

enum { LANES = 8 };

int least_squares_init(least_squares *l, size_t rows, size_t cols)
{
    *l = (least_squares){.rows = rows, .cols = cols};
    size_t height = 0, width = 0, n = 0;
    if (!mem_add(&height, rows, cols) || !mem_add(&width, cols, 1) || !mem_mul(&n, height, width)) {
        return -1;
    }
    l->m = mem_new(n, sizeof *l->m);
    return l->m ? 0 : -1;
}

void least_squares_clear(least_squares *l)
{
    mem_free(l->m);
    *l = (least_squares){0};
}

double *least_squares_column(const least_squares *l, size_t j)
{
    return l->m + j * (l->rows + l->cols);
}

void least_squares_ridge(least_squares *l, size_t j, double ridge)
{
    least_squares_column(l, j)[l->rows + j] = ridge;
}

/* Eight sums side by side: the compiler may use vectors and yet not change the order. */
static double dot(const double *x, const double *y, size_t n)
{
    double acc[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (size_t k = 0; k < LANES; k++) {
            acc[k] += x[i + k] * y[i + k];
        }
    }
    double s = 0;
    for (; i < n; i++) {
        s += x[i] * y[i];
    }
    for (size_t k = 0; k < LANES; k++) {
        s += acc[k];
    }
    return s;
}

static void subtract(double *restrict y, const double *restrict x, double a, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] -= a * x[i];
    }
}

/* Column j's ridge is the lowest entry that the reflections before it have touched, so each
 * reflection covers the rows + 1 entries from row j on. What is left of it, v with v_0 = 1 but for
 * scale, is not kept: y is reflected along with the columns. */
void least_squares_factor(least_squares *l)
{
    const size_t len = l->rows + 1;
    for (size_t j = 0; j < l->cols; j++) {
        double *v = least_squares_column(l, j) + j;
        const double square = dot(v, v, len);
        if (square == 0) {
            continue;
        }
        const double head = v[0] > 0 ? -sqrt(square) : sqrt(square);
        const double half = square - v[0] * head; /* |v|^2 / 2 once v[0] is v[0] - head */
        v[0] -= head;
        for (size_t k = j + 1; k <= l->cols; k++) {
            double *c = least_squares_column(l, k) + j;
            subtract(c, v, dot(v, c, len) / half, len);
        }
        v[0] = head;
    }
}

void least_squares_solve(const least_squares *l, double *x, size_t n)
{
    const double *y = least_squares_column(l, l->cols);
    for (size_t i = 0; i < n; i++) {
        x[i] = y[i];
    }
    for (size_t j = n; j-- > 0;) {
        const double *c = least_squares_column(l, j);
        x[j] = c[j] == 0 ? 0 : x[j] / c[j];
        for (size_t i = 0; i < j; i++) {
            x[i] -= x[j] * c[i];
        }
    }
}
