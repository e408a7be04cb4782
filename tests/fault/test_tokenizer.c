/* Tokenizers are opened and used where memory and files fail. */
#include "fault/exhaust.h"

#include "model/tokenizer.h"

static status open_and_encode(void *ctx, error *err)
{
    static const char text[] =
        "the <mask> caf\xc3\xa9 e\xcc\x81\xcc\x82 \xe6\x88\x91 [MASK] word foo_bar";
    const span bytes = {(const uint8_t *)text, sizeof text - 1};
    tokenizer *t = NULL;
    encoding e = {0};
    status st = tokenizer_open(&t, ctx, err);
    if (st == OK) {
        st = tokenizer_encode(t, &e, bytes, bytes, 20, err);
    }
    encoding_clear(&e);
    tokenizer_free(t);
    return st;
}

static void test_every_failure_is_told(void **state)
{
    (void)state;
    static const char *const names[] = {"bert-files", "bert-json", "roberta-json", "gpt2-files"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char dir[64];
        snprintf(dir, sizeof dir, "tests/vectors/tokenizer/%s", names[i]);
        print_message("%s\n", names[i]);
        for (int from = 0; from < 2; from++) {
            exhaust(open_and_encode, dir, FAULT_MEMORY, from);
            exhaust(open_and_encode, dir, FAULT_FILES, from);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_failure_is_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
