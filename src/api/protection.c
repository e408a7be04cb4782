#include <string.h>

#include "api/api.h"
#include "base/file.h"
#include "party/he_place.h"
#include "party/mpc_sharing.h"

static const learned plain_learned[] = {
    {"this machine", "the input, the model, every value in between and the answer"},
};

/* What these are worth to an attacker is in docs/security/stip.md. */
static const learned stip_learned[] = {
    {"cloud", "the number of tokens, permuted values at every layer and the permuted answer; with "
              "the public table of embeddings it recovers the input (tacit attack)"},
    {"owner", "the answer, its own permutations and the embedding tables; no other weight"},
    {"developer", "nothing of the input, unless it sees the cloud's traffic"},
};

/* docs/security/mpc.md */
static const learned mpc_learned[] = {
    {"server0", "the number of tokens and uniformly masked words"},
    {"server1", "the number of tokens and uniformly masked words"},
    {"dealer", "the model's architecture and the number of tokens; together with either server it "
               "would learn everything"},
    {"owner", "the answer and the embedding tables; no other weight"},
};

/* docs/security/he.md */
static const learned he_learned[] = {
    {"server", "the number of tokens, evaluation keys and ciphertexts"},
    {"owner", "the answer, with noise that depends on the weights, the model's sizes and the "
              "embedding tables; no other weight, but enough answers copy a model"},
};

static const protection protections[] = {
    {
        .name = "plain",
        .summary = "no protection: the yardstick",
        .learned = plain_learned,
        .n_learned = sizeof plain_learned / sizeof *plain_learned,
        .start = runner_plain_new,
    },
    {
        .name = "stip",
        .summary = "permutations between developer, cloud and owner: a heuristic with known "
                   "attacks",
        .learned = stip_learned,
        .n_learned = sizeof stip_learned / sizeof *stip_learned,
        .from_directory = true,
        .start = runner_stip_new,
    },
    {
        .name = "mpc",
        .summary = "additive shares between two servers that do not collude, and a dealer: "
                   "semi-honest",
        .learned = mpc_learned,
        .n_learned = sizeof mpc_learned / sizeof *mpc_learned,
        .from_ranges = true,
        .start = runner_mpc_new,
    },
    {
        .name = "he",
        .summary = "CKKS between an owner with the key and a server with the weights: semi-honest, "
                   "128 bits",
        .learned = he_learned,
        .n_learned = sizeof he_learned / sizeof *he_learned,
        .start = runner_he_new,
    },
};

status protection_find(const protection **out, const char *name, const model *m, error *err)
{
    if (!name) { /* a data owner's part of a model can run in no other way */
        name = m->layers                                  ? "plain"
               : file_exists_in(m->dir, MPC_SHARING_FILE) ? "mpc"
               : file_exists_in(m->dir, HE_PLACE_FILE)    ? "he"
                                                          : "stip";
    }
    for (size_t i = 0; i < sizeof protections / sizeof *protections; i++) {
        if (strcmp(name, protections[i].name) == 0) {
            *out = &protections[i];
            return OK;
        }
    }
    return error_set(err, ERR_USAGE, "protection '%s': this program has: plain, stip, mpc, he",
                     name);
}

json_t *protection_learned_json(const protection *p, bool label_only, bool oblivious)
{
    static const char *const owner[2][2] = {
        {NULL, "the answer; no weight and no embedding"},
        {"the label, none of the numbers that it was chosen by, and the embedding tables; no other "
         "weight",
         "the label, none of the numbers that it was chosen by; no weight and no embedding"}};
    const char *learns = owner[label_only][oblivious];
    json_t *o = json_object();
    for (size_t i = 0; o && i < p->n_learned; i++) {
        const learned *l = &p->learned[i];
        const bool other = learns && strcmp(l->party, "owner") == 0;
        json_object_set_new(o, l->party, json_string(other ? learns : l->learns));
    }
    return o;
}

json_t *protection_learned_in_rounds(const protection *p)
{
    json_t *o = protection_learned_json(p, false, false);
    if (o) {
        json_object_set_new(
            o, "owner",
            json_string("the answer, every attention score and every hidden unit before its ReLU, "
                        "the reciprocal's constants, the model's sizes and the embedding tables; "
                        "with chosen inputs the weights follow, layer by layer"));
    }
    return o;
}

const char *protection_learned(const protection *p, const char *party)
{
    for (size_t i = 0; i < p->n_learned; i++) {
        if (strcmp(p->learned[i].party, party) == 0) {
            return p->learned[i].learns;
        }
    }
    return "";
}
