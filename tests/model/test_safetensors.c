/* One safetensors file: every rule of the format, broken one at a time. */
#include "test.h"

#include "model/safetensors.h"

static uint8_t *image; /* of the file at hand, exactly as long as it is */

static span make_file(const char *header, size_t header_len, size_t data_len)
{
    free(image);
    image = calloc(8 + header_len + data_len, 1);
    assert_non_null(image);
    for (size_t i = 0; i < 8; i++) {
        image[i] = (uint8_t)(header_len >> 8 * i);
    }
    memcpy(image + 8, header, header_len);
    return (span){.data = image, .len = 8 + header_len + data_len};
}

static int tear_down(void **state)
{
    (void)state;
    free(image);
    image = NULL;
    return 0;
}

static void refuse(span file, const char *why)
{
    safetensors s;
    error err = {0};
    if (safetensors_read(&s, file, "m.safetensors", &err) != ERR_ARTEFACT) {
        fail_msg("not refused, though: %s", why);
    }
    assert_error(err, ERR_ARTEFACT, "m.safetensors", why);
    assert_null(s.tensors);
    assert_null(s.names);
}

static const struct {
    const char *header;
    size_t data;
    const char *why;
} bad[] = {
    {"", 0, "header must begin with '{'"},
    {" {}", 0, "header must begin with '{'"},
    {"[]", 0, "header must begin with '{'"},
    {"{}\n", 0, "header must end with '}' and spaces"},
    {"{} x", 0, "header must end with '}' and spaces"},
    {"{} }", 0, "not valid JSON"},
    {"{\"a\":}", 0, "not valid JSON"},
    {"{\"a\":1,\"a\":2}", 0, "duplicate key 'a'"},
    {"{\"\xff\":1}", 0, "not valid JSON"},
    {"{\"a\\u0000b\":1}", 0, "NUL in a key"},
    {"{\"__metadata__\":[]}", 0, "__metadata__ must be an object"},
    {"{\"__metadata__\":{\"format\":1}}", 0, "__metadata__: 'format' must be a string"},
    {"{\"a\":[]}", 0, "tensor 'a': must be an object"},
    {"{\"a\":{\"shape\":[],\"data_offsets\":[0,4]}}", 4, "tensor 'a': field 'dtype' is missing"},
    {"{\"a\":{\"dtype\":32,\"shape\":[],\"data_offsets\":[0,4]}}", 4,
     "tensor 'a': field 'dtype' must be a string"},
    {"{\"a\":{\"dtype\":\"F31\",\"shape\":[],\"data_offsets\":[0,4]}}", 4,
     "tensor 'a': unknown dtype 'F31'"},
    {"{\"a\":{\"dtype\":\"f32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4,
     "tensor 'a': unknown dtype 'f32'"},
    {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4,
     "tensor 'a': field 'shape' is missing"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]}}", 4,
     "tensor 'a': field 'shape' must be an array"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,-1],\"data_offsets\":[0,4]}}", 4,
     "tensor 'a': shape[1] must be a non-negative integer"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}", 4,
     "tensor 'a': shape[0] must be a non-negative integer"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[\"1\"],\"data_offsets\":[0,4]}}", 4,
     "tensor 'a': shape[0] must be a non-negative integer"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4,
     "tensor 'a': rank 9, at most 8"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0,
     "tensor 'a': the product of its shape does not fit"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}", 0,
     "tensor 'a': its size in bits does not fit"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[18446744073709551617],\"data_offsets\":[0,4]}}", 4,
     "tensor 'a': shape[0] must be a non-negative integer"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "tensor 'a': field 'data_offsets' is missing"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4]}}", 4,
     "tensor 'a': data_offsets must be two non-negative integers"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}}", 4,
     "tensor 'a': data_offsets must be two non-negative integers"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}", 4,
     "tensor 'a': data_offsets must be two non-negative integers"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4,
     "tensor 'a': data_offsets [4, 0] run backwards"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 3,
     "tensor 'a': data_offsets end at 4, the data has 3 bytes"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
     "tensor 'a': shape and dtype F32 make 64 bits, data_offsets hold 4 bytes"},
    {"{\"a\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,1]}}", 1,
     "tensor 'a': shape and dtype F4 make 12 bits"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
     "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[3,7]}}",
     7, "tensor 'b': data begin at 3, which overlaps a tensor that ends at 4"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
     "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}",
     4, "data begin at 0, which overlaps a tensor that ends at 4"},
    {"{\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[5,9]},"
     "\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}",
     9, "tensor 'b': data begin at 5, which leaves a hole that begins at 4"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[1,5]}}", 5,
     "tensor 'a': data begin at 1, which leaves a hole that begins at 0"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 6,
     "2 bytes behind the last tensor"},
    {"{}", 1, "1 bytes behind the last tensor"},
    {"{\"\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0,
     "a name has 1 to 512 bytes, this has 0"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0],\"x\":0}}", 0,
     "tensor 'a': unknown field 'x'"},
};

static void test_each_rule_has_its_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        refuse(make_file(bad[i].header, strlen(bad[i].header), bad[i].data), bad[i].why);
    }
}

static void test_lengths_that_cannot_be(void **state)
{
    (void)state;
    span f = make_file("{}", 2, 0);
    for (f.len = 0; f.len < 8; f.len++) {
        refuse(f, "bytes are too short for a safetensors file");
    }
    refuse(f, "header of 2 bytes, but only 0 follow: the file is cut short");
    f.len = 10;
    image[3] = 0x10; /* 0x10000002 */
    refuse(f, "header of 268435458 bytes, at most 100000000 are read");
    image[3] = 0;
    image[7] = 0xff;
    refuse(f, "at most 100000000 are read");
    memset(image, 0, 8);
    image[0] = 3;
    refuse(f, "but only 2 follow");
}

/* "{" + n × entry + "}", where %zu in the entry is its number. */
static char *repeat(size_t n, const char *name, size_t *len)
{
    const size_t room = n * 80 + 3;
    char *text = calloc(room, 1);
    assert_non_null(text);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        at +=
            (size_t)snprintf(text + at, room - at,
                             "%c\"%s%zu\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}",
                             i ? ',' : '{', name, i);
    }
    text[at++] = '}';
    *len = at;
    return text;
}

static void test_counts_have_limits(void **state)
{
    (void)state;
    size_t len;
    char *text = repeat(SAFETENSORS_MAX_TENSORS, "t", &len);
    safetensors s;
    assert_int_equal(safetensors_read(&s, make_file(text, len, 0), "m", NULL), OK);
    assert_int_equal(s.n, SAFETENSORS_MAX_TENSORS);
    safetensors_clear(&s);
    free(text);

    text = repeat(SAFETENSORS_MAX_TENSORS + 1, "t", &len);
    refuse(make_file(text, len, 0), "65537 tensors, at most 65536");
    free(text);

    text = malloc(3000000);
    memset(text, '[', 3000000);
    memcpy(text, "{\"a\":", 5);
    text[2999999] = '}';
    refuse(make_file(text, 3000000, 0), "header of more than 1048576 values");
    text[70] = '}';
    refuse(make_file(text, 71, 0), "nested deeper than 64");
    free(text);
}

static void test_names_have_512_bytes(void **state)
{
    (void)state;
    for (int len = 512; len <= 513; len++) {
        char header[700];
        const int n =
            snprintf(header, sizeof header,
                     "{\"%0*d\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", len, 7);
        const span f = make_file(header, (size_t)n, 0);
        safetensors s;
        if (len == 512) {
            assert_int_equal(safetensors_read(&s, f, "m", NULL), OK);
            assert_int_equal(strlen(s.tensors[0].view.name), 512);
            safetensors_clear(&s);
        } else {
            refuse(f, "a name has 1 to 512 bytes, this has 513");
        }
    }
}

static void test_what_the_format_allows(void **state)
{
    (void)state;
    static const char header[] =
        "{\"z\":{\"data_offsets\":[14,26],\"shape\":[1,3],\"dtype\":\"F32\"},"
        "\"__metadata__\":{\"format\":\"pt\",\"\":\"\"},"
        "\"empty\":{\"dtype\":\"I64\",\"shape\":[0,9223372036854775807],\"data_offsets\":[14,14]},"
        "\"half\":{\"dtype\":\"BF16\",\"shape\":[1,1,1,1,1,1,1,3],\"data_offsets\":[0,6]},"
        "\"scalar\":{\"dtype\":\"C64\",\"shape\":[],\"data_offsets\":[6,14]},"
        "\"\\u00e9\":{\"dtype\":\"F4\",\"shape\":[4],\"data_offsets\":[26,28]}}   ";
    const span f = make_file(header, strlen(header), 28);
    safetensors s;
    error err = {0};
    if (safetensors_read(&s, f, "m", &err) != OK) {
        fail_msg("%s", err.text);
    }
    static const struct {
        const char *name, *dtype;
        size_t begin, bytes, count, rank;
        bool readable;
    } want[] = {{"empty", "I64", 14, 0, 0, 2, false},
                {"half", "BF16", 0, 6, 3, 8, true},
                {"scalar", "C64", 6, 8, 1, 0, false},
                {"z", "F32", 14, 12, 3, 2, true},
                {"é", "F4", 26, 2, 4, 1, false}};
    assert_int_equal(s.n, 5);
    for (size_t i = 0; i < s.n; i++) {
        const stored_tensor *t = &s.tensors[i];
        assert_string_equal(t->view.name, want[i].name);
        assert_string_equal(t->dtype, want[i].dtype);
        assert_ptr_equal(t->view.data, f.data + f.len - 28 + want[i].begin);
        assert_int_equal(t->bytes, want[i].bytes);
        assert_int_equal(t->view.count, want[i].count);
        assert_int_equal(t->view.rank, want[i].rank);
        assert_int_equal(t->readable, want[i].readable);
    }
    safetensors_clear(&s);
}

static void test_every_dtype_has_its_size(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t bytes; /* of 8 elements */
    } types[] = {{"F64", 64},        {"F32", 32},        {"F16", 16},    {"BF16", 16},
                 {"I64", 64},        {"I32", 32},        {"I16", 16},    {"I8", 8},
                 {"U64", 64},        {"U32", 32},        {"U16", 16},    {"U8", 8},
                 {"BOOL", 8},        {"C64", 64},        {"F8_E5M2", 8}, {"F4", 4},
                 {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"F6_E2M3", 6}, {"F6_E3M2", 6},
                 {"F8_E4M3", 8},     {"F8_E8M0", 8}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char header[120];
        const int n = snprintf(header, sizeof header,
                               "{\"a\":{\"dtype\":\"%s\",\"shape\":[8],\"data_offsets\":[0,%zu]}}",
                               types[i].name, types[i].bytes);
        safetensors s;
        error err = {0};
        if (safetensors_read(&s, make_file(header, (size_t)n, types[i].bytes), "m", &err) != OK) {
            fail_msg("%s", err.text);
        }
        safetensors_clear(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_each_rule_has_its_error, tear_down),
        cmocka_unit_test_teardown(test_lengths_that_cannot_be, tear_down),
        cmocka_unit_test_teardown(test_counts_have_limits, tear_down),
        cmocka_unit_test_teardown(test_names_have_512_bytes, tear_down),
        cmocka_unit_test_teardown(test_what_the_format_allows, tear_down),
        cmocka_unit_test_teardown(test_every_dtype_has_its_size, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
