/* Every fixture is protected; the server's directory runs on x·π as any model does, and what the
 * owner decodes is what the clear model says. What is in the two directories, and what is not. */
#define _GNU_SOURCE
#include "test.h"

#include <dirent.h>
#include <math.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "model/store.h"
#include "plain/plain.h"
#include "stip/owner.h"
#include "stip/permute.h"
#include "stip/protect.h"
#include "support/model_fixture.h"
#include "support/scratch.h"

/* Sums are taken in another order, and that is all. */
static const double BOUND = 1e-5;

static const uint8_t seed[STIP_SEED_BYTES] = "a seed that the developer has ..";

static char *dir; /* of the test at hand */

static int set_up(void **state)
{
    (void)state;
    dir = scratch_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(dir);
    return 0;
}

static model *open_or_fail(const char *path)
{
    model *m;
    error err = {0};
    if (model_open(&m, path, &err) != OK) {
        fail_msg("%s", err.text);
    }
    return m;
}

typedef struct {
    char *src, *dst, *owner;
} paths;

static paths protect_with(const char *fixture, const uint8_t *with)
{
    paths p = {.src = model_fixture_dir(fixture)};
    char name[100];
    snprintf(name, sizeof name, "%.80s-server", fixture);
    p.dst = scratch_path(dir, name);
    snprintf(name, sizeof name, "%.80s-owner", fixture);
    p.owner = scratch_path(dir, name);
    error err = {0};
    if (stip_protect(p.src, p.dst, p.owner, with, &err) != OK) {
        fail_msg("%s", err.text);
    }
    return p;
}

static paths protect(const char *fixture)
{
    return protect_with(fixture, seed);
}

static void paths_clear(paths *p)
{
    free(p->src);
    free(p->dst);
    free(p->owner);
}

static stip_owner open_owner(const paths *p)
{
    stip_owner o;
    error err = {0};
    if (stip_owner_open(&o, p->owner, &err) != OK) {
        fail_msg("%s", err.text);
    }
    return o;
}

/* ---- the same answers ---- */

static void forward(const model *m, pool *p, float *out, const float *x, const fixture_batch *b)
{
    engine *e;
    error err = {0};
    assert_int_equal(plain_engine_new(&e, m, p, &(plain_options){.isa = cpu_best()}, &err), OK);
    e->err = &err;
    const embedded in = {
        .rows = b->start[b->tokens.seqs.n], .dim = m->dim, .seqs = b->tokens.seqs, .x = x};
    if (nn_encoder_forward(e, out, m, &in) != OK) {
        fail_msg("%s", err.text);
    }
    e->ops->free(e);
}

static double off_by(const float *got, const float *wanted, size_t n)
{
    double scale = 1, diff = 0;
    for (size_t i = 0; i < n; i++) {
        scale = fmax(scale, fabs((double)wanted[i]));
        diff = fmax(diff, fabs((double)wanted[i] - (double)got[i]));
    }
    return diff / scale;
}

/* The owner embeds with the tables it has, the server runs, the owner decodes. */
static double run_case(const model *clear, const model *server, const stip_owner *o, pool *p,
                       const fixture_batch *b)
{
    const size_t rows = b->start[b->tokens.seqs.n], n = b->rows * b->columns;
    float *x = calloc(rows * clear->dim, sizeof *x), *y = calloc(rows * clear->dim, sizeof *y);
    float *wanted = calloc(n, sizeof *wanted), *got = calloc(n, sizeof *got);
    float *decoded = calloc(n, sizeof *decoded);
    assert_int_equal(nn_embed(x, o->model, &b->tokens, NULL), OK);
    forward(clear, p, wanted, x, b);
    stip_encode(&o->key, y, x, rows);
    forward(server, p, got, y, b);
    assert_int_equal(nn_encoder_rows(o->model, &b->tokens.seqs), b->rows);
    assert_int_equal(nn_encoder_columns(o->model), b->columns);
    stip_decode(&o->key, decoded, got, b->rows);
    const double diff = off_by(decoded, wanted, n);
    free(x);
    free(y);
    free(wanted);
    free(got);
    free(decoded);
    return diff;
}

static double run_fixture(const char *name, pool *p)
{
    paths at = protect(name);
    model *clear = open_or_fail(at.src), *server = open_or_fail(at.dst);
    stip_owner o = open_owner(&at);
    json_t *doc = model_fixture_read(name);
    const json_t *cases = json_object_get(doc, "cases");
    double worst = 0;
    for (size_t i = 0; i < json_array_size(cases); i++) {
        fixture_batch b;
        fixture_batch_read(&b, json_array_get(cases, i), clear);
        worst = fmax(worst, run_case(clear, server, &o, p, &b));
        fixture_batch_clear(&b);
    }
    json_decref(doc);
    stip_owner_close(&o);
    model_free(clear);
    model_free(server);
    paths_clear(&at);
    return worst;
}

static void test_answers_are_those_of_the_clear_model(void **state)
{
    (void)state;
    pool *p;
    assert_int_equal(pool_new(&p, 2, NULL), OK);
    model_fixtures list;
    model_fixtures_list(&list);
    assert_true(list.n >= 30);
    for (size_t i = 0; i < list.n; i++) {
        const double worst = run_fixture(list.names[i], p);
        printf("%-28s off by %.1e\n", list.names[i], worst);
        if (!(worst <= BOUND)) {
            fail_msg("%s: off by %g", list.names[i], worst);
        }
    }
    model_fixtures_clear(&list);
    pool_free(p);
}

/* ---- what the server's directory holds ---- */

static int by_bytes_4(const void *a, const void *b)
{
    return memcmp(a, b, 4);
}

/* Numbers move and none changes: the same bytes in another order. */
static void same_numbers(const tensor *a, const tensor *b)
{
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->count, b->count);
    if (a->type != DTYPE_F32) {
        return; /* the order of bytes below is by four */
    }
    const size_t bytes = a->count * 4;
    uint8_t *x = malloc(bytes), *y = malloc(bytes);
    memcpy(x, a->data, bytes);
    memcpy(y, b->data, bytes);
    assert_memory_not_equal(x, y, bytes);
    qsort(x, a->count, 4, by_bytes_4);
    qsort(y, a->count, 4, by_bytes_4);
    assert_memory_equal(x, y, bytes);
    free(x);
    free(y);
}

static bool all_zero(const tensor *t)
{
    const uint8_t *b = t->data;
    for (size_t i = 0; i < t->count * dtype_bytes(t->type); i++) {
        if (b[i]) {
            return false;
        }
    }
    return true;
}

static void test_weights_are_moved_and_tables_blank(void **state)
{
    (void)state;
    static const char *const names[] = {"bert-sequence",       "bert-f16",
                                        "bert-bf16",           "roberta-token",
                                        "distilbert-sequence", "bert-shards"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        paths at = protect(names[i]);
        model *clear = open_or_fail(at.src), *server = open_or_fail(at.dst);
        const encoder_layer *a = &clear->layers[0], *b = &server->layers[0];
        same_numbers(a->query.weight, b->query.weight);
        same_numbers(a->key.weight, b->key.weight);
        same_numbers(a->value.weight, b->value.weight);
        same_numbers(a->output.weight, b->output.weight);
        same_numbers(a->up.weight, b->up.weight);
        same_numbers(a->down.weight, b->down.weight);
        same_numbers(clear->head.out.weight, server->head.out.weight);
        assert_memory_not_equal(a->output_norm.gamma, b->output_norm.gamma, 4 * clear->dim);
        assert_true(all_zero(server->embeddings.word) && all_zero(server->embeddings.position));
        assert_true(!server->embeddings.type || all_zero(server->embeddings.type));
        assert_int_equal(server->embeddings.vocab, clear->pad_id + 1);
        assert_int_equal(server->embeddings.max_positions, clear->embeddings.max_positions);
        assert_int_equal(server->store->weights.n_files, 1);
        model_free(clear);
        model_free(server);
        paths_clear(&at);
    }
}

/* Whether the file holds the text. */
static bool mentions(const char *folder, const char *name, const char *what)
{
    char *path = scratch_path(folder, name);
    size_t len;
    char *text = scratch_read(path, &len);
    const bool found = memmem(text, len, what, strlen(what)) != NULL;
    free(text);
    free(path);
    return found;
}

static void expect_entries(const char *folder, const char *const *wanted, size_t n)
{
    DIR *d = opendir(folder);
    assert_non_null(d);
    size_t seen = 0;
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        if (e->d_name[0] == '.') {
            continue;
        }
        bool known = false;
        for (size_t i = 0; i < n; i++) {
            known |= strcmp(wanted[i], e->d_name) == 0;
        }
        if (!known) {
            fail_msg("%s holds %s", folder, e->d_name);
        }
        seen++;
    }
    closedir(d);
    assert_int_equal(seen, n);
}

static unsigned mode_of(const char *folder, const char *name)
{
    struct stat st;
    char *path = scratch_path(folder, name);
    assert_int_equal(stat(path, &st), 0);
    free(path);
    return st.st_mode & 0777;
}

static void test_who_gets_which_files(void **state)
{
    (void)state;
    static const char *const server[] = {"config.json", "model.safetensors"};
    static const char *const owner[] = {"config.json", "model.safetensors",
                                        "stip.key",    "tokenizer.json",
                                        "vocab.txt",   "tokenizer_config.json"};
    paths at = protect("bert-sequence");
    expect_entries(at.dst, server, 2);
    expect_entries(at.owner, owner, 6);
    assert_false(mentions(at.dst, "config.json", "positive"));
    assert_true(mentions(at.dst, "config.json", "LABEL_1"));
    assert_true(mentions(at.owner, "config.json", "positive"));
    assert_false(mentions(at.owner, "model.safetensors", "encoder"));
    assert_int_equal(mode_of(at.owner, "."), 0700);
    assert_int_equal(mode_of(at.owner, "stip.key"), 0600);
    paths_clear(&at);

    static const char *const sentence[] = {"config.json", "model.safetensors", "modules.json",
                                           "1_Pooling", "sentence_bert_config.json"};
    at = protect("sentence-cls");
    expect_entries(at.dst, sentence, 5);
    paths_clear(&at);

    at = protect("bert-masked-lm"); /* its head over the vocabulary is the table of words */
    assert_false(mentions(at.dst, "model.safetensors", "cls.predictions"));
    assert_true(mentions(at.dst, "config.json", "\"BertModel\""));
    paths_clear(&at);
}

/* A field of config.json that is not known to be needed stays at home. */
static void test_unknown_fields_stay(void **state)
{
    (void)state;
    char *src = scratch_path(dir, "src"), *from = model_fixture_dir("bert-multi-label");
    char *dst = scratch_path(dir, "dst"), *owner = scratch_path(dir, "owner");
    mkdir(src, 0777);
    scratch_copy(src, from);
    char *path = scratch_path(src, "config.json");
    json_t *doc = json_load_file(path, 0, NULL);
    json_object_set_new(doc, "_name_or_path", json_string("well-known-base"));
    json_object_set_new(doc, "finetuning_task", json_string("secret-task"));
    json_dump_file(doc, path, 0);
    json_decref(doc);
    assert_int_equal(stip_protect(src, dst, owner, seed, NULL), OK);
    assert_false(mentions(dst, "config.json", "well-known-base"));
    assert_false(mentions(dst, "config.json", "secret-task"));
    assert_true(mentions(dst, "config.json", "multi_label_classification"));
    free(path);
    free(src);
    free(from);
    free(dst);
    free(owner);
}

/* ---- keys and seeds ---- */

static void test_key_is_bound_to_its_model(void **state)
{
    (void)state;
    paths a = protect("bert-sequence"), b = protect("bert-token");
    stip_owner o = open_owner(&a);
    uint8_t hash[HASH_BYTES];
    assert_int_equal(stip_model_hash(hash, a.dst, NULL), OK);
    assert_true(hash_equal(hash, o.key.model));
    assert_int_equal(stip_model_hash(hash, b.dst, NULL), OK);
    assert_false(hash_equal(hash, o.key.model));
    stip_owner_close(&o);
    error err = {0};
    char *key = scratch_path(a.owner, STIP_KEY_FILE), *other = scratch_path(b.owner, STIP_KEY_FILE);
    assert_int_equal(rename(other, key), 0); /* five outputs, not two */
    assert_int_equal(stip_owner_open(&o, a.owner, &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT, "stip.key", "5 outputs", "32 and 2");
    free(key);
    free(other);
    paths_clear(&a);
    paths_clear(&b);
}

static void test_seed_decides_all(void **state)
{
    (void)state;
    char *src = model_fixture_dir("bert-multi-label");
    model *m = open_or_fail(src);
    uint8_t other[STIP_SEED_BYTES];
    memcpy(other, seed, sizeof other);
    other[31] ^= 1;
    stip_permutations *a, *b, *c;
    assert_int_equal(stip_draw(&a, m, seed, NULL), OK);
    assert_int_equal(stip_draw(&b, m, seed, NULL), OK);
    assert_int_equal(stip_draw(&c, m, other, NULL), OK);
    assert_memory_equal(a->memory.data, b->memory.data, a->memory.len);
    assert_memory_not_equal(a->hidden, c->hidden, 4 * m->dim);
    assert_memory_not_equal(a->layers[1].inner, c->layers[1].inner, 4 * m->ff);
    assert_memory_not_equal(a->layers[0].query, a->layers[1].query, 4 * m->dim);
    assert_memory_not_equal(a->layers[0].query, a->layers[0].value, 4 * m->dim);
    uint8_t seen[256];
    assert_true(stip_is_permutation(a->hidden, m->dim, seen));
    assert_true(stip_is_permutation(a->outputs, m->head.n_labels, seen));
    assert_true(stip_is_permutation(a->dense, m->dim, seen));
    for (size_t i = 0; i < m->n_layers; i++) {
        const stip_layer *l = &a->layers[i];
        const size_t head_dim = m->dim / m->n_heads;
        assert_true(stip_is_permutation(l->heads, m->n_heads, seen));
        assert_true(stip_is_permutation(l->query, m->dim, seen));
        assert_true(stip_is_permutation(l->value, m->dim, seen));
        assert_true(stip_is_permutation(l->inner, m->ff, seen));
        for (size_t j = 0; j < m->dim; j++) { /* heads stay whole, and the same heads for both */
            assert_int_equal(l->query[j] / head_dim, l->heads[j / head_dim]);
            assert_int_equal(l->value[j] / head_dim, l->heads[j / head_dim]);
        }
    }
    stip_permutations_free(a);
    stip_permutations_free(b);
    stip_permutations_free(c);
    model_free(m);
    free(src);
}

/* ---- refusals ---- */

static size_t entries(const char *path)
{
    size_t n = 0;
    DIR *d = opendir(path);
    assert_non_null(d);
    while (readdir(d)) {
        n++;
    }
    closedir(d);
    return n - 2;
}

static void test_refusals_leave_nothing(void **state)
{
    (void)state;
    error err = {0};
    paths at = protect("bert-sequence");
    char *fresh = scratch_path(dir, "fresh"), *none = scratch_path(dir, "none");
    assert_int_equal(stip_protect(at.src, at.dst, fresh, seed, &err), ERR_USAGE);
    assert_error(err, ERR_USAGE, "exists already");
    assert_int_equal(stip_protect(at.src, fresh, at.owner, seed, &err), ERR_USAGE);
    assert_error(err, ERR_USAGE, "exists already");
    assert_int_equal(stip_protect(at.dst, fresh, none, seed, &err), ERR_POLICY);
    assert_error(err, ERR_POLICY, "protected already");
    assert_int_equal(stip_protect("no/such", fresh, none, seed, &err), ERR_ARTEFACT);
    assert_int_equal(stip_protect(at.src, fresh, fresh, seed, &err), ERR_RESOURCE);
    assert_int_equal(entries(dir), 2);
    free(fresh);
    free(none);
    paths_clear(&at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers_are_those_of_the_clear_model, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_weights_are_moved_and_tables_blank, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_who_gets_which_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unknown_fields_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_key_is_bound_to_its_model, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_seed_decides_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refusals_leave_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
