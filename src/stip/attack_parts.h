/** The parts of stip_attack. */
#ifndef TACIT_STIP_ATTACK_PARTS_H
#define TACIT_STIP_ATTACK_PARTS_H

#include "stip/attack.h"

/** The rows that the server receives, and the tables that it may have. */
typedef struct {
    const tokens *texts;
    const model *tables;
    size_t rows, dim;
    const float *sent;  /* rows × dim: x·π */
    const float *words; /* vocab × dim */
    double deviation;   /* of the words' numbers */
} attack_view;

/** What an attacker takes a row for. */
typedef struct {
    uint32_t id, type;
    size_t matches; /* candidates that fit; 0: none was found */
} attack_guess;

/** An embedding as nn_embed makes it, number by number. */
void attack_candidate(float *x, const attack_view *v, size_t id, size_t position, size_t type);

/** Types that a position may have: those of the table, two at most, one where there is none. */
size_t attack_types(const attack_view *v);

/** A1: each row's token by its sorted numbers, exactly. guesses: one a row. */
status attack_tokens(attack_guess *guesses, const attack_view *v, error *err) MUST_USE;

/** A1n: the same where the owner adds noise; two trials a noise are appended, with π unknown
 * (sorted rows, nearest in L1) and known (nearest in L2). */
status attack_noisy_tokens(stip_attack_result *r, const attack_view *v, const stip_key *key,
                           error *err) MUST_USE;

/** Columns of `seen` (k × n) among those of `known`, guess[j] being the place in known of column j
 * of seen: by rank, which is exact where the columns are the same and no two alike; and by least
 * distance, which stands noise. Cost: n log n, and k n². */
status attack_columns_by_rank(uint32_t *guess, const float *seen, const float *known, size_t k,
                              size_t n, error *err) MUST_USE;
void attack_columns_by_distance(uint32_t *guess, const float *seen, const float *known, size_t k,
                                size_t n);

/** How many of n entries are right. */
size_t attack_grade(const uint32_t *guess, const uint32_t *right, size_t n);

/** A3 and A4: the hidden permutation from norms, and from a weight matrix, beside a checkpoint. */
status attack_norms(stip_attack_result *r, const stip_attack_input *in, error *err) MUST_USE;
status attack_weights(stip_attack_result *r, const stip_attack_input *in, error *err) MUST_USE;

/** Another trial of r. */
stip_attack_trial *attack_trial(stip_attack_result *r, const char *what, double noise,
                                const char *note);

/** x + N(0, sigma²), the same noise each time. */
typedef struct prg prg;
void attack_add_noise(float *x, size_t n, double sigma, prg *g);
double attack_deviation(const float *x, size_t n);

int attack_by_float(const void *a, const void *b);

#endif
