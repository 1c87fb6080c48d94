/* base_test.c: RFC 4648 vectors, base58 vectors, one content id in every multibase (made with the npm package multiformats 13), and
 * texts that must be refused with their place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/codec.h"

typedef void (*put_fn)(riv_buf *out, riv_bytes data);
typedef riv_err (*read_fn)(riv_str text, riv_buf *out, riv_fault *fault);

static const struct {
    put_fn    put;
    read_fn   read;
    riv_bytes bytes;
    riv_str   text;
} both_ways[] = {
    { codec_put_base64, codec_read_base64, RIV_BYTES_INIT(""), RIV_LIT_INIT("") },
    { codec_put_base64, codec_read_base64, RIV_BYTES_INIT("f"), RIV_LIT_INIT("Zg==") },
    { codec_put_base64, codec_read_base64, RIV_BYTES_INIT("fo"), RIV_LIT_INIT("Zm8=") },
    { codec_put_base64, codec_read_base64, RIV_BYTES_INIT("foo"), RIV_LIT_INIT("Zm9v") },
    { codec_put_base64, codec_read_base64, RIV_BYTES_INIT("foob"), RIV_LIT_INIT("Zm9vYg==") },
    { codec_put_base64, codec_read_base64, RIV_BYTES_INIT("fooba"), RIV_LIT_INIT("Zm9vYmE=") },
    { codec_put_base64, codec_read_base64, RIV_BYTES_INIT("foobar"), RIV_LIT_INIT("Zm9vYmFy") },
    { codec_put_base64, codec_read_base64, RIV_BYTES_INIT("\xfb\xff\xbe"), RIV_LIT_INIT("+/++") },
    { codec_put_base32, codec_read_base32, RIV_BYTES_INIT(""), RIV_LIT_INIT("") },
    { codec_put_base32, codec_read_base32, RIV_BYTES_INIT("f"), RIV_LIT_INIT("my") },
    { codec_put_base32, codec_read_base32, RIV_BYTES_INIT("fo"), RIV_LIT_INIT("mzxq") },
    { codec_put_base32, codec_read_base32, RIV_BYTES_INIT("foo"), RIV_LIT_INIT("mzxw6") },
    { codec_put_base32, codec_read_base32, RIV_BYTES_INIT("foob"), RIV_LIT_INIT("mzxw6yq") },
    { codec_put_base32, codec_read_base32, RIV_BYTES_INIT("fooba"), RIV_LIT_INIT("mzxw6ytb") },
    { codec_put_base32, codec_read_base32, RIV_BYTES_INIT("foobar"), RIV_LIT_INIT("mzxw6ytboi") },
    { codec_put_base58, codec_read_base58, RIV_BYTES_INIT(""), RIV_LIT_INIT("") },
    { codec_put_base58, codec_read_base58, RIV_BYTES_INIT("Hello World!"), RIV_LIT_INIT("2NEpo7TZRRrLZSi2U") },
    { codec_put_base58, codec_read_base58, RIV_BYTES_INIT("The quick brown fox jumps over the lazy dog."),
      RIV_LIT_INIT("USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z") },
    { codec_put_base58, codec_read_base58, RIV_BYTES_INIT("\0\0\x28\x7f\xb4\xcd"), RIV_LIT_INIT("11233QC4") },
    { codec_put_base58, codec_read_base58, RIV_BYTES_INIT("\0\0\0"), RIV_LIT_INIT("111") },
    { codec_put_hex, codec_read_hex, RIV_BYTES_INIT("\x00\x9a\xff"), RIV_LIT_INIT("009aff") },
};

static void test_both_ways(void **state)
{
    (void)state;
    riv_buf out = { 0 };
    for (size_t i = 0; i < RIV_COUNT(both_ways); i++) {
        riv_buf_clear(&out);
        both_ways[i].put(&out, both_ways[i].bytes);
        assert_true(riv_str_eq(riv_buf_str(&out), both_ways[i].text));
        riv_buf_clear(&out);
        riv_put_u8(&out, 'x'); /* what stands in the buffer stays */
        assert_int_equal(both_ways[i].read(both_ways[i].text, &out, NULL), RIV_OK);
        assert_true(riv_bytes_eq(riv_bytes_sub(riv_buf_view(&out), 1, out.len), both_ways[i].bytes));
    }
    riv_buf_free(&out);
}

static const struct {
    read_fn  read;
    riv_str  text;
    riv_err  err;
    uint64_t pos;
} refused[] = {
    { codec_read_base64, RIV_LIT_INIT("Zg="), RIV_E_MALFORMED, 3 },
    { codec_read_base64, RIV_LIT_INIT("Zg"), RIV_E_MALFORMED, 2 },
    { codec_read_base64, RIV_LIT_INIT("Zh=="), RIV_E_MALFORMED, 2 }, /* bits behind the end */
    { codec_read_base64, RIV_LIT_INIT("Z==="), RIV_E_MALFORMED, 1 },
    { codec_read_base64, RIV_LIT_INIT("===="), RIV_E_MALFORMED, 0 },
    { codec_read_base64, RIV_LIT_INIT("Zg==Zg=="), RIV_E_MALFORMED, 2 },
    { codec_read_base64, RIV_LIT_INIT("Zm-v"), RIV_E_MALFORMED, 2 },
    { codec_read_base64, RIV_LIT_INIT("Zm9\n"), RIV_E_MALFORMED, 3 },
    { codec_read_base32, RIV_LIT_INIT("mz"), RIV_E_MALFORMED, 2 },
    { codec_read_base32, RIV_LIT_INIT("mzx"), RIV_E_MALFORMED, 3 },
    { codec_read_base32, RIV_LIT_INIT("MY"), RIV_E_MALFORMED, 0 },
    { codec_read_base32, RIV_LIT_INIT("m1"), RIV_E_MALFORMED, 1 },
    { codec_read_base32, RIV_LIT_INIT("my======"), RIV_E_MALFORMED, 2 },
    { codec_read_base58, RIV_LIT_INIT("10"), RIV_E_MALFORMED, 1 },
    { codec_read_base58, RIV_LIT_INIT("abcI"), RIV_E_MALFORMED, 3 },
    { codec_read_base58, RIV_LIT_INIT("abc\xff"), RIV_E_MALFORMED, 3 },
    { codec_read_hex, RIV_LIT_INIT("0"), RIV_E_MALFORMED, 1 },
    { codec_read_hex, RIV_LIT_INIT("0g"), RIV_E_MALFORMED, 1 },
    { codec_read_hex, RIV_LIT_INIT("00/0"), RIV_E_MALFORMED, 2 },
    { codec_read_multibase, RIV_LIT_INIT(""), RIV_E_MALFORMED, 0 },
    { codec_read_multibase, RIV_LIT_INIT("!00"), RIV_E_UNSUPPORTED, 0 },
    { codec_read_multibase, RIV_LIT_INIT("f0A"), RIV_E_MALFORMED, 1 },
    { codec_read_multibase, RIV_LIT_INIT("F0a"), RIV_E_MALFORMED, 1 },
    { codec_read_multibase, RIV_LIT_INIT("01"), RIV_E_MALFORMED, 1 },
};

static void test_refused(void **state)
{
    (void)state;
    riv_buf out = { 0 };
    riv_put_u8(&out, 'x');
    for (size_t i = 0; i < RIV_COUNT(refused); i++) {
        riv_fault fault = { 0 };
        assert_int_equal(refused[i].read(refused[i].text, &out, &fault), refused[i].err);
        assert_int_equal(fault.pos, refused[i].pos);
        assert_int_equal(out.len, 1); /* nothing half done stays */
    }
    riv_buf_free(&out);
}

static void test_base58_limit(void **state)
{
    (void)state;
    char text[1025];
    memset(text, 'z', sizeof text);
    riv_buf out = { 0 };
    assert_int_equal(codec_read_base58((riv_str){ text, 1024 }, &out, NULL), RIV_OK);
    assert_int_equal(codec_read_base58((riv_str){ text, 1025 }, &out, NULL), RIV_E_LIMIT);
    riv_buf_free(&out);
}

static const riv_str multibase_yes[] = {
    RIV_LIT_INIT("001111001011001010111001100100000011011010110000101101110011010010010000000100001"),
    RIV_LIT_INIT("7362625631006654133464440102"),
    RIV_LIT_INIT("9573277761329450583662625"),
    RIV_LIT_INIT("f796573206d616e692021"),
    RIV_LIT_INIT("F796573206D616E692021"),
    RIV_LIT_INIT("bpfsxgidnmfxgsibb"),
    RIV_LIT_INIT("BPFSXGIDNMFXGSIBB"),
    RIV_LIT_INIT("cpfsxgidnmfxgsibb"),
    RIV_LIT_INIT("CPFSXGIDNMFXGSIBB"),
    RIV_LIT_INIT("vf5in683dc5n6i811"),
    RIV_LIT_INIT("VF5IN683DC5N6I811"),
    RIV_LIT_INIT("tf5in683dc5n6i811"),
    RIV_LIT_INIT("TF5IN683DC5N6I811"),
    RIV_LIT_INIT("hxf1zgedpcfzg1ebb"),
    RIV_LIT_INIT("k2lcpzo5yikidynfl"),
    RIV_LIT_INIT("K2LCPZO5YIKIDYNFL"),
    RIV_LIT_INIT("z7paNL19xttacUY"),
    RIV_LIT_INIT("Z7Pznk19XTTzBtx"),
    RIV_LIT_INIT("meWVzIG1hbmkgIQ"),
    RIV_LIT_INIT("MeWVzIG1hbmkgIQ=="),
    RIV_LIT_INIT("ueWVzIG1hbmkgIQ"),
    RIV_LIT_INIT("UeWVzIG1hbmkgIQ=="),
};

/* Two zero bytes in front, and the last digits of each base. */
static const riv_str multibase_zeros[] = {
    RIV_LIT_INIT("0000000000000000011111111"),
    RIV_LIT_INIT("700000377"),
    RIV_LIT_INIT("900255"),
    RIV_LIT_INIT("f0000ff"),
    RIV_LIT_INIT("baaap6"),
    RIV_LIT_INIT("caaap6==="),
    RIV_LIT_INIT("v000fu"),
    RIV_LIT_INIT("t000fu==="),
    RIV_LIT_INIT("hyyyx6"),
    RIV_LIT_INIT("k0073"),
    RIV_LIT_INIT("z115Q"),
    RIV_LIT_INIT("Z115p"),
    RIV_LIT_INIT("mAAD/"),
    RIV_LIT_INIT("uAAD_"),
};

static void test_multibase(void **state)
{
    (void)state;
    riv_buf out = { 0 };
    for (size_t i = 0; i < RIV_COUNT(multibase_yes); i++) {
        riv_buf_clear(&out);
        assert_int_equal(codec_read_multibase(multibase_yes[i], &out, NULL), RIV_OK);
        assert_true(riv_bytes_eq(riv_buf_view(&out), RIV_BYTES("yes mani !")));
    }
    for (size_t i = 0; i < RIV_COUNT(multibase_zeros); i++) {
        riv_buf_clear(&out);
        assert_int_equal(codec_read_multibase(multibase_zeros[i], &out, NULL), RIV_OK);
        assert_true(riv_bytes_eq(riv_buf_view(&out), RIV_BYTES("\0\0\xff")));
    }
    riv_buf_free(&out);
}

static void test_round_trip(void **state)
{
    (void)state;
    static const struct {
        put_fn  put;
        read_fn read;
    } pairs[]       = { { codec_put_base58, codec_read_base58 },
                        { codec_put_base32, codec_read_base32 },
                        { codec_put_base64, codec_read_base64 },
                        { codec_put_hex, codec_read_hex } };
    riv_prng random = riv_prng_seed(2);
    riv_buf  text = { 0 }, bytes = { 0 };
    uint8_t  data[100];
    for (int i = 0; i < 4000; i++) {
        size_t len = (size_t)riv_prng_below(&random, sizeof data + 1), p = (size_t)i % RIV_COUNT(pairs);
        riv_prng_fill(&random, data, len);
        if (len) memset(data, 0, (size_t)riv_prng_below(&random, RIV_MIN(len, 5)));
        riv_buf_clear(&text);
        riv_buf_clear(&bytes);
        pairs[p].put(&text, (riv_bytes){ data, len });
        assert_int_equal(pairs[p].read(riv_buf_str(&text), &bytes, NULL), RIV_OK);
        assert_true(riv_bytes_eq(riv_buf_view(&bytes), (riv_bytes){ data, len }));
    }
    riv_buf_free(&text);
    riv_buf_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ways), cmocka_unit_test(test_refused),    cmocka_unit_test(test_base58_limit),
        cmocka_unit_test(test_multibase), cmocka_unit_test(test_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
