/* Tests of pool.c and difficulty.c: figures worked out by hand from the specification. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/capacity.h"

static u256 number(const char *text)
{
    u256 out;
    assert_int_equal(u256_parse(riv_str_c(text), NULL, &out), RIV_OK);
    return out;
}

static void assert_number(u256 got, const char *want)
{
    riv_buf out = { 0 };
    u256_put(&out, got);
    riv_put_u8(&out, 0);
    assert_string_equal((const char *)out.ptr, want);
    riv_buf_free(&out);
}

#define FLT(n) n "000000000000000000"

/* SPEC market.md 6.5: the pool shrinks by a tenth when a unit earns more than the target, else it grows by a tenth. */
static void test_pool(void **state)
{
    static const struct {
        const char *name, *base, *price;
        uint64_t    active, target;
        bool        fixed;
        const char *want; /* NULL: none */
    } rows[] = {
        /* 100 FLT at 1 USD for 10 units: 10 USD each, more than 0.3 */
        { "fixed, too much", FLT("150"), "10000000", 10, 3000000, true, FLT("135") },
        /* 150 FLT at 1 USD for 1000 units: 0.15 USD each */
        { "fixed, too little", FLT("150"), "10000000", 1000, 3000000, true, FLT("165") },
        /* 150 FLT at 1 USD for 500 units: exactly 0.3: not more than the target, so it grows */
        { "fixed, on target", FLT("150"), "10000000", 500, 3000000, true, FLT("165") },
        { "fixed, up to the most", FLT("190"), "10000000", 1000, 3000000, true, FLT("200") },
        { "fixed, down to the least", FLT("105"), "10000000", 1, 3000000, true, FLT("100") },
        { "fixed, from below the least", FLT("10"), "10000000", 1, 3000000, true, FLT("100") },
        /* Q15: by the original's units it is always too much */
        { "g0, what would be too little", FLT("150"), "10000000", 1000, 3000000, false, FLT("135") },
        /* 3 units of 10^-18 at 1 USD for 10 units: 3*10^6, not more than the target: 3 * 1.1 = 3.3 */
        { "g0, dust grows", "3", "10000000", 10, 3000000, false, "3" },
        { "g0, more dust", "10", "1000000", 10, 3000000, false, "11" },
        { "nobody", FLT("150"), "10000000", 0, 3000000, true, NULL },
        { "overflow", "0x8000000000000000000000000000000000000000000000000000000000000000", "10000000", 1, 1, true,
          NULL },
    };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(rows); i++) {
        u256                 out;
        const chain__pool_in in = { number(rows[i].base),
                                    number(rows[i].price),
                                    u256_of(rows[i].active),
                                    u256_of(rows[i].target),
                                    number(FLT("100")),
                                    number(FLT("200")),
                                    rows[i].fixed };
        bool                 ok = chain__pool_next(&in, &out);
        if (ok != (rows[i].want != NULL)) fail_msg("%s", rows[i].name);
        if (ok) assert_number(out, rows[i].want);
    }
}

/* SPEC market.md 1: (usd * 10^7 / price) * 10^18 / 10^7 */
static void test_collateral(void **state)
{
    static const struct {
        const char *usd, *price, *want;
    } rows[] = {
        { "1000000", "10000000", "100000000000000000" },  /* 0.1 USD at 1 USD: 0.1 FLT */
        { "10000000", "5000000", FLT("2") },              /* kras: 1 USD at 0.5 USD */
        { "10000000", "30000000", "333333300000000000" }, /* a third: 3333333 of 10^7 */
        { "1", "30000000", "0" },
    };
    (void)state;
    u256 out;
    for (size_t i = 0; i < RIV_COUNT(rows); i++) {
        assert_true(chain__collateral_of(number(rows[i].usd), number(rows[i].price), &out));
        assert_number(out, rows[i].want);
    }
    assert_false(chain__collateral_of(number("0x8000000000000000000000000000000000000000000000000000000000000000"),
                                      u256_of(1), &out));
}

/* 2 to 5 proofs count: 3.5 for each unit are meant. */
static void test_difficulty(void **state)
{
    static const struct {
        const char *name;
        uint64_t    now, genesis, proofs, provers, want;
    } rows[] = {
        { "as meant", 1000000, 1000000, 35, 10, 1000000 },
        { "too many: harder", 1000000, 1000000, 50, 10, 700000 }, /* 3.5 / 5 */
        { "too few: easier", 1000000, 1000000, 20, 10, 1750000 }, /* 3.5 / 2 */
        { "at most twice", 1000000, 1000000, 10, 10, 2000000 },
        { "none at all", 1000000, 1000000, 0, 0, 2000000 },
        { "at most half", 1000000, 1000000, 1000, 10, 500000 },
        { "not harder than 2^16 times", 16, 1000000, 1000, 10, 15 }, /* 1000000 / 65536 = 15 */
        { "not easier than 2^8 times", 255999999, 1000000, 1, 10, 256000000 },
    };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(rows); i++) {
        const chain__difficulty_in in = {
            u256_of(rows[i].now), u256_of(rows[i].genesis), rows[i].proofs, rows[i].provers, 2, 5
        };
        uint64_t got;
        assert_true(u256_u64(chain__difficulty_next(&in), &got));
        if (got != rows[i].want) fail_msg("%s: %llu", rows[i].name, (unsigned long long)got);
    }
}

/* A unit of constant power: it finds power * difficulty / 2^256 hashes an epoch, so the rate settles at what is meant from either side, in few epochs. */
static void test_difficulty_settles(void **state)
{
    static const uint64_t starts[] = { UINT64_C(1) << 50, UINT64_C(1) << 36 };
    (void)state;
    for (size_t s = 0; s < RIV_COUNT(starts); s++) {
        u256     now = u256_of(starts[s]), genesis = u256_of(UINT64_C(1) << 44), found;
        uint64_t proofs = 0;
        for (int epoch = 0; epoch < 20; epoch++) {
            u256_divmod(now, u256_of((UINT64_C(1) << 44) / 350), &found, NULL); /* 100 units find 350 at 2^44 */
            assert_true(u256_u64(found, &proofs));
            proofs                        = RIV_MIN(proofs, 500); /* what a unit gives over the most does not count */
            const chain__difficulty_in in = { now, genesis, proofs, 100, 2, 5 };
            now                           = chain__difficulty_next(&in);
        }
        assert_in_range(proofs, 340, 360);
    }
    u256 max;
    (void)!u256_sub(U256_ZERO, u256_of(1), &max);
    const chain__difficulty_in easiest = { max, max, 0, 0, 2, 5 };
    assert_int_equal(u256_cmp(chain__difficulty_next(&easiest), max), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool),
        cmocka_unit_test(test_collateral),
        cmocka_unit_test(test_difficulty),
        cmocka_unit_test(test_difficulty_settles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
