#include "mpc/plan_json.h"

#include <string.h>

#include "base/mem.h"

/* Whether both are written in the same way; false with *st set where memory is lacking. */
static bool same(const mpc_plan *a, const mpc_plan *b, status *st, error *err)
{
    char *x = mpc_plan_write(a), *y = mpc_plan_write(b);
    *st = x && y ? OK : error_memory(err);
    const bool equal = *st == OK && strcmp(x, y) == 0;
    mem_free(x);
    mem_free(y);
    return equal;
}

status mpc_plan_open(mpc_plan **out, const model *m, span bytes, const char *name, error *err)
{
    mpc_plan *read = NULL, *made = NULL;
    *out = NULL;
    TRY(mpc_plan_read(&read, bytes, name, err));
    const mpc_choice choice = mpc_plan_choice(read);
    status st = mpc_plan_make(&made, m, &choice, err);
    if (st == OK && !same(read, made, &st, err) && st == OK) {
        st = error_set(err, ERR_PROTOCOL,
                       "%s: is not the plan that this program makes for config.json: the model was "
                       "shared by another version, or the file was altered; share it again",
                       name);
    }
    mpc_plan_free(read);
    if (st != OK) {
        mpc_plan_free(made);
        return st;
    }
    *out = made;
    return OK;
}
