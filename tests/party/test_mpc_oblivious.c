/* Shared tables of embeddings: the plain engine's answers, at the cost that is forecast; and the
 * tables are nowhere in files or in the memory of those who compute with them. */
#define _GNU_SOURCE
#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mpc/engine.h"
#include "mpc/tables.h"
#include "party/mpc_forecast.h"
#include "party/mpc_local.h"
#include "party/mpc_place.h"
#include "support/calibrated.h"
#include "support/ends.h"
#include "support/mpc_fixture.h"
#include "support/needles.h"
#include "support/program.h"
#include "support/scratch.h"
#include "tacit.h"
#include "test.h"

/* Bytes of a link so far, both ways. */
static uint64_t bytes(const mpc_local *l, int link)
{
    const channel_counters *c = channel_count(mpc_local_link(l, link));
    return c->sent.wire_bytes + c->received.wire_bytes;
}

static void check_forecast(const model *m, mpc_local *l, const embedded *in, mpc_asks asks,
                           float *out)
{
    mpc_forecast f;
    error err = {0};
    uint64_t before[MPC_LOCAL_LINKS], spent[MPC_LOCAL_LINKS];
    assert_int_equal(mpc_forecast_make(&f, m, mpc_local_plan(l), in, asks, &err), OK);
    for (int i = 0; i < MPC_LOCAL_LINKS; i++) {
        before[i] = bytes(l, i);
    }
    const uint64_t rounds = channel_count(mpc_local_link(l, MPC_LOCAL_SERVERS))->rounds;
    if (mpc_local_forward(l, out, in, &err) != OK) {
        fail_msg("%s", err.text);
    }
    for (int i = 0; i < MPC_LOCAL_LINKS; i++) {
        spent[i] = bytes(l, i) - before[i];
    }
    assert_int_equal(channel_count(mpc_local_link(l, MPC_LOCAL_SERVERS))->rounds - rounds,
                     f.rounds);
    assert_int_equal(spent[MPC_LOCAL_OWNER0] + spent[MPC_LOCAL_OWNER1] + spent[MPC_LOCAL_SERVERS],
                     f.owner + 2 * f.server_online);
    assert_int_equal(spent[MPC_LOCAL_DEALER0] + spent[MPC_LOCAL_DEALER1],
                     f.dealer + 2 * f.server_offline);
}

static void check(const char *name, double bound, bool guard)
{
    calibrated c;
    error err = {0};
    mpc_local *l = NULL;
    const mpc_local_options o = {.threads = 1, .oblivious = true, .asks.guard = guard};
    calibrated_open(&c, name, 0);
    if (mpc_local_new(&l, c.m, &o, &err) != OK) {
        fail_msg("%s: %s", name, err.text);
    }
    float *got = calloc(c.n, sizeof *got);
    embedded in = c.in;
    in.x = NULL; /* nobody has looked anything up */
    check_forecast(c.m, l, &in, o.asks, got);
    for (size_t i = 0; i < c.n; i++) {
        const double size = fmax(1, fabs((double)c.expected[i]));
        if (!(fabs((double)(got[i] - c.expected[i])) < bound * size)) {
            fail_msg("%s, number %zu: %g, must be %g", name, i, (double)got[i],
                     (double)c.expected[i]);
        }
    }
    assert_false(mpc_local_outside(l));
    mpc_local_free(l);
    free(got);
    calibrated_close(&c);
}

static void test_answers(void **state)
{
    (void)state;
    check("recipe-secformer", 1e-2, false);
    check("recipe-secformer", 1e-2, true);
    check("bert-sequence", 8e-3, false);
    check("bert-token", 8e-3, false);
    check("roberta-sequence", 8e-3, false);
    check("distilbert-sequence", 8e-3, false);
    check("sentence-mean", 8e-3, false);
}

/* More tokens than are opened in one round: 30,522 words times 150. */
static void test_rounds(void **state)
{
    (void)state;
    mpc_fixture f;
    char *dir = scratch_new();
    model *m = NULL;
    mpc_local *l = NULL;
    error err = {0};
    enum { ROWS = 150, SEQUENCES = 3 };
    size_t start[SEQUENCES + 1] = {0, 50, 100, ROWS};
    uint32_t ids[ROWS], positions[ROWS], types[ROWS] = {0};
    float owners[2 * SEQUENCES], oblivious[2 * SEQUENCES];
    const mpc_local_options o = {.threads = 1, .oblivious = true};
    mpc_fixture_convert(&f, dir, "secformer");
    if (model_open(&m, f.model, &err) != OK || mpc_local_new(&l, m, &o, &err) != OK) {
        fail_msg("%s", err.text);
    }
    for (size_t i = 0; i < ROWS; i++) {
        ids[i] = i % 50 == 0 ? 101 : (uint32_t)(1996 + i % 7);
        positions[i] = i % 50;
    }
    const embedded in = {.rows = ROWS,
                         .dim = m->dim,
                         .seqs = {SEQUENCES, start},
                         .ids = ids,
                         .positions = positions,
                         .types = types};
    assert_true(ROWS * mpc_table_rows(m) > 1 << 22);
    check_forecast(m, l, &in, (mpc_asks){0}, oblivious);
    mpc_local_free(l);
    float *x = calloc(ROWS * m->dim, sizeof *x);
    const tokens t = {in.seqs, ids, positions, types};
    assert_int_equal(nn_embed(x, m, &t, &err), OK);
    const embedded looked_up = {.rows = ROWS, .dim = m->dim, .seqs = in.seqs, .x = x};
    assert_int_equal(mpc_local_new(&l, m, NULL, &err), OK);
    check_forecast(m, l, &looked_up, (mpc_asks){0}, owners);
    mpc_local_free(l);
    for (size_t i = 0; i < 2 * SEQUENCES; i++) {
        assert_true(fabs((double)(owners[i] - oblivious[i])) < 1e-2);
    }
    free(x);
    model_free(m);
    scratch_remove(dir);
}

/* ---- Files and memory */

typedef struct {
    char *dir;
    mpc_fixture made;
    model *m;
    needles *rows;
    size_t planted;
} stage;

static const char text[] = "funny and touching and smart";

/* Four numbers of many rows of the tables, as they are and as words of the ring. */
static void plant(stage *s)
{
    const embeddings *e = &s->m->embeddings;
    const tensor *const tables[] = {e->word, e->position, e->type};
    mpc_choice choice = {.oblivious = true};
    mpc_plan *plan;
    error err = {0};
    float row[4];
    s->rows = needles_new();
    for (size_t k = 0; k < 3; k++) {
        const size_t n = tables[k]->count / s->m->dim;
        for (size_t i = 0; i < n; i += 1 + n / 400) {
            tensor_read(row, tables[k], i * s->m->dim + 5, 4);
            needles_add(s->rows, 0, row, sizeof row);
        }
    }
    assert_int_equal(mpc_tables_measure(&choice.tables, s->m, &err), OK);
    assert_int_equal(mpc_plan_make(&plan, s->m, &choice, &err), OK);
    uint64_t *w = calloc(mpc_table_rows(s->m) * s->m->dim, sizeof *w);
    assert_int_equal(mpc_encode_tables(w, s->m, plan, &err), OK);
    for (size_t i = 1000; i < 4000; i += 10) { /* words in use */
        needles_add(s->rows, 1, w + i * s->m->dim + 5, 4 * sizeof *w);
    }
    free(w);
    mpc_plan_free(plan);
}

static int set_up(void **state)
{
    stage *s = calloc(1, sizeof *s);
    tacit_error err = {0};
    char *json = NULL;
    s->dir = scratch_new();
    mpc_fixture_convert(&s->made, s->dir, "secformer");
    for (int i = 0; i < FIXTURE_PLACES; i++) {
        snprintf(s->made.place[i], sizeof s->made.place[i], "%.200s/part%d", s->dir, i);
    }
    const tacit_share_options o = {.server0 = s->made.place[0],
                                   .server1 = s->made.place[1],
                                   .dealer = s->made.place[FIXTURE_DEALER],
                                   .owner = s->made.place[FIXTURE_OWNER],
                                   .embedding = "oblivious"};
    if (tacit_share(s->made.model, &o, &json, &err) != TACIT_OK ||
        model_open(&s->m, s->made.model, NULL) != OK) {
        fail_msg("%s", err.text);
    }
    tacit_string_free(json);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    stage *s = *state;
    model_free(s->m);
    scratch_remove(s->dir);
    free(s);
    return 0;
}

/* No file of any party has a row; nor has the data owner a file of tables. */
static void test_files(void **state)
{
    const stage *s = *state;
    const tensor *word = s->m->embeddings.word;
    for (int i = 0; i < FIXTURE_PLACES; i++) {
        DIR *list = opendir(s->made.place[i]);
        assert_non_null(list);
        for (const struct dirent *e; (e = readdir(list));) {
            if (e->d_name[0] == '.') {
                continue;
            }
            char path[600];
            size_t len;
            snprintf(path, sizeof path, "%s/%s", s->made.place[i], e->d_name);
            char *all = scratch_read(path, &len);
            const size_t row = dtype_bytes(word->type) * s->m->dim;
            for (size_t id = 0; id < word->count / s->m->dim; id += 997) {
                assert_null(memmem(all, len, (const char *)word->data + id * row, 16));
            }
            assert_true(i != FIXTURE_OWNER || strcmp(e->d_name, "model.safetensors") != 0);
            free(all);
        }
        closedir(list);
    }
}

typedef struct {
    pid_t pid[3];
    unsigned port[3];
} trio;

static void serve(trio *t, const stage *s, int i)
{
    static const char *const roles[] = {"server0", "server1", "dealer"};
    char peers[96], *log = scratch_path(s->dir, roles[i]);
    snprintf(peers, sizeof peers,
             i == 0 ? "dealer=127.0.0.1:%u,server1=127.0.0.1:%u" : "dealer=127.0.0.1:%u",
             t->port[2], t->port[1]);
    const char *arguments[] = {"party",      roles[i],   s->made.place[i], "--certs",
                               ends_certs(), "--listen", "127.0.0.1:0",    "--json",
                               "-t",         "1",        "--peers",        peers,
                               NULL};
    if (i == 2) {
        arguments[10] = NULL;
    }
    t->port[i] = 0;
    t->pid[i] = program_serve(log, arguments, &t->port[i]);
    free(log);
}

static void ask(const trio *t, const stage *s)
{
    tacit_model *m = NULL;
    tacit_session *session = NULL;
    tacit_result *r = NULL;
    tacit_error err = {0};
    char peers[96];
    char *json = NULL;
    const tacit_input in = {.text = text, .text_len = strlen(text)};
    snprintf(peers, sizeof peers, "server0=127.0.0.1:%u,server1=127.0.0.1:%u", t->port[0],
             t->port[1]);
    const tacit_session_options o = {.peers = peers, .certs = ends_certs()};
    if (tacit_model_open(&m, s->made.place[FIXTURE_OWNER], &err) != TACIT_OK ||
        tacit_session_new(&session, m, &o, &err) != TACIT_OK ||
        tacit_run(session, &r, &in, 1, &err) != TACIT_OK ||
        tacit_session_report(session, &json, &err) != TACIT_OK) {
        fail_msg("%s", err.text);
    }
    assert_non_null(strstr(json, "no weight and no embedding"));
    assert_string_equal(tacit_result_label(r, 0), "positive");
    tacit_string_free(json);
    tacit_result_free(r);
    tacit_session_free(session);
    tacit_model_free(m);
}

/* In no party's process while it serves, behind an answer. */
static void test_memory(void **state)
{
#ifdef __SANITIZE_THREAD__
    skip(); /* gigabytes of ThreadSanitizer's own notes would be searched for minutes */
#endif
    stage *s = *state;
    trio t;
    size_t found[NEEDLE_KINDS];
    plant(s);
    assert_true(needles_count(s->rows) > 700);
    for (int i = 2; i >= 0; i--) {
        serve(&t, s, i);
    }
    ask(&t, s);
    for (int i = 0; i < 3; i++) {
        if (!needles_search(s->rows, t.pid[i], found)) {
            print_message("skipped: this system does not let a parent read its child's memory\n");
            break;
        }
        assert_int_equal(found[0] + found[1], 0);
    }
    for (int i = 0; i < 3; i++) {
        kill(t.pid[i], SIGTERM);
        waitpid(t.pid[i], NULL, 0);
    }
    needles_free(s->rows);
    ends_forget();
}

/* An owner without tables can do nothing by itself. */
static void test_owner(void **state)
{
    const stage *s = *state;
    tacit_model *m = NULL;
    tacit_session *session = NULL;
    tacit_error err = {0};
    error inner = {0};
    model *labels = NULL;
    mpc_sharing sharing;
    float x[512];
    const uint32_t zero = 0;
    assert_int_equal(tacit_model_open(&m, s->made.place[FIXTURE_OWNER], &err), TACIT_OK);
    assert_int_not_equal(tacit_session_new(&session, m, NULL, &err), TACIT_OK);
    tacit_model_free(m);
    assert_int_equal(model_open_labels(&labels, s->made.place[FIXTURE_OWNER], &inner), OK);
    const tokens t = {{1, (const size_t[]){0, 1}}, &zero, &zero, &zero};
    assert_int_equal(nn_embed(x, labels, &t, &inner), ERR_POLICY);
    model_free(labels);
    assert_int_equal(mpc_place_check_owner(&sharing, s->made.place[FIXTURE_OWNER], &inner), OK);
    assert_true(sharing.oblivious);
    assert_int_equal(sharing.input_bits, MPC_TABLE_BITS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers), cmocka_unit_test(test_rounds), cmocka_unit_test(test_files),
        cmocka_unit_test(test_memory),  cmocka_unit_test(test_owner),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
