/* log_test.c: records for people and as JSON; hostile values stay on their line. */
#include "host/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static riv_str record(riv_buf *out, host_log_format format, riv_str text)
{
    host_log_config config   = { .format = format };
    riv_log_field   fields[] = { LOG_STR("id", text), LOG_U64("bytes", 7), LOG_I64("code", -3), LOG_BOOL("ok", true) };
    riv_buf_clear(out);
    host_log_record(&config, UINT64_C(1700000000123456), RIV_LOG_WARN, "particle.sent", fields, RIV_COUNT(fields), out);
    return riv_buf_str(out);
}

static void test_json(void **state)
{
    (void)state;
    riv_buf out = { 0 };
    assert_true(riv_str_eq(
        record(&out, HOST_LOG_JSON, RIV_LIT("a\"b")),
        RIV_LIT("{\"ts\":1700000000123456,\"level\":\"warn\",\"event\":\"particle.sent\",\"id\":\"a\\\"b\",\"bytes\":7,"
                "\"code\":-3,\"ok\":true}\n")));
    riv_buf_free(&out);
}

static void test_human(void **state)
{
    (void)state;
    riv_buf out  = { 0 };
    riv_str line = record(&out, HOST_LOG_HUMAN, RIV_LIT("p-1"));
    assert_true(riv_str_ends(line, RIV_LIT(".123 WARN  particle.sent id=p-1 bytes=7 code=-3 ok=true\n")));
    riv_buf_free(&out);
}

/* Whatever a peer puts into a text: one line, no control bytes, valid JSON, bounded. */
static void test_hostile(void **state)
{
    riv_prng prng = riv_prng_seed(42);
    riv_buf  out  = { 0 };
    (void)state;
    for (int round = 0; round < 2000; round++) {
        uint8_t         bytes[64];
        riv_arena      *a = riv_arena_new(0);
        const riv_json *doc;
        size_t          len = (size_t)riv_prng_below(&prng, sizeof bytes);
        riv_prng_fill(&prng, bytes, len);
        riv_str text = { (char *)bytes, len };
        for (int format = 0; format < 2; format++) {
            riv_str line = record(&out, format ? HOST_LOG_JSON : HOST_LOG_HUMAN, text);
            for (size_t i = 0; i + 1 < line.len; i++)
                assert_true((unsigned char)line.ptr[i] >= ' ' && (format || line.ptr[i] != 0x7f));
            assert_int_equal(line.ptr[line.len - 1], '\n');
            if (format) assert_int_equal(riv_json_parse(line, a, NULL, &doc), RIV_OK);
        }
        riv_arena_free(a);
    }
    riv_buf long_text = { 0 };
    memset(riv_buf_room(&long_text, 1 << 20), 'x', 1 << 20);
    assert_true(record(&out, HOST_LOG_JSON, riv_buf_str(&long_text)).len < 4096);
    riv_buf_free(&long_text);
    riv_buf_free(&out);
}

static void test_levels(void **state)
{
    riv_log_level level;
    (void)state;
    assert_true(host_log_level(RIV_LIT("debug"), &level));
    assert_int_equal(level, RIV_LOG_DEBUG);
    assert_false(host_log_level(RIV_LIT("loud"), &level));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_json), cmocka_unit_test(test_human),
                                        cmocka_unit_test(test_hostile), cmocka_unit_test(test_levels) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
