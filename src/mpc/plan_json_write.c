#include <jansson.h>
#include <string.h>

#include "base/json.h"
#include "model/recipe.h"
#include "mpc/plan_json.h"

static json_t *norm_id(uint32_t id)
{
    return id == MPC_NONE ? json_null() : json_integer((json_int_t)id);
}

static json_t *linear_json(const mpc_linear_plan *l)
{
    return json_pack("{s:i, s:i, s:o, s:o, s:f}", "bits", (int)l->bits, "frac", (int)l->frac,
                     "from", norm_id(l->from), "to", norm_id(l->to), "scale", l->scale);
}

static json_t *norm_json(const mpc_norm_plan *n)
{
    return json_pack("{s:s, s:b, s:f, s:i, s:f, s:f, s:i, s:i, s:i, s:I, s:b}", "kind", "norm",
                     "used", (int)n->used, "factor", n->factor, "shift", n->shift, "variance_lo",
                     n->variance_lo, "variance_hi", n->variance_hi, "inverse_frac",
                     (int)n->inverse_frac, "inverse_bits", (int)n->inverse_bits, "out_bits",
                     (int)n->out_bits, "inverse", (json_int_t)n->inverse, "gamma_later",
                     (int)n->gamma_later);
}

static json_t *attention_json(const mpc_attention_plan *a)
{
    return json_pack("{s:s, s:s, s:i, s:f, s:f, s:f, s:I, s:I, s:f, s:f}", "kind", "attention",
                     "form", attention_form_name(a->form), "score_bits", (int)a->score_bits,
                     "sum_lo", a->sum_lo, "sum_hi", a->sum_hi, "context_hi", a->context_hi,
                     "reciprocal", (json_int_t)a->reciprocal, "exponential",
                     (json_int_t)a->exponential, "scores_hi", a->scores_hi, "clamp", a->clamp);
}

static json_t *activation_json(const mpc_activation_plan *a)
{
    return json_pack("{s:s, s:s, s:i, s:i, s:I}", "kind", "activation", "form",
                     activation_form_name(a->form), "bits", (int)a->bits, "out_bits",
                     (int)a->out_bits, "function", (json_int_t)a->function);
}

static json_t *op_json(const mpc_op_plan *op)
{
    switch (op->kind) {
    case MPC_OP_NORM:
        return norm_json(&op->norm);
    case MPC_OP_ATTENTION:
        return attention_json(&op->attention);
    case MPC_OP_ACTIVATION:
        return activation_json(&op->activation);
    case MPC_OP_NONE:
        break;
    }
    return json_pack("{s:s}", "kind", "none");
}

/* An array of n items; NULL where memory is lacking. */
typedef json_t *item_fn(const void *list, size_t i);

static json_t *array_of(const void *list, size_t n, item_fn *item)
{
    json_t *out = json_array();
    for (size_t i = 0; out && i < n; i++) {
        if (json_array_append_new(out, item(list, i)) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

static json_t *harmonic_item(const void *list, size_t i)
{
    return json_integer(((const uint16_t *)list)[i]);
}

static json_t *byte_item(const void *list, size_t i)
{
    return json_integer(((const uint8_t *)list)[i]);
}

static json_t *real_item(const void *list, size_t i)
{
    return json_real(((const double *)list)[i]);
}

static json_t *function_json(const mpc_function_plan *f)
{
    const mpc_series *s = &f->series;
    const mpc_widths *w = &f->widths;
    return json_pack(
        "{s:s, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:i, s:f, s:f, s:o, s:o, s:o, s:o, s:o}",
        "function", mpc_function_name(s->f), "period_bits", (int)f->period_bits, "lo", s->lo, "hi",
        s->hi, "period", s->period, "constant", s->constant, "slope", s->slope, "max_error",
        s->max_error, "rms_error", s->rms_error, "scale", (int)w->scale, "noise", w->noise, "bits",
        w->bits, "harmonic", array_of(s->harmonic, s->n, harmonic_item), "a",
        array_of(s->a, s->n, real_item), "b", array_of(s->b, s->n, real_item), "word",
        array_of(w->word, s->n, byte_item), "coef", array_of(w->coef, s->n, byte_item));
}

static json_t *linear_item(const void *list, size_t i)
{
    return linear_json(&((const mpc_linear_plan *)list)[i]);
}

static json_t *op_item(const void *list, size_t i)
{
    return op_json(&((const mpc_op_plan *)list)[i]);
}

static json_t *function_item(const void *list, size_t i)
{
    return function_json(&((const mpc_function_plan *)list)[i]);
}

static json_t *embedding_json(const mpc_plan *p)
{
    return json_pack("{s:b, s:f, s:f, s:f}", "oblivious", (int)p->oblivious, "centred",
                     p->tables.centred, "variance_lo", p->tables.variance_lo, "variance_hi",
                     p->tables.variance_hi);
}

char *mpc_plan_write(const mpc_plan *p)
{
    json_t *o =
        json_pack("{s:i, s:s, s:b, s:o, s:o, s:o, s:o}", "mpc_plan", MPC_PLAN_VERSION, "protocol",
                  mpc_protocol_name(p->protocol), "label_only", (int)p->label_only, "embedding",
                  embedding_json(p), "linears", array_of(p->linears, p->n_linears, linear_item),
                  "ops", array_of(p->ops, p->n_ops, op_item), "functions",
                  array_of(p->functions, p->n_functions, function_item));
    char *out = o ? json_write(o, JSON_INDENT(1) | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(o);
    return out;
}
