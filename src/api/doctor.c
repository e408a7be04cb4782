#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "api/api.h"
#include "base/cpu.h"

/* The processor's own name for itself. */
static void processor_name(char *out, size_t room)
{
    snprintf(out, room, "unknown");
    FILE *f = fopen("/proc/cpuinfo", "r");
    if (!f) {
        return;
    }
    char line[512];
    while (fgets(line, sizeof line, f)) {
        const char *colon = strchr(line, ':');
        if (colon && strncmp(line, "model name", 10) == 0) {
            line[strcspn(line, "\n")] = '\0';
            snprintf(out, room, "%s", colon + 2);
            break;
        }
    }
    fclose(f);
}

static size_t threads_at_hand(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
}

static json_t *libraries(void)
{
    return json_pack("{s:s, s:s}", "jansson", jansson_version_str(), "openssl",
                     OpenSSL_version(OPENSSL_VERSION_STRING));
}

static json_t *memory(void)
{
    const double page = (double)sysconf(_SC_PAGESIZE);
    return json_pack("{s:f, s:f}", "total_gb", page * (double)sysconf(_SC_PHYS_PAGES) * 1e-9,
                     "available_gb", page * (double)sysconf(_SC_AVPHYS_PAGES) * 1e-9);
}

static status examine(char **json, error *err)
{
    isa picked;
    TRY(cpu_pick(&picked, err));
    char name[256];
    processor_name(name, sizeof name);
    struct utsname system = {0};
    uname(&system);
    return api_dump(json,
                    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:[sss]}", "version",
                              tacit_version(), "system", system.sysname, "machine", system.machine,
                              "processor", name, "instruction_set", cpu_isa_name(cpu_best()),
                              "kernels", cpu_isa_name(picked), "threads",
                              (json_int_t)threads_at_hand(), "memory", memory(), "libraries",
                              libraries(), "protections", "plain", "stip", "mpc"),
                    err);
}

tacit_status tacit_doctor(char **json, tacit_error *err)
{
    error inner = {0};
    *json = NULL;
    return api_return(err, examine(json, &inner), &inner);
}
