#include "support/calibrated.h"

#include "test.h"

static void must(status st, const error *err)
{
    if (st != OK) {
        fail_msg("%s", err->text);
    }
}

/* The answer of the plain engine, which notes the ranges. */
static void forward(calibrated *c)
{
    pool *p;
    engine *e;
    error err = {0};
    plain_options o = {.precision = PLAIN_F32, .ranges = c->seen};
    must(pool_new(&p, 1, &err), &err);
    must(cpu_pick(&o.isa, &err), &err);
    must(plain_engine_new(&e, c->m, p, &o, &err), &err);
    e->err = &err;
    must(nn_encoder_forward(e, c->expected, c->m, &c->in), &err);
    e->ops->free(e);
    pool_free(p);
}

/* Sorted by slot, as a recipe has them. */
static void take_ranges(calibrated *c)
{
    const size_t n = range_recorder_count(c->seen);
    c->ranges = calloc(n, sizeof *c->ranges);
    assert_non_null(c->ranges);
    for (size_t i = 0; i < n; i++) {
        size_t j = i;
        const slot_range r = range_recorder_get(c->seen, i);
        for (; j > 0 && strcmp(r.slot, c->ranges[j - 1].slot) < 0; j--) {
            c->ranges[j] = c->ranges[j - 1];
        }
        c->ranges[j] = r;
    }
    c->had = c->m->recipe.ranges;
    c->n_had = c->m->recipe.n_ranges;
    c->m->recipe.ranges = c->ranges;
    c->m->recipe.n_ranges = n;
}

void calibrated_open(calibrated *c, const char *name, size_t number)
{
    error err = {0};
    char *dir = model_fixture_dir(name);
    json_t *file = model_fixture_read(name);
    *c = (calibrated){0};
    must(model_open(&c->m, dir, &err), &err);
    fixture_batch_read(&c->batch, json_array_get(json_object_get(file, "cases"), number), c->m);
    const sequences seqs = c->batch.tokens.seqs;
    const size_t rows = seqs.start[seqs.n], dim = c->m->dim;
    c->n = c->batch.rows * c->batch.columns;
    c->x = calloc(rows * dim, sizeof *c->x);
    c->expected = calloc(c->n, sizeof *c->expected);
    assert_true(c->x && c->expected);
    c->in = (embedded){.rows = rows,
                       .dim = dim,
                       .seqs = seqs,
                       .x = c->x,
                       .ids = c->batch.tokens.ids,
                       .positions = c->batch.tokens.positions,
                       .types = c->batch.tokens.types};
    must(nn_embed(c->x, c->m, &c->batch.tokens, &err), &err);
    must(range_recorder_new(&c->seen, &err), &err);
    forward(c);
    take_ranges(c);
    json_decref(file);
    free(dir);
}

void calibrated_close(calibrated *c)
{
    c->m->recipe.ranges = c->had;
    c->m->recipe.n_ranges = c->n_had;
    range_recorder_free(c->seen);
    free(c->ranges);
    free(c->expected);
    free(c->x);
    fixture_batch_clear(&c->batch);
    model_free(c->m);
}
