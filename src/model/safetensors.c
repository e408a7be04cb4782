#include "model/safetensors.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"

/* 65,536 tensors of rank 8 need fewer commas and brackets than 2^20. Such a header takes at most
 * 220 MB when it is parsed; without a bound 100 MB of text could take gigabytes. */
enum { LENGTH_BYTES = 8, MAX_VALUES = 1 << 20, WHERE_BYTES = 400 };

typedef struct {
    const char *name;
    unsigned bits;
    bool readable;
    dtype type;
} dtype_row;

static const dtype_row dtype_rows[] = {
    {"F32", 32, true, DTYPE_F32}, {"F16", 16, true, DTYPE_F16}, {"BF16", 16, true, DTYPE_BF16},
    {"F64", 64, false, 0},        {"I64", 64, false, 0},        {"I32", 32, false, 0},
    {"I16", 16, false, 0},        {"I8", 8, false, 0},          {"U64", 64, false, 0},
    {"U32", 32, false, 0},        {"U16", 16, false, 0},        {"U8", 8, false, 0},
    {"BOOL", 8, false, 0},        {"C64", 64, false, 0},        {"F8_E5M2", 8, false, 0},
    {"F8_E4M3", 8, false, 0},     {"F8_E8M0", 8, false, 0},     {"F8_E4M3FNUZ", 8, false, 0},
    {"F8_E5M2FNUZ", 8, false, 0}, {"F6_E2M3", 6, false, 0},     {"F6_E3M2", 6, false, 0},
    {"F4", 4, false, 0},
};

static const dtype_row *dtype_find(const char *name)
{
    for (size_t i = 0; i < sizeof dtype_rows / sizeof *dtype_rows; i++) {
        if (strcmp(dtype_rows[i].name, name) == 0) {
            return &dtype_rows[i];
        }
    }
    return NULL;
}

/* Header and data of a file, by its first eight bytes. */
static status split_file(span *header, span *data, span file, const char *path, error *err)
{
    if (file.len < LENGTH_BYTES) {
        return error_set(err, ERR_ARTEFACT, "%s: %zu bytes are too short for a safetensors file",
                         path, file.len);
    }
    uint64_t len = 0;
    for (size_t i = 0; i < LENGTH_BYTES; i++) {
        len |= (uint64_t)file.data[i] << 8 * i;
    }
    const size_t rest = file.len - LENGTH_BYTES;
    if (len > SAFETENSORS_MAX_HEADER_BYTES) {
        return error_set(err, ERR_ARTEFACT, "%s: header of %ju bytes, at most %d are read", path,
                         (uintmax_t)len, SAFETENSORS_MAX_HEADER_BYTES);
    }
    if (len > rest) {
        return error_set(err, ERR_ARTEFACT,
                         "%s: header of %ju bytes, but only %zu follow: the file is cut short",
                         path, (uintmax_t)len, rest);
    }
    *header = (span){.data = file.data + LENGTH_BYTES, .len = (size_t)len};
    *data = (span){.data = header->data + len, .len = rest - (size_t)len};
    return OK;
}

/* First and last character, and how many values there can be. */
static status check_header(span header, const char *path, error *err)
{
    size_t len = header.len, values = 0;
    if (len == 0 || header.data[0] != '{') {
        return error_set(err, ERR_ARTEFACT, "%s: header must begin with '{'", path);
    }
    while (header.data[len - 1] == ' ') {
        len--;
    }
    if (header.data[len - 1] != '}') {
        return error_set(err, ERR_ARTEFACT, "%s: header must end with '}' and spaces", path);
    }
    for (size_t i = 0; i < len; i++) {
        const uint8_t c = header.data[i];
        values += c == ',' || c == '[' || c == '{';
    }
    if (values > MAX_VALUES) {
        return error_set(err, ERR_ARTEFACT, "%s: header of more than %d values", path, MAX_VALUES);
    }
    return OK;
}

static status check_metadata(const json_t *metadata, const char *path, error *err)
{
    if (!json_is_object(metadata)) {
        return error_set(err, ERR_ARTEFACT, "%s: __metadata__ must be an object", path);
    }
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)metadata, key, value)
    {
        if (!json_is_string(value)) {
            return error_set(err, ERR_ARTEFACT, "%s: __metadata__: '%.100s' must be a string", path,
                             key);
        }
    }
    return OK;
}

static status read_shape(tensor *t, const json_t *entry, const char *where, error *err)
{
    json_t *shape, *dim;
    TRY(json_get_array(entry, "shape", true, &shape, where, err));
    t->rank = json_array_size(shape);
    if (t->rank > TENSOR_MAX_RANK) {
        return error_set(err, ERR_ARTEFACT, "%s: rank %zu, at most %d", where, t->rank,
                         TENSOR_MAX_RANK);
    }
    t->count = 1;
    size_t i;
    json_array_foreach(shape, i, dim)
    {
        if (!json_is_integer(dim) || json_integer_value(dim) < 0) {
            return error_set(err, ERR_ARTEFACT, "%s: shape[%zu] must be a non-negative integer",
                             where, i);
        }
        t->shape[i] = (size_t)json_integer_value(dim);
        if (!mem_mul(&t->count, t->count, t->shape[i])) {
            return error_set(err, ERR_ARTEFACT, "%s: the product of its shape does not fit", where);
        }
    }
    return OK;
}

static status read_offsets(size_t *begin, size_t *end, const json_t *entry, size_t limit,
                           const char *where, error *err)
{
    json_t *offsets;
    TRY(json_get_array(entry, "data_offsets", true, &offsets, where, err));
    const json_t *a = json_array_get(offsets, 0), *b = json_array_get(offsets, 1);
    if (json_array_size(offsets) != 2 || !json_is_integer(a) || !json_is_integer(b) ||
        json_integer_value(a) < 0 || json_integer_value(b) < 0) {
        return error_set(err, ERR_ARTEFACT, "%s: data_offsets must be two non-negative integers",
                         where);
    }
    *begin = (size_t)json_integer_value(a);
    *end = (size_t)json_integer_value(b);
    if (*begin > *end) {
        return error_set(err, ERR_ARTEFACT, "%s: data_offsets [%zu, %zu] run backwards", where,
                         *begin, *end);
    }
    if (*end > limit) {
        return error_set(err, ERR_ARTEFACT, "%s: data_offsets end at %zu, the data has %zu bytes",
                         where, *end, limit);
    }
    return OK;
}

static status check_fields(const json_t *entry, const char *where, error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)entry, key, value)
    {
        if (strcmp(key, "dtype") != 0 && strcmp(key, "shape") != 0 &&
            strcmp(key, "data_offsets") != 0) {
            return error_set(err, ERR_ARTEFACT, "%s: unknown field '%.60s'", where, key);
        }
    }
    return OK;
}

/* The view of one entry; its bytes lie in data. */
static status read_entry(stored_tensor *t, const json_t *entry, span data, const char *where,
                         error *err)
{
    if (!json_is_object(entry)) {
        return error_set(err, ERR_ARTEFACT, "%s: must be an object", where);
    }
    TRY(check_fields(entry, where, err));
    const char *name;
    TRY(json_get_string(entry, "dtype", true, &name, where, err));
    const dtype_row *row = dtype_find(name);
    if (!row) {
        return error_set(err, ERR_ARTEFACT, "%s: unknown dtype '%.30s'", where, name);
    }
    t->dtype = row->name;
    t->readable = row->readable;
    t->view.type = row->type;
    TRY(read_shape(&t->view, entry, where, err));

    size_t begin = 0, end = 0, bits;
    TRY(read_offsets(&begin, &end, entry, data.len, where, err));
    if (!mem_mul(&bits, t->view.count, row->bits)) {
        return error_set(err, ERR_ARTEFACT, "%s: its size in bits does not fit", where);
    }
    if (bits % 8 != 0 || bits / 8 != end - begin) {
        return error_set(err, ERR_ARTEFACT,
                         "%s: shape and dtype %s make %zu bits, data_offsets hold %zu bytes", where,
                         row->name, bits, end - begin);
    }
    t->view.data = data.data + begin;
    t->bytes = end - begin;
    return OK;
}

static status read_entries(safetensors *out, json_t *doc, span data, const char *path, error *err)
{
    char *at = out->names;
    const char *key;
    json_t *value;
    json_object_foreach(doc, key, value)
    {
        if (strcmp(key, "__metadata__") == 0) {
            TRY(check_metadata(value, path, err));
            continue;
        }
        const size_t len = strlen(key);
        if (len == 0 || len > SAFETENSORS_MAX_NAME_BYTES) {
            return error_set(err, ERR_ARTEFACT,
                             "%s: tensor '%.100s…': a name has 1 to %d bytes, this has %zu", path,
                             key, SAFETENSORS_MAX_NAME_BYTES, len);
        }
        char where[WHERE_BYTES];
        snprintf(where, sizeof where, "%.200s: tensor '%.100s'", path, key);
        stored_tensor *t = &out->tensors[out->n];
        TRY(read_entry(t, value, data, where, err));
        t->view.name = memcpy(at, key, len + 1);
        at += len + 1;
        out->n++;
    }
    return OK;
}

static int by_place(const void *a, const void *b)
{
    const stored_tensor *x = a, *y = b;
    const uint8_t *p = x->view.data, *q = y->view.data;
    if (p != q) {
        return p < q ? -1 : 1;
    }
    return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

int stored_tensor_by_name(const void *a, const void *b)
{
    const stored_tensor *x = a, *y = b;
    return strcmp(x->view.name, y->view.name);
}

/* In order of place each tensor begins where the one before ends, and the last ends the file. */
static status check_places(const safetensors *s, span data, const char *path, error *err)
{
    const uint8_t *next = data.data;
    for (size_t i = 0; i < s->n; i++) {
        const stored_tensor *t = &s->tensors[i];
        const uint8_t *at = t->view.data;
        if (at != next) {
            return error_set(
                err, ERR_ARTEFACT, "%s: tensor '%.100s': data begin at %zu, which %s at %zu", path,
                t->view.name, (size_t)(at - data.data),
                at < next ? "overlaps a tensor that ends" : "leaves a hole that begins",
                (size_t)(next - data.data));
        }
        next = at + t->bytes;
    }
    if (next != data.data + data.len) {
        return error_set(err, ERR_ARTEFACT, "%s: %zu bytes behind the last tensor", path,
                         (size_t)(data.data + data.len - next));
    }
    return OK;
}

static status allocate(safetensors *out, const json_t *doc, const char *path, error *err)
{
    const size_t n = json_object_size(doc) - (json_object_get(doc, "__metadata__") != NULL);
    if (n > SAFETENSORS_MAX_TENSORS) {
        return error_set(err, ERR_ARTEFACT, "%s: %zu tensors, at most %d", path, n,
                         SAFETENSORS_MAX_TENSORS);
    }
    size_t bytes = 1;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)doc, key, value)
    {
        bytes += strlen(key) + 1; /* in all shorter than the header */
    }
    out->tensors = mem_new(n, sizeof *out->tensors);
    out->names = mem_new(bytes, 1);
    return out->tensors && out->names ? OK : error_memory(err);
}

status safetensors_read(safetensors *out, span file, const char *path, error *err)
{
    *out = (safetensors){0};
    span header = {0}, data = {0};
    TRY(split_file(&header, &data, file, path, err));
    TRY(check_header(header, path, err));
    json_t *doc;
    TRY(json_read(&doc, header, path, err));

    status st = allocate(out, doc, path, err);
    if (st == OK) {
        st = read_entries(out, doc, data, path, err);
    }
    json_decref(doc);
    if (st == OK) {
        qsort(out->tensors, out->n, sizeof *out->tensors, by_place);
        st = check_places(out, data, path, err);
    }
    if (st == OK) {
        qsort(out->tensors, out->n, sizeof *out->tensors, stored_tensor_by_name);
    } else {
        safetensors_clear(out);
    }
    return st;
}

void safetensors_clear(safetensors *s)
{
    mem_free(s->tensors);
    mem_free(s->names);
    *s = (safetensors){0};
}
