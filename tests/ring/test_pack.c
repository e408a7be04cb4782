#include "test.h"

#include "base/mem.h"
#include "ring/kernels.h"
#include "ring/pack.h"

/* Every table of this processor against the definition in pack.h, bit by bit. */

enum { MOST = 70, GUARD = 0xa5 };

static uint64_t random_word(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * UINT64_C(0x9e3779b97f4a7c15);
}

static size_t bytes_of(size_t n, unsigned bits)
{
    return (n * bits + 7) / 8;
}

static void pack_bit_by_bit(uint8_t *out, const uint64_t *x, size_t n, unsigned bits)
{
    memset(out, 0, bytes_of(n, bits));
    for (size_t i = 0; i < n * bits; i++) {
        out[i / 8] |= (uint8_t)((x[i / bits] >> i % bits & 1) << i % 8);
    }
}

/* The memory ends where the bytes or words do, so that sanitizers and valgrind see a step too
 * far; in front and behind stand guards. */
static void check(const ring_kernels *t, const uint64_t *x, size_t n, unsigned bits)
{
    const size_t n_bytes = bytes_of(n, bits);
    uint8_t want[MOST * 8 + 1], *packed = malloc(n_bytes + 2), *exact = malloc(n_bytes + 1);
    uint64_t *words = malloc((n + 2) * sizeof *words);
    assert_int_equal(ring_packed_bytes(n, bits), n_bytes);
    pack_bit_by_bit(want, x, n, bits);
    memset(packed, GUARD, n_bytes + 2);
    ring_pack(t, packed + 1, x, n, bits);
    if (memcmp(packed + 1, want, n_bytes) != 0) {
        fail_msg("%s: %zu words of %u bits", t->name, n, bits);
    }
    assert_int_equal(packed[0], GUARD);
    assert_int_equal(packed[n_bytes + 1], GUARD);
    memcpy(exact, want, n_bytes);
    if (n * bits % 8 != 0) {
        exact[n_bytes - 1] |= (uint8_t)(0xff << n * bits % 8); /* ignored */
    }
    words[0] = words[n + 1] = 77;
    ring_unpack(t, words + 1, exact, n, bits);
    for (size_t i = 0; i < n; i++) {
        if (words[i + 1] != (x[i] & ring_mask(bits))) {
            fail_msg("%s: word %zu of %zu of %u bits", t->name, i, n, bits);
        }
    }
    assert_true(words[0] == 77 && words[n + 1] == 77);
    free(packed);
    free(exact);
    free(words);
}

static void test_every_width_and_tail(void **state)
{
    (void)state;
    uint64_t seed = 1, x[MOST];
    for (size_t i = 0; i < MOST; i++) {
        x[i] = i % 5 == 0 ? UINT64_MAX : random_word(&seed);
    }
    const ring_kernels *t;
    for (size_t i = 0; (t = ring_kernels_nth(i)) != NULL; i++) {
        for (unsigned bits = 1; bits <= RING_MAX_BITS; bits++) {
            for (size_t n = 0; n <= MOST; n++) {
                check(t, x, n, bits);
            }
        }
    }
}

/* Every sequence of eight words of one or two bits. */
static void test_small_words_exhaustively(void **state)
{
    (void)state;
    const ring_kernels *t;
    for (size_t i = 0; (t = ring_kernels_nth(i)) != NULL; i++) {
        for (unsigned bits = 1; bits <= 2; bits++) {
            for (uint32_t all = 0; all < UINT32_C(1) << 8 * bits; all++) {
                uint64_t x[8], back[8];
                uint8_t packed[2];
                for (unsigned j = 0; j < 8; j++) {
                    x[j] = all >> j * bits & ring_mask(bits);
                }
                ring_pack(t, packed, x, 8, bits);
                assert_int_equal(packed[0] | (bits == 2 ? packed[1] << 8 : 0), all);
                ring_unpack(t, back, packed, 8, bits);
                assert_memory_equal(back, x, sizeof x);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_width_and_tail),
        cmocka_unit_test(test_small_words_exhaustively),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
