#include "ckks/spread.h"

#include "ckks/kernels.h"
#include "ckks/ntt.h"

/* Words that are spread out at once, in the first cache. */
enum { PIECE = 1024 };

typedef void binary(const ckks_modulus *m, uint64_t *z, const uint64_t *x, const uint64_t *y,
                    size_t n);

typedef struct {
    const ckks_plain *y;
    binary *op;
    uint64_t *z;
    const uint64_t *x;
    size_t first; /* prime number of limb 0 */
    const uint64_t *words;
} job;

/* Half of a block of 64 places each, which ckks_ntt_swap has laid out by fours. */
static void spread_halves(uint64_t *out, const uint64_t *words, const ckks_plain *y, size_t at,
                          size_t n)
{
    for (size_t i = 0; i < n; i += 64) {
        const size_t first = (at + i) >> 5;
        const uint64_t low = words[ckks_ntt_swap(y->log_n, first)];
        const uint64_t high = words[ckks_ntt_swap(y->log_n, first + 1)];
        for (size_t j = 0; j < 64; j++) {
            out[i + j] = j & 4 ? high : low;
        }
    }
}

void ckks_spread_words(uint64_t *out, const uint64_t *words, const ckks_plain *y, size_t at,
                       size_t n)
{
    const unsigned shift = y->ctx->params.log_n - y->log_n;
    const size_t run = (size_t)1 << shift;
    if (shift < 6) {
        spread_halves(out, words, y, at, n);
        return;
    }
    for (size_t i = 0; i < n; i += run) {
        const size_t place = ckks_ntt_swap(y->log_n, (at + i) >> shift);
        const uint64_t word = words[place];
        const size_t len = n - i < run ? n - i : run;
        for (size_t j = 0; j < len; j++) {
            out[i + j] = word;
        }
    }
}

static void work(void *ctx, size_t begin, size_t end, size_t worker)
{
    const job *j = ctx;
    const ckks_context *c = j->y->ctx;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        const ckks_modulus *m = &c->ring->limb[j->first + i].m;
        const uint64_t *y = j->words + (i << j->y->log_n), *x = j->x + i * c->n;
        uint64_t *z = j->z + i * c->n;
        if (j->y->log_n == c->params.log_n) {
            j->op(m, z, x, y, c->n);
            continue;
        }
        for (size_t at = 0; at < c->n; at += PIECE) {
            const size_t len = c->n - at < PIECE ? c->n - at : PIECE;
            uint64_t wide[PIECE];
            ckks_spread_words(wide, y, j->y, at, len);
            j->op(m, z + at, x + at, wide, len);
        }
    }
}

static void run(ckks *c, job *j, size_t n_limbs)
{
    if (c->pool) {
        parallel_for(c->pool, n_limbs, 1, work, j);
    } else {
        work(j, 0, n_limbs, 0);
    }
}

/* A raised plaintext's special primes come first. */
static void run_limbs(ckks *c, binary *op, uint64_t *z, const uint64_t *x, const ckks_plain *y,
                      size_t n_limbs)
{
    CHECK(n_limbs <= y->n_limbs);
    job j = {.y = y,
             .op = op,
             .z = z,
             .x = x,
             .first = c->ctx->params.n_special,
             .words = y->words + (y->n_special << y->log_n)};
    run(c, &j, n_limbs);
}

void ckks_spread_add(ckks *c, uint64_t *z, const uint64_t *x, const ckks_plain *y, size_t n_limbs)
{
    run_limbs(c, c->ctx->kernels->elements->add, z, x, y, n_limbs);
}

void ckks_spread_sub(ckks *c, uint64_t *z, const uint64_t *x, const ckks_plain *y, size_t n_limbs)
{
    run_limbs(c, c->ctx->kernels->elements->sub, z, x, y, n_limbs);
}

void ckks_spread_mul(ckks *c, uint64_t *z, const uint64_t *x, const ckks_plain *y, size_t n_limbs)
{
    run_limbs(c, c->ctx->kernels->elements->mul, z, x, y, n_limbs);
}

void ckks_spread_mul_add(ckks *c, uint64_t *z, const uint64_t *x, const ckks_plain *y,
                         size_t n_limbs)
{
    run_limbs(c, c->ctx->kernels->elements->mul_add, z, x, y, n_limbs);
}

void ckks_spread_mul_add_raised(ckks *c, uint64_t *z, const uint64_t *x, const ckks_plain *y)
{
    CHECK(y->n_special == c->ctx->level[y->n_limbs].n_special);
    job j = {.y = y,
             .op = c->ctx->kernels->elements->mul_add,
             .z = z,
             .x = x,
             .first = c->ctx->params.n_special - y->n_special,
             .words = y->words};
    run(c, &j, y->n_special + y->n_limbs);
}
