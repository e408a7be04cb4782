/** The files by which sentence-transformers says how token vectors become one embedding. */
#ifndef TACIT_MODEL_SENTENCE_H
#define TACIT_MODEL_SENTENCE_H

#include "base/status.h"
#include "model/config.h"

/** Where dir has a modules.json: set c->pool and c->normalise by it and by the pooling module's
 * config.json; a module other than Transformer, Pooling and Normalize is an error that names it.
 * max_seq_length of sentence_bert_config.json lowers c->max_tokens. Without these files c stays as
 * it is. */
status sentence_read(model_config *c, const char *dir, error *err) MUST_USE;

#endif
