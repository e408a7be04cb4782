#ifndef TACIT_MODEL_TOKENIZER_BPE_H
#define TACIT_MODEL_TOKENIZER_BPE_H

#include "model/tokenizer_source.h"

/** Fill a zeroed tokenizer from vocab.json, merges.txt and the configuration beside them. RoBERTa
 * or GPT-2: as tokenizer_class says, else RoBERTa where <s> and </s> are in the vocabulary. */
status tokenizer_read_bpe(tokenizer *t, const tokenizer_source *s, error *err) MUST_USE;

#endif
