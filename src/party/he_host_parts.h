/** Inside of a host of he, for the files he_host*.c. */
#ifndef TACIT_PARTY_HE_HOST_PARTS_H
#define TACIT_PARTY_HE_HOST_PARTS_H

#include <pthread.h>

#include "party/he_host.h"

/** A ring: a plan, and weights for it once somebody has asked. */
typedef struct {
    he_plan *plan;
    he_server *server; /* NULL: nobody has asked */
    double *seconds;   /* of each step of the last run; ones before there was any */
} he_place;

struct he_host {
    const model *model;
    uint8_t digest[HASH_BYTES];
    int64_t timeout_ms;
    pool *pool;
    pthread_mutex_t turn; /* of the pool, and of what places hold */
    he_place place[HE_PLACES];
    he_cache *cache;
};

/** The place for inputs of so many tokens, ready to serve; under turn. Where memory is lacking
 * *why has need and limit and ERR_RESOURCE is returned; else why->limit is zero. */
status he_host_open(he_host *h, size_t *place, size_t tokens, he_shortage *why,
                    error *err) MUST_USE;

#endif
