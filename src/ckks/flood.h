/** Decryptions that others see: docs/design/ckks-flood.md.
 *
 * What an owner of keys does with decryptions must not tell others the noise in them: with the
 * noise and the ciphertext, the secret key is a linear system (Li and Micciancio, eprint
 * 2020/1533). So noise is added that drowns it, and no more decryptions are given out than that
 * noise is meant for; the count survives crashes.
 */
#ifndef TACIT_CKKS_FLOOD_H
#define TACIT_CKKS_FLOOD_H

#include "ckks/crypt.h"

/** A file that counts decryptions under one key. It is locked while it is open. */
typedef struct {
    int file; /* -1: closed */
    uint64_t most, used;
} ckks_budget;

/** Opens path, or makes it (mode 0600), for the key of that context and seed. ERR_ARTEFACT where it
 * is no such file or another key's; ERR_POLICY where another process has it, or where `most` is not
 * what it was made for. */
status ckks_budget_open(ckks_budget *out, const char *path, const ckks_secret *s, uint64_t most,
                        error *err) MUST_USE;
void ckks_budget_close(ckks_budget *b);

/** One more, on disk before this returns. ERR_POLICY where none is left. */
status ckks_budget_take(ckks_budget *b, error *err) MUST_USE;

/** How noise is chosen; Eq. (2): sigma = noise sqrt(12 most) 2^(bits / 2). */
typedef struct {
    double noise;  /* bound on the noise of a coefficient: ckks_noise_coefficient of a plan's error
                      times the scale */
    unsigned bits; /* of statistical security; 30 is usual */
} ckks_flood;

double ckks_flood_sigma(const ckks_flood *f, uint64_t most);

/** As ckks_decrypt, one of the budget, with the noise added. ERR_POLICY where the noise would reach
 * 2^55 or the modulus. */
status ckks_decrypt_shared(ckks *c, ckks_plain *out, const ckks_cipher *x, const ckks_secret *s,
                           const ckks_flood *f, ckks_budget *b) MUST_USE;

#endif
