/** Tokens as the model gives them, before special ones are put around. */
#ifndef TACIT_MODEL_TOKEN_LIST_H
#define TACIT_MODEL_TOKEN_LIST_H

#include <stdbool.h>

#include "base/mem.h"
#include "model/normaliser.h"

typedef struct {
    uint32_t id;
    text_range from;
    bool added; /* an added token, not one of the model's */
} model_token;

typedef struct {
    model_token *items;
    size_t len, cap;
} token_list;

static inline status token_push(token_list *l, uint32_t id, text_range from)
{
    if (l->len == l->cap &&
        !mem_reserve((void **)&l->items, &l->cap, l->len + 1, sizeof *l->items)) {
        return ERR_RESOURCE;
    }
    l->items[l->len++] = (model_token){.id = id, .from = from};
    return OK;
}

#endif
