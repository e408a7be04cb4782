/* Owner and server of he over a channel in memory, with a small model: answers, keys that are kept,
 * memory that will not do, results that are wrong, and peers that go away at every message. */
#include "test.h"

#include <math.h>

#include "he/seed.h"
#include "he/small_poly.h"
#include "nn/encoder.h"
#include "party/he_host.h"
#include "party/he_owner.h"
#include "party/he_terms.h"
#include "plain/plain.h"
#include "support/ends.h"

enum { ROWS = 2 + 7, LABELS = 2 * SMALL_POLY_LABELS };
static const size_t starts[] = {0, 2, ROWS};

typedef struct {
    small_model s;
    he_host *host;
    secret seed;
    float *x;
    embedded in;
    float expected[LABELS];
    size_t layers_told;
} stage;

static void answer_in_the_clear(stage *s)
{
    engine *e;
    pool *p;
    error err = {0};
    const plain_options o = {.isa = ISA_REF};
    ok(pool_new(&p, 1, &err), &err);
    ok(plain_engine_new(&e, s->s.m, p, &o, &err), &err);
    e->err = &err;
    ok(nn_encoder_forward(e, s->expected, s->s.m, &s->in), &err);
    e->ops->free(e);
    pool_free(p);
}

static int set_up_model(void **state, bool rounds)
{
    stage *s = mem_new(1, sizeof *s);
    error err = {0};
    small_poly_init(&s->s);
    if (rounds) {
        small_thex(&s->s);
    }
    s->x = small_poly_states(ROWS, 9);
    s->in = (embedded){.rows = ROWS, .dim = s->s.m->dim, .seqs = {2, starts}, .x = s->x};
    answer_in_the_clear(s);
    const he_host_options o = {.model = s->s.m, .threads = 1, .digest = {5}};
    ok(he_host_new(&s->host, &o, &err), &err);
    ok(he_seed_new(&s->seed, &err), &err);
    *state = s;
    return 0;
}

static int set_up(void **state)
{
    return set_up_model(state, false);
}

static int set_up_rounds(void **state)
{
    return set_up_model(state, true);
}

static int tear_down(void **state)
{
    stage *s = *state;
    he_host_free(s->host);
    secret_clear(&s->seed);
    mem_free(s->x);
    small_model_clear(&s->s);
    mem_free(s);
    return 0;
}

/* ---- A session with a host */

static status greet(channel *c, bool leads, error *err)
{
    static const uint8_t digest[HASH_BYTES] = {5};
    handshake_terms terms;
    char words[HE_PARAMETERS_BYTES];
    TRY(he_terms(&terms, words, c, digest, err));
    return handshake(c, leads, &terms, err);
}

typedef struct {
    he_host *host;
    channel *ends[2]; /* the owner's, the server's */
    he_tally_of_session tally;
    task *task;
} visit;

static status serve(void *ctx, error *err)
{
    visit *v = ctx;
    const status st = he_host_serve(v->host, v->ends[1], &v->tally, err);
    channel_free(v->ends[1]);
    return st;
}

static void visit_begin(visit *v, he_host *host)
{
    error err = {0};
    *v = (visit){.host = host};
    ok(channel_pair(v->ends, ROLE_OWNER, ROLE_HE_SERVER, NULL, &err), &err);
    v->task = task_start(serve, v);
}

static void told(void *ctx, size_t done, size_t total, double left_s)
{
    stage *s = ctx;
    assert_int_equal(total, s->s.m->n_layers + 1);
    assert_true(done >= 1 && done < total && left_s >= 0);
    s->layers_told++;
}

static he_owner_options owner_options(stage *s, channel *server, bool keep)
{
    return (he_owner_options){.server = server,
                              .model = s->s.m,
                              .digest = {5},
                              .seed = &s->seed,
                              .keep = keep,
                              .timeout_ms = HE_TIMEOUT_MS,
                              .told = told,
                              .told_ctx = s};
}

/* One input, the i-th, asked and answered. */
static void whole_session(stage *s, visit *v, size_t i, he_owner_count *offline,
                          he_owner_count *online)
{
    he_owner w;
    error err = {0};
    float got[SMALL_POLY_LABELS];
    const float *expected = s->expected + i * SMALL_POLY_LABELS;
    const size_t n = starts[i + 1] - starts[i], places[] = {0, n};
    const embedded in = {
        .rows = n, .dim = s->in.dim, .seqs = {1, places}, .x = s->x + starts[i] * s->in.dim};
    visit_begin(v, s->host);
    const he_owner_options o = owner_options(s, v->ends[0], true);
    ok(he_owner_begin(&w, &o, &err), &err);
    ok(he_owner_forward(&w, got, &in, &err), &err);
    for (size_t j = 0; j < SMALL_POLY_LABELS; j++) {
        if (!(fabs((double)(got[j] - expected[j])) < 2e-2)) { /* as in test_he_local.c */
            fail_msg("number %zu is %g, not %g", j, (double)got[j], (double)expected[j]);
        }
    }
    *offline = w.offline;
    *online = w.online;
    he_owner_end(&w);
    ok(task_join(v->task, &err), &err);
    channel_free(v->ends[0]);
}

/* An input; then the same owner again, who need not send its keys again, with one of another
 * length, which shows in nothing that it sends or gets. */
static void test_answers_and_kept_keys(void **state)
{
    stage *s = *state;
    visit first, again;
    he_owner_count offline[2], online[2];
    whole_session(s, &first, 0, &offline[0], &online[0]);
    assert_int_equal(first.tally.inputs, 1);
    assert_int_equal(first.tally.answers, 1);
    assert_true(first.tally.keys > 0);
    assert_int_equal(first.tally.kept, 0);
    assert_int_equal(online[0].rounds, 1);
    assert_int_equal(offline[0].rounds, 2);
    assert_int_equal(s->layers_told, s->s.m->n_layers);
    whole_session(s, &again, 1, &offline[1], &online[1]);
    assert_int_equal(again.tally.keys, 0);
    assert_int_equal(again.tally.kept, first.tally.keys);
    assert_int_equal(offline[1].sent, 2 * FRAME_HEADER_BYTES + HE_ASK_BYTES + HE_KEYS_BYTES);
    assert_memory_equal(&online[0], &online[1], sizeof online[0]);
}

/* A model whose owner takes part. */
static void test_rounds(void **state)
{
    stage *s = *state;
    visit v, again;
    he_owner_count offline, online[2];
    whole_session(s, &v, 0, &offline, &online[0]);
    assert_int_equal(online[0].rounds, 3);
    assert_int_equal(v.tally.inputs, 1);
    assert_int_equal(v.tally.answers, 1);
    assert_int_equal(s->layers_told, s->s.m->n_layers);
    whole_session(s, &again, 1, &offline, &online[1]);
    assert_int_equal(again.tally.keys, 0);
    assert_memory_equal(&online[0], &online[1], sizeof *online);
}

/* Nobody else's set is taken for what is kept: neither another key's nor another place's. */
static void test_other_keys_are_wanted(void **state)
{
    stage *s = *state;
    visit v;
    error err = {0};
    uint8_t ask[HE_ASK_BYTES], keys[HE_KEYS_BYTES], wanted[HE_WANTED_BYTES], *offer;
    size_t len, n;
    arena *a = arena_new();
    he_ask_write(ask, 5);
    he_keys_write(keys, &(he_key_set){.keep = true, .name = {1}});
    visit_begin(&v, s->host);
    ok(greet(v.ends[0], true, &err), &err);
    ok(channel_send(v.ends[0], HE_SAY_ASK, ask, sizeof ask, &err), &err);
    ok(channel_receive_arena(v.ends[0], HE_SAY_OFFER, 1 << 20, a, &offer, &len, &err), &err);
    ok(channel_send(v.ends[0], HE_SAY_KEYS, keys, sizeof keys, &err), &err);
    ok(channel_receive(v.ends[0], HE_SAY_WANTED, wanted, sizeof wanted, &err), &err);
    ok(he_wanted_read(&n, wanted, wanted[0] | (size_t)wanted[1] << 8, &err), &err);
    assert_true(n > 0);
    arena_free(a);
    ends_kill(v.ends[0]);
    assert_int_equal(task_join(v.task, NULL), ERR_NETWORK);
}

static void test_another_model_is_refused(void **state)
{
    stage *s = *state;
    visit v;
    he_owner w;
    error err = {0}, why = {0};
    visit_begin(&v, s->host);
    he_owner_options o = owner_options(s, v.ends[0], false);
    o.digest[0] ^= 1;
    assert_int_equal(he_owner_begin(&w, &o, &err), ERR_PROTOCOL);
    assert_error(err, ERR_PROTOCOL, "he-server", "model");
    he_owner_end(&w);
    channel_free(v.ends[0]);
    assert_int_equal(task_join(v.task, &why), ERR_PROTOCOL);
}

/* Refused before a key is sent, with both numbers. */
static void refused(stage *s, size_t memory)
{
    visit v;
    he_owner w;
    he_host *host;
    error err = {0};
    const he_host_options small = {.model = s->s.m, .threads = 1, .digest = {5}, .memory = memory};
    ok(he_host_new(&host, &small, &err), &err);
    visit_begin(&v, host);
    const he_owner_options o = owner_options(s, v.ends[0], false);
    ok(he_owner_begin(&w, &o, &err), &err);
    assert_int_equal(he_owner_prepare(&w, 5, &err), ERR_RESOURCE);
    assert_error(err, ERR_RESOURCE, "he-server: needs", "its limit is");
    assert_true(w.offline.sent < 4 * FRAME_HEADER_BYTES);
    he_owner_end(&w);
    channel_free(v.ends[0]);
    ok(task_join(v.task, &err), &err);
    assert_int_equal(v.tally.keys, 0);
    he_host_free(host);
}

static void test_memory_is_refused_in_time(void **state)
{
    stage *s = *state;
    he_plan *p;
    error err = {0};
    const he_wish wish = {.tokens = 1};
    ok(he_plan_make(&p, s->s.m, &wish, &err), &err);
    const size_t weights = p->weight_memory;
    he_plan_free(p);
    refused(s, weights - 1);
    refused(s, weights + 1);
}

/* ---- An owner that goes away */

/* The first `moves` messages of an owner, who is killed then. The places that must be empty. */
static void half_an_owner(stage *s, channel *c, size_t moves)
{
    uint8_t ask[HE_ASK_BYTES], keys[HE_KEYS_BYTES], wanted[HE_WANTED_BYTES];
    error err = {0};
    arena *a = arena_new();
    uint8_t *offer;
    size_t len;
    he_client *client = NULL;
    he_bytes key;
    const he_client_options o = {.seed = s->seed.data};
    he_ask_write(ask, 5);
    he_keys_write(keys, &(he_key_set){.keep = true});
    for (size_t i = 0; i < moves; i++) {
        if (i == 0) {
            ok(greet(c, true, &err), &err);
        } else if (i == 1) {
            ok(channel_send(c, HE_SAY_ASK, ask, sizeof ask, &err), &err);
            ok(channel_receive_arena(c, HE_SAY_OFFER, 1 << 20, a, &offer, &len, &err), &err);
            const span bytes = {.data = offer + HE_OFFER_HEADER, .len = len - HE_OFFER_HEADER};
            ok(he_client_new(&client, bytes, &o, &err), &err);
        } else if (i == 2) {
            ok(channel_send(c, HE_SAY_KEYS, keys, sizeof keys, &err), &err);
            ok(channel_receive(c, HE_SAY_WANTED, wanted, sizeof wanted, &err), &err);
        } else {
            ok(he_client_key(client, &key, i - 3, &err), &err);
            ok(channel_send(c, HE_SAY_KEY, key.data, key.len, &err), &err);
            he_bytes_clear(&key);
        }
    }
    he_client_free(client);
    arena_free(a);
    ends_kill(c);
}

static void test_an_owner_who_vanishes(void **state)
{
    stage *s = *state;
    for (size_t moves = 0; moves < 6; moves++) {
        visit v;
        error why = {0};
        visit_begin(&v, s->host);
        half_an_owner(s, v.ends[0], moves);
        assert_int_equal(task_join(v.task, &why), ERR_NETWORK);
        assert_error(why, ERR_NETWORK, "owner");
        assert_int_equal(v.tally.keys, moves > 3 ? moves - 3 : 0);
    }
}

/* What does not come in its turn ends the session, and the error says who it was. */
static void out_of_turn(stage *s, uint32_t op, size_t len, const char *words)
{
    visit v;
    error err = {0}, why = {0};
    uint8_t junk[HE_KEYS_BYTES] = {0};
    visit_begin(&v, s->host);
    ok(greet(v.ends[0], true, &err), &err);
    ok(channel_send(v.ends[0], op, junk, len, &err), &err);
    uint8_t unheard;
    assert_int_not_equal(channel_receive(v.ends[0], HE_SAY_RESULT, &unheard, 1, &err), OK);
    channel_free(v.ends[0]);
    assert_int_equal(task_join(v.task, &why), ERR_PROTOCOL);
    assert_error(why, ERR_PROTOCOL, "owner", words);
}

static void test_out_of_turn(void **state)
{
    stage *s = *state;
    out_of_turn(s, HE_SAY_ASK, HE_ASK_BYTES, "no tokens");
    out_of_turn(s, HE_SAY_ASK, 3, "3 bytes");
    out_of_turn(s, HE_SAY_KEYS, HE_KEYS_BYTES, "not been offered");
    out_of_turn(s, HE_SAY_INPUT, 0, "no keys");
    out_of_turn(s, HE_SAY_INPUT_LONG, 0, "no keys");
    out_of_turn(s, HE_SAY_KEY, 5, "");
}

/* ---- A server that goes away, or answers nonsense */

typedef struct {
    channel *c;
    he_plan *plan;
    size_t moves;  /* then it is killed */
    size_t inputs; /* that came */
    bool ended;    /* the owner ended the session as it should */
} impostor;

static status send_offer(impostor *m, error *err)
{
    uint8_t ask[HE_ASK_BYTES], front[HE_OFFER_HEADER];
    he_bytes offer;
    TRY(channel_receive(m->c, HE_SAY_ASK, ask, sizeof ask, err));
    TRY(he_offer_write(&offer, m->plan, err));
    uint8_t *message = mem_new(sizeof front + offer.len, 1);
    he_place_write(front, 0);
    memcpy(message, front, sizeof front);
    memcpy(message + sizeof front, offer.data, offer.len);
    const status st = channel_send(m->c, HE_SAY_OFFER, message, sizeof front + offer.len, err);
    mem_free(message);
    he_bytes_clear(&offer);
    return st;
}

static status say_wanted(impostor *m, error *err)
{
    uint8_t keys[HE_KEYS_BYTES], wanted[HE_WANTED_BYTES];
    TRY(channel_receive(m->c, HE_SAY_KEYS, keys, sizeof keys, err));
    he_wanted_write(wanted, 0);
    return channel_send(m->c, HE_SAY_WANTED, wanted, sizeof wanted, err);
}

static status take_input(impostor *m, error *err)
{
    uint8_t *in = mem_new(m->plan->input_bytes, 1), message[HE_PROGRESS_BYTES];
    const status st = channel_receive(m->c, HE_SAY_INPUT, in, m->plan->input_bytes, err);
    m->inputs += st == OK;
    mem_free(in);
    TRY(st);
    he_progress_write(message, &(he_step_done){.done = 1, .total = 2, .left_ms = 7});
    return channel_send(m->c, HE_SAY_PROGRESS, message, sizeof message, err);
}

/* Handshake, offer, wanted, then inputs, each answered with bytes that decrypt to nothing. */
static status pretend(void *ctx, error *err)
{
    impostor *m = ctx;
    static const uint8_t nonsense[100] = {1, 2, 3};
    status st = OK;
    for (size_t i = 0; i < m->moves && st == OK; i++) {
        st = i == 0       ? greet(m->c, false, err)
             : i == 1     ? send_offer(m, err)
             : i == 2     ? say_wanted(m, err)
             : i % 2 == 1 ? take_input(m, err)
                          : channel_send(m->c, HE_SAY_RESULT, nonsense, sizeof nonsense, err);
    }
    if (st == OK && m->inputs == 2) {
        st = channel_receive(m->c, HE_SAY_END, NULL, 0, err);
        m->ended = st == OK;
    }
    ends_kill(m->c);
    return st;
}

static status with_impostor(stage *s, impostor *m, he_plan *plan, size_t moves, error *err)
{
    he_owner w;
    channel *ends[2];
    float got[LABELS];
    *m = (impostor){.plan = plan, .moves = moves};
    ok(channel_pair(ends, ROLE_OWNER, ROLE_HE_SERVER, NULL, err), err);
    m->c = ends[1];
    task *t = task_start(pretend, m);
    const he_owner_options o = owner_options(s, ends[0], false);
    status st = he_owner_begin(&w, &o, err);
    st = st == OK ? he_owner_forward(&w, got, &s->in, err) : st;
    he_owner_end(&w);
    channel_free(ends[0]);
    (void)task_join(t, NULL);
    return st;
}

/* The second input goes out and the session ends as ever; the owner alone learns what was wrong. */
static void test_bad_results_are_the_owners_affair(void **state)
{
    stage *s = *state;
    impostor m;
    he_plan *plan;
    error err = {0};
    const he_wish wish = {.tokens = 7};
    ok(he_plan_make(&plan, s->s.m, &wish, &err), &err);
    assert_int_not_equal(with_impostor(s, &m, plan, 7, &err), OK);
    assert_error(err, ERR_ARTEFACT, "he-server");
    assert_int_equal(m.inputs, 2);
    assert_true(m.ended);
    for (size_t moves = 0; moves < 6; moves++) {
        error why = {0};
        assert_int_equal(with_impostor(s, &m, plan, moves, &why), ERR_NETWORK);
        assert_error(why, ERR_NETWORK, "he-server");
    }
    he_plan_free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_and_kept_keys),
        cmocka_unit_test(test_other_keys_are_wanted),
        cmocka_unit_test(test_another_model_is_refused),
        cmocka_unit_test(test_memory_is_refused_in_time),
        cmocka_unit_test(test_an_owner_who_vanishes),
        cmocka_unit_test(test_out_of_turn),
        cmocka_unit_test(test_bad_results_are_the_owners_affair),
    };
    const struct CMUnitTest rounds[] = {cmocka_unit_test(test_rounds)};
    const int failed = cmocka_run_group_tests(tests, set_up, tear_down);
    return failed + cmocka_run_group_tests(rounds, set_up_rounds, tear_down);
}
