#include "party/mpc_journal.h"

#include <string.h>

#include "base/mem.h"

/* A header, then two slots a kind, each in a sector of its own: a torn write spoils no other. */
enum {
    SECTOR = 512,
    AT_VERSION = 16,
    AT_KINDS = 20,
    AT_PLACE = 24,
    AT_ID = 32,
    AT_DIGEST = 64,
    HEADER_BYTES = 96,
    SLOT_STATE = 8,
    SLOT_DIGEST = 40,
    SLOT_BYTES = 72,
    VERSION = 1
};

static const char magic[16] = "tacit journal 1";

typedef struct {
    uint64_t next;
    uint8_t state[MPC_STATE_BYTES];
    int slot; /* which of the two holds this */
} position;

struct mpc_journal {
    mpc_disk disk;
    uint8_t id[HASH_BYTES];
    size_t n;
    bool spoilt;
    position at[];
};

/* ---- chains ---- */

static status one_way(uint8_t out[HASH_BYTES], const char *what, const uint8_t *state, error *err)
{
    const span pieces[] = {{.data = (const uint8_t *)what, .len = strlen(what)},
                           {.data = state, .len = MPC_STATE_BYTES}};
    return hash_sha256(out, pieces, 2, err);
}

status mpc_chain_root(uint8_t root[MPC_ROOT_BYTES], const uint8_t state[MPC_STATE_BYTES],
                      error *err)
{
    return one_way(root, "tacit mpc root\n", state, err);
}

status mpc_chain_next(uint8_t next[MPC_STATE_BYTES], const uint8_t state[MPC_STATE_BYTES],
                      error *err)
{
    return one_way(next, "tacit mpc next\n", state, err);
}

/* ---- layout ---- */

static void put(uint8_t *out, uint64_t x, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(x >> 8 * i);
    }
}

static uint64_t get(const uint8_t *in, size_t bytes)
{
    uint64_t x = 0;
    for (size_t i = bytes; i-- > 0;) {
        x = x << 8 | in[i];
    }
    return x;
}

static uint64_t slot_at(size_t kind, int slot)
{
    return SECTOR * (1 + 2 * (uint64_t)kind + (uint64_t)slot);
}

static status slot_digest(uint8_t out[HASH_BYTES], const uint8_t *id, size_t kind,
                          const uint8_t *slot, error *err)
{
    uint8_t number[8];
    put(number, kind, sizeof number);
    const span pieces[] = {{.data = id, .len = HASH_BYTES},
                           {.data = number, .len = sizeof number},
                           {.data = slot, .len = SLOT_DIGEST}};
    return hash_sha256(out, pieces, 3, err);
}

static status write_slot(const mpc_disk *d, const uint8_t *id, size_t kind, const position *p,
                         error *err)
{
    uint8_t slot[SLOT_BYTES];
    put(slot, p->next, 8);
    memcpy(slot + SLOT_STATE, p->state, MPC_STATE_BYTES);
    status st = slot_digest(slot + SLOT_DIGEST, id, kind, slot, err);
    if (st == OK) {
        st = d->write(d->ctx, slot_at(kind, p->slot), slot, sizeof slot, err);
    }
    mem_wipe(slot, sizeof slot);
    return st;
}

static status erase_slot(const mpc_disk *d, size_t kind, int slot, error *err)
{
    static const uint8_t zeros[SLOT_BYTES];
    return d->write(d->ctx, slot_at(kind, slot), zeros, sizeof zeros, err);
}

/* *good: whether the slot holds what was once written there whole. */
static status read_slot(position *p, bool *good, const mpc_disk *d, const uint8_t *id, size_t kind,
                        int which, error *err)
{
    uint8_t slot[SLOT_BYTES], digest[HASH_BYTES];
    status st = d->read(d->ctx, slot_at(kind, which), slot, sizeof slot, err);
    if (st == OK) {
        st = slot_digest(digest, id, kind, slot, err);
    }
    *good = st == OK && hash_equal(digest, slot + SLOT_DIGEST);
    p->next = get(slot, 8);
    p->slot = which;
    memcpy(p->state, slot + SLOT_STATE, MPC_STATE_BYTES);
    mem_wipe(slot, sizeof slot);
    return st;
}

static status header(uint8_t out[HEADER_BYTES], const uint8_t *id, uint64_t place, size_t n,
                     error *err)
{
    memset(out, 0, HEADER_BYTES);
    memcpy(out, magic, sizeof magic);
    put(out + AT_VERSION, VERSION, 4);
    put(out + AT_KINDS, n, 4);
    put(out + AT_PLACE, place, 8);
    memcpy(out + AT_ID, id, HASH_BYTES);
    return hash_sha256(out + AT_DIGEST, &(span){.data = out, .len = AT_DIGEST}, 1, err);
}

/* ---- the journal ---- */

status mpc_journal_create(const mpc_disk *d, const uint8_t id[HASH_BYTES], uint64_t place,
                          size_t n_kinds, const uint8_t (*states)[MPC_STATE_BYTES], error *err)
{
    uint8_t head[HEADER_BYTES];
    CHECK(n_kinds <= MPC_JOURNAL_KINDS);
    TRY(header(head, id, place, n_kinds, err));
    TRY(d->write(d->ctx, 0, head, sizeof head, err));
    for (size_t i = 0; i < n_kinds; i++) {
        position p = {0};
        memcpy(p.state, states[i], sizeof p.state);
        const status st = write_slot(d, id, i, &p, err);
        mem_wipe(&p, sizeof p);
        TRY(st);
        TRY(erase_slot(d, i, 1, err));
    }
    return d->sync(d->ctx, err);
}

static status check_header(const mpc_disk *d, const uint8_t *id, uint64_t place, size_t n,
                           error *err)
{
    uint8_t must[HEADER_BYTES], has[HEADER_BYTES];
    TRY(header(must, id, place, n, err));
    TRY(d->read(d->ctx, 0, has, sizeof has, err));
    if (memcmp(has, magic, sizeof magic) != 0 || get(has + AT_VERSION, 4) != VERSION) {
        return error_set(err, ERR_ARTEFACT, "is no journal that this program reads");
    }
    if (memcmp(has + AT_ID, id, HASH_BYTES) != 0) {
        return error_set(err, ERR_POLICY, "is the journal of other material");
    }
    if (get(has + AT_PLACE, 8) != place) {
        return error_set(err, ERR_POLICY,
                         "was copied: the material may have been used where it comes from; deal "
                         "new material");
    }
    return memcmp(has, must, HEADER_BYTES) == 0
               ? OK
               : error_set(err, ERR_ARTEFACT, "has a damaged header");
}

/* Where a kind stands: the later of two good slots. An earlier one is what a crash has left. */
static status recover(mpc_journal *j, size_t kind, error *err)
{
    position p[2];
    bool good[2];
    status st = OK;
    for (int i = 0; st == OK && i < 2; i++) {
        st = read_slot(&p[i], &good[i], &j->disk, j->id, kind, i, err);
    }
    if (st == OK && !good[0] && !good[1]) {
        st = error_set(err, ERR_ARTEFACT, "kind %zu has no whole record; deal new material", kind);
    }
    if (st == OK) {
        const int later = good[1] && (!good[0] || p[1].next > p[0].next);
        j->at[kind] = p[later];
        st = erase_slot(&j->disk, kind, !later, err);
    }
    mem_wipe(p, sizeof p);
    return st;
}

status mpc_journal_open(mpc_journal **out, const mpc_disk *d, const uint8_t id[HASH_BYTES],
                        uint64_t place, size_t n_kinds, error *err)
{
    *out = NULL;
    CHECK(n_kinds <= MPC_JOURNAL_KINDS);
    TRY(check_header(d, id, place, n_kinds, err));
    mpc_journal *j = mem_new(1, sizeof *j + n_kinds * sizeof *j->at);
    if (!j) {
        return error_memory(err);
    }
    j->disk = *d;
    j->n = n_kinds;
    memcpy(j->id, id, sizeof j->id);
    status st = OK;
    for (size_t i = 0; st == OK && i < n_kinds; i++) {
        st = recover(j, i, err);
    }
    if (st == OK) {
        st = d->sync(d->ctx, err);
    }
    if (st != OK) {
        mpc_journal_free(j);
        return st;
    }
    *out = j;
    return OK;
}

void mpc_journal_free(mpc_journal *j)
{
    if (j) {
        mem_wipe(j->at, j->n * sizeof *j->at);
        mem_free(j);
    }
}

uint64_t mpc_journal_next(const mpc_journal *j, size_t kind)
{
    CHECK(kind < j->n);
    return j->at[kind].next;
}

/* The position past `index`, and on the way there the roots from `first` on. */
static status advance(position *p, uint64_t index, uint64_t first, uint8_t (*roots)[MPC_ROOT_BYTES],
                      error *err)
{
    for (; p->next <= index; p->next++) {
        if (p->next >= first) {
            TRY(mpc_chain_root(roots[p->next - first], p->state, err));
        }
        TRY(mpc_chain_next(p->state, p->state, err));
    }
    return OK;
}

static status burn(mpc_journal *j, size_t kind, position *p, error *err)
{
    const mpc_disk *d = &j->disk;
    const int old = j->at[kind].slot;
    p->slot = !old;
    TRY(write_slot(d, j->id, kind, p, err));
    TRY(d->sync(d->ctx, err)); /* from here on the inference counts as used */
    TRY(erase_slot(d, kind, old, err));
    return d->sync(d->ctx, err); /* … and who takes the file has no way back to its root */
}

status mpc_journal_burn(mpc_journal *j, size_t kind, uint64_t index, uint64_t first,
                        uint8_t (*roots)[MPC_ROOT_BYTES], error *err)
{
    CHECK(kind < j->n && index >= j->at[kind].next && first >= j->at[kind].next && first <= index);
    if (j->spoilt) {
        return error_set(err, ERR_RESOURCE, "a write to the journal has failed before");
    }
    position p = j->at[kind];
    status st = advance(&p, index, first, roots, err);
    if (st == OK) {
        st = burn(j, kind, &p, err);
    }
    if (st == OK) {
        j->at[kind] = p;
    } else {
        j->spoilt = true;
        mem_wipe(roots, (index - first + 1) * sizeof *roots);
    }
    mem_wipe(&p, sizeof p);
    return st;
}
