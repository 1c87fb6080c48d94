/* internal.h: what the files of rpc share: the driver, a call in progress, shapes of answers, filters. */
#ifndef RIV_RPC_INTERNAL_H
#define RIV_RPC_INTERNAL_H

#include "rpc/rpc.h"

/* ---- record.c: blocks as bytes ---- */
/* Appends the writes for a block and its receipts, in the order of keys behind those of the chain. */
size_t rpc__record(const rpc_block *b, int64_t offset_s, riv_arena *arena, chain_write **writes); /* b->block.writes first */
RIV_MUST_USE riv_err rpc__offset_read(const chain_store *store, riv_arena *arena, int64_t *offset_s);
void rpc__put_block(riv_buf *out, const rpc_block *b);
RIV_MUST_USE riv_err rpc__read_block(riv_reader *r, riv_arena *arena, riv_fault *fault, rpc_block *out);

/* ---- pack.c: records as they lie in the store, smaller ---- */
enum { RPC__RECORD_BYTES_MAX = 256 << 20 };
void rpc__pack(riv_buf *out, riv_bytes in);
/* RIV_E_MALFORMED: it is damaged; RIV_E_LIMIT: of more than bytes_max. What it gives is a new piece of arena. */
RIV_MUST_USE riv_err rpc__unpack(riv_bytes in, size_t bytes_max, riv_arena *arena, riv_fault *fault, riv_bytes *out);

/* ---- pool.c: transactions that wait, in order of arrival ---- */
typedef struct rpc__waiting { eth_tx tx; riv_blob raw; } rpc__waiting; /* tx.data and tx.access_list point into raw */
typedef struct rpc__pool { rpc__waiting **items; size_t count; } rpc__pool;
RIV_MUST_USE riv_err rpc__pool_add(rpc__pool *pool, const eth_tx *tx, riv_bytes raw, riv_fault *fault); /* RIV_E_DENIED with geth's words */
void rpc__pool_drop(rpc__pool *pool, size_t at);
const rpc__waiting *rpc__pool_find(const rpc__pool *pool, const crypto_hash *hash);                 /* NULL */
const rpc__waiting *rpc__pool_at(const rpc__pool *pool, const eth_address *from, uint64_t nonce);   /* NULL */
void rpc__pool_remove(rpc__pool *pool, const crypto_hash *hash);
void rpc__pool_free(rpc__pool *pool);

/* ---- driver.c ---- */
enum { RPC__RECENT = 4096 };
typedef struct rpc__logs_wanted { /* a filter of logs; nothing: everything */
    const eth_address *addresses; size_t addresses_count;
    struct { const crypto_hash *items; size_t count; } topics[4]; size_t topics_count; /* an empty place takes all */
} rpc__logs_wanted;
typedef enum rpc__watch_kind { RPC__WATCH_HEADS, RPC__WATCH_LOGS, RPC__WATCH_PENDING } rpc__watch_kind;
typedef struct rpc__watch { /* a filter or a subscription */
    uint64_t         id, conn;    /* conn 0: a filter */
    rpc__watch_kind  kind;
    bool             full;        /* PENDING: whole transactions */
    riv_arena       *arena;       /* of wanted */
    rpc__logs_wanted wanted;
    uint64_t         from, to;    /* LOGS: the blocks it was made for */
    uint64_t         next;        /* a filter: the first height, or pending transaction, not yet told */
    uint64_t         asked_ms;
} rpc__watch;
struct rpc {
    rpc_config   config;
    chain_params params;      /* in arena */
    riv_arena   *arena;
    rpc__pool    pool;
    int64_t      offset_s;    /* of the chain's time to the clock's */
    bool         next_set, automine;
    uint64_t     proofs_waiting; /* behind the newest block */
    uint64_t     next_s;      /* the time of the next block, where it was set */
    uint64_t     interval_ms;
    crypto_hash  recent[RPC__RECENT]; /* pending transactions as they came: the n-th in slot n % RPC__RECENT */
    uint64_t     recent_count;
    rpc__watch **watches; size_t watches_count;
    uint64_t     ids;         /* drawn so far */
    crypto_hash  secret;      /* of ids: another client shall not hit one by chance */
    uint64_t     work;        /* of the request or batch that is being answered, of RPC_WORK_MAX */
    riv_arena   *notices_arena; /* of what subscribers are to be told */
    RIV_VEC(rpc_notice) notices;
    bool         told;        /* notices were handed out: the next call starts anew */
    riv_fault    failed;
};
RIV_MUST_USE riv_err rpc__submit(rpc *r, uint64_t now_ms, riv_bytes raw, riv_arena *arena, riv_fault *fault, crypto_hash *hash);
/* A block at once that sets a balance, of no transactions. RIV_E_DENIED, RIV_E_LIMIT: it is none to be set, no block was made. */
RIV_MUST_USE riv_err rpc__set_balance(rpc *r, uint64_t now_ms, const chain_balance_write *balance, riv_fault *fault);
crypto_hash rpc__next_beacon(const chain_head *head); /* of the block behind it */
uint64_t rpc__next_time(const rpc *r, const chain_head *head, uint64_t now_ms); /* of a block made now */
uint64_t rpc__next_nonce(rpc *r, const eth_address *who, uint64_t state_nonce); /* with what waits */

/* ---- answer.c: one call ---- */
enum { RPC__INVALID_REQUEST = -32600, RPC__NO_METHOD = -32601, RPC__INVALID_PARAMS = -32602, RPC__INTERNAL = -32603, RPC__PARSE = -32700,
       RPC__SERVER = -32000, RPC__REVERTED = 3, RPC__LIMIT = -32005 };
typedef struct rpc__call {
    rpc            *r;
    uint64_t        conn, now_ms;
    riv_arena      *arena;
    const riv_json *params; /* an array, or NULL */
    int             code;   /* of the error; 0: none */
    riv_str         message;
    const riv_json *data;
} rpc__call;
typedef const riv_json *(*rpc__run)(rpc__call *c); /* NULL: c has the error */
typedef struct rpc__method { const char *name; rpc__run run; } rpc__method;
typedef struct rpc__methods { const rpc__method *items; size_t count; } rpc__methods;
extern const rpc__methods rpc__of_state, rpc__of_blocks, rpc__of_filters, rpc__of_development;
const riv_json *rpc__fail(rpc__call *c, int code, const char *format, ...) RIV_PRINTF(3, 4); /* gives NULL; the first one is kept */
const riv_json *rpc__fault(rpc__call *c, const riv_fault *fault);
/* About how many microseconds things take. */
enum { RPC__WORK_BLOCK = 3, RPC__WORK_RECEIPT = 1, RPC__WORK_SENDER = 120, RPC__WORK_MINED = 150, RPC__WORK_SENT = 400, RPC__GAS_A_US = 300 };
bool rpc__works(rpc__call *c, uint64_t us); /* false, with c's error: the request has taken too much */
const riv_json *rpc__estimate_gas(rpc__call *c); /* state_calls.c */
const riv_json *rpc__send(rpc__call *c, riv_bytes raw); /* block_calls.c: a signed transaction; gives its hash */

/* ---- param.c: arguments; each gives false, and sets c's error, where one is not of its form ---- */
const riv_json *rpc__param(const rpc__call *c, size_t index);   /* NULL: not given, or null */
bool rpc__hex(rpc__call *c, size_t index, const riv_json *v, riv_bytes *out);       /* "0x..." bytes */
bool rpc__quantity(rpc__call *c, size_t index, const riv_json *v, u256 *out);       /* "0x1f", and plain numbers */
bool rpc__number(rpc__call *c, size_t index, const riv_json *v, uint64_t *out);     /* one that fits 64 bits */
bool rpc__address(rpc__call *c, size_t index, const riv_json *v, eth_address *out);
bool rpc__hash(rpc__call *c, size_t index, const riv_json *v, crypto_hash *out);
/* A block by number, name, or {"blockHash"}, {"blockNumber"}; nothing: the newest. *pending: it is the one to come. A number may be beyond the newest.
 * *found: false where a hash is of no block. */
typedef struct rpc__at { uint64_t height; bool pending, found; } rpc__at;
bool rpc__block_param(rpc__call *c, size_t index, const riv_json *v, rpc__at *out);
bool rpc__state_param(rpc__call *c, size_t index, rpc__at *out); /* the same for looking at state: one that is not there is an error */
bool rpc__head(rpc__call *c, chain_head *out); /* the newest */
const riv_json *rpc__given(const riv_json *object, const char *name); /* a member; NULL: not there, or null */
const riv_json *rpc__data(const riv_json *p); /* "input" of a transaction, or "data" by its older name; NULL: neither, or null */

/* ---- shape.c: answers ---- */
const riv_json *rpc__json_hex(riv_arena *arena, riv_bytes bytes);
const riv_json *rpc__json_number(riv_arena *arena, uint64_t v); /* a quantity */
const riv_json *rpc__json_u256(riv_arena *arena, u256 v);
const riv_json *rpc__json_address(riv_arena *arena, const eth_address *a);
const riv_json *rpc__json_hash(riv_arena *arena, const crypto_hash *hash);
const riv_json *rpc__json_header(riv_arena *arena, const rpc_block *b);
const riv_json *rpc__json_block(riv_arena *arena, const rpc_block *b, bool full); /* NULL: a record is damaged */
const riv_json *rpc__json_tx(riv_arena *arena, const eth_tx *tx, const rpc_block *b, size_t index);   /* b NULL: it waits */
const riv_json *rpc__json_receipt(riv_arena *arena, const rpc_block *b, size_t index);                /* b with receipts */
/* tx = receipts_count: the block's own logs, behind those of its transactions; they have a transaction hash of zeros. */
const chain_log *rpc__logs_of(const rpc_block *b, size_t tx, size_t *count);
const riv_json *rpc__json_log(riv_arena *arena, const rpc_block *b, size_t tx, size_t log, size_t number);

/* ---- filter.c ---- */
void rpc__tell_block(rpc *r, const rpc_block *b);               /* subscribers of heads and logs */
void rpc__tell_pending(rpc *r, const eth_tx *tx);
void rpc__watches_free(rpc *r);

#endif
