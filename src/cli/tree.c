/* Any JSON object as indented lines: the text form of reports that have no table of their own. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

enum { NAME_WIDTH = 24 };

static void print_scalar(const json_t *x)
{
    switch (json_typeof(x)) {
    case JSON_STRING:
        fputs(json_string_value(x), stdout);
        break;
    case JSON_INTEGER:
        printf("%" JSON_INTEGER_FORMAT, json_integer_value(x));
        break;
    case JSON_REAL:
        printf("%.6g", json_real_value(x));
        break;
    case JSON_TRUE:
        fputs("yes", stdout);
        break;
    case JSON_FALSE:
        fputs("no", stdout);
        break;
    default:
        fputs("none", stdout);
    }
}

static bool all_scalars(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *x = json_array_get(list, i);
        if (json_is_object(x) || json_is_array(x)) {
            return false;
        }
    }
    return true;
}

static void print_member(const char *name, const json_t *x, int indent)
{
    if (json_is_object(x)) {
        printf("%*s%s\n", indent, "", name);
        cli_print_tree(x, indent + 2);
        return;
    }
    printf("%*s%-*s ", indent, "", NAME_WIDTH - indent, name);
    if (!json_is_array(x)) {
        print_scalar(x);
        putchar('\n');
    } else if (all_scalars(x)) {
        for (size_t i = 0; i < json_array_size(x); i++) {
            fputs(i ? ", " : "", stdout);
            print_scalar(json_array_get(x, i));
        }
        putchar('\n');
    } else {
        putchar('\n');
        for (size_t i = 0; i < json_array_size(x); i++) {
            cli_print_tree(json_array_get(x, i), indent + 2);
        }
    }
}

void cli_print_tree(const json_t *o, int indent)
{
    const char *name;
    json_t *x;
    json_object_foreach((json_t *)(size_t)o, name, x)
    {
        print_member(name, x, indent);
    }
}
