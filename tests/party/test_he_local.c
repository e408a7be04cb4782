#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "he/clear.h"
#include "he/small_poly.h"
#include "he/states.h"
#include "nn/encoder.h"
#include "party/he_local.h"
#include "plain/plain.h"

enum { ROWS = 2 + 7 };
static const size_t starts[] = {0, 2, ROWS};

static void plain(float *out, const model *m, const embedded *x)
{
    engine *e;
    pool *p;
    error err = {0};
    const plain_options o = {.isa = ISA_REF};
    assert_int_equal(pool_new(&p, 1, &err), OK);
    assert_int_equal(plain_engine_new(&e, m, p, &o, &err), OK);
    e->err = &err;
    assert_int_equal(nn_encoder_forward(e, out, m, x), OK);
    e->ops->free(e);
    pool_free(p);
}

/* Two sequences through both parties: the plain engine's answers, and the plan's bytes and rounds
 * for each, whatever is in them. */
static void test_client_in_the_loop(void **state)
{
    (void)state;
    small_model s;
    he_local *l;
    error err = {0};
    float got[2 * SMALL_POLY_LABELS], expected[2 * SMALL_POLY_LABELS];
    const he_local_options o = {.threads = 1};
    small_poly_init(&s);
    small_thex(&s);
    float *x = small_poly_states(ROWS, 9);
    const embedded in = {.rows = ROWS, .dim = s.m->dim, .seqs = {2, starts}, .x = x};
    plain(expected, s.m, &in);
    assert_int_equal(he_local_new(&l, s.m, &o, &err), OK);
    assert_int_equal(he_local_forward(l, got, &in, &err), OK);
    for (size_t i = 0; i < 2 * SMALL_POLY_LABELS; i++) {
        if (!(fabs((double)(got[i] - expected[i])) < 2e-2)) {
            fail_msg("number %zu is %g, not %g", i, (double)got[i], (double)expected[i]);
        }
    }
    const he_local_count n = he_local_counts(l);
    const he_plan *p = he_local_plan(l, 7);
    assert_int_equal(p->rounds, 3);
    assert_int_equal(n.rounds, 2 * p->rounds);
    assert_int_equal(n.server_offline, p->offer_bytes);
    assert_int_equal(n.client_offline, p->key_bytes);
    assert_int_equal(n.client_online, 2 * (p->input_bytes + p->answer_bytes));
    assert_int_equal(n.server_online, 2 * (p->result_bytes + p->ask_bytes));
    he_local_free(l);
    mem_free(x);
    small_model_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {

        cmocka_unit_test(test_client_in_the_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
