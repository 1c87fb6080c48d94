/* marine_bench.c: what compiling, making a service and calling cost. Builds its modules with clang first; prints one figure a line. */
#define _POSIX_C_SOURCE 200809L
#include "marine/marine.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

static const crypto_secret bench_key;

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void check(riv_err err, const riv_fault *fault)
{
    if (!err) return;
    printf("%s: %s\n", riv_err_name(err), fault->msg);
    exit(1);
}

static riv_bytes build(const char *source, riv_arena *arena)
{
    char path[300], command[2000];
    snprintf(path, sizeof path, "/tmp/marine-bench-%d.wasm", (int)getpid());
    snprintf(command, sizeof command,
             "clang-14 --target=wasm32-wasi -O2 -mexec-model=reactor -Wl,--strip-all -Wl,--stack-first -I %s/sdk/c "
             "%s/%s -o %s",
             RIV_SOURCE_DIR, RIV_SOURCE_DIR, source, path);
    FILE *file = system(command) ? NULL : fopen(path, "rb");
    if (!file) exit(1);
    uint8_t  *data  = riv_new(arena, uint8_t, MIB);
    size_t    len   = fread(data, 1, MIB, file);
    riv_buf   out   = riv_buf_in(arena);
    riv_fault fault = { 0 };
    fclose(file);
    unlink(path);
    check(marine_embed((riv_bytes){ data, len }, &fault, &out), &fault);
    return riv_buf_view(&out);
}

static marine_service *serve(marine_engine *engine, const marine_module *module)
{
    const marine_module_config one    = { .name = RIV_LIT("bench"), .module = module };
    marine_service_config      config = { .modules = &one, .modules_count = 1 };
    marine_service            *s      = NULL;
    riv_fault                  fault  = { 0 };
    check(marine_service_new(engine, &config, &fault, &s), &fault);
    return s;
}

/* One call in one of the three ways; what it needs is made before. */
typedef struct job {
    const char         *what, *function;
    const riv_json     *tree; /* list of arguments, or NULL: */
    riv_str             text; /* the same as text, or empty: */
    const marine_value *values;
    size_t              values_count;
    int                 times;
} job;

static void run_job(marine_service *s, const job *j, riv_arena *arena, riv_buf *text)
{
    marine_call   call  = { .function = riv_str_c(j->function), .args = j->tree };
    riv_fault     fault = { 0 };
    marine_result result;
    marine_value  value;
    bool          has_value;
    if (j->tree)
        check(marine_service_call(s, &call, arena, &fault, &result), &fault);
    else if (j->text.len)
        check(marine_service_call_text(s, &call, j->text, &fault, &result, text), &fault);
    else
        check(marine_service_call_values(s, &call, j->values, j->values_count, arena, &fault, &result, &value,
                                         &has_value),
              &fault);
}

static void bench_call(marine_service *s, job j)
{
    riv_arena *own  = riv_arena_new(0);
    riv_buf    text = { 0 };
    double     best = 1e18, all = now_us();
    int        batch = j.times < 10000 ? 1 : 100; /* looking at the clock takes a fraction of the shortest calls */
    for (int i = 0; i < j.times; i += batch) {
        double start = now_us();
        for (int k = 0; k < batch; k++) {
            run_job(s, &j, own, &text);
            riv_arena_reset(own);
            riv_buf_clear(&text);
        }
        best = RIV_MIN(best, (now_us() - start) / batch);
    }
    printf("%-34s %10.2f us mean, %10.2f us best\n", j.what, (now_us() - all) / j.times, best);
    riv_buf_free(&text);
    riv_arena_free(own);
}

static void bench_module(marine_engine *engine, const char *name, riv_bytes wasm, riv_arena *arena)
{
    riv_fault      fault  = { 0 };
    marine_module *module = NULL, *again = NULL;
    riv_buf        code  = riv_buf_in(arena);
    double         start = now_us();
    check(marine_module_new(engine, wasm, &fault, &module), &fault);
    printf("%-34s %10.2f us (%zu bytes)\n", name, now_us() - start, wasm.len);
    check(marine_module_code(module, &bench_key, &code, &fault), &fault);
    start = now_us();
    check(marine_module_from_code(engine, &bench_key, wasm, riv_buf_view(&code), &fault, &again), &fault);
    printf("  from its code                    %10.2f us (%zu bytes)\n", now_us() - start, code.len);
    start = now_us();
    for (int i = 0; i < 100; i++) marine_service_free(serve(engine, again));
    printf("  a service made and freed         %10.2f us\n", (now_us() - start) / 100);
    marine_module_free(again);
    marine_module_free(module);
}

static const riv_json *list_of(riv_arena *arena, const riv_json *only)
{
    const riv_json **items = riv_new(arena, const riv_json *, 1);
    items[0]               = only;
    return riv_json_arr(arena, items, 1);
}

static void bench_short(marine_service *s, riv_arena *arena)
{
    const marine_value ada = { .kind = MARINE_STRING, .bytes = RIV_BYTES_INIT("Ada") };
    bench_call(
        s, (job){ .what = "empty call", .function = "nothing", .tree = riv_json_arr(arena, NULL, 0), .times = 100000 });
    bench_call(s, (job){ .what = "  by text", .function = "nothing", .text = RIV_LIT("[]"), .times = 100000 });
    bench_call(s, (job){ .what = "  by values", .function = "nothing", .times = 100000 });
    bench_call(s, (job){ .what     = "echo of a short string",
                         .function = "echo_string",
                         .tree     = list_of(arena, riv_json_str(arena, RIV_LIT("Ada"))),
                         .times    = 100000 });
    bench_call(s,
               (job){ .what = "  by text", .function = "echo_string", .text = RIV_LIT("[\"Ada\"]"), .times = 100000 });
    bench_call(
        s,
        (job){ .what = "  by values", .function = "echo_string", .values = &ada, .values_count = 1, .times = 100000 });
}

static void bench_mib(marine_service *s, riv_arena *arena)
{
    const riv_json **items = riv_new(arena, const riv_json *, MIB);
    uint8_t         *bytes = riv_new(arena, uint8_t, MIB);
    char            *text  = riv_arena_alloc(arena, MIB, 1);
    for (size_t i = 0; i < MIB; i++) bytes[i] = (uint8_t)i;
    for (size_t i = 0; i < MIB; i++) items[i] = i < 256 ? riv_json_u64(arena, i) : items[i & 255];
    memset(text, 'a', MIB);
    const riv_json *tree     = list_of(arena, riv_json_arr(arena, items, MIB)),
                   *quote    = list_of(arena, riv_json_str(arena, (riv_str){ text, MIB }));
    const marine_value value = { .kind = MARINE_BYTES, .bytes = { bytes, MIB } },
                       plain = { .kind = MARINE_STRING, .bytes = { (const uint8_t *)text, MIB } };
    bench_call(s, (job){ .what = "echo of 1 MiB of text", .function = "echo_string", .tree = quote, .times = 100 });
    bench_call(
        s, (job){ .what = "  by text", .function = "echo_string", .text = riv_json_text(quote, arena), .times = 100 });
    bench_call(
        s,
        (job){ .what = "  by values", .function = "echo_string", .values = &plain, .values_count = 1, .times = 100 });
    bench_call(s, (job){ .what = "1 MiB of bytes in, a number out", .function = "total", .tree = tree, .times = 50 });
    bench_call(s, (job){ .what = "1 MiB of bytes in and out", .function = "echo_bytes", .tree = tree, .times = 50 });
    bench_call(s,
               (job){ .what = "  by text", .function = "echo_bytes", .text = riv_json_text(tree, arena), .times = 50 });
    bench_call(
        s, (job){ .what = "  by values", .function = "echo_bytes", .values = &value, .values_count = 1, .times = 100 });
}

static void bench_records(marine_service *s, riv_arena *arena)
{
    enum { COUNT = 100 };
    const riv_json **points = riv_new(arena, const riv_json *, COUNT);
    marine_value    *values = riv_new(arena, marine_value, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        marine_value *fields = riv_new(arena, marine_value, 2);
        fields[0]            = (marine_value){ .kind = MARINE_F64, .f64 = (double)i };
        fields[1]            = (marine_value){ .kind = MARINE_F64, .f64 = 0.5 };
        values[i]            = (marine_value){ .kind = MARINE_RECORD, .list = { fields, 2 } };
        points[i] = riv_json_object(arena, "x", riv_json_f64(arena, (double)i), "y", riv_json_f64(arena, 0.5), NULL);
    }
    const riv_json    *tree = list_of(arena, riv_json_arr(arena, points, COUNT));
    const marine_value all  = { .kind = MARINE_ARRAY, .list = { values, COUNT } };
    bench_call(s, (job){ .what = "echo of 100 records", .function = "echo_points", .tree = tree, .times = 5000 });
    bench_call(
        s, (job){ .what = "  by text", .function = "echo_points", .text = riv_json_text(tree, arena), .times = 5000 });
    bench_call(
        s, (job){ .what = "  by values", .function = "echo_points", .values = &all, .values_count = 1, .times = 5000 });
}

int main(void)
{
    riv_arena     *arena  = riv_arena_new(0);
    riv_fault      fault  = { 0 };
    marine_engine *engine = NULL;
    marine_module *module = NULL;
    double         start  = now_us();
    check(marine_engine_new(&fault, &engine), &fault);
    printf("%-34s %10.2f us\n", "engine", now_us() - start);
    riv_bytes greeting = build("examples/hello/greeting.c", arena), types = build("tests/modules/types.c", arena);
    bench_module(engine, "compile greeting", greeting, arena);
    bench_module(engine, "compile types", types, arena);

    check(marine_module_new(engine, types, &fault, &module), &fault);
    marine_service *s = serve(engine, module);
    bench_short(s, arena);
    bench_mib(s, arena);
    bench_records(s, arena);
    marine_service_free(s);
    marine_module_free(module);
    marine_engine_free(engine);
    riv_arena_free(arena);
    return 0;
}
