#include <string.h>

#include "cli/cli.h"

static int share_embeddings(const common *c, const char *model, const tacit_share_options *o,
                            const char *server)
{
    tacit_error err = {0};
    char *report = NULL;
    if (!o->owner || server || o->dealer || o->embedding || o->label_only) {
        return cli_usage(c, "under he there is --owner alone: the server has the model itself");
    }
    const tacit_status st = tacit_share_embeddings(model, o->owner, &report, &err);
    return cli_print_report(c, st, report, &err);
}

int verb_share(int argc, char **argv)
{
    common c = {0};
    tacit_share_options o = {0};
    const char *servers[2] = {0}, *protect = "mpc";
    const option options[] = {
        {"protect", 'p', "NAME", "mpc (default), or he, which has --owner alone", OPTION_STRING,
         &protect},
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
    if (strcmp(protect, "he") == 0) {
        return share_embeddings(&c, model[0], &o, servers[0]);
    }
    if (strcmp(protect, "mpc") != 0) {
        return cli_usage(&c, "protection '%s': models are shared for mpc and he", protect);
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
