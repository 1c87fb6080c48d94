/* market_test.c: every scenario of tests/market holds; what does not hold is told; files that are malformed are refused with the place.
 * The numbers in tests/market are worked out from docs/spec/market.md, each file says how. Spec: docs/spec/scenarios.md 3. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/market.h"

#define FOLDER RIV_SOURCE_DIR "/tests/market"
enum { FILES_MIN = 60, FILE_BYTES_MAX = 1 << 20 };

static riv_str read_file(riv_arena *arena, const char *name)
{
    const char *path = riv_format(arena, "%s/%s", FOLDER, name).ptr;
    FILE       *f    = fopen(path, "rb");
    char       *text = riv_arena_alloc(arena, FILE_BYTES_MAX, 1);
    assert_non_null(f);
    size_t n = fread(text, 1, FILE_BYTES_MAX, f);
    fclose(f);
    assert_true(n < FILE_BYTES_MAX);
    return (riv_str){ text, n };
}

/* The steps that did not hold, a line each. */
static size_t print_failed(riv_arena *arena, const char *name, const riv_json *doc)
{
    const riv_json *steps  = riv_json_get(doc, RIV_LIT("steps"));
    size_t          failed = 0;
    for (size_t i = 0; i < steps->arr.count; i++) {
        const riv_json *s = steps->arr.items[i];
        if (riv_json_get(s, RIV_LIT("ok"))->boolean) continue;
        failed++;
        printf("%s: " RIV_FMT "\n", name, RIV_ARG(riv_json_text(s, arena)));
    }
    return failed;
}

static bool scenario_holds(const char *name)
{
    riv_arena      *arena = riv_arena_new(0);
    riv_fault       fault = { 0 };
    const riv_json *doc, *file;
    riv_str         text = read_file(arena, name);
    riv_str         stem = riv_str_sub(riv_str_c(name), 0, strlen(name) - strlen(".json"));
    if (riv_json_parse(text, arena, &fault, &file) || sim_market_run(text, arena, &fault, &doc)) {
        printf("%s: %s\n", name, fault.msg);
        riv_arena_free(arena);
        return false;
    }
    assert_true(riv_str_eq(riv_json_get(file, RIV_LIT("name"))->str, stem));
    assert_true(riv_json_get(file, RIV_LIT("about"))->str.len > 20);
    bool   passed = riv_json_get(doc, RIV_LIT("passed"))->boolean;
    size_t failed = print_failed(arena, name, doc);
    assert_int_equal(passed, failed == 0);
    riv_arena_free(arena);
    return passed;
}

static void test_scenarios(void **state)
{
    (void)state;
    size_t         count = 0, failed = 0;
    DIR           *dir = opendir(FOLDER);
    struct dirent *entry;
    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        if (!riv_str_ends(riv_str_c(entry->d_name), RIV_LIT(".json"))) continue;
        count++;
        failed += !scenario_holds(entry->d_name);
    }
    closedir(dir);
    printf("%zu of %zu scenarios hold\n", count - failed, count);
    assert_int_equal(failed, 0);
    assert_true(count >= FILES_MIN);
}

#define HEAD "{\"accounts\":[\"alice\",\"dave\"],\"steps\":["

static const char *report(riv_arena *arena, const char *text)
{
    riv_fault       fault = { 0 };
    const riv_json *doc   = NULL;
    if (sim_market_run(riv_str_c(text), arena, &fault, &doc)) return riv_format(arena, "%s", fault.msg).ptr;
    return riv_cstr(arena, riv_json_text(doc, arena));
}

/* What was wanted and what is; later steps are played all the same. */
static void test_not_held(void **state)
{
    (void)state;
    static const struct {
        const char *steps, *report;
    } cases[] = {
        { "{\"by\":\"alice\",\"do\":\"providerInfo\",\"name\":\"\"}]}",
          "[{\"step\":1,\"ok\":false,\"reverted\":\"Name should be not "
          "empty\",\"wanted\":{\"reverts\":null,\"expect\":null},"
          "\"got\":{\"reverts\":\"Name should be not empty\",\"expect\":null}}]" },
        { "{\"by\":\"alice\",\"do\":\"providerInfo\",\"reverts\":\"no\"}]}",
          "[{\"step\":1,\"ok\":false,\"reverted\":null,\"wanted\":{\"reverts\":\"no\",\"expect\":null},\"got\":{"
          "\"reverts\":"
          "null,\"expect\":null}}]" },
        { "{\"expect\":{\"usd\":{\"alice\":1,\"dave\":\"0USD\",\"eve\":0},\"fltDelta\":{\"dave\":0}}}]}",
          "[{\"step\":1,\"ok\":false,\"reverted\":null,\"wanted\":{\"reverts\":null,\"expect\":{\"fltDelta\":{\"dave\":"
          "0},"
          "\"usd\":{\"alice\":1,\"dave\":\"0USD\",\"eve\":0}}},\"got\":{\"reverts\":null,\"expect\":{\"fltDelta\":{"
          "\"dave\":0},"
          "\"usd\":{\"alice\":\"0\",\"dave\":\"0USD\",\"eve\":\"reverts: no account 'eve'\"}}}}]" },
        { "{\"by\":\"dave\",\"do\":\"stop\",\"deal\":\"D\"}]}",
          "[{\"step\":1,\"ok\":false,\"reverted\":\"deal 'D' was not "
          "made\",\"wanted\":{\"reverts\":null,\"expect\":null},"
          "\"got\":{\"reverts\":\"deal 'D' was not made\",\"expect\":null}}]" },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena  *arena = riv_arena_new(0);
        const char *got   = report(arena, riv_format(arena, "%s%s", HEAD, cases[i].steps).ptr);
        assert_string_equal(got, riv_format(arena, "{\"passed\":false,\"steps\":%s}", cases[i].report).ptr);
        riv_arena_free(arena);
    }
}

static void test_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } cases[] = {
        { "{\"steps\":[]}", "scenario.accounts: expected a list" },
        { "{\"accounts\":[]}", "scenario.steps: expected a list" },
        { "{\"accounts\":[1],\"steps\":[]}", "scenario.accounts: expected a list of names" },
        { "{\"accounts\":[],\"steps\":[],\"rule\":\"g0\"}", "scenario.rule: no such key" },
        { "{\"accounts\":[],\"steps\":[],\"rules\":\"g1\"}", "scenario.rules: expected \"g0\" or \"fixed\"" },
        { "{\"accounts\":[],\"steps\":[],\"params\":{\"price\":1}}", "params.price: no such key" },
        { "{\"accounts\":[],\"steps\":[],\"params\":{\"epochDuration\":0}}",
          "params.epochDuration: expected at least 1" },
        { "{\"accounts\":[],\"steps\":[],\"params\":{\"minDuration\":\"1.5FLT\"}}",
          "params.minDuration: expected at most 1000000" },
        { "{\"accounts\":[],\"steps\":[],\"params\":{\"fltPrice\":-1}}",
          "params.fltPrice: expected a number, as text when it is large" },
        { "{\"accounts\":[],\"steps\":[],\"params\":{\"isWhitelistEnabled\":1}}",
          "params.isWhitelistEnabled: expected true or false" },
        { HEAD "1]}", "steps[0]: expected an object" },
        { HEAD "{\"epoch\":0}]}", "steps[0].epoch: expected a number from 1 to 100000000" },
        { HEAD "{\"by\":\"eve\"}]}", "steps[0].by: 'eve' is not in accounts" },
        { HEAD "{},{\"do\":\"createDael\"}]}", "steps[1].do: no action 'createDael', perhaps 'createDeal'" },
        { HEAD "{\"do\":\"stop\",\"deal\":\"D\",\"unit\":\"u\"}]}", "steps[0].unit: stop has no such key" },
        { HEAD "{\"do\":\"stop\"}]}", "steps[0].deal: expected a name" },
        { HEAD "{\"do\":\"registerOffer\",\"offer\":\"O\",\"minPrice\":\"x\"}]}",
          "steps[0].minPrice: expected a number, as text when it is large" },
        { HEAD "{\"do\":\"registerOffer\",\"offer\":\"O\",\"minPrice\":\"1\",\"peers\":[{}]}]}",
          "steps[0].peers: expected a list of {id, owner, units}" },
        { HEAD "{\"do\":\"createCC\",\"cc\":\"C\",\"peer\":\"p\",\"duration\":1,\"rate\":1,\"delegator\":\"eve\"}]}",
          "steps[0]: 'eve' is not in accounts" },
        { HEAD "{\"do\":\"submitProofs\",\"unit\":\"u\",\"count\":257}]}", "steps[0].count: expected at most 256" },
        { HEAD "{\"do\":\"setFLTPrice\",\"price\":\"1.0000000000000000001FLT\"}]}",
          "steps[0].price: expected a number, as text when it is large" },
        { HEAD "{\"expect\":{\"dealstatus\":{}}}]}", "steps[0].expect.dealstatus: no such query" },
        { HEAD "{\"expect\":{\"activeUnits\":{}}}]}", "steps[0].expect.activeUnits: expected a value" },
        { HEAD "{\"expect\":{\"usd\":0}}]}", "steps[0].expect.usd: expected an object of arguments and values" },
        { HEAD "{\"reverts\":\"x\",\"deal\":\"D\"}]}", "steps[0].deal: no such key" },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena      *arena = riv_arena_new(0);
        riv_fault       fault = { 0 };
        const riv_json *doc;
        assert_int_equal(sim_market_run(riv_str_c(cases[i].text), arena, &fault, &doc), RIV_E_MALFORMED);
        assert_string_equal(fault.msg, cases[i].why);
        riv_arena_free(arena);
    }
}

/* Same file, same report. */
static void test_repeats(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    riv_str    text  = read_file(arena, "cc-fails-in-part.fixed.json");
    assert_string_equal(report(arena, riv_cstr(arena, text)), report(arena, riv_cstr(arena, text)));
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenarios),
        cmocka_unit_test(test_not_held),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_repeats),
    };
    if (crypto_init(NULL)) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
