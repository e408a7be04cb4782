#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const verb verbs[] = {
    {"run", "MODEL [TEXT]", "answer one input", verb_run},
    {"eval", "MODEL DATA", "accuracy on a data set", verb_eval},
    {"show", "MODEL", "what is in a model directory", verb_show},
    {"verify", "MODEL", "whether a model directory is sound", verb_verify},
    {"plan", "MODEL", "forecast the cost of a private inference", verb_plan},
    {"convert", "SRC DST", "apply a recipe without training", verb_convert},
    {"protect", "MODEL DST", "STIP: permute a model for a server", verb_protect},
    {"share", "MODEL", "mpc: weights for two servers and a dealer; he: for data owners",
     verb_share},
    {"keygen", "DIR", "he: the data owner's secret key", verb_keygen},
    {"deal", "DIR", "mpc: material for the servers, dealt beforehand", verb_deal},
    {"attack", "MODEL", "STIP: what the known attacks recover", verb_attack},
    {"certs", "DIR", "an authority and certificates for the parties", verb_certs},
    {"bench", "[ckks]", "time an inference on random weights, or ckks alone", verb_bench},
    {"party", "ROLE [DIR]", "serve one role: cloud, server0, server1, dealer, he-server",
     verb_party},
    {"doctor", "", "what this machine offers", verb_doctor},
};

const verb *cli_verb(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

int cli_help(void)
{
    puts("usage: tacit VERB [OPTION]... [ARGUMENT]...\n\n"
         "Private inference of Transformer models from their Hugging Face directories.\n");
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        printf("  tacit %-8s %-13s  %s\n", verbs[i].name, verbs[i].arguments, verbs[i].summary);
    }
    puts("\nEach verb knows --help, --json and --quiet. Exit codes: 0 ok, 1 internal, 2 usage,\n"
         "3 bad file or input, 7 out of resources; the manual page has the rest.");
    return EXIT_OK;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        cli_help();
        return EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        return cli_help();
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
        printf("tacit %s\n", tacit_version());
        return EXIT_OK;
    }
    const verb *v = cli_verb(name);
    if (!v) {
        fprintf(stderr, "tacit: '%s' is no verb; tacit --help lists them\n", name);
        return EXIT_USAGE;
    }
    const int code = v->run(argc - 1, argv + 1);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "tacit: the output could not be written\n");
        return code == EXIT_OK ? EXIT_INTERNAL : code;
    }
    return code;
}
