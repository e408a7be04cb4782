/** The encoder's forward pass: BERT, DistilBERT, RoBERTa, written once for every engine. */
#ifndef TACIT_NN_ENCODER_H
#define TACIT_NN_ENCODER_H

#include "model/model.h"
#include "nn/engine.h"

/** A packed batch of tokens. Position and type of each token are explicit, so that tokens which
 * an attention mask hides can simply be missing. */
typedef struct {
    sequences seqs;
    const uint32_t *ids, *positions, *types; /* seqs.start[seqs.n] each */
} tokens;

/** The position of each of n tokens of one sequence: its place, or in families that count from
 * behind the padding id (RoBERTa) its place among the tokens that are not padding. */
void nn_positions(uint32_t *positions, const model *m, const uint32_t *ids, size_t n);

/** ERR_ARTEFACT where an id, a position or a type is outside its table. */
status nn_check_tokens(const model *m, const tokens *t, error *err) MUST_USE;

/** x = word + position + type, rows × m->dim; the owner's step, done in the clear. Errors as
 * nn_check_tokens, and ERR_POLICY where m has no tables. */
status nn_embed(float *x, const model *m, const tokens *t, error *err) MUST_USE;

/** Rows and columns of what nn_encoder_forward reveals: a row a sequence or a token. */
size_t nn_encoder_rows(const model *m, const sequences *s);
size_t nn_encoder_columns(const model *m);

/** From embedded tokens to logits (or embeddings, before they are normalised), which go to the
 * data owner. out may be NULL on an engine that reveals nothing, such as a planner. */
status nn_encoder_forward(engine *e, float *out, const model *m, const embedded *x) MUST_USE;

#endif
