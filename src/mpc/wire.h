/** Wires: secrets between two servers, and the number by which both know them masked.
 *
 * mpc/ runs a network on additive shares mod 2^l between two servers, with correlated randomness
 * from a dealer who sees no data. It may include base/, ring/, net/, model/ and nn/.
 *
 * A secret x is two shares mod 2^bits with frac fraction bits. Opened, both servers know
 * M = x + r mod 2^width, where r = r0 + r1 is the dealer's and each server knows its own part of
 * it. A wire is opened once and with a mask of its own. docs/design/mpc.md.
 */
#ifndef TACIT_MPC_WIRE_H
#define TACIT_MPC_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    size_t n;            /* elements */
    unsigned bits, frac; /* of the shares */
    unsigned width;      /* at which it was opened; 0 before */
    unsigned grown;      /* the ring into which it grew when it was opened; 0 where it did not */
    uint64_t *share;     /* a server's share */
    uint64_t *masked;    /* opened: M, for a grown one of x + 2^(width - 2) */
    uint64_t *mask;      /* opened: a server's part of r; for the dealer all of it */
    uint64_t *whole;     /* grown: a server's share of r mod 2^grown */
    uint64_t *top;       /* grown: … of r's highest bit, mod 2^(grown - width) */
} wire;

#endif
