#include "mpc/function.h"

#include <math.h>

#include "mpc/same_math.h"

const char *mpc_function_name(mpc_function f)
{
    switch (f) {
    case MPC_GELU:
        return "gelu";
    case MPC_GELU_TANH:
        return "gelu-tanh";
    case MPC_SILU:
        return "silu";
    case MPC_TANH:
        return "tanh";
    case MPC_SIGMOID:
        return "sigmoid";
    case MPC_EXP:
        return "exp";
    case MPC_RECIPROCAL:
        return "reciprocal";
    case MPC_RSQRT:
        return "rsqrt";
    }
    CHECK(!"a function");
    return "";
}

mpc_symmetry mpc_function_symmetry(mpc_function f)
{
    switch (f) {
    case MPC_GELU:
    case MPC_GELU_TANH:
    case MPC_SILU:
        return MPC_EVEN;
    case MPC_TANH:
    case MPC_SIGMOID:
        return MPC_ODD;
    default:
        return MPC_NEITHER;
    }
}

double mpc_function_constant(mpc_function f)
{
    return f == MPC_SIGMOID ? 0.5 : 0;
}

double mpc_function_slope(mpc_function f)
{
    return mpc_function_symmetry(f) == MPC_EVEN ? 0.5 : 0;
}

double mpc_function_curve(mpc_function f, double z)
{
    switch (f) {
    case MPC_GELU:
        return z / 2 * same_erf(z * 0.7071067811865476);
    case MPC_GELU_TANH:
        return z / 2 * same_tanh(0.7978845608028654 * (z + 0.044715 * z * z * z));
    case MPC_SILU:
        return z / 2 * same_tanh(z / 2);
    case MPC_TANH:
        return same_tanh(z);
    case MPC_SIGMOID:
        return same_tanh(z / 2) / 2;
    case MPC_EXP:
        return same_exp(z);
    case MPC_RECIPROCAL:
        return 1 / z;
    case MPC_RSQRT:
        return 1 / sqrt(z);
    }
    CHECK(!"a function");
    return 0;
}

double mpc_function_at(mpc_function f, double z)
{
    return mpc_function_constant(f) + mpc_function_slope(f) * z + mpc_function_curve(f, z);
}

double mpc_function_weight(mpc_function f, double z, double hi)
{
    switch (f) {
    case MPC_EXP:
        return same_exp(-hi);
    case MPC_RECIPROCAL:
        return z;
    case MPC_RSQRT:
        return sqrt(z);
    default:
        return 1;
    }
}

status mpc_function_check(mpc_function f, double lo, double hi, error *err)
{
    const char *why = NULL;
    if (!(fabs(lo) <= 1048576 && fabs(hi) <= 1048576)) {
        why = "bounds must lie within 2^20";
    } else if (!(lo < hi)) {
        why = "the lower bound must be the smaller";
    } else if ((f == MPC_RECIPROCAL || f == MPC_RSQRT) && !(lo >= 9.5367431640625e-7)) {
        why = "the range must lie above 2^-20";
    } else if (f == MPC_EXP && fabs(hi) > 300) {
        why = "its upper end must lie within 300";
    }
    if (why) {
        return error_set(err, ERR_PRECISION, "no look-up of %s on [%g, %g]: %s",
                         mpc_function_name(f), lo, hi, why);
    }
    return OK;
}
