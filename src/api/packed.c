/* Inputs as packed tokens: the owner's step before the network. */
#include <string.h>

#include "api/api.h"
#include "base/mem.h"

void packed_clear(packed *p)
{
    if (p->encodings) {
        for (size_t i = 0; i < p->n_seqs; i++) {
            encoding_clear(&p->encodings[i]);
        }
    }
    mem_free(p->encodings);
    mem_free(p->truncated);
    mem_free(p->start);
    mem_free(p->ids);
    mem_free(p->positions);
    mem_free(p->types);
    *p = (packed){0};
}

static status make_sequences(packed *p, size_t n, error *err)
{
    *p = (packed){.n_seqs = n};
    p->start = mem_new(n + 1, sizeof *p->start);
    p->encodings = mem_new(n, sizeof *p->encodings);
    p->truncated = mem_new(n, sizeof *p->truncated);
    return p->start && p->encodings && p->truncated ? OK : error_memory(err);
}

static status make_rows(packed *p, size_t rows, error *err)
{
    p->cap_rows = rows;
    p->ids = mem_new(rows, sizeof *p->ids);
    p->positions = mem_new(rows, sizeof *p->positions);
    p->types = mem_new(rows, sizeof *p->types);
    return p->ids && p->positions && p->types ? OK : error_memory(err);
}

static status encode_all(packed *p, const tacit_model *m, const tacit_input *inputs, error *err)
{
    size_t rows = 0;
    for (size_t i = 0; i < p->n_seqs; i++) {
        const tacit_input *in = &inputs[i];
        const span text = {.data = (const uint8_t *)in->text, .len = in->text_len};
        const span pair = {.data = (const uint8_t *)in->pair, .len = in->pair_len};
        const status st =
            tokenizer_encode(m->tokenizer, &p->encodings[i], text, pair, m->model->max_tokens, err);
        if (st != OK && p->n_seqs > 1) {
            error_prefix(err, "input %zu", i + 1);
        }
        TRY(st);
        p->truncated[i] = p->encodings[i].truncated;
        rows += p->encodings[i].len;
    }
    return make_rows(p, rows, err);
}

status packed_from_texts(packed *out, const tacit_model *m, const tacit_input *inputs, size_t n,
                         error *err)
{
    *out = (packed){0};
    TRY(model_check_askable(m, err));
    status st = make_sequences(out, n, err);
    if (st == OK) {
        st = encode_all(out, m, inputs, err);
    }
    for (size_t i = 0; st == OK && i < n; i++) {
        const encoding *e = &out->encodings[i];
        const size_t at = out->n_rows;
        if (e->len == 0) {
            st = error_set(err, ERR_ARTEFACT, "input %zu has no tokens", i + 1);
            break;
        }
        memcpy(out->ids + at, e->ids, e->len * sizeof *e->ids);
        memcpy(out->types + at, e->types, e->len * sizeof *e->types);
        nn_positions(out->positions + at, m->model, e->ids, e->len);
        out->n_rows += e->len;
        out->start[i + 1] = out->n_rows;
    }
    if (st != OK) {
        packed_clear(out);
    }
    return st;
}

/* Row i of a padded batch, hidden tokens left out. */
static status pack_row(packed *p, const model *m, const tacit_batch *b, size_t i, error *err)
{
    const uint32_t *ids = b->ids + i * b->width;
    const uint8_t *mask = b->mask ? b->mask + i * b->width : NULL;
    const size_t begin = p->n_rows;
    if (mask && !mask[0] && m->head.kind != HEAD_TOKEN && m->head.pool == POOL_FIRST) {
        return error_set(err, ERR_ARTEFACT,
                         "input %zu: its first token, which the model answers "
                         "from, is masked",
                         i + 1);
    }
    /* Positions are those of the whole row; they are moved up with the tokens that stay. */
    nn_positions(p->positions + begin, m, ids, b->width);
    for (size_t j = 0; j < b->width; j++) {
        if (mask && !mask[j]) {
            continue;
        }
        const size_t at = p->n_rows++;
        p->ids[at] = ids[j];
        p->types[at] = b->types ? b->types[i * b->width + j] : 0;
        p->positions[at] = p->positions[begin + j];
    }
    p->start[i + 1] = p->n_rows;
    if (p->n_rows == begin) {
        return error_set(err, ERR_ARTEFACT, "input %zu: every token is masked", i + 1);
    }
    return OK;
}

status packed_from_batch(packed *out, const model *m, const tacit_batch *b, error *err)
{
    *out = (packed){0};
    size_t rows;
    if (!mem_mul(&rows, b->n, b->width)) {
        return error_set(err, ERR_USAGE, "a batch of %zu by %zu tokens", b->n, b->width);
    }
    status st = make_sequences(out, b->n, err);
    if (st == OK) {
        st = make_rows(out, rows, err);
    }
    for (size_t i = 0; st == OK && i < b->n; i++) {
        st = pack_row(out, m, b, i, err);
    }
    if (st != OK) {
        packed_clear(out);
    }
    return st;
}
