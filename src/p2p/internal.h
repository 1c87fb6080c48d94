/* Shared inside p2p: the layers of one link from the socket up (multistream, noise, yamux, streams with a role each) and their small parts.
 * Every layer is a plain state machine: feed reads from a riv_reader and consumes nothing when it answers RIV_MORE; what it has to say
 * is appended to a buffer, from where the layer below takes it. Spec: docs/spec/p2p.md. */
#ifndef RIV_P2P_INTERNAL_H
#define RIV_P2P_INTERNAL_H

#include "p2p/p2p.h"

#define P2P_PUSH_PROTOCOL "/ipfs/id/push/1.0.0"

/* ---- fifo: bytes that come in at the end and leave at the front, without moving the rest each time (fifo.c) ---- */
typedef struct p2p_fifo { riv_buf buf; size_t pos; } p2p_fifo;
size_t    p2p__fifo_len(const p2p_fifo *f);
riv_bytes p2p__fifo_view(const p2p_fifo *f);
void      p2p__fifo_skip(p2p_fifo *f, size_t len); /* memory stays where it is until the next fifo_end */
riv_buf  *p2p__fifo_end(p2p_fifo *f);              /* to append to */
void      p2p__fifo_free(p2p_fifo *f);

/* ---- arrays on the heap that live as long as their owner: *p2p_push(&v) = x; free v.ptr ---- */
void *p2p__grow(void *ptr, size_t *cap, size_t bytes);
#define p2p_push(v)                                                                                       \
    (((v)->len == (v)->cap ? ((v)->ptr = p2p__grow((v)->ptr, &(v)->cap, sizeof *(v)->ptr), (void)0) : (void)0), \
     &(v)->ptr[(v)->len++])

/* ---- multistream-select 1.0.0 (mss.c) ---- */
enum { MSS_MESSAGE_BYTES_MAX = 1024, MSS_TRIES_MAX = 32 };
typedef struct mss {
    bool           dialer, header_seen;
    uint8_t        tries;                         /* listener: proposals refused so far */
    riv_str        protocol;                      /* dialer: the one that is asked for */
    const riv_str *offers; size_t offers_count;   /* listener */
} mss;
typedef struct mss_outcome { bool agreed; size_t index; } mss_outcome; /* index in offers */
RIV_MUST_USE riv_err mss_message_read(riv_reader *in, riv_fault *fault, riv_str *out); /* without its newline */
void mss_message_write(riv_str text, riv_buf *out);
void mss_dial(mss *m, riv_str protocol, riv_buf *out); /* header and proposal in one go; protocol outlives m */
void mss_listen(mss *m, const riv_str *offers, size_t offers_count);
/* RIV_OK: settled, nothing behind the last message was consumed. RIV_MORE: all whole messages were consumed. */
RIV_MUST_USE riv_err mss_feed(mss *m, riv_reader *in, riv_fault *fault, riv_buf *out, mss_outcome *outcome);

/* ---- noise (noise.c) ---- */
enum { NOISE_MESSAGE_BYTES_MAX = 65535, NOISE_PLAIN_BYTES_MAX = NOISE_MESSAGE_BYTES_MAX - CRYPTO_TAG_BYTES };
typedef struct noise_cipher { bool has_key; crypto_secret key; uint64_t nonce; } noise_cipher;
typedef struct noise {
    bool          initiator;
    uint8_t       message;             /* of the pattern: how many are done */
    crypto_hash   h;
    crypto_secret ck;
    noise_cipher  cipher;              /* of the handshake */
    crypto_secret e, s;
    crypto_public e_public, s_public, re, rs;
    noise_cipher  send, recv;          /* of the transport */
} noise;
typedef struct noise_payload { riv_bytes identity_key, identity_sig; } noise_payload;
void noise_init(noise *n, bool initiator, const crypto_secret *e, const crypto_secret *s, riv_bytes prologue);
void noise_deinit(noise *n);           /* wipes */
bool noise_our_turn(const noise *n);   /* to write a handshake message */
bool noise_done(const noise *n);
/* One handshake message of the pattern, without its length. */
RIV_MUST_USE riv_err noise_write_message(noise *n, riv_bytes payload, riv_fault *fault, riv_buf *out);
RIV_MUST_USE riv_err noise_read_message(noise *n, riv_bytes message, riv_fault *fault, riv_buf *payload);
/* Messages with their 2-byte length. noise_frame_read gives a view. */
RIV_MUST_USE riv_err noise_frame_read(riv_reader *in, riv_bytes *out);
void noise_seal(noise *n, riv_bytes plain, riv_buf *wire);                                /* any length: cut into frames */
RIV_MUST_USE riv_err noise_open(noise *n, riv_bytes frame, riv_fault *fault, riv_buf *plain);
/* libp2p's payload: protobuf { 1: identity key, 2: signature }. */
RIV_MUST_USE riv_err noise_payload_read(riv_bytes in, riv_fault *fault, noise_payload *out);
void noise_payload_write(const noise_payload *payload, riv_buf *out);
void noise_payload_make(const crypto_keypair *keys, const crypto_public *static_key, riv_buf *out);
RIV_MUST_USE riv_err noise_payload_check(riv_bytes in, const crypto_public *static_key, riv_fault *fault, codec_peer *out);

/* ---- yamux (yamux.c) ---- */
typedef enum yamux_kind { YAMUX_DATA, YAMUX_WINDOW, YAMUX_PING, YAMUX_GOAWAY } yamux_kind;
enum {
    YAMUX_VERSION         = 0,
    YAMUX_HEADER_BYTES    = 12,
    YAMUX_WINDOW_BYTES    = 256 << 10,          /* the receive window of every stream, never enlarged */
    YAMUX_FRAME_BYTES_MAX = YAMUX_WINDOW_BYTES, /* no honest frame is larger than the window we gave */
    YAMUX_WRITE_BYTES_MAX = 64 << 10,           /* our own data frames */
    YAMUX_SYN = 1, YAMUX_ACK = 2, YAMUX_FIN = 4, YAMUX_RST = 8,
    YAMUX_BYE = 0, YAMUX_BYE_PROTOCOL = 1, YAMUX_BYE_INTERNAL = 2,
};
typedef struct yamux_header { yamux_kind kind; uint16_t flags; uint32_t stream, length; } yamux_header;
RIV_MUST_USE riv_err yamux_header_read(riv_reader *in, riv_fault *fault, yamux_header *out);
void yamux_header_write(const yamux_header *header, riv_buf *out);

typedef struct yamux_stream {
    uint32_t id;
    uint32_t send_window;                  /* what the peer still takes */
    uint32_t recv_window;                  /* what the peer may still send */
    uint32_t ungranted;                    /* consumed above, not yet told to the peer */
    uint16_t flags_next;                   /* SYN or ACK: goes with the first frame */
    bool     fin_sent, fin_seen, reset;
    void    *owner;
} yamux_stream;
typedef struct yamux {
    bool     dialer;
    uint32_t next_id, theirs_count, ours_count;
    riv_map *streams;                      /* by id */
    riv_buf  out;
    uint32_t data_left, data_stream;       /* of the data frame that is being read; stream 0: thrown away */
    bool     data_fin;
} yamux;
typedef struct yamux_event { /* what one step brought; stream NULL: nothing for a stream */
    yamux_stream *stream;
    bool          opened, fin, reset, window, pong, goaway;
    riv_bytes     bytes;
    uint32_t      value;                   /* pong: opaque value; goaway: code */
} yamux_event;
void yamux_init(yamux *y, bool dialer);
void yamux_deinit(yamux *y);
/* One header or one piece of data. Data is told as it comes, not by frames. */
RIV_MUST_USE riv_err yamux_feed(yamux *y, riv_reader *in, riv_fault *fault, yamux_event *event);
yamux_stream *yamux_open(yamux *y);        /* NULL: P2P_STREAMS_MAX reached */
void   yamux_remove(yamux *y, yamux_stream *s); /* frees s; later frames for it are thrown away */
/* Writes what the window allows, at most YAMUX_WRITE_BYTES_MAX; fin follows the last byte. */
size_t yamux_write(yamux *y, yamux_stream *s, riv_bytes bytes, bool fin);
void   yamux_grant(yamux *y, yamux_stream *s, uint32_t bytes); /* the protocol above has consumed so much */
void   yamux_reset(yamux *y, yamux_stream *s);
void   yamux_ping(yamux *y, uint32_t value);
void   yamux_goaway(yamux *y, uint32_t code);

/* ---- identify (identify.c) ---- */
enum { IDENTIFY_BYTES_MAX = 8192, IDENTIFY_ITEMS_MAX = 256 };
typedef struct identify_message {
    riv_bytes public_key, observed_addr;
    riv_str   protocol_version, agent;
    const riv_str   *protocols; size_t protocols_count;
    const riv_bytes *addrs;     size_t addrs_count;   /* binary multiaddrs, unchecked */
} identify_message;
/* Without the length prefix. Arrays live in arena, the rest points into in. */
RIV_MUST_USE riv_err identify_read(riv_bytes in, riv_arena *arena, riv_fault *fault, identify_message *out);
void identify_write(const identify_message *message, riv_buf *out);

/* ---- one link ---- */
enum {
    LINK_PUMP_BYTES_MAX     = 256 << 10, /* unsent bytes above which streams wait; control frames may go on to P2P_OUT_BYTES_MAX */
    LINK_STREAMS_OUT_MAX    = 128,       /* streams of ours at a time; go peers reset beyond 256 unaccepted ones, js peers beyond 1000 in all */
    LINK_SEND_TRIES_MAX     = 4,         /* of a particle whose stream the peer resets before a protocol is agreed */
    LINK_LINGER_MS          = 1000,      /* from our FIN to our RST when the peer does not close its side. SPEC js-client.md 4 */
    LINK_LINGER_SHORT_MS    = 100,       /* the same while particles wait for a stream */
    LINK_IN_BYTES_MAX       = 32 << 20,  /* of half-read particles of one link */
    LINK_IN_SHARED_MAX      = 256 << 20, /* the same over all links of a swarm */
    LINK_IN_OWN             = 64 << 10,  /* of one link, whatever the others hold: peers with large frames do not stop small ones */
    LINK_STREAM_OUT_MAX     = 256 << 10, /* unsent bytes of one raw stream */
    LINK_REPLY_BYTES_MAX    = 4096,      /* answers on one stream that the peer does not take: we stop reading there */
    PING_BYTES              = 32,
};
typedef struct link_send {
    uint64_t  token, deadline_ms;
    uint64_t  sent_at;                     /* value of taken_total when its last byte is with the socket layer; 0: not known yet */
    uint8_t   tries;
    bool      written, gone;               /* all of it is in mux.out or beyond; told, to be swept */
    bool      closed;                      /* its stream is over: the peer closed it, or had its time to */
    riv_bytes body;
    riv_blob  own;                         /* empty when the body is the swarm's */
    riv_buf   head;                        /* the varint */
    size_t    pos;                         /* in head + body */
    struct link_stream *stream;
} link_send;

typedef enum link_role { ROLE_IDENTIFY, ROLE_PUSH, ROLE_PING, ROLE_PARTICLE, ROLE_RAW, ROLES } link_role;
typedef struct link_stream {
    yamux_stream *mux;
    bool          dialed, negotiating, fin_wanted, discard, dead, closed_told;
    link_role     role;
    mss           mss;
    riv_str       protocol;                /* dialed raw: a copy; otherwise one of the link's offers */
    riv_blob      protocol_copy;
    p2p_fifo      in, out;
    uint64_t      deadline_ms;             /* UINT64_MAX: none */
    link_send    *send;                    /* dialed particle */
    link_send    *left;                    /* the same once it is written: until the stream is over */
    uint64_t      frame_bytes;             /* accepted particle: its length, when known */
    uint64_t      frame_granted;           /* of its bytes: told to the peer's window */
    bool          frame_known, reserved;
    uint32_t      raw_ungranted;           /* raw: told to the owner, window kept back until our answers are out */
    uint8_t       ping[PING_BYTES];
} link_stream;

typedef enum link_state { LINK_SECURITY, LINK_HANDSHAKE, LINK_MUXER, LINK_MUXED, LINK_CLOSED, LINK_STATES } link_state;
struct p2p_link {
    p2p_link_config config;
    riv_blob        remote_addr;
    riv_str        *offers; size_t offers_count; /* what we answer on streams: ROLE_* in order, then extra protocols */
    link_state      state;
    uint64_t        now_ms, handshake_deadline_ms;
    codec_peer      peer;
    bool            peer_known;
    bool            graceful;              /* ended by a goodbye or the connection's end, not by an error */
    p2p_fifo        raw, plain, out;       /* from the socket; decrypted; for the socket */
    uint64_t        taken_total;           /* bytes that ever left `out` */
    mss             mss;
    noise           noise;
    yamux           mux;
    RIV_VEC(link_stream *) streams;        /* heap (stream.c) */
    size_t          cursor;                /* round robin */
    bool            streams_dead;          /* some stream is to be swept */
    uint64_t        in_bytes, in_reserved; /* bytes in streams without a reservation; sum of reservations */
    uint64_t       *in_shared;             /* both, over all links of a swarm; NULL: a link by itself */
    bool            in_freed;              /* a reservation has ended: others may begin */
    RIV_VEC(link_send *) sends;            /* heap; in order of arrival */
    size_t          sends_waiting;         /* without a stream yet */
    bool            ping_refused, ping_waits;
    uint64_t        ping_at_ms, ping_sent_ms; /* next; last */
    uint32_t        ping_value;            /* of the yamux ping */
    riv_arena      *arena;                 /* events and their slices */
    RIV_VEC(p2p_event) events;
    size_t          events_pos;
};

p2p_event *link__event(p2p_link *link, p2p_event_kind kind);
bool     link__out_full(const p2p_link *link, size_t limit);
bool     link__closed(const p2p_link *link);
bool     link__ready(const p2p_link *link);
void     link__fail(p2p_link *link, uint32_t goaway, riv_str reason); /* ends the link */
/* As p2p_link_send, but the frame is borrowed until SENT, SEND_FAILED or CLOSED. */
RIV_MUST_USE riv_err link__send_borrowed(p2p_link *link, riv_bytes frame, uint64_t token, uint64_t deadline_ms, riv_fault *fault);

/* stream.c */
void     link__streams_start(p2p_link *link);               /* yamux is up: identify goes out */
RIV_MUST_USE riv_err link__streams_event(p2p_link *link, const yamux_event *event, riv_fault *fault); /* an error ends the link */
link_stream *link__stream_open(p2p_link *link, link_role role, riv_str protocol); /* NULL: too many */
void     link__stream_finish(p2p_link *link, link_stream *s); /* our side ends; the rest of theirs is thrown away */
void     link__stream_reset(p2p_link *link, link_stream *s, riv_str reason);
void     link__streams_pump(p2p_link *link);                /* moves what can be moved into mux.out */
void     link__streams_sweep(p2p_link *link);               /* frees the streams that are over */
link_stream *link__stream_find(const p2p_link *link, uint32_t id);
void     link__stream_run(p2p_link *link, link_stream *s);
bool     link__in_take(p2p_link *link, uint64_t bytes);     /* false: the links of the swarm hold too much together */
void     link__in_give(p2p_link *link, uint64_t bytes);
void     link__stream_took(p2p_link *link, link_stream *s, size_t bytes); /* consumed from s->in */
void     link__streams_tick(p2p_link *link);
uint64_t link__streams_deadline(const p2p_link *link);
void     link__streams_free(p2p_link *link);

/* particle_stream.c */
RIV_MUST_USE riv_err link__particle_bytes(p2p_link *link, link_stream *s, riv_fault *fault);
void     link__particle_retry(p2p_link *link);              /* large frames that wait for room */
void     link__sends_start(p2p_link *link);                 /* opens streams for waiting particles */
bool     link__send_push(p2p_link *link, link_stream *s);   /* writes a piece; true if something moved */
void     link__send_lost(p2p_link *link, link_stream *s, riv_str reason);
bool     link__send_again(p2p_link *link, link_stream *s);  /* waits for another stream; false: tried often enough */
void     link__sends_flushed(p2p_link *link);               /* what was in mux.out is in out now */
void     link__sends_settle(p2p_link *link);                /* tells SENT for what the socket layer has */
void     link__sends_tick(p2p_link *link);
uint64_t link__sends_deadline(const p2p_link *link);
void     link__sends_fail_all(p2p_link *link, riv_str reason);
void     link__sends_free(p2p_link *link);

/* identify.c, ping.c: what the roles do */
void     link__identify_answer(p2p_link *link, link_stream *s);
RIV_MUST_USE riv_err link__identify_bytes(p2p_link *link, link_stream *s, riv_fault *fault);
void     link__ping_ask(p2p_link *link, link_stream *s);
RIV_MUST_USE riv_err link__ping_echo(p2p_link *link, link_stream *s, riv_fault *fault);
RIV_MUST_USE riv_err link__ping_bytes(p2p_link *link, link_stream *s, riv_fault *fault);
void     link__ping_tick(p2p_link *link);
void     link__ping_refused(p2p_link *link);                /* the peer does not speak it, or broke off: yamux pings instead */
void     link__pong(p2p_link *link);
uint64_t link__ping_deadline(const p2p_link *link);

#endif
