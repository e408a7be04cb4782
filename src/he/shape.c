#include "he/shape.h"

static bool is_power(size_t x)
{
    return x > 0 && (x & (x - 1)) == 0;
}

static status refuse(const model *m, const char *what, size_t x, const char *rule, error *err)
{
    return error_set(err, ERR_POLICY, "%s: %s %zu: on ciphertexts it must be %s", m->dir, what, x,
                     rule);
}

he_shape he_shape_for(size_t dim, size_t n_heads, size_t tokens)
{
    const size_t d = n_heads > 0 ? dim / n_heads : 0;
    return (he_shape){.dim = dim,
                      .n_heads = n_heads,
                      .head_dim = d,
                      .tokens = tokens,
                      .width = HE_COPIES * dim,
                      .offset_copies = tokens / 2 > d ? 2 : 1,
                      .products = tokens / 2 > d ? d : tokens / 2};
}

/* Offsets between a query and its keys come in pairs half the tokens apart, one in the real and one
 * in the imaginary part. */
status he_shape_of(he_shape *out, const model *m, size_t tokens, error *err)
{
    CHECK(is_power(tokens) && tokens >= 2);
    const size_t dim = m->dim, heads = m->n_heads, d = heads > 0 ? dim / heads : 0;
    *out = he_shape_for(dim, heads, tokens);
    out->ff = m->ff;
    if (!is_power(dim) || dim < 2 * HE_BABIES || dim > HE_MAX_DIM) {
        return refuse(m, "dim", dim, "a power of two from 32 to 512", err);
    }
    if (!is_power(heads) || heads * d != dim) {
        return refuse(m, "heads", heads, "a power of two", err);
    }
    if (!is_power(m->ff) || m->ff < 2 * dim || m->ff > HE_COPIES * dim) {
        return refuse(m, "feed-forward size", m->ff, "2 or 4 times dim", err);
    }
    if (tokens > HE_COPIES * d || d < 4 || d > HE_MAX_HEAD) {
        return refuse(m, "head size", d, "a quarter of the tokens or more, at most 256", err);
    }
    return OK;
}
