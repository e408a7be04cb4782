/* Known answers of tools/make_ckks_vectors.py, which computes with plain integers: the same bytes.
 */
#include "test.h"

#include "base/mem.h"
#include "support/ckks_world.h"

enum { MAX_LINE = 1 << 16 };

static const char path[] = "tests/vectors/ckks/small.txt";

/* The bytes of the line that begins with a name. */
static uint8_t *read_line(const char *name, size_t *len)
{
    char *line = mem_new(MAX_LINE, 1);
    uint8_t *out = mem_new(MAX_LINE, 1);
    FILE *f = fopen(path, "r");
    const size_t head = strlen(name);
    assert_non_null(f);
    assert_non_null(line);
    assert_non_null(out);
    while (fgets(line, MAX_LINE, f)) {
        if (strncmp(line, name, head) != 0 || line[head] != ' ') {
            continue;
        }
        unsigned byte;
        *len = 0;
        for (const char *at = line + head + 1; sscanf(at, "%2x", &byte) == 1; at += 2) {
            out[(*len)++] = (uint8_t)byte;
        }
        break;
    }
    (void)fclose(f);
    mem_free(line);
    assert_true(*len > 0);
    return out;
}

static void same_bytes(const char *name, const uint8_t *bytes, size_t len)
{
    size_t wanted_len = 0;
    uint8_t *wanted = read_line(name, &wanted_len);
    assert_int_equal(len, wanted_len);
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != wanted[i]) {
            fail_msg("%s: byte %zu is %02x, wanted %02x", name, i, bytes[i], wanted[i]);
        }
    }
    mem_free(wanted);
}

static void same_cipher(const char *name, const ckks_cipher *x)
{
    uint8_t *bytes = mem_new(ckks_cipher_bytes(x), 1);
    assert_non_null(bytes);
    ckks_cipher_write(bytes, x);
    same_bytes(name, bytes, ckks_cipher_bytes(x));
    mem_free(bytes);
}

static void encrypt(ckks *c, ckks_cipher *x, const double *re, const double *im,
                    const ckks_secret *s, uint8_t byte)
{
    const ckks_encoding how = {.log_slots = 2, .n_limbs = 3, .scale = c->ctx->level[3].scale};
    uint8_t seed[PRG_SEED_BYTES];
    ckks_plain plain;
    memset(seed, byte, sizeof seed);
    assert_int_equal(ckks_encode(c, &plain, re, im, &how), OK);
    assert_int_equal(ckks_cipher_new(x, c->ctx, 3, 2, c->err), OK);
    assert_int_equal(ckks_encrypt(c, x, &plain, s, seed), OK);
    ckks_plain_clear(&plain);
}

static void known_answers(isa level)
{
    static const ckks_params params = {.log_n = 3,
                                       .n_limbs = 3,
                                       .base_bits = 30,
                                       .scale_bits = 25,
                                       .special_bits = 34,
                                       .n_special = 2,
                                       .alpha = 2,
                                       .insecure = true};
    static const double left[2][4] = {{0.5, -0.25, 0, -0.75}, {0, 0.5, 0.125, 0}};
    static const double right[2][4] = {{0.75, 0.5, -0.5, 0.25}, {-0.25, 0, 0, 0.25}};
    static const int64_t steps[] = {1};
    uint8_t master[PRG_SEED_BYTES];
    ckks_context *ctx;
    ckks c;
    error err;
    ckks_secret s;
    ckks_keys keys;
    ckks_cipher x, y, z;
    for (size_t i = 0; i < sizeof master; i++) {
        master[i] = (uint8_t)(i + 1);
    }
    assert_int_equal(ckks_context_new(&ctx, &params, ckks_kernels_for(level), &err), OK);
    assert_int_equal(ckks_open(&c, ctx, NULL, &err), OK);
    assert_int_equal(ckks_secret_new(&c, &s, master), OK);
    assert_int_equal(ckks_keys_new(&c, &keys, &s, steps, 1, false, 3), OK);
    assert_int_equal(ckks_cipher_new(&z, ctx, 3, 2, &err), OK);
    encrypt(&c, &x, left[0], left[1], &s, 7);
    encrypt(&c, &y, right[0], right[1], &s, 8);
    same_cipher("x", &x);
    same_cipher("y", &y);
    uint8_t *bytes = mem_new(ckks_keys_bytes(&keys), 1);
    assert_non_null(bytes);
    ckks_keys_write(bytes, &keys);
    same_bytes("keys", bytes, ckks_keys_bytes(&keys));
    mem_free(bytes);
    assert_int_equal(ckks_rotate(&c, &z, &x, 1, &keys), OK);
    same_cipher("rotated", &z);
    assert_int_equal(ckks_multiply(&c, &z, &x, &y, &keys), OK);
    same_cipher("product", &z);
    ckks_cipher_clear(&x);
    ckks_cipher_clear(&y);
    ckks_cipher_clear(&z);
    ckks_keys_clear(&keys);
    ckks_secret_clear(&s);
    ckks_close(&c);
    ckks_context_free(ctx);
}

static void test_known_answers(void **state)
{
    (void)state;
    for (isa level = ISA_REF; level <= cpu_best(); level++) {
        known_answers(level);
    }
}

/* A larger ring: the same ciphertexts and products from every instruction set, by their hash. */
static void test_every_instruction_set(void **state)
{
    uint8_t hash[2][HASH_BYTES];
    (void)state;
    for (isa level = ISA_REF; level <= cpu_best(); level++) {
        static const int64_t steps[] = {3};
        static const uint8_t seed[PRG_SEED_BYTES] = {6};
        const ckks_params p = world_params(11, 6, 44, 2);
        world w = {.state = 12345};
        world_ok(&w, ckks_context_new(&w.ctx, &p, ckks_kernels_for(level), &w.err));
        world_ok(&w, ckks_open(&w.c, w.ctx, NULL, &w.err));
        world_ok(&w, ckks_secret_new(&w.c, &w.secret, seed));
        world_ok(&w, ckks_keys_new(&w.c, &w.keys, &w.secret, steps, 1, true, 6));
        double complex *x = world_slots(&w, 10, 1, false);
        ckks_cipher a, z = world_room(&w, 6);
        world_encrypt(&w, &a, x, 10, 6);
        world_ok(&w, ckks_rotate(&w.c, &z, &a, 3, &w.keys));
        world_ok(&w, ckks_multiply(&w.c, &z, &z, &a, &w.keys));
        world_ok(&w, ckks_conjugate(&w.c, &z, &z, &w.keys));
        const size_t bytes = z.n_limbs * w.ctx->n * sizeof(uint64_t);
        const span parts[] = {{.data = (const uint8_t *)z.part[0], .len = bytes},
                              {.data = (const uint8_t *)z.part[1], .len = bytes}};
        world_ok(&w, hash_sha256(hash[level > ISA_REF], parts, 2, &w.err));
        if (level > ISA_REF) {
            assert_memory_equal(hash[0], hash[1], HASH_BYTES);
        }
        mem_free(x);
        ckks_cipher_clear(&a);
        ckks_cipher_clear(&z);
        world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_every_instruction_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
