#include "stip/protect.h"

#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "model/copy.h"
#include "model/part.h"
#include "stip/owner.h"
#include "stip/protect_config.h"
#include "stip/protect_weights.h"

/* The two directories while they are made. */
typedef struct {
    const char *dst, *owner;
    char *dst_temp, *owner_temp; /* beside them; NULL before they are there */
} places;

static status write_server(const places *w, const model *m, const stip_permutations *p, error *err)
{
    TRY(stip_write_server_config(w->dst_temp, m, err));
    TRY(stip_write_server_weights(w->dst_temp, m, p, err));
    TRY(part_copy_terms(w->dst_temp, m, err));
    model *result; /* must be a model as any other */
    TRY(model_open(&result, w->dst_temp, err));
    model_free(result);
    return OK;
}

static status write_key(const places *w, const model *m, const stip_permutations *p, error *err)
{
    uint8_t hash[HASH_BYTES];
    TRY(stip_model_hash(hash, w->dst_temp, err));
    char *path = file_join(w->owner_temp, STIP_KEY_FILE);
    if (!path) {
        return error_memory(err);
    }
    stip_key k = {0};
    const size_t n_outputs = p->outputs ? m->head.n_labels : 0;
    status st = stip_key_make(&k, p->hidden, m->dim, p->outputs, n_outputs, hash, err);
    if (st == OK) {
        st = stip_key_write(&k, path, err);
    }
    stip_key_clear(&k);
    mem_free(path);
    return st;
}

static status write_owner(const places *w, const model *m, const stip_permutations *p, error *err)
{
    TRY(stip_write_owner_config(w->owner_temp, m, err));
    TRY(part_write_tables(w->owner_temp, m, err));
    TRY(part_copy_terms(w->owner_temp, m, err));
    TRY(part_copy_tokenizer(w->owner_temp, m, err));
    TRY(write_key(w, m, p, err));
    stip_owner result;
    TRY(stip_owner_open(&result, w->owner_temp, err));
    stip_owner_close(&result);
    return OK;
}

static status make_places(places *w, error *err)
{
    TRY(copy_begin(&w->dst_temp, w->dst, err));
    TRY(copy_begin(&w->owner_temp, w->owner, err));
    if (chmod(w->owner_temp, 0700) != 0) {
        return error_set(err, ERR_RESOURCE, "%s: its mode cannot be set", w->owner_temp);
    }
    return OK;
}

/* The owner's first: where the server's is, its key is. */
static status publish(places *w, error *err)
{
    TRY(copy_end(w->owner_temp, w->owner, err));
    const status st = copy_end(w->dst_temp, w->dst, err);
    if (st != OK) {
        copy_abandon(w->owner);
    }
    return st;
}

static status write_both(places *w, const model *m, const stip_permutations *p, error *err)
{
    TRY(make_places(w, err));
    TRY(write_server(w, m, p, err));
    TRY(write_owner(w, m, p, err));
    return publish(w, err);
}

/* After a success there is nothing at the temporary names. */
static void clear_places(places *w)
{
    char *const temps[] = {w->dst_temp, w->owner_temp};
    for (size_t i = 0; i < 2; i++) {
        if (temps[i]) {
            copy_abandon(temps[i]);
            mem_free(temps[i]);
        }
    }
}

static status protect_model(const model *m, const char *dst, const char *owner, const uint8_t *seed,
                            error *err)
{
    bool is_protected;
    TRY(stip_is_protected(&is_protected, m->dir, err));
    if (is_protected) {
        return error_set(err, ERR_POLICY, "%s: is protected already; protect the original", m->dir);
    }
    stip_permutations *p;
    TRY(stip_draw(&p, m, seed, err));
    places w = {.dst = dst, .owner = owner};
    const status st = write_both(&w, m, p, err);
    clear_places(&w);
    stip_permutations_free(p);
    return st;
}

status stip_protect(const char *src, const char *dst, const char *owner,
                    const uint8_t seed[STIP_SEED_BYTES], error *err)
{
    model *m;
    TRY(model_open(&m, src, err));
    const status st = protect_model(m, dst, owner, seed, err);
    model_free(m);
    return st;
}
