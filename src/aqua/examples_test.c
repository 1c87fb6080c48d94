/* examples_test.c: the programs of examples/ compile without a warning, and export what they say they do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aqua/test_support.h"

#include <stdio.h>

static riv_str read_file(riv_arena *arena, const char *path)
{
    riv_buf text = riv_buf_in(arena);
    char    block[4096];
    FILE   *file = fopen(path, "rb");
    if (!file) fail_msg("no file %s", path);
    for (size_t got; (got = fread(block, 1, sizeof block, file)) > 0;) riv_put_str(&text, (riv_str){ block, got });
    fclose(file);
    return riv_buf_str(&text);
}

static void examples_compile(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *signatures[2];
    } cases[] = {
        { "examples/hello/hello.aqua", { "hello(name: string) -> []string", NULL } },
        { "examples/aqua/race.aqua",
          { "first(peers: []string, name: string) -> string",
            "both(left: string, right: string, name: string) -> string, string" } },
        { "examples/aqua/try.aqua",
          { "ask(peer: string, name: string) -> string", "any(peers: []string, name: string) -> ?string" } },
        { "examples/aqua/order.aqua", { "price(shop: string, items: []Item) -> Bill", NULL } },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena *arena = riv_arena_new(0);
        riv_str source   = read_file(arena, riv_cstr(arena, riv_format(arena, "%s/%s", RIV_SOURCE_DIR, cases[i].path)));
        aqua_output out  = test_compile_with(arena, source, (aqua_options){ .no_empty_response = true }, NULL);
        riv_buf     shown = riv_buf_in(arena);
        if (!out.accepted) aqua_diag_render(&out.errors.items[0], false, &shown);
        if (out.warnings.count) aqua_diag_render(&out.warnings.items[0], false, &shown);
        if (shown.len) fail_msg("%s: " RIV_FMT, cases[i].path, RIV_ARG(riv_buf_str(&shown)));
        assert_int_equal(out.funcs_count, cases[i].signatures[1] ? 2 : 1);
        for (size_t f = 0; f < out.funcs_count; f++)
            assert_string_equal(riv_cstr(arena, out.funcs[f].signature), cases[i].signatures[f]);
        riv_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(examples_compile) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
