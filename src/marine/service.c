/* service.c: instances of modules in one store: linking by name, starting, calling, and what went wrong.
 * Modules load in their order, each sees only those before it; the last one is the facade.
 * Spec: docs/spec/marine.md 1, 3.4, 3.5, 6. Tests: service_test.c, limits_test.c. */
#include "marine/internal.h"

#include <stdio.h>

enum {
    MODULES_MAX        = 64,
    TABLES_MAX         = 2 * MODULES_MAX,
    TABLE_ELEMENTS_MAX = 1 << 17, /* of each; at 8 bytes outside the memory budget */
    SCRATCH_KEPT_BYTES = 1 << 20,
    TICKS_NO_DEADLINE  = 1 << 30,
    HOST_CALL_FUEL     = 1000, /* about what a system call takes of the time of that many instructions */
};

/* How a failure is told to those who branch on riv_err only. */
static const struct {
    riv_err     err;
    const char *name;
} kinds[] = {
    [MARINE_NO_ERROR]      = { RIV_OK, "none" },
    [MARINE_BAD_ARGUMENTS] = { RIV_E_MALFORMED, "arguments" },
    [MARINE_NOT_FOUND]     = { RIV_E_NOT_FOUND, "not_found" },
    [MARINE_LOAD]          = { RIV_E_UNSUPPORTED, "load" },
    [MARINE_LINK]          = { RIV_E_UNSUPPORTED, "link" },
    [MARINE_TRAP]          = { RIV_E_CONFLICT, "trap" },
    [MARINE_OUT_OF_FUEL]   = { RIV_E_LIMIT, "fuel" },
    [MARINE_DEADLINE]      = { RIV_E_EXPIRED, "deadline" },
    [MARINE_OUT_OF_MEMORY] = { RIV_E_LIMIT, "memory" },
    [MARINE_STACK]         = { RIV_E_LIMIT, "stack" },
    [MARINE_HOST]          = { RIV_E_IO, "host" },
};

static const char *const abi_names[MARINE__ABI_COUNT] = {
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
} binding;

static const marine_call_params no_params;

static riv_err load(marine_service *s, const marine_module_config *config, marine__instance *in);
static void    begin(marine_service *s, const marine_call_params *params, uint64_t fuel, uint64_t ticks);

const char *marine_error_name(marine_error_kind kind) { return kinds[kind].name; }

/* ---- making a service ---- */

static riv_err check_config(marine_service *s, const marine_service_config *config)
{
    if (config->modules_count == 0) return marine__fail(s, MARINE_LOAD, "config should contain at least one module");
    if (config->modules_count > MODULES_MAX)
        return marine__fail(s, MARINE_LOAD, "%zu modules, the limit is %d", config->modules_count, MODULES_MAX);
    for (size_t i = 0; i < config->modules_count; i++)
        for (size_t k = 0; k < i; k++)
            if (riv_str_eq(config->modules[i].name, config->modules[k].name))
                return marine__fail(s, MARINE_LOAD, "module with name '" RIV_FMT "' is already loaded",
                                    RIV_ARG(config->modules[i].name));
    return RIV_OK;
}

riv_err marine_service_new(marine_engine *engine, const marine_service_config *config, riv_fault *fault,
                           marine_service **out)
{
    marine_service *s    = riv_alloc(sizeof *s);
    s->engine            = engine;
    s->arena             = riv_arena_new(0);
    s->scratch           = riv_arena_new(MARINE__VALUES_BYTES_MAX);
    s->env               = config->env;
    s->prng              = riv_prng_seed(0);
    s->budget            = riv_new(s->arena, marine__budget, 1);
    s->budget->bytes_max = config->memory_bytes_max ? config->memory_bytes_max : MARINE_MEMORY_DEFAULT;
    s->store             = wasmtime_store_new(engine->wasm, s, NULL);
    s->context           = wasmtime_store_context(s->store);
    wasmtime_store_limiter(s->store, -1, TABLE_ELEMENTS_MAX, MODULES_MAX, TABLES_MAX, MODULES_MAX);
    begin(s, &no_params, config->fuel_start, 0);

    riv_err err  = check_config(s, config);
    s->instances = riv_new(s->arena, marine__instance, err ? 0 : config->modules_count);
    for (size_t i = 0; !err && i < config->modules_count; i++) {
        err = load(s, &config->modules[i], &s->instances[i]);
        s->instances_count++;
    }
    if (err) {
        riv_fail_code(fault, err, s->error, 0, "%s", s->fault.msg);
        marine_service_free(s);
        return err;
    }
    *out = s;
    return RIV_OK;
}

void marine_service_free(marine_service *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->instances_count; i++) marine__files_close(s->instances[i].files);
    wasmtime_store_delete(s->store); /* gives the memories back to the budget's books, which live in the arena */
    riv_arena_free(s->scratch);
    riv_arena_free(s->arena);
    riv_free(s);
}

uint64_t marine_service_memory(const marine_service *s) { return s->budget->bytes; }

static const marine_module_config *copy_config(marine_service *s, const marine_module_config *c)
{
    marine_module_config *copy = riv_new(s->arena, marine_module_config, 1);
    marine_pair          *envs = riv_new(s->arena, marine_pair, c->envs_count),
                *dirs          = riv_new(s->arena, marine_pair, c->mapped_dirs_count);
    for (size_t i = 0; i < c->envs_count; i++)
        envs[i] = (marine_pair){ riv_str_dup(s->arena, c->envs[i].key), riv_str_dup(s->arena, c->envs[i].value) };
    for (size_t i = 0; i < c->mapped_dirs_count; i++)
        dirs[i] = (marine_pair){ riv_str_dup(s->arena, c->mapped_dirs[i].key),
                                 riv_str_dup(s->arena, c->mapped_dirs[i].value) };
    *copy             = *c;
    copy->name        = riv_str_dup(s->arena, c->name);
    copy->envs        = envs;
    copy->mapped_dirs = dirs;
    return copy;
}

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

static riv_err run_shim_checked(const shim *sh, wasmtime_val_raw_t *io)
{
    marine_service     *s    = sh->in->service;
    const marine__type *type = &sh->in->module->section.types[sh->adapter];
    void               *memory;
    marine__value       out       = { 0 };
    size_t              out_count = 0;
    RIV_TRY(marine__scratch(s, type->args_count, sizeof(marine__value), &memory));
    marine__value *args = memory;
    for (size_t i = 0; i < type->args_count; i++) {
        switch (letter_of(&type->args[i].type)) {
        case 'I': args[i] = marine__int(MARINE_I64, (uint64_t)io[i].i64); break;
        case 'f': args[i] = (marine__value){ .kind = MARINE_F32, .f32 = io[i].f32 }; break;
        case 'F': args[i] = (marine__value){ .kind = MARINE_F64, .f64 = io[i].f64 }; break;
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
    return marine__fail(in->service, MARINE_LINK,
                        "module " RIV_FMT " imports the mounted binary " RIV_FMT
                        ", and mounted binaries are not provided",
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
        shim *sh = riv_new(s->arena, shim, 1);
        *sh      = (shim){ in, adapter, riv_str_dup(s->arena, name) };
        wanted   = shim_signature(&in->module->section.types[adapter]);
        run      = run_shim;
        env      = sh;
    } else {
        bool no_logger = !in->config->logger_enabled && riv_str_eq(name, RIV_LIT("log_utf8_string"));
        function       = marine__wasi_find(module, name);
        if (!function && !no_logger) function = marine__host_find(module, name);
        if (!function) return refuse_import(in, module, name);
        binding *b = riv_new(s->arena, binding, 1);
        *b         = (binding){ in, function };
        wanted     = host_signature(function);
        run        = run_host;
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

static riv_err bind_imports(marine__instance *in, const wasm_importtype_vec_t *types, wasmtime_extern_t *out)
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

/* ---- instances ---- */

static riv_err instantiate(marine__instance *in)
{
    marine_service       *s = in->service;
    wasm_importtype_vec_t types;
    wasmtime_module_imports(in->module->code, &types);
    wasmtime_extern_t *imports = riv_new(s->scratch, wasmtime_extern_t, types.size);
    size_t             count   = types.size;
    riv_err            err     = bind_imports(in, &types, imports);
    wasm_importtype_vec_delete(&types);
    if (err) return err;
    wasm_trap_t *trap = NULL;
    marine__budget_enter(s->budget);
    wasmtime_error_t *error = wasmtime_instance_new(s->context, in->module->code, imports, count, &in->handle, &trap);
    marine__budget_enter(NULL);
    return error || trap ? marine__fail_wasm(s, MARINE_LOAD, in->name, error, trap) : RIV_OK;
}

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
        marine__core *core = riv_new(s->arena, marine__core, 1);
        core->name         = riv_str_dup(s->arena, name);
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
        RIV_TRY(find_core(in, riv_str_c(abi_names[i]), &text, &core));
        if (core && riv_str_eq(signature_text(&text), riv_str_c(abi_types[i]))) in->abi[i] = core;
    }
    return RIV_OK;
}

/* SPEC marine.md 1: index 0 among exported memories is "the" memory */
static void find_memory(marine__instance *in)
{
    wasmtime_extern_t item;
    char             *name;
    size_t            len;
    for (size_t i = 0; wasmtime_instance_export_nth(in->service->context, &in->handle, i, &name, &len, &item); i++) {
        if (item.kind != WASMTIME_EXTERN_MEMORY) continue;
        in->memory     = item.of.memory;
        in->has_memory = true;
        return;
    }
}

static riv_err find_import(marine__instance *in, const marine__it_import *im, marine__callee *out)
{
    marine_service *s = in->service;
    for (size_t i = 0; i < s->instances_count; i++) {
        marine__instance *other = &s->instances[i];
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
    marine_service        *s       = in->service;
    const marine__section *section = &in->module->section;
    in->callees                    = riv_new(s->arena, marine__callee, section->exports_count + section->imports_count);
    for (size_t i = 0; i < section->exports_count; i++) {
        const marine__it_export *ex   = &section->exports[i];
        marine__core            *core = NULL;
        signature                text;
        RIV_TRY(find_core(in, ex->name, &text, &core));
        if (!core)
            return marine__fail(s, MARINE_LINK, "module " RIV_FMT " exports no function " RIV_FMT, RIV_ARG(in->name),
                                RIV_ARG(ex->name));
        in->callees[in->callees_count++] = (marine__callee){ .core = core, .name = ex->name };
    }
    for (size_t i = 0; i < section->imports_count; i++)
        if (section->adapter_of_core[section->imports[i].type] != UINT32_MAX)
            RIV_TRY(find_import(in, &section->imports[i], &in->callees[in->callees_count++]));
    return RIV_OK;
}

/* _initialize and _start; a module that ends itself with proc_exit(0) has started well. */
static riv_err start(marine__instance *in, riv_str name)
{
    marine_service    *s      = in->service;
    marine__core      *core   = NULL;
    wasmtime_val_raw_t raw[1] = { 0 };
    signature          text;
    RIV_TRY(find_core(in, name, &text, &core));
    if (!core) return RIV_OK;
    if (core->params_count || core->has_result)
        return marine__fail(s, MARINE_LINK, "module " RIV_FMT ": " RIV_FMT " takes or gives values", RIV_ARG(in->name),
                            RIV_ARG(name));
    riv_err err = marine__call_core(in, core, raw);
    if (!err || !s->exited || s->exit_code) return err;
    s->exited = false;
    s->error  = MARINE_NO_ERROR;
    s->fault  = (riv_fault){ 0 };
    return RIV_OK;
}

/* SPEC marine.md 6: every mapped dir also becomes an env var: name = alias, value = host path; later ones override */
static void make_envs(marine__instance *in)
{
    const marine_module_config *c    = in->config;
    marine_pair                *envs = riv_new(in->service->arena, marine_pair, c->envs_count + c->mapped_dirs_count);
    for (size_t i = 0; i < c->envs_count + c->mapped_dirs_count; i++) {
        marine_pair pair = i < c->envs_count ? c->envs[i] : c->mapped_dirs[i - c->envs_count];
        size_t      k    = 0;
        while (k < in->envs_count && !riv_str_eq(envs[k].key, pair.key)) k++;
        envs[k] = pair;
        if (k == in->envs_count) in->envs_count++;
    }
    in->envs = envs;
}

static riv_err load(marine_service *s, const marine_module_config *config, marine__instance *in)
{
    riv_arena_reset(s->scratch);
    in->service = s;
    in->config  = copy_config(s, config);
    in->module  = config->module;
    in->name    = in->config->name;
    make_envs(in);
    RIV_TRY(marine__files_open(in));
    RIV_TRY(instantiate(in));
    find_memory(in);
    RIV_TRY(find_abi(in));
    RIV_TRY(find_callees(in));
    RIV_TRY(start(in, RIV_LIT("_initialize")));
    return start(in, RIV_LIT("_start"));
}

/* ---- calling ---- */

static void begin(marine_service *s, const marine_call_params *params, uint64_t fuel, uint64_t ticks)
{
    if (riv_arena_used(s->scratch) > SCRATCH_KEPT_BYTES) {
        riv_arena_free(s->scratch);
        s->scratch = riv_arena_new(MARINE__VALUES_BYTES_MAX);
    } else {
        riv_arena_reset(s->scratch);
    }
    s->params               = params;
    s->error                = MARINE_NO_ERROR;
    s->fault                = (riv_fault){ 0 };
    s->exited               = false;
    s->depth                = 0;
    s->told                 = 0;
    s->budget->rejects      = 0;
    wasmtime_error_t *error = wasmtime_context_set_fuel(s->context, fuel ? fuel : MARINE_FUEL_DEFAULT);
    RIV_ASSERT(!error); /* the engine counts fuel */
    wasmtime_context_set_epoch_deadline(s->context, ticks ? ticks : TICKS_NO_DEADLINE);
}

static marine__instance *find_instance(marine_service *s, riv_str name)
{
    if (name.len == 0) return &s->instances[s->instances_count - 1];
    for (size_t i = 0; i < s->instances_count; i++)
        if (riv_str_eq(s->instances[i].name, name)) return &s->instances[i];
    return NULL;
}

static riv_err run_call(marine_service *s, const marine_call *call, riv_arena *arena, const riv_json **out)
{
    marine__instance *in = find_instance(s, call->module);
    if (!in)
        return marine__fail(s, MARINE_NOT_FOUND, "module with name '" RIV_FMT "' is missing", RIV_ARG(call->module));
    const marine__section *section = &in->module->section;
    uint32_t               adapter = marine__public_adapter(section, call->function);
    if (adapter == UINT32_MAX)
        return marine__fail(s, MARINE_NOT_FOUND, "function with name `" RIV_FMT "` is missing",
                            RIV_ARG(call->function));
    const marine__type *type = &section->types[adapter];
    marine__value      *args, value = { 0 };
    size_t              count = 0;
    riv_fault           own   = { 0 };
    if (marine__args_from_json(section, type, call->function, call->args, s->scratch, &own, &args))
        return marine__fail(s, MARINE_BAD_ARGUMENTS, "%s", own.msg);
    RIV_TRY(marine__run(in, adapter, call->function, args, type->args_count, &value, &count));
    if (!count) {
        *out = riv_json_null();
        return RIV_OK;
    }
    riv_err err = marine__value_to_json(section, &type->outputs[0], &value, arena, &own, out);
    return err ? marine__fail(s, err == RIV_E_LIMIT ? MARINE_OUT_OF_MEMORY : MARINE_TRAP, "function " RIV_FMT ": %s",
                              RIV_ARG(call->function), own.msg)
               : RIV_OK;
}

riv_err marine_service_call(marine_service *s, const marine_call *call, riv_arena *arena, riv_fault *fault,
                            marine_result *out)
{
    uint64_t        fuel = call->fuel ? call->fuel : MARINE_FUEL_DEFAULT, left = 0;
    const riv_json *value = riv_json_null();
    begin(s, &call->params, fuel, call->deadline_ticks);
    riv_err           err   = run_call(s, call, arena, &value);
    wasmtime_error_t *error = wasmtime_context_get_fuel(s->context, &left);
    RIV_ASSERT(!error);
    s->params = &no_params;
    *out      = (marine_result){ value, fuel - RIV_MIN(left, fuel), s->error };
    if (err) return riv_fail_code(fault, err, s->error, 0, "%s", s->fault.msg);
    return RIV_OK;
}

void marine_engine_tick(marine_engine *engine) { wasmtime_engine_increment_epoch(engine->wasm); }

riv_err marine__charge(marine_service *s, uint64_t units)
{
    uint64_t          left  = 0;
    wasmtime_error_t *error = wasmtime_context_get_fuel(s->context, &left);
    RIV_ASSERT(!error);
    bool enough = units <= left;
    error       = wasmtime_context_set_fuel(s->context, enough ? left - units : 0);
    RIV_ASSERT(!error);
    return enough ? RIV_OK
                  : marine__fail(s, MARINE_OUT_OF_FUEL, "out of fuel while the host did work of %llu units for it",
                                 (unsigned long long)units);
}

/* ---- failures ---- */

riv_err marine__fail(marine_service *s, marine_error_kind kind, const char *format, ...)
{
    if (s->error != MARINE_NO_ERROR) return kinds[s->error].err;
    /* SPEC marine.md 8.3: rejects > 0: the error is reported as "high probability OOM" carrying the original error */
    if ((kind == MARINE_TRAP || kind == MARINE_LOAD) && s->budget->rejects) kind = MARINE_OUT_OF_MEMORY;
    char text[2 * RIV_FAULT_MSG_BYTES]; /* longer than a fault holds: it is the fault that cuts, between characters */
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    s->error = kind;
    return riv_fail(&s->fault, kinds[kind].err, 0, "%s", text);
}

/* clang-format off */
static const char *const trap_texts[] = {
    [WASMTIME_TRAP_CODE_STACK_OVERFLOW] = "call stack exhausted",
    [WASMTIME_TRAP_CODE_MEMORY_OUT_OF_BOUNDS] = "out of bounds memory access",
    [WASMTIME_TRAP_CODE_HEAP_MISALIGNED] = "misaligned memory access",
    [WASMTIME_TRAP_CODE_TABLE_OUT_OF_BOUNDS] = "out of bounds table access",
    [WASMTIME_TRAP_CODE_INDIRECT_CALL_TO_NULL] = "call of a null function",
    [WASMTIME_TRAP_CODE_BAD_SIGNATURE] = "indirect call with another signature",
    [WASMTIME_TRAP_CODE_INTEGER_OVERFLOW] = "integer overflow",
    [WASMTIME_TRAP_CODE_INTEGER_DIVISION_BY_ZERO] = "integer divide by zero",
    [WASMTIME_TRAP_CODE_BAD_CONVERSION_TO_INTEGER] = "invalid conversion to integer",
    [WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED] = "unreachable instruction executed",
    [WASMTIME_TRAP_CODE_INTERRUPT] = "deadline passed",
    [WASMTIME_TRAP_CODE_OUT_OF_FUEL] = "out of fuel",
    [WASMTIME_TRAP_CODE_ALLOCATION_TOO_LARGE] = "allocation too large",
};
/* clang-format on */

static marine_error_kind kind_of_trap(wasmtime_trap_code_t code, marine_error_kind otherwise)
{
    switch (code) {
    case WASMTIME_TRAP_CODE_STACK_OVERFLOW: return MARINE_STACK;
    case WASMTIME_TRAP_CODE_OUT_OF_FUEL: return MARINE_OUT_OF_FUEL;
    case WASMTIME_TRAP_CODE_INTERRUPT: return MARINE_DEADLINE;
    case WASMTIME_TRAP_CODE_ALLOCATION_TOO_LARGE: return MARINE_OUT_OF_MEMORY;
    default: return otherwise;
    }
}

/* " in `strlen` at 0x1f3": the innermost frame; without a name section its index. */
static void put_place(char *out, size_t bytes, const wasm_trap_t *trap)
{
    wasm_frame_t *frame = wasm_trap_origin(trap);
    out[0]              = 0;
    if (!frame) return;
    const wasm_name_t *name   = wasmtime_frame_func_name(frame);
    size_t             offset = wasm_frame_module_offset(frame);
    if (name)
        snprintf(out, bytes, " in `%.*s` at 0x%zx", (int)RIV_MIN(name->size, (size_t)80), name->data, offset);
    else
        snprintf(out, bytes, " in function %u at 0x%zx", wasm_frame_func_index(frame), offset);
    wasm_frame_delete(frame);
}

static riv_err fail_trap(marine_service *s, marine_error_kind kind, riv_str name, const wasm_trap_t *trap)
{
    wasmtime_trap_code_t code;
    if (wasmtime_trap_code(trap, &code)) {
        const char *text = code < RIV_COUNT(trap_texts) && trap_texts[code] ? trap_texts[code] : "trap";
        char        place[128];
        put_place(place, sizeof place, trap);
        return marine__fail(s, kind_of_trap(code, kind), "function `" RIV_FMT "` failed: %s%s", RIV_ARG(name), text,
                            place);
    }
    return marine__fail(s, kind, "function `" RIV_FMT "` failed", RIV_ARG(name));
}

riv_err marine__fail_wasm(marine_service *s, marine_error_kind kind, riv_str name, wasmtime_error_t *error,
                          wasm_trap_t *trap)
{
    riv_err err = RIV_E_CONFLICT;
    if (s->exited) /* what comes back then is only the way out */
        err = marine__fail(s, kind, "function `" RIV_FMT "` failed: the module ended itself with code %u",
                           RIV_ARG(name), s->exit_code);
    if (trap) {
        err = fail_trap(s, kind, name, trap);
        wasm_trap_delete(trap);
    }
    if (error) {
        wasm_name_t text;
        wasmtime_error_message(error, &text);
        err = marine__fail(s, kind, RIV_FMT ": %.*s", RIV_ARG(name), (int)RIV_MIN(text.size, (size_t)200), text.data);
        wasm_byte_vec_delete(&text);
        wasmtime_error_delete(error);
    }
    return err;
}

wasm_trap_t *marine__trap_of(const marine_service *s)
{
    const char *text = s->fault.msg[0] ? s->fault.msg : "ended";
    return wasmtime_trap_new(text, strlen(text));
}
