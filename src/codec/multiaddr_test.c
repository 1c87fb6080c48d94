/* multiaddr_test.c: addresses and their bytes (made with the npm package @multiformats/multiaddr), malformed ones with the place of
 * the part that is wrong, and what a dialer gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/codec.h"

#define PEER     "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5"
#define PEER_HEX "a503260024080112208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"

/* printed NULL: as text */
static const struct {
    const char *text, *hex, *printed;
} good[] = {
    { "/ip4/127.0.0.1/tcp/7777", "047f000001061e61", NULL },
    { "/ip4/1.2.3.4/udp/65535/quic-v1", "04010203049102ffffcd03", NULL },
    { "/ip6/::1/tcp/80/ws", "2900000000000000000000000000000001060050dd03", NULL },
    { "/ip6/::/tcp/0", "2900000000000000000000000000000000060000", NULL },
    { "/ip6/2001:db8::ff00:42:8329/tcp/0", "2920010db8000000000000ff0000428329060000", NULL },
    { "/ip6/2001:0DB8:0:0:0:ff00:42:8329/tcp/0", "2920010db8000000000000ff0000428329060000",
      "/ip6/2001:db8::ff00:42:8329/tcp/0" },
    { "/ip6/::ffff:1.2.3.4/tcp/1", "2900000000000000000000ffff01020304060001", NULL },
    { "/ip6/::ffff:102:304/tcp/1", "2900000000000000000000ffff01020304060001", "/ip6/::ffff:1.2.3.4/tcp/1" },
    { "/ip6/1:0:0:2::3/tcp/1", "2900010000000000020000000000000003060001", NULL },
    { "/ip6/1:0:0:2:0:0:0:0/tcp/1", "2900010000000000020000000000000000060001", "/ip6/1:0:0:2::/tcp/1" },
    { "/ip6/1:0:2:3:4:5:6:7/tcp/1", "2900010000000200030004000500060007060001", NULL },
    { "/ip6/1:2:3:4:5:6:1.2.3.4", "2900010002000300040005000601020304", "/ip6/1:2:3:4:5:6:102:304" },
    { "/ip6/1:2:3:4:5:6:7::", "2900010002000300040005000600070000", "/ip6/1:2:3:4:5:6:7:0" },
    { "/dns4/example.com/tcp/443/wss/p2p/" PEER, "360b6578616d706c652e636f6d0601bbde03" PEER_HEX, NULL },
    { "/dnsaddr/bootstrap.libp2p.io/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN",
      "3813626f6f7473747261702e6c69627032702e696fa50322122006b3608aa000274049eb28ad8e793a26ff6fab281a7d3bd77cd18eb745df"
      "aa"
      "bb",
      NULL },
    { "/dns/x/tcp/1/tls/ws", "350178060001c003dd03", NULL },
    { "/dns6/v6.example/tcp/9", "370a76362e6578616d706c65060009", NULL },
    { "/memory/1234", "890600000000000004d2", NULL },
    { "/ip4/10.0.0.1/tcp/1/p2p/" PEER "/p2p-circuit", "040a000001060001" PEER_HEX "a202", NULL },
    { "/ip4/10.0.0.1/tcp/1/ipfs/" PEER, "040a000001060001" PEER_HEX, "/ip4/10.0.0.1/tcp/1/p2p/" PEER },
};

static void test_good(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    for (size_t i = 0; i < RIV_COUNT(good); i++) {
        codec_multiaddr parsed, read;
        riv_fault       fault = { 0 };
        riv_buf         bytes = riv_buf_in(arena), hex = riv_buf_in(arena);
        if (codec_multiaddr_parse(riv_str_c(good[i].text), arena, &fault, &parsed))
            fail_msg("%s: %s", good[i].text, fault.msg);
        codec_put_multiaddr(&bytes, &parsed);
        codec_put_hex(&hex, riv_buf_view(&bytes));
        if (!riv_str_eq(riv_buf_str(&hex), riv_str_c(good[i].hex)))
            fail_msg("%s: " RIV_FMT, good[i].text, RIV_ARG(riv_buf_str(&hex)));
        assert_int_equal(codec_multiaddr_read(riv_buf_view(&bytes), NULL, &read), RIV_OK);
        riv_str text = codec_multiaddr_text(arena, &read);
        if (!riv_str_eq(text, riv_str_c(good[i].printed ? good[i].printed : good[i].text)))
            fail_msg("%s: " RIV_FMT, good[i].text, RIV_ARG(text));
    }
    riv_arena_free(arena);
}

static const struct {
    const char *text;
    riv_err     err;
    uint64_t    pos;
} bad_texts[] = {
    { "", RIV_E_MALFORMED, 0 },
    { "ip4/1.2.3.4", RIV_E_MALFORMED, 0 },
    { "/", RIV_E_MALFORMED, 1 },
    { "/ip4/1.2.3.4/", RIV_E_MALFORMED, 13 },
    { "/ip4/1.2.3.4//tcp/1", RIV_E_MALFORMED, 13 },
    { "/ip4", RIV_E_MALFORMED, 4 },
    { "/ip4/", RIV_E_MALFORMED, 5 },
    { "/ip4/1.2.3", RIV_E_MALFORMED, 5 },
    { "/ip4/1.2.3.4.5", RIV_E_MALFORMED, 5 },
    { "/ip4/1.2.3.256", RIV_E_MALFORMED, 5 },
    { "/ip4/1.2.3.04", RIV_E_MALFORMED, 5 },
    { "/ip4/1.2..4", RIV_E_MALFORMED, 5 },
    { "/ip6/1:2:3:4:5:6:7", RIV_E_MALFORMED, 5 },
    { "/ip6/1:2:3:4:5:6:7:8:9", RIV_E_MALFORMED, 5 },
    { "/ip6/1::2::3", RIV_E_MALFORMED, 5 },
    { "/ip6/1:2:3:4::5:6:7:8", RIV_E_MALFORMED, 5 },
    { "/ip6/:1", RIV_E_MALFORMED, 5 },
    { "/ip6/1:", RIV_E_MALFORMED, 5 },
    { "/ip6/:::", RIV_E_MALFORMED, 5 },
    { "/ip6/12345::", RIV_E_MALFORMED, 5 },
    { "/ip6/1.2.3.4::", RIV_E_MALFORMED, 5 },
    { "/ip6/1:2:3:4:5:6:7:1.2.3.4", RIV_E_MALFORMED, 5 },
    { "/ip6/::1%eth0", RIV_E_MALFORMED, 5 },
    { "/ip4/1.2.3.4/tcp/65536", RIV_E_MALFORMED, 17 },
    { "/ip4/1.2.3.4/tcp/+1", RIV_E_MALFORMED, 17 },
    { "/ip4/1.2.3.4/tcp/01", RIV_E_MALFORMED, 17 },
    { "/ip4/1.2.3.4/tcp", RIV_E_MALFORMED, 16 },
    { "/ip4/1.2.3.4/sctp/1", RIV_E_UNSUPPORTED, 13 },
    { "/dns4//tcp/1", RIV_E_MALFORMED, 6 },
    { "/dns4/a b/tcp/1", RIV_E_MALFORMED, 6 },
    { "/dns4/a\xff/tcp/1", RIV_E_MALFORMED, 6 },
    { "/p2p/12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH", RIV_E_MALFORMED, 5 },
    { "/memory/18446744073709551616", RIV_E_MALFORMED, 8 },
    { "/ws/ws/ws/ws/ws/ws/ws/ws/ws/ws/ws/ws/ws/ws/ws/ws/ws", RIV_E_LIMIT, 49 },
};

static void test_bad_texts(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    for (size_t i = 0; i < RIV_COUNT(bad_texts); i++) {
        codec_multiaddr addr  = { .count = 99 };
        riv_fault       fault = { 0 };
        riv_err         err   = codec_multiaddr_parse(riv_str_c(bad_texts[i].text), arena, &fault, &addr);
        if (err != bad_texts[i].err || fault.pos != bad_texts[i].pos)
            fail_msg("%s: %s at %llu", bad_texts[i].text, fault.msg, (unsigned long long)fault.pos);
        assert_int_equal(addr.count, 99);
    }
    riv_arena_free(arena);
}

static const struct {
    const char *hex;
    riv_err     err;
    uint64_t    pos;
} bad_bytes[] = {
    { "", RIV_E_MALFORMED, 0 },
    { "047f0000", RIV_E_MALFORMED, 0 },
    { "047f00000106", RIV_E_MALFORMED, 5 },
    { "047f00000185", RIV_E_MALFORMED, 5 },
    { "8400", RIV_E_MALFORMED, 0 }, /* code not minimal */
    { "840101", RIV_E_UNSUPPORTED, 0 },
    { "3500", RIV_E_MALFORMED, 0 },
    { "35022f61", RIV_E_MALFORMED, 0 }, /* a slash in a name */
    { "350361", RIV_E_MALFORMED, 0 },
    { "a503021220", RIV_E_MALFORMED, 0 }, /* no digest */
    { "a50300", RIV_E_MALFORMED, 0 },
    { "dd03dd03dd03dd03dd03dd03dd03dd03dd03dd03dd03dd03dd03dd03dd03dd03dd03", RIV_E_LIMIT, 32 },
};

static void test_bad_bytes(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    for (size_t i = 0; i < RIV_COUNT(bad_bytes); i++) {
        codec_multiaddr addr;
        riv_fault       fault = { 0 };
        riv_buf         bytes = riv_buf_in(arena);
        assert_int_equal(codec_read_hex(riv_str_c(bad_bytes[i].hex), &bytes, NULL), RIV_OK);
        riv_err err = codec_multiaddr_read(riv_buf_view(&bytes), &fault, &addr);
        if (err != bad_bytes[i].err || fault.pos != bad_bytes[i].pos)
            fail_msg("%s: %s at %llu", bad_bytes[i].hex, fault.msg, (unsigned long long)fault.pos);
    }
    riv_arena_free(arena);
}

static void test_size_limit(void **state)
{
    (void)state;
    riv_arena      *arena = riv_arena_new(0);
    riv_buf         text  = riv_buf_in(arena);
    codec_multiaddr addr;
    for (int i = 0; i < 4; i++) {
        riv_put_str(&text, RIV_LIT("/dns/"));
        for (int k = 0; k < 255; k++) riv_put_u8(&text, 'a');
    }
    assert_int_equal(codec_multiaddr_parse(riv_buf_str(&text), arena, NULL, &addr), RIV_E_LIMIT); /* 1,032 bytes */
    assert_int_equal(codec_multiaddr_parse(riv_str_sub(riv_buf_str(&text), 0, 3 * 260), arena, NULL, &addr), RIV_OK);
    riv_buf big = riv_buf_in(arena);
    riv_buf_room(&big, CODEC_MULTIADDR_BYTES_MAX + 1);
    assert_int_equal(codec_multiaddr_read(riv_buf_view(&big), NULL, &addr), RIV_E_LIMIT);
    riv_arena_free(arena);
}

static const struct {
    const char *text, *host; /* host NULL: not to be dialed over TCP */
    uint16_t    port;
    bool        is_dns, has_peer;
} dials[] = {
    { "/ip4/127.0.0.1/tcp/7777", "127.0.0.1", 7777, false, false },
    { "/ip6/::1/tcp/1/p2p/" PEER, "::1", 1, false, true },
    { "/dns4/node.example/tcp/9/p2p/" PEER, "node.example", 9, true, true },
    { "/dns/node.example/tcp/9", "node.example", 9, true, false },
    { "/dns6/node.example/tcp/9", "node.example", 9, true, false },
    { "/dnsaddr/node.example/tcp/9", NULL, 0, false, false },
    { "/ip4/127.0.0.1", NULL, 0, false, false },
    { "/ip4/127.0.0.1/udp/1/quic-v1", NULL, 0, false, false },
    { "/ip4/127.0.0.1/tcp/1/ws", NULL, 0, false, false },
    { "/ip4/127.0.0.1/tcp/1/ws/p2p/" PEER, NULL, 0, false, false },
    { "/ip4/127.0.0.1/tcp/1/p2p/" PEER "/p2p-circuit", NULL, 0, false, false },
    { "/ip4/127.0.0.1/tcp/1/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN", NULL, 0, false, false },
    { "/tcp/1/ip4/127.0.0.1", NULL, 0, false, false },
};

static void test_tcp(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    for (size_t i = 0; i < RIV_COUNT(dials); i++) {
        codec_multiaddr addr;
        codec_tcp_addr  tcp;
        assert_int_equal(codec_multiaddr_parse(riv_str_c(dials[i].text), arena, NULL, &addr), RIV_OK);
        assert_int_equal(codec_multiaddr_tcp(arena, &addr, &tcp), dials[i].host != NULL);
        if (!dials[i].host) continue;
        assert_true(riv_str_eq(tcp.host, riv_str_c(dials[i].host)));
        assert_int_equal(tcp.port, dials[i].port);
        assert_int_equal(tcp.is_dns, dials[i].is_dns);
        assert_int_equal(tcp.has_peer, dials[i].has_peer);
        if (tcp.has_peer) assert_true(riv_str_eq(codec_peer_text(arena, &tcp.peer), RIV_LIT(PEER)));
    }
    riv_arena_free(arena);
}

/* A peer id that is read can be printed and parsed again: base58 has a limit. */
static void test_long_peer_ids(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    for (size_t len = 0; len < 1010; len++) {
        codec_multiaddr read, parsed;
        riv_buf         bytes = riv_buf_in(arena), id = riv_buf_in(arena);
        riv_fault       fault = { 0 };
        codec_put_varint(&id, CODEC_HASH_IDENTITY);
        codec_put_varint(&id, len);
        memset(riv_buf_room(&id, len), 0xff, len);
        codec_put_varint(&bytes, CODEC_ADDR_P2P);
        codec_put_varint(&bytes, id.len);
        riv_put_bytes(&bytes, riv_buf_view(&id));
        riv_err err = codec_multiaddr_read(riv_buf_view(&bytes), &fault, &read);
        assert_int_equal(err, len <= 128 ? RIV_OK : RIV_E_MALFORMED);
        if (err) {
            assert_string_equal(fault.msg, "multiaddr value of /p2p is malformed");
            continue;
        }
        assert_int_equal(codec_multiaddr_parse(codec_multiaddr_text(arena, &read), arena, NULL, &parsed), RIV_OK);
    }
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_peer_ids), cmocka_unit_test(test_good),       cmocka_unit_test(test_bad_texts),
        cmocka_unit_test(test_bad_bytes),     cmocka_unit_test(test_size_limit), cmocka_unit_test(test_tcp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
