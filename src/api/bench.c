/* Time of one inference on random weights. A protection is timed beside the plain engine in one
 * run, both in turns, so that whatever else the machine does hits both alike. */
#include <math.h>
#include <string.h>

#include "api/api.h"
#include "api/bench_model.h"
#include "base/mem.h"

enum { DEFAULT_TOKENS = 128, DEFAULT_REPEAT = 5, MAX_CONTENDERS = 2 };

typedef struct {
    tacit_session *session;
    double *seconds;    /* of each timed run */
    tacit_result *last; /* the answer of the last run */
    size_t resident;    /* bytes that the session and its first run have added */
} contender;

typedef struct {
    const tacit_bench_options *options;
    size_t repeat;
    network network;
    bench_model what;
    size_t n;
    contender contenders[MAX_CONTENDERS]; /* the protection, and the plain engine behind it */
} bench;

static status run_once(const bench *b, contender *c, error *err)
{
    tacit_session *s = c->session;
    const tacit_batch batch = {.n = 1, .width = b->what.tokens, .ids = b->what.ids};
    packed p;
    tacit_result *r = NULL;
    TRY(packed_from_batch(&p, s->model, &batch, err));
    TRY(session_run(s, &r, &p, err));
    tacit_result_free(c->last);
    c->last = r;
    return OK;
}

/* Its session, and one run that warms caches and memory and is not counted. */
static status start(bench *b, const char *protect, error *err)
{
    const tacit_bench_options *o = b->options;
    contender *c = &b->contenders[b->n++];
    const runner_setup setup = {.model = b->what.model,
                                .precision = o->precision,
                                .threads = o->threads,
                                .network = b->network,
                                .guard = c == b->contenders && o->guard,
                                .label_only = c == b->contenders && o->label_only,
                                .embedding = c == b->contenders ? o->embedding : NULL,
                                .protocol = c == b->contenders ? o->protocol : NULL};
    const size_t before = api_resident_bytes();
    c->seconds = mem_new(b->repeat, sizeof *c->seconds);
    if (!c->seconds) {
        return error_memory(err);
    }
    TRY(session_new(&c->session, protect, &setup, err));
    TRY(run_once(b, c, err));
    const size_t after = api_resident_bytes();
    c->resident = after > before ? after - before : 0;
    return OK;
}

static bench_wants wants(const protection *p)
{
    return p->from_directory ? BENCH_FILES : p->from_ranges ? BENCH_RANGES : BENCH_WEIGHTS;
}

static status prepare(bench *b, error *err)
{
    const tacit_bench_options *o = b->options;
    const protection *how = NULL;
    const char *name = o->protect ? o->protect : "plain";
    TRY(network_find(&b->network, o->network ? o->network : "local", err));
    TRY(protection_find(&how, name, NULL, err));
    TRY(bench_model_new(&b->what, o->shape ? o->shape : "bert-base",
                        o->recipe ? o->recipe : "exact", o->tokens ? o->tokens : DEFAULT_TOKENS,
                        wants(how), err));
    TRY(start(b, name, err));
    if (strcmp(name, "plain") != 0) {
        TRY(start(b, "plain", err));
    }
    bench_model_drop_files(&b->what);
    return OK;
}

/* Each in turn, and every other time the other way round. */
static status measure(bench *b, error *err)
{
    const tacit_bench_options *o = b->options;
    for (size_t i = 0; i < b->repeat; i++) {
        for (size_t j = 0; j < b->n; j++) {
            contender *c = &b->contenders[i % 2 ? b->n - 1 - j : j];
            TRY(run_once(b, c, err));
            c->seconds[i] = c->session->online_s;
        }
        if (o->progress) {
            o->progress(o->ctx, "timing", i + 1, b->repeat);
        }
    }
    return OK;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static json_t *milliseconds(contender *c, size_t n)
{
    qsort(c->seconds, n, sizeof *c->seconds, by_size);
    return json_pack("{s:f, s:f, s:f}", "min", c->seconds[0] * 1e3, "median",
                     c->seconds[n / 2] * 1e3, "max", c->seconds[n - 1] * 1e3);
}

/* The largest distance of a number of the answer from what the plain engine says. */
static double difference(const contender *a, const contender *b)
{
    double most = 0;
    for (size_t i = 0; i < a->last->first[a->last->n] * a->last->columns; i++) {
        most = fmax(most, fabs((double)a->last->values[i] - (double)b->last->values[i]));
    }
    return most;
}

static void add_plain(json_t *o, const contender *protected_one, contender *plain, size_t n)
{
    json_object_set_new(o, "plain",
                        json_pack("{s:o, s:I}", "milliseconds", milliseconds(plain, n),
                                  "resident_bytes", (json_int_t)plain->resident));
    json_object_set_new(o, "ratio",
                        json_pack("{s:f, s:f}", "median",
                                  protected_one->seconds[n / 2] / plain->seconds[n / 2], "min",
                                  protected_one->seconds[0] / plain->seconds[0]));
    if (protected_one->last->label_only) {
        json_object_set_new(o, "same_label",
                            json_boolean(tacit_result_index(protected_one->last, 0) ==
                                         tacit_result_index(plain->last, 0)));
    } else {
        json_object_set_new(o, "difference", json_real(difference(protected_one, plain)));
    }
}

static status report(char **json, bench *b, error *err)
{
    const tacit_bench_options *opt = b->options;
    contender *c = &b->contenders[0];
    json_t *o = session_report(c->session);
    if (o) {
        const size_t threads = c->session->runner->threads;
        json_object_set_new(o, "shape", json_string(opt->shape ? opt->shape : "bert-base"));
        json_object_set_new(o, "tokens", json_integer((json_int_t)b->what.tokens));
        json_object_set_new(o, "threads", json_integer((json_int_t)threads));
        json_object_set_new(o, "precision", json_string(opt->precision ? opt->precision : "f32"));
        if (opt->protocol) {
            json_object_set_new(o, "protocol", json_string(opt->protocol));
        }
        json_object_set_new(o, "runs", json_integer((json_int_t)b->repeat));
        json_object_set_new(o, "resident_bytes", json_integer((json_int_t)c->resident));
        json_object_set_new(o, "milliseconds", milliseconds(c, b->repeat));
        if (b->n > 1) {
            add_plain(o, c, &b->contenders[1], b->repeat);
        }
    }
    return api_dump(json, o, err);
}

tacit_status tacit_bench(const tacit_bench_options *o, char **json, tacit_error *err)
{
    error inner = {0};
    bench b = {.options = o, .repeat = o->repeat ? o->repeat : DEFAULT_REPEAT};
    *json = NULL;
    status st = prepare(&b, &inner);
    if (st == OK) {
        st = measure(&b, &inner);
    }
    if (st == OK) {
        st = report(json, &b, &inner);
    }
    for (size_t i = 0; i < b.n; i++) {
        tacit_result_free(b.contenders[i].last);
        session_free(b.contenders[i].session);
        mem_free(b.contenders[i].seconds);
    }
    bench_model_clear(&b.what);
    return api_return(err, st, &inner);
}
