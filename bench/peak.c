#include "peak.h"

#include "machine.h"

typedef struct {
    double (*burst)(size_t turns);
    double work[1024]; /* of each piece */
} burst_job;

static void burst(void *ctx, size_t begin, size_t end, size_t worker)
{
    burst_job *job = ctx;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        job->work[i] = job->burst(200000);
    }
}

static double measure(pool *p, double (*one)(size_t))
{
    burst_job job = {.burst = one};
    const size_t n = pool_size(p);
    double best = 0;
    for (int try = 0; try < 20; try++) {
        const double start = bench_now();
        parallel_for(p, n, 1, burst, &job);
        const double seconds = bench_now() - start;
        double work = 0;
        for (size_t i = 0; i < n; i++) {
            work += job.work[i];
        }
        best = work / seconds > best ? work / seconds : best;
    }
    return best * 1e-9;
}

/* Two chains of plain code: what a machine without a table of its own is measured against. */
static double burst_ref(size_t turns)
{
    volatile float out;
    float a[32];
    for (int i = 0; i < 32; i++) {
        a[i] = (float)i;
    }
    for (size_t t = 0; t < turns; t++) {
        for (int i = 0; i < 32; i++) {
            a[i] = a[i] * 0.999f + 0.001f;
        }
    }
    for (int i = 0; i < 32; i++) {
        out = a[i];
    }
    (void)out;
    return (double)turns * 64;
}

double bench_peak_f32(pool *p, isa level)
{
#if defined(__x86_64__)
    if (level >= ISA_AVX512) {
        return measure(p, peak_burst_avx512);
    }
    if (level >= ISA_AVX2) {
        return measure(p, peak_burst_avx2);
    }
#endif
    (void)level;
    return measure(p, burst_ref);
}

double bench_peak_bf16(pool *p, isa level)
{
#if defined(__x86_64__)
    if (level >= ISA_AMX) {
        return measure(p, peak_burst_amx);
    }
#endif
    (void)p;
    (void)level;
    return 0;
}

double bench_peak_bytes(pool *p, isa level)
{
#if defined(__x86_64__)
    if (level >= ISA_AMX) {
        return measure(p, peak_burst_bytes);
    }
#endif
    (void)p;
    (void)level;
    return 0;
}

double bench_peak_words(pool *p, isa level)
{
#if defined(__x86_64__)
    if (level >= ISA_AVX512 && cpu_has_ifma()) {
        return measure(p, peak_burst_words);
    }
#endif
    (void)p;
    (void)level;
    return 0;
}
