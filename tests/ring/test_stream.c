#include "test.h"

#include "base/mem.h"
#include "ring/kernels.h"
#include "ring/stream.h"

enum { MOST = 50000 };

static const uint8_t seed[PRG_SEED_BYTES] = {1, 2, 3};

static ring_stream *opened(size_t n_threads)
{
    ring_stream *s = ring_stream_new(seed, "ring test", n_threads, NULL);
    assert_non_null(s);
    return s;
}

/* A stream is the prg's bytes, unpacked. */
static void test_words_are_those_of_the_prg(void **state)
{
    (void)state;
    static uint8_t bytes[8 * MOST];
    static uint64_t got[MOST], want[MOST];
    static const struct {
        size_t n;
        unsigned bits;
    } draws[] = {{1, 1}, {9, 34}, {1000, 17}, {MOST, 50}, {0, 5}, {1024, 64}, {16384, 46}, {3, 3}};
    const ring_kernels *t = ring_kernels_nth(0);
    ring_stream *s = opened(1);
    prg *p = prg_new(seed, "ring test", NULL);
    for (size_t i = 0; i < sizeof draws / sizeof *draws; i++) {
        prg_bytes(p, bytes, ring_packed_bytes(draws[i].n, draws[i].bits));
        ring_unpack(t, want, bytes, draws[i].n, draws[i].bits);
        ring_stream_words(s, t, NULL, got, draws[i].n, draws[i].bits);
        assert_memory_equal(got, want, draws[i].n * sizeof *got);
        uint8_t mine[5];
        ring_stream_bytes(s, mine, sizeof mine);
        prg_bytes(p, bytes, sizeof mine);
        assert_memory_equal(mine, bytes, sizeof mine);
    }
    prg_free(p);
    ring_stream_free(s);
}

/* Computed with Python's hmac, the openssl command and integers of any length. */
static void test_known_words(void **state)
{
    (void)state;
    static const uint64_t want[] = {UINT64_C(0x17cff941b495e), UINT64_C(0x4436a24c0e51),
                                    UINT64_C(0xd05a4ebdd94b),  UINT64_C(0x1a7efa89fef25),
                                    UINT64_C(0x3b40a5291a8ba), UINT64_C(0xd4aa6c577413)};
    uint64_t got[6];
    ring_stream *s = opened(1);
    ring_stream_words(s, ring_kernels_nth(0), NULL, got, 6, 50);
    assert_memory_equal(got, want, sizeof want);
    ring_stream_free(s);
}

static void test_words_do_not_depend_on_threads_or_tables(void **state)
{
    (void)state;
    static uint64_t got[MOST], want[MOST];
    static const unsigned widths[] = {1, 7, 34, 50, 63, 64};
    const ring_kernels *t;
    for (size_t i = 0; (t = ring_kernels_nth(i)) != NULL; i++) {
        for (size_t n_threads = 1; n_threads <= 4; n_threads++) {
            pool *p;
            assert_int_equal(pool_new(&p, n_threads, NULL), OK);
            ring_stream *one = opened(1), *many = opened(n_threads);
            for (size_t j = 0; j < sizeof widths / sizeof *widths; j++) {
                const size_t n = MOST - 1000 * j - j; /* also from the middle of a block on */
                ring_stream_words(one, ring_kernels_nth(0), NULL, want, n, widths[j]);
                ring_stream_words(many, t, p, got, n, widths[j]);
                assert_memory_equal(got, want, n * sizeof *got);
            }
            ring_stream_free(one);
            ring_stream_free(many);
            pool_free(p);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_are_those_of_the_prg),
        cmocka_unit_test(test_known_words),
        cmocka_unit_test(test_words_do_not_depend_on_threads_or_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
