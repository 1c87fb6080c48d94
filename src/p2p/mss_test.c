/* mss_test.c: multistream messages, negotiation in one go and byte by byte, refusals, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* the order matters to cmocka */
#include <cmocka.h>

#include "p2p/testing.h"

#define HEADER "\x13/multistream/1.0.0\n"

static void messages(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        riv_bytes   in;
        riv_err     want;
        uint64_t    pos;
    } cases[] = {
        { "header", RIV_BYTES_INIT(HEADER), RIV_OK, 0 },
        { "nothing", RIV_BYTES_INIT(""), RIV_MORE, 0 },
        { "cut in the text", RIV_BYTES_INIT("\x13/multistream"), RIV_MORE, 0 },
        { "cut in the length", RIV_BYTES_INIT("\x93"), RIV_MORE, 0 },
        { "no newline", RIV_BYTES_INIT("\3abc"), RIV_E_MALFORMED, 3 },
        { "empty", RIV_BYTES_INIT("\0"), RIV_E_MALFORMED, 0 },
        { "1025 bytes", RIV_BYTES_INIT("\x81\x08"), RIV_E_LIMIT, 0 },
        { "1024 bytes to come", RIV_BYTES_INIT("\x80\x08"), RIV_MORE, 0 },
        { "4 GiB", RIV_BYTES_INIT("\x80\x80\x80\x80\x10"), RIV_E_LIMIT, 0 },
        { "length not minimal",
          RIV_BYTES_INIT("\x82\x00"
                         "a\n"),
          RIV_E_MALFORMED, 0 },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_reader r     = riv_reader_of(cases[i].in);
        riv_fault  fault = { 0 };
        riv_str    text;
        riv_err    err = mss_message_read(&r, &fault, &text);
        if (err != cases[i].want) fail_msg("%s: %s", cases[i].name, riv_err_name(err));
        if (err == RIV_MORE) assert_int_equal(r.pos, 0);
        if (err > RIV_MORE && cases[i].want != RIV_E_MALFORMED) assert_int_equal(fault.pos, cases[i].pos);
    }
}

static const riv_str offers[] = { RIV_LIT_INIT("/a/1"), RIV_LIT_INIT("/b/1") };

/* All dialer bytes at once or one at a time: the same answer, and what follows is not touched. */
static void listener_answers(void **state)
{
    (void)state;
    riv_buf all = { 0 };
    riv_put_str(&all, RIV_LIT(HEADER));
    mss_message_write(RIV_LIT("/x/9"), &all);
    mss_message_write(RIV_LIT("ls"), &all);
    mss_message_write(RIV_LIT("/b/1"), &all);
    size_t end = all.len;
    riv_put_str(&all, RIV_LIT("data"));
    riv_bytes in = riv_buf_view(&all);
    for (size_t step = 1; step <= in.len; step++) {
        mss         m;
        mss_outcome outcome = { 0 };
        riv_buf     out     = { 0 };
        riv_fault   fault   = { 0 };
        riv_err     err     = RIV_MORE;
        size_t      used    = 0;
        mss_listen(&m, offers, RIV_COUNT(offers));
        for (size_t have = step; err == RIV_MORE && have <= in.len + step; have += step) {
            riv_reader r = riv_reader_of(riv_bytes_sub(in, used, have));
            err          = mss_feed(&m, &r, &fault, &out, &outcome);
            used += r.pos;
        }
        assert_int_equal(err, RIV_OK);
        assert_int_equal(used, end);
        assert_true(outcome.agreed);
        assert_int_equal(outcome.index, 1);
        assert_true(riv_str_eq(riv_buf_str(&out), RIV_LIT(HEADER "\3na\n\3na\n"
                                                                 "\5/b/1\n")));
        riv_buf_free(&out);
    }
    riv_buf_free(&all);
}

static void dialer_reads_the_answer(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        riv_err     err;
        bool        agreed;
    } cases[] = { { "/a/1", RIV_OK, true }, { "na", RIV_OK, false }, { "/a/2", RIV_E_MALFORMED, false } };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        mss         m;
        mss_outcome outcome = { 0 };
        riv_buf     out = { 0 }, in = { 0 };
        mss_dial(&m, RIV_LIT("/a/1"), &out);
        assert_true(riv_str_eq(riv_buf_str(&out), RIV_LIT(HEADER "\5/a/1\n")));
        riv_put_str(&in, RIV_LIT(HEADER));
        mss_message_write(riv_str_c(cases[i].answer), &in);
        riv_reader r = riv_reader_of(riv_buf_view(&in));
        assert_int_equal(mss_feed(&m, &r, NULL, &out, &outcome), cases[i].err);
        assert_int_equal(outcome.agreed, cases[i].agreed);
        riv_buf_free(&in);
        riv_buf_free(&out);
    }
}

static void endless_proposals_end(void **state)
{
    (void)state;
    mss         m;
    mss_outcome outcome;
    riv_buf     out = { 0 }, in = { 0 };
    riv_fault   fault = { 0 };
    riv_put_str(&in, RIV_LIT(HEADER));
    for (int i = 0; i < 100; i++) mss_message_write(RIV_LIT("/never"), &in);
    mss_listen(&m, offers, RIV_COUNT(offers));
    riv_reader r = riv_reader_of(riv_buf_view(&in));
    assert_int_equal(mss_feed(&m, &r, &fault, &out, &outcome), RIV_E_LIMIT);
    assert_int_equal(fault.pos, 20 + MSS_TRIES_MAX * 8);
    riv_buf_free(&in);
    riv_buf_free(&out);

    mss_listen(&m, offers, RIV_COUNT(offers));
    r     = riv_reader_of(RIV_BYTES("\x13/multistream/2.0.0\n"));
    fault = (riv_fault){ 0 };
    assert_int_equal(mss_feed(&m, &r, &fault, &out, &outcome), RIV_E_UNSUPPORTED);
    assert_string_equal(fault.msg, "the peer does not speak /multistream/1.0.0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages),
        cmocka_unit_test(listener_answers),
        cmocka_unit_test(dialer_reads_the_answer),
        cmocka_unit_test(endless_proposals_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
