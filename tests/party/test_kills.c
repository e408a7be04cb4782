/* Cloud and owner are processes that talk over TLS, and one of them is killed at some moment of a
 * session. Whoever is left ends in time, and no answer that was written is another than the one in
 * the clear. TACIT_KILLS says how many times; 20 by default. */
#define _GNU_SOURCE
#include "test.h"

#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "net/clock.h"
#include "support/ends.h"
#include "support/program.h"
#include "support/scratch.h"
#include "tacit.h"

#define MODEL "tests/vectors/models/bert-sequence"

enum {
    EXAMPLES = 24,
    DEFAULT_KILLS = 20,
    /* What docs/design/channels.md promises: connecting, TLS and a frame, and a process's start. */
    LIMIT_MS = 10000 + 10000 + 30000 + 5000
};

typedef struct {
    char *dir, *cloud_dir, *owner_dir, *log, *data, *answers, *nowhere;
    unsigned port;
    pid_t cloud;
    double logits[EXAMPLES][2]; /* in the clear */
    int64_t whole_ns;           /* of a session that nobody kills */
    uint64_t random;
    size_t killed_clouds, killed_owners, whole, cut, lines;
} stage;

static uint64_t draw(stage *s, uint64_t below)
{
    s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (s->random >> 33) % below;
}

static void write_data(stage *s)
{
    static const char *const words[] = {"the", "film", "was", "very", "good", "dull", "bad", "not"};
    FILE *f = fopen(s->data, "w");
    assert_non_null(f);
    fputs("sentence\tlabel\n", f);
    for (size_t i = 0; i < EXAMPLES; i++) {
        for (size_t j = 0; j < 3 + i % 5; j++) {
            fprintf(f, "%s ", words[(i * 5 + j * 3) % 8]);
        }
        fprintf(f, "\t%zu\n", i % 2);
    }
    fclose(f);
}

static void take_logits(const json_t *line, double out[2])
{
    const json_t *list = json_object_get(line, "logits");
    assert_int_equal(json_array_size(list), 2);
    for (size_t i = 0; i < 2; i++) {
        out[i] = json_number_value(json_array_get(list, i));
    }
}

/* Every whole line of the owner's predictions holds the answer in the clear. How many there are. */
static size_t check_answers(const stage *s)
{
    char line[4096];
    size_t n = 0;
    FILE *f = fopen(s->answers, "r");
    while (f && fgets(line, sizeof line, f) && strchr(line, '\n')) {
        double got[2];
        json_t *o = json_loads(line, 0, NULL);
        assert_non_null(o);
        assert_true(n < EXAMPLES);
        take_logits(o, got);
        for (size_t i = 0; i < 2; i++) {
            if (fabs(got[i] - s->logits[n][i]) > 1e-5 * fmax(1, fabs(s->logits[n][i]))) {
                fail_msg("answer %zu is %g, in the clear %g", n, got[i], s->logits[n][i]);
            }
        }
        json_decref(o);
        n++;
    }
    if (f) {
        fclose(f);
    }
    return n;
}

static void remember(void *ctx, const char *json)
{
    stage *s = ctx;
    json_t *o = json_loads(json, 0, NULL);
    assert_true(s->lines < EXAMPLES);
    take_logits(o, s->logits[s->lines++]);
    json_decref(o);
}

static void answer_in_the_clear(stage *s)
{
    tacit_model *m;
    tacit_session *session;
    char *json;
    const tacit_eval_options o = {.prediction = remember, .ctx = s, .batch = 1};
    assert_int_equal(tacit_model_open(&m, MODEL, NULL), TACIT_OK);
    assert_int_equal(tacit_session_new(&session, m, NULL, NULL), TACIT_OK);
    assert_int_equal(tacit_eval(session, s->data, &o, &json, NULL), TACIT_OK);
    assert_int_equal(s->lines, EXAMPLES);
    tacit_string_free(json);
    tacit_session_free(session);
    tacit_model_free(m);
}

static void start_cloud(stage *s)
{
    s->cloud = program_cloud(s->log, s->cloud_dir, ends_certs(), "lan", &s->port);
}

static void protect(const stage *s)
{
    char *json = NULL;
    tacit_error err;
    const tacit_protect_options o = {.key = s->owner_dir};
    if (tacit_protect(MODEL, s->cloud_dir, &o, &json, &err) != TACIT_OK) {
        fail_msg("%s", err.text);
    }
    tacit_string_free(json);
}

static int set_up(void **state)
{
    stage *s = calloc(1, sizeof *s);
    s->dir = scratch_new();
    s->cloud_dir = scratch_path(s->dir, "cloud");
    s->owner_dir = scratch_path(s->dir, "owner");
    s->log = scratch_path(s->dir, "log");
    s->data = scratch_path(s->dir, "data.tsv");
    s->answers = scratch_path(s->dir, "answers");
    s->nowhere = scratch_path(s->dir, "out");
    s->random = (uint64_t)clock_ns();
    print_message("seed %llu\n", (unsigned long long)s->random);
    write_data(s);
    answer_in_the_clear(s);
    protect(s);
    start_cloud(s);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    stage *s = *state;
    kill(s->cloud, SIGKILL);
    waitpid(s->cloud, NULL, 0);
    ends_forget();
    char *const all[] = {s->cloud_dir, s->owner_dir, s->log, s->data, s->answers, s->nowhere};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        free(all[i]);
    }
    scratch_remove(s->dir);
    free(s);
    return 0;
}

static pid_t start_owner(const stage *s)
{
    char peers[64];
    snprintf(peers, sizeof peers, "cloud=127.0.0.1:%u", s->port);
    const char *const arguments[] = {"eval",    s->owner_dir, s->data,  "--protect", "stip",
                                     "--peers", peers,        "--json", "--certs",   ends_certs(),
                                     "--batch", "1",          "-q",     "--network", "lan",
                                     "-o",      s->answers,   NULL};
    unlink(s->answers);
    return program_start(s->nowhere, arguments);
}

static void undisturbed(stage *s)
{
    const int64_t began = clock_ns();
    const int ended = program_wait(start_owner(s), LIMIT_MS);
    s->whole_ns = clock_ns() - began;
    assert_true(WIFEXITED(ended));
    assert_int_equal(WEXITSTATUS(ended), 0);
    assert_int_equal(check_answers(s), EXAMPLES);
}

static void kill_owner(stage *s, int64_t after_ns, size_t idle)
{
    const pid_t owner = start_owner(s);
    usleep((useconds_t)(after_ns / 1000));
    kill(owner, SIGKILL);
    (void)program_wait(owner, LIMIT_MS);
    const size_t n = check_answers(s);
    const int64_t until = clock_after(clock_ns(), LIMIT_MS);
    while (program_threads(s->cloud) > idle) {
        if (clock_ns() >= until) {
            fail_msg("the cloud still talks to an owner that is dead");
        }
        usleep(500);
    }
    s->killed_owners++;
    s->whole += n == EXAMPLES;
    s->cut += n < EXAMPLES;
}

/* Its successor stands at the same place, so an owner that was about to call finds that one. */
static void kill_cloud(stage *s, int64_t after_ns)
{
    const pid_t owner = start_owner(s);
    usleep((useconds_t)(after_ns / 1000));
    kill(s->cloud, SIGKILL);
    waitpid(s->cloud, NULL, 0);
    start_cloud(s);
    const int ended = program_wait(owner, LIMIT_MS);
    const size_t n = check_answers(s);
    assert_true(WIFEXITED(ended));
    if (WEXITSTATUS(ended) == 0) {
        assert_int_equal(n, EXAMPLES);
    } else if (WEXITSTATUS(ended) != -TACIT_ERR_NETWORK) {
        fail_msg("the owner of a killed cloud says %d, not that the network failed",
                 WEXITSTATUS(ended));
    }
    s->killed_clouds++;
    s->whole += WEXITSTATUS(ended) == 0;
    s->cut += WEXITSTATUS(ended) != 0;
}

static void test_kills(void **state)
{
    stage *s = *state;
    const char *wanted = getenv("TACIT_KILLS");
    const size_t n = wanted ? strtoull(wanted, NULL, 10) : DEFAULT_KILLS;
    undisturbed(s);
    const size_t idle = program_threads(s->cloud);
    for (size_t i = 0; i < n; i++) {
        const int64_t after = (int64_t)draw(s, (uint64_t)s->whole_ns * 11 / 10);
        if (i % 2) {
            kill_owner(s, after, idle);
        } else {
            kill_cloud(s, after);
        }
    }
    undisturbed(s);
    print_message("%zu clouds and %zu owners killed: %zu sessions cut, %zu were over or began "
                  "anew; a session takes %.0f ms\n",
                  s->killed_clouds, s->killed_owners, s->cut, s->whole, (double)s->whole_ns * 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kills),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
