/* What tokenizer.json may say, and what is refused with the field and the value. */
#include "test.h"

#include "model/tokenizer_source.h"

#define BERT_NORMALISER                                                                            \
    "{'type':'BertNormalizer','clean_text':true,'handle_chinese_chars':true,"                      \
    "'strip_accents':null,'lowercase':true}"
#define BERT_SPLIT "{'type':'BertPreTokenizer'}"
#define BYTE_SPLIT "{'type':'ByteLevel','add_prefix_space':false,'trim_offsets':true}"
#define WORDPIECE(vocab)                                                                           \
    "{'type':'WordPiece','unk_token':'[UNK]','continuing_subword_prefix':'##',"                    \
    "'max_input_chars_per_word':100,'vocab':" vocab "}"
#define VOCAB     "{'[UNK]':0,'[CLS]':1,'[SEP]':2,'a':3,'b':4,'##b':5}"
#define BPE_VOCAB "{'a':0,'b':1,'ab':2,'c':3,'abc':4,'<u>':5}"
#define BPE(more) "{'type':'BPE','vocab':" BPE_VOCAB ",'merges':['a b',['ab','c']]" more "}"

/* The sections of a document; NULL leaves one out. Single quotes stand for double ones. */
typedef struct {
    const char *normaliser, *split, *model, *post, *added;
} sections;

static char *document(const sections *s)
{
    static char out[8192];
    snprintf(out, sizeof out,
             "{'version':'1.0','truncation':null,'normalizer':%s,'pre_tokenizer':%s,'model':%s,"
             "'post_processor':%s,'added_tokens':%s}",
             s->normaliser ? s->normaliser : "null", s->split ? s->split : "null",
             s->model ? s->model : "null", s->post ? s->post : "null", s->added ? s->added : "[]");
    for (char *c = out; *c; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    return out;
}

static status open_document(tokenizer **t, const sections *s, error *err)
{
    const char *json = document(s);
    const tokenizer_source source = {.tokenizer_json = {(const uint8_t *)json, strlen(json)}};
    return tokenizer_from_source(t, &source, err);
}

static void check_refused(const sections *s, const char *field, const char *value)
{
    tokenizer *t;
    error err = {0};
    assert_int_equal(open_document(&t, s, &err), ERR_ARTEFACT);
    assert_null(t);
    assert_error(err, ERR_ARTEFACT, "tokenizer.json", field, value);
}

static void check_ids(const sections *s, const char *text, const uint32_t *ids, size_t n)
{
    tokenizer *t;
    encoding e = {0};
    error err = {0};
    if (open_document(&t, s, &err) != OK) {
        fail_msg("%s", err.text);
    }
    const span bytes = {(const uint8_t *)text, strlen(text)};
    assert_int_equal(tokenizer_encode(t, &e, bytes, (span){0}, 100, &err), OK);
    assert_int_equal(e.len, n);
    assert_memory_equal(e.ids, ids, n * sizeof *ids);
    encoding_clear(&e);
    tokenizer_free(t);
}

#define CHECK_IDS(s, text, ...)                                                                    \
    check_ids(&(s), text, (const uint32_t[]){__VA_ARGS__},                                         \
              sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static const sections bert = {BERT_NORMALISER, BERT_SPLIT, WORDPIECE(VOCAB), NULL, NULL};
static const sections bpe = {NULL, BYTE_SPLIT, BPE(""), NULL, NULL};

static void test_smallest_documents(void **state)
{
    (void)state;
    CHECK_IDS(bert, "A ab ba b", 3, 3, 5, 0, 4);
    CHECK_IDS(bpe, "abcabbcc", 4, 2, 1, 3, 3);
}

static void test_models(void **state)
{
    (void)state;
    sections s = bert;
    s.model = "{'type':'Unigram','vocab':[]}";
    check_refused(&s, "model.type", "'Unigram'");
    s.model = "{'type':'WordLevel','vocab':{}}";
    check_refused(&s, "model.type", "'WordLevel'");
    s.model = NULL;
    check_refused(&s, "'model'", "missing");
    s.model = WORDPIECE("{'a':1}");
    check_refused(&s, "model", "'[UNK]'");
    s.model = WORDPIECE("{'[UNK]':0,'a':-1}");
    check_refused(&s, "model.vocab", "'a'");
    s.model = WORDPIECE("{'[UNK]':0,'a':2097152}");
    check_refused(&s, "model.vocab", "'a'");
    s.model = WORDPIECE("{'[UNK]':0,'a':'1'}");
    check_refused(&s, "model.vocab", "'a'");
    s.model = BPE("");
    check_refused(&s, "'BPE'", "ByteLevel");
    s.split = BYTE_SPLIT;
    s.model = WORDPIECE(VOCAB);
    check_refused(&s, "'WordPiece'", "ByteLevel");
}

static void test_wordpiece_fields(void **state)
{
    (void)state;
    sections s = bert;
    s.model = "{'type':'WordPiece','unk_token':'[UNK]','continuing_subword_prefix':'##',"
              "'max_input_chars_per_word':1025,'vocab':" VOCAB "}";
    check_refused(&s, "max_input_chars_per_word", "1025");
    s.model = "{'type':'WordPiece','unk_token':'[UNK]','continuing_subword_prefix':'##',"
              "'max_input_chars_per_word':2,'vocab':" VOCAB "}";
    CHECK_IDS(s, "abb ab", 0, 3, 5);
    s.model = "{'unk_token':'b','continuing_subword_prefix':'',"
              "'max_input_chars_per_word':9,'vocab':" VOCAB "}";
    CHECK_IDS(s, "aab xa", 3, 3, 4, 4);
}

static void test_bpe_fields(void **state)
{
    (void)state;
    sections s = bpe;
    s.model = BPE(",'ignore_merges':true,'unk_token':'<u>'");
    CHECK_IDS(s, "abcx", 4, 5);
    s.model = BPE(",'unk_token':'<u>'");
    CHECK_IDS(s, "xxa", 5, 5, 0);
    s.model = BPE(",'unk_token':'<u>','fuse_unk':true");
    CHECK_IDS(s, "xxa", 5, 0);
    s.model = BPE(",'unk_token':'<v>'");
    check_refused(&s, "unk_token", "'<v>'");
    s.model = BPE(",'byte_fallback':true");
    check_refused(&s, "byte_fallback", "true");
    s.model = BPE(",'dropout':0.5");
    check_refused(&s, "dropout", "0.5");
    s.model = BPE(",'end_of_word_suffix':'</w>'");
    check_refused(&s, "end_of_word_suffix", "'</w>'");
    s.model = BPE(",'continuing_subword_prefix':'##'");
    check_refused(&s, "continuing_subword_prefix", "'##'");
}

static void test_merges(void **state)
{
    (void)state;
    sections s = bpe;
    s.model = "{'type':'BPE','vocab':" BPE_VOCAB ",'merges':['a b c']}";
    check_refused(&s, "merges[0]", "two tokens");
    s.model = "{'type':'BPE','vocab':" BPE_VOCAB ",'merges':['a b',['a','b','c']]}";
    check_refused(&s, "merges[1]", "two tokens");
    s.model = "{'type':'BPE','vocab':" BPE_VOCAB ",'merges':['a b','a x']}";
    check_refused(&s, "merges[1]", "'x'");
    s.model = "{'type':'BPE','vocab':" BPE_VOCAB ",'merges':['a c']}";
    check_refused(&s, "merges[0]", "'ac'");
    /* The later of two equal merges gives the rank, as a map in `tokenizers` does. */
    s.model = "{'type':'BPE','vocab':{'a':0,'b':1,'ab':2,'bb':3},'merges':['a b','b b','a b']}";
    CHECK_IDS(s, "abb", 0, 3);
}

static void test_normalisers(void **state)
{
    (void)state;
    sections s = bert;
    s.normaliser = "{'type':'Sequence','normalizers':[{'type':'NFD'},{'type':'StripAccents'},"
                   "{'type':'Lowercase'}]}";
    CHECK_IDS(s, "\xc3\x81", 3);
    s.normaliser = "{'type':'Precompiled','precompiled_charsmap':''}";
    check_refused(&s, "normalizer", "'Precompiled'");
    s.normaliser = "{'type':'Sequence','normalizers':[{'type':'NFKC'}]}";
    check_refused(&s, "normalizer", "'NFKC'");
    s.normaliser = "{'type':'BertNormalizer'}";
    check_refused(&s, "normalizer", "'clean_text'");
    s.normaliser = "{'type':'Sequence','normalizers':[1]}";
    check_refused(&s, "normalizer", "'type'");
}

static void test_splits(void **state)
{
    (void)state;
    sections s = bert;
    s.split = "{'type':'Sequence','pretokenizers':[{'type':'WhitespaceSplit'}]}";
    CHECK_IDS(s, "a,b a", 0, 3);
    s.split = "{'type':'Whitespace'}";
    CHECK_IDS(s, "a,b a", 3, 0, 4, 3);
    s.split = "{'type':'Metaspace','replacement':'_'}";
    check_refused(&s, "pre_tokenizer", "'Metaspace'");
    s.split = NULL;
    check_refused(&s, "pre_tokenizer", "must be there");
    s.split = "{'type':'Sequence','pretokenizers':[" BERT_SPLIT "," BERT_SPLIT "]}";
    check_refused(&s, "pre_tokenizer", "Sequence of 2");
}

static void test_post_processors(void **state)
{
    (void)state;
    sections s = bert;
    s.post = "{'type':'BertProcessing','cls':['[CLS]',1],'sep':['[SEP]',2]}";
    CHECK_IDS(s, "a", 1, 3, 2);
    s.post = "{'type':'BertProcessing','cls':['[CLS]',1],'sep':['[SEP]',77]}";
    check_refused(&s, "post_processor", "77");
    s.post = "{'type':'BertProcessing','cls':['[CLS]'],'sep':['[SEP]',2]}";
    check_refused(&s, "post_processor", "'cls'");
    s.post =
        "{'type':'TemplateProcessing','special_tokens':{'x':{'ids':[1,2]}},"
        "'single':[{'SpecialToken':{'id':'x','type_id':0}},{'Sequence':{'id':'A','type_id':0}}],"
        "'pair':[{'Sequence':{'id':'A','type_id':0}},{'Sequence':{'id':'B','type_id':1}}]}";
    CHECK_IDS(s, "a", 1, 2, 3);
    s.post = "{'type':'TemplateProcessing','special_tokens':{},"
             "'single':[{'SpecialToken':{'id':'x','type_id':0}}],'pair':[]}";
    check_refused(&s, "post_processor", "'x'");
    s.post = "{'type':'TemplateProcessing','special_tokens':{},'single':[],'pair':[]}";
    check_refused(&s, "'single'", "A alone");
    s.post = "{'type':'TemplateProcessing','special_tokens':{},"
             "'single':[{'Sequence':{'id':'C','type_id':0}}],'pair':[]}";
    check_refused(&s, "post_processor", "'C'");
    s.post = "{'type':'Magic'}";
    check_refused(&s, "post_processor", "'Magic'");
}

static void test_added_tokens(void **state)
{
    (void)state;
    sections s = bert;
    s.added = "[{'id':3,'content':'a','special':false,'single_word':true},"
              "{'id':6,'content':'<x>','special':true}]";
    CHECK_IDS(s, "ab a<x>b", 3, 5, 3, 6, 4);
    s.added = "[{'id':7,'content':'<x>'}]";
    check_refused(&s, "added_tokens[0]", "its place is 6");
    s.added = "[{'id':6,'content':'<x>'},{'id':6,'content':'<x>','lstrip':true}]";
    check_refused(&s, "added_tokens[1]", "'<x>' is there twice");
    s.added = "[{'content':'<x>'}]";
    check_refused(&s, "added_tokens[0]", "'id'");
    /* One that normalising makes empty is never found, and may be there twice like any other. */
    s.added = "[{'id':6,'content':'\\u0001'},{'id':6,'content':'\\u0001'}]";
    CHECK_IDS(s, "a\001", 3);
    s.added = "[{'id':6}]";
    check_refused(&s, "added_tokens[0]", "'content'");
    s.added = "[{'id':6,'content':''}]";
    CHECK_IDS(s, "a", 3);
}

/* before, n times middle with a comma after each, after */
static const char *repeated(const char *before, const char *middle, size_t n, const char *after)
{
    static char out[4096];
    size_t len = (size_t)snprintf(out, sizeof out, "%s", before);
    for (size_t i = 0; i < n; i++) {
        len += (size_t)snprintf(out + len, sizeof out - len, "%s", middle);
    }
    snprintf(out + len, sizeof out - len, "%s", after);
    return out;
}

static void test_limits(void **state)
{
    (void)state;
    sections s = bert;
    s.added = repeated("[{'id':6,'content':'", "x", 513, "'}]");
    check_refused(&s, "added_tokens[0]", "513 bytes");
    s.added = repeated("[{'id':6,'content':'", "x", 512, "'}]");
    CHECK_IDS(s, "a", 3);
    s = bert;
    s.normaliser =
        repeated("{'type':'Sequence','normalizers':[", "{'type':'NFD'},", 16, "{'type':'NFD'}]}");
    check_refused(&s, "normalizer", "16 steps");
    s = bert;
    s.post = repeated("{'type':'TemplateProcessing','special_tokens':{'x':{'ids':[", "1,", 32,
                      "1]}},'single':[{'SpecialToken':{'id':'x','type_id':0}}],'pair':[]}");
    check_refused(&s, "post_processor", "32 parts");
    s.post = "{'type':'TemplateProcessing','special_tokens':{},"
             "'single':[{'Sequence':{'id':'A','type_id':256}}],'pair':[]}";
    check_refused(&s, "'type_id'", "256");
    s.post =
        "{'type':'Sequence','processors':[{'type':'BertProcessing','cls':['[CLS]',1],"
        "'sep':['[SEP]',2]},{'type':'ByteLevel','trim_offsets':true,'add_prefix_space':true}]}";
    check_refused(&s, "post_processor", "'ByteLevel' behind another");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_smallest_documents),
        cmocka_unit_test(test_models),
        cmocka_unit_test(test_wordpiece_fields),
        cmocka_unit_test(test_bpe_fields),
        cmocka_unit_test(test_merges),
        cmocka_unit_test(test_normalisers),
        cmocka_unit_test(test_splits),
        cmocka_unit_test(test_post_processors),
        cmocka_unit_test(test_added_tokens),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
