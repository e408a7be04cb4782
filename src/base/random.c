#define _GNU_SOURCE
#include "base/random.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

#include "base/crypto.h"
#include "base/mem.h"

/* What is drawn ahead for small requests, and what goes to the cipher at once. */
enum { AHEAD = 1024, PIECE = 16384, BLOCK = 16 };

struct prg {
    EVP_CIPHER_CTX *cipher;
    uint64_t drawn; /* bytes that the cipher has given */
    size_t left;    /* of these, unused ones at the end of ahead */
    uint8_t ahead[AHEAD];
};

status random_bytes(void *out, size_t n, error *err)
{
    uint8_t *at = out;
    while (n > 0) {
        const ssize_t got = getrandom(at, n, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return error_set(err, ERR_RESOURCE, "no random bytes from the system: %s",
                             strerror(errno));
        }
        at += got;
        n -= (size_t)got;
    }
    return OK;
}

/* HMAC-SHA-256(seed, label purpose). False where memory is lacking. */
static bool derive_key(uint8_t key[32], const uint8_t seed[PRG_SEED_BYTES], const char *label,
                       const char *purpose)
{
    const size_t head = strlen(label), tail = strlen(purpose);
    uint8_t *data = mem_new(head + tail, 1);
    if (!data) {
        return false;
    }
    memcpy(data, label, head);
    memcpy(data + head, purpose, tail);
    unsigned len = 0;
    const bool done = HMAC(EVP_sha256(), seed, PRG_SEED_BYTES, data, head + tail, key, &len);
    mem_free(data);
    return done && len == 32;
}

static prg *make(const uint8_t seed[PRG_SEED_BYTES], const EVP_CIPHER *cipher, const char *label,
                 const char *purpose, error *err)
{
    static const uint8_t counter[16];
    uint8_t key[32];
    crypto_begin();
    prg *p = mem_new(1, sizeof *p);
    const bool ready = p && (p->cipher = EVP_CIPHER_CTX_new()) != NULL &&
                       derive_key(key, seed, label, purpose) &&
                       EVP_EncryptInit_ex(p->cipher, cipher, NULL, key, counter) == 1;
    mem_wipe(key, sizeof key);
    if (!ready) {
        prg_free(p);
        ERR_clear_error(); /* OpenSSL's own store, which others read after their failures */
        error_memory(err);
        return NULL;
    }
    return p;
}

prg *prg_new(const uint8_t seed[PRG_SEED_BYTES], const char *purpose, error *err)
{
    return make(seed, EVP_aes_256_ctr(), "tacit prg 1: ", purpose, err);
}

prg *prg_new_bulk(const uint8_t seed[PRG_SEED_BYTES], const char *purpose, error *err)
{
    return make(seed, EVP_aes_128_ctr(), "tacit prg 2: ", purpose, err);
}

void prg_free(prg *p)
{
    if (p) {
        EVP_CIPHER_CTX_free(p->cipher); /* which wipes the key */
        mem_wipe(p, sizeof *p);
        mem_free(p);
    }
}

/* The cipher's next bytes: zeros from a place that stays in the first cache, so that long requests
 * are written once. With a key in place the cipher has nothing left to fail on. */
static void draw(prg *p, uint8_t *out, size_t n)
{
    static const uint8_t zeros[PIECE];
    p->drawn += n;
    while (n > 0) {
        const int piece = n < PIECE ? (int)n : PIECE;
        int done = 0;
        CHECK(EVP_EncryptUpdate(p->cipher, out, &done, zeros, piece) == 1 && done == piece);
        out += piece;
        n -= (size_t)piece;
    }
}

void prg_bytes(prg *p, void *out, size_t n)
{
    uint8_t *at = out;
    const size_t ready = n < p->left ? n : p->left;
    uint8_t *from = p->ahead + AHEAD - p->left;
    memcpy(at, from, ready);
    mem_wipe(from, ready);
    p->left -= ready;
    at += ready;
    n -= ready;
    if (n >= AHEAD) {
        draw(p, at, n);
    } else if (n > 0) {
        draw(p, p->ahead, AHEAD);
        memcpy(at, p->ahead, n);
        mem_wipe(p->ahead, n);
        p->left = AHEAD - n;
    }
}

/* The counter in the cipher's block, as a number of 128 bits, big-endian. */
static void set_counter(prg *p, uint64_t block)
{
    uint8_t counter[BLOCK] = {0};
    for (size_t i = BLOCK; i-- > BLOCK - sizeof block; block >>= 8) {
        counter[i] = (uint8_t)block;
    }
    CHECK(EVP_EncryptInit_ex(p->cipher, NULL, NULL, NULL, counter) == 1);
}

void prg_seek(prg *p, uint64_t offset)
{
    if (offset == p->drawn - p->left) {
        return;
    }
    mem_wipe(p->ahead, sizeof p->ahead);
    p->left = 0;
    set_counter(p, offset / BLOCK);
    p->drawn = offset - offset % BLOCK;
    uint8_t skipped[BLOCK];
    prg_bytes(p, skipped, offset % BLOCK);
    mem_wipe(skipped, sizeof skipped);
}

uint64_t prg_word(prg *p)
{
    uint8_t b[8];
    prg_bytes(p, b, sizeof b);
    uint64_t w = 0;
    for (size_t i = 8; i-- > 0;) {
        w = w << 8 | b[i];
    }
    return w;
}

uint64_t prg_below(prg *p, uint64_t n)
{
    CHECK(n > 0);
    unsigned __int128 product = (unsigned __int128)prg_word(p) * n;
    if ((uint64_t)product < n) {
        const uint64_t excess = -n % n; /* 2^64 mod n */
        while ((uint64_t)product < excess) {
            product = (unsigned __int128)prg_word(p) * n;
        }
    }
    return (uint64_t)(product >> 64);
}

void prg_permutation(prg *p, uint32_t *out, size_t n)
{
    CHECK(n <= UINT32_MAX);
    for (size_t i = 0; i < n; i++) {
        out[i] = (uint32_t)i;
    }
    for (size_t i = n; i-- > 1;) {
        const size_t j = (size_t)prg_below(p, i + 1);
        const uint32_t moved = out[i];
        out[i] = out[j];
        out[j] = moved;
    }
}
