#include "api/api.h"
#include "base/file.h"
#include "base/mem.h"
#include "party/he_place.h"
#include "party/mpc_sharing.h"
#include "stip/protect.h"

/* A directory that is protected for a server holds none: texts stay with their owner. */
static status open_tokenizer(tacit_model *m, const char *dir, error *err)
{
    bool is_protected;
    TRY(stip_is_protected(&is_protected, dir, err));
    if (is_protected) {
        return OK;
    }
    TRY(tokenizer_open(&m->tokenizer, dir, err));
    if (tokenizer_vocab(m->tokenizer) > m->model->embeddings.vocab) {
        return error_set(err, ERR_ARTEFACT,
                         "%s: the tokenizer has ids up to %zu, config.json has vocab_size %zu", dir,
                         tokenizer_vocab(m->tokenizer) - 1, m->model->embeddings.vocab);
    }
    return OK;
}

/* What the model's owner gives to the data owner: tables, no layers; and a key under stip, the id
 * of a sharing under mpc, of a model under he. */
static bool is_owners_part(const char *dir)
{
    return file_exists_in(dir, STIP_KEY_FILE) || file_exists_in(dir, MPC_SHARING_FILE) ||
           file_exists_in(dir, HE_PLACE_FILE);
}

static status open_model(tacit_model **out, const char *dir, error *err)
{
    *out = NULL;
    tacit_model *m = mem_new(1, sizeof *m);
    if (!m) {
        return error_memory(err);
    }
    status st = OK;
    if (!is_owners_part(dir)) {
        st = model_open(&m->model, dir, err);
    } else if (file_exists_in(dir, MPC_SHARING_FILE) && !file_exists_in(dir, "model.safetensors")) {
        st = model_open_labels(&m->model, dir, err); /* the tables are shared */
    } else if (file_exists_in(dir, HE_PLACE_FILE)) {
        st = model_open_embeddings(&m->model, dir, err); /* with the norm */
    } else {
        st = model_open_tables(&m->model, dir, err);
    }
    if (st == OK) {
        st = open_tokenizer(m, dir, err);
    }
    if (st != OK) {
        tacit_model_free(m);
        return st;
    }
    *out = m;
    return OK;
}

status model_check_askable(const tacit_model *m, error *err)
{
    return m->tokenizer ? OK
                        : error_set(err, ERR_USAGE,
                                    "%s: is protected by STIP: it answers the rows of a data "
                                    "owner, not texts",
                                    m->model->dir);
}

tacit_status tacit_model_open(tacit_model **out, const char *dir, tacit_error *err)
{
    error inner = {0};
    return api_return(err, open_model(out, dir, &inner), &inner);
}

void tacit_model_free(tacit_model *m)
{
    if (m) {
        tokenizer_free(m->tokenizer);
        model_free(m->model);
        mem_free(m);
    }
}

size_t tacit_model_labels(const tacit_model *m)
{
    return m->model->head.n_labels;
}

const char *tacit_model_label(const tacit_model *m, size_t label)
{
    return m && label < m->model->head.n_labels ? m->model->head.labels[label] : "";
}
