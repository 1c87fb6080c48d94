/* hostile_test.c: modules and sections made to hurt the host: results it would have to invent, adapters that run before their instance
 * stands, work and memory that the guest does not pay for. */
#include "marine/testing.h"

#include "marine/internal.h"

/* ---- making: wasm text with a section that no tool would write ---- */

static riv_bytes assemble(const char *text, const marine__section *section, riv_arena *arena)
{
    static const riv_str name = RIV_LIT_INIT("interface-types");
    wasm_byte_vec_t      binary;
    wasmtime_error_t    *error = wasmtime_wat2wasm(text, strlen(text), &binary);
    if (error) fail_msg("wasm text is wrong: %s", text);
    riv_buf out = riv_buf_in(arena), body = riv_buf_in(arena);
    marine__section_write(section, &body);
    riv_put_bytes(&out, (riv_bytes){ (const uint8_t *)binary.data, binary.size });
    riv_put_bytes(&out, RIV_BYTES("\0\x1c\x15__fluence_sdk_version0.14.0"));
    riv_put_u8(&out, 0);
    marine__put_uleb(&out, 1 + name.len + body.len);
    riv_put_u8(&out, (uint8_t)name.len);
    riv_put_str(&out, name);
    riv_put_bytes(&out, riv_buf_view(&body));
    wasm_byte_vec_delete(&binary);
    return riv_buf_view(&out);
}

/* Starts the module as a service of its own; the fault as text, or "fine". */
static const char *try_module(bench *b, const char *text, const marine__section *section)
{
    b->modules[0]                     = testing_module(b->engine, assemble(text, section, b->arena));
    const marine_module_config one    = { .name = RIV_LIT("m"), .module = b->modules[0] };
    marine_service_config      config = { .modules = &one, .modules_count = 1 };
    const char                *got    = "fine";
    b->fault                          = (riv_fault){ 0 };
    b->service                        = NULL;
    if (marine_service_new(b->engine, &config, &b->fault, &b->service))
        got = riv_cstr(b->arena, riv_format(b->arena, "%s: %s", marine_error_name((marine_error_kind)b->fault.code),
                                            b->fault.msg));
    marine_service_free(b->service);
    marine_module_free(b->modules[0]);
    b->service    = NULL;
    b->modules[0] = NULL;
    return got;
}

static const marine_type text_type = { .kind = MARINE_STRING };
static const marine_type longs[2]  = { { .kind = MARINE_S64 }, { .kind = MARINE_S64 } };

/* Import x.g: its signature, its adapter, its core function. */
static marine__section import_section(const marine__type types[3], const marine__instr *code, size_t count)
{
    static marine__adapter              adapter;
    static const marine__it_import      import         = { RIV_LIT_INIT("x"), RIV_LIT_INIT("g"), 2 };
    static const marine__implementation implementation = { 2, 1 };
    adapter                                            = (marine__adapter){ 1, code, count };
    return (marine__section){ .types                 = types,
                              .types_count           = 3,
                              .imports               = &import,
                              .imports_count         = 1,
                              .adapters              = &adapter,
                              .adapters_count        = 1,
                              .implementations       = &implementation,
                              .implementations_count = 1,
                              .version               = RIV_LIT("0.28.0") };
}

/* ---- imports ---- */

/* A reference is an address in the host: an adapter must never make one up. */
static void test_shims_give_no_references(void **state)
{
    (void)state;
    static const marine_field  arg      = { RIV_LIT_INIT("a"), { .kind = MARINE_S64 } };
    static const marine__type  types[3] = { { 0 },
                                            { .args = &arg, .args_count = 1, .outputs = &text_type, .outputs_count = 1 },
                                            { 0 } };
    static const marine__instr code[]   = { { .op = MARINE_OP_I32_PUSH, .index = 65 }, { .op = 0x02 } }; /* an s8 */
    marine__section            section  = import_section(types, code, RIV_COUNT(code));
    bench                      b;
    bench_start(&b);
    assert_string_equal(
        try_module(&b,
                   "(module (import \"x\" \"g\" (func $g (param i64) (result funcref))) (table $t 1 funcref) (start $s)"
                   "(func $s (table.set $t (i32.const 0) (call $g (i64.const 4702111234474983745)))"
                   "(call_indirect $t (i32.const 0))))",
                   &section),
        "link: module m imports x.g with a type that Marine does not know");
    bench_close(&b);
}

/* What the host does not set is what its stack held before. */
static void test_shims_give_one_result(void **state)
{
    (void)state;
    static const marine__type  types[3] = { { 0 }, { .outputs = longs, .outputs_count = 2 }, { 0 } };
    static const marine__instr code[]   = { { .op = MARINE_OP_I64_PUSH, .index = 1 } };
    marine__section            section  = import_section(types, code, RIV_COUNT(code));
    bench                      b;
    bench_start(&b);
    assert_string_equal(try_module(&b, "(module (import \"x\" \"g\" (func (result i64 i64))))", &section),
                        "link: module m imports x.g with a type that Marine does not know");
    bench_close(&b);
}

/* The start section runs while the instance is made. */
static void test_shims_before_the_instance_stands(void **state)
{
    (void)state;
    static const marine__type  types[3] = { { 0 }, { 0 }, { 0 } };
    static const marine__instr code[]   = { { .op = MARINE_OP_CALL_CORE, .index = 0 } };
    marine__section            section  = import_section(types, code, RIV_COUNT(code));
    bench                      b;
    bench_start(&b);
    assert_string_equal(
        try_module(&b, "(module (import \"x\" \"g\" (func $g)) (start $s) (func $s call $g))", &section),
        "trap: module m calls through g before it is linked");
    bench_close(&b);
}

/* ---- memory of a call ---- */

/* A service of one module with an interface of nothing; the fault of its _start as text. */
static const char *try_start(bench *b, const char *text, const marine_module_config *like, uint64_t fuel,
                             const marine_env *env)
{
    const marine__section section = { .version = RIV_LIT("0.28.0") };
    marine_module_config  one     = *like;
    marine_service_config config  = { .modules = &one, .modules_count = 1, .fuel_start = fuel };
    if (env) config.env = *env;
    const char *got = "fine";
    b->modules[0]   = testing_module(b->engine, assemble(text, &section, b->arena));
    one.name        = RIV_LIT("m");
    one.module      = b->modules[0];
    b->fault        = (riv_fault){ 0 };
    if (marine_service_new(b->engine, &config, &b->fault, &b->service))
        got = riv_cstr(b->arena, riv_format(b->arena, "%s: %s", marine_error_name((marine_error_kind)b->fault.code),
                                            b->fault.msg));
    marine_service_free(b->service);
    marine_module_free(b->modules[0]);
    b->service    = NULL;
    b->modules[0] = NULL;
    return got;
}

/* However often a guest asks, what the host sets aside for a call stays within its limit; passing it ends the process. */
static void test_asking_again_and_again(void **state)
{
    (void)state;
    const marine_pair          env      = { RIV_LIT("A"), RIV_LIT("B") };
    const marine_pair          dir      = { RIV_LIT("d"), RIV_LIT(RIV_BINARY_DIR) };
    const marine_module_config with_env = { .envs = &env, .envs_count = 1 },
                               with_dir = { .mapped_dirs = &dir, .mapped_dirs_count = 1 };
    bench b;
    bench_start(&b);
    const char *got =
        try_start(&b,
                  "(module (import \"wasi_snapshot_preview1\" \"environ_get\" (func $e (param i32 i32) (result i32)))"
                  "(memory (export \"memory\") 1) (func (export \"_start\") (loop (drop (call $e (i32.const 0) "
                  "(i32.const 64))) (br 0))))",
                  &with_env, 200000000, NULL);
    assert_memory_equal(got, "fuel: ", 6);
    /* 1024 empty pieces each time: 8 KiB of list */
    got = try_start(
        &b,
        "(module (import \"wasi_snapshot_preview1\" \"path_open\" (func $o (param i32 i32 i32 i32 i32 i64 i64 i32 i32) "
        "(result i32))) (import \"wasi_snapshot_preview1\" \"fd_read\" (func $r (param i32 i32 i32 i32) (result i32)))"
        "(memory (export \"memory\") 1) (data (i32.const 0) \"hostile_test.tmp\") (func (export \"_start\") "
        "(if (call $o (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 16) (i32.const 1) (i64.const 66) "
        "(i64.const 0) (i32.const 0) (i32.const 64)) (then unreachable))"
        "(loop (drop (call $r (i32.load (i32.const 64)) (i32.const 1024) (i32.const 1024) (i32.const 64))) (br 0))))",
        &with_dir, 200000000, NULL);
    if (strncmp(got, "memory: ", 8) != 0 && strncmp(got, "fuel: ", 6) != 0) fail_msg("%s", got);
    unlink(RIV_BINARY_DIR "/hostile_test.tmp");
    bench_close(&b);
}

/* An adapter that lifts 4.6 million records and lowers them again: each needs a little room, which adds up. */
static void test_many_small_records(void **state)
{
    (void)state;
    static const marine_field byte      = { RIV_LIT_INIT("b"), { .kind = MARINE_U8 } };
    static const marine_type  i32       = { .kind = MARINE_I32 };
    static const marine_field numbers[] = { { RIV_LIT_INIT("a"), { .kind = MARINE_I32 } },
                                            { RIV_LIT_INIT("b"), { .kind = MARINE_I32 } } };
    static const marine__type types[]   = {
          { 0 },
          { 0 },
          { .is_record = true, .name = RIV_LIT_INIT("R"), .args = &byte, .args_count = 1 },
          { .args = numbers, .args_count = 2, .outputs = &i32, .outputs_count = 1 }
    };
    static const marine_type            record         = { .kind = MARINE_RECORD, .record = 2 };
    const marine__instr                 code[]         = { { .op = MARINE_OP_I32_PUSH },
                                                           { .op = MARINE_OP_I32_PUSH, .index = 4600000 },
                                                           { .op = MARINE_OP_ARRAY_LIFT, .type = record },
                                                           { .op = MARINE_OP_ARRAY_LOWER, .type = record } };
    const marine__adapter               adapter        = { 1, code, RIV_COUNT(code) };
    static const marine__it_export      exports[]      = { { RIV_LIT_INIT("allocate"), 3 }, { RIV_LIT_INIT("f"), 0 } };
    static const marine__implementation implementation = { 0, 1 };
    const marine__section               section        = { .types                 = types,
                                                           .types_count           = RIV_COUNT(types),
                                                           .adapters              = &adapter,
                                                           .adapters_count        = 1,
                                                           .exports               = exports,
                                                           .exports_count         = RIV_COUNT(exports),
                                                           .implementations       = &implementation,
                                                           .implementations_count = 1,
                                                           .version               = RIV_LIT("0.28.0") };
    bench                               b;
    bench_start(&b);
    b.modules[0] =
        testing_module(b.engine, assemble("(module (memory (export \"memory\") 320) (func (export \"f\"))"
                                          "(func (export \"allocate\") (param i32 i32) (result i32) i32.const 16))",
                                          &section, b.arena));
    const marine_module_config one    = { .name = RIV_LIT("m"), .module = b.modules[0] };
    marine_service_config      config = { .modules = &one, .modules_count = 1 };
    if (marine_service_new(b.engine, &config, &b.fault, &b.service)) fail_msg("%s", b.fault.msg);
    const char *got = bench_call(&b, "f", "[]");
    assert_string_equal(got, "trap: adapter of f leaves 2 values, not 0"); /* lowered all of them */
    bench_close(&b);
}

/* Values that take nothing in the guest still take something in the answer. */
static void test_result_of_many_empty_arrays(void **state)
{
    (void)state;
    enum { COUNT = 131072 };
    static const marine_type inner = { .kind = MARINE_ARRAY, .element = &text_type },
                             outer = { .kind = MARINE_ARRAY, .element = &inner };
    riv_arena    *values = riv_arena_new(0), *arena = riv_arena_new(COUNT * sizeof(void *));
    marine_value *items = riv_new(values, marine_value, COUNT);
    for (size_t i = 0; i < COUNT; i++) items[i].kind = MARINE_ARRAY;
    const marine__section section = { .version = RIV_LIT("0.28.0") };
    const marine_value    all     = { .kind = MARINE_ARRAY, .list = { items, COUNT } };
    const riv_json       *json    = NULL;
    riv_fault             fault   = { 0 };
    assert_int_equal(marine__value_to_json(&section, &outer, &all, arena, &fault, &json), RIV_E_LIMIT);
    assert_string_equal(fault.msg, "result does not fit in the memory for it");
    riv_arena_free(arena);
    riv_arena_free(values);
}

/* What failed leaves nothing behind in a service that lives for months. */
static void test_failures_do_not_pile_up(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, "tests/modules/hostile.c", NULL, NULL);
    bench_call(&b, "trap", "[]");
    size_t used = riv_arena_used(b.service->arena);
    bench_call(&b, "trap", "[]");
    bench_call(&b, "no_such_function_of_a_rather_long_name", "[]");
    assert_int_equal(riv_arena_used(b.service->arena), used);
    bench_close(&b);
}

/* ---- work of the host ---- */

static uint64_t count_calls(void *ctx) { return ++*(uint64_t *)ctx; }

static void test_calls_of_the_host_are_paid_for(void **state)
{
    (void)state;
    const marine_module_config plain = { .logger_enabled = true };
    uint64_t                   calls = 0;
    const marine_env           env   = { .ctx = &calls, .now_ns = count_calls };
    bench                      b;
    bench_start(&b);
    const char *got =
        try_start(&b,
                  "(module (import \"wasi_snapshot_preview1\" \"clock_time_get\" (func $c (param i32 i64 "
                  "i32) (result i32)))"
                  "(memory (export \"memory\") 1) (func (export \"_start\") (loop (drop (call $c (i32.const "
                  "0) (i64.const 0) (i32.const 0))) (br 0))))",
                  &plain, 1000000, &env);
    assert_memory_equal(got, "fuel: ", 6);
    assert_in_range(calls, 900, 1000);
    /* Instructions on many bytes are Wasmtime's affair. */
    static const struct {
        const char *store, *what;
    } bulks[] = {
        { "(memory 2)", "(memory.fill (i32.const 0) (i32.const 1) (i32.const 100000))" },
        { "(memory 2)", "(memory.copy (i32.const 0) (i32.const 1) (i32.const 100000))" },
        { "(table 100000 funcref)", "(table.fill (i32.const 0) (ref.null func) (i32.const 100000))" },
    };
    for (size_t i = 0; i < RIV_COUNT(bulks); i++) {
        char wat[200];
        snprintf(wat, sizeof wat, "(module %s (func (export \"_start\") %s))", bulks[i].store, bulks[i].what);
        assert_memory_equal(try_start(&b, wat, &plain, 90000, NULL), "fuel: ", 6);
        assert_string_equal(try_start(&b, wat, &plain, 110000, NULL), "fine");
    }
    bench_close(&b);
}

/* Listing a directory and walking a path is work by the name. */
static void test_names_are_paid_for(void **state)
{
    (void)state;
    enum { FILES = 300, STEPS = 200, FUEL = 10000000 };
    static const char imports[] =
        "(module (import \"wasi_snapshot_preview1\" \"clock_time_get\" (func $c (param i32 i64 i32) (result i32)))"
        "(import \"wasi_snapshot_preview1\" \"fd_readdir\" (func $r (param i32 i32 i32 i64 i32) (result i32)))"
        "(import \"wasi_snapshot_preview1\" \"path_filestat_get\" (func $s (param i32 i32 i32 i32 i32) (result i32)))"
        "(memory (export \"memory\") 1) (data (i32.const 1024) \"%s\") (func (export \"_start\")"
        "(loop (drop (call $c (i32.const 0) (i64.const 0) (i32.const 0))) %s (br 0))))";
    static const char *const work[] = {
        "(if (call $r (i32.const 3) (i32.const 8192) (i32.const 64) (i64.const 0) (i32.const 0)) (then unreachable))",
        "(if (call $s (i32.const 3) (i32.const 0) (i32.const 1024) (i32.const 1000) (i32.const 8)) (then unreachable))",
    };
    char dir[] = "/tmp/marine-names-XXXXXX", path[1001] = "", wat[2500], name[64];
    assert_non_null(mkdtemp(dir));
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "%s/%d", dir, i);
        fclose(fopen(name, "w"));
    }
    snprintf(name, sizeof name, "mkdir %s/a", dir);
    assert_int_equal(system(name), 0);
    for (int i = 0; i < STEPS; i++) strcat(path, "a/../");
    const marine_pair          mapped = { RIV_LIT("d"), riv_str_c(dir) };
    const marine_module_config with   = { .mapped_dirs = &mapped, .mapped_dirs_count = 1 };
    bench                      b;
    bench_start(&b);
    for (size_t i = 0; i < RIV_COUNT(work); i++) {
        uint64_t         calls = 0;
        const marine_env env   = { .ctx = &calls, .now_ns = count_calls };
        snprintf(wat, sizeof wat, imports, path, work[i]);
        assert_memory_equal(try_start(&b, wat, &with, FUEL, &env), "fuel: ", 6);
        assert_in_range(calls, 10, 60); /* a name costs as much as a call */
    }
    snprintf(name, sizeof name, "rm -r %s", dir);
    assert_int_equal(system(name), 0);
    bench_close(&b);
}

static void test_adapters_are_paid_for(void **state)
{
    (void)state;
    enum { SWAPS = 5000 };
    static const marine__type types[2] = { { 0 }, { 0 } };
    static marine__instr      code[SWAPS + 3];
    for (size_t i = 0; i < RIV_COUNT(code); i++) code[i] = (marine__instr){ .op = MARINE_OP_SWAP2 };
    code[0] = code[1]                                  = (marine__instr){ .op = MARINE_OP_I32_PUSH };
    code[SWAPS + 2]                                    = (marine__instr){ .op = MARINE_OP_CALL_CORE };
    const marine__adapter               adapter        = { 1, code, RIV_COUNT(code) };
    static const marine__it_export      f              = { RIV_LIT_INIT("f"), 0 };
    static const marine__implementation implementation = { 0, 1 };
    const marine__section               section        = { .types                 = types,
                                                           .types_count           = RIV_COUNT(types),
                                                           .adapters              = &adapter,
                                                           .adapters_count        = 1,
                                                           .exports               = &f,
                                                           .exports_count         = 1,
                                                           .implementations       = &implementation,
                                                           .implementations_count = 1,
                                                           .version               = RIV_LIT("0.28.0") };
    bench                               b;
    bench_start(&b);
    b.modules[0] = testing_module(
        b.engine,
        assemble("(module (memory (export \"memory\") 1) (func (export \"f\") (param i32 i32)))", &section, b.arena));
    const marine_module_config one    = { .name = RIV_LIT("m"), .module = b.modules[0] };
    marine_service_config      config = { .modules = &one, .modules_count = 1 };
    if (marine_service_new(b.engine, &config, &b.fault, &b.service)) fail_msg("%s", b.fault.msg);
    assert_string_equal(bench_call(&b, "f", "[]"), "null");
    assert_in_range(b.result.fuel_used, SWAPS, SWAPS + 100);
    bench_close(&b);
}

/* Tables stand outside the memory budget. */
static void test_tables_are_small(void **state)
{
    (void)state;
    const marine_module_config plain = { .logger_enabled = true };
    bench                      b;
    bench_start(&b);
    assert_string_equal(try_start(&b, "(module (table 131072 funcref))", &plain, 0, NULL), "fine");
    assert_memory_equal(try_start(&b, "(module (table 131073 funcref))", &plain, 0, NULL), "load: m: ", 9);
    assert_string_equal(
        try_start(&b,
                  "(module (table 1 funcref) (func (export \"_start\") (if (i32.ne (i32.const -1) (table.grow "
                  "(ref.null func) (i32.const 131072))) (then unreachable))))",
                  &plain, 0, NULL),
        "fine");
    riv_buf many = riv_buf_in(b.arena); /* a module may have a hundred */
    riv_put_str(&many, RIV_LIT("(module"));
    for (int i = 0; i < 9; i++) riv_put_str(&many, RIV_LIT("(table 1 funcref)"));
    riv_put_bytes(&many, RIV_BYTES(")\0"));
    assert_memory_equal(try_start(&b, (const char *)many.ptr, &plain, 0, NULL), "load: m: ", 9);
    bench_close(&b);
}

typedef struct last_log {
    size_t  count, len;
    int32_t level;
    bool    valid;
} last_log;

static void keep_log(void *ctx, riv_str module, int32_t level, riv_str text)
{
    last_log *last = ctx;
    (void)module;
    *last = (last_log){ last->count + 1, text.len, level, riv_utf8_valid(riv_str_bytes(text), NULL) };
}

/* A sink gets good UTF-8 of at most 64 KiB, whatever the guest logs. */
static void test_long_logs(void **state)
{
    (void)state;
    static const char text[] =
        "(module (import \"host\" \"log_utf8_string\" (func $l (param i32 i32 i32 i32))) (memory (export \"memory\") 3)"
        "(func (export \"_start\") (local i32)"
        "(loop (i32.store16 (local.get 0) (i32.const %d)) (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) "
        "(i32.const 2))) (i32.const 150000))))"
        "(call $l (i32.const 3) (i32.const 0) (i32.const 1) (i32.const %d))))";
    static const struct {
        int    store, size; /* two bytes over and over, looked at from the second on */
        size_t want;
    } cases[] = {
        { 0x2020, 70000, 65536 }, { 0xc3a9, 70000, 65536 }, { 0xa9c3, 69999, 27 },
        { 0x61e2, 70000, 27 },    { 0x2020, 65536, 65536 },
    };
    const marine_module_config logging = { .logger_enabled = true, .logging_mask = INT32_MAX };
    bench                      b;
    bench_start(&b);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        last_log         last = { 0 };
        const marine_env env  = { .ctx = &last, .log = keep_log };
        char             wat[1000];
        snprintf(wat, sizeof wat, text, cases[i].store, cases[i].size);
        assert_string_equal(try_start(&b, wat, &logging, 0, &env), "fine");
        assert_int_equal(last.count, 1);
        assert_true(last.valid);
        assert_int_equal(last.len, cases[i].want);
    }
    bench_close(&b);
}

/* What a call logs and prints ends on the host's disk. */
static void test_endless_logs(void **state)
{
    (void)state;
    static const struct {
        const char *import, *call;
        size_t      lines_max;
    } cases[] = {
        { "\"host\" \"log_utf8_string\" (func $l (param i32 i32 i32 i32))",
          "(call $l (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 65536))", 256 },
        { "\"host\" \"log_utf8_string\" (func $l (param i32 i32 i32 i32))",
          "(call $l (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0))", 170000 },
        { "\"wasi_snapshot_preview1\" \"fd_write\" (func $l (param i32 i32 i32 i32) (result i32))",
          "(i32.store8 (i32.const 4) (i32.const 1)) (drop (call $l (i32.const 1) (i32.const 0) (i32.const 1) "
          "(i32.const 8)))",
          170000 },
    };
    const marine_module_config logging = { .logger_enabled = true, .logging_mask = INT32_MAX };
    bench                      b;
    bench_start(&b);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        last_log         last = { 0 };
        const marine_env env  = { .ctx = &last, .log = keep_log };
        char             wat[1000];
        snprintf(wat, sizeof wat,
                 "(module (import %s) (memory (export \"memory\") 1) (func (export \"_start\") (loop %s (br 0))))",
                 cases[i].import, cases[i].call);
        assert_string_equal(try_start(&b, wat, &logging, 0, &env),
                            "memory: module m logs and prints more than 16777216 bytes in one call");
        assert_true(last.count <= cases[i].lines_max);
        /* the same where nobody listens: a result does not depend on who hosts it */
        assert_string_equal(try_start(&b, wat, &logging, 0, NULL),
                            "memory: module m logs and prints more than 16777216 bytes in one call");
    }
    bench_close(&b);
}

/* ---- callers that come back while a call runs ---- */

typedef struct intruder {
    marine_service             *service;
    const marine_module_config *config;
    size_t                      tries;
} intruder;

/* What a sink might do with the service that is talking to it: none of it may be done. */
static void intrude(void *ctx, riv_str module, int32_t level, riv_str text)
{
    static const char told[]    = "the service is in a call";
    intruder         *in        = ctx;
    riv_arena        *arena     = riv_arena_new(0);
    riv_buf           out       = riv_buf_in(arena);
    riv_fault         faults[7] = { { 0 } };
    marine_result     result, by_text, by_values;
    marine_value      value;
    marine_root       root;
    bool              has;
    const marine_call call = { .function = RIV_LIT("hello"), .args = riv_json_null() };
    (void)module, (void)level, (void)text;
    if (!in->service) { /* it is being made */
        riv_arena_free(arena);
        return;
    }
    in->tries++;
    assert_int_equal(marine_service_call(in->service, &call, arena, &faults[0], &result), RIV_E_CONFLICT);
    assert_int_equal(marine_service_call_text(in->service, &call, RIV_LIT("[]"), &faults[1], &by_text, &out),
                     RIV_E_CONFLICT);
    assert_int_equal(
        marine_service_call_values(in->service, &call, NULL, 0, arena, &faults[2], &by_values, &value, &has),
        RIV_E_CONFLICT);
    assert_int_equal(marine_service_load(in->service, in->config, &faults[3]), RIV_E_CONFLICT);
    assert_int_equal(marine_service_unload(in->service, RIV_LIT("test"), &faults[4]), RIV_E_CONFLICT);
    assert_int_equal(marine_service_replace(in->service, in->config, &faults[5]), RIV_E_CONFLICT);
    assert_int_equal(marine_service_root(in->service, &faults[6], &root), RIV_E_CONFLICT);
    assert_int_equal(result.error, MARINE_HOST);
    assert_int_equal(by_text.error, MARINE_HOST);
    assert_int_equal(by_values.error, MARINE_HOST);
    for (size_t i = 0; i < RIV_COUNT(faults); i++) {
        assert_string_equal(faults[i].msg, told);
        assert_int_equal(faults[i].code, MARINE_HOST);
    }
    riv_arena_free(arena);
}

static void test_coming_back_during_a_call(void **state)
{
    (void)state;
    intruder in = { .tries = 0 };
    bench    b;
    bench_start(&b);
    b.modules[0]                      = testing_module(b.engine, testing_build("tests/modules/host.c", b.arena));
    const marine_module_config module = {
        .name = RIV_LIT("test"), .module = b.modules[0], .logger_enabled = true, .logging_mask = INT32_MAX
    };
    const marine_service_config config = { .modules       = &module,
                                           .modules_count = 1,
                                           .env           = { .ctx = &in, .log = intrude } };
    if (marine_service_new(b.engine, &config, &b.fault, &b.service)) fail_msg("%s", b.fault.msg);
    in.config = &module;
    uint64_t fuel[3]; /* the first call of all makes the guest's own tables */
    for (size_t i = 0; i < RIV_COUNT(fuel); i++) {
        in.service = i == 1 ? b.service : NULL;
        assert_string_equal(bench_call(&b, "log", "[\"hello\",3]"), "null");
        fuel[i] = b.result.fuel_used;
    }
    assert_int_equal(in.tries, 1);
    assert_int_equal(fuel[1], fuel[2]); /* nothing of it shows */
    bench_close(&b);
}

/* ---- sections that cost much ---- */

typedef struct crowd {
    size_t exports, implementations, types;
} crowd;

/* Version; one signature of many nested arguments and empty functions; exports and implementations of the first two types. */
static riv_bytes crowded_section(const crowd *c, riv_arena *arena)
{
    enum { ARGS = 255, ARRAYS = 60 };
    riv_buf out = riv_buf_in(arena);
    riv_put_bytes(&out, RIV_BYTES("\x05\x06"
                                  "0.28.0"));
    riv_put_u8(&out, 0);
    marine__put_uleb(&out, c->types);
    riv_put_u8(&out, 0);
    marine__put_uleb(&out, ARGS);
    for (size_t i = 0; i < ARGS; i++) {
        riv_put_u8(&out, 0); /* no name */
        memset(riv_buf_room(&out, ARRAYS), 0x36, ARRAYS);
        riv_put_u8(&out, 5);
    }
    riv_put_u8(&out, 0);
    for (size_t i = 1; i < c->types; i++) riv_put_bytes(&out, RIV_BYTES("\0\0\0"));
    riv_put_u8(&out, 3);
    marine__put_uleb(&out, c->exports);
    for (size_t i = 0; i < c->exports; i++) {
        char name[24];
        snprintf(name, sizeof name, "%zx", i);
        riv_put_u8(&out, (uint8_t)strlen(name));
        riv_put_str(&out, riv_str_c(name));
        riv_put_u8(&out, 1);
    }
    riv_put_u8(&out, 4);
    marine__put_uleb(&out, c->implementations);
    for (size_t i = 0; i < c->implementations; i++) {
        marine__put_uleb(&out, i + 1 < c->implementations ? c->types - 1 : 1); /* the one that counts comes last */
        riv_put_u8(&out, 0);
    }
    return riv_buf_view(&out);
}

/* What a section costs grows with its size: each of these took minutes, or gigabytes, when lists were searched and types copied. */
static void test_crowded_sections(void **state)
{
    (void)state;
    static const struct {
        crowd       of;
        riv_err     want;
        const char *message;
    } cases[] = {
        { { 300, 99999, 3 }, RIV_OK, "" },
        { { 99999, 99999, 99999 }, RIV_E_LIMIT, "public functions of more than 100000 arguments" },
        { { 100001, 1, 3 }, RIV_E_LIMIT, "100001 entries" },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena       *arena = riv_arena_new(0), *input = riv_arena_new(0);
        riv_fault        fault = { 0 };
        marine__section  section;
        marine_interface interface;
        riv_bytes        in  = crowded_section(&cases[i].of, input);
        riv_err          err = marine__section_read(in, arena, &fault, &section);
        assert_int_equal(err, cases[i].want);
        assert_string_equal(fault.msg, cases[i].message);
        if (!err) {
            marine__interface_of(&section, arena, &interface);
            assert_int_equal(interface.functions_count, cases[i].of.exports);
        }
        assert_true(riv_arena_used(arena) < 64u << 20);
        riv_arena_free(arena);
        riv_arena_free(input);
    }
}

/* The limit of entries holds for all parts of a section together, and for all sections of a file. */
static void test_limits_are_not_per_part(void **state)
{
    (void)state;
    enum { EACH = 60000 };
    riv_arena      *arena = riv_arena_new(0);
    riv_buf         part = riv_buf_in(arena), section = riv_buf_in(arena), file = riv_buf_in(arena);
    riv_fault       fault = { 0 };
    marine__section read;
    marine_info     info;
    marine__put_uleb(&part, EACH);
    for (size_t i = 0; i < EACH; i++) riv_put_bytes(&part, RIV_BYTES("\0\0\0"));
    riv_put_bytes(&section, RIV_BYTES("\x05\x06"
                                      "0.28.0"));
    for (int i = 0; i < 2; i++) {
        riv_put_u8(&section, 0); /* types: functions of nothing */
        riv_put_bytes(&section, riv_buf_view(&part));
    }
    assert_int_equal(marine__section_read(riv_buf_view(&section), arena, &fault, &read), RIV_E_LIMIT);
    assert_string_equal(fault.msg, "60000 entries");
    riv_put_bytes(&file, RIV_BYTES("\0asm\1\0\0\0"));
    for (int i = 0; i < 2; i++) {
        riv_put_u8(&file, 7); /* exports: no name, function 0 */
        marine__put_uleb(&file, part.len);
        riv_put_bytes(&file, riv_buf_view(&part));
    }
    fault = (riv_fault){ 0 };
    assert_int_equal(marine_inspect(riv_buf_view(&file), arena, &fault, &info), RIV_E_LIMIT);
    assert_string_equal(fault.msg, "60000 exports");
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shims_give_no_references),
        cmocka_unit_test(test_shims_give_one_result),
        cmocka_unit_test(test_shims_before_the_instance_stands),
        cmocka_unit_test(test_asking_again_and_again),
        cmocka_unit_test(test_many_small_records),
        cmocka_unit_test(test_result_of_many_empty_arrays),
        cmocka_unit_test(test_failures_do_not_pile_up),
        cmocka_unit_test(test_calls_of_the_host_are_paid_for),
        cmocka_unit_test(test_names_are_paid_for),
        cmocka_unit_test(test_adapters_are_paid_for),
        cmocka_unit_test(test_tables_are_small),
        cmocka_unit_test(test_long_logs),
        cmocka_unit_test(test_endless_logs),
        cmocka_unit_test(test_coming_back_during_a_call),
        cmocka_unit_test(test_crowded_sections),
        cmocka_unit_test(test_limits_are_not_per_part),
    };
    testing_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
