/* multiaddr.c: addresses such as /ip4/127.0.0.1/tcp/7777/p2p/12D3..., as text and as bytes.
 * Binary: for each part the varint of its code, then its value: of a fixed size, or with a varint length in front.
 * Spec: docs/spec/codec.md 5. Tests: multiaddr_test.c, multiaddr_fuzz.c. */
#include "codec/codec.h"

enum { MULTIADDR_TEXT_MAX = 4096, NAME_BYTES_MAX = 255, PEER_DIGEST_BYTES_MAX = 128, IP6_GROUPS = 8 };

typedef enum value_form { FORM_NONE, FORM_IP4, FORM_IP6, FORM_PORT, FORM_U64, FORM_NAME, FORM_PEER } value_form;

/* clang-format off */
static const struct protocol {
    codec_addr_kind kind;
    value_form      form;
    riv_str         name;
} protocols[] = {
    { CODEC_ADDR_IP4,         FORM_IP4,  RIV_LIT_INIT("ip4") },     { CODEC_ADDR_IP6,     FORM_IP6,  RIV_LIT_INIT("ip6") },
    { CODEC_ADDR_DNS,         FORM_NAME, RIV_LIT_INIT("dns") },     { CODEC_ADDR_DNS4,    FORM_NAME, RIV_LIT_INIT("dns4") },
    { CODEC_ADDR_DNS6,        FORM_NAME, RIV_LIT_INIT("dns6") },    { CODEC_ADDR_DNSADDR, FORM_NAME, RIV_LIT_INIT("dnsaddr") },
    { CODEC_ADDR_TCP,         FORM_PORT, RIV_LIT_INIT("tcp") },     { CODEC_ADDR_UDP,     FORM_PORT, RIV_LIT_INIT("udp") },
    { CODEC_ADDR_P2P,         FORM_PEER, RIV_LIT_INIT("p2p") },     { CODEC_ADDR_P2P,     FORM_PEER, RIV_LIT_INIT("ipfs") },
    { CODEC_ADDR_QUIC_V1,     FORM_NONE, RIV_LIT_INIT("quic-v1") }, { CODEC_ADDR_TLS,     FORM_NONE, RIV_LIT_INIT("tls") },
    { CODEC_ADDR_WS,          FORM_NONE, RIV_LIT_INIT("ws") },      { CODEC_ADDR_WSS,     FORM_NONE, RIV_LIT_INIT("wss") },
    { CODEC_ADDR_P2P_CIRCUIT, FORM_NONE, RIV_LIT_INIT("p2p-circuit") },
    { CODEC_ADDR_MEMORY,      FORM_U64,  RIV_LIT_INIT("memory") },
};
/* clang-format on */

/* The first row of a code is the one that is printed: ipfs is an old name of p2p. */
static const struct protocol *protocol_of(uint64_t code)
{
    for (size_t i = 0; i < RIV_COUNT(protocols); i++)
        if ((uint64_t)protocols[i].kind == code) return &protocols[i];
    return NULL;
}

static const struct protocol *protocol_named(riv_str name)
{
    for (size_t i = 0; i < RIV_COUNT(protocols); i++)
        if (riv_str_eq(protocols[i].name, name)) return &protocols[i];
    return NULL;
}

/* Bytes of a value; SIZE_MAX: a length stands in front. */
static size_t value_bytes(value_form form)
{
    switch (form) {
    case FORM_NONE: return 0;
    case FORM_IP4: return 4;
    case FORM_IP6: return 16;
    case FORM_PORT: return 2;
    case FORM_U64: return 8;
    case FORM_NAME:
    case FORM_PEER: return SIZE_MAX;
    }
    RIV_UNREACHABLE();
}

/* ---- reading values from text: each appends the binary form; false when the text is wrong ---- */

static bool parse_number(riv_str s, uint64_t max, uint64_t *out)
{
    if (s.len > 1 && s.ptr[0] == '0') return false;
    return riv_str_u64(s, out) && *out <= max;
}

static bool parse_ip4(riv_str s, riv_buf *out)
{
    for (size_t from = 0, i = 0; i < 4; i++) {
        size_t   dot = riv_str_find_char(s, '.', from);
        uint64_t n;
        if ((dot == SIZE_MAX) != (i == 3)) return false;
        if (!parse_number(riv_str_sub(s, from, dot), 255, &n)) return false;
        riv_put_u8(out, (uint8_t)n);
        from = dot + 1;
    }
    return true;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool parse_group(riv_str s, uint16_t *out)
{
    unsigned v = 0;
    if (!s.len || s.len > 4) return false;
    for (size_t i = 0; i < s.len; i++) {
        int digit = hex_value(s.ptr[i]);
        if (digit < 0) return false;
        v = v << 4 | (unsigned)digit;
    }
    *out = (uint16_t)v;
    return true;
}

/* Groups between colons, the last two perhaps as a dotted quad; nothing at all is no group. */
static bool parse_groups(riv_str s, uint16_t groups[IP6_GROUPS], size_t *count)
{
    for (size_t from = 0; s.len;) {
        size_t  colon = riv_str_find_char(s, ':', from);
        riv_str part  = riv_str_sub(s, from, colon);
        if (*count == IP6_GROUPS) return false;
        if (colon == SIZE_MAX && riv_str_find_char(part, '.', 0) != SIZE_MAX) {
            uint8_t room[4];
            riv_buf quad = { .ptr = room, .cap = sizeof room };
            if (*count > IP6_GROUPS - 2 || !parse_ip4(part, &quad)) return false;
            groups[(*count)++] = (uint16_t)(room[0] << 8 | room[1]);
            groups[(*count)++] = (uint16_t)(room[2] << 8 | room[3]);
            return true;
        }
        if (!parse_group(part, &groups[(*count)++])) return false;
        if (colon == SIZE_MAX) return true;
        from = colon + 1;
    }
    return true;
}

static bool parse_ip6(riv_str s, riv_buf *out)
{
    uint16_t head[IP6_GROUPS] = { 0 }, tail[IP6_GROUPS] = { 0 };
    size_t   heads = 0, tails = 0, gap = riv_str_find(s, RIV_LIT("::"), 0);
    if (gap == SIZE_MAX) {
        if (!parse_groups(s, head, &heads) || heads != IP6_GROUPS) return false;
    } else {
        riv_str before = riv_str_sub(s, 0, gap);
        if (riv_str_find_char(before, '.', 0) != SIZE_MAX) return false; /* a quad stands at the very end only */
        if (!parse_groups(before, head, &heads)) return false;
        if (!parse_groups(riv_str_sub(s, gap + 2, s.len), tail, &tails)) return false;
        if (heads + tails >= IP6_GROUPS) return false;
    }
    for (size_t i = 0; i < tails; i++) head[IP6_GROUPS - tails + i] = tail[i];
    for (size_t i = 0; i < IP6_GROUPS; i++) riv_put_u16be(out, head[i]);
    return true;
}

/* Anything a resolver could be asked for; the slash parts a multiaddr, controls and blanks are never part of a name. */
static bool name_is_good(riv_bytes name)
{
    if (!name.len || name.len > NAME_BYTES_MAX || !riv_utf8_valid(name, NULL)) return false;
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] <= ' ' || name.ptr[i] == '/' || name.ptr[i] == 0x7f) return false;
    return true;
}

/* A multihash of any kind: ids of other keys than ours occur in addresses that are passed on. */
static bool peer_is_good(riv_bytes peer)
{
    riv_reader r    = riv_reader_of(peer);
    uint64_t   hash = 0, len = 0;
    if (codec_read_varint(&r, NULL, &hash) || codec_read_varint(&r, NULL, &len)) return false;
    if (len != riv_reader_left(&r) || len > PEER_DIGEST_BYTES_MAX) return false;
    return hash == CODEC_HASH_IDENTITY || (hash == CODEC_HASH_SHA256 && len == CRYPTO_HASH_BYTES);
}

static bool parse_value(value_form form, riv_str s, riv_buf *out)
{
    uint64_t n;
    switch (form) {
    case FORM_NONE: return true;
    case FORM_IP4: return parse_ip4(s, out);
    case FORM_IP6: return parse_ip6(s, out);
    case FORM_PORT:
        if (!parse_number(s, UINT16_MAX, &n)) return false;
        riv_put_u16be(out, (uint16_t)n);
        return true;
    case FORM_U64:
        if (!parse_number(s, UINT64_MAX, &n)) return false;
        riv_put_u64be(out, n);
        return true;
    case FORM_NAME: riv_put_str(out, s); return name_is_good(riv_buf_view(out));
    case FORM_PEER: return codec_read_base58(s, out, NULL) == RIV_OK && peer_is_good(riv_buf_view(out));
    }
    RIV_UNREACHABLE();
}

/* ---- text ---- */

/* What stands up to the next slash; *pos goes behind it, or to SIZE_MAX at the end. */
static riv_str next_word(riv_str text, size_t *pos)
{
    size_t  slash = riv_str_find_char(text, '/', *pos);
    riv_str word  = riv_str_sub(text, *pos, slash);
    *pos          = slash == SIZE_MAX ? SIZE_MAX : slash + 1;
    return word;
}

static riv_err parse_part(riv_str text, size_t *pos, riv_arena *arena, riv_fault *fault, codec_addr_part *out)
{
    size_t                 start = *pos;
    riv_str                name = next_word(text, pos), value = { 0 };
    const struct protocol *protocol = protocol_named(name);
    if (!name.len) return riv_fail(fault, RIV_E_MALFORMED, start, "multiaddr with an empty part");
    if (!protocol)
        return riv_fail(fault, RIV_E_UNSUPPORTED, start, "multiaddr protocol '" RIV_FMT "' is not known",
                        RIV_ARG(riv_str_sub(name, 0, 64)));
    if (protocol->form != FORM_NONE) {
        if (*pos == SIZE_MAX)
            return riv_fail(fault, RIV_E_MALFORMED, text.len, "multiaddr ends where /" RIV_FMT " needs a value",
                            RIV_ARG(name));
        start = *pos;
        value = next_word(text, pos);
    }
    riv_buf bytes = riv_buf_in(arena);
    if (!parse_value(protocol->form, value, &bytes))
        return riv_fail(fault, RIV_E_MALFORMED, start, "multiaddr part /" RIV_FMT "/" RIV_FMT " is malformed",
                        RIV_ARG(name), RIV_ARG(riv_str_sub(value, 0, 96)));
    *out = (codec_addr_part){ protocol->kind, riv_buf_view(&bytes) };
    return RIV_OK;
}

static size_t binary_bytes(const codec_multiaddr *addr)
{
    riv_buf bytes = { 0 };
    codec_put_multiaddr(&bytes, addr);
    size_t len = bytes.len;
    riv_buf_free(&bytes);
    return len;
}

riv_err codec_multiaddr_parse(riv_str text, riv_arena *arena, riv_fault *fault, codec_multiaddr *out)
{
    codec_multiaddr addr = { .count = 0 };
    if (text.len > MULTIADDR_TEXT_MAX)
        return riv_fail(fault, RIV_E_LIMIT, MULTIADDR_TEXT_MAX, "multiaddr of %zu characters", text.len);
    if (!text.len || text.ptr[0] != '/')
        return riv_fail(fault, RIV_E_MALFORMED, 0, "multiaddr does not begin with a slash");
    for (size_t pos = 1; pos != SIZE_MAX;) {
        if (addr.count == CODEC_MULTIADDR_PARTS_MAX)
            return riv_fail(fault, RIV_E_LIMIT, pos, "multiaddr of more than %d parts", CODEC_MULTIADDR_PARTS_MAX);
        RIV_TRY(parse_part(text, &pos, arena, fault, &addr.parts[addr.count++]));
    }
    if (binary_bytes(&addr) > CODEC_MULTIADDR_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, text.len, "multiaddr of more than %d bytes", CODEC_MULTIADDR_BYTES_MAX);
    *out = addr;
    return RIV_OK;
}

static void put_ip6(riv_buf *out, riv_bytes ip)
{
    uint16_t   g[IP6_GROUPS];
    riv_reader r   = riv_reader_of(ip);
    size_t     gap = IP6_GROUPS, gap_len = 1; /* the first longest run of zeros, if longer than one */
    for (size_t i = 0; i < IP6_GROUPS; i++) g[i] = riv_read_u16be(&r);
    for (size_t i = 0, run = 0; i < IP6_GROUPS; i++) {
        run = g[i] ? 0 : run + 1;
        if (run > gap_len) gap = i + 1 - (gap_len = run);
    }
    if (gap == 0 && gap_len == 5 && g[5] == 0xffff) { /* IPv4 inside IPv6 */
        riv_putf(out, "::ffff:%u.%u.%u.%u", ip.ptr[12], ip.ptr[13], ip.ptr[14], ip.ptr[15]);
        return;
    }
    for (size_t i = 0; i < IP6_GROUPS; i++) {
        if (i == gap) {
            riv_put_str(out, RIV_LIT("::"));
            i += gap_len - 1;
            continue;
        }
        riv_putf(out, "%s%x", i > 0 && i != gap + gap_len ? ":" : "", g[i]);
    }
}

static void put_value(riv_buf *out, value_form form, riv_bytes value)
{
    riv_reader r = riv_reader_of(value);
    switch (form) {
    case FORM_NONE: return;
    case FORM_IP4: riv_putf(out, "/%u.%u.%u.%u", value.ptr[0], value.ptr[1], value.ptr[2], value.ptr[3]); return;
    case FORM_IP6:
        riv_put_u8(out, '/');
        put_ip6(out, value);
        return;
    case FORM_PORT: riv_putf(out, "/%u", riv_read_u16be(&r)); return;
    case FORM_U64: riv_putf(out, "/%llu", (unsigned long long)riv_read_u64be(&r)); return;
    case FORM_NAME:
        riv_put_u8(out, '/');
        riv_put_bytes(out, value);
        return;
    case FORM_PEER:
        riv_put_u8(out, '/');
        codec_put_base58(out, value);
        return;
    }
    RIV_UNREACHABLE();
}

riv_str codec_multiaddr_text(riv_arena *arena, const codec_multiaddr *addr)
{
    riv_buf out = riv_buf_in(arena);
    for (size_t i = 0; i < addr->count; i++) {
        const struct protocol *protocol = protocol_of((uint64_t)addr->parts[i].kind);
        RIV_ASSERT(protocol);
        riv_put_u8(&out, '/');
        riv_put_str(&out, protocol->name);
        put_value(&out, protocol->form, addr->parts[i].value);
    }
    return riv_buf_str(&out);
}

/* ---- bytes ---- */

static bool value_is_good(value_form form, riv_bytes value)
{
    switch (form) {
    case FORM_NONE:
    case FORM_IP4:
    case FORM_IP6:
    case FORM_PORT:
    case FORM_U64: return value.len == value_bytes(form);
    case FORM_NAME: return name_is_good(value);
    case FORM_PEER: return peer_is_good(value);
    }
    RIV_UNREACHABLE();
}

static riv_err read_varint(riv_reader *r, riv_fault *fault, uint64_t *out)
{
    riv_err err = codec_read_varint(r, fault, out);
    return err == RIV_MORE ? riv_fail(fault, RIV_E_MALFORMED, r->pos, "multiaddr is cut") : err;
}

static riv_err read_part(riv_reader *r, riv_fault *fault, codec_addr_part *out)
{
    size_t   start = r->pos;
    uint64_t code, len;
    RIV_TRY(read_varint(r, fault, &code));
    const struct protocol *protocol = protocol_of(code);
    if (!protocol)
        return riv_fail(fault, RIV_E_UNSUPPORTED, start, "multiaddr protocol %llu is not known",
                        (unsigned long long)code);
    len = value_bytes(protocol->form);
    if (len == SIZE_MAX) RIV_TRY(read_varint(r, fault, &len));
    riv_bytes value = riv_read_bytes(r, len);
    if (r->short_read)
        return riv_fail(fault, RIV_E_MALFORMED, start, "multiaddr is cut in /" RIV_FMT, RIV_ARG(protocol->name));
    if (!value_is_good(protocol->form, value))
        return riv_fail(fault, RIV_E_MALFORMED, start, "multiaddr value of /" RIV_FMT " is malformed",
                        RIV_ARG(protocol->name));
    *out = (codec_addr_part){ protocol->kind, value };
    return RIV_OK;
}

riv_err codec_multiaddr_read(riv_bytes in, riv_fault *fault, codec_multiaddr *out)
{
    riv_reader      r    = riv_reader_of(in);
    codec_multiaddr addr = { .count = 0 };
    if (in.len > CODEC_MULTIADDR_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, CODEC_MULTIADDR_BYTES_MAX, "multiaddr of %zu bytes", in.len);
    if (!in.len) return riv_fail(fault, RIV_E_MALFORMED, 0, "multiaddr is empty");
    while (riv_reader_left(&r)) {
        if (addr.count == CODEC_MULTIADDR_PARTS_MAX)
            return riv_fail(fault, RIV_E_LIMIT, r.pos, "multiaddr of more than %d parts", CODEC_MULTIADDR_PARTS_MAX);
        RIV_TRY(read_part(&r, fault, &addr.parts[addr.count++]));
    }
    *out = addr;
    return RIV_OK;
}

void codec_put_multiaddr(riv_buf *out, const codec_multiaddr *addr)
{
    for (size_t i = 0; i < addr->count; i++) {
        const codec_addr_part *part     = &addr->parts[i];
        const struct protocol *protocol = protocol_of((uint64_t)part->kind);
        RIV_ASSERT(protocol && value_is_good(protocol->form, part->value));
        codec_put_varint(out, (uint64_t)part->kind);
        if (value_bytes(protocol->form) == SIZE_MAX) codec_put_varint(out, part->value.len);
        riv_put_bytes(out, part->value);
    }
}

/* ---- what a TCP dialer needs ---- */

static riv_str host_text(riv_arena *arena, const codec_addr_part *part)
{
    riv_buf out = riv_buf_in(arena);
    put_value(&out, protocol_of((uint64_t)part->kind)->form, part->value);
    return riv_str_sub(riv_buf_str(&out), 1, out.len); /* without the slash */
}

bool codec_multiaddr_tcp(riv_arena *arena, const codec_multiaddr *addr, codec_tcp_addr *out)
{
    codec_tcp_addr tcp = { 0 };
    if (addr->count < 2 || addr->count > 3 || addr->parts[1].kind != CODEC_ADDR_TCP) return false;
    codec_addr_kind kind = addr->parts[0].kind;
    tcp.is_dns           = kind == CODEC_ADDR_DNS || kind == CODEC_ADDR_DNS4 || kind == CODEC_ADDR_DNS6;
    if (!tcp.is_dns && kind != CODEC_ADDR_IP4 && kind != CODEC_ADDR_IP6) return false;
    if (addr->count == 3) {
        if (addr->parts[2].kind != CODEC_ADDR_P2P) return false;
        if (codec_peer_read(addr->parts[2].value, NULL, &tcp.peer)) return false;
        tcp.has_peer = true;
    }
    riv_reader port = riv_reader_of(addr->parts[1].value);
    tcp.port        = riv_read_u16be(&port);
    tcp.host        = host_text(arena, &addr->parts[0]);
    *out            = tcp;
    return true;
}
