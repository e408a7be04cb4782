/** Both parties of he in one process: a client and a server that exchange bytes, which are counted,
 * and held back as long as an emulated network would take. */
#ifndef TACIT_PARTY_HE_LOCAL_H
#define TACIT_PARTY_HE_LOCAL_H

#include "he/client.h"
#include "he/server.h"
#include "net/emulate.h"
#include "nn/engine.h"

typedef struct he_local he_local;

typedef struct {
    size_t threads; /* of the pool that both use in turn; 0: one per processor */
    network network;
} he_local_options;

typedef struct {
    uint64_t client_offline, client_online; /* bytes sent: keys; inputs */
    uint64_t server_offline, server_online; /* offers; results */
    uint64_t rounds;
} he_local_count;

/** m outlives it. ERR_POLICY where the model's forms have no steps on ciphertexts. Nothing is made
 * but a plan for short inputs. */
status he_local_new(he_local **out, const model *m, const he_local_options *o, error *err) MUST_USE;
void he_local_free(he_local *l);

/** Weights and keys for inputs of so many tokens, unless they are there. ERR_RESOURCE, before
 * anything is made, where memory will not do. Cost: seconds. */
status he_local_prepare(he_local *l, size_t tokens, error *err) MUST_USE;

/** As nn_encoder_forward; one sequence after the other, each at most HE_MAX_TOKENS long. */
status he_local_forward(he_local *l, float *out, const embedded *x, error *err) MUST_USE;

he_local_count he_local_counts(const he_local *l);
size_t he_local_threads(const he_local *l);

/** What runs of that length follow; after he_local_prepare. */
const he_plan *he_local_plan(const he_local *l, size_t tokens);

#endif
