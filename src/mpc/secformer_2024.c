/* docs/design/mpc-secformer-2024.md */
#include "mpc/secformer_2024.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

enum {
    TERMS = 7,
    RING = 64,
    FRAC = 12,      /* of the argument and the answer of GeLU */
    ERF_FRAC = 14,  /* of erf on its way */
    ERF_BITS = 17,  /* |erf| < 2, opened */
    GATE_BITS = 18, /* 0 <= 1 + erf <= 2, opened */
    SIGN_BITS = 3,
    TERM_FRAC = 14, /* of each public factor; dealt words have as many for an amplitude of 1 */
    Q_FRAC = 24,    /* of what Goldschmidt's steps drive to 1, */
    Q_BITS = 28,    /* which is below 4 */
    P_FRAC = 20,    /* of what becomes the answer, where that is about 1 */
};

/* Of erf on a period of 20, as printed. */
static const double sines[TERMS] = {1.25772,  -0.0299154, 0.382155, -0.0519123,
                                    0.196033, -0.0624557, 0.118029};
static const double no_cosines[TERMS];
static const uint8_t word_frac[TERMS] = {14, 9, 13, 10, 12, 10, 11};
static const uint8_t coef_frac[TERMS] = {TERM_FRAC, TERM_FRAC, TERM_FRAC, TERM_FRAC,
                                         TERM_FRAC, TERM_FRAC, TERM_FRAC};
static const double PERIOD = 20, SEGMENT = 1.7, ROOT_2 = 1.4142135623730951;

/* Where the largest variance begins: q(3 - q)²/4 goes to 1 from anywhere in (0, 3). */
static const double ROOT_TOP = 2.5;

double secformer_period(void)
{
    return PERIOD * ROOT_2;
}

/* A word of x. */
static double unit(void)
{
    return ldexp(1, SECFORMER_PERIOD_BITS) / secformer_period();
}

/* By what 1 + erf is multiplied on its way, so that its product with words of x is of the answer's
 * unit but for a power of two. */
static double factor(void)
{
    return secformer_period() / 32;
}

double secformer_gelu_at(double x)
{
    const double u = x / ROOT_2;
    double erf = u < -SEGMENT ? -1 : 1;
    if (fabs(u) <= SEGMENT) {
        erf = 0;
        for (int k = 0; k < TERMS; k++) {
            erf += sines[k] * sin(2 * 3.141592653589793 * (k + 1) * u / PERIOD);
        }
    }
    return x / 2 * (1 + erf);
}

double secformer_division_error(double ratio)
{
    /* the largest sum is between a half and 1 */
    return pow(1 - 0.5 / ratio, ldexp(1, SECFORMER_DIVISION_STEPS));
}

double secformer_root_error(double ratio)
{
    /* the largest variance is between a half of ROOT_TOP and that */
    double q = ROOT_TOP / 2 / ratio, p = sqrt(q);
    for (int i = 0; i < SECFORMER_ROOT_STEPS; i++) {
        const double m = (3 - q) / 2;
        p *= m;
        q *= m * m;
    }
    return fabs(p - 1);
}

/* The smallest b with x <= 2^b. */
static unsigned magnitude(double x)
{
    return x > 1 ? (unsigned)ceil(log2(x)) : 0;
}

unsigned secformer_gelu_bits(double most)
{
    const unsigned bits = magnitude((most + SEGMENT * ROOT_2 + 0.01) * unit()) + 2;
    return bits < SECFORMER_PERIOD_BITS ? SECFORMER_PERIOD_BITS : bits;
}

/* ---- GeLU */

typedef struct {
    mpc *p;
    wire *x, *angle, *beside; /* beside: x plus and x minus the threshold */
    wire *signs, *erf, *middle, *gate;
    unsigned bits, ring;
} gelu_run;

/* Both of x's distances from the thresholds, one behind the other. */
static status distances(gelu_run *r)
{
    mpc *p = r->p;
    const size_t n = r->x->n;
    const uint64_t t = (uint64_t)rint(SEGMENT * ROOT_2 * unit()), m = ring_mask(r->bits);
    r->beside = wire_new(p, 2 * n, r->bits, FRAC);
    if (!r->beside) {
        return ERR_RESOURCE;
    }
    if (mpc_has_shares(p)) {
        memcpy(r->beside->share, r->x->share, n * sizeof *r->x->share);
        memcpy(r->beside->share + n, r->x->share, n * sizeof *r->x->share);
        if (p->server == 0) {
            p->kernels->add_public(r->beside->share, n, t, m);
            p->kernels->add_public(r->beside->share + n, n, 0 - t, m);
        }
    }
    mpc_narrow(p, r->beside, r->bits - 1);
    return OK;
}

/* Rounds 1 and 2: erf by sines, and whether x is below either threshold. */
static status look(gelu_run *r)
{
    mpc *p = r->p;
    double b[TERMS];
    for (int k = 0; k < TERMS; k++) {
        b[k] = factor() * sines[k];
    }
    const lookup t = {
        .period_bits = SECFORMER_PERIOD_BITS,
        .bits = ERF_BITS + 2 * TERM_FRAC - ERF_FRAC,
        .frac = 2 * TERM_FRAC,
        .terms = TERMS,
        .every = 1,
        .a = no_cosines,
        .b = b,
        .word_frac = word_frac,
        .coef_frac = coef_frac,
    };
    const comparison c = {.width = r->bits - 1, .top = r->bits - 1, .sign_bits = GATE_BITS};
    TRY(distances(r));
    TRY(mpc_copy(p, &r->angle, r->x));
    const opening o[] = {{.x = r->x, .width = r->bits, .grow = r->ring},
                         {.x = r->angle, .width = SECFORMER_PERIOD_BITS},
                         {.x = r->beside, .width = c.width}};
    TRY(mpc_open(p, o, 3));
    TRY(mpc_lookup(p, &r->erf, r->angle, &t, NULL));
    mpc_truncate(p, r->erf, r->erf->frac - ERF_FRAC);
    return mpc_compare(p, &r->signs, NULL, r->beside, &c);
}

/* Of c₀ = [x below the lower] and c₁ = [x below the upper]: 2 - c₀ - c₁, and c₁ - c₀. */
static status segments(gelu_run *r)
{
    mpc *p = r->p;
    const size_t n = r->x->n;
    const uint64_t m = ring_mask(GATE_BITS);
    r->middle = wire_new(p, n, GATE_BITS, 0);
    r->gate = wire_new(p, n, GATE_BITS, 0);
    if (!r->middle || !r->gate) {
        return ERR_RESOURCE;
    }
    for (size_t i = 0; mpc_has_shares(p) && i < n; i++) {
        const uint64_t c0 = r->signs->share[i], c1 = r->signs->share[n + i];
        r->middle->share[i] = (c1 - c0) & m;
        r->gate->share[i] = (0 - c0 - c1) & m;
    }
    mpc_add_public(p, r->gate, 2);
    mpc_multiply_public(p, r->gate, (uint64_t)rint(ldexp(factor(), ERF_FRAC)), ERF_FRAC);
    return OK;
}

/* Rounds 3 and 4: 1 + erf of the segments, times x/2. */
static status multiply(gelu_run *r, wire **y)
{
    mpc *p = r->p;
    wire *inside;
    TRY(segments(r));
    const opening o[] = {{.x = r->middle, .width = SIGN_BITS, .grow = GATE_BITS},
                         {.x = r->erf, .width = ERF_BITS, .grow = GATE_BITS}};
    TRY(mpc_open(p, o, 2));
    TRY(mpc_product(p, &inside, r->erf, r->middle, GATE_BITS));
    mpc_add_shifted(p, r->gate, inside, 0);
    wire_drop(p, inside);
    const opening last = {.x = r->gate, .width = GATE_BITS, .grow = r->ring};
    TRY(mpc_open(p, &last, 1));
    return mpc_product(p, y, r->x, r->gate, r->ring);
}

status secformer_gelu(mpc *p, wire **y, wire *x, unsigned bits, unsigned out_bits)
{
    /* 2^18/period · 2^14 · period/32 · x(1 + erf), to 2^12 · GeLU */
    enum { DROP = SECFORMER_PERIOD_BITS + ERF_FRAC + 1 - FRAC - 5 };
    gelu_run r = {.p = p, .x = x, .bits = bits, .ring = out_bits + DROP};
    *y = NULL;
    status st = look(&r);
    if (st == OK) {
        st = multiply(&r, y);
    }
    if (st == OK) {
        mpc_truncate(p, *y, DROP);
        (*y)->frac = FRAC;
    }
    wire_drop(p, r.angle);
    wire_drop(p, r.beside);
    wire_drop(p, r.signs);
    wire_drop(p, r.erf);
    wire_drop(p, r.middle);
    wire_drop(p, r.gate);
    return st;
}

/* ---- Goldschmidt's steps */

/* q and the answer so far, p: what is opened in a round. */
typedef struct {
    mpc *w;
    wire *q, *p;
    unsigned p_bits, p_frac;
} steps;

static void replace(steps *s, wire **at, wire *by)
{
    wire_drop(s->w, *at);
    *at = by;
}

static status open_both(steps *s)
{
    const opening o[] = {{.x = s->q, .width = Q_BITS, .grow = RING},
                         {.x = s->p, .width = s->p_bits, .grow = RING}};
    return mpc_open(s->w, o, 2);
}

/* y = by·x - x·q */
static status less_product(mpc *p, wire **y, const wire *x, const wire *q, uint64_t by)
{
    wire *xq;
    TRY(x == q ? mpc_square(p, &xq, q, RING) : mpc_product(p, &xq, x, q, RING));
    const status st = mpc_grow(p, y, x);
    if (st == OK) {
        mpc_multiply_public(p, *y, by << q->frac, q->frac);
        mpc_multiply_public(p, xq, UINT64_MAX, 0);
        mpc_add_shifted(p, *y, xq, 0);
    }
    wire_drop(p, xq);
    return st;
}

static void settle(mpc *p, wire *x, unsigned frac, unsigned bits)
{
    mpc_truncate(p, x, x->frac - frac);
    mpc_narrow(p, x, bits);
}

/* p = 2 - q, the first of the answers. */
static status begin_reciprocal(steps *s, const wire *q)
{
    TRY(mpc_grow(s->w, &s->p, q));
    mpc_multiply_public(s->w, s->p, UINT64_MAX, 0);
    mpc_add_public(s->w, s->p, UINT64_C(2) << q->frac);
    settle(s->w, s->p, P_FRAC, s->p_bits);
    TRY(less_product(s->w, &s->q, q, q, 2));
    settle(s->w, s->q, Q_FRAC, Q_BITS);
    return OK;
}

static status reciprocal_step(steps *s, bool last)
{
    wire *q = NULL, *p;
    TRY(open_both(s));
    TRY(less_product(s->w, &p, s->p, s->q, 2));
    if (!last) {
        const status st = less_product(s->w, &q, s->q, s->q, 2);
        if (st != OK) {
            wire_drop(s->w, p);
            return st;
        }
        settle(s->w, p, s->p_frac, s->p_bits);
        settle(s->w, q, Q_FRAC, Q_BITS);
    }
    replace(s, &s->p, p);
    replace(s, &s->q, q);
    return OK;
}

status secformer_reciprocal(mpc *p, wire **y, const wire *q, double most)
{
    steps s = {.w = p, .p_frac = P_FRAC, .p_bits = P_FRAC + magnitude(most) + 3};
    status st = begin_reciprocal(&s, q);
    for (int i = 1; st == OK && i < SECFORMER_DIVISION_STEPS; i++) {
        st = reciprocal_step(&s, i + 1 == SECFORMER_DIVISION_STEPS);
    }
    *y = st == OK ? s.p : NULL;
    if (st != OK) {
        wire_drop(p, s.p);
    }
    wire_drop(p, s.q);
    return st;
}

/* q = v / η with η = hi / 2.5 or a little more; *eta: what it is. */
static status deflate(mpc *p, wire *v, double hi, double *eta)
{
    const int t = (int)v->bits - Q_BITS;
    const double c = floor(ldexp(ROOT_TOP / hi, Q_FRAC - (int)v->frac + t));
    if (t < 1 || !(c >= 1) || c >= 0x1p62) {
        return error_set(p->err, ERR_PRECISION, "variances of up to %g do not fit their ring", hi);
    }
    *eta = ldexp(1 / c, Q_FRAC - (int)v->frac + t);
    mpc_multiply_public(p, v, (uint64_t)c, (unsigned)t);
    mpc_truncate(p, v, (unsigned)t);
    v->frac = Q_FRAC;
    return OK;
}

/* p = by·(3 - q)/2, the first of the answers, from an opened q. */
static status begin_root(steps *s, double by)
{
    enum { BY_BITS = 24 };
    int exponent;
    const double part = frexp(by, &exponent);
    if (exponent > P_FRAC) {
        return error_set(s->w->err, ERR_PRECISION, "variances are too small");
    }
    TRY(mpc_grow(s->w, &s->p, s->q));
    mpc_multiply_public(s->w, s->p, UINT64_MAX, 0);
    mpc_add_public(s->w, s->p, UINT64_C(3) << Q_FRAC);
    mpc_multiply_public(s->w, s->p, (uint64_t)rint(ldexp(part, BY_BITS)), BY_BITS + 1);
    mpc_truncate(s->w, s->p, Q_FRAC + BY_BITS + 1 - P_FRAC);
    mpc_narrow(s->w, s->p, s->p_bits);
    s->p_frac = (unsigned)(P_FRAC - exponent);
    s->p->frac = s->p_frac;
    return OK;
}

/* q = q·((3 - q)/2)²: a round more, once q is open. */
static status next_root(steps *s)
{
    mpc *p = s->w;
    wire *m = NULL, *line = NULL, *q = NULL;
    status st = mpc_square(p, &m, s->q, RING);
    if (st == OK) {
        st = mpc_grow(p, &line, s->q);
    }
    if (st == OK) { /* (q² - 6q + 9) / 4 */
        mpc_multiply_public(p, line, (uint64_t)0 - 6, 0);
        mpc_add_shifted(p, m, line, Q_FRAC);
        mpc_add_public(p, m, UINT64_C(9) << (2 * Q_FRAC));
        m->frac += 2;
        settle(p, m, Q_FRAC, Q_BITS);
        const opening o = {.x = m, .width = Q_BITS, .grow = RING};
        st = mpc_open(p, &o, 1);
    }
    if (st == OK) {
        st = mpc_product(p, &q, s->q, m, RING);
    }
    if (st == OK) {
        settle(p, q, Q_FRAC, Q_BITS);
        replace(s, &s->q, q);
    }
    wire_drop(p, m);
    wire_drop(p, line);
    return st;
}

/* The answer's next is p·(3 - q)/2. */
static status root_step(steps *s, bool last)
{
    wire *p;
    TRY(open_both(s));
    TRY(less_product(s->w, &p, s->p, s->q, 3));
    p->frac++;
    if (!last) {
        settle(s->w, p, s->p_frac, s->p_bits);
    }
    replace(s, &s->p, p);
    return last ? OK : next_root(s);
}

status secformer_rsqrt(mpc *p, wire **y, wire *v, double lo, double hi, double scale)
{
    steps s = {.w = p};
    double eta = 1;
    *y = NULL;
    TRY(deflate(p, v, hi, &eta));
    s.p_bits = P_FRAC + magnitude(sqrt(eta / lo)) + 3;
    TRY(mpc_copy(p, &s.q, v));
    const opening o = {.x = s.q, .width = Q_BITS, .grow = RING};
    status st = mpc_open(p, &o, 1);
    if (st == OK) {
        st = begin_root(&s, scale / sqrt(eta));
    }
    if (st == OK) {
        st = next_root(&s);
    }
    for (int i = 1; st == OK && i < SECFORMER_ROOT_STEPS; i++) {
        st = root_step(&s, i + 1 == SECFORMER_ROOT_STEPS);
    }
    if (st == OK) {
        *y = s.p;
    } else {
        wire_drop(p, s.p);
    }
    wire_drop(p, s.q);
    return st;
}
