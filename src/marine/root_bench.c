/* root_bench.c: what idle services take of time and memory, and what the root over a state costs: the first, after calls that touch little,
 * when nothing changed. Arguments: sources or modules; the second part is of tests/modules/state.c. Prints one figure a line. */
#define _POSIX_C_SOURCE 200809L
#include "marine/marine.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { SERVICES = 1000, ROUNDS = 200, FILE_BYTES_MAX = 16 << 20, MIB = 1 << 20, WASM_PAGE = 65536 };

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

static double resident_kib(void)
{
    FILE  *f = fopen("/proc/self/smaps_rollup", "r");
    char   line[256];
    double kib = 0;
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, "Rss:", 4)) kib = strtod(line + 4, NULL);
    if (f) fclose(f);
    return kib;
}

static riv_bytes read_file(const char *path, riv_arena *arena)
{
    FILE    *file = fopen(path, "rb");
    uint8_t *data = riv_new(arena, uint8_t, FILE_BYTES_MAX);
    if (!file) exit(1);
    size_t len = fread(data, 1, FILE_BYTES_MAX, file);
    fclose(file);
    return (riv_bytes){ data, len };
}

static riv_bytes build(const char *source, riv_arena *arena)
{
    char path[300], command[2000];
    snprintf(path, sizeof path, "/tmp/marine-bench-%d.wasm", (int)getpid());
    snprintf(command, sizeof command,
             "clang-14 --target=wasm32-wasi -O2 -mexec-model=reactor -mreference-types -Wl,--strip-all "
             "-Wl,--stack-first -I %s/sdk/c "
             "%s -o %s",
             RIV_SOURCE_DIR, source, path);
    if (system(command)) exit(1);
    riv_bytes wasm  = read_file(path, arena);
    riv_buf   out   = riv_buf_in(arena);
    riv_fault fault = { 0 };
    unlink(path);
    check(marine_embed(wasm, &fault, &out), &fault);
    return riv_buf_view(&out);
}

static marine_module *module_of(marine_engine *engine, const char *path, riv_arena *arena)
{
    marine_module *module = NULL;
    riv_fault      fault  = { 0 };
    riv_bytes      wasm   = strstr(path, ".wasm") ? read_file(path, arena) : build(path, arena);
    check(marine_module_new(engine, wasm, &fault, &module), &fault);
    return module;
}

static marine_service *serve(marine_engine *engine, const marine_module *module)
{
    const marine_module_config one    = { .name = RIV_LIT("bench"), .module = module, .logger_enabled = true };
    marine_service_config      config = { .modules = &one, .modules_count = 1 };
    marine_service            *s      = NULL;
    riv_fault                  fault  = { 0 };
    check(marine_service_new(engine, &config, &fault, &s), &fault);
    return s;
}

static void bench_idle(marine_engine *engine, const char *path, riv_arena *arena)
{
    static marine_service *services[SERVICES];
    marine_module         *module = module_of(engine, path, arena);
    marine_service        *first  = serve(engine, module);
    double                 before = resident_kib(), start = now_us();
    for (size_t i = 0; i < SERVICES; i++) services[i] = serve(engine, module);
    double made = now_us() - start, after = resident_kib();
    start = now_us();
    for (size_t i = 0; i < SERVICES; i++) marine_service_free(services[i]);
    printf("%s: %d services in %.1f ms, freed in %.1f ms, %.1f KiB resident each (%llu KiB of memory)\n", path,
           SERVICES, made / 1e3, (now_us() - start) / 1e3, (after - before) / SERVICES,
           (unsigned long long)marine_service_memory(first) / 1024);
    marine_service_free(first);
    marine_module_free(module);
}

/* ---- roots ---- */

static void call(marine_service *s, const char *function, const char *args, riv_arena *arena)
{
    riv_fault       fault = { 0 };
    marine_result   result;
    const riv_json *json;
    check(riv_json_parse(riv_str_c(args), arena, &fault, &json), &fault);
    const marine_call c = { .function = riv_str_c(function), .args = json };
    check(marine_service_call(s, &c, arena, &fault, &result), &fault);
}

static double root(marine_service *s, uint64_t *hashed)
{
    marine_root out;
    riv_fault   fault = { 0 };
    double      start = now_us();
    check(marine_service_root(s, &fault, &out), &fault);
    *hashed = out.chunks_hashed;
    return now_us() - start;
}

/* Mean over rounds of: three pages written, the call alone; its root; a root when nothing changed. */
static void bench_roots(marine_engine *engine, const marine_module *module, uint32_t mib, riv_arena *arena)
{
    marine_service *s = serve(engine, module);
    uint64_t        hashed, all;
    char            args[80];
    double          calls_before = 0, calls_after = 0, roots = 0, nothing = 0;
    snprintf(args, sizeof args, "[%u]", mib * (MIB / WASM_PAGE));
    call(s, "grow", args, arena);
    snprintf(args, sizeof args, "[%u]", mib * MIB);
    call(s, "fill_all", args, arena);
    for (int i = 0; i < ROUNDS; i++) {
        double start = now_us();
        call(s, "touch", "[3]", arena);
        calls_before += now_us() - start;
    }
    double   first = root(s, &all);
    uint64_t some  = 0;
    for (int i = 0; i < ROUNDS; i++) {
        double start = now_us();
        call(s, "touch", "[3]", arena);
        calls_after += now_us() - start;
        roots += root(s, &some);
        nothing += root(s, &hashed);
    }
    printf("%u MiB: first root %.0f us (%llu chunks), after a call that writes 3 pages %.1f us (%llu chunks), nothing "
           "changed %.1f us, "
           "the call itself %.2f us before the first root, %.2f us after\n",
           mib, first, (unsigned long long)all, roots / ROUNDS, (unsigned long long)some, nothing / ROUNDS,
           calls_before / ROUNDS, calls_after / ROUNDS);
    marine_service_free(s);
}

int main(int argc, char **argv)
{
    riv_arena     *arena  = riv_arena_new(0);
    riv_fault      fault  = { 0 };
    marine_engine *engine = NULL;
    check(marine_engine_new(&fault, &engine), &fault);
    bench_idle(engine, RIV_SOURCE_DIR "/examples/hello/greeting.c", arena);
    for (int i = 1; i < argc; i++) bench_idle(engine, argv[i], arena);
    marine_module *module = module_of(engine, RIV_SOURCE_DIR "/tests/modules/state.c", arena);
    bench_roots(engine, module, 1, arena);
    bench_roots(engine, module, 64, arena);
    bench_roots(engine, module, 192, arena);
    marine_module_free(module);
    marine_engine_free(engine);
    riv_arena_free(arena);
    return 0;
}
