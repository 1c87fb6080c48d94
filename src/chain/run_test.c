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
    riv_buf   data = riv_buf_in(w.arena);
    eth_type  types;
    riv_str   name;
    eth_value args[] = { world_name("bert"), eth_word(1) }, all = eth_list(args, 2);
    riv_bytes returned;
    assert_int_equal(eth_signature_parse(RIV_LIT("transfer(address,uint256)"), w.arena, NULL, &name, &types), RIV_OK);
    crypto_hash hash = eth_signature_hash(name, &types);
    riv_put_bytes(&data, (riv_bytes){ hash.bytes, 4 });
    eth_abi_put(&types, &all, &data);
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
        cmocka_unit_test_setup_teardown(test_sets, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
