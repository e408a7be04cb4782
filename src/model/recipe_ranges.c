#include <string.h>

#include "base/mem.h"
#include "model/recipe.h"

/* Every slot that a range may be about is "<operation>/<quantity>". An operation's kind says which
 * quantities it has. */
typedef enum { SLOT_LINEAR, SLOT_ATTENTION, SLOT_ACTIVATION, SLOT_NORM } slot_kind;

static const char *const quantities[][4] = {
    [SLOT_LINEAR] = {"output", NULL},
    [SLOT_ATTENTION] = {"scores", "sum", "context", NULL},
    [SLOT_ACTIVATION] = {"input", NULL},
    [SLOT_NORM] = {"centred", "variance", NULL},
};

typedef struct {
    const char *part; /* below "layers.<i>." or the whole name */
    slot_kind kind;
} operation;

static const operation layer_operations[] = {
    {"query", SLOT_LINEAR},  {"key", SLOT_LINEAR},
    {"value", SLOT_LINEAR},  {"attention", SLOT_ATTENTION},
    {"output", SLOT_LINEAR}, {"attention_norm", SLOT_NORM},
    {"up", SLOT_LINEAR},     {"activation", SLOT_ACTIVATION},
    {"down", SLOT_LINEAR},   {"output_norm", SLOT_NORM},
    {NULL, SLOT_LINEAR},
};

static const operation embedding_operations[] = {{"embeddings.norm", SLOT_NORM},
                                                 {NULL, SLOT_LINEAR}};

static const operation sequence_operations[] = {{"head.dense", SLOT_LINEAR},
                                                {"head.activation", SLOT_ACTIVATION},
                                                {"head.out", SLOT_LINEAR},
                                                {NULL, SLOT_LINEAR}};

static const operation token_operations[] = {{"head.out", SLOT_LINEAR}, {NULL, SLOT_LINEAR}};

static bool in_list(const operation *list, const char *slot)
{
    const char *slash = strchr(slot, '/');
    if (!slash) {
        return false;
    }
    const size_t len = (size_t)(slash - slot);
    for (; list->part; list++) {
        if (strlen(list->part) != len || memcmp(list->part, slot, len) != 0) {
            continue;
        }
        for (const char *const *q = quantities[list->kind]; *q; q++) {
            if (strcmp(*q, slash + 1) == 0) {
                return true;
            }
        }
        return false;
    }
    return false;
}

/* "layers.<i>.", i without leading zeros and below n_layers; what stands behind it, or NULL. */
static const char *behind_layer(const char *slot, size_t n_layers)
{
    static const char stem[] = "layers.";
    if (strncmp(slot, stem, sizeof stem - 1) != 0) {
        return NULL;
    }
    const char *at = slot + sizeof stem - 1;
    if (*at == '0' && at[1] != '.') {
        return NULL;
    }
    size_t i = 0, digits = 0;
    for (; *at >= '0' && *at <= '9' && digits < 6; at++, digits++) {
        i = 10 * i + (size_t)(*at - '0');
    }
    return digits > 0 && *at == '.' && i < n_layers ? at + 1 : NULL;
}

bool model_has_slot(const model *m, const char *slot)
{
    const char *part = behind_layer(slot, m->n_layers);
    if (part) {
        return in_list(layer_operations, part);
    }
    return in_list(embedding_operations, slot) ||
           (m->head.kind == HEAD_SEQUENCE && in_list(sequence_operations, slot)) ||
           (m->head.kind == HEAD_TOKEN && in_list(token_operations, slot));
}

status recipe_check_ranges(const model *m, const char *path, error *err)
{
    for (size_t i = 0; i < m->recipe.n_ranges; i++) {
        if (!model_has_slot(m, m->recipe.ranges[i].slot)) {
            return error_set(err, ERR_ARTEFACT, "%s: tacit.ranges: the model has no slot '%.100s'",
                             path, m->recipe.ranges[i].slot);
        }
    }
    return OK;
}
