/** A model as a list of steps on ciphertexts: what planner and server both walk.
 *
 * The forward pass of nn/ runs once over a recorder (he_record), which writes down what it would
 * do; nothing is encrypted and no weight is read. Registers are numbered; each is written once. A
 * register's depth is how many rescalings lie behind it: with L limbs at the beginning it has
 * L - depth. docs/design/he.md derives every step.
 */
#ifndef TACIT_HE_PROGRAM_H
#define TACIT_HE_PROGRAM_H

#include "he/shape.h"

typedef enum {
    HE_MAP,       /* z = sum of diagonals times x turned; one level */
    HE_SUM,       /* z = sum of x turned or conjugated, times powers of i */
    HE_PRODUCTS,  /* z = sum over m < n of (x turned by m px) (y turned by m py); one level */
    HE_SQUARES,   /* z = re^2 - i im^2 of twice x; one level */
    HE_CONSTANTS, /* z = x + known slots, at tokens that are there */
    HE_RESIDUAL,  /* z = x gamma + y at y's level, gamma by features */
    HE_SCALE,     /* z = x times a number of the run, at the given depth */
    HE_CLIENT,    /* z = f(x), computed by the client and encrypted anew, at the given depth */
} he_op;

/** Which diagonals; he/weights.h has their entries. */
typedef enum {
    HE_QKV,    /* lanes of the first copy: keys; of the second: values; of the third: queries */
    HE_SELECT, /* queries alone, times a constant */
    HE_KEYS,   /* keys, of token t + i at place i of each head */
    HE_VALUES, /* values alike, zero from offset_copies head_dim on */
    HE_OUTPUT, /* behind attention: first copy */
    HE_UP,     /* feed-forward: half of the units real, half imaginary */
    HE_DOWN,   /* and back: first copy */
    HE_HEAD,   /* logits */
    HE_SPAN,   /* scores that mean something, all else cleared */
} he_matrix;

typedef enum {
    HE_BIAS_QKV,
    HE_BIAS_SCORES, /* what completes the square of attention's polynomial */
    HE_BIAS_SIGMA,  /* its constant */
    HE_BIAS_OUTPUT,
    HE_BIAS_UP,
    HE_BIAS_DOWN,
    HE_BIAS_HEAD,
} he_bias;

/** Tokens that hold anything: all of the input's, or the first alone. */
typedef enum { HE_ALL, HE_FIRST } he_valid;

/** What the client makes of the real and the imaginary part of twice x, y: z = f(y_re) - i
 * f(y_im). */
typedef enum {
    HE_CLIENT_RELU,    /* max(0, y) */
    HE_CLIENT_WEIGHTS, /* r T(sum of r over keys), r = max(0, y)^3: attention's weights */
} he_client_kind;

enum { HE_MAX_GIANTS = 64, HE_MAX_TERMS = 8 };

/** Rotation giant[g] + baby[b] belongs to diagonal g n_baby + b. Giants are taken in Horner's
 * order: from the last down, each time turning by the difference, at last by giant[0]. */
typedef struct {
    he_matrix what;
    size_t n_baby, n_giant;
    int64_t baby[HE_BABIES];
    int64_t giant[HE_MAX_GIANTS];
} he_map;

typedef struct {
    int64_t turn;
    bool conjugate;
    unsigned power; /* of i: 0 .. 3 */
} he_term;

/** Products in inner sums of `inner` each, turned by outer, in Horner's order. */
typedef struct {
    size_t n, inner;
    int64_t px, py;
} he_products;

/** One step. The fields of its kind count. */
typedef struct {
    he_op op;
    size_t x, y, z; /* registers; y of HE_PRODUCTS and HE_RESIDUAL */
    size_t depth;   /* of z */
    size_t layer;   /* that it belongs to; n_layers: the head */
    const char *name;
    union {
        he_map map;
        struct {
            size_t n;
            he_term term[HE_MAX_TERMS];
        } sum;
        he_products products;
        he_bias bias;
        he_client_kind client;
    };
    he_valid valid;               /* HE_SELECT, HE_CONSTANTS, HE_RESIDUAL, HE_CLIENT */
    const norm *norm;             /* HE_OUTPUT, HE_DOWN and what belongs to them */
    const linear *linear[3];      /* HE_QKV: keys, values, queries; HE_HEAD: one or two */
    const attention *attention;   /* HE_SELECT, HE_BIAS_SCORES, HE_BIAS_SIGMA, HE_SCALE */
    const activation *activation; /* HE_UP, HE_DOWN and their constants */
} he_step;

typedef struct {
    he_shape shape;
    const model *model;
    he_step *step;
    size_t n, cap;
    size_t n_registers, cap_registers;
    size_t *depth;    /* of each register */
    size_t *last_use; /* the last step that reads it; the result's: n */
    size_t result;    /* a register: logits at lanes 0 .. n_labels - 1 of the first token */
    size_t max_depth;
    size_t n_rounds; /* HE_CLIENT steps */
    bool mean;       /* the result is a sum over tokens: the client divides it by their number */
} he_program;

/** y = s1 (x + shift)^2 + constant of a polynomial of degree 2, sign 1 or -1: what is computed is
 * the square of root x + root shift. */
typedef struct {
    double root, shift, constant, sign;
} he_square;

/** What goes to the client in between has as few limbs as decoding reads. */
enum { HE_ASK_LIMBS = 2 };

/** Places of a head at which scores are read. */
static inline size_t he_span(const he_shape *s)
{
    return s->offset_copies * s->head_dim + s->products - 1;
}

/** ERR_POLICY where the polynomial is not of degree 2. */
status he_square_of(he_square *out, const polynomial *p, const char *name, error *err) MUST_USE;

/** ERR_POLICY names the operation and form that has no step. m is an open model or one of shapes
 * (model_open_shapes), and outlives the program. */
status he_record(he_program **out, const model *m, size_t tokens, error *err) MUST_USE;
void he_program_free(he_program *p);

#endif
