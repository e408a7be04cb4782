/* ckks-bootstrapping.md: what bootstrapping is made of, before it runs. */
#include "ckks/bootstrap.h"

#include <math.h>

#include "base/mem.h"
#include "ckks/sine.h"

enum { DEFAULT_MARGIN = 11, MAX_MARGIN = 30 };

status ckks_bootstrap_params(ckks_params *out, const ckks_bootstrap_wish *w, error *err)
{
    const unsigned matrices = w->n_matrices ? w->n_matrices : 3;
    const unsigned wide = matrices + CKKS_BOOTSTRAP_SINE_DEPTH;
    const unsigned below = 1 + matrices + (w->levels ? w->levels : 10);
    if (matrices > CKKS_TRANSFORM_MAX_MATRICES || below + wide > CKKS_MAX_LIMBS) {
        return error_set(err, ERR_USAGE, "ckks: no bootstrapping of %u levels in %u matrices",
                         w->levels, matrices);
    }
    ckks_params p = {.log_n = w->log_n ? w->log_n : 16,
                     .n_limbs = below + wide,
                     .base_bits = CKKS_PRIME_BITS,
                     .scale_bits = w->scale_bits ? w->scale_bits : 45,
                     .special_bits = CKKS_PRIME_BITS,
                     .n_wide = wide,
                     .wide_bits = CKKS_PRIME_BITS,
                     .insecure = w->insecure};
    p.alpha = (p.n_limbs + 2) / 3; /* three digits */
    p.n_special = ckks_params_special_at(&p, p.n_limbs);
    *out = p;
    return ckks_params_check(&p, err);
}

/* Backwards from what the sine's scale shall be: each doubling squares it and divides by a prime.
 * Eq. (10) */
static double scale_before(const ckks_context *ctx, size_t out_limbs, double scale)
{
    for (size_t i = 0; i < CKKS_BOOTSTRAP_DOUBLINGS; i++) {
        scale = sqrt(scale * (double)ckks_limb_prime(ctx, out_limbs + i));
    }
    return scale;
}

static status make(ckks *c, ckks_bootstrap *b, unsigned n_matrices)
{
    const ckks_context *ctx = c->ctx;
    const double q0 = (double)ckks_limb_prime(ctx, 0);
    const size_t top = ctx->params.n_limbs, at_sine = top - n_matrices;
    const unsigned copies = ctx->params.log_n - 1 - b->log_slots;
    /* x / q_0, of both the slot and its conjugate, in units of the interval's half. Eq. (8) */
    const double raised = 2 * q0 * CKKS_SINE_REACH * ldexp(1, (int)copies);
    const ckks_transform_shape down = {.log_slots = b->log_slots,
                                       .n_matrices = n_matrices,
                                       .n_limbs = b->in_limbs,
                                       .gain = b->message / ctx->level[b->in_limbs].scale};
    const ckks_transform_shape up = {.log_slots = b->log_slots,
                                     .n_matrices = n_matrices,
                                     .backward = true,
                                     .n_limbs = top,
                                     .gain = ctx->level[at_sine].scale / raised};
    b->up_gain = up.gain;
    const double ratio = q0 / (CKKS_SINE_TURN * b->message);
    b->sine_scale = scale_before(ctx, b->out_limbs, ctx->level[b->out_limbs].scale * ratio);
    TRY(ckks_sine_series(&b->sine, CKKS_BOOTSTRAP_DEGREE, CKKS_BOOTSTRAP_DOUBLINGS, c->err));
    TRY(ckks_transform_new(c, &b->to_coefficients, &down));
    return ckks_transform_new(c, &b->to_slots, &up);
}

status ckks_bootstrap_new(ckks *c, ckks_bootstrap *out, unsigned log_slots, unsigned n_matrices,
                          unsigned margin_bits)
{
    const ckks_params *p = &c->ctx->params;
    const unsigned margin = margin_bits ? margin_bits : DEFAULT_MARGIN;
    *out = (ckks_bootstrap){0};
    if (n_matrices < 1 || n_matrices > CKKS_TRANSFORM_MAX_MATRICES ||
        p->n_wide != n_matrices + CKKS_BOOTSTRAP_SINE_DEPTH || log_slots < n_matrices ||
        log_slots >= p->log_n || margin > MAX_MARGIN || p->n_limbs < p->n_wide + n_matrices + 1) {
        return error_set(c->err, ERR_USAGE,
                         "ckks: no bootstrapping of 2^%u slots in %u matrices with %u wide limbs "
                         "of %u",
                         log_slots, n_matrices, p->n_wide, p->n_limbs);
    }
    *out = (ckks_bootstrap){.ctx = c->ctx,
                            .log_slots = log_slots,
                            .margin_bits = margin,
                            .in_limbs = n_matrices + 1,
                            .out_limbs = p->n_limbs - p->n_wide};
    out->message = ldexp((double)ckks_limb_prime(c->ctx, 0), -(int)margin);
    const status st = make(c, out, n_matrices);
    if (st != OK) {
        ckks_bootstrap_clear(out);
    }
    return st;
}

void ckks_bootstrap_clear(ckks_bootstrap *b)
{
    ckks_transform_clear(&b->to_coefficients);
    ckks_transform_clear(&b->to_slots);
    ckks_series_clear(&b->sine);
    *b = (ckks_bootstrap){0};
}

static size_t transform_bytes(const ckks_transform *t)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < t->n_matrices; i++) {
        for (size_t d = 0; d < t->matrix[i].n; d++) {
            const ckks_plain *p = &t->matrix[i].plain[d];
            bytes += ((p->n_special + p->n_limbs) << p->log_n) * sizeof *p->words;
        }
    }
    return bytes;
}

size_t ckks_bootstrap_bytes(const ckks_bootstrap *b)
{
    return transform_bytes(&b->to_coefficients) + transform_bytes(&b->to_slots);
}

size_t ckks_bootstrap_wishes(const ckks_bootstrap *b, ckks_key_wish *out)
{
    const ckks_context *ctx = b->ctx;
    const size_t at_sine = ctx->params.n_limbs - b->to_slots.n_matrices;
    const ckks_key_wish always[2] = {
        {.element = CKKS_RELINEARISE, .n_limbs = at_sine},
        {.element = ckks_conjugation_element(ctx), .n_limbs = at_sine},
    };
    size_t n = 0;
    for (; n < 2; n++) {
        if (out) {
            out[n] = always[n];
        }
    }
    /* Sums over what repeats: ckks-bootstrapping.md Eq. (4). */
    for (unsigned i = b->log_slots; i + 1 < ctx->params.log_n; i++, n++) {
        if (out) {
            out[n] = (ckks_key_wish){.element = ckks_rotation_element(ctx, (int64_t)1 << i),
                                     .n_limbs = ctx->params.n_limbs};
        }
    }
    n = ckks_transform_wishes(&b->to_slots, out, n);
    return ckks_transform_wishes(&b->to_coefficients, out, n);
}

static status keys_fill(ckks *c, ckks_bootstrap_keys *k, const ckks_bootstrap *b,
                        const ckks_secret *s)
{
    ckks_key_wish *wishes = mem_new(ckks_bootstrap_wishes(b, NULL), sizeof *wishes);
    if (!wishes) {
        return error_memory(c->err);
    }
    const size_t n = ckks_bootstrap_wishes(b, wishes);
    status st = ckks_capsule_new(c, &k->capsule, s);
    st = st == OK ? ckks_keys_new_wished(c, &k->keys, s, wishes, n) : st;
    mem_free(wishes);
    return st;
}

status ckks_bootstrap_keys_new(ckks *c, ckks_bootstrap_keys *out, const ckks_bootstrap *b,
                               const ckks_secret *s)
{
    *out = (ckks_bootstrap_keys){0};
    const status st = keys_fill(c, out, b, s);
    if (st != OK) {
        ckks_bootstrap_keys_clear(out);
    }
    return st;
}

void ckks_bootstrap_keys_clear(ckks_bootstrap_keys *k)
{
    ckks_capsule_clear(&k->capsule);
    ckks_keys_clear(&k->keys);
}

size_t ckks_bootstrap_keys_bytes(const ckks_bootstrap_keys *k)
{
    size_t bytes = ckks_capsule_bytes(&k->capsule);
    for (size_t i = 0; i < k->keys.n; i++) {
        const ckks_switch_key *key = &k->keys.key[i];
        bytes += ckks_switch_key_bytes(key->ctx, key->n_limbs);
        bytes += key->permute ? key->ctx->n * sizeof *key->permute : 0;
    }
    return bytes;
}
