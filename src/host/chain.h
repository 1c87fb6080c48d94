/* Chain: the embedded chain in the real world: its state and blocks in LMDB, JSON-RPC on a port, blocks by the clock.
 * GraphQL over what the blocks tell, at the original's path: there, and on a port of its own.
 * Not here: what a block does (chain/), what is asked and answered (rpc/, graph/).
 * Spec: docs/spec/chain.md 2, 3; docs/spec/graph.md 5. */
#ifndef RIV_HOST_CHAIN_H
#define RIV_HOST_CHAIN_H

#include "host/host.h"
#include "rpc/rpc.h"

/* ---- where a chain lies: one LMDB environment, one write transaction a block, safe under kill -9 ---- */
typedef struct host_ledger host_ledger;
typedef enum host_ledger_mode { HOST_LEDGER_OWN, HOST_LEDGER_LOOK } host_ledger_mode; /* LOOK: beside whoever owns it; reads alone */
/* OWN makes the folder; RIV_E_CONFLICT: another process owns it. LOOK: RIV_E_NOT_FOUND where there is none. */
RIV_MUST_USE riv_err host_ledger_open(riv_str dir, host_ledger_mode mode, riv_fault *fault, host_ledger **out);
void      host_ledger_close(host_ledger *ledger); /* accepts NULL */
rpc_place host_ledger_place(host_ledger *ledger); /* LOOK: reads see what is newest when they are made; commit is RIV_E_DENIED */

/* ---- a chain that is asked over HTTP and WebSocket, on a host ---- */
#define HOST_GRAPH_PATH "/subgraphs/name/fluence-deal-contracts" /* where GraphQL is asked: the original's */
typedef struct host_chain host_chain;
typedef struct host_chain_config {
    riv_str             dir;         /* empty: in memory, gone with the process */
    riv_str             listen;      /* "127.0.0.1:8545" */
    riv_str             graph_listen; /* "127.0.0.1:8000": GraphQL alone; empty: only beside JSON-RPC */
    bool                graph_optional; /* where that port is taken the chain goes on without it: host_chain_graph_port tells */
    riv_str             origin;      /* of web pages that may ask; empty: those of this machine */
    const chain_params *genesis;     /* of a chain that is not there yet */
    uint64_t            interval_ms; /* 0: a block for each transaction */
    eth_address         proposer;
    const riv_log      *log;
} host_chain_config;
/* Listens and answers while h runs. The host stops (RIV_E_IO) when blocks can no longer be kept. */
RIV_MUST_USE riv_err host_chain_open(host *h, const host_chain_config *config, riv_fault *fault, host_chain **out);
void     host_chain_close(host_chain *c); /* after host_run, before host_free; accepts NULL */
uint16_t host_chain_port(const host_chain *c);
uint16_t host_chain_graph_port(const host_chain *c); /* 0: GraphQL has none of its own */

#endif
