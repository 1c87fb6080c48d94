/* ticker_test.c: it ticks at its pace, and stops when told, at once also where the next tick is far. */
#include "host/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static void count(void *ctx) { atomic_fetch_add((atomic_int *)ctx, 1); }

static void test_it_ticks_and_stops(void **state)
{
    atomic_int   ticks = 0;
    host_ticker *t     = NULL;
    (void)state;
    assert_int_equal(host_ticker_start(10, count, &ticks, NULL, &t), RIV_OK);
    for (int i = 0; i < 500 && atomic_load(&ticks) < 5; i++) host_sleep_ms(10);
    host_ticker_stop(t);
    int seen = atomic_load(&ticks);
    assert_true(seen >= 5);
    host_sleep_ms(50);
    assert_int_equal(atomic_load(&ticks), seen);
    host_ticker_stop(NULL);
}

static void test_never_too_early(void **state)
{
    atomic_int   ticks = 0;
    host_ticker *t     = NULL;
    uint64_t     start = host_clock_ns();
    (void)state;
    assert_int_equal(host_ticker_start(20, count, &ticks, NULL, &t), RIV_OK);
    host_sleep_ms(200);
    host_ticker_stop(t);
    uint64_t took_ms = (host_clock_ns() - start) / 1000000u;
    assert_true((uint64_t)atomic_load(&ticks) <= took_ms / 20);
}

static void test_stopping_does_not_wait_for_the_tick(void **state)
{
    atomic_int   ticks = 0;
    host_ticker *t     = NULL;
    uint64_t     start = host_clock_ns();
    (void)state;
    assert_int_equal(host_ticker_start(60000, count, &ticks, NULL, &t), RIV_OK);
    host_ticker_stop(t);
    assert_true(host_clock_ns() - start < UINT64_C(5000000000));
    assert_int_equal(atomic_load(&ticks), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_ticks_and_stops),
        cmocka_unit_test(test_never_too_early),
        cmocka_unit_test(test_stopping_does_not_wait_for_the_tick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
