/** Gates over all randomness there is: element i of every wire lives in world i, and the digits of
 * the number i are what is drawn there: shares of inputs, masks, server 0's dealt words.
 *
 * The gates are the library's own. The linker turns their calls of the streams, of the dealer's
 * bytes and of the exchange between servers to worlds.c (tests/CMakeLists.txt), which answers with
 * digits and notes what each server sees. A server's view of a world is its shares, what it drew,
 * what it was dealt and what it was sent; they leak nothing where the views of all worlds, order
 * apart, are the same for every secret.
 */
#ifndef TACIT_TESTS_WORLDS_H
#define TACIT_TESTS_WORLDS_H

#include "support/walks.h"

enum { WORLDS_DRAWS = 24, WORLDS_SECRETS = 256, WORLDS_CONSTANTS = 4 };

/** What a stream gives. INPUT: a server 0's share of a wire, drawn by its owner. */
typedef enum { DRAW_MASK0, DRAW_MASK1, DRAW_DEALT, DRAW_INPUT } draw_kind;

typedef struct {
    draw_kind kind;
    unsigned gate, bits; /* which stream; width of its words */
    unsigned at;         /* of its digits */
    bool given;          /* the same word in all worlds of a run: */
    uint64_t value;
    size_t together; /* words that lie together: 0 for all, else a look-up's blocks of pairs */
    bool pair;  /* two words a world, one behind the other: of wires of twice as many elements */
    bool lanes; /* bits shared by exclusive or, one a world, not words */
    uint8_t *bytes;
    size_t n_bytes;
    uint64_t *words;  /* by world, of a pair both */
    uint64_t *second; /* server 1's part of it, by world */
} draw;

/** Faults to be found. */
typedef enum { FAULT_NONE, FAULT_SHORT_MASK, FAULT_SAME_MASK, FAULT_BARE_WORDS } fault;

typedef struct {
    walks w;
    fault fault;
    size_t n; /* worlds of a run */
    unsigned used;
    size_t n_draws, n_messages;
    draw draws[WORLDS_DRAWS];
    unsigned messages[4]; /* widths of opened wires; 0: bits, one a world */
    bool paired[4];       /* two words a world */
    unsigned secret_at, secret_bits;
    uint64_t constants[2][WORLDS_CONSTANTS]; /* of each server's view, in all worlds of a run */
    size_t secret_base;                      /* of a run: added to a world's secret */
    uint8_t *received[2], *dealt;
    size_t n_received[2], n_dealt;
    uint64_t sums[WORLDS_SECRETS][2][2]; /* by secret and server: of all views */
    size_t count[WORLDS_SECRETS];
} worlds;

/** Declare, in this order: draws, opened wires, the bits of the secrets. A mask is two draws. */
size_t worlds_draw(worlds *v, draw_kind kind, unsigned gate, unsigned bits);
void worlds_given(worlds *v, draw_kind kind, unsigned gate, unsigned bits, uint64_t word);
void worlds_mask(worlds *v, unsigned gate, unsigned bits);
void worlds_message(worlds *v, unsigned bits);
/** The same of bits that are shared by exclusive or. */
void worlds_draw_lane(worlds *v, draw_kind kind, unsigned gate);
void worlds_message_lane(worlds *v);
/** The same of wires of two words a world; bits: of one. */
void worlds_mask_pair(worlds *v, unsigned gate, unsigned bits);
void worlds_message_pair(worlds *v, unsigned bits);
void worlds_secret(worlds *v, unsigned bits);

/** A wire whose share at server 0 is draw number `input` and whose secret is x by world. */
wire *worlds_input(mpc *p, worlds *v, size_t input, const uint64_t *x, unsigned bits);

/** The secret of world i. */
uint64_t worlds_secret_of(const worlds *v, size_t i);

/** Run the gates, which find v as w->ctx, in all worlds, and count the views in. */
void worlds_run(worlds *v, walks_fn *fn);

/** Whether every secret had as many worlds, and the same views. */
bool worlds_same(const worlds *v);

/** Forget what was declared; the views counted in stay. */
void worlds_clear(worlds *v);

#endif
