/** The engine of nn/ on shares: a transformer as gates, the same code on all four walks. */
#ifndef TACIT_MPC_ENGINE_H
#define TACIT_MPC_ENGINE_H

#include "mpc/party.h"
#include "mpc/plan.h"
#include "mpc/shares.h"
#include "nn/engine.h"

/** What the owner asks for: known to all parties, and the same at all. */
typedef struct {
    bool guard; /* compare what is assumed about ranges; the answer has one word more, behind it */
    bool label; /* the index of each row's largest number, in place of the numbers */
} mpc_asks;

/** ERR_POLICY where m's rows are not scores of labels of which one is the answer, or where there
 * are too many. */
status mpc_label_check(const model *m, error *err) MUST_USE;

/** What a walk needs beside the fields of mpc. */
typedef struct {
    mpc walk;
    const model *model;
    const mpc_plan *plan;
    const mpc_weights *weights; /* NULL on MPC_PLAN */
    mpc_asks asks;
} mpc_setup;

/** weights, plan and model must outlive it; what walk points to stays the caller's. ERR_POLICY as
 * mpc_label_check, and where numbers are asked for of a plan that gives labels alone. */
status mpc_engine_new(engine **out, const mpc_setup *s, error *err) MUST_USE;

/** The walk as it stands: its cost after nn_encoder_forward. */
const mpc *mpc_engine_walk(const engine *e);

/** MPC_EVALUATE, after the forward pass: this server's share of the answer, to be packed with
 * MPC_ANSWER_BITS bits a number; MPC_FRAC of them are fraction bits, of a label none. */
enum { MPC_ANSWER_BITS = 22 };
const uint64_t *mpc_engine_answer(const engine *e, size_t *n);

/** Width of an input's words: mpc/input.h. */
unsigned mpc_input_bits(const mpc_plan *p, const model *m);

#endif
