/* ping.c: /ipfs/ping/1.0.0: 32 bytes that come back. We answer on any number of rounds; we ask on a new stream each interval.
 * A peer that does not speak it is asked by yamux's own ping instead, so a dead link is found in any case.
 * Spec: docs/spec/p2p.md 5. Tests: link_test.c. */
#include "p2p/internal.h"

void link__ping_ask(p2p_link *link, link_stream *s)
{
    crypto_rng_fill(link->config.rng, s->ping, sizeof s->ping);
    riv_put_bytes(p2p__fifo_end(&s->out), (riv_bytes){ s->ping, sizeof s->ping });
    s->deadline_ms = UINT64_MAX; /* the link's ping timeout watches over it */
}

riv_err link__ping_bytes(p2p_link *link, link_stream *s, riv_fault *fault)
{
    riv_bytes in = p2p__fifo_view(&s->in);
    if (in.len < PING_BYTES) return RIV_MORE;
    if (!crypto_equal(in.ptr, s->ping, PING_BYTES))
        return riv_fail(fault, RIV_E_DENIED, 0, "ping: the answer is not what was sent");
    link__stream_finish(link, s);
    link__pong(link);
    return RIV_OK;
}

riv_err link__ping_echo(p2p_link *link, link_stream *s, riv_fault *fault)
{
    (void)fault;
    while (p2p__fifo_len(&s->in) >= PING_BYTES && p2p__fifo_len(&s->out) < LINK_REPLY_BYTES_MAX) {
        riv_put_bytes(p2p__fifo_end(&s->out), riv_bytes_sub(p2p__fifo_view(&s->in), 0, PING_BYTES));
        link__stream_took(link, s, PING_BYTES);
        yamux_grant(&link->mux, s->mux, PING_BYTES);
    }
    return RIV_MORE;
}

void link__ping_tick(p2p_link *link)
{
    if (link->state != LINK_MUXED) return;
    if (link->ping_waits && link->now_ms - link->ping_sent_ms >= P2P_PING_TIMEOUT_MS) {
        link__fail(link, YAMUX_BYE, RIV_LIT("the peer does not answer pings"));
        return;
    }
    if (link->ping_waits || link->now_ms < link->ping_at_ms) return;
    link->ping_waits   = true;
    link->ping_sent_ms = link->now_ms;
    link->ping_at_ms   = link->now_ms + P2P_PING_INTERVAL_MS;
    if (link->ping_refused || !link__stream_open(link, ROLE_PING, RIV_LIT(P2P_PING_PROTOCOL)))
        yamux_ping(&link->mux, ++link->ping_value);
}

void link__ping_refused(p2p_link *link)
{
    if (link->state != LINK_MUXED || !link->ping_waits) return;
    link->ping_refused = true;
    yamux_ping(&link->mux, ++link->ping_value);
}

void link__pong(p2p_link *link)
{
    if (!link->ping_waits) return;
    link->ping_waits                    = false;
    link__event(link, P2P_PONG)->rtt_ms = (uint32_t)RIV_MIN(link->now_ms - link->ping_sent_ms, (uint64_t)UINT32_MAX);
}

uint64_t link__ping_deadline(const p2p_link *link)
{
    if (link->state != LINK_MUXED) return UINT64_MAX;
    return link->ping_waits ? link->ping_sent_ms + P2P_PING_TIMEOUT_MS : link->ping_at_ms;
}
