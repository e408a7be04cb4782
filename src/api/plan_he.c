#include "api/plan_he.h"

#include "he/forecast.h"

/* Steps of one layer as one line each would be too long a report: what each level costs. */
static json_t *operations(const he_plan *p)
{
    const he_tally *t = &p->tally;
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "raised", (json_int_t)he_tally_sum(t->raised),
                     "sums_with_a_key", (json_int_t)he_tally_sum(t->keyed), "divided",
                     (json_int_t)he_tally_sum(t->lowered), "products_with_diagonals",
                     (json_int_t)he_tally_sum(t->plain), "products_of_ciphertexts",
                     (json_int_t)he_tally_sum(t->tensors));
}

static json_t *ring(const he_plan *p)
{
    const size_t n = p->params.n_special + p->params.n_limbs;
    uint64_t q[CKKS_MAX_PRIMES];
    for (size_t i = 0; i < n; i++) {
        q[i] = p->ctx->ring->limb[i].m.q;
    }
    return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i}", "log2_coefficients", (int)p->params.log_n,
                     "levels", (int)p->params.n_limbs - 1, "scale_bits", (int)p->params.scale_bits,
                     "digits", (int)p->ctx->n_digits, "modulus_bits", (int)ckks_product_bits(q, n),
                     "modulus_bits_that_are_safe", (int)ckks_security_max_bits(p->params.log_n));
}

static json_t *bytes(uint64_t offline, uint64_t online)
{
    return json_pack("{s:I, s:I}", "offline", (json_int_t)offline, "online", (json_int_t)online);
}

static double travel(network net, size_t n)
{
    const emulated_link l = link_of(net);
    return net == NETWORK_LOCAL ? 0 : 1e-9 * (double)link_cost(&l, n);
}

static status report(char **json, const model *m, const he_plan *p, const he_forecast *f,
                     size_t length, network net, error *err)
{
    const protection *how = NULL;
    TRY(protection_find(&how, "he", m, err));
    const size_t sent = p->input_bytes + p->answer_bytes + p->result_bytes + p->ask_bytes;
    const double online = (double)(2 * p->rounds - 1) * travel(net, 0) + travel(net, sent);
    json_t *o = json_pack(
        "{s:s, s:s, s:s, s:I, s:I, s:{s:f, s:f}, s:I, s:I, s:{s:I, s:I}, s:I, s:{s:o, s:o}, s:o, "
        "s:o, s:o}",
        "protect", "he", "recipe", m->recipe.name, "network", network_name(net), "tokens",
        (json_int_t)length, "places", (json_int_t)p->program->shape.tokens, "seconds", "setup",
        f->keys + travel(net, p->key_bytes), "run", f->run + online, "rounds",
        (json_int_t)p->rounds, "peak_bytes",
        (json_int_t)(p->key_memory + p->weight_memory + p->run_memory + api_resident_bytes()),
        "memory", "keys", (json_int_t)p->key_memory, "weights", (json_int_t)p->weight_memory,
        "keys", (json_int_t)p->n_keys, "bytes_sent", "owner",
        bytes(p->key_bytes, p->input_bytes + p->answer_bytes), "server",
        bytes(p->offer_bytes, p->result_bytes + p->ask_bytes), "ring", ring(p), "operations",
        operations(p), "learned",
        p->program->n_rounds > 0 ? protection_learned_in_rounds(how)
                                 : protection_learned_json(how, false, false));
    return api_dump(json, o, err);
}

status plan_he(char **json, const model *m, size_t length, size_t threads, network net, error *err)
{
    he_plan *p = NULL;
    pool *workers = NULL;
    he_forecast f;
    const he_wish wish = {.tokens = length ? length : HE_MAX_TOKENS};
    *json = NULL;
    TRY(he_plan_make(&p, m, &wish, err));
    status st = pool_new(&workers, threads, err);
    st = st == OK ? he_forecast_make(&f, p, workers, err) : st;
    st = st == OK ? report(json, m, p, &f, wish.tokens, net, err) : st;
    pool_free(workers);
    he_plan_free(p);
    return st;
}
