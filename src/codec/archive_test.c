/* archive_test.c: data of the original interpreter read, shown and written again; its validator's refusals and allowances; versions
 * and envelopes; many states. Golden files: tests/conform/avm-data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec/archive.h"
#include "codec/codec.h"

static riv_bytes load(riv_arena *arena, const char *name, const char *ending)
{
    riv_str path = riv_format(arena, "%s/tests/conform/avm-data/%s%s", RIV_SOURCE_DIR, name, ending);
    FILE   *file = fopen(path.ptr, "rb");
    if (!file) fail_msg("cannot open %s", path.ptr);
    riv_buf out = riv_buf_in(arena);
    for (int c; (c = fgetc(file)) != EOF;) riv_put_u8(&out, (uint8_t)c);
    fclose(file);
    return riv_buf_view(&out);
}

static riv_str pretty(riv_arena *arena, const archive_data *data)
{
    riv_buf out = riv_buf_in(arena);
    riv_json_write_pretty(archive_json(data, arena), &out);
    return riv_buf_str(&out);
}

/* ---- golden data ---- */

static const char *const golden[] = {
    "request", "scalar", "example", "empty", "texts", "all-kinds-sent", "all-kinds-two-peers", "all-kinds-merged",
};

static void test_golden(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(golden); i++) {
        riv_arena   *arena = riv_arena_new(0);
        riv_fault    fault = { 0 };
        archive_data data, again;
        riv_buf      first = riv_buf_in(arena), second = riv_buf_in(arena);
        riv_str      want = riv_bytes_str(load(arena, golden[i], ".json"));
        if (archive_read(load(arena, golden[i], ".data"), arena, &fault, &data))
            fail_msg("%s: %s", golden[i], fault.msg);
        assert_true(riv_str_eq(pretty(arena, &data), riv_str_trim(want)));
        archive_write(&data, &first);
        if (archive_read(riv_buf_view(&first), arena, &fault, &again)) fail_msg("%s again: %s", golden[i], fault.msg);
        assert_true(riv_str_eq(pretty(arena, &again), riv_str_trim(want)));
        archive_write(&again, &second);
        assert_true(riv_bytes_eq(riv_buf_view(&first), riv_buf_view(&second)));
        riv_arena_free(arena);
    }
}

static riv_bytes example_inner(riv_arena *arena)
{
    archive_envelope envelope;
    assert_int_equal(archive_envelope_read(load(arena, "example", ".data"), arena, NULL, &envelope), RIV_OK);
    return envelope.inner;
}

static void assert_sha256(riv_bytes data, const char *want)
{
    crypto_hash hash = crypto_sha256(data);
    riv_buf     hex  = { 0 };
    codec_put_hex(&hex, (riv_bytes){ hash.bytes, sizeof hash.bytes });
    assert_true(riv_str_eq(riv_buf_str(&hex), riv_str_c(want)));
    riv_buf_free(&hex);
}

#define RESULT_CID    "bagaaihrak3n542bzkkl2g3ralbarn4sddpcnbupubvbnsqb2zifkpcr3i5ra"
#define VALUE_CID     "bagaaihrarcyykpv4oj7zwdbepczyfthxya4og7s2rwvrzolm5kg2eu5dz3xa"
#define TETRAPLET_CID "bagaaihrafc3t5n7o5pp25k2f7o5ojigbwcahisbiudxxjknfm3n5p7fmdu4q"
#define ARGUMENTS_CID "bagaaihra2u6rrqrsclvhwyyalff3rg6omaqy63x7foowfc4myqwt46n32wvq"
#define PEER          "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5"

static bool is(riv_str s, const char *want) { return riv_str_eq(s, riv_str_c(want)); }

/* SPEC air.md 3.2: one entry a store, so that even the order is the original's. */
static void test_example(void **state)
{
    (void)state;
    static const char sha256[] = "575a0f1c8cc1d1b1782107fbea79c9496034ad44fc45024ccda5f3295bc836b9";
    riv_arena        *arena    = riv_arena_new(0);
    riv_bytes         inner    = example_inner(arena);
    riv_buf           out      = riv_buf_in(arena);
    archive_data      d;
    assert_int_equal(inner.len, 612);
    assert_sha256(inner, sha256);
    assert_int_equal(archive_inner_read(inner, arena, NULL, &d), RIV_OK);
    assert_int_equal(d.last_call_id, 1);
    assert_true(d.trace_count == 1 && d.trace[0].kind == ARCHIVE_CALL && d.trace[0].call == ARCHIVE_CALL_SCALAR);
    assert_true(is(d.trace[0].cid, RESULT_CID));
    assert_true(d.values_count == 1 && is(d.values[0].key, VALUE_CID) && is(d.values[0].text, "\"test\""));
    assert_true(d.tetraplets_count == 1 && is(d.tetraplets[0].key, TETRAPLET_CID));
    archive_tetraplet t = d.tetraplets[0].tetraplet;
    assert_true(is(t.peer_pk, PEER) && is(t.service_id, "s") && is(t.function_name, "f") && is(t.lens, ""));
    assert_true(d.canon_elements_count == 0 && d.canon_results_count == 0);
    assert_true(d.service_results_count == 1 && is(d.service_results[0].key, RESULT_CID));
    archive_service_result r = d.service_results[0];
    assert_true(is(r.value_cid, VALUE_CID) && is(r.argument_hash, ARGUMENTS_CID) && is(r.tetraplet_cid, TETRAPLET_CID));
    assert_true(d.signatures_count == 1 && d.signatures[0].public_key.len == 33 && d.signatures[0].signature.len == 65);
    riv_put_str(&out, RIV_LIT("odd")); /* where the archive begins in the buffer must not matter */
    archive_inner_write(&d, &out);
    assert_sha256(riv_bytes_sub(riv_buf_view(&out), 3, out.len), sha256);
    riv_arena_free(arena);
}

/* ---- the validator, on the example with some bytes replaced ---- */

static const struct {
    const char *name;
    size_t      at;
    riv_bytes   bytes;
    bool        accepted;
    uint64_t    pos;
} patches[] = {
    { "state tag 5", 0x40, RIV_BYTES_INIT("\5"), false, 0x40 },
    { "call tag 3", 0x44, RIV_BYTES_INIT("\3"), false, 0x44 },
    { "value tag 3", 0x48, RIV_BYTES_INIT("\3"), false, 0x48 },
    { "sender tag 2", 0x44, RIV_BYTES_INIT("\0\0\0\0\2"), false, 0x48 },
    { "canon tag 2", 0x40, RIV_BYTES_INIT("\4\0\0\0\2"), false, 0x44 },
    { "text pointer in front of everything", 0x4c, RIV_BYTES_INIT("\xff\xff\xff\xb3"), false, 0x4c },
    { "text pointer behind everything", 0x4c, RIV_BYTES_INIT("\x7f\xff\xff\xff"), false, 0x4c },
    { "text of 2^32-1 bytes", 0x50, RIV_BYTES_INIT("\xff\xff\xff\xff"), false, 0x4c },
    { "text over the end", 0x50, RIV_BYTES_INIT("\0\0\2\x65"), false, 0x4c },
    { "text over its own state", 0x50, RIV_BYTES_INIT("\0\0\0\x41"), false, 0x4c },
    { "shared text of two lengths", 0x50, RIV_BYTES_INIT("\0\0\0\x3e"), false, 0x1a8 },
    { "text into the one before", 0x9c, RIV_BYTES_INIT("\xff\xff\xff\xf8"), false, 0x9c },
    { "value that is no UTF-8", 0x96, RIV_BYTES_INIT("\xff"), false, 0x96 },
    { "cid that is no UTF-8", 0x05, RIV_BYTES_INIT("\xc0"), false, 0x05 },
    { "record not aligned", 0xac, RIV_BYTES_INIT("\xff\xff\xff\xf1"), false, 0xac },
    { "record behind its entry", 0xac, RIV_BYTES_INIT("\0\0\0\4"), false, 0xac },
    { "inline text of 8 bytes", 0x133, RIV_BYTES_INIT("\x08"), false, 0x12c },
    { "inline text that is no UTF-8", 0x12c, RIV_BYTES_INIT("\xff"), false, 0x12c },
    { "outer text with a pointer far ahead", 0x124, RIV_BYTES_INIT("\0\0\0\x34\0\0\0\x80"), false, 0x124 },
    { "two states", 0x22c, RIV_BYTES_INIT("\0\0\0\2"), false, 0x58 },
    { "2^32-1 states", 0x22c, RIV_BYTES_INIT("\xff\xff\xff\xff"), false, 0x228 },
    { "empty store with pointer 0", 0x244, RIV_BYTES_INIT("\0\0\0\0"), false, 0x244 },
    { "empty store with a pointer back", 0x244, RIV_BYTES_INIT("\xff\xff\xfe\x00"), false, 0x244 },
    { "empty store not aligned", 0x244, RIV_BYTES_INIT("\xff\xff\xff\x0e"), false, 0x244 },
    { "a record at a text's address", 0xac, RIV_BYTES_INIT("\xff\xff\xff\x54"), false, 0xac },
    { "rubbish in padding", 0x3d, RIV_BYTES_INIT("\xff\xff\xff"), true, 0 },
    { "rubbish in unused generation", 0x54, RIV_BYTES_INIT("\xff\xff\xff\xff"), true, 0 },
    { "rubbish behind tags", 0x41, RIV_BYTES_INIT("\1\2\3"), true, 0 },
    { "outer text made an empty inline one", 0x124, RIV_BYTES_INIT("\xff\xff\xff\xff\xff\xff\xff\0"), true, 0 },
    { "an empty store behind the next", 0x244, RIV_BYTES_INIT("\xff\xff\xff\x10"), false, 0x24c },
    { "another last call id", 0x230, RIV_BYTES_INIT("\xff\xff\xff\xff"), true, 0 },
};

static void test_patches(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(patches); i++) {
        riv_arena   *arena = riv_arena_new(0);
        riv_bytes    inner = riv_bytes_dup(arena, example_inner(arena));
        riv_fault    fault = { 0 };
        archive_data data  = { .trace_count = 77 };
        memcpy((uint8_t *)(uintptr_t)inner.ptr + patches[i].at, patches[i].bytes.ptr, patches[i].bytes.len);
        riv_err err = archive_inner_read(inner, arena, &fault, &data);
        if (patches[i].accepted ? err != RIV_OK : err != RIV_E_MALFORMED)
            fail_msg("%s: %s", patches[i].name, fault.msg);
        if (err && (fault.code != 2 || fault.pos != patches[i].pos || data.trace_count != 77))
            fail_msg("%s: code %u at %llx: %s", patches[i].name, fault.code, (unsigned long long)fault.pos, fault.msg);
        riv_arena_free(arena);
    }
}

static riv_err read_inner(riv_arena *arena, const riv_buf *in, archive_data *out)
{
    riv_fault fault = { 0 };
    riv_err   err   = archive_inner_read(riv_buf_view(in), arena, &fault, out);
    assert_int_equal(fault.code, err ? 2 : 0);
    return err;
}

static void test_front_and_back(void **state)
{
    (void)state;
    riv_arena   *arena = riv_arena_new(0);
    riv_bytes    inner = example_inner(arena);
    archive_data data;
    for (size_t front = 0; front < 9; front++) {
        riv_buf in = riv_buf_in(arena);
        riv_buf_room(&in, front);
        riv_put_bytes(&in, inner);
        assert_int_equal(read_inner(arena, &in, &data), front % 4 ? RIV_E_MALFORMED : RIV_OK);
    }
    for (size_t back = 1; back < 9; back++) {
        riv_buf in = riv_buf_in(arena);
        riv_put_bytes(&in, inner);
        riv_buf_room(&in, back);
        assert_int_equal(read_inner(arena, &in, &data), RIV_E_MALFORMED);
    }
    for (size_t len = 0; len < inner.len; len++)
        assert_int_equal(archive_inner_read(riv_bytes_sub(inner, 0, len), arena, NULL, &data), RIV_E_MALFORMED);
    riv_arena_free(arena);
}

/* 60 bytes whose seven vectors are empty and point at 0 */
static void test_least(void **state)
{
    (void)state;
    riv_arena   *arena = riv_arena_new(0);
    riv_buf      in    = riv_buf_in(arena);
    archive_data data;
    for (uint32_t at = 0; at < 60; at += 4)
        riv_put_u32be(&in, at == 8 ? 5 : at == 0 || (at > 8 && at % 8 == 4) ? 0 - at : 0);
    assert_int_equal(read_inner(arena, &in, &data), RIV_OK);
    assert_int_equal(data.last_call_id, 5);
    assert_int_equal(data.trace_count + data.values_count + data.signatures_count, 0);
    riv_arena_free(arena);
}

static void put_rel(riv_buf *b, uint32_t target) { riv_put_u32be(b, target - (uint32_t)b->len); }

static void put_span(riv_buf *b, uint32_t target, uint32_t count)
{
    put_rel(b, target);
    riv_put_u32be(b, count);
}

/* A root whose trace and last stores are empty, at the given store of values. */
static void put_root(riv_buf *b, uint32_t values, uint32_t count)
{
    uint32_t end = (uint32_t)b->len;
    put_span(b, 0, 0);
    riv_put_u32be(b, 0);
    put_span(b, values, count);
    for (int i = 0; i < 5; i++) put_span(b, end, 0);
}

/* Two entries may share a record. */
static void test_shared_record(void **state)
{
    (void)state;
    riv_arena   *arena = riv_arena_new(0);
    riv_buf      in    = riv_buf_in(arena);
    archive_data data;
    riv_put_str(&in, RIV_LIT("k1_1")); /* key at 0, text at 3 */
    put_span(&in, 3, 1);               /* the record, at 4 */
    riv_put_str(&in, RIV_LIT("k2__")); /* key at 12 */
    put_span(&in, 0, 2);               /* entries at 16 */
    put_rel(&in, 4);
    put_span(&in, 12, 2);
    put_rel(&in, 4);
    put_root(&in, 16, 2);
    assert_int_equal(read_inner(arena, &in, &data), RIV_OK);
    assert_int_equal(data.values_count, 2);
    assert_true(is(data.values[0].key, "k1") && is(data.values[1].key, "k2"));
    assert_true(is(data.values[0].text, "1") && is(data.values[1].text, "1"));
    riv_arena_free(arena);
}

/* An empty text, and the next one at its address: the original reads what it should not; refused here. */
static void test_empty_text_shared(void **state)
{
    (void)state;
    riv_arena   *arena = riv_arena_new(0);
    riv_buf      in    = riv_buf_in(arena);
    archive_data data;
    put_span(&in, 0, 0); /* record of an empty text, at 0 */
    riv_put_str(&in, RIV_LIT("k2_1"));
    put_span(&in, 11, 1); /* record at 12 */
    put_span(&in, 0, 0);  /* entries at 20: the first key is empty, at 0, where the record is */
    put_rel(&in, 0);
    put_span(&in, 8, 2);
    put_rel(&in, 12);
    put_root(&in, 20, 2);
    assert_int_equal(read_inner(arena, &in, &data), RIV_E_MALFORMED);
    riv_arena_free(arena);
}

/* Of entries with equal keys the last wins; a store comes out sorted. */
static void test_equal_keys(void **state)
{
    (void)state;
    static const archive_value written[] = {
        { RIV_LIT_INIT("b"), RIV_LIT_INIT("1") }, { RIV_LIT_INIT("a"), RIV_LIT_INIT("2") },
        { RIV_LIT_INIT("b"), RIV_LIT_INIT("3") }, { RIV_LIT_INIT("ab"), RIV_LIT_INIT("4") },
        { RIV_LIT_INIT("a"), RIV_LIT_INIT("5") }, { RIV_LIT_INIT("b"), RIV_LIT_INIT("6") },
    };
    static const archive_value want[] = {
        { RIV_LIT_INIT("a"), RIV_LIT_INIT("5") },
        { RIV_LIT_INIT("ab"), RIV_LIT_INIT("4") },
        { RIV_LIT_INIT("b"), RIV_LIT_INIT("6") },
    };
    riv_arena   *arena = riv_arena_new(0);
    riv_buf      out   = riv_buf_in(arena);
    archive_data in    = { .values = written, .values_count = RIV_COUNT(written) }, data;
    archive_inner_write(&in, &out);
    assert_int_equal(read_inner(arena, &out, &data), RIV_OK);
    assert_int_equal(data.values_count, RIV_COUNT(want));
    for (size_t i = 0; i < RIV_COUNT(want); i++)
        assert_true(riv_str_eq(data.values[i].key, want[i].key) && riv_str_eq(data.values[i].text, want[i].text));
    riv_arena_free(arena);
}

/* Empty texts at every place, and strings at the border between inside and outside. */
static void test_odd_texts(void **state)
{
    (void)state;
    static const archive_state trace[] = {
        { .kind = ARCHIVE_CALL, .call = ARCHIVE_CALL_FAILED },
        { .kind = ARCHIVE_CALL, .call = ARCHIVE_CALL_REQUEST },
        { .kind = ARCHIVE_CALL, .call = ARCHIVE_CALL_REQUEST, .sender = RIV_LIT_INIT("1234567") },
        { .kind = ARCHIVE_CALL, .call = ARCHIVE_CALL_REQUEST, .sender = RIV_LIT_INIT("12345678"), .has_call_id = true },
        { .kind = ARCHIVE_CANON, .sender = RIV_LIT_INIT("12345678") },
        { .kind = ARCHIVE_CANON, .canon_executed = true, .cid = RIV_LIT_INIT("12345678") },
        { .kind = ARCHIVE_FOLD },
        { .kind = ARCHIVE_AP },
        { .kind = ARCHIVE_AP, .generations_count = 1, .generation = UINT32_MAX },
        { .kind = ARCHIVE_PAR, .left = UINT32_MAX, .right = 1 },
    };
    static const archive_value           values[] = { { RIV_LIT_INIT(""), RIV_LIT_INIT("") } };
    static const archive_tetraplet_entry plets[]  = {
         { RIV_LIT_INIT(""), { RIV_LIT_INIT("1234567"), RIV_LIT_INIT("12345678"), RIV_LIT_INIT(""), RIV_LIT_INIT("") } }
    };
    static const archive_canon_element  elements[] = { { .provenance = ARCHIVE_FROM_CANON } };
    static const archive_canon_result   canons[]   = { { .key = RIV_LIT_INIT("x") } };
    static const archive_service_result services[] = { { .key = RIV_LIT_INIT("y") } };
    static const archive_signature      signs[]    = { { { 0 }, { 0 } } };
    archive_data                        in         = { .trace                 = trace,
                                                       .trace_count           = RIV_COUNT(trace),
                                                       .values                = values,
                                                       .values_count          = 1,
                                                       .tetraplets            = plets,
                                                       .tetraplets_count      = 1,
                                                       .canon_elements        = elements,
                                                       .canon_elements_count  = 1,
                                                       .canon_results         = canons,
                                                       .canon_results_count   = 1,
                                                       .service_results       = services,
                                                       .service_results_count = 1,
                                                       .signatures            = signs,
                                                       .signatures_count      = 1 };
    riv_arena                          *arena      = riv_arena_new(0);
    riv_buf                             out        = riv_buf_in(arena);
    archive_data                        data;
    archive_inner_write(&in, &out);
    assert_int_equal(read_inner(arena, &out, &data), RIV_OK);
    assert_true(riv_json_eq(archive_json(&in, arena), archive_json(&data, arena)));
    riv_arena_free(arena);
}

/* Many states and values: a walk that is not linear would take minutes here. */
static void test_many(void **state)
{
    (void)state;
    enum { COUNT = 50000 };
    riv_arena     *arena  = riv_arena_new(0);
    archive_state *trace  = riv_new(arena, archive_state, COUNT);
    archive_value *values = riv_new(arena, archive_value, COUNT);
    archive_data   in     = { .trace = trace, .trace_count = COUNT, .values = values, .values_count = COUNT }, data;
    for (size_t i = 0; i < COUNT; i++) {
        riv_str key = riv_format(arena, "key-%zu", i * 7919 % COUNT);
        trace[i]    = (archive_state){ .kind = ARCHIVE_CALL, .call = ARCHIVE_CALL_UNUSED, .cid = key };
        values[i]   = (archive_value){ key, riv_format(arena, "%zu", i) };
    }
    riv_buf out = riv_buf_in(arena);
    archive_inner_write(&in, &out);
    assert_int_equal(read_inner(arena, &out, &data), RIV_OK);
    assert_true(data.trace_count == COUNT && data.values_count == COUNT);
    for (size_t i = 0; i < COUNT; i++) assert_true(riv_str_eq(data.trace[i].cid, trace[i].cid));
    /* A budget too small is an error, never the end of the process. */
    riv_err err = RIV_E_LIMIT;
    for (size_t budget = 1 << 20; err; budget += 1 << 20) {
        riv_arena *bounded = riv_arena_new(budget);
        err                = archive_inner_read(riv_buf_view(&out), bounded, NULL, &data);
        assert_true(err == RIV_OK || err == RIV_E_LIMIT);
        assert_true(err || !riv_arena_over(bounded));
        assert_true(budget < 20 * out.len);
        riv_arena_free(bounded);
    }
    riv_arena_free(arena);
}

static void test_budget(void **state)
{
    (void)state;
    riv_arena   *arena = riv_arena_new(0), *small = riv_arena_new(1000);
    riv_fault    fault = { 0 };
    archive_data data;
    riv_bytes    bytes = load(arena, "all-kinds-merged", ".data");
    assert_int_equal(archive_read(bytes, small, &fault, &data), RIV_E_LIMIT);
    assert_int_equal(fault.code, 2);
    riv_arena_free(arena);
    riv_arena_free(small);
}

/* ---- versions ---- */

static const struct {
    const char *text;
    bool        good;
} versions[] = {
    { "0.17.2", true },
    { "1.2.3-alpha.1+build.007", true },
    { "1.2.3-0.x-y-z.--", true },
    { "1.2.3+0a.-", true },
    { "18446744073709551615.0.0", true },
    { "", false },
    { "1", false },
    { "1.2", false },
    { "1.2.3.4", false },
    { "01.2.3", false },
    { "1.2.03", false },
    { "v1.2.3", false },
    { " 1.2.3", false },
    { "1.2.3 ", false },
    { "1.2.-3", false },
    { "1..3", false },
    { "1.2.3-", false },
    { "1.2.3+", false },
    { "1.2.3-a..b", false },
    { "1.2.3-01", false },
    { "1.2.3-a_b", false },
    { "1.2.3+a+b", false },
    { "18446744073709551616.0.0", false },
};

static void test_versions(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(versions); i++) {
        archive_version v;
        riv_err         err = archive_version_parse(riv_str_c(versions[i].text), NULL, &v);
        if ((err == RIV_OK) != versions[i].good) fail_msg("'%s'", versions[i].text);
    }
    archive_version v;
    assert_int_equal(archive_version_parse(RIV_LIT("1.2.3-rc.1+b.2"), NULL, &v), RIV_OK);
    assert_true(v.major == 1 && v.minor == 2 && v.patch == 3 && is(v.pre, "rc.1") && is(v.build, "b.2"));
}

/* Ascending; the order of semver.org's section 11. */
static const char *const ascending[] = {
    "0.60.9",
    "0.61.0-alpha",
    "0.61.0-alpha.1",
    "0.61.0-alpha.beta",
    "0.61.0-beta",
    "0.61.0-beta.2",
    "0.61.0-beta.11",
    "0.61.0-rc.1",
    "0.61.0-rc.18446744073709551617",
    "0.61.0",
    "0.61.1",
    "0.64.1",
    "1.0.0",
    "10.0.0",
};

static void test_version_order(void **state)
{
    (void)state;
    archive_version a, b;
    for (size_t i = 0; i < RIV_COUNT(ascending); i++)
        for (size_t k = 0; k < RIV_COUNT(ascending); k++) {
            assert_int_equal(archive_version_parse(riv_str_c(ascending[i]), NULL, &a), RIV_OK);
            assert_int_equal(archive_version_parse(riv_str_c(ascending[k]), NULL, &b), RIV_OK);
            int c = archive_version_cmp(&a, &b);
            assert_int_equal((c > 0) - (c < 0), (i > k) - (i < k));
        }
    assert_int_equal(archive_version_parse(RIV_LIT("1.0.0+a"), NULL, &a), RIV_OK);
    assert_int_equal(archive_version_parse(RIV_LIT("1.0.0+b"), NULL, &b), RIV_OK);
    assert_int_equal(archive_version_cmp(&a, &b), 0);
}

/* ---- envelopes ---- */

#define V                                                                                                              \
    "\xa7"                                                                                                             \
    "version"                                                                                                          \
    "\xa6"                                                                                                             \
    "0.17.2"
#define I                                                                                                              \
    "\xb3"                                                                                                             \
    "interpreter_version"                                                                                              \
    "\xa6"                                                                                                             \
    "0.62.0"
#define D                                                                                                              \
    "\xaa"                                                                                                             \
    "inner_data"                                                                                                       \
    "\xc4\2"                                                                                                           \
    "hi"

/* clang-format off */
static const struct {
    const char *name;
    riv_bytes   in;
    uint32_t    code; /* 0: good */
} envelopes[] = {
    { "as written",                 RIV_BYTES_INIT("\x83" V I D),                                                     0 },
    { "another order",              RIV_BYTES_INIT("\x83" D I V),                                                     0 },
    { "longer heads",               RIV_BYTES_INIT("\xdf\0\0\0\3" "\xd9\7version" "\xda\0\6" "0.17.2" I D),            0 },
    { "keys as bin",                RIV_BYTES_INIT("\x83" "\xc4\7version" "\xa6" "0.17.2" I D),                        0 },
    { "data as str",                RIV_BYTES_INIT("\x83" V I "\xaa" "inner_data" "\xa2" "hi"),                        0 },
    { "data as array",              RIV_BYTES_INIT("\x83" V I "\xaa" "inner_data" "\x92hi"),                           0 },
    { "bytes behind",               RIV_BYTES_INIT("\x83" V I D "\xc1\xff"),                                          0 },
    { "unknown keys",               RIV_BYTES_INIT("\x85" V "\xa1x\x91\x81\1\2" I "\x07\xa2\xff\xfe" D),               0 },
    { "a key that is a number",     RIV_BYTES_INIT("\x84" V "\x07\x01" I D),                                          0 },
    { "a key that is nil",          RIV_BYTES_INIT("\x84" V "\xc0\x01" I D),                                          0 },
    { "a key that is an array",     RIV_BYTES_INIT("\x84" V "\x91\x01\x01" I D),                                      3 },
    { "a key that is a map",        RIV_BYTES_INIT("\x84" V "\x80\x01" I D),                                          3 },
    { "a key that is ext",          RIV_BYTES_INIT("\x84" V "\xd4\x01z\x01" I D),                                     3 },
    { "an ext value",               RIV_BYTES_INIT("\x84" V "\xa1x\xd4\x01z" I D),                                    0 },
    { "no map",                     RIV_BYTES_INIT("\x93\1\2\3"),                                                     3 },
    { "nil",                        RIV_BYTES_INIT("\xc0"),                                                           3 },
    { "no version",                 RIV_BYTES_INIT("\x82" I D),                                                       3 },
    { "no interpreter version",     RIV_BYTES_INIT("\x82" V D),                                                       3 },
    { "version twice",              RIV_BYTES_INIT("\x84" V V I D),                                                   3 },
    { "version as bin",             RIV_BYTES_INIT("\x83" "\xa7" "version" "\xc4\6" "0.17.2" I D),                     3 },
    { "version a number",           RIV_BYTES_INIT("\x83" "\xa7" "version" "\x01" I D),                                3 },
    { "version malformed",          RIV_BYTES_INIT("\x83" "\xa7" "version" "\xa4" "0.17" I D),                         3 },
    { "cut in data",                RIV_BYTES_INIT("\x83" V I "\xaa" "inner_data" "\xc4\3" "hi"),                      3 },
    { "cut before data",            RIV_BYTES_INIT("\x83" V I),                                                       3 },
    { "reserved byte inside",       RIV_BYTES_INIT("\x84" V I "\xa1x\xc1" D),                                         3 },
    { "no data",                    RIV_BYTES_INIT("\x82" V I),                                                       4 },
    { "data twice",                 RIV_BYTES_INIT("\x84" V I D D),                                                   4 },
    { "data a number",              RIV_BYTES_INIT("\x83" V I "\xaa" "inner_data" "\x05"),                             4 },
    { "data an array of no bytes",  RIV_BYTES_INIT("\x83" V I "\xaa" "inner_data" "\x91\xcd\1\0"),                     4 },
};
/* clang-format on */

static void test_envelopes(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    for (size_t i = 0; i < RIV_COUNT(envelopes); i++) {
        archive_envelope e     = { 0 };
        riv_fault        fault = { 0 };
        riv_err          err   = archive_envelope_read(envelopes[i].in, arena, &fault, &e);
        if (fault.code != envelopes[i].code || (err == RIV_OK) != (envelopes[i].code == 0))
            fail_msg("%s: code %u: %s", envelopes[i].name, fault.code, fault.msg);
        if (fault.code == 3) continue;
        assert_true(is(e.version.text, "0.17.2") && e.interpreter_version.minor == 62 && !e.empty);
        if (!err) assert_true(riv_bytes_eq(e.inner, RIV_BYTES("hi")));
    }
    riv_arena_free(arena);
}

static void test_no_data(void **state)
{
    (void)state;
    riv_arena       *arena = riv_arena_new(0);
    archive_envelope e;
    archive_data     d = { .trace_count = 5 };
    assert_int_equal(archive_envelope_read((riv_bytes){ 0 }, arena, NULL, &e), RIV_OK);
    assert_true(e.empty);
    assert_int_equal(archive_read((riv_bytes){ 0 }, arena, NULL, &d), RIV_OK);
    assert_int_equal(d.trace_count + d.version.text.len + d.values_count, 0);
    riv_arena_free(arena);
}

/* A value in the envelope may nest as deep as the original's reader goes, and no deeper. */
static void test_deep_envelope(void **state)
{
    (void)state;
    static const struct {
        size_t   depth;
        uint32_t code;
    } rows[] = { { 1, 0 }, { 1022, 0 }, { 1023, 3 }, { 100000, 3 } };
    for (size_t i = 0; i < RIV_COUNT(rows); i++) {
        riv_arena       *arena = riv_arena_new(0);
        riv_buf          in    = riv_buf_in(arena);
        riv_fault        fault = { 0 };
        archive_envelope e;
        riv_put_str(&in, RIV_LIT("\x84" V I D "\xa1x"));
        memset(riv_buf_room(&in, rows[i].depth), 0x91, rows[i].depth);
        riv_put_u8(&in, 1);
        riv_err err = archive_envelope_read(riv_buf_view(&in), arena, &fault, &e);
        assert_int_equal(err, rows[i].code ? RIV_E_MALFORMED : RIV_OK);
        assert_int_equal(fault.code, rows[i].code);
        riv_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_example),
        cmocka_unit_test(test_patches),
        cmocka_unit_test(test_front_and_back),
        cmocka_unit_test(test_least),
        cmocka_unit_test(test_shared_record),
        cmocka_unit_test(test_empty_text_shared),
        cmocka_unit_test(test_equal_keys),
        cmocka_unit_test(test_odd_texts),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_version_order),
        cmocka_unit_test(test_envelopes),
        cmocka_unit_test(test_no_data),
        cmocka_unit_test(test_deep_envelope),
    };
    if (crypto_init(NULL)) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
