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
    return (marine__section){ types, 3, &import, 1, &adapter, 1, NULL, 0, &implementation, 1, RIV_LIT("0.28.0") };
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shims_give_no_references),
        cmocka_unit_test(test_shims_give_one_result),
        cmocka_unit_test(test_shims_before_the_instance_stands),
    };
    testing_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
