#include <stdio.h>

#include "cli/cli.h"

static const char *text_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static void print_trial(const json_t *t)
{
    const double noise = json_real_value(json_object_get(t, "noise"));
    const char *note = text_of(t, "note");
    printf("    %5.1f %%  %lld of %lld %s", 100 * json_real_value(json_object_get(t, "share")),
           (long long)json_integer_value(json_object_get(t, "recovered")),
           (long long)json_integer_value(json_object_get(t, "tried")), text_of(t, "what"));
    if (*note) {
        printf(", %s", note);
    }
    if (noise > 0) {
        printf(", noise %g", noise);
    }
    putchar('\n');
}

static void print_attacks(const json_t *o)
{
    printf("%s: %lld tokens of %lld texts\n", text_of(o, "model"),
           (long long)json_integer_value(json_object_get(o, "tokens")),
           (long long)json_integer_value(json_object_get(o, "texts")));
    const json_t *list = json_object_get(o, "attacks");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *a = json_array_get(list, i), *trials = json_object_get(a, "trials");
        printf("\n%-4s %s\n     knows: %s\n     %s\n", text_of(a, "id"), text_of(a, "name"),
               text_of(a, "knows"), text_of(a, "why"));
        for (size_t j = 0; j < json_array_size(trials); j++) {
            print_trial(json_array_get(trials, j));
        }
    }
    printf("\n%s.\n", text_of(o, "note"));
}

int verb_attack(int argc, char **argv)
{
    common c = {0};
    tacit_attack_options o = {0};
    const option options[] = {
        {"key", 'k', "DIR", "the data owner's directory; without it MODEL is a clear model",
         OPTION_STRING, &o.key},
        {"base", 0, "MODEL", "a public checkpoint that the model may stem from", OPTION_STRING,
         &o.base},
        {"data", 'd', "FILE", "texts: TSV, JSON lines or plain lines (default: ten sentences)",
         OPTION_STRING, &o.data},
        {"limit", 'n', "N", "texts to use (default: 20)", OPTION_SIZE, &o.limit},
    };
    const char *dirs[1];
    int code = EXIT_OK;
    if (!cli_parse(&c, cli_verb("attack"), options, sizeof options / sizeof *options, argc, argv,
                   dirs, 1, 1, &code)) {
        return code;
    }
    tacit_error err = {0};
    char *report = NULL;
    const tacit_status st = tacit_attack(dirs[0], &o, &report, &err);
    if (st != TACIT_OK || c.json) {
        return cli_print_report(&c, st, report, &err);
    }
    json_t *parsed = cli_json(report);
    print_attacks(parsed);
    json_decref(parsed);
    return EXIT_OK;
}
