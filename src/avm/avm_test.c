/* avm_test.c: scripts on a small network: calls made, codes, messages, tetraplets; known bytes; merge laws; tampering; budgets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "avm/testnet.h"

static int open_crypto(void **state)
{
    (void)state;
    riv_fault fault = { 0 };
    return crypto_init(&fault) ? -1 : 0;
}

/* The original's bytes for this run. SPEC air.md 3.2 Example */
static void test_known_bytes(void **state)
{
    (void)state;
    riv_arena       *arena = riv_arena_new(0);
    riv_fault        fault = { 0 };
    testnet          net;
    avm_output       out;
    archive_envelope e;
    testnet_init(&net, arena, "(call @A (\"s\" \"f\") [] x)");
    assert_int_equal(testnet_invoke(&net, 0, (riv_bytes){ 0 }, NULL, 0, &fault, &out), RIV_OK);
    assert_int_equal(out.ret_code, 0);
    assert_int_equal(out.call_requests_count, 1);
    assert_int_equal(out.call_requests[0].id, 1);
    avm_call_result answer = { .id = 1, .result = RIV_LIT("\"test\"") };
    assert_int_equal(testnet_invoke(&net, 0, (riv_bytes){ 0 }, &answer, 1, &fault, &out), RIV_OK);
    assert_int_equal(out.ret_code, 0);
    assert_int_equal(archive_envelope_read(out.data, arena, &fault, &e), RIV_OK);
    assert_int_equal(e.inner.len, 612);
    crypto_hash hash = crypto_sha256(e.inner);
    const char *want = "575a0f1c8cc1d1b1782107fbea79c9496034ad44fc45024ccda5f3295bc836b9";
    char        hex[65];
    for (int i = 0; i < 32; i++) (void)snprintf(hex + 2 * i, 3, "%02x", hash.bytes[i]);
    assert_string_equal(hex, want);
    riv_arena_free(arena);
}

static const struct {
    const char *name, *script, *calls;
    int64_t     code;
    const char *message;
} cases[] = {
    { "call", "(call @A (\"s\" \"f\") [1 \"x\" true] r)", "A.f[1,\"x\",true]", 0, "" },
    { "seq over two peers", "(seq (call @A (\"s\" \"f\") [] r) (call @B (\"s\" \"id\") [r]))", "A.f[] B.id[\"f\"]", 0,
      "" },
    { "three peers and back",
      "(seq (call @A (\"s\" \"a\") [] a) (seq (call @B (\"s\" \"b\") [a] b) (seq (call @C (\"s\" \"c\") [b] c) (call "
      "@A (\"s\" "
      "\"end\") [a b c]))))",
      "A.a[] B.b[\"a\"] C.c[\"b\"] A.end[\"a\",\"b\",\"c\"]", 0, "" },
    { "par", "(par (call @A (\"s\" \"a\") []) (call @B (\"s\" \"b\") []))", "A.a[] B.b[]", 0, "" },
    { "xor", "(xor (call @A (\"s\" \"fail\") [\"no\"]) (call @B (\"s\" \"f\") [%last_error%.$.message]))",
      "A.fail[\"no\"] B.f[\"Local service error, ret_code is 7, error message is 'no'\"]", 0, "" },
    { "stream and canon",
      "(seq (seq (ap 1 $s) (ap 2 $s)) (seq (canon @A $s #cc) (call @A (\"s\" \"args\") [#cc #cc.length] r)))",
      "A.args[[1,2],2]", 0, "" },
    { "stream fold", "(seq (seq (ap 1 $s) (ap 2 $s)) (fold $s i (seq (call @A (\"s\" \"f\") [i]) (next i))))",
      "A.f[1] A.f[2]", 0, "" },
    { "scalar fold",
      "(seq (call @A (\"s\" \"json\") [\"[1,2,3]\"] l) (fold l i (seq (call @B (\"s\" \"f\") [i]) (next i))))",
      "A.json[\"[1,2,3]\"] B.f[1] B.f[2] B.f[3]", 0, "" },
};

static void check_case(size_t i)
{
    riv_arena *arena = riv_arena_new(0);
    riv_fault  fault = { 0 };
    testnet    net;
    testnet_init(&net, arena, cases[i].script);
    riv_err err = testnet_run(&net, &fault);
    if (err) fail_msg("%s: %s", cases[i].name, fault.msg);
    riv_put_u8(&net.calls, 0);
    if (strcmp((const char *)net.calls.ptr, cases[i].calls) || net.worst_code != cases[i].code ||
        !riv_str_eq(net.worst_message, riv_str_c(cases[i].message)))
        fail_msg("%s: calls %s, code %lld, message " RIV_FMT, cases[i].name, (const char *)net.calls.ptr,
                 (long long)net.worst_code, RIV_ARG(net.worst_message));
    riv_arena_free(arena);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) check_case(i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_bytes),
        cmocka_unit_test(test_cases),
    };
    return cmocka_run_group_tests(tests, open_crypto, NULL);
}
