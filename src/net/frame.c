#include "net/frame.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/crypto.h"
#include "base/mem.h"
#include "net/wire.h"

/* Where the fields stand. */
enum {
    AT_MAGIC = 0,
    AT_VERSION = 4,
    AT_FROM = 6,
    AT_TO = 7,
    AT_SESSION = 8,
    AT_NUMBER = 24,
    AT_LEN = 32,
    AT_OP = 40,
    AT_ZERO = 44,
    AT_SENT = 48,
    AT_PAYLOAD_TAG = 56,
    AT_TAG = 72
};

static const uint8_t magic[4] = {'T', 'A', 'C', 'F'};

/* What a tag is over: its number and this make the nonce, so that no two tags share one. */
enum { OVER_HEADER = 0, OVER_PAYLOAD = 1 };

/* The longest piece that goes to the cipher at once: its lengths are ints. */
enum { PIECE = 1 << 30 };

struct frame_key {
    EVP_CIPHER_CTX *cipher;
};

frame_key *frame_key_new(const uint8_t key[32], error *err)
{
    crypto_begin();
    frame_key *k = mem_new(1, sizeof *k);
    if (!k || !(k->cipher = EVP_CIPHER_CTX_new()) ||
        EVP_EncryptInit_ex(k->cipher, EVP_aes_256_gcm(), NULL, key, NULL) != 1) {
        frame_key_free(k);
        ERR_clear_error();
        error_memory(err);
        return NULL;
    }
    return k;
}

void frame_key_free(frame_key *k)
{
    if (k) {
        EVP_CIPHER_CTX_free(k->cipher); /* which wipes the key */
        mem_free(k);
    }
}

/* AES-GCM of nothing with the data beside it, which is GMAC. With a key in place it has nothing
 * left to fail on. */
static void mac(frame_key *k, uint8_t tag[FRAME_TAG_BYTES], uint64_t number, uint32_t over,
                const uint8_t *data, size_t len)
{
    uint8_t nonce[12], none[FRAME_TAG_BYTES];
    int n = 0;
    wire_put_u64(nonce, number);
    wire_put_u32(nonce + 8, over);
    CHECK(EVP_EncryptInit_ex(k->cipher, NULL, NULL, NULL, nonce) == 1);
    while (len > 0) {
        const int piece = len < PIECE ? (int)len : PIECE;
        CHECK(EVP_EncryptUpdate(k->cipher, NULL, &n, data, piece) == 1);
        data += piece;
        len -= (size_t)piece;
    }
    CHECK(EVP_EncryptFinal_ex(k->cipher, none, &n) == 1);
    CHECK(EVP_CIPHER_CTX_ctrl(k->cipher, EVP_CTRL_AEAD_GET_TAG, FRAME_TAG_BYTES, tag) == 1);
}

void frame_tag(frame_key *k, uint8_t tag[FRAME_TAG_BYTES], uint64_t number, const uint8_t *payload,
               size_t len)
{
    mac(k, tag, number, OVER_PAYLOAD, payload, len);
}

bool frame_same_tag(const uint8_t a[FRAME_TAG_BYTES], const uint8_t b[FRAME_TAG_BYTES])
{
    return CRYPTO_memcmp(a, b, FRAME_TAG_BYTES) == 0;
}

void frame_seal(frame_key *k, uint8_t out[FRAME_HEADER_BYTES], const frame_header *h)
{
    memcpy(out + AT_MAGIC, magic, sizeof magic);
    wire_put_u16(out + AT_VERSION, FRAME_VERSION);
    out[AT_FROM] = h->from;
    out[AT_TO] = h->to;
    memcpy(out + AT_SESSION, h->session, FRAME_SESSION_BYTES);
    wire_put_u64(out + AT_NUMBER, h->number);
    wire_put_u64(out + AT_LEN, h->len);
    wire_put_u32(out + AT_OP, h->op);
    wire_put_u32(out + AT_ZERO, 0);
    wire_put_u64(out + AT_SENT, h->sent_ns);
    memcpy(out + AT_PAYLOAD_TAG, h->payload_tag, FRAME_TAG_BYTES);
    mac(k, out + AT_TAG, h->number, OVER_HEADER, out, AT_TAG);
}

status frame_open(frame_key *k, frame_header *out, const uint8_t in[FRAME_HEADER_BYTES], error *err)
{
    if (memcmp(in + AT_MAGIC, magic, sizeof magic) != 0) {
        return error_set(err, ERR_PROTOCOL, "what came is no frame");
    }
    const unsigned version = wire_get_u16(in + AT_VERSION);
    if (version != FRAME_VERSION) {
        return error_set(err, ERR_PROTOCOL, "frames of version %u, this program has version %d",
                         version, FRAME_VERSION);
    }
    *out = (frame_header){
        .from = in[AT_FROM],
        .to = in[AT_TO],
        .number = wire_get_u64(in + AT_NUMBER),
        .len = wire_get_u64(in + AT_LEN),
        .op = wire_get_u32(in + AT_OP),
        .sent_ns = wire_get_u64(in + AT_SENT),
    };
    memcpy(out->session, in + AT_SESSION, FRAME_SESSION_BYTES);
    memcpy(out->payload_tag, in + AT_PAYLOAD_TAG, FRAME_TAG_BYTES);
    uint8_t tag[FRAME_TAG_BYTES];
    mac(k, tag, out->number, OVER_HEADER, in, AT_TAG);
    if (!frame_same_tag(tag, in + AT_TAG)) {
        return error_set(err, ERR_PROTOCOL, "a frame's header was altered on the way");
    }
    if (wire_get_u32(in + AT_ZERO) != 0 || out->len > FRAME_MAX_BYTES) {
        return error_set(err, ERR_PROTOCOL, "frame %ju has a field out of its range",
                         (uintmax_t)out->number);
    }
    return OK;
}
