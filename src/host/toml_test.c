/* toml_test.c: TOML to a JSON tree, and where errors and keys are. */
#include "host/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static void test_trees(void **state)
{
    static const struct {
        const char *toml, *json;
    } cases[] = {
        { "", "{}" },
        { "a = 1\nb = -2\nc = 1.5\nd = true\ne = 'x'", "{\"a\":1,\"b\":-2,\"c\":1.5,\"d\":true,\"e\":\"x\"}" },
        { "[t]\nx = [1, [2, 'three']]", "{\"t\":{\"x\":[1,[2,\"three\"]]}}" },
        { "[[s]]\nid = 'a'\n[[s]]\nid = 'b'\n[s.sub]\nk = 1",
          "{\"s\":[{\"id\":\"a\"},{\"id\":\"b\",\"sub\":{\"k\":1}}]}" },
        { "a.b.c = 1", "{\"a\":{\"b\":{\"c\":1}}}" },
        { "d = 2024-02-03", "{\"d\":\"2024-02-03\"}" },
        { "t = { a = 1, 'b c' = \"\\u00e9\" }", "{\"t\":{\"a\":1,\"b c\":\"\xc3\xa9\"}}" },
        { "f = inf", "{\"f\":null}" },
        { "\"\" = 1", "{\"\":1}" },
    };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena *a     = riv_arena_new(0);
        host_toml  toml  = { 0 };
        riv_fault  fault = { 0 };
        if (host_toml_parse(riv_str_c(cases[i].toml), a, &fault, &toml)) fail_msg("%s: %s", cases[i].toml, fault.msg);
        riv_str text = riv_json_text(toml.root, a);
        if (!riv_str_eq(text, riv_str_c(cases[i].json))) fail_msg("%s gave " RIV_FMT, cases[i].toml, RIV_ARG(text));
        riv_arena_free(a);
    }
}

static void test_errors(void **state)
{
    static const struct {
        const char *name, *toml;
        uint32_t    line, col;
    } cases[] = {
        { "no value", "a =", 1, 4 },
        { "no equals", "x = 1\nfoo", 2, 4 },
        { "bare text", "a = hello", 1, 5 },
        { "twice", "a = 1\na = 2", 2, 5 },
        { "open string", "a = 1\nb = 'x\n", 2, 7 },
        { "open array", "a = [1, 2", 1, 10 },
        { "open header", "[a\nb = 1", 1, 3 },
        { "bad escape", "a = \"\\q\"", 1, 7 },
        { "open header and nothing in it", "[\nid = 1", 1, 2 },
        { "table twice", "[a]\n[a]\n", 2, 1 },
    };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena *a     = riv_arena_new(0);
        host_toml  toml  = { 0 };
        riv_fault  fault = { 0 };
        assert_int_equal(host_toml_parse(riv_str_c(cases[i].toml), a, &fault, &toml), RIV_E_MALFORMED);
        if (fault.code != cases[i].line || fault.pos != cases[i].col)
            fail_msg("%s: %u:%u, not %u:%u (%s)", cases[i].name, fault.code, (unsigned)fault.pos, cases[i].line,
                     cases[i].col, fault.msg);
        assert_true(strlen(fault.msg) > 5);
        riv_arena_free(a);
    }
}

static void test_limits(void **state)
{
    (void)state;
    riv_arena *a     = riv_arena_new(0);
    host_toml  toml  = { 0 };
    riv_fault  fault = { 0 };
    riv_buf    deep = riv_buf_in(a), wide = riv_buf_in(a), huge = riv_buf_in(a);
    riv_put_str(&deep, RIV_LIT("a = "));
    for (int i = 0; i < 100; i++) riv_put_u8(&deep, '[');
    for (int i = 0; i < 100; i++) riv_put_u8(&deep, ']');
    assert_int_equal(host_toml_parse(riv_buf_str(&deep), a, NULL, &toml), RIV_E_LIMIT);
    riv_buf_clear(&deep);
    riv_put_str(&deep, RIV_LIT("a = "));
    for (int i = 0; i < 100000; i++) riv_put_u8(&deep, '[');
    assert_int_not_equal(host_toml_parse(riv_buf_str(&deep), a, NULL, &toml), RIV_OK);
    riv_putf(&wide, "[");
    for (int i = 0; i < 200000; i++) riv_put_u8(&wide, 'k'); /* a long name above many short ones */
    riv_putf(&wide, "]\n");
    for (int i = 0; i < 20000; i++) riv_putf(&wide, "a%d=1\n", i);
    size_t before = riv_arena_used(a);
    assert_int_equal(host_toml_parse(riv_buf_str(&wide), a, &fault, &toml), RIV_OK);
    assert_true(riv_arena_used(a) - before < 64 << 20);
    riv_buf_room(&huge, HOST_TOML_BYTES_MAX + 1);
    assert_int_equal(host_toml_parse(riv_buf_str(&huge), a, NULL, &toml), RIV_E_LIMIT);
    assert_int_equal(host_toml_parse(RIV_LIT("a = 1\nb = '\xff'"), a, &fault, &toml), RIV_E_MALFORMED);
    assert_int_equal(fault.code, 2);
    assert_int_equal(fault.pos, 6);
    riv_arena_free(a);
}

static void test_places(void **state)
{
    static const struct {
        const char *path;
        uint32_t    line, col;
    } cases[] = { { "service", 2, 1 },
                  { "service[0].id", 3, 1 },
                  { "service[1].memory", 7, 3 },
                  { "node.listen", 9, 1 },
                  { "no.such", 0, 0 } };
    (void)state;
    riv_arena *a    = riv_arena_new(0);
    host_toml  toml = { 0 };
    assert_int_equal(
        host_toml_parse(
            RIV_LIT("# first\n[[service]]\nid = 'a'\n\n[[service]]\nid = 'b'\n  memory = 1\n[node]\nlisten = []\n"), a,
            NULL, &toml),
        RIV_OK);
    for (size_t i = 1; i < RIV_COUNT(cases); i++) {
        host_place at = host_toml_place(&toml, riv_str_c(cases[i].path));
        if (at.line != cases[i].line || at.col != cases[i].col) fail_msg("%s at %u:%u", cases[i].path, at.line, at.col);
    }
    assert_int_equal(host_toml_place(&toml, RIV_LIT("service[1]")).line, 5);
    riv_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_trees), cmocka_unit_test(test_errors),
                                        cmocka_unit_test(test_limits), cmocka_unit_test(test_places) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
