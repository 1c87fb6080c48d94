/* swarm.c: the links of a peer to all others: who is connected, whom to dial and when, and which link a particle takes.
 * Each call marks the links it has touched; settle() then moves events up and bytes down until nothing changes. Effects are told in order.
 * Spec: docs/spec/p2p.md 7. Tests: swarm_test.c, swarm_fuzz.c. */
#include "p2p/internal.h"

enum {
    SWARM_SOCKET_BYTES_MAX = 256 << 10,                                 /* given to a socket and not yet drained */
    SWARM_ADDRS_MAX        = 16,                                        /* known addresses of one peer */
    SWARM_PEERS_MAX        = 16384,                                     /* remembered, with or without a link */
    SWARM_SENDS_MAX        = P2P_SEND_QUEUE_MAX + LINK_STREAMS_OUT_MAX, /* of one peer: waiting and on their way */
    SWARM_SEND_BYTES_MAX   = 64 << 20,                                  /* of one peer, the same */
    SWARM_SENDS_BYTES_MAX  = 256 << 20,                                 /* the same over all peers, but for */
    SWARM_SEND_BYTES_OWN   = 128 << 10,                                 /* what each peer may have in any case */
    SWARM_HANDSHAKES_MAX   = 512, /* accepted links that have not proven who they are; beyond, the oldest goes */
    SWARM_LINKS_KEPT       = 256, /* of P2P_LINKS_MAX: for links that we dial */
    SWARM_BACKOFF_MS_MIN   = 1000,
    SWARM_BACKOFF_MS_MAX   = 60000,
    SWARM_ARENA_BYTES_KEPT = 1 << 20,
};

typedef struct swarm_peer swarm_peer;

typedef struct swarm_link {
    uint64_t    number, deadline_ms; /* deadline: of the link, as of its last change */
    p2p_link   *link;
    swarm_peer *peer; /* dialed: from the start; accepted: when proven */
    riv_blob    addr;
    p2p_fifo    rest;      /* bytes that the link could not take yet */
    size_t      in_flight; /* bytes at the socket */
    bool        dialed, stranger, ready, paused, touched, over;
} swarm_link;

typedef struct swarm_send {
    uint64_t    number, token, deadline_ms;
    riv_blob    frame;
    swarm_link *link; /* NULL: waits */
} swarm_send;

typedef struct swarm_addr {
    riv_blob text;
    bool     told; /* by the peer itself (identify): may be replaced */
} swarm_addr;

struct swarm_peer {
    codec_peer id;
    bool       keep, is_node;
    RIV_VEC(swarm_addr) addrs;
    size_t   addr_next;
    uint32_t rounds_failed; /* of all addresses, one after the other */
    uint64_t dial_at_ms;    /* not before */
    uint64_t dial, dial_deadline_ms;
    size_t   handshakes;         /* dialed links that are not ready yet */
    RIV_VEC(swarm_link *) links; /* ready, the oldest first */
    RIV_VEC(swarm_send *) sends; /* in order of arrival */
    size_t send_bytes;
};

struct p2p_swarm {
    const p2p_identity *identity;
    crypto_rng          rng;
    uint64_t            now_ms, dials, sends;
    uint64_t            soonest_ms; /* nothing is due before; what was put off since the last tick is not looked for */
    uint64_t            in_bytes;   /* of half-read particles, all links together */
    size_t              send_bytes; /* of frames that wait or are on their way, all peers together */
    size_t              strangers;  /* accepted links that are not ready yet */
    riv_map            *links_by_number, *peers_by_id, *peers_by_dial;
    RIV_VEC(swarm_link *) links;
    RIV_VEC(swarm_peer *) peers;
    RIV_VEC(swarm_peer *) connected; /* in order of connection */
    RIV_VEC(swarm_link *) touched;
    RIV_VEC(swarm_link *) over; /* out of all tables, freed at the end of settle */
    riv_arena *arena;           /* effects and their slices */
    RIV_VEC(p2p_effect) effects;
    size_t effects_pos;
};

static void        enter(p2p_swarm *sw, uint64_t now_ms);
static p2p_effect *effect(p2p_swarm *sw, p2p_effect_kind kind);
static void        settle(p2p_swarm *sw);
static uint64_t    soonest(const p2p_swarm *sw);
static void        due_at(p2p_swarm *sw, uint64_t at_ms);
static void        touch(p2p_swarm *sw, swarm_link *l);
static void        link_event(p2p_swarm *sw, swarm_link *l, const p2p_event *e);
static void        link_over(p2p_swarm *sw, swarm_link *l, riv_str reason, bool tell_socket);
static swarm_peer *peer_get(const p2p_swarm *sw, const codec_peer *id);
static swarm_peer *peer_make(p2p_swarm *sw, const codec_peer *id);
static void        peer_drop_if_idle(p2p_swarm *sw, swarm_peer *peer);
static void        peer_free(swarm_peer *peer);
static void        peer_add_addr(swarm_peer *peer, riv_str text, bool told);
static void        assign(p2p_swarm *sw, swarm_peer *peer);
static void        dial_if_wanted(p2p_swarm *sw, swarm_peer *peer);
static void        dial_lost(p2p_swarm *sw, swarm_peer *peer);
static void        send_over(p2p_swarm *sw, swarm_peer *peer, size_t index, p2p_effect_kind kind, riv_str reason);
static void        expire_sends(p2p_swarm *sw, swarm_peer *peer);

static riv_str blob_str(riv_blob b) { return riv_bytes_str(riv_blob_view(b)); }

#define REMOVE_AT(vec, index)                                                                                          \
    do {                                                                                                               \
        size_t remove_at = (index);                                                                                    \
        (vec)->len--;                                                                                                  \
        memmove(&(vec)->ptr[remove_at], &(vec)->ptr[remove_at + 1], ((vec)->len - remove_at) * sizeof *(vec)->ptr);    \
    } while (0)
#define REMOVE(vec, item)                                                                                              \
    do {                                                                                                               \
        for (size_t remove_i = 0; remove_i < (vec)->len; remove_i++)                                                   \
            if ((vec)->ptr[remove_i] == (item)) {                                                                      \
                REMOVE_AT(vec, remove_i);                                                                              \
                break;                                                                                                 \
            }                                                                                                          \
    } while (0)

/* ---- life ---- */

p2p_swarm *p2p_swarm_new(const p2p_identity *identity, const crypto_secret *rng_seed)
{
    p2p_swarm *sw  = riv_alloc(sizeof *sw);
    sw->identity   = identity;
    sw->soonest_ms = UINT64_MAX;
    crypto_rng_seed(&sw->rng, rng_seed);
    sw->links_by_number = riv_map_new(NULL);
    sw->peers_by_id     = riv_map_new(NULL);
    sw->peers_by_dial   = riv_map_new(NULL);
    sw->arena           = riv_arena_new(0);
    return sw;
}

static void link_free(swarm_link *l)
{
    p2p_link_free(l->link);
    riv_blob_free(&l->addr);
    p2p__fifo_free(&l->rest);
    riv_free(l);
}

void p2p_swarm_free(p2p_swarm *sw)
{
    if (!sw) return;
    for (size_t i = 0; i < sw->links.len; i++) link_free(sw->links.ptr[i]);
    RIV_ASSERT(sw->in_bytes == 0);
    for (size_t i = 0; i < sw->peers.len; i++) peer_free(sw->peers.ptr[i]);
    riv_free(sw->links.ptr);
    riv_free(sw->peers.ptr);
    riv_free(sw->connected.ptr);
    riv_free(sw->touched.ptr);
    riv_free(sw->over.ptr);
    riv_map_free(sw->links_by_number);
    riv_map_free(sw->peers_by_id);
    riv_map_free(sw->peers_by_dial);
    riv_arena_free(sw->arena);
    crypto_wipe(&sw->rng, sizeof sw->rng);
    riv_free(sw);
}

/* ---- what happened outside ---- */

/* Who opens many connections and says nothing loses them first; the newcomer has its chance. */
static void drop_stranger(p2p_swarm *sw)
{
    for (size_t i = 0; i < sw->links.len; i++)
        if (sw->links.ptr[i]->stranger) {
            link_over(sw, sw->links.ptr[i], RIV_LIT("too many connections shake hands at a time"), true);
            return;
        }
}

void p2p_swarm_opened(p2p_swarm *sw, uint64_t number, uint64_t dial, riv_str remote_addr, uint64_t now_ms)
{
    enter(sw, now_ms);
    swarm_peer *peer = dial ? riv_map_remove_u64(sw->peers_by_dial, dial) : NULL;
    if (peer) peer->dial = 0;
    RIV_ASSERT(!riv_map_get_u64(sw->links_by_number, number));
    if (!dial && sw->strangers >= SWARM_HANDSHAKES_MAX) drop_stranger(sw);
    bool crowded = sw->links.len >= (dial ? P2P_LINKS_MAX : P2P_LINKS_MAX - SWARM_LINKS_KEPT);
    if ((dial && !peer) || crowded) { /* a dial that was given up, or one link too many */
        effect(sw, P2P_DO_CLOSE)->link = number;
        if (peer) dial_lost(sw, peer);
        return;
    }
    swarm_link *l = riv_alloc(sizeof *l);
    *l            = (swarm_link){
                   .number = number, .peer = peer, .dialed = peer != NULL, .addr = riv_blob_copy(riv_str_bytes(remote_addr))
    };
    p2p_link_config config = { .identity     = sw->identity,
                               .dialer       = l->dialed,
                               .has_expected = l->dialed,
                               .remote_addr  = remote_addr,
                               .rng          = &sw->rng };
    if (peer) {
        config.expected = peer->id;
        peer->handshakes++;
    } else {
        sw->strangers++;
        l->stranger = true;
    }
    l->link            = p2p_link_new(&config, sw->now_ms);
    l->link->in_shared = &sw->in_bytes;
    riv_map_put_u64(sw->links_by_number, number, l);
    *p2p_push(&sw->links) = l;
    touch(sw, l);
    settle(sw);
}

void p2p_swarm_dial_failed(p2p_swarm *sw, uint64_t dial, riv_str reason, uint64_t now_ms)
{
    enter(sw, now_ms);
    swarm_peer *peer = riv_map_remove_u64(sw->peers_by_dial, dial);
    if (!peer) return;
    peer->dial    = 0;
    p2p_effect *e = effect(sw, P2P_LINK_FAILED);
    e->dial       = dial;
    e->peer       = peer->id;
    e->reason     = riv_str_dup(sw->arena, reason);
    if (peer->addrs.len)
        e->addr = riv_str_dup(sw->arena, blob_str(peer->addrs.ptr[peer->addr_next % peer->addrs.len].text));
    dial_lost(sw, peer);
    settle(sw);
}

/* Feeds what waits, then what is new; what the link does not take waits, and the reader is asked to stop. */
static void feed(p2p_swarm *sw, swarm_link *l, riv_bytes bytes)
{
    riv_fault fault = { 0 };
    size_t    used  = 0;
    riv_err   err   = p2p_link_feed(l->link, bytes, sw->now_ms, &fault, &used);
    if (err) used = bytes.len; /* the link is closed: its event tells why */
    if (used == bytes.len) return;
    riv_put_bytes(p2p__fifo_end(&l->rest), riv_bytes_sub(bytes, used, bytes.len));
}

void p2p_swarm_bytes(p2p_swarm *sw, uint64_t link, riv_bytes bytes, uint64_t now_ms)
{
    enter(sw, now_ms);
    swarm_link *l = riv_map_get_u64(sw->links_by_number, link);
    if (!l) return;
    if (p2p__fifo_len(&l->rest))
        riv_put_bytes(p2p__fifo_end(&l->rest), bytes);
    else
        feed(sw, l, bytes);
    touch(sw, l);
    settle(sw);
}

void p2p_swarm_drained(p2p_swarm *sw, uint64_t link, size_t bytes, uint64_t now_ms)
{
    enter(sw, now_ms);
    swarm_link *l = riv_map_get_u64(sw->links_by_number, link);
    if (!l) return;
    l->in_flight -= RIV_MIN(l->in_flight, bytes);
    touch(sw, l);
    settle(sw);
}

void p2p_swarm_closed(p2p_swarm *sw, uint64_t link, uint64_t now_ms)
{
    enter(sw, now_ms);
    swarm_link *l = riv_map_get_u64(sw->links_by_number, link);
    if (!l) return;
    p2p_link_eof(l->link, sw->now_ms);
    p2p_event e;
    while (p2p_link_next_event(l->link, &e))
        if (e.kind != P2P_CLOSED) link_event(sw, l, &e);
    link_over(sw, l, RIV_LIT("the connection ended"), false);
    settle(sw);
}

void p2p_swarm_tick(p2p_swarm *sw, uint64_t now_ms)
{
    enter(sw, now_ms);
    for (size_t i = 0; i < sw->links.len; i++) {
        swarm_link *l = sw->links.ptr[i];
        if (l->deadline_ms > sw->now_ms) continue;
        p2p_link_tick(l->link, sw->now_ms);
        touch(sw, l);
    }
    settle(sw);
    for (size_t i = sw->peers.len; i-- > 0;) {
        swarm_peer *peer = sw->peers.ptr[i];
        expire_sends(sw, peer);
        if (peer->dial && peer->dial_deadline_ms <= sw->now_ms) {
            riv_map_remove_u64(sw->peers_by_dial, peer->dial);
            peer->dial = 0;
            dial_lost(sw, peer);
        }
        dial_if_wanted(sw, peer);
        peer_drop_if_idle(sw, peer);
    }
    settle(sw);
    sw->soonest_ms = soonest(sw);
}

static bool wants_dial(const swarm_peer *peer)
{
    return peer->addrs.len && !peer->dial && !peer->links.len && !peer->handshakes && (peer->keep || peer->sends.len);
}

static uint64_t soonest_of(const swarm_peer *peer)
{
    uint64_t at_ms = UINT64_MAX;
    if (wants_dial(peer)) at_ms = RIV_MIN(at_ms, peer->dial_at_ms);
    if (peer->dial) at_ms = RIV_MIN(at_ms, peer->dial_deadline_ms);
    for (size_t k = 0; k < peer->sends.len; k++)
        if (!peer->sends.ptr[k]->link) at_ms = RIV_MIN(at_ms, peer->sends.ptr[k]->deadline_ms);
    return at_ms;
}

static uint64_t soonest(const p2p_swarm *sw)
{
    uint64_t at_ms = UINT64_MAX;
    for (size_t i = 0; i < sw->links.len; i++) at_ms = RIV_MIN(at_ms, sw->links.ptr[i]->deadline_ms);
    for (size_t i = 0; i < sw->peers.len; i++) at_ms = RIV_MIN(at_ms, soonest_of(sw->peers.ptr[i]));
    return at_ms;
}

static void due_at(p2p_swarm *sw, uint64_t at_ms) { sw->soonest_ms = RIV_MIN(sw->soonest_ms, at_ms); }

/* Asked after each step of the node, with thousands of links: it is looked for anew at a tick only, between ticks it goes down alone. */
uint64_t p2p_swarm_deadline(const p2p_swarm *sw)
{
    RIV_ASSERT_SLOW(sw->soonest_ms <= soonest(sw));
    return sw->soonest_ms;
}

/* ---- what the node asks for ---- */

/* RIV_E_CONFLICT: the text names another peer at its end. */
static riv_err check_addr(const codec_peer *peer, riv_str text, riv_fault *fault)
{
    codec_multiaddr addr;
    codec_peer      named;
    riv_arena      *arena = riv_arena_new(0);
    riv_err         err   = codec_multiaddr_parse(text, arena, fault, &addr);
    if (!err && addr.count && addr.parts[addr.count - 1].kind == CODEC_ADDR_P2P) {
        err = codec_peer_read(addr.parts[addr.count - 1].value, fault, &named);
        if (!err && !codec_peer_eq(&named, peer))
            err = riv_fail(fault, RIV_E_CONFLICT, 0, "the address " RIV_FMT " is of another peer", RIV_ARG(text));
    }
    riv_arena_free(arena);
    return err;
}

riv_err p2p_swarm_add_peer(p2p_swarm *sw, const codec_peer *id, riv_str addr, bool keep, uint64_t now_ms,
                           riv_fault *fault)
{
    enter(sw, now_ms);
    if (codec_peer_eq(id, &sw->identity->peer)) return riv_fail(fault, RIV_E_CONFLICT, 0, "the peer is ourselves");
    RIV_TRY(check_addr(id, addr, fault));
    swarm_peer *peer = peer_make(sw, id);
    if (!peer) return riv_fail(fault, RIV_E_LIMIT, 0, "more than %d peers", SWARM_PEERS_MAX);
    peer_add_addr(peer, addr, false);
    peer->keep |= keep;
    dial_if_wanted(sw, peer);
    due_at(sw, soonest_of(peer));
    settle(sw);
    return RIV_OK;
}

riv_err p2p_swarm_send(p2p_swarm *sw, const codec_peer *id, riv_bytes frame, uint64_t token, uint64_t deadline_ms,
                       uint64_t now_ms, riv_fault *fault)
{
    enter(sw, now_ms);
    swarm_peer *peer = peer_get(sw, id);
    if (!peer || (!peer->links.len && !peer->handshakes && !peer->addrs.len))
        return riv_fail(fault, RIV_E_NOT_FOUND, 0, "neither a link nor an address of the peer is known");
    if (frame.len > P2P_FRAME_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "particle frame of %zu bytes", frame.len);
    if (peer->sends.len >= SWARM_SENDS_MAX || peer->send_bytes + frame.len > SWARM_SEND_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "%zu particles of %zu bytes wait for the peer", peer->sends.len,
                        peer->send_bytes);
    if (peer->send_bytes + frame.len > SWARM_SEND_BYTES_OWN && sw->send_bytes + frame.len > SWARM_SENDS_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "particles of %zu bytes wait for all peers together", sw->send_bytes);
    if (deadline_ms <= sw->now_ms) return riv_fail(fault, RIV_E_EXPIRED, 0, "the particle is expired");
    swarm_send *send = riv_alloc(sizeof *send);
    *send            = (swarm_send){
                   .number = ++sw->sends, .token = token, .deadline_ms = deadline_ms, .frame = riv_blob_copy(frame)
    };
    *p2p_push(&peer->sends) = send;
    peer->send_bytes += frame.len;
    sw->send_bytes += frame.len;
    assign(sw, peer);
    dial_if_wanted(sw, peer);
    if (!send->link) due_at(sw, soonest_of(peer));
    settle(sw);
    return RIV_OK;
}

bool p2p_swarm_connected(const p2p_swarm *sw, const codec_peer *id)
{
    const swarm_peer *peer = peer_get(sw, id);
    return peer && peer->links.len;
}

size_t p2p_swarm_peers(const p2p_swarm *sw, bool nodes_only, codec_peer *out, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < sw->connected.len && count < max; i++)
        if (!nodes_only || sw->connected.ptr[i]->is_node) out[count++] = sw->connected.ptr[i]->id;
    return count;
}

/* ---- effects ---- */

static void enter(p2p_swarm *sw, uint64_t now_ms)
{
    sw->now_ms = RIV_MAX(sw->now_ms, now_ms);
    if (sw->effects_pos < sw->effects.len || !riv_arena_used(sw->arena)) return;
    if (riv_arena_used(sw->arena) > SWARM_ARENA_BYTES_KEPT) {
        riv_arena_free(sw->arena);
        sw->arena = riv_arena_new(0);
    } else {
        riv_arena_reset(sw->arena);
    }
    sw->effects.ptr = NULL;
    sw->effects.len = sw->effects.cap = sw->effects_pos = 0;
}

static p2p_effect *effect(p2p_swarm *sw, p2p_effect_kind kind)
{
    p2p_effect *e = riv_push(sw->arena, &sw->effects);
    *e            = (p2p_effect){ .kind = kind };
    return e;
}

bool p2p_swarm_next(p2p_swarm *sw, p2p_effect *out)
{
    if (sw->effects_pos == sw->effects.len) return false;
    *out = sw->effects.ptr[sw->effects_pos++];
    return true;
}

/* ---- links ---- */

static void touch(p2p_swarm *sw, swarm_link *l)
{
    if (l->touched || l->over) return;
    l->touched              = true;
    *p2p_push(&sw->touched) = l;
}

static bool write_out(p2p_swarm *sw, swarm_link *l)
{
    if (l->in_flight >= SWARM_SOCKET_BYTES_MAX) return false;
    riv_bytes bytes = p2p_link_take(l->link, SWARM_SOCKET_BYTES_MAX - l->in_flight);
    if (!bytes.len) return false;
    p2p_effect *e = effect(sw, P2P_DO_WRITE);
    e->link       = l->number;
    e->bytes      = riv_bytes_dup(sw->arena, bytes);
    l->in_flight += bytes.len;
    return true;
}

static bool feed_rest(p2p_swarm *sw, swarm_link *l)
{
    size_t had = p2p__fifo_len(&l->rest);
    if (!had) return false;
    riv_fault fault = { 0 };
    size_t    used  = 0;
    if (p2p_link_feed(l->link, p2p__fifo_view(&l->rest), sw->now_ms, &fault, &used)) used = had;
    p2p__fifo_skip(&l->rest, used);
    return used > 0;
}

static void settle_link(p2p_swarm *sw, swarm_link *l)
{
    p2p_event e;
    for (bool moved = true; moved && !l->over;) {
        moved = feed_rest(sw, l);
        while (!l->over && p2p_link_next_event(l->link, &e)) {
            link_event(sw, l, &e);
            moved = true;
        }
        if (!l->over) moved |= write_out(sw, l);
    }
    if (l->over) return;
    l->deadline_ms = p2p_link_deadline(l->link);
    due_at(sw, l->deadline_ms);
    bool full = p2p__fifo_len(&l->rest) > 0;
    if (full != l->paused) effect(sw, full ? P2P_DO_PAUSE : P2P_DO_RESUME)->link = l->number;
    l->paused = full;
}

static void settle(p2p_swarm *sw)
{
    for (size_t i = 0; i < sw->touched.len; i++) { /* grows while it runs */
        swarm_link *l = sw->touched.ptr[i];
        l->touched    = false;
        settle_link(sw, l);
    }
    sw->touched.len = 0;
    for (size_t i = 0; i < sw->over.len; i++) link_free(sw->over.ptr[i]);
    sw->over.len = 0;
}

static void no_stranger(p2p_swarm *sw, swarm_link *l)
{
    sw->strangers -= l->stranger;
    l->stranger = false;
}

static void peer_ready(p2p_swarm *sw, swarm_link *l, const codec_peer *id)
{
    swarm_peer *peer = l->peer ? l->peer : peer_make(sw, id);
    if (l->dialed) peer->handshakes--;
    no_stranger(sw, l);
    if (!peer || peer->links.len >= P2P_LINKS_PER_PEER_MAX) {
        p2p_link_close(l->link, RIV_LIT("too many links")); /* its event follows and ends it here too */
        l->dialed = false;
        return;
    }
    l->peer                 = peer;
    l->ready                = true;
    peer->rounds_failed     = 0;
    *p2p_push(&peer->links) = l;
    if (peer->links.len == 1) {
        *p2p_push(&sw->connected)            = peer;
        effect(sw, P2P_PEER_CONNECTED)->peer = peer->id;
    }
    assign(sw, peer);
}

static const riv_str *dup_texts(riv_arena *arena, const riv_str *texts, size_t count)
{
    riv_str *out = riv_new(arena, riv_str, count + 1);
    for (size_t i = 0; i < count; i++) out[i] = riv_str_dup(arena, texts[i]);
    return out;
}

/* An address of a kind that a dialer of ours knows; the peer itself told it, so it counts for this peer only. */
static bool dialable(const codec_peer *peer, riv_str text)
{
    codec_multiaddr addr;
    codec_tcp_addr  tcp;
    riv_arena      *arena = riv_arena_new(0);
    bool good = !check_addr(peer, text, NULL) && !codec_multiaddr_parse(text, arena, NULL, &addr) && addr.count &&
                (addr.parts[0].kind == CODEC_ADDR_MEMORY || codec_multiaddr_tcp(arena, &addr, &tcp));
    riv_arena_free(arena);
    return good;
}

static void peer_identified(p2p_swarm *sw, swarm_link *l, const p2p_event *in)
{
    if (!l->peer) return;
    p2p_effect *e      = effect(sw, P2P_PEER_IDENTIFIED);
    e->link            = l->number;
    e->peer            = l->peer->id;
    e->agent           = riv_str_dup(sw->arena, in->agent);
    e->protocols       = dup_texts(sw->arena, in->protocols, in->protocols_count);
    e->protocols_count = in->protocols_count;
    e->addrs           = dup_texts(sw->arena, in->addrs, in->addrs_count);
    e->addrs_count     = in->addrs_count;
    l->peer->is_node   = in->addrs_count > 0;
    for (size_t i = 0; i < in->addrs_count && i < SWARM_ADDRS_MAX; i++)
        if (dialable(&l->peer->id, in->addrs[i])) peer_add_addr(l->peer, in->addrs[i], true);
}

static size_t send_index(const swarm_peer *peer, uint64_t number)
{
    for (size_t i = 0; i < peer->sends.len; i++)
        if (peer->sends.ptr[i]->number == number) return i;
    RIV_UNREACHABLE();
}

static void link_event(p2p_swarm *sw, swarm_link *l, const p2p_event *e)
{
    p2p_effect *out;
    switch (e->kind) {
    case P2P_READY: peer_ready(sw, l, &e->peer); return;
    case P2P_IDENTIFIED: peer_identified(sw, l, e); return;
    case P2P_PARTICLE:
        if (!l->ready) return;
        out        = effect(sw, P2P_GOT_PARTICLE);
        out->link  = l->number;
        out->peer  = l->peer->id;
        out->bytes = riv_bytes_dup(sw->arena, e->bytes);
        return;
    case P2P_SENT:
        send_over(sw, l->peer, send_index(l->peer, e->token), P2P_PARTICLE_SENT, (riv_str){ 0 });
        assign(sw, l->peer); /* one that found the link's queue full */
        return;
    case P2P_SEND_FAILED:
        if (link__closed(l->link)) return; /* link_over gives it to another link */
        send_over(sw, l->peer, send_index(l->peer, e->token), P2P_PARTICLE_LOST, e->reason);
        return;
    case P2P_CLOSED: link_over(sw, l, e->reason, true); return;
    case P2P_PONG:
    case P2P_STREAM_OPENED:
    case P2P_STREAM_BYTES:
    case P2P_STREAM_CLOSED: return;
    }
}

static uint64_t backoff(p2p_swarm *sw, uint32_t rounds)
{
    uint8_t  draw[2];
    uint64_t base = SWARM_BACKOFF_MS_MAX;
    if (rounds < 6) base = (uint64_t)SWARM_BACKOFF_MS_MIN << rounds;
    crypto_rng_fill(&sw->rng, draw, sizeof draw);
    return base - base * (draw[0] | (uint64_t)draw[1] << 8) / (4 * 65536u); /* up to a quarter less */
}

/* Takes the link out of all tables. Its particles go to another link of the peer, or wait for one. The struct is freed by settle. */
static void link_over(p2p_swarm *sw, swarm_link *l, riv_str reason, bool tell_socket)
{
    swarm_peer *peer      = l->peer;
    bool        was_ready = l->ready;
    if (tell_socket) {
        l->in_flight = 0; /* the goodbye goes out in any case */
        write_out(sw, l);
        effect(sw, P2P_DO_CLOSE)->link = l->number;
    }
    if (!was_ready || !l->link->graceful) {
        p2p_effect *e = effect(sw, P2P_LINK_FAILED);
        e->link       = l->number;
        e->reason     = riv_str_dup(sw->arena, reason);
        e->addr       = riv_str_dup(sw->arena, blob_str(l->addr));
        if (peer) e->peer = peer->id;
    }
    no_stranger(sw, l);
    l->over              = true;
    *p2p_push(&sw->over) = l;
    riv_map_remove_u64(sw->links_by_number, l->number);
    REMOVE(&sw->links, l);
    if (!peer) return;
    REMOVE(&peer->links, l);
    for (size_t i = 0; i < peer->sends.len; i++)
        if (peer->sends.ptr[i]->link == l) peer->sends.ptr[i]->link = NULL;
    if (was_ready && !peer->links.len) {
        REMOVE(&sw->connected, peer);
        effect(sw, P2P_PEER_DISCONNECTED)->peer = peer->id;
        peer->dial_at_ms                        = sw->now_ms + backoff(sw, 0);
    } else if (!was_ready && l->dialed) {
        peer->handshakes--;
        dial_lost(sw, peer);
    }
    assign(sw, peer);
    dial_if_wanted(sw, peer);
    due_at(sw, soonest_of(peer));
    peer_drop_if_idle(sw, peer);
}

/* ---- peers ---- */

static swarm_peer *peer_get(const p2p_swarm *sw, const codec_peer *id)
{
    return riv_map_get(sw->peers_by_id, codec_peer_view(id));
}

static bool peer_in_use(const swarm_peer *peer)
{
    return peer->keep || peer->links.len || peer->handshakes || peer->dial || peer->sends.len;
}

static void peer_remove(p2p_swarm *sw, swarm_peer *peer)
{
    riv_map_remove(sw->peers_by_id, codec_peer_view(&peer->id));
    REMOVE(&sw->peers, peer);
    peer_free(peer);
}

/* NULL: too many, and none that could be forgotten. Addresses of peers without a link are remembered while there is room. */
static swarm_peer *peer_make(p2p_swarm *sw, const codec_peer *id)
{
    swarm_peer *peer = peer_get(sw, id);
    if (peer) return peer;
    for (size_t i = 0; sw->peers.len >= SWARM_PEERS_MAX; i++) {
        if (i == sw->peers.len) return NULL;
        if (!peer_in_use(sw->peers.ptr[i])) peer_remove(sw, sw->peers.ptr[i]);
    }
    peer     = riv_alloc(sizeof *peer);
    peer->id = *id;
    riv_map_put(sw->peers_by_id, codec_peer_view(id), peer);
    *p2p_push(&sw->peers) = peer;
    return peer;
}

static void peer_drop_if_idle(p2p_swarm *sw, swarm_peer *peer)
{
    if (!peer_in_use(peer) && !peer->addrs.len) peer_remove(sw, peer);
}

static void peer_free(swarm_peer *peer)
{
    for (size_t i = 0; i < peer->addrs.len; i++) riv_blob_free(&peer->addrs.ptr[i].text);
    for (size_t i = 0; i < peer->sends.len; i++) {
        riv_blob_free(&peer->sends.ptr[i]->frame);
        riv_free(peer->sends.ptr[i]);
    }
    riv_free(peer->addrs.ptr);
    riv_free(peer->links.ptr);
    riv_free(peer->sends.ptr);
    riv_free(peer);
}

/* Beyond the cap the oldest address that the peer told goes; those given by our own side stay. */
static void peer_add_addr(swarm_peer *peer, riv_str text, bool told)
{
    for (size_t i = 0; i < peer->addrs.len; i++) {
        if (!riv_str_eq(blob_str(peer->addrs.ptr[i].text), text)) continue;
        peer->addrs.ptr[i].told &= told;
        return;
    }
    for (size_t i = 0; i < peer->addrs.len && peer->addrs.len >= SWARM_ADDRS_MAX; i++) {
        if (!peer->addrs.ptr[i].told) continue;
        riv_blob_free(&peer->addrs.ptr[i].text);
        REMOVE_AT(&peer->addrs, i);
        break;
    }
    if (peer->addrs.len >= SWARM_ADDRS_MAX) return;
    *p2p_push(&peer->addrs) = (swarm_addr){ riv_blob_copy(riv_str_bytes(text)), told };
}

/* ---- dialing ---- */

static void dial_if_wanted(p2p_swarm *sw, swarm_peer *peer)
{
    if (!wants_dial(peer) || peer->dial_at_ms > sw->now_ms) return;
    peer->dial             = ++sw->dials;
    peer->dial_deadline_ms = sw->now_ms + P2P_HANDSHAKE_MS;
    riv_map_put_u64(sw->peers_by_dial, peer->dial, peer);
    p2p_effect *e = effect(sw, P2P_DO_DIAL);
    e->dial       = peer->dial;
    e->peer       = peer->id;
    e->addr       = riv_str_dup(sw->arena, blob_str(peer->addrs.ptr[peer->addr_next % peer->addrs.len].text));
}

/* The next address at once; after the last one a pause that doubles with each round. */
static void dial_lost(p2p_swarm *sw, swarm_peer *peer)
{
    peer->addr_next = (peer->addr_next + 1) % RIV_MAX(peer->addrs.len, (size_t)1);
    if (peer->addr_next == 0) peer->dial_at_ms = sw->now_ms + backoff(sw, peer->rounds_failed++);
    dial_if_wanted(sw, peer);
    due_at(sw, soonest_of(peer));
}

/* ---- particles ---- */

/* Waiting particles go to the oldest ready link. */
static void assign(p2p_swarm *sw, swarm_peer *peer)
{
    if (!peer->links.len) return;
    swarm_link *l = peer->links.ptr[0];
    for (size_t i = 0; i < peer->sends.len; i++) {
        swarm_send *send = peer->sends.ptr[i];
        if (send->link || send->deadline_ms <= sw->now_ms)
            continue; /* an expired one is told by the tick that is due */
        if (link__send_borrowed(l->link, riv_blob_view(send->frame), send->number, send->deadline_ms, NULL)) break;
        send->link = l;
        touch(sw, l);
    }
}

static void send_over(p2p_swarm *sw, swarm_peer *peer, size_t index, p2p_effect_kind kind, riv_str reason)
{
    swarm_send *send = peer->sends.ptr[index];
    p2p_effect *e    = effect(sw, kind);
    e->token         = send->token;
    e->peer          = peer->id;
    e->reason        = riv_str_dup(sw->arena, reason);
    peer->send_bytes -= send->frame.len;
    sw->send_bytes -= send->frame.len;
    REMOVE_AT(&peer->sends, index);
    riv_blob_free(&send->frame);
    riv_free(send);
}

static void expire_sends(p2p_swarm *sw, swarm_peer *peer)
{
    for (size_t i = peer->sends.len; i-- > 0;) {
        const swarm_send *send = peer->sends.ptr[i];
        if (!send->link && send->deadline_ms <= sw->now_ms)
            send_over(sw, peer, i, P2P_PARTICLE_LOST, RIV_LIT("no link to the peer before the particle expired"));
    }
}
