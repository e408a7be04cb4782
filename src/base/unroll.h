/** Loops whose turns must all become straight code, so that an array indexed by them lives in
 * registers. Both compilers understand a word for it, each its own. */
#ifndef TACIT_BASE_UNROLL_H
#define TACIT_BASE_UNROLL_H

#if !defined(__OPTIMIZE__)
#define UNROLLED /* compilers say so where they pass over it */
#elif defined(__clang__)
#define UNROLLED _Pragma("clang loop unroll(full)")
#else
#define UNROLLED _Pragma("GCC unroll 32")
#endif

#define ALWAYS_INLINE static inline __attribute__((always_inline))

#endif
