/* service_test.c: modules made with the C kit load, link and answer; values of every type go both ways unchanged. */
#include "marine/testing.h"

static void test_types(void **state)
{
    (void)state;
    static const struct {
        const char *function, *args, *want;
    } cases[] = {
        { "echo_bool", "[true]", "true" },
        { "echo_u8", "[255]", "255" },
        { "echo_u16", "[65535]", "65535" },
        { "echo_u32", "[4294967295]",
          "4294967295" }, /* the original refuses those; SPEC scenarios.md 5 passes the value */
        { "echo_u64", "[18446744073709551615]", "18446744073709551615" },
        { "echo_i8", "[-128]", "-128" },
        { "echo_i16", "[-32768]", "-32768" },
        { "echo_i32", "[-2147483648]", "-2147483648" },
        { "echo_i64", "[-9223372036854775808]", "-9223372036854775808" },
        { "echo_f32", "[0.1]", "0.10000000149011612" },
        { "echo_f32", "[1]", "1.0" },
        { "echo_f64", "[-2.5]", "-2.5" },
        { "echo_f64", "[18446744073709551615]", "1.8446744073709552e19" },
        { "echo_string", "[\"\"]", "\"\"" },
        { "echo_string", "[\"h\xc3\xa9\\u0000x\"]", "\"h\xc3\xa9\\u0000x\"" },
        { "echo_bytes", "[[0,255,7]]", "[0,255,7]" },
        { "echo_bytes", "[[]]", "[]" },
        { "echo_bools", "[[true,false,true]]", "[true,false,true]" },
        { "echo_i16s", "[[-1,2]]", "[-1,2]" },
        { "echo_u64s", "[[18446744073709551615,0]]", "[18446744073709551615,0]" },
        { "echo_f64s", "[[1.5,-0.0]]", "[1.5,-0.0]" },
        { "echo_strings", "[[\"a\",\"\",\"c\"]]", "[\"a\",\"\",\"c\"]" },
        { "echo_blobs", "[[[1],[],[2,3]]]", "[[1],[],[2,3]]" },
        { "echo_rows", "[[[\"a\",\"b\"],[],[\"\"]]]", "[[\"a\",\"b\"],[],[\"\"]]" },
        { "echo_points", "[[{\"y\":2,\"x\":1},[3,4.5]]]", "[{\"x\":1.0,\"y\":2.0},{\"x\":3.0,\"y\":4.5}]" },
        { "make_inner", "[3]", "{\"data\":[255,0],\"name\":\"3 numbers\",\"numbers\":[0,1,4]}" },
        { "all_kinds", "[true,2,-3,1.25,\"x\",[1,2],[5,6],[1,2],[[1,2],[3,4]]]", "\"1 2 -3 125 x 2 11 2 4\"" },
        { "nothing", "[]", "null" },
        { "nothing", "null", "null" },
        { "nothing", "{}", "null" },
        { "length", "{\"v\":\"abc\"}", "3" },
        { "length", "\"abc\"", "3" },     /* a bare value is the only argument */
        { "length", "[[\"abc\"]]", "3" }, /* flattened once */
        { "total", "[[[1], 2]]", "3" },
        { "echo_i16s", "[[[-1], 2]]", "[-1,2]" },
        { "echo_points", "[[{\"x\": [1], \"y\": 2}, [[3], 4]]]", "[{\"x\":1.0,\"y\":2.0},{\"x\":3.0,\"y\":4.0}]" },
        { "count", "[]", "1" },
        { "count", "[]", "2" }, /* the instance keeps its state */
        /* what does not fit is told in value_test.c */
        { "nofn", "[]", "not_found: function with name `nofn` is missing" },
        { "allocate", "[1]", "not_found: function with name `allocate` is missing" }, /* exported, but not public */
    };
    bench b;
    bench_open(&b, "tests/modules/types.c", NULL, NULL);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        const char *got = bench_call(&b, cases[i].function, cases[i].args);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s%s gave %s, wanted %s", cases[i].function, cases[i].args, got, cases[i].want);
    }
    bench_close(&b);
}

/* A random value of the type Everything, written as its JSON: must come back as the same text. */
static const riv_json *random_text(riv_prng *p, riv_arena *a)
{
    static const char *const pieces[] = { "a", "\xc3\xa9", "\xf0\x9f\x8c\x8a", "\n", "\"", "0" };
    riv_buf                  out      = riv_buf_in(a);
    for (uint64_t n = riv_prng_below(p, 6); n; n--)
        riv_put_str(&out, riv_str_c(pieces[riv_prng_below(p, RIV_COUNT(pieces))]));
    return riv_json_str(a, riv_buf_str(&out));
}

static const riv_json *random_numbers(riv_prng *p, riv_arena *a, uint64_t max)
{
    riv_json_list list = { 0 };
    for (uint64_t n = riv_prng_below(p, 5); n; n--) riv_json_add(a, &list, riv_json_u64(a, riv_prng_u64(p) & max));
    return riv_json_arr(a, list.ptr, list.len);
}

static const riv_json *random_inner(riv_prng *p, riv_arena *a)
{
    return riv_json_object(a, "name", random_text(p, a), "data", random_numbers(p, a, 255), "numbers",
                           random_numbers(p, a, 65535), NULL);
}

static const riv_json *random_everything(riv_prng *p, riv_arena *a)
{
    riv_json_list texts = { 0 }, inners = { 0 }, blobs = { 0 };
    for (uint64_t n = riv_prng_below(p, 4); n; n--) riv_json_add(a, &texts, random_text(p, a));
    for (uint64_t n = riv_prng_below(p, 4); n; n--) riv_json_add(a, &inners, random_inner(p, a));
    for (uint64_t n = riv_prng_below(p, 4); n; n--) riv_json_add(a, &blobs, random_numbers(p, a, 255));
    int64_t r = (int64_t)riv_prng_u64(p);
    return riv_json_object(
        a, "flag", riv_json_bool(r & 1), "a", riv_json_u64(a, (uint8_t)r), "b", riv_json_i64(a, (int8_t)r), "c",
        riv_json_u64(a, (uint16_t)r), "d", riv_json_i64(a, (int16_t)r), "e", riv_json_u64(a, (uint32_t)r), "f",
        riv_json_i64(a, (int32_t)r), "g", riv_json_u64(a, (uint64_t)r), "h", riv_json_i64(a, r), "i",
        riv_json_f64(a, (double)(float)r), "j", riv_json_f64(a, (double)r / 3), "text", random_text(p, a), "data",
        random_numbers(p, a, 255), "texts", riv_json_arr(a, texts.ptr, texts.len), "inner", random_inner(p, a),
        "inners", riv_json_arr(a, inners.ptr, inners.len), "blobs", riv_json_arr(a, blobs.ptr, blobs.len), NULL);
}

static void test_random_values_come_back(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, "tests/modules/types.c", NULL, NULL);
    uint64_t memory = 0;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        riv_prng        p    = riv_prng_seed(seed);
        riv_arena      *a    = riv_arena_new(0);
        const riv_json *v    = random_everything(&p, a);
        marine_call     call = { .function = RIV_LIT("echo_everything"), .args = riv_json_arr(a, &v, 1) };
        marine_result   result;
        riv_fault       fault = { 0 };
        if (marine_service_call(b.service, &call, a, &fault, &result))
            fail_msg("seed %llu: %s", (unsigned long long)seed, fault.msg);
        if (!riv_json_eq(v, result.value)) fail_msg("seed %llu: the value changed", (unsigned long long)seed);
        if (seed == 100) memory = marine_service_memory(b.service);
        riv_arena_free(a);
    }
    assert_int_equal(marine_service_memory(b.service), memory); /* the kit frees what a call made */
    bench_close(&b);
}

static void test_large_values(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, "tests/modules/types.c", NULL, NULL);
    enum { COUNT = 1 << 20 };
    const riv_json **items = riv_new(b.arena, const riv_json *, COUNT);
    const riv_json  *seven = riv_json_u64(b.arena, 7);
    for (size_t i = 0; i < COUNT; i++) items[i] = seven;
    const riv_json *bytes = riv_json_arr(b.arena, items, COUNT);
    marine_call     call  = { .function = RIV_LIT("echo_bytes"), .args = riv_json_arr(b.arena, &bytes, 1) };
    assert_int_equal(marine_service_call(b.service, &call, b.arena, &b.fault, &b.result), RIV_OK);
    assert_true(riv_json_eq(b.result.value, bytes));

    /* A result that does not fit in the caller's arena is an error, not the end of the process. */
    riv_arena *small = riv_arena_new(100000);
    assert_int_equal(marine_service_call(b.service, &call, small, &b.fault, &b.result), RIV_E_LIMIT);
    assert_int_equal(b.result.error, MARINE_OUT_OF_MEMORY);
    riv_arena_free(small);
    bench_close(&b);
}

static void open_pair(bench *b, riv_bytes adder, riv_bytes facade)
{
    bench_start(b);
    b->modules[0]                        = testing_module(b->engine, adder);
    b->modules[1]                        = testing_module(b->engine, facade);
    const marine_module_config modules[] = { { .name = RIV_LIT("adder"), .module = b->modules[0] },
                                             { .name = RIV_LIT("facade"), .module = b->modules[1] } };
    marine_service_config      config    = { .modules = modules, .modules_count = 2 };
    if (marine_service_new(b->engine, &config, &b->fault, &b->service)) fail_msg("%s", b->fault.msg);
}

static void test_linked_modules(void **state)
{
    (void)state;
    static const struct {
        const char *function, *args, *want;
    } cases[] = {
        { "sum", "[[1,2,18446744073709551000]]", "18446744073709551003" },
        { "greet_all", "[[\"Ada\",\"Grace\"],\" and \"]", "\"Hi, Ada and Grace (2) and \"" },
        { "greet_all", "[[],\"\"]", "\"Hi,  (0)\"" },
        { "shift_twice", "[[\"p\",[[1,2],[3,4]],[0,0]],0.5]",
          "{\"name\":\"p+0.5+0.5\",\"origin\":{\"x\":1.0,\"y\":0.0},\"points\":[{\"x\":2.0,\"y\":2.0},{\"x\":4.0,\"y\":"
          "4.0}]}" },
        { "scalars", "[true,3,-5]", "\"1 1.5 5\"" },
    };
    bench      b;
    riv_arena *arena = riv_arena_new(0);
    riv_bytes  adder = testing_build("tests/modules/adder.c", arena),
              facade = testing_build("tests/modules/facade.c", arena);
    open_pair(&b, adder, facade);
    for (size_t i = 0; i < RIV_COUNT(cases); i++)
        assert_string_equal(bench_call(&b, cases[i].function, cases[i].args), cases[i].want);
    /* A trap in the called module names the place where it happened, and both go on. */
    assert_non_null(
        strstr(bench_call(&b, "stumble", "[]"), "trap: function `fall` failed: unreachable instruction executed"));
    assert_string_equal(bench_call(&b, "sum", "[[1,2]]"), "3");
    /* Any module can be called by its name. */
    const riv_json *args;
    assert_int_equal(riv_json_parse(RIV_LIT("[1,2]"), b.arena, NULL, &args), RIV_OK);
    marine_call call = { .module = RIV_LIT("adder"), .function = RIV_LIT("add"), .args = args };
    assert_int_equal(marine_service_call(b.service, &call, b.arena, &b.fault, &b.result), RIV_OK);
    assert_int_equal(b.result.value->u64, 3);
    call.module = RIV_LIT("nobody");
    b.fault     = (riv_fault){ 0 };
    assert_int_equal(marine_service_call(b.service, &call, b.arena, &b.fault, &b.result), RIV_E_NOT_FOUND);
    assert_string_equal(b.fault.msg, "module with name 'nobody' is missing");
    bench_close(&b);
    riv_arena_free(arena);
}

static void test_linking_fails(void **state)
{
    (void)state;
    bench b;
    bench_start(&b);
    b.modules[0]        = testing_module(b.engine, testing_build("tests/modules/adder.c", b.arena));
    b.modules[1]        = testing_module(b.engine, testing_build("tests/modules/facade.c", b.arena));
    b.modules[2]        = testing_module(b.engine, testing_build("tests/modules/types.c", b.arena));
    b.modules[3]        = testing_module(b.engine, testing_build("tests/modules/host.c", b.arena));
    const riv_str adder = RIV_LIT("adder"), facade = RIV_LIT("facade");
    const struct {
        marine_module_config modules[2];
        size_t               count;
        marine_error_kind    kind;
        const char          *message;
    } cases[] = {
        { { { .name = adder, .module = b.modules[0] } }, 0, MARINE_LOAD, "config should contain at least one module" },
        { { { .name = adder, .module = b.modules[0] }, { .name = adder, .module = b.modules[1] } },
          2,
          MARINE_LOAD,
          "module with name 'adder' is already loaded" },
        { { { .name = facade, .module = b.modules[1] } },
          1,
          MARINE_LINK,
          "module facade needs module 'adder', which is not loaded before it" },
        { { { .name = facade, .module = b.modules[1] }, { .name = adder, .module = b.modules[0] } },
          2,
          MARINE_LINK,
          "module facade needs module 'adder', which is not loaded before it" },
        { { { .name = adder, .module = b.modules[2] }, { .name = facade, .module = b.modules[1] } },
          2,
          MARINE_LINK,
          "module with name 'adder' doesn't have function with name " },
        { { { .name = facade, .module = b.modules[3], .logger_enabled = false } },
          1,
          MARINE_LINK,
          "module facade imports the logger, which its configuration switches off" },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        marine_service_config config  = { .modules = cases[i].modules, .modules_count = cases[i].count };
        marine_service       *service = NULL;
        riv_fault             fault   = { 0 };
        assert_int_not_equal(marine_service_new(b.engine, &config, &fault, &service), RIV_OK);
        assert_memory_equal(fault.msg, cases[i].message,
                            strlen(cases[i].message)); /* the linker chooses which import comes first */
        assert_int_equal(fault.code, cases[i].kind);
        assert_null(service);
    }
    bench_close(&b);
}

static void test_same_calls_cost_the_same(void **state)
{
    (void)state;
    uint64_t fuel[2];
    for (int i = 0; i < 2; i++) {
        bench b;
        bench_open(&b, "examples/hello/greeting.c", NULL, NULL);
        assert_string_equal(bench_call(&b, "greeting", "[\"Ada\"]"), "\"Hi, Ada\"");
        fuel[i] = b.result.fuel_used;
        bench_close(&b);
    }
    assert_true(fuel[0] > 0);
    assert_int_equal(fuel[0], fuel[1]);
}

static void test_format(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, "tests/modules/format.c", NULL, NULL);
    assert_string_equal(bench_call(&b, "check", "[]"), "\"\"");
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_random_values_come_back),
        cmocka_unit_test(test_large_values),
        cmocka_unit_test(test_linked_modules),
        cmocka_unit_test(test_linking_fails),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_same_calls_cost_the_same),
    };
    testing_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
