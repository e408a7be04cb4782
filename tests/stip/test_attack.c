/* The attacks find what they claim to find, and nothing where there is nothing to be found. */
#define _GNU_SOURCE
#include "test.h"

#include "stip/attack_parts.h"
#include "stip/protect.h"
#include "support/model_fixture.h"
#include "support/scratch.h"

static const uint8_t seed[STIP_SEED_BYTES] = {2, 7, 1, 8};

/* A protected fixture, and its last case but one, a batch of pairs. */
typedef struct {
    char *dir, *src, *dst, *at;
    model *clear, *server;
    stip_owner owner;
    fixture_batch batch;
    json_t *doc;
} scene;

static scene open_scene(const char *fixture)
{
    scene s = {.dir = scratch_new(), .src = model_fixture_dir(fixture)};
    s.dst = scratch_path(s.dir, "server");
    s.at = scratch_path(s.dir, "owner");
    error err = {0};
    status st = stip_protect(s.src, s.dst, s.at, seed, &err);
    if (st == OK) {
        st = model_open(&s.clear, s.src, &err);
    }
    if (st == OK) {
        st = model_open(&s.server, s.dst, &err);
    }
    if (st == OK) {
        st = stip_owner_open(&s.owner, s.at, &err);
    }
    if (st != OK) {
        fail_msg("%s", err.text);
    }
    s.doc = model_fixture_read(fixture);
    const json_t *cases = json_object_get(s.doc, "cases");
    fixture_batch_read(&s.batch, json_array_get(cases, json_array_size(cases) - 2), s.clear);
    return s;
}

static void close_scene(scene *s)
{
    fixture_batch_clear(&s->batch);
    json_decref(s->doc);
    stip_owner_close(&s->owner);
    model_free(s->clear);
    model_free(s->server);
    scratch_remove(s->dir);
    free(s->src);
    free(s->dst);
    free(s->at);
}

static const stip_attack_trial *trial(const stip_attack_result *r, const char *what, double noise)
{
    for (size_t i = 0; i < r->n_trials; i++) {
        if (strcmp(r->trials[i].what, what) == 0 && r->trials[i].noise == noise) {
            return &r->trials[i];
        }
    }
    fail_msg("%s has no trial of %s", r->id, what);
    return NULL;
}

static double share(const stip_attack_result *r, const char *what)
{
    const stip_attack_trial *t = trial(r, what, 0);
    assert_true(t->tried > 0);
    return (double)t->recovered / (double)t->tried;
}

static const char *const entries = "entries of the hidden permutation";

/* Every family and type of number; in half precision a vector of gains has equal numbers, which
 * leave some entries open. */
static void test_everything_is_found(void **state)
{
    (void)state;
    static const char *const names[] = {"bert-sequence", "bert-embedding", "distilbert-sequence",
                                        "roberta-token", "bert-f16",       "bert-bf16"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        scene s = open_scene(names[i]);
        const stip_attack_input in = {
            .server = s.server, .owner = &s.owner, .base = s.clear, .texts = &s.batch.tokens};
        stip_attack_result r[STIP_ATTACKS];
        error err = {0};
        if (stip_attack(r, &in, &err) != OK) {
            fail_msg("%s", err.text);
        }
        printf("%s: tokens %.3f, entries %.3f %.3f %.3f\n", names[i], share(&r[0], "tokens"),
               share(&r[2], entries), share(&r[3], entries), share(&r[4], entries));
        assert_true(share(&r[0], "tokens") >= 0.99);
        assert_true(share(&r[2], entries) >= 0.99);
        assert_true(share(&r[3], entries) >= 0.6);
        assert_true(r[3].trials[1].recovered == r[3].trials[1].tried); /* all norms together */
        assert_true(share(&r[4], entries) >= 0.99);
        assert_true(share(&r[4], "rows of a weight matrix") >= 0.99);
        assert_true(r[1].n_trials == 6 && trial(&r[1], "tokens", 0.5)->tried > 0);
        assert_int_equal(r[5].n_trials, 0);
        close_scene(&s);
    }
}

static void test_more_tokens_close_what_one_leaves_open(void **state)
{
    (void)state;
    scene s = open_scene("bert-bf16");
    const stip_attack_input in = {.server = s.server, .owner = &s.owner, .texts = &s.batch.tokens};
    stip_attack_result r[STIP_ATTACKS];
    assert_int_equal(stip_attack(r, &in, NULL), OK);
    assert_int_equal(r[2].n_trials, 2);
    assert_int_equal(r[2].trials[1].recovered, r[2].trials[1].tried);
    assert_int_equal(r[3].n_trials + r[4].n_trials, 0); /* no base was given */
    assert_non_null(strstr(r[3].why, "not run"));
    close_scene(&s);
}

/* A checkpoint that has nothing to do with the model gives nothing, beyond chance. */
static void test_a_foreign_checkpoint_gives_nothing(void **state)
{
    (void)state;
    scene s = open_scene("bert-sequence");
    char *other = model_fixture_dir("bert-multi-label");
    model *base;
    assert_int_equal(model_open(&base, other, NULL), OK);
    const stip_attack_input in = {
        .server = s.server, .owner = &s.owner, .base = base, .texts = &s.batch.tokens};
    stip_attack_result r[STIP_ATTACKS];
    assert_int_equal(stip_attack(r, &in, NULL), OK);
    assert_true(share(&r[3], entries) < 0.3);
    assert_true(share(&r[4], entries) < 0.3);
    model_free(base);
    free(other);
    close_scene(&s);
}

static void test_foreign_tables_give_nothing(void **state)
{
    (void)state;
    scene s = open_scene("bert-sequence");
    const size_t rows = s.batch.start[s.batch.tokens.seqs.n], dim = s.clear->dim;
    const tensor *word = s.clear->embeddings.word;
    float *words = calloc(word->count, sizeof *words), *x = calloc(rows * dim, sizeof *x);
    float *sent = calloc(rows * dim, sizeof *sent);
    attack_guess *guesses = calloc(rows, sizeof *guesses);
    tensor_read(words, word, 0, word->count);
    assert_int_equal(nn_embed(x, s.clear, &s.batch.tokens, NULL), OK);
    stip_encode(&s.owner.key, sent, x, rows);
    const attack_view v = {.texts = &s.batch.tokens,
                           .tables = s.owner.model,
                           .rows = rows,
                           .dim = dim,
                           .sent = sent,
                           .words = words};
    assert_int_equal(attack_tokens(guesses, &v, NULL), OK);
    for (size_t i = 0; i < rows; i++) {
        assert_true(guesses[i].matches >= 1);
    }
    memset(guesses, 0, rows * sizeof *guesses);
    for (size_t i = 0; i < word->count; i++) {
        words[i] *= 1.001f;
    }
    assert_int_equal(attack_tokens(guesses, &v, NULL), OK);
    for (size_t i = 0; i < rows; i++) {
        assert_int_equal(guesses[i].matches, 0);
    }
    free(words);
    free(x);
    free(sent);
    free(guesses);
    close_scene(&s);
}

static void test_another_shape_is_refused(void **state)
{
    (void)state;
    scene s = open_scene("bert-sequence");
    char *other = model_fixture_dir("bert-odd");
    model *base;
    assert_int_equal(model_open(&base, other, NULL), OK);
    const stip_attack_input in = {
        .server = s.server, .owner = &s.owner, .base = base, .texts = &s.batch.tokens};
    stip_attack_result r[STIP_ATTACKS];
    error err = {0};
    assert_int_equal(stip_attack(r, &in, &err), ERR_USAGE);
    assert_error(err, ERR_USAGE, "bert-odd", "72 features", "32");
    model_free(base);
    free(other);
    close_scene(&s);
}

static void test_columns(void **state)
{
    (void)state;
    static const float known[2][4] = {{1, 1, 2, 3}, {5, 6, 0, 0}};
    static const float seen[2][4] = {{1, 3, 1, 2}, {6, 0, 5, 0}};
    static const uint32_t right[4] = {1, 3, 0, 2};
    uint32_t guess[4];
    assert_int_equal(attack_columns_by_rank(guess, seen[0], known[0], 2, 4, NULL), OK);
    assert_memory_equal(guess, right, sizeof right);
    attack_columns_by_distance(guess, seen[0], known[0], 2, 4);
    assert_memory_equal(guess, right, sizeof right);
    assert_int_equal(attack_columns_by_rank(guess, seen[0], known[0], 1, 4, NULL), OK);
    assert_int_equal(attack_grade(guess, right, 4), 2); /* the ones cannot be told apart */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_is_found),
        cmocka_unit_test(test_more_tokens_close_what_one_leaves_open),
        cmocka_unit_test(test_a_foreign_checkpoint_gives_nothing),
        cmocka_unit_test(test_foreign_tables_give_nothing),
        cmocka_unit_test(test_another_shape_is_refused),
        cmocka_unit_test(test_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
