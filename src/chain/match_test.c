/* match_test.c: matching with commitments: candidates of the customer, the listing against an oracle that looks at everything, published deals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "chain/market_testing.h"

#define MATCH        "matchDeal(address,bytes32[],bytes32[][])"
#define MATCH_LISTED "matchDeal(address)"
#define PICK_UP      "pickUpDeal(address,bytes32[])"
#define RETURN       "returnComputeUnitFromDeal(bytes32)"

static world w;

static int open_world(chain_rules rules)
{
    world_open(&w, rules);
    world_provider(&w, "pia");
    u256 flt;
    assert_true(u256_mul(u256_of(UINT64_C(1) << 60), u256_of(1000), &flt));
    world_give(&w, "staker", flt, U256_ZERO);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    return open_world(CHAIN_FIXED);
}

static int set_up_g0(void **state)
{
    (void)state;
    return open_world(CHAIN_G0);
}

static int tear_down(void **state)
{
    (void)state;
    world_close(&w);
    return 0;
}

static eth_value none(void) { return eth_list(NULL, 0); }

static chain__id create_commitment(const char *provider, const char *peer)
{
    WORLD_OK(&w, provider, CHAIN_CAPACITY, "createCommitment(bytes32,uint256,address,uint256)", world_id_value(peer),
             eth_word(100), world_name("staker"), eth_word(1));
    return world_result_id(&w);
}

static void deposit(const chain__id *commitment, uint64_t units)
{
    eth_address     capacity = chain_contract_address(CHAIN_CAPACITY);
    const eth_value args[]   = { WORLD_LIST(&w, eth_of_hash(commitment->bytes)) };
    u256            value;
    WORLD_OK(&w, "x", CHAIN_CORE, "fltCollateralPerUnit()", eth_word(0));
    assert_true(u256_mul(w.out.items[0].word, u256_of(units), &value));
    if (!world_call_at(&w, "staker", value, &capacity, "depositCollateral(bytes32[])", args))
        fail_msg(RIV_FMT, RIV_ARG(w.text));
}

static void commit(const char *provider, const char *peer, uint64_t units)
{
    chain__id id = create_commitment(provider, peer);
    deposit(&id, units);
}

static world_order order(uint64_t price, uint64_t target)
{
    return (world_order){ .deposit      = 4 * price * target,
                          .min          = 1,
                          .target       = target,
                          .per_provider = 100,
                          .price        = price,
                          .effectors    = none(),
                          .list         = none() };
}

static uint64_t units_in(const eth_address *deal)
{
    return deal_number(&w, deal, "getComputeUnitCount()", eth_word(0));
}

static bool unit_is_in(const char *unit, const eth_address *deal)
{
    WORLD_OK(&w, "x", CHAIN_MARKET, "getComputeUnit(bytes32)", world_id_value(unit));
    eth_address at = eth_to_address(&w.out.items[0].items[0]);
    return eth_address_eq(&at, deal);
}

/* ---- candidates: only free units with active commitments ---- */

static void test_candidates(void **state)
{
    (void)state;
    chain__id offer =
        world_offer(&w, "pia", 5, none(),
                    WORLD_LIST(&w, world_peer(&w, "bare", 1), world_peer(&w, "waits", 1), world_peer(&w, "good", 2)));
    chain__id waits = create_commitment("pia", "waits");
    commit("pia", "good", 2);
    world_order o    = order(10, 3);
    eth_address deal = world_deal(&w, "cara", &o), other = world_deal(&w, "cara", &o);
    eth_value   ids   = WORLD_LIST(&w, eth_of_hash(offer.bytes));
    eth_value   units = WORLD_LIST(&w, WORLD_LIST(&w, world_id_value("bare 0"), world_id_value("waits 0"),
                                                  world_id_value("good 0"), world_id_value("good 1")));
    WORLD_REVERTS(&w, "MinWorkersNotMatched(1)", "cara", CHAIN_MARKET, MATCH, eth_of_address(&deal), ids,
                  units); /* none has begun */
    world_to_epoch(&w, 2);
    WORLD_OK(&w, "cara", CHAIN_MARKET, MATCH, eth_of_address(&deal), ids, units);
    assert_int_equal(world_events(&w, CHAIN__EVENT_MATCHED), 1);
    assert_int_equal(units_in(&deal), 1); /* a peer takes part once */
    assert_true(unit_is_in("good 0", &deal));
    WORLD_OK(&w, "cara", CHAIN_MARKET, MATCH, eth_of_address(&other), ids, units);
    assert_true(unit_is_in("good 1", &other));
    deposit(&waits, 1);
    WORLD_OK(&w, "x", CHAIN_MARKET, "getComputeUnits(bytes32)", world_id_value("good"));
    assert_int_equal(w.out.items[0].items[0].items[2].word.limb[0], 2); /* as its commitment */
    WORLD_REVERTS(&w, "Peer has commitment", "pia", CHAIN_MARKET, "addComputeUnits(bytes32,bytes32[])",
                  world_id_value("good"), WORLD_LIST(&w, eth_word(9)));
    WORLD_REVERTS(&w, "Peer has commitment", "pia", CHAIN_MARKET, "removeComputeUnit(bytes32)",
                  world_id_value("good 0"));
    world_to_epoch(&w, 3);
    WORLD_OK(&w, "pia", CHAIN_MARKET, RETURN, world_id_value("good 0"));
    assert_int_equal(units_in(&deal), 0);
    WORLD_OK(&w, "x", CHAIN_MARKET, "getComputeUnits(bytes32)", world_id_value("good"));
    assert_int_equal(w.out.items[0].items[0].items[2].word.limb[0], 4); /* it proves again from the next epoch on */
}

/* ---- the listing ---- */

static void test_listed(void **state)
{
    (void)state;
    (void)world_offer(&w, "pia", 7, none(), WORLD_LIST(&w, world_peer(&w, "dear", 1)));
    chain__id mid = world_offer(&w, "pia", 5, none(), WORLD_LIST(&w, world_peer(&w, "mid", 2)));
    (void)world_offer(&w, "pia", 3, none(), WORLD_LIST(&w, world_peer(&w, "cheap", 1), world_peer(&w, "bare", 1)));
    commit("pia", "dear", 1);
    commit("pia", "mid", 2);
    commit("pia", "cheap", 1);
    world_order o = order(6, 1);
    eth_address a = world_deal(&w, "cara", &o), b = world_deal(&w, "cara", &o), c = world_deal(&w, "cara", &o),
                d = world_deal(&w, "cara", &o);
    WORLD_REVERTS(&w, "MinWorkersNotMatched(1)", "cara", CHAIN_MARKET, MATCH_LISTED,
                  eth_of_address(&a)); /* they start tomorrow */
    world_to_epoch(&w, 2);
    WORLD_REVERTS(&w, "Matcher: sender is not deal owner", "eve", CHAIN_MARKET, MATCH_LISTED, eth_of_address(&a));
    WORLD_OK(&w, "cara", CHAIN_MARKET, MATCH_LISTED, eth_of_address(&a));
    assert_int_equal(world_result(&w), 1);
    assert_true(unit_is_in("cheap 0", &a));
    WORLD_OK(&w, "cara", CHAIN_MARKET, MATCH, eth_of_address(&b), none(),
             none()); /* the original's call without candidates */
    assert_true(unit_is_in("mid 0", &b) || unit_is_in("mid 1", &b));
    WORLD_OK(&w, "cara", CHAIN_MARKET, MATCH_LISTED, eth_of_address(&c));
    assert_true(unit_is_in("mid 0", &c) || unit_is_in("mid 1", &c));
    WORLD_REVERTS(&w, "MinWorkersNotMatched(1)", "cara", CHAIN_MARKET, MATCH_LISTED,
                  eth_of_address(&d)); /* 7 is too dear */
    WORLD_OK(&w, "cara", CHAIN_MARKET, RETURN, world_id_value("mid 0"));
    WORLD_OK(&w, "pia", CHAIN_MARKET, "changeMinPricePerWorkerEpoch(bytes32,uint256)", eth_of_hash(mid.bytes),
             eth_word(9));
    WORLD_REVERTS(&w, "MinWorkersNotMatched(1)", "cara", CHAIN_MARKET, MATCH_LISTED, eth_of_address(&d));
    WORLD_OK(&w, "pia", CHAIN_MARKET, "changeMinPricePerWorkerEpoch(bytes32,uint256)", eth_of_hash(mid.bytes),
             eth_word(1));
    WORLD_OK(&w, "pia", CHAIN_MARKET, "changePaymentToken(bytes32,address)", eth_of_hash(mid.bytes),
             world_name("gold"));
    WORLD_REVERTS(&w, "MinWorkersNotMatched(1)", "cara", CHAIN_MARKET, MATCH_LISTED, eth_of_address(&d));
    WORLD_OK(&w, "pia", CHAIN_MARKET, "changePaymentToken(bytes32,address)", eth_of_hash(mid.bytes), world_usd());
    WORLD_OK(&w, "cara", CHAIN_MARKET, MATCH_LISTED, eth_of_address(&d));
    assert_true(unit_is_in("mid 0", &d)); /* though it came back in this very epoch */
}

/* A unit that comes back and goes again in one epoch, the only one of its commitment: the original's count of active units fails. */
static void test_back_and_away(void **state)
{
    (void)state;
    bool        fixed = w.params.rules == CHAIN_FIXED;
    chain__id   offer = world_offer(&w, "pia", 5, none(), WORLD_LIST(&w, world_peer(&w, "one", 1)));
    world_order o     = order(10, 1);
    chain__id   cc    = create_commitment("pia", "one");
    deposit(&cc, 1);
    world_to_epoch(&w, 2);
    eth_address a = world_deal(&w, "cara", &o), b = world_deal(&w, "cara", &o);
    eth_value   ids = WORLD_LIST(&w, eth_of_hash(offer.bytes)),
              units = WORLD_LIST(&w, WORLD_LIST(&w, world_id_value("one 0")));
    WORLD_OK(&w, "cara", CHAIN_MARKET, MATCH, eth_of_address(&a), ids, units);
    world_to_epoch(&w, 3);
    WORLD_OK(&w, "pia", CHAIN_MARKET, RETURN, world_id_value("one 0"));
    if (!fixed) {
        WORLD_REVERTS(&w, "Panic 0x11", "cara", CHAIN_MARKET, MATCH, eth_of_address(&b), ids, units);
        return;
    }
    WORLD_OK(&w, "cara", CHAIN_MARKET, MATCH, eth_of_address(&b), ids, units);
    world_to_epoch(&w, 60); /* it owes no proof for all that time */
    WORLD_OK(&w, "x", CHAIN_CAPACITY, "getStatus(bytes32)", eth_of_hash(cc.bytes));
    assert_int_equal(world_result(&w), CHAIN__CC_ACTIVE);
}

/* A commitment that failed is no candidate, and leaves the listing with the first match that sees it. */
static void test_failed_commitment(void **state)
{
    (void)state;
    (void)world_offer(&w, "pia", 1, none(), WORLD_LIST(&w, world_peer(&w, "lazy", 1)));
    commit("pia", "lazy", 1);
    world_to_epoch(&w, 40); /* not one proof */
    (void)world_offer(&w, "pia", 2, none(), WORLD_LIST(&w, world_peer(&w, "good", 1)));
    commit("pia", "good", 1);
    world_to_epoch(&w, 41);
    world_order o    = order(6, 2);
    eth_address deal = world_deal(&w, "cara", &o), usd = chain_contract_address(CHAIN_USD),
                market = chain_contract_address(CHAIN_MARKET);
    chain__meter meter = { .gas_left = UINT64_C(1) << 50 };
    chain__call  c     = world_context(&w, &market, &market, &meter);
    assert_int_equal(chain__listing_count(&c, &usd, NULL, u256_of(1)), 2);
    WORLD_OK(&w, "cara", CHAIN_MARKET, MATCH_LISTED, eth_of_address(&deal));
    assert_true(unit_is_in("good 0", &deal));
    assert_int_equal(units_in(&deal), 1);
    assert_int_equal(chain__listing_count(&c, &usd, NULL, u256_of(1)), 0); /* the one failed, the other is taken */
    WORLD_OK(&w, "anyone", CHAIN_MARKET, "refreshPeer(bytes32)", world_id_value("lazy"));
    assert_int_equal(chain__listing_count(&c, &usd, NULL, u256_of(1)), 0);
}

/* ---- whatever the others offer, one order's work is bounded ---- */

enum { CROWD = 700 }; /* more than a match looks at */

static chain__id offer_of_versions(const char *provider, const char *peer, uint64_t price, uint64_t min, uint64_t max)
{
    WORLD_OK(&w, provider, CHAIN_MARKET, WORLD_REGISTER, eth_word(price), world_usd(), none(),
             WORLD_LIST(&w, world_peer(&w, peer, 1)), eth_word(min), eth_word(max));
    chain__id out = world_result_id(&w);
    commit(provider, peer, 1);
    return out;
}

static void crowd(const char *provider, const char *peers, eth_value effectors)
{
    for (uint64_t i = 0; i < CROWD; i++) {
        const char *peer = world_unit(&w, peers, i);
        (void)world_offer(&w, provider, 1, effectors, WORLD_LIST(&w, world_peer(&w, peer, 1)));
        commit(provider, peer, 1);
    }
}

/* A provider that is not taken, or not more of, is one look, however many cheaper offers it has. */
static void test_passed_by(void **state)
{
    (void)state;
    world_provider(&w, "max");
    crowd("max", "many", none());
    (void)world_offer(&w, "pia", 2, none(), WORLD_LIST(&w, world_peer(&w, "good", 3)));
    commit("pia", "good", 3);
    world_to_epoch(&w, 2);
    world_order o    = order(6, 1);
    o.access         = CHAIN__ACCESS_BLACKLIST;
    o.list           = WORLD_LIST(&w, world_name("max"));
    eth_address deal = world_deal(&w, "cara", &o);
    WORLD_OK(&w, "cara", CHAIN_MARKET, MATCH_LISTED, eth_of_address(&deal));
    assert_true(unit_is_in("good 0", &deal) || unit_is_in("good 1", &deal) || unit_is_in("good 2", &deal));
    assert_true(w.gas_used < 500000);
    o.access         = CHAIN__ACCESS_WHITELIST;
    o.list           = WORLD_LIST(&w, world_name("pia"));
    eth_address only = world_deal(&w, "cara", &o);
    WORLD_OK(&w, "cara", CHAIN_MARKET, MATCH_LISTED, eth_of_address(&only));
    assert_int_equal(world_result(&w), 1);
    assert_true(w.gas_used < 500000);
    o                = order(6, 2);
    o.per_provider   = 1;
    eth_address both = world_deal(&w, "cara", &o);
    WORLD_OK(&w, "cara", CHAIN_MARKET, MATCH_LISTED, eth_of_address(&both));
    assert_int_equal(world_result(&w), 2); /* one of each */
    assert_int_equal(deal_number(&w, &both, "getComputeUnitCount(address)", world_name("pia")), 1);
    assert_true(w.gas_used < 900000);
    o                = order(6, 20);
    eth_address many = world_deal(&w, "cara", &o); /* each offer is told once though the list changes on the way */
    WORLD_OK(&w, "cara", CHAIN_MARKET, MATCH_LISTED, eth_of_address(&many));
    assert_int_equal(world_result(&w), 20);
    assert_int_equal(deal_number(&w, &many, "getComputeUnitCount(address)", world_name("max")), 20);
}

/* Offers for other protocol versions stand in other lists. */
static void test_versions(void **state)
{
    (void)state;
    w.params.max_protocol_version = 3;
    for (uint64_t i = 0; i < CROWD; i++) (void)offer_of_versions("pia", world_unit(&w, "new", i), 1, 2 + i % 2, 3);
    (void)offer_of_versions("pia", "wide", 4, 1, 3);
    (void)offer_of_versions("pia", "old", 3, 1, 1);
    (void)offer_of_versions("pia", "mid", 5, 1, 2);
    world_to_epoch(&w, 2);
    world_order o    = order(6, 2);
    eth_address deal = world_deal(&w, "cara", &o), rest = world_deal(&w, "cara", &o);
    WORLD_OK(&w, "cara", CHAIN_MARKET, MATCH_LISTED, eth_of_address(&deal));
    assert_int_equal(world_result(&w), 2);
    assert_true(unit_is_in("old 0", &deal));
    assert_true(unit_is_in("wide 0", &deal)); /* the cheapest of several lists */
    assert_true(w.gas_used < 700000);
    WORLD_OK(&w, "cara", CHAIN_MARKET, MATCH_LISTED, eth_of_address(&rest));
    assert_int_equal(world_result(&w), 1);
    assert_true(unit_is_in("mid 0", &rest));
}

/* What no list tells apart (here: offers with one of two effectors, never both) costs a bounded number of looks, and the order is not served. */
static void test_bounded(void **state)
{
    (void)state;
    crowd("pia", "curls", WORLD_LIST(&w, world_cid(&w, "curl")));
    crowd("pia", "ipfses", WORLD_LIST(&w, world_cid(&w, "ipfs")));
    (void)world_offer(&w, "pia", 2, WORLD_LIST(&w, world_cid(&w, "curl"), world_cid(&w, "ipfs")),
                      WORLD_LIST(&w, world_peer(&w, "good", 1)));
    commit("pia", "good", 1);
    world_to_epoch(&w, 2);
    world_order o    = order(6, 1);
    o.effectors      = WORLD_LIST(&w, world_cid(&w, "curl"), world_cid(&w, "ipfs"));
    eth_address deal = world_deal(&w, "cara", &o);
    WORLD_REVERTS(&w, "MinWorkersNotMatched(1)", "cara", CHAIN_MARKET, MATCH_LISTED, eth_of_address(&deal));
    assert_true(w.gas_used < 5000000);
}

/* A deal of more workers than a block has gas for, whose peers have more free units than it may take: match by match it gets all of them. */
static void test_many_workers(void **state)
{
    (void)state;
    enum { PEERS = 620, WORKERS = 600, MATCHES_MAX = 12 };
    for (uint64_t i = 0; i < PEERS; i += 2) {
        const char *one = world_unit(&w, "wide", i), *two = world_unit(&w, "wide", i + 1);
        (void)world_offer(&w, "pia", 1, none(), WORLD_LIST(&w, world_peer(&w, one, 2), world_peer(&w, two, 2)));
        commit("pia", one, 2);
        commit("pia", two, 2);
    }
    world_to_epoch(&w, 2);
    world_order o    = order(6, WORKERS);
    o.per_provider   = WORKERS;
    eth_address deal = world_deal(&w, "cara", &o);
    size_t      n    = 0;
    for (; units_in(&deal) < WORKERS; n++) {
        assert_true(n < MATCHES_MAX);
        WORLD_OK(&w, "cara", CHAIN_MARKET, MATCH_LISTED, eth_of_address(&deal));
        if (w.gas_used > w.params.block_gas_max) fail_msg("%llu gas", (unsigned long long)w.gas_used);
    }
    assert_true(n > 4);
    WORLD_REVERTS(&w, "Matcher: too early to rematch", "cara", CHAIN_MARKET, MATCH_LISTED, eth_of_address(&deal));
}

/* What this block took out of the list still costs those that go by it. */
static void test_passed_is_paid(void **state)
{
    (void)state;
    eth_address  market = chain_contract_address(CHAIN_MARKET);
    chain__meter meter  = { .gas_left = UINT64_C(1) << 50 };
    chain__call  c      = world_context(&w, &market, &market, &meter);
    chain__key   prefix = chain__sub_key('i', 'z'), key;
    riv_bytes    k, v;
    for (uint64_t i = 0; i < 10; i++) {
        key = chain__key_with_u64(prefix, i);
        chain__put(&c, &key, RIV_BYTES("1"));
        if (i < 9) chain__put(&c, &key, (riv_bytes){ 0 });
    }
    uint64_t before = meter.gas_used;
    assert_true(chain__next(&c, &prefix, chain__key_view(&prefix), &k, &v));
    assert_true(riv_bytes_eq(k, chain__key_view(&key)));
    assert_int_equal(meter.gas_used - before, CHAIN__GAS_READ + 9 * CHAIN__GAS_PASSED + CHAIN__GAS_BYTE);
    meter.gas_left = CHAIN__GAS_READ + 8 * CHAIN__GAS_PASSED;
    assert_false(chain__next(&c, &prefix, chain__key_view(&prefix), &k, &v));
    assert_true(meter.out);
}

/* ---- the listing against an oracle ---- */

enum { PROVIDERS = 4, OFFERS = 24, PEERS = 3, WORLDS = 8, DEALS = 14 };
static const char *const provider_names[PROVIDERS] = { "pia", "max", "zoe", "kai" };

typedef struct test_peer {
    const char *name;
    chain__id   id;
    uint64_t    units;
    bool        committed;
    chain__id   unit_ids[2];
    bool        taken[2];
} test_peer;
typedef struct test_offer {
    chain__id id;
    uint64_t  price, effectors, peers_count;
    size_t    provider;
    test_peer peers[PEERS];
} test_offer;
typedef struct wish {
    uint64_t price, effectors, target, per_provider, access, listed;
} wish; /* listed: providers as bits */

static eth_value effectors_of(uint64_t bits)
{
    eth_value all[2];
    size_t    n = 0;
    if (bits & 1) all[n++] = world_cid(&w, "curl");
    if (bits & 2) all[n++] = world_cid(&w, "ipfs");
    return world_list(&w, all, n);
}

static int by_id(const void *a, const void *b)
{
    return memcmp(((const test_peer *)a)->id.bytes, ((const test_peer *)b)->id.bytes, 32);
}

static int by_price(const void *a, const void *b)
{
    const test_offer *x = a, *y = b;
    return x->price != y->price ? (x->price > y->price) - (x->price < y->price) : memcmp(x->id.bytes, y->id.bytes, 32);
}

static void make_offer(riv_prng *p, test_offer *o, uint64_t number)
{
    eth_value peers[PEERS];
    *o = (test_offer){ .price       = 1 + riv_prng_below(p, 8),
                       .effectors   = riv_prng_below(p, 4),
                       .provider    = riv_prng_below(p, PROVIDERS),
                       .peers_count = 1 + riv_prng_below(p, PEERS) };
    for (uint64_t i = 0; i < o->peers_count; i++) {
        test_peer *t = &o->peers[i];
        t->name      = riv_cstr(w.arena, riv_format(w.arena, "o%u p%u", (unsigned)number, (unsigned)i));
        t->id        = world_id(t->name);
        t->units     = 1 + riv_prng_below(p, 2);
        t->committed = riv_prng_below(p, 4) != 0;
        peers[i]     = world_peer(&w, t->name, t->units);
        for (uint64_t u = 0; u < t->units; u++) t->unit_ids[u] = world_id(world_unit(&w, t->name, u));
    }
    o->id = world_offer(&w, provider_names[o->provider], o->price, effectors_of(o->effectors),
                        world_list(&w, peers, o->peers_count));
    for (uint64_t i = 0; i < o->peers_count; i++) {
        if (o->peers[i].committed) commit(provider_names[o->provider], o->peers[i].name, o->peers[i].units);
    }
    qsort(o->peers, o->peers_count, sizeof o->peers[0], by_id);
}

static bool wanted(const wish *v, const test_offer *o)
{
    bool in_list = (v->listed >> o->provider & 1) != 0;
    bool allowed = v->access == CHAIN__ACCESS_NONE || in_list == (v->access == CHAIN__ACCESS_WHITELIST);
    return allowed && o->price <= v->price && (v->effectors & ~o->effectors) == 0;
}

/* The first free unit by its id. */
static int free_unit(const test_peer *t)
{
    int best = -1;
    for (int u = 0; u < (int)t->units; u++) {
        if (!t->taken[u] && (best < 0 || memcmp(t->unit_ids[u].bytes, t->unit_ids[best].bytes, 32) < 0)) best = u;
    }
    return best;
}

typedef struct choice {
    test_peer *peer;
    int        unit;
} choice;

/* provider PROVIDERS: all of them. */
static size_t choose(test_offer *offers, const wish *v, size_t provider, uint64_t counts[PROVIDERS], choice *out,
                     size_t chosen)
{
    for (size_t i = 0; i < OFFERS; i++) {
        test_offer *o = &offers[i];
        if (!wanted(v, o) || (provider != PROVIDERS && o->provider != provider)) continue;
        for (uint64_t k = 0; k < o->peers_count && chosen < v->target && counts[o->provider] < v->per_provider; k++) {
            int unit = o->peers[k].committed ? free_unit(&o->peers[k]) : -1;
            if (unit < 0) continue;
            out[chosen++] = (choice){ &o->peers[k], unit };
            counts[o->provider]++;
        }
    }
    return chosen;
}

static size_t oracle(test_offer *offers, const wish *v, choice *out)
{
    uint64_t counts[PROVIDERS] = { 0 };
    size_t   chosen            = 0;
    if (v->access != CHAIN__ACCESS_WHITELIST) return choose(offers, v, PROVIDERS, counts, out, 0);
    for (size_t i = 0; i < PROVIDERS; i++) {
        if (v->listed >> i & 1) chosen = choose(offers, v, i, counts, out, chosen);
    }
    return chosen;
}

static void try_wish(test_offer *offers, const wish *v)
{
    choice      chosen[16];
    eth_value   list[PROVIDERS];
    size_t      listed = 0, want = oracle(offers, v, chosen);
    world_order o = order(v->price, v->target);
    for (size_t i = 0; i < PROVIDERS; i++) {
        if (v->listed >> i & 1) list[listed++] = world_name(provider_names[i]);
    }
    o.per_provider         = v->per_provider;
    o.access               = v->access;
    o.effectors            = effectors_of(v->effectors);
    o.list                 = world_list(&w, list, listed);
    eth_address     deal   = world_deal(&w, "cara", &o);
    const eth_value args[] = { eth_of_address(&deal) };
    assert_int_equal(world_call(&w, "cara", CHAIN_MARKET, MATCH_LISTED, args), want > 0);
    if (!want) return;
    assert_int_equal(world_result(&w), want);
    DEAL_OK(&w, "x", &deal, "getComputeUnits()", eth_word(0));
    assert_int_equal(w.out.items[0].items_count, want);
    for (size_t i = 0; i < want; i++) {
        chain__id got = chain__to_id(&w.out.items[0].items[i].items[0]);
        assert_memory_equal(got.bytes, chosen[i].peer->unit_ids[chosen[i].unit].bytes, 32);
        chosen[i].peer->taken[chosen[i].unit] = true;
    }
}

static uint64_t the_seed;

static int tell_seed(void **state)
{
    print_message("the last seed: %u\n", (unsigned)the_seed);
    return tear_down(state);
}

static void test_oracle(void **state)
{
    static test_offer offers[OFFERS];
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        riv_prng p = riv_prng_seed(the_seed = seed);
        tear_down(state);
        set_up(state);
        for (size_t i = 1; i < PROVIDERS; i++) world_provider(&w, provider_names[i]);
        for (uint64_t i = 0; i < OFFERS; i++) make_offer(&p, &offers[i], i);
        qsort(offers, OFFERS, sizeof offers[0], by_price);
        world_to_epoch(&w, 2);
        for (size_t i = 0; i < DEALS; i++) {
            wish v = { .price        = 1 + riv_prng_below(&p, 9),
                       .effectors    = riv_prng_below(&p, 4),
                       .target       = 1 + riv_prng_below(&p, 8),
                       .per_provider = 1 + riv_prng_below(&p, 4),
                       .access       = riv_prng_below(&p, 3),
                       .listed       = riv_prng_below(&p, 16) };
            try_wish(offers, &v);
        }
    }
}

/* ---- published deals ---- */

static void test_pick_up(void **state)
{
    (void)state;
    world_provider(&w, "max");
    (void)world_offer(&w, "pia", 5, none(),
                      WORLD_LIST(&w, world_peer(&w, "good", 2), world_peer(&w, "bare", 1), world_peer(&w, "more", 1)));
    (void)world_offer(&w, "pia", 11, none(), WORLD_LIST(&w, world_peer(&w, "dear", 1)));
    (void)world_offer(&w, "max", 1, none(), WORLD_LIST(&w, world_peer(&w, "other", 1)));
    commit("pia", "good", 2);
    commit("pia", "more", 1);
    world_to_epoch(&w, 2);
    world_order o    = order(10, 2);
    o.min            = 2;
    o.access         = CHAIN__ACCESS_BLACKLIST;
    o.list           = WORLD_LIST(&w, world_name("max"));
    eth_address deal = world_deal(&w, "cara", &o);
    eth_value   at = eth_of_address(&deal), good = WORLD_LIST(&w, world_id_value("good 0"));
    WORLD_REVERTS(&w, "Deal is not published", "pia", CHAIN_MARKET, PICK_UP, at, good);
    WORLD_REVERTS(&w, "Matcher: sender is not deal owner", "pia", CHAIN_MARKET, "publishDeal(address)", at);
    WORLD_REVERTS(&w, "reverted without a reason", "pia", CHAIN_MARKET, "publishDeal(address)", world_name("nobody"));
    WORLD_OK(&w, "cara", CHAIN_MARKET, "publishDeal(address)", at);
    assert_int_equal(world_events(&w, CHAIN__EVENT_PUBLISHED), 1);
    WORLD_REVERTS(&w, "Deal is already published", "cara", CHAIN_MARKET, "publishDeal(address)", at);
    WORLD_OK(&w, "x", CHAIN_MARKET, "isPublished(address)", at);
    assert_int_equal(world_result(&w), 1);
    WORLD_OK(&w, "x", CHAIN_MARKET, "publishedDeals(uint256,uint256)", eth_word(0), eth_word(10));
    assert_int_equal(w.out.items[0].items_count, 1);
    assert_int_equal(u256_cmp(w.out.items[0].items[0].word, at.word), 0);

    const struct {
        const char *why, *by, *unit;
    } cases[] = {
        { "Compute unit doesn't exist", "pia", "?" },
        { "Only provider can pick up a deal", "eve", "good 0" },
        { "Only provider can pick up a deal", "good owner", "good 0" },
        { "Compute unit has no active commitment", "pia", "bare 0" },
        { "Price of the deal is below the offer's", "pia", "dear 0" },
        { "Provider is not allowed in the deal", "max", "other 0" },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        WORLD_REVERTS(&w, cases[i].why, cases[i].by, CHAIN_MARKET, PICK_UP, at,
                      WORLD_LIST(&w, world_id_value(cases[i].unit)));
    }
    WORLD_REVERTS(&w, "No compute units given", "pia", CHAIN_MARKET, PICK_UP, at, none());
    WORLD_REVERTS(&w, "PeerId already used", "pia", CHAIN_MARKET, PICK_UP, at,
                  WORLD_LIST(&w, world_id_value("good 0"), world_id_value("good 1")));
    assert_false(unit_is_in("good 0", &deal)); /* all or nothing */
    WORLD_OK(&w, "pia", CHAIN_MARKET, PICK_UP, at,
             good); /* fewer than the least number of workers: they come one by one */
    assert_int_equal(world_events(&w, CHAIN__EVENT_MATCHED), 1);
    assert_true(unit_is_in("good 0", &deal));
    WORLD_REVERTS(&w, "Compute unit already reserved", "pia", CHAIN_MARKET, PICK_UP, at, good);
    WORLD_OK(&w, "pia", CHAIN_MARKET, PICK_UP, at, WORLD_LIST(&w, world_id_value("more 0")));
    WORLD_REVERTS(&w, "Target units reached", "pia", CHAIN_MARKET, PICK_UP, at,
                  WORLD_LIST(&w, world_id_value("good 1")));
    WORLD_OK(&w, "cara", CHAIN_MARKET, "unpublishDeal(address)", at);
    WORLD_REVERTS(&w, "Deal is not published", "cara", CHAIN_MARKET, "unpublishDeal(address)", at);
    WORLD_OK(&w, "cara", CHAIN_MARKET, "publishDeal(address)", at);
    DEAL_OK(&w, "cara", &deal, "stop()", eth_word(0));
    assert_int_equal(world_events(&w, CHAIN__EVENT_UNPUBLISHED), 1);
    WORLD_OK(&w, "x", CHAIN_MARKET, "publishedDealsCount()", eth_word(0));
    assert_int_equal(world_result(&w), 0);
    WORLD_REVERTS(&w, "Deal is ended", "cara", CHAIN_MARKET, "publishDeal(address)", at);
}

/* The original's rules know none of ours. */
static void test_g0(void **state)
{
    (void)state;
    (void)world_offer(&w, "pia", 5, none(), WORLD_LIST(&w, world_peer(&w, "good", 1)));
    commit("pia", "good", 1);
    world_to_epoch(&w, 2);
    world_order o    = order(10, 1);
    eth_address deal = world_deal(&w, "cara", &o);
    eth_value   at   = eth_of_address(&deal);
    WORLD_REVERTS(&w, "MinWorkersNotMatched(1)", "cara", CHAIN_MARKET, MATCH, at, none(), none());
    WORLD_REVERTS(&w, "reverted without a reason", "cara", CHAIN_MARKET, MATCH_LISTED, at);
    WORLD_REVERTS(&w, "reverted without a reason", "cara", CHAIN_MARKET, "publishDeal(address)", at);
    WORLD_REVERTS(&w, "reverted without a reason", "pia", CHAIN_MARKET, PICK_UP, at,
                  WORLD_LIST(&w, world_id_value("good 0")));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define TEST_G0(f)                                                                                                     \
    {                                                                                                                  \
#f " g0", f, set_up_g0, tear_down, NULL                                                                        \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_candidates),       TEST_G0(test_candidates),
        TEST(test_listed),           TEST(test_failed_commitment),
        TEST(test_passed_by),        TEST(test_versions),
        TEST(test_passed_is_paid),   TEST(test_bounded),
        TEST(test_many_workers),     TEST(test_back_and_away),
        TEST_G0(test_back_and_away), cmocka_unit_test_setup_teardown(test_oracle, set_up, tell_seed),
        TEST(test_pick_up),          TEST_G0(test_g0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
