/* yamux_test.c: headers, the rules of streams and windows, and what a session answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* the order matters to cmocka */
#include <cmocka.h>

#include "p2p/testing.h"

static void headers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        riv_bytes   in;
        riv_err     want;
        uint64_t    pos;
    } cases[] = {
        { "data",
          RIV_BYTES_INIT("\0\0\0\1"
                         "\0\0\0\1"
                         "\0\0\0\7"),
          RIV_OK, 0 },
        { "one byte short",
          RIV_BYTES_INIT("\0\2\0\1"
                         "\0\0\0\0"
                         "\0\0\0"),
          RIV_MORE, 0 },
        { "nothing", RIV_BYTES_INIT(""), RIV_MORE, 0 },
        { "version 1",
          RIV_BYTES_INIT("\1\2\0\1"
                         "\0\0\0\0"
                         "\0\0\0\7"),
          RIV_E_UNSUPPORTED, 0 },
        { "kind 4",
          RIV_BYTES_INIT("\0\4\0\1"
                         "\0\0\0\0"
                         "\0\0\0\7"),
          RIV_E_MALFORMED, 1 },
        { "flag 16",
          RIV_BYTES_INIT("\0\2\0\x10"
                         "\0\0\0\0"
                         "\0\0\0\7"),
          RIV_E_MALFORMED, 2 },
        { "data for the session",
          RIV_BYTES_INIT("\0\0\0\0"
                         "\0\0\0\0"
                         "\0\0\0\7"),
          RIV_E_MALFORMED, 4 },
        { "window for the session",
          RIV_BYTES_INIT("\0\1\0\0"
                         "\0\0\0\0"
                         "\0\0\0\7"),
          RIV_E_MALFORMED, 4 },
        { "ping for a stream",
          RIV_BYTES_INIT("\0\2\0\1"
                         "\0\0\0\1"
                         "\0\0\0\7"),
          RIV_E_MALFORMED, 4 },
        { "256 KiB of data",
          RIV_BYTES_INIT("\0\0\0\0"
                         "\0\0\0\1"
                         "\0\4\0\0"),
          RIV_OK, 0 },
        { "a byte more",
          RIV_BYTES_INIT("\0\0\0\0"
                         "\0\0\0\1"
                         "\0\4\0\1"),
          RIV_E_LIMIT, 8 },
        { "4 GiB of data",
          RIV_BYTES_INIT("\0\0\0\0"
                         "\0\0\0\1"
                         "\377\377\377\377"),
          RIV_E_LIMIT, 8 },
        { "4 GiB of window",
          RIV_BYTES_INIT("\0\1\0\0"
                         "\0\0\0\1"
                         "\377\377\377\377"),
          RIV_OK, 0 },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_reader   r     = riv_reader_of(cases[i].in);
        riv_fault    fault = { 0 };
        riv_buf      back  = { 0 };
        yamux_header h;
        riv_err      err = yamux_header_read(&r, &fault, &h);
        if (err != cases[i].want || fault.pos != cases[i].pos)
            fail_msg("%s: %s at %llu", cases[i].name, riv_err_name(err), (unsigned long long)fault.pos);
        if (err) continue;
        yamux_header_write(&h, &back);
        assert_true(riv_bytes_eq(riv_buf_view(&back), cases[i].in));
        riv_buf_free(&back);
    }
}

/* A session that is fed headers one by one: we are the listener, so the peer's streams are odd. */
typedef struct row {
    const char  *name;
    yamux_header h;
    uint32_t     data; /* bytes behind the header */
    riv_err      want;
} row;

static riv_err feed_row(yamux *y, const row *r, yamux_event *last, riv_fault *fault)
{
    riv_buf wire = { 0 };
    riv_err err  = RIV_OK;
    yamux_header_write(&r->h, &wire);
    riv_buf_room(&wire, r->data);
    riv_reader in = riv_reader_of(riv_buf_view(&wire));
    while (!err && riv_reader_left(&in)) err = yamux_feed(y, &in, fault, last);
    riv_buf_free(&wire);
    return err;
}

static void rules(void **state)
{
    (void)state;
    enum { W = YAMUX_WINDOW_BYTES };
    static const struct {
        const char *name;
        row         rows[4];
    } cases[] = {
        { "open, data, fin",
          { { "", { YAMUX_WINDOW, YAMUX_SYN, 1, 0 }, 0, RIV_OK },
            { "", { YAMUX_DATA, 0, 1, 5 }, 5, RIV_OK },
            { "", { YAMUX_DATA, YAMUX_FIN, 1, 0 }, 0, RIV_OK } } },
        { "opened twice",
          { { "", { YAMUX_WINDOW, YAMUX_SYN, 1, 0 }, 0, RIV_OK },
            { "", { YAMUX_DATA, YAMUX_SYN, 1, 0 }, 0, RIV_E_MALFORMED } } },
        { "our number", { { "", { YAMUX_WINDOW, YAMUX_SYN, 2, 0 }, 0, RIV_E_MALFORMED } } },
        { "a whole window", { { "", { YAMUX_DATA, YAMUX_SYN, 1, W }, W, RIV_OK } } },
        { "a byte over the window",
          { { "", { YAMUX_DATA, YAMUX_SYN, 1, W }, W, RIV_OK }, { "", { YAMUX_DATA, 0, 1, 1 }, 1, RIV_E_LIMIT } } },
        { "window overflow",
          { { "", { YAMUX_WINDOW, YAMUX_SYN, 1, UINT32_MAX - W }, 0, RIV_OK },
            { "", { YAMUX_WINDOW, 0, 1, 1 }, 0, RIV_E_MALFORMED } } },
        { "unknown stream's data is passed over",
          { { "", { YAMUX_DATA, 0, 7, 9 }, 9, RIV_OK },
            { "", { YAMUX_WINDOW, 0, 7, 9 }, 0, RIV_OK },
            { "", { YAMUX_DATA, YAMUX_RST, 7, 0 }, 0, RIV_OK } } },
        { "data after fin is passed over",
          { { "", { YAMUX_DATA, YAMUX_SYN | YAMUX_FIN, 1, 3 }, 3, RIV_OK },
            { "", { YAMUX_DATA, 0, 1, 3 }, 3, RIV_OK } } },
        { "a pong that nobody asked for", { { "", { YAMUX_PING, YAMUX_ACK, 0, 9 }, 0, RIV_OK } } },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        yamux       y;
        yamux_event ev;
        yamux_init(&y, false);
        for (size_t k = 0; k < 4 && cases[i].rows[k].name; k++) {
            riv_fault fault = { 0 };
            riv_err   err   = feed_row(&y, &cases[i].rows[k], &ev, &fault);
            if (err != cases[i].rows[k].want)
                fail_msg("%s, frame %zu: %s: %s", cases[i].name, k, riv_err_name(err), fault.msg);
        }
        yamux_deinit(&y);
    }
}

static void answers(void **state)
{
    (void)state;
    yamux         y;
    yamux_event   ev;
    riv_fault     fault = { 0 };
    yamux_stream *s;
    yamux_init(&y, true);
    assert_int_equal(feed_row(&y, &(row){ "", { YAMUX_PING, YAMUX_SYN, 0, 77 }, 0, RIV_OK }, &ev, &fault), RIV_OK);
    assert_true(riv_bytes_eq(riv_buf_view(&y.out), RIV_BYTES("\0\2\0\2"
                                                             "\0\0\0\0"
                                                             "\0\0\0\115")));
    riv_buf_clear(&y.out);

    s = yamux_open(&y);
    assert_int_equal(s->id, 1);
    assert_int_equal(yamux_write(&y, s, RIV_BYTES("abc"), true),
                     3); /* SYN goes with the first, FIN in a frame of its own */
    assert_true(riv_bytes_eq(riv_buf_view(&y.out), RIV_BYTES("\0\0\0\1"
                                                             "\0\0\0\1"
                                                             "\0\0\0\3"
                                                             "abc"
                                                             "\0\0\0\4"
                                                             "\0\0\0\1"
                                                             "\0\0\0\0")));
    riv_buf_clear(&y.out);

    assert_int_equal(feed_row(&y, &(row){ "", { YAMUX_DATA, YAMUX_SYN, 2, 200000 }, 200000, RIV_OK }, &ev, &fault),
                     RIV_OK);
    yamux_stream *theirs = ev.stream;
    assert_int_equal(theirs->id, 2);
    yamux_grant(&y, theirs, 100000);
    assert_int_equal(y.out.len, 0); /* not half a window yet */
    yamux_grant(&y, theirs, 100000);
    assert_true(riv_bytes_eq(riv_buf_view(&y.out), RIV_BYTES("\0\1\0\2"
                                                             "\0\0\0\2"
                                                             "\0\3\15\100"))); /* with the ACK */
    assert_int_equal(theirs->recv_window, YAMUX_WINDOW_BYTES);
    riv_buf_clear(&y.out);

    yamux_stream *never = yamux_open(&y);
    yamux_reset(&y, never);
    assert_int_equal(y.out.len, 0); /* the peer never heard of it */
    yamux_reset(&y, theirs);
    assert_true(riv_bytes_eq(riv_buf_view(&y.out), RIV_BYTES("\0\1\0\10"
                                                             "\0\0\0\2"
                                                             "\0\0\0\0")));
    yamux_deinit(&y);
}

static void writes_stop_at_the_window(void **state)
{
    (void)state;
    yamux       y;
    yamux_event ev;
    riv_fault   fault = { 0 };
    size_t      len = YAMUX_WINDOW_BYTES + 1, pos = 0, n;
    uint8_t    *data = riv_alloc(len);
    yamux_init(&y, true);
    yamux_stream *s = yamux_open(&y);
    while ((n = yamux_write(&y, s, (riv_bytes){ data + pos, len - pos }, true)))
        assert_true(n <= YAMUX_WRITE_BYTES_MAX), pos += n;
    assert_int_equal(pos, YAMUX_WINDOW_BYTES);
    assert_false(s->fin_sent);
    assert_int_equal(feed_row(&y, &(row){ "", { YAMUX_WINDOW, YAMUX_ACK, 1, 1 }, 0, RIV_OK }, &ev, &fault), RIV_OK);
    assert_true(ev.window);
    assert_int_equal(yamux_write(&y, s, (riv_bytes){ data + pos, 1 }, true), 1);
    assert_true(s->fin_sent);
    riv_free(data);
    yamux_deinit(&y);
}

static void streams_are_counted(void **state)
{
    (void)state;
    yamux       y;
    yamux_event ev;
    riv_fault   fault = { 0 };
    yamux_init(&y, false);
    for (uint32_t i = 0; i < P2P_STREAMS_MAX; i++) {
        assert_int_equal(feed_row(&y, &(row){ "", { YAMUX_WINDOW, YAMUX_SYN, 2 * i + 1, 0 }, 0, RIV_OK }, &ev, &fault),
                         RIV_OK);
        assert_true(ev.opened);
        assert_non_null(yamux_open(&y));
    }
    assert_null(yamux_open(&y));
    assert_int_equal(feed_row(&y, &(row){ "", { YAMUX_DATA, YAMUX_SYN, 4001, 3 }, 3, RIV_OK }, &ev, &fault), RIV_OK);
    assert_null(ev.stream);
    assert_true(riv_bytes_eq(riv_buf_view(&y.out), RIV_BYTES("\0\1\0\10"
                                                             "\0\0\17\241"
                                                             "\0\0\0\0"))); /* refused by a reset */
    yamux_deinit(&y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers),
        cmocka_unit_test(rules),
        cmocka_unit_test(answers),
        cmocka_unit_test(writes_stop_at_the_window),
        cmocka_unit_test(streams_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
