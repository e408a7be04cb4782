#define _GNU_SOURCE
#include "support/needles.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/mem.h"
#include "test.h"

enum { PIECE = 1 << 20, FILTER_BITS = 19 };

static const uint64_t MASK = UINT64_C(0x5aa55ac33ca5699b);
static const size_t MAX_REGION = (size_t)1 << 28; /* a sanitizer's own regions are larger */

typedef struct {
    uint8_t masked[NEEDLE_MAX_BYTES];
    size_t len;
    unsigned kind;
} needle;

struct needles {
    needle *list;
    size_t n, cap;
    bool sorted;
    uint8_t filter[1 << (FILTER_BITS - 3)]; /* by the first 8 bytes */
    uint8_t piece[PIECE];
};

needles *needles_new(void)
{
    needles *n = calloc(1, sizeof *n);
    assert_non_null(n);
    return n;
}

void needles_free(needles *n)
{
    free(n->list);
    free(n);
}

static void mask(uint8_t *out, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = bytes[i] ^ (uint8_t)(MASK >> 8 * (i % 8));
    }
}

static uint64_t first_of(const uint8_t *masked)
{
    uint64_t x;
    memcpy(&x, masked, sizeof x);
    return x;
}

static size_t place(uint64_t first)
{
    return (size_t)(first * UINT64_C(0x9e3779b97f4a7c15) >> (64 - FILTER_BITS));
}

void needles_add(needles *n, unsigned kind, const void *bytes, size_t len)
{
    assert_true(len >= NEEDLE_MIN_BYTES && len <= NEEDLE_MAX_BYTES && kind < NEEDLE_KINDS);
    assert_true(mem_reserve((void **)&n->list, &n->cap, n->n + 1, sizeof *n->list));
    needle *x = &n->list[n->n++];
    *x = (needle){.len = len, .kind = kind};
    mask(x->masked, bytes, len);
    const size_t at = place(first_of(x->masked));
    n->filter[at / 8] |= (uint8_t)(1 << at % 8);
    n->sorted = false;
}

size_t needles_count(const needles *n)
{
    return n->n;
}

static int by_first(const void *a, const void *b)
{
    const uint64_t x = first_of(((const needle *)a)->masked);
    const uint64_t y = first_of(((const needle *)b)->masked);
    return (x > y) - (x < y);
}

/* Those that begin as this place does. */
static void look_at(const needles *n, uint64_t first, const uint8_t *at, size_t left,
                    size_t found[NEEDLE_KINDS])
{
    size_t lo = 0, hi = n->n;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (first_of(n->list[mid].masked) < first) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    for (; lo < n->n && first_of(n->list[lo].masked) == first; lo++) {
        const needle *x = &n->list[lo];
        bool same = x->len <= left;
        for (size_t i = 8; same && i < x->len; i++) {
            same = x->masked[i] == (at[i] ^ (uint8_t)(MASK >> 8 * (i % 8)));
        }
        found[x->kind] += same;
    }
}

static void search_piece(const needles *n, size_t len, size_t found[NEEDLE_KINDS])
{
    for (size_t i = 0; i + NEEDLE_MIN_BYTES <= len; i++) {
        const uint64_t first = first_of(n->piece + i) ^ MASK;
        const size_t at = place(first);
        if (n->filter[at / 8] >> at % 8 & 1) {
            look_at(n, first, n->piece + i, len - i, found);
        }
    }
}

static void search_region(needles *n, int mem, bool own, size_t lo, size_t hi,
                          size_t found[NEEDLE_KINDS])
{
    const size_t mine = (size_t)(uintptr_t)n, end = mine + sizeof *n;
    for (size_t at = lo; at < hi; at += PIECE - NEEDLE_MAX_BYTES) {
        const ssize_t got = pread(mem, n->piece, hi - at < PIECE ? hi - at : PIECE, (off_t)at);
        if (got <= 0) {
            break;
        }
        if (own && at < end && at + (size_t)got > mine) { /* the piece itself, seen in itself */
            const size_t from = mine > at ? mine - at : 0;
            const size_t to = end - at < (size_t)got ? end - at : (size_t)got;
            memset(n->piece + from, 0, to - from);
        }
        search_piece(n, (size_t)got, found);
        mem_wipe(n->piece, sizeof n->piece);
    }
}

bool needles_search(needles *n, pid_t pid, size_t found[NEEDLE_KINDS])
{
    char path[64], line[1024];
    memset(found, 0, NEEDLE_KINDS * sizeof *found);
    const int who = (int)(pid ? pid : getpid());
    snprintf(path, sizeof path, "/proc/%d/maps", who);
    FILE *maps = fopen(path, "r");
    snprintf(path, sizeof path, "/proc/%d/mem", who);
    const int mem = open(path, O_RDONLY | O_CLOEXEC);
    if (!maps || mem < 0) {
        return false;
    }
    if (!n->sorted) {
        qsort(n->list, n->n, sizeof *n->list, by_first);
        n->sorted = true;
    }
    while (fgets(line, sizeof line, maps)) {
        size_t lo, hi;
        char access[5];
        if (sscanf(line, "%zx-%zx %4s", &lo, &hi, access) == 3 && access[0] == 'r' &&
            access[1] == 'w' && hi - lo < MAX_REGION) {
            search_region(n, mem, pid == 0, lo, hi, found);
        }
    }
    fclose(maps);
    close(mem);
    return true;
}
