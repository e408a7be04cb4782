#include <string.h>

#include "ckks/evaluate.h"
#include "ckks/switch.h"

/* ckks-keys.md Eq. (5): switch first, to the secret that the automorphism turns into s; then only
 * the two parts of the result move. */
static status turn_raised(ckks *c, ckks_cipher *z, const ckks_raised *raised,
                          const uint64_t *constant, const ckks_switch_key *key)
{
    const ckks_finish f = {.key = key, .add = {constant}, .permute = key->permute};
    return ckks_switch_finish(c, z->part, raised, &f);
}

static status turn(ckks *c, ckks_cipher *z, const ckks_cipher *x, size_t element,
                   const ckks_keys *keys)
{
    const ckks_switch_key *key;
    CHECK(x->n_parts == 2);
    if (element == 1) {
        return ckks_copy(c, z, x, x->n_limbs);
    }
    TRY(ckks_keys_find(c, &key, keys, element, x->n_limbs));
    TRY(ckks_shape(c, z, x->n_limbs, 2, x->scale, x->log_slots));
    const arena_mark_t mark = arena_mark(c->tmp);
    ckks_raised raised;
    const uint64_t *constant = x->part[0];
    uint64_t *kept = NULL;
    status st = ckks_raise(c, &raised, x->part[1], x->n_limbs);
    if (st == OK && z == x) { /* places move from one array to another */
        st = ckks_take(c, &kept, x->n_limbs * c->ctx->n);
        constant = kept;
    }
    if (st == OK && kept) {
        memcpy(kept, x->part[0], x->n_limbs * c->ctx->n * sizeof *kept);
    }
    st = st == OK ? turn_raised(c, z, &raised, constant, key) : st;
    arena_release(c->tmp, mark);
    return st;
}

status ckks_rotate(ckks *c, ckks_cipher *z, const ckks_cipher *x, int64_t by, const ckks_keys *keys)
{
    return turn(c, z, x, ckks_rotation_element(c->ctx, by), keys);
}

status ckks_conjugate(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_keys *keys)
{
    return turn(c, z, x, ckks_conjugation_element(c->ctx), keys);
}

static status turn_one(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_raised *raised,
                       size_t element, const ckks_keys *keys)
{
    const ckks_switch_key *key;
    CHECK(z != x);
    if (element == 1) {
        return ckks_copy(c, z, x, x->n_limbs);
    }
    TRY(ckks_keys_find(c, &key, keys, element, x->n_limbs));
    TRY(ckks_shape(c, z, x->n_limbs, 2, x->scale, x->log_slots));
    return turn_raised(c, z, raised, x->part[0], key);
}

status ckks_rotate_many(ckks *c, ckks_cipher *z, const ckks_cipher *x, const int64_t *steps,
                        size_t n, const ckks_keys *keys)
{
    ckks_raised raised;
    CHECK(x->n_parts == 2);
    const arena_mark_t mark = arena_mark(c->tmp);
    status st = ckks_raise(c, &raised, x->part[1], x->n_limbs);
    for (size_t i = 0; st == OK && i < n; i++) {
        st = turn_one(c, &z[i], x, &raised, ckks_rotation_element(c->ctx, steps[i]), keys);
    }
    arena_release(c->tmp, mark);
    return st;
}
