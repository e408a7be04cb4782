/** Which inferences of dealt material are used up, kept so that none is ever used twice.
 *
 * Source: docs/formats/mpc-material.md. For each kind of inference the journal holds the number of
 * the next one and the state of a chain, from which that one's root comes by a one-way function and
 * then the next state. Burning writes number and state past an inference, and syncs, before its
 * root is given out; then the state before it is erased. So a crash at any moment loses an
 * inference at most, and who takes the file later finds roots of none that was used.
 *
 * One thread at a time.
 */
#ifndef TACIT_PARTY_MPC_JOURNAL_H
#define TACIT_PARTY_MPC_JOURNAL_H

#include "base/hash.h"
#include "base/status.h"

enum { MPC_ROOT_BYTES = 32, MPC_STATE_BYTES = 32, MPC_JOURNAL_KINDS = 4096 };

/** What the journal is written to: a file, or what a test makes of one. A write may be lost or torn
 * until the next sync has come back. */
typedef struct {
    status (*read)(void *ctx, uint64_t at, void *out, size_t n, error *err);
    status (*write)(void *ctx, uint64_t at, const void *data, size_t n, error *err);
    status (*sync)(void *ctx, error *err);
    void *ctx;
} mpc_disk;

typedef struct mpc_journal mpc_journal;

/** The chain: the root of the inference that a state stands for, and the next state, which may be
 * the same memory. */
status mpc_chain_root(uint8_t root[MPC_ROOT_BYTES], const uint8_t state[MPC_STATE_BYTES],
                      error *err) MUST_USE;
status mpc_chain_next(uint8_t next[MPC_STATE_BYTES], const uint8_t state[MPC_STATE_BYTES],
                      error *err) MUST_USE;

/** Write a journal in which nothing is used. id: of the material; place: what the journal is bound
 * to, the same on opening. */
status mpc_journal_create(const mpc_disk *d, const uint8_t id[HASH_BYTES], uint64_t place,
                          size_t n_kinds, const uint8_t (*states)[MPC_STATE_BYTES],
                          error *err) MUST_USE;

/** ERR_POLICY where it is of other material or was copied, ERR_ARTEFACT where it is damaged. */
status mpc_journal_open(mpc_journal **out, const mpc_disk *d, const uint8_t id[HASH_BYTES],
                        uint64_t place, size_t n_kinds, error *err) MUST_USE;
void mpc_journal_free(mpc_journal *j); /* wipes; NULL is fine */

/** The first that is not used up. */
uint64_t mpc_journal_next(const mpc_journal *j, size_t kind);

/** Burn all of a kind up to `index`, which is not below the next one, and give the roots of those
 * from `first` on: roots has room for index - first + 1 of them; first >= next. After a failure the
 * journal is good for nothing but to be freed. */
status mpc_journal_burn(mpc_journal *j, size_t kind, uint64_t index, uint64_t first,
                        uint8_t (*roots)[MPC_ROOT_BYTES], error *err) MUST_USE;

#endif
