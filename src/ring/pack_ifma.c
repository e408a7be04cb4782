#include "ring/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* Eight words are one register, and their bits as many bytes of another. Word i begins in byte
 * i bits / 8, at bit i bits % 8 of it. A word of more than 57 bits may lie in nine bytes: the ninth
 * is fetched apart. Below 8 bits three words may meet in a byte: then, and for a few groups, plain
 * code does it. */
enum { GROUP = 8, EIGHT_BYTES = 57, LEAST_BITS = 8, LEAST_GROUPS = 4 };

/* The first byte of each word, and how far it is shifted. */
typedef struct {
    __m512i byte, shift;
} places;

static inline places find_places(unsigned bits)
{
    const __m512i word = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i bit = _mm512_mullo_epi64(word, _mm512_set1_epi64(bits));
    return (places){_mm512_srli_epi64(bit, 3), _mm512_and_si512(bit, _mm512_set1_epi64(7))};
}

static inline __mmask64 first_bytes(unsigned n)
{
    return UINT64_MAX >> (64 - n);
}

void ring_unpack_ifma(uint64_t *x, const uint8_t *in, size_t groups, unsigned bits)
{
    const places p = find_places(bits);
    const __m512i each = _mm512_mullo_epi64(p.byte, _mm512_set1_epi64(0x0101010101010101));
    const __m512i low = _mm512_add_epi8(each, _mm512_set1_epi64(0x0706050403020100));
    const __m512i ninth = _mm512_add_epi64(p.byte, _mm512_set1_epi64(8));
    const __m512i mask = _mm512_set1_epi64((long long)ring_mask(bits));
    const __mmask64 there = first_bytes(bits);
    for (size_t g = 0; g < groups; g++, x += GROUP, in += bits) {
        const __m512i bytes = _mm512_maskz_loadu_epi8(there, in);
        __m512i words = _mm512_permutexvar_epi8(low, bytes);
        if (bits <= EIGHT_BYTES) {
            words = _mm512_srlv_epi64(words, p.shift);
        } else {
            words = _mm512_shrdv_epi64(words, _mm512_permutexvar_epi8(ninth, bytes), p.shift);
        }
        _mm512_storeu_si512(x, _mm512_and_si512(words, mask));
    }
}

/* Which byte of the shifted words each byte of the stream is taken from: words of one parity, so
 * that no two of them meet; and the same for their ninth bytes. */
typedef struct {
    __m512i from, ninth_from;
    __mmask64 there, ninth_there;
} half;

static half find_half(unsigned parity, unsigned bits)
{
    uint8_t from[64] = {0}, ninth_from[64] = {0};
    half h = {.there = 0};
    for (unsigned i = parity; i < GROUP; i += 2) {
        const unsigned byte = i * bits / 8, end = ((i + 1) * bits + 7) / 8;
        for (unsigned j = byte; j < end && j < byte + 8; j++) {
            from[j] = (uint8_t)(8 * i + j - byte);
            h.there |= UINT64_C(1) << j;
        }
        if (end > byte + 8) {
            ninth_from[byte + 8] = (uint8_t)(8 * i);
            h.ninth_there |= UINT64_C(1) << (byte + 8);
        }
    }
    h.from = _mm512_loadu_si512(from);
    h.ninth_from = _mm512_loadu_si512(ninth_from);
    return h;
}

void ring_pack_ifma(uint8_t *out, const uint64_t *x, size_t groups, unsigned bits)
{
    if (bits < LEAST_BITS || groups < LEAST_GROUPS) {
        ring_pack_ref(out, x, groups, bits);
        return;
    }
    const places p = find_places(bits);
    const half even = find_half(0, bits), odd = find_half(1, bits);
    const __m512i mask = _mm512_set1_epi64((long long)ring_mask(bits));
    const __m512i back = _mm512_sub_epi64(_mm512_set1_epi64(64), p.shift);
    const __mmask64 there = first_bytes(bits);
    for (size_t g = 0; g < groups; g++, x += GROUP, out += bits) {
        const __m512i words = _mm512_and_si512(_mm512_loadu_si512(x), mask);
        const __m512i low = _mm512_sllv_epi64(words, p.shift);
        __m512i bytes = _mm512_or_si512(_mm512_maskz_permutexvar_epi8(even.there, even.from, low),
                                        _mm512_maskz_permutexvar_epi8(odd.there, odd.from, low));
        if (bits > EIGHT_BYTES) {
            const __m512i high = _mm512_srlv_epi64(words, back);
            const __m512i a =
                _mm512_maskz_permutexvar_epi8(even.ninth_there, even.ninth_from, high);
            const __m512i b = _mm512_maskz_permutexvar_epi8(odd.ninth_there, odd.ninth_from, high);
            bytes = _mm512_ternarylogic_epi64(bytes, a, b, 0xfe); /* any of the three */
        }
        _mm512_mask_storeu_epi8(out, there, bytes);
    }
}
#endif
