#define _POSIX_C_SOURCE 200809L
#include "api/api.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/mem.h"

#ifndef TACIT_VERSION
#define TACIT_VERSION "0.0.0"
#endif

_Static_assert((int)TACIT_ERR_PRECISION == (int)ERR_PRECISION, "one numbering of statuses");
_Static_assert((int)TACIT_ERROR_TEXT_BYTES == (int)ERROR_TEXT_BYTES, "one size of error texts");

const char *tacit_version(void)
{
    return TACIT_VERSION;
}

const char *tacit_status_name(tacit_status s)
{
    static const char *const names[] = {
        "ok",      "internal error", "usage error",      "bad file or input",
        "network", "authentication", "protocol version", "out of resources",
        "refused", "precision",
    };
    const int i = -(int)s;
    return i >= 0 && i < (int)(sizeof names / sizeof *names) ? names[i] : "unknown status";
}

void tacit_string_free(char *s)
{
    mem_free(s);
}

tacit_status api_return(tacit_error *err, status st, const error *inner)
{
    if (err) {
        err->code = (tacit_status)st;
        err->text[0] = '\0';
        if (st != OK) {
            memcpy(err->text, inner->text, sizeof err->text);
        }
    }
    return (tacit_status)st;
}

status api_dump(char **text, json_t *object, error *err)
{
    *text = NULL;
    if (!object) {
        return error_memory(err);
    }
    *text = json_write(object, JSON_REAL_PRECISION(9) | JSON_ENSURE_ASCII);
    json_decref(object);
    return *text ? OK : error_memory(err);
}

double api_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* A line such as "VmHWM:  1234 kB"; format reads its number. 0 where there is none. */
static size_t read_status(const char *format)
{
    unsigned long long kib = 0;
    char line[128];
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f) && sscanf(line, format, &kib) != 1) {
    }
    if (f) {
        fclose(f);
    }
    return (size_t)kib * 1024;
}

/* getrusage's figure would begin with that of the process which started this one. */
size_t api_peak_bytes(void)
{
    return read_status("VmHWM: %llu kB");
}

size_t api_resident_bytes(void)
{
    return read_status("VmRSS: %llu kB");
}
