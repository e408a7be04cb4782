/** What crosses between client and server: docs/formats/he.md. Plain bytes, whoever carries them.
 *
 *   server → client   offer      parameters, layout, which keys are wanted
 *   client → server   keys       one message each, in the offer's order
 *   client → server   input      the number of tokens; a ciphertext
 *   server → client   result     a ciphertext
 *
 * Between input and result, for each round of the offer: a ciphertext from the server, one back.
 *
 * Readers check everything before they take memory: ERR_ARTEFACT names the field, ERR_PROTOCOL
 * another version.
 */
#ifndef TACIT_HE_WIRE_H
#define TACIT_HE_WIRE_H

#include "he/answer.h"
#include "he/plan.h"

enum {
    HE_WIRE_VERSION = 1,
    HE_OFFER_MAX_BYTES = 1 << 20,
    HE_MAX_KEYS = 1024,
    HE_MAX_ROUNDS = 64,
    HE_MAX_NET = 64
};

/** Bytes that belong to whoever got them. */
typedef struct {
    uint8_t *data;
    size_t len;
} he_bytes;

static inline span he_bytes_span(const he_bytes *b)
{
    return (span){.data = b->data, .len = b->len};
}

/** Gives back, and wipes; a zeroed one is fine. */
void he_bytes_clear(he_bytes *b);
status he_bytes_new(he_bytes *out, size_t len, error *err) MUST_USE;

/** What the client is asked in between, and at how many limbs it encrypts its answer. */
typedef struct {
    he_answer answer;
    size_t n_limbs;
} he_round;

/** What a client must know to take part. */
typedef struct {
    size_t dim, n_heads, tokens, width, n_labels;
    bool mean; /* results are sums over tokens */
    size_t n_keys;
    he_key key[HE_MAX_KEYS];
    size_t n_rounds;
    he_round round[HE_MAX_ROUNDS];
    float *nets;       /* of all rounds */
    ckks_context *ctx; /* he_offer_clear */
} he_offer;

size_t he_offer_bytes(const he_plan *p);
status he_offer_write(he_bytes *out, const he_plan *p, error *err) MUST_USE;
/** ERR_POLICY where the parameters are not secure. */
status he_offer_read(he_offer *out, span in, error *err) MUST_USE;
void he_offer_clear(he_offer *o);

/** Input: how many tokens, and the ciphertext behind. */
enum { HE_INPUT_HEADER = 16 };
void he_input_write(uint8_t out[HE_INPUT_HEADER], size_t tokens);
status he_input_read(size_t *tokens, span *cipher, span in, size_t most, error *err) MUST_USE;

#endif
