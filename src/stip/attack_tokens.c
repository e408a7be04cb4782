/* A permutation of numbers leaves their multiset as it is. So a row x·π is recognised among all
 * rows that the public tables can make: first by its sum and its sum of squares, which no order
 * changes, then number by number, both sorted. The permutation plays no part in it, however long
 * the key. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "stip/attack_parts.h"

/* What the order does not change, but for rounding. */
typedef struct {
    double sum, squares, size; /* size: of the absolute values */
} fingerprint;

static fingerprint fingerprint_of(const float *x, size_t n)
{
    fingerprint f = {0};
    for (size_t i = 0; i < n; i++) {
        f.sum += (double)x[i];
        f.squares += (double)x[i] * (double)x[i];
        f.size += fabs((double)x[i]);
    }
    return f;
}

/* Rounding of sums in double precision, with room. */
static const double SLACK = 1e-11;

typedef struct {
    size_t row, position;
    fingerprint f;
    const float *sorted;
} suspect;

static int by_place(const void *a, const void *b)
{
    const suspect *x = a, *y = b;
    if (x->position != y->position) {
        return x->position < y->position ? -1 : 1;
    }
    return (x->f.sum > y->f.sum) - (x->f.sum < y->f.sum);
}

typedef struct {
    const attack_view *v;
    attack_guess *guesses;
    suspect *suspects; /* rows, by position and then by sum */
    float *sorted;     /* rows × dim */
    float *candidate, *scratch;
} search;

/* Whether the candidate's numbers are the row's. */
static bool same_numbers(search *s, const suspect *r)
{
    const size_t bytes = s->v->dim * sizeof *s->scratch;
    memcpy(s->scratch, s->candidate, bytes);
    qsort(s->scratch, s->v->dim, sizeof *s->scratch, attack_by_float);
    for (size_t i = 0; i < s->v->dim; i++) {
        if (s->scratch[i] != r->sorted[i]) {
            return false;
        }
    }
    return true;
}

/* The first of n suspects whose sum is not below. */
static size_t lower_bound(const suspect *r, size_t n, double sum)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (r[mid].f.sum < sum) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

/* One candidate against the n rows at its position. */
static void try_candidate(search *s, const suspect *rows, size_t n, uint32_t id, uint32_t type)
{
    const fingerprint f = fingerprint_of(s->candidate, s->v->dim);
    const double slack = SLACK * f.size;
    for (size_t i = lower_bound(rows, n, f.sum - slack); i < n && rows[i].f.sum <= f.sum + slack;
         i++) {
        attack_guess *g = &s->guesses[rows[i].row];
        if (fabs(rows[i].f.squares - f.squares) <= SLACK * f.squares && same_numbers(s, &rows[i]) &&
            g->matches++ == 0) {
            g->id = id;
            g->type = type;
        }
    }
}

static void try_position(search *s, const suspect *rows, size_t n)
{
    for (size_t type = 0; type < attack_types(s->v); type++) {
        for (size_t id = 0; id < s->v->tables->embeddings.vocab; id++) {
            attack_candidate(s->candidate, s->v, id, rows[0].position, type);
            try_candidate(s, rows, n, (uint32_t)id, (uint32_t)type);
        }
    }
}

static void prepare(search *s)
{
    const size_t dim = s->v->dim;
    for (size_t i = 0; i < s->v->rows; i++) {
        float *sorted = s->sorted + i * dim;
        memcpy(sorted, s->v->sent + i * dim, dim * sizeof *sorted);
        qsort(sorted, dim, sizeof *sorted, attack_by_float);
        s->suspects[i] = (suspect){.row = i,
                                   .position = s->v->texts->positions[i],
                                   .f = fingerprint_of(sorted, dim),
                                   .sorted = sorted};
    }
    qsort(s->suspects, s->v->rows, sizeof *s->suspects, by_place);
}

static void run(search *s)
{
    prepare(s);
    for (size_t i = 0; i < s->v->rows;) {
        size_t end = i;
        while (end < s->v->rows && s->suspects[end].position == s->suspects[i].position) {
            end++;
        }
        try_position(s, s->suspects + i, end - i);
        i = end;
    }
}

status attack_tokens(attack_guess *guesses, const attack_view *v, error *err)
{
    size_t numbers;
    search s = {.v = v, .guesses = guesses};
    if (mem_mul(&numbers, v->rows, v->dim)) {
        s.sorted = mem_new(numbers, sizeof *s.sorted);
    }
    s.suspects = mem_new(v->rows, sizeof *s.suspects);
    s.candidate = mem_new(v->dim, sizeof *s.candidate);
    s.scratch = mem_new(v->dim, sizeof *s.scratch);
    const bool ok = s.sorted && s.suspects && s.candidate && s.scratch;
    if (ok) {
        run(&s);
    }
    mem_free(s.sorted);
    mem_free(s.suspects);
    mem_free(s.candidate);
    mem_free(s.scratch);
    return ok ? OK : error_memory(err);
}
