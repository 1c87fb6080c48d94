/* check_test.c: what is refused, where the mark stands, and what is said; and that one slip costs one diagnostic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aqua/test_support.h"

#include <stdio.h>

/* Every program stands below this, so its own first line is line 9. */
#define TOP                                                                                                            \
    "aqua T declares *\n"                                                                                              \
    "export main\n"                                                                                                    \
    "service Op(\"op\"):\n"                                                                                            \
    "  g(x: i32) -> i32\n"                                                                                             \
    "  p(s: string)\n"                                                                                                 \
    "data D:\n"                                                                                                        \
    "  a: i32\n"                                                                                                       \
    "  b: string\n"

typedef struct refusal {
    const char *program;
    uint32_t    line, col;
    const char *text;
} refusal;

static const refusal refusals[] = {
    /* names */
    { "func main() -> i32:\n  <- missing\n", 10, 6, "Name 'missing' isn't found in scope." },
    { "func main(count: i32) -> i32:\n  <- cuont\n", 10, 6, "Did you mean any of this? 'count'" },
    { "func main():\n  nothing(1)\n", 10, 3, "Name 'nothing' not found in scope." },
    { "func main(x: Strange):\n  Op.p(\"a\")\n", 9, 14, "Type `Strange` is not defined" },
    { "func main():\n  Nope.g(1)\n", 10, 3, "Ability with this name is undefined" },
    { "func main():\n  Op.gg(1)\n", 10, 6, "Arrow `gg` not found in `service Op`, available: `g`, `p`" },
    { "func main(x: i32):\n  x = 3\n", 10, 3, "This name was already defined in the scope" },
    { "func main():\n  nil = 3\n", 10, 3, "This name was already defined in the scope" },
    { "func main():\n  Op.p(\"a\")\nfunc main():\n  Op.p(\"b\")\n", 11, 6,
      "This arrow was already defined in the scope" },
    { "func main():\n  main()\n", 10, 3, "Name 'main' not found in scope." },
    { "data D:\n  c: i32\nfunc main():\n  Op.p(\"a\")\n", 9, 6, "Name `D` was already defined here" },
    { "func main() -> i32:\n  if 1 == 1:\n    y = 1\n  <- y\n", 12, 6, "Name 'y' isn't found in scope." },
    /* types */
    { "func main():\n  Op.g(\"text\")\n", 10, 8, "Types mismatch.\nexpected:   i32\ngiven:      string literal" },
    { "func main():\n  Op.g(1, 2)\n", 10, 11,
      "Too many arguments for arrow `g` in `service Op`, expected: 1, given: 2" },
    { "func f(x: i32):\n  Op.g(x)\nfunc main():\n  f()\n", 12, 3,
      "Number of arguments doesn't match the function type, expected: 1, given: 0" },
    { "func main() -> i32:\n  <- \"text\"\n", 10, 6, "Wrong value type, expected: i32, given: string literal" },
    { "func main(d: D) -> i32:\n  <- d.c\n", 10, 8, "Field `c` not found in type `D`, available: `a`, `b`" },
    { "func main(s: string) -> u32:\n  <- s.length\n", 10, 8, "Property `length` not found in type `string`" },
    { "func main(x: i32) -> i32:\n  <- x[0]\n", 10, 7, "Non collection type `i32` does not support indexing" },
    { "func main(o: ?i32) -> i32:\n  <- o[0]\n", 10, 8, "Options might have only one element, use ! to get it" },
    { "func main() -> D:\n  <- D(a = 1)\n", 10, 6, "Missing argument 'b' of type 'string'" },
    { "func main() -> D:\n  <- D(a = 1, b = \"x\", a = 2)\n", 10, 24, "Duplicate argument `a`" },
    { "func main(d: D) -> D:\n  <- d.copy(z = 1)\n", 10, 13, "No field with name 'z' in `D`" },
    { "func main():\n  if 5:\n    Op.g(1)\n", 10, 6, "Types mismatch.\nexpected:   bool" },
    { "func main():\n  for x <- 5:\n    Op.g(x)\n", 10, 12,
      "Value of type 'unsigned literal' could not be iterated over" },
    { "func main():\n  on 5:\n    Op.g(1)\n", 10, 6, "Types mismatch.\nexpected:   string" },
    { "func main():\n  x = 5\n  x <<- 3\n", 11, 3, "Expected stream value (*), got value of type 'unsigned literal'" },
    { "func main():\n  s: *i32\n  s <<- \"a\"\n", 11, 9, "Types mismatch.\nexpected:   i32" },
    { "func main():\n  s: []i32\n", 10, 6, "Expected stream or stream map type, got []i32" },
    { "func main(s: string, x: i32) -> bool:\n  <- s == x\n", 10, 8, "Cannot compare 'string' with 'i32'" },
    { "func main(s: string) -> i32:\n  <- s + 1\n", 10, 6, "expected one of:   u8" },
    { "data E:\n  s: *i32\nfunc main():\n  Op.p(\"a\")\n", 10, 3,
      "Field 's' has unacceptable for struct field type '*i32'" },
    { "func main(x: []*i32):\n  Op.p(\"a\")\n", 9, 16, "Array could not contain values of type *i32" },
    { "service S(\"s\"):\n  f() -> i32, i32\nfunc main():\n  Op.p(\"a\")\n", 10, 3,
      "Service functions cannot have multiple results" },
    { "service S:\n  f()\nfunc main():\n  S.f()\n", 12, 3, "Service ID is undefined" },
    { "func main():\n  D \"x\"\n", 10, 3, "Type `D` is not a service" },
    { "func main():\n  a, b <- Op.g(1)\n", 10, 6,
      "Cannot assign to a variable the result of a call that returns nothing" },
    { "func main():\n  x = Op.p(\"a\")\n", 10, 10, "`p` returns nothing" },
    /* returns */
    { "func main():\n  <- 1\n", 10, 6, "No return type declared for this arrow" },
    { "func main() -> i32:\n  Op.g(1)\n", 9, 16, "Return type is defined for the arrow, but nothing returned." },
    { "func main() -> i32:\n  <- 1, 2\n", 10, 9, "Too many values are returned from this arrow" },
    { "func main() -> i32, i32:\n  <- 1\n", 10, 6, "Expected 1 more values to be returned" },
    { "func main() -> i32:\n  <- 1\n  <- 2\n", 11, 3, "Return expression was already used in scope" },
    /* order of statements */
    { "func main():\n  Op.g(1)\n  else:\n    Op.g(2)\n", 11, 3, "Unexpected `else` without `if`" },
    { "func main():\n  Op.g(1)\n  catch e:\n    Op.g(2)\n", 11, 9, "Unexpected `catch` without `try`" },
    { "func main():\n  otherwise:\n    Op.g(2)\n", 10, 3, "Unexpected `otherwise` without previous instruction" },
    { "func main():\n  par Op.g(2)\n", 10, 3, "Unexpected `par` without previous instruction" },
    /* syntax */
    { "func main():\n  if 1 == 1:\n  Op.g(1)\n", 10, 1, "Block expression has no body" },
    { "func main():\n  if 1 == 1:\n      Op.g(1)\n    Op.g(2)\n", 12, 1, "Inconsistent indentation in the block" },
    { "func main() -> i32:\n  if 1 == 1:\n    <- 1\n  <- 2\n", 11, 1,
      "Return expression must be on the top indentation level" },
    { "func main():\n  Op.g(1,)\n", 10, 10, "expected another value after the comma, found `)`" },
    { "func main():\n  Op.g((1)\nfunc f():\n  Op.g(2)\n", 10, 11, "expected `,` or `)` before the end of the line" },
    { "func main():\n  Op.p(\"open)\n", 10, 8, "this string is never closed" },
    { "func main() -> bool:\n  <- 1 < 2 < 3\n", 10, 12, "expected one comparison, not a chain, found `<`" },
    { "func main(a: i32) -> bool:\n  <- a!= 1\n", 10, 7, "put a space before `!=`" },
    { "func main(x: i32) -> i32:\n  <- -x\n", 10, 6, "expected a value, found `-`" },
    { "func main():\n  x = []\n", 10, 7, "Assigning empty array to a variable is prohibited." },
    { "func main():\n  x <- 5\n", 10, 8, "Expected arrow call after `<-`" },
    { "func main():\n  x = 007\n", 10, 7, "superfluous 0" },
    { "func main():\n  x = 99999999999999999999\n", 10, 7, "does not fit into 64 signed bits" },
    { "const X = 1 + 2\nfunc main():\n  Op.g(X)\n", 9, 13,
      "'X' is an expression, but only strings, numbers or booleans can be used" },
    { "const x = 1\nfunc main():\n  Op.g(1)\n", 9, 7, "Constant's names must be in UPPERCASE" },
    { "hello\nfunc main():\n  Op.g(1)\n", 9, 1, "expected a declaration" },
    { "func main():\n  @\n", 10, 3, "unexpected character `@`" },
};

static void each_refusal_stands_where_it_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(refusals); i++) {
        const refusal *r     = &refusals[i];
        riv_arena     *arena = riv_arena_new(0);
        aqua_output    out   = test_compile(arena, riv_cstr(arena, riv_format(arena, TOP "%s", r->program)));
        if (out.accepted || out.errors.count == 0) fail_msg("accepted:\n%s", r->program);
        const aqua_diag *d  = &out.errors.items[0];
        riv_line_col     at = riv_line_col_of(d->source, d->pos);
        if (at.line != r->line || at.col != r->col || riv_str_find(d->text, riv_str_c(r->text), 0) == SIZE_MAX)
            fail_msg("%swanted %u:%u %s\ngot    %u:%u " RIV_FMT, r->program, r->line, r->col, r->text, at.line, at.col,
                     RIV_ARG(d->text));
        if (out.errors.count != 1 && !strstr(r->program, "func f():"))
            fail_msg("%sone slip, %zu diagnostics; the second: " RIV_FMT, r->program, out.errors.count,
                     RIV_ARG(out.errors.items[1].text));
        riv_arena_free(arena);
    }
}

static void one_run_finds_many_slips(void **state)
{
    (void)state;
    riv_arena  *arena = riv_arena_new(0);
    aqua_output out = test_compile(arena, TOP "func main() -> i32:\n  Op.g(\"a\")\n  x = missing\n  y = x + 1\n  <- y\n"
                                              "func f() -> string:\n  <- 5\n");
    assert_int_equal(out.errors.count, 3); /* y and the return depend on x and are not reported again */
    out = test_compile(arena, TOP "func main():\n  Op.g(1,)\n  for <- x:\n    Op.g()()\n  Op.p(\"a\")\n");
    assert_int_equal(out.errors.count, 3);
    riv_arena_free(arena);
}

static void header_and_imports(void **state)
{
    (void)state;
    static const test_file files[] = {
        { "lib.aqua", "aqua Lib declares open, Thing\ndata Thing:\n  n: i32\nfunc open() -> i32:\n  <- 1\nfunc "
                      "hidden() -> i32:\n  <- 2\n" },
        { "a.aqua", "aqua A\nimport \"b.aqua\"\n" },
        { "b.aqua", "aqua B\nimport \"a.aqua\"\n" },
        { "/x/node_modules/old/o.aqua", "func old() -> i32:\n  <- 1\n" },
        { "/x/own/o.aqua", "func old() -> i32:\n  <- 1\n" },
        { "bad.aqua", "aqua Bad\nfunc f() -> i32:\n  <- \"x\"\n" },
    };
    static const struct {
        const char    *program;
        aqua_diag_kind kind;
        uint32_t       line, col;
        const char    *text;
    } cases[] = {
        { "func main():\n  x = 1\n", AQUA_HEADER_ERROR, 1, 1, "Missing module header at the top of the file" },
        { "aqua M\n-- \377\n", AQUA_SYNTAX_ERROR, 2, 4, "the file is not UTF-8 text" },
        { "aqua M\naqua N\n", AQUA_HEADER_ERROR, 2, 1, "Module header is expected to be at the top" },
        { "aqua M declares nope\n", AQUA_HEADER_ERROR, 1, 17, "`nope` is expected to be declared" },
        { "aqua M\nexport nope\n", AQUA_HEADER_ERROR, 2, 8, "No 'nope' declaration or import found, cannot export" },
        { "aqua M\nimport \"none.aqua\"\n", AQUA_IMPORT_ERROR, 2, 8,
          "Import 'none.aqua' could not be resolved, tried: none.aqua" },
        { "aqua M\nimport hidden from \"lib.aqua\"\n", AQUA_HEADER_ERROR, 2, 8,
          "Try adding `declares hidden` to that file." },
        { "aqua M\nimport \"lib.aqua\"\nfunc f() -> i32:\n  x <- hidden()\n  <- x\n", AQUA_SEMANTIC_ERROR, 4, 8,
          "Name 'hidden' not found in scope." },
        { "aqua M\nuse \"lib.aqua\"\nexport Lib.open\n", AQUA_HEADER_ERROR, 3, 8,
          "Can not export 'Lib.open' as it has path name" },
        { "aqua M\nimport \"/x/own/o.aqua\"\n", AQUA_HEADER_ERROR, 1, 1,
          "Missing module header at the top of the file" },
        { "aqua M\nimport \"lib.aqua\"\n  export open\n", AQUA_SYNTAX_ERROR, 3, 1, "Unexpected indentation" },
        { "aqua M\nimport \"bad.aqua\"\n", AQUA_SEMANTIC_ERROR, 3, 6, "Wrong value type, expected: i32" },
    };
    test_files all = { files, RIV_COUNT(files) };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena  *arena = riv_arena_new(0);
        aqua_output out   = test_compile_with(arena, riv_str_c(cases[i].program), (aqua_options){ 0 }, &all);
        assert_false(out.accepted);
        const aqua_diag *d  = &out.errors.items[0];
        riv_line_col     at = riv_line_col_of(d->source, d->pos);
        if (d->kind != cases[i].kind || at.line != cases[i].line || at.col != cases[i].col ||
            riv_str_find(d->text, riv_str_c(cases[i].text), 0) == SIZE_MAX)
            fail_msg("%sgot %s %u:%u " RIV_FMT, cases[i].program, aqua_diag_kind_name(d->kind), at.line, at.col,
                     RIV_ARG(d->text));
        riv_arena_free(arena);
    }
    riv_arena  *arena = riv_arena_new(0);
    aqua_output out   = test_compile_with(arena, RIV_LIT("aqua M\nimport \"a.aqua\"\n"), (aqua_options){ 0 }, &all);
    assert_false(out.accepted);
    assert_false(out.errors.items[0].has_place);
    assert_true(riv_str_eq(out.errors.items[0].text,
                           RIV_LIT("Cycle loops detected in imports: a.aqua imports b.aqua, b.aqua imports a.aqua")));
    out = test_compile_with(
        arena, RIV_LIT("aqua M\nimport \"/x/node_modules/old/o.aqua\"\nfunc f() -> i32:\n  x <- old()\n  <- x\n"),
        (aqua_options){ 0 }, &all);
    assert_true(
        out.accepted); /* an older library; what it is warned of is told only to those who compile it by itself */
    assert_int_equal(out.warnings.count, 0);
    aqua_input library = { .path = riv_str_c(files[3].path), .source = riv_str_c(files[3].text) };
    assert_int_equal(aqua_compile(&library, arena, NULL, &out), RIV_OK);
    assert_true(out.accepted);
    assert_int_equal(out.warnings.count, 1);
    assert_string_equal(out.warnings.items[0].code, "A0214");
    out = test_compile_with(
        arena,
        RIV_LIT("aqua M\nuse \"lib.aqua\" as L\nexport L.open as o\nfunc f() -> L.Thing:\n  <- L.Thing(n = 1)\n"),
        (aqua_options){ 0 }, &all);
    assert_true(out.accepted);
    assert_int_equal(out.funcs_count, 1);
    assert_true(riv_str_eq(out.funcs[0].signature, RIV_LIT("o() -> i32")));
    riv_arena_free(arena);
}

static void warnings_do_not_refuse(void **state)
{
    (void)state;
    riv_arena  *arena = riv_arena_new(0);
    aqua_output out   = test_compile(
          arena, TOP "func main(x: u64, y: i8) -> i64, D:\n  Op.g(1)\n  <- x + y, D(a = 1, b = \"b\", c = 2)\n");
    assert_true(out.accepted);
    assert_int_equal(out.warnings.count, 3);
    assert_true(riv_str_eq(out.warnings.items[0].text, RIV_LIT("Arrow returns a value, but none are used")));
    assert_true(
        riv_str_eq(out.warnings.items[1].text, RIV_LIT("Result type of (u64 + i8) is unknown, using i64 instead")));
    assert_true(riv_str_eq(out.warnings.items[2].text, RIV_LIT("Unexpected argument 'c'")));
    out = test_compile(arena, "module M\n"); /* older libraries begin like this */
    assert_true(out.accepted);
    assert_int_equal(out.warnings.count, 1);
    assert_true(riv_str_eq(out.warnings.items[0].text, RIV_LIT("Keyword `module` is deprecated, use `aqua` instead")));
    riv_arena_free(arena);
}

/* Nesting of every kind ends in a diagnostic, not in the end of the stack. */
static void deep_nesting_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *before, *unit, *after;
    } shapes[] = {
        { "func main() -> i32:\n  <- ", "(", "1\n" },     { "func main() -> bool:\n  <- ", "!", "true\n" },
        { "func main() -> i32:\n  <- ", "Op.g(", "1\n" }, { "func main(x: ", "[]", "i32):\n  Op.g(1)\n" },
        { "func main(x: ", "(", "i32):\n  Op.g(1)\n" },   { "func main() -> i32:\n  <- 1", "[0]", "\n" },
        { "func main() -> i32:\n  <- 1", " ** 1", "\n" }, { "func main() -> i32:\n  <- 1", " + 1", "\n" },
        { "func main() -> []i32:\n  <- ", "[", "\n" },
    };
    for (size_t i = 0; i < RIV_COUNT(shapes); i++) {
        riv_arena *arena = riv_arena_new(64 << 20);
        riv_buf    text  = riv_buf_in(arena);
        riv_putf(&text, TOP "%s", shapes[i].before);
        for (size_t k = 0; k < 100000; k++) riv_putf(&text, "%s", shapes[i].unit);
        riv_putf(&text, "%s", shapes[i].after);
        aqua_input  in  = { .path = RIV_LIT("deep.aqua"), .source = riv_buf_str(&text) };
        aqua_output out = { 0 };
        riv_err     err = aqua_compile(&in, arena, NULL, &out);
        assert_true(err == RIV_E_LIMIT || (err == RIV_OK && !out.accepted));
        riv_arena_free(arena);
    }
}

static void deep_blocks_are_refused(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(64 << 20);
    riv_buf    text  = riv_buf_in(arena);
    riv_putf(&text, TOP "func main():\n");
    for (int k = 1; k < 1000; k++) riv_putf(&text, "%*stry:\n", k, "");
    riv_putf(&text, "%*sOp.g(1)\n", 1000, "");
    aqua_output out = test_compile_with(arena, riv_buf_str(&text), (aqua_options){ 0 }, NULL);
    assert_false(out.accepted);
    assert_true(riv_str_eq(out.errors.items[0].text, RIV_LIT("nested too deeply")));
    riv_arena_free(arena);
}

/* Types that nest by their names, or by values in values: a diagnostic once, and nothing of what follows from it. */
static void deep_types_are_refused(void **state)
{
    (void)state;
    enum { DEEP = 200000 };
    static const struct {
        const char *before, *first, *unit, *after;
    } shapes[] = {
        { "", "data D0:\n  a: u8\n", "data D%zu:\n  a: D%zu\n",
          "func h(x: D199998):\n  Op.g(1)\nfunc main(x: D199999):\n  h(x)\n" },
        { "", "alias A0: u8\n", "alias A%zu: []A%zu\n", "func main(x: A199999):\n  Op.g(1)\n" },
        { "", "ability B0:\n  a: u8\n", "ability B%zu:\n  b: B%zu\n", "func main{B199999}():\n  Op.g(1)\n" },
        { "func main() -> bool:\n", "  x0 = [1]\n", "  x%zu = [x%zu]\n", "  <- x199999 == x199998\n" },
    };
    for (size_t i = 0; i < RIV_COUNT(shapes); i++) {
        riv_arena *arena = riv_arena_new(1 << 30);
        riv_buf    text  = riv_buf_in(arena);
        riv_putf(&text, TOP "%s%s", shapes[i].before, shapes[i].first);
        for (size_t k = 1; k < DEEP; k++) { /* the numbers stand where the unit has %zu */
            riv_str unit = riv_str_c(shapes[i].unit);
            size_t  one = riv_str_find(unit, RIV_LIT("%zu"), 0), two = riv_str_find(unit, RIV_LIT("%zu"), one + 1);
            riv_putf(&text, RIV_FMT "%zu" RIV_FMT "%zu" RIV_FMT, RIV_ARG(riv_str_sub(unit, 0, one)), k,
                     RIV_ARG(riv_str_sub(unit, one + 3, two)), k - 1, RIV_ARG(riv_str_sub(unit, two + 3, unit.len)));
        }
        riv_put_str(&text, riv_str_c(shapes[i].after));
        aqua_output out = test_compile_with(arena, riv_buf_str(&text), (aqua_options){ 0 }, NULL);
        assert_false(out.accepted);
        assert_int_equal(out.errors.count, 1);
        assert_string_equal(out.errors.items[0].code, "A0130");
        riv_arena_free(arena);
    }
}

/* Each type holds the last one twice: its definition would have 2^60 parts. */
static void types_that_double_are_refused(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(64 << 20);
    riv_buf    text  = riv_buf_in(arena);
    riv_putf(&text, TOP "data D0:\n  a: u8\n");
    for (size_t k = 1; k < 60; k++) riv_putf(&text, "data D%zu:\n  a: D%zu\n  b: D%zu\n", k, k - 1, k - 1);
    riv_putf(&text, "func main(x: D59) -> D59:\n  <- x\n");
    aqua_output out = test_compile_with(arena, riv_buf_str(&text), (aqua_options){ 0 }, NULL);
    assert_false(out.accepted);
    assert_int_equal(out.errors.count, 1);
    assert_string_equal(out.errors.items[0].code, "A0701");
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_refusal_stands_where_it_should),
        cmocka_unit_test(one_run_finds_many_slips),
        cmocka_unit_test(header_and_imports),
        cmocka_unit_test(warnings_do_not_refuse),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(deep_blocks_are_refused),
        cmocka_unit_test(deep_types_are_refused),
        cmocka_unit_test(types_that_double_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
