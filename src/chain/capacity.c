/* capacity.c: Capacity: commitments from their creation to their end, and the way of units between proving and serving.
 * Money: collateral and rewards lie in this contract's account; 'r' 3 counts what is for rewards.
 * Spec: docs/spec/market.md 6. Tests: capacity_test.c. */
#include "chain/capacity.h"

#include "chain/market.h"

#define EVENT_CREATED                                                                                                  \
    "CommitmentCreated(bytes32 indexed peerId,bytes32 commitmentId,uint256 duration,address delegator,uint256 "        \
    "rewardDelegationRate,uint256 fltCollateralPerUnit)"
#define EVENT_REMOVED   "CommitmentRemoved(bytes32 indexed commitmentId)"
#define EVENT_DEPOSITED "CollateralDeposited(bytes32 indexed commitmentId,uint256 totalCollateral)"
#define EVENT_ACTIVATED                                                                                                \
    "CommitmentActivated(bytes32 indexed peerId,bytes32 indexed commitmentId,uint256 startEpoch,uint256 "              \
    "endEpoch,bytes32[] unitIds)"
#define EVENT_FINISHED    "CommitmentFinished(bytes32 indexed commitmentId)"
#define EVENT_WITHDRAWN   "RewardWithdrawn(bytes32 indexed commitmentId,uint256 amount)"
#define EVENT_DEACTIVATED "UnitDeactivated(bytes32 indexed commitmentId,bytes32 indexed unitId)"
#define EVENT_UNIT_ACTIVE "UnitActivated(bytes32 indexed commitmentId,bytes32 indexed unitId,uint256 startEpoch)"

#define DURATION_MAX (UINT64_MAX / 4) /* so that epochs can be added */

static chain__key reward_balance_key(void) { return chain__key_with(chain__key_of('r'), RIV_BYTES("\3")); }

static riv_err wrong_status(chain__call *c, const char *error, chain__cc_status status)
{
    eth_value v = eth_word(status);
    return chain__revert_custom(c, error, &v);
}

/* A commitment with its peer; what is not there has no peer either. */
static riv_err load(chain__call *c, const chain__id *id, chain__cc *cc, chain__peer *peer)
{
    chain__cc_get(c, id, cc);
    return chain__peer_get(c, &cc->peer, peer) ? RIV_OK : chain__revert(c, "Peer doesn't exist");
}

static riv_err load_existing(chain__call *c, const chain__id *id, chain__cc *cc, chain__peer *peer)
{
    if (!chain__cc_get(c, id, cc)) return chain__revert(c, "Capacity commitment doesn't exist");
    return load(c, id, cc, peer);
}

/* The original asks whose the peer is now. SPEC market.md 6.6: Q23 */
static eth_address provider_of(chain__call *c, const chain__cc *cc)
{
    return chain__fixed(c) ? cc->provider : chain__peer_provider(c, &cc->peer);
}

static bool by_provider(chain__call *c, const chain__cc *cc)
{
    eth_address provider = provider_of(c, cc);
    return eth_address_eq(&provider, &c->sender);
}

static riv_err change_active(chain__call *c, uint64_t more, uint64_t less)
{
    u256 count;
    RIV_TRY(chain__add(c, u256_of(chain__active_units(c)), u256_of(more), &count));
    RIV_TRY(chain__sub(c, count, u256_of(less), &count));
    return chain__active_units_set(c, count);
}

/* ---- made and removed ---- */

static chain__id commitment_id(chain__call *c, const eth_value *args)
{
    eth_address delegator = eth_to_address(&args[2]);
    riv_buf     bytes     = riv_buf_in(c->arena);
    chain__id   out;
    u256_to_be(u256_of(c->height), riv_buf_raw(&bytes, 32));
    u256_to_be(args[0].word, riv_buf_raw(&bytes, 32));
    u256_to_be(args[1].word, riv_buf_raw(&bytes, 32));
    riv_put_bytes(&bytes, chain__address_view(&delegator));
    u256_to_be(args[3].word, riv_buf_raw(&bytes, 32));
    crypto_hash hash = crypto_keccak256(riv_buf_view(&bytes));
    memcpy(out.bytes, hash.bytes, sizeof out.bytes);
    return out;
}

static riv_err check_terms(chain__call *c, const eth_value *args, const chain__constants *k)
{
    if (u256_cmp(args[1].word, u256_of(k->min_duration)) < 0)
        return chain__revert(c, "Duration should be greater than min capacity commitment duration");
    if (u256_is_zero(args[3].word)) return chain__revert(c, "Reward delegation rate should be greater than 0");
    if (u256_cmp(args[3].word, u256_of(CHAIN__PRECISION)) > 0)
        return chain__revert(c, "Reward delegation rate should be less or equal 1");
    return u256_cmp(args[1].word, u256_of(DURATION_MAX)) > 0 ? chain__panic(c, 0x11) : RIV_OK;
}

static riv_err run_create(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__cc        cc = { .peer = chain__to_id(&args[0]), .delegator = eth_to_address(&args[2]) };
    chain__peer      peer;
    chain__constants k;
    if (!chain__approved(c, &c->sender)) return chain__revert(c, "Whitelist: provider is not approved");
    if (!chain__peer_get(c, &cc.peer, &peer)) return chain__revert(c, "Peer doesn't exist");
    if (!chain__id_is_zero(&peer.commitment)) return chain__revert(c, "Peer already has commitment");
    cc.provider = chain__peer_provider(c, &cc.peer);
    if (!by_provider(c, &cc)) return chain__revert(c, "Only provider can create capacity commitment");
    if (peer.units_count == 0 && chain__fixed(c))
        return chain__revert(c, "Peer has no compute units"); /* SPEC market.md 6.1: Q22 */
    chain__constants_of(c, &k);
    RIV_TRY(check_terms(c, args, &k));
    /* Whoever follows the chain has to do with each unit when a commitment is made, and it may be made and removed again and again. */
    if (!chain__charge(c->meter, CHAIN__GAS_READ * peer.units_count)) return RIV_E_LIMIT;
    bool fits = u256_u64(args[1].word, &cc.duration) && u256_u64(args[3].word, &cc.rate);
    RIV_ASSERT(fits); /* checked above */
    cc.id                  = commitment_id(c, args);
    cc.collateral_per_unit = k.flt_collateral_per_unit;
    cc.progress.status     = CHAIN__CC_WAIT_DELEGATION;
    chain__cc_put(c, &cc);
    chain__peer_set_commitment(c, &cc.peer, &cc.id);
    const eth_value told[] = { args[0], chain__of_id(&cc.id),
                               args[1], args[2],
                               args[3], eth_number(cc.collateral_per_unit) };
    chain__emit(c, EVENT_CREATED, told);
    out[0] = chain__of_id(&cc.id);
    return RIV_OK;
}

static riv_err run_remove(chain__call *c, const eth_value *args, eth_value *out)
{
    static const chain__id none;
    chain__id              id = chain__to_id(&args[0]);
    chain__cc              cc;
    chain__peer            peer;
    (void)out;
    RIV_TRY(load(c, &id, &cc, &peer));
    if (!by_provider(c, &cc)) return chain__revert(c, "Only provider can remove capacity commitment");
    if (chain__cc_look_at(c, &cc, peer.units_count) != CHAIN__CC_WAIT_DELEGATION)
        return chain__revert(c, "Capacity commitment is not in WaitDelegation status");
    chain__peer_set_commitment(c, &cc.peer, &none);
    chain__cc_forget(c, &id);
    chain__emit(c, EVENT_REMOVED, args);
    return RIV_OK;
}

/* ---- collateral ---- */

static eth_value unit_ids(chain__call *c, const chain__cc *cc, uint64_t count)
{
    if (!chain__affords(c, count)) return eth_list(NULL, 0);
    eth_value *ids = riv_new(c->arena, eth_value, (size_t)count + 1);
    for (uint64_t i = 0; i < count && !c->meter->out; i++) {
        chain__id unit = { { 0 } };
        chain__peer_units(c, &cc->peer, i, &unit);
        ids[i] = chain__of_id(&unit);
    }
    return eth_list(ids, (size_t)count);
}

static void tell_deposit(chain__call *c, const chain__cc *cc, u256 collateral, uint64_t units)
{
    const eth_value id = chain__of_id(&cc->id), deposited[] = { id, eth_number(collateral) };
    const eth_value activated[] = { chain__of_id(&cc->peer), id, eth_word(cc->start_epoch),
                                    eth_word(cc->start_epoch + cc->duration), unit_ids(c, cc, units) };
    chain__emit(c, EVENT_DEPOSITED, deposited);
    chain__emit(c, EVENT_ACTIVATED, activated);
}

/* How many units owe proofs from the start. The original takes all of them, also those that serve in a deal already, and counts these again when
 * they come back. SPEC market.md 6.7: Q21 */
static uint64_t begin_units(chain__call *c, const chain__cc *cc, uint64_t count)
{
    uint64_t active = count;
    for (uint64_t i = 0; i < count && chain__fixed(c) && !c->meter->out; i++) {
        chain__id            id   = { { 0 } };
        chain__unit          unit = { 0 };
        chain__unit_progress u;
        chain__peer_units(c, &cc->peer, i, &id);
        if (!chain__unit_get(c, &id, &unit) || eth_address_is_zero(&unit.deal)) continue;
        chain__cc_unit_get(c, cc, &id, &u);
        u.inactive = true;
        chain__cc_unit_put(c, cc, &id, &u);
        active--;
    }
    return active;
}

static riv_err deposit_one(chain__call *c, const chain__id *id, u256 *value_left)
{
    chain__cc   cc;
    chain__peer peer;
    u256        collateral;
    RIV_TRY(load_existing(c, id, &cc, &peer));
    if (chain__cc_look_at(c, &cc, peer.units_count) != CHAIN__CC_WAIT_DELEGATION)
        return chain__revert(c, "Capacity commitment is not in WaitDelegation status");
    RIV_TRY(chain__mul(c, cc.collateral_per_unit, u256_of(peer.units_count), &collateral));
    RIV_TRY(chain__sub(c, *value_left, collateral, value_left));
    if (eth_address_is_zero(&cc.delegator))
        cc.delegator = c->sender;
    else if (!eth_address_eq(&cc.delegator, &c->sender))
        return chain__revert(c, "Only delegator can lock collateral");
    cc.start_epoch             = c->epoch + 1;
    cc.progress.status         = CHAIN__CC_ACTIVE; /* that it waits for its start shows by the epoch */
    cc.progress.snapshot_epoch = c->epoch;
    cc.progress.active         = begin_units(c, &cc, peer.units_count);
    chain__cc_put(c, &cc);
    RIV_TRY(change_active(c, cc.progress.active, 0));
    tell_deposit(c, &cc, collateral, peer.units_count);
    chain__market_refresh(c, &cc.peer);
    return RIV_OK;
}

static riv_err run_deposit(chain__call *c, const eth_value *args, eth_value *out)
{
    u256 left = c->value;
    (void)out;
    for (size_t i = 0; i < args[0].items_count; i++) {
        chain__id id = chain__to_id(&args[0].items[i]);
        RIV_TRY(deposit_one(c, &id, &left));
    }
    return u256_is_zero(left) ? RIV_OK : chain__revert(c, "Excessive value");
}

/* ---- the end ---- */

static bool over(chain__cc_status status) { return status == CHAIN__CC_INACTIVE || status == CHAIN__CC_FAILED; }

static riv_err leave(chain__call *c, const chain__id *id, const chain__id *unit_id)
{
    chain__unit          unit;
    chain__unit_progress u;
    chain__cc            cc;
    chain__cc_get(c, id, &cc);
    if (!chain__unit_get(c, unit_id, &unit)) return chain__revert(c, "Compute unit doesn't exist");
    if (!chain__id_eq(&unit.peer, &cc.peer))
        return chain__revert(c, "Compute unit doesn't belong to capacity commitment");
    chain__cc_unit_get(c, &cc, unit_id, &u);
    if (u.exited) return chain__revert(c, "Compute unit is exited");
    if (!eth_address_is_zero(&unit.deal)) {
        RIV_TRY(chain__market_return_unit(c, unit_id));
        chain__cc_get(c, id, &cc); /* both changed by it */
        chain__cc_unit_get(c, &cc, unit_id, &u);
    }
    RIV_TRY(chain__cc_commit_unit(c, &cc, unit_id, &u));
    RIV_TRY(chain__add(c, cc.slashed, u.slashed, &cc.slashed));
    cc.exited += 1;
    u.exited = true;
    chain__cc_put(c, &cc);
    chain__cc_unit_put(c, &cc, unit_id, &u);
    return RIV_OK;
}

static riv_err run_remove_units(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__id        id = chain__to_id(&args[0]);
    chain__cc        cc;
    chain__peer      peer;
    chain__cc_status status;
    (void)out;
    RIV_TRY(load(c, &id, &cc, &peer));
    if (!by_provider(c, &cc)) return chain__revert(c, "Only provider can remove capacity commitment");
    RIV_TRY(chain__cc_commit(c, &cc, peer.units_count, &status));
    if (!over(status)) return wrong_status(c, CHAIN__ERROR_ACTIVE, status);
    for (size_t i = 0; i < args[1].items_count; i++) {
        chain__id unit = chain__to_id(&args[1].items[i]);
        RIV_TRY(leave(c, &id, &unit));
    }
    chain__cc_get(c, &id, &cc);
    chain__cc_emit_stats(c, &cc);
    return RIV_OK;
}

static riv_err pay_back(chain__call *c, const chain__cc *cc, uint64_t units)
{
    chain__constants k;
    u256             all;
    chain__constants_of(c, &k);
    RIV_TRY(chain__mul(c, cc->collateral_per_unit, u256_of(units), &all));
    RIV_TRY(chain__sub(c, all, cc->slashed, &all));
    RIV_TRY(chain__send_flt(c, &c->self, &cc->delegator, all));
    return chain__send_flt(c, &c->self, &k.owner, cc->slashed);
}

/* SPEC market.md 6.1: the stored status counts, as units have to leave before and store it. */
static riv_err run_finish(chain__call *c, const eth_value *args, eth_value *out)
{
    static const chain__id none;
    chain__id              id = chain__to_id(&args[0]);
    chain__cc              cc;
    chain__peer            peer;
    chain__constants       k;
    (void)out;
    RIV_TRY(load(c, &id, &cc, &peer));
    chain__constants_of(c, &k);
    if (!over(cc.progress.status)) return wrong_status(c, CHAIN__ERROR_ACTIVE, cc.progress.status);
    if (cc.progress.status == CHAIN__CC_FAILED &&
        (c->epoch < cc.progress.failed_epoch || c->epoch - cc.progress.failed_epoch < k.withdraw_epochs_after_failed))
        return chain__revert(c, "Capacity commitment is failed and not enough epochs passed");
    if (cc.exited != peer.units_count) return chain__revert(c, "For finish commitment all units should be exited");
    cc.progress.status = CHAIN__CC_REMOVED;
    chain__cc_put(c, &cc);
    chain__peer_set_commitment(c, &cc.peer, &none);
    RIV_TRY(pay_back(c, &cc, peer.units_count));
    chain__emit(c, EVENT_FINISHED, args);
    chain__market_refresh(c, &cc.peer);
    return RIV_OK;
}

/* ---- rewards ---- */

static riv_err receive(chain__call *c)
{
    chain__key key = reward_balance_key();
    u256       sum;
    if (u256_is_zero(c->value)) return RIV_OK;
    RIV_TRY(chain__add(c, chain__get_u256(c, &key), c->value, &sum));
    chain__put_u256(c, &key, sum);
    return RIV_OK;
}

/* What is free by epoch and was not withdrawn. */
static riv_err take_vested(chain__call *c, const chain__id *id, uint64_t epoch, u256 *amount)
{
    chain__vesting v;
    u256           cumulative;
    chain__vesting_get(c, id, &v);
    if (!chain__vesting_at(&v, epoch, &cumulative)) return chain__revert(c, "Nothing to withdraw");
    RIV_TRY(chain__sub(c, cumulative, v.withdrawn, amount));
    v.withdrawn = cumulative;
    if (chain__fixed(c)) chain__vesting_taken(&v, epoch);
    chain__vesting_put(c, id, &v);
    return RIV_OK;
}

static riv_err pay_reward(chain__call *c, const chain__cc *cc, u256 amount)
{
    chain__key  key      = reward_balance_key();
    eth_address provider = provider_of(c, cc);
    u256        balance  = chain__get_u256(c, &key), to_delegator, to_provider;
    if (!u256_sub(balance, amount, &balance))
        return chain__revert(c, "Not enough reward balance pool on the contract. Wait when DAO will refill it.");
    chain__put_u256(c, &key, balance);
    RIV_TRY(chain__mul(c, amount, u256_of(cc->rate), &to_delegator));
    RIV_TRY(chain__div(c, to_delegator, u256_of(CHAIN__PRECISION), &to_delegator));
    RIV_TRY(chain__sub(c, amount, to_delegator, &to_provider));
    RIV_TRY(chain__send_flt(c, &c->self, &cc->delegator, to_delegator));
    return chain__send_flt(c, &c->self, &provider, to_provider);
}

static riv_err run_withdraw(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__id        id    = chain__to_id(&args[0]);
    uint64_t         epoch = chain__proofs_epoch(c);
    chain__cc        cc;
    chain__peer      peer = { 0 };
    chain__cc_status status;
    u256             amount;
    (void)out;
    chain__cc_get(c, &id, &cc);
    bool ours =
        chain__fixed(c) && cc.progress.status == CHAIN__CC_REMOVED; /* over: its peer may be gone, or another's */
    if (!ours) RIV_TRY(load(c, &id, &cc, &peer));
    if (!by_provider(c, &cc) && !eth_address_eq(&cc.delegator, &c->sender))
        return chain__revert(c, "Only provider or delegator can withdraw reward");
    RIV_TRY(chain__cc_commit(c, &cc, peer.units_count, &status));
    if (cc.progress.failed_epoch) epoch = cc.progress.failed_epoch; /* what comes later is lost */
    RIV_TRY(take_vested(c, &id, epoch, &amount));
    RIV_TRY(pay_reward(c, &cc, amount));
    chain__cc_emit_stats(c, &cc);
    const eth_value told[] = { args[0], eth_number(amount) };
    chain__emit(c, EVENT_WITHDRAWN, told);
    return RIV_OK;
}

/* ---- units go into deals and come back; c->self is Market when it is called from there ---- */

/* A unit that came back behind the snapshot is not among the active ones yet. The original takes it from there all the same,
 * and fails when there are none. SPEC market.md 6.7 */
static riv_err leave_active(chain__call *c, chain__cc_progress *p, const chain__id *unit)
{
    chain__unit u       = { 0 };
    bool        waiting = p->additional > 0 && chain__unit_get(c, unit, &u) && u.start_epoch > p->snapshot_epoch + 1;
    uint64_t   *from    = waiting && chain__fixed(c) ? &p->additional : &p->active;
    if (*from == 0) return chain__panic(c, 0x11);
    *from -= 1;
    return RIV_OK;
}

static riv_err moved_to_deal(chain__call *c, const chain__id *id, const chain__id *unit)
{
    chain__cc            cc;
    chain__peer          peer;
    chain__cc_status     status;
    chain__unit_progress u;
    RIV_TRY(load(c, id, &cc, &peer));
    RIV_TRY(chain__cc_commit(c, &cc, peer.units_count, &status));
    if (status != CHAIN__CC_ACTIVE) return wrong_status(c, CHAIN__ERROR_NOT_ACTIVE, status);
    chain__cc_unit_get(c, &cc, unit, &u);
    RIV_TRY(chain__cc_commit_unit(c, &cc, unit, &u));
    u.inactive = true;
    RIV_TRY(leave_active(c, &cc.progress, unit));
    chain__cc_unit_put(c, &cc, unit, &u);
    chain__cc_put(c, &cc);
    RIV_TRY(change_active(c, 0, 1));
    chain__cc_emit_stats(c, &cc);
    const eth_value told[] = { chain__of_id(id), chain__of_id(unit) };
    chain__emit(c, EVENT_DEACTIVATED, told);
    return RIV_OK;
}

static riv_err returned(chain__call *c, const chain__id *id, const chain__id *unit)
{
    chain__cc            cc;
    chain__peer          peer;
    chain__cc_status     status;
    chain__unit_progress u;
    RIV_TRY(load(c, id, &cc, &peer));
    RIV_TRY(chain__cc_commit(c, &cc, peer.units_count, &status));
    if (status == CHAIN__CC_WAIT_DELEGATION && chain__fixed(c))
        return RIV_OK; /* it has not begun: SPEC market.md 6.7: Q21 */
    chain__cc_unit_get(c, &cc, unit, &u);
    u.inactive             = false;
    u.last_epoch           = c->epoch;
    const eth_value told[] = { chain__of_id(id), chain__of_id(unit), eth_word(c->epoch + 1) };
    chain__cc_unit_put(c, &cc, unit, &u);
    chain__emit(c, EVENT_UNIT_ACTIVE, told);
    if (over(status)) return RIV_OK;
    if (chain__fixed(c) && cc.progress.snapshot_epoch >= c->epoch) {
        cc.progress.active += 1; /* it begins with the next epoch, and so does the unit */
    } else {
        cc.progress.additional += 1;
        cc.progress.additional_from = c->epoch;
    }
    chain__cc_put(c, &cc);
    RIV_TRY(change_active(c, 1, 0));
    chain__unit_set_start(c, unit, c->epoch + 1);
    chain__cc_emit_stats(c, &cc);
    return RIV_OK;
}

riv_err chain__cc_unit_moved_to_deal(chain__call *c, const chain__id *commitment, const chain__id *unit)
{
    chain__call inner = chain__inner(c, &c->engine->addresses[CHAIN_CAPACITY]);
    return chain__end(c, &inner, moved_to_deal(&inner, commitment, unit));
}

riv_err chain__cc_unit_returned(chain__call *c, const chain__id *commitment, const chain__id *unit)
{
    chain__call inner = chain__inner(c, &c->engine->addresses[CHAIN_CAPACITY]);
    return chain__end(c, &inner, returned(&inner, commitment, unit));
}

static riv_err need_market(chain__call *c)
{
    return eth_address_eq(&c->sender, &c->engine->addresses[CHAIN_MARKET])
               ? RIV_OK
               : chain__revert(c, "BaseModule: caller is not the market");
}

static riv_err run_moved(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__id id = chain__to_id(&args[0]), unit = chain__to_id(&args[1]);
    (void)out;
    RIV_TRY(need_market(c));
    return moved_to_deal(c, &id, &unit);
}

static riv_err run_returned(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__id id = chain__to_id(&args[0]), unit = chain__to_id(&args[1]);
    (void)out;
    RIV_TRY(need_market(c));
    return returned(c, &id, &unit);
}

/* ---- views ---- */

chain__cc_status chain__cc_status_of(chain__call *c, const chain__id *commitment)
{
    chain__cc   cc;
    chain__peer peer = { 0 };
    if (!chain__cc_get(c, commitment, &cc)) return CHAIN__CC_REMOVED;
    chain__peer_get(c, &cc.peer, &peer);
    return chain__cc_look_at(c, &cc, peer.units_count);
}

uint64_t chain__cc_start_epoch(chain__call *c, const chain__id *commitment)
{
    chain__cc cc;
    chain__cc_get(c, commitment, &cc);
    return cc.start_epoch;
}

static riv_err run_status(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__id   id = chain__to_id(&args[0]);
    chain__cc   cc;
    chain__peer peer;
    RIV_TRY(load_existing(c, &id, &cc, &peer));
    out[0] = eth_word(chain__cc_look_at(c, &cc, peer.units_count));
    return RIV_OK;
}

static riv_err run_get(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__id   id = chain__to_id(&args[0]);
    chain__cc   cc;
    chain__peer peer;
    RIV_TRY(load_existing(c, &id, &cc, &peer));
    const eth_value all[] = {
        eth_word(chain__cc_look_at(c, &cc, peer.units_count)),
        chain__of_id(&cc.peer),
        eth_number(cc.collateral_per_unit),
        eth_word(peer.units_count),
        eth_word(cc.start_epoch),
        eth_word(cc.start_epoch + cc.duration),
        eth_word(cc.rate),
        eth_of_address(&cc.delegator),
        eth_word(cc.progress.fails),
        eth_word(cc.progress.failed_epoch),
        eth_word(cc.exited),
    };
    out[0] = chain__tuple(c, all, RIV_COUNT(all));
    return RIV_OK;
}

static riv_err vested(chain__call *c, const eth_value *args, uint64_t epoch, eth_value *out)
{
    chain__id      id = chain__to_id(&args[0]);
    chain__vesting v;
    u256           cumulative;
    out[0] = eth_word(0);
    chain__vesting_get(c, &id, &v);
    return chain__vesting_at(&v, epoch, &cumulative) ? chain__sub(c, cumulative, v.withdrawn, &out[0].word) : RIV_OK;
}

static riv_err run_total(chain__call *c, const eth_value *args, eth_value *out)
{
    return vested(c, args, UINT64_MAX, out);
}

static riv_err run_unlocked(chain__call *c, const eth_value *args, eth_value *out)
{
    return vested(c, args, c->epoch, out);
}

static riv_err run_reward_balance(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__key key = reward_balance_key();
    (void)args;
    out[0] = eth_number(chain__get_u256(c, &key));
    return RIV_OK;
}

/* ---- the table: the original's, then ours ---- */

static const chain__function functions[] = {
    { "core()", "(address)", false, false, chain__run_core },
    { "createCommitment(bytes32 peerId,uint256 duration,address delegator,uint256 rewardDelegationRate)", "(bytes32)",
      true, false, run_create },
    { "depositCollateral(bytes32[] commitmentIds)", "()", true, true, run_deposit },
    { "finishCommitment(bytes32 commitmentId)", "()", true, false, run_finish },
    { "getCommitment(bytes32 commitmentId)",
      "((uint8,bytes32,uint256,uint256,uint256,uint256,uint256,address,uint256,uint256,uint256))", false, false,
      run_get },
    { "getGlobalNonce()", "(bytes32)", false, false, chain__run_global_nonce },
    { "getStatus(bytes32 commitmentId)", "(uint8)", false, false, run_status },
    { "initialize(bytes32 initGlobalNonce)", "()", true, false, chain__run_initialize },
    { "multicall(bytes[] data)", "(bytes[])", true, false, chain__run_multicall },
    { "onUnitMovedToDeal(bytes32 commitmentId,bytes32 unitId)", "()", true, false, run_moved },
    { "onUnitReturnedFromDeal(bytes32 commitmentId,bytes32 unitId)", "()", true, false, run_returned },
    { "owner()", "(address)", false, false, chain__run_core_owner },
    { "proxiableUUID()", "(bytes32)", false, false, chain__run_uuid },
    { "removeCUFromCC(bytes32 commitmentId,bytes32[] unitIds)", "()", true, false, run_remove_units },
    { "removeCommitment(bytes32 commitmentId)", "()", true, false, run_remove },
    { "submitProof(bytes32 unitId,bytes32 localUnitNonce,bytes32 resultHash)", "()", true, false,
      chain__run_submit_proof },
    { "submitProofs(bytes32[] unitIds,bytes32[] localUnitNonces,bytes32[] resultHashes)", "()", true, false,
      chain__run_submit_proofs },
    { "totalRewards(bytes32 commitmentId)", "(uint256)", false, false, run_total },
    { "unlockedRewards(bytes32 commitmentId)", "(uint256)", false, false, run_unlocked },
    { "upgradeTo(address newImplementation)", "()", true, false, chain__run_upgrade },
    { "upgradeToAndCall(address newImplementation,bytes data)", "()", true, true, chain__run_upgrade },
    { "withdrawReward(bytes32 commitmentId)", "()", true, false, run_withdraw },
    { "rewardBalance()", "(uint256)", false, false, run_reward_balance },
    { "proofsWaiting()", "(uint256,uint256)", false, false, chain__run_proofs_waiting },
    { "proofsOf(bytes32 unitId,uint256 epoch)", "(uint256,uint256)", false, false, chain__run_proofs_of },
};
static const char *const events[] = {
    EVENT_CREATED,      EVENT_REMOVED,       EVENT_DEPOSITED,    EVENT_ACTIVATED,
    EVENT_FINISHED,     EVENT_WITHDRAWN,     EVENT_DEACTIVATED,  EVENT_UNIT_ACTIVE,
    CHAIN__EVENT_STATS, CHAIN__EVENT_FAILED, CHAIN__EVENT_PROOF, CHAIN__EVENT_PROOFS,
};
static const char *const errors[] = { CHAIN__ERROR_NOT_ACTIVE, CHAIN__ERROR_ACTIVE, CHAIN__ERROR_TOO_MANY_PROOFS };

const chain__contract chain__capacity = { functions, RIV_COUNT(functions), events, RIV_COUNT(events),
                                          errors,    RIV_COUNT(errors),    receive };
