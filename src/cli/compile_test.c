/* compile_test.c: where imports are looked for, and in which order. */
#include "cli/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static riv_arena *arena;
static riv_str    dir;

static int set_up(void **state)
{
    static const char *const files[] = {
        "src/near.aqua",
        "src/both.aqua",
        "lib/both.aqua",
        "lib/far.aqua",
        "node_modules/@a/b/c.aqua",
        "src/node_modules/deep.aqua",
        "src/far/x.aqua",
    };
    (void)state;
    arena = riv_arena_new(0);
    if (host_temp_dir(RIV_LIT("rivulet-test"), arena, NULL, &dir)) return -1;
    dir = host_path_real(arena, dir);
    for (size_t i = 0; i < RIV_COUNT(files); i++) {
        riv_str path = host_path_join(arena, dir, riv_str_c(files[i]));
        if (host_dir_make(host_path_dir(path), NULL)) return -1;
        if (host_file_write_cache(path, riv_str_bytes(riv_str_c(files[i])), 0600, NULL)) return -1;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    host_dir_remove(dir);
    riv_arena_free(arena);
    return 0;
}

static void test_imports(void **state)
{
    static const struct {
        const char *text, *found; /* NULL: not found */
    } cases[] = {
        { "near.aqua", "src/near.aqua" },
        { "near", "src/near.aqua" },
        { "./near", "src/near.aqua" },
        { "both", "src/both.aqua" }, /* beside the importer first */
        { "../lib/both.aqua", "lib/both.aqua" },
        { "far", "lib/far.aqua" }, /* src/far is a folder */
        { "@a/b/c.aqua", "node_modules/@a/b/c.aqua" },
        { "deep", "src/node_modules/deep.aqua" },
        { "nowhere", NULL },
        { "", NULL },
    };
    (void)state;
    riv_str     lib      = host_path_join(arena, dir, RIV_LIT("lib"));
    riv_str     importer = host_path_join(arena, dir, RIV_LIT("src/main.aqua"));
    cli_imports imports  = cli_imports_of(&lib, 1, arena);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_str   path = { 0 }, source = { 0 }, tried = { 0 };
        riv_fault fault = { 0 };
        riv_err   err = cli_import(&imports, importer, riv_str_c(cases[i].text), arena, &fault, &path, &source, &tried);
        if (err != (cases[i].found ? RIV_OK : RIV_E_NOT_FOUND)) fail_msg("'%s': %s", cases[i].text, fault.msg);
        if (!cases[i].found) {
            assert_true(riv_str_find(tried, lib, 0) != SIZE_MAX &&
                        riv_str_find(tried, RIV_LIT("/src/"), 0) != SIZE_MAX);
            continue;
        }
        assert_true(riv_str_eq(source, riv_str_c(cases[i].found)));
        assert_true(riv_str_eq(path, host_path_join(arena, dir, riv_str_c(cases[i].found))));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(test_imports, set_up, tear_down) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
