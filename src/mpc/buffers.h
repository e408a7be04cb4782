/** Memory that recurs: blocks of the few sizes that a forward pass asks for again and again, kept
 * for the next that asks for the same. Any number of threads. Wiped before it is given back to the
 * system. */
#ifndef TACIT_MPC_BUFFERS_H
#define TACIT_MPC_BUFFERS_H

#include <stddef.h>

#include "base/status.h"

typedef struct buffers buffers;

status buffers_new(buffers **out, error *err) MUST_USE;
void buffers_free(buffers *b); /* all blocks must be back */

/** At least `bytes` at a cache line, not zeroed; NULL where memory is lacking. */
void *buffers_take(buffers *b, size_t bytes);
void buffers_give(buffers *b, void *block); /* NULL is fine */

/** Wipe what is idle: the end of a session, where others go on with the same buffers. */
void buffers_wipe(buffers *b);

/** Bytes held, in use or not. */
size_t buffers_bytes(const buffers *b);

#endif
