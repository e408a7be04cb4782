#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/cli.h"

enum { MEGABYTE = 1000000 };

typedef struct {
    tacit_party *party;
    sigset_t signals;
} watch;

/* SIGINT and SIGTERM end the party in good order. */
static void *wait_for_signal(void *arg)
{
    watch *w = arg;
    int which;
    sigwait(&w->signals, &which);
    tacit_party_stop(w->party);
    return NULL;
}

static double number(const json_t *o, const char *key)
{
    return json_number_value(json_object_get(o, key));
}

static void print_session(const json_t *o)
{
    char time[HUMAN_BYTES], sent[HUMAN_BYTES], received[HUMAN_BYTES], peak[HUMAN_BYTES];
    const json_t *failure = json_object_get(o, "error");
    if (failure) {
        printf("session failed: %s\n", json_string_value(json_object_get(failure, "text")));
    } else {
        printf("session over\n");
    }
    printf("  %lld answers in %s, %s sent, %s received, %lld rounds, peak memory %s\n",
           (long long)json_integer_value(json_object_get(o, "answers")),
           human_seconds(time, number(o, "seconds")), human_bytes(sent, number(o, "bytes_sent")),
           human_bytes(received, number(o, "bytes_received")),
           (long long)json_integer_value(json_object_get(o, "rounds")),
           human_bytes(peak, number(o, "peak_bytes")));
    if (json_object_get(o, "seconds_offline")) {
        char offline[HUMAN_BYTES], online[HUMAN_BYTES];
        printf("  offline %s, online %s\n", human_seconds(offline, number(o, "seconds_offline")),
               human_seconds(online, number(o, "seconds_online")));
    }
    printf("  the %s learnt: %s\n", json_string_value(json_object_get(o, "role")),
           json_string_value(json_object_get(o, "learned")));
}

/* Several sessions may end at once; each report stays whole. */
static void session_over(void *ctx, const char *json)
{
    const common *c = ctx;
    json_t *o = json_loads(json, 0, NULL);
    flockfile(stdout);
    if (c->json) {
        cli_print_json(c, json_incref(o));
    } else {
        print_session(o);
    }
    fflush(stdout);
    funlockfile(stdout);
    json_decref(o);
}

static int serve(const common *c, const tacit_party_options *o)
{
    tacit_error err = {0};
    watch w = {0};
    pthread_t watcher;
    sigemptyset(&w.signals);
    sigaddset(&w.signals, SIGINT);
    sigaddset(&w.signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &w.signals, NULL); /* every thread made from here on inherits it */
    if (tacit_party_new(&w.party, o, &err) != TACIT_OK) {
        return cli_fail(c, &err);
    }
    if (pthread_create(&watcher, NULL, wait_for_signal, &w) != 0) {
        tacit_party_free(w.party);
        err.code = TACIT_ERR_RESOURCE;
        snprintf(err.text, sizeof err.text, "cannot start a thread");
        return cli_fail(c, &err);
    }
    if (c->json) {
        cli_print_json(c, json_pack("{s:s, s:s, s:i}", "role", o->role, "model", o->model, "port",
                                    (int)tacit_party_port(w.party)));
    } else {
        printf("%s serves %s on port %u\n", o->role, o->model, tacit_party_port(w.party));
    }
    fflush(stdout);
    const tacit_status st = tacit_party_run(w.party, &err);
    if (st != TACIT_OK) {
        pthread_kill(watcher, SIGTERM);
    }
    pthread_join(watcher, NULL);
    tacit_party_free(w.party);
    return st == TACIT_OK ? EXIT_OK : cli_fail(c, &err);
}

int verb_party(int argc, char **argv)
{
    common c = {0};
    size_t memory = 0;
    tacit_party_options o = {.listen = "127.0.0.1:7421"};
    const option options[] = {
        {"model", 'm', "DIR", "what tacit protect or share wrote for the role; he: the model",
         OPTION_STRING, &o.model},
        {"certs", 'c', "DIR", "ca.pem, ROLE.pem and ROLE.key (tacit certs)", OPTION_STRING,
         &o.certs},
        {"listen", 'l', "ADDRESS", "HOST:PORT (default: 127.0.0.1:7421; port 0: a free one)",
         OPTION_STRING, &o.listen},
        {"peers", 0, "LIST", "server0: server1=HOST:PORT,dealer=HOST:PORT; server1: dealer=...",
         OPTION_STRING, &o.peers},
        {"material", 0, "DIR", "a server's dealt material, in place of a dealer (tacit deal)",
         OPTION_STRING, &o.material},
        {"threads", 't', "N", "threads (default: one per processor)", OPTION_SIZE, &o.threads},
        {"memory", 0, "MB", "he: for weights, keys and runs (default: what is free)", OPTION_SIZE,
         &memory},
        {"timeout", 0, "S", "mpc, he: seconds for which a peer may be silent (default: 600)",
         OPTION_SIZE, &o.timeout},
        {"network", 0, "NAME", "as the owners': local (default), or emulated: lan, wan",
         OPTION_STRING, &o.network},
    };
    const char *operands[2] = {0};
    int code = EXIT_OK;
    if (!cli_parse(&c, cli_verb("party"), options, sizeof options / sizeof *options, argc, argv,
                   operands, 1, 2, &code)) {
        return code;
    }
    o.role = operands[0];
    o.model = operands[1] ? operands[1] : o.model;
    if (memory > SIZE_MAX / MEGABYTE) {
        return cli_usage(&c, "--memory %zu MB: no machine has so much", memory);
    }
    o.memory = memory * MEGABYTE;
    o.session_over = session_over;
    o.ctx = &c;
    return serve(&c, &o);
}
