#include "nn/encoder.h"

static void add_row(float *x, const tensor *table, size_t row, size_t dim)
{
    enum { PIECE = 256 };
    float piece[PIECE];
    for (size_t at = 0; at < dim; at += PIECE) {
        const size_t n = dim - at < PIECE ? dim - at : PIECE;
        tensor_read(piece, table, row * dim + at, n);
        for (size_t j = 0; j < n; j++) {
            x[at + j] += piece[j];
        }
    }
}

status nn_check_tokens(const model *m, const tokens *t, error *err)
{
    const embeddings *b = &m->embeddings;
    const size_t rows = t->seqs.start[t->seqs.n];
    for (size_t i = 0; i < rows; i++) {
        const size_t id = t->ids[i], at = t->positions[i], type = t->types[i];
        if (id >= b->vocab) {
            return error_set(err, ERR_ARTEFACT, "token id %zu: the vocabulary has %zu", id,
                             b->vocab);
        }
        if (at >= b->max_positions) {
            return error_set(err, ERR_ARTEFACT, "position %zu: the model has %zu", at,
                             b->max_positions);
        }
        if (b->n_types > 0 && type >= b->n_types) {
            return error_set(err, ERR_ARTEFACT, "token type %zu: the model has %zu", type,
                             b->n_types);
        }
    }
    return OK;
}

status nn_embed(float *x, const model *m, const tokens *t, error *err)
{
    const embeddings *b = &m->embeddings;
    const size_t rows = t->seqs.start[t->seqs.n];
    if (!b->word) {
        return error_set(err, ERR_POLICY, "%s: holds no tables of embeddings", m->dir);
    }
    TRY(nn_check_tokens(m, t, err));
    for (size_t i = 0; i < rows; i++) {
        const size_t id = t->ids[i], at = t->positions[i], type = t->types[i];
        float *row = x + i * m->dim;
        tensor_read(row, b->word, id * m->dim, m->dim);
        add_row(row, b->position, at, m->dim);
        if (b->type) {
            add_row(row, b->type, type, m->dim);
        }
    }
    return OK;
}

void nn_positions(uint32_t *positions, const model *m, const uint32_t *ids, size_t n)
{
    const uint32_t first = (uint32_t)m->embeddings.first_position;
    uint32_t seen = 0;
    for (size_t i = 0; i < n; i++) {
        if (first == 0) {
            positions[i] = (uint32_t)i;
        } else {
            positions[i] = ids[i] == m->pad_id ? first - 1 : first + seen++;
        }
    }
}
