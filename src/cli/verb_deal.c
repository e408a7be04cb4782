#include "cli/cli.h"

int verb_deal(int argc, char **argv)
{
    common c = {0};
    progress bar;
    const char *servers[2] = {0};
    tacit_deal_options o = {.count = 1, .progress = progress_draw, .ctx = &bar};
    const option options[] = {
        {"to", 0, "DIR0 DIR1", "the two servers' directories, to be made", OPTION_PAIR, servers},
        {"lengths", 'l', "LIST", "tokens of an inference: 5-20,64; 12+7 for two texts in one",
         OPTION_STRING, &o.lengths},
        {"guard", 0, NULL, "for answers with a guard (run --guard)", OPTION_FLAG, &o.guard},
        {"label-only", 0, NULL, "for labels alone (run --label-only)", OPTION_FLAG, &o.label_only},
        {"count", 'n', "N", "inferences of each (default: 1)", OPTION_SIZE, &o.count},
        {"threads", 't', "N", "threads (default: one per processor)", OPTION_SIZE, &o.threads},
    };
    const char *dir[1];
    int code = EXIT_OK;
    if (!cli_parse(&c, cli_verb("deal"), options, sizeof options / sizeof *options, argc, argv, dir,
                   1, 1, &code)) {
        return code;
    }
    if (!servers[0] || !o.lengths) {
        return cli_usage(&c, "%s is missing", servers[0] ? "--lengths" : "--to");
    }
    o.server0 = servers[0];
    o.server1 = servers[1];
    tacit_error err = {0};
    char *report = NULL;
    bar = progress_begin(&c);
    const tacit_status st = tacit_deal(dir[0], &o, &report, &err);
    progress_end(&bar);
    return cli_print_report(&c, st, report, &err);
}
