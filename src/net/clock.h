/** Time as waiting needs it: nanoseconds that never go back, the same for all processes of a
 * machine. */
#ifndef TACIT_NET_CLOCK_H
#define TACIT_NET_CLOCK_H

#include <stdint.h>

static const int64_t CLOCK_FOREVER = INT64_MAX;

int64_t clock_ns(void);

/** ns + ms milliseconds, or CLOCK_FOREVER where that is beyond it. ms >= 0. */
int64_t clock_after(int64_t ns, int64_t ms);

/** Milliseconds from now until ns, rounded up, for poll(2): 0 where it is over, -1 for
 * CLOCK_FOREVER. */
int clock_poll_ms(int64_t ns);

#endif
