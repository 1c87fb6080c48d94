/* component.c: components as modules of a service: compiled, instantiated in a store of their own, called, made anew after a failure.
 * Spec: docs/spec/components-wasi.md. Tests: component_test.c, component_wasi_test.c. */
#include "marine/component.h"

#include <stdio.h>

enum {
    CORE_INSTANCES_MAX = 256,
    TABLES_MAX         = 256,
    TABLE_ELEMENTS_MAX = 1 << 17,
    MEMORIES_MAX       = 64,
    TICKS_NO_DEADLINE  = 1 << 30,
};

static const uint8_t HEAD[8] = { 0, 'a', 's', 'm', 13, 0, 1, 0 };

static riv_err fail_engine(marine__instance *in, marine_error_kind kind, riv_str name, wasmtime_error_t *error);

/* ---- compiled ---- */

bool marine__is_component(riv_bytes wasm)
{
    return wasm.len >= sizeof HEAD && memcmp(wasm.ptr, HEAD, sizeof HEAD) == 0;
}

/* The first line of what the engine says. */
static riv_err engine_fault(riv_fault *fault, riv_err err, const char *what, wasmtime_error_t *error)
{
    wasm_name_t text;
    wasmtime_error_message(error, &text);
    riv_str all = { text.data, text.size };
    riv_fail(fault, err, 0, "%s: " RIV_FMT, what, RIV_ARG(riv_str_sub(all, 0, riv_str_find_char(all, '\n', 0))));
    wasm_byte_vec_delete(&text);
    wasmtime_error_delete(error);
    return err;
}

static riv_err read_and_link(marine_module *m, riv_fault *fault)
{
    m->kept = (riv_bytes){ HEAD, sizeof HEAD }; /* the engine knows the rest from the code */
    RIV_TRY(marine__component_read(m->engine->wasm, m->component, m->arena, fault, &m->section, &m->interface));
    return marine__component_link(m, fault);
}

riv_err marine__component_compile(marine_module *m, riv_bytes wasm, riv_fault *fault)
{
    m->component            = riv_new(m->arena, marine__component, 1);
    wasmtime_error_t *error = wasmtime_component_new(m->engine->wasm, wasm.ptr, wasm.len, &m->component->code);
    if (error) return engine_fault(fault, RIV_E_MALFORMED, "component does not compile", error);
    return read_and_link(m, fault);
}

riv_err marine__component_revive(marine_module *m, riv_bytes code, riv_fault *fault)
{
    m->component            = riv_new(m->arena, marine__component, 1);
    wasmtime_error_t *error = wasmtime_component_deserialize(m->engine->wasm, code.ptr, code.len, &m->component->code);
    if (error) return engine_fault(fault, RIV_E_UNSUPPORTED, "native code does not load", error);
    return read_and_link(m, fault);
}

wasmtime_error_t *marine__component_serialize(const marine_module *m, wasm_byte_vec_t *out)
{
    return wasmtime_component_serialize(m->component->code, out);
}

void marine__component_free(marine__component *c)
{
    if (!c) return;
    for (size_t i = 0; i < c->functions_count; i++) wasmtime_component_export_index_delete(c->functions[i].index);
    if (c->linker) wasmtime_component_linker_delete(c->linker);
    if (c->code) wasmtime_component_delete(c->code);
}

static void copy_names(const marine_interface *in, const wasmtime_component_type_t *type, const wasm_engine_t *engine,
                       riv_arena *arena, marine_info *out)
{
    size_t   count   = wasmtime_component_type_import_count(type, engine);
    riv_str *imports = riv_new(arena, riv_str, count), *exports = riv_new(arena, riv_str, in->functions_count);
    wasmtime_component_extern_t *ext;
    riv_str                      name;
    for (size_t i = 0; i < count; i++) {
        if (!wasmtime_component_type_import_nth(type, engine, i, &name.ptr, &name.len, &ext)) continue;
        imports[out->imports_count++] = riv_str_dup(arena, name);
        wasmtime_component_extern_delete(ext);
    }
    for (size_t i = 0; i < in->functions_count; i++) exports[i] = in->functions[i].name;
    out->imports       = imports;
    out->exports       = exports;
    out->exports_count = in->functions_count;
}

/* The types of a component refer to each other through what a validator alone resolves: the engine is asked, at its cheapest. */
riv_err marine__component_inspect(riv_bytes wasm, riv_arena *arena, riv_fault *fault, marine_info *out)
{
    marine_engine    *engine;
    marine__component c = { 0 };
    marine__section   section;
    marine_info       info = { 0 };
    RIV_TRY(marine_engine_new_with(&(marine_engine_config){ .optimize = MARINE_NOT_AT_ALL }, fault, &engine));
    wasmtime_error_t *error = wasmtime_component_new(engine->wasm, wasm.ptr, wasm.len, &c.code);
    riv_err           err = error ? engine_fault(fault, RIV_E_MALFORMED, "component does not compile", error) : RIV_OK;
    if (!err) err = marine__component_read(engine->wasm, &c, arena, fault, &section, &info.interface);
    if (!err) {
        wasmtime_component_type_t *type = wasmtime_component_type(c.code);
        copy_names(&info.interface, type, engine->wasm, arena, &info);
        wasmtime_component_type_delete(type);
        info.is_component = true;
        *out              = info;
    }
    marine__component_free(&c);
    marine_engine_free(engine);
    return err;
}

/* ---- instances ---- */

/* While a component runs, the service's context is that of its store: fuel goes over with it and comes back. */
static wasmtime_context_t *enter(marine__instance *in)
{
    marine_service     *s     = in->service;
    wasmtime_context_t *outer = s->context;
    uint64_t            fuel  = 0;
    wasmtime_error_t   *error = wasmtime_context_get_fuel(outer, &fuel);
    if (!error) error = wasmtime_context_set_fuel(in->component->context, fuel);
    RIV_ASSERT(!error);
    wasmtime_context_set_epoch_deadline(in->component->context, s->ticks ? s->ticks : TICKS_NO_DEADLINE);
    s->context = in->component->context;
    return outer;
}

static void leave(marine__instance *in, wasmtime_context_t *outer)
{
    marine_service   *s     = in->service;
    uint64_t          fuel  = 0;
    wasmtime_error_t *error = wasmtime_context_get_fuel(s->context, &fuel);
    if (!error) error = wasmtime_context_set_fuel(outer, fuel);
    RIV_ASSERT(!error);
    s->context = outer;
}

static void close_store(struct marine__component_instance *c)
{
    if (c->store) wasmtime_store_delete(c->store); /* gives its memories back to the budget */
    *c = (struct marine__component_instance){ 0 };
}

/* A new store and instance; the old one goes, with all that it had in memory. */
static riv_err instantiate(marine__instance *in)
{
    marine_service                    *s = in->service;
    struct marine__component_instance *c = in->component;
    close_store(c);
    c->store   = wasmtime_store_new(s->engine->wasm, in, NULL);
    c->context = wasmtime_store_context(c->store);
    c->ended   = true; /* until it stands */
    wasmtime_store_limiter(c->store, -1, TABLE_ELEMENTS_MAX, CORE_INSTANCES_MAX, TABLES_MAX, MEMORIES_MAX);
    uint64_t            before = s->budget->bytes;
    wasmtime_context_t *outer  = enter(in);
    marine__budget_enter(s->budget);
    wasmtime_error_t *error = wasmtime_component_linker_instantiate(in->module->component->linker, c->context,
                                                                    in->module->component->code, &c->handle);
    marine__budget_enter(NULL);
    riv_err err     = error ? fail_engine(in, MARINE_LOAD, in->name, error) : RIV_OK;
    c->memory_bytes = s->budget->bytes - before;
    leave(in, outer);
    if (!err) c->ended = false;
    return err;
}

riv_err marine__component_start(marine__instance *in)
{
    if (in->config->mapped_dirs_count)
        return marine__fail(in->service, MARINE_LOAD,
                            "component " RIV_FMT " has mapped directories, and components are given no files",
                            RIV_ARG(in->name));
    if (in->config->mounted_binaries_count)
        return marine__fail(in->service, MARINE_LOAD,
                            "component " RIV_FMT " has mounted binaries, which only modules can import",
                            RIV_ARG(in->name));
    in->component = riv_new(in->arena, struct marine__component_instance, 1);
    return instantiate(in);
}

void marine__component_stop(marine__instance *in)
{
    if (in->component) close_store(in->component);
}

uint64_t marine__component_memory(const marine__instance *in) { return in->component->memory_bytes; }

/* ---- calls ---- */

static riv_err lower_args(marine__instance *in, const marine__wit_function *f, const marine_value *args,
                          size_t args_count, wasmtime_component_val_t *out)
{
    size_t left = MARINE__VALUES_BYTES_MAX;
    if (args_count != f->params_count)
        return marine__fail(in->service, MARINE_BAD_ARGUMENTS,
                            "function " RIV_FMT " requires %zu arguments, %zu provided", RIV_ARG(f->name),
                            f->params_count, args_count);
    for (size_t i = 0; i < args_count; i++)
        RIV_TRY(marine__wit_lower(in->service, f->params[i].type, f->params[i].name, &args[i], &left, &out[i]));
    return RIV_OK;
}

/* Whatever goes wrong inside: the engine lets nobody into this instance again. */
static riv_err call(marine__instance *in, const marine__wit_function *f, const wasmtime_component_val_t *args,
                    wasmtime_component_val_t *result)
{
    marine_service                    *s = in->service;
    struct marine__component_instance *c = in->component;
    wasmtime_component_func_t          func;
    if (!wasmtime_component_instance_get_func(&c->handle, c->context, f->index, &func))
        return marine__fail(s, MARINE_NOT_FOUND, "function with name `" RIV_FMT "` is missing", RIV_ARG(f->name));
    uint64_t before = s->budget->bytes;
    marine__budget_enter(s->budget);
    wasmtime_error_t *error =
        wasmtime_component_func_call(&func, c->context, args, f->params_count, result, f->result ? 1 : 0);
    marine__budget_enter(NULL);
    c->memory_bytes += s->budget->bytes - before;
    if (!error) return RIV_OK;
    c->ended = true;
    return fail_engine(in, MARINE_TRAP, f->name, error);
}

static riv_err call_entered(marine__instance *in, const marine__wit_function *f, const marine_value *args,
                            size_t args_count, marine_value *out, size_t *out_count)
{
    marine_service           *s       = in->service;
    wasmtime_component_val_t *lowered = riv_alloc((f->params_count + 1) * sizeof *lowered), result = { 0 };
    riv_err                   err = lower_args(in, f, args, args_count, lowered);
    if (!err) err = call(in, f, lowered, &result);
    if (!err && f->result) err = marine__wit_lift(s, f->result, &result, out);
    if (!err) *out_count = f->result != NULL;
    wasmtime_component_val_delete(&result);
    for (size_t i = 0; i < f->params_count; i++) wasmtime_component_val_delete(&lowered[i]);
    riv_free(lowered);
    return err;
}

riv_err marine__component_run(marine__instance *in, uint32_t adapter, const marine_value *args, size_t args_count,
                              marine_value *out, size_t *out_count)
{
    const marine__component *c = in->module->component;
    RIV_ASSERT(adapter >= c->functions_first && adapter - c->functions_first < c->functions_count);
    const marine__wit_function *f = &c->functions[adapter - c->functions_first];
    if (in->component->ended) RIV_TRY(instantiate(in));
    wasmtime_context_t *outer = enter(in);
    riv_err             err   = call_entered(in, f, args, args_count, out, out_count);
    leave(in, outer);
    return err;
}

/* ---- failures ---- */

/* The engine tells traps as text only, where components are concerned. */
static const struct {
    riv_str           text;
    marine_error_kind kind;
    const char       *told;
} reasons[] = {
    { RIV_LIT_INIT("wasm trap: all fuel consumed"), MARINE_OUT_OF_FUEL, "out of fuel" },
    { RIV_LIT_INIT("wasm trap: interrupt"), MARINE_DEADLINE, "deadline passed" },
    { RIV_LIT_INIT("wasm trap: call stack exhausted"), MARINE_STACK, "call stack exhausted" },
    { RIV_LIT_INIT("wasm trap: allocation"), MARINE_OUT_OF_MEMORY, "allocation too large" },
    { RIV_LIT_INIT("too much data is being copied"), MARINE_OUT_OF_MEMORY,
      "more values than the engine takes over at once" },
    { RIV_LIT_INIT("wasm trap: wasm `unreachable`"), MARINE_TRAP, "unreachable instruction executed" },
};

/* "error while executing at wasm backtrace: ... Caused by:\n    wasm trap: ..." -> its last reason */
static riv_str reason_of(riv_str text)
{
    static const riv_str cause = RIV_LIT_INIT("Caused by:\n");
    size_t               at    = riv_str_find(text, cause, 0);
    riv_str              rest  = at == SIZE_MAX ? text : riv_str_trim(riv_str_sub(text, at + cause.len, text.len));
    return riv_str_sub(rest, 0, riv_str_find_char(rest, '\n', 0));
}

/* " at 0x1f3": where the innermost code stood, in its core module. */
static void put_place(char *out, size_t bytes, const wasmtime_error_t *error)
{
    wasm_frame_vec_t frames;
    out[0] = 0;
    wasmtime_error_wasm_trace(error, &frames);
    size_t at = frames.size ? wasm_frame_module_offset(frames.data[0]) : SIZE_MAX; /* which also is "unknown" */
    if (at != SIZE_MAX) snprintf(out, bytes, " at 0x%zx", at);
    wasm_frame_vec_delete(&frames);
}

static riv_err fail_engine(marine__instance *in, marine_error_kind kind, riv_str name, wasmtime_error_t *error)
{
    wasm_name_t text;
    char        place[64];
    wasmtime_error_message(error, &text);
    put_place(place, sizeof place, error);
    riv_str     reason = reason_of((riv_str){ text.data, text.size });
    const char *told   = NULL;
    for (size_t i = 0; i < RIV_COUNT(reasons) && !told; i++) {
        if (!riv_str_starts(reason, reasons[i].text)) continue;
        told = reasons[i].told;
        if (reasons[i].kind != MARINE_TRAP) kind = reasons[i].kind;
    }
    /* as in fail.c: what was used since the last call is lost at most traps */
    if (riv_str_starts(reason, RIV_LIT("wasm trap: ")) &&
        !riv_str_starts(reason, RIV_LIT("wasm trap: wasm `unreachable`")))
        marine__fuel_spend(in->service);
    riv_err err = marine__fail(in->service, kind, "function `" RIV_FMT "` failed: " RIV_FMT "%s", RIV_ARG(name),
                               RIV_ARG(told ? riv_str_c(told) : reason), place);
    wasm_byte_vec_delete(&text);
    wasmtime_error_delete(error);
    return err;
}
