/* service_toml.c: Config.toml of a Marine service: the original's keys, each mistake with its place, obsolete keys with a warning.
 * Spec: docs/spec/marine.md 5.3, 6, 7; docs/spec/scenarios.md 5. Tests: service_toml_test.c, service_toml_fuzz.c. */
#define _GNU_SOURCE
#include "host/service_toml.h"

#include "host/internal.h"

typedef struct reader {
    host_doc doc;
    riv_str  dir;         /* of the file: relative paths begin there */
    riv_str  modules_dir; /* the same unless given */
    RIV_VEC(riv_str) warnings;
} reader;

#define MODULE_KEYS                                                                                                    \
    RIV_LIT_INIT("load_from"), RIV_LIT_INIT("file_name"), RIV_LIT_INIT("logger_enabled"),                              \
        RIV_LIT_INIT("logging_mask"), RIV_LIT_INIT("mounted_binaries"), RIV_LIT_INIT("wasi"),                          \
        RIV_LIT_INIT("mem_pages_count"), RIV_LIT_INIT("max_heap_size")
static const riv_str module_keys[]  = { RIV_LIT_INIT("name"), MODULE_KEYS };
static const riv_str default_keys[] = { MODULE_KEYS };
/* No longer read by the original; published configurations still carry them. */
static const riv_str obsolete_module[] = { RIV_LIT_INIT("mem_pages_count"), RIV_LIT_INIT("max_heap_size") };
static const riv_str obsolete_wasi[]   = { RIV_LIT_INIT("preopened_files"), RIV_LIT_INIT("preopend_files") };

static void warn_at(reader *r, riv_str key_path, riv_str text)
{
    host_place at = host_toml_place(&r->doc.toml, key_path);
    *riv_push(r->doc.arena, &r->warnings) =
        riv_format(r->doc.arena, RIV_FMT ":%u:%u: " RIV_FMT, RIV_ARG(r->doc.path), at.line, at.col, RIV_ARG(text));
}

static void warn_obsolete(reader *r, const riv_json *table, riv_str base, const riv_str *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (riv_json_get(table, keys[i]))
            warn_at(r, host_doc_sub(&r->doc, base, keys[i]),
                    riv_format(r->doc.arena, "'" RIV_FMT "' is obsolete and has no effect", RIV_ARG(keys[i])));
}

/* ---- modules ---- */

static riv_err read_wasi(reader *r, const riv_json *module, riv_str base, host_module_toml *out)
{
    static const riv_str keys[] = { RIV_LIT_INIT("envs"), RIV_LIT_INIT("mapped_dirs"), RIV_LIT_INIT("preopened_files"),
                                    RIV_LIT_INIT("preopend_files") };
    const riv_json      *wasi   = NULL;
    RIV_TRY(host_doc_table(&r->doc, module, base, "wasi", &wasi));
    if (!wasi) return RIV_OK;
    base = host_doc_sub(&r->doc, base, RIV_LIT("wasi"));
    RIV_TRY(host_doc_keys(&r->doc, wasi, base, "[module.wasi]", keys, RIV_COUNT(keys)));
    warn_obsolete(r, wasi, base, obsolete_wasi, RIV_COUNT(obsolete_wasi));
    RIV_TRY(host_doc_pairs(&r->doc, wasi, base, "envs", &out->envs, &out->envs_count));
    for (size_t i = 0; i < out->envs_count; i++)
        if (out->envs[i].key.len == 0 || riv_str_find_char(out->envs[i].key, '=', 0) != SIZE_MAX)
            return host_doc_fail(&r->doc, host_doc_sub(&r->doc, base, RIV_LIT("envs")),
                                 "'" RIV_FMT "' cannot name an environment variable", RIV_ARG(out->envs[i].key));
    return host_doc_pairs(&r->doc, wasi, base, "mapped_dirs", &out->mapped_dirs, &out->mapped_dirs_count);
}

static riv_err read_mask(reader *r, const riv_json *module, riv_str base, int32_t *out)
{
    const riv_json *v = riv_json_get(module, RIV_LIT("logging_mask"));
    if (!v) return RIV_OK;
    if (v->kind == RIV_JSON_U64 && v->u64 <= INT32_MAX) return *out = (int32_t)v->u64, RIV_OK;
    if (v->kind == RIV_JSON_I64 && v->i64 >= INT32_MIN) return *out = (int32_t)v->i64, RIV_OK;
    return host_doc_fail(&r->doc, host_doc_sub(&r->doc, base, RIV_LIT("logging_mask")),
                         "'logging_mask' is a whole number of 32 bits with a sign");
}

/* What a module and [default] have in common. */
static riv_err read_settings(reader *r, const riv_json *table, riv_str base, host_module_toml *out)
{
    warn_obsolete(r, table, base, obsolete_module, RIV_COUNT(obsolete_module));
    out->logger_enabled = true;
    out->logging_mask   = INT32_MAX;
    RIV_TRY(host_doc_text(&r->doc, table, base, "load_from", &out->file));
    RIV_TRY(host_doc_text(&r->doc, table, base, "file_name", &out->file_name));
    RIV_TRY(host_doc_bool(&r->doc, table, base, "logger_enabled", &out->logger_enabled));
    RIV_TRY(read_mask(r, table, base, &out->logging_mask));
    const marine_pair *binaries = NULL;
    RIV_TRY(host_doc_pairs(&r->doc, table, base, "mounted_binaries", &binaries, &out->mounted_binaries_count));
    marine_pair *below = riv_new(r->doc.arena, marine_pair, out->mounted_binaries_count + 1);
    for (size_t i = 0; i < out->mounted_binaries_count; i++)
        below[i] = (marine_pair){ binaries[i].key, host_path_join(r->doc.arena, r->dir, binaries[i].value) };
    out->mounted_binaries = below;
    return read_wasi(r, table, base, out);
}

static riv_err read_module(reader *r, const riv_json *table, riv_str base, host_module_toml *out)
{
    riv_arena *arena = r->doc.arena;
    if (table->kind != RIV_JSON_OBJ) return host_doc_fail(&r->doc, base, "a module is a table: [[module]]");
    RIV_TRY(host_doc_keys(&r->doc, table, base, "[[module]]", module_keys, RIV_COUNT(module_keys)));
    RIV_TRY(host_doc_text(&r->doc, table, base, "name", &out->name));
    if (out->name.len == 0) return host_doc_fail(&r->doc, base, "the module has no 'name'");
    RIV_TRY(read_settings(r, table, base, out));
    riv_str name   = out->file_name.len ? out->file_name : riv_format(arena, RIV_FMT ".wasm", RIV_ARG(out->name));
    out->file_name = out->file.len ? name : (riv_str){ 0 };
    out->file = out->file.len ? host_path_join(arena, r->dir, out->file) : host_path_join(arena, r->modules_dir, name);
    return RIV_OK;
}

static riv_err read_modules(reader *r, const riv_json *list, host_service_toml *out)
{
    if (!list) return host_doc_fail(&r->doc, (riv_str){ 0 }, "there is no [[module]]");
    if (list->kind != RIV_JSON_ARR)
        return host_doc_fail(&r->doc, RIV_LIT("module"), "modules are written as [[module]], with two brackets");
    if (list->arr.count == 0 || list->arr.count > MARINE_MODULES_MAX)
        return host_doc_fail(&r->doc, RIV_LIT("module"), "a service has 1 to %d modules, not %zu", MARINE_MODULES_MAX,
                             list->arr.count);
    host_module_toml *modules = riv_new(r->doc.arena, host_module_toml, list->arr.count);
    for (size_t i = 0; i < list->arr.count; i++) {
        riv_str base = riv_format(r->doc.arena, "module[%zu]", i);
        RIV_TRY(read_module(r, list->arr.items[i], base, &modules[i]));
        for (size_t k = 0; k < i; k++)
            if (riv_str_eq(modules[k].name, modules[i].name))
                return host_doc_fail(&r->doc, host_doc_sub(&r->doc, base, RIV_LIT("name")),
                                     "there are two modules '" RIV_FMT "'", RIV_ARG(modules[i].name));
    }
    out->modules       = modules;
    out->modules_count = list->arr.count;
    return RIV_OK;
}

/* SPEC marine.md 7: [default] is parsed, but not applied by the current runtime */
static riv_err read_default(reader *r, const riv_json *root)
{
    const riv_json  *table  = NULL;
    host_module_toml unused = { 0 };
    RIV_TRY(host_doc_table(&r->doc, root, (riv_str){ 0 }, "default", &table));
    if (!table) return RIV_OK;
    RIV_TRY(host_doc_keys(&r->doc, table, RIV_LIT("default"), "[default]", default_keys, RIV_COUNT(default_keys)));
    RIV_TRY(read_settings(r, table, RIV_LIT("default"), &unused));
    warn_at(r, RIV_LIT("default"),
            RIV_LIT("'default' is read but not applied, as in the original: each module says its own"));
    return RIV_OK;
}

/* ---- the whole ---- */

static riv_err read_limit(reader *r, const riv_json *root, uint64_t *out)
{
    const riv_json *v = riv_json_get(root, RIV_LIT("total_memory_limit"));
    if (v && v->kind == RIV_JSON_STR &&
        (riv_str_eq(v->str, RIV_LIT("Infinity")) || riv_str_eq(v->str, RIV_LIT("infinity")))) {
        *out = UINT64_MAX;
        return RIV_OK;
    }
    return host_doc_size(&r->doc, root, (riv_str){ 0 }, "total_memory_limit", out);
}

riv_err host_service_toml_parse(riv_str path, riv_str text, riv_arena *arena, riv_fault *fault, host_service_toml *out)
{
    static const riv_str keys[] = { RIV_LIT_INIT("service_working_dir"), RIV_LIT_INIT("modules_dir"),
                                    RIV_LIT_INIT("total_memory_limit"), RIV_LIT_INIT("module"),
                                    RIV_LIT_INIT("default") };
    reader               r      = { .dir = host_path_dir(path) };
    host_service_toml    made   = { .path = path };
    RIV_TRY(host_doc_parse(path, text, arena, fault, &r.doc));
    const riv_json *root = r.doc.toml.root;
    if (riv_json_get(root, RIV_LIT("service"))) /* the other kind of configuration */
        return host_doc_fail(&r.doc, RIV_LIT("service"),
                             "this is a rivulet.toml, for a node; a service's own configuration has [[module]]");
    RIV_TRY(host_doc_keys(&r.doc, root, (riv_str){ 0 }, "the configuration of a service", keys, RIV_COUNT(keys)));
    RIV_TRY(host_doc_text(&r.doc, root, (riv_str){ 0 }, "service_working_dir", &made.working_dir));
    RIV_TRY(host_doc_text(&r.doc, root, (riv_str){ 0 }, "modules_dir", &r.modules_dir));
    RIV_TRY(read_limit(&r, root, &made.memory_bytes_max));
    r.modules_dir = r.modules_dir.len ? host_path_join(arena, r.dir, r.modules_dir) : r.dir;
    if (made.working_dir.len) made.working_dir = host_path_join(arena, r.dir, made.working_dir);
    RIV_TRY(read_modules(&r, riv_json_get(root, RIV_LIT("module")), &made));
    RIV_TRY(read_default(&r, root));
    made.warnings       = r.warnings.ptr;
    made.warnings_count = r.warnings.len;
    *out                = made;
    return RIV_OK;
}

riv_err host_service_toml_read(riv_str path, riv_arena *arena, riv_fault *fault, host_service_toml *out)
{
    riv_bytes text;
    RIV_TRY(host_file_read(path, HOST_TOML_BYTES_MAX, arena, fault, &text));
    RIV_TRY(host_service_toml_parse(path, riv_bytes_str(text), arena, fault, out));
    host_module_toml *modules = riv_new(arena, host_module_toml, out->modules_count);
    for (size_t i = 0; i < out->modules_count; i++) {
        host_module_toml *m = &modules[i];
        *m                  = out->modules[i];
        if (m->file_name.len && host_is_dir(m->file)) m->file = host_path_join(arena, m->file, m->file_name);
        m->file_name = (riv_str){ 0 };
    }
    out->modules = modules;
    return RIV_OK;
}

/* ---- what the modules see ---- */

static void set_pair(marine_pair *pairs, size_t *count, riv_str key, riv_str value)
{
    size_t at = 0;
    while (at < *count && !riv_str_eq(pairs[at].key, key)) at++;
    pairs[at] = (marine_pair){ key, value };
    *count    = RIV_MAX(*count, at + 1);
}

static void set_pairs(marine_pair *pairs, size_t *count, const marine_pair *from, size_t from_count)
{
    for (size_t i = 0; i < from_count; i++) set_pair(pairs, count, from[i].key, from[i].value);
}

/* SPEC marine.md 6: env `service_id` is added to every module's envs, overriding config values of the same name; each mapped dir's
 * host path is joined to service_working_dir, then created recursively if missing */
static riv_err see(const host_module_toml *from, const host_service_place *place, riv_str dir, riv_arena *arena,
                   riv_fault *fault, marine_module_config *out)
{
    marine_pair *envs       = riv_new(arena, marine_pair, from->envs_count + place->envs_count + 2);
    marine_pair *dirs       = riv_new(arena, marine_pair, from->mapped_dirs_count + place->mapped_dirs_count + 1);
    size_t       envs_count = 0, dirs_count = 0;
    riv_str      level = host_log_filter(place->log_filter, from->name, NULL);
    set_pairs(envs, &envs_count, from->envs, from->envs_count);
    set_pairs(envs, &envs_count, place->envs, place->envs_count);
    if (from->logger_enabled && level.len) set_pair(envs, &envs_count, RIV_LIT("WASM_LOG"), level);
    if (place->service_id.len) set_pair(envs, &envs_count, RIV_LIT("service_id"), place->service_id);
    set_pairs(dirs, &dirs_count, place->mapped_dirs, place->mapped_dirs_count);
    set_pairs(dirs, &dirs_count, from->mapped_dirs, from->mapped_dirs_count);
    for (size_t i = 0; i < dirs_count; i++) {
        dirs[i].value = host_path_join(arena, dir, dirs[i].value);
        RIV_TRY(host_dir_make(dirs[i].value, fault));
    }
    if (from->mounted_binaries_count) RIV_TRY(host_dir_make(dir, fault));
    *out = (marine_module_config){
        .name                   = from->name,
        .logger_enabled         = from->logger_enabled,
        .logging_mask           = from->logging_mask,
        .envs                   = envs,
        .envs_count             = envs_count,
        .mapped_dirs            = dirs,
        .mapped_dirs_count      = dirs_count,
        .mounted_binaries       = from->mounted_binaries,
        .mounted_binaries_count = from->mounted_binaries_count,
        .command_dir            = dir,
    };
    return RIV_OK;
}

riv_err host_service_modules(const host_service_toml *toml, const host_service_place *place, riv_arena *arena,
                             riv_fault *fault, marine_module_config **out)
{
    marine_module_config *configs = riv_new(arena, marine_module_config, toml->modules_count);
    riv_str               dir     = place->working_dir.len  ? place->working_dir
                                    : toml->working_dir.len ? toml->working_dir
                                                            : host_path_dir(toml->path);
    for (size_t i = 0; i < toml->modules_count; i++)
        RIV_TRY(see(&toml->modules[i], place, dir, arena, fault, &configs[i]));
    *out = configs;
    return RIV_OK;
}

/* ---- levels of the log ---- */

static riv_str level_of(riv_str word)
{
    static const riv_str levels[] = { RIV_LIT_INIT("off"),  RIV_LIT_INIT("error"), RIV_LIT_INIT("warn"),
                                      RIV_LIT_INIT("info"), RIV_LIT_INIT("debug"), RIV_LIT_INIT("trace") };
    for (size_t i = 0; i < RIV_COUNT(levels); i++)
        if (host__same_word(word, levels[i])) return levels[i];
    return (riv_str){ 0 };
}

/* SPEC marine.md 5.3: comma list of `level` (default for all) and `module=level`; `module` or `module=` alone = trace; a bare word that
 * parses as a level sets the default once; more than one `=` is ignored with a warning. Of two levels for a module the last holds. */
riv_str host_log_filter(riv_str filter, riv_str module, riv_str *ignored)
{
    riv_str own = { 0 }, all = { 0 }, bad = { 0 };
    for (size_t at = 0; at < filter.len;) {
        size_t  end   = RIV_MIN(riv_str_find_char(filter, ',', at), filter.len);
        riv_str part  = riv_str_trim(riv_str_sub(filter, at, end));
        size_t  mark  = riv_str_find_char(part, '=', 0);
        riv_str name  = riv_str_trim(riv_str_sub(part, 0, mark));
        riv_str word  = mark == SIZE_MAX ? (riv_str){ 0 } : riv_str_trim(riv_str_sub(part, mark + 1, part.len));
        riv_str level = word.len ? level_of(word) : RIV_LIT("trace");
        at            = end + 1;
        if (part.len == 0) continue;
        if (mark == SIZE_MAX && level_of(name).len) {
            if (all.len == 0) all = level_of(name);
        } else if (level.len == 0 || name.len == 0) {
            if (bad.len == 0) bad = part;
        } else if (riv_str_eq(name, module)) {
            own = level;
        }
    }
    if (ignored) *ignored = bad;
    return own.len ? own : all;
}
