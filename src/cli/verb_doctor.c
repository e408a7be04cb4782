#include "cli/cli.h"

int verb_doctor(int argc, char **argv)
{
    common c = {0};
    int code = EXIT_OK;
    if (!cli_parse(&c, cli_verb("doctor"), NULL, 0, argc, argv, NULL, 0, 0, &code)) {
        return code;
    }
    tacit_error err = {0};
    char *report = NULL;
    const tacit_status st = tacit_doctor(&report, &err);
    return cli_print_report(&c, st, report, &err);
}
