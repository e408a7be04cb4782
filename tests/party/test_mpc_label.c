/* Labels alone: those of the plain engine, at the cost that a walk over shapes forecasts; numbers
 * nowhere; and who may ask for what. */
#include "mpc/engine.h"
#include "nn/encoder.h"
#include "party/mpc_forecast.h"
#include "party/mpc_local.h"
#include "support/mpc_fixture.h"
#include "support/scratch.h"
#include "tacit.h"
#include "test.h"

static const char *const texts[] = {"a movie", "the plot is thin and the jokes are old",
                                    "funny and smart", "boring", "not bad at all"};
enum { TEXTS = sizeof texts / sizeof *texts };

static tacit_status ask(tacit_session **s, tacit_result **r, const tacit_model *m,
                        const tacit_session_options *o, tacit_error *err)
{
    tacit_input in[TEXTS];
    for (size_t i = 0; i < TEXTS; i++) {
        in[i] = (tacit_input){.text = texts[i], .text_len = strlen(texts[i])};
    }
    *r = NULL;
    const tacit_status st = tacit_session_new(s, m, o, err);
    return st == TACIT_OK ? tacit_run(*s, r, in, TEXTS, err) : st;
}

/* The answers, and the reports that must not have a number of them. */
static void test_labels(void **state)
{
    (void)state;
    static const char *const recipes[] = {"exact", "secformer"};
    for (size_t k = 0; k < 4; k++) {
        mpc_fixture f;
        char *dir = scratch_new(), *json = NULL;
        tacit_model *m = NULL;
        tacit_session *plain = NULL, *s = NULL;
        tacit_result *expected = NULL, *r = NULL;
        tacit_error err = {0};
        const tacit_session_options o = {.protect = "mpc", .label_only = true, .guard = k >= 2};
        mpc_fixture_convert(&f, dir, recipes[k % 2]);
        if (tacit_model_open(&m, f.model, &err) != TACIT_OK ||
            ask(&plain, &expected, m, NULL, &err) != TACIT_OK ||
            ask(&s, &r, m, &o, &err) != TACIT_OK) {
            fail_msg("%s", err.text);
        }
        for (size_t i = 0; i < TEXTS; i++) {
            size_t rows, columns;
            assert_int_equal(tacit_result_index(r, i), tacit_result_index(expected, i));
            assert_string_equal(tacit_result_label(r, i), tacit_result_label(expected, i));
            tacit_result_values(r, i, &rows, &columns);
            assert_int_equal(columns, 0);
            assert_true(tacit_result_probability(r, i, 0, 0) !=
                        tacit_result_probability(r, i, 0, 0));
            assert_int_equal(tacit_result_json(r, i, &json, &err), TACIT_OK);
            assert_null(strstr(json, "logits"));
            assert_null(strstr(json, "probabilit"));
            tacit_string_free(json);
        }
        assert_int_equal(tacit_session_report(s, &json, &err), TACIT_OK);
        assert_non_null(strstr(json, "the label, none of the numbers"));
        assert_true(!o.guard || strstr(json, "\"guarded\": true"));
        tacit_string_free(json);
        tacit_result_free(r);
        tacit_result_free(expected);
        tacit_session_free(s);
        tacit_session_free(plain);
        tacit_model_free(m);
        scratch_remove(dir);
    }
}

/* Bytes of every link and rounds, against the forecast. */
static void check_cost(const model *m, mpc_asks asks)
{
    mpc_local *l = NULL;
    mpc_forecast c;
    error err = {0};
    const mpc_local_options o = {.threads = 1, .asks = asks};
    size_t start[] = {0, 5, 8};
    float *x = calloc(8 * m->dim, sizeof *x), got[4];
    for (size_t i = 0; i < 8 * m->dim; i++) {
        x[i] = (float)(i * 7 % 31) / 31;
    }
    const embedded in = {.rows = 8, .dim = m->dim, .seqs = {.n = 2, .start = start}, .x = x};
    if (mpc_local_new(&l, m, &o, &err) != OK ||
        mpc_forecast_make(&c, m, mpc_local_plan(l), &in, asks, &err) != OK) {
        fail_msg("%s", err.text);
    }
    channel_counters before[MPC_LOCAL_LINKS], now[MPC_LOCAL_LINKS];
    for (int i = 0; i < MPC_LOCAL_LINKS; i++) {
        before[i] = *channel_count(mpc_local_link(l, i));
    }
    assert_int_equal(mpc_local_forward(l, got, &in, &err), OK);
    for (int i = 0; i < MPC_LOCAL_LINKS; i++) {
        now[i] = *channel_count(mpc_local_link(l, i));
        now[i].sent.wire_bytes -= before[i].sent.wire_bytes;
        now[i].received.wire_bytes -= before[i].received.wire_bytes;
    }
    assert_int_equal(now[MPC_LOCAL_SERVERS].rounds - before[MPC_LOCAL_SERVERS].rounds, c.rounds);
    assert_int_equal(now[MPC_LOCAL_SERVERS].sent.wire_bytes +
                         now[MPC_LOCAL_OWNER0].received.wire_bytes,
                     c.server_online);
    assert_int_equal(now[MPC_LOCAL_DEALER0].received.wire_bytes +
                         now[MPC_LOCAL_DEALER1].received.wire_bytes,
                     c.dealer);
    mpc_local_free(l);
    free(x);
}

static void test_cost(void **state)
{
    (void)state;
    mpc_fixture f;
    char *dir = scratch_new();
    model *m = NULL;
    error err = {0};
    mpc_fixture_convert(&f, dir, "secformer");
    assert_int_equal(model_open(&m, f.model, &err), OK);
    for (int k = 0; k < 4; k++) {
        check_cost(m, (mpc_asks){.guard = k & 1, .label = k >> 1});
    }
    model_free(m);
    scratch_remove(dir);
}

static void refused(const tacit_model *m, const char *protect, tacit_status code, const char *why)
{
    tacit_session *s = NULL;
    tacit_error err = {0};
    const tacit_session_options o = {.protect = protect, .label_only = true};
    assert_int_equal(tacit_session_new(&s, m, &o, &err), code);
    assert_null(s);
    assert_non_null(strstr(err.text, why));
}

/* A head that chooses no label, and engines that know no other answer than numbers. */
static void test_refused(void **state)
{
    (void)state;
    mpc_fixture f;
    char *dir = scratch_new();
    tacit_model *m = NULL;
    tacit_error terr = {0};
    error err = {0};
    mpc_plan *plan;
    model *inner = NULL;
    mpc_fixture_convert(&f, dir, "secformer");
    assert_int_equal(tacit_model_open(&m, f.model, &terr), TACIT_OK);
    refused(m, "plain", TACIT_ERR_USAGE, "only mpc");
    refused(m, "stip", TACIT_ERR_USAGE, "only mpc");
    tacit_model_free(m);
    assert_int_equal(model_open(&inner, f.model, &err), OK);
    const mpc_choice choice = {.label_only = true};
    static const struct {
        head_kind kind;
        problem problem;
        const char *why;
    } heads[] = {{HEAD_EMBEDDING, PROBLEM_SINGLE_LABEL, "an embedding"},
                 {HEAD_SEQUENCE, PROBLEM_REGRESSION, "a number"},
                 {HEAD_SEQUENCE, PROBLEM_MULTI_LABEL, "any number of labels"}};
    for (size_t i = 0; i < 3; i++) {
        mpc_local *l = NULL;
        inner->head.kind = heads[i].kind;
        inner->head.problem = heads[i].problem;
        assert_int_equal(mpc_plan_make(&plan, inner, &choice, &err), ERR_POLICY);
        assert_non_null(strstr(err.text, heads[i].why));
        inner->head.kind = HEAD_SEQUENCE; /* a session that asks all the same */
        const mpc_local_options o = {.threads = 1, .asks.label = true};
        size_t start[] = {0, 2};
        float *x = calloc(2 * inner->dim, sizeof *x), got[2];
        const embedded in = {.rows = 2, .dim = inner->dim, .seqs = {1, start}, .x = x};
        if (heads[i].problem != PROBLEM_SINGLE_LABEL) {
            assert_int_equal(mpc_local_new(&l, inner, &o, &err), OK);
            assert_int_equal(mpc_local_forward(l, got, &in, &err), ERR_POLICY);
            mpc_local_free(l);
        }
        free(x);
    }
    model_free(inner);
    scratch_remove(dir);
}

/* A plan that gives labels alone: whoever asks for numbers gets nothing. */
static void test_plan(void **state)
{
    (void)state;
    mpc_fixture f;
    char *dir = scratch_new();
    model *m = NULL;
    mpc_plan *plan;
    engine *e;
    error err = {0};
    const mpc_choice choice = {.label_only = true};
    mpc_fixture_convert(&f, dir, "secformer");
    assert_int_equal(model_open(&m, f.model, &err), OK);
    assert_int_equal(mpc_plan_make(&plan, m, &choice, &err), OK);
    assert_true(mpc_plan_choice(plan).label_only);
    for (int phase = MPC_PLAN; phase <= MPC_EVALUATE; phase++) {
        mpc_setup s = {.walk.phase = (mpc_phase)phase, .model = m, .plan = plan};
        assert_int_equal(mpc_engine_new(&e, &s, &err), ERR_POLICY);
        assert_null(e);
        assert_non_null(strstr(err.text, "labels"));
    }
    mpc_plan_free(plan);
    model_free(m);
    scratch_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_cost),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
