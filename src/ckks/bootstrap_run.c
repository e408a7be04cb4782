/* ckks-bootstrapping.md Eq. (1): slots to coefficients, raise, coefficients to slots, sine. */
#include <math.h>

#include "ckks/bootstrap.h"
#include "ckks/sine.h"

/* Which parts of slots are wanted. */
typedef struct {
    bool real, imaginary;
} parts;

/* What one run holds. */
typedef struct {
    ckks *c;
    const ckks_bootstrap *b;
    const ckks_bootstrap_keys *keys;
    ckks_cipher low, raised, slots, other;
} run;

/* Eq. (4): the sum of what rotations by 2^log_slots, .. N / 4 give keeps the coefficients that the
 * slots' own ring has, times their number, and no others. */
static status sum_copies(run *r)
{
    const ckks_context *ctx = r->c->ctx;
    for (unsigned i = r->b->log_slots; i + 1 < ctx->params.log_n; i++) {
        TRY(ckks_rotate(r->c, &r->slots, &r->raised, (int64_t)1 << i, &r->keys->keys));
        TRY(ckks_add(r->c, &r->raised, &r->raised, &r->slots));
    }
    return OK;
}

/* x's slots, plus multiples of q_0 / message, halved: Eq. (1)-(7). */
static status raise(run *r, const ckks_cipher *x)
{
    ckks *c = r->c;
    const ckks_context *ctx = c->ctx;
    const ckks_bootstrap *b = r->b;
    const size_t top = ctx->params.n_limbs;
    TRY(ckks_cipher_take(c, &r->low, b->in_limbs - 1, 2));
    TRY(ckks_cipher_take(c, &r->raised, top, 2));
    TRY(ckks_cipher_take(c, &r->slots, top, 2));
    TRY(ckks_transform_apply(c, &r->low, x, &b->to_coefficients, &r->keys->keys));
    TRY(ckks_capsule_raise(c, &r->raised, &r->low, &r->keys->capsule));
    TRY(sum_copies(r));
    r->raised.log_slots = b->log_slots;
    r->raised.scale = ctx->level[top - b->to_slots.n_matrices].scale / b->up_gain;
    TRY(ckks_transform_apply(c, &r->slots, &r->raised, &b->to_slots, &r->keys->keys));
    r->slots.scale = ctx->level[r->slots.n_limbs].scale;
    return OK;
}

/* z = sin(2 pi x) in units in which it is the message. Eq. (8), (10) */
static status sine(run *r, ckks_cipher *z, ckks_cipher *x)
{
    const ckks_bootstrap *b = r->b;
    TRY(ckks_series_apply_scaled(r->c, x, x, &b->sine, b->sine_scale, &r->keys->keys));
    for (size_t i = 0; i + 1 < CKKS_BOOTSTRAP_DOUBLINGS; i++) {
        TRY(ckks_sine_double(r->c, x, x, &r->keys->keys));
    }
    TRY(ckks_sine_double(r->c, z, x, &r->keys->keys));
    z->scale = r->c->ctx->level[b->out_limbs].scale;
    return OK;
}

/* The real parts to z[0], the imaginary ones to z[1]: y + conj(y), i (conj(y) - y). */
static status split(run *r, ckks_cipher *z[2], parts wanted)
{
    ckks *c = r->c;
    TRY(ckks_cipher_take(c, &r->other, r->slots.n_limbs, 2));
    TRY(ckks_conjugate(c, &r->other, &r->slots, &r->keys->keys));
    if (wanted.real) {
        TRY(ckks_add(c, &r->raised, &r->slots, &r->other));
        TRY(sine(r, z[0], &r->raised));
    }
    if (wanted.imaginary) {
        TRY(ckks_sub(c, &r->other, &r->other, &r->slots));
        TRY(ckks_mul_i(c, &r->other, &r->other));
        TRY(sine(r, z[1], &r->other));
    }
    return OK;
}

static status check(ckks *c, const ckks_cipher *x, const ckks_bootstrap *b, size_t in_limbs)
{
    CHECK(b->ctx == c->ctx && x->n_parts == 2);
    if (x->n_limbs < in_limbs || x->log_slots > b->log_slots) {
        return error_set(c->err, ERR_USAGE,
                         "ckks: bootstrapping of %zu limbs and 2^%u slots, a ciphertext of %zu and "
                         "2^%u",
                         in_limbs, b->log_slots, x->n_limbs, x->log_slots);
    }
    return OK;
}

/* At in_limbs and their scale. */
static status adjusted(run *r, ckks_cipher *out, const ckks_cipher *x)
{
    const size_t limbs = r->b->in_limbs;
    TRY(check(r->c, x, r->b, limbs));
    TRY(ckks_cipher_take(r->c, out, limbs, 2));
    return ckks_adjust(r->c, out, x, limbs);
}

static status go(run *r, ckks_cipher *z[2], const ckks_cipher *x, parts wanted)
{
    ckks_cipher at;
    TRY(adjusted(r, &at, x));
    TRY(raise(r, &at));
    return split(r, z, wanted);
}

status ckks_bootstrap_run_real(ckks *c, ckks_cipher *z, const ckks_cipher *x,
                               const ckks_bootstrap *b, const ckks_bootstrap_keys *keys)
{
    run r = {.c = c, .b = b, .keys = keys};
    ckks_cipher *to[2] = {z, NULL};
    const arena_mark_t mark = arena_mark(c->tmp);
    const status st = go(&r, to, x, (parts){.real = true});
    arena_release(c->tmp, mark);
    return st;
}

static status both(run *r, ckks_cipher *z, const ckks_cipher *x)
{
    ckks *c = r->c;
    ckks_cipher imaginary;
    ckks_cipher *to[2] = {z, &imaginary};
    TRY(ckks_cipher_take(c, &imaginary, r->b->out_limbs, 2));
    TRY(go(r, to, x, (parts){.real = true, .imaginary = true}));
    TRY(ckks_mul_i(c, &imaginary, &imaginary));
    return ckks_add(c, z, z, &imaginary);
}

status ckks_bootstrap_run(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_bootstrap *b,
                          const ckks_bootstrap_keys *keys)
{
    run r = {.c = c, .b = b, .keys = keys};
    const arena_mark_t mark = arena_mark(c->tmp);
    const status st = both(&r, z, x);
    arena_release(c->tmp, mark);
    return st;
}

static status two(run *r, ckks_cipher z[2], const ckks_cipher x[2])
{
    ckks_cipher pair, second;
    ckks_cipher *to[2] = {&z[0], &z[1]};
    TRY(adjusted(r, &pair, &x[0]));
    TRY(adjusted(r, &second, &x[1]));
    TRY(ckks_mul_i(r->c, &second, &second));
    TRY(ckks_add(r->c, &pair, &pair, &second));
    return go(r, to, &pair, (parts){.real = true, .imaginary = true});
}

status ckks_bootstrap_run_two(ckks *c, ckks_cipher z[2], const ckks_cipher x[2],
                              const ckks_bootstrap *b, const ckks_bootstrap_keys *keys)
{
    run r = {.c = c, .b = b, .keys = keys};
    const arena_mark_t mark = arena_mark(c->tmp);
    const status st = two(&r, z, x);
    arena_release(c->tmp, mark);
    return st;
}

/* rest = (x - first) 2^gain_bits at in_limbs: the scale's factor becomes the message's. */
static status rest_of(ckks *c, ckks_cipher *rest, const ckks_cipher *x, const ckks_cipher *first,
                      const ckks_bootstrap *b, unsigned gain_bits)
{
    const size_t limbs = b->in_limbs;
    ckks_cipher low;
    TRY(ckks_cipher_take(c, &low, limbs, 2));
    TRY(ckks_adjust_by(c, rest, x, limbs, ldexp(1, (int)gain_bits)));
    TRY(ckks_adjust_by(c, &low, first, limbs, ldexp(1, (int)gain_bits)));
    return ckks_sub(c, rest, rest, &low);
}

static status twice(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_bootstrap *b,
                    const ckks_bootstrap_keys *keys, unsigned gain_bits)
{
    const size_t limbs = b->out_limbs - 1;
    ckks_cipher first, rest, second;
    TRY(check(c, x, b, b->in_limbs + 1));
    TRY(ckks_cipher_take(c, &first, b->out_limbs, 2));
    TRY(ckks_cipher_take(c, &rest, b->in_limbs, 2));
    TRY(ckks_cipher_take(c, &second, b->out_limbs, 2));
    TRY(ckks_bootstrap_run(c, &first, x, b, keys));
    TRY(rest_of(c, &rest, x, &first, b, gain_bits));
    TRY(ckks_bootstrap_run(c, &second, &rest, b, keys));
    TRY(ckks_adjust_by(c, &second, &second, limbs, ldexp(1, -(int)gain_bits)));
    TRY(ckks_adjust(c, z, &first, limbs));
    return ckks_add(c, z, z, &second);
}

status ckks_bootstrap_run_twice(ckks *c, ckks_cipher *z, const ckks_cipher *x,
                                const ckks_bootstrap *b, const ckks_bootstrap_keys *keys,
                                unsigned gain_bits)
{
    const arena_mark_t mark = arena_mark(c->tmp);
    const status st = twice(c, z, x, b, keys, gain_bits);
    arena_release(c->tmp, mark);
    return st;
}
