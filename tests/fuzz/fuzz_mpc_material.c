/* Bytes as the file that says what was dealt. What is accepted is within its bounds and has the id
 * of what it says. */
#include <string.h>

#include "party/mpc_material.h"

enum { TOKENS = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    mpc_material m;
    uint8_t id[HASH_BYTES];
    error err = {0};
    const span bytes = {.data = data, .len = len};
    const status st = mpc_material_decode(&m, bytes, "material", TOKENS, &err);
    if (st != OK) {
        CHECK((st == ERR_ARTEFACT || st == ERR_PROTOCOL) && err.code == st && err.text[0]);
        CHECK(!m.kinds && m.n == 0);
        return 0;
    }
    memcpy(id, m.id, sizeof id);
    CHECK(mpc_material_seal(&m, &err) == OK && hash_equal(id, m.id));
    CHECK(m.n >= 1 && m.n <= MPC_JOURNAL_KINDS);
    for (size_t i = 0; i < m.n; i++) {
        CHECK(m.kinds[i].n_seqs >= 1 && m.kinds[i].count >= 1);
        for (size_t j = 0; j < m.kinds[i].n_seqs; j++) {
            CHECK(m.kinds[i].lengths[j] >= 1 && m.kinds[i].lengths[j] <= TOKENS);
        }
    }
    mpc_material_clear(&m);
    return 0;
}
