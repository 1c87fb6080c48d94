/* Tests of trade*.c: rules that are broken on purpose are found, each by its name; the same seed is the same run; a provider that vanishes costs its
 * customers what stood until they sent it back, and no part more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/trade.h"

enum { SEEDS = 40 };

/* One seed after the other until a rule is broken: whether it is one of these. */
static void finds(sim_trade_spoil spoil, uint64_t weather, const char *const *rules, size_t count)
{
    for (uint64_t seed = weather; seed < 5 * SEEDS; seed += 5) {
        sim_trade_config config;
        sim_trade_report out;
        riv_fault        fault = { 0 };
        sim_trade_draw(seed, &config);
        config.spoil = spoil;
        riv_err err  = sim_trade_run(&config, &fault, &out);
        if (!err) continue; /* it came to nothing that could be broken */
        assert_int_equal(err, RIV_E_CONFLICT);
        for (size_t i = 0; i < count; i++)
            if (strstr(fault.msg, rules[i])) return;
        fail_msg("spoil %d: %s", (int)spoil, fault.msg);
    }
    fail_msg("spoil %d is not found", (int)spoil);
}

static void test_spoils(void **state)
{
    (void)state;
    static const struct {
        sim_trade_spoil   spoil;
        uint64_t          weather;
        const char *const rules[3];
        size_t            count;
    } cases[] = {
        { SIM_TRADE_SPOIL_LOST_BLOCK, 0, { "blocks were committed, the head is at" }, 1 },
        { SIM_TRADE_SPOIL_LOST_BLOCK, 3, { "blocks were committed, the head is at" }, 1 },
        { SIM_TRADE_SPOIL_TORN_COMMIT, 0, { "the replay differs", "cannot be read" }, 2 },
        { SIM_TRADE_SPOIL_TWICE, 0, { "a customer paid twice", "a deal was made twice", "its owner did not want" }, 3 },
        { SIM_TRADE_SPOIL_TWICE, 3, { "a customer paid twice", "a deal was made twice", "its owner did not want" }, 3 },
        { SIM_TRADE_SPOIL_PRICE, 0, { "a unit got", "a unit's reward", "free money" }, 3 },
        { SIM_TRADE_SPOIL_LAST_EPOCH, 0, { "a deal's money", "free money" }, 2 },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++)
        finds(cases[i].spoil, cases[i].weather, cases[i].rules, cases[i].count);
}

static sim_trade_report run(const sim_trade_config *config)
{
    sim_trade_report out;
    riv_fault        fault = { 0 };
    if (sim_trade_run(config, &fault, &out)) fail_msg("%s", fault.msg);
    return out;
}

static void test_same_seed(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 5; seed++) {
        sim_trade_config config, other;
        sim_trade_draw(seed, &config);
        sim_trade_report a = run(&config), b = run(&config);
        assert_memory_equal(&a, &b, sizeof a);
        other = config;
        other.latency_ms_max += 1;
        sim_trade_report c = run(&other);
        assert_int_not_equal(a.hash, c.hash);
    }
}

/* All providers vanish, so every deal ends without them: what was paid is what stood until the customers sent the units back. */
static void test_vanished(void **state)
{
    (void)state;
    uint64_t left = 0, returned = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        sim_trade_config config;
        sim_trade_draw(seed, &config);
        config.vanish        = 1000000;
        sim_trade_report out = run(&config);
        assert_int_equal(out.vanished, config.providers);
        assert_int_equal(out.deposited, out.withdrawn + out.paid);
        left += out.left_of_vanished;
        returned += out.returned_by_customers;
    }
    assert_true(left > 5 && returned >= left);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spoils),
        cmocka_unit_test(test_same_seed),
        cmocka_unit_test(test_vanished),
    };
    if (crypto_init(NULL)) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
