/** How every function that can fail answers.
 *
 * A peer, a file or the system can cause it: return a status and say why in an error.
 * Only our own bug can cause it: CHECK, which prints and aborts. Kernels return void.
 */
#ifndef TACIT_BASE_STATUS_H
#define TACIT_BASE_STATUS_H

#include <stdio.h>
#include <stdlib.h>

/** The exit code of the command is the status negated. */
typedef enum {
    OK = 0,
    ERR_INTERNAL = -1,  /* cannot happen unless the program or the system is broken */
    ERR_USAGE = -2,     /* the caller asked for something that has no meaning */
    ERR_ARTEFACT = -3,  /* a file or an input is not what it should be */
    ERR_NETWORK = -4,   /* a peer cannot be reached or went away */
    ERR_AUTH = -5,      /* a certificate or a permission is wrong */
    ERR_PROTOCOL = -6,  /* a peer speaks another version or breaks the protocol */
    ERR_RESOURCE = -7,  /* memory, disk or threads are not to be had */
    ERR_POLICY = -8,    /* refused because it would be unsafe */
    ERR_PRECISION = -9, /* a value left the range in which the answer is right */
} status;

#define MUST_USE __attribute__((warn_unused_result))

enum { ERROR_TEXT_BYTES = 512 };

/** What went wrong, for a person: names the file, the field and the rule that is broken. */
typedef struct error {
    status code;
    char text[ERROR_TEXT_BYTES];
} error;

/** Fill err (which may be NULL) and return code, so that `return error_set(...)` reads well.
 * An error that is already set is replaced. Too long a text is cut; control characters, which a
 * name from a file may hold, become question marks. */
status error_set(error *err, status code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** Put `prefix: ` before the text of an error that a lower layer has set. */
void error_prefix(error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** error_set(ERR_RESOURCE) for an allocation that failed. */
status error_memory(error *err);

/** Forward a failure to the caller. */
#define TRY(expr)                                                                                  \
    do {                                                                                           \
        const status try_status_ = (expr);                                                         \
        if (try_status_ != OK) {                                                                   \
            return try_status_;                                                                    \
        }                                                                                          \
    } while (0)

/** A contract of ours: stays on in every build. */
#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "%s:%d: contract broken: %s\n", __FILE__, __LINE__, #cond);            \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/** A contract that is costly to check: on in verify and sanitizer builds only. */
#ifdef TACIT_VERIFY
#define VERIFY(cond) CHECK(cond)
#else
#define VERIFY(cond) ((void)sizeof(cond))
#endif

#endif
