/** The data owner's side: embeds nothing but hidden states, holds the secret key, encrypts and
 * decrypts. It knows an offer and never a weight. One thread at a time. */
#ifndef TACIT_HE_CLIENT_H
#define TACIT_HE_CLIENT_H

#include "base/pool.h"
#include "he/wire.h"

typedef struct he_client he_client;

typedef struct {
    pool *pool;          /* NULL: this thread alone; outlives the client */
    const uint8_t *seed; /* of the secret key; NULL: the system's randomness */
} he_client_options;

/** offer: the server's bytes. A new secret key unless options have a seed. */
status he_client_new(he_client **out, span offer, const he_client_options *o, error *err) MUST_USE;
void he_client_free(he_client *c);

const he_offer *he_client_offer(const he_client *c);

/** The i-th key message, i < offer.n_keys. Cost: tens of milliseconds. */
status he_client_key(he_client *c, he_bytes *out, size_t i, error *err) MUST_USE;

/** n rows of hidden states (states.h), 1 <= n <= offer.tokens, encrypted. The message's length
 * depends on the offer alone. */
status he_client_input(he_client *c, he_bytes *out, const float *x, size_t n, error *err) MUST_USE;

/** Answers round i of the last input, i < offer.n_rounds, in their order: decrypts, computes
 * (answer.h), encrypts anew. Slots that no model has are answered too, and he_client_result says
 * so: an error here comes of the message's form, which the server knows, or of memory. */
status he_client_round(he_client *c, he_bytes *out, size_t i, span in, error *err) MUST_USE;

/** n_labels logits of the last input. What comes out must not go back to the server, in no form,
 * nor whether it was of any use: docs/security/he.md. */
status he_client_result(he_client *c, float *out, span in, error *err) MUST_USE;

#endif
