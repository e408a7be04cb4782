/* A safetensors file from nobody knows where: if it is taken, every tensor lies inside it, none
 * overlaps another, and all of it can be read. */
#include <string.h>

#include "model/safetensors.h"

static void check_tensor(const stored_tensor *t, span file)
{
    const uint8_t *at = t->view.data;
    CHECK(at >= file.data && t->bytes <= file.len);
    CHECK((size_t)(at - file.data) <= file.len - t->bytes);
    CHECK(t->view.rank <= TENSOR_MAX_RANK && strlen(t->view.name) <= SAFETENSORS_MAX_NAME_BYTES);
    if (!t->readable) {
        return;
    }
    CHECK(t->view.count == t->bytes / dtype_bytes(t->view.type));
    size_t bad = t->view.count;
    CHECK(tensor_finite(&t->view, &bad) || bad < t->view.count);
    for (size_t i = 0; i < t->view.count; i += 16) {
        float x[16];
        const size_t n = t->view.count - i < 16 ? t->view.count - i : 16;
        tensor_read(x, &t->view, i, n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const span file = {.data = data, .len = len};
    safetensors s;
    error err = {0};
    if (safetensors_read(&s, file, "f", &err) != OK) {
        CHECK(err.code == ERR_ARTEFACT && err.text[0] == 'f' && !s.tensors && !s.names);
        return 0;
    }
    size_t total = 0;
    for (size_t i = 0; i < s.n; i++) {
        check_tensor(&s.tensors[i], file);
        CHECK(i == 0 || strcmp(s.tensors[i - 1].view.name, s.tensors[i].view.name) < 0);
        total += s.tensors[i].bytes;
    }
    CHECK(total < len);
    safetensors_clear(&s);
    return 0;
}
