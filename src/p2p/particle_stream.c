/* particle_stream.c: /fluence/particle/2.0.0 on streams: reading one frame from a stream, and sending queued frames, one stream each.
 * The receiver closes its side after the frame; the sender resets when the receiver has not closed a little after our FIN.
 * Spec: docs/spec/p2p.md 6, docs/spec/node.md 3. Tests: link_test.c, link_fuzz.c. */
#include "p2p/internal.h"

/* ---- receiving ---- */

static riv_err read_length(link_stream *s, p2p_link *link, riv_fault *fault)
{
    uint64_t   len;
    riv_reader r = riv_reader_of(p2p__fifo_view(&s->in));
    RIV_TRY(codec_read_varint(&r, fault, &len));
    if (len > P2P_FRAME_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "particle frame of %llu bytes", (unsigned long long)len);
    link__stream_took(link, s, r.pos);
    yamux_grant(&link->mux, s->mux, (uint32_t)r.pos);
    s->frame_bytes = len;
    s->frame_known = true;
    return RIV_OK;
}

/* A frame that does not fit the first window gets more of it only when the whole of it may be kept: large frames wait for each other
 * instead of standing half-read side by side. */
static bool reserve(p2p_link *link, link_stream *s)
{
    if (s->reserved || s->frame_bytes <= YAMUX_WINDOW_BYTES / 2) return true;
    uint64_t have = p2p__fifo_len(&s->in);
    if (link->in_reserved + s->frame_bytes > LINK_IN_BYTES_MAX || !link__in_take(link, s->frame_bytes)) return false;
    link->in_bytes -= have;
    link__in_give(link, have);
    link->in_reserved += s->frame_bytes;
    s->reserved = true;
    return true;
}

riv_err link__particle_bytes(p2p_link *link, link_stream *s, riv_fault *fault)
{
    if (!s->frame_known) RIV_TRY(read_length(s, link, fault));
    if (!reserve(link, s)) return RIV_MORE;
    uint64_t have = p2p__fifo_len(&s->in);
    if (have >= s->frame_bytes) {
        p2p_event *e = link__event(link, P2P_PARTICLE);
        e->bytes     = riv_bytes_dup(link->arena, riv_bytes_sub(p2p__fifo_view(&s->in), 0, (size_t)s->frame_bytes));
        link__stream_finish(link, s);
        return RIV_OK;
    }
    if (s->reserved) {
        yamux_grant(&link->mux, s->mux, (uint32_t)(have - s->frame_granted));
        s->frame_granted = have;
    }
    return RIV_MORE;
}

void link__particle_retry(p2p_link *link)
{
    link->in_freed = false;
    for (size_t i = 0; i < link->streams.len; i++) {
        link_stream *s = link->streams.ptr[i];
        if (s->dead || s->dialed || s->negotiating || s->role != ROLE_PARTICLE || !s->frame_known || s->reserved ||
            s->discard)
            continue;
        link__stream_run(link, s);
    }
}

/* ---- sending ---- */

static riv_err queue_send(p2p_link *link, riv_bytes frame, uint64_t token, uint64_t deadline_ms, riv_fault *fault,
                          link_send **out)
{
    if (frame.len > P2P_FRAME_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "particle frame of %zu bytes", frame.len);
    if (link->sends_waiting >= P2P_SEND_QUEUE_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "more than %d particles wait for the link", P2P_SEND_QUEUE_MAX);
    if (link->state == LINK_CLOSED) return riv_fail(fault, RIV_E_NOT_FOUND, 0, "the link is closed");
    link_send *send   = riv_alloc(sizeof *send);
    send->token       = token;
    send->deadline_ms = deadline_ms;
    send->body        = frame;
    codec_put_varint(&send->head, frame.len);
    *p2p_push(&link->sends) = send;
    link->sends_waiting++;
    *out = send;
    return RIV_OK;
}

riv_err p2p_link_send(p2p_link *link, riv_bytes frame, uint64_t token, uint64_t deadline_ms, riv_fault *fault)
{
    link_send *send;
    RIV_TRY(queue_send(link, frame, token, deadline_ms, fault, &send));
    send->own  = riv_blob_copy(frame);
    send->body = riv_blob_view(send->own);
    return RIV_OK;
}

riv_err link__send_borrowed(p2p_link *link, riv_bytes frame, uint64_t token, uint64_t deadline_ms, riv_fault *fault)
{
    link_send *send;
    return queue_send(link, frame, token, deadline_ms, fault, &send);
}

void link__sends_start(p2p_link *link)
{
    for (size_t i = 0; link->sends_waiting && i < link->sends.len; i++) {
        link_send *send = link->sends.ptr[i];
        if (send->stream || send->written || send->gone) continue;
        if (link->mux.ours_count >= LINK_STREAMS_OUT_MAX) return;
        link_stream *s = link__stream_open(link, ROLE_PARTICLE, RIV_LIT(P2P_PARTICLE_PROTOCOL));
        if (!s) return;
        s->send      = send;
        send->stream = s;
        link->sends_waiting--;
    }
}

bool link__send_push(p2p_link *link, link_stream *s)
{
    link_send *send = s->send;
    size_t     head = send->head.len, len = 0;
    if (send->pos < head) {
        len = yamux_write(&link->mux, s->mux, riv_bytes_sub(riv_buf_view(&send->head), send->pos, head),
                          send->body.len == 0);
        send->pos += len;
        if (send->pos < head) return len > 0;
    }
    if (!s->mux->fin_sent) {
        size_t more =
            yamux_write(&link->mux, s->mux, riv_bytes_sub(send->body, send->pos - head, send->body.len), true);
        send->pos += more;
        len += more;
    }
    if (!s->mux->fin_sent) return len > 0;
    send->written  = true;
    s->send        = NULL;
    s->left        = send;
    s->discard     = true;
    s->deadline_ms = link->now_ms + LINK_LINGER_MS;
    return true;
}

static void tell_failed(p2p_link *link, link_send *send, riv_str reason)
{
    p2p_event *e = link__event(link, P2P_SEND_FAILED);
    e->token     = send->token;
    e->reason    = riv_str_dup(link->arena, reason);
    send->gone   = true;
}

void link__send_lost(p2p_link *link, link_stream *s, riv_str reason)
{
    s->send->stream = NULL;
    tell_failed(link, s->send, reason);
    s->send = NULL;
}

bool link__send_again(p2p_link *link, link_stream *s)
{
    if (++s->send->tries >= LINK_SEND_TRIES_MAX) return false;
    s->send->stream = NULL;
    s->send         = NULL;
    link->sends_waiting++;
    return true;
}

static void sweep(p2p_link *link)
{
    size_t kept = 0;
    for (size_t i = 0; i < link->sends.len; i++) {
        link_send *send = link->sends.ptr[i];
        if (!send->gone) {
            link->sends.ptr[kept++] = send;
            continue;
        }
        riv_buf_free(&send->head);
        riv_blob_free(&send->own);
        riv_free(send);
    }
    link->sends.len = kept;
}

void link__sends_flushed(p2p_link *link)
{
    for (size_t i = 0; i < link->sends.len; i++) {
        link_send *send = link->sends.ptr[i];
        if (send->written && !send->sent_at) send->sent_at = link->taken_total + p2p__fifo_len(&link->out);
    }
}

void link__sends_settle(p2p_link *link)
{
    for (size_t i = 0; i < link->sends.len; i++) {
        link_send *send = link->sends.ptr[i];
        if (send->gone || !send->closed || !send->sent_at || send->sent_at > link->taken_total) continue;
        link__event(link, P2P_SENT)->token = send->token;
        send->gone                         = true;
    }
    sweep(link);
}

/* What is written may still leave; what waits or is half-way is given up. */
void link__sends_tick(p2p_link *link)
{
    for (size_t i = 0; i < link->sends.len; i++) {
        link_send *send = link->sends.ptr[i];
        if (send->gone || send->written || send->deadline_ms > link->now_ms) continue;
        if (send->stream)
            link__stream_reset(link, send->stream, RIV_LIT("the particle expired"));
        else
            link->sends_waiting--, tell_failed(link, send, RIV_LIT("the particle expired"));
    }
    sweep(link);
}

uint64_t link__sends_deadline(const p2p_link *link)
{
    uint64_t deadline = UINT64_MAX;
    for (size_t i = 0; i < link->sends.len; i++)
        if (!link->sends.ptr[i]->written && !link->sends.ptr[i]->gone)
            deadline = RIV_MIN(deadline, link->sends.ptr[i]->deadline_ms);
    return deadline;
}

void link__sends_fail_all(p2p_link *link, riv_str reason)
{
    for (size_t i = 0; i < link->sends.len; i++) {
        link_send *send = link->sends.ptr[i];
        if (send->stream) send->stream->send = send->stream->left = NULL;
        send->stream = NULL;
        if (!send->gone) tell_failed(link, send, reason);
    }
    link->sends_waiting = 0;
    sweep(link);
}

void link__sends_free(p2p_link *link)
{
    for (size_t i = 0; i < link->sends.len; i++) link->sends.ptr[i]->gone = true;
    sweep(link);
    riv_free(link->sends.ptr);
}
