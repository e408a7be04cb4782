#include "cli/cli.h"

int verb_certs(int argc, char **argv)
{
    common c = {0};
    const char *roles = NULL, *added = NULL, *dir[1];
    size_t days = 365;
    const option options[] = {
        {"roles", 'r', "LIST", "developer, owner, cloud, server0, server1, dealer, he-server",
         OPTION_STRING, &roles},
        {"add", 'a', "LIST", "roles to add to the authority that is there", OPTION_STRING, &added},
        {"days", 'n', "N", "how long they are good (default: 365)", OPTION_SIZE, &days},
    };
    int code = EXIT_OK;
    if (!cli_parse(&c, cli_verb("certs"), options, sizeof options / sizeof *options, argc, argv,
                   dir, 1, 1, &code)) {
        return code;
    }
    if (days == 0) {
        return cli_usage(&c, "option --days: certificates that are never good are of no use");
    }
    if (added && roles) {
        return cli_usage(&c, "give --roles for a new authority, or --add for one that is there");
    }
    tacit_error err = {0};
    char *report = NULL;
    const tacit_status st = added ? tacit_certs_add(dir[0], added, days, &report, &err)
                                  : tacit_certs(dir[0], roles, days, &report, &err);
    return cli_print_report(&c, st, report, &err);
}
