/* Sums of turned values, sums of products of turned values, squares of parts. */
#include "ckks/switch.h"
#include "he/steps.h"

/* ---- Turning */

static size_t element_of(const ckks_context *ctx, const he_term *t)
{
    return t->conjugate ? ckks_conjugation_element(ctx) : ckks_rotation_element(ctx, t->turn);
}

/* z = x turned; its second part is raised already. */
static status turn_raised(he_work *w, ckks_cipher *z, const ckks_cipher *x,
                          const ckks_raised *raised, size_t element)
{
    ckks *c = w->c;
    const ckks_switch_key *key;
    CHECK(z != x);
    TRY(ckks_keys_find(c, &key, w->keys, element, x->n_limbs));
    TRY(ckks_shape(c, z, x->n_limbs, 2, x->scale, x->log_slots));
    w->tally->keyed[x->n_limbs]++;
    w->tally->lowered[x->n_limbs] += 2;
    const ckks_finish f = {.key = key, .add = {x->part[0]}, .permute = key->permute};
    const arena_mark_t mark = arena_mark(c->tmp);
    const status st = ckks_switch_finish(c, z->part, raised, &f);
    arena_release(c->tmp, mark);
    return st;
}

static status raise(he_work *w, ckks_raised *raised, const ckks_cipher *x)
{
    w->tally->raised[x->n_limbs]++;
    return ckks_raise(w->c, raised, x->part[1], x->n_limbs);
}

/* z = x turned by `by`, which is not 0; z is not x. */
static status turn(he_work *w, ckks_cipher *z, const ckks_cipher *x, int64_t by)
{
    const arena_mark_t mark = arena_mark(w->c->tmp);
    ckks_raised raised;
    status st = raise(w, &raised, x);
    st = st == OK ? turn_raised(w, z, x, &raised, ckks_rotation_element(w->c->ctx, by)) : st;
    arena_release(w->c->tmp, mark);
    return st;
}

/* z[b] = x turned by b step, 0 <= b < n; z[0] is x itself where it is empty. */
static status turn_all(he_work *w, ckks_cipher *z, const ckks_cipher *x, int64_t step, size_t n)
{
    const arena_mark_t mark = arena_mark(w->c->tmp);
    ckks_raised raised;
    status st = n > 1 ? raise(w, &raised, x) : OK;
    for (size_t b = 1; st == OK && b < n; b++) {
        st = turn_raised(w, &z[b], x, &raised, ckks_rotation_element(w->c->ctx, (int64_t)b * step));
    }
    arena_release(w->c->tmp, mark);
    return st;
}

/* ---- HE_SUM */

static status add_term(he_work *w, ckks_cipher *z, ckks_cipher *t, const ckks_cipher *x,
                       const ckks_raised *raised, const he_term *term)
{
    ckks *c = w->c;
    if (term->turn == 0 && !term->conjugate) {
        TRY(ckks_copy(c, t, x, x->n_limbs));
    } else {
        TRY(turn_raised(w, t, x, raised, element_of(c->ctx, term)));
    }
    for (unsigned i = 0; i < term->power; i++) {
        TRY(ckks_mul_i(c, t, t));
    }
    return ckks_add(c, z, z, t);
}

static bool is_plain(const he_term *t)
{
    return t->turn == 0 && !t->conjugate && t->power == 0;
}

/* One term of each sum is x itself. */
status he_run_sum(he_work *w, ckks_cipher *z, const ckks_cipher *x, const he_step *s)
{
    ckks *c = w->c;
    ckks_cipher t;
    ckks_raised raised;
    TRY(ckks_copy(c, z, x, x->n_limbs));
    z->seeded = false;
    TRY(he_take(w->spares, &t, 2, c->err));
    const arena_mark_t mark = arena_mark(c->tmp);
    status st = raise(w, &raised, x);
    bool had = false;
    for (size_t i = 0; st == OK && i < s->sum.n; i++) {
        const he_term *term = &s->sum.term[i];
        if (is_plain(term) && !had) {
            had = true;
            continue;
        }
        st = add_term(w, z, &t, x, &raised, term);
    }
    CHECK(st != OK || had);
    arena_release(c->tmp, mark);
    he_give(w->spares, &t);
    return st;
}

/* ---- HE_PRODUCTS */

enum { MAX_INNER = 4 };

typedef struct {
    he_work *w;
    const he_products *r;
    ckks_cipher x[MAX_INNER], y[MAX_INNER]; /* turned; [0] are borrowed */
    ckks_cipher base, next; /* y turned by the outer step at hand, and the one after */
    ckks_cipher three, sum; /* sum of products; sum so far */
} products;

static status outer_sum(products *p, size_t n_limbs)
{
    ckks *c = p->w->c;
    TRY(turn_all(p->w, p->y, &p->base, p->r->py, p->r->inner));
    for (size_t b = 0; b < p->r->inner; b++) {
        const ckks_cipher *x = &p->x[b], *y = b ? &p->y[b] : &p->base;
        p->w->tally->tensors[n_limbs]++;
        TRY(b ? ckks_tensor_add(c, &p->three, x, y) : ckks_tensor(c, &p->three, x, y));
    }
    return OK;
}

static status relinearise(products *p, ckks_cipher *z, bool rescale)
{
    he_work *w = p->w;
    const size_t l = p->three.n_limbs;
    w->tally->raised[l]++;
    w->tally->keyed[l]++;
    w->tally->lowered[l] += 2;
    return rescale ? ckks_relinearise_rescale(w->c, z, &p->three, w->keys)
                   : ckks_relinearise(w->c, z, &p->three, w->keys);
}

/* Eq. (6): outer steps from first to last would turn sums by rising steps; so they are taken by
 * Horner from the last, for which y has been turned forward once. */
static status outer_steps(products *p, ckks_cipher *z, ckks_cipher *bases, size_t outer)
{
    const int64_t by = (int64_t)p->r->inner * p->r->px;
    for (size_t a = outer; a-- > 0;) {
        p->base = bases[a];
        TRY(outer_sum(p, bases[a].n_limbs));
        if (a + 1 < outer) {
            TRY(turn(p->w, &p->next, &p->sum, by));
            TRY(ckks_add(p->w->c, &p->three, &p->three, &p->next));
        }
        TRY(relinearise(p, a ? &p->sum : z, a == 0));
    }
    return OK;
}

enum { MAX_OUTER = 64 };

/* bases[a] = y turned by a inner (py - px). */
static status turn_bases(he_work *w, ckks_cipher *bases, const ckks_cipher *y, const he_products *r,
                         size_t outer)
{
    bases[0] = *y;
    for (size_t a = 1; a < outer; a++) {
        TRY(he_take(w->spares, &bases[a], 2, w->c->err));
        TRY(turn(w, &bases[a], &bases[a - 1], (int64_t)r->inner * (r->py - r->px)));
    }
    return OK;
}

static status rooms(products *p)
{
    he_spares *s = p->w->spares;
    error *err = p->w->c->err;
    for (size_t b = 1; b < p->r->inner; b++) {
        TRY(he_take(s, &p->x[b], 2, err));
        TRY(he_take(s, &p->y[b], 2, err));
    }
    TRY(he_take(s, &p->next, 2, err));
    TRY(he_take(s, &p->sum, 2, err));
    return he_take(s, &p->three, 3, err);
}

static void clear(products *p, ckks_cipher *bases)
{
    he_spares *s = p->w->spares;
    for (size_t b = 1; b < MAX_INNER; b++) {
        he_give(s, &p->x[b]);
        he_give(s, &p->y[b]);
    }
    for (size_t a = 1; a < MAX_OUTER; a++) {
        he_give(s, &bases[a]);
    }
    he_give(s, &p->next);
    he_give(s, &p->sum);
    he_give(s, &p->three);
}

status he_run_products(he_work *w, ckks_cipher *z, const ckks_cipher *x, const ckks_cipher *y,
                       const he_products *r)
{
    const size_t outer = r->n / r->inner;
    ckks_cipher bases[MAX_OUTER] = {{0}};
    products p = {.w = w, .r = r, .x = {*x}};
    CHECK(r->inner <= MAX_INNER && outer <= MAX_OUTER && x->n_limbs == y->n_limbs);
    status st = rooms(&p);
    st = st == OK ? turn_all(w, p.x, x, r->px, r->inner) : st;
    st = st == OK ? turn_bases(w, bases, y, r, outer) : st;
    st = st == OK ? outer_steps(&p, z, bases, outer) : st;
    clear(&p, bases);
    return st;
}

/* ---- HE_SQUARES */

/* With c the conjugate: (x + c)^2 + i (x - c)^2. Eq. (7) */
static status squares(products *p, ckks_cipher *z, ckks_cipher *c, const ckks_cipher *x)
{
    he_work *w = p->w;
    const he_term conjugate = {.conjugate = true};
    ckks_raised raised;
    const arena_mark_t mark = arena_mark(w->c->tmp);
    status st = raise(w, &raised, x);
    st = st == OK ? turn_raised(w, c, x, &raised, element_of(w->c->ctx, &conjugate)) : st;
    arena_release(w->c->tmp, mark);
    TRY(st);
    w->tally->tensors[x->n_limbs] += 2;
    TRY(ckks_add(w->c, &p->sum, x, c));
    TRY(ckks_tensor(w->c, &p->three, &p->sum, &p->sum));
    TRY(ckks_sub(w->c, &p->sum, x, c));
    TRY(ckks_mul_i(w->c, c, &p->sum));
    TRY(ckks_tensor_add(w->c, &p->three, c, &p->sum));
    return relinearise(p, z, true);
}

status he_run_squares(he_work *w, ckks_cipher *z, const ckks_cipher *x)
{
    const he_products none = {.n = 1, .inner = 1};
    ckks_cipher bases[MAX_OUTER] = {{0}}, c = {0};
    products p = {.w = w, .r = &none};
    status st = rooms(&p);
    st = st == OK ? he_take(w->spares, &c, 2, w->c->err) : st;
    st = st == OK ? squares(&p, z, &c, x) : st;
    clear(&p, bases);
    he_give(w->spares, &c);
    return st;
}
