/* repl_commands.c: what each command of the repl does to the session's service.
 * Spec: docs/spec/scenarios.md 5, docs/spec/marine.md 10.4. Tests: tests/e2e (repl). */
#include "cli/repl.h"
#include "host/service_toml.h"

enum { NEAR_NAMES_MAX = 256 };

/* ---- failing ---- */

static bool fail(repl *r, repl_answer *out, const char *kind, const char *format, ...) RIV_PRINTF(4, 5);
static bool fail(repl *r, repl_answer *out, const char *kind, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    out->kind    = kind;
    out->message = riv_vformat(r->scratch, format, args);
    va_end(args);
    return false;
}

/* What marine says: the code of its fault is the kind. */
static bool fail_marine(repl *r, repl_answer *out, const riv_fault *fault)
{
    return fail(r, out, marine_error_name((marine_error_kind)fault->code), "%s", fault->msg);
}

static bool fail_file(repl *r, repl_answer *out, const char *otherwise, const riv_fault *fault)
{
    return fail(r, out, fault->err == RIV_E_NOT_FOUND ? "not_found" : otherwise, "%s", fault->msg);
}

static void hint(repl *r, repl_answer *out, const char *format, ...) RIV_PRINTF(3, 4);
static void hint(repl *r, repl_answer *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    out->hint = riv_vformat(r->scratch, format, args);
    va_end(args);
}

static void hint_near(repl *r, repl_answer *out, riv_str name, const riv_str *names, size_t count)
{
    size_t near = riv_nearest(name, names, count);
    if (near != SIZE_MAX) hint(r, out, "did you mean '" RIV_FMT "'?", RIV_ARG(names[near]));
}

/* ---- words and modules ---- */

static riv_str take_word(riv_str *rest)
{
    riv_str s = riv_str_trim(*rest);
    size_t  n = 0;
    while (n < s.len && s.ptr[n] != ' ' && s.ptr[n] != '\t') n++;
    *rest = riv_str_trim(riv_str_sub(s, n, s.len));
    return riv_str_sub(s, 0, n);
}

static repl_module *find(const repl *r, riv_str name)
{
    for (size_t i = 0; i < r->loaded.len; i++)
        if (riv_str_eq(r->loaded.ptr[i].name, name)) return &r->loaded.ptr[i];
    return NULL;
}

const repl_module *repl_find(const repl *r, riv_str name) { return find(r, name); }

static bool fail_module(repl *r, repl_answer *out, riv_str name)
{
    riv_str names[NEAR_NAMES_MAX];
    size_t  count = RIV_MIN(r->loaded.len, RIV_COUNT(names));
    for (size_t i = 0; i < count; i++) names[i] = r->loaded.ptr[i].name;
    fail(r, out, "not_found", "module with name '" RIV_FMT "' is missing", RIV_ARG(name));
    if (count)
        hint_near(r, out, name, names, count);
    else
        hint(r, out, "nothing is loaded: load NAME FILE, or new CONFIG.toml");
    return false;
}

static double us_since(uint64_t start_ns) { return (double)(host_clock_ns() - start_ns) / 1e3; }

static uint64_t fuel_used(const repl *r)
{
    marine_stats stats = { 0 };
    if (r->service) marine_service_stats(r->service, r->scratch, &stats);
    return stats.fuel_used;
}

/* ---- code ---- */

static bool build_module(repl *r, riv_str file, repl_answer *out, marine_module **module)
{
    riv_bytes wasm;
    riv_fault fault   = { 0 };
    int       code    = 0;
    r->c->first_error = (riv_str){ 0 };
    if (!host_file_exists(file)) return fail(r, out, "not_found", "there is no " RIV_FMT, RIV_ARG(file));
    bool built = cli_module_build(r->c, file, false, r->scratch, &wasm, &code);
    if (!built && code == CLI_INTERRUPTED)
        return fail(r, out, "load", "building " RIV_FMT " was interrupted", RIV_ARG(file));
    if (!built)
        return fail(r, out, "load", RIV_FMT " does not build: " RIV_FMT, RIV_ARG(file),
                    RIV_ARG(r->c->first_error.len ? r->c->first_error : RIV_LIT("standard error says why")));
    if (marine_module_open_bytes(r->engine, &r->cache, wasm, &fault, module, NULL))
        return fail(r, out, "load", RIV_FMT " cannot be used: %s", RIV_ARG(file), fault.msg);
    return true;
}

static bool open_module(repl *r, riv_str file, repl_answer *out, marine_module **module)
{
    riv_fault fault = { 0 };
    if (cli_is_source(file)) return build_module(r, file, out, module);
    riv_err err = marine_module_open(r->engine, &r->cache, file, &fault, module, NULL);
    if (!err) return true;
    if (err == RIV_E_NOT_FOUND) return fail_file(r, out, "load", &fault);
    fail(r, out, "load", RIV_FMT " cannot be used: %s (offset %llu)", RIV_ARG(file), fault.msg,
         (unsigned long long)fault.pos);
    hint(r, out, "`rivulet module info` shows what a file holds; `rivulet module build` makes modules of sources");
    return false;
}

/* A folder of sources changes when one of them does. */
static host_stamp stamp_of(repl *r, riv_str file)
{
    const riv_str *names;
    size_t         count;
    host_stamp     all = host_file_stamp(file);
    if (!host_is_dir(file) || host_dir_list(file, r->scratch, NULL, &names, &count)) return all;
    for (size_t i = 0; i < count; i++) {
        host_stamp one = host_file_stamp(host_path_join(r->scratch, file, names[i]));
        all.mtime_ns   = RIV_MAX(all.mtime_ns, one.mtime_ns);
        all.size += one.size;
    }
    return all;
}

/* ---- the service ---- */

void repl_forget(repl *r)
{
    marine_service_free(r->service);
    for (size_t i = 0; i < r->modules.len; i++) marine_module_free(r->modules.ptr[i]);
    riv_arena_free(r->arena);
    r->service = NULL;
    r->arena   = riv_arena_new(0);
    memset(&r->modules, 0, sizeof r->modules);
    memset(&r->loaded, 0, sizeof r->loaded);
}

static riv_err start(repl *r, const marine_module_config *modules, size_t count, uint64_t memory, riv_fault *fault,
                     marine_service **out)
{
    marine_service_config config = { .modules          = modules,
                                     .modules_count    = count,
                                     .memory_bytes_max = memory ? memory : r->memory_bytes_max,
                                     .fuel_start       = r->fuel,
                                     .env              = r->env };
    return marine_service_new(r->engine, &config, fault, out);
}

static void keep(repl *r, riv_str name, riv_str file, host_stamp stamp, const marine_module_config *config,
                 marine_module *module)
{
    repl_module *m   = riv_push(r->arena, &r->loaded);
    *m               = (repl_module){ riv_str_dup(r->arena, name), riv_str_dup(r->arena, file), stamp, *config };
    m->config.name   = m->name;
    m->config.module = module;
    *riv_push(r->arena, &r->modules) = module;
}

/* ---- modules whose files changed ---- */

static void load_anew(repl *r, repl_module *m)
{
    repl_answer          failed = { 0 };
    marine_module       *module = NULL;
    marine_module_config config = m->config;
    riv_fault            fault  = { 0 };
    if (open_module(r, m->file, &failed, &module)) {
        config.module                    = module;
        *riv_push(r->arena, &r->modules) = module; /* also when it does not start: the store has its code by then */
        repl_watch(r, 0);
        riv_err err = marine_service_replace(r->service, &config, &fault);
        repl_unwatch();
        if (err) fail_marine(r, &failed, &fault);
    }
    if (failed.kind) {
        cli_warn(r->c, RIV_FMT " changed and cannot be loaded (%s: " RIV_FMT "); module " RIV_FMT " goes on as it was",
                 RIV_ARG(m->file), failed.kind, RIV_ARG(failed.message), RIV_ARG(m->name));
        return;
    }
    m->config.module = module;
    cli_note(r->c, RIV_FMT " changed: module " RIV_FMT " was loaded anew, without its former state", RIV_ARG(m->file),
             RIV_ARG(m->name));
}

static void look_at_files(repl *r)
{
    for (size_t i = 0; i < r->loaded.len; i++) {
        repl_module *m   = &r->loaded.ptr[i];
        host_stamp   now = stamp_of(r, m->file);
        if (host_stamp_eq(now, m->stamp) || host_stamp_eq(now, (host_stamp){ 0 }))
            continue;   /* a file that is gone may come again */
        m->stamp = now; /* also when it is of no use: told once */
        load_anew(r, m);
    }
}

/* ---- new ---- */

typedef struct opening { /* a configuration on its way to a service */
    host_service_toml     toml;
    marine_module_config *configs;
    marine_module       **modules;
    host_stamp           *stamps;
    size_t                opened;
    riv_arena            *arena;
} opening;

static bool open_config(repl *r, riv_str path, opening *o, repl_answer *out)
{
    riv_fault          fault = { 0 };
    host_service_place place = { .service_id = RIV_LIT("repl"), .log_filter = host_env("WASM_LOG") };
    if (host_service_toml_read(path, o->arena, &fault, &o->toml)) return fail_file(r, out, "config", &fault);
    for (size_t i = 0; i < o->toml.warnings_count; i++) cli_warn(r->c, RIV_FMT, RIV_ARG(o->toml.warnings[i]));
    o->modules = riv_new(o->arena, marine_module *, o->toml.modules_count);
    o->stamps  = riv_new(o->arena, host_stamp, o->toml.modules_count);
    for (; o->opened < o->toml.modules_count; o->opened++) {
        riv_str file         = o->toml.modules[o->opened].file;
        o->stamps[o->opened] = stamp_of(r, file);
        if (!open_module(r, file, out, &o->modules[o->opened])) return false;
    }
    if (host_service_modules(&o->toml, &place, o->arena, &fault, &o->configs))
        return fail_file(r, out, "config", &fault);
    for (size_t i = 0; i < o->opened; i++) o->configs[i].module = o->modules[i];
    return true;
}

static bool start_config(repl *r, opening *o, repl_answer *out, marine_service **service)
{
    riv_fault fault = { 0 };
    repl_watch(r, 0);
    riv_err err = start(r, o->configs, o->opened, o->toml.memory_bytes_max, &fault, service);
    repl_unwatch();
    return err ? fail_marine(r, out, &fault) : true;
}

static bool run_new(repl *r, riv_str path, repl_answer *out)
{
    opening         o       = { .arena = riv_arena_new(0) };
    marine_service *service = NULL;
    if (path.len == 0) {
        riv_arena_free(o.arena);
        repl_forget(r);
        out->text = RIV_LIT("an empty service\n");
        return true;
    }
    if (!open_config(r, path, &o, out) || !start_config(r, &o, out, &service)) {
        for (size_t i = 0; i < o.opened; i++) marine_module_free(o.modules[i]);
        riv_arena_free(o.arena);
        return false;
    }
    repl_forget(r);
    riv_arena_free(r->arena);
    r->arena     = o.arena;
    r->service   = service;
    riv_buf text = riv_buf_in(r->scratch);
    riv_put_str(&text, RIV_LIT("loaded"));
    for (size_t i = 0; i < o.opened; i++) {
        keep(r, o.configs[i].name, o.toml.modules[i].file, o.stamps[i], &o.configs[i], o.modules[i]);
        riv_putf(&text, "%s " RIV_FMT, i ? "," : "", RIV_ARG(o.configs[i].name));
    }
    riv_put_u8(&text, '\n');
    out->text  = riv_buf_str(&text);
    out->timed = true;
    out->fuel  = fuel_used(r);
    return true;
}

/* ---- load, unload ---- */

static bool run_load(repl *r, riv_str file, repl_answer *out)
{
    riv_str        name   = take_word(&file);
    marine_module *module = NULL;
    riv_fault      fault  = { 0 };
    if (file.len == 0) return fail(r, out, "command", "load needs NAME and FILE");
    uint64_t             before = fuel_used(r);
    host_stamp           stamp  = stamp_of(r, file);
    marine_module_config config = { .name = name, .logger_enabled = true, .logging_mask = INT32_MAX };
    if (!open_module(r, file, out, &module)) return false;
    config.module = module;
    repl_watch(r, 0);
    riv_err err =
        r->service ? marine_service_load(r->service, &config, &fault) : start(r, &config, 1, 0, &fault, &r->service);
    repl_unwatch();
    if (err) {
        if (r->service)
            *riv_push(r->arena, &r->modules) = module; /* the store may have its code */
        else
            marine_module_free(module);
        fail_marine(r, out, &fault);
        if (fault.code == MARINE_LINK) hint(r, out, "a module is loaded after those that it imports from");
        return false;
    }
    keep(r, name, file, stamp, &config, module);
    out->text  = riv_format(r->scratch, "loaded " RIV_FMT "\n", RIV_ARG(name));
    out->timed = true;
    out->fuel  = fuel_used(r) - before;
    return true;
}

static bool run_unload(repl *r, riv_str rest, repl_answer *out)
{
    riv_str   name  = take_word(&rest);
    riv_fault fault = { 0 };
    if (name.len == 0 || rest.len) return fail(r, out, "command", "unload needs one NAME");
    repl_module *m = find(r, name);
    if (!m) return fail_module(r, out, name);
    out->text = riv_format(r->scratch, "unloaded " RIV_FMT "\n", RIV_ARG(name));
    if (r->loaded.len == 1) {
        repl_forget(r);
        return true;
    }
    if (marine_service_unload(r->service, name, &fault)) return fail_marine(r, out, &fault);
    size_t at = (size_t)(m - r->loaded.ptr);
    memmove(m, m + 1, (r->loaded.len - at - 1) * sizeof *m);
    r->loaded.len--;
    return true;
}

/* ---- call ---- */

static const marine_function *find_function(const marine_interface *in, riv_str name)
{
    for (size_t i = 0; i < in->functions_count; i++)
        if (riv_str_eq(in->functions[i].name, name)) return &in->functions[i];
    return NULL;
}

static bool fail_function(repl *r, repl_answer *out, const marine_interface *in, riv_str name)
{
    riv_str names[NEAR_NAMES_MAX];
    size_t  count = RIV_MIN(in->functions_count, RIV_COUNT(names));
    for (size_t i = 0; i < count; i++) names[i] = in->functions[i].name;
    fail(r, out, "not_found", "function with name `" RIV_FMT "` is missing", RIV_ARG(name));
    hint_near(r, out, name, names, count);
    return false;
}

static void hint_call(repl *r, repl_answer *out, marine_error_kind kind, const marine_interface *in,
                      const marine_function *f)
{
    if (kind == MARINE_BAD_ARGUMENTS) hint(r, out, RIV_FMT, RIV_ARG(repl_signature(in, f, r->scratch)));
    if (kind == MARINE_OUT_OF_FUEL)
        hint(r, out, "a call has %llu; --fuel N gives it more", (unsigned long long)r->fuel);
    if (kind == MARINE_DEADLINE)
        hint(r, out, "a call has %llu ms; --deadline MS gives it more", (unsigned long long)r->deadline_ms);
    if (kind == MARINE_OUT_OF_MEMORY)
        hint(r, out, "--memory SIZE, or total_memory_limit of a configuration, gives more");
    if (kind == MARINE_TRAP)
        hint(r, out, "the module goes on with its memory as it was at the trap; `new` begins afresh");
}

static bool run_call(repl *r, riv_str rest, repl_answer *out)
{
    riv_str       module = take_word(&rest), function = take_word(&rest);
    repl_call     given;
    riv_fault     fault = { 0 };
    marine_result result;
    if (function.len == 0) return fail(r, out, "command", "call needs MODULE, FUNCTION and arguments");
    const repl_module *m = find(r, module);
    if (!m) return fail_module(r, out, module);
    const marine_interface *in = marine_module_interface(m->config.module);
    const marine_function  *f  = find_function(in, function);
    if (!f) return fail_function(r, out, in, function);
    if (repl_call_read(rest, r->scratch, &fault, &given)) {
        hint_call(r, out, MARINE_BAD_ARGUMENTS, in, f);
        return fail(r, out, "arguments", "%s", fault.msg);
    }
    uint64_t    ticks = (r->deadline_ms + REPL_TICK_MS - 1) / REPL_TICK_MS;
    marine_call call  = { .module         = module,
                          .function       = function,
                          .args           = given.args,
                          .params         = given.params,
                          .fuel           = r->fuel,
                          .deadline_ticks = (uint32_t)ticks };
    repl_watch(r, ticks);
    uint64_t start_ns = host_clock_ns();
    riv_err  err      = marine_service_call(r->service, &call, r->scratch, &fault, &result);
    out->time_us      = us_since(start_ns);
    bool interrupted  = repl_unwatch();
    out->fuel         = result.fuel_used;
    if (err && result.error == MARINE_DEADLINE && interrupted)
        return fail(r, out, "deadline", "function `" RIV_FMT "` was interrupted", RIV_ARG(function));
    if (err) {
        hint_call(r, out, result.error, in, f);
        return fail_marine(r, out, &fault);
    }
    out->result = result.value;
    out->silent = given.no_result;
    out->timed  = true;
    return true;
}

/* ---- looking ---- */

static bool run_interface(repl *r, riv_str rest, repl_answer *out)
{
    riv_str only                  = take_word(&rest);
    RIV_VEC(riv_json_member) list = { 0 };
    if (rest.len) return fail(r, out, "command", "interface takes one MODULE");
    if (only.len && !find(r, only)) return fail_module(r, out, only);
    for (size_t i = 0; i < r->loaded.len; i++) {
        const repl_module *m = &r->loaded.ptr[i];
        if (only.len && !riv_str_eq(m->name, only)) continue;
        *riv_push(r->scratch, &list) =
            (riv_json_member){ m->name, marine_interface_json(marine_module_interface(m->config.module), r->scratch) };
    }
    out->result = riv_json_object(r->scratch, "modules", riv_json_ordered(r->scratch, list.ptr, list.len), NULL);
    out->text   = repl_interface_text(r, only, r->scratch);
    return true;
}

static const riv_json *defaults(const repl *r)
{
    riv_arena *a = r->scratch;
    return riv_json_record(a, "fuel", riv_json_u64(a, r->fuel), "deadline_ms", riv_json_u64(a, r->deadline_ms),
                           "stack_bytes", riv_json_u64(a, MARINE_STACK_BYTES), "memory_bytes",
                           riv_json_u64(a, r->memory_bytes_max), NULL);
}

static bool run_stats(repl *r, riv_str rest, repl_answer *out)
{
    riv_arena    *a     = r->scratch;
    marine_stats  stats = { .memory_bytes_max = r->memory_bytes_max };
    riv_json_list list  = { 0 };
    riv_buf       text  = riv_buf_in(a);
    if (rest.len) return fail(r, out, "command", "stats takes no arguments");
    if (r->service) marine_service_stats(r->service, a, &stats);
    for (size_t i = 0; i < stats.modules_count; i++) {
        const marine_module_stats *m = &stats.modules[i];
        riv_json_add(a, &list,
                     riv_json_record(a, "name", riv_json_str(a, m->name), "memory_bytes",
                                     riv_json_u64(a, m->memory_bytes), NULL));
        riv_putf(&text, RIV_FMT " - %llu\n", RIV_ARG(m->name), (unsigned long long)m->memory_bytes);
    }
    out->result = riv_json_record(a, "modules", riv_json_arr(a, list.ptr, list.len), "memory_bytes",
                                  riv_json_u64(a, stats.memory_bytes), "memory_bytes_max",
                                  riv_json_u64(a, stats.memory_bytes_max), "allocation_rejects",
                                  riv_json_u64(a, stats.allocation_rejects), "calls", riv_json_u64(a, stats.calls),
                                  "failed_calls", riv_json_u64(a, stats.failed_calls), "fuel_used",
                                  riv_json_u64(a, stats.fuel_used), "defaults", defaults(r), NULL);
    riv_putf(&text, "Allocation rejects - %u\n", stats.allocation_rejects);
    riv_putf(&text, "memory %llu of %llu bytes; calls %llu, failed %llu; fuel %llu\n",
             (unsigned long long)stats.memory_bytes, (unsigned long long)stats.memory_bytes_max,
             (unsigned long long)stats.calls, (unsigned long long)stats.failed_calls,
             (unsigned long long)stats.fuel_used);
    riv_putf(&text, "of each call: fuel %llu, deadline %llu ms, stack %u bytes\n", (unsigned long long)r->fuel,
             (unsigned long long)r->deadline_ms, MARINE_STACK_BYTES);
    out->text = riv_buf_str(&text);
    return true;
}

/* What a module sees: its configuration's, then each mapped directory under its alias; later ones override. SPEC marine.md 6 */
static const riv_json *envs_of(const repl *r, const repl_module *m, riv_buf *text)
{
    const marine_module_config *c = &m->config;
    RIV_VEC(riv_json_member) all  = { 0 };
    riv_putf(text, RIV_FMT ":\n", RIV_ARG(m->name));
    for (size_t i = 0; i < c->envs_count + c->mapped_dirs_count; i++) {
        marine_pair pair            = i < c->envs_count ? c->envs[i] : c->mapped_dirs[i - c->envs_count];
        *riv_push(r->scratch, &all) = (riv_json_member){ pair.key, riv_json_str(r->scratch, pair.value) };
    }
    const riv_json *object = riv_json_obj(r->scratch, all.ptr, all.len);
    for (size_t i = 0; i < object->obj.count; i++)
        riv_putf(text, "  " RIV_FMT "=" RIV_FMT "\n", RIV_ARG(object->obj.members[i].key),
                 RIV_ARG(object->obj.members[i].value->str));
    if (object->obj.count == 0) riv_put_str(text, RIV_LIT("  <empty>\n"));
    return object;
}

static bool run_envs(repl *r, riv_str rest, repl_answer *out)
{
    riv_str only                  = take_word(&rest);
    riv_buf text                  = riv_buf_in(r->scratch);
    RIV_VEC(riv_json_member) list = { 0 };
    if (rest.len) return fail(r, out, "command", "envs takes one MODULE");
    if (only.len && !find(r, only)) return fail_module(r, out, only);
    for (size_t i = 0; i < r->loaded.len; i++) {
        const repl_module *m = &r->loaded.ptr[i];
        if (only.len && !riv_str_eq(m->name, only)) continue;
        *riv_push(r->scratch, &list) = (riv_json_member){ m->name, envs_of(r, m, &text) };
    }
    out->result = riv_json_ordered(r->scratch, list.ptr, list.len);
    out->text   = text.len ? riv_buf_str(&text) : RIV_LIT("nothing is loaded\n");
    return true;
}

static bool run_help(repl *r, riv_str rest, repl_answer *out)
{
    riv_json_list list = { 0 };
    riv_buf       text = riv_buf_in(r->scratch);
    riv_arena    *a    = r->scratch;
    (void)rest;
    for (size_t i = 0; i < repl_commands_count; i++) {
        const repl_command *c    = &repl_commands[i];
        riv_str             line = riv_format(a, "%s%s%s", c->name, c->args[0] ? " " : "", c->args);
        riv_json_add(a, &list,
                     riv_json_record(a, "command", riv_json_str(a, line), "help", riv_json_strc(a, c->help), NULL));
        riv_putf(&text, "  %c, %-52s  %s\n", c->name[0], line.ptr, c->help);
    }
    out->result = riv_json_arr(a, list.ptr, list.len);
    out->text   = riv_buf_str(&text);
    return true;
}

static bool run_quit(repl *r, riv_str rest, repl_answer *out)
{
    (void)r;
    (void)rest;
    out->quit = true;
    return true;
}

/* ---- all of them ---- */

/* clang-format off */
const repl_command repl_commands[] = {
    { "new",       "[CONFIG.toml]",  "a new service: empty, or of a configuration", run_new },
    { "load",      "NAME FILE",      "load a module: .wasm, or a source that is built first", run_load },
    { "unload",    "NAME",           "unload a module that no other imports from", run_unload },
    { "call",      "MODULE FUNCTION [-nr] ARGS [PARAMETERS]", "call with a JSON array or object; -nr: do not show the result", run_call },
    { "interface", "[MODULE]",       "what can be called", run_interface },
    { "stats",     "",               "memory, calls, fuel and the bounds of a call", run_stats },
    { "envs",      "[MODULE]",       "environment variables that modules see", run_envs },
    { "help",      "",               "this list", run_help },
    { "quit",      "",               "end", run_quit },
};
const size_t repl_commands_count = RIV_COUNT(repl_commands);
/* clang-format on */

bool repl_is_command(riv_str word, const char *name)
{
    return riv_str_eq(word, riv_str_c(name)) || (word.len == 1 && word.ptr[0] == name[0]);
}

static const repl_command *find_command(riv_str word)
{
    for (size_t i = 0; i < repl_commands_count; i++)
        if (repl_is_command(word, repl_commands[i].name)) return &repl_commands[i];
    return NULL;
}

static void fail_command(repl *r, riv_str word, repl_answer *out)
{
    riv_str names[RIV_COUNT(repl_commands)];
    for (size_t i = 0; i < repl_commands_count; i++) names[i] = riv_str_c(repl_commands[i].name);
    fail(r, out, "command", "there is no command '" RIV_FMT "'", RIV_ARG(cli_shown(r->c, word, 40)));
    hint(r, out, "`help` lists them");
    hint_near(r, out, word, names, repl_commands_count);
}

void repl_run(repl *r, riv_str line, repl_answer *out)
{
    size_t              bad  = 0;
    riv_str             rest = line, word = take_word(&rest);
    const repl_command *command = find_command(word);
    *out                        = (repl_answer){ 0 };
    if (!riv_utf8_valid(riv_str_bytes(line), &bad)) {
        fail(r, out, "command", "the line is no UTF-8: the byte at column %zu is wrong", bad + 1);
        return;
    }
    if (!command) {
        fail_command(r, word, out);
        return;
    }
    if (command->run != run_new && command->run != run_help && command->run != run_quit) look_at_files(r);
    uint64_t start_ns = host_clock_ns();
    command->run(r, rest, out);
    if (out->time_us <= 0) out->time_us = us_since(start_ns);
}
