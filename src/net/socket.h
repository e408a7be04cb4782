/** TCP: addresses, listening, connecting. Sockets never block, send at once and are closed on
 * exec. An address is HOST:PORT, [IPV6]:PORT, or :PORT on the loopback. */
#ifndef TACIT_NET_SOCKET_H
#define TACIT_NET_SOCKET_H

#include <stdint.h>

#include "base/status.h"

/** A place to be called at. Belongs to one thread, but for listener_cancel. */
typedef struct listener listener;

/** Port 0: one that is free. ERR_USAGE on what is no address, ERR_NETWORK where it cannot be had.
 */
status listener_new(listener **out, const char *address, error *err) MUST_USE;
void listener_free(listener *l);
uint16_t listener_port(const listener *l);

/** Wait for a caller, at most timeout_ms (-1: for ever); *fd is the caller's socket. ERR_NETWORK on
 * a time-out and after listener_cancel. */
status listener_wait(listener *l, int64_t timeout_ms, int *fd, error *err) MUST_USE;
/** From any thread: waiting ends, now and later. */
void listener_cancel(listener *l);

/** Connect within timeout_ms; a peer that is not there yet is tried again until then. Looking up a
 * name takes as long as the system's resolver likes. */
status socket_connect(int *fd, const char *address, int64_t timeout_ms, error *err) MUST_USE;

#endif
