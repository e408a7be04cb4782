#include "party/stip_server.h"

#include "base/mem.h"
#include "net/clock.h"
#include "party/door.h"
#include "party/stip_cloud.h"

struct stip_server {
    stip_cloud *cloud;
    door *door;
    stip_server_log *log;
    void *log_ctx;
};

status stip_server_new(stip_server **out, const stip_server_options *o, error *err)
{
    *out = NULL;
    stip_server *s = mem_new(1, sizeof *s);
    if (!s) {
        return error_memory(err);
    }
    door_options d = {.certs = o->certs,
                      .address = o->address,
                      .mine = ROLE_CLOUD,
                      .callers = role_only(ROLE_OWNER),
                      .channel = channel_defaults()};
    d.channel.network = o->network;
    status st = stip_cloud_new(&s->cloud, o->model, o->threads, err);
    if (st == OK) {
        st = door_new(&s->door, &d, err);
    }
    if (st != OK) {
        stip_server_free(s);
        return st;
    }
    *out = s;
    return OK;
}

void stip_server_free(stip_server *s)
{
    if (s) {
        door_free(s->door);
        stip_cloud_free(s->cloud);
        mem_free(s);
    }
}

unsigned stip_server_port(const stip_server *s)
{
    return door_port(s->door);
}

static void answer(void *ctx, door_call *call)
{
    stip_server *s = ctx;
    stip_session_end end = {.why = call->why};
    channel *owner = call->caller;
    if (owner) {
        if (door_watch(call->door, owner) &&
            stip_cloud_serve(s->cloud, owner, &end.tally, &end.why) == OK) {
            end.why = (error){0};
        }
        door_unwatch(call->door, owner);
        end.count = *channel_count(owner);
        channel_free(owner);
    }
    end.seconds = (double)(clock_ns() - call->began) * 1e-9;
    if (s->log) {
        s->log(s->log_ctx, &end);
    }
}

status stip_server_run(stip_server *s, stip_server_log *log, void *ctx, error *err)
{
    s->log = log;
    s->log_ctx = ctx;
    return door_run(s->door, answer, s, err);
}

void stip_server_stop(stip_server *s)
{
    door_stop(s->door);
}
