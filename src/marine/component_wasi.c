/* component_wasi.c: WASI 0.2 for components, by hand and through marine_env, as preview 1 is: its clock, its randomness, two outputs,
 * an environment; an empty standard input, no arguments, no directories. Other functions of WASI link and end the call that uses them.
 * A component says itself which types its imports have: what it hands over is checked against the letters of the table, what it is
 * given is checked by the engine.
 * Spec: docs/spec/components-wasi.md 4. Tests: component_wasi_test.c. */
#include "marine/component.h"

enum {
    HOST_CALL_FUEL   = 1000,     /* as for modules */
    WRITE_BYTES_MAX  = 16 << 10, /* what check-write offers */
    OUTPUT_BYTES_MAX = 64 << 10, /* what marine_env takes at a time */
    RANDOM_BYTES_MAX = 1 << 20,
    STDIN            = 0,
    STDOUT           = 1,
    STDERR           = 2,
};
#define NS_PER_S       UINT64_C(1000000000)
#define HOST_INTERFACE "rivulet:marine/host"

/* Kinds of resources; those that are not here get numbers behind them, by name. */
enum resource { ERROR, POLLABLE, INPUT, OUTPUT, RESOURCES };
static const char *const resource_names[RESOURCES] = {
    [ERROR]    = "error",
    [POLLABLE] = "pollable",
    [INPUT]    = "input-stream",
    [OUTPUT]   = "output-stream",
};

typedef marine__world world;
typedef struct world_function {
    const char *interface, *name;
    const char *
        params; /* o, i, p: a handle; P: a list of pollables; b: bytes; U: u64; I: s32; u: u8; r: a result; s: a string */
    bool has_result;
    riv_err (*run)(world *w);
} world_function;
typedef struct missing {
    riv_str interface, name;
} missing;

/* ---- giving values ---- */

static wasmtime_component_val_t u64_val(uint64_t v)
{
    return (wasmtime_component_val_t){ .kind = WASMTIME_COMPONENT_U64, .of.u64 = v };
}

static wasmtime_component_val_t tuple_val(wasmtime_component_val_t a, wasmtime_component_val_t b)
{
    wasmtime_component_val_t v = { .kind = WASMTIME_COMPONENT_TUPLE };
    wasmtime_component_valtuple_new_uninit(&v.of.tuple, 2);
    v.of.tuple.data[0] = a;
    v.of.tuple.data[1] = b;
    return v;
}

static riv_err give(world *w, wasmtime_component_val_t v)
{
    *w->result = v;
    return RIV_OK;
}

static riv_err give_ok(world *w, const wasmtime_component_val_t *v)
{
    wasmtime_component_val_t copy = v ? *v : (wasmtime_component_val_t){ 0 };
    return give(w, (wasmtime_component_val_t){ .kind      = WASMTIME_COMPONENT_RESULT,
                                               .of.result = { true, v ? wasmtime_component_val_new(&copy) : NULL } });
}

static riv_err give_none(world *w) { return give(w, (wasmtime_component_val_t){ .kind = WASMTIME_COMPONENT_OPTION }); }

/* stream-error: the stream has ended */
static riv_err give_closed(world *w)
{
    wasmtime_component_val_t v = { .kind = WASMTIME_COMPONENT_VARIANT };
    wasm_byte_vec_new(&v.of.variant.discriminant, 6, "closed");
    return give(w, (wasmtime_component_val_t){ .kind      = WASMTIME_COMPONENT_RESULT,
                                               .of.result = { false, wasmtime_component_val_new(&v) } });
}

/* The engine keeps a table of handles outside the memory budget. */
static riv_err give_handle(world *w, enum resource type, uint32_t rep)
{
    if (w->in->component->handles >= MARINE__HANDLES_MAX)
        return marine__fail(w->in->service, MARINE_OUT_OF_MEMORY, "component holds more than %d handles of the host",
                            MARINE__HANDLES_MAX);
    wasmtime_component_val_t            v      = { .kind = WASMTIME_COMPONENT_RESOURCE };
    wasmtime_component_resource_host_t *handle = wasmtime_component_resource_host_new(true, rep, type);
    wasmtime_error_t *error = wasmtime_component_resource_host_to_any(w->context, handle, &v.of.resource);
    wasmtime_component_resource_host_delete(handle);
    if (error) {
        wasmtime_error_delete(error);
        return marine__fail(w->in->service, MARINE_HOST, "the engine gives no handle");
    }
    w->in->component->handles++;
    return give(w, v);
}

/* ---- environment and end ---- */

static riv_err get_environment(world *w)
{
    const marine__instance  *in = w->in;
    wasmtime_component_val_t v  = marine__wit_list(in->envs_count);
    for (size_t i = 0; i < in->envs_count; i++) {
        riv_err err = marine__charge(in->service, in->envs[i].key.len + in->envs[i].value.len);
        if (err) {
            wasmtime_component_val_delete(&v);
            return err;
        }
        v.of.list.data[i] = tuple_val(marine__wit_text(in->envs[i].key), marine__wit_text(in->envs[i].value));
    }
    return give(w, v);
}

static riv_err give_empty_list(world *w) { return give(w, marine__wit_list(0)); }

static riv_err end(world *w, uint32_t code)
{
    w->in->service->exited    = true;
    w->in->service->exit_code = code;
    return marine__fail(w->in->service, MARINE_TRAP, "the component ended itself with code %u", code);
}

static riv_err exit_with_result(world *w) { return end(w, w->args[0].of.result.is_ok ? 0 : 1); }
static riv_err exit_with_code(world *w) { return end(w, w->args[0].of.u8); }

/* ---- streams ---- */

static riv_err get_stdin(world *w) { return give_handle(w, INPUT, STDIN); }
static riv_err get_stdout(world *w) { return give_handle(w, OUTPUT, STDOUT); }
static riv_err get_stderr(world *w) { return give_handle(w, OUTPUT, STDERR); }
static riv_err subscribe(world *w) { return give_handle(w, POLLABLE, 0); }

static riv_err check_write(world *w)
{
    wasmtime_component_val_t v = u64_val(WRITE_BYTES_MAX);
    return give_ok(w, &v);
}

static riv_err flush(world *w) { return give_ok(w, NULL); }

static riv_err write(world *w)
{
    marine__instance                   *in    = w->in;
    marine_service                     *s     = in->service;
    const wasmtime_component_vallist_t *bytes = &w->args[1].of.list;
    uint8_t                             part[1024];
    RIV_TRY(marine__charge(s, bytes->size));
    RIV_TRY(marine__tell(in, bytes->size));
    riv_buf text = { 0 };
    for (size_t i = 0; i < bytes->size;) {
        size_t n = 0;
        for (; n < sizeof part && i < bytes->size; n++, i++) part[n] = bytes->data[i].of.u8;
        riv_put_bytes(&text, (riv_bytes){ part, n });
        if (text.len + sizeof part <= OUTPUT_BYTES_MAX && i < bytes->size) continue;
        if (s->env.output) s->env.output(s->env.ctx, in->name, w->reps[0] == STDERR, riv_buf_str(&text));
        riv_buf_clear(&text);
    }
    riv_buf_free(&text);
    return give_ok(w, NULL);
}

/* ---- waiting: everything is ready ---- */

static riv_err ready(world *w)
{
    return give(w, (wasmtime_component_val_t){ .kind = WASMTIME_COMPONENT_BOOL, .of.boolean = true });
}

static riv_err block(world *w)
{
    (void)w;
    return RIV_OK;
}

static riv_err poll(world *w)
{
    size_t count = w->args[0].of.list.size;
    if (!count) return marine__fail(w->in->service, MARINE_TRAP, "poll of no pollables");
    RIV_TRY(marine__charge(w->in->service, count * HOST_CALL_FUEL)); /* each was looked up */
    wasmtime_component_val_t v = marine__wit_list(count);
    for (size_t i = 0; i < count; i++)
        v.of.list.data[i] = (wasmtime_component_val_t){ .kind = WASMTIME_COMPONENT_U32, .of.u32 = (uint32_t)i };
    return give(w, v);
}

/* ---- clocks: all are the one of the environment ---- */

static riv_err give_datetime(world *w, uint64_t ns)
{
    const marine__wit_field fields[] = {
        { "seconds", u64_val(ns / NS_PER_S) },
        { "nanoseconds", { .kind = WASMTIME_COMPONENT_U32, .of.u32 = (uint32_t)(ns % NS_PER_S) } },
    };
    return give(w, marine__wit_record(fields, RIV_COUNT(fields)));
}

static riv_err wall_now(world *w) { return give_datetime(w, marine__now_ns(w->in->service)); }
static riv_err wall_resolution(world *w) { return give_datetime(w, 1); }
static riv_err monotonic_now(world *w) { return give(w, u64_val(marine__now_ns(w->in->service))); }
static riv_err monotonic_resolution(world *w) { return give(w, u64_val(1)); }

/* ---- randomness ---- */

static uint64_t random_u64(world *w)
{
    uint8_t bytes[8];
    marine__random(w->in->service, bytes, sizeof bytes);
    riv_reader r = riv_reader_of((riv_bytes){ bytes, sizeof bytes });
    return riv_read_u64le(&r);
}

static riv_err get_random_u64(world *w) { return give(w, u64_val(random_u64(w))); }

static riv_err insecure_seed(world *w)
{
    wasmtime_component_val_t first = u64_val(random_u64(w));
    return give(w, tuple_val(first, u64_val(random_u64(w))));
}

static riv_err get_random_bytes(world *w)
{
    uint64_t len = w->args[0].of.u64;
    if (len > RANDOM_BYTES_MAX)
        return marine__fail(w->in->service, MARINE_OUT_OF_MEMORY, "more than %d random bytes at once",
                            RANDOM_BYTES_MAX);
    RIV_TRY(marine__charge(w->in->service, len));
    uint8_t *bytes = riv_alloc((size_t)len + 1);
    marine__random(w->in->service, bytes, (size_t)len);
    wasmtime_component_val_t v = marine__wit_bytes((riv_bytes){ bytes, (size_t)len });
    riv_free(bytes);
    return give(w, v);
}

/* ---- the table ---- */

/* clang-format off */
static const world_function functions[] = {
    { "wasi:cli/environment", "get-environment", "", true, get_environment },
    { "wasi:cli/environment", "get-arguments", "", true, give_empty_list },
    { "wasi:cli/environment", "initial-cwd", "", true, give_none },
    { "wasi:cli/exit", "exit", "r", false, exit_with_result },
    { "wasi:cli/exit", "exit-with-code", "u", false, exit_with_code },
    { "wasi:cli/stdin", "get-stdin", "", true, get_stdin },
    { "wasi:cli/stdout", "get-stdout", "", true, get_stdout },
    { "wasi:cli/stderr", "get-stderr", "", true, get_stderr },
    { "wasi:cli/terminal-stdin", "get-terminal-stdin", "", true, give_none },
    { "wasi:cli/terminal-stdout", "get-terminal-stdout", "", true, give_none },
    { "wasi:cli/terminal-stderr", "get-terminal-stderr", "", true, give_none },
    { "wasi:io/streams", "[method]input-stream.read", "iU", true, give_closed },
    { "wasi:io/streams", "[method]input-stream.blocking-read", "iU", true, give_closed },
    { "wasi:io/streams", "[method]input-stream.skip", "iU", true, give_closed },
    { "wasi:io/streams", "[method]input-stream.blocking-skip", "iU", true, give_closed },
    { "wasi:io/streams", "[method]input-stream.subscribe", "i", true, subscribe },
    { "wasi:io/streams", "[method]output-stream.check-write", "o", true, check_write },
    { "wasi:io/streams", "[method]output-stream.write", "ob", true, write },
    { "wasi:io/streams", "[method]output-stream.blocking-write-and-flush", "ob", true, write },
    { "wasi:io/streams", "[method]output-stream.flush", "o", true, flush },
    { "wasi:io/streams", "[method]output-stream.blocking-flush", "o", true, flush },
    { "wasi:io/streams", "[method]output-stream.subscribe", "o", true, subscribe },
    { "wasi:io/poll", "[method]pollable.ready", "p", true, ready },
    { "wasi:io/poll", "[method]pollable.block", "p", false, block },
    { "wasi:io/poll", "poll", "P", true, poll },
    { "wasi:clocks/wall-clock", "now", "", true, wall_now },
    { "wasi:clocks/wall-clock", "resolution", "", true, wall_resolution },
    { "wasi:clocks/monotonic-clock", "now", "", true, monotonic_now },
    { "wasi:clocks/monotonic-clock", "resolution", "", true, monotonic_resolution },
    { "wasi:clocks/monotonic-clock", "subscribe-instant", "U", true, subscribe },
    { "wasi:clocks/monotonic-clock", "subscribe-duration", "U", true, subscribe },
    { "wasi:random/random", "get-random-bytes", "U", true, get_random_bytes },
    { "wasi:random/random", "get-random-u64", "", true, get_random_u64 },
    { "wasi:random/insecure", "get-insecure-random-bytes", "U", true, get_random_bytes },
    { "wasi:random/insecure", "get-insecure-random-u64", "", true, get_random_u64 },
    { "wasi:random/insecure-seed", "insecure-seed", "", true, insecure_seed },
    { "wasi:filesystem/preopens", "get-directories", "", true, give_empty_list },
    { HOST_INTERFACE, "call-parameters", "", true, marine__world_parameters },
    { HOST_INTERFACE, "log", "Is", false, marine__world_log },
};
/* clang-format on */

/* ---- calls ---- */

/* Each handle that is handed over must be taken, or the engine ends the call. *rep stays where it is none of that kind. */
static bool take_handle(world *w, const wasmtime_component_val_t *v, enum resource type, uint32_t *rep)
{
    wasmtime_component_resource_host_t *handle;
    if (v->kind != WASMTIME_COMPONENT_RESOURCE) return false;
    wasmtime_error_t *error = wasmtime_component_resource_any_to_host(w->context, v->of.resource, &handle);
    if (error) {
        wasmtime_error_delete(error);
        return false;
    }
    *rep      = wasmtime_component_resource_host_rep(handle);
    bool fits = wasmtime_component_resource_host_type(handle) == (uint32_t)type;
    wasmtime_component_resource_host_delete(handle);
    return fits;
}

static bool take_list(world *w, char letter, const wasmtime_component_val_t *v)
{
    uint32_t rep;
    if (v->kind != WASMTIME_COMPONENT_LIST) return false;
    for (size_t i = 0; i < v->of.list.size; i++) {
        const wasmtime_component_val_t *item = &v->of.list.data[i];
        if (letter == 'b' ? item->kind != WASMTIME_COMPONENT_U8 : !take_handle(w, item, POLLABLE, &rep)) return false;
    }
    return true;
}

static bool take_arg(world *w, char letter, const wasmtime_component_val_t *v, uint32_t *rep)
{
    switch (letter) {
    case 'o': return take_handle(w, v, OUTPUT, rep);
    case 'i': return take_handle(w, v, INPUT, rep);
    case 'p': return take_handle(w, v, POLLABLE, rep);
    case 'P':
    case 'b': return take_list(w, letter, v);
    case 'U': return v->kind == WASMTIME_COMPONENT_U64;
    case 'I': return v->kind == WASMTIME_COMPONENT_S32;
    case 's': return v->kind == WASMTIME_COMPONENT_STRING;
    case 'u': return v->kind == WASMTIME_COMPONENT_U8;
    case 'r': return v->kind == WASMTIME_COMPONENT_RESULT;
    default: RIV_UNREACHABLE();
    }
}

static wasmtime_error_t *error_of(const marine_service *s)
{
    return wasmtime_error_new(s->fault.msg[0] ? s->fault.msg : "ended");
}

static wasmtime_error_t *run_function(void *data, wasmtime_context_t *context,
                                      const wasmtime_component_func_type_t *type, wasmtime_component_val_t *args,
                                      size_t args_count, wasmtime_component_val_t *results, size_t results_count)
{
    const world_function *f = data;
    world w = { .in = wasmtime_context_get_data(context), .context = context, .args = args, .result = results };
    marine_service *s = w.in->service;
    (void)type;
    if (marine__charge(s, HOST_CALL_FUEL)) return error_of(s);
    bool fits = args_count == strlen(f->params) && results_count == f->has_result;
    for (size_t i = 0; fits && i < args_count; i++) fits = take_arg(&w, f->params[i], &args[i], &w.reps[i]);
    if (!fits) (void)!marine__fail(s, MARINE_LINK, "component imports %s#%s with another type", f->interface, f->name);
    return !fits || f->run(&w) ? error_of(s) : NULL;
}

static wasmtime_error_t *run_missing(void *data, wasmtime_context_t *context,
                                     const wasmtime_component_func_type_t *type, wasmtime_component_val_t *args,
                                     size_t args_count, wasmtime_component_val_t *results, size_t results_count)
{
    const missing    *m  = data;
    marine__instance *in = wasmtime_context_get_data(context);
    (void)type, (void)args, (void)args_count, (void)results, (void)results_count;
    (void)!marine__fail(in->service, MARINE_HOST, "component calls " RIV_FMT "#" RIV_FMT ", which is not provided",
                        RIV_ARG(m->interface), RIV_ARG(m->name));
    return error_of(in->service);
}

static wasmtime_error_t *drop_handle(void *data, wasmtime_context_t *context, uint32_t rep)
{
    marine__instance *in = wasmtime_context_get_data(context);
    (void)data, (void)rep;
    if (in->component->handles) in->component->handles--;
    return NULL;
}

/* ---- the linker ---- */

typedef struct linking {
    marine_module *module;
    riv_fault     *fault;
    RIV_VEC(riv_str) resources; /* those beyond the named ones */
} linking;

/* "wasi:io/streams@0.2.6" -> "wasi:io/streams"; empty: another version */
static riv_str interface_of(riv_str import)
{
    size_t  at      = RIV_MIN(riv_str_find_char(import, '@', 0), import.len);
    riv_str version = riv_str_sub(import, at, import.len), interface = riv_str_sub(import, 0, at);
    bool    known = riv_str_eq(interface, RIV_LIT(HOST_INTERFACE)) ? riv_str_eq(version, RIV_LIT("@0.1.0"))
                                                                   : riv_str_starts(version, RIV_LIT("@0.2."));
    return known ? interface : (riv_str) {
        NULL, 0
    };
}

static const world_function *find(riv_str import, riv_str name)
{
    riv_str interface = interface_of(import);
    for (size_t i = 0; i < RIV_COUNT(functions); i++)
        if (riv_str_eq(interface, riv_str_c(functions[i].interface)) && riv_str_eq(name, riv_str_c(functions[i].name)))
            return &functions[i];
    return NULL;
}

/* The same name in two interfaces is the same resource: one of them uses the other's. */
static uint32_t resource_type(linking *l, riv_str name)
{
    for (uint32_t i = 0; i < RESOURCES; i++)
        if (riv_str_eq(name, riv_str_c(resource_names[i]))) return i;
    uint32_t i = 0;
    while (i < l->resources.len && !riv_str_eq(l->resources.ptr[i], name)) i++;
    if (i == l->resources.len) *riv_push(l->module->arena, &l->resources) = riv_str_dup(l->module->arena, name);
    return RESOURCES + i;
}

static wasmtime_error_t *define_item(linking *l, wasmtime_component_linker_instance_t *to, riv_str import, riv_str name,
                                     wasmtime_component_item_kind_t kind)
{
    if (kind == WASMTIME_COMPONENT_ITEM_RESOURCE) {
        wasmtime_component_resource_type_t *type = wasmtime_component_resource_type_new_host(resource_type(l, name));
        wasmtime_error_t                   *error =
            wasmtime_component_linker_instance_add_resource(to, name.ptr, name.len, type, drop_handle, NULL, NULL);
        wasmtime_component_resource_type_delete(type);
        return error;
    }
    if (kind != WASMTIME_COMPONENT_ITEM_COMPONENT_FUNC) return NULL; /* types */
    const world_function *f = find(import, name);
    if (f)
        return wasmtime_component_linker_instance_add_func(to, name.ptr, name.len, run_function, (void *)(uintptr_t)f,
                                                           NULL);
    missing *m = riv_new(l->module->arena, missing, 1);
    *m         = (missing){ riv_str_dup(l->module->arena, import), riv_str_dup(l->module->arena, name) };
    return wasmtime_component_linker_instance_add_func(to, name.ptr, name.len, run_missing, m, NULL);
}

static wasmtime_error_t *define_instance(linking *l, wasmtime_component_linker_instance_t *root, riv_str import,
                                         const wasmtime_component_instance_type_t *type)
{
    wasmtime_component_linker_instance_t *to;
    const wasm_engine_t                  *engine = l->module->engine->wasm;
    wasmtime_component_extern_t          *ext;
    riv_str                               name;
    wasmtime_error_t *error = wasmtime_component_linker_instance_add_instance(root, import.ptr, import.len, &to);
    if (error) return error;
    size_t count = wasmtime_component_instance_type_export_count(type, engine);
    for (size_t i = 0; !error && i < count; i++) {
        wasmtime_component_item_t item;
        if (!wasmtime_component_instance_type_export_nth(type, engine, i, &name.ptr, &name.len, &ext)) continue;
        wasmtime_component_extern_type(ext, &item);
        error = define_item(l, to, import, name, item.kind);
        wasmtime_component_item_delete(&item);
        wasmtime_component_extern_delete(ext);
    }
    wasmtime_component_linker_instance_delete(to);
    return error;
}

static riv_err define_import(linking *l, wasmtime_component_linker_instance_t *root, riv_str import,
                             const wasmtime_component_item_t *item)
{
    if (item->kind == WASMTIME_COMPONENT_ITEM_TYPE) return RIV_OK;
    bool ours = riv_str_starts(import, RIV_LIT("wasi:")) || riv_str_starts(import, RIV_LIT(HOST_INTERFACE "@"));
    if (item->kind != WASMTIME_COMPONENT_ITEM_COMPONENT_INSTANCE || !ours)
        return riv_fail(l->fault, RIV_E_UNSUPPORTED, 0, "component imports " RIV_FMT ", which nobody provides",
                        RIV_ARG(import));
    wasmtime_error_t *error = define_instance(l, root, import, item->of.component_instance);
    if (!error) return RIV_OK;
    wasmtime_error_delete(error);
    return riv_fail(l->fault, RIV_E_UNSUPPORTED, 0, "component imports " RIV_FMT " in a way that cannot be linked",
                    RIV_ARG(import));
}

riv_err marine__component_link(marine_module *module, riv_fault *fault)
{
    linking              l                      = { .module = module, .fault = fault };
    const wasm_engine_t *engine                 = module->engine->wasm;
    marine__component   *c                      = module->component;
    riv_err              err                    = RIV_OK;
    c->linker                                   = wasmtime_component_linker_new(engine);
    wasmtime_component_linker_instance_t *root  = wasmtime_component_linker_root(c->linker);
    wasmtime_component_type_t            *type  = wasmtime_component_type(c->code);
    size_t                                count = wasmtime_component_type_import_count(type, engine);
    for (size_t i = 0; !err && i < count; i++) {
        wasmtime_component_extern_t *ext;
        wasmtime_component_item_t    item;
        riv_str                      name;
        if (!wasmtime_component_type_import_nth(type, engine, i, &name.ptr, &name.len, &ext)) continue;
        wasmtime_component_extern_type(ext, &item);
        err = define_import(&l, root, name, &item);
        wasmtime_component_item_delete(&item);
        wasmtime_component_extern_delete(ext);
    }
    wasmtime_component_type_delete(type);
    wasmtime_component_linker_instance_delete(root);
    return err;
}
