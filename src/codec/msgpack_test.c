/* msgpack_test.c: every form of every kind, both ways; cut and reserved input; depth; byte strings of both styles; JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/codec.h"

/* clang-format off */
static const struct {
    riv_bytes in;
    codec_mp  want;
} scalars[] = {
    { RIV_BYTES_INIT("\xc0"),                                 { .kind = CODEC_MP_NIL } },
    { RIV_BYTES_INIT("\xc2"),                                 { .kind = CODEC_MP_BOOL, .boolean = false } },
    { RIV_BYTES_INIT("\xc3"),                                 { .kind = CODEC_MP_BOOL, .boolean = true } },
    { RIV_BYTES_INIT("\x00"),                                 { .kind = CODEC_MP_UINT, .u64 = 0 } },
    { RIV_BYTES_INIT("\x7f"),                                 { .kind = CODEC_MP_UINT, .u64 = 127 } },
    { RIV_BYTES_INIT("\xcc\x01"),                             { .kind = CODEC_MP_UINT, .u64 = 1 } },
    { RIV_BYTES_INIT("\xcc\xff"),                             { .kind = CODEC_MP_UINT, .u64 = 255 } },
    { RIV_BYTES_INIT("\xcd\x01\x02"),                         { .kind = CODEC_MP_UINT, .u64 = 0x102 } },
    { RIV_BYTES_INIT("\xce\x01\x02\x03\x04"),                 { .kind = CODEC_MP_UINT, .u64 = 0x1020304 } },
    { RIV_BYTES_INIT("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), { .kind = CODEC_MP_UINT, .u64 = UINT64_MAX } },
    { RIV_BYTES_INIT("\xcf\0\0\0\0\0\0\0\1"),                 { .kind = CODEC_MP_UINT, .u64 = 1 } },
    { RIV_BYTES_INIT("\xff"),                                 { .kind = CODEC_MP_INT, .i64 = -1 } },
    { RIV_BYTES_INIT("\xe0"),                                 { .kind = CODEC_MP_INT, .i64 = -32 } },
    { RIV_BYTES_INIT("\xd0\x80"),                             { .kind = CODEC_MP_INT, .i64 = -128 } },
    { RIV_BYTES_INIT("\xd0\x7f"),                             { .kind = CODEC_MP_UINT, .u64 = 127 } },
    { RIV_BYTES_INIT("\xd1\x80\x00"),                         { .kind = CODEC_MP_INT, .i64 = -32768 } },
    { RIV_BYTES_INIT("\xd1\x00\x01"),                         { .kind = CODEC_MP_UINT, .u64 = 1 } },
    { RIV_BYTES_INIT("\xd2\x80\0\0\0"),                       { .kind = CODEC_MP_INT, .i64 = INT32_MIN } },
    { RIV_BYTES_INIT("\xd3\x80\0\0\0\0\0\0\0"),               { .kind = CODEC_MP_INT, .i64 = INT64_MIN } },
    { RIV_BYTES_INIT("\xd3\0\0\0\0\0\0\0\2"),                 { .kind = CODEC_MP_UINT, .u64 = 2 } },
    { RIV_BYTES_INIT("\xca\x3f\xc0\x00\x00"),                 { .kind = CODEC_MP_FLOAT, .f64 = 1.5 } },
    { RIV_BYTES_INIT("\xcb\x3f\xf8\0\0\0\0\0\0"),             { .kind = CODEC_MP_FLOAT, .f64 = 1.5 } },
    { RIV_BYTES_INIT("\xa0"),                                 { .kind = CODEC_MP_STR, .bytes = RIV_BYTES_INIT("") } },
    { RIV_BYTES_INIT("\xa3" "abc"),                           { .kind = CODEC_MP_STR, .bytes = RIV_BYTES_INIT("abc") } },
    { RIV_BYTES_INIT("\xd9\3" "abc"),                         { .kind = CODEC_MP_STR, .bytes = RIV_BYTES_INIT("abc") } },
    { RIV_BYTES_INIT("\xda\0\3" "abc"),                       { .kind = CODEC_MP_STR, .bytes = RIV_BYTES_INIT("abc") } },
    { RIV_BYTES_INIT("\xdb\0\0\0\3" "abc"),                   { .kind = CODEC_MP_STR, .bytes = RIV_BYTES_INIT("abc") } },
    { RIV_BYTES_INIT("\xc4\2\xff\xfe"),                       { .kind = CODEC_MP_BIN, .bytes = RIV_BYTES_INIT("\xff\xfe") } },
    { RIV_BYTES_INIT("\xc5\0\2\xff\xfe"),                     { .kind = CODEC_MP_BIN, .bytes = RIV_BYTES_INIT("\xff\xfe") } },
    { RIV_BYTES_INIT("\xc6\0\0\0\2\xff\xfe"),                 { .kind = CODEC_MP_BIN, .bytes = RIV_BYTES_INIT("\xff\xfe") } },
    { RIV_BYTES_INIT("\xd4\x05z"),                            { .kind = CODEC_MP_EXT, .i64 = 5, .bytes = RIV_BYTES_INIT("z") } },
    { RIV_BYTES_INIT("\xd5\xffzz"),                           { .kind = CODEC_MP_EXT, .i64 = -1, .bytes = RIV_BYTES_INIT("zz") } },
    { RIV_BYTES_INIT("\xd6\1zzzz"),                           { .kind = CODEC_MP_EXT, .i64 = 1, .bytes = RIV_BYTES_INIT("zzzz") } },
    { RIV_BYTES_INIT("\xd7\1zzzzzzzz"),                       { .kind = CODEC_MP_EXT, .i64 = 1, .bytes = RIV_BYTES_INIT("zzzzzzzz") } },
    { RIV_BYTES_INIT("\xd8\1zzzzzzzzzzzzzzzz"),               { .kind = CODEC_MP_EXT, .i64 = 1, .bytes = RIV_BYTES_INIT("zzzzzzzzzzzzzzzz") } },
    { RIV_BYTES_INIT("\xc7\3\1zzz"),                          { .kind = CODEC_MP_EXT, .i64 = 1, .bytes = RIV_BYTES_INIT("zzz") } },
    { RIV_BYTES_INIT("\xc8\0\0\1"),                           { .kind = CODEC_MP_EXT, .i64 = 1 } },
    { RIV_BYTES_INIT("\xc9\0\0\0\1\1z"),                      { .kind = CODEC_MP_EXT, .i64 = 1, .bytes = RIV_BYTES_INIT("z") } },
    { RIV_BYTES_INIT("\x80"),                                 { .kind = CODEC_MP_MAP, .count = 0 } },
    { RIV_BYTES_INIT("\x90"),                                 { .kind = CODEC_MP_ARRAY, .count = 0 } },
    { RIV_BYTES_INIT("\xdc\0\0"),                             { .kind = CODEC_MP_ARRAY, .count = 0 } },
    { RIV_BYTES_INIT("\xdd\0\0\0\0"),                         { .kind = CODEC_MP_ARRAY, .count = 0 } },
    { RIV_BYTES_INIT("\xde\0\0"),                             { .kind = CODEC_MP_MAP, .count = 0 } },
    { RIV_BYTES_INIT("\xdf\0\0\0\0"),                         { .kind = CODEC_MP_MAP, .count = 0 } },
};
/* clang-format on */

static void assert_same(const codec_mp *got, const codec_mp *want, size_t row)
{
    bool same = got->kind == want->kind && got->boolean == want->boolean && got->u64 == want->u64 &&
                got->i64 == want->i64 && memcmp(&got->f64, &want->f64, sizeof got->f64) == 0 &&
                got->count == want->count && riv_bytes_eq(got->bytes, want->bytes);
    if (!same) fail_msg("row %zu: kind %d", row, (int)got->kind);
}

static void test_scalars(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(scalars); i++) {
        riv_reader r = riv_reader_of(scalars[i].in);
        codec_mp   got;
        assert_int_equal(codec_mp_next(&r, NULL, &got), RIV_OK);
        assert_same(&got, &scalars[i].want, i);
        assert_int_equal(riv_reader_left(&r), 0);
        for (size_t len = 0; len < scalars[i].in.len; len++) { /* every cut is malformed */
            r = riv_reader_of(riv_bytes_sub(scalars[i].in, 0, len));
            assert_int_equal(codec_mp_next(&r, NULL, &got), RIV_E_MALFORMED);
        }
    }
}

static const struct {
    const char *name;
    riv_bytes   in;
    uint64_t    pos;
} refused[] = {
    { "reserved", RIV_BYTES_INIT("\xc1"), 0 },
    { "text that is no UTF-8",
      RIV_BYTES_INIT("\xa3"
                     "a\xff"
                     "c"),
      2 },
    { "array of more than is left", RIV_BYTES_INIT("\x93\1\2"), 0 },
    { "map of more than is left", RIV_BYTES_INIT("\x82\1\2\3"), 0 },
    { "array of 2^32-1", RIV_BYTES_INIT("\xdd\xff\xff\xff\xff\1\2\3"), 0 },
    { "map of 2^32-1", RIV_BYTES_INIT("\xdf\xff\xff\xff\xff\1\2\3"), 0 },
    { "text of 2^32-1", RIV_BYTES_INIT("\xdb\xff\xff\xff\xff\1\2\3"), 0 },
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(refused); i++) {
        riv_reader r     = riv_reader_of(refused[i].in);
        riv_fault  fault = { 0 };
        codec_mp   got   = { .count = 77 };
        if (codec_mp_next(&r, &fault, &got) != RIV_E_MALFORMED || fault.pos != refused[i].pos || got.count != 77)
            fail_msg("%s: %s at %llu", refused[i].name, fault.msg, (unsigned long long)fault.pos);
    }
}

/* The smallest form of each number. */
static void test_integers_written(void **state)
{
    (void)state;
    static const struct {
        bool      negative;
        uint64_t  u64;
        int64_t   i64;
        riv_bytes want;
    } rows[] = {
        { false, 0, 0, RIV_BYTES_INIT("\x00") },
        { false, 127, 0, RIV_BYTES_INIT("\x7f") },
        { false, 128, 0, RIV_BYTES_INIT("\xcc\x80") },
        { false, 255, 0, RIV_BYTES_INIT("\xcc\xff") },
        { false, 256, 0, RIV_BYTES_INIT("\xcd\x01\x00") },
        { false, 65535, 0, RIV_BYTES_INIT("\xcd\xff\xff") },
        { false, 65536, 0, RIV_BYTES_INIT("\xce\x00\x01\x00\x00") },
        { false, UINT32_MAX, 0, RIV_BYTES_INIT("\xce\xff\xff\xff\xff") },
        { false, UINT64_C(1) << 32, 0, RIV_BYTES_INIT("\xcf\0\0\0\1\0\0\0\0") },
        { true, 0, 5, RIV_BYTES_INIT("\x05") },
        { true, 0, -1, RIV_BYTES_INIT("\xff") },
        { true, 0, -32, RIV_BYTES_INIT("\xe0") },
        { true, 0, -33, RIV_BYTES_INIT("\xd0\xdf") },
        { true, 0, -128, RIV_BYTES_INIT("\xd0\x80") },
        { true, 0, -129, RIV_BYTES_INIT("\xd1\xff\x7f") },
        { true, 0, -32768, RIV_BYTES_INIT("\xd1\x80\x00") },
        { true, 0, -32769, RIV_BYTES_INIT("\xd2\xff\xff\x7f\xff") },
        { true, 0, INT32_MIN, RIV_BYTES_INIT("\xd2\x80\0\0\0") },
        { true, 0, (int64_t)INT32_MIN - 1, RIV_BYTES_INIT("\xd3\xff\xff\xff\xff\x7f\xff\xff\xff") },
        { true, 0, INT64_MIN, RIV_BYTES_INIT("\xd3\x80\0\0\0\0\0\0\0") },
    };
    riv_buf out = { 0 };
    for (size_t i = 0; i < RIV_COUNT(rows); i++) {
        riv_buf_clear(&out);
        if (rows[i].negative)
            codec_mp_put_int(&out, rows[i].i64);
        else
            codec_mp_put_uint(&out, rows[i].u64);
        if (!riv_bytes_eq(riv_buf_view(&out), rows[i].want)) fail_msg("row %zu", i);
    }
    riv_buf_free(&out);
}

/* Heads of texts, byte strings and containers at each border of length. */
static void test_heads_written(void **state)
{
    (void)state;
    static const struct {
        uint32_t  len;
        riv_bytes str, bin, array, map;
    } rows[] = {
        { 0, RIV_BYTES_INIT("\xa0"), RIV_BYTES_INIT("\xc4\0"), RIV_BYTES_INIT("\x90"), RIV_BYTES_INIT("\x80") },
        { 15, RIV_BYTES_INIT("\xaf"), RIV_BYTES_INIT("\xc4\x0f"), RIV_BYTES_INIT("\x9f"), RIV_BYTES_INIT("\x8f") },
        { 16, RIV_BYTES_INIT("\xb0"), RIV_BYTES_INIT("\xc4\x10"), RIV_BYTES_INIT("\xdc\0\x10"),
          RIV_BYTES_INIT("\xde\0\x10") },
        { 31, RIV_BYTES_INIT("\xbf"), RIV_BYTES_INIT("\xc4\x1f"), RIV_BYTES_INIT("\xdc\0\x1f"),
          RIV_BYTES_INIT("\xde\0\x1f") },
        { 32, RIV_BYTES_INIT("\xd9\x20"), RIV_BYTES_INIT("\xc4\x20"), RIV_BYTES_INIT("\xdc\0\x20"),
          RIV_BYTES_INIT("\xde\0\x20") },
        { 256, RIV_BYTES_INIT("\xda\1\0"), RIV_BYTES_INIT("\xc5\1\0"), RIV_BYTES_INIT("\xdc\1\0"),
          RIV_BYTES_INIT("\xde\1\0") },
        { 65536, RIV_BYTES_INIT("\xdb\0\1\0\0"), RIV_BYTES_INIT("\xc6\0\1\0\0"), RIV_BYTES_INIT("\xdd\0\1\0\0"),
          RIV_BYTES_INIT("\xdf\0\1\0\0") },
    };
    static const char long_text[65536];
    riv_buf           out = { 0 };
    for (size_t i = 0; i < RIV_COUNT(rows); i++) {
        riv_str text = { long_text, rows[i].len };
        riv_buf_clear(&out);
        codec_mp_put_str(&out, text);
        assert_int_equal(out.len, rows[i].str.len + rows[i].len);
        assert_true(riv_bytes_eq(riv_bytes_sub(riv_buf_view(&out), 0, rows[i].str.len), rows[i].str));
        riv_buf_clear(&out);
        codec_mp_put_bin(&out, riv_str_bytes(text));
        assert_int_equal(out.len, rows[i].bin.len + rows[i].len);
        assert_true(riv_bytes_eq(riv_bytes_sub(riv_buf_view(&out), 0, rows[i].bin.len), rows[i].bin));
        riv_buf_clear(&out);
        codec_mp_put_array(&out, rows[i].len);
        assert_true(riv_bytes_eq(riv_buf_view(&out), rows[i].array));
        riv_buf_clear(&out);
        codec_mp_put_map(&out, rows[i].len);
        assert_true(riv_bytes_eq(riv_buf_view(&out), rows[i].map));
    }
    riv_buf_free(&out);
}

static void test_bytes(void **state)
{
    (void)state;
    static const riv_bytes good[] = {
        RIV_BYTES_INIT("\xa3\1\x80\xff"),                           /* a text, valid or not */
        RIV_BYTES_INIT("\xc4\3\1\x80\xff"),                         /* bin */
        RIV_BYTES_INIT("\x93\1\xcc\x80\xcc\xff"),                   /* numbers of the smallest form */
        RIV_BYTES_INIT("\xdc\0\3\xcd\0\1\xce\0\0\0\x80\xd1\0\xff"), /* numbers of any form */
    };
    static const struct {
        riv_bytes in;
        uint64_t  pos;
    } bad[] = {
        { RIV_BYTES_INIT("\x93\1\xcd\1\0\1"), 2 },
        { RIV_BYTES_INIT("\x92\1\xff"), 2 },
        { RIV_BYTES_INIT("\x92\1\xa0"), 2 },
        { RIV_BYTES_INIT("\x80"), 0 },
        { RIV_BYTES_INIT("\xc0"), 0 },
        { RIV_BYTES_INIT("\x05"), 0 },
        { RIV_BYTES_INIT("\xc4\3\1\2"), 0 },
        { RIV_BYTES_INIT("\x92\1\xcc"), 2 },
    };
    riv_arena *arena = riv_arena_new(0);
    for (size_t i = 0; i < RIV_COUNT(good); i++) {
        riv_reader r = riv_reader_of(good[i]);
        riv_bytes  got;
        assert_int_equal(codec_mp_bytes(&r, arena, NULL, &got), RIV_OK);
        assert_true(riv_bytes_eq(got, RIV_BYTES("\1\x80\xff")));
        assert_int_equal(riv_reader_left(&r), 0);
    }
    for (size_t i = 0; i < RIV_COUNT(bad); i++) {
        riv_reader r     = riv_reader_of(bad[i].in);
        riv_fault  fault = { 0 };
        riv_bytes  got;
        assert_int_equal(codec_mp_bytes(&r, arena, &fault, &got), RIV_E_MALFORMED);
        assert_int_equal(fault.pos, bad[i].pos);
    }
    riv_arena_free(arena);
}

static void test_skip(void **state)
{
    (void)state;
    /* {"a": [1, {}, -1.5], nil: ext} then 7 */
    riv_reader r = riv_reader_of(RIV_BYTES("\x82\xa1"
                                           "a\x93\1\x80\xcb\xbf\xf8\0\0\0\0\0\0\xc0\xd4\1z\7"));
    assert_int_equal(codec_mp_skip(&r, NULL), RIV_OK);
    assert_int_equal(riv_reader_left(&r), 1);
    assert_int_equal(codec_mp_skip(&r, NULL), RIV_OK);
    assert_int_equal(codec_mp_skip(&r, NULL), RIV_E_MALFORMED);
    r = riv_reader_of(RIV_BYTES("\x92\1"));
    assert_int_equal(codec_mp_skip(&r, NULL), RIV_E_MALFORMED);
}

static void test_depth(void **state)
{
    (void)state;
    riv_arena      *arena = riv_arena_new(0);
    uint8_t         nest[CODEC_MSGPACK_DEPTH_MAX + 2];
    const riv_json *v;
    memset(nest, 0x91, sizeof nest);
    nest[CODEC_MSGPACK_DEPTH_MAX]     = 0xc0;
    nest[CODEC_MSGPACK_DEPTH_MAX + 1] = 0xc0;
    riv_reader r                      = riv_reader_of((riv_bytes){ nest, sizeof nest - 1 });
    assert_int_equal(codec_mp_skip(&r, NULL), RIV_OK);
    r = riv_reader_of((riv_bytes){ nest, sizeof nest - 1 });
    assert_int_equal(codec_mp_json(&r, arena, NULL, &v), RIV_OK);
    nest[CODEC_MSGPACK_DEPTH_MAX] = 0x91;
    r                             = riv_reader_of((riv_bytes){ nest, sizeof nest });
    assert_int_equal(codec_mp_skip(&r, NULL), RIV_E_LIMIT);
    r = riv_reader_of((riv_bytes){ nest, sizeof nest });
    assert_int_equal(codec_mp_json(&r, arena, NULL, &v), RIV_E_LIMIT);
    riv_arena_free(arena);
}

static void test_json(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        riv_bytes   bytes;
    } rows[] = {
        { "null", RIV_BYTES_INIT("\xc0") },
        { "[true,false,0,-1,18446744073709551615]",
          RIV_BYTES_INIT("\x95\xc3\xc2\0\xff\xcf\xff\xff\xff\xff\xff\xff\xff\xff") },
        { "{\"a\":[],\"b\":{}}", RIV_BYTES_INIT("\x82\xa1"
                                                "a\x90\xa1"
                                                "b\x80") },
        { "100.0", RIV_BYTES_INIT("\xcb\x40\x59\0\0\0\0\0\0") },
        { "\"\xc3\xa9\"", RIV_BYTES_INIT("\xa2\xc3\xa9") },
    };
    riv_arena *arena = riv_arena_new(0);
    for (size_t i = 0; i < RIV_COUNT(rows); i++) {
        const riv_json *v, *back;
        riv_buf         out = riv_buf_in(arena);
        assert_int_equal(riv_json_parse(riv_str_c(rows[i].json), arena, NULL, &v), RIV_OK);
        codec_mp_put_json(&out, v);
        assert_true(riv_bytes_eq(riv_buf_view(&out), rows[i].bytes));
        riv_reader r = riv_reader_of(rows[i].bytes);
        assert_int_equal(codec_mp_json(&r, arena, NULL, &back), RIV_OK);
        assert_true(riv_json_eq(v, back));
    }
    riv_arena_free(arena);
}

/* What serde_json's Value takes from MessagePack, and what it does not. */
static void test_json_odd(void **state)
{
    (void)state;
    static const struct {
        riv_bytes   in;
        const char *json; /* NULL: refused */
    } rows[] = {
        { RIV_BYTES_INIT("\x82\xa1"
                         "b\1\xa1"
                         "a\2"),
          "{\"a\":2,\"b\":1}" },
        { RIV_BYTES_INIT("\x82\xa1"
                         "a\1\xa1"
                         "a\2"),
          "{\"a\":2}" },
        { RIV_BYTES_INIT("\xca\x3f\xc0\0\0"), "1.5" },
        { RIV_BYTES_INIT("\xcb\x7f\xf0\0\0\0\0\0\0"), "null" }, /* infinity */
        { RIV_BYTES_INIT("\xcb\x7f\xf8\0\0\0\0\0\0"), "null" }, /* not a number */
        { RIV_BYTES_INIT("\x81\1\2"), NULL },
        { RIV_BYTES_INIT("\x81\xc4\1a\2"), NULL },
        { RIV_BYTES_INIT("\xc4\1a"), NULL },
        { RIV_BYTES_INIT("\xd4\1a"), NULL },
        { RIV_BYTES_INIT("\x92\1"), NULL },
    };
    riv_arena *arena = riv_arena_new(0);
    for (size_t i = 0; i < RIV_COUNT(rows); i++) {
        const riv_json *v;
        riv_reader      r   = riv_reader_of(rows[i].in);
        riv_err         err = codec_mp_json(&r, arena, NULL, &v);
        assert_int_equal(err, rows[i].json ? RIV_OK : RIV_E_MALFORMED);
        if (!err) assert_true(riv_str_eq(riv_json_text(v, arena), riv_str_c(rows[i].json)));
    }
    riv_arena_free(arena);
}

/* An arena's budget ends a value that would need too much. */
static void test_json_budget(void **state)
{
    (void)state;
    riv_buf in = { 0 };
    codec_mp_put_array(&in, 100000);
    for (int i = 0; i < 100000; i++) riv_put_u8(&in, 1);
    riv_arena      *arena = riv_arena_new(100000);
    riv_reader      r     = riv_reader_of(riv_buf_view(&in));
    const riv_json *v;
    assert_int_equal(codec_mp_json(&r, arena, NULL, &v), RIV_E_LIMIT);
    riv_arena_free(arena);
    riv_buf_free(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars),       cmocka_unit_test(test_refused), cmocka_unit_test(test_integers_written),
        cmocka_unit_test(test_heads_written), cmocka_unit_test(test_bytes),   cmocka_unit_test(test_skip),
        cmocka_unit_test(test_depth),         cmocka_unit_test(test_json),    cmocka_unit_test(test_json_odd),
        cmocka_unit_test(test_json_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
