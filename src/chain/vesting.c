/* vesting.c: rewards that become free in parts: cumulative sums at multiples of a period.
 * Spec: docs/spec/market.md 6.6. Tests: vesting_test.c. */
#include "chain/capacity.h"

/* The last item at or before epoch, counted from 1; 0: none. */
static size_t last_by(const chain__vesting *v, uint64_t epoch)
{
    size_t low = 0, high = v->items.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (v->items.ptr[middle].epoch <= epoch)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool chain__vesting_at(const chain__vesting *v, uint64_t epoch, u256 *cumulative)
{
    size_t n = last_by(v, epoch);
    if (n) *cumulative = v->items.ptr[n - 1].cumulative;
    return n != 0;
}

/* Nobody looks behind what was taken again: of the items up to epoch the last says all. So a commitment that lasts costs no more with each year. */
void chain__vesting_taken(chain__vesting *v, uint64_t epoch)
{
    size_t n = last_by(v, epoch);
    if (n < 2) return;
    v->items.len -= n - 1;
    memmove(v->items.ptr, v->items.ptr + n - 1, v->items.len * sizeof *v->items.ptr);
}

typedef struct adding {
    u256     each;
    uint64_t first, period, count;
} adding;

static bool share(const adding *a, uint64_t parts, u256 before, u256 *out)
{
    return u256_mul(a->each, u256_of(parts), out) && u256_add(*out, before, out);
}

/* As the original's: items behind the first are taken for the next periods whatever their epochs. */
static chain__vesting_added add_by_g0(riv_arena *arena, chain__vesting *v, const adding *a)
{
    size_t old = v->items.len, at = last_by(v, a->first);
    u256   before = U256_ZERO, sum;
    if (at == 0 && old != 0) return CHAIN__VESTED_BELOW;
    if (at != 0) {
        before = v->items.ptr[at - 1].cumulative;
        if (v->items.ptr[at - 1].epoch == a->first) at--;
    }
    for (uint64_t i = 0; i < a->count; i++, at++) {
        if (at < old) before = v->items.ptr[at].cumulative;
        if (!share(a, i + 1, before, &sum)) return CHAIN__VESTED_OVERFLOW;
        if (at < old)
            v->items.ptr[at].cumulative = sum;
        else
            *riv_push(arena, &v->items) = (chain__vesting_item){ a->first + a->period * i, sum };
    }
    return CHAIN__VESTED;
}

/* Both in the order of epochs: what stands there grows by the parts that are free by then, what is missing comes in between. */
static chain__vesting_added add_by_ours(riv_arena *arena, chain__vesting *v, const adding *a)
{
    chain__vesting out    = { .withdrawn = v->withdrawn };
    u256           before = U256_ZERO;
    uint64_t       part   = 0;
    for (size_t at = 0; at < v->items.len || part < a->count;) {
        uint64_t next = a->first + a->period * part;
        bool     old  = at < v->items.len && (part == a->count || v->items.ptr[at].epoch <= next);
        if (part < a->count && (!old || v->items.ptr[at].epoch == next)) part++;
        chain__vesting_item *item = riv_push(arena, &out.items);
        *item                     = old ? v->items.ptr[at++] : (chain__vesting_item){ next, before };
        before                    = item->cumulative;
        if (!share(a, part, before, &item->cumulative)) return CHAIN__VESTED_OVERFLOW;
    }
    *v = out;
    return CHAIN__VESTED;
}

chain__vesting_added chain__vesting_add(riv_arena *arena, chain__vesting *v, u256 reward, uint64_t after,
                                        const chain__vesting_terms *t)
{
    adding a = { .period = t->period, .count = t->count, .first = after + (t->period - after % t->period) };
    u256_divmod(reward, u256_of(t->count), &a.each, NULL);
    return t->fixed ? add_by_ours(arena, v, &a) : add_by_g0(arena, v, &a);
}
