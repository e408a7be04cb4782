/* Bytes as the file that binds a sharing. What is accepted has the id of what it says. */
#include <string.h>

#include "party/mpc_sharing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    mpc_sharing s, again;
    error err = {0};
    const status st = mpc_sharing_decode(&s, (span){.data = data, .len = len}, "sharing", &err);
    if (st != OK) {
        CHECK((st == ERR_ARTEFACT || st == ERR_PROTOCOL) && err.code == st && err.text[0]);
        return 0;
    }
    again = s;
    memset(again.id, 0, sizeof again.id);
    CHECK(mpc_sharing_seal(&again, &err) == OK && hash_equal(again.id, s.id));
    CHECK(s.input_bits >= 1 && s.input_bits <= 64);
    return 0;
}
