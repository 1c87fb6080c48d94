/* services.c: the services of a configuration: C sources built, machine code from the cache, instances for each node.
 * Spec: docs/cli.md "Configuration", docs/spec/marine.md. Tests: tests/e2e. */
#include "cli/internal.h"

typedef struct loaded {
    riv_str        file;
    marine_module *module;
} loaded;

typedef struct instance { /* what one node has of its own */
    marine_service **services;
    work_env         env;
} instance;

struct cli_services {
    riv_arena         *arena;
    marine_engine     *engine;
    marine_cache       cache;
    const cli_service *services;
    size_t             count;
    node_service      *nodes;
    uint64_t          *fuels;
    RIV_VEC(loaded) modules;
    RIV_VEC(instance *) instances;
};

/* ---- modules ---- */

/* The key lies in the folder, readable to its owner alone. Without a key, or with one that others may read, nothing is kept. */
marine_cache cli_code_cache(riv_arena *arena)
{
    marine_cache cache   = { .dir = cli_cache_dir(arena, "code") };
    riv_str      path    = host_path_join(arena, cache.dir, RIV_LIT("key"));
    bool         exposed = true;
    if (!host_file_exists(path) && !host_dir_make(cache.dir, NULL)) {
        host_key_new(&cache.key);
        if (host_key_save(path, &cache.key, NULL)) crypto_wipe(&cache.key, sizeof cache.key); /* another was first */
    }
    if (host_key_load(path, NULL, &cache.key, &exposed) || exposed) cache.dir = (riv_str){ 0 };
    return cache;
}

static bool is_source(riv_str file) { return riv_str_ends(file, RIV_LIT(".c")) || host_is_dir(file); }

static const marine_module *load_module(cli *c, cli_services *s, const cli_service *service, riv_str file, int *code)
{
    riv_bytes      wasm;
    riv_fault      fault  = { 0 };
    marine_module *module = NULL;
    for (size_t i = 0; i < s->modules.len; i++)
        if (riv_str_eq(s->modules.ptr[i].file, file)) return s->modules.ptr[i].module;
    *code       = CLI_USAGE;
    riv_err err = RIV_OK;
    if (!is_source(file))
        err = marine_module_open(s->engine, &s->cache, file, &fault, &module, NULL);
    else if (cli_module_build(c, file, false, s->arena, &wasm, code))
        err = marine_module_open_bytes(s->engine, &s->cache, wasm, &fault, &module, NULL);
    else
        return NULL;
    if (err == RIV_E_NOT_FOUND || err == RIV_E_IO) {
        cli_error(c, CLI_USAGE, "service '" RIV_FMT "' (" RIV_FMT "): %s", RIV_ARG(service->id),
                  RIV_ARG(service->where), fault.msg);
        return NULL;
    }
    if (err) {
        cli_error(c, CLI_USAGE, "service '" RIV_FMT "' (" RIV_FMT "): " RIV_FMT " cannot be used: %s (offset %llu)",
                  RIV_ARG(service->id), RIV_ARG(service->where), RIV_ARG(file), fault.msg,
                  (unsigned long long)fault.pos);
        if (err == RIV_E_MALFORMED) cli_hint(c, "expected a .wasm module of Marine, or a .c source to build one from");
        return NULL;
    }
    *riv_push(s->arena, &s->modules) = (loaded){ file, module };
    return module;
}

cli_services *cli_services_load(cli *c, const cli_config *config, int *code)
{
    riv_fault     fault = { 0 };
    cli_services *s     = riv_alloc(sizeof *s);
    s->arena            = riv_arena_new(0);
    s->services         = config->services;
    s->count            = config->services_count;
    s->nodes            = riv_new(s->arena, node_service, s->count + 1);
    s->fuels            = riv_new(s->arena, uint64_t, s->count + 1);
    s->cache            = s->count ? cli_code_cache(s->arena) : (marine_cache){ 0 };
    if (s->count && marine_engine_new(&fault, &s->engine)) {
        *code = cli_fault(c, &fault);
        cli_services_free(s);
        return NULL;
    }
    for (size_t i = 0; i < s->count; i++) {
        const cli_service *service = &s->services[i];
        s->nodes[i] =
            (node_service){ .id = service->id, .aliases = service->aliases, .aliases_count = service->aliases_count };
        s->fuels[i] = service->fuel;
        for (size_t m = 0; m < service->modules_count; m++)
            if (!load_module(c, s, service, service->modules[m].file, code)) {
                cli_services_free(s);
                return NULL;
            }
    }
    return s;
}

void cli_services_free(cli_services *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->instances.len; i++)
        for (size_t k = 0; k < s->count; k++) marine_service_free(s->instances.ptr[i]->services[k]);
    for (size_t i = 0; i < s->modules.len; i++) marine_module_free(s->modules.ptr[i].module);
    if (s->engine) marine_engine_free(s->engine);
    crypto_wipe(&s->cache.key, sizeof s->cache.key);
    riv_arena_free(s->arena);
    riv_free(s);
}

const node_service *cli_services_nodes(const cli_services *s, size_t *count)
{
    *count = s->count;
    return s->nodes;
}

/* ---- instances ---- */

static riv_err start_service(cli_services *s, const cli_service *service, const marine_env *env, riv_fault *fault,
                             marine_service **out)
{
    marine_module_config *modules = riv_new(s->arena, marine_module_config, service->modules_count);
    for (size_t m = 0; m < service->modules_count; m++) {
        const cli_module *from = &service->modules[m];
        modules[m] =
            (marine_module_config){ .name = from->name, .logger_enabled = from->logger, .logging_mask = INT32_MAX };
        for (size_t i = 0; i < s->modules.len; i++)
            if (riv_str_eq(s->modules.ptr[i].file, from->file)) modules[m].module = s->modules.ptr[i].module;
    }
    marine_service_config config = { .modules          = modules,
                                     .modules_count    = service->modules_count,
                                     .memory_bytes_max = service->memory_bytes,
                                     .fuel_start       = service->fuel,
                                     .env              = *env };
    return marine_service_new(s->engine, &config, fault, out);
}

static uint64_t now_us(void *ctx)
{
    (void)ctx;
    return host_clock_ns() / 1000u;
}

const work_env *cli_services_env(cli *c, cli_services *s, const marine_env *env, bool measure, int *code)
{
    riv_fault fault = { 0 };
    instance *made  = riv_new(s->arena, instance, 1);
    made->services  = riv_new(s->arena, marine_service *, s->count + 1);
    made->env       = (work_env){
              .services = made->services, .services_count = s->count, .now_us = measure ? now_us : NULL, .fuels = s->fuels
    };
    *riv_push(s->arena, &s->instances) = made;
    for (size_t i = 0; i < s->count; i++) {
        const cli_service *service = &s->services[i];
        if (!start_service(s, service, env, &fault, &made->services[i])) continue;
        *code = cli_error(c, CLI_USAGE, "service '" RIV_FMT "' (" RIV_FMT ") does not start: %s", RIV_ARG(service->id),
                          RIV_ARG(service->where), fault.msg);
        return NULL;
    }
    return &made->env;
}

/* ---- what modules see of the real world ---- */

static uint64_t world_now_ns(void *ctx)
{
    (void)ctx;
    return host_now_us() * 1000u;
}

static void world_random(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    host_entropy(out, len);
}

static void world_log(void *ctx, riv_str module, int32_t level, riv_str text)
{
    cli          *c     = ctx;
    riv_log_level to    = level <= 1   ? RIV_LOG_ERROR
                          : level == 2 ? RIV_LOG_WARN
                          : level == 3 ? RIV_LOG_INFO
                                       : RIV_LOG_DEBUG;
    riv_log_field all[] = { LOG_STR("module", module), LOG_STR("text", text) };
    riv_log_write(&c->log.sink, to, "module.log", all, RIV_COUNT(all));
}

static void world_output(void *ctx, riv_str module, bool is_stderr, riv_str text)
{
    cli *c = ctx;
    LOG_INFO(&c->log.sink, is_stderr ? "module.stderr" : "module.stdout", LOG_STR("module", module),
             LOG_STR("text", text));
}

marine_env cli_world_env(cli *c)
{
    return (marine_env){
        .ctx = c, .now_ns = world_now_ns, .random = world_random, .log = world_log, .output = world_output
    };
}
