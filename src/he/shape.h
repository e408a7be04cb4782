/** Where numbers stand: the one layout of private inference on ciphertexts, docs/design/he.md.
 *
 * A ciphertext holds all tokens. Token t has `width` slots from width * t on, four times as many
 * as the model has features; turning slots by a multiple of width turns tokens in a ring. Within a
 * token, lane p of the hidden states is feature he_feature(p mod dim), so that they stand there
 * four times, heads interleaved: lane n_heads * i + h belongs to head h, and features of one head
 * follow each other n_heads lanes apart.
 *
 * he/ includes base/, ckks/, model/ and nn/; it knows no channel and no other engine.
 */
#ifndef TACIT_HE_SHAPE_H
#define TACIT_HE_SHAPE_H

#include "model/model.h"

enum { HE_COPIES = 4, HE_BABIES = 16, HE_MAX_TOKENS = 64, HE_MAX_DIM = 512, HE_MAX_HEAD = 256 };

typedef struct {
    size_t dim, n_heads, head_dim, ff;
    size_t tokens;        /* places for tokens: a power of two */
    size_t width;         /* slots of a token: HE_COPIES * dim */
    size_t offset_copies; /* copies over which a context's sum is spread: 1 or 2 */
    size_t products;      /* products of which a context is the sum, for each copy */
} he_shape;

/** Of a client, who does not know ff. */
he_shape he_shape_for(size_t dim, size_t n_heads, size_t tokens);

/** tokens: a power of two. ERR_POLICY where a size of the model does not fit the layout, naming
 * it: dim a power of two; 2 dim <= ff <= 4 dim; tokens <= 4 head_dim. */
status he_shape_of(he_shape *out, const model *m, size_t tokens, error *err) MUST_USE;

/** log2 of a power of two; of another number, of the next. */
static inline unsigned he_log2(size_t x)
{
    unsigned bits = 0;
    while ((size_t)1 << bits < x) {
        bits++;
    }
    return bits;
}

/** The feature, as the model counts them, of lane p < dim. */
static inline size_t he_feature(const he_shape *s, size_t p)
{
    return p % s->n_heads * s->head_dim + p / s->n_heads;
}

#endif
