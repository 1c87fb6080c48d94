/* varint_test.c: forms of every length, needless zeros, cut and endless numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/codec.h"

static const struct {
    riv_bytes in;
    riv_err   err;
    uint64_t  value;
} cases[] = {
    { RIV_BYTES_INIT("\0"), RIV_OK, 0 },
    { RIV_BYTES_INIT("\1"), RIV_OK, 1 },
    { RIV_BYTES_INIT("\x7f"), RIV_OK, 127 },
    { RIV_BYTES_INIT("\x80\1"), RIV_OK, 128 },
    { RIV_BYTES_INIT("\xff\1"), RIV_OK, 255 },
    { RIV_BYTES_INIT("\xac\2"), RIV_OK, 300 },
    { RIV_BYTES_INIT("\x80\x80\1"), RIV_OK, 16384 },
    { RIV_BYTES_INIT("\x81\4"), RIV_OK, 0x201 },
    { RIV_BYTES_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), RIV_OK, INT64_MAX },
    { RIV_BYTES_INIT(""), RIV_MORE, 0 },
    { RIV_BYTES_INIT("\x80"), RIV_MORE, 0 },
    { RIV_BYTES_INIT("\xff\xff\xff\xff\xff\xff\xff\xff"), RIV_MORE, 0 },
    { RIV_BYTES_INIT("\x80\0"), RIV_E_MALFORMED, 0 },
    { RIV_BYTES_INIT("\x81\x80\0"), RIV_E_MALFORMED, 0 },
    { RIV_BYTES_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff"), RIV_E_MALFORMED, 0 },
    { RIV_BYTES_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"), RIV_E_MALFORMED, 0 },
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_reader r     = riv_reader_of(cases[i].in);
        uint64_t   value = 0;
        riv_fault  fault = { 0 };
        assert_int_equal(codec_read_varint(&r, &fault, &value), cases[i].err);
        assert_int_equal(value, cases[i].value);
        assert_int_equal(r.pos, cases[i].err ? 0 : cases[i].in.len);
        assert_false(r.short_read);
        assert_int_equal(fault.err, cases[i].err == RIV_MORE ? RIV_OK : cases[i].err);
    }
}

static void test_round_trip(void **state)
{
    (void)state;
    riv_prng random = riv_prng_seed(1);
    riv_buf  out    = { 0 };
    for (int i = 0; i < 20000; i++) {
        uint64_t v = riv_prng_u64(&random) >> (1 + riv_prng_below(&random, 63)), got = 0;
        riv_buf_clear(&out);
        codec_put_varint(&out, v);
        riv_put_u8(&out, 0x55); /* what comes after is left alone */
        riv_reader r = riv_reader_of(riv_buf_view(&out));
        assert_int_equal(codec_read_varint(&r, NULL, &got), RIV_OK);
        assert_int_equal(got, v);
        assert_int_equal(riv_reader_left(&r), 1);
    }
    riv_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases), cmocka_unit_test(test_round_trip) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
