/** OpenSSL made ready, once, before threads use it side by side.
 *
 * Its first search for an algorithm loads the provider of all of them into a list that a search by
 * another thread may be copying at that moment (seen with 3.0: reads of freed memory). */
#ifndef TACIT_BASE_CRYPTO_H
#define TACIT_BASE_CRYPTO_H

/** Any thread, any number of times; cheap after the first. */
void crypto_begin(void);

#endif
