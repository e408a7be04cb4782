#include "api/party.h"

#include <string.h>

typedef status maker(tacit_party **out, const tacit_party_options *o, network n, error *err);

static const struct {
    const char *role;
    maker *make;
} kinds[] = {
    {"cloud", party_stip_new}, {"server0", party_mpc_new},  {"server1", party_mpc_new},
    {"dealer", party_mpc_new}, {"he-server", party_he_new},
};

static status party_new(tacit_party **out, const tacit_party_options *o, error *err)
{
    network n = NETWORK_LOCAL;
    maker *make = NULL;
    *out = NULL;
    for (size_t i = 0; o->role && i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(o->role, kinds[i].role) == 0) {
            make = kinds[i].make;
        }
    }
    if (!make) {
        return error_set(err, ERR_USAGE,
                         "role '%s': must be cloud, server0, server1, dealer or he-server",
                         o->role ? o->role : "");
    }
    if (!o->model || !o->certs || !o->listen) {
        return error_set(err, ERR_USAGE, "a %s needs its directory, certificates and an address",
                         o->role);
    }
    TRY(network_find(&n, o->network ? o->network : "local", err));
    TRY(make(out, o, n, err));
    (*out)->options = *o;
    return OK;
}

tacit_status tacit_party_new(tacit_party **out, const tacit_party_options *o, tacit_error *err)
{
    error inner = {0};
    return api_return(err, party_new(out, o, &inner), &inner);
}

void tacit_party_free(tacit_party *p)
{
    if (p) {
        p->ops->free(p);
    }
}

unsigned tacit_party_port(const tacit_party *p)
{
    return p->ops->port(p);
}

tacit_status tacit_party_run(tacit_party *p, tacit_error *err)
{
    error inner = {0};
    const status st = p->ops->run(p, &inner);
    return api_return(err, st, &inner);
}

void tacit_party_stop(tacit_party *p)
{
    p->ops->stop(p);
}

void party_tell(const tacit_party *p, json_t *report, const error *why)
{
    char *json = NULL;
    error unread = {0};
    if (report && why->code != OK) {
        json_object_set_new(report, "error",
                            json_pack("{s:i, s:s, s:s}", "code", -(int)why->code, "name",
                                      tacit_status_name((tacit_status)why->code), "text",
                                      why->text));
    }
    if (!p->options.session_over) {
        json_decref(report);
    } else if (api_dump(&json, report, &unread) == OK) {
        p->options.session_over(p->options.ctx, json);
        tacit_string_free(json);
    }
}

const char *party_learnt(const char *protect, const char *party, bool asked)
{
    const protection *how = NULL;
    return asked && protection_find(&how, protect, NULL, NULL) == OK
               ? protection_learned(how, party)
               : "that somebody called";
}
