/* module.c: the engine and compiled modules.
 * Spec: docs/spec/marine.md 1, 12. Tests: service_test.c, cache_test.c. */
#include "marine/internal.h"

/* Raised when code of before must not be used: other settings that Wasmtime does not see, other preparation, other kept bytes. */
#define ENGINE_FORMAT "4"

static const riv_str PLAN_SECTION = RIV_LIT_INIT("rivulet-plan"); /* among what is kept, never in a file */

static const uint32_t SDK_MIN[3] = { 0, 6, 0 }, IT_MIN[3] = { 0, 20, 0 };

static riv_err engine_fault(riv_fault *fault, riv_err err, const char *what, wasmtime_error_t *error);

/* ---- engine ---- */

static const struct {
    wasmtime_opt_level_t level;
    const char          *name;
} optimizations[] = {
    [MARINE_FOR_SPEED]  = { WASMTIME_OPT_LEVEL_SPEED, "speed" },
    [MARINE_FOR_SIZE]   = { WASMTIME_OPT_LEVEL_SPEED_AND_SIZE, "size" },
    [MARINE_NOT_AT_ALL] = { WASMTIME_OPT_LEVEL_NONE, "none" },
};

/* What code is made with. Wasmtime looks itself whether code fits its version, its settings and the processor: this keeps apart, in a
 * cache, what several builds of ours and several settings made of one module. */
static crypto_hash engine_id(marine_optimize optimize)
{
    riv_arena  *arena = riv_arena_new(0);
    riv_str     text  = riv_format(arena, "rivulet %s code " ENGINE_FORMAT " wasmtime " WASMTIME_VERSION " for %s",
                                   RIV_VERSION, optimizations[optimize].name);
    crypto_hash id    = crypto_blake3(riv_str_bytes(text));
    riv_arena_free(arena);
    return id;
}

riv_err marine_engine_new(riv_fault *fault, marine_engine **out)
{
    return marine_engine_new_with(&(marine_engine_config){ .optimize = MARINE_FOR_SPEED }, fault, out);
}

riv_err marine_engine_new_with(const marine_engine_config *with, riv_fault *fault, marine_engine **out)
{
    RIV_ASSERT((size_t)with->optimize < RIV_COUNT(optimizations));
    wasm_config_t *config = wasm_config_new();
    wasmtime_config_consume_fuel_set(config, true);
    wasmtime_config_epoch_interruption_set(config, true);
    wasmtime_config_max_wasm_stack_set(config, MARINE_STACK_BYTES);
    wasmtime_config_cranelift_nan_canonicalization_set(config, true);
    wasmtime_config_cranelift_opt_level_set(config, optimizations[with->optimize].level);
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
    wasmtime_config_wasm_component_model_set(config, true);
    wasmtime_config_wasm_component_model_async_set(config, false);
    wasmtime_config_concurrency_support_set(config, false);
    marine__budget_config(config);
    wasm_engine_t *wasm = wasm_engine_new_with_config(config);
    if (!wasm) return riv_fail(fault, RIV_E_IO, 0, "the wasm engine does not start on this machine");
    marine_engine *engine = riv_alloc(sizeof *engine);
    engine->wasm          = wasm;
    engine->id            = engine_id(with->optimize);
    *out                  = engine;
    return RIV_OK;
}

void marine_engine_free(marine_engine *engine)
{
    if (!engine) return;
    marine__store_free(atomic_load(&engine->store));
    wasm_engine_delete(engine->wasm);
    riv_free(engine);
}

/* ---- module ---- */

/* What a module is beside its code is read from two sections: they are kept as a wasm file that has nothing else. */
static void keep_section(riv_buf *out, riv_str name, riv_bytes body)
{
    riv_buf head = riv_buf_in(out->arena);
    marine__put_uleb(&head, name.len);
    riv_put_str(&head, name);
    riv_put_u8(out, 0);
    marine__put_uleb(out, head.len + body.len);
    riv_put_bytes(out, riv_buf_view(&head));
    riv_put_bytes(out, body);
}

static void keep_plan(marine_module *m, const marine__prepared *plan)
{
    riv_arena *arena = riv_arena_new(0);
    riv_buf    kept = riv_buf_in(arena), bytes = riv_buf_in(arena);
    marine__prepared_write(plan, &bytes);
    riv_put_bytes(&kept, m->kept);
    keep_section(&kept, PLAN_SECTION, riv_buf_view(&bytes));
    m->kept = riv_bytes_dup(m->arena, riv_buf_view(&kept));
    riv_arena_free(arena);
}

/* Of kept bytes. */
static riv_err read_plan(marine_module *m, riv_fault *fault)
{
    marine__wasm          parts;
    const marine__custom *plan;
    RIV_TRY(marine__wasm_read(m->kept, m->arena, fault, &parts));
    RIV_TRY(marine__wasm_custom(&parts, PLAN_SECTION, fault, &plan));
    RIV_TRY(marine__prepared_read(plan->body, m->arena, fault, &m->prepared));
    if (m->prepared.segments_count) {
        m->image = riv_new(m->arena, marine__image, 1);
        marine__image_init(m->image, m->engine, &m->prepared);
    }
    return RIV_OK;
}

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
    if (!err) {
        riv_buf kept = riv_buf_in(m->arena);
        marine__interface_of(&m->section, m->arena, &m->interface);
        riv_put_bytes(&kept, RIV_BYTES("\0asm\1\0\0\0"));
        keep_section(&kept, sdk->name, sdk->body);
        keep_section(&kept, it->name, it->body);
        m->kept = riv_buf_view(&kept);
    }
    riv_arena_free(arena);
    return err == RIV_E_NOT_FOUND ? RIV_E_MALFORMED : err;
}

/* The first to fail of Wasmtime's ways is told. */
static riv_err take_code(marine_module *m, riv_bytes code, const char *file, riv_fault *fault)
{
    wasmtime_error_t *error = file ? wasmtime_module_deserialize_file(m->engine->wasm, file, &m->code) : NULL;
    if (error) wasmtime_error_delete(error); /* a file system without executable pages: from memory then */
    if (m->code) return RIV_OK;
    error = wasmtime_module_deserialize(m->engine->wasm, code.ptr, code.len, &m->code);
    return error ? engine_fault(fault, RIV_E_UNSUPPORTED, "native code does not load", error) : RIV_OK;
}

static marine_module *module_alloc(marine_engine *engine, const crypto_hash *hash)
{
    marine_module *m = riv_alloc(sizeof *m);
    m->engine        = engine;
    m->arena         = riv_arena_new(0);
    m->hash          = *hash;
    return m;
}

/* What is wrong with it the engine says best, and with places in the file as it was given. */
static riv_err compile(marine_module *m, riv_bytes wasm, riv_fault *fault)
{
    riv_arena        *arena    = riv_arena_new(0);
    riv_buf           prepared = riv_buf_in(arena);
    riv_fault         own      = { 0 };
    marine__prepared  plan;
    wasmtime_error_t *error = NULL, *original = NULL;
    riv_err           err = marine__prepare(wasm, arena, &own, &prepared, &plan);
    if (!err) error = wasmtime_module_new(m->engine->wasm, prepared.ptr, prepared.len, &m->code);
    if (err || error) original = wasmtime_module_validate(m->engine->wasm, wasm.ptr, wasm.len);
    if (original) {
        if (error) wasmtime_error_delete(error);
        err = engine_fault(fault, RIV_E_MALFORMED, "module does not compile", original);
    } else if (error) {
        err = engine_fault(fault, RIV_E_MALFORMED, "module does not compile", error);
    } else if (err) {
        err = riv_fail(fault, err, own.pos, "%s", own.msg);
    } else {
        keep_plan(m, &plan);
        err = read_plan(m, fault);
    }
    riv_arena_free(arena);
    return err;
}

riv_err marine__module_compile(marine_engine *engine, riv_bytes wasm, const crypto_hash *hash, riv_fault *fault,
                               marine_module **out)
{
    marine_module *m   = module_alloc(engine, hash);
    bool           is  = marine__is_component(wasm);
    riv_err        err = is ? marine__component_compile(m, wasm, fault) : read_sections(m, wasm, fault);
    if (!err && !is) err = compile(m, wasm, fault);
    if (err)
        marine_module_free(m);
    else
        *out = m;
    return err;
}

riv_err marine__module_revive(marine_engine *engine, const marine__sealed *sealed, const char *file, riv_fault *fault,
                              marine_module **out)
{
    marine_module *m   = module_alloc(engine, &sealed->wasm);
    bool           is  = marine__is_component(sealed->kept);
    riv_err        err = is ? marine__component_revive(m, sealed->code, fault) : read_sections(m, sealed->kept, fault);
    if (!err && !is) {
        m->kept = riv_bytes_dup(m->arena, sealed->kept);
        err     = read_plan(m, fault);
    }
    if (!err && !is) err = take_code(m, sealed->code, file, fault);
    if (err)
        marine_module_free(m);
    else
        *out = m;
    return err;
}

riv_err marine_module_new(marine_engine *engine, riv_bytes wasm, riv_fault *fault, marine_module **out)
{
    crypto_hash hash = crypto_blake3(wasm);
    return marine__module_compile(engine, wasm, &hash, fault, out);
}

riv_err marine_module_from_code(marine_engine *engine, const crypto_secret *key, riv_bytes wasm, riv_bytes code,
                                riv_fault *fault, marine_module **out)
{
    marine__sealed sealed;
    crypto_hash    hash = crypto_blake3(wasm);
    RIV_TRY(marine__seal_read(key, code, fault, &sealed));
    RIV_TRY(marine__seal_fits(&sealed, &engine->id, &hash, fault));
    RIV_TRY(marine__seal_check_code(&sealed, fault));
    return marine__module_revive(engine, &sealed, NULL, fault, out);
}

riv_err marine_module_code(const marine_module *module, const crypto_secret *key, riv_buf *out, riv_fault *fault)
{
    wasm_byte_vec_t   code;
    wasmtime_error_t *error =
        module->component ? marine__component_serialize(module, &code) : wasmtime_module_serialize(module->code, &code);
    if (error) return engine_fault(fault, RIV_E_IO, "native code cannot be written", error);
    const marine__sealed sealed = { .code   = { (const uint8_t *)code.data, code.size },
                                    .kept   = module->kept,
                                    .engine = module->engine->id,
                                    .wasm   = module->hash };
    marine__seal_write(key, &sealed, out);
    wasm_byte_vec_delete(&code);
    return RIV_OK;
}

void marine_module_free(marine_module *module)
{
    if (!module) return;
    if (module->code) wasmtime_module_delete(module->code);
    marine__image_deinit(module->image, module->engine);
    marine__component_free(module->component);
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
