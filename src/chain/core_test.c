/* Tests of core.c: constants, who may set them, the pool's list, the whitelist, when a difficulty holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/market_testing.h"

#include "chain/capacity.h"

static world w;

static int set_up(void **state)
{
    (void)state;
    world_open(&w, CHAIN_FIXED);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_close(&w);
    return 0;
}

static uint64_t number(const char *view)
{
    WORLD_OK(&w, "anyone", CHAIN_CORE, view, eth_word(0));
    return world_result(&w);
}

static u256 pool(uint64_t epoch)
{
    WORLD_OK(&w, "anyone", CHAIN_CORE, "getRewardPool(uint256)", eth_word(epoch));
    return w.out.items[0].word;
}

static u256 flt(uint64_t n)
{
    u256 out;
    assert_true(u256_mul(u256_of(n), u256_of(UINT64_C(1000000000000000000)), &out));
    return out;
}

static void test_views(void **state)
{
    static const struct {
        const char *view;
        uint64_t    want;
    } rows[] = {
        { "activeUnitCount()", 0 },
        { "currentEpoch()", 1 },
        { "epochDuration()", 86400 },
        { "initTimestamp()", 1704067200 },
        { "fltPrice()", 10000000 },
        { "fltCollateralPerUnit()", 100000000000000000 },
        { "usdCollateralPerUnit()", 1000000 },
        { "usdTargetRevenuePerEpoch()", 3000000 },
        { "minDuration()", 10 },
        { "maxFailedRatio()", 10 },
        { "minProofsPerEpoch()", 2 },
        { "maxProofsPerEpoch()", 5 },
        { "minProtocolVersion()", 1 },
        { "maxProtocolVersion()", 1 },
        { "minDealDepositedEpochs()", 2 },
        { "minDealRematchingEpochs()", 2 },
        { "slashingRate()", 100000 },
        { "vestingPeriodCount()", 6 },
        { "vestingPeriodDuration()", 3 },
        { "withdrawEpochsAfterFailed()", 2 },
        { "precision()", 10000000 },
        { "isApproved(address)", 1 },
    };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(rows); i++)
        if (number(rows[i].view) != rows[i].want)
            fail_msg("%s: %llu", rows[i].view, (unsigned long long)world_result(&w));
    world_to_epoch(&w, 7);
    assert_int_equal(number("currentEpoch()"), 7);
    eth_address capacity = chain_contract_address(CHAIN_CAPACITY);
    WORLD_OK(&w, "anyone", CHAIN_CORE, "capacity()", eth_word(0));
    assert_int_equal(u256_cmp(w.out.items[0].word, eth_of_address(&capacity).word), 0);
}

static void test_setters(void **state)
{
    static const char *const views[] = { "minDuration()",       "usdCollateralPerUnit()",
                                         "slashingRate()",      "withdrawEpochsAfterFailed()",
                                         "maxFailedRatio()",    "usdTargetRevenuePerEpoch()",
                                         "minRewardPerEpoch()", "maxRewardPerEpoch()",
                                         "minProofsPerEpoch()", "maxProofsPerEpoch()" };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(views); i++) {
        WORLD_OK(&w, "owner", CHAIN_CORE, "setCapacityConstant(uint8,uint256)", eth_word(i), eth_word(1000 + i));
        assert_int_equal(world_events(&w, "CapacityConstantUpdated(uint8 constantType,uint256 newValue)"), 1);
        for (size_t k = 0; k <= i; k++) assert_int_equal(number(views[k]), 1000 + k);
    }
    assert_int_equal(number("fltCollateralPerUnit()"), 100100000000000); /* 1001 of 10^7 USD at 1 USD */
    WORLD_REVERTS(&w, "reverted without a reason", "owner", CHAIN_CORE, "setCapacityConstant(uint8,uint256)",
                  eth_word(10), eth_word(1));
    WORLD_REVERTS(&w, "GlobalConst: value is too large", "owner", CHAIN_CORE, "setCapacityConstant(uint8,uint256)",
                  eth_word(0), eth_number(flt(100)));
    WORLD_OK(&w, "owner", CHAIN_CORE, "setConstant(uint8,uint256)", eth_word(0), eth_word(7));
    WORLD_OK(&w, "owner", CHAIN_CORE, "setConstant(uint8,uint256)", eth_word(1), eth_word(8));
    assert_int_equal(number("minDealDepositedEpochs()"), 7);
    assert_int_equal(number("minDealRematchingEpochs()"), 8);
    WORLD_REVERTS(&w, "GlobalConst: unknown constant type", "owner", CHAIN_CORE, "setConstant(uint8,uint256)",
                  eth_word(2), eth_word(1));
    WORLD_REVERTS(&w, "reverted without a reason", "owner", CHAIN_CORE, "setConstant(uint8,uint256)", eth_word(4),
                  eth_word(1));
}

static void test_roles(void **state)
{
    static const char *const only_owner[] = { "setCapacityConstant(uint8,uint256)",
                                              "setConstant(uint8,uint256)",
                                              "setDifficulty(bytes32)",
                                              "setOracle(address)",
                                              "grantAccess(address)",
                                              "revokeAccess(address)",
                                              "transferOwnership(address)",
                                              "renounceOwnership()",
                                              "setDealImpl(address)",
                                              "initializeModules(address,address,address)" };
    const eth_value          none[3]      = { eth_word(1), eth_word(1), eth_word(1) };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(only_owner); i++) {
        assert_false(world_call(&w, "anyone", CHAIN_CORE, only_owner[i], none));
        assert_true(riv_str_starts(w.text, RIV_LIT("OwnableUnauthorizedAccount(")));
    }
    WORLD_REVERTS(&w, "Only oracle can set FLT price", "owner", CHAIN_CORE, "setFLTPrice(uint256)", eth_word(5));
    WORLD_REVERTS(&w, "Oracle shouldn't be zero address", "owner", CHAIN_CORE, "setOracle(address)", eth_word(0));
    WORLD_REVERTS(&w, "Core: caller is not capacity", "owner", CHAIN_CORE, "setActiveUnitCount(uint256)", eth_word(0));
    WORLD_REVERTS(&w, "Core: modules already initialized", "owner", CHAIN_CORE,
                  "initializeModules(address,address,address)", eth_word(1), eth_word(1), eth_word(1));
    WORLD_REVERTS(&w, "New deal implementation is not a contract", "owner", CHAIN_CORE, "setDealImpl(address)",
                  eth_word(1));
    WORLD_OK(&w, "owner", CHAIN_CORE, "setOracle(address)", world_name("other"));
    WORLD_OK(&w, "other", CHAIN_CORE, "setFLTPrice(uint256)", eth_word(5000000));
    assert_int_equal(number("fltCollateralPerUnit()"), 200000000000000000);
    WORLD_REVERTS(&w, "Panic 0x12", "other", CHAIN_CORE, "setFLTPrice(uint256)", eth_word(0));
    assert_int_equal(number("fltPrice()"), 5000000);
    assert_false(world_call(&w, "owner", CHAIN_CORE, "transferOwnership(address)", (const eth_value[]){ eth_word(0) }));
    assert_true(riv_str_starts(w.text, RIV_LIT("OwnableInvalidOwner(")));
    WORLD_OK(&w, "owner", CHAIN_CORE, "transferOwnership(address)", world_name("heir"));
    WORLD_OK(&w, "heir", CHAIN_CORE, "setConstant(uint8,uint256)", eth_word(0), eth_word(3));
    WORLD_OK(&w, "heir", CHAIN_CORE, "renounceOwnership()", eth_word(0));
    assert_false(world_call(&w, "heir", CHAIN_CORE, "setConstant(uint8,uint256)", none));
}

static void test_whitelist(void **state)
{
    (void)state;
    w.params.whitelist_enabled = true;
    WORLD_OK(&w, "anyone", CHAIN_CORE, "isApproved(address)", world_name("p"));
    assert_int_equal(world_result(&w), 0);
    WORLD_OK(&w, "owner", CHAIN_CORE, "grantAccess(address)", world_name("p"));
    assert_int_equal(world_events(&w, "WhitelistAccessGranted(address account)"), 1);
    WORLD_OK(&w, "anyone", CHAIN_CORE, "isApproved(address)", world_name("p"));
    assert_int_equal(world_result(&w), 1);
    WORLD_OK(&w, "owner", CHAIN_CORE, "revokeAccess(address)", world_name("p"));
    WORLD_OK(&w, "anyone", CHAIN_CORE, "isApproved(address)", world_name("p"));
    assert_int_equal(world_result(&w), 0);
}

static void set_active(uint64_t count)
{
    const eth_value args[] = { eth_word(count) };
    eth_address     core = chain_contract_address(CHAIN_CORE), capacity = chain_contract_address(CHAIN_CAPACITY);
    riv_buf         data = riv_buf_in(w.arena);
    riv_bytes       returned;
    chain__meter    meter          = { .gas_left = UINT64_MAX };
    chain__call     c              = world_context(&w, &capacity, &core, &meter);
    const chain__function_entry *e = NULL;
    for (size_t i = 0; i < w.engine->contracts[CHAIN_CORE].functions_count; i++)
        if (riv_str_eq(w.engine->contracts[CHAIN_CORE].functions[i].name, RIV_LIT("setActiveUnitCount")))
            e = &w.engine->contracts[CHAIN_CORE].functions[i];
    assert_non_null(e);
    eth_value all = eth_list(args, 1);
    riv_put_u32be(&data, e->selector);
    eth_abi_put(&e->args, &all, &data);
    c.data = riv_buf_view(&data);
    assert_int_equal(chain__run(&c, &returned), RIV_OK);
}

/* Initial 10 FLT, least 100, most 200; a unit is meant to earn 0.3 USD. */
static void test_pools(void **state)
{
    (void)state;
    assert_int_equal(u256_cmp(pool(1), flt(10)), 0);
    assert_int_equal(u256_cmp(pool(99), flt(10)), 0);
    WORLD_REVERTS(&w, "Panic 0x11", "anyone", CHAIN_CORE, "getRewardPool(uint256)", eth_word(0));
    set_active(1); /* in the first epoch there is nothing to begin with */
    assert_int_equal(u256_cmp(pool(1), flt(10)), 0);
    world_to_epoch(&w, 3);
    set_active(1); /* 10 USD for one unit: it shrinks, to the least */
    assert_int_equal(u256_cmp(pool(3), flt(100)), 0);
    assert_int_equal(u256_cmp(pool(2), flt(10)), 0);
    set_active(1000); /* again in this epoch: from the one before: 10 * 1.1 */
    assert_int_equal(u256_cmp(pool(3), flt(11)), 0);
    world_to_epoch(&w, 4);
    WORLD_OK(&w, "anyone", CHAIN_CORE, "calculateRewardPool()", eth_word(0));
    u256 want = flt(121);
    u256_divmod(want, u256_of(10), &want, NULL);
    assert_int_equal(u256_cmp(pool(4), want), 0);
    assert_int_equal(u256_cmp(pool(3), flt(11)), 0);
    world_to_epoch(&w, 9);
    WORLD_OK(&w, "owner", CHAIN_CORE, "setCapacityConstant(uint8,uint256)", eth_word(5),
             eth_word(1)); /* target: next to nothing */
    assert_int_equal(u256_cmp(pool(9), flt(100)), 0);
    assert_int_equal(u256_cmp(pool(8), want), 0);
    set_active(0);
    world_to_epoch(&w, 10);
    WORLD_OK(&w, "anyone", CHAIN_CORE, "calculateRewardPool()", eth_word(0)); /* nobody works: nothing changes */
    assert_int_equal(u256_cmp(pool(10), flt(100)), 0);
}

static bool difficulty_is(uint8_t first)
{
    uint8_t be[32];
    WORLD_OK(&w, "anyone", CHAIN_CORE, "difficulty()", eth_word(0));
    u256_to_be(w.out.items[0].word, be);
    return be[0] == first;
}

static void set_difficulty(uint8_t first)
{
    const uint8_t be[32] = { first };
    WORLD_OK(&w, "owner", CHAIN_CORE, "setDifficulty(bytes32)", eth_of_hash(be));
}

/* From the next epoch on. Set twice in an epoch the original takes the first one for what holds now. */
static void test_difficulty(void **state)
{
    (void)state;
    for (int fixed = 0; fixed < 2; fixed++) {
        world_close(&w);
        world_open(&w, fixed ? CHAIN_FIXED : CHAIN_G0);
        assert_true(difficulty_is(0));
        set_difficulty(1);
        assert_true(difficulty_is(0));
        set_difficulty(2);
        assert_true(difficulty_is(fixed ? 0 : 1));
        world_to_epoch(&w, 2);
        assert_true(difficulty_is(2));
        set_difficulty(3);
        assert_true(difficulty_is(2));
        world_to_epoch(&w, 5);
        assert_true(difficulty_is(3));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_views, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_setters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_roles, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_whitelist, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pools, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_difficulty, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
