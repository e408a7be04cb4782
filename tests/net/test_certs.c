/* What certs_make leaves on the disk. */
#define _GNU_SOURCE
#include "test.h"

#include <dirent.h>
#include <openssl/asn1.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/certificate.h"
#include "net/certs.h"
#include "net/tls.h"
#include "support/scratch.h"

static char *folder;

static int set_up(void **state)
{
    (void)state;
    folder = scratch_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(folder);
    return 0;
}

static const role_set both = (role_set)1 << ROLE_OWNER | (role_set)1 << ROLE_CLOUD;

static void assert_private(const char *dir, const char *name)
{
    struct stat st;
    char *path = scratch_path(dir, name);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    free(path);
}

static size_t files_in(const char *dir)
{
    DIR *d = opendir(dir);
    size_t n = 0;
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        n += e->d_name[0] != '.';
    }
    closedir(d);
    return n;
}

static void test_files_are_their_owners_alone(void **state)
{
    (void)state;
    error err = {0};
    char *dir = scratch_path(folder, "modes");
    const mode_t before = umask(0);
    assert_int_equal(certs_make(dir, both, 30, &err), OK);
    umask(before);
    struct stat st;
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_private(dir, "ca.pem");
    assert_private(dir, "ca.key");
    assert_private(dir, "owner.pem");
    assert_private(dir, "owner.key");
    assert_private(dir, "cloud.pem");
    assert_private(dir, "cloud.key");
    assert_int_equal(files_in(dir), 6);
    identity *id;
    assert_int_equal(identity_new(&id, dir, ROLE_OWNER, &err), OK);
    identity_free(id);
    assert_int_equal(identity_new(&id, dir, ROLE_DEALER, &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT, "/dealer.pem: No such file");
    free(dir);
}

static X509 *read_certificate(const char *dir, const char *name)
{
    X509 *x;
    char *path = scratch_path(dir, name);
    assert_int_equal(certificate_read(&x, path, NULL), OK);
    free(path);
    return x;
}

static void test_certificates_say_what_they_should(void **state)
{
    (void)state;
    char *dir = scratch_path(folder, "content");
    assert_int_equal(certs_make(dir, both, 30, NULL), OK);
    X509 *ca = read_certificate(dir, "ca.pem"), *owner = read_certificate(dir, "owner.pem");
    X509 *cloud = read_certificate(dir, "cloud.pem");
    role r;
    assert_int_equal(certificate_role(&r, owner, NULL), OK);
    assert_int_equal(r, ROLE_OWNER);
    assert_int_equal(certificate_role(&r, cloud, NULL), OK);
    assert_int_equal(r, ROLE_CLOUD);
    assert_int_equal(certificate_role(&r, ca, NULL), ERR_AUTH);
    assert_int_equal(certificate_check_use(owner, NULL), OK);
    assert_int_equal(certificate_check_use(ca, NULL), ERR_AUTH);
    assert_int_equal(X509_check_ca(ca), 1);
    assert_int_equal(X509_verify(owner, X509_get0_pubkey(ca)), 1);
    assert_int_equal(X509_check_issued(ca, owner), X509_V_OK);
    int days, seconds;
    assert_int_equal(
        ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(owner), X509_get0_notAfter(owner)), 1);
    assert_int_equal(days, 30);
    assert_int_equal(seconds, 3600);
    assert_int_not_equal(
        ASN1_INTEGER_cmp(X509_get0_serialNumber(owner), X509_get0_serialNumber(cloud)), 0);
    uint8_t hashes[2][32];
    assert_int_equal(certificate_key_hash(hashes[0], owner, NULL), OK);
    assert_int_equal(certificate_key_hash(hashes[1], cloud, NULL), OK);
    assert_memory_not_equal(hashes[0], hashes[1], 32);
    X509_free(ca);
    X509_free(owner);
    X509_free(cloud);
    free(dir);
}

static void test_nothing_is_replaced(void **state)
{
    (void)state;
    error err = {0};
    char *dir = scratch_path(folder, "twice"), *file = scratch_path(folder, "file");
    char *nowhere = scratch_path(folder, "no/where");
    assert_int_equal(certs_make(dir, both, 1, &err), OK);
    size_t before, after;
    char *key_path = scratch_path(dir, "ca.key");
    char *key = scratch_read(key_path, &before);
    assert_int_equal(certs_make(dir, both, 1, &err), ERR_USAGE);
    assert_error(err, ERR_USAGE, "/twice: exists already");
    char *kept = scratch_read(key_path, &after);
    assert_string_equal(kept, key);
    scratch_text(folder, "file", "");
    assert_int_equal(certs_make(file, both, 1, &err), ERR_USAGE);
    assert_int_equal(certs_make(nowhere, both, 1, &err), ERR_RESOURCE);
    free(kept);
    free(key);
    free(key_path);
    free(dir);
    free(file);
    free(nowhere);
}

static void test_days_have_limits(void **state)
{
    (void)state;
    error err = {0};
    char *dir = scratch_path(folder, "days");
    static const size_t wrong[] = {0, CERTS_MAX_DAYS + 1, SIZE_MAX};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(certs_make(dir, both, wrong[i], &err), ERR_USAGE);
        assert_error(err, ERR_USAGE, "from 1 to 3650");
        assert_int_equal(access(dir, F_OK), -1);
    }
    assert_int_equal(certs_make(dir, both, CERTS_MAX_DAYS, &err), OK);
    free(dir);
}

static size_t days_of(const char *dir, const char *name)
{
    char *path = scratch_path(dir, name);
    X509 *x;
    int days, seconds;
    assert_int_equal(certificate_read(&x, path, NULL), OK);
    assert_int_equal(ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(x)), 1);
    X509_free(x);
    free(path);
    return (size_t)days + (seconds > 0);
}

static void test_roles_are_added(void **state)
{
    (void)state;
    error err = {0};
    size_t given = 0;
    identity *id;
    char *dir = scratch_path(folder, "added");
    assert_int_equal(certs_make(dir, both, 5, &err), OK);
    const role_set more = role_only(ROLE_SERVER0) | role_only(ROLE_DEALER);
    assert_int_equal(certs_add(dir, more, 2, &given, &err), OK);
    assert_int_equal(given, 2);
    assert_int_equal(days_of(dir, "dealer.pem"), 2);
    assert_int_equal(files_in(dir), 2 + 2 * 4);
    assert_private(dir, "server0.key");
    assert_int_equal(identity_new(&id, dir, ROLE_SERVER0, &err), OK);
    identity_free(id);

    /* None outlives the authority. */
    assert_int_equal(certs_add(dir, role_only(ROLE_SERVER1), 100, &given, &err), OK);
    assert_true(given == 4 || given == 5);
    assert_true(days_of(dir, "server1.pem") <= days_of(dir, "ca.pem"));
    const size_t before = files_in(dir);

    /* One that is there already stops them all, and stays what it was. */
    assert_int_equal(
        certs_add(dir, role_only(ROLE_DEVELOPER) | role_only(ROLE_OWNER), 2, &given, &err),
        ERR_USAGE);
    assert_error(err, ERR_USAGE, "owner.pem: exists already");
    assert_int_equal(certs_add(dir, role_only(ROLE_HE_SERVER), 0, &given, &err), ERR_USAGE);
    assert_int_equal(files_in(dir), before);
    assert_int_equal(identity_new(&id, dir, ROLE_OWNER, &err), OK);
    identity_free(id);
    free(dir);
}

static void test_only_an_authority_adds(void **state)
{
    (void)state;
    error err = {0};
    size_t given;
    char *dir = scratch_path(folder, "mine"), *other = scratch_path(folder, "other");
    char *key = scratch_path(dir, "ca.key"), *away = scratch_path(dir, "away");
    char *owners = scratch_path(dir, "owner.key"), *others = scratch_path(other, "ca.key");
    const role_set more = role_only(ROLE_DEALER);
    assert_int_equal(certs_add(dir, more, 2, &given, &err), ERR_ARTEFACT); /* nothing is there */
    assert_int_equal(certs_make(dir, both, 5, &err), OK);
    assert_int_equal(certs_make(other, both, 5, &err), OK);
    const size_t before = files_in(dir);
    assert_int_equal(rename(key, away), 0); /* it has been put away */
    assert_int_equal(certs_add(dir, more, 2, &given, &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT, "ca.key");
    assert_int_equal(rename(others, key), 0); /* another authority's key */
    assert_int_equal(certs_add(dir, more, 2, &given, &err), ERR_AUTH);
    assert_error(err, ERR_AUTH, "ca.pem", "not that of");
    assert_int_equal(rename(away, key), 0);
    assert_int_equal(chmod(key, 0644), 0); /* everybody may read it */
    assert_int_equal(certs_add(dir, more, 2, &given, &err), ERR_AUTH);
    assert_int_equal(files_in(dir), before);
    char *const all[] = {dir, other, key, away, owners, others};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        free(all[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_are_their_owners_alone),
        cmocka_unit_test(test_roles_are_added),
        cmocka_unit_test(test_only_an_authority_adds),
        cmocka_unit_test(test_certificates_say_what_they_should),
        cmocka_unit_test(test_nothing_is_replaced),
        cmocka_unit_test(test_days_have_limits),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
