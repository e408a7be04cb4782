#include "he/steps.h"

void he_tally_map(he_tally *t, const he_map *m, size_t l)
{
    t->plain[l] += m->n_giant * m->n_baby;
    if (m->n_giant * m->n_baby == 1) {
        return;
    }
    const size_t giants = m->n_giant - (m->giant[0] == 0);
    t->raised[l] += 1 + giants;
    t->keyed[l] += m->n_baby - 1 + giants;
    t->lowered[l] += giants + 2;
}

void he_tally_sum_terms(he_tally *t, const he_step *s, size_t l)
{
    size_t turned = 0;
    for (size_t i = 0; i < s->sum.n; i++) {
        turned += s->sum.term[i].turn != 0 || s->sum.term[i].conjugate;
    }
    t->raised[l] += turned > 0;
    t->keyed[l] += turned;
    t->lowered[l] += 2 * turned;
}

void he_tally_products(he_tally *t, const he_products *r, size_t l)
{
    const size_t outer = r->n / r->inner, hoisted = (r->inner - 1) * (outer + 1);
    const size_t whole = 2 * (outer - 1) + outer; /* chain, Horner; relinearisations */
    t->raised[l] += (r->inner > 1 ? 1 + outer : 0) + whole;
    t->keyed[l] += hoisted + whole;
    t->lowered[l] += 2 * (hoisted + whole);
    t->tensors[l] += r->n;
}

void he_tally_squares(he_tally *t, size_t l)
{
    t->raised[l] += 2;
    t->keyed[l] += 2;
    t->lowered[l] += 4;
    t->tensors[l] += 2;
}
