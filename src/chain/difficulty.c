/* difficulty.c: the difficulty of proofs follows the rate at which they come: a formula over numbers.
 * The original's moves by the owner's hand alone; this is ours. Spec: docs/spec/market.md 2. Tests: pool_test.c. */
#include "chain/capacity.h"

static u256 shift_up(u256 v, unsigned bits)
{
    u256 out = v, max;
    (void)!u256_sub(U256_ZERO, u256_of(1), &max);
    return u256_mul(out, u256_of(UINT64_C(1) << bits), &out) ? out : max;
}

static u256 shift_down(u256 v, unsigned bits)
{
    u256_divmod(v, u256_of(UINT64_C(1) << bits), &v, NULL);
    return u256_is_zero(v) ? u256_of(1) : v;
}

static u256 clamp(u256 v, u256 low, u256 high)
{
    if (u256_cmp(v, low) < 0) return low;
    return u256_cmp(v, high) > 0 ? high : v;
}

/* A unit that proves is meant to find as many as lie in the middle between the least and the most that count. A hash has to lie under the difficulty, so
 * it grows when fewer are found. At most twice or half in an epoch, and never far from where the chain began: nobody walks away with it. */
u256 chain__difficulty_next(const chain__difficulty_in *in)
{
    u256 low  = shift_down(in->genesis, CHAIN__DIFFICULTY_HARDER_BITS),
         high = shift_up(in->genesis, CHAIN__DIFFICULTY_EASIER_BITS), out, wanted, had;
    if (!u256_mul(u256_of(in->min_proofs), u256_of(in->provers), &wanted) ||
        !u256_mul(u256_of(in->max_proofs), u256_of(in->provers), &had) || !u256_add(wanted, had, &wanted) ||
        !u256_mul(u256_of(in->proofs), u256_of(2), &had))
        return in->now;
    if (u256_is_zero(had) || !u256_muldiv(in->now, wanted, had, &out)) out = high;
    out = clamp(out, shift_down(in->now, 1), shift_up(in->now, 1));
    return clamp(out, low, high);
}
