#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { MAX_TEXT_BYTES = 1 << 24, MAX_PROTECTIONS = 8 };

typedef struct {
    common common;
    const char *dir, *text, *file, *pair, *protect, *precision, *peers, *certs, *network;
    size_t threads, timeout;
    bool guard, label_only;
    const char *protocol, *embedding, *key;
    tacit_model *model;
    tacit_input input;
    char *read; /* text that came from a file */
} job;

/* All of a stream, at most MAX_TEXT_BYTES; NULL where that fails. */
static char *read_all(FILE *f, size_t *len)
{
    char *bytes = malloc(MAX_TEXT_BYTES + 1);
    if (!bytes) {
        return NULL;
    }
    *len = fread(bytes, 1, MAX_TEXT_BYTES + 1, f);
    if (ferror(f) || *len > MAX_TEXT_BYTES) {
        free(bytes);
        return NULL;
    }
    while (*len > 0 && (bytes[*len - 1] == '\n' || bytes[*len - 1] == '\r')) {
        --*len;
    }
    return bytes;
}

/* The text: the operand, a file, or standard input for "-" or nothing. */
static bool find_input(job *j, int *exit_code)
{
    if (j->text && j->file) {
        *exit_code = cli_usage(&j->common, "give TEXT or --file, not both");
        return false;
    }
    if (j->text && strcmp(j->text, "-") != 0) {
        j->input.text = j->text;
        j->input.text_len = strlen(j->text);
    } else {
        const bool standard = !j->file || strcmp(j->file, "-") == 0;
        FILE *f = standard ? stdin : fopen(j->file, "rb");
        j->read = f ? read_all(f, &j->input.text_len) : NULL;
        if (f && !standard) {
            fclose(f);
        }
        if (!j->read) {
            tacit_error err = {.code = TACIT_ERR_ARTEFACT};
            snprintf(err.text, sizeof err.text,
                     "%.300s: cannot be read, or is longer than %d bytes",
                     standard ? "standard input" : j->file, MAX_TEXT_BYTES);
            *exit_code = cli_fail(&j->common, &err);
            return false;
        }
        j->input.text = j->read;
    }
    if (j->pair) {
        j->input.pair = j->pair;
        j->input.pair_len = strlen(j->pair);
    }
    return true;
}

/* One protection: an object with the answer and what it cost; NULL with *err filled. */
static json_t *run_once(const job *j, const char *protect, tacit_error *err)
{
    progress bar = progress_begin(&j->common);
    const tacit_session_options o = {.protect = protect,
                                     .precision = j->precision,
                                     .threads = j->threads,
                                     .peers = j->peers,
                                     .certs = j->certs,
                                     .timeout = j->timeout,
                                     .network = j->network,
                                     .guard = j->guard,
                                     .label_only = j->label_only,
                                     .embedding = j->embedding,
                                     .protocol = j->protocol,
                                     .key = j->key,
                                     .progress = progress_draw,
                                     .progress_ctx = &bar};
    tacit_session *s = NULL;
    tacit_result *r = NULL;
    char *answer = NULL, *report = NULL;
    json_t *out = NULL;
    const bool done = tacit_session_new(&s, j->model, &o, err) == TACIT_OK &&
                      tacit_run(s, &r, &j->input, 1, err) == TACIT_OK;
    progress_end(&bar);
    if (done && tacit_result_json(r, 0, &answer, err) == TACIT_OK &&
        tacit_session_report(s, &report, err) == TACIT_OK) {
        out = cli_json(report);
        json_object_set_new(out, "model", json_string(j->dir));
        json_object_set_new(out, "result", cli_json(answer));
    } else {
        tacit_string_free(answer);
    }
    tacit_result_free(r);
    tacit_session_free(s);
    return out;
}

static void print_vector(const json_t *list)
{
    size_t i;
    const json_t *x;
    json_array_foreach(list, i, x)
    {
        printf("%s%.6f", i ? " " : "", json_number_value(x));
    }
    putchar('\n');
}

static void print_tokens(const json_t *list)
{
    size_t i;
    const json_t *t;
    json_array_foreach(list, i, t)
    {
        const json_t *probability = json_object_get(t, "probability");
        printf("  %-20s %-12s", json_string_value(json_object_get(t, "token")),
               json_string_value(json_object_get(t, "label")));
        if (probability) {
            printf(" %.3f", json_number_value(probability));
        }
        putchar('\n');
    }
}

/* The answer in words, and a vector or a list below it where the model gives one. */
static void answer_in_words(char *out, size_t room, const json_t *result)
{
    const json_t *label = json_object_get(result, "label");
    const json_t *labels = json_object_get(result, "labels");
    const json_t *values = json_object_get(result, "values");
    if (label) {
        snprintf(out, room, "%s", json_string_value(label));
    } else if (labels) {
        size_t used = 0;
        out[0] = '\0';
        for (size_t i = 0; i < json_array_size(labels) && used < room; i++) {
            used += (size_t)snprintf(out + used, room - used, "%s%s", i ? ", " : "",
                                     json_string_value(json_array_get(labels, i)));
        }
    } else if (values) {
        snprintf(out, room, "%.4f", json_number_value(json_array_get(values, 0)));
    } else {
        snprintf(out, room, "%s", json_object_get(result, "tokens") ? "tokens" : "embedding");
    }
}

static void print_probabilities(const json_t *result)
{
    const char *name;
    json_t *p;
    json_object_foreach(json_object_get(result, "probabilities"), name, p)
    {
        printf(" %8.4f %s", json_number_value(p), name);
    }
}

static void print_row(const json_t *run)
{
    char answer[64], time[HUMAN_BYTES], bytes[HUMAN_BYTES];
    const json_t *result = json_object_get(run, "result");
    const json_t *seconds = json_object_get(run, "seconds");
    double sent = 0;
    const char *party;
    json_t *each;
    json_object_foreach(json_object_get(run, "bytes_sent"), party, each)
    {
        sent += json_number_value(json_object_get(each, "online")) +
                json_number_value(json_object_get(each, "offline"));
    }
    answer_in_words(answer, sizeof answer, result);
    printf("%-9s %-14s %10s %10s %7lld ", json_string_value(json_object_get(run, "protect")),
           answer, human_seconds(time, json_number_value(json_object_get(seconds, "online"))),
           human_bytes(bytes, sent), (long long)json_integer_value(json_object_get(run, "rounds")));
    print_probabilities(result);
    putchar('\n');
}

static void print_learned(const json_t *runs)
{
    size_t i;
    const json_t *run;
    json_array_foreach(runs, i, run)
    {
        char time[HUMAN_BYTES];
        const char *protect = json_string_value(json_object_get(run, "protect"));
        const json_t *seconds = json_object_get(run, "seconds");
        const double offline = json_number_value(json_object_get(seconds, "offline"));
        if (offline > 0) {
            printf("under %s, keys and weights took %s before that, once for all inputs\n", protect,
                   human_seconds(time, offline));
        }
        const char *party;
        json_t *what;
        json_object_foreach(json_object_get(run, "learned"), party, what)
        {
            printf("under %s, %s learns: %s\n", protect, party, json_string_value(what));
        }
    }
}

/* What mpc took for granted, and whether it held. */
static void print_ranges(const json_t *runs)
{
    size_t i;
    json_t *run;
    json_array_foreach(runs, i, run)
    {
        const json_t *ranges = json_object_get(run, "ranges"), *out;
        if (!ranges) {
            continue;
        }
        out = json_object_get(ranges, "outside");
        printf(
            "under %s, values are assumed to lie in the %lld ranges of the model's recipe, as its "
            "calibration found them, with a margin%s\n",
            json_string_value(json_object_get(run, "protect")),
            (long long)json_integer_value(json_object_get(ranges, "assumed")),
            !out                ? "; nobody has compared them (--guard does)"
            : json_is_true(out) ? "; one did NOT: this answer is not to be trusted"
                                : "; all that were compared did");
    }
}

static void print_runs(const job *j, const json_t *runs)
{
    const json_t *first = json_array_get(runs, 0);
    const json_t *result = json_object_get(first, "result");
    printf("%s, recipe %s, %lld tokens%s\n\n", j->dir,
           json_string_value(json_object_get(first, "recipe")),
           (long long)json_integer_value(json_object_get(result, "input_tokens")),
           json_is_true(json_object_get(result, "truncated")) ? " (the text was cut)" : "");
    printf("%-9s %-14s %10s %10s %7s   %s\n", "protect", "answer", "time", "bytes", "rounds",
           json_object_get(result, "probabilities") ? "probabilities" : "");
    size_t i;
    const json_t *run;
    json_array_foreach(runs, i, run)
    {
        print_row(run);
    }
    putchar('\n');
    if (json_object_get(result, "tokens")) {
        print_tokens(json_object_get(result, "tokens"));
        putchar('\n');
    }
    if (json_object_get(result, "embedding")) {
        print_vector(json_object_get(result, "embedding"));
        putchar('\n');
    }
    print_ranges(runs);
    print_learned(runs);
}

/* Each protection of the comma-separated list in turn. */
static int run_all(job *j)
{
    tacit_error err = {0};
    char list[256];
    snprintf(list, sizeof list, "%s", j->protect ? j->protect : "");
    json_t *runs = json_array();
    char *rest = list;
    do {
        char *comma = strchr(rest, ',');
        if (comma) {
            *comma = '\0';
        }
        json_t *one = run_once(j, *rest ? rest : NULL, &err);
        if (!one) {
            json_decref(runs);
            return cli_fail(&j->common, &err);
        }
        json_array_append_new(runs, one);
        rest = comma ? comma + 1 : NULL;
    } while (rest);

    int code = EXIT_OK;
    if (!j->common.json) {
        print_runs(j, runs);
    } else if (json_array_size(runs) == 1) {
        code = cli_print_json(&j->common, json_incref(json_array_get(runs, 0)));
    } else {
        code = cli_print_json(&j->common, json_pack("{s:O}", "runs", runs));
    }
    json_decref(runs);
    return code;
}

int verb_run(int argc, char **argv)
{
    job j = {0};
    const option options[] = {
        {"file", 'f', "FILE", "read the text from a file ('-': standard input)", OPTION_STRING,
         &j.file},
        {"pair", 0, "TEXT", "the second text of a pair", OPTION_STRING, &j.pair},
        {"protect", 'p', "NAMES", "protections, by commas: plain (default), stip, mpc, he",
         OPTION_STRING, &j.protect},
        {"precision", 0, "NAME", "of plain: f32 (default) or bf16", OPTION_STRING, &j.precision},
        {"peers", 0, "LIST",
         "elsewhere: cloud=HOST:PORT, he-server=HOST:PORT, or "
         "server0=HOST:PORT,server1=HOST:PORT",
         OPTION_STRING, &j.peers},
        {"timeout", 0, "S",
         "with --peers, of mpc and he: seconds that an answer may take (default: 600)", OPTION_SIZE,
         &j.timeout},
        {"certs", 'c', "DIR", "with --peers: ca.pem, owner.pem and owner.key", OPTION_STRING,
         &j.certs},
        {"key", 'k', "DIR", "he with --peers: what tacit keygen made (default: a key for once)",
         OPTION_STRING, &j.key},
        {"network", 0, "NAME", "between parties: local (default), or emulated: lan, wan",
         OPTION_STRING, &j.network},
        {"threads", 't', "N", "threads (default: one per processor)", OPTION_SIZE, &j.threads},
        {"guard", 0, NULL, "mpc: compare whether values lie in the recipe's ranges", OPTION_FLAG,
         &j.guard},
        {"label-only", 0, NULL, "mpc: the label alone, no number; of models that choose one label",
         OPTION_FLAG, &j.label_only},
        {"embedding", 0, "NAME", "mpc: by the owner (default), or oblivious: shared tables",
         OPTION_STRING, &j.embedding},
        {"protocol", 0, "NAME", "mpc: tacit (default), or secformer-2024 as published",
         OPTION_STRING, &j.protocol},
    };
    const char *operands[2] = {0};
    int code = EXIT_OK;
    if (!cli_parse(&j.common, cli_verb("run"), options, sizeof options / sizeof *options, argc,
                   argv, operands, 1, 2, &code)) {
        return code;
    }
    j.dir = operands[0];
    j.text = operands[1];
    tacit_error err = {0};
    if (tacit_model_open(&j.model, j.dir, &err) != TACIT_OK) {
        return cli_fail(&j.common, &err);
    }
    if (find_input(&j, &code)) {
        code = run_all(&j);
    }
    free(j.read);
    tacit_model_free(j.model);
    return code;
}
