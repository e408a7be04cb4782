#include "base/mem.h"
#include "plain/state.h"

static void value_free(plain_engine *e, value *v)
{
    e->bytes -= v->capacity * sizeof *v->own;
    mem_free(v->own);
    mem_free(v);
}

/* Take from the free list the smallest buffer that is large enough. Where none is, the largest
 * one is taken to be replaced, so that the list grows no longer than the most values alive. */
static value *take_free(plain_engine *e, size_t need)
{
    value **best = NULL;
    for (value **at = &e->free_values; *at; at = &(*at)->next) {
        const size_t has = (*at)->capacity, had = best ? (*best)->capacity : 0;
        const bool better = had >= need ? has >= need && has < had : has > had;
        if (!best || better) {
            best = at;
        }
    }
    if (!best) {
        return NULL;
    }
    value *v = *best;
    *best = v->next;
    return v;
}

status plain_value_new(plain_engine *e, value **out, size_t rows, size_t columns)
{
    *out = NULL;
    size_t need;
    if (!mem_mul(&need, rows, columns)) {
        return error_memory(e->base.err);
    }
    value *v = take_free(e, need);
    if (v && v->capacity < need) {
        value_free(e, v);
        v = NULL;
    }
    if (!v) {
        v = mem_new(1, sizeof *v);
        float *own = mem_new(need, sizeof *own);
        if (!v || !own) {
            mem_free(v);
            mem_free(own);
            return error_memory(e->base.err);
        }
        v->own = own;
        v->capacity = need;
        e->bytes += need * sizeof *own;
    }
    v->serial = ++e->serials;
    v->rows = rows;
    v->columns = columns;
    v->data = v->own;
    *out = v;
    return OK;
}

void plain_value_drop(engine *e, value *v)
{
    plain_engine *p = (plain_engine *)e;
    if (!v) {
        return;
    }
    v->next = p->free_values;
    p->free_values = v;
}

void plain_values_free(plain_engine *e)
{
    while (e->free_values) {
        value *v = e->free_values;
        e->free_values = v->next;
        value_free(e, v);
    }
}

status plain_scratch_need(plain_engine *e, scratch *s, size_t n, size_t size)
{
    size_t bytes;
    if (!mem_mul(&bytes, n, size)) {
        return error_memory(e->base.err);
    }
    if (bytes <= s->size) {
        return OK;
    }
    mem_free(s->bytes);
    e->bytes -= s->size;
    *s = (scratch){.bytes = mem_new(bytes, 1)};
    if (!s->bytes) {
        return error_memory(e->base.err);
    }
    s->size = bytes;
    e->bytes += bytes;
    return OK;
}

void plain_engine_forget(engine *e)
{
    plain_engine *p = (plain_engine *)e;
    for (value *v = p->free_values; v; v = v->next) {
        mem_wipe(v->own, v->capacity * sizeof *v->own);
    }
    scratch *const all[] = {&p->operand, &p->workers};
    for (size_t i = 0; i < 2; i++) {
        if (all[i]->bytes) {
            mem_wipe(all[i]->bytes, all[i]->size);
        }
    }
    p->operand_of = 0;
}
