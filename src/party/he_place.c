#include "party/he_place.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "he/plan.h"
#include "he/states.h"
#include "model/copy.h"
#include "model/digest.h"
#include "model/part.h"

status he_place_decode(uint8_t digest[HASH_BYTES], span bytes, const char *name, error *err)
{
    json_t *o = NULL;
    size_t version = 0;
    TRY(json_read(&o, bytes, name, err));
    status st = json_get_size(o, "he_owner", true, 1, SIZE_MAX, &version, name, err);
    if (st == OK && version != HE_PLACE_VERSION) {
        st = error_set(err, ERR_PROTOCOL, "%s: version %zu, this program reads %d", name, version,
                       HE_PLACE_VERSION);
    }
    st = st == OK ? json_get_hash(o, "model", digest, name, err) : st;
    json_decref(o);
    return st;
}

static status read_place(uint8_t digest[HASH_BYTES], const char *dir, error *err)
{
    file_map file = {0};
    char *path = file_join(dir, HE_PLACE_FILE);
    status st = path ? file_open(&file, path, HE_PLACE_MAX_BYTES, err) : error_memory(err);
    st = st == OK ? he_place_decode(digest, file.bytes, path, err) : st;
    file_close(&file);
    mem_free(path);
    return st;
}

status he_place_model(uint8_t digest[HASH_BYTES], const model *m, error *err)
{
    return m->layers ? model_digest(digest, m, err) : read_place(digest, m->dir, err);
}

static status write_place(const char *dir, const uint8_t digest[HASH_BYTES], error *err)
{
    json_t *o = json_pack("{s:i, s:o}", "he_owner", HE_PLACE_VERSION, "model", json_hash(digest));
    char *dump = o ? json_write(o, JSON_INDENT(2)) : NULL;
    char *path = file_join(dir, HE_PLACE_FILE);
    const status st =
        dump && path ? file_write(path, dump, strlen(dump), 0644, err) : error_memory(err);
    json_decref(o);
    mem_free(dump);
    mem_free(path);
    return st;
}

/* It must open as an owner will open it. */
static status try_place(const char *dir, error *err)
{
    uint8_t digest[HASH_BYTES];
    model *m;
    TRY(model_open_embeddings(&m, dir, err));
    const status st = he_place_model(digest, m, err);
    model_free(m);
    return st;
}

static status fill(const char *dir, const model *m, const uint8_t digest[HASH_BYTES], error *err)
{
    /* of the recipe the forms, since the embeddings' norm has one; ranges are not the owner's */
    const part_config config = {.vocab = m->embeddings.vocab, .names = true, .recipe = true};
    TRY(part_write_config(dir, m, &config, err));
    TRY(part_write_embeddings(dir, m, err));
    TRY(part_copy_terms(dir, m, err));
    TRY(part_copy_tokenizer(dir, m, err));
    TRY(write_place(dir, digest, err));
    return try_place(dir, err);
}

/* Whether a server could serve it, said before anything is written. */
static status check(const model *m, error *err)
{
    const he_wish wish = {.tokens = 1};
    he_plan *plan;
    TRY(he_states_check(m, err));
    TRY(he_plan_make(&plan, m, &wish, err));
    he_plan_free(plan);
    return OK;
}

status he_place_make(uint8_t digest[HASH_BYTES], const char *src, const char *dst, error *err)
{
    char *temp = NULL;
    model *m;
    TRY(model_open(&m, src, err));
    status st = check(m, err);
    st = st == OK ? model_digest(digest, m, err) : st;
    st = st == OK ? copy_begin(&temp, dst, err) : st;
    st = st == OK ? fill(temp, m, digest, err) : st;
    st = st == OK ? copy_end(temp, dst, err) : st;
    if (temp) {
        copy_abandon(temp); /* after a success there is nothing at that name */
        mem_free(temp);
    }
    model_free(m);
    return st;
}
