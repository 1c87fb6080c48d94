/* ledger.c: a deal's money over epochs: what was earned since the last commit, until when is paid, what a unit gets, the status.
 * Spec: docs/spec/market.md 4.2, 4.3. Numbers in, numbers out. Tests: ledger_test.c. */
#include "chain/market.h"

/* (epochs) * price * workers */
static bool amount_of(uint64_t epochs, u256 price, uint64_t workers, u256 *out)
{
    return u256_mul(u256_of(epochs), price, out) && u256_mul(*out, u256_of(workers), out);
}

static bool lock(chain__snapshot *s, uint64_t epochs, u256 price, uint64_t workers)
{
    u256 amount;
    return amount_of(epochs, price, workers, &amount) && u256_sub(s->total, amount, &s->total) &&
           u256_add(s->locked, amount, &s->locked);
}

/* SPEC market.md 4.2: the current epoch is paid in the future; epochs after max_paid are gaps: nobody is charged or paid. */
bool chain__ledger_look(const chain__ledger *ledger, uint64_t current_epoch, chain__snapshot *out)
{
    chain__snapshot s    = { ledger->total, ledger->locked, ledger->gaps, current_epoch, current_epoch - 1, false };
    uint64_t        last = ledger->last_committed, paid;
    if (ledger->ended) {
        s.epoch = ledger->ended;
        s.ended = true;
    }
    if (s.epoch > last) {
        if (!u256_u64(ledger->max_paid, &paid)) paid = UINT64_MAX;
        uint64_t until = RIV_MIN(s.epoch, RIV_MAX(paid, last)); /* paid epochs lie before, gaps behind */
        if (!lock(&s, until - last, ledger->price, ledger->workers)) return false;
        s.gaps += s.epoch - until;
    }
    *out = s;
    return true;
}

chain__settled chain__ledger_commit(chain__ledger *ledger, const chain__snapshot *s, uint64_t workers)
{
    bool           were_enough = u256_cmp(u256_of(ledger->workers), ledger->min_workers) >= 0;
    bool           are_enough  = u256_cmp(u256_of(workers), ledger->min_workers) >= 0;
    u256           cost, epochs, max_paid = ledger->max_paid;
    chain__settled settled = CHAIN__SETTLED;
    if (!s->ended && are_enough) {
        if (!u256_mul(ledger->price, u256_of(workers), &cost)) return CHAIN__SETTLED_OVERFLOW;
        if (u256_is_zero(cost)) return CHAIN__SETTLED_BY_ZERO; /* Q2: g0 takes a price of zero */
        u256_divmod(s->total, cost, &epochs, NULL);
        if (!u256_add(u256_of(s->epoch), epochs, &max_paid)) return CHAIN__SETTLED_OVERFLOW;
        settled = CHAIN__SETTLED_MAX_PAID;
    } else if (!s->ended && were_enough) {
        max_paid = U256_ZERO;
        settled  = CHAIN__SETTLED_MAX_PAID;
    }
    ledger->total          = s->total;
    ledger->locked         = s->locked;
    ledger->gaps           = s->gaps;
    ledger->max_paid       = max_paid;
    ledger->last_committed = s->epoch;
    ledger->workers        = workers;
    return settled;
}

bool chain__ledger_reward(const chain__snapshot *s, u256 price, uint64_t unit_epoch, uint64_t unit_gaps, u256 *out)
{
    if (s->epoch < unit_epoch || s->gaps < unit_gaps) return false;
    uint64_t epochs = s->epoch - unit_epoch, gaps = s->gaps - unit_gaps;
    return gaps <= epochs && u256_mul(u256_of(epochs - gaps), price, out);
}

/* The order matters. SPEC market.md 4.3 */
chain__deal_status chain__ledger_status(const chain__ledger *ledger, const chain__snapshot *s, u256 min_deposit)
{
    if (s->ended) return CHAIN__ENDED;
    if (!u256_is_zero(ledger->max_paid) && u256_cmp(u256_of(s->current), ledger->max_paid) > 0)
        return CHAIN__INSUFFICIENT_FUNDS;
    if (u256_cmp(s->total, min_deposit) < 0) return CHAIN__SMALL_BALANCE;
    if (u256_cmp(u256_of(ledger->workers), ledger->min_workers) < 0) return CHAIN__NOT_ENOUGH_WORKERS;
    return CHAIN__ACTIVE;
}
