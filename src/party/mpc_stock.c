#define _GNU_SOURCE
#include "party/mpc_stock.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/wire.h"
#include "nn/encoder.h"
#include "party/mpc_stock_files.h"
#include "party/mpc_wire.h"

/* Proposals overtake one another between the servers, so some that were skipped are kept for a
 * while. In memory alone: on disk they are burned. */
enum { KEPT = 256, ATTEMPTS = 16 };

typedef struct {
    bool there;
    size_t kind;
    uint64_t index;
    uint8_t root[MPC_ROOT_BYTES];
} kept_root;

struct mpc_stock {
    mpc_material material;
    mpc_stock_files files;
    mpc_journal *journal;
    pthread_mutex_t lock; /* of journal and kept */
    kept_root kept[KEPT];
    size_t oldest;
};

struct mpc_ration {
    const mpc_stock *stock;
    seal *seal;
    uint64_t at, end, piece;
};

/* ---- opening ---- */

/* What one walk over shapes says that server 1 is dealt must be what the material has. */
static status check_words(const mpc_kind *k, const mpc_party *p, buffers *b, error *err)
{
    mpc_setup s = mpc_party_walk(p, MPC_PLAN);
    size_t *start = mem_new(k->n_seqs + 1, sizeof *start);
    engine *e = NULL;
    s.asks = k->asks;
    s.walk.buffers = b;
    s.weights = NULL;
    status st = start ? mpc_engine_new(&e, &s, err) : error_memory(err);
    for (size_t i = 0; st == OK && i < k->n_seqs; i++) {
        start[i + 1] = start[i] + k->lengths[i];
    }
    if (st == OK) {
        const embedded x = {.rows = start[k->n_seqs],
                            .dim = p->model->dim,
                            .seqs = {.n = k->n_seqs, .start = start}};
        e->err = err;
        st = nn_encoder_forward(e, NULL, p->model, &x);
    }
    if (st == OK && mpc_engine_walk(e)->cost.dealt_bytes != k->words) {
        st = error_set(err, ERR_PROTOCOL, "was dealt by another version of the program");
    }
    if (e) {
        e->ops->free(e);
    }
    mem_free(start);
    return st;
}

static status check_material(const mpc_material *m, const mpc_party *p, error *err)
{
    buffers *b = NULL;
    const role mine = p->who == HOLDER_SERVER1 ? ROLE_SERVER1 : ROLE_SERVER0;
    if (m->who != mine) {
        return error_set(err, ERR_POLICY, "is %s's; %s must neither have nor use it",
                         role_name(m->who), role_name(mine));
    }
    if (!hash_equal(m->sharing, p->hash)) {
        return error_set(err, ERR_POLICY, "was dealt for another sharing");
    }
    TRY(buffers_new(&b, err));
    status st = OK;
    for (size_t i = 0; st == OK && i < m->n; i++) {
        st = check_words(&m->kinds[i], p, b, err);
    }
    buffers_free(b);
    return st;
}

static status open_stock(mpc_stock *s, const char *dir, const mpc_party *p, error *err)
{
    TRY(mpc_material_read(&s->material, dir, p->model->max_tokens, err));
    const status st = check_material(&s->material, p, err);
    if (st != OK) {
        error_prefix(err, "%s", dir);
        return st;
    }
    return mpc_stock_files_open(&s->files, &s->journal, dir, &s->material, err);
}

status mpc_stock_open(mpc_stock **out, const char *dir, const mpc_party *p, error *err)
{
    *out = NULL;
    mpc_stock *s = mem_new(1, sizeof *s);
    if (!s) {
        return error_memory(err);
    }
    s->files = (mpc_stock_files){.lock = -1, .journal = -1, .words = -1};
    pthread_mutex_init(&s->lock, NULL);
    const status st = open_stock(s, dir, p, err);
    if (st != OK) {
        mpc_stock_free(s);
        return st;
    }
    *out = s;
    return OK;
}

void mpc_stock_free(mpc_stock *s)
{
    if (s) {
        mpc_journal_free(s->journal);
        mpc_stock_files_close(&s->files);
        mpc_material_clear(&s->material);
        pthread_mutex_destroy(&s->lock);
        mem_wipe(s->kept, sizeof s->kept);
        mem_free(s);
    }
}

uint64_t mpc_stock_left(mpc_stock *s)
{
    uint64_t left = 0;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->material.n; i++) {
        left += s->material.kinds[i].count - mpc_journal_next(s->journal, i);
    }
    pthread_mutex_unlock(&s->lock);
    return left;
}

/* ---- taking ---- */

static status find_kind(const mpc_stock *s, size_t *kind, const sequences *lengths, mpc_asks asks,
                        error *err)
{
    for (size_t i = 0; i < s->material.n; i++) {
        const mpc_kind *k = &s->material.kinds[i];
        bool same =
            k->n_seqs == lengths->n && k->asks.guard == asks.guard && k->asks.label == asks.label;
        for (size_t j = 0; same && j < lengths->n; j++) {
            same = lengths->start[j + 1] - lengths->start[j] == k->lengths[j];
        }
        if (same) {
            *kind = i;
            return OK;
        }
    }
    return error_set(err, ERR_RESOURCE,
                     "no material was dealt for %zu tokens in %zu sequences, %s guard, %s",
                     lengths->start[lengths->n], lengths->n, asks.guard ? "with a" : "without",
                     asks.label ? "labels alone" : "numbers");
}

/* Under the lock. */
static void keep(mpc_stock *s, size_t kind, uint64_t index, const uint8_t root[MPC_ROOT_BYTES])
{
    kept_root *k = &s->kept[s->oldest];
    s->oldest = (s->oldest + 1) % KEPT;
    *k = (kept_root){.there = true, .kind = kind, .index = index};
    memcpy(k->root, root, sizeof k->root);
}

/* Under the lock: one that was kept, once. */
static bool take_kept(mpc_stock *s, size_t kind, uint64_t index, uint8_t root[MPC_ROOT_BYTES])
{
    for (size_t i = 0; i < KEPT; i++) {
        kept_root *k = &s->kept[i];
        if (k->there && k->kind == kind && k->index == index) {
            memcpy(root, k->root, sizeof k->root);
            mem_wipe(k, sizeof *k);
            return true;
        }
    }
    return false;
}

/* Under the lock: burn up to `index` and keep the last of those skipped. */
static status burn(mpc_stock *s, size_t kind, uint64_t index, uint8_t root[MPC_ROOT_BYTES],
                   error *err)
{
    uint8_t roots[KEPT / 4][MPC_ROOT_BYTES];
    const uint64_t next = mpc_journal_next(s->journal, kind);
    const uint64_t first = index - next < KEPT / 4 ? next : index - (KEPT / 4 - 1);
    const status st = mpc_journal_burn(s->journal, kind, index, first, roots, err);
    for (uint64_t i = first; st == OK && i < index; i++) {
        keep(s, kind, i, roots[i - first]);
    }
    if (st == OK) {
        memcpy(root, roots[index - first], MPC_ROOT_BYTES);
    }
    mem_wipe(roots, sizeof roots);
    return st;
}

static status exhausted(const mpc_kind *k, error *err)
{
    return error_set(err, ERR_RESOURCE,
                     "all %ju inferences dealt for %u%s tokens are used up: deal more",
                     (uintmax_t)k->count, k->lengths[0], k->n_seqs > 1 ? " and further" : "");
}

/* A proposal: material (32), kind (u32), index (u64). The answer: whether it is agreed (u32), and
 * where not, the first that the other one has (u64). */
enum { PROPOSAL_BYTES = HASH_BYTES + 4 + 8, ANSWER_BYTES = 4 + 8 };

static status propose(mpc_stock *s, channel *peer, size_t kind, uint64_t *index,
                      uint8_t root[MPC_ROOT_BYTES], error *err)
{
    const mpc_kind *k = &s->material.kinds[kind];
    uint64_t from = 0;
    for (int i = 0; i < ATTEMPTS; i++) {
        uint8_t out[PROPOSAL_BYTES], in[ANSWER_BYTES];
        pthread_mutex_lock(&s->lock);
        const uint64_t next = mpc_journal_next(s->journal, kind);
        *index = from > next ? from : next;
        const status st = *index < k->count ? burn(s, kind, *index, root, err) : exhausted(k, err);
        pthread_mutex_unlock(&s->lock);
        TRY(st);
        memcpy(out, s->material.id, HASH_BYTES);
        wire_put_u32(out + HASH_BYTES, (uint32_t)kind);
        wire_put_u64(out + HASH_BYTES + 4, *index);
        TRY(channel_send(peer, MPC_OP_MATERIAL, out, sizeof out, err));
        TRY(channel_receive(peer, MPC_OP_MATERIAL, in, sizeof in, err));
        if (wire_get_u32(in) == 1) {
            return OK;
        }
        from = wire_get_u64(in + 4);
    }
    return error_set(err, ERR_PROTOCOL, "server1: agrees on no inference of the material");
}

/* *agreed, or else the first that this server has. */
static status consider(mpc_stock *s, size_t kind, uint64_t index, bool *agreed, uint64_t *next,
                       uint8_t root[MPC_ROOT_BYTES], error *err)
{
    pthread_mutex_lock(&s->lock);
    *next = mpc_journal_next(s->journal, kind);
    status st = OK;
    if (index < *next) {
        *agreed = take_kept(s, kind, index, root);
    } else {
        st = burn(s, kind, index, root, err);
        *agreed = st == OK;
    }
    pthread_mutex_unlock(&s->lock);
    return st;
}

static status answer(mpc_stock *s, channel *peer, size_t kind, uint64_t *index,
                     uint8_t root[MPC_ROOT_BYTES], error *err)
{
    const mpc_kind *k = &s->material.kinds[kind];
    bool agreed = false;
    for (int i = 0; !agreed && i < ATTEMPTS; i++) {
        uint8_t in[PROPOSAL_BYTES], out[ANSWER_BYTES];
        uint64_t next = 0;
        TRY(channel_receive(peer, MPC_OP_MATERIAL, in, sizeof in, err));
        *index = wire_get_u64(in + HASH_BYTES + 4);
        if (memcmp(in, s->material.id, HASH_BYTES) != 0) {
            return error_set(err, ERR_PROTOCOL, "server0: has other material than this party");
        }
        if (wire_get_u32(in + HASH_BYTES) != kind || *index >= k->count) {
            return error_set(err, ERR_PROTOCOL, "server0: proposes material that is not there");
        }
        TRY(consider(s, kind, *index, &agreed, &next, root, err));
        wire_put_u32(out, agreed);
        wire_put_u64(out + 4, next);
        TRY(channel_send(peer, MPC_OP_MATERIAL, out, sizeof out, err));
    }
    return agreed ? OK
                  : error_set(err, ERR_PROTOCOL, "server0: proposes nothing that is unused here");
}

static status open_ration(mpc_ration **out, const mpc_stock *s, size_t kind, uint64_t index,
                          const uint8_t root[MPC_ROOT_BYTES], error *err)
{
    const mpc_kind *k = &s->material.kinds[kind];
    uint8_t key[SEAL_KEY_BYTES];
    mpc_ration *r = mem_new(1, sizeof *r);
    if (!r) {
        return error_memory(err);
    }
    r->stock = s;
    r->at = k->offset + index * k->stride;
    r->end = r->at + k->stride;
    status st = mpc_material_key(key, root, err);
    if (st == OK) {
        st = seal_new(&r->seal, key, err);
    }
    mem_wipe(key, sizeof key);
    if (st != OK) {
        mpc_ration_free(r);
        return st;
    }
    *out = r;
    return OK;
}

status mpc_stock_take(mpc_stock *s, channel *peer, const sequences *lengths, mpc_asks asks,
                      uint8_t root[MPC_ROOT_BYTES], mpc_ration **words, error *err)
{
    size_t kind = 0;
    uint64_t index = 0;
    *words = NULL;
    TRY(find_kind(s, &kind, lengths, asks, err));
    if (s->material.who == ROLE_SERVER0) {
        return propose(s, peer, kind, &index, root, err);
    }
    TRY(answer(s, peer, kind, &index, root, err));
    return open_ration(words, s, kind, index, root, err);
}

/* ---- words ---- */

static status read_at(mpc_ration *r, void *out, size_t n, error *err)
{
    uint8_t *to = out;
    if (n > r->end - r->at) {
        return error_set(err, ERR_ARTEFACT, "%s: an inference ends too early", MPC_WORDS_FILE);
    }
    while (n > 0) {
        const ssize_t got = pread(r->stock->files.words, to, n, (off_t)r->at);
        if (got <= 0) {
            return error_set(err, ERR_ARTEFACT, "%s: cannot be read, or is too short",
                             MPC_WORDS_FILE);
        }
        to += got;
        n -= (size_t)got;
        r->at += (uint64_t)got;
    }
    return OK;
}

static status next_piece(void *ctx, uint8_t *frame, size_t *len, error *err)
{
    mpc_ration *r = ctx;
    uint8_t begin[4], tag[SEAL_TAG_BYTES];
    TRY(read_at(r, begin, sizeof begin, err));
    *len = wire_get_u32(begin);
    if (*len == 0 || *len > DEALT_FRAME_BYTES) {
        return error_set(err, ERR_ARTEFACT, "%s: a piece of %zu bytes", MPC_WORDS_FILE, *len);
    }
    TRY(read_at(r, frame, *len, err));
    TRY(read_at(r, tag, sizeof tag, err));
    const status st = seal_open(r->seal, r->piece++, frame, *len, tag, err);
    if (st != OK) {
        error_prefix(err, "%s", MPC_WORDS_FILE);
    }
    return st;
}

dealt_file mpc_ration_file(mpc_ration *r)
{
    return (dealt_file){.get = next_piece, .ctx = r};
}

void mpc_ration_free(mpc_ration *r)
{
    if (r) {
        seal_free(r->seal);
        mem_free(r);
    }
}
