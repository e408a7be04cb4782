#include <string.h>

#include "api/api.h"
#include "plain/plain.h"

static status plain_new(engine **out, const model *m, pool *p, const char *precision, error *err)
{
    plain_options o = {.precision = PLAIN_F32};
    TRY(cpu_pick(&o.isa, err));
    if (precision && strcmp(precision, "bf16") == 0) {
        o.precision = PLAIN_BF16;
    } else if (precision && strcmp(precision, "f32") != 0) {
        return error_set(err, ERR_USAGE, "precision '%s': must be f32 or bf16", precision);
    }
    return plain_engine_new(out, m, p, &o, err);
}

static const learned plain_learned[] = {
    {"this machine", "the input, the model, every value in between and the answer"},
};

static const protection protections[] = {
    {
        .name = "plain",
        .summary = "no protection: the yardstick",
        .learned = plain_learned,
        .n_learned = sizeof plain_learned / sizeof *plain_learned,
        .engine_new = plain_new,
    },
};

status protection_find(const protection **out, const char *name, const model *m, error *err)
{
    (void)m; /* no recipe asks for a protection of its own so far */
    if (!name) {
        name = protections[0].name;
    }
    for (size_t i = 0; i < sizeof protections / sizeof *protections; i++) {
        if (strcmp(name, protections[i].name) == 0) {
            *out = &protections[i];
            return OK;
        }
    }
    return error_set(err, ERR_USAGE, "protection '%s': this program has: plain", name);
}
