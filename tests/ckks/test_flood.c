/* Recovering a secret key from decryptions that are exact, and not from flooded ones; and the count
 * of decryptions across crashes. */
#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#include "base/mem.h"
#include "ckks/ntt.h"
#include "ckks/poly.h"
#include "support/ckks_world.h"

enum { LOG_N = 10, RUNS = 100 };

static char path[64];

/* Li and Micciancio: the decryption encoded again is c0 + c1 s, so s = (it - c0) / c1 wherever c1
 * is not 0. Returns at how many places of the NTT form that is the key. */
static size_t attack(world *w, const ckks_cipher *x, ckks_plain *decrypted)
{
    const size_t n = w->ctx->n, slots = n / 2;
    double *re = mem_new(n, sizeof *re);
    ckks_plain again;
    assert_non_null(re);
    world_ok(w, ckks_decode(&w->c, re, re + slots, decrypted));
    const ckks_encoding how = {.log_slots = LOG_N - 1, .n_limbs = 1, .scale = x->scale};
    world_ok(w, ckks_encode(&w->c, &again, re, re + slots, &how));
    const ckks_modulus *m = &w->ctx->ring->limb[w->ctx->params.n_special].m;
    const uint64_t *key = w->secret.words + w->ctx->params.n_special * n;
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        const uint64_t apart = ckks_mod_sub(m, again.words[i], x->part[0][i]);
        found += ckks_mod_mul(m, apart, ckks_mod_inverse(m, x->part[1][i])) == key[i];
    }
    ckks_plain_clear(&again);
    mem_free(re);
    return found;
}

static void test_key_recovery(void **state)
{
    world w;
    ckks_budget budget;
    const ckks_params p = world_params(LOG_N, 1, 30, 1);
    size_t exact = 0, flooded = 0;
    (void)state;
    world_begin(&w, &p, NULL, 0, false);
    (void)unlink(path);
    world_ok(&w, ckks_budget_open(&budget, path, &w.secret, RUNS, &w.err));
    const double scale = w.ctx->level[1].scale;
    const double off = ckks_noise_encrypt(w.ctx);
    const ckks_flood flood = {.noise = ckks_noise_coefficient(w.ctx, off), .bits = 10};
    for (size_t i = 0; i < RUNS; i++) {
        double complex *x = world_slots(&w, LOG_N - 1, 1, false);
        ckks_cipher a;
        ckks_plain plain;
        world_encrypt(&w, &a, x, LOG_N - 1, 1);
        assert_true(a.scale == scale);
        world_ok(&w, ckks_decrypt(&w.c, &plain, &a, &w.secret));
        exact += attack(&w, &a, &plain) == w.ctx->n;
        ckks_plain_clear(&plain);
        world_ok(&w, ckks_decrypt_shared(&w.c, &plain, &a, &w.secret, &flood, &budget));
        flooded += attack(&w, &a, &plain) > w.ctx->n / 8;
        ckks_plain_clear(&plain);
        ckks_cipher_clear(&a);
        mem_free(x);
    }
    assert_int_equal(exact, RUNS);
    assert_int_equal(flooded, 0);
    ckks_plain plain;
    ckks_cipher a = world_room(&w, 1);
    world_ok(&w, ckks_shape(&w.c, &a, 1, 2, scale, 3));
    assert_int_equal(ckks_decrypt_shared(&w.c, &plain, &a, &w.secret, &flood, &budget), ERR_POLICY);
    assert_error(w.err, ERR_POLICY, "100 decryptions");
    ckks_cipher_clear(&a);
    ckks_budget_close(&budget);
    (void)unlink(path);
    world_end(&w);
}

/* Children that take from the budget and die at once. */
static void test_the_count_survives_crashes(void **state)
{
    world w;
    ckks_budget budget;
    const ckks_params p = world_params(4, 1, 30, 1);
    (void)state;
    world_begin(&w, &p, NULL, 0, false);
    (void)unlink(path);
    for (uint64_t i = 0; i < RUNS; i++) {
        const pid_t child = fork();
        if (child == 0) {
            if (ckks_budget_open(&budget, path, &w.secret, RUNS, NULL) != OK || budget.used != i ||
                ckks_budget_take(&budget, NULL) != OK) {
                _exit(1);
            }
            _exit(0);
        }
        int how;
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_int_equal(how, 0);
    }
    world_ok(&w, ckks_budget_open(&budget, path, &w.secret, RUNS, &w.err));
    assert_int_equal(budget.used, RUNS);
    assert_int_equal(ckks_budget_take(&budget, &w.err), ERR_POLICY);
    ckks_budget other;
    assert_int_equal(ckks_budget_open(&other, path, &w.secret, RUNS, &w.err), ERR_POLICY);
    assert_error(w.err, ERR_POLICY, "another process");
    ckks_budget_close(&budget);
    assert_int_equal(ckks_budget_open(&other, path, &w.secret, RUNS + 1, &w.err), ERR_POLICY);

    ckks_secret second;
    static const uint8_t seed[PRG_SEED_BYTES] = {9};
    world_ok(&w, ckks_secret_new(&w.c, &second, seed));
    assert_int_equal(ckks_budget_open(&other, path, &second, RUNS, &w.err), ERR_ARTEFACT);
    assert_error(w.err, ERR_ARTEFACT, "another key");
    ckks_secret_clear(&second);

    /* One place torn: the other still counts. Both: nothing can be trusted. */
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    assert_int_equal(fseek(f, 64 + 16, SEEK_SET), 0);
    assert_int_equal(fwrite("torn", 1, 4, f), 4);
    assert_int_equal(fflush(f), 0);
    world_ok(&w, ckks_budget_open(&other, path, &w.secret, RUNS, &w.err));
    assert_int_equal(other.used, RUNS);
    ckks_budget_close(&other);
    assert_int_equal(fseek(f, 64, SEEK_SET), 0);
    assert_int_equal(fwrite("torn", 1, 4, f), 4);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(ckks_budget_open(&other, path, &w.secret, RUNS, &w.err), ERR_ARTEFACT);
    (void)unlink(path);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_recovery),
        cmocka_unit_test(test_the_count_survives_crashes),
    };
    snprintf(path, sizeof path, "/tmp/tacit-budget-%d", (int)getpid());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
