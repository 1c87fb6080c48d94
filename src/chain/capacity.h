/* capacity.h: what the files of capacity share: core.c, pool.c, difficulty.c, cc_snapshot.c, vesting.c, capacity.c, cc_proofs.c. Formulas are over plain numbers. */
#ifndef RIV_CHAIN_CAPACITY_H
#define RIV_CHAIN_CAPACITY_H

#include "chain/internal.h"

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
RIV_MUST_USE riv_err chain__reward_pool(chain__call *c, uint64_t epoch, u256 *out);
void chain__difficulty(chain__call *c, uint8_t out[32]);                            /* of this epoch */
void chain__difficulty_adjust(chain__call *c, uint64_t proofs, uint64_t provers);   /* for the next one; SPEC market.md 2 */

#endif
