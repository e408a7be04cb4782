/* The largest of each row, by a tree over all rows at once. docs/design/mpc-softmax.md */
#include <string.h>

#include "mpc/attend.h"

/* Lengths of rows after some levels of the tree. */
static size_t length(const sequences *s, size_t i, unsigned levels)
{
    size_t n = s->start[i + 1] - s->start[i];
    for (unsigned k = 0; k < levels; k++) {
        n = (n + 1) / 2;
    }
    return n;
}

typedef struct {
    mpc *p;
    const mpc_heads *h;
    wire *x;         /* rows one behind the other */
    unsigned levels; /* done */
} tree;

static size_t rows_of(const tree *t, size_t i)
{
    return t->h->heads * (t->h->seqs->start[i + 1] - t->h->seqs->start[i]);
}

/* All pairs' first minus second: element j of a row beside j + ⌈n/2⌉. */
static status differences(const tree *t, wire **d)
{
    size_t pairs = 0;
    for (size_t i = 0; i < t->h->seqs->n; i++) {
        pairs += rows_of(t, i) * (length(t->h->seqs, i, t->levels) / 2);
    }
    *d = wire_new(t->p, pairs, t->x->bits, t->x->frac);
    if (!*d) {
        return ERR_RESOURCE;
    }
    const uint64_t *from = t->x->share, m = ring_mask(t->x->bits);
    uint64_t *to = (*d)->share;
    for (size_t i = 0; mpc_has_shares(t->p) && i < t->h->seqs->n; i++) {
        const size_t n = length(t->h->seqs, i, t->levels), half = n / 2, rest = n - half;
        for (size_t row = 0; row < rows_of(t, i); row++, from += n, to += half) {
            for (size_t j = 0; j < half; j++) {
                to[j] = (from[j] - from[j + rest]) & m;
            }
        }
    }
    return OK;
}

/* Half as many: second + max(first - second, 0), and the one in the middle that has no partner. */
static status join(tree *t, const wire *positive)
{
    size_t n_all = 0;
    for (size_t i = 0; i < t->h->seqs->n; i++) {
        n_all += rows_of(t, i) * length(t->h->seqs, i, t->levels + 1);
    }
    wire *y = wire_new(t->p, n_all, t->x->bits, t->x->frac);
    if (!y) {
        return ERR_RESOURCE;
    }
    const uint64_t *from = t->x->share, *more = positive->share, m = ring_mask(t->x->bits);
    uint64_t *to = y->share;
    for (size_t i = 0; mpc_has_shares(t->p) && i < t->h->seqs->n; i++) {
        const size_t n = length(t->h->seqs, i, t->levels), half = n / 2, rest = n - half;
        for (size_t row = 0; row < rows_of(t, i); row++) {
            for (size_t j = 0; j < half; j++) {
                to[j] = (from[j + rest] + more[j]) & m;
            }
            if (rest > half) {
                to[half] = from[half];
            }
            from += n;
            more += half;
            to += rest;
        }
    }
    wire_drop(t->p, t->x);
    t->x = y;
    t->levels++;
    return OK;
}

static status level(tree *t)
{
    const comparison c = {.width = t->x->bits, .top = t->x->bits};
    wire *d = NULL, *positive = NULL;
    status st = differences(t, &d);
    if (st == OK) {
        st = mpc_compare(t->p, NULL, &positive, d, &c);
    }
    if (st == OK) {
        st = join(t, positive);
    }
    wire_drop(t->p, d);
    wire_drop(t->p, positive);
    return st;
}

status mpc_row_maxima(mpc *p, wire **most, const wire *x, const mpc_heads *h)
{
    tree t = {.p = p, .h = h};
    size_t longest = 0;
    *most = NULL;
    for (size_t i = 0; i < h->seqs->n; i++) {
        const size_t n = length(h->seqs, i, 0);
        longest = n > longest ? n : longest;
    }
    status st = mpc_copy(p, &t.x, x);
    for (; st == OK && longest > 1; longest = (longest + 1) / 2) {
        st = level(&t);
    }
    if (st != OK) {
        wire_drop(p, t.x);
        return st;
    }
    *most = t.x;
    return OK;
}
