/* module.c: the engine and compiled modules.
 * Spec: docs/spec/marine.md 1, 12. Tests: service_test.c. */
#include "marine/internal.h"

/* In front of native code: which file it was made from. A stale cache then shows itself. */
static const char CODE_MAGIC[8] = "rivcode1";
enum { CODE_HEAD_BYTES = sizeof CODE_MAGIC + 8 };

static const uint32_t SDK_MIN[3] = { 0, 6, 0 }, IT_MIN[3] = { 0, 20, 0 };

static riv_err engine_fault(riv_fault *fault, riv_err err, const char *what, wasmtime_error_t *error);

/* ---- engine ---- */

riv_err marine_engine_new(riv_fault *fault, marine_engine **out)
{
    wasm_config_t *config = wasm_config_new();
    wasmtime_config_consume_fuel_set(config, true);
    wasmtime_config_epoch_interruption_set(config, true);
    wasmtime_config_max_wasm_stack_set(config, MARINE_STACK_BYTES);
    wasmtime_config_cranelift_nan_canonicalization_set(config, true);
    /* What differs between machines or opens a second way to memory stays off. */
    wasmtime_config_wasm_threads_set(config, false);
    wasmtime_config_shared_memory_set(config, false);
    wasmtime_config_wasm_relaxed_simd_set(config, false);
    wasmtime_config_wasm_multi_memory_set(config, false);
    wasmtime_config_wasm_memory64_set(config, false);
    wasmtime_config_wasm_gc_set(config, false);
    wasmtime_config_wasm_function_references_set(config, false);
    wasmtime_config_wasm_exceptions_set(config, false);
    wasmtime_config_wasm_stack_switching_set(config, false);
    wasmtime_config_wasm_custom_page_sizes_set(config, false);
    wasmtime_config_wasm_component_model_set(config, false);
    marine__budget_config(config);
    wasm_engine_t *wasm = wasm_engine_new_with_config(config);
    if (!wasm) return riv_fail(fault, RIV_E_IO, 0, "the wasm engine does not start on this machine");
    marine_engine *engine = riv_alloc(sizeof *engine);
    engine->wasm          = wasm;
    *out                  = engine;
    return RIV_OK;
}

void marine_engine_free(marine_engine *engine)
{
    if (!engine) return;
    wasm_engine_delete(engine->wasm);
    riv_free(engine);
}

/* ---- module ---- */

/* Reads and checks the sections; everything that is kept lives in m->arena. */
static riv_err read_sections(marine_module *m, riv_bytes wasm, riv_fault *fault)
{
    marine__wasm          parts;
    const marine__custom *sdk, *it;
    riv_arena            *arena = riv_arena_new(0);
    riv_err               err   = marine__wasm_read(wasm, arena, fault, &parts);
    if (!err) err = marine__wasm_custom(&parts, RIV_LIT("__fluence_sdk_version"), fault, &sdk);
    if (!err) err = marine__version_at_least(RIV_LIT("sdk"), riv_bytes_str(sdk->body), SDK_MIN, fault);
    if (!err) err = marine__wasm_custom(&parts, RIV_LIT("interface-types"), fault, &it);
    if (!err) {
        riv_fault own = { 0 };
        err           = marine__section_read(riv_bytes_dup(m->arena, it->body), m->arena, &own, &m->section);
        if (err)
            err = riv_fail(fault, err, (uint64_t)(it->body.ptr - wasm.ptr) + own.pos, "interface section: %s", own.msg);
    }
    if (!err) err = marine__version_at_least(RIV_LIT("interface types"), m->section.version, IT_MIN, fault);
    if (!err) marine__interface_of(&m->section, m->arena, &m->interface);
    riv_arena_free(arena);
    return err == RIV_E_NOT_FOUND ? RIV_E_MALFORMED : err;
}

/* Code empty: compiles. */
static riv_err module_new(marine_engine *engine, riv_bytes wasm, riv_bytes code, riv_fault *fault, marine_module **out)
{
    marine_module *m        = riv_alloc(sizeof *m);
    m->engine               = engine;
    m->arena                = riv_arena_new(0);
    m->wasm_hash            = riv_hash64(wasm);
    wasmtime_error_t *error = NULL;
    riv_err           err   = read_sections(m, wasm, fault);
    if (!err && code.len) {
        error = wasmtime_module_deserialize(engine->wasm, code.ptr, code.len, &m->code);
        if (error) err = engine_fault(fault, RIV_E_UNSUPPORTED, "native code does not load", error);
    } else if (!err) {
        error = wasmtime_module_new(engine->wasm, wasm.ptr, wasm.len, &m->code);
        if (error) err = engine_fault(fault, RIV_E_MALFORMED, "module does not compile", error);
    }
    if (err)
        marine_module_free(m);
    else
        *out = m;
    return err;
}

riv_err marine_module_new(marine_engine *engine, riv_bytes wasm, riv_fault *fault, marine_module **out)
{
    return module_new(engine, wasm, (riv_bytes){ 0 }, fault, out);
}

riv_err marine_module_from_code(marine_engine *engine, riv_bytes wasm, riv_bytes code, riv_fault *fault,
                                marine_module **out)
{
    riv_reader r     = riv_reader_of(code);
    riv_bytes  magic = riv_read_bytes(&r, sizeof CODE_MAGIC);
    uint64_t   hash  = riv_read_u64le(&r);
    if (r.short_read || memcmp(magic.ptr, CODE_MAGIC, sizeof CODE_MAGIC) != 0 || riv_reader_left(&r) == 0)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "not native code of a module");
    if (hash != riv_hash64(wasm))
        return riv_fail(fault, RIV_E_CONFLICT, sizeof CODE_MAGIC, "native code of another module");
    return module_new(engine, wasm, riv_bytes_sub(code, CODE_HEAD_BYTES, code.len), fault, out);
}

riv_err marine_module_code(const marine_module *module, riv_buf *out, riv_fault *fault)
{
    wasm_byte_vec_t   code;
    wasmtime_error_t *error = wasmtime_module_serialize(module->code, &code);
    if (error) return engine_fault(fault, RIV_E_IO, "native code cannot be written", error);
    riv_put_bytes(out, (riv_bytes){ (const uint8_t *)CODE_MAGIC, sizeof CODE_MAGIC });
    riv_put_u64le(out, module->wasm_hash);
    riv_put_bytes(out, (riv_bytes){ (const uint8_t *)code.data, code.size });
    wasm_byte_vec_delete(&code);
    return RIV_OK;
}

void marine_module_free(marine_module *module)
{
    if (!module) return;
    if (module->code) wasmtime_module_delete(module->code);
    riv_arena_free(module->arena);
    riv_free(module);
}

const marine_interface *marine_module_interface(const marine_module *module) { return &module->interface; }

static riv_err engine_fault(riv_fault *fault, riv_err err, const char *what, wasmtime_error_t *error)
{
    wasm_name_t text;
    wasmtime_error_message(error, &text);
    riv_str line = riv_str_sub((riv_str){ text.data, text.size }, 0,
                               riv_str_find_char((riv_str){ text.data, text.size }, '\0', 0));
    riv_fail(fault, err, 0, "%s: " RIV_FMT, what, RIV_ARG(line));
    wasm_byte_vec_delete(&text);
    wasmtime_error_delete(error);
    return err;
}
