/* Sim: the simulated world: one thread, a seed, virtual time, a network with faults, checkers. And AIR scenarios: bare interpreters in a network.
 * Not here: sockets, files, the real clock. Same seed, same run, to the byte. Spec: docs/spec/scenarios.md §1, docs/sim.md. */
#ifndef RIV_SIM_H
#define RIV_SIM_H

#include "base/base.h"
#include "node/node.h"
#include "work/work.h"

/* ---- AIR scenarios: rivulet sim FILE ---- */
typedef struct sim_scenario_options {
    avm_version version;
    bool        has_seed; /* order `random`, drawn from seed, whatever the file says */
    uint64_t    seed;
    bool        sessions; /* peers keep sessions (avm.h) between their steps; data_out is null where only calls follow */
    /* Calls that answer by themselves and are not noted (node_plain_builtin, say); NULL: none. */
    bool      (*builtin)(riv_str service, riv_str function, const riv_json *args, riv_arena *arena, int32_t *ret_code, riv_str *result);
    bool        who_is_id; /* the answer `who` is the peer's id instead of its name */
} sim_scenario_options;
/* text is the scenario's JSON. RIV_E_MALFORMED names the key and what was expected. *out is the document of docs/spec/scenarios.md §1. */
RIV_MUST_USE riv_err sim_scenario_run(riv_str text, const sim_scenario_options *options, riv_arena *arena, riv_fault *fault, const riv_json **out);
/* The ed25519 seed of a scenario's peer: sha-256 of "simnet-peer:" + name. */
crypto_secret sim_peer_seed(riv_str name);
/* One run of the interpreter: a line and the answer are the JSON documents of docs/spec/scenarios.md §4. RIV_E_MALFORMED names the key; RIV_E_LIMIT is avm_run's. */
RIV_MUST_USE riv_err sim_invoke(riv_str line, avm_version version, riv_arena *arena, riv_fault *fault, const riv_json **out);
/* The first half of it: the input that a line describes; wipe out->params.secret when done. */
RIV_MUST_USE riv_err sim_invoke_read(riv_str line, avm_version version, riv_arena *arena, riv_fault *fault, avm_input *out);

/* ---- Aqua scenarios: rivulet test ---- */
/* One of the `runs` of docs/spec/scenarios.md §2: a compiled function in a network of interpreters with made-up services. */
typedef struct sim_trial_input {
    riv_str         air;
    const riv_json *run;         /* names as @name */
    const char     *where;       /* of run, for faults: "runs[0]" */
    riv_str         order;       /* empty: the run's own */
    bool            has_seed; uint64_t seed;
    avm_version     version;
} sim_trial_input;
typedef struct sim_trial {
    const riv_json *calls, *responses, *errors, *edges; /* what was seen, peer ids as @name */
    const riv_json *document;    /* of sim_scenario_run */
    bool            passed;      /* all that the run expects was seen; true when it expects nothing */
    bool            expects;     /* it expects something */
    riv_str         difference;  /* lines for people; empty when passed */
} sim_trial;
/* RIV_E_MALFORMED names the key; RIV_E_LIMIT: it does not end. Results live in arena. */
RIV_MUST_USE riv_err sim_trial_run(const sim_trial_input *in, riv_arena *arena, riv_fault *fault, sim_trial *out);

/* ---- worlds of whole nodes ---- */
typedef struct sim_faults { /* chances per million, drawn for each message or tick; all 0: a perfect network */
    uint32_t drop_link;     /* a link breaks when a chunk is sent */
    uint32_t split;         /* a chunk arrives in pieces */
    uint32_t stall;         /* a chunk waits for up to stall_ms */
    uint32_t duplicate;     /* a particle frame is delivered twice (through a second link) */
    uint32_t crash;         /* a node stops and starts again from its store, for each 100 ms and node */
    uint32_t dial_fail;
    uint32_t job_fail;      /* a service call fails */
    uint32_t stall_ms, restart_ms;
    uint64_t until_ms;      /* virtual time after which the world is healed */
} sim_faults;
typedef struct sim_config {
    uint64_t   seed;
    uint32_t   latency_ms_min, latency_ms_max; /* one way, for each chunk; order within a link is kept */
    uint32_t   job_ms_min, job_ms_max;         /* how long jobs take */
    sim_faults faults;
    const riv_log *log;                        /* gets every node's events; may be NULL */
} sim_config;

typedef struct sim_world sim_world;
sim_world *sim_world_new(const sim_config *config);
void       sim_world_free(sim_world *world);
/* Adds a node called name that listens at /memory/INDEX (when listens) and stays connected to the nodes in peers (indexes of earlier ones).
 * env's services are shared by all nodes that name them and outlive the world. Its key is sim_peer_seed(name). Returns its index. */
typedef struct sim_node { riv_str name; bool listens; const size_t *peers; size_t peers_count;
                          const node_service *services; size_t services_count; const work_env *env; } sim_node;
RIV_MUST_USE riv_err sim_world_add(sim_world *world, const sim_node *node, riv_fault *fault, size_t *index);
codec_peer sim_world_peer(const sim_world *world, size_t index);
uint64_t   sim_world_now(const sim_world *world);
/* Gives an API request to a node. Replies are collected. */
void       sim_world_request(sim_world *world, size_t index, const node_run *run);
typedef struct sim_reply { uint64_t request, at_ms; node_reply_kind kind; riv_str name; const riv_json *json; } sim_reply;
size_t     sim_world_replies(const sim_world *world, const sim_reply **out); /* all so far; live as long as the world */
/* Runs until stop (may be NULL) says so after a step, or time reaches until_ms, or nothing is left to happen. RIV_E_CONFLICT: a checker's rule was
 * broken; the fault says which, with the seed and the step. */
typedef bool (*sim_stop_fn)(void *ctx, const sim_world *world);
RIV_MUST_USE riv_err sim_world_run(sim_world *world, uint64_t until_ms, sim_stop_fn stop, void *ctx, riv_fault *fault);
node_stats sim_world_stats(const sim_world *world, size_t index);
uint64_t   sim_world_steps(const sim_world *world);
/* Of everything that happened so far, in order: equal for equal seeds. */
uint64_t   sim_world_hash(const sim_world *world);
/* Stops a node as a crash would, after the next step that it takes, and starts it again restart_ms later (0: never). For tests. */
void       sim_world_crash(sim_world *world, size_t index);
/* How often each thing was drawn: a campaign in which a fault never happens tests nothing. */
typedef struct sim_counts { uint64_t links, links_dropped, splits, stalls, duplicates, crashes, dials_failed, jobs, jobs_failed, checks, orders /* merges tried the other way round */; } sim_counts;
sim_counts sim_world_counts(const sim_world *world);

#endif
