/* A data set of each format: the first byte chooses, the rest is the file. */
#include <stddef.h>
#include <stdint.h>

#include "api/dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0) {
        return 0;
    }
    const span bytes = {.data = data + 1, .len = len - 1};
    dataset d;
    error err = {0};
    uint32_t sum = 0;
    if (dataset_parse(&d, bytes, (dataset_format)(data[0] % 3), "data", NULL, data[0] / 3 % 5,
                      &err) == OK) {
        for (size_t i = 0; i < d.n; i++) { /* every byte of every example can be read */
            const span parts[] = {d.examples[i].text, d.examples[i].pair, d.examples[i].label};
            for (size_t p = 0; p < 3; p++) {
                for (size_t k = 0; k < parts[p].len; k++) {
                    sum += parts[p].data[k];
                }
            }
        }
        dataset_clear(&d);
    }
    return sum == UINT32_MAX ? -1 : 0;
}
