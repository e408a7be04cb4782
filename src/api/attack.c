/* The attacks on STIP against the user's own model: opens what they need, reports what they find.
 */
#define _GNU_SOURCE
#include <string.h>

#include "api/api.h"
#include "api/dataset.h"
#include "base/mem.h"
#include "base/random.h"
#include "model/copy.h"
#include "stip/attack.h"
#include "stip/protect.h"

enum { DATA_MAX_BYTES = 1 << 30, DEFAULT_LIMIT = 20 };

static const char default_texts[] =
    "A warm, funny film that stays with you for days.\n"
    "The appointment with the cardiologist is on Tuesday at nine.\n"
    "Please transfer four thousand to the account of my sister.\n"
    "I have been feeling short of breath since the operation.\n"
    "Our offer for the company will not be made public before March.\n"
    "He said that nobody at the office must hear about the diagnosis.\n"
    "The password of the old server is written on the back of the door.\n"
    "Two hours of my life that I would like to have back.\n"
    "Can you recommend a lawyer who knows about divorce?\n"
    "The results of the second test were negative, thank goodness.\n";

typedef struct {
    const tacit_attack_options *options;
    const char *name; /* of the model, for the report */
    stip_owner owner;
    tokenizer *tokenizer;
    model *server, *base;
    file_map file;
    dataset texts;
    packed tokens;
} attack;

static status open_texts(attack *a, error *err)
{
    const char *path = a->options->data;
    span bytes = {.data = (const uint8_t *)default_texts, .len = sizeof default_texts - 1};
    if (path) {
        TRY(file_open(&a->file, path, DATA_MAX_BYTES, err));
        bytes = a->file.bytes;
    }
    const size_t limit = a->options->limit ? a->options->limit : DEFAULT_LIMIT;
    return dataset_parse(&a->texts, bytes, path ? dataset_format_of(path) : DATASET_LINES,
                         path ? path : "sentences", NULL, limit, err);
}

static status pack_texts(attack *a, error *err)
{
    const size_t n = a->texts.n;
    tacit_input *inputs = mem_new(n, sizeof *inputs);
    if (!inputs) {
        return error_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        const example *x = &a->texts.examples[i];
        inputs[i] = (tacit_input){(const char *)x->text.data, x->text.len,
                                  (const char *)x->pair.data, x->pair.len};
    }
    const tacit_model m = {.model = a->owner.model, .tokenizer = a->tokenizer};
    const status st = packed_from_texts(&a->tokens, &m, inputs, n, err);
    mem_free(inputs);
    return st;
}

/* Grading by a key of another model would find that nothing is recovered. */
static status check_pair(const attack *a, const char *dir, error *err)
{
    uint8_t hash[HASH_BYTES];
    TRY(stip_model_hash(hash, dir, err));
    return hash_equal(hash, a->owner.key.model)
               ? OK
               : error_set(err, ERR_ARTEFACT, "%s: is not the model that the key belongs to", dir);
}

static status open_all(attack *a, const char *dir, const char *key, const char *base, error *err)
{
    TRY(stip_owner_open(&a->owner, key, err));
    TRY(check_pair(a, dir, err));
    TRY(tokenizer_open(&a->tokenizer, key, err));
    TRY(model_open(&a->server, dir, err));
    if (base) {
        TRY(model_open(&a->base, base, err));
    }
    TRY(open_texts(a, err));
    return pack_texts(a, err);
}

static void close_all(attack *a)
{
    packed_clear(&a->tokens);
    dataset_clear(&a->texts);
    file_close(&a->file);
    tokenizer_free(a->tokenizer);
    model_free(a->server);
    model_free(a->base);
    stip_owner_close(&a->owner);
}

/* NULL where memory is lacking, as the lists below. */
static json_t *trial_json(const stip_attack_trial *t)
{
    return json_pack("{s:s, s:f, s:s*, s:I, s:I, s:f}", "what", t->what, "noise", t->noise, "note",
                     t->note, "tried", (json_int_t)t->tried, "recovered", (json_int_t)t->recovered,
                     "share", t->tried ? (double)t->recovered / (double)t->tried : 0.0);
}

static json_t *result_list(const stip_attack_result *r)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < r->n_trials; i++) {
        if (json_array_append_new(list, trial_json(&r->trials[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *attack_list(const stip_attack_result *results)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < STIP_ATTACKS; i++) {
        const stip_attack_result *r = &results[i];
        json_t *item = json_pack("{s:s, s:s, s:s, s:s, s:o}", "id", r->id, "name", r->name, "knows",
                                 r->knows, "why", r->why, "trials", result_list(r));
        if (json_array_append_new(list, item) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *report_json(const attack *a, const stip_attack_result *results)
{
    return json_pack("{s:s, s:s*, s:I, s:I, s:s, s:o}", "model", a->name, "base",
                     a->base ? a->base->dir : NULL, "texts", (json_int_t)a->tokens.n_seqs, "tokens",
                     (json_int_t)a->tokens.n_rows, "note",
                     "STIP is a heuristic; these are known attacks on it, not all that there are",
                     "attacks", attack_list(results));
}

static status run(char **json, attack *a, const char *dir, const char *key, const char *base,
                  error *err)
{
    TRY(open_all(a, dir, key, base, err));
    const packed *p = &a->tokens;
    const tokens t = {.seqs = {.n = p->n_seqs, .start = p->start},
                      .ids = p->ids,
                      .positions = p->positions,
                      .types = p->types};
    const stip_attack_input in = {
        .server = a->server, .owner = &a->owner, .base = a->base, .texts = &t};
    stip_attack_result results[STIP_ATTACKS];
    TRY(stip_attack(results, &in, err));
    return api_dump(json, report_json(a, results), err);
}

/* A clear model, protected for the occasion in a directory that goes away again. */
static status run_in(char **json, attack *a, const char *dir, const char *temp, error *err)
{
    uint8_t seed[STIP_SEED_BYTES];
    char *server = file_join(temp, "server"), *key = file_join(temp, "owner");
    status st = server && key ? random_bytes(seed, sizeof seed, err) : error_memory(err);
    if (st == OK) {
        st = stip_protect(dir, server, key, seed, err);
    }
    if (st == OK) {
        st = run(json, a, server, key, a->options->base ? a->options->base : dir, err);
    }
    mem_wipe(seed, sizeof seed);
    mem_free(server);
    mem_free(key);
    return st;
}

static status run_clear(char **json, attack *a, const char *dir, error *err)
{
    const char *parent = getenv("TMPDIR");
    char *temp = file_join(parent && *parent ? parent : "/tmp", "tacit-attack-XXXXXX");
    if (!temp) {
        return error_memory(err);
    }
    status st = OK;
    if (mkdtemp(temp)) { /* mode 0700 */
        st = run_in(json, a, dir, temp, err);
        close_all(a);
        *a = (attack){.options = a->options, .name = dir};
        copy_abandon(temp);
    } else {
        st = error_set(err, ERR_RESOURCE, "%s: cannot be made", temp);
    }
    mem_free(temp);
    return st;
}

tacit_status tacit_attack(const char *dir, const tacit_attack_options *o, char **json,
                          tacit_error *err)
{
    static const tacit_attack_options defaults = {0};
    error inner = {0};
    attack a = {.options = o ? o : &defaults, .name = dir};
    *json = NULL;
    const status st = a.options->key ? run(json, &a, dir, a.options->key, a.options->base, &inner)
                                     : run_clear(json, &a, dir, &inner);
    close_all(&a);
    return api_return(err, st, &inner);
}
