/** What owner and server of he tell each other around the messages of he/wire.h:
 * docs/formats/he-session.md. All numbers are public. */
#ifndef TACIT_PARTY_HE_WIRE_H
#define TACIT_PARTY_HE_WIRE_H

#include "base/file.h"
#include "base/hash.h"
#include "net/frame.h"

enum {
    HE_SAY_ASK = FRAME_FIRST_OP, /* owner → server: for how many tokens */
    HE_SAY_OFFER,                /* server → owner: a place's number, the offer behind */
    HE_SAY_REFUSE,               /* server → owner, in place of offer or wanted: memory */
    HE_SAY_KEYS,                 /* owner → server: of which place, under what name */
    HE_SAY_WANTED,               /* server → owner: how many of them it has not */
    HE_SAY_KEY,                  /* owner → server: one message, in the offer's order */
    HE_SAY_INPUT, /* owner → server: for the first place; the next op: the second */
    HE_SAY_INPUT_LONG,
    HE_SAY_PROGRESS, /* server → owner, before a result */
    HE_SAY_RESULT,   /* server → owner */
    HE_SAY_END,      /* owner → server: no more; empty */
    HE_SAY_ROUND,    /* server → owner, before a result: what the owner computes on */
    HE_SAY_ANSWER,   /* owner → server: what came of it */
};

/** Rings that a server offers: one for short inputs, one for all. */
enum { HE_PLACES = 2 };

enum {
    HE_ASK_BYTES = 8,
    HE_REFUSE_BYTES = 16,
    HE_OFFER_HEADER = 8,
    HE_KEYS_BYTES = 8 + HASH_BYTES,
    HE_WANTED_BYTES = 8,
    HE_PROGRESS_BYTES = 16,
    HE_LEFT_UNKNOWN = 0xffffffff
};

void he_ask_write(uint8_t out[HE_ASK_BYTES], size_t tokens);
status he_ask_read(size_t *tokens, const uint8_t in[HE_ASK_BYTES], error *err) MUST_USE;

/** Bytes of memory. */
typedef struct {
    uint64_t need, limit;
} he_shortage;
void he_refuse_write(uint8_t out[HE_REFUSE_BYTES], const he_shortage *s);
he_shortage he_refuse_read(const uint8_t in[HE_REFUSE_BYTES]);

void he_place_write(uint8_t out[HE_OFFER_HEADER], size_t place);
/** The offer behind, in *offer. */
status he_place_read(size_t *place, span *offer, span in, error *err) MUST_USE;

/** keep: the owner will come again with them. */
typedef struct {
    size_t place;
    bool keep;
    uint8_t name[HASH_BYTES];
} he_key_set;
void he_keys_write(uint8_t out[HE_KEYS_BYTES], const he_key_set *k);
status he_keys_read(he_key_set *k, const uint8_t in[HE_KEYS_BYTES], error *err) MUST_USE;

/** All of the offer's, or none. */
void he_wanted_write(uint8_t out[HE_WANTED_BYTES], size_t n);
status he_wanted_read(size_t *n, const uint8_t in[HE_WANTED_BYTES], size_t of, error *err) MUST_USE;

/** Layers done, of how many, the head being one; and how long the others will take. */
typedef struct {
    uint32_t done, total, left_ms;
} he_step_done;
void he_progress_write(uint8_t out[HE_PROGRESS_BYTES], const he_step_done *p);
status he_progress_read(he_step_done *p, const uint8_t in[HE_PROGRESS_BYTES], error *err) MUST_USE;

#endif
