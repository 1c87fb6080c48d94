/* link_test.c: two links back to back: handshake, identify, particles, raw streams, pings, limits, splits at any place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* the order matters to cmocka */
#include <cmocka.h>

#include "p2p/testing.h"

/* What a side saw, as text: the same for any way of splitting the bytes. */
typedef struct seen {
    riv_buf  text[2];
    uint64_t particles[2], sent[2], failed[2];
    uint32_t stream[2];
    bool     ready[2], closed[2];
    uint64_t raw_bytes[2];
} seen;

static void note(testing_pair *p, seen *s, int i)
{
    p2p_event  e;
    riv_arena *arena = riv_arena_new(0);
    while (p2p_link_next_event(p->link[i], &e)) {
        riv_buf *t = &s->text[i];
        switch (e.kind) {
        case P2P_READY:
            s->ready[i] = true;
            riv_putf(t, "ready " RIV_FMT "\n", RIV_ARG(codec_peer_text(arena, &e.peer)));
            break;
        case P2P_IDENTIFIED:
            riv_putf(t, "identified " RIV_FMT, RIV_ARG(e.agent));
            for (size_t k = 0; k < e.protocols_count; k++) riv_putf(t, " " RIV_FMT, RIV_ARG(e.protocols[k]));
            for (size_t k = 0; k < e.addrs_count; k++) riv_putf(t, " " RIV_FMT, RIV_ARG(e.addrs[k]));
            riv_putf(t, "\n");
            break;
        case P2P_PARTICLE:
            s->particles[i]++;
            riv_putf(t, "particle %zu %016llx\n", e.bytes.len, (unsigned long long)riv_hash64(e.bytes));
            break;
        case P2P_SENT: s->sent[i]++; break; /* its moment depends on the splits */
        case P2P_SEND_FAILED:
            s->failed[i]++;
            riv_putf(t, "failed %llu " RIV_FMT "\n", (unsigned long long)e.token, RIV_ARG(e.reason));
            break;
        case P2P_PONG: riv_putf(t, "pong %u\n", e.rtt_ms); break;
        case P2P_STREAM_OPENED:
            s->stream[i] = e.stream;
            riv_putf(t, "opened %u " RIV_FMT "\n", e.stream, RIV_ARG(e.protocol));
            break;
        case P2P_STREAM_BYTES: s->raw_bytes[i] += e.bytes.len; break;
        case P2P_STREAM_CLOSED: riv_putf(t, "ended %u " RIV_FMT "\n", e.stream, RIV_ARG(e.reason)); break;
        case P2P_CLOSED:
            s->closed[i] = true;
            riv_putf(t, "closed " RIV_FMT "\n", RIV_ARG(e.reason));
            break;
        }
    }
    riv_arena_free(arena);
}

static void run(testing_pair *p, seen *s)
{
    for (bool moved = true; moved;) {
        moved = false;
        for (int i = 0; i < 2; i++) {
            moved |= testing_step(p, i);
            note(p, s, 0);
            note(p, s, 1);
        }
    }
}

static void seen_free(seen *s)
{
    riv_buf_free(&s->text[0]);
    riv_buf_free(&s->text[1]);
}

static void send_text(testing_pair *p, int i, riv_str text, uint64_t token)
{
    riv_fault fault = { 0 };
    assert_int_equal(p2p_link_send(p->link[i], riv_str_bytes(text), token, p->now_ms + 60000, &fault), RIV_OK);
}

static void particle_crosses(void **state)
{
    (void)state;
    testing_pair p;
    seen         s = { 0 };
    testing_pair_init(&p, NULL, NULL, 0);
    send_text(&p, TESTING_A, RIV_LIT("over noise and yamux"), 7); /* before the handshake: it waits */
    run(&p, &s);
    send_text(&p, TESTING_B, RIV_LIT("and back"), 8);
    run(&p, &s);
    assert_true(s.ready[0] && s.ready[1]);
    assert_int_equal(s.particles[1], 1);
    assert_int_equal(s.particles[0], 1);
    assert_int_equal(s.sent[0], 1);
    assert_int_equal(s.sent[1], 1);
    assert_int_equal(s.failed[0] + s.failed[1], 0);
    seen_free(&s);
    testing_pair_deinit(&p);
}

/* One busy story on both links; what it shows must not depend on how bytes are split. */
static void story(uint64_t seed, bool split, seen *s)
{
    static const riv_str extra[] = { RIV_LIT_INIT("/echo") };
    testing_pair         p;
    riv_fault            fault = { 0 };
    riv_prng             rng   = riv_prng_seed(seed);
    uint32_t             id[2];
    testing_pair_init(&p, split ? &rng : NULL, extra, 1);
    if (split) p.take_max = 1 + (size_t)riv_prng_below(&rng, 5000);
    send_text(&p, TESTING_A, RIV_LIT("early"), 1);
    run(&p, s);
    uint8_t *big = riv_alloc(700000);
    assert_int_equal(p2p_link_send(p.link[TESTING_B], (riv_bytes){ big, 700000 }, 2, p.now_ms + 1000, &fault), RIV_OK);
    run(&p, s);
    assert_int_equal(p2p_link_open(p.link[TESTING_A], RIV_LIT("/none"), p.now_ms, &fault, &id[0]), RIV_OK);
    run(&p, s);
    assert_int_equal(p2p_link_open(p.link[TESTING_B], extra[0], p.now_ms, &fault, &id[1]), RIV_OK);
    assert_int_equal(p2p_link_stream_write(p.link[TESTING_B], id[1], (riv_bytes){ big, 100000 }, &fault), RIV_OK);
    p2p_link_stream_close(p.link[TESTING_B], id[1]);
    run(&p, s);
    p2p_link_stream_close(p.link[TESTING_A], s->stream[TESTING_A]);
    run(&p, s);
    p.now_ms += P2P_PING_INTERVAL_MS;
    for (int i = 0; i < 2; i++) p2p_link_tick(p.link[i], p.now_ms);
    run(&p, s);
    p2p_link_close(p.link[TESTING_A], RIV_LIT("the end"));
    run(&p, s);
    riv_free(big);
    testing_pair_deinit(&p);
}

static void splits_change_nothing(void **state)
{
    (void)state;
    seen whole = { 0 };
    story(0, false, &whole);
    assert_int_equal(whole.particles[TESTING_A], 1);
    assert_int_equal(whole.raw_bytes[TESTING_A], 100000);
    assert_true(whole.closed[0] && whole.closed[1]);
    for (uint64_t seed = 1; seed <= 30; seed++) {
        seen split = { 0 };
        story(seed, true, &split);
        for (int i = 0; i < 2; i++) {
            if (!riv_bytes_eq(riv_buf_view(&split.text[i]), riv_buf_view(&whole.text[i])))
                fail_msg("seed %llu, side %d:\n%.*s\nwhole:\n%.*s", (unsigned long long)seed, i, (int)split.text[i].len,
                         (char *)split.text[i].ptr, (int)whole.text[i].len, (char *)whole.text[i].ptr);
            assert_int_equal(split.raw_bytes[i], whole.raw_bytes[i]);
        }
        seen_free(&split);
    }
    seen_free(&whole);
}

static void another_peer_is_refused(void **state)
{
    (void)state;
    testing_pair p;
    seen         s = { 0 };
    testing_pair_init(&p, NULL, NULL, 0);
    p2p_link_free(p.link[TESTING_A]);
    p2p_link_config config = { .identity     = &p.id[0],
                               .dialer       = true,
                               .has_expected = true,
                               .expected     = testing_identity(9, NULL, 0).peer,
                               .rng          = &p.rng[0] };
    p.link[TESTING_A]      = p2p_link_new(&config, p.now_ms);
    run(&p, &s);
    assert_int_equal(p.err[TESTING_A], RIV_E_DENIED);
    assert_true(s.closed[TESTING_A] && !s.ready[0] && !s.ready[1]);
    seen_free(&s);
    testing_pair_deinit(&p);
}

static void ourselves_are_refused(void **state)
{
    (void)state;
    testing_pair p;
    seen         s = { 0 };
    testing_pair_init(&p, NULL, NULL, 0);
    p.id[1] = p.id[0];
    p2p_link_free(p.link[TESTING_A]);
    p2p_link_config config = { .identity = &p.id[0], .dialer = true, .rng = &p.rng[0] };
    p.link[TESTING_A]      = p2p_link_new(&config, p.now_ms);
    run(&p, &s);
    assert_int_equal(p.err[TESTING_A], RIV_E_DENIED);
    assert_string_equal(p.fault[TESTING_A].msg, "the peer is ourselves");
    seen_free(&s);
    testing_pair_deinit(&p);
}

/* A peer that says one byte and then nothing, at each stage. */
static void slow_peers_are_dropped(void **state)
{
    (void)state;
    for (int turns = 0; turns < 6; turns++) {
        testing_pair p;
        seen         s = { 0 };
        testing_pair_init(&p, NULL, NULL, 0);
        for (int i = 0; i < turns; i++) testing_step(&p, i & 1);
        note(&p, &s, 0), note(&p, &s, 1);
        for (int i = 0; i < 2; i++) {
            if (s.ready[i]) continue;
            assert_int_equal(p2p_link_deadline(p.link[i]), 1000 + P2P_HANDSHAKE_MS);
            p2p_link_tick(p.link[i], 1000 + P2P_HANDSHAKE_MS);
        }
        note(&p, &s, 0), note(&p, &s, 1);
        assert_true((s.closed[0] || s.ready[0]) && (s.closed[1] || s.ready[1]));
        seen_free(&s);
        testing_pair_deinit(&p);
    }
}

static void streams_time_out(void **state)
{
    (void)state;
    testing_pair p;
    seen         s     = { 0 };
    riv_fault    fault = { 0 };
    uint8_t     *big   = riv_alloc(1 << 20);
    testing_pair_init(&p, NULL, NULL, 0);
    run(&p, &s);
    assert_int_equal(p2p_link_send(p.link[TESTING_A], (riv_bytes){ big, 1 << 20 }, 1, UINT64_MAX, &fault), RIV_OK);
    for (int i = 0; i < 6; i++) testing_step(&p, i & 1); /* half-way; then the way back is cut: no more window */
    riv_buf_clear(&p.wire[TESTING_A]);
    assert_int_equal(s.sent[TESTING_A], 0);
    p.now_ms += P2P_STREAM_MS;
    for (int i = 0; i < 2; i++) p2p_link_tick(p.link[i], p.now_ms);
    note(&p, &s, TESTING_A);
    assert_int_equal(s.failed[TESTING_A], 1);
    assert_true(riv_str_find(riv_buf_str(&s.text[TESTING_A]), RIV_LIT("failed 1 the stream timed out"), 0) != SIZE_MAX);
    riv_free(big);
    seen_free(&s);
    testing_pair_deinit(&p);
}

/* Nobody takes side A's bytes: what it holds stays bounded, and feed stops. */
static void output_is_bounded(void **state)
{
    (void)state;
    testing_pair p;
    seen         s     = { 0 };
    riv_fault    fault = { 0 };
    riv_buf      flood = { 0 };
    testing_pair_init(&p, NULL, NULL, 0);
    run(&p, &s);
    noise  *cipher = &p.link[TESTING_B]->noise; /* yamux pings, sealed as B would */
    riv_buf pings  = { 0 };
    for (uint32_t i = 0; i < 200000; i++) yamux_header_write(&(yamux_header){ YAMUX_PING, YAMUX_SYN, 0, i }, &pings);
    noise_seal(cipher, riv_buf_view(&pings), &flood);
    size_t pos = 0, used;
    do {
        assert_int_equal(p2p_link_feed(p.link[TESTING_A], riv_bytes_sub(riv_buf_view(&flood), pos, flood.len), p.now_ms,
                                       &fault, &used),
                         RIV_OK);
        pos += used;
    } while (used);
    assert_true(pos < flood.len / 2);
    assert_true(p2p__fifo_len(&p.link[TESTING_A]->out) + p.link[TESTING_A]->mux.out.len <=
                P2P_OUT_BYTES_MAX + YAMUX_HEADER_BYTES);
    size_t answered = 0, took;
    do { /* taking makes room: all the rest goes through */
        took = p2p_link_take(p.link[TESTING_A], 1 << 20).len;
        answered += took;
        if (pos < flood.len) {
            assert_int_equal(p2p_link_feed(p.link[TESTING_A], riv_bytes_sub(riv_buf_view(&flood), pos, flood.len),
                                           p.now_ms, &fault, &used),
                             RIV_OK);
            pos += used;
        }
    } while (took || pos < flood.len);
    assert_true(answered > 200000 * YAMUX_HEADER_BYTES);
    riv_buf_free(&flood);
    riv_buf_free(&pings);
    seen_free(&s);
    testing_pair_deinit(&p);
}

/* Large frames reserve their length; what does not fit waits for its turn, and all arrive. */
static void large_particles_take_turns(void **state)
{
    (void)state;
    testing_pair p;
    seen         s     = { 0 };
    riv_fault    fault = { 0 };
    uint8_t     *big   = riv_alloc(P2P_FRAME_BYTES_MAX);
    testing_pair_init(&p, NULL, NULL, 0);
    run(&p, &s);
    for (uint64_t i = 0; i < 4; i++)
        assert_int_equal(
            p2p_link_send(p.link[TESTING_A], (riv_bytes){ big, P2P_FRAME_BYTES_MAX - i }, i, p.now_ms + 9000, &fault),
            RIV_OK);
    assert_int_equal(
        p2p_link_send(p.link[TESTING_A], (riv_bytes){ big, P2P_FRAME_BYTES_MAX + 1u }, 9, p.now_ms + 9000, &fault),
        RIV_E_LIMIT);
    for (bool moved = true; moved;) {
        moved = testing_step(&p, 0);
        moved |= testing_step(&p, 1);
        note(&p, &s, 0), note(&p, &s, 1);
        assert_true(p.link[TESTING_B]->in_reserved <= LINK_IN_BYTES_MAX &&
                    p.link[TESTING_B]->in_bytes <= LINK_IN_BYTES_MAX);
    }
    assert_int_equal(s.particles[TESTING_B], 4);
    assert_int_equal(s.sent[TESTING_A], 4);
    assert_int_equal(p.link[TESTING_B]->in_reserved, 0);
    assert_int_equal(p.link[TESTING_B]->in_bytes, 0);
    riv_free(big);
    seen_free(&s);
    testing_pair_deinit(&p);
}

/* Whatever the half-read frames of other links hold together, a small particle comes through; a larger one comes when there is room. */
static void small_particles_pass_large_ones(void **state)
{
    (void)state;
    testing_pair p;
    seen         s      = { 0 };
    riv_fault    fault  = { 0 };
    uint64_t     shared = LINK_IN_SHARED_MAX;
    uint8_t     *bytes  = riv_alloc(1 << 20);
    testing_pair_init(&p, NULL, NULL, 0);
    run(&p, &s);
    p.link[TESTING_B]->in_shared = &shared;
    assert_int_equal(p2p_link_send(p.link[TESTING_A], (riv_bytes){ bytes, 50000 }, 1, p.now_ms + 9000, &fault), RIV_OK);
    run(&p, &s);
    assert_int_equal(s.particles[TESTING_B], 1);
    assert_int_equal(p2p_link_send(p.link[TESTING_A], (riv_bytes){ bytes, 1 << 20 }, 2, p.now_ms + 9000, &fault),
                     RIV_OK);
    run(&p, &s);
    assert_int_equal(s.particles[TESTING_B], 1);
    assert_in_range(shared, LINK_IN_SHARED_MAX, LINK_IN_SHARED_MAX + LINK_IN_OWN);
    riv_free(bytes);
    seen_free(&s);
    testing_pair_deinit(&p);
}

/* A frame announced too long, junk instead of a length, an identify with another key: the stream or the link ends, the peer learns it. */
static void bad_streams(void **state)
{
    (void)state;
    for (int which = 0; which < 3; which++) {
        testing_pair p;
        seen         s     = { 0 };
        riv_buf      bytes = { 0 }, wire = { 0 };
        riv_fault    fault = { 0 };
        size_t       used;
        testing_pair_init(&p, NULL, NULL, 0);
        run(&p, &s);
        riv_str protocol = which == 2 ? RIV_LIT(P2P_PUSH_PROTOCOL) : RIV_LIT(P2P_PARTICLE_PROTOCOL);
        mss     m;
        mss_dial(&m, protocol, &bytes);
        if (which == 0) codec_put_varint(&bytes, P2P_FRAME_BYTES_MAX + 1u);
        if (which == 1) riv_put_bytes(&bytes, RIV_BYTES("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"));
        if (which == 2) {
            riv_buf      key = { 0 }, body = { 0 };
            p2p_identity other = testing_identity(77, NULL, 0);
            codec_put_public_key(&key, &other.keys.public_key);
            identify_write(&(identify_message){ .public_key = riv_buf_view(&key), .agent = RIV_LIT("liar") }, &body);
            codec_put_varint(&bytes, body.len);
            riv_put_bytes(&bytes, riv_buf_view(&body));
            riv_buf_free(&key), riv_buf_free(&body);
        }
        yamux_stream *mux = yamux_open(&p.link[TESTING_A]->mux);
        yamux_write(&p.link[TESTING_A]->mux, mux, riv_buf_view(&bytes), false);
        noise_seal(&p.link[TESTING_A]->noise, riv_buf_view(&p.link[TESTING_A]->mux.out), &wire);
        riv_buf_clear(&p.link[TESTING_A]->mux.out);
        riv_err err = p2p_link_feed(p.link[TESTING_B], riv_buf_view(&wire), p.now_ms, &fault, &used);
        note(&p, &s, TESTING_B);
        assert_int_equal(err, which == 2 ? RIV_E_DENIED : RIV_OK);
        assert_int_equal(s.closed[TESTING_B], which == 2);
        if (which == 2)
            assert_true(riv_str_find(riv_buf_str(&s.text[TESTING_B]),
                                     RIV_LIT("closed identify: the public key is not the peer's"), 0) != SIZE_MAX);
        assert_true(which == 2 || !riv_map_get_u64(p.link[TESTING_B]->mux.streams, mux->id)); /* reset and forgotten */
        assert_int_equal(s.particles[TESTING_B], 0);
        riv_buf_free(&bytes), riv_buf_free(&wire);
        seen_free(&s);
        testing_pair_deinit(&p);
    }
}

/* The peer never closes its side of particle streams: 1,500 particles must pass all the same, with few streams open at a time. */
static void receivers_that_never_close(void **state)
{
    (void)state;
    testing_pair p;
    seen         s     = { 0 };
    riv_fault    fault = { 0 };
    size_t       most  = 0;
    testing_pair_init(&p, NULL, NULL, 0);
    run(&p, &s);
    uint64_t given = 0;
    for (int rounds = 0; rounds < 10000 && s.sent[TESTING_A] < 1500; rounds++) {
        while (given < 1500 && !p2p_link_send(p.link[TESTING_A], RIV_BYTES("x"), given, UINT64_MAX, &fault)) given++;
        bool moved = testing_step(&p, 0);
        for (size_t i = 0; i < p.link[TESTING_B]->streams.len; i++)
            p.link[TESTING_B]->streams.ptr[i]->fin_wanted = false;
        moved |= testing_step(&p, 1);
        note(&p, &s, 0), note(&p, &s, 1);
        most = RIV_MAX(most, p.link[TESTING_A]->streams.len);
        if (moved) continue;
        p.now_ms = RIV_MAX(p.now_ms, RIV_MIN(p2p_link_deadline(p.link[0]), p2p_link_deadline(p.link[1])));
        for (int i = 0; i < 2; i++) p2p_link_tick(p.link[i], p.now_ms);
    }
    assert_int_equal(s.sent[TESTING_A], 1500);
    assert_int_equal(s.particles[TESTING_B], 1500);
    assert_true(most <= LINK_STREAMS_OUT_MAX);
    assert_true(p.now_ms < 1000 + 20000);
    seen_free(&s);
    testing_pair_deinit(&p);
}

/* A peer with too many streams resets new ones at once: the particle is tried again, a few times. */
static void reset_streams_are_tried_again(void **state)
{
    (void)state;
    testing_pair p;
    seen         s     = { 0 };
    riv_fault    fault = { 0 };
    p2p_link    *a;
    testing_pair_init(&p, NULL, NULL, 0);
    run(&p, &s);
    a = p.link[TESTING_A];
    send_text(&p, TESTING_A, RIV_LIT("once more"), 5);
    for (int i = 1; i <= LINK_SEND_TRIES_MAX; i++) {
        riv_buf header = { 0 }, wire = { 0 };
        size_t  used;
        assert_true(p2p_link_take(a, 1 << 16).len > 0); /* SYN and proposal; B never sees them */
        uint32_t id = 0;
        for (size_t k = 0; k < a->streams.len; k++)
            if (a->streams.ptr[k]->send) id = a->streams.ptr[k]->mux->id;
        assert_int_not_equal(id, 0);
        yamux_header_write(&(yamux_header){ YAMUX_WINDOW, YAMUX_RST, id, 0 }, &header);
        noise_seal(&p.link[TESTING_B]->noise, riv_buf_view(&header), &wire);
        assert_int_equal(p2p_link_feed(a, riv_buf_view(&wire), p.now_ms, &fault, &used), RIV_OK);
        note(&p, &s, TESTING_A);
        assert_int_equal(s.failed[TESTING_A], i == LINK_SEND_TRIES_MAX);
        riv_buf_free(&header), riv_buf_free(&wire);
    }
    assert_true(riv_str_find(riv_buf_str(&s.text[TESTING_A]), RIV_LIT("failed 5 the peer reset the stream"), 0) !=
                SIZE_MAX);
    seen_free(&s);
    testing_pair_deinit(&p);
}

int main(void)
{
    riv_fault fault = { 0 };
    if (crypto_init(&fault)) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(particle_crosses),
        cmocka_unit_test(splits_change_nothing),
        cmocka_unit_test(another_peer_is_refused),
        cmocka_unit_test(ourselves_are_refused),
        cmocka_unit_test(slow_peers_are_dropped),
        cmocka_unit_test(streams_time_out),
        cmocka_unit_test(output_is_bounded),
        cmocka_unit_test(large_particles_take_turns),
        cmocka_unit_test(small_particles_pass_large_ones),
        cmocka_unit_test(bad_streams),
        cmocka_unit_test(receivers_that_never_close),
        cmocka_unit_test(reset_streams_are_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
