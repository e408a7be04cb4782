#define _GNU_SOURCE
#include "support/program.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/clock.h"
#include "support/scratch.h"
#include "test.h"

enum { MAX_ARGUMENTS = 32, STEP_US = 500, START_MS = 120000 };

static char *path_of_program(void)
{
    const char *build = getenv("TACIT_BUILD");
    return scratch_path(build ? build : "build/dev", "tacit");
}

static void become(const char *path, const char *out, const char *const *arguments)
{
    const char *argv[MAX_ARGUMENTS] = {"tacit"};
    for (size_t i = 0; arguments[i]; i++) {
        argv[i + 1] = arguments[i];
    }
    const int to = open(out, O_WRONLY | O_CREAT | O_APPEND, 0600), none = open("/dev/null", O_RDWR);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
    dup2(none, 0);
    dup2(to, 1);
    dup2(none, 2);
    execv(path, (char *const *)(uintptr_t)argv);
    _exit(127);
}

pid_t program_start(const char *out, const char *const *arguments)
{
    char *path = path_of_program();
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        become(path, out, arguments);
    }
    free(path);
    return pid;
}

int program_wait(pid_t pid, int64_t at_most_ms)
{
    const int64_t until = clock_after(clock_ns(), at_most_ms);
    int status = 0;
    for (;;) {
        const pid_t done = waitpid(pid, &status, WNOHANG);
        assert_true(done >= 0);
        if (done == pid) {
            return status;
        }
        if (clock_ns() >= until) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            fail_msg("process %d did not end within %lld ms", (int)pid, (long long)at_most_ms);
        }
        usleep(STEP_US);
    }
}

static bool read_port(const char *log, unsigned *port)
{
    char line[512] = "";
    FILE *f = fopen(log, "r");
    const bool whole = f && fgets(line, sizeof line, f) && strchr(line, '\n');
    const char *at = strstr(line, "\"port\": ");
    if (f) {
        fclose(f);
    }
    return whole && at && sscanf(at, "\"port\": %u", port) == 1;
}

pid_t program_serve(const char *log, const char *const *arguments, unsigned *port)
{
    unlink(log);
    const pid_t pid = program_start(log, arguments);
    const int64_t until = clock_after(clock_ns(), START_MS);
    while (!read_port(log, port)) {
        if (clock_ns() >= until || waitpid(pid, NULL, WNOHANG) != 0) {
            fail_msg("%s %s does not serve", arguments[0], arguments[1]);
        }
        usleep(STEP_US);
    }
    return pid;
}

pid_t program_cloud(const char *log, const char *model, const char *certs, const char *network,
                    unsigned *port)
{
    char address[32];
    snprintf(address, sizeof address, "127.0.0.1:%u", *port);
    const char *const arguments[] = {"party",     "cloud",    "--model", model,    "--certs",
                                     certs,       "--listen", address,   "--json", "--quiet",
                                     "--network", network,    "-t",      "2",      NULL};
    return program_serve(log, arguments, port);
}

size_t program_threads(pid_t pid)
{
    char path[64], line[128];
    size_t n = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) && sscanf(line, "Threads: %zu", &n) != 1) {
    }
    fclose(f);
    return n;
}
