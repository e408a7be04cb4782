#include "cli/cli.h"

int verb_convert(int argc, char **argv)
{
    common c = {0};
    tacit_convert_options o = {.progress = progress_draw};
    const option options[] = {
        {"recipe", 'r', "NAME", "exact, mpcformer, secformer, freediv, freediv-2quad, thex or poly",
         OPTION_STRING, &o.recipe},
        {"data", 'd', "FILE", "texts to calibrate with: TSV, JSON lines or plain lines",
         OPTION_STRING, &o.data},
        {"limit", 'n', "N", "texts to use (default: 200)", OPTION_SIZE, &o.limit},
        {"margin", 0, "X", "widen each range by this share (default: 0.1)", OPTION_REAL, &o.margin},
    };
    const char *dirs[2];
    int code = EXIT_OK;
    if (!cli_parse(&c, cli_verb("convert"), options, sizeof options / sizeof *options, argc, argv,
                   dirs, 2, 2, &code)) {
        return code;
    }
    if (!o.recipe) {
        return cli_usage(&c, "--recipe is missing: which form shall the model take?");
    }
    progress p = progress_begin(&c);
    o.ctx = &p;
    tacit_error err = {0};
    char *report = NULL;
    const tacit_status st = tacit_convert(dirs[0], dirs[1], &o, &report, &err);
    progress_end(&p);
    return cli_print_report(&c, st, report, &err);
}
