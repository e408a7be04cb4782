/* Who is let in: certificates of every wrong kind, shown by a peer that speaks TLS with OpenSSL
 * alone, to either end. */
#define _GNU_SOURCE
#include "test.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/certificate.h"
#include "net/clock.h"
#include "support/ends.h"
#include "support/scratch.h"

enum { OP = 300, HOUR = 3600 };

/* ---- certificates to order ---- */

typedef enum { BY_AUTHORITY, BY_OTHER_AUTHORITY, BY_ITSELF, BY_PARTY } issuer;
typedef enum { KEY_NEW, KEY_OF_PEER, KEY_RSA_2048, KEY_P224 } key_kind;

typedef struct {
    const char *name;
    const char *san;                      /* NULL: the extension is not there */
    const char *usage, *extended, *basic; /* NULL: as it should be; "": not there */
    long from, to;                        /* seconds from now; 0: an hour */
    issuer issuer;
    key_kind key;
    const char *reason; /* what our end says; NULL: it is let in */
} order;

/* The peer plays the cloud to our owner, and then the owner to our cloud: %s is its role. */
static const order orders[] = {
    {.name = "good", .san = "URI:tacit://role/%s"},
    {"expired", "URI:tacit://role/%s", .to = -60, .reason = "certificate has expired"},
    {"not yet valid", "URI:tacit://role/%s", .from = 600, .reason = "not yet valid"},
    {"other authority of the same name", "URI:tacit://role/%s", .issuer = BY_OTHER_AUTHORITY,
     .reason = "certificate is not good"},
    {"signed by itself", "URI:tacit://role/%s", .issuer = BY_ITSELF,
     .reason = "certificate is not good"},
    {"signed by another party", "URI:tacit://role/%s", .issuer = BY_PARTY,
     .reason = "certificate is not good"},
    {"no names", NULL, .reason = "names no role"},
    {"a host", "DNS:localhost", .reason = "something else than a role"},
    {"a mail address", "email:a@b.example", .reason = "something else than a role"},
    {"role in a host name", "DNS:tacit", .reason = "something else than a role"},
    {"another URI", "URI:https://role/%s", .reason = "something else than a role"},
    {"two roles", "URI:tacit://role/owner,URI:tacit://role/cloud",
     .reason = "has 2 names, not one role"},
    {"the role twice", "URI:tacit://role/%s,URI:tacit://role/%s",
     .reason = "has 2 names, not one role"},
    {"a role and a host", "URI:tacit://role/%s,DNS:localhost",
     .reason = "has 2 names, not one role"},
    {"unknown role", "URI:tacit://role/root", .reason = "a role that is not known"},
    {"empty role", "URI:tacit://role/", .reason = "a role that is not known"},
    {"role and more", "URI:tacit://role/%s/x", .reason = "a role that is not known"},
    {"capitals", "URI:tacit://role/OWNER", .reason = "a role that is not known"},
    {"another role", "URI:tacit://role/dealer", .reason = "is for the role dealer"},
    {"no extended usage", "URI:tacit://role/%s", .extended = "",
     .reason = "not for both ends of TLS"},
    {"usage for mail", "URI:tacit://role/%s", .extended = "emailProtection",
     .reason = "certificate is not good"},
    {"no key usage", "URI:tacit://role/%s", .usage = "", .reason = "not for signatures"},
    {"usage for agreement", "URI:tacit://role/%s", .usage = "critical,keyAgreement",
     .reason = "certificate"},
    {"an authority", "URI:tacit://role/%s", .basic = "critical,CA:TRUE",
     .usage = "critical,digitalSignature,keyCertSign", .reason = "certificate"},
    {"weak RSA", "URI:tacit://role/%s", .key = KEY_RSA_2048, .reason = ""},
    {"weak curve", "URI:tacit://role/%s", .key = KEY_P224, .reason = ""},
    {"our own key", "URI:tacit://role/%s", .key = KEY_OF_PEER, .reason = "own key"},
};

typedef struct {
    X509 *certificate;
    EVP_PKEY *key;
} pair;

static void pair_clear(pair *p)
{
    X509_free(p->certificate);
    EVP_PKEY_free(p->key);
}

static pair load(const char *name)
{
    char file[64];
    pair p;
    snprintf(file, sizeof file, "%s.pem", name);
    char *cert = scratch_path(ends_certs(), file);
    snprintf(file, sizeof file, "%s.key", name);
    char *key = scratch_path(ends_certs(), file);
    assert_int_equal(certificate_read(&p.certificate, cert, NULL), OK);
    assert_int_equal(certificate_read_key(&p.key, key, NULL), OK);
    free(cert);
    free(key);
    return p;
}

static EVP_PKEY *make_key(key_kind kind, role peer)
{
    pair p;
    switch (kind) {
    case KEY_OF_PEER:
        p = load(role_name(peer));
        X509_free(p.certificate);
        return p.key;
    case KEY_RSA_2048:
        return EVP_RSA_gen(2048);
    case KEY_P224:
        return EVP_EC_gen("P-224");
    default:
        return EVP_EC_gen("P-256");
    }
}

static void add(X509 *x, X509 *by, int nid, const char *value)
{
    if (value[0]) {
        X509V3_CTX context;
        X509V3_set_ctx(&context, by, x, NULL, NULL, 0);
        X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
        assert_non_null(e);
        assert_int_equal(X509_add_ext(x, e, -1), 1);
        X509_EXTENSION_free(e);
    }
}

/* The issuer's certificate and the key that signs. */
static pair find_issuer(const order *o)
{
    pair p = load(o->issuer == BY_PARTY ? "dealer" : "ca");
    if (o->issuer == BY_OTHER_AUTHORITY) {
        EVP_PKEY_free(p.key);
        p.key = EVP_EC_gen("P-256");
    }
    return p;
}

static pair make(const order *o, role its, role peer)
{
    pair by = find_issuer(o), p = {X509_new(), make_key(o->key, peer)};
    X509 *x = p.certificate;
    assert_non_null(p.key);
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 77);
    X509_gmtime_adj(X509_getm_notBefore(x), o->from ? o->from : -HOUR);
    X509_gmtime_adj(X509_getm_notAfter(x), o->to ? o->to : HOUR);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const uint8_t *)"peer", -1, -1, 0);
    const bool alone = o->issuer == BY_ITSELF;
    X509_set_issuer_name(x, X509_get_subject_name(alone ? x : by.certificate));
    X509_set_pubkey(x, p.key);
    char san[256];
    if (o->san) {
        snprintf(san, sizeof san, o->san, role_name(its), role_name(its));
    }
    X509 *issuer_cert = alone ? x : by.certificate;
    add(x, issuer_cert, NID_basic_constraints, o->basic ? o->basic : "critical,CA:FALSE");
    add(x, issuer_cert, NID_key_usage, o->usage ? o->usage : "critical,digitalSignature");
    add(x, issuer_cert, NID_ext_key_usage, o->extended ? o->extended : "serverAuth,clientAuth");
    add(x, issuer_cert, NID_subject_alt_name, o->san ? san : "");
    add(x, issuer_cert, NID_subject_key_identifier, "hash");
    if (!alone) {
        add(x, issuer_cert, NID_authority_key_identifier, "keyid:always");
    }
    assert_true(X509_sign(x, alone ? p.key : by.key, EVP_sha256()) > 0);
    pair_clear(&by);
    return p;
}

/* ---- a peer that knows nothing of tacit ---- */

typedef struct {
    const pair *shows; /* NULL: nothing */
    int version;       /* of TLS, at most; 0: the newest */
    bool listens;
    listener *place; /* where it listens, or whom it calls */
    bool sees_any;   /* certificate of ours; out */
} foreign;

static int any_certificate(int fine, X509_STORE_CTX *store)
{
    (void)fine;
    (void)store;
    return 1;
}

/* OpenSSL's own sockets raise SIGPIPE; ours must not, so only this thread keeps it away. */
static void talk(foreign *f, int fd)
{
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, any_certificate);
    if (f->version) {
        SSL_CTX_set_max_proto_version(context, f->version);
    }
    if (f->shows) {
        SSL_CTX_use_certificate(context, f->shows->certificate);
        SSL_CTX_use_PrivateKey(context, f->shows->key);
    }
    SSL *ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    if ((f->listens ? SSL_accept(ssl) : SSL_connect(ssl)) == 1) {
        char b;
        f->sees_any = SSL_get0_peer_certificate(ssl) != NULL;
        SSL_read(ssl, &b, 1); /* until it is hung up */
    }
    SSL_free(ssl);
    SSL_CTX_free(context);
    ERR_clear_error();
}

static void make_blocking(int fd)
{
    const struct timeval limit = {.tv_sec = 10};
    const int flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

static status be_foreign(void *ctx, error *err)
{
    foreign *f = ctx;
    int fd;
    if (f->listens) {
        TRY(listener_wait(f->place, 10000, &fd, err));
    } else {
        char address[32];
        snprintf(address, sizeof address, ":%u", (unsigned)listener_port(f->place));
        TRY(socket_connect(&fd, address, 10000, err));
    }
    make_blocking(fd);
    talk(f, fd);
    close(fd);
    return OK;
}

static identity *own(role r)
{
    identity *id;
    error err = {0};
    if (identity_new(&id, ends_certs(), r, &err) != OK) {
        fail_msg("%s", err.text);
    }
    return id;
}

/* Our end, as a client where the other one listens, against it. */
static status meet(task_fn *peer, void *ctx, bool listens, listener *place, const tls_options *o,
                   error *err)
{
    identity *me = own(listens ? ROLE_OWNER : ROLE_CLOUD);
    channel *c = NULL;
    task *t = task_start(peer, ctx);
    status st;
    if (listens) {
        char address[32];
        snprintf(address, sizeof address, ":%u", (unsigned)listener_port(place));
        st = tls_connect(&c, address, me, ROLE_CLOUD, o, err);
    } else {
        int fd;
        assert_int_equal(listener_wait(place, 10000, &fd, err), OK);
        st = tls_accept(&c, fd, me, role_only(ROLE_OWNER), o, err);
    }
    assert_true((c != NULL) == (st == OK));
    channel_free(c);
    assert_int_equal(task_join(t, NULL), OK);
    identity_free(me);
    return st;
}

static void test_only_the_right_certificate_is_let_in(void **state)
{
    (void)state;
    listener *place;
    assert_int_equal(listener_new(&place, ":0", NULL), OK);
    for (size_t i = 0; i < 2 * (sizeof orders / sizeof *orders); i++) {
        const order *o = &orders[i / 2];
        const bool listens = i % 2;
        pair p = make(o, listens ? ROLE_CLOUD : ROLE_OWNER, listens ? ROLE_OWNER : ROLE_CLOUD);
        foreign f = {.shows = &p, .listens = listens, .place = place};
        error err = {0};
        const status st = meet(be_foreign, &f, listens, place, NULL, &err);
        if (st != (o->reason ? ERR_AUTH : OK) || (o->reason && !strstr(err.text, o->reason)) ||
            (o->reason && strncmp(err.text, listens ? "cloud: " : "owner: ", 7) != 0)) {
            fail_msg("%s: status %d, '%s'", o->name, st, err.text);
        }
        pair_clear(&p);
    }
    listener_free(place);
}

static void test_other_ways_to_speak_are_refused(void **state)
{
    (void)state;
    listener *place;
    assert_int_equal(listener_new(&place, ":0", NULL), OK);
    for (size_t i = 0; i < 2; i++) {
        const bool listens = i == 1;
        pair p = load(listens ? "cloud" : "owner");
        error err = {0};
        foreign old = {.shows = &p, .version = TLS1_2_VERSION, .listens = listens, .place = place};
        assert_int_equal(meet(be_foreign, &old, listens, place, NULL, &err), ERR_AUTH);
        assert_error(err, ERR_AUTH, "TLS: it must be 1.3");
        foreign silent = {.listens = false, .place = place};
        if (!listens) { /* a server of TLS always has one */
            assert_int_equal(meet(be_foreign, &silent, listens, place, NULL, &err), ERR_AUTH);
            assert_error(err, ERR_AUTH, "owner: showed no certificate");
        }
        pair_clear(&p);
    }
    listener_free(place);
}

/* ---- peers that speak no TLS, or not enough of it ---- */

typedef struct {
    listener *place;
    bool listens, dies;
    const char *says;
} plain;

static status be_plain(void *ctx, error *err)
{
    const plain *p = ctx;
    int fd;
    if (p->listens) {
        TRY(listener_wait(p->place, 10000, &fd, err));
    } else {
        char address[32];
        snprintf(address, sizeof address, ":%u", (unsigned)listener_port(p->place));
        TRY(socket_connect(&fd, address, 10000, err));
    }
    make_blocking(fd);
    const size_t len = strlen(p->says);
    if (len > 0 && send(fd, p->says, len, MSG_NOSIGNAL) != (ssize_t)len) {
        return error_set(err, ERR_NETWORK, "send");
    }
    char b[4096];
    while (!p->dies && recv(fd, b, sizeof b, 0) > 0) {
    }
    close(fd);
    return OK;
}

static void test_plain_and_silent_peers(void **state)
{
    (void)state;
    tls_options o = tls_defaults();
    o.handshake_ms = 100;
    static const struct {
        const char *says;
        bool dies;
        status expected;
        const char *reason;
    } cases[] = {
        {"GET / HTTP/1.1\r\n\r\n", false, ERR_AUTH, "does not speak TLS"},
        {"TACF\001 not encrypted at all", false, ERR_AUTH, "TLS"},
        {"", false, ERR_NETWORK, "did not finish the TLS handshake in time"},
        {"\026\003\001\002", false, ERR_NETWORK, "did not finish the TLS handshake in time"},
        {"\026\003\003\000\100abc", false, ERR_NETWORK, "did not finish the TLS handshake in time"},
        {"", true, ERR_NETWORK, "closed the connection"},
        {"\026\003\003\000\100abc", true, ERR_NETWORK, "closed the connection"},
    };
    listener *place;
    assert_int_equal(listener_new(&place, "127.0.0.1:0", NULL), OK);
    for (size_t i = 0; i < 2 * (sizeof cases / sizeof *cases); i++) {
        plain p = {
            .place = place, .listens = i % 2, .dies = cases[i / 2].dies, .says = cases[i / 2].says};
        error err = {0};
        const status st = meet(be_plain, &p, p.listens, place, &o, &err);
        if (st != cases[i / 2].expected || !strstr(err.text, cases[i / 2].reason)) {
            fail_msg("case %zu: status %d, '%s'", i, st, err.text);
        }
    }
    listener_free(place);
}

/* ---- our own ends against each other ---- */

typedef struct {
    listener *place;
    role mine;
    role_set expects;
} answering;

static status answer(void *ctx, error *err)
{
    const answering *a = ctx;
    identity *me = own(a->mine);
    channel *c = NULL;
    int fd;
    status st = listener_wait(a->place, 10000, &fd, err);
    if (st == OK) {
        st = tls_accept(&c, fd, me, a->expects, NULL, err);
    }
    uint8_t b;
    if (st == OK) {
        st = channel_receive(c, OP, &b, 1, err);
    }
    channel_free(c);
    identity_free(me);
    return st;
}

static status call(listener *place, role mine, role expected, error *err)
{
    char address[32];
    snprintf(address, sizeof address, ":%u", (unsigned)listener_port(place));
    identity *me = own(mine);
    channel *c = NULL;
    status st = tls_connect(&c, address, me, expected, NULL, err);
    if (st == OK) {
        st = channel_send(c, OP, "x", 1, err);
    }
    uint8_t b;
    if (st == OK) { /* the other end hangs up, or says why it does not want this one */
        st = channel_receive(c, OP, &b, 1, err);
    }
    channel_free(c);
    identity_free(me);
    return st;
}

/* Every role calls every other, expected or not. */
static void test_roles_are_who_they_say(void **state)
{
    (void)state;
    listener *place;
    assert_int_equal(listener_new(&place, "[::1]:0", NULL), OK);
    listener_free(place);
    assert_int_equal(listener_new(&place, ":0", NULL), OK);
    for (role caller = 1; caller < ROLE_END; caller++) {
        for (role called = 1; called < ROLE_END; called++) {
            for (int wrong = 0; wrong < 3; wrong++) {
                const role other = caller == ROLE_DEALER ? ROLE_OWNER : ROLE_DEALER;
                const role another = called == ROLE_DEALER ? ROLE_OWNER : ROLE_DEALER;
                answering a = {place, called, role_only(wrong == 1 ? other : caller)};
                error theirs = {0}, mine = {0};
                task *t = task_start(answer, &a);
                const status st = call(place, caller, wrong == 2 ? another : called, &mine);
                const status other_st = task_join(t, &theirs);
                if (caller == called) { /* the same key at both ends */
                    assert_int_equal(st, ERR_AUTH);
                    assert_error(mine, ERR_AUTH,
                                 wrong == 2 ? "is for the role" : "this party's own key");
                } else if (wrong == 2) {
                    assert_error(mine, ERR_AUTH, "the certificate is for the role");
                    assert_error(theirs, ERR_AUTH, "refused this party");
                } else if (wrong == 1) {
                    assert_int_equal(other_st, ERR_AUTH);
                    assert_error(theirs, ERR_AUTH, "the certificate is for the role");
                    assert_error(mine, ERR_AUTH, "refused this party");
                } else {
                    assert_int_equal(other_st, OK);
                    assert_error(mine, ERR_NETWORK, "ended the session");
                }
            }
        }
    }
    listener_free(place);
}

static void test_an_answer_to_one_of_several_roles(void **state)
{
    (void)state;
    listener *place;
    assert_int_equal(listener_new(&place, ":0", NULL), OK);
    answering a = {place, ROLE_CLOUD, role_only(ROLE_OWNER) | role_only(ROLE_DEVELOPER)};
    static const role callers[] = {ROLE_OWNER, ROLE_DEVELOPER, ROLE_SERVER0};
    for (size_t i = 0; i < 3; i++) {
        error mine = {0}, theirs = {0};
        task *t = task_start(answer, &a);
        call(place, callers[i], ROLE_CLOUD, &mine);
        assert_int_equal(task_join(t, &theirs), i < 2 ? OK : ERR_AUTH);
    }
    listener_free(place);
}

/* ---- one's own files ---- */

static void copy_certs(const char *to)
{
    static const char *const names[] = {"ca.pem", "owner.pem", "owner.key", "cloud.pem",
                                        "cloud.key"};
    for (size_t i = 0; i < 5; i++) {
        size_t len;
        char *from = scratch_path(ends_certs(), names[i]), *bytes = scratch_read(from, &len);
        scratch_write(to, names[i], bytes, len);
        char *copy = scratch_path(to, names[i]);
        assert_int_equal(chmod(copy, 0600), 0);
        free(from);
        free(bytes);
        free(copy);
    }
}

static void refuses_files(const char *dir, status expected, const char *reason)
{
    identity *id;
    error err = {0};
    assert_int_equal(identity_new(&id, dir, ROLE_OWNER, &err), expected);
    assert_error(err, expected, reason);
    assert_null(id);
}

static void test_ones_own_files_are_checked(void **state)
{
    (void)state;
    char *dir = scratch_new();
    char *key = scratch_path(dir, "owner.key"), *cert = scratch_path(dir, "owner.pem");
    char *other_key = scratch_path(dir, "cloud.key"), *other = scratch_path(dir, "cloud.pem");
    char *ca = scratch_path(dir, "ca.pem");
    refuses_files(dir, ERR_ARTEFACT, "/ca.pem: No such file");
    copy_certs(dir);
    assert_int_equal(chmod(key, 0640), 0);
    refuses_files(dir, ERR_AUTH, "/owner.key: others may read or write it");
    assert_int_equal(unlink(key), 0);
    assert_int_equal(symlink("cloud.key", key), 0);
    refuses_files(dir, ERR_AUTH, "/owner.key: is a link");
    assert_int_equal(unlink(key), 0);
    refuses_files(dir, ERR_ARTEFACT, "/owner.key: No such file");
    assert_int_equal(rename(other_key, key), 0);
    refuses_files(dir, ERR_AUTH, "/owner.pem: the certificate does not belong to owner.key");
    assert_int_equal(rename(other, cert), 0);
    refuses_files(dir, ERR_AUTH, "/owner.pem: the certificate is for the role cloud");
    copy_certs(dir);
    scratch_text(dir, "owner.key", "-----BEGIN NONSENSE-----\n");
    refuses_files(dir, ERR_ARTEFACT, "/owner.key: holds no key");
    copy_certs(dir);
    scratch_text(dir, "owner.pem", "");
    refuses_files(dir, ERR_ARTEFACT, "/owner.pem: holds no certificate");
    copy_certs(dir);
    size_t len;
    char *pem = scratch_read(ca, &len);
    char *twice;
    assert_true(asprintf(&twice, "%s%s", pem, pem) > 0);
    scratch_text(dir, "ca.pem", twice);
    refuses_files(dir, ERR_ARTEFACT, "/ca.pem: holds more than one certificate");
    free(twice);
    free(pem);
    copy_certs(dir);
    pem = scratch_read(cert, &len);
    scratch_write(dir, "ca.pem", pem, len); /* its own certificate in the place of the authority */
    refuses_files(dir, ERR_AUTH, "/owner.pem: the certificate is not good");
    free(pem);
    free(key);
    free(cert);
    free(other_key);
    free(other);
    free(ca);
    scratch_remove(dir);
}

/* ---- addresses ---- */

static void test_addresses(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",        "1",      "localhost", "localhost:", "localhost:x", "localhost:1x",
        ":123456", "::1:80", "[::1]80",   "[::1",       ":-1",         "a:b:1"};
    error err = {0};
    listener *l;
    int fd;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(listener_new(&l, wrong[i], &err), ERR_USAGE);
        assert_error(err, ERR_USAGE, "is no address");
        assert_null(l);
        assert_int_equal(socket_connect(&fd, wrong[i], 100, &err), ERR_USAGE);
    }
    assert_int_equal(listener_new(&l, "localhost:0", &err), OK);
    listener *second;
    char address[32];
    snprintf(address, sizeof address, ":%u", (unsigned)listener_port(l));
    assert_int_equal(listener_new(&second, address, &err), ERR_NETWORK);
    assert_error(err, ERR_NETWORK, "cannot be listened at: Address already in use");
    listener_free(l);
    /* Nobody is there any more. */
    assert_int_equal(socket_connect(&fd, address, 150, &err), ERR_NETWORK);
    assert_error(err, ERR_NETWORK, "cannot be reached: Connection refused");
    assert_int_equal(listener_new(&l, ":0", &err), OK);
    assert_int_equal(listener_wait(l, 20, &fd, &err), ERR_NETWORK);
    assert_error(err, ERR_NETWORK, "nobody called within 0.02 s");
    listener_cancel(l);
    assert_int_equal(listener_wait(l, -1, &fd, &err), ERR_NETWORK);
    assert_error(err, ERR_NETWORK, "given up by this program");
    listener_free(l);
    listener_free(NULL);
    identity_free(NULL);
}

static int tear_down(void **state)
{
    (void)state;
    ends_forget();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_the_right_certificate_is_let_in),
        cmocka_unit_test(test_other_ways_to_speak_are_refused),
        cmocka_unit_test(test_plain_and_silent_peers),
        cmocka_unit_test(test_roles_are_who_they_say),
        cmocka_unit_test(test_an_answer_to_one_of_several_roles),
        cmocka_unit_test(test_ones_own_files_are_checked),
        cmocka_unit_test(test_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
