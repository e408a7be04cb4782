/** Numbers as they go over the wire: little-endian, byte by byte, whatever the machine. */
#ifndef TACIT_NET_WIRE_H
#define TACIT_NET_WIRE_H

#include <stdint.h>

static inline void wire_put_u16(uint8_t *out, uint16_t x)
{
    out[0] = (uint8_t)x;
    out[1] = (uint8_t)(x >> 8);
}

static inline void wire_put_u32(uint8_t *out, uint32_t x)
{
    wire_put_u16(out, (uint16_t)x);
    wire_put_u16(out + 2, (uint16_t)(x >> 16));
}

static inline void wire_put_u64(uint8_t *out, uint64_t x)
{
    wire_put_u32(out, (uint32_t)x);
    wire_put_u32(out + 4, (uint32_t)(x >> 32));
}

static inline uint16_t wire_get_u16(const uint8_t *in)
{
    return (uint16_t)(in[0] | in[1] << 8);
}

static inline uint32_t wire_get_u32(const uint8_t *in)
{
    return wire_get_u16(in) | (uint32_t)wire_get_u16(in + 2) << 16;
}

static inline uint64_t wire_get_u64(const uint8_t *in)
{
    return wire_get_u32(in) | (uint64_t)wire_get_u32(in + 4) << 32;
}

#endif
