/** Looks for planted values in the memory of a process: heap, stacks and everything else that it
 * can write to. The values are kept masked, so that the search does not find itself. */
#ifndef TACIT_TESTS_NEEDLES_H
#define TACIT_TESTS_NEEDLES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { NEEDLE_MAX_BYTES = 32, NEEDLE_MIN_BYTES = 8, NEEDLE_KINDS = 8 };

typedef struct needles needles;

needles *needles_new(void);
void needles_free(needles *n);

/** len from NEEDLE_MIN_BYTES to NEEDLE_MAX_BYTES; kind below NEEDLE_KINDS. */
void needles_add(needles *n, unsigned kind, const void *bytes, size_t len);
size_t needles_count(const needles *n);

/** How often values of each kind lie in that process, 0 for this one. False where the system does
 * not let this process look. Pieces that are read overlap, so nothing hides between two of them. */
bool needles_search(needles *n, pid_t pid, size_t found[NEEDLE_KINDS]);

#endif
