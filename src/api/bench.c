#include <math.h>
#include <string.h>

#include "api/observe.h"
#include "api/variant.h"
#include "base/mem.h"
#include "model/random_model.h"

enum { DEFAULT_TOKENS = 128, DEFAULT_REPEAT = 5, SEED = 1 };

typedef struct {
    const tacit_bench_options *options;
    size_t tokens, repeat;
    model *model;
    variant variant; /* of another recipe than exact */
    uint32_t *ids;
    double *seconds;
} bench;

static status run_once(bench *b, tacit_session *s, error *err)
{
    const tacit_batch batch = {.n = 1, .width = b->tokens, .ids = b->ids};
    packed p;
    tacit_result *r = NULL;
    TRY(packed_from_batch(&p, s->model, &batch, err));
    TRY(session_run(s, &r, &p, err));
    tacit_result_free(r);
    return OK;
}

/* The model in the recipe asked for, its constants from one run on the same input. */
static status make_variant(bench *b, const char *name, error *err)
{
    recipe r;
    calibration c = {0};
    range_recorder *ranges = NULL;
    tacit_session *s = NULL;
    TRY(variant_recipe(&r, name, b->model, err));
    status st = range_recorder_new(&ranges, err);
    if (st == OK) {
        st = calibration_init(&c, b->model, 5, 1, err);
    }
    if (st == OK) {
        st = observer_new(&s, b->model, ranges, &c, err);
    }
    if (st == OK) {
        st = run_once(b, s, err);
    }
    if (st == OK) {
        st = variant_new(&b->variant, b->model, &r, &c, ranges, err);
    }
    session_free(s);
    calibration_clear(&c);
    range_recorder_free(ranges);
    return st;
}

static status prepare(bench *b, error *err)
{
    const char *name = b->options->shape ? b->options->shape : "bert-base";
    const char *recipe_name = b->options->recipe ? b->options->recipe : "exact";
    const model_shape *shape = model_shape_find(name);
    if (!shape) {
        return error_set(err, ERR_USAGE,
                         "shape '%s': must be bert-base, bert-large, bert-tiny or minilm-l6", name);
    }
    if (b->options->protect && strcmp(b->options->protect, "plain") != 0) {
        return error_set(err, ERR_USAGE, "protection '%s': random weights run under plain alone",
                         b->options->protect);
    }
    if (b->tokens > shape->max_positions) {
        return error_set(err, ERR_USAGE, "%zu tokens: %s has at most %zu", b->tokens, name,
                         shape->max_positions);
    }
    TRY(model_random(&b->model, shape, SEED, err));
    b->ids = mem_new(b->tokens, sizeof *b->ids);
    b->seconds = mem_new(b->repeat, sizeof *b->seconds);
    if (!b->ids || !b->seconds) {
        return error_memory(err);
    }
    for (size_t i = 0; i < b->tokens; i++) {
        b->ids[i] = (uint32_t)(i * 7919 % shape->vocab);
    }
    return strcmp(recipe_name, "exact") == 0 ? OK : make_variant(b, recipe_name, err);
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static status report(char **json, bench *b, const tacit_session *s, error *err)
{
    qsort(b->seconds, b->repeat, sizeof *b->seconds, by_size);
    json_t *o = session_report(s);
    if (o) {
        const tacit_bench_options *opt = b->options;
        json_object_set_new(o, "shape", json_string(opt->shape ? opt->shape : "bert-base"));
        json_object_set_new(o, "tokens", json_integer((json_int_t)b->tokens));
        json_object_set_new(o, "threads", json_integer((json_int_t)s->runner->threads));
        json_object_set_new(o, "precision", json_string(opt->precision ? opt->precision : "f32"));
        json_object_set_new(o, "runs", json_integer((json_int_t)b->repeat));
        json_object_set_new(o, "milliseconds",
                            json_pack("{s:f, s:f, s:f}", "min", b->seconds[0] * 1e3, "median",
                                      b->seconds[b->repeat / 2] * 1e3, "max",
                                      b->seconds[b->repeat - 1] * 1e3));
    }
    return api_dump(json, o, err);
}

static status measure(bench *b, char **json, error *err)
{
    const tacit_bench_options *o = b->options;
    const model *m = b->variant.arena ? &b->variant.model : b->model;
    const runner_setup setup = {.model = m, .precision = o->precision, .threads = o->threads};
    tacit_session *s = NULL;
    TRY(session_new(&s, o->protect, &setup, err));
    status st = run_once(b, s, err); /* warms caches and memory; not counted */
    for (size_t i = 0; st == OK && i < b->repeat; i++) {
        st = run_once(b, s, err);
        b->seconds[i] = s->online_s;
        if (o->progress) {
            o->progress(o->ctx, "timing", i + 1, b->repeat);
        }
    }
    if (st == OK) {
        st = report(json, b, s, err);
    }
    session_free(s);
    return st;
}

tacit_status tacit_bench(const tacit_bench_options *o, char **json, tacit_error *err)
{
    error inner = {0};
    bench b = {
        .options = o,
        .tokens = o->tokens ? o->tokens : DEFAULT_TOKENS,
        .repeat = o->repeat ? o->repeat : DEFAULT_REPEAT,
    };
    *json = NULL;
    status st = prepare(&b, &inner);
    if (st == OK) {
        st = measure(&b, json, &inner);
    }
    variant_clear(&b.variant);
    model_free(b.model);
    mem_free(b.ids);
    mem_free(b.seconds);
    return api_return(err, st, &inner);
}
