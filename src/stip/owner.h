/** The data owner's side of a protected model: key, tables of embeddings, labels. */
#ifndef TACIT_STIP_OWNER_H
#define TACIT_STIP_OWNER_H

#include "model/model.h"
#include "stip/key.h"

typedef struct {
    model *model; /* without layers: for nn_embed, nn_positions, and the shape of answers */
    stip_key key;
} stip_owner;

/** Open the directory that stip_protect has written for the owner. Returns ERR_AUTH where others
 * may read the key, ERR_ARTEFACT where key and tables do not fit each other. */
status stip_owner_open(stip_owner *out, const char *dir, error *err) MUST_USE;
void stip_owner_close(stip_owner *o); /* wipes the key; a zeroed one is fine */

#endif
