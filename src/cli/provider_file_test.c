/* provider_file_test.c: provider.toml: what is read, and the places of what is wrong. */
#include "cli/provider_file.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define PEER "12D3KooWMMGdfVEJ1rWe1nH1nehYDzNEHhg5ogdfiGk88AupCMnf"
#define GOOD "name = 'a'\nprice = '0.01'\n"
#define ONE  "[[peer]]\nid = '" PEER "'\n"

static void test_a_file(void **state)
{
    riv_arena   *arena = riv_arena_new(0);
    riv_fault    fault = { 0 };
    cli_provider p;
    (void)state;
    riv_str text =
        RIV_LIT(GOOD "effectors = ['bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy']\n"
                     "[commitment]\nduration = 30\nstaker_share = '12.5'\n[[peer]]\nid = '" PEER "'\nunits = 3\n");
    if (cli_provider_parse(RIV_LIT("p.toml"), text, arena, &fault, &p)) fail_msg("%s", fault.msg);
    assert_true(riv_str_eq(p.name, RIV_LIT("a")));
    assert_int_equal(u256_cmp(p.price, u256_of(10000)), 0);
    assert_int_equal(u256_cmp(p.stake_rate, u256_of(1250000)), 0);
    assert_int_equal(p.duration, 30);
    assert_int_equal(p.effectors_count, 1);
    assert_int_equal(p.peers_count, 1);
    assert_int_equal(p.peers[0].units_count, 3);
    assert_true(riv_str_eq(p.peers[0].text, RIV_LIT(PEER)));
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(u256_cmp(p.peers[0].units[i].word, p.peers[0].units[k].word), 0);
    riv_arena_free(arena);
}

static void test_wrong_files(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        { "", "'name' is what customers see" },
        { "name = 'a'\n" ONE, "'price' is missing" },
        { "name = 'a'\nprice = 'x'\n" ONE, "p.toml:2:1: 'x' is no amount" },
        { "name = 'a'\nprice = '0.0000001'\n" ONE, "p.toml:2:1: '0.0000001' has more than 6 places" },
        { "name = 'a'\nprice = 1\n" ONE, "p.toml:2:1: " },
        { GOOD, "there are no peers" },
        { GOOD "peer = 1\n", "there are no peers" },
        { GOOD "peer = [1]\n", "two brackets" },
        { GOOD "nmae = 'b'\n" ONE, "p.toml:3:1: unknown key 'nmae' in the provider's file; did you mean 'name'?" },
        { GOOD "[[peer]]\nunits = 2\n", "p.toml:3:1: a peer has either 'key'" },
        { GOOD "[[peer]]\nid = 'x'\nkey = 'y'\n", "p.toml:3:1: a peer has either 'key'" },
        { GOOD "[[peer]]\nid = 'x'\n", "p.toml:4:1: " },
        { GOOD "[[peer]]\nkey = 'no-such.key'\n", "p.toml:4:1: " },
        { GOOD "[[peer]]\nid = '" PEER "'\nunits = 257\n", "p.toml:5:1: " },
        { GOOD "[[peer]]\nid = '" PEER "'\nunits = 0\n", "p.toml:5:1: " },
        { GOOD ONE ONE, "p.toml:5:1: this peer stands here twice" },
        { GOOD "[commitment]\nstaker_share = '100.1'\n" ONE, "p.toml:4:1: 'staker_share' is a percentage" },
        { GOOD "[commitment]\nstaker_share = '0'\n" ONE, "p.toml:4:1: 'staker_share' is a percentage" },
        { GOOD "[commitment]\nlength = 2\n" ONE, "p.toml:4:1: unknown key 'length' in [commitment]" },
        { "name = ", "p.toml:1:" },
    };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena   *arena = riv_arena_new(0);
        riv_fault    fault = { 0 };
        cli_provider p;
        riv_err      err = cli_provider_parse(RIV_LIT("p.toml"), riv_str_c(cases[i].text), arena, &fault, &p);
        if (!err || !strstr(fault.msg, cases[i].says)) fail_msg("case %zu: %s: %s", i, riv_err_name(err), fault.msg);
        riv_arena_free(arena);
    }
}

static void test_a_new_file(void **state)
{
    riv_arena   *arena = riv_arena_new(0);
    riv_fault    fault = { 0 };
    riv_str      dir;
    riv_bytes    text;
    cli_provider p;
    (void)state;
    assert_int_equal(host_temp_dir(RIV_LIT("riv-provider"), arena, &fault, &dir), RIV_OK);
    cli_provider_new in = { host_path_join(arena, dir, RIV_LIT("provider.toml")), RIV_LIT("a \"b\" \\ c"), 2, 4,
                            RIV_LIT("0.5") };
    if (cli_provider_write(&in, arena, &fault)) fail_msg("%s", fault.msg);
    assert_int_equal(host_file_read(in.path, 1 << 16, arena, &fault, &text), RIV_OK);
    if (cli_provider_parse(in.path, riv_bytes_str(text), arena, &fault, &p)) fail_msg("%s", fault.msg);
    assert_true(riv_str_eq(p.name, in.name));
    assert_int_equal(p.peers_count, 2);
    assert_int_equal(p.peers[1].units_count, 4);
    assert_true(p.peers[1].key.len > 0);
    assert_int_equal(u256_cmp(p.price, u256_of(500000)), 0);
    assert_int_equal(cli_provider_write(&in, arena, &fault), RIV_E_CONFLICT);
    host_dir_remove(dir);
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file),
        cmocka_unit_test(test_wrong_files),
        cmocka_unit_test(test_a_new_file),
    };
    riv_err err = crypto_init(NULL);
    return err ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
