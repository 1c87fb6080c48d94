/* fmt_test.c: layouts as people like them, and that laying out changes no meaning: every program of the tree compiles to the same scripts
 * before and after, and a second time changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>

#include "aqua/fmt.h"

static riv_str format(riv_arena *arena, riv_str source, size_t *errors)
{
    riv_fault  fault = { 0 };
    aqua_diags diags = { 0 };
    riv_str    out;
    assert_int_equal(aqua_format(RIV_LIT("main.aqua"), source, arena, &fault, &diags, &out), RIV_OK);
    *errors = diags.count;
    return out;
}

static const struct {
    const char *name, *source, *wanted;
} cases[] = {
    { "levels", "aqua M\n\nfunc f():\n  if true:\n     x=1\n  else:\n     y = 2\n",
      "aqua M\n\nfunc f():\n    if true:\n        x = 1\n    else:\n        y = 2\n" },
    { "tabs", "aqua M\nfunc f():\n\ton \"p\" via r:\n\t\tx<-g()\n\t<- x\n",
      "aqua M\n\nfunc f():\n    on \"p\" via r:\n        x <- g()\n    <- x\n" },
    { "one blank line between blocks", "aqua M\n\n\n\nservice S(\"s\"):\n  g()\nfunc f():\n  S.g()\n\n\n  S.g()\n\n\n",
      "aqua M\n\nservice S(\"s\"):\n    g()\n\nfunc f():\n    S.g()\n\n    S.g()\n" },
    { "short declarations stay together", "aqua M\nconst A=1\nconst B   ?= 2\nalias Text :string\n",
      "aqua M\nconst A = 1\nconst B ?= 2\nalias Text: string\n" },
    { "prefixes",
      "aqua M\n\nfunc f(s: *string , o:?u8,m:%string) -> [] ?string:\n  x = -1 + 2 - -3\n  y = !true && !(x<2)\n",
      "aqua M\n\nfunc f(s: *string, o: ?u8, m: %string) -> [] ?string:\n    x = -1 + 2 - -3\n    y = !true && !(x < "
      "2)\n" },
    { "collections",
      "aqua M\n\nfunc f():\n  a = [ 1,2 ]\n  b = *[1]\n  c = ?[ 1]\n  d <- g([],1 )\n  for x<-[1,2] par:\n    e = "
      "a[ 1 ]\n",
      "aqua M\n\nfunc f():\n    a = [1, 2]\n    b = *[1]\n    c = ?[1]\n    d <- g([], 1)\n    for x <- [1, 2] par:\n"
      "        e = a[1]\n" },
    { "stars and indexes", "aqua M\n\nfunc f():\n  x = a[0]*2**3%4\n  join s[ 1 ],s!\n  y = s!.f\n",
      "aqua M\n\nfunc f():\n    x = a[0] * 2 ** 3 % 4\n    join s[1], s!\n    y = s!.f\n" },
    { "declares all", "aqua M declares   *\nimport  a,b  from \"x\"\nuse \"y\"  as Y\nexport f as g , h\n",
      "aqua M declares *\nimport a, b from \"x\"\nuse \"y\" as Y\nexport f as g, h\n" },
    { "comments",
      "--top\naqua M --name\n\n-- about f\nfunc f(): --body\n  -- inside\n  x = 1   -- one\n    -- deeper than its "
      "block\n  -- last\n-- below\nfunc g():\n"
      "  y = 2\n",
      "--top\naqua M  --name\n\n-- about f\nfunc f():  --body\n    -- inside\n    x = 1  -- one\n    -- deeper than "
      "its block\n    -- last\n\n-- below\n"
      "func g():\n    y = 2\n" },
    { "a comment after a block that stands apart", "aqua M\n\nfunc f():\n  x = 1\n-- of f\n\nfunc g():\n  y = 2\n",
      "aqua M\n\nfunc f():\n    x = 1\n-- of f\n\nfunc g():\n    y = 2\n" },
    { "breaks stay", "aqua M\n\nfunc f():\n  x = g(1,\n   2,\n      h(\n   3 -- three\n  ))\n",
      "aqua M\n\nfunc f():\n    x = g(1,\n        2,\n        h(\n            3  -- three\n        ))\n" },
    { "long calls",
      "aqua M\n\nfunc f():\n  result <- service_with_a_long_name(argument_number_one, argument_number_two, "
      "[argument_three, argument_four])\n",
      "aqua M\n\nfunc f():\n    result <- service_with_a_long_name(\n        argument_number_one,\n        "
      "argument_number_two,\n"
      "        [argument_three, argument_four]\n    )\n" },
    { "long exports",
      "aqua M\nexport first_function_of_the_module, second_function_of_the_module, third_function_of_the_module as "
      "third\n",
      "aqua M\nexport first_function_of_the_module, second_function_of_the_module,\n    third_function_of_the_module "
      "as third\n" },
    { "closures and arrows",
      "aqua M\n\nfunc f(a: u32,u32->u32,b:( -> string)) -> (u32->()),string:\n  c = (x:u32)->u32:\n    <- x\n  d=func "
      "(y : u8 ):\n    z = y\n  <- c,b()\n",
      "aqua M\n\nfunc f(a: u32, u32 -> u32, b: (-> string)) -> (u32 -> ()), string:\n    c = (x: u32) -> u32:\n        "
      "<- x\n"
      "    d = func (y: u8):\n        z = y\n    <- c, b()\n" },
    { "line ends", "aqua M\r\n\r\nfunc f():\r\n  x = 1", "aqua M\n\nfunc f():\n    x = 1\n" },
    { "nothing", "", "" },
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena *arena = riv_arena_new(0);
        size_t     errors;
        riv_str    once = format(arena, riv_str_c(cases[i].source), &errors);
        if (errors || !riv_str_eq(once, riv_str_c(cases[i].wanted)))
            fail_msg("%s (%zu errors):\n" RIV_FMT "\nwanted:\n%s", cases[i].name, errors, RIV_ARG(once),
                     cases[i].wanted);
        riv_arena_free(arena);
    }
}

static void test_errors(void **state)
{
    (void)state;
    riv_arena *arena  = riv_arena_new(0);
    riv_str    source = RIV_LIT("aqua M\nfunc f(:\n  x=1\n");
    size_t     errors;
    riv_str    out = format(arena, source, &errors);
    assert_true(errors > 0);
    assert_true(riv_str_eq(out, source));
    riv_arena_free(arena);
}

/* ---- every program of the tree ---- */

static const char *const folders[] = { "tests/conform/aqua/programs", "examples/aqua", "examples/hello",
                                       "examples/geo" };

static riv_str read_file(riv_arena *arena, const char *path)
{
    FILE   *file = fopen(path, "rb");
    riv_buf buf  = riv_buf_in(arena);
    int     ch;
    assert_non_null(file);
    while ((ch = fgetc(file)) != EOF) riv_put_u8(&buf, (uint8_t)ch);
    fclose(file);
    return riv_buf_str(&buf);
}

static const char *folder_at_hand;

static riv_err import(void *ctx, riv_str importer, riv_str text, riv_arena *arena, riv_fault *fault, riv_str *path,
                      riv_str *source, riv_str *tried)
{
    (void)ctx;
    (void)importer;
    (void)fault;
    *path       = riv_format(arena, "%s/%s/" RIV_FMT "%s", RIV_SOURCE_DIR, folder_at_hand, RIV_ARG(text),
                       riv_str_ends(text, RIV_LIT(".aqua")) ? "" : ".aqua");
    *tried      = *path;
    FILE *there = fopen(path->ptr, "rb");
    if (!there) return RIV_E_NOT_FOUND;
    fclose(there);
    *source = read_file(arena, path->ptr);
    return RIV_OK;
}

static aqua_output compile(riv_arena *arena, riv_str path, riv_str source)
{
    riv_fault   fault = { 0 };
    aqua_output out   = { 0 };
    aqua_input  in    = { .path = path, .source = source, .import = import };
    assert_int_equal(aqua_compile(&in, arena, &fault, &out), RIV_OK);
    return out;
}

static bool check_file(const char *name)
{
    riv_arena *arena = riv_arena_new(0);
    riv_str    path  = riv_format(arena, "%s/%s/%s", RIV_SOURCE_DIR, folder_at_hand, name);
    riv_str    text  = read_file(arena, path.ptr);
    size_t     errors, again_errors;
    riv_str    once = format(arena, text, &errors), twice = format(arena, once, &again_errors);
    if (!errors && !riv_str_eq(once, twice))
        fail_msg("%s: a second time gives\n" RIV_FMT "\nafter\n" RIV_FMT, name, RIV_ARG(twice), RIV_ARG(once));
    aqua_output before = compile(arena, path, text), after = compile(arena, path, once);
    if (before.accepted != after.accepted || before.funcs_count != after.funcs_count) fail_msg("%s: accepted?", name);
    for (size_t i = 0; i < before.funcs_count; i++)
        if (!riv_str_eq(before.funcs[i].air_text, after.funcs[i].air_text)) fail_msg("%s: another script", name);
    riv_arena_free(arena);
    return !errors;
}

static void test_programs(void **state)
{
    (void)state;
    size_t formatted = 0;
    for (size_t i = 0; i < RIV_COUNT(folders); i++) {
        char path[4096];
        folder_at_hand = folders[i];
        snprintf(path, sizeof path, "%s/%s", RIV_SOURCE_DIR, folders[i]);
        DIR *dir = opendir(path);
        assert_non_null(dir);
        for (struct dirent *e = readdir(dir); e; e = readdir(dir))
            if (riv_str_ends(riv_str_c(e->d_name), RIV_LIT(".aqua"))) formatted += check_file(e->d_name);
        closedir(dir);
    }
    print_message("%zu programs\n", formatted);
    assert_true(formatted > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
