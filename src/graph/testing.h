/* testing.h: rows made by hand, without a chain. Include it after cmocka. */
#ifndef RIV_GRAPH_TESTING_H
#define RIV_GRAPH_TESTING_H

#include "graph/internal.h"

static inline graph *rows_new(void)
{
    graph *g = riv_alloc(sizeof *g);
    g->arena  = riv_arena_new(0);
    g->tables = graph__tables_new(g->arena);
    return g;
}

static inline void rows_free(graph *g)
{
    riv_arena_free(g->arena);
    riv_free(g);
}

static inline graph__row *put_row(graph *g, graph__type type, const char *id) { return graph__make(g, type, riv_str_c(id)); }
static inline void put_text(graph *g, graph__type type, graph__row *row, const char *field, const char *v) { graph__set_text(g, type, row, field, riv_str_c(v)); }

/* A unit of a peer of an offer of a provider; deal NULL: it is free. */
static inline void put_unit(graph *g, const char *id, const char *peer, const char *provider, const char *deal)
{
    graph__row *u = put_row(g, GRAPH__UNIT, id);
    put_text(g, GRAPH__UNIT, u, "peer", peer);
    put_text(g, GRAPH__UNIT, u, "provider", provider);
    if (deal) put_text(g, GRAPH__UNIT, u, "deal", deal);
}

static inline void put_peer(graph *g, const char *id, const char *offer, const char *provider, const char *cc)
{
    graph__row *p = put_row(g, GRAPH__PEER, id);
    put_text(g, GRAPH__PEER, p, "offer", offer);
    put_text(g, GRAPH__PEER, p, "provider", provider);
    if (!cc) return;
    put_text(g, GRAPH__PEER, p, "currentCapacityCommitment", cc);
    graph__set_u64(g, GRAPH__PEER, p, "currentCCCollateralDepositedAt", 2);
    graph__set_u64(g, GRAPH__PEER, p, "currentCCEndEpoch", 100);
    graph__set_u64(g, GRAPH__PEER, p, "currentCCNextCCFailedEpoch", 50);
    graph__row *c = put_row(g, GRAPH__CC, cc);
    put_text(g, GRAPH__CC, c, "peer", id);
    put_text(g, GRAPH__CC, c, "provider", provider);
    put_text(g, GRAPH__CC, c, "status", "Active");
    graph__set_u64(g, GRAPH__CC, c, "startEpoch", 3);
    graph__set_u64(g, GRAPH__CC, c, "endEpoch", 100);
    graph__set_u64(g, GRAPH__CC, c, "nextCCFailedEpoch", 50);
}

static inline void put_offer(graph *g, const char *id, const char *provider, const char *price, uint64_t units)
{
    u256        v = U256_ZERO;
    graph__row *o = put_row(g, GRAPH__OFFER, id);
    RIV_ASSERT(!u256_parse(riv_str_c(price), NULL, &v));
    put_text(g, GRAPH__OFFER, o, "provider", provider);
    put_text(g, GRAPH__OFFER, o, "paymentToken", "0x7a");
    graph__set_number(g, GRAPH__OFFER, o, "pricePerEpoch", v);
    graph__set_u64(g, GRAPH__OFFER, o, "computeUnitsAvailable", units);
    graph__set_u64(g, GRAPH__OFFER, o, "createdAt", 1704067200 + units);
}

/* Two providers and a third without offers; three offers; three peers, one with a commitment; four units, one in a deal. */
static inline graph *rows_small(void)
{
    static const char *const names[] = { "Anna", "berta \"B\"", "Clara" }, *const ids[] = { "0xa1", "0xb2", "0xc3" };
    graph                   *g       = rows_new();
    graph__row              *row;
    for (size_t i = 0; i < 3; i++) {
        row = put_row(g, GRAPH__PROVIDER, ids[i]);
        put_text(g, GRAPH__PROVIDER, row, "name", names[i]);
        graph__set_bool(g, GRAPH__PROVIDER, row, "approved", i != 1);
        graph__set_u64(g, GRAPH__PROVIDER, row, "peerCount", 2 - i);
    }
    row = put_row(g, GRAPH__TOKEN, "0x7a");
    put_text(g, GRAPH__TOKEN, row, "symbol", "USD");
    graph__set_u64(g, GRAPH__TOKEN, row, "decimals", 6);
    row = put_row(g, GRAPH__NETWORK, "1");
    graph__set_u64(g, GRAPH__NETWORK, row, "offersTotal", 3);
    graph__set_u64(g, GRAPH__NETWORK, row, "coreEpochDuration", 15);
    put_offer(g, "0x03", "0xa1", "30", 0);
    put_offer(g, "0x01", "0xa1", "9", 2);
    put_offer(g, "0x02", "0xb2", "115792089237316195423570985008687907853269984665640564039457584007913129639935", 2);
    put_peer(g, "0xp1", "0x01", "0xa1", "0xcc");
    put_peer(g, "0xp2", "0x01", "0xa1", NULL);
    put_peer(g, "0xp3", "0x02", "0xb2", NULL);
    row = put_row(g, GRAPH__EFFECTOR, "0xef");
    put_text(g, GRAPH__EFFECTOR, row, "description", "curl");
    row = put_row(g, GRAPH__OFFER_EFFECTOR, "0x010xef");
    put_text(g, GRAPH__OFFER_EFFECTOR, row, "offer", "0x01");
    put_text(g, GRAPH__OFFER_EFFECTOR, row, "effector", "0xef");
    row = put_row(g, GRAPH__DEAL, "0xde");
    put_text(g, GRAPH__DEAL, row, "owner", "0xa9");
    put_text(g, GRAPH__DEAL, row, "paymentToken", "0x7a");
    row = put_row(g, GRAPH__DEAL_PEER, "0xde0xp2");
    put_text(g, GRAPH__DEAL_PEER, row, "deal", "0xde");
    put_text(g, GRAPH__DEAL_PEER, row, "peer", "0xp2");
    put_unit(g, "u1", "0xp1", "0xa1", NULL);
    put_unit(g, "u2", "0xp2", "0xa1", "0xde");
    put_unit(g, "u3", "0xp3", "0xb2", NULL);
    put_unit(g, "u4", "0xp1", "0xa1", NULL);
    row = put_row(g, GRAPH__PROOF, "pr1");
    put_text(g, GRAPH__PROOF, row, "localUnitNonce", "0x00ff");
    put_text(g, GRAPH__PROOF, row, "computeUnit", "u1");
    g->next_height  = 8;
    g->block_time_s = 1704067299;
    memset(&g->block_hash, 0xab, sizeof g->block_hash);
    return g;
}

#endif
