#define _GNU_SOURCE
#include "party/mpc_deal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/random.h"
#include "base/secret_file.h"
#include "model/copy.h"
#include "mpc/dealt.h"
#include "nn/encoder.h"
#include "party/mpc_party.h"
#include "party/mpc_place.h"
#include "party/mpc_place_files.h"
#include "party/mpc_wire.h"

typedef uint8_t chain_state[MPC_STATE_BYTES];

typedef struct {
    const mpc_deal_options *options;
    mpc_place place;
    mpc_party party;
    mpc_material material;
    char *temp[2];
    chain_state *first[2]; /* of each kind's chain, by server */
    int words;             /* words.bin of server 1; -1 before it is there */
    uint64_t at;           /* bytes in it */
    pool *pool;
    buffers *buffers;
    dealt *dealt;
    seal *seal; /* of the inference at hand */
    uint64_t piece;
} dealing;

/* ---- words.bin ---- */

static status write_all(dealing *d, const uint8_t *data, size_t n, error *err)
{
    while (n > 0) {
        const ssize_t done = write(d->words, data, n);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return error_set(err, ERR_RESOURCE, "%s/%s: cannot be written: %s", d->temp[1],
                             MPC_WORDS_FILE, done < 0 ? strerror(errno) : "nothing was taken");
        }
        data += done;
        n -= (size_t)done;
        d->at += (uint64_t)done;
    }
    return OK;
}

/* A piece: its length (u32), its bytes, its tag. */
static status put(void *ctx, uint8_t *frame, size_t len, error *err)
{
    dealing *d = ctx;
    uint8_t begin[4], tag[SEAL_TAG_BYTES];
    for (size_t i = 0; i < sizeof begin; i++) {
        begin[i] = (uint8_t)(len >> 8 * i);
    }
    seal_close(d->seal, d->piece++, frame, len, tag);
    TRY(write_all(d, begin, sizeof begin, err));
    TRY(write_all(d, frame, len, err));
    return write_all(d, tag, sizeof tag, err);
}

/* ---- an inference ---- */

static status walk(dealing *d, const uint8_t roots[2][MPC_ROOT_BYTES], const embedded *x,
                   uint64_t *words, error *err)
{
    mpc_setup s = mpc_party_walk(&d->party, MPC_DEAL);
    const dealt_file file = {.put = put, .ctx = d};
    engine *e;
    s.asks = d->options->asks;
    s.walk.pool = d->pool;
    s.walk.buffers = d->buffers;
    s.walk.dealt = d->dealt;
    memcpy(s.walk.root, roots, sizeof s.walk.root);
    dealt_set_file(d->dealt, &file);
    status st = mpc_engine_new(&e, &s, err);
    mem_wipe(s.walk.root, sizeof s.walk.root);
    TRY(st);
    e->err = err;
    st = nn_encoder_forward(e, NULL, d->party.model, x);
    *words = mpc_engine_walk(e)->cost.dealt_bytes;
    e->ops->free(e);
    return st == OK ? dealt_flush(d->dealt, NULL, err) : st;
}

static status deal_one(dealing *d, chain_state state[2], const embedded *x, uint64_t *words,
                       error *err)
{
    uint8_t roots[2][MPC_ROOT_BYTES], key[SEAL_KEY_BYTES];
    status st = OK;
    for (int i = 0; st == OK && i < 2; i++) {
        st = mpc_chain_root(roots[i], state[i], err);
        if (st == OK) {
            st = mpc_chain_next(state[i], state[i], err);
        }
    }
    if (st == OK) {
        st = mpc_material_key(key, roots[1], err);
    }
    if (st == OK) {
        st = seal_new(&d->seal, key, err);
    }
    d->piece = 0;
    if (st == OK) {
        st = walk(d, (const uint8_t(*)[MPC_ROOT_BYTES])roots, x, words, err);
    }
    seal_free(d->seal);
    d->seal = NULL;
    mem_wipe(key, sizeof key);
    mem_wipe(roots, sizeof roots);
    return st;
}

/* ---- a kind ---- */

static status shape_of(embedded *x, size_t **start, const mpc_kind *k, size_t dim, error *err)
{
    size_t *at = *start = mem_new(k->n_seqs + 1, sizeof *at);
    if (!at) {
        return error_memory(err);
    }
    for (size_t i = 0; i < k->n_seqs; i++) {
        at[i + 1] = at[i] + k->lengths[i];
    }
    *x = (embedded){.rows = at[k->n_seqs], .dim = dim, .seqs = {.n = k->n_seqs, .start = at}};
    return x->rows <= MPC_MAX_ROWS ? OK
                                   : error_set(err, ERR_USAGE,
                                               "%zu tokens in one inference, at "
                                               "most %d",
                                               x->rows, MPC_MAX_ROWS);
}

static status deal_count(dealing *d, mpc_kind *k, size_t kind, const embedded *x, size_t done,
                         size_t total, error *err)
{
    const mpc_deal_options *o = d->options;
    chain_state state[2];
    status st = OK;
    memcpy(state[0], d->first[0][kind], sizeof state[0]);
    memcpy(state[1], d->first[1][kind], sizeof state[1]);
    k->offset = d->at;
    for (uint64_t i = 0; st == OK && i < k->count; i++) {
        const uint64_t before = d->at;
        st = deal_one(d, state, x, &k->words, err);
        k->stride = d->at - before;
        CHECK(st != OK || d->at == k->offset + (i + 1) * k->stride);
        if (st == OK && o->progress) {
            o->progress(o->ctx, "dealing", done + (size_t)i + 1, total);
        }
    }
    mem_wipe(state, sizeof state);
    return st;
}

static status deal_all(dealing *d, error *err)
{
    const size_t total = d->material.n * (size_t)d->options->count;
    status st = OK;
    for (size_t i = 0; st == OK && i < d->material.n; i++) {
        embedded x;
        size_t *start;
        mpc_kind *k = &d->material.kinds[i];
        st = shape_of(&x, &start, k, d->party.model->dim, err);
        if (st == OK) {
            st = deal_count(d, k, i, &x, i * (size_t)d->options->count, total, err);
        }
        mem_free(start);
    }
    return st;
}

/* ---- the directories ---- */

static status draw_chains(dealing *d, error *err)
{
    for (int i = 0; i < 2; i++) {
        d->first[i] = mem_new(d->material.n, sizeof *d->first[i]);
        if (!d->first[i]) {
            return error_memory(err);
        }
        TRY(random_bytes(d->first[i], d->material.n * sizeof *d->first[i], err));
    }
    return random_bytes(d->material.nonce, sizeof d->material.nonce, err);
}

static status open_words(dealing *d, error *err)
{
    char *path = file_join(d->temp[1], MPC_WORDS_FILE);
    if (!path) {
        return error_memory(err);
    }
    d->words = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const int why = errno;
    const status st =
        d->words >= 0 ? OK
                      : error_set(err, ERR_RESOURCE, "%s: cannot be made: %s", path, strerror(why));
    mem_free(path);
    return st;
}

static status write_server(dealing *d, int i, error *err)
{
    char *path = file_join(d->temp[i], MPC_CHAINS_FILE);
    if (!path) {
        return error_memory(err);
    }
    const status st =
        secret_file_create(path, d->first[i], d->material.n * sizeof *d->first[i], err);
    mem_free(path);
    TRY(st);
    d->material.who = i ? ROLE_SERVER1 : ROLE_SERVER0;
    return mpc_material_write(&d->material, d->temp[i], err);
}

static status prepare(dealing *d, error *err)
{
    isa level;
    TRY(cpu_pick(&level, err));
    TRY(mpc_place_open(&d->place, d->options->dir, ROLE_DEALER, err));
    d->party = (mpc_party){.who = HOLDER_DEALER,
                           .model = d->place.model,
                           .plan = d->place.plan,
                           .weights = d->place.weights,
                           .isa = level};
    memcpy(d->material.sharing, d->place.sharing.id, HASH_BYTES);
    TRY(mpc_material_parse(&d->material, d->options->lengths, d->options->asks, d->options->count,
                           d->place.model->max_tokens, err));
    d->dealt = dealt_new(err);
    if (!d->dealt) {
        return ERR_RESOURCE;
    }
    TRY(buffers_new(&d->buffers, err));
    return pool_new(&d->pool, d->options->threads, err);
}

static status fill(dealing *d, error *err)
{
    for (int i = 0; i < 2; i++) {
        TRY(copy_begin(&d->temp[i], d->options->to[i], err));
        TRY(mpc_place_make_private(d->temp[i], err));
    }
    TRY(draw_chains(d, err));
    TRY(open_words(d, err));
    TRY(deal_all(d, err));
    if (fsync(d->words) != 0) {
        return error_set(err, ERR_RESOURCE, "%s/%s: cannot be synced: %s", d->temp[1],
                         MPC_WORDS_FILE, strerror(errno));
    }
    TRY(mpc_material_seal(&d->material, err));
    TRY(write_server(d, 0, err));
    TRY(write_server(d, 1, err));
    TRY(copy_end(d->temp[0], d->options->to[0], err));
    const status st = copy_end(d->temp[1], d->options->to[1], err);
    if (st != OK) {
        copy_abandon(d->options->to[0]);
    }
    return st;
}

static void clear(dealing *d)
{
    for (int i = 0; i < 2; i++) {
        if (d->temp[i]) {
            copy_abandon(d->temp[i]); /* after a success there is nothing at that name */
            mem_free(d->temp[i]);
        }
        if (d->first[i]) {
            mem_wipe(d->first[i], d->material.n * sizeof *d->first[i]);
            mem_free(d->first[i]);
        }
    }
    if (d->words >= 0) {
        close(d->words);
    }
    dealt_free(d->dealt);
    buffers_free(d->buffers);
    pool_free(d->pool);
    mpc_place_close(&d->place);
}

status mpc_deal(mpc_material *out, const mpc_deal_options *o, error *err)
{
    dealing d = {.options = o, .words = -1};
    *out = (mpc_material){0};
    status st = prepare(&d, err);
    if (st == OK) {
        st = fill(&d, err);
    }
    clear(&d);
    if (st != OK) {
        mpc_material_clear(&d.material);
        return st;
    }
    *out = d.material;
    return OK;
}
