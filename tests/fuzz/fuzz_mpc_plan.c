/* Bytes as the file of a plan. What is accepted is written and read again: the same text, every
 * bit of its numbers. */
#include <string.h>

#include "base/mem.h"
#include "mpc/plan_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    mpc_plan *p, *q;
    error err = {0};
    const status st = mpc_plan_read(&p, (span){.data = data, .len = len}, "plan", &err);
    if (st != OK) {
        CHECK(!p && (st == ERR_ARTEFACT || st == ERR_PROTOCOL) && err.code == st && err.text[0]);
        return 0;
    }
    char *text = mpc_plan_write(p);
    CHECK(text);
    CHECK(mpc_plan_read(&q, (span){.data = (uint8_t *)text, .len = strlen(text)}, "again", &err) ==
          OK);
    char *again = mpc_plan_write(q);
    CHECK(again && strcmp(text, again) == 0);
    mem_free(text);
    mem_free(again);
    mpc_plan_free(p);
    mpc_plan_free(q);
    return 0;
}
