/* ours.c: our Marine behind the protocol of run.mjs: one JSON command a line of standard input, one JSON answer each.
 * The same commands in native/ and js.mjs, but for embed, fuel and root, which are ours alone. Calls are timed by the thread's time on the
 * processor, loads by the clock. */
#define _GNU_SOURCE /* CLOCK_THREAD_CPUTIME_ID */
#include "marine/marine.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <wasmtime.h>

enum { SERVICES_MAX = 4096, SAMPLE_US = 200 };

static const crypto_secret cache_key = { { 1 } };

typedef struct bench {
    marine_engine  *engine;
    marine_module  *module;
    marine_service *services[SERVICES_MAX];
    size_t          count;
} bench;

static void fail(const char *what, const riv_fault *fault)
{
    fprintf(stderr, "bench_marine: %s: %s\n", what, fault ? fault->msg : "");
    exit(1);
}

static double clock_us(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}
static double cpu_us(void) { return clock_us(CLOCK_THREAD_CPUTIME_ID); }
static double wall_us(void) { return clock_us(CLOCK_MONOTONIC); }

/* ---- files and commands ---- */

static riv_bytes read_file(const char *path, riv_arena *arena)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END)) fail(path, NULL);
    size_t   size = (size_t)ftell(f);
    uint8_t *data = riv_arena_alloc_raw(arena, size + 1, 1);
    rewind(f);
    if (fread(data, 1, size, f) != size) fail(path, NULL);
    fclose(f);
    return (riv_bytes){ data, size };
}

static const char *text_of(const riv_json *c, const char *key, riv_arena *arena)
{
    const riv_json *v = riv_json_get(c, riv_str_c(key));
    if (!v || v->kind != RIV_JSON_STR) fail(key, NULL);
    return riv_cstr(arena, v->str);
}

static uint64_t number_of(const riv_json *c, const char *key)
{
    const riv_json *v = riv_json_get(c, riv_str_c(key));
    if (!v || v->kind != RIV_JSON_U64) fail(key, NULL);
    return v->u64;
}

static const riv_json *args_of(const riv_json *c, riv_arena *arena, riv_str *text)
{
    const riv_json *args  = NULL;
    riv_fault       fault = { 0 };
    *text                 = riv_bytes_str(read_file(text_of(c, "args", arena), arena));
    if (riv_json_parse(*text, arena, &fault, &args)) fail("arguments", &fault);
    return args;
}

static uint64_t private_bytes(void)
{
    char     line[200];
    uint64_t kib = 0, all = 0;
    FILE    *f = fopen("/proc/self/smaps_rollup", "r");
    if (!f) fail("/proc/self/smaps_rollup", NULL);
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "Private_Clean: %lu", &kib) == 1 || sscanf(line, "Private_Dirty: %lu", &kib) == 1)
            all += kib * 1024;
    fclose(f);
    return all;
}

/* ---- services ---- */

static void stop(bench *b)
{
    while (b->count > 0) marine_service_free(b->services[--b->count]);
    marine_module_free(b->module);
    b->module = NULL;
}

static void start(bench *b)
{
    riv_fault                  fault = { 0 };
    const marine_module_config one   = {
          .name = RIV_LIT("bench"), .module = b->module, .logger_enabled = true, .logging_mask = INT32_MAX
    };
    marine_service_config config = { .modules = &one, .modules_count = 1 };
    if (marine_service_new(b->engine, &config, &fault, &b->services[b->count])) fail("service", &fault);
    b->count++;
}

static void compile(bench *b, const char *file, riv_arena *arena)
{
    riv_fault fault = { 0 };
    if (marine_module_new(b->engine, read_file(file, arena), &fault, &b->module)) fail(file, &fault);
}

/* From the file to a service that may be called; how: cold, or through the cache. */
static const riv_json *do_load(bench *b, const riv_json *c, riv_arena *arena)
{
    static const char *const names[] = {
        [MARINE_COMPILED] = "compiled", [MARINE_CHECKED] = "checked", [MARINE_KNOWN] = "known"
    };
    const char   *file  = text_of(c, "file", arena);
    marine_cache  cache = { .dir = riv_str_c(text_of(c, "cache", arena)), .key = cache_key };
    riv_fault     fault = { 0 };
    marine_cached how   = MARINE_COMPILED;
    stop(b);
    double from = wall_us();
    if (cache.dir.len == 0)
        compile(b, file, arena);
    else if (marine_module_open(b->engine, &cache, riv_str_c(file), &fault, &b->module, &how))
        fail(file, &fault);
    double module = wall_us();
    start(b);
    double done = wall_us();
    return riv_json_object(arena, "us", riv_json_f64(arena, done - from), "module_us",
                           riv_json_f64(arena, module - from), "cached", riv_json_strc(arena, names[how]), NULL);
}

static const riv_json *do_start(bench *b, const riv_json *c, riv_arena *arena)
{
    uint64_t count = number_of(c, "count");
    stop(b);
    compile(b, text_of(c, "file", arena), arena);
    start(b); /* the first one touches what all share */
    uint64_t before = private_bytes();
    double   from   = wall_us();
    for (uint64_t i = 0; i < count; i++) start(b);
    double us = wall_us() - from;
    return riv_json_object(arena, "us", riv_json_f64(arena, us / (double)count), "bytes",
                           riv_json_u64(arena, (private_bytes() - before) / count), NULL);
}

/* ---- calls ---- */

static marine_value value_of(const marine_interface *in, const marine_type *t, const riv_json *v, riv_arena *arena)
{
    marine_value out = { .kind = t->kind };
    if (t->kind == MARINE_STRING) {
        out.bytes = riv_str_bytes(v->str);
    } else if (t->kind == MARINE_BYTES || (t->kind == MARINE_ARRAY && t->element->kind == MARINE_U8)) {
        uint8_t *data = riv_new(arena, uint8_t, v->arr.count + 1);
        for (size_t i = 0; i < v->arr.count; i++) data[i] = (uint8_t)v->arr.items[i]->u64;
        out.kind  = MARINE_BYTES;
        out.bytes = (riv_bytes){ data, v->arr.count };
    } else if (t->kind == MARINE_ARRAY || t->kind == MARINE_RECORD) {
        const marine_record *record = t->kind == MARINE_RECORD ? &in->records[t->record] : NULL;
        size_t               count  = record ? record->fields_count : v->arr.count;
        marine_value        *items  = riv_new(arena, marine_value, count + 1);
        for (size_t i = 0; i < count; i++)
            items[i] = record ? value_of(in, &record->fields[i].type, riv_json_get(v, record->fields[i].name), arena)
                              : value_of(in, t->element, v->arr.items[i], arena);
        out.list.items = items;
        out.list.count = count;
    } else {
        out.bits = v->u64;
    }
    return out;
}

static const riv_json *json_of(const marine_interface *in, const marine_type *t, const marine_value *v,
                               riv_arena *arena)
{
    riv_json_list list = { 0 };
    if (v->kind == MARINE_STRING) return riv_json_str(arena, riv_bytes_str(v->bytes));
    if (v->kind == MARINE_BYTES) {
        for (size_t i = 0; i < v->bytes.len; i++) riv_json_add(arena, &list, riv_json_u64(arena, v->bytes.ptr[i]));
        return riv_json_arr(arena, list.ptr, list.len);
    }
    if (v->kind == MARINE_RECORD) {
        const marine_record *record  = &in->records[t->record];
        riv_json_member     *members = riv_new(arena, riv_json_member, record->fields_count);
        for (size_t i = 0; i < record->fields_count; i++)
            members[i] = (riv_json_member){ record->fields[i].name,
                                            json_of(in, &record->fields[i].type, &v->list.items[i], arena) };
        return riv_json_obj(arena, members, record->fields_count);
    }
    if (v->kind != MARINE_ARRAY) return riv_json_u64(arena, v->bits);
    for (size_t i = 0; i < v->list.count; i++)
        riv_json_add(arena, &list, json_of(in, t->element, &v->list.items[i], arena));
    return riv_json_arr(arena, list.ptr, list.len);
}

typedef struct call_plan { /* one call in its three forms */
    marine_service        *service;
    const marine_function *function;
    marine_call            call;
    riv_str                text;
    marine_value          *values;
    const char            *how;   /* values, tree, text */
    riv_arena             *arena; /* of the results */
    riv_buf                out;
} call_plan;

static call_plan plan_of(bench *b, const riv_json *c, riv_arena *arena)
{
    const marine_interface *in   = marine_module_interface(b->module);
    riv_str                 name = riv_str_c(text_of(c, "function", arena));
    call_plan p = { .service = b->services[b->count - 1], .how = text_of(c, "how", arena), .arena = riv_arena_new(0) };
    p.call      = (marine_call){ .function = name, .args = args_of(c, arena, &p.text) };
    for (size_t i = 0; i < in->functions_count; i++)
        if (riv_str_eq(in->functions[i].name, name)) p.function = &in->functions[i];
    if (!p.function) fail("no such function", NULL);
    p.values = riv_new(arena, marine_value, p.function->args_count + 1);
    for (size_t i = 0; i < p.function->args_count; i++)
        p.values[i] = value_of(in, &p.function->args[i].type, p.call.args->arr.items[i], arena);
    return p;
}

/* What is asked for stays until the next call: in *value, in *tree or in p->out. */
static void run_once(call_plan *p, marine_value *value, const riv_json **tree)
{
    riv_fault     fault = { 0 };
    marine_result result;
    bool          has_value;
    riv_err       err;
    riv_arena_reset(p->arena);
    riv_buf_clear(&p->out);
    if (p->how[0] == 'v')
        err = marine_service_call_values(p->service, &p->call, p->values, p->function->args_count, p->arena, &fault,
                                         &result, value, &has_value);
    else if (p->how[1] == 'e' && p->how[2] == 'x')
        err = marine_service_call_text(p->service, &p->call, p->text, &fault, &result, &p->out);
    else
        err = marine_service_call(p->service, &p->call, p->arena, &fault, &result);
    if (err) fail("call", &fault);
    *tree = result.value;
}

static const riv_json *do_answer(bench *b, const riv_json *c, riv_arena *arena)
{
    call_plan       p     = plan_of(b, c, arena);
    marine_value    value = { 0 };
    riv_fault       fault = { 0 };
    const riv_json *tree  = NULL;
    run_once(&p, &value, &tree);
    if (p.how[0] == 'v')
        tree = p.function->has_result ? json_of(marine_module_interface(b->module), &p.function->result, &value, arena)
                                      : riv_json_null();
    else if (p.out.len && riv_json_parse(riv_buf_str(&p.out), arena, &fault, &tree))
        fail("result", &fault);
    const riv_json *answer = riv_json_copy(arena, riv_json_object(arena, "result", tree, NULL));
    riv_arena_free(p.arena);
    riv_buf_free(&p.out);
    return answer;
}

static const riv_json *do_time(bench *b, const riv_json *c, riv_arena *arena)
{
    call_plan       p     = plan_of(b, c, arena);
    marine_value    value = { 0 };
    const riv_json *tree;
    double          best = 1e18, until = wall_us() + (double)number_of(c, "ms") * 1e3;
    for (uint64_t count = 1; wall_us() < until;) {
        double from = cpu_us();
        for (uint64_t i = 0; i < count; i++) run_once(&p, &value, &tree);
        double us = (cpu_us() - from) / (double)count;
        best      = RIV_MIN(best, us);
        count     = (uint64_t)RIV_MAX(1.0, RIV_MIN(1000.0, SAMPLE_US / us));
    }
    riv_arena_free(p.arena);
    riv_buf_free(&p.out);
    return riv_json_object(arena, "us", riv_json_f64(arena, best), NULL);
}

/* ---- ours alone ---- */

static const riv_json *do_embed(const riv_json *c, riv_arena *arena)
{
    riv_buf   out   = riv_buf_in(arena);
    riv_fault fault = { 0 };
    if (marine_embed(read_file(text_of(c, "file", arena), arena), &fault, &out)) fail("embed", &fault);
    FILE *f = fopen(text_of(c, "out", arena), "wb");
    if (!f || fwrite(out.ptr, 1, out.len, f) != out.len || fclose(f)) fail("embed", NULL);
    return riv_json_object(arena, "bytes", riv_json_u64(arena, out.len), NULL);
}

/* Roots: the first; with nothing changed; after a call that wrote to some pages of 64 MiB. */
static const riv_json *do_root(bench *b, const riv_json *c, riv_arena *arena)
{
    riv_fault       fault = { 0 };
    marine_root     root;
    marine_service *s     = b->services[b->count - 1];
    call_plan       p     = plan_of(b, c, arena);
    marine_value    value = { 0 };
    const riv_json *tree;
    double          same = 1e18, changed = 1e18, from = cpu_us();
    uint64_t        hashed = 0;
    if (marine_service_root(s, &fault, &root)) fail("root", &fault);
    double   first = cpu_us() - from;
    uint64_t total = root.chunks_total;
    for (int i = 0; i < 200; i++) {
        from = cpu_us();
        if (marine_service_root(s, &fault, &root)) fail("root", &fault);
        same = RIV_MIN(same, cpu_us() - from);
        run_once(&p, &value, &tree);
        from = cpu_us();
        if (marine_service_root(s, &fault, &root)) fail("root", &fault);
        changed = RIV_MIN(changed, cpu_us() - from);
        hashed  = root.chunks_hashed;
    }
    riv_arena_free(p.arena);
    riv_buf_free(&p.out);
    return riv_json_object(arena, "first_us", riv_json_f64(arena, first), "same_us", riv_json_f64(arena, same),
                           "changed_us", riv_json_f64(arena, changed), "chunks", riv_json_u64(arena, total), "hashed",
                           riv_json_u64(arena, hashed), NULL);
}

/* One function without Marine, in an engine with these settings. */
static double work(riv_bytes wasm, const char *function, bool fuel, bool epochs, bool nan, uint64_t *answer)
{
    wasm_config_t *config = wasm_config_new();
    wasmtime_config_consume_fuel_set(config, fuel);
    wasmtime_config_epoch_interruption_set(config, epochs);
    wasmtime_config_cranelift_nan_canonicalization_set(config, nan);
    wasm_engine_t      *engine  = wasm_engine_new_with_config(config);
    wasmtime_store_t   *store   = wasmtime_store_new(engine, NULL, NULL);
    wasmtime_context_t *context = wasmtime_store_context(store);
    wasmtime_linker_t  *linker  = wasmtime_linker_new(engine);
    wasmtime_module_t  *module  = NULL;
    wasmtime_instance_t instance;
    wasmtime_extern_t   item;
    wasm_trap_t        *trap = NULL;
    double              best = 1e18;
    if (wasmtime_module_new(engine, wasm.ptr, wasm.len, &module)) fail("module", NULL);
    if (wasmtime_linker_define_unknown_imports_as_traps(linker, module)) fail("linker", NULL);
    if (epochs) wasmtime_context_set_epoch_deadline(context, 1);
    if (fuel && wasmtime_context_set_fuel(context, UINT64_MAX / 2)) fail("fuel", NULL);
    if (wasmtime_linker_instantiate(linker, context, module, &instance, &trap) || trap) fail("instance", NULL);
    if (!wasmtime_instance_export_get(context, &instance, function, strlen(function), &item)) fail(function, NULL);
    for (int i = 0; i < 20; i++) {
        wasmtime_val_raw_t raw  = { .i32 = 1000000 };
        double             from = cpu_us();
        if (wasmtime_func_call_unchecked(context, &item.of.func, &raw, 1, &trap) || trap) fail(function, NULL);
        best    = RIV_MIN(best, cpu_us() - from);
        *answer = (uint64_t)raw.i64;
    }
    wasmtime_linker_delete(linker);
    wasmtime_module_delete(module);
    wasmtime_store_delete(store);
    wasm_engine_delete(engine);
    return best;
}

static const riv_json *do_fuel(const riv_json *c, riv_arena *arena)
{
    static const char *const functions[] = { "work_integers", "work_floats", "work_memory" };
    riv_bytes                wasm        = read_file(text_of(c, "file", arena), arena);
    riv_json_list            list        = { 0 };
    for (size_t i = 0; i < RIV_COUNT(functions); i++) {
        uint64_t answers[4];
        double   bare = work(wasm, functions[i], false, false, false, &answers[0]);
        double   nan  = work(wasm, functions[i], false, false, true, &answers[1]),
               fuel   = work(wasm, functions[i], true, false, true, &answers[2]);
        double all    = work(wasm, functions[i], true, true, true, &answers[3]);
        for (size_t k = 1; k < 4; k++)
            if (answers[k] != answers[0]) fail("engines with other settings answer differently", NULL);
        riv_json_add(arena, &list,
                     riv_json_object(arena, "name", riv_json_strc(arena, functions[i]), "bare_us",
                                     riv_json_f64(arena, bare), "nan_us", riv_json_f64(arena, nan), "fuel_us",
                                     riv_json_f64(arena, fuel), "all_us", riv_json_f64(arena, all), NULL));
    }
    return riv_json_object(arena, "work", riv_json_arr(arena, list.ptr, list.len), NULL);
}

int main(void)
{
    bench     b     = { 0 };
    riv_fault fault = { 0 };
    char     *line  = NULL;
    size_t    cap   = 0;
    if (crypto_init(&fault) || marine_engine_new(&fault, &b.engine)) fail("engine", &fault);
    for (ssize_t got; (got = getline(&line, &cap, stdin)) > 0;) {
        riv_arena      *arena = riv_arena_new(0);
        const riv_json *c = NULL, *answer = NULL;
        if (riv_json_parse(riv_str_trim((riv_str){ line, (size_t)got }), arena, &fault, &c)) fail("command", &fault);
        riv_str what = riv_str_c(text_of(c, "do", arena));
        if (riv_str_eq(what, RIV_LIT("load"))) answer = do_load(&b, c, arena);
        if (riv_str_eq(what, RIV_LIT("start"))) answer = do_start(&b, c, arena);
        if (riv_str_eq(what, RIV_LIT("answer"))) answer = do_answer(&b, c, arena);
        if (riv_str_eq(what, RIV_LIT("time"))) answer = do_time(&b, c, arena);
        if (riv_str_eq(what, RIV_LIT("embed"))) answer = do_embed(c, arena);
        if (riv_str_eq(what, RIV_LIT("root"))) answer = do_root(&b, c, arena);
        if (riv_str_eq(what, RIV_LIT("fuel"))) answer = do_fuel(c, arena);
        if (!answer) fail("unknown command", NULL);
        riv_str text = riv_json_text(answer, arena);
        printf(RIV_FMT "\n", RIV_ARG(text));
        fflush(stdout);
        riv_arena_free(arena);
    }
    stop(&b);
    marine_engine_free(b.engine);
    free(line);
    return 0;
}
