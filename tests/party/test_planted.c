/* What a session leaves in memory. More than a thousand values that belong to the owner alone are
 * planted: texts, ids of tokens, embedded rows, the permutation, answers; and what the cloud sees
 * of them: permuted rows and answers. When a session is over, ended or aborted, neither the owner's
 * process nor the cloud's, which serves on, holds any of them. */
#define _GNU_SOURCE
#include "api/api.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/channel_io.h"
#include "party/stip_client.h"
#include "party/stip_wire.h"
#include "support/ends.h"
#include "support/needles.h"
#include "support/program.h"
#include "support/scratch.h"
#include "test.h"

#define MODEL "models/sst2-tiny"

enum { TEXTS = 48, WORD = 16, TEXT_BYTES = 3 * (WORD + 1), FLOATS = 4, WAIT_MS = 40000 };

/* Kinds of what is planted. */
enum { THE_TEXT, THE_IDS, EMBEDDED, PERMUTED, THE_KEY, ANSWER, PERMUTED_ANSWER };

typedef struct {
    char *dir, *cloud_dir, *owner_dir, *log;
    unsigned port;
    pid_t cloud;
    needles *secrets;
    char texts[TEXTS][TEXT_BYTES]; /* wiped before a search */
    tacit_input inputs[TEXTS];
} stage;

/* Words that stand nowhere else, the same for a number. */
static void make_texts(stage *s)
{
    uint64_t state = 12345;
    for (size_t i = 0; i < TEXTS; i++) {
        for (size_t j = 0; j < TEXT_BYTES; j++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            const bool gap = j % (WORD + 1) == WORD;
            s->texts[i][j] = (char)(gap ? ' ' : 'a' + (state >> 40) % 26);
        }
        s->inputs[i] = (tacit_input){.text = s->texts[i], .text_len = TEXT_BYTES};
    }
}

static void plant_rows(needles *n, unsigned kind, const float *x, size_t rows, size_t dim)
{
    for (size_t i = 0; i < rows; i++) {
        needles_add(n, kind, x + i * dim, FLOATS * sizeof *x);
    }
}

static void plant_input(stage *s, const stip_owner *o, const packed *p)
{
    const size_t dim = o->model->dim;
    const tokens t = {.seqs = {.n = p->n_seqs, .start = p->start},
                      .ids = p->ids,
                      .positions = p->positions,
                      .types = p->types};
    float *x = mem_new(p->n_rows * dim, sizeof *x), *y = mem_new(p->n_rows * dim, sizeof *y);
    assert_int_equal(nn_embed(x, o->model, &t, NULL), OK);
    stip_encode(&o->key, y, x, p->n_rows);
    for (size_t i = 0; i < p->n_seqs; i++) {
        needles_add(s->secrets, THE_IDS, p->ids + p->start[i] + 1, 6 * sizeof *p->ids);
        /* The first row is that of [CLS], which is the same for all. */
        const size_t first = p->start[i] + 1, rows = p->start[i + 1] - first;
        plant_rows(s->secrets, EMBEDDED, x + first * dim, rows, dim);
        plant_rows(s->secrets, PERMUTED, y + first * dim, rows, dim);
    }
    mem_free(x);
    mem_free(y);
}

/* Everything of the owner's that is known before a run. */
static void plant(stage *s)
{
    tacit_model *m;
    stip_owner o;
    packed p;
    for (size_t i = 0; i < TEXTS; i++) {
        for (size_t word = 0; word < 3; word++) {
            needles_add(s->secrets, THE_TEXT, s->texts[i] + word * (WORD + 1), WORD);
        }
    }
    assert_int_equal(tacit_model_open(&m, s->owner_dir, NULL), TACIT_OK);
    assert_int_equal(stip_owner_open(&o, s->owner_dir, NULL), OK);
    assert_int_equal(packed_from_texts(&p, m, s->inputs, TEXTS, NULL), OK);
    plant_input(s, &o, &p);
    for (size_t i = 0; i + 8 <= o.key.dim; i += 8) {
        needles_add(s->secrets, THE_KEY, o.key.hidden + i, 8 * sizeof *o.key.hidden);
    }
    packed_clear(&p);
    stip_owner_close(&o);
    tacit_model_free(m);
}

static void plant_answers(stage *s, const tacit_result *r)
{
    for (size_t i = 0; i < tacit_result_count(r); i++) {
        size_t rows, columns;
        const float *v = tacit_result_values(r, i, &rows, &columns);
        assert_int_equal(columns, 2);
        const float turned[] = {v[1], v[0]}; /* whatever π_c is, one of the two orders */
        needles_add(s->secrets, ANSWER, v, sizeof turned);
        needles_add(s->secrets, PERMUTED_ANSWER, turned, sizeof turned);
        mem_wipe((void *)(uintptr_t)turned, sizeof turned);
    }
}

static void start_cloud(stage *s)
{
    s->cloud = program_cloud(s->log, s->cloud_dir, ends_certs(), "local", &s->port);
}

static void stop_cloud(stage *s)
{
    if (s->cloud > 0) {
        kill(s->cloud, SIGKILL);
        waitpid(s->cloud, NULL, 0);
    }
    s->cloud = 0;
}

static int set_up(void **state)
{
    stage *s = calloc(1, sizeof *s);
    error err = {0};
    s->dir = scratch_new();
    s->cloud_dir = scratch_path(s->dir, "cloud");
    s->owner_dir = scratch_path(s->dir, "owner");
    s->log = scratch_path(s->dir, "log");
    s->secrets = needles_new();
    const tacit_protect_options o = {.key = s->owner_dir};
    char *json = NULL;
    if (tacit_protect(MODEL, s->cloud_dir, &o, &json, (tacit_error *)&err) != TACIT_OK) {
        fail_msg("%s", err.text);
    }
    tacit_string_free(json);
    make_texts(s);
    plant(s);
    start_cloud(s);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    stage *s = *state;
    stop_cloud(s);
    needles_free(s->secrets);
    ends_forget();
    free(s->cloud_dir);
    free(s->owner_dir);
    free(s->log);
    scratch_remove(s->dir);
    free(s);
    return 0;
}

static size_t total(const size_t found[NEEDLE_KINDS])
{
    size_t sum = 0;
    for (size_t i = 0; i < NEEDLE_KINDS; i++) {
        sum += found[i];
    }
    return sum;
}

static void assert_nothing_in(stage *s, pid_t pid, const char *who)
{
    size_t found[NEEDLE_KINDS];
    mem_wipe(s->texts, sizeof s->texts);
    assert_true(needles_search(s->secrets, pid, found));
    make_texts(s);
    if (total(found) > 0) {
        fail_msg("%s holds %zu texts, %zu ids, %zu rows, %zu permuted rows, %zu parts of the key, "
                 "%zu answers, %zu permuted answers",
                 who, found[THE_TEXT], found[THE_IDS], found[EMBEDDED], found[PERMUTED],
                 found[THE_KEY], found[ANSWER], found[PERMUTED_ANSWER]);
    }
    print_message("%s: none of %zu\n", who, needles_count(s->secrets));
}

static void wait_for_threads(pid_t pid, size_t n)
{
    for (int i = 0; program_threads(pid) != n; i++) {
        assert_true(i < WAIT_MS);
        usleep(1000);
    }
}

static void open_session(stage *s, tacit_model **m, tacit_session **session)
{
    char peers[64];
    tacit_error err = {0};
    snprintf(peers, sizeof peers, "cloud=127.0.0.1:%u", s->port);
    const tacit_session_options o = {.peers = peers, .certs = ends_certs(), .threads = 1};
    if (tacit_model_open(m, s->owner_dir, &err) != TACIT_OK ||
        tacit_session_new(session, *m, &o, &err) != TACIT_OK) {
        fail_msg("%s", err.text);
    }
}

static void skip_where_nobody_may_look(const stage *s)
{
#ifdef __SANITIZE_THREAD__
    skip(); /* gigabytes of ThreadSanitizer's own notes would be searched for minutes */
#endif
    size_t found[NEEDLE_KINDS];
    if (!needles_search(s->secrets, s->cloud, found)) {
        print_message("skipped: this system does not let a parent read its child's memory\n");
        skip();
    }
}

static void test_after_a_session(void **state)
{
    stage *s = *state;
    skip_where_nobody_may_look(s);
    tacit_model *m;
    tacit_session *session;
    tacit_result *r;
    tacit_error err = {0};
    size_t found[NEEDLE_KINDS];
    const size_t idle = program_threads(s->cloud);
    open_session(s, &m, &session);
    if (tacit_run(session, &r, s->inputs, TEXTS, &err) != TACIT_OK) {
        fail_msg("%s", err.text);
    }
    plant_answers(s, r);
    assert_true(needles_count(s->secrets) >= 1000);
    /* The search finds what is there. */
    assert_true(needles_search(s->secrets, 0, found));
    assert_true(found[THE_TEXT] >= 3 * TEXTS && found[THE_IDS] >= TEXTS && found[ANSWER] >= TEXTS);
    assert_true(found[THE_KEY] >= m->model->dim / 8);
    tacit_result_free(r);
    tacit_session_free(session);
    tacit_model_free(m);
    assert_nothing_in(s, 0, "the owner, after a session");
    wait_for_threads(s->cloud, idle);
    assert_nothing_in(s, s->cloud, "the cloud, after a session");
}

static void test_after_the_cloud_was_killed(void **state)
{
    stage *s = *state;
    skip_where_nobody_may_look(s);
    tacit_model *m;
    tacit_session *session;
    tacit_result *r = NULL;
    tacit_error err = {0};
    open_session(s, &m, &session);
    stop_cloud(s);
    assert_int_equal(tacit_run(session, &r, s->inputs, TEXTS, &err), TACIT_ERR_NETWORK);
    assert_null(r);
    tacit_session_free(session);
    tacit_model_free(m);
    assert_nothing_in(s, 0, "the owner, whose cloud was killed");
    start_cloud(s);
}

/* An owner of the same key that speaks for itself. */
typedef struct {
    stip_owner owner;
    identity *me;
    channel *cloud;
    uint8_t *message;
    size_t bytes;
} raw_owner;

static void raw_open(raw_owner *r, stage *s)
{
    error err = {0};
    char address[32];
    tacit_model *m;
    packed p;
    snprintf(address, sizeof address, "127.0.0.1:%u", s->port);
    assert_int_equal(stip_owner_open(&r->owner, s->owner_dir, NULL), OK);
    assert_int_equal(identity_new(&r->me, ends_certs(), ROLE_OWNER, NULL), OK);
    if (tls_connect(&r->cloud, address, r->me, ROLE_CLOUD, NULL, &err) != OK ||
        stip_client_begin(r->cloud, &r->owner, &err) != OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(tacit_model_open(&m, s->owner_dir, NULL), TACIT_OK);
    assert_int_equal(packed_from_texts(&p, m, s->inputs, TEXTS, NULL), OK);
    const size_t dim = r->owner.model->dim;
    const tokens t = {.seqs = {.n = p.n_seqs, .start = p.start},
                      .ids = p.ids,
                      .positions = p.positions,
                      .types = p.types};
    float *x = mem_new(p.n_rows * dim, sizeof *x), *y = mem_new(p.n_rows * dim, sizeof *y);
    assert_int_equal(nn_embed(x, r->owner.model, &t, NULL), OK);
    stip_encode(&r->owner.key, y, x, p.n_rows);
    const embedded hidden = {.rows = p.n_rows, .dim = dim, .seqs = t.seqs, .x = y};
    r->bytes = stip_input_bytes(&hidden);
    r->message = mem_new(r->bytes, 1);
    stip_input_write(r->message, &hidden);
    mem_free(x);
    mem_free(y);
    packed_clear(&p);
    tacit_model_free(m);
}

static void raw_close(raw_owner *r)
{
    mem_free(r->message);
    identity_free(r->me);
    stip_owner_close(&r->owner);
}

static void test_after_an_owner_vanished_in_mid_input(void **state)
{
    stage *s = *state;
    skip_where_nobody_may_look(s);
    raw_owner r;
    size_t found[NEEDLE_KINDS];
    const size_t idle = program_threads(s->cloud);
    raw_open(&r, s);
    outgoing half = channel_start(r.cloud, STIP_OP_INPUT, r.message, r.bytes);
    half.left[1] /= 2;
    assert_int_equal(channel_pump(r.cloud, &half, NULL, NULL), OK);
    for (int i = 0; i < WAIT_MS / 10; i++) { /* it is on its way into the cloud's memory */
        assert_true(needles_search(s->secrets, s->cloud, found));
        if (found[PERMUTED] > 0) {
            break;
        }
        usleep(10000);
    }
    assert_true(found[PERMUTED] > 0); /* the search finds what is there */
    ends_kill(r.cloud);
    raw_close(&r);
    wait_for_threads(s->cloud, idle);
    assert_nothing_in(s, s->cloud, "the cloud, whose owner vanished");
    assert_nothing_in(s, 0, "the owner that vanished");
}

static void test_after_an_input_was_refused(void **state)
{
    stage *s = *state;
    skip_where_nobody_may_look(s);
    raw_owner r;
    uint8_t byte;
    const size_t idle = program_threads(s->cloud);
    raw_open(&r, s);
    r.message[8] ^= 1; /* the first sequence's length: the sum is wrong */
    assert_int_equal(channel_send(r.cloud, STIP_OP_INPUT, r.message, r.bytes, NULL), OK);
    assert_int_not_equal(channel_receive(r.cloud, STIP_OP_OUTPUT, &byte, 1, NULL), OK);
    channel_free(r.cloud);
    raw_close(&r);
    wait_for_threads(s->cloud, idle);
    assert_nothing_in(s, s->cloud, "the cloud, which refused an input");
    assert_nothing_in(s, 0, "the owner that was refused");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_after_a_session),
        cmocka_unit_test(test_after_the_cloud_was_killed),
        cmocka_unit_test(test_after_an_owner_vanished_in_mid_input),
        cmocka_unit_test(test_after_an_input_was_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
