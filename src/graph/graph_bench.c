/* graph_bench.c: what questions cost on 100,000 offers (or as many as the first argument says), each with a peer, a commitment and two units: the matcher's
 * question, pages in different orders, one by id. CPU time of one answer, the best of five; and the memory that the rows hold. */
#define _POSIX_C_SOURCE 200809L
#include "graph/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { OFFERS = 100000, PROVIDERS = 1000, ROUNDS = 5 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* As long as real ones are, and as scattered. */
static const char *id_of(riv_arena *arena, char kind, uint64_t i, size_t digits)
{
    char        text[32];
    riv_buf     out  = riv_buf_in(arena);
    int         len  = snprintf(text, sizeof text, "%c%llu", kind, (unsigned long long)i);
    crypto_hash hash = crypto_keccak256((riv_bytes){ (const uint8_t *)text, (size_t)len });
    riv_putf(&out, "0x");
    for (size_t k = 0; k < digits / 2; k++) riv_putf(&out, "%02x", hash.bytes[k]);
    return riv_cstr(arena, riv_buf_str(&out));
}

static void put_market(graph *g, riv_arena *arena, uint64_t offers)
{
    riv_prng prng = riv_prng_seed(1);
    for (uint64_t i = 0; i < PROVIDERS; i++) put_row(g, GRAPH__PROVIDER, id_of(arena, 'p', i, 40));
    put_row(g, GRAPH__TOKEN, "0x7a");
    put_row(g, GRAPH__EFFECTOR, id_of(arena, 'e', 0, 64));
    for (uint64_t i = 0; i < offers; i++) {
        const char *provider = id_of(arena, 'p', riv_prng_below(&prng, PROVIDERS), 40),
                   *offer = id_of(arena, 'o', i, 64), *peer = id_of(arena, 'r', i, 64);
        put_offer(g, offer, provider,
                  riv_cstr(arena, riv_format(arena, "%llu", (unsigned long long)riv_prng_below(&prng, 1000000))), 2);
        put_peer(g, peer, offer, provider, id_of(arena, 'c', i, 64));
        put_unit(g, id_of(arena, 'u', 2 * i, 64), peer, provider, NULL);
        put_unit(g, id_of(arena, 'u', 2 * i + 1, 64), peer, provider, NULL);
        graph__row *e = put_row(g, GRAPH__OFFER_EFFECTOR, id_of(arena, 'f', i, 64));
        put_text(g, GRAPH__OFFER_EFFECTOR, e, "offer", offer);
        put_text(g, GRAPH__OFFER_EFFECTOR, e, "effector", id_of(arena, 'e', 0, 64));
    }
    g->next_height = 1;
}

static void measure(const graph *g, const char *what, riv_str body)
{
    double  best = 1e9;
    riv_buf out  = { 0 };
    for (int i = 0; i < ROUNDS; i++) {
        riv_buf_clear(&out);
        double start = now_s();
        graph_answer(g, body, &out);
        best = RIV_MIN(best, now_s() - start);
    }
    printf("%-52s %9.3f ms %9zu bytes%s\n", what, best * 1e3, out.len,
           riv_str_starts(riv_buf_str(&out), RIV_LIT("{\"data\"")) ? "" : "  REFUSED");
    riv_buf_free(&out);
}

/* The matcher's question; effector and prices as given. */
static riv_str matcher(riv_arena *arena, const char *effector, unsigned price)
{
    return riv_format(arena,
                      "{\"query\":\"query Q($f: Offer_filter, $p: Peer_filter, $u: ComputeUnit_filter) { offers(where: "
                      "$f, first: 100, skip: 0) { id peers(where: $p, first: "
                      "10, skip: 0) { id computeUnits(where: $u, first: 1, skip: 0) { id } } } "
                      "}\",\"variables\":{\"f\":{\"pricePerEpoch_lte\":\"%u\",\"paymentToken\":\"0x7a\","
                      "\"computeUnitsAvailable_gt\":0,\"effectors_\":{\"effector_in\":[\"%s\"]},\"provider_\":{\"id_"
                      "not_in\":[\"0x1\"]},\"peers_\":{\"deleted\":false,"
                      "\"currentCapacityCommitment_not\":null,\"currentCCCollateralDepositedAt_lte\":\"4\","
                      "\"currentCCEndEpoch_gt\":\"4\",\"currentCCNextCCFailedEpoch_gt\":\"4\"}},"
                      "\"p\":{\"and\":[{\"deleted\":false,\"computeUnits_\":{\"deal\":null,\"deleted\":false},"
                      "\"currentCapacityCommitment_not\":null,"
                      "\"currentCapacityCommitment_\":{\"startEpoch_lte\":\"4\",\"endEpoch_gt\":\"4\","
                      "\"nextCCFailedEpoch_gt\":\"4\",\"deleted\":false,\"status_not_in\":"
                      "[\"WaitDelegation\",\"Removed\",\"Failed\"]}},{\"or\":[{\"joinedDeals_\":{\"deal_not\":\"0xde\"}"
                      "},{\"isAnyJoinedDeals\":false}]}]},"
                      "\"u\":{\"deal\":null,\"deleted\":false}}}",
                      price, effector);
}

int main(int argc, char **argv)
{
    uint64_t   offers = argc > 1 ? strtoull(argv[1], NULL, 10) : OFFERS;
    riv_arena *arena  = riv_arena_new(0);
    graph     *g      = rows_new();
    double     start  = now_s();
    put_market(g, arena, offers);
    printf("%llu offers, peers, commitments, links to an effector, twice as many units: %.2f s, %.0f MB\n",
           (unsigned long long)offers, now_s() - start, (double)riv_arena_held(g->arena) / 1e6);
    const char *effector = id_of(arena, 'e', 0, 64);
    measure(g, "the matcher's, every offer fits", matcher(arena, effector, 1000000));
    measure(g, "the matcher's, one in a hundred is cheap enough", matcher(arena, effector, 10000));
    measure(g, "the matcher's, nobody has the effector", matcher(arena, "0x00", 1000000));
    measure(g, "the first 1000 offers", RIV_LIT("{\"query\":\"{ offers(first: 1000) { id provider { id name } } }\"}"));
    measure(g, "1000 offers behind 5000, by price",
            RIV_LIT("{\"query\":\"{ offers(first: 1000, skip: 5000, orderBy: pricePerEpoch, orderDirection: desc) { id "
                    "} }\"}"));
    measure(g, "offers by their providers' names",
            RIV_LIT("{\"query\":\"{ offers(orderBy: provider__name) { id } }\"}"));
    measure(
        g, "offers of one provider",
        riv_format(arena,
                   "{\"query\":\"{ offers(where: {provider: \\\"%s\\\"}) { id peers { id computeUnits { id } } } }\"}",
                   id_of(arena, 'p', 1, 40)));
    measure(g, "one offer by id",
            riv_format(arena, "{\"query\":\"{ offer(id: \\\"%s\\\") { id } }\"}", id_of(arena, 'o', 1, 64)));
    rows_free(g);
    riv_arena_free(arena);
    return 0;
}
