/* A converted model between two servers and a dealer: the answers of the plain engine, and exactly
 * the rounds and bytes that a walk over shapes has counted beforehand. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/encoder.h"
#include "party/mpc_forecast.h"
#include "party/mpc_local.h"
#include "plain/plain.h"
#include "support/scratch.h"
#include "tacit.h"
#include "test.h"

static const char texts[] = "a great movie\n"
                            "this is the worst film i have ever seen , and i have seen many\n"
                            "not bad at all\n"
                            "it never quite comes together , but the actors are a joy to watch\n"
                            "boring\n"
                            "one of the best films of the year , with its exploration of loss\n"
                            "the plot is thin and the jokes are old\n"
                            "funny , touching and smart\n";

typedef struct {
    model *m;
    pool *pool;
    engine *plain;
    mpc_local *parties;
} fixture;

static void open_fixture(fixture *f, const char *name, const char *dir, size_t threads)
{
    char data[300], dst[300];
    error err = {0};
    tacit_error terr = {0};
    const tacit_convert_options o = {.recipe = name, .data = data, .margin = 0.5};
    snprintf(data, sizeof data, "%s/texts.txt", dir);
    snprintf(dst, sizeof dst, "%s/%s", dir, name);
    FILE *file = fopen(data, "w");
    assert_non_null(file);
    fputs(texts, file);
    fclose(file);
    char *json = NULL;
    if (tacit_convert("models/sst2-tiny", dst, &o, &json, &terr) != TACIT_OK) {
        fail_msg("%s", terr.text);
    }
    tacit_string_free(json);
    plain_options po = {.precision = PLAIN_F32};
    const mpc_local_options lo = {.threads = threads, .ahead = MPC_LOCAL_AHEAD};
    if (model_open(&f->m, dst, &err) != OK || cpu_pick(&po.isa, &err) != OK ||
        pool_new(&f->pool, 1, &err) != OK ||
        plain_engine_new(&f->plain, f->m, f->pool, &po, &err) != OK ||
        mpc_local_new(&f->parties, f->m, &lo, &err) != OK) {
        fail_msg("%s", err.text);
    }
}

static void close_fixture(fixture *f)
{
    mpc_local_free(f->parties);
    f->plain->ops->free(f->plain);
    pool_free(f->pool);
    model_free(f->m);
}

/* What a walk over shapes says of the cost. */
static mpc_forecast forecast(const fixture *f, const embedded *x)
{
    error err = {0};
    mpc_forecast c;
    if (mpc_forecast_make(&c, f->m, mpc_local_plan(f->parties), x, (mpc_asks){0}, &err) != OK) {
        fail_msg("%s", err.text);
    }
    return c;
}

/* Bytes and rounds of every link so far, headers included. */
typedef struct {
    uint64_t sent[MPC_LOCAL_LINKS], received[MPC_LOCAL_LINKS], rounds;
} traffic;

static traffic count(const fixture *f)
{
    traffic t;
    for (int i = 0; i < MPC_LOCAL_LINKS; i++) {
        const channel_counters *c = channel_count(mpc_local_link(f->parties, i));
        t.sent[i] = c->sent.wire_bytes;
        t.received[i] = c->received.wire_bytes;
    }
    t.rounds = channel_count(mpc_local_link(f->parties, MPC_LOCAL_SERVERS))->rounds;
    return t;
}

/* Rows of tokens 1000, 1001, … as if they were words, in n sequences of these lengths. */
static void ask(fixture *f, const size_t *lengths, size_t n, double bound)
{
    size_t start[8] = {0};
    error err = {0};
    for (size_t i = 0; i < n; i++) {
        start[i + 1] = start[i] + lengths[i];
    }
    const size_t rows = start[n], dim = f->m->dim;
    uint32_t *ids = calloc(rows, sizeof *ids), *positions = calloc(rows, sizeof *ids);
    uint32_t *types = calloc(rows, sizeof *ids);
    float *x = calloc(rows * dim, sizeof *x);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = start[i]; j < start[i + 1]; j++) {
            ids[j] = j == start[i] ? 101 : j + 1 == start[i + 1] ? 102 : (uint32_t)(2000 + 31 * j);
            positions[j] = (uint32_t)(j - start[i]);
        }
    }
    const tokens t = {{n, start}, ids, positions, types};
    assert_int_equal(nn_embed(x, f->m, &t, &err), OK);
    const embedded in = {.rows = rows, .dim = dim, .seqs = t.seqs, .x = x};
    float expected[16], got[16];
    f->plain->err = &err;
    assert_int_equal(nn_encoder_forward(f->plain, expected, f->m, &in), OK);

    const mpc_forecast cost = forecast(f, &in);
    const traffic before = count(f);
    if (mpc_local_forward(f->parties, got, &in, &err) != OK) {
        fail_msg("%s", err.text);
    }
    traffic spent = count(f);
    for (int i = 0; i < MPC_LOCAL_LINKS; i++) {
        spent.sent[i] -= before.sent[i];
        spent.received[i] -= before.received[i];
    }
    assert_int_equal(spent.rounds - before.rounds, cost.rounds);
    assert_int_equal(spent.sent[MPC_LOCAL_OWNER0] + spent.sent[MPC_LOCAL_OWNER1], cost.owner);
    assert_int_equal(spent.sent[MPC_LOCAL_SERVERS] + spent.received[MPC_LOCAL_OWNER0],
                     cost.server_online);
    assert_int_equal(spent.received[MPC_LOCAL_SERVERS] + spent.received[MPC_LOCAL_OWNER1],
                     cost.server_online);
    assert_int_equal(spent.sent[MPC_LOCAL_DEALER0], cost.server_offline);
    assert_int_equal(spent.sent[MPC_LOCAL_DEALER1], cost.server_offline);
    assert_int_equal(spent.received[MPC_LOCAL_DEALER0] + spent.received[MPC_LOCAL_DEALER1],
                     cost.dealer);
    for (size_t i = 0; i < 2 * n; i++) {
        if (fabs((double)(got[i] - expected[i])) > bound) {
            fail_msg("logit %zu of %zu sequences: %g, must be %g", i, n, (double)got[i],
                     (double)expected[i]);
        }
    }
    free(ids);
    free(positions);
    free(types);
    free(x);
}

static void check(const char *name, double bound)
{
    fixture f;
    char *dir = scratch_new();
    open_fixture(&f, name, dir, 2);
    ask(&f, (const size_t[]){9}, 1, bound);
    ask(&f, (const size_t[]){5, 12, 3, 7}, 4, bound);
    ask(&f, (const size_t[]){9}, 1, bound);
    close_fixture(&f);
    scratch_remove(dir);
}

static void test_secformer(void **state)
{
    (void)state;
    check("secformer", 5e-3);
}

/* Its row sums are so far apart that 1/x takes Newton's step. What the weights were not trained for
 * is large, and so are its errors. */
static void test_mpcformer(void **state)
{
    (void)state;
    check("mpcformer", 2e-2);
}

static void test_exact(void **state)
{
    (void)state;
    check("exact", 5e-3);
}

static void test_freediv_2quad(void **state)
{
    (void)state;
    check("freediv-2quad", 5e-3);
}

/* A recipe without a protocol is refused with its name, before anything is sent. */
static void test_refused(void **state)
{
    (void)state;
    model *m;
    mpc_local *l;
    error err = {0};
    assert_int_equal(model_open(&m, "models/sst2-tiny", &err), OK);
    assert_int_not_equal(mpc_local_new(&l, m, NULL, &err), OK);
    assert_null(l);
    assert_non_null(strstr(err.text, "layers.0.attention"));
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secformer), cmocka_unit_test(test_mpcformer),
        cmocka_unit_test(test_exact),     cmocka_unit_test(test_freediv_2quad),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
