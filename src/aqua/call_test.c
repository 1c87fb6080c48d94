/* call_test.c: calls from the command line: reading and checking them; and diagnostics as people see them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aqua/test_support.h"

static void calls_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name, *args;
    } good[] = {
        { "main()", "main", "[]" },
        { "main(\"x\", 42)", "main", "[\"x\",42]" },
        { "  f2_a ( [1, {\"a\": true}] , null )  ", "f2_a", "[[1,{\"a\":true}],null]" },
        { "f(\"(\", \")\")", "f", "[\"(\",\")\"]" },
    };
    static const struct {
        const char *text;
        uint64_t    pos;
        const char *says;
    } bad[] = {
        { "", 0, "expected a function's name" },
        { "  1(2)", 2, "expected a function's name" },
        { "main", 4, "expected `(`" },
        { "main(1", 6, "expected `)`" },
        { "main(1,)", 6, "arguments must be JSON values" },
        { "main(x)", 5, "arguments must be JSON values" },
        { "main('x')", 5, "arguments must be JSON values" },
    };
    for (size_t i = 0; i < RIV_COUNT(good); i++) {
        riv_arena *arena = riv_arena_new(0);
        riv_fault  fault = { 0 };
        aqua_call  call  = { 0 };
        if (aqua_call_parse(riv_str_c(good[i].text), arena, &fault, &call)) fail_msg("%s: %s", good[i].text, fault.msg);
        assert_true(riv_str_eq(call.name, riv_str_c(good[i].name)));
        assert_true(riv_str_eq(riv_json_text(call.args, arena), riv_str_c(good[i].args)));
        riv_arena_free(arena);
    }
    for (size_t i = 0; i < RIV_COUNT(bad); i++) {
        riv_arena *arena = riv_arena_new(0);
        riv_fault  fault = { 0 };
        aqua_call  call  = { 0 };
        assert_int_equal(aqua_call_parse(riv_str_c(bad[i].text), arena, &fault, &call), RIV_E_MALFORMED);
        if (fault.pos != bad[i].pos || !strstr(fault.msg, bad[i].says))
            fail_msg("%s: %u %s", bad[i].text, (unsigned)fault.pos, fault.msg);
        riv_arena_free(arena);
    }
}

static const char program[] = "aqua T declares *\n"
                              "export f\n"
                              "data D:\n"
                              "  n: u8\n"
                              "  opt: ?string\n"
                              "func f(s: string, d: D, xs: []i8, o: ?bool, w: f32, cb: string -> (), any: ⊤):\n"
                              "  cb(s)\n";

static void arguments_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *args, *says;
    } cases[] = {
        { "\"s\", {\"n\": 1, \"opt\": null}, [], null, 1, {}", NULL },
        { "\"s\", {\"n\": 255}, [-128, 127], true, 1.5, []", NULL },
        { "\"s\", {\"n\": 1, \"opt\": [\"x\"], \"more\": 1}, [1], [false], 0, null", NULL },
        { "\"s\"", "f takes 6 arguments, 1 given: f(s: string, d: D, xs: []i8, o: ?bool, w: f32, cb: (string -> ()), "
                   "any: top)" },
        { "1, {\"n\": 1}, [], null, 1, 1", "argument s must be string, not 1 (number)" },
        { "\"s\", {\"n\": 256}, [], null, 1, 1", "argument d.n must be u8, not 256 (number)" },
        { "\"s\", {}, [], null, 1, 1", "argument d.n is missing" },
        { "\"s\", 3, [], null, 1, 1", "argument d must be D, not 3 (number)" },
        { "\"s\", {\"n\": 1}, [1, 128], null, 1, 1", "argument xs[1] must be i8, not 128 (number)" },
        { "\"s\", {\"n\": 1}, [1.0], null, 1, 1", "argument xs[0] must be i8, not 1.0 (number)" },
        { "\"s\", {\"n\": 1}, {}, null, 1, 1", "argument xs must be []i8, not {} (object)" },
        { "\"s\", {\"n\": 1}, [], [true, false], 1, 1", "argument o must be ?bool, not [true,false] (array)" },
        { "\"s\", {\"n\": 1, \"opt\": 5}, [], null, 1, 1", "argument d.opt must be string, not 5 (number)" },
    };
    riv_arena  *arena = riv_arena_new(0);
    aqua_output out   = test_compile(arena, program);
    assert_true(out.accepted);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_fault fault = { 0 };
        aqua_call call  = { 0 };
        assert_int_equal(aqua_call_parse(riv_format(arena, "f(%s)", cases[i].args), arena, &fault, &call), RIV_OK);
        riv_err err = aqua_call_check(&out.funcs[0], call.args, &fault);
        if (!err != !cases[i].says || (err && strcmp(fault.msg, cases[i].says) != 0))
            fail_msg("f(%s): %s", cases[i].args, fault.msg);
    }
    riv_arena_free(arena);
}

static void diagnostics_are_readable(void **state)
{
    (void)state;
    static const struct {
        const char *source, *shown;
    } cases[] = {
        { "aqua T\nfunc f(count: i32) -> i32:\n\t<- cuont\n",
          "error[A0301]: Name 'cuont' isn't found in scope. Did you mean any of this? 'count', 'nil', 'LAST_ERROR', "
          "'INIT_PEER_ID', 'HOST_PEER_ID'\n"
          " --> main.aqua:3:5\n"
          "  |\n"
          "3 | \t<- cuont\n"
          "  | \t   ^^^^^\n"
          "  hint: did you mean `count`?\n" },
        { "aqua T\nfunc f():\n  x = \"über\" + 1\n", "error[A0406]: Types mismatch.\n"
                                                     "  expected one of:   u8, u16, u32, u64, i8, i16, i32, i64\n"
                                                     "  given:             string literal\n"
                                                     " --> main.aqua:3:7\n"
                                                     "  |\n"
                                                     "3 |   x = \"über\" + 1\n"
                                                     "  |       ^^^^^^\n" },
        { "func f():\r\n  x = 1\r\n", "header error[A0201]: Missing module header at the top of the file\n"
                                      " --> main.aqua:1:1\n"
                                      "  |\n"
                                      "1 | func f():\n"
                                      "  | ^\n"
                                      "  hint: begin the file with a line such as `aqua Name declares *`\n" },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena  *arena = riv_arena_new(0);
        riv_buf     shown = riv_buf_in(arena);
        aqua_output out   = test_compile(arena, cases[i].source);
        assert_int_equal(out.errors.count, 1);
        aqua_diag_render(&out.errors.items[0], false, &shown);
        if (!riv_str_eq(riv_buf_str(&shown), riv_str_c(cases[i].shown)))
            fail_msg("got:\n" RIV_FMT, RIV_ARG(riv_buf_str(&shown)));
        riv_buf_clear(&shown);
        aqua_diag_render(&out.errors.items[0], true, &shown);
        assert_true(riv_str_starts(riv_buf_str(&shown), RIV_LIT("\033[")));
        riv_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_read),
        cmocka_unit_test(arguments_are_checked),
        cmocka_unit_test(diagnostics_are_readable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
