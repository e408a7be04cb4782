/* A whole life of ciphertexts where memory fails: every failure is told, and nothing is held. */
#define _GNU_SOURCE
#include "fault/exhaust.h"

#include <unistd.h>

#include "base/mem.h"
#include "ckks/ckks.h"

enum { LIMBS = 6, SLOTS = 4, LOG_SLOTS = 2 };

typedef struct {
    ckks_context *ctx;
    ckks c;
    ckks_secret secret;
    ckks_public_key public_key;
    ckks_keys keys, again;
    ckks_plain plain, decrypted;
    ckks_cipher x, y, z, value[2];
    ckks_matrix matrix;
    ckks_function function;
    ckks_budget budget;
    uint8_t *bytes;
} life;

static void end(life *l)
{
    ckks_budget_close(&l->budget);
    mem_free(l->bytes);
    ckks_function_clear(&l->function);
    ckks_matrix_clear(&l->matrix);
    for (size_t i = 0; i < 2; i++) {
        ckks_cipher_clear(&l->value[i]);
    }
    ckks_cipher_clear(&l->x);
    ckks_cipher_clear(&l->y);
    ckks_cipher_clear(&l->z);
    ckks_plain_clear(&l->plain);
    ckks_plain_clear(&l->decrypted);
    ckks_keys_clear(&l->keys);
    ckks_keys_clear(&l->again);
    ckks_public_key_clear(&l->public_key);
    ckks_secret_clear(&l->secret);
    ckks_close(&l->c);
    ckks_context_free(l->ctx);
}

static status begin(life *l, error *err)
{
    static const ckks_params params = {.log_n = 3,
                                       .n_limbs = LIMBS,
                                       .base_bits = 50,
                                       .scale_bits = 40,
                                       .special_bits = 50,
                                       .n_special = 3,
                                       .alpha = 3,
                                       .insecure = true};
    static const uint8_t seed[PRG_SEED_BYTES] = {1};
    static const int64_t steps[] = {1, 2, 3};
    TRY(ckks_context_new(&l->ctx, &params, ckks_kernels_for(ISA_REF), err));
    TRY(ckks_open(&l->c, l->ctx, NULL, err));
    TRY(ckks_secret_new(&l->c, &l->secret, seed));
    TRY(ckks_public_key_new(&l->c, &l->public_key, &l->secret));
    return ckks_keys_new(&l->c, &l->keys, &l->secret, steps, 3, true, LIMBS);
}

static status encrypt(life *l, error *err)
{
    static const double slots[SLOTS] = {0.5, 0.75, 1, 0.625};
    const ckks_encoding how = {
        .log_slots = LOG_SLOTS, .n_limbs = LIMBS, .scale = l->ctx->level[LIMBS].scale};
    TRY(ckks_encode(&l->c, &l->plain, slots, NULL, &how));
    TRY(ckks_cipher_new(&l->x, l->ctx, LIMBS, 2, err));
    TRY(ckks_cipher_new(&l->z, l->ctx, LIMBS, 2, err));
    TRY(ckks_encrypt_public(&l->c, &l->x, &l->plain, &l->public_key, NULL));
    return ckks_encrypt(&l->c, &l->x, &l->plain, &l->secret, NULL);
}

static status evaluate(life *l, error *err)
{
    static const double one[SLOTS] = {1, 2, 3, 4};
    static const ckks_diagonal diagonals[] = {{.k = 0, .re = one}, {.k = 3, .re = one}};
    static const ckks_step steps[] = {{.op = CKKS_PLAN_INPUT, .size = 1},
                                      {.op = CKKS_PLAN_PLAIN, .size = 4, .re = one}};
    ckks_planned plan[2];
    TRY(ckks_rotate(&l->c, &l->z, &l->x, 1, &l->keys));
    TRY(ckks_multiply(&l->c, &l->z, &l->z, &l->x, &l->keys));
    TRY(ckks_adjust(&l->c, &l->z, &l->z, 2));
    TRY(ckks_matrix_new(&l->c, &l->matrix, diagonals, 2, LOG_SLOTS, LIMBS, 2));
    TRY(ckks_matrix_apply(&l->c, &l->z, &l->x, &l->matrix, &l->keys));
    TRY(ckks_function_new(&l->function, CKKS_INVERSE, 0.5, 1, 5, err));
    TRY(ckks_function_apply(&l->c, &l->z, &l->x, &l->function, &l->keys));
    TRY(ckks_plan(l->ctx, plan, steps, 2, 1, err));
    return ckks_plan_run(&l->c, l->value, steps, plan, 2, LOG_SLOTS, &l->x, &l->keys);
}

static status store(life *l, error *err)
{
    const size_t len = ckks_keys_bytes(&l->keys), own = ckks_cipher_bytes(&l->x);
    l->bytes = mem_new(len + own, 1);
    if (!l->bytes) {
        return error_memory(err);
    }
    ckks_keys_write(l->bytes, &l->keys);
    ckks_cipher_write(l->bytes + len, &l->x);
    TRY(ckks_keys_read(&l->c, &l->again, (span){.data = l->bytes, .len = len}));
    return ckks_cipher_read(&l->c, &l->y, (span){.data = l->bytes + len, .len = own});
}

static status decrypt(life *l, error *err)
{
    double re[SLOTS], im[SLOTS];
    char path[64];
    const ckks_flood flood = {.noise = 100, .bits = 20};
    snprintf(path, sizeof path, "/tmp/tacit-fault-budget-%d", (int)getpid());
    TRY(ckks_budget_open(&l->budget, path, &l->secret, (uint64_t)1 << 40, err));
    TRY(ckks_decrypt_shared(&l->c, &l->decrypted, &l->y, &l->secret, &flood, &l->budget));
    return ckks_decode(&l->c, re, im, &l->decrypted);
}

static status live(void *ctx, error *err)
{
    life l = {.budget = {.file = -1}};
    (void)ctx;
    status st = begin(&l, err);
    st = st == OK ? encrypt(&l, err) : st;
    st = st == OK ? evaluate(&l, err) : st;
    st = st == OK ? store(&l, err) : st;
    st = st == OK ? decrypt(&l, err) : st;
    end(&l);
    return st;
}

static void test_every_failure_is_told(void **state)
{
    char path[64];
    (void)state;
    exhaust(live, NULL, FAULT_MEMORY, false);
    exhaust(live, NULL, FAULT_MEMORY, true);
    snprintf(path, sizeof path, "/tmp/tacit-fault-budget-%d", (int)getpid());
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_failure_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
