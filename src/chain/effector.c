/* effector.c: what is told about providers and effectors, and small things that the market's files share.
 * Keys: 'e' 'p' provider: name and metadata; 'e' 'e' effector: description and metadata. Spec: docs/spec/market.md 3. Tests: market_test.c. */
#include "chain/market.h"

enum { CID_BYTES = 4 + 32 };

/* ---- values of the ABI ---- */

chain__id chain__to_id(const eth_value *v)
{
    chain__id out;
    u256_to_be(v->word, out.bytes);
    return out;
}

eth_value chain__of_id(const chain__id *id) { return eth_of_hash(id->bytes); }

bool chain__id_is_zero(const chain__id *id)
{
    static const chain__id zero;
    return memcmp(id->bytes, zero.bytes, sizeof zero.bytes) == 0;
}

bool chain__id_eq(const chain__id *a, const chain__id *b) { return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0; }

riv_bytes chain__id_view(const chain__id *id) { return (riv_bytes){ id->bytes, sizeof id->bytes }; }
riv_bytes chain__address_view(const eth_address *a) { return (riv_bytes){ a->bytes, sizeof a->bytes }; }

chain__cid chain__to_cid(const eth_value *v)
{
    chain__cid out;
    uint8_t    be[32];
    u256_to_be(v->items[0].word, be);
    memcpy(out.prefixes, be, sizeof out.prefixes);
    out.hash = chain__to_id(&v->items[1]);
    return out;
}

eth_value chain__tuple(chain__call *c, const eth_value *items, size_t count)
{
    eth_value *copy = riv_new(c->arena, eth_value, count + 1);
    for (size_t i = 0; i < count; i++) copy[i] = items[i];
    return eth_list(copy, count);
}

eth_value chain__of_cid(chain__call *c, const chain__cid *cid)
{
    uint8_t be[32] = { 0 };
    memcpy(be, cid->prefixes, sizeof cid->prefixes);
    const eth_value items[] = { eth_of_hash(be), chain__of_id(&cid->hash) };
    return chain__tuple(c, items, RIV_COUNT(items));
}

chain__id chain__cid_hash(const chain__cid *cid)
{
    uint8_t   bytes[CID_BYTES];
    chain__id out;
    memcpy(bytes, cid->prefixes, sizeof cid->prefixes);
    memcpy(bytes + sizeof cid->prefixes, cid->hash.bytes, sizeof cid->hash.bytes);
    crypto_hash hash = crypto_keccak256((riv_bytes){ bytes, sizeof bytes });
    memcpy(out.bytes, hash.bytes, sizeof out.bytes);
    return out;
}

/* ---- what all modules of the original have ---- */

static eth_address core_owner(chain__call *c)
{
    chain__constants constants;
    chain__constants_of(c, &constants);
    return constants.owner;
}

riv_err chain__need_core_owner(chain__call *c)
{
    eth_address owner = core_owner(c);
    return eth_address_eq(&owner, &c->sender) ? RIV_OK : chain__revert(c, "BaseModule: caller is not the owner");
}

riv_err chain__need_capacity(chain__call *c)
{
    return eth_address_eq(&c->engine->addresses[CHAIN_CAPACITY], &c->sender)
               ? RIV_OK
               : chain__revert(c, "BaseModule: caller is not the capacity");
}

riv_err chain__run_core(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)args;
    out[0] = eth_of_address(&c->engine->addresses[CHAIN_CORE]);
    return RIV_OK;
}

riv_err chain__run_core_owner(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)args;
    eth_address owner = core_owner(c);
    out[0]            = eth_of_address(&owner);
    return RIV_OK;
}

riv_err chain__run_initialize(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)args;
    (void)out;
    return chain__revert(c, "Initializable: contract is already initialized");
}

riv_err chain__run_upgrade(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)args;
    (void)out;
    RIV_TRY(chain__need_core_owner(c));
    return chain__revert(c, "native contracts come with the chain's version");
}

riv_err chain__run_uuid(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)args;
    (void)out;
    return chain__revert(c, "UUPSUpgradeable: must not be called through delegatecall");
}

/* Each runs as if the sender had called; one that fails takes all with it. */
riv_err chain__run_multicall(chain__call *c, const eth_value *args, eth_value *out)
{
    size_t     count   = args[0].items_count;
    eth_value *results = riv_new(c->arena, eth_value, count + 1);
    for (size_t i = 0; i < count; i++) {
        chain__call inner = *c;
        riv_bytes   returned;
        inner.data  = args[0].items[i].bytes;
        inner.value = U256_ZERO;
        inner.depth++;
        if (inner.data.len == 0) return chain__revert(c, "Address: low-level delegate call failed");
        riv_err err = chain__run(&inner, &returned);
        if (err == RIV_E_DENIED && inner.revert.len == 0)
            return chain__revert(c, "Address: low-level delegate call failed");
        RIV_TRY(chain__end(c, &inner, err));
        results[i] = eth_data(returned);
    }
    out[0] = eth_list(results, count);
    return RIV_OK;
}

/* ---- a text with a CID, in the state ---- */

static bool has_text(chain__call *c, const chain__key *key)
{
    riv_bytes value;
    return chain__get(c, key, &value);
}

static void put_text(chain__call *c, const chain__key *key, riv_bytes text, const chain__cid *cid)
{
    riv_buf out = riv_buf_in(c->arena);
    riv_put_bytes(&out, (riv_bytes){ cid->prefixes, sizeof cid->prefixes });
    riv_put_bytes(&out, chain__id_view(&cid->hash));
    riv_put_bytes(&out, text);
    chain__put(c, key, riv_buf_view(&out));
}

/* Of what is not there: an empty text and zeros, as the original's mapping gives. */
static eth_value get_text(chain__call *c, const chain__key *key)
{
    riv_bytes  value;
    chain__cid cid  = { 0 };
    riv_bytes  text = { 0 };
    if (chain__get(c, key, &value) && value.len >= CID_BYTES) {
        memcpy(cid.prefixes, value.ptr, sizeof cid.prefixes);
        memcpy(cid.hash.bytes, value.ptr + sizeof cid.prefixes, sizeof cid.hash.bytes);
        text = riv_bytes_sub(value, CID_BYTES, value.len);
    }
    const eth_value items[] = { eth_data(text), chain__of_cid(c, &cid) };
    return chain__tuple(c, items, RIV_COUNT(items));
}

/* ---- providers ---- */

static chain__key provider_key(const eth_address *who)
{
    return chain__key_with_address(chain__sub_key('e', 'p'), who);
}

bool chain__has_provider_info(chain__call *c, const eth_address *provider)
{
    chain__key key = provider_key(provider);
    return has_text(c, &key);
}

riv_err chain__run_set_provider_info(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    chain__key      key    = provider_key(&c->sender);
    chain__cid      cid    = chain__to_cid(&args[1]);
    const eth_value told[] = { eth_of_address(&c->sender), args[0], args[1] };
    if (args[0].bytes.len == 0) return chain__revert(c, "Name should be not empty");
    put_text(c, &key, args[0].bytes, &cid);
    chain__emit(c, CHAIN__EVENT_PROVIDER_INFO, told);
    return RIV_OK;
}

riv_err chain__run_get_provider_info(chain__call *c, const eth_value *args, eth_value *out)
{
    eth_address who = eth_to_address(&args[0]);
    chain__key  key = provider_key(&who);
    out[0]          = get_text(c, &key);
    return RIV_OK;
}

/* ---- effectors ---- */

static chain__key effector_key(const eth_value *cid)
{
    chain__cid id   = chain__to_cid(cid);
    chain__id  hash = chain__cid_hash(&id);
    return chain__key_with(chain__sub_key('e', 'e'), chain__id_view(&hash));
}

riv_err chain__run_set_effector_info(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    chain__key key = effector_key(&args[0]);
    chain__cid cid = chain__to_cid(&args[2]);
    RIV_TRY(chain__need_core_owner(c));
    if (args[1].bytes.len == 0) return chain__revert(c, "Description should be not empty");
    put_text(c, &key, args[1].bytes, &cid);
    chain__emit(c, CHAIN__EVENT_EFFECTOR_INFO, args);
    return RIV_OK;
}

riv_err chain__run_remove_effector_info(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    chain__key key = effector_key(&args[0]);
    RIV_TRY(chain__need_core_owner(c));
    if (!has_text(c, &key)) return chain__revert(c, "Effector info doesn't exist");
    chain__put(c, &key, (riv_bytes){ 0 });
    chain__emit(c, CHAIN__EVENT_EFFECTOR_REMOVED, args);
    return RIV_OK;
}

riv_err chain__run_get_effector_info(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__key key = effector_key(&args[0]);
    out[0]         = get_text(c, &key);
    return RIV_OK;
}
