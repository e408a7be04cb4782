#include "cli/cli.h"

int verb_plan(int argc, char **argv)
{
    common c = {0};
    tacit_plan_options o = {.protect = "mpc"};
    const char *dir[1];
    const option options[] = {
        {"protect", 'p', "NAME", "protection: mpc (default) or he", OPTION_STRING, &o.protect},
        {"tokens", 'n', "N", "tokens of the input (default: 128; under he, 64)", OPTION_SIZE,
         &o.tokens},
        {"network", 0, "NAME", "between parties: local (default), or emulated: lan, wan",
         OPTION_STRING, &o.network},
        {"guard", 0, NULL, "of an answer with a guard (run --guard)", OPTION_FLAG, &o.guard},
        {"label-only", 0, NULL, "of a label alone (run --label-only)", OPTION_FLAG, &o.label_only},
        {"embedding", 0, "NAME", "mpc: by the owner (default), or oblivious: shared tables",
         OPTION_STRING, &o.embedding},
        {"threads", 't', "N", "threads of each party (default: half of the processors)",
         OPTION_SIZE, &o.threads},
    };
    int code = EXIT_OK;
    if (!cli_parse(&c, cli_verb("plan"), options, sizeof options / sizeof *options, argc, argv, dir,
                   1, 1, &code)) {
        return code;
    }
    tacit_error err = {0};
    tacit_model *m = NULL;
    char *report = NULL;
    tacit_status st = tacit_model_open(&m, dir[0], &err);
    if (st == TACIT_OK) {
        st = tacit_plan(m, &o, &report, &err);
    }
    tacit_model_free(m);
    return cli_print_report(&c, st, report, &err);
}
