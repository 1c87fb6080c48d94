/* Tests of capacity.c, cc.c and cc_proofs.c through calls, with mocked hashes: every figure is worked out by hand. FLT is conserved by each step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/market_testing.h"

#include "chain/capacity.h"

#define MILLI  UINT64_C(1000000000000000) /* a thousandth of FLT */
#define CREATE "createCommitment(bytes32,uint256,address,uint256)"
#define SUBMIT "submitProofs(bytes32[],bytes32[],bytes32[])"
#define LEAVE  "removeCUFromCC(bytes32,bytes32[])"

static world     w;
static chain__id cc, offer;
static uint64_t  next_nonce;

static u256 milli(uint64_t n)
{
    u256 out;
    assert_true(u256_mul(u256_of(n), u256_of(MILLI), &out));
    return out;
}

/* All FLT of all accounts. */
static u256 supply(void)
{
    uint8_t   from[CHAIN__KEY_BYTES_MAX] = { 'a' };
    size_t    len                        = 1;
    riv_bytes key, value;
    u256      sum = U256_ZERO, balance;
    uint64_t  nonce;
    while (chain__state_next(w.state, RIV_BYTES("a"), (riv_bytes){ from, len }, &key, &value)) {
        chain__account_parse(value, &nonce, &balance);
        assert_true(u256_add(sum, balance, &sum));
        memcpy(from, key.ptr, key.len);
        from[key.len] = 0;
        len           = key.len + 1;
    }
    return sum;
}

static u256 balance_at(const eth_address *who)
{
    static const eth_address nobody;
    chain__meter             meter = { .gas_left = UINT64_MAX };
    chain__call              c     = world_context(&w, &nobody, who, &meter);
    uint64_t                 nonce;
    u256                     out;
    chain__account_get(&c, who, &nonce, &out);
    return out;
}

static u256 balance_of(const char *name)
{
    eth_address who = world_who(name);
    return balance_at(&who);
}

#define SAME(a, b) assert_int_equal(u256_cmp((a), (b)), 0)

static void pay(const char *from, chain_contract to, u256 value)
{
    eth_address  sender = world_who(from), at = chain_contract_address(to);
    chain__meter meter = { .gas_left = UINT64_MAX };
    chain__call  c     = world_context(&w, &sender, &at, &meter);
    riv_bytes    returned;
    c.value = value;
    assert_int_equal(chain__run(&c, &returned), RIV_OK);
}

/* A provider "p" with a peer "peer" of some units; a thousand FLT for rewards. */
static void open_world(chain_rules rules, uint64_t units)
{
    world_open(&w, rules);
    next_nonce = 1;
    world_give(&w, "dao", milli(1000000), U256_ZERO);
    world_give(&w, "d", milli(100000), U256_ZERO);
    pay("dao", CHAIN_CAPACITY, milli(1000000));
    world_provider(&w, "p");
    offer = world_offer(&w, "p", 1000000, world_none(), WORLD_LIST(&w, world_peer(&w, "peer", units)));
}

static void create(uint64_t duration)
{
    WORLD_OK(&w, "p", CHAIN_CAPACITY, CREATE, world_id_value("peer"), eth_word(duration), world_name("d"),
             eth_word(3000000));
    cc = world_result_id(&w);
}

static eth_value ccs(void) { return WORLD_LIST(&w, chain__of_id(&cc)); }

static bool deposit(const char *who, u256 value)
{
    eth_address     at     = chain_contract_address(CHAIN_CAPACITY);
    const eth_value args[] = { ccs() };
    return world_call_at(&w, who, value, &at, "depositCollateral(bytes32[])", args);
}

static void start(uint64_t units, uint64_t duration)
{
    create(duration);
    assert_true(deposit("d", milli(100 * units)));
}

static uint64_t status(void)
{
    WORLD_OK(&w, "anyone", CHAIN_CAPACITY, "getStatus(bytes32)", chain__of_id(&cc));
    return world_result(&w);
}

typedef enum field { STATUS, PEER, COLLATERAL, UNITS, START, END, RATE, DELEGATOR, FAILS, FAILED_AT, EXITED } field;
static uint64_t view(field f)
{
    WORLD_OK(&w, "anyone", CHAIN_CAPACITY, "getCommitment(bytes32)", chain__of_id(&cc));
    return w.out.items[0].items[f].word.limb[0];
}

static u256 amount(const char *function)
{
    WORLD_OK(&w, "anyone", CHAIN_CAPACITY, function, chain__of_id(&cc));
    return w.out.items[0].word;
}

static uint64_t core(const char *function)
{
    WORLD_OK(&w, "anyone", CHAIN_CORE, function, eth_word(0));
    return world_result(&w);
}

static bool try_prove(const char *by, uint64_t unit, uint64_t count)
{
    eth_value units[8], nonces[8], hashes[8];
    for (uint64_t i = 0; i < count; i++) {
        units[i]  = world_id_value(world_unit(&w, "peer", unit));
        nonces[i] = eth_word(next_nonce++);
        hashes[i] = eth_of_hash(w.params.difficulty);
    }
    const eth_value args[] = { world_list(&w, units, count), world_list(&w, nonces, count),
                               world_list(&w, hashes, count) };
    return world_call(&w, by, CHAIN_CAPACITY, SUBMIT, args);
}

static void prove(uint64_t unit, uint64_t count)
{
    if (!try_prove("peer owner", unit, count))
        fail_msg("epoch %u: " RIV_FMT, (unsigned)world_epoch(&w), RIV_ARG(w.text));
}

#define UNIT(n) world_id_value(world_unit(&w, "peer", (n)))

/* Ten epochs of proofs: all rewards, no slash, everything is paid back. */
static void test_life(void **state)
{
    (void)state;
    for (chain_rules rules = CHAIN_FIXED; rules <= CHAIN_G0; rules++) {
        open_world(rules, 2);
        u256 all = supply(), delegated, provided, got;
        create(10);
        assert_int_equal(status(), CHAIN__CC_WAIT_DELEGATION);
        assert_true(deposit("d", milli(200)));
        assert_int_equal(world_events(&w, "CollateralDeposited(bytes32 indexed commitmentId,uint256 totalCollateral)"),
                         1);
        SAME(supply(), all);
        SAME(balance_of("d"), milli(99800));
        assert_int_equal(status(), CHAIN__CC_WAIT_START);
        assert_int_equal(view(START), 2);
        assert_int_equal(view(END), 12);
        assert_int_equal(core("activeUnitCount()"), 2);
        for (uint64_t epoch = 2; epoch <= 11; epoch++) {
            world_to_epoch(&w, epoch);
            assert_int_equal(status(), CHAIN__CC_ACTIVE);
            prove(0, 2);
            prove(1, 2);
            assert_int_equal(view(FAILS), 0);
        }
        world_to_epoch(&w, 12);
        assert_int_equal(status(), CHAIN__CC_INACTIVE);
        WORLD_OK(&w, "p", CHAIN_CAPACITY, LEAVE, chain__of_id(&cc), WORLD_LIST(&w, UNIT(0), UNIT(1)));
        assert_int_equal(core("activeUnitCount()"), 0);
        WORLD_OK(&w, "anyone", CHAIN_CAPACITY, "finishCommitment(bytes32)", chain__of_id(&cc));
        SAME(balance_of("d"), milli(100000));
        assert_int_equal(status(), CHAIN__CC_REMOVED);
        /* The pool is 10 FLT all the time, each unit has half of it: 5 FLT in 6 parts of 833333333333333333, twenty times. */
        u256 part = u256_of(UINT64_C(833333333333333333)), want;
        assert_true(u256_mul(part, u256_of(120), &want));
        SAME(amount("totalRewards(bytes32)"), want);
        /* By 12: of epochs 2 (from 3 on) four parts, 3 to 5 (6) three, 6 to 8 (9) two, 9 to 11 (12) one: 4+9+6+3 = 22, of two units. */
        assert_true(u256_mul(part, u256_of(44), &want));
        SAME(amount("unlockedRewards(bytes32)"), want);
        WORLD_OK(&w, "p", CHAIN_CAPACITY, "withdrawReward(bytes32)", chain__of_id(&cc));
        assert_true(u256_mul(want, u256_of(3), &delegated)); /* 30 % are the delegator's */
        u256_divmod(delegated, u256_of(10), &delegated, NULL);
        assert_true(u256_sub(want, delegated, &provided));
        SAME(balance_of("p"), provided);
        assert_true(u256_sub(balance_of("d"), milli(100000), &got));
        SAME(got, delegated);
        SAME(amount("unlockedRewards(bytes32)"), U256_ZERO);
        world_to_epoch(&w, 27); /* the last part of epoch 11 */
        WORLD_OK(&w, "d", CHAIN_CAPACITY, "withdrawReward(bytes32)", chain__of_id(&cc));
        SAME(amount("totalRewards(bytes32)"), U256_ZERO);
        SAME(supply(), all);
        create(10); /* the peer may commit again */
        world_close(&w);
    }
}

/* A commitment over many units is dear to make, whether it is removed again or not: an index makes an entry for each of them. */
static void test_creation_paid(void **state)
{
    (void)state;
    for (chain_rules rules = CHAIN_FIXED; rules <= CHAIN_G0; rules++) {
        uint64_t gas[2];
        for (size_t i = 0; i < 2; i++) {
            open_world(rules, i ? 2000 : 1);
            create(10);
            gas[i] = w.gas_used;
            world_close(&w);
        }
        assert_int_equal(gas[1] - gas[0], 1999 * CHAIN__GAS_READ);
    }
}

/* Nothing proved: three failures a unit fail it at epoch 4; 1 % of 0.1 FLT for each of them. */
static void test_failure(void **state)
{
    (void)state;
    for (chain_rules rules = CHAIN_FIXED; rules <= CHAIN_G0; rules++) {
        open_world(rules, 2);
        u256 all = supply();
        WORLD_OK(&w, "owner", CHAIN_CORE, "setCapacityConstant(uint8,uint256)", eth_word(4), eth_word(3));
        start(2, 10);
        world_to_epoch(&w, 4);
        assert_int_equal(status(), CHAIN__CC_ACTIVE);
        WORLD_REVERTS(&w, "CapacityCommitmentIsActive(1)", "p", CHAIN_CAPACITY, LEAVE, chain__of_id(&cc), world_none());
        world_to_epoch(&w, 5);
        assert_int_equal(status(), CHAIN__CC_FAILED);
        assert_false(try_prove("peer owner", 0, 1));
        assert_string_equal(riv_cstr(w.arena, w.text), "CapacityCommitmentIsNotActive(4)");
        WORLD_REVERTS(&w, "CapacityCommitmentIsActive(1)", "anyone", CHAIN_CAPACITY, "finishCommitment(bytes32)",
                      chain__of_id(&cc)); /* as stored */
        WORLD_REVERTS(&w, "Only provider can remove capacity commitment", "d", CHAIN_CAPACITY, LEAVE, chain__of_id(&cc),
                      WORLD_LIST(&w, UNIT(0)));
        WORLD_OK(&w, "p", CHAIN_CAPACITY, LEAVE, chain__of_id(&cc), WORLD_LIST(&w, UNIT(0)));
        assert_int_equal(world_events(&w, CHAIN__EVENT_FAILED), 1);
        assert_int_equal(view(FAILS), 6);
        assert_int_equal(view(FAILED_AT), 4);
        assert_int_equal(view(EXITED), 1);
        assert_int_equal(core("activeUnitCount()"), 0);
        WORLD_REVERTS(&w, "Compute unit is exited", "p", CHAIN_CAPACITY, LEAVE, chain__of_id(&cc),
                      WORLD_LIST(&w, UNIT(0)));
        WORLD_REVERTS(&w, "Compute unit doesn't exist", "p", CHAIN_CAPACITY, LEAVE, chain__of_id(&cc),
                      WORLD_LIST(&w, UNIT(7)));
        WORLD_REVERTS(&w, "Capacity commitment is failed and not enough epochs passed", "anyone", CHAIN_CAPACITY,
                      "finishCommitment(bytes32)", chain__of_id(&cc));
        world_to_epoch(&w, 6);
        WORLD_REVERTS(&w, "For finish commitment all units should be exited", "anyone", CHAIN_CAPACITY,
                      "finishCommitment(bytes32)", chain__of_id(&cc));
        WORLD_OK(&w, "p", CHAIN_CAPACITY, LEAVE, chain__of_id(&cc), WORLD_LIST(&w, UNIT(1)));
        WORLD_OK(&w, "anyone", CHAIN_CAPACITY, "finishCommitment(bytes32)", chain__of_id(&cc));
        SAME(balance_of("owner"), milli(6));
        SAME(balance_of("d"), milli(99994));
        WORLD_REVERTS(&w, "Nothing to withdraw", "p", CHAIN_CAPACITY, "withdrawReward(bytes32)", chain__of_id(&cc));
        SAME(supply(), all);
        world_close(&w);
    }
}

/* Q13: proved at 2, then not until 5: the original slashes for 2, 3, 4, ours for 3 and 4. */
static void test_gap(void **state)
{
    (void)state;
    for (chain_rules rules = CHAIN_FIXED; rules <= CHAIN_G0; rules++) {
        open_world(rules, 1);
        start(1, 10);
        world_to_epoch(&w, 2);
        prove(0, 2);
        for (uint64_t epoch = 5; epoch <= 11; epoch++) {
            world_to_epoch(&w, epoch);
            prove(0, 3);
        }
        assert_int_equal(view(FAILS), 2);
        world_to_epoch(&w, 12);
        WORLD_OK(&w, "p", CHAIN_CAPACITY, LEAVE, chain__of_id(&cc), WORLD_LIST(&w, UNIT(0)));
        WORLD_OK(&w, "anyone", CHAIN_CAPACITY, "finishCommitment(bytes32)", chain__of_id(&cc));
        SAME(balance_of("owner"), milli(rules == CHAIN_G0 ? 3 : 2));
        world_close(&w);
    }
}

static void test_create_reverts(void **state)
{
    (void)state;
    open_world(CHAIN_FIXED, 2);
    WORLD_REVERTS(&w, "Peer doesn't exist", "p", CHAIN_CAPACITY, CREATE, world_id_value("no"), eth_word(10),
                  world_name("d"), eth_word(1));
    WORLD_REVERTS(&w, "Only provider can create capacity commitment", "d", CHAIN_CAPACITY, CREATE,
                  world_id_value("peer"), eth_word(10), world_name("d"), eth_word(1));
    WORLD_REVERTS(&w, "Duration should be greater than min capacity commitment duration", "p", CHAIN_CAPACITY, CREATE,
                  world_id_value("peer"), eth_word(9), world_name("d"), eth_word(1));
    WORLD_REVERTS(&w, "Reward delegation rate should be greater than 0", "p", CHAIN_CAPACITY, CREATE,
                  world_id_value("peer"), eth_word(10), world_name("d"), eth_word(0));
    WORLD_REVERTS(&w, "Reward delegation rate should be less or equal 1", "p", CHAIN_CAPACITY, CREATE,
                  world_id_value("peer"), eth_word(10), world_name("d"), eth_word(10000001));
    WORLD_REVERTS(&w, "Panic 0x11", "p", CHAIN_CAPACITY, CREATE, world_id_value("peer"), eth_word(UINT64_MAX),
                  world_name("d"), eth_word(1));
    w.params.whitelist_enabled = true;
    WORLD_REVERTS(&w, "Whitelist: provider is not approved", "p", CHAIN_CAPACITY, CREATE, world_id_value("peer"),
                  eth_word(10), world_name("d"), eth_word(1));
    WORLD_OK(&w, "owner", CHAIN_CORE, "grantAccess(address)", world_name("p"));
    create(10);
    WORLD_REVERTS(&w, "Peer already has commitment", "p", CHAIN_CAPACITY, CREATE, world_id_value("peer"), eth_word(10),
                  world_name("d"), eth_word(1));
    WORLD_REVERTS(&w, "Only provider can remove capacity commitment", "d", CHAIN_CAPACITY, "removeCommitment(bytes32)",
                  chain__of_id(&cc));
    WORLD_REVERTS(&w, "Peer doesn't exist", "p", CHAIN_CAPACITY, "removeCommitment(bytes32)", world_id_value("no"));
    WORLD_REVERTS(&w, "Capacity commitment doesn't exist", "p", CHAIN_CAPACITY, "getStatus(bytes32)",
                  world_id_value("no"));
    WORLD_REVERTS(&w, "Capacity commitment doesn't exist", "p", CHAIN_CAPACITY, "getCommitment(bytes32)",
                  world_id_value("no"));
    WORLD_OK(&w, "p", CHAIN_CAPACITY, "removeCommitment(bytes32)", chain__of_id(&cc));
    assert_int_equal(world_events(&w, "CommitmentRemoved(bytes32 indexed commitmentId)"), 1);
    WORLD_REVERTS(&w, "Capacity commitment doesn't exist", "p", CHAIN_CAPACITY, "getStatus(bytes32)",
                  chain__of_id(&cc));
    create(10);
    world_close(&w);
}

static void test_deposit(void **state)
{
    (void)state;
    open_world(CHAIN_FIXED, 2);
    create(10);
    u256 all = supply();
    assert_false(deposit("d", milli(199)));
    assert_string_equal(riv_cstr(w.arena, w.text), "Panic 0x11");
    assert_false(deposit("d", milli(201)));
    assert_string_equal(riv_cstr(w.arena, w.text), "Excessive value");
    world_give(&w, "e", milli(200), U256_ZERO);
    assert_false(deposit("e", milli(200)));
    assert_string_equal(riv_cstr(w.arena, w.text), "Only delegator can lock collateral");
    SAME(balance_of("d"), milli(100000)); /* nothing of it was kept */
    assert_true(deposit("d", milli(200)));
    assert_false(deposit("d", milli(200)));
    assert_string_equal(riv_cstr(w.arena, w.text), "Capacity commitment is not in WaitDelegation status");
    WORLD_REVERTS(&w, "Capacity commitment is not in WaitDelegation status", "p", CHAIN_CAPACITY,
                  "removeCommitment(bytes32)", chain__of_id(&cc));
    assert_true(u256_add(all, milli(200), &all));
    SAME(supply(), all);
    world_close(&w);
    open_world(CHAIN_FIXED, 1); /* nobody named: whoever deposits */
    WORLD_OK(&w, "p", CHAIN_CAPACITY, CREATE, world_id_value("peer"), eth_word(10), eth_word(0), eth_word(1));
    cc = world_result_id(&w);
    assert_true(deposit("d", milli(100)));
    eth_address d = world_who("d");
    WORLD_OK(&w, "anyone", CHAIN_CAPACITY, "getCommitment(bytes32)", chain__of_id(&cc));
    SAME(w.out.items[0].items[DELEGATOR].word, eth_of_address(&d).word);
    world_close(&w);
}

static void test_proof_reverts(void **state)
{
    eth_value one = eth_word(1), bad = eth_word(5);
    (void)state;
    open_world(CHAIN_FIXED, 1);
    eth_value unit = UNIT(0), good = eth_of_hash(w.params.difficulty), none = world_none();
    eth_value units = eth_list(&unit, 1), nonces = eth_list(&one, 1), goods = eth_list(&good, 1),
              bads  = eth_list(&bad, 1);
    eth_value other = UNIT(9), others = eth_list(&other, 1);
    WORLD_REVERTS(&w, "No proofs given", "peer owner", CHAIN_CAPACITY, SUBMIT, none, none, none);
    WORLD_REVERTS(&w, "Invalid local nonces number", "peer owner", CHAIN_CAPACITY, SUBMIT, units, none, none);
    WORLD_REVERTS(&w, "Invalid result hashes number", "peer owner", CHAIN_CAPACITY, SUBMIT, units, nonces, none);
    WORLD_REVERTS(&w, "Compute unit doesn't exist", "peer owner", CHAIN_CAPACITY, SUBMIT, others, nonces, goods);
    WORLD_REVERTS(&w, "Only compute peer owner can submit proof", "p", CHAIN_CAPACITY, SUBMIT, units, nonces, goods);
    WORLD_REVERTS(&w, "Compute unit doesn't have commitment", "peer owner", CHAIN_CAPACITY, SUBMIT, units, nonces,
                  goods);
    create(10);
    WORLD_REVERTS(&w, "CapacityCommitmentIsNotActive(2)", "peer owner", CHAIN_CAPACITY, SUBMIT, units, nonces, goods);
    assert_true(deposit("d", milli(100)));
    WORLD_REVERTS(&w, "Capacity commitment is not started", "peer owner", CHAIN_CAPACITY, SUBMIT, units, nonces, goods);
    world_to_epoch(&w, 2);
    WORLD_REVERTS(&w, "Proof is not valid", "peer owner", CHAIN_CAPACITY, SUBMIT, units, nonces, bads);
    WORLD_OK(&w, "peer owner", CHAIN_CAPACITY, SUBMIT, units, nonces, goods);
    assert_int_equal(world_events(&w, CHAIN__EVENT_PROOF), 1);
    assert_int_equal(world_events(&w, CHAIN__EVENT_STATS), 1);
    WORLD_REVERTS(&w, "Proof is already submitted for this unit", "peer owner", CHAIN_CAPACITY, SUBMIT, units, nonces,
                  goods);
    WORLD_REVERTS(&w, "Proof is already submitted for this unit", "peer owner", CHAIN_CAPACITY,
                  "submitProof(bytes32,bytes32,bytes32)", unit, one, good);
    next_nonce = 2;
    prove(0, 4);
    assert_false(try_prove("peer owner", 0, 1));
    assert_string_equal(riv_cstr(w.arena, w.text), "TooManyProofs()");
    WORLD_OK(&w, "anyone", CHAIN_CAPACITY, "proofsOf(bytes32,uint256)", unit, eth_word(2));
    assert_int_equal(w.out.items[0].word.limb[0], 5);
    assert_int_equal(w.out.items[1].word.limb[0], 5);
    world_to_epoch(&w, 3);
    WORLD_OK(&w, "peer owner", CHAIN_CAPACITY, "submitProof(bytes32,bytes32,bytes32)", unit, one,
             good); /* another epoch, another K */
    const uint8_t hard[32] = { 0, 0, 0, 0, 1 };
    WORLD_OK(&w, "owner", CHAIN_CORE, "setDifficulty(bytes32)", eth_of_hash(hard));
    world_to_epoch(&w, 4);
    WORLD_REVERTS(&w, "Proof is bigger than difficulty", "peer owner", CHAIN_CAPACITY, SUBMIT, units, nonces, goods);
    world_close(&w);
}

static bool nonce_is_zero(void)
{
    WORLD_OK(&w, "anyone", CHAIN_CAPACITY, "getGlobalNonce()", eth_word(0));
    return u256_is_zero(w.out.items[0].word);
}

/* Q11: the original begins with zero and moves with proofs alone; ours with each epoch. */
static void test_nonce(void **state)
{
    (void)state;
    for (chain_rules rules = CHAIN_FIXED; rules <= CHAIN_G0; rules++) {
        open_world(rules, 1);
        start(1, 10);
        assert_false(nonce_is_zero()); /* the initial one, in the first epoch */
        world_to_epoch(&w, 2);
        assert_int_equal(nonce_is_zero(), rules == CHAIN_G0);
        u256 second = w.out.items[0].word;
        prove(0, 1);
        assert_int_equal(nonce_is_zero(), rules == CHAIN_G0);
        SAME(w.out.items[0].word, second); /* within an epoch it stays */
        world_to_epoch(&w, 3);
        assert_false(nonce_is_zero());
        u256 third = w.out.items[0].word;
        assert_int_not_equal(u256_cmp(third, second), 0);
        prove(0, 1);
        SAME((nonce_is_zero(), w.out.items[0].word), third);
        world_close(&w);
    }
}

static eth_address deal;

static void match(uint64_t unit)
{
    const eth_value units = WORLD_LIST(&w, UNIT(unit));
    WORLD_OK(&w, "customer", CHAIN_MARKET, "matchDeal(address,bytes32[],bytes32[][])", eth_of_address(&deal),
             WORLD_LIST(&w, chain__of_id(&offer)), WORLD_LIST(&w, units));
}

/* Two units; one serves a deal from epoch 3 to 5 and owes nothing then. */
static void test_serving(void **state)
{
    (void)state;
    for (chain_rules rules = CHAIN_FIXED; rules <= CHAIN_G0; rules++) {
        open_world(rules, 2);
        start(2, 10);
        deal = world_deal(&w, "customer",
                          &(world_order){ .deposit      = 20000000,
                                          .min          = 1,
                                          .target       = 1,
                                          .per_provider = 1,
                                          .price        = 1000000,
                                          .effectors    = world_none(),
                                          .list         = world_none() });
        world_to_epoch(&w, 2);
        prove(0, 2);
        prove(1, 2);
        world_to_epoch(&w, 3);
        match(0);
        assert_int_equal(world_events(&w, "UnitDeactivated(bytes32 indexed commitmentId,bytes32 indexed unitId)"), 1);
        assert_int_equal(core("activeUnitCount()"), 1);
        bool counted = try_prove("peer owner", 0, 2); /* Q10 */
        assert_int_equal(counted, rules == CHAIN_G0);
        if (!counted) assert_string_equal(riv_cstr(w.arena, w.text), "Compute unit is in deal");
        for (uint64_t epoch = 3; epoch <= 5; epoch++) {
            world_to_epoch(&w, epoch);
            prove(1, 2);
        }
        WORLD_OK(&w, "p", CHAIN_MARKET, "returnComputeUnitFromDeal(bytes32)", UNIT(0));
        assert_int_equal(
            world_events(&w, "UnitActivated(bytes32 indexed commitmentId,bytes32 indexed unitId,uint256 startEpoch)"),
            1);
        assert_int_equal(core("activeUnitCount()"), 2);
        WORLD_OK(&w, "anyone", CHAIN_MARKET, "getComputeUnit(bytes32)", UNIT(0));
        for (uint64_t epoch = 6; epoch <= 8; epoch++) {
            world_to_epoch(&w, epoch);
            prove(1, 2);
            if (epoch < 8) prove(0, 2);
        }
        world_to_epoch(&w, 10); /* 8: one failed; 9: both */
        prove(1, 1);
        assert_int_equal(view(FAILS), 3);
        prove(0, 1);
        world_to_epoch(&w, 13); /* the commitment is over: its units are nobody's choice any more */
        const eth_value units = WORLD_LIST(&w, UNIT(0));
        WORLD_REVERTS(&w, "MinWorkersNotMatched(1)", "customer", CHAIN_MARKET,
                      "matchDeal(address,bytes32[],bytes32[][])", eth_of_address(&deal),
                      WORLD_LIST(&w, chain__of_id(&offer)), WORLD_LIST(&w, units));
        world_close(&w);
    }
}

/* The first of two units is in a deal that its provider alone may enter, before the commitment's collateral comes. */
static void open_serving(void)
{
    open_world(CHAIN_FIXED, 2);
    deal = world_deal(&w, "customer",
                      &(world_order){ .deposit      = 90000000,
                                      .min          = 1,
                                      .target       = 1,
                                      .per_provider = 1,
                                      .price        = 1000000,
                                      .access       = 1,
                                      .effectors    = world_none(),
                                      .list         = WORLD_LIST(&w, world_name("p")) });
    match(0);
    start(2, 10);
}

/* Q18: a unit that serves a whitelist deal when the collateral comes owes nothing; back before the commitment begins it owes from its first epoch on. */
static void test_serves_first(void **state)
{
    (void)state;
    open_serving();
    assert_int_equal(core("activeUnitCount()"), 1);
    world_to_epoch(&w, 2);
    prove(1, 2);
    world_to_epoch(&w, 3);
    prove(1, 2);
    assert_int_equal(view(FAILS), 0);
    world_close(&w);
    open_serving();
    WORLD_OK(&w, "p", CHAIN_MARKET, "returnComputeUnitFromDeal(bytes32)", UNIT(0));
    assert_int_equal(core("activeUnitCount()"), 2);
    world_to_epoch(&w, 2);
    prove(1, 2);
    world_to_epoch(&w, 3);
    prove(1, 2);
    assert_int_equal(view(FAILS), 1);
    world_close(&w);
}

/* A unit that serves when its commitment ends is taken out of the deal when it leaves. */
static void test_leaves_deal(void **state)
{
    (void)state;
    open_world(CHAIN_FIXED, 1);
    start(1, 10);
    deal = world_deal(&w, "customer",
                      &(world_order){ .deposit      = 90000000,
                                      .min          = 1,
                                      .target       = 1,
                                      .per_provider = 1,
                                      .price        = 1000000,
                                      .effectors    = world_none(),
                                      .list         = world_none() });
    world_to_epoch(&w, 2);
    match(0);
    world_to_epoch(&w, 12);
    assert_int_equal(status(), CHAIN__CC_INACTIVE);
    WORLD_OK(&w, "p", CHAIN_CAPACITY, LEAVE, chain__of_id(&cc), WORLD_LIST(&w, UNIT(0)));
    assert_int_equal(world_events(&w, "ComputeUnitRemovedFromDeal(bytes32 indexed unitId,address deal,bytes32 peerId)"),
                     1);
    assert_int_equal(view(FAILS), 0);
    WORLD_OK(&w, "anyone", CHAIN_CAPACITY, "finishCommitment(bytes32)", chain__of_id(&cc));
    SAME(balance_of("d"), milli(100000));
    assert_int_equal(core("activeUnitCount()"), 0);
    WORLD_REVERTS(&w, "BaseModule: caller is not the market", "p", CHAIN_CAPACITY, "onUnitMovedToDeal(bytes32,bytes32)",
                  chain__of_id(&cc), UNIT(0));
    WORLD_REVERTS(&w, "BaseModule: caller is not the market", "p", CHAIN_CAPACITY,
                  "onUnitReturnedFromDeal(bytes32,bytes32)", chain__of_id(&cc), UNIT(0));
    world_close(&w);
}

/* What lies in the reward balance is all that can be paid; collateral beside it is not touched. */
static void test_rewards(void **state)
{
    (void)state;
    world_open(&w, CHAIN_FIXED);
    next_nonce = 1;
    world_give(&w, "dao", milli(5000), U256_ZERO);
    world_give(&w, "d", milli(100000), U256_ZERO);
    pay("dao", CHAIN_CAPACITY, milli(800));
    world_provider(&w, "p");
    offer = world_offer(&w, "p", 1000000, world_none(), WORLD_LIST(&w, world_peer(&w, "peer", 1)));
    start(1, 20);
    world_to_epoch(&w, 2);
    prove(0, 2);
    world_to_epoch(&w, 3);
    WORLD_REVERTS(&w, "Nothing to withdraw", "p", CHAIN_CAPACITY, "withdrawReward(bytes32)", chain__of_id(&cc));
    prove(0, 2); /* 10 FLT for epoch 2, in six parts from 3 on: 1.66 now */
    WORLD_REVERTS(&w, "Only provider or delegator can withdraw reward", "dao", CHAIN_CAPACITY,
                  "withdrawReward(bytes32)", chain__of_id(&cc));
    WORLD_REVERTS(&w, "Not enough reward balance pool on the contract. Wait when DAO will refill it.", "p",
                  CHAIN_CAPACITY, "withdrawReward(bytes32)", chain__of_id(&cc));
    pay("dao", CHAIN_CAPACITY, milli(2000));
    WORLD_OK(&w, "p", CHAIN_CAPACITY, "withdrawReward(bytes32)", chain__of_id(&cc));
    SAME(balance_of("p"),
         u256_of(UINT64_C(
             1166666666666666667))); /* 70 % of 1666666666666666666, what is left after rounding the delegator's down */
    WORLD_OK(&w, "anyone", CHAIN_CAPACITY, "rewardBalance()", eth_word(0));
    SAME(w.out.items[0].word, u256_of(UINT64_C(2800000000000000000) - UINT64_C(1666666666666666666)));
    eth_address at = chain_contract_address(CHAIN_CAPACITY);
    u256        rest;
    assert_true(u256_sub(balance_at(&at), w.out.items[0].word, &rest));
    SAME(rest, milli(100)); /* the collateral */
    world_close(&w);
}

/* What was earned before the failure is paid as far as it was free by then, the rest is lost. */
static void test_forfeit(void **state)
{
    (void)state;
    open_world(CHAIN_FIXED, 1);
    WORLD_OK(&w, "owner", CHAIN_CORE, "setCapacityConstant(uint8,uint256)", eth_word(4), eth_word(4));
    start(1, 30);
    world_to_epoch(&w, 2);
    prove(0, 2);
    world_to_epoch(&w, 3);
    prove(0, 1); /* too few: one failure; 4, 5, 6 without */
    world_to_epoch(&w, 20);
    assert_int_equal(status(), CHAIN__CC_FAILED);
    WORLD_OK(&w, "p", CHAIN_CAPACITY, "withdrawReward(bytes32)",
             chain__of_id(&cc)); /* by 6: two parts of six, at 3 and 6 */
    assert_int_equal(view(FAILED_AT), 6);
    SAME(balance_of("p"), u256_of(UINT64_C(3333333333333333332) - UINT64_C(999999999999999999)));
    world_close(&w);
}

static void take_units_away(void)
{
    for (uint64_t i = 0; i < 2; i++)
        WORLD_OK(&w, "p", CHAIN_MARKET, "removeComputeUnit(bytes32)", world_id_value(world_unit(&w, "peer", i)));
}

/* SPEC market.md 6.1: Q22: a commitment over no unit costs nothing; when its peer is removed and comes back with units, the collateral of others
 * is paid out for them. */
static void test_no_units(void **state)
{
    (void)state;
    open_world(CHAIN_G0, 2);
    take_units_away();
    create(10);
    assert_true(deposit("d", U256_ZERO));
    WORLD_OK(&w, "p", CHAIN_MARKET, "removeComputePeer(bytes32)", world_id_value("peer"));
    WORLD_OK(&w, "p", CHAIN_MARKET, "addComputePeers(bytes32,(bytes32,address,bytes32[])[])", chain__of_id(&offer),
             WORLD_LIST(&w, world_peer(&w, "peer", 2)));
    world_to_epoch(&w, 13);
    WORLD_OK(&w, "p", CHAIN_CAPACITY, LEAVE, chain__of_id(&cc),
             WORLD_LIST(&w, world_id_value(world_unit(&w, "peer", 0)), world_id_value(world_unit(&w, "peer", 1))));
    u256 before = balance_of("d");
    WORLD_OK(&w, "p", CHAIN_CAPACITY, "finishCommitment(bytes32)", chain__of_id(&cc));
    assert_true(u256_cmp(balance_of("d"), before) > 0);
    world_close(&w);

    open_world(CHAIN_FIXED, 2);
    take_units_away();
    WORLD_REVERTS(&w, "Peer has no compute units", "p", CHAIN_CAPACITY, CREATE, world_id_value("peer"), eth_word(10),
                  world_name("d"), eth_word(1));
    world_close(&w);
}

/* SPEC market.md 6.6: Q23: the peer of a finished commitment is removed, then registered by somebody else. */
static void test_rewards_stay(void **state)
{
    (void)state;
    for (chain_rules rules = CHAIN_FIXED; rules <= CHAIN_G0; rules++) {
        open_world(rules, 2);
        start(2, 10);
        for (uint64_t epoch = 2; epoch <= 11; epoch++) {
            world_to_epoch(&w, epoch);
            prove(0, 2);
            prove(1, 2);
        }
        world_to_epoch(&w, 40); /* everything is free */
        WORLD_OK(&w, "p", CHAIN_CAPACITY, LEAVE, chain__of_id(&cc), WORLD_LIST(&w, UNIT(0), UNIT(1)));
        WORLD_OK(&w, "anyone", CHAIN_CAPACITY, "finishCommitment(bytes32)", chain__of_id(&cc));
        u256 all = amount("totalRewards(bytes32)"), before = balance_of("d"), got, parts, gains;
        take_units_away();
        WORLD_OK(&w, "p", CHAIN_MARKET, "removeComputePeer(bytes32)", world_id_value("peer"));
        if (rules == CHAIN_G0) {
            WORLD_REVERTS(&w, "Peer doesn't exist", "d", CHAIN_CAPACITY, "withdrawReward(bytes32)", chain__of_id(&cc));
        }
        world_provider(&w, "thief");
        world_offer(&w, "thief", 1000000, world_none(), WORLD_LIST(&w, world_peer(&w, "peer", 1)));
        if (rules == CHAIN_G0) {
            WORLD_OK(&w, "thief", CHAIN_CAPACITY, "withdrawReward(bytes32)", chain__of_id(&cc));
        } else {
            WORLD_REVERTS(&w, "Only provider or delegator can withdraw reward", "thief", CHAIN_CAPACITY,
                          "withdrawReward(bytes32)", chain__of_id(&cc));
            WORLD_OK(&w, "d", CHAIN_CAPACITY, "withdrawReward(bytes32)", chain__of_id(&cc));
        }
        assert_true(u256_sub(balance_of("d"), before, &gains));
        assert_true(u256_mul(all, u256_of(3), &parts)); /* 30 % are the delegator's */
        u256_divmod(parts, u256_of(10), &parts, NULL);
        SAME(gains, parts);
        assert_true(u256_sub(all, parts, &got));
        SAME(balance_of(rules == CHAIN_G0 ? "thief" : "p"), got);
        world_close(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),           cmocka_unit_test(test_creation_paid),
        cmocka_unit_test(test_failure),        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_create_reverts), cmocka_unit_test(test_deposit),
        cmocka_unit_test(test_proof_reverts),  cmocka_unit_test(test_nonce),
        cmocka_unit_test(test_serving),        cmocka_unit_test(test_leaves_deal),
        cmocka_unit_test(test_no_units),       cmocka_unit_test(test_serves_first),
        cmocka_unit_test(test_rewards),        cmocka_unit_test(test_forfeit),
        cmocka_unit_test(test_rewards_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
