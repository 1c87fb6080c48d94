/* repl_params_test.c: what follows `call MODULE FUNCTION` is cut into its parts, and what is wrong is told with its column. */
#include "cli/repl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static const char *args_of(riv_arena *arena, const char *text, repl_call *call)
{
    riv_fault fault = { 0 };
    if (repl_call_read(riv_str_c(text), arena, &fault, call))
        return riv_cstr(arena, riv_format(arena, "error: %s", fault.msg));
    return riv_cstr(arena, riv_json_text(call->args, arena));
}

static void test_arguments(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
        bool        no_result;
    } cases[] = {
        { "", "null", false },
        { "   ", "null", false },
        { "null", "null", false },
        { "[]", "[]", false },
        { " [ 1 , \"] }\" , [ 2 ] ] ", "[1,\"] }\",[2]]", false },
        { "[\"\\\"]\"]", "[\"\\\"]\"]", false },
        { "{\"a\" : {\"b\": [ ]} }", "{\"a\":{\"b\":[]}}", false },
        { "\"a text with spaces\"", "\"a text with spaces\"", false },
        { "-7", "-7", false },
        { "1.5", "1.5", false },
        { "true", "true", false },
        { "-nr", "null", true },
        { "-nr [1]", "[1]", true },
        { "-nr\t{}", "{}", true },
        { "-nrx", "error: ARGS: ", false },
        { "[1] {}", "[1]", false },
        { "[1]{}", "[1]", false },
        { "1 {}", "1", false },
        { "[1", "error: ARGS: ", false },
        { "[\"abc", "error: ARGS: ", false },
        { "]", "error: ARGS: ", false },
        { "[1]]", "error: call parameters: ", false },
        { "{} 5", "error: call parameters are an object, not number", false },
        { "[] {} []", "error: nothing follows the call parameters (column 7)", false },
        { "[] {\"hostid\": \"\"}", "error: call parameters: unknown key 'hostid' (did you mean 'host_id'?)", false },
        { "[] {\"host_id\": 1}", "error: call parameters: host_id is a string, not number", false },
        { "[] {\"particle\": []}", "error: call parameters: particle is an object, not array", false },
        { "[] {\"particle\": {\"tll\": 1}}", "error: particle: unknown key 'tll' (did you mean 'ttl'?)", false },
        { "[] {\"particle\": {\"ttl\": -1}}", "error: call parameters: ttl is a whole number from 0, not number",
          false },
        { "[] {\"particle\": {\"signature\": [256]}}",
          "error: call parameters: signature is an array of numbers from 0 to 255", false },
        { "[] {\"tetraplets\": [[[]]]}", "error: call parameters: a tetraplet is an object, not array", false },
        { "[] {\"tetraplets\": [[{\"peer\": \"\"}]]}", "error: a tetraplet: unknown key 'peer'", false },
    };
    riv_arena *arena = riv_arena_new(0);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        repl_call   call = { 0 };
        const char *got  = args_of(arena, cases[i].text, &call);
        bool        open = strncmp(cases[i].want, "error", 5) == 0; /* messages of the JSON parser may go on */
        if (open ? strncmp(got, cases[i].want, strlen(cases[i].want)) != 0 : strcmp(got, cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].text, got);
        if (call.no_result != cases[i].no_result) fail_msg("%s: -nr", cases[i].text);
    }
    riv_arena_free(arena);
}

/* Whatever stands there: an answer, and never a look behind the end. */
static void test_any_text(void **state)
{
    (void)state;
    static const char letters[] = "[]{}\"\\ ,:1-nrtue\t";
    riv_prng          prng      = riv_prng_seed(7);
    riv_arena        *arena     = riv_arena_new(0);
    for (int round = 0; round < 20000; round++) {
        size_t len  = riv_prng_below(&prng, 24);
        char  *text = riv_alloc(len + 1);
        for (size_t i = 0; i < len; i++) text[i] = letters[riv_prng_below(&prng, sizeof letters - 1)];
        repl_call call  = { 0 };
        riv_fault fault = { 0 };
        riv_err   err   = repl_call_read((riv_str){ text, len }, arena, &fault, &call);
        if (err ? fault.msg[0] == 0 : call.args == NULL) fail_msg("seed 7, round %d: %s", round, text);
        riv_free(text);
        riv_arena_reset(arena);
    }
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_arguments), cmocka_unit_test(test_any_text) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
