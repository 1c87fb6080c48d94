/* sdk_test.c: sdk/c/marine.h in C++ against libc++, called again and again; mounted binaries, log targets and the manifest from C.
 * Types in C are service_test.c's affair. Modules: tests/modules/words.cpp, fetch.c. */
#include "marine/testing.h"

static riv_bytes build_cpp(const char *source, riv_arena *arena)
{
    char      path[512], command[2048];
    riv_fault fault = { 0 };
    riv_buf   out   = riv_buf_in(arena);
    snprintf(path, sizeof path, "%s/tests/cpp-%d.wasm", RIV_BINARY_DIR, (int)getpid());
    snprintf(command, sizeof command,
             "clang++-14 --target=wasm32-wasi -std=c++20 -fno-exceptions -O2 -Wall -Wextra -Werror "
             "-mexec-model=reactor -Wl,--strip-all "
             "-Wl,--stack-first -I %s/sdk/c %s/%s -o %s",
             RIV_SOURCE_DIR, RIV_SOURCE_DIR, source, path);
    if (system(command)) fail_msg("%s does not compile", source);
    if (marine_embed(testing_read(path, arena), &fault, &out)) fail_msg("%s: %s", source, fault.msg);
    unlink(path);
    return riv_buf_view(&out);
}

typedef struct heard { /* what was logged and run */
    char texts[512];
} heard;

static void hear(void *ctx, riv_str module, int32_t level, riv_str text)
{
    (void)module;
    heard *h    = ctx;
    size_t used = strlen(h->texts);
    snprintf(h->texts + used, sizeof h->texts - used, "[%d " RIV_FMT "]", level, RIV_ARG(text));
}

static riv_err run_command(void *ctx, const marine_command *command, riv_arena *arena, riv_fault *fault,
                           marine_output *out)
{
    (void)arena, (void)fault;
    hear(ctx, command->module, (int32_t)command->args_count, command->args[command->args_count - 1]);
    *out = (marine_output){ 3, RIV_LIT("no error"), RIV_BYTES("page"), RIV_BYTES("slow") };
    return RIV_OK;
}

/* A service of the module, with log mask and environment. */
static void open_module(bench *b, riv_bytes wasm, int32_t mask, const char *wasm_log, heard *h)
{
    const marine_pair    envs[]   = { { RIV_LIT("WASM_LOG"), riv_str_c(wasm_log) } };
    const marine_pair    mounts[] = { { RIV_LIT("curl"), RIV_LIT("/usr/bin/curl") } };
    marine_module_config module   = { .name                   = RIV_LIT("test"),
                                      .logger_enabled         = true,
                                      .logging_mask           = mask,
                                      .envs                   = envs,
                                      .envs_count             = wasm_log ? 1 : 0,
                                      .mounted_binaries       = mounts,
                                      .mounted_binaries_count = 1 };
    bench_start(b);
    b->modules[0]                = testing_module(b->engine, wasm);
    module.module                = b->modules[0];
    marine_service_config config = { .modules       = &module,
                                     .modules_count = 1,
                                     .env           = { .ctx = h, .log = hear, .command = run_command } };
    if (marine_service_new(b->engine, &config, &b->fault, &b->service)) fail_msg("%s", b->fault.msg);
}

#define PAGE(number, title, counts, top, table)                                                                        \
    "{\"number\":" number ",\"score\":1.5,\"size\":12345678901,\"table\":" table ",\"title\":\"" title                 \
    "\",\"top\":{\"count\":" top ",\"text\":\"t\"},\"words\":" counts "}"

static void test_cpp_lives_between_calls(void **state)
{
    (void)state;
    static const struct {
        const char *function, *args, *want;
    } cases[] = {
        { "greeting", "[\"Ada\"]", "\"Hi, Ada (1)\"" },
        { "greeting", "[\"Bób\"]", "\"Hi, Bób (2)\"" },
        { "count", "[[\"a\",\"the\",\"the\"]]", "[{\"count\":3,\"text\":\"the\"},{\"count\":1,\"text\":\"a\"}]" },
        { "count", "[[]]", "[{\"count\":3,\"text\":\"the\"},{\"count\":1,\"text\":\"a\"}]" },
        { "sorted", "[[\"b\",\"\",\"a\"]]", "[\"\",\"a\",\"b\"]" },
        { "sorted", "[[]]", "[]" },
        { "steps", "[4]", "[[],[1],[2,2],[3,3,3]]" },
        { "turn", "[" PAGE("7", "x", "[{\"count\":4,\"text\":\"w\"}]", "1", "[[1,2,3],[]]") "]",
          PAGE("8", "x!", "[{\"count\":8,\"text\":\"w\"}]", "2", "[[3,2,1],[]]") },
        { "total", "[[1,2,255]]", "258" },
        { "is_empty", "[\"\",[]]", "true" },
        { "is_empty", "[\"x\",[]]", "false" },
    };
    bench      b;
    heard      h     = { "" };
    riv_arena *arena = riv_arena_new(0);
    open_module(&b, build_cpp("tests/modules/words.cpp", arena), INT32_MAX, NULL, &h);
    for (size_t i = 0; i < RIV_COUNT(cases); i++)
        assert_string_equal(bench_call(&b, cases[i].function, cases[i].args), cases[i].want);
    uint64_t memory = 0;
    for (int i = 0; i < 200; i++) { /* nothing leaks: what a call made is gone after it */
        bench_call(&b, "turn", cases[7].args);
        bench_call(&b, "steps", "[100]");
        if (i == 20) memory = marine_service_memory(b.service);
    }
    assert_int_equal(marine_service_memory(b.service), memory);
    assert_string_equal(bench_call(&b, "greeting", "[\"Eve\"]"), "\"Hi, Eve (3)\"");
    bench_close(&b);
    riv_arena_free(arena);
}

static void test_log_targets_and_levels(void **state)
{
    (void)state;
    static const struct {
        int32_t     mask;
        const char *level, *want;
    } cases[] = {
        { INT32_MAX, NULL, "[1 m 1][3 m 2][5 m 3]" },
        { 2, NULL, "[1 m 1][3 m 2]" },
        { 4, NULL, "[1 m 1][5 m 3]" },
        { 0, NULL, "[1 m 1]" },
        { INT32_MAX, "info", "[1 m 1][3 m 2]" },
        { INT32_MAX, "OFF", "" },
        { INT32_MAX, "loud", "[1 m 1][3 m 2][5 m 3]" },
    };
    riv_arena *arena = riv_arena_new(0);
    riv_bytes  wasm  = build_cpp("tests/modules/words.cpp", arena);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        bench b;
        heard h = { "" };
        open_module(&b, wasm, cases[i].mask, cases[i].level, &h);
        assert_string_equal(bench_call(&b, "log_all", "[\"m\"]"), "null");
        assert_string_equal(h.texts, cases[i].want);
        bench_close(&b);
    }
    riv_arena_free(arena);
}

static void test_mounted_binary(void **state)
{
    (void)state;
    bench      b;
    heard      h     = { "" };
    riv_arena *arena = riv_arena_new(0);
    open_module(&b, testing_build("tests/modules/fetch.c", arena), 0, NULL, &h);
    assert_string_equal(bench_call(&b, "fetch", "[\"http://a b\"]"),
                        "{\"code\":3,\"complaint\":\"slow\",\"error\":\"no error\",\"text\":\"page\"}");
    assert_string_equal(h.texts, "[2 http://a b]");
    bench_close(&b);
    riv_arena_free(arena);
}

int main(void)
{
    testing_main();
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_cpp_lives_between_calls),
                                        cmocka_unit_test(test_log_targets_and_levels),
                                        cmocka_unit_test(test_mounted_binary) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
