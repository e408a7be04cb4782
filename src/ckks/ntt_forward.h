/** ntt_passes.h, forward. */
#ifndef TACIT_CKKS_NTT_FORWARD_H
#define TACIT_CKKS_NTT_FORWARD_H

/* `half` turns of x and x + half by one factor. */
ALWAYS_INLINE void layer(vec *x, int half, const uint64_t *pair, const field *k, int plan)
{
    const vec_factor f = factor_pair(pair);
    UNROLLED
    for (int i = 0; i < half; i++) {
        turn(x + i, x + half + i, f, k, plan & 1);
    }
}

ALWAYS_INLINE void two_layers(vec *x, const uint64_t *w, size_t at, const field *k, int plan)
{
    layer(x, 2, w + 2 * at, k, plan);
    layer(x, 1, w + 4 * at, k, plan >> 1);
    layer(x + 2, 1, w + 4 * at + 2, k, plan >> 1);
}

ALWAYS_INLINE void three_layers(vec *x, const uint64_t *w, size_t at, const field *k, int plan)
{
    layer(x, 4, w + 2 * at, k, plan);
    two_layers(x, w, 2 * at, k, plan >> 1);
    two_layers(x + 4, w, 2 * at + 1, k, plan >> 1);
}

ALWAYS_INLINE void four_layers(vec *x, const uint64_t *w, size_t at, const field *k, int plan)
{
    layer(x, 8, w + 2 * at, k, plan);
    three_layers(x, w, 2 * at, k, plan >> 1);
    three_layers(x + 8, w, 2 * at + 1, k, plan >> 1);
}

/* `deep` layers of a block of 2^log words, whose own factor is number `at`. */
ALWAYS_INLINE void pass(uint64_t *x, unsigned log, unsigned deep, const uint64_t *w, size_t at,
                        const field *k, int plan, bool first)
{
    const size_t stride = (size_t)1 << (log - deep), rows = (size_t)1 << deep;
    for (size_t column = 0; column < stride; column += 8) {
        vec v[16];
        UNROLLED
        for (size_t i = 0; i < rows; i++) {
            v[i] = vec_load(x + column + i * stride);
            v[i] = first ? enter(v[i]) : v[i];
        }
        if (deep == 1) {
            layer(v, 1, w + 2 * at, k, plan);
        } else if (deep == 2) {
            two_layers(v, w, at, k, plan);
        } else if (deep == 3) {
            three_layers(v, w, at, k, plan);
        } else {
            four_layers(v, w, at, k, plan);
        }
        UNROLLED
        for (size_t i = 0; i < rows; i++) {
            vec_store(x + column + i * stride, v[i]);
        }
    }
}

/* The last six layers of `n` blocks of 64. */
ALWAYS_INLINE void tails(uint64_t *x, const uint64_t *w, size_t n, const field *k, int plan)
{
    for (; n > 0; n--, x += BLOCK, w += BLOCK_WORDS) {
        vec v[8];
        UNROLLED
        for (int i = 0; i < 8; i++) {
            v[i] = vec_load(x + 8 * i);
        }
        three_layers(v, w - 2, 1, k, plan); /* a tree of seven pairs */
        vec_transpose(v);
        const uint64_t *last = w + BLOCK_PAIRS;
        UNROLLED
        for (int i = 0; i < 4; i++) {
            turn(v + i, v + 4 + i, factor_last(last, 0, k), k, plan >> 3 & 1);
        }
        UNROLLED
        for (int i = 0; i < 4; i++) {
            vec *at = v + i / 2 * 4 + i % 2;
            turn(at, at + 2, factor_last(last, 1 + i / 2, k), k, plan >> 4 & 1);
        }
        UNROLLED
        for (int i = 0; i < 4; i++) {
            turn_last(v + 2 * i, v + 2 * i + 1, factor_last(last, 3 + i, k), k);
        }
        UNROLLED
        for (int i = 0; i < 8; i++) {
            vec_store(x + 8 * i, v[i]);
        }
    }
}

static void run_tails(const ckks_limb *l, uint64_t *x, size_t b, size_t n, const field *k)
{
    const uint64_t *w = l->forward + block_words_at(l->log_n, b);
    switch (plan_at(k, l->log_n - LOG_BLOCK)) {
    case REDUCE_ALL:
        tails(x, w, n, k, REDUCE_ALL);
        break;
    case REDUCE_FIRST:
        tails(x, w, n, k, REDUCE_FIRST);
        break;
    default:
        tails(x, w, n, k, REDUCE_SECOND);
    }
}

static void run_pass(const ckks_limb *l, uint64_t *x, unsigned log, size_t b, const field *k)
{
    const unsigned before = l->log_n - log;
    const size_t at = ((size_t)1 << before) + b;
    switch (plan_at(k, before)) {
    case REDUCE_ALL:
        pass(x, log, 3, l->forward, at, k, REDUCE_ALL, false);
        break;
    case REDUCE_FIRST:
        pass(x, log, 3, l->forward, at, k, REDUCE_FIRST, false);
        break;
    default:
        pass(x, log, 3, l->forward, at, k, REDUCE_SECOND, false);
    }
}

/* Block b of 2^log words, three layers and then its eighths. */
static void descend(const ckks_limb *l, uint64_t *x, unsigned log, size_t b, const field *k)
{
    if (log == LOG_BLOCK) {
        run_tails(l, x, b, 1, k);
        return;
    }
    run_pass(l, x, log, b, k);
    if (log == LOG_BLOCK + 3) {
        run_tails(l, x, 8 * b, 8, k);
        return;
    }
    for (size_t i = 0; i < 8; i++) {
        descend(l, x + (i << (log - 3)), log - 3, 8 * b + i, k);
    }
}

ALWAYS_INLINE void top_pass(uint64_t *x, unsigned log_n, const uint64_t *w, const field *k,
                            int plan)
{
    switch (top_layers(log_n)) {
    case 1:
        pass(x, log_n, 1, w, 1, k, plan, true);
        break;
    case 2:
        pass(x, log_n, 2, w, 1, k, plan, true);
        break;
    case 3:
        pass(x, log_n, 3, w, 1, k, plan, true);
        break;
    default:
        pass(x, log_n, 4, w, 1, k, plan, true);
    }
}

static void forward(const ckks_limb *l, uint64_t *x)
{
    if (l->log_n < LEAST_LOG_N) {
        ckks_ntt_ref.forward(l, x);
        return;
    }
    const field k = field_of(&l->m, l->forward + upper_words(l->log_n));
    if (k.reduce_all) {
        top_pass(x, l->log_n, l->forward, &k, REDUCE_ALL);
    } else {
        top_pass(x, l->log_n, l->forward, &k, REDUCE_SECOND);
    }
    const unsigned deep = top_layers(l->log_n);
    for (size_t i = 0; i < (size_t)1 << deep; i++) {
        descend(l, x + (i << (l->log_n - deep)), l->log_n - deep, i, &k);
    }
}

#endif
