/* index_capacity.c: commitments, their units and proofs, by epochs: from Capacity's events and what blocks tell of proofs that were verified.
 * A proof counts from its submission on; when it is refused, it is taken back.
 * Spec: docs/spec/graph.md "Entities from events". Tests: index_test.c. */
#include "graph/index.h"

typedef struct successes {
    uint64_t count;
} successes; /* units of a commitment that proved enough in an epoch */
typedef struct success {
    bool shown;
} success; /* a unit that did; shown: in the commitment's epoch, until it goes into a deal */

typedef struct waiting {
    RIV_VEC(riv_str) proofs; /* ids of rows */
    size_t first;
} waiting;

static riv_err need_commitment(const graph__told *t, const eth_value *id, graph__row **out)
{
    return graph__need(t, GRAPH__CC, graph__hash_id(t, id), out);
}

static bool is_current(const graph__row *peer, const graph__row *cc)
{
    graph__value current = graph__get(GRAPH__PEER, peer, "currentCapacityCommitment");
    return current.set && riv_str_eq(current.text, cc->id);
}

/* ---- when it fails without another proof ---- */

static u256 later(uint64_t epoch, uint64_t by)
{
    u256 out;
    bool fits = u256_add(u256_of(epoch), u256_of(by), &out);
    RIV_ASSERT(fits);
    return out;
}

/* Failures of a commitment that are allowed. */
static uint64_t most_fails(const graph__told *t, const graph__row *cc)
{
    uint64_t units = graph__number(GRAPH__CC, cc, "computeUnitsCount"), most;
    return __builtin_mul_overflow(t->g->index->max_failed_ratio, units, &most) ? UINT64_MAX : most;
}

/* SPEC market.md 6.2: the first epoch in which failures reach the most that are allowed: who still owes a proof fails in the epoch behind the
 * snapshot, all of them in each one after it. */
static u256 failing_epoch(const graph__told *t, const graph__row *cc)
{
    uint64_t active       = graph__number(GRAPH__CC, cc, "activeUnitCount"),
             epoch        = graph__number(GRAPH__CC, cc, "snapshotEpoch");
    uint64_t         all  = active + graph__number(GRAPH__CC, cc, "nextAdditionalActiveUnitCount");
    uint64_t         most = most_fails(t, cc), fails = graph__number(GRAPH__CC, cc, "totalFailCount");
    const successes *s = riv_map_get_str(t->g->index->counted, graph__joined(t, cc->id, graph__epoch_id(t, epoch + 1)));
    uint64_t         rest = most - RIV_MIN(most, fails);
    if (s && __builtin_add_overflow(rest, s->count, &rest)) rest = UINT64_MAX;
    if (active >= rest) return later(epoch, 1);
    u256 never;
    memset(&never, 0xff, sizeof never);
    return all ? later(epoch, 2 + (rest - active - 1) / all) : never;
}

static riv_err foresee(const graph__told *t, graph__row *cc)
{
    graph__row *peer;
    u256        failed = graph__get(GRAPH__CC, cc, "failedEpoch").number;
    if (u256_is_zero(failed)) failed = failing_epoch(t, cc);
    RIV_TRY(graph__need_of(t, GRAPH__CC, cc, "peer", &peer));
    graph__set_number(t->g, GRAPH__CC, cc, "nextCCFailedEpoch", failed);
    if (is_current(peer, cc)) graph__set_number(t->g, GRAPH__PEER, peer, "currentCCNextCCFailedEpoch", failed);
    return RIV_OK;
}

riv_err graph__foresee_all(const graph__told *t)
{
    graph__rows all = graph__all(t->g, GRAPH__CC);
    for (size_t i = 0; i < all.count; i++)
        if (riv_str_eq(graph__get(GRAPH__CC, all.items[i], "status").text, RIV_LIT("WaitStart")))
            RIV_TRY(foresee(t, all.items[i]));
    return RIV_OK;
}

/* ---- made ---- */

static void unlink_units(const graph__told *t, const graph__row *cc)
{
    graph__rows links = graph__list(t->g, GRAPH__CC, cc, graph__field_find(GRAPH__CC, RIV_LIT("computeUnits")));
    riv_str    *ids   = riv_new(t->arena, riv_str, links.count + 1);
    size_t      count = links.count;
    for (size_t i = 0; i < count; i++) ids[i] = links.items[i]->id;
    for (size_t i = 0; i < count; i++) graph__remove(t->g, GRAPH__CC_UNIT, ids[i]);
}

/* While a peer has a commitment its units stay, so they are known here already. The transaction has paid for each of them. */
static uint64_t link_units(const graph__told *t, const graph__row *cc, const graph__row *peer)
{
    graph__rows units = graph__units_of(t, peer);
    for (size_t i = 0; i < units.count; i++)
        graph__link(t, GRAPH__CC_UNIT, "capacityCommitment", cc, "computeUnit", units.items[i]);
    return units.count;
}

static void begin_counts(const graph__told *t, graph__row *cc)
{
    static const char *const none[] = { "rewardWithdrawn", "activeUnitCount",   "startEpoch",
                                        "endEpoch",        "totalFailCount",    "failedEpoch",
                                        "exitedUnitCount", "nextCCFailedEpoch", "nextAdditionalActiveUnitCount",
                                        "snapshotEpoch",   "totalCollateral",   "submittedProofsCount" };
    for (size_t i = 0; i < RIV_COUNT(none); i++) graph__set_u64(t->g, GRAPH__CC, cc, none[i], 0);
}

/* CommitmentCreated(peerId, commitmentId, duration, delegator, rewardDelegationRate, fltCollateralPerUnit). One that was removed in this block may come back. */
static riv_err created(const graph__told *t)
{
    riv_str     id  = graph__hash_id(t, &t->args[1]);
    bool        was = graph__find(t->g, GRAPH__CC, id) != NULL;
    graph__row *peer;
    RIV_TRY(graph__need(t, GRAPH__PEER, graph__hash_id(t, &t->args[0]), &peer));
    graph__row *cc = graph__make(t->g, GRAPH__CC, id);
    if (was) unlink_units(t, cc);
    begin_counts(t, cc);
    graph__set_text(t->g, GRAPH__CC, cc, "peer", peer->id);
    graph__set_text(t->g, GRAPH__CC, cc, "provider", graph__get(GRAPH__PEER, peer, "provider").text);
    graph__set_text(t->g, GRAPH__CC, cc, "status", RIV_LIT("WaitDelegation"));
    graph__set_u64(t->g, GRAPH__CC, cc, "createdAt", t->block->time_s);
    graph__set_number(t->g, GRAPH__CC, cc, "duration", t->args[2].word);
    graph__set_text(t->g, GRAPH__CC, cc, "delegator", graph__address_id(t, &t->args[3]));
    graph__int(t, GRAPH__CC, cc, "rewardDelegatorRate", t->args[4].word);
    graph__set_number(t->g, GRAPH__CC, cc, "collateralPerUnit", t->args[5].word);
    graph__set_bool(t->g, GRAPH__CC, cc, "deleted", false);
    graph__set_u64(t->g, GRAPH__CC, cc, "computeUnitsCount", link_units(t, cc, peer));
    graph__set_text(t->g, GRAPH__PEER, peer, "currentCapacityCommitment", cc->id);
    if (!was) graph__total(t, "capacityCommitmentsTotal");
    return RIV_OK;
}

/* ---- collateral ---- */

/* CollateralDeposited(commitmentId, totalCollateral): who gave it is the delegator when none was named; by Multicall3, that is it. */
static riv_err deposited(const graph__told *t)
{
    static const eth_address nobody;
    graph__row              *cc;
    RIV_TRY(need_commitment(t, &t->args[0], &cc));
    graph__set_number(t->g, GRAPH__CC, cc, "totalCollateral", t->args[1].word);
    if (!riv_str_eq(graph__get(GRAPH__CC, cc, "delegator").text, graph__address_text(t->arena, &nobody))) return RIV_OK;
    if (!t->receipt)
        return riv_fail(t->fault, RIV_E_MALFORMED, t->block->height,
                        "collateral came without a transaction in block %llu", (unsigned long long)t->block->height);
    eth_address capacity = chain_contract_address(CHAIN_CAPACITY);
    bool        straight = eth_address_eq(&t->receipt->to, &capacity);
    graph__set_text(t->g, GRAPH__CC, cc, "delegator",
                    graph__address_text(t->arena, straight ? &t->receipt->from : &t->receipt->to));
    return RIV_OK;
}

/* SPEC market.md 6.7: Q21: with our rules those that serve a deal do not owe proofs from the start */
static uint64_t active_from_start(const graph__told *t, const eth_value *units)
{
    uint64_t active = units->items_count;
    if (t->g->index->params.rules != CHAIN_FIXED) return active;
    for (size_t i = 0; i < units->items_count; i++) {
        const graph__row *unit = graph__find(t->g, GRAPH__UNIT, graph__hash_id(t, &units->items[i]));
        if (unit && graph__get(GRAPH__UNIT, unit, "deal").set) active--;
    }
    return active;
}

/* CommitmentActivated(peerId, commitmentId, startEpoch, endEpoch, unitIds) */
static riv_err activated(const graph__told *t)
{
    graph__row *cc, *peer;
    RIV_TRY(need_commitment(t, &t->args[1], &cc));
    RIV_TRY(graph__need_of(t, GRAPH__CC, cc, "peer", &peer));
    graph__set_text(t->g, GRAPH__CC, cc, "status", RIV_LIT("WaitStart"));
    graph__set_number(t->g, GRAPH__CC, cc, "startEpoch", t->args[2].word);
    graph__set_number(t->g, GRAPH__CC, cc, "endEpoch", t->args[3].word);
    graph__set_u64(t->g, GRAPH__CC, cc, "activeUnitCount", active_from_start(t, &t->args[4]));
    graph__set_u64(t->g, GRAPH__CC, cc, "nextAdditionalActiveUnitCount", 0);
    graph__set_u64(t->g, GRAPH__CC, cc, "snapshotEpoch", t->epoch);
    if (is_current(peer, cc)) {
        graph__set_number(t->g, GRAPH__PEER, peer, "currentCCCollateralDepositedAt", t->args[2].word);
        graph__set_number(t->g, GRAPH__PEER, peer, "currentCCEndEpoch", t->args[3].word);
    }
    return foresee(t, cc);
}

/* ---- the end ---- */

/* As the contract does, whichever commitment the peer has now. */
static riv_err leave_peer(const graph__told *t, const graph__row *cc)
{
    graph__row *peer;
    RIV_TRY(graph__need_of(t, GRAPH__CC, cc, "peer", &peer));
    graph__set_null(t->g, GRAPH__PEER, peer, "currentCapacityCommitment");
    graph__set_u64(t->g, GRAPH__PEER, peer, "currentCCCollateralDepositedAt", 0);
    graph__set_u64(t->g, GRAPH__PEER, peer, "currentCCEndEpoch", 0);
    graph__set_u64(t->g, GRAPH__PEER, peer, "currentCCNextCCFailedEpoch", 0);
    return RIV_OK;
}

/* CommitmentRemoved(commitmentId): before collateral came */
static riv_err removed(const graph__told *t)
{
    graph__row *cc;
    RIV_TRY(need_commitment(t, &t->args[0], &cc));
    graph__set_bool(t->g, GRAPH__CC, cc, "deleted", true);
    return leave_peer(t, cc);
}

/* CommitmentFinished(commitmentId): collateral went back, less what was slashed */
static riv_err finished(const graph__told *t)
{
    graph__row *cc;
    RIV_TRY(need_commitment(t, &t->args[0], &cc));
    graph__set_text(t->g, GRAPH__CC, cc, "status", RIV_LIT("Removed"));
    return leave_peer(t, cc);
}

/* CommitmentFailed(commitmentId, failedEpoch): nobody of it owes a proof any more */
static riv_err failed(const graph__told *t)
{
    graph__row *cc;
    RIV_TRY(need_commitment(t, &t->args[0], &cc));
    graph__set_text(t->g, GRAPH__CC, cc, "status", RIV_LIT("Failed"));
    graph__set_number(t->g, GRAPH__CC, cc, "failedEpoch", t->args[1].word);
    graph__int(t, GRAPH__CC, cc, "totalFailCount", u256_of(most_fails(t, cc)));
    graph__set_u64(t->g, GRAPH__CC, cc, "activeUnitCount", 0);
    graph__set_u64(t->g, GRAPH__CC, cc, "nextAdditionalActiveUnitCount", 0);
    return foresee(t, cc);
}

/* RewardWithdrawn(commitmentId, amount) */
static riv_err reward_withdrawn(const graph__told *t)
{
    graph__row *cc;
    RIV_TRY(need_commitment(t, &t->args[0], &cc));
    graph__sum(t, GRAPH__CC, cc, "rewardWithdrawn", t->args[1].word);
    return RIV_OK;
}

/* ---- a commitment in an epoch ---- */

/* Of a commitment and of its epoch, as CommitmentStatsUpdated tells them. */
static const char *const counts[] = { "totalFailCount", "exitedUnitCount", "activeUnitCount",
                                      "nextAdditionalActiveUnitCount" };

static void copy_counts(const graph__told *t, const graph__row *cc, graph__row *to)
{
    for (size_t i = 0; i < RIV_COUNT(counts); i++)
        graph__set_u64(t->g, GRAPH__CC_EPOCH, to, counts[i], graph__number(GRAPH__CC, cc, counts[i]));
    graph__set_number(t->g, GRAPH__CC_EPOCH, to, "currentCCNextCCFailedEpoch",
                      graph__get(GRAPH__CC, cc, "nextCCFailedEpoch").number);
}

static graph__row *cc_epoch(const graph__told *t, const graph__row *cc)
{
    riv_str     epoch = graph__epoch_id(t, t->epoch), id = graph__joined(t, cc->id, epoch);
    graph__row *row = graph__find(t->g, GRAPH__CC_EPOCH, id);
    if (row) return row;
    row = graph__make(t->g, GRAPH__CC_EPOCH, id);
    graph__set_text(t->g, GRAPH__CC_EPOCH, row, "capacityCommitment", cc->id);
    graph__set_text(t->g, GRAPH__CC_EPOCH, row, "epochStatistic", epoch);
    graph__set_u64(t->g, GRAPH__CC_EPOCH, row, "epoch", t->epoch);
    copy_counts(t, cc, row);
    return row;
}

/* CommitmentStatsUpdated(commitmentId, totalFailCount, exitedUnitCount, activeUnitCount, nextAdditionalActiveUnitCount, changedEpoch). The last is the epoch
 * up to which proofs are known, which the snapshot may be ahead of before the start. */
static riv_err stats_updated(const graph__told *t)
{
    graph__row *cc;
    RIV_TRY(need_commitment(t, &t->args[0], &cc));
    for (size_t i = 0; i < RIV_COUNT(counts); i++) graph__int(t, GRAPH__CC, cc, counts[i], t->args[1 + i].word);
    if (u256_cmp(t->args[5].word, graph__get(GRAPH__CC, cc, "snapshotEpoch").number) > 0)
        graph__set_number(t->g, GRAPH__CC, cc, "snapshotEpoch",
                          u256_of(RIV_MIN(graph__u64(t->args[5].word), t->epoch)));
    RIV_TRY(foresee(t, cc));
    copy_counts(t, cc, cc_epoch(t, cc));
    return RIV_OK;
}

/* ---- who proved enough ---- */

/* The epoch's first proof says how many are enough in it. */
static uint64_t enough_in(const graph__told *t, uint64_t epoch)
{
    graph__index *index = t->g->index;
    uint64_t     *min   = riv_map_get_u64(index->min_of, epoch);
    if (!min) {
        min = riv_new(index->arena, uint64_t, 1);
        riv_map_put_u64(index->min_of, epoch, min);
    }
    if (*min == 0) *min = index->min_proofs;
    return *min;
}

static void succeed(const graph__told *t, graph__row *stats, riv_str unit_epoch)
{
    graph__index *index = t->g->index;
    successes    *s     = riv_map_get_str(index->counted, stats->id);
    success      *of    = riv_new(index->arena, success, 1);
    if (!s) {
        s = riv_new(index->arena, successes, 1);
        riv_map_put_str(index->counted, stats->id, s);
    }
    s->count++;
    of->shown = true;
    riv_map_put_str(index->succeeded, unit_epoch, of);
    graph__set_u64(t->g, GRAPH__CC_EPOCH, stats, "computeUnitsWithMinRequiredProofsSubmittedCounter",
                   graph__number(GRAPH__CC_EPOCH, stats, "computeUnitsWithMinRequiredProofsSubmittedCounter") + 1);
}

static void hide(const graph__told *t, graph__row *stats, success *of)
{
    if (of->shown) graph__count_down(t, GRAPH__CC_EPOCH, stats, "computeUnitsWithMinRequiredProofsSubmittedCounter");
    of->shown = false;
}

static void fail_again(const graph__told *t, graph__row *stats, riv_str unit_epoch)
{
    success   *of = riv_map_remove(t->g->index->succeeded, riv_str_bytes(unit_epoch));
    successes *s  = riv_map_get_str(t->g->index->counted, stats->id);
    if (!of || !s) return;
    hide(t, stats, of);
    s->count -= s->count > 0;
}

/* UnitDeactivated(commitmentId, unitId): it serves a deal now, and is none of those that prove */
static riv_err unit_deactivated(const graph__told *t)
{
    graph__row *cc;
    RIV_TRY(need_commitment(t, &t->args[0], &cc));
    success *of = riv_map_get_str(t->g->index->succeeded,
                                  graph__joined(t, graph__hash_id(t, &t->args[1]), graph__epoch_id(t, t->epoch)));
    if (of) hide(t, cc_epoch(t, cc), of);
    return RIV_OK;
}

/* ---- proofs ---- */

/* The transaction's hash; of its second and later proofs with their number behind it. */
static riv_str proof_id(const graph__told *t)
{
    eth_value hash   = eth_of_hash(t->receipt->hash.bytes);
    riv_str   id     = graph__hash_id(t, &hash);
    uint64_t  number = (*t->proofs)++;
    return number ? riv_format(t->arena, RIV_FMT "-%llu", RIV_ARG(id), (unsigned long long)number) : id;
}

static graph__row *make_proof(const graph__told *t, const graph__row *cc, const graph__row *unit,
                              const graph__row *stats)
{
    graph__row *proof = graph__make(t->g, GRAPH__PROOF, proof_id(t));
    graph__set_text(t->g, GRAPH__PROOF, proof, "capacityCommitment", cc->id);
    graph__set_text(t->g, GRAPH__PROOF, proof, "capacityCommitmentStatsPerEpoch", stats->id);
    graph__set_text(t->g, GRAPH__PROOF, proof, "computeUnit", unit->id);
    graph__set_text(t->g, GRAPH__PROOF, proof, "provider", graph__get(GRAPH__UNIT, unit, "provider").text);
    graph__set_text(t->g, GRAPH__PROOF, proof, "peer", graph__get(GRAPH__UNIT, unit, "peer").text);
    graph__set_text(t->g, GRAPH__PROOF, proof, "localUnitNonce", graph__hash_id(t, &t->args[2]));
    graph__set_u64(t->g, GRAPH__PROOF, proof, "createdAt", t->block->time_s);
    graph__set_u64(t->g, GRAPH__PROOF, proof, "createdEpoch", t->epoch);
    return proof;
}

static riv_err count_proof(const graph__told *t, graph__row *cc, graph__row *unit, graph__row *stats,
                           graph__row **unit_epoch)
{
    riv_str     epoch = graph__epoch_id(t, t->epoch);
    graph__row *row   = graph__make(t->g, GRAPH__UNIT_EPOCH, graph__joined(t, unit->id, epoch));
    graph__set_text(t->g, GRAPH__UNIT_EPOCH, row, "epochStatistic", epoch);
    graph__set_text(t->g, GRAPH__UNIT_EPOCH, row, "computeUnit", unit->id);
    graph__set_text(t->g, GRAPH__UNIT_EPOCH, row, "capacityCommitment", cc->id);
    graph__total(t, "proofsTotal");
    RIV_TRY(graph__count(t, GRAPH__UNIT_EPOCH, row, "submittedProofsCount", 1));
    RIV_TRY(graph__count(t, GRAPH__CC, cc, "submittedProofsCount", 1));
    RIV_TRY(graph__count(t, GRAPH__UNIT, unit, "submittedProofsCount", 1));
    RIV_TRY(graph__count(t, GRAPH__CC_EPOCH, stats, "submittedProofsCount", 1));
    *unit_epoch = row;
    return RIV_OK;
}

static void put_waiting(const graph__told *t, riv_str unit, riv_str proof)
{
    graph__index *index = t->g->index;
    waiting      *w     = riv_map_get_str(index->waiting, unit);
    if (!w) {
        w = riv_new(index->arena, waiting, 1);
        riv_map_put_str(index->waiting, unit, w);
    }
    *riv_push(index->arena, &w->proofs) = proof;
}

static bool take_first(waiting *w, riv_str *proof)
{
    if (w->first == w->proofs.len) return false;
    *proof = w->proofs.ptr[w->first++];
    if (w->first == w->proofs.len) w->first = w->proofs.len = 0;
    return true;
}

/* ProofSubmitted(commitmentId, unitId, localUnitNonce) */
static riv_err proof_submitted(const graph__told *t)
{
    graph__row *cc, *unit, *unit_epoch;
    RIV_TRY(need_commitment(t, &t->args[0], &cc));
    RIV_TRY(graph__need(t, GRAPH__UNIT, graph__hash_id(t, &t->args[1]), &unit));
    if (!t->receipt)
        return riv_fail(t->fault, RIV_E_MALFORMED, t->block->height, "a proof came without a transaction in block %llu",
                        (unsigned long long)t->block->height);
    graph__row *stats = cc_epoch(t, cc), *proof = make_proof(t, cc, unit, stats);
    RIV_TRY(count_proof(t, cc, unit, stats, &unit_epoch));
    if (graph__number(GRAPH__UNIT_EPOCH, unit_epoch, "submittedProofsCount") == enough_in(t, t->epoch))
        succeed(t, stats, unit_epoch->id);
    if (!t->g->index->params.proofs_mocked) put_waiting(t, unit->id, proof->id);
    return foresee(t, cc);
}

static riv_err take_back(const graph__told *t, riv_str id)
{
    graph__row *proof, *cc, *unit, *stats, *unit_epoch, *network = graph__network(t);
    RIV_TRY(graph__need(t, GRAPH__PROOF, id, &proof));
    RIV_TRY(graph__need_of(t, GRAPH__PROOF, proof, "capacityCommitment", &cc));
    RIV_TRY(graph__need_of(t, GRAPH__PROOF, proof, "computeUnit", &unit));
    RIV_TRY(graph__need_of(t, GRAPH__PROOF, proof, "capacityCommitmentStatsPerEpoch", &stats));
    uint64_t epoch = graph__number(GRAPH__PROOF, proof, "createdEpoch");
    RIV_TRY(graph__need(t, GRAPH__UNIT_EPOCH, graph__joined(t, unit->id, graph__epoch_id(t, epoch)), &unit_epoch));
    graph__remove(t->g, GRAPH__PROOF, id);
    graph__count_down(t, GRAPH__NETWORK, network, "proofsTotal");
    graph__count_down(t, GRAPH__CC, cc, "submittedProofsCount");
    graph__count_down(t, GRAPH__UNIT, unit, "submittedProofsCount");
    graph__count_down(t, GRAPH__CC_EPOCH, stats, "submittedProofsCount");
    graph__count_down(t, GRAPH__UNIT_EPOCH, unit_epoch, "submittedProofsCount");
    if (graph__number(GRAPH__UNIT_EPOCH, unit_epoch, "submittedProofsCount") < enough_in(t, epoch))
        fail_again(t, stats, unit_epoch->id);
    return foresee(t, cc);
}

/* ProofsConfirmed(peerId, unitIds, confirmed): those of a unit are verified in the order in which they were submitted */
static riv_err proofs_confirmed(const graph__told *t)
{
    const eth_value *units = &t->args[1], *yes = &t->args[2];
    if (units->items_count != yes->items_count)
        return riv_fail(t->fault, RIV_E_MALFORMED, t->block->height, "%zu units with %zu results", units->items_count,
                        yes->items_count);
    for (size_t i = 0; i < units->items_count; i++) {
        riv_str  unit  = graph__hash_id(t, &units->items[i]);
        waiting *w     = riv_map_get_str(t->g->index->waiting, unit);
        riv_str  proof = { 0 };
        if (!w || !take_first(w, &proof))
            return riv_fail(t->fault, RIV_E_MALFORMED, t->block->height, "no proof of " RIV_FMT " waits to be verified",
                            RIV_ARG(unit));
        if (u256_is_zero(yes->items[i].word)) RIV_TRY(take_back(t, proof));
    }
    return RIV_OK;
}

static const graph__event events[] = {
    { "CommitmentCreated", created },        { "CollateralDeposited", deposited },
    { "CommitmentActivated", activated },    { "CommitmentRemoved", removed },
    { "CommitmentFinished", finished },      { "CommitmentFailed", failed },
    { "RewardWithdrawn", reward_withdrawn }, { "CommitmentStatsUpdated", stats_updated },
    { "UnitDeactivated", unit_deactivated }, { "ProofSubmitted", proof_submitted },
    { "ProofsConfirmed", proofs_confirmed },
};
const graph__events graph__capacity_events = { CHAIN_CAPACITY, events, RIV_COUNT(events) };
