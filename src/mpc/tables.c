#include "mpc/tables.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "ring/ring.h"

enum { TABLES = 3 };

/* The tables in the order of the matrix's rows. */
typedef struct {
    const tensor *t[TABLES];
    size_t rows[TABLES], dim;
} tables;

static tables tables_of(const model *m)
{
    const embeddings *e = &m->embeddings;
    return (tables){.t = {e->word, e->position, e->type},
                    .rows = {e->vocab, e->max_positions, e->n_types},
                    .dim = m->dim};
}

size_t mpc_table_rows(const model *m)
{
    const embeddings *e = &m->embeddings;
    return e->vocab + e->max_positions + e->n_types;
}

/* A row minus its mean. */
static void read_centred(float *row, const tensor *t, size_t i, size_t dim)
{
    double mean = 0;
    tensor_read(row, t, i * dim, dim);
    for (size_t j = 0; j < dim; j++) {
        mean += (double)row[j] / (double)dim;
    }
    for (size_t j = 0; j < dim; j++) {
        row[j] = (float)((double)row[j] - mean);
    }
}

/* most[j] += what column j of a table is at most, in size. */
static void add_largest(double *most, const tensor *t, size_t rows, size_t dim, float *row,
                        double *column)
{
    memset(column, 0, dim * sizeof *column);
    for (size_t i = 0; i < rows; i++) {
        read_centred(row, t, i, dim);
        for (size_t j = 0; j < dim; j++) {
            column[j] = fmax(column[j], fabs((double)row[j]));
        }
    }
    for (size_t j = 0; j < dim; j++) {
        most[j] += column[j];
    }
}

/* Rows of positions and types, for the variances of all sums: |e + p + t|² by products of two. */
typedef struct {
    tables t;
    float *positions;   /* by column: dim × positions, so that a word goes over all at once */
    float *types, *row; /* types × dim; dim */
    float *with;        /* of a word: its product with each position */
    double *both;       /* |p + t|², positions × types */
} pairs;

static size_t types_of(const tables *t)
{
    return t->rows[2] > 0 ? t->rows[2] : 1;
}

static double product(const float *a, const float *b, size_t n)
{
    double sum = 0;
    for (size_t j = 0; j < n; j++) {
        sum += (double)a[j] * (double)b[j];
    }
    return sum;
}

static void read_pairs(pairs *q)
{
    const tables *t = &q->t;
    const size_t n = t->rows[1], types = types_of(t), dim = t->dim;
    for (size_t k = 0; k < t->rows[2]; k++) {
        read_centred(q->types + k * dim, t->t[2], k, dim);
    }
    for (size_t i = 0; i < n; i++) {
        read_centred(q->row, t->t[1], i, dim);
        for (size_t j = 0; j < dim; j++) {
            q->positions[j * n + i] = q->row[j];
        }
        for (size_t k = 0; k < types; k++) {
            const float *type = q->types + k * dim; /* zeros where there are none */
            q->both[i * types + k] = product(q->row, q->row, dim) + product(type, type, dim) +
                                     2 * product(q->row, type, dim);
        }
    }
}

/* Of word i with all positions and types. */
static void widen_variance(mpc_table_range *r, const pairs *q, size_t i)
{
    const size_t n = q->t.rows[1], types = types_of(&q->t), dim = q->t.dim;
    read_centred(q->row, q->t.t[0], i, dim);
    memset(q->with, 0, n * sizeof *q->with);
    for (size_t j = 0; j < dim; j++) {
        const float x = q->row[j], *p = q->positions + j * n;
        for (size_t at = 0; at < n; at++) {
            q->with[at] += x * p[at];
        }
    }
    const double word = product(q->row, q->row, dim);
    for (size_t k = 0; k < types; k++) {
        const double own = word + 2 * product(q->row, q->types + k * dim, dim);
        for (size_t at = 0; at < n; at++) {
            const double squares = own + q->both[at * types + k] + 2 * (double)q->with[at];
            r->variance_lo = fmin(r->variance_lo, squares / (double)dim);
            r->variance_hi = fmax(r->variance_hi, squares / (double)dim);
        }
    }
}

static status measure_variances(mpc_table_range *out, const tables *t, error *err)
{
    const size_t n = t->rows[1], types = types_of(t);
    pairs q = {.t = *t,
               .positions = mem_new(t->dim * n, sizeof *q.positions),
               .types = mem_new(types * t->dim, sizeof *q.types),
               .row = mem_new(t->dim, sizeof *q.row),
               .with = mem_new(n, sizeof *q.with),
               .both = mem_new(n * types, sizeof *q.both)};
    const bool enough = q.positions && q.types && q.row && q.with && q.both;
    out->variance_lo = INFINITY;
    if (enough) {
        read_pairs(&q);
        for (size_t i = 0; i < t->rows[0]; i++) {
            widen_variance(out, &q, i);
        }
    }
    out->variance_lo = fmax(out->variance_lo, 0); /* of rounding */
    mem_free(q.positions);
    mem_free(q.types);
    mem_free(q.row);
    mem_free(q.with);
    mem_free(q.both);
    return enough ? OK : error_memory(err);
}

static status measure_centred(mpc_table_range *out, const tables *t, error *err)
{
    float *row = mem_new(t->dim, sizeof *row);
    double *columns = mem_new(2 * t->dim, sizeof *columns), *most = columns;
    const bool enough = row && columns;
    for (size_t k = 0; enough && k < TABLES; k++) {
        if (t->rows[k] > 0) {
            add_largest(most, t->t[k], t->rows[k], t->dim, row, columns + t->dim);
        }
    }
    for (size_t j = 0; enough && j < t->dim; j++) {
        out->centred = fmax(out->centred, most[j]);
    }
    mem_free(row);
    mem_free(columns);
    return enough ? OK : error_memory(err);
}

status mpc_tables_measure(mpc_table_range *out, const model *m, error *err)
{
    const tables t = tables_of(m);
    *out = (mpc_table_range){0};
    TRY(measure_centred(out, &t, err));
    return measure_variances(out, &t, err);
}

static status encode_table(uint64_t *w, const tensor *t, size_t rows, size_t dim, double factor,
                           float *row, error *err)
{
    const double scale = ldexp(factor, MPC_FRAC), most = ldexp(1, MPC_TABLE_BITS - 1);
    for (size_t i = 0; i < rows; i++) {
        read_centred(row, t, i, dim);
        for (size_t j = 0; j < dim; j++, w++) {
            const double x = (double)row[j] * scale;
            if (!(fabs(x) < most)) {
                return error_set(err, ERR_PRECISION,
                                 "%s: a number of %g does not fit the ring of the tables", t->name,
                                 (double)row[j]);
            }
            *w = (uint64_t)llrint(x) & ring_mask(MPC_TABLE_BITS);
        }
    }
    return OK;
}

status mpc_encode_tables(uint64_t *w, const model *m, const mpc_plan *p, error *err)
{
    const tables t = tables_of(m);
    const double factor = p->ops[m->embeddings.norm.id].norm.factor;
    float *row = mem_new(t.dim, sizeof *row);
    status st = row ? OK : error_memory(err);
    for (size_t k = 0; st == OK && k < TABLES; k++) {
        if (t.rows[k] > 0) {
            st = encode_table(w, t.t[k], t.rows[k], t.dim, factor, row, err);
            w += t.rows[k] * t.dim;
        }
    }
    mem_free(row);
    return st;
}
