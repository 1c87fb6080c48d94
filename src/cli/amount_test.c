/* amount_test.c: amounts as people write them, and back; keys of wallets. */
#include "cli/market_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static void test_amounts(void **state)
{
    static const struct {
        const char *text;
        unsigned    decimals;
        const char *parts, *back; /* NULL: refused */
    } cases[] = {
        { "1.5", 6, "1500000", "1.5" },
        { "0.000001", 6, "1", "0.000001" },
        { "20", 6, "20000000", "20" },
        { "0", 18, "0", "0" },
        { "00012.50", 2, "1250", "12.5" },
        { "100", 0, "100", "100" },
        { "0.1", 18, "100000000000000000", "0.1" },
        { "115792089237316195423570985008687907853269984665640564039457.584007913129639935", 18,
          "115792089237316195423570985008687907853269984665640564039457584007913129639935",
          "115792089237316195423570985008687907853269984665640564039457.584007913129639935" },
        { "115792089237316195423570985008687907853269984665640564039457.584007913129639936", 18, NULL, NULL },
        { "99999999999999999999999999999999999999999999999999999999999999999999999999999999", 0, NULL, NULL },
        { "0.0000001", 6, NULL, NULL },
        { "", 6, NULL, NULL },
        { ".", 6, NULL, NULL },
        { ".5", 6, NULL, NULL },
        { "1.", 6, NULL, NULL },
        { "1.2.3", 6, NULL, NULL },
        { "-1", 6, NULL, NULL },
        { "1e3", 6, NULL, NULL },
        { "1,5", 6, NULL, NULL },
        { " 1", 6, NULL, NULL },
    };
    riv_arena *arena = riv_arena_new(0);
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_buf   back = riv_buf_in(arena), parts = riv_buf_in(arena);
        riv_fault fault = { 0 };
        u256      v;
        riv_err   err = cli_amount_parse(riv_str_c(cases[i].text), cases[i].decimals, &fault, &v);
        if (!cases[i].parts) {
            if (!err || !fault.msg[0]) fail_msg("'%s' was taken", cases[i].text);
            continue;
        }
        if (err) fail_msg("'%s': %s", cases[i].text, fault.msg);
        u256_put(&parts, v);
        cli_amount_put(&back, v, cases[i].decimals);
        assert_string_equal(riv_cstr(arena, riv_buf_str(&parts)), cases[i].parts);
        assert_string_equal(riv_cstr(arena, riv_buf_str(&back)), cases[i].back);
    }
    riv_arena_free(arena);
}

/* What is printed reads back as the same number. */
static void test_round_trip(void **state)
{
    riv_prng   p     = riv_prng_seed(7);
    riv_arena *arena = riv_arena_new(0);
    (void)state;
    for (int i = 0; i < 2000; i++) {
        uint8_t  bytes[32];
        riv_buf  text     = riv_buf_in(arena);
        unsigned decimals = (unsigned)riv_prng_below(&p, 19);
        u256     v, back;
        riv_prng_fill(&p, bytes, sizeof bytes);
        v = u256_from_be((riv_bytes){ bytes, (size_t)riv_prng_below(&p, 33) });
        cli_amount_put(&text, v, decimals);
        assert_int_equal(cli_amount_parse(riv_buf_str(&text), decimals, NULL, &back), RIV_OK);
        assert_int_equal(u256_cmp(v, back), 0);
    }
    riv_arena_free(arena);
}

static void test_development_accounts(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAIN_DEVELOPMENT_ACCOUNTS; i++) {
        char        name[2] = { (char)('0' + i), 0 };
        cli_wallet  w;
        eth_address wanted = chain_development_account(i);
        assert_int_equal(cli_wallet_load(riv_str_c(name), NULL, &w), RIV_OK);
        assert_true(eth_address_eq(&w.address, &wanted));
    }
}

static void test_wallets(void **state)
{
    static const char *const wrong[] = {
        "",
        "0x",
        "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff8",
        "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff8g",
        "0x0000000000000000000000000000000000000000000000000000000000000000", /* no key of the group */
        "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
    };
    cli_wallet w, same;
    riv_arena *arena = riv_arena_new(0);
    riv_buf    text  = riv_buf_in(arena);
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(wrong); i++) {
        riv_fault fault = { 0 };
        assert_int_not_equal(cli_wallet_of(riv_str_c(wrong[i]), &fault, &w), RIV_OK);
        assert_true(fault.msg[0] != 0);
        assert_null(strstr(fault.msg, "ac0974")); /* never tell a part of a secret */
    }
    assert_int_equal(
        cli_wallet_of(RIV_LIT("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"), NULL, &w), RIV_OK);
    cli_wallet_put(&text, &w.key);
    assert_int_equal(cli_wallet_of(riv_buf_str(&text), NULL, &same), RIV_OK);
    assert_true(eth_address_eq(&w.address, &same.address));
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amounts),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_development_accounts),
        cmocka_unit_test(test_wallets),
    };
    riv_err err = crypto_init(NULL);
    return err ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
