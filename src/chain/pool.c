/* pool.c: how much an epoch pays all units together, and what a unit deposits: formulas over numbers.
 * Spec: docs/spec/market.md 1, 6.5. Tests: pool_test.c. */
#include "chain/capacity.h"

#define FLT UINT64_C(1000000000000000000)

/* SPEC market.md 6.5: base * 0.9 or * 1.1, as tenths of the precision. */
enum { SHRINK = 9000000, GROWTH = 11000000 };

static bool per_mille(u256 base, uint64_t rate, u256 *out)
{
    if (!u256_mul(base, u256_of(rate), out)) return false;
    u256_divmod(*out, u256_of(CHAIN__PRECISION), out, NULL);
    return true;
}

/* SPEC market.md 6.5: Q15: the original compares 10^-18 FLT times 10^-7 USD with 10^-7 USD. */
bool chain__pool_next(const chain__pool_in *in, u256 *out)
{
    u256 revenue;
    if (u256_is_zero(in->active_units) || !u256_mul(in->base, in->flt_price, &revenue)) return false;
    u256_divmod(revenue, in->active_units, &revenue, NULL);
    if (in->fixed) u256_divmod(revenue, u256_of(FLT), &revenue, NULL);
    bool shrinks = u256_cmp(revenue, in->target) > 0;
    if (!per_mille(in->base, shrinks ? SHRINK : GROWTH, out)) return false;
    if (shrinks && u256_cmp(*out, in->min) < 0) *out = in->min;
    if (!shrinks && u256_cmp(*out, in->max) > 0) *out = in->max;
    return true;
}

/* SPEC market.md 1: integer division at each step. */
bool chain__collateral_of(u256 usd, u256 flt_price, u256 *out)
{
    RIV_ASSERT(!u256_is_zero(flt_price));
    if (!u256_mul(usd, u256_of(CHAIN__PRECISION), out)) return false;
    u256_divmod(*out, flt_price, out, NULL);
    if (!u256_mul(*out, u256_of(FLT), out)) return false;
    u256_divmod(*out, u256_of(CHAIN__PRECISION), out, NULL);
    return true;
}
