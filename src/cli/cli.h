/** The command: one file a verb, over tacit.h alone. Data goes to stdout, all else to stderr. */
#ifndef TACIT_CLI_CLI_H
#define TACIT_CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "tacit.h"

/** The command's exit codes beside those of tacit_status. */
enum { EXIT_OK = 0, EXIT_INTERNAL = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

typedef enum { OPTION_FLAG, OPTION_STRING, OPTION_SIZE, OPTION_REAL, OPTION_PAIR } option_type;

typedef struct {
    const char *name; /* without the dashes */
    char letter;      /* or 0 */
    const char *arg;  /* what --help calls the value; NULL for a flag */
    const char *help;
    option_type type;
    void *out; /* bool, const char *, size_t, double or const char *[2]; left alone where the option
                  is absent */
} option;

typedef struct {
    const char *name, *arguments, *summary;
    int (*run)(int argc, char **argv); /* argv[0] is the verb; returns the exit code */
} verb;

/** What every verb shares; filled by cli_parse. */
typedef struct {
    const char *verb;
    bool json, quiet;
} common;

/** Options and operands of a verb. Prints the help for --help. Returns true where the verb goes
 * on; else *exit_code is what it returns. operands has room for max_operands. */
bool cli_parse(common *c, const verb *v, const option *options, size_t n_options, int argc,
               char **argv, const char **operands, size_t min_operands, size_t max_operands,
               int *exit_code);

/** The verbs, by name; NULL where there is none. */
const verb *cli_verb(const char *name);
int cli_help(void);

/** Report a failure on stderr (and as an object on stdout under --json); returns the exit code. */
int cli_fail(const common *c, const tacit_error *err);
int cli_usage(const common *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** Print the one object of --json: schema and verb, then the members of `body`, whose reference
 * is taken. */
int cli_print_json(const common *c, json_t *body);

/** The object as indented lines on stdout. */
void cli_print_tree(const json_t *o, int indent);

/** A report that the library made: as it is under --json, else as lines. Takes `report`, and
 * gives the exit code of st. */
int cli_print_report(const common *c, tacit_status st, char *report, const tacit_error *err);

/** Parse JSON that the library made. */
json_t *cli_json(char *text);

/** A bar on a terminal, a line now and then elsewhere. ctx is a progress. */
typedef struct {
    bool off, terminal;
    double began, drawn;
    int last_tenth;
} progress;

progress progress_begin(const common *c);
void progress_draw(void *ctx, const char *what, size_t done, size_t total);
/** Clear the bar before something else is printed. */
void progress_end(progress *p);

/** "3.1 ms", "1.24 s"; "12.3 MB"; into the buffer. */
enum { HUMAN_BYTES = 32 };
const char *human_seconds(char *out, double seconds);
const char *human_bytes(char *out, double bytes);

int verb_run(int argc, char **argv);
int verb_eval(int argc, char **argv);
int verb_show(int argc, char **argv);
int verb_verify(int argc, char **argv);
int verb_plan(int argc, char **argv);
int verb_convert(int argc, char **argv);
int verb_protect(int argc, char **argv);
int verb_share(int argc, char **argv);
int verb_keygen(int argc, char **argv);
int verb_deal(int argc, char **argv);
int verb_attack(int argc, char **argv);
int verb_certs(int argc, char **argv);
int verb_bench(int argc, char **argv);
int verb_party(int argc, char **argv);
int verb_doctor(int argc, char **argv);

#endif
