/** What the client computes on decrypted slots, between two messages: THE-X's ReLUs, and what hangs
 * on them. docs/design/he.md, "With the client in the loop". */
#ifndef TACIT_HE_ANSWER_H
#define TACIT_HE_ANSWER_H

#include "he/program.h"

typedef struct {
    he_client_kind kind;
    bool first;         /* of the first token alone */
    reciprocal_net net; /* HE_CLIENT_WEIGHTS */
} he_answer;

/** Slots re + i im, in place: T(...) and ReLU of twice each part, for n tokens; slots that hold
 * nothing become zero. Varies its time with the values: they are the client's own. */
void he_answer_slots(double *re, double *im, const he_shape *s, size_t n, const he_answer *a);

#endif
