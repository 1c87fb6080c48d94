/* prepare_test.c: what prepare finds in modules and what it adds; that their code goes on as it was, and traps tell places of the
 * original file. */
#define _DEFAULT_SOURCE /* sigaction */
#include "marine/internal.h"
#include "marine/testing.h"

/* clang-format off */
#define HEAD         "\0asm\1\0\0\0"
#define TYPE         "\1\4\1\140\0\0"               /* () -> () */
#define FUNCTION     "\3\2\1\0"                     /* one of type 0 */
#define CODE(n, body) "\12" n body                  /* bytes of it all */
#define NOTHING      CODE("\4", "\1\2\0\13")        /* one body: no locals, end */
#define MEMORY       "\5\3\1\0\1"                   /* one page at least */
#define NONE UINT32_MAX

static const struct {
    const char *name;
    riv_bytes   wasm;
    riv_err     err;
    uint64_t    pos;
    size_t      globals, tables, functions;
    bool        memory, forgets;
    uint32_t    stack_pointer;
} cases[] = {
    { "empty", RIV_BYTES_INIT(HEAD), RIV_OK, 0, 0, 0, 0, false, false, NONE },
    { "no magic", RIV_BYTES_INIT("\0asm\2\0\0\0"), RIV_E_MALFORMED, 0, 0, 0, 0, false, false, NONE },
    { "section cut off", RIV_BYTES_INIT(HEAD MEMORY "\7\5\1"), RIV_E_MALFORMED, 13, 0, 0, 0, false, false, NONE },
    { "section twice", RIV_BYTES_INIT(HEAD MEMORY MEMORY), RIV_E_MALFORMED, 13, 0, 0, 0, false, false, NONE },
    { "memory", RIV_BYTES_INIT(HEAD MEMORY), RIV_OK, 0, 0, 0, 0, true, false, NONE },
    { "memory of 64 bits", RIV_BYTES_INIT(HEAD "\5\3\1\4\1"), RIV_E_MALFORMED, 13, 0, 0, 0, false, false, NONE },
    { "a global that changes, one that does not", RIV_BYTES_INIT(HEAD "\6\13\2\177\1\101\0\13\177\0\101\0\13"), RIV_OK, 0, 1, 0, 0, false, false, NONE },
    { "global of a vector", RIV_BYTES_INIT(HEAD "\6\26\1\173\1\375\14" "0123456789abcdef" "\13"), RIV_OK, 0, 1, 0, 0, false, false, NONE },
    { "global without an end", RIV_BYTES_INIT(HEAD "\6\5\1\177\1\101\0"), RIV_E_MALFORMED, 15, 0, 0, 0, false, false, NONE },
    { "table that stays", RIV_BYTES_INIT(HEAD "\4\4\1\160\0\1"), RIV_OK, 0, 0, 0, 0, false, false, NONE },
    { "table that is set", RIV_BYTES_INIT(HEAD TYPE FUNCTION "\4\4\1\160\0\1" CODE("\12", "\1\10\0\101\0\320\160\46\0\13")), RIV_OK, 0, 0, 1, 1, false, false, NONE },
    { "table of foreign references that is set", RIV_BYTES_INIT(HEAD TYPE FUNCTION "\4\4\1\157\0\1" CODE("\12", "\1\10\0\101\0\320\157\46\0\13")), RIV_OK, 0, 0, 1, 0, false, false, NONE },
    { "global of a function", RIV_BYTES_INIT(HEAD TYPE FUNCTION "\6\6\1\160\1\320\160\13" NOTHING), RIV_OK, 0, 1, 0, 1, false, false, NONE },
    { "code that is not known", RIV_BYTES_INIT(HEAD TYPE FUNCTION "\4\4\1\157\0\1" CODE("\5", "\1\3\0\373\13")), RIV_OK, 0, 0, 1, 0, false, true, NONE },
    { "passive data that is used and dropped",
      RIV_BYTES_INIT(HEAD TYPE FUNCTION MEMORY "\14\1\1" CODE("\21", "\1\17\0\101\0\101\0\101\0\374\10\0\0\374\11\0\13") "\13\4\1\1\1a"), RIV_OK, 0, 0, 0, 0, true, true, NONE },
    { "data that is only dropped", RIV_BYTES_INIT(HEAD TYPE FUNCTION MEMORY "\14\1\1" CODE("\7", "\1\5\0\374\11\0\13") "\13\4\1\1\1a"), RIV_OK, 0, 0, 0, 0, true, false, NONE },
    { "stack: first global, at the top, frames taken from it",
      RIV_BYTES_INIT(HEAD TYPE FUNCTION MEMORY "\6\10\1\177\1\101\200\200\4\13" CODE("\17", "\1\15\1\1\177\43\0\101\20\153\41\0\1\1\13")), RIV_OK, 0, 1, 0, 0, true, false, 0 },
    { "no stack: nobody takes a frame", RIV_BYTES_INIT(HEAD TYPE FUNCTION MEMORY "\6\10\1\177\1\101\200\200\4\13" NOTHING), RIV_OK, 0, 1, 0, 0, true, false, NONE },
    { "no stack: over the top of memory",
      RIV_BYTES_INIT(HEAD TYPE FUNCTION MEMORY "\6\10\1\177\1\101\220\200\4\13" CODE("\17", "\1\15\1\1\177\43\0\101\20\153\41\0\1\1\13")), RIV_OK, 0, 1, 0, 0, true, false, NONE },
    { "no stack: the global is exported",
      RIV_BYTES_INIT(HEAD TYPE FUNCTION MEMORY "\6\10\1\177\1\101\200\200\4\13" "\7\5\1\1g\3\0" CODE("\17", "\1\15\1\1\177\43\0\101\20\153\41\0\1\1\13")), RIV_OK, 0, 1, 0, 0, true, false, NONE },
    { "stack: by its name",
      RIV_BYTES_INIT(HEAD TYPE FUNCTION MEMORY "\6\13\2\177\1\101\0\13\177\1\101\0\13" NOTHING "\0\31\4name\7\22\1\1\17__stack_pointer"), RIV_OK, 0, 2, 0, 0, true, false, 1 },
    { "export under a reserved name", RIV_BYTES_INIT(HEAD MEMORY "\7\12\1\6\1rivm0\2\0"), RIV_E_CONFLICT, 16, 0, 0, 0, false, false, NONE },
};
/* clang-format on */

static bool valid(marine_engine *engine, riv_bytes wasm)
{
    wasmtime_error_t *error = wasmtime_module_validate(engine->wasm, wasm.ptr, wasm.len);
    if (error) wasmtime_error_delete(error);
    return !error;
}

static void test_cases(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_fault        fault = { 0 };
        riv_buf          out   = riv_buf_in(arena);
        marine__prepared plan;
        riv_err          err = marine__prepare(cases[i].wasm, arena, &fault, &out, &plan);
        if (err != cases[i].err || fault.pos != cases[i].pos)
            fail_msg("%s: %s at %llu: %s", cases[i].name, riv_err_name(err), (unsigned long long)fault.pos, fault.msg);
        if (err) continue;
        if (plan.globals_count != cases[i].globals || plan.tables_count != cases[i].tables ||
            plan.functions_count != cases[i].functions || plan.memory != cases[i].memory ||
            plan.forgets != cases[i].forgets || plan.stack_pointer != cases[i].stack_pointer)
            fail_msg("%s: %zu globals, %zu tables, %u functions, memory %d, forgets %d, stack %d", cases[i].name,
                     plan.globals_count, plan.tables_count, plan.functions_count, plan.memory, plan.forgets,
                     (int)plan.stack_pointer);
        assert_int_equal(out.len, cases[i].wasm.len + plan.code_shift);
        assert_int_equal(plan.segments_count, 0);
    }
    riv_arena_free(arena);
}

/* Those of the table, and real ones: what was valid stays valid, what was not stays so. */
static void test_valid_stays_valid(void **state)
{
    (void)state;
    static const char *const sources[] = { "tests/modules/types.c", "tests/modules/hostile.c", "tests/modules/files.c",
                                           "tests/modules/state.c", "tests/modules/facade.c" };
    riv_bytes                wasm[RIV_COUNT(cases) + RIV_COUNT(sources)];
    riv_arena               *arena  = riv_arena_new(0);
    marine_engine           *engine = NULL;
    size_t                   good   = 0;
    assert_int_equal(marine_engine_new(NULL, &engine), RIV_OK);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) wasm[i] = cases[i].wasm;
    for (size_t i = 0; i < RIV_COUNT(sources); i++)
        wasm[RIV_COUNT(cases) + i] = testing_compile_with(sources[i], "-mreference-types", arena);
    for (size_t i = 0; i < RIV_COUNT(wasm); i++) {
        riv_buf          out = riv_buf_in(arena);
        marine__prepared plan;
        if (marine__prepare(wasm[i], arena, NULL, &out, &plan)) continue;
        assert_int_equal(valid(engine, riv_buf_view(&out)), valid(engine, wasm[i]));
        good += valid(engine, wasm[i]);
    }
    assert_true(good >= RIV_COUNT(sources) + 10);
    marine_engine_free(engine);
    riv_arena_free(arena);
}

/* A module of one page with segments of data, each of an offset and a count of bytes, the last of them passive. */
static riv_bytes with_data(riv_arena *arena, const uint32_t (*segments)[2], size_t count)
{
    riv_buf out = riv_buf_in(arena), body = riv_buf_in(arena);
    riv_put_bytes(&out, RIV_BYTES(HEAD MEMORY));
    marine__put_uleb(&body, count + 1);
    for (size_t i = 0; i < count; i++) {
        riv_put_bytes(&body, RIV_BYTES("\0\101")); /* active, i32.const */
        for (int k = 0; k < 4; k++) riv_put_u8(&body, (uint8_t)(segments[i][0] >> (7 * k) | 0x80));
        riv_put_u8(&body, (uint8_t)(segments[i][0] >> 28 & 0x0f));
        riv_put_u8(&body, 0x0b);
        marine__put_uleb(&body, segments[i][1]);
        memset(riv_buf_room(&body, segments[i][1]), (int)i + 1, segments[i][1]);
    }
    riv_put_bytes(&body, RIV_BYTES("\1\3abc"));
    riv_put_u8(&out, 11);
    marine__put_uleb(&out, body.len);
    riv_put_bytes(&out, riv_buf_view(&body));
    return riv_buf_view(&out);
}

static void test_data_that_is_mapped(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t    segments[2][2];
        size_t      mapped;
    } data[] = {
        { "large", { { 1024, 9000 }, { 10100, 4 } }, 2 },
        { "empty ones are nothing", { { 1024, 9000 }, { 65536, 0 } }, 1 },
        { "overlapping", { { 1024, 9000 }, { 2000, 9000 } }, 2 },
        { "up to the end", { { 50000, 15536 }, { 0, 0 } }, 1 },
        { "small", { { 1024, 4000 }, { 6000, 4000 } }, 0 },
        { "far from each other", { { 0, 9000 }, { 65500, 10 } }, 0 },
        { "beyond the end by one", { { 1024, 9000 }, { 65530, 7 } }, 0 },
        { "an empty one beyond the end", { { 1024, 9000 }, { 65537, 0 } }, 0 },
    };
    riv_arena     *arena  = riv_arena_new(0);
    marine_engine *engine = NULL;
    assert_int_equal(marine_engine_new(NULL, &engine), RIV_OK);
    for (size_t i = 0; i < RIV_COUNT(data); i++) {
        riv_bytes        wasm = with_data(arena, data[i].segments, 2);
        riv_buf          out  = riv_buf_in(arena);
        marine__prepared plan;
        assert_int_equal(marine__prepare(wasm, arena, NULL, &out, &plan), RIV_OK);
        if (plan.segments_count != data[i].mapped) fail_msg("%s: %zu segments", data[i].name, plan.segments_count);
        assert_true(valid(engine, wasm) && valid(engine, riv_buf_view(&out)));
        assert_int_equal(out.len<wasm.len, data[i].mapped> 0);
        assert_true(riv_bytes_eq(riv_bytes_sub(riv_buf_view(&out), out.len - 5, out.len),
                                 RIV_BYTES("\1\3abc"))); /* passive ones stay */
    }
    marine_engine_free(engine);
    riv_arena_free(arena);
}

/* Each segment takes room here: not more of them than the engine takes. */
static void test_many_segments(void **state)
{
    (void)state;
    for (size_t count = MARINE__ENTITIES_MAX; count <= MARINE__ENTITIES_MAX + 1; count++) {
        riv_arena       *arena = riv_arena_new(0);
        riv_buf          wasm = riv_buf_in(arena), body = riv_buf_in(arena), out = riv_buf_in(arena);
        marine__prepared plan;
        riv_fault        fault = { 0 };
        riv_put_bytes(&wasm, RIV_BYTES(HEAD MEMORY));
        marine__put_uleb(&body, count);
        for (size_t i = 0; i < count; i++) riv_put_bytes(&body, RIV_BYTES("\1\0"));
        riv_put_u8(&wasm, 11);
        marine__put_uleb(&wasm, body.len);
        riv_put_bytes(&wasm, riv_buf_view(&body));
        riv_err err = marine__prepare(riv_buf_view(&wasm), arena, &fault, &out, &plan);
        assert_int_equal(err, count > MARINE__ENTITIES_MAX ? RIV_E_LIMIT : RIV_OK);
        assert_int_equal(fault.pos, err ? 13 : 0);
        riv_arena_free(arena);
    }
}

/* The message of a trap names the place of an `unreachable` in the file that was given, though the code that ran stands further on. */
static void test_places_are_the_originals(void **state)
{
    (void)state;
    bench b;
    bench_start(&b);
    riv_bytes wasm                     = testing_build("tests/modules/hostile.c", b.arena);
    b.modules[0]                       = testing_module(b.engine, wasm);
    const marine_module_config  one    = { .name = RIV_LIT("test"), .module = b.modules[0] };
    const marine_service_config config = { .modules = &one, .modules_count = 1 };
    assert_int_equal(marine_service_new(b.engine, &config, &b.fault, &b.service), RIV_OK);
    assert_true(b.modules[0]->prepared.code_shift > 0);
    const char *text = bench_call(&b, "trap", "[]"), *at = strstr(text, " at 0x");
    assert_non_null(at);
    size_t place = (size_t)strtoul(at + 6, NULL, 16);
    assert_true(place < wasm.len);
    assert_int_equal(wasm.ptr[place], 0x00); /* unreachable */
    text = bench_call(&b, "divide", "[1,0]");
    at   = strstr(text, " at 0x");
    assert_non_null(at);
    place = (size_t)strtoul(at + 6, NULL, 16);
    assert_int_equal(wasm.ptr[place], 0x6d); /* i32.div_s */
    bench_close(&b);
}

/* A module that is broken is told with places of the file that was given. */
static void test_faults_are_the_originals(void **state)
{
    (void)state;
    bench b;
    bench_start(&b);
    riv_bytes      wasm   = testing_build("examples/hello/greeting.c", b.arena);
    uint8_t       *bytes  = (uint8_t *)riv_bytes_dup(b.arena, wasm).ptr;
    marine_module *module = NULL;
    size_t         at     = wasm.len;
    for (size_t i = 8; i < wasm.len && at == wasm.len;
         i++) /* section 10, the code: the first opcode behind its first locals */
        if (bytes[i] == 0x0b && bytes[i + 1] == 0x0b) at = i;
    assert_true(at < wasm.len);
    bytes[at] = 0x27; /* no instruction */
    char want[40];
    snprintf(want, sizeof want, "offset 0x%zx", at);
    assert_int_equal(marine_module_new(b.engine, (riv_bytes){ bytes, wasm.len }, &b.fault, &module), RIV_E_MALFORMED);
    if (!strstr(b.fault.msg, want)) fail_msg("%s, wanted %s", b.fault.msg, want);
    bench_close(&b);
}

static void test_plan_is_read_as_written(void **state)
{
    (void)state;
    riv_arena             *arena     = riv_arena_new(0);
    const uint32_t         globals[] = { 0, 5, 300 }, tables[] = { 1 };
    const marine__segment  data[] = { { 1024, RIV_BYTES_INIT("some") }, { 4000000000u, RIV_BYTES_INIT("data") } };
    const marine__prepared plan   = { 77, NONE, true, true, false, globals, 3, tables, 1, 12, data, 2 };
    riv_buf                out    = riv_buf_in(arena);
    marine__prepared       back;
    marine__prepared_write(&plan, &out);
    assert_int_equal(marine__prepared_read(riv_buf_view(&out), arena, NULL, &back), RIV_OK);
    assert_int_equal(back.code_shift, 77);
    assert_int_equal(back.stack_pointer, NONE);
    assert_true(back.memory && back.memory_exported && !back.forgets);
    assert_int_equal(back.functions_count, 12);
    assert_int_equal(back.globals_count, 3);
    assert_int_equal(back.globals[2], 300);
    assert_int_equal(back.tables[0], 1);
    assert_int_equal(back.segments_count, 2);
    assert_int_equal(back.segments[1].at, 4000000000u);
    assert_true(riv_bytes_eq(back.segments[1].bytes, data[1].bytes));
    for (size_t len = 0; len < out.len; len++)
        assert_int_equal(marine__prepared_read(riv_bytes_sub(riv_buf_view(&out), 0, len), arena, NULL, &back),
                         RIV_E_MALFORMED);
    riv_put_u8(&out, 0);
    assert_int_equal(marine__prepared_read(riv_buf_view(&out), arena, NULL, &back), RIV_E_MALFORMED);
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_valid_stays_valid),
        cmocka_unit_test(test_data_that_is_mapped),
        cmocka_unit_test(test_many_segments),
        cmocka_unit_test(test_places_are_the_originals),
        cmocka_unit_test(test_faults_are_the_originals),
        cmocka_unit_test(test_plan_is_read_as_written),
    };
    testing_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
