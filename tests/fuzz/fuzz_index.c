/* The index of shards from nobody knows where: whatever it says, the names of files that come out
 * lie in the directory itself. */
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "model/weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    json_t *doc;
    error err = {0};
    if (json_read(&doc, (span){.data = data, .len = len}, "f", &err) != OK) {
        return 0;
    }
    const char **names;
    size_t n;
    if (index_files(doc, &names, &n, "f", &err) != OK) {
        CHECK(err.code == ERR_ARTEFACT && err.text[0] == 'f' && !names);
    } else {
        CHECK(n >= 1 && n <= WEIGHTS_MAX_SHARDS);
        for (size_t i = 0; i < n; i++) {
            CHECK(!strchr(names[i], '/') && names[i][0] != '.' && names[i][0] != '\0');
            for (size_t j = 0; j < i; j++) {
                CHECK(strcmp(names[i], names[j]) != 0);
            }
        }
    }
    mem_free(names);
    json_decref(doc);
    return 0;
}
