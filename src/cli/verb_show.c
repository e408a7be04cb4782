#include "cli/cli.h"

int verb_show(int argc, char **argv)
{
    common c = {0};
    const char *dir[1];
    int code = EXIT_OK;
    if (!cli_parse(&c, cli_verb("show"), NULL, 0, argc, argv, dir, 1, 1, &code)) {
        return code;
    }
    tacit_error err = {0};
    tacit_model *m = NULL;
    char *report = NULL;
    tacit_status st = tacit_model_open(&m, dir[0], &err);
    if (st == TACIT_OK) {
        st = tacit_model_describe(m, &report, &err);
    }
    tacit_model_free(m);
    return cli_print_report(&c, st, report, &err);
}
