/* Bytes as a safetensors file. What is accepted covers the file's data exactly, each view lies
 * inside it, and every number can be read. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/safetensors.h"

static void read_numbers(const tensor *t)
{
    float few[16];
    for (size_t first = 0; first < t->count; first += 16) {
        tensor_read(few, t, first, t->count - first < 16 ? t->count - first : 16);
    }
}

static void check(const safetensors *s, span file)
{
    size_t total = 0;
    for (size_t i = 0; i < s->n; i++) {
        const stored_tensor *t = &s->tensors[i];
        const uint8_t *at = t->view.data;
        CHECK(at >= file.data + 8 && at <= file.data + file.len);
        CHECK(t->bytes <= (size_t)(file.data + file.len - at));
        CHECK(t->view.rank <= TENSOR_MAX_RANK && strlen(t->view.name) >= 1);
        CHECK(i == 0 || strcmp(s->tensors[i - 1].view.name, t->view.name) < 0);
        size_t count = 1;
        for (size_t d = 0; d < t->view.rank; d++) {
            count *= t->view.shape[d];
        }
        CHECK(count == t->view.count);
        if (t->readable) {
            CHECK(t->bytes == count * dtype_bytes(t->view.type));
            read_numbers(&t->view);
        }
        total += t->bytes;
    }
    uint64_t header;
    memcpy(&header, file.data, sizeof header); /* on a little-endian machine */
    CHECK(8 + header + total == file.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    safetensors s;
    error err = {0};
    const span file = {.data = data, .len = len};
    const status st = safetensors_read(&s, file, "f", &err);
    if (st == OK) {
        check(&s, file);
        safetensors_clear(&s);
    } else {
        CHECK(st == ERR_ARTEFACT && err.code == st && err.text[0] == 'f');
        CHECK(!s.tensors && !s.names);
    }
    return 0;
}
