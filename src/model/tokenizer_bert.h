#ifndef TACIT_MODEL_TOKENIZER_BERT_H
#define TACIT_MODEL_TOKENIZER_BERT_H

#include "model/tokenizer_source.h"

/** Fill a zeroed tokenizer from vocab.txt and the configuration beside it. */
status tokenizer_read_bert(tokenizer *t, const tokenizer_source *s, error *err) MUST_USE;

#endif
