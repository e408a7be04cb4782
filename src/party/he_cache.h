/** The memory of a server of he: what weights and owners' keys may take, and key sets that wait for
 * their owners to come again.
 *
 * A set belongs to whoever brought it, by the public key of its certificate, and to one place; one
 * caller has it at a time. Sets that wait give way, the oldest first, where somebody needs their
 * memory. Any thread.
 */
#ifndef TACIT_PARTY_HE_CACHE_H
#define TACIT_PARTY_HE_CACHE_H

#include "he/server.h"
#include "party/he_wire.h"

typedef struct he_cache he_cache;

enum { HE_CACHE_SETS = 32 };

/** limit: bytes; 0: what the system says is to be had now. */
status he_cache_new(he_cache **out, size_t limit, error *err) MUST_USE;
/** NULL is fine. */
void he_cache_free(he_cache *c);

/** Take so many bytes of the limit; false, and nothing is taken, where sets that wait cannot make
 * room: then *why says what all of it would come to. */
bool he_cache_reserve(he_cache *c, size_t bytes, he_shortage *why) MUST_USE;
void he_cache_release(he_cache *c, size_t bytes);

/** Who has brought which. */
typedef struct {
    uint8_t owner[HASH_BYTES], name[HASH_BYTES];
    size_t place;
} he_cache_key;

/** A set that waits, with its reservation; NULL where there is none. */
he_session *he_cache_take(he_cache *c, const he_cache_key *k);

/** Let a set wait, with its reservation of so many bytes. */
void he_cache_give(he_cache *c, const he_cache_key *k, he_session *s, size_t bytes);

#endif
