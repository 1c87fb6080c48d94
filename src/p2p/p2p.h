/* P2P: libp2p as state machines fed with bytes: multistream-select, noise XX, yamux, identify, ping, the particle protocol, and the swarm
 * that holds links to peers. Not here: sockets, clocks, what a particle means. Time comes in with each call, bytes go out when taken.
 * Spec: docs/spec/node.md §2, §3; docs/spec/p2p.md. */
#ifndef RIV_P2P_H
#define RIV_P2P_H

#include "base/base.h"
#include "codec/codec.h"
#include "crypto/crypto.h"

#define P2P_PARTICLE_PROTOCOL "/fluence/particle/2.0.0"
#define P2P_IDENTIFY_PROTOCOL "/ipfs/id/1.0.0"
#define P2P_PING_PROTOCOL     "/ipfs/ping/1.0.0"

enum {
    P2P_FRAME_BYTES_MAX      = 16 << 20,  /* a particle on the wire; the original takes 100 MiB and buffers it for anybody */
    P2P_OUT_BYTES_MAX        = 1 << 20,   /* unsent bytes of one link, above which feed stops reading (back-pressure) */
    P2P_STREAMS_MAX          = 1024,      /* open streams of one link, each way */
    P2P_HANDSHAKE_MS         = 20000,
    P2P_PING_INTERVAL_MS     = 15000,
    P2P_PING_TIMEOUT_MS      = 20000,
    P2P_STREAM_MS            = 10000,     /* negotiation and the frame of one particle */
    P2P_LINKS_MAX            = 4096,
    P2P_LINKS_PER_PEER_MAX   = 5,
    P2P_SEND_QUEUE_MAX       = 256,       /* particles that wait for one peer's link */
};

/* ---- the particle message. SPEC node.md 3 ---- */
typedef struct p2p_particle {
    riv_str   id, init_peer_id, script;
    uint64_t  timestamp_ms;
    uint32_t  ttl_ms;
    riv_bytes signature, data;
} p2p_particle;
/* One frame without its varint length. Both byte styles are read (bin and arrays), bin is written. Slices point into frame or arena. */
RIV_MUST_USE riv_err p2p_particle_read(riv_bytes frame, riv_arena *arena, riv_fault *fault, p2p_particle *out);
void p2p_particle_write(const p2p_particle *particle, riv_buf *out);
/* The bytes that the initiator signs. */
void p2p_particle_signed_bytes(const p2p_particle *particle, riv_buf *out);

/* ---- link: one connection, from the first byte of the socket up ---- */
typedef struct p2p_identity {
    crypto_keypair keys;
    codec_peer     peer;
    riv_str        agent;                                        /* "rivulet/0.1.0" */
    const riv_str *listen; size_t listen_count;                  /* multiaddr texts told by identify */
    const riv_str *extra_protocols; size_t extra_protocols_count; /* served as raw streams: P2P_STREAM_* events */
} p2p_identity;

typedef enum p2p_event_kind {
    P2P_READY,      /* noise and yamux are up: peer is proven */
    P2P_IDENTIFIED, /* what the peer says of itself: agent, protocols, addrs (texts) */
    P2P_PARTICLE,   /* bytes: one frame body */
    P2P_SENT,       /* token: all bytes of the particle and the stream's close have been taken for the socket */
    P2P_SEND_FAILED,/* token, reason */
    P2P_PONG,       /* rtt_ms */
    P2P_STREAM_OPENED, P2P_STREAM_BYTES, /* extra protocols and p2p_link_open: stream, protocol, bytes */
    P2P_STREAM_CLOSED, /* the peer will send no more: reason is empty at a clean end, which leaves our side open; told once */
    P2P_CLOSED,     /* the link is over: reason; nothing follows */
} p2p_event_kind;
typedef struct p2p_event {
    p2p_event_kind kind;
    codec_peer     peer;
    uint64_t       token;
    uint32_t       stream, rtt_ms;
    riv_str        protocol, agent, reason;
    riv_bytes      bytes;
    const riv_str *protocols; size_t protocols_count;
    const riv_str *addrs;     size_t addrs_count;
} p2p_event; /* slices live until the next call on the same link */

typedef struct p2p_link p2p_link;
typedef struct p2p_link_config {
    const p2p_identity *identity;  /* outlives the link */
    bool                dialer;
    bool                has_expected; codec_peer expected; /* dialer: whom it must be */
    riv_str             remote_addr; /* multiaddr text, told back by identify (observedAddr); copied */
    crypto_rng         *rng;       /* outlives the link */
} p2p_link_config;
p2p_link *p2p_link_new(const p2p_link_config *config, uint64_t now_ms);
void      p2p_link_free(p2p_link *link);
/* Takes up to all of bytes; *used tells how many: fewer when output is full (feed the rest after taking). An error ends the link (P2P_CLOSED follows). */
RIV_MUST_USE riv_err p2p_link_feed(p2p_link *link, riv_bytes bytes, uint64_t now_ms, riv_fault *fault, size_t *used);
void     p2p_link_eof(p2p_link *link, uint64_t now_ms);
/* Up to bytes_max bytes for the socket; valid until the next call but next_event; empty when there is nothing. Goes on with input that had to
 * wait for room, so it may bring events: take and next_event until neither gives anything. */
riv_bytes p2p_link_take(p2p_link *link, size_t bytes_max);
uint64_t p2p_link_deadline(const p2p_link *link);              /* ms; UINT64_MAX: none */
void     p2p_link_tick(p2p_link *link, uint64_t now_ms);
bool     p2p_link_next_event(p2p_link *link, p2p_event *out);  /* false: none left */
/* Queues one particle frame body (the varint is added). RIV_E_LIMIT: too large or too many waiting. */
RIV_MUST_USE riv_err p2p_link_send(p2p_link *link, riv_bytes frame, uint64_t token, uint64_t deadline_ms, riv_fault *fault);
RIV_MUST_USE riv_err p2p_link_open(p2p_link *link, riv_str protocol, uint64_t now_ms, riv_fault *fault, uint32_t *stream);
/* All or nothing. RIV_E_LIMIT: too much is unsent on this stream; again after taking. RIV_E_CONFLICT: closed on our side. RIV_E_NOT_FOUND. */
RIV_MUST_USE riv_err p2p_link_stream_write(p2p_link *link, uint32_t stream, riv_bytes bytes, riv_fault *fault);
void     p2p_link_stream_close(p2p_link *link, uint32_t stream); /* our side only */
void     p2p_link_stream_reset(p2p_link *link, uint32_t stream);
void     p2p_link_close(p2p_link *link, riv_str reason);         /* goaway, then P2P_CLOSED */

/* ---- swarm: links by peer, dialing, sending ---- */
typedef enum p2p_effect_kind {
    P2P_DO_WRITE, /* link, bytes */
    P2P_DO_CLOSE, /* link */
    P2P_DO_DIAL,  /* dial, addr (text) */
    P2P_DO_PAUSE, P2P_DO_RESUME, /* link: stop or go on reading */
    P2P_PEER_CONNECTED, P2P_PEER_IDENTIFIED, P2P_PEER_DISCONNECTED, /* peer; IDENTIFIED: agent, protocols, addrs */
    P2P_GOT_PARTICLE,       /* peer (who handed it over), bytes: frame body */
    P2P_PARTICLE_SENT, P2P_PARTICLE_LOST, /* token; LOST: reason */
    P2P_LINK_FAILED,        /* reason, addr: for the log; a dial or handshake that failed, or a link that ended by an error */
} p2p_effect_kind;
typedef struct p2p_effect {
    p2p_effect_kind kind;
    uint64_t        link, dial, token;
    codec_peer      peer;
    riv_str         addr, agent, reason;
    riv_bytes       bytes;
    const riv_str  *protocols; size_t protocols_count;
    const riv_str  *addrs;     size_t addrs_count;
} p2p_effect; /* slices live until the next call on the swarm but p2p_swarm_next */

typedef struct p2p_swarm p2p_swarm;
p2p_swarm *p2p_swarm_new(const p2p_identity *identity, const crypto_secret *rng_seed); /* identity outlives the swarm */
void p2p_swarm_free(p2p_swarm *swarm);
/* What happened outside. link numbers are the caller's; dial is that of P2P_DO_DIAL, 0 for an accepted link. */
void p2p_swarm_opened(p2p_swarm *swarm, uint64_t link, uint64_t dial, riv_str remote_addr, uint64_t now_ms);
void p2p_swarm_dial_failed(p2p_swarm *swarm, uint64_t dial, riv_str reason, uint64_t now_ms);
void p2p_swarm_bytes(p2p_swarm *swarm, uint64_t link, riv_bytes bytes, uint64_t now_ms);
void p2p_swarm_drained(p2p_swarm *swarm, uint64_t link, size_t bytes, uint64_t now_ms); /* so many bytes left the process */
void p2p_swarm_closed(p2p_swarm *swarm, uint64_t link, uint64_t now_ms);
void p2p_swarm_tick(p2p_swarm *swarm, uint64_t now_ms);
uint64_t p2p_swarm_deadline(const p2p_swarm *swarm); /* when to tick; nothing is due before, perhaps nothing even then (a deadline was put off) */
/* Addresses at which a peer may be found (multiaddr texts). keep: dial now and again whenever the link is lost (1 s, doubling to 60 s).
 * RIV_E_CONFLICT: the peer is ourselves, or addr ends with another peer's id. RIV_E_LIMIT: too many peers. */
RIV_MUST_USE riv_err p2p_swarm_add_peer(p2p_swarm *swarm, const codec_peer *peer, riv_str addr, bool keep, uint64_t now_ms, riv_fault *fault);
/* Over a live link, else by dialing a known address; PARTICLE_SENT or PARTICLE_LOST follows, at the latest at the deadline.
 * RIV_E_NOT_FOUND: neither. RIV_E_LIMIT: too many waiting, or too large. RIV_E_EXPIRED: the deadline is over. */
RIV_MUST_USE riv_err p2p_swarm_send(p2p_swarm *swarm, const codec_peer *peer, riv_bytes frame, uint64_t token, uint64_t deadline_ms,
                                    uint64_t now_ms, riv_fault *fault);
bool   p2p_swarm_connected(const p2p_swarm *swarm, const codec_peer *peer);
/* Connected peers, in order of connection. relay_only clients (no listen addresses) are left out when nodes_only. */
size_t p2p_swarm_peers(const p2p_swarm *swarm, bool nodes_only, codec_peer *out, size_t max);
bool   p2p_swarm_next(p2p_swarm *swarm, p2p_effect *out); /* effects in order; false: none left */

#endif
