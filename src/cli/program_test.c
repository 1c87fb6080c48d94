/* program_test.c: hops out of events, answers out of replies, values for getDataSrv. */
#include "cli/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static void see(cli_outcome *o, riv_arena *a, uint64_t ts_us, const char *peer, const char *event, const char *from,
                uint64_t signatures)
{
    riv_log_field fields[] = { LOG_CSTR("from", from), LOG_U64("bytes", ts_us), LOG_U64("signatures", signatures) };
    cli_outcome_event(o, a, ts_us, riv_str_c(peer), event, fields, 3);
}

/* Logs of several processes come one after the other; time brings them into order. */
static void test_hops(void **state)
{
    static const struct {
        const char *from, *to;
        uint64_t    sent_us, received_us;
    } want[] = { { "C", "R", 110, 120 },
                 { "R", "A", 150, 170 },
                 { "R", "B", 150, 175 },
                 { "A", "R", 190, 200 },
                 { "R", "C", 210, 230 } };
    (void)state;
    riv_arena  *a = riv_arena_new(0);
    cli_outcome o = { .start_us = 100 };
    size_t      count;
    see(&o, a, 230, "C", "particle.received", "R", 0);
    see(&o, a, 110, "C", "particle.run", "", 1);
    see(&o, a, 120, "R", "particle.received", "C", 0);
    see(&o, a, 150, "R", "particle.run", "", 2);
    see(&o, a, 210, "R", "particle.run", "", 3);
    see(&o, a, 200, "R", "particle.received", "A", 0);
    see(&o, a, 170, "A", "particle.received", "R", 0);
    see(&o, a, 190, "A", "particle.run", "", 4);
    see(&o, a, 175, "B", "particle.received", "R", 0);
    see(&o, a, 160, "R", "peer.connected", "x", 1000);
    const cli_hop *hops = cli_outcome_hops(&o, a, &count);
    assert_int_equal(count, RIV_COUNT(want));
    for (size_t i = 0; i < count; i++) {
        assert_true(riv_str_eq(hops[i].from, riv_str_c(want[i].from)) && riv_str_eq(hops[i].to, riv_str_c(want[i].to)));
        assert_int_equal(hops[i].sent_us, want[i].sent_us);
        assert_int_equal(hops[i].received_us, want[i].received_us);
    }
    assert_int_equal(cli_outcome_signatures(&o), 10);
    riv_arena_free(a);
}

static void test_answers(void **state)
{
    static const struct {
        size_t          results;
        node_reply_kind kind;
        const char     *reply, *answer; /* NULL: none */
    } cases[] = {
        { 1, NODE_REPLY_RESPONSE, "[[1,2]]", "[1,2]" },
        { 2, NODE_REPLY_RESPONSE, "[1,\"b\"]", "[1,\"b\"]" },
        { 0, NODE_REPLY_RESPONSE, "[]", "null" },
        { 1, NODE_REPLY_ERROR, "[{\"message\":\"m\"},0]", NULL },
        { 1, NODE_REPLY_EXPIRED, "{\"message\":\"m\"}", NULL },
        { 1, NODE_REPLY_FAILED, "{\"code\":1,\"message\":\"m\"}", NULL },
    };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena      *a    = riv_arena_new(0);
        aqua_func       func = { .results_count = cases[i].results };
        cli_program     p    = { .func = &func };
        cli_outcome     o    = { 0 };
        const riv_json *json;
        assert_null(cli_answer(a, &p, &o)); /* nothing came yet */
        assert_int_equal(riv_json_parse(riv_str_c(cases[i].reply), a, NULL, &json), RIV_OK);
        cli_outcome_reply(&o, a, 5, NODE_REPLY_CALLBACK, RIV_LIT("progress"), riv_json_arr(a, NULL, 0));
        assert_false(o.done);
        cli_outcome_reply(&o, a, 7, cases[i].kind, (riv_str){ 0 }, json);
        cli_outcome_reply(&o, a, 9, NODE_REPLY_EXPIRED, (riv_str){ 0 }, json); /* the first one counts */
        assert_int_equal(o.end_us, 7);
        assert_int_equal(o.callbacks.len, 1);
        const riv_json *answer = cli_answer(a, &p, &o);
        assert_int_equal(answer != NULL, cases[i].answer != NULL);
        if (answer) assert_true(riv_str_eq(riv_json_text(answer, a), riv_str_c(cases[i].answer)));
        riv_arena_free(a);
    }
}

static void test_values(void **state)
{
    (void)state;
    riv_arena      *a        = riv_arena_new(0);
    aqua_param      params[] = { { RIV_LIT("x"), false, NULL },
                                 { RIV_LIT("done"), true, NULL },
                                 { RIV_LIT("y"), false, NULL } };
    aqua_func       func     = { .params = params, .params_count = 3 };
    cli_program     p        = { .func = &func };
    const riv_json *args;
    assert_int_equal(riv_json_parse(RIV_LIT("[1,null,[2]]"), a, NULL, &args), RIV_OK);
    p.call.args = args;
    assert_true(riv_str_eq(riv_json_text(cli_program_values(a, &p, RIV_LIT("R")), a),
                           RIV_LIT("{\"-relay-\":\"R\",\"x\":1,\"y\":[2]}")));
    riv_arena_free(a);
}

/* What a peer says of an error goes to the user's terminal without the characters that move its cursor. */
static void test_errors_are_shown(void **state)
{
    (void)state;
    cli             c    = { .arena = riv_arena_new(0) };
    aqua_func       func = { .name = RIV_LIT("hello") };
    cli_program     p    = { .func = &func };
    cli_outcome     o    = { 0 };
    const riv_json *json = riv_json_object(c.arena, "message", riv_json_strc(c.arena, "it \x1b[2Jbroke\xc2\x9b"), NULL);
    const char     *words[] = { "run", "x.aqua" };
    size_t          used;
    assert_int_equal(cli_command_find(words, 2, NULL, &c.command, &used), RIV_OK);
    assert_int_equal(cli_args_parse(c.command, words + used, 1, c.arena, NULL, &c.given), RIV_OK);
    cli_outcome_reply(&o, c.arena, 1, NODE_REPLY_FAILED, (riv_str){ 0 }, json);
    assert_int_equal(cli_outcome_print(&c, &p, &o, NULL), CLI_FAILED);
    assert_true(riv_str_eq(c.first_error, RIV_LIT("hello failed: it  [2Jbroke ")));
    riv_arena_free(c.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_hops), cmocka_unit_test(test_answers),
                                        cmocka_unit_test(test_values), cmocka_unit_test(test_errors_are_shown) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
