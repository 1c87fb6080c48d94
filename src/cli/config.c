/* config.c: rivulet.toml: services of a node and how it runs. A key that is unknown or of the wrong kind is an error with its place
 * and the nearest key. Spec: docs/cli.md "Configuration". Tests: config_test.c. */
#include "cli/internal.h"

typedef struct reader {
    riv_str    path, dir;
    host_toml  toml;
    riv_arena *arena;
    riv_fault *fault;
} reader;

/* ---- errors with places ---- */

static riv_err fail_at(reader *r, riv_str key_path, const char *format, ...) RIV_PRINTF(3, 4);

static riv_err fail_at(reader *r, riv_str key_path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    riv_str    text = riv_vformat(r->arena, format, args);
    host_place at   = host_toml_place(&r->toml, key_path);
    va_end(args);
    return riv_fail(r->fault, RIV_E_MALFORMED, 0, RIV_FMT ":%u:%u: " RIV_FMT, RIV_ARG(r->path), at.line, at.col,
                    RIV_ARG(text));
}

static riv_str sub_path(reader *r, riv_str base, riv_str key)
{
    return base.len ? riv_format(r->arena, RIV_FMT "." RIV_FMT, RIV_ARG(base), RIV_ARG(key)) : key;
}

static riv_err known_keys(reader *r, const riv_json *table, riv_str base, const char *where, const riv_str *keys,
                          size_t count)
{
    for (size_t i = 0; i < table->obj.count; i++) {
        riv_str key  = table->obj.members[i].key;
        bool    good = false;
        for (size_t k = 0; k < count; k++) good = good || riv_str_eq(key, keys[k]);
        if (good) continue;
        size_t near = riv_nearest(key, keys, count);
        if (near == SIZE_MAX)
            return fail_at(r, sub_path(r, base, key), "unknown key '" RIV_FMT "' in %s", RIV_ARG(key), where);
        return fail_at(r, sub_path(r, base, key), "unknown key '" RIV_FMT "' in %s; did you mean '" RIV_FMT "'?",
                       RIV_ARG(key), where, RIV_ARG(keys[near]));
    }
    return RIV_OK;
}

/* ---- values ---- */

static riv_err get_text(reader *r, const riv_json *table, riv_str base, const char *key, riv_str *out)
{
    const riv_json *v = riv_json_get(table, riv_str_c(key));
    if (!v) return RIV_OK;
    if (v->kind != RIV_JSON_STR)
        return fail_at(r, sub_path(r, base, riv_str_c(key)), "'%s' is a text, not a %s", key, riv_json_kind_name(v));
    *out = v->str;
    return RIV_OK;
}

/* One text or an array of them. */
static riv_err get_texts(reader *r, const riv_json *table, riv_str base, const char *key, const riv_str **out,
                         size_t *count)
{
    const riv_json *v     = riv_json_get(table, riv_str_c(key));
    RIV_VEC(riv_str) list = { 0 };
    if (!v) return RIV_OK;
    if (v->kind == RIV_JSON_STR)
        *riv_push(r->arena, &list) = v->str;
    else if (v->kind != RIV_JSON_ARR)
        return fail_at(r, sub_path(r, base, riv_str_c(key)), "'%s' is a list of texts, not a %s", key,
                       riv_json_kind_name(v));
    for (size_t i = 0; v->kind == RIV_JSON_ARR && i < v->arr.count; i++) {
        if (v->arr.items[i]->kind != RIV_JSON_STR)
            return fail_at(r, sub_path(r, base, riv_str_c(key)), "'%s' is a list of texts; item %zu is a %s", key,
                           i + 1, riv_json_kind_name(v->arr.items[i]));
        *riv_push(r->arena, &list) = v->arr.items[i]->str;
    }
    *out   = list.ptr;
    *count = list.len;
    return RIV_OK;
}

riv_err cli_size_parse(riv_str text, uint64_t *bytes)
{
    static const struct {
        const char *unit;
        uint64_t    factor;
    } units[] = {
        { "", 1 },          { "B", 1 },     { "KiB", 1 << 10 }, { "MiB", 1 << 20 },
        { "GiB", 1 << 30 }, { "KB", 1000 }, { "MB", 1000000 },  { "GB", 1000000000 },
    };
    size_t digits = 0;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9') digits++;
    riv_str  unit = riv_str_trim(riv_str_sub(text, digits, text.len));
    uint64_t n, v;
    if (!riv_str_u64(riv_str_sub(text, 0, digits), &n)) return RIV_E_MALFORMED;
    for (size_t i = 0; i < RIV_COUNT(units); i++) {
        if (!riv_str_eq(unit, riv_str_c(units[i].unit))) continue;
        if (__builtin_mul_overflow(n, units[i].factor, &v)) return RIV_E_LIMIT;
        *bytes = v;
        return RIV_OK;
    }
    return RIV_E_MALFORMED;
}

static riv_err get_size(reader *r, const riv_json *table, riv_str base, const char *key, uint64_t *out)
{
    const riv_json *v = riv_json_get(table, riv_str_c(key));
    if (!v) return RIV_OK;
    if (v->kind == RIV_JSON_U64 && v->u64 > 0) return *out = v->u64, RIV_OK;
    if (v->kind == RIV_JSON_STR && !cli_size_parse(v->str, out) && *out > 0) return RIV_OK;
    return fail_at(r, sub_path(r, base, riv_str_c(key)), "'%s' is a size such as 1000000 or \"64 MiB\"", key);
}

static riv_err get_number(reader *r, const riv_json *table, riv_str base, const char *key, uint64_t max, uint64_t *out)
{
    const riv_json *v = riv_json_get(table, riv_str_c(key));
    if (!v) return RIV_OK;
    if (v->kind != RIV_JSON_U64 || v->u64 == 0 || v->u64 > max)
        return fail_at(r, sub_path(r, base, riv_str_c(key)), "'%s' is a whole number from 1 to %llu", key,
                       (unsigned long long)max);
    *out = v->u64;
    return RIV_OK;
}

/* ---- services ---- */

static riv_err read_module(reader *r, const riv_json *table, riv_str base, cli_module *out)
{
    static const riv_str keys[] = { RIV_LIT_INIT("name"), RIV_LIT_INIT("file"), RIV_LIT_INIT("logger") };
    if (table->kind != RIV_JSON_OBJ) return fail_at(r, base, "a module is a table with the keys name, file and logger");
    RIV_TRY(known_keys(r, table, base, "modules", keys, RIV_COUNT(keys)));
    RIV_TRY(get_text(r, table, base, "name", &out->name));
    RIV_TRY(get_text(r, table, base, "file", &out->file));
    const riv_json *logger = riv_json_get(table, RIV_LIT("logger"));
    if (logger && logger->kind != RIV_JSON_BOOL)
        return fail_at(r, sub_path(r, base, RIV_LIT("logger")), "'logger' is true or false");
    out->logger = !logger || logger->boolean;
    if (out->file.len == 0) return fail_at(r, base, "the module has no 'file'");
    if (out->name.len == 0) out->name = host_path_stem(out->file);
    out->file = host_path_join(r->arena, r->dir, out->file);
    return RIV_OK;
}

static riv_err read_modules(reader *r, const riv_json *table, riv_str base, cli_service *out)
{
    riv_str         single = { 0 };
    const riv_json *list   = riv_json_get(table, RIV_LIT("modules"));
    RIV_TRY(get_text(r, table, base, "module", &single));
    if ((single.len > 0) == (list != NULL))
        return fail_at(r, base, "service '" RIV_FMT "' needs either 'module' or 'modules'", RIV_ARG(out->id));
    if (list && (list->kind != RIV_JSON_ARR || list->arr.count == 0))
        return fail_at(r, sub_path(r, base, RIV_LIT("modules")),
                       "'modules' is a list of tables with name and file; the last is the facade");
    out->modules_count  = list ? list->arr.count : 1;
    cli_module *modules = riv_new(r->arena, cli_module, out->modules_count);
    if (!list) modules[0] = (cli_module){ host_path_stem(single), host_path_join(r->arena, r->dir, single), true };
    for (size_t i = 0; list && i < list->arr.count; i++) {
        riv_str at = riv_format(r->arena, RIV_FMT ".modules[%zu]", RIV_ARG(base), i);
        RIV_TRY(read_module(r, list->arr.items[i], at, &modules[i]));
    }
    out->modules = modules;
    return RIV_OK;
}

static riv_err read_service(reader *r, const riv_json *table, riv_str base, cli_service *out)
{
    static const riv_str keys[] = { RIV_LIT_INIT("id"),      RIV_LIT_INIT("module"), RIV_LIT_INIT("modules"),
                                    RIV_LIT_INIT("aliases"), RIV_LIT_INIT("memory"), RIV_LIT_INIT("fuel") };
    if (table->kind != RIV_JSON_OBJ) return fail_at(r, base, "a service is a table: [[service]]");
    RIV_TRY(known_keys(r, table, base, "[[service]]", keys, RIV_COUNT(keys)));
    RIV_TRY(get_text(r, table, base, "id", &out->id));
    if (out->id.len == 0) return fail_at(r, base, "the service has no 'id'");
    RIV_TRY(read_modules(r, table, base, out));
    RIV_TRY(get_texts(r, table, base, "aliases", &out->aliases, &out->aliases_count));
    RIV_TRY(get_size(r, table, base, "memory", &out->memory_bytes));
    RIV_TRY(get_number(r, table, base, "fuel", INT64_MAX, &out->fuel));
    out->where = riv_format(r->arena, RIV_FMT ":%u", RIV_ARG(r->path), host_toml_place(&r->toml, base).line);
    return RIV_OK;
}

static riv_err read_services(reader *r, const riv_json *list, cli_config *out)
{
    if (!list) return RIV_OK;
    if (list->kind != RIV_JSON_ARR)
        return fail_at(r, RIV_LIT("service"), "services are written as [[service]], with two brackets");
    cli_service *services = riv_new(r->arena, cli_service, list->arr.count + 1);
    for (size_t i = 0; i < list->arr.count; i++) {
        riv_str at = riv_format(r->arena, "service[%zu]", i);
        RIV_TRY(read_service(r, list->arr.items[i], at, &services[i]));
        for (size_t k = 0; k < i; k++)
            if (riv_str_eq(services[k].id, services[i].id))
                return fail_at(r, sub_path(r, at, RIV_LIT("id")), "there are two services '" RIV_FMT "'",
                               RIV_ARG(services[i].id));
    }
    out->services       = services;
    out->services_count = list->arr.count;
    return RIV_OK;
}

/* ---- the node ---- */

static riv_err read_node(reader *r, const riv_json *table, cli_config *out)
{
    static const riv_str keys[] = { RIV_LIT_INIT("listen"), RIV_LIT_INIT("peers"), RIV_LIT_INIT("state"),
                                    RIV_LIT_INIT("key"), RIV_LIT_INIT("ttl_max") };
    riv_str              base   = RIV_LIT("node");
    uint64_t             ttl    = 0;
    if (!table) return RIV_OK;
    if (table->kind != RIV_JSON_OBJ) return fail_at(r, base, "'node' is a table: [node]");
    RIV_TRY(known_keys(r, table, base, "[node]", keys, RIV_COUNT(keys)));
    RIV_TRY(get_texts(r, table, base, "listen", &out->listen, &out->listen_count));
    RIV_TRY(get_texts(r, table, base, "peers", &out->peers, &out->peers_count));
    RIV_TRY(get_text(r, table, base, "state", &out->state));
    RIV_TRY(get_text(r, table, base, "key", &out->key));
    RIV_TRY(get_number(r, table, base, "ttl_max", UINT32_MAX, &ttl));
    out->ttl_max_ms = (uint32_t)ttl;
    if (out->state.len) out->state = host_path_join(r->arena, r->dir, out->state);
    if (out->key.len) out->key = host_path_join(r->arena, r->dir, out->key);
    return RIV_OK;
}

riv_err cli_config_parse(riv_str path, riv_str text, riv_arena *arena, riv_fault *fault, cli_config *out)
{
    static const riv_str keys[] = { RIV_LIT_INIT("service"), RIV_LIT_INIT("node") };
    reader               r      = { .path = path, .dir = host_path_dir(path), .arena = arena, .fault = fault };
    riv_fault            cause  = { 0 };
    cli_config           made   = { .path = path };
    riv_err              err    = host_toml_parse(text, arena, &cause, &r.toml);
    if (err == RIV_E_MALFORMED)
        return riv_fail(fault, err, 0, RIV_FMT ":%u:%llu: %s", RIV_ARG(path), cause.code, (unsigned long long)cause.pos,
                        cause.msg);
    if (err) return riv_fail(fault, err, 0, RIV_FMT ": %s", RIV_ARG(path), cause.msg);
    RIV_TRY(known_keys(&r, r.toml.root, (riv_str){ 0 }, "the configuration", keys, RIV_COUNT(keys)));
    RIV_TRY(read_services(&r, riv_json_get(r.toml.root, RIV_LIT("service")), &made));
    RIV_TRY(read_node(&r, riv_json_get(r.toml.root, RIV_LIT("node")), &made));
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
