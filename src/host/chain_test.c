/* chain_test.c: the chain on a host, seen by a socket: HTTP and WebSocket as clients and as strangers speak them, and what survives kill -9. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/chain.h"
#include "host/testing.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

/* ---- a chain on a thread of its own ---- */

typedef struct served {
    beside       by;
    host_chain  *chain;
    riv_arena   *arena;
    chain_params params;
    uint16_t     port, graph_port;
} served;

static void params_of(served *s)
{
    chain_params_local(&s->params);
    chain_balances_local(s->arena, &s->params);
}

static void start_with_graph(served *s, riv_str dir, uint64_t interval_ms, riv_str graph_listen, bool optional)
{
    riv_fault fault = { 0 };
    *s              = (served){ .arena = riv_arena_new(0) };
    params_of(s);
    beside_open(&s->by);
    host_chain_config config = { .dir            = dir,
                                 .listen         = RIV_LIT("127.0.0.1:0"),
                                 .graph_listen   = graph_listen,
                                 .graph_optional = optional,
                                 .genesis        = &s->params,
                                 .interval_ms    = interval_ms };
    if (host_chain_open(s->by.host, &config, &fault, &s->chain)) fail_msg("%s", fault.msg);
    s->port       = host_chain_port(s->chain);
    s->graph_port = host_chain_graph_port(s->chain);
    beside_start(&s->by);
}

static void start(served *s, riv_str dir, uint64_t interval_ms)
{
    start_with_graph(s, dir, interval_ms, (riv_str){ 0 }, false);
}

static void end(served *s)
{
    beside_stop(&s->by);
    host_chain_close(s->chain);
    beside_close(&s->by);
    riv_arena_free(s->arena);
}

/* ---- a client ---- */

static riv_str post(riv_arena *arena, const char *body, const char *more)
{
    return riv_format(
        arena,
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n%s", more,
        strlen(body), body);
}

#define CHAIN_ID "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\"}"
#define IS_ID    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x7a69\"}"

/* What is said, in one go and byte by byte, and what is heard till the other side closes: how it begins and what is in it. */
static void strangers(void **state)
{
    static const struct {
        const char *say, *begins, *has;
    } cases[] = {
        { "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: "
          "close\r\nContent-Length: "
          "47\r\n\r\n" CHAIN_ID,
          "HTTP/1.1 200 OK\r\n", IS_ID },
        { "POST / HTTP/1.0\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 47\r\n\r\n" CHAIN_ID,
          "HTTP/1.1 200 OK\r\n", IS_ID },
        { "POST / HTTP/1.1\r\nHost: localhost\r\ncontent-type: application/json\r\nconnection: "
          "close\r\ntransfer-encoding: chunked\r\n\r\n"
          "10\r\n{\"jsonrpc\":\"2.0\"\r\nzz\r\n,\"id\":1,\"method\":\"eth_chainId\"}\r\n0\r\n\r\n",
          "HTTP/1.1 400", "malformed" },
        { "POST / HTTP/1.1\r\nHost: localhost\r\ncontent-type: application/json\r\nconnection: "
          "close\r\ntransfer-encoding: chunked\r\n\r\n"
          "10\r\n{\"jsonrpc\":\"2.0\"\r\n1f\r\n,\"id\":1,\"method\":\"eth_chainId\"}\r\n0\r\n\r\n",
          "HTTP/1.1 200", IS_ID },
        { "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 47\r\n\r\n" CHAIN_ID,
          "HTTP/1.1 415", "only application/json" },
        { "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "HTTP/1.1 200", "Content-Length: 0" },
        { "DELETE / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "HTTP/1.1 405",
          "Allow: GET, HEAD, POST, OPTIONS" },
        { "nonsense\r\n\r\n", "HTTP/1.1 400", "malformed request" },
        { "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "HTTP/1.1 400",
          "more than once" },
        { "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nab",
          "HTTP/1.1 400", "more than once" },
        { "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 400", "no number" },
        { "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n", "HTTP/1.1 400",
          "no number" },
        { "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5242881\r\n\r\n", "HTTP/1.1 413", "too large" },
        { "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 501", "transfer coding" },
        { "OPTIONS / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:3000\r\nConnection: close\r\n\r\n",
          "HTTP/1.1 204", "Access-Control-Allow-Origin: http://localhost:3000" },
        { "POST / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost.evil.com\r\nContent-Length: 0\r\n\r\n",
          "HTTP/1.1 403", "may not ask here" },
        { "POST / HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.com\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 403",
          "may not ask here" },
        { "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
          "8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
          "HTTP/1.1 426", "version 13" },
        { "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
          "13\r\nSec-WebSocket-Key: short\r\n\r\n",
          "HTTP/1.1 400", "handshake" },
    };
    served s;
    (void)state;
    start(&s, (riv_str){ 0 }, 0);
    for (size_t i = 0; i < 2 * RIV_COUNT(cases); i++) {
        const char *text = cases[i / 2].say;
        int         fd   = dial(s.port);
        if (i % 2 == 0) say(fd, riv_str_c(text));
        for (size_t k = 0; i % 2 && text[k]; k++) say(fd, (riv_str){ text + k, 1 });
        riv_str got = hear(fd, s.arena, NULL);
        if (!riv_str_starts(got, riv_str_c(cases[i / 2].begins)) ||
            riv_str_find(got, riv_str_c(cases[i / 2].has), 0) == SIZE_MAX)
            fail_msg("case %zu/%zu: " RIV_FMT, i / 2, i % 2, RIV_ARG(got));
        close(fd);
    }
    end(&s);
}

static void one_after_another(void **state)
{
    served  s;
    riv_buf all = { 0 };
    (void)state;
    start(&s, (riv_str){ 0 }, 0);
    int fd = dial(s.port);
    for (int i = 0; i < 200; i++)
        riv_put_str(&all, post(s.arena,
                               riv_cstr(s.arena, riv_format(s.arena, "{\"id\":%d,\"method\":\"eth_blockNumber\"}", i)),
                               i == 199 ? "Connection: close\r\n" : ""));
    say(fd, riv_buf_str(&all));
    riv_str got = hear(fd, s.arena, NULL);
    size_t  at  = 0;
    for (int i = 0; i < 200; i++) {
        at = riv_str_find(got, riv_format(s.arena, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":\"0x0\"}", i), at);
        assert_true(at != SIZE_MAX); /* all of them, in their order */
    }
    riv_buf_free(&all);
    close(fd);
    end(&s);
}

static void waits_for_a_body(void **state)
{
    served s;
    (void)state;
    start(&s, (riv_str){ 0 }, 0);
    int fd = dial(s.port);
    say(fd,
        RIV_LIT("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nExpect: "
                "100-continue\r\nContent-Length: 47\r\n\r\n"));
    assert_true(riv_str_eq(hear(fd, s.arena, "\r\n\r\n"), RIV_LIT("HTTP/1.1 100 Continue\r\n\r\n")));
    say(fd, RIV_LIT(CHAIN_ID));
    assert_true(riv_str_ends(hear(fd, s.arena, NULL), RIV_LIT(IS_ID)));
    close(fd);
    fd = dial(s.port); /* and a head that never ends */
    say(fd, RIV_LIT("POST / HTTP/1.1\r\nHost: localhost\r\nX: "));
    for (int i = 0; i < 20; i++) {
        char some[1024];
        memset(some, 'x', sizeof some);
        say(fd, (riv_str){ some, sizeof some });
    }
    assert_true(riv_str_starts(hear(fd, s.arena, NULL), RIV_LIT("HTTP/1.1 431")));
    close(fd);
    end(&s);
}

/* ---- WebSocket ---- */

static void frame(int fd, riv_arena *arena, uint8_t first, riv_str text)
{
    static const uint8_t mask[4] = { 1, 2, 3, 4 };
    riv_buf              out     = riv_buf_in(arena);
    riv_put_u8(&out, first);
    if (text.len < 126) {
        riv_put_u8(&out, (uint8_t)(0x80 | text.len));
    } else {
        riv_put_u8(&out, 0x80 | 127);
        riv_put_u64be(&out, text.len);
    }
    riv_put_bytes(&out, (riv_bytes){ mask, 4 });
    for (size_t i = 0; i < text.len; i++) riv_put_u8(&out, (uint8_t)text.ptr[i] ^ mask[i % 4]);
    say(fd, riv_buf_str(&out));
}

static int ws_open(const served *s)
{
    int fd = dial(s->port);
    say(fd, RIV_LIT("GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, "
                    "Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
    riv_str got = hear(fd, s->arena, "\r\n\r\n");
    assert_true(riv_str_starts(got, RIV_LIT("HTTP/1.1 101 ")));
    /* RFC 6455 1.3 has this answer to this key */
    assert_true(riv_str_find(got, RIV_LIT("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), 0) != SIZE_MAX);
    return fd;
}

static void sockets(void **state)
{
    served s;
    (void)state;
    start(&s, (riv_str){ 0 }, 0);
    int fd = ws_open(&s), other = ws_open(&s);
    frame(fd, s.arena, 0x81, RIV_LIT(CHAIN_ID));
    assert_true(riv_str_ends(hear(fd, s.arena, "}"), RIV_LIT(IS_ID)));
    frame(fd, s.arena, 0x89, RIV_LIT("hey")); /* a ping in between, and a message in two frames */
    assert_true(riv_str_eq(hear(fd, s.arena, "hey"), RIV_LIT("\x8a\x03hey")));
    frame(fd, s.arena, 0x01, RIV_LIT("{\"id\":2,\"method\":\"eth_subscr"));
    frame(fd, s.arena, 0x80, RIV_LIT("ibe\",\"params\":[\"newHeads\"]}"));
    assert_true(riv_str_find(hear(fd, s.arena, "}"), RIV_LIT("\"result\":\"0x"), 0) != SIZE_MAX);
    frame(other, s.arena, 0x81, RIV_LIT("{\"id\":3,\"method\":\"evm_mine\"}"));
    hear(other, s.arena, "}");
    riv_str told = hear(fd, s.arena, "}}}");
    assert_true(riv_str_find(told, RIV_LIT("\"method\":\"eth_subscription\""), 0) != SIZE_MAX);
    assert_true(riv_str_find(told, RIV_LIT("\"number\":\"0x1\""), 0) != SIZE_MAX);
    frame(fd, s.arena, 0x88, RIV_LIT("\x03\xe8")); /* closing is answered, then the other side closes too */
    assert_true(riv_str_eq(hear(fd, s.arena, NULL), RIV_LIT("\x88\x02\x03\xe8")));
    close(fd);
    frame(other, s.arena, 0x81, RIV_LIT("\xff\xfe")); /* no UTF-8: 1007 */
    assert_true(riv_str_eq(hear(other, s.arena, NULL), RIV_LIT("\x88\x02\x03\xef")));
    close(other);
    fd = ws_open(&s); /* a message that is said to be too long: 1009 */
    say(fd, RIV_LIT("\x81\xff\x00\x00\x00\x00\x10\x00\x00\x00\x01\x02\x03\x04"
                    "abcd"));
    assert_true(riv_str_eq(hear(fd, s.arena, NULL), RIV_LIT("\x88\x02\x03\xf1")));
    close(fd);
    end(&s);
}

/* Who asks and subscribes on one connection hears the answer before what it led to: the id of a transaction before its block. */
static void answers_first(void **state)
{
    served s;
    (void)state;
    start(&s, (riv_str){ 0 }, 0);
    int fd = ws_open(&s);
    frame(fd, s.arena, 0x81, RIV_LIT("{\"id\":2,\"method\":\"eth_subscribe\",\"params\":[\"newHeads\"]}"));
    hear(fd, s.arena, "}");
    frame(fd, s.arena, 0x81, RIV_LIT("{\"id\":3,\"method\":\"evm_mine\"}"));
    riv_str got   = hear(fd, s.arena, "}}}");
    size_t  reply = riv_str_find(got, RIV_LIT("\"id\":3"), 0), told = riv_str_find(got, RIV_LIT("eth_subscription"), 0);
    assert_true(reply < told && told != SIZE_MAX);
    close(fd);
    end(&s);
}

static void blocks_by_the_clock(void **state)
{
    served s;
    (void)state;
    start(&s, (riv_str){ 0 }, 20);
    int fd = ws_open(&s);
    frame(fd, s.arena, 0x81, RIV_LIT("{\"id\":2,\"method\":\"eth_subscribe\",\"params\":[\"newHeads\"]}"));
    riv_str told = hear(fd, s.arena, "\"number\":\"0x5\"");
    assert_true(riv_str_find(told, RIV_LIT("\"number\":\"0x5\""), 0) != SIZE_MAX);
    close(fd);
    end(&s);
}

/* ---- GraphQL ---- */

static riv_str ask_graph(riv_arena *arena, uint16_t port, const char *path, const char *query)
{
    int     fd   = dial(port);
    riv_buf body = riv_buf_in(arena);
    riv_putf(&body, "{\"query\":\"%s\"}", query);
    say(fd, riv_format(arena,
                       "POST %s HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:3000\r\nContent-Type: "
                       "application/json\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n" RIV_FMT,
                       path, body.len, RIV_ARG(riv_buf_str(&body))));
    riv_str got = hear(fd, arena, NULL);
    close(fd);
    return got;
}

#define SUBGRAPH "/subgraphs/name/fluence-deal-contracts"
#define HEIGHT   "{_meta{block{number}} graphNetworks{id coreEpochDuration}}"

/* On both ports, of each block as it came; and what is no question. */
static void graph_ports(void **state)
{
    static const struct {
        bool        own;
        const char *path, *query, *begins, *has;
    } cases[] = {
        { true, SUBGRAPH, HEIGHT, "HTTP/1.1 200", "\"coreEpochDuration\":15}]}}" },
        { false, SUBGRAPH, HEIGHT, "HTTP/1.1 200", "{\"data\":{\"_meta\":{\"block\":{\"number\":0}}" },
        { true, SUBGRAPH "/", HEIGHT, "HTTP/1.1 200", "{\"data\":" },
        { true, SUBGRAPH "?a=b", HEIGHT, "HTTP/1.1 200", "Access-Control-Allow-Origin: http://localhost:3000" },
        { true, SUBGRAPH "-old", HEIGHT, "HTTP/1.1 404", "The path is " SUBGRAPH },
        { true, "/", HEIGHT, "HTTP/1.1 404", "The path is " SUBGRAPH },
        { true, SUBGRAPH, "{offer}", "HTTP/1.1 200", "\"locations\":[{\"line\":1,\"column\":2}]" },
        { false, "/", HEIGHT, "HTTP/1.1 200", "jsonrpc" },
    };
    served s;
    (void)state;
    start_with_graph(&s, (riv_str){ 0 }, 0, RIV_LIT("127.0.0.1:0"), false);
    assert_true(s.graph_port != 0 && s.graph_port != s.port);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_str got = ask_graph(s.arena, cases[i].own ? s.graph_port : s.port, cases[i].path, cases[i].query);
        if (!riv_str_starts(got, riv_str_c(cases[i].begins)) ||
            riv_str_find(got, riv_str_c(cases[i].has), 0) == SIZE_MAX)
            fail_msg("case %zu: " RIV_FMT, i, RIV_ARG(got));
    }
    int fd = dial(s.port);
    say(fd, post(s.arena, "{\"id\":1,\"method\":\"evm_mine\"}", ""));
    hear(fd, s.arena, "\"result\"");
    close(fd);
    riv_str got = ask_graph(s.arena, s.graph_port, SUBGRAPH, HEIGHT);
    assert_true(riv_str_find(got, RIV_LIT("\"number\":1}"), 0) != SIZE_MAX);
    fd = dial(s.graph_port); /* WebSockets are not spoken there */
    say(fd, RIV_LIT("GET " SUBGRAPH " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: "
                    "Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
    assert_true(riv_str_starts(hear(fd, s.arena, NULL), RIV_LIT("HTTP/1.1 400")));
    close(fd);
    end(&s);
}

/* A port that is taken: no fault where it was optional, one where it was asked for. */
static void graph_port_taken(void **state)
{
    served      first, second;
    riv_fault   fault = { 0 };
    host       *h;
    host_chain *c;
    (void)state;
    start_with_graph(&first, (riv_str){ 0 }, 0, RIV_LIT("127.0.0.1:0"), false);
    riv_str taken = riv_format(first.arena, "127.0.0.1:%u", first.graph_port);
    start_with_graph(&second, (riv_str){ 0 }, 0, taken, true);
    assert_int_equal(second.graph_port, 0);
    riv_str got = ask_graph(second.arena, second.port, SUBGRAPH, HEIGHT);
    assert_true(riv_str_find(got, RIV_LIT("{\"data\":"), 0) != SIZE_MAX);
    end(&second);

    host_chain_config config = { .listen = RIV_LIT("127.0.0.1:0"), .graph_listen = taken, .genesis = &first.params };
    assert_int_equal(host_new(&(host_config){ .workers = 1 }, &fault, &h), RIV_OK);
    assert_int_equal(host_chain_open(h, &config, &fault, &c), RIV_E_IO);
    assert_non_null(strstr(fault.msg, "cannot listen on 127.0.0.1:"));
    host_free(h);
    end(&first);
}

/* Many blocks before the first question: those who ask meanwhile, and ask on behind that, wait for their answers while the chain goes on answering. */
static void graph_catches_up(void **state)
{
    enum { BLOCKS = 8000, ASKING = 5 }; /* several slices */
    served s;
    int    fds[ASKING];
    (void)state;
    start_with_graph(&s, (riv_str){ 0 }, 0, RIV_LIT("127.0.0.1:0"), false);
    int fd = dial(s.port);
    for (int i = 0; i < BLOCKS / 1000; i++) {
        say(fd, post(s.arena, "{\"id\":1,\"method\":\"anvil_mine\",\"params\":[\"0x3e8\"]}", ""));
        riv_str got = hear(fd, s.arena, "}");
        if (riv_str_find(got, RIV_LIT("\"result\""), 0) == SIZE_MAX) fail_msg(RIV_FMT, RIV_ARG(got));
    }
    for (int i = 0; i < ASKING; i++) {
        fds[i]          = dial(i % 2 ? s.port : s.graph_port);
        const char *ask = "{\"query\":\"" HEIGHT "\"}";
        riv_str     one = riv_format(s.arena,
                                     "POST " SUBGRAPH " HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                                         "application/json\r\nContent-Length: %zu\r\n\r\n%s",
                                     strlen(ask), ask);
        say(fds[i], one);
        say(fds[i], one);
    }
    close(fds[ASKING - 1]); /* one that does not wait */
    say(fd, post(s.arena, CHAIN_ID, ""));
    assert_true(riv_str_ends(hear(fd, s.arena, "}"), RIV_LIT(IS_ID)));
    for (int i = 0; i < ASKING - 1; i++) {
        riv_buf all = riv_buf_in(s.arena);
        for (int k = 0; k < 2 && riv_str_find(riv_buf_str(&all), RIV_LIT("}]}}HTTP"), 0) == SIZE_MAX; k++)
            riv_put_str(&all, hear(fds[i], s.arena, "}]}}"));
        size_t at = riv_str_find(riv_buf_str(&all), RIV_LIT("\"number\":8000}"), 0);
        assert_true(at != SIZE_MAX);
        close(fds[i]);
    }
    close(fd);
    end(&s);
}

/* ---- kill -9 ---- */

#define SEND                                                                                                           \
    "{\"id\":1,\"method\":\"eth_sendTransaction\",\"params\":[{\"from\":"                                              \
    "\"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266\","                                                                  \
    "\"to\":\"0x70997970c51812dc3a010c7d01b50e0d17dc79c8\",\"value\":\"0x1\"}]}"

/* The child makes blocks as quickly as it can; whatever it was told to have been kept is there afterwards, and the chain goes on. */
static void killed(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    riv_fault  fault = { 0 };
    riv_str    dir;
    uint64_t   seen = 0;
    assert_int_equal(host_temp_dir(RIV_LIT("chain_test"), arena, &fault, &dir), RIV_OK);
    for (int round = 0; round < 5; round++) {
        int   tell[2];
        pid_t child;
        assert_int_equal(pipe(tell), 0);
        assert_true((child = fork()) >= 0);
        if (child == 0) {
            chain_params params;
            host_ledger *ledger;
            rpc         *r;
            chain_params_local(&params);
            chain_balances_local(arena, &params);
            if (host_ledger_open(dir, HOST_LEDGER_OWN, &fault, &ledger)) _exit(1);
            rpc_config config = { .engine = chain_new(), .place = host_ledger_place(ledger), .genesis = &params };
            if (rpc_open(&config, &fault, &r)) _exit(2);
            for (uint64_t now = UINT64_C(1704067200000);; now += 100) {
                riv_buf    out = { 0 };
                chain_head head;
                riv_arena *one = riv_arena_new(0);
                rpc_answer(r, 0, now, RIV_LIT(SEND), &out);
                if (chain_head_read(&config.place.store, UINT64_MAX, one, &fault, &head)) _exit(3);
                if (write(tell[1], &head.height, sizeof head.height) != sizeof head.height) _exit(4);
                riv_arena_free(one);
                riv_buf_free(&out);
            }
        }
        close(tell[1]);
        uint64_t told = 0;
        for (int i = 0; i < 40 + round * 13; i++) assert_int_equal(read(tell[0], &told, sizeof told), sizeof told);
        kill(child, SIGKILL);
        int status;
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
        close(tell[0]);
        assert_true(told > seen);

        host_ledger *ledger;
        chain_head   head;
        rpc_block    b;
        assert_int_equal(host_ledger_open(dir, HOST_LEDGER_LOOK, &fault, &ledger), RIV_OK);
        rpc_place place = host_ledger_place(ledger);
        assert_int_equal(chain_head_read(&place.store, UINT64_MAX, arena, &fault, &head), RIV_OK);
        assert_true(head.height >= told);
        seen            = head.height;
        eth_address   a = chain_development_account(0);
        chain_account account;
        assert_int_equal(chain_account_read(&place.store, UINT64_MAX, &a, &fault, &account), RIV_OK);
        assert_int_equal(account.nonce, head.height); /* one transaction a block: state and blocks are of one time */
        for (uint64_t h = 0; h <= head.height; h++) {
            assert_int_equal(rpc_block_read(&place.store, h, true, arena, &fault, &b), RIV_OK);
            assert_int_equal(b.txs_count, h ? 1 : 0);
        }
        host_ledger_close(ledger);
    }
    host_dir_remove(dir);
    riv_arena_free(arena);
}

static void one_owner(void **state)
{
    riv_arena   *arena = riv_arena_new(0);
    riv_fault    fault = { 0 };
    riv_str      dir;
    host_ledger *a, *b;
    (void)state;
    assert_int_equal(host_temp_dir(RIV_LIT("chain_test"), arena, &fault, &dir), RIV_OK);
    assert_int_equal(host_ledger_open(dir, HOST_LEDGER_LOOK, &fault, &a), RIV_E_NOT_FOUND);
    fault = (riv_fault){ 0 };
    assert_int_equal(host_ledger_open(dir, HOST_LEDGER_OWN, &fault, &a), RIV_OK);
    assert_int_equal(host_ledger_open(dir, HOST_LEDGER_OWN, &fault, &b), RIV_E_CONFLICT);
    host_ledger_close(a);
    host_dir_remove(dir);
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers),        cmocka_unit_test(one_after_another), cmocka_unit_test(waits_for_a_body),
        cmocka_unit_test(sockets),          cmocka_unit_test(answers_first),     cmocka_unit_test(blocks_by_the_clock),
        cmocka_unit_test(killed),           cmocka_unit_test(one_owner),         cmocka_unit_test(graph_ports),
        cmocka_unit_test(graph_port_taken), cmocka_unit_test(graph_catches_up),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
