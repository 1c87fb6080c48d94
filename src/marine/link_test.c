/* link_test.c: modules written in wasm text, to do what no toolchain does: imports that nobody provides, exports that are missing or
 * of another type, an allocate that lies, starts that fail or end well. */
#include "marine/testing.h"

#include "marine/internal.h"

#define FUNCTION(name, args, outputs)                                                                                  \
    "{\"ast_type\":\"Function\",\"signature\":{\"name\":\"" name "\",\"arguments\":[" args                             \
    "],\"output_types\":[" outputs "]}}"
#define TEXT  "{\"Utf8String\":\"ByValue\"}"
#define A(ty) "{\"name\":\"a\",\"ty\":" ty "}"
#define ABI                                                                                                            \
    "(memory (export \"memory\") 1) (global $p (mut i32) (i32.const 0)) (global $s (mut i32) (i32.const 0))"           \
    "(func (export \"release_objects\"))"                                                                              \
    "(func (export \"get_result_size\") (result i32) global.get $s) (func (export \"get_result_ptr\") (result i32) "   \
    "global.get $p)"                                                                                                   \
    "(func (export \"set_result_size\") (param i32) local.get 0 global.set $s)"                                        \
    "(func (export \"set_result_ptr\") (param i32) local.get 0 global.set $p)"
#define ALLOCATE(result) "(func (export \"allocate\") (param i32 i32) (result i32) i32.const " result ")"
#define F                "(func (export \"f\") (param i32 i32))"

static riv_bytes from_text(const char *text, const char *description, riv_arena *arena)
{
    wasm_byte_vec_t   binary;
    wasmtime_error_t *error = wasmtime_wat2wasm(text, strlen(text), &binary);
    if (error) fail_msg("wasm text is wrong: %s", text);
    riv_buf   out = riv_buf_in(arena), built = riv_buf_in(arena);
    riv_fault fault = { 0 };
    riv_put_bytes(&out, (riv_bytes){ (const uint8_t *)binary.data, binary.size });
    riv_put_bytes(&out, RIV_BYTES("\0\x1c\x15__fluence_sdk_version0.14.0"));
    riv_put_u8(&out, 0);
    marine__put_uleb(&out, 1 + 24 + strlen(description));
    riv_put_str(&out, RIV_LIT("\x18__m_generated_section__f"));
    riv_put_str(&out, riv_str_c(description));
    wasm_byte_vec_delete(&binary);
    if (marine_embed(riv_buf_view(&out), &fault, &built)) fail_msg("%s", fault.msg);
    return riv_buf_view(&built);
}

static void test_loading_and_calling(void **state)
{
    (void)state;
    static const char *const takes_text = FUNCTION("f", A(TEXT), "");
    static const struct {
        const char *name, *text, *description, *want;
    } cases[] = {
        { "all is well", "(module " ABI ALLOCATE("16") F ")", NULL, "null" },
        { "mounted binary",
          "(module (import \"__marine_host_api_v3\" \"curl\" (func (param i32 i32)))" ABI ALLOCATE("16") F ")", NULL,
          "link: module m imports the mounted binary curl, which its configuration does not name: mounted_binaries" },
        { "unknown module", "(module (import \"env\" \"g\" (func))" ABI ALLOCATE("16") F ")", NULL,
          "link: module m imports env.g, which nobody provides" },
        { "unknown wasi", "(module (import \"wasi_snapshot_preview1\" \"g\" (func))" ABI ALLOCATE("16") F ")", NULL,
          "link: module m imports wasi_snapshot_preview1.g, which nobody provides" },
        { "wasi of another type",
          "(module (import \"wasi_snapshot_preview1\" \"fd_close\" (func (param i64) (result i32)))" ABI ALLOCATE("16")
              F ")",
          NULL, "link: module m imports wasi_snapshot_preview1.fd_close as (I:i), it is (i:i)" },
        { "imported memory", "(module (import \"env\" \"memory\" (memory 1)))", NULL,
          "link: module m imports env.memory, which is no function" },
        { "no function f", "(module " ABI ALLOCATE("16") ")", NULL, "link: module m exports no function f" },
        { "f returns two values",
          "(module " ABI ALLOCATE("16") "(func (export \"f\") (result i32 i32) i32.const 1 i32.const 2))", NULL,
          "link: module m: function f has a signature that Marine does not know" },
        { "f takes too few", "(module " ABI ALLOCATE("16") "(func (export \"f\") (param i32)))", NULL,
          "trap: adapter of f leaves 1 values, not 0" },
        { "f takes too many", "(module " ABI ALLOCATE("16") "(func (export \"f\") (param i32 i32 i32)))", NULL,
          "trap: adapter of f takes a value from an empty stack" },
        { "f takes another type", "(module " ABI ALLOCATE("16") "(func (export \"f\") (param i32 i64)))", NULL,
          "trap: adapter of f finds i32 on its stack, wants i64" },
        { "allocate beyond", "(module " ABI ALLOCATE("65536") F ")", NULL,
          "trap: module m: out of bounds: 3 bytes at 65536 in a memory of 65536" },
        { "allocate almost beyond", "(module " ABI ALLOCATE("65534") F ")", NULL,
          "trap: module m: out of bounds: 3 bytes at 65534 in a memory of 65536" },
        { "allocate at the very end", "(module " ABI ALLOCATE("65533") F ")", NULL, "null" },
        { "allocate negative", "(module " ABI ALLOCATE("-1") F ")", NULL,
          "trap: module m: out of bounds: 3 bytes at 4294967295 in a memory of 65536" },
        { "allocate gives nothing", "(module " ABI ALLOCATE("0") F ")", NULL,
          "memory: module m could not allocate 3 bytes" },
        { "_initialize traps", "(module " ABI ALLOCATE("16") F "(func (export \"_initialize\") unreachable))", NULL,
          "trap: function `_initialize` failed: unreachable instruction executed in function 7 at " },
        { "_start takes a value", "(module " ABI ALLOCATE("16") F "(func (export \"_start\") (param i32)))", NULL,
          "link: module m: _start takes or gives values" },
        { "_start ends well",
          "(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))" ABI ALLOCATE("16") F
          "(func (export \"_start\") i32.const 0 call $exit))",
          NULL, "null" },
        { "_start ends badly",
          "(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))" ABI ALLOCATE("16") F
          "(func (export \"_start\") i32.const 5 call $exit))",
          NULL, "trap: function `_start` failed: the module ended itself with code 5" },
        { "_start never ends", "(module " ABI ALLOCATE("16") F "(func (export \"_start\") (loop br 0)))", NULL,
          "fuel: function `_start` failed: out of fuel" },
        { "start section traps", "(module " ABI ALLOCATE("16") F "(func $s unreachable) (start $s))", NULL,
          "load: function `m` failed: unreachable instruction executed in `s` at " },
        { "memory larger than the budget", "(module (memory (export \"memory\") 100) (func (export \"f\")))", NULL,
          "memory: m: " },
        { "memory in data out of bounds", "(module " ABI ALLOCATE("16") F "(data (i32.const 65536) \"x\"))", NULL,
          "load: function `m` failed: out of bounds memory access" },
        { "u8 out of range", "(module " ABI ALLOCATE("16") "(func (export \"f\") (result i32) i32.const 256))",
          FUNCTION("f", "", "{\"U8\":\"ByValue\"}"),
          "trap: `u8.from_i32` failed to cast `I32` to `U8`: 256 in function f" },
        { "u8 negative", "(module " ABI ALLOCATE("16") "(func (export \"f\") (result i32) i32.const -1))",
          FUNCTION("f", "", "{\"U8\":\"ByValue\"}"),
          "trap: `u8.from_i32` failed to cast `I32` to `U8`: -1 in function f" },
        { "s8 out of range", "(module " ABI ALLOCATE("16") "(func (export \"f\") (result i32) i32.const -129))",
          FUNCTION("f", "", "{\"I8\":\"ByValue\"}"),
          "trap: `s8.from_i32` failed to cast `I32` to `S8`: -129 in function f" },
        { "bool of two", "(module " ABI ALLOCATE("16") "(func (export \"f\") (result i32) i32.const 2))",
          FUNCTION("f", "", "{\"Boolean\":\"ByValue\"}"), "true" },
        { "parameters at a fixed place",
          "(module (import \"host\" \"get_call_parameters\" (func $g))" ABI ALLOCATE(
              "60000") "(func (export \"f\") call $g))",
          FUNCTION("f", "", ""), "null" },
    };
    bench b;
    bench_start(&b);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        const char *description           = cases[i].description ? cases[i].description : takes_text;
        b.modules[0]                      = testing_module(b.engine, from_text(cases[i].text, description, b.arena));
        const marine_module_config one    = { .name = RIV_LIT("m"), .module = b.modules[0] };
        marine_service_config      config = {
                 .modules = &one, .modules_count = 1, .memory_bytes_max = 4 << 20, .fuel_start = 1000000
        };
        const char *got;
        b.fault   = (riv_fault){ 0 };
        b.service = NULL;
        if (marine_service_new(b.engine, &config, &b.fault, &b.service))
            got = riv_cstr(b.arena, riv_format(b.arena, "%s: %s", marine_error_name((marine_error_kind)b.fault.code),
                                               b.fault.msg));
        else
            got = bench_call(&b, "f", description == takes_text ? "[\"abc\"]" : "[]");
        if (strncmp(got, cases[i].want, strlen(cases[i].want)) != 0) fail_msg("%s: %s", cases[i].name, got);
        marine_service_free(b.service);
        marine_module_free(b.modules[0]);
    }
    b.service    = NULL;
    b.modules[0] = NULL;
    bench_close(&b);
}

/* What the engine refuses to compile, because it would differ between machines or open a second way to memory. */
static void test_features_that_stay_off(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "(module (memory 1 1 shared) (func (export \"f\")))",
        "(module (memory 1) (memory 1) (func (export \"f\")))",
        "(module (memory i64 1) (func (export \"f\")))",
        "(module (func (export \"f\") (drop (i8x16.relaxed_swizzle (v128.const i64x2 0 0) (v128.const i64x2 0 0)))))",
    };
    bench b;
    bench_start(&b);
    for (size_t i = 0; i < RIV_COUNT(texts); i++) {
        riv_fault fault = { 0 };
        riv_bytes wasm  = from_text(texts[i], FUNCTION("f", "", ""), b.arena);
        assert_int_equal(marine_module_new(b.engine, wasm, &fault, &b.modules[0]), RIV_E_MALFORMED);
        assert_memory_equal(fault.msg, "module does not compile: ", 25);
    }
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loading_and_calling),
        cmocka_unit_test(test_features_that_stay_off),
    };
    testing_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
