#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static void print_option(const option *o)
{
    char left[64];
    snprintf(left, sizeof left, "%c%c%c --%s%s%s", o->letter ? '-' : ' ',
             o->letter ? o->letter : ' ', o->letter ? ',' : ' ', o->name, o->arg ? " " : "",
             o->arg ? o->arg : "");
    printf("  %-28s %s\n", left, o->help);
}

static void print_help(const verb *v, const option *options, size_t n)
{
    printf("usage: tacit %s %s [OPTION]...\n\n%s\n\n", v->name, v->arguments, v->summary);
    for (size_t i = 0; i < n; i++) {
        print_option(&options[i]);
    }
    print_option(&(option){.name = "json", .help = "print one JSON object"});
    print_option(&(option){.name = "quiet", .letter = 'q', .help = "no progress"});
    print_option(&(option){.name = "help", .letter = 'h', .help = "this text"});
}

static const option *find(const option *options, size_t n, const char *arg)
{
    for (size_t i = 0; i < n; i++) {
        const option *o = &options[i];
        const size_t len = strlen(o->name);
        if (arg[1] == '-' && strncmp(arg + 2, o->name, len) == 0 &&
            (arg[2 + len] == '\0' || arg[2 + len] == '=')) {
            return o;
        }
        if (arg[1] != '-' && o->letter && arg[1] == o->letter && arg[2] == '\0') {
            return o;
        }
    }
    return NULL;
}

static bool set_size(size_t *out, const char *value)
{
    char *end;
    errno = 0;
    const unsigned long long n = strtoull(value, &end, 10);
    if (errno || end == value || *end || value[0] == '-' || n > SIZE_MAX) {
        return false;
    }
    *out = (size_t)n;
    return true;
}

static bool set_real(double *out, const char *value)
{
    char *end;
    errno = 0;
    const double x = strtod(value, &end);
    if (errno || end == value || *end) {
        return false;
    }
    *out = x;
    return true;
}

/* Set o from its value; false where the value is no such thing. */
static bool set(const option *o, const char *value)
{
    switch (o->type) {
    case OPTION_FLAG:
        *(bool *)o->out = true;
        return true;
    case OPTION_STRING:
        *(const char **)o->out = value;
        return true;
    case OPTION_SIZE:
        return set_size(o->out, value);
    case OPTION_REAL:
        return set_real(o->out, value);
    case OPTION_PAIR:
        ((const char **)o->out)[0] = value;
        return true;
    }
    return false;
}

/* One option at argv[*at]; returns false where it is wrong, the exit code set. */
static bool take_option(const common *c, const option *options, size_t n, int argc, char **argv,
                        int *at, int *exit_code)
{
    const char *arg = argv[*at];
    const option *o = find(options, n, arg);
    if (!o) {
        *exit_code = cli_usage(c, "option '%s' is not known; --help lists the options", arg);
        return false;
    }
    const char *equals = arg[1] == '-' ? strchr(arg, '=') : NULL;
    const char *value = equals ? equals + 1 : NULL;
    if (o->type == OPTION_FLAG && value) {
        *exit_code = cli_usage(c, "option --%s takes no value", o->name);
        return false;
    }
    if (o->type != OPTION_FLAG && !value) {
        if (*at + 1 == argc) {
            *exit_code = cli_usage(c, "option --%s needs a value (%s)", o->name, o->arg);
            return false;
        }
        value = argv[++*at];
    }
    if (o->type == OPTION_PAIR) {
        if (equals || *at + 1 == argc) {
            *exit_code = cli_usage(c, "option --%s needs two values (%s)", o->name, o->arg);
            return false;
        }
        ((const char **)o->out)[1] = argv[++*at];
    }
    if (!set(o, value)) {
        *exit_code = cli_usage(c, "option --%s: '%s' is not a number", o->name, value);
        return false;
    }
    return true;
}

bool cli_parse(common *c, const verb *v, const option *options, size_t n, int argc, char **argv,
               const char **operands, size_t min_operands, size_t max_operands, int *exit_code)
{
    const option shared[] = {
        {.name = "json", .type = OPTION_FLAG, .out = &c->json},
        {.name = "quiet", .letter = 'q', .type = OPTION_FLAG, .out = &c->quiet},
    };
    c->verb = v->name;
    size_t n_operands = 0;
    bool only_operands = false;
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (!only_operands && strcmp(arg, "--") == 0) {
            only_operands = true;
        } else if (only_operands || arg[0] != '-' || arg[1] == '\0') {
            if (n_operands == max_operands) {
                *exit_code = cli_usage(c, "'%s' is one argument too many", arg);
                return false;
            }
            operands[n_operands++] = arg;
        } else if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
            print_help(v, options, n);
            *exit_code = EXIT_OK;
            return false;
        } else {
            const bool mine = find(shared, 2, arg) != NULL;
            if (!take_option(c, mine ? shared : options, mine ? 2 : n, argc, argv, &i, exit_code)) {
                return false;
            }
        }
    }
    if (n_operands < min_operands) {
        *exit_code = cli_usage(c, "usage: tacit %s %s", v->name, v->arguments);
        return false;
    }
    return true;
}
