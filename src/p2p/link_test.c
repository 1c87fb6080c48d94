/* link_test.c: two links back to back: handshake, identify, particles, raw streams, pings, limits, splits at any place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* the order matters to cmocka */
#include <cmocka.h>
#include <stdio.h>

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
    fprintf(stderr, "%.*s---\n%.*s", (int)s.text[0].len, (char *)s.text[0].ptr, (int)s.text[1].len,
            (char *)s.text[1].ptr);
    assert_true(s.ready[0] && s.ready[1]);
    assert_int_equal(s.particles[1], 1);
    assert_int_equal(s.particles[0], 1);
    assert_int_equal(s.sent[0], 1);
    assert_int_equal(s.sent[1], 1);
    assert_int_equal(s.failed[0] + s.failed[1], 0);
    seen_free(&s);
    testing_pair_deinit(&p);
}

int main(void)
{
    riv_fault fault = { 0 };
    if (crypto_init(&fault)) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(particle_crosses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
