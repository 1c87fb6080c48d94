/* http_test.c: HTTP and WebSocket as careless and as hostile clients speak them: what is read of bytes, and what a server holds, answers and gives up. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/http_request.h"
#include "host/testing.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* ---- bytes ---- */

#define HOST "Host: localhost\r\n"

/* What is made of them: bodies one behind the other, each with a bar; then how the last one is refused, or 0. */
static void requests(void **state)
{
    static const struct {
        const char *in, *bodies;
        int         status;
    } cases[] = {
        { "GET / HTTP/1.1\r\n" HOST "\r\n", "|", 0 },
        { "GET / HTTP/1.0\r\n\r\n", "|", 0 },
        { "GET / HTTP/1.1\r\n\r\n", "", 400 },
        { "GET / HTTP/1.1\r\n" HOST HOST "\r\n", "", 400 },
        { "GET / HTTP/1.1\r\n" HOST "Origin: http://localhost\r\nOrigin: http://evil.com\r\n\r\n", "", 400 },
        { "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabcPOST / HTTP/1.1\r\n" HOST
          "Content-Length: 1\r\n\r\nd",
          "abc|d|", 0 },
        { "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nab", "", 0 },
        { "POST / HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\nabc", "", 400 },
        { "POST / HTTP/1.1\r\n" HOST "Content-Length: 3, 3\r\n\r\nabc", "", 400 },
        { "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", "", 400 },
        { "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length:\r\n\r\nabc", "", 400 },
        { "POST / HTTP/1.1\r\n" HOST "Content-Length : 3\r\n\r\nabc", "", 400 },
        { "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n 3\r\n\r\nabc", "", 400 },
        { "POST / HTTP/1.1\r\n" HOST "Content-Length: 5242881\r\n\r\n", "", 413 },
        { "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\nX: y\r\n\r\nGET / "
          "HTTP/1.1\r\n" HOST "\r\n",
          "abc||", 0 },
        { "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", "", 400 },
        { "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", "",
          400 },
        { "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", "", 400 },
        { "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", "", 501 },
        { "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "", 501 },
        { "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "", 400 },
        { "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n500001\r\n", "", 413 },
        { "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n-1\r\n", "", 400 },
        { "GET / HTTP/1.1\r\n" HOST "Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 3\r\n\r\nabc", "",
          400 },
        { " / HTTP/1.1\r\n" HOST "\r\n", "", 400 },
        { "GET  HTTP/1.1\r\n" HOST "\r\n", "", 400 },
        { "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "", 400 },
    };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++)
        for (size_t piece = 1; piece < 100; piece += 7) {
            riv_str      in      = riv_str_c(cases[i].in);
            http_input   input   = { 0 };
            http_refusal refusal = { 0 };
            http_request r;
            riv_buf      bodies = { 0 };
            http_state   now    = HTTP_WAITS;
            for (size_t at = 0; at < in.len && now != HTTP_REFUSED; at += piece) {
                riv_put_str(&input.in, riv_str_sub(in, at, RIV_MIN(at + piece, in.len)));
                while ((now = http_next(&input, &r, &refusal)) == HTTP_READY) {
                    riv_putf(&bodies, RIV_FMT "|", RIV_ARG(r.body));
                    http_take(&input, &r);
                }
            }
            if (!riv_str_eq(riv_buf_str(&bodies), riv_str_c(cases[i].bodies)) || refusal.status != cases[i].status)
                fail_msg("case %zu by %zu: " RIV_FMT " %d %s", i, piece, RIV_ARG(riv_buf_str(&bodies)), refusal.status,
                         refusal.why ? refusal.why : "");
            riv_buf_free(&bodies);
            http_input_free(&input);
        }
}

static void names(void **state)
{
    static const struct {
        const char *name;
        bool        host, origin;
    } cases[] = {
        { "localhost", true, true },      { "localhost:8545", true, true },  { "LOCALHOST.:1", true, false },
        { "a.localhost", true, false },   { "127.0.0.1:8545", true, true },  { "127.0.0.1.evil.com", false, false },
        { "1.2.3.4", true, false },       { "[::1]:8545", true, true },      { "[fe80::1]", true, false },
        { "evil.com", false, false },     { "evil.com:8545", false, false }, { "localhost.evil.com", false, false },
        { "notlocalhost", false, false }, { "null", false, false },          { "x", false, false },
    };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++)
        if (http_host_is_local(riv_str_c(cases[i].name)) != cases[i].host ||
            http_origin_is_local(riv_str_c(cases[i].name)) != cases[i].origin)
            fail_msg("%s", cases[i].name);
    assert_true(http_host_is_local((riv_str){ 0 }));
    assert_true(http_origin_is_local(RIV_LIT("http://localhost:3000")));
    assert_false(http_origin_is_local(RIV_LIT("https://localhost.evil.com")));
}

/* A body in the smallest chunks: time grows with its length, not with its square. */
static void small_chunks(void **state)
{
    enum { CHUNKS = 400000 };
    http_input   input   = { 0 };
    http_refusal refusal = { 0 };
    http_request r;
    uint64_t     start = host_clock_ns();
    (void)state;
    riv_put_str(&input.in, RIV_LIT("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"));
    for (size_t i = 0; i < CHUNKS; i++) {
        riv_put_str(&input.in, RIV_LIT("1\r\na\r\n"));
        assert_int_equal(http_next(&input, &r, &refusal), HTTP_WAITS);
    }
    assert_true(input.in.len < 100);
    riv_put_str(&input.in, RIV_LIT("0\r\n\r\nGET"));
    assert_int_equal(http_next(&input, &r, &refusal), HTTP_READY);
    assert_int_equal(r.body.len, CHUNKS);
    http_take(&input, &r);
    assert_true(riv_str_eq(riv_buf_str(&input.in), RIV_LIT("GET")));
    assert_true(host_clock_ns() - start < UINT64_C(20000000000));
    http_input_free(&input);
}

/* What stands between chunks is not kept, and still counted. */
static void endless_chunks(void **state)
{
    http_input   input   = { 0 };
    http_refusal refusal = { 0 };
    http_request r;
    http_state   now   = HTTP_WAITS;
    size_t       bytes = 0;
    (void)state;
    riv_put_str(&input.in, RIV_LIT("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n"));
    while (now == HTTP_WAITS && bytes < 4 * HOST_HTTP_BODY_BYTES_MAX) {
        char some[4096];
        memset(some, 'x', sizeof some);
        riv_put_str(&input.in, (riv_str){ some, sizeof some });
        bytes += sizeof some;
        now = http_next(&input, &r, &refusal);
        assert_true(input.in.len + input.body.len < 16384);
    }
    assert_int_equal(now, HTTP_REFUSED);
    assert_int_equal(refusal.status, 413);
    http_input_free(&input);
}

/* ---- a server that answers with so many bytes as are asked for ---- */

typedef struct served {
    beside     by;
    host_http *http;
    uint16_t   port;
    int        closed;
} served;

static int on_answer(void *ctx, riv_str path, riv_str body, riv_buf *reply)
{
    uint64_t n = 0;
    (void)ctx;
    (void)path;
    if (!riv_str_u64(body, &n)) riv_put_str(reply, body);
    for (uint64_t i = 0; i < n; i += 1000) memset(riv_buf_raw(reply, 1000), 'a', 1000);
    return 200;
}

static void on_message(void *ctx, uint64_t conn, riv_str text, riv_buf *reply)
{
    (void)conn;
    (void)on_answer(ctx, (riv_str){ 0 }, text, reply);
}

static void on_gone(void *ctx, uint64_t conn)
{
    served *s = ctx;
    (void)conn;
    __atomic_add_fetch(&s->closed, 1, __ATOMIC_SEQ_CST);
}

static void start(served *s, const char *listen_at, const char *origin, size_t held_max)
{
    riv_fault fault = { 0 };
    *s              = (served){ 0 };
    beside_open(&s->by);
    host_http_config config = { .listen         = riv_str_c(listen_at),
                                .origin         = riv_str_c(origin),
                                .ctx            = s,
                                .answer         = on_answer,
                                .message        = on_message,
                                .closed         = on_gone,
                                .held_bytes_max = held_max };
    if (host_http_open(s->by.host, &config, &fault, &s->http)) fail_msg("%s", fault.msg);
    s->port = host_http_port(s->http);
    beside_start(&s->by);
}

static void end(served *s)
{
    beside_stop(&s->by);
    host_http_close(s->http);
    beside_close(&s->by);
}

static riv_str asked(const served *s, riv_arena *arena, const char *text)
{
    int fd = dial(s->port);
    assert_true(say(fd, riv_str_c(text)));
    riv_str got = hear(fd, arena, NULL);
    close(fd);
    return got;
}

/* A page whose name was given this machine's address asks with its own name. */
static void rebinding(void **state)
{
    static const char evil[] = "POST / HTTP/1.1\r\nHost: evil.com:8545\r\nContent-Type: application/json\r\n"
                               "Connection: close\r\nContent-Length: 1\r\n\r\n0";
    static const struct {
        const char *listen, *origin, *begins;
    } cases[]        = { { "127.0.0.1:0", "", "HTTP/1.1 403" },
                         { "127.0.0.1:0", "https://app.example", "HTTP/1.1 403" },
                         { "127.0.0.1:0", "*", "HTTP/1.1 200" },
                         { "0.0.0.0:0", "", "HTTP/1.1 200" } }; /* known by names that it does not know */
    riv_arena *arena = riv_arena_new(0);
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        served s;
        start(&s, cases[i].listen, cases[i].origin, 0);
        riv_str got = asked(&s, arena, evil);
        if (!riv_str_starts(got, riv_str_c(cases[i].begins))) fail_msg("%zu: " RIV_FMT, i, RIV_ARG(got));
        end(&s);
    }
    riv_arena_free(arena);
}

/* An answer to HEAD has no body: the next answer follows the head at once. */
static void heads(void **state)
{
    served     s;
    riv_arena *arena = riv_arena_new(0);
    (void)state;
    start(&s, "127.0.0.1:0", "", 0);
    riv_str got =
        asked(&s, arena, "HEAD / HTTP/1.1\r\n" HOST "\r\nHEAD / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    size_t at = riv_str_find(got, RIV_LIT("\r\n\r\n"), 0);
    assert_true(riv_str_starts(got, RIV_LIT("HTTP/1.1 200")) && at != SIZE_MAX);
    assert_true(riv_str_starts(riv_str_sub(got, at + 4, got.len), RIV_LIT("HTTP/1.1 200")));
    assert_true(riv_str_ends(got, RIV_LIT("\r\n\r\n")));
    got = asked(&s, arena,
                "GET / HTTP/1.1\r\n" HOST "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    assert_true(riv_str_starts(got, RIV_LIT("HTTP/1.1 426")));
    assert_true(riv_str_find(got, RIV_LIT("Sec-WebSocket-Version: 13\r\n"), 0) != SIZE_MAX); /* RFC 6455 4.4 */
    end(&s);
    riv_arena_free(arena);
}

/* A client that sends its whole body before it listens still learns why it was refused. */
static void told_why(void **state)
{
    served     s;
    riv_buf    body  = { 0 };
    riv_arena *arena = riv_arena_new(0);
    (void)state;
    start(&s, "127.0.0.1:0", "", 0);
    memset(riv_buf_raw(&body, 8 << 20), 'a', 8 << 20);
    for (int i = 0; i < 10; i++) {
        int fd = dial(s.port);
        assert_true(say(fd, RIV_LIT("POST / HTTP/1.1\r\n" HOST "Content-Length: 8388608\r\n\r\n")));
        assert_true(say(fd, riv_buf_str(&body)));
        assert_true(riv_str_starts(hear(fd, arena, NULL), RIV_LIT("HTTP/1.1 413")));
        close(fd);
    }
    end(&s);
    riv_buf_free(&body);
    riv_arena_free(arena);
}

/* All connections are taken by one who does nothing with them, and again by one who has begun requests. */
static void many_links(void **state)
{
    static int    fds[HOST_HTTP_LINKS_MAX];
    served        s;
    struct rlimit limit;
    riv_arena    *arena = riv_arena_new(0);
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0); /* both sides of all of them are of this process */
    limit.rlim_cur = RIV_MIN(RIV_MAX(limit.rlim_cur, 2 * HOST_HTTP_LINKS_MAX + 100), limit.rlim_max);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    start(&s, "127.0.0.1:0", "", 0);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < RIV_COUNT(fds); i++) {
            fds[i] = dial(s.port);
            if (round) assert_true(say(fds[i], RIV_LIT("P")));
        }
        usleep(1000 * (HOST_HTTP_SPARED_MS + 200));
        for (int i = 0; i < 3; i++) {
            int fd = dial(s.port);
            (void)say(fd, RIV_LIT("GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"));
            riv_str got = hear(fd, arena, NULL);
            assert_int_equal(riv_str_starts(got, RIV_LIT("HTTP/1.1 200")), round == 0);
            close(fd);
        }
        for (size_t i = 0; i < RIV_COUNT(fds); i++) close(fds[i]);
        usleep(100000);
    }
    end(&s);
    riv_arena_free(arena);
}

/* ---- WebSocket ---- */

static int ws_open(const served *s, riv_arena *arena)
{
    int fd = dial(s->port);
    assert_true(say(fd, RIV_LIT("GET / HTTP/1.1\r\n" HOST "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")));
    assert_true(riv_str_starts(hear(fd, arena, "\r\n\r\n"), RIV_LIT("HTTP/1.1 101 ")));
    return fd;
}

/* A masked frame of fewer than 126 bytes. The mask is zeros. */
static void put_frame(riv_buf *out, uint8_t first, const char *text)
{
    riv_put_u8(out, first);
    riv_put_u8(out, (uint8_t)(0x80 | strlen(text)));
    riv_put_u32be(out, 0);
    riv_put_str(out, riv_str_c(text));
}

/* Hundreds of dear questions in one piece, whose answers nobody fetches: what is held stays bounded, and others are answered. */
static void unread_answers(void **state)
{
    enum { QUESTIONS = 2000 };
    served     s;
    riv_buf    all   = { 0 };
    riv_arena *arena = riv_arena_new(0);
    (void)state;
    start(&s, "127.0.0.1:0", "", 32 << 20);
    for (int i = 0; i < QUESTIONS; i++) put_frame(&all, 0x81, "1000000");
    int fd = ws_open(&s, arena);
    (void)say(fd, riv_buf_str(&all)); /* it may be cut off meanwhile */
    riv_str got = asked(&s, arena,
                        "POST / HTTP/1.1\r\n" HOST "Content-Type: application/json\r\nConnection: close\r\n"
                        "Content-Length: 2\r\n\r\nhi");
    assert_true(riv_str_ends(got, RIV_LIT("\r\n\r\nhi")));
    uint64_t heard = 0;
    char     some[65536];
    for (ssize_t n; (n = recv(fd, some, sizeof some, 0)) > 0;) heard += (uint64_t)n;
    assert_true(heard < 40 << 20); /* of 2 GB */
    assert_int_equal(__atomic_load_n(&s.closed, __ATOMIC_SEQ_CST), 1);
    close(fd);
    riv_buf_free(&all);
    end(&s);
    riv_arena_free(arena);
}

/* One that fetches them gets all, though they are more than may wait at once. */
static void fetched_answers(void **state)
{
    enum { QUESTIONS = 300 };
    served     s;
    riv_buf    all   = { 0 };
    riv_arena *arena = riv_arena_new(0);
    (void)state;
    start(&s, "127.0.0.1:0", "", 192 << 20);
    for (int i = 0; i < QUESTIONS; i++) put_frame(&all, 0x81, "1000000");
    int fd = ws_open(&s, arena);
    assert_true(say(fd, riv_buf_str(&all)));
    uint64_t heard = 0, wanted = QUESTIONS * (UINT64_C(1000000) + 10);
    char     some[65536];
    for (ssize_t n; heard < wanted && (n = recv(fd, some, sizeof some, 0)) > 0;) heard += (uint64_t)n;
    assert_int_equal(heard, wanted);
    close(fd);
    riv_buf_free(&all);
    end(&s);
    riv_arena_free(arena);
}

/* A message in millions of frames of one byte costs far more memory than its bytes. */
static void crumbs(void **state)
{
    served     s;
    riv_buf    all   = { 0 };
    riv_arena *arena = riv_arena_new(0);
    (void)state;
    start(&s, "127.0.0.1:0", "", 0);
    int fd = ws_open(&s, arena);
    put_frame(&all, 0x01, "a");
    for (int i = 0; i < 20000; i++) put_frame(&all, 0x00, "b");
    put_frame(&all, 0x80, "c");
    assert_true(say(fd, riv_buf_str(&all)));
    riv_str got = hear(fd, arena, "bc");
    assert_int_equal(got.len, 4 + 20002); /* some thousand are a message */
    riv_buf_clear(&all);
    put_frame(&all, 0x01, "a");
    for (int i = 0; i < 10000; i++) put_frame(&all, 0x00, "b");
    for (int i = 0; i < 100 && say(fd, riv_buf_str(&all)); i++) {
        riv_buf_clear(&all);
        for (int k = 0; k < 10000; k++) put_frame(&all, 0x00, "b");
    }
    assert_int_equal(hear(fd, arena, NULL).len, 0); /* cut off */
    assert_int_equal(__atomic_load_n(&s.closed, __ATOMIC_SEQ_CST), 1);
    close(fd);
    riv_buf_free(&all);
    end(&s);
    riv_arena_free(arena);
}

/* Frames that RFC 6455 forbids: the other side closes with a code, or at once. */
static void forbidden_frames(void **state)
{
    static const struct {
        const char *name;
        riv_bytes   bytes;
    } cases[] = {
        { "unmasked", RIV_BYTES_INIT("\x81\x02hi") },
        { "reserved bit", RIV_BYTES_INIT("\xc1\x82\0\0\0\0hi") },
        { "reserved opcode", RIV_BYTES_INIT("\x83\x82\0\0\0\0hi") },
        { "ping in pieces", RIV_BYTES_INIT("\x09\x82\0\0\0\0hi") },
        { "goes on without a beginning", RIV_BYTES_INIT("\x80\x82\0\0\0\0hi") },
        { "begins twice", RIV_BYTES_INIT("\x01\x82\0\0\0\0hi\x01\x82\0\0\0\0hi") },
        { "length of 64 bits with its sign", RIV_BYTES_INIT("\x81\xff\x80\0\0\0\0\0\0\0\0\0\0\0") },
        { "close with one byte", RIV_BYTES_INIT("\x88\x81\0\0\0\0x") },
        { "close with a forbidden code", RIV_BYTES_INIT("\x88\x82\0\0\0\0\x03\xed") },
    };
    served     s;
    riv_arena *arena = riv_arena_new(0);
    (void)state;
    start(&s, "127.0.0.1:0", "", 0);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        int fd = ws_open(&s, arena);
        assert_true(say(fd, riv_bytes_str(cases[i].bytes)));
        riv_str got = hear(fd, arena, NULL);
        if (got.len && (uint8_t)got.ptr[0] != 0x88) fail_msg("%s: it was answered", cases[i].name);
        close(fd);
    }
    assert_int_equal(__atomic_load_n(&s.closed, __ATOMIC_SEQ_CST), RIV_COUNT(cases));
    end(&s);
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),        cmocka_unit_test(names),      cmocka_unit_test(small_chunks),
        cmocka_unit_test(endless_chunks),  cmocka_unit_test(rebinding),  cmocka_unit_test(heads),
        cmocka_unit_test(told_why),        cmocka_unit_test(many_links), cmocka_unit_test(unread_answers),
        cmocka_unit_test(fetched_answers), cmocka_unit_test(crumbs),     cmocka_unit_test(forbidden_frames),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
