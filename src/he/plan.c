#include "he/plan.h"

#include <string.h>

#include "base/mem.h"
#include "ckks/kernels.h"
#include "he/steps.h"
#include "he/wire.h"

/* Bits of a scale: the most that is of use and the least that is precise enough. More digits than
 * that make keys large and no ciphertext better. */
enum { SCALE_MOST = 40, SCALE_LEAST = 30, INTEGER_BITS = 4, MAX_DIGITS = 4 };

size_t he_tally_sum(const size_t counts[CKKS_MAX_LIMBS + 1])
{
    size_t sum = 0;
    for (size_t i = 0; i <= CKKS_MAX_LIMBS; i++) {
        sum += counts[i];
    }
    return sum;
}

/* ---- Parameters */

static bool few_digits(const ckks_params *p)
{
    return (p->n_limbs + p->alpha - 1) / p->alpha <= MAX_DIGITS;
}

/* The smallest ring that has the least scale; in it the largest scale that keys of few digits
 * serve. */
static status choose(ckks_params *out, const he_wish *w, unsigned log_slots, size_t depth,
                     error *err)
{
    ckks_wish wish = {.depth = (unsigned)depth,
                      .integer_bits = INTEGER_BITS,
                      .min_log_slots = log_slots,
                      .scale_bits = w->scale_bits ? w->scale_bits : SCALE_LEAST};
    TRY(ckks_params_choose(out, &wish, err));
    for (unsigned bits = SCALE_MOST; !w->scale_bits && bits > SCALE_LEAST; bits--) {
        ckks_params p;
        wish.scale_bits = bits;
        if (ckks_params_choose(&p, &wish, NULL) == OK && p.log_n == out->log_n && few_digits(&p)) {
            *out = p;
            break;
        }
    }
    return OK;
}

/* As many tokens as the ring takes; levels do not depend on them. */
static status choose_ring(he_plan *p, const model *m, const he_wish *w, size_t *places, error *err)
{
    const size_t width = HE_COPIES * m->dim, d = m->n_heads > 0 ? m->dim / m->n_heads : 0;
    if (w->tokens < 1 || w->tokens > HE_MAX_TOKENS) {
        return error_set(err, ERR_USAGE, "%zu tokens: on ciphertexts they are 1 to %d", w->tokens,
                         HE_MAX_TOKENS);
    }
    size_t n = (size_t)1 << he_log2(w->tokens < 2 ? 2 : w->tokens);
    TRY(he_record(&p->program, m, n, err));
    TRY(choose(&p->params, w, he_log2(n * width), p->program->max_depth, err));
    while (n < HE_MAX_TOKENS && n < HE_COPIES * d &&
           2 * n * width <= (size_t)1 << (p->params.log_n - 1)) {
        n *= 2;
    }
    p->log_slots = he_log2(n * width);
    *places = n;
    return OK;
}

/* ---- Keys, operations */

typedef struct {
    he_plan *p;
    size_t cap;
    error *err;
} planner;

static status add_key(planner *w, he_key_kind kind, int64_t turn, size_t n_limbs)
{
    he_plan *p = w->p;
    const int64_t slots = (int64_t)1 << p->log_slots;
    const int64_t by = (turn % slots + slots) % slots;
    if (kind == HE_KEY_TURN && by == 0) {
        return OK;
    }
    for (size_t i = 0; i < p->n_keys; i++) {
        he_key *k = &p->key[i];
        if (k->kind == kind && k->turn == by) {
            k->n_limbs = n_limbs > k->n_limbs ? n_limbs : k->n_limbs;
            return OK;
        }
    }
    if (!mem_reserve((void **)&p->key, &w->cap, p->n_keys + 1, sizeof *p->key)) {
        return error_memory(w->err);
    }
    p->key[p->n_keys++] = (he_key){.kind = kind, .turn = by, .n_limbs = n_limbs};
    return OK;
}

static status plan_map(planner *w, const he_step *s, size_t l)
{
    const he_map *m = &s->map;
    he_tally *t = &w->p->tally;
    for (size_t b = 0; b < m->n_baby; b++) {
        TRY(add_key(w, HE_KEY_TURN, m->baby[b], l));
    }
    for (size_t g = 0; g + 1 < m->n_giant; g++) {
        TRY(add_key(w, HE_KEY_TURN, m->giant[g + 1] - m->giant[g], l));
    }
    TRY(add_key(w, HE_KEY_TURN, m->giant[0], l));
    he_tally_map(t, m, l);
    return OK;
}

static status plan_sum(planner *w, const he_step *s, size_t l)
{
    for (size_t i = 0; i < s->sum.n; i++) {
        const he_term *t = &s->sum.term[i];
        TRY(t->conjugate ? add_key(w, HE_KEY_CONJUGATE, 0, l)
                         : add_key(w, HE_KEY_TURN, t->turn, l));
    }
    he_tally_sum_terms(&w->p->tally, s, l);
    return OK;
}

static status plan_products(planner *w, const he_products *r, size_t l)
{
    const int64_t inner = (int64_t)r->inner;
    for (int64_t b = 1; b < inner; b++) {
        TRY(add_key(w, HE_KEY_TURN, b * r->px, l));
        TRY(add_key(w, HE_KEY_TURN, b * r->py, l));
    }
    if (r->n > r->inner) {
        TRY(add_key(w, HE_KEY_TURN, inner * r->px, l));
        TRY(add_key(w, HE_KEY_TURN, inner * (r->py - r->px), l));
    }
    he_tally_products(&w->p->tally, r, l);
    return add_key(w, HE_KEY_RELINEARISE, 0, l);
}

static status plan_step(planner *w, const he_step *s)
{
    const size_t below = he_limbs(w->p, s->depth);
    he_tally *t = &w->p->tally;
    switch (s->op) {
    case HE_MAP:
        return plan_map(w, s, below + 1);
    case HE_SUM:
        return plan_sum(w, s, below);
    case HE_PRODUCTS:
        return plan_products(w, &s->products, below + 1);
    case HE_SQUARES:
        he_tally_squares(t, below + 1);
        TRY(add_key(w, HE_KEY_CONJUGATE, 0, below + 1));
        return add_key(w, HE_KEY_RELINEARISE, 0, below + 1);
    case HE_RESIDUAL:
        t->plain[below + 1]++;
        return OK;
    case HE_CONSTANTS:
    case HE_SCALE:
    case HE_CLIENT:
        break;
    }
    return OK;
}

/* ---- Bytes and memory */

static size_t limbs_bytes(const he_plan *p, size_t first, size_t n)
{
    size_t bytes = 0;
    for (size_t i = first; i < first + n; i++) {
        unsigned bits = 0;
        for (uint64_t q = p->ctx->ring->limb[i].m.q - 1; q > 0; q /= 2) {
            bits++;
        }
        bytes += p->ctx->n * bits / 8;
    }
    return bytes;
}

size_t he_key_element(const ckks_context *ctx, const he_key *k)
{
    switch (k->kind) {
    case HE_KEY_RELINEARISE:
        return CKKS_RELINEARISE;
    case HE_KEY_CONJUGATE:
        return ckks_conjugation_element(ctx);
    case HE_KEY_TURN:
        break;
    }
    return ckks_rotation_element(ctx, k->turn);
}

size_t he_key_bytes(const he_plan *p, size_t i)
{
    const size_t l = p->key[i].n_limbs, digits = (l + p->params.alpha - 1) / p->params.alpha;
    return CKKS_STORE_HEADER + 8 + 16 + PRG_SEED_BYTES +
           digits * limbs_bytes(p, 0, p->params.n_special + l);
}

/* Of a stored ciphertext, but for its limbs and its seed. */
enum { CIPHER_FIELDS = CKKS_STORE_HEADER + 24 };

size_t he_answer_bytes(const he_plan *p, const he_step *s)
{
    return CIPHER_FIELDS + PRG_SEED_BYTES +
           limbs_bytes(p, p->params.n_special, he_limbs(p, s->depth));
}

static void measure(he_plan *p)
{
    const size_t top = p->params.n_limbs, special = p->params.n_special;
    const size_t poly = (top + special) * p->ctx->n * sizeof(uint64_t);
    for (size_t i = 0; i < p->n_keys; i++) {
        p->key_bytes += he_key_bytes(p, i);
        p->key_memory += ckks_switch_key_bytes(p->ctx, p->key[i].n_limbs) +
                         (p->key[i].kind == HE_KEY_RELINEARISE ? 0 : 4 * p->ctx->n);
    }
    p->input_bytes = 16 + CIPHER_FIELDS + PRG_SEED_BYTES + limbs_bytes(p, special, top);
    p->result_bytes =
        CIPHER_FIELDS +
        2 * limbs_bytes(p, special, he_limbs(p, p->program->depth[p->program->result]));
    for (size_t i = 0; i < p->program->n; i++) {
        const he_step *s = &p->program->step[i];
        const size_t l = he_limbs(p, s->depth) + 1;
        const size_t one = (l + special) * 2 * p->program->shape.width * sizeof(uint64_t);
        if (s->op == HE_CLIENT) {
            p->ask_bytes += CIPHER_FIELDS + 2 * limbs_bytes(p, special, HE_ASK_LIMBS);
            p->answer_bytes += he_answer_bytes(p, s);
        }
        p->weight_memory += s->op == HE_MAP ? s->map.n_baby * s->map.n_giant * one : 0;
    }
    /* babies and eight inner sums, two parts each; digits; registers that live together */
    p->run_memory = (2 * (HE_BABIES + HE_INNER_SUMS) + p->ctx->n_digits + 8) * poly;
    p->offer_bytes = he_offer_bytes(p);
    p->rounds = 1 + p->program->n_rounds;
}

static status fill(he_plan *p, const model *m, const he_wish *w, error *err)
{
    size_t places = 0;
    isa level;
    planner walk = {.p = p, .err = err};
    TRY(choose_ring(p, m, w, &places, err));
    he_program_free(p->program);
    p->program = NULL;
    TRY(he_record(&p->program, m, places, err));
    CHECK(p->program->max_depth + 1 == p->params.n_limbs);
    for (size_t i = 0; i < p->program->n; i++) {
        TRY(plan_step(&walk, &p->program->step[i]));
    }
    TRY(cpu_pick(&level, err));
    TRY(ckks_context_new(&p->ctx, &p->params, ckks_kernels_for(level), err));
    measure(p);
    return OK;
}

status he_plan_make(he_plan **out, const model *m, const he_wish *wish, error *err)
{
    *out = NULL;
    he_plan *p = mem_new(1, sizeof *p);
    if (!p) {
        return error_memory(err);
    }
    const status st = fill(p, m, wish, err);
    if (st != OK) {
        he_plan_free(p);
        return st;
    }
    *out = p;
    return OK;
}

void he_plan_free(he_plan *p)
{
    if (p) {
        he_program_free(p->program);
        ckks_context_free(p->ctx);
        mem_free(p->key);
        mem_free(p);
    }
}
