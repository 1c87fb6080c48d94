/* Rpc: Ethereum's JSON-RPC in front of the chain, and the development driver behind it: what waits for a block, blocks, their records, time.
 * Pure: request text in, reply text out; the clock's time comes with each call, storage is a table of functions. No sockets: host/http.c has them.
 * Spec: docs/spec/chain.md 3. */
#ifndef RIV_RPC_H
#define RIV_RPC_H

#include "chain/chain.h"

enum {
    RPC_REQUEST_BYTES_MAX = 5 << 20,   /* geth's */
    RPC_REPLY_BYTES_MAX   = 25 << 20,  /* of one request or one batch: what a batch has left unanswered is refused */
    RPC_BATCH_MAX         = 1000,
    RPC_WAITING_MAX       = 4096,      /* transactions; one that must wait for another gives way to one that need not */
    RPC_FILTERS_MAX       = 1024,      /* of all clients; one that is not asked for five minutes is forgotten */
    RPC_SUBSCRIPTIONS_MAX = 128,       /* of one connection */
    RPC_NOTICES_BYTES_MAX = 128 << 20, /* of one block, to all subscribers */
    RPC_WORK_MAX          = 3000000,   /* of one request or one batch: microseconds, as far as they can be told beforehand; above, the rest is refused */
    RPC_LOG_BLOCKS_MAX    = 10000,     /* blocks that one question for logs may span */
    RPC_LOGS_MAX          = 10000,     /* logs that it may find */
    RPC_ADDRESSES_MAX     = 1000,      /* of a filter; topics: the same in each of four places */
    RPC_MINE_MAX          = 1000,      /* blocks that one request may ask for */
};

/* Where blocks and state lie. All writes of a commit become lasting together, or none does. */
typedef struct rpc_place {
    chain_store store;
    void       *ctx;
    riv_err   (*commit)(void *ctx, const chain_write *writes, size_t count, riv_fault *fault);
} rpc_place;
rpc_place rpc_place_memory(chain_memory *memory);

typedef struct rpc_config {
    const chain *engine;       /* outlives the driver */
    struct proof *verifier;    /* of proof/proof.h: outlives the driver; NULL: blocks with proofs take longer */
    rpc_place    place;
    const chain_params *genesis; /* of an empty place; one that is not empty keeps its own */
    uint64_t     interval_ms;  /* a block so often; 0: one as soon as a transaction came */
    eth_address  proposer;     /* whom tips go to */
    const riv_log *log;        /* may be NULL */
} rpc_config;

typedef struct rpc rpc;
RIV_MUST_USE riv_err rpc_open(const rpc_config *config, riv_fault *fault, rpc **out);
void rpc_close(rpc *r); /* accepts NULL */

/* Answers a request or a batch; an empty reply: there was none to give (notifications). now_ms: since the Unix epoch.
 * conn: a connection that can be told things later; 0: none. */
void rpc_answer(rpc *r, uint64_t conn, uint64_t now_ms, riv_str request, riv_buf *reply);
void rpc_forget(rpc *r, uint64_t conn); /* it is gone, its subscriptions with it */
/* What subscribers are to be told since the last call; lives till the next call of any function of r.
 * An empty text: there was too much to tell, the connection has lost something and is to be closed. */
typedef struct rpc_notice { uint64_t conn; riv_str text; } rpc_notice;
size_t rpc_notices(rpc *r, const rpc_notice **out);
/* A block of what waits, also of nothing. RIV_E_IO: the place does not take it. */
RIV_MUST_USE riv_err rpc_mine(rpc *r, uint64_t now_ms, riv_fault *fault);
uint64_t rpc_interval_ms(const rpc *r);       /* requests may change it */
bool     rpc_wants_block(const rpc *r);       /* proofs of capacity wait: blocks verify them, so one should come soon though no transaction asks for it */
const riv_fault *rpc_failed(const rpc *r);    /* the place failed: nothing more is accepted, the process should end; NULL: all is well */

/* ---- blocks as they are kept beside the state: raw keys 'b' height: block, 'r' height: receipts, 'x' transaction and 'y' block by hash, 'd' the driver ---- */
typedef struct rpc_block {
    chain_block  block;        /* without writes; receipts only where they were asked for */
    uint64_t     gas_limit;
    eth_address  proposer;
    crypto_hash  beacon;
    const riv_bytes *txs; size_t txs_count; /* raw */
    const chain_balance_write *balances; size_t balances_count; /* set by tests, before the transactions */
} rpc_block;
RIV_MUST_USE riv_err rpc_block_read(const chain_store *store, uint64_t height, bool receipts, riv_arena *arena, riv_fault *fault, rpc_block *out);
RIV_MUST_USE riv_err rpc_block_find(const chain_store *store, const crypto_hash *hash, riv_arena *arena, uint64_t *height); /* RIV_E_NOT_FOUND */
RIV_MUST_USE riv_err rpc_tx_find(const chain_store *store, const crypto_hash *hash, riv_arena *arena, uint64_t *height, uint32_t *index);

/* ---- an export: all blocks with what they led to, so that another build can apply them again and compare ---- */
void rpc_export_start(const chain_params *params, riv_arena *arena, riv_buf *out);
void rpc_export_block(const rpc_block *block, riv_buf *out);
typedef struct rpc_replayed { uint64_t blocks, txs, balances; /* set by tests */ crypto_hash app_hash, hash; } rpc_replayed;
/* Applies an export to an empty state in memory. RIV_E_CONFLICT: a block leads to something else here, fault->pos is its height. */
RIV_MUST_USE riv_err rpc_replay(const chain *engine, struct proof *verifier, riv_bytes text, riv_fault *fault, rpc_replayed *out);

/* The key of a development account: known to everybody. SPEC chain.md 3 */
crypto_secret rpc_development_key(size_t index);

#endif
