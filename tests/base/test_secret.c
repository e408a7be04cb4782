#define _GNU_SOURCE
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret_file.h"
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

static void test_what_is_created_is_read(void **state)
{
    (void)state;
    static const char *const names[] = {"key", "empty", "long"};
    static char long_one[100000];
    const struct {
        const void *data;
        size_t len;
    } contents[] = {{"a key", 5}, {"", 0}, {long_one, sizeof long_one}};
    memset(long_one, 7, sizeof long_one);
    for (size_t i = 0; i < 3; i++) {
        char *path = scratch_path(folder, names[i]);
        error err = {0};
        assert_int_equal(secret_file_create(path, contents[i].data, contents[i].len, &err), OK);
        secret s;
        assert_int_equal(secret_file_read(&s, path, contents[i].len, &err), OK);
        assert_int_equal(s.len, contents[i].len);
        if (s.len > 0) {
            assert_memory_equal(s.data, contents[i].data, s.len);
        }
        secret_clear(&s);
        assert_null(s.data);
        secret_clear(&s);
        free(path);
    }
}

/* Whatever the umask is. */
static void test_mode_is_the_owners_alone(void **state)
{
    (void)state;
    static const mode_t masks[] = {0, 022, 077, 0777};
    const mode_t before = umask(0);
    for (size_t i = 0; i < 4; i++) {
        char file[8], dir[8];
        snprintf(file, sizeof file, "f%zu", i);
        snprintf(dir, sizeof dir, "d%zu", i);
        char *f = scratch_path(folder, file), *d = scratch_path(folder, dir);
        umask(masks[i]);
        error err = {0};
        struct stat st;
        assert_int_equal(secret_file_create(f, "x", 1, &err), OK);
        assert_int_equal(stat(f, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(secret_directory_create(d, &err), OK);
        assert_int_equal(stat(d, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0700);
        free(f);
        free(d);
    }
    umask(before);
}

static void test_modes_that_others_can_use_are_refused(void **state)
{
    (void)state;
    char *path = scratch_path(folder, "modes");
    assert_int_equal(secret_file_create(path, "x", 1, NULL), OK);
    static const struct {
        mode_t mode;
        status expected;
    } cases[] = {
        {0600, OK},       {0400, OK},       {0700, OK},       {0640, ERR_AUTH},
        {0620, ERR_AUTH}, {0610, ERR_AUTH}, {0604, ERR_AUTH}, {0602, ERR_AUTH},
        {0601, ERR_AUTH}, {0644, ERR_AUTH}, {0666, ERR_AUTH}, {0777, ERR_AUTH},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(chmod(path, cases[i].mode), 0);
        error err = {0};
        secret s;
        assert_int_equal(secret_file_read(&s, path, 10, &err), cases[i].expected);
        if (cases[i].expected != OK) {
            assert_error(err, ERR_AUTH, "/modes: others may read or write it", "chmod 600");
            assert_null(s.data);
        }
        secret_clear(&s);
    }
    free(path);
}

static void test_what_is_no_file_of_ones_own_is_refused(void **state)
{
    (void)state;
    char *key = scratch_path(folder, "own"), *link = scratch_path(folder, "link");
    char *dangling = scratch_path(folder, "dangling"), *pipe = scratch_path(folder, "pipe");
    char *missing = scratch_path(folder, "missing");
    assert_int_equal(secret_file_create(key, "12345", 5, NULL), OK);
    assert_int_equal(symlink("own", link), 0);
    assert_int_equal(symlink("nowhere", dangling), 0);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    error err = {0};
    secret s;
    assert_int_equal(secret_file_read(&s, link, 10, &err), ERR_AUTH);
    assert_error(err, ERR_AUTH, "/link: is a link");
    assert_int_equal(secret_file_read(&s, dangling, 10, &err), ERR_AUTH);
    assert_error(err, ERR_AUTH, "/dangling: is a link");
    assert_int_equal(secret_file_read(&s, pipe, 10, &err), ERR_AUTH);
    assert_error(err, ERR_AUTH, "/pipe: is not a regular file");
    assert_int_equal(secret_file_read(&s, folder, 10, &err), ERR_AUTH);
    assert_error(err, ERR_AUTH, "is not a regular file");
    assert_int_equal(secret_file_read(&s, missing, 10, &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT, "/missing: No such file");
    assert_int_equal(secret_file_read(&s, key, 4, &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT, "/own: 5 bytes, at most 4");
    free(key);
    free(link);
    free(dangling);
    free(pipe);
    free(missing);
}

static void test_a_file_of_another_user_is_refused(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("only root can give a file away\n");
        skip();
    }
    char *path = scratch_path(folder, "foreign");
    assert_int_equal(secret_file_create(path, "x", 1, NULL), OK);
    assert_int_equal(chown(path, 65534, 65534), 0);
    error err = {0};
    secret s;
    assert_int_equal(secret_file_read(&s, path, 10, &err), ERR_AUTH);
    assert_error(err, ERR_AUTH, "/foreign: belongs to user 65534, not to user 0");
    free(path);
}

static void test_nothing_is_replaced(void **state)
{
    (void)state;
    char *there = scratch_path(folder, "there"), *link = scratch_path(folder, "planted");
    char *target = scratch_path(folder, "target"), *nowhere = scratch_path(folder, "no/where");
    scratch_text(folder, "there", "old");
    assert_int_equal(symlink("target", link), 0);
    error err = {0};
    assert_int_equal(secret_file_create(there, "new", 3, &err), ERR_USAGE);
    assert_error(err, ERR_USAGE, "/there: exists already");
    assert_int_equal(secret_file_create(link, "new", 3, &err), ERR_USAGE);
    assert_int_equal(access(target, F_OK), -1); /* and nothing was written through the link */
    assert_int_equal(secret_directory_create(there, &err), ERR_USAGE);
    assert_int_equal(secret_directory_create(link, &err), ERR_USAGE);
    assert_int_equal(secret_directory_create(folder, &err), ERR_USAGE);
    assert_error(err, ERR_USAGE, "exists already");
    assert_int_equal(secret_file_create(nowhere, "new", 3, &err), ERR_RESOURCE);
    assert_error(err, ERR_RESOURCE, "/no/where: cannot be made: No such file");
    assert_int_equal(secret_directory_create(nowhere, &err), ERR_RESOURCE);
    size_t len;
    char *kept = scratch_read(there, &len);
    assert_string_equal(kept, "old");
    free(kept);
    free(there);
    free(link);
    free(target);
    free(nowhere);
}

static void test_memory_is_zero_and_its_size_checked(void **state)
{
    (void)state;
    error err = {0};
    secret s;
    assert_int_equal(secret_new(&s, 5000, &err), OK);
    for (size_t i = 0; i < s.len; i++) {
        assert_int_equal(s.data[i], 0);
    }
    memset(s.data, 1, s.len);
    secret_clear(&s);
    assert_int_equal(secret_new(&s, SIZE_MAX, &err), ERR_RESOURCE);
    assert_int_equal(secret_new(&s, SIZE_MAX / 2, &err), ERR_RESOURCE);
    assert_null(s.data);
    assert_int_equal(secret_new(&s, 0, &err), OK);
    assert_null(s.data);
    secret_clear(&s);
}

/* A child that touches the page before or behind does not get far. */
static void test_pages_beside_it_cannot_be_touched(void **state)
{
    (void)state;
    secret s;
    assert_int_equal(secret_new(&s, 1, NULL), OK);
    const long page = sysconf(_SC_PAGESIZE);
    const long at[] = {-1, page};
    for (size_t i = 0; i < 2; i++) {
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            signal(SIGSEGV, SIG_DFL);
            volatile uint8_t *p = s.data;
            p[at[i]] = 1;
            _exit(0);
        }
        int how = 0;
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFSIGNALED(how));
        assert_int_equal(WTERMSIG(how), SIGSEGV);
    }
    secret_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_created_is_read),
        cmocka_unit_test(test_mode_is_the_owners_alone),
        cmocka_unit_test(test_modes_that_others_can_use_are_refused),
        cmocka_unit_test(test_what_is_no_file_of_ones_own_is_refused),
        cmocka_unit_test(test_a_file_of_another_user_is_refused),
        cmocka_unit_test(test_nothing_is_replaced),
        cmocka_unit_test(test_memory_is_zero_and_its_size_checked),
        cmocka_unit_test(test_pages_beside_it_cannot_be_touched),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
