/* link_fuzz.c: an actor fuzzer: bytes choose operations on two links back to back. While nobody tampers with the wire, both stay up, every
 * particle is told once, and what arrives was sent; with tampering, nothing crashes and a side that is told so is closed. */
#include "p2p/testing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct actor {
    testing_pair pair;
    riv_reader   in;
    uint64_t     given[2], told[2], sent[2], got[2];
    uint32_t     stream[2];
    bool         tampered, closed[2];
} actor;

static void events(actor *a)
{
    p2p_event e;
    for (int i = 0; i < 2; i++) {
        while (p2p_link_next_event(a->pair.link[i], &e)) {
            RIV_ASSERT(!a->closed[i]); /* nothing follows the end */
            if (e.kind == P2P_SENT || e.kind == P2P_SEND_FAILED) a->told[i]++;
            if (e.kind == P2P_SENT) a->sent[i]++;
            if (e.kind == P2P_PARTICLE) a->got[i]++;
            if (e.kind == P2P_STREAM_OPENED) a->stream[i] = e.stream;
            if (e.kind == P2P_STREAM_BYTES)
                (void)!p2p_link_stream_write(a->pair.link[i], e.stream, riv_bytes_sub(e.bytes, 1, e.bytes.len), NULL);
            if (e.kind == P2P_STREAM_CLOSED) p2p_link_stream_close(a->pair.link[i], e.stream);
            if (e.kind == P2P_CLOSED) a->closed[i] = true;
        }
    }
}

static void tamper(actor *a, int i)
{
    if (!a->pair.wire[i].len) return;
    size_t at = riv_read_u16be(&a->in) % a->pair.wire[i].len;
    a->pair.wire[i].ptr[at] ^= (uint8_t)(1 + riv_read_u8(&a->in) % 255);
    a->tampered = true;
}

static void act(actor *a)
{
    uint8_t   op   = riv_read_u8(&a->in);
    int       i    = op & 1;
    p2p_link *link = a->pair.link[i];
    uint32_t  id;
    switch (op >> 1 & 15) {
    case 0: { /* a particle of up to 512 KiB, or an empty one */
        size_t   len  = (size_t)riv_read_u16be(&a->in) * (op & 0x20 ? 8 : 0);
        uint8_t *body = riv_alloc(len);
        if (!p2p_link_send(link, (riv_bytes){ body, len }, a->given[i], a->pair.now_ms + 1 + riv_read_u16be(&a->in),
                           NULL))
            a->given[i]++;
        riv_free(body);
        break;
    }
    case 1:
        (void)!p2p_link_open(link, op & 0x20 ? RIV_LIT("/echo") : RIV_LIT("/other"), a->pair.now_ms, NULL, &id);
        break;
    case 2: (void)!p2p_link_stream_write(link, a->stream[i], riv_read_bytes(&a->in, riv_read_u8(&a->in)), NULL); break;
    case 3: p2p_link_stream_close(link, a->stream[i]); break;
    case 4: p2p_link_stream_reset(link, a->stream[i]); break;
    case 5: /* time goes on, at most to the next deadline of the two, so that pings are answered */
        a->pair.now_ms += RIV_MIN((uint64_t)riv_read_u16be(&a->in), (uint64_t)P2P_PING_INTERVAL_MS);
        p2p_link_tick(a->pair.link[0], a->pair.now_ms);
        p2p_link_tick(a->pair.link[1], a->pair.now_ms);
        break;
    case 6:
        if (op & 0x20) tamper(a, i);
        break;
    case 7:
        if ((op & 0xe0) == 0xe0) p2p_link_close(link, RIV_LIT("enough")), a->tampered = true;
        if ((op & 0xe0) == 0xc0) p2p_link_eof(link, a->pair.now_ms), a->tampered = true;
        break;
    case 8: a->pair.take_max = 1 + (size_t)riv_read_u16be(&a->in); break;
    default: /* bytes move */
        for (int k = 0; k < 8; k++) testing_step(&a->pair, (op >> 5 & 1) ^ (k & 1));
        break;
    }
    events(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const riv_str extra[] = { RIV_LIT_INIT("/echo") };
    riv_fault            fault   = { 0 };
    actor               *a       = riv_alloc(sizeof *a);
    riv_prng             splits  = riv_prng_seed(size ? data[0] : 0);
    if (crypto_init(&fault)) return 0;
    testing_pair_init(&a->pair, size && data[0] & 1 ? &splits : NULL, extra, 1);
    a->in = riv_reader_of((riv_bytes){ data, size });
    for (int ops = 0; riv_reader_left(&a->in) && ops < 300; ops++) act(a);

    a->pair.take_max = 1 << 16; /* then all that is under way arrives */
    for (bool moved = true; moved;) {
        moved = testing_step(&a->pair, 0);
        moved |= testing_step(&a->pair, 1);
        events(a);
    }
    for (int i = 0; i < 2; i++) {
        RIV_ASSERT(a->told[i] <= a->given[i] && a->sent[i] <= a->given[i]);
        RIV_ASSERT(a->got[!i] <= a->given[i]);
        RIV_ASSERT(!a->closed[i] || a->told[i] == a->given[i]);
        if (!a->tampered &&
            a->closed[i]) /* only silence ends a link that nobody touched: the fuzzer may hold bytes back */
            RIV_ASSERT(!a->pair.err[0] && !a->pair.err[1]);
    }
    testing_pair_deinit(&a->pair);
    riv_free(a);
    return 0;
}
