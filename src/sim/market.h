/* Market: scenarios of the market: steps become signed transactions in blocks of a chain in memory, expectations become calls.
 * Pure: the scenario's bytes in, a report out; the same bytes give the same report. Not here: the market's rules, they are room chain's.
 * Spec: docs/spec/scenarios.md 3. */
#ifndef RIV_SIM_MARKET_H
#define RIV_SIM_MARKET_H

#include "chain/chain.h"

/* text is the scenario's JSON. RIV_E_MALFORMED names the key and what was expected. *out is the document of docs/spec/scenarios.md 3:
 * {name, passed, steps [{step, ok, reverted, wanted, got}]}. A step that does not hold is no fault. */
RIV_MUST_USE riv_err sim_market_run(riv_str text, riv_arena *arena, riv_fault *fault, const riv_json **out);

/* ---- the same by steps: for tests that make steps up ---- */
typedef struct sim_market sim_market;
typedef struct sim_market_step { bool ok; riv_str reverted; bool did_revert; const riv_json *wanted, *got; } sim_market_step;
/* doc: a scenario without its steps. Everything lives in arena but the store: free it. */
RIV_MUST_USE riv_err sim_market_open(const riv_json *doc, riv_arena *arena, riv_fault *fault, sim_market **out);
void                 sim_market_free(sim_market *market); /* accepts NULL */
/* where: how faults call the step, "steps[3]". The result lives in arena. */
RIV_MUST_USE riv_err sim_market_do(sim_market *market, const riv_json *step, const char *where, riv_arena *arena, riv_fault *fault, sim_market_step *out);
/* One of the queries of `expect`, as number; false: it reverts or nothing is called so. argument: empty for those that take none. */
RIV_MUST_USE bool sim_market_ask(sim_market *market, const char *query, riv_str argument, riv_arena *arena, u256 *out);
/* Where accounts, deals and units are. False: there is no such name (yet). */
RIV_MUST_USE bool sim_market_account(const sim_market *market, riv_str name, eth_address *out);
RIV_MUST_USE bool sim_market_deal(const sim_market *market, riv_str name, eth_address *out);
void              sim_market_id(const char *kind /* "unit", "peer" */, riv_str name, uint8_t out[32]);
const chain      *sim_market_engine(const sim_market *market);
chain_store       sim_market_store(const sim_market *market);
chain_params      sim_market_params(const sim_market *market);
crypto_hash       sim_market_app_hash(const sim_market *market);
/* The last block as it went in; lives until the next step. */
chain_block_input sim_market_block(const sim_market *market);

#endif
