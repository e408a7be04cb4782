/** ntt_passes.h, back.
 *
 * Where NEGATED is 1, a butterfly's second operand may come as its negative, which spares a step,
 * and the layer before has left it so (out_neg) wherever that layer is in the same registers. */
#ifndef TACIT_CKKS_NTT_INVERSE_H
#define TACIT_CKKS_NTT_INVERSE_H

ALWAYS_INLINE void back_layer(vec *x, int half, const uint64_t *pair, const field *k, bool in_neg,
                              bool out_neg)
{
    const vec_factor f = factor_pair(pair);
    UNROLLED
    for (int i = 0; i < half; i++) {
        turn_back(x + i, x + half + i, f, k, in_neg && NEGATED, out_neg && NEGATED);
    }
}

/* The last layer of all, with 1/N in both factors. */
ALWAYS_INLINE void back_last(vec *x, int half, const uint64_t *w, const field *k, bool in_neg)
{
    const vec_factor scale = factor_pair(w), f = factor_pair(w + 2);
    UNROLLED
    for (int i = 0; i < half; i++) {
        turn_back_last(x + i, x + half + i, f, scale, k, in_neg && NEGATED);
    }
}

/* What follows layers in the same registers. */
typedef enum { MORE, MORE_NEGATED, STORED, LAST } back_next;

ALWAYS_INLINE void back_one(vec *x, const uint64_t *w, size_t at, int half, const field *k,
                            bool in_neg, back_next next)
{
    if (next == LAST) {
        back_last(x, half, w, k, in_neg);
    } else {
        back_layer(x, half, w + 2 * at, k, in_neg, next == MORE_NEGATED);
    }
}

ALWAYS_INLINE void back_two(vec *x, const uint64_t *w, size_t at, const field *k, back_next next)
{
    back_layer(x, 1, w + 4 * at, k, false, false);
    back_layer(x + 2, 1, w + 4 * at + 2, k, false, true);
    back_one(x, w, at, 2, k, true, next);
}

ALWAYS_INLINE void back_three(vec *x, const uint64_t *w, size_t at, const field *k, back_next next)
{
    back_two(x, w, 2 * at, k, MORE);
    back_two(x + 4, w, 2 * at + 1, k, MORE_NEGATED);
    back_one(x, w, at, 4, k, true, next);
}

ALWAYS_INLINE void back_four(vec *x, const uint64_t *w, size_t at, const field *k, back_next next)
{
    back_three(x, w, 2 * at, k, MORE);
    back_three(x + 8, w, 2 * at + 1, k, MORE_NEGATED);
    back_one(x, w, at, 8, k, true, next);
}

/* `deep` layers of a block of 2^log words, whose own factor is number `at`. */
ALWAYS_INLINE void back_pass(uint64_t *x, unsigned log, unsigned deep, const uint64_t *w, size_t at,
                             const field *k, back_next next)
{
    const size_t stride = (size_t)1 << (log - deep), rows = (size_t)1 << deep;
    for (size_t column = 0; column < stride; column += 8) {
        vec v[16];
        UNROLLED
        for (size_t i = 0; i < rows; i++) {
            v[i] = vec_load(x + column + i * stride);
        }
        if (deep == 1) {
            back_one(v, w, at, 1, k, false, next);
        } else if (deep == 2) {
            back_two(v, w, at, k, next);
        } else if (deep == 3) {
            back_three(v, w, at, k, next);
        } else {
            back_four(v, w, at, k, next);
        }
        UNROLLED
        for (size_t i = 0; i < rows; i++) {
            vec_store(x + column + i * stride, v[i]);
        }
    }
}

/* The first six layers of n blocks of 64, the first of them number b. */
static void heads(const ckks_limb *l, uint64_t *x, size_t b, size_t n, const field *k)
{
    const uint64_t *w = l->inverse + block_words_at(l->log_n, b);
    for (; n > 0; n--, x += BLOCK, w += BLOCK_WORDS) {
        const uint64_t *last = w + BLOCK_PAIRS;
        vec v[8];
        UNROLLED
        for (int i = 0; i < 8; i++) {
            v[i] = enter(vec_load(x + 8 * i));
        }
        UNROLLED
        for (int i = 0; i < 4; i++) {
            turn_back(v + 2 * i, v + 2 * i + 1, factor_last(last, 3 + i, k), k, false,
                      i % 2 && NEGATED);
        }
        UNROLLED
        for (int i = 0; i < 4; i++) {
            vec *at = v + i / 2 * 4 + i % 2;
            turn_back(at, at + 2, factor_last(last, 1 + i / 2, k), k, NEGATED, i / 2 && NEGATED);
        }
        UNROLLED
        for (int i = 0; i < 4; i++) {
            turn_back(v + i, v + 4 + i, factor_last(last, 0, k), k, NEGATED, false);
        }
        vec_transpose(v);
        back_three(v, w - 2, 1, k, STORED);
        UNROLLED
        for (int i = 0; i < 8; i++) {
            vec_store(x + 8 * i, v[i]);
        }
    }
}

/* Block b of 2^log words: its eighths, then three layers. */
static void ascend(const ckks_limb *l, uint64_t *x, unsigned log, size_t b, const field *k)
{
    if (log == LOG_BLOCK) {
        heads(l, x, b, 1, k);
        return;
    }
    if (log == LOG_BLOCK + 3) {
        heads(l, x, 8 * b, 8, k);
    } else {
        for (size_t i = 0; i < 8; i++) {
            ascend(l, x + (i << (log - 3)), log - 3, 8 * b + i, k);
        }
    }
    back_pass(x, log, 3, l->inverse, ((size_t)1 << (l->log_n - log)) + b, k, STORED);
}

static void inverse(const ckks_limb *l, uint64_t *x)
{
    if (l->log_n < LEAST_LOG_N) {
        ckks_ntt_ref.inverse(l, x);
        return;
    }
    const field k = field_of(&l->m, l->inverse + upper_words(l->log_n));
    const unsigned deep = top_layers(l->log_n);
    for (size_t i = 0; i < (size_t)1 << deep; i++) {
        ascend(l, x + (i << (l->log_n - deep)), l->log_n - deep, i, &k);
    }
    switch (deep) {
    case 1:
        back_pass(x, l->log_n, 1, l->inverse, 1, &k, LAST);
        break;
    case 2:
        back_pass(x, l->log_n, 2, l->inverse, 1, &k, LAST);
        break;
    case 3:
        back_pass(x, l->log_n, 3, l->inverse, 1, &k, LAST);
        break;
    default:
        back_pass(x, l->log_n, 4, l->inverse, 1, &k, LAST);
    }
}

#endif
