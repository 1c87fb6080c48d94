/* outbox.c: handing a particle to its next peers: route, try, try again until the deadline.
 * An entry leaves when the peer has read the frame (P2P_PARTICLE_SENT). What goes out is always the newest trace, so a late retry is never
 * stale; one that comes twice is skipped by the receiver.
 * Spec: docs/spec/node.md §4 (8), §14 (6, 7). Tests: node_test.c. */
#include "node/internal.h"

static node_out *find(node_particle *p, const codec_peer *peer)
{
    for (size_t i = 0; i < p->outbox.len; i++)
        if (codec_peer_eq(&p->outbox.ptr[i].peer, peer)) return &p->outbox.ptr[i];
    return NULL;
}

static void lost(node *n, const node_particle *p, riv_str to, riv_str reason)
{
    LOG_INFO(n->log, "particle.lost", LOG_STR("id", p->head.id), LOG_STR("to", to), LOG_STR("reason", reason));
}

riv_str node__next_peer(node *n, node_particle *p, riv_str text)
{
    codec_peer peer;
    riv_fault  fault = { 0 };
    if (codec_peer_parse(text, &fault, &peer)) return riv_str_dup(n->scratch, riv_str_c(fault.msg));
    if (codec_peer_eq(&peer, &n->identity.peer)) { /* back to ourselves, without the network */
        node__add_arrival(n, p, ++n->arrivals_next, false, NULL, riv_blob_view(p->data));
        node__store_arrival(n, p, p->last->number, riv_blob_view(p->data));
        return (riv_str){ 0 };
    }
    node_out *o = find(p, &peer);
    if (o && (o->state == NODE_OUT_NEW ||
              o->state == NODE_OUT_RETRY)) { /* has not left yet: the next try takes the newer trace along */
        o->state = NODE_OUT_NEW;
        return (riv_str){ 0 };
    }
    if (p->outbox.len >= NODE_OUTBOX_MAX) return RIV_LIT("too many next peers");
    node__push(&p->outbox)->peer = peer;
    return (riv_str){ 0 };
}

/* Where a particle for `peer` really goes. A client knows only its relay: the request names it, or it is who handed us the particle. */
static codec_peer route(const node *n, const node_particle *p, const codec_peer *peer)
{
    if (p2p_swarm_connected(n->swarm, peer)) return *peer;
    if (p->own && p->has_relay) return p->relay;
    if (!n->config.listen_count && p->has_from) return p->from;
    return *peer;
}

static void set_reason(node *n, node_out *o, riv_str reason)
{
    if (!codec_peer_eq(&o->via, &o->peer))
        reason = riv_format(n->scratch, "by way of " RIV_FMT ": " RIV_FMT, RIV_ARG(node__peer_text(n, &o->via)),
                            RIV_ARG(reason));
    reason = riv_str_sub(reason, 0, sizeof o->reason - 1);
    memset(o->reason, 0, sizeof o->reason);
    if (reason.len) memcpy(o->reason, reason.ptr, reason.len);
}

static void try_later(node *n, node_particle *p, node_out *o, riv_str reason)
{
    uint64_t pause_ms = (uint64_t)NODE_RETRY_MS_MIN << RIV_MIN(o->tries, 8u);
    o->tries++;
    o->state    = NODE_OUT_RETRY;
    o->again_ms = n->now_ms + RIV_MIN(pause_ms, (uint64_t)NODE_RETRY_MS_MAX);
    set_reason(n, o, reason);
    if (o->tries == 1)
        LOG_DEBUG(n->log, "particle.delayed", LOG_STR("id", p->head.id), LOG_STR("to", node__peer_text(n, &o->peer)),
                  LOG_STR("reason", reason));
    if (o->again_ms <= p->deadline_ms) node__timer_add(n, o->again_ms, NODE_AT_RETRY, p, 0);
}

/* Neither a link nor an address: time alone will not help. If the peer shows up before the deadline, node__peer_up sends. Common on the way of an
 * honest particle: a peer deep in the network that sees work for the client behind a relay, and hands the particle to the relay as well. */
static void cannot_reach(node *n, node_particle *p, node_out *o)
{
    riv_str reason = RIV_LIT("there is no link to it and no address of it");
    o->state       = NODE_OUT_RETRY;
    o->again_ms    = UINT64_MAX;
    set_reason(n, o, reason);
    if (o->tries++ == 0) lost(n, p, node__peer_text(n, &o->peer), reason);
}

static void try_now(node *n, node_particle *p, node_out *o, const codec_peer *to, riv_bytes frame)
{
    riv_fault fault = { 0 };
    uint64_t  token = ++n->tokens_next;
    riv_err   err   = p2p_swarm_send(n->swarm, to, frame, token, p->deadline_ms, n->now_ms, &fault);
    o->via          = *to;
    o->unreachable  = err == RIV_E_NOT_FOUND;
    if (err == RIV_E_NOT_FOUND) {
        cannot_reach(n, p, o);
        return;
    }
    if (err) {
        try_later(n, p, o, riv_str_c(fault.msg));
        return;
    }
    o->state = NODE_OUT_SENDING;
    o->token = token;
    o->bytes = frame.len;
    riv_map_put_u64(n->tokens, token, (void *)(uintptr_t)p->number);
}

static void drop(node_particle *p, size_t i)
{
    node__cut(&p->outbox, i);
    p->outbox_changed = true;
}

static bool sent_in_this_flush(const node_particle *p, const codec_peer *to, uint64_t first_token)
{
    for (size_t i = 0; i < p->outbox.len; i++) {
        const node_out *o = &p->outbox.ptr[i];
        if (o->state == NODE_OUT_SENDING && o->token > first_token && codec_peer_eq(&o->via, to)) return true;
    }
    return false;
}

static riv_bytes encode(const node *n, const node_particle *p)
{
    p2p_particle whole = p->head;
    riv_buf      buf   = riv_buf_in(n->scratch);
    whole.data         = riv_blob_view(p->data);
    p2p_particle_write(&whole, &buf);
    return riv_buf_view(&buf);
}

void node__flush(node *n, node_particle *p)
{
    riv_bytes frame       = { 0 };
    uint64_t  first_token = n->tokens_next;
    if (n->now_ms > p->deadline_ms || node__replaying(p)) return;
    for (size_t i = 0; i < p->outbox.len;) {
        node_out *o = &p->outbox.ptr[i];
        if (o->state == NODE_OUT_SENDING || (o->state != NODE_OUT_NEW && o->again_ms > n->now_ms)) {
            i++;
            continue;
        }
        codec_peer to = route(n, p, &o->peer);
        if (sent_in_this_flush(p, &to, first_token)) { /* two next peers behind one relay: one copy is enough */
            drop(p, i);
            continue;
        }
        if (p->ahead) { /* the newest trace is not encoded yet: a job does it, then we come here again */
            p->wants_data = true;
            return;
        }
        if (!frame.ptr) frame = encode(n, p);
        try_now(n, p, o, &to, frame);
        i++;
    }
}

static node_particle *by_token(node *n, uint64_t token, size_t *index)
{
    uint64_t       number = (uint64_t)(uintptr_t)riv_map_remove_u64(n->tokens, token);
    node_particle *p      = number ? node__particle_by_number(n, number) : NULL;
    if (!p) return NULL; /* its deadline came first */
    for (size_t i = 0; i < p->outbox.len; i++)
        if (p->outbox.ptr[i].state == NODE_OUT_SENDING && p->outbox.ptr[i].token == token) {
            *index = i;
            return p;
        }
    return NULL;
}

void node__sent(node *n, uint64_t token)
{
    size_t         i;
    node_particle *p = by_token(n, token, &i);
    n->stats.sent++;
    if (!p) return;
    const node_out *o = &p->outbox.ptr[i];
    LOG_INFO(n->log, "particle.sent", LOG_STR("id", p->head.id), LOG_STR("to", node__peer_text(n, &o->via)),
             LOG_U64("bytes", o->bytes));
    p->last_peer     = o->via;
    p->has_last_peer = true;
    p->last_was_sent = true;
    p->sent_ever     = true;
    p->last_ms       = n->now_ms;
    drop(p, i);
}

void node__lost(node *n, uint64_t token, riv_str reason)
{
    size_t         i;
    node_particle *p = by_token(n, token, &i);
    if (p) try_later(n, p, &p->outbox.ptr[i], reason);
}

void node__retry(node *n, node_particle *p)
{
    node__flush(n, p);
    node__run_next(n, p);
    node__settle(n, p);
}

/* A peer that was away is back: what waits for it goes out now, not at the next retry. */
void node__peer_up(node *n, const codec_peer *peer)
{
    void *value;
    for (size_t i = 0; i < riv_map_slots(n->by_number); i++) {
        if (!riv_map_at(n->by_number, i, NULL, &value)) continue;
        node_particle *p     = value;
        bool           ready = false;
        for (size_t k = 0; k < p->outbox.len; k++) {
            node_out  *o  = &p->outbox.ptr[k];
            codec_peer to = route(n, p, &o->peer);
            if (o->state != NODE_OUT_RETRY || !codec_peer_eq(&to, peer)) continue;
            o->again_ms = n->now_ms;
            ready       = true;
        }
        if (!ready) continue;
        node__flush(n, p);
        node__run_next(n, p);
    }
}
