/* Files and messages: what is written is read again, and nothing else is. */
#include <math.h>

#include "test.h"

#include "base/mem.h"
#include "support/ckks_world.h"

typedef struct {
    uint8_t *bytes;
    size_t len;
} blob;

static world w;
static blob params, cipher, fresh, public_key, keys, secret_key;

static blob blob_new(size_t len)
{
    const blob b = {.bytes = mem_new(len, 1), .len = len};
    assert_non_null(b.bytes);
    return b;
}

static span span_of(const blob *b)
{
    return (span){.data = b->bytes, .len = b->len};
}

static int begin(void **state)
{
    static const int64_t steps[] = {1, 3};
    const ckks_params p = world_params(5, 3, 40, 2);
    (void)state;
    world_begin(&w, &p, steps, 2, true);
    double complex *x = world_slots(&w, 4, 1, false);
    ckks_cipher a, b = world_room(&w, 3);
    ckks_public_key k;
    world_encrypt(&w, &a, x, 4, 3);
    world_ok(&w, ckks_add(&w.c, &b, &a, &a));
    world_ok(&w, ckks_public_key_new(&w.c, &k, &w.secret));
    fresh = blob_new(ckks_cipher_bytes(&a));
    ckks_cipher_write(fresh.bytes, &a);
    cipher = blob_new(ckks_cipher_bytes(&b));
    ckks_cipher_write(cipher.bytes, &b);
    public_key = blob_new(ckks_public_key_bytes(w.ctx));
    ckks_public_key_write(public_key.bytes, &k);
    keys = blob_new(ckks_keys_bytes(&w.keys));
    ckks_keys_write(keys.bytes, &w.keys);
    secret_key = blob_new(CKKS_SECRET_BYTES);
    ckks_secret_write(secret_key.bytes, &w.secret);
    params = blob_new(CKKS_PARAMS_BYTES);
    ckks_context_write(params.bytes, w.ctx);
    ckks_public_key_clear(&k);
    ckks_cipher_clear(&a);
    ckks_cipher_clear(&b);
    mem_free(x);
    return 0;
}

static int end(void **state)
{
    blob *const all[] = {&params, &cipher, &fresh, &public_key, &keys, &secret_key};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        mem_free(all[i]->bytes);
    }
    world_end(&w);
    return 0;
}

typedef status reader(span in);

static status read_cipher(span in)
{
    ckks_cipher x;
    TRY(ckks_cipher_read(&w.c, &x, in));
    blob again = blob_new(ckks_cipher_bytes(&x));
    ckks_cipher_write(again.bytes, &x);
    assert_int_equal(again.len, in.len);
    assert_memory_equal(again.bytes, in.data, in.len);
    mem_free(again.bytes);
    ckks_cipher_clear(&x);
    return OK;
}

static status read_public_key(span in)
{
    ckks_public_key x;
    TRY(ckks_public_key_read(&w.c, &x, in));
    ckks_public_key_clear(&x);
    return OK;
}

static status read_keys(span in)
{
    ckks_keys x;
    TRY(ckks_keys_read(&w.c, &x, in));
    blob again = blob_new(ckks_keys_bytes(&x));
    ckks_keys_write(again.bytes, &x);
    assert_memory_equal(again.bytes, in.data, in.len);
    for (size_t i = 0; i < x.n && i < w.keys.n; i++) {
        assert_memory_equal(x.key[i].words, w.keys.key[i].words,
                            ckks_switch_key_bytes(w.ctx, x.key[i].n_limbs));
    }
    mem_free(again.bytes);
    ckks_keys_clear(&x);
    return OK;
}

static status read_secret(span in)
{
    ckks_secret x;
    TRY(ckks_secret_read(&w.c, &x, in));
    assert_memory_equal(x.words, w.secret.words, w.ctx->n * sizeof *x.words);
    ckks_secret_clear(&x);
    return OK;
}

static status read_params(span in)
{
    ckks_context *x;
    isa level;
    TRY(cpu_pick(&level, &w.err));
    TRY(ckks_context_read(&x, in, ckks_kernels_for(level), &w.err));
    ckks_context_free(x);
    return OK;
}

static void test_what_is_written_is_read(void **state)
{
    (void)state;
    world_ok(&w, read_cipher(span_of(&cipher)));
    world_ok(&w, read_cipher(span_of(&fresh)));
    world_ok(&w, read_public_key(span_of(&public_key)));
    world_ok(&w, read_keys(span_of(&keys)));
    world_ok(&w, read_secret(span_of(&secret_key)));
    assert_true(fresh.len < cipher.len * 6 / 10); /* half, and a seed */
}

/* len bytes of x's at `at` set to those of a number, little-endian. */
static size_t refused;

static void refuse(reader *read, const blob *x, size_t at, size_t len, uint64_t value, size_t cut)
{
    uint8_t *copy = mem_new(x->len + 64, 1);
    assert_non_null(copy);
    memcpy(copy, x->bytes, x->len);
    for (size_t i = 0; i < len; i++) {
        copy[at + i] = (uint8_t)(value >> 8 * i);
    }
    w.err = (error){0};
    const status st =
        read((span){.data = copy, .len = cut == SIZE_MAX ? x->len + 1 : x->len - cut});
    if (st != ERR_ARTEFACT && st != ERR_PROTOCOL && st != ERR_POLICY) {
        fail_msg("byte %zu as %llx, %zu cut off: %d %s", at, (unsigned long long)value, cut, st,
                 w.err.text);
    }
    assert_int_equal(w.err.code, st);
    assert_true(w.err.text[0] != 0);
    mem_free(copy);
    refused++;
}

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

enum { AT = CKKS_STORE_HEADER };

static void refuse_headers(reader *read, const blob *x, bool has_hash)
{
    refuse(read, x, 0, 1, 'T', 0);
    refuse(read, x, 10, 1, ' ', 0);
    refuse(read, x, 15, 1, 1, 0);
    refuse(read, x, 16, 4, 0, 0);
    refuse(read, x, 16, 4, 2, 0);
    refuse(read, x, 20, 4, 0, 0);
    refuse(read, x, 20, 4, 99, 0);
    refuse(read, x, 24, 8, 1, 0);
    if (has_hash) {
        refuse(read, x, 32, 1, x->bytes[32] ^ 1u, 0);
        refuse(read, x, 63, 1, x->bytes[63] ^ 128u, 0);
    }
    refuse(read, x, 0, 0, 0, 1);
    refuse(read, x, 0, 0, 0, x->len);
    refuse(read, x, 0, 0, 0, x->len - AT);
    refuse(read, x, 0, 0, 0, SIZE_MAX);
}

static void test_ciphertexts_refused(void **state)
{
    static const double scales[] = {0, -1, 0.5, 0x1p-1060, 0x1p201, INFINITY, -INFINITY, NAN};
    static const uint64_t limbs[] = {0, 1, 2, 4, 64, 0xffffffff},
                          parts[] = {0, 1, 3, 4, 0xffffffff};
    (void)state;
    refuse_headers(read_cipher, &cipher, true);
    refuse_headers(read_cipher, &fresh, true);
    for (size_t i = 0; i < 6; i++) {
        refuse(read_cipher, &cipher, AT, 4, limbs[i], 0);
    }
    for (size_t i = 0; i < 5; i++) {
        refuse(read_cipher, &cipher, AT + 4, 4, parts[i], 0);
        refuse(read_cipher, &fresh, AT + 4, 4, parts[i], 0);
    }
    refuse(read_cipher, &cipher, AT + 8, 4, 5, 0);
    refuse(read_cipher, &cipher, AT + 8, 4, 0xffffffff, 0);
    refuse(read_cipher, &cipher, AT + 12, 4, 1, 0);
    refuse(read_cipher, &cipher, AT + 12, 4, 2, 0);
    refuse(read_cipher, &fresh, AT + 12, 4, 0, 0);
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        refuse(read_cipher, &cipher, AT + 16, 8, bits_of(scales[i]), 0);
    }
    /* A residue of ones only, in the first and in the last limb. */
    refuse(read_cipher, &cipher, AT + 24, 8, UINT64_MAX, 0);
    refuse(read_cipher, &cipher, cipher.len - 8, 8, UINT64_MAX, 0);
    refuse(read_cipher, &fresh, fresh.len - 8, 8, UINT64_MAX, 0);
}

static void test_keys_refused(void **state)
{
    (void)state;
    refuse_headers(read_public_key, &public_key, true);
    refuse(read_public_key, &public_key, AT + 32, 8, UINT64_MAX, 0);
    refuse_headers(read_secret, &secret_key, true);
    refuse_headers(read_keys, &keys, true);
    refuse(read_keys, &keys, AT, 8, 0, 0);
    refuse(read_keys, &keys, AT, 8, 3, 0);
    refuse(read_keys, &keys, AT, 8, 5, 0);
    refuse(read_keys, &keys, AT, 8, UINT64_MAX, 0);
    refuse(read_keys, &keys, AT + 8, 8, 2, 0);
    refuse(read_keys, &keys, AT + 8, 8, 64, 0);
    refuse(read_keys, &keys, AT + 8, 8, 65, 0);
    refuse(read_keys, &keys, AT + 8, 8, 63, 0); /* the last one: all behind it fall */
    refuse(read_keys, &keys, AT + 8, 8, UINT64_MAX, 0);
    refuse(read_keys, &keys, AT + 16, 4, 0, 0);
    refuse(read_keys, &keys, AT + 16, 4, 2, 0);
    refuse(read_keys, &keys, AT + 16, 4, 4, 0);
    refuse(read_keys, &keys, AT + 16, 4, 0xffffffff, 0);
    refuse(read_keys, &keys, AT + 20, 4, 1, 0);
    refuse(read_keys, &keys, AT + 8 + 48, 8, UINT64_MAX, 0);
    refuse(read_keys, &keys, keys.len - 8, 8, UINT64_MAX, 0);
}

static void test_parameters_refused(void **state)
{
    static const uint64_t bad[7][3] = {{3, 9, 18},  {0, 65, 1000000}, {19, 39, 51}, {0, 19, 50},
                                       {0, 39, 51}, {0, 2, 33},       {0, 4, 1000}};
    (void)state;
    refuse(read_params, &params, 0, 0, 0, 0); /* as it is: too small a ring to be secure */
    blob real = blob_new(CKKS_PARAMS_BYTES);
    ckks_context *x;
    const ckks_params p = {.log_n = 12,
                           .n_limbs = 2,
                           .base_bits = 36,
                           .scale_bits = 30,
                           .special_bits = 38,
                           .n_special = 1,
                           .alpha = 1};
    isa level;
    world_ok(&w, cpu_pick(&level, &w.err));
    world_ok(&w, ckks_context_new(&x, &p, ckks_kernels_for(level), &w.err));
    ckks_context_write(real.bytes, x);
    ckks_context_free(x);
    world_ok(&w, read_params(span_of(&real)));
    refuse_headers(read_params, &real, true);
    for (size_t i = 0; i < 7; i++) {
        for (size_t j = 0; j < 3; j++) {
            refuse(read_params, &real, AT + 4 * i, 4, bad[i][j], 0);
        }
    }
    refuse(read_params, &real, AT + 28, 4, 1, 0);
    refuse(read_params, &real, AT, 4, 11, 0);      /* not secure */
    refuse(read_params, &real, AT + 12, 4, 31, 0); /* another hash */
    mem_free(real.bytes);
    assert_true(refused >= 60);
    print_message("%zu hostile cases refused\n", refused);
}

/* Any one byte of a ciphertext changed: refused, or read as what it then says. */
static void test_every_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < fresh.len; i++) {
        for (unsigned flip = 1; flip < 256; flip *= 4) {
            fresh.bytes[i] ^= (uint8_t)flip;
            const status st = read_cipher(span_of(&fresh));
            assert_true(st == OK || st == ERR_ARTEFACT || st == ERR_PROTOCOL);
            assert_true(i >= 64 || st != OK);
            fresh.bytes[i] ^= (uint8_t)flip;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_ciphertexts_refused),
        cmocka_unit_test(test_keys_refused),
        cmocka_unit_test(test_parameters_refused),
        cmocka_unit_test(test_every_byte),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
