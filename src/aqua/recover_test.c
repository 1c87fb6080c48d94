/* recover_test.c: one run tells all independent faults and no others: what a fault leaves undefined is not missed, the lines around it are
 * read as they are. Each program lists the codes and lines it must give, in order of the text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aqua/query.h"
#include "aqua/query_test_support.h"

static const struct {
    const char *program, *wanted;
} cases[] = {
    /* a bad name in each of three functions */
    { "aqua M\nfunc f() -> u8:\n  <- a\nfunc g() -> u8:\n  <- b\nfunc h() -> u8:\n  x = c\n  <- x\n",
      "A0301:3 A0301:5 A0301:7" },
    /* syntax and meaning in one run */
    { "aqua M\nfunc f() -> u8:\n  x = = 1\n  <- x\nfunc g() -> u8:\n  <- \"a\"\n", "A0110:3 A0508:6" },
    /* brackets end before the next statement, the next block, the next declaration */
    { "aqua M\nfunc f(a: u8) -> u8:\n  x = (a + 1\n  y <- nope(x)\n  <- y\n", "A0111:3 A0302:4" },
    { "aqua M\nfunc f(a: u8) -> u8:\n  x = [a, (a\n  if a == 1:\n    z = b\n  <- a\n", "A0111:3 A0301:5" },
    { "aqua M\nconst A = (1\nfunc f() -> u8:\n  <- A + b\n", "A0111:2 A0301:4" },
    /* a string that is not closed costs its line */
    { "aqua M\nfunc f() -> string:\n  x = \"open\n  <- x\nfunc g() -> u8:\n  <- b\n", "A0102:3 A0301:6" },
    /* a missing colon is supposed */
    { "aqua M\nfunc f(a: bool) -> u8\n  if a\n    x = b\n  <- 1\n", "A0119:2 A0119:3 A0301:4" },
    /* a wrong word for a declaration is read as the right one */
    { "aqua M\nfunction f(a: u8) -> u8:\n  <- b\nfunc g() -> u8:\n  x <- f(1)\n  <- x\n", "A0125:2 A0301:3" },
    { "aqua M\nstruct D:\n  a: u8\nfunc g(d: D) -> u8:\n  <- d.b\n", "A0125:2 A0310:5" },
    /* a faulty header hides its function, not the others */
    { "aqua M\nfunc f(a: ) -> u8:\n  <- a\nfunc g() -> u8:\n  x <- f(1)\n  <- x + \"a\"\n", "A0110:2 A0406:6" },
    /* a faulty field hides its type */
    { "aqua M\ndata D:\n  a: \n  b: u8\nfunc f(d: D) -> string:\n  <- d.a\nfunc g() -> u8:\n  <- \"x\"\n",
      "A0110:3 A0508:8" },
    { "aqua M\ndata D:\n  a: Nope\nfunc f(d: D) -> string:\n  x = D(a = 1)\n  <- d.a\n", "A0303:3" },
    { "aqua M\nservice S(\"s\"):\n  f(x: Nope)\n  g()\nfunc f():\n  S.f(1)\n  S.g(2, 3)\n", "A0303:3" },
    /* a faulty block header leaves its block readable */
    { "aqua M\nfunc f(xs: []u8) -> u8:\n  for x in xs:\n    y = x + b\n  <- 1\n", "A0110:3 A0301:4" },
    { "aqua M\nfunc f(xs: []u8) -> u8:\n  fro x <- xs:\n    y = b\n  <- 1\n", "A0126:3 A0301:4" },
    { "aqua M\nfunc f(p: string) -> u8:\n  on p vai p:\n    x = 1\n  <- x\n", "A0110:3" },
    { "aqua M\nfunc f() -> u8:\n  try\n    x = b\n  catch:\n    y = c\n  <- 1\n", "A0119:3 A0301:4 A0110:5 A0301:6" },
    /* imports: what is not there is not missed */
    { "aqua M\nimport \"none.aqua\"\nfunc f(a: Thing) -> u8:\n  x <- open(a)\n  <- \"x\"\n", "A0209:2 A0508:5" },
    { "aqua M\nimport open, shut from \"none.aqua\"\nfunc f() -> u8:\n  x <- open(b)\n  <- x\n", "A0209:2 A0301:4" },
    { "aqua M\nuse \"none.aqua\" as N\nfunc f(a: N.Thing) -> u8:\n  x <- N.open(b)\n  <- x\n", "A0209:2 A0301:4" },
    { "aqua M\nimport nope from \"a.aqua\"\nfunc f() -> u8:\n  x <- nope(N)\n  <- x\n", "A0205:2 A0301:4" },
    { "aqua M\nimport from \"a.aqua\"\nfunc f(p: Pair) -> u8:\n  <- \"x\"\n", "A0110:2 A0508:4" },
    /* what cannot be seen is a blank */
    { "\xef\xbb\xbf"
      "aqua M\nfunc f() -> u8:\n  <- b\n",
      "A0101:1 A0301:3" },
    { "aqua M\nfunc f(a: u8) -> u8:\n  x =\xc2\xa0"
      "a\n  <- b\n",
      "A0101:3 A0301:4" },
    { "aqua M\nfunc f(a: u8) -> u8:\n  x = a\x01\n  <- b\n", "A0101:3 A0301:4" },
    /* the header is missing or faulty, the rest is looked at */
    { "func f() -> u8:\n  <- b\n", "A0201:1 A0301:2" },
    { "aqua M declares f, g\nexport h\nfunc f() -> u8:\n  <- b\n", "A0204:1 A0206:2 A0301:4" },
    /* a variable of a wrong value is silent where it is used */
    { "aqua M\nfunc f() -> u8:\n  x = a\n  y = x + 1\n  if y:\n    z = y.b\n  <- y\n", "A0301:3" },
    /* several faults in one value */
    { "aqua M\nservice S(\"s\"):\n  f(a: u8, b: u8) -> u8\nfunc f() -> u8:\n  <- S.f(\"a\", c)\n", "A0401:5 A0301:5" },
    { "aqua M\nservice S(\"s\"):\n  f(a: u8, b: u8) -> u8\nfunc f() -> u8:\n  <- S.f(\"a\", \"b\")\n",
      "A0401:5 A0401:5" },
    /* indentation */
    { "aqua M\nfunc f(a: u8) -> u8:\n    x = a\n  y = b\n  <- x\n", "A0120:4 A0301:4 A0120:5" },
};

static void each_fault_is_told_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena    *arena = riv_arena_new(0);
        riv_buf       got   = riv_buf_in(arena);
        aqua_project *p     = random_project();
        assert_int_equal(aqua_project_open(p, RIV_LIT("m.aqua"), riv_str_c(cases[i].program), NULL), RIV_OK);
        aqua_diags d = aqua_project_diags(p, RIV_LIT("m.aqua"), arena);
        for (size_t k = 0; k < d.count; k++)
            if (d.items[k].kind != AQUA_WARN)
                riv_putf(&got, "%s%s:%u", got.len ? " " : "", d.items[k].code,
                         riv_line_col_of(d.items[k].source, d.items[k].pos).line);
        if (!riv_str_eq(riv_buf_str(&got), riv_str_c(cases[i].wanted)))
            fail_msg("%swanted %s\ngot    " RIV_FMT, cases[i].program, cases[i].wanted, RIV_ARG(riv_buf_str(&got)));
        aqua_project_free(p);
        riv_arena_free(arena);
    }
}

/* The same in one compilation: a fault of an import is told there, and nothing follows from it here. */
static void a_faulty_import_does_not_hide_this_file(void **state)
{
    (void)state;
    static const test_file files[] = {
        { "bad.aqua", "aqua Bad declares *\nfunc f() -> u8:\n  <- \"x\"\nfunc g(a: ) -> u8:\n  <- 1\n" }
    };
    test_files  all   = { files, 1 };
    riv_arena  *arena = riv_arena_new(0);
    aqua_output out   = test_compile_with(
          arena, RIV_LIT("aqua M\nimport \"bad.aqua\"\nfunc h() -> u8:\n  x <- f()\n  y <- g(1)\n  <- x + y + z\n"),
          (aqua_options){ 0 }, &all);
    assert_false(out.accepted);
    assert_int_equal(out.errors.count, 3);
    assert_string_equal(out.errors.items[0].code, "A0110");
    assert_string_equal(out.errors.items[1].code, "A0508");
    assert_string_equal(out.errors.items[2].code, "A0301");
    assert_true(riv_str_eq(out.errors.items[2].file, RIV_LIT("main.aqua")));
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_is_told_once),
        cmocka_unit_test(a_faulty_import_does_not_hide_this_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
