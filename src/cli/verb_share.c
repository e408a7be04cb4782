#include "cli/cli.h"

int verb_share(int argc, char **argv)
{
    common c = {0};
    tacit_share_options o = {0};
    const char *servers[2] = {0};
    const option options[] = {
        {"to", 0, "DIR0 DIR1", "the two servers' directories, to be made", OPTION_PAIR, servers},
        {"dealer", 'd', "DIR", "the dealer's directory, to be made", OPTION_STRING, &o.dealer},
        {"owner", 'o', "DIR", "the data owners' directory, to be made: embeddings, tokenizer",
         OPTION_STRING, &o.owner},
        {"embedding", 0, "NAME", "by the owner (default), or oblivious: nobody gets the tables",
         OPTION_STRING, &o.embedding},
        {"label-only", 0, NULL, "data owners get labels, no numbers, whatever they ask for",
         OPTION_FLAG, &o.label_only},
    };
    const char *model[1];
    int code = EXIT_OK;
    if (!cli_parse(&c, cli_verb("share"), options, sizeof options / sizeof *options, argc, argv,
                   model, 1, 1, &code)) {
        return code;
    }
    if (!servers[0] || !o.dealer) {
        return cli_usage(&c, "%s is missing: where shall %s be?", servers[0] ? "--dealer" : "--to",
                         servers[0] ? "the dealer's directory" : "the servers' directories");
    }
    o.server0 = servers[0];
    o.server1 = servers[1];
    tacit_error err = {0};
    char *report = NULL;
    const tacit_status st = tacit_share(model[0], &o, &report, &err);
    return cli_print_report(&c, st, report, &err);
}
