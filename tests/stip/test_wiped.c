/* After a key is cleared, and after a model has been protected, no permutation is left anywhere in
 * the memory of the process. */
#define _GNU_SOURCE
#include "test.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/model.h"
#include "stip/owner.h"
#include "stip/protect.h"
#include "support/model_fixture.h"
#include "support/scratch.h"

enum { MASK = 0x5a, NEEDLE_BYTES = 128, PIECE = 1 << 20 };

static const size_t MAX_REGION = (size_t)1 << 28; /* a sanitizer's own regions are larger */

static const uint8_t seed[STIP_SEED_BYTES] = "another seed of the developer ..";

/* A list as it lies in memory, masked so that the search does not find itself. */
typedef struct {
    uint8_t masked[NEEDLE_BYTES];
} needle;

static needle needle_of(const uint32_t *list)
{
    needle n;
    const uint8_t *b = (const uint8_t *)list;
    for (size_t i = 0; i < NEEDLE_BYTES; i++) {
        n.masked[i] = b[i] ^ MASK;
    }
    return n;
}

static bool found_at(const needle *n, const uint8_t *at)
{
    for (size_t i = 0; i < NEEDLE_BYTES; i++) {
        if ((at[i] ^ MASK) != n->masked[i]) {
            return false;
        }
    }
    return true;
}

static size_t count_in(const needle *n, const uint8_t *b, size_t len)
{
    size_t found = 0;
    for (size_t i = 0; i + NEEDLE_BYTES <= len; i++) {
        found += (b[i] ^ MASK) == n->masked[0] && found_at(n, b + i);
    }
    return found;
}

/* Pieces overlap, so that nothing hides between two of them. The copy is wiped. */
static size_t count_region(const needle *n, int mem, size_t lo, size_t hi)
{
    static uint8_t piece[PIECE];
    size_t found = 0;
    for (size_t at = lo; at < hi; at += PIECE - NEEDLE_BYTES) {
        const ssize_t got = pread(mem, piece, hi - at < PIECE ? hi - at : PIECE, (off_t)at);
        if (got <= 0) {
            break;
        }
        const bool own = at < (size_t)piece + PIECE && at + (size_t)got > (size_t)piece;
        found += own ? 0 : count_in(n, piece, (size_t)got);
        mem_wipe(piece, sizeof piece);
    }
    return found;
}

static size_t count_everywhere(const needle *n)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    const int mem = open("/proc/self/mem", O_RDONLY);
    assert_true(maps && mem >= 0);
    char line[1024];
    size_t found = 0;
    while (fgets(line, sizeof line, maps)) {
        size_t lo, hi;
        char access[5];
        if (sscanf(line, "%zx-%zx %4s", &lo, &hi, access) == 3 && access[0] == 'r' &&
            access[1] == 'w' && hi - lo < MAX_REGION) {
            found += count_region(n, mem, lo, hi);
        }
    }
    fclose(maps);
    close(mem);
    return found;
}

static void test_no_list_is_left(void **state)
{
    (void)state;
#ifdef __SANITIZE_THREAD__
    skip(); /* gigabytes of ThreadSanitizer's own notes would be searched for minutes */
#endif
    char *dir = scratch_new(), *src = model_fixture_dir("bert-sequence");
    char *dst = scratch_path(dir, "dst"), *at = scratch_path(dir, "owner");
    model *m;
    stip_permutations *p;
    assert_int_equal(model_open(&m, src, NULL), OK);
    assert_int_equal(stip_draw(&p, m, seed, NULL), OK);
    const needle lists[] = {needle_of(p->hidden), needle_of(p->layers[0].query),
                            needle_of(p->layers[1].value), needle_of(p->layers[1].inner)};
    enum { LISTS = sizeof lists / sizeof *lists };
    for (size_t i = 0; i < LISTS; i++) {
        assert_true(count_everywhere(&lists[i]) >= 1); /* the search finds what is there */
    }
    stip_permutations_free(p);
    model_free(m);
    for (size_t i = 0; i < LISTS; i++) {
        assert_int_equal(count_everywhere(&lists[i]), 0);
    }

    assert_int_equal(stip_protect(src, dst, at, seed, NULL), OK);
    for (size_t i = 0; i < LISTS; i++) {
        assert_int_equal(count_everywhere(&lists[i]), 0);
    }

    stip_owner o;
    assert_int_equal(stip_owner_open(&o, at, NULL), OK);
    assert_true(count_everywhere(&lists[0]) >= 1);
    for (size_t i = 1; i < LISTS; i++) { /* the owner's key has no inner ones */
        assert_int_equal(count_everywhere(&lists[i]), 0);
    }
    stip_owner_close(&o);
    assert_int_equal(count_everywhere(&lists[0]), 0);

    scratch_remove(dir);
    free(src);
    free(dst);
    free(at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_list_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
