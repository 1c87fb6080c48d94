/* Chain: the market's chain as a fold: apply a block to a state, get receipts and the app hash. Pure: time is the block's, money is integers,
 * randomness is the beacon's, storage is a given table of functions. It knows no consensus, sockets, nodes, clock.
 * Spec: docs/spec/chain.md 2, docs/spec/market.md. */
#ifndef RIV_CHAIN_H
#define RIV_CHAIN_H

#include "codec/eth.h"

enum {
    CHAIN_EPOCH_SECONDS_DEFAULT = 86400,
    CHAIN_VERSIONS_KEPT         = 128,
    /* Of what transactions do and cost and of how state lies. Raised with each change of these: a chain of another one is refused, as its blocks would
     * lead to something else here. It is part of a chain's parameters. SPEC chain.md 2.5 */
    CHAIN_SEMANTICS             = 2,
};

/* The contracts' tables, read once: functions by selector, events by topic. Immutable; any thread. */
typedef struct chain chain;
chain *chain_new(void);
void   chain_free(chain *engine);

/* ---- where the state lies: ordered bytes to bytes; versions are in the keys ---- */
typedef struct chain_store {
    void *ctx;
    /* Not there: false. The value lives in arena. */
    bool (*get)(void *ctx, riv_bytes key, riv_arena *arena, riv_bytes *value);
    /* The first key >= from that begins with prefix. */
    bool (*next)(void *ctx, riv_bytes prefix, riv_bytes from, riv_arena *arena, riv_bytes *key, riv_bytes *value);
} chain_store;
typedef struct chain_write { riv_bytes key, value; bool removes; } chain_write; /* in key order, each key once */
/* A store in memory: for the simulator, scenarios and tests. */
typedef struct chain_memory chain_memory;
chain_memory *chain_memory_new(void);
void          chain_memory_free(chain_memory *memory);
chain_store   chain_memory_store(chain_memory *memory);
void          chain_memory_apply(chain_memory *memory, const chain_write *writes, size_t count);

/* ---- genesis ---- */
typedef enum chain_rules { CHAIN_FIXED, CHAIN_G0 } chain_rules; /* our rulings on the original's quirks, or the quirks. SPEC market.md 9 */
typedef struct chain_balance { eth_address who; u256 flt, usd; } chain_balance; /* usd: of each token */
typedef struct chain_params { /* SPEC market.md 2 */
    chain_rules rules;
    uint64_t    chain_id, genesis_time_s, epoch_seconds;
    uint64_t    min_deal_deposited_epochs, min_deal_rematching_epochs, min_protocol_version, max_protocol_version;
    u256        flt_price, usd_collateral_per_unit, usd_target_revenue_per_epoch; /* scaled by 10^7 */
    uint64_t    min_duration, vesting_period_duration, vesting_period_count, withdraw_epochs_after_failed, max_failed_ratio;
    u256        min_reward_per_epoch, max_reward_per_epoch, init_reward_pool, reward_balance; /* FLT, 10^-18 */
    uint64_t    slashing_rate, min_proofs_per_epoch, max_proofs_per_epoch;
    bool        whitelist_enabled, proofs_mocked; /* mocked: scenarios only; the chain then takes each distinct nonce for a valid proof */
    uint8_t     difficulty[32], init_global_nonce[32];
    eth_address owner, oracle;
    const eth_address   *more_tokens; size_t more_tokens_count; /* beside CHAIN_USD, of the same kind */
    const chain_balance *balances; size_t balances_count;
    uint64_t    block_gas_max;
    bool        fees; /* false: the base fee is 0 */
} chain_params;
void chain_params_local(chain_params *out); /* the original's local deployment: chain 31337, epochs of 15 s; without balances */
void chain_balances_local(riv_arena *arena, chain_params *params); /* 10,000 FLT and 10^24 parts of the USD token for each development account */
enum { CHAIN_DEVELOPMENT_ACCOUNTS = 10 };
eth_address chain_development_account(size_t index);
riv_bytes chain_params_write(const chain_params *params, riv_arena *arena); /* canonical: it is hashed into the first block */
/* RIV_E_UNSUPPORTED: of other semantics. */
RIV_MUST_USE riv_err chain_params_read(riv_bytes in, riv_arena *arena, riv_fault *fault, chain_params *out);

/* ---- the fold ---- */
/* FLT made of nothing, or lost: for tests on a development chain. Nothing else sets a balance after genesis. */
typedef struct chain_balance_write { eth_address who; u256 flt; } chain_balance_write;
typedef struct chain_block_input {
    uint64_t height, time_s;
    eth_address proposer;
    crypto_hash beacon;          /* of this block; the driver's */
    const riv_bytes *txs; size_t txs_count; /* raw */
    const eth_tx    *decoded;    /* of the same, their senders recovered: by other threads, before. NULL: done here */
    const chain_balance_write *balances; size_t balances_count; /* written in this order, before the transactions; the root of these covers them */
    struct proof    *verifier;   /* of proof/proof.h, kept by the driver for its caches; what it holds changes no result. NULL: one is made when proofs wait */
} chain_block_input;
typedef struct chain_log { eth_address at; const crypto_hash *topics; size_t topics_count; riv_bytes data; } chain_log;
typedef struct chain_receipt {
    crypto_hash hash;
    eth_address from, to, created; /* created: of a deal's proxy where one was made by a plain creation; else zero */
    bool        valid;    /* false: not executed (bad signature, nonce, funds): fault tells; nothing was charged */
    bool        ok;       /* false: reverted; revert holds the ABI bytes */
    uint64_t    nonce, gas_used, gas_limit;
    u256        gas_price;
    riv_bytes   returned, revert;
    riv_str     error;    /* in words, empty when ok */
    const chain_log *logs; size_t logs_count;
} chain_receipt;
typedef struct chain_block {
    uint64_t    height, time_s, gas_used;
    u256        base_fee;
    crypto_hash hash, parent, app_hash, state_root, txs_root, receipts_root;
    uint8_t     logs_bloom[256];
    const chain_receipt *receipts; size_t receipts_count;
    const chain_log     *logs;     size_t logs_count;   /* of the block itself, before its transactions': proofs that were verified. They belong to no transaction */
    uint64_t             proofs_waiting; /* to be verified by the next blocks: a driver makes some while there are any */
    const chain_write   *writes;   size_t writes_count; /* all of them in one transaction of the store, the new head among them */
} chain_block;
/* Three bits of 2,048 for each address and topic, as Ethereum's blooms. */
void chain_bloom_add(uint8_t bloom[256], const chain_log *logs, size_t count);
bool chain_bloom_has(const uint8_t bloom[256], riv_bytes address_or_topic); /* false: surely not */
/* Writes of a genesis: apply them to an empty store. */
RIV_MUST_USE riv_err chain_genesis(const chain *engine, const chain_params *params, const chain_store *empty, riv_arena *arena, riv_fault *fault, chain_block *out);
/* Never fails for what a transaction does: that is in its receipt. RIV_E_MALFORMED: the store is damaged or the block does not follow its head.
 * RIV_E_DENIED, RIV_E_LIMIT: a balance that is not to be written: a contract's, or all FLT together would not fit 256 bits. */
RIV_MUST_USE riv_err chain_apply(const chain *engine, const chain_store *store, const chain_block_input *in, riv_arena *arena, riv_fault *fault, chain_block *out);

/* ---- looking: at the head, or at one of the last CHAIN_VERSIONS_KEPT heights ---- */
typedef struct chain_head { uint64_t height, time_s, gas_used; crypto_hash hash, app_hash, state_root; u256 base_fee; chain_params params; /* without balances */ } chain_head;
RIV_MUST_USE riv_err chain_head_read(const chain_store *store, uint64_t height /* UINT64_MAX: newest */, riv_arena *arena, riv_fault *fault, chain_head *out);
RIV_MUST_USE riv_err chain_genesis_read(const chain_store *store, riv_arena *arena, riv_fault *fault, chain_params *out); /* what the chain began with, balances too */
u256 chain_next_base_fee(const chain_head *head); /* of the block behind it */
typedef struct chain_account { uint64_t nonce; u256 balance; bool is_contract; } chain_account;
RIV_MUST_USE riv_err chain_account_read(const chain_store *store, uint64_t height, const eth_address *who, riv_fault *fault, chain_account *out);
RIV_MUST_USE riv_err chain_proofs_waiting(const chain_store *store, riv_fault *fault, uint64_t *out); /* at the head, as chain_block has it */
typedef struct chain_call {
    eth_address from, to;
    u256        value;
    riv_bytes   data;
    uint64_t    gas_limit, time_s; /* time_s 0: the block's */
    const crypto_hash *beacon;     /* of the next block, as part of which it runs; NULL: as part of the block at height */
} chain_call;
/* A call that changes nothing: eth_call and eth_estimateGas. out->ok, returned, revert, gas_used, error. */
RIV_MUST_USE riv_err chain_call_run(const chain *engine, const chain_store *store, uint64_t height, const chain_call *call, riv_arena *arena, riv_fault *fault, chain_receipt *out);
/* Whether a transaction may wait for a block: chain, size, nonce window, balance, gas, fee. RIV_E_DENIED with geth's words. */
RIV_MUST_USE riv_err chain_check_tx(const chain_store *store, riv_bytes raw, riv_arena *arena, riv_fault *fault, eth_tx *out);

/* ---- proofs of state: against chain_head.state_root ---- */
typedef struct chain_proof { riv_bytes key, value; bool present; const riv_bytes *nodes; size_t nodes_count; } chain_proof;
RIV_MUST_USE riv_err chain_prove(const chain_store *store, uint64_t height, riv_bytes key, riv_arena *arena, riv_fault *fault, chain_proof *out);
RIV_MUST_USE riv_err chain_proof_check(const chain_proof *proof, const crypto_hash *state_root, riv_fault *fault);

/* Addresses of the native contracts: those of the original's local deployment. SPEC market.md 2 */
typedef enum chain_contract { CHAIN_USD, CHAIN_MULTICALL3, CHAIN_RANDOMX, CHAIN_CORE, CHAIN_MARKET, CHAIN_CAPACITY, CHAIN_DEAL_FACTORY, CHAIN_CONTRACTS } chain_contract;
eth_address chain_contract_address(chain_contract which);
/* What a contract (a deal: CHAIN_CONTRACTS) offers, by signature: for tests against the originals' ABIs, and to tell people what a transaction does. */
typedef struct chain_function_info { const char *signature, *returns; bool writes, payable; } chain_function_info;
size_t chain_functions(const chain *engine, chain_contract which, riv_arena *arena, const chain_function_info **out);
size_t chain_events(const chain *engine, chain_contract which, const char *const **out); /* what it tells of: "Deposited(uint256 amount)", with "indexed" */
/* "Error(string)", panics and custom errors in words: "Peer doesn't exist", "Panic 0x11", "TooManyProofs()". */
riv_str chain_revert_text(const chain *engine, riv_bytes revert, riv_arena *arena);
#endif
