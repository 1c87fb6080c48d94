/* index_core.c: GraphNetwork from genesis and Core's events, approved providers, epochs.
 * Spec: docs/spec/graph.md "Entities from events". Tests: index_test.c. */
#include "graph/index.h"

enum { KIND_REMATCHING = 1 };                        /* of ConstantUpdated. SPEC market.md 2 */
enum { KIND_FAILED_RATIO = 4, KIND_MIN_PROOFS = 8 }; /* of CapacityConstantUpdated */

static void set_contract(const graph__told *t, const char *field, chain_contract which)
{
    eth_address at = chain_contract_address(which);
    graph__set_text(t->g, GRAPH__NETWORK, graph__network(t), field, graph__address_text(t->arena, &at));
}

static void set_constant(const graph__told *t, const char *field, u256 v)
{
    graph__int(t, GRAPH__NETWORK, graph__network(t), field, v);
}

static riv_err ask_precision(const graph__told *t, u256 *out)
{
    static const eth_type number = { .kind = ETH_UINT, .size = 256 };
    eth_address           core   = chain_contract_address(CHAIN_CORE);
    eth_value             v;
    bool                  found;
    RIV_TRY(graph__ask(t, &core, "precision()", &number, &found, &v));
    if (!found) return riv_fail(t->fault, RIV_E_MALFORMED, t->block->height, "the chain tells no precision");
    *out = v.word;
    return RIV_OK;
}

/* What can be set later is genesis' here: the store may be ahead, and changes are told by events. */
riv_err graph__begin(const graph__told *t)
{
    graph__index *index = t->g->index;
    chain_head    head;
    u256          precision;
    RIV_TRY(chain_head_read(t->store, UINT64_MAX, t->arena, t->fault, &head));
    RIV_TRY(ask_precision(t, &precision));
    const chain_params *p     = &head.params;
    index->params             = *p;
    index->params.balances    = NULL; /* they lie in the block's arena */
    index->params.more_tokens = NULL;
    index->max_failed_ratio   = p->max_failed_ratio;
    index->min_proofs         = p->min_proofs_per_epoch;
    set_contract(t, "coreContractAddress", CHAIN_CORE);
    set_contract(t, "capacityContractAddress", CHAIN_CAPACITY);
    set_contract(t, "marketContractAddress", CHAIN_MARKET);
    set_constant(t, "coreEpochDuration", u256_of(p->epoch_seconds));
    set_constant(t, "initTimestamp", u256_of(p->genesis_time_s));
    set_constant(t, "corePrecision", precision);
    set_constant(t, "coreMinDealRematchingEpochs", u256_of(p->min_deal_rematching_epochs));
    set_constant(t, "capacityMaxFailedRatio", u256_of(p->max_failed_ratio));
    set_constant(t, "minRequiredProofsPerEpoch", u256_of(p->min_proofs_per_epoch));
    return RIV_OK;
}

void graph__epoch(const graph__told *t)
{
    riv_str     id  = graph__epoch_id(t, t->epoch);
    bool        was = graph__find(t->g, GRAPH__EPOCH, id) != NULL;
    graph__row *row = graph__make(t->g, GRAPH__EPOCH, id);
    if (!was) {
        graph__set_u64(t->g, GRAPH__EPOCH, row, "startBlock", t->block->height);
        graph__set_u64(t->g, GRAPH__EPOCH, row, "startTimestamp", t->block->time_s);
    }
    graph__set_u64(t->g, GRAPH__EPOCH, row, "endBlock", t->block->height);
    graph__set_u64(t->g, GRAPH__EPOCH, row, "endTimestamp", t->block->time_s);
}

/* ConstantUpdated(constantType, newValue) */
static riv_err constant_updated(const graph__told *t)
{
    if (graph__u64(t->args[0].word) == KIND_REMATCHING) set_constant(t, "coreMinDealRematchingEpochs", t->args[1].word);
    return RIV_OK;
}

/* CapacityConstantUpdated(constantType, newValue) */
static riv_err capacity_constant_updated(const graph__told *t)
{
    uint64_t kind = graph__u64(t->args[0].word), v = graph__u64(t->args[1].word);
    if (kind == KIND_FAILED_RATIO) {
        t->g->index->max_failed_ratio = v;
        set_constant(t, "capacityMaxFailedRatio", t->args[1].word);
        return graph__foresee_all(t);
    }
    if (kind == KIND_MIN_PROOFS) {
        t->g->index->min_proofs = v;
        set_constant(t, "minRequiredProofsPerEpoch", t->args[1].word);
    }
    return RIV_OK;
}

static riv_err approve(const graph__told *t, bool approved)
{
    graph__set_bool(t->g, GRAPH__PROVIDER, graph__provider(t, &t->args[0]), "approved", approved);
    return RIV_OK;
}

static riv_err access_granted(const graph__told *t) { return approve(t, true); }
static riv_err access_revoked(const graph__told *t) { return approve(t, false); }

static const graph__event events[] = {
    { "ConstantUpdated", constant_updated },
    { "CapacityConstantUpdated", capacity_constant_updated },
    { "WhitelistAccessGranted", access_granted },
    { "WhitelistAccessRevoked", access_revoked },
};
const graph__events graph__core_events = { CHAIN_CORE, events, RIV_COUNT(events) };
