/* bombs_test.c: modules that cost more than they look: proposals of WebAssembly that are not ours, files made to be compiled slowly, thousands of
 * functions, exports, modules. What is not refused must stay affordable, and what a service took goes back when it ends.
 * Spec: docs/spec/marine.md 1. */
#include "marine/testing.h"

#include "marine/internal.h"

#include <time.h>

/* RIV_BOMBS=10 makes what compiles ten times as large: for figures by hand. */

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* What the process holds of the machine's memory. */
static uint64_t resident_mib(void)
{
    unsigned long all = 0, resident = 0;
    FILE         *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%lu %lu", &all, &resident) != 2) fail_msg("/proc/self/statm does not read");
    fclose(f);
    return resident * 4096 >> 20;
}

static void put_sections(riv_buf *out)
{
    static const riv_str  name    = RIV_LIT_INIT("interface-types");
    riv_buf               body    = riv_buf_in(out->arena);
    const marine__section section = { .version = RIV_LIT("0.28.0") };
    marine__section_write(&section, &body);
    riv_put_bytes(out, RIV_BYTES("\0\x1c\x15__fluence_sdk_version0.14.0"));
    riv_put_u8(out, 0);
    marine__put_uleb(out, 1 + name.len + body.len);
    riv_put_u8(out, (uint8_t)name.len);
    riv_put_str(out, name);
    riv_put_bytes(out, riv_buf_view(&body));
}

/* ---- proposals ---- */

static const struct {
    const char *name, *text;
    bool        taken;
} proposals[] = {
    { "nothing special", "(module)", true },
    { "bulk memory", "(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 9))))", true },
    { "sign extension", "(module (func (param i32) (result i32) (i32.extend8_s (local.get 0))))", true },
    { "saturating conversions", "(module (func (param f32) (result i32) (i32.trunc_sat_f32_s (local.get 0))))", true },
    { "several results", "(module (func (result i32 i32) i32.const 1 i32.const 2))", true },
    { "references", "(module (table 1 externref) (func (param externref)))", true },
    { "vectors", "(module (func (param v128) (result v128) (i32x4.add (local.get 0) (local.get 0))))", true },
    { "extended constants", "(module (global i32 (i32.add (i32.const 1) (i32.const 2))))", true },
    { "tail calls", "(module (func $f (return_call $f)))", true },
    { "64-bit memory", "(module (memory i64 1))", false },
    { "several memories", "(module (memory 1) (memory 1))", false },
    { "shared memory", "(module (memory 1 2 shared))", false },
    { "atomics", "(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))", false },
    { "relaxed vectors",
      "(module (func (param v128) (result v128) (f32x4.relaxed_madd (local.get 0) (local.get 0) (local.get 0))))",
      false },
    { "exceptions", "(module (tag $t) (func (throw $t)))", false },
    { "garbage collection", "(module (type (struct (field i32))) (func (drop (struct.new_default 0))))", false },
    { "typed references", "(module (type $f (func)) (func (param (ref $f))))", false },
    { "pages of one byte", "(module (memory 1 (pagesize 1)))", false },
    { "64-bit table", "(module (table i64 1 funcref))", false },
    { "wide arithmetic", "(module (func (result i64 i64) (i64.mul_wide_u (i64.const 1) (i64.const 1))))", true },
};

static void test_proposals(void **state)
{
    (void)state;
    bench b;
    bench_start(&b);
    for (size_t i = 0; i < RIV_COUNT(proposals); i++) {
        wasm_byte_vec_t   binary;
        wasmtime_error_t *error = wasmtime_wat2wasm(proposals[i].text, strlen(proposals[i].text), &binary);
        if (error) fail_msg("%s: wasm text is wrong", proposals[i].name);
        riv_buf out = riv_buf_in(b.arena);
        riv_put_bytes(&out, (riv_bytes){ (const uint8_t *)binary.data, binary.size });
        wasm_byte_vec_delete(&binary);
        put_sections(&out);
        marine_module *module = NULL;
        riv_fault      fault  = { 0 };
        riv_err        err    = marine_module_new(b.engine, riv_buf_view(&out), &fault, &module);
        if ((err == RIV_OK) != proposals[i].taken) fail_msg("%s: %s", proposals[i].name, err ? fault.msg : "taken");
        if (err && !fault.msg[0]) fail_msg("%s: refused without a word", proposals[i].name);
        marine_module_free(module);
    }
    bench_close(&b);
}

/* ---- size ---- */

typedef void bomb_fn(riv_buf *out, uint32_t n);

static void put_section(riv_buf *out, uint8_t id, const riv_buf *body)
{
    riv_put_u8(out, id);
    marine__put_uleb(out, body->len);
    riv_put_bytes(out, riv_buf_view(body));
}

/* A module of `functions` functions with this body; the first is exported under `exports` names. */
static void put_module(riv_buf *out, uint32_t functions, uint32_t exports, const riv_buf *code)
{
    riv_buf section = riv_buf_in(out->arena);
    riv_put_bytes(out, RIV_BYTES("\0asm\1\0\0\0"));
    riv_put_bytes(&section, RIV_BYTES("\1\x60\0\1\x7f")); /* () -> i32 */
    put_section(out, 1, &section);
    riv_buf_clear(&section);
    marine__put_uleb(&section, functions);
    for (uint32_t i = 0; i < functions; i++) riv_put_u8(&section, 0);
    put_section(out, 3, &section);
    riv_buf_clear(&section);
    marine__put_uleb(&section, exports);
    for (uint32_t i = 0; i < exports; i++) {
        char name[16];
        int  len = snprintf(name, sizeof name, "e%u", i);
        riv_put_u8(&section, (uint8_t)len);
        riv_put_bytes(&section, (riv_bytes){ (const uint8_t *)name, (size_t)len });
        riv_put_bytes(&section, RIV_BYTES("\0\0"));
    }
    put_section(out, 7, &section);
    riv_buf_clear(&section);
    marine__put_uleb(&section, functions);
    for (uint32_t i = 0; i < functions; i++) {
        marine__put_uleb(&section, code->len);
        riv_put_bytes(&section, riv_buf_view(code));
    }
    put_section(out, 10, &section);
    put_sections(out);
}

static void small_function(riv_buf *code) { riv_put_bytes(code, RIV_BYTES("\0\x41\7\x0b")); }

static void many_functions(riv_buf *out, uint32_t n)
{
    riv_buf code = riv_buf_in(out->arena);
    small_function(&code);
    put_module(out, n, 1, &code);
}

static void many_exports(riv_buf *out, uint32_t n)
{
    riv_buf code = riv_buf_in(out->arena);
    small_function(&code);
    put_module(out, 1, n, &code);
}

static void long_function(riv_buf *out, uint32_t n)
{
    riv_buf code = riv_buf_in(out->arena);
    riv_put_bytes(&code, RIV_BYTES("\0\x41\7"));
    for (uint32_t i = 0; i < n; i++) riv_put_bytes(&code, RIV_BYTES("\x41\3\x6a")); /* i32.const 3, i32.add */
    riv_put_u8(&code, 0x0b);
    put_module(out, 1, 1, &code);
}

/* Locals that all live across a loop: the work of whoever hands out registers grows with their square. */
static void many_locals(riv_buf *out, uint32_t n)
{
    riv_buf code = riv_buf_in(out->arena);
    riv_put_u8(&code, 1);
    marine__put_uleb(&code, n);
    riv_put_u8(&code, 0x7f);
    riv_put_bytes(&code, RIV_BYTES("\x03\x40")); /* loop */
    for (uint32_t i = 0; i < n; i++) {
        riv_put_u8(&code, 0x20);
        marine__put_uleb(&code, i);
        riv_put_bytes(&code, RIV_BYTES("\x41\1\x6a\x21"));
        marine__put_uleb(&code, (i * 7919 + 1) % n);
    }
    riv_put_bytes(&code, RIV_BYTES("\x20\0\x0d\0\x0b\x20\1\x0b")); /* br_if loop, end, local 1, end */
    put_module(out, 1, 1, &code);
}

static void deep_blocks(riv_buf *out, uint32_t n)
{
    riv_buf code = riv_buf_in(out->arena);
    riv_put_u8(&code, 0);
    for (uint32_t i = 0; i < n; i++) riv_put_bytes(&code, RIV_BYTES("\x02\x40"));
    for (uint32_t i = 0; i < n; i++) riv_put_u8(&code, 0x0b);
    riv_put_bytes(&code, RIV_BYTES("\x41\7\x0b"));
    put_module(out, 1, 1, &code);
}

static void wide_branches(riv_buf *out, uint32_t n)
{
    riv_buf code = riv_buf_in(out->arena);
    riv_put_bytes(&code, RIV_BYTES("\0\x02\x40"));
    for (int table = 0; table < 20; table++) {
        riv_put_bytes(&code, RIV_BYTES("\x02\x40\x41\0\x0e"));
        marine__put_uleb(&code, n);
        for (uint32_t i = 0; i <= n; i++) riv_put_u8(&code, (uint8_t)(i & 1));
        riv_put_u8(&code, 0x0b);
    }
    riv_put_bytes(&code, RIV_BYTES("\x0b\x41\7\x0b"));
    put_module(out, 1, 1, &code);
}

static const struct {
    const char *name;
    bomb_fn    *make;
    uint32_t    n;
    const char *want; /* NULL: compiles and runs */
} bombs[] = {
    { "functions", many_functions, 10000, NULL },
    { "exports", many_exports, 90000, NULL },
    { "exports", many_exports, 200000, "200000 exports" },
    { "additions in a function", long_function, 100000, NULL },
    { "additions in a function", long_function, 3000000, "size" },
    { "locals in a loop", many_locals, 2000, NULL },
    { "locals in a loop", many_locals, 60000, "locals" },
    { "blocks in each other", deep_blocks, 20000, NULL },
    { "branches in each of 20 tables", wide_branches, 20000, NULL },
};

/* A service costs what it is, too, not the square of it. */
static void start_bomb(bench *b, const marine_module *module)
{
    enum { START_MS_MAX = 2000 };
    const marine_module_config  one    = { .name = RIV_LIT("m"), .module = module };
    const marine_service_config config = { .modules = &one, .modules_count = 1 };
    uint64_t                    before = now_ms();
    assert_int_equal(marine_service_new(b->engine, &config, &b->fault, &b->service), RIV_OK);
    uint64_t ms = now_ms() - before;
    printf("  a service: %llu ms\n", (unsigned long long)ms);
    if (ms > START_MS_MAX) fail_msg("a service took %llu ms", (unsigned long long)ms);
    marine_service_free(b->service);
    b->service = NULL;
}

static void test_bombs(void **state)
{
    (void)state;
    const char *times = getenv("RIV_BOMBS");
    uint32_t    scale = times ? (uint32_t)strtoul(times, NULL, 10) : 1;
    bench       b;
    bench_start(&b);
    for (size_t i = 0; i < RIV_COUNT(bombs); i++) {
        riv_arena     *arena  = riv_arena_new(0);
        riv_buf        out    = riv_buf_in(arena);
        marine_module *module = NULL;
        riv_fault      fault  = { 0 };
        uint32_t       n      = bombs[i].want ? bombs[i].n : bombs[i].n * scale;
        bombs[i].make(&out, n);
        uint64_t before = now_ms(), memory = resident_mib();
        riv_err  err = marine_module_new(b.engine, riv_buf_view(&out), &fault, &module);
        uint64_t ms  = now_ms() - before;
        printf("%u %s: %zu KiB, %llu ms, %lld MiB more, %s\n", n, bombs[i].name, out.len >> 10, (unsigned long long)ms,
               (long long)(resident_mib() - memory), err ? fault.msg : "runs");
        if ((err != RIV_OK) != (bombs[i].want != NULL) && scale == 1)
            fail_msg("%s: %s", bombs[i].name, err ? fault.msg : "taken");
        if (err && bombs[i].want && !strstr(fault.msg, bombs[i].want)) fail_msg("%s: %s", bombs[i].name, fault.msg);
        if (!err) start_bomb(&b, module);
        marine_module_free(module);
        riv_arena_free(arena);
    }
    bench_close(&b);
}

/* ---- giving back ---- */

static void test_memory_goes_back(void **state)
{
    (void)state;
    enum { ROUNDS = 40, MIB = 64 };
    bench b;
    bench_start(&b);
    riv_buf         out = riv_buf_in(b.arena);
    wasm_byte_vec_t binary;
    const char text[] = "(module (memory (export \"memory\") 1024) (func (export \"_start\") (memory.fill (i32.const 0)"
                        "(i32.const 1) (i32.const 67108864)) unreachable))";
    assert_null(wasmtime_wat2wasm(text, sizeof text - 1, &binary));
    riv_put_bytes(&out, (riv_bytes){ (const uint8_t *)binary.data, binary.size });
    wasm_byte_vec_delete(&binary);
    put_sections(&out);
    b.modules[0]                       = testing_module(b.engine, riv_buf_view(&out));
    const marine_module_config  one    = { .name = RIV_LIT("m"), .module = b.modules[0] };
    const marine_service_config config = { .modules = &one, .modules_count = 1 };
    uint64_t                    first  = 0;
    for (int round = 0; round < ROUNDS; round++) {
        riv_fault fault = { 0 };
        assert_int_equal(marine_service_new(b.engine, &config, &fault, &b.service), RIV_E_CONFLICT);
        assert_int_equal(fault.code, MARINE_TRAP);
        if (round == 0) first = resident_mib();
    }
    printf(
        "%d services of %d MiB that failed when they started: %llu MiB resident after the first, %llu after the last\n",
        ROUNDS, MIB, (unsigned long long)first, (unsigned long long)resident_mib());
    assert_true(resident_mib() < first + 2 * MIB);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proposals),
        cmocka_unit_test(test_bombs),
        cmocka_unit_test(test_memory_goes_back),
    };
    testing_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
