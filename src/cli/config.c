/* config.c: rivulet.toml: services of a node and how it runs. A key that is unknown or of the wrong kind is an error with its place
 * and the nearest key. Spec: docs/cli.md "Configuration". Tests: config_test.c. */
#include "cli/internal.h"

/* ---- services ---- */

static riv_err read_module(host_doc *d, const riv_json *table, riv_str base, cli_module *out)
{
    static const riv_str keys[] = { RIV_LIT_INIT("name"), RIV_LIT_INIT("file"), RIV_LIT_INIT("logger") };
    if (table->kind != RIV_JSON_OBJ)
        return host_doc_fail(d, base, "a module is a table with the keys name, file and logger");
    RIV_TRY(host_doc_keys(d, table, base, "modules", keys, RIV_COUNT(keys)));
    RIV_TRY(host_doc_text(d, table, base, "name", &out->name));
    RIV_TRY(host_doc_text(d, table, base, "file", &out->file));
    out->logger = true;
    RIV_TRY(host_doc_bool(d, table, base, "logger", &out->logger));
    if (out->file.len == 0) return host_doc_fail(d, base, "the module has no 'file'");
    if (out->name.len == 0) out->name = host_path_stem(out->file);
    out->file = host_path_join(d->arena, host_path_dir(d->path), out->file);
    return RIV_OK;
}

static riv_err read_modules(host_doc *d, const riv_json *table, riv_str base, cli_service *out)
{
    riv_str         single = { 0 };
    const riv_json *list   = riv_json_get(table, RIV_LIT("modules"));
    RIV_TRY(host_doc_text(d, table, base, "module", &single));
    if ((single.len > 0) == (list != NULL))
        return host_doc_fail(d, base, "service '" RIV_FMT "' needs either 'module', 'modules' or 'config'",
                             RIV_ARG(out->id));
    if (list && (list->kind != RIV_JSON_ARR || list->arr.count == 0))
        return host_doc_fail(d, host_doc_sub(d, base, RIV_LIT("modules")),
                             "'modules' is a list of tables with name and file; the last is the facade");
    out->modules_count  = list ? list->arr.count : 1;
    cli_module *modules = riv_new(d->arena, cli_module, out->modules_count);
    if (!list)
        modules[0] =
            (cli_module){ host_path_stem(single), host_path_join(d->arena, host_path_dir(d->path), single), true };
    for (size_t i = 0; list && i < list->arr.count; i++) {
        riv_str at = riv_format(d->arena, RIV_FMT ".modules[%zu]", RIV_ARG(base), i);
        RIV_TRY(read_module(d, list->arr.items[i], at, &modules[i]));
    }
    out->modules = modules;
    return RIV_OK;
}

static riv_err read_service(host_doc *d, const riv_json *table, riv_str base, cli_service *out)
{
    static const riv_str keys[] = { RIV_LIT_INIT("id"),      RIV_LIT_INIT("module"), RIV_LIT_INIT("modules"),
                                    RIV_LIT_INIT("aliases"), RIV_LIT_INIT("memory"), RIV_LIT_INIT("fuel"),
                                    RIV_LIT_INIT("config"),  RIV_LIT_INIT("envs"),   RIV_LIT_INIT("mapped_dirs") };
    if (table->kind != RIV_JSON_OBJ) return host_doc_fail(d, base, "a service is a table: [[service]]");
    RIV_TRY(host_doc_keys(d, table, base, "[[service]]", keys, RIV_COUNT(keys)));
    RIV_TRY(host_doc_text(d, table, base, "id", &out->id));
    if (out->id.len == 0) return host_doc_fail(d, base, "the service has no 'id'");
    RIV_TRY(host_doc_text(d, table, base, "config", &out->config));
    if (!out->config.len) RIV_TRY(read_modules(d, table, base, out));
    if (out->config.len && (riv_json_get(table, RIV_LIT("module")) || riv_json_get(table, RIV_LIT("modules"))))
        return host_doc_fail(d, host_doc_sub(d, base, RIV_LIT("config")),
                             "service '" RIV_FMT "' has its modules from 'config'; 'module' and 'modules' are to go",
                             RIV_ARG(out->id));
    if (out->config.len) out->config = host_path_join(d->arena, host_path_dir(d->path), out->config);
    RIV_TRY(host_doc_texts(d, table, base, "aliases", &out->aliases, &out->aliases_count));
    RIV_TRY(host_doc_pairs(d, table, base, "envs", &out->envs, &out->envs_count));
    RIV_TRY(host_doc_pairs(d, table, base, "mapped_dirs", &out->dirs, &out->dirs_count));
    RIV_TRY(host_doc_size(d, table, base, "memory", &out->memory_bytes));
    RIV_TRY(host_doc_number(d, table, base, "fuel", INT64_MAX, &out->fuel));
    out->where = riv_format(d->arena, RIV_FMT ":%u", RIV_ARG(d->path), host_toml_place(&d->toml, base).line);
    return RIV_OK;
}

static riv_err read_services(host_doc *d, const riv_json *list, cli_config *out)
{
    if (!list) return RIV_OK;
    if (list->kind != RIV_JSON_ARR)
        return host_doc_fail(d, RIV_LIT("service"), "services are written as [[service]], with two brackets");
    cli_service *services = riv_new(d->arena, cli_service, list->arr.count + 1);
    for (size_t i = 0; i < list->arr.count; i++) {
        riv_str at = riv_format(d->arena, "service[%zu]", i);
        RIV_TRY(read_service(d, list->arr.items[i], at, &services[i]));
        for (size_t k = 0; k < i; k++)
            if (riv_str_eq(services[k].id, services[i].id))
                return host_doc_fail(d, host_doc_sub(d, at, RIV_LIT("id")), "there are two services '" RIV_FMT "'",
                                     RIV_ARG(services[i].id));
    }
    out->services       = services;
    out->services_count = list->arr.count;
    return RIV_OK;
}

/* ---- the node ---- */

static riv_err read_node(host_doc *d, const riv_json *table, cli_config *out)
{
    static const riv_str keys[] = { RIV_LIT_INIT("listen"),          RIV_LIT_INIT("peers"),
                                    RIV_LIT_INIT("state"),           RIV_LIT_INIT("key"),
                                    RIV_LIT_INIT("ttl_max"),         RIV_LIT_INIT("call_max"),
                                    RIV_LIT_INIT("mounted_binaries") };
    riv_str              base   = RIV_LIT("node");
    uint64_t             ttl = 0, call = 0;
    if (!table) return RIV_OK;
    if (table->kind != RIV_JSON_OBJ) return host_doc_fail(d, base, "'node' is a table: [node]");
    RIV_TRY(host_doc_keys(d, table, base, "[node]", keys, RIV_COUNT(keys)));
    RIV_TRY(host_doc_texts(d, table, base, "listen", &out->listen, &out->listen_count));
    RIV_TRY(host_doc_texts(d, table, base, "peers", &out->peers, &out->peers_count));
    RIV_TRY(host_doc_text(d, table, base, "state", &out->state));
    RIV_TRY(host_doc_text(d, table, base, "key", &out->key));
    RIV_TRY(host_doc_number(d, table, base, "ttl_max", UINT32_MAX, &ttl));
    RIV_TRY(host_doc_number(d, table, base, "call_max", UINT32_MAX, &call));
    RIV_TRY(host_doc_texts(d, table, base, "mounted_binaries", &out->mounted, &out->mounted_count));
    for (size_t i = 0; i < out->mounted_count; i++)
        if (out->mounted[i].len == 0 || out->mounted[i].ptr[0] != '/')
            return host_doc_fail(d, host_doc_sub(d, base, RIV_LIT("mounted_binaries")),
                                 "'mounted_binaries' lists programs by their whole paths, not '" RIV_FMT "'",
                                 RIV_ARG(out->mounted[i]));
    out->ttl_max_ms  = (uint32_t)ttl;
    out->call_max_ms = (uint32_t)call;
    if (out->state.len) out->state = host_path_join(d->arena, host_path_dir(d->path), out->state);
    if (out->key.len) out->key = host_path_join(d->arena, host_path_dir(d->path), out->key);
    return RIV_OK;
}

riv_err cli_config_parse(riv_str path, riv_str text, riv_arena *arena, riv_fault *fault, cli_config *out)
{
    static const riv_str keys[] = { RIV_LIT_INIT("service"), RIV_LIT_INIT("node") };
    host_doc             d      = { 0 };
    cli_config           made   = { .path = path };
    RIV_TRY(host_doc_parse(path, text, arena, fault, &d));
    if (riv_json_get(d.toml.root, RIV_LIT("module"))) /* the other kind of configuration */
        return host_doc_fail(&d, RIV_LIT("module"),
                             "this describes one service: [[service]] of rivulet.toml names it by config = \"FILE\", "
                             "--service by ID=FILE");
    RIV_TRY(host_doc_keys(&d, d.toml.root, (riv_str){ 0 }, "the configuration", keys, RIV_COUNT(keys)));
    RIV_TRY(read_services(&d, riv_json_get(d.toml.root, RIV_LIT("service")), &made));
    RIV_TRY(read_node(&d, riv_json_get(d.toml.root, RIV_LIT("node")), &made));
    *out = made;
    return RIV_OK;
}

/* ---- from the command line ---- */

/* --service ID=FILE: added, or in place of the configured one. */
static bool add_given(cli *c, cli_config *config)
{
    size_t         count;
    const riv_str *given    = cli_values(c, "service", &count);
    cli_service   *services = riv_new(c->arena, cli_service, config->services_count + count + 1);
    size_t         used     = config->services_count;
    if (used) memcpy(services, config->services, used * sizeof *services);
    for (size_t i = 0; i < count; i++) {
        size_t at = riv_str_find_char(given[i], '=', 0), place = 0;
        if (at == SIZE_MAX || at == 0 || at + 1 == given[i].len) {
            cli_error(c, CLI_USAGE, "--service takes ID=FILE, not '" RIV_FMT "'", RIV_ARG(given[i]));
            return false;
        }
        riv_str     id = riv_str_sub(given[i], 0, at), file = riv_str_sub(given[i], at + 1, given[i].len);
        cli_module *module = riv_new(c->arena, cli_module, 1);
        *module            = (cli_module){ host_path_stem(file), file, true };
        while (place < used && !riv_str_eq(services[place].id, id)) place++;
        services[place] =
            (cli_service){ .id = id, .modules = module, .modules_count = 1, .where = RIV_LIT("--service") };
        if (riv_str_ends(file, RIV_LIT(".toml"))) services[place].config = file;
        used = RIV_MAX(used, place + 1);
    }
    config->services       = services;
    config->services_count = used;
    return true;
}

bool cli_config_load(cli *c, riv_str beside, cli_config *out, int *code)
{
    riv_str   text, path = cli_value(c, "config");
    riv_fault fault = { 0 };
    *code           = CLI_USAGE;
    if (path.len == 0 && beside.len) {
        riv_str near = host_path_join(c->arena, host_path_dir(beside), RIV_LIT("rivulet.toml"));
        if (host_file_exists(near)) path = near;
    }
    if (path.len) {
        if (!cli_read_text(c, path, &text)) return false;
        if (cli_config_parse(path, text, c->arena, &fault, out)) {
            cli_fault(c, &fault);
            return false;
        }
    }
    return add_given(c, out);
}
