/* pb_test.c: the fields of a message, each wire type, and broken messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/codec.h"

static void test_fields(void **state)
{
    (void)state;
    /* 1: 150; 2: "testing"; 3: i32 1; 4: i64 2; 5: -1; 536870911: 0, its number in a form longer than needed */
    riv_bytes      in = RIV_BYTES("\x08\x96\x01\x12\x07testing\x1d\1\0\0\0\x21\2\0\0\0\0\0\0\0"
                                       "\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"
                                       "\xf8\xff\xff\xff\x0f\x80\x00");
    riv_reader     r  = riv_reader_of(in);
    codec_pb_field f;
    assert_int_equal(codec_pb_next(&r, NULL, &f), RIV_OK);
    assert_true(f.number == 1 && f.wire == CODEC_PB_VARINT && f.value == 150);
    assert_int_equal(codec_pb_next(&r, NULL, &f), RIV_OK);
    assert_true(f.number == 2 && f.wire == CODEC_PB_BYTES && riv_bytes_eq(f.bytes, RIV_BYTES("testing")));
    assert_int_equal(codec_pb_next(&r, NULL, &f), RIV_OK);
    assert_true(f.number == 3 && f.wire == CODEC_PB_I32 && f.value == 1);
    assert_int_equal(codec_pb_next(&r, NULL, &f), RIV_OK);
    assert_true(f.number == 4 && f.wire == CODEC_PB_I64 && f.value == 2);
    assert_int_equal(codec_pb_next(&r, NULL, &f), RIV_OK);
    assert_true(f.number == 5 && f.value == UINT64_MAX);
    assert_int_equal(codec_pb_next(&r, NULL, &f), RIV_OK);
    assert_true(f.number == 536870911 && f.value == 0);
    assert_int_equal(codec_pb_next(&r, NULL, &f), RIV_MORE);
    assert_int_equal(r.pos, in.len);
}

static const struct {
    const char *name;
    riv_bytes   in;
    uint64_t    pos;
} refused[] = {
    { "tag alone", RIV_BYTES_INIT("\x08"), 1 },
    { "tag cut", RIV_BYTES_INIT("\x88"), 0 },
    { "number 0", RIV_BYTES_INIT("\x00\x01"), 0 },
    { "number too large", RIV_BYTES_INIT("\x80\x80\x80\x80\x10\x00"), 0 },
    { "a group", RIV_BYTES_INIT("\x0b"), 0 },
    { "end of a group", RIV_BYTES_INIT("\x0c"), 0 },
    { "wire type 6", RIV_BYTES_INIT("\x0e\x00"), 0 },
    { "wire type 7", RIV_BYTES_INIT("\x0f\x00"), 0 },
    { "over 64 bits", RIV_BYTES_INIT("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), 1 },
    { "eleven bytes", RIV_BYTES_INIT("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"), 1 },
    { "bytes cut", RIV_BYTES_INIT("\x0a\x02x"), 1 },
    { "bytes without length", RIV_BYTES_INIT("\x0a"), 1 },
    { "bytes of 2^64-1", RIV_BYTES_INIT("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01xxx"), 1 },
    { "i32 cut", RIV_BYTES_INIT("\x0d\1\2\3"), 1 },
    { "i64 cut", RIV_BYTES_INIT("\x09\1\2\3\4\5\6\7"), 1 },
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(refused); i++) {
        riv_reader     r     = riv_reader_of(refused[i].in);
        riv_fault      fault = { 0 };
        codec_pb_field f     = { .number = 77 };
        riv_err        err   = codec_pb_next(&r, &fault, &f);
        if (err != RIV_E_MALFORMED || fault.pos != refused[i].pos || f.number != 77)
            fail_msg("%s: %s at %llu", refused[i].name, fault.msg, (unsigned long long)fault.pos);
    }
}

static void test_round_trip(void **state)
{
    (void)state;
    riv_prng random = riv_prng_seed(3);
    riv_buf  out    = { 0 };
    for (int i = 0; i < 5000; i++) {
        uint32_t  number = 1 + (uint32_t)riv_prng_below(&random, 1u << riv_prng_below(&random, 29));
        uint64_t  value  = riv_prng_u64(&random) >> riv_prng_below(&random, 64);
        riv_bytes bytes  = riv_bytes_sub(RIV_BYTES("some bytes"), 0, (size_t)riv_prng_below(&random, 11));
        riv_buf_clear(&out);
        codec_pb_put_varint(&out, number, value);
        codec_pb_put_bytes(&out, number, bytes);
        riv_reader     r = riv_reader_of(riv_buf_view(&out));
        codec_pb_field f;
        assert_int_equal(codec_pb_next(&r, NULL, &f), RIV_OK);
        assert_true(f.number == number && f.wire == CODEC_PB_VARINT && f.value == value);
        assert_int_equal(codec_pb_next(&r, NULL, &f), RIV_OK);
        assert_true(f.number == number && f.wire == CODEC_PB_BYTES && riv_bytes_eq(f.bytes, bytes));
        assert_int_equal(codec_pb_next(&r, NULL, &f), RIV_MORE);
    }
    riv_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
