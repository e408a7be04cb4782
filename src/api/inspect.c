#include "model/inspect.h"

#include "api/api.h"

static status describe(char **json, const tacit_model *m, error *err)
{
    json_t *o = model_describe(m->model);
    const bool ok =
        m->tokenizer
            ? json_object_set_new(o, "tokenizer_vocabulary",
                                  json_integer((json_int_t)tokenizer_vocab(m->tokenizer))) == 0
            : json_object_set_new(o, "protected", json_string("stip")) == 0;
    if (!ok) {
        json_decref(o);
        o = NULL;
    }
    return api_dump(json, o, err);
}

tacit_status tacit_model_describe(const tacit_model *m, char **json, tacit_error *err)
{
    error inner = {0};
    *json = NULL;
    return api_return(err, describe(json, m, &inner), &inner);
}

static status verify(char **json, const tacit_model *m, const char *dir, error *err)
{
    json_t *notes = NULL;
    TRY(model_verify(m->model, &notes, err));
    return api_dump(json,
                    json_pack("{s:s, s:b, s:I, s:o}", "model", dir, "sound", 1, "parameters",
                              (json_int_t)m->model->n_parameters, "notes", notes),
                    err);
}

tacit_status tacit_verify(const char *dir, char **json, tacit_error *err)
{
    tacit_error why;
    tacit_model *m = NULL;
    *json = NULL;
    const tacit_status opened = tacit_model_open(&m, dir, err ? err : &why);
    if (opened != TACIT_OK) {
        return opened;
    }
    error inner = {0};
    const status st = verify(json, m, dir, &inner);
    tacit_model_free(m);
    return api_return(err, st, &inner);
}
