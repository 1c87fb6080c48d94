/* link.c: one connection from the first byte of the socket up: multistream, noise, multistream, yamux, streams.
 * The layers stand in one table of steps; each step takes one unit from the bytes at hand, or asks for more. Output is gathered by take.
 * Spec: docs/spec/p2p.md 1. Tests: link_test.c, link_fuzz.c. */
#include "p2p/internal.h"

#define NOISE_PROTOCOL "/noise"
#define YAMUX_PROTOCOL "/yamux/1.0.0"

enum {
    LINK_RAW_BYTES_MAX    = 2 + NOISE_MESSAGE_BYTES_MAX, /* one noise frame with its length */
    LINK_ARENA_BYTES_KEPT = 1 << 20,                     /* memory of past events above which it is given back */
};

static const riv_str security_offers[] = { RIV_LIT_INIT(NOISE_PROTOCOL) };
static const riv_str muxer_offers[]    = { RIV_LIT_INIT(YAMUX_PROTOCOL) };

/* RIV_OK: something was consumed. RIV_MORE: needs more from the socket. Errors end the link. */
typedef riv_err (*link_step)(p2p_link *link, riv_fault *fault);
static riv_err step_security(p2p_link *link, riv_fault *fault);
static riv_err step_handshake(p2p_link *link, riv_fault *fault);
static riv_err step_muxer(p2p_link *link, riv_fault *fault);
static riv_err step_muxed(p2p_link *link, riv_fault *fault);

static const link_step steps[LINK_STATES] = {
    [LINK_SECURITY]  = step_security,
    [LINK_HANDSHAKE] = step_handshake,
    [LINK_MUXER]     = step_muxer,
    [LINK_MUXED]     = step_muxed,
};

static void enter(p2p_link *link, uint64_t now_ms);
static void flush(p2p_link *link);

/* ---- life ---- */

static void make_offers(p2p_link *link)
{
    /* In the order of link_role; what follows are raw streams. */
    const riv_str       ours[ROLE_RAW] = { RIV_LIT(P2P_IDENTIFY_PROTOCOL), RIV_LIT(P2P_PUSH_PROTOCOL),
                                           RIV_LIT(P2P_PING_PROTOCOL), RIV_LIT(P2P_PARTICLE_PROTOCOL) };
    const p2p_identity *us             = link->config.identity;
    link->offers_count                 = ROLE_RAW + us->extra_protocols_count;
    link->offers                       = riv_alloc(link->offers_count * sizeof *link->offers);
    memcpy(link->offers, ours, sizeof ours);
    for (size_t i = 0; i < us->extra_protocols_count; i++) link->offers[ROLE_RAW + i] = us->extra_protocols[i];
}

p2p_link *p2p_link_new(const p2p_link_config *config, uint64_t now_ms)
{
    p2p_link *link              = riv_alloc(sizeof *link);
    link->config                = *config;
    link->remote_addr           = riv_blob_copy(riv_str_bytes(config->remote_addr));
    link->config.remote_addr    = riv_bytes_str(riv_blob_view(link->remote_addr));
    link->now_ms                = now_ms;
    link->handshake_deadline_ms = now_ms + P2P_HANDSHAKE_MS;
    link->arena                 = riv_arena_new(0);
    make_offers(link);
    if (config->dialer)
        mss_dial(&link->mss, security_offers[0], p2p__fifo_end(&link->out));
    else
        mss_listen(&link->mss, security_offers, RIV_COUNT(security_offers));
    return link;
}

void p2p_link_free(p2p_link *link)
{
    if (!link) return;
    link__sends_free(link);
    link__streams_free(link);
    yamux_deinit(&link->mux);
    noise_deinit(&link->noise);
    p2p__fifo_free(&link->raw);
    p2p__fifo_free(&link->plain);
    p2p__fifo_free(&link->out);
    riv_blob_free(&link->remote_addr);
    riv_free(link->offers);
    riv_arena_free(link->arena);
    riv_free(link);
}

bool link__closed(const p2p_link *link) { return link->state == LINK_CLOSED; }

bool link__ready(const p2p_link *link) { return link->state == LINK_MUXED; }

bool link__out_full(const p2p_link *link, size_t limit)
{
    return p2p__fifo_len(&link->out) + link->mux.out.len >= limit;
}

/* ---- bytes in ---- */

/* Works on what is at hand until output is full (RIV_OK) or more is needed (RIV_MORE). */
static riv_err digest(p2p_link *link, riv_fault *fault)
{
    while (link->state != LINK_CLOSED && !link__out_full(link, P2P_OUT_BYTES_MAX)) {
        riv_err err = steps[link->state](link, fault);
        if (err == RIV_MORE) return err;
        if (err) {
            link__fail(link, YAMUX_BYE_PROTOCOL, riv_str_c(fault->msg));
            return err;
        }
    }
    return RIV_OK;
}

riv_err p2p_link_feed(p2p_link *link, riv_bytes bytes, uint64_t now_ms, riv_fault *fault, size_t *used)
{
    riv_fault own = { 0 };
    size_t    pos = 0;
    enter(link, now_ms);
    for (;;) {
        riv_err err = digest(link, &own);
        if (link->state == LINK_CLOSED) pos = bytes.len; /* nobody reads it any more */
        if (err && err != RIV_MORE) {
            *used = pos;
            return riv_fail(fault, err, own.pos, "%s", own.msg);
        }
        if (!err || pos == bytes.len) break;
        size_t piece = RIV_MIN(bytes.len - pos, LINK_RAW_BYTES_MAX - p2p__fifo_len(&link->raw));
        RIV_ASSERT(piece > 0);
        riv_put_bytes(p2p__fifo_end(&link->raw), riv_bytes_sub(bytes, pos, pos + piece));
        pos += piece;
    }
    *used = pos;
    return RIV_OK;
}

static riv_err step_security(p2p_link *link, riv_fault *fault)
{
    mss_outcome   outcome;
    crypto_secret e, s;
    riv_reader    r   = riv_reader_of(p2p__fifo_view(&link->raw));
    riv_err       err = mss_feed(&link->mss, &r, fault, p2p__fifo_end(&link->out), &outcome);
    p2p__fifo_skip(&link->raw, r.pos);
    if (err) return err;
    if (!outcome.agreed) return riv_fail(fault, RIV_E_UNSUPPORTED, 0, "the peer does not speak " NOISE_PROTOCOL);
    crypto_rng_fill(link->config.rng, e.bytes, sizeof e.bytes);
    crypto_rng_fill(link->config.rng, s.bytes, sizeof s.bytes);
    noise_init(&link->noise, link->config.dialer, &e, &s, (riv_bytes){ 0 });
    crypto_wipe(&e, sizeof e);
    crypto_wipe(&s, sizeof s);
    link->state = LINK_HANDSHAKE;
    return RIV_OK;
}

/* The pattern's own messages: the first has no payload, the second and third carry the identities. */
static riv_err write_handshake(p2p_link *link, riv_fault *fault)
{
    riv_buf payload = { 0 }, message = { 0 };
    if (link->noise.message > 0) noise_payload_make(&link->config.identity->keys, &link->noise.s_public, &payload);
    riv_err err = noise_write_message(&link->noise, riv_buf_view(&payload), fault, &message);
    if (!err) {
        riv_put_u16be(p2p__fifo_end(&link->out), (uint16_t)message.len);
        riv_put_bytes(p2p__fifo_end(&link->out), riv_buf_view(&message));
    }
    riv_buf_free(&payload);
    riv_buf_free(&message);
    return err;
}

static riv_err check_peer(p2p_link *link, riv_bytes payload, riv_fault *fault)
{
    codec_peer peer;
    RIV_TRY(noise_payload_check(payload, &link->noise.rs, fault, &peer));
    if (codec_peer_eq(&peer, &link->config.identity->peer))
        return riv_fail(fault, RIV_E_DENIED, 0, "the peer is ourselves");
    if (link->config.has_expected && !codec_peer_eq(&peer, &link->config.expected)) {
        riv_str is = codec_peer_text(link->arena, &peer), not = codec_peer_text(link->arena, &link->config.expected);
        return riv_fail(fault, RIV_E_DENIED, 0, "the peer is " RIV_FMT ", not " RIV_FMT, RIV_ARG(is), RIV_ARG(not ));
    }
    link->peer       = peer;
    link->peer_known = true;
    return RIV_OK;
}

static riv_err read_handshake(p2p_link *link, riv_bytes message, riv_fault *fault)
{
    riv_buf payload = { 0 };
    uint8_t number  = link->noise.message;
    riv_err err     = noise_read_message(&link->noise, message, fault, &payload);
    if (!err && number > 0) err = check_peer(link, riv_buf_view(&payload), fault);
    riv_buf_free(&payload);
    return err;
}

static riv_err step_handshake(p2p_link *link, riv_fault *fault)
{
    if (noise_our_turn(&link->noise)) {
        RIV_TRY(write_handshake(link, fault));
    } else {
        riv_bytes  message;
        riv_reader r = riv_reader_of(p2p__fifo_view(&link->raw));
        RIV_TRY(noise_frame_read(&r, &message));
        RIV_TRY(read_handshake(link, message, fault));
        p2p__fifo_skip(&link->raw, r.pos);
    }
    if (!noise_done(&link->noise)) return RIV_OK;
    yamux_init(&link->mux, link->config.dialer);
    if (link->config.dialer)
        mss_dial(&link->mss, muxer_offers[0], &link->mux.out);
    else
        mss_listen(&link->mss, muxer_offers, RIV_COUNT(muxer_offers));
    link->state = LINK_MUXER;
    return RIV_OK;
}

/* One frame of ciphertext more into plain. */
static riv_err decrypt(p2p_link *link, riv_fault *fault)
{
    riv_bytes  frame;
    riv_reader r = riv_reader_of(p2p__fifo_view(&link->raw));
    RIV_TRY(noise_frame_read(&r, &frame));
    RIV_TRY(noise_open(&link->noise, frame, fault, p2p__fifo_end(&link->plain)));
    p2p__fifo_skip(&link->raw, r.pos);
    return RIV_OK;
}

static riv_err step_muxer(p2p_link *link, riv_fault *fault)
{
    mss_outcome outcome;
    riv_reader  r   = riv_reader_of(p2p__fifo_view(&link->plain));
    riv_err     err = mss_feed(&link->mss, &r, fault, &link->mux.out, &outcome);
    p2p__fifo_skip(&link->plain, r.pos);
    if (err == RIV_MORE) return decrypt(link, fault);
    if (err) return err;
    if (!outcome.agreed) return riv_fail(fault, RIV_E_UNSUPPORTED, 0, "the peer does not speak " YAMUX_PROTOCOL);
    link->state      = LINK_MUXED;
    link->ping_at_ms = link->now_ms + P2P_PING_INTERVAL_MS;
    link__event(link, P2P_READY);
    link__streams_start(link);
    return RIV_OK;
}

static riv_err step_muxed(p2p_link *link, riv_fault *fault)
{
    yamux_event event;
    riv_reader  r   = riv_reader_of(p2p__fifo_view(&link->plain));
    riv_err     err = yamux_feed(&link->mux, &r, fault, &event);
    p2p__fifo_skip(&link->plain, r.pos);
    if (err == RIV_MORE) {
        link__streams_sweep(link);
        return decrypt(link, fault);
    }
    if (err) return err;
    if (event.pong && event.value == link->ping_value) link__pong(link);
    if (event.goaway) {
        link->graceful = true;
        link__fail(link, YAMUX_BYE, RIV_LIT("the peer said goodbye"));
    }
    return event.stream ? link__streams_event(link, &event, fault) : RIV_OK;
}

/* ---- bytes out ---- */

riv_bytes p2p_link_take(p2p_link *link, size_t bytes_max)
{
    riv_fault fault = { 0 };
    enter(link, link->now_ms);
    riv_err err = digest(link, &fault); /* what had to wait while output was full */
    (void)err;                          /* told by P2P_CLOSED */
    if (link->state == LINK_MUXED) link__streams_pump(link);
    flush(link);
    riv_bytes out = riv_bytes_sub(p2p__fifo_view(&link->out), 0, bytes_max);
    p2p__fifo_skip(&link->out, out.len);
    link->taken_total += out.len;
    if (link->sends.len) link__sends_settle(link);
    return out;
}

static void flush(p2p_link *link)
{
    if (!link->mux.out.len || !noise_done(&link->noise)) return;
    noise_seal(&link->noise, riv_buf_view(&link->mux.out), p2p__fifo_end(&link->out));
    riv_buf_clear(&link->mux.out);
    link__sends_flushed(link);
}

/* ---- the end ---- */

void link__fail(p2p_link *link, uint32_t goaway, riv_str reason)
{
    if (link->state == LINK_CLOSED) return;
    if (link->state == LINK_MUXED) yamux_goaway(&link->mux, goaway);
    flush(link);
    link->state = LINK_CLOSED;
    link__sends_fail_all(link, reason);
    link__event(link, P2P_CLOSED)->reason = riv_str_dup(link->arena, reason);
}

void p2p_link_close(p2p_link *link, riv_str reason)
{
    enter(link, link->now_ms);
    link->graceful = true;
    link__fail(link, YAMUX_BYE, reason);
}

void p2p_link_eof(p2p_link *link, uint64_t now_ms)
{
    enter(link, now_ms);
    link->graceful = true;
    link__fail(link, YAMUX_BYE, RIV_LIT("the connection ended"));
}

/* ---- time ---- */

uint64_t p2p_link_deadline(const p2p_link *link)
{
    if (link->state == LINK_CLOSED) return UINT64_MAX;
    uint64_t deadline = link->state == LINK_MUXED ? UINT64_MAX : link->handshake_deadline_ms;
    deadline          = RIV_MIN(deadline, link__ping_deadline(link));
    deadline          = RIV_MIN(deadline, link__streams_deadline(link));
    return RIV_MIN(deadline, link__sends_deadline(link));
}

void p2p_link_tick(p2p_link *link, uint64_t now_ms)
{
    enter(link, now_ms);
    if (link->state == LINK_CLOSED) return;
    if (link->state != LINK_MUXED && now_ms >= link->handshake_deadline_ms) {
        link__fail(link, YAMUX_BYE, RIV_LIT("the handshake timed out"));
        return;
    }
    link__ping_tick(link);
    if (link->state == LINK_CLOSED) return;
    link__streams_tick(link);
    link__sends_tick(link);
}

/* ---- events ---- */

/* At the head of each call: time, and the memory of events that have been read. */
static void enter(p2p_link *link, uint64_t now_ms)
{
    link->now_ms = RIV_MAX(link->now_ms, now_ms);
    if (link->events_pos < link->events.len) return;
    if (link->events.len && riv_arena_used(link->arena) > LINK_ARENA_BYTES_KEPT) {
        riv_arena_free(link->arena);
        link->arena = riv_arena_new(0);
    } else if (riv_arena_used(link->arena)) {
        riv_arena_reset(link->arena);
    }
    link->events.ptr = NULL;
    link->events.len = link->events.cap = link->events_pos = 0;
}

p2p_event *link__event(p2p_link *link, p2p_event_kind kind)
{
    p2p_event *e = riv_push(link->arena, &link->events);
    *e           = (p2p_event){ .kind = kind, .peer = link->peer };
    return e;
}

bool p2p_link_next_event(p2p_link *link, p2p_event *out)
{
    if (link->events_pos == link->events.len) return false;
    *out = link->events.ptr[link->events_pos++];
    return true;
}

/* ---- raw streams ---- */

riv_err p2p_link_open(p2p_link *link, riv_str protocol, uint64_t now_ms, riv_fault *fault, uint32_t *stream)
{
    enter(link, now_ms);
    if (link->state != LINK_MUXED) return riv_fail(fault, RIV_E_NOT_FOUND, 0, "the link is not ready");
    if (!protocol.len || protocol.len >= MSS_MESSAGE_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "protocol name of %zu bytes", protocol.len);
    link_stream *s = link__stream_open(link, ROLE_RAW, protocol);
    if (!s) return riv_fail(fault, RIV_E_LIMIT, 0, "more than %d streams of ours are open", P2P_STREAMS_MAX);
    *stream = s->mux->id;
    return RIV_OK;
}

riv_err p2p_link_stream_write(p2p_link *link, uint32_t stream, riv_bytes bytes, riv_fault *fault)
{
    link_stream *s = link__stream_find(link, stream);
    if (!s || s->role != ROLE_RAW) return riv_fail(fault, RIV_E_NOT_FOUND, 0, "no stream %u", stream);
    if (s->fin_wanted) return riv_fail(fault, RIV_E_CONFLICT, 0, "stream %u is closed on our side", stream);
    if (p2p__fifo_len(&s->out) && p2p__fifo_len(&s->out) + bytes.len > LINK_STREAM_OUT_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "stream %u has %zu unsent bytes", stream, p2p__fifo_len(&s->out));
    riv_put_bytes(p2p__fifo_end(&s->out), bytes);
    return RIV_OK;
}

void p2p_link_stream_close(p2p_link *link, uint32_t stream)
{
    link_stream *s = link__stream_find(link, stream);
    if (s && s->role == ROLE_RAW) s->fin_wanted = true;
}

void p2p_link_stream_reset(p2p_link *link, uint32_t stream)
{
    link_stream *s = link__stream_find(link, stream);
    if (!s || s->role != ROLE_RAW) return;
    s->closed_told = true; /* the owner knows */
    link__stream_reset(link, s, RIV_LIT("reset by us"));
}
