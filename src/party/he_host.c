#include "party/he_host.h"

#include <string.h>

#include "base/mem.h"
#include "he/states.h"
#include "party/he_host_parts.h"

static status open_host(he_host *h, const he_host_options *o, error *err)
{
    const he_wish wish = {.tokens = 1};
    TRY(he_states_check(o->model, err));
    TRY(he_cache_new(&h->cache, o->memory, err));
    TRY(pool_new(&h->pool, o->threads, err));
    return he_plan_make(&h->place[0].plan, o->model, &wish, err);
}

status he_host_new(he_host **out, const he_host_options *o, error *err)
{
    *out = NULL;
    he_host *h = mem_new(1, sizeof *h);
    if (!h) {
        return error_memory(err);
    }
    pthread_mutex_init(&h->turn, NULL);
    h->model = o->model;
    h->timeout_ms = o->timeout_ms ? o->timeout_ms : HE_TIMEOUT_MS;
    memcpy(h->digest, o->digest, HASH_BYTES);
    const status st = open_host(h, o, err);
    if (st != OK) {
        he_host_free(h);
        return st;
    }
    *out = h;
    return OK;
}

void he_host_free(he_host *h)
{
    if (!h) {
        return;
    }
    he_cache_free(h->cache); /* its sessions use the places */
    for (size_t i = 0; i < HE_PLACES; i++) {
        he_server_free(h->place[i].server);
        he_plan_free(h->place[i].plan);
        mem_free(h->place[i].seconds);
    }
    pool_free(h->pool);
    pthread_mutex_destroy(&h->turn);
    mem_free(h);
}

size_t he_host_threads(const he_host *h)
{
    return pool_size(h->pool);
}

/* For the longest inputs that the layout has room for. */
static status plan_long(he_host *h, error *err)
{
    const size_t most = 4 * (h->model->dim / h->model->n_heads);
    const he_wish wish = {.tokens = most < HE_MAX_TOKENS ? most : HE_MAX_TOKENS};
    return h->place[1].plan ? OK : he_plan_make(&h->place[1].plan, h->model, &wish, err);
}

static status encode(he_host *h, he_place *p, he_shortage *why, error *err)
{
    if (!he_cache_reserve(h->cache, p->plan->weight_memory, why)) {
        return error_set(err, ERR_RESOURCE, "no memory for weights");
    }
    *why = (he_shortage){0};
    const size_t n = p->plan->program->n;
    p->seconds = mem_new(n, sizeof *p->seconds);
    status st = p->seconds ? OK : error_memory(err);
    st = st == OK ? he_server_new(&p->server, p->plan, h->pool, err) : st;
    if (st != OK) {
        mem_free(p->seconds);
        p->seconds = NULL;
        he_cache_release(h->cache, p->plan->weight_memory);
        return st;
    }
    for (size_t i = 0; i < n; i++) {
        p->seconds[i] = 1;
    }
    return OK;
}

status he_host_open(he_host *h, size_t *place, size_t tokens, he_shortage *why, error *err)
{
    *why = (he_shortage){0};
    *place = tokens <= h->place[0].plan->program->shape.tokens ? 0 : 1;
    TRY(*place == 0 ? OK : plan_long(h, err));
    he_place *p = &h->place[*place];
    if (tokens > p->plan->program->shape.tokens) {
        return error_set(err, ERR_USAGE, "%zu tokens: this model takes %zu at most", tokens,
                         p->plan->program->shape.tokens);
    }
    return p->server ? OK : encode(h, p, why, err);
}
