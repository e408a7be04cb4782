/** Elementary functions whose every bit is the same on every machine.
 *
 * Both servers multiply their shares by public numbers made from these, and a last bit that
 * differs between two C libraries would turn the sum of their products into noise. So nothing
 * here calls libm but for what IEEE 754 rounds correctly: only +, -, *, /, sqrt and exact scaling,
 * in one written order, contraction off (CMakeLists.txt). Error: a few units in the last place.
 * Time varies with the argument: for public numbers only.
 */
#ifndef TACIT_MPC_SAME_MATH_H
#define TACIT_MPC_SAME_MATH_H

/** cos(2 pi t) and sin(2 pi t); exact at multiples of a quarter. */
double same_cos_turns(double t);
double same_sin_turns(double t);

/** Beyond the range of double: 0 or infinity. */
double same_exp(double x);
/** Natural logarithm of 2^-1000 < x < 2^1000. */
double same_log(double x);
double same_tanh(double x);
double same_erf(double x);

#endif
