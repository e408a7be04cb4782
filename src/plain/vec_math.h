/** exp, tanh and the activations on vectors, for whichever vec_*.h stands before it.
 *
 * Coefficients are minimax fits in relative error (Lawson's iteration), given with what the fit
 * alone leaves; the bounds of the whole are in kernels.h and are tested against libm there.
 */
#ifndef TACIT_PLAIN_VEC_MATH_H
#define TACIT_PLAIN_VEC_MATH_H

/** exp x = 2^n · exp r, |r| <= ln 2 / 2; fit 1.9e-9. 0 below -104, infinite from 88.73. */
static inline vec vec_exp(vec x)
{
    x = vec_min(vec_set(89), vec_max(vec_set(-104), x));
    const vec n = vec_round(x * vec_set(1.44269504f));
    vec r = vec_fnma(n, vec_set(0x1.62e4p-1f), x); /* n·hi is exact: hi has 14 bits */
    r = vec_fnma(n, vec_set(0x1.7f7d1cp-20f), r);
    vec p = vec_set(0.00138368379f);
    p = vec_fma(p, r, vec_set(0.00837482209f));
    p = vec_fma(p, r, vec_set(0.041668226f));
    p = vec_fma(p, r, vec_set(0.166664201f));
    p = vec_fma(p, r, vec_set(0.499999921f));
    p = vec_fma(p, r, vec_set(1));
    p = vec_fma(p, r, vec_set(1));
    return vec_scale(p, n);
}

/** Near 0 an odd polynomial (fit 4.1e-9), beyond 0.625 by 1 - 2/(exp 2|x| + 1). */
static inline vec vec_tanh(vec x)
{
    const vec z = x * x, a = vec_abs(x);
    vec p = vec_set(-0.00571704511f);
    p = vec_fma(p, z, vec_set(0.0206505874f));
    p = vec_fma(p, z, vec_set(-0.0537434981f));
    p = vec_fma(p, z, vec_set(0.133314913f));
    p = vec_fma(p, z, vec_set(-0.333332839f));
    const vec near = vec_fma(p * z, x, x);
    const vec far = vec_set(1) - vec_set(2) / (vec_exp(a + a) + vec_set(1));
    return vec_less(a, vec_set(0.625f), near, vec_sign(far, x));
}

/** x Φ(x) = max(x, 0) - t·exp(-t²/2)·R(t), t = |x|, where R(t) = erfc(t/√2)·exp(t²/2)/2 is a
 * polynomial in u = 1/(1 + 0.34 t) (fit 3.0e-8): nothing cancels, so the left tail keeps its
 * digits too. Beyond t = 14 the second term is below the smallest float. */
static inline vec vec_gelu(vec x)
{
    const vec t = vec_min(vec_set(14), vec_abs(x));
    const vec u = vec_recip(vec_fma(t, vec_set(0.34f), vec_set(1)));
    vec p = vec_set(-0x1.abf53cp-6f);
    p = vec_fma(p, u, vec_set(0x1.1db1ecp-3f));
    p = vec_fma(p, u, vec_set(-0x1.17b020p-2f));
    p = vec_fma(p, u, vec_set(0x1.9e11fap-3f));
    p = vec_fma(p, u, vec_set(-0x1.6e5574p-5f));
    p = vec_fma(p, u, vec_set(0x1.d882dcp-4f));
    p = vec_fma(p, u, vec_set(0x1.d7d980p-4f));
    p = vec_fma(p, u, vec_set(0x1.16c1fep-3f));
    p = vec_fma(p, u, vec_set(0x1.15c034p-3f));
    const vec tail = t * u * p * vec_exp(t * t * vec_set(-0.5f));
    return vec_max(vec_set(0), x) - tail;
}

static inline vec vec_gelu_tanh(vec x)
{
    const vec u = x * vec_fma(x * x, vec_set(0.0356774081f), vec_set(0.797884561f));
    return x / (vec_set(1) + vec_exp(vec_set(-2) * u));
}

static inline vec vec_silu(vec x)
{
    return x / (vec_set(1) + vec_exp(vec_set(0) - x));
}

static inline vec vec_relu(vec x)
{
    return vec_max(vec_set(0), x);
}

static inline vec vec_quad(vec x)
{
    return vec_fma(vec_fma(vec_set(0.125f), x, vec_set(0.25f)), x, vec_set(0.5f));
}

#endif
