#include "party/mpc_share.h"

#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "base/secret_file.h"
#include "model/copy.h"
#include "model/part.h"
#include "mpc/engine.h"
#include "mpc/plan_json.h"
#include "mpc/tables.h"
#include "party/mpc_place.h"
#include "party/mpc_place_files.h"

enum { SERVER0, SERVER1, DEALER, OWNER, PLACES };

static const role roles[PLACES] = {ROLE_SERVER0, ROLE_SERVER1, ROLE_DEALER, ROLE_OWNER};

typedef struct {
    const model *model;
    mpc_plan *plan;
    char *plan_text;
    share_layout layout;
    uint8_t *masked;
    uint8_t seeds[2][PRG_SEED_BYTES];
    mpc_sharing sharing;
    mpc_choice choice;
    const char *dst[PLACES]; /* NULL: not wanted */
    char *temp[PLACES];      /* beside them; NULL before they are there */
} sharer;

static status make_material(sharer *s, error *err)
{
    TRY(s->choice.oblivious ? mpc_tables_measure(&s->choice.tables, s->model, err) : OK);
    TRY(mpc_plan_make(&s->plan, s->model, &s->choice, err));
    s->plan_text = mpc_plan_write(s->plan);
    if (!s->plan_text) {
        return error_memory(err);
    }
    TRY(share_layout_new(&s->layout, s->model, s->plan, err));
    s->masked = mem_new(s->layout.bytes, 1);
    if (!s->masked) {
        return error_memory(err);
    }
    TRY(random_bytes(s->seeds, sizeof s->seeds, err));
    return mpc_mask_weights(s->masked, &s->layout, s->model, s->plan,
                            (const uint8_t(*)[PRG_SEED_BYTES])s->seeds, err);
}

static status write_file(const char *dir, const char *name, const void *data, size_t len,
                         error *err)
{
    char *path = file_join(dir, name);
    const status st = path ? secret_file_create(path, data, len, err) : error_memory(err);
    mem_free(path);
    return st;
}

/* What servers and dealer have alike. */
static status write_common(const sharer *s, const char *dir, error *err)
{
    const part_config config = {.architecture = part_bare_architecture(s->model),
                                .vocab = s->choice.oblivious ? s->model->embeddings.vocab
                                                             : s->model->pad_id + 1,
                                .recipe = true,
                                .ranges = true};
    TRY(part_write_config(dir, s->model, &config, err));
    TRY(part_write_constants(dir, s->model, err));
    TRY(part_copy_terms(dir, s->model, err));
    return write_file(dir, MPC_PLAN_FILE, s->plan_text, strlen(s->plan_text), err);
}

static status write_seed(const sharer *s, const char *dir, const char *name, int i, error *err)
{
    return write_file(dir, name, s->seeds[i], PRG_SEED_BYTES, err);
}

static status write_server(const sharer *s, int i, error *err)
{
    const char *dir = s->temp[SERVER0 + i];
    TRY(write_common(s, dir, err));
    TRY(write_file(dir, MPC_MASKED_FILE, s->masked, s->layout.bytes, err));
    return write_seed(s, dir, MPC_SEED_FILE, i, err);
}

static status write_dealer(const sharer *s, error *err)
{
    TRY(write_common(s, s->temp[DEALER], err));
    for (int i = 0; i < 2; i++) {
        char name[16];
        snprintf(name, sizeof name, MPC_DEALER_SEED_FILE, i);
        TRY(write_seed(s, s->temp[DEALER], name, i, err));
    }
    return OK;
}

static status write_owner(const sharer *s, error *err)
{
    /* of the recipe the forms, which a report names; the ranges are not the data owner's affair */
    const part_config config = {.vocab = s->model->embeddings.vocab, .names = true, .recipe = true};
    const char *dir = s->temp[OWNER];
    TRY(part_write_config(dir, s->model, &config, err));
    TRY(s->choice.oblivious ? OK : part_write_tables(dir, s->model, err));
    TRY(part_copy_terms(dir, s->model, err));
    return part_copy_tokenizer(dir, s->model, err);
}

static status hash_parts(sharer *s, error *err)
{
    static const struct {
        mpc_shared_part part;
        int place;
        const char *name;
    } files[] = {
        {SHARED_CONFIG, SERVER0, "config.json"},
        {SHARED_CONSTANTS, SERVER0, "model.safetensors"},
        {SHARED_PLAN, SERVER0, MPC_PLAN_FILE},
        {SHARED_MASKED, SERVER0, MPC_MASKED_FILE},
        {SHARED_OWNER_CONFIG, OWNER, "config.json"},
        {SHARED_OWNER_TABLES, OWNER, "model.safetensors"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *dir = s->temp[files[i].place];
        if (dir) {
            TRY(mpc_sharing_file_hash(s->sharing.part[files[i].part], dir, files[i].name, err));
        }
    }
    for (int i = 0; i < 2; i++) {
        TRY(mpc_sharing_commit(s->sharing.part[SHARED_SEED0 + i], s->seeds[i], PRG_SEED_BYTES,
                               err));
    }
    s->sharing.input_bits = mpc_input_bits(s->plan, s->model);
    s->sharing.label_only = s->plan->label_only;
    s->sharing.oblivious = s->plan->oblivious;
    return mpc_sharing_seal(&s->sharing, err);
}

static status write_all(sharer *s, error *err)
{
    for (int i = 0; i < PLACES; i++) {
        if (s->dst[i]) {
            TRY(copy_begin(&s->temp[i], s->dst[i], err));
            TRY(mpc_place_make_private(s->temp[i], err));
        }
    }
    TRY(write_server(s, 0, err));
    TRY(write_server(s, 1, err));
    TRY(write_dealer(s, err));
    if (s->dst[OWNER]) {
        TRY(write_owner(s, err));
    }
    TRY(hash_parts(s, err));
    for (int i = 0; i < PLACES; i++) {
        if (s->dst[i]) {
            s->sharing.who = roles[i];
            TRY(mpc_sharing_write(&s->sharing, s->temp[i], err));
            TRY(mpc_place_make_private(s->temp[i], err));
        }
    }
    return OK;
}

/* Each must open as its party will open it. Config and plan, which take the time, are the same in
 * all three. */
static status try_all(const sharer *s, error *err)
{
    mpc_place place;
    TRY(mpc_place_check_files(s->temp[SERVER0], ROLE_SERVER0, err));
    TRY(mpc_place_check_files(s->temp[DEALER], ROLE_DEALER, err));
    TRY(mpc_place_open(&place, s->temp[SERVER1], ROLE_SERVER1, err));
    mpc_place_close(&place);
    if (!s->dst[OWNER]) {
        return OK;
    }
    model *tables;
    mpc_sharing sharing;
    TRY(mpc_place_check_owner(&sharing, s->temp[OWNER], err));
    TRY(s->choice.oblivious ? model_open_labels(&tables, s->temp[OWNER], err)
                            : model_open_tables(&tables, s->temp[OWNER], err));
    model_free(tables);
    return OK;
}

static status publish(sharer *s, error *err)
{
    for (int i = 0; i < PLACES; i++) {
        const status st = s->dst[i] ? copy_end(s->temp[i], s->dst[i], err) : OK;
        if (st != OK) {
            while (i-- > 0) {
                if (s->dst[i]) {
                    copy_abandon(s->dst[i]);
                }
            }
            return st;
        }
    }
    return OK;
}

static void clear(sharer *s)
{
    for (int i = 0; i < PLACES; i++) {
        if (s->temp[i]) {
            copy_abandon(s->temp[i]); /* after a success there is nothing at that name */
            mem_free(s->temp[i]);
        }
    }
    mem_wipe(s->seeds, sizeof s->seeds);
    mem_free(s->masked);
    share_layout_clear(&s->layout);
    mem_free(s->plan_text);
    mpc_plan_free(s->plan);
}

status mpc_share(mpc_sharing *out, const char *src, const mpc_share_options *to, error *err)
{
    model *m;
    TRY(model_open(&m, src, err));
    sharer s = {.model = m,
                .choice = {.label_only = to->label_only, .oblivious = to->oblivious},
                .dst = {to->server[0], to->server[1], to->dealer, to->owner}};
    status st = make_material(&s, err);
    if (st == OK) {
        st = write_all(&s, err);
    }
    if (st == OK) {
        st = try_all(&s, err);
    }
    if (st == OK) {
        st = publish(&s, err);
    }
    *out = s.sharing;
    clear(&s);
    model_free(m);
    return st;
}
