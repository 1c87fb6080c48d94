/* rules_test.c: which rule answers a call, what it answers, and what is no rule. Names of peers too.
 * Spec: docs/spec/scenarios.md 1. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "sim/internal.h"

static const riv_json *json(riv_arena *arena, const char *text)
{
    const riv_json *v;
    riv_fault       fault = { 0 };
    if (riv_json_parse(riv_str_c(text), arena, &fault, &v)) fail_msg("%s: %s", text, fault.msg);
    return v;
}

/* clang-format off */
static const struct { const char *rules, *service, *args; int ret_code; const char *result; } cases[] = {
    { "[]",                                               "s", "[]",             1, "\"no service s f\"" },
    { "[{\"service\":\"t\",\"echo\":0}]",                 "s", "[1]",            1, "\"no service s f\"" },
    { "[{\"service\":\"s\",\"echo\":1}]",                 "s", "[1,2.0]",        0, "2.0" },
    { "[{\"service\":\"*\",\"echo\":0}]",                 "s", "[1e2]",          0, "100.0" },
    { "[{\"echo\":1}]",                                   "s", "[1]",            1, "\"no argument to echo\"" },
    { "[{\"function\":\"g\",\"echo\":0},{\"args\":true}]", "s", "[1,\"x\"]",     0, "[1,\"x\"]" },
    { "[{\"peer\":\"alice\",\"const\":{\"b\":1,\"a\":2}}]", "s", "[]",           0, "{\"a\":2,\"b\":1}" },
    { "[{\"peer\":\"bob\",\"const\":1},{\"peer\":\"*\",\"const\":2}]", "s", "[]", 0, "2" },
    { "[{\"error\":[-7,{\"x\":1}]}]",                     "s", "[]",            -7, "{\"x\":1}" },
    { "[{\"raw\":\"not json\"}]",                         "s", "[]",             0, "not json" },
    { "[{\"raw\":\"\",\"ret_code\":5}]",                  "s", "[]",             5, "" },
    { "[{\"who\":true}]",                                 "s", "[]",             0, "\"alice\"" },
    { "[{\"sum\":true}]",                                 "s", "[1,2,\"x\",-5]", 0, "-2" },
    { "[{\"sum\":true}]",                                 "s", "[1,0.5]",        0, "1.5" },
    { "[{\"sum\":true}]",                                 "s", "[18446744073709551615,-1]", 0, "18446744073709551614" },
    { "[{\"tetraplets\":true}]",                          "s", "[]",             0, "[[]]" },
    { "[{\"range\":3}]",                                  "s", "[]",             0, "[0,1,2]" },
    { "[{\"range\":0}]",                                  "s", "[]",             0, "[]" },
};

static const struct { const char *rules, *says; } bad[] = {
    { "{}",                                   "scenario.services: expected a list of rules" },
    { "[1]",                                  "services[0]: expected an object" },
    { "[{}]",                                 "services[0]: expected exactly one of" },
    { "[{\"args\":true},{\"echo\":0,\"args\":true}]", "services[1]: expected exactly one of" },
    { "[{\"echo\":\"0\"}]",                   "services[0].echo: expected a number" },
    { "[{\"echo\":-1}]",                      "services[0].echo: expected a number" },
    { "[{\"args\":false}]",                   "services[0].args: expected true" },
    { "[{\"error\":[1]}]",                    "services[0].error: expected [ret_code, value]" },
    { "[{\"error\":[4294967296,1]}]",         "services[0].error: expected [ret_code, value]" },
    { "[{\"raw\":1}]",                        "services[0].raw: expected a text" },
    { "[{\"list\":[]}]",                      "services[0].list: expected at least one" },
    { "[{\"list\":[{\"echo\":0},{\"nope\":1}]}]", "services[0].list[1]: expected exactly one of" },
    { "[{\"list\":[{\"list\":[{\"echo\":0}]}]}]", "services[0].list[0]: expected exactly one of" },
    { "[{\"echo\":0,\"servise\":\"s\"}]",     "services[0].servise: no such key" },
    { "[{\"echo\":0,\"peer\":1}]",            "services[0].peer: expected a text" },
    { "[{\"range\":1000000}]",                "services[0].range: expected at most" },
};
/* clang-format on */

static sim_call call_of(riv_arena *arena, const char *service, const char *args)
{
    return (sim_call){ .peer_name  = RIV_LIT("alice"),
                       .peer_id    = RIV_LIT("12D3"),
                       .service    = riv_str_c(service),
                       .function   = RIV_LIT("f"),
                       .who        = RIV_LIT("alice"),
                       .args       = json(arena, args),
                       .tetraplets = json(arena, "[[]]") };
}

static void answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena *arena = riv_arena_new(0);
        sim_rules *rules;
        assert_int_equal(sim__rules_read(json(arena, cases[i].rules), arena, NULL, &rules), RIV_OK);
        sim_call   call = call_of(arena, cases[i].service, cases[i].args);
        sim_answer a    = sim__rules_answer(rules, &call, arena);
        if (a.ret_code != cases[i].ret_code || !riv_str_eq(a.result, riv_str_c(cases[i].result)))
            fail_msg("%s: %d " RIV_FMT, cases[i].rules, a.ret_code, RIV_ARG(a.result));
        riv_arena_free(arena);
    }
}

static void lists_go_on_and_repeat_the_last(void **state)
{
    (void)state;
    riv_arena  *arena = riv_arena_new(0);
    sim_rules  *rules;
    const char *text = "[{\"service\":\"s\",\"list\":[{\"const\":1},{\"error\":[2,\"x\"]},{\"echo\":0}]}]";
    assert_int_equal(sim__rules_read(json(arena, text), arena, NULL, &rules), RIV_OK);
    static const char *const want[] = { "1", "\"x\"", "9", "9" };
    for (size_t i = 0; i < RIV_COUNT(want); i++) {
        sim_call call = call_of(arena, "s", "[9]"), other = call_of(arena, "t", "[]");
        assert_string_equal(riv_cstr(arena, sim__rules_answer(rules, &call, arena).result), want[i]);
        assert_int_equal(sim__rules_answer(rules, &other, arena).ret_code, 1); /* does not count */
    }
    riv_arena_free(arena);
}

static void what_is_no_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(bad); i++) {
        riv_arena *arena = riv_arena_new(0);
        riv_fault  fault = { 0 };
        sim_rules *rules;
        riv_err    err = sim__rules_read(json(arena, bad[i].rules), arena, &fault, &rules);
        if (err != RIV_E_MALFORMED || !strstr(fault.msg, bad[i].says)) fail_msg("%s: %s", bad[i].rules, fault.msg);
        riv_arena_free(arena);
    }
}

static void names_stand_for_peer_ids(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    sim_names *names = sim__names_new(arena);
    /* As the original's key of this seed: a fixed name has a fixed id for ever. */
    static const char alice[] = "12D3KooWPnE1jzhUSv8PvesUrThRtNnyvaFfuyPJboLMPt8r1Qed";
    assert_string_equal(riv_cstr(arena, sim__name(names, RIV_LIT("alice"))->id), alice);
    const riv_json *v = sim__names_replace(names, json(arena, "{\"@alice\":[\"x@alice.y\",\"@ @@alice @\",1]}"), arena);
    riv_str         want = riv_format(arena, "{\"%s\":[\"x%s.y\",\"@ @%s @\",1]}", alice, alice, alice);
    assert_string_equal(riv_cstr(arena, riv_json_text(v, arena)), want.ptr);
    assert_int_equal(sim__names_count(names), 1);
    assert_true(sim__name_find(names, riv_str_c(alice)) == sim__name(names, RIV_LIT("alice")));
    assert_null(sim__name_find(names, RIV_LIT("bob")));
    riv_arena_free(arena);
}

int main(void)
{
    if (crypto_init(NULL)) return 1;
    const struct CMUnitTest tests[] = { cmocka_unit_test(answers), cmocka_unit_test(lists_go_on_and_repeat_the_last),
                                        cmocka_unit_test(what_is_no_rule), cmocka_unit_test(names_stand_for_peer_ids) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
