/* index_market.c: providers, effectors, tokens, offers, peers, compute units: from Market's events, with what is counted for each of them.
 * Spec: docs/spec/graph.md "Entities from events". Tests: index_test.c. */
#include "graph/index.h"

#define UNREGISTERED     RIV_LIT("Unregistered")
#define UNKNOWN_EFFECTOR RIV_LIT("Unknown")
#define REMOVED_EFFECTOR RIV_LIT("Removed")
#define UNKNOWN_TOKEN    RIV_LIT("ERC20_UNKNOWN")
#define DECIMALS_UNKNOWN 1

/* ---- found or made ---- */

/* Whoever is named anywhere; registered when it tells of itself. */
graph__row *graph__provider(const graph__told *t, const eth_value *address)
{
    riv_str     id  = graph__address_id(t, address);
    graph__row *row = graph__find(t->g, GRAPH__PROVIDER, id);
    if (row) return row;
    row = graph__make(t->g, GRAPH__PROVIDER, id);
    graph__set_text(t->g, GRAPH__PROVIDER, row, "name", UNREGISTERED);
    graph__set_u64(t->g, GRAPH__PROVIDER, row, "createdAt", t->block->time_s);
    graph__total(t, "providersTotal");
    return row;
}

graph__row *graph__effector(const graph__told *t, const eth_value *cid)
{
    riv_str     id  = graph__cid_id(t, cid);
    graph__row *row = graph__find(t->g, GRAPH__EFFECTOR, id);
    if (row) return row;
    row = graph__make(t->g, GRAPH__EFFECTOR, id);
    graph__set_text(t->g, GRAPH__EFFECTOR, row, "description", UNKNOWN_EFFECTOR);
    graph__total(t, "effectorsTotal");
    return row;
}

riv_err graph__token(const graph__told *t, const eth_value *address, graph__row **out)
{
    static const eth_type text = { .kind = ETH_STRING }, small = { .kind = ETH_UINT, .size = 8 };
    riv_str               id = graph__address_id(t, address);
    eth_address           at = eth_to_address(address);
    eth_value             symbol, decimals;
    bool                  has_symbol, has_decimals;
    if ((*out = graph__find(t->g, GRAPH__TOKEN, id))) return RIV_OK;
    RIV_TRY(graph__ask(t, &at, "symbol()", &text, &has_symbol, &symbol));
    RIV_TRY(graph__ask(t, &at, "decimals()", &small, &has_decimals, &decimals));
    *out = graph__make(t->g, GRAPH__TOKEN, id);
    graph__set_text(t->g, GRAPH__TOKEN, *out, "symbol",
                    has_symbol ? graph__clean(t->arena, symbol.bytes) : UNKNOWN_TOKEN);
    graph__set_u64(t->g, GRAPH__TOKEN, *out, "decimals", has_decimals ? decimals.word.limb[0] : DECIMALS_UNKNOWN);
    graph__total(t, "tokensTotal");
    return RIV_OK;
}

/* ---- providers and effectors tell of themselves ---- */

/* ProviderInfoUpdated(provider, name, metadata) */
static riv_err provider_info(const graph__told *t)
{
    graph__row *row = graph__provider(t, &t->args[0]);
    graph__set_text(t->g, GRAPH__PROVIDER, row, "name", graph__clean(t->arena, t->args[1].bytes));
    if (graph__get(GRAPH__PROVIDER, row, "registered").truth) return RIV_OK;
    graph__set_bool(t->g, GRAPH__PROVIDER, row, "registered", true);
    graph__total(t, "providersRegisteredTotal");
    return RIV_OK;
}

/* EffectorInfoSet(id, description, metadata) */
static riv_err effector_info(const graph__told *t)
{
    graph__set_text(t->g, GRAPH__EFFECTOR, graph__effector(t, &t->args[0]), "description",
                    graph__clean(t->arena, t->args[1].bytes));
    return RIV_OK;
}

/* EffectorInfoRemoved(id): offers and deals may go on naming it */
static riv_err effector_info_removed(const graph__told *t)
{
    graph__set_text(t->g, GRAPH__EFFECTOR, graph__effector(t, &t->args[0]), "description", REMOVED_EFFECTOR);
    return RIV_OK;
}

/* ---- offers ---- */

static void touch(const graph__told *t, graph__row *offer)
{
    graph__set_u64(t->g, GRAPH__OFFER, offer, "updatedAt", t->block->time_s);
}

static void link_effector(const graph__told *t, const graph__row *offer, const eth_value *cid)
{
    graph__link(t, GRAPH__OFFER_EFFECTOR, "offer", offer, "effector", graph__effector(t, cid));
}

/* MarketOfferRegistered(provider, offerId, minPricePerWorkerEpoch, paymentToken, effectors, minProtocolVersion, maxProtocolVersion) */
static riv_err offer_registered(const graph__told *t)
{
    riv_str     id  = graph__hash_id(t, &t->args[1]);
    bool        was = graph__find(t->g, GRAPH__OFFER, id) != NULL;
    graph__row *token, *offer, *provider = graph__provider(t, &t->args[0]);
    RIV_TRY(graph__token(t, &t->args[3], &token));
    offer = graph__make(t->g, GRAPH__OFFER, id);
    graph__set_text(t->g, GRAPH__OFFER, offer, "provider", provider->id);
    graph__set_text(t->g, GRAPH__OFFER, offer, "paymentToken", token->id);
    graph__set_number(t->g, GRAPH__OFFER, offer, "pricePerEpoch", t->args[2].word);
    graph__set_u64(t->g, GRAPH__OFFER, offer, "createdAt", t->block->time_s);
    graph__set_u64(t->g, GRAPH__OFFER, offer, "computeUnitsAvailable", 0);
    graph__set_u64(t->g, GRAPH__OFFER, offer, "computeUnitsTotal", 0);
    touch(t, offer);
    for (size_t i = 0; i < t->args[4].items_count; i++) link_effector(t, offer, &t->args[4].items[i]);
    if (!was) graph__total(t, "offersTotal");
    return RIV_OK;
}

/* MinPricePerEpochUpdated(offerId, minPricePerWorkerEpoch) */
static riv_err price_updated(const graph__told *t)
{
    graph__row *offer;
    RIV_TRY(graph__need(t, GRAPH__OFFER, graph__hash_id(t, &t->args[0]), &offer));
    graph__set_number(t->g, GRAPH__OFFER, offer, "pricePerEpoch", t->args[1].word);
    touch(t, offer);
    return RIV_OK;
}

/* PaymentTokenUpdated(offerId, paymentToken) */
static riv_err token_updated(const graph__told *t)
{
    graph__row *offer, *token;
    RIV_TRY(graph__need(t, GRAPH__OFFER, graph__hash_id(t, &t->args[0]), &offer));
    RIV_TRY(graph__token(t, &t->args[1], &token));
    graph__set_text(t->g, GRAPH__OFFER, offer, "paymentToken", token->id);
    touch(t, offer);
    return RIV_OK;
}

/* EffectorAdded(offerId, effector) */
static riv_err effector_added(const graph__told *t)
{
    graph__row *offer;
    RIV_TRY(graph__need(t, GRAPH__OFFER, graph__hash_id(t, &t->args[0]), &offer));
    link_effector(t, offer, &t->args[1]);
    touch(t, offer);
    return RIV_OK;
}

/* EffectorRemoved(offerId, effector) */
static riv_err effector_removed(const graph__told *t)
{
    graph__row *offer;
    RIV_TRY(graph__need(t, GRAPH__OFFER, graph__hash_id(t, &t->args[0]), &offer));
    graph__remove(t->g, GRAPH__OFFER_EFFECTOR, graph__joined(t, offer->id, graph__cid_id(t, &t->args[1])));
    touch(t, offer);
    return RIV_OK;
}

/* ---- peers ---- */

/* PeerCreated(offerId, peerId, owner). A removed one may come back, in another offer. */
static riv_err peer_created(const graph__told *t)
{
    graph__row *offer, *provider;
    RIV_TRY(graph__need(t, GRAPH__OFFER, graph__hash_id(t, &t->args[0]), &offer));
    RIV_TRY(graph__need_of(t, GRAPH__OFFER, offer, "provider", &provider));
    graph__row *peer = graph__make(t->g, GRAPH__PEER, graph__hash_id(t, &t->args[1]));
    graph__set_text(t->g, GRAPH__PEER, peer, "offer", offer->id);
    graph__set_text(t->g, GRAPH__PEER, peer, "provider", provider->id);
    graph__set_bool(t->g, GRAPH__PEER, peer, "deleted", false);
    graph__set_bool(t->g, GRAPH__PEER, peer, "isAnyJoinedDeals", false);
    graph__set_u64(t->g, GRAPH__PEER, peer, "computeUnitsTotal", 0);
    graph__set_u64(t->g, GRAPH__PEER, peer, "computeUnitsInDeal", 0);
    graph__set_null(t->g, GRAPH__PEER, peer, "currentCapacityCommitment");
    graph__set_null(t->g, GRAPH__PEER, peer, "currentCCCollateralDepositedAt");
    graph__set_null(t->g, GRAPH__PEER, peer, "currentCCEndEpoch");
    graph__set_null(t->g, GRAPH__PEER, peer, "currentCCNextCCFailedEpoch");
    return graph__count(t, GRAPH__PROVIDER, provider, "peerCount", 1);
}

/* PeerRemoved(offerId, peerId) */
static riv_err peer_removed(const graph__told *t)
{
    graph__row *peer, *provider;
    RIV_TRY(graph__need(t, GRAPH__PEER, graph__hash_id(t, &t->args[1]), &peer));
    RIV_TRY(graph__need_of(t, GRAPH__PEER, peer, "provider", &provider));
    graph__set_bool(t->g, GRAPH__PEER, peer, "deleted", true);
    return graph__count(t, GRAPH__PROVIDER, provider, "peerCount", -1);
}

/* ---- compute units ---- */

typedef struct place {
    graph__row *peer, *offer, *provider;
} place; /* where a unit stands */

static riv_err place_of(const graph__told *t, const eth_value *peer_id, place *out)
{
    RIV_TRY(graph__need(t, GRAPH__PEER, graph__hash_id(t, peer_id), &out->peer));
    RIV_TRY(graph__need_of(t, GRAPH__PEER, out->peer, "offer", &out->offer));
    return graph__need_of(t, GRAPH__OFFER, out->offer, "provider", &out->provider);
}

static riv_err count_units(const graph__told *t, const place *p, int by)
{
    RIV_TRY(graph__count(t, GRAPH__PEER, p->peer, "computeUnitsTotal", by));
    RIV_TRY(graph__count(t, GRAPH__PROVIDER, p->provider, "computeUnitsTotal", by));
    RIV_TRY(graph__count(t, GRAPH__OFFER, p->offer, "computeUnitsTotal", by));
    return RIV_OK;
}

static riv_err count_free(const graph__told *t, const place *p, int by)
{
    RIV_TRY(graph__count(t, GRAPH__PROVIDER, p->provider, "computeUnitsAvailable", by));
    RIV_TRY(graph__count(t, GRAPH__OFFER, p->offer, "computeUnitsAvailable", by));
    touch(t, p->offer);
    return RIV_OK;
}

/* A commitment is of all units that its peer has: those that came and went are passed by without looking at them. */
typedef struct units {
    RIV_VEC(graph__row *) rows;
} units;

static void unit_comes(const graph__told *t, const graph__row *peer, graph__row *unit)
{
    graph__index *index = t->g->index;
    units        *all   = riv_map_get_str(index->units, peer->id);
    size_t       *at    = riv_map_get_str(index->places, unit->id);
    if (!all) {
        all = riv_new(index->arena, units, 1);
        riv_map_put_str(index->units, peer->id, all);
    }
    if (!at) {
        at = riv_new(index->arena, size_t, 1);
        riv_map_put_str(index->places, unit->id, at);
    }
    *at                                 = all->rows.len;
    *riv_push(index->arena, &all->rows) = unit;
}

static void unit_goes(const graph__told *t, const graph__row *peer, const graph__row *unit)
{
    graph__index *index = t->g->index;
    units        *all   = riv_map_get_str(index->units, peer->id);
    size_t       *at    = riv_map_get_str(index->places, unit->id);
    if (!all || !at || *at >= all->rows.len || all->rows.ptr[*at] != unit) return;
    graph__row *last   = all->rows.ptr[--all->rows.len];
    size_t     *moved  = riv_map_get_str(index->places, last->id);
    all->rows.ptr[*at] = last;
    *moved             = *at;
}

graph__rows graph__units_of(const graph__told *t, const graph__row *peer)
{
    const units *all = riv_map_get_str(t->g->index->units, peer->id);
    return all ? (graph__rows){ all->rows.ptr, all->rows.len } : (graph__rows){ 0 };
}

/* ComputeUnitCreated(peerId, unitId). A removed one may come back, at another peer. */
static riv_err unit_created(const graph__told *t)
{
    place p;
    RIV_TRY(place_of(t, &t->args[0], &p));
    graph__row *unit = graph__make(t->g, GRAPH__UNIT, graph__hash_id(t, &t->args[1]));
    graph__set_text(t->g, GRAPH__UNIT, unit, "peer", p.peer->id);
    graph__set_text(t->g, GRAPH__UNIT, unit, "provider", p.provider->id);
    graph__set_bool(t->g, GRAPH__UNIT, unit, "deleted", false);
    graph__set_null(t->g, GRAPH__UNIT, unit, "deal");
    graph__set_null(t->g, GRAPH__UNIT, unit, "workerId");
    graph__set_u64(t->g, GRAPH__UNIT, unit, "createdAt", t->block->time_s);
    graph__set_u64(t->g, GRAPH__UNIT, unit, "submittedProofsCount", 0);
    unit_comes(t, p.peer, unit);
    RIV_TRY(count_units(t, &p, 1));
    return count_free(t, &p, 1);
}

/* ComputeUnitRemoved(peerId, unitId): never one that serves a deal */
static riv_err unit_removed(const graph__told *t)
{
    place       p;
    graph__row *unit;
    RIV_TRY(place_of(t, &t->args[0], &p));
    RIV_TRY(graph__need(t, GRAPH__UNIT, graph__hash_id(t, &t->args[1]), &unit));
    graph__set_bool(t->g, GRAPH__UNIT, unit, "deleted", true);
    unit_goes(t, p.peer, unit);
    RIV_TRY(count_units(t, &p, -1));
    return count_free(t, &p, -1);
}

/* ---- units go into deals and come back ---- */

typedef struct joining {
    place       at;
    graph__row *unit, *deal;
    riv_str     link, offer_link;
} joining;

/* (unitId, deal, peerId) */
static riv_err joining_of(const graph__told *t, joining *out)
{
    RIV_TRY(place_of(t, &t->args[2], &out->at));
    RIV_TRY(graph__need(t, GRAPH__UNIT, graph__hash_id(t, &t->args[0]), &out->unit));
    RIV_TRY(graph__need(t, GRAPH__DEAL, graph__address_id(t, &t->args[1]), &out->deal));
    out->link       = graph__joined(t, out->deal->id, out->at.peer->id);
    out->offer_link = graph__joined(t, out->deal->id, graph__joined(t, out->at.offer->id, out->at.peer->id));
    return RIV_OK;
}

static riv_err link_peer(const graph__told *t, const joining *j)
{
    graph__row *link     = graph__link(t, GRAPH__DEAL_PEER, "deal", j->deal, "peer", j->at.peer);
    graph__row *by_offer = graph__make(t->g, GRAPH__DEAL_OFFER_PEER, j->offer_link);
    graph__set_text(t->g, GRAPH__DEAL_OFFER_PEER, by_offer, "deal", j->deal->id);
    graph__set_text(t->g, GRAPH__DEAL_OFFER_PEER, by_offer, "peer", j->at.peer->id);
    graph__set_text(t->g, GRAPH__DEAL_OFFER_PEER, by_offer, "offer", j->at.offer->id);
    graph__set_bool(t->g, GRAPH__PEER, j->at.peer, "isAnyJoinedDeals", true);
    return graph__count(t, GRAPH__DEAL_PEER, link, "connections", 1);
}

static riv_err unlink_peer(const graph__told *t, const joining *j)
{
    graph__row *link;
    RIV_TRY(graph__need(t, GRAPH__DEAL_PEER, j->link, &link));
    RIV_TRY(graph__count(t, GRAPH__DEAL_PEER, link, "connections", -1));
    if (graph__number(GRAPH__DEAL_PEER, link, "connections") == 0) {
        graph__remove(t->g, GRAPH__DEAL_PEER, j->link);
        graph__remove(t->g, GRAPH__DEAL_OFFER_PEER, j->offer_link);
    }
    size_t joined = graph__field_find(GRAPH__PEER, RIV_LIT("joinedDeals"));
    graph__set_bool(t->g, GRAPH__PEER, j->at.peer, "isAnyJoinedDeals",
                    graph__list(t->g, GRAPH__PEER, j->at.peer, joined).count > 0);
    return RIV_OK;
}

/* ComputeUnitAddedToDeal(unitId, deal, peerId): by matching, or because its provider picked a published deal up */
static riv_err unit_to_deal(const graph__told *t)
{
    joining j;
    RIV_TRY(joining_of(t, &j));
    RIV_TRY(link_peer(t, &j));
    graph__set_text(t->g, GRAPH__UNIT, j.unit, "deal", j.deal->id);
    graph__set_u64(t->g, GRAPH__DEAL, j.deal, "matchedAt", t->block->time_s);
    RIV_TRY(graph__count(t, GRAPH__DEAL, j.deal, "matchedWorkersCurrentCount", 1));
    RIV_TRY(graph__count(t, GRAPH__PEER, j.at.peer, "computeUnitsInDeal", 1));
    return count_free(t, &j.at, -1);
}

/* ComputeUnitRemovedFromDeal(unitId, deal, peerId) */
static riv_err unit_from_deal(const graph__told *t)
{
    joining j;
    RIV_TRY(joining_of(t, &j));
    RIV_TRY(unlink_peer(t, &j));
    if (graph__get(GRAPH__UNIT, j.unit, "workerId").set)
        RIV_TRY(graph__count(t, GRAPH__DEAL, j.deal, "registeredWorkersCurrentCount", -1));
    graph__set_null(t->g, GRAPH__UNIT, j.unit, "deal");
    graph__set_null(t->g, GRAPH__UNIT, j.unit, "workerId");
    RIV_TRY(graph__count(t, GRAPH__DEAL, j.deal, "matchedWorkersCurrentCount", -1));
    RIV_TRY(graph__count(t, GRAPH__PEER, j.at.peer, "computeUnitsInDeal", -1));
    return count_free(t, &j.at, 1);
}

static const graph__event events[] = {
    { "ProviderInfoUpdated", provider_info },
    { "EffectorInfoSet", effector_info },
    { "EffectorInfoRemoved", effector_info_removed },
    { "MarketOfferRegistered", offer_registered },
    { "MinPricePerEpochUpdated", price_updated },
    { "PaymentTokenUpdated", token_updated },
    { "EffectorAdded", effector_added },
    { "EffectorRemoved", effector_removed },
    { "PeerCreated", peer_created },
    { "PeerRemoved", peer_removed },
    { "ComputeUnitCreated", unit_created },
    { "ComputeUnitRemoved", unit_removed },
    { "ComputeUnitAddedToDeal", unit_to_deal },
    { "ComputeUnitRemovedFromDeal", unit_from_deal },
};
const graph__events graph__market_events = { CHAIN_MARKET, events, RIV_COUNT(events) };
