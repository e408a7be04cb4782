#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fault/faults.h"
#include "he/client.h"
#include "he/server.h"
#include "he/small_poly.h"

/* Client and server of a small model whose client takes part, so that both sides of every message
 * are there, in the smallest ring that is secure. */
enum { TOKENS = 3 };

typedef struct {
    bool sampled;
    small_model s;
    he_plan *plan;
    he_server *server;
    he_client *client;
    he_session *session;
    he_bytes offer, input;
    float *x;
} parties;

typedef status job(parties *p, error *err);

/* The n-th allocation fails, for ever wider steps of n up to a run in which none did. */
static void sample(job *f, parties *p)
{
    error none = {0};
    bool failed = p->sampled;
    assert_int_equal(f(p, &none), OK);
    for (size_t n = 1; failed; n += 1 + n / 3) {
        error err = {0};
        fault_arm(FAULT_MEMORY, n, false);
        const status st = f(p, &err);
        failed = fault_disarm();
        if (st != OK && (st != ERR_RESOURCE || !failed || !err.text[0])) {
            fail_msg("failure %zu: status %d, '%s'", n, st, err.text);
        }
    }
}

static status make_plan(parties *p, error *err)
{
    const he_wish wish = {.tokens = TOKENS, .scale_bits = 22};
    he_plan_free(p->plan);
    p->plan = NULL;
    return he_plan_make(&p->plan, p->s.m, &wish, err);
}

static status make_server(parties *p, error *err)
{
    he_server_free(p->server);
    p->server = NULL;
    return he_server_new(&p->server, p->plan, NULL, err);
}

static status make_client(parties *p, error *err)
{
    he_client_free(p->client);
    he_bytes_clear(&p->offer);
    p->client = NULL;
    TRY(he_offer_write(&p->offer, p->plan, err));
    return he_client_new(&p->client, he_bytes_span(&p->offer), NULL, err);
}

/* The last of all keys, over and over. */
static status send_key(parties *p, error *err)
{
    he_bytes key;
    const size_t last = p->plan->n_keys - 1;
    if (he_session_ready(p->session)) {
        return OK;
    }
    TRY(he_client_key(p->client, &key, last, err));
    const status st = he_session_key(p->session, he_bytes_span(&key), err);
    he_bytes_clear(&key);
    return st;
}

static status make_session(parties *p, error *err)
{
    he_session_free(p->session);
    p->session = NULL;
    return he_session_new(&p->session, p->server, NULL, err);
}

static status make_input(parties *p, error *err)
{
    he_bytes_clear(&p->input);
    return he_client_input(p->client, &p->input, p->x, TOKENS, err);
}

/* One input up to its answer. A failure ends it, and the next begins anew. */
static status converse(parties *p, error *err)
{
    float out[SMALL_POLY_LABELS];
    he_bytes in = {0}, message;
    TRY(he_session_run(p->session, &message, he_bytes_span(&p->input), err));
    status st = OK;
    for (size_t i = 0; st == OK && he_session_waits(p->session); i++) {
        st = he_client_round(p->client, &in, i, he_bytes_span(&message), err);
        he_bytes_clear(&message);
        if (st != OK) { /* nobody answers: the session is given another input later */
            const status ended =
                he_session_run(p->session, &message, he_bytes_span(&p->offer), NULL);
            assert_int_not_equal(ended, OK);
            return st;
        }
        st = he_session_run(p->session, &message, he_bytes_span(&in), err);
        he_bytes_clear(&in);
    }
    st = st == OK ? he_client_result(p->client, out, he_bytes_span(&message), err) : st;
    he_bytes_clear(&message);
    return st;
}

static void send_other_keys(parties *p)
{
    for (size_t i = 0; i + 1 < p->plan->n_keys; i++) {
        he_bytes key;
        assert_int_equal(he_client_key(p->client, &key, i, NULL), OK);
        assert_int_equal(he_session_key(p->session, he_bytes_span(&key), NULL), OK);
        he_bytes_clear(&key);
    }
}

/* It comes once: until it has, each try fails further on. */
static void send_last_key(parties *p)
{
    for (size_t n = 1; !he_session_ready(p->session); n++) {
        error err = {0};
        fault_arm(FAULT_MEMORY, n, false);
        const status st = send_key(p, &err);
        assert_true(fault_disarm() || st == OK);
        assert_true(st == OK || st == ERR_RESOURCE);
    }
}

static void live(bool sampled)
{
    parties *p = mem_new(1, sizeof *p);
    p->sampled = sampled;
    small_poly_init(&p->s);
    small_thex(&p->s);
    p->x = small_poly_states(TOKENS, 4);
    sample(make_plan, p);
    sample(make_server, p);
    sample(make_client, p);
    sample(make_session, p);
    sample(make_input, p);
    send_other_keys(p);
    send_last_key(p);
    sample(converse, p);
    he_session_free(p->session);
    he_client_free(p->client);
    he_server_free(p->server);
    he_plan_free(p->plan);
    he_bytes_clear(&p->offer);
    he_bytes_clear(&p->input);
    small_model_clear(&p->s);
    mem_free(p->x);
    mem_free(p);
}

/* What libraries make once and keep is made by a first life without failures. */
static void test_every_failure_is_told(void **state)
{
    (void)state;
    live(false);
    const size_t held = fault_held();
    live(true);
    assert_int_equal(fault_held(), held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_failure_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
