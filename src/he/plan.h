/** What is known before anything is encrypted: levels, keys, operations, bytes, memory.
 *
 * The server makes it from shapes alone and runs exactly its steps; tests compare what a run has
 * counted. docs/design/he.md.
 */
#ifndef TACIT_HE_PLAN_H
#define TACIT_HE_PLAN_H

#include "ckks/ckks.h"
#include "he/program.h"

typedef enum { HE_KEY_RELINEARISE, HE_KEY_CONJUGATE, HE_KEY_TURN } he_key_kind;

typedef struct {
    he_key_kind kind;
    int64_t turn; /* 0 .. slots - 1 */
    size_t n_limbs;
} he_key;

/** Which of a context's keys that is. */
size_t he_key_element(const ckks_context *ctx, const he_key *k);

/** Operations, by the number of limbs that they work on. */
typedef struct {
    size_t raised[CKKS_MAX_LIMBS + 1];  /* polynomials raised for key switching */
    size_t keyed[CKKS_MAX_LIMBS + 1];   /* sums with a key */
    size_t lowered[CKKS_MAX_LIMBS + 1]; /* polynomials divided by the special primes */
    size_t plain[CKKS_MAX_LIMBS + 1];   /* products with diagonals */
    size_t tensors[CKKS_MAX_LIMBS + 1]; /* products of ciphertexts */
} he_tally;

/** What a plan may choose. */
typedef struct {
    size_t tokens;       /* of the longest input */
    unsigned scale_bits; /* 0: the most, from 30 to 40, that the smallest ring has room for */
} he_wish;

typedef struct {
    he_program *program;
    ckks_params params;
    ckks_context *ctx;
    unsigned log_slots;
    size_t n_keys;
    he_key *key; /* in the order in which they are sent */
    he_tally tally;
    size_t key_bytes, input_bytes, result_bytes; /* messages: all keys; one input; its result */
    size_t offer_bytes;                          /* he/wire.h */
    size_t ask_bytes, answer_bytes; /* of all rounds in between: from the server; back */
    size_t rounds;                  /* from the client and back */
    size_t key_memory, weight_memory, run_memory; /* the server's */
} he_plan;

/** m may be of shapes alone. ERR_POLICY as he_record; ERR_USAGE where no secure ring is large
 * enough. Cost: that of a context, a fraction of a second. */
status he_plan_make(he_plan **out, const model *m, const he_wish *wish, error *err) MUST_USE;
void he_plan_free(he_plan *p);

/** Limbs of a value of that depth. */
static inline size_t he_limbs(const he_plan *p, size_t depth)
{
    return p->params.n_limbs - depth;
}

/** Bytes of the client's answer to a step HE_CLIENT. */
size_t he_answer_bytes(const he_plan *p, const he_step *s);

/** Bytes of one key's message. */
size_t he_key_bytes(const he_plan *p, size_t i);

/** Operations of all limbs. */
size_t he_tally_sum(const size_t counts[CKKS_MAX_LIMBS + 1]);

#endif
