/* lex_test.c: tokens, names, numbers and lambdas: what is read, and where what is wrong is said to be.
 * Spec: docs/spec/air.md 1.1, 1.2. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "air/internal.h"

/* clang-format off */
static const struct { const char *text; air_token_kind kind; size_t end; } good[] = {
    { "(x",                  AIR_T_OPEN,              1  },
    { " \t\r\n)",            AIR_T_CLOSE,             5  },
    { "; c (\n[",            AIR_T_LIST_OPEN,         7  },
    { "; no newline",        AIR_T_END,               12 },
    { "\xc2\xa0\xe2\x80\x83]", AIR_T_LIST_CLOSE,      6  },
    { "\"a\\\nb\"c",         AIR_T_LITERAL,           6  },
    { "\"\"",                AIR_T_LITERAL,           2  },
    { "seq",                 AIR_T_KEYWORD,           3  },
    { "seqq",                AIR_T_SCALAR,            4  },
    { "true",                AIR_T_BOOL,              4  },
    { "%init_peer_id%",      AIR_T_INIT_PEER_ID,      14 },
    { "%timestamp%",         AIR_T_TIMESTAMP,         11 },
    { "%timestamp",          AIR_T_MAP,               10 },
    { "%ttl%)",              AIR_T_TTL,               5  },
    { "%last_error%",        AIR_T_LAST_ERROR,        12 },
    { "%last_error%.$.a)",   AIR_T_LAST_ERROR_LAMBDA, 16 },
    { ":error:",             AIR_T_ERROR,             7  },
    { ":error:.length",      AIR_T_ERROR_LAMBDA,      14 },
    { "007",                 AIR_T_INT,               3  },
    { "+5",                  AIR_T_INT,               2  },
    { "-9223372036854775808", AIR_T_INT,              20 },
    { "1.",                  AIR_T_FLOAT,             2  },
    { "1234567.123",         AIR_T_FLOAT,             11 },
    { "1x",                  AIR_T_SCALAR,            2  },
    { "+x",                  AIR_T_SCALAR,            2  },
    { "\xc2\xb2x",           AIR_T_SCALAR,            3  }, /* a superscript two is a digit, but no ASCII one */
    { "\xc3\xa9",            AIR_T_SCALAR,            2  },
    { "$s",                  AIR_T_STREAM,            2  },
    { "%m",                  AIR_T_MAP,               2  },
    { "#c",                  AIR_T_CANON,             2  },
    { "#$c",                 AIR_T_CANON,             3  },
    { "#%m",                 AIR_T_CANON_MAP,         3  },
    { "x%y",                 AIR_T_CANON_MAP,         3  },
    { "$%s",                 AIR_T_CANON_MAP,         3  },
    { "1%x",                 AIR_T_CANON_MAP,         3  },
    { "x.$.a)",              AIR_T_SCALAR_LAMBDA,     5  },
    { "x.$.[0])",            AIR_T_SCALAR_LAMBDA,     7  },
    { "x.length]",           AIR_T_SCALAR_LAMBDA,     8  },
    { "#ss.$.[0]",           AIR_T_CANON_LAMBDA,      9  },
    { "#%m.$.k",             AIR_T_CANON_MAP_LAMBDA,  7  },
    { "$ss.$.k",             AIR_T_STREAM_LAMBDA,     7  },
};

static const struct { const char *text; size_t pos; const char *says; } bad[] = {
    { "\"open",              0,  "no closing quote" },
    { "seq(null)",           3,  "only letters" },
    { "x(null)",             1,  "only letters" },
    { "x$y",                 1,  "only letters" },
    { "a\xcc\x81",           1,  "only letters" }, /* a combining accent */
    { "$",                   0,  "a sigil needs a name" },
    { "#$",                  1,  "a sigil needs a name" },
    { "x%",                  1,  "a sigil needs a name" },
    { "##s",                 1,  "only letters" },
    { "#s.$.[0]",            2,  "takes no lambda" },
    { "$s.$.a",              2,  "takes no lambda" },
    { ".5",                  0,  "needs a digit before its dot" },
    { "+.5",                 1,  "needs a digit before its dot" },
    { "1.5.2",               3,  "one dot" },
    { "1.5e3",               3,  "one dot" },
    { "12345678.123",        0,  "11 bytes" },
    { "+",                   0,  "no integer of 64 bits" },
    { "9223372036854775808", 0,  "no integer of 64 bits" },
    { "\xd9\xa3",            0,  "no integer of 64 bits" }, /* an Arabic three */
    { "1.\xd9\xa3",          2,  "only ASCII digits" },
    { "x.$",                 1,  "no accessor" },
    { "x.a",                 1,  "begins with .$" },
    { "x.$.0",               4,  "expected an accessor" },
    { "x.$a",                3,  "expected an accessor" },
    { "x.$.[0a]",            6,  "expected ']'" },
    { "x.$.[]",              5,  "expected a name" },
    { "x.$.[4294967296]",    5,  "out of range" },
    { "x.$.a!.b",            5,  "cannot stand in a lambda" },
    { "x.$.a#",              5,  "cannot stand in a lambda" },
    { "x.$.\xc3\xa9",        4,  "must end in an ASCII character" },
    { "x.length!",           1,  "begins with .$" },
    { "%last_error%x",       12, "begins with .$" },
};
/* clang-format on */

static riv_err lex_one(const char *text, riv_arena *arena, riv_fault *fault, air_token *out)
{
    air_lexer lexer = { riv_str_c(text), 0, arena };
    return air__lex(&lexer, fault, out);
}

static void good_tokens(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(good); i++) {
        riv_arena *arena = riv_arena_new(0);
        riv_fault  fault = { 0 };
        air_token  t;
        riv_err    err = lex_one(good[i].text, arena, &fault, &t);
        if (err || t.kind != good[i].kind || t.end != good[i].end)
            fail_msg("%s: kind %x, end %zu, %s", good[i].text, (unsigned)t.kind, t.end, fault.msg);
        riv_arena_free(arena);
    }
}

static void bad_tokens(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(bad); i++) {
        riv_arena *arena = riv_arena_new(0);
        riv_fault  fault = { 0 };
        air_token  t;
        riv_err    err = lex_one(bad[i].text, arena, &fault, &t);
        if (err != RIV_E_MALFORMED || fault.code != 1 || fault.pos != bad[i].pos || !strstr(fault.msg, bad[i].says))
            fail_msg("%s: %s at %u: %s", bad[i].text, riv_err_name(err), (unsigned)fault.pos, fault.msg);
        riv_arena_free(arena);
    }
}

static void values_of_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double      want;
    } floats[] = { { "1.5", 1.5 },
                   { "-0.1", -0.1 },
                   { "+2.25", 2.25 },
                   { "1.", 1 },
                   { "0.123456789", 0.123456789 },
                   { "0.3", 0.3 },
                   { "-0.0", -0.0 },
                   { "999999999.9", 999999999.9 } };
    for (size_t i = 0; i < RIV_COUNT(floats); i++) {
        air_token t;
        assert_int_equal(lex_one(floats[i].text, NULL, NULL, &t), RIV_OK);
        assert_memory_equal(&t.value.f64, &floats[i].want, sizeof t.value.f64);
    }
    air_token t;
    assert_int_equal(lex_one("-9223372036854775808", NULL, NULL, &t), RIV_OK);
    assert_true(t.value.i64 == INT64_MIN);
    assert_int_equal(lex_one("+007", NULL, NULL, &t), RIV_OK);
    assert_true(t.value.i64 == 7);
}

static void parts_of_lambdas(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    air_token  t;
    assert_int_equal(lex_one("#cc.$.a[1].[b].[-1]!", arena, NULL, &t), RIV_OK);
    const air_lambda *l = &t.value.lambda;
    assert_true(riv_str_eq(t.value.var.name, RIV_LIT("#cc")));
    assert_int_equal(l->accessors_count, 4);
    assert_int_equal(l->accessors[0].kind, AIR_FIELD_NAME);
    assert_int_equal(l->accessors[1].index, 1);
    assert_int_equal(l->accessors[2].kind, AIR_FIELD_BY_SCALAR);
    assert_true(riv_str_eq(l->accessors[3].name, RIV_LIT("-1"))); /* begins with no digit: a scalar's name */
    assert_true(riv_str_eq(air_lambda_text(l, arena), RIV_LIT(".$.a.[1].[b].[-1]")));
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(good_tokens), cmocka_unit_test(bad_tokens),
                                        cmocka_unit_test(values_of_numbers), cmocka_unit_test(parts_of_lambdas) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
