/* Eth client: asks an Ethereum node over JSON-RPC and HTTP: one question at a time, the answer or the reason.
 * Not here: what transactions mean, keys, subscriptions. An answer is bounded in size, time and depth; redirects are not followed.
 * Spec: docs/spec/chain.md 3; Ethereum JSON-RPC; JSON-RPC 2.0. */
#ifndef RIV_HOST_ETH_CLIENT_H
#define RIV_HOST_ETH_CLIENT_H

#include "codec/eth.h"

enum {
    HOST_ETH_REPLY_BYTES_MAX = 32 << 20,
    HOST_ETH_CONNECT_MS      = 5000,
    HOST_ETH_ANSWER_MS       = 30000, /* of one question, connecting and reading together */
    HOST_ETH_LOGS_BLOCKS_MAX = 10000, /* of one eth_getLogs: nodes refuse more */
};

typedef struct host_eth host_eth;
/* What a node said instead of an answer: geth's code, words and data (a revert's ABI bytes; empty when there are none). */
typedef struct host_eth_error { int64_t code; riv_str message; riv_bytes data; } host_eth_error;

/* http:// or https://. Nothing is sent yet. `stop` (may be NULL) is asked now and then during a question: true ends it with RIV_E_EXPIRED. */
RIV_MUST_USE riv_err host_eth_open(riv_str url, bool (*stop)(void), riv_fault *fault, host_eth **out);
void host_eth_close(host_eth *e); /* accepts NULL */

/* One question. params is an array. Result and error live in arena.
 * RIV_E_EXPIRED    nobody listens there, no answer in time, or the connection broke
 * RIV_E_MALFORMED  something answered that is no JSON-RPC
 * RIV_E_LIMIT      the answer is longer than HOST_ETH_REPLY_BYTES_MAX
 * RIV_E_DENIED     the node answered with an error: the fault has its words, *error (may be NULL) all of it */
RIV_MUST_USE riv_err host_eth_ask(host_eth *e, const char *method, const riv_json *params, riv_arena *arena, riv_fault *fault, host_eth_error *error,
                                  const riv_json **out);

/* The same with answers of a known shape; what is of another shape is RIV_E_MALFORMED. */
RIV_MUST_USE riv_err host_eth_number(host_eth *e, const char *method, const riv_json *params, riv_arena *arena, riv_fault *fault, host_eth_error *error, u256 *out);
RIV_MUST_USE riv_err host_eth_bytes(host_eth *e, const char *method, const riv_json *params, riv_arena *arena, riv_fault *fault, host_eth_error *error,
                                    riv_bytes *out);

/* Values as JSON-RPC writes them: quantities without zeros in front, data with all of them. */
const riv_json *host_eth_quantity(riv_arena *arena, u256 v);
const riv_json *host_eth_data(riv_arena *arena, riv_bytes v);
const riv_json *host_eth_address(riv_arena *arena, const eth_address *v);
RIV_MUST_USE bool host_eth_read_quantity(const riv_json *v, u256 *out); /* NULL and other kinds: false */
RIV_MUST_USE bool host_eth_read_u64(const riv_json *v, uint64_t *out);
RIV_MUST_USE bool host_eth_read_data(const riv_json *v, riv_arena *arena, riv_bytes *out);
RIV_MUST_USE bool host_eth_read_address(const riv_json *v, eth_address *out); /* in any case of letters */

#endif
