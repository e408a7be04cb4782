/** Which instruction sets this processor has and which of them the program may use.
 *
 * Kernel tables are picked by isa level: each level includes those below it. TACIT_ISA=ref,
 * avx2, avx512 or amx lowers the level; asking for more than there is is an error.
 */
#ifndef TACIT_BASE_CPU_H
#define TACIT_BASE_CPU_H

#include <stdbool.h>

#include "base/status.h"

typedef enum { ISA_REF, ISA_AVX2, ISA_AVX512, ISA_AMX } isa;

/** The highest level of this machine: AVX2 with FMA; AVX-512 F, BW, DQ, VL; AMX int8 and bf16 with
 * AVX-512 BF16, for which the system is asked for permission. */
isa cpu_best(void);

/** Beside the level AVX512: AVX-512 IFMA, VBMI and VBMI2 (52-bit products, bytes in any order). */
bool cpu_has_ifma(void);

/** cpu_best(), or what TACIT_ISA asks for. */
status cpu_pick(isa *out, error *err) MUST_USE;

const char *cpu_isa_name(isa level);

#endif
