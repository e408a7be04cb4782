/** RNS-CKKS: arithmetic on encrypted vectors of complex numbers, approximately.
 *
 * A library of its own. It includes base/ and knows no transformer; this header is all of it:
 *
 *   params.h, context.h     which ring and primes; what is secure (security.h)
 *   encode.h, crypt.h       slots to plaintexts to ciphertexts and back
 *   keys.h                  secret, public, relinearisation and rotation keys
 *   evaluate.h              sums, products, rescaling, rotations
 *   linear.h                matrices by diagonals, baby and giant steps
 *   polynomial.h            Chebyshev series; functions.h: inverse, sign and their like
 *   bootstrap.h             few limbs to many: slots stay, levels come back
 *   noise.h, plan.h         what precision comes out, known before anything runs
 *   store.h                 files and messages
 *   flood.h                 decryptions that others may see
 *
 * examples/ckks.c is the place to begin; docs/design/ckks.md explains all of it.
 */
#ifndef TACIT_CKKS_CKKS_H
#define TACIT_CKKS_CKKS_H

#include "ckks/bootstrap.h"
#include "ckks/crypt.h"
#include "ckks/evaluate.h"
#include "ckks/flood.h"
#include "ckks/functions.h"
#include "ckks/linear.h"
#include "ckks/noise.h"
#include "ckks/plan.h"
#include "ckks/polynomial.h"
#include "ckks/security.h"
#include "ckks/store.h"

#endif
