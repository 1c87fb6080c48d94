/* serde_test.c: messages of the original's JSON parser, as seen in failed calls of npm @fluencelabs/avm 0.62.0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "avm/internal.h"

static const struct {
    const char *text, *want;
} cases[] = {
    { "", "EOF while parsing a value at line 1 column 0" },
    { "nojson", "expected ident at line 1 column 2" },
    { "tru", "EOF while parsing a value at line 1 column 3" },
    { "[1,", "EOF while parsing a value at line 1 column 3" },
    { "[1,]", "trailing comma at line 1 column 4" },
    { "[1 2]", "expected `,` or `]` at line 1 column 4" },
    { "[", "EOF while parsing a list at line 1 column 1" },
    { "1 2", "trailing characters at line 1 column 3" },
    { "{", "EOF while parsing an object at line 1 column 1" },
    { "{1:2}", "key must be a string at line 1 column 2" },
    { "{\"a\" 1}", "expected `:` at line 1 column 6" },
    { "{\"a\":1,}", "trailing comma at line 1 column 8" },
    { "01", "invalid number at line 1 column 2" },
    { "1.", "EOF while parsing a value at line 1 column 2" },
    { "-x", "invalid number at line 1 column 2" },
    { "1E400", "number out of range at line 1 column 5" },
    { "[1e99999999999]", "number out of range at line 1 column 13" },
    { "\"a", "EOF while parsing a string at line 1 column 2" },
    { "\"\\q\"", "invalid escape at line 1 column 3" },
    { "\"\\u00zz\"", "invalid escape at line 1 column 6" },
    { "\"\\u00zzzz\"", "invalid escape at line 1 column 6" },
    { "\"\\ud800\"", "unexpected end of hex escape at line 1 column 8" },
    { "[\n\n x]", "expected value at line 3 column 2" },
};

static void test_words(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    riv_fault  none  = { 0 };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        const riv_json *json;
        assert_int_not_equal(riv_json_parse_serde(riv_str_c(cases[i].text), arena, NULL, &json), RIV_OK);
        riv_str got = avm__why_not_json(arena, riv_str_c(cases[i].text), &none);
        if (!riv_str_eq(got, riv_str_c(cases[i].want))) fail_msg("%s: " RIV_FMT, cases[i].text, RIV_ARG(got));
    }
    riv_arena_free(arena);
}

/* What a failed call's value may not be, in the words of 0.62.0 and 0.64.1. */
static void test_failed_values(void **state)
{
    (void)state;
    static const struct {
        const char *value, *got, *expected;
    } rows[] = {
        { "-0.0", "type: floating point `-0`", "struct CallServiceFailed" },
        { "1e3", "type: floating point `1000`", "struct CallServiceFailed" },
        { "1e21", "type: floating point `1000000000000000000000`", "struct CallServiceFailed" },
        { "1e-7", "type: floating point `0.0000001`", "struct CallServiceFailed" },
        { "1.5e-10", "type: floating point `0.00000000015`", "struct CallServiceFailed" },
        { "123456789.12345679", "type: floating point `123456789.1234568`", "struct CallServiceFailed" },
        { "0.5", "type: floating point `0.5`", "struct CallServiceFailed" },
        { "null", "type: null", "struct CallServiceFailed" },
        { "\"s\\u0007\"", "type: string \"s\\u{7}\"", "struct CallServiceFailed" },
        { "[1.0]", "type: floating point `1`", "i32" },
        { "{\"ret_code\":99999999999,\"message\":\"m\"}", "value: integer `99999999999`", "i32" },
        { "{\"ret_code\":1,\"message\":-0.0}", "type: floating point `-0`", "a string" },
    };
    riv_arena *arena = riv_arena_new(0);
    for (size_t i = 0; i < RIV_COUNT(rows); i++) {
        avm             vm = { .arena = arena, .bytes_max = SIZE_MAX, .scratch = riv_buf_in(arena) };
        const riv_json *json;
        int32_t         code;
        riv_str         message;
        assert_int_equal(riv_json_parse_serde(riv_str_c(rows[i].value), arena, NULL, &json), RIV_OK);
        const failure *f    = avm__read_failed(&vm, json, &code, &message);
        riv_str        want = riv_format(arena, "failed to deserialize to CallServiceFailed: invalid %s, expected %s",
                                         rows[i].got, rows[i].expected);
        if (!f || f->code != CODE_BAD_FAILED || !riv_str_eq(f->message, want))
            fail_msg("%s: " RIV_FMT, rows[i].value, RIV_ARG(f ? f->message : RIV_LIT("accepted")));
    }
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_words), cmocka_unit_test(test_failed_values) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
