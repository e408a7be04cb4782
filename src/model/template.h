/** What stands around the tokens of a text or a pair: special tokens and types. */
#ifndef TACIT_MODEL_TEMPLATE_H
#define TACIT_MODEL_TEMPLATE_H

#include "model/token_list.h"
#include "model/tokenizer.h"

typedef enum { TEMPLATE_SPECIAL, TEMPLATE_FIRST, TEMPLATE_SECOND } template_kind;

typedef struct {
    template_kind kind;
    uint32_t id; /* of a special token */
    uint32_t type;
} template_part;

enum { TEMPLATE_MAX_PARTS = 32 };

typedef struct {
    size_t n;
    template_part parts[TEMPLATE_MAX_PARTS];
} token_template;

/** ERR_ARTEFACT where there are too many parts. */
status template_add(token_template *t, template_part part, error *err) MUST_USE;

/** No special tokens, type 1 for the second text. */
void template_set_plain(token_template *single, token_template *pair);
/** cls a sep, and cls a sep b sep with type 1 from b on. */
void template_set_bert(token_template *single, token_template *pair, uint32_t cls, uint32_t sep);
/** cls a sep, and cls a sep sep b sep, no types. */
void template_set_roberta(token_template *single, token_template *pair, uint32_t cls, uint32_t sep);

/** Special tokens among the parts. */
size_t template_specials(const token_template *t);

/** Cut a pair to at most `room` tokens in all: the longer one first, both to half of the room
 * where the shorter one is no help. Returns whether anything was cut. */
bool template_truncate(size_t *first, size_t *second, size_t room);

/** Write the parts, n_first and n_second tokens of the two lists, to out. */
status template_apply(const token_template *t, encoding *out, const token_list *first,
                      size_t n_first, const token_list *second, size_t n_second,
                      error *err) MUST_USE;

#endif
