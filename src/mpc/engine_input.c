/* What the owner shares, as the first norm takes it or has given it. docs/design/mpc-embedding.md
 */
#include <string.h>

#include "mpc/input.h"
#include "mpc/state.h"

/* Words of oblivious input that are opened in one round: what a wire of them takes is a few times
 * 32 MiB, whatever the number of tokens. */
enum { ROUND_WORDS = 1 << 22 };

static status embedded_rows(mpc_engine *e, wire **y, mpc_input_reader *r, size_t rows)
{
    *y = wire_new(&e->p, rows * r->form.columns, r->form.bits, MPC_FRAC);
    if (!*y) {
        return ERR_RESOURCE;
    }
    if (mpc_has_shares(&e->p)) {
        mpc_input_rows(r, (*y)->share, rows);
    }
    return OK;
}

/* The tables times some rows of ones and zeros, into y from `at` on. */
static status look_up_rows(mpc_engine *e, wire *y, size_t at, mpc_input_reader *r, size_t rows)
{
    mpc *p = &e->p;
    wire *x = wire_new(p, rows * r->form.columns, r->form.bits, 0), *found = NULL;
    if (!x) {
        return ERR_RESOURCE;
    }
    if (mpc_has_shares(p)) {
        mpc_input_rows(r, x->share, rows);
    }
    const opening o = {.x = x, .width = r->form.bits};
    status st = mpc_open(p, &o, 1);
    if (st == OK) {
        st = mpc_linear(p, &found, x, &e->tables);
    }
    if (st == OK && mpc_has_shares(p)) {
        memcpy(y->share + at, found->share, found->n * sizeof *found->share);
    }
    wire_drop(p, x);
    wire_drop(p, found);
    return st;
}

static status looked_up(mpc_engine *e, wire **y, mpc_input_reader *r, size_t rows)
{
    const size_t dim = e->tables.out, fit = ROUND_WORDS / r->form.columns;
    const size_t most = fit > 0 ? fit : 1;
    status st = OK;
    *y = wire_new(&e->p, rows * dim, e->tables.bits, e->tables.frac);
    if (!*y) {
        return ERR_RESOURCE;
    }
    for (size_t i = 0; st == OK && i < rows; i += most) {
        st = look_up_rows(e, *y, i * dim, r, rows - i < most ? rows - i : most);
    }
    if (st != OK) {
        wire_drop(&e->p, *y);
        *y = NULL;
    }
    return st;
}

status mpc_read_input(mpc_engine *e, wire **y, size_t rows)
{
    const mpc_input_form form = mpc_input_form_for(e->plan, e->model);
    mpc_input_reader r = {.form = form};
    *y = NULL;
    if (mpc_has_shares(&e->p)) {
        TRY(mpc_input_begin(&r, &form, e->p.server, e->p.input, e->p.ring, e->p.err));
    }
    const status st = form.oblivious ? looked_up(e, y, &r, rows) : embedded_rows(e, y, &r, rows);
    mpc_input_end(&r);
    return st;
}
