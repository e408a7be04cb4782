/** Gates: what can be done with wires, each the same call on all four walks (party.h).
 *
 * Source: docs/design/mpc.md. Widths are in bits. A gate that "opens nothing" costs no round. Where
 * a cost is given in words, each is `bits` bits from the dealer to server 1; server 0 draws its
 * own from a seed. Wires that go in stay the caller's.
 */
#ifndef TACIT_MPC_GATES_H
#define TACIT_MPC_GATES_H

#include "mpc/lookup.h"
#include "mpc/party.h"
#include "mpc/weight.h"
#include "nn/engine.h"

/* ---- One round */

/** How a wire is opened. */
typedef struct {
    wire *x;
    unsigned width; /* <= x->bits */
    /** 0, or the ring into which it grows, > width: then |x| < 2^(width - 2) must hold. Costs a
     * word of `grow` bits and one of grow - width. */
    unsigned grow;
} opening;

enum { MPC_MAX_OPENINGS = 4 };

/** Open wires in one round: ceil(n * width / 8) bytes each way and wire. */
status mpc_open(mpc *p, const opening *o, size_t n) MUST_USE;

/* ---- Products; they open nothing */

/** y = x·W + bias mod 2^W.bits, x opened at W.bits or more; rows × W.out. Costs n words of W.bits.
 * One product by matrix for each server beside the one that is prepared. */
status mpc_linear(mpc *p, wire **y, const wire *x, const mpc_weight *w) MUST_USE;

/** y = x∘g + bias by columns, for a vector W of one row. */
status mpc_scale(mpc *p, wire **y, const wire *x, const mpc_weight *w) MUST_USE;

/** Where heads of a packed batch are: a token is a row of heads * dim. */
typedef struct {
    const sequences *seqs;
    size_t heads, dim;
} mpc_heads;

size_t mpc_scores_count(const mpc_heads *h); /* of scores: heads * len² of each sequence */
size_t mpc_queries_count(const mpc_heads *h);

/** s = q·kᵀ by sequence and head: len × len each, one behind the other. q and k opened. */
status mpc_scores(mpc *p, wire **s, const wire *q, const wire *k, const mpc_heads *h,
                  unsigned bits) MUST_USE;

/** c = w·v by sequence and head: len × dim each, one behind the other. */
status mpc_weigh(mpc *p, wire **c, const wire *w, const wire *v, const mpc_heads *h,
                 unsigned bits) MUST_USE;

/** y = x², x grown. Words of `bits` and bits - width - 1. bits <= x->grown. */
status mpc_square(mpc *p, wire **y, const wire *x, unsigned bits) MUST_USE;

/** y[i][j] = x[i][j] * f[i] for grown x (rows × columns) and f (rows), mod 2^bits. Four words,
 * together about 2.6 * bits. */
status mpc_product(mpc *p, wire **y, const wire *x, const wire *f, unsigned bits) MUST_USE;

/** z = x·y² by element, both grown: for the few numbers of rows. Ten words of `bits`. */
status mpc_product_square(mpc *p, wire **z, const wire *x, const wire *y, unsigned bits) MUST_USE;

/** y = x in the ring into which x has grown. */
status mpc_grow(mpc *p, wire **y, const wire *x) MUST_USE;

/** y = F(x) for a bounded function of one variable; x opened at t->width. gain: NULL, or a public
 * factor of each element. Words: t->words bits an element. */
status mpc_lookup(mpc *p, wire **y, const wire *x, const lookup *t, const double *gain) MUST_USE;

/* ---- Comparisons; two rounds, of which one opens x */

/** Of words -2^(top-1) <= x < 2^(top-1), by their bits from `low` up: an x of less than 2^low below
 * 0 may be taken for one that is not negative. top - low <= 30. */
typedef struct {
    unsigned width; /* at which x is opened, >= top; the results' ring */
    unsigned top, low;
    unsigned sign_bits; /* the ring of `negative`, where it alone is wanted; 0: width */
} comparison;

/** negative = [x < 0] and positive = max(x, 0), each NULL where it is not wanted. x is not
 * yet open, or is at `width`, which saves a round. Opens `width` bits and 1 to 7 bits more. Words:
 * docs/design/mpc-compare.md, Eq. (6). */
status mpc_compare(mpc *p, wire **negative, wire **positive, wire *x, const comparison *c) MUST_USE;

/* ---- Local, on shares alone; in place where they give nothing back */

/** Drop the lowest t bits: of ring and fraction. Off by less than one unit, 0 on average. */
void mpc_truncate(mpc *p, wire *x, unsigned t);
/** Keep the lowest `bits` of the ring. */
void mpc_narrow(mpc *p, wire *x, unsigned bits);
/** x += c * 2^-frac for a public c. */
void mpc_add_public(mpc *p, wire *x, uint64_t c);
/** x *= c for a public integer; `frac` of it are fraction bits. */
void mpc_multiply_public(mpc *p, wire *x, uint64_t c, unsigned frac);
/** y = x, of its own, not opened. */
status mpc_copy(mpc *p, wire **y, const wire *x) MUST_USE;
/** y[i] = sum of row i of x. */
status mpc_row_sums(mpc *p, wire **y, const wire *x, size_t rows) MUST_USE;
/** Row i *= c[i], public integers with `frac` fraction bits. */
void mpc_multiply_rows(mpc *p, wire *x, const uint64_t *c, size_t rows, unsigned frac);
/** Drop drop[i] bits of row i, which had that many more fraction bits than `frac`, then keep
 * `bits`. */
void mpc_settle_rows(mpc *p, wire *x, const uint8_t *drop, size_t rows, unsigned frac,
                     unsigned bits);
/** x[i][j] = columns * x[i][j] - sum of row i. */
void mpc_centre_rows(mpc *p, wire *x, size_t rows);
/** x += y * 2^shift; x's ring becomes the smaller of both. */
void mpc_add_shifted(mpc *p, wire *x, const wire *y, unsigned shift);
/** y = rows of x that lie by sequence and head, as rows of tokens. */
status mpc_join_heads(mpc *p, wire **y, const wire *x, const mpc_heads *h) MUST_USE;
/** y = the first row of each sequence, or its mean (then fraction bits are kept, and a division by
 * a public number of 16 bits costs 16 bits of the ring). */
status mpc_pool_rows(mpc *p, wire **y, const wire *x, const sequences *s, size_t columns,
                     pooling how) MUST_USE;

/* ---- For the files gate_*.c */

/** The walk's next gate begins: its number names its streams. */
void mpc_gate(mpc *p);

/** The gate's stream of a kind: masks of a server, and server 0's shares of dealt words. NULL with
 * the reason in p->err. */
prg *mpc_mask_stream(const mpc *p, unsigned root);
prg *mpc_deal_stream(const mpc *p);

/** n dealt words of that many bits: the dealer deals v, the evaluating walk of a server has its
 * shares in out, and on the way there they wait in the queue. Counted on every walk. */
status mpc_word_gate(mpc *p, const uint64_t *v, uint64_t *out, size_t n, unsigned bits) MUST_USE;

/** Its parts, for gates that fill words as they go: deal n more from a gate's stream; a server's
 * share of n words, packed. */
status mpc_deal_from(mpc *p, prg *first, const uint64_t *v, size_t n, unsigned bits) MUST_USE;
status mpc_dealt_take(mpc *p, uint8_t *out, size_t n, unsigned bits) MUST_USE;

/** So many bytes are dealt in one piece: what every walk counts. */
void mpc_count_dealt(mpc *p, size_t bytes);

/** MPC_EVALUATE: what was prepared for the gate at hand, waited for. */
status mpc_take(mpc *p, void **block) MUST_USE;

/** Add the time since `begin` (mpc_now) to one of p->times. */
double mpc_now(void);
void mpc_spent(double *where, double begin);

/** n words of 64 bits each, shared by exclusive or, as mpc_word_gate for sums. */
status mpc_bit_gate(mpc *p, const uint64_t *v, uint64_t *out, size_t n) MUST_USE;
/** Masks for such words: a server's own, the dealer's the exclusive or of both. */
status mpc_bit_masks(mpc *p, uint64_t *out, size_t n) MUST_USE;
/** One round: x's words become what both have, by exclusive or. */
status mpc_open_bits(mpc *p, uint64_t *x, size_t n) MUST_USE;

/** ring_gemm with scratch from the walk's buffers. */
status mpc_gemm(mpc *p, ring_op op, uint64_t *c, size_t ldc, const uint64_t *a, size_t lda,
                size_t m, const ring_right *w) MUST_USE;

/** A server's next dealt bytes of the gate at hand: server 0 draws them, server 1 is sent them. */
status mpc_dealt_bytes(mpc *p, uint8_t *out, size_t bytes) MUST_USE;

#endif
