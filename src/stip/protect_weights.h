/** model.safetensors of the two directories. */
#ifndef TACIT_STIP_PROTECT_WEIGHTS_H
#define TACIT_STIP_PROTECT_WEIGHTS_H

#include "stip/permutations.h"

/** For the server: every weight permuted, in its own type; tables blank. One file, whatever the
 * number of files of m. Memory: a copy of the weights. */
status stip_write_server_weights(const char *dir, const model *m, const stip_permutations *p,
                                 error *err) MUST_USE;

#endif
