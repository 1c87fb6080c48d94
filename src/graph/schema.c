/* schema.c: the 19 entities as a table: names, kinds and nullability of fields, words of enumerations.
 * Spec: docs/spec/graph.md 1; facts: the published types of npm @fluencelabs/deal-ts-clients 0.13.11. Tests: rows_test.c. */
#include "graph/internal.h"

/* clang-format off */
static const char *const cc_status[] = { "Active", "Failed", "Inactive", "Removed", "WaitDelegation", "WaitStart", NULL };

/* One line a field. A small n: it may be null. */
#define ID          { "id", GRAPH__ID, false, GRAPH__TYPES, NULL, NULL }
#define STRING(f)   { f, GRAPH__STRING, false, GRAPH__TYPES, NULL, NULL }
#define STRINGn(f)  { f, GRAPH__STRING, true,  GRAPH__TYPES, NULL, NULL }
#define BYTES(f)    { f, GRAPH__BYTES,  false, GRAPH__TYPES, NULL, NULL }
#define INT(f)      { f, GRAPH__INT,    false, GRAPH__TYPES, NULL, NULL }
#define INTn(f)     { f, GRAPH__INT,    true,  GRAPH__TYPES, NULL, NULL }
#define BIG(f)      { f, GRAPH__BIG,    false, GRAPH__TYPES, NULL, NULL }
#define BIGn(f)     { f, GRAPH__BIG,    true,  GRAPH__TYPES, NULL, NULL }
#define BOOL(f)     { f, GRAPH__BOOL,   false, GRAPH__TYPES, NULL, NULL }
#define ENUMn(f, w) { f, GRAPH__ENUM,   true,  GRAPH__TYPES, NULL, w }
#define REF(f, t)   { f, GRAPH__REF,    false, t, NULL, NULL }
#define REFn(f, t)  { f, GRAPH__REF,    true,  t, NULL, NULL }
#define LIST(f, t, by) { f, GRAPH__LIST, true, t, by, NULL }

static const graph__field cc[] = {
    ID, INT("activeUnitCount"), BIG("collateralPerUnit"), LIST("computeUnits", GRAPH__CC_UNIT, "capacityCommitment"), INT("computeUnitsCount"),
    BIG("createdAt"), STRING("delegator"), BOOL("deleted"), BIG("duration"), BIG("endEpoch"), INT("exitedUnitCount"), BIG("failedEpoch"),
    INT("nextAdditionalActiveUnitCount"), BIG("nextCCFailedEpoch"), REF("peer", GRAPH__PEER), REF("provider", GRAPH__PROVIDER), INT("rewardDelegatorRate"),
    BIG("rewardWithdrawn"), BIG("snapshotEpoch"), BIG("startEpoch"), ENUMn("status", cc_status),
    LIST("submittedProofs", GRAPH__PROOF, "capacityCommitment"), INT("submittedProofsCount"), BIG("totalCollateral"), INT("totalFailCount"),
};
static const graph__field cc_epoch[] = {
    ID, INT("activeUnitCount"), REF("capacityCommitment", GRAPH__CC), INT("computeUnitsWithMinRequiredProofsSubmittedCounter"),
    BIG("currentCCNextCCFailedEpoch"), BIG("epoch"), REF("epochStatistic", GRAPH__EPOCH), INT("exitedUnitCount"), INT("nextAdditionalActiveUnitCount"),
    LIST("submittedProofs", GRAPH__PROOF, "capacityCommitmentStatsPerEpoch"), INT("submittedProofsCount"), INT("totalFailCount"),
};
static const graph__field cc_unit[] = { ID, REF("capacityCommitment", GRAPH__CC), REF("computeUnit", GRAPH__UNIT) };
static const graph__field unit[] = {
    ID, BIG("createdAt"), REFn("deal", GRAPH__DEAL), BOOL("deleted"), REF("peer", GRAPH__PEER), REF("provider", GRAPH__PROVIDER),
    LIST("submittedProofs", GRAPH__PROOF, "computeUnit"), INT("submittedProofsCount"), STRINGn("workerId"),
};
static const graph__field unit_epoch[] = {
    ID, REFn("capacityCommitment", GRAPH__CC), REF("computeUnit", GRAPH__UNIT), REF("epochStatistic", GRAPH__EPOCH), INT("submittedProofsCount"),
};
static const graph__field deal[] = {
    ID, LIST("addedComputeUnits", GRAPH__UNIT, "deal"), STRING("appCID"), BIG("createdAt"), BIG("depositedSum"),
    LIST("effectors", GRAPH__DEAL_EFFECTOR, "deal"), LIST("joinedPeers", GRAPH__DEAL_PEER, "deal"), BIGn("matchedAt"), INT("matchedWorkersCurrentCount"),
    BIGn("maxPaidEpoch"), INT("maxWorkersPerProvider"), INT("minWorkers"), STRING("owner"), REF("paymentToken", GRAPH__TOKEN), BIG("pricePerWorkerEpoch"),
    LIST("providersAccessList", GRAPH__DEAL_ACCESS, "deal"), INT("providersAccessType"), INT("registeredWorkersCurrentCount"), INT("targetWorkers"),
    BIG("withdrawalSum"),
};
static const graph__field deal_effector[] = { ID, REF("deal", GRAPH__DEAL), REF("effector", GRAPH__EFFECTOR) };
static const graph__field deal_offer_peer[] = { ID, REF("deal", GRAPH__DEAL), REF("offer", GRAPH__OFFER), REF("peer", GRAPH__PEER) };
static const graph__field deal_peer[] = { ID, INT("connections"), REF("deal", GRAPH__DEAL), REF("peer", GRAPH__PEER) };
static const graph__field deal_access[] = { ID, REF("deal", GRAPH__DEAL), REF("provider", GRAPH__PROVIDER) };
static const graph__field effector[] = { ID, STRING("description"), LIST("offers", GRAPH__OFFER_EFFECTOR, "effector") };
static const graph__field epoch[] = { ID, BIG("endBlock"), BIG("endTimestamp"), BIG("startBlock"), BIG("startTimestamp") };
static const graph__field network[] = {
    ID, BIG("capacityCommitmentsTotal"), STRINGn("capacityContractAddress"), INTn("capacityMaxFailedRatio"), STRINGn("coreContractAddress"),
    INTn("coreEpochDuration"), INTn("coreMinDealRematchingEpochs"), INTn("corePrecision"), BIG("dealsTotal"), BIG("effectorsTotal"), INTn("initTimestamp"),
    STRINGn("marketContractAddress"), INTn("minRequiredProofsPerEpoch"), BIG("offersTotal"), BIG("proofsTotal"), BIG("providersRegisteredTotal"),
    BIG("providersTotal"), BIG("tokensTotal"),
};
static const graph__field offer[] = {
    ID, INTn("computeUnitsAvailable"), INTn("computeUnitsTotal"), BIG("createdAt"), LIST("effectors", GRAPH__OFFER_EFFECTOR, "offer"),
    LIST("joinedOfferPeers", GRAPH__DEAL_OFFER_PEER, "offer"), REF("paymentToken", GRAPH__TOKEN), LIST("peers", GRAPH__PEER, "offer"), BIG("pricePerEpoch"),
    REF("provider", GRAPH__PROVIDER), BIG("updatedAt"),
};
static const graph__field offer_effector[] = { ID, REF("effector", GRAPH__EFFECTOR), REF("offer", GRAPH__OFFER) };
static const graph__field peer[] = {
    ID, LIST("capacityCommitments", GRAPH__CC, "peer"), LIST("computeUnits", GRAPH__UNIT, "peer"), INT("computeUnitsInDeal"), INT("computeUnitsTotal"),
    BIGn("currentCCCollateralDepositedAt"), BIGn("currentCCEndEpoch"), BIGn("currentCCNextCCFailedEpoch"), REFn("currentCapacityCommitment", GRAPH__CC),
    BOOL("deleted"), BOOL("isAnyJoinedDeals"), LIST("joinedDeals", GRAPH__DEAL_PEER, "peer"), REF("offer", GRAPH__OFFER), REF("provider", GRAPH__PROVIDER),
};
static const graph__field provider[] = {
    ID, BOOL("approved"), INT("computeUnitsAvailable"), INT("computeUnitsTotal"), BIG("createdAt"), STRING("name"), LIST("offers", GRAPH__OFFER, "provider"),
    INT("peerCount"), BOOL("registered"),
};
static const graph__field proof[] = {
    ID, REF("capacityCommitment", GRAPH__CC), REF("capacityCommitmentStatsPerEpoch", GRAPH__CC_EPOCH), REF("computeUnit", GRAPH__UNIT), BIG("createdAt"),
    BIG("createdEpoch"), BYTES("localUnitNonce"), REF("peer", GRAPH__PEER), REF("provider", GRAPH__PROVIDER),
};
static const graph__field token[] = { ID, INT("decimals"), STRING("symbol") };

#define FIELDS(f) f, RIV_COUNT(f)
const graph__entity graph__schema[GRAPH__TYPES] = {
    [GRAPH__CC]              = { "CapacityCommitment", "capacityCommitment", "capacityCommitments", FIELDS(cc) },
    [GRAPH__CC_EPOCH]        = { "CapacityCommitmentStatsPerEpoch", "capacityCommitmentStatsPerEpoch", "capacityCommitmentStatsPerEpoches", FIELDS(cc_epoch) },
    [GRAPH__CC_UNIT]         = { "CapacityCommitmentToComputeUnit", "capacityCommitmentToComputeUnit", "capacityCommitmentToComputeUnits", FIELDS(cc_unit) },
    [GRAPH__UNIT]            = { "ComputeUnit", "computeUnit", "computeUnits", FIELDS(unit) },
    [GRAPH__UNIT_EPOCH]      = { "ComputeUnitPerEpochStat", "computeUnitPerEpochStat", "computeUnitPerEpochStats", FIELDS(unit_epoch) },
    [GRAPH__DEAL]            = { "Deal", "deal", "deals", FIELDS(deal) },
    [GRAPH__DEAL_EFFECTOR]   = { "DealToEffector", "dealToEffector", "dealToEffectors", FIELDS(deal_effector) },
    [GRAPH__DEAL_OFFER_PEER] = { "DealToJoinedOfferPeer", "dealToJoinedOfferPeer", "dealToJoinedOfferPeers", FIELDS(deal_offer_peer) },
    [GRAPH__DEAL_PEER]       = { "DealToPeer", "dealToPeer", "dealToPeers", FIELDS(deal_peer) },
    [GRAPH__DEAL_ACCESS]     = { "DealToProvidersAccess", "dealToProvidersAccess", "dealToProvidersAccesses", FIELDS(deal_access) },
    [GRAPH__EFFECTOR]        = { "Effector", "effector", "effectors", FIELDS(effector) },
    [GRAPH__EPOCH]           = { "EpochStatistic", "epochStatistic", "epochStatistics", FIELDS(epoch) },
    [GRAPH__NETWORK]         = { "GraphNetwork", "graphNetwork", "graphNetworks", FIELDS(network) },
    [GRAPH__OFFER]           = { "Offer", "offer", "offers", FIELDS(offer) },
    [GRAPH__OFFER_EFFECTOR]  = { "OfferToEffector", "offerToEffector", "offerToEffectors", FIELDS(offer_effector) },
    [GRAPH__PEER]            = { "Peer", "peer", "peers", FIELDS(peer) },
    [GRAPH__PROVIDER]        = { "Provider", "provider", "providers", FIELDS(provider) },
    [GRAPH__PROOF]           = { "SubmittedProof", "submittedProof", "submittedProofs", FIELDS(proof) },
    [GRAPH__TOKEN]           = { "Token", "token", "tokens", FIELDS(token) },
};
/* clang-format on */

size_t graph__field_find(graph__type type, riv_str name)
{
    const graph__entity *e = &graph__schema[type];
    for (size_t i = 0; i < e->fields_count; i++)
        if (riv_str_eq(riv_str_c(e->fields[i].name), name)) return i;
    return SIZE_MAX;
}
