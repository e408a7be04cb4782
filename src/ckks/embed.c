#include "ckks/embed.h"

#include <stdint.h>

#include "base/mem.h"

enum { MAX_LOG_SLOTS = 16, FRACTION = 62 };

struct ckks_embedding {
    unsigned max_log_slots;
    double *cosine, *sine; /* of stage h = 1, 2, 4 ..: zeta_8h^(5^j) at h + j, j < h */
};

typedef struct {
    int64_t re, im; /* of 2^62 */
} root;

/* exp(2 pi i / 2^(b+1)), rounded. */
static const root roots[MAX_LOG_SLOTS + 2] = {
    {-4611686018427387904, 0},
    {0, 4611686018427387904},
    {3260954456333195553, 3260954456333195553},
    {4260642322793532497, 1764815834521887442},
    {4523073764714963030, 899695310372275547},
    {4589479489746651964, 452024275624069880},
    {4606131040650197959, 226284707652502141},
    {4610297064819661174, 113176440454146016},
    {4611338766951757487, 56592481536850979},
    {4611599204741358747, 28296773447188932},
    {4611664314954810277, 14148453308909941},
    {4611680592556051597, 7074234977634094},
    {4611684661959354334, 3537118529214896},
    {4611685679310367043, 1768559394657194},
    {4611685933648131909, 884279713584815},
    {4611685997232573857, 442139858824435},
    {4611686013128684389, 221069929666221},
    {4611686017102712025, 110534964864861},
};

static int64_t scaled(__int128 x)
{
    return (int64_t)((x + ((__int128)1 << (FRACTION - 1))) >> FRACTION);
}

/* exp(2 pi i e / 2^bits) as a product over the ones of e: off by less than 2^-57. */
static root root_power(uint32_t e, unsigned bits)
{
    root z = {.re = (int64_t)1 << FRACTION, .im = 0};
    for (unsigned t = 0; t < bits; t++) {
        if (e >> t & 1) {
            const root w = roots[bits - 1 - t];
            const __int128 re = (__int128)z.re * w.re - (__int128)z.im * w.im;
            const __int128 im = (__int128)z.re * w.im + (__int128)z.im * w.re;
            z = (root){.re = scaled(re), .im = scaled(im)};
        }
    }
    return z;
}

static void fill_stage(ckks_embedding *e, unsigned log_h)
{
    const uint32_t h = 1u << log_h, order = 8 * h;
    const double unit = 1.0 / 4611686018427387904.0;
    uint32_t power = 1;
    for (uint32_t j = 0; j < h; j++) {
        const root z = root_power(power, log_h + 3);
        e->cosine[h + j] = (double)z.re * unit;
        e->sine[h + j] = (double)z.im * unit;
        power = power * 5 % order;
    }
}

status ckks_embedding_new(ckks_embedding **out, unsigned max_log_slots, error *err)
{
    CHECK(max_log_slots <= MAX_LOG_SLOTS);
    const size_t n = (size_t)1 << max_log_slots;
    ckks_embedding *e = mem_new(1, sizeof *e);
    *out = e;
    if (e) {
        e->max_log_slots = max_log_slots;
        e->cosine = mem_new(n, sizeof *e->cosine);
        e->sine = mem_new(n, sizeof *e->sine);
    }
    if (!e || !e->cosine || !e->sine) {
        ckks_embedding_free(e);
        *out = NULL;
        return error_memory(err);
    }
    for (unsigned log_h = 0; log_h < max_log_slots; log_h++) {
        fill_stage(e, log_h);
    }
    return OK;
}

void ckks_embedding_free(ckks_embedding *e)
{
    if (e) {
        mem_free(e->cosine);
        mem_free(e->sine);
        mem_free(e);
    }
}

void ckks_embedding_root(const ckks_embedding *e, size_t h, size_t j, double *re, double *im)
{
    CHECK(j < h && 2 * h <= (size_t)1 << e->max_log_slots);
    *re = e->cosine[h + j];
    *im = e->sine[h + j];
}

static void reverse_bits(double *x, unsigned bits)
{
    const size_t n = (size_t)1 << bits;
    size_t j = 0;
    for (size_t i = 1; i < n; i++) {
        size_t bit = n >> 1;
        for (; j & bit; bit >>= 1) {
            j ^= bit;
        }
        j ^= bit;
        if (i < j) {
            const double t = x[i];
            x[i] = x[j];
            x[j] = t;
        }
    }
}

/* ckks-encoding.md Eq. (3): values at z and -z are E(z^2) +- z O(z^2). */
static void combine(const ckks_embedding *e, double *restrict re, double *restrict im, size_t h)
{
    const double *c = e->cosine + h, *s = e->sine + h;
    for (size_t j = 0; j < h; j++) {
        const double x = re[h + j] * c[j] - im[h + j] * s[j];
        const double y = re[h + j] * s[j] + im[h + j] * c[j];
        re[h + j] = re[j] - x;
        im[h + j] = im[j] - y;
        re[j] = re[j] + x;
        im[j] = im[j] + y;
    }
}

static void separate(const ckks_embedding *e, double *restrict re, double *restrict im, size_t h)
{
    const double *c = e->cosine + h, *s = e->sine + h;
    for (size_t j = 0; j < h; j++) {
        const double x = re[j] - re[h + j], y = im[j] - im[h + j];
        re[j] = re[j] + re[h + j];
        im[j] = im[j] + im[h + j];
        re[h + j] = x * c[j] + y * s[j];
        im[h + j] = y * c[j] - x * s[j];
    }
}

void ckks_unembed(const ckks_embedding *e, double *re, double *im, unsigned log_slots)
{
    const size_t n = (size_t)1 << log_slots;
    CHECK(log_slots <= e->max_log_slots);
    reverse_bits(re, log_slots);
    reverse_bits(im, log_slots);
    for (size_t h = 1; h < n; h *= 2) {
        for (size_t at = 0; at < n; at += 2 * h) {
            combine(e, re + at, im + at, h);
        }
    }
}

void ckks_embed(const ckks_embedding *e, double *re, double *im, unsigned log_slots)
{
    const size_t n = (size_t)1 << log_slots;
    CHECK(log_slots <= e->max_log_slots);
    for (size_t h = n / 2; h > 0; h /= 2) {
        for (size_t at = 0; at < n; at += 2 * h) {
            separate(e, re + at, im + at, h);
        }
    }
    reverse_bits(re, log_slots);
    reverse_bits(im, log_slots);
    for (size_t i = 0; i < n; i++) {
        re[i] /= (double)n;
        im[i] /= (double)n;
    }
}
