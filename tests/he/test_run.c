#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "he/clear.h"
#include "he/client.h"
#include "he/server.h"
#include "he/small_poly.h"

enum { TOKENS = 16 };

typedef struct {
    small_model s;
    he_plan *plan;
    he_server *server;
    he_client *client;
    he_session *session;
    he_bytes offer;
    size_t key_bytes;
} fixture;

static int set_up(void **state)
{
    fixture *f = mem_new(1, sizeof *f);
    error err = {0};
    const he_wish wish = {.tokens = TOKENS};
    small_poly_init(&f->s);
    ok(he_plan_make(&f->plan, f->s.m, &wish, &err), &err);
    ok(he_server_new(&f->server, f->plan, NULL, &err), &err);
    ok(he_offer_write(&f->offer, f->plan, &err), &err);
    ok(he_client_new(&f->client, he_bytes_span(&f->offer), NULL, &err), &err);
    ok(he_session_new(&f->session, f->server, NULL, &err), &err);
    for (size_t i = 0; i < f->plan->n_keys; i++) {
        he_bytes key;
        assert_false(he_session_ready(f->session));
        ok(he_client_key(f->client, &key, i, &err), &err);
        ok(he_session_key(f->session, he_bytes_span(&key), &err), &err);
        assert_int_equal(key.len, he_key_bytes(f->plan, i));
        f->key_bytes += key.len;
        he_bytes_clear(&key);
    }
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    he_session_free(f->session);
    he_client_free(f->client);
    he_server_free(f->server);
    he_plan_free(f->plan);
    he_bytes_clear(&f->offer);
    small_model_clear(&f->s);
    mem_free(f);
    return 0;
}

static void run(fixture *f, float *out, const float *x, size_t n)
{
    he_bytes in, result;
    error err = {0};
    ok(he_client_input(f->client, &in, x, n, &err), &err);
    ok(he_session_run(f->session, &result, he_bytes_span(&in), &err), &err);
    ok(he_client_result(f->client, out, he_bytes_span(&result), &err), &err);
    assert_int_equal(in.len, f->plan->input_bytes);
    assert_int_equal(result.len, f->plan->result_bytes);
    he_bytes_clear(&in);
    he_bytes_clear(&result);
}

/* Whatever the input and its length: the plan's operations and bytes, and the answer. */
static void test_run_is_the_plan(void **state)
{
    fixture *f = *state;
    static const size_t lengths[] = {1, TOKENS};
    assert_true(he_session_ready(f->session));
    assert_int_equal(f->key_bytes, f->plan->key_bytes);
    for (size_t i = 0; i < 2; i++) {
        float got[SMALL_POLY_LABELS];
        double expected[SMALL_POLY_LABELS];
        float *x = small_poly_states(lengths[i], 5 + i);
        run(f, got, x, lengths[i]);
        assert_memory_equal(he_session_tally(f->session), &f->plan->tally, sizeof f->plan->tally);
        assert_int_equal(he_clear_run(expected, f->plan->program, x, lengths[i], NULL, NULL), OK);
        for (size_t j = 0; j < SMALL_POLY_LABELS; j++) {
            assert_true(fabs(expected[j]) > 0.01);
            assert_true(fabs((double)got[j] - expected[j]) < 2e-2);
        }
        mem_free(x);
    }
}

static void refused(status got, status wanted)
{
    assert_int_equal(got, wanted);
}

/* Keys in another order, too many of them, inputs and results that are none. */
static void test_messages_out_of_place(void **state)
{
    fixture *f = *state;
    he_session *s;
    he_bytes key, in, result;
    float out[SMALL_POLY_LABELS], *x = small_poly_states(1, 3);
    error err = {0};
    ok(he_session_new(&s, f->server, NULL, &err), &err);
    ok(he_client_key(f->client, &key, 1, &err), &err);
    ok(he_client_input(f->client, &in, x, 1, &err), &err);
    refused(he_session_key(s, he_bytes_span(&key), &err), ERR_PROTOCOL);
    refused(he_session_run(s, &result, he_bytes_span(&in), &err), ERR_PROTOCOL);
    refused(he_session_key(f->session, he_bytes_span(&key), &err), ERR_PROTOCOL);
    in.data[8] = TOKENS + 100;
    refused(he_session_run(f->session, &result, he_bytes_span(&in), &err), ERR_ARTEFACT);
    refused(he_session_run(f->session, &result, he_bytes_span(&key), &err), ERR_ARTEFACT);
    refused(he_client_result(f->client, out, he_bytes_span(&in), &err), ERR_ARTEFACT);
    refused(he_client_input(f->client, &result, x, 0, &err), ERR_USAGE);
    refused(he_client_input(f->client, &result, x, 65, &err), ERR_USAGE);
    he_bytes_clear(&key);
    he_bytes_clear(&in);
    he_session_free(s);
    mem_free(x);
}

/* Bytes changed, and lengths cut: refused, or another offer of the same kind. */
static void test_hostile_offers(void **state)
{
    fixture *f = *state;
    const size_t len = f->offer.len;
    uint8_t *copy = mem_new(len, 1);
    size_t accepted = 0;
    for (size_t i = 0; i < len; i += 23) {
        he_offer o;
        memcpy(copy, f->offer.data, len);
        assert_int_not_equal(he_offer_read(&o, (span){.data = copy, .len = i}, NULL), OK);
        copy[i] ^= 0x81;
        if (he_offer_read(&o, (span){.data = copy, .len = len}, NULL) == OK) {
            accepted++;
            he_offer_clear(&o);
        }
    }
    assert_true(accepted < len / 2);
    mem_free(copy);
}

/* Forms that have no steps are refused by name before anything is made. */
static void test_policy(void **state)
{
    fixture *f = *state;
    he_plan *p;
    error err = {0};
    const he_wish wish = {.tokens = TOKENS}, many = {.tokens = 65};
    model *m = f->s.m;
    m->layers[0].attention_norm.form = NORM_LAYERNORM;
    refused(he_plan_make(&p, m, &wish, &err), ERR_POLICY);
    assert_non_null(strstr(err.text, "layers.0.attention_norm"));
    m->layers[0].attention_norm.form = NORM_BATCHNORM;
    m->layers[0].activation.poly.degree = 1;
    refused(he_plan_make(&p, m, &wish, &err), ERR_POLICY);
    m->layers[0].activation.poly.degree = 2;
    refused(he_plan_make(&p, m, &many, &err), ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run_is_the_plan),
        cmocka_unit_test(test_messages_out_of_place),
        cmocka_unit_test(test_hostile_offers),
        cmocka_unit_test(test_policy),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
