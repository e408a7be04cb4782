#include "base/mem.h"
#include "ckks/plan.h"

typedef struct {
    ckks *c;
    ckks_cipher *value;
    const ckks_step *step;
    const ckks_planned *plan;
    size_t at;
    unsigned log_slots;
    const ckks_keys *keys;
} runner;

/* Operand `number` at so many limbs: itself, or adjusted in room. */
static status operand(runner *r, const ckks_cipher **out, ckks_cipher *room, size_t number,
                      size_t limbs)
{
    const ckks_cipher *x = &r->value[number];
    *out = x;
    if (x->n_limbs == limbs) {
        return OK;
    }
    TRY(ckks_cipher_new(room, r->c->ctx, limbs, 2, r->c->err));
    *out = room;
    return ckks_adjust(r->c, room, x, limbs);
}

static status run_pair(runner *r, ckks_cipher *z, ckks_cipher room[2])
{
    const ckks_step *s = &r->step[r->at];
    const size_t limbs = r->plan[r->at].n_limbs + (s->op == CKKS_PLAN_MULTIPLY);
    const ckks_cipher *x, *y;
    TRY(operand(r, &x, &room[0], s->x, limbs));
    TRY(operand(r, &y, &room[1], s->y, limbs));
    switch (s->op) {
    case CKKS_PLAN_ADD:
        return ckks_add(r->c, z, x, y);
    case CKKS_PLAN_SUB:
        return ckks_sub(r->c, z, x, y);
    default:
        return ckks_multiply(r->c, z, x, y, r->keys);
    }
}

static status run_plain(runner *r, ckks_cipher *z, ckks_cipher *room)
{
    const ckks_step *s = &r->step[r->at];
    const ckks_cipher *x = &r->value[s->x];
    const ckks_encoding how = {.log_slots = r->log_slots, .n_limbs = x->n_limbs, .scale = x->scale};
    ckks_plain y;
    TRY(ckks_encode(r->c, &y, s->re, s->im, &how));
    status st = ckks_cipher_new(room, r->c->ctx, x->n_limbs, 2, r->c->err);
    st = st == OK ? ckks_mul_plain(r->c, room, x, &y) : st;
    st = st == OK ? ckks_rescale(r->c, z, room) : st;
    ckks_plain_clear(&y);
    return st;
}

static status run_constant(runner *r, ckks_cipher *z, ckks_cipher *room)
{
    const ckks_step *s = &r->step[r->at];
    const ckks_cipher *x = &r->value[s->x];
    TRY(ckks_cipher_new(room, r->c->ctx, x->n_limbs, 2, r->c->err));
    TRY(ckks_mul_constant(r->c, room, x, s->constant, x->scale));
    return ckks_rescale(r->c, z, room);
}

static status run_step(runner *r, ckks_cipher *z, const ckks_cipher **inputs, ckks_cipher room[2])
{
    const ckks_step *s = &r->step[r->at];
    switch (s->op) {
    case CKKS_PLAN_INPUT:
        TRY(ckks_same_scale(r->c, (*inputs)->scale, r->c->ctx->level[z->capacity].scale));
        return ckks_copy(r->c, z, (*inputs)++, z->capacity);
    case CKKS_PLAN_PLAIN:
        return run_plain(r, z, room);
    case CKKS_PLAN_CONSTANT:
        return run_constant(r, z, room);
    case CKKS_PLAN_ADD_CONSTANT:
        return ckks_add_constant(r->c, z, &r->value[s->x], s->constant);
    case CKKS_PLAN_ROTATE:
        return ckks_rotate(r->c, z, &r->value[s->x], s->by, r->keys);
    case CKKS_PLAN_CONJUGATE:
        return ckks_conjugate(r->c, z, &r->value[s->x], r->keys);
    default:
        return run_pair(r, z, room);
    }
}

status ckks_plan_run(ckks *c, ckks_cipher *out, const ckks_step *steps, const ckks_planned *plan,
                     size_t n, unsigned log_slots, const ckks_cipher *inputs, const ckks_keys *keys)
{
    runner r = {
        .c = c, .value = out, .step = steps, .plan = plan, .log_slots = log_slots, .keys = keys};
    status st = OK;
    for (; st == OK && r.at < n; r.at++) {
        ckks_cipher room[2] = {{0}};
        st = ckks_cipher_new(&out[r.at], c->ctx, plan[r.at].n_limbs, 2, c->err);
        if (st == OK) {
            st = run_step(&r, &out[r.at], &inputs, room);
        }
        ckks_cipher_clear(&room[0]);
        ckks_cipher_clear(&room[1]);
    }
    for (size_t i = 0; st != OK && i < r.at; i++) {
        ckks_cipher_clear(&out[i]);
    }
    return st;
}
