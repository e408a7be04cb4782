/** The plain engine on random weights: time of one forward pass, the share of the machine's peak
 * that it reaches, memory. `bench_plain --help` says how to ask. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "machine.h"
#include "model/random_model.h"
#include "nn/encoder.h"
#include "peak.h"
#include "plain/plain.h"

enum { MAX_LIST = 16, MAX_RUNS = 1000 };

typedef struct {
    const char *shape;
    size_t tokens[MAX_LIST], n_tokens;
    size_t threads[MAX_LIST], n_threads;
    plain_precision precisions[2];
    size_t n_precisions;
    size_t runs;
    int serve;
} asked;

typedef struct {
    model *m;
    pool *p;
    engine *e;
    float *x, *out;
    uint32_t *ids, *positions, *types;
    size_t tokens;
} bench_case;

static const char usage[] =
    "usage: bench_plain [--shape NAME] [--tokens N,…] [--threads N,…] [--precision f32,bf16]\n"
    "                   [--runs N] [--serve]\n"
    "Random weights, batch 1. --serve: for each line read, one run and its milliseconds, then\n"
    "`peak MIB` at the end of the input; the first of each list counts.\n";

static size_t read_list(size_t *out, const char *text)
{
    size_t n = 0;
    for (char *end; *text && n < MAX_LIST; text = *end ? end + 1 : end) {
        out[n++] = strtoul(text, &end, 10);
    }
    return n;
}

static asked read_arguments(int argc, char **argv)
{
    asked a = {.shape = "bert-base", .runs = 9, .n_precisions = 2};
    a.precisions[0] = PLAIN_F32;
    a.precisions[1] = PLAIN_BF16;
    a.n_tokens = read_list(a.tokens, "32,128,512");
    a.n_threads = read_list(a.threads, "1,2");
    for (int i = 1; i < argc; i++) {
        const char *given = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--serve") == 0) {
            a.serve = 1;
            continue;
        }
        i++;
        if (strcmp(argv[i - 1], "--shape") == 0) {
            a.shape = given;
        } else if (strcmp(argv[i - 1], "--tokens") == 0) {
            a.n_tokens = read_list(a.tokens, given);
        } else if (strcmp(argv[i - 1], "--threads") == 0) {
            a.n_threads = read_list(a.threads, given);
        } else if (strcmp(argv[i - 1], "--runs") == 0) {
            a.runs = strtoul(given, NULL, 10);
        } else if (strcmp(argv[i - 1], "--precision") == 0) {
            a.n_precisions = strchr(given, ',') ? 2 : 1;
            a.precisions[0] = strncmp(given, "bf16", 4) == 0 ? PLAIN_BF16 : PLAIN_F32;
            a.precisions[1] = a.precisions[0] == PLAIN_F32 ? PLAIN_BF16 : PLAIN_F32;
        } else {
            fputs(usage, stderr);
            exit(2);
        }
    }
    if (a.runs == 0 || a.runs > MAX_RUNS || !model_shape_find(a.shape)) {
        fputs(usage, stderr);
        exit(2);
    }
    return a;
}

static void open_case(bench_case *c, model *m, size_t n_tokens, size_t threads,
                      plain_precision precision)
{
    error err;
    *c = (bench_case){.m = m, .tokens = n_tokens};
    plain_options o = {.precision = precision};
    bench_need(cpu_pick(&o.isa, &err), err.text);
    bench_need(pool_new(&c->p, threads, &err), err.text);
    bench_need(plain_engine_new(&c->e, m, c->p, &o, &err), err.text);
    c->x = mem_new(n_tokens * m->dim, sizeof *c->x);
    c->out = mem_new(m->head.n_labels, sizeof *c->out);
    c->ids = mem_new(n_tokens, sizeof *c->ids);
    c->positions = mem_new(n_tokens, sizeof *c->positions);
    c->types = mem_new(n_tokens, sizeof *c->types);
    bench_need(!c->x || !c->out || !c->ids || !c->positions || !c->types, "no memory");
    for (size_t i = 0; i < n_tokens; i++) {
        c->ids[i] = (uint32_t)(i * 40503 % m->embeddings.vocab);
        c->positions[i] = (uint32_t)i;
    }
}

static void close_case(bench_case *c)
{
    c->e->ops->free(c->e);
    pool_free(c->p);
    mem_free(c->x);
    mem_free(c->out);
    mem_free(c->ids);
    mem_free(c->positions);
    mem_free(c->types);
}

/* From token ids to logits, in milliseconds. */
static double run_once(const bench_case *c)
{
    const size_t start[] = {0, c->tokens};
    const sequences one = {.n = 1, .start = start};
    const tokens t = {.seqs = one, .ids = c->ids, .positions = c->positions, .types = c->types};
    const embedded x = {.rows = c->tokens, .dim = c->m->dim, .seqs = one, .x = c->x};
    error err;
    c->e->err = &err;
    const double begin = bench_now();
    bench_need(nn_embed(c->x, c->m, &t, &err), err.text);
    bench_need(nn_encoder_forward(c->e, c->out, c->m, &x), err.text);
    return 1e3 * (bench_now() - begin);
}

/* Products of the encoder alone: linear maps, scores and weighted sums. */
static double operations(const model *m, size_t n_tokens)
{
    const double n = (double)n_tokens, d = (double)m->dim, ff = (double)m->ff;
    return (double)m->n_layers * (2 * n * (4 * d * d + 2 * d * ff) + 4 * n * n * d);
}

static void report(const bench_case *c, plain_precision precision, double peak, size_t runs)
{
    double ms[MAX_RUNS];
    run_once(c);
    for (size_t i = 0; i < runs; i++) {
        ms[i] = run_once(c);
    }
    const double least = bench_least(ms, runs), median = bench_median(ms, runs);
    const double gflops = operations(c->m, c->tokens) * 1e-6 / least;
    printf("| %s | %zu | %zu | %.2f | %.2f | %.0f | %.0f | %.0f %% | %.0f |\n",
           precision == PLAIN_F32 ? "f32" : "bf16", pool_size(c->p), c->tokens, median, least,
           gflops, peak, 100 * gflops / peak, (double)plain_engine_bytes(c->e) / (1 << 20));
    fflush(stdout);
}

static void table(const asked *a, model *m)
{
    isa level;
    bench_need(cpu_pick(&level, NULL), "TACIT_ISA is not a level of this machine");
    printf("%s, random weights, batch 1, %s, best and median of %zu\n\n", a->shape,
           cpu_isa_name(level), a->runs);
    printf("| precision | threads | tokens | median ms | best ms | GFLOP/s | peak GFLOP/s | share "
           "| engine MiB |\n|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < a->n_precisions; i++) {
        for (size_t j = 0; j < a->n_threads; j++) {
            for (size_t k = 0; k < a->n_tokens; k++) {
                bench_case c;
                open_case(&c, m, a->tokens[k], a->threads[j], a->precisions[i]);
                double peak = 0;
                if (a->precisions[i] == PLAIN_BF16) {
                    peak = bench_peak_bf16(c.p, level);
                }
                report(&c, a->precisions[i], peak > 0 ? peak : bench_peak_f32(c.p, level), a->runs);
                close_case(&c);
            }
        }
    }
    printf("\npeak resident set: %.0f MiB\n", bench_peak_mib());
}

static void serve(const asked *a, model *m)
{
    bench_case c;
    open_case(&c, m, a->tokens[0], a->threads[0], a->precisions[0]);
    run_once(&c);
    for (char line[64]; fgets(line, sizeof line, stdin);) {
        printf("%.4f\n", run_once(&c));
        fflush(stdout);
    }
    printf("peak %.1f\n", bench_peak_mib());
    close_case(&c);
}

int main(int argc, char **argv)
{
    const asked a = read_arguments(argc, argv);
    model *m;
    error err;
    bench_need(model_random(&m, model_shape_find(a.shape), 1, &err), err.text);
    if (a.serve) {
        serve(&a, m);
    } else {
        table(&a, m);
    }
    model_free(m);
    return 0;
}
