/* service_toml_test.c: Config.toml of a service: what it gives, each mistake with its place, what modules see by it, levels of logs. */
#include "host/service_toml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static void assert_text(riv_str got, const char *want)
{
    if (!riv_str_eq(got, riv_str_c(want))) fail_msg("got '" RIV_FMT "', wanted '%s'", RIV_ARG(got), want);
}

static host_service_toml parsed(riv_str text, riv_arena *a)
{
    host_service_toml toml  = { 0 };
    riv_fault         fault = { 0 };
    if (host_service_toml_parse(RIV_LIT("dir/Config.toml"), text, a, &fault, &toml)) fail_msg("%s", fault.msg);
    return toml;
}

static void test_every_key(void **state)
{
    riv_arena        *a = riv_arena_new(0);
    host_service_toml t =
        parsed(RIV_LIT("modules_dir = 'mods'\ntotal_memory_limit = '64 MiB'\nservice_working_dir = 'work'\n"
                       "[[module]]\nname = 'one'\nlogger_enabled = false\nlogging_mask = -5\n"
                       "mounted_binaries = { curl = '/usr/bin/curl', own = 'bin/own' }\n"
                       "[module.wasi]\nenvs = { A = 'b' }\nmapped_dirs = { tmp = 'data' }\n"
                       "[[module]]\nname = 'two'\nfile_name = 'other.wasm'\n"
                       "[[module]]\nname = 'three'\nload_from = 'x/three.wasm'\n"
                       "[[module]]\nname = 'four'\nload_from = '/abs'\nfile_name = 'f.wasm'\n"),
               a);
    (void)state;
    assert_int_equal(t.memory_bytes_max, 64 << 20);
    assert_text(t.working_dir, "dir/work");
    assert_int_equal(t.modules_count, 4);
    assert_int_equal(t.warnings_count, 0);
    const host_module_toml *m = t.modules;
    assert_text(m[0].file, "dir/mods/one.wasm");
    assert_false(m[0].logger_enabled);
    assert_int_equal(m[0].logging_mask, -5);
    assert_int_equal(m[0].mounted_binaries_count, 2);
    assert_text(m[0].mounted_binaries[0].value, "/usr/bin/curl");
    assert_text(m[0].mounted_binaries[1].value, "dir/bin/own");
    assert_text(m[0].envs[0].key, "A");
    assert_text(m[0].mapped_dirs[0].value, "data");
    assert_text(m[1].file, "dir/mods/other.wasm");
    assert_true(m[1].logger_enabled);
    assert_int_equal(m[1].logging_mask, INT32_MAX);
    assert_text(m[2].file, "dir/x/three.wasm");
    assert_text(m[3].file, "/abs");
    assert_text(m[3].file_name, "f.wasm");
    riv_arena_free(a);
}

static void test_memory(void **state)
{
    static const struct {
        const char *text;
        uint64_t    want;
    } cases[] = {
        { "", 0 },
        { "total_memory_limit = 'Infinity'", UINT64_MAX },
        { "total_memory_limit = 'infinity'", UINT64_MAX },
        { "total_memory_limit = 100000", 100000 },
        { "total_memory_limit = '64 MiB'", 64 << 20 },
        { "total_memory_limit = '10 MB'", 10000000 },
        { "total_memory_limit = '5 KiB'", 5120 },
    };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena *a    = riv_arena_new(0);
        riv_str    text = riv_format(a, "%s\n[[module]]\nname = 'x'\n", cases[i].text);
        assert_int_equal(parsed(text, a).memory_bytes_max, cases[i].want);
        riv_arena_free(a);
    }
}

/* As they stand in the published crates aqua-ipfs-distro 0.6.0 and fluence-spell-distro 0.7.6: no modules_dir in the first, obsolete keys. */
static void test_published(void **state)
{
    riv_arena        *a = riv_arena_new(0);
    host_service_toml t =
        parsed(RIV_LIT("total_memory_limit = 'Infinity'\n[[module]]\nname = 'ipfs_effector'\nmem_pages_count = 100\n"
                       "logger_enabled = true\n[module.mounted_binaries]\nipfs = '/usr/bin/ipfs'\n"
                       "[module.wasi]\npreopend_files = ['tmp']\nmapped_dirs = { 'tmp' = '.' }\n"
                       "[[module]]\nname = 'ipfs_pure'\nlogger_enabled = true\nmax_heap_size = '1 MB'\n"
                       "[module.wasi]\npreopened_files = []\n[default]\nlogger_enabled = false\n"),
               a);
    (void)state;
    assert_text(t.modules[1].file, "dir/ipfs_pure.wasm");
    assert_int_equal(t.warnings_count, 5);
    assert_text(t.warnings[0], "dir/Config.toml:4:1: 'mem_pages_count' is obsolete and has no effect");
    assert_text(t.warnings[1], "dir/Config.toml:9:1: 'preopend_files' is obsolete and has no effect");
    assert_text(t.warnings[2], "dir/Config.toml:14:1: 'max_heap_size' is obsolete and has no effect");
    assert_text(t.warnings[3], "dir/Config.toml:16:1: 'preopened_files' is obsolete and has no effect");
    assert_text(
        t.warnings[4],
        "dir/Config.toml:17:2: 'default' is read but not applied, as in the original: each module says its own");
    riv_arena_free(a);
}

static void test_mistakes(void **state)
{
#define ONE "[[module]]\nname = 'x'\n"
    static const struct {
        const char *toml, *says;
    } cases[] = {
        { "x = ", "c.toml:1:5: " },
        { "[[service]]\nid = 'x'", "c.toml:1:3: this is a rivulet.toml, for a node" },
        { "", "c.toml: there is no [[module]]" },
        { "module = []", "c.toml:1:1: a service has 1 to 64 modules, not 0" },
        { "[module]\nname = 'x'", "c.toml:1:2: modules are written as [[module]], with two brackets" },
        { "modul_dir = 'x'\n" ONE,
          "c.toml:1:1: unknown key 'modul_dir' in the configuration of a service; did you mean 'modules_dir'?" },
        { ONE "loger_enabled = true",
          "c.toml:3:1: unknown key 'loger_enabled' in [[module]]; did you mean 'logger_enabled'?" },
        { ONE "[module.wasi]\nmaped_dirs = {}",
          "c.toml:4:1: unknown key 'maped_dirs' in [module.wasi]; did you mean 'mapped_dirs'?" },
        { ONE "[default]\nname = 'y'", "c.toml:4:1: unknown key 'name' in [default]" },
        { "[[module]]\nfile_name = 'x'", "c.toml:1:1: the module has no 'name'" },
        { ONE ONE, "c.toml:4:1: there are two modules 'x'" },
        { "[[module]]\nname = 7", "c.toml:2:1: 'name' is a text, not a number" },
        { ONE "logger_enabled = 'yes'", "c.toml:3:1: 'logger_enabled' is true or false" },
        { ONE "logging_mask = 2147483648", "c.toml:3:1: 'logging_mask' is a whole number of 32 bits" },
        { ONE "logging_mask = 1.5", "c.toml:3:1: 'logging_mask' is a whole number of 32 bits" },
        { ONE "mounted_binaries = { a = 1 }", "c.toml:3:22: 'a' in 'mounted_binaries' is a text, not a number" },
        { ONE "wasi = 1", "c.toml:3:1: 'wasi' is a table, not a number" },
        { ONE "[module.wasi]\nenvs = { '' = 'x' }", "c.toml:4:1: '' cannot name an environment variable" },
        { ONE "[module.wasi]\nenvs = { \"a=b\" = 'x' }", "c.toml:4:1: 'a=b' cannot name an environment variable" },
        { ONE "[module.wasi]\nmapped_dirs = { a = \"x\\u0000y\" }",
          "c.toml:4:17: 'mapped_dirs' holds a text with a NUL inside" },
        { "total_memory_limit = 'lots'\n" ONE, "c.toml:1:1: 'total_memory_limit' is a size" },
        { "total_memory_limit = -1\n" ONE, "c.toml:1:1: 'total_memory_limit' is a size" },
    };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena        *a     = riv_arena_new(0);
        host_service_toml toml  = { 0 };
        riv_fault         fault = { 0 };
        assert_int_equal(host_service_toml_parse(RIV_LIT("c.toml"), riv_str_c(cases[i].toml), a, &fault, &toml),
                         RIV_E_MALFORMED);
        if (!strstr(fault.msg, cases[i].says)) fail_msg("case %zu: %s", i, fault.msg);
        riv_arena_free(a);
    }
}

static riv_str env_of(const marine_module_config *m, const char *key)
{
    for (size_t i = 0; i < m->envs_count; i++)
        if (riv_str_eq(m->envs[i].key, riv_str_c(key))) return m->envs[i].value;
    return RIV_LIT("(none)");
}

static void test_what_modules_see(void **state)
{
    riv_arena *a     = riv_arena_new(0);
    riv_fault  fault = { 0 };
    riv_str    root, path;
    (void)state;
    assert_int_equal(host_temp_dir(RIV_LIT("service-toml"), a, &fault, &root), RIV_OK);
    path = host_path_join(a, root, RIV_LIT("Config.toml"));
    riv_str text =
        RIV_LIT("[[module]]\nname = 'a'\nload_from = 'in'\n[module.wasi]\nenvs = { service_id = 'mine', WASM_LOG = "
                "'info', X = 'y' }\n"
                "mapped_dirs = { tmp = 'deep/er', abs = '.' }\n[[module]]\nname = 'quiet'\nlogger_enabled = false\n");
    assert_int_equal(host_file_write(path, riv_str_bytes(text), 0600, &fault), RIV_OK);
    assert_int_equal(host_dir_make(host_path_join(a, root, RIV_LIT("in")), &fault), RIV_OK);
    host_service_toml toml;
    assert_int_equal(host_service_toml_read(path, a, &fault, &toml), RIV_OK);
    assert_true(riv_str_eq(toml.modules[0].file, host_path_join(a, root, RIV_LIT("in/a.wasm"))));

    marine_module_config *m;
    riv_str               work  = host_path_join(a, root, RIV_LIT("work"));
    host_service_place    place = { .working_dir = work,
                                    .service_id  = RIV_LIT("srv"),
                                    .log_filter  = RIV_LIT("quiet=error,a=debug") };
    assert_int_equal(host_service_modules(&toml, &place, a, &fault, &m), RIV_OK);
    assert_text(env_of(&m[0], "service_id"), "srv");
    assert_text(env_of(&m[0], "WASM_LOG"), "debug");
    assert_text(env_of(&m[0], "X"), "y");
    assert_int_equal(m[0].envs_count, 3);
    assert_text(env_of(&m[1], "WASM_LOG"), "(none)"); /* it has no logger */
    assert_text(env_of(&m[1], "service_id"), "srv");
    assert_true(host_is_dir(host_path_join(a, work, RIV_LIT("deep/er")))); /* was made */
    static const marine_pair more[] = { { RIV_LIT_INIT("X"), RIV_LIT_INIT("node's") },
                                        { RIV_LIT_INIT("abs"), RIV_LIT_INIT("other") } };
    place.envs = more, place.envs_count = 1, place.mapped_dirs = more, place.mapped_dirs_count = 2;
    assert_int_equal(host_service_modules(&toml, &place, a, &fault, &m), RIV_OK);
    assert_text(env_of(&m[0], "X"), "node's");
    assert_int_equal(m[0].mapped_dirs_count, 3); /* X, abs and tmp: its own abs counts */
    assert_int_equal(m[1].mapped_dirs_count, 2);
    assert_true(riv_str_eq(m[0].mapped_dirs[1].value, host_path_join(a, work, RIV_LIT("."))));
    assert_true(riv_str_eq(m[1].mapped_dirs[1].value, host_path_join(a, work, RIV_LIT("other"))));
    place = (host_service_place){ 0 };
    assert_int_equal(host_service_modules(&toml, &place, a, &fault, &m), RIV_OK);
    assert_text(env_of(&m[0], "service_id"), "mine");
    assert_text(env_of(&m[0], "WASM_LOG"), "info");
    assert_true(host_is_dir(host_path_join(a, root, RIV_LIT("deep/er")))); /* beside the configuration */
    assert_int_equal(host_service_toml_read(host_path_join(a, root, RIV_LIT("none.toml")), a, &fault, &toml),
                     RIV_E_NOT_FOUND);
    host_dir_remove(root);
    riv_arena_free(a);
}

static void test_log_filter(void **state)
{
    static const struct {
        const char *filter, *module, *want, *ignored;
    } cases[] = {
        { "", "a", "", "" },
        { "debug", "a", "debug", "" },
        { "WARN", "a", "warn", "" },
        { "debug,info", "a", "debug", "" }, /* the default is set once */
        { "error,a=trace,b=off", "a", "trace", "" },
        { "error,a=trace,b=off", "b", "off", "" },
        { "error,a=trace,b=off", "c", "error", "" },
        { "a", "a", "trace", "" },
        { "a=", "a", "trace", "" },
        { "a=", "b", "", "" },
        { " a = Info , ,b", "a", "info", "" },
        { "a=debug,a=warn", "a", "warn", "" },
        { "a=b=c,info", "a", "info", "a=b=c" },
        { "a=loud", "a", "", "a=loud" },
        { "=info", "", "", "=info" },
        { "off", "a", "off", "" },
        { ",,,", "a", "", "" },
    };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_str bad, got = host_log_filter(riv_str_c(cases[i].filter), riv_str_c(cases[i].module), &bad);
        assert_text(got, cases[i].want);
        assert_text(bad, cases[i].ignored);
    }
}

static void test_sizes(void **state)
{
    static const struct {
        const char *text;
        uint64_t    want;
        bool        ok;
    } cases[] = {
        { "0", 0, true },
        { "12", 12, true },
        { "1KiB", 1024, true },
        { "64 MiB", 64 << 20, true },
        { "2 GB", 2000000000, true },
        { "3 B", 3, true },
        { "1 mib", 1 << 20, true },
        { "1.5 MiB", 3 << 19, true },
        { "2k", 2000, true },
        { "0.5 Ki", 512, true },
        { "", 0, false },
        { "MiB", 0, false },
        { "-1", 0, false },
        { "1. MiB", 0, false },
        { "1.5", 1, true },
        { "1.0000000001 GB", 0, false },
        { "64 parsecs", 0, false },
        { "18446744073709551615 KiB", 0, false },
    };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        uint64_t bytes = 0;
        assert_int_equal(host_size_parse(riv_str_c(cases[i].text), &bytes) == RIV_OK, cases[i].ok);
        if (cases[i].ok) assert_int_equal(bytes, cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key), cmocka_unit_test(test_memory),           cmocka_unit_test(test_published),
        cmocka_unit_test(test_mistakes),  cmocka_unit_test(test_what_modules_see), cmocka_unit_test(test_log_filter),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
