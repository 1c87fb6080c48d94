/* trade_campaign_test.c: simulated markets, one for each seed; every sixteenth is played again and must be the same to the byte. Prints what happened in
 * each weather, and the command that plays a seed that failed.
 * Usage: trade_campaign_test [COUNT [FIRST]]. Spec: docs/sim.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/trade.h"

#ifdef RIV_SLOW_CHECKS
enum { COUNT_DEFAULT = 25 };
#else
enum { COUNT_DEFAULT = 200 };
#endif
enum { WEATHERS = 5, AGAIN_EVERY = 16, ENOUGH = 100 };
static uint64_t count_wanted = COUNT_DEFAULT, first_seed = 1;

/* All members of a report but its hash are counts. */
static void add(sim_trade_report *sum, const sim_trade_report *one)
{
    uint64_t       *to   = (uint64_t *)(void *)sum;
    const uint64_t *from = (const uint64_t *)(const void *)one;
    for (size_t i = 0; i < sizeof *sum / sizeof *to; i++) to[i] += from[i];
}

static sim_trade_report play(uint64_t seed)
{
    sim_trade_config config;
    sim_trade_report out;
    riv_fault        fault = { 0 };
    sim_trade_draw(seed, &config);
    if (sim_trade_run(&config, &fault, &out))
        fail_msg("%s\nplay it alone: rivulet chain scenario --random %llu", fault.msg, (unsigned long long)seed);
    return out;
}

#define ROW(member)                                                                                                    \
    do {                                                                                                               \
        printf("  %-22s", #member);                                                                                    \
        for (size_t k = 0; k < WEATHERS; k++) printf("%12llu", (unsigned long long)sums[k].member);                    \
        printf("\n");                                                                                                  \
    } while (0)

static void print_sums(const sim_trade_report sums[WEATHERS])
{
    printf("  %-22s", "");
    for (uint64_t k = 0; k < WEATHERS; k++) printf("%12s", sim_trade_weather(k));
    printf("\n");
    ROW(epochs);
    ROW(blocks);
    ROW(txs);
    ROW(reverted);
    ROW(refused);
    ROW(looks);
    ROW(checks);
    ROW(notices);
    ROW(receipts);
    ROW(lost);
    ROW(repeated);
    ROW(stalled);
    ROW(late_blocks);
    ROW(crashes_before);
    ROW(crashes_behind);
    ROW(crashes_between);
    ROW(agent_crashes);
    ROW(vanished);
    ROW(deals);
    ROW(joined);
    ROW(unit_epochs);
    ROW(unpaid_epochs);
    ROW(returned_by_customers);
    ROW(left_of_vanished);
    ROW(deposited);
    ROW(withdrawn);
    ROW(paid);
}

/* Else the rules are not tried. */
static void check_sums(const sim_trade_report sums[WEATHERS])
{
    const sim_trade_report *calm = &sums[0], *late = &sums[1], *lossy = &sums[2], *crashes = &sums[3],
                           *storm = &sums[4];
    assert_true(late->stalled && late->late_blocks);
    assert_true(lossy->lost && lossy->repeated && lossy->refused);
    assert_true(crashes->crashes_before && crashes->crashes_behind && crashes->crashes_between &&
                crashes->agent_crashes);
    assert_true(storm->crashes_before && storm->crashes_behind && storm->lost);
    assert_true(calm->lost == 0 && calm->crashes_before == 0);
    for (size_t k = 0; k < WEATHERS; k++) {
        assert_true(sums[k].deals && sums[k].joined && sums[k].unit_epochs && sums[k].unpaid_epochs);
        assert_true(sums[k].notices && sums[k].receipts);
        assert_true(sums[k].vanished && sums[k].returned_by_customers && sums[k].left_of_vanished);
        assert_int_equal(sums[k].deposited, sums[k].withdrawn + sums[k].paid);
    }
}

static void test_campaign(void **state)
{
    sim_trade_report sums[WEATHERS] = { { 0 } };
    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + count_wanted; seed++) {
        sim_trade_report one = play(seed);
        add(&sums[seed % WEATHERS], &one);
        if (seed % AGAIN_EVERY) continue;
        sim_trade_report again = play(seed);
        assert_memory_equal(&one, &again, sizeof one);
    }
    print_sums(sums);
    if (count_wanted >= ENOUGH) check_sums(sums);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_campaign) };
    if (argc > 1) count_wanted = strtoull(argv[1], NULL, 10);
    if (argc > 2) first_seed = strtoull(argv[2], NULL, 10);
    if (crypto_init(NULL)) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
