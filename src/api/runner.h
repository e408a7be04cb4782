/** How a session gets from embedded tokens to what the model reveals: an engine in this process,
 * or a protocol with other parties. */
#ifndef TACIT_API_RUNNER_H
#define TACIT_API_RUNNER_H

#include "base/pool.h"
#include "net/emulate.h"
#include "nn/engine.h"
#include "tacit.h"

typedef struct runner runner;

enum { RUN_MAX_PARTIES = 4 };

/** What runs have cost since the runner was made. */
typedef struct {
    uint64_t rounds;
    bool outside;     /* under guard: a value was outside of its range */
    size_t n_parties; /* that send */
    struct {
        const char *party;
        uint64_t offline, online; /* bytes sent */
    } sent[RUN_MAX_PARTIES];
    size_t n_walks; /* threads whose time is told apart, seconds */
    struct {
        const char *what;
        double products, lookups, waiting, all;
    } walks[RUN_MAX_PARTIES];
} run_cost;

typedef struct {
    /** As nn_encoder_forward, unless the runner has label_only. */
    status (*forward)(runner *r, float *out, const embedded *x, error *err);
    /** What inputs of so many tokens ask for before any of them is known: keys. NULL: nothing. */
    status (*prepare)(runner *r, size_t tokens, error *err);
    void (*cost)(const runner *r, run_cost *c); /* NULL: nobody sends anything */
    void (*free)(runner *r);
} runner_ops;

struct runner {
    const runner_ops *ops;
    size_t threads;  /* of the party that computes */
    bool oblivious;  /* forward takes tokens, which it embeds */
    size_t rows;     /* at once at most; 0: as many as memory allows */
    bool in_rounds;  /* he: the owner takes part in between */
    bool label_only; /* forward gives the index of each row's label, one number a row */
};

/** What a protection needs to begin. */
typedef struct {
    const model *model;    /* outlives the runner */
    const char *precision; /* NULL: f32 */
    size_t threads;        /* 0: one per processor */
    const char *peers;     /* "cloud=HOST:PORT": other machines; NULL: everybody is here */
    size_t timeout;        /* mpc with peers: seconds that an answer may take; 0: 600 */
    const char *certs;     /* with peers: the directory of this party's certificate */
    network network;       /* between the parties, emulated */
    bool guard;            /* mpc: compare what is assumed about ranges */
    bool label_only;       /* mpc: labels, no numbers */
    const char *embedding; /* mpc: "owner", or "oblivious": shared tables; NULL: owner */
    const char *protocol;  /* mpc: "secformer-2024"; NULL: our own */
    const char *key;       /* he with peers: the directory of the owner's key; NULL: one is made */
    tacit_progress_fn *progress; /* he with peers: layers as they are done; NULL: nobody is told */
    void *progress_ctx;
} runner_setup;

status runner_plain_new(runner **out, const runner_setup *s, error *err) MUST_USE;

/** Developer, cloud and owner, all of them here; model->dir must be a directory. */
status runner_stip_new(runner **out, const runner_setup *s, error *err) MUST_USE;

/** The owner alone, with a cloud at the address of setup->peers; model->dir is the owner's part of
 * a protected model. */
status runner_stip_remote_new(runner **out, const runner_setup *s, error *err) MUST_USE;

/** Client and server of ciphertexts, both of them here. */
status runner_he_new(runner **out, const runner_setup *s, error *err) MUST_USE;

/** The owner alone, with a server at the address of setup->peers; model->dir is the data owners'
 * part of a model, or all of it. */
status runner_he_remote_new(runner **out, const runner_setup *s, error *err) MUST_USE;

/** Data owner, two servers and dealer, all of them here. */
status runner_mpc_new(runner **out, const runner_setup *s, error *err) MUST_USE;

/** The owner alone, with servers at the addresses of setup->peers; model->dir is the owner's part
 * of a sharing. */
status runner_mpc_remote_new(runner **out, const runner_setup *s, error *err) MUST_USE;

/** Whether `name`, NULL for what there is by default, says oblivious. ERR_USAGE. */
status runner_embedding(bool *oblivious, const char *name, error *err) MUST_USE;

/** Tokens at once of a model whose tables are shared. */
size_t runner_oblivious_rows(const model *m);

/** Over an engine that is there already; takes pool and engine over, whatever it returns. */
status runner_of_engine(runner **out, const model *m, pool *p, engine *e, error *err) MUST_USE;

#endif
