/** The most that this machine multiplies: measured with nothing but multiplications in registers,
 * on all threads of a pool at once, best of several tries. GFLOP/s, an addition and a
 * multiplication counted as two. */
#ifndef TACIT_BENCH_PEAK_H
#define TACIT_BENCH_PEAK_H

#include "base/cpu.h"
#include "base/pool.h"

double bench_peak_f32(pool *p, isa level);
double bench_peak_bf16(pool *p, isa level); /* 0 where there are no tiles */

/** The same in products: of bytes on tiles (TDPBUUD), of 52-bit words (VPMADD52LUQ), each added
 * to a sum, counted as one, in G/s. 0 where there are none. */
double bench_peak_bytes(pool *p, isa level);
double bench_peak_words(pool *p, isa level);

/** Floating-point operations of one burst of `turns` turns. */
double peak_burst_avx2(size_t turns);
double peak_burst_avx512(size_t turns);
double peak_burst_amx(size_t turns);

/** Products of one burst. */
double peak_burst_bytes(size_t turns);
double peak_burst_words(size_t turns);

#endif
