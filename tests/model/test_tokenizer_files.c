/* vocab.txt, vocab.json and merges.txt, and the configuration beside them. */
#include "test.h"

#include "model/tokenizer_source.h"

static span of(const char *s)
{
    return (span){(const uint8_t *)s, strlen(s)};
}

#define BERT "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nA\n##b\ne\n"

static void check_refused(const tokenizer_source *s, const char *file, const char *why)
{
    tokenizer *t;
    error err = {0};
    if (tokenizer_from_source(&t, s, &err) == OK) {
        fail_msg("opened, although %s: %s", file, why);
    }
    assert_error(err, ERR_ARTEFACT, file, why);
}

static void check_ids(const tokenizer_source *s, const char *text, const uint32_t *ids, size_t n)
{
    tokenizer *t;
    encoding e = {0};
    error err = {0};
    if (tokenizer_from_source(&t, s, &err) != OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(tokenizer_encode(t, &e, of(text), (span){0}, 100, &err), OK);
    assert_int_equal(e.len, n);
    assert_memory_equal(e.ids, ids, n * sizeof *ids);
    encoding_clear(&e);
    tokenizer_free(t);
}

#define CHECK_IDS(s, text, ...)                                                                    \
    check_ids(&(s), text, (const uint32_t[]){__VA_ARGS__},                                         \
              sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void test_lines_of_vocab_txt(void **state)
{
    (void)state;
    tokenizer_source s = {.vocab_txt = of("[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\n[MASK]\r\nab \t")};
    CHECK_IDS(s, "ab", 2, 5, 3);
    s.vocab_txt = of(BERT "a"); /* the later of two equal lines counts */
    CHECK_IDS(s, "a", 2, 9, 3);
    s.vocab_txt = of(BERT "\n\nx\n");
    CHECK_IDS(s, "x", 2, 11, 3);
    s.vocab_txt = of("[CLS]\n[SEP]\n");
    check_refused(&s, "vocab.txt", "'[UNK]'");
    s.vocab_txt = of("");
    check_refused(&s, "vocab.txt", "'[UNK]'");
    s.vocab_txt = of("[UNK]\n\xc3\n");
    check_refused(&s, "vocab.txt", "byte 6");
}

static void test_special_tokens_that_are_no_lines_come_behind(void **state)
{
    (void)state;
    tokenizer_source s = {.vocab_txt = of("[UNK]\na\n")};
    CHECK_IDS(s, "a [MASK]", 4, 1, 5, 2); /* after sep 2, pad 3 */
}

static void test_settings_of_tokenizer_config(void **state)
{
    (void)state;
    tokenizer_source s = {.vocab_txt = of(BERT), .tokenizer_config = of("{}")};
    CHECK_IDS(s, "A \xc3\x89", 2, 5, 8, 3);
    s.tokenizer_config = of("{\"do_lower_case\":false}");
    CHECK_IDS(s, "A \xc3\xa9", 2, 6, 1, 3);
    s.tokenizer_config = of("{\"do_lower_case\":false,\"strip_accents\":true}");
    CHECK_IDS(s, "A \xc3\xa9", 2, 6, 8, 3);
    s.tokenizer_config = of("{\"strip_accents\":false}");
    CHECK_IDS(s, "A \xc3\xa9", 2, 5, 1, 3);
    s.tokenizer_config = of("{\"do_lower_case\":1}");
    check_refused(&s, "tokenizer_config.json", "'do_lower_case'");
    s.tokenizer_config = of("{\"model_max_length\":-5}");
    check_refused(&s, "tokenizer_config.json", "'model_max_length'");
    s.tokenizer_config = of("{\"cls_token\":null}");
    check_refused(&s, "tokenizer_config.json", "cls_token");
    s.tokenizer_config = of("{\"unk_token\":null}");
    check_refused(&s, "tokenizer_config.json", "unk_token");
    s.tokenizer_config = of("{\"cls_token\":5}");
    check_refused(&s, "tokenizer_config.json", "'cls_token'");
}

static void test_longest_input(void **state)
{
    (void)state;
    const struct {
        const char *config;
        size_t limit;
    } cases[] = {{"{}", SIZE_MAX},
                 {"{\"model_max_length\":512}", 512},
                 {"{\"model_max_length\":512.0}", 512},
                 {"{\"model_max_length\":null}", SIZE_MAX},
                 {"{\"model_max_length\":1000000000000000019884624838656}", SIZE_MAX}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const tokenizer_source s = {.vocab_txt = of(BERT), .tokenizer_config = of(cases[i].config)};
        tokenizer *t;
        assert_int_equal(tokenizer_from_source(&t, &s, NULL), OK);
        assert_int_equal(tokenizer_max_tokens(t), cases[i].limit);
        tokenizer_free(t);
    }
}

static void test_added_tokens_of_every_file(void **state)
{
    (void)state;
    tokenizer_source s = {.vocab_txt = of(BERT)};
    s.special_tokens_map = of("{\"sep_token\":{\"content\":\"e\",\"lstrip\":true},"
                              "\"additional_special_tokens\":[\"<x>\",{\"content\":\"<y>\"}]}");
    CHECK_IDS(s, "a<y><x>", 2, 5, 10, 9, 8);
    s.added_tokens = of("{\"<z>\":10,\"<x>\":9}");
    CHECK_IDS(s, "<z><x>", 2, 10, 9, 8);
    s.added_tokens = of("{\"<z>\":9,\"<x>\":11}");
    check_refused(&s, "added_tokens.json", "its place is 10");
    s.added_tokens = of("{\"<z>\":\"9\"}");
    check_refused(&s, "added_tokens.json", "'<z>'");
    /* added_tokens_decoder makes the two older files void. */
    s.tokenizer_config = of("{\"added_tokens_decoder\":{\"10\":{\"content\":\"<x>\"},"
                            "\"9\":{\"content\":\"<y>\",\"special\":true}}}");
    CHECK_IDS(s, "<z>a<x>", 2, 1, 1, 1, 5, 10, 3);
    s.tokenizer_config = of("{\"added_tokens_decoder\":{\"10\":{\"content\":\"\"}}}");
    CHECK_IDS(s, "a", 2, 5, 3);
    s.tokenizer_config = of("{\"added_tokens_decoder\":{\"9x\":{\"content\":\"<x>\"}}}");
    check_refused(&s, "tokenizer_config.json", "'9x'");
    s.tokenizer_config = of("{\"added_tokens_decoder\":{\"9\":{}}}");
    check_refused(&s, "tokenizer_config.json", "'content'");
}

#define GPT2 "{\"a\":0,\"b\":1,\"ab\":2,\"\\u0120\":3,\"<|endoftext|>\":4}"
#define ROBERTA                                                                                    \
    "{\"<s>\":0,\"</s>\":1,\"<unk>\":2,\"<pad>\":3,\"<mask>\":4,\"a\":5,\"b\":6,\"ab\":7}"

static void test_merges_txt(void **state)
{
    (void)state;
    tokenizer_source s = {.vocab_json = of(GPT2), .merges_txt = of("#version: 0.2\na b\n")};
    CHECK_IDS(s, "ab <|endoftext|>", 2, 3, 4);
    s.merges_txt = of("a b\r\n");
    CHECK_IDS(s, "aba", 2, 0);
    s.merges_txt = of("");
    CHECK_IDS(s, "ab", 0, 1);
    s.merges_txt = of("#version: 0.2\nab\n");
    check_refused(&s, "merges.txt: line 2", "two tokens");
    s.merges_txt = of("a b\nb a\n");
    check_refused(&s, "merges.txt: line 2", "'ba'");
    s.vocab_json = of("[]");
    check_refused(&s, "vocab.json", "object");
    s.merges_txt = (span){0};
    check_refused(&s, "no tokenizer", "tokenizer.json");
}

static void test_family_of_a_bpe_vocabulary(void **state)
{
    (void)state;
    tokenizer_source s = {.vocab_json = of(ROBERTA), .merges_txt = of("a b\n")};
    CHECK_IDS(s, "ab<mask>", 0, 7, 4, 1);
    s.tokenizer_config = of("{\"tokenizer_class\":\"GPT2TokenizerFast\"}");
    CHECK_IDS(s, "ab", 7);
    s.vocab_json = of(GPT2);
    CHECK_IDS(s, "ab", 2);
    s.tokenizer_config = of("{\"tokenizer_class\":\"RobertaTokenizer\"}");
    CHECK_IDS(s, "ab", 5, 2, 6); /* <s> and </s> are added */
    s.tokenizer_config = of("{\"tokenizer_class\":\"Qwen2Tokenizer\"}");
    check_refused(&s, "tokenizer_class", "'Qwen2Tokenizer'");
    s = (tokenizer_source){.vocab_txt = of(BERT)};
    s.tokenizer_config = of("{\"tokenizer_class\":\"DistilBertTokenizerFast\"}");
    CHECK_IDS(s, "a", 2, 5, 3);
    s.tokenizer_config = of("{\"tokenizer_class\":\"BertJapaneseTokenizer\"}");
    check_refused(&s, "tokenizer_class", "'BertJapaneseTokenizer'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_of_vocab_txt),
        cmocka_unit_test(test_special_tokens_that_are_no_lines_come_behind),
        cmocka_unit_test(test_settings_of_tokenizer_config),
        cmocka_unit_test(test_longest_input),
        cmocka_unit_test(test_added_tokens_of_every_file),
        cmocka_unit_test(test_merges_txt),
        cmocka_unit_test(test_family_of_a_bpe_vocabulary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
