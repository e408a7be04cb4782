/** Forecasts of inference on ciphertexts. */
#ifndef TACIT_API_PLAN_HE_H
#define TACIT_API_PLAN_HE_H

#include "api/api.h"

/** length in tokens; 0: as many as there may be. */
status plan_he(char **json, const model *m, size_t length, size_t threads, network net,
               error *err) MUST_USE;

#endif
