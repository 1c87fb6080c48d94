/* Graph: what happened on the chain as entities that can be asked by GraphQL: the index that the original's matcher, explorer and command
 * line read from a subgraph. A pure fold over blocks: no clock, no sockets; host/http.c carries the requests.
 * Spec: docs/spec/graph.md. Source of names and fields: the types and queries of npm @fluencelabs/deal-ts-clients 0.13.11. */
#ifndef RIV_GRAPH_H
#define RIV_GRAPH_H

#include "chain/chain.h"

enum {
    GRAPH_REQUEST_BYTES_MAX = 256 << 10, /* document and variables */
    GRAPH_DEPTH_MAX         = 32,        /* of selections, of values, of fragments in fragments */
    GRAPH_FIRST_DEFAULT     = 100,       /* as the original's indexer has it */
    GRAPH_FIRST_MAX         = 1000,
    GRAPH_SKIP_MAX          = 5000,
    GRAPH_STEPS_MAX         = 20000000,  /* rows looked at and fields written for one request */
    GRAPH_REPLY_BYTES_MAX   = 25 << 20,
};

typedef struct graph graph;
graph *graph_new(const chain *engine); /* engine outlives it. Empty: no block yet */
void   graph_free(graph *g);           /* accepts NULL */

/* The next block: genesis first, then each in order. store: the chain at that block or later (names and numbers that events do not carry are
 * asked of it by calls). block has its receipts and its own logs. RIV_E_MALFORMED: it is not the next one, or a log has not its event's form. */
RIV_MUST_USE riv_err graph_apply(graph *g, const chain_block *block, const chain_store *store, riv_fault *fault);
uint64_t graph_next_height(const graph *g); /* which block it wants */

/* Answers an HTTP body {"query", "variables", "operationName"}: always a JSON document, {"data"} or {"errors":[{"message","locations"}]}. */
void graph_answer(const graph *g, riv_str request, riv_buf *reply);
void graph_refuse(riv_str why, riv_buf *reply); /* the same document for what is no request, or cannot be answered now */

#endif
