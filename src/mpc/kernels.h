/** Loops over elements, as a table for each instruction set; all give the same words. */
#ifndef TACIT_MPC_KERNELS_H
#define TACIT_MPC_KERNELS_H

#include "base/cpu.h"
#include "mpc/lookup.h"
#include "mpc/wire.h"

/** All words are reduced with `m`, a mask of low bits. */
typedef struct {
    /* y = share + mask + c */
    void (*mask)(uint64_t *y, const uint64_t *share, const uint64_t *mask, size_t n, uint64_t c,
                 uint64_t m);
    void (*add)(uint64_t *y, const uint64_t *a, const uint64_t *b, size_t n, uint64_t m);
    /* y -= b, not reduced */
    void (*subtract)(uint64_t *y, const uint64_t *b, size_t n);
    /* y = a∘b for rows of `columns` of a and one b each, not reduced */
    void (*multiply_rows)(uint64_t *y, const uint64_t *a, const uint64_t *b, size_t rows,
                          size_t columns);
    /* y += b << shift */
    void (*add_shifted)(uint64_t *y, const uint64_t *b, size_t n, unsigned shift, uint64_t m);
    /* y = (y + c) mod m, then >> t */
    void (*truncate)(uint64_t *y, size_t n, uint64_t c, unsigned t, uint64_t m);
    void (*add_public)(uint64_t *y, size_t n, uint64_t c, uint64_t m);
    void (*multiply_public)(uint64_t *y, size_t n, uint64_t c, uint64_t m);
    /* y = bias of the column - y */
    void (*subtract_from_row)(uint64_t *y, const uint64_t *bias, size_t rows, size_t columns,
                              uint64_t m);
    /* y (op)= a∘w by columns; op as ring_op */
    void (*columns)(uint64_t *y, const uint64_t *a, const uint64_t *w, size_t rows, size_t columns,
                    int op, uint64_t m);
    /* y = masked (or 0 where it is NULL) - mask */
    void (*masked_minus)(uint64_t *y, const uint64_t *masked, const uint64_t *mask, size_t n);
    void (*clear)(uint64_t *y, size_t n);
    void (*row_sums)(uint64_t *y, const uint64_t *x, size_t rows, size_t columns, uint64_t m);
    void (*centre)(uint64_t *x, size_t rows, size_t columns, uint64_t m);
    void (*square)(uint64_t *y, const wire *x, const uint64_t *squares, const uint64_t *tops,
                   unsigned server, uint64_t m);
    void (*grow)(uint64_t *y, const wire *x, unsigned server, uint64_t m);
    void (*product)(uint64_t *y, const wire *x, const wire *f, uint64_t *const pair[4],
                    unsigned server, uint64_t m);

    /* The unit circle at up to LOOKUP_BLOCK angles of 2π·words[i]/2^p: c and s hold the first turn
     * and, in now, the k-th; step goes one turn on. */
    void (*turn)(double *c, double *s, const uint64_t *words, size_t n, unsigned p);
    void (*step)(double *c, double *s, const double *c1, const double *s1, size_t n);
    /* The dealer's words: c and s with `frac` fraction bits. */
    void (*round_pair)(uint64_t *x, uint64_t *y, const double *c, const double *s, size_t n,
                       unsigned frac);
    /* y += (P·wc + Q·ws) << shift, P and Q from the coefficients of a term with `frac` fraction
     * bits; gain NULL or a factor each */
    void (*term)(uint64_t *y, const double *c, const double *s, const uint64_t *wc,
                 const uint64_t *ws, double a, double b, const double *gain, size_t n,
                 unsigned frac, unsigned shift);

    /* All terms of a block of n words of a look-up: y = their sum, reduced. NULL, or false where
     * the block is not of a kind that it does: then the functions above do it. */
    bool (*lookup_block)(uint64_t *y, const uint64_t *angles, const uint8_t *words, size_t n,
                         const lookup *t, const double *gain);
} mpc_kernels;

/** The table for an instruction set. */
const mpc_kernels *mpc_kernels_for(isa i);

#endif
