#include <string.h>

#include "cli/cli.h"

/* The scheme by itself: `tacit bench ckks`. */
static tacit_status bench_ckks(char **report, const tacit_bench_options *o, tacit_error *err)
{
    const tacit_bench_ckks_options ckks = {.ring = o->shape,
                                           .threads = o->threads,
                                           .repeat = o->repeat,
                                           .progress = o->progress,
                                           .ctx = o->ctx};
    return tacit_bench_ckks(&ckks, report, err);
}

int verb_bench(int argc, char **argv)
{
    common c = {0};
    tacit_bench_options o = {.progress = progress_draw};
    const char *what = NULL;
    const option options[] = {
        {"shape", 's', "NAME",
         "bert-base (default), bert-large, bert-tiny, minilm-l6; ckks: n16, n15", OPTION_STRING,
         &o.shape},
        {"tokens", 'n', "N", "tokens of the input (default: 128)", OPTION_SIZE, &o.tokens},
        {"recipe", 'r', "NAME", "named recipe (default: exact)", OPTION_STRING, &o.recipe},
        {"protect", 'p', "NAME", "plain (default), stip, mpc or he, timed in turns with plain",
         OPTION_STRING, &o.protect},
        {"precision", 0, "NAME", "of plain: f32 (default) or bf16", OPTION_STRING, &o.precision},
        {"network", 0, "NAME", "between parties: local (default), or emulated: lan, wan",
         OPTION_STRING, &o.network},
        {"threads", 't', "N", "threads (default: one per processor)", OPTION_SIZE, &o.threads},
        {"guard", 0, NULL, "mpc: compare whether values lie in the recipe's ranges", OPTION_FLAG,
         &o.guard},
        {"label-only", 0, NULL, "mpc: the label alone, no number; of models that choose one label",
         OPTION_FLAG, &o.label_only},
        {"embedding", 0, "NAME", "mpc: by the owner (default), or oblivious: shared tables",
         OPTION_STRING, &o.embedding},
        {"protocol", 0, "NAME", "mpc: tacit (default), or secformer-2024 as published",
         OPTION_STRING, &o.protocol},
        {"repeat", 0, "N", "timed runs (default: 5)", OPTION_SIZE, &o.repeat},
    };
    int code = EXIT_OK;
    if (!cli_parse(&c, cli_verb("bench"), options, sizeof options / sizeof *options, argc, argv,
                   &what, 0, 1, &code)) {
        return code;
    }
    if (what && strcmp(what, "ckks") != 0) {
        return cli_usage(&c, "'%s' is nothing to time: ckks, or a shape by --shape", what);
    }
    progress p = progress_begin(&c);
    o.ctx = &p;
    tacit_error err = {0};
    char *report = NULL;
    const tacit_status st = what ? bench_ckks(&report, &o, &err) : tacit_bench(&o, &report, &err);
    progress_end(&p);
    return cli_print_report(&c, st, report, &err);
}
