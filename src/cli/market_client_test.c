/* market_client_test.c: every function that the commands call stands in the contracts' tables; events are read as they were written. */
#include "cli/market_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static riv_str canonical(riv_arena *arena, const char *signature)
{
    riv_str  name;
    eth_type args;
    riv_buf  out = riv_buf_in(arena);
    assert_int_equal(eth_signature_parse(riv_str_c(signature), arena, NULL, &name, &args), RIV_OK);
    riv_put_str(&out, name);
    eth_type_put(&out, &args);
    return riv_buf_str(&out);
}

static void test_functions_are_there(void **state)
{
    riv_arena *arena  = riv_arena_new(0);
    chain     *engine = chain_new();
    (void)state;
    for (unsigned f = 0; f < CLI_FN_COUNT; f++) {
        const chain_function_info *all;
        size_t                     found = 0, count = chain_functions(engine, cli_functions[f].contract, arena, &all);
        for (size_t i = 0; i < count; i++)
            found += riv_str_eq(canonical(arena, all[i].signature), riv_str_c(cli_functions[f].signature));
        if (found != 1)
            fail_msg("%s of contract %d: %zu of it", cli_functions[f].signature, (int)cli_functions[f].contract, found);
    }
    chain_free(engine);
    riv_arena_free(arena);
}

static const riv_json *word(riv_arena *arena, riv_bytes bytes) { return host_eth_data(arena, bytes); }

static void test_events(void **state)
{
    static const char sum[] = "Sum(address indexed who,uint256 a,bytes32 indexed id,string b)";
    cli              *c     = riv_alloc(sizeof *c);
    cli_chain         s     = { .c = c };
    riv_str           name;
    eth_type          args;
    uint8_t           bytes[32];
    eth_value         v;
    c->arena = riv_arena_new(0);
    (void)state;
    assert_int_equal(eth_signature_parse(riv_str_c(sum), c->arena, NULL, &name, &args), RIV_OK);
    crypto_hash   hash    = eth_signature_hash(name, &args);
    riv_json_list topics  = { 0 };
    eth_value     plain[] = { eth_word(7), eth_text(RIV_LIT("seven")) };
    eth_type      types[] = { { .kind = ETH_UINT, .size = 256 }, { .kind = ETH_STRING } };
    eth_type      tuple   = { .kind = ETH_TUPLE, .items = types, .items_count = 2 };
    eth_value     both    = eth_list(plain, 2);
    riv_buf       data    = riv_buf_in(c->arena);
    eth_abi_put(&tuple, &both, &data);
    riv_json_add(c->arena, &topics, word(c->arena, (riv_bytes){ hash.bytes, 32 }));
    u256_to_be(u256_of(1), bytes);
    riv_json_add(c->arena, &topics, word(c->arena, (riv_bytes){ bytes, 32 }));
    u256_to_be(u256_of(2), bytes);
    riv_json_add(c->arena, &topics, word(c->arena, (riv_bytes){ bytes, 32 }));
    const riv_json *log = riv_json_object(c->arena, "topics", riv_json_arr(c->arena, topics.ptr, topics.len), "data",
                                          word(c->arena, riv_buf_view(&data)), NULL);
    assert_true(cli_event_of(&s, log, sum, &v));
    assert_int_equal(v.items_count, 4);
    assert_int_equal(u256_cmp(v.items[0].word, u256_of(1)), 0);
    assert_int_equal(u256_cmp(v.items[1].word, u256_of(7)), 0);
    assert_int_equal(u256_cmp(v.items[2].word, u256_of(2)), 0);
    assert_true(riv_str_eq(riv_bytes_str(v.items[3].bytes), RIV_LIT("seven")));
    assert_false(cli_event_of(&s, log, "Sum(uint256)", &v)); /* another event */
    assert_false(cli_event_of(&s, riv_json_null(), sum, &v));
    log = riv_json_object(c->arena, "topics", riv_json_arr(c->arena, topics.ptr, 2), "data",
                          word(c->arena, riv_buf_view(&data)), NULL);
    assert_false(cli_event_of(&s, log, sum, &v)); /* a topic is missing */
    log = riv_json_object(c->arena, "topics", riv_json_arr(c->arena, topics.ptr, 3), "data",
                          word(c->arena, (riv_bytes){ data.ptr, 40 }), NULL);
    assert_false(cli_event_of(&s, log, sum, &v)); /* data is cut */
    riv_arena_free(c->arena);
    riv_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions_are_there),
        cmocka_unit_test(test_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
