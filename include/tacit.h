/** tacit: private inference of Transformer models.
 *
 * One header, plain C. Handles are opaque; every function that can fail returns a tacit_status
 * and, where it is given a tacit_error, says why. Models are read-only once they are open and may
 * be shared by threads; a session belongs to one thread at a time. The library prints nothing,
 * never exits and keeps no global state. Strings that it returns through char ** are given back
 * with tacit_string_free.
 *
 *     tacit_model *model;
 *     tacit_session *session;
 *     tacit_result *result;
 *     tacit_input input = {.text = "a fine film", .text_len = 11};
 *     if (tacit_model_open(&model, "models/sst2-tiny", &err) == TACIT_OK &&
 *         tacit_session_new(&session, model, NULL, &err) == TACIT_OK &&
 *         tacit_run(session, &result, &input, 1, &err) == TACIT_OK) {
 *         puts(tacit_result_label(result, 0));
 *     }
 */
#ifndef TACIT_H
#define TACIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TACIT_API __attribute__((visibility("default")))
#else
#define TACIT_API
#endif

/** Negated, these are the exit codes of the command. */
typedef enum {
    TACIT_OK = 0,
    TACIT_ERR_INTERNAL = -1,
    TACIT_ERR_USAGE = -2,
    TACIT_ERR_ARTEFACT = -3,
    TACIT_ERR_NETWORK = -4,
    TACIT_ERR_AUTH = -5,
    TACIT_ERR_PROTOCOL = -6,
    TACIT_ERR_RESOURCE = -7,
    TACIT_ERR_POLICY = -8,
    TACIT_ERR_PRECISION = -9
} tacit_status;

enum { TACIT_ERROR_TEXT_BYTES = 512 };

typedef struct {
    tacit_status code;
    char text[TACIT_ERROR_TEXT_BYTES];
} tacit_error;

TACIT_API const char *tacit_version(void);
TACIT_API const char *tacit_status_name(tacit_status s);
TACIT_API void tacit_string_free(char *s);

/** Called now and then during long work; what is a word such as "evaluating". */
typedef void tacit_progress_fn(void *ctx, const char *what, size_t done, size_t total);

/* ---- models ---- */

typedef struct tacit_model tacit_model;

/** Open a Hugging Face directory and its tokenizer. */
TACIT_API tacit_status tacit_model_open(tacit_model **out, const char *dir, tacit_error *err);
TACIT_API void tacit_model_free(tacit_model *m);

/** What is in the model, as one JSON object (docs/formats/json.md). */
TACIT_API tacit_status tacit_model_describe(const tacit_model *m, char **json, tacit_error *err);

/** Open, read every number and check that the parts fit each other. *json: sound, and notes on
 * what is odd; NULL where the directory is not sound, for the reason in err. */
TACIT_API tacit_status tacit_verify(const char *dir, char **json, tacit_error *err);

/* ---- sessions ---- */

typedef struct tacit_session tacit_session;

typedef struct {
    const char *protect;   /* "plain", "stip" or "mpc"; NULL: plain, or what a
                              directory for data owners is for */
    const char *precision; /* "f32" (NULL) or "bf16" */
    size_t threads;        /* 0: one per processor */
    const char *peers;     /* "cloud=HOST:PORT", "server0=HOST:PORT,server1=HOST:PORT": the other
                              parties; NULL: all in this process */
    const char *certs;     /* with peers: directory with ca.pem and this party's certificate */
    const char *network;   /* between the parties: "local" (NULL), or emulated "lan" or "wan" */
    size_t timeout;        /* mpc, he with peers: seconds that an answer may take; 0: 600 */
    int guard;             /* mpc: compare whether values lie in the ranges assumed for them; only
                              the report says so, and whoever acts on it visibly tells it others */
    const char *protocol;  /* mpc: "tacit" (NULL), or "secformer-2024" to measure against it, with
                              all parties in this process */
    bool label_only;       /* mpc: the servers open the label, and none of the numbers by which it
                              is chosen; of models that choose one label. A sharing may give labels
                              alone whatever is asked for */
    const char *embedding; /* mpc, all parties in this process: as in tacit_share_options */
    const char *key;       /* he with peers: directory that tacit_keygen made, so that the server
                              may keep evaluation keys; NULL: a key for this session alone */
    tacit_progress_fn *progress; /* he with peers: layers done, and in `what` the time left */
    void *progress_ctx;
} tacit_session_options;

/** Everything that does not depend on an input: packs weights, starts threads. o may be NULL. The
 * model must outlive the session. */
TACIT_API tacit_status tacit_session_new(tacit_session **out, const tacit_model *m,
                                         const tacit_session_options *o, tacit_error *err);
TACIT_API void tacit_session_free(tacit_session *s);

/** What the last run cost and what each party learnt, as one JSON object: protect, recipe,
 * network, seconds, rounds, peak_bytes, bytes_sent, learned; of mpc also ranges. */
TACIT_API tacit_status tacit_session_report(const tacit_session *s, char **json, tacit_error *err);

/** A text, or a pair of texts; UTF-8, lengths in bytes; pair NULL where there is none. */
typedef struct {
    const char *text;
    size_t text_len;
    const char *pair;
    size_t pair_len;
} tacit_input;

/** Tokens as other tools make them: n rows of `width` ids, padded; types and mask may be NULL
 * (all 0, all 1). Tokens whose mask is 0 take no part and get no row in the result. */
typedef struct {
    size_t n, width;
    const uint32_t *ids, *types;
    const uint8_t *mask;
} tacit_batch;

typedef enum {
    TACIT_LABEL,      /* one of the labels */
    TACIT_LABELS,     /* each label by itself */
    TACIT_REGRESSION, /* numbers */
    TACIT_TOKENS,     /* a label for every token */
    TACIT_EMBEDDING   /* a vector */
} tacit_kind;

/** The answers to one call of tacit_run, one an input. */
typedef struct tacit_result tacit_result;

TACIT_API tacit_status tacit_run(tacit_session *s, tacit_result **out, const tacit_input *inputs,
                                 size_t n, tacit_error *err);
TACIT_API tacit_status tacit_run_batch(tacit_session *s, tacit_result **out, const tacit_batch *b,
                                       tacit_error *err);
TACIT_API void tacit_result_free(tacit_result *r);

TACIT_API tacit_kind tacit_result_kind(const tacit_result *r);
TACIT_API size_t tacit_result_count(const tacit_result *r);
/** Logits or vector of answer i: `rows` (1, or one a token) times `columns` numbers; columns is 0
 * where the answer is a label alone. */
TACIT_API const float *tacit_result_values(const tacit_result *r, size_t i, size_t *rows,
                                           size_t *columns);
/** The most likely label's index and name (of row 0; for tokens use _token_label). */
TACIT_API size_t tacit_result_index(const tacit_result *r, size_t i);
TACIT_API const char *tacit_result_label(const tacit_result *r, size_t i);
TACIT_API size_t tacit_result_token_index(const tacit_result *r, size_t i, size_t row);
/** Probability of a label in a row: softmax or sigmoid of its logit; NaN where it has none, or
 * where the answer is a label alone. */
TACIT_API double tacit_result_probability(const tacit_result *r, size_t i, size_t row,
                                          size_t label);
/** Whether tokens were cut off to fit the model. */
TACIT_API bool tacit_result_truncated(const tacit_result *r, size_t i);
/** Answer i as a JSON object. */
TACIT_API tacit_status tacit_result_json(const tacit_result *r, size_t i, char **json,
                                         tacit_error *err);

TACIT_API size_t tacit_model_labels(const tacit_model *m);
TACIT_API const char *tacit_model_label(const tacit_model *m, size_t label);

/* ---- parties ---- */

/** One party of a protocol, for others to call. */
typedef struct tacit_party tacit_party;

typedef struct {
    const char *role;     /* "cloud"; "server0", "server1", "dealer"; "he-server" */
    const char *model;    /* directory that tacit_protect or tacit_share wrote for that role; of
                             he-server the model's own */
    const char *certs;    /* directory with ca.pem, ROLE.pem and ROLE.key */
    const char *listen;   /* HOST:PORT; port 0: one that is free */
    const char *peers;    /* of server0 "server1=HOST:PORT,dealer=HOST:PORT", of server1
                             "dealer=HOST:PORT"; NULL: this party calls nobody */
    const char *material; /* a server's directory of dealt material, in place of a dealer; NULL */
    size_t threads;       /* 0: one per processor */
    size_t timeout;       /* mpc, he: seconds for which a peer may be silent; 0: 600 */
    const char *network;  /* as the owners': "local" (NULL), or emulated "lan" or "wan" */
    /** Told of each session when it is over, as a JSON object: what it cost, what this party
     * learnt, why it failed where it did (docs/formats/json.md). Nothing of what was asked or
     * answered. Any thread. NULL: nobody is told. */
    void (*session_over)(void *ctx, const char *json);
    void *ctx;
    size_t memory; /* he: bytes for weights, keys and runs; 0: what is free at the beginning */
} tacit_party_options;

TACIT_API tacit_status tacit_party_new(tacit_party **out, const tacit_party_options *o,
                                       tacit_error *err);
TACIT_API void tacit_party_free(tacit_party *p);
TACIT_API unsigned tacit_party_port(const tacit_party *p);
/** Serve until tacit_party_stop. */
TACIT_API tacit_status tacit_party_run(tacit_party *p, tacit_error *err);
/** From any thread. */
TACIT_API void tacit_party_stop(tacit_party *p);

/* ---- whole jobs ---- */

typedef struct {
    const char *text_column, *pair_column, *label_column; /* NULL: found by their usual names */
    size_t limit;                                         /* examples; 0: all */
    size_t batch;                                         /* inputs a run; 0: 32 */
    /** Each prediction as a line of JSON, in the order of the file. NULL: none. */
    void (*prediction)(void *ctx, const char *json);
    tacit_progress_fn *progress;
    void *ctx;
} tacit_eval_options;

/** Accuracy on a data set: GLUE's TSV or JSON lines. *json: n, correct, accuracy and, where they
 * have a meaning, f1, matthews, pearson, spearman; truncated; seconds. */
TACIT_API tacit_status tacit_eval(tacit_session *s, const char *path, const tacit_eval_options *o,
                                  char **json, tacit_error *err);

typedef struct {
    const char *recipe; /* a named recipe */
    const char *data;   /* calibration texts: TSV, JSON lines, or plain lines; NULL: none */
    size_t limit;       /* texts; 0: 200 */
    double margin;      /* ranges are widened by this share; 0: 0.1 */
    tacit_progress_fn *progress;
    void *ctx;
} tacit_convert_options;

/** Apply a recipe without training: dst becomes a Hugging Face directory with the recipe, its
 * constants and its calibrated ranges. A src that has the recipe keeps its constants, and its
 * ranges alone are made anew. Refuses a dst that exists. *json says what was measured. */
TACIT_API tacit_status tacit_convert(const char *src, const char *dst,
                                     const tacit_convert_options *o, char **json, tacit_error *err);

typedef struct {
    const char *key;       /* the data owner's directory, which must not exist */
    const char *seed_file; /* 32 bytes that decide all permutations: read where the file is there,
                              else drawn and written, mode 0600. NULL: drawn and forgotten */
} tacit_protect_options;

/** STIP, the model developer's step: dst becomes a Hugging Face directory with permuted weights for
 * a server, o->key the data owner's directory: the key, the tables of embeddings, the tokenizer.
 * A heuristic: docs/security/stip.md says what it hides and from whom. */
TACIT_API tacit_status tacit_protect(const char *src, const char *dst,
                                     const tacit_protect_options *o, char **json, tacit_error *err);

typedef struct {
    const char *server0, *server1, *dealer; /* directories, which must not exist */
    const char *owner;                      /* that of data owners; NULL: none */
    bool label_only;       /* the servers open labels alone, whatever a data owner asks for */
    const char *embedding; /* "owner" (NULL): the tables of embeddings go to data owners, who look
                              words up themselves; "oblivious": they are shared as weights are, and
                              nobody has them */
} tacit_share_options;

/** mpc, the model owner's step: each server's directory gets the masked weights and a seed of its
 * own, the dealer's both seeds, the data owners' the tables of embeddings and the tokenizer. No
 * party gets a weight of a layer in the clear. Each call draws new seeds: parts of different calls
 * do not work together. */
TACIT_API tacit_status tacit_share(const char *src, const tacit_share_options *o, char **json,
                                   tacit_error *err);

/** he, the model owner's step: dst, which must not exist, gets what data owners embed by: tables of
 * embeddings, the norm behind them, tokenizer, labels, and no other weight. The server has the
 * model itself. */
TACIT_API tacit_status tacit_share_embeddings(const char *src, const char *dst, char **json,
                                              tacit_error *err);

/** he, the data owner's step: a new secret key in a new directory, for any number of models and
 * servers. */
TACIT_API tacit_status tacit_keygen(const char *dir, char **json, tacit_error *err);

typedef struct {
    const char *server0, *server1; /* directories, which must not exist */
    const char *lengths; /* tokens of an inference: "5-20,64", and "12+7" for two texts in one */
    bool guard;          /* for answers with a guard */
    bool label_only;     /* for labels alone */
    size_t count;        /* inferences of each */
    size_t threads;      /* 0: one per processor */
    tacit_progress_fn *progress;
    void *ctx;
} tacit_deal_options;

/** mpc, the dealer's step: what the servers need of correlated randomness, beforehand and onto
 * disk. dir: the dealer's part of a sharing. An inference's material is good for one use. */
TACIT_API tacit_status tacit_deal(const char *dir, const tacit_deal_options *o, char **json,
                                  tacit_error *err);

typedef struct {
    const char *key;  /* the data owner's directory; NULL: model is a clear one, which is protected
                         for the occasion and serves as base */
    const char *base; /* a public checkpoint that the model may stem from; NULL: none */
    const char *data; /* texts: TSV, JSON lines or plain lines; NULL: some English sentences */
    size_t limit;     /* texts; 0: 20 */
} tacit_attack_options;

/** The known attacks on STIP against a model of one's own: what they are given, and how much of
 * tokens, permutations and weights they recover. o may be NULL. */
TACIT_API tacit_status tacit_attack(const char *model, const tacit_attack_options *o, char **json,
                                    tacit_error *err);

typedef struct {
    const char *shape;              /* "bert-base", "bert-large", "bert-tiny", "minilm-l6" */
    const char *recipe;             /* NULL: exact */
    const char *protect;            /* NULL: plain; another is timed in turns with plain */
    const char *precision;          /* NULL: f32 */
    const char *network;            /* between the parties: "local" (NULL), "lan", "wan" */
    size_t tokens, threads, repeat; /* 0: 128, one per processor, 5 */
    tacit_progress_fn *progress;
    void *ctx;
    const char *protocol;   /* as in tacit_session_options, and so are */
    bool guard, label_only; /* these, for the protection alone */
    const char *embedding;
} tacit_bench_options;

/** Time of one inference on random weights of a shape. A protection that starts from files gets
 * them in a temporary folder (bert-base: 0.9 GB below $TMPDIR or /tmp). */
TACIT_API tacit_status tacit_bench(const tacit_bench_options *o, char **json, tacit_error *err);

typedef struct {
    const char *ring;       /* "n16" or "n15"; NULL: both */
    size_t threads, repeat; /* beside one thread; 0: 2, 5 */
    tacit_progress_fn *progress;
    void *ctx;
} tacit_bench_ckks_options;

/** Time, memory and key sizes of homomorphic encryption's operations: 2^16 coefficients and 27
 * primes, 2^15 and 12; with all primes and with 4 left. */
TACIT_API tacit_status tacit_bench_ckks(const tacit_bench_ckks_options *o, char **json,
                                        tacit_error *err);

typedef struct {
    const char *protect;    /* "mpc", which is the default */
    const char *network;    /* "local", "lan" or "wan"; NULL: local */
    size_t tokens;          /* of one input; 0: 128, or as many as the model takes */
    size_t threads;         /* of each party; 0: as in a run */
    bool guard, label_only; /* as in tacit_session_options */
    const char *embedding;
} tacit_plan_options;

/** What one private inference will cost with all parties on this machine, before it is run: rounds
 * and bytes exactly, by a walk over shapes; seconds and memory from a sample of one and two layers
 * that is really run, on random input. *json has the fields that a run's report has. */
TACIT_API tacit_status tacit_plan(const tacit_model *m, const tacit_plan_options *o, char **json,
                                  tacit_error *err);

/** An authority and a certificate for each role in a new directory, which must not be there yet:
 * ca.pem and ca.key, ROLE.pem and ROLE.key. roles: names separated by commas ("owner,cloud");
 * NULL: all of developer, owner, cloud, server0, server1, dealer, he-server. days: 1 to 3650; 0:
 * 365. *json says which party needs which files. */
TACIT_API tacit_status tacit_certs(const char *dir, const char *roles, size_t days, char **json,
                                   tacit_error *err);

/** Certificates for further roles from the authority of a directory that tacit_certs made, with
 * ca.key still in it. They never outlive the authority's own: *json says for how long they are. */
TACIT_API tacit_status tacit_certs_add(const char *dir, const char *roles, size_t days, char **json,
                                       tacit_error *err);

/** What this machine offers: processor, instruction sets, kernels, threads, memory, libraries. */
TACIT_API tacit_status tacit_doctor(char **json, tacit_error *err);

#ifdef __cplusplus
}
#endif

#endif
