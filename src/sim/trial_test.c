/* trial_test.c: runs of Aqua scenarios: what is seen, what counts as expected, how differences are shown, which files are malformed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/sim.h"

/* As the compiler makes it: an argument is read, two peers are asked behind the relay, arithmetic is done, an error goes home. */
static const char AIR[] = "(xor (seq (seq (seq (call %init_peer_id% (\"getDataSrv\" \"-relay-\") [] -relay-) (call "
                          "%init_peer_id% (\"getDataSrv\" \"n\") [] n))\n"
                          " (seq (call -relay- (\"op\" \"noop\") []) (par (call \"@bob\" (\"s\" \"f\") [n] a) (call "
                          "\"@carol\" (\"s\" \"f\") [n] b))))\n"
                          " (seq (call %init_peer_id% (\"math\" \"add\") [a b] c) (call %init_peer_id% "
                          "(\"callbackSrv\" \"response\") [c a])))\n"
                          " (call %init_peer_id% (\"errorHandlingSrv\" \"error\") [:error: 0]))";

static riv_err trial(riv_arena *arena, const char *json, riv_str order, uint64_t seed, riv_fault *fault, sim_trial *out)
{
    const riv_json *run;
    assert_int_equal(riv_json_parse(riv_str_c(json), arena, fault, &run), RIV_OK);
    sim_trial_input in = {
        .air = riv_str_c(AIR), .run = run, .where = "runs[0]", .order = order, .has_seed = seed != 0, .seed = seed
    };
    return sim_trial_run(&in, arena, fault, out);
}

#define SERVICES "\"services\": [{\"service\": \"s\", \"echo\": 0}]"
#define FAILING                                                                                                        \
    "\"services\": [{\"peer\": \"@bob\", \"service\": \"s\", \"error\": [7, \"@bob is out\"]}, {\"service\": \"s\", "  \
    "\"const\": 3}]"

static void test_seen(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    riv_fault  fault = { 0 };
    sim_trial  t;
    assert_int_equal(trial(arena, "{\"args\": {\"n\": 20}, " SERVICES "}", (riv_str){ 0 }, 0, &fault, &t), RIV_OK);
    assert_true(t.passed);
    assert_false(t.expects);
    assert_string_equal(riv_json_text(t.calls, arena).ptr,
                        "{\"bob\":[[\"s\",\"f\",[20]]],\"carol\":[[\"s\",\"f\",[20]]]}");
    assert_string_equal(riv_json_text(t.responses, arena).ptr, "[[40,20]]");
    assert_string_equal(riv_json_text(t.errors, arena).ptr, "[]");
    riv_arena_free(arena);
}

static const struct {
    const char *name, *run;
    bool        passed;
    const char *shown; /* in the difference */
} cases[] = {
    { "all that is expected",
      "{\"args\": {\"n\": 1}, " SERVICES ", \"calls\": {\"bob\": [[\"s\", \"f\", [1]]], \"@carol\": [[\"s\", \"f\", "
      "[1]]]}, \"responses\": [[2, 1]], \"errors\": []}",
      true, "" },
    { "a call with other arguments",
      "{\"args\": {\"n\": 1}, " SERVICES
      ", \"calls\": {\"bob\": [[\"s\", \"f\", [2]]], \"carol\": [[\"s\", \"f\", [1]]]}}",
      false,
      "  calls of bob: - expected, + seen (from number 1 on)\n    - [\"s\",\"f\",[2]]\n    + [\"s\",\"f\",[1]]\n" },
    { "a peer that nobody expected",
      "{\"args\": {\"n\": 1}, " SERVICES ", \"calls\": {\"bob\": [[\"s\", \"f\", [1]]]}}", false, "calls of carol" },
    { "a call that never came",
      "{\"args\": {\"n\": 1}, " SERVICES ", \"calls\": {\"bob\": [[\"s\", \"f\", [1]]], \"carol\": [[\"s\", \"f\", "
      "[1]]], \"dave\": [[\"s\", \"f\", []]]}}",
      false, "  calls of dave: - expected, + seen (from number 1 on)\n    - [\"s\",\"f\",[]]\n" },
    { "another response", "{\"args\": {\"n\": 1}, " SERVICES ", \"responses\": [[2, 2]]}", false,
      "    - [2,2]\n    + [2,1]\n" },
    { "the same values in another order",
      "{\"args\": {\"n\": 1}, " SERVICES ", \"responses\": [[1, 2]], \"unorderedResult\": true}", true, "" },
    { "numbers of another kind", "{\"args\": {\"n\": 1}, " SERVICES ", \"responses\": [[2.0, 1]]}", false,
      "responses" },
    { "an error by its code", "{\"args\": {\"n\": 1}, " FAILING ", \"errors\": [{\"code\": 10000}], \"responses\": []}",
      false, "errors" },
    { "nothing wrong expected", "{\"args\": {\"n\": 1}, " FAILING ", \"errors\": [{\"code\": 1}]}", false, "errors" },
    { "the way of messages",
      "{\"args\": {\"n\": 1}, " SERVICES ", \"unordered\": true, \"edges\": [\"bob>alice\", \"alice>relay\", "
      "\"carol>alice\", \"relay>bob\", \"relay>carol\"]}",
      true, "" },
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena *arena = riv_arena_new(0);
        riv_fault  fault = { 0 };
        sim_trial  t;
        assert_int_equal(trial(arena, cases[i].run, (riv_str){ 0 }, 0, &fault, &t), RIV_OK);
        if (t.passed != cases[i].passed || riv_str_find(t.difference, riv_str_c(cases[i].shown), 0) == SIZE_MAX ||
            !t.expects)
            fail_msg("%s: " RIV_FMT, cases[i].name, RIV_ARG(t.difference));
        riv_arena_free(arena);
    }
}

static void test_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *run, *text;
    } bad[] = {
        { "{\"calls\": []}", "runs[0].calls" }, { "{\"responces\": []}", "responces" },
        { "{\"args\": 1}", "runs[0].args" },    { "{\"services\": {}}", "runs[0].services" },
        { "{\"order\": \"any\"}", "order" },    { "{\"services\": [{\"peer\": \"bob\"}]}", "services" },
    };
    for (size_t i = 0; i < RIV_COUNT(bad); i++) {
        riv_arena *arena = riv_arena_new(0);
        riv_fault  fault = { 0 };
        sim_trial  t;
        assert_int_equal(trial(arena, bad[i].run, (riv_str){ 0 }, 0, &fault, &t), RIV_E_MALFORMED);
        if (!strstr(fault.msg, bad[i].text)) fail_msg("%s: %s", bad[i].run, fault.msg);
        riv_arena_free(arena);
    }
}

/* The same seed gives the same run; whatever the order, the result set is the same. */
static void test_orders(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        riv_arena  *arena = riv_arena_new(0);
        riv_fault   fault = { 0 };
        sim_trial   a, b;
        const char *run = "{\"args\": {\"n\": 1}, " SERVICES ", \"responses\": [[2, 1]], \"errors\": []}";
        assert_int_equal(trial(arena, run, (riv_str){ 0 }, seed, &fault, &a), RIV_OK);
        assert_int_equal(trial(arena, run, (riv_str){ 0 }, seed, &fault, &b), RIV_OK);
        if (!a.passed) fail_msg("seed %llu: " RIV_FMT, (unsigned long long)seed, RIV_ARG(a.difference));
        assert_true(riv_json_eq(a.document, b.document));
        riv_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seen),
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_orders),
    };
    if (crypto_init(NULL)) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
