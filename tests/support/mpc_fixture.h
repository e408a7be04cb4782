/** A small model with a recipe that mpc knows, and what its owner makes of it. Whatever goes wrong
 * fails the test at hand. */
#ifndef TACIT_TESTS_MPC_FIXTURE_H
#define TACIT_TESTS_MPC_FIXTURE_H

#include "party/mpc_share.h"

enum { FIXTURE_SERVER0, FIXTURE_SERVER1, FIXTURE_DEALER, FIXTURE_OWNER, FIXTURE_PLACES };

typedef struct {
    char model[256], place[FIXTURE_PLACES][256]; /* directories */
} mpc_fixture;

/** models/sst2-tiny with that recipe, calibrated on a few sentences, below dir. */
void mpc_fixture_convert(mpc_fixture *f, const char *dir, const char *recipe_name);

/** Share the model into dir/NAME0 to dir/NAME3. */
mpc_sharing mpc_fixture_share(mpc_fixture *f, const char *dir, const char *name);

#endif
