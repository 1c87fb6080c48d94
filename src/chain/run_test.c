/* run_test.c: calls of contracts: dispatch, value, reverts that take everything back, gas, events; sets in the original's order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/testing.h"

static world w;

static int set_up(void **state)
{
    (void)state;
    world_open(&w, CHAIN_FIXED);
    world_give(&w, "anna", u256_of(1000), u256_of(500));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_close(&w);
    return 0;
}

static uint64_t usd(const char *name)
{
    WORLD_OK(&w, "nobody", CHAIN_USD, "balanceOf(address)", world_name(name));
    return w.out.items[0].word.limb[0];
}

static void test_token(void **state)
{
    (void)state;
    WORLD_OK(&w, "anna", CHAIN_USD, "transfer(address,uint256)", world_name("bert"), eth_word(120));
    assert_int_equal(w.logs.len, 1);
    assert_int_equal(w.logs.ptr[0].topics_count, 3);
    assert_int_equal(w.logs.ptr[0].data.len, 32);
    assert_int_equal(usd("anna"), 380);
    assert_int_equal(usd("bert"), 120);
    WORLD_OK(&w, "anna", CHAIN_USD, "transfer(address,uint256)", world_name("anna"), eth_word(380));
    assert_int_equal(usd("anna"), 380);
    WORLD_REVERTS(&w, "ERC20: transfer amount exceeds balance", "anna", CHAIN_USD, "transfer(address,uint256)",
                  world_name("bert"), eth_word(381));
    assert_int_equal(w.logs.len, 0);
    WORLD_REVERTS(&w, "ERC20: transfer to the zero address", "anna", CHAIN_USD, "transfer(address,uint256)",
                  eth_word(0), eth_word(1));
    WORLD_REVERTS(&w, "ERC20: insufficient allowance", "bert", CHAIN_USD, "transferFrom(address,address,uint256)",
                  world_name("anna"), world_name("cora"), eth_word(1));
    WORLD_OK(&w, "anna", CHAIN_USD, "approve(address,uint256)", world_name("bert"), eth_word(50));
    WORLD_OK(&w, "bert", CHAIN_USD, "transferFrom(address,address,uint256)", world_name("anna"), world_name("cora"),
             eth_word(30));
    WORLD_OK(&w, "x", CHAIN_USD, "allowance(address,address)", world_name("anna"), world_name("bert"));
    assert_int_equal(w.out.items[0].word.limb[0], 20);
    WORLD_REVERTS(&w, "ERC20: decreased allowance below zero", "anna", CHAIN_USD, "decreaseAllowance(address,uint256)",
                  world_name("bert"), eth_word(21));
    WORLD_OK(&w, "x", CHAIN_USD, "totalSupply()", eth_word(0));
    assert_int_equal(w.out.items[0].word.limb[0], 500);
}

static void test_value(void **state)
{
    (void)state;
    eth_address     usd_at = chain_contract_address(CHAIN_USD);
    const eth_value args[] = { world_name("bert"), eth_word(1) };
    assert_false(world_call_at(&w, "anna", u256_of(1), &usd_at, "transfer(address,uint256)", args)); /* not payable */
    assert_string_equal(riv_cstr(w.arena, w.text), "reverted without a reason");
    assert_false(
        world_call_at(&w, "anna", u256_of(5000), &usd_at, "transfer(address,uint256)", args)); /* more than there is */
    assert_string_equal(riv_cstr(w.arena, w.text), "Panic 0x11");
    assert_false(world_call(&w, "anna", CHAIN_USD, "noSuchFunction()", args));
    assert_string_equal(riv_cstr(w.arena, w.text), "reverted without a reason");
}

static chain__call context(chain__meter *meter)
{
    eth_address who = world_who("anna"), at = chain_contract_address(CHAIN_USD);
    return world_context(&w, &who, &at, meter);
}

/* The same call with every amount of gas: it works or leaves nothing behind. */
static void test_gas(void **state)
{
    (void)state;
    riv_buf   data   = riv_buf_in(w.arena);
    eth_value args[] = { world_name("bert"), eth_word(1) };
    riv_bytes returned;
    assert_int_equal(eth_call_put(RIV_LIT("transfer(address,uint256)"), args, w.arena, NULL, &data), RIV_OK);
    uint64_t before = usd("bert"), failed = 0;
    for (uint64_t gas = 0; usd("bert") == before; gas += 97) {
        chain__meter meter = { .gas_left = gas };
        chain__call  c     = context(&meter);
        c.data             = riv_buf_view(&data);
        w.logs.len         = 0;
        riv_err err        = chain__run(&c, &returned);
        assert_true(err == RIV_OK || err == RIV_E_LIMIT);
        assert_int_equal(meter.gas_left + meter.gas_used, gas);
        assert_true(err == RIV_OK || (meter.gas_left == 0 && w.logs.len == 0));
        failed += err != RIV_OK;
        assert_true(gas < 1000000);
    }
    assert_true(failed > 100);
}

static void put_word(riv_buf *out, uint64_t v) { u256_to_be(u256_of(v), riv_buf_raw(out, 32)); }

static void put_selector(riv_buf *out, const char *signature)
{
    riv_str  name;
    eth_type types;
    assert_int_equal(eth_signature_parse(riv_str_c(signature), w.arena, NULL, &name, &types), RIV_OK);
    crypto_hash hash = eth_signature_hash(name, &types);
    riv_put_bytes(out, (riv_bytes){ hash.bytes, 4 });
}

/* A transaction of many calls that name the same long list over and over: each of them pays for reading it, and memory is bounded by gas. */
static void test_same_bytes_again(void **state)
{
    (void)state;
    enum { CALLS = 400, ITEMS = 1800, BYTES_A_GAS = 8 };
    riv_buf list = riv_buf_in(w.arena), all = riv_buf_in(w.arena);
    put_selector(&list, "matchDeal(address,bytes32[],bytes32[][])");
    put_word(&list, 1); /* no deal: the call ends behind its arguments */
    put_word(&list, 3 * 32);
    put_word(&list, 4 * 32);
    put_word(&list, 0);
    put_word(&list, ITEMS);
    for (size_t i = 0; i < ITEMS; i++) put_word(&list, ITEMS * 32); /* the same three each time */
    for (size_t i = 0; i < 4; i++) put_word(&list, i ? 0 : 3);
    put_selector(&all, "aggregate3((address,bool,bytes)[])");
    put_word(&all, 32);
    put_word(&all, CALLS);
    for (size_t i = 0; i < CALLS; i++) put_word(&all, CALLS * 32);
    eth_address market = chain_contract_address(CHAIN_MARKET);
    u256_to_be(u256_from_be((riv_bytes){ market.bytes, sizeof market.bytes }), riv_buf_raw(&all, 32));
    put_word(&all, 1); /* it may fail */
    put_word(&all, 3 * 32);
    put_word(&all, list.len);
    riv_put_bytes(&all, riv_buf_view(&list));
    while (all.len % 32 != 4) riv_put_u8(&all, 0);

    chain__meter meter = { .gas_left = UINT64_C(1) << 50 };
    chain__call  c     = context(&meter);
    riv_bytes    returned;
    size_t       before = riv_arena_held(w.arena);
    c.self              = chain_contract_address(CHAIN_MULTICALL3);
    c.data              = riv_buf_view(&all);
    assert_int_equal(chain__run(&c, &returned), RIV_OK);
    assert_true(returned.len > CALLS * 96);
    uint64_t held = riv_arena_held(w.arena) - before;
    if (held > BYTES_A_GAS * meter.gas_used)
        fail_msg("%llu bytes for %llu gas", (unsigned long long)held, (unsigned long long)meter.gas_used);
}

static void test_sets(void **state)
{
    (void)state;
    chain__meter meter = { .gas_left = UINT64_C(1) << 50 };
    chain__call  c     = context(&meter);
    chain__key   set   = chain__key_of('Z');
    for (uint8_t i = 0; i < 5; i++) assert_true(chain__set_add(&c, &set, (riv_bytes){ &i, 1 }));
    uint8_t one = 1, four = 4, nine = 9;
    assert_false(chain__set_add(&c, &set, (riv_bytes){ &one, 1 }));
    assert_false(chain__set_remove(&c, &set, (riv_bytes){ &nine, 1 }));
    assert_true(chain__set_remove(&c, &set, (riv_bytes){ &one, 1 }));
    assert_int_equal(chain__set_count(&c, &set), 4);
    const uint8_t order[] = { 0, 4, 2, 3 }; /* the last one went into the hole */
    for (uint64_t i = 0; i < 4; i++) assert_int_equal(chain__set_at(&c, &set, i).ptr[0], order[i]);
    assert_true(chain__set_has(&c, &set, (riv_bytes){ &four, 1 }));
    assert_false(chain__set_has(&c, &set, (riv_bytes){ &one, 1 }));
    for (size_t i = 0; i < 4; i++) assert_true(chain__set_remove(&c, &set, (riv_bytes){ &order[i], 1 }));
    assert_int_equal(chain__set_count(&c, &set), 0);
    assert_int_equal(chain__set_at(&c, &set, 0).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_token, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_value, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_gas, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_same_bytes_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sets, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
