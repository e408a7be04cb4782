/* Which column of each row is the largest, as a number that nobody knows. docs/design/mpc-label.md
 */
#include "mpc/state.h"

/* A comparison for every two columns. */
enum { MOST_LABELS = 1024 };

status mpc_label_check(const model *m, error *err)
{
    const head *h = &m->head;
    const char *gives = h->kind == HEAD_EMBEDDING           ? "an embedding"
                        : h->problem == PROBLEM_REGRESSION  ? "a number"
                        : h->problem == PROBLEM_MULTI_LABEL ? "any number of labels"
                                                            : NULL;
    if (gives) {
        return error_set(err, ERR_POLICY,
                         "the model answers with %s: a label alone is for models that choose one",
                         gives);
    }
    return h->n_labels <= MOST_LABELS
               ? OK
               : error_set(err, ERR_POLICY, "%zu labels: a label alone is chosen of at most %d",
                           h->n_labels, MOST_LABELS);
}

/* x[i] - x[j] of every row for i < j, one pair behind the other. */
static status differences(mpc *p, wire **d, const wire *x, size_t columns)
{
    const size_t rows = x->n / columns;
    *d = wire_new(p, rows * (columns * (columns - 1) / 2), x->bits, x->frac);
    if (!*d) {
        return ERR_RESOURCE;
    }
    uint64_t *to = (*d)->share;
    for (size_t row = 0; mpc_has_shares(p) && row < rows; row++) {
        const uint64_t *from = x->share + row * columns;
        for (size_t i = 0; i < columns; i++) {
            for (size_t j = i + 1; j < columns; j++) {
                *to++ = (from[i] - from[j]) & ring_mask(x->bits);
            }
        }
    }
    return OK;
}

/* Minus the number of columns that beat each: less[i, j] is [x[i] < x[j]], else j is beaten by i,
 * which comes first. */
static status count_beaten(mpc *p, wire **y, const wire *less, size_t rows, size_t columns)
{
    *y = wire_new(p, rows * columns, less->bits, 0);
    if (!*y) {
        return ERR_RESOURCE;
    }
    const uint64_t *from = less->share, one = p->server == 0, m = ring_mask(less->bits);
    for (size_t row = 0; mpc_has_shares(p) && row < rows; row++) {
        uint64_t *to = (*y)->share + row * columns;
        for (size_t i = 0; i < columns; i++) {
            to[i] = 0;
        }
        for (size_t i = 0; i < columns; i++) {
            for (size_t j = i + 1; j < columns; j++, from++) {
                to[i] = (to[i] - *from) & m;
                to[j] = (to[j] - one + *from) & m;
            }
        }
    }
    return OK;
}

/* Σ j·(1 - beaten[j]) by row. */
static status weigh_columns(mpc *p, wire **y, const wire *beaten, size_t rows, size_t columns)
{
    *y = wire_new(p, rows, beaten->bits, 0);
    if (!*y) {
        return ERR_RESOURCE;
    }
    const uint64_t *from = beaten->share, one = p->server == 0;
    for (size_t row = 0; mpc_has_shares(p) && row < rows; row++) {
        uint64_t sum = 0;
        for (size_t j = 0; j < columns; j++) {
            sum += j * (one - *from++);
        }
        (*y)->share[row] = sum & ring_mask(beaten->bits);
    }
    return OK;
}

/* The column that none has beaten. */
static status find_unbeaten(mpc *p, wire **label, const wire *less, size_t rows, size_t columns,
                            unsigned bits)
{
    wire *count = NULL, *beaten = NULL;
    const comparison c = {.width = less->bits, .top = less->bits, .sign_bits = bits};
    status st = count_beaten(p, &count, less, rows, columns);
    if (st == OK) {
        st = mpc_compare(p, &beaten, NULL, count, &c);
    }
    if (st == OK) {
        st = weigh_columns(p, label, beaten, rows, columns);
    }
    wire_drop(p, count);
    wire_drop(p, beaten);
    return st;
}

/* One column is always the largest. */
static status first_labels(mpc *p, wire **label, size_t rows, unsigned bits)
{
    *label = wire_new(p, rows, bits, 0);
    if (!*label) {
        return ERR_RESOURCE;
    }
    if (mpc_has_shares(p)) {
        p->kernels->clear((*label)->share, rows);
    }
    return OK;
}

status mpc_row_labels(mpc *p, wire **label, const wire *x, size_t columns, unsigned bits)
{
    const size_t rows = x->n / columns;
    *label = NULL;
    if (columns == 1) {
        return first_labels(p, label, rows, bits);
    }
    const bool two = columns == 2;
    const unsigned count_bits = (unsigned)mpc_magnitude((double)(columns - 1)) + 1;
    const comparison c = {.width = x->bits, .top = x->bits, .sign_bits = two ? bits : count_bits};
    wire *d = NULL, *less = NULL;
    status st = differences(p, &d, x, columns);
    if (st == OK) {
        st = mpc_compare(p, &less, NULL, d, &c);
    }
    wire_drop(p, d);
    if (st == OK && two) { /* the second is larger, or not */
        *label = less;
        return OK;
    }
    if (st == OK) {
        st = find_unbeaten(p, label, less, rows, columns, bits);
    }
    wire_drop(p, less);
    return st;
}
