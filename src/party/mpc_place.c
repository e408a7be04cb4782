#define _GNU_SOURCE
#include "party/mpc_place.h"

#include <string.h>

#include "base/mem.h"
#include "base/secret_file.h"
#include "mpc/engine.h"
#include "mpc/plan_json.h"
#include "party/mpc_place_files.h"

static status open_plan(mpc_place *p, const char *dir, error *err)
{
    file_map file = {0};
    char *path = file_join(dir, MPC_PLAN_FILE);
    if (!path) {
        return error_memory(err);
    }
    status st = mpc_sharing_check_file(&p->sharing, SHARED_PLAN, dir, MPC_PLAN_FILE, err);
    if (st == OK) {
        st = file_open(&file, path, MPC_PLAN_MAX_BYTES, err);
    }
    if (st == OK) {
        st = mpc_plan_open(&p->plan, p->model, file.bytes, path, err);
    }
    file_close(&file);
    mem_free(path);
    if (st == OK && (mpc_input_bits(p->plan, p->model) != p->sharing.input_bits ||
                     p->plan->label_only != p->sharing.label_only ||
                     p->plan->oblivious != p->sharing.oblivious)) {
        st =
            error_set(err, ERR_ARTEFACT,
                      "%s/%s: 'input_bits', 'label_only' and 'oblivious' are not those of the plan",
                      dir, MPC_SHARING_FILE);
    }
    return st;
}

static status open_masked(mpc_place *p, const char *dir, error *err)
{
    TRY(mpc_sharing_check_file(&p->sharing, SHARED_MASKED, dir, MPC_MASKED_FILE, err));
    char *path = file_join(dir, MPC_MASKED_FILE);
    if (!path) {
        return error_memory(err);
    }
    status st = file_open(&p->masked, path, SIZE_MAX, err);
    if (st == OK && p->masked.bytes.len != p->layout.bytes) {
        st = error_set(err, ERR_ARTEFACT, "%s: %zu bytes, the plan says %zu", path,
                       p->masked.bytes.len, p->layout.bytes);
    }
    mem_free(path);
    return st;
}

/* A seed of the sharing, by its number. */
static status read_seed(uint8_t *seed, const mpc_place *p, const char *dir, const char *name,
                        int number, error *err)
{
    secret file;
    uint8_t commitment[HASH_BYTES];
    char *path = file_join(dir, name);
    if (!path) {
        return error_memory(err);
    }
    status st = secret_file_read(&file, path, PRG_SEED_BYTES, err);
    if (st == OK) {
        st = mpc_sharing_commit(commitment, file.data, file.len, err);
        if (st == OK && (file.len != PRG_SEED_BYTES ||
                         !hash_equal(commitment, p->sharing.part[SHARED_SEED0 + number]))) {
            st = error_set(err, ERR_POLICY, "%s: is not the seed of this sharing", path);
        }
        if (st == OK) {
            memcpy(seed, file.data, PRG_SEED_BYTES);
        }
        secret_clear(&file);
    }
    mem_free(path);
    return st;
}

static status read_seeds(uint8_t seeds[2][PRG_SEED_BYTES], const mpc_place *p, const char *dir,
                         error *err)
{
    for (int i = 0; i < 2; i++) {
        char name[16];
        snprintf(name, sizeof name, MPC_DEALER_SEED_FILE, i);
        const bool dealer = p->who == HOLDER_DEALER;
        const int number = dealer ? i : p->who == HOLDER_SERVER1;
        TRY(read_seed(seeds[i], p, dir, dealer ? name : MPC_SEED_FILE, number, err));
    }
    return OK;
}

static status make_weights(mpc_place *p, const char *dir, error *err)
{
    uint8_t seeds[2][PRG_SEED_BYTES];
    status st = read_seeds(seeds, p, dir, err);
    if (st == OK) {
        st = mpc_weights_new(&p->weights, p->who, p->masked.bytes.data, &p->layout, p->model,
                             p->plan, (const uint8_t(*)[PRG_SEED_BYTES])seeds, err);
    }
    mem_wipe(seeds, sizeof seeds);
    return st;
}

static status open_place(mpc_place *p, const char *dir, role who, error *err)
{
    TRY(mpc_place_check_files(dir, who, err));
    TRY(mpc_sharing_read(&p->sharing, dir, err));
    TRY(mpc_sharing_check_role(&p->sharing, who, dir, err));
    TRY(mpc_sharing_check_file(&p->sharing, SHARED_CONFIG, dir, "config.json", err));
    TRY(mpc_sharing_check_file(&p->sharing, SHARED_CONSTANTS, dir, "model.safetensors", err));
    TRY(model_open_shapes(&p->model, dir, err));
    TRY(open_plan(p, dir, err));
    TRY(share_layout_new(&p->layout, p->model, p->plan, err));
    if (who != ROLE_DEALER) {
        TRY(open_masked(p, dir, err));
    }
    return make_weights(p, dir, err);
}

status mpc_place_open(mpc_place *out, const char *dir, role who, error *err)
{
    *out = (mpc_place){.who = who == ROLE_SERVER0   ? HOLDER_SERVER0
                              : who == ROLE_SERVER1 ? HOLDER_SERVER1
                                                    : HOLDER_DEALER};
    const status st = open_place(out, dir, who, err);
    if (st != OK) {
        mpc_place_close(out);
    }
    return st;
}

void mpc_place_close(mpc_place *p)
{
    mpc_weights_free(p->weights);
    file_close(&p->masked);
    share_layout_clear(&p->layout);
    mpc_plan_free(p->plan);
    model_free(p->model);
    *p = (mpc_place){0};
}

status mpc_place_check_owner(mpc_sharing *out, const char *dir, error *err)
{
    TRY(mpc_sharing_read(out, dir, err));
    TRY(mpc_sharing_check_role(out, ROLE_OWNER, dir, err));
    TRY(mpc_sharing_check_file(out, SHARED_OWNER_CONFIG, dir, "config.json", err));
    return mpc_sharing_check_file(out, SHARED_OWNER_TABLES, dir, "model.safetensors", err);
}
