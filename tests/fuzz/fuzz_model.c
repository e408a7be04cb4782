/* The JSON files of a model directory beside real weights: opened, and what opens is run.
 *
 * An input is one byte that picks the weights, then up to five files with a byte 0 between them:
 * config.json, modules.json, 1_Pooling/config.json, sentence_bert_config.json and
 * model.safetensors.index.json. An empty one is not there.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/model.h"
#include "nn/encoder.h"
#include "plain/plain.h"

static const char *const weights[] = {"bert-sequence", "bert-embedding",  "recipe-poly",
                                      "recipe-thex",   "recipe-freediv",  "distilbert-sequence",
                                      "roberta-token", "bert-multi-label"};
static const char *const files[] = {"config.json", "modules.json", "1_Pooling/config.json",
                                    "sentence_bert_config.json", "model.safetensors.index.json"};
static const char *const others[] = {"1_Pooling", "model.safetensors", "shard"};

enum { FILES = sizeof files / sizeof *files, OTHERS = sizeof others / sizeof *others };

static char root[] = "/dev/shm/tacit-fuzz-XXXXXX", elsewhere[] = "/tmp/tacit-fuzz-XXXXXX";
static pool *threads;

static const char *in_root(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static void clean_up(void)
{
    for (size_t i = 0; i < FILES; i++) {
        unlink(in_root(files[i]));
    }
    for (size_t i = 0; i < OTHERS; i++) {
        remove(in_root(others[i]));
    }
    rmdir(root);
    pool_free(threads);
}

static void set_up(void)
{
    if (threads) {
        return;
    }
    if (!mkdtemp(root)) { /* not everybody has one in memory */
        CHECK(mkdtemp(elsewhere));
        memcpy(root, elsewhere, sizeof elsewhere);
    }
    CHECK(mkdir(in_root("1_Pooling"), 0700) == 0);
    CHECK(pool_new(&threads, 1, NULL) == OK);
    atexit(clean_up);
}

/* The weights under the name of a single file, or of a shard where there is an index. */
static void link_weights(const char *fixture, bool sharded)
{
    char here[2048], target[4096];
    CHECK(getcwd(here, sizeof here));
    snprintf(target, sizeof target, "%s/tests/vectors/models/%s/model.safetensors", here, fixture);
    unlink(in_root("model.safetensors"));
    unlink(in_root("shard"));
    CHECK(symlink(target, in_root(sharded ? "shard" : "model.safetensors")) == 0);
}

static void write_files(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < FILES; i++) {
        const uint8_t *end = memchr(data, 0, len);
        const size_t n = end && i + 1 < FILES ? (size_t)(end - data) : len;
        unlink(in_root(files[i]));
        if (n > 0) {
            FILE *f = fopen(in_root(files[i]), "wb");
            CHECK(f && fwrite(data, 1, n, f) == n && fclose(f) == 0);
        }
        const size_t used = n < len ? n + 1 : n;
        data += used;
        len -= used;
    }
}

static void run(const model *m)
{
    enum { TOKENS = 3 };
    const uint32_t ids[TOKENS] = {0, 1, 0}, types[TOKENS] = {0};
    const size_t start[] = {0, TOKENS};
    uint32_t positions[TOKENS];
    if (m->max_tokens < TOKENS || m->embeddings.vocab < 2) {
        return;
    }
    nn_positions(positions, m, ids, TOKENS);
    const tokens t = {.seqs = {1, start}, .ids = ids, .positions = positions, .types = types};
    error err = {0};
    engine *e;
    float *x = mem_new(TOKENS * m->dim, sizeof *x);
    float *out = mem_new(nn_encoder_rows(m, &t.seqs) * nn_encoder_columns(m), sizeof *out);
    CHECK(x && out &&
          plain_engine_new(&e, m, threads, &(plain_options){.isa = ISA_REF}, &err) == OK);
    const status st = nn_embed(x, m, &t, &err);
    CHECK(st == OK);
    const embedded input = {.rows = TOKENS, .dim = m->dim, .seqs = t.seqs, .x = x};
    e->err = &err;
    CHECK(nn_encoder_forward(e, out, m, &input) == OK);
    e->ops->free(e);
    mem_free(x);
    mem_free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 2) {
        return 0;
    }
    set_up();
    write_files(data + 1, len - 1);
    struct stat st;
    link_weights(weights[data[0] % (sizeof weights / sizeof *weights)],
                 stat(in_root("model.safetensors.index.json"), &st) == 0);
    model *m = NULL;
    error err = {0};
    const status opened = model_open(&m, root, &err);
    if (opened == OK) {
        run(m);
    } else {
        CHECK(!m && opened == ERR_ARTEFACT && err.code == opened && err.text[0]);
    }
    model_free(m);
    return 0;
}
