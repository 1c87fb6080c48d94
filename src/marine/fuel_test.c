/* fuel_test.c: what a call is charged, however it ends: nobody computes for nothing, and the same costs the same.
 * Spec: docs/marine.md "Repeatable". */
#include "marine/testing.h"

enum { ROUNDS = 100000, GIVEN = 5000000 };

static uint64_t charged(bench *b, const char *function, const char *args, marine_error_kind wanted)
{
    riv_fault       fault = { 0 };
    const riv_json *json  = NULL;
    assert_int_equal(riv_json_parse(riv_str_c(args), b->arena, &fault, &json), RIV_OK);
    marine_call   call = { .function = riv_str_c(function), .args = json, .fuel = GIVEN };
    marine_result result;
    riv_err       err = marine_service_call(b->service, &call, b->arena, &fault, &result);
    assert_int_equal(err == RIV_OK, wanted == MARINE_NO_ERROR);
    assert_int_equal(result.error, wanted);
    return result.fuel_used;
}

static void test_every_end(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, "tests/modules/fuel.c", NULL, NULL);
    uint64_t plain = charged(&b, "rounds", "[100000]", MARINE_NO_ERROR),
             none  = charged(&b, "rounds", "[0]", MARINE_NO_ERROR);
    assert_true(plain - none >= ROUNDS && plain < GIVEN);
    /* where the engine can tell, what was used */
    uint64_t panic = charged(&b, "panic", "[100000]", MARINE_TRAP),
             null  = charged(&b, "call_at", "[100000,0]", MARINE_TRAP);
    assert_true(panic - charged(&b, "panic", "[0]", MARINE_TRAP) == plain - none);
    assert_true(null - charged(&b, "call_at", "[0,0]", MARINE_TRAP) == plain - none);
    /* where it cannot, all: dividing and reading count in registers that are lost */
    assert_int_equal(charged(&b, "divide", "[100000,0]", MARINE_TRAP), GIVEN);
    assert_int_equal(charged(&b, "read_at", "[100000,4294967280]", MARINE_TRAP), GIVEN);
    assert_true(charged(&b, "divide", "[100000,3]", MARINE_NO_ERROR) < GIVEN);
    assert_int_equal(charged(&b, "rounds", "[100000000]", MARINE_OUT_OF_FUEL), GIVEN);
    /* a failure leaves nothing behind that the next call pays */
    assert_int_equal(charged(&b, "rounds", "[100000]", MARINE_NO_ERROR), plain);
    marine_stats stats;
    marine_service_stats(b.service, b.arena, &stats);
    assert_true(stats.fuel_used > 3 * (uint64_t)GIVEN);
    bench_close(&b);
}

static void test_statistics(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, "tests/modules/fuel.c", NULL, NULL);
    marine_stats before, after;
    marine_service_stats(b.service, b.arena, &before);
    uint64_t used = charged(&b, "divide", "[10,0]", MARINE_TRAP);
    marine_service_stats(b.service, b.arena, &after);
    assert_int_equal(after.fuel_used - before.fuel_used, used);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_end), cmocka_unit_test(test_statistics) };
    testing_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
