/* json_test.c: JSON as serde_json reads and prints it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"

static const struct {
    const char *in, *out; /* out NULL: refused */
    riv_err     err;
    uint64_t    pos;
} cases[] = {
    { "null", "null", RIV_OK, 0 },
    { " [ 1 , -2 , 3.5 ] ", "[1,-2,3.5]", RIV_OK, 0 },
    { "2.50", "2.5", RIV_OK, 0 },
    { "100.0", "100.0", RIV_OK, 0 },
    { "1e2", "100.0", RIV_OK, 0 },
    { "-0", "-0.0", RIV_OK, 0 },
    { "-0.0", "-0.0", RIV_OK, 0 },
    { "0", "0", RIV_OK, 0 },
    { "18446744073709551615", "18446744073709551615", RIV_OK, 0 },
    { "18446744073709551616", "1.8446744073709552e19", RIV_OK, 0 },
    { "-9223372036854775808", "-9223372036854775808", RIV_OK, 0 },
    { "-9223372036854775809", "-9.223372036854776e18", RIV_OK, 0 },
    /* the borders of ryu's layouts */
    { "1e15", "1000000000000000.0", RIV_OK, 0 },
    { "1e16", "1e16", RIV_OK, 0 },
    { "1234567890123456.5", "1234567890123456.5", RIV_OK, 0 },
    { "0.00001", "0.00001", RIV_OK, 0 },
    { "0.000001", "1e-6", RIV_OK, 0 },
    { "0.0000123", "0.0000123", RIV_OK, 0 },
    { "0.00000123", "1.23e-6", RIV_OK, 0 },
    { "1.5e300", "1.5e300", RIV_OK, 0 },
    { "5e-324", "5e-324", RIV_OK, 0 },
    { "1.7976931348623157e308", "1.7976931348623157e308", RIV_OK, 0 },
    { "{\"b\":1,\"a\":2,\"b\":3}", "{\"a\":2,\"b\":3}", RIV_OK, 0 },
    { "{\"ab\":1,\"a\":2,\"\":3,\"B\":4}", "{\"\":3,\"B\":4,\"a\":2,\"ab\":1}", RIV_OK, 0 },
    { "\"\\u00e9\\n\\u0001\\\"\\\\\\/\"", "\"\xc3\xa9\\n\\u0001\\\"\\\\/\"", RIV_OK, 0 },
    { "\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"", RIV_OK, 0 },
    { "\"\x7f\"", "\"\x7f\"", RIV_OK, 0 },
    { "", NULL, RIV_E_MALFORMED, 0 },
    { "[1,]", NULL, RIV_E_MALFORMED, 2 },
    { "1 2", NULL, RIV_E_MALFORMED, 2 },
    { "01", NULL, RIV_E_MALFORMED, 0 },
    { "1e400", NULL, RIV_E_MALFORMED, 0 },
    { "\"\\ud800\"", NULL, RIV_E_MALFORMED, 7 },
    { "\"\xff\"", NULL, RIV_E_MALFORMED, 1 },
    { "nul", NULL, RIV_E_MALFORMED, 3 },
    { "{\"a\"}", NULL, RIV_E_MALFORMED, 4 },
    { "NaN", NULL, RIV_E_MALFORMED, 0 },
};

static void test_parse_and_print(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena      *arena = riv_arena_new(0);
        riv_fault       fault = { 0 };
        const riv_json *v     = NULL;
        riv_err         err   = riv_json_parse(riv_str_c(cases[i].in), arena, &fault, &v);
        if (err != cases[i].err || fault.pos != cases[i].pos)
            fail_msg("%s: %s at %d: %s", cases[i].in, riv_err_name(err), (int)fault.pos, fault.msg);
        if (!err) assert_string_equal(riv_cstr(arena, riv_json_text(v, arena)), cases[i].out);
        riv_arena_free(arena);
    }
}

/* As npm @fluencelabs/avm 0.62.0 stores them; the nearest double is another number in the rows marked so. */
static void test_serde_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        { "0", "0" },
        { "-0", "-0.0" },
        { "-1", "-1" },
        { "18446744073709551615", "18446744073709551615" },
        { "18446744073709551616", "1.8446744073709552e19" },
        { "-9223372036854775808", "-9223372036854775808" },
        { "-9223372036854775809", "-9.223372036854776e18" },
        { "2.50", "2.5" },
        { "0.1", "0.1" },
        { "1e3", "1000.0" },
        { "123456789.12345679", "123456789.1234568" },            /* not the nearest */
        { "2.2250738585072011e-308", "2.2250738585072014e-308" }, /* not the nearest */
        { "3.141592653589793238462643383279", "3.141592653589793" },
        { "5e-324", "5e-324" },
        { "1e-400", "0.0" },
        { "0e999999999999", "0.0" },
        { "1e-999999999999", "0.0" },
        { "1.7976931348623157e308", "1.7976931348623157e308" },
        { "1e400", NULL },
        { "1e999999999999", NULL },
    };
    riv_arena *arena = riv_arena_new(0);
    for (size_t i = 0; i < RIV_COUNT(rows); i++) {
        const riv_json *v   = NULL;
        riv_err         err = riv_json_parse_serde(riv_str_c(rows[i].in), arena, NULL, &v);
        if (err || !rows[i].out)
            assert_int_equal(err, rows[i].out ? RIV_OK : RIV_E_MALFORMED);
        else
            assert_string_equal(riv_cstr(arena, riv_json_text(v, arena)), rows[i].out);
    }
    riv_arena_free(arena);
}

static void test_depth(void **state)
{
    (void)state;
    for (int depth = 126; depth <= 129; depth++) {
        riv_arena      *arena = riv_arena_new(0);
        riv_buf         text  = riv_buf_in(arena);
        riv_fault       fault = { 0 };
        const riv_json *v     = NULL;
        for (int i = 0; i < depth; i++) riv_put_u8(&text, '[');
        for (int i = 0; i < depth; i++) riv_put_u8(&text, ']');
        /* serde_json: the 128th container is refused */
        assert_int_equal(riv_json_parse(riv_buf_str(&text), arena, &fault, &v), depth < 128 ? RIV_OK : RIV_E_LIMIT);
        riv_arena_free(arena);
    }
}

static const riv_json *random_json(riv_prng *p, riv_arena *arena, unsigned depth)
{
    switch (riv_prng_below(p, depth > 4 ? 6 : 8)) {
    case 0: return riv_json_null();
    case 1: return riv_json_bool(riv_prng_below(p, 2));
    case 2: return riv_json_u64(arena, riv_prng_u64(p) >> riv_prng_below(p, 64));
    case 3: return riv_json_i64(arena, (int64_t)riv_prng_u64(p));
    case 4: {
        uint64_t bits = riv_prng_u64(p);
        double   d;
        memcpy(&d, &bits, sizeof d);
        return riv_json_f64(arena, d);
    }
    case 5: {
        riv_buf b = riv_buf_in(arena);
        for (uint64_t n = riv_prng_below(p, 6); n > 0; n--)
            riv_utf8_put(&b, (uint32_t)riv_prng_below(p, riv_prng_below(p, 2) ? 0x80 : 0xd800));
        return riv_json_str(arena, riv_buf_str(&b));
    }
    case 6: {
        riv_json_list items = { 0 };
        for (uint64_t n = riv_prng_below(p, 5); n > 0; n--)
            riv_json_add(arena, &items, random_json(p, arena, depth + 1));
        return riv_json_arr(arena, items.ptr, items.len);
    }
    default: {
        RIV_VEC(riv_json_member) members = { 0 };
        for (uint64_t n = riv_prng_below(p, 5); n > 0; n--)
            *riv_push(arena, &members) = (riv_json_member){ riv_format(arena, "k%d", (int)riv_prng_below(p, 9)),
                                                            random_json(p, arena, depth + 1) };
        return riv_json_obj(arena, members.ptr, members.len);
    }
    }
}

static void test_roundtrip(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        riv_arena      *arena = riv_arena_new(0);
        riv_prng        p     = riv_prng_seed(seed);
        const riv_json *v = random_json(&p, arena, 0), *again = NULL;
        riv_fault       fault  = { 0 };
        riv_buf         pretty = riv_buf_in(arena);
        riv_json_write_pretty(v, &pretty);
        if (riv_json_parse(riv_json_text(v, arena), arena, &fault, &again) || !riv_json_eq(v, again))
            fail_msg("seed %d: %s", (int)seed, riv_cstr(arena, riv_json_text(v, arena)));
        if (riv_json_parse(riv_buf_str(&pretty), arena, &fault, &again) || !riv_json_eq(v, again))
            fail_msg("seed %d, pretty: %s", (int)seed, riv_cstr(arena, riv_buf_str(&pretty)));
        assert_true(riv_json_eq(v, riv_json_copy(arena, v)));
        riv_arena_free(arena);
    }
}

static void test_looking(void **state)
{
    (void)state;
    riv_arena      *arena = riv_arena_new(0);
    const riv_json *v =
        riv_json_object(arena, "b", riv_json_u64(arena, 1), "a", riv_json_strc(arena, "x"), "left out", NULL, NULL);
    assert_int_equal(v->obj.count, 2);
    assert_true(riv_str_eq(riv_json_get(v, RIV_LIT("a"))->str, RIV_LIT("x")));
    assert_null(riv_json_get(v, RIV_LIT("c")));
    assert_null(riv_json_get(NULL, RIV_LIT("c")));
    assert_null(riv_json_at(v, 0));
    assert_false(riv_json_eq(riv_json_u64(arena, 1), riv_json_f64(arena, 1.0)));
    assert_string_equal(riv_json_kind_name(v), "object");
    riv_buf out = riv_buf_in(arena);
    riv_json_write_pretty(v, &out);
    assert_string_equal(riv_cstr(arena, riv_buf_str(&out)), "{\n  \"a\": \"x\",\n  \"b\": 1\n}");
    riv_arena_free(arena);
}

/* Members in the order given: written, copied and found so; equal to the same members in any order. */
static void test_ordered(void **state)
{
    (void)state;
    riv_arena      *arena   = riv_arena_new(0);
    riv_json_member given[] = { { RIV_LIT("z"), riv_json_u64(arena, 1) },
                                { RIV_LIT("a"), riv_json_null() },
                                { RIV_LIT("m"), riv_json_u64(arena, 2) } };
    const riv_json *v       = riv_json_ordered(arena, given, RIV_COUNT(given)),
                   *sorted  = riv_json_obj(arena, given, RIV_COUNT(given));
    const riv_json *other = riv_json_record(arena, "m", riv_json_u64(arena, 2), "left out", NULL, "a", riv_json_null(),
                                            "z", riv_json_u64(arena, 1), NULL);
    given[0].value        = NULL; /* the list was copied */
    assert_string_equal(riv_cstr(arena, riv_json_text(v, arena)), "{\"z\":1,\"a\":null,\"m\":2}");
    assert_string_equal(riv_cstr(arena, riv_json_text(riv_json_copy(arena, v), arena)), "{\"z\":1,\"a\":null,\"m\":2}");
    assert_string_equal(riv_cstr(arena, riv_json_text(other, arena)), "{\"m\":2,\"a\":null,\"z\":1}");
    assert_string_equal(riv_cstr(arena, riv_json_text(sorted, arena)), "{\"a\":null,\"m\":2,\"z\":1}");
    assert_int_equal(riv_json_get(v, RIV_LIT("m"))->u64, 2);
    assert_int_equal(riv_json_get(v, RIV_LIT("z"))->u64, 1);
    assert_null(riv_json_get(v, RIV_LIT("b")));
    assert_true(riv_json_eq(v, sorted) && riv_json_eq(sorted, v) && riv_json_eq(v, other) && riv_json_eq(other, v));
    assert_false(riv_json_eq(v, riv_json_record(arena, "z", riv_json_u64(arena, 1), "a", riv_json_null(), "n",
                                                riv_json_u64(arena, 2), NULL)));
    assert_false(riv_json_eq(v, riv_json_record(arena, "z", riv_json_u64(arena, 1), "a", riv_json_null(), NULL)));
    assert_int_equal(riv_json_ordered(arena, NULL, 0)->obj.count, 0);
    riv_arena_free(arena);
}

/* A value takes twenty times the room of its text; an arena's budget is not passed twice over, which would end the process. */
static void test_budget(void **state)
{
    (void)state;
    enum { VALUES = 200000, BUDGET = 1 << 20 };
    riv_arena *texts = riv_arena_new(0);
    for (int objects = 0; objects < 2; objects++) {
        riv_arena      *arena = riv_arena_new(BUDGET);
        const riv_json *v     = NULL;
        riv_fault       fault = { 0 };
        riv_buf         text  = riv_buf_in(texts);
        riv_put_u8(&text, '[');
        for (size_t i = 0; i < VALUES / (objects ? 8 : 1); i++)
            riv_put_str(&text, objects ? RIV_LIT("{\"a\":{}},") : RIV_LIT("0,"));
        riv_put_str(&text, RIV_LIT("0]"));
        assert_int_equal(riv_json_parse(riv_buf_str(&text), arena, &fault, &v), RIV_E_LIMIT);
        assert_string_equal(fault.msg, "json needs more memory than is granted");
        assert_null(v);
        riv_arena_free(arena);
    }
    riv_arena_free(texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_budget),  cmocka_unit_test(test_parse_and_print), cmocka_unit_test(test_serde_numbers),
        cmocka_unit_test(test_depth),   cmocka_unit_test(test_roundtrip),       cmocka_unit_test(test_looking),
        cmocka_unit_test(test_ordered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
