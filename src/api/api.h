/** Behind tacit.h: opens models, makes engines, runs them.
 *
 * api/ may include every room below it; cli/ and bindings include tacit.h alone. A public
 * function is a thin wrapper that turns the inner error into a tacit_error.
 */
#ifndef TACIT_API_API_H
#define TACIT_API_API_H

#include <jansson.h>

#include "api/runner.h"
#include "base/status.h"
#include "model/model.h"
#include "model/tokenizer.h"
#include "nn/encoder.h"
#include "nn/engine.h"
#include "tacit.h"

struct tacit_model {
    model *model;
    tokenizer *tokenizer; /* NULL of a directory that is protected for a server */
};

/** What a protection gives away, said once for every report. */
typedef struct {
    const char *party, *learns;
} learned;

/** A way to run a model. */
typedef struct {
    const char *name;
    const char *summary; /* one line for --help and reports */
    const learned *learned;
    size_t n_learned;
    bool from_ranges;    /* asks for calibrated ranges */
    bool from_directory; /* reads the model from its directory, not from memory */
    status (*start)(runner **out, const runner_setup *s, error *err);
} protection;

/** The protection of that name; where name is NULL, the one in which m can run. */
status protection_find(const protection **out, const char *name, const model *m,
                       error *err) MUST_USE;

/** What that party learns; "" where it takes no part. */
const char *protection_learned(const protection *p, const char *party);

/** The same for all parties, where the owner gets the label alone or all, and looks words up itself
 * or not. NULL where memory is lacking. */
json_t *protection_learned_json(const protection *p, bool label_only, bool oblivious);

/** The same of he with its owner in the loop. */
json_t *protection_learned_in_rounds(const protection *p);

/** Seconds by the monotonic clock. */
double api_now(void);

/** Peak resident memory of this process in bytes. */
size_t api_peak_bytes(void);

/** Resident memory of this process at the moment. */
size_t api_resident_bytes(void);

struct tacit_session {
    const tacit_model *owner; /* NULL in a session without a tokenizer (benchmarks) */
    const model *model;
    const protection *protection;
    runner *runner;
    network network;            /* between the parties */
    bool guard;                 /* ranges are compared */
    double setup_s;             /* making the runner */
    double offline_s, online_s; /* the last run */
    run_cost before;            /* what had been spent when it began */
};

/** protect NULL: the protection of the model's recipe. */
status session_new(tacit_session **out, const char *protect, const runner_setup *setup,
                   error *err) MUST_USE;
/** A session over a runner that is there already; takes it over, whatever it returns. */
status session_adopt(tacit_session **out, const model *m, const protection *how, runner *r,
                     error *err) MUST_USE;
void session_free(tacit_session *s);

/** ERR_USAGE where the model has no tokenizer, so that it cannot be asked from here. */
status model_check_askable(const tacit_model *m, error *err) MUST_USE;

/** The packed tokens of a run: owns what `tokens` points to. */
typedef struct {
    size_t n_seqs, n_rows, cap_rows;
    size_t *start; /* n_seqs + 1 */
    uint32_t *ids, *positions, *types;
    encoding *encodings; /* n_seqs; empty where tokens came without text */
    bool *truncated;     /* n_seqs */
} packed;

status packed_from_texts(packed *out, const tacit_model *m, const tacit_input *inputs, size_t n,
                         error *err) MUST_USE;
status packed_from_batch(packed *out, const model *m, const tacit_batch *b, error *err) MUST_USE;
void packed_clear(packed *p);

struct tacit_result {
    const tacit_model *owner;
    tacit_kind kind;
    packed tokens;   /* what was asked */
    bool label_only; /* columns is 1: the index of the label */
    size_t n, columns;
    size_t *first; /* n + 1: answer i is rows first[i] to first[i + 1] - 1 */
    float *values; /* rows × columns */
};

/** Answers to what is packed; takes `tokens` over, whatever it returns. */
status session_run(tacit_session *s, tacit_result **out, packed *tokens, error *err) MUST_USE;

/** New objects for reports; NULL where memory is lacking. */
json_t *session_report(const tacit_session *s);
json_t *result_json(const tacit_result *r, size_t i);

/** JSON text of an object whose reference it takes; NULL stands for no memory. */
status api_dump(char **text, json_t *object, error *err) MUST_USE;

/** What a public function returns: st, and its reason in err, which may be NULL. */
tacit_status api_return(tacit_error *err, status st, const error *inner);

#endif
