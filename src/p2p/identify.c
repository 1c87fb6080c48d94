/* identify.c: /ipfs/id/1.0.0 and its push: who a peer says it is; the message, the answer and the reading of it.
 * Addresses and names are claims; the public key is not: it must be the one that noise has proven.
 * Spec: docs/spec/p2p.md 5. Tests: identify_test.c, identify_fuzz.c. */
#include "p2p/internal.h"

enum {
    FIELD_PUBLIC_KEY = 1,
    FIELD_LISTEN     = 2,
    FIELD_PROTOCOL   = 3,
    FIELD_OBSERVED   = 4,
    FIELD_VERSION    = 5,
    FIELD_AGENT      = 6
};

static riv_err read_text(const codec_pb_field *f, const char *what, size_t pos, riv_fault *fault, riv_str *out)
{
    size_t bad;
    if (!riv_utf8_valid(f->bytes, &bad))
        return riv_fail(fault, RIV_E_MALFORMED, pos, "identify: %s is not UTF-8", what);
    *out = riv_bytes_str(f->bytes);
    return RIV_OK;
}

riv_err identify_read(riv_bytes in, riv_arena *arena, riv_fault *fault, identify_message *out)
{
    identify_message m         = { 0 };
    riv_str         *protocols = riv_new(arena, riv_str, IDENTIFY_ITEMS_MAX);
    riv_bytes       *addrs     = riv_new(arena, riv_bytes, IDENTIFY_ITEMS_MAX);
    riv_reader       r         = riv_reader_of(in);
    codec_pb_field   f;
    riv_err          err;
    for (size_t pos = 0; !(err = codec_pb_next(&r, fault, &f)); pos = r.pos) {
        if (f.wire != CODEC_PB_BYTES) continue;
        if (f.number == FIELD_PUBLIC_KEY) m.public_key = f.bytes;
        if (f.number == FIELD_OBSERVED) m.observed_addr = f.bytes;
        if (f.number == FIELD_VERSION) RIV_TRY(read_text(&f, "protocolVersion", pos, fault, &m.protocol_version));
        if (f.number == FIELD_AGENT) RIV_TRY(read_text(&f, "agentVersion", pos, fault, &m.agent));
        if (f.number == FIELD_LISTEN) {
            if (m.addrs_count == IDENTIFY_ITEMS_MAX)
                return riv_fail(fault, RIV_E_LIMIT, pos, "identify: more than %d addresses", IDENTIFY_ITEMS_MAX);
            addrs[m.addrs_count++] = f.bytes;
        }
        if (f.number == FIELD_PROTOCOL) {
            if (m.protocols_count == IDENTIFY_ITEMS_MAX)
                return riv_fail(fault, RIV_E_LIMIT, pos, "identify: more than %d protocols", IDENTIFY_ITEMS_MAX);
            RIV_TRY(read_text(&f, "a protocol", pos, fault, &protocols[m.protocols_count++]));
        }
    }
    if (err != RIV_MORE) return err;
    m.protocols = protocols;
    m.addrs     = addrs;
    *out        = m;
    return RIV_OK;
}

void identify_write(const identify_message *message, riv_buf *out)
{
    if (message->public_key.len) codec_pb_put_bytes(out, FIELD_PUBLIC_KEY, message->public_key);
    for (size_t i = 0; i < message->addrs_count; i++) codec_pb_put_bytes(out, FIELD_LISTEN, message->addrs[i]);
    for (size_t i = 0; i < message->protocols_count; i++)
        codec_pb_put_bytes(out, FIELD_PROTOCOL, riv_str_bytes(message->protocols[i]));
    if (message->observed_addr.len) codec_pb_put_bytes(out, FIELD_OBSERVED, message->observed_addr);
    if (message->protocol_version.len) codec_pb_put_bytes(out, FIELD_VERSION, riv_str_bytes(message->protocol_version));
    if (message->agent.len) codec_pb_put_bytes(out, FIELD_AGENT, riv_str_bytes(message->agent));
}

/* ---- the role ---- */

/* Empty when the text is no address that we know. */
static riv_bytes addr_bytes(riv_str text, riv_arena *arena)
{
    codec_multiaddr addr;
    riv_buf         out = riv_buf_in(arena);
    if (codec_multiaddr_parse(text, arena, NULL, &addr)) return (riv_bytes){ 0 };
    codec_put_multiaddr(&out, &addr);
    return riv_buf_view(&out);
}

void link__identify_answer(p2p_link *link, link_stream *s)
{
    const p2p_identity *us    = link->config.identity;
    riv_arena          *arena = riv_arena_new(0);
    riv_buf             key = riv_buf_in(arena), body = riv_buf_in(arena);
    riv_bytes          *addrs = riv_new(arena, riv_bytes, us->listen_count + 1);
    identify_message    m     = {
               .agent = us->agent, .addrs = addrs, .protocols = link->offers, .protocols_count = link->offers_count
    };
    for (size_t i = 0; i < us->listen_count; i++) {
        riv_bytes addr = addr_bytes(us->listen[i], arena);
        if (addr.len) addrs[m.addrs_count++] = addr;
    }
    codec_put_public_key(&key, &us->keys.public_key);
    m.public_key       = riv_buf_view(&key);
    m.observed_addr    = addr_bytes(link->config.remote_addr, arena);
    m.protocol_version = RIV_LIT(P2P_PARTICLE_PROTOCOL); /* as the original node says. SPEC node.md 2 */
    identify_write(&m, &body);
    codec_put_varint(p2p__fifo_end(&s->out), body.len);
    riv_put_bytes(p2p__fifo_end(&s->out), riv_buf_view(&body));
    riv_arena_free(arena);
    link__stream_finish(link, s);
}

/* The peer's key, if told, is the one of the handshake: SPEC p2p.md 5. */
static riv_err check_key(const p2p_link *link, const identify_message *m, riv_fault *fault)
{
    crypto_public key;
    if (!m->public_key.len) return RIV_OK;
    RIV_TRY(codec_read_public_key(m->public_key, fault, &key));
    codec_peer told = codec_peer_of(&key);
    if (!codec_peer_eq(&told, &link->peer))
        return riv_fail(fault, RIV_E_DENIED, 0, "identify: the public key is not the peer's");
    return RIV_OK;
}

static void tell_identified(p2p_link *link, const identify_message *m)
{
    riv_str   *addrs = riv_new(link->arena, riv_str, m->addrs_count + 1);
    size_t     count = 0;
    p2p_event *e     = link__event(link, P2P_IDENTIFIED);
    for (size_t i = 0; i < m->addrs_count; i++) {
        codec_multiaddr addr;
        if (codec_multiaddr_read(m->addrs[i], NULL, &addr)) continue; /* of protocols that we do not know */
        addrs[count++] = codec_multiaddr_text(link->arena, &addr);
    }
    e->agent           = m->agent;
    e->protocols       = m->protocols;
    e->protocols_count = m->protocols_count;
    e->addrs           = addrs;
    e->addrs_count     = count;
}

riv_err link__identify_bytes(p2p_link *link, link_stream *s, riv_fault *fault)
{
    uint64_t   len;
    riv_reader r = riv_reader_of(p2p__fifo_view(&s->in));
    RIV_TRY(codec_read_varint(&r, fault, &len));
    if (len > IDENTIFY_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "identify message of %llu bytes", (unsigned long long)len);
    riv_bytes body = riv_read_bytes(&r, len);
    if (r.short_read) return RIV_MORE;

    identify_message m;
    RIV_TRY(identify_read(riv_bytes_dup(link->arena, body), link->arena, fault, &m));
    RIV_TRY(check_key(link, &m, fault));
    tell_identified(link, &m);
    link__stream_finish(link,
                        s); /* a second message, which some peers send, holds a signed record that we do not use */
    return RIV_OK;
}
