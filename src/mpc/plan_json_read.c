#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "model/recipe.h"
#include "mpc/plan_json.h"

/* One object on its way into a struct: the first error ends all. `fields` counts those read, so
 * that one which nobody knows stands out. */
typedef struct {
    const json_t *o;
    char where[160];
    size_t fields;
    status st;
    error *err;
} reader;

static reader reader_of(const json_t *o, const char *name, const char *list, size_t i, error *err)
{
    reader r = {.o = o, .err = err, .st = OK};
    snprintf(r.where, sizeof r.where, "%.100s: %s[%zu]", name, list, i);
    if (!json_is_object(o)) {
        r.st = error_set(err, ERR_ARTEFACT, "%s: must be an object", r.where);
    }
    return r;
}

static size_t whole(reader *r, const char *key, size_t lo, size_t hi)
{
    size_t x = lo;
    r->fields++;
    if (r->st == OK) {
        r->st = json_get_size(r->o, key, true, lo, hi, &x, r->where, r->err);
    }
    return x;
}

static double real(reader *r, const char *key, double lo, double hi)
{
    double x = lo;
    r->fields++;
    if (r->st == OK) {
        r->st = json_get_double(r->o, key, true, lo, hi, &x, r->where, r->err);
    }
    return x;
}

static bool truth(reader *r, const char *key)
{
    bool x = false;
    r->fields++;
    if (r->st == OK) {
        r->st = json_get_bool(r->o, key, true, &x, r->where, r->err);
    }
    return x;
}

static const char *word(reader *r, const char *key)
{
    const char *x = "";
    r->fields++;
    if (r->st == OK) {
        r->st = json_get_string(r->o, key, true, &x, r->where, r->err);
    }
    return x;
}

static void refuse(reader *r, const char *key, const char *why)
{
    if (r->st == OK) {
        r->st = error_set(r->err, ERR_ARTEFACT, "%s: field '%s' %s", r->where, key, why);
    }
}

static status finish(reader *r)
{
    if (r->st == OK && json_object_size(r->o) != r->fields) {
        r->st = error_set(r->err, ERR_ARTEFACT, "%s: %zu fields, must have %zu", r->where,
                          json_object_size(r->o), r->fields);
    }
    return r->st;
}

/* An id of an operation, or null. */
static uint32_t norm_id(reader *r, const char *key, size_t n_ops)
{
    if (json_is_null(json_object_get(r->o, key))) {
        r->fields++;
        return MPC_NONE;
    }
    return (uint32_t)whole(r, key, 0, n_ops - 1);
}

static status read_linear(mpc_linear_plan *l, const mpc_plan *p, reader r)
{
    l->bits = (unsigned)whole(&r, "bits", 1, 64);
    l->frac = (unsigned)whole(&r, "frac", 0, 63);
    l->from = norm_id(&r, "from", p->n_ops);
    l->to = norm_id(&r, "to", p->n_ops);
    l->scale = real(&r, "scale", -0x1p64, 0x1p64);
    return finish(&r);
}

/* A place in the list of functions; 0 stands for none as well. */
static size_t function_index(reader *r, const char *key, const mpc_plan *p)
{
    return whole(r, key, 0, p->n_functions > 0 ? p->n_functions - 1 : 0);
}

static void read_norm(mpc_norm_plan *n, const mpc_plan *p, reader *r)
{
    n->used = truth(r, "used");
    n->factor = real(r, "factor", 0, 0x1p64);
    n->shift = (int)real(r, "shift", -64, 64);
    n->variance_lo = real(r, "variance_lo", 0, 1e30);
    n->variance_hi = real(r, "variance_hi", 0, 1e30);
    n->inverse_frac = (unsigned)whole(r, "inverse_frac", 0, 64);
    n->inverse_bits = (unsigned)whole(r, "inverse_bits", 0, 64);
    n->out_bits = (unsigned)whole(r, "out_bits", 1, 64);
    n->inverse = function_index(r, "inverse", p);
    n->gamma_later = truth(r, "gamma_later");
}

static void read_attention(mpc_attention_plan *a, const mpc_plan *p, reader *r)
{
    if (!attention_form_find(&a->form, word(r, "form"))) {
        refuse(r, "form", "is no form of attention");
    }
    a->score_bits = (unsigned)whole(r, "score_bits", 1, 64);
    a->sum_lo = real(r, "sum_lo", 0, 1e30);
    a->sum_hi = real(r, "sum_hi", 0, 1e30);
    a->context_hi = real(r, "context_hi", 0, 1e30);
    a->reciprocal = function_index(r, "reciprocal", p);
    a->exponential = function_index(r, "exponential", p);
    a->scores_hi = real(r, "scores_hi", -0x1p20, 0x1p20);
    a->clamp = real(r, "clamp", 0, 0x1p20);
}

static void read_activation(mpc_activation_plan *a, const mpc_plan *p, reader *r)
{
    if (!activation_form_find(&a->form, word(r, "form"))) {
        refuse(r, "form", "is no form of activation");
    }
    a->bits = (unsigned)whole(r, "bits", 0, 64);
    a->out_bits = (unsigned)whole(r, "out_bits", 0, 64);
    a->function = function_index(r, "function", p);
}

static status read_op(mpc_op_plan *op, const mpc_plan *p, reader r)
{
    const char *kind = word(&r, "kind");
    if (strcmp(kind, "norm") == 0) {
        op->kind = MPC_OP_NORM;
        read_norm(&op->norm, p, &r);
    } else if (strcmp(kind, "attention") == 0) {
        op->kind = MPC_OP_ATTENTION;
        read_attention(&op->attention, p, &r);
    } else if (strcmp(kind, "activation") == 0) {
        op->kind = MPC_OP_ACTIVATION;
        read_activation(&op->activation, p, &r);
    } else if (strcmp(kind, "none") != 0) {
        refuse(&r, "kind", "is none that this program knows");
    }
    return finish(&r);
}

static mpc_function function_named(reader *r, const char *name)
{
    for (mpc_function f = 0; f <= MPC_RSQRT; f++) {
        if (strcmp(mpc_function_name(f), name) == 0) {
            return f;
        }
    }
    refuse(r, "function", "is none that this program knows");
    return MPC_GELU;
}

/* The next list of a function: n items, or as many as there are where n is SIZE_MAX. */
static const json_t *list(reader *r, const char *key, size_t n)
{
    json_t *items = NULL;
    r->fields++;
    if (r->st == OK) {
        r->st = json_get_array(r->o, key, true, &items, r->where, r->err);
    }
    const size_t has = json_array_size(items);
    if (n == SIZE_MAX ? has > MPC_SERIES_TERMS : has != n) {
        refuse(r, key, "has the wrong number of elements");
    }
    return items;
}

static long long item(reader *r, const char *key, const json_t *items, size_t i, long long hi)
{
    const json_t *x = json_array_get(items, i);
    const json_int_t n = json_integer_value(x);
    if (!json_is_integer(x) || n < 0 || n > hi) {
        refuse(r, key, "has an element out of range");
        return 0;
    }
    return n;
}

static double real_item(reader *r, const char *key, const json_t *items, size_t i)
{
    const json_t *x = json_array_get(items, i);
    const double v = json_number_value(x);
    if (!json_is_number(x) || !isfinite(v) || fabs(v) > 0x1p64) {
        refuse(r, key, "has an element out of range");
        return 0;
    }
    return v;
}

static void read_terms(mpc_function_plan *f, reader *r)
{
    mpc_series *s = &f->series;
    const json_t *harmonic = list(r, "harmonic", SIZE_MAX);
    s->n = r->st == OK ? json_array_size(harmonic) : 0;
    const json_t *a = list(r, "a", s->n), *b = list(r, "b", s->n);
    const json_t *words = list(r, "word", s->n), *coefs = list(r, "coef", s->n);
    for (size_t k = 0; r->st == OK && k < s->n; k++) {
        s->harmonic[k] = (uint16_t)item(r, "harmonic", harmonic, k, UINT16_MAX);
        s->a[k] = real_item(r, "a", a, k);
        s->b[k] = real_item(r, "b", b, k);
        f->widths.word[k] = (uint8_t)item(r, "word", words, k, 64);
        f->widths.coef[k] = (uint8_t)item(r, "coef", coefs, k, 64);
    }
}

static status read_function(mpc_function_plan *f, reader r)
{
    mpc_series *s = &f->series;
    s->f = function_named(&r, word(&r, "function"));
    f->period_bits = (unsigned)whole(&r, "period_bits", 1, 32);
    s->lo = real(&r, "lo", -0x1p20, 0x1p20);
    s->hi = real(&r, "hi", -0x1p20, 0x1p20);
    s->period = real(&r, "period", 0x1p-40, 0x1p40);
    s->constant = real(&r, "constant", -0x1p64, 0x1p64);
    s->slope = real(&r, "slope", -0x1p20, 0x1p20);
    s->max_error = real(&r, "max_error", 0, 1e30);
    s->rms_error = real(&r, "rms_error", 0, 1e30);
    f->widths.scale = (unsigned)whole(&r, "scale", 0, 128);
    f->widths.noise = real(&r, "noise", 0, 1e30);
    f->widths.bits = real(&r, "bits", 0, 128);
    read_terms(f, &r);
    return finish(&r);
}

enum { MEMBERS = 7 };

typedef struct {
    const json_t *linears, *ops, *functions;
} lists;

static status take_list(json_t **out, size_t *n, const json_t *doc, const char *key, size_t most,
                        const char *name, error *err)
{
    TRY(json_get_array(doc, key, true, out, name, err));
    *n = json_array_size(*out);
    if (*n > most) {
        return error_set(err, ERR_ARTEFACT, "%s: field '%s' has %zu elements, at most %zu", name,
                         key, *n, most);
    }
    return OK;
}

static status take_embedding(mpc_plan *p, const json_t *doc, const char *name, error *err)
{
    json_t *o = NULL;
    TRY(json_get_object(doc, "embedding", true, &o, name, err));
    reader r = {.o = o, .err = err, .st = OK};
    snprintf(r.where, sizeof r.where, "%.100s: embedding", name);
    p->oblivious = truth(&r, "oblivious");
    p->tables.centred = real(&r, "centred", 0, 1e30);
    p->tables.variance_lo = real(&r, "variance_lo", 0, 1e30);
    p->tables.variance_hi = real(&r, "variance_hi", 0, 1e30);
    return finish(&r);
}

static status take_choice(mpc_plan *p, const json_t *doc, const char *name, error *err)
{
    const char *protocol = NULL;
    TRY(json_get_string(doc, "protocol", true, &protocol, name, err));
    TRY(json_get_bool(doc, "label_only", true, &p->label_only, name, err));
    error why = {0};
    if (mpc_protocol_find(&p->protocol, protocol, &why) != OK) {
        return error_set(err, ERR_ARTEFACT, "%s: %s", name, why.text);
    }
    return OK;
}

static status take_lists(lists *l, mpc_plan *p, const json_t *doc, const char *name, error *err)
{
    size_t version = 0;
    json_t *items[3] = {0};
    TRY(json_get_size(doc, "mpc_plan", true, 1, SIZE_MAX, &version, name, err));
    if (version != MPC_PLAN_VERSION) {
        return error_set(err, ERR_PROTOCOL, "%s: version %zu, this program reads %d", name, version,
                         MPC_PLAN_VERSION);
    }
    TRY(take_list(&items[0], &p->n_linears, doc, "linears", MPC_PLAN_MAX_MAPS, name, err));
    TRY(take_list(&items[1], &p->n_ops, doc, "ops", MPC_PLAN_MAX_MAPS, name, err));
    TRY(take_list(&items[2], &p->n_functions, doc, "functions", MPC_PLAN_MAX_FUNCTIONS, name, err));
    TRY(take_choice(p, doc, name, err));
    TRY(take_embedding(p, doc, name, err));
    if (p->n_ops == 0 || json_object_size(doc) != MEMBERS) {
        return error_set(err, ERR_ARTEFACT, "%s: %s", name,
                         p->n_ops == 0 ? "no operations" : "fields that are not known");
    }
    *l = (lists){items[0], items[1], items[2]};
    return OK;
}

static status fill(mpc_plan *p, const json_t *doc, const char *name, error *err)
{
    lists l = {0};
    TRY(take_lists(&l, p, doc, name, err));
    p->cap_functions = p->n_functions;
    p->linears = mem_new(p->n_linears, sizeof *p->linears);
    p->ops = mem_new(p->n_ops, sizeof *p->ops);
    p->functions = mem_new(p->n_functions, sizeof *p->functions);
    if (!p->linears || !p->ops || !p->functions) {
        return error_memory(err);
    }
    for (size_t i = 0; i < p->n_linears; i++) {
        const reader r = reader_of(json_array_get(l.linears, i), name, "linears", i, err);
        TRY(read_linear(&p->linears[i], p, r));
    }
    for (size_t i = 0; i < p->n_ops; i++) {
        TRY(read_op(&p->ops[i], p, reader_of(json_array_get(l.ops, i), name, "ops", i, err)));
    }
    for (size_t i = 0; i < p->n_functions; i++) {
        const reader r = reader_of(json_array_get(l.functions, i), name, "functions", i, err);
        TRY(read_function(&p->functions[i], r));
    }
    return OK;
}

status mpc_plan_read(mpc_plan **out, span bytes, const char *name, error *err)
{
    *out = NULL;
    json_t *doc = NULL;
    TRY(json_read(&doc, bytes, name, err));
    mpc_plan *p = mem_new(1, sizeof *p);
    const status st = p ? fill(p, doc, name, err) : error_memory(err);
    json_decref(doc);
    if (st != OK) {
        mpc_plan_free(p);
        return st;
    }
    *out = p;
    return OK;
}
