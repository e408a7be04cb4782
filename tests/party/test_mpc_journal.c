/* The journal of dealt material on a disk that fails at every moment: writes are lost, torn or
 * reordered as far as the last sync allows. No inference is ever given out twice, and what is left
 * on the disk opens none that was. TACIT_CRASHES says how many; 10,000 by default. */
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "party/mpc_journal.h"
#include "test.h"

enum { KINDS = 3, DISK_BYTES = 8192, PENDING = 64, WRITE_BYTES = 128, INFERENCES = 1 << 16 };

typedef struct {
    uint64_t at;
    size_t n;
    uint8_t data[WRITE_BYTES];
} pending_write;

/* What is durable, what has been written since the last sync, and when the power goes. */
typedef struct {
    uint8_t durable[DISK_BYTES], seen[DISK_BYTES];
    pending_write pending[PENDING];
    size_t n_pending;
    long until_crash; /* calls; < 0: never */
    prg *random;
} disk;

static void seeing(disk *d, const pending_write *w, size_t n)
{
    memcpy(d->seen + w->at, w->data, n);
}

/* Each pending write is there wholly, in part, or not at all, in any order. */
static void crash(disk *d)
{
    while (d->n_pending > 0) {
        const size_t i = prg_below(d->random, d->n_pending);
        const pending_write w = d->pending[i];
        d->pending[i] = d->pending[--d->n_pending];
        const size_t fate = prg_below(d->random, 3);
        const size_t n = fate == 0 ? w.n : fate == 1 ? prg_below(d->random, w.n + 1) : 0;
        memcpy(d->durable + w.at, w.data, n);
    }
    memcpy(d->seen, d->durable, DISK_BYTES);
}

static bool dies(disk *d)
{
    return d->until_crash >= 0 && d->until_crash-- == 0;
}

static status dead(error *err)
{
    return error_set(err, ERR_RESOURCE, "the power is gone");
}

static status disk_read(void *ctx, uint64_t at, void *out, size_t n, error *err)
{
    disk *d = ctx;
    assert_true(at + n <= DISK_BYTES);
    if (dies(d)) {
        d->until_crash = 0;
        return dead(err);
    }
    memcpy(out, d->seen + at, n);
    return OK;
}

static status disk_write(void *ctx, uint64_t at, const void *data, size_t n, error *err)
{
    disk *d = ctx;
    assert_true(at + n <= DISK_BYTES && n <= WRITE_BYTES && d->n_pending < PENDING);
    const bool last = dies(d);
    if (last && prg_below(d->random, 2)) {
        d->until_crash = 0;
        return dead(err);
    }
    pending_write *w = &d->pending[d->n_pending++];
    w->at = at;
    w->n = n;
    memcpy(w->data, data, n);
    seeing(d, w, n);
    if (last) { /* on its way, and nobody heard of it */
        d->until_crash = 0;
        return dead(err);
    }
    return OK;
}

static status disk_sync(void *ctx, error *err)
{
    disk *d = ctx;
    const bool last = dies(d);
    if (last && prg_below(d->random, 2)) {
        d->until_crash = 0;
        return dead(err);
    }
    for (size_t i = 0; i < d->n_pending; i++) {
        memcpy(d->durable + d->pending[i].at, d->pending[i].data, d->pending[i].n);
    }
    d->n_pending = 0;
    if (last) {
        d->until_crash = 0;
        return dead(err);
    }
    return OK;
}

typedef struct {
    disk disk;
    mpc_disk door;
    uint8_t id[HASH_BYTES], first[KINDS][MPC_STATE_BYTES];
    uint8_t (*states[KINDS])[MPC_STATE_BYTES], (*roots[KINDS])[MPC_ROOT_BYTES];
    uint8_t *used[KINDS];
    size_t given;
} stage;

static void set_up(stage *s, const char *purpose)
{
    error err = {0};
    uint8_t seed[PRG_SEED_BYTES];
    *s = (stage){.disk = {.until_crash = -1}};
    assert_int_equal(random_bytes(seed, sizeof seed, &err), OK);
    s->disk.random = prg_new(seed, purpose, &err);
    s->door = (mpc_disk){disk_read, disk_write, disk_sync, &s->disk};
    prg_bytes(s->disk.random, s->id, sizeof s->id);
    prg_bytes(s->disk.random, s->first, sizeof s->first);
    for (size_t k = 0; k < KINDS; k++) {
        s->states[k] = calloc(INFERENCES, MPC_STATE_BYTES);
        s->roots[k] = calloc(INFERENCES, MPC_ROOT_BYTES);
        s->used[k] = calloc(INFERENCES, 1);
        memcpy(s->states[k][0], s->first[k], MPC_STATE_BYTES);
        for (size_t i = 0; i < INFERENCES; i++) {
            assert_int_equal(mpc_chain_root(s->roots[k][i], s->states[k][i], &err), OK);
            if (i + 1 < INFERENCES) {
                assert_int_equal(mpc_chain_next(s->states[k][i + 1], s->states[k][i], &err), OK);
            }
        }
    }
    assert_int_equal(mpc_journal_create(&s->door, s->id, 7, KINDS,
                                        (const uint8_t(*)[MPC_STATE_BYTES])s->first, &err),
                     OK);
}

static void tear_down(stage *s)
{
    prg_free(s->disk.random);
    for (size_t k = 0; k < KINDS; k++) {
        free(s->states[k]);
        free(s->roots[k]);
        free(s->used[k]);
    }
}

static mpc_journal *reopen(stage *s)
{
    mpc_journal *j;
    error err = {0};
    s->disk.until_crash = -1;
    if (mpc_journal_open(&j, &s->door, s->id, 7, KINDS, &err) != OK) {
        fail_msg("%s", err.text);
    }
    return j;
}

/* Burn one or a few of a kind; false where the power went. */
static bool take(stage *s, mpc_journal *j)
{
    error err = {0};
    uint8_t roots[8][MPC_ROOT_BYTES];
    const size_t kind = prg_below(s->disk.random, KINDS);
    const uint64_t next = mpc_journal_next(j, kind);
    const uint64_t index = next + (prg_below(s->disk.random, 4) ? 0 : prg_below(s->disk.random, 8));
    const uint64_t first = next + prg_below(s->disk.random, index - next + 1);
    assert_true(index < INFERENCES);
    if (mpc_journal_burn(j, kind, index, first, roots, &err) != OK) {
        assert_int_equal(err.code, ERR_RESOURCE);
        assert_int_not_equal(mpc_journal_burn(j, kind, index, first, roots, &err), OK);
        return false;
    }
    for (uint64_t i = first; i <= index; i++) {
        assert_int_equal(s->used[kind][i], 0);
        s->used[kind][i] = 1;
        assert_memory_equal(roots[i - first], s->roots[kind][i], MPC_ROOT_BYTES);
        s->given++;
    }
    return true;
}

/* Of no inference that was given out is the state, or an earlier one, on the disk. */
static void check_disk(const stage *s)
{
    for (size_t k = 0; k < KINDS; k++) {
        size_t last = INFERENCES;
        for (size_t i = INFERENCES; i-- > 0 && last == INFERENCES;) {
            last = s->used[k][i] ? i : last;
        }
        for (size_t at = 512; at + MPC_STATE_BYTES <= DISK_BYTES && last < INFERENCES; at += 8) {
            /* the last few: those before were looked for in their time */
            for (size_t i = last > 16 ? last - 16 : 0; i <= last; i++) {
                assert_memory_not_equal(s->disk.durable + at, s->states[k][i], MPC_STATE_BYTES);
            }
        }
    }
}

static void test_crashes(void **state)
{
    (void)state;
    static stage s;
    const char *wanted = getenv("TACIT_CRASHES");
    const long crashes = wanted ? atol(wanted) : 10000;
    set_up(&s, "crashes");
    for (long i = 0; i < crashes; i++) {
        mpc_journal *j;
        error err = {0};
        s.disk.until_crash = (long)prg_below(s.disk.random, 40);
        if (mpc_journal_open(&j, &s.door, s.id, 7, KINDS, &err) == OK) {
            while (take(&s, j)) {
            }
            mpc_journal_free(j);
        }
        crash(&s.disk);
        if (i % 50 == 0) {
            mpc_journal_free(reopen(&s)); /* recovery erases what a crash has left */
            check_disk(&s);
        }
    }
    mpc_journal *j = reopen(&s);
    assert_true(take(&s, j));
    mpc_journal_free(j);
    print_message("%ld crashes, %zu inferences\n", crashes, s.given);
    assert_true(s.given > (size_t)crashes / 4);
    tear_down(&s);
}

/* Each call of one burn is the last: either the inference was given out or it was not, never both.
 */
static void test_each_moment(void **state)
{
    (void)state;
    static stage s;
    set_up(&s, "moments");
    for (long moment = 0; moment < 24; moment++) {
        for (int i = 0; i < 32; i++) {
            mpc_journal *j = reopen(&s);
            s.disk.until_crash = moment;
            while (take(&s, j)) {
            }
            mpc_journal_free(j);
            crash(&s.disk);
        }
    }
    tear_down(&s);
}

static void refused(stage *s, const uint8_t *id, uint64_t place, size_t kinds, status code)
{
    mpc_journal *j;
    error err = {0};
    assert_int_equal(mpc_journal_open(&j, &s->door, id, place, kinds, &err), code);
    assert_null(j);
    assert_true(err.text[0]);
}

static void test_refused(void **state)
{
    (void)state;
    static stage s;
    set_up(&s, "refused");
    uint8_t other[HASH_BYTES] = {1};
    refused(&s, other, 7, KINDS, ERR_POLICY);
    refused(&s, s.id, 8, KINDS, ERR_POLICY);
    refused(&s, s.id, 7, KINDS - 1, ERR_ARTEFACT);
    for (size_t i = 0; i < 96; i++) { /* each byte of the header */
        s.disk.seen[i] ^= 1;
        mpc_journal *j;
        error err = {0};
        assert_int_not_equal(mpc_journal_open(&j, &s.door, s.id, 7, KINDS, &err), OK);
        s.disk.seen[i] ^= 1;
    }
    s.disk.seen[512] ^= 1; /* the only record of the first kind */
    refused(&s, s.id, 7, KINDS, ERR_ARTEFACT);
    s.disk.seen[512] ^= 1;
    mpc_journal_free(reopen(&s));
    tear_down(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crashes),
        cmocka_unit_test(test_each_moment),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
