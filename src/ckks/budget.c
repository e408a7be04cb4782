/* docs/formats/ckks.md, "Budget": a header, then two places for the count. Each new count goes to
 * the place of the older one and to the disk before it counts; whatever a crash tears, the other
 * place still holds all decryptions that were given out. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ckks/flood.h"
#include "ckks/store_parts.h"

enum { MAGIC_BYTES = 16, AT_KEY = 16, AT_MOST = 48, AT_COUNT = 64, PLACE = 16, LENGTH = 96 };

static const char magic[MAGIC_BYTES] = "tacit budget 1\n";

static status failed(const char *path, error *err)
{
    return error_set(err, ERR_RESOURCE, "%s: %s", path, strerror(errno));
}

/* Which key: a digest of its context and seed. */
static status key_id(uint8_t out[HASH_BYTES], const ckks_secret *s, error *err)
{
    static const char label[] = "tacit ckks budget";
    const span pieces[] = {{.data = (const uint8_t *)label, .len = sizeof label},
                           {.data = s->ctx->hash, .len = HASH_BYTES},
                           {.data = s->seed, .len = PRG_SEED_BYTES}};
    return hash_sha256(out, pieces, 3, err);
}

static void put_count(uint8_t *at, uint64_t count)
{
    ckks_write64(at, count);
    ckks_write64(at + 8, ~count);
}

/* The larger of the two that are whole. */
static bool get_count(uint64_t *out, const uint8_t *at)
{
    bool found = false;
    for (size_t i = 0; i < 2; i++, at += PLACE) {
        const uint64_t count = ckks_read64(at);
        if (ckks_read64(at + 8) == ~count && (!found || count > *out)) {
            *out = count;
            found = true;
        }
    }
    return found;
}

static status begin(ckks_budget *b, const char *path, const uint8_t key[HASH_BYTES], error *err)
{
    uint8_t bytes[LENGTH] = {0};
    memcpy(bytes, magic, MAGIC_BYTES);
    memcpy(bytes + AT_KEY, key, HASH_BYTES);
    ckks_write64(bytes + AT_MOST, b->most);
    put_count(bytes + AT_COUNT, 0);
    put_count(bytes + AT_COUNT + PLACE, 0);
    if (pwrite(b->file, bytes, LENGTH, 0) != LENGTH || fsync(b->file) != 0) {
        return failed(path, err);
    }
    return OK;
}

static status check(ckks_budget *b, const char *path, const uint8_t key[HASH_BYTES], error *err)
{
    uint8_t bytes[LENGTH];
    if (pread(b->file, bytes, LENGTH, 0) != LENGTH || memcmp(bytes, magic, MAGIC_BYTES) != 0 ||
        !get_count(&b->used, bytes + AT_COUNT)) {
        return error_set(err, ERR_ARTEFACT, "%s: is no budget of decryptions", path);
    }
    if (!hash_equal(bytes + AT_KEY, key)) {
        return error_set(err, ERR_ARTEFACT, "%s: is another key's", path);
    }
    const uint64_t most = ckks_read64(bytes + AT_MOST);
    if (most != b->most) {
        return error_set(err, ERR_POLICY, "%s: was made for %llu decryptions", path,
                         (unsigned long long)most);
    }
    return OK;
}

static status open_locked(ckks_budget *b, const char *path, const uint8_t key[HASH_BYTES],
                          error *err)
{
    struct stat is;
    b->file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (b->file < 0) {
        return failed(path, err);
    }
    if (flock(b->file, LOCK_EX | LOCK_NB) != 0) {
        return error_set(err, ERR_POLICY, "%s: another process counts in it", path);
    }
    if (fstat(b->file, &is) != 0) {
        return failed(path, err);
    }
    return is.st_size == 0 ? begin(b, path, key, err) : check(b, path, key, err);
}

status ckks_budget_open(ckks_budget *out, const char *path, const ckks_secret *s, uint64_t most,
                        error *err)
{
    uint8_t key[HASH_BYTES];
    *out = (ckks_budget){.file = -1, .most = most};
    if (most < 1 || most > (uint64_t)1 << 40) {
        return error_set(err, ERR_USAGE, "%s: a budget is 1 to 2^40 decryptions", path);
    }
    TRY(key_id(key, s, err));
    const status st = open_locked(out, path, key, err);
    if (st != OK) {
        ckks_budget_close(out);
    }
    return st;
}

void ckks_budget_close(ckks_budget *b)
{
    if (b->file >= 0) {
        (void)close(b->file); /* what counts is on disk */
    }
    *b = (ckks_budget){.file = -1};
}

status ckks_budget_take(ckks_budget *b, error *err)
{
    uint8_t place[PLACE];
    CHECK(b->file >= 0);
    if (b->used >= b->most) {
        return error_set(err, ERR_POLICY, "ckks: all %llu decryptions have been given out",
                         (unsigned long long)b->most);
    }
    put_count(place, b->used + 1);
    const off_t at = AT_COUNT + (off_t)((b->used + 1) % 2) * PLACE;
    if (pwrite(b->file, place, PLACE, at) != PLACE || fdatasync(b->file) != 0) {
        return failed("budget", err);
    }
    b->used++;
    return OK;
}
