#define _GNU_SOURCE
#include "model/safetensors_write.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

enum { LENGTH_BYTES = 8, MAX_WRITE = 1 << 30 };

stored_tensor safetensors_f32(const char *name, size_t rank, const size_t *shape, const float *data)
{
    stored_tensor t = {
        .view = {.name = name, .type = DTYPE_F32, .rank = rank, .count = 1, .data = data},
        .dtype = "F32",
        .readable = true,
    };
    CHECK(rank <= TENSOR_MAX_RANK);
    for (size_t i = 0; i < rank; i++) {
        t.view.shape[i] = shape[i];
        CHECK(mem_mul(&t.view.count, t.view.count, shape[i]));
    }
    CHECK(mem_mul(&t.bytes, t.view.count, sizeof *data));
    return t;
}

static json_t *entry(const stored_tensor *t, size_t begin)
{
    json_t *shape = json_array();
    for (size_t i = 0; i < t->view.rank; i++) {
        if (json_array_append_new(shape, json_integer((json_int_t)t->view.shape[i])) != 0) {
            json_decref(shape);
            return NULL;
        }
    }
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", t->dtype, "shape", shape, "data_offsets",
                     (json_int_t)begin, (json_int_t)(begin + t->bytes));
}

static status fill_header(json_t *header, const stored_tensor *tensors, size_t n, const char *path,
                          error *err)
{
    if (json_object_set_new(header, "__metadata__", json_pack("{s:s}", "format", "pt")) != 0) {
        return error_memory(err);
    }
    size_t begin = 0;
    for (size_t i = 0; i < n; i++) {
        const char *name = tensors[i].view.name;
        const size_t len = strlen(name);
        if (len == 0 || len > SAFETENSORS_MAX_NAME_BYTES || json_object_get(header, name)) {
            return error_set(err, ERR_USAGE,
                             "%s: tensor '%.100s': its name is there already, or has not 1 to %d "
                             "bytes",
                             path, name, SAFETENSORS_MAX_NAME_BYTES);
        }
        if (json_object_set_new(header, name, entry(&tensors[i], begin)) != 0) {
            return error_memory(err);
        }
        begin += tensors[i].bytes; /* they are all in memory, so the sum fits */
    }
    return OK;
}

/* The eight bytes of length and the header behind them. */
static status make_head(text *head, const stored_tensor *tensors, size_t n, const char *path,
                        error *err)
{
    json_t *header = json_object();
    if (!header) {
        return error_memory(err);
    }
    status st = fill_header(header, tensors, n, path, err);
    char *json = st == OK ? json_write(header, JSON_COMPACT) : NULL;
    json_decref(header);
    TRY(st);
    if (!json) {
        return error_memory(err);
    }
    const size_t len = strlen(json), padded = (len + 7) / 8 * 8;
    char length[LENGTH_BYTES];
    for (size_t i = 0; i < LENGTH_BYTES; i++) {
        length[i] = (char)(padded >> 8 * i & 0xff);
    }
    st = text_append(head, length, sizeof length);
    if (st == OK) {
        st = text_printf(head, "%s%*s", json, (int)(padded - len), "");
    }
    mem_free(json);
    return st == OK ? OK : error_memory(err);
}

static bool write_all(int fd, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        const ssize_t n = write(fd, at, len < MAX_WRITE ? len : MAX_WRITE);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static bool write_file(int fd, const text *head, const stored_tensor *tensors, size_t n)
{
    bool ok = write_all(fd, head->bytes, head->len);
    for (size_t i = 0; ok && i < n; i++) {
        ok = write_all(fd, tensors[i].view.data, tensors[i].bytes);
    }
    return ok && fsync(fd) == 0;
}

status safetensors_write(const char *path, const stored_tensor *tensors, size_t n, error *err)
{
    text head = {0};
    status st = make_head(&head, tensors, n, path, err);
    if (st != OK) {
        text_clear(&head);
        return st;
    }
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    bool ok = fd >= 0 && write_file(fd, &head, tensors, n);
    const int why = errno;
    if (fd >= 0 && close(fd) != 0) {
        ok = false;
    }
    text_clear(&head);
    if (ok) {
        return OK;
    }
    if (fd >= 0) {
        unlink(path);
    }
    return error_set(err, ERR_RESOURCE, "%s: cannot be written: %s", path, strerror(why));
}
