#include <string.h>

#include "api/api.h"
#include "base/mem.h"
#include "party/stip_server.h"

struct tacit_party {
    stip_server *server;
    tacit_party_options options;
};

static status party_new(tacit_party **out, const tacit_party_options *o, error *err)
{
    *out = NULL;
    if (!o->role || strcmp(o->role, "cloud") != 0) {
        return error_set(err, ERR_USAGE, "role '%s': must be cloud", o->role ? o->role : "");
    }
    if (!o->model || !o->certs || !o->listen) {
        return error_set(err, ERR_USAGE, "a cloud needs a model, certificates and an address");
    }
    tacit_party *p = mem_new(1, sizeof *p);
    if (!p) {
        return error_memory(err);
    }
    p->options = *o;
    const status st = stip_server_new(&p->server, o->model, o->certs, o->listen, o->threads, err);
    if (st != OK) {
        mem_free(p);
        return st;
    }
    *out = p;
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
        stip_server_free(p->server);
        mem_free(p);
    }
}

unsigned tacit_party_port(const tacit_party *p)
{
    return stip_server_port(p->server);
}

tacit_status tacit_party_run(tacit_party *p, tacit_error *err)
{
    error inner = {0};
    const status st = stip_server_run(p->server, p->options.session_over, p->options.ctx, &inner);
    return api_return(err, st, &inner);
}

void tacit_party_stop(tacit_party *p)
{
    stip_server_stop(p->server);
}
