/* services.c: the services of a configuration: C sources built, machine code from the cache, instances for each node.
 * Spec: docs/cli.md "Configuration", docs/spec/marine.md. Tests: tests/e2e. */
#include "cli/internal.h"

#include "host/service_toml.h"

enum {
    TICK_MS               = 10,    /* of deadlines */
    CALL_MS_DEFAULT       = 60000, /* of one call of a service, on real nodes */
    FOLDER_NAME_BYTES_MAX = 100,
    FOLDER_HASH_BYTES     = 16,
};

typedef struct loaded {
    riv_str        file;
    marine_module *module;
} loaded;

typedef struct instance { /* what one node has of its own */
    marine_service **services;
    work_env         env;
    riv_str          dir; /* of its services' files; empty: none was needed so far */
    bool             temporary;
} instance;

struct cli_services {
    riv_arena         *arena;
    marine_engine     *engine;
    marine_cache       cache;
    const cli_service *services;
    size_t             count;
    host_service_toml *tomls; /* by service: its modules, wherever they were configured */
    node_service      *nodes;
    uint64_t          *fuels;
    riv_str            log_filter; /* WASM_LOG */
    uint32_t           call_ms;
    host_ticker       *ticker; /* of the engine's deadlines; NULL: no node is real */
    RIV_VEC(loaded) modules;
    RIV_VEC(instance *) instances;
};

/* ---- modules ---- */

/* The key lies in the folder, readable to its owner alone. Without a key, or with one that others may read, nothing is kept. */
marine_cache cli_code_cache(riv_arena *arena)
{
    marine_cache cache   = { .dir = cli_cache_dir(arena, "code"), .compile = cli_compile_apart };
    riv_str      path    = host_path_join(arena, cache.dir, RIV_LIT("key"));
    bool         exposed = true;
    if (!host_file_exists(path) && !host_dir_make(cache.dir, NULL)) {
        host_key_new(&cache.key);
        if (host_key_save(path, &cache.key, NULL)) crypto_wipe(&cache.key, sizeof cache.key); /* another was first */
    }
    if (host_key_load(path, NULL, &cache.key, &exposed) || exposed) cache.dir = (riv_str){ 0 };
    return cache;
}

static const marine_module *load_module(cli *c, cli_services *s, const cli_service *service, riv_str file, int *code)
{
    riv_bytes      wasm;
    riv_fault      fault  = { 0 };
    marine_module *module = NULL;
    for (size_t i = 0; i < s->modules.len; i++)
        if (riv_str_eq(s->modules.ptr[i].file, file)) return s->modules.ptr[i].module;
    *code       = CLI_USAGE;
    riv_err err = RIV_OK;
    if (!cli_is_source(file))
        err = marine_module_open(s->engine, &s->cache, file, &fault, &module, NULL);
    else if (cli_module_build(c, file, false, s->arena, &wasm, code))
        err = marine_module_open_bytes(s->engine, &s->cache, wasm, &fault, &module, NULL);
    else
        return NULL;
    if (err == RIV_E_NOT_FOUND || err == RIV_E_IO) {
        cli_error(c, CLI_USAGE, "service '" RIV_FMT "' (" RIV_FMT "): cannot read %s", RIV_ARG(service->id),
                  RIV_ARG(service->where), fault.msg);
        return NULL;
    }
    if (err) {
        cli_error(c, CLI_USAGE, "service '" RIV_FMT "' (" RIV_FMT "): " RIV_FMT " cannot be used: %s (offset %llu)",
                  RIV_ARG(service->id), RIV_ARG(service->where), RIV_ARG(file), fault.msg,
                  (unsigned long long)fault.pos);
        if (err == RIV_E_MALFORMED)
            cli_hint(c, "expected a .wasm module of Marine, or a source (.c, .cpp, a folder of these, Cargo.toml) to "
                        "build one from");
        return NULL;
    }
    *riv_push(s->arena, &s->modules) = (loaded){ file, module };
    return module;
}

/* ---- configurations of services ---- */

/* What rivulet.toml says by itself, in the shape of a Config.toml. */
static host_service_toml own_toml(cli_services *s, const cli_service *service)
{
    host_module_toml *modules = riv_new(s->arena, host_module_toml, service->modules_count + 1);
    for (size_t i = 0; i < service->modules_count; i++)
        modules[i] = (host_module_toml){ .name           = service->modules[i].name,
                                         .file           = service->modules[i].file,
                                         .logger_enabled = service->modules[i].logger,
                                         .logging_mask   = INT32_MAX };
    return (host_service_toml){ .modules = modules, .modules_count = service->modules_count };
}

/* A program that is not allowed is told before anything runs. */
static bool check_mounted(cli *c, const cli_service *service, const host_service_toml *toml)
{
    for (size_t i = 0; i < toml->modules_count; i++) {
        const host_module_toml *m = &toml->modules[i];
        for (size_t k = 0; k < m->mounted_binaries_count; k++) {
            riv_str path = m->mounted_binaries[k].value;
            if (host_mounted_allowed(c->mounted, c->mounted_count, path)) continue;
            cli_error(c, CLI_USAGE,
                      "service '" RIV_FMT "' (" RIV_FMT "): module " RIV_FMT " mounts " RIV_FMT
                      ", which services may not run here",
                      RIV_ARG(service->id), RIV_ARG(service->where), RIV_ARG(m->name), RIV_ARG(path));
            cli_hint(c, "mounted_binaries = [\"" RIV_FMT "\"] in [node] of rivulet.toml allows it", RIV_ARG(path));
            return false;
        }
    }
    return true;
}

static bool read_toml(cli *c, cli_services *s, const cli_service *service, host_service_toml *out)
{
    riv_fault fault = { 0 };
    if (!service->config.len) return *out = own_toml(s, service), true;
    if (host_service_toml_read(service->config, s->arena, &fault, out)) {
        cli_error(c, CLI_USAGE, "service '" RIV_FMT "' (" RIV_FMT "): %s", RIV_ARG(service->id),
                  RIV_ARG(service->where), fault.msg);
        return false;
    }
    for (size_t i = 0; i < out->warnings_count; i++) cli_warn(c, RIV_FMT, RIV_ARG(out->warnings[i]));
    return check_mounted(c, service, out);
}

static bool load_service(cli *c, cli_services *s, size_t i, int *code)
{
    const cli_service *service = &s->services[i];
    s->nodes[i] =
        (node_service){ .id = service->id, .aliases = service->aliases, .aliases_count = service->aliases_count };
    s->fuels[i] = service->fuel;
    *code       = CLI_USAGE;
    if (!read_toml(c, s, service, &s->tomls[i])) return false;
    for (size_t m = 0; m < s->tomls[i].modules_count; m++)
        if (!load_module(c, s, service, s->tomls[i].modules[m].file, code)) return false;
    return true;
}

cli_services *cli_services_load(cli *c, const cli_config *config, int *code)
{
    uint32_t      call_ms = config->call_max_ms ? config->call_max_ms : CALL_MS_DEFAULT;
    riv_str       ignored;
    riv_fault     fault = { 0 };
    cli_services *s     = riv_alloc(sizeof *s);
    s->arena            = riv_arena_new(0);
    s->services         = config->services;
    s->count            = config->services_count;
    s->nodes            = riv_new(s->arena, node_service, s->count + 1);
    s->fuels            = riv_new(s->arena, uint64_t, s->count + 1);
    s->tomls            = riv_new(s->arena, host_service_toml, s->count + 1);
    s->log_filter       = host_env("WASM_LOG");
    s->call_ms          = call_ms;
    c->mounted          = config->mounted;
    c->mounted_count    = config->mounted_count;
    host_log_filter(s->log_filter, (riv_str){ 0 }, &ignored);
    if (s->count && ignored.len) cli_warn(c, "WASM_LOG: '" RIV_FMT "' says nothing", RIV_ARG(ignored));
    s->cache = s->count ? cli_code_cache(s->arena) : (marine_cache){ 0 };
    if (s->count && marine_engine_new(&fault, &s->engine)) {
        *code = cli_fault(c, &fault);
        cli_services_free(s);
        return NULL;
    }
    for (size_t i = 0; i < s->count; i++)
        if (!load_service(c, s, i, code)) {
            cli_services_free(s);
            return NULL;
        }
    return s;
}

void cli_services_free(cli_services *s)
{
    if (!s) return;
    host_ticker_stop(s->ticker);
    for (size_t i = 0; i < s->instances.len; i++) {
        const instance *in = s->instances.ptr[i];
        for (size_t k = 0; k < s->count; k++) marine_service_free(in->services[k]);
        if (in->temporary) host_dir_remove(in->dir);
    }
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

static bool needs_folder(const cli_service *service, const host_service_toml *toml)
{
    if (service->dirs_count) return true;
    for (size_t i = 0; i < toml->modules_count; i++)
        if (toml->modules[i].mapped_dirs_count || toml->modules[i].mounted_binaries_count) return true;
    return false;
}

/* Ids are any text; a folder's name is not. */
static riv_str folder_name(riv_str id, riv_arena *arena)
{
    bool plain = id.len > 0 && id.len <= FOLDER_NAME_BYTES_MAX && id.ptr[0] != '.';
    for (size_t i = 0; i < id.len && plain; i++) {
        char ch = id.ptr[i];
        plain   = (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '-' || ch == '_' || ch == '.';
    }
    if (plain) return id;
    crypto_hash hash = crypto_sha256(riv_str_bytes(id));
    riv_buf     text = riv_buf_in(arena);
    riv_put_str(&text, RIV_LIT("ID")); /* in capitals, which plain names have not */
    codec_put_hex(&text, (riv_bytes){ hash.bytes, FOLDER_HASH_BYTES });
    return riv_buf_str(&text);
}

/* Where the files of a service of this node are: they outlive the process where the node's state does. */
static riv_err service_folder(cli_services *s, instance *in, riv_str state, riv_str id, riv_fault *fault, riv_str *out)
{
    if (!in->dir.len && !state.len) {
        RIV_TRY(host_temp_dir(RIV_LIT("rivulet-services"), s->arena, fault, &in->dir));
        in->temporary = true;
    } else if (!in->dir.len) {
        in->dir = host_path_join(s->arena, state, RIV_LIT("services"));
    }
    riv_str dir = host_path_join(s->arena, in->dir, folder_name(id, s->arena));
    RIV_TRY(host_dir_make(dir, fault));
    *out = host_path_real(s->arena, dir); /* programs run in other folders than we */
    return RIV_OK;
}

static riv_err start_service(cli_services *s, size_t index, instance *in, const cli_services_node *own,
                             riv_fault *fault)
{
    const cli_service       *service = &s->services[index];
    const host_service_toml *toml    = &s->tomls[index];
    host_service_place       place   = { .service_id        = service->id,
                                         .log_filter        = s->log_filter,
                                         .envs              = service->envs,
                                         .envs_count        = service->envs_count,
                                         .mapped_dirs       = service->dirs,
                                         .mapped_dirs_count = service->dirs_count };
    marine_module_config    *modules;
    if (needs_folder(service, toml)) RIV_TRY(service_folder(s, in, own->state, service->id, fault, &place.working_dir));
    RIV_TRY(host_service_modules(toml, &place, s->arena, fault, &modules));
    for (size_t m = 0; m < toml->modules_count; m++) {
        modules[m].command_ms_max = RIV_MIN(s->call_ms, (uint32_t)MARINE_COMMAND_MS_DEFAULT);
        for (size_t i = 0; i < s->modules.len; i++)
            if (riv_str_eq(s->modules.ptr[i].file, toml->modules[m].file)) modules[m].module = s->modules.ptr[i].module;
    }
    marine_service_config config = { .modules       = modules,
                                     .modules_count = toml->modules_count,
                                     .memory_bytes_max =
                                         service->memory_bytes ? service->memory_bytes : toml->memory_bytes_max,
                                     .fuel_start = service->fuel,
                                     .env        = *own->env };
    return marine_service_new(s->engine, &config, fault, &in->services[index]);
}

static uint64_t now_us(void *ctx)
{
    (void)ctx;
    return host_clock_ns() / 1000u;
}

static void tick(void *ctx) { marine_engine_tick(ctx); }

const work_env *cli_services_env(cli *c, cli_services *s, const cli_services_node *own, int *code)
{
    riv_fault fault = { 0 };
    instance *made  = riv_new(s->arena, instance, 1);
    made->services  = riv_new(s->arena, marine_service *, s->count + 1);
    made->env       = (work_env){ .services = made->services, .services_count = s->count, .fuels = s->fuels };
    if (own->real) made->env.now_us = now_us, made->env.call_ticks = s->call_ms / TICK_MS + 1;
    *riv_push(s->arena, &s->instances) = made;
    if (own->real && s->count && !s->ticker && host_ticker_start(TICK_MS, tick, s->engine, &fault, &s->ticker)) {
        *code = cli_fault(c, &fault);
        return NULL;
    }
    for (size_t i = 0; i < s->count; i++) {
        const cli_service *service = &s->services[i];
        if (!start_service(s, i, made, own, &fault)) continue;
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

static riv_err world_command(void *ctx, const marine_command *command, riv_arena *arena, riv_fault *fault,
                             marine_output *out)
{
    const cli *c = ctx;
    return host_mounted_run(c->mounted, c->mounted_count, command, arena, fault, out);
}

marine_env cli_world_env(cli *c)
{
    return (marine_env){ .ctx     = c,
                         .now_ns  = world_now_ns,
                         .random  = world_random,
                         .log     = world_log,
                         .output  = world_output,
                         .command = world_command };
}
