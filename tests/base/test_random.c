#define _GNU_SOURCE
#include "test.h"

#include <openssl/sha.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/random.h"

/* The expected values were computed from the definitions in random.h with Python's hmac and the
 * openssl command. */
static prg *numbered(const char *purpose)
{
    uint8_t seed[PRG_SEED_BYTES];
    for (size_t i = 0; i < sizeof seed; i++) {
        seed[i] = (uint8_t)i;
    }
    prg *p = prg_new(seed, purpose, NULL);
    assert_non_null(p);
    return p;
}

static void assert_hex(const uint8_t *bytes, const char *hex)
{
    for (size_t i = 0; i < strlen(hex) / 2; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        assert_int_equal(bytes[i], byte);
    }
}

static void assert_hash(const void *bytes, size_t len, const char *hex)
{
    uint8_t hash[32];
    SHA256(bytes, len, hash);
    assert_hex(hash, hex);
}

static void test_stream_is_the_one_defined(void **state)
{
    (void)state;
    enum { LONG = 1000003 };
    uint8_t *bytes = mem_new(LONG, 1);
    assert_non_null(bytes);
    prg *p = numbered("");
    prg_bytes(p, bytes, 48);
    assert_hex(bytes, "105f76196add4a540ab2c8271d644169e029f52dce13d34942776563c79d9254f445ce58"
                      "2ede1a88065960c01a3f2d7a");
    prg_free(p);
    p = numbered("vector");
    prg_bytes(p, bytes, LONG);
    assert_hex(bytes, "56fdd526aa07fc5408607a4fc3329c787411dffb0b9f0f0b850c5a86efc938d40ae0b478"
                      "1b33cdf4628c0755db796ff2");
    assert_hash(bytes, LONG, "0837fae09e465b09e8583893baf6b8b7a207b8f0216465fbd68525a3d9ab4a23");
    prg_free(p);
    mem_free(bytes);
}

/* In whatever pieces: short ones, ones that end where the store of bytes ends, long ones. */
static void test_stream_is_the_same_in_pieces(void **state)
{
    (void)state;
    enum { LEN = 40000 };
    static uint8_t whole[LEN], pieces[LEN];
    prg *p = numbered("vector");
    prg_bytes(p, whole, LEN);
    prg_free(p);
    static const size_t sizes[] = {1, 0, 8, 1023, 1024, 1025, 7, 1017, 2048, 3, 5000};
    p = numbered("vector");
    size_t at = 0;
    for (size_t i = 0; at < LEN; i++) {
        size_t n = sizes[i % (sizeof sizes / sizeof *sizes)];
        n = n < LEN - at ? n : LEN - at;
        prg_bytes(p, pieces + at, n);
        at += n;
    }
    assert_memory_equal(pieces, whole, LEN);
    prg_free(p);
    p = numbered("vector");
    uint64_t w = 0;
    for (size_t i = 8; i-- > 0;) {
        w = w << 8 | whole[i];
    }
    assert_true(prg_word(p) == w);
    prg_free(p);
    prg_free(NULL);
}

/* To and fro, into the middle of blocks, and where the counter carries. */
static void test_seek_finds_every_place(void **state)
{
    (void)state;
    enum { LENGTH = 6000 };
    static uint8_t all[LENGTH], part[LENGTH];
    static const size_t at[] = {0, 1, 15, 16, 17, 1023, 1024, 1025, 4095, 4096, 4112, 5000, 0, 3};
    prg *p = numbered("seek"), *q = numbered("seek");
    prg_bytes(p, all, LENGTH);
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        const size_t lengths[] = {1, 16, 40, LENGTH - at[i]};
        for (size_t j = 0; j < 4; j++) {
            prg_seek(q, at[i]);
            prg_bytes(q, part, lengths[j]);
            assert_memory_equal(part, all + at[i], lengths[j]);
            if (at[i] + lengths[j] < LENGTH) { /* and on from there */
                prg_seek(q, at[i] + lengths[j]);
                prg_bytes(q, part, 1);
                assert_int_equal(part[0], all[at[i] + lengths[j]]);
            }
        }
    }
    prg_seek(q, (UINT64_C(1) << 40) - 100);
    prg_bytes(q, all, LENGTH);
    prg_seek(p, (UINT64_C(1) << 40) + 28);
    prg_bytes(p, part, 100);
    assert_memory_equal(part, all + 128, 100);
    prg_free(p);
    prg_free(q);
}

static void test_below_is_the_one_defined(void **state)
{
    (void)state;
    static const uint64_t n[] = {1,
                                 2,
                                 10,
                                 1000,
                                 (UINT64_C(1) << 32) + 1,
                                 (UINT64_C(1) << 63) + 1,
                                 (UINT64_C(1) << 63) + 1,
                                 (UINT64_C(1) << 63) + 1,
                                 UINT64_MAX};
    static const uint64_t expected[] = {0,
                                        1,
                                        6,
                                        501,
                                        2054568894,
                                        UINT64_C(1034712333258118467),
                                        UINT64_C(8527975825392990368),
                                        UINT64_C(2848508336318974978),
                                        UINT64_C(11833401085271237944)};
    prg *p = numbered("below");
    for (size_t i = 0; i < sizeof n / sizeof *n; i++) {
        assert_true(prg_below(p, n[i]) == expected[i]);
    }
    prg_free(p);
}

/* Where a plain remainder would hit the lower third twice as often as the rest, all thirds are hit
 * alike: 3000 draws, each third within six standard deviations of 1000. */
static void test_below_is_not_biased(void **state)
{
    (void)state;
    const uint64_t n = UINT64_C(3) << 62;
    size_t thirds[3] = {0};
    prg *p = numbered("bias");
    for (size_t i = 0; i < 3000; i++) {
        thirds[prg_below(p, n) >> 62]++;
    }
    prg_free(p);
    for (size_t i = 0; i < 3; i++) {
        assert_in_range(thirds[i], 1000 - 155, 1000 + 155);
    }
}

static void test_permutation_is_the_one_defined(void **state)
{
    (void)state;
    enum { MANY = 30000 };
    static const uint32_t expected[] = {1, 2, 10, 7, 0, 14, 4, 6, 12, 9, 13, 5, 8, 11, 15, 3};
    static uint32_t out[MANY];
    prg *p = numbered("permutation");
    prg_permutation(p, out, 16);
    assert_memory_equal(out, expected, sizeof expected);
    prg_free(p);
    p = numbered("permutation");
    prg_permutation(p, out, MANY);
    assert_hash(out, sizeof out,
                "824f4518652da418bb0cc84dc3d10f86ac9ab7cfea03db4dc63a4cf1fb38fb34");
    prg_permutation(p, out, 1);
    assert_int_equal(out[0], 0);
    prg_permutation(p, out, 0);
    prg_free(p);
}

/* All 24 orders of four things, 2400 draws: chi-square with 23 degrees of freedom stays below
 * 60, which a fair draw exceeds in 4 of 100,000 cases (and this one is always the same). */
static void test_permutations_are_equally_likely(void **state)
{
    (void)state;
    size_t seen[256] = {0};
    prg *p = numbered("orders");
    for (size_t i = 0; i < 2400; i++) {
        uint32_t q[4];
        prg_permutation(p, q, 4);
        seen[q[0] | q[1] << 2 | q[2] << 4 | q[3] << 6]++;
    }
    prg_free(p);
    double chi = 0;
    size_t kinds = 0;
    for (size_t i = 0; i < 256; i++) {
        if (seen[i]) {
            kinds++;
            chi += ((double)seen[i] - 100) * ((double)seen[i] - 100) / 100;
        }
    }
    assert_int_equal(kinds, 24);
    assert_true(chi < 60);
}

static void test_purposes_and_seeds_have_streams_of_their_own(void **state)
{
    (void)state;
    uint8_t seed[PRG_SEED_BYTES] = {0}, streams[4][32];
    static const char *const purposes[] = {"a", "b", "ab", "a"};
    for (size_t i = 0; i < 4; i++) {
        seed[31] = i == 3;
        prg *p = prg_new(seed, purposes[i], NULL);
        prg_bytes(p, streams[i], 32);
        prg_free(p);
        for (size_t j = 0; j < i; j++) {
            assert_memory_not_equal(streams[i], streams[j], 32);
        }
    }
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, 16);
}

static void assert_all_differ(uint8_t (*draws)[16], size_t n)
{
    qsort(draws, n, 16, by_bytes);
    for (size_t i = 1; i < n; i++) {
        assert_memory_not_equal(draws[i - 1], draws[i], 16);
    }
}

/* Forked after the parent has drawn already: nobody sees what another has seen. */
static void test_children_draw_bytes_of_their_own(void **state)
{
    (void)state;
    enum { CHILDREN = 100 };
    static uint8_t draws[CHILDREN + 2][16];
    assert_int_equal(random_bytes(draws[CHILDREN], 16, NULL), OK);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    for (size_t i = 0; i < CHILDREN; i++) {
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            uint8_t mine[16];
            const int right =
                random_bytes(mine, 16, NULL) == OK && write(ends[1], mine, 16) == (ssize_t)16;
            _exit(right ? 0 : 1);
        }
        int how = -1;
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_int_equal(how, 0);
        assert_int_equal(read(ends[0], draws[i], 16), 16);
    }
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(random_bytes(draws[CHILDREN + 1], 16, NULL), OK);
    assert_all_differ(draws, CHILDREN + 2);
}

enum { PER_THREAD = 1000 };

static void *draw_many(void *out)
{
    uint8_t(*draws)[16] = out;
    for (size_t i = 0; i < PER_THREAD; i++) {
        if (random_bytes(draws[i], 16, NULL) != OK) {
            return out;
        }
    }
    return NULL;
}

static void test_threads_draw_bytes_of_their_own(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    static uint8_t draws[THREADS * PER_THREAD][16];
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, draw_many, draws[i * PER_THREAD]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_all_differ(draws, THREADS * PER_THREAD);
}

/* More than the system gives at once. */
static void test_many_random_bytes(void **state)
{
    (void)state;
    static uint8_t bytes[100000];
    assert_int_equal(random_bytes(bytes, sizeof bytes, NULL), OK);
    size_t counts[256] = {0};
    for (size_t i = 0; i < sizeof bytes; i++) {
        counts[bytes[i]]++;
    }
    for (size_t i = 0; i < 256; i++) { /* mean 390; ten standard deviations */
        assert_in_range(counts[i], 390 - 198, 390 + 198);
    }
    assert_int_equal(random_bytes(NULL, 0, NULL), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stream_is_the_one_defined),
        cmocka_unit_test(test_stream_is_the_same_in_pieces),
        cmocka_unit_test(test_seek_finds_every_place),
        cmocka_unit_test(test_below_is_the_one_defined),
        cmocka_unit_test(test_below_is_not_biased),
        cmocka_unit_test(test_permutation_is_the_one_defined),
        cmocka_unit_test(test_permutations_are_equally_likely),
        cmocka_unit_test(test_purposes_and_seeds_have_streams_of_their_own),
        cmocka_unit_test(test_children_draw_bytes_of_their_own),
        cmocka_unit_test(test_threads_draw_bytes_of_their_own),
        cmocka_unit_test(test_many_random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
