#define _GNU_SOURCE
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

static char folder[64];

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/tacit-test-file-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    DIR *d = opendir(folder);
    for (const struct dirent *e; d && (e = readdir(d)) != NULL;) {
        unlinkat(dirfd(d), e->d_name, e->d_type == DT_DIR ? AT_REMOVEDIR : 0);
    }
    closedir(d);
    return rmdir(folder);
}

/* folder/name; the caller frees it. */
static char *in_folder(const char *name)
{
    char *path = file_join(folder, name);
    assert_non_null(path);
    return path;
}

static size_t files_in_folder(void)
{
    DIR *d = opendir(folder);
    size_t n = 0;
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
    }
    closedir(d);
    return n;
}

static void test_what_is_written_is_read(void **state)
{
    (void)state;
    char *path = in_folder("data");
    static const char *const contents[] = {"one", "", "another, longer text"};
    for (size_t i = 0; i < 3; i++) {
        const size_t len = strlen(contents[i]);
        error err = {0};
        assert_int_equal(file_write(path, contents[i], len, 0640, &err), OK);
        struct stat st;
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0640);
        file_map f;
        assert_int_equal(file_open(&f, path, len, &err), OK);
        assert_int_equal(f.bytes.len, len);
        if (len > 0) {
            assert_memory_equal(f.bytes.data, contents[i], len);
        }
        assert_string_equal(f.path, path);
        file_close(&f);
        assert_null(f.bytes.data);
        file_close(&f);
    }
    mem_free(path);
}

static void test_open_refuses_what_is_no_file(void **state)
{
    (void)state;
    error err = {0};
    file_map f;
    char *missing = in_folder("missing"), *pipe = in_folder("pipe"), *loop = in_folder("loop");
    assert_int_equal(file_open(&f, missing, 10, &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT, "/missing: No such file");
    assert_int_equal(file_open(&f, folder, 10, &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT, folder, "not a regular file");
    /* A pipe that nobody writes to must not hold the reader up. */
    assert_int_equal(mkfifo(pipe, 0600), 0);
    assert_int_equal(file_open(&f, pipe, 10, &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT, "/pipe: is not a regular file");
    assert_int_equal(symlink("loop", loop), 0);
    assert_int_equal(file_open(&f, loop, 10, &err), ERR_ARTEFACT);
    assert_int_equal(file_open(&f, "/dev/zero", 10, &err), ERR_ARTEFACT);
    assert_null(f.bytes.data);
    assert_null(f.path);
    mem_free(missing);
    mem_free(pipe);
    mem_free(loop);
}

/* In a process of its own, which may open no more files: the file is not to blame. */
static void test_open_without_descriptors(void **state)
{
    (void)state;
    char *path = in_folder("fine");
    assert_int_equal(file_write(path, "x", 1, 0600, NULL), OK);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit none = {0, 0};
        file_map f;
        error err = {0};
        const int right = setrlimit(RLIMIT_NOFILE, &none) == 0 &&
                          file_open(&f, path, 10, &err) == ERR_RESOURCE &&
                          strstr(err.text, "/fine: Too many open files") != NULL;
        _exit(right ? 0 : 1);
    }
    int how = -1;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
    mem_free(path);
}

static void test_open_limits_the_size(void **state)
{
    (void)state;
    error err = {0};
    file_map f;
    char *path = in_folder("four");
    assert_int_equal(file_write(path, "four", 4, 0600, &err), OK);
    assert_int_equal(file_open(&f, path, 3, &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT, "/four: 4 bytes, at most 3");
    assert_int_equal(file_open(&f, path, 4, &err), OK);
    file_close(&f);
    /* A size that is only claimed costs nothing to refuse. */
    assert_int_equal(truncate(path, (off_t)1 << 43), 0);
    assert_int_equal(file_open(&f, path, 1 << 20, &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT, "8796093022208 bytes");
    mem_free(path);
}

static void test_what_is_at_a_path(void **state)
{
    (void)state;
    char *path = in_folder("there"), *missing = in_folder("missing");
    assert_int_equal(file_write(path, "x", 1, 0600, NULL), OK);
    assert_true(file_exists(path));
    assert_false(file_is_directory(path));
    assert_false(file_exists(folder));
    assert_true(file_is_directory(folder));
    assert_false(file_exists(missing));
    assert_false(file_is_directory(missing));
    mem_free(path);
    mem_free(missing);
}

static void test_write_names_what_it_cannot_write(void **state)
{
    (void)state;
    error err = {0};
    char *nowhere = in_folder("no/such/folder");
    assert_int_equal(file_write(nowhere, "x", 1, 0600, &err), ERR_RESOURCE);
    assert_error(err, ERR_RESOURCE, "/no/such/folder: cannot be written: No such file");
    /* A folder stands where the file is to go: found at the very end, nothing stays behind. */
    char *taken = in_folder("taken");
    assert_int_equal(mkdir(taken, 0700), 0);
    const size_t before = files_in_folder();
    assert_int_equal(file_write(taken, "x", 1, 0600, &err), ERR_RESOURCE);
    assert_error(err, ERR_RESOURCE, "/taken: cannot be written: Is a directory");
    assert_int_equal(files_in_folder(), before);
    mem_free(nowhere);
    mem_free(taken);
}

/* In a process of its own, whose files may have 4096 bytes: the write stops in the middle, as on a
 * full disk. The old contents stay and so does nothing else. */
static void test_write_that_stops_half_way_leaves_the_old_file(void **state)
{
    (void)state;
    char *path = in_folder("kept");
    assert_int_equal(file_write(path, "old", 3, 0600, NULL), OK);
    const size_t before = files_in_folder();
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        static const char data[10000];
        const struct rlimit limit = {4096, 4096};
        signal(SIGXFSZ, SIG_IGN);
        error err = {0};
        const int right = setrlimit(RLIMIT_FSIZE, &limit) == 0 &&
                          file_write(path, data, sizeof data, 0600, &err) == ERR_RESOURCE &&
                          strstr(err.text, "cannot be written: File too large") != NULL;
        _exit(right ? 0 : 1);
    }
    int how = -1;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
    assert_int_equal(files_in_folder(), before);
    file_map f;
    assert_int_equal(file_open(&f, path, 100, NULL), OK);
    assert_int_equal(f.bytes.len, 3);
    file_close(&f);
    mem_free(path);
}

/* In the current folder and in the root: the folder to be synced is found either way. */
static void test_write_without_a_folder_in_the_path(void **state)
{
    (void)state;
    char before[4096];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(folder), 0);
    const status st = file_write("plain", "x", 1, 0600, NULL);
    assert_int_equal(chdir(before), 0);
    assert_int_equal(st, OK);
    char *path = in_folder("plain");
    assert_true(file_exists(path));
    mem_free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_open_refuses_what_is_no_file),
        cmocka_unit_test(test_open_without_descriptors),
        cmocka_unit_test(test_open_limits_the_size),
        cmocka_unit_test(test_what_is_at_a_path),
        cmocka_unit_test(test_write_names_what_it_cannot_write),
        cmocka_unit_test(test_write_that_stops_half_way_leaves_the_old_file),
        cmocka_unit_test(test_write_without_a_folder_in_the_path),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
