/* deal_config.c: a deal as it was ordered: its parameters, its owner, whom it takes.
 * Keys: 'd' deal: record; 'h' deal: set of addresses of the access list; 'h' deal 2 index: an effector.
 * Spec: docs/spec/market.md 4.1. Tests: deal_test.c. */
#include "chain/market.h"

enum { CID_BYTES = 4 + 32 };

uint64_t chain__clamp_u64(u256 v)
{
    uint64_t out;
    return u256_u64(v, &out) ? out : UINT64_MAX;
}

/* ---- the record ---- */

static chain__key config_key(const eth_address *deal) { return chain__key_with_address(chain__key_of('d'), deal); }

static chain__key effector_key(const eth_address *deal, uint64_t index)
{
    chain__key k = chain__key_with_address(chain__key_of('h'), deal);
    return chain__key_with_u64(chain__key_with(k, RIV_BYTES("\2")), index);
}

chain__key chain__access_set(const eth_address *deal) { return chain__key_with_address(chain__key_of('h'), deal); }

static void put_u256(riv_buf *out, u256 v) { u256_to_be(v, riv_buf_raw(out, 32)); }
static u256 read_u256(riv_reader *r) { return u256_from_be(riv_read_bytes(r, 32)); }

static void put_cid(riv_buf *out, const chain__cid *cid)
{
    riv_put_bytes(out, (riv_bytes){ cid->prefixes, sizeof cid->prefixes });
    riv_put_bytes(out, chain__id_view(&cid->hash));
}

static chain__cid read_cid(riv_reader *r)
{
    chain__cid out = { 0 };
    chain__read_into(r, out.prefixes, sizeof out.prefixes);
    chain__read_into(r, out.hash.bytes, sizeof out.hash.bytes);
    return out;
}

bool chain__config_get(chain__call *c, const eth_address *deal, chain__config *out)
{
    chain__key    key = config_key(deal);
    riv_bytes     value;
    chain__config v = { 0 };
    if (!chain__get(c, &key, &value)) return false;
    riv_reader r = riv_reader_of(value);
    chain__read_into(&r, v.owner.bytes, sizeof v.owner.bytes);
    chain__read_into(&r, v.token.bytes, sizeof v.token.bytes);
    v.price            = read_u256(&r);
    v.min_workers      = read_u256(&r);
    v.target_workers   = read_u256(&r);
    v.max_per_provider = read_u256(&r);
    v.protocol_version = read_u256(&r);
    v.created_at_block = riv_read_u64be(&r);
    v.effectors_count  = riv_read_u64be(&r);
    v.app              = read_cid(&r);
    v.access           = riv_read_u8(&r);
    *out               = v;
    return true;
}

void chain__config_put(chain__call *c, const eth_address *deal, const chain__config *v)
{
    chain__key key = config_key(deal);
    riv_buf    out = riv_buf_in(c->arena);
    riv_put_bytes(&out, chain__address_view(&v->owner));
    riv_put_bytes(&out, chain__address_view(&v->token));
    put_u256(&out, v->price);
    put_u256(&out, v->min_workers);
    put_u256(&out, v->target_workers);
    put_u256(&out, v->max_per_provider);
    put_u256(&out, v->protocol_version);
    riv_put_u64be(&out, v->created_at_block);
    riv_put_u64be(&out, v->effectors_count);
    put_cid(&out, &v->app);
    riv_put_u8(&out, v->access);
    chain__put(c, &key, riv_buf_view(&out));
}

chain__cid chain__config_effector(chain__call *c, const eth_address *deal, uint64_t index)
{
    chain__key key = effector_key(deal, index);
    riv_bytes  value;
    riv_reader r = riv_reader_of(chain__get(c, &key, &value) ? value : (riv_bytes){ 0 });
    return read_cid(&r);
}

eth_value chain__config_effectors(chain__call *c, const eth_address *deal, const chain__config *v)
{
    eth_value *items = riv_new(c->arena, eth_value, v->effectors_count + 1);
    for (uint64_t i = 0; i < v->effectors_count; i++) {
        chain__cid cid = chain__config_effector(c, deal, i);
        items[i]       = chain__of_cid(c, &cid);
    }
    return eth_list(items, v->effectors_count);
}

/* One list for both kinds: changing the kind uses it anew. */
bool chain__config_allows(chain__call *c, const eth_address *deal, const chain__config *v, const eth_address *provider)
{
    chain__key set = chain__access_set(deal);
    if (v->access == CHAIN__ACCESS_NONE) return true;
    return chain__set_has(c, &set, chain__address_view(provider)) == (v->access == CHAIN__ACCESS_WHITELIST);
}

/* ---- what Market and others ask ---- */

bool chain__deal_exists(chain__call *c, const eth_address *deal)
{
    chain__key key = config_key(deal);
    riv_bytes  value;
    return chain__get(c, &key, &value);
}

bool chain__deal_allows(chain__call *c, const eth_address *deal, const eth_address *provider)
{
    chain__config v;
    return chain__config_get(c, deal, &v) && chain__config_allows(c, deal, &v, provider);
}

uint64_t chain__deal_effectors(chain__call *c, const eth_address *deal, uint64_t index, chain__id *out)
{
    chain__config v;
    if (!chain__config_get(c, deal, &v)) return 0;
    if (index < v.effectors_count) {
        chain__cid cid = chain__config_effector(c, deal, index);
        *out           = chain__cid_hash(&cid);
    }
    return v.effectors_count;
}

/* ---- the owner ---- */

riv_err chain__need_deal_owner(chain__call *c, chain__config *out)
{
    const eth_value who = eth_of_address(&c->sender);
    if (!chain__config_get(c, &c->self, out)) return chain__reject(c);
    return eth_address_eq(&out->owner, &c->sender) ? RIV_OK : chain__revert_custom(c, CHAIN__ERROR_NOT_OWNER, &who);
}

void chain__give_deal(chain__call *c, chain__config *v, const eth_address *owner)
{
    const eth_value told[] = { eth_of_address(&v->owner), eth_of_address(owner) };
    v->owner               = *owner;
    chain__config_put(c, &c->self, v);
    chain__emit(c, CHAIN__EVENT_OWNERSHIP, told);
}

CHAIN__DEAL_CONFIG_FN(transfer_ownership)
{
    (void)out;
    chain__config v;
    eth_address   owner = eth_to_address(&args[0]);
    RIV_TRY(chain__need_deal_owner(c, &v));
    if (eth_address_is_zero(&owner)) return chain__revert_custom(c, CHAIN__ERROR_NO_OWNER, args);
    chain__give_deal(c, &v, &owner);
    return RIV_OK;
}

CHAIN__DEAL_CONFIG_FN(renounce)
{
    (void)args;
    (void)out;
    static const eth_address nobody;
    chain__config            v;
    RIV_TRY(chain__need_deal_owner(c, &v));
    chain__give_deal(c, &v, &nobody);
    return RIV_OK;
}

/* ---- creation ---- */

/* args: deployDeal's. SPEC market.md 4.1, step (1) */
static riv_err check_parameters(chain__call *c, const chain__config *v)
{
    if (u256_is_zero(v->min_workers)) return chain__revert(c, "Config: minWorkers should be greater than 0");
    if (u256_cmp(v->min_workers, v->target_workers) > 0)
        return chain__revert(c, "Config: minWorkers should be less or equal to targetWorkers");
    if (chain__fixed(c) && u256_is_zero(v->price)) /* Q2 */
        return chain__revert(c, "Config: pricePerWorkerEpoch should be greater than 0");
    return RIV_OK;
}

riv_err chain__deal_init(chain__call *c, const eth_value *args)
{
    const eth_value one = eth_word(1);
    chain__key      set = chain__access_set(&c->self);
    chain__config   v   = {
            .token            = eth_to_address(&args[1]),
            .min_workers      = args[3].word,
            .target_workers   = args[4].word,
            .max_per_provider = args[5].word,
            .price            = args[6].word,
            .effectors_count  = args[7].items_count,
            .protocol_version = args[10].word,
            .created_at_block = c->height,
            .app              = chain__to_cid(&args[0]),
            .access           = (uint8_t)args[8].word.limb[0],
    };
    if (u256_cmp(args[8].word, u256_of(CHAIN__ACCESS_KINDS)) >= 0) return chain__reject(c);
    chain__give_deal(c, &v, &c->sender);
    RIV_TRY(check_parameters(c, &v));
    for (uint64_t i = 0; i < v.effectors_count; i++) {
        chain__cid cid = chain__to_cid(&args[7].items[i]);
        chain__key key = effector_key(&c->self, i);
        riv_buf    out = riv_buf_in(c->arena);
        put_cid(&out, &cid);
        chain__put(c, &key, riv_buf_view(&out));
    }
    for (size_t i = 0; i < args[9].items_count; i++) {
        eth_address who = eth_to_address(&args[9].items[i]);
        (void)chain__set_add(c, &set, chain__address_view(&who));
    }
    chain__emit(c, CHAIN__EVENT_APP, &args[0]);
    chain__emit(c, CHAIN__EVENT_INITIALIZED, &one);
    return RIV_OK;
}

/* ---- changes by the owner ---- */

CHAIN__DEAL_CONFIG_FN(set_app)
{
    (void)out;
    chain__config v;
    RIV_TRY(chain__need_deal_owner(c, &v));
    v.app = chain__to_cid(&args[0]);
    chain__config_put(c, &c->self, &v);
    chain__emit(c, CHAIN__EVENT_APP, args);
    return RIV_OK;
}

CHAIN__DEAL_CONFIG_FN(set_access)
{
    (void)out;
    chain__config v;
    if (u256_cmp(args[0].word, u256_of(CHAIN__ACCESS_KINDS)) >= 0) return chain__reject(c);
    RIV_TRY(chain__need_deal_owner(c, &v));
    if (v.access == args[0].word.limb[0]) return chain__revert(c, "Config: access type is already set");
    v.access = (uint8_t)args[0].word.limb[0];
    chain__config_put(c, &c->self, &v);
    chain__emit(c, CHAIN__EVENT_ACCESS, args);
    return RIV_OK;
}

CHAIN__DEAL_CONFIG_FN(add_access)
{
    (void)out;
    chain__config v;
    chain__key    set = chain__access_set(&c->self);
    eth_address   who = eth_to_address(&args[0]);
    RIV_TRY(chain__need_deal_owner(c, &v));
    if (v.access == CHAIN__ACCESS_NONE) return chain__revert(c, "Config: access type is NONE");
    (void)chain__set_add(c, &set, chain__address_view(&who));
    chain__emit(c, CHAIN__EVENT_ACCESS_ADDED, args);
    return RIV_OK;
}

CHAIN__DEAL_CONFIG_FN(remove_access)
{
    (void)out;
    chain__config v;
    chain__key    set = chain__access_set(&c->self);
    eth_address   who = eth_to_address(&args[0]);
    RIV_TRY(chain__need_deal_owner(c, &v));
    (void)chain__set_remove(c, &set, chain__address_view(&who));
    chain__emit(c, CHAIN__EVENT_ACCESS_REMOVED, args);
    return RIV_OK;
}

/* ---- views ---- */

#define VIEW(name, value)                                                                                              \
    CHAIN__DEAL_CONFIG_FN(name)                                                                                        \
    {                                                                                                                  \
        (void)args;                                                                                                    \
        chain__config v;                                                                                               \
        if (!chain__config_get(c, &c->self, &v)) return chain__reject(c);                                              \
        out[0] = (value);                                                                                              \
        return RIV_OK;                                                                                                 \
    }
VIEW(owner, eth_of_address(&v.owner))
VIEW(token, eth_of_address(&v.token))
VIEW(created, eth_word(v.created_at_block))
VIEW(price, eth_number(v.price))
VIEW(target, eth_number(v.target_workers))
VIEW(min, eth_number(v.min_workers))
VIEW(max_per_provider, eth_number(v.max_per_provider))
VIEW(version, eth_number(v.protocol_version))
VIEW(effectors, chain__config_effectors(c, &c->self, &v))
VIEW(app, chain__of_cid(c, &v.app))
VIEW(access, eth_word(v.access))

CHAIN__DEAL_CONFIG_FN(allowed)
{
    eth_address who = eth_to_address(&args[0]);
    out[0]          = eth_word(chain__deal_allows(c, &c->self, &who));
    return RIV_OK;
}
