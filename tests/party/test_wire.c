/* Somebody on the wire between owner and cloud, who does one thing to one record of TLS: loses it,
 * repeats it, exchanges it with the next, cuts it short, hangs up at it, or changes a byte. Either
 * end notices, whatever it was, and what the owner takes for an answer is the answer. A part of all
 * deeds by default; with TACIT_WIRE=all each deed at each record, and a change of every byte. */
#define _GNU_SOURCE
#include "test.h"

#include <math.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "party/stip_client.h"
#include "party/stip_cloud.h"
#include "stip/protect.h"
#include "support/ends.h"
#include "support/model_fixture.h"
#include "support/scratch.h"

#define FIXTURE "bert-sequence"

enum {
    MAX_RECORDS = 64,
    RECORD_HEAD = 5,
    RECORD_MAX = 1 << 15,
    CHANGE_CIPHER_SPEC = 20,
    FRAME_ALONE = RECORD_HEAD + FRAME_HEADER_BYTES + 1 + 16, /* a header without a payload */
    PATIENT_MS = 10000,
    HASTY_MS = 200, /* what is lost is noticed by the clock */
    RUNS = 2
};

typedef enum { NOTHING, LOSE, REPEAT, EXCHANGE, CUT, HANG_UP, CHANGE } act;

static const char *const act_names[] = {"nothing", "lost",    "repeated", "exchanged",
                                        "cut",     "hung up", "changed"};

typedef struct {
    act what;
    int way; /* 0: of the owner, 1: of the cloud */
    size_t record, byte;
} deed;

/* What passed in one direction. */
typedef struct {
    size_t n, len[MAX_RECORDS];
    uint8_t type[MAX_RECORDS];
    size_t needed; /* records until the owner had said that it is done */
} passed;

typedef struct {
    uint8_t bytes[RECORD_MAX], held[RECORD_MAX];
    size_t have, held_len;
    int from, to;
    bool over;
} lane;

typedef struct {
    stip_cloud *cloud;
    stip_owner owner;
    identity *owner_id, *cloud_id;
    listener *door, *wire;
    embedded input;
    float *x;
    size_t count; /* numbers of an answer */
    fixture_batch batch;
    arena *scratch;
    char *dir;
    /* of one conversation */
    deed deed;
    int64_t timeout_ms;
    passed passed[2];
    status cloud_st;
    error owner_err, cloud_err;
    size_t answers;
} stage;

static tls_options options_of(const stage *s)
{
    tls_options o = tls_defaults();
    o.handshake_ms = s->timeout_ms;
    o.channel.timeout_ms = s->timeout_ms;
    return o;
}

/* ---- the wire ---- */

static bool put(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0) {
            struct pollfd p = {.fd = fd, .events = POLLOUT};
            if (poll(&p, 1, PATIENT_MS) <= 0 || p.revents & (POLLERR | POLLHUP)) {
                return false;
            }
            continue;
        }
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

/* The whole record at the front of the lane, len bytes long; false where nothing more is to pass.
 */
static bool pass(stage *s, lane *l, int way, size_t len)
{
    passed *p = &s->passed[way];
    const size_t i = p->n < MAX_RECORDS ? p->n++ : MAX_RECORDS - 1;
    const deed *d = &s->deed;
    p->len[i] = len;
    p->type[i] = l->bytes[0];
    if (way == 0 && len == FRAME_ALONE && p->needed == 0) {
        p->needed = i + 1;
        s->passed[1].needed = s->passed[1].n;
    }
    if (l->held_len > 0) { /* what was held comes behind this one */
        const bool went = put(l->to, l->bytes, len) && put(l->to, l->held, l->held_len);
        l->held_len = 0;
        return went;
    }
    if (d->way != way || d->record != i) {
        return put(l->to, l->bytes, len);
    }
    switch (d->what) {
    case LOSE:
        return true;
    case REPEAT:
        return put(l->to, l->bytes, len) && put(l->to, l->bytes, len);
    case EXCHANGE:
        memcpy(l->held, l->bytes, len);
        l->held_len = len;
        return true;
    case CUT:
        return put(l->to, l->bytes, len - 1);
    case HANG_UP:
        return false;
    case CHANGE:
        /* A signature, and so its record, may be a byte shorter than it was in the plan. */
        l->bytes[d->byte < len ? d->byte : len - 1] ^= 0x21;
        break;
    default:
        break;
    }
    return put(l->to, l->bytes, len);
}

static bool take(stage *s, lane *l, int way)
{
    const ssize_t n = recv(l->from, l->bytes + l->have, RECORD_MAX - l->have, MSG_DONTWAIT);
    if (n <= 0) {
        return false;
    }
    l->have += (size_t)n;
    for (;;) {
        const size_t len = l->have < RECORD_HEAD
                               ? SIZE_MAX
                               : RECORD_HEAD + (size_t)l->bytes[3] * 256 + l->bytes[4];
        if (l->have < len) {
            return true;
        }
        uint8_t rest[RECORD_MAX];
        memcpy(rest, l->bytes + len, l->have - len);
        if (!pass(s, l, way, len)) {
            return false;
        }
        l->have -= len;
        memcpy(l->bytes, rest, l->have);
    }
}

static status stand_between(void *ctx, error *err)
{
    stage *s = ctx;
    static lane lanes[2];
    char address[32];
    int owner, cloud;
    memset(s->passed, 0, sizeof s->passed);
    memset(lanes, 0, sizeof lanes);
    TRY(listener_wait(s->wire, PATIENT_MS, &owner, err));
    snprintf(address, sizeof address, ":%u", (unsigned)listener_port(s->door));
    TRY(socket_connect(&cloud, address, PATIENT_MS, err));
    lanes[0].from = lanes[1].to = owner;
    lanes[0].to = lanes[1].from = cloud;
    while (!lanes[0].over || !lanes[1].over) {
        struct pollfd p[2];
        for (int i = 0; i < 2; i++) {
            p[i] = (struct pollfd){.fd = lanes[i].over ? -1 : lanes[i].from, .events = POLLIN};
        }
        poll(p, 2, PATIENT_MS);
        for (int i = 0; i < 2; i++) {
            if (p[i].revents && !take(s, &lanes[i], i)) {
                lanes[i].over = true;
                shutdown(lanes[i].to, SHUT_WR);
                if (s->deed.what == HANG_UP && s->deed.way == i) {
                    lanes[1 - i].over = true;
                    shutdown(lanes[i].from, SHUT_RDWR);
                }
            }
        }
    }
    close(owner);
    close(cloud);
    return OK;
}

/* ---- the two ends ---- */

static status be_cloud(void *ctx, error *err)
{
    stage *s = ctx;
    channel *c;
    int fd;
    const tls_options o = options_of(s);
    TRY(listener_wait(s->door, PATIENT_MS, &fd, err));
    TRY(tls_accept(&c, fd, s->cloud_id, role_only(ROLE_OWNER), &o, err));
    const status st = stip_cloud_serve(s->cloud, c, NULL, err);
    channel_free(c);
    return st;
}

static status ask(stage *s, channel *c, error *err)
{
    TRY(stip_client_begin(c, &s->owner, err));
    float *out = calloc(s->count, sizeof *out);
    status st = OK;
    for (size_t i = 0; i < RUNS && st == OK; i++) {
        st = stip_client_forward(c, &s->owner, out, &s->input, s->scratch, err);
        for (size_t j = 0; j < s->count && st == OK; j++) {
            const double right = s->batch.expected[j];
            assert_true(fabs(out[j] - right) <= 1e-5 * fmax(1, fabs(right)));
        }
        s->answers += st == OK;
    }
    free(out);
    return st == OK ? stip_client_end(c, err) : st;
}

static status be_owner(stage *s, error *err)
{
    channel *c;
    char address[32];
    const tls_options o = options_of(s);
    snprintf(address, sizeof address, ":%u", (unsigned)listener_port(s->wire));
    TRY(tls_connect(&c, address, s->owner_id, ROLE_CLOUD, &o, err));
    const status st = ask(s, c, err);
    if (st != OK) {
        channel_abort(c, st);
    }
    channel_free(c);
    return st;
}

/* Whether either end has noticed something. */
static bool converse(stage *s, deed d, int64_t timeout_ms)
{
    error unread = {0};
    s->deed = d;
    s->timeout_ms = timeout_ms;
    s->answers = 0;
    s->owner_err = s->cloud_err = (error){0};
    task *cloud = task_start(be_cloud, s), *wire = task_start(stand_between, s);
    const status owner = be_owner(s, &s->owner_err);
    s->cloud_st = task_join(cloud, &s->cloud_err);
    assert_int_equal(task_join(wire, &unread), OK);
    return owner != OK || s->cloud_st != OK;
}

/* ---- all of it ---- */

static void open_parties(stage *s)
{
    error err = {0};
    const uint8_t seed[STIP_SEED_BYTES] = {7};
    char *src = model_fixture_dir(FIXTURE), *cloud = scratch_path(s->dir, "cloud"),
         *owner = scratch_path(s->dir, "owner");
    if (stip_protect(src, cloud, owner, seed, &err) != OK ||
        stip_owner_open(&s->owner, owner, &err) != OK ||
        stip_cloud_new(&s->cloud, cloud, 1, &err) != OK ||
        identity_new(&s->owner_id, ends_certs(), ROLE_OWNER, &err) != OK ||
        identity_new(&s->cloud_id, ends_certs(), ROLE_CLOUD, &err) != OK ||
        listener_new(&s->door, ":0", &err) != OK || listener_new(&s->wire, ":0", &err) != OK) {
        fail_msg("%s", err.text);
    }
    free(src);
    free(cloud);
    free(owner);
}

static void make_input(stage *s)
{
    json_t *all = model_fixture_read(FIXTURE);
    fixture_batch_read(&s->batch, json_array_get(json_object_get(all, "cases"), 0), s->owner.model);
    json_decref(all);
    const sequences *seqs = &s->batch.tokens.seqs;
    const size_t rows = seqs->start[seqs->n], dim = s->owner.model->dim;
    s->x = calloc(rows * dim, sizeof *s->x);
    assert_int_equal(nn_embed(s->x, s->owner.model, &s->batch.tokens, NULL), OK);
    s->input = (embedded){.rows = rows, .dim = dim, .seqs = *seqs, .x = s->x};
    s->count = s->batch.rows * s->batch.columns;
}

static int set_up(void **state)
{
    stage *s = calloc(1, sizeof *s);
    s->dir = scratch_new();
    s->scratch = arena_new();
    open_parties(s);
    make_input(s);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    stage *s = *state;
    stip_cloud_free(s->cloud);
    stip_owner_close(&s->owner);
    identity_free(s->owner_id);
    identity_free(s->cloud_id);
    listener_free(s->door);
    listener_free(s->wire);
    fixture_batch_clear(&s->batch);
    arena_free(s->scratch);
    free(s->x);
    scratch_remove(s->dir);
    free(s);
    ends_forget();
    return 0;
}

typedef struct {
    size_t tried, noticed, without_effect;
} tally;

/* Whether a deed changes nothing that means something: the record that TLS 1.3 sends for the sake
 * of old boxes between the ends and ignores (RFC 8446, D.4); the version in the header of a record
 * that is not encrypted yet, which is ignored too (5.1); all that comes when the owner is done. */
static bool means_nothing(const passed *p, const deed *d)
{
    const bool idle =
        p->type[d->record] == CHANGE_CIPHER_SPEC || (d->what == EXCHANGE && d->record + 1 < p->n &&
                                                     p->type[d->record + 1] == CHANGE_CIPHER_SPEC);
    const bool version =
        d->what == CHANGE && (d->byte == 1 || d->byte == 2) && p->type[d->record] == 22;
    return idle || version || d->record >= p->needed ||
           ((d->what == EXCHANGE || d->what == REPEAT) && d->record + 1 >= p->needed);
}

static void try(stage *s, const passed *p, deed d, tally *t)
{
    const bool noticed = converse(s, d, HASTY_MS);
    t->tried++;
    t->noticed += noticed;
    if (noticed) {
        return;
    }
    t->without_effect++;
    if (s->answers != RUNS || !means_nothing(&p[d.way], &d)) {
        fail_msg("record %zu of the %s, %zu bytes, type %u: %s at byte %zu and nobody noticed",
                 d.record, d.way ? "cloud" : "owner", p[d.way].len[d.record],
                 p[d.way].type[d.record], act_names[d.what], d.byte);
    }
}

static void test_whatever_is_done_to_a_record(void **state)
{
    stage *s = *state;
    const char *how = getenv("TACIT_WIRE");
    const bool all = how && strcmp(how, "all") == 0;
    tally t = {0};
    size_t turn = 0;
    if (converse(s, (deed){0}, PATIENT_MS)) {
        fail_msg("nothing was done: '%s', '%s'", s->owner_err.text, s->cloud_err.text);
    }
    assert_int_equal(s->answers, RUNS);
    const passed plan[2] = {s->passed[0], s->passed[1]};
    for (int way = 0; way < 2; way++) {
        assert_true(plan[way].needed >= 5 && plan[way].n < MAX_RECORDS);
        for (size_t i = 0; i < plan[way].n; i++) {
            for (act a = LOSE; a < CHANGE; a++) {
                if (all || turn++ % 6 == 0) {
                    try(s, plan, (deed){a, way, i, 0}, &t);
                }
            }
            const size_t len = plan[way].len[i];
            const size_t step = all ? 1 : (len + 2) / 3;
            for (size_t byte = all ? 0 : i % step; byte < len; byte += step) {
                try(s, plan, (deed){CHANGE, way, i, byte}, &t);
            }
        }
    }
    print_message("%zu records of the owner, %zu of the cloud: %zu deeds, %zu noticed, %zu on what "
                  "means nothing\n",
                  plan[0].n, plan[1].n, t.tried, t.noticed, t.without_effect);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whatever_is_done_to_a_record),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
