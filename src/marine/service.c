/* service.c: instances of modules in one store: making, starting, freeing.
 * Modules load in their order, each sees only those before it; the last one is the facade.
 * Spec: docs/spec/marine.md 1, 6. Tests: service_test.c, limits_test.c. */
#include "marine/internal.h"

enum {
    TABLES_MAX         = 2 * MARINE_MODULES_MAX,
    TABLE_ELEMENTS_MAX = 1 << 17, /* of each; at 8 bytes outside the memory budget */
};

static const marine_call_params no_params;

static riv_err instance_new(marine_service *s, const marine_module_config *config, size_t place,
                            marine__instance **out);
static void    instance_free(marine__instance *in);

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
    wasmtime_store_limiter(s->store, -1, TABLE_ELEMENTS_MAX, MARINE_MODULES_MAX, TABLES_MAX, MARINE_MODULES_MAX);
    marine__begin(s, &no_params, config->fuel_start, 0);

    riv_err err = check_config(s, config);
    for (size_t i = 0; !err && i < config->modules_count; i++) {
        err = instance_new(s, &config->modules[i], i, &s->instances[i]);
        if (!err) s->instances_count++;
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
    wasmtime_store_delete(s->store); /* gives the memories back to the budget's books, which live in the arena */
    while (s->instances_count > 0) instance_free(s->instances[--s->instances_count]);
    riv_arena_free(s->scratch);
    riv_arena_free(s->arena);
    riv_free(s);
}

uint64_t marine_service_memory(const marine_service *s) { return s->budget->bytes; }

static const marine_module_config *copy_config(riv_arena *arena, const marine_module_config *c)
{
    marine_module_config *copy = riv_new(arena, marine_module_config, 1);
    marine_pair          *envs = riv_new(arena, marine_pair, c->envs_count),
                *dirs          = riv_new(arena, marine_pair, c->mapped_dirs_count);
    for (size_t i = 0; i < c->envs_count; i++)
        envs[i] = (marine_pair){ riv_str_dup(arena, c->envs[i].key), riv_str_dup(arena, c->envs[i].value) };
    for (size_t i = 0; i < c->mapped_dirs_count; i++)
        dirs[i] =
            (marine_pair){ riv_str_dup(arena, c->mapped_dirs[i].key), riv_str_dup(arena, c->mapped_dirs[i].value) };
    *copy             = *c;
    copy->name        = riv_str_dup(arena, c->name);
    copy->envs        = envs;
    copy->mapped_dirs = dirs;
    return copy;
}

/* ---- instances ---- */

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
    marine__budget_enter(s->budget);
    wasmtime_error_t *error = wasmtime_instance_new(s->context, in->module->code, imports, count, &in->handle, &trap);
    marine__budget_enter(NULL);
    return error || trap ? marine__fail_wasm(s, MARINE_LOAD, in->name, error, trap) : RIV_OK;
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
    RIV_TRY(marine__files_open(in));
    RIV_TRY(instantiate(in));
    RIV_TRY(marine__bind_exports(in));
    RIV_TRY(start(in, RIV_LIT("_initialize")));
    return start(in, RIV_LIT("_start"));
}

static riv_err instance_new(marine_service *s, const marine_module_config *config, size_t place, marine__instance **out)
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
        instance_free(in);
    else
        *out = in;
    return err;
}

/* Its code is never run again: nobody but importers, who are gone or call another, had a way to it. */
static void instance_free(marine__instance *in)
{
    marine__files_close(in->files);
    riv_arena_free(in->arena);
}
