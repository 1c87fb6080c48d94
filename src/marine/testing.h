/* testing.h: for the tests of marine: builds the modules of tests/modules with clang, loads them, calls with JSON texts.
 * Each test program builds into files of its own, so that they run side by side. */
#ifndef RIV_MARINE_TESTING_H
#define RIV_MARINE_TESTING_H

#define _XOPEN_SOURCE 700 /* sigaction */
#include "marine/marine.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct bench { /* one service and all that it needs */
    marine_engine  *engine;
    marine_module  *modules[4];
    marine_service *service;
    riv_arena      *arena;
    riv_fault       fault;
    marine_result   result;
} bench;

static inline riv_bytes testing_read(const char *path, riv_arena *arena)
{
    FILE *file = fopen(path, "rb");
    if (!file) fail_msg("%s does not open", path);
    fseek(file, 0, SEEK_END);
    size_t   size = (size_t)ftell(file);
    uint8_t *data = riv_new(arena, uint8_t, size);
    rewind(file);
    assert_int_equal(fread(data, 1, size, file), size);
    fclose(file);
    return (riv_bytes){ data, size };
}

/* Compiles one source (a path below the root of the tree) as it is, without an interface section. */
static inline riv_bytes testing_compile_with(const char *source, const char *flags, riv_arena *arena)
{
    char path[512], command[2048];
    snprintf(path, sizeof path, "%s/tests/module-%d.wasm", RIV_BINARY_DIR, (int)getpid());
    snprintf(command, sizeof command,
             "clang-14 --target=wasm32-wasi -O2 -Wall -Wextra -Wno-infinite-recursion -mexec-model=reactor -Wl,--strip-all -Wl,--stack-first "
             "%s -I %s/sdk/c %s/%s -o %s",
             flags, RIV_SOURCE_DIR, RIV_SOURCE_DIR, source, path);
    if (system(command)) fail_msg("%s does not compile", source);
    riv_bytes wasm = testing_read(path, arena);
    unlink(path);
    return wasm;
}

static inline riv_bytes testing_compile(const char *source, riv_arena *arena) { return testing_compile_with(source, "", arena); }

static inline riv_bytes testing_build_with(const char *source, const char *flags, riv_arena *arena)
{
    riv_fault fault = { 0 };
    riv_buf   out   = riv_buf_in(arena);
    if (marine_embed(testing_compile_with(source, flags, arena), &fault, &out)) fail_msg("%s: %s", source, fault.msg);
    return riv_buf_view(&out);
}

static inline riv_bytes testing_build(const char *source, riv_arena *arena) { return testing_build_with(source, "", arena); }

static inline marine_module *testing_module(marine_engine *engine, riv_bytes wasm)
{
    marine_module *module = NULL;
    riv_fault      fault  = { 0 };
    if (marine_module_new(engine, wasm, &fault, &module)) fail_msg("%s", fault.msg);
    return module;
}

/* Wasmtime learns of traps by signals and sets its handlers once a process; cmocka sets its own before each test.
 * So the tests keep Wasmtime's, from before the first test (testing_main), and put them back in each. */
static const int        testing_signals[] = { SIGILL, SIGSEGV, SIGBUS, SIGFPE };
static struct sigaction testing_handlers[RIV_COUNT(testing_signals)];

static inline void testing_main(void)
{
    marine_engine *engine;
    if (marine_engine_new(NULL, &engine)) abort();
    for (size_t i = 0; i < RIV_COUNT(testing_signals); i++) sigaction(testing_signals[i], NULL, &testing_handlers[i]);
    marine_engine_free(engine);
}

static inline void bench_start(bench *b)
{
    for (size_t i = 0; i < RIV_COUNT(testing_signals); i++) sigaction(testing_signals[i], &testing_handlers[i], NULL);
    *b = (bench){ .arena = riv_arena_new(0) };
    if (marine_engine_new(&b->fault, &b->engine)) fail_msg("%s", b->fault.msg);
}

/* A service of one module of tests/modules, with a configuration that may be changed before. */
static inline void bench_open(bench *b, const char *source, marine_module_config *module, marine_service_config *service)
{
    marine_module_config  own_module  = { .name = RIV_LIT("test"), .logger_enabled = true, .logging_mask = INT32_MAX };
    marine_service_config own_service = { 0 };
    if (!module) module = &own_module;
    if (!service) service = &own_service;
    bench_start(b);
    b->modules[0]          = testing_module(b->engine, testing_build(source, b->arena));
    module->module         = b->modules[0];
    service->modules       = module;
    service->modules_count = 1;
    if (marine_service_new(b->engine, service, &b->fault, &b->service)) fail_msg("%s", b->fault.msg);
}

static inline void bench_close(bench *b)
{
    marine_service_free(b->service);
    for (size_t i = 0; i < RIV_COUNT(b->modules); i++) marine_module_free(b->modules[i]);
    marine_engine_free(b->engine);
    riv_arena_free(b->arena);
}

/* Calls the facade; the result as compact JSON, or "KIND: message". */
static inline const char *bench_call(bench *b, const char *function, const char *args)
{
    const riv_json *json = NULL;
    b->fault             = (riv_fault){ 0 };
    if (riv_json_parse(riv_str_c(args), b->arena, &b->fault, &json)) fail_msg("%s: %s", args, b->fault.msg);
    marine_call call = { .function = riv_str_c(function), .args = json };
    riv_err     err  = marine_service_call(b->service, &call, b->arena, &b->fault, &b->result);
    assert_int_equal(err != RIV_OK, b->result.error != MARINE_NO_ERROR);
    if (err) return riv_cstr(b->arena, riv_format(b->arena, "%s: %s", marine_error_name(b->result.error), b->fault.msg));
    return riv_cstr(b->arena, riv_json_text(b->result.value, b->arena));
}

#endif
