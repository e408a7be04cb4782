/* Owner and cloud over a channel in memory: the answers are those of the plain engine, the costs
 * those that the channel counts, and whoever breaks the rules is told so. */
#include <math.h>
#include <pthread.h>
#include <unistd.h>

#include "net/channel.h"
#include "party/stip_client.h"
#include "party/stip_cloud.h"
#include "party/stip_wire.h"
#include "stip/protect.h"
#include "support/model_fixture.h"
#include "support/scratch.h"
#include "test.h"

typedef struct {
    stip_cloud *cloud;
    stip_owner owner;
    channel *ends[2]; /* the owner's, the cloud's */
    pthread_t thread;
    status ended;
    error why; /* of the cloud */
} session;

static void *cloud_main(void *arg)
{
    session *s = arg;
    s->ended = stip_cloud_serve(s->cloud, s->ends[1], NULL, &s->why);
    return NULL;
}

/* Protect a fixture into dir/cloud and dir/owner and let both parties open what is theirs. */
static void begin(session *s, const char *fixture, const char *dir)
{
    char cloud[256], owner[256];
    error err = {0};
    const uint8_t seed[STIP_SEED_BYTES] = {1, 2, 3};
    char *src = model_fixture_dir(fixture);
    *s = (session){0};
    snprintf(cloud, sizeof cloud, "%s/cloud", dir);
    snprintf(owner, sizeof owner, "%s/owner", dir);
    if (stip_protect(src, cloud, owner, seed, &err) != OK ||
        stip_owner_open(&s->owner, owner, &err) != OK ||
        stip_cloud_new(&s->cloud, cloud, 2, &err) != OK ||
        channel_pair(s->ends, ROLE_OWNER, ROLE_CLOUD, NULL, &err) != OK) {
        fail_msg("%s", err.text);
    }
    free(src);
    assert_int_equal(pthread_create(&s->thread, NULL, cloud_main, s), 0);
}

static void end(session *s)
{
    channel_free(s->ends[0]);
    pthread_join(s->thread, NULL);
    channel_free(s->ends[1]);
    stip_cloud_free(s->cloud);
    stip_owner_close(&s->owner);
}

static void ask_case(session *s, const json_t *fixture_case)
{
    fixture_batch b;
    error err = {0};
    arena *a = arena_new();
    fixture_batch_read(&b, fixture_case, s->owner.model);
    const size_t rows = b.tokens.seqs.start[b.tokens.seqs.n], dim = s->owner.model->dim;
    float *x = calloc(rows * dim, sizeof *x), *out = calloc(b.rows * b.columns, sizeof *out);
    assert_int_equal(nn_embed(x, s->owner.model, &b.tokens, &err), OK);
    const embedded in = {.rows = rows, .dim = dim, .seqs = b.tokens.seqs, .x = x};

    const channel_counters before = *channel_count(s->ends[0]);
    if (stip_client_forward(s->ends[0], &s->owner, out, &in, a, &err) != OK) {
        fail_msg("%s", err.text);
    }
    const channel_counters *after = channel_count(s->ends[0]);
    assert_int_equal(after->rounds - before.rounds, 1);
    assert_int_equal(after->sent.payload_bytes - before.sent.payload_bytes, stip_input_bytes(&in));
    for (size_t i = 0; i < b.rows * b.columns; i++) {
        assert_true(fabs(out[i] - b.expected[i]) <= 1e-5 * fmax(1, fabs(b.expected[i])));
    }
    free(x);
    free(out);
    arena_free(a);
    fixture_batch_clear(&b);
}

static void test_answers_are_those_of_the_model(void **state)
{
    (void)state;
    static const char *const fixtures[] = {"bert-sequence", "bert-token", "distilbert-sequence",
                                           "roberta-sequence"};
    for (size_t i = 0; i < sizeof fixtures / sizeof *fixtures; i++) {
        session s;
        error err = {0};
        char *dir = scratch_new();
        begin(&s, fixtures[i], dir);
        assert_int_equal(stip_client_begin(s.ends[0], &s.owner, &err), OK);
        json_t *expected = model_fixture_read(fixtures[i]);
        const json_t *cases = json_object_get(expected, "cases");
        for (size_t k = 0; k < json_array_size(cases); k++) {
            ask_case(&s, json_array_get(cases, k));
        }
        json_decref(expected);
        assert_int_equal(stip_client_end(s.ends[0], &err), OK);
        end(&s);
        assert_int_equal(s.ended, OK);
        scratch_remove(dir);
    }
}

static void test_another_model_is_refused(void **state)
{
    (void)state;
    session s;
    error err = {0};
    char *dir = scratch_new();
    begin(&s, "bert-sequence", dir);
    s.owner.key.model[5] ^= 1;
    assert_int_equal(stip_client_begin(s.ends[0], &s.owner, &err), ERR_PROTOCOL);
    assert_error(err, ERR_PROTOCOL, "cloud", "model");
    end(&s);
    assert_int_equal(s.ended, ERR_PROTOCOL);
    scratch_remove(dir);
}

static void test_a_wrong_input_ends_the_session(void **state)
{
    (void)state;
    session s;
    error err = {0};
    char *dir = scratch_new();
    uint8_t junk[40] = {1, 0, 0, 0, 7};
    float out[2];
    begin(&s, "bert-sequence", dir);
    assert_int_equal(stip_client_begin(s.ends[0], &s.owner, &err), OK);
    assert_int_equal(channel_send(s.ends[0], STIP_OP_INPUT, junk, sizeof junk, &err), OK);
    assert_int_not_equal(channel_receive(s.ends[0], STIP_OP_OUTPUT, out, sizeof out, &err), OK);
    end(&s);
    assert_error(s.why, ERR_PROTOCOL, "7 features, the model has 32");
    scratch_remove(dir);
}

static void test_an_owner_who_vanishes_ends_the_session(void **state)
{
    (void)state;
    session s;
    error err = {0};
    char *dir = scratch_new();
    begin(&s, "bert-sequence", dir);
    assert_int_equal(stip_client_begin(s.ends[0], &s.owner, &err), OK);
    end(&s);
    assert_error(s.why, ERR_NETWORK, "owner");
    scratch_remove(dir);
}

static void test_a_clear_model_is_refused(void **state)
{
    (void)state;
    stip_cloud *c = NULL;
    error err = {0};
    assert_int_equal(stip_cloud_new(&c, MODEL_FIXTURES "/bert-sequence", 1, &err), ERR_POLICY);
    assert_error(err, ERR_POLICY, "no protected model");
    assert_null(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_are_those_of_the_model),
        cmocka_unit_test(test_another_model_is_refused),
        cmocka_unit_test(test_a_wrong_input_ends_the_session),
        cmocka_unit_test(test_an_owner_who_vanishes_ends_the_session),
        cmocka_unit_test(test_a_clear_model_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
