/** The data owner's side of a STIP session: what it embeds goes out permuted, the answer comes
 * back permuted. One round trip a run. */
#ifndef TACIT_PARTY_STIP_CLIENT_H
#define TACIT_PARTY_STIP_CLIENT_H

#include "base/arena.h"
#include "net/channel.h"
#include "nn/engine.h"
#include "stip/owner.h"

/** Agree with the cloud on the model. */
status stip_client_begin(channel *cloud, const stip_owner *o, error *err) MUST_USE;

/** out = what nn_encoder_forward gives for x. Scratch: from a, given back and wiped. */
status stip_client_forward(channel *cloud, const stip_owner *o, float *out, const embedded *x,
                           arena *a, error *err) MUST_USE;

/** Tell the cloud that nothing more comes. */
status stip_client_end(channel *cloud, error *err) MUST_USE;

#endif
