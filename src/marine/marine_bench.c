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

static void bench_call(marine_service *s, const char *what, const char *function, const riv_json *arg, int times)
{
    riv_arena  *arena = riv_arena_new(0);
    riv_fault   fault = { 0 };
    marine_call call  = { .function = riv_str_c(function), .args = riv_json_arr(arena, &arg, arg ? 1 : 0) };
    double      best = 1e18, all = now_us();
    for (int i = 0; i < times; i++) {
        riv_arena    *own   = riv_arena_new(0);
        double        start = now_us();
        marine_result result;
        check(marine_service_call(s, &call, own, &fault, &result), &fault);
        best = RIV_MIN(best, now_us() - start);
        riv_arena_free(own);
    }
    printf("%-34s %10.2f us mean, %10.2f us best\n", what, (now_us() - all) / times, best);
    riv_arena_free(arena);
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
    marine_service  *s     = serve(engine, module);
    const riv_json **items = riv_new(arena, const riv_json *, MIB);
    for (size_t i = 0; i < MIB; i++) items[i] = riv_json_u64(arena, i & 255);
    char *text = riv_arena_alloc(arena, MIB, 1);
    memset(text, 'a', MIB);
    bench_call(s, "empty call", "nothing", NULL, 10000);
    bench_call(s, "echo of a short string", "echo_string", riv_json_str(arena, RIV_LIT("Ada")), 10000);
    bench_call(s, "echo of 1 MiB of text", "echo_string", riv_json_str(arena, (riv_str){ text, MIB }), 50);
    bench_call(s, "1 MiB of bytes in, a number out", "total", riv_json_arr(arena, items, MIB), 50);
    bench_call(s, "1 MiB of bytes in and out", "echo_bytes", riv_json_arr(arena, items, MIB), 50);
    marine_service_free(s);
    marine_module_free(module);
    marine_engine_free(engine);
    riv_arena_free(arena);
    return 0;
}
