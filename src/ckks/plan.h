/** Circuits planned before they run: limbs, scales, and how far off each value will be.
 *
 * A circuit is a list of steps, each of which makes one value out of earlier ones. The planner
 * walks it once, without any ciphertext; the run then follows the plan. What the planner accepts
 * decrypts to within the planned errors (noise.h says with what probability). Every value has its
 * level's scale; operands of different limbs are brought to the smaller number.
 * docs/design/ckks-plan.md.
 */
#ifndef TACIT_CKKS_PLAN_H
#define TACIT_CKKS_PLAN_H

#include "ckks/evaluate.h"

typedef enum {
    CKKS_PLAN_INPUT,        /* an encryption at n_limbs, |slots| <= size */
    CKKS_PLAN_ADD,          /* x + y */
    CKKS_PLAN_SUB,          /* x - y */
    CKKS_PLAN_MULTIPLY,     /* x y: one limb */
    CKKS_PLAN_PLAIN,        /* x times known slots, |slots| <= size: one limb */
    CKKS_PLAN_CONSTANT,     /* x times a number: one limb */
    CKKS_PLAN_ADD_CONSTANT, /* x plus a number */
    CKKS_PLAN_ROTATE,       /* x turned by `by` */
    CKKS_PLAN_CONJUGATE,
} ckks_plan_op;

typedef struct {
    ckks_plan_op op;
    size_t x, y;    /* numbers of earlier steps */
    size_t n_limbs; /* of an input; 0: all of them */
    double size;    /* of an input or of known slots */
    double constant;
    int64_t by;
    const double *re, *im; /* known slots (im may be NULL), wanted by the run alone */
} ckks_step;

/** One value. */
typedef struct {
    size_t n_limbs;
    double size;  /* |slots| of what it should be */
    double error; /* distance of what it decrypts to */
} ckks_planned;

/** out has n places. ERR_USAGE names the step that has no meaning or no limb left; ERR_PRECISION
 * the one that outgrows its modulus, or that may be further off than max_error where it is the
 * last. All of it in the clear. Cost: next to nothing. */
status ckks_plan(const ckks_context *ctx, ckks_planned *out, const ckks_step *steps, size_t n,
                 double max_error, error *err) MUST_USE;

/** The values of all steps, new, in out, by a plan that ckks_plan has made. inputs: one ciphertext
 * for each CKKS_PLAN_INPUT, in their order, at the level's scale. */
status ckks_plan_run(ckks *c, ckks_cipher *out, const ckks_step *steps, const ckks_planned *plan,
                     size_t n, unsigned log_slots, const ckks_cipher *inputs,
                     const ckks_keys *keys) MUST_USE;

#endif
