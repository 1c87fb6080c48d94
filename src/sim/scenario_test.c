/* scenario_test.c: AIR scenarios: order of delivery, data that is tampered with on its way, parameters, and files that are malformed.
 * That runs agree with the original's is shown in tests/conform/avm. Spec: docs/spec/scenarios.md 1, 4. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "sim/internal.h"

#define SERVICES "\"services\":[{\"service\":\"who\",\"who\":true},{\"service\":\"args\",\"args\":true}]"
/* alice, then bob, then carol, then alice again */
#define RING                                                                                                           \
    "\"init\":\"alice\"," SERVICES                                                                                     \
    ",\"air\":\"(seq (call \\\"@alice\\\" (\\\"who\\\" \\\"f\\\") [] a) (seq (call \\\"@bob\\\" (\\\"args\\\" "        \
    "\\\"f\\\") [a] b) (seq (call \\\"@carol\\\" (\\\"args\\\" \\\"f\\\") [b] c) (call \\\"@alice\\\" (\\\"args\\\" "  \
    "\\\"f\\\") [c]))))\""
/* bob and carol at once, both tell dave */
#define FORK                                                                                                           \
    "\"init\":\"alice\"," SERVICES ",\"air\":\"(seq (par (call \\\"@bob\\\" (\\\"who\\\" \\\"f\\\") [] b) (call "      \
    "\\\"@carol\\\" (\\\"who\\\" \\\"f\\\") [] c)) "                                                                   \
    "(call \\\"@dave\\\" (\\\"args\\\" \\\"f\\\") [b c]))\""

static const riv_json *run(riv_arena *arena, const char *text)
{
    const riv_json      *out     = NULL;
    riv_fault            fault   = { 0 };
    sim_scenario_options options = { .version = AVM_0_62 };
    if (sim_scenario_run(riv_str_c(text), &options, arena, &fault, &out)) fail_msg("%s: %s", text, fault.msg);
    return out;
}

/* "alice:start:0 bob:message:0 ..." */
static const char *walk(riv_arena *arena, const riv_json *doc)
{
    riv_buf         out   = riv_buf_in(arena);
    const riv_json *steps = riv_json_get(doc, RIV_LIT("steps"));
    for (size_t i = 0; i < steps->arr.count; i++) {
        const riv_json *s    = steps->arr.items[i];
        riv_str         kind = riv_json_get(s, RIV_LIT("kind"))->str;
        riv_putf(&out, "%s" RIV_FMT ":%c:", i ? " " : "", RIV_ARG(riv_json_get(s, RIV_LIT("peer"))->str), kind.ptr[0]);
        riv_json_write(riv_json_get(s, RIV_LIT("ret_code")), &out);
    }
    return riv_cstr(arena, riv_buf_str(&out));
}

static const struct {
    const char *name, *text, *walk;
} walks[] = {
    { "ring", "{" RING "}", "alice:s:0 alice:r:0 bob:m:0 bob:r:0 carol:m:0 carol:r:0 alice:m:0 alice:r:0" },
    { "fork", "{" FORK "}", "alice:s:0 bob:m:0 carol:m:0 bob:r:0 carol:r:0 dave:m:0 dave:m:0 dave:r:0" },
    { "newest first", "{\"order\":\"lifo\"," FORK "}",
      "alice:s:0 carol:m:0 carol:r:0 dave:m:0 bob:m:0 bob:r:0 dave:m:0 dave:r:0" },
    { "twice", "{\"duplicate\":true," RING "}",
      "alice:s:0 alice:r:0 bob:m:0 bob:m:0 bob:r:0 carol:m:0 carol:m:0 carol:r:0 alice:m:0 alice:m:0 alice:r:0" },
    { "bytes", "{\"tamper\":[{\"message\":1,\"op\":\"text\",\"text\":\"hi\"}]," RING "}",
      "alice:s:0 alice:r:0 bob:m:3" },
    { "bit", "{\"tamper\":[{\"message\":2,\"op\":\"flip\",\"at\":0,\"mask\":128}]," RING "}",
      "alice:s:0 alice:r:0 bob:m:0 bob:r:0 carol:m:3" },
    { "version",
      "{\"tamper\":[{\"message\":1,\"op\":\"version\",\"key\":\"interpreter_version\",\"value\":\"0.60.0\"}]," RING "}",
      "alice:s:0 alice:r:0 bob:m:6" },
    { "key", "{\"tamper\":[{\"message\":1,\"op\":\"drop_key\",\"key\":\"inner_data\"}]," RING "}",
      "alice:s:0 alice:r:0 bob:m:4" },
    { "archive", "{\"tamper\":[{\"message\":1,\"op\":\"truncate_inner\",\"bytes\":-4}]," RING "}",
      "alice:s:0 alice:r:0 bob:m:2" },
    { "value",
      "{\"tamper\":[{\"message\":1,\"op\":\"replace\",\"from\":\"\\\"alice\\\"\",\"to\":\"\\\"ALICE\\\"\"}]," RING "}",
      "alice:s:0 alice:r:0 bob:m:8" },
    { "signature", "{\"tamper\":[{\"message\":1,\"op\":\"bad_signature\",\"peer\":\"alice\"}]," RING "}",
      "alice:s:0 alice:r:0 bob:m:9" },
    { "swapped", "{\"tamper\":[{\"message\":2,\"op\":\"swap_signature\",\"a\":\"alice\",\"b\":\"bob\"}]," RING "}",
      "alice:s:0 alice:r:0 bob:m:0 bob:r:0 carol:m:9" },
    { "stranger's key",
      "{\"tamper\":[{\"message\":1,\"op\":\"other_key\",\"peer\":\"alice\",\"by\":\"mallory\"}]," RING "}",
      "alice:s:0 alice:r:0 bob:m:9" },
    { "nobody's signature", "{\"tamper\":[{\"message\":1,\"op\":\"bad_signature\",\"peer\":\"mallory\"}]," RING "}",
      "alice:s:0 alice:r:0 bob:m:0 bob:r:0 carol:m:0 carol:r:0 alice:m:0 alice:r:0" },
    { "limits", "{\"limits\":{\"air_size_limit\":10,\"hard_limit_enabled\":true}," RING "}", "alice:s:10" },
    { "override", "{\"param_overrides\":{\"bob\":{\"key_format\":3}}," RING "}", "alice:s:0 alice:r:0 bob:m:7" },
    { "other script", "{\"air_of\":{\"bob\":\"(oops\"}," RING "}", "alice:s:0 alice:r:0 bob:m:1" },
    { "unasked", "{\"extra_results\":{\"alice\":{\"9\":{\"ret_code\":0,\"result\":\"1\"}}}," RING "}",
      "alice:s:0 alice:r:30000 bob:m:0 bob:r:0 carol:m:0 carol:r:0 alice:m:0 alice:r:30000" },
};

static void orders_and_attacks(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(walks); i++) {
        riv_arena  *arena = riv_arena_new(0);
        const char *got   = walk(arena, run(arena, walks[i].text));
        if (strcmp(got, walks[i].walk) != 0) fail_msg("%s: %s", walks[i].name, got);
        riv_arena_free(arena);
    }
}

static const riv_json *drawn(riv_arena *arena, const char *text, uint64_t seed)
{
    const riv_json      *out     = NULL;
    riv_fault            fault   = { 0 };
    sim_scenario_options options = { .version = AVM_0_62, .has_seed = true, .seed = seed };
    if (sim_scenario_run(riv_str_c(text), &options, arena, &fault, &out))
        fail_msg("seed %u: %s", (unsigned)seed, fault.msg);
    return out;
}

/* Orders that are drawn: repeatable, different from each other, and of no influence on what comes out. */
static void orders_are_drawn(void **state)
{
    (void)state;
    riv_arena  *arena     = riv_arena_new(0);
    riv_map    *walks_met = riv_map_new(arena);
    const char *text      = "{\"order\":\"lifo\"," FORK "}";
    for (uint64_t seed = 1; seed <= 40; seed++) {
        const riv_json *doc   = drawn(arena, text, seed),
                       *calls = riv_json_get(riv_json_get(doc, RIV_LIT("calls")), RIV_LIT("dave"));
        riv_map_put_str(walks_met, riv_str_c(walk(arena, doc)), arena);
        if (!riv_json_eq(doc, drawn(arena, text, seed))) fail_msg("seed %u gives two documents", (unsigned)seed);
        if (!calls || calls->arr.count != 1) fail_msg("seed %u: dave was not called once", (unsigned)seed);
        assert_string_equal(riv_cstr(arena, riv_json_text(riv_json_get(calls->arr.items[0], RIV_LIT("args")), arena)),
                            "[\"bob\",\"carol\"]");
    }
    assert_true(riv_map_count(walks_met) >= 4);
    assert_true(riv_json_eq(run(arena, "{\"order\":\"random\",\"seed\":7," FORK "}"), drawn(arena, text, 7)));
    assert_true(riv_json_eq(run(arena, "{\"order\":\"random\"," FORK "}"), drawn(arena, text, 1)));
    riv_arena_free(arena);
}

static void the_document(void **state)
{
    (void)state;
    riv_arena      *arena = riv_arena_new(0);
    const riv_json *doc   = run(arena, "{\"forget\":[\"bob\"]," RING "}");
    assert_string_equal(riv_cstr(arena, riv_json_text(riv_json_get(doc, RIV_LIT("visited")), arena)),
                        "[\"alice\",\"carol\"]");
    const riv_json *calls = riv_json_get(riv_json_get(doc, RIV_LIT("calls")), RIV_LIT("carol"));
    assert_int_equal(calls->arr.count, 1);
    assert_string_equal(riv_cstr(arena, riv_json_text(riv_json_get(calls->arr.items[0], RIV_LIT("args")), arena)),
                        "[[\"alice\"]]");
    const riv_json *t = riv_json_at(riv_json_at(riv_json_get(calls->arr.items[0], RIV_LIT("tetraplets")), 0), 0);
    assert_true(riv_str_eq(riv_json_get(t, RIV_LIT("service_id"))->str, RIV_LIT("args")));
    const riv_json *final = riv_json_get(riv_json_get(doc, RIV_LIT("final")), RIV_LIT("alice"));
    const riv_json *trace =
        riv_json_get(riv_json_get(riv_json_get(final, RIV_LIT("decoded")), RIV_LIT("data")), RIV_LIT("trace"));
    assert_int_equal(trace->arr.count, 4);
    const riv_json *step = riv_json_at(riv_json_get(doc, RIV_LIT("steps")), 1);
    assert_true(riv_json_get(step, RIV_LIT("from_step"))->u64 == 1);
    assert_string_equal(riv_cstr(arena, riv_json_text(riv_json_get(step, RIV_LIT("next_peers")), arena)), "[\"bob\"]");
    /* Same file, same document. */
    const riv_json *again = run(arena, "{\"forget\":[\"bob\"]," RING "}");
    assert_true(riv_json_eq(doc, again));
    riv_arena_free(arena);
}

static const struct {
    const char *text, *says;
} bad[] = {
    { "[]", "scenario: expected an object" },
    { "{}", "scenario.air: expected a text" },
    { "{\"air\":\"(null)\"}", "scenario.init: expected a text" },
    { "{\"air\":\"(null)\",\"init\":\"a\",\"ordr\":\"fifo\"}", "scenario.ordr: no such key" },
    { "{\"air\":\"(null)\",\"init\":\"a\",\"order\":\"filo\"}",
      "scenario.order: expected \"fifo\", \"lifo\" or \"random\"" },
    { "{\"air\":\"(null)\",\"init\":\"a\",\"order\":\"random\",\"seed\":-1}", "scenario.seed: expected" },
    { "{\"air\":\"(null)\",\"init\":\"a\",\"results\":1}", "scenario.results: expected a text" },
    { "{\"air\":\"(null)\",\"init\":\"a\",\"ttl\":4294967296}", "scenario.ttl: expected a number of 32 bits" },
    { "{\"air\":\"(null)\",\"init\":\"a\",\"limits\":{\"air\":1}}", "limits.air: no such key" },
    { "{\"air\":\"(null)\",\"init\":\"a\",\"param_overrides\":{\"b\":{\"ttl\":\"1\"}}}",
      "param_overrides.b.ttl: expected" },
    { "{\"air\":\"(null)\",\"init\":\"a\",\"param_overrides\":{\"b\":{\"tll\":1}}}",
      "param_overrides.b.tll: no such parameter" },
    { "{\"air\":\"(null)\",\"init\":\"a\",\"param_overrides\":{\"b\":{\"secret_key\":\"AA==\"}}}",
      "32 bytes in base64" },
    { "{\"air\":\"(null)\",\"init\":\"a\",\"forget\":[1]}", "scenario.forget: expected names" },
    { "{\"air\":\"(null)\",\"init\":\"a\",\"air_of\":{\"b\":1}}", "air_of.b: expected a script" },
    { "{\"air\":\"(null)\",\"init\":\"a\",\"extra_results\":{\"b\":{\"1\":{}}}}",
      "extra_results.b.1.ret_code: expected" },
    { "{\"air\":\"(null)\",\"init\":\"a\",\"tamper\":[{\"op\":\"none\"}]}", "tamper[0].message: expected" },
    { "{\"air\":\"(null)\",\"init\":\"a\",\"tamper\":[{\"message\":1,\"op\":\"burn\"}]}", "tamper[0].op: expected" },
    { "{\"air\":\"(null)\",\"init\":\"a\",\"tamper\":[{\"message\":1,\"op\":\"flip\"}]}", "tamper[0].at: expected" },
    { "{\"air\":\"(null)\",\"init\":\"a\",\"tamper\":[{\"message\":1,\"op\":\"flip\",\"at\":1,\"msk\":1}]}",
      "tamper[0].msk: no such key" },
    { "{\"air\":\"(null)\",\"init\":\"a\",\"tamper\":[{\"message\":1,\"op\":\"replace\",\"from\":\"a\",\"to\":\"bc\"}]"
      "}",
      "tamper[0].to: expected" },
};

static void what_is_malformed(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(bad); i++) {
        riv_arena           *arena   = riv_arena_new(0);
        riv_fault            fault   = { 0 };
        sim_scenario_options options = { .version = AVM_0_64 };
        const riv_json      *out;
        riv_err              err = sim_scenario_run(riv_str_c(bad[i].text), &options, arena, &fault, &out);
        if (err != RIV_E_MALFORMED || !strstr(fault.msg, bad[i].says))
            fail_msg("%s: %s: %s", bad[i].text, riv_err_name(err), fault.msg);
        riv_arena_free(arena);
    }
}

/* ---- single invokes ---- */

static riv_str invoke_line(riv_arena *arena, const char *air, const char *more)
{
    crypto_secret   seed  = sim_peer_seed(RIV_LIT("alice"));
    const sim_name *alice = sim__name(sim__names_new(arena), RIV_LIT("alice"));
    riv_str         key   = codec_base64(arena, (riv_bytes){ seed.bytes, sizeof seed.bytes });
    return riv_format(arena,
                      "{\"air\":\"%s\",\"params\":{\"init_peer_id\":\"" RIV_FMT "\",\"current_peer_id\":\"" RIV_FMT
                      "\",\"timestamp\":1,\"ttl\":2,\"secret_key\":\"" RIV_FMT "\",\"particle_id\":\"p\"}%s}",
                      air, RIV_ARG(alice->id), RIV_ARG(alice->id), RIV_ARG(key), more);
}

#define CALL "(call %init_peer_id% (\\\"s\\\" \\\"f\\\") [1 %ttl%] x)"

static void an_invoke(void **state)
{
    (void)state;
    riv_arena      *arena = riv_arena_new(0);
    riv_fault       fault = { 0 };
    const riv_json *first, *second, *refused;
    assert_int_equal(sim_invoke(invoke_line(arena, CALL, ""), AVM_0_62, arena, &fault, &first), RIV_OK);
    const riv_json *request = riv_json_get(riv_json_get(first, RIV_LIT("call_requests")), RIV_LIT("1"));
    assert_string_equal(riv_cstr(arena, riv_json_text(riv_json_get(request, RIV_LIT("arguments")), arena)), "[1,2]");
    riv_str more =
        riv_format(arena, ",\"prev\":\"" RIV_FMT "\",\"call_results\":{\"1\":{\"ret_code\":0,\"result\":\"5\"}}",
                   RIV_ARG(riv_json_get(first, RIV_LIT("data"))->str));
    assert_int_equal(sim_invoke(invoke_line(arena, CALL, more.ptr), AVM_0_62, arena, &fault, &second), RIV_OK);
    assert_true(riv_json_get(second, RIV_LIT("ret_code"))->u64 == 0);
    assert_int_equal(riv_json_get(second, RIV_LIT("call_requests"))->obj.count, 0);
    /* A script that is refused and results that cannot be read are answers of the interpreter, not faults of the line. */
    assert_int_equal(sim_invoke(invoke_line(arena, "(bad)", ""), AVM_0_62, arena, &fault, &refused), RIV_OK);
    assert_true(riv_json_get(refused, RIV_LIT("ret_code"))->u64 == 1);
    assert_int_equal(
        sim_invoke(invoke_line(arena, "(null)", ",\"call_results\":{\"x\":{\"ret_code\":0,\"result\":\"5\"}}"),
                   AVM_0_62, arena, &fault, &refused),
        RIV_OK);
    assert_true(riv_json_get(refused, RIV_LIT("ret_code"))->u64 == 5);
    riv_arena_free(arena);
}

static void bad_invokes(void **state)
{
    (void)state;
    static const struct {
        const char *line, *says;
    } rows[] = { { "", "" },
                 { "1", "invoke: expected an object" },
                 { "{}", "invoke.air: expected a text" },
                 { "{\"air\":\"(null)\",\"params\":{}}", "params.init_peer_id: expected a value" },
                 { "{\"air\":\"(null)\",\"prev\":\"*\",\"params\":{}}", "invoke.prev: expected base64" },
                 { "{\"air\":\"(null)\",\"params\":{\"x\":1}}", "params.x: no such parameter" },
                 { "{\"air\":\"(null)\",\"params\":{},\"y\":1}", "invoke.y: no such key" } };
    for (size_t i = 0; i < RIV_COUNT(rows); i++) {
        riv_arena      *arena = riv_arena_new(0);
        riv_fault       fault = { 0 };
        const riv_json *out;
        riv_err         err = sim_invoke(riv_str_c(rows[i].line), AVM_0_64, arena, &fault, &out);
        if (err != RIV_E_MALFORMED || !strstr(fault.msg, rows[i].says)) fail_msg("%s: %s", rows[i].line, fault.msg);
        riv_arena_free(arena);
    }
}

int main(void)
{
    if (crypto_init(NULL)) return 1;
    const struct CMUnitTest tests[] = { cmocka_unit_test(orders_and_attacks), cmocka_unit_test(orders_are_drawn),
                                        cmocka_unit_test(the_document),       cmocka_unit_test(what_is_malformed),
                                        cmocka_unit_test(an_invoke),          cmocka_unit_test(bad_invokes) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
