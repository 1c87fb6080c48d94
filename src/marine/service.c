/* service.c: instances of modules in one store: making, starting, freeing, looking at.
 * Modules load in their order, each sees only those before it; the last one is the facade.
 * Spec: docs/spec/marine.md 1, 6. Tests: service_test.c, limits_test.c. */
#include "marine/internal.h"

enum {
    TABLES_MAX         = 8,       /* for each module; compilers make one or two */
    TABLE_ELEMENTS_MAX = 1 << 17, /* of each; at 8 bytes outside the memory budget */
};

static const marine_call_params no_params;

/* ---- making a service ---- */

static riv_err check_config(marine_service *s, const marine_service_config *config)
{
    if (config->modules_count == 0) return marine__fail(s, MARINE_LOAD, "config should contain at least one module");
    if (config->modules_count > MARINE_MODULES_MAX)
        return marine__fail(s, MARINE_LOAD, "%zu modules, the limit is %d", config->modules_count, MARINE_MODULES_MAX);
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
    s->fuel_start        = config->fuel_start ? config->fuel_start : MARINE_FUEL_DEFAULT;
    marine__begin(s, &no_params, s->fuel_start, 0);

    riv_err err = check_config(s, config);
    for (size_t i = 0; !err && i < config->modules_count; i++) {
        err = marine__instance_new(s, &config->modules[i], i, &s->instances[i]);
        if (!err) s->instances_count++;
    }
    marine__count(s, false, marine__fuel_used(s, s->fuel_start));
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
    RIV_ASSERT(!s->entered); /* what runs would go on in memory that is gone */
    while (s->instances_count > 0) marine__instance_free(s->instances[--s->instances_count]);
    wasmtime_store_delete(s->store); /* writes into the budget's books, which live in the arena */
    marine__root_free(s);
    riv_arena_free(s->scratch);
    riv_arena_free(s->arena);
    riv_free(s);
}

/* ---- looking at it ---- */

uint64_t marine_service_memory(const marine_service *s) { return s->budget->bytes; }

void marine__count(marine_service *s, bool is_call, uint64_t fuel_used)
{
    bool failed = s->error != MARINE_NO_ERROR;
    s->calls += is_call;
    s->failed_calls += is_call && failed;
    if (__builtin_add_overflow(s->fuel_used, fuel_used, &s->fuel_used)) s->fuel_used = UINT64_MAX;
    if (!failed) s->budget->rejects = 0;
    if (failed) marine__stack_restore(s);
}

void marine_service_stats(const marine_service *s, riv_arena *arena, marine_stats *out)
{
    marine_module_stats *modules = riv_new(arena, marine_module_stats, s->instances_count);
    for (size_t i = 0; i < s->instances_count; i++) {
        const marine__instance *in = s->instances[i];
        modules[i] =
            (marine_module_stats){ riv_str_dup(arena, in->name), in->module,
                                   in->component ? marine__component_memory(in) : marine__linear_bytes(in->linear) };
    }
    *out = (marine_stats){
        .modules            = modules,
        .modules_count      = s->instances_count,
        .memory_bytes       = s->budget->bytes,
        .memory_bytes_max   = s->budget->bytes_max,
        .allocation_rejects = s->budget->rejects,
        .calls              = s->calls,
        .failed_calls       = s->failed_calls,
        .fuel_used          = s->fuel_used,
    };
}

/* ---- instances ---- */

static const marine_pair *copy_pairs(riv_arena *arena, const marine_pair *pairs, size_t count)
{
    marine_pair *copy = riv_new(arena, marine_pair, count);
    for (size_t i = 0; i < count; i++)
        copy[i] = (marine_pair){ riv_str_dup(arena, pairs[i].key), riv_str_dup(arena, pairs[i].value) };
    return copy;
}

static const marine_module_config *copy_config(riv_arena *arena, const marine_module_config *c)
{
    marine_module_config *copy = riv_new(arena, marine_module_config, 1);
    *copy                      = *c;
    copy->name                 = riv_str_dup(arena, c->name);
    copy->command_dir          = riv_str_dup(arena, c->command_dir);
    copy->envs                 = copy_pairs(arena, c->envs, c->envs_count);
    copy->mapped_dirs          = copy_pairs(arena, c->mapped_dirs, c->mapped_dirs_count);
    copy->mounted_binaries     = copy_pairs(arena, c->mounted_binaries, c->mounted_binaries_count);
    return copy;
}

static riv_err instantiate(marine__instance *in)
{
    marine_service       *s = in->service;
    wasm_importtype_vec_t types;
    wasmtime_module_imports(in->module->code, &types);
    wasmtime_extern_t *imports = riv_new(s->scratch, wasmtime_extern_t, types.size);
    size_t             count   = types.size;
    riv_err            err     = marine__bind_imports(in, &types, imports);
    wasm_importtype_vec_delete(&types);
    if (err) return err;
    wasm_trap_t *trap = NULL;
    s->made++;
    s->budget->made = NULL;
    wasmtime_store_limiter(s->store, -1, TABLE_ELEMENTS_MAX, s->made, TABLES_MAX * (int64_t)s->made, s->made);
    marine__budget_enter(s->budget);
    marine__image_enter(in->module->image, s->engine);
    wasmtime_error_t *error = wasmtime_instance_new(s->context, in->module->code, imports, count, &in->handle, &trap);
    marine__budget_enter(NULL);
    marine__image_enter(NULL, s->engine);
    in->linear = s->budget->made; /* also where the instance failed: it has its memory until the store goes */
    return error || trap ? marine__fail_wasm(in, MARINE_LOAD, in->name, error, trap) : RIV_OK;
}

/* _initialize and _start; a module that ends itself with proc_exit(0) has started well. */
static riv_err start(marine__instance *in, riv_str name)
{
    marine_service    *s      = in->service;
    marine__core      *core   = NULL;
    wasmtime_val_raw_t raw[1] = { 0 };
    RIV_TRY(marine__find_core(in, name, &core));
    if (!core) return RIV_OK;
    if (core->params_count || core->has_result)
        return marine__fail(s, MARINE_LINK, "module " RIV_FMT ": " RIV_FMT " takes or gives values", RIV_ARG(in->name),
                            RIV_ARG(name));
    riv_err err = marine__call_core(in, core, raw);
    if (!err || !s->exited || s->exit_code) return err;
    marine__stack_restore(s);
    marine__stack_restore_one(in);
    s->exited = false;
    s->error  = MARINE_NO_ERROR;
    s->fault  = (riv_fault){ 0 };
    return RIV_OK;
}

/* SPEC marine.md 6: every mapped dir also becomes an env var: name = alias, value = host path; later ones override */
static void make_envs(marine__instance *in)
{
    const marine_module_config *c    = in->config;
    marine_pair                *envs = riv_new(in->arena, marine_pair, c->envs_count + c->mapped_dirs_count);
    for (size_t i = 0; i < c->envs_count + c->mapped_dirs_count; i++) {
        marine_pair pair = i < c->envs_count ? c->envs[i] : c->mapped_dirs[i - c->envs_count];
        size_t      k    = 0;
        while (k < in->envs_count && !riv_str_eq(envs[k].key, pair.key)) k++;
        envs[k] = pair;
        if (k == in->envs_count) in->envs_count++;
    }
    in->envs = envs;
}

static riv_err load(marine__instance *in)
{
    if (in->module->component) return marine__component_start(in);
    RIV_TRY(marine__files_open(in));
    RIV_TRY(instantiate(in));
    RIV_TRY(marine__bind_exports(in));
    marine__stack_note(in);
    RIV_TRY(start(in, RIV_LIT("_initialize")));
    RIV_TRY(start(in, RIV_LIT("_start")));
    marine__stack_note(in); /* a start may keep some of it for good */
    return RIV_OK;
}

riv_err marine__instance_new(marine_service *s, const marine_module_config *config, size_t place,
                             marine__instance **out)
{
    riv_arena        *arena = riv_arena_new(0);
    marine__instance *in    = riv_new(arena, marine__instance, 1);
    riv_arena_reset(s->scratch);
    in->service = s;
    in->arena   = arena;
    in->place   = place;
    in->config  = copy_config(arena, config);
    in->module  = config->module;
    in->name    = in->config->name;
    make_envs(in);
    riv_err err = load(in);
    if (err)
        marine__instance_free(in);
    else
        *out = in;
    return err;
}

void marine__instance_free(marine__instance *in)
{
    marine__files_close(in->files);
    marine__linear_release(in->linear);
    marine__pages_free(in->pages);
    marine__component_stop(in);
    riv_arena_free(in->arena);
}
