/** A plan as a file, so that all parties of a sharing compute by the same one.
 *
 * Source: docs/formats/mpc-plan.md. Numbers are JSON's; reals have 17 digits, which is every bit of
 * a double. A new kind of operation, or a new field of one, is a new version.
 */
#ifndef TACIT_MPC_PLAN_JSON_H
#define TACIT_MPC_PLAN_JSON_H

#include "base/file.h"
#include "mpc/plan.h"

enum {
    MPC_PLAN_VERSION = 2,
    MPC_PLAN_MAX_BYTES = 64 << 20,
    MPC_PLAN_MAX_MAPS = 1 << 16, /* linear maps, and operations */
    MPC_PLAN_MAX_FUNCTIONS = 4096
};

/** The text, to be given back with mem_free; NULL where memory is lacking. The same plan gives the
 * same bytes. */
char *mpc_plan_write(const mpc_plan *p);

/** Read a text, which `name` stands for in errors: every field is there, no other is, and each is
 * within its bounds. That the plan fits a model is not known here: mpc_plan_check.
 * ERR_ARTEFACT; ERR_PROTOCOL where it is of another version. */
status mpc_plan_read(mpc_plan **out, span bytes, const char *name, error *err) MUST_USE;

/** The plan for m from the text of a file: it must be the one that this program makes for m, since
 * widths and scales fit each other only as mpc_plan_make makes them fit. ERR_PROTOCOL where it is
 * another. Cost: that of mpc_plan_make. */
status mpc_plan_open(mpc_plan **out, const model *m, span bytes, const char *name,
                     error *err) MUST_USE;

#endif
