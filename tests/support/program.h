/** The command as a process of its own. */
#ifndef TACIT_TESTS_PROGRAM_H
#define TACIT_TESTS_PROGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** Start TACIT_BUILD/tacit with these arguments, NULL behind them; standard output goes to the file
 * `out`, standard error to nowhere. */
pid_t program_start(const char *out, const char *const *arguments);

/** Its exit status as waitpid gives it; fails the test where it takes longer. */
int program_wait(pid_t pid, int64_t at_most_ms);

/** How many threads it has: of a cloud, one for each session is among them. */
size_t program_threads(pid_t pid);

/** Start a party with `--json` among its arguments and wait until it serves; *port is where. */
pid_t program_serve(const char *log, const char *const *arguments, unsigned *port);

/** Start a cloud on that port (0: a free one) and wait until it serves; *port is where. */
pid_t program_cloud(const char *log, const char *model, const char *certs, const char *network,
                    unsigned *port);

#endif
