/** The cloud's side of a STIP session: a protected model, run for whoever has its key.
 *
 * party/ puts protocols onto channels. It may include every room below api/.
 *
 * The cloud learns lengths, permuted activations of every layer and permuted outputs; what these
 * give away is written in docs/security/stip.md.
 */
#ifndef TACIT_PARTY_STIP_CLOUD_H
#define TACIT_PARTY_STIP_CLOUD_H

#include "base/hash.h"
#include "base/pool.h"
#include "model/model.h"
#include "net/channel.h"

/** A protected model, ready for any number of sessions, which take turns on one engine. */
typedef struct stip_cloud stip_cloud;

/** Open a directory that stip_protect has written for the cloud. threads 0: one per processor.
 * ERR_POLICY where it is not a protected one. */
status stip_cloud_new(stip_cloud **out, const char *dir, size_t threads, error *err) MUST_USE;
void stip_cloud_free(stip_cloud *c);
size_t stip_cloud_threads(const stip_cloud *c);

/** Of one session. */
typedef struct {
    uint64_t inputs, answers; /* that began to come, that went out */
} stip_tally;

/** One session with an owner, from handshake to the end that the owner makes. Any thread; OK where
 * the owner ended it. tally, which may be NULL, is filled whatever happens. */
status stip_cloud_serve(stip_cloud *c, channel *owner, stip_tally *tally, error *err) MUST_USE;

#endif
