/* For this room's tests, fuzzers and benches: two links back to back, seeded, with virtual time; and a chooser of split points.
 * Not part of the library. */
#ifndef RIV_P2P_TESTING_H
#define RIV_P2P_TESTING_H

#include "p2p/internal.h"

static inline p2p_identity testing_identity(uint8_t name, const riv_str *extra, size_t extra_count)
{
    p2p_identity  id   = { .agent = RIV_LIT("rivulet/test"), .extra_protocols = extra, .extra_protocols_count = extra_count };
    crypto_secret seed = { { name } };
    crypto_keypair_of(&seed, &id.keys);
    id.peer = codec_peer_of(&id.keys.public_key);
    return id;
}

enum { TESTING_A = 0, TESTING_B = 1 };

typedef struct testing_pair {
    p2p_identity id[2];
    crypto_rng   rng[2];
    p2p_link    *link[2];
    riv_buf      wire[2];   /* bytes that left link i and did not reach the other */
    uint64_t     now_ms;
    riv_prng    *splits;    /* NULL: bytes are handed over whole */
    size_t       take_max;
    riv_err      err[2];    /* of the last failed feed */
    riv_fault    fault[2];
} testing_pair;

static inline void testing_pair_init(testing_pair *p, riv_prng *splits, const riv_str *extra, size_t extra_count)
{
    *p = (testing_pair){ .now_ms = 1000, .splits = splits, .take_max = 1 << 16 };
    for (uint8_t i = 0; i < 2; i++) {
        crypto_secret seed = { { 'r', i } };
        p->id[i]           = testing_identity((uint8_t)(i + 1), extra, extra_count);
        crypto_rng_seed(&p->rng[i], &seed);
    }
    for (uint8_t i = 0; i < 2; i++) {
        p2p_link_config config = { .identity     = &p->id[i],
                                   .dialer       = i == TESTING_A,
                                   .has_expected = i == TESTING_A,
                                   .expected     = p->id[TESTING_B].peer,
                                   .remote_addr  = RIV_LIT("/ip4/127.0.0.1/tcp/7777"),
                                   .rng          = &p->rng[i] };
        p->link[i]             = p2p_link_new(&config, p->now_ms);
    }
}

static inline void testing_pair_deinit(testing_pair *p)
{
    for (int i = 0; i < 2; i++) {
        p2p_link_free(p->link[i]);
        riv_buf_free(&p->wire[i]);
    }
}

/* One take on side i and one feed of a piece at the other side; false when nothing moved. */
static inline bool testing_step(testing_pair *p, int i)
{
    riv_bytes out   = p2p_link_take(p->link[i], p->take_max);
    bool      moved = out.len > 0;
    riv_put_bytes(&p->wire[i], out);
    if (!p->wire[i].len) return moved;
    size_t    piece = p->splits ? 1 + (size_t)riv_prng_below(p->splits, RIV_MIN(p->wire[i].len, (size_t)4000)) : p->wire[i].len;
    size_t    used  = 0;
    riv_fault fault = { 0 };
    riv_err   err   = p2p_link_feed(p->link[!i], riv_bytes_sub(riv_buf_view(&p->wire[i]), 0, RIV_MIN(piece, p->wire[i].len)), p->now_ms,
                                    &fault, &used);
    if (err) p->err[!i] = err, p->fault[!i] = fault;
    riv_buf_drop(&p->wire[i], used);
    return moved || used;
}

#endif
