/** Make a directory appear whole or not at all: fill one beside it, then rename. */
#ifndef TACIT_MODEL_COPY_H
#define TACIT_MODEL_COPY_H

#include "base/status.h"

/** A new empty directory beside dst, hidden, on the same file system; dst must not exist. *temp is
 * to be given back with mem_free. */
status copy_begin(char **temp, const char *dst, error *err) MUST_USE;

/** Sync temp and give it the name dst, which must still not exist. */
status copy_end(const char *temp, const char *dst, error *err) MUST_USE;

/** Remove temp with what is in it. */
void copy_abandon(const char *temp);

/** A copy of one file, links followed, synced; dst must not exist. On file systems that can, the
 * copy shares the bytes until one of them changes. */
status copy_file(const char *dst, const char *src, error *err) MUST_USE;

/** Copy what surrounds the weights of a model directory: texts (.json .txt .model .jinja .md,
 * LICENSE, NOTICE), and those of direct sub-directories with a config.json. Left out are
 * config.json and the index itself, hidden files, and checkpoints of whatever format. */
status copy_surroundings(const char *dst_dir, const char *src_dir, error *err) MUST_USE;

#endif
