/* A whole model by SecFormer's protocols of 2024: the plain engine with the same segmented GeLU
 * gives the same answer, that with the exact one an answer as far off as GeLU is; and the cost is
 * what a walk over shapes forecasts. */
#include <math.h>

#include "base/mem.h"
#include "mpc/engine.h"
#include "mpc/plan_json.h"
#include "mpc/secformer_2024.h"
#include "nn/encoder.h"
#include "party/mpc_local.h"
#include "plain/forms.h"
#include "plain/plain.h"
#include "plain/state.h"
#include "support/scratch.h"
#include "tacit.h"
#include "test.h"

enum { TOKENS = 40, LOGITS = 4 };

static const mpc_choice published = {.protocol = MPC_SECFORMER_2024};

typedef struct {
    char *dir;
    model *m;
    pool *pool;
    float *x;
    embedded in;
    size_t start[3];
    range_recorder *seen;
    slot_range *ranges;
    const slot_range *had;
    size_t n_had;
} fixture;

static void segmented(float *y, const float *x, size_t n, const activation *f)
{
    if (f->form != ACTIVATION_GELU) {
        forms_activate(y, x, n, f);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        y[i] = (float)secformer_gelu_at((double)x[i]);
    }
}

static void plain(fixture *f, float *out, bool in_segments, range_recorder *r)
{
    engine *e = NULL;
    error err = {0};
    plain_options o = {.precision = PLAIN_F32, .ranges = r};
    if (cpu_pick(&o.isa, &err) != OK || plain_engine_new(&e, f->m, f->pool, &o, &err) != OK) {
        fail_msg("%s", err.text);
    }
    e->err = &err;
    if (in_segments) {
        ((plain_engine *)e)->kernels.activate = segmented;
    }
    if (nn_encoder_forward(e, out, f->m, &f->in) != OK) {
        fail_msg("%s", err.text);
    }
    e->ops->free(e);
}

static int by_slot(const void *a, const void *b)
{
    return strcmp(((const slot_range *)a)->slot, ((const slot_range *)b)->slot);
}

/* The model as the recipe `name` makes it, with the ranges that two texts of arbitrary words have.
 */
static void make(fixture *f, const char *name)
{
    char dst[300];
    float out[LOGITS];
    error err = {0};
    char *json = NULL;
    tacit_error why = {0};
    *f = (fixture){.dir = scratch_new(), .start = {0, 23, TOKENS}};
    snprintf(dst, sizeof dst, "%s/model", f->dir);
    const tacit_convert_options o = {.recipe = name};
    if (tacit_convert("models/sst2-tiny", dst, &o, &json, &why) != TACIT_OK) {
        fail_msg("%s", why.text);
    }
    tacit_string_free(json);
    if (model_open(&f->m, dst, &err) != OK || pool_new(&f->pool, 1, &err) != OK) {
        fail_msg("%s", err.text);
    }
    uint32_t ids[TOKENS], positions[TOKENS], types[TOKENS] = {0};
    for (size_t i = 0; i < TOKENS; i++) {
        ids[i] = (uint32_t)(5 + i * i * 37 % 900);
        positions[i] = (uint32_t)(i < f->start[1] ? i : i - f->start[1]);
    }
    f->x = calloc(TOKENS * f->m->dim, sizeof *f->x);
    f->in = (embedded){
        .rows = TOKENS, .dim = f->m->dim, .seqs = {.n = 2, .start = f->start}, .x = f->x};
    const tokens t = {.seqs = f->in.seqs, .ids = ids, .positions = positions, .types = types};
    assert_int_equal(nn_embed(f->x, f->m, &t, &err), OK);
    assert_int_equal(range_recorder_new(&f->seen, NULL), OK);
    plain(f, out, false, f->seen);
    const size_t n = range_recorder_count(f->seen);
    f->ranges = calloc(n, sizeof *f->ranges);
    for (size_t i = 0; i < n; i++) {
        f->ranges[i] = range_recorder_get(f->seen, i);
    }
    qsort(f->ranges, n, sizeof *f->ranges, by_slot);
    f->had = f->m->recipe.ranges;
    f->n_had = f->m->recipe.n_ranges;
    f->m->recipe.ranges = f->ranges;
    f->m->recipe.n_ranges = n;
}

static void clear(fixture *f)
{
    f->m->recipe.ranges = f->had;
    f->m->recipe.n_ranges = f->n_had;
    model_free(f->m);
    pool_free(f->pool);
    range_recorder_free(f->seen);
    free(f->ranges);
    free(f->x);
    scratch_remove(f->dir);
}

static double distance(const float *a, const float *b)
{
    double most = 0;
    for (int i = 0; i < LOGITS; i++) {
        most = fmax(most, fabs((double)(a[i] - b[i])));
    }
    return most;
}

static mpc_cost forecast(const fixture *f, const mpc_plan *plan, bool guard)
{
    error err = {0};
    buffers *b;
    engine *e;
    assert_int_equal(buffers_new(&b, &err), OK);
    const mpc_setup s = {.walk = {.phase = MPC_PLAN, .buffers = b},
                         .model = f->m,
                         .plan = plan,
                         .asks.guard = guard};
    if (mpc_engine_new(&e, &s, &err) != OK || nn_encoder_forward(e, NULL, f->m, &f->in) != OK) {
        fail_msg("%s", err.text);
    }
    const mpc_cost c = mpc_engine_walk(e)->cost;
    e->ops->free(e);
    buffers_free(b);
    return c;
}

static void check(bool guard)
{
    fixture f;
    error err = {0};
    mpc_local *l = NULL;
    float exact[LOGITS], expected[LOGITS], got[LOGITS];
    make(&f, "secformer");
    plain(&f, exact, false, NULL);
    plain(&f, expected, true, NULL);
    const mpc_local_options o = {.threads = 1, .asks.guard = guard, .protocol = MPC_SECFORMER_2024};
    if (mpc_local_new(&l, f.m, &o, &err) != OK || mpc_local_forward(l, got, &f.in, &err) != OK) {
        fail_msg("%s", err.text);
    }
    const channel_counters servers = *channel_count(mpc_local_link(l, MPC_LOCAL_SERVERS));
    const channel_counters dealt = *channel_count(mpc_local_link(l, MPC_LOCAL_DEALER1));
    assert_int_equal(mpc_local_forward(l, got, &f.in, &err), OK);
    print_message("largest distance of a logit: %.2g to the plain engine with the segmented GeLU, "
                  "%.2g to the exact one; between those %.2g\n",
                  distance(got, expected), distance(got, exact), distance(expected, exact));
    assert_true(distance(got, expected) < 2e-3);
    assert_true(distance(got, exact) < 0.1);
    assert_true(distance(expected, exact) > 0);
    assert_false(mpc_local_outside(l));
    const mpc_cost c = forecast(&f, mpc_local_plan(l), guard);
    const channel_counters *after = channel_count(mpc_local_link(l, MPC_LOCAL_SERVERS));
    assert_int_equal(after->rounds - servers.rounds, c.rounds);
    assert_int_equal(after->sent.payload_bytes - servers.sent.payload_bytes, c.opened_bytes);
    after = channel_count(mpc_local_link(l, MPC_LOCAL_DEALER1));
    assert_int_equal(after->received.payload_bytes - dealt.received.payload_bytes,
                     c.dealt_bytes + PRG_SEED_BYTES);
    mpc_local_free(l);
    clear(&f);
}

static void test_answers(void **state)
{
    (void)state;
    check(false);
}

static void test_guarded(void **state)
{
    (void)state;
    check(true);
}

/* What it has no protocol for, and ranges for which its steps are too few. */
static void test_refuses(void **state)
{
    (void)state;
    fixture f;
    error err = {0};
    mpc_plan *plan;
    mpc_protocol p;
    make(&f, "exact");
    assert_int_equal(mpc_plan_make(&plan, f.m, &published, &err), ERR_POLICY);
    assert_non_null(strstr(err.text, "softmax"));
    clear(&f);
    make(&f, "secformer");
    for (size_t i = 0; i < f.m->recipe.n_ranges; i++) {
        if (strstr(f.ranges[i].slot, "layers.0.attention/sum")) {
            f.ranges[i].lo = f.ranges[i].hi / 1e5;
        }
    }
    assert_int_equal(mpc_plan_make(&plan, f.m, &published, &err), ERR_PRECISION);
    assert_non_null(strstr(err.text, "row sums"));
    clear(&f);
    assert_int_equal(mpc_protocol_find(&p, "secformer", &err), ERR_USAGE);
}

/* A plan names its protocol, and is made anew by it. */
static void test_plan(void **state)
{
    (void)state;
    fixture f;
    error err = {0};
    mpc_plan *plan, *back;
    make(&f, "secformer");
    assert_int_equal(mpc_plan_make(&plan, f.m, &published, &err), OK);
    char *text = mpc_plan_write(plan);
    assert_non_null(strstr(text, "\"protocol\": \"secformer-2024\""));
    const span bytes = {.data = (const uint8_t *)text, .len = strlen(text)};
    if (mpc_plan_open(&back, f.m, bytes, "plan", &err) != OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(back->protocol, MPC_SECFORMER_2024);
    mpc_plan_free(back);
    memcpy(strstr(text, "secformer-2024"), "secformer-2025", 14);
    assert_int_equal(mpc_plan_read(&back, bytes, "plan", &err), ERR_ARTEFACT);
    mem_free(text);
    mpc_plan_free(plan);
    clear(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_guarded),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
