/** The known attacks on permuted models, run against one's own: how much they recover here.
 *
 * Source: docs/security/stip.md, where they are numbered, and docs/design/stip.md. Attackers get
 * what their party has, no more; the owner's key serves to grade what they come up with.
 */
#ifndef TACIT_STIP_ATTACK_H
#define TACIT_STIP_ATTACK_H

#include "nn/encoder.h"
#include "stip/owner.h"

typedef struct {
    const model *server;     /* protected */
    const stip_owner *owner; /* tables, which every user has; the key, for grading */
    const model *base;       /* a public checkpoint that server may stem from, or NULL */
    const tokens *texts;     /* what the owner sends */
} stip_attack_input;

/** One trial: of `tried` things `recovered` were found. */
typedef struct {
    const char *what; /* "tokens", "entries of the hidden permutation", … */
    double noise;     /* standard deviation, as a share of that of the numbers that it was added
                       * to; of A3, whose gains are about 1, as it is. 0: none */
    const char *note; /* what else this attacker was given or faced, or NULL */
    size_t tried, recovered;
} stip_attack_trial;

enum { STIP_ATTACKS = 6, STIP_TRIALS = 12 };

typedef struct {
    const char *id, *name; /* "A1", … */
    const char *knows;     /* beside what the server sees */
    const char *why;       /* it works, or is not run */
    size_t n_trials;       /* 0: not run */
    stip_attack_trial trials[STIP_TRIALS];
} stip_attack_result;

/** Run all of them. Memory: the word table as floats. Cost: for each position among the texts a
 * pass over the word table; for base, three products of the size of a weight matrix per noise.
 * Returns ERR_USAGE where base is of another shape, ERR_RESOURCE. */
status stip_attack(stip_attack_result out[STIP_ATTACKS], const stip_attack_input *in,
                   error *err) MUST_USE;

#endif
