/* index_life_test.c: a made-up life of the market, block by block; after each the entities say what the contracts' own views say: offers, peers, units, deals,
 * commitments, providers, and what is counted. In the end the same blocks into another index, with the last state at hand, give the same entities.
 * Usage: index_life_test [STEPS [SEED]]. Spec: docs/spec/graph.md "Entities from events". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "graph/index_testing.h"

enum {
    STEPS_DEFAULT = 700,
    PEERS_MAX     = 14,
    UNITS_MAX     = 40,
    DEALS_MAX     = 10,
    OFFERS_MAX    = 8,
    CCS_MAX       = 60,
    CHECK_EACH    = 4,
    OWNER         = 0,
    CUSTOMERS     = 3
};
enum { CC_INACTIVE, CC_ACTIVE, CC_WAIT_DELEGATION, CC_WAIT_START, CC_FAILED, CC_REMOVED };

static uint64_t steps_wanted = STEPS_DEFAULT, first_seed = 1;

typedef enum kept { NOTHING, OFFER, DEAL, COMMITMENT, DEPOSIT, WITHDRAWAL } kept;
typedef struct sent {
    size_t action;
    kept   kept;
    u256   amount;
    size_t deal;
} sent;
typedef struct deal_record {
    eth_value at;
    u256      deposited, withdrawn;
} deal_record;
typedef struct life {
    town     t;
    riv_prng prng;
    uint64_t seed, step, made;
    values   offers, peers, units, ccs;
    RIV_VEC(deal_record) deals;
    sent sent[TOWN_TXS_MAX];
} life;

/* ---- making transactions up ---- */

static uint64_t  below(life *l, uint64_t n) { return riv_prng_below(&l->prng, n); }
static bool      one_in(life *l, uint64_t n) { return below(l, n) == 0; }
static eth_value some(life *l, const values *of) { return of->len ? of->ptr[below(l, of->len)] : town_id("none"); }
static eth_value fresh(life *l)
{
    return town_id(riv_cstr(
        l->t.arena, riv_format(l->t.arena, "%llu %llu", (unsigned long long)l->seed, (unsigned long long)l->made++)));
}
static size_t provider(life *l) { return 1 + below(l, CUSTOMERS - 1); }
static size_t customer(life *l) { return CUSTOMERS + below(l, TOWN_PEOPLE - CUSTOMERS); }

static const eth_value *copy(life *l, const eth_value *items, size_t count)
{
    eth_value *out = riv_new(l->t.arena, eth_value, count + 1);
    for (size_t i = 0; i < count; i++) out[i] = items[i];
    return out;
}

static eth_value tuple(life *l, const eth_value *items, size_t count) { return eth_list(copy(l, items, count), count); }

static eth_value cid(life *l, uint64_t number)
{
    uint8_t         prefixes[32] = { 1, 0x55, 0x12, 0x20 };
    crypto_hash     hash         = crypto_keccak256((riv_bytes){ (const uint8_t *)&number, 1 });
    const eth_value two[]        = { eth_of_hash(prefixes), eth_of_hash(hash.bytes) };
    return tuple(l, two, 2);
}

static eth_value some_cids(life *l)
{
    eth_value two[2] = { cid(l, below(l, 3)), cid(l, 3) };
    return tuple(l, two, below(l, 3));
}

/* Whose account an address is; anyone's when it is none of ours. */
static size_t account_of(life *l, riv_str address)
{
    for (size_t i = 0; i < TOWN_PEOPLE; i++)
        if (riv_str_eq(town_hex(&l->t, l->t.who[i].bytes, ETH_ADDRESS_BYTES), address)) return i;
    return customer(l);
}

static size_t mostly(life *l, riv_str address)
{
    return one_in(l, 15) ? below(l, TOWN_PEOPLE) : account_of(l, address);
}

static size_t provider_of(life *l, graph__type type, const eth_value *id)
{
    const graph__row *row = graph__find(l->t.g, type, town_hash_text(&l->t, id));
    return row ? mostly(l, town_text(type, row, "provider")) : provider(l);
}

/* The action's one transaction. False: there is nothing to do it with. */
typedef struct wish {
    size_t      by;
    eth_address to;
    u256        value;
    const char *signature;
    eth_value   args[12];
    kept        kept;
    u256        amount;
    size_t      deal;
} wish;
typedef bool make_fn(life *l, wish *w);

static bool at_market(wish *w, size_t by, const char *signature)
{
    w->by        = by;
    w->to        = chain_contract_address(CHAIN_MARKET);
    w->signature = signature;
    return true;
}

static bool at_capacity(wish *w, size_t by, const char *signature)
{
    at_market(w, by, signature);
    w->to = chain_contract_address(CHAIN_CAPACITY);
    return true;
}

static bool at_core(wish *w, const char *signature)
{
    at_market(w, OWNER, signature);
    w->to = chain_contract_address(CHAIN_CORE);
    return true;
}

static bool at_deal(life *l, wish *w, const char *signature)
{
    if (!l->deals.len) return false;
    w->deal               = below(l, l->deals.len);
    const graph__row *row = graph__find(l->t.g, GRAPH__DEAL, town_address_text(&l->t, &l->deals.ptr[w->deal].at));
    w->by                 = mostly(l, town_text(GRAPH__DEAL, row, "owner"));
    w->to                 = eth_to_address(&l->deals.ptr[w->deal].at);
    w->signature          = signature;
    return true;
}

static bool set_info(life *l, wish *w)
{
    static const char *const names[] = { "One", "Two", "\xff\xfeThree", "F\xc3\xbcnf" };
    w->args[0]                       = eth_text(riv_str_c(names[below(l, 4)]));
    w->args[1]                       = cid(l, 0);
    return at_market(w, provider(l), "setProviderInfo(string,(bytes4,bytes32))");
}

static bool set_effector(life *l, wish *w)
{
    w->args[0] = cid(l, below(l, 5));
    w->args[1] = eth_text(RIV_LIT("curl"));
    w->args[2] = cid(l, 0);
    return at_market(w, OWNER, "setEffectorInfo((bytes4,bytes32),string,(bytes4,bytes32))");
}

static bool unset_effector(life *l, wish *w)
{
    w->args[0] = cid(l, below(l, 5));
    return at_market(w, OWNER, "removeEffectorInfo((bytes4,bytes32))");
}

static bool grant(life *l, wish *w)
{
    w->args[0] = eth_of_address(&l->t.who[below(l, TOWN_PEOPLE)]);
    return at_core(w, one_in(l, 2) ? "grantAccess(address)" : "revokeAccess(address)");
}

static bool set_constant(life *l, wish *w)
{
    static const uint64_t kinds[] = { 4, 8 };
    if (one_in(l, 3)) {
        w->args[0] = eth_word(1);
        w->args[1] = eth_word(1 + below(l, 3));
        return at_core(w, "setConstant(uint8,uint256)");
    }
    w->args[0] = eth_word(kinds[below(l, 2)]);
    w->args[1] = eth_word(2 + below(l, 2));
    return at_core(w, "setCapacityConstant(uint8,uint256)");
}

static eth_value new_units(life *l, size_t count)
{
    values all = { 0 };
    for (size_t i = 0; i < count; i++) {
        eth_value         again     = some(l, &l->units);
        const graph__row *row       = graph__find(l->t.g, GRAPH__UNIT, town_hash_text(&l->t, &again));
        bool              reuse     = row && one_in(l, 6) && graph__get(GRAPH__UNIT, row, "deleted").truth;
        eth_value         id        = reuse ? again : fresh(l);
        *riv_push(l->t.arena, &all) = id;
        if (!reuse) *riv_push(l->t.arena, &l->units) = id;
    }
    return eth_list(all.ptr, all.len);
}

static eth_value new_peer(life *l)
{
    eth_value         again = some(l, &l->peers);
    const graph__row *row   = graph__find(l->t.g, GRAPH__PEER, town_hash_text(&l->t, &again));
    bool              reuse = row && one_in(l, 3) && graph__get(GRAPH__PEER, row, "deleted").truth;
    eth_value         id    = reuse ? again : fresh(l);
    if (!reuse) *riv_push(l->t.arena, &l->peers) = id;
    const eth_value parts[] = { id, eth_of_address(&l->t.who[provider(l)]), new_units(l, 1 + below(l, 3)) };
    return tuple(l, parts, 3);
}

static bool room_for_peers(const life *l) { return l->peers.len + 2 <= PEERS_MAX && l->units.len + 6 <= UNITS_MAX; }

static bool register_offer(life *l, wish *w)
{
    eth_address usd = chain_contract_address(CHAIN_USD);
    if (l->offers.len == OFFERS_MAX || !room_for_peers(l)) return false;
    eth_value peers[2] = { new_peer(l) };
    size_t    count    = 1;
    if (one_in(l, 2)) peers[count++] = new_peer(l);
    w->args[0] = eth_word(1 + below(l, 20));
    w->args[1] = eth_of_address(one_in(l, 6) ? l->t.params.more_tokens : &usd);
    w->args[2] = some_cids(l);
    w->args[3] = tuple(l, peers, count);
    w->args[4] = w->args[5] = eth_word(1);
    w->kept                 = OFFER;
    return at_market(
        w, provider(l),
        "registerMarketOffer(uint256,address,(bytes4,bytes32)[],(bytes32,address,bytes32[])[],uint256,uint256)");
}

static bool add_peers(life *l, wish *w)
{
    if (!room_for_peers(l)) return false;
    eth_value peer = new_peer(l);
    w->args[0]     = some(l, &l->offers);
    w->args[1]     = tuple(l, &peer, 1);
    return at_market(w, provider_of(l, GRAPH__OFFER, &w->args[0]),
                     "addComputePeers(bytes32,(bytes32,address,bytes32[])[])");
}

/* One whose number is 0, mostly. */
static eth_value empty_one(life *l, graph__type type, const values *of, const char *field)
{
    eth_value id = some(l, of);
    for (size_t i = 0; i < 10; i++) {
        const graph__row *row = graph__find(l->t.g, type, town_hash_text(&l->t, &id));
        if (row && town_number(type, row, field) == 0) break;
        id = some(l, of);
    }
    return id;
}

static bool add_units(life *l, wish *w)
{
    if (l->units.len + 2 > UNITS_MAX) return false;
    w->args[0] =
        empty_one(l, GRAPH__PEER, &l->peers, "currentCCEndEpoch"); /* while it has a commitment nothing is added */
    w->args[1] = new_units(l, 1);
    return at_market(w, provider_of(l, GRAPH__PEER, &w->args[0]), "addComputeUnits(bytes32,bytes32[])");
}

/* A unit that may go, mostly; of a peer that has few. */
static eth_value idle_unit(life *l)
{
    eth_value best  = some(l, &l->units);
    uint64_t  least = UINT64_MAX;
    for (size_t i = 0; i < 10; i++) {
        eth_value         id  = some(l, &l->units);
        const graph__row *row = graph__find(l->t.g, GRAPH__UNIT, town_hash_text(&l->t, &id));
        if (!row || graph__get(GRAPH__UNIT, row, "deleted").truth || graph__get(GRAPH__UNIT, row, "deal").set) continue;
        const graph__row *peer = graph__find(l->t.g, GRAPH__PEER, town_text(GRAPH__UNIT, row, "peer"));
        uint64_t          of   = town_number(GRAPH__PEER, peer, "computeUnitsTotal");
        if (graph__get(GRAPH__PEER, peer, "currentCapacityCommitment").set || of >= least) continue;
        best  = id;
        least = of;
    }
    return best;
}

static bool remove_unit(life *l, wish *w)
{
    w->args[0] = idle_unit(l);
    return at_market(w, provider_of(l, GRAPH__UNIT, &w->args[0]), "removeComputeUnit(bytes32)");
}

static bool remove_peer(life *l, wish *w)
{
    w->args[0] = empty_one(l, GRAPH__PEER, &l->peers, "computeUnitsTotal");
    return at_market(w, provider_of(l, GRAPH__PEER, &w->args[0]), "removeComputePeer(bytes32)");
}

static bool remove_offer(life *l, wish *w)
{
    w->args[0] = empty_one(l, GRAPH__OFFER, &l->offers, "computeUnitsTotal");
    return at_market(w, provider_of(l, GRAPH__OFFER, &w->args[0]), "removeOffer(bytes32)");
}

static bool change_price(life *l, wish *w)
{
    w->args[0] = some(l, &l->offers);
    w->args[1] = eth_word(1 + below(l, 20));
    return at_market(w, provider_of(l, GRAPH__OFFER, &w->args[0]), "changeMinPricePerWorkerEpoch(bytes32,uint256)");
}

static bool change_token(life *l, wish *w)
{
    eth_address usd = chain_contract_address(CHAIN_USD);
    w->args[0]      = some(l, &l->offers);
    w->args[1]      = eth_of_address(one_in(l, 5) ? l->t.params.more_tokens : &usd);
    return at_market(w, provider_of(l, GRAPH__OFFER, &w->args[0]), "changePaymentToken(bytes32,address)");
}

static bool change_effectors(life *l, wish *w)
{
    w->args[0] = some(l, &l->offers);
    w->args[1] = some_cids(l);
    return at_market(w, provider_of(l, GRAPH__OFFER, &w->args[0]),
                     one_in(l, 2) ? "addEffector(bytes32,(bytes4,bytes32)[])"
                                  : "removeEffector(bytes32,(bytes4,bytes32)[])");
}

static bool deploy(life *l, wish *w)
{
    eth_address     usd    = chain_contract_address(CHAIN_USD);
    const eth_value list[] = { eth_of_address(&l->t.who[1]), eth_of_address(&l->t.who[below(l, TOWN_PEOPLE)]) };
    uint64_t        price = 10 + below(l, 30), target = 1 + below(l, 5);
    if (l->deals.len == DEALS_MAX) return false;
    at_market(w, customer(l),
              "deployDeal((bytes4,bytes32),address,uint256,uint256,uint256,uint256,uint256,(bytes4,bytes32)[],uint8,"
              "address[],uint256)");
    w->to       = chain_contract_address(CHAIN_DEAL_FACTORY);
    w->amount   = u256_of(2 * price * target + below(l, 4000));
    w->args[0]  = cid(l, 7);
    w->args[1]  = eth_of_address(&usd);
    w->args[2]  = eth_number(w->amount);
    w->args[3]  = eth_word(1);
    w->args[4]  = eth_word(target);
    w->args[5]  = eth_word(one_in(l, 8) ? UINT64_MAX : 1 + below(l, target));
    w->args[6]  = eth_word(price);
    w->args[7]  = one_in(l, 3) ? some_cids(l) : eth_list(NULL, 0);
    w->args[8]  = eth_word(below(l, 3));
    w->args[9]  = tuple(l, list, w->args[8].word.limb[0] ? 2 : 0);
    w->args[10] = eth_word(1);
    w->kept     = DEAL;
    return true;
}

static bool deposit(life *l, wish *w)
{
    w->amount  = u256_of(below(l, 3000));
    w->args[0] = eth_number(w->amount);
    w->kept    = DEPOSIT;
    return at_deal(l, w, "deposit(uint256)");
}

static bool withdraw(life *l, wish *w)
{
    w->amount  = u256_of(below(l, 400));
    w->args[0] = eth_number(w->amount);
    w->kept    = WITHDRAWAL;
    return at_deal(l, w, "withdraw(uint256)");
}

static bool stop(life *l, wish *w) { return one_in(l, 5) && at_deal(l, w, "stop()"); }

static bool set_app(life *l, wish *w)
{
    w->args[0] = cid(l, below(l, 9));
    return at_deal(l, w, "setAppCID((bytes4,bytes32))");
}

static bool give_deal(life *l, wish *w)
{
    w->args[0] = eth_of_address(&l->t.who[customer(l)]);
    return one_in(l, 2) && at_deal(l, w, "transferOwnership(address)");
}

static bool access_kind(life *l, wish *w)
{
    w->args[0] = eth_word(below(l, 3));
    return at_deal(l, w, "changeProvidersAccessType(uint8)");
}

static bool access_list(life *l, wish *w)
{
    w->args[0] = eth_of_address(&l->t.who[below(l, TOWN_PEOPLE)]);
    return at_deal(l, w, one_in(l, 2) ? "addProviderToAccessList(address)" : "removeProviderFromAccessList(address)");
}

static bool market_of_deal(life *l, wish *w, const char *signature)
{
    if (!at_deal(l, w, signature)) return false;
    w->to      = chain_contract_address(CHAIN_MARKET);
    w->args[0] = l->deals.ptr[w->deal].at;
    return true;
}

static bool publish(life *l, wish *w)
{
    return market_of_deal(l, w, one_in(l, 4) ? "unpublishDeal(address)" : "publishDeal(address)");
}
static bool match_listed(life *l, wish *w) { return market_of_deal(l, w, "matchDeal(address)"); }

static bool match(life *l, wish *w)
{
    values offers = { 0 }, lists = { 0 };
    for (size_t i = 0; i < l->offers.len; i++) {
        values            units = { 0 };
        const graph__row *offer = graph__find(l->t.g, GRAPH__OFFER, town_hash_text(&l->t, &l->offers.ptr[i]));
        for (size_t k = 0; k < l->units.len; k++) {
            const graph__row *unit = graph__find(l->t.g, GRAPH__UNIT, town_hash_text(&l->t, &l->units.ptr[k]));
            if (!unit || graph__get(GRAPH__UNIT, unit, "deleted").truth) continue;
            const graph__row *peer = graph__find(l->t.g, GRAPH__PEER, town_text(GRAPH__UNIT, unit, "peer"));
            if (riv_str_eq(town_text(GRAPH__PEER, peer, "offer"), offer->id))
                *riv_push(l->t.arena, &units) = l->units.ptr[k];
        }
        *riv_push(l->t.arena, &offers) = l->offers.ptr[i];
        *riv_push(l->t.arena, &lists)  = eth_list(units.ptr, units.len);
    }
    w->args[1] = eth_list(offers.ptr, offers.len);
    w->args[2] = eth_list(lists.ptr, lists.len);
    return market_of_deal(l, w, "matchDeal(address,bytes32[],bytes32[][])");
}

/* A unit that may go into a deal, mostly. */
static eth_value free_unit(life *l)
{
    eth_value id = some(l, &l->units);
    for (size_t i = 0; i < 20; i++) {
        const graph__row *row = graph__find(l->t.g, GRAPH__UNIT, town_hash_text(&l->t, &id));
        if (row && !graph__get(GRAPH__UNIT, row, "deal").set) {
            const graph__row *peer = graph__find(l->t.g, GRAPH__PEER, town_text(GRAPH__UNIT, row, "peer"));
            uint64_t          from = town_number(GRAPH__PEER, peer, "currentCCCollateralDepositedAt");
            if (from && from <= town_epoch(&l->t) &&
                town_epoch(&l->t) < town_number(GRAPH__PEER, peer, "currentCCEndEpoch"))
                break;
        }
        id = some(l, &l->units);
    }
    return id;
}

static bool is_published(life *l, const eth_value *deal)
{
    eth_address market = chain_contract_address(CHAIN_MARKET);
    eth_value   out;
    return town_ask(&l->t, &market, 0, "isPublished(address)", "(bool)", deal, &out) &&
           !u256_is_zero(out.items[0].word);
}

static bool pick_up(life *l, wish *w)
{
    eth_value unit = free_unit(l);
    for (size_t i = 0; i < 8; i++) {
        if (!market_of_deal(l, w, "pickUpDeal(address,bytes32[])")) return false;
        if (is_published(l, &w->args[0])) break;
    }
    w->by      = provider_of(l, GRAPH__UNIT, &unit);
    w->args[1] = tuple(l, &unit, 1);
    return true;
}

/* A unit that serves a deal; false: a few draws found none. */
static bool serving(life *l, eth_value *unit, riv_str *deal)
{
    for (size_t i = 0; i < 12; i++) {
        *unit                 = some(l, &l->units);
        const graph__row *row = graph__find(l->t.g, GRAPH__UNIT, town_hash_text(&l->t, unit));
        if (!row || !graph__get(GRAPH__UNIT, row, "deal").set) continue;
        *deal = town_text(GRAPH__UNIT, row, "deal");
        return true;
    }
    return false;
}

static bool at_its_deal(life *l, wish *w, const char *signature)
{
    riv_str deal;
    if (!serving(l, &w->args[0], &deal)) return false;
    at_market(w, provider_of(l, GRAPH__UNIT, &w->args[0]), signature);
    return eth_read_address(deal, NULL, &w->to) == RIV_OK;
}

static bool set_worker(life *l, wish *w)
{
    w->args[1] = fresh(l);
    return at_its_deal(l, w, "setWorker(bytes32,bytes32)");
}

static bool deal_reward(life *l, wish *w) { return at_its_deal(l, w, "withdrawRewards(bytes32)"); }

static bool return_unit(life *l, wish *w)
{
    riv_str deal;
    return one_in(l, 2) && serving(l, &w->args[0], &deal) &&
           at_market(w, provider_of(l, GRAPH__UNIT, &w->args[0]), "returnComputeUnitFromDeal(bytes32)");
}

static bool commit(life *l, wish *w)
{
    static const eth_address nobody;
    if (l->ccs.len == CCS_MAX) return false;
    w->args[0] = some(l, &l->peers);
    w->args[1] = eth_word(5 + below(l, 15));
    w->args[2] = eth_of_address(one_in(l, 2) ? &nobody : &l->t.who[customer(l)]);
    w->args[3] = eth_word(1 + below(l, 10000000));
    w->kept    = COMMITMENT;
    return at_capacity(w, provider_of(l, GRAPH__PEER, &w->args[0]),
                       "createCommitment(bytes32,uint256,address,uint256)");
}

static const graph__row *cc_row(life *l, const eth_value *id)
{
    return graph__find(l->t.g, GRAPH__CC, town_hash_text(&l->t, id));
}

static uint64_t status_at(life *l, const eth_value *id, uint64_t time_s)
{
    eth_value   out;
    eth_address at = chain_contract_address(CHAIN_CAPACITY);
    return town_ask(&l->t, &at, time_s, "getStatus(bytes32)", "(uint8)", id, &out) ? out.items[0].word.limb[0]
                                                                                   : CC_REMOVED;
}

/* A commitment in one of these statuses (bits); false: a few draws found none. */
static bool some_cc(life *l, unsigned statuses, eth_value *out)
{
    for (size_t i = 0; l->ccs.len && i < 10; i++) {
        *out = some(l, &l->ccs);
        if (statuses >> status_at(l, out, l->t.time_s) & 1) return true;
    }
    return false;
}

static bool collateral(life *l, wish *w)
{
    eth_value id;
    if (!some_cc(l, 1 << CC_WAIT_DELEGATION, &id)) return false;
    const graph__row *row  = cc_row(l, &id);
    bool              fits = u256_mul(graph__get(GRAPH__CC, row, "collateralPerUnit").number,
                                      graph__get(GRAPH__CC, row, "computeUnitsCount").number, &w->value);
    assert_true(fits);
    w->args[0] = tuple(l, &id, 1);
    return at_capacity(w, mostly(l, town_text(GRAPH__CC, row, "delegator")), "depositCollateral(bytes32[])");
}

static bool by_cc(life *l, wish *w, unsigned statuses, const char *signature)
{
    return some_cc(l, statuses, &w->args[0]) && at_capacity(w, provider_of(l, GRAPH__CC, &w->args[0]), signature);
}

static bool remove_cc(life *l, wish *w)
{
    return one_in(l, 2) && by_cc(l, w, 1 << CC_WAIT_DELEGATION, "removeCommitment(bytes32)");
}
static bool finish_cc(life *l, wish *w)
{
    return by_cc(l, w, 1 << CC_FAILED | 1 << CC_INACTIVE, "finishCommitment(bytes32)");
}
static bool reward(life *l, wish *w)
{
    return by_cc(l, w, 1 << CC_FAILED | 1 << CC_INACTIVE | 1 << CC_ACTIVE, "withdrawReward(bytes32)");
}

static eth_value units_of(life *l, const graph__row *cc)
{
    values      all   = { 0 };
    graph__rows links = town_list(&l->t, GRAPH__CC, cc, "computeUnits");
    for (size_t i = 0; i < links.count; i++) {
        u256 id;
        assert_int_equal(u256_parse(town_text(GRAPH__CC_UNIT, links.items[i], "computeUnit"), NULL, &id), RIV_OK);
        *riv_push(l->t.arena, &all) = eth_number(id);
    }
    return eth_list(all.ptr, all.len);
}

static bool exit_cc(life *l, wish *w)
{
    if (!by_cc(l, w, 1 << CC_FAILED | 1 << CC_INACTIVE, "removeCUFromCC(bytes32,bytes32[])")) return false;
    w->args[1] = units_of(l, cc_row(l, &w->args[0]));
    return true;
}

static bool prove(life *l, wish *w)
{
    eth_value id, nonces[5], results[5], units[5];
    size_t    count = 1 + below(l, 4);
    if (!some_cc(l, 1 << CC_ACTIVE, &id)) return false;
    eth_value all = units_of(l, cc_row(l, &id));
    if (!all.items_count) return false;
    const graph__row *peer = graph__find(l->t.g, GRAPH__PEER, town_text(GRAPH__CC, cc_row(l, &id), "peer"));
    eth_value         out, peer_id, unit = all.items[below(l, all.items_count)];
    eth_address       market = chain_contract_address(CHAIN_MARKET);
    assert_int_equal(u256_parse(peer->id, NULL, &peer_id.word), RIV_OK);
    if (!town_ask(&l->t, &market, 0, "getComputePeer(bytes32)", "((bytes32,bytes32,uint256,address))", &peer_id, &out))
        return false;
    for (size_t i = 0; i < count; i++) {
        units[i]   = unit;
        nonces[i]  = fresh(l);
        results[i] = eth_of_hash(l->t.params.difficulty);
    }
    w->args[0] = tuple(l, units, count);
    w->args[1] = tuple(l, nonces, count);
    w->args[2] = tuple(l, results, count);
    return at_capacity(w, mostly(l, town_address_text(&l->t, &out.items[0].items[3])),
                       "submitProofs(bytes32[],bytes32[],bytes32[])");
}

static struct {
    const char *name;
    make_fn    *make;
    uint32_t    weight;
    bool        ours;
    uint64_t    done, refused;
} actions[] = {
    { "provider info", set_info, 4, false, 0, 0 },
    { "effector info", set_effector, 2, false, 0, 0 },
    { "no effector info", unset_effector, 1, false, 0, 0 },
    { "whitelist", grant, 2, false, 0, 0 },
    { "constant", set_constant, 1, false, 0, 0 },
    { "offer", register_offer, 8, false, 0, 0 },
    { "peers", add_peers, 3, false, 0, 0 },
    { "units", add_units, 3, false, 0, 0 },
    { "no unit", remove_unit, 8, false, 0, 0 },
    { "no peer", remove_peer, 8, false, 0, 0 },
    { "no offer", remove_offer, 6, false, 0, 0 },
    { "price", change_price, 2, false, 0, 0 },
    { "token", change_token, 1, false, 0, 0 },
    { "effectors", change_effectors, 4, false, 0, 0 },
    { "deal", deploy, 6, false, 0, 0 },
    { "deposit", deposit, 4, false, 0, 0 },
    { "withdrawal", withdraw, 3, false, 0, 0 },
    { "stop", stop, 1, false, 0, 0 },
    { "app", set_app, 2, false, 0, 0 },
    { "deal's owner", give_deal, 1, false, 0, 0 },
    { "access kind", access_kind, 2, false, 0, 0 },
    { "access list", access_list, 4, false, 0, 0 },
    { "published", publish, 4, true, 0, 0 },
    { "match", match, 10, false, 0, 0 },
    { "match listed", match_listed, 6, true, 0, 0 },
    { "pick up", pick_up, 14, true, 0, 0 },
    { "worker", set_worker, 8, false, 0, 0 },
    { "deal's reward", deal_reward, 3, false, 0, 0 },
    { "returned", return_unit, 5, false, 0, 0 },
    { "commitment", commit, 14, false, 0, 0 },
    { "collateral", collateral, 16, false, 0, 0 },
    { "no commitment", remove_cc, 4, false, 0, 0 },
    { "finish", finish_cc, 8, false, 0, 0 },
    { "reward", reward, 4, false, 0, 0 },
    { "exit", exit_cc, 8, false, 0, 0 },
    { "proofs", prove, 25, false, 0, 0 },
};

static size_t choose(life *l)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < RIV_COUNT(actions); i++) sum += actions[i].weight;
    uint64_t at = below(l, sum);
    for (size_t i = 0;; i++) {
        if (at < actions[i].weight) return i;
        at -= actions[i].weight;
    }
}

static void take(life *l, const sent *s, const chain_receipt *r)
{
    eth_value returned = { .word = u256_from_be(r->returned.len == 32 ? r->returned : (riv_bytes){ 0 }) };
    bool      fits     = true;
    *(r->ok ? &actions[s->action].done : &actions[s->action].refused) += 1;
    if (!r->ok) return;
    switch (s->kept) {
    case NOTHING: break;
    case OFFER: *riv_push(l->t.arena, &l->offers) = returned; break;
    case COMMITMENT: *riv_push(l->t.arena, &l->ccs) = returned; break;
    case DEAL: *riv_push(l->t.arena, &l->deals) = (deal_record){ returned, s->amount, U256_ZERO }; break;
    case DEPOSIT: fits = u256_add(l->deals.ptr[s->deal].deposited, s->amount, &l->deals.ptr[s->deal].deposited); break;
    case WITHDRAWAL:
        fits = u256_add(l->deals.ptr[s->deal].withdrawn, s->amount, &l->deals.ptr[s->deal].withdrawn);
        break;
    }
    assert_true(fits);
}

static void step(life *l)
{
    size_t wanted = 1 + below(l, 2), count = 0;
    for (size_t i = 0; i < wanted; i++) {
        wish   w = { 0 };
        size_t a = choose(l);
        if ((actions[a].ours && l->t.params.rules != CHAIN_FIXED) || !actions[a].make(l, &w)) continue;
        l->sent[count++] = (sent){ a, w.kept, w.amount, w.deal };
        town_send(&l->t, w.by, &w.to, w.value, w.signature, w.args);
    }
    const chain_receipt *r = town_block(&l->t);
    for (size_t i = 0; i < count; i++) take(l, &l->sent[i], &r[i]);
    l->t.time_s +=
        one_in(l, 60) ? l->t.params.epoch_seconds * (2 + below(l, 6)) : below(l, l->t.params.epoch_seconds / 3);
}

/* ---- what must hold ---- */

/* The next block's time has moved on already. */
static uint64_t head_epoch(const life *l)
{
    return 1 + (l->t.block.time_s - l->t.params.genesis_time_s) / l->t.params.epoch_seconds;
}

#define HOLDS(l, what, id)                                                                                             \
    do {                                                                                                               \
        if (!(what))                                                                                                   \
            fail_msg("seed %llu, step %llu, block %llu: %s of " RIV_FMT " (line %d)", (unsigned long long)(l)->seed,   \
                     (unsigned long long)(l)->step, (unsigned long long)(l)->t.block.height, #what, RIV_ARG(id),       \
                     __LINE__);                                                                                        \
    } while (0)

typedef struct tally {
    uint64_t units, free, peers;
} tally; /* of an offer, or of a provider */

static void check_unit(life *l, const eth_value *id, bool *alive, bool *busy)
{
    eth_address       market = chain_contract_address(CHAIN_MARKET), deal;
    eth_value         v, in;
    const graph__row *row = graph__find(l->t.g, GRAPH__UNIT, town_hash_text(&l->t, id));
    *alive = town_ask(&l->t, &market, 0, "getComputeUnit(bytes32)", "((address,bytes32,uint256))", id, &v);
    *busy  = false;
    if (!row) {
        assert_false(*alive);
        return;
    }
    HOLDS(l, graph__get(GRAPH__UNIT, row, "deleted").truth == !*alive, row->id);
    if (!*alive) return;
    deal  = eth_to_address(&v.items[0].items[0]);
    *busy = !eth_address_is_zero(&deal);
    HOLDS(l, riv_str_eq(town_text(GRAPH__UNIT, row, "peer"), town_hash_text(&l->t, &v.items[0].items[1])), row->id);
    HOLDS(l, graph__get(GRAPH__UNIT, row, "deal").set == *busy, row->id);
    if (!*busy) {
        HOLDS(l, !graph__get(GRAPH__UNIT, row, "workerId").set, row->id);
        return;
    }
    HOLDS(l, riv_str_eq(town_text(GRAPH__UNIT, row, "deal"), town_address_text(&l->t, &v.items[0].items[0])), row->id);
    assert_true(
        town_ask(&l->t, &deal, 0, "getComputeUnit(bytes32)", "((bytes32,bytes32,bytes32,address,uint256))", id, &in));
    const eth_value *worker = &in.items[0].items[1];
    HOLDS(l, graph__get(GRAPH__UNIT, row, "workerId").set == !u256_is_zero(worker->word), row->id);
    HOLDS(l,
          u256_is_zero(worker->word) ||
              riv_str_eq(town_text(GRAPH__UNIT, row, "workerId"), town_hash_text(&l->t, worker)),
          row->id);
    HOLDS(l, riv_str_eq(town_text(GRAPH__UNIT, row, "provider"), town_address_text(&l->t, &in.items[0].items[3])),
          row->id);
}

static void check_peer(life *l, const eth_value *id, tally *out, riv_str *offer)
{
    eth_address       market = chain_contract_address(CHAIN_MARKET);
    eth_value         v, ids;
    const graph__row *row = graph__find(l->t.g, GRAPH__PEER, town_hash_text(&l->t, id));
    bool alive = town_ask(&l->t, &market, 0, "getComputePeer(bytes32)", "((bytes32,bytes32,uint256,address))", id, &v);
    *out       = (tally){ 0 };
    *offer     = (riv_str){ 0 };
    if (!row) {
        assert_false(alive);
        return;
    }
    HOLDS(l, graph__get(GRAPH__PEER, row, "deleted").truth == !alive, row->id);
    if (!alive) return;
    *offer     = town_text(GRAPH__PEER, row, "offer");
    out->peers = 1;
    assert_true(town_ask(&l->t, &market, 0, "getComputeUnitIds(bytes32)", "(bytes32[])", id, &ids));
    for (size_t i = 0; i < ids.items[0].items_count; i++) {
        bool there, busy;
        check_unit(l, &ids.items[0].items[i], &there, &busy);
        out->units += there;
        out->free += there && !busy;
    }
    HOLDS(l, riv_str_eq(*offer, town_hash_text(&l->t, &v.items[0].items[0])), row->id);
    HOLDS(l, town_number(GRAPH__PEER, row, "computeUnitsTotal") == out->units, row->id);
    HOLDS(l, out->units == v.items[0].items[2].word.limb[0], row->id);
    HOLDS(l, town_number(GRAPH__PEER, row, "computeUnitsInDeal") == out->units - out->free, row->id);
    HOLDS(l, graph__get(GRAPH__PEER, row, "isAnyJoinedDeals").truth == (out->units > out->free), row->id);
    HOLDS(l, town_list(&l->t, GRAPH__PEER, row, "joinedDeals").count == out->units - out->free, row->id);
    graph__value current = graph__get(GRAPH__PEER, row, "currentCapacityCommitment");
    HOLDS(l, current.set == !u256_is_zero(v.items[0].items[1].word), row->id);
    HOLDS(l, !current.set || riv_str_eq(current.text, town_hash_text(&l->t, &v.items[0].items[1])), row->id);
}

static void check_offer(life *l, const eth_value *id, const tally *sums)
{
    eth_address       market = chain_contract_address(CHAIN_MARKET);
    eth_value         v;
    const graph__row *row = graph__find(l->t.g, GRAPH__OFFER, town_hash_text(&l->t, id));
    assert_non_null(row);
    HOLDS(l, town_number(GRAPH__OFFER, row, "computeUnitsTotal") == sums->units, row->id);
    HOLDS(l, town_number(GRAPH__OFFER, row, "computeUnitsAvailable") == sums->free, row->id);
    if (!town_ask(&l->t, &market, 0, "getOffer(bytes32)", "((address,uint256,address,uint256,uint256,uint256))", id,
                  &v)) {
        HOLDS(l, sums->peers == 0, row->id);
        return;
    }
    HOLDS(l, riv_str_eq(town_text(GRAPH__OFFER, row, "provider"), town_address_text(&l->t, &v.items[0].items[0])),
          row->id);
    HOLDS(l, u256_cmp(graph__get(GRAPH__OFFER, row, "pricePerEpoch").number, v.items[0].items[1].word) == 0, row->id);
    HOLDS(l, riv_str_eq(town_text(GRAPH__OFFER, row, "paymentToken"), town_address_text(&l->t, &v.items[0].items[2])),
          row->id);
    HOLDS(l, v.items[0].items[3].word.limb[0] == sums->peers, row->id);
}

static void add(tally *to, const tally *more)
{
    to->units += more->units;
    to->free += more->free;
    to->peers += more->peers;
}

static void check_offers(life *l)
{
    tally *offers = riv_new(l->t.arena, tally, l->offers.len + 1), providers[TOWN_PEOPLE] = { { 0 } };
    for (size_t i = 0; i < l->peers.len; i++) {
        tally   of;
        riv_str offer;
        check_peer(l, &l->peers.ptr[i], &of, &offer);
        for (size_t k = 0; of.peers && k < l->offers.len; k++) {
            if (!riv_str_eq(offer, town_hash_text(&l->t, &l->offers.ptr[k]))) continue;
            add(&offers[k], &of);
            add(&providers[account_of(l,
                                      town_text(GRAPH__OFFER, graph__find(l->t.g, GRAPH__OFFER, offer), "provider"))],
                &of);
        }
    }
    for (size_t i = 0; i < l->offers.len; i++) check_offer(l, &l->offers.ptr[i], &offers[i]);
    for (size_t i = 0; i < TOWN_PEOPLE; i++) {
        const graph__row *row =
            graph__find(l->t.g, GRAPH__PROVIDER, town_hex(&l->t, l->t.who[i].bytes, ETH_ADDRESS_BYTES));
        eth_address market = chain_contract_address(CHAIN_MARKET);
        eth_value   who    = eth_of_address(&l->t.who[i]), info;
        assert_true(
            town_ask(&l->t, &market, 0, "getProviderInfo(address)", "((string,(bytes4,bytes32)))", &who, &info));
        bool named = info.items[0].items[0].bytes.len > 0;
        if (!row) {
            assert_false(named);
            continue;
        }
        HOLDS(l, graph__get(GRAPH__PROVIDER, row, "registered").truth == named, row->id);
        HOLDS(l, town_number(GRAPH__PROVIDER, row, "computeUnitsTotal") == providers[i].units, row->id);
        HOLDS(l, town_number(GRAPH__PROVIDER, row, "computeUnitsAvailable") == providers[i].free, row->id);
        HOLDS(l, town_number(GRAPH__PROVIDER, row, "peerCount") == providers[i].peers, row->id);
    }
    for (size_t i = 0; i < l->units.len; i++) {
        bool there, busy;
        check_unit(l, &l->units.ptr[i], &there, &busy);
    }
}

static u256 asked(life *l, const eth_address *deal, const char *signature)
{
    eth_value v;
    assert_true(town_ask(&l->t, deal, 0, signature, "(uint256)", NULL, &v));
    return v.items[0].word;
}

static void check_access(life *l, const graph__row *row, const eth_address *deal)
{
    uint64_t kind = town_number(GRAPH__DEAL, row, "providersAccessType");
    for (size_t i = 0; i < TOWN_PEOPLE; i++) {
        eth_value who = eth_of_address(&l->t.who[i]), v;
        riv_str id = riv_format(l->t.arena, RIV_FMT RIV_FMT, RIV_ARG(row->id), RIV_ARG(town_address_text(&l->t, &who)));
        bool    in = graph__find(l->t.g, GRAPH__DEAL_ACCESS, id) != NULL;
        assert_true(town_ask(&l->t, deal, 0, "isProviderAllowed(address)", "(bool)", &who, &v));
        HOLDS(l, !u256_is_zero(v.items[0].word) == (kind == 0 || (kind == 1) == in), id);
    }
}

static void check_deal(life *l, const deal_record *d)
{
    static const struct {
        const char *field, *signature;
    } numbers[] = {
        { "minWorkers", "minWorkers()" },
        { "targetWorkers", "targetWorkers()" },
        { "matchedWorkersCurrentCount", "getComputeUnitCount()" },
        { "registeredWorkersCurrentCount", "getWorkerCount()" },
        { "pricePerWorkerEpoch", "pricePerWorkerEpoch()" },
    };
    eth_address       at = eth_to_address(&d->at);
    eth_value         v;
    const graph__row *row = graph__find(l->t.g, GRAPH__DEAL, town_address_text(&l->t, &d->at));
    assert_non_null(row);
    for (size_t i = 0; i < RIV_COUNT(numbers); i++)
        HOLDS(l,
              u256_cmp(graph__get(GRAPH__DEAL, row, numbers[i].field).number, asked(l, &at, numbers[i].signature)) == 0,
              riv_str_c(numbers[i].field));
    u256 most = asked(l, &at, "maxWorkersPerProvider()"), clamp = u256_of(INT32_MAX);
    HOLDS(l,
          u256_cmp(graph__get(GRAPH__DEAL, row, "maxWorkersPerProvider").number,
                   u256_cmp(most, clamp) > 0 ? clamp : most) == 0,
          row->id);
    HOLDS(l, u256_cmp(graph__get(GRAPH__DEAL, row, "depositedSum").number, d->deposited) == 0, row->id);
    HOLDS(l, u256_cmp(graph__get(GRAPH__DEAL, row, "withdrawalSum").number, d->withdrawn) == 0, row->id);
    HOLDS(l, u256_cmp(graph__get(GRAPH__DEAL, row, "maxPaidEpoch").number, asked(l, &at, "getMaxPaidEpoch()")) == 0,
          row->id);
    assert_true(town_ask(&l->t, &at, 0, "owner()", "(address)", NULL, &v));
    HOLDS(l, riv_str_eq(town_text(GRAPH__DEAL, row, "owner"), town_address_text(&l->t, &v.items[0])), row->id);
    assert_true(town_ask(&l->t, &at, 0, "providersAccessType()", "(uint8)", NULL, &v));
    HOLDS(l, town_number(GRAPH__DEAL, row, "providersAccessType") == v.items[0].word.limb[0], row->id);
    assert_true(town_ask(&l->t, &at, 0, "appCID()", "((bytes4,bytes32))", NULL, &v));
    riv_str hash = town_hash_text(&l->t, &v.items[0].items[1]);
    HOLDS(l, riv_str_ends(town_text(GRAPH__DEAL, row, "appCID"), riv_str_sub(hash, 2, hash.len)), row->id);
    HOLDS(l, riv_str_starts(town_text(GRAPH__DEAL, row, "appCID"), RIV_LIT("01551220")), row->id);
    HOLDS(l,
          town_list(&l->t, GRAPH__DEAL, row, "addedComputeUnits").count ==
              town_number(GRAPH__DEAL, row, "matchedWorkersCurrentCount"),
          row->id);
    HOLDS(l,
          town_list(&l->t, GRAPH__DEAL, row, "joinedPeers").count ==
              town_number(GRAPH__DEAL, row, "matchedWorkersCurrentCount"),
          row->id);
    check_access(l, row, &at);
}

static uint64_t start_of(const life *l, uint64_t epoch)
{
    return l->t.params.genesis_time_s + (epoch - 1) * l->t.params.epoch_seconds;
}

/* Without another proof it works on in the epoch in which the failures reach the most, and is failed in the next one. */
static void check_foreseen(life *l, const eth_value *id, const graph__row *row)
{
    uint64_t next = 0, now = head_epoch(l), end = town_number(GRAPH__CC, row, "endEpoch");
    if (town_number(GRAPH__CC, row, "nextAdditionalActiveUnitCount"))
        return; /* the contract counts them only when it is touched again */
    if (!u256_u64(graph__get(GRAPH__CC, row, "nextCCFailedEpoch").number, &next) || next >= end) next = end - 1;
    HOLDS(l, next >= now, row->id);
    HOLDS(l, status_at(l, id, start_of(l, next)) == CC_ACTIVE || next < town_number(GRAPH__CC, row, "startEpoch"),
          row->id);
    HOLDS(l, status_at(l, id, start_of(l, next + 1)) != CC_ACTIVE, row->id);
}

/* What the original's clients take for an active commitment. */
static bool clients_take(const life *l, const graph__row *row)
{
    uint64_t next = UINT64_MAX, now = head_epoch(l);
    riv_str  status = town_text(GRAPH__CC, row, "status");
    (void)!u256_u64(graph__get(GRAPH__CC, row, "nextCCFailedEpoch").number, &next);
    return town_number(GRAPH__CC, row, "startEpoch") <= now && town_number(GRAPH__CC, row, "endEpoch") > now &&
           next > now && !graph__get(GRAPH__CC, row, "deleted").truth && riv_str_eq(status, RIV_LIT("WaitStart"));
}

static void check_cc(life *l, const eth_value *id)
{
    enum { STATUS, PEER, EACH, UNITS, START, END, RATE, DELEGATOR, FAILS, FAILED, EXITED };
    static const char *const words[] = { "WaitStart", "WaitStart", "WaitDelegation", "WaitStart", "Failed", "Removed" };
    eth_address              capacity = chain_contract_address(CHAIN_CAPACITY);
    eth_value                v;
    const graph__row        *row = cc_row(l, id);
    assert_non_null(row);
    if (!town_ask(&l->t, &capacity, 0, "getCommitment(bytes32)",
                  "((uint8,bytes32,uint256,uint256,uint256,uint256,uint256,address,uint256,uint256,uint256))", id,
                  &v)) {
        const graph__row *peer = graph__find(l->t.g, GRAPH__PEER, town_text(GRAPH__CC, row, "peer"));
        HOLDS(l, graph__get(GRAPH__CC, row, "deleted").truth || graph__get(GRAPH__PEER, peer, "deleted").truth,
              row->id);
        return;
    }
    const eth_value *c             = v.items[0].items;
    uint64_t         status        = c[STATUS].word.limb[0];
    riv_str          told          = town_text(GRAPH__CC, row, "status");
    bool             stored_failed = !u256_is_zero(c[FAILED].word);
    HOLDS(l, !graph__get(GRAPH__CC, row, "deleted").truth, row->id);
    HOLDS(l,
          riv_str_eq(told, riv_str_c(words[status])) || (status == CC_FAILED && !stored_failed) ||
              (status == CC_REMOVED && riv_str_eq(told, RIV_LIT("Removed"))),
          row->id);
    HOLDS(l, riv_str_eq(town_text(GRAPH__CC, row, "peer"), town_hash_text(&l->t, &c[PEER])), row->id);
    HOLDS(l, u256_cmp(graph__get(GRAPH__CC, row, "collateralPerUnit").number, c[EACH].word) == 0, row->id);
    HOLDS(l, u256_cmp(graph__get(GRAPH__CC, row, "startEpoch").number, c[START].word) == 0, row->id);
    HOLDS(l, status == CC_WAIT_DELEGATION || u256_cmp(graph__get(GRAPH__CC, row, "endEpoch").number, c[END].word) == 0,
          row->id);
    HOLDS(l, u256_cmp(graph__get(GRAPH__CC, row, "rewardDelegatorRate").number, c[RATE].word) == 0, row->id);
    HOLDS(l, riv_str_eq(town_text(GRAPH__CC, row, "delegator"), town_address_text(&l->t, &c[DELEGATOR])), row->id);
    HOLDS(l, town_number(GRAPH__CC, row, "exitedUnitCount") == c[EXITED].word.limb[0], row->id);
    HOLDS(l, u256_cmp(graph__get(GRAPH__CC, row, "failedEpoch").number, c[FAILED].word) == 0, row->id);
    if (status == CC_WAIT_DELEGATION || status == CC_REMOVED) return;
    const graph__row *peer = graph__find(l->t.g, GRAPH__PEER, town_text(GRAPH__CC, row, "peer"));
    if (!riv_str_eq(town_text(GRAPH__PEER, peer, "currentCapacityCommitment"), row->id))
        return; /* the peer was removed, and came back without it */
    u256 all;
    HOLDS(l, town_number(GRAPH__CC, row, "computeUnitsCount") == c[UNITS].word.limb[0], row->id);
    assert_true(u256_mul(c[EACH].word, c[UNITS].word, &all));
    HOLDS(l, u256_cmp(graph__get(GRAPH__CC, row, "totalCollateral").number, all) == 0, row->id);
    if (status == CC_ACTIVE || status == CC_WAIT_START) {
        HOLDS(l, town_number(GRAPH__CC, row, "totalFailCount") == c[FAILS].word.limb[0], row->id);
        check_foreseen(l, id, row);
    }
    HOLDS(l, !clients_take(l, row) || status == CC_ACTIVE, row->id);
}

/* Every reference leads to a row, every word is one of its enumeration's, every counter fits. */
static void check_form(life *l)
{
    for (size_t type = 0; type < GRAPH__TYPES; type++) {
        graph__rows all = graph__all(l->t.g, (graph__type)type);
        for (size_t i = 0; i < all.count; i++) {
            for (size_t f = 0; all.items[i] && f < graph__schema[type].fields_count; f++) {
                const graph__field *field = &graph__schema[type].fields[f];
                graph__value        v     = graph__get((graph__type)type, all.items[i], field->name);
                if (field->kind == GRAPH__LIST) continue;
                HOLDS(l, v.set || field->nullable, all.items[i]->id);
                if (v.set && field->kind == GRAPH__REF)
                    HOLDS(l, graph__find(l->t.g, field->of, v.text) != NULL, v.text);
                if (v.set && field->kind == GRAPH__INT)
                    HOLDS(l, u256_cmp(v.number, u256_of(INT32_MAX)) <= 0, all.items[i]->id);
                if (!v.set || field->kind != GRAPH__ENUM) continue;
                size_t w = 0;
                while (field->words[w] && !riv_str_eq(riv_str_c(field->words[w]), v.text)) w++;
                HOLDS(l, field->words[w] != NULL, v.text);
            }
        }
    }
}

static uint64_t count_of(const life *l, graph__type type, const char *where)
{
    uint64_t    n   = 0;
    graph__rows all = graph__all(l->t.g, type);
    for (size_t i = 0; i < all.count; i++)
        if (all.items[i] && (!where || graph__get(type, all.items[i], where).truth)) n++;
    return n;
}

/* Counters of a row are the sums of what refers to it. */
static void check_sums(life *l, graph__type of, const char *counter, graph__type by, const char *ref,
                       const char *summed)
{
    graph__rows all = graph__all(l->t.g, of), parts = graph__all(l->t.g, by);
    for (size_t i = 0; i < all.count; i++) {
        uint64_t sum = 0;
        for (size_t k = 0; all.items[i] && k < parts.count; k++)
            if (parts.items[k] && riv_str_eq(town_text(by, parts.items[k], ref), all.items[i]->id))
                sum += summed ? town_number(by, parts.items[k], summed) : 1;
        if (all.items[i]) HOLDS(l, town_number(of, all.items[i], counter) == sum, all.items[i]->id);
    }
}

static void check_network(life *l)
{
    const graph__row *n = graph__find(l->t.g, GRAPH__NETWORK, RIV_LIT("1"));
    static const struct {
        const char *field;
        graph__type type;
        const char *where;
    } totals[] = {
        { "providersTotal", GRAPH__PROVIDER, NULL },     { "providersRegisteredTotal", GRAPH__PROVIDER, "registered" },
        { "offersTotal", GRAPH__OFFER, NULL },           { "dealsTotal", GRAPH__DEAL, NULL },
        { "tokensTotal", GRAPH__TOKEN, NULL },           { "effectorsTotal", GRAPH__EFFECTOR, NULL },
        { "capacityCommitmentsTotal", GRAPH__CC, NULL }, { "proofsTotal", GRAPH__PROOF, NULL },
    };
    for (size_t i = 0; i < RIV_COUNT(totals); i++)
        HOLDS(l, town_number(GRAPH__NETWORK, n, totals[i].field) == count_of(l, totals[i].type, totals[i].where),
              riv_str_c(totals[i].field));
    eth_address core = chain_contract_address(CHAIN_CORE);
    HOLDS(l,
          u256_cmp(graph__get(GRAPH__NETWORK, n, "capacityMaxFailedRatio").number,
                   asked(l, &core, "maxFailedRatio()")) == 0,
          n->id);
    HOLDS(l,
          u256_cmp(graph__get(GRAPH__NETWORK, n, "minRequiredProofsPerEpoch").number,
                   asked(l, &core, "minProofsPerEpoch()")) == 0,
          n->id);
    HOLDS(l,
          u256_cmp(graph__get(GRAPH__NETWORK, n, "coreMinDealRematchingEpochs").number,
                   asked(l, &core, "minDealRematchingEpochs()")) == 0,
          n->id);
    const graph__row *epoch =
        graph__find(l->t.g, GRAPH__EPOCH,
                    riv_format(l->t.arena, "%llu",
                               (unsigned long long)(1 + (l->t.block.time_s - l->t.params.genesis_time_s) /
                                                            l->t.params.epoch_seconds)));
    assert_non_null(epoch);
    HOLDS(l, town_number(GRAPH__EPOCH, epoch, "endBlock") == l->t.block.height, epoch->id);
}

/* The contract knows how many a unit gave in the epoch that is going on. */
static void check_proofs(life *l)
{
    eth_address capacity = chain_contract_address(CHAIN_CAPACITY);
    graph__rows all      = graph__all(l->t.g, GRAPH__UNIT_EPOCH);
    riv_str     now      = riv_format(l->t.arena, "%llu", (unsigned long long)head_epoch(l));
    for (size_t i = 0; i < all.count; i++) {
        eth_value v, args[2] = { eth_word(0), eth_word(head_epoch(l)) };
        if (!riv_str_eq(town_text(GRAPH__UNIT_EPOCH, all.items[i], "epochStatistic"), now)) continue;
        assert_int_equal(u256_parse(town_text(GRAPH__UNIT_EPOCH, all.items[i], "computeUnit"), NULL, &args[0].word),
                         RIV_OK);
        if (!town_ask(&l->t, &capacity, 0, "proofsOf(bytes32,uint256)", "(uint256,uint256)", args, &v))
            continue; /* the unit went */
        HOLDS(l, town_number(GRAPH__UNIT_EPOCH, all.items[i], "submittedProofsCount") == v.items[1].word.limb[0],
              all.items[i]->id);
    }
    check_sums(l, GRAPH__CC, "submittedProofsCount", GRAPH__PROOF, "capacityCommitment", NULL);
    check_sums(l, GRAPH__CC_EPOCH, "submittedProofsCount", GRAPH__PROOF, "capacityCommitmentStatsPerEpoch", NULL);
    check_sums(l, GRAPH__CC, "submittedProofsCount", GRAPH__CC_EPOCH, "capacityCommitment", "submittedProofsCount");
}

static void check(life *l, bool all)
{
    check_offers(l);
    for (size_t i = 0; i < l->deals.len; i++) check_deal(l, &l->deals.ptr[i]);
    for (size_t i = 0; i < l->ccs.len; i++) check_cc(l, &l->ccs.ptr[i]);
    check_network(l);
    if (!all) return;
    check_form(l);
    check_proofs(l);
}

static bool same_value(graph__kind kind, graph__value a, graph__value b)
{
    if (!a.set || !b.set) return a.set == b.set;
    if (kind == GRAPH__INT || kind == GRAPH__BIG) return u256_cmp(a.number, b.number) == 0;
    return kind == GRAPH__BOOL ? a.truth == b.truth : riv_str_eq(a.text, b.text);
}

/* Late: the store is already at the end when the first block comes. */
static void check_again(life *l)
{
    graph    *g     = graph_new(l->t.engine);
    riv_fault fault = { 0 };
    for (size_t i = 0; i < l->t.blocks.len; i++)
        if (graph_apply(g, &l->t.blocks.ptr[i], &l->t.store, &fault)) fail_msg("%s", fault.msg);
    assert_int_equal(graph_next_height(g), l->t.blocks.len);
    for (size_t type = 0; type < GRAPH__TYPES; type++) {
        graph__rows first = graph__all(l->t.g, (graph__type)type), second = graph__all(g, (graph__type)type);
        assert_int_equal(first.count, second.count);
        for (size_t i = 0; i < first.count; i++) {
            assert_int_equal(first.items[i] == NULL, second.items[i] == NULL);
            for (size_t f = 0; first.items[i] && f < graph__schema[type].fields_count; f++) {
                const graph__field *field = &graph__schema[type].fields[f];
                HOLDS(l,
                      same_value(field->kind, graph__get((graph__type)type, first.items[i], field->name),
                                 graph__get((graph__type)type, second.items[i], field->name)),
                      first.items[i]->id);
            }
        }
    }
    graph_free(g);
}

/* ---- lives ---- */

static void approve_all(life *l)
{
    const eth_address *tokens[] = { NULL, l->t.params.more_tokens };
    eth_address        usd = chain_contract_address(CHAIN_USD), factory = chain_contract_address(CHAIN_DEAL_FACTORY);
    tokens[0] = &usd;
    for (size_t i = CUSTOMERS; i < TOWN_PEOPLE; i++) {
        const eth_value args[] = { eth_of_address(&factory), eth_word(UINT64_MAX) };
        (void)town_do(&l->t, i, tokens[0], U256_ZERO, "approve(address,uint256)", args);
    }
}

/* Whoever puts money into a deal has to let the deal take it. */
static void approve_deal(life *l, size_t index)
{
    eth_address     usd    = chain_contract_address(CHAIN_USD);
    const eth_value args[] = { l->deals.ptr[index].at, eth_word(UINT64_MAX) };
    for (size_t i = CUSTOMERS; i < TOWN_PEOPLE; i++)
        (void)town_do(&l->t, i, &usd, U256_ZERO, "approve(address,uint256)", args);
}

static void live(uint64_t seed, chain_rules rules, uint64_t steps)
{
    static const eth_address second = { { 0x22, 0x22 } };
    life                    *l      = riv_alloc(sizeof *l);
    *l = (life){ .seed = seed, .prng = riv_prng_seed(seed), .t = { .arena = riv_arena_new(0) } };
    chain_params_local(&l->t.params);
    l->t.params.rules                      = rules;
    l->t.params.proofs_mocked              = true;
    l->t.params.max_failed_ratio           = 3;
    l->t.params.min_duration               = 5;
    l->t.params.min_deal_rematching_epochs = 1;
    l->t.params.more_tokens                = &second;
    l->t.params.more_tokens_count          = 1;
    town_open(&l->t);
    approve_all(l);
    for (l->step = 0; l->step < steps; l->step++) {
        size_t deals = l->deals.len;
        step(l);
        for (; deals < l->deals.len; deals++) approve_deal(l, deals);
        if (l->step % CHECK_EACH == 0) check(l, l->step % (CHECK_EACH * 16) == 0);
    }
    check(l, true);
    check_again(l);
    town_close(&l->t);
    riv_free(l);
}

static void test_fixed(void **state)
{
    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + 4; seed++) live(seed, CHAIN_FIXED, steps_wanted);
    for (size_t i = 0; i < RIV_COUNT(actions); i++) {
        if (steps_wanted == STEPS_DEFAULT && first_seed == 1 && !actions[i].done)
            fail_msg("nobody ever did: %s", actions[i].name);
    }
}

static void test_g0(void **state)
{
    (void)state;
    live(first_seed, CHAIN_G0, steps_wanted);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_fixed), cmocka_unit_test(test_g0) };
    if (argc > 1) steps_wanted = strtoull(argv[1], NULL, 10);
    if (argc > 2) first_seed = strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
