/* limits_test.c: a service cannot run, grow, recurse or lie beyond its bounds; each bound has its own kind of error, and the
 * service answers again afterwards. */
#include "marine/testing.h"

static void test_each_limit_has_its_kind(void **state)
{
    (void)state;
    static const struct {
        const char *function, *args, *want;
    } cases[] = {
        { "trap", "[]", "trap: function `trap` failed: unreachable instruction executed in " },
        { "divide", "[1,0]", "trap: function `divide` failed: integer divide by zero in " },
        { "divide", "[-2147483648,-1]", "trap: function `divide` failed: integer overflow in " },
        { "spin", "[]", "fuel: function `spin` failed: out of fuel" },
        { "recurse", "[]", "stack: function `recurse` failed: call stack exhausted in " },
        { "string_outside", "[]", "trap: module test: out of bounds: 8 bytes at 4294967280 in a memory of " },
        { "string_too_long", "[]", "trap: module test: out of bounds: 4294967295 bytes at 16 in a memory of " },
        { "not_utf8", "[]", "trap: module test: string at " },
        { "bytes_outside", "[]", "trap: module test: out of bounds: 1 bytes at 2147483648 in a memory of " },
        { "array_too_long", "[]", "trap: module test: out of bounds: 4294967304 bytes at 1024 in a memory of " },
        { "strings_outside", "[]", "trap: module test: out of bounds: 100 bytes at 2147483647 in a memory of " },
        { "record_with_lies", "[]", "trap: module test: out of bounds: 2 bytes at 3735928559 in a memory of " },
        { "amplify", "[100000,100000]", "memory: values of this call need more than 268435456 bytes" },
        { "empty_anywhere", "[]", "\"\"" }, /* SPEC marine.md 4.4: Reading size 0 must never fault */
        { "numbers", "[536870913]", "trap: function `numbers` failed: unreachable instruction executed in " },
        { "grow_or_die", "[]", "memory: function `grow_or_die` failed: unreachable instruction executed in " },
    };
    enum { SPIN = 3 };
    bench b;
    bench_open(&b, "tests/modules/hostile.c", NULL, &(marine_service_config){ .memory_bytes_max = 64 << 20 });
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        const riv_json *json = NULL;
        assert_int_equal(riv_json_parse(riv_str_c(cases[i].args), b.arena, NULL, &json), RIV_OK);
        marine_call call = { .function = riv_str_c(cases[i].function),
                             .args     = json,
                             .fuel     = i == SPIN ? 100000000 : 0 };
        b.fault          = (riv_fault){ 0 };
        riv_err     err  = marine_service_call(b.service, &call, b.arena, &b.fault, &b.result);
        const char *got =
            err ? riv_cstr(b.arena, riv_format(b.arena, "%s: %s", marine_error_name(b.result.error), b.fault.msg))
                : riv_cstr(b.arena, riv_json_text(b.result.value, b.arena));
        if (strncmp(got, cases[i].want, strlen(cases[i].want)) != 0)
            fail_msg("%s gave %s, wanted %s", cases[i].function, got, cases[i].want);
        if (err) assert_int_equal(b.fault.code, b.result.error);
        if (b.result.error == MARINE_OUT_OF_FUEL) assert_int_equal(b.result.fuel_used, call.fuel);
        assert_string_equal(bench_call(&b, "fine", "[]"), "7");
    }
    bench_close(&b);
}

static void test_fuel_is_exact(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, "examples/hello/greeting.c", NULL, NULL);
    assert_string_equal(bench_call(&b, "greeting", "[\"Ada\"]"), "\"Hi, Ada\"");
    assert_string_equal(bench_call(&b, "greeting", "[\"Ada\"]"), "\"Hi, Ada\"");
    uint64_t        needed = b.result.fuel_used;
    const riv_json *args;
    assert_int_equal(riv_json_parse(RIV_LIT("[\"Ada\"]"), b.arena, NULL, &args), RIV_OK);
    /* One unit less fails, wherever it runs out: in the guest, or while the host works for it. */
    for (uint64_t fuel = needed; fuel > 0; fuel -= RIV_MIN(fuel, needed / 20 + 1)) {
        marine_call call = { .function = RIV_LIT("greeting"), .args = args, .fuel = fuel };
        riv_err     err  = marine_service_call(b.service, &call, b.arena, NULL, &b.result);
        if (fuel == needed)
            assert_int_equal(err, RIV_OK);
        else
            assert_int_equal(b.result.error, MARINE_OUT_OF_FUEL);
    }
    bench_close(&b);
}

static void test_memory_grows_up_to_the_budget(void **state)
{
    (void)state;
    enum { PAGE = 65536, PAGES_MAX = 100 };
    bench b;
    bench_open(&b, "tests/modules/hostile.c", NULL, &(marine_service_config){ .memory_bytes_max = PAGES_MAX * PAGE });
    uint64_t pages = marine_service_memory(b.service) / PAGE;
    assert_true(pages > 0 && pages < PAGES_MAX);
    char args[40], want[40];
    snprintf(args, sizeof args, "[%d]", (int)(PAGES_MAX - pages + 1));
    assert_string_equal(bench_call(&b, "grow", args), "4294967295"); /* memory.grow says -1, the call goes on */
    snprintf(args, sizeof args, "[%d]", (int)(PAGES_MAX - pages));
    snprintf(want, sizeof want, "%d", (int)pages);
    assert_string_equal(bench_call(&b, "grow", args), want);
    assert_int_equal(marine_service_memory(b.service), PAGES_MAX * PAGE);
    assert_string_equal(bench_call(&b, "grow", "[1]"), "4294967295");
    bench_close(&b);
}

static void test_modules_share_one_budget(void **state)
{
    (void)state;
    enum { PAGE = 65536 };
    bench b;
    bench_start(&b);
    b.modules[0]                         = testing_module(b.engine, testing_build("tests/modules/hostile.c", b.arena));
    const marine_module_config modules[] = { { .name = RIV_LIT("one"), .module = b.modules[0] },
                                             { .name = RIV_LIT("two"), .module = b.modules[0] } };
    marine_service_config      config    = { .modules = modules, .modules_count = 2 };
    assert_int_equal(marine_service_new(b.engine, &config, &b.fault, &b.service), RIV_OK);
    uint64_t both = marine_service_memory(b.service);
    marine_service_free(b.service);

    config.memory_bytes_max = both - PAGE; /* the second does not fit beside the first */
    b.service               = NULL;
    assert_int_equal(marine_service_new(b.engine, &config, &b.fault, &b.service), RIV_E_LIMIT);
    assert_int_equal(b.fault.code, MARINE_OUT_OF_MEMORY);

    config.memory_bytes_max = both + PAGE;
    assert_int_equal(marine_service_new(b.engine, &config, NULL, &b.service), RIV_OK);
    const riv_json *args;
    assert_int_equal(riv_json_parse(RIV_LIT("[1]"), b.arena, NULL, &args), RIV_OK);
    marine_call call = { .module = RIV_LIT("one"), .function = RIV_LIT("grow"), .args = args };
    assert_int_equal(marine_service_call(b.service, &call, b.arena, NULL, &b.result), RIV_OK);
    assert_true(b.result.value->u64 < UINT32_MAX);
    call.module = RIV_LIT("two"); /* what one took is gone for two */
    assert_int_equal(marine_service_call(b.service, &call, b.arena, NULL, &b.result), RIV_OK);
    assert_int_equal(b.result.value->u64, UINT32_MAX);
    bench_close(&b);
}

/* The tick comes through the log call of the guest, so that the test does not depend on time. */
static void tick_on_output(void *ctx, riv_str module, bool is_stderr, riv_str text)
{
    (void)module;
    (void)is_stderr;
    (void)text;
    marine_engine_tick(ctx);
}

static void test_deadline(void **state)
{
    (void)state;
    bench b;
    bench_start(&b);
    b.modules[0]                    = testing_module(b.engine, testing_build("tests/modules/host.c", b.arena));
    const marine_module_config one  = { .name = RIV_LIT("test"), .module = b.modules[0], .logger_enabled = true };
    marine_service_config      conf = { .modules       = &one,
                                        .modules_count = 1,
                                        .env           = { .ctx = b.engine, .output = tick_on_output } };
    if (marine_service_new(b.engine, &conf, &b.fault, &b.service)) fail_msg("%s", b.fault.msg);
    const riv_json *args;
    assert_int_equal(riv_json_parse(RIV_LIT("[\"a\",\"b\"]"), b.arena, NULL, &args), RIV_OK);
    marine_call call = { .function = RIV_LIT("print"), .args = args, .deadline_ticks = 1 };
    assert_int_equal(marine_service_call(b.service, &call, b.arena, &b.fault, &b.result), RIV_E_EXPIRED);
    assert_int_equal(b.result.error, MARINE_DEADLINE);
    call.deadline_ticks = 100;
    assert_int_equal(marine_service_call(b.service, &call, b.arena, &b.fault, &b.result), RIV_OK);
    call.deadline_ticks = 0;
    assert_int_equal(marine_service_call(b.service, &call, b.arena, &b.fault, &b.result), RIV_OK);
    bench_close(&b);
}

static void test_nan_is_canonical(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, "tests/modules/hostile.c", NULL, NULL);
    assert_string_equal(bench_call(&b, "not_a_number", "[]"), "null");
    assert_string_equal(bench_call(&b, "nan_bits", "[0,0]"),
                        "9221120237041090560"); /* 0x7ff8000000000000 on every machine */
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_limit_has_its_kind),
        cmocka_unit_test(test_fuel_is_exact),
        cmocka_unit_test(test_memory_grows_up_to_the_budget),
        cmocka_unit_test(test_modules_share_one_budget),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_nan_is_canonical),
    };
    testing_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
