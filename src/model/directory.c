#define _GNU_SOURCE
#include "model/directory.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"

static bool ends_with(const char *s, const char *end)
{
    const size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

/* The first file of the directory whose name ends so, in out; false where there is none. */
static bool find_ending(char *out, size_t size, const char *dir, const char *end)
{
    DIR *d = opendir(dir);
    if (!d) {
        return false;
    }
    bool found = false;
    for (const struct dirent *e; !found && (e = readdir(d)) != NULL;) {
        if (e->d_name[0] != '.' && ends_with(e->d_name, end)) {
            snprintf(out, size, "%s", e->d_name);
            found = true;
        }
    }
    closedir(d);
    return found;
}

/* "organisation/model", as the hub names models. */
static bool is_hub_name(const char *s)
{
    size_t slashes = 0;
    for (const char *c = s; *c; c++) {
        slashes += *c == '/';
        if (!isalnum((unsigned char)*c) && !strchr("/._-", *c)) {
            return false;
        }
    }
    return slashes == 1 && s[0] != '.' && s[0] != '/' && s[strlen(s) - 1] != '/';
}

static status explain_absence(const char *dir, error *err)
{
    if (errno != ENOENT && errno != ENOTDIR) {
        return file_unreadable(dir, err);
    }
    if (is_hub_name(dir)) {
        return error_set(err, ERR_ARTEFACT,
                         "%.150s: no such directory. If it is a model on the Hugging Face hub, "
                         "fetch it first: hf download %.150s --local-dir %.100s",
                         dir, dir, strchr(dir, '/') + 1);
    }
    return error_set(err, ERR_ARTEFACT, "%s: no such directory", dir);
}

status directory_check(const char *dir, error *err)
{
    struct stat st;
    if (stat(dir, &st) != 0) {
        return explain_absence(dir, err);
    }
    if (!S_ISDIR(st.st_mode)) {
        return error_set(err, ERR_ARTEFACT,
                         "%s: is a file; a model is the directory that holds its config.json", dir);
    }
    if (file_exists_in(dir, "config.json")) {
        return OK;
    }
    if (file_exists_in(dir, "adapter_config.json")) {
        return error_set(err, ERR_ARTEFACT,
                         "%s: is a PEFT adapter, not a model: merge it into its base model first "
                         "(merge_and_unload)",
                         dir);
    }
    char name[256];
    if (find_ending(name, sizeof name, dir, ".gguf")) {
        return error_set(err, ERR_ARTEFACT,
                         "%s: no config.json; GGUF (%s) is not read, only safetensors", dir, name);
    }
    return error_set(err, ERR_ARTEFACT, "%s: no config.json: not a Hugging Face model directory",
                     dir);
}

static const char *auto_class(const architecture *a)
{
    switch (a->head) {
    case HEAD_SEQUENCE:
        return "AutoModelForSequenceClassification";
    case HEAD_TOKEN:
        return "AutoModelForTokenClassification";
    case HEAD_EMBEDDING:
        break;
    }
    return "AutoModel";
}

static status explain_pickle(const char *dir, const char *name, const architecture *a, error *err)
{
    return error_set(err, ERR_ARTEFACT,
                     "%.120s: %.60s is a pickle, which can run code and is never read. Convert it "
                     "where you trust it: python3 -c \"import sys; from transformers import %s as "
                     "M; M.from_pretrained(sys.argv[1]).save_pretrained(sys.argv[1], "
                     "safe_serialization=True)\" '%.120s'",
                     dir, name, auto_class(a), strchr(dir, '\'') ? "DIR" : dir);
}

status directory_explain_weights(const char *dir, const architecture *a, error *err)
{
    static const char *const pickles[] = {".bin", ".bin.index.json", ".pt",
                                          ".pth", ".ckpt",           ".pkl"};
    static const struct {
        const char *ending, *what;
    } others[] = {
        {".h5", "a TensorFlow checkpoint"},
        {".index", "a TensorFlow checkpoint"},
        {".msgpack", "a Flax checkpoint"},
        {".onnx", "an ONNX graph"},
        {".gguf", "a GGUF file"},
        {".mlmodel", "a Core ML model"},
        {".tflite", "a TensorFlow Lite model"},
    };
    char name[256];
    for (size_t i = 0; i < sizeof pickles / sizeof *pickles; i++) {
        if (find_ending(name, sizeof name, dir, pickles[i]) &&
            strcmp(name, "training_args.bin") != 0) {
            return explain_pickle(dir, name, a, err);
        }
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (find_ending(name, sizeof name, dir, others[i].ending)) {
            return error_set(err, ERR_ARTEFACT,
                             "%s: %s is %s; only safetensors are read (model.safetensors, or "
                             "model.safetensors.index.json with its shards)",
                             dir, name, others[i].what);
        }
    }
    return error_set(err, ERR_ARTEFACT,
                     "%s: neither model.safetensors nor model.safetensors.index.json is there",
                     dir);
}
