#include "ckks/poly.h"

#include "ckks/kernels.h"
#include "ckks/parts.h"

typedef void two_operands(const ckks_modulus *m, uint64_t *z, const uint64_t *x, const uint64_t *y,
                          size_t n);
typedef void with_scalar(const ckks_modulus *m, uint64_t *z, const uint64_t *x, uint64_t c,
                         size_t n);

/* One operation: the kernel that is not NULL. */
typedef struct {
    const ckks_ring *r;
    const ckks_basis *b;
    uint64_t *z;
    const uint64_t *x, *y, *c;
    const int64_t *words;
    const ckks_dot *dot;
    two_operands *two;
    with_scalar *scalar;
} job;

static void run_part(const job *j, const ckks_part *part)
{
    const ckks_element_kernels *k = j->r->kernels->elements;
    const ckks_modulus *m = ckks_basis_modulus(j->r, j->b, part->limb);
    const size_t at = part->at;
    if (j->two) {
        j->two(m, j->z + at, j->x + at, j->y + at, part->n);
    } else if (j->scalar) {
        j->scalar(m, j->z + at, j->x + at, j->c[part->limb], part->n);
    } else if (j->c) {
        k->sub_scale(m, j->z + at, j->x + at, j->y + at, j->c[part->limb], part->n);
    } else if (j->words) {
        k->from_words(m, j->z + at, j->words + part->from, part->n);
    } else if (j->dot) {
        const size_t limb = ckks_basis_find(j->dot->y_basis, j->b->prime[part->limb]);
        j->r->kernels->sums->dot(m, j->dot, at, limb * j->r->n + part->from, part->n);
    } else {
        k->neg(m, j->z + at, j->x + at, part->n);
    }
}

static void run_parts(void *ctx, size_t begin, size_t end, size_t worker)
{
    const job *j = ctx;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        const ckks_part part = ckks_part_nth(j->r, i);
        run_part(j, &part);
    }
}

static void run(const job *j, pool *p)
{
    VERIFY(!j->x || ckks_poly_is_canonical(j->r, j->b, j->x));
    VERIFY(!j->y || ckks_poly_is_canonical(j->r, j->b, j->y));
    ckks_split(p, j->b->n * ckks_parts_of_limb(j->r), run_parts, (void *)j);
    VERIFY(!j->z || ckks_poly_is_canonical(j->r, j->b, j->z));
}

static void run_two(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z,
                    const uint64_t *x, const uint64_t *y, two_operands *two)
{
    const job j = {.r = r, .b = b, .z = z, .x = x, .y = y, .two = two};
    run(&j, p);
}

static void run_scalar(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z,
                       const uint64_t *x, const uint64_t *c, with_scalar *scalar)
{
    const job j = {.r = r, .b = b, .z = z, .x = x, .c = c, .scalar = scalar};
    run(&j, p);
}

void ckks_poly_add(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z, const uint64_t *x,
                   const uint64_t *y)
{
    run_two(r, p, b, z, x, y, r->kernels->elements->add);
}

void ckks_poly_sub(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z, const uint64_t *x,
                   const uint64_t *y)
{
    run_two(r, p, b, z, x, y, r->kernels->elements->sub);
}

void ckks_poly_neg(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z, const uint64_t *x)
{
    const job j = {.r = r, .b = b, .z = z, .x = x};
    run(&j, p);
}

void ckks_poly_mul(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z, const uint64_t *x,
                   const uint64_t *y)
{
    run_two(r, p, b, z, x, y, r->kernels->elements->mul);
}

void ckks_poly_mul_add(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z,
                       const uint64_t *x, const uint64_t *y)
{
    run_two(r, p, b, z, x, y, r->kernels->elements->mul_add);
}

void ckks_poly_add_scalar(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z,
                          const uint64_t *x, const uint64_t *c)
{
    run_scalar(r, p, b, z, x, c, r->kernels->elements->add_scalar);
}

void ckks_poly_mul_scalar(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z,
                          const uint64_t *x, const uint64_t *c)
{
    run_scalar(r, p, b, z, x, c, r->kernels->elements->mul_scalar);
}

void ckks_poly_mul_scalar_add(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z,
                              const uint64_t *x, const uint64_t *c)
{
    run_scalar(r, p, b, z, x, c, r->kernels->elements->mul_scalar_add);
}

void ckks_poly_sub_scale(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z,
                         const uint64_t *x, const uint64_t *y, const uint64_t *c)
{
    const job j = {.r = r, .b = b, .z = z, .x = x, .y = y, .c = c};
    run(&j, p);
}

void ckks_poly_dot(const ckks_ring *r, pool *p, const ckks_basis *b, const ckks_dot *d)
{
    CHECK(d->n_terms < 1 << 16 && d->n_outputs <= 2);
    for (size_t i = 0; i < b->n; i++) {
        CHECK(ckks_basis_find(d->y_basis, b->prime[i]) < d->y_basis->n);
    }
    const job j = {.r = r, .b = b, .dot = d};
    run(&j, p);
}

void ckks_poly_from_words(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z,
                          const int64_t *x)
{
    const job j = {.r = r, .b = b, .z = z, .words = x};
    run(&j, p);
}

bool ckks_poly_is_canonical(const ckks_ring *r, const ckks_basis *b, const uint64_t *x)
{
    for (size_t j = 0; j < b->n; j++) {
        const uint64_t q = ckks_basis_modulus(r, b, j)->q;
        for (size_t i = 0; i < r->n; i++) {
            if (x[j * r->n + i] >= q) {
                return false;
            }
        }
    }
    return true;
}
