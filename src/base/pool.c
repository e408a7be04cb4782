#define _GNU_SOURCE
#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#include "base/mem.h"

/* Waiting threads look for work for this long before they sleep: a forward pass is some hundred
 * short ranges one behind the other, and waking a thread costs more than most of them. */
enum { SPIN_NS = 200000, MAX_THREADS = 1024 };

struct pool {
    size_t n_threads; /* the caller included */
    pthread_t *threads;
    size_t n_started;

    pool_fn *fn;
    void *ctx;
    size_t n, grain, n_pieces;

    /* The range at hand: its number in the upper half, the pieces that nobody has taken in the
     * lower. Whoever takes a piece counts it down in one step, so a thread that comes late takes
     * nothing, and nobody has to wait for it. */
    atomic_uint_fast64_t state;
    atomic_size_t n_done; /* pieces of this range that are finished */
    atomic_bool stop;

    pthread_mutex_t lock;
    pthread_cond_t wake;
    size_t n_asleep; /* under lock */
};

typedef struct {
    pool *p;
    size_t worker;
} thread_arg;

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static uint32_t pieces_left(pool *p)
{
    return (uint32_t)atomic_load(&p->state);
}

/* Take pieces and work on them until none is left. What describes the range stands still as long
 * as one of its pieces is not done. */
static void work(pool *p, size_t worker)
{
    uint_fast64_t state = atomic_load(&p->state);
    while ((uint32_t)state > 0) {
        if (!atomic_compare_exchange_weak(&p->state, &state, state - 1)) {
            continue;
        }
        const size_t begin = (p->n_pieces - (uint32_t)state) * p->grain;
        const size_t end = p->n - begin < p->grain ? p->n : begin + p->grain;
        p->fn(p->ctx, begin, end, worker);
        atomic_fetch_add(&p->n_done, 1);
        state = atomic_load(&p->state);
    }
}

/* Wait for pieces to take: first looking, then asleep, with nothing left on the stack of what was
 * worked on. */
static void wait_for_work(pool *p)
{
    const uint64_t until = now_ns() + SPIN_NS;
    for (unsigned turn = 1; turn % 64 != 0 || now_ns() < until; turn++) {
        if (pieces_left(p) > 0 || atomic_load(&p->stop)) {
            return;
        }
        relax();
    }
    mem_wipe_stack();
    pthread_mutex_lock(&p->lock);
    p->n_asleep++;
    while (pieces_left(p) == 0 && !atomic_load(&p->stop)) {
        pthread_cond_wait(&p->wake, &p->lock);
    }
    p->n_asleep--;
    pthread_mutex_unlock(&p->lock);
}

static void *thread_main(void *arg)
{
    thread_arg *mine = arg;
    pool *p = mine->p;
    const size_t worker = mine->worker;
    mem_free(mine);

    while (!atomic_load(&p->stop)) {
        wait_for_work(p);
        work(p, worker);
    }
    mem_wipe_stack();
    return NULL;
}

static size_t processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return 1;
    }
    const int n = CPU_COUNT(&set);
    return n > 0 ? (size_t)n : 1;
}

status pool_new(pool **out, size_t n_threads, error *err)
{
    *out = NULL;
    if (n_threads == 0) {
        n_threads = processors();
    }
    if (n_threads > MAX_THREADS) {
        return error_set(err, ERR_USAGE, "%zu threads: at most %d", n_threads, MAX_THREADS);
    }
    pool *p = mem_new(1, sizeof *p);
    pthread_t *threads = mem_new(n_threads, sizeof *threads);
    if (!p || !threads) {
        mem_free(p);
        mem_free(threads);
        return error_memory(err);
    }
    p->n_threads = n_threads;
    p->threads = threads;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    for (size_t i = 1; i < n_threads; i++) {
        thread_arg *arg = mem_new(1, sizeof *arg);
        if (arg) {
            *arg = (thread_arg){.p = p, .worker = i};
        }
        if (!arg || pthread_create(&threads[i], NULL, thread_main, arg) != 0) {
            mem_free(arg);
            pool_free(p);
            return error_set(err, ERR_RESOURCE, "cannot start thread %zu of %zu", i + 1, n_threads);
        }
        p->n_started++;
    }
    *out = p;
    return OK;
}

void pool_free(pool *p)
{
    if (!p) {
        return;
    }
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->stop, true);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    for (size_t i = 1; i <= p->n_started; i++) {
        pthread_join(p->threads[i], NULL);
    }
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    mem_free(p->threads);
    mem_free(p);
}

size_t pool_size(const pool *p)
{
    return p->n_threads;
}

void parallel_for(pool *p, size_t n, size_t grain, pool_fn *fn, void *ctx)
{
    CHECK(grain > 0);
    if (n == 0) {
        return;
    }
    if (p->n_threads == 1 || n <= grain) {
        for (size_t begin = 0; begin < n; begin += grain) {
            fn(ctx, begin, n - begin < grain ? n : begin + grain, 0);
        }
        return;
    }
    p->fn = fn;
    p->ctx = ctx;
    p->n = n;
    p->grain = grain;
    p->n_pieces = n / grain + (n % grain != 0);
    CHECK(p->n_pieces <= UINT32_MAX);
    atomic_store(&p->n_done, 0);
    const uint_fast64_t number = (atomic_load(&p->state) >> 32) + 1;
    atomic_store(&p->state, number << 32 | p->n_pieces);
    pthread_mutex_lock(&p->lock);
    if (p->n_asleep > 0) {
        pthread_cond_broadcast(&p->wake);
    }
    pthread_mutex_unlock(&p->lock);

    work(p, 0);
    const uint64_t until = now_ns() + SPIN_NS;
    for (unsigned turn = 1; atomic_load(&p->n_done) < p->n_pieces; turn++) {
        relax();
        if (turn % 64 == 0 && now_ns() > until) {
            sched_yield();
        }
    }
}
