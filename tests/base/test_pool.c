#define _GNU_SOURCE
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/pool.h"

static void sleep_ms(long ms)
{
    const struct timespec t = {.tv_nsec = ms * 1000000};
    nanosleep(&t, NULL);
}

static void test_sizes(void **state)
{
    (void)state;
    pool *p;
    error err = {0};
    assert_int_equal(pool_new(&p, 0, &err), OK);
    assert_true(pool_size(p) >= 1);
    pool_free(p);
    assert_int_equal(pool_new(&p, 3, &err), OK);
    assert_int_equal(pool_size(p), 3);
    pool_free(p);
    assert_int_equal(pool_new(&p, 100000, &err), ERR_USAGE);
    assert_error(err, ERR_USAGE, "100000 threads");
    assert_null(p);
    pool_free(NULL);
}

typedef struct {
    atomic_size_t sum, calls;
    size_t n_workers, grain, n;
    long pause_ms;
} job;

static void add_up(void *ctx, size_t begin, size_t end, size_t worker)
{
    job *j = ctx;
    if (worker >= j->n_workers || end <= begin || end > j->n || begin % j->grain != 0 ||
        (end != j->n && end - begin != j->grain)) {
        return; /* the sum is wrong then */
    }
    for (size_t i = begin; i < end; i++) {
        atomic_fetch_add(&j->sum, i + 1);
    }
    atomic_fetch_add(&j->calls, 1);
    if (j->pause_ms > 0) {
        sleep_ms(j->pause_ms);
    }
}

static void run(pool *p, size_t n, size_t grain, long pause_ms)
{
    job j = {.n_workers = pool_size(p), .grain = grain, .n = n, .pause_ms = pause_ms};
    parallel_for(p, n, grain, add_up, &j);
    assert_int_equal(j.sum, n * (n + 1) / 2);
    assert_int_equal(j.calls, (n + grain - 1) / grain);
}

/* Threads that have gone to sleep, threads that still look, and callers who come quickly. */
static void test_ranges_after_rests_of_all_lengths(void **state)
{
    (void)state;
    pool *p;
    assert_int_equal(pool_new(&p, 4, NULL), OK);
    for (size_t i = 0; i < 2000; i++) {
        run(p, i % 97, 1 + i % 5, 0);
        if (i % 100 == 0) {
            sleep_ms(2);
        }
    }
    run(p, 8, 1, 3); /* the caller is done before the others and waits */
    pool_free(p);
}

static void meet(void *ctx, size_t begin, size_t end, size_t worker)
{
    (void)begin;
    (void)end;
    (void)worker;
    pthread_barrier_wait(ctx);
}

/* Three pieces that wait for each other are only ever done by three threads. */
static void test_every_thread_takes_part(void **state)
{
    (void)state;
    pool *p;
    pthread_barrier_t barrier;
    assert_int_equal(pthread_barrier_init(&barrier, NULL, 3), 0);
    assert_int_equal(pool_new(&p, 3, NULL), OK);
    for (size_t i = 0; i < 10; i++) {
        parallel_for(p, 3, 1, meet, &barrier);
    }
    pool_free(p);
    pthread_barrier_destroy(&barrier);
}

static void *use_a_pool(void *arg)
{
    pool *p;
    if (pool_new(&p, 2, NULL) != OK) {
        return NULL;
    }
    for (size_t i = 0; i < 200; i++) {
        job j = {.n_workers = 2, .grain = 3, .n = i};
        parallel_for(p, i, 3, add_up, &j);
        if (j.sum != i * (i + 1) / 2) {
            pool_free(p);
            return NULL;
        }
    }
    pool_free(p);
    return arg;
}

/* Pools know nothing of each other. */
static void test_two_pools_at_once(void **state)
{
    (void)state;
    pthread_t threads[3];
    int token;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, use_a_pool, &token), 0);
    }
    for (size_t i = 0; i < 3; i++) {
        void *result;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, &token);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_ranges_after_rests_of_all_lengths),
        cmocka_unit_test(test_every_thread_takes_part),
        cmocka_unit_test(test_two_pools_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
