/* Plans as files: every field comes back with every bit, and nothing else is let in. */
#include <math.h>

#include "base/mem.h"
#include "base/random.h"
#include "mpc/plan_json.h"
#include "test.h"

static span text_of(const char *s)
{
    return (span){.data = (const uint8_t *)s, .len = strlen(s)};
}

/* A finite double of any magnitude up to 2^62. */
static double any_real(prg *g)
{
    const double x = (double)(prg_word(g) >> 11) * 0x1p-53;
    const double y = ldexp(1 + x, (int)prg_below(g, 1040) - 978);
    return prg_word(g) & 1 ? -y : y;
}

static double size(prg *g)
{
    return fmin(fabs(any_real(g)), 1e30);
}

static void fill_function(mpc_function_plan *f, prg *g)
{
    mpc_series *s = &f->series;
    s->f = (mpc_function)prg_below(g, MPC_RSQRT + 1);
    s->lo = any_real(g) * 0x1p-43;
    s->hi = any_real(g) * 0x1p-43;
    s->period = 1 + size(g) * 1e-20;
    s->constant = any_real(g);
    s->slope = any_real(g) * 0x1p-43;
    s->max_error = size(g);
    s->rms_error = size(g);
    s->n = prg_below(g, MPC_SERIES_TERMS + 1);
    f->period_bits = 1 + (unsigned)prg_below(g, 32);
    f->widths.scale = (unsigned)prg_below(g, 129);
    f->widths.noise = size(g);
    f->widths.bits = 128 * (double)(prg_word(g) >> 11) * 0x1p-53;
    for (size_t k = 0; k < s->n; k++) {
        s->harmonic[k] = (uint16_t)prg_word(g);
        s->a[k] = any_real(g);
        s->b[k] = any_real(g);
        f->widths.word[k] = (uint8_t)prg_below(g, 65);
        f->widths.coef[k] = (uint8_t)prg_below(g, 65);
    }
}

static void fill_op(mpc_op_plan *op, size_t n_functions, prg *g)
{
    op->kind = (mpc_op_kind)prg_below(g, 4);
    if (op->kind == MPC_OP_NORM) {
        op->norm.used = prg_word(g) & 1;
        op->norm.factor = size(g) * 1e-12;
        op->norm.shift = (int)prg_below(g, 129) - 64;
        op->norm.variance_lo = size(g);
        op->norm.variance_hi = size(g);
        op->norm.inverse_frac = (unsigned)prg_below(g, 65);
        op->norm.inverse_bits = (unsigned)prg_below(g, 65);
        op->norm.out_bits = 1 + (unsigned)prg_below(g, 64);
        op->norm.inverse = prg_below(g, n_functions);
        op->norm.gamma_later = prg_word(g) & 1;
    } else if (op->kind == MPC_OP_ATTENTION) {
        op->attention.form = prg_word(g) & 1 ? ATTENTION_2QUAD : ATTENTION_2QUAD_FREEDIV;
        op->attention.score_bits = 1 + (unsigned)prg_below(g, 64);
        op->attention.sum_lo = size(g);
        op->attention.sum_hi = size(g);
        op->attention.context_hi = size(g);
        op->attention.reciprocal = prg_below(g, n_functions);
        op->attention.exponential = prg_below(g, n_functions);
        op->attention.scores_hi = any_real(g) * 0x1p-43;
        op->attention.clamp = fmin(size(g), 0x1p20);
    } else if (op->kind == MPC_OP_ACTIVATION) {
        op->activation.form = prg_word(g) & 1 ? ACTIVATION_GELU : ACTIVATION_NONE;
        op->activation.bits = (unsigned)prg_below(g, 65);
        op->activation.out_bits = (unsigned)prg_below(g, 65);
        op->activation.function = prg_below(g, n_functions);
    }
}

static void make(mpc_plan *p, prg *g)
{
    *p = (mpc_plan){.protocol = prg_word(g) & 1 ? MPC_TACIT : MPC_SECFORMER_2024,
                    .label_only = prg_word(g) & 1,
                    .oblivious = prg_word(g) & 1,
                    .tables = {size(g), size(g), size(g)},
                    .n_linears = prg_below(g, 6),
                    .n_ops = 1 + prg_below(g, 12),
                    .n_functions = 1 + prg_below(g, 4)};
    p->linears = mem_new(p->n_linears, sizeof *p->linears);
    p->ops = mem_new(p->n_ops, sizeof *p->ops);
    p->functions = mem_new(p->n_functions, sizeof *p->functions);
    for (size_t i = 0; i < p->n_linears; i++) {
        mpc_linear_plan *l = &p->linears[i];
        l->bits = 1 + (unsigned)prg_below(g, 64);
        l->frac = (unsigned)prg_below(g, 64);
        l->from = prg_word(g) & 1 ? MPC_NONE : (uint32_t)prg_below(g, p->n_ops);
        l->to = prg_word(g) & 1 ? MPC_NONE : (uint32_t)prg_below(g, p->n_ops);
        l->scale = any_real(g);
    }
    for (size_t i = 0; i < p->n_ops; i++) {
        fill_op(&p->ops[i], p->n_functions, g);
    }
    for (size_t i = 0; i < p->n_functions; i++) {
        fill_function(&p->functions[i], g);
    }
}

static void clear(mpc_plan *p)
{
    mem_free(p->linears);
    mem_free(p->ops);
    mem_free(p->functions);
}

/* Fields were set one by one in zeroed memory, here as by the reader, so bytes can be compared. */
static void test_round_trip(void **state)
{
    (void)state;
    error err = {0};
    uint8_t seed[PRG_SEED_BYTES];
    assert_int_equal(random_bytes(seed, sizeof seed, &err), OK);
    prg *g = prg_new(seed, "plans", &err);
    for (int i = 0; i < 100; i++) {
        mpc_plan p, *q;
        make(&p, g);
        char *text = mpc_plan_write(&p);
        assert_non_null(text);
        if (mpc_plan_read(&q, text_of(text), "plan", &err) != OK) {
            fail_msg("%s", err.text);
        }
        assert_int_equal(q->protocol, p.protocol);
        assert_int_equal(q->label_only, p.label_only);
        assert_int_equal(q->oblivious, p.oblivious);
        assert_memory_equal(&q->tables, &p.tables, sizeof p.tables);
        assert_int_equal(q->n_linears, p.n_linears);
        assert_int_equal(q->n_ops, p.n_ops);
        assert_int_equal(q->n_functions, p.n_functions);
        assert_memory_equal(q->linears, p.linears, p.n_linears * sizeof *p.linears);
        assert_memory_equal(q->ops, p.ops, p.n_ops * sizeof *p.ops);
        assert_memory_equal(q->functions, p.functions, p.n_functions * sizeof *p.functions);
        mem_free(text);
        mpc_plan_free(q);
        clear(&p);
    }
    prg_free(g);
}

static void refused(const char *text, status code, const char *word)
{
    mpc_plan *p;
    error err = {0};
    assert_int_equal(mpc_plan_read(&p, text_of(text), "plan.json", &err), code);
    assert_null(p);
    assert_error(err, code, "plan.json", word);
}

#define OPS "\"ops\": [{\"kind\": \"none\"}], \"functions\": []}"
#define CHOICE                                                                                     \
    "\"label_only\": false, \"embedding\": {\"oblivious\": true, \"centred\": 2, "                 \
    "\"variance_lo\": 1, "                                                                         \
    "\"variance_hi\": 3}, "
#define BEGIN "{\"mpc_plan\": 2, \"protocol\": \"tacit\", " CHOICE
#define LINEAR(bits, to)                                                                           \
    BEGIN "\"linears\": [{\"bits\": " bits ", \"frac\": 1, \"from\": null, \"to\": " to            \
          ", \"scale\": 1}], " OPS

static void test_refused(void **state)
{
    (void)state;
    mpc_plan *p;
    error err = {0};
    assert_int_equal(mpc_plan_read(&p, text_of(LINEAR("3", "0")), "plan.json", &err), OK);
    mpc_plan_free(p);
    refused("{\"mpc_plan\": 1, \"linears\": [], " OPS, ERR_PROTOCOL, "version 1");
    refused(BEGIN "\"linears\": 7, " OPS, ERR_ARTEFACT, "linears");
    refused(BEGIN "\"linears\": [], \"ops\": [], \"functions\": []}", ERR_ARTEFACT,
            "no operations");
    refused(BEGIN "\"linears\": [], \"more\": 1, " OPS, ERR_ARTEFACT, "not known");
    refused("{\"mpc_plan\": 2, \"linears\": [], " OPS, ERR_ARTEFACT, "protocol");
    refused("{\"mpc_plan\": 2, \"protocol\": \"tacit\", \"linears\": [], " OPS, ERR_ARTEFACT,
            "label_only");
    refused("{\"mpc_plan\": 2, \"protocol\": \"x\", \"label_only\": true, \"linears\": [], " OPS,
            ERR_ARTEFACT, "must be tacit");
    refused(
        "{\"mpc_plan\": 2, \"protocol\": \"tacit\", \"label_only\": true, \"linears\": [], " OPS,
        ERR_ARTEFACT, "embedding");
    refused("{\"mpc_plan\": 2, \"protocol\": \"tacit\", \"label_only\": true, \"embedding\": "
            "{\"oblivious\": 1}, \"linears\": [], " OPS,
            ERR_ARTEFACT, "embedding");
    refused(LINEAR("65", "0"), ERR_ARTEFACT, "bits");
    refused(LINEAR("-1", "0"), ERR_ARTEFACT, "bits");
    refused(LINEAR("3.5", "0"), ERR_ARTEFACT, "bits");
    refused(LINEAR("3", "1"), ERR_ARTEFACT, "to");
    refused(LINEAR("3", "0, \"x\": 1"), ERR_ARTEFACT, "6 fields");
    refused(BEGIN "\"linears\": [], \"ops\": [{\"kind\": \"king\"}], \"functions\": []}",
            ERR_ARTEFACT, "kind");
    refused(BEGIN "\"linears\": [], \"ops\": [3], \"functions\": []}", ERR_ARTEFACT, "ops[0]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
