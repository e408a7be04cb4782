#define _GNU_SOURCE
#include "net/socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/clock.h"

enum { HOST_BYTES = 256, BACKLOG = 128, RETRY_MS = 100 };

struct listener {
    int fd, wake;
    uint16_t port;
};

/* Take "host:port", "[host]:port" or ":port" apart. */
static status split_address(char host[HOST_BYTES], const char **port, const char *address,
                            error *err)
{
    const char *colon = strrchr(address, ':');
    size_t len = colon ? (size_t)(colon - address) : 0;
    const char *from = address;
    if (len >= 2 && from[0] == '[' && from[len - 1] == ']') {
        from++;
        len -= 2;
    } else if (colon && memchr(address, ':', len)) {
        colon = NULL; /* IPv6 without brackets: nobody knows where the port begins */
    }
    const size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;
    if (!colon || len >= HOST_BYTES || digits == 0 || digits > 5 || colon[1 + digits] != '\0') {
        return error_set(err, ERR_USAGE, "'%s' is no address: HOST:PORT, [IPV6]:PORT or :PORT",
                         address);
    }
    memcpy(host, from, len);
    host[len] = '\0';
    if (len == 0) {
        memcpy(host, "127.0.0.1", sizeof "127.0.0.1");
    }
    *port = colon + 1;
    return OK;
}

static status look_up(struct addrinfo **out, const char *address, bool to_listen, error *err)
{
    char host[HOST_BYTES];
    const char *port = NULL;
    TRY(split_address(host, &port, address, err));
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICSERV | (to_listen ? AI_PASSIVE : 0)};
    const int why = getaddrinfo(host, port, &hints, out);
    if (why == EAI_MEMORY) {
        return error_memory(err);
    }
    if (why != 0) {
        return error_set(err, ERR_NETWORK, "%s: %s", address, gai_strerror(why));
    }
    return OK;
}

static int socket_for(const struct addrinfo *a)
{
    return socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
}

/* Frames leave when they are sent; where a peer's machine is gone while this one waits for it, that
 * is noticed after SILENT_S + PROBES * PROBE_S seconds. */
enum { SILENT_S = 15, PROBE_S = 5, PROBES = 3 };

static void set_options(int fd)
{
    const int on = 1, silent = SILENT_S, pause = PROBE_S, probes = PROBES;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &silent, sizeof silent);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &pause, sizeof pause);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

/* ---- listening ---- */

static int bind_to(const struct addrinfo *a)
{
    const int on = 1;
    const int fd = socket_for(a);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        const int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage at = {0};
    socklen_t len = sizeof at;
    if (getsockname(fd, (struct sockaddr *)&at, &len) != 0) {
        return 0;
    }
    return ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                          : ((struct sockaddr_in *)&at)->sin_port);
}

status listener_new(listener **out, const char *address, error *err)
{
    *out = NULL;
    struct addrinfo *found;
    TRY(look_up(&found, address, true, err));
    int fd = -1;
    for (const struct addrinfo *a = found; a && fd < 0; a = a->ai_next) {
        fd = bind_to(a);
    }
    const int why = errno;
    freeaddrinfo(found);
    if (fd < 0) {
        return error_set(err, ERR_NETWORK, "%s: cannot be listened at: %s", address, strerror(why));
    }
    listener *l = mem_new(1, sizeof *l);
    const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!l || wake < 0) {
        close(fd);
        if (wake >= 0) {
            close(wake);
        }
        mem_free(l);
        return error_memory(err);
    }
    *l = (listener){.fd = fd, .wake = wake, .port = port_of(fd)};
    *out = l;
    return OK;
}

void listener_free(listener *l)
{
    if (l) {
        close(l->fd);
        close(l->wake);
        mem_free(l);
    }
}

uint16_t listener_port(const listener *l)
{
    return l->port;
}

void listener_cancel(listener *l)
{
    eventfd_write(l->wake, 1);
}

/* A caller that has gone again, or for whom there is no descriptor, is not the listener's end. */
static bool is_passing(int why)
{
    return why == EAGAIN || why == EINTR || why == ECONNABORTED || why == EPROTO;
}

status listener_wait(listener *l, int64_t timeout_ms, int *fd, error *err)
{
    const int64_t until = timeout_ms < 0 ? CLOCK_FOREVER : clock_after(clock_ns(), timeout_ms);
    *fd = -1;
    for (;;) {
        struct pollfd p[] = {{.fd = l->fd, .events = POLLIN}, {.fd = l->wake, .events = POLLIN}};
        const int ready = poll(p, 2, clock_poll_ms(until));
        if (p[1].revents) {
            return error_set(err, ERR_NETWORK, "given up by this program");
        }
        if (ready == 0 && clock_ns() >= until) {
            return error_set(err, ERR_NETWORK, "nobody called within %g s",
                             (double)timeout_ms * 1e-3);
        }
        if (ready <= 0 || !p[0].revents) {
            continue;
        }
        *fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (*fd >= 0) {
            set_options(*fd);
            return OK;
        }
        if (!is_passing(errno)) {
            return error_set(err, ERR_RESOURCE, "a caller cannot be taken: %s", strerror(errno));
        }
    }
}

/* ---- connecting ---- */

/* One attempt; 0, or an errno. */
static int connect_to(int *out, const struct addrinfo *a, int64_t until)
{
    const int fd = socket_for(a);
    if (fd < 0) {
        return errno;
    }
    int why = connect(fd, a->ai_addr, a->ai_addrlen) == 0 ? 0 : errno;
    if (why == EINPROGRESS || why == EINTR) {
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        int ready;
        do {
            ready = poll(&p, 1, clock_poll_ms(until));
        } while (ready < 0 && errno == EINTR);
        socklen_t len = sizeof why;
        why = ETIMEDOUT;
        if (ready > 0) {
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &len);
        }
    }
    if (why != 0) {
        close(fd);
        return why;
    }
    set_options(fd);
    *out = fd;
    return 0;
}

status socket_connect(int *fd, const char *address, int64_t timeout_ms, error *err)
{
    *fd = -1;
    const int64_t until = clock_after(clock_ns(), timeout_ms);
    struct addrinfo *found;
    TRY(look_up(&found, address, false, err));
    int why;
    for (;;) {
        why = 0;
        for (const struct addrinfo *a = found; a && *fd < 0; a = a->ai_next) {
            why = connect_to(fd, a, until);
        }
        if (*fd >= 0 || why != ECONNREFUSED || clock_after(clock_ns(), RETRY_MS) >= until) {
            break;
        }
        poll(NULL, 0, RETRY_MS); /* the peer may be about to start */
    }
    freeaddrinfo(found);
    if (*fd < 0) {
        return error_set(err, ERR_NETWORK, "%s: cannot be reached: %s", address, strerror(why));
    }
    return OK;
}
