/** One party as a program, whatever its protocol. */
#ifndef TACIT_API_PARTY_H
#define TACIT_API_PARTY_H

#include "api/api.h"

typedef struct {
    unsigned (*port)(const tacit_party *p);
    status (*run)(tacit_party *p, error *err);
    void (*stop)(tacit_party *p);
    void (*free)(tacit_party *p);
} party_ops;

/** Each kind's struct begins with this. */
struct tacit_party {
    const party_ops *ops;
    tacit_party_options options;
    network network;
};

/** Made for o, whose role is the kind's; network is that of o. */
status party_stip_new(tacit_party **out, const tacit_party_options *o, network n,
                      error *err) MUST_USE;
status party_mpc_new(tacit_party **out, const tacit_party_options *o, network n,
                     error *err) MUST_USE;
status party_he_new(tacit_party **out, const tacit_party_options *o, network n,
                    error *err) MUST_USE;

/** Put what went wrong into a report, where something did; then hand it to whoever listens. Takes
 * the report, which may be NULL: without memory for one there is none. */
void party_tell(const tacit_party *p, json_t *report, const error *why);

/** What the party of that name has learnt under a protection by the end of a session. */
const char *party_learnt(const char *protect, const char *party, bool asked);

#endif
