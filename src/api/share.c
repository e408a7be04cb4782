/* The model owner's step of mpc. */
#include "api/api.h"
#include "party/mpc_share.h"

static status report(char **json, const char *src, const tacit_share_options *o,
                     const mpc_sharing *s, error *err)
{
    char hex[HASH_HEX_BYTES];
    hash_hex(hex, s->id);
    return api_dump(json,
                    json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:s*}, s:s}", "model", src, "sharing",
                              hex, "written", "server0", o->server0, "server1", o->server1,
                              "dealer", o->dealer, "owner", o->owner, "note",
                              "whoever has two of the first three directories has the model: carry "
                              "each to its machine and delete it here"),
                    err);
}

tacit_status tacit_share(const char *src, const tacit_share_options *o, char **json,
                         tacit_error *err)
{
    error inner = {0};
    mpc_sharing s;
    bool oblivious;
    *json = NULL;
    status st = runner_embedding(&oblivious, o->embedding, &inner);
    const mpc_share_options to = {.server = {o->server0, o->server1},
                                  .dealer = o->dealer,
                                  .owner = o->owner,
                                  .label_only = o->label_only,
                                  .oblivious = oblivious};
    if (st == OK) {
        st = o->server0 && o->server1 && o->dealer
                 ? mpc_share(&s, src, &to, &inner)
                 : error_set(&inner, ERR_USAGE, "two servers and a dealer each need a directory");
    }
    if (st == OK) {
        st = report(json, src, o, &s, &inner);
    }
    return api_return(err, st, &inner);
}
