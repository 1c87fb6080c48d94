/* services_test.c: services of one engine and one module in several threads: made, called in all three ways, failing, asked for roots,
 * changed, freed, while another thread moves the clock of deadlines. Here because this room alone has threads; with -DRIV_SANITIZE=thread it
 * finds races, in any build wrong results. */
#define _DEFAULT_SOURCE /* mkdtemp, usleep */
#include "host/host.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
// clang-format off
#include <cmocka.h>
// clang-format on

enum { THREADS = 4, ROUNDS = 12, CALLS = 20 };
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NO_TRAPS /* it does not bear signals that do not come back */
#endif
#endif

typedef struct shared {
    marine_engine       *engine;
    const marine_module *module;
    riv_bytes            wasm;
    marine_cache         cache;
    crypto_hash          wanted; /* the root after CALLS */
    atomic_bool          over;
} shared;

typedef struct worker {
    shared     *with;
    const char *failed; /* what went wrong; cmocka may be asked on its own thread only */
} worker;

#define WANT(cond)                                                                                                     \
    do {                                                                                                               \
        if (!(cond)) return #cond;                                                                                     \
    } while (0)

static marine_service *service_of(shared *with, const marine_module *module)
{
    const marine_module_config  one    = { .name = RIV_LIT("state"), .module = module };
    const marine_service_config config = { .modules = &one, .modules_count = 1 };
    marine_service             *s      = NULL;
    return marine_service_new(with->engine, &config, NULL, &s) ? NULL : s;
}

static const char *call_all_ways(marine_service *s, uint32_t i, riv_arena *arena)
{
    const riv_json *args;
    marine_result   result;
    marine_value    values[] = { { .kind = MARINE_U32, .bits = i * 5000 }, { .kind = MARINE_U32, .bits = i + 1 } }, got;
    bool            has      = false;
    riv_buf         text     = riv_buf_in(arena);
    char            json[64];
    marine_call     poke = { .function = RIV_LIT("poke") }, peek = { .function = RIV_LIT("peek") };
    snprintf(json, sizeof json, "[%u,%u]", (unsigned)values[0].bits, (unsigned)values[1].bits);
    WANT(!riv_json_parse(riv_str_c(json), arena, NULL, &args));
    poke.args = args;
    WANT(!marine_service_call(s, &poke, arena, NULL, &result));
    WANT(!marine_service_call_text(s, &poke, riv_str_c(json), NULL, &result, &text));
    WANT(riv_str_eq(riv_buf_str(&text), RIV_LIT("null")));
    WANT(!marine_service_call_values(s, &peek, values, 1, arena, NULL, &result, &got, &has));
    WANT(has && got.bits == i + 1);
    return NULL;
}

/* The same calls in each thread end in the same state. */
static const char *calls(shared *with, const marine_module *module, bool asks)
{
    marine_service *s     = service_of(with, module);
    riv_arena      *arena = riv_arena_new(0);
    const char     *wrong = s ? NULL : "a service";
    marine_root     root;
    for (uint32_t i = 0; !wrong && i < CALLS; i++) {
        wrong = call_all_ways(s, i, arena);
        if (!wrong && asks && i % 5 == 0 && marine_service_root(s, NULL, &root)) wrong = "a root on the way";
    }
    if (!wrong && marine_service_root(s, NULL, &root)) wrong = "a root";
    if (!wrong && memcmp(root.hash.bytes, with->wanted.bytes, sizeof root.hash.bytes)) wrong = "the same root";
    marine_service_free(s);
    riv_arena_free(arena);
    return wrong;
}

#ifndef NO_TRAPS
static const char *failures(shared *with)
{
    marine_service *s     = service_of(with, with->module);
    riv_arena      *arena = riv_arena_new(0);
    riv_buf         text  = riv_buf_in(arena);
    marine_result   result;
    marine_call     fail = { .function = RIV_LIT("fail") }, fill = { .function = RIV_LIT("fill"), .fuel = 100000 };
    bool            good = s != NULL;
    good =
        good && marine_service_call_text(s, &fail, RIV_LIT("[7]"), NULL, &result, &text) && result.error == MARINE_TRAP;
    good = good && marine_service_call_text(s, &fill, RIV_LIT("[0,4000000,1]"), NULL, &result, &text) &&
           result.error == MARINE_OUT_OF_FUEL;
    marine_service_free(s);
    riv_arena_free(arena);
    return good ? NULL : "failures of their kinds";
}
#endif

static const char *changes(shared *with)
{
    marine_service            *s    = service_of(with, with->module);
    const marine_module_config more = { .name = RIV_LIT("more"), .module = with->module };
    bool good = s && !marine_service_load(s, &more, NULL) && !marine_service_replace(s, &more, NULL) &&
                !marine_service_unload(s, RIV_LIT("more"), NULL);
    marine_service_free(s);
    return good ? NULL : "changes";
}

static const char *opened(shared *with)
{
    marine_module *own   = NULL;
    const char    *wrong = "a module of the cache";
    if (!marine_module_open_bytes(with->engine, &with->cache, with->wasm, NULL, &own, NULL))
        wrong = calls(with, own, false);
    marine_module_free(own);
    return wrong;
}

static void *work(void *ctx)
{
    worker *w = ctx;
    for (int i = 0; !w->failed && i < ROUNDS; i++) {
        w->failed = calls(w->with, w->with->module, i % 2);
#ifndef NO_TRAPS
        if (!w->failed) w->failed = failures(w->with);
#endif
        if (!w->failed) w->failed = changes(w->with);
        if (!w->failed && i % 4 == 0) w->failed = opened(w->with);
    }
    return NULL;
}

static void *tick(void *ctx)
{
    shared *with = ctx;
    while (!atomic_load(&with->over)) {
        marine_engine_tick(with->engine);
        usleep(100);
    }
    return NULL;
}

/* What the roots must be: from a service that is alone in its process yet. */
static void find_wanted(shared *with)
{
    marine_service *s     = service_of(with, with->module);
    riv_arena      *arena = riv_arena_new(0);
    marine_root     root;
    assert_non_null(s);
    for (uint32_t i = 0; i < CALLS; i++) assert_null(call_all_ways(s, i, arena));
    assert_int_equal(marine_service_root(s, NULL, &root), RIV_OK);
    with->wanted = root.hash;
    marine_service_free(s);
    riv_arena_free(arena);
}

/* tests/modules/state.c as wasm. */
static riv_bytes state_wasm(riv_arena *arena)
{
    char      path[512], command[1500];
    riv_fault fault = { 0 };
    riv_bytes wasm;
    riv_buf   out = riv_buf_in(arena);
    snprintf(path, sizeof path, "%s/tests/services-%d.wasm", RIV_BINARY_DIR, (int)getpid());
    snprintf(command, sizeof command,
             "clang-14 --target=wasm32-wasi -O2 -mexec-model=reactor -Wl,--strip-all -Wl,--stack-first "
             "-mreference-types -I %s/sdk/c %s/tests/modules/state.c -o %s",
             RIV_SOURCE_DIR, RIV_SOURCE_DIR, path);
    if (system(command)) fail_msg("state.c does not compile");
    if (host_file_read(riv_str_c(path), 1 << 20, arena, &fault, &wasm)) fail_msg("%s", fault.msg);
    unlink(path);
    if (marine_embed(wasm, &fault, &out)) fail_msg("%s", fault.msg);
    return riv_buf_view(&out);
}

static void run_threads(shared *with)
{
    pthread_t threads[THREADS], clock;
    worker    workers[THREADS];
    assert_int_equal(pthread_create(&clock, NULL, tick, with), 0);
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (worker){ with, NULL };
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    atomic_store(&with->over, true);
    assert_int_equal(pthread_join(clock, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        if (workers[i].failed) fail_msg("thread %d wants %s", i, workers[i].failed);
}

static void test_services_in_threads(void **state)
{
    (void)state;
    riv_arena     *arena = riv_arena_new(0);
    char           dir[] = "/tmp/rivulet-services-XXXXXX", command[64];
    marine_module *module;
    shared         with = { .cache = { .key = { { 1 } } }, .wasm = state_wasm(arena) };
    assert_non_null(mkdtemp(dir));
    with.cache.dir = riv_str_c(dir);
    assert_int_equal(marine_engine_new(NULL, &with.engine), RIV_OK);
    assert_int_equal(marine_module_new(with.engine, with.wasm, NULL, &module), RIV_OK);
    with.module = module;
    find_wanted(&with);
    run_threads(&with);
    marine_module_free(module);
    marine_engine_free(with.engine);
    snprintf(command, sizeof command, "rm -r %s", dir);
    assert_int_equal(system(command), 0);
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_services_in_threads) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
