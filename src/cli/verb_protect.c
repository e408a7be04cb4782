#include "cli/cli.h"

int verb_protect(int argc, char **argv)
{
    common c = {0};
    tacit_protect_options o = {0};
    const option options[] = {
        {"key", 'k', "DIR", "the data owner's directory, to be made: key, embeddings, tokenizer",
         OPTION_STRING, &o.key},
        {"seed-file", 0, "FILE", "read the seed, or write a new one (default: drawn, forgotten)",
         OPTION_STRING, &o.seed_file},
    };
    const char *dirs[2];
    int code = EXIT_OK;
    if (!cli_parse(&c, cli_verb("protect"), options, sizeof options / sizeof *options, argc, argv,
                   dirs, 2, 2, &code)) {
        return code;
    }
    if (!o.key) {
        return cli_usage(&c, "--key is missing: where shall the data owner's directory be?");
    }
    tacit_error err = {0};
    char *report = NULL;
    const tacit_status st = tacit_protect(dirs[0], dirs[1], &o, &report, &err);
    return cli_print_report(&c, st, report, &err);
}
