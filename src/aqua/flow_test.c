/* flow_test.c: warnings of what is well typed and cannot work when it runs: where they stand, and where they are silent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aqua/test_support.h"

/* Every program stands below this, so its own first line is line 7. */
#define TOP                                                                                                            \
    "aqua T declares *\nservice Op(\"op\"):\n  g(x: u8) -> u8\n  p(s: []u8)\n"                                         \
    "func fill(s: *u8):\n  s <<- 1\n"

static const struct {
    const char *program;
    const char *code; /* NULL: nothing is to be said */
    uint32_t    line, col;
} cases[] = {
    /* elements that nobody writes */
    { "func f() -> u8:\n  s: *u8\n  <- s!\n", "A0601", 9, 6 },
    { "func f(n: u8) -> u8:\n  s: *u8\n  <- s[n]\n", "A0601", 9, 6 },
    { "func f():\n  s: *u8\n  s <<- 1\n  s <<- 2\n  join s[0], s[1], s[2]\n", "A0601", 11, 20 },
    { "func f() -> u8:\n  s = *[1, 2]\n  <- s[2]\n", "A0601", 9, 6 },
    { "func f() -> u8:\n  s = *[1, 2]\n  <- s[1]\n", NULL, 0, 0 },
    { "func f() -> u8:\n  s: *u8\n  s <- Op.g(1)\n  <- s!\n", NULL, 0, 0 },
    { "func f() -> u8:\n  s: *u8\n  fill(s)\n  <- s[4]\n", NULL, 0, 0 }, /* the function may write */
    { "func f(xs: []u8) -> u8:\n  s: *u8\n  for x <- xs:\n    s <<- x\n  <- s[9]\n", NULL, 0, 0 },
    { "func f(s: *u8) -> u8:\n  <- s[9]\n", NULL, 0, 0 },                         /* the caller may have written */
    { "func f() -> u8:\n  s: *u8\n  t = s\n  t <<- 1\n  <- s[0]\n", NULL, 0, 0 }, /* another name of it */
    { "func f() -> u8:\n  s: *u8\n  c = (x: u8):\n    s <<- x\n  c(1)\n  <- s[0]\n", NULL, 0, 0 },
    /* snapshots beside writers */
    { "func f(ps: []string) -> []u8:\n  s: *u8\n  for p <- ps par:\n    on p:\n      s <- Op.g(1)\n  <- s\n", "A0602",
      12, 6 },
    { "func f(p: string) -> u32:\n  s: *u8\n  co on p:\n    s <- Op.g(1)\n  <- s.length\n", "A0602", 11, 6 },
    { "func f(p: string):\n  s: *u8\n  on p:\n    s <- Op.g(1)\n  par Op.p([])\n  Op.p(s)\n", "A0602", 12, 8 },
    { "func f(ps: []string) -> []u8:\n  s: *u8\n  for p <- ps par:\n    on p:\n      s <- Op.g(1)\n  join s[2]\n  <- "
      "s\n",
      NULL, 0, 0 },
    { "func f(ps: []string) -> []u8:\n  s: *u8\n  for p <- ps:\n    on p:\n      s <- Op.g(1)\n  <- s\n", NULL, 0, 0 },
    { "func f(p: string):\n  s: *u8\n  co on p:\n    s <- Op.g(1)\n    Op.p(s)\n", NULL, 0,
      0 }, /* beside, but one after the other */
    { "func f(ps: []string) -> []u8:\n  s: *u8\n  done: *u8\n  for p <- ps par:\n    on p:\n      s <- Op.g(1)\n      "
      "done <<- 1\n"
      "  join done[2]\n  <- s\n",
      NULL, 0, 0 }, /* another stream of the same writers was waited for */
    /* places */
    { "func f():\n  on \"\":\n    Op.p([])\n", "A0603", 8, 6 },
    { "func f(p: string):\n  on p via \"relay\":\n    Op.p([])\n", "A0603", 8, 12 },
    { "const PEER = \"me\"\nfunc f():\n  on PEER:\n    Op.p([])\n", "A0603", 9, 6 },
    { "func f(ps: []string):\n  parseq x <- ps on \"me\":\n    on x:\n      Op.p([])\n", "A0603", 8, 21 },
    { "func f():\n  on \"QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N\":\n    Op.p([])\n", NULL, 0, 0 },
    { "func f(p: string):\n  on p:\n    on INIT_PEER_ID:\n      Op.p([])\n", "A0604", 9, 8 },
    { "func f():\n  on HOST_PEER_ID:\n    on INIT_PEER_ID:\n      Op.p([])\n", NULL, 0, 0 },
    { "func f():\n  on INIT_PEER_ID:\n    Op.p([])\n", NULL, 0, 0 },
    /* what nobody reads */
    { "func f():\n  s: *u8\n  Op.p([])\n", "A0315", 8, 3 },
    { "func f():\n  c = ():\n    Op.p([])\n  Op.p([])\n", "A0315", 8, 3 },
    { "func f(x: u8):\n  for i <- [1]:\n    Op.p([])\n", NULL, 0, 0 }, /* parameters and items need no reader */
    /* elements of several types */
    { "func f(a: u8, b: u16) -> []u8:\n  <- [a, b]\n", "A0412", 8, 10 },
    { "func f(a: u8, b: u8) -> []u8:\n  <- [a, 1, b]\n", NULL, 0, 0 },
};

static void each_stands_where_it_should_and_only_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena  *arena = riv_arena_new(0);
        aqua_output out   = test_compile(arena, riv_cstr(arena, riv_format(arena, TOP "%s", cases[i].program)));
        if (!out.accepted) fail_msg("refused:\n%s" RIV_FMT, cases[i].program, RIV_ARG(out.errors.items[0].text));
        if (out.warnings.count != (cases[i].code ? 1 : 0))
            fail_msg("%zu warnings:\n%s" RIV_FMT, out.warnings.count, cases[i].program,
                     RIV_ARG(out.warnings.count ? out.warnings.items[0].text : RIV_LIT("")));
        if (cases[i].code) {
            const aqua_diag *d  = &out.warnings.items[0];
            riv_line_col     at = riv_line_col_of(d->source, d->pos);
            if (strcmp(d->code, cases[i].code) != 0 || at.line != cases[i].line || at.col != cases[i].col)
                fail_msg("%sgot %s %u:%u " RIV_FMT, cases[i].program, d->code, at.line, at.col, RIV_ARG(d->text));
        }
        riv_arena_free(arena);
    }
}

static void without_a_relay_all_are_reached(void **state)
{
    (void)state;
    riv_arena  *arena = riv_arena_new(0);
    aqua_output out =
        test_compile_with(arena, RIV_LIT(TOP "func f(p: string):\n  on p:\n    on INIT_PEER_ID:\n      Op.p([])\n"),
                          (aqua_options){ .no_relay = true }, NULL);
    assert_true(out.accepted);
    assert_int_equal(out.warnings.count, 0);
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_stands_where_it_should_and_only_there),
        cmocka_unit_test(without_a_relay_all_are_reached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
