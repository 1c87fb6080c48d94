/* swarm_test.c: swarms in a small world with virtual time: dialing, sending, several links, lost links, caps, redial.
 * The world delivers bytes in seeded pieces and may break connections; every particle must be told SENT or LOST exactly once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* the order matters to cmocka */
#include <cmocka.h>
#include <stdio.h>

#include "p2p/testing.h"

enum { PEERS = 3, WIRES = 512, TOKENS = 4096 };

/* Both ends of a connection: side 0 is the dialer. */
typedef struct wire {
    bool     open;
    uint64_t number;
    int      peer[2];
    bool     known[2], paused[2]; /* known: that swarm still has the link */
    riv_buf  bytes[2];            /* written by side i, not yet delivered */
} wire;

typedef struct world {
    p2p_identity id[PEERS];
    p2p_swarm   *sw[PEERS];
    bool         up[PEERS];
    wire         wires[WIRES];
    size_t       wires_count;
    uint64_t     now_ms, next_number;
    riv_prng     rng;
    uint32_t     dial_fail; /* per million */
    uint64_t     got[PEERS], dials[PEERS], sent[PEERS], lost[PEERS], failed[PEERS];
    uint8_t      fate[PEERS][TOKENS]; /* how often told */
    riv_str      last_reason[PEERS];
    char         reason[PEERS][128];
    uint64_t     connected[PEERS], disconnected[PEERS], identified[PEERS];
} world;

static void world_init(world *w, uint64_t seed)
{
    *w                                 = (world){ .now_ms = 1000, .rng = riv_prng_seed(seed) };
    static const riv_str listen[PEERS] = { RIV_LIT_INIT("/memory/0"), RIV_LIT_INIT("/memory/1"),
                                           RIV_LIT_INIT("/memory/2") };
    for (int i = 0; i < PEERS; i++) {
        crypto_secret entropy = { { 'e', (uint8_t)i, (uint8_t)seed } };
        w->id[i]              = testing_identity((uint8_t)(i + 1), NULL, 0);
        w->id[i].listen       = &listen[i];
        w->id[i].listen_count = i == 2 ? 0 : 1; /* peer 2 is a client */
        w->sw[i]              = p2p_swarm_new(&w->id[i], &entropy);
        w->up[i]              = true;
    }
}

static void world_deinit(world *w)
{
    for (int i = 0; i < PEERS; i++) p2p_swarm_free(w->sw[i]);
    for (size_t i = 0; i < w->wires_count; i++)
        riv_buf_free(&w->wires[i].bytes[0]), riv_buf_free(&w->wires[i].bytes[1]);
}

static wire *wire_of(world *w, int peer, uint64_t number, int *side)
{
    for (size_t i = 0; i < w->wires_count; i++)
        for (*side = 0; *side < 2; ++*side)
            if (w->wires[i].number == number && w->wires[i].peer[*side] == peer && w->wires[i].known[*side])
                return &w->wires[i];
    return NULL;
}

static void cut(world *w, wire *c)
{
    c->open = false;
    for (int side = 0; side < 2; side++) {
        if (!c->known[side]) continue;
        c->known[side] = false;
        p2p_swarm_closed(w->sw[c->peer[side]], c->number, w->now_ms);
    }
}

static void carry_out(world *w, int i, const p2p_effect *e)
{
    int   side;
    wire *c;
    switch (e->kind) {
    case P2P_DO_WRITE:
        if ((c = wire_of(w, i, e->link, &side)) && c->open) riv_put_bytes(&c->bytes[side], e->bytes);
        break;
    case P2P_DO_CLOSE:
        if ((c = wire_of(w, i, e->link, &side)))
            c->known[side] = false; /* the other side learns it when it has the bytes */
        break;
    case P2P_DO_DIAL: {
        uint64_t to = 0;
        w->dials[i]++;
        riv_str number = riv_str_sub(e->addr, 8, e->addr.len);
        assert_true(riv_str_u64(riv_str_sub(number, 0, RIV_MIN(number.len, riv_str_find_char(number, '/', 0))), &to) &&
                    to < PEERS);
        if (!w->up[to] || w->wires_count == WIRES || riv_prng_chance(&w->rng, w->dial_fail)) {
            p2p_swarm_dial_failed(w->sw[i], e->dial, RIV_LIT("refused"), w->now_ms);
            break;
        }
        c  = &w->wires[w->wires_count++];
        *c = (wire){ .open = true, .number = ++w->next_number, .peer = { i, (int)to }, .known = { true, true } };
        p2p_swarm_opened(w->sw[i], c->number, e->dial, e->addr, w->now_ms);
        p2p_swarm_opened(w->sw[to], c->number, 0, RIV_LIT("/memory/9"), w->now_ms);
        break;
    }
    case P2P_DO_PAUSE:
    case P2P_DO_RESUME:
        if ((c = wire_of(w, i, e->link, &side))) c->paused[side] = e->kind == P2P_DO_PAUSE;
        break;
    case P2P_PEER_CONNECTED: w->connected[i]++; break;
    case P2P_PEER_IDENTIFIED: w->identified[i]++; break;
    case P2P_PEER_DISCONNECTED: w->disconnected[i]++; break;
    case P2P_GOT_PARTICLE: w->got[i]++; break;
    case P2P_PARTICLE_SENT: w->sent[i]++, w->fate[i][e->token]++; break;
    case P2P_PARTICLE_LOST:
        w->lost[i]++, w->fate[i][e->token]++;
        snprintf(w->reason[i], sizeof w->reason[i], RIV_FMT, RIV_ARG(e->reason));
        break;
    case P2P_LINK_FAILED:
        w->failed[i]++;
        snprintf(w->reason[i], sizeof w->reason[i], RIV_FMT, RIV_ARG(e->reason));
        break;
    }
}

/* Effects are copied before they are carried out, for each may call the swarm again. */
static bool drain(world *w, int i)
{
    bool       any = false;
    p2p_effect e;
    while (p2p_swarm_next(w->sw[i], &e)) {
        riv_blob bytes = riv_blob_copy(e.bytes), addr = riv_blob_copy(riv_str_bytes(e.addr)),
                 reason = riv_blob_copy(riv_str_bytes(e.reason));
        e.bytes         = riv_blob_view(bytes);
        e.addr          = riv_bytes_str(riv_blob_view(addr));
        e.reason        = riv_bytes_str(riv_blob_view(reason));
        carry_out(w, i, &e);
        riv_blob_free(&bytes), riv_blob_free(&addr), riv_blob_free(&reason);
        any = true;
    }
    return any;
}

static bool deliver(world *w, wire *c, int side)
{
    int to = c->peer[!side];
    if (!c->bytes[side].len) {
        if (c->known[side] || !c->known[!side])
            return false; /* the writer hung up and all is read: the other side sees the end */
        c->known[!side] = false;
        p2p_swarm_closed(w->sw[to], c->number, w->now_ms);
        return true;
    }
    if (!c->known[!side]) { /* nobody reads */
        riv_buf_clear(&c->bytes[side]);
        return true;
    }
    if (c->paused[!side]) return false;
    size_t   piece = 1 + (size_t)riv_prng_below(&w->rng, RIV_MIN(c->bytes[side].len, (size_t)20000));
    riv_blob copy  = riv_blob_copy(riv_bytes_sub(riv_buf_view(&c->bytes[side]), 0, RIV_MIN(piece, c->bytes[side].len)));
    riv_buf_drop(&c->bytes[side], copy.len);
    p2p_swarm_bytes(w->sw[to], c->number, riv_blob_view(copy), w->now_ms);
    if (c->known[side]) p2p_swarm_drained(w->sw[c->peer[side]], c->number, copy.len, w->now_ms);
    riv_blob_free(&copy);
    return true;
}

/* Lets the world go on until nothing moves, then to the next deadline, until the given time. */
static void run_until(world *w, uint64_t end_ms)
{
    for (;;) {
        bool moved = false;
        for (int i = 0; i < PEERS; i++) moved |= drain(w, i);
        for (size_t i = 0; i < w->wires_count; i++)
            for (int side = 0; side < 2; side++)
                if (w->wires[i].open) moved |= deliver(w, &w->wires[i], side);
        if (moved) continue;
        uint64_t next = UINT64_MAX;
        for (int i = 0; i < PEERS; i++) next = RIV_MIN(next, p2p_swarm_deadline(w->sw[i]));
        if (next > end_ms) break;
        w->now_ms = RIV_MAX(w->now_ms + 1, next); /* a deadline that does not move would show as a run without end */
        for (int i = 0; i < PEERS; i++) p2p_swarm_tick(w->sw[i], w->now_ms);
    }
    w->now_ms = RIV_MAX(w->now_ms, end_ms);
    for (int i = 0; i < PEERS; i++) p2p_swarm_tick(w->sw[i], w->now_ms);
    for (int i = 0; i < PEERS; i++) drain(w, i);
}

static void know(world *w, int i, int other, bool keep)
{
    riv_fault fault = { 0 };
    char      addr[32];
    snprintf(addr, sizeof addr, "/memory/%d", other);
    assert_int_equal(p2p_swarm_add_peer(w->sw[i], &w->id[other].peer, riv_str_c(addr), keep, w->now_ms, &fault),
                     RIV_OK);
}

static riv_err give(world *w, int i, int to, size_t len, uint64_t token, uint64_t ttl_ms)
{
    riv_fault fault = { 0 };
    riv_blob  body  = { riv_alloc(len), len };
    riv_err   err =
        p2p_swarm_send(w->sw[i], &w->id[to].peer, riv_blob_view(body), token, w->now_ms + ttl_ms, w->now_ms, &fault);
    riv_blob_free(&body);
    return err;
}

static void keep_connects_and_redials(void **state)
{
    (void)state;
    world w;
    world_init(&w, 1);
    know(&w, 0, 1, true);
    run_until(&w, 2000);
    assert_int_equal(w.connected[0], 1);
    assert_int_equal(w.connected[1], 1);
    assert_int_equal(w.identified[0], 1);
    assert_true(p2p_swarm_connected(w.sw[0], &w.id[1].peer));

    w.up[1] = false; /* gone for five minutes: pauses grow to a minute at most */
    cut(&w, &w.wires[0]);
    run_until(&w, 302000);
    assert_int_equal(w.disconnected[0], 1);
    assert_in_range(w.dials[0], 1 + 8, 1 + 13); /* 1+2+4+8+16+32 s, then each 45 to 60 s */
    w.up[1] = true;
    run_until(&w, 302000 + 60000);
    assert_int_equal(w.connected[0], 2);
    world_deinit(&w);
}

static void sends_by_dialing(void **state)
{
    (void)state;
    world     w;
    riv_fault fault = { 0 };
    world_init(&w, 2);
    assert_int_equal(give(&w, 0, 1, 100, 1, 60000), RIV_E_NOT_FOUND);
    know(&w, 0, 1, false);
    assert_int_equal(w.dials[0], 0); /* nobody asked for a link yet */
    assert_int_equal(give(&w, 0, 1, 100, 1, 60000), RIV_OK);
    assert_int_equal(give(&w, 0, 1, 3 << 20, 2, 60000), RIV_OK);
    assert_int_equal(give(&w, 0, 1, 100, 3, 0), RIV_E_EXPIRED);
    assert_int_equal(give(&w, 0, 1, P2P_FRAME_BYTES_MAX + 1, 3, 60000), RIV_E_LIMIT);
    run_until(&w, 3000);
    assert_int_equal(w.dials[0], 1);
    assert_int_equal(w.got[1], 2);
    assert_int_equal(w.sent[0], 2);
    assert_int_equal(give(&w, 1, 0, 100, 4, 1000), RIV_OK); /* back over the same link */
    run_until(&w, 4000);
    assert_int_equal(w.got[0], 1);
    assert_int_equal(w.dials[1], 0);
    codec_peer us = w.id[0].peer;
    assert_int_equal(p2p_swarm_add_peer(w.sw[0], &us, RIV_LIT("/memory/0"), true, w.now_ms, &fault), RIV_E_CONFLICT);
    world_deinit(&w);
}

static void lost_at_the_deadline(void **state)
{
    (void)state;
    world w;
    world_init(&w, 3);
    w.up[1] = false;
    know(&w, 0, 1, false);
    assert_int_equal(give(&w, 0, 1, 100, 1, 5000), RIV_OK);
    run_until(&w, 5999);
    assert_int_equal(w.lost[0], 0);
    run_until(&w, 6000);
    assert_int_equal(w.lost[0], 1);
    assert_true(w.dials[0] >= 3);
    uint64_t dials = w.dials[0];
    run_until(&w, 100000); /* nothing waits: no more dials */
    assert_int_equal(w.dials[0], dials);
    world_deinit(&w);
}

static void another_peer_is_refused(void **state)
{
    (void)state;
    world     w;
    riv_fault fault = { 0 };
    world_init(&w, 4);
    assert_int_equal(p2p_swarm_add_peer(w.sw[0], &w.id[2].peer, RIV_LIT("/memory/1"), true, w.now_ms, &fault), RIV_OK);
    run_until(&w, 1500);
    assert_int_equal(w.connected[0], 0);
    assert_int_equal(w.failed[0], 1);
    assert_non_null(strstr(w.reason[0], ", not "));
    world_deinit(&w);
}

static void both_dial_at_once(void **state)
{
    (void)state;
    world w;
    world_init(&w, 5);
    know(&w, 0, 1, true);
    know(&w, 1, 0, true);
    run_until(&w, 3000);
    assert_int_equal(w.wires_count, 2);
    assert_int_equal(w.connected[0], 1);
    assert_int_equal(w.connected[1], 1);
    for (uint64_t t = 0; t < 20; t++) assert_int_equal(give(&w, (int)(t & 1), !(t & 1), 1000, t, 10000), RIV_OK);
    run_until(&w, 4000);
    assert_int_equal(w.got[0] + w.got[1], 20);
    cut(&w, &w.wires[0]); /* the other stays: no disconnection */
    run_until(&w, 5000);
    assert_int_equal(w.disconnected[0] + w.disconnected[1], 0);
    assert_int_equal(give(&w, 0, 1, 1000, 100, 10000), RIV_OK);
    run_until(&w, 6000);
    assert_int_equal(w.sent[0], 11);
    world_deinit(&w);
}

static void links_per_peer_are_capped(void **state)
{
    (void)state;
    world w;
    world_init(&w, 6);
    for (int i = 0; i < 7; i++) { /* the same peer dials again and again by the back door */
        wire *c = &w.wires[w.wires_count++];
        *c      = (wire){ .open = true, .number = ++w.next_number, .peer = { 0, 1 }, .known = { true, true } };
        know(&w, 0, 1, false);
        assert_int_equal(give(&w, 0, 1, 1, (uint64_t)i, 1000), RIV_OK);
        p2p_effect e;
        uint64_t   dial = 0;
        while (p2p_swarm_next(w.sw[0], &e))
            if (e.kind == P2P_DO_DIAL) dial = e.dial;
        if (!dial) { /* connected already: only accepted links can be more */
            w.wires_count--;
            break;
        }
        p2p_swarm_opened(w.sw[0], c->number, dial, RIV_LIT("/memory/1"), w.now_ms);
        p2p_swarm_opened(w.sw[1], c->number, 0, RIV_LIT("/memory/9"), w.now_ms);
        run_until(&w, w.now_ms + 10);
    }
    /* A second swarm with the same key as peer 0. */
    crypto_secret entropy = { { 'x' } };
    p2p_swarm    *twin[7];
    for (int i = 0; i < 7; i++) {
        entropy.bytes[1] = (uint8_t)i;
        twin[i]          = p2p_swarm_new(&w.id[0], &entropy);
        p2p_swarm *mine  = w.sw[2];
        w.sw[2]          = twin[i];
        know(&w, 2, 1, true);
        run_until(&w, w.now_ms + 10);
        w.sw[2] = mine;
    }
    codec_peer out[8];
    assert_int_equal(p2p_swarm_peers(w.sw[1], false, out, 8), 1);
    size_t open = 0;
    for (size_t i = 0; i < w.wires_count; i++) open += w.wires[i].known[1];
    assert_int_equal(open, P2P_LINKS_PER_PEER_MAX);
    for (int i = 0; i < 7; i++) p2p_swarm_free(twin[i]);
    world_deinit(&w);
}

static void clients_are_not_nodes(void **state)
{
    (void)state;
    world      w;
    codec_peer out[PEERS];
    world_init(&w, 7);
    know(&w, 0, 1, true);
    know(&w, 2, 1, true);
    run_until(&w, 2000);
    assert_int_equal(p2p_swarm_peers(w.sw[1], false, out, PEERS), 2);
    assert_int_equal(p2p_swarm_peers(w.sw[1], true, out, PEERS), 1);
    assert_true(codec_peer_eq(&out[0], &w.id[0].peer));
    world_deinit(&w);
}

static void silent_link_is_found(void **state)
{
    (void)state;
    world w;
    world_init(&w, 8);
    know(&w, 0, 1, true);
    run_until(&w, 2000);
    w.wires[0].open = false; /* bytes vanish, nobody is told */
    w.up[1]         = false;
    run_until(&w, 2000 + P2P_PING_INTERVAL_MS + P2P_PING_TIMEOUT_MS);
    assert_int_equal(w.disconnected[0], 1);
    assert_int_equal(w.disconnected[1], 1);
    world_deinit(&w);
}

/* A link of the swarm whose far end floods it with pings and takes nothing: reading is paused, memory stays bounded; when the socket drains,
 * reading goes on and every ping is answered. */
static void readers_are_paused(void **state)
{
    (void)state;
    enum { PINGS = 200000 };
    world         w;
    crypto_rng    rng;
    crypto_secret seed  = { { 'f' } };
    riv_fault     fault = { 0 };
    p2p_effect    e;
    size_t        used, answered = 0, in_flight = 0, paused = 0, resumed = 0;
    riv_buf       pings = { 0 }, flood = { 0 };
    world_init(&w, 9);
    crypto_rng_seed(&rng, &seed);
    p2p_link_config config = { .identity = &w.id[0], .dialer = true, .rng = &rng };
    p2p_link       *far    = p2p_link_new(&config, w.now_ms);
    p2p_swarm_opened(w.sw[1], 1, 0, RIV_LIT("/memory/0"), w.now_ms);
    for (int turns = 0; turns < 12; turns++) {
        p2p_swarm_bytes(w.sw[1], 1, p2p_link_take(far, 1 << 16), w.now_ms);
        while (p2p_swarm_next(w.sw[1], &e)) {
            if (e.kind != P2P_DO_WRITE) continue;
            assert_int_equal(p2p_link_feed(far, e.bytes, w.now_ms, &fault, &used), RIV_OK);
            in_flight += e.bytes.len;
        }
        p2p_swarm_drained(w.sw[1], 1, in_flight, w.now_ms);
        in_flight = 0;
    }
    assert_true(link__ready(far) && p2p_swarm_connected(w.sw[1], &w.id[0].peer));
    while (p2p_swarm_next(w.sw[1], &e)) {}

    for (uint32_t i = 0; i < PINGS; i++) yamux_header_write(&(yamux_header){ YAMUX_PING, YAMUX_SYN, 0, i }, &pings);
    noise_seal(&far->noise, riv_buf_view(&pings), &flood);
    for (size_t pos = 0; pos < flood.len;) {
        size_t end = RIV_MIN(flood.len, pos + 65536);
        if (paused == resumed) { /* a reader that was asked to stop stops */
            p2p_swarm_bytes(w.sw[1], 1, riv_bytes_sub(riv_buf_view(&flood), pos, end), w.now_ms);
            pos = end;
        } else {
            assert_true(in_flight > 0);
            p2p_swarm_drained(w.sw[1], 1, in_flight, w.now_ms);
            in_flight = 0;
        }
        while (p2p_swarm_next(w.sw[1], &e)) {
            if (e.kind == P2P_DO_WRITE) in_flight += e.bytes.len, answered += e.bytes.len;
            paused += e.kind == P2P_DO_PAUSE;
            resumed += e.kind == P2P_DO_RESUME;
        }
        assert_in_range(in_flight, 0, 256 << 10);
    }
    for (bool any = true; any;) {
        any = false;
        p2p_swarm_drained(w.sw[1], 1, in_flight, w.now_ms);
        in_flight = 0;
        while (p2p_swarm_next(w.sw[1], &e))
            if (e.kind == P2P_DO_WRITE)
                any = true, in_flight += e.bytes.len, answered += e.bytes.len;
            else
                resumed += e.kind == P2P_DO_RESUME;
    }
    assert_true(paused > 0);
    assert_int_equal(paused, resumed);
    assert_true(answered >= PINGS * YAMUX_HEADER_BYTES);
    riv_buf_free(&pings);
    riv_buf_free(&flood);
    p2p_link_free(far);
    world_deinit(&w);
}

/* Connections that say nothing do not keep the next one out: beyond the cap the oldest of them goes. */
static void the_oldest_stranger_goes(void **state)
{
    (void)state;
    enum { STRANGERS = 512 };
    world      w;
    p2p_effect e;
    world_init(&w, 10);
    for (uint64_t i = 1; i <= STRANGERS; i++) p2p_swarm_opened(w.sw[1], 1000 + i, 0, RIV_LIT("/memory/9"), w.now_ms);
    while (p2p_swarm_next(w.sw[1], &e)) assert_int_not_equal(e.kind, P2P_DO_CLOSE);
    p2p_swarm_opened(w.sw[1], 5000, 0, RIV_LIT("/memory/9"), w.now_ms);
    size_t closed = 0;
    while (p2p_swarm_next(w.sw[1], &e))
        if (e.kind == P2P_DO_CLOSE) {
            assert_int_equal(e.link, 1001);
            closed++;
        }
    assert_int_equal(closed, 1);
    know(&w, 0, 1, true);
    run_until(&w, 2000);
    assert_true(p2p_swarm_connected(w.sw[1], &w.id[0].peer));
    world_deinit(&w);
}

/* Frames that wait are bounded over all peers; a peer with nothing waiting still gets small ones. */
static void waiting_frames_share_one_bound(void **state)
{
    (void)state;
    enum { AWAY = 5, FRAMES = 4, BYTES = 16 << 20 };
    world     w;
    riv_fault fault = { 0 };
    riv_blob  large = { riv_alloc(BYTES), BYTES };
    uint64_t  token = 0;
    world_init(&w, 12);
    know(&w, 0, 1, true);
    run_until(&w, 2000);
    for (uint8_t i = 0; i < AWAY; i++) { /* known by an address, never reached */
        p2p_identity away = testing_identity((uint8_t)(100 + i), NULL, 0);
        assert_int_equal(p2p_swarm_add_peer(w.sw[0], &away.peer, RIV_LIT("/memory/2"), false, w.now_ms, &fault),
                         RIV_OK);
        for (int k = 0; k < FRAMES; k++)
            assert_int_equal(
                p2p_swarm_send(w.sw[0], &away.peer, riv_blob_view(large), token++, w.now_ms + 60000, w.now_ms, &fault),
                i < AWAY - 1 ? RIV_OK : RIV_E_LIMIT);
    }
    assert_int_equal(give(&w, 0, 1, 200000, token++, 5000), RIV_E_LIMIT);
    assert_int_equal(give(&w, 0, 1, 20000, token++, 5000), RIV_OK);
    run_until(&w, 4000);
    assert_int_equal(w.got[1], 1);
    run_until(&w, 70000); /* all are lost: there is room again */
    assert_int_equal(give(&w, 0, 1, 200000, token++, 5000), RIV_OK);
    riv_blob_free(&large);
    world_deinit(&w);
}

/* A hostile world for a while, then a healed one: each particle is told exactly once, and what was told SENT on links that lived arrived. */
static void every_particle_has_one_fate(void **state)
{
    (void)state;
    for (uint64_t seed = 100; seed < 112; seed++) {
        world w;
        world_init(&w, seed);
        know(&w, 0, 1, true);
        know(&w, 1, 0, seed % 2 == 0);
        know(&w, 2, 1, true);
        w.dial_fail           = 200000;
        uint64_t given[PEERS] = { 0 };
        for (int step = 0; step < 200; step++) {
            int      from = (int)riv_prng_below(&w.rng, PEERS), to = (int)riv_prng_below(&w.rng, PEERS);
            size_t   len = (size_t)riv_prng_below(&w.rng, riv_prng_chance(&w.rng, 50000) ? 600000 : 5000);
            uint64_t ttl = 1 + riv_prng_below(&w.rng, 20000);
            if (from != to && !give(&w, from, to, len, given[from], ttl)) given[from]++;
            if (riv_prng_chance(&w.rng, 100000) && w.wires_count)
                cut(&w, &w.wires[riv_prng_below(&w.rng, w.wires_count)]);
            if (riv_prng_chance(&w.rng, 500000)) run_until(&w, w.now_ms + riv_prng_below(&w.rng, 300));
        }
        w.dial_fail = 0;
        run_until(&w, w.now_ms + 60000);
        for (int i = 0; i < PEERS; i++) {
            if (w.sent[i] + w.lost[i] != given[i])
                fail_msg("seed %llu: peer %d: %llu given, %llu sent, %llu lost", (unsigned long long)seed, i,
                         (unsigned long long)given[i], (unsigned long long)w.sent[i], (unsigned long long)w.lost[i]);
            for (uint64_t t = 0; t < given[i]; t++)
                if (w.fate[i][t] != 1)
                    fail_msg("seed %llu: peer %d: token %llu told %d times", (unsigned long long)seed, i,
                             (unsigned long long)t, w.fate[i][t]);
        }
        uint64_t got = w.got[0] + w.got[1] + w.got[2], sent = w.sent[0] + w.sent[1] + w.sent[2];
        if (got > sent || got == 0)
            fail_msg("seed %llu: %llu arrived, %llu sent", (unsigned long long)seed, (unsigned long long)got,
                     (unsigned long long)sent);
        world_deinit(&w);
    }
}

int main(void)
{
    riv_fault fault = { 0 };
    if (crypto_init(&fault)) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keep_connects_and_redials), cmocka_unit_test(sends_by_dialing),
        cmocka_unit_test(lost_at_the_deadline),      cmocka_unit_test(another_peer_is_refused),
        cmocka_unit_test(both_dial_at_once),         cmocka_unit_test(links_per_peer_are_capped),
        cmocka_unit_test(clients_are_not_nodes),     cmocka_unit_test(silent_link_is_found),
        cmocka_unit_test(the_oldest_stranger_goes),  cmocka_unit_test(waiting_frames_share_one_bound),
        cmocka_unit_test(readers_are_paused),        cmocka_unit_test(every_particle_has_one_fate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
