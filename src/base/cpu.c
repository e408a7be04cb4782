#define _GNU_SOURCE
#include "base/cpu.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const names[] = {"ref", "avx2", "avx512", "amx"};

#if defined(__x86_64__)
#include <cpuid.h>

enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };

static int has_amx(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        return 0;
    }
    const unsigned bf16 = 1u << 22, tile = 1u << 24, int8 = 1u << 25;
    if ((d & (bf16 | tile | int8)) != (bf16 | tile | int8)) {
        return 0;
    }
    if (!__builtin_cpu_supports("avx512bf16")) {
        return 0;
    }
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
}

isa cpu_best(void)
{
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
        return ISA_REF;
    }
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl")) {
        return ISA_AVX2;
    }
    return has_amx() ? ISA_AMX : ISA_AVX512;
}

bool cpu_has_ifma(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512ifma") && __builtin_cpu_supports("avx512vbmi") &&
           __builtin_cpu_supports("avx512vbmi2");
}
#else
bool cpu_has_ifma(void)
{
    return false;
}

isa cpu_best(void)
{
    return ISA_REF;
}
#endif

status cpu_pick(isa *out, error *err)
{
    const isa best = cpu_best();
    const char *asked = getenv("TACIT_ISA");
    *out = best;
    if (!asked || !*asked) {
        return OK;
    }
    for (int level = ISA_REF; level <= ISA_AMX; level++) {
        if (strcmp(asked, names[level]) != 0) {
            continue;
        }
        if (level > (int)best) {
            return error_set(err, ERR_USAGE, "TACIT_ISA=%s: this processor has %s at most", asked,
                             names[best]);
        }
        *out = (isa)level;
        return OK;
    }
    return error_set(err, ERR_USAGE, "TACIT_ISA=%s: must be ref, avx2, avx512 or amx", asked);
}

const char *cpu_isa_name(isa level)
{
    return names[level];
}
