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
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_params) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
