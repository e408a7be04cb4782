#include "test.h"

#include "model/vocab.h"

static span of(const char *s)
{
    return (span){(const uint8_t *)s, strlen(s)};
}

static void test_finds_what_was_added_and_nothing_else(void **state)
{
    (void)state;
    vocab v = {0};
    char name[32];
    for (uint32_t i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "t%u", i);
        assert_int_equal(vocab_add(&v, of(name), 3 * i, NULL), OK);
    }
    assert_int_equal(v.n, 5000);
    assert_int_equal(v.end, 3 * 4999 + 1);
    for (uint32_t i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "t%u", i);
        assert_int_equal(vocab_find(&v, of(name)), 3 * i);
        assert_string_equal(vocab_token(&v, 3 * i), name);
        assert_null(vocab_token(&v, 3 * i + 1));
    }
    assert_int_equal(vocab_find(&v, of("t5000")), VOCAB_NONE);
    assert_int_equal(vocab_find(&v, of("")), VOCAB_NONE);
    vocab_clear(&v);
}

static void test_a_string_added_again_moves_to_the_new_id(void **state)
{
    (void)state;
    vocab v = {0};
    assert_int_equal(vocab_add(&v, of("a"), 0, NULL), OK);
    assert_int_equal(vocab_add(&v, of("a"), 7, NULL), OK);
    assert_int_equal(vocab_find(&v, of("a")), 7);
    assert_null(vocab_token(&v, 0));
    assert_string_equal(vocab_token(&v, 7), "a");
    assert_int_equal(v.n, 1);
    vocab_clear(&v);
}

static void test_strings_may_hold_any_bytes(void **state)
{
    (void)state;
    vocab v = {0};
    assert_int_equal(vocab_add(&v, (span){(const uint8_t *)"a\0b", 3}, 1, NULL), OK);
    assert_int_equal(vocab_add(&v, (span){(const uint8_t *)"a\0c", 3}, 2, NULL), OK);
    assert_int_equal(vocab_add(&v, (span){NULL, 0}, 3, NULL), OK);
    assert_int_equal(vocab_find(&v, (span){(const uint8_t *)"a\0b", 3}), 1);
    assert_int_equal(vocab_find(&v, (span){(const uint8_t *)"a\0c", 3}), 2);
    assert_int_equal(vocab_find(&v, of("a")), VOCAB_NONE);
    assert_int_equal(vocab_find(&v, of("")), 3);
    vocab_clear(&v);
}

static void test_limits_are_errors(void **state)
{
    (void)state;
    vocab v = {0};
    error err = {0};
    static const uint8_t long_token[VOCAB_MAX_TOKEN + 1];
    assert_int_equal(vocab_add(&v, (span){long_token, VOCAB_MAX_TOKEN}, 0, &err), OK);
    assert_int_equal(vocab_add(&v, (span){long_token, VOCAB_MAX_TOKEN + 1}, 1, &err), ERR_ARTEFACT);
    assert_non_null(strstr(err.text, "4097 bytes"));
    assert_int_equal(vocab_add(&v, of("x"), VOCAB_MAX_ID, &err), ERR_ARTEFACT);
    assert_non_null(strstr(err.text, "'x'"));
    vocab_clear(&v);
}

enum { STAGES = 11, BLOCK = 6, TABLE = 1 << 20 };

static uint32_t hash_block(uint32_t hash, uint32_t block)
{
    for (unsigned i = 0; i < BLOCK; i++) {
        hash = vocab_hash_byte(hash, (uint8_t)('a' + (block >> 5 * i & 31)));
    }
    return hash;
}

/* Two blocks that lead from one hash to the same one: by birthday, after some 10^5 tries. */
static void find_collision(uint32_t *hash, uint32_t blocks[2])
{
    uint32_t *seen = calloc(TABLE, sizeof *seen); /* block + 1 by hash; later ones replace */
    assert_non_null(seen);
    for (uint32_t i = 0;; i++) {
        assert_true(i < 1u << 24);
        const uint32_t block = i * 0x9E3779B1u >> 2;
        const uint32_t h = hash_block(*hash, block);
        uint32_t *slot = &seen[h % TABLE];
        if (*slot && hash_block(*hash, *slot - 1) == h) {
            blocks[0] = *slot - 1;
            blocks[1] = block;
            *hash = h;
            break;
        }
        *slot = block + 1;
    }
    free(seen);
}

/* 2^11 strings of one hash, each a choice of one of two blocks at eleven places. */
static void test_strings_made_to_collide_are_refused(void **state)
{
    (void)state;
    uint32_t hash = vocab_hash_start(), blocks[STAGES][2];
    for (size_t i = 0; i < STAGES; i++) {
        find_collision(&hash, blocks[i]);
    }
    vocab v = {0};
    error err = {0};
    status st = OK;
    for (uint32_t id = 0; st == OK; id++) {
        uint8_t token[STAGES * BLOCK];
        assert_true(id < 1u << STAGES);
        for (size_t i = 0; i < sizeof token; i++) {
            const uint32_t block = blocks[i / BLOCK][id >> i / BLOCK & 1];
            token[i] = (uint8_t)('a' + (block >> 5 * (i % BLOCK) & 31));
        }
        st = vocab_add(&v, (span){token, sizeof token}, id, &err);
    }
    assert_error(err, ERR_ARTEFACT, "collide");
    assert_true(v.n > 1000);
    vocab_clear(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_what_was_added_and_nothing_else),
        cmocka_unit_test(test_a_string_added_again_moves_to_the_new_id),
        cmocka_unit_test(test_strings_may_hold_any_bytes),
        cmocka_unit_test(test_limits_are_errors),
        cmocka_unit_test(test_strings_made_to_collide_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
