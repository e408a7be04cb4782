#define _GNU_SOURCE
#include "party/mpc_local.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/random.h"
#include "mpc/tables.h"
#include "party/mpc_dealer.h"

enum { PARTIES = 3 };

/* A thread that is a party. */
typedef struct {
    mpc_local *l;
    mpc_party party;
    pthread_t thread;
    bool started;
    mpc_tally tally;
    error why;
} member;

struct mpc_local {
    const model *model;
    mpc_plan *plan;
    share_layout layout;
    uint8_t *masked;
    mpc_weights *weights[PARTIES];
    member members[PARTIES]; /* by holder */
    channel *links[MPC_LOCAL_LINKS][2];
    mpc_owner owner;
    arena *scratch;
    size_t ahead;
    mpc_choice choice;
    bool outside;
};

/* The owner last: once it has met both servers, all have met. */
static status greet_all(member *m, error *err)
{
    mpc_local *l = m->l;
    switch (m->party.who) {
    case HOLDER_SERVER0:
        TRY(mpc_party_handshake(l->links[MPC_LOCAL_SERVERS][0], true, &m->party, err));
        TRY(mpc_party_handshake(l->links[MPC_LOCAL_DEALER0][0], true, &m->party, err));
        return mpc_party_handshake(l->links[MPC_LOCAL_OWNER0][1], false, &m->party, err);
    case HOLDER_SERVER1:
        TRY(mpc_party_handshake(l->links[MPC_LOCAL_SERVERS][1], false, &m->party, err));
        TRY(mpc_party_handshake(l->links[MPC_LOCAL_DEALER1][0], true, &m->party, err));
        return mpc_party_handshake(l->links[MPC_LOCAL_OWNER1][1], false, &m->party, err);
    case HOLDER_DEALER:
        break;
    }
    TRY(mpc_party_handshake(l->links[MPC_LOCAL_DEALER0][1], false, &m->party, err));
    return mpc_party_handshake(l->links[MPC_LOCAL_DEALER1][1], false, &m->party, err);
}

/* A party that cannot begin hangs up on all, as one that ends does. */
static void abort_all(const member *m, status why)
{
    static const int of[PARTIES][3][2] = {
        {{MPC_LOCAL_SERVERS, 0}, {MPC_LOCAL_DEALER0, 0}, {MPC_LOCAL_OWNER0, 1}},
        {{MPC_LOCAL_SERVERS, 1}, {MPC_LOCAL_DEALER1, 0}, {MPC_LOCAL_OWNER1, 1}},
        {{MPC_LOCAL_DEALER0, 1}, {MPC_LOCAL_DEALER1, 1}, {MPC_LOCAL_DEALER1, 1}},
    };
    for (int i = 0; i < 3; i++) {
        const int *end = of[m->party.who][i];
        channel_abort(m->l->links[end[0]][end[1]], why);
    }
}

static status serve(member *m, error *err)
{
    mpc_local *l = m->l;
    const status st = greet_all(m, err);
    if (st != OK) {
        abort_all(m, st);
        return st;
    }
    if (m->party.who == HOLDER_DEALER) {
        return mpc_dealer_serve(&m->party, l->links[MPC_LOCAL_DEALER0][1],
                                l->links[MPC_LOCAL_DEALER1][1], &m->tally, err);
    }
    const int i = m->party.who == HOLDER_SERVER1;
    const mpc_session s = {.owner = l->links[MPC_LOCAL_OWNER0 + i][1],
                           .peer = l->links[MPC_LOCAL_SERVERS][i],
                           .dealer = l->links[MPC_LOCAL_DEALER0 + i][0],
                           .ahead = l->ahead};
    return mpc_server_serve(&m->party, &s, &m->tally, err);
}

static void *member_main(void *arg)
{
    member *m = arg;
    (void)!serve(m, &m->why);
    mem_wipe_stack();
    return NULL;
}

/* The model owner's step, and what each party makes of its part. */
static status share_model(mpc_local *l, error *err)
{
    uint8_t seeds[2][PRG_SEED_BYTES];
    TRY(l->choice.oblivious ? mpc_tables_measure(&l->choice.tables, l->model, err) : OK);
    TRY(mpc_plan_make(&l->plan, l->model, &l->choice, err));
    TRY(share_layout_new(&l->layout, l->model, l->plan, err));
    l->masked = mem_new(l->layout.bytes, 1);
    if (!l->masked) {
        return error_memory(err);
    }
    TRY(random_bytes(seeds, sizeof seeds, err));
    const uint8_t(*s)[PRG_SEED_BYTES] = (const uint8_t(*)[PRG_SEED_BYTES])seeds;
    status st = mpc_mask_weights(l->masked, &l->layout, l->model, l->plan, s, err);
    for (int i = 0; st == OK && i < PARTIES; i++) {
        st = mpc_weights_new(&l->weights[i], (mpc_holder)i, i == HOLDER_DEALER ? NULL : l->masked,
                             &l->layout, l->model, l->plan, s, err);
    }
    mem_wipe(seeds, sizeof seeds);
    return st;
}

static status connect_all(mpc_local *l, network net, error *err)
{
    static const role ends[MPC_LOCAL_LINKS][2] = {
        {ROLE_OWNER, ROLE_SERVER0},  {ROLE_OWNER, ROLE_SERVER1},  {ROLE_SERVER0, ROLE_SERVER1},
        {ROLE_SERVER0, ROLE_DEALER}, {ROLE_SERVER1, ROLE_DEALER},
    };
    channel_options o = channel_defaults();
    o.network = net;
    o.timeout_ms = 600 * 1000; /* nobody here goes away unseen, and a big layer takes its time */
    for (int i = 0; i < MPC_LOCAL_LINKS; i++) {
        TRY(channel_pair(l->links[i], ends[i][0], ends[i][1], &o, err));
    }
    return OK;
}

static status start(mpc_local *l, const mpc_local_options *o, error *err)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    const size_t half = processors > 2 ? (size_t)processors / 2 : 1;
    isa level;
    TRY(cpu_pick(&level, err));
    l->ahead = o ? o->ahead : MPC_LOCAL_AHEAD;
    for (int i = 0; i < PARTIES; i++) {
        l->members[i] = (member){.l = l,
                                 .party = {.who = (mpc_holder)i,
                                           .model = l->model,
                                           .plan = l->plan,
                                           .weights = l->weights[i],
                                           .isa = level,
                                           .threads = o && o->threads ? o->threads : half}};
    }
    for (int i = 0; i < PARTIES; i++) {
        member *m = &l->members[i];
        if (pthread_create(&m->thread, NULL, member_main, m) != 0) {
            return error_set(err, ERR_RESOURCE, "cannot start a party's thread");
        }
        m->started = true;
    }
    const mpc_party me = {.model = l->model};
    TRY(mpc_party_handshake(l->links[MPC_LOCAL_OWNER0][0], true, &me, err));
    TRY(mpc_party_handshake(l->links[MPC_LOCAL_OWNER1][0], true, &me, err));
    l->owner =
        (mpc_owner){.servers = {l->links[MPC_LOCAL_OWNER0][0], l->links[MPC_LOCAL_OWNER1][0]},
                    .model = l->model,
                    .form = mpc_input_form_for(l->plan, l->model),
                    .isa = level,
                    .asks = o ? o->asks : (mpc_asks){0}};
    return OK;
}

/* Everybody gives up, whoever waits for another too. The party that failed knows why. */
static status give_up(mpc_local *l, status st, error *err)
{
    for (int i = 0; i < MPC_LOCAL_LINKS; i++) {
        for (int end = 0; end < 2 && l->links[i][end]; end++) {
            channel_cancel(l->links[i][end]);
        }
    }
    for (int i = 0; i < PARTIES; i++) {
        if (l->members[i].started) {
            pthread_join(l->members[i].thread, NULL);
            l->members[i].started = false;
        }
    }
    for (int i = 0; i < PARTIES; i++) {
        const error *why = &l->members[i].why;
        if (why->code != OK && why->code != ERR_NETWORK) {
            if (err) {
                *err = *why;
            }
            return why->code;
        }
    }
    return st;
}

status mpc_local_new(mpc_local **out, const model *m, const mpc_local_options *o, error *err)
{
    *out = NULL;
    mpc_local *l = mem_new(1, sizeof *l);
    if (!l) {
        return error_memory(err);
    }
    l->model = m;
    if (o) {
        l->choice = (mpc_choice){.protocol = o->protocol, .oblivious = o->oblivious};
    }
    l->scratch = arena_new();
    status st = l->scratch ? share_model(l, err) : error_memory(err);
    if (st == OK) {
        st = connect_all(l, o ? o->network : NETWORK_LOCAL, err);
    }
    if (st == OK) {
        st = start(l, o, err);
    }
    if (st != OK) {
        st = give_up(l, st, err);
        mpc_local_free(l);
        return st;
    }
    *out = l;
    return OK;
}

void mpc_local_free(mpc_local *l)
{
    if (!l) {
        return;
    }
    if (l->owner.model) {
        (void)!mpc_owner_end(&l->owner, NULL);
    }
    for (int i = 0; i < 2; i++) {
        channel_free(l->links[MPC_LOCAL_OWNER0 + i][0]);
        l->links[MPC_LOCAL_OWNER0 + i][0] = NULL;
    }
    for (int i = 0; i < PARTIES; i++) {
        if (l->members[i].started) {
            pthread_join(l->members[i].thread, NULL);
        }
    }
    for (int i = 0; i < MPC_LOCAL_LINKS; i++) {
        channel_free(l->links[i][0]);
        channel_free(l->links[i][1]);
    }
    for (int i = 0; i < PARTIES; i++) {
        mpc_weights_free(l->weights[i]);
    }
    mem_free(l->masked);
    share_layout_clear(&l->layout);
    mpc_plan_free(l->plan);
    arena_free(l->scratch);
    mem_free(l);
}

status mpc_local_forward(mpc_local *l, float *out, const embedded *x, error *err)
{
    bool outside = false;
    const status st = mpc_owner_forward(&l->owner, out, &outside, x, l->scratch, err);
    l->outside |= outside;
    return st == OK ? OK : give_up(l, st, err);
}

bool mpc_local_outside(const mpc_local *l)
{
    return l->outside;
}

const channel *mpc_local_link(const mpc_local *l, int link)
{
    return l->links[link][0];
}

const mpc_plan *mpc_local_plan(const mpc_local *l)
{
    return l->plan;
}

size_t mpc_local_threads(const mpc_local *l)
{
    return l->members[0].party.threads;
}

size_t mpc_local_share_bytes(const mpc_local *l)
{
    return l->layout.bytes;
}

mpc_tally mpc_local_tally(const mpc_local *l, int server)
{
    return l->members[server].tally;
}
