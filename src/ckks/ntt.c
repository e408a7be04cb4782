#include "ckks/ntt.h"

#include "ckks/kernels.h"
#include "ckks/parts.h"

typedef struct {
    const ckks_ring *r;
    const ckks_basis *b;
    uint64_t *x;
    void (*transform)(const ckks_limb *l, uint64_t *x);
} job;

static void transform_limbs(void *ctx, size_t begin, size_t end, size_t worker)
{
    const job *j = ctx;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        j->transform(&j->r->limb[j->b->prime[i]], j->x + i * j->r->n);
    }
}

static void transform(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *x,
                      void (*one)(const ckks_limb *l, uint64_t *x))
{
    VERIFY(ckks_poly_is_canonical(r, b, x));
    job j = {.r = r, .b = b, .x = x, .transform = one};
    ckks_split(p, b->n, transform_limbs, &j);
    VERIFY(ckks_poly_is_canonical(r, b, x));
}

void ckks_ntt_forward(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *x)
{
    transform(r, p, b, x, r->kernels->ntt->forward);
}

void ckks_ntt_inverse(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *x)
{
    transform(r, p, b, x, r->kernels->ntt->inverse);
}
