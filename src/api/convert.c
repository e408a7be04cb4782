/* A recipe without training: watch the original, derive constants, watch the
 * variant, write. A model that has the recipe already keeps its constants: its ranges alone are
 * calibrated anew. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/dataset.h"
#include "api/observe.h"
#include "api/variant.h"
#include "base/mem.h"
#include "model/recipe_write.h"

enum { DATA_MAX_BYTES = 1 << 30, DEFAULT_LIMIT = 200, BATCH = 32 };

static const double DEFAULT_MARGIN = 0.1;

typedef struct {
    const char *dst;
    const tacit_convert_options *options;
    recipe recipe;
    tacit_model *source;
    file_map file;
    dataset texts; /* empty without calibration data */
    calibration calibration;
    range_recorder *before, *after; /* of the source, of the variant */
    variant variant;
    bool again; /* the source has the recipe */
} conversion;

/* The texts through a session, batch by batch. */
static status run_texts(const conversion *c, tacit_session *s, const char *what, error *err)
{
    const tacit_convert_options *o = c->options;
    s->owner = c->source;
    for (size_t at = 0; at < c->texts.n; at += BATCH) {
        const size_t n = c->texts.n - at < BATCH ? c->texts.n - at : BATCH;
        tacit_input inputs[BATCH] = {{0}};
        for (size_t i = 0; i < n; i++) {
            const example *x = &c->texts.examples[at + i];
            inputs[i] = (tacit_input){(const char *)x->text.data, x->text.len,
                                      (const char *)x->pair.data, x->pair.len};
        }
        packed p;
        tacit_result *r = NULL;
        TRY(packed_from_texts(&p, c->source, inputs, n, err));
        TRY(session_run(s, &r, &p, err));
        tacit_result_free(r);
        if (o->progress) {
            o->progress(o->ctx, what, at + n, c->texts.n);
        }
    }
    return OK;
}

static status watch(const conversion *c, const model *m, range_recorder *ranges,
                    calibration *constants, const char *what, error *err)
{
    tacit_session *s = NULL;
    TRY(observer_new(&s, m, ranges, constants, err));
    const status st = run_texts(c, s, what, err);
    session_free(s);
    return st;
}

static status open_texts(conversion *c, error *err)
{
    const tacit_convert_options *o = c->options;
    const size_t limit = o->limit ? o->limit : DEFAULT_LIMIT;
    TRY(file_open(&c->file, o->data, DATA_MAX_BYTES, err));
    return dataset_parse(&c->texts, c->file.bytes, dataset_format_of(o->data), o->data, NULL, limit,
                         err);
}

static bool needs_texts(const recipe *r)
{
    const attention_form a = r->attention.form;
    return a == ATTENTION_SOFTMAX_FREEDIV || a == ATTENTION_2QUAD_FREEDIV || a == ATTENTION_THEX ||
           a == ATTENTION_SCALED_SIGMA || r->norm != NORM_LAYERNORM ||
           r->activation == ACTIVATION_POLYNOMIAL;
}

static status choose_recipe(conversion *c, const char *src, error *err)
{
    const tacit_convert_options *o = c->options;
    const recipe *has = &c->source->model->recipe;
    if (strcmp(has->name, "exact") != 0) {
        if (strcmp(has->name, o->recipe) != 0) {
            return error_set(err, ERR_USAGE, "%s has the recipe %s already; convert the original",
                             src, has->name);
        }
        c->again = true;
        c->recipe = *has;
    } else {
        TRY(variant_recipe(&c->recipe, o->recipe, c->source->model, err));
    }
    if (!o->data && (c->again || needs_texts(&c->recipe))) {
        return error_set(err, ERR_USAGE,
                         "recipe %s takes %s from texts: give some to calibrate with",
                         c->recipe.name, c->again ? "ranges" : "constants");
    }
    return OK;
}

static status prepare(conversion *c, const char *src, error *err)
{
    tacit_error why;
    if (tacit_model_open(&c->source, src, &why) != TACIT_OK) {
        return error_set(err, (status)why.code, "%s", why.text);
    }
    TRY(choose_recipe(c, src, err));
    TRY(range_recorder_new(&c->before, err));
    TRY(range_recorder_new(&c->after, err));
    TRY(calibration_init(&c->calibration, c->source->model, 5, 1, err));
    return c->options->data ? open_texts(c, err) : OK;
}

static status write_variant(const conversion *c, error *err)
{
    const double margin = c->options->margin > 0 ? c->options->margin : DEFAULT_MARGIN;
    return variant_write(&c->variant, c->source->model->dir, c->dst, &c->recipe, c->after, margin,
                         err);
}

static status report(char **json, const conversion *c, error *err)
{
    json_t *ranges = json_object();
    for (size_t i = 0; i < range_recorder_count(c->after); i++) {
        const slot_range r = range_recorder_get(c->after, i);
        json_object_set_new(ranges, r.slot, json_pack("[f, f]", r.lo, r.hi));
    }
    return api_dump(json,
                    json_pack("{s:s, s:s, s:s, s:I, s:I, s:o}", "model", c->source->model->dir,
                              "written", c->dst, "recipe", c->recipe.name, "texts",
                              (json_int_t)c->texts.n, "constants",
                              (json_int_t)c->variant.n_constants, "seen", ranges),
                    err);
}

/* The variant with the constants that the original asks for. */
static status derive(conversion *c, error *err)
{
    const model *m = c->source->model;
    TRY(watch(c, m, c->before, &c->calibration, "watching the original", err));
    return variant_new(&c->variant, m, &c->recipe, &c->calibration, c->before, err);
}

static status convert(conversion *c, const char *src, char **json, error *err)
{
    TRY(prepare(c, src, err));
    if (c->again) {
        c->variant.model = *c->source->model;
    } else {
        TRY(derive(c, err));
    }
    TRY(watch(c, &c->variant.model, c->after, NULL, "calibrating ranges", err));
    TRY(write_variant(c, err));
    return report(json, c, err);
}

tacit_status tacit_convert(const char *src, const char *dst, const tacit_convert_options *o,
                           char **json, tacit_error *err)
{
    error inner = {0};
    conversion c = {.dst = dst, .options = o};
    *json = NULL;
    const status st = convert(&c, src, json, &inner);
    variant_clear(&c.variant);
    calibration_clear(&c.calibration);
    range_recorder_free(c.before);
    range_recorder_free(c.after);
    dataset_clear(&c.texts);
    file_close(&c.file);
    tacit_model_free(c.source);
    return api_return(err, st, &inner);
}
