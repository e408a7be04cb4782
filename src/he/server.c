#include "he/server.h"

#include <string.h>

#include "base/mem.h"
#include "he/server_parts.h"
#include "he/weights.h"

/* ---- Diagonals */

typedef struct {
    he_server *s;
    ckks *c;
    double *re, *im; /* lanes */
    double *slots;   /* of all tokens, twice: where the first alone counts */
} encoder;

/* Lanes of the first token, zeros behind. */
static status encode_first(encoder *e, ckks_plain *out, const ckks_encoding *how)
{
    const size_t width = e->s->plan->program->shape.width, n = (size_t)1 << e->s->plan->log_slots;
    ckks_encoding all = *how;
    all.log_slots = e->s->plan->log_slots;
    memset(e->slots, 0, 2 * n * sizeof *e->slots);
    memcpy(e->slots, e->re, width * sizeof *e->re);
    memcpy(e->slots + n, e->im, width * sizeof *e->im);
    return ckks_encode(e->c, out, e->slots, e->slots + n, &all);
}

/* Turned back by the giant step, so that the turn that follows undoes it. */
static void turn_back(double *x, double *scratch, size_t width, int64_t by)
{
    const int64_t n = (int64_t)width;
    memcpy(scratch, x, width * sizeof *x);
    for (int64_t i = 0; i < n; i++) {
        x[i] = scratch[(((i - by) % n) + n) % n];
    }
}

static status encode_map(encoder *e, const he_step *s, ckks_plain *out)
{
    const he_plan *plan = e->s->plan;
    const size_t limbs = he_limbs(plan, s->depth) + 1, width = plan->program->shape.width;
    const bool lone = s->map.n_giant * s->map.n_baby == 1;
    const ckks_encoding how = {.log_slots = he_log2(width),
                               .n_limbs = limbs,
                               .scale = plan->ctx->level[limbs].scale,
                               .raised = !lone};
    for (size_t g = 0; g < s->map.n_giant; g++) {
        for (size_t b = 0; b < s->map.n_baby; b++) {
            (void)he_diagonal(e->re, e->im, plan->program, s, g, b);
            turn_back(e->re, e->slots, width, s->map.giant[g]);
            turn_back(e->im, e->slots, width, s->map.giant[g]);
            ckks_plain *d = &out[g * s->map.n_baby + b];
            TRY(lone && s->valid == HE_FIRST ? encode_first(e, d, &how)
                                             : ckks_encode(e->c, d, e->re, e->im, &how));
        }
    }
    return OK;
}

/* Such that the product, rescaled, has the scale of its level. */
static status encode_gamma(encoder *e, const he_step *s, ckks_plain *out)
{
    const he_plan *plan = e->s->plan;
    const size_t limbs = he_limbs(plan, s->depth) + 1;
    const double from = plan->ctx->level[he_limbs(plan, plan->program->depth[s->x])].scale;
    const ckks_encoding how = {.log_slots = he_log2(plan->program->shape.width),
                               .n_limbs = limbs,
                               .scale = plan->ctx->level[limbs - 1].scale *
                                        (double)ckks_limb_prime(plan->ctx, limbs - 1) / from};
    memset(e->im, 0, plan->program->shape.width * sizeof *e->im);
    he_gamma(e->re, plan->program, s);
    return s->valid == HE_FIRST ? encode_first(e, out, &how)
                                : ckks_encode(e->c, out, e->re, e->im, &how);
}

static status encode_step(encoder *e, size_t i)
{
    const he_step *s = &e->s->plan->program->step[i];
    const size_t n = s->op == HE_MAP ? s->map.n_giant * s->map.n_baby : s->op == HE_RESIDUAL;
    if (n == 0) {
        return OK;
    }
    e->s->plain[i] = mem_new(n, sizeof **e->s->plain);
    if (!e->s->plain[i]) {
        return error_memory(e->c->err);
    }
    e->s->n_plain[i] = n;
    return s->op == HE_MAP ? encode_map(e, s, e->s->plain[i]) : encode_gamma(e, s, e->s->plain[i]);
}

static status encode_all(he_server *s, ckks *c)
{
    const size_t n = s->plan->program->n, width = s->plan->program->shape.width;
    s->plain = mem_new(n, sizeof *s->plain);
    s->n_plain = mem_new(n, sizeof *s->n_plain);
    double *lanes = mem_new(2 * width + ((size_t)2 << s->plan->log_slots), sizeof *lanes);
    encoder e = {.s = s, .c = c, .re = lanes};
    status st = OK;
    if (!s->plain || !s->n_plain || !lanes) {
        st = error_memory(c->err);
    } else {
        e.im = lanes + width;
        e.slots = lanes + 2 * width;
    }
    for (size_t i = 0; st == OK && i < n; i++) {
        st = encode_step(&e, i);
    }
    mem_free(lanes);
    return st;
}

status he_server_new(he_server **out, const he_plan *plan, pool *p, error *err)
{
    ckks c;
    *out = NULL;
    he_server *s = mem_new(1, sizeof *s);
    if (!s) {
        return error_memory(err);
    }
    s->plan = plan;
    status st = ckks_open(&c, plan->ctx, p, err);
    if (st == OK) {
        st = encode_all(s, &c);
        ckks_close(&c);
    }
    if (st != OK) {
        he_server_free(s);
        return st;
    }
    *out = s;
    return OK;
}

void he_server_free(he_server *s)
{
    if (!s) {
        return;
    }
    for (size_t i = 0; s->plain && s->n_plain && i < s->plan->program->n; i++) {
        for (size_t j = 0; j < s->n_plain[i]; j++) {
            ckks_plain_clear(&s->plain[i][j]);
        }
        mem_free(s->plain[i]);
    }
    mem_free(s->plain);
    mem_free(s->n_plain);
    mem_free(s);
}
