/* eth_client_test.c: questions to a made-up node: right answers, errors in geth's words, and every way an answer can be wrong. */
#define _GNU_SOURCE
#include "host/eth_client.h"

#include "codec/codec.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

/* ---- a node that gives one connection after the other the same text ---- */

typedef struct node {
    int         fd;
    uint16_t    port;
    const char *status, *body; /* body: %ID stands for the id that was asked with */
    size_t      filler;        /* bytes of white space behind the body */
    bool        hangs_up;
    char        asked[4096];
    pthread_t   thread;
} node;

static void reply(node *n, int link)
{
    char    head[256];
    char    id[32] = "0";
    riv_buf body   = { 0 };
    char   *at     = strstr(n->asked, "\"id\":");
    if (at) sscanf(at, "\"id\":%31[0-9]", id);
    riv_str text = riv_str_c(n->body);
    size_t  mark = riv_str_find(text, RIV_LIT("%ID"), 0);
    if (mark != SIZE_MAX) {
        riv_put_str(&body, riv_str_sub(text, 0, mark));
        riv_put_str(&body, riv_str_c(id));
        text = riv_str_sub(text, mark + 3, text.len);
    }
    riv_put_str(&body, text);
    if (n->filler) memset(riv_buf_raw(&body, n->filler), ' ', n->filler);
    int len = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", n->status,
                       body.len);
    if (send(link, head, (size_t)len, MSG_NOSIGNAL) == len)
        for (size_t sent = 0; sent < body.len;) {
            ssize_t got = send(link, body.ptr + sent, body.len - sent, MSG_NOSIGNAL);
            if (got <= 0) break;
            sent += (size_t)got;
        }
    riv_buf_free(&body);
}

static void *serve(void *ctx)
{
    node *n = ctx;
    for (int link; (link = accept(n->fd, NULL, NULL)) >= 0; close(link)) {
        size_t got = 0;
        for (ssize_t len; got < sizeof n->asked - 1; got += (size_t)len) {
            len = recv(link, n->asked + got, sizeof n->asked - 1 - got, 0);
            if (len <= 0) break;
            n->asked[got + (size_t)len] = 0;
            if (strstr(n->asked, "\r\n\r\n{") && n->asked[got + (size_t)len - 1] == '}') break;
        }
        if (!n->hangs_up) reply(n, link);
    }
    return NULL;
}

static void start(node *n)
{
    struct sockaddr_in at  = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t          len = sizeof at;
    n->fd                  = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(n->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(n->fd, 8), 0);
    assert_int_equal(getsockname(n->fd, (struct sockaddr *)&at, &len), 0);
    n->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&n->thread, NULL, serve, n), 0);
}

static void stop(node *n)
{
    shutdown(n->fd, SHUT_RDWR);
    pthread_join(n->thread, NULL);
    close(n->fd);
}

static host_eth *open_at(riv_arena *arena, uint16_t port, bool (*stops)(void))
{
    host_eth *e;
    riv_str   url = riv_format(arena, "http://127.0.0.1:%u", port);
    assert_int_equal(host_eth_open(url, stops, NULL, &e), RIV_OK);
    return e;
}

static const riv_json *nothing(riv_arena *arena) { return riv_json_arr(arena, NULL, 0); }

/* ---- tests ---- */

static void test_an_answer(void **state)
{
    (void)state;
    node       n     = { .status = "200 OK", .body = "{\"jsonrpc\":\"2.0\",\"id\":%ID,\"result\":\"0x7a69\"}" };
    riv_arena *arena = riv_arena_new(0);
    riv_fault  fault = { 0 };
    u256       v;
    start(&n);
    host_eth *e = open_at(arena, n.port, NULL);
    for (int i = 0; i < 3; i++) { /* each with an id of its own */
        assert_int_equal(host_eth_number(e, "eth_chainId", nothing(arena), arena, &fault, NULL, &v), RIV_OK);
        assert_int_equal(u256_cmp(v, u256_of(31337)), 0);
    }
    assert_non_null(strstr(n.asked, "\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"eth_chainId\",\"params\":[]}"));
    assert_non_null(strstr(n.asked, "Content-Type: application/json"));
    host_eth_close(e);
    stop(&n);
    riv_arena_free(arena);
}

static void test_what_goes_wrong(void **state)
{
    static const struct {
        const char *status, *body;
        size_t      filler;
        bool        hangs_up;
        riv_err     err;
        const char *says;
        const char *data; /* hexadecimal, of the error */
        int64_t     code;
    } cases[] = {
        { "200 OK", "{\"jsonrpc\":\"2.0\",\"id\":%ID,\"error\":{\"code\":-32000,\"message\":\"nonce too low\"}}", 0,
          false, RIV_E_DENIED, "nonce too low", "", -32000 },
        { "200 OK",
          "{\"jsonrpc\":\"2.0\",\"id\":%ID,\"error\":{\"code\":3,\"message\":\"execution reverted: "
          "no\",\"data\":\"0x08c379a0\"}}",
          0, false, RIV_E_DENIED, "execution reverted: no", "08c379a0", 3 },
        { "400 Bad Request",
          "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32603,\"message\":\"x\",\"data\":{\"data\":\"0x01\"}}"
          "}",
          0, false, RIV_E_DENIED, "x", "01", -32603 },
        { "200 OK", "{\"jsonrpc\":\"2.0\",\"id\":%ID,\"error\":{}}", 0, false, RIV_E_DENIED, "an error without words",
          "", 0 },
        { "200 OK", "<html>hello</html>", 0, false, RIV_E_MALFORMED, "does not speak JSON-RPC", NULL, 0 },
        { "200 OK", "[]", 0, false, RIV_E_MALFORMED, "does not speak JSON-RPC", NULL, 0 },
        { "200 OK", "", 0, false, RIV_E_MALFORMED, "does not speak JSON-RPC", NULL, 0 },
        { "200 OK", "{\"jsonrpc\":\"2.0\",\"id\":%ID}", 0, false, RIV_E_MALFORMED, "does not speak JSON-RPC", NULL, 0 },
        { "200 OK", "{\"jsonrpc\":\"2.0\",\"id\":77,\"result\":\"0x1\"}", 0, false, RIV_E_MALFORMED,
          "does not speak JSON-RPC", NULL, 0 },
        { "200 OK", "{\"jsonrpc\":\"2.0\",\"id\":%ID,\"result\":\"12\"}", 0, false, RIV_E_MALFORMED, "is no number",
          NULL, 0 },
        { "200 OK", "{\"jsonrpc\":\"2.0\",\"id\":%ID,\"result\":{}}", 0, false, RIV_E_MALFORMED, "is no number", NULL,
          0 },
        { "404 Not Found", "no", 0, false, RIV_E_MALFORMED, "HTTP status 404", NULL, 0 },
        { "302 Found\r\nLocation: http://127.0.0.1:1/", "", 0, false, RIV_E_MALFORMED, "HTTP status 302", NULL, 0 },
        { "200 OK", "{", HOST_ETH_REPLY_BYTES_MAX, false, RIV_E_LIMIT, "longer than 32 MiB", NULL, 0 },
        { "200 OK", "", 0, true, RIV_E_EXPIRED, "no chain answers at http://127.0.0.1:", NULL, 0 },
    };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        node n = {
            .status = cases[i].status, .body = cases[i].body, .filler = cases[i].filler, .hangs_up = cases[i].hangs_up
        };
        riv_arena     *arena = riv_arena_new(0);
        riv_fault      fault = { 0 };
        host_eth_error error = { 0 };
        u256           v;
        start(&n);
        host_eth *e   = open_at(arena, n.port, NULL);
        riv_err   err = host_eth_number(e, "eth_gasPrice", nothing(arena), arena, &fault, &error, &v);
        if (err != cases[i].err || !strstr(fault.msg, cases[i].says))
            fail_msg("case %zu: %s: %s", i, riv_err_name(err), fault.msg);
        if (err == RIV_E_DENIED) {
            riv_buf hex = riv_buf_in(arena);
            codec_put_hex(&hex, error.data);
            assert_true(riv_str_eq(riv_buf_str(&hex), riv_str_c(cases[i].data)));
            assert_true(error.code == cases[i].code);
        }
        host_eth_close(e);
        stop(&n);
        riv_arena_free(arena);
    }
}

static bool at_once(void) { return true; }

static void test_no_node(void **state)
{
    static const char *const urls[] = { "", "127.0.0.1:8545", "file:///etc/passwd", "ws://127.0.0.1:8545" };
    riv_arena               *arena  = riv_arena_new(0);
    riv_fault                fault  = { 0 };
    host_eth                *e      = NULL;
    u256                     v;
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(urls); i++)
        assert_int_equal(host_eth_open(riv_str_c(urls[i]), NULL, NULL, &e), RIV_E_MALFORMED);
    e = open_at(arena, 1, NULL);
    assert_int_equal(host_eth_number(e, "eth_chainId", nothing(arena), arena, &fault, NULL, &v), RIV_E_EXPIRED);
    assert_non_null(strstr(fault.msg, "no chain answers at http://127.0.0.1:1"));
    host_eth_close(e);
    node n = { .status = "200 OK", .body = "{}" };
    start(&n);
    e     = open_at(arena, n.port, at_once); /* Ctrl-C */
    fault = (riv_fault){ 0 };
    assert_int_equal(host_eth_number(e, "eth_chainId", nothing(arena), arena, &fault, NULL, &v), RIV_E_EXPIRED);
    assert_string_equal(fault.msg, "interrupted");
    host_eth_close(e);
    stop(&n);
    riv_arena_free(arena);
}

static void test_values(void **state)
{
    riv_arena  *arena = riv_arena_new(0);
    eth_address a     = { { 0xf3, 0x9f } }, b;
    u256        v;
    uint64_t    small;
    riv_bytes   data;
    (void)state;
    assert_true(riv_str_eq(host_eth_quantity(arena, U256_ZERO)->str, RIV_LIT("0x0")));
    assert_true(riv_str_eq(host_eth_data(arena, RIV_BYTES("\0\1"))->str, RIV_LIT("0x0001")));
    assert_true(host_eth_read_address(host_eth_address(arena, &a), &b) && eth_address_eq(&a, &b));
    assert_false(host_eth_read_address(riv_json_strc(arena, "0xf39f"), &b));
    assert_true(host_eth_read_u64(riv_json_strc(arena, "0xff"), &small) && small == 255);
    assert_false(host_eth_read_u64(riv_json_strc(arena, "0x10000000000000000"), &small));
    assert_false(host_eth_read_quantity(riv_json_strc(arena, "0x"), &v));
    assert_false(host_eth_read_quantity(riv_json_strc(arena, "0xg"), &v));
    assert_false(host_eth_read_quantity(riv_json_u64(arena, 1), &v));
    assert_false(host_eth_read_quantity(NULL, &v));
    assert_true(host_eth_read_data(riv_json_strc(arena, "0x"), arena, &data) && data.len == 0);
    assert_false(host_eth_read_data(riv_json_strc(arena, "0x1"), arena, &data));
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_answer),
        cmocka_unit_test(test_what_goes_wrong),
        cmocka_unit_test(test_no_node),
        cmocka_unit_test(test_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
