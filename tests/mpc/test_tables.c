/* Tables of embeddings as a matrix, what is known of their sums, and inputs as shares. */
#include <math.h>

#include "base/cpu.h"
#include "model/random_model.h"
#include "mpc/engine.h"
#include "mpc/input.h"
#include "mpc/tables.h"
#include "ring/kernels.h"
#include "support/calibrated.h"
#include "test.h"

static double centred_at(const calibrated *c, const float *row, size_t j)
{
    double mean = 0;
    for (size_t k = 0; k < c->m->dim; k++) {
        mean += (double)row[k] / (double)c->m->dim;
    }
    return (double)row[j] - mean;
}

/* All sums of a small model: none is beyond what was measured, and the words of the matrix's rows
 * add up to them. */
static void check_sums(const char *name)
{
    calibrated c;
    mpc_choice choice = {.oblivious = true};
    mpc_plan *plan;
    error err = {0};
    calibrated_open(&c, name, 0);
    const embeddings *e = &c.m->embeddings;
    const size_t dim = c.m->dim, rows = mpc_table_rows(c.m);
    assert_int_equal(rows, e->vocab + e->max_positions + e->n_types);
    assert_int_equal(mpc_tables_measure(&choice.tables, c.m, &err), OK);
    if (mpc_plan_make(&plan, c.m, &choice, &err) != OK) {
        fail_msg("%s", err.text);
    }
    assert_true(plan->ops[e->norm.id].norm.used);
    const double factor = plan->ops[e->norm.id].norm.factor;
    uint64_t *w = calloc(rows * dim, sizeof *w);
    float *x = calloc(dim, sizeof *x);
    if (mpc_encode_tables(w, c.m, plan, &err) != OK) {
        fail_msg("%s", err.text);
    }
    double most = 0, least_variance = INFINITY, most_variance = 0;
    for (uint32_t id = 0; id < e->vocab; id++) {
        for (uint32_t at = (uint32_t)e->first_position; at < e->max_positions; at += 3) {
            const uint32_t type = e->n_types > 1 ? (id + at) % 2 : 0;
            const tokens t = {{1, (const size_t[]){0, 1}}, &id, &at, &type};
            assert_int_equal(nn_embed(x, c.m, &t, &err), OK);
            double variance = 0;
            for (size_t j = 0; j < dim; j++) {
                const double exact = centred_at(&c, x, j);
                uint64_t sum = w[id * dim + j] + w[(e->vocab + at) * dim + j];
                if (e->n_types > 0) {
                    sum += w[(e->vocab + e->max_positions + type) * dim + j];
                }
                const int64_t word = (int64_t)(sum << 42) >> 42;
                assert_true(fabs((double)word - ldexp(exact * factor, MPC_FRAC)) < 2);
                assert_true(word < 1 << (MPC_TABLE_BITS - 2) &&
                            word > -(1 << (MPC_TABLE_BITS - 2)));
                most = fmax(most, fabs(exact));
                variance += exact * exact / (double)dim;
            }
            least_variance = fmin(least_variance, variance);
            most_variance = fmax(most_variance, variance);
        }
    }
    assert_true(most <= choice.tables.centred * 1.001);
    const mpc_norm_plan *np = &plan->ops[e->norm.id].norm;
    print_message(
        "%s: sums of up to %.3g, known %.3g; variances %.3g to %.3g, planned %.3g to %.3g\n", name,
        most, choice.tables.centred, least_variance, most_variance, np->variance_lo,
        np->variance_hi);
    assert_true(np->variance_lo <= least_variance && most_variance <= np->variance_hi);
    free(w);
    free(x);
    mpc_plan_free(plan);
    calibrated_close(&c);
}

static void test_sums(void **state)
{
    (void)state;
    check_sums("recipe-secformer");
    check_sums("bert-odd");
    check_sums("roberta-sequence");
    check_sums("distilbert-sequence");
}

/* Both shares, of either form, read in pieces: they add up to what was shared. */
static void check_input(const char *name, bool oblivious)
{
    calibrated c;
    error err = {0};
    isa level;
    mpc_input_reader r[2];
    calibrated_open(&c, name, 1);
    assert_int_equal(cpu_pick(&level, &err), OK);
    const ring_kernels *k = ring_kernels_for(level);
    const mpc_input_form f = mpc_input_form_of(c.m, oblivious, oblivious ? MPC_TABLE_BITS : 50);
    const uint8_t seed[PRG_SEED_BYTES] = {5};
    uint8_t *second = calloc(mpc_input_bytes(&f, c.in.rows), 1);
    uint64_t *share[2];
    assert_int_equal(mpc_input_share(second, seed, &f, c.m, &c.in, level, &err), OK);
    for (unsigned i = 0; i < 2; i++) {
        share[i] = calloc(c.in.rows * f.columns, sizeof *share[i]);
        assert_int_equal(mpc_input_begin(&r[i], &f, i, i ? second : seed, k, &err), OK);
        mpc_input_rows(&r[i], share[i], 1);
        mpc_input_rows(&r[i], share[i] + f.columns, c.in.rows - 1);
        mpc_input_end(&r[i]);
    }
    for (size_t i = 0; i < c.in.rows; i++) {
        size_t ones = 0;
        for (size_t j = 0; j < f.columns; j++) {
            const uint64_t x =
                (share[0][i * f.columns + j] + share[1][i * f.columns + j]) & ring_mask(f.bits);
            ones += x == 1;
            assert_true(!oblivious || x == 0 || x == 1);
        }
        const uint64_t *a = share[0] + i * f.columns, *b = share[1] + i * f.columns;
        const size_t at[] = {c.in.ids[i], c.m->embeddings.vocab + c.in.positions[i]};
        for (size_t j = 0; oblivious && j < 2; j++) {
            assert_int_equal((a[at[j]] + b[at[j]]) & ring_mask(f.bits), 1);
        }
        assert_true(!oblivious || ones == (c.m->embeddings.n_types ? 3 : 2));
    }
    free(share[0]);
    free(share[1]);
    free(second);
    calibrated_close(&c);
}

static void test_inputs(void **state)
{
    (void)state;
    static const char *const names[] = {"recipe-secformer", "bert-odd", "distilbert-sequence"};
    for (size_t i = 0; i < 3; i++) {
        check_input(names[i], true);
        check_input(names[i], false);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
