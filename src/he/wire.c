#include "he/wire.h"

#include <string.h>

#include "base/mem.h"
#include "ckks/kernels.h"
#include "ckks/store_parts.h"

/* docs/formats/he.md: magic, version, fields, keys; parameters */
enum {
    MAGIC_BYTES = 16,
    FIELDS = 6,
    OFFER_HEADER = MAGIC_BYTES + 8 + 4 * FIELDS + 8,
    KEY_BYTES = 16,
    MAX_DIM = 1024,
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

status he_offer_write(he_bytes *out, const he_plan *p, error *err)
{
    const he_shape *s = &p->program->shape;
    const size_t fields[FIELDS] = {
        s->dim,          s->n_heads, s->tokens, s->width, p->program->model->head.n_labels,
        p->program->mean};
    CHECK(p->n_keys <= HE_MAX_KEYS);
    TRY(he_bytes_new(out, OFFER_HEADER + p->n_keys * KEY_BYTES + CKKS_PARAMS_BYTES, err));
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
    TRY(power_check("dim", f[0], 8, MAX_DIM, err));
    TRY(power_check("heads", f[1], 1, f[0], err));
    TRY(power_check("tokens", f[2], 2, HE_MAX_TOKENS, err));
    TRY(ckks_field_check("width", f[3], HE_COPIES * f[0], HE_COPIES * f[0], err));
    TRY(ckks_field_check("labels", f[4], 1, f[0] < MAX_LABELS ? f[0] : MAX_LABELS, err));
    TRY(ckks_field_check("mean", f[5], 0, 1, err));
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
        TRY(ckks_field_check("key's limbs", limbs, 1, o->ctx->params.n_limbs, err));
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
    TRY(ckks_length_check(in, OFFER_HEADER + keys + CKKS_PARAMS_BYTES, err));
    TRY(cpu_pick(&level, err));
    const span params = {.data = in.data + OFFER_HEADER + keys, .len = CKKS_PARAMS_BYTES};
    TRY(ckks_context_read(&o->ctx, params, ckks_kernels_for(level), err));
    if (o->tokens * o->width > o->ctx->n / 2) {
        return error_set(err, ERR_ARTEFACT, "he: the ring has no room for %zu tokens", o->tokens);
    }
    return keys_read(o, in.data + OFFER_HEADER, err);
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
    o->ctx = NULL;
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
