/* config.json from nobody knows where, with the recipe in it: if it is taken, all is within its
 * limits; and the recipe, written out and spliced in, reads back as it was. */
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/config_splice.h"
#include "model/recipe.h"

static void check_config(const model_config *c)
{
    CHECK(c->dim >= 1 && c->dim <= CONFIG_MAX_DIM && c->dim % c->n_heads == 0);
    CHECK(c->n_layers <= CONFIG_MAX_LAYERS && c->vocab <= CONFIG_MAX_VOCAB);
    CHECK(c->max_tokens >= 1 && c->first_position + c->max_tokens <= c->max_positions);
    CHECK(c->pad_id < c->vocab && c->eps >= 0 && c->eps <= 1);
    CHECK(c->architecture->head == HEAD_EMBEDDING || c->n_labels >= 1);
    for (size_t i = 0; i < c->n_labels; i++) {
        CHECK(c->labels[i]);
    }
}

static void check_recipe(const recipe *r)
{
    CHECK(isfinite(r->attention.c) && r->attention.power % 2 == 0);
    CHECK(!r->attention.has_interval || r->attention.lo < r->attention.hi);
    const model m = {.recipe = *r};
    for (size_t i = 0; i < r->n_ranges; i++) {
        CHECK(r->ranges[i].lo <= r->ranges[i].hi);
        CHECK(model_range(&m, r->ranges[i].slot) == &r->ranges[i]);
        (void)model_has_slot(&m, r->ranges[i].slot);
    }
}

static bool same(const recipe *a, const recipe *b)
{
    const attention_choice *x = &a->attention, *y = &b->attention;
    return strcmp(a->name, b->name) == 0 && x->form == y->form && x->c == y->c &&
           x->length_power == y->length_power && x->literal == y->literal && x->sigma == y->sigma &&
           x->has_interval == y->has_interval && x->lo == y->lo && x->hi == y->hi &&
           x->power == y->power && a->activation == b->activation && a->norm == b->norm &&
           a->embedding_norm == b->embedding_norm && a->pooler == b->pooler &&
           a->n_ranges == b->n_ranges;
}

/* Written into the document, the recipe must read back. */
static void write_back(const recipe *r, span doc, arena *a)
{
    json_t *tacit = recipe_json(r);
    text out = {0};
    error err = {0};
    CHECK(tacit);
    if (config_splice(&out, doc, "tacit", tacit, "f", &err) == OK) {
        model_config c;
        recipe again;
        const span bytes = {.data = (const uint8_t *)out.bytes, .len = out.len};
        CHECK(config_read(&c, bytes, "f", a, &err) == OK);
        CHECK(recipe_read(&again, &c, "f", a, &err) == OK);
        CHECK(same(r, &again));
        config_clear(&c);
    } else {
        CHECK(strstr(err.text, "escapes")); /* the key is there as \u0074acit */
    }
    text_clear(&out);
    json_decref(tacit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    arena *a = arena_new();
    const span doc = {.data = data, .len = len};
    model_config c;
    error err = {0};
    if (config_read(&c, doc, "f", a, &err) != OK) {
        CHECK(err.code == ERR_ARTEFACT && err.text[0] == 'f' && !c.doc);
        arena_free(a);
        return 0;
    }
    check_config(&c);
    recipe r;
    if (recipe_read(&r, &c, "f", a, &err) == OK) {
        check_recipe(&r);
        write_back(&r, doc, a);
    } else {
        CHECK(err.code == ERR_ARTEFACT && err.text[0] == 'f');
    }
    config_clear(&c);
    arena_free(a);
    return 0;
}
