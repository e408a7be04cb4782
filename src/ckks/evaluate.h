/** Operations on ciphertexts: docs/design/ckks-evaluate.md.
 *
 * z has room for the result and may be an operand, unless said otherwise. Operands may differ in
 * limbs: the smaller number counts. Sums want equal scales (ckks_adjust makes them so). What is
 * added to the noise is in ckks-noise.md, and noise.h computes it.
 * Errors: ERR_USAGE (scales, room, a missing key), ERR_RESOURCE; z is then unspecified.
 */
#ifndef TACIT_CKKS_EVALUATE_H
#define TACIT_CKKS_EVALUATE_H

#include "ckks/encode.h"
#include "ckks/keys.h"

status ckks_add(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_cipher *y) MUST_USE;
status ckks_sub(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_cipher *y) MUST_USE;
status ckks_negate(ckks *c, ckks_cipher *z, const ckks_cipher *x) MUST_USE;

/** The plaintext has x's scale and at least its limbs. */
status ckks_add_plain(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_plain *y) MUST_USE;
status ckks_sub_plain(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_plain *y) MUST_USE;

/** Slot by slot; the scale is the product of scales. No noise but what grows with y. */
status ckks_mul_plain(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_plain *y) MUST_USE;
/** z += x y; z has the product's scale. */
status ckks_mul_plain_add(ckks *c, ckks_cipher *z, const ckks_cipher *x,
                          const ckks_plain *y) MUST_USE;

/** A real number in all slots: rounded to a multiple of 1 / scale. |y| scale < 2^62. No transform.
 */
status ckks_add_constant(ckks *c, ckks_cipher *z, const ckks_cipher *x, double y) MUST_USE;
status ckks_mul_constant(ckks *c, ckks_cipher *z, const ckks_cipher *x, double y,
                         double scale) MUST_USE;
/** z += x y, y in units of z's scale over x's. */
status ckks_mul_constant_add(ckks *c, ckks_cipher *z, const ckks_cipher *x, double y) MUST_USE;

/** Times the imaginary unit: exact, free of noise. */
status ckks_mul_i(ckks *c, ckks_cipher *z, const ckks_cipher *x) MUST_USE;

/** Three parts; z is neither x nor y. For sums of products, which one relinearisation ends. */
status ckks_tensor(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_cipher *y) MUST_USE;
status ckks_tensor_add(ckks *c, ckks_cipher *z, const ckks_cipher *x,
                       const ckks_cipher *y) MUST_USE;

/** Three parts to two. */
status ckks_relinearise(ckks *c, ckks_cipher *z, const ckks_cipher *x,
                        const ckks_keys *keys) MUST_USE;
/** And rescaled, in one division: cheaper and less noisy than one after the other. */
status ckks_relinearise_rescale(ckks *c, ckks_cipher *z, const ckks_cipher *x,
                                const ckks_keys *keys) MUST_USE;

/** x y, relinearised and rescaled: one limb less. */
status ckks_multiply(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_cipher *y,
                     const ckks_keys *keys) MUST_USE;

/** Divides message and scale by the last prime, which goes. */
status ckks_rescale(ckks *c, ckks_cipher *z, const ckks_cipher *x) MUST_USE;

/** The same message at n_limbs limbs and exactly the scale that ckks_level has for them; x has more
 * limbs, or is so already. Costs a rescaling. */
status ckks_adjust(ckks *c, ckks_cipher *z, const ckks_cipher *x, size_t n_limbs) MUST_USE;

/** The same, times a number at no further cost; x has more limbs. */
status ckks_adjust_by(ckks *c, ckks_cipher *z, const ckks_cipher *x, size_t n_limbs,
                      double factor) MUST_USE;

/** Slot i takes what slot i + by held, modulo the N/2 slots. */
status ckks_rotate(ckks *c, ckks_cipher *z, const ckks_cipher *x, int64_t by,
                   const ckks_keys *keys) MUST_USE;
status ckks_conjugate(ckks *c, ckks_cipher *z, const ckks_cipher *x,
                      const ckks_keys *keys) MUST_USE;

/** z[i] = x turned by steps[i], n of them: x's digits are raised once. No z is x. */
status ckks_rotate_many(ckks *c, ckks_cipher *z, const ckks_cipher *x, const int64_t *steps,
                        size_t n, const ckks_keys *keys) MUST_USE;

/** ERR_USAGE unless two scales agree to 2^-30. */
status ckks_same_scale(ckks *c, double x, double y) MUST_USE;

#endif
