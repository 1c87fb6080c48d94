/* trade_customer.c: a customer: makes deals, keeps them paid, publishes or matches them, sends silent workers back, ends them and takes what is left.
 * It finds its deals by their logs, and keeps its own account of what it paid, from the first block on after each restart.
 * Spec: docs/sim.md, docs/spec/market.md 4. Tests: trade_test.c. */
#include "sim/trade_internal.h"

enum { DATA_WORD = 32 };
enum { DEAL_INSUFFICIENT, DEAL_ACTIVE, DEAL_ENDED, DEAL_FEW_WORKERS };
#define CREATED                                                                                                        \
    "DealCreated(address,address,uint256,address,uint256,uint256,uint256,uint256,(bytes4,bytes32)[],"                  \
    "(bytes4,bytes32),uint8,address[],uint256)"
#define UNITS_VIEW "((bytes32,bytes32,bytes32,address,uint256)[])"

typedef struct deal {
    uint64_t         status, free, units_count;
    bool             published;
    u256             allowance;
    const eth_value *units;
    size_t           ask; /* status, free, units, published, allowance */
} deal;
typedef struct seen {
    uint64_t height;
    u256     allowance; /* of the factory */
    deal     deals[TRADE__DEALS_MAX];
    size_t   ask_allowance, ask_created, ask_logs;
} seen;

trade__order trade__order_of(const trade__agent *a, size_t index)
{
    riv_prng     p    = trade__character(a, 100 + index);
    uint64_t     busy = a->world->config.busy_epochs;
    trade__order o    = { .price = 200 + riv_prng_below(&p, 2000), .target = 1 + riv_prng_below(&p, 4) };
    o.min             = riv_prng_below(&p, 3) ? 1 : 1 + riv_prng_below(&p, o.target);
    o.per_provider    = 1 + riv_prng_below(&p, 3);
    o.starts          = 1 + riv_prng_below(&p, busy / 2 + 1);
    o.stops           = o.starts + 3 + riv_prng_below(&p, busy);
    o.deposit         = o.price * o.target * 2 + riv_prng_below(&p, o.price * 30);
    o.enough          = riv_prng_below(&p, 4) ? o.price * o.target * (2 + riv_prng_below(&p, 4)) : 0;
    o.top_up          = 1 + riv_prng_below(&p, o.price * o.target * 6);
    o.most            = riv_prng_below(&p, 2) ? UINT64_MAX : o.enough + o.top_up + o.price * o.target * 8;
    o.publishes       = riv_prng_below(&p, 3) != 0;
    o.matches         = !o.publishes || riv_prng_below(&p, 2);
    return o;
}

size_t trade__orders_wanted(const trade__agent *a)
{
    riv_prng p = trade__character(a, 99);
    return 1 + (size_t)riv_prng_below(&p, TRADE__DEALS_MAX);
}

static seen *seen_of(trade__agent *a) { return a->mind.c.seen; }

/* ---- the first batch: which deals are there ---- */

static void ask_for_deals(trade__agent *a)
{
    eth_address usd = chain_contract_address(CHAIN_USD), factory = chain_contract_address(CHAIN_DEAL_FACTORY);
    seen       *s           = riv_new(a->thought, seen, 1);
    eth_value   spending[2] = { eth_of_address(&a->where), eth_of_address(&factory) };
    uint64_t    from        = a->mind.c.cursor - (a->mind.c.cursor > 0); /* a block that is not there yet is no range */
    a->mind.c.seen          = s;
    trade__ask_about_self(a);
    s->ask_allowance = trade__ask(a, &usd, "allowance(address,address)", spending, "(uint256)");
    s->ask_created   = trade__ask_logs(a, &factory, 1, CREATED, &a->where, from, UINT64_MAX);
    trade__ask_end(a);
}

static void add_deal(trade__agent *a, const eth_address *where)
{
    for (size_t i = 0; i < a->mind.c.deals_count; i++)
        if (eth_address_eq(&a->mind.c.deals[i], where)) return;
    if (a->mind.c.deals_count == TRADE__DEALS_MAX) {
        trade__break(a->world, "a customer finds more deals than it ever wanted");
        return;
    }
    a->mind.c.deals[a->mind.c.deals_count++] = *where;
}

static bool read_deals(trade__agent *a, seen *s)
{
    const eth_value *v    = trade__answer(a, s->ask_allowance);
    const riv_json  *logs = trade__answer_json(a, s->ask_created);
    if (!trade__self(a, &s->height) || !v || !logs || logs->kind != RIV_JSON_ARR) return false;
    s->allowance = v[0].word;
    for (size_t i = 0; i < logs->arr.count; i++) {
        const riv_json *data  = riv_json_get(logs->arr.items[i], RIV_LIT("data"));
        riv_bytes       bytes = data ? trade__hex(a->thought, data->str) : (riv_bytes){ 0 };
        eth_address     where;
        if (bytes.len < DATA_WORD) return false;
        memcpy(where.bytes, bytes.ptr + DATA_WORD - ETH_ADDRESS_BYTES, sizeof where.bytes);
        add_deal(a, &where);
    }
    return true;
}

/* ---- the second batch: how they are, and what was paid since ---- */

static bool ask_about_deals(trade__agent *a, seen *s)
{
    eth_address usd = chain_contract_address(CHAIN_USD), market = chain_contract_address(CHAIN_MARKET);
    a->look = (trade__look){ 0 };
    for (size_t i = 0; i < a->mind.c.deals_count; i++) {
        const eth_address *at          = &a->mind.c.deals[i];
        eth_value          where       = eth_of_address(at);
        eth_value          spending[2] = { eth_of_address(&a->where), where };
        s->deals[i].ask                = trade__ask(a, at, "getStatus()", NULL, "(uint8)");
        trade__ask(a, at, "getFreeBalance()", NULL, "(uint256)");
        trade__ask(a, at, "getComputeUnits()", NULL, UNITS_VIEW);
        trade__ask(a, &market, "isPublished(address)", &where, "(bool)");
        trade__ask(a, &usd, "allowance(address,address)", spending, "(uint256)");
    }
    if (!a->mind.c.deals_count || a->mind.c.cursor > s->height) {
        s->ask_logs = SIZE_MAX;
    } else {
        s->ask_logs =
            trade__ask_logs(a, a->mind.c.deals, a->mind.c.deals_count, NULL, NULL, a->mind.c.cursor, s->height);
    }
    if (a->look.count == 0) return false;
    trade__ask_end(a);
    return true;
}

static bool read_deal(trade__agent *a, deal *d)
{
    const eth_value *units = trade__answer(a, d->ask + 2), *allowance = trade__answer(a, d->ask + 4);
    uint64_t         published;
    if (!units || !allowance || !trade__answer_u64(a, d->ask, &d->status) ||
        !trade__answer_u64(a, d->ask + 1, &d->free) || !trade__answer_u64(a, d->ask + 3, &published))
        return false;
    d->units       = units[0].items;
    d->units_count = units[0].items_count;
    d->allowance   = allowance[0].word;
    d->published   = published != 0;
    return true;
}

static bool topic_is(trade__agent *a, const riv_json *log, const char *event)
{
    const riv_json *topics = riv_json_get(log, RIV_LIT("topics")), *first = topics ? riv_json_at(topics, 0) : NULL;
    crypto_hash     hash = trade__topic(a->world, event);
    return first && first->kind == RIV_JSON_STR &&
           riv_bytes_eq(trade__hex(a->thought, first->str), (riv_bytes){ hash.bytes, sizeof hash.bytes });
}

/* Its own account: each block is read once, whatever comes late or twice. */
static bool read_logs(trade__agent *a, const seen *s)
{
    const riv_json *logs = s->ask_logs == SIZE_MAX ? NULL : trade__answer_json(a, s->ask_logs);
    if (s->ask_logs == SIZE_MAX) return true;
    if (!logs || logs->kind != RIV_JSON_ARR) return false;
    for (size_t i = 0; i < logs->arr.count; i++) {
        const riv_json *log = logs->arr.items[i], *data = riv_json_get(log, RIV_LIT("data"));
        riv_bytes       bytes = data ? trade__hex(a->thought, data->str) : (riv_bytes){ 0 };
        uint64_t        amount;
        if (bytes.len != DATA_WORD || !u256_u64(u256_from_be(bytes), &amount)) continue;
        if (topic_is(a, log, "Deposited(uint256)")) a->mind.c.deposited += amount;
        if (topic_is(a, log, "Withdrawn(uint256)")) a->mind.c.withdrawn += amount;
    }
    a->mind.c.cursor = s->height + 1;
    return true;
}

static bool read_about_deals(trade__agent *a, seen *s)
{
    for (size_t i = 0; i < a->mind.c.deals_count; i++)
        if (!read_deal(a, &s->deals[i])) return false;
    return read_logs(a, s);
}

/* ---- wishes, the most urgent first ---- */

static void wish_approval(trade__agent *a, const eth_address *spender, uint64_t amount)
{
    eth_value *v = trade__wish_of(a, CHAIN_USD, "approve(address,uint256)", 2);
    v[0]         = eth_of_address(spender);
    v[1]         = eth_word(a->world->config.spoil == SIM_TRADE_SPOIL_TWICE ? 2 * amount : amount);
}

static void wish_deal(trade__agent *a, const seen *s, const trade__order *o)
{
    static const uint8_t prefixes[32] = { 0x01, 0x55, 0x12, 0x20 };
    eth_address          factory = chain_contract_address(CHAIN_DEAL_FACTORY), usd = chain_contract_address(CHAIN_USD);
    if (u256_cmp(s->allowance, u256_of(o->deposit)) < 0) {
        wish_approval(a, &factory, o->deposit);
        return;
    }
    eth_value *v   = trade__wish_at(a, &factory, U256_ZERO,
                                    "deployDeal((bytes4,bytes32),address,uint256,uint256,uint256,uint256,uint256,"
                                      "(bytes4,bytes32)[],uint8,address[],uint256)",
                                    11);
    eth_value *app = riv_new(a->thought, eth_value, 2);
    app[0]         = eth_of_hash(prefixes);
    app[1]         = eth_of_hash(trade__id(a, "app", 0, 0).bytes);
    v[0]           = eth_list(app, 2);
    v[1]           = eth_of_address(&usd);
    v[2]           = eth_word(o->deposit);
    v[3]           = eth_word(o->min);
    v[4]           = eth_word(o->target);
    v[5]           = eth_word(o->per_provider);
    v[6]           = eth_word(o->price);
    v[7]           = eth_list(NULL, 0);
    v[8]           = eth_word(0);
    v[9]           = eth_list(NULL, 0);
    v[10]          = eth_word(1);
}

static trade__silence *silence_of(trade__agent *a, const uint8_t unit[32])
{
    for (size_t i = 0; i < a->mind.c.silent.len; i++)
        if (memcmp(a->mind.c.silent.ptr[i].unit, unit, 32) == 0) return &a->mind.c.silent.ptr[i];
    trade__silence *s = riv_push(a->memory, &a->mind.c.silent);
    *s                = (trade__silence){ .count = 0 };
    memcpy(s->unit, unit, 32);
    return s;
}

/* Once an epoch each worker is asked whether it is there. */
static bool is_silent(trade__agent *a, const eth_value *unit)
{
    uint8_t     id[32];
    eth_address provider = eth_to_address(&unit->items[3]);
    u256_to_be(unit->items[0].word, id);
    trade__silence *s = silence_of(a, id);
    if (s->epoch != a->epoch) {
        s->epoch = a->epoch;
        s->count = trade__pings(a->world, &provider) ? 0 : s->count + 1;
    }
    return s->count >= TRADE__SILENT_EPOCHS;
}

static void wish_return(trade__agent *a, const eth_value *unit)
{
    trade__wish_of(a, CHAIN_MARKET, "returnComputeUnitFromDeal(bytes32)", 1)[0] = unit->items[0];
}

static void wish_about_ended(trade__agent *a, const deal *d, const eth_address *at)
{
    for (size_t k = 0; k < d->units_count; k++) wish_return(a, &d->units[k]);
    if (d->free) trade__wish_at(a, at, U256_ZERO, "withdraw(uint256)", 1)[0] = eth_word(d->free);
}

static void wish_about_money(trade__agent *a, const deal *d, const trade__order *o, const eth_address *at)
{
    if (d->free < o->enough && u256_cmp(d->allowance, u256_of(o->top_up)) < 0) wish_approval(a, at, o->top_up);
    if (d->free < o->enough && u256_cmp(d->allowance, u256_of(o->top_up)) >= 0)
        trade__wish_at(a, at, U256_ZERO, "deposit(uint256)", 1)[0] = eth_word(o->top_up);
    if (d->free > o->most) trade__wish_at(a, at, U256_ZERO, "withdraw(uint256)", 1)[0] = eth_word(d->free - o->most);
}

static void wish_about_deal(trade__agent *a, const deal *d, const trade__order *o, const eth_address *at)
{
    eth_value where = eth_of_address(at);
    if (d->status == DEAL_ENDED) {
        wish_about_ended(a, d, at);
        return;
    }
    if (a->epoch >= o->stops || trade__closing(a->world, a->epoch)) {
        (void)trade__wish_at(a, at, U256_ZERO, "stop()", 0);
        return;
    }
    for (size_t k = 0; k < d->units_count; k++)
        if (is_silent(a, &d->units[k])) wish_return(a, &d->units[k]);
    wish_about_money(a, d, o, at);
    if (o->publishes && !d->published) trade__wish_of(a, CHAIN_MARKET, "publishDeal(address)", 1)[0] = where;
    if (o->matches && d->units_count < o->target && (d->status == DEAL_ACTIVE || d->status == DEAL_FEW_WORKERS))
        trade__wish_of(a, CHAIN_MARKET, "matchDeal(address)", 1)[0] = where;
}

static void wishes(trade__agent *a, const seen *s)
{
    size_t have = a->mind.c.deals_count;
    for (size_t i = 0; i < have; i++) {
        trade__order o = trade__order_of(a, i);
        wish_about_deal(a, &s->deals[i], &o, &a->mind.c.deals[i]);
    }
    if (have == trade__orders_wanted(a) || trade__closing(a->world, a->epoch)) return;
    trade__order next = trade__order_of(a, have);
    if (a->epoch >= next.starts) wish_deal(a, s, &next);
}

void trade__customer_look(trade__agent *a)
{
    seen *s = seen_of(a);
    switch (a->stage) {
    case 0: ask_for_deals(a); return;
    case 1:
        if (!read_deals(a, s)) return;
        if (ask_about_deals(a, s)) return;
        a->mind.c.cursor = s->height + 1; /* no deal until there */
        break;
    default:
        if (!read_about_deals(a, s)) return;
        break;
    }
    wishes(a, s);
    trade__do_one(a, 2);
}
