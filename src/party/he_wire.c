#include "party/he_wire.h"

#include <string.h>

#include "net/wire.h"

enum { MAX_LAYERS = 1 << 16 };

/* Two numbers, the second zero. */
static void write_one(uint8_t *out, size_t x)
{
    wire_put_u32(out, (uint32_t)x);
    wire_put_u32(out + 4, 0);
}

static status read_one(size_t *x, const uint8_t *in, size_t most, const char *name, error *err)
{
    *x = wire_get_u32(in);
    if (*x > most || wire_get_u32(in + 4) != 0) {
        return error_set(err, ERR_PROTOCOL, "he: '%s' is %zu, at most %zu", name, *x, most);
    }
    return OK;
}

void he_ask_write(uint8_t out[HE_ASK_BYTES], size_t tokens)
{
    write_one(out, tokens);
}

status he_ask_read(size_t *tokens, const uint8_t in[HE_ASK_BYTES], error *err)
{
    TRY(read_one(tokens, in, UINT16_MAX, "tokens", err));
    return *tokens > 0 ? OK : error_set(err, ERR_PROTOCOL, "he: an input of no tokens");
}

void he_refuse_write(uint8_t out[HE_REFUSE_BYTES], const he_shortage *s)
{
    wire_put_u64(out, s->need);
    wire_put_u64(out + 8, s->limit);
}

he_shortage he_refuse_read(const uint8_t in[HE_REFUSE_BYTES])
{
    return (he_shortage){.need = wire_get_u64(in), .limit = wire_get_u64(in + 8)};
}

void he_place_write(uint8_t out[HE_OFFER_HEADER], size_t place)
{
    write_one(out, place);
}

status he_place_read(size_t *place, span *offer, span in, error *err)
{
    if (in.len < HE_OFFER_HEADER) {
        return error_set(err, ERR_PROTOCOL, "he: an offer of %zu bytes", in.len);
    }
    TRY(read_one(place, in.data, HE_PLACES - 1, "place", err));
    *offer = (span){.data = in.data + HE_OFFER_HEADER, .len = in.len - HE_OFFER_HEADER};
    return OK;
}

void he_keys_write(uint8_t out[HE_KEYS_BYTES], const he_key_set *k)
{
    wire_put_u32(out, (uint32_t)k->place);
    wire_put_u32(out + 4, k->keep);
    memcpy(out + 8, k->name, HASH_BYTES);
}

status he_keys_read(he_key_set *k, const uint8_t in[HE_KEYS_BYTES], error *err)
{
    const uint32_t place = wire_get_u32(in), keep = wire_get_u32(in + 4);
    if (place >= HE_PLACES || keep > 1) {
        return error_set(err, ERR_PROTOCOL, "he: keys of place %u, kept %u", place, keep);
    }
    *k = (he_key_set){.place = place, .keep = keep == 1};
    memcpy(k->name, in + 8, HASH_BYTES);
    return OK;
}

void he_wanted_write(uint8_t out[HE_WANTED_BYTES], size_t n)
{
    write_one(out, n);
}

status he_wanted_read(size_t *n, const uint8_t in[HE_WANTED_BYTES], size_t of, error *err)
{
    TRY(read_one(n, in, of, "keys wanted", err));
    return *n == 0 || *n == of
               ? OK
               : error_set(err, ERR_PROTOCOL, "he: %zu keys of %zu are wanted", *n, of);
}

void he_progress_write(uint8_t out[HE_PROGRESS_BYTES], const he_step_done *p)
{
    wire_put_u32(out, p->done);
    wire_put_u32(out + 4, p->total);
    write_one(out + 8, p->left_ms);
}

status he_progress_read(he_step_done *p, const uint8_t in[HE_PROGRESS_BYTES], error *err)
{
    size_t done, left;
    const size_t total = wire_get_u32(in + 4);
    done = wire_get_u32(in);
    TRY(read_one(&left, in + 8, UINT32_MAX, "time left", err));
    if (total > MAX_LAYERS || done < 1 || done >= total) {
        return error_set(err, ERR_PROTOCOL, "he: %zu layers of %zu are done", done, total);
    }
    *p =
        (he_step_done){.done = (uint32_t)done, .total = (uint32_t)total, .left_ms = (uint32_t)left};
    return OK;
}
