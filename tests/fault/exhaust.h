/** Runs a job again and again, one call of the C library further on failing each time, until it
 * passes through without a failure. After each run nothing may be held that was not before. */
#ifndef TACIT_TESTS_EXHAUST_H
#define TACIT_TESTS_EXHAUST_H

#include "base/status.h"
#include "fault/faults.h"
#include "test.h"

/** Does its work and gives everything back, whatever fails. */
typedef status job(void *ctx, error *err);

enum { EXHAUST_EVERY = 3000 };

static inline void exhaust(job *run, void *ctx, unsigned kinds, bool from)
{
    error err = {0};
    for (size_t i = 0; i < 2; i++) { /* what the C library makes once and keeps is made here */
        assert_int_equal(run(ctx, &err), OK);
    }
    const size_t held = fault_held(), descriptors = fault_descriptors();
    size_t failures = 0;
    for (size_t nth = 1;; nth += nth < EXHAUST_EVERY ? 1 : nth / 50) {
        err = (error){0};
        fault_arm(kinds, nth, from);
        const status st = run(ctx, &err);
        const bool happened = fault_disarm();
        if (fault_held() != held || fault_descriptors() != descriptors) {
            fail_msg("failure %zu: %zu blocks and mappings held, not %zu; %zu descriptors, not %zu",
                     nth, fault_held(), held, fault_descriptors(), descriptors);
        }
        if (!happened) {
            assert_int_equal(st, OK);
            break;
        }
        failures++;
        /* A failure may do no harm. Any other is told as what it is. */
        const bool right = st == ERR_RESOURCE || (st == ERR_ARTEFACT && kinds == FAULT_FILES);
        if (st != OK && (!right || err.code != st || !err.text[0])) {
            fail_msg("failure %zu: status %d, '%s'", nth, st, err.text);
        }
        if (st == OK && from && nth == 1 && kinds == FAULT_MEMORY) {
            fail_msg("there was no memory at all, and nobody noticed");
        }
    }
    assert_true(failures > 0);
    print_message("%zu failures\n", failures);
}

#endif
