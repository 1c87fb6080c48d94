/* identify_test.c: the message there and back, bad messages, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* the order matters to cmocka */
#include <cmocka.h>

#include "p2p/testing.h"

static void there_and_back(void **state)
{
    (void)state;
    const riv_str    protocols[] = { RIV_LIT("/a"), RIV_LIT("/b") };
    const riv_bytes  addrs[]     = { RIV_BYTES("\x04\x7f\0\0\1\x06\x1e\x61") };
    identify_message m           = { .public_key       = RIV_BYTES("key"),
                                     .observed_addr    = RIV_BYTES("seen"),
                                     .protocol_version = RIV_LIT("v"),
                                     .agent            = RIV_LIT("agent"),
                                     .protocols        = protocols,
                                     .protocols_count  = 2,
                                     .addrs            = addrs,
                                     .addrs_count      = 1 };
    identify_message back;
    riv_arena       *arena = riv_arena_new(0);
    riv_buf          one = riv_buf_in(arena), two = riv_buf_in(arena);
    riv_fault        fault = { 0 };
    identify_write(&m, &one);
    assert_int_equal(identify_read(riv_buf_view(&one), arena, &fault, &back), RIV_OK);
    assert_true(riv_str_eq(back.agent, m.agent) && riv_str_eq(back.protocol_version, m.protocol_version));
    assert_int_equal(back.protocols_count, 2);
    assert_true(riv_bytes_eq(back.addrs[0], addrs[0]) && riv_bytes_eq(back.observed_addr, m.observed_addr));
    identify_write(&back, &two);
    assert_true(riv_bytes_eq(riv_buf_view(&one), riv_buf_view(&two)));
    for (size_t len = 0; len < one.len; len++) { /* a cut is an error or a shorter message, never a crash */
        riv_err err = identify_read(riv_bytes_sub(riv_buf_view(&one), 0, len), arena, NULL, &back);
        assert_true(err == RIV_OK || err == RIV_E_MALFORMED);
    }
    riv_arena_free(arena);
}

static void bad_messages(void **state)
{
    (void)state;
    riv_arena       *arena = riv_arena_new(0);
    riv_buf          many  = riv_buf_in(arena);
    identify_message out;
    riv_fault        fault = { 0 };
    assert_int_equal(identify_read(RIV_BYTES("\x32\x02ok"
                                             "\x32\x02\xff\xff"),
                                   arena, &fault, &out),
                     RIV_E_MALFORMED);
    assert_int_equal(fault.pos, 4);
    assert_string_equal(fault.msg, "identify: agentVersion is not UTF-8");
    assert_int_equal(identify_read(RIV_BYTES("\x32\x09short"), arena, NULL, &out), RIV_E_MALFORMED);
    assert_int_equal(identify_read(RIV_BYTES("\x30\x07\x42\x01x"), arena, NULL, &out),
                     RIV_OK); /* another wire type; a signed record */
    assert_int_equal(out.agent.len, 0);
    for (int i = 0; i <= IDENTIFY_ITEMS_MAX; i++) codec_pb_put_bytes(&many, 3, RIV_BYTES("/p"));
    fault = (riv_fault){ 0 };
    assert_int_equal(identify_read(riv_buf_view(&many), arena, &fault, &out), RIV_E_LIMIT);
    assert_int_equal(fault.pos, 4 * IDENTIFY_ITEMS_MAX);
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(there_and_back), cmocka_unit_test(bad_messages) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
