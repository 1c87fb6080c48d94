/* text_test.c: instructions as error objects show them, scripts as people read them, trees as the original's `ast` shows them.
 * Spec: docs/spec/air.md 1.2, 4.6. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "air/air.h"

/* clang-format off */
static const struct { const char *script, *text, *printed; } cases[] = {
    { "(null)",                                       "null",                                   "(null)\n" },
    { "(seq (null)\n(never))",                        "seq",                                    "(seq\n  (null)\n  (never)\n)\n" },
    { "(call \"P\" (\"s\" \"f\") [a 1.0] out)",       "call \"P\" (\"s\" \"f\") [a 1] out",     "(call \"P\" (\"s\" \"f\") [a 1.0] out)\n" },
    { "(call p.$[0] (s \"f\") [ ])",                  "call p.$.[0] (s \"f\") [] ",             "(call p.$.[0] (s \"f\") [])\n" },
    { "(ap 1234567890. x)",                           "ap 1234567890 x",                        "(ap 1234567890. x)\n" },
    { "(ap -0.0 x)",                                  "ap -0 x",                                "(ap -0.0 x)\n" },
    { "(ap 0.00000001 x)",                            "ap 0.00000001 x",                        "(ap 0.00000001 x)\n" },
    { "(ap +01.50 x)",                                "ap 1.5 x",                               "(ap 1.5 x)\n" },
    { "(ap +5 x)",                                    "ap 5 x",                                 "(ap 5 x)\n" },
    { "(ap [ ] x)",                                   "ap [] x",                                "(ap [] x)\n" },
    { "(ap x.$.a!  $s)",                              "ap x.$.a $s",                            "(ap x.$.a $s)\n" },
    { "(ap %last_error%.$.[i].b x)",                  "ap %last_error%.$.[i].b x",              "(ap %last_error%.$.[i].b x)\n" },
    { "(ap (\"k\" %ttl%) %m)",                        "ap (\"k\" %ttl%) %m",                    "(ap (\"k\" %ttl%) %m)\n" },
    { "(canon %init_peer_id% $s #$c)",                "canon %init_peer_id% $s #$c",            "(canon %init_peer_id% $s #$c)\n" },
    { "(match a :error:.length (null))",              "match a :error:.length",                 "(match a :error:.length\n  (null)\n)\n" },
    { "(fold [] i (next i) (null))",                  "fold [] i",                              "(fold [] i\n  (next i)\n  (null)\n)\n" },
    { "(new #%m (null))",                             "new #%m",                                "(new #%m\n  (null)\n)\n" },
    { "(fail -3 \"a\\b\")",                           "fail -3 \"a\\b\"",                       "(fail -3 \"a\\b\")\n" },
    { "(fail %last_error%)",                          "fail %last_error%",                      "(fail %last_error%)\n" },
    { "(next i)",                                     "next i",                                 "(next i)\n" },
    { "(call p (s f) [true false %timestamp%] $s)",   "call p (s f) [true false %timestamp%] $s", "(call p (s f) [true false %timestamp%] $s)\n" },
};
/* clang-format on */

static void the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena      *arena = riv_arena_new(0);
        riv_buf         out   = riv_buf_in(arena);
        const air_node *t;
        assert_int_equal(air_parse_unchecked(riv_str_c(cases[i].script), arena, NULL, &t), RIV_OK);
        air_print(t, &out);
        assert_string_equal(riv_cstr(arena, air_instruction_text(t, arena)), cases[i].text);
        assert_string_equal(riv_cstr(arena, riv_buf_str(&out)), cases[i].printed);
        riv_arena_free(arena);
    }
}

/* Values that no script can write, as a compiler may make them. */
static void floats_of_any_size(void **state)
{
    (void)state;
    static const struct {
        double      v;
        const char *text;
    } rows[] = { { 1e300, "1" },
                 { 1e-7, "0.0000001" },
                 { 123456789012345680.0, "123456789012345680." },
                 { -2.5e-3, "-0.0025" },
                 { 1e21, "1000000000000000000000." },
                 { 0, "0.0" },
                 { 0.1 + 0.2, "0.30000000000000004" } };
    for (size_t i = 0; i < RIV_COUNT(rows); i++) {
        riv_arena *arena = riv_arena_new(0);
        riv_buf    out   = riv_buf_in(arena);
        air_value  v     = { .kind = AIR_FLOAT, .f64 = rows[i].v };
        air_put_value(&out, &v);
        riv_str text = riv_buf_str(&out);
        if (i == 0) /* 1 and 300 zeros */
            assert_true(text.len == 302 && riv_str_find(text, RIV_LIT("e"), 0) == SIZE_MAX);
        else
            assert_string_equal(riv_cstr(arena, text), rows[i].text);
        riv_arena_free(arena);
    }
}

static void json_tree(void **state)
{
    (void)state;
    riv_arena      *arena = riv_arena_new(0);
    const air_node *t;
    riv_str         script = RIV_LIT("(seq (seq (ap 1 s) (seq (ap 1 x) (ap 2 y))) (seq (call \"p\" (s.$.[0] \"f\") [x "
                                             "y.length] $s) (fold $s i (next i))))");
    /* as the original 0.62.0 shows it */
    static const char want[] =
        "{\"Seq\":[{\"Seq\":[{\"Ap\":{\"argument\":{\"Number\":{\"Int\":1}},\"result\":{\"Scalar\":{\"name\":\"s\","
        "\"pos"
        "ition\":16}}}},{\"Seq\":[{\"Ap\":{\"argument\":{\"Number\":{\"Int\":1}},\"result\":{\"Scalar\":{\"name\":\"x"
        "\",\"position\":30}}}},{\"Ap\":{\"argument\":{\"Number\":{\"Int\":2}},\"result\":{\"Scalar\":{\"name\":\"y\","
        "\"position\":39}}}}]}]},{\"Seq\":[{\"Call\":{\"args\":[{\"Variable\":{\"Scalar\":{\"name\":\"x\",\"position"
        "\":74}}},{\"VariableWithLambda\":{\"Scalar\":{\"lambda\":{\"Functor\":\"Length\"},\"name\":\"y\",\"positio"
        "n\":76}}}],\"output\":{\"Stream\":{\"name\":\"$s\",\"position\":86}},\"triplet\":{\"function_name\":{\"Lit"
        "eral\":\"f\"},\"peer_id\":{\"Literal\":\"p\"},\"service_id\":{\"ScalarWithLambda\":{\"lambda\":{\"ValuePat"
        "h\":[{\"ArrayAccess\":{\"idx\":0}}]},\"name\":\"s\",\"position\":60}}}}},{\"FoldStream\":{\"instruction\""
        ":{\"Next\":{\"iterator\":{\"name\":\"i\",\"position\":107}}},\"iterable\":{\"name\":\"$s\",\"position\":96},"
        "\"iterator\":{\"name\":\"i\",\"position\":99},\"last_instruction\":null,\"span\":{\"left\":90,\"right\":11"
        "0}}}]}]}";
    assert_int_equal(air_parse(script, arena, NULL, &t), RIV_OK);
    assert_string_equal(riv_cstr(arena, riv_json_text(air_json(t, arena), arena)), want);
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(the_table), cmocka_unit_test(floats_of_any_size),
                                        cmocka_unit_test(json_tree) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
