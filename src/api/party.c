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
    stip_server_options s = {
        .model = o->model, .certs = o->certs, .address = o->listen, .threads = o->threads};
    TRY(network_find(&s.network, o->network ? o->network : "local", err));
    tacit_party *p = mem_new(1, sizeof *p);
    if (!p) {
        return error_memory(err);
    }
    p->options = *o;
    const status st = stip_server_new(&p->server, &s, err);
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

/* What the cloud has learnt by the end of a session. */
static const char *learnt(const stip_session_end *e)
{
    const protection *stip = NULL;
    return e->tally.inputs > 0 && protection_find(&stip, "stip", NULL, NULL) == OK
               ? protection_learned(stip, "cloud")
               : "that somebody called";
}

static status report(char **json, const stip_session_end *e, error *err)
{
    json_t *o =
        json_pack("{s:s, s:s, s:f, s:I, s:I, s:I, s:I, s:I, s:s}", "role", "cloud", "protect",
                  "stip", "seconds", e->seconds, "answers", (json_int_t)e->tally.answers,
                  "bytes_sent", (json_int_t)e->count.sent.wire_bytes, "bytes_received",
                  (json_int_t)e->count.received.wire_bytes, "rounds", (json_int_t)e->count.rounds,
                  "peak_bytes", (json_int_t)api_peak_bytes(), "learned", learnt(e));
    if (o && e->why.code != OK) {
        json_object_set_new(o, "error",
                            json_pack("{s:i, s:s, s:s}", "code", -(int)e->why.code, "name",
                                      tacit_status_name((tacit_status)e->why.code), "text",
                                      e->why.text));
    }
    return api_dump(json, o, err);
}

/* Without memory for a report there is none. */
static void session_over(void *ctx, const stip_session_end *e)
{
    const tacit_party *p = ctx;
    char *json = NULL;
    error unread = {0};
    if (p->options.session_over && report(&json, e, &unread) == OK) {
        p->options.session_over(p->options.ctx, json);
        tacit_string_free(json);
    }
}

tacit_status tacit_party_run(tacit_party *p, tacit_error *err)
{
    error inner = {0};
    const status st = stip_server_run(p->server, session_over, p, &inner);
    return api_return(err, st, &inner);
}

void tacit_party_stop(tacit_party *p)
{
    stip_server_stop(p->server);
}
