#include "peak.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <stdint.h>

typedef struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
} tile_config;

static void begin(void)
{
    tile_config c = {.palette = 1};
    for (int i = 0; i < 8; i++) {
        c.bytes[i] = 64;
        c.rows[i] = 16;
    }
    __asm__ volatile("" : : "r"(&c) : "memory"); /* gcc does not see that it is read */
    _tile_loadconfig(&c);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    _tile_zero(4);
    _tile_zero(5);
}

double peak_burst_bytes(size_t turns)
{
    begin();
    for (size_t t = 0; t < turns / 4; t++) {
        _tile_dpbuud(0, 4, 5);
        _tile_dpbuud(1, 4, 5);
        _tile_dpbuud(2, 4, 5);
        _tile_dpbuud(3, 4, 5);
    }
    _tile_release();
    return (double)(turns / 4) * 4 * 16 * 16 * 64;
}

double peak_burst_amx(size_t turns)
{
    begin();
    for (size_t t = 0; t < turns / 4; t++) {
        _tile_dpbf16ps(0, 4, 5);
        _tile_dpbf16ps(1, 4, 5);
        _tile_dpbf16ps(2, 4, 5);
        _tile_dpbf16ps(3, 4, 5);
    }
    _tile_release();
    return (double)(turns / 4) * 4 * 16 * 16 * 32 * 2;
}
#endif
