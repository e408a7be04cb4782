#include "api/observe.h"

status observer_new(tacit_session **out, const model *m, range_recorder *ranges, calibration *c,
                    error *err)
{
    plain_options o = {.precision = PLAIN_F32, .ranges = ranges};
    const protection *how = NULL;
    pool *p = NULL;
    engine *e = NULL;
    *out = NULL;
    TRY(cpu_pick(&o.isa, err));
    TRY(protection_find(&how, "plain", m, err));
    TRY(pool_new(&p, 0, err));
    status st = plain_engine_new(&e, m, p, &o, err);
    if (st == OK && c) {
        st = calibration_engine_new(&e, e, c, err);
    }
    if (st != OK) {
        pool_free(p);
        return st;
    }
    runner *r = NULL;
    TRY(runner_of_engine(&r, m, p, e, err));
    return session_adopt(out, m, how, r, err);
}
