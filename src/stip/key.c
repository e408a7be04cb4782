#include "stip/key.h"

#include <string.h>

#include "base/mem.h"
#include "stip/permute.h"

static bool fits(size_t dim, size_t n_outputs)
{
    return dim >= 1 && dim <= STIP_KEY_MAX && n_outputs <= STIP_KEY_MAX;
}

/* Room for the lists, and for the marks of the check behind them. */
static status make_room(stip_key *k, uint32_t **lists, uint8_t **seen, error *err)
{
    const size_t n = k->dim + k->n_outputs;
    TRY(secret_new(&k->memory, n * sizeof **lists + STIP_KEY_MAX, err));
    *lists = (uint32_t *)(void *)k->memory.data; /* a page's beginning */
    *seen = k->memory.data + n * sizeof **lists;
    k->hidden = *lists;
    k->outputs = k->n_outputs ? *lists + k->dim : NULL;
    return OK;
}

status stip_key_make(stip_key *out, const uint32_t *hidden, size_t dim, const uint32_t *outputs,
                     size_t n_outputs, const uint8_t model[HASH_BYTES], error *err)
{
    uint32_t *lists;
    uint8_t *seen;
    *out = (stip_key){.dim = dim, .n_outputs = n_outputs};
    if (!fits(dim, n_outputs)) {
        return error_set(err, ERR_USAGE, "a key of %zu features and %zu outputs, at most %d are",
                         dim, n_outputs, STIP_KEY_MAX);
    }
    TRY(make_room(out, &lists, &seen, err));
    memcpy(out->model, model, HASH_BYTES);
    memcpy(lists, hidden, dim * sizeof *lists);
    if (n_outputs) {
        memcpy(lists + dim, outputs, n_outputs * sizeof *lists);
    }
    if (!stip_is_permutation(lists, dim, seen) ||
        !stip_is_permutation(lists + dim, n_outputs, seen)) {
        stip_key_clear(out);
        return error_set(err, ERR_USAGE, "a key's list that is no permutation");
    }
    return OK;
}

void stip_key_clear(stip_key *k)
{
    secret_clear(&k->memory);
    *k = (stip_key){0};
}

void stip_encode(const stip_key *k, float *out, const float *x, size_t rows)
{
    stip_permute_floats(out, x, rows, k->dim, k->hidden);
}

void stip_decode(const stip_key *k, float *out, const float *y, size_t rows)
{
    if (k->outputs) {
        stip_restore_floats(out, y, rows, k->n_outputs, k->outputs);
    } else {
        stip_restore_floats(out, y, rows, k->dim, k->hidden);
    }
}
