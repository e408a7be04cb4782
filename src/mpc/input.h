/** An owner's input as shares.
 *
 * Either its embedded tokens, rows of dim words with MPC_FRAC fraction bits: each row minus its
 * mean and divided by its standard deviation. Or, where nobody is to know the tables of embeddings,
 * rows of ones and zeros: a one in the columns of its word, its position and its type
 * (docs/design/mpc-embedding.md).
 */
#ifndef TACIT_MPC_INPUT_H
#define TACIT_MPC_INPUT_H

#include "base/cpu.h"
#include "mpc/plan.h"
#include "nn/engine.h"
#include "ring/ring.h"
#include "ring/stream.h"

/** Of oblivious inputs, at most so many tokens in one inference. */
enum { MPC_OBLIVIOUS_ROWS = 4096 };

typedef struct {
    bool oblivious;
    unsigned bits;  /* of a word */
    size_t columns; /* of a row */
} mpc_input_form;

mpc_input_form mpc_input_form_of(const model *m, bool oblivious, unsigned bits);

/** Of a plan's inputs. */
mpc_input_form mpc_input_form_for(const mpc_plan *p, const model *m);

/** Server 1's share of that many rows; each row begins at a whole byte. */
size_t mpc_input_bytes(const mpc_input_form *f, size_t rows);

/** The owner's step: server 0's share is what the seed gives, server 1's goes to `second`.
 * x->x, or of oblivious inputs x->ids and the rest, as nn_check_tokens has found them. */
status mpc_input_share(uint8_t *second, const uint8_t seed[PRG_SEED_BYTES], const mpc_input_form *f,
                       const model *m, const embedded *x, isa level, error *err) MUST_USE;

/** A server's own share, row by row from the first on. */
typedef struct {
    mpc_input_form form;
    const ring_kernels *ring;
    ring_stream *stream; /* of server 0 */
    const uint8_t *next; /* of server 1 */
} mpc_input_reader;

/** from: the seed, or the packed share; it stays the caller's. */
status mpc_input_begin(mpc_input_reader *r, const mpc_input_form *f, unsigned server,
                       const uint8_t *from, const ring_kernels *ring, error *err) MUST_USE;
void mpc_input_rows(mpc_input_reader *r, uint64_t *share, size_t rows);
void mpc_input_end(mpc_input_reader *r);

#endif
