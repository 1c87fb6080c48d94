/* change_test.c: modules are loaded into a living service, unloaded, replaced; what fails changes nothing; nothing is left behind. */
#include "marine/testing.h"

#include <stdio.h>

enum { BOTTOM, NEXT, LACKS, OTHER, RENAMED, FAILS, HUNGRY, MIDDLE, TOP, LEAVER, STARTS, MODULES_COUNT };
static const char *const sources[MODULES_COUNT] = {
    [BOTTOM] = "bottom",   [NEXT] = "next",     [LACKS] = "lacks",   [OTHER] = "other",
    [RENAMED] = "renamed", [FAILS] = "fails",   [HUNGRY] = "hungry", [MIDDLE] = "middle",
    [TOP] = "top",         [LEAVER] = "leaver", [STARTS] = "starts",
};

typedef struct chain {
    bench          b;
    marine_module *modules[MODULES_COUNT];
} chain;

static marine_module_config config_of(const chain *c, const char *name, int kind)
{
    return (marine_module_config){ .name = riv_str_c(name), .module = c->modules[kind] };
}

static void chain_open(chain *c, uint64_t memory_bytes_max)
{
    bench_start(&c->b);
    for (int i = 0; i < MODULES_COUNT; i++) {
        riv_str path  = riv_format(c->b.arena, "tests/modules/chain/%s.c", sources[i]);
        c->modules[i] = testing_module(c->b.engine, testing_build(path.ptr, c->b.arena));
    }
    const marine_module_config  all[]  = { config_of(c, "bottom", BOTTOM), config_of(c, "middle", MIDDLE),
                                           config_of(c, "top", TOP) };
    const marine_service_config config = { .modules = all, .modules_count = 3, .memory_bytes_max = memory_bytes_max };
    if (marine_service_new(c->b.engine, &config, &c->b.fault, &c->b.service)) fail_msg("%s", c->b.fault.msg);
}

static void chain_close(chain *c)
{
    marine_service_free(c->b.service);
    for (int i = 0; i < MODULES_COUNT; i++) marine_module_free(c->modules[i]);
    marine_engine_free(c->b.engine);
    riv_arena_free(c->b.arena);
}

/* "" when it went well, else "KIND: message". */
static const char *told(chain *c, riv_err err)
{
    if (!err) return "";
    return riv_cstr(c->b.arena, riv_format(c->b.arena, "%s: %s", marine_error_name((marine_error_kind)c->b.fault.code),
                                           c->b.fault.msg));
}

static const char *load(chain *c, const char *name, int kind)
{
    marine_module_config config = config_of(c, name, kind);
    c->b.fault                  = (riv_fault){ 0 };
    return told(c, marine_service_load(c->b.service, &config, &c->b.fault));
}

static const char *replace(chain *c, const char *name, int kind)
{
    marine_module_config config = config_of(c, name, kind);
    c->b.fault                  = (riv_fault){ 0 };
    return told(c, marine_service_replace(c->b.service, &config, &c->b.fault));
}

static const char *unload(chain *c, const char *name)
{
    c->b.fault = (riv_fault){ 0 };
    return told(c, marine_service_unload(c->b.service, riv_str_c(name), &c->b.fault));
}

static const char *call(chain *c, const char *module, const char *function, const char *args)
{
    const riv_json *json = NULL;
    riv_arena      *a    = c->b.arena;
    c->b.fault           = (riv_fault){ 0 };
    assert_int_equal(riv_json_parse(riv_str_c(args), a, NULL, &json), RIV_OK);
    marine_call call = {
        .module = riv_str_c(module), .function = riv_str_c(function), .args = json, .fuel = 100000000
    };
    riv_err err = marine_service_call(c->b.service, &call, a, &c->b.fault, &c->b.result);
    return err ? told(c, err) : riv_cstr(a, riv_json_text(c->b.result.value, a));
}

/* ---- each change ---- */

static void test_a_chain_of_three(void **state)
{
    (void)state;
    chain c;
    chain_open(&c, 0);
    assert_string_equal(call(&c, "", "top", "[5]"), "\"kind 11 count 7\"");
    assert_string_equal(replace(&c, "bottom", NEXT), "");
    assert_string_equal(call(&c, "", "top", "[5]"),
                        "\"kind 22 count 7\""); /* the middle kept its state, the bottom began anew */
    assert_string_equal(call(&c, "bottom", "kind", "[]"), "2");
    assert_string_equal(replace(&c, "bottom", RENAMED), ""); /* records are matched by their shape */
    assert_string_equal(call(&c, "", "top", "[5]"), "\"kind 35 count 1007\"");
    assert_string_equal(replace(&c, "middle", MIDDLE), "");
    assert_string_equal(call(&c, "", "top", "[5]"), "\"kind 15 count 1008\"");
    assert_string_equal(replace(&c, "top", TOP), "");
    assert_string_equal(call(&c, "", "top", "[5]"), "\"kind 25 count 1009\"");
    chain_close(&c);
}

static void test_what_fails_changes_nothing(void **state)
{
    (void)state;
    chain c;
    chain_open(&c, 4 << 20);
    assert_string_equal(call(&c, "", "top", "[0]"), "\"kind 11 count 2\"");
    uint64_t memory = marine_service_memory(c.b.service);
    static const struct {
        int         kind;
        const char *want;
    } cases[] = {
        { LACKS, "link: module middle imports function bottom.count, which the new module lacks" },
        { OTHER, "link: module middle imports function bottom.count, which has another type in the new module" },
        { FAILS, "trap: function `_initialize` failed: unreachable instruction executed" },
        { HUNGRY, "memory: function `_initialize` failed: unreachable instruction executed" },
        { MIDDLE, "link: module middle imports function bottom.kind, which the new module lacks" },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        const char *got = replace(&c, "bottom", cases[i].kind);
        if (strncmp(got, cases[i].want, strlen(cases[i].want)) != 0) fail_msg("%s: %s", sources[cases[i].kind], got);
        assert_int_equal(marine_service_memory(c.b.service), memory);
    }
    assert_string_equal(call(&c, "", "top", "[0]"), "\"kind 21 count 3\""); /* the bottom still counts */

    assert_string_equal(replace(&c, "botom", NEXT), "not_found: module with name 'botom' is missing");
    assert_string_equal(load(&c, "bottom", NEXT), "load: module with name 'bottom' is already loaded");
    assert_string_equal(unload(&c, "bottom"), "link: module bottom cannot go: module middle imports from it");
    assert_string_equal(unload(&c, "middle"), "link: module middle cannot go: module top imports from it");
    assert_string_equal(unload(&c, "nobody"), "not_found: module with name 'nobody' is missing");
    assert_string_equal(call(&c, "", "top", "[0]"), "\"kind 31 count 4\"");
    assert_int_equal(marine_service_memory(c.b.service), memory);
    chain_close(&c);
}

static void test_load_and_unload(void **state)
{
    (void)state;
    chain c;
    chain_open(&c, 0);
    uint64_t three = marine_service_memory(c.b.service);
    assert_string_equal(unload(&c, "top"), "");
    assert_true(marine_service_memory(c.b.service) < three);
    assert_string_equal(call(&c, "", "middle_kind", "[]"), "11"); /* the last one is the facade */
    assert_string_equal(call(&c, "top", "top", "[0]"), "not_found: module with name 'top' is missing");
    assert_string_equal(load(&c, "second", NEXT), "");
    assert_string_equal(load(&c, "top", TOP), "");
    assert_int_equal(marine_service_memory(c.b.service) > three, true);
    assert_string_equal(unload(&c, "second"), ""); /* from between: the others keep their places */
    assert_string_equal(call(&c, "", "top", "[0]"), "\"kind 21 count 3\"");
    assert_int_equal(marine_service_memory(c.b.service), three);
    assert_string_equal(replace(&c, "middle", MIDDLE), "");
    assert_string_equal(call(&c, "", "top", "[0]"), "\"kind 11 count 4\"");
    assert_string_equal(unload(&c, "top"), "");
    assert_string_equal(unload(&c, "middle"), "");
    assert_string_equal(unload(&c, "bottom"), "load: module bottom is the last one and cannot go");
    assert_string_equal(load(&c, "alone", MIDDLE), ""); /* imports from bottom, which is before it */
    assert_string_equal(load(&c, "orphan", TOP),
                        "link: module orphan needs module 'middle', which is not loaded before it");
    assert_string_equal(call(&c, "", "middle_kind", "[]"), "11");
    chain_close(&c);
}

/* An importer sees only those before it, also when it is replaced. */
static void test_order_holds(void **state)
{
    (void)state;
    chain c;
    chain_open(&c, 0);
    assert_string_equal(replace(&c, "bottom", TOP),
                        "link: module middle imports function bottom.kind, which the new module lacks");
    assert_string_equal(unload(&c, "top"), "");
    assert_string_equal(unload(&c, "middle"), "");
    assert_string_equal(load(&c, "middle", NEXT), "");
    assert_string_equal(replace(&c, "bottom", TOP),
                        "link: module bottom needs module 'middle', which is not loaded before it");
    assert_string_equal(call(&c, "bottom", "kind", "[]"), "1");
    chain_close(&c);
}

static void test_there_is_room_for_so_many(void **state)
{
    (void)state;
    chain c;
    char  name[16];
    chain_open(&c, 0);
    for (int i = 3; i < MARINE_MODULES_MAX; i++) {
        snprintf(name, sizeof name, "m%d", i);
        assert_string_equal(load(&c, name, NEXT), "");
    }
    assert_string_equal(load(&c, "more", NEXT), "load: 64 modules are loaded, which is the limit");
    assert_string_equal(unload(&c, "m33"), "");
    assert_string_equal(load(&c, "more", NEXT), "");
    assert_string_equal(call(&c, "", "kind", "[]"), "2");
    chain_close(&c);
}

/* ---- nothing is left behind ---- */

static long resident_kb(void)
{
    long  pages = 0, size;
    FILE *file  = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%ld %ld", &size, &pages) != 2) pages = 0;
    if (file) fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* A thousand bottoms that each grow to 1 MiB, in a budget of 4 MiB. Traps in between: the engine must find the living memory, though
 * those that went lay at the same addresses. */
static void test_a_thousand_replaces(void **state)
{
    (void)state;
    enum { ROUNDS = 1000, LEFT_BYTES_MAX = 64 << 10 };
    chain c;
    chain_open(&c, 4 << 20);
    long before = 0;
    for (int i = 0; i < ROUNDS; i++) {
        riv_arena_reset(c.b.arena);
        if (i == ROUNDS / 10) before = resident_kb();
        assert_string_equal(replace(&c, "bottom", i % 2 ? BOTTOM : NEXT), "");
        assert_int_not_equal(call(&c, "bottom", "grow", "[8]")[0], 'm');
        if (i % 100 == 0) assert_memory_equal(call(&c, "bottom", "trap", "[]"), "trap: ", 6);
        if (i % 100 == 1) assert_memory_equal(replace(&c, "bottom", FAILS), "trap: ", 6);
    }
    long left = (resident_kb() - before) * 1024 / (ROUNDS * 9 / 10);
    print_message("%ld bytes stay for each module that was replaced\n", left);
#ifndef RIV_SLOW_CHECKS /* sanitizers keep what was freed */
    assert_true(left < LEFT_BYTES_MAX);
#endif
    assert_memory_equal(call(&c, "", "top", "[0]"), "\"kind 11 count ", 15);
    chain_close(&c);
}

static void test_a_service_changes_so_often(void **state)
{
    (void)state;
    chain       c;
    int         changes = 0;
    const char *got     = "";
    chain_open(&c, 0);
    while (!got[0] && changes < 2 * MARINE_CHANGES_MAX) {
        riv_arena_reset(c.b.arena);
        got = replace(&c, "bottom", NEXT);
        changes++;
    }
    assert_string_equal(got, "load: 4096 modules were loaded into this service; it has to be made anew");
    assert_int_equal(changes, MARINE_CHANGES_MAX - 3 + 1);
    assert_string_equal(call(&c, "", "top", "[0]"), "\"kind 12 count 2\"");
    assert_string_equal(unload(&c, "top"), "");
    chain_close(&c);
}

/* A start that ends itself well, in the middle of another module, leaves no frame on that one's stack. */
static void test_good_ends_do_not_eat_the_stack(void **state)
{
    (void)state;
    enum { STARTED = 200 };
    chain c;
    chain_open(&c, 0);
    assert_string_equal(load(&c, "leaver", LEAVER), "");
    for (int i = 0; i < STARTED; i++) { /* each leaves a frame of 1 KiB; the stack has 64 */
        const char *got = load(&c, "starts", STARTS);
        if (got[0]) fail_msg("%d: %s", i, got);
        assert_string_equal(call(&c, "starts", "started", "[]"), "1");
        assert_string_equal(unload(&c, "starts"), "");
    }
    chain_close(&c);
}

/* ---- statistics ---- */

static void test_statistics(void **state)
{
    (void)state;
    chain        c;
    marine_stats stats;
    chain_open(&c, 4 << 20);
    marine_service_stats(c.b.service, c.b.arena, &stats);
    assert_int_equal(stats.modules_count, 3);
    assert_true(riv_str_eq(stats.modules[1].name, RIV_LIT("middle")) && stats.modules[1].module == c.modules[MIDDLE]);
    assert_int_equal(stats.memory_bytes_max, 4 << 20);
    assert_int_equal(stats.memory_bytes,
                     stats.modules[0].memory_bytes + stats.modules[1].memory_bytes + stats.modules[2].memory_bytes);
    assert_int_equal(stats.memory_bytes, marine_service_memory(c.b.service));
    assert_int_equal(stats.calls, 0);
    uint64_t started = stats.fuel_used, bottom = stats.modules[0].memory_bytes;

    call(&c, "", "top", "[0]");
    uint64_t one = c.b.result.fuel_used;
    assert_string_equal(call(&c, "bottom", "grow", "[1000]"), "4294967295"); /* refused, and the call went well */
    uint64_t two = c.b.result.fuel_used;
    marine_service_stats(c.b.service, c.b.arena, &stats);
    assert_int_equal(stats.calls, 2);
    assert_int_equal(stats.failed_calls, 0);
    assert_int_equal(stats.allocation_rejects, 0);
    assert_int_equal(stats.fuel_used, started + one + two);

    call(&c, "bottom", "grow", "[1]");
    call(&c, "bottom", "trap", "[]");
    marine_service_stats(c.b.service, c.b.arena, &stats);
    assert_int_equal(stats.calls, 4);
    assert_int_equal(stats.failed_calls, 1);
    assert_int_equal(stats.modules[0].memory_bytes, bottom + 65536);

    assert_memory_equal(replace(&c, "bottom", HUNGRY), "memory: ", 8);
    marine_service_stats(c.b.service, c.b.arena, &stats);
    assert_int_equal(stats.allocation_rejects, 1);
    assert_int_equal(stats.calls, 4);
    call(&c, "", "top", "[0]");
    marine_service_stats(c.b.service, c.b.arena, &stats);
    assert_int_equal(stats.allocation_rejects, 0);
    chain_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_chain_of_three),
        cmocka_unit_test(test_what_fails_changes_nothing),
        cmocka_unit_test(test_load_and_unload),
        cmocka_unit_test(test_order_holds),
        cmocka_unit_test(test_there_is_room_for_so_many),
        cmocka_unit_test(test_a_thousand_replaces),
        cmocka_unit_test(test_a_service_changes_so_often),
        cmocka_unit_test(test_good_ends_do_not_eat_the_stack),
        cmocka_unit_test(test_statistics),
    };
    testing_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
