/** ntt_passes.h, back. */
#ifndef TACIT_CKKS_NTT_INVERSE_H
#define TACIT_CKKS_NTT_INVERSE_H

ALWAYS_INLINE void back_layer(vec *x, int half, const uint64_t *pair, const field *k)
{
    const vec_factor f = factor_pair(pair);
    UNROLLED
    for (int i = 0; i < half; i++) {
        turn_back(x + i, x + half + i, f, k);
    }
}

/* The last layer of all, with 1/N in both factors. */
ALWAYS_INLINE void back_last(vec *x, int half, const uint64_t *w, const field *k)
{
    const vec_factor scale = factor_pair(w), f = factor_pair(w + 2);
    UNROLLED
    for (int i = 0; i < half; i++) {
        turn_back_last(x + i, x + half + i, f, scale, k);
    }
}

ALWAYS_INLINE void back_one(vec *x, const uint64_t *w, size_t at, int half, const field *k,
                            bool last)
{
    if (last) {
        back_last(x, half, w, k);
    } else {
        back_layer(x, half, w + 2 * at, k);
    }
}

ALWAYS_INLINE void back_two(vec *x, const uint64_t *w, size_t at, const field *k, bool last)
{
    back_layer(x, 1, w + 4 * at, k);
    back_layer(x + 2, 1, w + 4 * at + 2, k);
    back_one(x, w, at, 2, k, last);
}

ALWAYS_INLINE void back_three(vec *x, const uint64_t *w, size_t at, const field *k, bool last)
{
    back_two(x, w, 2 * at, k, false);
    back_two(x + 4, w, 2 * at + 1, k, false);
    back_one(x, w, at, 4, k, last);
}

ALWAYS_INLINE void back_four(vec *x, const uint64_t *w, size_t at, const field *k, bool last)
{
    back_three(x, w, 2 * at, k, false);
    back_three(x + 8, w, 2 * at + 1, k, false);
    back_one(x, w, at, 8, k, last);
}

/* `deep` layers of a block of 2^log words, whose own factor is number `at`. */
ALWAYS_INLINE void back_pass(uint64_t *x, unsigned log, unsigned deep, const uint64_t *w, size_t at,
                             const field *k, bool last)
{
    const size_t stride = (size_t)1 << (log - deep), rows = (size_t)1 << deep;
    for (size_t column = 0; column < stride; column += 8) {
        vec v[16];
        UNROLLED
        for (size_t i = 0; i < rows; i++) {
            v[i] = vec_load(x + column + i * stride);
        }
        if (deep == 1) {
            back_one(v, w, at, 1, k, last);
        } else if (deep == 2) {
            back_two(v, w, at, k, last);
        } else if (deep == 3) {
            back_three(v, w, at, k, last);
        } else {
            back_four(v, w, at, k, last);
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
    const uint64_t *w = l->inverse + upper_words(l->log_n) + b * BLOCK_WORDS;
    for (; n > 0; n--, x += BLOCK, w += BLOCK_WORDS) {
        const uint64_t *table = w + BLOCK_PAIRS;
        vec v[8];
        UNROLLED
        for (int i = 0; i < 8; i++) {
            v[i] = enter(vec_load(x + 8 * i));
        }
        UNROLLED
        for (int i = 0; i < 4; i++) {
            turn_back(v + 2 * i, v + 2 * i + 1, factor_words(table + (3 + i) * FACTOR_WORDS, k), k);
        }
        UNROLLED
        for (int i = 0; i < 4; i++) {
            vec *at = v + i / 2 * 4 + i % 2;
            turn_back(at, at + 2, factor_words(table + (1 + i / 2) * FACTOR_WORDS, k), k);
        }
        UNROLLED
        for (int i = 0; i < 4; i++) {
            turn_back(v + i, v + 4 + i, factor_words(table, k), k);
        }
        vec_transpose(v);
        back_three(v, w - 2, 1, k, false);
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
    back_pass(x, log, 3, l->inverse, ((size_t)1 << (l->log_n - log)) + b, k, false);
}

static void inverse(const ckks_limb *l, uint64_t *x)
{
    if (l->log_n < LEAST_LOG_N) {
        ckks_ntt_ref.inverse(l, x);
        return;
    }
    const field k = field_of(&l->m);
    const unsigned deep = top_layers(l->log_n);
    for (size_t i = 0; i < (size_t)1 << deep; i++) {
        ascend(l, x + (i << (l->log_n - deep)), l->log_n - deep, i, &k);
    }
    switch (deep) {
    case 1:
        back_pass(x, l->log_n, 1, l->inverse, 1, &k, true);
        break;
    case 2:
        back_pass(x, l->log_n, 2, l->inverse, 1, &k, true);
        break;
    case 3:
        back_pass(x, l->log_n, 3, l->inverse, 1, &k, true);
        break;
    default:
        back_pass(x, l->log_n, 4, l->inverse, 1, &k, true);
    }
}

#endif
