/* Dealt material in use by two servers at once: sessions side by side, a server that is set back,
 * and material that is not what it should be. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/clock.h"
#include "party/mpc_deal.h"
#include "party/mpc_place.h"
#include "party/mpc_stock.h"
#include "support/mpc_fixture.h"
#include "support/scratch.h"
#include "test.h"

enum { COUNT = 40, SESSIONS = 6 };

typedef struct {
    char *dir;
    mpc_fixture made;
    mpc_place place[2];
    mpc_party party[2];
} fixture;

static void deal(fixture *f, char to[2][300], const char *name, const char *lengths, uint64_t count)
{
    mpc_material m;
    error err = {0};
    for (int i = 0; i < 2; i++) {
        snprintf(to[i], 300, "%.200s/%.40s%d", f->dir, name, i);
    }
    const mpc_deal_options o = {.dir = f->made.place[FIXTURE_DEALER],
                                .to = {to[0], to[1]},
                                .lengths = lengths,
                                .count = count,
                                .threads = 1};
    if (mpc_deal(&m, &o, &err) != OK) {
        fail_msg("%s", err.text);
    }
    mpc_material_clear(&m);
}

static int set_up(void **state)
{
    static const role roles[2] = {ROLE_SERVER0, ROLE_SERVER1};
    fixture *f = calloc(1, sizeof *f);
    error err = {0};
    f->dir = scratch_new();
    mpc_fixture_convert(&f->made, f->dir, "freediv-2quad");
    mpc_fixture_share(&f->made, f->dir, "part");
    for (int i = 0; i < 2; i++) {
        if (mpc_place_open(&f->place[i], f->made.place[i], roles[i], &err) != OK) {
            fail_msg("%s", err.text);
        }
        f->party[i] = (mpc_party){.who = (mpc_holder)i,
                                  .model = f->place[i].model,
                                  .plan = f->place[i].plan,
                                  .weights = f->place[i].weights,
                                  .threads = 1,
                                  .stocked = true};
        memcpy(f->party[i].hash, f->place[i].sharing.id, HASH_BYTES);
    }
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 2; i++) {
        mpc_place_close(&f->place[i]);
    }
    scratch_remove(f->dir);
    free(f);
    return 0;
}

static mpc_stock *use(const fixture *f, int i, const char *dir)
{
    mpc_stock *s;
    error err = {0};
    if (mpc_stock_open(&s, dir, &f->party[i], &err) != OK) {
        fail_msg("%s", err.text);
    }
    return s;
}

static void refused(const fixture *f, int i, const char *dir, status code, const char *word)
{
    mpc_stock *s;
    error err = {0};
    assert_int_equal(mpc_stock_open(&s, dir, &f->party[i], &err), code);
    assert_error(err, code, word);
}

/* One server's part of one session: inferences until none is left. */
typedef struct {
    mpc_stock *stock;
    channel *peer;
    pthread_t thread;
    size_t wanted, n;
    uint8_t roots[COUNT][MPC_ROOT_BYTES];
    error why;
} taker;

static const size_t three[] = {0, 3};

static void *take_all(void *arg)
{
    taker *t = arg;
    const sequences lengths = {1, three};
    status st = OK;
    while (st == OK && t->n < t->wanted) {
        mpc_ration *words;
        st = mpc_stock_take(t->stock, t->peer, &lengths, (mpc_asks){0}, t->roots[t->n], &words,
                            &t->why);
        mpc_ration_free(words);
        t->n += st == OK;
    }
    if (st != OK) {
        channel_abort(t->peer, st);
    }
    return NULL;
}

/* Sessions at once, each with a channel; how many inferences each server had in all. */
static void run(mpc_stock *const stock[2], taker t[2][SESSIONS], size_t sessions, size_t wanted)
{
    channel *c[SESSIONS][2];
    error err = {0};
    for (size_t i = 0; i < sessions; i++) {
        assert_int_equal(channel_pair(c[i], ROLE_SERVER0, ROLE_SERVER1, NULL, &err), OK);
        for (int s = 0; s < 2; s++) {
            t[s][i] = (taker){.stock = stock[s], .peer = c[i][s], .wanted = wanted};
            assert_int_equal(pthread_create(&t[s][i].thread, NULL, take_all, &t[s][i]), 0);
        }
    }
    for (size_t i = 0; i < sessions; i++) {
        for (int s = 0; s < 2; s++) {
            pthread_join(t[s][i].thread, NULL);
            channel_free(c[i][s]);
        }
    }
}

/* Roots that were agreed on so far; none may come again. */
typedef struct {
    size_t n;
    uint8_t root[4 * COUNT][MPC_ROOT_BYTES];
} seen;

static void note(seen *s, const taker *t)
{
    for (size_t i = 0; i < t->n; i++) {
        for (size_t j = 0; j < s->n; j++) {
            assert_memory_not_equal(t->roots[i], s->root[j], MPC_ROOT_BYTES);
        }
        assert_true(s->n < 4 * COUNT);
        memcpy(s->root[s->n++], t->roots[i], MPC_ROOT_BYTES);
    }
}

static void test_sessions_at_once(void **state)
{
    fixture *f = *state;
    static taker t[2][SESSIONS];
    static seen all[2];
    char dir[2][300];
    deal(f, dir, "many", "3", COUNT);
    mpc_stock *stock[2] = {use(f, 0, dir[0]), use(f, 1, dir[1])};
    assert_int_equal(mpc_stock_left(stock[0]), COUNT);
    run(stock, t, SESSIONS, COUNT + 1);
    for (int s = 0; s < 2; s++) {
        for (size_t i = 0; i < SESSIONS; i++) {
            note(&all[s], &t[s][i]);
            assert_int_not_equal(t[s][i].why.code, OK); /* in the end there is none left */
        }
    }
    assert_int_equal(all[0].n, COUNT);
    assert_int_equal(all[1].n, COUNT);
    mpc_stock_free(stock[0]);
    mpc_stock_free(stock[1]);
}

static char *journal_of(const char *dir, size_t *len)
{
    char path[700];
    snprintf(path, sizeof path, "%s/journal", dir);
    return scratch_read(path, len);
}

/* The bytes of an earlier journal in the file that is there: nothing on that side can tell. */
static void set_back(const char *dir, const char *bytes, size_t len)
{
    char path[700];
    snprintf(path, sizeof path, "%s/journal", dir);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static void test_set_back(void **state)
{
    fixture *f = *state;
    static taker t[2][SESSIONS];
    char dir[2][300];
    deal(f, dir, "back", "3", COUNT);
    for (int victim = 0; victim < 2; victim++) {
        static seen all[2];
        size_t len;
        memset(all, 0, sizeof all);
        mpc_stock *stock[2] = {use(f, 0, dir[0]), use(f, 1, dir[1])};
        char *old = journal_of(dir[victim], &len);
        run(stock, t, 1, 5);
        note(&all[0], &t[0][0]);
        note(&all[1], &t[1][0]);
        mpc_stock_free(stock[victim]);
        set_back(dir[victim], old, len);
        stock[victim] = use(f, victim, dir[victim]);
        run(stock, t, 1, 5);
        for (int s = 0; s < 2; s++) {
            assert_int_equal(t[s][0].n, 5);
            note(&all[s], &t[s][0]);
            mpc_stock_free(stock[s]);
        }
        free(old);
    }
}

static void test_refused(void **state)
{
    fixture *f = *state;
    char dir[2][300], copy[300], path[700];
    deal(f, dir, "no", "3,2+2", 2);
    refused(f, 1, dir[0], ERR_POLICY, "server0's");
    refused(f, 0, dir[1], ERR_POLICY, "server1's");
    f->party[0].hash[0] ^= 1;
    refused(f, 0, dir[0], ERR_POLICY, "another sharing");
    f->party[0].hash[0] ^= 1;
    assert_int_equal(chmod(dir[0], 0750), 0);
    refused(f, 0, dir[0], ERR_AUTH, "nobody else");
    assert_int_equal(chmod(dir[0], 0700), 0);

    mpc_stock *s = use(f, 0, dir[0]);
    refused(f, 0, dir[0], ERR_POLICY, "in use");
    mpc_stock_free(s);
    snprintf(path, sizeof path, "%s/chains", dir[0]);
    assert_int_not_equal(access(path, F_OK), 0);

    /* the whole directory, carried elsewhere after it was taken in use */
    snprintf(copy, sizeof copy, "%s/copied", f->dir);
    assert_int_equal(mkdir(copy, 0700), 0);
    scratch_copy(copy, dir[0]);
    snprintf(path, sizeof path, "%s/journal", copy);
    assert_int_equal(chmod(path, 0600), 0);
    refused(f, 0, copy, ERR_POLICY, "copied");

    /* … and without its journal */
    assert_int_equal(unlink(path), 0);
    refused(f, 0, copy, ERR_ARTEFACT, "journal");

    size_t len;
    snprintf(path, sizeof path, "%s/material.json", dir[0]);
    char *bytes = scratch_read(path, &len);
    char *count = strstr(bytes, "\"count\": 2");
    assert_non_null(count);
    count[9] = '3';
    scratch_write(dir[0], "material.json", bytes, len);
    refused(f, 0, dir[0], ERR_ARTEFACT, "material");
    count[9] = '2';
    scratch_write(dir[0], "material.json", bytes, len);
    free(bytes);
    mpc_stock_free(use(f, 0, dir[0]));
}

/* A byte of words that is another is told of, whichever it is. */
static void test_words_altered(void **state)
{
    fixture *f = *state;
    static taker t[2][SESSIONS];
    static uint8_t frame[DEALT_FRAME_BYTES];
    char dir[2][300];
    size_t len;
    deal(f, dir, "word", "3", 3);
    char path[700];
    snprintf(path, sizeof path, "%s/words.bin", dir[1]);
    char *bytes = scratch_read(path, &len);
    mpc_stock *stock[2] = {use(f, 0, dir[0]), use(f, 1, dir[1])};
    const sequences lengths = {1, three};
    for (int i = 0; i < 3; i++) { /* the piece's length, its bytes, its tag */
        const size_t inference = len / 3 * (size_t)i;
        const size_t at = inference + (i == 0 ? 1 : i == 1 ? 1000 : len / 3 - 3);
        bytes[at] ^= 4;
        scratch_write(dir[1], "words.bin", bytes, len);
        bytes[at] ^= 4;
        mpc_stock_free(stock[1]);
        assert_int_equal(chmod(path, 0600), 0);
        stock[1] = use(f, 1, dir[1]);
        channel *c[2];
        error err = {0};
        uint8_t root[MPC_ROOT_BYTES];
        mpc_ration *words;
        assert_int_equal(channel_pair(c, ROLE_SERVER0, ROLE_SERVER1, NULL, &err), OK);
        t[0][0] = (taker){.stock = stock[0], .peer = c[0], .wanted = 1};
        assert_int_equal(pthread_create(&t[0][0].thread, NULL, take_all, &t[0][0]), 0);
        assert_int_equal(
            mpc_stock_take(stock[1], c[1], &lengths, (mpc_asks){0}, root, &words, &err), OK);
        pthread_join(t[0][0].thread, NULL);
        const dealt_file file = mpc_ration_file(words);
        status st = OK;
        while (st == OK) {
            size_t n = 0;
            st = file.get(file.ctx, frame, &n, &err);
        }
        assert_int_equal(st, ERR_ARTEFACT);
        assert_non_null(strstr(err.text, "words.bin"));
        mpc_ration_free(words);
        channel_free(c[0]);
        channel_free(c[1]);
    }
    mpc_stock_free(stock[0]);
    mpc_stock_free(stock[1]);
    free(bytes);
}

static void test_lengths(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t kinds;
    } good[] = {{"3", 1}, {"3-7", 5}, {"1,2,3", 3}, {"2+2", 1}, {"5-6,64,12+7+1", 4}};
    static const char *const bad[] = {"",   "0",    "3-2", "3,", ",3",   "3+",
                                      "65", "1-65", "3 4", "x",  "3-4+5"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        mpc_material m = {0};
        error err = {0};
        assert_int_equal(mpc_material_parse(&m, good[i].text, (mpc_asks){0}, 1, 64, &err), OK);
        assert_int_equal(m.n, good[i].kinds);
        mpc_material_clear(&m);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mpc_material m = {0};
        error err = {0};
        assert_int_equal(mpc_material_parse(&m, bad[i], (mpc_asks){0}, 1, 64, &err), ERR_USAGE);
        mpc_material_clear(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sessions_at_once), cmocka_unit_test(test_set_back),
        cmocka_unit_test(test_refused),          cmocka_unit_test(test_words_altered),
        cmocka_unit_test(test_lengths),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
