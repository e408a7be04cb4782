/** A few gates on all walks: forecast, dealing, preparing and evaluating between two threads. */
#ifndef TACIT_TESTS_WALKS_H
#define TACIT_TESTS_WALKS_H

#include "mpc/gates.h"

enum { WALKS_OUTPUTS = 2048 };

typedef struct walks walks;

/** The gates under test. Every walk calls it once. */
typedef status walks_fn(mpc *p, walks *w);

struct walks {
    void *ctx;        /* the test's */
    size_t threads;   /* of each walk's pool; 0: one */
    const isa *level; /* NULL: what cpu_pick says */
    bool fixed;       /* the same randomness in every run */
    mpc_cost cost;
    size_t sent; /* bytes that server 0 sent to server 1 */
    uint64_t *shares[2][WALKS_OUTPUTS];
    size_t n[WALKS_OUTPUTS];
    unsigned bits[WALKS_OUTPUTS];
    uint8_t roots[2][PRG_SEED_BYTES]; /* of both servers, from the dealer */
    uint8_t seed[PRG_SEED_BYTES];     /* of the inputs' shares */
};

/** A wire of secrets x, shared with fresh randomness. */
wire *walks_input(mpc *p, walks *w, const uint64_t *x, size_t n, unsigned bits, unsigned frac);

/** Keep y as output k; the wire goes. */
void walks_output(mpc *p, walks *w, size_t k, wire *y);

/** Run them, and check that every walk has counted the same cost, and that it is what was sent. */
void walks_run(walks *w, walks_fn *fn);

/** Output k, element i: as an unsigned and as a signed word. */
uint64_t walks_word(const walks *w, size_t k, size_t i);
int64_t walks_signed(const walks *w, size_t k, size_t i);

void walks_clear(walks *w);

#endif
