/* genesis_test.c: parameters come back from their bytes; anything cut or added is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/chain.h"

static void test_params(void **state)
{
    (void)state;
    riv_arena   *arena = riv_arena_new(0);
    chain_params p, again;
    riv_fault    fault = { 0 };
    eth_address  token = chain_development_account(3);
    chain_params_local(&p);
    chain_balances_local(arena, &p);
    p.more_tokens       = &token;
    p.more_tokens_count = 1;
    riv_bytes bytes     = chain_params_write(&p, arena);
    assert_int_equal(chain_params_read(bytes, arena, &fault, &again), RIV_OK);
    assert_true(riv_bytes_eq(chain_params_write(&again, arena), bytes));
    assert_int_equal(again.balances_count, CHAIN_DEVELOPMENT_ACCOUNTS);
    assert_int_equal(u256_cmp(again.max_reward_per_epoch, p.max_reward_per_epoch), 0);
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(chain_params_read(riv_bytes_sub(bytes, 0, len), arena, &fault, &again), RIV_E_MALFORMED);
    riv_buf more = riv_buf_in(arena);
    riv_put_bytes(&more, bytes);
    riv_put_u8(&more, 0);
    assert_int_equal(chain_params_read(riv_buf_view(&more), arena, &fault, &again), RIV_E_MALFORMED);
    uint8_t *first = (uint8_t *)riv_bytes_dup(arena, bytes).ptr;
    for (int other = CHAIN_SEMANTICS - 1; other <= CHAIN_SEMANTICS + 1; other += 2) {
        first[0] = (uint8_t)other;
        fault    = (riv_fault){ 0 };
        assert_int_equal(chain_params_read((riv_bytes){ first, bytes.len }, arena, &fault, &again), RIV_E_UNSUPPORTED);
        assert_non_null(strstr(fault.msg, other < CHAIN_SEMANTICS ? "an older version" : "a newer version"));
    }
    riv_arena_free(arena);
}

/* As people write them, with EIP-55's sums. */
static void test_addresses(void **state)
{
    (void)state;
    static const char *const texts[CHAIN_CONTRACTS] = {
        [CHAIN_USD]          = "0x5FbDB2315678afecb367f032d93F642f64180aa3",
        [CHAIN_MULTICALL3]   = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512",
        [CHAIN_RANDOMX]      = "0x9A676e781A523b5d0C0e43731313A708CB607508",
        [CHAIN_CORE]         = "0x0B306BF915C4d645ff596e518fAf3F9669b97016",
        [CHAIN_MARKET]       = "0x3Aa5ebB10DC797CAC828524e59A333d0A371443c",
        [CHAIN_CAPACITY]     = "0xc6e7DF5E7b4f2A278906862b61205850344D4e7d",
        [CHAIN_DEAL_FACTORY] = "0x59b670e9fA9D0A427751Af201D676719a970857b",
    };
    for (chain_contract i = 0; i < CHAIN_CONTRACTS; i++) {
        riv_buf     out = { 0 };
        eth_address at  = chain_contract_address(i);
        eth_put_address(&out, &at);
        assert_true(riv_str_eq(riv_buf_str(&out), riv_str_c(texts[i])));
        riv_buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_params), cmocka_unit_test(test_addresses) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
