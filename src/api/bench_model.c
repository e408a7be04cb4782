#include "api/bench_model.h"

#include <string.h>

#include "api/observe.h"
#include "base/file.h"
#include "base/mem.h"
#include "model/random_model.h"

enum { SEED = 1 };

static const double MARGIN = 0.1; /* of ranges, as in a conversion */

/* One input through a model, watched. */
static status watch(const bench_model *b, const model *m, range_recorder *ranges, calibration *c,
                    error *err)
{
    const tacit_batch batch = {.n = 1, .width = b->tokens, .ids = b->ids};
    tacit_session *s = NULL;
    tacit_result *r = NULL;
    packed p;
    TRY(observer_new(&s, m, ranges, c, err));
    status st = packed_from_batch(&p, m, &batch, err);
    if (st == OK) {
        st = session_run(s, &r, &p, err);
    }
    tacit_result_free(r);
    session_free(s);
    return st;
}

/* m in the recipe asked for, its constants from one run on the same input. */
static status make_variant(bench_model *b, const model *m, const recipe *r, error *err)
{
    calibration c = {0};
    range_recorder *ranges = NULL;
    status st = range_recorder_new(&ranges, err);
    if (st == OK) {
        st = calibration_init(&c, m, 5, 1, err);
    }
    if (st == OK) {
        st = watch(b, m, ranges, &c, err);
    }
    if (st == OK) {
        st = variant_new(&b->variant, m, r, &c, ranges, err);
    }
    calibration_clear(&c);
    range_recorder_free(ranges);
    return st;
}

/* The variant as a directory of its own, which is then opened in place of the exact one. */
static status write_variant(bench_model *b, const recipe *r, const char *dst, error *err)
{
    range_recorder *seen = NULL;
    status st = range_recorder_new(&seen, err);
    if (st == OK) {
        st = watch(b, &b->variant.model, seen, NULL, err);
    }
    if (st == OK) {
        st = variant_write(&b->variant, b->opened->dir, dst, r, seen, MARGIN, err);
    }
    range_recorder_free(seen);
    variant_clear(&b->variant);
    model_free(b->opened);
    b->opened = NULL;
    return st == OK ? model_open(&b->opened, dst, err) : st;
}

/* The ranges that m is to have, from one run in the clear. */
static status add_ranges(bench_model *b, model *m, error *err)
{
    range_recorder *seen = NULL;
    slot_range *ranges = NULL;
    b->names = arena_new();
    status st = b->names ? range_recorder_new(&seen, err) : error_memory(err);
    if (st == OK) {
        st = watch(b, m, seen, NULL, err);
    }
    if (st == OK) {
        st = bench_ranges(&ranges, seen, m->recipe.attention.form == ATTENTION_SOFTMAX, b->names,
                          err);
    }
    if (st == OK) {
        m->recipe.ranges = ranges;
        m->recipe.n_ranges = range_recorder_count(seen);
    }
    range_recorder_free(seen);
    return st;
}

static status write_and_open(bench_model *b, const recipe *r, error *err)
{
    TRY(workspace_new(&b->files, err));
    char *exact = file_join(b->files.root, "exact"), *other = file_join(b->files.root, "recipe");
    status st = exact && other ? OK : error_memory(err);
    if (st == OK) {
        st = model_random_write(b->made, exact, err);
    }
    model_free(b->made);
    b->made = NULL;
    if (st == OK) {
        st = model_open(&b->opened, exact, err);
    }
    if (st == OK && r) {
        st = make_variant(b, b->opened, r, err);
    }
    if (st == OK && r) {
        st = write_variant(b, r, other, err);
    }
    b->model = b->opened;
    mem_free(exact);
    mem_free(other);
    return st;
}

static status make(bench_model *b, const model_shape *shape, const char *recipe_name,
                   bench_wants wants, error *err)
{
    TRY(model_random(&b->made, shape, SEED, err));
    b->model = b->made;
    b->ids = mem_new(b->tokens, sizeof *b->ids);
    if (!b->ids) {
        return error_memory(err);
    }
    for (size_t i = 0; i < b->tokens; i++) {
        b->ids[i] = (uint32_t)(i * 7919 % shape->vocab);
    }
    recipe r;
    const bool exact = strcmp(recipe_name, "exact") == 0;
    TRY(variant_recipe(&r, recipe_name, b->made, err));
    if (wants == BENCH_FILES) {
        return write_and_open(b, exact ? NULL : &r, err);
    }
    if (!exact) {
        TRY(make_variant(b, b->made, &r, err));
        b->model = &b->variant.model;
    }
    return wants == BENCH_RANGES ? add_ranges(b, exact ? b->made : &b->variant.model, err) : OK;
}

status bench_model_new(bench_model *b, const char *name, const char *recipe_name, size_t n,
                       bench_wants wants, error *err)
{
    *b = (bench_model){.tokens = n};
    const model_shape *shape = model_shape_find(name);
    if (!shape) {
        return error_set(err, ERR_USAGE,
                         "shape '%s': must be bert-base, bert-large, bert-tiny or minilm-l6", name);
    }
    if (n > shape->max_positions) {
        return error_set(err, ERR_USAGE, "%zu tokens: %s has at most %zu", n, name,
                         shape->max_positions);
    }
    const status st = make(b, shape, recipe_name, wants, err);
    if (st != OK) {
        bench_model_clear(b);
    }
    return st;
}

void bench_model_drop_files(bench_model *b)
{
    workspace_remove(&b->files);
}

void bench_model_clear(bench_model *b)
{
    workspace_remove(&b->files);
    variant_clear(&b->variant);
    model_free(b->opened);
    model_free(b->made);
    mem_free(b->ids);
    arena_free(b->names);
    *b = (bench_model){0};
}
