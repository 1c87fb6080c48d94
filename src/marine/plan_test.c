/* plan_test.c: plans against the interpreter: the same calls, in the same order, on two services of the same modules give the same results,
 * the same fuel and the same failures, wherever the fuel ends; and what generators make has a plan. */
#include "marine/testing.h" /* first: it asks libc for more */

#include "marine/internal.h"
#include "marine/testing_values.h"

#include <glob.h>

enum { SEEDS = 20, MODULES_MAX = 2 };

typedef struct pair { /* both ways */
    bench           b;
    marine_service *planned, *interpreted;
    size_t          count;
} pair;

static void open_pair(pair *p, const riv_bytes *wasm, const char *const *names, size_t count)
{
    marine_module_config modules[MODULES_MAX] = { 0 };
    for (size_t i = 0; i < count; i++) {
        p->b.modules[i] = testing_module(p->b.engine, wasm[i]);
        modules[i]      = (marine_module_config){ .name = riv_str_c(names[i]), .module = p->b.modules[i] };
    }
    marine_service_config config = { .modules = modules, .modules_count = count };
    p->count                     = count;
    if (marine_service_new(p->b.engine, &config, &p->b.fault, &p->planned)) fail_msg("%s", p->b.fault.msg);
    if (marine_service_new(p->b.engine, &config, &p->b.fault, &p->interpreted)) fail_msg("%s", p->b.fault.msg);
    p->interpreted->interpreted = true;
}

static void close_pair(pair *p)
{
    marine_service_free(p->planned);
    marine_service_free(p->interpreted);
    bench_close(&p->b);
}

/* What a call gave, in one text. */
static riv_str outcome(marine_service *s, const marine_call *call, riv_arena *a, uint64_t *fuel)
{
    marine_result result;
    riv_fault     fault = { 0 };
    riv_buf       out   = riv_buf_in(a);
    if (marine_service_call(s, call, a, &fault, &result))
        riv_putf(&out, "%s: %s", marine_error_name(result.error), fault.msg);
    else
        riv_json_write(result.value, &out);
    *fuel = result.fuel_used;
    riv_putf(&out, ", fuel %llu, memory %llu, depth %zu", (unsigned long long)result.fuel_used,
             (unsigned long long)marine_service_memory(s), s->depth);
    return riv_buf_str(&out);
}

static uint64_t compare(pair *p, riv_str module, const marine_function *f, const riv_json *args, uint64_t fuel,
                        uint64_t seed)
{
    riv_arena  *a    = riv_arena_new(0);
    marine_call call = { .module = module, .function = f->name, .args = args, .fuel = fuel };
    uint64_t    one, other;
    riv_str     plan = outcome(p->planned, &call, a, &one), stack = outcome(p->interpreted, &call, a, &other);
    if (!riv_str_eq(plan, stack))
        fail_msg("seed %llu, " RIV_FMT RIV_FMT "\nplan:        " RIV_FMT "\ninterpreter: " RIV_FMT,
                 (unsigned long long)seed, RIV_ARG(f->name), RIV_ARG(riv_json_text(args, a)), RIV_ARG(plan),
                 RIV_ARG(stack));
    riv_arena_free(a);
    return one;
}

/* Each function of each module with random arguments; then again with less fuel than it takes. */
static void compare_all(pair *p, uint64_t seed)
{
    riv_prng r = riv_prng_seed(seed);
    for (size_t m = 0; m < p->count; m++) {
        const marine_interface *in   = marine_module_interface(p->b.modules[m]);
        riv_str                 name = p->planned->instances[m]->name;
        for (size_t i = 0; i < in->functions_count; i++) {
            riv_arena      *a    = riv_arena_new(0);
            const riv_json *args = random_args(&r, in, &in->functions[i], a);
            uint64_t        fuel = compare(p, name, &in->functions[i], args, 0, seed);
            compare(p, name, &in->functions[i], args, 1 + riv_prng_below(&r, fuel + 1), seed);
            riv_arena_free(a);
        }
    }
}

/* All adapters have plans that fit, those of imports too. */
static void check_planned(const pair *p)
{
    for (size_t m = 0; m < p->count; m++) {
        const marine__section *section = &p->b.modules[m]->section;
        assert_true(section->adapters_count > 0);
        for (size_t i = 0; i < section->adapters_count; i++) {
            uint32_t type = section->adapters[i].type;
            if (!section->plan_of_type[type]) fail_msg("adapter %zu of module %zu has no plan", i, m);
        }
    }
}

static void test_every_type(void **state)
{
    (void)state;
    static const char *const names[] = { "types" };
    pair                     p       = { 0 };
    bench_start(&p.b);
    riv_bytes wasm = testing_build("tests/modules/types.c", p.b.arena);
    open_pair(&p, &wasm, names, 1);
    check_planned(&p);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) compare_all(&p, seed);
    close_pair(&p);
}

static void test_imports(void **state)
{
    (void)state;
    static const char *const names[] = { "adder", "facade" };
    pair                     p       = { 0 };
    bench_start(&p.b);
    riv_bytes wasm[] = { testing_build("tests/modules/adder.c", p.b.arena),
                         testing_build("tests/modules/facade.c", p.b.arena) };
    open_pair(&p, wasm, names, 2);
    check_planned(&p);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) compare_all(&p, seed);
    close_pair(&p);
}

/* A module whose section was written by hand, as published. Where the crate is not in cargo's cache there is nothing to do. */
static void test_sqlite(void **state)
{
    (void)state;
    static const char *const names[] = { "sqlite3" };
    static const struct {
        const char *function, *args;
    } calls[] = {
        { "sqlite3_open_v2", "[\":memory:\",6,\"\"]" },
        { "sqlite3_exec", "[1,\"create table t (a, b, c); insert into t values (42, 'h\xc3\xa9', x'68c3a9')\",0,0]" },
        { "sqlite3_libversion_number", "[]" },
        { "sqlite3_errmsg", "[1]" },
    };
    const char *home = getenv("CARGO_HOME");
    char        pattern[512];
    glob_t      found = { 0 };
    snprintf(pattern, sizeof pattern, "%s%s/registry/src/*/*-distro-*/*/sqlite3.wasm", home ? home : getenv("HOME"),
             home ? "" : "/.cargo");
    if (glob(pattern, 0, NULL, &found) || !found.gl_pathc) {
        globfree(&found);
        skip();
    }
    pair p = { 0 };
    bench_start(&p.b);
    riv_bytes wasm = testing_read(found.gl_pathv[0], p.b.arena);
    globfree(&found);
    open_pair(&p, &wasm, names, 1);
    check_planned(&p);
    const marine_interface *in = marine_module_interface(p.b.modules[0]);
    for (size_t i = 0; i < RIV_COUNT(calls); i++)
        for (size_t k = 0; k < in->functions_count; k++) {
            const riv_json *args;
            if (!riv_str_eq(in->functions[k].name, riv_str_c(calls[i].function))) continue;
            assert_int_equal(riv_json_parse(riv_str_c(calls[i].args), p.b.arena, NULL, &args), RIV_OK);
            compare(&p, RIV_LIT("sqlite3"), &in->functions[k], args, 0, 0);
        }
    for (uint64_t seed = 1; seed <= 2; seed++)
        compare_all(&p, seed); /* handles that are none: traps and what lies there */
    close_pair(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type),
        cmocka_unit_test(test_imports),
        cmocka_unit_test(test_sqlite),
    };
    testing_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
