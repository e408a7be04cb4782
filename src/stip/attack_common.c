#include <math.h>

#include "base/random.h"
#include "stip/attack_parts.h"

stip_attack_trial *attack_trial(stip_attack_result *r, const char *what, double noise,
                                const char *note)
{
    CHECK(r->n_trials < STIP_TRIALS);
    stip_attack_trial *t = &r->trials[r->n_trials++];
    *t = (stip_attack_trial){.what = what, .noise = noise, .note = note};
    return t;
}

size_t attack_grade(const uint32_t *guess, const uint32_t *right, size_t n)
{
    size_t good = 0;
    for (size_t i = 0; i < n; i++) {
        good += guess[i] == right[i];
    }
    return good;
}

/* Box and Muller's way from two uniform numbers to a normal one; the first is above 0. */
static double normal(prg *g)
{
    const double u = ((double)(prg_word(g) >> 11) + 1) * 0x1p-53;
    const double v = (double)(prg_word(g) >> 11) * 0x1p-53;
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

void attack_add_noise(float *x, size_t n, double sigma, prg *g)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)((double)x[i] + sigma * normal(g));
    }
}

double attack_deviation(const float *x, size_t n)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)x[i];
        squares += (double)x[i] * (double)x[i];
    }
    const double mean = n ? sum / (double)n : 0;
    return n ? sqrt(fmax(squares / (double)n - mean * mean, 0)) : 0;
}

int attack_by_float(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

size_t attack_types(const attack_view *v)
{
    const embeddings *e = &v->tables->embeddings;
    return !e->type || e->n_types == 1 ? 1 : 2;
}

void attack_candidate(float *x, const attack_view *v, size_t id, size_t position, size_t type)
{
    const embeddings *e = &v->tables->embeddings;
    float other[256];
    for (size_t i = 0; i < v->dim; i++) {
        x[i] = v->words[id * v->dim + i];
    }
    const tensor *const tables[] = {e->position, e->type};
    const size_t rows[] = {position, type};
    for (size_t t = 0; t < 2; t++) {
        for (size_t at = 0; tables[t] && at < v->dim; at += 256) {
            const size_t n = v->dim - at < 256 ? v->dim - at : 256;
            tensor_read(other, tables[t], rows[t] * v->dim + at, n);
            for (size_t i = 0; i < n; i++) {
                x[at + i] += other[i];
            }
        }
    }
}
