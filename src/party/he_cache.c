#include "party/he_cache.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"

typedef struct {
    he_cache_key key;
    he_session *session; /* NULL: free */
    size_t bytes;
    uint64_t since;
} set;

struct he_cache {
    pthread_mutex_t lock;
    size_t limit, taken;
    uint64_t clock; /* counts what came to wait */
    set sets[HE_CACHE_SETS];
};

status he_cache_new(he_cache **out, size_t limit, error *err)
{
    he_cache *c = mem_new(1, sizeof *c);
    *out = c;
    if (!c) {
        return error_memory(err);
    }
    pthread_mutex_init(&c->lock, NULL);
    c->limit = limit ? limit : mem_available();
    return OK;
}

static void drop(he_cache *c, set *s)
{
    he_session_free(s->session);
    c->taken -= s->bytes;
    *s = (set){0};
}

void he_cache_free(he_cache *c)
{
    if (c) {
        for (size_t i = 0; i < HE_CACHE_SETS; i++) {
            drop(c, &c->sets[i]);
        }
        pthread_mutex_destroy(&c->lock);
        mem_free(c);
    }
}

static set *oldest(he_cache *c)
{
    set *found = NULL;
    for (size_t i = 0; i < HE_CACHE_SETS; i++) {
        set *s = &c->sets[i];
        if (s->session && (!found || s->since < found->since)) {
            found = s;
        }
    }
    return found;
}

bool he_cache_reserve(he_cache *c, size_t bytes, he_shortage *why)
{
    pthread_mutex_lock(&c->lock);
    size_t busy = c->taken;
    for (size_t i = 0; i < HE_CACHE_SETS; i++) {
        busy -= c->sets[i].bytes;
    }
    const bool fits = bytes <= c->limit && busy <= c->limit - bytes;
    *why = (he_shortage){.need = (uint64_t)busy + bytes, .limit = c->limit};
    while (fits && c->taken > c->limit - bytes) {
        drop(c, oldest(c));
    }
    c->taken += fits ? bytes : 0;
    pthread_mutex_unlock(&c->lock);
    return fits;
}

void he_cache_release(he_cache *c, size_t bytes)
{
    pthread_mutex_lock(&c->lock);
    CHECK(bytes <= c->taken);
    c->taken -= bytes;
    pthread_mutex_unlock(&c->lock);
}

static bool same(const he_cache_key *a, const he_cache_key *b)
{
    return a->place == b->place && hash_equal(a->owner, b->owner) && hash_equal(a->name, b->name);
}

he_session *he_cache_take(he_cache *c, const he_cache_key *k)
{
    he_session *found = NULL;
    pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < HE_CACHE_SETS && !found; i++) {
        set *s = &c->sets[i];
        if (s->session && same(&s->key, k)) {
            found = s->session;
            *s = (set){0};
        }
    }
    pthread_mutex_unlock(&c->lock);
    return found;
}

/* A place for one more: one that is free, that of the same set, or the oldest's. */
static set *room(he_cache *c, const he_cache_key *k)
{
    set *empty = NULL;
    for (size_t i = 0; i < HE_CACHE_SETS; i++) {
        set *s = &c->sets[i];
        if (s->session && same(&s->key, k)) {
            return s;
        }
        empty = s->session ? empty : s;
    }
    return empty ? empty : oldest(c);
}

void he_cache_give(he_cache *c, const he_cache_key *k, he_session *s, size_t bytes)
{
    pthread_mutex_lock(&c->lock);
    set *at = room(c, k);
    drop(c, at);
    *at = (set){.key = *k, .session = s, .bytes = bytes, .since = c->clock++};
    pthread_mutex_unlock(&c->lock);
}
