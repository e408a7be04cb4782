#include "cli/cli.h"

int verb_keygen(int argc, char **argv)
{
    common c = {0};
    const char *dir[1];
    int code = EXIT_OK;
    if (!cli_parse(&c, cli_verb("keygen"), NULL, 0, argc, argv, dir, 1, 1, &code)) {
        return code;
    }
    tacit_error err = {0};
    char *report = NULL;
    const tacit_status st = tacit_keygen(dir[0], &report, &err);
    return cli_print_report(&c, st, report, &err);
}
