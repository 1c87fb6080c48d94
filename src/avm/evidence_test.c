/* evidence_test.c: data is spoilt in every way that is checked; what is told must be what was done, and to whom. */
#include "avm/testnet.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

/* B answers twice (once into a stream), C fixes the stream, B fails. */
#define SCRIPT                                                                                                         \
    "(seq (seq (call @B (\"s\" \"id\") [1] x) (call @B (\"s\" \"id\") [2] $s)) (seq (canon @C $s #cc) (xor (call @B "  \
    "(\"s\" \"fail\") [x #cc]) (call @A (\"s\" \"end\") [] z))))"

static testnet net_of(riv_arena *arena, riv_bytes *data)
{
    riv_fault fault = { 0 };
    testnet   net;
    testnet_init(&net, arena, SCRIPT);
    assert_int_equal(testnet_run(&net, &fault), RIV_OK);
    *data = net.peer[0].data;
    return net;
}

typedef void (*change)(const testnet *net, riv_arena *arena, archive_data *data);

#define OWN(T, field)                                                                                                  \
    T *list = riv_new(arena, T, data->field##_count + 1);                                                              \
    memcpy(list, data->field, data->field##_count * sizeof(T));                                                        \
    data->field = list

static size_t state_of(const testnet *net, const archive_data *data, int peer, archive_state_kind kind)
{
    for (size_t i = 0; i < data->trace_count; i++) {
        const archive_state *s = &data->trace[i];
        if (s->kind != kind || (kind == ARCHIVE_CALL && s->call != ARCHIVE_CALL_SCALAR)) continue;
        if (kind == ARCHIVE_CANON) return i;
        for (size_t k = 0; k < data->service_results_count; k++)
            for (size_t t = 0; t < data->tetraplets_count; t++)
                if (riv_str_eq(data->service_results[k].key, s->cid) &&
                    riv_str_eq(data->service_results[k].tetraplet_cid, data->tetraplets[t].key) &&
                    riv_str_eq(data->tetraplets[t].tetraplet.peer_pk, net->peer[peer].id))
                    return i;
    }
    fail_msg("no such state");
    return 0;
}

static void nothing(const testnet *net, riv_arena *arena, archive_data *data)
{
    (void)net;
    (void)arena;
    (void)data;
}
static void other_value(const testnet *net, riv_arena *arena, archive_data *data)
{
    (void)net;
    OWN(archive_value, values);
    for (size_t i = 0; i < data->values_count; i++)
        if (riv_str_eq(list[i].text, RIV_LIT("1"))) list[i].text = RIV_LIT("666");
}
static void other_canon(const testnet *net, riv_arena *arena, archive_data *data)
{
    (void)net;
    OWN(archive_canon_result, canon_results);
    list[0].values_count = 0;
}
static void bad_key(const testnet *net, riv_arena *arena, archive_data *data)
{
    (void)net;
    OWN(archive_tetraplet_entry, tetraplets);
    list[0].key = RIV_LIT("rubbish");
}
static void no_values(const testnet *net, riv_arena *arena, archive_data *data)
{
    (void)net;
    (void)arena;
    data->values_count = 0;
}
static void no_results(const testnet *net, riv_arena *arena, archive_data *data)
{
    (void)net;
    (void)arena;
    data->service_results_count = 0;
}
static archive_signature *signature_of(const testnet *net, archive_signature *list, size_t count, int peer)
{
    for (size_t i = 0; i < count; i++) {
        crypto_public raw;
        memcpy(raw.bytes, list[i].public_key.ptr + 1, sizeof raw.bytes);
        codec_peer id = codec_peer_of(&raw);
        if (riv_str_eq(codec_peer_text(net->arena, &id), net->peer[peer].id)) return &list[i];
    }
    fail_msg("no such signature");
    return NULL;
}
static void flipped(const testnet *net, riv_arena *arena, archive_data *data)
{
    OWN(archive_signature, signatures);
    archive_signature *s     = signature_of(net, list, data->signatures_count, 1);
    uint8_t           *bytes = riv_new(arena, uint8_t, s->signature.len);
    memcpy(bytes, s->signature.ptr, s->signature.len);
    bytes[20] ^= 1;
    s->signature.ptr = bytes;
}
static void borrowed(const testnet *net, riv_arena *arena, archive_data *data)
{
    OWN(archive_signature, signatures);
    *signature_of(net, list, data->signatures_count, 2) =
        (archive_signature){ signature_of(net, list, data->signatures_count, 2)->public_key,
                             signature_of(net, list, data->signatures_count, 1)->signature };
}
static void cut_signature(const testnet *net, riv_arena *arena, archive_data *data)
{
    OWN(archive_signature, signatures);
    signature_of(net, list, data->signatures_count, 1)->signature.len--;
}
static void unsigned_peer(const testnet *net, riv_arena *arena, archive_data *data)
{
    OWN(archive_signature, signatures);
    *signature_of(net, list, data->signatures_count, 1) = list[data->signatures_count - 1];
    data->signatures_count--;
}
static void dropped_state(const testnet *net, riv_arena *arena, archive_data *data)
{
    OWN(archive_state, trace);
    list[state_of(net, data, 1, ARCHIVE_CALL)] = (archive_state){ .kind = ARCHIVE_PAR };
}
static void doubled_state(const testnet *net, riv_arena *arena, archive_data *data)
{
    OWN(archive_state, trace);
    list[data->trace_count++] = list[state_of(net, data, 1, ARCHIVE_CALL)];
}
static void stranger_state(const testnet *net, riv_arena *arena, archive_data *data)
{
    OWN(archive_state, trace);
    list[state_of(net, data, 1, ARCHIVE_CALL)].cid = RIV_LIT("bagaaihra");
}
static void old_version(const testnet *net, riv_arena *arena, archive_data *data)
{
    (void)net;
    (void)arena;
    data->interpreter_version.text = RIV_LIT("0.60.9");
}

static const struct {
    const char *name;
    change      make;
    uint32_t    code;
    int         peer; /* whom the line speaks of; -1: nobody */
    const char *says;
} cases[] = {
    { "as it is", nothing, 0, -1, "" },
    { "another value", other_value, 8, 1, "what stands there hashes to bagaaihra" },
    { "another canon", other_canon, 8, 2, "canon result bagaaihra" },
    { "a key that is none", bad_key, 8, -1, "tetraplet rubbish: the key is no content id" },
    { "no values", no_values, 8, 2, "which is missing" },
    { "no results", no_results, 8, 2, "which is missing" },
    { "a bit of a signature", flipped, 9, 1, "nor any list that the data suggests" },
    { "a signature of another", borrowed, 9, 2, "was made by" },
    { "a short signature", cut_signature, 9, 1, "malformed (33 and 64 bytes)" },
    { "no signature", unsigned_peer, 9, 1, "whose results are in the trace: 3" },
    { "a state less", dropped_state, 9, 1, "signed, not in the trace: s.id bagaaihra" },
    { "a state twice", doubled_state, 9, 1, "in the trace, not signed: s.id bagaaihra" },
    { "a result from nowhere", stranger_state, 8, -1, "state 0 of the trace is it" },
    { "an old interpreter", old_version, 6, -1, "too old" },
};

static avm_evidence told(riv_arena *arena, riv_bytes data, riv_bytes stored, const char *particle)
{
    avm_evidence       e;
    avm_evidence_input in = { .data = data, .stored = stored, .particle_id = riv_str_c(particle) };
    avm_evidence_of(&in, arena, &e);
    return e;
}

static void test_spoilt_data(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    riv_bytes  honest;
    testnet    net = net_of(arena, &honest);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        archive_data data;
        riv_fault    fault = { 0 };
        assert_int_equal(archive_read(honest, arena, &fault, &data), RIV_OK);
        cases[i].make(&net, arena, &data);
        riv_buf bytes = riv_buf_in(arena);
        archive_write(&data, &bytes);
        avm_evidence e    = told(arena, riv_buf_view(&bytes), (riv_bytes){ 0 }, "p");
        riv_err      err  = avm_verify(riv_buf_view(&bytes), RIV_LIT("p"), arena, &fault);
        riv_str      want = cases[i].peer < 0 ? RIV_LIT("") : net.peer[cases[i].peer].id;
        if (e.code != cases[i].code || e.err != err || (cases[i].code == 8) != (e.bad_count > 0) ||
            riv_str_find(e.line, riv_str_c(cases[i].says), 0) == SIZE_MAX || !riv_str_eq(e.peer, want))
            fail_msg("%s: code %u, %zu bad, peer " RIV_FMT ": " RIV_FMT, cases[i].name, e.code, e.bad_count,
                     RIV_ARG(e.peer), RIV_ARG(e.line));
        if (cases[i].peer >= 0 && cases[i].code == 9)
            assert_true(riv_str_find(e.line, net.peer[cases[i].peer].id, 0) != SIZE_MAX);
    }
    riv_arena_free(arena);
}

/* The same bytes under another particle: every peer's signature is void, and nobody else's. */
static void test_other_particle(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    riv_bytes  honest;
    (void)net_of(arena, &honest);
    avm_evidence e = told(arena, honest, (riv_bytes){ 0 }, "another");
    assert_int_equal(e.code, 9);
    assert_int_equal(e.witnesses_count, 3);
    for (size_t i = 0; i < e.witnesses_count; i++) assert_int_equal(e.witnesses[i]->verdict, AVM_COVERS_NOTHING);
    e = told(arena, honest, (riv_bytes){ 0 }, "");
    assert_int_equal(e.err, RIV_OK); /* without the id nothing can be said of signatures */
    for (size_t i = 0; i < e.witnesses_count; i++) assert_int_equal(e.witnesses[i]->verdict, AVM_COVERS_UNKNOWN);
    riv_arena_free(arena);
}

/* B answers one call in two ways and signs both. */
static riv_bytes answer_of_b(riv_arena *arena, const char *value)
{
    riv_fault  fault = { 0 };
    testnet    net;
    avm_output out;
    testnet_init(&net, arena, "(call @B (\"s\" \"id\") [7] x)");
    assert_int_equal(testnet_invoke(&net, 1, (riv_bytes){ 0 }, NULL, 0, &fault, &out), RIV_OK);
    avm_call_result result = { out.call_requests[0].id, 0, riv_str_c(value) };
    assert_int_equal(testnet_invoke(&net, 1, (riv_bytes){ 0 }, &result, 1, &fault, &out), RIV_OK);
    return out.data;
}

static void test_two_answers(void **state)
{
    (void)state;
    riv_arena   *arena = riv_arena_new(0);
    riv_bytes    one = answer_of_b(arena, "\"yes\""), two = answer_of_b(arena, "\"no\"");
    avm_evidence e = told(arena, two, one, "p");
    assert_int_equal(e.code, 9);
    assert_int_equal(e.contradictions.len, 1);
    const avm_contradiction *c = &e.contradictions.ptr[0];
    assert_true(c->same_call && c->signed_before && c->signed_now);
    assert_true(riv_str_find(e.line, RIV_LIT("signed both s.id"), 0) != SIZE_MAX);
    assert_true(riv_str_find(e.line, RIV_LIT("\"yes\" (stored)"), 0) != SIZE_MAX);
    assert_true(riv_str_find(e.line, RIV_LIT("\"no\" (arrived)"), 0) != SIZE_MAX);
    assert_true(riv_str_find(e.line, e.peer, 0) == 0);
    assert_int_equal(told(arena, one, one, "p").err, RIV_OK);
    riv_arena_free(arena);
}

/* Any bit may be wrong, any part missing: something is told, nothing breaks, and the verdict is the interpreter's. */
static void test_any_bit(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0), *each = riv_arena_new(0);
    riv_bytes  honest;
    (void)net_of(arena, &honest);
    riv_prng p = riv_prng_seed(4);
    for (int i = 0; i < 600; i++) {
        riv_arena_reset(each);
        riv_bytes copy  = riv_bytes_dup(each, honest);
        size_t    at    = (size_t)riv_prng_below(&p, copy.len);
        riv_fault fault = { 0 };
        ((uint8_t *)(uintptr_t)copy.ptr)[at] ^= (uint8_t)(1u << riv_prng_below(&p, 8));
        if (i % 4 == 0) copy.len = at;
        avm_evidence_input in = { .data = copy, .stored = honest, .particle_id = RIV_LIT("p"), .tries_max = 16 };
        avm_evidence       e;
        avm_evidence_of(&in, each, &e);
        riv_err err = avm_verify(copy, RIV_LIT("p"), each, &fault);
        if (err && (e.err != err || e.code != fault.code)) fail_msg("byte %zu: %u, not %u", at, e.code, fault.code);
        if (!err && e.err) assert_true(e.contradictions.len > 0);
        if (e.err) assert_true(e.line.len > 0);
        if (err && fault.code == 8 && e.bad_count == 0) fail_msg("byte %zu: code 8 and no bad entry", at);
    }
    riv_arena_free(each);
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spoilt_data),
        cmocka_unit_test(test_other_particle),
        cmocka_unit_test(test_two_answers),
        cmocka_unit_test(test_any_bit),
    };
    return crypto_init(NULL) ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
