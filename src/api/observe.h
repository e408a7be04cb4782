/** Runs a model in the clear and keeps what it saw: ranges of every slot and, where asked for,
 * what constants are made from. */
#ifndef TACIT_API_OBSERVE_H
#define TACIT_API_OBSERVE_H

#include "api/api.h"
#include "api/calibrate.h"
#include "plain/plain.h"

/** A session that records into `ranges`, and into `c` where it is not NULL; both must outlive
 * it. */
status observer_new(tacit_session **out, const model *m, range_recorder *ranges, calibration *c,
                    error *err) MUST_USE;

#endif
