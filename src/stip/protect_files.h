/** The small files beside config and weights: a list of names, so that nothing comes along that
 * nobody has thought of. */
#ifndef TACIT_STIP_PROTECT_FILES_H
#define TACIT_STIP_PROTECT_FILES_H

#include "model/model.h"

/** For the server: licences, and how an embedding is pooled. No tokenizer. */
status stip_copy_server_files(const char *dir, const model *m, error *err) MUST_USE;

/** For the owner: those, and the tokenizer. */
status stip_copy_owner_files(const char *dir, const model *m, error *err) MUST_USE;

#endif
