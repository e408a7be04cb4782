#include "mpc/input.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "mpc/engine.h"
#include "mpc/tables.h"
#include "ring/kernels.h"
#include "ring/pack.h"

static const char purpose[] = "mpc input";

mpc_input_form mpc_input_form_of(const model *m, bool oblivious, unsigned bits)
{
    return (mpc_input_form){
        .oblivious = oblivious, .bits = bits, .columns = oblivious ? mpc_table_rows(m) : m->dim};
}

mpc_input_form mpc_input_form_for(const mpc_plan *p, const model *m)
{
    return mpc_input_form_of(m, p->oblivious, mpc_input_bits(p, m));
}

size_t mpc_input_bytes(const mpc_input_form *f, size_t rows)
{
    return rows * ring_packed_bytes(f->columns, f->bits);
}

/* A row minus its mean, divided by its standard deviation: the first norm without its γ and β,
 * which the next weights hold. */
static void encode_row(uint64_t *out, const float *row, size_t dim, double eps)
{
    double sum = 0, squares = 0;
    for (size_t j = 0; j < dim; j++) {
        sum += (double)row[j];
    }
    const double mean = sum / (double)dim;
    for (size_t j = 0; j < dim; j++) {
        squares += ((double)row[j] - mean) * ((double)row[j] - mean);
    }
    const double scale = ldexp(1, MPC_FRAC) / sqrt(squares / (double)dim + eps);
    for (size_t j = 0; j < dim; j++) {
        out[j] = (uint64_t)(int64_t)rint(((double)row[j] - mean) * scale);
    }
}

static void mark_row(uint64_t *out, const model *m, const embedded *x, size_t row)
{
    const embeddings *e = &m->embeddings;
    memset(out, 0, mpc_table_rows(m) * sizeof *out);
    out[x->ids[row]] = 1;
    out[e->vocab + x->positions[row]] = 1;
    if (e->n_types > 0) {
        out[e->vocab + e->max_positions + x->types[row]] = 1;
    }
}

status mpc_input_share(uint8_t *second, const uint8_t seed[PRG_SEED_BYTES], const mpc_input_form *f,
                       const model *m, const embedded *x, isa level, error *err)
{
    const ring_kernels *k = ring_kernels_for(level);
    const size_t n = f->columns;
    uint64_t *words = mem_new(2 * n, sizeof *words), *pad = words + n;
    ring_stream *s = words ? ring_stream_new(seed, purpose, 1, err) : NULL;
    if (!s) {
        mem_free(words);
        return error_memory(err);
    }
    for (size_t i = 0; i < x->rows; i++) {
        if (f->oblivious) {
            mark_row(words, m, x, i);
        } else {
            encode_row(words, x->x + i * n, n, (double)m->embeddings.norm.eps);
        }
        ring_stream_words(s, k, NULL, pad, n, f->bits);
        for (size_t j = 0; j < n; j++) {
            words[j] -= pad[j];
        }
        ring_pack(k, second + mpc_input_bytes(f, i), words, n, f->bits);
    }
    ring_stream_free(s);
    mem_wipe(words, 2 * n * sizeof *words);
    mem_free(words);
    return OK;
}

status mpc_input_begin(mpc_input_reader *r, const mpc_input_form *f, unsigned server,
                       const uint8_t *from, const ring_kernels *ring, error *err)
{
    *r = (mpc_input_reader){.form = *f, .ring = ring};
    if (server == 1) {
        r->next = from;
        return OK;
    }
    r->stream = ring_stream_new(from, purpose, 1, err);
    return r->stream ? OK : ERR_RESOURCE;
}

void mpc_input_rows(mpc_input_reader *r, uint64_t *share, size_t rows)
{
    const mpc_input_form *f = &r->form;
    for (size_t i = 0; i < rows; i++, share += f->columns) {
        if (r->stream) {
            ring_stream_words(r->stream, r->ring, NULL, share, f->columns, f->bits);
        } else {
            ring_unpack(r->ring, share, r->next, f->columns, f->bits);
            r->next += mpc_input_bytes(f, 1);
        }
    }
}

void mpc_input_end(mpc_input_reader *r)
{
    if (r->stream) {
        ring_stream_free(r->stream);
    }
    *r = (mpc_input_reader){0};
}
