/* Ranges of one short text: under guard the owner is told that another one leaves them, at the cost
 * that a walk over shapes forecasts, and that the first one does not. */
#include "base/mem.h"
#include "mpc/engine.h"
#include "nn/encoder.h"
#include "party/mpc_local.h"
#include "support/scratch.h"
#include "tacit.h"
#include "test.h"

static void convert(char *dst, size_t size, const char *dir, const char *name)
{
    char data[300];
    char *json = NULL;
    tacit_error err = {0};
    snprintf(data, sizeof data, "%s/texts.txt", dir);
    snprintf(dst, size, "%s/%s", dir, name);
    FILE *f = fopen(data, "w");
    assert_non_null(f);
    fputs("a movie\n", f);
    fclose(f);
    const tacit_convert_options o = {.recipe = name, .data = data};
    if (tacit_convert("models/sst2-tiny", dst, &o, &json, &err) != TACIT_OK) {
        fail_msg("%s", err.text);
    }
    tacit_string_free(json);
}

/* What the session says of a text. */
static bool outside(const char *dir, const char *text, int guard, bool *guarded)
{
    tacit_model *m = NULL;
    tacit_session *s = NULL;
    tacit_result *r = NULL;
    char *json = NULL;
    tacit_error err = {0};
    const tacit_session_options o = {.protect = "mpc", .guard = guard};
    const tacit_input in = {.text = text, .text_len = strlen(text)};
    if (tacit_model_open(&m, dir, &err) != TACIT_OK ||
        tacit_session_new(&s, m, &o, &err) != TACIT_OK ||
        tacit_run(s, &r, &in, 1, &err) != TACIT_OK ||
        tacit_session_report(s, &json, &err) != TACIT_OK) {
        fail_msg("%s", err.text);
    }
    *guarded = strstr(json, "\"guarded\": true") != NULL;
    const bool answer = strstr(json, "\"outside\": true") != NULL;
    tacit_string_free(json);
    tacit_result_free(r);
    tacit_session_free(s);
    tacit_model_free(m);
    return answer;
}

static void test_reports(void **state)
{
    (void)state;
    static const char *const recipes[] = {"exact", "secformer", "freediv-2quad"};
    static const char far[] = "this is the worst film i have ever seen and i have seen many , "
                              "unflinchingly bleak and desperate";
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
        char *dir = scratch_new();
        char dst[300];
        bool guarded;
        convert(dst, sizeof dst, dir, recipes[i]);
        assert_false(outside(dst, "a movie", 1, &guarded));
        assert_true(guarded);
        assert_true(outside(dst, far, 1, &guarded));
        assert_false(outside(dst, far, 0, &guarded)); /* nobody has looked */
        assert_false(guarded);
        scratch_remove(dir);
    }
}

static mpc_cost forecast(const model *m, const mpc_plan *plan, const embedded *x)
{
    error err = {0};
    buffers *b;
    engine *e;
    assert_int_equal(buffers_new(&b, &err), OK);
    const mpc_setup s = {
        .walk = {.phase = MPC_PLAN, .buffers = b}, .model = m, .plan = plan, .asks.guard = true};
    if (mpc_engine_new(&e, &s, &err) != OK || nn_encoder_forward(e, NULL, m, x) != OK) {
        fail_msg("%s", err.text);
    }
    const mpc_cost c = mpc_engine_walk(e)->cost;
    e->ops->free(e);
    buffers_free(b);
    return c;
}

static void test_cost(void **state)
{
    (void)state;
    char *dir = scratch_new();
    char dst[300];
    model *m = NULL;
    mpc_local *l = NULL;
    error err = {0};
    convert(dst, sizeof dst, dir, "exact");
    const mpc_local_options o = {.threads = 1, .asks.guard = true};
    if (model_open(&m, dst, &err) != OK || mpc_local_new(&l, m, &o, &err) != OK) {
        fail_msg("%s", err.text);
    }
    size_t start[] = {0, 5, 8};
    float *x = calloc(8 * m->dim, sizeof *x), got[4];
    for (size_t i = 0; i < 8 * m->dim; i++) {
        x[i] = (float)(i * 7 % 31) / 31;
    }
    const embedded in = {.rows = 8, .dim = m->dim, .seqs = {.n = 2, .start = start}, .x = x};
    assert_int_equal(mpc_local_forward(l, got, &in, &err), OK);
    const channel_counters servers = *channel_count(mpc_local_link(l, MPC_LOCAL_SERVERS));
    const channel_counters dealt = *channel_count(mpc_local_link(l, MPC_LOCAL_DEALER1));
    assert_int_equal(mpc_local_forward(l, got, &in, &err), OK);
    const mpc_cost c = forecast(m, mpc_local_plan(l), &in);
    const channel_counters *after = channel_count(mpc_local_link(l, MPC_LOCAL_SERVERS));
    assert_int_equal(after->rounds - servers.rounds, c.rounds);
    assert_int_equal(after->sent.payload_bytes - servers.sent.payload_bytes, c.opened_bytes);
    after = channel_count(mpc_local_link(l, MPC_LOCAL_DEALER1));
    assert_int_equal(after->received.payload_bytes - dealt.received.payload_bytes,
                     c.dealt_bytes + PRG_SEED_BYTES);
    mpc_local_free(l);
    model_free(m);
    free(x);
    scratch_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reports),
        cmocka_unit_test(test_cost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
