#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

typedef struct {
    progress progress;
    FILE *predictions;
    bool write_failed;
} sinks;

static void draw(void *ctx, const char *what, size_t done, size_t total)
{
    progress_draw(&((sinks *)ctx)->progress, what, done, total);
}

static void write_prediction(void *ctx, const char *json)
{
    sinks *s = ctx;
    if (fprintf(s->predictions, "%s\n", json) < 0) {
        s->write_failed = true;
    }
}

static void print_summary(const json_t *o)
{
    static const char *const measures[] = {"accuracy", "f1", "matthews", "pearson", "spearman"};
    const json_t *r = json_object_get(o, "result");
    const long long n = (long long)json_integer_value(json_object_get(r, "n"));
    const double seconds = json_number_value(json_object_get(r, "seconds"));
    printf("%s, protect %s, recipe %s, %lld examples\n",
           json_string_value(json_object_get(o, "model")),
           json_string_value(json_object_get(o, "protect")),
           json_string_value(json_object_get(o, "recipe")), n);
    if (json_object_get(r, "correct")) {
        printf("  correct    %lld\n", (long long)json_integer_value(json_object_get(r, "correct")));
    }
    for (size_t i = 0; i < sizeof measures / sizeof *measures; i++) {
        const json_t *x = json_object_get(r, measures[i]);
        if (x) {
            printf("  %-10s %.4f\n", measures[i], json_number_value(x));
        }
    }
    const json_t *ranges = json_object_get(o, "ranges");
    if (json_object_get(ranges, "outside")) {
        printf("  ranges     %s\n", json_is_true(json_object_get(ranges, "outside"))
                                        ? "one did NOT hold: not every answer is to be trusted"
                                        : "all that were compared held");
    }
    printf("  truncated  %lld\n  time       %.2f s (%.1f examples a second)\n",
           (long long)json_integer_value(json_object_get(r, "truncated")), seconds,
           seconds > 0 ? (double)n / seconds : 0.0);
}

static int report(const common *c, const tacit_session *s, const char *dir, const char *path,
                  char *result)
{
    char *text;
    tacit_error err = {0};
    if (tacit_session_report(s, &text, &err) != TACIT_OK) {
        tacit_string_free(result);
        return cli_fail(c, &err);
    }
    json_t *o = cli_json(text);
    json_object_set_new(o, "model", json_string(dir));
    json_object_set_new(o, "data", json_string(path));
    json_object_set_new(o, "result", cli_json(result));
    if (c->json) {
        return cli_print_json(c, o);
    }
    print_summary(o);
    json_decref(o);
    return EXIT_OK;
}

static int evaluate(const common *c, const char *dir, const char *path,
                    const tacit_session_options *so, tacit_eval_options *eo, sinks *out)
{
    tacit_error err = {0};
    tacit_model *m = NULL;
    tacit_session *s = NULL;
    char *result = NULL;
    int code;
    out->progress = progress_begin(c);
    if (tacit_model_open(&m, dir, &err) == TACIT_OK &&
        tacit_session_new(&s, m, so, &err) == TACIT_OK &&
        tacit_eval(s, path, eo, &result, &err) == TACIT_OK) {
        progress_end(&out->progress);
        code = report(c, s, dir, path, result);
    } else {
        progress_end(&out->progress);
        code = cli_fail(c, &err);
    }
    tacit_session_free(s);
    tacit_model_free(m);
    return code;
}

int verb_eval(int argc, char **argv)
{
    common c = {0};
    const char *predictions = NULL;
    tacit_session_options so = {0};
    bool guard = false;
    sinks out = {0};
    tacit_eval_options eo = {.progress = draw, .ctx = &out};
    const option options[] = {
        {"protect", 'p', "NAME", "protection: plain (default), stip, mpc or he", OPTION_STRING,
         &so.protect},
        {"precision", 0, "NAME", "of plain: f32 (default) or bf16", OPTION_STRING, &so.precision},
        {"peers", 0, "LIST",
         "elsewhere: cloud=HOST:PORT, he-server=HOST:PORT or server0=HOST:PORT,server1=HOST:PORT",
         OPTION_STRING, &so.peers},
        {"timeout", 0, "S", "with --peers, of mpc: seconds that an answer may take (default: 600)",
         OPTION_SIZE, &so.timeout},
        {"certs", 'c', "DIR", "with --peers: ca.pem, owner.pem and owner.key", OPTION_STRING,
         &so.certs},
        {"network", 0, "NAME", "between parties: local (default), or emulated: lan, wan",
         OPTION_STRING, &so.network},
        {"threads", 't', "N", "threads (default: one per processor)", OPTION_SIZE, &so.threads},
        {"guard", 0, NULL, "mpc: compare whether values lie in the recipe's ranges", OPTION_FLAG,
         &guard},
        {"label-only", 0, NULL, "mpc: the label alone, no number; of models that choose one label",
         OPTION_FLAG, &so.label_only},
        {"embedding", 0, "NAME", "mpc: by the owner (default), or oblivious: shared tables",
         OPTION_STRING, &so.embedding},
        {"key", 'k', "DIR", "he with --peers: what tacit keygen made", OPTION_STRING, &so.key},
        {"protocol", 0, "NAME", "mpc: tacit (default), or secformer-2024 as published",
         OPTION_STRING, &so.protocol},
        {"predictions", 'o', "FILE", "write a line of JSON for each example", OPTION_STRING,
         &predictions},
        {"limit", 'n', "N", "only the first N examples", OPTION_SIZE, &eo.limit},
        {"batch", 'b', "N", "examples a run (default: 32)", OPTION_SIZE, &eo.batch},
        {"text-column", 0, "NAME", "column of the text", OPTION_STRING, &eo.text_column},
        {"pair-column", 0, "NAME", "column of the second text", OPTION_STRING, &eo.pair_column},
        {"label-column", 0, "NAME", "column of the label", OPTION_STRING, &eo.label_column},
    };
    const char *operands[2] = {0};
    int code = EXIT_OK;
    if (!cli_parse(&c, cli_verb("eval"), options, sizeof options / sizeof *options, argc, argv,
                   operands, 2, 2, &code)) {
        return code;
    }
    so.guard = guard;
    if (predictions) {
        out.predictions = strcmp(predictions, "-") == 0 ? stdout : fopen(predictions, "w");
        if (!out.predictions) {
            return cli_usage(&c, "%s: %s", predictions, strerror(errno));
        }
        eo.prediction = write_prediction;
    }
    code = evaluate(&c, operands[0], operands[1], &so, &eo, &out);
    if (out.predictions && out.predictions != stdout && fclose(out.predictions) != 0) {
        out.write_failed = true;
    }
    if (out.write_failed) {
        fprintf(stderr, "tacit eval: %s: could not be written\n", predictions);
        return code == EXIT_OK ? -TACIT_ERR_RESOURCE : code;
    }
    return code;
}
