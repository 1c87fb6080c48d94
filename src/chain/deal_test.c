/* deal_test.c: deals: creation, owners, access, units, workers, money, the end; every refusal with its text; random lives against a model.
 * Units come by whitelists, which ask for no commitment; commitments are match_test.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/market_testing.h"

#define MATCH  "matchDeal(address,bytes32[],bytes32[][])"
#define RETURN "returnComputeUnitFromDeal(bytes32)"
enum { INSUFFICIENT, ACTIVE, ENDED, NOT_ENOUGH, SMALL };

static world w;

static int open_world(chain_rules rules)
{
    world_open(&w, rules);
    world_provider(&w, "pia");
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

/* A whitelist with pia in it; price 10. */
static world_order order(uint64_t deposit, uint64_t min, uint64_t target)
{
    return (world_order){ .deposit      = deposit,
                          .min          = min,
                          .target       = target,
                          .per_provider = 100,
                          .price        = 10,
                          .access       = CHAIN__ACCESS_WHITELIST,
                          .effectors    = none(),
                          .list         = WORLD_LIST(&w, world_name("pia")) };
}

/* An offer of peers "peer 0", "peer 1", ... with a unit each: "peer 0 0", ... */
static chain__id offer_of(uint64_t peers)
{
    eth_value *all = riv_new(w.arena, eth_value, peers + 1);
    for (uint64_t i = 0; i < peers; i++) all[i] = world_peer(&w, world_unit(&w, "peer", i), 1);
    return world_offer(&w, "pia", 5, none(), eth_list(all, peers));
}

static const char *unit_of(uint64_t i) { return riv_cstr(w.arena, riv_format(w.arena, "peer %u 0", (unsigned)i)); }

static void match(const eth_address *deal, const chain__id *offer, uint64_t from, uint64_t count)
{
    eth_value *units = riv_new(w.arena, eth_value, count + 1);
    for (uint64_t i = 0; i < count; i++) units[i] = world_id_value(unit_of(from + i));
    WORLD_OK(&w, "cara", CHAIN_MARKET, MATCH, eth_of_address(deal), WORLD_LIST(&w, eth_of_hash(offer->bytes)),
             WORLD_LIST(&w, eth_list(units, count)));
}

static void set_worker(const eth_address *deal, uint64_t i)
{
    DEAL_OK(&w, "pia", deal, "setWorker(bytes32,bytes32)", world_id_value(unit_of(i)), world_id_value("worker"));
}

static uint64_t number(const eth_address *deal, const char *signature)
{
    return deal_number(&w, deal, signature, eth_word(0));
}
static uint64_t reward(const eth_address *deal, uint64_t i)
{
    return deal_number(&w, deal, "getRewardAmount(bytes32)", world_id_value(unit_of(i)));
}

/* ---- creation ---- */

static void test_create(void **state)
{
    (void)state;
    eth_address factory = chain_contract_address(CHAIN_DEAL_FACTORY);
    world_order o       = order(1000, 1, 3);
    o.effectors         = WORLD_LIST(&w, world_cid(&w, "curl"), world_cid(&w, "ipfs"));
    world_to_epoch(&w, 5);
    eth_address deal = world_deal(&w, "cara", &o), first = eth_create_address(&factory, 1);
    assert_memory_equal(deal.bytes, first.bytes, 20); /* the original's: CREATE with the nonces 1, 2, ... */
    uint64_t block = w.height;
    assert_int_equal(world_usd_at(&w, &deal), 1000);
    assert_int_equal(world_usd_of(&w, "cara"), 0);
    assert_int_equal(world_usd_at(&w, &factory), 0);
    eth_address second = world_deal(&w, "cara", &o), next = eth_create_address(&factory, 2);
    assert_memory_equal(second.bytes, next.bytes, 20);
    WORLD_OK(&w, "x", CHAIN_DEAL_FACTORY, "hasDeal(address)", eth_of_address(&deal));
    assert_int_equal(world_result(&w), 1);
    WORLD_OK(&w, "x", CHAIN_DEAL_FACTORY, "hasDeal(address)", world_name("pia"));
    assert_int_equal(world_result(&w), 0);

    static const struct {
        const char *view;
        uint64_t    want;
    } views[] = {
        { "minWorkers()", 1 },           { "targetWorkers()", 3 },      { "maxWorkersPerProvider()", 100 },
        { "pricePerWorkerEpoch()", 10 }, { "getProtocolVersion()", 1 }, { "providersAccessType()", 1 },
        { "getFreeBalance()", 1000 },    { "getMaxPaidEpoch()", 0 },    { "getStatus()", NOT_ENOUGH },
        { "getComputeUnitCount()", 0 },  { "getWorkerCount()", 0 },
    };
    for (size_t i = 0; i < RIV_COUNT(views); i++) assert_int_equal(number(&deal, views[i].view), views[i].want);
    assert_int_equal(number(&deal, "creationBlock()"), block);
    DEAL_OK(&w, "x", &deal, "owner()", eth_word(0));
    assert_int_equal(u256_cmp(w.out.items[0].word, world_name("cara").word), 0);
    DEAL_OK(&w, "x", &deal, "paymentToken()", eth_word(0));
    assert_int_equal(u256_cmp(w.out.items[0].word, world_usd().word), 0);
    DEAL_OK(&w, "x", &deal, "appCID()", eth_word(0));
    assert_int_equal(u256_cmp(w.out.items[0].items[1].word, world_id_value("app").word), 0);
    DEAL_OK(&w, "x", &deal, "effectors()", eth_word(0));
    assert_int_equal(w.out.items[0].items_count, 2);
    assert_int_equal(u256_cmp(w.out.items[0].items[1].items[1].word, world_id_value("ipfs").word), 0);
    assert_int_equal(u256_cmp(w.out.items[0].items[1].items[0].word, world_cid(&w, "ipfs").items[0].word), 0);
    DEAL_REVERTS(&w, "Initializable: contract is already initialized", "cara", &deal,
                 "initialize(address,(bytes4,bytes32),address,uint256,uint256,uint256,uint256,(bytes4,bytes32)[],uint8,"
                 "address[],uint256)",
                 eth_word(0), world_cid(&w, "x"), eth_word(0), eth_word(0), eth_word(0), eth_word(0), eth_word(0),
                 none(), eth_word(0), none(), eth_word(0));
}

static void test_create_refused(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        uint64_t    deposit, min, target, price, access;
    } cases[] = {
        { "Config: minWorkers should be greater than 0", 1000, 0, 3, 10, 0 },
        { "Config: minWorkers should be less or equal to targetWorkers", 1000, 4, 3, 10, 0 },
        { "Config: pricePerWorkerEpoch should be greater than 0", 1000, 1, 3, 0, 0 },
        { "Deposit amount is less than minimum required", 59, 1, 3, 10, 0 },
        { "reverted without a reason", 1000, 1, 3, 10, 3 },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        world_order o = order(cases[i].deposit, cases[i].min, cases[i].target);
        o.price       = cases[i].price;
        o.access      = cases[i].access;
        assert_false(world_try_deal(&w, "cara", &o));
        assert_string_equal(riv_cstr(w.arena, w.text), cases[i].why);
    }
    world_order least = order(60, 1, 3);
    (void)world_deal(&w, "cara", &least); /* exactly two epochs of all workers */
    assert_int_equal(world_usd_of(&w, "cara"), 4059);

    const eth_value poor[] = { world_cid(&w, "a"), world_usd(), eth_word(100), eth_word(1), eth_word(1), eth_word(1),
                               eth_word(10),       none(),      eth_word(0),   none(),      eth_word(1) };
    assert_false(world_call(&w, "dora", CHAIN_DEAL_FACTORY, WORLD_DEPLOY, poor));
    assert_string_equal(riv_cstr(w.arena, w.text), "ERC20: insufficient allowance");
    u256      most;
    eth_value huge[RIV_COUNT(poor)];
    (void)!u256_sub(U256_ZERO, u256_of(1), &most);
    memcpy(huge, poor, sizeof poor);
    huge[4] = eth_number(most); /* target workers */
    assert_false(world_call(&w, "dora", CHAIN_DEAL_FACTORY, WORLD_DEPLOY, huge));
    assert_string_equal(riv_cstr(w.arena, w.text), "Panic 0x11");
}

/* ---- the owner ---- */

static void test_owner(void **state)
{
    (void)state;
    world_order o    = order(1000, 1, 3);
    eth_address deal = world_deal(&w, "cara", &o), eve = world_who("eve");
    riv_buf     text = riv_buf_in(w.arena);
    riv_putf(&text, "OwnableUnauthorizedAccount(0x");
    for (size_t i = 0; i < 20; i++) riv_putf(&text, "%02x", eve.bytes[i]);
    riv_putf(&text, ")");
    const char *denied = riv_cstr(w.arena, riv_buf_str(&text));
    const struct {
        const char *what;
        eth_value   arg;
    } calls[] = {
        { "deposit(uint256)", eth_word(1) },
        { "withdraw(uint256)", eth_word(1) },
        { "stop()", eth_word(0) },
        { "setAppCID((bytes4,bytes32))", world_cid(&w, "x") },
        { "changeProvidersAccessType(uint8)", eth_word(0) },
        { "addProviderToAccessList(address)", world_name("x") },
        { "removeProviderFromAccessList(address)", world_name("x") },
        { "transferOwnership(address)", world_name("eve") },
        { "renounceOwnership()", eth_word(0) },
    };
    for (size_t i = 0; i < RIV_COUNT(calls); i++) {
        DEAL_REVERTS(&w, denied, "eve", &deal, calls[i].what, calls[i].arg);
    }
    DEAL_REVERTS(&w, "OwnableInvalidOwner(0x0000000000000000000000000000000000000000)", "cara", &deal,
                 "transferOwnership(address)", eth_word(0));
    DEAL_OK(&w, "cara", &deal, "setAppCID((bytes4,bytes32))", world_cid(&w, "new app"));
    assert_int_equal(world_events(&w, CHAIN__EVENT_APP), 1);
    DEAL_OK(&w, "cara", &deal, "transferOwnership(address)", world_name("eve"));
    DEAL_OK(&w, "eve", &deal, "renounceOwnership()", eth_word(0));
    DEAL_REVERTS(&w, denied, "eve", &deal, "stop()", eth_word(0));
}

static void test_access(void **state)
{
    (void)state;
    world_order o    = order(1000, 1, 3);
    eth_address deal = world_deal(&w, "cara", &o);
#define ALLOWED(name) deal_number(&w, &deal, "isProviderAllowed(address)", world_name(name))
    assert_int_equal(ALLOWED("pia"), 1);
    assert_int_equal(ALLOWED("bob"), 0);
    DEAL_REVERTS(&w, "Config: access type is already set", "cara", &deal, "changeProvidersAccessType(uint8)",
                 eth_word(1));
    DEAL_REVERTS(&w, "reverted without a reason", "cara", &deal, "changeProvidersAccessType(uint8)", eth_word(3));
    DEAL_OK(&w, "cara", &deal, "changeProvidersAccessType(uint8)", eth_word(2)); /* the same list, the other way */
    assert_int_equal(ALLOWED("pia"), 0);
    assert_int_equal(ALLOWED("bob"), 1);
    DEAL_OK(&w, "cara", &deal, "addProviderToAccessList(address)", world_name("bob"));
    DEAL_OK(&w, "cara", &deal, "removeProviderFromAccessList(address)", world_name("pia"));
    assert_int_equal(ALLOWED("pia"), 1);
    assert_int_equal(ALLOWED("bob"), 0);
    DEAL_OK(&w, "cara", &deal, "changeProvidersAccessType(uint8)", eth_word(0));
    assert_int_equal(ALLOWED("bob"), 1);
    DEAL_REVERTS(&w, "Config: access type is NONE", "cara", &deal, "addProviderToAccessList(address)", world_name("x"));
#undef ALLOWED
}

/* ---- the life of a deal, by hand ---- */

static void test_life(void **state)
{
    (void)state;
    world_to_epoch(&w, 3);
    chain__id   offer = offer_of(2);
    world_order o     = order(100, 1, 2);
    eth_address deal  = world_deal(&w, "cara", &o);
    match(&deal, &offer, 0, 2);
    assert_int_equal(world_events(&w, CHAIN__EVENT_MATCHED), 2);
    assert_int_equal(number(&deal, "getComputeUnitCount()"), 2);
    assert_int_equal(deal_number(&w, &deal, "getComputeUnitCount(address)", world_name("pia")), 2);
    assert_int_equal(deal_number(&w, &deal, "isComputePeerExist(bytes32)", world_id_value("peer 1")), 1);
    assert_int_equal(number(&deal, "getStatus()"), NOT_ENOUGH);
    DEAL_REVERTS(&w, "WorkerId can't be empty", "pia", &deal, "setWorker(bytes32,bytes32)", world_id_value(unit_of(0)),
                 eth_word(0));
    DEAL_REVERTS(&w, "ComputeUnit not found", "pia", &deal, "setWorker(bytes32,bytes32)", world_id_value("?"),
                 eth_word(1));
    DEAL_REVERTS(&w, "Only provider or owner can set worker", "eve", &deal, "setWorker(bytes32,bytes32)",
                 world_id_value(unit_of(0)), eth_word(1));
    DEAL_REVERTS(&w, "Config: caller is not the Market", "pia", &deal, "removeComputeUnit(bytes32)",
                 world_id_value(unit_of(0)));
    DEAL_REVERTS(&w, "Config: caller is not the Market", "pia", &deal, "addComputeUnit(address,bytes32,bytes32)",
                 world_name("pia"), eth_word(1), eth_word(1));
    DEAL_OK(&w, "peer 0 owner", &deal, "setWorker(bytes32,bytes32)", world_id_value(unit_of(0)),
            world_id_value("worker"));
    assert_int_equal(w.logs.len, 2); /* the worker, and until when it is paid */
    assert_int_equal(number(&deal, "getMaxPaidEpoch()"), 2 + 100 / 10);
    assert_int_equal(number(&deal, "getStatus()"), ACTIVE);
    DEAL_OK(&w, "pia", &deal, "setWorker(bytes32,bytes32)", world_id_value(unit_of(0)), world_id_value("worker 2"));
    assert_int_equal(w.logs.len, 1); /* another id is no commit */
    DEAL_OK(&w, "x", &deal, "getComputeUnits()", eth_word(0));
    assert_int_equal(w.out.items[0].items_count, 2);
    assert_int_equal(u256_cmp(w.out.items[0].items[0].items[1].word, world_id_value("worker 2").word), 0);
    assert_int_equal(w.out.items[0].items[0].items[4].word.limb[0], 3);

    world_to_epoch(&w, 5); /* the epochs 3 and 4 are over */
    assert_int_equal(reward(&deal, 0), 20);
    assert_int_equal(reward(&deal, 1), 0);
    assert_int_equal(number(&deal, "getFreeBalance()"), 80);
    set_worker(&deal, 1);
    assert_int_equal(number(&deal, "getMaxPaidEpoch()"), 4 + 80 / 20);
    DEAL_REVERTS(&w, "Only provider or owner can withdraw", "cara", &deal, "withdrawRewards(bytes32)",
                 world_id_value(unit_of(0)));
    DEAL_OK(&w, "peer 0 owner", &deal, "withdrawRewards(bytes32)", world_id_value(unit_of(0)));
    assert_int_equal(world_usd_of(&w, "pia"), 20); /* the provider, whoever asks */
    assert_int_equal(world_usd_at(&w, &deal), 80);

    world_to_epoch(&w, 7);
    assert_int_equal(number(&deal, "getFreeBalance()"), 40);
    assert_int_equal(number(&deal, "getStatus()"), ACTIVE); /* 2 epochs of 2 workers are there */
    world_to_epoch(&w, 8);
    assert_int_equal(number(&deal, "getStatus()"), SMALL); /* Q3 */
    world_to_epoch(&w, 9);
    assert_int_equal(number(&deal, "getStatus()"), INSUFFICIENT);
    world_to_epoch(&w, 12);
    assert_int_equal(reward(&deal, 0), 40); /* 5 to 8 */
    world_give(&w, "cara", U256_ZERO, u256_of(60));
    WORLD_OK(&w, "cara", CHAIN_USD, "approve(address,uint256)", eth_of_address(&deal), eth_word(60));
    DEAL_OK(&w, "cara", &deal, "deposit(uint256)", eth_word(60)); /* Q5: it goes on, with this epoch */
    assert_int_equal(number(&deal, "getMaxPaidEpoch()"), 11 + 3);
    DEAL_REVERTS(&w, "Free balance needs to cover minDealDepositedEpochs", "cara", &deal, "withdraw(uint256)",
                 eth_word(21));
    DEAL_REVERTS(&w, "Panic 0x11", "cara", &deal, "withdraw(uint256)", eth_word(61));
    DEAL_OK(&w, "cara", &deal, "withdraw(uint256)", eth_word(20));
    assert_int_equal(number(&deal, "getMaxPaidEpoch()"), 11 + 2);

    WORLD_REVERTS(&w, "Only deal owner, peer owner and provider can remove compute unit from deal", "eve", CHAIN_MARKET,
                  RETURN, world_id_value(unit_of(1)));
    world_to_epoch(&w, 13);
    WORLD_OK(&w, "cara", CHAIN_MARKET, RETURN, world_id_value(unit_of(1))); /* 40 and 10 for the epoch 12 */
    assert_int_equal(world_usd_of(&w, "pia"), 20 + 50);
    assert_int_equal(number(&deal, "getMaxPaidEpoch()"), 12 + 2);
    DEAL_OK(&w, "cara", &deal, "stop()", eth_word(0));
    assert_int_equal(number(&deal, "getStatus()"), ENDED);
    assert_int_equal(number(&deal, "getMaxPaidEpoch()"), 13);
    assert_int_equal(number(&deal, "getFreeBalance()"), 10); /* the epoch in which it ends is paid */
    DEAL_REVERTS(&w, "Deal is not active", "cara", &deal, "stop()", eth_word(0));
    DEAL_REVERTS(&w, "Deal is ended", "cara", &deal, "deposit(uint256)", eth_word(1));
    DEAL_REVERTS(&w, "Deal is ended", "pia", &deal, "setWorker(bytes32,bytes32)", world_id_value(unit_of(0)),
                 eth_word(1));
    DEAL_REVERTS(&w, "Can't withdraw before minDealDepositedEpochs after deal end", "cara", &deal, "withdraw(uint256)",
                 eth_word(10));
    world_to_epoch(&w, 15);
    DEAL_REVERTS(&w, "Can't withdraw before minDealDepositedEpochs after deal end", "cara", &deal, "withdraw(uint256)",
                 eth_word(10));
    world_to_epoch(&w, 16);
    DEAL_OK(&w, "cara", &deal, "withdraw(uint256)", eth_word(10));
    WORLD_OK(&w, "pia", CHAIN_MARKET, RETURN, world_id_value(unit_of(0)));
    assert_int_equal(world_usd_of(&w, "pia"), 20 + 50 + 60);
    assert_int_equal(world_usd_of(&w, "cara"), 30);
    assert_int_equal(world_usd_at(&w, &deal), 0); /* to the last part */
}

/* ---- quirks ---- */

/* Q4: in the original a unit without a worker takes what another has earned. */
static void test_theft(void **state)
{
    (void)state;
    bool        fixed = w.params.rules == CHAIN_FIXED;
    chain__id   offer = offer_of(2);
    world_order o     = order(1000, 1, 2);
    world_to_epoch(&w, 1);
    eth_address deal = world_deal(&w, "cara", &o);
    match(&deal, &offer, 0, 2);
    set_worker(&deal, 0);
    world_to_epoch(&w, 4); /* 30 for unit 0 */
    DEAL_OK(&w, "pia", &deal, "withdrawRewards(bytes32)", world_id_value(unit_of(1)));
    assert_int_equal(world_usd_of(&w, "pia"), fixed ? 0 : 30);
    assert_int_equal(reward(&deal, 0), 30);
    if (fixed) {
        DEAL_OK(&w, "pia", &deal, "withdrawRewards(bytes32)", world_id_value(unit_of(0)));
        assert_int_equal(world_usd_of(&w, "pia"), 30);
    } else {
        DEAL_REVERTS(&w, "Panic 0x11", "pia", &deal, "withdrawRewards(bytes32)", world_id_value(unit_of(0)));
    }
}

/* The thief's count begins with the first epoch of the chain, not of the deal: gaps are those of the deal. */
static void test_late_theft(void **state)
{
    (void)state;
    chain__id   offer = offer_of(2);
    world_order o     = order(1000, 1, 2);
    world_to_epoch(&w, 3);
    eth_address deal = world_deal(&w, "cara", &o);
    match(&deal, &offer, 0, 2);
    set_worker(&deal, 0);
    world_to_epoch(&w, 8); /* 50 for unit 0, 70 for the thief */
    DEAL_REVERTS(&w, "Panic 0x11", "pia", &deal, "withdrawRewards(bytes32)", world_id_value(unit_of(1)));
}

/* Q2: the original takes a price of zero, for which no offer fits. */
static void test_price_zero(void **state)
{
    (void)state;
    chain__id   offer = world_offer(&w, "pia", 1, none(), WORLD_LIST(&w, world_peer(&w, "peer 0", 1)));
    world_order o     = order(0, 1, 1);
    o.price           = 0;
    eth_address deal  = world_deal(&w, "cara", &o);
    assert_int_equal(number(&deal, "getStatus()"), NOT_ENOUGH);
    WORLD_REVERTS(&w, "MinWorkersNotMatched(1)", "cara", CHAIN_MARKET, MATCH, eth_of_address(&deal),
                  WORLD_LIST(&w, eth_of_hash(offer.bytes)), WORLD_LIST(&w, WORLD_LIST(&w, world_id_value(unit_of(0)))));
}

/* Q6: one unit more than a provider may bring is skipped; in the original it takes the whole match with it. Q7: a reserved unit of a whitelist reverts. */
static void test_match_quirks(void **state)
{
    (void)state;
    bool        fixed = w.params.rules == CHAIN_FIXED;
    chain__id   offer = offer_of(4);
    world_order o     = order(1000, 1, 4);
    o.per_provider    = 2;
    eth_address deal = world_deal(&w, "cara", &o), other = world_deal(&w, "cara", &o);
    eth_value   units =
        WORLD_LIST(&w, world_id_value(unit_of(0)), world_id_value(unit_of(1)), world_id_value(unit_of(2)));
    eth_value ids = WORLD_LIST(&w, eth_of_hash(offer.bytes));
    if (fixed) {
        WORLD_OK(&w, "cara", CHAIN_MARKET, MATCH, eth_of_address(&deal), ids, WORLD_LIST(&w, units));
        assert_int_equal(number(&deal, "getComputeUnitCount()"), 2);
    } else {
        WORLD_REVERTS(&w, "Max units per compute provider reached", "cara", CHAIN_MARKET, MATCH, eth_of_address(&deal),
                      ids, WORLD_LIST(&w, units));
        match(&deal, &offer, 0, 2);
    }
    WORLD_REVERTS(&w, "Compute unit already reserved", "cara", CHAIN_MARKET, MATCH, eth_of_address(&other), ids,
                  WORLD_LIST(&w, units));
}

static void test_match_refused(void **state)
{
    (void)state;
    chain__id   offer = offer_of(2);
    world_order o     = order(1000, 2, 3);
    eth_address deal = world_deal(&w, "cara", &o), nowhere = world_who("nobody");
    eth_value   at = eth_of_address(&deal), ids = WORLD_LIST(&w, eth_of_hash(offer.bytes));
    eth_value   one = WORLD_LIST(&w, WORLD_LIST(&w, world_id_value(unit_of(0))));
    WORLD_REVERTS(&w, "reverted without a reason", "cara", CHAIN_MARKET, MATCH, eth_of_address(&nowhere), ids, one);
    WORLD_REVERTS(&w, "Matcher: sender is not deal owner", "eve", CHAIN_MARKET, MATCH, at, ids, one);
    WORLD_REVERTS(&w, "Offer doesn't exist", "cara", CHAIN_MARKET, MATCH, at, WORLD_LIST(&w, eth_word(1)), one);
    WORLD_REVERTS(&w, "Compute unit doesn't exist", "cara", CHAIN_MARKET, MATCH, at, ids,
                  WORLD_LIST(&w, WORLD_LIST(&w, eth_word(1))));
    WORLD_REVERTS(&w, "Panic 0x32", "cara", CHAIN_MARKET, MATCH, at, ids, none());
    WORLD_REVERTS(&w, "MinWorkersNotMatched(2)", "cara", CHAIN_MARKET, MATCH, at, ids, one);
    assert_int_equal(number(&deal, "getComputeUnitCount()"), 0); /* taken back */
    match(&deal, &offer, 0, 2);
    WORLD_REVERTS(&w, "Matcher: too early to rematch", "cara", CHAIN_MARKET, MATCH, at, ids, one);
    world_to_epoch(&w, 3);
    WORLD_REVERTS(&w, "Matcher: too early to rematch", "cara", CHAIN_MARKET, MATCH, at, ids, one);
    world_to_epoch(&w, 4);
    WORLD_OK(&w, "cara", CHAIN_MARKET, MATCH, at, ids, one); /* the unit's peer is in the deal: passed over */
    assert_int_equal(number(&deal, "getComputeUnitCount()"), 2);
    DEAL_OK(&w, "cara", &deal, "stop()", eth_word(0));
    WORLD_REVERTS(&w, "Matcher: deal is not active", "cara", CHAIN_MARKET, MATCH, at, ids, one);
}

/* Each offer that does not fit is passed over, and the reason is the only one. */
static void test_misfits(void **state)
{
    (void)state;
    eth_value curl = WORLD_LIST(&w, world_cid(&w, "curl"));
    world_provider(&w, "max");
    chain__id dear    = world_offer(&w, "pia", 11, curl, WORLD_LIST(&w, world_peer(&w, "dear", 1)));
    chain__id plain   = world_offer(&w, "pia", 10, none(), WORLD_LIST(&w, world_peer(&w, "plain", 1)));
    chain__id strange = world_offer(&w, "max", 10, curl, WORLD_LIST(&w, world_peer(&w, "strange", 1)));
    chain__id token   = world_offer(&w, "pia", 10, curl, WORLD_LIST(&w, world_peer(&w, "token", 1)));
    chain__id good    = world_offer(&w, "pia", 10, curl, WORLD_LIST(&w, world_peer(&w, "good", 1)));
    WORLD_OK(&w, "pia", CHAIN_MARKET, "changePaymentToken(bytes32,address)", eth_of_hash(token.bytes),
             world_name("gold"));
    world_order o    = order(1000, 1, 5);
    o.effectors      = curl;
    eth_address deal = world_deal(&w, "cara", &o);
    eth_value   ids  = WORLD_LIST(&w, eth_of_hash(dear.bytes), eth_of_hash(plain.bytes), eth_of_hash(strange.bytes),
                                  eth_of_hash(token.bytes), eth_of_hash(good.bytes));
    eth_value   units =
        WORLD_LIST(&w, WORLD_LIST(&w, world_id_value("dear 0")), WORLD_LIST(&w, world_id_value("plain 0")),
                   WORLD_LIST(&w, world_id_value("strange 0")), WORLD_LIST(&w, world_id_value("token 0")),
                   WORLD_LIST(&w, world_id_value("plain 0"), world_id_value("good 0")));
    WORLD_OK(&w, "cara", CHAIN_MARKET, MATCH, eth_of_address(&deal), ids, units);
    DEAL_OK(&w, "x", &deal, "getComputeUnits()", eth_word(0));
    assert_int_equal(w.out.items[0].items_count, 1);
    assert_int_equal(u256_cmp(w.out.items[0].items[0].items[0].word, world_id_value("good 0").word), 0);
}

/* ---- random lives against a model ---- */

enum { UNITS = 6, LIVES = 12, STEPS = 150 };

/* A unit is paid for an epoch when it has a worker at its end, there are enough of them, and money for all. */
typedef struct model {
    uint64_t free, earned[UNITS], paid, epoch, min, customer;
    bool     joined[UNITS], works[UNITS];
} model;

static void model_next(model *m)
{
    uint64_t n = 0;
    for (size_t i = 0; i < UNITS; i++) n += m->works[i];
    if (n >= m->min && n * 10 <= m->free) {
        m->free -= n * 10;
        for (size_t i = 0; i < UNITS; i++) m->earned[i] += m->works[i] ? 10 : 0;
    }
    m->epoch++;
}

static bool try_deal(const char *who, const eth_address *deal, const char *what, eth_value a, eth_value b)
{
    const eth_value args[] = { a, b };
    return world_call_at(&w, who, U256_ZERO, deal, what, args);
}

static void live(riv_prng *p, model *m, const eth_address *deal)
{
    size_t    i      = riv_prng_below(p, UNITS);
    uint64_t  amount = riv_prng_below(p, 200), least = 2 * 10 * UNITS;
    eth_value unit = world_id_value(unit_of(i));
    switch (riv_prng_below(p, 7)) {
    case 0:
        assert_int_equal(try_deal("pia", deal, "setWorker(bytes32,bytes32)", unit, eth_word(1 + amount)), m->joined[i]);
        m->works[i] = m->joined[i];
        break;
    case 1: {
        const eth_value args[] = { unit };
        if (riv_prng_below(p, 3)) break;
        assert_int_equal(world_call(&w, "cara", CHAIN_MARKET, RETURN, args), m->joined[i]);
        m->paid += m->earned[i];
        m->earned[i] = 0;
        m->joined[i] = m->works[i] = false;
        break;
    }
    case 2:
        assert_int_equal(try_deal("pia", deal, "withdrawRewards(bytes32)", unit, unit), m->joined[i]);
        m->paid += m->earned[i];
        m->earned[i] = 0;
        break;
    case 3:
        world_give(&w, "cara", U256_ZERO, u256_of(amount));
        WORLD_OK(&w, "cara", CHAIN_USD, "approve(address,uint256)", eth_of_address(deal), eth_word(amount));
        assert_true(try_deal("cara", deal, "deposit(uint256)", eth_word(amount), unit));
        m->free += amount;
        break;
    case 4: {
        bool goes = amount <= m->free && m->free - amount >= least;
        assert_int_equal(try_deal("cara", deal, "withdraw(uint256)", eth_word(amount), unit), goes);
        m->free -= goes ? amount : 0;
        m->customer += goes ? amount : 0;
        break;
    }
    default:
        for (uint64_t k = riv_prng_below(p, 3); k > 0; k--) model_next(m);
        world_to_epoch(&w, m->epoch);
    }
}

static void compare(const model *m, const eth_address *deal)
{
    uint64_t locked = 0, joined = 0, working = 0;
    for (size_t i = 0; i < UNITS; i++) {
        locked += m->earned[i];
        joined += m->joined[i];
        working += m->works[i];
        if (m->joined[i]) assert_int_equal(reward(deal, i), m->earned[i]);
    }
    assert_int_equal(number(deal, "getFreeBalance()"), m->free);
    assert_int_equal(number(deal, "getComputeUnitCount()"), joined);
    assert_int_equal(number(deal, "getWorkerCount()"), working);
    assert_int_equal(world_usd_at(&w, deal), m->free + locked); /* what lies in the deal is its owner's or its units' */
    assert_int_equal(world_usd_of(&w, "pia"), m->paid);
    assert_int_equal(world_usd_of(&w, "cara"), m->customer);
}

static uint64_t the_seed;

static int tell_seed(void **state)
{
    print_message("the last seed: %u\n", (unsigned)the_seed);
    return tear_down(state);
}

static void test_lives(void **state)
{
    uint64_t paid = 0;
    for (uint64_t seed = 1; seed <= LIVES; seed++) {
        riv_prng p = riv_prng_seed(the_seed = seed);
        model    m = { .free = 500, .epoch = 1, .min = 1 + riv_prng_below(&p, 3) };
        tear_down(state);
        set_up(state);
        chain__id   offer = offer_of(UNITS);
        world_order o     = order(m.free, m.min, UNITS);
        eth_address deal  = world_deal(&w, "cara", &o);
        match(&deal, &offer, 0, UNITS);
        for (size_t i = 0; i < UNITS; i++) m.joined[i] = true;
        for (size_t i = 0; i < STEPS; i++) {
            live(&p, &m, &deal);
            compare(&m, &deal);
        }
        paid += m.paid;
    }
    assert_true(paid > 1000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define TEST_G0(f)                                                                                                     \
    {                                                                                                                  \
#f " g0", f, set_up_g0, tear_down, NULL                                                                        \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_create),
        TEST(test_create_refused),
        TEST(test_owner),
        TEST(test_access),
        TEST(test_life),
        TEST_G0(test_life),
        TEST(test_theft),
        TEST_G0(test_theft),
        TEST_G0(test_late_theft),
        TEST_G0(test_price_zero),
        TEST(test_match_quirks),
        TEST_G0(test_match_quirks),
        TEST(test_match_refused),
        TEST_G0(test_match_refused),
        TEST(test_misfits),
        TEST_G0(test_misfits),
        cmocka_unit_test_setup_teardown(test_lives, set_up, tell_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
