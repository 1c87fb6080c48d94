/* marine_repeat.c: the same calls give the same results, fuel, errors and state in every process and with every optimisation of the engine.
 * Random modules that validate (wasm_random.h), each called several times, in new processes: for speed twice, for size, not at all.
 * Usage: marine_repeat FIRST-SEED COUNT | marine_repeat FILE.wasm FUNCTION ARGS-JSON... Exit 1: something differs; the seed is told. */
#define _GNU_SOURCE
#include "marine/marine.h"
#include "tests/check/wasm_random.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CALLS = 5, MEMORY_BYTES = 5 << 16, FILE_BYTES_MAX = 64 << 20, WORDS_MAX = 64 };
#define FUEL 100000u

static const struct {
    const char     *name;
    marine_optimize optimize;
} settings[] = { { "speed", MARINE_FOR_SPEED },
                 { "again", MARINE_FOR_SPEED },
                 { "size", MARINE_FOR_SIZE },
                 { "none", MARINE_NOT_AT_ALL } };

/* ---- the world: the same in all processes, another at each look ---- */

typedef struct world {
    uint64_t looks;
} world;

static uint64_t now_ns(void *ctx)
{
    world *w = ctx;
    return 1000000007u * ++w->looks;
}

static void random_bytes(void *ctx, uint8_t *out, size_t len)
{
    world *w = ctx;
    for (size_t i = 0; i < len; i++) out[i] = (uint8_t)(++w->looks * 37u);
}

/* ---- one process ---- */

static void print_hash(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) printf("%02x", bytes[i]);
}

static void print_root(marine_service *service)
{
    riv_fault   fault = { 0 };
    marine_root root;
    if (marine_service_root(service, &fault, &root))
        printf(" root: %s\n", fault.msg);
    else
        printf(" root "), print_hash(root.hash.bytes, 12), printf("\n");
}

static void call_once(marine_service *service, const marine_call *call)
{
    riv_arena    *arena = riv_arena_new(64 << 20);
    riv_fault     fault = { 0 };
    marine_result result;
    if (marine_service_call(service, call, arena, &fault, &result)) {
        printf(" %s, fuel %llu,", marine_error_name(result.error), (unsigned long long)result.fuel_used);
    } else {
        riv_str     text = riv_json_text(result.value, arena);
        crypto_hash hash = crypto_blake3(riv_str_bytes(text));
        if (text.len <= 40)
            printf(" " RIV_FMT, RIV_ARG(text));
        else
            printf(" "), print_hash(hash.bytes, 8);
        printf(", fuel %llu,", (unsigned long long)result.fuel_used);
    }
    riv_arena_free(arena);
    print_root(service);
}

static void run_module(marine_engine *engine, riv_bytes wasm, uint64_t memory_max,
                       void (*calls)(marine_service *, void *), void *ctx)
{
    riv_fault       fault   = { 0 };
    marine_module  *module  = NULL;
    marine_service *service = NULL;
    world           w       = { 0 };
    crypto_hash     hash    = crypto_blake3(wasm);
    printf("  module "), print_hash(hash.bytes, 8), printf(" of %zu bytes\n", wasm.len);
    if (marine_module_new(engine, wasm, &fault, &module)) {
        printf("  module refused: %s\n", fault.msg);
        return;
    }
    const marine_module_config one    = { .name = RIV_LIT("random"), .module = module, .logger_enabled = true };
    marine_service_config      config = { .modules          = &one,
                                          .modules_count    = 1,
                                          .memory_bytes_max = memory_max,
                                          .env              = { .ctx = &w, .now_ns = now_ns, .random = random_bytes } };
    if (marine_service_new(engine, &config, &fault, &service)) {
        printf("  service refused: %s\n", fault.msg);
    } else {
        calls(service, ctx);
        marine_service_free(service);
    }
    marine_module_free(module);
}

/* Arguments are of the seed; the last calls have little fuel, so that they end wherever it runs out. */
static void random_calls(marine_service *service, void *ctx)
{
    riv_prng *rng = ctx;
    for (int i = 0; i < CALLS; i++) {
        riv_arena      *arena   = riv_arena_new(0);
        const riv_json *args[2] = { riv_json_i64(arena, (int32_t)riv_prng_u64(rng)),
                                    riv_json_i64(arena, (int64_t)riv_prng_u64(rng)) };
        marine_call     call    = { .function = RIV_LIT("run"), .args = riv_json_arr(arena, args, 2), .fuel = FUEL };
        if (i >= CALLS - 2) call.fuel = 1 + riv_prng_below(rng, 3000);
        printf("  call %d:", i);
        call_once(service, &call);
        riv_arena_free(arena);
    }
}

typedef struct file_call {
    riv_str         function;
    const riv_json *args;
} file_call;
typedef struct file_plan {
    file_call calls[WORDS_MAX / 2];
    size_t    count;
} file_plan;

static void file_calls(marine_service *service, void *ctx)
{
    const file_plan *plan = ctx;
    for (size_t i = 0; i < plan->count; i++) {
        marine_call call = { .function = plan->calls[i].function, .args = plan->calls[i].args };
        printf("  call %zu:", i);
        call_once(service, &call);
    }
}

static int child(marine_optimize optimize, char **argv)
{
    marine_engine *engine = NULL;
    riv_fault      fault  = { 0 };
    riv_arena     *arena  = riv_arena_new(0);
    uint64_t       first = 0, count = 0;
    if (marine_engine_new_with(&(marine_engine_config){ optimize }, &fault, &engine)) return 1;
    if (riv_str_u64(riv_str_c(argv[0]), &first) && riv_str_u64(riv_str_c(argv[1]), &count)) {
        for (uint64_t seed = first; seed < first + count; seed++) {
            riv_prng rng  = riv_prng_seed(seed);
            riv_buf  wasm = { 0 };
            wasm_random(&rng, &wasm);
            printf("seed %llu\n", (unsigned long long)seed);
            run_module(engine, riv_buf_view(&wasm), MEMORY_BYTES, random_calls, &rng);
            riv_buf_free(&wasm);
        }
    } else {
        FILE     *f    = fopen(argv[0], "rb");
        uint8_t  *data = riv_alloc(FILE_BYTES_MAX);
        file_plan plan = { 0 };
        for (char **word = argv + 1; word[0] && word[1]; word += 2, plan.count++) {
            plan.calls[plan.count].function = riv_str_c(word[0]);
            if (riv_json_parse(riv_str_c(word[1]), arena, &fault, &plan.calls[plan.count].args)) return 1;
        }
        if (!f) return 1;
        riv_bytes wasm = { data, fread(data, 1, FILE_BYTES_MAX, f) };
        fclose(f);
        printf("%s\n", argv[0]);
        run_module(engine, wasm, 0, file_calls, &plan);
        riv_free(data);
    }
    marine_engine_free(engine);
    riv_arena_free(arena);
    return 0;
}

/* ---- all processes beside each other ---- */

typedef struct tally {
    uint64_t lines, results, traps, fuel, roots, refused;
} tally;

static void count_line(tally *t, const char *line)
{
    t->lines++;
    if (!strncmp(line, "  call", 6)) {
        if (strstr(line, ": trap,"))
            t->traps++;
        else if (strstr(line, ": fuel,"))
            t->fuel++;
        else
            t->results++;
    }
    if (strstr(line, "refused")) t->refused++;
    if (strstr(line, " root ")) t->roots++; /* not where segments are dropped */
}

static int compare(FILE **from)
{
    char   line[RIV_COUNT(settings)][600], seed[600] = "";
    tally  t   = { 0 };
    size_t bad = 0;
    while (fgets(line[0], sizeof line[0], from[0])) {
        if (line[0][0] != ' ') memcpy(seed, line[0], sizeof seed);
        count_line(&t, line[0]);
        for (size_t i = 1; i < RIV_COUNT(settings); i++) {
            if (!fgets(line[i], sizeof line[i], from[i])) line[i][0] = '\0';
            if (!strcmp(line[0], line[i])) continue;
            if (++bad <= 20)
                fprintf(stderr, "%s  optimised for %s:\n%s  %s:\n%s", seed, settings[0].name, line[0], settings[i].name,
                        line[i]);
        }
    }
    const uint64_t counts[] = { t.results, t.traps, t.fuel, t.roots, t.refused };
    const char    *of[]     = { "results", "traps", "calls out of fuel", "roots", "modules refused" };
    for (size_t i = 0; i < RIV_COUNT(counts); i++) printf("%llu %s, ", (unsigned long long)counts[i], of[i]);
    printf("%zu lines differ between %zu processes\n", bad, RIV_COUNT(settings));
    return bad || t.results == 0 || t.roots == 0 || t.refused ? 1 : 0;
}

static FILE *start(char **argv, int argc, const char *setting)
{
    int   ends[2];
    char *with[WORDS_MAX + 3] = { argv[0], (char *)(uintptr_t)setting };
    for (int i = 1; i < argc; i++) with[i + 1] = argv[i];
    if (pipe(ends)) return NULL;
    pid_t pid = fork();
    if (pid < 0) return NULL;
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv("/proc/self/exe", with);
        _exit(127);
    }
    close(ends[1]);
    return fdopen(ends[0], "r");
}

int main(int argc, char **argv)
{
    FILE *from[RIV_COUNT(settings)];
    if (crypto_init(NULL)) return 1;
    for (size_t i = 0; argc >= 4 && i < RIV_COUNT(settings); i++)
        if (!strcmp(argv[1], settings[i].name)) return child(settings[i].optimize, argv + 2);
    if (argc < 3 || argc > WORDS_MAX) return 2;
    for (size_t i = 0; i < RIV_COUNT(settings); i++)
        if (!(from[i] = start(argv, argc, settings[i].name))) return 1;
    int code = compare(from);
    for (size_t i = 0; i < RIV_COUNT(settings); i++) fclose(from[i]);
    return code;
}
