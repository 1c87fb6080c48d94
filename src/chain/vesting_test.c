/* Tests of vesting.c: figures worked out by hand from the specification, and both rules against each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/capacity.h"

static riv_arena *arena;
static int        set_up(void **state)
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

static const chain__vesting_terms local[2] = { { 3, 6, false }, { 3, 6, true } };

static uint64_t at(const chain__vesting *v, uint64_t epoch)
{
    u256     sum;
    uint64_t out = 0;
    if (chain__vesting_at(v, epoch, &sum)) assert_true(u256_u64(sum, &out));
    return out;
}

/* SPEC market.md 6.6: 100 in 6 parts of 16; the first behind epoch 5 is at 6, behind 6 at 9: strictly above. */
static void test_one(void **state)
{
    (void)state;
    for (size_t rules = 0; rules < 2; rules++) {
        chain__vesting v = { .withdrawn = U256_ZERO };
        u256           sum;
        assert_int_equal(chain__vesting_add(arena, &v, u256_of(100), 5, &local[rules]), CHAIN__VESTED);
        assert_int_equal(v.items.len, 6);
        assert_false(chain__vesting_at(&v, 5, &sum));
        assert_int_equal(at(&v, 6), 16);
        assert_int_equal(at(&v, 8), 16);
        assert_int_equal(at(&v, 9), 32);
        assert_int_equal(at(&v, 21), 96); /* the rest of the division is lost */
        assert_int_equal(at(&v, UINT64_MAX), 96);
        assert_int_equal(chain__vesting_add(arena, &v, u256_of(60), 6, &local[rules]),
                         CHAIN__VESTED); /* 10 from 9 on */
        assert_int_equal(v.items.len, 7);
        assert_int_equal(at(&v, 6), 16);
        assert_int_equal(at(&v, 9), 42);
        assert_int_equal(at(&v, 21), 146);
        assert_int_equal(at(&v, 24), 156);
        assert_int_equal(chain__vesting_add(arena, &v, u256_of(6), 40, &local[rules]),
                         CHAIN__VESTED); /* after a pause: from 42 on */
        assert_int_equal(at(&v, 41), 156);
        assert_int_equal(at(&v, 42), 157);
        assert_int_equal(at(&v, 57), 162);
    }
}

/* What comes late for an epoch before all others: the original refuses it, ours puts it where it belongs. */
static void test_before(void **state)
{
    chain__vesting g0 = { .withdrawn = U256_ZERO }, ours = { .withdrawn = U256_ZERO };
    (void)state;
    assert_int_equal(chain__vesting_add(arena, &g0, u256_of(60), 30, &local[0]), CHAIN__VESTED);
    assert_int_equal(chain__vesting_add(arena, &g0, u256_of(60), 5, &local[0]), CHAIN__VESTED_BELOW);
    assert_int_equal(chain__vesting_add(arena, &ours, u256_of(60), 30, &local[1]), CHAIN__VESTED);
    assert_int_equal(chain__vesting_add(arena, &ours, u256_of(60), 5, &local[1]), CHAIN__VESTED);
    assert_int_equal(at(&ours, 5), 0);
    assert_int_equal(at(&ours, 6), 10);
    assert_int_equal(at(&ours, 21), 60);
    assert_int_equal(at(&ours, 32), 60);
    assert_int_equal(at(&ours, 33), 70);
    assert_int_equal(at(&ours, 48), 120);
    u256 max;
    (void)!u256_sub(U256_ZERO, u256_of(1), &max);
    const chain__vesting_terms one = { 1, 1, true };
    assert_int_equal(chain__vesting_add(arena, &ours, max, 60, &one), CHAIN__VESTED_OVERFLOW);
}

/* When epochs only rise the original's way and ours give the same; and everything is the sum of its parts. */
static void test_both(void **state)
{
    riv_prng prng = riv_prng_seed(6);
    (void)state;
    for (int round = 0; round < 200; round++) {
        chain__vesting             g0 = { .withdrawn = U256_ZERO }, ours = { .withdrawn = U256_ZERO };
        const chain__vesting_terms t[2]  = { { 1 + riv_prng_below(&prng, 5), 1 + riv_prng_below(&prng, 8), false },
                                             { t[0].period, t[0].count, true } };
        uint64_t                   after = 1, sum = 0;
        for (int i = 0; i < 30; i++) {
            uint64_t reward = riv_prng_below(&prng, 1000);
            after += riv_prng_below(&prng, riv_prng_chance(&prng, 200000) ? 60 : 3);
            sum += reward / t[0].count * t[0].count;
            assert_int_equal(chain__vesting_add(arena, &g0, u256_of(reward), after, &t[0]), CHAIN__VESTED);
            assert_int_equal(chain__vesting_add(arena, &ours, u256_of(reward), after, &t[1]), CHAIN__VESTED);
        }
        assert_int_equal(g0.items.len, ours.items.len);
        for (size_t i = 0; i < g0.items.len; i++) {
            assert_int_equal(g0.items.ptr[i].epoch, ours.items.ptr[i].epoch);
            assert_int_equal(u256_cmp(g0.items.ptr[i].cumulative, ours.items.ptr[i].cumulative), 0);
            assert_true(i == 0 || g0.items.ptr[i].epoch > g0.items.ptr[i - 1].epoch);
        }
        assert_int_equal(at(&ours, UINT64_MAX), sum);
    }
}

/* Taking in between changes no sum, also not for what comes late, and what was taken leaves nothing behind. */
static void test_taken(void **state)
{
    riv_prng prng = riv_prng_seed(9);
    (void)state;
    for (int round = 0; round < 200; round++) {
        const chain__vesting_terms t   = { 1 + riv_prng_below(&prng, 5), 1 + riv_prng_below(&prng, 8), true };
        chain__vesting             all = { .withdrawn = U256_ZERO }, kept = { .withdrawn = U256_ZERO };
        uint64_t                   now = 10;
        for (int i = 0; i < 300; i++) {
            uint64_t reward = riv_prng_below(&prng, 1000), late = riv_prng_below(&prng, 9);
            now += riv_prng_below(&prng, 4);
            assert_int_equal(chain__vesting_add(arena, &all, u256_of(reward), now - late, &t), CHAIN__VESTED);
            assert_int_equal(chain__vesting_add(arena, &kept, u256_of(reward), now - late, &t), CHAIN__VESTED);
            if (riv_prng_chance(&prng, 500000)) chain__vesting_taken(&kept, now);
            for (uint64_t k = 0; k < 60; k += 7) assert_int_equal(at(&all, now + k), at(&kept, now + k));
        }
        chain__vesting_taken(&kept, now);
        assert_true(kept.items.len <= t.count + 1);
        assert_int_equal(at(&all, UINT64_MAX), at(&kept, UINT64_MAX));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_both, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_taken, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
