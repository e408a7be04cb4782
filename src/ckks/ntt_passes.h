/** The order in which vector kernels go through a transform, for all instruction sets.
 *
 * A file that includes this has defined
 *     vec, vec_load, vec_store, vec_transpose      eight values and their moves
 *     vec_factor, field                            constant factors; q in the forms wanted
 *     field_of, factor_pair, factor_words          both out of a modulus, of words of the tables
 *     factor_store                                 a factor's word, and its second one behind it
 *     LAST_WORDS, LANE_WORDS                       of a block's last three layers, of a whole table
 *     fill_last, fill_lanes, factor_last           the same: seven vectors of factors for a block
 *     enter                                        a residue from outside
 *     NEGATED                                      1 or 0: ntt_inverse.h
 *     turn, turn_last, turn_back, turn_back_last   butterflies; the last ones leave residues
 *
 * Blocks of 64 are the end of a forward transform: six layers in registers, with a transpose in the
 * middle that is never undone (ntt.h's order). The layers above go by ones to fours, depth first,
 * so that what is below 32 KiB stays in the first cache. The inverse is the mirror image.
 *
 * Which layers reduce their first operand is a plan, a bit for each layer from the next one on, so
 * that the compiler sees it: all of them, or every other one from the second layer of a transform.
 *
 * Tables: pairs for the layers above, at the layer's number of blocks plus the block's number;
 * LANE_WORDS; BLOCK_WORDS for each block of 64: seven pairs for three layers, LAST_WORDS for the
 * other three, whose factors are vectors 0; 1, 2; 3, 4, 5, 6: vector width - 1 + i of the layer
 * that has `width` of them holds, for lane a of block b, w[((blocks + b) 8 + a) width + i].
 */
#ifndef TACIT_CKKS_NTT_PASSES_H
#define TACIT_CKKS_NTT_PASSES_H

#include "ckks/kernels.h"
#include "ckks/ntt.h"

enum {
    REDUCE_ALL = 0xffff,
    REDUCE_FIRST = 0x5555,  /* this layer, not the next, … */
    REDUCE_SECOND = 0xaaaa, /* the other way round */
    BLOCK = 64,
    LOG_BLOCK = 6,
    BLOCK_PAIRS = 16,
    BLOCK_WORDS = BLOCK_PAIRS + LAST_WORDS,
    LEAST_LOG_N = 7, /* smaller ones are left to `ref` */
};

static size_t upper_words(unsigned log_n)
{
    return (size_t)2 << (log_n - LOG_BLOCK);
}

static size_t block_words_at(unsigned log_n, size_t b)
{
    return upper_words(log_n) + LANE_WORDS + b * BLOCK_WORDS;
}

static size_t one_table_words(unsigned log_n)
{
    return block_words_at(log_n, (size_t)1 << (log_n - LOG_BLOCK));
}

static size_t table_words(unsigned log_n)
{
    return log_n < LEAST_LOG_N ? ckks_ntt_ref.table_words(log_n) : 2 * one_table_words(log_n);
}

/* Block b of `blocks` of 64; w[m + i] is the factor of block i in the layer of m blocks. */
static void fill_block(const ckks_modulus *m, uint64_t *out, const uint64_t *w, size_t blocks,
                       size_t b)
{
    for (size_t width = 1; width < 8; width *= 2) {
        for (size_t i = 0; i < width; i++) {
            factor_store(m, out + 2 * (width - 1 + i), 1, w[(blocks + b) * width + i]);
        }
    }
    fill_last(m, out + BLOCK_PAIRS, w, blocks + b);
}

static void fill_table(const ckks_modulus *m, unsigned log_n, uint64_t *out, const uint64_t *w)
{
    const size_t blocks = (size_t)1 << (log_n - LOG_BLOCK);
    for (size_t i = 0; i < blocks; i++) {
        factor_store(m, out + 2 * i, 1, w[i]);
        fill_block(m, out + block_words_at(log_n, i), w, blocks, i);
    }
    fill_lanes(m, out + upper_words(log_n), w);
}

/* w[reverse(i)] = root^i, each from one with a bit less. */
static void powers(const ckks_modulus *m, uint64_t *w, size_t n, uint64_t root)
{
    w[0] = 1;
    for (size_t half = n / 2; half > 0; half /= 2, root = ckks_mod_mul(m, root, root)) {
        for (size_t i = 0; i < n; i += 2 * half) {
            w[i + half] = ckks_mod_mul(m, w[i], root);
        }
    }
}

static void table_fill(ckks_limb *l, uint64_t *table, uint64_t *scratch)
{
    const ckks_modulus *m = &l->m;
    const size_t n = (size_t)1 << l->log_n;
    if (l->log_n < LEAST_LOG_N) {
        ckks_ntt_ref.table_fill(l, table, scratch);
        return;
    }
    uint64_t *back = table + one_table_words(l->log_n);
    powers(m, scratch, n, l->root);
    fill_table(m, l->log_n, table, scratch);
    powers(m, scratch, n, ckks_mod_inverse(m, l->root));
    fill_table(m, l->log_n, back, scratch);
    const uint64_t scale = ckks_mod_inverse(m, ckks_mod_word(m, n)); /* in the last butterflies */
    factor_store(m, back, 1, scale);
    factor_store(m, back + 2, 1, ckks_mod_mul(m, scratch[1], scale));
    l->forward = table;
    l->inverse = back;
}

static int plan_at(const field *k, unsigned layers_before)
{
    return k->reduce_all ? REDUCE_ALL : layers_before % 2 ? REDUCE_FIRST : REDUCE_SECOND;
}

/* Layers that the uppermost pass takes so that threes remain. */
static unsigned top_layers(unsigned log_n)
{
    static const unsigned by_rest[] = {3, 4, 2};
    const unsigned above = log_n - LOG_BLOCK;
    return above == 1 ? 1 : by_rest[above % 3];
}

#include "ckks/ntt_forward.h"
#include "ckks/ntt_inverse.h"

#endif
