/* market_actions.c: the actions of market scenarios: a row each, from a step's members to a transaction of the contracts.
 * Spec: docs/spec/scenarios.md 3; the functions' signatures are those of the original's ABI. Tests: market_test.c. */
#include "sim/market_internal.h"

enum { LIST_MAX = 256 };

/* ---- members of a step; after a failure everything is empty ---- */

static void wrong(market__act *a, const char *key, const char *expected)
{
    if (!a->err) a->err = sim__malformed(a->fault, a->where, key, expected);
}

static const riv_json *member(market__act *a, const char *key) { return riv_json_get(a->step, riv_str_c(key)); }

static riv_str text_or(market__act *a, const char *key, riv_str otherwise)
{
    const riv_json *v = member(a, key);
    if (!v) return otherwise;
    if (v->kind == RIV_JSON_STR) return v->str;
    wrong(a, key, "a name");
    return (riv_str){ 0 };
}

static riv_str text(market__act *a, const char *key)
{
    if (!member(a, key)) wrong(a, key, "a name");
    return text_or(a, key, RIV_LIT(""));
}

static u256 amount_or(market__act *a, const char *key, uint64_t otherwise)
{
    u256            out = u256_of(otherwise);
    const riv_json *v   = member(a, key);
    if (v && !market__amount(v, &out)) wrong(a, key, "a number, as text when it is large");
    return out;
}

static u256 amount(market__act *a, const char *key)
{
    if (!member(a, key)) wrong(a, key, "a number, as text when it is large");
    return amount_or(a, key, 0);
}

static uint64_t word_or(market__act *a, const char *key, const char *const *words, size_t count, uint64_t otherwise)
{
    const riv_json *v = member(a, key);
    if (v && !market__word(v, words, count, &otherwise))
        wrong(a, key, riv_format(a->arena, "%s, ... or its number", words[0]).ptr);
    return otherwise;
}

static const riv_json *list_of(market__act *a, const riv_json *v, const char *key)
{
    if (v && v->kind == RIV_JSON_ARR && v->arr.count <= LIST_MAX) return v;
    wrong(a, key, "a list");
    return NULL;
}

static eth_value bytes32(crypto_hash id) { return eth_of_hash(id.bytes); }

static crypto_hash kept_id(const riv_map *map, const char *kind, riv_str name)
{
    const crypto_hash *id = riv_map_get_str(map, name);
    return id ? *id : market__made_id(kind, name); /* of one that never was */
}

typedef eth_value (*item_fn)(market__act *a, riv_str name);
static eth_value unit_item(market__act *a, riv_str name) { return (void)a, bytes32(market__made_id("unit", name)); }
static eth_value offer_item(market__act *a, riv_str name) { return bytes32(kept_id(a->m->offers, "offer", name)); }
static eth_value commitment_item(market__act *a, riv_str name)
{
    return bytes32(kept_id(a->m->commitments, "commitment", name));
}

static eth_value account_item(market__act *a, riv_str name)
{
    const market__account *who = market__account_of(a->m, name);
    if (!who && !a->err)
        a->err =
            riv_fail(a->fault, RIV_E_MALFORMED, 0, "%s: '" RIV_FMT "' is not in accounts", a->where, RIV_ARG(name));
    return who ? eth_of_address(&who->where) : eth_word(0);
}

/* (bytes4,bytes32): a raw CID of the name's hash. */
static eth_value cid_item(market__act *a, riv_str name)
{
    static const uint8_t prefixes[32] = { 0x01, 0x55, 0x12, 0x20 };
    eth_value           *items        = riv_new(a->arena, eth_value, 2);
    items[0]                          = eth_of_hash(prefixes);
    items[1]                          = bytes32(market__made_id("cid", name));
    return eth_list(items, 2);
}

static eth_value names_of(market__act *a, const riv_json *v, const char *key, item_fn fn)
{
    const riv_json *list = list_of(a, v, key);
    if (!list) return eth_list(NULL, 0);
    eth_value *items = riv_new(a->arena, eth_value, list->arr.count + 1);
    for (size_t i = 0; i < list->arr.count; i++) {
        const riv_json *item = list->arr.items[i];
        if (item->kind == RIV_JSON_STR)
            items[i] = fn(a, item->str);
        else
            wrong(a, key, "a list of names");
    }
    return eth_list(items, list->arr.count);
}

static eth_value names(market__act *a, const char *key, item_fn fn) { return names_of(a, member(a, key), key, fn); }
static eth_value names_or_none(market__act *a, const char *key, item_fn fn)
{
    return member(a, key) ? names(a, key, fn) : eth_list(NULL, 0);
}

static eth_value account(market__act *a, const char *key) { return account_item(a, text(a, key)); }
static eth_value unit(market__act *a) { return unit_item(a, text(a, "unit")); }
static eth_value offer(market__act *a) { return offer_item(a, text(a, "offer")); }
static eth_value peer(market__act *a) { return bytes32(market__made_id("peer", text(a, "peer"))); }
static eth_value commitment(market__act *a) { return commitment_item(a, text(a, "cc")); }

static const market__deal *deal(market__act *a)
{
    static const market__deal none;
    riv_str                   name = text(a, "deal");
    const market__deal       *d    = riv_map_get_str(a->m->deals, name);
    if (!d && !a->err) a->missing = riv_format(a->arena, "deal '" RIV_FMT "' was not made", RIV_ARG(name));
    return d ? d : &none;
}

static eth_address token(market__act *a)
{
    riv_str name = text_or(a, "token", RIV_LIT("USD"));
    if (riv_str_eq(name, RIV_LIT("USD2"))) return a->m->usd2;
    if (!name.len) return (eth_address){ { 0 } };
    if (!riv_str_eq(name, RIV_LIT("USD"))) wrong(a, "token", "\"USD\" or \"USD2\"");
    return chain_contract_address(CHAIN_USD);
}

/* ---- the rows' functions fill a->tx ---- */

static eth_value *call_at(market__act *a, const eth_address *to, const char *signature, size_t args)
{
    eth_value *out  = riv_new(a->arena, eth_value, args + 1);
    a->tx.to        = *to;
    a->tx.signature = signature;
    a->tx.args      = out;
    return out;
}

static eth_value *call(market__act *a, chain_contract to, const char *signature, size_t args)
{
    eth_address where = chain_contract_address(to);
    return call_at(a, &where, signature, args);
}

static eth_value *call_deal(market__act *a, const char *signature, size_t args)
{
    return call_at(a, &deal(a)->where, signature, args);
}

static void provider_info(market__act *a)
{
    eth_value *v = call(a, CHAIN_MARKET, "setProviderInfo(string,(bytes4,bytes32))", 2);
    v[0]         = eth_text(text_or(a, "name", a->tx.by->name));
    v[1]         = cid_item(a, RIV_LIT("metadata"));
}

/* (bytes32 peerId,address owner,bytes32[] unitIds)[] */
static eth_value peers(market__act *a)
{
    const riv_json *list = member(a, "peers") ? list_of(a, member(a, "peers"), "peers") : NULL;
    size_t          n    = list ? list->arr.count : 0;
    eth_value      *out  = riv_new(a->arena, eth_value, n + 1);
    for (size_t i = 0; i < n; i++) {
        static const char *const keys[] = { "id", "owner", "units" };
        const riv_json          *p = list->arr.items[i], *id = riv_json_get(p, RIV_LIT("id")),
                       *who = riv_json_get(p, RIV_LIT("owner"));
        eth_value *v        = riv_new(a->arena, eth_value, 3);
        if (!a->err) a->err = sim__known_keys(p, a->where, keys, RIV_COUNT(keys), a->fault);
        if (!id || id->kind != RIV_JSON_STR || (who && who->kind != RIV_JSON_STR)) {
            wrong(a, "peers", "a list of {id, owner, units}");
            break;
        }
        v[0]   = bytes32(market__made_id("peer", id->str));
        v[1]   = account_item(a, who ? who->str : a->tx.by->name);
        v[2]   = names_of(a, riv_json_get(p, RIV_LIT("units")), "peers", unit_item);
        out[i] = eth_list(v, 3);
    }
    return eth_list(out, n);
}

static void register_offer(market__act *a)
{
    eth_value *v = call(
        a, CHAIN_MARKET,
        "registerMarketOffer(uint256,address,(bytes4,bytes32)[],(bytes32,address,bytes32[])[],uint256,uint256)", 6);
    eth_address in = token(a);
    v[0]           = eth_number(amount(a, "minPrice"));
    v[1]           = eth_of_address(&in);
    v[2]           = names_or_none(a, "effectors", cid_item);
    v[3]           = peers(a);
    v[4]           = eth_number(amount_or(a, "minPV", 1));
    v[5]           = eth_number(amount_or(a, "maxPV", 1));
    a->kept        = MARKET__OFFER;
    a->name        = text(a, "offer");
}

static void add_peers(market__act *a)
{
    eth_value *v = call(a, CHAIN_MARKET, "addComputePeers(bytes32,(bytes32,address,bytes32[])[])", 2);
    v[0]         = offer(a);
    v[1]         = peers(a);
}

static void add_units(market__act *a)
{
    eth_value *v = call(a, CHAIN_MARKET, "addComputeUnits(bytes32,bytes32[])", 2);
    v[0]         = peer(a);
    v[1]         = names(a, "units", unit_item);
}

static void remove_unit(market__act *a) { call(a, CHAIN_MARKET, "removeComputeUnit(bytes32)", 1)[0] = unit(a); }
static void remove_peer(market__act *a) { call(a, CHAIN_MARKET, "removeComputePeer(bytes32)", 1)[0] = peer(a); }
static void remove_offer(market__act *a) { call(a, CHAIN_MARKET, "removeOffer(bytes32)", 1)[0] = offer(a); }

static void change_price(market__act *a)
{
    eth_value *v = call(a, CHAIN_MARKET, "changeMinPricePerWorkerEpoch(bytes32,uint256)", 2);
    v[0]         = offer(a);
    v[1]         = eth_number(amount(a, "price"));
}

static void change_token(market__act *a)
{
    eth_value  *v  = call(a, CHAIN_MARKET, "changePaymentToken(bytes32,address)", 2);
    eth_address to = token(a);
    v[0]           = offer(a);
    v[1]           = eth_of_address(&to);
}

static void change_effectors(market__act *a, const char *signature)
{
    eth_value *v = call(a, CHAIN_MARKET, signature, 2);
    v[0]         = offer(a);
    v[1]         = names(a, "effectors", cid_item);
}

static void add_effectors(market__act *a) { change_effectors(a, "addEffector(bytes32,(bytes4,bytes32)[])"); }
static void remove_effectors(market__act *a) { change_effectors(a, "removeEffector(bytes32,(bytes4,bytes32)[])"); }

static void create_deal(market__act *a)
{
    eth_value *v =
        call(a, CHAIN_DEAL_FACTORY,
             "deployDeal((bytes4,bytes32),address,uint256,uint256,uint256,uint256,uint256,(bytes4,bytes32)[],uint8,"
             "address[],uint256)",
             11);
    a->token        = token(a);
    a->tokens       = amount(a, "deposit");
    a->needs_tokens = true;
    a->spender      = chain_contract_address(CHAIN_DEAL_FACTORY);
    v[0]            = cid_item(a, text_or(a, "app", RIV_LIT("app")));
    v[1]            = eth_of_address(&a->token);
    v[2]            = eth_number(a->tokens);
    v[3]            = eth_number(amount_or(a, "minWorkers", 1));
    v[4]            = eth_number(amount_or(a, "targetWorkers", 1));
    v[5]            = eth_number(amount_or(a, "maxPerProvider", 1));
    v[6]            = eth_number(amount(a, "price"));
    v[7]            = names_or_none(a, "effectors", cid_item);
    v[8]            = eth_word(word_or(a, "access", market__access, RIV_COUNT(market__access), 0));
    v[9]            = names_or_none(a, "accessList", account_item);
    v[10]           = eth_number(amount_or(a, "pv", 1));
    a->kept         = MARKET__DEAL;
    a->name         = text(a, "deal");
}

static void match(market__act *a)
{
    eth_value      *v     = call(a, CHAIN_MARKET, "matchDeal(address,bytes32[],bytes32[][])", 3);
    const riv_json *units = list_of(a, member(a, "units"), "units");
    size_t          n     = units ? units->arr.count : 0;
    eth_value      *lists = riv_new(a->arena, eth_value, n + 1);
    v[0]                  = eth_of_address(&deal(a)->where);
    v[1]                  = names(a, "offers", offer_item);
    for (size_t i = 0; i < n; i++) lists[i] = names_of(a, units->arr.items[i], "units", unit_item);
    v[2] = eth_list(lists, n);
}

static void pick_up(market__act *a)
{
    eth_value *v = call(a, CHAIN_MARKET, "pickUpDeal(address,bytes32[])", 2);
    v[0]         = eth_of_address(&deal(a)->where);
    v[1]         = names(a, "units", unit_item);
}

static void publish(market__act *a)
{
    call(a, CHAIN_MARKET, "publishDeal(address)", 1)[0] = eth_of_address(&deal(a)->where);
}

static void set_worker(market__act *a)
{
    eth_value *v = call_deal(a, "setWorker(bytes32,bytes32)", 2);
    v[0]         = unit(a);
    v[1]         = bytes32(market__made_id("worker", text_or(a, "worker", text(a, "unit"))));
}

static void return_unit(market__act *a) { call(a, CHAIN_MARKET, "returnComputeUnitFromDeal(bytes32)", 1)[0] = unit(a); }

static void deposit(market__act *a)
{
    const market__deal *d                           = deal(a);
    a->tokens                                       = amount(a, "amount");
    a->needs_tokens                                 = true;
    a->token                                        = d->token;
    a->spender                                      = d->where;
    call_at(a, &d->where, "deposit(uint256)", 1)[0] = eth_number(a->tokens);
}

static void withdraw(market__act *a) { call_deal(a, "withdraw(uint256)", 1)[0] = eth_number(amount(a, "amount")); }
static void withdraw_deal_reward(market__act *a) { call_deal(a, "withdrawRewards(bytes32)", 1)[0] = unit(a); }
static void stop(market__act *a) { call_deal(a, "stop()", 0); }
static void add_access(market__act *a)
{
    call_deal(a, "addProviderToAccessList(address)", 1)[0] = account(a, "provider");
}
static void remove_access(market__act *a)
{
    call_deal(a, "removeProviderFromAccessList(address)", 1)[0] = account(a, "provider");
}

static void set_access_type(market__act *a)
{
    if (!member(a, "type")) wrong(a, "type", "\"NONE\", \"WHITELIST\" or \"BLACKLIST\"");
    call_deal(a, "changeProvidersAccessType(uint8)", 1)[0] =
        eth_word(word_or(a, "type", market__access, RIV_COUNT(market__access), 0));
}

static void create_commitment(market__act *a)
{
    eth_value *v = call(a, CHAIN_CAPACITY, "createCommitment(bytes32,uint256,address,uint256)", 4);
    v[0]         = peer(a);
    v[1]         = eth_number(amount(a, "duration"));
    v[2]         = member(a, "delegator") ? account(a, "delegator") : eth_word(0);
    v[3]         = eth_number(amount(a, "rate"));
    a->kept      = MARKET__COMMITMENT;
    a->name      = text(a, "cc");
}

static void remove_commitment(market__act *a)
{
    call(a, CHAIN_CAPACITY, "removeCommitment(bytes32)", 1)[0] = commitment(a);
}

static void deposit_collateral(market__act *a)
{
    call(a, CHAIN_CAPACITY, "depositCollateral(bytes32[])", 1)[0] = names(a, "ccs", commitment_item);
    a->tx.value                                                   = amount(a, "value");
}

/* What the mocked hashing gives is the difficulty itself, so another hash is wrong. */
static eth_value proof_hash(market__act *a, bool bad)
{
    uint8_t hash[32];
    memcpy(hash, a->m->params.difficulty, sizeof hash);
    if (bad) hash[31] ^= 1;
    return eth_of_hash(hash);
}

static void submit_proofs(market__act *a)
{
    eth_value      *v     = call(a, CHAIN_CAPACITY, "submitProofs(bytes32[],bytes32[],bytes32[])", 3);
    const riv_json *bad   = member(a, "badHash");
    riv_str         nonce = text_or(a, "localNonce", RIV_LIT(""));
    uint64_t        count = 0;
    if (!u256_u64(amount_or(a, "count", 1), &count) || count > LIST_MAX) {
        wrong(a, "count", "at most 256");
        return;
    }
    if (bad && bad->kind != RIV_JSON_BOOL) wrong(a, "badHash", "true or false");
    eth_value *units = riv_new(a->arena, eth_value, count + 1), *nonces = riv_new(a->arena, eth_value, count + 1),
              *hashes = riv_new(a->arena, eth_value, count + 1);
    for (size_t i = 0; i < count; i++) {
        riv_str own = nonce.len && i == 0 ? nonce
                      : nonce.len         ? riv_format(a->arena, RIV_FMT "/%zu", RIV_ARG(nonce), i)
                                          : riv_format(a->arena, "%llu", (unsigned long long)++a->m->nonces);
        units[i]    = unit(a);
        nonces[i]   = bytes32(market__made_id(nonce.len ? "nonce" : "made nonce", own));
        hashes[i]   = proof_hash(a, bad && bad->boolean);
    }
    v[0] = eth_list(units, count), v[1] = eth_list(nonces, count), v[2] = eth_list(hashes, count);
}

static void remove_units(market__act *a)
{
    eth_value *v = call(a, CHAIN_CAPACITY, "removeCUFromCC(bytes32,bytes32[])", 2);
    v[0]         = commitment(a);
    v[1]         = names(a, "units", unit_item);
}

static void finish(market__act *a) { call(a, CHAIN_CAPACITY, "finishCommitment(bytes32)", 1)[0] = commitment(a); }
static void withdraw_reward(market__act *a)
{
    call(a, CHAIN_CAPACITY, "withdrawReward(bytes32)", 1)[0] = commitment(a);
}
static void set_price(market__act *a)
{
    call(a, CHAIN_CORE, "setFLTPrice(uint256)", 1)[0] = eth_number(amount(a, "price"));
}

static void set_constant_by(market__act *a, const char *signature)
{
    eth_value *v = call(a, CHAIN_CORE, signature, 2);
    uint64_t   index;
    if (!u256_u64(amount(a, "index"), &index) || index > UINT8_MAX) wrong(a, "index", "a number up to 255");
    v[0] = eth_number(amount(a, "index"));
    v[1] = eth_number(amount(a, "value"));
}

static void set_capacity_constant(market__act *a) { set_constant_by(a, "setCapacityConstant(uint8,uint256)"); }
static void set_constant(market__act *a) { set_constant_by(a, "setConstant(uint8,uint256)"); }
static void grant_access(market__act *a) { call(a, CHAIN_CORE, "grantAccess(address)", 1)[0] = account(a, "account"); }
static void revoke_access(market__act *a)
{
    call(a, CHAIN_CORE, "revokeAccess(address)", 1)[0] = account(a, "account");
}

/* ---- the table ---- */

static const struct action {
    const char *name, *keys; /* beside epoch, by, do, reverts, expect, about */
    void (*fill)(market__act *a);
} actions[] = {
    { "providerInfo", "name", provider_info },
    { "registerOffer", "offer minPrice token effectors peers minPV maxPV", register_offer },
    { "addPeers", "offer peers", add_peers },
    { "addUnits", "peer units", add_units },
    { "removeUnit", "unit", remove_unit },
    { "removePeer", "peer", remove_peer },
    { "removeOffer", "offer", remove_offer },
    { "changePrice", "offer price", change_price },
    { "changeToken", "offer token", change_token },
    { "addEffectors", "offer effectors", add_effectors },
    { "removeEffectors", "offer effectors", remove_effectors },
    { "createDeal",
      "deal app token deposit minWorkers targetWorkers maxPerProvider price effectors access accessList pv",
      create_deal },
    { "match", "deal offers units", match },
    { "pickUp", "deal units", pick_up },
    { "publish", "deal", publish },
    { "setWorker", "deal unit worker", set_worker },
    { "returnUnit", "unit", return_unit },
    { "deposit", "deal amount", deposit },
    { "withdraw", "deal amount", withdraw },
    { "withdrawDealReward", "deal unit", withdraw_deal_reward },
    { "stop", "deal", stop },
    { "addAccess", "deal provider", add_access },
    { "removeAccess", "deal provider", remove_access },
    { "setAccessType", "deal type", set_access_type },
    { "createCC", "cc peer duration delegator rate", create_commitment },
    { "removeCC", "cc", remove_commitment },
    { "depositCollateral", "ccs value", deposit_collateral },
    { "submitProofs", "unit count localNonce badHash", submit_proofs },
    { "removeCUFromCC", "cc units", remove_units },
    { "finishCC", "cc", finish },
    { "withdrawReward", "cc", withdraw_reward },
    { "setFLTPrice", "price", set_price },
    { "setCapacityConstant", "index value", set_capacity_constant },
    { "setConstant", "index value", set_constant },
    { "grantAccess", "account", grant_access },
    { "revokeAccess", "account", revoke_access },
};

/* Whether word is one of the words of list. */
static bool among(const char *list, riv_str word)
{
    riv_str all = riv_str_c(list);
    for (size_t at = 0; at < all.len;) {
        size_t end = riv_str_find_char(all, ' ', at);
        if (end == SIZE_MAX) end = all.len;
        if (riv_str_eq(riv_str_sub(all, at, end), word)) return true;
        at = end + 1;
    }
    return false;
}

static riv_err check_keys(market__act *a, const struct action *row)
{
    for (size_t i = 0; i < a->step->obj.count; i++) {
        riv_str key = a->step->obj.members[i].key;
        if (!among("epoch by do reverts expect about", key) && !among(row->keys, key))
            return riv_fail(a->fault, RIV_E_MALFORMED, 0, "%s." RIV_FMT ": %s has no such key", a->where, RIV_ARG(key),
                            row->name);
    }
    return RIV_OK;
}

riv_err market__act_read(market__act *a)
{
    riv_str         all[RIV_COUNT(actions)];
    const riv_json *name;
    RIV_TRY(sim__member(a->step, a->where, "do", RIV_JSON_STR, true, a->fault, &name));
    for (size_t i = 0; i < RIV_COUNT(actions); i++) {
        all[i] = riv_str_c(actions[i].name);
        if (!riv_str_eq(name->str, all[i])) continue;
        RIV_TRY(check_keys(a, &actions[i]));
        actions[i].fill(a);
        return a->err;
    }
    size_t near = riv_nearest(name->str, all, RIV_COUNT(all));
    return riv_fail(a->fault, RIV_E_MALFORMED, 0, "%s.do: no action '" RIV_FMT "'%s%s%s", a->where, RIV_ARG(name->str),
                    near == SIZE_MAX ? "" : ", perhaps '", near == SIZE_MAX ? "" : actions[near].name,
                    near == SIZE_MAX ? "" : "'");
}
