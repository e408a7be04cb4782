/** The files of material that is in use. */
#ifndef TACIT_PARTY_MPC_STOCK_FILES_H
#define TACIT_PARTY_MPC_STOCK_FILES_H

#include "party/mpc_journal.h"
#include "party/mpc_material.h"

typedef struct {
    int lock; /* the directory, locked for this process */
    int journal;
    int words; /* of server1; -1 */
} mpc_stock_files;

/** Lock the directory, make a journal of the chains where there is none yet, erase the chains, and
 * open everything. Errors as mpc_stock_open. */
status mpc_stock_files_open(mpc_stock_files *out, mpc_journal **journal, const char *dir,
                            const mpc_material *m, error *err) MUST_USE;
void mpc_stock_files_close(mpc_stock_files *f);

#endif
