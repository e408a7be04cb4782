#include "he/states.h"

#include <math.h>

status he_states_check(const model *m, error *err)
{
    const norm_form form = m->embeddings.norm.form;
    if (form == NORM_LAYERNORM || form == NORM_AFFINE || form == NORM_BATCHNORM) {
        return OK;
    }
    return error_set(err, ERR_POLICY,
                     "%s: on ciphertexts the embeddings' norm must be layernorm, batchnorm or "
                     "affine",
                     m->dir);
}

/* recipes.md (12), (14) */
static void row_states(float *x, const norm *n)
{
    double sum = 0, squares = 0, mean = 0, scale = 1;
    for (size_t j = 0; j < n->dim; j++) {
        sum += (double)x[j];
    }
    if (n->form == NORM_LAYERNORM) {
        mean = sum / (double)n->dim;
        for (size_t j = 0; j < n->dim; j++) {
            squares += ((double)x[j] - mean) * ((double)x[j] - mean);
        }
        scale = 1 / sqrt(squares / (double)n->dim + (double)n->eps);
    }
    for (size_t j = 0; j < n->dim; j++) {
        x[j] = (float)((double)n->gamma[j] * ((double)x[j] - mean) * scale + (double)n->beta[j]);
    }
}

void he_states(float *x, const norm *n, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        row_states(x + i * n->dim, n);
    }
}
