#include "party/mpc_material.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/random.h"

#define PROGRAM "tacit " TACIT_VERSION " mpc"

void mpc_material_clear(mpc_material *m)
{
    for (size_t i = 0; i < m->n; i++) {
        mem_free(m->kinds[i].lengths);
    }
    mem_free(m->kinds);
    *m = (mpc_material){0};
}

status mpc_material_key(uint8_t key[SEAL_KEY_BYTES], const uint8_t root[MPC_ROOT_BYTES], error *err)
{
    prg *g = prg_new(root, "mpc material", err);
    if (!g) {
        return ERR_RESOURCE;
    }
    prg_bytes(g, key, SEAL_KEY_BYTES);
    prg_free(g);
    return OK;
}

/* ---- from the command line ---- */

static bool take_number(uint32_t *out, const char **at, size_t most)
{
    uint64_t x = 0;
    const char *from = *at;
    while (isdigit((unsigned char)**at) && x <= most) {
        x = 10 * x + (uint64_t)(*(*at)++ - '0');
    }
    *out = (uint32_t)x;
    return *at > from && x >= 1 && x <= most;
}

static status add_kind(mpc_material *m, const uint32_t *lengths, size_t n, uint64_t count,
                       error *err)
{
    mpc_kind *k = &m->kinds[m->n];
    *k = (mpc_kind){.n_seqs = n, .count = count, .lengths = mem_new(n, sizeof *k->lengths)};
    if (!k->lengths) {
        return error_memory(err);
    }
    memcpy(k->lengths, lengths, n * sizeof *lengths);
    m->n++;
    return OK;
}

/* One item: "7", "5-20", "12+7+3". */
static status add_item(mpc_material *m, const char **at, uint64_t count, size_t most, bool *good,
                       error *err)
{
    uint32_t lengths[MPC_MATERIAL_SEQUENCES], last = 0;
    size_t n = 1;
    *good = take_number(&lengths[0], at, most);
    if (*good && **at == '-') {
        (*at)++;
        *good = take_number(&last, at, most) && last >= lengths[0] &&
                m->n + (last - lengths[0]) < MPC_JOURNAL_KINDS;
        for (uint32_t x = lengths[0]; *good && x <= last; x++) {
            TRY(add_kind(m, &x, 1, count, err));
        }
        return OK;
    }
    while (*good && **at == '+' && n < MPC_MATERIAL_SEQUENCES) {
        (*at)++;
        *good = take_number(&lengths[n++], at, most);
    }
    *good = *good && m->n < MPC_JOURNAL_KINDS;
    return *good ? add_kind(m, lengths, n, count, err) : OK;
}

status mpc_material_parse(mpc_material *m, const char *lengths, mpc_asks asks, uint64_t count,
                          size_t max_tokens, error *err)
{
    if (count < 1 || count > MPC_MATERIAL_COUNT) {
        return error_set(err, ERR_USAGE, "a count of %ju: must be 1 to %d", (uintmax_t)count,
                         MPC_MATERIAL_COUNT);
    }
    m->kinds = mem_new(MPC_JOURNAL_KINDS, sizeof *m->kinds);
    if (!m->kinds) {
        return error_memory(err);
    }
    bool good = true;
    const char *at = lengths;
    do {
        TRY(add_item(m, &at, count, max_tokens, &good, err));
        good = good && (*at == '\0' || *at == ',');
    } while (good && *at++ == ',');
    for (size_t i = 0; i < m->n; i++) {
        m->kinds[i].asks = asks;
    }
    return good ? OK
                : error_set(err, ERR_USAGE,
                            "lengths '%.100s': must be tokens as in 5-20,64,12+7, each 1 to %zu",
                            lengths, max_tokens);
}

/* ---- the file ---- */

static json_t *kind_json(const mpc_kind *k)
{
    json_t *lengths = json_array();
    for (size_t i = 0; lengths && i < k->n_seqs; i++) {
        if (json_array_append_new(lengths, json_integer(k->lengths[i])) != 0) {
            json_decref(lengths);
            lengths = NULL;
        }
    }
    return json_pack("{s:o, s:b, s:b, s:I, s:I, s:I, s:I}", "lengths", lengths, "guard",
                     (int)k->asks.guard, "label", (int)k->asks.label, "count", (json_int_t)k->count,
                     "words", (json_int_t)k->words, "offset", (json_int_t)k->offset, "stride",
                     (json_int_t)k->stride);
}

static json_t *kinds_json(const mpc_material *m)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < m->n; i++) {
        if (json_array_append_new(list, kind_json(&m->kinds[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

status mpc_material_seal(mpc_material *m, error *err)
{
    static const char tag[] = "tacit mpc material 2\n" PROGRAM "\n";
    json_t *kinds = kinds_json(m);
    char *text = kinds ? json_write(kinds, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(kinds);
    if (!text) {
        return error_memory(err);
    }
    const span pieces[] = {{.data = (const uint8_t *)tag, .len = sizeof tag - 1},
                           {.data = m->sharing, .len = HASH_BYTES},
                           {.data = m->nonce, .len = HASH_BYTES},
                           {.data = (const uint8_t *)text, .len = strlen(text)}};
    const status st = hash_sha256(m->id, pieces, 4, err);
    mem_free(text);
    return st;
}

status mpc_material_write(const mpc_material *m, const char *dir, error *err)
{
    json_t *o = json_pack("{s:i, s:s, s:s, s:o, s:o, s:o, s:o}", "mpc_material",
                          MPC_MATERIAL_VERSION, "program", PROGRAM, "role", role_name(m->who),
                          "sharing", json_hash(m->sharing), "nonce", json_hash(m->nonce),
                          "material", json_hash(m->id), "kinds", kinds_json(m));
    char *dump = o ? json_write(o, JSON_INDENT(1)) : NULL;
    char *path = file_join(dir, MPC_MATERIAL_FILE);
    const status st =
        dump && path ? file_write(path, dump, strlen(dump), 0600, err) : error_memory(err);
    json_decref(o);
    mem_free(dump);
    mem_free(path);
    return st;
}

static status read_lengths(mpc_kind *k, const json_t *o, size_t max_tokens, const char *where,
                           error *err)
{
    json_t *list = NULL;
    TRY(json_get_array(o, "lengths", true, &list, where, err));
    k->n_seqs = json_array_size(list);
    if (k->n_seqs < 1 || k->n_seqs > MPC_MATERIAL_SEQUENCES) {
        return error_set(err, ERR_ARTEFACT, "%s: %zu lengths, must be 1 to %d", where, k->n_seqs,
                         MPC_MATERIAL_SEQUENCES);
    }
    k->lengths = mem_new(k->n_seqs, sizeof *k->lengths);
    if (!k->lengths) {
        return error_memory(err);
    }
    for (size_t i = 0; i < k->n_seqs; i++) {
        const json_t *x = json_array_get(list, i);
        const json_int_t n = json_integer_value(x);
        if (!json_is_integer(x) || n < 1 || (uintmax_t)n > max_tokens) {
            return error_set(err, ERR_ARTEFACT, "%s: length %zu must be 1 to %zu", where, i,
                             max_tokens);
        }
        k->lengths[i] = (uint32_t)n;
    }
    return OK;
}

static status read_kind(mpc_kind *k, const json_t *o, size_t max_tokens, const char *where,
                        error *err)
{
    const size_t most = (size_t)1 << 50;
    size_t count = 0, words = 0, offset = 0, stride = 0;
    if (!json_is_object(o)) {
        return error_set(err, ERR_ARTEFACT, "%s: must be an object", where);
    }
    TRY(read_lengths(k, o, max_tokens, where, err));
    TRY(json_get_bool(o, "guard", true, &k->asks.guard, where, err));
    TRY(json_get_bool(o, "label", true, &k->asks.label, where, err));
    TRY(json_get_size(o, "count", true, 1, MPC_MATERIAL_COUNT, &count, where, err));
    TRY(json_get_size(o, "words", true, 0, most, &words, where, err));
    TRY(json_get_size(o, "offset", true, 0, most, &offset, where, err));
    TRY(json_get_size(o, "stride", true, 0, (size_t)1 << 38, &stride, where, err));
    k->count = count;
    k->words = words;
    k->offset = offset;
    k->stride = stride;
    return OK;
}

static status read_kinds(mpc_material *m, const json_t *o, size_t max_tokens, const char *path,
                         error *err)
{
    json_t *list = NULL;
    TRY(json_get_array(o, "kinds", true, &list, path, err));
    const size_t n = json_array_size(list);
    if (n < 1 || n > MPC_JOURNAL_KINDS) {
        return error_set(err, ERR_ARTEFACT, "%s: %zu kinds, must be 1 to %d", path, n,
                         MPC_JOURNAL_KINDS);
    }
    m->kinds = mem_new(n, sizeof *m->kinds);
    if (!m->kinds) {
        return error_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        char where[200];
        snprintf(where, sizeof where, "%.150s: kinds[%zu]", path, i);
        m->n++;
        TRY(read_kind(&m->kinds[i], json_array_get(list, i), max_tokens, where, err));
    }
    return OK;
}

static status read_fields(mpc_material *m, const json_t *o, size_t max_tokens, const char *path,
                          error *err)
{
    size_t version = 0;
    const char *program = NULL, *who = NULL;
    uint8_t said[HASH_BYTES];
    TRY(json_get_size(o, "mpc_material", true, 1, SIZE_MAX, &version, path, err));
    TRY(json_get_string(o, "program", true, &program, path, err));
    if (version != MPC_MATERIAL_VERSION || strcmp(program, PROGRAM) != 0) {
        return error_set(err, ERR_PROTOCOL, "%s: version %zu of '%.40s', this program is '%s'",
                         path, version, program, PROGRAM);
    }
    TRY(json_get_string(o, "role", true, &who, path, err));
    m->who = role_find(who, strlen(who));
    TRY(json_get_hash(o, "sharing", m->sharing, path, err));
    TRY(json_get_hash(o, "nonce", m->nonce, path, err));
    TRY(json_get_hash(o, "material", said, path, err));
    TRY(read_kinds(m, o, max_tokens, path, err));
    TRY(mpc_material_seal(m, err));
    return hash_equal(said, m->id)
               ? OK
               : error_set(err, ERR_ARTEFACT, "%s: field 'material' is not its id", path);
}

status mpc_material_decode(mpc_material *out, span bytes, const char *name, size_t max_tokens,
                           error *err)
{
    json_t *o = NULL;
    *out = (mpc_material){0};
    TRY(json_read(&o, bytes, name, err));
    const status st = read_fields(out, o, max_tokens, name, err);
    if (st != OK) {
        mpc_material_clear(out);
    }
    json_decref(o);
    return st;
}

status mpc_material_read(mpc_material *out, const char *dir, size_t max_tokens, error *err)
{
    *out = (mpc_material){0};
    char *path = file_join(dir, MPC_MATERIAL_FILE);
    if (!path) {
        return error_memory(err);
    }
    file_map file = {0};
    status st = file_open(&file, path, MPC_MATERIAL_MAX_BYTES, err);
    if (st == OK) {
        st = mpc_material_decode(out, file.bytes, path, max_tokens, err);
    }
    file_close(&file);
    mem_free(path);
    return st;
}
