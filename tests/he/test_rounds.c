/* A client that takes part, and a server that would learn from its answers. */
#include "test.h"

#include <string.h>

#include "he/client.h"
#include "he/server.h"
#include "he/small_poly.h"

enum { TOKENS = 3 };

typedef struct {
    small_model s;
    he_plan *plan;
    he_server *server;
    he_client *client;
    he_session *session;
    float *x;
} pair;

static void pair_new(pair *p)
{
    const he_wish wish = {.tokens = TOKENS, .scale_bits = 22};
    error err = {0};
    he_bytes offer, key;
    small_poly_init(&p->s);
    small_thex(&p->s);
    p->x = small_poly_states(TOKENS, 3);
    ok(he_plan_make(&p->plan, p->s.m, &wish, &err), &err);
    ok(he_server_new(&p->server, p->plan, NULL, &err), &err);
    ok(he_session_new(&p->session, p->server, NULL, &err), &err);
    ok(he_offer_write(&offer, p->plan, &err), &err);
    ok(he_client_new(&p->client, he_bytes_span(&offer), NULL, &err), &err);
    he_bytes_clear(&offer);
    for (size_t i = 0; i < p->plan->n_keys; i++) {
        ok(he_client_key(p->client, &key, i, &err), &err);
        ok(he_session_key(p->session, he_bytes_span(&key), &err), &err);
        he_bytes_clear(&key);
    }
}

static void pair_free(pair *p)
{
    he_session_free(p->session);
    he_client_free(p->client);
    he_server_free(p->server);
    he_plan_free(p->plan);
    mem_free(p->x);
    small_model_clear(&p->s);
}

/* The first part of the ciphertext becomes zero: what it decrypts to is as large as can be. */
static void spoil(he_bytes *message)
{
    const size_t half = message->len / 2;
    memset(message->data + message->len - half, 0, half);
}

/* One input, the rounds whose bit is set being spoilt on their way to the client. */
static status converse(pair *p, unsigned spoilt, error *err)
{
    float out[SMALL_POLY_LABELS];
    he_bytes in, message;
    size_t rounds = 0;
    ok(he_client_input(p->client, &in, p->x, TOKENS, err), err);
    ok(he_session_run(p->session, &message, he_bytes_span(&in), err), err);
    he_bytes_clear(&in);
    for (; he_session_waits(p->session); rounds++) {
        if (spoilt >> rounds & 1) {
            spoil(&message);
        }
        ok(he_client_round(p->client, &in, rounds, he_bytes_span(&message), err), err);
        assert_int_equal(in.len, he_session_waits(p->session));
        he_bytes_clear(&message);
        ok(he_session_run(p->session, &message, he_bytes_span(&in), err), err);
        he_bytes_clear(&in);
    }
    assert_int_equal(rounds, p->plan->program->n_rounds);
    const status st = he_client_result(p->client, out, he_bytes_span(&message), err);
    he_bytes_clear(&message);
    return st;
}

/* Every round is answered, with as many bytes, whatever it decrypts to; who asked for the answer
 * learns of it, for that input and no other. */
static void test_nonsense_is_answered(void **state)
{
    (void)state;
    pair p = {0};
    error err = {0};
    pair_new(&p);
    ok(converse(&p, 0, &err), &err);
    for (unsigned spoilt = 1; spoilt < 4; spoilt++) {
        error why = {0};
        assert_int_equal(converse(&p, spoilt, &why), ERR_PRECISION);
        assert_error(why, ERR_PRECISION, "rounds", "beyond any model's");
    }
    ok(converse(&p, 0, &err), &err);
    pair_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nonsense_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
