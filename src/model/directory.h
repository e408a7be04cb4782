/** What a path that should be a model directory turns out to be, said so that a person knows what
 * to do next. */
#ifndef TACIT_MODEL_DIRECTORY_H
#define TACIT_MODEL_DIRECTORY_H

#include "base/status.h"
#include "model/config.h"

/** OK where dir is a directory with a config.json. Else the error says what it is instead: nothing,
 * a file, the name of a model on the hub, an adapter, a directory of another program. */
status directory_check(const char *dir, error *err) MUST_USE;

/** Why there is no safetensors file: names the checkpoint of another format that is there, with
 * the command that converts it. Never OK. */
status directory_explain_weights(const char *dir, const architecture *a, error *err) MUST_USE;

#endif
