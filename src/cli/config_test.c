/* config_test.c: rivulet.toml: what it gives, and each mistake with its place. */
#include "cli/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static void test_good(void **state)
{
    riv_arena *a      = riv_arena_new(0);
    cli_config config = { 0 };
    riv_fault  fault  = { 0 };
    (void)state;
    riv_str text = RIV_LIT(
        "[[service]]\nid = 'a'\nmodule = 'a.c'\naliases = ['x', 'y']\nmemory = '64 MiB'\nfuel = 7\n"
        "[[service]]\nid = 'b'\nmodules = [{ name = 'm', file = '/abs/m.wasm', logger = false }, { file = 'n.wasm' }]\n"
        "[node]\nlisten = '/ip4/127.0.0.1/tcp/0'\npeers = ['p', 'q']\nstate = 'st'\nkey = '/k'\nttl_max = 1000\n"
        "call_max = 5000\nmounted_binaries = '/usr/bin/ipfs'\n[[service]]\nid = 'c'\nconfig = 'c/Config.toml'\n");
    if (cli_config_parse(RIV_LIT("dir/rivulet.toml"), text, a, &fault, &config)) fail_msg("%s", fault.msg);
    assert_int_equal(config.services_count, 3);
    assert_true(riv_str_eq(config.services[2].config, RIV_LIT("dir/c/Config.toml")));
    const cli_service *s = config.services;
    assert_true(riv_str_eq(s[0].id, RIV_LIT("a")) && riv_str_eq(s[0].where, RIV_LIT("dir/rivulet.toml:1")));
    assert_true(riv_str_eq(s[0].modules[0].file, RIV_LIT("dir/a.c")) && riv_str_eq(s[0].modules[0].name, RIV_LIT("a")));
    assert_int_equal(s[0].aliases_count, 2);
    assert_int_equal(s[0].memory_bytes, 64 << 20);
    assert_int_equal(s[0].fuel, 7);
    assert_int_equal(s[1].modules_count, 2);
    assert_true(riv_str_eq(s[1].modules[0].file, RIV_LIT("/abs/m.wasm")) && !s[1].modules[0].logger);
    assert_true(riv_str_eq(s[1].modules[1].name, RIV_LIT("n")) && s[1].modules[1].logger);
    assert_int_equal(config.listen_count, 1);
    assert_int_equal(config.peers_count, 2);
    assert_true(riv_str_eq(config.state, RIV_LIT("dir/st")) && riv_str_eq(config.key, RIV_LIT("/k")));
    assert_int_equal(config.ttl_max_ms, 1000);
    assert_int_equal(config.call_max_ms, 5000);
    assert_int_equal(config.mounted_count, 1);
    riv_arena_free(a);
}

static void test_bad(void **state)
{
    static const struct {
        const char *toml, *says;
    } cases[] = {
        { "x = ", "r.toml:1:5: " },
        { "[[module]]\nname = 'a'", "r.toml:1:3: this describes one service: [[service]] of rivulet.toml names it" },
        { "servise = 1", "r.toml:1:1: unknown key 'servise' in the configuration; did you mean 'service'?" },
        { "[[service]]\nid = 'a'\nmodul = 'x'",
          "r.toml:3:1: unknown key 'modul' in [[service]]; did you mean 'module'?" },
        { "[service]\nid = 'a'", "r.toml:1:2: services are written as [[service]], with two brackets" },
        { "[[service]]\nmodule = 'x'", "r.toml:1:1: the service has no 'id'" },
        { "[[service]]\nid = 'a'", "r.toml:1:1: service 'a' needs either 'module', 'modules' or 'config'" },
        { "[[service]]\nid = 'a'\nmodule = 'x'\nmodules = []", "needs either 'module', 'modules' or 'config'" },
        { "[[service]]\nid = 'a'\nmodule = 'x'\nconfig = 'y'",
          "r.toml:4:1: service 'a' has its modules from 'config'; 'module' and 'modules' are to go" },
        { "[node]\nmounted_binaries = ['sh']",
          "r.toml:2:1: 'mounted_binaries' lists programs by their whole paths, not 'sh'" },
        { "[node]\ncall_max = 0", "r.toml:2:1: 'call_max' is a whole number from 1" },
        { "[[service]]\nid = 'a'\nmodules = []", "r.toml:3:1: 'modules' is a list of tables" },
        { "[[service]]\nid = 'a'\nmodules = [{ fil = 'x' }]", "unknown key 'fil' in modules; did you mean 'file'?" },
        { "[[service]]\nid = 'a'\nmodules = [{ name = 'x' }]", "the module has no 'file'" },
        { "[[service]]\nid = 'a'\nmodules = ['x']", "a module is a table" },
        { "[[service]]\nid = 7\nmodule = 'x'", "r.toml:2:1: 'id' is a text, not a number" },
        { "[[service]]\nid = 'a'\nmodule = 'x'\nmemory = '64 parsecs'", "r.toml:4:1: 'memory' is a size" },
        { "[[service]]\nid = 'a'\nmodule = 'x'\nmemory = 0", "r.toml:4:1: 'memory' is a size" },
        { "[[service]]\nid = 'a'\nmodule = 'x'\nmemory = '99999999999999999999 GiB'", "'memory' is a size" },
        { "[[service]]\nid = 'a'\nmodule = 'x'\nfuel = -1", "r.toml:4:1: 'fuel' is a whole number from 1" },
        { "[[service]]\nid = 'a'\nmodule = 'x'\naliases = [1]",
          "r.toml:4:1: 'aliases' is a list of texts; item 1 is a number" },
        { "[[service]]\nid = 'a'\nmodule = 'x'\n[[service]]\nid = 'a'\nmodule = 'y'",
          "r.toml:5:1: there are two services 'a'" },
        { "node = 1", "r.toml:1:1: 'node' is a table: [node]" },
        { "[node]\nlissten = []", "r.toml:2:1: unknown key 'lissten' in [node]; did you mean 'listen'?" },
        { "[node]\nlisten = 7", "r.toml:2:1: 'listen' is a list of texts, not a number" },
        { "[node]\nttl_max = '1'", "r.toml:2:1: 'ttl_max' is a whole number" },
    };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena *a      = riv_arena_new(0);
        cli_config config = { 0 };
        riv_fault  fault  = { 0 };
        assert_int_equal(cli_config_parse(RIV_LIT("r.toml"), riv_str_c(cases[i].toml), a, &fault, &config),
                         RIV_E_MALFORMED);
        if (!strstr(fault.msg, cases[i].says)) fail_msg("case %zu: %s", i, fault.msg);
        riv_arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_good), cmocka_unit_test(test_bad) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
