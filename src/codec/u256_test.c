/* u256_test.c: known answers, borders, and the laws of arithmetic over made-up numbers of all sizes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/u256.h"

static riv_arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = riv_arena_new(0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    riv_arena_free(arena);
    return 0;
}

static u256 num(const char *text)
{
    u256      out   = U256_ZERO;
    riv_fault fault = { 0 };
    assert_int_equal(u256_parse(riv_str_c(text), &fault, &out), RIV_OK);
    return out;
}

static void check(u256 a, const char *want)
{
    riv_buf out = riv_buf_in(arena);
    u256_put(&out, a);
    riv_put_u8(&out, 0);
    assert_string_equal((const char *)out.ptr, want);
}

#define MAX "115792089237316195423570985008687907853269984665640564039457584007913129639935"

static void test_known(void **state)
{
    (void)state;
    u256 a, q, r;
    check(num("0x0"), "0");
    check(num(MAX), MAX);
    check(num("0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"), MAX);
    assert_false(u256_add(num(MAX), u256_of(1), &a));
    check(a, "0");
    assert_false(u256_sub(u256_of(1), u256_of(2), &a));
    check(a, MAX);
    assert_true(
        u256_mul(num("340282366920938463463374607431768211455"), num("340282366920938463463374607431768211457"), &a));
    check(a, MAX);
    assert_false(
        u256_mul(num("340282366920938463463374607431768211456"), num("340282366920938463463374607431768211456"), &a));
    u256_divmod(num(MAX), num("1000000000000000000"), &q, &r);
    check(q, "115792089237316195423570985008687907853269984665640564039457");
    check(r, "584007913129639935");
    /* Knuth's step D6: a guess that is one too large even after the test */
    u256_divmod(num("0x800000000000000000000003"), num("0x200000000000000000000001"), &q, &r);
    check(q, "3");
    check(r, "9903520314283042199192993792"); /* 2^93 */
    u256_divmod(num("0x7fffffff800000010000000000000000"), num("0x800000008000000200000005"), &q, &r);
    check(q, "4294967293");
    assert_true(u256_muldiv(num(MAX), num(MAX), num(MAX), &a));
    check(a, MAX);
    assert_false(u256_muldiv(num(MAX), u256_of(2), u256_of(1), &a));
    assert_false(u256_muldiv(num(MAX), u256_of(2), U256_ZERO, &a));
}

static void test_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        riv_err     err;
        uint64_t    pos;
    } cases[] = {
        { "", RIV_E_MALFORMED, 0 },
        { "0x", RIV_E_MALFORMED, 2 },
        { "12a", RIV_E_MALFORMED, 2 },
        { "0x1g", RIV_E_MALFORMED, 3 },
        { "-1", RIV_E_MALFORMED, 0 },
        { MAX "0", RIV_E_LIMIT, 78 },
        { "115792089237316195423570985008687907853269984665640564039457584007913129639936", RIV_E_LIMIT, 77 },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_fault fault = { 0 };
        u256      out;
        assert_int_equal(u256_parse(riv_str_c(cases[i].text), &fault, &out), cases[i].err);
        assert_int_equal(fault.pos, cases[i].pos);
    }
    riv_buf hex = riv_buf_in(arena);
    u256_put_hex(&hex, U256_ZERO);
    u256_put_hex(&hex, u256_of(0x10f));
    riv_put_u8(&hex, 0);
    assert_string_equal((const char *)hex.ptr, "0x00x10f");
}

/* Of any size from 0 to 256 bits, often with runs of ones and zeros: those meet the borders of limbs and digits. */
static u256 made_up(riv_prng *r)
{
    uint8_t be[32] = { 0 };
    size_t  len    = riv_prng_below(r, 33);
    riv_prng_fill(r, be + 32 - len, len);
    for (size_t i = 32 - len; i < 32; i++)
        if (riv_prng_chance(r, 400000)) be[i] = riv_prng_chance(r, 500000) ? 0xff : 0;
    return u256_from_be((riv_bytes){ be, 32 });
}

static void test_laws(void **state)
{
    (void)state;
    riv_prng r = riv_prng_seed(7);
    for (int i = 0; i < 200000; i++) {
        u256    a = made_up(&r), b = made_up(&r), q, rest, back, sum;
        uint8_t be[32];
        u256_to_be(a, be);
        assert_int_equal(u256_cmp(u256_from_be((riv_bytes){ be, 32 }), a), 0);
        if (u256_add(a, b, &sum)) {
            assert_true(u256_sub(sum, b, &back));
            assert_int_equal(u256_cmp(back, a), 0);
        }
        if (u256_is_zero(b)) continue;
        u256_divmod(a, b, &q, &rest);
        assert_true(u256_cmp(rest, b) < 0);
        assert_true(u256_mul(q, b, &back) && u256_add(back, rest, &back));
        assert_int_equal(u256_cmp(back, a), 0);
        if (u256_mul(a, b, &back)) {
            u256_divmod(back, b, &q, &rest);
            assert_true(u256_is_zero(rest) && u256_cmp(q, a) == 0);
        }
        assert_true(u256_muldiv(a, b, b, &back)); /* over 512 bits */
        assert_int_equal(u256_cmp(back, a), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_laws),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
