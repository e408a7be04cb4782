/** config.json of the two directories: fields that are known to be needed, and no others. */
#ifndef TACIT_STIP_PROTECT_CONFIG_H
#define TACIT_STIP_PROTECT_CONFIG_H

#include "model/model.h"

/** Marks a protected config.json. */
#define STIP_MARK "tacit_stip"

/** For the server: the architecture, the recipe, labels without names. */
status stip_write_server_config(const char *dir, const model *m, error *err) MUST_USE;

/** For the owner: what the tokenizer, the tables and the labels need. */
status stip_write_owner_config(const char *dir, const model *m, error *err) MUST_USE;

#endif
