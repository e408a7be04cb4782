/** What is public about running one model on shares: widths, scales, look-ups.
 *
 * Made once, by the model's owner, from shapes, recipe and calibrated ranges; all parties then
 * use the same. Source: docs/design/mpc-encoder.md, which derives each width.
 */
#ifndef TACIT_MPC_PLAN_H
#define TACIT_MPC_PLAN_H

#include "model/model.h"
#include "mpc/fit.h"
#include "mpc/lookup.h"

/** The smallest b with x <= 2^b; -64 for 0. */
int mpc_magnitude(double x);

/** Fraction bits of most wires. */
enum { MPC_FRAC = 12, MPC_GAMMA_FRAC = 12, MPC_CONTEXT_BITS = 34 };

static const uint32_t MPC_NONE = UINT32_MAX;

/** How a linear map becomes a matrix of the ring: W' = scale · diag(γ of `from`) · Wᵀ, columns
 * centred and scaled for `to`. */
typedef struct {
    unsigned bits, frac; /* of ring and weight */
    uint32_t from, to;   /* norms, by id, or MPC_NONE */
    double scale;
} mpc_linear_plan;

/** A series with the widths of its words, on words of period_bits bits. */
typedef struct {
    mpc_series series; /* n is 0 where there is none */
    mpc_widths widths;
    unsigned period_bits;
} mpc_function_plan;

/** Whether it is only where Newton's step begins: its error, squared, is then what is left. */
static inline bool mpc_is_seed(const mpc_function_plan *f)
{
    return f->series.max_error > 1e-3;
}

/** Opened width, at MPC_FRAC fraction bits, of a look-up with a line: of GELU, SiLU on [lo, hi]. */
unsigned mpc_result_bits(const mpc_series *s);

/** How many of the lowest bits of scores make up less than a sixteenth, f the look-up of e^s. */
static inline unsigned mpc_coarse_bits(const mpc_function_plan *f)
{
    double unit = f->series.period * 16;
    for (unsigned i = 0; i < f->period_bits; i++) {
        unit /= 2;
    }
    unsigned bits = 0;
    while (bits < MPC_FRAC && unit <= 0.5) {
        unit *= 2;
        bits++;
    }
    return bits;
}

typedef struct {
    bool used;     /* false: the owner has done it before sharing */
    double factor; /* the input is (x - mean) · factor; factor = dim / 2^⌈log2 dim⌉ · 2^shift */
    int shift;
    double variance_lo, variance_hi; /* of x, with margins */
    unsigned inverse_frac, inverse_bits;
    unsigned out_bits; /* at which its output is opened */
    size_t inverse;    /* plan->functions */
    bool gamma_later;  /* its γ and β scale a residual: a weight of their own */
} mpc_norm_plan;

typedef struct {
    attention_form form;
    unsigned score_bits;               /* of s (+ c), opened or in whole */
    double sum_lo, sum_hi, context_hi; /* row sums / n and context, with margins */
    size_t reciprocal;                 /* plan->functions */
    size_t exponential;                /* softmax forms: plan->functions */
    double scores_hi;                  /* softmax-freediv: weights are e^(s - scores_hi) */
    double clamp; /* softmax: how far below its row's largest a score counts; 0: as far as it is */
} mpc_attention_plan;

typedef struct {
    activation_form form;
    unsigned bits;     /* opened width of the input */
    unsigned out_bits; /* opened width of the output */
    size_t function;   /* plan->functions */
} mpc_activation_plan;

typedef enum { MPC_OP_NONE, MPC_OP_NORM, MPC_OP_ATTENTION, MPC_OP_ACTIVATION } mpc_op_kind;

typedef struct {
    mpc_op_kind kind;
    union {
        mpc_norm_plan norm;
        mpc_attention_plan attention;
        mpc_activation_plan activation;
    };
} mpc_op_plan;

/** Whose protocols for GeLU, division and inverse root. */
typedef enum {
    MPC_TACIT,         /* docs/design/mpc-lookup.md, mpc-refine.md */
    MPC_SECFORMER_2024 /* docs/design/mpc-secformer-2024.md: to measure ours against */
} mpc_protocol;

const char *mpc_protocol_name(mpc_protocol p);
/** NULL is the first. ERR_USAGE, with the names there are. */
status mpc_protocol_find(mpc_protocol *out, const char *name, error *err) MUST_USE;

/** What sums of rows of the tables of embeddings can be, each less its mean. */
typedef struct {
    double centred; /* at most, in size */
    double variance_lo, variance_hi;
} mpc_table_range;

/** What is decided about a plan beside the model. */
typedef struct {
    mpc_protocol protocol;
    bool label_only;        /* owners get labels, never numbers */
    bool oblivious;         /* the tables of embeddings are shared as weights are */
    mpc_table_range tables; /* of oblivious ones, by mpc_tables_measure; else zeros */
} mpc_choice;

typedef struct {
    mpc_protocol protocol;
    bool label_only, oblivious;
    mpc_table_range tables;
    size_t n_linears, n_ops, n_functions, cap_functions;
    mpc_linear_plan *linears; /* by id */
    mpc_op_plan *ops;         /* by id */
    mpc_function_plan *functions;
} mpc_plan;

/** Whether GeLU is that of secformer-2024. */
static inline bool mpc_is_segmented(const mpc_plan *p, activation_form form)
{
    return p->protocol == MPC_SECFORMER_2024 && form == ACTIVATION_GELU;
}

/** choice NULL: all zeros. Errors: ERR_POLICY where a form has no protocol, naming it, or the model
 * is none for labels alone; ERR_PRECISION where a range is missing from the recipe or too wide.
 * Cost: a second or two where ranges ask for long series. */
status mpc_plan_make(mpc_plan **out, const model *m, const mpc_choice *choice, error *err) MUST_USE;
/** What a plan was made by. */
mpc_choice mpc_plan_choice(const mpc_plan *p);
void mpc_plan_free(mpc_plan *p);

/** The mean over a sequence's rows is a product with a public number of so many bits, by which the
 * ring shrinks. */
enum { MPC_MEAN_BITS = 16 };

/** The ring in which γ and β of a norm with gamma_later scale its output. */
unsigned mpc_gamma_bits(const mpc_plan *p, const model *m, uint32_t norm_id);

#endif
