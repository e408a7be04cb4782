/** The one-variable functions that a look-up can stand for. */
#ifndef TACIT_MPC_FUNCTION_H
#define TACIT_MPC_FUNCTION_H

#include <stdbool.h>

#include "base/status.h"

typedef enum {
    MPC_GELU,      /* z (1 + erf(z / sqrt 2)) / 2 */
    MPC_GELU_TANH, /* z (1 + tanh(sqrt(2 / pi) (z + 0.044715 z^3))) / 2 */
    MPC_SILU,      /* z / (1 + e^-z) */
    MPC_TANH,
    MPC_SIGMOID,
    MPC_EXP,
    MPC_RECIPROCAL,
    MPC_RSQRT, /* 1 / sqrt z */
} mpc_function;

/** What is left to a series once a straight line is taken off: f(z) = constant + slope·z + g(z).
 * GELU and SiLU are z/2 and an even part, tanh and the sigmoid odd about their middle; the rest
 * has no symmetry and no line. */
typedef enum { MPC_EVEN, MPC_ODD, MPC_NEITHER } mpc_symmetry;

const char *mpc_function_name(mpc_function f);
mpc_symmetry mpc_function_symmetry(mpc_function f);
double mpc_function_constant(mpc_function f);
double mpc_function_slope(mpc_function f);

/** f(z) and its g(z). To a few units in the last place of double, the same on every machine. */
double mpc_function_at(mpc_function f, double z);
double mpc_function_curve(mpc_function f, double z);

/** By what an error at z is multiplied to be measured: 1; for 1/z and z^-1/2 the inverse of the
 * value, which makes it relative; for exp e^-hi, which makes it a part of the largest value. */
double mpc_function_weight(mpc_function f, double z, double hi);

/** ERR_PRECISION, naming function and range, where lo < hi does not hold, where a bound is not
 * finite or beyond 2^20, and where the function has a pole or overflows there. */
status mpc_function_check(mpc_function f, double lo, double hi, error *err) MUST_USE;

#endif
