/* p2p_bench.c: handshakes, bytes through noise and yamux, particles, over two links back to back in one thread. */
#include <stdio.h>
#include <time.h>

#include "p2p/testing.h"

enum { HANDSHAKES = 500, STREAM_MIB = 256, PARTICLES = 20000, PARTICLE_BYTES = 2000 };

static double seconds(void)
{
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool turn(testing_pair *p)
{
    bool moved = testing_step(p, 0);
    return testing_step(p, 1) || moved;
}

static void settle(testing_pair *p)
{
    p2p_event e;
    while (turn(p))
        for (int i = 0; i < 2; i++)
            while (p2p_link_next_event(p->link[i], &e)) {}
}

static void handshakes(void)
{
    double start = seconds();
    for (int i = 0; i < HANDSHAKES; i++) {
        testing_pair p;
        testing_pair_init(&p, NULL, NULL, 0);
        settle(&p);
        testing_pair_deinit(&p);
    }
    printf("handshakes with identify, both sides   %8.0f /s\n", HANDSHAKES / (seconds() - start));
}

static void bytes(void)
{
    static const riv_str extra[] = { RIV_LIT_INIT("/sink") };
    testing_pair         p;
    p2p_event            e;
    uint32_t             id;
    uint64_t             got = 0, want = (uint64_t)STREAM_MIB << 20;
    uint8_t             *piece = riv_alloc(1 << 16);
    testing_pair_init(&p, NULL, extra, 1);
    settle(&p);
    if (p2p_link_open(p.link[0], extra[0], p.now_ms, NULL, &id)) return;
    double start = seconds();
    while (got < want) {
        while (!p2p_link_stream_write(p.link[0], id, (riv_bytes){ piece, 1 << 16 }, NULL)) {}
        turn(&p);
        while (p2p_link_next_event(p.link[0], &e)) {}
        while (p2p_link_next_event(p.link[1], &e))
            if (e.kind == P2P_STREAM_BYTES) got += e.bytes.len;
    }
    printf("one stream through noise and yamux     %8.1f MB/s\n", (double)got / 1e6 / (seconds() - start));
    riv_free(piece);
    testing_pair_deinit(&p);
}

static void particles(void)
{
    testing_pair p;
    p2p_event    e;
    uint64_t     got = 0, given = 0;
    uint8_t     *body = riv_alloc(PARTICLE_BYTES);
    testing_pair_init(&p, NULL, NULL, 0);
    settle(&p);
    double start = seconds();
    while (got < PARTICLES) {
        while (given < PARTICLES &&
               !p2p_link_send(p.link[0], (riv_bytes){ body, PARTICLE_BYTES }, given, UINT64_MAX, NULL))
            given++;
        turn(&p);
        while (p2p_link_next_event(p.link[0], &e)) {}
        while (p2p_link_next_event(p.link[1], &e)) got += e.kind == P2P_PARTICLE;
    }
    printf("particles of %d bytes over a link    %8.0f /s\n", PARTICLE_BYTES, PARTICLES / (seconds() - start));
    riv_free(body);
    testing_pair_deinit(&p);
}

int main(void)
{
    riv_fault fault = { 0 };
    if (crypto_init(&fault)) return 1;
    handshakes();
    bytes();
    particles();
    return 0;
}
