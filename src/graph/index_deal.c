/* index_deal.c: deals: from the factory's event and their own: money, workers, who is let in.
 * Spec: docs/spec/graph.md "Entities from events". Tests: index_test.c. */
#include "graph/index.h"

/* ---- made ---- */

static void link_access(const graph__told *t, const graph__row *deal, const eth_value *address)
{
    graph__link(t, GRAPH__DEAL_ACCESS, "deal", deal, "provider", graph__provider(t, address));
}

static void link_effector(const graph__told *t, const graph__row *deal, const eth_value *cid)
{
    graph__link(t, GRAPH__DEAL_EFFECTOR, "deal", deal, "effector", graph__effector(t, cid));
}

/* DealCreated(...): what index.c names by its place here */
enum {
    OWNER,
    DEAL,
    CREATED_EPOCH,
    TOKEN,
    MIN_WORKERS,
    TARGET_WORKERS,
    MAX_PER_PROVIDER,
    PRICE,
    EFFECTORS,
    APP,
    ACCESS_TYPE,
    ACCESS_LIST
};

static riv_err deal_created(const graph__told *t)
{
    riv_str     id  = graph__address_id(t, &t->args[DEAL]);
    bool        was = graph__find(t->g, GRAPH__DEAL, id) != NULL;
    graph__row *token;
    RIV_TRY(graph__token(t, &t->args[TOKEN], &token));
    graph__row *deal = graph__make(t->g, GRAPH__DEAL, id);
    graph__set_u64(t->g, GRAPH__DEAL, deal, "createdAt", t->block->time_s);
    graph__set_text(t->g, GRAPH__DEAL, deal, "owner", graph__address_id(t, &t->args[OWNER]));
    graph__set_text(t->g, GRAPH__DEAL, deal, "paymentToken", token->id);
    graph__int(t, GRAPH__DEAL, deal, "minWorkers", t->args[MIN_WORKERS].word);
    graph__int(t, GRAPH__DEAL, deal, "targetWorkers", t->args[TARGET_WORKERS].word);
    graph__int(t, GRAPH__DEAL, deal, "maxWorkersPerProvider", t->args[MAX_PER_PROVIDER].word);
    graph__set_number(t->g, GRAPH__DEAL, deal, "pricePerWorkerEpoch", t->args[PRICE].word);
    graph__set_text(t->g, GRAPH__DEAL, deal, "appCID", graph__cid_id(t, &t->args[APP]));
    graph__int(t, GRAPH__DEAL, deal, "providersAccessType", t->args[ACCESS_TYPE].word);
    for (size_t i = 0; i < t->args[EFFECTORS].items_count; i++) link_effector(t, deal, &t->args[EFFECTORS].items[i]);
    for (size_t i = 0; i < t->args[ACCESS_LIST].items_count; i++) link_access(t, deal, &t->args[ACCESS_LIST].items[i]);
    if (!was) graph__total(t, "dealsTotal");
    return RIV_OK;
}

static const graph__event factory_events[]      = { { "DealCreated", deal_created } };
const graph__events       graph__factory_events = { CHAIN_DEAL_FACTORY, factory_events, RIV_COUNT(factory_events) };

/* ---- its own events ---- */

static riv_err deposited(const graph__told *t)
{
    graph__sum(t, GRAPH__DEAL, t->deal, "depositedSum", t->args[0].word);
    return RIV_OK;
}

static riv_err withdrawn(const graph__told *t)
{
    graph__sum(t, GRAPH__DEAL, t->deal, "withdrawalSum", t->args[0].word);
    return RIV_OK;
}

static riv_err max_paid_epoch(const graph__told *t)
{
    graph__set_number(t->g, GRAPH__DEAL, t->deal, "maxPaidEpoch", t->args[0].word);
    return RIV_OK;
}

static riv_err app_changed(const graph__told *t)
{
    graph__set_text(t->g, GRAPH__DEAL, t->deal, "appCID", graph__cid_id(t, &t->args[0]));
    return RIV_OK;
}

/* OwnershipTransferred(previousOwner, newOwner). While it is made the factory owns it; its creation tells the owner after that. */
static riv_err owner_changed(const graph__told *t)
{
    graph__set_text(t->g, GRAPH__DEAL, t->deal, "owner", graph__address_id(t, &t->args[1]));
    return RIV_OK;
}

/* WorkerIdUpdated(computeUnitId, workerId) */
static riv_err worker_set(const graph__told *t)
{
    graph__row *unit;
    RIV_TRY(graph__need(t, GRAPH__UNIT, graph__hash_id(t, &t->args[0]), &unit));
    if (!graph__get(GRAPH__UNIT, unit, "workerId").set)
        RIV_TRY(graph__count(t, GRAPH__DEAL, t->deal, "registeredWorkersCurrentCount", 1));
    graph__set_text(t->g, GRAPH__UNIT, unit, "workerId", graph__hash_id(t, &t->args[1]));
    return RIV_OK;
}

static riv_err access_type(const graph__told *t)
{
    graph__int(t, GRAPH__DEAL, t->deal, "providersAccessType", t->args[0].word);
    return RIV_OK;
}

static riv_err access_added(const graph__told *t)
{
    link_access(t, t->deal, &t->args[0]);
    return RIV_OK;
}

static riv_err access_removed(const graph__told *t)
{
    graph__remove(t->g, GRAPH__DEAL_ACCESS, graph__joined(t, t->deal->id, graph__address_id(t, &t->args[0])));
    return RIV_OK;
}

static const graph__event events[] = {
    { "Deposited", deposited },
    { "Withdrawn", withdrawn },
    { "MaxPaidEpochUpdated", max_paid_epoch },
    { "AppCIDChanged", app_changed },
    { "OwnershipTransferred", owner_changed },
    { "WorkerIdUpdated", worker_set },
    { "ProvidersAccessTypeChanged", access_type },
    { "ProviderAddedToAccessList", access_added },
    { "ProviderRemovedFromAccessList", access_removed },
};
const graph__events graph__deal_events = { CHAIN_CONTRACTS, events, RIV_COUNT(events) };
