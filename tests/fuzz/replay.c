/* Runs a fuzz target over every file of the folders and files named. */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return 1;
    }
    fseek(f, 0, SEEK_END);
    const long len = ftell(f);
    rewind(f);
    /* Exactly as long as the input, so that a sanitizer sees each read behind its end. */
    uint8_t *data = malloc(len > 0 ? (size_t)len : 1);
    const int bad = !data || fread(data, 1, (size_t)len, f) != (size_t)len;
    if (!bad) {
        LLVMFuzzerTestOneInput(data, (size_t)len);
    }
    free(data);
    fclose(f);
    return bad;
}

static int run_folder(const char *path, size_t *count)
{
    DIR *d = opendir(path);
    if (!d) {
        perror(path);
        return 1;
    }
    int bad = 0;
    for (const struct dirent *entry; (entry = readdir(d)) != NULL;) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        char *name = NULL;
        if (asprintf(&name, "%s/%s", path, entry->d_name) < 0) {
            bad = 1;
            break;
        }
        bad |= run_file(name);
        free(name);
        ++*count;
    }
    closedir(d);
    return bad;
}

int main(int argc, char **argv)
{
    size_t count = 0;
    int bad = 0;
    for (int i = 1; i < argc; i++) {
        bad |= run_folder(argv[i], &count);
    }
    printf("%zu inputs replayed\n", count);
    return bad || count == 0;
}
