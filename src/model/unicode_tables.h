/** The tables behind unicode.h, written by tools/make_unicode_tables.py. */
#ifndef TACIT_MODEL_UNICODE_TABLES_H
#define TACIT_MODEL_UNICODE_TABLES_H

#include <stddef.h>
#include <stdint.h>

extern const uint32_t unicode_ascii[]; /* classes of the first 128 */
extern const size_t unicode_ascii_len;
extern const uint32_t unicode_classes[]; /* sorted; first code point of a run << 11 | classes */
extern const size_t unicode_classes_len;
extern const uint32_t unicode_combining[]; /* sorted; first code point of a run << 11 | class */
extern const size_t unicode_combining_len;
extern const uint32_t unicode_decompositions[]; /* sorted triples: code point, first, second or 0 */
extern const size_t unicode_decompositions_len;
extern const uint32_t unicode_lowering[]; /* sorted fours: first, last, step, added mod 2^32 */
extern const size_t unicode_lowering_len;

#endif
