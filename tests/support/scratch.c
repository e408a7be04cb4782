#define _GNU_SOURCE
#include "support/scratch.h"

#include <dirent.h>
#include <ftw.h>
#include <sys/stat.h>

#include "test.h"

char *scratch_new(void)
{
    const char *const places[] = {getenv("TMPDIR"), "/dev/shm",
                                  "/tmp"}; /* no disk where it can be */
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *dir;
        assert_true(asprintf(&dir, "%s/tacit-test-XXXXXX", places[i] ? places[i] : "") > 0);
        if (places[i] && mkdtemp(dir)) {
            return dir;
        }
        free(dir);
    }
    fail_msg("no place for temporary files");
    return NULL;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void scratch_remove(char *dir)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(dir);
}

char *scratch_path(const char *dir, const char *name)
{
    char *path;
    assert_true(asprintf(&path, "%s/%s", dir, name) > 0);
    return path;
}

void scratch_write(const char *dir, const char *name, const void *bytes, size_t len)
{
    char *path = scratch_path(dir, name);
    for (size_t i = strlen(dir) + 1; path[i]; i++) {
        if (path[i] == '/') {
            path[i] = '\0';
            mkdir(path, 0777);
            path[i] = '/';
        }
    }
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
    free(path);
}

void scratch_text(const char *dir, const char *name, const char *text)
{
    scratch_write(dir, name, text, strlen(text));
}

char *scratch_read(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        fail_msg("%s: cannot be read", path);
    }
    fseek(f, 0, SEEK_END);
    *len = (size_t)ftell(f);
    rewind(f);
    char *bytes = calloc(*len + 1, 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *len, f), *len);
    fclose(f);
    return bytes;
}

void scratch_copy(const char *dir, const char *from)
{
    DIR *d = opendir(from);
    assert_non_null(d);
    mkdir(dir, 0777);
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        if (e->d_name[0] == '.') {
            continue;
        }
        char *src = scratch_path(from, e->d_name), *dst = scratch_path(dir, e->d_name);
        struct stat st;
        assert_int_equal(stat(src, &st), 0);
        if (S_ISDIR(st.st_mode)) {
            scratch_copy(dst, src);
        } else {
            size_t len;
            char *bytes = scratch_read(src, &len);
            scratch_write(dir, e->d_name, bytes, len);
            free(bytes);
        }
        free(src);
        free(dst);
    }
    closedir(d);
}
