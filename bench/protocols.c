/* SecFormer's protocols of 2024 beside ours, in one program: the tables of
 * docs/results/mpc-secformer-2024.md.
 *
 * usage: bench_protocols [SHAPE [TOKENS [REPEAT]]]
 *
 * First the engine's GeLU, attention with 2quad and LayerNorm, each by itself on all walks of two
 * servers and a dealer, on the same inputs under both, against doubles; then whole inferences.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "model/random_model.h"
#include "mpc/state.h"
#include "support/shared_weight.h"
#include "support/walks.h"
#include "tacit.h"

enum { TOKENS = 128, DIM = 768, HEADS = 12, HEAD_DIM = DIM / HEADS, GELUS = 32 * TOKENS };

static const mpc_protocol both[] = {MPC_TACIT, MPC_SECFORMER_2024};
static const char *names[] = {"tacit", "secformer-2024"};

/* An operation with its inputs as words. */
typedef struct {
    model *m;
    slot_range ranges[32];
    char slots[32][96];
    mpc_plan *plan;
    const mpc_weight *norms; /* of one walk */
    shared_weight ones;
    uint64_t *x[3];
    size_t n;
    status (*apply)(mpc_engine *e, value **y, void *piece);
} piece;

static _Noreturn void give_up(const char *why)
{
    fprintf(stderr, "bench_protocols: %s\n", why);
    exit(1);
}

/* ---- A model of one layer, whose weights nobody looks at */

static void range(piece *k, const char *operation, const char *quantity, double lo, double hi)
{
    recipe *r = &k->m->recipe;
    size_t at = r->n_ranges++;
    for (; at > 0; at--) { /* sorted */
        char slot[96];
        snprintf(slot, sizeof slot, "%.60s/%.30s", operation, quantity);
        if (strcmp(k->slots[at - 1], slot) < 0) {
            break;
        }
        memcpy(k->slots[at], k->slots[at - 1], sizeof *k->slots);
        k->ranges[at] = k->ranges[at - 1];
    }
    snprintf(k->slots[at], sizeof *k->slots, "%.60s/%.30s", operation, quantity);
    k->ranges[at] = (slot_range){.lo = lo, .hi = hi};
    for (size_t i = 0; i < r->n_ranges; i++) {
        k->ranges[i].slot = k->slots[i];
    }
}

static void make_model(piece *k)
{
    static const model_shape shape = {DIM, 1, HEADS, GELUS / TOKENS, 100, 2 * TOKENS, 2};
    error err = {0};
    *k = (piece){0};
    if (model_random(&k->m, &shape, 1, &err) != OK) {
        give_up(err.text);
    }
    encoder_layer *l = &k->m->layers[0];
    l->attention.form = ATTENTION_2QUAD;
    l->attention.c = 5;
    k->m->recipe.ranges = k->ranges;
    k->m->recipe.n_ranges = 0;
    range(k, l->attention.name, "scores", -9, 9);
    range(k, l->attention.name, "sum", 20, 60);
    range(k, l->attention.name, "context", -1, 1);
    range(k, l->activation.name, "input", -3.9, 3.9);
    range(k, l->attention_norm.name, "centred", -24, 24);
    range(k, l->attention_norm.name, "variance", 0.25, 32);
    range(k, l->output_norm.name, "centred", -24, 24);
    range(k, l->output_norm.name, "variance", 0.25, 32);
    range(k, k->m->head.activation.name, "input", -4, 4);
}

static void widen_activation(piece *k, double most)
{
    for (size_t i = 0; i < k->m->recipe.n_ranges; i++) {
        if (strstr(k->slots[i], "layers.0.activation")) {
            k->ranges[i].lo = -most;
            k->ranges[i].hi = most;
        }
    }
}

static void plan(piece *k, mpc_protocol p)
{
    error err = {0};
    const mpc_choice c = {.protocol = p};
    if (mpc_plan_make(&k->plan, k->m, &c, &err) != OK) {
        give_up(err.text);
    }
}

/* ---- One operation on all walks */

static status run(mpc *p, walks *w)
{
    static const size_t start[] = {0, TOKENS};
    piece *k = w->ctx;
    value *y = NULL;
    engine *base;
    const mpc_setup s = {.walk = *p, .model = k->m, .plan = k->plan};
    TRY(mpc_engine_new(&base, &s, p->err));
    mpc_engine *e = (mpc_engine *)base;
    mpc_weight norms[16] = {0};
    norms[k->m->embeddings.norm.id] = *shared_weight_for(&k->ones, p);
    e->norms = norms;
    e->seqs = (sequences){.n = 1, .start = start};
    status st = k->apply(e, &y, k);
    if (st == OK) {
        mpc_settle(&e->p, y->x, MPC_FRAC, y->x->bits - (y->x->frac - MPC_FRAC));
        walks_output(&e->p, w, 0, y->x);
        y->x = NULL;
        base->ops->drop(base, y);
    }
    p->cost = e->p.cost;
    p->gate = e->p.gate;
    base->ops->free(base);
    return st;
}

static value *input(mpc_engine *e, const piece *k, int i, size_t columns, unsigned bits,
                    unsigned frac)
{
    walks w = {.seed = {(uint8_t)(i + 1)}};
    return value_new(e, walks_input(&e->p, &w, k->x[i], k->n, bits, frac), k->n / columns, columns);
}

static double random_in(prg *g, double most)
{
    return ((double)(prg_word(g) >> 11) * 0x1p-52 - 1) * most;
}

static uint64_t word(double x, unsigned frac)
{
    return (uint64_t)llrint(ldexp(x, (int)frac));
}

/* What comes out, in units of the answer, and the rounds it took. */
static double got(const walks *w, size_t i)
{
    return ldexp((double)walks_signed(w, 0, i), -MPC_FRAC);
}

/* ---- GeLU */

static status apply_gelu(mpc_engine *e, value **y, void *arg)
{
    const piece *k = arg;
    const linear *up = &k->m->layers[0].up;
    const mpc_linear_plan *l = &k->plan->linears[up->id];
    value *x = input(e, k, 0, up->out, l->bits, l->frac + MPC_FRAC);
    const status st = mpc_activate(&e->base, y, x, &k->m->layers[0].activation);
    e->base.ops->drop(&e->base, x);
    return st;
}

static double gelu_error(mpc_protocol p, double most, uint64_t *rounds)
{
    piece k;
    double off = 0;
    make_model(&k);
    widen_activation(&k, most);
    plan(&k, p);
    const mpc_linear_plan *l = &k.plan->linears[k.m->layers[0].up.id];
    k.n = GELUS;
    k.x[0] = mem_new(k.n, sizeof **k.x);
    k.apply = apply_gelu;
    for (size_t i = 0; i < k.n; i++) {
        const double x = (2.0 * (double)i / GELUS - 1) * most;
        k.x[0][i] = word(x * l->scale, l->frac + MPC_FRAC);
    }
    walks w = {.ctx = &k};
    walks_run(&w, run);
    for (size_t i = 0; i < k.n; i++) {
        const double x = ldexp((double)(int64_t)k.x[0][i], -(int)(l->frac + MPC_FRAC)) / l->scale;
        off = fmax(off, fabs(got(&w, i) - x / 2 * (1 + erf(x / sqrt(2)))));
    }
    *rounds = w.cost.rounds;
    walks_clear(&w);
    mem_free(k.x[0]);
    mpc_plan_free(k.plan);
    model_free(k.m);
    return off;
}

/* ---- 2quad: contexts of values within ±1 */

static status apply_attention(mpc_engine *e, value **y, void *arg)
{
    const piece *k = arg;
    const encoder_layer *l = &k->m->layers[0];
    const linear *maps[] = {&l->query, &l->key, &l->value};
    value *x[3];
    for (int i = 0; i < 3; i++) {
        const mpc_linear_plan *lp = &k->plan->linears[maps[i]->id];
        x[i] = input(e, k, i, DIM, lp->bits, lp->frac + MPC_FRAC);
    }
    const status st = mpc_attend(&e->base, y, x[0], x[1], x[2], &l->attention);
    for (int i = 0; i < 3; i++) {
        e->base.ops->drop(&e->base, x[i]);
    }
    return st;
}

/* A row of contexts of a head, and how far off the protocol's is. */
static double row_error(const piece *k, const walks *w, size_t row, size_t h,
                        const unsigned frac[3])
{
    double context[HEAD_DIM] = {0}, sum = 0, off = 0;
    for (size_t j = 0; j < TOKENS; j++) {
        double s = 0;
        for (size_t d = h * HEAD_DIM; d < (h + 1) * HEAD_DIM; d++) {
            s += ldexp((double)(int64_t)k->x[0][row * DIM + d], -(int)frac[0]) *
                 ldexp((double)(int64_t)k->x[1][j * DIM + d], -(int)frac[1]);
        }
        sum += (s + 5) * (s + 5);
        for (size_t d = 0; d < HEAD_DIM; d++) {
            context[d] +=
                (s + 5) * (s + 5) *
                ldexp((double)(int64_t)k->x[2][j * DIM + h * HEAD_DIM + d], -(int)frac[2]);
        }
    }
    for (size_t d = 0; d < HEAD_DIM; d++) {
        off = fmax(off, fabs(got(w, row * DIM + h * HEAD_DIM + d) - context[d] / sum));
    }
    return off;
}

static double attention_error(mpc_protocol p, uint64_t *rounds)
{
    piece k;
    double off = 0;
    unsigned frac[3];
    make_model(&k);
    plan(&k, p);
    const encoder_layer *l = &k.m->layers[0];
    const linear *maps[] = {&l->query, &l->key, &l->value};
    prg *g = prg_new((const uint8_t[PRG_SEED_BYTES]){1}, "bench", NULL);
    k.n = TOKENS * DIM;
    k.apply = apply_attention;
    for (int i = 0; i < 3; i++) {
        frac[i] = k.plan->linears[maps[i]->id].frac + MPC_FRAC;
        k.x[i] = mem_new(k.n, sizeof **k.x);
        for (size_t j = 0; j < k.n; j++) {
            k.x[i][j] = word(random_in(g, 1), frac[i]);
        }
    }
    walks w = {.ctx = &k};
    walks_run(&w, run);
    for (size_t row = 0; row < TOKENS; row++) {
        for (size_t h = 0; h < HEADS; h++) {
            off = fmax(off, row_error(&k, &w, row, h, frac));
        }
    }
    *rounds = w.cost.rounds;
    walks_clear(&w);
    prg_free(g);
    for (int i = 0; i < 3; i++) {
        mem_free(k.x[i]);
    }
    mpc_plan_free(k.plan);
    model_free(k.m);
    return off;
}

/* ---- LayerNorm: its wire of mean 0 and variance 1 */

static status apply_norm(mpc_engine *e, value **y, void *arg)
{
    const piece *k = arg;
    const encoder_layer *l = &k->m->layers[0];
    const mpc_linear_plan *lp = &k->plan->linears[l->output.id];
    const unsigned wide = mpc_gamma_bits(k->plan, k->m, k->m->embeddings.norm.id);
    value *x = input(e, k, 0, DIM, lp->bits, lp->frac + MPC_FRAC);
    value *residual = input(e, k, 1, DIM, wide, MPC_FRAC);
    residual->norm = k->m->embeddings.norm.id;
    residual->width = wide;
    const status st = mpc_normalise(&e->base, y, x, residual, &l->attention_norm);
    e->base.ops->drop(&e->base, x);
    e->base.ops->drop(&e->base, residual);
    return st;
}

/* γ = 1 and β = 0 for a residual of zeros. */
static void make_ones(piece *k)
{
    static uint64_t one[DIM], zero[DIM];
    for (size_t i = 0; i < DIM; i++) {
        one[i] = 1 << MPC_GAMMA_FRAC;
    }
    shared_weight_new(&k->ones, &(weight_parts){.in = 1,
                                                .out = DIM,
                                                .by_column = true,
                                                .bits = mpc_gamma_bits(k->plan, k->m, 0),
                                                .frac = MPC_GAMMA_FRAC,
                                                .w = one,
                                                .pad = {zero, one},
                                                .bias = zero,
                                                .bias_1 = zero});
}

static double norm_error(mpc_protocol p, uint64_t *rounds)
{
    piece k;
    double off = 0;
    make_model(&k);
    plan(&k, p);
    make_ones(&k);
    const norm *n = &k.m->layers[0].attention_norm;
    const double factor = k.plan->ops[n->id].norm.factor;
    const unsigned frac = k.plan->linears[k.m->layers[0].output.id].frac + MPC_FRAC;
    prg *g = prg_new((const uint8_t[PRG_SEED_BYTES]){2}, "bench", NULL);
    double *x = mem_new(TOKENS * DIM, sizeof *x);
    k.n = TOKENS * DIM;
    k.x[0] = mem_new(k.n, sizeof **k.x);
    k.x[1] = mem_new(k.n, sizeof **k.x);
    k.apply = apply_norm;
    for (size_t i = 0; i < TOKENS; i++) { /* variances of 0.25 to 32 */
        const double sigma = sqrt(0.25 * pow(128, (double)i / (TOKENS - 1)));
        double mean = 0;
        for (size_t j = 0; j < DIM; j++) {
            x[i * DIM + j] = random_in(g, sqrt(3) * sigma);
            mean += x[i * DIM + j] / DIM;
        }
        for (size_t j = 0; j < DIM; j++) {
            k.x[0][i * DIM + j] = word(factor * (x[i * DIM + j] - mean), frac);
        }
    }
    walks w = {.ctx = &k};
    walks_run(&w, run);
    for (size_t i = 0; i < TOKENS; i++) {
        double mean = 0, variance = 0;
        for (size_t j = 0; j < DIM; j++) {
            mean += x[i * DIM + j] / DIM;
        }
        for (size_t j = 0; j < DIM; j++) {
            variance += (x[i * DIM + j] - mean) * (x[i * DIM + j] - mean) / DIM;
        }
        for (size_t j = 0; j < DIM; j++) {
            const double y = (x[i * DIM + j] - mean) / sqrt(variance + (double)n->eps);
            off = fmax(off, fabs(got(&w, i * DIM + j) - y));
        }
    }
    *rounds = w.cost.rounds;
    walks_clear(&w);
    prg_free(g);
    mem_free(x);
    mem_free(k.x[0]);
    mem_free(k.x[1]);
    shared_weight_clear(&k.ones);
    mpc_plan_free(k.plan);
    model_free(k.m);
    return off;
}

/* ---- The tables */

static void print_pieces(void)
{
    puts(
        "| largest error, rounds | GeLU on +-4 | GeLU on +-20 | context under 2quad | LayerNorm |\n"
        "|---|---|---|---|---|");
    for (size_t i = 0; i < 2; i++) {
        uint64_t r[4];
        const double near = gelu_error(both[i], 4, &r[0]), far = gelu_error(both[i], 20, &r[1]);
        const double context = attention_error(both[i], &r[2]), row = norm_error(both[i], &r[3]);
        printf("| %s | %.3g, %d | %.3g, %d | %.2g, %d | %.2g, %d |\n", names[i], near, (int)r[0],
               far, (int)r[1], context, (int)r[2], row, (int)r[3]);
    }
    fflush(stdout);
}

static double number(const json_t *o, const char *a, const char *b, const char *c)
{
    o = json_object_get(o, a);
    o = b ? json_object_get(o, b) : o;
    return json_number_value(c ? json_object_get(o, c) : o);
}

static void print_inference(const char *shape, size_t tokens, size_t repeat)
{
    printf("\n%s, %zu tokens, recipe secformer, the least of %zu\n\n"
           "| | milliseconds | rounds | bytes online, each server | from the dealer | largest "
           "distance of a logit |\n|---|---|---|---|---|---|\n",
           shape, tokens, repeat);
    for (size_t i = 0; i < 2; i++) {
        const tacit_bench_options o = {.shape = shape,
                                       .recipe = "secformer",
                                       .protect = "mpc",
                                       .tokens = tokens,
                                       .repeat = repeat,
                                       .protocol = names[i]};
        tacit_error err = {0};
        char *text = NULL;
        if (tacit_bench(&o, &text, &err) != TACIT_OK) {
            give_up(err.text);
        }
        json_t *r = json_loads(text, 0, NULL);
        printf("| %s | %.0f | %.0f | %.1f MB | %.0f MB | %.1g |\n", names[i],
               number(r, "milliseconds", "min", NULL), number(r, "rounds", NULL, NULL),
               number(r, "bytes_sent", "server0", "online") / 1e6,
               number(r, "bytes_sent", "dealer", "offline") / 1e6,
               number(r, "difference", NULL, NULL));
        fflush(stdout);
        json_decref(r);
        tacit_string_free(text);
    }
}

int main(int argc, char **argv)
{
    print_pieces();
    print_inference(argc > 1 ? argv[1] : "bert-base",
                    argc > 2 ? strtoul(argv[2], NULL, 10) : TOKENS,
                    argc > 3 ? strtoul(argv[3], NULL, 10) : 3);
    return 0;
}
