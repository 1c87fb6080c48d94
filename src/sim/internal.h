/* Shared inside the sim room: names of peers, service rules, run parameters, ways to spoil data.
 * Not here: the worlds of whole nodes (world.c keeps its own). Spec: docs/spec/scenarios.md §1. */
#ifndef RIV_SIM_INTERNAL_H
#define RIV_SIM_INTERNAL_H

#include "avm/avm.h"
#include "sim/sim.h"

/* sim_scenario_run of a document that is parsed already (scenario.c). */
RIV_MUST_USE riv_err sim__scenario_play(const riv_json *doc, const sim_scenario_options *options, riv_arena *arena, riv_fault *fault, const riv_json **out);

/* ---- peers by name (names.c) ---- */

typedef struct sim_name { riv_str name, id; crypto_secret seed; crypto_public public_key; } sim_name;
typedef struct sim_names sim_names;
sim_names      *sim__names_new(riv_arena *arena);
const sim_name *sim__name(sim_names *names, riv_str name);           /* makes it when new */
const sim_name *sim__name_find(const sim_names *names, riv_str text); /* by name or peer id; NULL when never met */
size_t          sim__names_count(const sim_names *names);
const sim_name *sim__name_at(const sim_names *names, size_t index);  /* in order of first mention */
/* A copy of v with @name replaced by the peer id in every string and key. */
const riv_json *sim__names_replace(sim_names *names, const riv_json *v, riv_arena *arena);

/* ---- service rules (rules.c): what the services of a scenario answer ---- */

typedef struct sim_rules sim_rules; /* remembers how far its lists are */
typedef struct sim_call {
    riv_str peer_name, peer_id, service, function;
    riv_str who;                      /* what the answer `who` gives */
    const riv_json *args, *tetraplets; /* arrays */
} sim_call;
typedef struct sim_answer { int32_t ret_code; riv_str result; /* JSON text */ } sim_answer;
/* services may be NULL. The fault names the rule and key. */
RIV_MUST_USE riv_err sim__rules_read(const riv_json *services, riv_arena *arena, riv_fault *fault, sim_rules **out);
sim_answer sim__rules_answer(sim_rules *rules, const sim_call *call, riv_arena *arena);

/* ---- run parameters by name (params.c) ---- */

/* Sets one parameter of docs/spec/scenarios.md §4. where goes into the fault. */
RIV_MUST_USE riv_err sim__param_set(avm_params *params, riv_str name, const riv_json *value, const char *where,
                                    riv_arena *arena, riv_fault *fault);
/* {id: {ret_code, result}} added to results. A key that is no id sets *bad instead, as the original's decoder would refuse it. */
typedef RIV_VEC(avm_call_result) sim_results;
RIV_MUST_USE riv_err sim__results_read(const riv_json *map, const char *where, riv_arena *arena, riv_fault *fault,
                                       sim_results *results, riv_str *bad);
const riv_json *sim__tetraplets_json(const avm_call_request *request, riv_arena *arena);

/* ---- JSON of scenarios (params.c) ---- */

RIV_MUST_USE riv_err sim__malformed(riv_fault *fault, const char *where, const char *key, const char *expected);
/* The member key of obj; NULL when absent and not required; must be of kind (I64 takes U64 too). */
RIV_MUST_USE riv_err sim__member(const riv_json *obj, const char *where, const char *key, riv_json_kind kind, bool required,
                                 riv_fault *fault, const riv_json **out);
/* Refuses members that are not in keys (count of them). */
RIV_MUST_USE riv_err sim__known_keys(const riv_json *obj, const char *where, const char *const *keys, size_t count, riv_fault *fault);

/* ---- spoiled data (tamper.c) ---- */

/* One entry of a scenario's `tamper`. names: for swap_signature and its like. */
RIV_MUST_USE riv_err sim__tamper(const riv_json *entry, sim_names *names, riv_bytes data, riv_arena *arena,
                                 riv_fault *fault, riv_bytes *out);
RIV_MUST_USE riv_err sim__tamper_check(const riv_json *entry, const char *where, riv_fault *fault);

#endif
