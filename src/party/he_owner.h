/** The data owner's side of he with a server elsewhere: embeds, encrypts, decrypts.
 *
 * An input is sent once and never again, whatever comes back. What a result decrypts to, and
 * whether it did, is nothing that the server hears of: after a bad one the inputs that are left are
 * sent as they would have been, and the session ends as any other. docs/security/he.md.
 */
#ifndef TACIT_PARTY_HE_OWNER_H
#define TACIT_PARTY_HE_OWNER_H

#include "he/client.h"
#include "net/channel.h"
#include "nn/engine.h"
#include "party/he_wire.h"

/** How far a run is; left_s < 0 where the server does not know. */
typedef void he_owner_told(void *ctx, size_t done, size_t total, double left_s);

typedef struct {
    channel *server; /* the caller's */
    const model *model;
    uint8_t digest[HASH_BYTES]; /* of the server's model */
    const secret *seed;         /* outlives the owner */
    bool keep;                  /* it will be used again: the server may keep what it has got */
    pool *pool;                 /* NULL: this thread alone */
    int64_t timeout_ms;         /* > 0: for which the server may be silent */
    he_owner_told *told;        /* NULL: nobody */
    void *told_ctx;
} he_owner_options;

/** As the channel counts. */
typedef struct {
    uint64_t sent, received, rounds;
} he_owner_count;

typedef struct {
    he_owner_options o;
    he_client *client[HE_PLACES];   /* NULL: no keys there yet */
    he_owner_count offline, online; /* keys; inputs */
} he_owner;

/** Agrees with the server on model and versions. ERR_POLICY where the embeddings' norm has a form
 * that an owner cannot compute. */
status he_owner_begin(he_owner *w, const he_owner_options *o, error *err) MUST_USE;

/** Keys for inputs of up to so many tokens, unless the server has some. ERR_RESOURCE, naming need
 * and limit, where the server has no memory for them. */
status he_owner_prepare(he_owner *w, size_t tokens, error *err) MUST_USE;

/** Whether the server's model has rounds in which the owner computes; known once prepared. */
bool he_owner_takes_part(const he_owner *w);

/** As nn_encoder_forward, one sequence after the other. */
status he_owner_forward(he_owner *w, float *out, const embedded *x, error *err) MUST_USE;

/** Tells the server that nothing more comes, and wipes. A zeroed one is fine. */
void he_owner_end(he_owner *w);

#endif
