#include "stip/attack.h"

#include <string.h>

#include "base/mem.h"
#include "stip/attack_parts.h"

static const stip_attack_result attacks[STIP_ATTACKS] = {
    {.id = "A1",
     .name = "tokens by their sorted embeddings",
     .knows = "the embedding tables, which every user of the model has",
     .why = "a permutation keeps the multiset of a row's numbers, and each token's is its own; "
            "the length of the key plays no part"},
    {.id = "A1n",
     .name = "the same where the owner adds noise",
     .knows = "the embedding tables",
     .why = "sorted rows of different tokens lie apart, and noise must be large before they meet; "
            "where "
            "the permutation is known, larger still"},
    {.id = "A2",
     .name = "hidden permutation from matched tokens",
     .knows = "the embedding tables and what A1 found",
     .why = "a row in both orders gives the order away, but for equal numbers"},
    {.id = "A3",
     .name = "hidden permutation from the norms",
     .knows = "a public checkpoint that the model stems from",
     .why = "gains feed the residual too and cannot be folded away"},
    {.id = "A4",
     .name = "weights by their sorted rows",
     .knows = "a public checkpoint that the model stems from",
     .why = "a row's numbers stay together, whatever the two permutations"},
    {.id = "A5",
     .name = "substitution by a head tied to the word table",
     .knows = "nothing",
     .why = "not run: there is no head over the vocabulary in a protected directory"},
};

typedef struct {
    const stip_attack_input *in;
    stip_attack_result *out;
    attack_view view;
    float *words, *clear, *sent;
    attack_guess *guesses;
} job;

static status check_base(const stip_attack_input *in, error *err)
{
    const model *a = in->server, *b = in->base;
    if (b && (a->dim != b->dim || a->n_layers != b->n_layers)) {
        return error_set(err, ERR_USAGE,
                         "%s has %zu features and %zu layers, the protected model %zu and %zu: it "
                         "is not where that one stems from",
                         b->dir, b->dim, b->n_layers, a->dim, a->n_layers);
    }
    return OK;
}

static bool take_memory(job *j)
{
    const model *tables = j->in->owner->model;
    const size_t rows = j->in->texts->seqs.start[j->in->texts->seqs.n];
    size_t numbers;
    if (!mem_mul(&numbers, rows, tables->dim)) {
        return false;
    }
    j->words = mem_new(tables->embeddings.word->count, sizeof *j->words);
    j->clear = mem_new(numbers, sizeof *j->clear);
    j->sent = mem_new(numbers, sizeof *j->sent);
    j->guesses = mem_new(rows, sizeof *j->guesses);
    return j->words && j->clear && j->sent && j->guesses;
}

static status make_view(job *j, error *err)
{
    const stip_owner *o = j->in->owner;
    const size_t rows = j->in->texts->seqs.start[j->in->texts->seqs.n];
    const tensor *word = o->model->embeddings.word;
    tensor_read(j->words, word, 0, word->count);
    TRY(nn_embed(j->clear, o->model, j->in->texts, err));
    stip_encode(&o->key, j->sent, j->clear, rows);
    j->view = (attack_view){.texts = j->in->texts,
                            .tables = o->model,
                            .rows = rows,
                            .dim = o->model->dim,
                            .sent = j->sent,
                            .words = j->words,
                            .deviation = attack_deviation(j->words, word->count)};
    return OK;
}

static void grade_tokens(job *j)
{
    const tokens *t = j->in->texts;
    stip_attack_trial *all = attack_trial(&j->out[0], "tokens", 0, NULL);
    stip_attack_trial *texts = attack_trial(&j->out[0], "whole texts", 0, NULL);
    for (size_t s = 0; s < t->seqs.n; s++) {
        size_t good = 0;
        const size_t begin = t->seqs.start[s], len = t->seqs.start[s + 1] - begin;
        for (size_t i = begin; i < begin + len; i++) {
            good += j->guesses[i].matches > 0 && j->guesses[i].id == t->ids[i];
        }
        all->tried += len;
        all->recovered += good;
        texts->tried++;
        texts->recovered += good == len;
    }
}

/* Rows that A1 has recognised, for certain, in both orders; at most n of them. */
static size_t gather_rows(const job *j, float *seen, float *known, size_t n)
{
    const attack_view *v = &j->view;
    size_t found = 0;
    for (size_t i = 0; i < v->rows && found < n; i++) {
        const attack_guess *g = &j->guesses[i];
        if (g->matches == 1) {
            memcpy(seen + found * v->dim, v->sent + i * v->dim, v->dim * sizeof *seen);
            attack_candidate(known + found * v->dim, v, g->id, v->texts->positions[i], g->type);
            found++;
        }
    }
    return found;
}

static status recover_from(job *j, float *seen, float *known, uint32_t *guess, size_t most,
                           const char *note, error *err)
{
    const size_t dim = j->view.dim, found = gather_rows(j, seen, known, most);
    stip_attack_trial *t = attack_trial(&j->out[2], "entries of the hidden permutation", 0, note);
    t->tried = dim;
    if (found == 0) {
        return OK;
    }
    TRY(attack_columns_by_rank(guess, seen, known, found, dim, err));
    t->recovered = attack_grade(guess, j->in->owner->key.hidden, dim);
    return OK;
}

enum { MATCHED_ROWS = 16 };

static status recover_key(job *j, error *err)
{
    const size_t dim = j->view.dim;
    float *seen = mem_new(MATCHED_ROWS * dim, sizeof *seen);
    float *known = mem_new(MATCHED_ROWS * dim, sizeof *known);
    uint32_t *guess = mem_new(dim, sizeof *guess);
    status st = seen && known && guess ? OK : error_memory(err);
    if (st == OK) {
        st = recover_from(j, seen, known, guess, 1, "from one token", err);
    }
    if (st == OK) {
        st = recover_from(j, seen, known, guess, MATCHED_ROWS, "from up to 16 tokens", err);
    }
    mem_free(seen);
    mem_free(known);
    mem_free(guess);
    return st;
}

static status run(job *j, error *err)
{
    TRY(make_view(j, err));
    TRY(attack_tokens(j->guesses, &j->view, err));
    grade_tokens(j);
    if (j->view.deviation > 0) {
        TRY(attack_noisy_tokens(&j->out[1], &j->view, &j->in->owner->key, err));
    }
    TRY(recover_key(j, err));
    if (j->in->base) {
        TRY(attack_norms(&j->out[3], j->in, err));
        TRY(attack_weights(&j->out[4], j->in, err));
        return OK;
    }
    j->out[3].why = j->out[4].why = "not run: no checkpoint was given";
    return OK;
}

status stip_attack(stip_attack_result out[STIP_ATTACKS], const stip_attack_input *in, error *err)
{
    memcpy(out, attacks, sizeof attacks);
    TRY(check_base(in, err));
    job j = {.in = in, .out = out};
    const status st = take_memory(&j) ? run(&j, err) : error_memory(err);
    if (j.clear) {
        mem_wipe(j.clear, in->texts->seqs.start[in->texts->seqs.n] * in->owner->model->dim *
                              sizeof *j.clear);
    }
    mem_free(j.words);
    mem_free(j.clear);
    mem_free(j.sent);
    mem_free(j.guesses);
    return st;
}
