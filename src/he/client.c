#include "he/client.h"

#include <string.h>

#include "base/mem.h"
#include "he/clear.h"

struct he_client {
    he_offer offer;
    ckks c;
    ckks_secret secret;
    unsigned log_slots;
    size_t tokens;    /* of the last input */
    size_t no_answer; /* rounds of the last input whose slots no model has */
};

/* What slots of a round are held to. No model's come near it, and what is as large as that can
 * always be encrypted: whether they were decides nothing that the server sees. */
static const double MOST = 0x1p20;

status he_client_new(he_client **out, span offer, const he_client_options *o, error *err)
{
    *out = NULL;
    he_client *c = mem_new(1, sizeof *c);
    if (!c) {
        return error_memory(err);
    }
    status st = he_offer_read(&c->offer, offer, err);
    st = st == OK ? ckks_open(&c->c, c->offer.ctx, o ? o->pool : NULL, err) : st;
    if (st == OK) {
        st = ckks_secret_new(&c->c, &c->secret, o ? o->seed : NULL);
    }
    if (st != OK) {
        he_client_free(c);
        return st;
    }
    c->log_slots = he_log2(c->offer.tokens * c->offer.width);
    *out = c;
    return OK;
}

void he_client_free(he_client *c)
{
    if (c) {
        ckks_secret_clear(&c->secret);
        ckks_close(&c->c);
        he_offer_clear(&c->offer);
        mem_free(c);
    }
}

const he_offer *he_client_offer(const he_client *c)
{
    return &c->offer;
}

status he_client_key(he_client *c, he_bytes *out, size_t i, error *err)
{
    const he_key *k = &c->offer.key[i];
    ckks_switch_key made = {0};
    *out = (he_bytes){0};
    CHECK(i < c->offer.n_keys);
    c->c.err = err;
    TRY(ckks_switch_key_new(&c->c, &made, &c->secret, he_key_element(c->offer.ctx, k), k->n_limbs));
    const ckks_keys one = {.key = &made, .n = 1};
    const status st = he_bytes_new(out, ckks_keys_bytes(&one), err);
    if (st == OK) {
        ckks_keys_write(out->data, &one);
    }
    ckks_switch_key_clear(&made);
    return st;
}

static status encrypt(he_client *c, ckks_cipher *z, const double *re, const double *im,
                      size_t limbs)
{
    const ckks_context *ctx = c->offer.ctx;
    const ckks_encoding how = {
        .log_slots = c->log_slots, .n_limbs = limbs, .scale = ctx->level[limbs].scale};
    ckks_plain plain;
    TRY(ckks_encode(&c->c, &plain, re, im, &how));
    status st = ckks_cipher_new(z, ctx, limbs, 2, c->c.err);
    if (st == OK) {
        st = ckks_encrypt(&c->c, z, &plain, &c->secret, NULL);
    }
    ckks_plain_clear(&plain);
    return st;
}

static he_shape shape_of(const he_offer *o)
{
    return he_shape_for(o->dim, o->n_heads, o->tokens);
}

status he_client_input(he_client *c, he_bytes *out, const float *x, size_t n, error *err)
{
    const he_shape s = shape_of(&c->offer);
    const size_t slots = (size_t)1 << c->log_slots;
    ckks_cipher z = {0};
    *out = (he_bytes){0};
    c->c.err = err;
    if (n < 1 || n > s.tokens) {
        return error_set(err, ERR_USAGE, "%zu tokens: the server takes 1 to %zu", n, s.tokens);
    }
    double *packed = mem_new(slots, sizeof *packed);
    if (!packed) {
        return error_memory(err);
    }
    he_pack(packed, &s, x, n);
    status st = encrypt(c, &z, packed, NULL, c->offer.ctx->params.n_limbs);
    mem_wipe(packed, slots * sizeof *packed);
    mem_free(packed);
    if (st == OK) {
        st = he_bytes_new(out, HE_INPUT_HEADER + ckks_cipher_bytes(&z), err);
    }
    if (st == OK) {
        he_input_write(out->data, n);
        ckks_cipher_write(out->data + HE_INPUT_HEADER, &z);
        c->tokens = n;
        c->no_answer = 0;
    }
    ckks_cipher_clear(&z);
    return st;
}

/* ---- Rounds */

/* Slots of a ciphertext of ours; `what` it is, for errors. im may be NULL. */
static status open_slots(he_client *c, double *re, double *im, span in, const char *what)
{
    ckks_cipher z;
    ckks_plain plain;
    TRY(ckks_cipher_read(&c->c, &z, in));
    status st = OK;
    if (z.log_slots != c->log_slots || z.n_parts != 2) {
        st = error_set(c->c.err, ERR_ARTEFACT, "he: a %s of 2^%u slots and %zu parts", what,
                       z.log_slots, z.n_parts);
    }
    st = st == OK ? ckks_decrypt(&c->c, &plain, &z, &c->secret) : st;
    if (st == OK) {
        st = ckks_decode(&c->c, re, im, &plain);
        ckks_plain_clear(&plain);
    }
    ckks_cipher_clear(&z);
    return st;
}

/* How many were beyond MOST, or no numbers: they become zero. */
static size_t bound(double *x, size_t n)
{
    size_t beyond = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(x[i] >= -MOST && x[i] <= MOST)) {
            x[i] = 0;
            beyond++;
        }
    }
    return beyond;
}

static status answer(he_client *c, he_bytes *out, double *re, double *im, const he_round *r)
{
    const he_shape s = shape_of(&c->offer);
    ckks_cipher z = {0};
    const size_t slots = (size_t)1 << c->log_slots;
    size_t beyond = bound(re, slots) + bound(im, slots);
    he_answer_slots(re, im, &s, c->tokens, &r->answer);
    beyond += bound(re, slots) + bound(im, slots);
    c->no_answer += beyond > 0;
    status st = encrypt(c, &z, re, im, r->n_limbs);
    st = st == OK ? he_bytes_new(out, ckks_cipher_bytes(&z), c->c.err) : st;
    if (st == OK) {
        ckks_cipher_write(out->data, &z);
    }
    ckks_cipher_clear(&z);
    return st;
}

status he_client_round(he_client *c, he_bytes *out, size_t i, span in, error *err)
{
    const size_t slots = (size_t)1 << c->log_slots;
    CHECK(i < c->offer.n_rounds);
    *out = (he_bytes){0};
    c->c.err = err;
    double *re = mem_new(2 * slots, sizeof *re);
    if (!re) {
        return error_memory(err);
    }
    status st = open_slots(c, re, re + slots, in, "message");
    st = st == OK ? answer(c, out, re, re + slots, &c->offer.round[i]) : st;
    mem_wipe(re, 2 * slots * sizeof *re);
    mem_free(re);
    return st;
}

status he_client_result(he_client *c, float *out, span in, error *err)
{
    const size_t slots = (size_t)1 << c->log_slots;
    const double divisor = c->offer.mean ? (double)c->tokens : 1;
    c->c.err = err;
    if (c->no_answer > 0) {
        return error_set(err, ERR_PRECISION, "he: values of %zu rounds are beyond any model's",
                         c->no_answer);
    }
    double *re = mem_new(slots, sizeof *re);
    if (!re) {
        return error_memory(err);
    }
    const status st = open_slots(c, re, NULL, in, "result");
    for (size_t i = 0; st == OK && i < c->offer.n_labels; i++) {
        out[i] = (float)(re[i] / divisor);
    }
    mem_wipe(re, slots * sizeof *re);
    mem_free(re);
    return st;
}
