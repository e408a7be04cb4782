#include "model/recipe.h"

#include <math.h>
#include <string.h>

#include "base/json.h"

enum { WHERE_BYTES = 400 };

/* An object may hold these fields and no others; the list ends with NULL. */
static status check_fields(const json_t *obj, const char *const *known, const char *where,
                           error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)obj, key, value)
    {
        const char *const *k = known;
        while (*k && strcmp(*k, key) != 0) {
            k++;
        }
        if (!*k) {
            return error_set(err, ERR_ARTEFACT, "%s: unknown field '%.60s'", where, key);
        }
    }
    return OK;
}

static const char *const *attention_fields(attention_form form)
{
    static const char *const softmax[] = {"form", NULL};
    static const char *const quad[] = {"form", "c", NULL};
    static const char *const softmax_freediv[] = {"form", "length_power", NULL};
    static const char *const quad_freediv[] = {"form", "c", "length_power", NULL};
    static const char *const thex[] = {"form", "literal", NULL};
    static const char *const sigma[] = {"form", "sigma", "length_power", "lo", "hi", NULL};
    static const char *const power[] = {"form", "power", NULL};
    static const char *const *const fields[] = {
        [ATTENTION_SOFTMAX] = softmax,
        [ATTENTION_2QUAD] = quad,
        [ATTENTION_SOFTMAX_FREEDIV] = softmax_freediv,
        [ATTENTION_2QUAD_FREEDIV] = quad_freediv,
        [ATTENTION_THEX] = thex,
        [ATTENTION_SCALED_SIGMA] = sigma,
        [ATTENTION_POWER] = power,
    };
    return fields[form];
}

static status read_sigma(attention_choice *a, const json_t *slot, const char *where, error *err)
{
    const char *name = activation_form_name(a->sigma);
    TRY(json_get_string(slot, "sigma", false, &name, where, err));
    if (!activation_form_find(&a->sigma, name) ||
        (a->sigma != ACTIVATION_POLYNOMIAL && a->sigma != ACTIVATION_RELU &&
         a->sigma != ACTIVATION_GELU)) {
        return error_set(err, ERR_ARTEFACT,
                         "%s: sigma '%.60s' is not known; polynomial, relu and gelu are", where,
                         name);
    }
    const bool lo = json_object_get(slot, "lo"), hi = json_object_get(slot, "hi");
    if (!lo && !hi) {
        return OK;
    }
    if (a->sigma != ACTIVATION_POLYNOMIAL) {
        return error_set(err, ERR_ARTEFACT, "%s: lo and hi are a polynomial's, sigma is '%s'",
                         where, name);
    }
    TRY(json_get_double(slot, "lo", true, -1e30, 1e30, &a->lo, where, err));
    TRY(json_get_double(slot, "hi", true, -1e30, 1e30, &a->hi, where, err));
    a->has_interval = true;
    if (a->lo >= a->hi) {
        return error_set(err, ERR_ARTEFACT, "%s: lo %g must be below hi %g", where, a->lo, a->hi);
    }
    return OK;
}

static status read_attention(attention_choice *a, const json_t *slot, const char *where, error *err)
{
    const char *name = attention_form_name(a->form);
    TRY(json_get_string(slot, "form", false, &name, where, err));
    if (!attention_form_find(&a->form, name)) {
        return error_set(err, ERR_ARTEFACT, "%s: unknown form '%.60s'", where, name);
    }
    TRY(check_fields(slot, attention_fields(a->form), where, err));
    TRY(json_get_double(slot, "c", false, -1e6, 1e6, &a->c, where, err));
    TRY(json_get_double(slot, "length_power", false, 0, 4, &a->length_power, where, err));
    TRY(json_get_bool(slot, "literal", false, &a->literal, where, err));
    TRY(json_get_size(slot, "power", false, 2, 16, &a->power, where, err));
    if (a->power % 2 != 0) {
        return error_set(err, ERR_ARTEFACT, "%s: power %zu must be even", where, a->power);
    }
    return a->form == ATTENTION_SCALED_SIGMA ? read_sigma(a, slot, where, err) : OK;
}

static status read_form(const char **name, const json_t *slot, const char *where, error *err)
{
    static const char *const known[] = {"form", NULL};
    TRY(check_fields(slot, known, where, err));
    return json_get_string(slot, "form", true, name, where, err);
}

static status read_activation(activation_form *out, const json_t *slot, const char *where,
                              error *err)
{
    const char *name;
    TRY(read_form(&name, slot, where, err));
    if (!activation_form_find(out, name)) {
        return error_set(err, ERR_ARTEFACT, "%s: unknown form '%.60s'", where, name);
    }
    return OK;
}

static status read_norm(norm_form *out, const json_t *slot, const char *where, error *err)
{
    const char *name;
    TRY(read_form(&name, slot, where, err));
    if (!norm_form_find(out, name)) {
        return error_set(err, ERR_ARTEFACT, "%s: unknown form '%.60s'", where, name);
    }
    return OK;
}

static status read_slots(recipe *r, const json_t *tacit, const char *path, error *err)
{
    static const char *const slots[] = {"attention", "activation", "norm", "embedding_norm",
                                        "pooler"};
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        char where[WHERE_BYTES];
        snprintf(where, sizeof where, "%.300s: tacit", path);
        json_t *slot;
        TRY(json_get_object(tacit, slots[i], false, &slot, where, err));
        if (!slot) {
            continue;
        }
        snprintf(where, sizeof where, "%.300s: tacit.%s", path, slots[i]);
        switch (i) {
        case 0:
            TRY(read_attention(&r->attention, slot, where, err));
            break;
        case 1:
            TRY(read_activation(&r->activation, slot, where, err));
            break;
        case 2:
            TRY(read_norm(&r->norm, slot, where, err));
            break;
        case 3:
            TRY(read_norm(&r->embedding_norm, slot, where, err));
            break;
        default:
            TRY(read_activation(&r->pooler, slot, where, err));
        }
    }
    return OK;
}

static int by_slot(const void *a, const void *b)
{
    const slot_range *x = a, *y = b;
    return strcmp(x->slot, y->slot);
}

static status read_range(slot_range *out, const json_t *value, const char *where, error *err)
{
    const json_t *lo = json_array_get(value, 0), *hi = json_array_get(value, 1);
    if (json_array_size(value) != 2 || !json_is_number(lo) || !json_is_number(hi)) {
        return error_set(err, ERR_ARTEFACT, "%s must be two numbers, [lo, hi]", where);
    }
    out->lo = json_number_value(lo);
    out->hi = json_number_value(hi);
    if (!isfinite(out->lo) || !isfinite(out->hi) || out->lo > out->hi) {
        return error_set(err, ERR_ARTEFACT, "%s: lo %g is above hi %g", where, out->lo, out->hi);
    }
    return OK;
}

static status read_ranges(recipe *r, const json_t *tacit, const char *path, arena *a, error *err)
{
    char where[WHERE_BYTES];
    snprintf(where, sizeof where, "%.300s: tacit", path);
    json_t *map, *value;
    TRY(json_get_object(tacit, "ranges", false, &map, where, err));
    const size_t n = json_object_size(map);
    if (n > RECIPE_MAX_RANGES) {
        return error_set(err, ERR_ARTEFACT, "%s: %zu ranges, at most %d", where, n,
                         RECIPE_MAX_RANGES);
    }
    slot_range *ranges = arena_take(a, n, sizeof *ranges);
    if (!ranges) {
        return error_memory(err);
    }
    r->ranges = ranges;
    const char *key;
    json_object_foreach(map, key, value)
    {
        slot_range *range = &ranges[r->n_ranges++];
        snprintf(where, sizeof where, "%.250s: tacit.ranges: '%.100s'", path, key);
        TRY(read_range(range, value, where, err));
        range->slot = arena_text(a, key);
        if (!range->slot) {
            return error_memory(err);
        }
    }
    qsort(ranges, n, sizeof *ranges, by_slot);
    return OK;
}

status recipe_read(recipe *out, const model_config *c, const char *path, arena *a, error *err)
{
    static const char *const known[] = {"schema",     "recipe", "attention",
                                        "activation", "norm",   "embedding_norm",
                                        "pooler",     "ranges", NULL};
    const recipe exact = recipe_exact(c);
    *out = exact;
    if (!c->tacit) {
        return OK;
    }
    char where[WHERE_BYTES];
    snprintf(where, sizeof where, "%.300s: tacit", path);
    size_t schema;
    const char *name;
    TRY(check_fields(c->tacit, known, where, err));
    TRY(json_get_size(c->tacit, "schema", true, 1, SIZE_MAX, &schema, where, err));
    if (schema != RECIPE_SCHEMA) {
        return error_set(err, ERR_ARTEFACT, "%s: schema %zu, this program reads %d", where, schema,
                         RECIPE_SCHEMA);
    }
    TRY(json_get_string(c->tacit, "recipe", true, &name, where, err));
    if (!recipe_named(out, name, &exact)) {
        return error_set(err, ERR_ARTEFACT, "%s: unknown recipe '%.60s'; there are %s", where, name,
                         recipe_names());
    }
    TRY(read_slots(out, c->tacit, path, err));
    return read_ranges(out, c->tacit, path, a, err);
}
