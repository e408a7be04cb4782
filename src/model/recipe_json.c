#include "base/json.h"
#include "model/recipe.h"

static json_t *attention_json(const attention_choice *a)
{
    const char *form = attention_form_name(a->form);
    switch (a->form) {
    case ATTENTION_2QUAD:
        return json_pack("{s:s, s:f}", "form", form, "c", a->c);
    case ATTENTION_SOFTMAX_FREEDIV:
        return json_pack("{s:s, s:f}", "form", form, "length_power", a->length_power);
    case ATTENTION_2QUAD_FREEDIV:
        return json_pack("{s:s, s:f, s:f}", "form", form, "c", a->c, "length_power",
                         a->length_power);
    case ATTENTION_THEX:
        return json_pack("{s:s, s:b}", "form", form, "literal", (int)a->literal);
    case ATTENTION_SCALED_SIGMA: {
        json_t *slot = json_pack("{s:s, s:s, s:f}", "form", form, "sigma",
                                 activation_form_name(a->sigma), "length_power", a->length_power);
        if (slot && a->has_interval &&
            (json_object_set_new(slot, "lo", json_real(a->lo)) != 0 ||
             json_object_set_new(slot, "hi", json_real(a->hi)) != 0)) {
            json_decref(slot);
            return NULL;
        }
        return slot;
    }
    case ATTENTION_POWER:
        return json_pack("{s:s, s:I}", "form", form, "power", (json_int_t)a->power);
    case ATTENTION_SOFTMAX:
        break;
    }
    return json_pack("{s:s}", "form", form);
}

static json_t *ranges_json(const recipe *r)
{
    json_t *ranges = json_object();
    for (size_t i = 0; ranges && i < r->n_ranges; i++) {
        const slot_range *range = &r->ranges[i];
        if (json_object_set_new(ranges, range->slot, json_pack("[f, f]", range->lo, range->hi)) !=
            0) {
            json_decref(ranges);
            return NULL;
        }
    }
    return ranges;
}

json_t *recipe_json(const recipe *r)
{
    json_t *out = json_pack(
        "{s:i, s:s, s:o*, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}}", "schema", RECIPE_SCHEMA, "recipe",
        r->name, "attention", attention_json(&r->attention), "activation", "form",
        activation_form_name(r->activation), "norm", "form", norm_form_name(r->norm),
        "embedding_norm", "form", norm_form_name(r->embedding_norm), "pooler", "form",
        activation_form_name(r->pooler));
    if (out && !json_object_get(out, "attention")) { /* there was no memory for it */
        json_decref(out);
        return NULL;
    }
    if (out && r->n_ranges > 0 && json_object_set_new(out, "ranges", ranges_json(r)) != 0) {
        json_decref(out);
        return NULL;
    }
    return out;
}
