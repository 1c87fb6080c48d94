/* wasm.c: the original interpreter's wasm in Wasmtime behind the protocol of run.mjs. Only the call of `invoke` is timed: not the copies into
 * the module's memory, not what a host does to read the answer. One instance for all runs, as the original node keeps one.
 * ABI: docs/spec/air.md 2.1, 2.2. Usage: bench_avm_wasm FILE.wasm */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include <wasm.h>
#include <wasmtime.h>

#include "bench/avm/protocol.h"

enum { RUNS_MAX = 200000 };

typedef struct module {
    wasm_engine_t      *engine;
    wasmtime_store_t   *store;
    wasmtime_context_t *ctx;
    wasmtime_memory_t   memory;
    wasmtime_func_t     allocate, invoke, result_ptr, release;
} module;

static void check(wasmtime_error_t *error, wasm_trap_t *trap, const char *what)
{
    wasm_byte_vec_t text = { 0 };
    if (!error && !trap) return;
    if (error)
        wasmtime_error_message(error, &text);
    else
        wasm_trap_message(trap, &text);
    fprintf(stderr, "%s: %.*s\n", what, (int)text.size, text.data);
    exit(1);
}

/* Calls with i32s, gives the i32 that comes back, if any. */
static uint32_t call(module *m, const wasmtime_func_t *f, const uint32_t *args, size_t count, bool returns)
{
    wasmtime_val_raw_t raw[10] = { 0 };
    wasm_trap_t       *trap    = NULL;
    for (size_t i = 0; i < count; i++) raw[i].i32 = (int32_t)args[i];
    check(wasmtime_func_call_unchecked(m->ctx, f, raw, RIV_COUNT(raw), &trap), trap, "the original");
    return returns ? (uint32_t)raw[0].i32 : 0;
}

static uint8_t *at(module *m, uint32_t ptr) { return wasmtime_memory_data(m->ctx, &m->memory) + ptr; }

/* Copies bytes in; the callee owns them. Writes pointer and length. */
static void give(module *m, riv_bytes b, uint32_t out[2])
{
    out[0] = out[1] = 0;
    if (!b.len) return;
    out[0] = call(m, &m->allocate, (uint32_t[]){ (uint32_t)b.len, 1 }, 2, true);
    out[1] = (uint32_t)b.len;
    memcpy(at(m, out[0]), b.ptr, b.len);
}

static void give_field(module *m, riv_buf *record, riv_bytes b)
{
    uint32_t slice[2];
    give(m, b, slice);
    riv_put_u32le(record, slice[0]);
    riv_put_u32le(record, slice[1]);
}

static uint32_t give_params(module *m, const bench_invoke *b)
{
    riv_buf  record = { 0 };
    uint32_t slice[2];
    give_field(m, &record, riv_str_bytes(b->init));
    give_field(m, &record, riv_str_bytes(b->current));
    riv_put_u64le(&record, b->timestamp);
    riv_put_u32le(&record, b->ttl);
    riv_put_u8(&record, 0); /* ed25519 */
    give_field(m, &record, b->secret);
    give_field(m, &record, riv_str_bytes(b->particle));
    riv_put_u64le(&record, 16 << 20);
    riv_put_u64le(&record, 64 << 20);
    riv_put_u64le(&record, 32 << 20);
    riv_put_u8(&record, 0);
    give(m, riv_buf_view(&record), slice);
    riv_buf_free(&record);
    return slice[0];
}

/* µs of the call; *answer is where its record is in the module's memory, until release. */
static double run(module *m, const bench_invoke *b, uint32_t *answer)
{
    uint32_t args[9];
    give(m, riv_str_bytes(b->script), args);
    give(m, b->prev, args + 2);
    give(m, b->cur, args + 4);
    args[6] = give_params(m, b);
    give(m, b->results, args + 7);
    double start = bench_now_us();
    call(m, &m->invoke, args, RIV_COUNT(args), false);
    double us = bench_now_us() - start;
    *answer   = call(m, &m->result_ptr, NULL, 0, true);
    return us;
}

static void release(module *m) { call(m, &m->release, NULL, 0, false); }

static riv_bytes slice_at(module *m, uint32_t ptr)
{
    riv_reader r     = riv_reader_of((riv_bytes){ at(m, ptr), 8 });
    uint32_t   where = riv_read_u32le(&r), len = riv_read_u32le(&r);
    return (riv_bytes){ at(m, where), len };
}

static int64_t code_at(module *m, uint32_t ptr)
{
    riv_reader r = riv_reader_of((riv_bytes){ at(m, ptr), 8 });
    return (int64_t)riv_read_u64le(&r);
}

static void time_invoke(module *m, const bench_invoke *b, uint64_t budget_ms)
{
    static double times[RUNS_MAX];
    size_t        runs = 0;
    uint32_t      out;
    for (double start = bench_now_us(); runs < RUNS_MAX && (!runs || bench_now_us() - start < (double)budget_ms * 1e3);
         release(m))
        times[runs++] = run(m, b, &out);
    bench_print_times(times, runs);
}

static void answer(module *m, const bench_invoke *b)
{
    uint32_t out;
    run(m, b, &out);
    printf("{\"ret_code\":%lld,\"error_message\":\"", (long long)code_at(m, out));
    bench_print_hex(slice_at(m, out + 8));
    printf("\",\"data\":\"");
    bench_print_hex(slice_at(m, out + 16));
    printf("\",\"next_peers\":[");
    riv_reader r     = riv_reader_of((riv_bytes){ at(m, out + 24), 8 });
    uint32_t   peers = riv_read_u32le(&r), count = riv_read_u32le(&r);
    for (uint32_t i = 0; i < count; i++) {
        printf(i ? ",\"" : "\"");
        bench_print_hex(slice_at(m, peers + i * 8));
        printf("\"");
    }
    printf("],\"call_requests\":\"");
    bench_print_hex(slice_at(m, out + 32));
    printf("\"}\n");
    release(m);
}

static void end(module *m, const bench_invoke *b)
{
    bench_invoke step = *b;
    riv_buf      data = { 0 }, results = { 0 };
    uint32_t     asked = 0, steps = 0, out;
    double       us = 0;
    for (;;) {
        us += run(m, &step, &out);
        steps++;
        uint32_t count = bench_requests_count(slice_at(m, out + 32));
        int64_t  code  = code_at(m, out);
        riv_buf_clear(&data);
        riv_put_bytes(&data, slice_at(m, out + 16));
        release(m);
        if (code || !count) {
            printf("{\"ret_code\":%lld,\"steps\":%u,\"us\":%.1f,\"bytes\":%zu}\n", (long long)code, steps, us,
                   data.len);
            break;
        }
        bench_put_results(&results, asked + 1, count);
        asked += count;
        step.prev    = riv_buf_view(&data);
        step.results = riv_buf_view(&results);
    }
    riv_buf_free(&data);
    riv_buf_free(&results);
}

/* ---- the module ---- */

static wasm_trap_t *ignore_log(void *env, wasmtime_caller_t *caller, const wasmtime_val_t *args, size_t args_count,
                               wasmtime_val_t *results, size_t results_count)
{
    (void)env, (void)caller, (void)args, (void)args_count, (void)results, (void)results_count;
    return NULL;
}

static wasmtime_extern_t export_of(module *m, const wasmtime_instance_t *instance, const char *name)
{
    wasmtime_extern_t item;
    if (!wasmtime_instance_export_get(m->ctx, instance, name, strlen(name), &item)) {
        fprintf(stderr, "the module has no %s\n", name);
        exit(1);
    }
    return item;
}

static void define_log(wasmtime_linker_t *linker)
{
    wasm_valtype_t *params[4];
    for (size_t i = 0; i < RIV_COUNT(params); i++) params[i] = wasm_valtype_new(WASM_I32);
    wasm_valtype_vec_t in, out;
    wasm_valtype_vec_new(&in, RIV_COUNT(params), params);
    wasm_valtype_vec_new_empty(&out);
    wasm_functype_t *type = wasm_functype_new(&in, &out);
    check(wasmtime_linker_define_func(linker, "__marine_host_api_v3", 20, "log_utf8_string", 15, type, ignore_log, NULL,
                                      NULL),
          NULL, "the log import");
    wasm_functype_delete(type);
}

static void open(module *m, const char *path)
{
    riv_arena          *arena = riv_arena_new(0);
    riv_bytes           bytes = bench_file(path, arena);
    wasm_trap_t        *trap  = NULL;
    wasmtime_module_t  *code;
    wasmtime_instance_t instance;
    wasm_config_t      *config = wasm_config_new();
    wasmtime_config_async_stack_size_set(config, 8 << 20);
    wasmtime_config_max_wasm_stack_set(config, 4 << 20); /* a thousand nested calls take more than the default */
    m->engine                 = wasm_engine_new_with_config(config);
    m->store                  = wasmtime_store_new(m->engine, NULL, NULL);
    m->ctx                    = wasmtime_store_context(m->store);
    wasmtime_linker_t *linker = wasmtime_linker_new(m->engine);
    check(wasmtime_module_new(m->engine, bytes.ptr, bytes.len, &code), NULL, "the module");
    check(wasmtime_linker_define_wasi(linker), NULL, "wasi");
    check(wasmtime_context_set_wasi(m->ctx, wasi_config_new()), NULL, "wasi");
    define_log(linker);
    check(wasmtime_linker_instantiate(linker, m->ctx, code, &instance, &trap), trap, "the instance");
    m->memory             = export_of(m, &instance, "memory").of.memory;
    m->allocate           = export_of(m, &instance, "allocate").of.func;
    m->invoke             = export_of(m, &instance, "invoke").of.func;
    m->result_ptr         = export_of(m, &instance, "get_result_ptr").of.func;
    m->release            = export_of(m, &instance, "release_objects").of.func;
    wasmtime_func_t start = export_of(m, &instance, "_initialize").of.func;
    call(m, &start, NULL, 0, false);
    wasmtime_linker_delete(linker);
    wasmtime_module_delete(code);
    riv_arena_free(arena);
}

/* The size of the module's memory after a run in a fresh instance would need a new one for each; what is said is the memory's size so far. */
static void peak(module *m, const bench_invoke *b)
{
    uint32_t out;
    run(m, b, &out);
    release(m);
    printf("{\"bytes\":%zu,\"inputs\":%zu}\n", wasmtime_memory_data_size(m->ctx, &m->memory),
           b->script.len + b->prev.len + b->cur.len + b->results.len);
}

int main(int argc, char **argv)
{
    module m = { 0 };
    if (argc < 2 || crypto_init(NULL)) return 2;
    open(&m, argv[1]);
    bench_list    list = { 0 };
    bench_command c;
    while (bench_next(&list, &c)) {
        if (riv_str_eq(c.name, RIV_LIT("load")))
            printf("{\"count\":%zu}\n", list.count);
        else if (riv_str_eq(c.name, RIV_LIT("time")))
            time_invoke(&m, c.invoke, c.number);
        else if (riv_str_eq(c.name, RIV_LIT("answer")))
            answer(&m, c.invoke);
        else if (riv_str_eq(c.name, RIV_LIT("peak")))
            peak(&m, c.invoke);
        else if (riv_str_eq(c.name, RIV_LIT("end")))
            end(&m, c.invoke);
        else
            printf("{\"error\":\"unknown command\"}\n");
        fflush(stdout);
    }
    bench_list_free(&list);
    wasmtime_store_delete(m.store);
    wasm_engine_delete(m.engine);
    return 0;
}
