/* internal.h: what the files of chain share: state with savepoints, the context of a call, reverts, contracts, and what contracts ask of each other. */
#ifndef RIV_CHAIN_INTERNAL_H
#define RIV_CHAIN_INTERNAL_H

#include "chain/chain.h"

/* ---- state.c: a view of the state: reads through to the store, writes into an overlay that can be taken back ---- */
typedef struct chain__state chain__state;
chain__state *chain__state_new(const chain_store *store, uint64_t version, riv_arena *arena); /* of the state after block `version` */
bool   chain__state_get(chain__state *s, riv_bytes key, riv_bytes *value);  /* the value lives as long as s */
void   chain__state_put(chain__state *s, riv_bytes key, riv_bytes value);   /* copies both; an empty value removes */
bool   chain__state_next(chain__state *s, riv_bytes prefix, riv_bytes from, riv_bytes *key, riv_bytes *value); /* the first key >= from under prefix */
uint64_t chain__state_passed(const chain__state *s);                        /* how many keys that this block had removed chain__state_next went by, of all calls */
size_t chain__state_mark(const chain__state *s);                            /* a savepoint */
void   chain__state_back(chain__state *s, size_t mark);                     /* everything since is undone */
void   chain__state_settle(chain__state *s);                                /* no mark of before is gone back to any more */
/* tree.c: the root over all keys after the overlay's changes, and everything that the store has to take for it (values under their version,
 * new nodes, what is too old). Raw keys of the store begin with a letter of their own for nodes, values and what blocks leave. SPEC chain.md 2.2 */
RIV_MUST_USE riv_err chain__commit(chain__state *s, uint64_t version, riv_arena *arena, riv_fault *fault, crypto_hash *root, chain_write **writes, size_t *count);

/* ---- keys of the state: a letter for the table, then fixed-size parts, big-endian. The letters are listed in README.md; one file writes a table ---- */
enum { CHAIN__KEY_BYTES_MAX = 120 };
typedef struct chain__key { uint8_t bytes[CHAIN__KEY_BYTES_MAX]; size_t len; } chain__key;
chain__key chain__key_of(char table);
chain__key chain__sub_key(char table, char part);
chain__key chain__key_with(chain__key k, riv_bytes part);
chain__key chain__key_with_u64(chain__key k, uint64_t v);
chain__key chain__key_with_address(chain__key k, const eth_address *a);
riv_bytes  chain__key_view(const chain__key *k);
/* What records hold in so many bytes. */
void        chain__read_into(riv_reader *r, uint8_t *out, size_t len); /* nothing is written after a short read */
eth_address chain__read_address(riv_reader *r);                        /* zero after a short read */

/* ---- run.c: one call of a native contract ---- */
typedef RIV_VEC(chain_log) chain__logs;
typedef struct chain__call chain__call;
typedef struct chain__meter chain__meter;
struct chain__call {
    const chain        *engine;
    chain__state       *state;
    const chain_params *params;
    riv_arena          *arena;    /* of the transaction */
    uint64_t            height, time_s, epoch; /* epoch: 1 + (time - genesis) / epoch_seconds */
    crypto_hash         parent_hash, beacon;
    eth_address         proposer;
    u256                base_fee;
    eth_address         self, sender;
    u256                value;
    riv_bytes           data;     /* with the selector: the original hashes msg.data into ids */
    chain__logs        *logs;     /* of the transaction */
    chain__meter       *meter;    /* of the transaction: gas; reads and writes of state are charged by the functions below */
    riv_bytes           revert;   /* set together with the error */
    unsigned            depth;
};
/* ---- block.c: a context for calls in a block that follows head ---- */
chain__call chain__context(const chain *engine, chain__state *state, const chain_head *head, uint64_t height, uint64_t time_s, riv_arena *arena, chain__logs *logs, chain__meter *meter);

/* ---- tx.c ---- */
/* Whether tx may run now: chain, nonce (exactly the next), gas, fee, funds. RIV_E_DENIED with geth's words. */
RIV_MUST_USE riv_err chain__tx_allowed(const chain_head *head, const eth_tx *tx, uint64_t nonce, u256 balance, riv_fault *fault);
/* What a unit of gas costs tx at this base fee. */
u256 chain__tx_price(const chain_head *head, const eth_tx *tx);

/* ---- engine.c: the tables, read once ---- */
typedef struct chain__function_entry { const struct chain__function *function; uint32_t selector; riv_str name; eth_type args, returns; } chain__function_entry;
typedef struct chain__event_entry { const char *text; riv_str name; eth_type args; crypto_hash topic; } chain__event_entry; /* of errors: the selector is its front */
typedef struct chain__contract_entry {
    const struct chain__contract *contract;
    chain__function_entry *functions; size_t functions_count; /* by selector, ascending */
} chain__contract_entry;
struct chain {
    riv_arena            *arena;
    chain__contract_entry contracts[CHAIN_CONTRACTS + 1]; /* the last: a deal */
    eth_address           addresses[CHAIN_CONTRACTS];
    riv_map              *events, *errors; /* by their text -> chain__event_entry */
};
uint32_t chain__selector_of(const crypto_hash *hash);
const chain__function_entry *chain__find_function(const chain *engine, chain_contract which, uint32_t selector); /* NULL */

/* What a transaction may still cost, and what it cost. */
struct chain__meter { uint64_t gas_left, gas_used; bool out; };
bool chain__charge(chain__meter *meter, uint64_t gas); /* false: used up */
enum {
    CHAIN__GAS_READ = 800, CHAIN__GAS_WRITE = 5000, CHAIN__GAS_BYTE = 16, /* of a value that is read or written */
    CHAIN__GAS_PASSED = 100, /* looking for the next key: each one on the way that was removed in this block */
    CHAIN__GAS_LOG = 375, CHAIN__GAS_LOG_BYTE = 8, CHAIN__GAS_CALL = 700, CHAIN__CALLS_DEEP = 16,
    CHAIN__GAS_DATA = 4, /* a byte of what a call in a call says: as little as one of a transaction may cost */
};
/* Runs what c says: value goes from sender to self, then the function that c->data selects. On failure everything is taken back, c->revert is set. */
RIV_MUST_USE riv_err chain__run(chain__call *c, riv_bytes *returned);
bool chain__contract_at(chain__call *c, const eth_address *where, chain_contract *which);

/* State as a contract sees it: charged. When the gas is used up they find nothing and write nothing, and the call fails at its end. */
bool chain__get(chain__call *c, const chain__key *key, riv_bytes *value);
void chain__put(chain__call *c, const chain__key *key, riv_bytes value);
bool chain__next(chain__call *c, const chain__key *prefix, riv_bytes from, riv_bytes *key, riv_bytes *value);
/* Whether so many can be read with what is left; else all of it is used up: a list that cannot be paid is not begun. */
RIV_MUST_USE bool chain__affords(chain__call *c, uint64_t count);
u256     chain__get_u256(chain__call *c, const chain__key *key); /* zero when there is none */
void     chain__put_u256(chain__call *c, const chain__key *key, u256 v);
uint64_t chain__get_u64(chain__call *c, const chain__key *key);
void     chain__put_u64(chain__call *c, const chain__key *key, uint64_t v);
/* Enumerable sets as the original's (OpenZeppelin's EnumerableSet: removal moves the last into the hole): clients see the order. set.c */
uint64_t  chain__set_count(chain__call *c, const chain__key *set);
bool      chain__set_has(chain__call *c, const chain__key *set, riv_bytes item);
bool      chain__set_add(chain__call *c, const chain__key *set, riv_bytes item);    /* false: was there */
bool      chain__set_remove(chain__call *c, const chain__key *set, riv_bytes item); /* false: was not */
riv_bytes chain__set_at(chain__call *c, const chain__key *set, uint64_t index);

/* Each ends the call with RIV_E_DENIED and its ABI bytes in c->revert; whoever called takes the state back and passes revert on. */
RIV_MUST_USE riv_err chain__revert(chain__call *c, const char *text);                                    /* Error(string) */
RIV_MUST_USE riv_err chain__revert_custom(chain__call *c, const char *signature, const eth_value *args); /* "CapacityCommitmentIsActive(uint8)" */
RIV_MUST_USE riv_err chain__reject(chain__call *c);                                                      /* without a word: what Solidity does with a call that fits no function */
RIV_MUST_USE riv_err chain__panic(chain__call *c, uint8_t code); /* 0x11 overflow, 0x12 division by zero, 0x32 index */
/* A contract's arithmetic: overflow is Panic 0x11, division by zero Panic 0x12. */
RIV_MUST_USE riv_err chain__add(chain__call *c, u256 a, u256 b, u256 *out);
RIV_MUST_USE riv_err chain__sub(chain__call *c, u256 a, u256 b, u256 *out);
RIV_MUST_USE riv_err chain__mul(chain__call *c, u256 a, u256 b, u256 *out);
RIV_MUST_USE riv_err chain__div(chain__call *c, u256 a, u256 b, u256 *out);
/* An event of the contract's own table by its signature; args in their order, one a parameter. */
void chain__emit(chain__call *c, const char *event, const eth_value *args);
/* The context in which another contract runs when c's contract calls it: sender is c->self, self is `to`. Its revert goes back by chain__end. */
chain__call chain__inner(const chain__call *c, const eth_address *to);
riv_err     chain__end(chain__call *c, const chain__call *inner, riv_err err); /* hands the revert over; gives err back */

/* ---- contracts: each has a file with its table ---- */
typedef struct chain__function {
    const char *signature, *returns; /* "deposit(uint256)", "(uint256,bytes32[])"; "()" for none */
    bool        writes, payable;
    riv_err   (*run)(chain__call *c, const eth_value *args, eth_value *out); /* args and out: items of the tuples; out has room for the returns */
} chain__function;
typedef struct chain__contract {
    const chain__function *functions; size_t functions_count;
    const char *const     *events;    size_t events_count; /* "Deposited(uint256 amount)", "ProviderInfoUpdated(address indexed provider,string,(bytes4,bytes32))" */
    const char *const     *errors;    size_t errors_count; /* custom ones: "TooManyProofs()" */
    riv_err (*receive)(chain__call *c); /* plain value; NULL: refused */
} chain__contract;
extern const chain__contract chain__usd, chain__multicall, chain__randomx, chain__core, chain__market, chain__capacity, chain__factory, chain__deal;

/* ---- accounts.c, token.c: money ---- */
void chain__account_get(chain__call *c, const eth_address *who, uint64_t *nonce, u256 *balance);
void chain__account_put(chain__call *c, const eth_address *who, uint64_t nonce, u256 balance);
void chain__account_parse(riv_bytes value, uint64_t *nonce, u256 *balance); /* as it lies in the state; nothing is 0 and 0 */
bool chain__is_token(chain__call *c, const eth_address *where);
RIV_MUST_USE riv_err chain__mint(chain__call *c, const eth_address *token, const eth_address *to, u256 amount); /* at genesis */
/* All FLT that there is, kept since a balance was set: calls conserve it. false: as at genesis. */
bool chain__flt_total(chain__call *c, u256 *out);
void chain__flt_total_put(chain__call *c, u256 total);
RIV_MUST_USE riv_err chain__send_flt(chain__call *c, const eth_address *from, const eth_address *to, u256 amount); /* Panic 0x11 when it is not there */
/* Tokens by their address; only CHAIN_USD and tokens made at genesis exist: another one is the revert of a call to no contract. */
RIV_MUST_USE riv_err chain__send_token(chain__call *c, const eth_address *token, const eth_address *from, const eth_address *to, u256 amount);
RIV_MUST_USE riv_err chain__send_token_from(chain__call *c, const eth_address *token, const eth_address *from, const eth_address *to, u256 amount); /* spends c->self's allowance */

/* ---- core.c: constants, owner, whitelist, epochs. Current values; genesis ones until they are set ---- */
typedef struct chain__constants { /* as in chain_params, as they are now */
    eth_address owner, oracle;
    uint64_t    min_deal_deposited_epochs, min_deal_rematching_epochs, min_protocol_version, max_protocol_version;
    u256        flt_price, usd_collateral_per_unit, usd_target_revenue_per_epoch, flt_collateral_per_unit, min_reward_per_epoch, max_reward_per_epoch;
    uint64_t    min_duration, vesting_period_duration, vesting_period_count, slashing_rate, min_proofs_per_epoch, max_proofs_per_epoch,
                withdraw_epochs_after_failed, max_failed_ratio;
    bool        whitelist_enabled;
} chain__constants;
void chain__constants_of(chain__call *c, chain__constants *out);
bool chain__approved(chain__call *c, const eth_address *provider); /* the whitelist */
static inline bool chain__fixed(const chain__call *c) { return c->params->rules == CHAIN_FIXED; }

/* ---- market.c: what the others ask of it ---- */
typedef struct chain__id { uint8_t bytes[32]; } chain__id; /* of offers, peers, units, commitments, workers */
typedef struct chain__peer { chain__id offer, commitment; eth_address owner; uint64_t units_count; } chain__peer;
typedef struct chain__unit { eth_address deal; chain__id peer; uint64_t start_epoch; } chain__unit;
bool        chain__peer_get(chain__call *c, const chain__id *peer, chain__peer *out); /* false: there is none */
bool        chain__unit_get(chain__call *c, const chain__id *unit, chain__unit *out);
RIV_MUST_USE riv_err chain__unit_and_peer(chain__call *c, const chain__id *id, chain__unit *unit, chain__peer *peer); /* a revert where either is not there */
void        chain__peer_set_commitment(chain__call *c, const chain__id *peer, const chain__id *commitment);
void        chain__unit_set_start(chain__call *c, const chain__id *unit, uint64_t epoch);
uint64_t    chain__peer_units(chain__call *c, const chain__id *peer, uint64_t index, chain__id *out); /* the count; one of them when index is below it */
eth_address chain__peer_provider(chain__call *c, const chain__id *peer);
/* Capacity.removeCUFromCC pulls a unit out of its deal: Market.returnComputeUnitFromDeal with Capacity as the sender. */
RIV_MUST_USE riv_err chain__market_return_unit(chain__call *c, const chain__id *unit);
/* Capacity says so when a peer's commitment gets its collateral: with the fixed rules its free units may then be found without being proposed. */
void chain__market_refresh(chain__call *c, const chain__id *peer);

/* ---- deal.c: what Market asks of a deal (c->self is Market) ---- */
RIV_MUST_USE riv_err chain__deal_add_unit(chain__call *c, const eth_address *deal, const eth_address *provider, const chain__id *unit, const chain__id *peer);
RIV_MUST_USE riv_err chain__deal_remove_unit(chain__call *c, const eth_address *deal, const chain__id *unit);
typedef enum chain__deal_status { CHAIN__INSUFFICIENT_FUNDS, CHAIN__ACTIVE, CHAIN__ENDED, CHAIN__NOT_ENOUGH_WORKERS, CHAIN__SMALL_BALANCE } chain__deal_status;
typedef struct chain__deal_info { eth_address owner; uint64_t target_workers, units_count; } chain__deal_info;
bool               chain__deal_exists(chain__call *c, const eth_address *deal);
void               chain__deal_get(chain__call *c, const eth_address *deal, chain__deal_info *out);
chain__deal_status chain__deal_status_of(chain__call *c, const eth_address *deal);
bool               chain__deal_allows(chain__call *c, const eth_address *deal, const eth_address *provider);
bool               chain__deal_has_peer(chain__call *c, const eth_address *deal, const chain__id *peer);
uint64_t           chain__deal_units_of(chain__call *c, const eth_address *deal, const eth_address *provider);
uint64_t           chain__deal_effectors(chain__call *c, const eth_address *deal, uint64_t index, chain__id *out); /* the count; a hash of one when index is below it */

/* ---- capacity.c: what Market asks of it (c->self is Market) ---- */
typedef enum chain__cc_status { CHAIN__CC_INACTIVE, CHAIN__CC_ACTIVE, CHAIN__CC_WAIT_DELEGATION, CHAIN__CC_WAIT_START, CHAIN__CC_FAILED, CHAIN__CC_REMOVED } chain__cc_status;
chain__cc_status chain__cc_status_of(chain__call *c, const chain__id *commitment);
uint64_t         chain__cc_start_epoch(chain__call *c, const chain__id *commitment);
RIV_MUST_USE riv_err chain__cc_unit_moved_to_deal(chain__call *c, const chain__id *commitment, const chain__id *unit);
RIV_MUST_USE riv_err chain__cc_unit_returned(chain__call *c, const chain__id *commitment, const chain__id *unit);

/* ---- cc_proofs.c ---- */
uint64_t chain__proofs_waiting(chain__call *c);
/* At the start of each block: the nonce of a new epoch, a slice of what waits to be verified, the difficulty of the next epoch. An error is the
 * machine's (no memory, wrong hashes): the block cannot be judged. c->self is Capacity, c->meter free. verifier NULL: one is made when it is needed. */
RIV_MUST_USE riv_err chain__proofs_begin(chain__call *c, struct proof *verifier, riv_fault *fault);

#endif
