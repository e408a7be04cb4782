/** Dense least squares by Householder's QR, with a ridge: minimise over x
 *
 *     sum over i of (sum over j of m_ij x_j - y_i)^2 + sum over j of (ridge_j x_j)^2
 *
 * One factorisation answers for the first n columns alone, for each n. The sums run in one written
 * order, so the same call gives the same bits everywhere. The columns of a Fourier series on a
 * part of its period are close to dependent (condition 10^12 and more), which is why this is not
 * done by normal equations: they would square that.
 */
#ifndef TACIT_MPC_LEAST_SQUARES_H
#define TACIT_MPC_LEAST_SQUARES_H

#include <stddef.h>

typedef struct {
    size_t rows, cols;
    double *m; /* (rows + cols) × (cols + 1) by columns; y is the last, the ridge lies below */
} least_squares;

/** All zero. Returns 0, or -1 where memory is lacking. */
int least_squares_init(least_squares *l, size_t rows, size_t cols);
void least_squares_clear(least_squares *l);

/** The `rows` entries of column j, y for j = cols. */
double *least_squares_column(const least_squares *l, size_t j);
void least_squares_ridge(least_squares *l, size_t j, double ridge);

/** Overwrites the columns; once. 2 rows cols^2 operations of multiply and add. */
void least_squares_factor(least_squares *l);

/** x of the problem that has the first n columns only. */
void least_squares_solve(const least_squares *l, double *x, size_t n);

#endif
