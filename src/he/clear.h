/** A program on numbers in the clear, slot by slot: what the ciphertexts hold but for their noise.
 * The reference of tests, and how a plan's precision is found (noise.h). */
#ifndef TACIT_HE_CLEAR_H
#define TACIT_HE_CLEAR_H

#include "he/program.h"

/** Errors to add, as standard deviations per slot; all zero: exact. */
typedef struct {
    const double *rescale; /* by depth of the result; NULL: none */
    double turn;           /* times the same */
    uint64_t seed;
} he_noise;

/** Slots of the first token's logits, from x: n rows of hidden states behind the embeddings'
 * norm. out has n_labels places. noise may be NULL. */
status he_clear_run(double *out, const he_program *p, const float *x, size_t n,
                    const he_noise *noise, error *err) MUST_USE;

/** The client's packing: tokens * width slots. */
void he_pack(double *slots, const he_shape *s, const float *x, size_t n);

#endif
