/* trade_book.c: what everybody's money must be, worked out without the chain's formulas: the market's rule is applied to each deal at the end of each
 * epoch, and blocks tell who worked then. Amounts are plain 64-bit sums.
 * The rule (docs/spec/market.md 4.2, docs/sim.md): at the end of an epoch a deal pays its price to each worker that stands, if there are at least
 * minWorkers and its free money is enough for all of them; else nobody is paid and nothing is charged. stop() is the end of its epoch at once.
 * Tests: trade_test.c. */
#include "sim/trade_internal.h"

#define CREATED                                                                                                        \
    "(address,uint256,address,uint256,uint256,uint256,uint256,(bytes4,bytes32)[],(bytes4,bytes32),uint8,address[],"    \
    "uint256)"

typedef struct reading { /* one log that is being read */
    trade__world      *w;
    const eth_value   *args; /* those that are not indexed */
    const chain_log   *log;
    const eth_address *sender;
    trade__deal       *deal; /* whose log it is; NULL: of another contract */
} reading;

void trade__book_open(trade__book *b, riv_arena *arena)
{
    *b = (trade__book){ .arena = arena, .epoch = 1, .paid = riv_map_new(arena) };
}

/* ---- looking ---- */

trade__deal *trade__book_deal(const trade__book *b, const eth_address *where)
{
    for (size_t i = 0; i < b->deals.len; i++)
        if (eth_address_eq(&b->deals.ptr[i]->where, where)) return b->deals.ptr[i];
    return NULL;
}

static uint64_t *paid_to(trade__book *b, const eth_address *who)
{
    riv_bytes key = { who->bytes, sizeof who->bytes };
    uint64_t *sum = riv_map_get(b->paid, key);
    if (!sum) {
        sum = riv_new(b->arena, uint64_t, 1);
        riv_map_put(b->paid, key, sum);
    }
    return sum;
}

uint64_t trade__book_paid(const trade__book *b, const eth_address *who)
{
    const uint64_t *sum = riv_map_get(b->paid, (riv_bytes){ who->bytes, sizeof who->bytes });
    return sum ? *sum : 0;
}

uint64_t trade__book_workers(const trade__deal *d)
{
    uint64_t count = 0;
    for (size_t i = 0; i < d->units.len; i++) count += d->units.ptr[i].works && !d->units.ptr[i].gone;
    return count;
}

static trade__unit *unit_in(trade__deal *d, const uint8_t id[32])
{
    for (size_t i = d->units.len; i > 0; i--)
        if (!d->units.ptr[i - 1].gone && memcmp(d->units.ptr[i - 1].id, id, 32) == 0) return &d->units.ptr[i - 1];
    return NULL;
}

/* ---- the end of an epoch ---- */

static void earn(trade__world *w, trade__deal *d, trade__unit *u)
{
    u->owed += d->price;
    u->epochs++;
    d->owed += d->price;
    d->free -= d->price;
    d->billed += d->price;
    w->report.unit_epochs++;
}

static void epoch_ends(trade__world *w, trade__deal *d)
{
    uint64_t workers = trade__book_workers(d);
    if (workers == 0 || d->ended) return;
    if (workers < d->min_workers || d->free / d->price < workers) {
        w->report.unpaid_epochs++;
        return;
    }
    for (size_t i = 0; i < d->units.len; i++)
        if (d->units.ptr[i].works && !d->units.ptr[i].gone) earn(w, d, &d->units.ptr[i]);
}

static void advance(trade__world *w, uint64_t epoch)
{
    for (; w->book.epoch < epoch; w->book.epoch++)
        for (size_t i = 0; i < w->book.deals.len; i++) epoch_ends(w, w->book.deals.ptr[i]);
}

/* ---- what logs say ---- */

static const trade__agent *agent_at(const trade__world *w, const eth_address *where)
{
    for (size_t i = 0; i < w->agents_count; i++)
        if (eth_address_eq(&w->agents[i].where, where)) return &w->agents[i];
    return NULL;
}

static uint64_t amount_of(const reading *r, size_t arg)
{
    uint64_t out = 0;
    if (!u256_u64(r->args[arg].word, &out)) trade__break(r->w, "a log with an amount that nobody has");
    return out;
}

static trade__unit *need_unit(const reading *r, size_t arg, const char *what)
{
    uint8_t id[32];
    u256_to_be(r->args[arg].word, id);
    trade__unit *u = unit_in(r->deal, id);
    if (!u) trade__break(r->w, "%s of a unit that is not in the deal", what);
    return u;
}

static void on_created(const reading *r)
{
    trade__world       *w   = r->w;
    trade__deal        *d   = riv_new(w->book.arena, trade__deal, 1);
    const trade__agent *who = agent_at(w, r->sender);
    size_t              had = 0;
    d->where                = eth_to_address(&r->args[0]);
    d->owner                = *r->sender;
    d->min_workers          = amount_of(r, 3);
    d->target               = amount_of(r, 4);
    d->price                = amount_of(r, 6) + (w->config.spoil == SIM_TRADE_SPOIL_PRICE);
    for (size_t i = 0; i < w->book.deals.len; i++) had += eth_address_eq(&w->book.deals.ptr[i]->owner, r->sender);
    w->report.deals++;
    *riv_push(w->book.arena, &w->book.deals) = d;
    if (!who || who->provider || had >= trade__orders_wanted(who)) {
        trade__break(w, "a deal was made that its owner did not want");
        return;
    }
    trade__order o = trade__order_of(who, had);
    d->enough      = o.enough;
    if (amount_of(r, 6) != o.price || d->target != o.target) trade__break(w, "a deal was made twice");
}

/* A customer adds money below `enough` only. Looks and transactions have one nonce, so nothing of its own came between them. */
static void on_deposited(const reading *r)
{
    trade__deal *d = r->deal;
    if (d->deposited && d->free >= d->enough) trade__break(r->w, "a customer paid twice");
    d->deposited += amount_of(r, 0);
    d->free += amount_of(r, 0);
    r->w->report.deposited += amount_of(r, 0);
}

static void on_withdrawn(const reading *r)
{
    uint64_t amount = amount_of(r, 0);
    if (amount > r->deal->free) trade__break(r->w, "more was withdrawn than is free");
    r->deal->free -= RIV_MIN(amount, r->deal->free);
    r->deal->withdrawn += amount;
    r->w->report.withdrawn += amount;
}

static void on_joined(const reading *r)
{
    trade__world *w = r->w;
    trade__unit   u = { .works = false };
    u256_to_be(r->args[0].word, u.id);
    if (r->deal->ended) trade__break(w, "a unit came into a deal that is over");
    for (size_t i = 0; i < w->book.deals.len; i++)
        if (unit_in(w->book.deals.ptr[i], u.id)) trade__break(w, "a unit is in two deals");
    for (size_t i = 0; i < w->agents_count; i++)
        for (size_t p = 0; p < TRADE__PEERS_MAX; p++)
            for (size_t k = 0; k < TRADE__UNITS_MAX; k++)
                if (memcmp(trade__id(&w->agents[i], "unit", p, k).bytes, u.id, 32) == 0)
                    u.provider = w->agents[i].where;
    *riv_push(w->book.arena, &r->deal->units) = u;
    w->report.joined++;
}

static void on_worker(const reading *r)
{
    trade__unit *u = need_unit(r, 0, "a worker");
    if (r->deal->ended) trade__break(r->w, "a worker was set in a deal that is over");
    if (u) u->works = true;
}

static void on_reward(const reading *r)
{
    trade__unit *u      = need_unit(r, 0, "a reward");
    uint64_t     amount = amount_of(r, 1);
    if (!u) return;
    if (amount != u->owed)
        trade__break(r->w, "a unit got %llu, it had earned %llu", (unsigned long long)amount,
                     (unsigned long long)u->owed);
    *paid_to(&r->w->book, &u->provider) += amount;
    r->w->report.paid += amount;
    r->deal->owed -= RIV_MIN(amount, r->deal->owed);
    u->owed = 0;
}

static void on_removed(const reading *r)
{
    trade__unit        *u = need_unit(r, 0, "a removal");
    const trade__agent *provider;
    if (!u) return;
    if (u->owed) trade__break(r->w, "a unit left without the %llu that it had earned", (unsigned long long)u->owed);
    if (r->w->config.spoil == SIM_TRADE_SPOIL_LAST_EPOCH && u->works && !r->deal->ended) earn(r->w, r->deal, u);
    u->gone = true;
    if (!eth_address_eq(r->sender, &r->deal->owner)) return;
    provider = agent_at(r->w, &u->provider);
    r->w->report.returned_by_customers++;
    r->w->report.left_of_vanished += provider && provider->vanished;
}

static void on_ended(const reading *r)
{
    if (amount_of(r, 0) != r->w->book.epoch) trade__break(r->w, "a deal ended in another epoch than this");
    epoch_ends(r->w, r->deal);
    r->deal->ended = true;
}

static void on_collateral(const reading *r)
{
    trade__collateral *c = riv_push(r->w->book.arena, &r->w->book.collateral);
    *c                   = (trade__collateral){ .amount = r->args[0].word, .who = *r->sender };
    memcpy(c->id, r->log->topics[1].bytes, sizeof c->id);
}

static void on_finished(const reading *r)
{
    for (size_t i = 0; i < r->w->book.collateral.len; i++) {
        trade__collateral *c = &r->w->book.collateral.ptr[i];
        if (memcmp(c->id, r->log->topics[1].bytes, sizeof c->id) != 0) continue;
        if (c->finished) trade__break(r->w, "a commitment was finished twice");
        c->finished = true;
        return;
    }
    trade__break(r->w, "a commitment without collateral was finished");
}

/* ---- the table ---- */

typedef enum source { OF_DEAL, OF_FACTORY, OF_CAPACITY } source;
static const struct {
    source      from;
    const char *signature, *data;
    void (*read)(const reading *r);
} events[] = {
    { OF_FACTORY,
      "DealCreated(address,address,uint256,address,uint256,uint256,uint256,uint256,(bytes4,bytes32)[],(bytes4,bytes32),"
      "uint8,address[],uint256)",
      CREATED, on_created },
    { OF_DEAL, "Deposited(uint256)", "(uint256)", on_deposited },
    { OF_DEAL, "Withdrawn(uint256)", "(uint256)", on_withdrawn },
    { OF_DEAL, "ComputeUnitJoined(bytes32,bytes32)", "(bytes32)", on_joined },
    { OF_DEAL, "WorkerIdUpdated(bytes32,bytes32)", "(bytes32,bytes32)", on_worker },
    { OF_DEAL, "RewardWithdrawn(bytes32,uint256)", "(bytes32,uint256)", on_reward },
    { OF_DEAL, "ComputeUnitRemoved(bytes32,bytes32)", "(bytes32)", on_removed },
    { OF_DEAL, "DealEnded(uint256)", "(uint256)", on_ended },
    { OF_CAPACITY, "CollateralDeposited(bytes32,uint256)", "(uint256)", on_collateral },
    { OF_CAPACITY, "CommitmentFinished(bytes32)", "()", on_finished },
};

static bool from_there(const reading *r, source from)
{
    eth_address factory = chain_contract_address(CHAIN_DEAL_FACTORY), capacity = chain_contract_address(CHAIN_CAPACITY);
    switch (from) {
    case OF_DEAL: return r->deal != NULL;
    case OF_FACTORY: return eth_address_eq(&r->log->at, &factory);
    case OF_CAPACITY: return eth_address_eq(&r->log->at, &capacity);
    }
    RIV_UNREACHABLE();
}

static void read_log(trade__world *w, const chain_receipt *t, const chain_log *log, bool created, riv_arena *scratch)
{
    reading   r = { .w = w, .log = log, .sender = &t->from, .deal = trade__book_deal(&w->book, &log->at) };
    eth_value all;
    for (size_t i = 0; i < RIV_COUNT(events); i++) {
        if ((events[i].from == OF_FACTORY) != created || !from_there(&r, events[i].from)) continue;
        if (memcmp(trade__topic(w, events[i].signature).bytes, log->topics[0].bytes, 32) != 0) continue;
        if (eth_abi_read(trade__returns(w, events[i].data), log->data, scratch, NULL, &all)) {
            trade__break(w, "a log that does not decode: %s", events[i].signature);
            return;
        }
        r.args = all.items;
        events[i].read(&r);
        return;
    }
}

/* The factory tells of a deal behind the deal's own first log. */
static void read_receipt(trade__world *w, const chain_receipt *t, riv_arena *scratch)
{
    const trade__agent *who = agent_at(w, &t->from);
    w->report.reverted += !t->ok;
    if (t->ok ? t->revert.len || t->error.len : t->logs_count) trade__break(w, "a receipt contradicts itself");
    LOG_INFO(w->config.log, "trade.done", LOG_U64("index", who ? who->index : TRADE__AGENTS_MAX),
             LOG_U64("nonce", t->nonce), LOG_BOOL("ok", t->ok), LOG_STR("why", t->error));
    for (int created = 1; created >= 0; created--)
        for (size_t i = 0; i < t->logs_count; i++) read_log(w, t, &t->logs[i], created != 0, scratch);
}

void trade__book_block(trade__world *w, const rpc_block *block, riv_arena *scratch)
{
    advance(w, 1 + (block->block.time_s - w->params.genesis_time_s) / w->params.epoch_seconds);
    w->report.txs += block->block.receipts_count;
    for (size_t i = 0; i < block->block.receipts_count; i++) read_receipt(w, &block->block.receipts[i], scratch);
}
