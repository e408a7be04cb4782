#include "he/wire.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "ckks/kernels.h"
#include "ckks/store_parts.h"

/* docs/formats/he.md: magic, version, fields, keys; parameters */
enum {
    MAGIC_BYTES = 16,
    FIELDS = 7,
    OFFER_HEADER = MAGIC_BYTES + 8 + 4 * FIELDS + 8,
    KEY_BYTES = 16,
    ROUND_BYTES = 16,

    MAX_LABELS = 1024
};

static const char offer_magic[MAGIC_BYTES] = "tacit he offer\n";
static const char input_magic[8] = "he input";

void he_bytes_clear(he_bytes *b)
{
    mem_free(b->data);
    *b = (he_bytes){0};
}

status he_bytes_new(he_bytes *out, size_t len, error *err)
{
    *out = (he_bytes){.data = mem_new(len, 1), .len = len};
    if (!out->data) {
        *out = (he_bytes){0};
        return error_memory(err);
    }
    return OK;
}

/* ---- Rounds: kind, limbs, first, width of the net; its numbers */

static size_t net_numbers(size_t width)
{
    return width > 0 ? width * width + 4 * width + 1 : 0;
}

static size_t net_width(const he_step *s)
{
    return s->client == HE_CLIENT_WEIGHTS ? s->attention->thex.width : 0;
}

static size_t rounds_bytes(const he_program *p)
{
    size_t bytes = 0;
    for (size_t i = 0; i < p->n; i++) {
        const he_step *s = &p->step[i];
        bytes += s->op == HE_CLIENT ? ROUND_BYTES + sizeof(float) * net_numbers(net_width(s)) : 0;
    }
    return bytes;
}

static uint8_t *floats_write(uint8_t *at, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++, at += sizeof(float)) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        ckks_write32(at, bits);
    }
    return at;
}

static uint8_t *round_write(uint8_t *at, const he_step *s, size_t n_limbs)
{
    const size_t w = net_width(s);
    ckks_write32(at, s->client);
    ckks_write32(at + 4, (uint32_t)n_limbs);
    ckks_write32(at + 8, s->valid == HE_FIRST);
    ckks_write32(at + 12, (uint32_t)w);
    at += ROUND_BYTES;
    if (w > 0) {
        const reciprocal_net *t = &s->attention->thex;
        const float *const part[] = {t->w1, t->b1, t->w2, t->b2, t->w3, t->b3};
        const size_t len[] = {w, w, w * w, w, w, 1};
        for (size_t i = 0; i < 6; i++) {
            at = floats_write(at, part[i], len[i]);
        }
    }
    return at;
}

/* The fields of a round, of which `left` bytes are there; *numbers is how many its net has. */
static status round_check(const uint8_t *at, size_t left, size_t n_limbs, size_t *numbers,
                          error *err)
{
    if (left < ROUND_BYTES) {
        return error_set(err, ERR_ARTEFACT, "he: a round is cut short");
    }
    const uint32_t kind = ckks_read32(at), width = ckks_read32(at + 12);
    TRY(ckks_field_check("round", kind, HE_CLIENT_RELU, HE_CLIENT_WEIGHTS, err));
    TRY(ckks_field_check("round's limbs", ckks_read32(at + 4), 2, n_limbs, err));
    TRY(ckks_field_check("round's first", ckks_read32(at + 8), 0, 1, err));
    TRY(ckks_field_check("round's width", width, kind == HE_CLIENT_WEIGHTS,
                         kind == HE_CLIENT_WEIGHTS ? HE_MAX_NET : 0, err));
    *numbers = net_numbers(width);
    return left - ROUND_BYTES >= *numbers * sizeof(float)
               ? OK
               : error_set(err, ERR_ARTEFACT, "he: a round's net is cut short");
}

static void round_read(he_round *r, float *net, const uint8_t *at)
{
    const size_t w = ckks_read32(at + 12), n = net_numbers(w);
    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = ckks_read32(at + ROUND_BYTES + 4 * i);
        memcpy(&net[i], &bits, sizeof bits);
    }
    *r = (he_round){.n_limbs = ckks_read32(at + 4),
                    .answer = {.kind = (he_client_kind)ckks_read32(at),
                               .first = ckks_read32(at + 8) != 0,
                               .net = {.width = w,
                                       .w1 = net,
                                       .b1 = net + w,
                                       .w2 = net + 2 * w,
                                       .b2 = net + 2 * w + w * w,
                                       .w3 = net + 3 * w + w * w,
                                       .b3 = net + 4 * w + w * w}}};
}

/* All rounds; the bytes behind them are *rest. */
static status rounds_read(he_offer *o, span in, span *rest, error *err)
{
    size_t at = 0, total = 0, numbers = 0, used = 0;
    for (size_t i = 0; i < o->n_rounds; i++, total += numbers) {
        TRY(round_check(in.data + at, in.len - at, CKKS_MAX_LIMBS, &numbers, err));
        at += ROUND_BYTES + numbers * sizeof(float);
    }
    *rest = (span){.data = in.data + at, .len = in.len - at};
    o->nets = mem_new(total + 1, sizeof *o->nets);
    if (!o->nets) {
        return error_memory(err);
    }
    at = 0;
    for (size_t i = 0; i < o->n_rounds; i++) {
        numbers = net_numbers(ckks_read32(in.data + at + 12));
        round_read(&o->round[i], o->nets + used, in.data + at);
        used += numbers;
        at += ROUND_BYTES + numbers * sizeof(float);
    }
    return OK;
}

/* Numbers of nets are finite; keys and answers fit the context. */
static status levels_check(const he_offer *o, error *err)
{
    for (size_t i = 0; i < o->n_keys; i++) {
        TRY(ckks_field_check("key's limbs", o->key[i].n_limbs, 1, o->ctx->params.n_limbs, err));
    }
    for (size_t i = 0; i < o->n_rounds; i++) {
        const he_round *r = &o->round[i];
        TRY(ckks_field_check("round's limbs", r->n_limbs, 2, o->ctx->params.n_limbs, err));
        for (size_t j = 0; j < net_numbers(r->answer.net.width); j++) {
            if (!isfinite(r->answer.net.w1[j])) {
                return error_set(err, ERR_ARTEFACT, "he: a round's net holds no number");
            }
        }
    }
    return OK;
}

/* ---- Offers */

size_t he_offer_bytes(const he_plan *p)
{
    return OFFER_HEADER + p->n_keys * KEY_BYTES + rounds_bytes(p->program) + CKKS_PARAMS_BYTES;
}

status he_offer_write(he_bytes *out, const he_plan *p, error *err)
{
    const he_shape *s = &p->program->shape;
    const size_t fields[FIELDS] = {s->dim,
                                   s->n_heads,
                                   s->tokens,
                                   s->width,
                                   p->program->model->head.n_labels,
                                   p->program->mean,
                                   p->program->n_rounds};
    CHECK(p->n_keys <= HE_MAX_KEYS && p->program->n_rounds <= HE_MAX_ROUNDS);
    TRY(he_bytes_new(out, he_offer_bytes(p), err));
    uint8_t *at = out->data;
    memcpy(at, offer_magic, MAGIC_BYTES);
    ckks_write32(at + MAGIC_BYTES, HE_WIRE_VERSION);
    at += MAGIC_BYTES + 8;
    for (size_t i = 0; i < FIELDS; i++) {
        ckks_write32(at + 4 * i, (uint32_t)fields[i]);
    }
    at += sizeof(uint32_t) * FIELDS;
    ckks_write64(at, p->n_keys);
    at += 8;
    for (size_t i = 0; i < p->n_keys; i++, at += KEY_BYTES) {
        ckks_write32(at, p->key[i].kind);
        ckks_write32(at + 4, (uint32_t)p->key[i].n_limbs);
        ckks_write64(at + 8, (uint64_t)p->key[i].turn);
    }
    for (size_t i = 0; i < p->program->n; i++) {
        const he_step *step = &p->program->step[i];
        at = step->op == HE_CLIENT ? round_write(at, step, he_limbs(p, step->depth)) : at;
    }
    ckks_context_write(at, p->ctx);
    return OK;
}

static status power_check(const char *name, uint64_t x, uint64_t low, uint64_t high, error *err)
{
    TRY(ckks_field_check(name, x, low, high, err));
    return (x & (x - 1)) == 0 ? OK
                              : error_set(err, ERR_ARTEFACT, "he: '%s' is no power of two", name);
}

static status layout_read(he_offer *o, const uint8_t *at, error *err)
{
    uint32_t f[FIELDS];
    for (size_t i = 0; i < FIELDS; i++) {
        f[i] = ckks_read32(at + 4 * i);
    }
    TRY(power_check("dim", f[0], 8, HE_MAX_DIM, err));
    TRY(power_check("heads", f[1], 1, f[0], err));
    TRY(power_check("tokens", f[2], 2, HE_MAX_TOKENS, err));
    TRY(ckks_field_check("width", f[3], HE_COPIES * f[0], HE_COPIES * f[0], err));
    TRY(ckks_field_check("labels", f[4], 1, f[0] < MAX_LABELS ? f[0] : MAX_LABELS, err));
    TRY(ckks_field_check("mean", f[5], 0, 1, err));
    TRY(ckks_field_check("rounds", f[6], 0, HE_MAX_ROUNDS, err));
    o->n_rounds = f[6];
    o->dim = f[0];
    o->n_heads = f[1];
    o->tokens = f[2];
    o->width = f[3];
    o->n_labels = f[4];
    o->mean = f[5];
    return OK;
}

static status keys_read(he_offer *o, const uint8_t *at, error *err)
{
    for (size_t i = 0; i < o->n_keys; i++, at += KEY_BYTES) {
        const uint32_t kind = ckks_read32(at), limbs = ckks_read32(at + 4);
        const uint64_t turn = ckks_read64(at + 8);
        TRY(ckks_field_check("key", kind, HE_KEY_RELINEARISE, HE_KEY_TURN, err));
        TRY(ckks_field_check("key's limbs", limbs, 1, CKKS_MAX_LIMBS, err));
        TRY(ckks_field_check("key's turn", turn, kind == HE_KEY_TURN,
                             kind == HE_KEY_TURN ? o->tokens * o->width - 1 : 0, err));
        o->key[i] = (he_key){.kind = (he_key_kind)kind, .turn = (int64_t)turn, .n_limbs = limbs};
    }
    return OK;
}

static status offer_read(he_offer *o, span in, error *err)
{
    isa level;
    if (in.len < OFFER_HEADER || memcmp(in.data, offer_magic, MAGIC_BYTES) != 0) {
        return error_set(err, ERR_ARTEFACT, "he: these bytes are no offer");
    }
    const uint32_t version = ckks_read32(in.data + MAGIC_BYTES);
    if (version != HE_WIRE_VERSION) {
        return error_set(err, ERR_PROTOCOL, "he: version %u, this program speaks %d", version,
                         HE_WIRE_VERSION);
    }
    TRY(ckks_field_check("reserved", ckks_read32(in.data + MAGIC_BYTES + 4), 0, 0, err));
    TRY(layout_read(o, in.data + MAGIC_BYTES + 8, err));
    const uint64_t n = ckks_read64(in.data + OFFER_HEADER - 8);
    TRY(ckks_field_check("keys", n, 1, HE_MAX_KEYS, err));
    o->n_keys = (size_t)n;
    const size_t keys = o->n_keys * KEY_BYTES;
    if (in.len < OFFER_HEADER + keys + CKKS_PARAMS_BYTES || in.len > HE_OFFER_MAX_BYTES) {
        return error_set(err, ERR_ARTEFACT, "he: an offer of %zu bytes", in.len);
    }
    TRY(keys_read(o, in.data + OFFER_HEADER, err));
    const span rounds = {.data = in.data + OFFER_HEADER + keys,
                         .len = in.len - OFFER_HEADER - keys};
    span params;
    TRY(rounds_read(o, rounds, &params, err));
    TRY(ckks_length_check(params, CKKS_PARAMS_BYTES, err));
    TRY(cpu_pick(&level, err));
    TRY(ckks_context_read(&o->ctx, params, ckks_kernels_for(level), err));
    TRY(levels_check(o, err));
    if (o->tokens > HE_COPIES * (o->dim / o->n_heads)) {
        return error_set(err, ERR_ARTEFACT, "he: %zu tokens for heads of %zu", o->tokens,
                         o->dim / o->n_heads);
    }
    if (o->tokens * o->width > o->ctx->n / 2) {
        return error_set(err, ERR_ARTEFACT, "he: the ring has no room for %zu tokens", o->tokens);
    }
    return OK;
}

status he_offer_read(he_offer *out, span in, error *err)
{
    memset(out, 0, sizeof *out);
    const status st = offer_read(out, in, err);
    if (st != OK) {
        he_offer_clear(out);
    }
    return st;
}

void he_offer_clear(he_offer *o)
{
    ckks_context_free(o->ctx);
    mem_free(o->nets);
    o->ctx = NULL;
    o->nets = NULL;
}

void he_input_write(uint8_t out[HE_INPUT_HEADER], size_t tokens)
{
    memcpy(out, input_magic, sizeof input_magic);
    ckks_write64(out + sizeof input_magic, tokens);
}

status he_input_read(size_t *tokens, span *cipher, span in, size_t most, error *err)
{
    if (in.len < HE_INPUT_HEADER || memcmp(in.data, input_magic, sizeof input_magic) != 0) {
        return error_set(err, ERR_ARTEFACT, "he: these bytes are no input");
    }
    const uint64_t n = ckks_read64(in.data + sizeof input_magic);
    TRY(ckks_field_check("tokens", n, 1, most, err));
    *tokens = (size_t)n;
    *cipher = (span){.data = in.data + HE_INPUT_HEADER, .len = in.len - HE_INPUT_HEADER};
    return OK;
}
