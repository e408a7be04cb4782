/* The dealer's step of mpc beforehand. */
#include "api/api.h"
#include "party/mpc_deal.h"

static status report(char **json, const tacit_deal_options *o, const char *dir,
                     const mpc_material *m, double seconds, error *err)
{
    uint64_t inferences = 0, bytes = 0;
    char hex[HASH_HEX_BYTES];
    for (size_t i = 0; i < m->n; i++) {
        inferences += m->kinds[i].count;
        bytes += m->kinds[i].count * m->kinds[i].stride;
    }
    hash_hex(hex, m->id);
    return api_dump(json,
                    json_pack("{s:s, s:s, s:{s:s, s:s}, s:I, s:I, s:f, s:s}", "model", dir,
                              "material", hex, "written", "server0", o->server0, "server1",
                              o->server1, "inferences", (json_int_t)inferences, "words_bytes",
                              (json_int_t)bytes, "seconds", seconds, "note",
                              "carry each directory to its server, whole and once, and delete it "
                              "here: material that is used in two places gives inputs away"),
                    err);
}

tacit_status tacit_deal(const char *dir, const tacit_deal_options *o, char **json, tacit_error *err)
{
    error inner = {0};
    mpc_material m;
    const double begin = api_now();
    const mpc_deal_options d = {.dir = dir,
                                .to = {o->server0, o->server1},
                                .lengths = o->lengths,
                                .asks = {.guard = o->guard, .label = o->label_only},
                                .count = o->count,
                                .threads = o->threads,
                                .progress = o->progress,
                                .ctx = o->ctx};
    *json = NULL;
    status st = o->server0 && o->server1 && o->lengths
                    ? mpc_deal(&m, &d, &inner)
                    : error_set(&inner, ERR_USAGE, "two directories and lengths are needed");
    if (st == OK) {
        st = report(json, o, dir, &m, api_now() - begin, &inner);
        mpc_material_clear(&m);
    }
    return api_return(err, st, &inner);
}
