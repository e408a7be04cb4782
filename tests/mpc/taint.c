/* A whole inference between all parties, under valgrind's memcheck, with every secret marked as
 * undefined: a branch or an address that depends on one is reported as such. test_taint.sh runs it.
 *
 * Secret: what comes out of a stream (masks, pads, server 0's words), what server 1 is dealt,
 * shares of the input, encoded weights. Public: the masked weights, a message as it leaves, and
 * what an opening gives both servers, declared so in __wrap_mpc_open and __wrap_mpc_open_bits
 * alone.
 *
 * Usage: taint MODEL [choices | branch | address]     with shared tables and labels alone; the
 * latter commit that sin, and must be found out
 */
#include <valgrind/memcheck.h>

#include "mpc/dealt.h"
#include "mpc/encode.h"
#include "mpc/gates.h"
#include "mpc/input.h"
#include "mpc/shares.h"
#include "mpc/tables.h"
#include "party/mpc_local.h"
#include "party/mpc_wire.h"
#include "support/calibrated.h"
#include "test.h"

static void secret(const void *at, size_t bytes)
{
    (void)VALGRIND_MAKE_MEM_UNDEFINED(at, bytes);
}

static void public(const void *at, size_t bytes)
{
    (void)VALGRIND_MAKE_MEM_DEFINED(at, bytes);
}

/* ---- Where secrets come from */

void __real_prg_bytes(prg *p, void *out, size_t n);
void __wrap_prg_bytes(prg *p, void *out, size_t n);
void __wrap_prg_bytes(prg *p, void *out, size_t n)
{
    __real_prg_bytes(p, out, n);
    secret(out, n);
}

status __real_dealt_take(dealt *d, channel *from, uint8_t *out, size_t n, error *err);
status __wrap_dealt_take(dealt *d, channel *from, uint8_t *out, size_t n, error *err);
status __wrap_dealt_take(dealt *d, channel *from, uint8_t *out, size_t n, error *err)
{
    TRY(__real_dealt_take(d, from, out, n, err));
    secret(out, n);
    return OK;
}

status __real_mpc_encode_linear(uint64_t *w, uint64_t *bias, const model *m, const mpc_plan *p,
                                const linear *l, error *err);
status __wrap_mpc_encode_linear(uint64_t *w, uint64_t *bias, const model *m, const mpc_plan *p,
                                const linear *l, error *err);
status __wrap_mpc_encode_linear(uint64_t *w, uint64_t *bias, const model *m, const mpc_plan *p,
                                const linear *l, error *err)
{
    TRY(__real_mpc_encode_linear(w, bias, m, p, l, err));
    secret(w, l->in * l->out * sizeof *w);
    secret(bias, l->out * sizeof *bias);
    return OK;
}

status __real_mpc_encode_tables(uint64_t *w, const model *m, const mpc_plan *p, error *err);
status __wrap_mpc_encode_tables(uint64_t *w, const model *m, const mpc_plan *p, error *err);
status __wrap_mpc_encode_tables(uint64_t *w, const model *m, const mpc_plan *p, error *err)
{
    TRY(__real_mpc_encode_tables(w, m, p, err));
    secret(w, mpc_table_rows(m) * m->dim * sizeof *w);
    return OK;
}

/* Server 1's share of the input; server 0's comes from a stream. Lengths are public. */
status __real_mpc_engine_new(engine **out, const mpc_setup *s, error *err);
status __wrap_mpc_engine_new(engine **out, const mpc_setup *s, error *err);

static size_t input_bytes; /* of it, packed */

status __wrap_mpc_engine_new(engine **out, const mpc_setup *s, error *err)
{
    if (s->walk.phase == MPC_EVALUATE && s->walk.server == 1) {
        secret(s->walk.input, input_bytes);
    }
    return __real_mpc_engine_new(out, s, err);
}

/* ---- Where they become public */

/* What was asked for on the command line: a branch on a share, or a table that is read at one. */
static enum { CLEAN, BRANCH, ADDRESS } asked;
static volatile size_t committed;

static void commit(const wire *x)
{
    static volatile size_t table[16];
    if (asked == BRANCH && (x->share[0] & 1)) {
        committed = committed + 1;
    }
    if (asked == ADDRESS) {
        committed = table[x->share[0] & 15];
    }
}

/* Marks must still be there when a share comes to its opening: else nothing would be tested. */
static void still_marked(const wire *x)
{
    uint64_t bits = 0;
    if (RUNNING_ON_VALGRIND && (VALGRIND_GET_VBITS(x->share, &bits, sizeof bits) != 1 || !bits)) {
        fprintf(stderr, "a share of %zu words of %u bits is no longer marked\n", x->n, x->bits);
        exit(3);
    }
}

status __real_mpc_open(mpc *p, const opening *o, size_t n);
status __wrap_mpc_open(mpc *p, const opening *o, size_t n);
status __wrap_mpc_open(mpc *p, const opening *o, size_t n)
{
    if (p->phase == MPC_EVALUATE && o->x->n > 0) {
        commit(o->x);
        still_marked(o->x);
    }
    TRY(__real_mpc_open(p, o, n));
    for (size_t i = 0; p->phase == MPC_EVALUATE && i < n; i++) {
        public(o[i].x->masked, o[i].x->n * sizeof *o[i].x->masked);
    }
    return OK;
}

status __real_mpc_open_bits(mpc *p, uint64_t *x, size_t n);
status __wrap_mpc_open_bits(mpc *p, uint64_t *x, size_t n);
status __wrap_mpc_open_bits(mpc *p, uint64_t *x, size_t n)
{
    TRY(__real_mpc_open_bits(p, x, n));
    if (p->phase == MPC_EVALUATE) {
        public(x, n * sizeof *x);
    }
    return OK;
}

status __real_mpc_mask_weights(uint8_t *masked, const share_layout *l, const model *m,
                               const mpc_plan *p, const uint8_t seeds[2][PRG_SEED_BYTES],
                               error *err);
status __wrap_mpc_mask_weights(uint8_t *masked, const share_layout *l, const model *m,
                               const mpc_plan *p, const uint8_t seeds[2][PRG_SEED_BYTES],
                               error *err);
status __wrap_mpc_mask_weights(uint8_t *masked, const share_layout *l, const model *m,
                               const mpc_plan *p, const uint8_t seeds[2][PRG_SEED_BYTES],
                               error *err)
{
    TRY(__real_mpc_mask_weights(masked, l, m, p, seeds, err));
    public(masked, l->bytes);
    return OK;
}

/* A message is for its receiver; what is secret of it is marked again where it is taken up. */
status __real_channel_send(channel *c, uint32_t op, const void *data, size_t len, error *err);
status __wrap_channel_send(channel *c, uint32_t op, const void *data, size_t len, error *err);
status __wrap_channel_send(channel *c, uint32_t op, const void *data, size_t len, error *err)
{
    public(data, len);
    return __real_channel_send(c, op, data, len, err);
}

status __real_channel_swap(channel *c, uint32_t op, const void *mine, size_t n_mine, void *theirs,
                           size_t n_theirs, error *err);
status __wrap_channel_swap(channel *c, uint32_t op, const void *mine, size_t n_mine, void *theirs,
                           size_t n_theirs, error *err);
status __wrap_channel_swap(channel *c, uint32_t op, const void *mine, size_t n_mine, void *theirs,
                           size_t n_theirs, error *err)
{
    public(mine, n_mine);
    return __real_channel_swap(c, op, mine, n_mine, theirs, n_theirs, err);
}

/* ---- */

int main(int argc, char **argv)
{
    const bool choices = argc > 2 && strcmp(argv[2], "choices") == 0;
    const mpc_local_options o = {
        .threads = 1, .ahead = MPC_LOCAL_AHEAD, .oblivious = choices, .asks.label = choices};
    calibrated c;
    mpc_local *parties;
    error err = {0};
    if (argc < 2) {
        return 2;
    }
    asked = argc < 3 || choices ? CLEAN : strcmp(argv[2], "branch") == 0 ? BRANCH : ADDRESS;
    calibrated_open(&c, argv[1], 1);
    float *out = calloc(c.n, sizeof *out);
    status st = out ? mpc_local_new(&parties, c.m, &o, &err) : ERR_RESOURCE;
    if (st == OK) {
        const mpc_input_form form = mpc_input_form_for(mpc_local_plan(parties), c.m);
        input_bytes = mpc_input_bytes(&form, c.in.rows);
        st = mpc_local_forward(parties, out, &c.in, &err);
        mpc_local_free(parties);
    }
    for (size_t i = 0; st == OK && i < c.n; i++) {
        printf("%g, plain %g\n", (double)out[i], (double)c.expected[i]);
    }
    if (st != OK) {
        fprintf(stderr, "%s\n", err.text);
    }
    free(out);
    calibrated_close(&c);
    return st == OK ? 0 : 1;
}
