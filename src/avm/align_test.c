/* align_test.c: every trace that a run makes can be read as its script, state by state; other scripts' traces mostly cannot. */
#include "avm/testnet.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "avm/avm_cases.h"

static avm_alignment align(riv_arena *arena, riv_str script, riv_bytes bytes, archive_data *data)
{
    riv_fault       fault = { 0 };
    const air_node *tree;
    avm_alignment   out;
    assert_int_equal(air_parse(script, arena, &fault, &tree), RIV_OK);
    assert_int_equal(archive_read(bytes, arena, &fault, data), RIV_OK);
    avm_align(tree, data, (riv_str){ 0 }, arena, &out);
    return out;
}

/* One word for each state: what is said of it. ?: several instructions fit. */
static riv_str words(riv_arena *arena, const avm_alignment *a, const archive_data *data)
{
    riv_buf out = riv_buf_in(arena);
    for (size_t i = 0; i < data->trace_count; i++) {
        const air_node *n = a->nodes[i];
        if (i) riv_put_u8(&out, ' ');
        if (!n)
            riv_put_u8(&out, '?');
        else if (n->kind == AIR_CALL)
            riv_put_str(&out, n->function.text);
        else
            riv_put_str(&out, riv_str_c(air_keyword(n->kind)));
    }
    return riv_buf_str(&out);
}

#define CALL(peer, name) "(call @" peer " (\"id\" \"" name "\") [] " name ")"
static const struct {
    const char *name, *script, *says; /* of A's data, when the network is at rest */
} rows[] = {
    { "seq", "(seq " CALL("A", "a") " " CALL("B", "b") ")", "a b" },
    { "ap to a scalar leaves nothing", "(seq (ap 1 x) " CALL("A", "a") ")", "a" },
    { "par", "(seq (par " CALL("B", "b") " " CALL("C", "c") ") " CALL("A", "a") ")", "par b c a" },
    { "the other branch", "(xor (match 1 2 " CALL("A", "a") ") " CALL("A", "b") ")", "b" },
    { "no other branch", "(xor (match 1 1 " CALL("A", "a") ") " CALL("A", "b") ")", "a" },
    { "a failed call", "(xor (call @A (\"s\" \"fail\") [] x) " CALL("A", "b") ")", "fail b" },
    { "two that look alike", "(xor (match 1 2 (call @A (\"s\" \"f\") [1])) (call @A (\"s\" \"f\") [2]))", "?" },
    { "a fold over a scalar",
      "(seq (call @A (\"s\" \"json\") [\"[1,2,3]\"] l) (fold l i (seq (call @A (\"s\" \"id\") [i] x) (next i))))",
      "json id id id" },
    { "and back",
      "(seq (call @A (\"s\" \"json\") [\"[1,2]\"] l) (fold l i (seq (seq (call @A (\"s\" \"id\") [i] x) (next i)) "
      "(call @A "
      "(\"s\" \"back\") [i] y))))",
      "json id id back back" },
    { "a fold over a stream", "(seq (seq (ap 1 $s) (ap 2 $s)) (fold $s i (par (call @A (\"s\" \"id\") [i]) (next i))))",
      "ap ap fold par id par id" },
    { "its last instruction",
      "(seq (seq (ap 1 $s) (ap 2 $s)) (fold $s i (seq (call @A (\"s\" \"id\") [i]) (next i)) (call @A (\"s\" \"z\") "
      "[])))",
      "ap ap fold id id z" },
    { "canon", "(seq (ap 1 $s) (seq (canon @A $s #cc) (call @A (\"s\" \"f\") [#cc] x)))", "ap canon f" },
    { "new", "(new $s (seq (ap 1 $s) (canon @A $s #cc)))", "ap canon" },
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(rows); i++) {
        riv_arena   *arena = riv_arena_new(0);
        riv_fault    fault = { 0 };
        archive_data data;
        testnet      net;
        testnet_init(&net, arena, rows[i].script);
        assert_int_equal(testnet_run(&net, &fault), RIV_OK);
        avm_alignment a   = align(arena, net.script, net.peer[0].data, &data);
        riv_str       got = words(arena, &a, &data);
        if (!a.fits || !riv_str_eq(got, riv_str_c(rows[i].says)))
            fail_msg("%s: " RIV_FMT " (%zu)", rows[i].name, RIV_ARG(got), a.reached);
        assert_int_equal(a.ambiguous, strchr(rows[i].says, '?') != NULL);
        riv_arena_free(arena);
    }
}

/* All scripts of avm_test, on all peers. */
static void test_every_run(void **state)
{
    (void)state;
    size_t traces = 0, states = 0, known = 0;
    for (size_t i = 0; i < RIV_COUNT(avm_cases); i++) {
        riv_arena *arena = riv_arena_new(0);
        riv_fault  fault = { 0 };
        testnet    net;
        testnet_init(&net, arena, avm_cases[i].script);
        if (testnet_run(&net, &fault)) fail_msg("%s: %s", avm_cases[i].script, fault.msg);
        for (int k = 0; k < TESTNET_PEERS && avm_cases[i].code != 1; k++) { /* 1: the script is refused */
            archive_data data;
            if (!net.peer[k].data.len) continue;
            avm_alignment a = align(arena, net.script, net.peer[k].data, &data);
            if (!a.fits && !a.given_up) fail_msg("%s: state %zu does not fit", avm_cases[i].script, a.reached);
            traces++;
            states += data.trace_count;
            for (size_t s = 0; s < data.trace_count; s++) known += a.nodes[s] != NULL;
        }
        riv_arena_free(arena);
    }
    if (traces < 90 || known * 10 < states * 9) fail_msg("%zu traces, %zu of %zu states known", traces, known, states);
}

static void test_other_scripts(void **state)
{
    (void)state;
    riv_arena   *arena = riv_arena_new(0);
    riv_fault    fault = { 0 };
    archive_data data;
    testnet      net;
    testnet_init(&net, arena, "(seq " CALL("A", "a") " (seq " CALL("A", "b") " " CALL("A", "c") "))");
    assert_int_equal(testnet_run(&net, &fault), RIV_OK);
    avm_alignment a =
        align(arena, testnet_script(&net, "(seq " CALL("A", "a") " " CALL("A", "c") ")"), net.peer[0].data, &data);
    assert_false(a.fits || a.given_up);
    assert_int_equal(a.reached, 1); /* the second state is where they part */
    a = align(arena, testnet_script(&net, "(null)"), net.peer[0].data, &data);
    assert_false(a.fits);
    assert_int_equal(a.reached, 0);
    riv_arena_free(arena);
}

/* Lies about sizes and folds of ten thousand items: given up at a bound, never lost. */
static void test_bounds(void **state)
{
    (void)state;
    riv_arena      *arena = riv_arena_new(0);
    riv_fault       fault = { 0 };
    const air_node *tree;
    enum { COUNT = 20000 };
    archive_state *states = riv_new(arena, archive_state, COUNT);
    for (size_t i = 0; i < COUNT; i++) states[i] = (archive_state){ .kind = ARCHIVE_CALL, .call = ARCHIVE_CALL_SCALAR };
    archive_data  data = { .trace = states, .trace_count = COUNT };
    avm_alignment a;
    assert_int_equal(air_parse(RIV_LIT("(seq (ap 1 l) (fold l i (seq (call \"p\" (\"s\" \"f\") [] x) (next i))))"),
                               arena, &fault, &tree),
                     RIV_OK);
    avm_align(tree, &data, (riv_str){ 0 }, arena, &a);
    assert_true(a.given_up && a.reached > 1000 && a.nodes[0] && a.nodes[1000]);
    for (size_t i = 0; i < COUNT; i++)
        states[i] = (archive_state){ .kind = ARCHIVE_PAR, .left = UINT32_MAX, .right = (uint32_t)i };
    assert_int_equal(air_parse(RIV_LIT("(par (null) (null))"), arena, &fault, &tree), RIV_OK);
    avm_align(tree, &data, (riv_str){ 0 }, arena, &a);
    assert_false(a.fits || a.reached);
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_every_run),
        cmocka_unit_test(test_other_scripts),
        cmocka_unit_test(test_bounds),
    };
    return crypto_init(NULL) ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
