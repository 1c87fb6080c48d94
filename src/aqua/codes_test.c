/* codes_test.c: every code is explained by programs that are compiled here: the bad one gives exactly this code, the good one none; and
 * every suggestion that a bad one gets is applied and compiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aqua/test_support.h"

static aqua_output compile(riv_arena *arena, riv_str text)
{
    const test_file files[] = {
        { "lib.aqua", aqua_example_lib },
        { "main.aqua", riv_cstr(arena, text) },
    };
    test_file *copy = riv_new(arena, test_file, 2);
    memcpy(copy, files, sizeof files);
    test_files *all = riv_new(arena, test_files, 1);
    *all            = (test_files){ copy, 2 };
    return test_compile_with(arena, text, (aqua_options){ .no_empty_response = true }, all);
}

static const aqua_diag *other(aqua_diags diags, const char *code)
{
    for (size_t i = 0; i < diags.count; i++)
        if (strcmp(diags.items[i].code, code) != 0) return &diags.items[i];
    return NULL;
}

static void no_code_is_without_an_explanation(void **state)
{
    (void)state;
    size_t           count;
    const aqua_code *codes = aqua_codes(&count);
    assert_true(count > 90);
    for (size_t i = 0; i < count; i++) {
        const aqua_code *c = &codes[i];
        assert_non_null(c->code);
        assert_int_equal(strlen(c->code), 5);
        if (i > 0 && strcmp(codes[i - 1].code, c->code) >= 0) fail_msg("%s does not stand in order", c->code);
        if (strlen(c->title) < 8 || strlen(c->text) < 20) fail_msg("%s is not explained", c->code);
        if ((c->bad[0] == 0) != (c->good[0] == 0)) fail_msg("%s has half an example", c->code);
        assert_ptr_equal(aqua_code_find(riv_str_c(c->code)), c);
        assert_ptr_equal(aqua_code_find(riv_str_c(c->name)), c);
    }
    assert_ptr_equal(aqua_code_find(RIV_LIT("a0301")), aqua_code_find(RIV_LIT("unknown-name")));
    assert_null(aqua_code_find(RIV_LIT("A9999")));
}

static void bad_examples_give_their_code_and_good_ones_none(void **state)
{
    (void)state;
    size_t           count, shown = 0;
    const aqua_code *codes = aqua_codes(&count);
    for (size_t i = 0; i < count; i++) {
        const aqua_code *c = &codes[i];
        if (!c->bad[0]) continue;
        riv_arena       *arena = riv_arena_new(0);
        aqua_output      bad = compile(arena, riv_str_c(c->bad)), good = compile(arena, riv_str_c(c->good));
        const aqua_diag *odd = other(bad.errors, c->code);
        if (!odd) odd = other(bad.warnings, c->code);
        shown++;
        if (odd) fail_msg("%s: its bad example gives %s too: " RIV_FMT, c->code, odd->code, RIV_ARG(odd->text));
        if (bad.errors.count + bad.warnings.count == 0) fail_msg("%s: its bad example is good", c->code);
        if (bad.accepted != (c->kind == AQUA_WARN)) fail_msg("%s: accepted %d", c->code, bad.accepted);
        if (good.errors.count) fail_msg("%s: its good example: " RIV_FMT, c->code, RIV_ARG(good.errors.items[0].text));
        if (good.warnings.count)
            fail_msg("%s: its good example: " RIV_FMT, c->code, RIV_ARG(good.warnings.items[0].text));
        riv_arena_free(arena);
    }
    assert_true(shown + 6 == count); /* limits, options, older libraries and bad encodings */
}

static size_t apply_all(riv_arena *arena, riv_str source, const aqua_diag *d)
{
    for (size_t i = 0; i < d->fixes_count; i++) {
        riv_str     mended = aqua_fix_apply(source, &d->fixes[i], arena);
        aqua_output out    = compile(arena, mended);
        if (out.errors.count == 0 && !other(out.warnings, "")) continue;
        if (out.errors.count)
            fail_msg("%s: " RIV_FMT " gives\n" RIV_FMT "\n" RIV_FMT, d->code, RIV_ARG(d->fixes[i].title),
                     RIV_ARG(mended), RIV_ARG(out.errors.items[0].text));
        for (size_t k = 0; k < out.warnings.count; k++)
            if (strcmp(out.warnings.items[k].code, d->code) == 0)
                fail_msg("%s: " RIV_FMT " does not help:\n" RIV_FMT, d->code, RIV_ARG(d->fixes[i].title),
                         RIV_ARG(mended));
    }
    return d->fixes_count;
}

static void every_suggestion_compiles(void **state)
{
    (void)state;
    size_t           count, applied = 0;
    const aqua_code *codes = aqua_codes(&count);
    for (size_t i = 0; i < count; i++) {
        riv_arena  *arena  = riv_arena_new(0);
        riv_str     source = riv_str_c(codes[i].bad);
        aqua_output bad    = compile(arena, source);
        if (bad.errors.count) applied += apply_all(arena, source, &bad.errors.items[0]);
        if (bad.warnings.count && codes[i].kind == AQUA_WARN)
            applied += apply_all(arena, source, &bad.warnings.items[0]);
        riv_arena_free(arena);
    }
    assert_true(applied >= 40);
}

/* Suggestions that the examples do not show: the program, and what the first one makes of it. */
static void suggestions_mend_what_they_should(void **state)
{
    (void)state;
    static const struct {
        const char *program, *code, *mended;
    } cases[] = {
        { "aqua M\ndata point:\n  x: u8\n", "A0133", "aqua M\ndata Point:\n  x: u8\n" },
        { "aqua M\nfunc f(a: u8,) -> u8:\n  <- a\n", "A0112", "aqua M\nfunc f(a: u8) -> u8:\n  <- a\n" },
        { "aqua M\nfunc f(a: u8) -> u8:\n  b = a\n    c = b\n  <- c\n", "A0120",
          "aqua M\nfunc f(a: u8) -> u8:\n  b = a\n  c = b\n  <- c\n" },
        { "aqua M\nfunc f(xs: []u8) -> []u8:\n  s: *u8\n  fro x <- xs:\n    s <<- x\n  <- s\n", "A0126",
          "aqua M\nfunc f(xs: []u8) -> []u8:\n  s: *u8\n  for x <- xs:\n    s <<- x\n  <- s\n" },
        { "aqua M\nimport opne from \"lib.aqua\"\nexport open\n", "A0205",
          "aqua M\nimport open from \"lib.aqua\"\nexport open\n" },
        { "aqua M declares ff\nfunc f() -> u8:\n  <- 1\n", "A0204", "aqua M declares f\nfunc f() -> u8:\n  <- 1\n" },
        { "aqua M\nexport man\nfunc main() -> u8:\n  <- 1\n", "A0206",
          "aqua M\nexport main\nfunc main() -> u8:\n  <- 1\n" },
        { "aqua M\nimport open, open2 as two, Thing from \"lib.aqua\"\nfunc f(t: Thing) -> u8:\n  x <- open()\n  <- "
          "x\n",
          "A0213", "aqua M\nimport open, Thing from \"lib.aqua\"\nfunc f(t: Thing) -> u8:\n  x <- open()\n  <- x\n" },
        { "aqua M\nimport open2 as two, open from \"lib.aqua\"\nexport open\n", "A0213",
          "aqua M\nimport open from \"lib.aqua\"\nexport open\n" },
        { "aqua M\nuse \"lib.aqua\" as L\nfunc f() -> u8:\n  <- 1\n", "A0213", "aqua M\nfunc f() -> u8:\n  <- 1\n" },
        { "aqua M\nservice S(\"s\"):\n  p(x: u8)\nfunc f(o: ?u8):\n  S.p(o)\n", "A0401",
          "aqua M\nservice S(\"s\"):\n  p(x: u8)\nfunc f(o: ?u8):\n  S.p(o!)\n" },
        { "aqua M\nservice S(\"s\"):\n  p(x: string)\nfunc f():\n  S.p(5)\n", "A0401",
          "aqua M\nservice S(\"s\"):\n  p(x: string)\nfunc f():\n  S.p(\"5\")\n" },
        { "aqua M\nfunc f(xs: []u8) -> u32:\n  <- xs.size()\n", "A0427",
          "aqua M\nfunc f(xs: []u8) -> u32:\n  <- xs.length\n" },
        { "aqua M\nfunc f(xs: []u8) -> u32:\n  <- xs.len\n", "A0310",
          "aqua M\nfunc f(xs: []u8) -> u32:\n  <- xs.length\n" },
        { "aqua M\ndata D:\n  count: u8\nfunc f(d: D) -> D:\n  <- d.copy(cont = 1)\n", "A0310",
          "aqua M\ndata D:\n  count: u8\nfunc f(d: D) -> D:\n  <- d.copy(count = 1)\n" },
        { "aqua M\nfunc f() -> []u8, string:\n  <- [1], [\"a\"]\n", "A0508",
          "aqua M\nfunc f() -> []u8, []string:\n  <- [1], [\"a\"]\n" },
        { "aqua M\nfunc f(a: u8):\n  <- a, \"x\"\n", "A0505", "aqua M\nfunc f(a: u8) -> u8, string:\n  <- a, \"x\"\n" },
        { "aqua M\nfunc f() -> string:\n  <- 'it'\n", "A0101", "aqua M\nfunc f() -> string:\n  <- \"it\"\n" },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena       *arena = riv_arena_new(0);
        aqua_output      out   = compile(arena, riv_str_c(cases[i].program));
        const aqua_diag *d     = out.errors.count     ? &out.errors.items[0]
                                 : out.warnings.count ? &out.warnings.items[0]
                                                      : NULL;
        if (!d || strcmp(d->code, cases[i].code) != 0 || d->fixes_count == 0)
            fail_msg("%sgives %s " RIV_FMT ", %zu suggestions", cases[i].program, d ? d->code : "nothing",
                     RIV_ARG(d ? d->text : RIV_LIT("")), d ? d->fixes_count : 0);
        riv_str mended = aqua_fix_apply(riv_str_c(cases[i].program), &d->fixes[0], arena);
        if (!riv_str_eq(mended, riv_str_c(cases[i].mended)))
            fail_msg("%sbecomes\n" RIV_FMT, cases[i].program, RIV_ARG(mended));
        out = compile(arena, mended);
        if (out.errors.count) fail_msg(RIV_FMT RIV_FMT, RIV_ARG(mended), RIV_ARG(out.errors.items[0].text));
        riv_arena_free(arena);
    }
}

static void warnings_are_switched_off_or_denied(void **state)
{
    (void)state;
    static const char program[] = "aqua M\nfunc f(a: u8) -> u8:\n  b = a + 1\n  <- a\n";
    const riv_str     off[] = { RIV_LIT("unused-variable") }, wrong[] = { RIV_LIT("unknown-name") },
                  none[] = { RIV_LIT("nope") };
    riv_arena  *arena    = riv_arena_new(0);
    aqua_output out      = test_compile_with(arena, riv_str_c(program), (aqua_options){ 0 }, NULL);
    assert_true(out.accepted);
    assert_int_equal(out.warnings.count, 1);
    out = test_compile_with(arena, riv_str_c(program), (aqua_options){ .allow = off, .allow_count = 1 }, NULL);
    assert_true(out.accepted);
    assert_int_equal(out.warnings.count, 0);
    out = test_compile_with(arena, riv_str_c(program), (aqua_options){ .deny_warnings = true }, NULL);
    assert_false(out.accepted);
    assert_int_equal(out.warnings.count, 0);
    assert_int_equal(out.errors.count, 1);
    assert_string_equal(out.errors.items[0].code, "A0315");
    out = test_compile_with(arena, riv_str_c(program),
                            (aqua_options){ .deny_warnings = true, .allow = off, .allow_count = 1 }, NULL);
    assert_true(out.accepted);
    out = test_compile_with(arena, riv_str_c(program), (aqua_options){ .allow = wrong, .allow_count = 1 }, NULL);
    assert_string_equal(out.errors.items[0].code, "A0211");
    out = test_compile_with(arena, riv_str_c(program), (aqua_options){ .allow = none, .allow_count = 1 }, NULL);
    assert_string_equal(out.errors.items[0].code, "A0211");
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_code_is_without_an_explanation),
        cmocka_unit_test(bad_examples_give_their_code_and_good_ones_none),
        cmocka_unit_test(every_suggestion_compiles),
        cmocka_unit_test(suggestions_mend_what_they_should),
        cmocka_unit_test(warnings_are_switched_off_or_denied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
