/* What an owner sends to the cloud, for a model of 4 features and up to 9 tokens. */
#include <stddef.h>
#include <stdint.h>

#include "party/stip_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    embedded x;
    error err = {0};
    arena *a = arena_new();
    if (a && stip_input_read(&x, data, len, 4, 9, a, &err) == OK) {
        uint32_t sum = 0;
        const uint8_t *bytes = (const uint8_t *)x.x;
        for (size_t i = 0; i < sizeof(float) * x.rows * x.dim; i++) {
            sum += bytes[i];
        }
        if (x.rows != x.seqs.start[x.seqs.n] || sum == UINT32_MAX) {
            __builtin_trap();
        }
    }
    arena_free(a);
    return 0;
}
