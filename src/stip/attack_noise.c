/* Noise on what is sent: the multiset is no longer the candidate's, but still near it. Candidates
 * are narrowed down by sum and sum of squares, whose spread under the noise is known; among those
 * left the least L1 distance between sorted rows decides. Whoever knows π, say from an earlier
 * message, compares place by place instead, which stands far more. Both are lower bounds on what
 * an attacker can do. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "stip/attack_parts.h"

enum { SAMPLES = 24, SHORT_LIST = 1000, NOISES = 3 };

static const double noises[NOISES] = {0.025, 0.1, 0.5};

typedef struct {
    double score;
    uint32_t id, type;
} scored;

typedef struct {
    const attack_view *v;
    const stip_key *key;
    prg *noise;
    size_t n;         /* candidates at a position: vocab × types */
    double *sum, *sq; /* n: of the candidates at the position at hand */
    scored *list;     /* n */
    float *sent, *x, *sorted;
} noisy;

static void load_position(noisy *s, size_t position)
{
    const size_t vocab = s->v->tables->embeddings.vocab;
    for (size_t i = 0; i < s->n; i++) {
        attack_candidate(s->x, s->v, i % vocab, position, i / vocab);
        s->sum[i] = s->sq[i] = 0;
        for (size_t j = 0; j < s->v->dim; j++) {
            s->sum[i] += (double)s->x[j];
            s->sq[i] += (double)s->x[j] * (double)s->x[j];
        }
    }
}

static int by_score(const void *a, const void *b)
{
    const scored *x = a, *y = b;
    if (x->score != y->score) {
        return x->score < y->score ? -1 : 1;
    }
    return (x->id > y->id) - (x->id < y->id);
}

/* How unlikely the candidate's sums are, given those of the row and the noise. */
static void score_all(noisy *s, double sigma)
{
    const double d = (double)s->v->dim, var = sigma * sigma;
    const size_t vocab = s->v->tables->embeddings.vocab;
    double sum = 0, sq = 0;
    for (size_t j = 0; j < s->v->dim; j++) {
        sum += (double)s->sent[j];
        sq += (double)s->sent[j] * (double)s->sent[j];
    }
    for (size_t i = 0; i < s->n; i++) {
        const double a = sum - s->sum[i], b = sq - d * var - s->sq[i];
        s->list[i] = (scored){
            .score = a * a / (d * var) + b * b / (4 * var * s->sq[i] + 2 * d * var * var),
            .id = (uint32_t)(i % vocab),
            .type = (uint32_t)(i / vocab),
        };
    }
    qsort(s->list, s->n, sizeof *s->list, by_score);
}

static bool right(const noisy *s, size_t row, uint32_t id, uint32_t type)
{
    const bool typed = s->v->tables->embeddings.type != NULL;
    return id == s->v->texts->ids[row] && (!typed || type == s->v->texts->types[row]);
}

/* π unknown. s->sent is the row with its noise. */
static bool match_sorted(noisy *s, size_t row, size_t position, double sigma)
{
    const size_t dim = s->v->dim, n = s->n < SHORT_LIST ? s->n : SHORT_LIST;
    score_all(s, sigma);
    memcpy(s->sorted, s->sent, dim * sizeof *s->sorted);
    qsort(s->sorted, dim, sizeof *s->sorted, attack_by_float);
    scored best = {.score = INFINITY};
    for (size_t i = 0; i < n; i++) {
        const scored c = s->list[i];
        attack_candidate(s->x, s->v, c.id, position, c.type);
        qsort(s->x, dim, sizeof *s->x, attack_by_float);
        double distance = 0;
        for (size_t j = 0; j < dim; j++) {
            distance += fabs((double)s->x[j] - (double)s->sorted[j]);
        }
        if (distance < best.score) {
            best = (scored){.score = distance, .id = c.id, .type = c.type};
        }
    }
    return right(s, row, best.id, best.type);
}

/* π known: |y - x|² of the noisy row in the clear order. */
static bool match_in_place(noisy *s, size_t row, size_t position)
{
    const size_t dim = s->v->dim, vocab = s->v->tables->embeddings.vocab;
    float *clear = s->sorted;
    for (size_t j = 0; j < dim; j++) {
        clear[s->key->hidden[j]] = s->sent[j];
    }
    scored best = {.score = INFINITY};
    for (size_t i = 0; i < s->n; i++) {
        attack_candidate(s->x, s->v, i % vocab, position, i / vocab);
        double distance = 0;
        for (size_t j = 0; j < dim; j++) {
            const double e = (double)s->x[j] - (double)clear[j];
            distance += e * e;
        }
        if (distance < best.score) {
            best = (scored){distance, (uint32_t)(i % vocab), (uint32_t)(i / vocab)};
        }
    }
    return right(s, row, best.id, best.type);
}

static void run(noisy *s, stip_attack_trial *const unknown[NOISES],
                stip_attack_trial *const known[NOISES])
{
    const attack_view *v = s->v;
    const size_t samples = v->rows < SAMPLES ? v->rows : SAMPLES;
    for (size_t i = 0; i < samples; i++) {
        const size_t row = i * v->rows / samples, position = v->texts->positions[row];
        load_position(s, position);
        for (size_t k = 0; k < NOISES; k++) {
            const double sigma = noises[k] * v->deviation;
            memcpy(s->sent, v->sent + row * v->dim, v->dim * sizeof *s->sent);
            attack_add_noise(s->sent, v->dim, sigma, s->noise);
            unknown[k]->tried++;
            unknown[k]->recovered += match_sorted(s, row, position, sigma);
            known[k]->tried++;
            known[k]->recovered += match_in_place(s, row, position);
        }
    }
}

static bool take_memory(noisy *s)
{
    s->sum = mem_new(s->n, sizeof *s->sum);
    s->sq = mem_new(s->n, sizeof *s->sq);
    s->list = mem_new(s->n, sizeof *s->list);
    s->sent = mem_new(s->v->dim, sizeof *s->sent);
    s->x = mem_new(s->v->dim, sizeof *s->x);
    s->sorted = mem_new(s->v->dim, sizeof *s->sorted);
    return s->sum && s->sq && s->list && s->sent && s->x && s->sorted;
}

status attack_noisy_tokens(stip_attack_result *r, const attack_view *v, const stip_key *key,
                           error *err)
{
    static const uint8_t seed[PRG_SEED_BYTES] = {0};
    noisy s = {.v = v, .key = key, .n = v->tables->embeddings.vocab * attack_types(v)};
    s.noise = prg_new(seed, "stip attack noise", err);
    if (!s.noise) {
        return ERR_RESOURCE;
    }
    const bool ok = take_memory(&s);
    if (ok) {
        stip_attack_trial *unknown[NOISES], *known[NOISES];
        for (size_t k = 0; k < NOISES; k++) {
            unknown[k] = attack_trial(r, "tokens", noises[k], NULL);
        }
        for (size_t k = 0; k < NOISES; k++) {
            known[k] = attack_trial(r, "tokens", noises[k], "hidden permutation known");
        }
        run(&s, unknown, known);
    }
    prg_free(s.noise);
    mem_free(s.sum);
    mem_free(s.sq);
    mem_free(s.list);
    mem_free(s.sent);
    mem_free(s.x);
    mem_free(s.sorted);
    return ok ? OK : error_memory(err);
}
