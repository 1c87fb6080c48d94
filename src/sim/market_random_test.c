/* market_random_test.c: made-up histories of the market: after every block money is conserved, units are where both sides say, ledgers are covered,
 * and the same blocks on another chain give the same app hash. A history that breaks a rule is printed as a scenario.
 * Usage: market_random_test [STEPS [SEED]]; by default some thousands. Spec: docs/spec/market.md, docs/spec/scenarios.md 3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/market_internal.h"

enum {
    STEPS_DEFAULT   = 4000,
    HISTORY         = 250,
    PEERS_MAX       = 10,
    UNITS_MAX       = 24,
    DEALS_MAX       = 8,
    COMMITMENTS_MAX = 24,
    OFFERS_MAX      = 5,
    DRAWS           = 8
};
enum { ACTIVE = 1 << 1, WAITS = 1 << 2, OVER = 1 << 0 | 1 << 4 }; /* statuses of commitments */

static const char *const people[]     = { "alice", "bob", "carol", "dave", "eve" };
static uint64_t          steps_wanted = STEPS_DEFAULT, first_seed = 1;

typedef struct peer {
    riv_str name, owner, units[3];
    size_t  units_count, offer;
} peer;
typedef struct commitment {
    riv_str name;
    size_t  peer, units;
    bool    deposited;
} commitment;
typedef struct history {
    riv_arena      *arena, *scratch; /* scratch: of one step */
    sim_market     *m;
    riv_prng        prng;
    uint64_t        seed, epoch, made;
    bool            fixed;
    riv_json_list   steps;
    const riv_json *head;
    riv_str         offers[OFFERS_MAX], providers[OFFERS_MAX];
    peer            peers[PEERS_MAX];
    riv_str         deals[DEALS_MAX], owners[DEALS_MAX];
    commitment      commitments[COMMITMENTS_MAX];
    size_t          offers_count, peers_count, deals_count, commitments_count;
    eth_address     places[32]; /* whoever may hold money */
    size_t          places_count;
    u256            flt, usd, usd2;
    chain          *again; /* the second chain */
    chain_memory   *memory;
    chain_store     store;
} history;

/* ---- a rule is broken ---- */

static void broken(history *h, const char *rule, riv_str what)
{
    const riv_json *doc = riv_json_record(
        h->arena, "name", riv_json_strc(h->arena, "made-up"), "rules", riv_json_get(h->head, RIV_LIT("rules")),
        "params", riv_json_get(h->head, RIV_LIT("params")), "accounts", riv_json_get(h->head, RIV_LIT("accounts")),
        "steps", riv_json_arr(h->arena, h->steps.ptr, h->steps.len), NULL);
    printf(RIV_FMT "\n", RIV_ARG(riv_json_text(doc, h->arena)));
    fflush(stdout);
    fail_msg("seed %llu, step %zu: %s " RIV_FMT, (unsigned long long)h->seed, h->steps.len, rule, RIV_ARG(what));
}

/* ---- making steps up ---- */

static uint64_t        below(history *h, uint64_t n) { return riv_prng_below(&h->prng, n); }
static bool            one_in(history *h, uint64_t n) { return below(h, n) == 0; }
static const riv_json *text(history *h, riv_str s) { return riv_json_str(h->arena, riv_str_dup(h->arena, s)); }
static const riv_json *word(history *h, const char *s) { return riv_json_strc(h->arena, s); }
static const riv_json *number(history *h, uint64_t n) { return riv_json_u64(h->arena, n); }
static const riv_json *person(history *h) { return word(h, people[below(h, RIV_COUNT(people))]); }
static riv_str         fresh(history *h, char kind)
{
    return riv_format(h->arena, "%c%llu", kind, (unsigned long long)++h->made);
}

static const riv_json *one_item(history *h, const riv_json *v)
{
    const riv_json **items = riv_new(h->arena, const riv_json *, 1);
    items[0]               = v;
    return riv_json_arr(h->arena, items, 1);
}

/* Of `name` mostly, now and then of anyone. */
static const riv_json *mostly(history *h, riv_str name) { return one_in(h, 12) ? person(h) : text(h, name); }

static riv_str some_unit(history *h)
{
    if (!h->peers_count || one_in(h, 40)) return RIV_LIT("no such unit");
    const peer *p = &h->peers[below(h, h->peers_count)];
    return p->units[below(h, p->units_count)];
}

static const peer *peer_of_unit(const history *h, riv_str unit)
{
    for (size_t i = 0; i < h->peers_count; i++)
        for (size_t k = 0; k < h->peers[i].units_count; k++)
            if (riv_str_eq(h->peers[i].units[k], unit)) return &h->peers[i];
    return NULL;
}

/* A commitment of one of these statuses (bits), now and then any; NULL: a few draws found none. */
static commitment *some_commitment(history *h, unsigned statuses)
{
    for (size_t tries = 0; h->commitments_count && tries < DRAWS; tries++) {
        u256        status;
        commitment *c = &h->commitments[below(h, h->commitments_count)];
        if (one_in(h, 40)) return c;
        if (sim_market_ask(h->m, "ccStatus", c->name, h->scratch, &status) && statuses >> status.limb[0] & 1) return c;
    }
    return NULL;
}

/* A unit that is in a deal, now and then any; empty: a few draws found none. */
static riv_str some_serving_unit(history *h)
{
    for (size_t tries = 0; tries < DRAWS; tries++) {
        u256    in;
        riv_str unit = some_unit(h);
        if (one_in(h, 40) || (sim_market_ask(h->m, "unitDeal", unit, h->scratch, &in) && !u256_is_zero(in)))
            return unit;
    }
    return (riv_str){ 0 };
}

static size_t units_known(const history *h)
{
    size_t n = 0;
    for (size_t i = 0; i < h->peers_count; i++) n += h->peers[i].units_count;
    return n;
}

typedef const riv_json *(*make_fn)(history *h); /* NULL: nothing to do it with */

static const riv_json *make_offer(history *h)
{
    if (h->offers_count == OFFERS_MAX || h->peers_count + 2 > PEERS_MAX || units_known(h) + 6 > UNITS_MAX) return NULL;
    riv_json_list peers    = { 0 };
    size_t        provider = below(h, 2), n = 1 + below(h, 2);
    for (size_t i = 0; i < n; i++) {
        peer         *p     = &h->peers[h->peers_count++];
        riv_json_list units = { 0 };
        *p                  = (peer){ .name = fresh(h, 'p'), .units_count = 1 + below(h, 3), .offer = h->offers_count };
        p->owner            = riv_str_c(people[one_in(h, 4) ? below(h, RIV_COUNT(people)) : provider]);
        for (size_t k = 0; k < p->units_count; k++) {
            p->units[k] = fresh(h, 'u');
            riv_json_add(h->arena, &units, text(h, p->units[k]));
        }
        riv_json_add(h->arena, &peers,
                     riv_json_object(h->arena, "id", text(h, p->name), "owner", text(h, p->owner), "units",
                                     riv_json_arr(h->arena, units.ptr, units.len), NULL));
    }
    h->providers[h->offers_count] = riv_str_c(people[provider]);
    h->offers[h->offers_count]    = fresh(h, 'o');
    return riv_json_object(h->arena, "do", word(h, "registerOffer"), "by", word(h, people[provider]), "offer",
                           text(h, h->offers[h->offers_count++]), "minPrice", number(h, 1 + below(h, 600)), "peers",
                           riv_json_arr(h->arena, peers.ptr, peers.len), "token",
                           word(h, one_in(h, 6) ? "USD2" : "USD"), NULL);
}

static const riv_json *make_deal(history *h)
{
    if (h->deals_count == DEALS_MAX) return NULL;
    static const char *const access[] = { "NONE", "WHITELIST", "BLACKLIST" };
    uint64_t price = 300 + below(h, 2000), target = 1 + below(h, 4), min = one_in(h, 3) ? 1 + below(h, target) : 1;
    size_t   list       = below(h, 3);
    const riv_json *one = person(h), **whole = riv_new(h->arena, const riv_json *, 2);
    const riv_json *owner = word(h, people[3 + below(h, 2)]);
    whole[0] = word(h, "alice"), whole[1] = word(h, "bob");
    h->owners[h->deals_count] = owner->str;
    h->deals[h->deals_count]  = fresh(h, 'd');
    return riv_json_object(
        h->arena, "do", word(h, "createDeal"), "by", owner, "deal", text(h, h->deals[h->deals_count++]), "deposit",
        number(h, price * target * 2 + below(h, price * 60)), "minWorkers", number(h, min), "targetWorkers",
        number(h, target), "maxPerProvider", number(h, 1 + below(h, 3)), "price", number(h, price), "access",
        word(h, access[list]), "accessList", list == 1 ? riv_json_arr(h->arena, whole, 2) : one_item(h, one), "token",
        word(h, one_in(h, 8) ? "USD2" : "USD"), NULL);
}

static const riv_json *make_match(history *h)
{
    if (!h->deals_count || !h->offers_count) return NULL;
    size_t        deal   = below(h, h->deals_count);
    riv_json_list offers = { 0 }, lists = { 0 };
    for (size_t o = 0; o < h->offers_count; o++) {
        riv_json_list units = { 0 };
        if (one_in(h, 4)) continue;
        for (size_t i = 0; i < h->peers_count; i++) {
            if (h->peers[i].offer != o && !one_in(h, 20)) continue;
            for (size_t k = 0; k < h->peers[i].units_count; k++)
                if (!one_in(h, 3)) riv_json_add(h->arena, &units, text(h, h->peers[i].units[k]));
        }
        riv_json_add(h->arena, &offers, text(h, h->offers[o]));
        riv_json_add(h->arena, &lists, riv_json_arr(h->arena, units.ptr, units.len));
    }
    return riv_json_object(h->arena, "do", word(h, "match"), "by", mostly(h, h->owners[deal]), "deal",
                           text(h, h->deals[deal]), "offers", riv_json_arr(h->arena, offers.ptr, offers.len), "units",
                           riv_json_arr(h->arena, lists.ptr, lists.len), NULL);
}

static const riv_json *of_deal(history *h, const char *action, const char *key, const riv_json *value)
{
    if (!h->deals_count) return NULL;
    size_t deal = below(h, h->deals_count);
    return riv_json_object(h->arena, "do", word(h, action), "by", mostly(h, h->owners[deal]), "deal",
                           text(h, h->deals[deal]), key, value, NULL);
}

static const riv_json *make_deposit(history *h) { return of_deal(h, "deposit", "amount", number(h, below(h, 20000))); }
static const riv_json *make_withdraw(history *h) { return of_deal(h, "withdraw", "amount", number(h, below(h, 8000))); }
static const riv_json *make_stop(history *h) { return one_in(h, 3) ? of_deal(h, "stop", "about", NULL) : NULL; }
static const riv_json *make_access(history *h)
{
    return of_deal(h, one_in(h, 2) ? "addAccess" : "removeAccess", "provider", person(h));
}

/* The unit's deal, when it is in one. */
static const riv_json *deal_of_unit(history *h, riv_str unit)
{
    eth_value   id = { 0 }, out;
    riv_str     error;
    crypto_hash hash = market__made_id("unit", unit);
    eth_address at   = chain_contract_address(CHAIN_MARKET);
    id               = eth_of_hash(hash.bytes);
    if (market__call(h->m, &at, "getComputeUnit(bytes32)", &id, "((address,bytes32,uint256))", h->scratch, &out,
                     &error)) {
        eth_address in = eth_to_address(&out.items[0].items[0]);
        for (size_t i = 0; i < h->deals_count; i++) {
            eth_address where;
            if (sim_market_deal(h->m, h->deals[i], &where) && eth_address_eq(&where, &in)) return text(h, h->deals[i]);
        }
    }
    return h->deals_count ? text(h, h->deals[below(h, h->deals_count)]) : NULL;
}

static const riv_json *of_unit_in_deal(history *h, const char *action)
{
    riv_str         unit = some_serving_unit(h);
    const peer     *p    = peer_of_unit(h, unit);
    const riv_json *deal = deal_of_unit(h, unit);
    if (!deal || !p) return NULL;
    return riv_json_object(h->arena, "do", word(h, action), "by", mostly(h, p->owner), "deal", deal, "unit",
                           text(h, unit), NULL);
}

static const riv_json *make_worker(history *h) { return of_unit_in_deal(h, "setWorker"); }
static const riv_json *make_deal_reward(history *h) { return of_unit_in_deal(h, "withdrawDealReward"); }
static const riv_json *make_return(history *h)
{
    riv_str     unit = some_serving_unit(h);
    const peer *p    = peer_of_unit(h, unit);
    if (!unit.len) return NULL;
    return riv_json_object(h->arena, "do", word(h, "returnUnit"), "by", p ? mostly(h, p->owner) : person(h), "unit",
                           text(h, unit), NULL);
}

static bool has_commitment(history *h, size_t peer_index)
{
    for (size_t i = 0; i < h->commitments_count; i++) {
        u256 status;
        if (h->commitments[i].peer == peer_index &&
            sim_market_ask(h->m, "ccStatus", h->commitments[i].name, h->scratch, &status) && status.limb[0] != 5)
            return true;
    }
    return false;
}

static const riv_json *make_commitment(history *h)
{
    if (!h->peers_count || h->commitments_count == COMMITMENTS_MAX) return NULL;
    size_t i = below(h, h->peers_count);
    if (has_commitment(h, i) && !one_in(h, 10)) return NULL;
    commitment *c = &h->commitments[h->commitments_count++];
    *c            = (commitment){ .name = fresh(h, 'c'), .peer = i, .units = h->peers[i].units_count };
    return riv_json_object(h->arena, "do", word(h, "createCC"), "by", mostly(h, h->providers[h->peers[i].offer]), "cc",
                           text(h, c->name), "peer", text(h, h->peers[i].name), "duration", number(h, 3 + below(h, 20)),
                           "rate", number(h, 1 + below(h, 10000000)), "delegator",
                           one_in(h, 2) ? word(h, "carol") : NULL, NULL);
}

static const riv_json *make_collateral(history *h)
{
    commitment *c = some_commitment(h, WAITS);
    u256        each, value;
    riv_buf     amount = riv_buf_in(h->arena);
    if (!c || !sim_market_ask(h->m, "ccCollateralPerUnit", c->name, h->scratch, &each)) return NULL;
    if (!u256_mul(each, u256_of(c->units), &value)) return NULL;
    if (one_in(h, 12)) value = u256_of(below(h, 1000));
    u256_put(&amount, value);
    const riv_json *name = text(h, c->name);
    return riv_json_object(h->arena, "do", word(h, "depositCollateral"), "by", mostly(h, RIV_LIT("carol")), "ccs",
                           one_item(h, name), "value", riv_json_str(h->arena, riv_buf_str(&amount)), NULL);
}

static const riv_json *make_proofs(history *h)
{
    const commitment *c = some_commitment(h, ACTIVE);
    if (!c) return NULL;
    const peer *of   = &h->peers[c->peer];
    riv_str     unit = !one_in(h, 30) ? of->units[below(h, of->units_count)] : some_unit(h);
    const peer *p    = peer_of_unit(h, unit);
    return riv_json_object(h->arena, "do", word(h, "submitProofs"), "by", p ? mostly(h, p->owner) : person(h), "unit",
                           text(h, unit), "count", number(h, 1 + below(h, 4)), "badHash",
                           one_in(h, 30) ? riv_json_bool(true) : NULL, NULL);
}

static const riv_json *make_exit(history *h)
{
    commitment *c = some_commitment(h, OVER);
    if (!c) return NULL;
    const peer   *p     = &h->peers[c->peer];
    riv_json_list units = { 0 };
    for (size_t k = 0; k < p->units_count; k++)
        if (!one_in(h, 8)) riv_json_add(h->arena, &units, text(h, p->units[k]));
    return riv_json_object(h->arena, "do", word(h, "removeCUFromCC"), "by", mostly(h, h->providers[p->offer]), "cc",
                           text(h, c->name), "units", riv_json_arr(h->arena, units.ptr, units.len), NULL);
}

static const riv_json *of_commitment(history *h, const char *action, bool provider, unsigned statuses)
{
    commitment *c = some_commitment(h, statuses);
    if (!c) return NULL;
    riv_str by = provider ? h->providers[h->peers[c->peer].offer] : RIV_LIT("carol");
    return riv_json_object(h->arena, "do", word(h, action), "by", mostly(h, by), "cc", text(h, c->name), NULL);
}

static const riv_json *make_finish(history *h) { return of_commitment(h, "finishCC", one_in(h, 2), OVER); }
static const riv_json *make_reward(history *h)
{
    return of_commitment(h, "withdrawReward", one_in(h, 2), ACTIVE | OVER);
}
static const riv_json *make_removal(history *h)
{
    return one_in(h, 4) ? of_commitment(h, "removeCC", true, WAITS) : NULL;
}

static const riv_json *make_units(history *h)
{
    if (!h->peers_count || units_known(h) == UNITS_MAX) return NULL;
    peer *p = &h->peers[below(h, h->peers_count)];
    if (p->units_count == RIV_COUNT(p->units)) return NULL;
    p->units[p->units_count] = fresh(h, 'u');
    const riv_json *unit     = text(h, p->units[p->units_count++]);
    for (size_t i = 0; i < h->commitments_count; i++)
        if (&h->peers[h->commitments[i].peer] == p) h->commitments[i].units = p->units_count;
    return riv_json_object(h->arena, "do", word(h, "addUnits"), "by", text(h, h->providers[p->offer]), "peer",
                           text(h, p->name), "units", one_item(h, unit), NULL);
}

static const riv_json *make_removed_unit(history *h)
{
    riv_str     unit = some_unit(h);
    const peer *p    = peer_of_unit(h, unit);
    if (!p || !one_in(h, 6)) return NULL;
    return riv_json_object(h->arena, "do", word(h, "removeUnit"), "by", mostly(h, h->providers[p->offer]), "unit",
                           text(h, unit), NULL);
}

static const riv_json *make_price(history *h)
{
    return riv_json_object(h->arena, "do", word(h, "setFLTPrice"), "by", mostly(h, RIV_LIT("oracle")), "price",
                           number(h, 1000000 + below(h, 30000000)), NULL);
}

static const riv_json *make_offer_price(history *h)
{
    if (!h->offers_count) return NULL;
    size_t i = below(h, h->offers_count);
    return riv_json_object(h->arena, "do", word(h, "changePrice"), "by", mostly(h, h->providers[i]), "offer",
                           text(h, h->offers[i]), "price", number(h, below(h, 1500)), NULL);
}

static const riv_json *make_pick_up(history *h)
{
    riv_str     unit = some_unit(h);
    const peer *p    = peer_of_unit(h, unit);
    if (!h->deals_count || !p) return NULL;
    const riv_json *list = text(h, unit);
    return riv_json_object(h->arena, "do", word(h, "pickUp"), "by", mostly(h, h->providers[p->offer]), "deal",
                           text(h, h->deals[below(h, h->deals_count)]), "units", one_item(h, list), NULL);
}

static const riv_json *make_publish(history *h) { return of_deal(h, "publish", "about", NULL); }

static struct {
    const char *name;
    make_fn     make;
    uint32_t    weight;
    bool        ours; /* only with our rules */
    uint64_t    done, refused;
} actions[] = {
    { "registerOffer", make_offer, 6, false, 0, 0 },
    { "createDeal", make_deal, 6, false, 0, 0 },
    { "match", make_match, 14, false, 0, 0 },
    { "setWorker", make_worker, 14, false, 0, 0 },
    { "returnUnit", make_return, 4, false, 0, 0 },
    { "deposit", make_deposit, 4, false, 0, 0 },
    { "withdraw", make_withdraw, 4, false, 0, 0 },
    { "withdrawDealReward", make_deal_reward, 8, false, 0, 0 },
    { "stop", make_stop, 2, false, 0, 0 },
    { "access", make_access, 3, false, 0, 0 },
    { "createCC", make_commitment, 12, false, 0, 0 },
    { "depositCollateral", make_collateral, 10, false, 0, 0 },
    { "submitProofs", make_proofs, 40, false, 0, 0 },
    { "removeCUFromCC", make_exit, 12, false, 0, 0 },
    { "finishCC", make_finish, 12, false, 0, 0 },
    { "withdrawReward", make_reward, 6, false, 0, 0 },
    { "removeCC", make_removal, 2, false, 0, 0 },
    { "addUnits", make_units, 4, false, 0, 0 },
    { "removeUnit", make_removed_unit, 6, false, 0, 0 },
    { "setFLTPrice", make_price, 2, false, 0, 0 },
    { "changePrice", make_offer_price, 2, false, 0, 0 },
    { "publish", make_publish, 6, true, 0, 0 },
    { "pickUp", make_pick_up, 10, true, 0, 0 },
};

static const riv_json *make_step(history *h, size_t *which)
{
    uint64_t total = 0;
    for (size_t i = 0; i < RIV_COUNT(actions); i++) total += actions[i].weight;
    for (;;) {
        uint64_t at = below(h, total);
        for (*which = 0; at >= actions[*which].weight; (*which)++) at -= actions[*which].weight;
        if (actions[*which].ours && !h->fixed) continue;
        const riv_json *step = actions[*which].make(h);
        if (step) return step;
    }
}

/* ---- what must hold after each block ---- */

static u256 plus(u256 a, u256 b)
{
    u256 out;
    assert_true(u256_add(a, b, &out));
    return out;
}

static eth_value ask(history *h, const eth_address *at, const char *signature, const eth_value *args,
                     const char *returns)
{
    eth_value out = { 0 };
    riv_str   error;
    if (!market__call(h->m, at, signature, args, returns, h->scratch, &out, &error)) broken(h, signature, error);
    return out;
}

static u256 token_of(history *h, const eth_address *token, const eth_address *who)
{
    eth_value arg = eth_of_address(who);
    return ask(h, token, "balanceOf(address)", &arg, "(uint256)").items[0].word;
}

static void check_money(history *h)
{
    eth_address usd = chain_contract_address(CHAIN_USD);
    u256        flt = U256_ZERO, first = U256_ZERO, second = U256_ZERO;
    for (size_t i = 0; i < h->places_count; i++) {
        flt    = plus(flt, market__flt_of(h->m, &h->places[i]));
        first  = plus(first, token_of(h, &usd, &h->places[i]));
        second = plus(second, token_of(h, &h->m->usd2, &h->places[i]));
    }
    if (u256_cmp(flt, h->flt)) broken(h, "FLT is not conserved", RIV_LIT(""));
    if (u256_cmp(first, h->usd) || u256_cmp(second, h->usd2)) broken(h, "tokens are not conserved", RIV_LIT(""));
    if (u256_cmp(ask(h, &usd, "totalSupply()", NULL, "(uint256)").items[0].word, h->usd))
        broken(h, "the supply changed", RIV_LIT(""));
}

typedef struct seen_unit {
    uint8_t id[32];
} seen_unit;

/* A deal's units: their workers are counted right, the market says the same, none is in two deals, and what is free and earned is there. */
static size_t check_deal(history *h, size_t index, seen_unit *seen, size_t seen_count)
{
    eth_address where, market = chain_contract_address(CHAIN_MARKET);
    if (!sim_market_deal(h->m, h->deals[index], &where)) return 0;
    const market__deal *d = riv_map_get_str(h->m->deals, h->deals[index]);
    eth_value           list =
        ask(h, &where, "getComputeUnits()", NULL, "((bytes32,bytes32,bytes32,address,uint256)[])").items[0];
    uint64_t count = ask(h, &where, "getComputeUnitCount()", NULL, "(uint256)").items[0].word.limb[0], workers = 0;
    u256     due = ask(h, &where, "getFreeBalance()", NULL, "(uint256)").items[0].word;
    for (size_t i = 0; i < list.items_count; i++) {
        const eth_value *unit = list.items[i].items;
        eth_value   at  = ask(h, &market, "getComputeUnit(bytes32)", &unit[0], "((address,bytes32,uint256))").items[0];
        eth_address in  = eth_to_address(&at.items[0]);
        bool        has = !u256_is_zero(unit[1].word);
        workers += has;
        if (!eth_address_eq(&in, &where)) broken(h, "the market has a unit elsewhere than its deal", h->deals[index]);
        if (has) due = plus(due, ask(h, &where, "getRewardAmount(bytes32)", &unit[0], "(uint256)").items[0].word);
        u256_to_be(unit[0].word, seen[seen_count + i].id);
        for (size_t k = 0; k < seen_count + i; k++)
            if (!memcmp(seen[k].id, seen[seen_count + i].id, 32)) broken(h, "a unit is in two deals", h->deals[index]);
    }
    if (count != list.items_count) broken(h, "units are counted wrong", h->deals[index]);
    if (workers != ask(h, &where, "getWorkerCount()", NULL, "(uint256)").items[0].word.limb[0])
        broken(h, "workers are counted wrong", h->deals[index]);
    /* The original lets units without a worker take what others earned (Q4), so there it is not always covered. */
    if (h->fixed && u256_cmp(due, token_of(h, &d->token, &where)) > 0)
        broken(h, "a deal owes more than it has", h->deals[index]);
    return list.items_count;
}

/* Units that the market has in deals are in those deals. */
static size_t check_units(history *h)
{
    eth_address market  = chain_contract_address(CHAIN_MARKET);
    size_t      serving = 0;
    for (size_t i = 0; i < h->peers_count; i++) {
        for (size_t k = 0; k < h->peers[i].units_count; k++) {
            crypto_hash hash = market__made_id("unit", h->peers[i].units[k]);
            eth_value   id   = eth_of_hash(hash.bytes), out;
            riv_str     error;
            if (market__call(h->m, &market, "getComputeUnit(bytes32)", &id, "((address,bytes32,uint256))", h->scratch,
                             &out, &error))
                serving += !u256_is_zero(out.items[0].items[0].word);
        }
    }
    return serving;
}

typedef struct view {
    uint64_t status, units, fails, exited;
    u256     each;
} view;

static bool view_of(history *h, const commitment *c, view *out)
{
    const crypto_hash *kept = riv_map_get_str(h->m->commitments, c->name);
    eth_address        at   = chain_contract_address(CHAIN_CAPACITY);
    eth_value          id, all;
    riv_str            error;
    if (!kept) return false;
    id = eth_of_hash(kept->bytes);
    if (!market__call(h->m, &at, "getCommitment(bytes32)", &id,
                      "((uint8,bytes32,uint256,uint256,uint256,uint256,uint256,address,uint256,uint256,uint256))",
                      h->scratch, &all, &error))
        return false; /* it was removed before it began */
    const eth_value *v = all.items[0].items;
    *out = (view){ v[0].word.limb[0], v[3].word.limb[0], v[8].word.limb[0], v[10].word.limb[0], v[2].word };
    return true;
}

/* The collateral of all that are not finished is there; nobody fails more than is allowed; the network's count of active units is near. */
static void check_commitments(history *h)
{
    u256        locked = U256_ZERO, one, active, total, unlocked;
    uint64_t    most   = 0;
    eth_address at     = chain_contract_address(CHAIN_CAPACITY);
    for (size_t i = 0; i < h->commitments_count; i++) {
        const commitment *c = &h->commitments[i];
        view              v;
        if (!view_of(h, c, &v)) continue;
        if (v.status > 5) broken(h, "no such status", c->name);
        if (v.status == 2 || v.status == 5) continue;
        most += v.units;
        assert_true(u256_mul(v.each, u256_of(v.units), &one));
        locked = plus(locked, one);
        if (v.exited > v.units) broken(h, "more units left than there are", c->name);
        if (v.fails > h->m->params.max_failed_ratio * v.units) broken(h, "more fails than are allowed", c->name);
        if (!sim_market_ask(h->m, "ccTotalRewards", c->name, h->scratch, &total) ||
            !sim_market_ask(h->m, "ccUnlocked", c->name, h->scratch, &unlocked) || u256_cmp(unlocked, total) > 0)
            broken(h, "more is unlocked than there is", c->name);
    }
    if (u256_cmp(market__flt_of(h->m, &at), locked) < 0) broken(h, "collateral is missing", RIV_LIT(""));
    if (!sim_market_ask(h->m, "activeUnits", RIV_LIT(""), h->scratch, &active))
        broken(h, "no active units", RIV_LIT(""));
    /* The original counts units twice that served before their commitment began (Q21). */
    if (h->fixed && u256_cmp(active, u256_of(most)) > 0)
        broken(h, "more units are active than have commitments", RIV_LIT(""));
}

/* The same block on another chain, its senders recovered before. */
static void check_again(history *h)
{
    chain_block_input in    = sim_market_block(h->m);
    eth_tx           *txs   = riv_new(h->scratch, eth_tx, in.txs_count + 1);
    riv_fault         fault = { 0 };
    chain_block       block;
    for (size_t i = 0; i < in.txs_count; i++)
        assert_int_equal(eth_tx_read(in.txs[i], h->scratch, &fault, &txs[i]), RIV_OK);
    in.decoded = txs;
    if (chain_apply(h->again, &h->store, &in, h->scratch, &fault, &block))
        broken(h, "a block is refused", riv_str_c(fault.msg));
    chain_memory_apply(h->memory, block.writes, block.writes_count);
    crypto_hash hash = sim_market_app_hash(h->m);
    if (memcmp(hash.bytes, block.app_hash.bytes, sizeof hash.bytes)) broken(h, "the app hash is another", RIV_LIT(""));
}

static void check_all(history *h)
{
    seen_unit seen[DEALS_MAX * UNITS_MAX + 1];
    size_t    count = 0;
    check_money(h);
    for (size_t i = 0; i < h->deals_count; i++) count += check_deal(h, i, seen, count);
    if (check_units(h) != count) broken(h, "the market and the deals count other units", RIV_LIT(""));
    check_commitments(h);
    check_again(h);
}

/* ---- one history ---- */

static void add_place(history *h, eth_address where)
{
    for (size_t i = 0; i < h->places_count; i++)
        if (eth_address_eq(&h->places[i], &where)) return;
    assert_true(h->places_count < RIV_COUNT(h->places));
    h->places[h->places_count++] = where;
}

static void open_second(history *h)
{
    chain_params params = sim_market_params(h->m);
    chain_block  block;
    riv_fault    fault = { 0 };
    h->again           = chain_new();
    h->memory          = chain_memory_new();
    h->store           = chain_memory_store(h->memory);
    assert_int_equal(chain_genesis(h->again, &params, &h->store, h->arena, &fault, &block), RIV_OK);
    chain_memory_apply(h->memory, block.writes, block.writes_count);
}

static void open_places(history *h)
{
    eth_address          usd = chain_contract_address(CHAIN_USD);
    riv_bytes            key;
    void                *value;
    static const uint8_t none[20];
    eth_address          zero;
    memcpy(zero.bytes, none, sizeof none);
    add_place(h, zero);
    for (size_t i = 0; i < riv_map_slots(h->m->accounts); i++)
        if (riv_map_at(h->m->accounts, i, &key, &value)) add_place(h, ((market__account *)value)->where);
    for (chain_contract c = 0; c < CHAIN_CONTRACTS; c++) add_place(h, chain_contract_address(c));
    add_place(h, h->m->usd2);
    for (size_t i = 0; i < h->places_count; i++) h->flt = plus(h->flt, market__flt_of(h->m, &h->places[i]));
    h->usd  = ask(h, &usd, "totalSupply()", NULL, "(uint256)").items[0].word;
    h->usd2 = ask(h, &h->m->usd2, "totalSupply()", NULL, "(uint256)").items[0].word;
}

static void open_history(history *h, uint64_t seed)
{
    riv_fault fault = { 0 };
    *h              = (history){
                     .arena = riv_arena_new(0), .scratch = riv_arena_new(0), .seed = seed, .epoch = 1, .fixed = seed % 3 != 0
    };
    h->prng         = riv_prng_seed(seed);
    riv_str text_of = riv_format(
        h->arena,
        "{\"rules\":\"%s\",\"accounts\":[\"alice\",\"bob\",\"carol\",\"dave\",\"eve\"],\"params\":{\"minDuration\":3,"
        "\"vestingPeriodDuration\":%u,\"vestingPeriodCount\":%u,\"maxFailedRatio\":%u,\"slashingRate\":%u,"
        "\"withdrawEpochsAfterFailed\":%u,\"minProofsPerEpoch\":%u,\"epochDuration\":%u}}",
        h->fixed ? "fixed" : "g0", (unsigned)(1 + below(h, 4)), (unsigned)(1 + below(h, 6)),
        (unsigned)(1 + below(h, 16)), (unsigned)below(h, 5000000), (unsigned)below(h, 4), (unsigned)(1 + below(h, 3)),
        (unsigned)(1 + below(h, 1000)));
    assert_int_equal(riv_json_parse(text_of, h->arena, &fault, &h->head), RIV_OK);
    if (sim_market_open(h->head, h->arena, &fault, &h->m)) fail_msg("%s", fault.msg);
    open_second(h);
    open_places(h);
}

static void close_history(history *h)
{
    sim_market_free(h->m);
    chain_memory_free(h->memory);
    chain_free(h->again);
    riv_arena_free(h->scratch);
    riv_arena_free(h->arena);
}

/* Reverts that would be a mistake of ours whatever was asked. */
static void check_revert(history *h, const char *action, riv_str why)
{
    /* The original subtracts below zero where Q4 and Q18 come together with other steps. */
    static const char *const g0[]      = { "withdrawDealReward", "returnUnit", "removeCUFromCC", "match" };
    bool                     subtracts = !strcmp(action, "withdraw") || !strcmp(action, "depositCollateral");
    for (size_t i = 0; i < RIV_COUNT(g0); i++) subtracts = subtracts || (!h->fixed && !strcmp(action, g0[i]));
    bool ours = riv_str_starts(why, RIV_LIT("Panic 0x")) && !(riv_str_eq(why, RIV_LIT("Panic 0x11")) && subtracts);
    if (ours || riv_str_eq(why, RIV_LIT("out of gas")) || riv_str_starts(why, RIV_LIT("reverted with")))
        broken(h, action, why);
}

static void one_step(history *h)
{
    size_t          which;
    riv_fault       fault = { 0 };
    sim_market_step s;
    if (one_in(h, 9)) h->epoch += 1 + below(h, one_in(h, 8) ? 12 : 2);
    const riv_json *made = make_step(h, &which);
    riv_json_member all[16];
    size_t          n = 0;
    for (; n < made->obj.count; n++) all[n] = made->obj.members[n];
    all[n++]             = (riv_json_member){ RIV_LIT("epoch"), number(h, h->epoch) };
    const riv_json *step = riv_json_obj(h->arena, all, n);
    riv_json_add(h->arena, &h->steps, step);
    if (sim_market_do(h->m, step, "step", h->scratch, &fault, &s))
        broken(h, "the step is malformed:", riv_str_c(fault.msg));
    if (s.did_revert) {
        actions[which].refused++;
        if (!riv_str_starts(s.reverted, RIV_LIT("deal '"))) check_revert(h, actions[which].name, s.reverted);
    } else {
        actions[which].done++;
    }
    for (size_t i = 0; i < h->deals_count; i++) {
        eth_address where;
        if (sim_market_deal(h->m, h->deals[i], &where)) add_place(h, where);
    }
    check_all(h);
    riv_arena_reset(h->scratch);
}

/* They have names before anything else. */
static void begin_providers(history *h)
{
    for (size_t i = 0; i < 2; i++) {
        riv_fault       fault = { 0 };
        sim_market_step s;
        const riv_json *step = riv_json_object(h->arena, "do", word(h, "providerInfo"), "by", word(h, people[i]), NULL);
        riv_json_add(h->arena, &h->steps, step);
        assert_int_equal(sim_market_do(h->m, step, "step", h->scratch, &fault, &s), RIV_OK);
        assert_true(s.ok);
        check_all(h);
    }
}

static void test_histories(void **state)
{
    (void)state;
    uint64_t steps = 0, seed = first_seed;
    history  h;
    for (; steps < steps_wanted; seed++) {
        open_history(&h, seed);
        begin_providers(&h);
        for (size_t i = 0; i < HISTORY && steps < steps_wanted; i++, steps++) one_step(&h);
        close_history(&h);
    }
    printf("%llu steps in %llu histories\n", (unsigned long long)steps, (unsigned long long)(seed - first_seed));
    for (size_t i = 0; i < RIV_COUNT(actions); i++) {
        printf("  %-20s %7llu done, %7llu refused\n", actions[i].name, (unsigned long long)actions[i].done,
               (unsigned long long)actions[i].refused);
        if (steps_wanted >= STEPS_DEFAULT) assert_true(actions[i].done > 0); /* else the rules are not tried */
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_histories) };
    if (argc > 1) steps_wanted = strtoull(argv[1], NULL, 10);
    if (argc > 2) first_seed = strtoull(argv[2], NULL, 10);
    if (crypto_init(NULL)) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
