/* x·y² for grown x and y: with x = c + q, y = a + s, where a, c are public, q = -r + v·e and
 * s = -r' + u·b are not (gate_square.c),
 *
 *   x·y² = c·y² + q·a² + 2a·q·s + q·s²,  y² = a² + 2a·s + s²,  s² = r'² - 2u·r'b + u²·b
 *
 * Words for r'², r'b and for each of r and e times each of r', b, r'², r'b. Meant for the few
 * numbers of a row: nothing is saved on their bits. */
#include "mpc/gates.h"

enum { SQUARE, TOP, FIRST_PAIR, PAIRS = 4, WORDS = FIRST_PAIR + 2 * PAIRS };

/* The dealer's product of a word's number. Pairs go r·{r', b, r'², r'b}, then e·{…}. */
static uint64_t product_of(int word, uint64_t r, uint64_t e, uint64_t s, uint64_t b)
{
    const uint64_t right[PAIRS] = {s, b, s * s, s * b};
    if (word < FIRST_PAIR) {
        return right[word == SQUARE ? 2 : 3];
    }
    const int pair = word - FIRST_PAIR;
    return (pair < PAIRS ? r : e) * right[pair % PAIRS];
}

/* One element's share; w: its dealt words. */
static uint64_t share_of(const wire *x, const wire *y, size_t i, const uint64_t w[WORDS],
                         uint64_t mine)
{
    const uint64_t c = x->masked[i] - (UINT64_C(1) << (x->width - 2));
    const uint64_t a = y->masked[i] - (UINT64_C(1) << (y->width - 2));
    const uint64_t v = (1 - (x->masked[i] >> (x->width - 1))) << x->width;
    const uint64_t u = (1 - (y->masked[i] >> (y->width - 1))) << y->width;
    const uint64_t q = v * x->top[i] - x->whole[i], s = u * y->top[i] - y->whole[i];
    const uint64_t s2 = w[SQUARE] - 2 * u * w[TOP] + u * u * y->top[i];
    const uint64_t *r = w + FIRST_PAIR, *e = r + PAIRS;
    const uint64_t qs = r[0] - u * r[1] + v * (u * e[1] - e[0]);
    const uint64_t qs2 =
        2 * u * r[3] - r[2] - u * u * r[1] + v * (e[2] - 2 * u * e[3] + u * u * e[1]);
    const uint64_t y2 = mine * a * a + 2 * a * s + s2;
    return c * y2 + a * a * q + 2 * a * qs + qs2;
}

static status all_words(mpc *p, uint64_t *word[WORDS], const wire *x, const wire *y, unsigned bits)
{
    for (int k = 0; k < WORDS; k++) {
        if (p->phase == MPC_DEAL || p->phase == MPC_EVALUATE) {
            word[k] = mpc_words(p, x->n);
            if (!word[k]) {
                return ERR_RESOURCE;
            }
        }
        for (size_t i = 0; p->phase == MPC_DEAL && i < x->n; i++) {
            word[k][i] = product_of(k, x->mask[i], x->top[i], y->mask[i], y->top[i]);
        }
        TRY(mpc_word_gate(p, word[k], word[k], x->n, bits));
    }
    return OK;
}

status mpc_product_square(mpc *p, wire **z, const wire *x, const wire *y, unsigned bits)
{
    CHECK(x->n == y->n && x->grown >= bits && y->grown >= bits);
    uint64_t *word[WORDS] = {NULL};
    *z = wire_new(p, x->n, bits, x->frac + 2 * y->frac);
    status st = *z ? all_words(p, word, x, y, bits) : ERR_RESOURCE;
    for (size_t i = 0; st == OK && p->phase == MPC_EVALUATE && i < x->n; i++) {
        uint64_t w[WORDS];
        for (int k = 0; k < WORDS; k++) {
            w[k] = word[k][i];
        }
        (*z)->share[i] = share_of(x, y, i, w, p->server) & ring_mask(bits);
    }
    for (int k = 0; k < WORDS; k++) {
        mpc_words_drop(p, word[k]);
    }
    if (st != OK) {
        wire_drop(p, *z);
        *z = NULL;
    }
    return st;
}
