#include "api/calibrate.h"

#include <math.h>

#include "base/mem.h"

status samples_add(samples *s, double x)
{
    if (!mem_reserve((void **)&s->x, &s->cap, s->n + 1, sizeof *s->x)) {
        return ERR_RESOURCE;
    }
    s->x[s->n++] = x;
    return OK;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double samples_median(samples *s)
{
    if (s->n == 0) {
        return 0;
    }
    qsort(s->x, s->n, sizeof *s->x, by_size);
    return (s->x[(s->n - 1) / 2] + s->x[s->n / 2]) / 2;
}

void samples_clear(samples *s)
{
    mem_free(s->x);
    *s = (samples){0};
}

static status init_attention(attention_stats *a, size_t heads, error *err)
{
    a->lo = INFINITY;
    a->hi = -INFINITY;
    a->cube_lo = INFINITY;
    a->max = mem_new(heads, sizeof *a->max);
    a->log_sum = mem_new(heads, sizeof *a->log_sum);
    a->quad_sum = mem_new(heads, sizeof *a->quad_sum);
    if (!a->max || !a->log_sum || !a->quad_sum) {
        return error_memory(err);
    }
    for (size_t h = 0; h < heads; h++) {
        a->max[h] = -INFINITY;
    }
    return OK;
}

status calibration_init(calibration *c, const model *m, double shift, double length_power,
                        error *err)
{
    *c = (calibration){
        .n_ops = m->n_ops, .n_heads = m->n_heads, .c = shift, .length_power = length_power};
    c->attentions = mem_new(m->n_ops, sizeof *c->attentions);
    c->norms = mem_new(m->n_ops, sizeof *c->norms);
    status st = c->attentions && c->norms ? OK : error_memory(err);
    for (size_t i = 0; st == OK && i < m->n_layers; i++) {
        const uint32_t id = m->layers[i].attention.id;
        CHECK(id < m->n_ops);
        st = init_attention(&c->attentions[id], m->n_heads, err);
    }
    if (st != OK) {
        calibration_clear(c);
    }
    return st;
}

void calibration_clear(calibration *c)
{
    for (size_t i = 0; c->attentions && i < c->n_ops; i++) {
        attention_stats *a = &c->attentions[i];
        for (size_t h = 0; h < c->n_heads; h++) {
            if (a->log_sum) {
                samples_clear(&a->log_sum[h]);
            }
            if (a->quad_sum) {
                samples_clear(&a->quad_sum[h]);
            }
        }
        mem_free(a->max);
        mem_free(a->log_sum);
        mem_free(a->quad_sum);
    }
    mem_free(c->attentions);
    mem_free(c->norms);
    *c = (calibration){0};
}
