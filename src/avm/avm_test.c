/* avm_test.c: scripts on a small network: calls made, codes, messages, tetraplets; known bytes; merge laws; tampering; budgets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "avm/avm_cases.h"
#include "avm/testnet.h"

static int open_crypto(void **state)
{
    (void)state;
    riv_fault fault = { 0 };
    return crypto_init(&fault) ? -1 : 0;
}

/* Bytes of the original for this run. SPEC air.md 3.2: Example */
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
    riv_buf     hex  = riv_buf_in(arena);
    codec_put_hex(&hex, (riv_bytes){ hash.bytes, sizeof hash.bytes });
    riv_str want = RIV_LIT("575a0f1c8cc1d1b1782107fbea79c9496034ad44fc45024ccda5f3295bc836b9");
    assert_true(riv_str_eq(riv_buf_str(&hex), want));
    riv_arena_free(arena);
}

/* ---- scripts ---- */

/* Peer ids as @A, @B, ... */
static const char *named(const testnet *net, riv_str text)
{
    riv_buf out = riv_buf_in(net->arena);
    for (size_t i = 0; i < text.len;) {
        int peer = -1;
        for (int p = 0; p < TESTNET_PEERS; p++)
            if (riv_str_starts(riv_str_sub(text, i, text.len), net->peer[p].id)) peer = p;
        if (peer >= 0)
            riv_putf(&out, "@%c", 'A' + peer);
        else
            riv_put_u8(&out, (uint8_t)text.ptr[i]);
        i += peer >= 0 ? net->peer[peer].id.len : 1;
    }
    riv_put_u8(&out, 0);
    return (const char *)out.ptr;
}

static void check_case(size_t i)
{
    riv_arena *arena = riv_arena_new(0);
    riv_fault  fault = { 0 };
    testnet    net;
    testnet_init(&net, arena, avm_cases[i].script);
    riv_err err = testnet_run(&net, &fault);
    if (err) fail_msg("%s: %s", avm_cases[i].name, fault.msg);
    const char *calls = named(&net, riv_buf_str(&net.calls)), *message = named(&net, net.worst_message);
    if (strcmp(calls, avm_cases[i].calls) || net.worst_code != avm_cases[i].code ||
        strcmp(message, avm_cases[i].message))
        fail_msg("%s: calls %s, code %lld, message %s", avm_cases[i].name, calls, (long long)net.worst_code, message);
    riv_arena_free(arena);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(avm_cases); i++) check_case(i);
}

/* Run on A with this as its data; the output lives in net's arena. */
static avm_output run_on_a(testnet *net, riv_bytes prev, riv_bytes cur)
{
    riv_fault  fault  = { 0 };
    avm_output out    = { 0 };
    net->peer[0].data = prev;
    if (testnet_invoke(net, 0, cur, NULL, 0, &fault, &out)) fail_msg("%s", fault.msg);
    return out;
}

/* merge(a, a) = a, merge(a, nothing) = a, and the same bytes in give the same bytes out. */
static void test_merge_is_idempotent(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(avm_cases); i++) {
        riv_arena *arena = riv_arena_new(0);
        riv_fault  fault = { 0 };
        testnet    net;
        testnet_init(&net, arena, avm_cases[i].script);
        assert_int_equal(testnet_run(&net, &fault), RIV_OK);
        if (net.worst_code) goto next; /* a failed run does not come to rest */
        riv_bytes  a     = run_on_a(&net, net.peer[0].data, (riv_bytes){ 0 }).data;
        avm_output again = run_on_a(&net, a, (riv_bytes){ 0 }), self = run_on_a(&net, a, a);
        if (again.ret_code || !riv_bytes_eq(a, again.data))
            fail_msg("%s: merge with nothing changes data", avm_cases[i].name);
        if (self.ret_code || !riv_bytes_eq(a, self.data))
            fail_msg("%s: merge with itself changes data", avm_cases[i].name);
        assert_true(self.signatures_checked >= 1);
    next:
        riv_arena_free(arena);
    }
}

/* ---- arrival order ---- */

static int by_text(const void *a, const void *b) { return riv_str_cmp(*(const riv_str *)a, *(const riv_str *)b); }

/* The calls that ran, sorted; the order is the network's. */
static riv_str sorted_calls(testnet *net)
{
    riv_str all           = riv_buf_str(&net->calls);
    RIV_VEC(riv_str) list = { 0 };
    for (size_t from = 0; from < all.len;) {
        size_t to = riv_str_find_char(all, ' ', from);
        if (to == SIZE_MAX) to = all.len;
        *riv_push(net->arena, &list) = riv_str_sub(all, from, to);
        from                         = to + 1;
    }
    qsort(list.ptr, list.len, sizeof list.ptr[0], by_text);
    riv_buf out = riv_buf_in(net->arena);
    for (size_t i = 0; i < list.len; i++) {
        riv_put_str(&out, list.ptr[i]);
        riv_put_u8(&out, ' ');
    }
    return riv_buf_str(&out);
}

static const char *const order_scripts[] = {
    "(seq (par (call @B (\"s\" \"b\") [] b) (par (call @C (\"s\" \"c\") [] c) (call @D (\"s\" \"d\") [] d))) (seq (par "
    "(call @B (\"s\" "
    "\"b2\") [b]) (call @C (\"s\" \"c2\") [c])) (call @A (\"s\" \"f\") [])))",
    "(par (seq (call @B (\"s\" \"b\") [] b) (call @A (\"s\" \"ab\") [b])) (par (seq (call @C (\"s\" \"c\") [] c) (call "
    "@A (\"s\" \"ac\") "
    "[c])) (seq (call @D (\"s\" \"d\") [] d) (call @A (\"s\" \"ad\") [d]))))",
    "(seq (call @A (\"s\" \"json\") [\"[1,2,3,4]\"] l) (fold l i (par (seq (call @B (\"s\" \"id\") [i] x) (seq (call "
    "@C (\"s\" \"c\") [x] y) "
    "(call @A (\"s\" \"end\") [i y]))) (next i))))",
    "(par (par (seq (call @B (\"s\" \"id\") [1] $s) (null)) (seq (call @C (\"s\" \"id\") [2] $s) (null))) (fold $s i "
    "(par (call @D (\"s\" "
    "\"f\") [i]) (next i))))",
};

static void check_orders(const char *script)
{
    riv_arena *arena = riv_arena_new(0);
    riv_str    want  = { 0 };
    for (uint64_t seed = 0; seed < 24; seed++) {
        riv_fault fault = { 0 };
        testnet   net;
        riv_prng  prng = riv_prng_seed(seed);
        testnet_init(&net, arena, script);
        net.order = seed ? &prng : NULL;
        if (testnet_run(&net, &fault)) fail_msg("seed %llu: %s", (unsigned long long)seed, fault.msg);
        if (net.worst_code) fail_msg("seed %llu: " RIV_FMT, (unsigned long long)seed, RIV_ARG(net.worst_message));
        riv_str got = sorted_calls(&net);
        if (seed == 0) want = got;
        if (!riv_str_eq(got, want))
            fail_msg("seed %llu: " RIV_FMT "\nwant: " RIV_FMT, (unsigned long long)seed, RIV_ARG(got), RIV_ARG(want));
    }
    riv_arena_free(arena);
}

static void test_arrival_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(order_scripts); i++) check_orders(order_scripts[i]);
}

/* ---- tampering ---- */

#define HONEST                                                                                                         \
    "(seq (seq (call @B (\"s\" \"id\") [1] x) (call @B (\"s\" \"id\") [2] $s)) (seq (canon @C $s #cc) (xor (call @B "  \
    "(\"s\" \"fail\") [x #cc]) (call @A (\"s\" \"end\") []))))"

/* Data as it reaches A from the others. */
static testnet honest_net(riv_arena *arena, riv_bytes *data)
{
    riv_fault fault = { 0 };
    testnet   net;
    testnet_init(&net, arena, HONEST);
    assert_int_equal(testnet_run(&net, &fault), RIV_OK);
    assert_int_equal(net.worst_code, 0);
    *data = net.peer[1].data;
    return net;
}

typedef void (*change)(riv_arena *arena, archive_data *data);

#define OWN(T, field)                                                                                                  \
    T *list = riv_new(arena, T, data->field##_count + 1);                                                              \
    memcpy(list, data->field, data->field##_count * sizeof(T));                                                        \
    data->field = list

static void other_value(riv_arena *arena, archive_data *data)
{
    OWN(archive_value, values);
    list[0].text = RIV_LIT("666");
}
static void other_tetraplet(riv_arena *arena, archive_data *data)
{
    OWN(archive_tetraplet_entry, tetraplets);
    list[0].tetraplet.lens = RIV_LIT(".$.x");
}
static void other_element(riv_arena *arena, archive_data *data)
{
    OWN(archive_canon_element, canon_elements);
    list[0].provenance = ARCHIVE_LITERAL;
}
static void other_canon(riv_arena *arena, archive_data *data)
{
    OWN(archive_canon_result, canon_results);
    list[0].values_count = 0;
}
static void other_hash(riv_arena *arena, archive_data *data)
{
    OWN(archive_service_result, service_results);
    list[0].argument_hash = RIV_LIT("bagaaihra");
}
static void bad_cid(riv_arena *arena, archive_data *data)
{
    OWN(archive_value, values);
    list[0].key = RIV_LIT("rubbish");
}
static void no_values(riv_arena *arena, archive_data *data)
{
    (void)arena;
    data->values_count = 0;
}
static void no_results(riv_arena *arena, archive_data *data)
{
    (void)arena;
    data->service_results_count = 0;
}
static void flipped_signature(riv_arena *arena, archive_data *data)
{
    OWN(archive_signature, signatures);
    uint8_t *bytes = riv_new(arena, uint8_t, list[0].signature.len);
    memcpy(bytes, list[0].signature.ptr, list[0].signature.len);
    bytes[20] ^= 1;
    list[0].signature.ptr = bytes;
}
static void short_signature(riv_arena *arena, archive_data *data)
{
    OWN(archive_signature, signatures);
    list[0].signature.len--;
}
static void other_key_kind(riv_arena *arena, archive_data *data)
{
    OWN(archive_signature, signatures);
    uint8_t *bytes = riv_new(arena, uint8_t, list[0].public_key.len);
    memcpy(bytes, list[0].public_key.ptr, list[0].public_key.len);
    bytes[0]               = 1;
    list[0].public_key.ptr = bytes;
}
static void no_signatures(riv_arena *arena, archive_data *data)
{
    (void)arena;
    data->signatures_count = 0;
}
static void swapped_signatures(riv_arena *arena, archive_data *data)
{
    OWN(archive_signature, signatures);
    riv_bytes kept    = list[0].signature;
    list[0].signature = list[1].signature;
    list[1].signature = kept;
}
static void dropped_state(riv_arena *arena, archive_data *data)
{
    (void)arena;
    data->trace_count = 1;
}
static void doubled_state(riv_arena *arena, archive_data *data)
{
    archive_state *list = riv_new(arena, archive_state, data->trace_count + 1);
    memcpy(list, data->trace, data->trace_count * sizeof *list);
    list[data->trace_count++] = data->trace[0];
    data->trace               = list;
}
static void replaced_result(riv_arena *arena, archive_data *data)
{
    OWN(archive_state, trace);
    list[0].cid = list[1].cid;
}
static void old_interpreter(riv_arena *arena, archive_data *data)
{
    (void)arena;
    data->interpreter_version.text = RIV_LIT("0.60.9");
}
static void old_prerelease(riv_arena *arena, archive_data *data)
{
    (void)arena;
    data->interpreter_version.text = RIV_LIT("0.61.0-rc1");
}
static void new_interpreter(riv_arena *arena, archive_data *data)
{
    (void)arena;
    data->interpreter_version.text = RIV_LIT("7.0.0");
}
static void other_lcid(riv_arena *arena, archive_data *data)
{
    (void)arena;
    data->last_call_id = 4000000000u;
}

static const struct {
    const char *name;
    change      make;
    int64_t     code;
} changes[] = {
    { "another value", other_value, 8 },
    { "another tetraplet", other_tetraplet, 8 },
    { "another provenance", other_element, 8 },
    { "another canon", other_canon, 8 },
    { "another argument hash", other_hash, 8 },
    { "a key that is no content id", bad_cid, 8 },
    { "values missing", no_values, 8 },
    { "results missing", no_results, 8 },
    { "a bit of a signature", flipped_signature, 9 },
    { "a short signature", short_signature, 9 },
    { "another kind of key", other_key_kind, 9 },
    { "no signatures", no_signatures, 9 },
    { "signatures swapped", swapped_signatures, 9 },
    { "a state dropped", dropped_state, 9 },
    { "a state twice", doubled_state, 9 },
    { "one result for another", replaced_result, 9 },
    { "an old interpreter", old_interpreter, 6 },
    { "a prerelease of the least version", old_prerelease, 6 },
    { "a future interpreter", new_interpreter, 0 },
    { "another call id", other_lcid, 0 },
};

static void test_tampering(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    riv_bytes  honest;
    testnet    net    = honest_net(arena, &honest);
    riv_bytes  before = net.peer[0].data;
    assert_int_equal(run_on_a(&net, (riv_bytes){ 0 }, honest).ret_code, 0);
    for (size_t i = 0; i < RIV_COUNT(changes); i++) {
        archive_data data;
        riv_fault    fault = { 0 };
        assert_int_equal(archive_read(honest, arena, &fault, &data), RIV_OK);
        changes[i].make(arena, &data);
        riv_buf out = riv_buf_in(arena);
        archive_write(&data, &out);
        avm_output got = run_on_a(&net, (riv_bytes){ 0 }, riv_buf_view(&out));
        if (got.ret_code != changes[i].code)
            fail_msg("%s: code %lld, " RIV_FMT, changes[i].name, (long long)got.ret_code, RIV_ARG(got.error_message));
        riv_err err = avm_verify(riv_buf_view(&out), RIV_LIT("p"), arena, &fault);
        if ((err != RIV_OK) != (changes[i].code != 0) || (err && fault.code != (uint32_t)changes[i].code))
            fail_msg("%s: avm_verify gives %u, %s", changes[i].name, fault.code, fault.msg);
        /* what was stored stays as it was */
        got = run_on_a(&net, before, riv_buf_view(&out));
        if (changes[i].code) assert_true(riv_bytes_eq(got.data, before));
    }
    riv_arena_free(arena);
}

/* One bit anywhere: refused with the code of its layer, or without any effect on what the run makes of it. */
static void test_flipped_bits(void **state)
{
    (void)state;
    riv_arena *keep = riv_arena_new(0), *arena = riv_arena_new(0);
    riv_bytes  honest;
    testnet    net     = honest_net(keep, &honest);
    honest             = riv_bytes_dup(keep, honest);
    riv_bytes want     = run_on_a(&net, (riv_bytes){ 0 }, honest).data;
    unsigned  seen[11] = { 0 }, harmless = 0;
    net.arena = arena;
    for (size_t i = 0; i < honest.len; i++) {
        riv_arena_reset(arena);
        riv_bytes copy = riv_bytes_dup(arena, honest);
        ((uint8_t *)(uintptr_t)copy.ptr)[i] ^= (uint8_t)(1u << (i % 8));
        avm_output got = run_on_a(&net, (riv_bytes){ 0 }, copy);
        if (got.ret_code > 0 && got.ret_code <= 9) {
            seen[got.ret_code]++;
        } else if (got.ret_code == 0 && riv_bytes_eq(got.data, want)) {
            harmless++;
        } else if (got.ret_code < 20000) { /* what is not signed: kinds of a call's output, generations, senders */
            fail_msg("byte %zu: code %lld " RIV_FMT, i, (long long)got.ret_code, RIV_ARG(got.error_message));
        }
    }
    assert_true(seen[2] && seen[3] && seen[4] && seen[8] && seen[9]);
    assert_in_range(harmless, 1, honest.len / 4); /* unused bytes of states, padding, the version of the data */
    riv_arena_free(arena);
    riv_arena_free(keep);
}

/* ---- other stages ---- */

static void test_stages(void **state)
{
    (void)state;
    riv_arena    *arena = riv_arena_new(0);
    riv_fault     fault = { 0 };
    avm_output    out;
    crypto_secret secret = testnet_secret(1);
    riv_str       id     = testnet_id(arena, &secret);
    avm_input     plain  = {
             .script = RIV_LIT("(null)"),
             .params = { .init_peer_id = id, .current_peer_id = id, .particle_id = RIV_LIT("p"), .secret = secret }
    };
    avm_input in = plain;
    in.script    = RIV_LIT("(nul)");
    assert_int_equal(avm_run(&in, arena, &fault, &out), RIV_OK);
    assert_int_equal(out.ret_code, 1);
    in               = plain;
    in.results_error = RIV_LIT("rubbish");
    assert_int_equal(avm_run(&in, arena, &fault, &out), RIV_OK);
    assert_int_equal(out.ret_code, 5);
    in                   = plain;
    in.params.key_format = 1;
    assert_int_equal(avm_run(&in, arena, &fault, &out), RIV_OK);
    assert_int_equal(out.ret_code, 7);
    in                      = plain;
    in.params.air_bytes_max = 5;
    assert_int_equal(avm_run(&in, arena, &fault, &out), RIV_OK);
    assert_int_equal(out.ret_code, 0);
    assert_true(out.air_limit_exceeded);
    in.params.hard_limits = true;
    assert_int_equal(avm_run(&in, arena, &fault, &out), RIV_OK);
    assert_int_equal(out.ret_code, 10);
    assert_true(riv_str_eq(out.error_message, RIV_LIT("air size: 6 bytes is bigger than the limit allowed: 5 bytes")));
    avm_call_result unused = { .id = 9, .ret_code = 1, .result = RIV_LIT("a\"b") };
    in                     = plain;
    in.results             = &unused;
    in.results_count       = 1;
    assert_int_equal(avm_run(&in, arena, &fault, &out), RIV_OK);
    assert_int_equal(out.ret_code, 30000);
    assert_true(out.data.len > 0);
    assert_true(riv_str_eq(
        out.error_message,
        RIV_LIT("after finishing execution of supplied AIR, there are some unprocessed call results: `{\"9\": "
                "CallServiceResult { ret_code: 1, result: \"a\\\"b\" }}`, probably a wrong call_id used")));
    riv_arena_free(arena);
}

/* A peer that takes back an answer is found out. */
static void test_changed_answer(void **state)
{
    (void)state;
    riv_arena  *arena = riv_arena_new(0);
    riv_fault   fault = { 0 };
    testnet     net;
    avm_output  first, second, out;
    const char *script = "(seq (call @B (\"s\" \"f\") [] x) (call @A (\"s\" \"g\") [x]))";
    testnet_init(&net, arena, script);
    avm_call_result one = { .id = 1, .result = RIV_LIT("1") }, two = { .id = 1, .result = RIV_LIT("2") };
    assert_int_equal(testnet_invoke(&net, 1, (riv_bytes){ 0 }, NULL, 0, &fault, &out), RIV_OK);
    riv_bytes asked = net.peer[1].data;
    assert_int_equal(testnet_invoke(&net, 1, (riv_bytes){ 0 }, &one, 1, &fault, &first), RIV_OK);
    net.peer[1].data = asked;
    assert_int_equal(testnet_invoke(&net, 1, (riv_bytes){ 0 }, &two, 1, &fault, &second), RIV_OK);
    assert_int_equal(testnet_invoke(&net, 0, first.data, NULL, 0, &fault, &out), RIV_OK);
    assert_int_equal(out.ret_code, 0);
    assert_int_equal(out.signatures_checked, 1);
    assert_int_equal(testnet_invoke(&net, 0, second.data, NULL, 0, &fault, &out), RIV_OK);
    assert_int_equal(out.ret_code, 9);
    riv_arena_free(arena);
}

/* ---- budgets ---- */

static const char *repeat(riv_arena *arena, const char *head, const char *middle, const char *tail, unsigned times)
{
    riv_buf out = riv_buf_in(arena);
    for (unsigned i = 0; i < times; i++) riv_put_str(&out, riv_str_c(head));
    riv_put_str(&out, riv_str_c(middle));
    for (unsigned i = 0; i < times; i++) riv_put_str(&out, riv_str_c(tail));
    riv_put_u8(&out, 0);
    return (const char *)out.ptr;
}

static void test_long_folds(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "(seq (null) (next i))", "(par (call @B (\"s\" \"f\") [i] $s) (next i))",
        "(xor (seq (ap i x) (next i)) (null))", "(seq (next i) (ap i $t))", /* meets the limit of a stream */
    };
    static const int64_t codes[] = { 0, 0, 0, 20013 };
    for (size_t i = 0; i < RIV_COUNT(bodies); i++) {
        riv_arena *arena = riv_arena_new(0);
        riv_fault  fault = { 0 };
        testnet    net;
        avm_output out;
        riv_buf    script = riv_buf_in(arena);
        riv_putf(&script, "(seq (call @A (\"s\" \"f\") [] l) (fold l i %s))", bodies[i]);
        riv_put_u8(&script, 0);
        testnet_init(&net, arena, (const char *)script.ptr);
        avm_call_result list = { .id = 1, .result = riv_str_c(repeat(arena, "1,", "0]", "", 10000)) };
        list.result          = riv_format(arena, "[" RIV_FMT, RIV_ARG(list.result));
        assert_int_equal(testnet_invoke(&net, 0, (riv_bytes){ 0 }, NULL, 0, &fault, &out), RIV_OK);
        if (testnet_invoke(&net, 0, (riv_bytes){ 0 }, &list, 1, &fault, &out)) fail_msg("%s: %s", bodies[i], fault.msg);
        if (out.ret_code != codes[i]) fail_msg("%s: %lld", bodies[i], (long long)out.ret_code);
        riv_arena_free(arena);
    }
}

static void test_deep_scripts(void **state)
{
    (void)state;
    static const char *const heads[] = { "(seq (null) ", "(par (null) ", "(xor (fail 1 \"x\") ", "(new $s ",
                                         "(match 1 1 " };
    for (size_t i = 0; i < RIV_COUNT(heads); i++) {
        riv_arena *arena = riv_arena_new(0);
        riv_fault  fault = { 0 };
        testnet    net;
        testnet_init(&net, arena, repeat(arena, heads[i], "(null)", ")", AIR_DEPTH_MAX - 2));
        assert_int_equal(testnet_run(&net, &fault), RIV_OK);
        assert_int_equal(net.worst_code, 0);
        riv_arena_free(arena);
    }
}

/* A list that holds itself many times over: small in memory, huge when written. */
#define BOMB "(seq (seq (ap \"0123456789\" $a) (ap \"0123456789\" $a)) (seq (canon @A $a #a0) "

static void test_budgets(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    riv_fault  fault = { 0 };
    testnet    net;
    testnet_init(&net, arena, "(seq (null) (seq (null) (null)))");
    net.params.steps_max = 5;
    assert_int_equal(testnet_run(&net, &fault), RIV_E_LIMIT);
    assert_string_equal(fault.msg, "the script took more than 5 steps");
    net.params.steps_max       = 0;
    net.params.arena_bytes_max = 1;
    fault                      = (riv_fault){ 0 };
    assert_int_equal(testnet_run(&net, &fault), RIV_E_LIMIT);
    assert_string_equal(fault.msg, "the run took more than 1 bytes");
    riv_arena_free(arena);
}

/* Whatever the caller's arena holds, the end is a result or RIV_E_LIMIT, never the end of the process. */
static void test_small_arenas(void **state)
{
    (void)state;
    riv_arena *keep = riv_arena_new(0);
    riv_bytes  honest;
    testnet    net   = honest_net(keep, &honest);
    riv_err    err   = RIV_E_LIMIT;
    size_t     tries = 0;
    for (size_t budget = 1 << 10; err; budget += 1 << 11, tries++) {
        riv_fault  fault = { 0 };
        avm_output out;
        riv_arena *arena       = riv_arena_new(budget);
        avm_input  in          = { .script = net.script, .prev = honest, .cur = honest, .params = net.params };
        in.params.init_peer_id = in.params.current_peer_id = net.peer[0].id;
        in.params.secret                                   = net.peer[0].secret;
        err                                                = avm_run(&in, arena, &fault, &out);
        assert_true(err == RIV_OK || err == RIV_E_LIMIT);
        if (!err) assert_int_equal(out.ret_code, 0);
        riv_arena_free(arena);
    }
    assert_in_range(tries, 3, 200);
    riv_arena_free(keep);
}

/* ---- traces that no run would make ---- */

static uint32_t small(riv_prng *p, uint64_t bound)
{
    return riv_prng_below(p, 20) ? (uint32_t)riv_prng_below(p, bound) : UINT32_MAX;
}

static void spoil_fold(riv_prng *p, riv_arena *arena, archive_state *s)
{
    if (s->kind != ARCHIVE_FOLD || !s->lore_count) return;
    archive_lore *lore = riv_new(arena, archive_lore, s->lore_count);
    archive_desc *d    = riv_new(arena, archive_desc, 3);
    size_t        i    = (size_t)riv_prng_below(p, s->lore_count);
    memcpy(lore, s->lore, s->lore_count * sizeof *lore);
    memcpy(d, lore[i].descs, RIV_MIN(lore[i].descs_count, (size_t)2) * sizeof *d);
    lore[i].descs = d;
    s->lore       = lore;
    switch (riv_prng_below(p, 5)) {
    case 0: lore[i].value_pos = small(p, 12); break;
    case 1: d[riv_prng_below(p, 2)].begin = small(p, 30); break;
    case 2: d[riv_prng_below(p, 2)].len = small(p, 8); break;
    case 3: lore[i].descs_count = (size_t)riv_prng_below(p, 4); break;
    default: s->lore_count--;
    }
}

static void spoil(riv_prng *p, riv_arena *arena, archive_data *data)
{
    archive_state *t = riv_new(arena, archive_state, data->trace_count + 1);
    size_t         n = data->trace_count, i = (size_t)riv_prng_below(p, n), k = (size_t)riv_prng_below(p, n);
    memcpy(t, data->trace, n * sizeof *t);
    switch (riv_prng_below(p, 9)) {
    case 0: memmove(t + i, t + i + 1, (--n - i) * sizeof *t); break;
    case 1: t[n++] = t[i]; break;
    case 2: t[i] = t[k]; break;
    case 3:
        t[i].kind = (archive_state_kind)riv_prng_below(p, 5);
        if (t[i].kind == ARCHIVE_FOLD || data->trace[i].kind == ARCHIVE_FOLD)
            t[i].cid = (riv_str){ 0 };                                                        /* or its lore */
        if (t[i].kind == ARCHIVE_AP) t[i].generations_count = (uint32_t)riv_prng_below(p, 3); /* or a par's size */
        break;
    case 4: t[i].call = (archive_call_kind)riv_prng_below(p, 5); break;
    case 5: t[i].generation = small(p, 5); break;
    case 6: t[i].left = small(p, 9); break;
    case 7: t[i].right = t[i].kind == ARCHIVE_AP ? (uint32_t)riv_prng_below(p, 3) : small(p, 9); break;
    default: spoil_fold(p, arena, &t[i]);
    }
    data->trace       = t;
    data->trace_count = n;
}

static void test_spoilt_traces(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        HONEST,
        "(seq (par (call @B (\"s\" \"id\") [1] $s) (par (ap 2 $s) (ap 3 $s))) (fold $s i (par (seq (ap i $t) (fold $t "
        "j (par (call @A "
        "(\"s\" \"id\") [j] y) (next j)))) (next i)) (null)))",
        "(seq (seq (ap 1 $s) (ap (\"k\" 1) %m)) (seq (fold $s i (seq (xor (match i 1 (ap 2 $s)) (null)) (next i)) "
        "(null)) (seq (canon @A %m "
        "#%mm) (new $s (seq (ap 1 $s) (fold $s i (seq (call @B (\"s\" \"f\") [i]) (next i)) (null)))))))",
    };
    riv_arena *arena = riv_arena_new(0), *keep = riv_arena_new(0);
    for (size_t i = 0; i < RIV_COUNT(scripts); i++) {
        riv_fault fault = { 0 };
        testnet   net;
        unsigned  codes = 0;
        testnet_init(&net, keep, scripts[i]);
        assert_int_equal(testnet_run(&net, &fault), RIV_OK);
        riv_bytes honest = riv_bytes_dup(keep, net.peer[0].data);
        net.arena        = arena;
        for (uint64_t seed = 0; seed < 500; seed++) {
            riv_arena_reset(arena);
            riv_prng     p = riv_prng_seed(seed);
            archive_data data, again;
            assert_int_equal(archive_read(honest, arena, &fault, &data), RIV_OK);
            for (uint64_t k = riv_prng_below(&p, 3) + 1; k > 0; k--) spoil(&p, arena, &data);
            riv_buf out = riv_buf_in(arena);
            archive_write(&data, &out);
            avm_output got = run_on_a(&net, riv_buf_view(&out), seed % 2 ? honest : (riv_bytes){ 0 });
            codes += got.ret_code != 0;
            if (got.ret_code && !got.error_message.len) fail_msg("seed %llu: no message", (unsigned long long)seed);
            if (got.data.len && got.ret_code == 0 && archive_read(got.data, arena, &fault, &again))
                fail_msg("seed %llu: %s", (unsigned long long)seed, fault.msg);
        }
        assert_true(codes > 50);
    }
    riv_arena_free(arena);
    riv_arena_free(keep);
}

static void test_value_bomb(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    riv_fault  fault = { 0 };
    testnet    net;
    riv_buf    script = riv_buf_in(arena);
    riv_put_str(&script, RIV_LIT(BOMB));
    for (int i = 0; i < 40; i++)
        riv_putf(&script, "(seq (seq (ap #a%d $b%d) (ap #a%d $b%d)) (seq (canon @A $b%d #a%d) ", i, i, i, i, i, i + 1);
    riv_put_str(&script, RIV_LIT("(null)"));
    for (int i = 0; i < 41; i++) riv_put_str(&script, RIV_LIT("))"));
    riv_put_u8(&script, 0);
    testnet_init(&net, arena, (const char *)script.ptr);
    net.params.arena_bytes_max = 16 << 20;
    assert_int_equal(testnet_run(&net, &fault), RIV_E_LIMIT);
    assert_string_equal(fault.msg, "a value is too large or too deep to be written");
    assert_true(riv_arena_used(arena) < 64 << 20);
    riv_arena_free(arena);
}

/* SPEC air.md 4.3: in 0.62/0.63 every pair; from 0.64 one per key, the LAST pair, in order of those last pairs */
static void test_versions(void **state)
{
    (void)state;
    static const struct {
        avm_version version;
        const char *calls;
    } rows[] = {
        { AVM_0_62, "A.f[\"a\",1] A.f[\"b\",2] A.f[\"a\",3] A.f[1,4]" },
        { AVM_0_64, "A.f[\"b\",2] A.f[\"a\",3] A.f[1,4]" },
    };
    riv_arena *arena = riv_arena_new(0);
    for (size_t i = 0; i < RIV_COUNT(rows); i++) {
        riv_fault fault = { 0 };
        testnet   net;
        testnet_init(&net, arena,
                     "(seq (seq (seq (ap (\"a\" 1) %m) (ap (\"b\" 2) %m)) (seq (ap (\"a\" 3) %m) (ap (1 4) %m))) (seq "
                     "(canon @A %m #%mm) "
                     "(fold #%mm i (seq (call @A (\"s\" \"f\") [i.$.key i.$.value]) (next i)))))");
        net.params.version = rows[i].version;
        assert_int_equal(testnet_run(&net, &fault), RIV_OK);
        assert_int_equal(net.worst_code, 0);
        if (!riv_str_eq(riv_buf_str(&net.calls), riv_str_c(rows[i].calls)))
            fail_msg(RIV_FMT, RIV_ARG(riv_buf_str(&net.calls)));
    }
    riv_arena_free(arena);
}

/* ---- the border ---- */

static void test_border(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        riv_bytes   in;
        riv_err     err;
        size_t      count;
    } rows[] = {
        { "none", RIV_BYTES_INIT("\x81\x04\x80"), RIV_OK, 0 },
        { "one",
          RIV_BYTES_INIT("\x81\x04\x81\xa1"
                         "1\x82\xa8"
                         "ret_code\x00\xa6"
                         "result\xa1"
                         "5"),
          RIV_OK, 1 },
        { "as an array",
          RIV_BYTES_INIT("\x81\x04\x81\xa1"
                         "1\x92\xff\xa1"
                         "5"),
          RIV_OK, 1 },
        { "unknown field",
          RIV_BYTES_INIT("\x81\x04\x81\xa1"
                         "1\x83\xa1"
                         "x\x90\xa8"
                         "ret_code\x00\xa6"
                         "result\xa1"
                         "5"),
          RIV_OK, 1 },
        { "empty", RIV_BYTES_INIT(""), RIV_E_UNSUPPORTED, 0 },
        { "another codec", RIV_BYTES_INIT("\x80\x04\x80"), RIV_E_UNSUPPORTED, 0 },
        { "no map", RIV_BYTES_INIT("\x81\x04\x90"), RIV_E_MALFORMED, 0 },
        { "id as a number",
          RIV_BYTES_INIT("\x81\x04\x81\x01\x92\x00\xa1"
                         "5"),
          RIV_E_MALFORMED, 0 },
        { "id with a zero in front",
          RIV_BYTES_INIT("\x81\x04\x81\xa2"
                         "01\x92\x00\xa1"
                         "5"),
          RIV_E_MALFORMED, 0 },
        { "no result",
          RIV_BYTES_INIT("\x81\x04\x81\xa1"
                         "1\x81\xa8"
                         "ret_code\x00"),
          RIV_E_MALFORMED, 0 },
        { "cut",
          RIV_BYTES_INIT("\x81\x04\x81\xa1"
                         "1\x92\x00"),
          RIV_E_MALFORMED, 0 },
    };
    riv_arena *arena = riv_arena_new(0);
    for (size_t i = 0; i < RIV_COUNT(rows); i++) {
        riv_fault        fault = { 0 };
        avm_call_result *list  = NULL;
        size_t           count = 0;
        riv_err          err   = avm_read_call_results(rows[i].in, arena, &fault, &list, &count);
        if (err != rows[i].err || count != rows[i].count)
            fail_msg("%s: %d %zu %s", rows[i].name, err, count, fault.msg);
    }
    riv_arena_free(arena);
}

static void test_requests(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    riv_fault  fault = { 0 };
    testnet    net;
    avm_output out;
    riv_buf    buf = riv_buf_in(arena), hex = riv_buf_in(arena);
    testnet_init(&net, arena, "(call @A (\"s\" \"f\") [1.5])");
    net.params.init_peer_id = RIV_LIT("i");
    assert_int_equal(testnet_invoke(&net, 0, (riv_bytes){ 0 }, NULL, 0, &fault, &out), RIV_OK);
    avm_put_call_requests(&out, &buf);
    codec_put_hex(&hex, riv_buf_view(&buf));
    riv_str want  = RIV_LIT("81048101"                                     /* codec, map of one, id 1 */
                            "84aa736572766963655f6964a173"                 /* service_id s */
                            "ad66756e6374696f6e5f6e616d65a166"             /* function_name f */
                            "a9617267756d656e7473c40a91cb3ff8000000000000" /* arguments [1.5] */
                            "aa746574726170 6c657473");
    riv_buf clean = riv_buf_in(arena);
    for (size_t i = 0; i < want.len; i++)
        if (want.ptr[i] != ' ') riv_put_u8(&clean, (uint8_t)want.ptr[i]);
    assert_true(riv_str_starts(riv_buf_str(&hex), riv_buf_str(&clean)));
    assert_true(riv_str_ends(riv_buf_str(&hex), RIV_LIT("a46c656e73a0"))); /* lens "" */
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_bytes),
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_merge_is_idempotent),
        cmocka_unit_test(test_arrival_order),
        cmocka_unit_test(test_tampering),
        cmocka_unit_test(test_flipped_bits),
        cmocka_unit_test(test_changed_answer),
        cmocka_unit_test(test_stages),
        cmocka_unit_test(test_long_folds),
        cmocka_unit_test(test_deep_scripts),
        cmocka_unit_test(test_budgets),
        cmocka_unit_test(test_value_bomb),
        cmocka_unit_test(test_small_arenas),
        cmocka_unit_test(test_spoilt_traces),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_border),
        cmocka_unit_test(test_requests),
    };
    return cmocka_run_group_tests(tests, open_crypto, NULL);
}
