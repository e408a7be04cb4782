/* TLS over a socket that never blocks. */
#define _GNU_SOURCE
#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/clock.h"
#include "net/tls_identity.h"

enum { RECORD_BYTES = 17 << 10, WAKE_BYTES = 64 << 10 };

typedef struct {
    transport base;
    SSL *ssl;
    BIO_METHOD *method;
    int fd, wake;
    bool eof;
    bool wants_write; /* what OpenSSL waits for, whichever way the bytes go */
    bool wants_read;
    int wakes_at; /* bytes in the socket for which poll returns */
    size_t n_ahead;
    uint8_t ahead[SSL3_RT_HEADER_LENGTH];
} tls_end;

/* ---- how OpenSSL reaches the socket: as its own way does, without SIGPIPE ----
 *
 * OpenSSL asks for the header of a record, then for the rest. Who asks for the rest gets it, and
 * the next header is fetched with it: one call of the system a record, and no byte is copied twice.
 * Its own reading ahead moves all that it has not used yet to the front of its buffer for each
 * record.
 */

static bool is_passing(int why)
{
    return why == EAGAIN || why == EWOULDBLOCK || why == EINTR;
}

static int socket_write(BIO *b, const char *data, int len)
{
    const tls_end *e = BIO_get_data(b);
    BIO_clear_retry_flags(b);
    const ssize_t n = send(e->fd, data, (size_t)len, MSG_NOSIGNAL);
    if (n < 0 && is_passing(errno)) {
        BIO_set_retry_write(b);
    }
    return (int)n;
}

static int socket_read(BIO *b, char *out, int len)
{
    tls_end *e = BIO_get_data(b);
    BIO_clear_retry_flags(b);
    const size_t room = (size_t)len;
    if (e->n_ahead > 0) {
        const size_t n = e->n_ahead < room ? e->n_ahead : room;
        memcpy(out, e->ahead, n);
        memmove(e->ahead, e->ahead + n, e->n_ahead -= n);
        return (int)n;
    }
    struct iovec into[] = {{out, room}, {e->ahead, sizeof e->ahead}};
    struct msghdr m = {.msg_iov = into, .msg_iovlen = room > sizeof e->ahead ? 2 : 1};
    const ssize_t n = recvmsg(e->fd, &m, 0);
    if (n < 0 && is_passing(errno)) {
        BIO_set_retry_read(b);
    }
    e->eof = n == 0;
    if (n > len) {
        e->n_ahead = (size_t)(n - len);
        return len;
    }
    return (int)n;
}

static long socket_control(BIO *b, int command, long number, void *pointer)
{
    (void)number;
    (void)pointer;
    const tls_end *e = BIO_get_data(b);
    return command == BIO_CTRL_FLUSH || (command == BIO_CTRL_EOF && e->eof);
}

static bool attach(tls_end *e)
{
    e->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "tacit socket");
    BIO *b = NULL;
    if (!e->method || BIO_meth_set_write(e->method, socket_write) != 1 ||
        BIO_meth_set_read(e->method, socket_read) != 1 ||
        BIO_meth_set_ctrl(e->method, socket_control) != 1 || !(b = BIO_new(e->method))) {
        return false;
    }
    BIO_set_data(b, e);
    BIO_set_init(b, 1);
    SSL_set_bio(e->ssl, b, b);
    return true;
}

/* ---- what OpenSSL answers ---- */

static status failed_with(unsigned long code, error *err)
{
    enum { ALERTS_FROM = 1000, ALERTS_TO = 1255 }; /* SSL_AD_REASON_OFFSET */
    const int reason = ERR_GET_REASON(code);
    const char *text = ERR_reason_error_string(code);
    switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_BAD_RECORD_TYPE:
        return error_set(err, ERR_AUTH, "does not speak TLS 1.3");
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        return error_set(err, ERR_AUTH, "does not speak the same TLS: it must be 1.3");
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        return error_set(err, ERR_AUTH, "showed no certificate");
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
        return error_set(err, ERR_AUTH, "what came was altered on the way");
    default:
        break;
    }
    if (reason >= ALERTS_FROM && reason <= ALERTS_TO) {
        return error_set(err, ERR_AUTH, "refused this party: %s", text ? text : "TLS alert");
    }
    return error_set(err, ERR_AUTH, "broke TLS: %s", text ? text : "for no known reason");
}

/* What the result of an SSL call means; where it failed, err says why. */
static io_result outcome(tls_end *e, int result, error *err)
{
    const int how = SSL_get_error(e->ssl, result);
    const int why = errno;
    const unsigned long code = ERR_peek_error();
    ERR_clear_error();
    e->wants_read = how == SSL_ERROR_WANT_READ;
    e->wants_write = how == SSL_ERROR_WANT_WRITE;
    switch (how) {
    case SSL_ERROR_NONE:
        return IO_DONE;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return IO_WAIT;
    case SSL_ERROR_ZERO_RETURN:
        return IO_END;
    case SSL_ERROR_SYSCALL:
        if (e->eof || why == 0 || why == ECONNRESET || why == EPIPE) {
            return IO_END;
        }
        error_set(err, ERR_NETWORK, "the connection broke: %s", strerror(why));
        return IO_FAILED;
    default:
        if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE) {
            error_memory(err);
        } else {
            failed_with(code, err);
        }
        return IO_FAILED;
    }
}

static io_result tls_send(transport *t, const uint8_t *data, size_t n, size_t *done, error *err)
{
    tls_end *e = (tls_end *)t;
    errno = 0;
    const io_result r = outcome(e, SSL_write_ex(e->ssl, data, n, done), err);
    if (r != IO_END) {
        return r;
    }
    /* Before it hung up the peer may have said why, where nobody has read it yet. */
    uint8_t next;
    size_t one;
    if (outcome(e, SSL_peek_ex(e->ssl, &next, 1, &one), err) != IO_FAILED) {
        error_set(err, ERR_NETWORK, "closed the connection");
    }
    return IO_FAILED;
}

/* n bytes have been promised: no need to be woken for each record of them. What OpenSSL holds of a
 * record does not count, so a record less; a peer that hangs up wakes whoever waits. */
static void wake_at(tls_end *e, size_t n)
{
    const size_t most = WAKE_BYTES + RECORD_BYTES;
    const int bytes = n > 2 * RECORD_BYTES ? (int)((n < most ? n : most) - RECORD_BYTES) : 1;
    if (bytes != e->wakes_at) {
        /* Advice only: its refusal changes no result. */
        (void)setsockopt(e->fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
        e->wakes_at = bytes;
    }
}

static io_result tls_receive(transport *t, uint8_t *out, size_t n, size_t *done, error *err)
{
    tls_end *e = (tls_end *)t;
    errno = 0;
    const io_result r = outcome(e, SSL_read_ex(e->ssl, out, n, done), err);
    if (r == IO_WAIT) {
        wake_at(e, n);
    }
    return r;
}

static wait_result wait_until(const tls_end *e, short events, int64_t until, error *err)
{
    for (;;) {
        struct pollfd p[] = {{.fd = e->wake, .events = POLLIN},
                             {.fd = events ? e->fd : -1, .events = events}};
        const int ready = poll(p, 2, clock_poll_ms(until));
        if (ready < 0 && errno != EINTR) {
            error_set(err, ERR_NETWORK, "poll: %s", strerror(errno));
            return WAIT_FAILED;
        }
        if (ready > 0) {
            return p[0].revents ? WAIT_CANCELLED : WAIT_READY;
        }
        if (clock_ns() >= until) {
            return WAIT_LATE;
        }
    }
}

/* The last call of either way says what OpenSSL needs; both are asked for where both are wanted. */
static wait_result tls_wait(transport *t, bool to_send, bool to_receive, int64_t until, error *err)
{
    const tls_end *e = (const tls_end *)t;
    const bool in = to_receive || (to_send && e->wants_read);
    const bool out = to_send || (to_receive && e->wants_write);
    return wait_until(e, (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0)), until, err);
}

static void tls_cancel(transport *t)
{
    eventfd_write(((tls_end *)t)->wake, 1);
}

static void tls_close(transport *t)
{
    tls_end *e = (tls_end *)t;
    if (SSL_is_init_finished(e->ssl)) {
        SSL_shutdown(e->ssl); /* says so; whether the peer answers is of no account */
    }
    ERR_clear_error();
    shutdown(e->fd, SHUT_WR);
}

static void tls_free(transport *t)
{
    tls_end *e = (tls_end *)t;
    if (e->ssl) {
        /* Its buffer holds the last record in the clear, the ones before were written over. Set
         * from the start, the option would have each of them wiped as well. */
        SSL_set_options(e->ssl, SSL_OP_CLEANSE_PLAINTEXT);
    }
    SSL_free(e->ssl);
    BIO_meth_free(e->method);
    close(e->fd);
    if (e->wake >= 0) {
        close(e->wake);
    }
    mem_wipe(e, sizeof *e);
    mem_free(e);
}

status tls_transport_new(transport **out, int fd, const identity *me, bool is_server, error *err)
{
    static const transport_ops ops = {
        .send = tls_send,
        .receive = tls_receive,
        .wait = tls_wait,
        .cancel = tls_cancel,
        .close = tls_close,
        .free = tls_free,
    };
    *out = NULL;
    tls_end *e = mem_new(1, sizeof *e);
    if (!e) {
        close(fd);
        return error_memory(err);
    }
    *e = (tls_end){.base = {.ops = &ops, .authentic = true}, .fd = fd};
    e->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    e->ssl = SSL_new(me->context);
    if (e->wake < 0 || !e->ssl || !attach(e)) {
        tls_free(&e->base);
        ERR_clear_error();
        return error_memory(err);
    }
    if (is_server) {
        SSL_set_accept_state(e->ssl);
    } else {
        SSL_set_connect_state(e->ssl);
    }
    *out = &e->base;
    return OK;
}

/* Keys for the tags of frames, which bind them to this connection. */
static status make_keys(tls_end *e, error *err)
{
    static const char label[] = "EXPORTER-tacit-frames-1";
    uint8_t keys[2 * TRANSPORT_KEY_BYTES];
    if (SSL_export_keying_material(e->ssl, keys, sizeof keys, label, sizeof label - 1, NULL, 0,
                                   0) != 1) {
        ERR_clear_error();
        return error_memory(err);
    }
    const bool server = SSL_is_server(e->ssl);
    memcpy(e->base.send_key, keys + (server ? TRANSPORT_KEY_BYTES : 0), TRANSPORT_KEY_BYTES);
    memcpy(e->base.receive_key, keys + (server ? 0 : TRANSPORT_KEY_BYTES), TRANSPORT_KEY_BYTES);
    mem_wipe(keys, sizeof keys);
    return OK;
}

static status run_handshake(tls_end *e, const peer_check *check, int64_t until, error *err)
{
    for (;;) {
        errno = 0;
        const io_result r = outcome(e, SSL_do_handshake(e->ssl), err);
        if (check->why.code != OK) {
            return error_set(err, check->why.code, "%s", check->why.text);
        }
        if (r == IO_DONE) {
            return OK;
        }
        if (r == IO_FAILED) {
            return err ? err->code : ERR_AUTH;
        }
        if (r == IO_END) {
            return error_set(err, ERR_NETWORK, "closed the connection during the TLS handshake");
        }
        const wait_result w = wait_until(e, e->wants_write ? POLLOUT : POLLIN, until, err);
        if (w == WAIT_LATE || (w == WAIT_READY && clock_ns() >= until)) {
            return error_set(err, ERR_NETWORK, "did not finish the TLS handshake in time");
        }
        if (w != WAIT_READY) {
            return ERR_NETWORK;
        }
    }
}

status tls_transport_handshake(transport *t, peer_check *check, int64_t timeout_ms, error *err)
{
    tls_end *e = (tls_end *)t;
    error why = {0};
    SSL_set_app_data(e->ssl, check);
    status st = run_handshake(e, check, clock_after(clock_ns(), timeout_ms), &why);
    SSL_set_app_data(e->ssl, NULL);
    if (st == OK && check->found == ROLE_NONE) {
        st = error_set(&why, ERR_AUTH, "showed no certificate");
    }
    if (st == OK) {
        memcpy(t->peer_key, check->key_hash, sizeof t->peer_key);
        st = make_keys(e, &why);
    }
    return st == OK ? OK : error_set(err, st, "%s", why.text);
}
