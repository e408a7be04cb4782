#include "he/clear.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "he/answer.h"
#include "he/weights.h"

typedef struct {
    double *re, *im;
} slots;

typedef struct {
    const he_program *p;
    size_t n, tokens; /* slots; of the input */
    slots *reg;
    double *re, *im; /* lanes */
    const he_noise *noise;
    uint64_t random;
    error *err;
} walk;

void he_pack(double *x, const he_shape *s, const float *rows, size_t n)
{
    memset(x, 0, s->tokens * s->width * sizeof *x);
    for (size_t t = 0; t < n; t++) {
        for (size_t lane = 0; lane < s->width; lane++) {
            x[t * s->width + lane] = (double)rows[t * s->dim + he_feature(s, lane % s->dim)];
        }
    }
}

static status take(walk *w, slots *z)
{
    z->re = mem_new(2 * w->n, sizeof *z->re);
    z->im = z->re ? z->re + w->n : NULL;
    return z->re ? OK : error_memory(w->err);
}

static size_t turned(const walk *w, size_t i, int64_t by)
{
    const int64_t n = (int64_t)w->n;
    return (size_t)((((int64_t)i + by) % n + n) % n);
}

/* Uniform of deviation 1. */
static double draw(walk *w)
{
    w->random = w->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(w->random >> 11) / 9007199254740992.0 - 0.5) * sqrt(12);
}

static void disturb(walk *w, slots z, size_t depth, double factor)
{
    const double deviation = w->noise && w->noise->rescale ? w->noise->rescale[depth] * factor : 0;
    for (size_t i = 0; deviation > 0 && i < w->n; i++) {
        z.re[i] += deviation * draw(w);
        z.im[i] += deviation * draw(w);
    }
}

static bool holds(const walk *w, const he_step *s, size_t slot)
{
    const size_t token = slot / w->p->shape.width;
    return token < (s->valid == HE_FIRST ? 1 : w->tokens);
}

static void run_map(walk *w, const he_step *s, slots z, slots x)
{
    const he_map *m = &s->map;
    const size_t width = w->p->shape.width;
    for (size_t g = 0; g < m->n_giant; g++) {
        for (size_t b = 0; b < m->n_baby; b++) {
            if (!he_diagonal(w->re, w->im, w->p, s, g, b)) {
                continue;
            }
            for (size_t i = 0; i < w->n; i++) {
                const double re = w->re[i % width], im = w->im[i % width];
                const size_t j = turned(w, i, m->giant[g] + m->baby[b]);
                z.re[i] += re * x.re[j] - im * x.im[j];
                z.im[i] += re * x.im[j] + im * x.re[j];
            }
        }
    }
    for (size_t i = 0; m->what == HE_SELECT && i < w->n; i++) {
        if (s->valid == HE_FIRST && !holds(w, s, i)) {
            z.re[i] = z.im[i] = 0;
        }
    }
}

static void run_sum(walk *w, const he_step *s, slots z, slots x)
{
    for (size_t t = 0; t < s->sum.n; t++) {
        const he_term *term = &s->sum.term[t];
        for (size_t i = 0; i < w->n; i++) {
            const size_t j = turned(w, i, term->turn);
            double re = x.re[j], im = term->conjugate ? -x.im[j] : x.im[j];
            for (unsigned k = 0; k < term->power; k++) {
                const double t_re = re;
                re = -im;
                im = t_re;
            }
            z.re[i] += re;
            z.im[i] += im;
        }
        if (term->turn != 0 || term->conjugate) {
            disturb(w, z, s->depth, w->noise ? w->noise->turn : 0);
        }
    }
}

static void run_products(walk *w, const he_step *s, slots z, slots x, slots y)
{
    for (size_t m = 0; m < s->products.n; m++) {
        for (size_t i = 0; i < w->n; i++) {
            const size_t j = turned(w, i, (int64_t)m * s->products.px);
            const size_t k = turned(w, i, (int64_t)m * s->products.py);
            z.re[i] += x.re[j] * y.re[k] - x.im[j] * y.im[k];
            z.im[i] += x.re[j] * y.im[k] + x.im[j] * y.re[k];
        }
    }
}

static void run_squares(walk *w, slots z, slots x)
{
    for (size_t i = 0; i < w->n; i++) {
        z.re[i] = 4 * x.re[i] * x.re[i];
        z.im[i] = -4 * x.im[i] * x.im[i];
    }
}

static void run_constants(walk *w, const he_step *s, slots z, slots x)
{
    const size_t width = w->p->shape.width;
    he_constants(w->re, w->im, w->p, s);
    for (size_t i = 0; i < w->n; i++) {
        z.re[i] = x.re[i] + (holds(w, s, i) ? w->re[i % width] : 0);
        z.im[i] = x.im[i] + (holds(w, s, i) ? w->im[i % width] : 0);
    }
}

static void run_residual(walk *w, const he_step *s, slots z, slots x, slots y)
{
    const size_t width = w->p->shape.width;
    he_gamma(w->re, w->p, s);
    for (size_t i = 0; i < w->n; i++) {
        const double gamma = s->valid == HE_FIRST && !holds(w, s, i) ? 0 : w->re[i % width];
        z.re[i] = gamma * x.re[i] + y.re[i];
        z.im[i] = gamma * x.im[i] + y.im[i];
    }
}

static void run_client(walk *w, const he_step *s, slots z, slots x)
{
    const he_answer a = {.kind = s->client,
                         .first = s->valid == HE_FIRST,
                         .net = s->client == HE_CLIENT_WEIGHTS ? s->attention->thex
                                                               : (reciprocal_net){0}};
    memcpy(z.re, x.re, w->n * sizeof *z.re);
    memcpy(z.im, x.im, w->n * sizeof *z.im);
    he_answer_slots(z.re, z.im, &w->p->shape, w->tokens, &a);
}

static void run_step(walk *w, const he_step *s, slots z)
{
    const slots x = w->reg[s->x], y = w->reg[s->y];
    double factor;
    switch (s->op) {
    case HE_MAP:
        run_map(w, s, z, x);
        break;
    case HE_SUM:
        run_sum(w, s, z, x);
        return;
    case HE_PRODUCTS:
        run_products(w, s, z, x, y);
        break;
    case HE_SQUARES:
        run_squares(w, z, x);
        break;
    case HE_CONSTANTS:
        run_constants(w, s, z, x);
        return;
    case HE_RESIDUAL:
        run_residual(w, s, z, x, y);
        break;
    case HE_SCALE:
        factor = he_factor(s, w->tokens);
        for (size_t i = 0; i < w->n; i++) {
            z.re[i] = factor * x.re[i];
            z.im[i] = factor * x.im[i];
        }
        break;
    case HE_CLIENT:
        run_client(w, s, z, x);
        return;
    }
    disturb(w, z, s->depth, 1);
}

static status run(walk *w, double *out)
{
    const he_program *p = w->p;
    for (size_t i = 0; i < p->n; i++) {
        const he_step *s = &p->step[i];
        TRY(take(w, &w->reg[s->z]));
        run_step(w, s, w->reg[s->z]);
        for (size_t r = 0; r < p->n_registers; r++) {
            if (p->last_use[r] <= i && w->reg[r].re) {
                mem_free(w->reg[r].re);
                w->reg[r] = (slots){0};
            }
        }
    }
    for (size_t i = 0; i < p->model->head.n_labels; i++) {
        out[i] = w->reg[p->result].re[i] / (p->mean ? (double)w->tokens : 1);
    }
    return OK;
}

status he_clear_run(double *out, const he_program *p, const float *x, size_t n,
                    const he_noise *noise, error *err)
{
    const he_shape *h = &p->shape;
    walk w = {.p = p,
              .n = h->tokens * h->width,
              .tokens = n,
              .reg = mem_new(p->n_registers, sizeof *w.reg),
              .re = mem_new(2 * h->width, sizeof *w.re),
              .noise = noise,
              .random = noise ? noise->seed : 0,
              .err = err};
    status st = OK;
    CHECK(n <= h->tokens);
    if (!w.reg || !w.re) {
        st = error_memory(err);
    } else {
        w.im = w.re + h->width;
        st = take(&w, &w.reg[0]);
    }
    if (st == OK) {
        he_pack(w.reg[0].re, h, x, n);
        st = run(&w, out);
    }
    for (size_t r = 0; w.reg && r < p->n_registers; r++) {
        mem_free(w.reg[r].re);
    }
    mem_free(w.reg);
    mem_free(w.re);
    return st;
}
