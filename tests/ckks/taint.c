/* Keys, encryption and decryption under valgrind's memcheck, with every secret marked as undefined:
 * a branch or an address that depends on one is reported as such. test_taint.sh runs it.
 *
 * Secret: seeds of keys and encryptions with all that their streams give, slots that are encoded.
 * Public: seeds that are published, what a ciphertext or key holds, and whether slots fit
 * (__wrap_ckks_reveal).
 *
 * Usage: ckks_taint [branch | address]     these commit that sin, and must be found out
 */
#include <valgrind/memcheck.h>

#include "ckks/capsule.h"
#include "ckks/ckks.h"
#include "ckks/noise_parts.h"
#include "test.h"

static void secret_bytes(const void *at, size_t bytes)
{
    (void)VALGRIND_MAKE_MEM_UNDEFINED(at, bytes);
}

static void public_bytes(const void *at, size_t bytes)
{
    (void)VALGRIND_MAKE_MEM_DEFINED(at, bytes);
}

/* ---- Where secrets come from. OpenSSL is not looked at: seeds go in as they are. */

static bool expanding; /* a stream whose seed is published */

void __real_prg_bytes(prg *p, void *out, size_t n);
void __wrap_prg_bytes(prg *p, void *out, size_t n);
void __wrap_prg_bytes(prg *p, void *out, size_t n)
{
    __real_prg_bytes(p, out, n);
    if (!expanding) {
        secret_bytes(out, n);
    }
}

status __real_ckks_expand_seed(ckks *c, uint64_t *x, const uint8_t *seed, size_t label,
                               size_t first, size_t n);
status __wrap_ckks_expand_seed(ckks *c, uint64_t *x, const uint8_t *seed, size_t label,
                               size_t first, size_t n);
status __wrap_ckks_expand_seed(ckks *c, uint64_t *x, const uint8_t *seed, size_t label,
                               size_t first, size_t n)
{
    expanding = true;
    const status st = __real_ckks_expand_seed(c, x, seed, label, first, n);
    expanding = false;
    return st;
}

/* ---- Where they become public */

status __real_ckks_seed_derive(ckks *c, uint8_t *out, const uint8_t *seed, const char *purpose);
status __wrap_ckks_seed_derive(ckks *c, uint8_t *out, const uint8_t *seed, const char *purpose);
status __wrap_ckks_seed_derive(ckks *c, uint8_t *out, const uint8_t *seed, const char *purpose)
{
    const status st = __real_ckks_seed_derive(c, out, seed, purpose);
    public_bytes(out, PRG_SEED_BYTES);
    return st;
}

bool __real_ckks_reveal(bool x);
bool __wrap_ckks_reveal(bool x);
bool __wrap_ckks_reveal(bool x)
{
    public_bytes(&x, sizeof x);
    return x;
}

/* ---- The sins */

static enum { CLEAN, BRANCH, ADDRESS } asked;
static volatile size_t committed;

static void commit(const uint64_t *word)
{
    static volatile size_t table[16];
    if (asked == BRANCH && (*word & 1)) {
        committed = committed + 1;
    }
    if (asked == ADDRESS) {
        committed = table[*word & 15];
    }
}

/* Marks must still be there: else nothing would be tested. */
static void still_marked(const void *at, const char *what)
{
    uint64_t bits = 0;
    if (RUNNING_ON_VALGRIND && (VALGRIND_GET_VBITS(at, &bits, sizeof bits) != 1 || !bits)) {
        fprintf(stderr, "%s is no longer marked\n", what);
        exit(3);
    }
}

static void need(status st, const error *err)
{
    if (st != OK) {
        fprintf(stderr, "%s\n", err->text);
        exit(2);
    }
}

enum { LOG_N = 8, SLOTS = 1 << (LOG_N - 1) };

static void decrypt(ckks *c, const ckks_cipher *x, const ckks_secret *s, error *err)
{
    double re[SLOTS], im[SLOTS];
    ckks_plain plain;
    need(ckks_decrypt(c, &plain, x, s), err);
    still_marked(plain.words, "a decryption");
    need(ckks_decode(c, re, im, &plain), err);
    still_marked(re, "a slot");
    ckks_plain_clear(&plain);
}

static void encrypt(ckks *c, const ckks_secret *s, error *err)
{
    double re[SLOTS] = {0.5}, im[SLOTS] = {0.25};
    static const uint8_t seed[PRG_SEED_BYTES] = {4};
    ckks_cipher x;
    ckks_plain plain;
    ckks_public_key k;
    const ckks_encoding how = {
        .log_slots = LOG_N - 1, .n_limbs = 2, .scale = c->ctx->level[2].scale};
    secret_bytes(re, sizeof re);
    secret_bytes(im, sizeof im);
    need(ckks_encode(c, &plain, re, im, &how), err);
    still_marked(plain.words, "a plaintext");
    need(ckks_cipher_new(&x, c->ctx, 2, 2, err), err);
    need(ckks_encrypt(c, &x, &plain, s, seed), err);
    still_marked(x.part[0], "a ciphertext that is not yet published");
    decrypt(c, &x, s, err);
    need(ckks_public_key_new(c, &k, s), err);
    need(ckks_encrypt_public(c, &x, &plain, &k, seed), err);
    decrypt(c, &x, s, err);
    ckks_public_key_clear(&k);
    ckks_plain_clear(&plain);
    ckks_cipher_clear(&x);
}

int main(int argc, char **argv)
{
    static const int64_t steps[] = {1};
    static const uint8_t seed[PRG_SEED_BYTES] = {5};
    static const ckks_params params = {.log_n = LOG_N,
                                       .n_limbs = 3,
                                       .base_bits = 50,
                                       .scale_bits = 40,
                                       .special_bits = 50,
                                       .n_special = 2,
                                       .alpha = 2,
                                       .insecure = true};
    ckks_context *ctx;
    ckks c;
    ckks_secret s;
    ckks_keys keys;
    ckks_capsule capsule;
    isa level;
    error err = {0};
    asked = argc < 2 ? CLEAN : strcmp(argv[1], "branch") == 0 ? BRANCH : ADDRESS;
    need(cpu_pick(&level, &err), &err);
    need(ckks_context_new(&ctx, &params, ckks_kernels_for(level), &err), &err);
    need(ckks_open(&c, ctx, NULL, &err), &err);
    need(ckks_secret_new(&c, &s, seed), &err);
    still_marked(s.words, "a secret key");
    commit(s.words);
    need(ckks_keys_new(&c, &keys, &s, steps, 1, true, 3), &err);
    still_marked(keys.key[0].words, "a key that is not yet published");
    need(ckks_capsule_new(&c, &capsule, &s), &err);
    still_marked(capsule.in.words[0], "a key of a sparse secret");
    encrypt(&c, &s, &err);
    ckks_capsule_clear(&capsule);
    ckks_keys_clear(&keys);
    ckks_secret_clear(&s);
    ckks_close(&c);
    ckks_context_free(ctx);
    return 0;
}
