/* ckks-switch.md Eq. (2)-(5): what each level needs to raise digits and to divide by primes. */
#include "base/mem.h"
#include "ckks/context_parts.h"

/* Factors of one level: five lists of at most CKKS_MAX_LIMBS. */
enum { LISTS = 5 };

static status convert_new(ckks_context *c, ckks_convert **out, const ckks_basis *from,
                          const ckks_basis *to, error *err)
{
    TRY(ckks_convert_new(out, c->ring, from, to, err));
    c->converts[c->n_converts++] = *out;
    return OK;
}

/* Special primes that a level uses: as many bits as its widest digit has, and the same reserve as
 * params.h. */
static size_t special_for(const ckks_params *p, size_t n_limbs)
{
    const size_t least = ckks_params_special_at(p, (unsigned)n_limbs);
    return n_limbs >= p->alpha || least > p->n_special ? p->n_special : least;
}

/* The product of primes [first, first + n) modulo m. */
static uint64_t product_mod(const ckks_context *c, const ckks_modulus *m, size_t first, size_t n)
{
    uint64_t x = 1;
    for (size_t i = first; i < first + n; i++) {
        x = ckks_mod_mul(m, x, ckks_mod_word(m, c->ring->limb[i].m.q));
    }
    return x;
}

static void fill_factors(ckks_context *c, size_t n_limbs, uint64_t *at)
{
    ckks_level *l = &c->level[n_limbs];
    const size_t special = c->params.n_special, skipped = special - l->n_special;
    l->rescale_factor = at;
    l->down_factor = at + CKKS_MAX_LIMBS;
    l->both_factor = at + 2 * (size_t)CKKS_MAX_LIMBS;
    l->special_product = at + 3 * (size_t)CKKS_MAX_LIMBS;
    l->unused_inverse = skipped > 0 ? at + 4 * (size_t)CKKS_MAX_LIMBS : NULL;
    for (size_t i = 0; i < n_limbs; i++) {
        const ckks_modulus *m = &c->ring->limb[special + i].m;
        l->special_product[i] = product_mod(c, m, skipped, l->n_special);
        l->down_factor[i] = ckks_mod_inverse(m, l->special_product[i]);
        if (l->unused_inverse) {
            l->unused_inverse[i] = ckks_mod_inverse(m, product_mod(c, m, 0, skipped));
        }
        if (i + 1 < n_limbs) {
            const uint64_t last = ckks_mod_word(m, ckks_limb_prime(c, n_limbs - 1));
            l->rescale_factor[i] = ckks_mod_inverse(m, last);
            l->both_factor[i] = ckks_mod_mul(m, l->rescale_factor[i], l->down_factor[i]);
        }
    }
}

/* Digit j at this level, to the special primes and the limbs before it, and to those behind. */
static status digit_new(ckks_context *c, ckks_raise_to *out, size_t n_limbs, size_t j, error *err)
{
    const size_t first = j * c->params.alpha, special = c->params.n_special;
    const size_t behind = first + c->params.alpha < n_limbs ? first + c->params.alpha : n_limbs;
    const size_t used = c->level[n_limbs].n_special;
    const ckks_basis from = ckks_basis_range(special + first, behind - first);
    const ckks_basis before = ckks_basis_range(special - used, used + first);
    const ckks_basis after = ckks_basis_range(special + behind, n_limbs - behind);
    ckks_convert *low, *high = NULL;
    TRY(convert_new(c, &low, &from, &before, err));
    if (after.n > 0) {
        TRY(convert_new(c, &high, &from, &after, err));
    }
    *out = (ckks_raise_to){.first = first, .behind = behind, .before = low, .after = high};
    return OK;
}

static status level_make(ckks_context *c, size_t n_limbs, error *err)
{
    ckks_level *l = &c->level[n_limbs];
    const size_t special = c->params.n_special, used = l->n_special;
    const ckks_basis limbs = ckks_limbs_basis(c, n_limbs);
    const ckks_basis rest = ckks_limbs_basis(c, n_limbs - 1);
    const ckks_basis specials = ckks_basis_range(special - used, used);
    const ckks_basis last = ckks_basis_range(special + n_limbs - 1, 1);
    const ckks_basis both = ckks_basis_join(&specials, &last);
    TRY(convert_new(c, &l->down, &specials, &limbs, err));
    if (n_limbs > 1) {
        TRY(convert_new(c, &l->rescale, &last, &rest, err));
        TRY(convert_new(c, &l->both, &both, &rest, err));
    }
    ckks_raise_to *up = c->ups + n_limbs * c->n_digits;
    l->up = up;
    for (size_t j = 0; j < l->n_digits; j++) {
        TRY(digit_new(c, &up[j], n_limbs, j, err));
    }
    return OK;
}

status ckks_levels_make(ckks_context *c, error *err)
{
    const size_t n = c->params.n_limbs;
    c->converts = mem_new((n + 1) * (2 * c->n_digits + 3), sizeof *c->converts);
    c->ups = mem_new((n + 1) * c->n_digits, sizeof *c->ups);
    c->factors = mem_new((n + 1) * LISTS * CKKS_MAX_LIMBS, sizeof *c->factors);
    if (!c->converts || !c->ups || !c->factors) {
        return error_memory(err);
    }
    for (size_t i = 1; i <= n; i++) {
        ckks_level *l = &c->level[i];
        l->n_special = special_for(&c->params, i);
        l->n_digits = (i + c->params.alpha - 1) / c->params.alpha;
        fill_factors(c, i, c->factors + i * LISTS * CKKS_MAX_LIMBS);
        TRY(level_make(c, i, err));
    }
    return OK;
}

void ckks_levels_free(ckks_context *c)
{
    for (size_t i = 0; i < c->n_converts; i++) {
        ckks_convert_free(c->converts[i]);
    }
    mem_free(c->converts);
    mem_free(c->ups);
    mem_free(c->factors);
}
