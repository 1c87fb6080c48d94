/* link.c: what a module imports and exports, bound to the host's functions and to the modules loaded before it.
 * Spec: docs/spec/marine.md 3.4, 3.5, 5, 6. Tests: link_test.c, service_test.c. */
#include "marine/internal.h"

enum { HOST_CALL_FUEL = 1000 }; /* about what a system call takes of the time of that many instructions */

const char *const marine__abi_names[MARINE__ABI_COUNT] = {
    [MARINE__ALLOCATE] = "allocate",        [MARINE__RELEASE] = "release_objects",
    [MARINE__GET_SIZE] = "get_result_size", [MARINE__GET_PTR] = "get_result_ptr",
    [MARINE__SET_SIZE] = "set_result_size", [MARINE__SET_PTR] = "set_result_ptr",
};
static const char *const abi_types[MARINE__ABI_COUNT] = {
    [MARINE__ALLOCATE] = "ii:i", [MARINE__RELEASE] = ":",   [MARINE__GET_SIZE] = ":i",
    [MARINE__GET_PTR] = ":i",    [MARINE__SET_SIZE] = "i:", [MARINE__SET_PTR] = "i:",
};

typedef struct shim {
    marine__instance *in;
    uint32_t          adapter;
    riv_str           name;
} shim;
typedef struct binding {
    marine__instance            *in;
    const marine__host_function *function;
    const marine_pair           *program; /* of a mounted binary */
} binding;

/* ---- signatures ---- */

static char letter(const wasm_valtype_t *type)
{
    switch (wasm_valtype_kind(type)) {
    case WASM_I32: return 'i';
    case WASM_I64: return 'I';
    case WASM_F32: return 'f';
    case WASM_F64: return 'F';
    default: return '?';
    }
}

/* "ii:i"; '?' is a type that Marine does not know: a vector, or a reference, which is an address in the host. */
typedef struct signature {
    char   text[MARINE__ARITY_MAX + 2];
    size_t len;
} signature;

static void add_letter(signature *s, char c)
{
    RIV_ASSERT(s->len < sizeof s->text);
    s->text[s->len++] = c;
}

static riv_str signature_text(const signature *s) { return (riv_str){ s->text, s->len }; }

/* False: too many parameters or results, or of types that Marine does not know. */
static bool signature_of(const wasm_functype_t *type, signature *out)
{
    const wasm_valtype_vec_t *params = wasm_functype_params(type), *results = wasm_functype_results(type);
    *out = (signature){ .len = 0 };
    if (params->size > MARINE__ARITY_MAX || results->size > 1) return false;
    for (size_t i = 0; i < params->size; i++) add_letter(out, letter(params->data[i]));
    add_letter(out, ':');
    if (results->size) add_letter(out, letter(results->data[0]));
    return riv_str_find_char(signature_text(out), '?', 0) == SIZE_MAX;
}

/* SPEC marine.md 3.5: s8..s32,u8..u32,i32->i32; s64,u64,i64->i64; f32; f64 */
static char letter_of(const marine_type *t)
{
    switch (t->kind) {
    case MARINE_S64:
    case MARINE_U64:
    case MARINE_I64: return 'I';
    case MARINE_F32: return 'f';
    case MARINE_F64: return 'F';
    case MARINE_STRING:
    case MARINE_BYTES:
    case MARINE_ARRAY:
    case MARINE_RECORD: return '?';
    default: return 'i';
    }
}

/* What a shim takes and gives; of several results the first, which fits no import then. */
static signature shim_signature(const marine__type *type)
{
    signature out = { .len = 0 };
    for (size_t i = 0; i < type->args_count; i++) add_letter(&out, letter_of(&type->args[i].type));
    add_letter(&out, ':');
    if (type->outputs_count) add_letter(&out, type->outputs_count > 1 ? '?' : letter_of(&type->outputs[0]));
    return out;
}

static signature host_signature(const marine__host_function *f)
{
    signature out = { .len = 0 };
    for (const char *p = f->params; *p; p++) add_letter(&out, *p);
    add_letter(&out, ':');
    for (const char *p = f->results; *p; p++) add_letter(&out, *p);
    return out;
}

/* ---- imports ---- */

static wasm_trap_t *run_host(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *io, size_t count)
{
    const binding  *b = env;
    marine_service *s = b->in->service;
    (void)caller;
    (void)count;
    return marine__charge(s, HOST_CALL_FUEL) || b->function->run(b->in, io) ? marine__trap_of(s) : NULL;
}

static wasm_trap_t *run_mounted(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *io, size_t count)
{
    const binding  *b = env;
    marine_service *s = b->in->service;
    (void)caller;
    (void)count;
    return marine__charge(s, HOST_CALL_FUEL) || marine__mounted_run(b->in, b->program, io) ? marine__trap_of(s) : NULL;
}

static riv_err run_shim_checked(const shim *sh, wasmtime_val_raw_t *io)
{
    marine_service     *s    = sh->in->service;
    const marine__type *type = &sh->in->module->section.types[sh->adapter];
    void               *memory;
    marine_value        out       = { 0 };
    size_t              out_count = 0;
    RIV_TRY(marine__scratch(s, type->args_count, sizeof(marine_value), &memory));
    marine_value *args = memory;
    for (size_t i = 0; i < type->args_count; i++) {
        switch (letter_of(&type->args[i].type)) {
        case 'I': args[i] = marine__int(MARINE_I64, (uint64_t)io[i].i64); break;
        case 'f': args[i] = (marine_value){ .kind = MARINE_F32, .f32 = io[i].f32 }; break;
        case 'F': args[i] = (marine_value){ .kind = MARINE_F64, .f64 = io[i].f64 }; break;
        default: args[i] = marine__int(MARINE_I32, (uint64_t)(int64_t)io[i].i32); break;
        }
    }
    RIV_TRY(marine__run(sh->in, sh->adapter, sh->name, args, type->args_count, &out, &out_count));
    if (!out_count) return RIV_OK;
    static const marine_type_kind wanted[] = {
        ['i'] = MARINE_I32, ['I'] = MARINE_I64, ['f'] = MARINE_F32, ['F'] = MARINE_F64
    };
    char l = letter_of(&type->outputs[0]);
    if (out.kind != wanted[(unsigned char)l])
        return marine__fail(s, MARINE_TRAP, "import " RIV_FMT " gives another type", RIV_ARG(sh->name));
    switch (l) {
    case 'I': io[0].i64 = (int64_t)out.bits; break;
    case 'f': io[0].f32 = out.f32; break;
    case 'F': io[0].f64 = out.f64; break;
    default: io[0].i32 = (int32_t)(uint32_t)out.bits; break;
    }
    return RIV_OK;
}

static wasm_trap_t *run_shim(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *io, size_t count)
{
    const shim *sh = env;
    (void)caller;
    (void)count;
    return run_shim_checked(sh, io) ? marine__trap_of(sh->in->service) : NULL;
}

static riv_err refuse_import(marine__instance *in, riv_str module, riv_str name)
{
    if (!marine__is_host(module))
        return marine__fail(in->service, MARINE_LINK,
                            "module " RIV_FMT " imports " RIV_FMT "." RIV_FMT ", which nobody provides",
                            RIV_ARG(in->name), RIV_ARG(module), RIV_ARG(name));
    if (riv_str_eq(name, RIV_LIT("log_utf8_string")))
        return marine__fail(in->service, MARINE_LINK,
                            "module " RIV_FMT " imports the logger, which its configuration switches off",
                            RIV_ARG(in->name));
    if (marine__mounted_find(in, module, name))
        return marine__fail(in->service, MARINE_LINK,
                            "module " RIV_FMT " imports the mounted binary " RIV_FMT
                            ", and mounted binaries are not provided here",
                            RIV_ARG(in->name), RIV_ARG(name));
    return marine__fail(in->service, MARINE_LINK,
                        "module " RIV_FMT " imports the mounted binary " RIV_FMT
                        ", which its configuration does not name: mounted_binaries",
                        RIV_ARG(in->name), RIV_ARG(name));
}

static riv_err bind_import(marine__instance *in, riv_str module, riv_str name, const wasm_functype_t *type,
                           wasmtime_extern_t *out)
{
    marine_service                    *s = in->service;
    const marine__host_function       *function;
    wasmtime_func_unchecked_callback_t run;
    void                              *env;
    uint32_t                           adapter = marine__shim_adapter(&in->module->section, module, name);
    signature                          wanted, got;
    /* We hand over one number at most; what the host left unset would be a forged reference, or a look at its stack. */
    if (!signature_of(type, &got))
        return marine__fail(s, MARINE_LINK,
                            "module " RIV_FMT " imports " RIV_FMT "." RIV_FMT " with a type that Marine does not know",
                            RIV_ARG(in->name), RIV_ARG(module), RIV_ARG(name));
    if (adapter != UINT32_MAX) {
        shim *sh = riv_new(in->arena, shim, 1);
        *sh      = (shim){ in, adapter, riv_str_dup(in->arena, name) };
        wanted   = shim_signature(&in->module->section.types[adapter]);
        run      = run_shim;
        env      = sh;
    } else {
        bool no_logger = !in->config->logger_enabled && riv_str_eq(name, RIV_LIT("log_utf8_string"));
        function       = marine__wasi_find(module, name);
        if (!function && !no_logger) function = marine__host_find(module, name);
        const marine_pair *program = !function && s->env.command ? marine__mounted_find(in, module, name) : NULL;
        if (program) function = &marine__mounted;
        if (!function) return refuse_import(in, module, name);
        binding *b = riv_new(in->arena, binding, 1);
        *b         = (binding){ in, function, program };
        wanted     = host_signature(function);
        run        = program ? run_mounted : run_host;
        env        = b;
    }
    if (!riv_str_eq(signature_text(&wanted), signature_text(&got)))
        return marine__fail(s, MARINE_LINK,
                            "module " RIV_FMT " imports " RIV_FMT "." RIV_FMT " as (" RIV_FMT "), it is (" RIV_FMT ")",
                            RIV_ARG(in->name), RIV_ARG(module), RIV_ARG(name), RIV_ARG(signature_text(&got)),
                            RIV_ARG(signature_text(&wanted)));
    out->kind = WASMTIME_EXTERN_FUNC;
    wasmtime_func_new_unchecked(s->context, type, run, env, NULL, &out->of.func);
    return RIV_OK;
}

riv_err marine__bind_imports(marine__instance *in, const wasm_importtype_vec_t *types, wasmtime_extern_t *out)
{
    for (size_t i = 0; i < types->size; i++) {
        const wasm_name_t *module     = wasm_importtype_module(types->data[i]),
                          *name       = wasm_importtype_name(types->data[i]);
        const wasm_externtype_t *type = wasm_importtype_type(types->data[i]);
        riv_str                  m = { module->data, module->size }, n = { name->data, name->size };
        if (wasm_externtype_kind(type) != WASM_EXTERN_FUNC)
            return marine__fail(in->service, MARINE_LINK,
                                "module " RIV_FMT " imports " RIV_FMT "." RIV_FMT ", which is no function",
                                RIV_ARG(in->name), RIV_ARG(m), RIV_ARG(n));
        RIV_TRY(bind_import(in, m, n, wasm_externtype_as_functype_const(type), &out[i]));
    }
    return RIV_OK;
}
/* ---- exports ---- */

static bool find_export(marine__instance *in, riv_str name, wasmtime_extern_t *out)
{
    return wasmtime_instance_export_get(in->service->context, &in->handle, name.ptr, name.len, out);
}

/* *out stays NULL when there is no such function, and then *text is not set. */
static riv_err find_core(marine__instance *in, riv_str name, signature *text, marine__core **out)
{
    marine_service   *s = in->service;
    wasmtime_extern_t item;
    if (!find_export(in, name, &item) || item.kind != WASMTIME_EXTERN_FUNC) return RIV_OK;
    wasm_functype_t          *type   = wasmtime_func_type(s->context, &item.of.func);
    const wasm_valtype_vec_t *params = wasm_functype_params(type), *results = wasm_functype_results(type);
    riv_err                   err = RIV_OK;
    if (!signature_of(type, text)) {
        err = marine__fail(s, MARINE_LINK,
                           "module " RIV_FMT ": function " RIV_FMT " has a signature that Marine does not know",
                           RIV_ARG(in->name), RIV_ARG(name));
    } else {
        marine__core *core = riv_new(in->arena, marine__core, 1);
        core->name         = riv_str_dup(in->arena, name);
        core->func         = item.of.func;
        core->params_count = params->size;
        for (size_t i = 0; i < params->size; i++) core->params[i] = wasm_valtype_kind(params->data[i]);
        core->has_result = results->size > 0;
        if (results->size) core->result = wasm_valtype_kind(results->data[0]);
        *out = core;
    }
    wasm_functype_delete(type);
    return err;
}

static riv_err find_abi(marine__instance *in)
{
    for (int i = 0; i < MARINE__ABI_COUNT; i++) {
        signature     text;
        marine__core *core = NULL;
        RIV_TRY(find_core(in, riv_str_c(marine__abi_names[i]), &text, &core));
        if (core && riv_str_eq(signature_text(&text), riv_str_c(abi_types[i]))) in->abi[i] = core;
    }
    return RIV_OK;
}

/* SPEC marine.md 1: index 0 among exported memories is "the" memory. There is one at most, and its name of ours is found at once: the
 * engine lists exports in a time that grows with the square of their number. */
static void find_memory(marine__instance *in)
{
    wasmtime_extern_t item;
    if (!in->module->prepared.memory_exported || !marine__state_find(in, 'm', 0, &item)) return;
    in->memory     = item.of.memory;
    in->has_memory = true;
}

static riv_err find_import(marine__instance *in, const marine__it_import *im, marine__callee *out)
{
    marine_service *s = in->service;
    for (size_t i = 0; i < in->place; i++) {
        marine__instance *other = s->instances[i];
        if (!riv_str_eq(other->name, im->module)) continue;
        uint32_t adapter = marine__public_adapter(&other->module->section, im->name);
        if (adapter == UINT32_MAX)
            return marine__fail(s, MARINE_LINK,
                                "module with name '" RIV_FMT "' doesn't have function with name " RIV_FMT,
                                RIV_ARG(im->module), RIV_ARG(im->name));
        *out = (marine__callee){ NULL, other, adapter, &in->module->section.types[im->type - 2], im->name };
        return RIV_OK;
    }
    return marine__fail(s, MARINE_LINK, "module " RIV_FMT " needs module '" RIV_FMT "', which is not loaded before it",
                        RIV_ARG(in->name), RIV_ARG(im->module));
}

/* SPEC marine.md 3.4: the IT exports in order, then the entries of the import list that have an implementation */
static riv_err find_callees(marine__instance *in)
{
    const marine__section *section = &in->module->section;
    in->callees = riv_new(in->arena, marine__callee, section->exports_count + section->imports_count);
    for (size_t i = 0; i < section->exports_count; i++) {
        const marine__it_export *ex   = &section->exports[i];
        marine__core            *core = NULL;
        signature                text;
        RIV_TRY(find_core(in, ex->name, &text, &core));
        if (!core)
            return marine__fail(in->service, MARINE_LINK, "module " RIV_FMT " exports no function " RIV_FMT,
                                RIV_ARG(in->name), RIV_ARG(ex->name));
        in->callees[in->callees_count++] = (marine__callee){ .core = core, .name = ex->name };
    }
    for (size_t i = 0; i < section->imports_count; i++)
        if (section->adapter_of_core[section->imports[i].type] != UINT32_MAX)
            RIV_TRY(find_import(in, &section->imports[i], &in->callees[in->callees_count++]));
    return RIV_OK;
}

riv_err marine__find_core(marine__instance *in, riv_str name, marine__core **out)
{
    signature text;
    *out = NULL;
    return find_core(in, name, &text, out);
}

riv_err marine__bind_exports(marine__instance *in)
{
    find_memory(in);
    RIV_TRY(find_abi(in));
    return find_callees(in);
}
