/* cc_snapshot.c: what has become of a commitment and of its units when they are looked at again after some epochs: formulas over numbers, by
 * the original's rules (g0) and by ours (fixed). Spec: docs/spec/market.md 6.2, 6.4. Tests: cc_snapshot_test.c. */
#include "chain/capacity.h"

static uint64_t times(uint64_t a, uint64_t b)
{
    uint64_t out;
    return __builtin_mul_overflow(a, b, &out) ? UINT64_MAX : out;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
    uint64_t out;
    return __builtin_add_overflow(a, b, &out) ? UINT64_MAX : out;
}

/* ---- commitments ---- */

/* rest: failures that were left before this gap. SPEC market.md 6.2: "if A ≥ r: failedEpoch = last+1, rem = r mod A" */
static void fail_by_g0(chain__cc_progress *p, uint64_t rest)
{
    uint64_t later = p->active + p->additional;
    if (p->active >= rest) {
        p->failed_epoch = p->snapshot_epoch + 1;
        p->remaining    = p->active ? rest % p->active : 0;
        return;
    }
    rest -= p->active;
    p->remaining    = rest % later;
    p->failed_epoch = p->snapshot_epoch + 1 + rest / later + (p->remaining != 0);
}

/* SPEC market.md 6.2: Q17: proofs that came since the last snapshot are all of the epoch behind it. */
static void fail_by_ours(chain__cc_progress *p, uint64_t rest)
{
    uint64_t first = p->active > p->successes ? p->active - p->successes : 0, later = p->active + p->additional;
    p->failed_epoch = p->snapshot_epoch + 1;
    p->remaining    = rest;
    if (first >= rest) return;
    rest -= first;
    uint64_t more = (rest - 1) / later; /* whole epochs behind the first, before the one of failure */
    p->failed_epoch += 1 + more;
    p->remaining = rest - more * later;
}

static void count_fails(const chain__cc_terms *t, uint64_t to, chain__cc_progress *p, chain__cc_status *status)
{
    uint64_t most = times(t->max_failed_ratio, t->units), before = p->fails;
    uint64_t required = times(p->active, to - p->snapshot_epoch);
    if (p->successes < required) p->fails = plus(p->fails, required - p->successes);
    if (p->fails < most) return;
    p->fails = most;
    *status  = CHAIN__CC_FAILED;
    if (t->fixed)
        fail_by_ours(p, most > before ? most - before : 0);
    else
        fail_by_g0(p, most > before ? most - before : 0);
}

chain__cc_status chain__cc_look(const chain__cc_terms *t, uint64_t epoch, uint64_t now, chain__cc_progress *p)
{
    uint64_t to = epoch - 1, last = t->start_epoch + t->duration - 1;
    if (t->start_epoch == 0) return CHAIN__CC_WAIT_DELEGATION;
    if (t->start_epoch > now) return CHAIN__CC_WAIT_START;
    if (p->status != CHAIN__CC_ACTIVE || to <= p->snapshot_epoch) return p->status;
    chain__cc_status status = CHAIN__CC_ACTIVE;
    if (to >= last) {
        to     = last;
        status = CHAIN__CC_INACTIVE;
    }
    count_fails(t, to, p, &status);
    if (to >= p->additional_from) {
        p->active += p->additional;
        p->additional = 0;
    }
    if (status != CHAIN__CC_ACTIVE) p->active = p->additional = 0;
    p->status         = status;
    p->snapshot_epoch = to;
    p->successes      = 0;
    return status;
}

/* ---- units ---- */

bool chain__unit_span_of(const chain__unit_terms *t, const chain__unit_progress *p, chain__unit_span *out)
{
    uint64_t to   = RIV_MIN(t->epoch - 1, t->start_epoch + t->duration - 1);
    uint64_t last = p->last_epoch ? p->last_epoch : t->start_epoch - 1;
    if (t->failed_epoch) to = RIV_MIN(to, t->failed_epoch);
    if (p->inactive || to <= last) return false;
    *out = (chain__unit_span){ last + 1, to };
    return true;
}

/* SPEC market.md 6.4: Q13: the original looks at the last epoch alone; with proofs in the first, and none since, the first is slashed as well. */
static uint64_t gaps_of(const chain__unit_terms *t, chain__unit_span span, chain__unit_proved proved)
{
    uint64_t gaps = span.to - span.from + 1;
    if (proved.last) gaps--;
    if (t->fixed && proved.first && span.from != span.to) gaps--;
    return gaps;
}

/* In the epoch of failure only so many failures count as were left: whoever comes after them is not slashed for it. */
static void take_remaining(const chain__unit_terms *t, chain__unit_span span, chain__unit_proved proved,
                           uint64_t *filled, uint64_t *gaps)
{
    if (span.to != t->failed_epoch || t->remaining == 0) return;
    if (t->fixed && proved.last) return; /* it did not fail there */
    if (*filled >= t->remaining)
        *gaps -= 1;
    else
        *filled += 1;
}

bool chain__unit_settle(const chain__unit_terms *t, chain__unit_span span, chain__unit_proved proved, uint64_t *filled,
                        chain__unit_progress *p)
{
    uint64_t gaps = gaps_of(t, span, proved);
    u256     left, slash, cap = t->collateral;
    p->last_epoch = span.to;
    if (!u256_sub(t->collateral, p->slashed, &left)) return false;
    if (u256_is_zero(left) || gaps == 0) return true;
    take_remaining(t, span, proved, filled, &gaps);
    if (!u256_mul(u256_of(gaps), t->collateral, &slash) || !u256_mul(slash, u256_of(t->slashing_rate), &slash))
        return false;
    u256_divmod(slash, u256_of(CHAIN__PRECISION), &slash, NULL);
    if (!u256_add(p->slashed, slash, &slash)) return false;
    if (!t->fixed) cap = left; /* SPEC market.md 6.4: Q12 */
    p->slashed = u256_cmp(slash, cap) > 0 ? cap : slash;
    return true;
}
