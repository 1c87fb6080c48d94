/* stream.c: the streams of one link: opening, negotiation, the table of roles, and the pump that shares the way out among them.
 * A role reads from s->in and writes to s->out; windows, flags and the end of a stream are settled here, so roles stay small.
 * Spec: docs/spec/p2p.md 5. Tests: link_test.c, link_fuzz.c. */
#include "p2p/internal.h"

static riv_err raw_bytes(p2p_link *link, link_stream *s, riv_fault *fault);
static void    raw_opened(p2p_link *link, link_stream *s);
static void    raw_grant(p2p_link *link, link_stream *s);
static void    nothing(p2p_link *link, link_stream *s);
static void    keep_open(p2p_link *link, link_stream *s);
static riv_err ignore(p2p_link *link, link_stream *s, riv_fault *fault);

typedef struct role_row {
    void (*opened)(p2p_link *link, link_stream *s); /* negotiation is over */
    riv_err (*bytes)(p2p_link *link, link_stream *s,
                     riv_fault *fault); /* DENIED ends the link, other errors the stream */
} role_row;

/* clang-format off */
static const role_row roles[ROLES][2] = {
    /*                    the peer asked                                    we asked */
    [ROLE_IDENTIFY] = { { link__identify_answer, ignore                }, { nothing,        link__identify_bytes } },
    [ROLE_PUSH]     = { { nothing,               link__identify_bytes  }, { nothing,        ignore               } },
    [ROLE_PING]     = { { keep_open,             link__ping_echo       }, { link__ping_ask, link__ping_bytes     } },
    [ROLE_PARTICLE] = { { nothing,               link__particle_bytes  }, { nothing,        ignore               } },
    [ROLE_RAW]      = { { raw_opened,            raw_bytes             }, { raw_opened,     raw_bytes            } },
};
/* clang-format on */

static void negotiated(p2p_link *link, link_stream *s, mss_outcome outcome);
static void stream_ended(p2p_link *link, link_stream *s);
static void tell_lost(p2p_link *link, link_stream *s, riv_str reason);
static bool push(p2p_link *link, link_stream *s);

void link__streams_start(p2p_link *link) { link__stream_open(link, ROLE_IDENTIFY, RIV_LIT(P2P_IDENTIFY_PROTOCOL)); }

static link_stream *add_stream(p2p_link *link, yamux_stream *mux)
{
    link_stream *s            = riv_alloc(sizeof *s);
    s->mux                    = mux;
    s->negotiating            = true;
    s->deadline_ms            = link->now_ms + P2P_STREAM_MS;
    mux->owner                = s;
    *p2p_push(&link->streams) = s;
    return s;
}

link_stream *link__stream_open(p2p_link *link, link_role role, riv_str protocol)
{
    yamux_stream *mux = yamux_open(&link->mux);
    if (!mux) return NULL;
    link_stream *s   = add_stream(link, mux);
    s->dialed        = true;
    s->role          = role;
    s->protocol_copy = riv_blob_copy(riv_str_bytes(protocol));
    s->protocol      = riv_bytes_str(riv_blob_view(s->protocol_copy));
    mss_dial(&s->mss, s->protocol, p2p__fifo_end(&s->out));
    return s;
}

link_stream *link__stream_find(const p2p_link *link, uint32_t id)
{
    yamux_stream *mux = link->state == LINK_MUXED ? riv_map_get_u64(link->mux.streams, id) : NULL;
    link_stream  *s   = mux ? mux->owner : NULL;
    return s && !s->dead ? s : NULL;
}

/* ---- what comes in ---- */

static void mark_dead(p2p_link *link, link_stream *s)
{
    s->dead            = true;
    link->streams_dead = true;
    if (!s->left) return;
    s->left->closed = true;
    s->left->stream = NULL;
    s->left         = NULL;
    link__sends_settle(link);
}

/* Bytes that wait in streams are bounded over the whole link; a large frame has reserved its share before. */
static bool put_in(p2p_link *link, link_stream *s, riv_bytes bytes)
{
    if (!s->reserved) {
        if (link->in_bytes + bytes.len > LINK_IN_BYTES_MAX || !link__in_take(link, bytes.len)) return false;
        link->in_bytes += bytes.len;
    }
    riv_put_bytes(p2p__fifo_end(&s->in), bytes);
    return true;
}

void link__stream_took(p2p_link *link, link_stream *s, size_t bytes)
{
    p2p__fifo_skip(&s->in, bytes);
    if (s->reserved) return;
    link->in_bytes -= bytes;
    link__in_give(link, bytes);
}

bool link__in_take(p2p_link *link, uint64_t bytes)
{
    if (!link->in_shared) return true;
    bool own = link->in_bytes + link->in_reserved + bytes <= LINK_IN_OWN;
    if (!own && *link->in_shared + bytes > LINK_IN_SHARED_MAX) return false;
    *link->in_shared += bytes;
    return true;
}

void link__in_give(p2p_link *link, uint64_t bytes)
{
    if (link->in_shared) *link->in_shared -= bytes;
}

riv_err link__streams_event(p2p_link *link, const yamux_event *event, riv_fault *fault)
{
    link_stream *s = event->stream->owner;
    if (event->opened) {
        s = add_stream(link, event->stream);
        mss_listen(&s->mss, link->offers, link->offers_count);
    }
    if (s->dead) return RIV_OK;
    if (event->reset) {
        mark_dead(link, s);
        /* Before a protocol is agreed it means that the peer has too many streams at the moment. */
        if (!s->send || !s->negotiating || !link__send_again(link, s))
            tell_lost(link, s, RIV_LIT("the peer reset the stream"));
        return RIV_OK;
    }
    if (event->bytes.len && !s->discard) {
        if (!put_in(link, s, event->bytes))
            link__stream_reset(link, s, RIV_LIT("too many bytes wait in the link's streams"));
        else
            link__stream_run(link, s);
    }
    if (event->fin && !s->dead) stream_ended(link, s);
    if (link->state == LINK_CLOSED) return riv_fail(fault, RIV_E_DENIED, 0, "the peer broke a rule of a stream");
    return RIV_OK;
}

/* A step of negotiation or of the role over what is in s->in. Errors of one stream reset it; a lie about identity ends the link. */
void link__stream_run(p2p_link *link, link_stream *s)
{
    riv_fault fault = { 0 };
    riv_err   err   = RIV_OK;
    if (s->negotiating) {
        mss_outcome outcome;
        riv_reader  r = riv_reader_of(p2p__fifo_view(&s->in));
        err           = mss_feed(&s->mss, &r, &fault, p2p__fifo_end(&s->out), &outcome);
        link__stream_took(link, s, r.pos);
        yamux_grant(&link->mux, s->mux, (uint32_t)r.pos);
        if (err == RIV_MORE) return;
        if (!err) negotiated(link, s, outcome);
    }
    if (!err && !s->dead && !s->discard) err = roles[s->role][s->dialed].bytes(link, s, &fault);
    if (err == RIV_E_DENIED)
        link__fail(link, YAMUX_BYE_PROTOCOL, riv_str_c(fault.msg));
    else if (err && err != RIV_MORE)
        link__stream_reset(link, s, riv_str_c(fault.msg));
}

static void negotiated(p2p_link *link, link_stream *s, mss_outcome outcome)
{
    s->negotiating = false;
    if (!outcome.agreed) {
        link__stream_reset(link, s, RIV_LIT("the peer does not speak the protocol"));
        return;
    }
    if (!s->dialed) {
        s->role     = (link_role)RIV_MIN(outcome.index, (size_t)ROLE_RAW);
        s->protocol = link->offers[outcome.index];
    }
    roles[s->role][s->dialed].opened(link, s);
}

/* The peer's side is closed: all its bytes have been seen. */
static void stream_ended(p2p_link *link, link_stream *s)
{
    if (s->discard) {
        if (s->mux->fin_sent) mark_dead(link, s);
    } else if (s->negotiating) {
        link__stream_reset(link, s, RIV_LIT("the peer closed the stream before a protocol was agreed"));
    } else if (s->role == ROLE_RAW) {
        tell_lost(link, s, (riv_str){ 0 });
        if (s->mux->fin_sent) mark_dead(link, s);
    } else if (s->role == ROLE_PING && !s->dialed) {
        link__stream_finish(link, s);
    } else if (!s->send) { /* a receiver of our particle may close early: it has nothing to say */
        link__stream_reset(link, s, RIV_LIT("the peer closed the stream too early"));
    }
}

static void tell_lost(p2p_link *link, link_stream *s, riv_str reason)
{
    if (s->send) link__send_lost(link, s, reason);
    if (s->role == ROLE_PING && s->dialed && !s->discard) link__ping_refused(link);
    if (s->role == ROLE_RAW && (s->dialed || !s->negotiating) && !s->closed_told) {
        p2p_event *e   = link__event(link, P2P_STREAM_CLOSED);
        e->stream      = s->mux->id;
        e->protocol    = riv_str_dup(link->arena, s->protocol);
        e->reason      = riv_str_dup(link->arena, reason);
        s->closed_told = true;
    }
}

void link__stream_finish(p2p_link *link, link_stream *s)
{
    s->fin_wanted  = true;
    s->discard     = true;
    s->deadline_ms = link->now_ms + LINK_LINGER_MS;
    link__stream_took(link, s, p2p__fifo_len(&s->in));
}

void link__stream_reset(p2p_link *link, link_stream *s, riv_str reason)
{
    if (s->dead) return;
    yamux_reset(&link->mux, s->mux);
    mark_dead(link, s);
    tell_lost(link, s, reason);
}

void link__streams_sweep(p2p_link *link)
{
    size_t kept = 0;
    if (!link->streams_dead) return;
    for (size_t i = 0; i < link->streams.len; i++) {
        link_stream *s = link->streams.ptr[i];
        if (!s->dead) {
            link->streams.ptr[kept++] = s;
            continue;
        }
        uint64_t *held = s->reserved ? &link->in_reserved : &link->in_bytes;
        uint64_t  had  = s->reserved ? s->frame_bytes : p2p__fifo_len(&s->in);
        *held -= had;
        link__in_give(link, had);
        link->in_freed |= s->reserved;
        yamux_remove(&link->mux, s->mux);
        p2p__fifo_free(&s->in);
        p2p__fifo_free(&s->out);
        riv_blob_free(&s->protocol_copy);
        riv_free(s);
    }
    link->streams.len  = kept;
    link->streams_dead = false;
}

void link__streams_free(p2p_link *link)
{
    for (size_t i = 0; i < link->streams.len; i++) link->streams.ptr[i]->dead = true;
    link->streams_dead = true;
    link__streams_sweep(link);
    riv_free(link->streams.ptr);
}

/* ---- what goes out ---- */

void link__streams_pump(p2p_link *link)
{
    bool moved = true;
    if (link->in_freed) link__particle_retry(link);
    link__sends_start(link);
    while (moved && !link__out_full(link, LINK_PUMP_BYTES_MAX)) {
        moved = false;
        for (size_t i = 0; i < link->streams.len && !link__out_full(link, LINK_PUMP_BYTES_MAX); i++) {
            link->cursor = (link->cursor + 1) % link->streams.len;
            moved |= push(link, link->streams.ptr[link->cursor]);
        }
    }
    link__streams_sweep(link);
}

/* Who answers does not read on while its answers wait. Who asks always reads: if both sides held back, neither would go on. */
static void raw_grant(p2p_link *link, link_stream *s)
{
    if (!s->raw_ungranted || (!s->dialed && p2p__fifo_len(&s->out) >= LINK_STREAM_OUT_MAX / 2)) return;
    yamux_grant(&link->mux, s->mux, s->raw_ungranted);
    s->raw_ungranted = 0;
}

/* Room was made: answers that were held back may go on, and a raw stream's peer may send again. */
static void went_out(p2p_link *link, link_stream *s)
{
    raw_grant(link, s);
    if (s->mux->fin_sent && s->mux->fin_seen) mark_dead(link, s);
    if (!s->dead && !s->negotiating && !s->discard && p2p__fifo_len(&s->in)) link__stream_run(link, s);
}

/* One piece of one stream. */
static bool push(p2p_link *link, link_stream *s)
{
    if (s->dead || s->mux->reset || s->mux->fin_sent) return false;
    size_t waiting = p2p__fifo_len(&s->out);
    bool   moved   = false;
    if (waiting || s->fin_wanted) {
        size_t len = yamux_write(&link->mux, s->mux, p2p__fifo_view(&s->out), s->fin_wanted);
        p2p__fifo_skip(&s->out, len);
        moved = len > 0 || s->mux->fin_sent;
    } else if (s->send && !s->negotiating) {
        moved = link__send_push(link, s);
    }
    if (moved) went_out(link, s);
    return moved;
}

/* ---- time ---- */

/* A stream that only waits for the peer to close its side makes room earlier when particles wait for one. */
static uint64_t deadline_of(const p2p_link *link, const link_stream *s)
{
    bool hurry = s->discard && s->dialed && link->sends_waiting;
    return hurry ? s->deadline_ms - (LINK_LINGER_MS - LINK_LINGER_SHORT_MS) : s->deadline_ms;
}

void link__streams_tick(p2p_link *link)
{
    for (size_t i = 0; i < link->streams.len; i++) {
        link_stream *s = link->streams.ptr[i];
        if (s->dead || deadline_of(link, s) > link->now_ms) continue;
        link__stream_reset(link, s, RIV_LIT("the stream timed out"));
    }
    link__streams_sweep(link);
}

uint64_t link__streams_deadline(const p2p_link *link)
{
    uint64_t deadline = UINT64_MAX;
    for (size_t i = 0; i < link->streams.len; i++)
        if (!link->streams.ptr[i]->dead) deadline = RIV_MIN(deadline, deadline_of(link, link->streams.ptr[i]));
    return deadline;
}

/* ---- small roles ---- */

static void nothing(p2p_link *link, link_stream *s) { (void)link, (void)s; }

static void keep_open(p2p_link *link, link_stream *s)
{
    (void)link;
    s->deadline_ms = UINT64_MAX;
}

static riv_err ignore(p2p_link *link, link_stream *s, riv_fault *fault)
{
    (void)fault;
    link__stream_took(link, s, p2p__fifo_len(&s->in));
    return RIV_OK;
}

static void raw_opened(p2p_link *link, link_stream *s)
{
    p2p_event *e   = link__event(link, P2P_STREAM_OPENED);
    e->stream      = s->mux->id;
    e->protocol    = riv_str_dup(link->arena, s->protocol);
    s->deadline_ms = UINT64_MAX;
}

static riv_err raw_bytes(p2p_link *link, link_stream *s, riv_fault *fault)
{
    (void)fault;
    riv_bytes bytes = p2p__fifo_view(&s->in);
    if (!bytes.len) return RIV_OK;
    p2p_event *e = link__event(link, P2P_STREAM_BYTES);
    e->stream    = s->mux->id;
    e->protocol  = riv_str_dup(link->arena, s->protocol);
    e->bytes     = riv_bytes_dup(link->arena, bytes);
    s->raw_ungranted += (uint32_t)bytes.len;
    link__stream_took(link, s, bytes.len);
    raw_grant(link, s);
    return RIV_OK;
}
