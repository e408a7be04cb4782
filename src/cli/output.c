#define _POSIX_C_SOURCE 200809L
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

json_t *cli_json(char *text)
{
    json_t *o = json_loads(text, 0, NULL);
    tacit_string_free(text);
    return o;
}

int cli_print_json(const common *c, json_t *body)
{
    json_t *o = json_pack("{s:i, s:s}", "schema", 1, "verb", c->verb);
    if (!o || !body || json_object_update(o, body) != 0) {
        fprintf(stderr, "tacit %s: out of memory\n", c->verb);
        json_decref(o);
        json_decref(body);
        return -TACIT_ERR_RESOURCE;
    }
    json_dumpf(o, stdout, JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(o);
    json_decref(body);
    return EXIT_OK;
}

int cli_print_report(const common *c, tacit_status st, char *report, const tacit_error *err)
{
    if (!report) {
        return cli_fail(c, err);
    }
    json_t *o = cli_json(report);
    int code = EXIT_OK;
    if (c->json) {
        code = cli_print_json(c, json_incref(o));
    } else {
        cli_print_tree(o, 0);
    }
    json_decref(o);
    if (st != TACIT_OK) {
        fprintf(stderr, "tacit %s: %s\n", c->verb, err->text);
        return -(int)st;
    }
    return code;
}

int cli_fail(const common *c, const tacit_error *err)
{
    const int code = -(int)err->code;
    fprintf(stderr, "tacit %s: %s\n", c->verb, err->text);
    if (c->json) {
        cli_print_json(c, json_pack("{s:{s:i, s:s, s:s}}", "error", "code", code, "name",
                                    tacit_status_name(err->code), "text", err->text));
    }
    return code;
}

int cli_usage(const common *c, const char *fmt, ...)
{
    tacit_error err = {.code = TACIT_ERR_USAGE};
    va_list args;
    va_start(args, fmt);
    vsnprintf(err.text, sizeof err.text, fmt, args);
    va_end(args);
    return cli_fail(c, &err);
}

const char *human_seconds(char *out, double s)
{
    if (s < 1e-3) {
        snprintf(out, HUMAN_BYTES, "%.0f µs", s * 1e6);
    } else if (s < 1) {
        snprintf(out, HUMAN_BYTES, "%.*f ms", s < 0.1 ? 1 : 0, s * 1e3);
    } else {
        snprintf(out, HUMAN_BYTES, "%.*f s", s < 10 ? 2 : 1, s);
    }
    return out;
}

const char *human_bytes(char *out, double bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    size_t u = 0;
    while (bytes >= 999.5 && u + 1 < sizeof units / sizeof *units) {
        bytes /= 1000;
        u++;
    }
    snprintf(out, HUMAN_BYTES, "%.*f %s", u > 0 && bytes < 99.95 ? 1 : 0, bytes, units[u]);
    return out;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

progress progress_begin(const common *c)
{
    return (progress){
        .off = c->quiet,
        .terminal = isatty(STDERR_FILENO) && !getenv("NO_COLOR"),
        .began = now(),
    };
}

static void draw_bar(const progress *p, const char *what, size_t done, size_t total, double left)
{
    enum { WIDTH = 30 };
    const int filled = total ? (int)(done * WIDTH / total) : 0;
    char time[HUMAN_BYTES];
    (void)p;
    fprintf(stderr, "\r\033[K%s [", what);
    for (int i = 0; i < WIDTH; i++) {
        fputc(i < filled ? '#' : '.', stderr);
    }
    fprintf(stderr, "] %zu/%zu, %s left", done, total, human_seconds(time, left));
}

void progress_draw(void *ctx, const char *what, size_t done, size_t total)
{
    progress *p = ctx;
    const double t = now();
    if (p->off || done == 0 || total == 0) {
        return;
    }
    const double left = (t - p->began) / (double)done * (double)(total - done);
    if (p->terminal && (t - p->drawn > 0.1 || done == total)) {
        p->drawn = t;
        draw_bar(p, what, done, total, left);
    } else if (!p->terminal && (int)(done * 10 / total) > p->last_tenth && t - p->began > 2) {
        p->last_tenth = (int)(done * 10 / total);
        fprintf(stderr, "%s: %zu of %zu\n", what, done, total);
    }
}

void progress_end(progress *p)
{
    if (p->terminal && !p->off && p->drawn > 0) {
        fputs("\r\033[K", stderr);
    }
}
