/* deal.c: a deal's compute units and money: joining, workers, deposits, rewards, the end.
 * Keys: 'f' deal: ledger; 'g' deal: set of units, 'g' deal 2 unit: record, 'g' deal 3 provider: how many units, 'g' deal 4 peer: has a unit here.
 * Spec: docs/spec/market.md 4. Tests: deal_test.c. */
#include "chain/market.h"

#define EVENT_JOINED    "ComputeUnitJoined(bytes32 indexed peerId,bytes32 unitId)"
#define EVENT_REMOVED   "ComputeUnitRemoved(bytes32 indexed peerId,bytes32 unitId)"
#define EVENT_ENDED     "DealEnded(uint256 endedEpoch)"
#define EVENT_DEPOSITED "Deposited(uint256 amount)"
#define EVENT_MAX_PAID  "MaxPaidEpochUpdated(uint256 maxPaidEpoch)"
#define EVENT_REWARD    "RewardWithdrawn(bytes32 computeUnitId,uint256 reward)"
#define EVENT_WITHDRAWN "Withdrawn(uint256 amount)"
#define EVENT_WORKER    "WorkerIdUpdated(bytes32 computeUnitId,bytes32 workerId)"

enum { PART_UNIT = '\2', PART_PROVIDER = '\3', PART_PEER = '\4' };

/* A unit in this deal; worker zero: joined, not working. */
typedef struct unit {
    chain__id   worker, peer;
    eth_address provider;
    uint64_t    joined_epoch, snapshot_epoch, gaps;
} unit;
/* All of a deal that a call needs, with the virtual commit done. */
typedef struct deal {
    chain__config   config;
    chain__ledger   ledger;
    chain__snapshot s;
    uint64_t        units;
} deal;

/* ---- state ---- */

static chain__key ledger_key(const eth_address *at) { return chain__key_with_address(chain__key_of('f'), at); }
static chain__key units_set(const eth_address *at) { return chain__key_with_address(chain__key_of('g'), at); }

static chain__key part_key(const eth_address *at, uint8_t part, riv_bytes id)
{
    return chain__key_with(chain__key_with(units_set(at), (riv_bytes){ &part, 1 }), id);
}

static chain__key unit_key(const eth_address *at, const chain__id *id)
{
    return part_key(at, PART_UNIT, chain__id_view(id));
}

static bool unit_get(chain__call *c, const eth_address *at, const chain__id *id, unit *out)
{
    chain__key key = unit_key(at, id);
    riv_bytes  value;
    if (!chain__get(c, &key, &value)) return false;
    riv_reader r = riv_reader_of(value);
    *out         = (unit){ 0 };
    chain__read_into(&r, out->worker.bytes, sizeof out->worker.bytes);
    chain__read_into(&r, out->peer.bytes, sizeof out->peer.bytes);
    chain__read_into(&r, out->provider.bytes, sizeof out->provider.bytes);
    out->joined_epoch   = riv_read_u64be(&r);
    out->snapshot_epoch = riv_read_u64be(&r);
    out->gaps           = riv_read_u64be(&r);
    return true;
}

static void unit_put(chain__call *c, const chain__id *id, const unit *v)
{
    chain__key key = unit_key(&c->self, id);
    riv_buf    out = riv_buf_in(c->arena);
    riv_put_bytes(&out, chain__id_view(&v->worker));
    riv_put_bytes(&out, chain__id_view(&v->peer));
    riv_put_bytes(&out, chain__address_view(&v->provider));
    riv_put_u64be(&out, v->joined_epoch);
    riv_put_u64be(&out, v->snapshot_epoch);
    riv_put_u64be(&out, v->gaps);
    chain__put(c, &key, riv_buf_view(&out));
}

static riv_err need_unit(chain__call *c, const chain__id *id, unit *out)
{
    return unit_get(c, &c->self, id, out) ? RIV_OK : chain__revert(c, "ComputeUnit not found");
}

/* Reads the deal at `at`; its snapshot is not there yet. */
static bool deal_read(chain__call *c, const eth_address *at, deal *out)
{
    chain__key key = ledger_key(at);
    riv_bytes  value;
    *out = (deal){ 0 };
    if (!chain__config_get(c, at, &out->config)) return false;
    riv_reader r               = riv_reader_of(chain__get(c, &key, &value) ? value : (riv_bytes){ 0 });
    out->ledger.total          = u256_from_be(riv_read_bytes(&r, 32));
    out->ledger.locked         = u256_from_be(riv_read_bytes(&r, 32));
    out->ledger.max_paid       = u256_from_be(riv_read_bytes(&r, 32));
    out->ledger.gaps           = riv_read_u64be(&r);
    out->ledger.last_committed = riv_read_u64be(&r);
    out->ledger.ended          = riv_read_u64be(&r);
    out->ledger.workers        = riv_read_u64be(&r);
    out->units                 = riv_read_u64be(&r);
    out->ledger.price          = out->config.price;
    out->ledger.min_workers    = out->config.min_workers;
    return true;
}

static void deal_write(chain__call *c, const deal *d)
{
    chain__key key = ledger_key(&c->self);
    riv_buf    out = riv_buf_in(c->arena);
    u256_to_be(d->ledger.total, riv_buf_raw(&out, 32));
    u256_to_be(d->ledger.locked, riv_buf_raw(&out, 32));
    u256_to_be(d->ledger.max_paid, riv_buf_raw(&out, 32));
    riv_put_u64be(&out, d->ledger.gaps);
    riv_put_u64be(&out, d->ledger.last_committed);
    riv_put_u64be(&out, d->ledger.ended);
    riv_put_u64be(&out, d->ledger.workers);
    riv_put_u64be(&out, d->units);
    chain__put(c, &key, riv_buf_view(&out));
}

/* No gaps before it was there. */
void chain__deal_begin(chain__call *c)
{
    const deal d = { .ledger = { .last_committed = c->epoch - 1 } };
    deal_write(c, &d);
}

/* ---- the virtual commit, and the one that is stored ---- */

static riv_err open_deal(chain__call *c, deal *out)
{
    if (!deal_read(c, &c->self, out)) return chain__reject(c);
    return chain__ledger_look(&out->ledger, c->epoch, &out->s) ? RIV_OK : chain__panic(c, 0x11);
}

static void emit_number(chain__call *c, const char *event, u256 v)
{
    const eth_value told = eth_number(v);
    chain__emit(c, event, &told);
}

static riv_err settle(chain__call *c, deal *d, uint64_t workers)
{
    switch (chain__ledger_commit(&d->ledger, &d->s, workers)) {
    case CHAIN__SETTLED: break;
    case CHAIN__SETTLED_MAX_PAID: emit_number(c, EVENT_MAX_PAID, d->ledger.max_paid); break;
    case CHAIN__SETTLED_BY_ZERO: return chain__panic(c, 0x12);
    case CHAIN__SETTLED_OVERFLOW: return chain__panic(c, 0x11);
    }
    deal_write(c, d);
    return RIV_OK;
}

static riv_err min_deposit(chain__call *c, const chain__config *v, u256 *out)
{
    chain__constants k;
    chain__constants_of(c, &k);
    RIV_TRY(chain__mul(c, u256_of(k.min_deal_deposited_epochs), v->price, out));
    return chain__mul(c, *out, v->target_workers, out);
}

static riv_err status_of(chain__call *c, const deal *d, chain__deal_status *out)
{
    u256 least;
    RIV_TRY(min_deposit(c, &d->config, &least));
    *out = chain__ledger_status(&d->ledger, &d->s, least);
    return RIV_OK;
}

static riv_err open_running(chain__call *c, const char *text, deal *out)
{
    RIV_TRY(open_deal(c, out));
    return out->s.ended ? chain__revert(c, text) : RIV_OK;
}

/* ---- money of the owner ---- */

riv_err chain__deal_deposit(chain__call *c, u256 amount, bool from_factory)
{
    deal          d;
    chain__config config;
    RIV_TRY(chain__need_deal_owner(c, &config));
    RIV_TRY(open_running(c, "Deal is ended", &d));
    RIV_TRY(chain__add(c, d.s.total, amount, &d.s.total));
    RIV_TRY(settle(c, &d, d.ledger.workers));
    RIV_TRY(from_factory ? chain__send_token(c, &config.token, &c->sender, &c->self, amount)
                         : chain__send_token_from(c, &config.token, &c->sender, &c->self, amount));
    emit_number(c, EVENT_DEPOSITED, amount);
    return RIV_OK;
}

static riv_err run_deposit(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    return chain__deal_deposit(c, args[0].word, false);
}

/* SPEC market.md 4.4: the last epochs' deposit stays until some epochs after the end. */
static riv_err check_withdrawal(chain__call *c, const deal *d)
{
    u256             least;
    chain__constants k;
    RIV_TRY(min_deposit(c, &d->config, &least));
    if (u256_cmp(d->s.total, least) >= 0) return RIV_OK;
    if (!d->s.ended) return chain__revert(c, "Free balance needs to cover minDealDepositedEpochs");
    chain__constants_of(c, &k);
    if (d->s.current <= d->ledger.ended || d->s.current - d->ledger.ended <= k.min_deal_deposited_epochs)
        return chain__revert(c, "Can't withdraw before minDealDepositedEpochs after deal end");
    return RIV_OK;
}

static riv_err run_withdraw(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    deal          d;
    chain__config config;
    RIV_TRY(chain__need_deal_owner(c, &config));
    RIV_TRY(open_deal(c, &d));
    RIV_TRY(chain__sub(c, d.s.total, args[0].word, &d.s.total));
    RIV_TRY(check_withdrawal(c, &d));
    RIV_TRY(settle(c, &d, d.ledger.workers));
    RIV_TRY(chain__send_token(c, &config.token, &c->self, &c->sender, args[0].word));
    emit_number(c, EVENT_WITHDRAWN, args[0].word);
    return RIV_OK;
}

static riv_err run_stop(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)args;
    (void)out;
    deal          d;
    chain__config config;
    u256          now = u256_of(c->epoch);
    RIV_TRY(chain__need_deal_owner(c, &config));
    RIV_TRY(open_running(c, "Deal is not active", &d));
    RIV_TRY(settle(c, &d, d.ledger.workers));
    if (u256_cmp(d.ledger.max_paid, now) > 0) {
        d.ledger.max_paid = now;
        emit_number(c, EVENT_MAX_PAID, now);
    }
    d.ledger.ended = c->epoch;
    deal_write(c, &d);
    emit_number(c, EVENT_ENDED, now);
    chain__deal_over(c, &c->self);
    return RIV_OK;
}

/* ---- units ---- */

static riv_err need_market(chain__call *c)
{
    return eth_address_eq(&c->sender, &c->engine->addresses[CHAIN_MARKET])
               ? RIV_OK
               : chain__revert(c, "Config: caller is not the Market");
}

static riv_err add_unit(chain__call *c, const eth_address *provider, const chain__id *id, const chain__id *peer)
{
    deal       d;
    unit       v;
    chain__key set = units_set(&c->self), has_peer = part_key(&c->self, PART_PEER, chain__id_view(peer));
    chain__key count_key = part_key(&c->self, PART_PROVIDER, chain__address_view(provider));
    RIV_TRY(open_running(c, "Deal is ended", &d));
    if (u256_cmp(u256_of(d.units), d.config.target_workers) >= 0) return chain__revert(c, "Target units reached");
    if (unit_get(c, &c->self, id, &v)) return chain__revert(c, "Id already used");
    if (chain__get_u64(c, &has_peer)) return chain__revert(c, "PeerId already used");
    uint64_t count = chain__get_u64(c, &count_key);
    if (u256_cmp(u256_of(count), d.config.max_per_provider) >= 0)
        return chain__revert(c, "Max units per compute provider reached");
    const eth_value told[] = { chain__of_id(peer), chain__of_id(id) };
    v                      = (unit){ .peer = *peer, .provider = *provider, .joined_epoch = c->epoch };
    chain__put_u64(c, &has_peer, 1);
    chain__put_u64(c, &count_key, count + 1);
    unit_put(c, id, &v);
    if (!chain__set_add(c, &set, chain__id_view(id))) return chain__revert(c, "Failed to add compute unit to list");
    d.units++;
    deal_write(c, &d); /* the ledger as it was: joining is no commit */
    chain__emit(c, EVENT_JOINED, told);
    return RIV_OK;
}

/* Pays what the unit has earned until the snapshot; v is the caller's to store. */
static riv_err pay(chain__call *c, deal *d, const chain__id *id, unit *v)
{
    u256 reward;
    if (!chain__ledger_reward(&d->s, d->config.price, v->snapshot_epoch, v->gaps, &reward))
        return chain__panic(c, 0x11);
    if (u256_is_zero(reward)) return RIV_OK;
    const eth_value told[] = { chain__of_id(id), eth_number(reward) };
    v->snapshot_epoch      = d->s.epoch;
    v->gaps                = d->s.gaps;
    RIV_TRY(chain__sub(c, d->s.locked, reward, &d->s.locked));
    RIV_TRY(chain__send_token(c, &d->config.token, &c->self, &v->provider, reward));
    chain__emit(c, EVENT_REWARD, told);
    return RIV_OK;
}

static void forget_unit(chain__call *c, const chain__id *id, const unit *v)
{
    chain__key set  = units_set(&c->self);
    chain__key peer = part_key(&c->self, PART_PEER, chain__id_view(&v->peer)), record = unit_key(&c->self, id);
    chain__key count = part_key(&c->self, PART_PROVIDER, chain__address_view(&v->provider));
    uint64_t   units = chain__get_u64(c, &count);
    chain__put_u64(c, &count, units - (units > 0));
    chain__put_u64(c, &peer, 0);
    chain__put(c, &record, (riv_bytes){ 0 });
    (void)chain__set_remove(c, &set, chain__id_view(id));
}

static riv_err remove_unit(chain__call *c, const chain__id *id)
{
    deal d;
    unit v;
    RIV_TRY(need_unit(c, id, &v));
    RIV_TRY(open_deal(c, &d));
    bool worked = !chain__id_is_zero(&v.worker);
    if (worked) RIV_TRY(pay(c, &d, id, &v));
    const eth_value told[] = { chain__of_id(&v.peer), chain__of_id(id) };
    forget_unit(c, id, &v);
    d.units -= d.units > 0;
    chain__emit(c, EVENT_REMOVED, told);
    return settle(c, &d, d.ledger.workers - (worked && d.ledger.workers > 0));
}

static riv_err run_add_unit(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    eth_address provider = eth_to_address(&args[0]);
    chain__id   id = chain__to_id(&args[1]), peer = chain__to_id(&args[2]);
    RIV_TRY(need_market(c));
    return add_unit(c, &provider, &id, &peer);
}

static riv_err run_remove_unit(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    chain__id id = chain__to_id(&args[0]);
    RIV_TRY(need_market(c));
    return remove_unit(c, &id);
}

riv_err chain__deal_add_unit(chain__call *c, const eth_address *at, const eth_address *provider, const chain__id *id,
                             const chain__id *peer)
{
    chain__call inner = chain__inner(c, at);
    return chain__end(c, &inner, add_unit(&inner, provider, id, peer));
}

riv_err chain__deal_remove_unit(chain__call *c, const eth_address *at, const chain__id *id)
{
    chain__call inner = chain__inner(c, at);
    return chain__end(c, &inner, remove_unit(&inner, id));
}

/* ---- workers ---- */

static riv_err run_set_worker(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    chain__id       id = chain__to_id(&args[0]), worker = chain__to_id(&args[1]);
    deal            d;
    unit            v;
    chain__peer     peer   = { 0 };
    const eth_value told[] = { args[0], args[1] };
    RIV_TRY(open_running(c, "Deal is ended", &d));
    if (chain__id_is_zero(&worker)) return chain__revert(c, "WorkerId can't be empty");
    RIV_TRY(need_unit(c, &id, &v));
    if (!chain__peer_get(c, &v.peer, &peer)) return chain__revert(c, "Peer doesn't exist");
    if (!eth_address_eq(&c->sender, &v.provider) && !eth_address_eq(&c->sender, &peer.owner))
        return chain__revert(c, "Only provider or owner can set worker");
    bool first = chain__id_is_zero(&v.worker);
    v.worker   = worker;
    chain__emit(c, EVENT_WORKER, told);
    if (first) {
        RIV_TRY(settle(c, &d, d.ledger.workers + 1));
        v.snapshot_epoch = d.s.epoch;
        v.gaps           = d.s.gaps;
    }
    unit_put(c, &id, &v);
    return RIV_OK;
}

/* Q4: the original looks whether the unit has a peer where it means a worker. */
static bool earns(const chain__call *c, const unit *v) { return !chain__fixed(c) || !chain__id_is_zero(&v->worker); }

static riv_err run_withdraw_rewards(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    chain__id   id = chain__to_id(&args[0]);
    deal        d;
    unit        v;
    chain__peer peer = { 0 };
    RIV_TRY(need_unit(c, &id, &v));
    RIV_TRY(open_deal(c, &d));
    if (!chain__peer_get(c, &v.peer, &peer)) return chain__revert(c, "Peer doesn't exist");
    eth_address provider = chain__peer_provider(c, &v.peer);
    if (!eth_address_eq(&c->sender, &peer.owner) && !eth_address_eq(&c->sender, &provider))
        return chain__revert(c, "Only provider or owner can withdraw");
    if (earns(c, &v)) RIV_TRY(pay(c, &d, &id, &v));
    unit_put(c, &id, &v);
    return settle(c, &d, d.ledger.workers);
}

/* ---- what Market asks ---- */

void chain__deal_get(chain__call *c, const eth_address *at, chain__deal_info *out)
{
    deal d;
    *out = (chain__deal_info){ 0 };
    if (!deal_read(c, at, &d)) return;
    *out = (chain__deal_info){ d.config.owner, chain__clamp_u64(d.config.target_workers), d.units };
}

chain__deal_status chain__deal_status_of(chain__call *c, const eth_address *at)
{
    chain__call        inner  = chain__inner(c, at);
    chain__deal_status status = CHAIN__SMALL_BALANCE; /* where numbers pass 256 bits no deposit is enough */
    deal               d;
    return open_deal(&inner, &d) || status_of(&inner, &d, &status) ? CHAIN__SMALL_BALANCE : status;
}

bool chain__deal_has_peer(chain__call *c, const eth_address *at, const chain__id *peer)
{
    chain__key key = part_key(at, PART_PEER, chain__id_view(peer));
    return chain__get_u64(c, &key) != 0;
}

uint64_t chain__deal_units_of(chain__call *c, const eth_address *at, const eth_address *provider)
{
    chain__key key = part_key(at, PART_PROVIDER, chain__address_view(provider));
    return chain__get_u64(c, &key);
}

/* ---- views ---- */

static riv_err run_status(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)args;
    deal               d;
    chain__deal_status status;
    RIV_TRY(open_deal(c, &d));
    RIV_TRY(status_of(c, &d, &status));
    out[0] = eth_word((uint64_t)status);
    return RIV_OK;
}

static riv_err run_free_balance(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)args;
    deal d;
    RIV_TRY(open_deal(c, &d));
    out[0] = eth_number(d.s.total);
    return RIV_OK;
}

static riv_err run_reward(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__id id = chain__to_id(&args[0]);
    deal      d;
    unit      v;
    RIV_TRY(open_deal(c, &d));
    RIV_TRY(need_unit(c, &id, &v));
    if (chain__id_is_zero(&v.worker)) return RIV_OK;
    return chain__ledger_reward(&d.s, d.config.price, v.snapshot_epoch, v.gaps, &out[0].word) ? RIV_OK
                                                                                              : chain__panic(c, 0x11);
}

static riv_err run_max_paid(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)args;
    deal d;
    if (!deal_read(c, &c->self, &d)) return chain__reject(c);
    out[0] = eth_number(d.ledger.max_paid);
    return RIV_OK;
}

static riv_err run_units_count(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)args;
    deal d;
    if (!deal_read(c, &c->self, &d)) return chain__reject(c);
    out[0] = eth_word(d.units);
    return RIV_OK;
}

static riv_err run_units_of(chain__call *c, const eth_value *args, eth_value *out)
{
    eth_address provider = eth_to_address(&args[0]);
    out[0]               = eth_word(chain__deal_units_of(c, &c->self, &provider));
    return RIV_OK;
}

static riv_err run_workers_count(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)args;
    deal d;
    if (!deal_read(c, &c->self, &d)) return chain__reject(c);
    out[0] = eth_word(d.ledger.workers);
    return RIV_OK;
}

static riv_err run_has_peer(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__id peer = chain__to_id(&args[0]);
    out[0]         = eth_word(chain__deal_has_peer(c, &c->self, &peer));
    return RIV_OK;
}

static eth_value unit_value(chain__call *c, const chain__id *id, const unit *v)
{
    const eth_value items[] = { chain__of_id(id), chain__of_id(&v->worker), chain__of_id(&v->peer),
                                eth_of_address(&v->provider), eth_word(v->joined_epoch) };
    return chain__tuple(c, items, RIV_COUNT(items));
}

static riv_err run_get_unit(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__id id = chain__to_id(&args[0]);
    unit      v;
    RIV_TRY(need_unit(c, &id, &v));
    out[0] = unit_value(c, &id, &v);
    return RIV_OK;
}

static riv_err run_get_units(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)args;
    chain__key set   = units_set(&c->self);
    uint64_t   count = chain__set_count(c, &set);
    if (c->meter->out || !chain__affords(c, count)) return RIV_E_LIMIT;
    eth_value *items = riv_new(c->arena, eth_value, count + 1);
    for (uint64_t i = 0; i < count; i++) {
        chain__id id   = { { 0 } };
        unit      v    = { 0 };
        riv_bytes item = chain__set_at(c, &set, i);
        if (item.len == sizeof id.bytes) memcpy(id.bytes, item.ptr, item.len);
        (void)!unit_get(c, &c->self, &id, &v);
        items[i] = unit_value(c, &id, &v);
    }
    out[0] = eth_list(items, count);
    return RIV_OK;
}

/* ---- the table ---- */

static const chain__function functions[] = {
    { "addComputeUnit(address computeProvider,bytes32 computeUnitId,bytes32 peerId)", "()", true, false, run_add_unit },
    { "addProviderToAccessList(address provider)", "()", true, false, chain__run_deal_add_access },
    { "appCID()", "((bytes4,bytes32))", false, false, chain__run_deal_app },
    { "changeProvidersAccessType(uint8 accessType)", "()", true, false, chain__run_deal_set_access },
    { "creationBlock()", "(uint256)", false, false, chain__run_deal_created },
    { "deposit(uint256 amount)", "()", true, false, run_deposit },
    { "effectors()", "((bytes4,bytes32)[])", false, false, chain__run_deal_effectors },
    { "getComputeUnit(bytes32 id)", "((bytes32,bytes32,bytes32,address,uint256))", false, false, run_get_unit },
    { "getComputeUnitCount()", "(uint256)", false, false, run_units_count },
    { "getComputeUnitCount(address provider)", "(uint256)", false, false, run_units_of },
    { "getComputeUnits()", "((bytes32,bytes32,bytes32,address,uint256)[])", false, false, run_get_units },
    { "getFreeBalance()", "(uint256)", false, false, run_free_balance },
    { "getMaxPaidEpoch()", "(uint256)", false, false, run_max_paid },
    { "getProtocolVersion()", "(uint256)", false, false, chain__run_deal_version },
    { "getRewardAmount(bytes32 computeUnitId)", "(uint256)", false, false, run_reward },
    { "getStatus()", "(uint8)", false, false, run_status },
    { "getWorkerCount()", "(uint256)", false, false, run_workers_count },
    { "initialize(address,(bytes4,bytes32),address,uint256,uint256,uint256,uint256,(bytes4,bytes32)[],uint8,address[],"
      "uint256)",
      "()", true, false, chain__run_initialize },
    { "isComputePeerExist(bytes32 peerId)", "(bool)", false, false, run_has_peer },
    { "isProviderAllowed(address account)", "(bool)", false, false, chain__run_deal_allowed },
    { "maxWorkersPerProvider()", "(uint256)", false, false, chain__run_deal_max_per_provider },
    { "minWorkers()", "(uint256)", false, false, chain__run_deal_min },
    { "multicall(bytes[] data)", "(bytes[])", true, false, chain__run_multicall },
    { "owner()", "(address)", false, false, chain__run_deal_owner },
    { "paymentToken()", "(address)", false, false, chain__run_deal_token },
    { "pricePerWorkerEpoch()", "(uint256)", false, false, chain__run_deal_price },
    { "providersAccessType()", "(uint8)", false, false, chain__run_deal_access },
    { "removeComputeUnit(bytes32 computeUnitId)", "()", true, false, run_remove_unit },
    { "removeProviderFromAccessList(address provider)", "()", true, false, chain__run_deal_remove_access },
    { "renounceOwnership()", "()", true, false, chain__run_deal_renounce },
    { "setAppCID((bytes4,bytes32) appCID)", "()", true, false, chain__run_deal_set_app },
    { "setWorker(bytes32 computeUnitId,bytes32 workerId)", "()", true, false, run_set_worker },
    { "stop()", "()", true, false, run_stop },
    { "targetWorkers()", "(uint256)", false, false, chain__run_deal_target },
    { "transferOwnership(address newOwner)", "()", true, false, chain__run_deal_transfer_ownership },
    { "withdraw(uint256 amount)", "()", true, false, run_withdraw },
    { "withdrawRewards(bytes32 computeUnitId)", "()", true, false, run_withdraw_rewards },
};
static const char *const events[] = {
    CHAIN__EVENT_APP,
    EVENT_JOINED,
    EVENT_REMOVED,
    EVENT_ENDED,
    EVENT_DEPOSITED,
    CHAIN__EVENT_INITIALIZED,
    EVENT_MAX_PAID,
    CHAIN__EVENT_OWNERSHIP,
    CHAIN__EVENT_ACCESS_ADDED,
    CHAIN__EVENT_ACCESS_REMOVED,
    CHAIN__EVENT_ACCESS,
    EVENT_REWARD,
    EVENT_WITHDRAWN,
    EVENT_WORKER,
};
static const char *const errors[] = { CHAIN__ERROR_NO_OWNER, CHAIN__ERROR_NOT_OWNER };

const chain__contract chain__deal = { functions, RIV_COUNT(functions), events, RIV_COUNT(events),
                                      errors,    RIV_COUNT(errors),    NULL };
