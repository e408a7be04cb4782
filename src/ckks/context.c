#include "ckks/context.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "ckks/context_parts.h"
#include "ckks/security.h"

ckks_basis ckks_limbs_basis(const ckks_context *c, size_t n_limbs)
{
    return ckks_basis_range(c->params.n_special, n_limbs);
}

ckks_basis ckks_switch_basis(const ckks_context *c, size_t n_limbs)
{
    const size_t used = c->level[n_limbs].n_special;
    return ckks_basis_range(c->params.n_special - used, used + n_limbs);
}

ckks_basis ckks_key_basis(const ckks_context *c, size_t n_limbs)
{
    return ckks_basis_range(0, c->params.n_special + n_limbs);
}

size_t ckks_rotation_element(const ckks_context *c, int64_t by)
{
    const int64_t slots = (int64_t)(c->n / 2);
    uint64_t left = (uint64_t)((by % slots + slots) % slots);
    const uint64_t mask = 2 * c->n - 1;
    uint64_t power = 1;
    for (uint64_t five = 5; left > 0; left >>= 1, five = five * five & mask) {
        power = left & 1 ? power * five & mask : power;
    }
    return (size_t)power;
}

size_t ckks_conjugation_element(const ckks_context *c)
{
    return 2 * c->n - 1;
}

/* The scale that n limbs aim at. That of 2^50 stays below it, as primes must. */
static double wanted_scale(const ckks_params *p, size_t n)
{
    const unsigned bits = n > p->n_limbs - p->n_wide ? p->wide_bits : p->scale_bits;
    return ldexp(bits == CKKS_PRIME_BITS ? 1 - ldexp(1, -8) : 1, (int)bits);
}

/* One prime after the other from the top, each so near to the square of the scale above it that
 * the next scale comes back to what it aims at; below the wide limbs it begins anew.
 * ckks-parameters.md Eq. (4) */
static status find_limbs(ckks_context *c, uint64_t *primes, error *err)
{
    const ckks_params *p = &c->params;
    double scale = wanted_scale(p, p->n_limbs);
    for (size_t n = p->n_limbs; n > 0; n--) {
        const double wanted = wanted_scale(p, n);
        scale = n == p->n_limbs - p->n_wide ? wanted : scale;
        c->level[n].scale = scale;
        const size_t at = p->n_special + n - 1;
        const bool base = n == 1;
        const double near = base ? ldexp(1, (int)p->base_bits) - 1 : scale * scale / wanted;
        /* Already chosen: the special primes and the limbs above. */
        uint64_t taken[CKKS_MAX_PRIMES];
        memcpy(taken, primes, p->n_special * sizeof *taken);
        memcpy(taken + p->n_special, primes + at + 1, (p->n_limbs - n) * sizeof *taken);
        TRY(ckks_primes_find(&primes[at], 1, p->log_n, (uint64_t)near, taken,
                             p->n_special + p->n_limbs - n, err));
        scale = scale * scale / (double)primes[at];
        if (!base && (scale > 1.4 * wanted || scale < wanted / 1.4)) {
            return error_set(
                err, ERR_USAGE,
                "ckks: too few primes near 2^%.0f for %u levels over 2^%u coefficients",
                log2(wanted), p->n_limbs - 1, p->log_n);
        }
    }
    return OK;
}

static status find_primes(ckks_context *c, uint64_t *primes, error *err)
{
    const ckks_params *p = &c->params;
    const uint64_t near = ((uint64_t)1 << p->special_bits) - 1;
    TRY(ckks_primes_find(primes, p->n_special, p->log_n, near, NULL, 0, err));
    TRY(find_limbs(c, primes, err));
    return p->insecure ? OK
                       : ckks_security_check(p->log_n, primes, p->n_special + p->n_limbs,
                                             "ckks: the parameters", err);
}

static status make_rings(ckks_context *c, const uint64_t *primes, error *err)
{
    const ckks_params *p = &c->params;
    const size_t n_primes = p->n_special + p->n_limbs;
    TRY(ckks_ring_new(&c->ring, c->kernels, p->log_n, primes, n_primes, err));
    for (unsigned l = CKKS_SUBRING_MIN; l + CKKS_SUBRING_SHIFT <= p->log_n; l++) {
        TRY(ckks_ring_new(&c->subring[l], c->kernels, l, primes, n_primes, err));
    }
    return ckks_embedding_new(&c->embedding, p->log_n - 1, err);
}

/* Every field as eight bytes, little-endian, in the order of docs/formats/ckks.md; those of wide
 * limbs where there are some. */
static status fill_hash(ckks_context *c, const uint64_t *primes, error *err)
{
    static const char label[] = "tacit ckks context 1";
    const ckks_params *p = &c->params;
    const uint64_t fields[] = {p->log_n,      p->n_limbs,      p->base_bits,
                               p->scale_bits, p->special_bits, p->n_special,
                               p->alpha,      p->n_wide,       p->wide_bits};
    const size_t n_fields = sizeof fields / sizeof *fields - (p->n_wide > 0 ? 0 : 2);
    uint8_t bytes[8 * (sizeof fields / sizeof *fields + CKKS_MAX_PRIMES)];
    size_t len = 0;
    for (size_t i = 0; i < n_fields; i++) {
        len = ckks_put64(bytes, len, fields[i]);
    }
    for (size_t i = 0; i < p->n_special + p->n_limbs; i++) {
        len = ckks_put64(bytes, len, primes[i]);
    }
    const span pieces[] = {{.data = (const uint8_t *)label, .len = sizeof label - 1},
                           {.data = bytes, .len = len}};
    return hash_sha256(c->hash, pieces, 2, err);
}

static status make(ckks_context *c, error *err)
{
    uint64_t primes[CKKS_MAX_PRIMES];
    TRY(find_primes(c, primes, err));
    TRY(make_rings(c, primes, err));
    TRY(fill_hash(c, primes, err));
    return ckks_levels_make(c, err);
}

status ckks_context_new(ckks_context **out, const ckks_params *params, const ckks_kernels *kernels,
                        error *err)
{
    *out = NULL;
    TRY(ckks_params_check(params, err));
    ckks_context *c = mem_new(1, sizeof *c);
    if (!c) {
        return error_memory(err);
    }
    c->params = *params;
    c->kernels = kernels;
    c->n = (size_t)1 << params->log_n;
    c->n_digits = (params->n_limbs + params->alpha - 1) / params->alpha;
    const status st = make(c, err);
    if (st != OK) {
        ckks_context_free(c);
        return st;
    }
    *out = c;
    return OK;
}

void ckks_context_free(ckks_context *c)
{
    if (!c) {
        return;
    }
    ckks_levels_free(c);
    ckks_embedding_free(c->embedding);
    for (size_t l = 0; l <= CKKS_MAX_LOG_N; l++) {
        ckks_ring_free(c->subring[l]);
    }
    ckks_ring_free(c->ring);
    mem_free(c);
}
