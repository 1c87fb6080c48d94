/* capacity.h: what the files of capacity share: core.c, pool.c, difficulty.c, cc_snapshot.c, vesting.c, capacity.c, cc_proofs.c. Formulas are over plain numbers. */
#ifndef RIV_CHAIN_CAPACITY_H
#define RIV_CHAIN_CAPACITY_H

#include "chain/internal.h"
#include "proof/proof.h"

#define CHAIN__PRECISION UINT64_C(10000000) /* USD, prices, ratios and rates are scaled by it. SPEC market.md 1 */

/* ---- pool.c: the reward pool of an epoch. SPEC market.md 6.5 ---- */
typedef struct chain__pool_in { u256 base, flt_price, active_units, target, min, max; bool fixed; } chain__pool_in;
RIV_MUST_USE bool chain__pool_next(const chain__pool_in *in, u256 *out);            /* false: overflow, or no unit is active */
RIV_MUST_USE bool chain__collateral_of(u256 usd, u256 flt_price, u256 *out);        /* FLT of a unit. SPEC market.md 1; false: overflow; the price is not 0 */

/* ---- difficulty.c: the difficulty adjusts itself to a rate of proofs, once an epoch ---- */
enum { CHAIN__DIFFICULTY_STEP = 2, CHAIN__DIFFICULTY_HARDER_BITS = 16, CHAIN__DIFFICULTY_EASIER_BITS = 8 };
typedef struct chain__difficulty_in { u256 now, genesis; uint64_t proofs, provers, min_proofs, max_proofs; } chain__difficulty_in; /* of an epoch that is settled */
u256 chain__difficulty_next(const chain__difficulty_in *in);

/* ---- core.c ---- */
uint64_t chain__active_units(chain__call *c);
RIV_MUST_USE riv_err chain__active_units_set(chain__call *c, u256 count);          /* and the reward pool of this epoch */
bool chain__proofs_owed(chain__call *c, uint64_t epoch);                            /* units that are active now had to prove in it already */
RIV_MUST_USE riv_err chain__reward_pool(chain__call *c, uint64_t epoch, u256 *out);
void chain__difficulty(chain__call *c, uint8_t out[32]);                            /* of this epoch */
void chain__difficulty_adjust(chain__call *c, uint64_t proofs, uint64_t provers);   /* for the next one; SPEC market.md 2 */

/* ---- cc_snapshot.c: what has become of a commitment and of its units. SPEC market.md 6.2, 6.4 ---- */
typedef struct chain__cc_progress { /* as stored */
    chain__cc_status status;
    uint64_t         active, additional;        /* units that owe proofs; those that came back from a deal and will */
    uint64_t         additional_from;           /* the first snapshot that takes them in */
    uint64_t         snapshot_epoch, successes; /* successes: since then */
    uint64_t         fails, failed_epoch, remaining, filled; /* remaining: failures that count in the epoch of failure (0: all); filled: of them */
} chain__cc_progress;
typedef struct chain__cc_terms { uint64_t start_epoch, duration, units, max_failed_ratio; bool fixed; } chain__cc_terms;
/* epoch: the one in which proofs count now, settled up to the one before; now: the block's. Moves *p on and tells the status. */
chain__cc_status chain__cc_look(const chain__cc_terms *t, uint64_t epoch, uint64_t now, chain__cc_progress *p);

typedef struct chain__unit_terms { u256 collateral; uint64_t slashing_rate, start_epoch, duration, epoch, failed_epoch, remaining; bool fixed; } chain__unit_terms;
typedef struct chain__unit_progress { bool inactive, exited; uint64_t last_epoch; u256 slashed; } chain__unit_progress;
typedef struct chain__unit_span { uint64_t from, to; } chain__unit_span; /* from: the first epoch that is settled now; to: the last */
bool chain__unit_span_of(const chain__unit_terms *t, const chain__unit_progress *p, chain__unit_span *out); /* false: there is nothing to settle */
typedef struct chain__unit_proved { bool first, last; } chain__unit_proved; /* whether it proved enough in span.from, in span.to */
/* Moves *p to span.to and slashes for the epochs without proofs; *filled counts up when the unit takes one of the last failures. False: overflow. */
RIV_MUST_USE bool chain__unit_settle(const chain__unit_terms *t, chain__unit_span span, chain__unit_proved proved, uint64_t *filled, chain__unit_progress *p);

/* ---- vesting.c. SPEC market.md 6.6 ---- */
typedef struct chain__vesting_item { uint64_t epoch; u256 cumulative; } chain__vesting_item;
typedef struct chain__vesting { u256 withdrawn; RIV_VEC(chain__vesting_item) items; } chain__vesting; /* by epoch, ascending */
typedef struct chain__vesting_terms { uint64_t period, count; bool fixed; } chain__vesting_terms; /* neither is 0 */
typedef enum chain__vesting_added { CHAIN__VESTED, CHAIN__VESTED_BELOW /* g0: before all items */, CHAIN__VESTED_OVERFLOW } chain__vesting_added;
chain__vesting_added chain__vesting_add(riv_arena *arena, chain__vesting *v, u256 reward, uint64_t after, const chain__vesting_terms *t);
bool chain__vesting_at(const chain__vesting *v, uint64_t epoch, u256 *cumulative); /* what is unlocked by epoch, with what was withdrawn; false: nothing ever */
void chain__vesting_taken(chain__vesting *v, uint64_t epoch); /* what is unlocked by epoch was withdrawn: later looks are at epoch or behind it */

/* ---- cc.c: records of commitments and their units ---- */
typedef struct chain__cc {
    chain__id          id, peer;
    eth_address        provider, delegator; /* provider: who made it */
    u256               collateral_per_unit, slashed; /* slashed: of units that left */
    uint64_t           duration, rate, start_epoch, exited;
    chain__cc_progress progress;
} chain__cc;
bool chain__cc_get(chain__call *c, const chain__id *id, chain__cc *out); /* false: there is none, *out is empty but for its id */
void chain__cc_put(chain__call *c, const chain__cc *cc);
void chain__cc_forget(chain__call *c, const chain__id *id);
void chain__cc_unit_get(chain__call *c, const chain__cc *cc, const chain__id *unit, chain__unit_progress *out);
void chain__cc_unit_put(chain__call *c, const chain__cc *cc, const chain__id *unit, const chain__unit_progress *v);
/* Moves the commitment on and stores what changed; failures are told by an event and taken from the active units. c->self is Capacity. */
RIV_MUST_USE riv_err chain__cc_commit(chain__call *c, chain__cc *cc, uint64_t units, chain__cc_status *out);
chain__cc_status chain__cc_look_at(chain__call *c, const chain__cc *cc, uint64_t units); /* without storing */
/* Settles a unit: slashes, and credits its reward. The commitment was moved on before. */
RIV_MUST_USE riv_err chain__cc_commit_unit(chain__call *c, chain__cc *cc, const chain__id *unit, chain__unit_progress *u);
void chain__cc_emit_stats(chain__call *c, const chain__cc *cc);
void chain__vesting_get(chain__call *c, const chain__id *cc, chain__vesting *out);
void chain__vesting_put(chain__call *c, const chain__id *cc, const chain__vesting *v);

/* ---- cc_proofs.c: proofs of an epoch, the nonce, what waits to be verified. SPEC market.md 6.3, chain.md 2.4 ---- */
enum { CHAIN__GAS_PROOF = 100000, CHAIN__GAS_PROOF_KEY = 500000 };
/* What a block verifies, in hashes of light mode (some 34 ms): filling the cache of another key costs as much as twelve. */
enum { CHAIN__PROOF_WORK_A_BLOCK = 60, CHAIN__PROOF_WORK_KEY = 12 };
typedef struct chain__epoch_proofs { uint64_t min_proofs, total_success, proofs, provers; } chain__epoch_proofs; /* min_proofs: latched by the epoch's first proof */
void     chain__epoch_proofs_get(chain__call *c, uint64_t epoch, chain__epoch_proofs *out);
/* The epoch in which proofs count now: the block's, or the oldest of which proofs still wait. All before it are settled. */
uint64_t chain__proofs_epoch(chain__call *c);
uint64_t chain__unit_proofs(chain__call *c, const chain__cc *cc, const chain__id *unit, uint64_t epoch); /* verified ones */
void     chain__unit_proofs_forget(chain__call *c, const chain__cc *cc, const chain__id *unit, uint64_t epoch);
riv_err  chain__run_submit_proofs(chain__call *c, const eth_value *args, eth_value *out);
riv_err  chain__run_submit_proof(chain__call *c, const eth_value *args, eth_value *out);
riv_err  chain__run_global_nonce(chain__call *c, const eth_value *args, eth_value *out);
riv_err  chain__run_proofs_waiting(chain__call *c, const eth_value *args, eth_value *out);
riv_err  chain__run_proofs_of(chain__call *c, const eth_value *args, eth_value *out);
/* The start of a block with another hash function: for tests with more keys than RandomX fills in their time. */
typedef struct chain__hasher { void *ctx; riv_err (*hash)(void *ctx, const proof_key *key, const proof_nonce *nonce, riv_fault *fault, crypto_hash *out); } chain__hasher;
RIV_MUST_USE riv_err chain__proofs_begin_with(chain__call *c, const chain__hasher *hasher, riv_fault *fault);

/* ---- proof_queue.c: what waits to be verified ---- */
enum { CHAIN__PROOFS_WAITING_MAX = 65536 };
typedef struct chain__waiting {
    chain__id   cc, unit;
    eth_address provider;
    uint64_t    epoch; /* in which it was given, and counts */
    proof_key   key;
    proof_nonce nonce;
    crypto_hash claimed;
    chain__key  at;    /* where it stands: chain__queue_first's */
} chain__waiting;
uint64_t chain__queue_count(chain__call *c);
uint64_t chain__queue_epoch(chain__call *c); /* of the oldest; UINT64_MAX when none waits */
RIV_MUST_USE bool chain__queue_add(chain__call *c, const chain__waiting *v); /* false: no room */
bool chain__queue_first(chain__call *c, chain__waiting *out); /* the one to be verified next */
void chain__queue_take(chain__call *c, const chain__waiting *v); /* it goes */
#define CHAIN__EVENT_STATS           "CommitmentStatsUpdated(bytes32 commitmentId,uint256 totalFailCount,uint256 exitedUnitCount,uint256 activeUnitCount,uint256 nextAdditionalActiveUnitCount,uint256 changedEpoch)"
#define CHAIN__EVENT_FAILED          "CommitmentFailed(bytes32 indexed commitmentId,uint256 failedEpoch)"
#define CHAIN__EVENT_PROOF           "ProofSubmitted(bytes32 indexed commitmentId,bytes32 indexed unitId,bytes32 localUnitNonce)"
#define CHAIN__EVENT_PROOFS          "ProofsConfirmed(bytes32 indexed peerId,bytes32[] unitIds,bool[] confirmed)"
#define CHAIN__ERROR_NOT_ACTIVE      "CapacityCommitmentIsNotActive(uint8)"
#define CHAIN__ERROR_ACTIVE          "CapacityCommitmentIsActive(uint8)"
#define CHAIN__ERROR_TOO_MANY_PROOFS "TooManyProofs()"

#endif
