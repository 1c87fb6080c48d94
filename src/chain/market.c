/* market.c: offers of providers, their peers and compute units: what stands for rent.
 * Keys: 'o' offer: record, 'o' offer 'e': set of its effectors; 'p' peer: record; 'n' unit: record; 's' peer: set of its units.
 * Spec: docs/spec/market.md 3. Tests: market_test.c. */
#include "chain/market.h"

/* A compute unit. SPEC market.md 1: 1 core, 4 GB RAM, 5 GB disk */
#define UNIT_CORES        UINT64_C(1)
#define UNIT_MEMORY_BYTES UINT64_C(4000000000)
#define UNIT_DISK_BYTES   UINT64_C(5000000000)

#define EVENT_OFFER                                                                                                    \
    "MarketOfferRegistered(address indexed provider,bytes32 offerId,uint256 minPricePerWorkerEpoch,address "           \
    "paymentToken,(bytes4,bytes32)[] effectors,uint256 minProtocolVersion,uint256 maxProtocolVersion)"
#define EVENT_PEER             "PeerCreated(bytes32 indexed offerId,bytes32 peerId,address owner)"
#define EVENT_PEER_REMOVED     "PeerRemoved(bytes32 indexed offerId,bytes32 indexed peerId)"
#define EVENT_UNIT             "ComputeUnitCreated(bytes32 indexed peerId,bytes32 unitId)"
#define EVENT_UNIT_REMOVED     "ComputeUnitRemoved(bytes32 indexed peerId,bytes32 indexed unitId)"
#define EVENT_PRICE            "MinPricePerEpochUpdated(bytes32 indexed offerId,uint256 minPricePerWorkerEpoch)"
#define EVENT_TOKEN            "PaymentTokenUpdated(bytes32 indexed offerId,address paymentToken)"
#define EVENT_EFFECTOR         "EffectorAdded(bytes32 indexed offerId,(bytes4,bytes32) effector)"
#define EVENT_EFFECTOR_REMOVED "EffectorRemoved(bytes32 indexed offerId,(bytes4,bytes32) effector)"
#define EVENT_TO_DEAL          "ComputeUnitAddedToDeal(bytes32 indexed unitId,address deal,bytes32 peerId)"
#define EVENT_FROM_DEAL        "ComputeUnitRemovedFromDeal(bytes32 indexed unitId,address deal,bytes32 peerId)"

/* ---- records ---- */

static chain__key key_of(char table, const chain__id *id)
{
    return chain__key_with(chain__key_of(table), chain__id_view(id));
}

static chain__id read_id(riv_reader *r)
{
    chain__id out = { { 0 } };
    chain__read_into(r, out.bytes, sizeof out.bytes);
    return out;
}

bool chain__offer_get(chain__call *c, const chain__id *offer, chain__offer *out)
{
    chain__key key = key_of('o', offer);
    riv_bytes  value;
    if (!chain__get(c, &key, &value)) return false;
    riv_reader r     = riv_reader_of(value);
    out->provider    = chain__read_address(&r);
    out->token       = chain__read_address(&r);
    out->min_price   = u256_from_be(riv_read_bytes(&r, 32));
    out->peers_count = riv_read_u64be(&r);
    out->min_version = riv_read_u64be(&r);
    out->max_version = riv_read_u64be(&r);
    return true;
}

static void offer_put(chain__call *c, const chain__id *offer, const chain__offer *v)
{
    chain__key key = key_of('o', offer);
    riv_buf    out = riv_buf_in(c->arena);
    riv_put_bytes(&out, chain__address_view(&v->provider));
    riv_put_bytes(&out, chain__address_view(&v->token));
    u256_to_be(v->min_price, riv_buf_raw(&out, 32));
    riv_put_u64be(&out, v->peers_count);
    riv_put_u64be(&out, v->min_version);
    riv_put_u64be(&out, v->max_version);
    chain__put(c, &key, riv_buf_view(&out));
}

bool chain__peer_get(chain__call *c, const chain__id *peer, chain__peer *out)
{
    chain__key key = key_of('p', peer);
    riv_bytes  value;
    if (!chain__get(c, &key, &value)) return false;
    riv_reader r     = riv_reader_of(value);
    out->offer       = read_id(&r);
    out->commitment  = read_id(&r);
    out->owner       = chain__read_address(&r);
    out->units_count = riv_read_u64be(&r);
    return true;
}

static void peer_put(chain__call *c, const chain__id *peer, const chain__peer *v)
{
    chain__key key = key_of('p', peer);
    riv_buf    out = riv_buf_in(c->arena);
    riv_put_bytes(&out, chain__id_view(&v->offer));
    riv_put_bytes(&out, chain__id_view(&v->commitment));
    riv_put_bytes(&out, chain__address_view(&v->owner));
    riv_put_u64be(&out, v->units_count);
    chain__put(c, &key, riv_buf_view(&out));
}

bool chain__unit_get(chain__call *c, const chain__id *unit, chain__unit *out)
{
    chain__key key = key_of('n', unit);
    riv_bytes  value;
    if (!chain__get(c, &key, &value)) return false;
    riv_reader r     = riv_reader_of(value);
    out->deal        = chain__read_address(&r);
    out->peer        = read_id(&r);
    out->start_epoch = riv_read_u64be(&r);
    return true;
}

riv_err chain__unit_and_peer(chain__call *c, const chain__id *id, chain__unit *unit, chain__peer *peer)
{
    if (!chain__unit_get(c, id, unit)) return chain__revert(c, "Compute unit doesn't exist");
    return chain__peer_get(c, &unit->peer, peer) ? RIV_OK : chain__revert(c, "Peer doesn't exist");
}

static void unit_put(chain__call *c, const chain__id *unit, const chain__unit *v)
{
    chain__key key = key_of('n', unit);
    riv_buf    out = riv_buf_in(c->arena);
    riv_put_bytes(&out, chain__address_view(&v->deal));
    riv_put_bytes(&out, chain__id_view(&v->peer));
    riv_put_u64be(&out, v->start_epoch);
    chain__put(c, &key, riv_buf_view(&out));
}

static void forget(chain__call *c, char table, const chain__id *id)
{
    chain__key key = key_of(table, id);
    chain__put(c, &key, (riv_bytes){ 0 });
}

chain__key chain__offer_effectors(const chain__id *offer)
{
    return chain__key_with(key_of('o', offer), RIV_BYTES("e"));
}

bool chain__offer_has_effector(chain__call *c, const chain__id *offer, const chain__id *effector)
{
    chain__key set = chain__offer_effectors(offer);
    return chain__set_has(c, &set, chain__id_view(effector));
}

static chain__id id_of(riv_bytes bytes)
{
    chain__id out = { { 0 } };
    if (bytes.len == sizeof out.bytes) memcpy(out.bytes, bytes.ptr, bytes.len);
    return out;
}

/* ---- what Capacity asks ---- */

void chain__peer_set_commitment(chain__call *c, const chain__id *peer, const chain__id *commitment)
{
    chain__peer v;
    if (!chain__peer_get(c, peer, &v)) return;
    v.commitment = *commitment;
    peer_put(c, peer, &v);
    chain__market_refresh(c, peer);
}

void chain__unit_set_start(chain__call *c, const chain__id *unit, uint64_t epoch)
{
    chain__unit v;
    if (!chain__unit_get(c, unit, &v)) return;
    v.start_epoch = epoch;
    unit_put(c, unit, &v);
}

uint64_t chain__peer_units(chain__call *c, const chain__id *peer, uint64_t index, chain__id *out)
{
    chain__key set   = key_of('s', peer);
    uint64_t   count = chain__set_count(c, &set);
    if (index < count) *out = id_of(chain__set_at(c, &set, index));
    return count;
}

eth_address chain__peer_provider(chain__call *c, const chain__id *peer)
{
    chain__peer  p;
    chain__offer o;
    return chain__peer_get(c, peer, &p) && chain__offer_get(c, &p.offer, &o) ? o.provider : (eth_address){ { 0 } };
}

void chain__market_refresh(chain__call *c, const chain__id *peer)
{
    chain__call market = chain__inner(c, &c->engine->addresses[CHAIN_MARKET]);
    chain__listing_peer(&market, peer);
}

/* ---- making offers ---- */

static riv_err add_unit(chain__call *c, const chain__id *peer, const chain__id *unit)
{
    chain__key      set = key_of('s', peer);
    chain__unit     v;
    const eth_value told[] = { chain__of_id(peer), chain__of_id(unit) };
    if (chain__id_is_zero(unit)) return chain__revert(c, "Unit id should be not empty");
    if (chain__unit_get(c, unit, &v)) return chain__revert(c, "Compute unit already exists");
    v = (chain__unit){ .peer = *peer };
    unit_put(c, unit, &v);
    if (!chain__set_add(c, &set, chain__id_view(unit))) return chain__revert(c, "Invalid add to enumerable set");
    chain__listing_unit(c, peer, unit, true);
    chain__emit(c, EVENT_UNIT, told);
    return RIV_OK;
}

static riv_err add_units(chain__call *c, const chain__id *peer, chain__peer *v, const eth_value *units)
{
    if (units->items_count == 0) return chain__revert(c, "Units should be greater than 0");
    for (size_t i = 0; i < units->items_count; i++) {
        chain__id unit = chain__to_id(&units->items[i]);
        RIV_TRY(add_unit(c, peer, &unit));
    }
    v->units_count += units->items_count;
    peer_put(c, peer, v);
    return RIV_OK;
}

/* registered: (bytes32 peerId,address owner,bytes32[] unitIds) */
static riv_err add_peer(chain__call *c, const chain__id *offer, chain__offer *o, const eth_value *registered)
{
    chain__id       id = chain__to_id(&registered->items[0]);
    chain__peer     v;
    const eth_value told[] = { chain__of_id(offer), registered->items[0], registered->items[1] };
    if (chain__peer_get(c, &id, &v)) return chain__revert(c, "Peer already exists in another offer");
    if (chain__id_is_zero(&id)) return chain__revert(c, "Peer id should be not empty");
    v = (chain__peer){ .offer = *offer, .owner = eth_to_address(&registered->items[1]) };
    peer_put(c, &id, &v); /* before its units: the listing looks at it */
    chain__emit(c, EVENT_PEER, told);
    o->peers_count++;
    return add_units(c, &id, &v, &registered->items[2]);
}

static riv_err add_peers(chain__call *c, const chain__id *offer, chain__offer *o, const eth_value *peers)
{
    for (size_t i = 0; i < peers->items_count; i++) RIV_TRY(add_peer(c, offer, o, &peers->items[i]));
    offer_put(c, offer, o);
    return RIV_OK;
}

/* SPEC market.md 3: keccak256(OFFER_PREFIX, provider, block.number, msg.data), OFFER_PREFIX = keccak256("fluence.market.offer") - 1 */
static chain__id offer_id(chain__call *c)
{
    crypto_hash name = crypto_keccak256(RIV_BYTES("fluence.market.offer"));
    u256        prefix;
    bool        fits = u256_sub(u256_from_be((riv_bytes){ name.bytes, sizeof name.bytes }), u256_of(1), &prefix);
    riv_buf     out  = riv_buf_in(c->arena);
    RIV_ASSERT(fits);
    u256_to_be(prefix, riv_buf_raw(&out, 32));
    riv_put_bytes(&out, chain__address_view(&c->sender));
    u256_to_be(u256_of(c->height), riv_buf_raw(&out, 32));
    riv_put_bytes(&out, c->data);
    crypto_hash hash = crypto_keccak256(riv_buf_view(&out));
    return id_of((riv_bytes){ hash.bytes, sizeof hash.bytes });
}

static riv_err check_offer(chain__call *c, const chain__id *id, u256 price, const eth_address *token, u256 min,
                           u256 max)
{
    chain__offer     o;
    chain__constants k;
    chain__constants_of(c, &k);
    if (!chain__has_provider_info(c, &c->sender)) return chain__revert(c, "Provider doesn't exist");
    if (chain__offer_get(c, id, &o)) return chain__revert(c, "Offer already exists");
    if (u256_is_zero(price)) return chain__revert(c, "Min price per epoch should be greater than 0");
    if (eth_address_is_zero(token)) return chain__revert(c, "Payment token should be not zero address");
    if (u256_cmp(min, u256_of(k.min_protocol_version)) < 0) return chain__revert(c, "Min protocol version too small");
    if (u256_cmp(max, u256_of(k.max_protocol_version)) > 0) return chain__revert(c, "Max protocol version too big");
    if (u256_cmp(min, max) > 0) return chain__revert(c, "Wrong protocol versions");
    return RIV_OK;
}

static riv_err too_many_effectors(chain__call *c) { return chain__revert(c, "Too many effectors in one offer"); }

/* Listing an offer costs a row for each effector: with our rules there is a limit. */
static bool effectors_fit(chain__call *c, const chain__key *set)
{
    return !chain__fixed(c) || chain__set_count(c, set) <= CHAIN__OFFER_EFFECTORS_MAX;
}

static riv_err run_register(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__id    id  = offer_id(c);
    chain__key   set = chain__offer_effectors(&id);
    chain__offer o   = { .provider = c->sender, .token = eth_to_address(&args[1]), .min_price = args[0].word };
    RIV_TRY(check_offer(c, &id, o.min_price, &o.token, args[4].word, args[5].word));
    o.min_version = args[4].word.limb[0]; /* both are below the maximum */
    o.max_version = args[5].word.limb[0];
    offer_put(c, &id, &o);
    for (size_t i = 0; i < args[2].items_count; i++) {
        chain__cid cid  = chain__to_cid(&args[2].items[i]);
        chain__id  hash = chain__cid_hash(&cid);
        (void)chain__set_add(c, &set, chain__id_view(&hash)); /* named twice: no error */
    }
    if (!effectors_fit(c, &set)) return too_many_effectors(c);
    const eth_value told[] = {
        eth_of_address(&c->sender), chain__of_id(&id), args[0], args[1], args[2], args[4], args[5]
    };
    chain__emit(c, EVENT_OFFER, told);
    RIV_TRY(add_peers(c, &id, &o, &args[3]));
    out[0] = chain__of_id(&id);
    return RIV_OK;
}

/* ---- changing offers ---- */

static riv_err own_offer(chain__call *c, const chain__id *id, chain__offer *out)
{
    if (!chain__offer_get(c, id, out) || !eth_address_eq(&out->provider, &c->sender))
        return chain__revert(c, "Only owner can change offer");
    return RIV_OK;
}

static riv_err run_add_peers(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    chain__id    id = chain__to_id(&args[0]);
    chain__offer o;
    if (!chain__offer_get(c, &id, &o)) return chain__revert(c, "Offer doesn't exist");
    RIV_TRY(own_offer(c, &id, &o));
    if (args[1].items_count == 0) return chain__revert(c, "Peers should not be empty");
    return add_peers(c, &id, &o, &args[1]);
}

static riv_err run_add_units(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    chain__id    id = chain__to_id(&args[0]);
    chain__peer  v;
    chain__offer o;
    if (chain__id_is_zero(&id)) return chain__revert(c, "Peer id should be not empty");
    if (!chain__peer_get(c, &id, &v)) return chain__revert(c, "Peer doesn't exist");
    RIV_TRY(own_offer(c, &v.offer, &o));
    if (!chain__id_is_zero(&v.commitment)) return chain__revert(c, "Peer has commitment");
    return add_units(c, &id, &v, &args[1]);
}

static riv_err run_remove_unit(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    chain__id   id = chain__to_id(&args[0]);
    chain__unit v;
    chain__peer p;
    if (!chain__unit_get(c, &id, &v)) return chain__revert(c, "Compute unit doesn't exist");
    eth_address provider = chain__peer_provider(c, &v.peer);
    if (!eth_address_eq(&provider, &c->sender)) return chain__revert(c, "Only owner can remove compute unit");
    if (!chain__peer_get(c, &v.peer, &p)) return chain__reject(c);
    if (!chain__id_is_zero(&p.commitment)) return chain__revert(c, "Peer has commitment");
    if (!eth_address_is_zero(&v.deal)) return chain__revert(c, "Compute unit is in deal");
    chain__key      set    = key_of('s', &v.peer);
    const eth_value told[] = { chain__of_id(&v.peer), chain__of_id(&id) };
    chain__listing_unit(c, &v.peer, &id, false);
    p.units_count--;
    peer_put(c, &v.peer, &p);
    if (!chain__set_remove(c, &set, chain__id_view(&id))) return chain__revert(c, "Invalid remove from enumerable set");
    forget(c, 'n', &id);
    chain__emit(c, EVENT_UNIT_REMOVED, told);
    return RIV_OK;
}

static riv_err run_remove_peer(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    chain__id    id = chain__to_id(&args[0]);
    chain__peer  v;
    chain__offer o;
    if (!chain__peer_get(c, &id, &v)) return chain__revert(c, "Peer doesn't exist");
    RIV_TRY(own_offer(c, &v.offer, &o));
    if (v.units_count) return chain__revert(c, "Peer has compute units");
    const eth_value told[] = { chain__of_id(&v.offer), chain__of_id(&id) };
    o.peers_count--;
    offer_put(c, &v.offer, &o);
    forget(c, 'p', &id);
    chain__emit(c, EVENT_PEER_REMOVED, told);
    return RIV_OK;
}

static riv_err run_remove_offer(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    chain__id    id = chain__to_id(&args[0]);
    chain__offer o;
    RIV_TRY(own_offer(c, &id, &o));
    if (o.peers_count) return chain__revert(c, "Offer has compute peers");
    forget(c, 'o', &id); /* its effectors stay, as in the original: no id comes twice */
    return RIV_OK;
}

static riv_err run_change_price(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    chain__id    id = chain__to_id(&args[0]);
    chain__offer o;
    RIV_TRY(own_offer(c, &id, &o));
    if (u256_is_zero(args[1].word)) return chain__revert(c, "Min price per epoch should be greater than 0");
    chain__listing_take(c, &id, &o);
    o.min_price = args[1].word;
    offer_put(c, &id, &o);
    chain__listing_give(c, &id, &o);
    chain__emit(c, EVENT_PRICE, args);
    return RIV_OK;
}

static riv_err run_change_token(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    chain__id    id    = chain__to_id(&args[0]);
    eth_address  token = eth_to_address(&args[1]);
    chain__offer o;
    RIV_TRY(own_offer(c, &id, &o));
    if (eth_address_is_zero(&token)) return chain__revert(c, "Payment token should be not zero address");
    chain__listing_take(c, &id, &o);
    o.token = token;
    offer_put(c, &id, &o);
    chain__listing_give(c, &id, &o);
    chain__emit(c, EVENT_TOKEN, args);
    return RIV_OK;
}

static riv_err change_effectors(chain__call *c, const eth_value *args, bool adds)
{
    chain__id    id  = chain__to_id(&args[0]);
    chain__key   set = chain__offer_effectors(&id);
    chain__offer o;
    RIV_TRY(own_offer(c, &id, &o));
    chain__listing_take(c, &id, &o);
    for (size_t i = 0; i < args[1].items_count; i++) {
        chain__cid      cid    = chain__to_cid(&args[1].items[i]);
        chain__id       hash   = chain__cid_hash(&cid);
        const eth_value told[] = { args[0], args[1].items[i] };
        if (adds && !chain__set_add(c, &set, chain__id_view(&hash))) return chain__revert(c, "Effector already exists");
        if (!adds && !chain__set_remove(c, &set, chain__id_view(&hash)))
            return chain__revert(c, "Effector doesn't exist");
        chain__emit(c, adds ? EVENT_EFFECTOR : EVENT_EFFECTOR_REMOVED, told);
    }
    if (!effectors_fit(c, &set)) return too_many_effectors(c);
    chain__listing_give(c, &id, &o);
    return RIV_OK;
}

static riv_err run_add_effector(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    return change_effectors(c, args, true);
}

static riv_err run_remove_effector(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    return change_effectors(c, args, false);
}

/* ---- units into deals and back ---- */

riv_err chain__unit_to_deal(chain__call *c, const chain__id *unit, const eth_address *deal)
{
    chain__unit v;
    chain__peer p;
    if (!chain__unit_get(c, unit, &v)) return chain__revert(c, "Compute unit doesn't exist");
    if (!eth_address_is_zero(&v.deal)) return chain__revert(c, "Compute unit already reserved");
    if (!chain__peer_get(c, &v.peer, &p)) return chain__revert(c, "Peer doesn't exist");
    eth_address     provider = chain__peer_provider(c, &v.peer);
    const eth_value told[]   = { chain__of_id(unit), eth_of_address(deal), chain__of_id(&v.peer) };
    v.deal                   = *deal;
    unit_put(c, unit, &v);
    chain__listing_unit(c, &v.peer, unit, false);
    RIV_TRY(chain__deal_add_unit(c, deal, &provider, unit, &v.peer));
    if (!chain__id_is_zero(&p.commitment)) RIV_TRY(chain__cc_unit_moved_to_deal(c, &p.commitment, unit));
    chain__emit(c, EVENT_TO_DEAL, told);
    return RIV_OK;
}

static bool may_return(chain__call *c, const chain__unit *v, const chain__peer *p)
{
    chain__deal_info deal;
    eth_address      provider = chain__peer_provider(c, &v->peer), capacity = c->engine->addresses[CHAIN_CAPACITY];
    chain__deal_get(c, &v->deal, &deal);
    return eth_address_eq(&provider, &c->sender) || eth_address_eq(&p->owner, &c->sender) ||
           eth_address_eq(&deal.owner, &c->sender) || eth_address_eq(&capacity, &c->sender);
}

/* c->self is Market. */
static riv_err return_unit(chain__call *c, const chain__id *unit)
{
    chain__unit v;
    chain__peer p;
    if (!chain__unit_get(c, unit, &v)) return chain__revert(c, "Compute unit doesn't exist");
    if (eth_address_is_zero(&v.deal)) return chain__revert(c, "Compute unit already free");
    if (!chain__peer_get(c, &v.peer, &p) || !may_return(c, &v, &p))
        return chain__revert(c, "Only deal owner, peer owner and provider can remove compute unit from deal");
    eth_address     deal   = v.deal;
    const eth_value told[] = { chain__of_id(unit), eth_of_address(&deal), chain__of_id(&v.peer) };
    v.deal                 = (eth_address){ { 0 } };
    unit_put(c, unit, &v);
    RIV_TRY(chain__deal_remove_unit(c, &deal, unit));
    if (!chain__id_is_zero(&p.commitment)) RIV_TRY(chain__cc_unit_returned(c, &p.commitment, unit));
    chain__listing_unit(c, &v.peer, unit, true);
    chain__emit(c, EVENT_FROM_DEAL, told);
    return RIV_OK;
}

static riv_err run_return_unit(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    chain__id id = chain__to_id(&args[0]);
    return return_unit(c, &id);
}

riv_err chain__market_return_unit(chain__call *c, const chain__id *unit)
{
    chain__call market = chain__inner(c, &c->engine->addresses[CHAIN_MARKET]);
    return chain__end(c, &market, return_unit(&market, unit));
}

/* ---- what only Capacity may call: it does so by the functions above ---- */

static riv_err run_set_commitment(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    chain__id peer = chain__to_id(&args[0]), commitment = chain__to_id(&args[1]);
    RIV_TRY(chain__need_capacity(c));
    chain__peer_set_commitment(c, &peer, &commitment);
    return RIV_OK;
}

static riv_err run_set_start(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    chain__id unit = chain__to_id(&args[0]);
    uint64_t  epoch;
    RIV_TRY(chain__need_capacity(c));
    if (!u256_u64(args[1].word, &epoch)) return chain__panic(c, 0x11);
    chain__unit_set_start(c, &unit, epoch);
    return RIV_OK;
}

/* ---- views ---- */

static riv_err run_get_offer(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__id    id = chain__to_id(&args[0]);
    chain__offer o;
    if (!chain__offer_get(c, &id, &o)) return chain__revert(c, "Offer doesn't exist");
    const eth_value items[] = { eth_of_address(&o.provider), eth_number(o.min_price), eth_of_address(&o.token),
                                eth_word(o.peers_count),     eth_word(o.min_version), eth_word(o.max_version) };
    out[0]                  = chain__tuple(c, items, RIV_COUNT(items));
    return RIV_OK;
}

static riv_err run_get_peer(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__id   id = chain__to_id(&args[0]);
    chain__peer p;
    if (!chain__peer_get(c, &id, &p)) return chain__revert(c, "Peer doesn't exist");
    const eth_value items[] = { chain__of_id(&p.offer), chain__of_id(&p.commitment), eth_word(p.units_count),
                                eth_of_address(&p.owner) };
    out[0]                  = chain__tuple(c, items, RIV_COUNT(items));
    return RIV_OK;
}

static riv_err run_get_unit(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__id   id = chain__to_id(&args[0]);
    chain__unit u;
    if (!chain__unit_get(c, &id, &u)) return chain__revert(c, "Compute unit doesn't exist");
    const eth_value items[] = { eth_of_address(&u.deal), chain__of_id(&u.peer), eth_word(u.start_epoch) };
    out[0]                  = chain__tuple(c, items, RIV_COUNT(items));
    return RIV_OK;
}

static riv_err run_get_unit_ids(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__id peer = chain__to_id(&args[0]), id = { { 0 } };
    uint64_t  count = chain__peer_units(c, &peer, UINT64_MAX, &id);
    if (!chain__affords(c, count)) return RIV_E_LIMIT;
    eth_value *items = riv_new(c->arena, eth_value, count + 1);
    for (uint64_t i = 0; i < count; i++) {
        (void)chain__peer_units(c, &peer, i, &id);
        items[i] = chain__of_id(&id);
    }
    out[0] = eth_list(items, count);
    return RIV_OK;
}

/* A unit that has not been moved starts with its commitment. */
static riv_err run_get_units(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__id   peer = chain__to_id(&args[0]), id = { { 0 } };
    chain__peer p     = { 0 };
    uint64_t    start = 0, count = chain__peer_units(c, &peer, UINT64_MAX, &id);
    if (!chain__affords(c, count)) return RIV_E_LIMIT;
    eth_value *items = riv_new(c->arena, eth_value, count + 1);
    if (chain__peer_get(c, &peer, &p) && !chain__id_is_zero(&p.commitment))
        start = chain__cc_start_epoch(c, &p.commitment);
    for (uint64_t i = 0; i < count; i++) {
        chain__unit u = { 0 };
        (void)chain__peer_units(c, &peer, i, &id);
        (void)!chain__unit_get(c, &id, &u);
        const eth_value view[] = { chain__of_id(&id), eth_of_address(&u.deal),
                                   eth_word(u.start_epoch ? u.start_epoch : start) };
        items[i]               = chain__tuple(c, view, RIV_COUNT(view));
    }
    out[0] = eth_list(items, count);
    return RIV_OK;
}

static riv_err run_unit_resources(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)c;
    (void)args;
    out[0] = eth_word(UNIT_CORES);
    out[1] = eth_word(UNIT_MEMORY_BYTES);
    out[2] = eth_word(UNIT_DISK_BYTES);
    return RIV_OK;
}

static riv_err run_refresh(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    chain__id   id = chain__to_id(&args[0]);
    chain__peer p;
    if (!chain__peer_get(c, &id, &p)) return chain__revert(c, "Peer doesn't exist");
    chain__listing_peer(c, &id);
    return RIV_OK;
}

/* ---- the table: the original's, then ours ---- */

static const chain__function functions[] = {
    { "addComputePeers(bytes32 offerId,(bytes32,address,bytes32[])[] peers)", "()", true, false, run_add_peers },
    { "addComputeUnits(bytes32 peerId,bytes32[] unitIds)", "()", true, false, run_add_units },
    { "addEffector(bytes32 offerId,(bytes4,bytes32)[] newEffectors)", "()", true, false, run_add_effector },
    { "changeMinPricePerWorkerEpoch(bytes32 offerId,uint256 newMinPricePerWorkerEpoch)", "()", true, false,
      run_change_price },
    { "changePaymentToken(bytes32 offerId,address newPaymentToken)", "()", true, false, run_change_token },
    { "core()", "(address)", false, false, chain__run_core },
    { "getComputePeer(bytes32 peerId)", "((bytes32,bytes32,uint256,address))", false, false, run_get_peer },
    { "getComputeUnit(bytes32 unitId)", "((address,bytes32,uint256))", false, false, run_get_unit },
    { "getComputeUnitIds(bytes32 peerId)", "(bytes32[])", false, false, run_get_unit_ids },
    { "getComputeUnits(bytes32 peerId)", "((bytes32,address,uint256)[])", false, false, run_get_units },
    { "getEffectorInfo((bytes4,bytes32) id)", "((string,(bytes4,bytes32)))", false, false,
      chain__run_get_effector_info },
    { "getOffer(bytes32 offerId)", "((address,uint256,address,uint256,uint256,uint256))", false, false, run_get_offer },
    { "getProviderInfo(address provider)", "((string,(bytes4,bytes32)))", false, false, chain__run_get_provider_info },
    { "initialize()", "()", true, false, chain__run_initialize },
    { "matchDeal(address deal,bytes32[] offers,bytes32[][] computeUnits)", "()", true, false, chain__run_match },
    { "multicall(bytes[] data)", "(bytes[])", true, false, chain__run_multicall },
    { "owner()", "(address)", false, false, chain__run_core_owner },
    { "proxiableUUID()", "(bytes32)", false, false, chain__run_uuid },
    { "registerMarketOffer(uint256 minPricePerWorkerEpoch,address paymentToken,(bytes4,bytes32)[] effectors,"
      "(bytes32,address,bytes32[])[] peers,uint256 minProtocolVersion,uint256 maxProtocolVersion)",
      "(bytes32)", true, false, run_register },
    { "removeComputePeer(bytes32 peerId)", "()", true, false, run_remove_peer },
    { "removeComputeUnit(bytes32 unitId)", "()", true, false, run_remove_unit },
    { "removeEffector(bytes32 offerId,(bytes4,bytes32)[] effectors)", "()", true, false, run_remove_effector },
    { "removeEffectorInfo((bytes4,bytes32) id)", "()", true, false, chain__run_remove_effector_info },
    { "removeOffer(bytes32 offerId)", "()", true, false, run_remove_offer },
    { "returnComputeUnitFromDeal(bytes32 unitId)", "()", true, false, run_return_unit },
    { "setCommitmentId(bytes32 peerId,bytes32 commitmentId)", "()", true, false, run_set_commitment },
    { "setEffectorInfo((bytes4,bytes32) id,string description,(bytes4,bytes32) metadata)", "()", true, false,
      chain__run_set_effector_info },
    { "setProviderInfo(string name,(bytes4,bytes32) metadata)", "()", true, false, chain__run_set_provider_info },
    { "setStartEpoch(bytes32 unitId,uint256 startEpoch)", "()", true, false, run_set_start },
    { "upgradeTo(address newImplementation)", "()", true, false, chain__run_upgrade },
    { "upgradeToAndCall(address newImplementation,bytes data)", "()", true, true, chain__run_upgrade },
    { "matchDeal(address deal)", "(uint256)", true, false, chain__run_match_listed },
    { "pickUpDeal(address deal,bytes32[] unitIds)", "()", true, false, chain__run_pick_up },
    { "publishDeal(address deal)", "()", true, false, chain__run_publish },
    { "unpublishDeal(address deal)", "()", true, false, chain__run_unpublish },
    { "isPublished(address deal)", "(bool)", false, false, chain__run_is_published },
    { "publishedDeals(uint256 from,uint256 count)", "(address[])", false, false, chain__run_published },
    { "publishedDealsCount()", "(uint256)", false, false, chain__run_published_count },
    { "refreshPeer(bytes32 peerId)", "()", true, false, run_refresh },
    { "computeUnitResources()", "(uint256,uint256,uint256)", false, false, run_unit_resources },
};
static const char *const events[] = {
    EVENT_OFFER,
    EVENT_PEER,
    EVENT_PEER_REMOVED,
    EVENT_UNIT,
    EVENT_UNIT_REMOVED,
    EVENT_PRICE,
    EVENT_TOKEN,
    EVENT_EFFECTOR,
    EVENT_EFFECTOR_REMOVED,
    EVENT_TO_DEAL,
    EVENT_FROM_DEAL,
    CHAIN__EVENT_MATCHED,
    CHAIN__EVENT_PROVIDER_INFO,
    CHAIN__EVENT_EFFECTOR_INFO,
    CHAIN__EVENT_EFFECTOR_REMOVED,
    CHAIN__EVENT_PUBLISHED,
    CHAIN__EVENT_UNPUBLISHED,
};
static const char *const errors[] = { CHAIN__ERROR_NOT_MATCHED };

const chain__contract chain__market = { functions, RIV_COUNT(functions), events, RIV_COUNT(events),
                                        errors,    RIV_COUNT(errors),    NULL };
