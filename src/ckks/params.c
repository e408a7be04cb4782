#include "ckks/params.h"

#include "ckks/modulus.h"
#include "ckks/security.h"

static status check_field(const char *name, unsigned x, unsigned low, unsigned high, error *err)
{
    if (x < low || x > high) {
        return error_set(err, ERR_USAGE, "ckks: '%s' is %u, must be %u to %u", name, x, low, high);
    }
    return OK;
}

status ckks_params_check(const ckks_params *p, error *err)
{
    const unsigned low = p->insecure ? CKKS_MIN_LOG_N : CKKS_SECURE_MIN_LOG_N;
    TRY(check_field("log_n", p->log_n, low, CKKS_MAX_LOG_N, err));
    TRY(check_field("limbs", p->n_limbs, 1, CKKS_MAX_LIMBS, err));
    TRY(check_field("scale bits", p->scale_bits, CKKS_MIN_SCALE_BITS, CKKS_MAX_SCALE_BITS, err));
    TRY(check_field("base bits", p->base_bits, p->scale_bits, CKKS_PRIME_BITS, err));
    TRY(check_field("special bits", p->special_bits, p->scale_bits, CKKS_PRIME_BITS, err));
    TRY(check_field("alpha", p->alpha, 1, p->n_limbs, err));
    TRY(check_field("wide limbs", p->n_wide, 0, p->n_limbs - 1, err));
    TRY(check_field("wide bits", p->wide_bits, p->n_wide ? p->scale_bits : 0,
                    p->n_wide ? CKKS_PRIME_BITS : 0, err));
    const unsigned least = ckks_params_special_at(p, p->n_limbs);
    return check_field("special primes", p->n_special, least < CKKS_MAX_SPECIAL ? least : 1,
                       CKKS_MAX_SPECIAL, err);
}

/* The first digit holds q_0, the widest prime. ckks-parameters.md Eq. (2) */
unsigned ckks_params_special(unsigned n_limbs, unsigned alpha, unsigned base_bits,
                             unsigned scale_bits, unsigned special_bits)
{
    const unsigned limbs = alpha < n_limbs ? alpha : n_limbs;
    const unsigned digit = base_bits + (limbs - 1) * scale_bits;
    return (digit + 2 + special_bits - 1) / special_bits;
}

static unsigned limb_bits(const ckks_params *p, unsigned i)
{
    const unsigned narrow = i == 0 ? p->base_bits : p->scale_bits;
    return i >= p->n_limbs - p->n_wide ? p->wide_bits : narrow;
}

unsigned ckks_params_special_at(const ckks_params *p, unsigned n_limbs)
{
    unsigned widest = 0;
    for (unsigned first = 0; first < n_limbs; first += p->alpha) {
        unsigned digit = 0;
        for (unsigned i = first; i < first + p->alpha && i < n_limbs; i++) {
            digit += limb_bits(p, i);
        }
        widest = digit > widest ? digit : widest;
    }
    return (widest + 2 + p->special_bits - 1) / p->special_bits;
}

/* Transforms of one key switching, twice a conversion's share of them: Eq. (3). */
static unsigned cost(const ckks_params *p)
{
    const unsigned dnum = (p->n_limbs + p->alpha - 1) / p->alpha;
    return (dnum + 2) * (p->n_limbs + p->n_special);
}

/* With this many digits, whether the table allows it. Primes near 2^b may be a little larger, so
 * that two bits are held back. */
static bool fits(ckks_params *p, unsigned dnum)
{
    p->alpha = (p->n_limbs + dnum - 1) / dnum;
    p->n_special =
        ckks_params_special(p->n_limbs, p->alpha, p->base_bits, p->scale_bits, p->special_bits);
    const unsigned total =
        p->base_bits + (p->n_limbs - 1) * p->scale_bits + p->n_special * p->special_bits;
    return p->n_special <= CKKS_MAX_SPECIAL && total + 2 <= ckks_security_max_bits(p->log_n);
}

static bool choose_digits(ckks_params *p, unsigned dnum)
{
    if (dnum > 0) {
        return dnum <= p->n_limbs && fits(p, dnum);
    }
    ckks_params best = {0};
    for (unsigned d = 1; d <= p->n_limbs; d++) {
        if (fits(p, d) && (best.n_limbs == 0 || cost(p) < cost(&best))) {
            best = *p;
        }
    }
    if (best.n_limbs == 0) {
        return false;
    }
    *p = best;
    return true;
}

status ckks_params_choose(ckks_params *out, const ckks_wish *w, error *err)
{
    TRY(check_field("depth", w->depth, 0, CKKS_MAX_LIMBS - 1, err));
    TRY(check_field("scale bits", w->scale_bits, CKKS_MIN_SCALE_BITS, CKKS_MAX_SCALE_BITS, err));
    TRY(check_field("integer bits", w->integer_bits, 0, CKKS_PRIME_BITS - 1 - w->scale_bits, err));
    TRY(check_field("log slots", w->min_log_slots, 0, CKKS_MAX_LOG_N - 1, err));
    TRY(check_field("digits", w->dnum, 0, w->depth + 1, err));
    ckks_params p = {.n_limbs = w->depth + 1,
                     .base_bits = w->scale_bits + w->integer_bits + 1,
                     .scale_bits = w->scale_bits,
                     .special_bits = CKKS_PRIME_BITS};
    const unsigned least =
        w->min_log_slots + 1 > CKKS_SECURE_MIN_LOG_N ? w->min_log_slots + 1 : CKKS_SECURE_MIN_LOG_N;
    for (p.log_n = least; p.log_n <= CKKS_SECURE_MAX_LOG_N; p.log_n++) {
        if (choose_digits(&p, w->dnum)) {
            *out = p;
            return OK;
        }
    }
    return error_set(err, ERR_USAGE,
                     "ckks: no secure ring of up to 2^%d coefficients has %u levels of %u bits",
                     CKKS_SECURE_MAX_LOG_N, w->depth, w->scale_bits);
}
