/* What is in the memory of those who compute. Weights, as they are stored and as words of the ring,
 * texts, ids of tokens, embedded rows and answers are planted: neither server's process nor the
 * dealer's holds any of them when sessions are over, and weights are in none at any time. */
#define _GNU_SOURCE
#include "api/api.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/store.h"
#include "mpc/encode.h"
#include "nn/encoder.h"
#include "support/ends.h"
#include "support/mpc_fixture.h"
#include "support/needles.h"
#include "support/program.h"
#include "support/scratch.h"
#include "test.h"

enum { TEXTS = 12, FLOATS = 4, SPOTS = 64, WAIT_MS = 40000 };
enum { STORED, ENCODED, THE_TEXT, THE_IDS, EMBEDDED, ANSWER };

static const char *const texts[TEXTS] = {
    "unquestionably luminous storytelling", "a dreary and mechanical exercise",
    "marvellously inventive throughout",    "clumsy dialogue sinks everything",
    "tender without being sentimental",     "nothing here surprises anybody",
    "gorgeous photography and little else", "hilarious from beginning to end",
    "pretentious beyond all endurance",     "quietly devastating performances",
    "forgettable before it finishes",       "bursting with warmth and mischief"};

typedef struct {
    char *dir, *log[3];
    mpc_fixture made;
    pid_t party[3]; /* dealer, server 1, server 0 */
    unsigned port[3];
    needles *weights, *secrets;
    tacit_input inputs[TEXTS];
} stage;

static const char *const names[3] = {"dealer", "server1", "server0"};

static void start_party(stage *s, int i)
{
    static const int place[3] = {FIXTURE_DEALER, FIXTURE_SERVER1, FIXTURE_SERVER0};
    char peers[96];
    const char *arguments[] = {"party",      names[i], s->made.place[place[i]], "--certs",
                               ends_certs(), "-l",     "127.0.0.1:0",           "--json",
                               "-t",         "2",      i ? "--peers" : NULL,    peers,
                               NULL};
    snprintf(peers, sizeof peers, "dealer=127.0.0.1:%u%s", s->port[0], i == 2 ? ",server1=" : "");
    if (i == 2) {
        const size_t at = strlen(peers);
        snprintf(peers + at, sizeof peers - at, "127.0.0.1:%u", s->port[1]);
    }
    s->log[i] = scratch_path(s->dir, names[i]);
    s->party[i] = program_serve(s->log[i], arguments, &s->port[i]);
}

/* As many bytes at a time, evenly spread; but for words below 256, which are anybody's. */
static void plant(needles *to, unsigned kind, const void *from, size_t bytes, size_t each)
{
    const size_t step = bytes / SPOTS / each * each;
    for (size_t at = 0; at + each <= bytes; at += step > 0 ? step : each) {
        const uint8_t *here = (const uint8_t *)from + at;
        bool small = false;
        for (size_t i = 0; i < each; i += 8) {
            small |= here[i + 1] == 0;
        }
        if (!small) {
            needles_add(to, kind, here, each);
        }
    }
}

static void plant_words(stage *s, const model *m, const mpc_plan *p, const linear *l)
{
    uint64_t *w = mem_new(l->in * l->out, sizeof *w), *bias = mem_new(l->out, sizeof *bias);
    error err = {0};
    assert_int_equal(mpc_encode_linear(w, bias, m, p, l, &err), OK);
    plant(s->weights, ENCODED, w, l->in * l->out * sizeof *w, 32);
    mem_free(w);
    mem_free(bias);
}

static void plant_weights(stage *s)
{
    model *m;
    mpc_plan *p;
    error err = {0};
    assert_int_equal(model_open(&m, s->made.model, &err), OK);
    assert_int_equal(mpc_plan_make(&p, m, NULL, &err), OK);
    for (size_t i = 0; i < m->store->weights.n; i++) {
        const stored_tensor *t = &m->store->weights.tensors[i];
        if (strncmp(t->view.name, "tacit.", 6) != 0 && t->bytes >= 1024) {
            plant(s->weights, STORED, t->view.data, t->bytes, 16);
        }
    }
    for (size_t i = 0; i < m->n_layers; i++) {
        const encoder_layer *l = &m->layers[i];
        const linear *const all[] = {&l->query, &l->key, &l->value, &l->output, &l->up, &l->down};
        for (size_t j = 0; j < sizeof all / sizeof *all; j++) {
            plant_words(s, m, p, all[j]);
        }
    }
    mpc_plan_free(p);
    model_free(m);
}

static void plant_inputs(stage *s, tacit_model *m)
{
    packed p;
    error err = {0};
    const size_t dim = m->model->dim;
    assert_int_equal(packed_from_texts(&p, m, s->inputs, TEXTS, &err), OK);
    const tokens t = {.seqs = {.n = p.n_seqs, .start = p.start},
                      .ids = p.ids,
                      .positions = p.positions,
                      .types = p.types};
    float *x = mem_new(p.n_rows * dim, sizeof *x);
    assert_int_equal(nn_embed(x, m->model, &t, &err), OK);
    for (size_t i = 0; i < TEXTS; i++) {
        needles_add(s->secrets, THE_TEXT, texts[i], 16);
        const size_t first = p.start[i] + 1; /* behind [CLS], which is the same for all */
        needles_add(s->secrets, THE_IDS, p.ids + first, 4 * sizeof *p.ids);
        for (size_t row = first; row + 1 < p.start[i + 1]; row++) {
            needles_add(s->secrets, EMBEDDED, x + row * dim, FLOATS * sizeof *x);
        }
    }
    mem_free(x);
    packed_clear(&p);
}

static int set_up(void **state)
{
    stage *s = calloc(1, sizeof *s);
    s->dir = scratch_new();
    s->weights = needles_new();
    s->secrets = needles_new();
    for (size_t i = 0; i < TEXTS; i++) {
        s->inputs[i] = (tacit_input){.text = texts[i], .text_len = strlen(texts[i])};
    }
    mpc_fixture_convert(&s->made, s->dir, "secformer");
    mpc_fixture_share(&s->made, s->dir, "part");
    plant_weights(s);
    for (int i = 0; i < 3; i++) {
        start_party(s, i);
    }
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    stage *s = *state;
    for (int i = 0; i < 3; i++) {
        if (s->party[i] > 0) {
            kill(s->party[i], SIGKILL);
            waitpid(s->party[i], NULL, 0);
        }
        free(s->log[i]);
    }
    needles_free(s->weights);
    needles_free(s->secrets);
    ends_forget();
    scratch_remove(s->dir);
    free(s);
    return 0;
}

static void assert_none(needles *n, pid_t pid, const char *who, const char *when)
{
    size_t found[NEEDLE_KINDS];
    assert_true(needles_search(n, pid, found));
    for (unsigned kind = 0; kind < NEEDLE_KINDS; kind++) {
        if (found[kind] > 0) {
            fail_msg("%s, %s: %zu values of kind %u", who, when, found[kind], kind);
        }
    }
    print_message("%s, %s: none of %zu\n", who, when, needles_count(n));
}

static tacit_result *ask(stage *s, tacit_model *m, tacit_session **session)
{
    char peers[96];
    tacit_error err = {0};
    tacit_result *r = NULL;
    snprintf(peers, sizeof peers, "server0=127.0.0.1:%u,server1=127.0.0.1:%u", s->port[2],
             s->port[1]);
    const tacit_session_options o = {
        .protect = "mpc", .peers = peers, .certs = ends_certs(), .threads = 1};
    if (tacit_session_new(session, m, &o, &err) != TACIT_OK ||
        tacit_run(*session, &r, s->inputs, TEXTS, &err) != TACIT_OK) {
        fail_msg("%s", err.text);
    }
    return r;
}

/* The threads of a session end a little after it. */
static void wait_for_threads(pid_t pid, size_t n)
{
    for (int i = 0; program_threads(pid) != n; i++) {
        assert_true(i < WAIT_MS);
        usleep(1000);
    }
}

static void test_those_who_compute(void **state)
{
#ifdef __SANITIZE_THREAD__
    skip(); /* gigabytes of ThreadSanitizer's own notes would be searched for minutes */
#endif
    stage *s = *state;
    size_t found[NEEDLE_KINDS], idle[3];
    if (!needles_search(s->weights, s->party[0], found)) {
        print_message("skipped: this system does not let a parent read its child's memory\n");
        skip();
    }
    assert_true(needles_count(s->weights) > 1000);
    tacit_model *m;
    tacit_session *session;
    tacit_error err = {0};
    for (int i = 0; i < 3; i++) {
        idle[i] = program_threads(s->party[i]);
        assert_none(s->weights, s->party[i], names[i], "before a session");
    }
    if (tacit_model_open(&m, s->made.place[FIXTURE_OWNER], &err) != TACIT_OK) {
        fail_msg("%s", err.text);
    }
    plant_inputs(s, m);
    tacit_result *r = ask(s, m, &session);
    for (size_t i = 0; i < tacit_result_count(r); i++) {
        size_t rows, columns;
        const float *v = tacit_result_values(r, i, &rows, &columns);
        needles_add(s->secrets, ANSWER, v, columns * sizeof *v);
    }
    assert_true(needles_search(s->secrets, 0, found)); /* the search finds what is there */
    assert_true(found[ANSWER] >= TEXTS);
    for (int i = 0; i < 3; i++) {
        assert_none(s->weights, s->party[i], names[i], "within a session");
        assert_none(s->secrets, s->party[i], names[i], "within a session");
    }
    tacit_result_free(r);
    tacit_session_free(session);
    tacit_model_free(m);
    for (int i = 0; i < 3; i++) {
        wait_for_threads(s->party[i], idle[i]);
        assert_none(s->weights, s->party[i], names[i], "after a session");
        assert_none(s->secrets, s->party[i], names[i], "after a session");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_those_who_compute, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
