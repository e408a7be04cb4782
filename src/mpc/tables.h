/** The tables of embeddings as one matrix: rows of words, then of positions, then of types, whose
 * sum is what the first norm takes. docs/design/mpc-embedding.md */
#ifndef TACIT_MPC_TABLES_H
#define TACIT_MPC_TABLES_H

#include "mpc/plan.h"

/** The ring of the matrix, MPC_FRAC of it behind the point: that at which the norm's input opens.
 */
enum { MPC_TABLE_BITS = 22 };

/** Rows of words, positions and types. */
size_t mpc_table_rows(const model *m);

/** What sums of the tables' rows can be, m with its tables: of every word at every position and of
 * every type. Cost: words · positions · dim products, 12 · 10^9 of BERT-base. */
status mpc_tables_measure(mpc_table_range *out, const model *m, error *err) MUST_USE;

/** w[row * dim + j]: each row minus its mean, times the factor of the plan's first norm.
 * ERR_PRECISION where a number does not fit. */
status mpc_encode_tables(uint64_t *w, const model *m, const mpc_plan *p, error *err) MUST_USE;

#endif
