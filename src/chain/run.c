/* run.c: one call of a native contract: value, selector, arguments in, results or a revert out; and what contracts do with state, gas and events.
 * Spec: docs/spec/chain.md 2.1; Solidity ABI specification. Tests: run_test.c. */
#include "chain/internal.h"

enum { SELECTOR_BYTES = 4, WORD = 32 };

/* ---- gas ---- */

bool chain__charge(chain__meter *meter, uint64_t gas)
{
    if (gas > meter->gas_left) {
        meter->gas_used += meter->gas_left;
        meter->gas_left = 0;
        meter->out      = true;
        return false;
    }
    meter->gas_left -= gas;
    meter->gas_used += gas;
    return true;
}

/* ---- state, charged ---- */

bool chain__get(chain__call *c, const chain__key *key, riv_bytes *value)
{
    *value = (riv_bytes){ 0 };
    if (!chain__charge(c->meter, CHAIN__GAS_READ)) return false;
    bool found = chain__state_get(c->state, chain__key_view(key), value);
    return chain__charge(c->meter, CHAIN__GAS_BYTE * value->len) && found;
}

void chain__put(chain__call *c, const chain__key *key, riv_bytes value)
{
    if (chain__charge(c->meter, CHAIN__GAS_WRITE + CHAIN__GAS_BYTE * value.len))
        chain__state_put(c->state, chain__key_view(key), value);
}

bool chain__next(chain__call *c, const chain__key *prefix, riv_bytes from, riv_bytes *key, riv_bytes *value)
{
    uint64_t passed = chain__state_passed(c->state);
    if (!chain__charge(c->meter, CHAIN__GAS_READ)) return false;
    bool found = chain__state_next(c->state, chain__key_view(prefix), from, key, value);
    passed     = chain__state_passed(c->state) - passed;
    return chain__charge(c->meter, CHAIN__GAS_PASSED * passed + (found ? CHAIN__GAS_BYTE * value->len : 0)) && found;
}

bool chain__affords(chain__call *c, uint64_t count)
{
    if (count <= c->meter->gas_left / CHAIN__GAS_READ) return true;
    return chain__charge(c->meter, UINT64_MAX);
}

u256 chain__get_u256(chain__call *c, const chain__key *key)
{
    riv_bytes value;
    return chain__get(c, key, &value) ? u256_from_be(value) : U256_ZERO;
}

/* Without zeros in front: zero is the same as nothing. */
void chain__put_u256(chain__call *c, const chain__key *key, u256 v)
{
    uint8_t be[WORD];
    size_t  zeros = 0;
    u256_to_be(v, be);
    while (zeros < sizeof be && be[zeros] == 0) zeros++;
    chain__put(c, key, (riv_bytes){ be + zeros, sizeof be - zeros });
}

uint64_t chain__get_u64(chain__call *c, const chain__key *key)
{
    uint64_t v;
    bool     fits = u256_u64(chain__get_u256(c, key), &v);
    return fits ? v : UINT64_MAX;
}

void chain__put_u64(chain__call *c, const chain__key *key, uint64_t v) { chain__put_u256(c, key, u256_of(v)); }

/* ---- failing ---- */

static void put_selector(riv_buf *out, uint32_t selector) { riv_put_u32be(out, selector); }

riv_err chain__revert(chain__call *c, const char *text)
{
    static const eth_type item  = { .kind = ETH_STRING },
                          tuple = { .kind = ETH_TUPLE, .items = &item, .items_count = 1 };
    eth_value v = eth_text(riv_str_c(text)), all = eth_list(&v, 1);
    riv_buf   out = riv_buf_in(c->arena);
    put_selector(&out, UINT32_C(0x08c379a0)); /* Error(string) */
    eth_abi_put(&tuple, &all, &out);
    c->revert = riv_buf_view(&out);
    return RIV_E_DENIED;
}

riv_err chain__reject(chain__call *c)
{
    c->revert = (riv_bytes){ 0 };
    return RIV_E_DENIED;
}

riv_err chain__panic(chain__call *c, uint8_t code)
{
    riv_buf out = riv_buf_in(c->arena);
    put_selector(&out, UINT32_C(0x4e487b71)); /* Panic(uint256) */
    u256_to_be(u256_of(code), riv_buf_raw(&out, WORD));
    c->revert = riv_buf_view(&out);
    return RIV_E_DENIED;
}

riv_err chain__revert_custom(chain__call *c, const char *signature, const eth_value *args)
{
    const chain__event_entry *e = riv_map_get_str(c->engine->errors, riv_str_c(signature));
    RIV_ASSERT(e); /* it stands in the contract's table */
    riv_buf   out = riv_buf_in(c->arena);
    eth_value all = eth_list(args, e->args.items_count);
    riv_put_bytes(&out, (riv_bytes){ e->topic.bytes, SELECTOR_BYTES });
    eth_abi_put(&e->args, &all, &out);
    c->revert = riv_buf_view(&out);
    return RIV_E_DENIED;
}

riv_err chain__add(chain__call *c, u256 a, u256 b, u256 *out)
{
    return u256_add(a, b, out) ? RIV_OK : chain__panic(c, 0x11);
}
riv_err chain__sub(chain__call *c, u256 a, u256 b, u256 *out)
{
    return u256_sub(a, b, out) ? RIV_OK : chain__panic(c, 0x11);
}
riv_err chain__mul(chain__call *c, u256 a, u256 b, u256 *out)
{
    return u256_mul(a, b, out) ? RIV_OK : chain__panic(c, 0x11);
}
riv_err chain__div(chain__call *c, u256 a, u256 b, u256 *out)
{
    if (u256_is_zero(b)) return chain__panic(c, 0x12);
    u256_divmod(a, b, out, NULL);
    return RIV_OK;
}

/* ---- events ---- */

/* Of a type that does not fit a topic the hash of its encoding stands there. */
static crypto_hash topic_of(const eth_type *type, const eth_value *v)
{
    crypto_hash out;
    if (type->kind == ETH_STRING || type->kind == ETH_BYTES) return crypto_keccak256(v->bytes);
    if (type->kind != ETH_TUPLE && type->kind != ETH_ARRAY) {
        u256_to_be(v->word, out.bytes);
        return out;
    }
    riv_buf bytes = { 0 };
    eth_abi_put(type, v, &bytes);
    out = crypto_keccak256(riv_buf_view(&bytes));
    riv_buf_free(&bytes);
    return out;
}

void chain__emit(chain__call *c, const char *event, const eth_value *args)
{
    const chain__event_entry *e = riv_map_get_str(c->engine->events, riv_str_c(event));
    RIV_ASSERT(e); /* it stands in the contract's table */
    size_t       count = e->args.items_count, topics_count = 1, plain_count = 0;
    crypto_hash *topics = riv_new(c->arena, crypto_hash, count + 1);
    eth_type    *types  = riv_new(c->arena, eth_type, count + 1);
    eth_value   *values = riv_new(c->arena, eth_value, count + 1);
    riv_buf      data   = riv_buf_in(c->arena);
    topics[0]           = e->topic;
    for (size_t i = 0; i < count; i++) {
        if (e->args.items[i].indexed) {
            topics[topics_count++] = topic_of(&e->args.items[i], &args[i]);
        } else {
            types[plain_count]    = e->args.items[i];
            values[plain_count++] = args[i];
        }
    }
    eth_type  tuple = { .kind = ETH_TUPLE, .items = types, .items_count = plain_count };
    eth_value all   = eth_list(values, plain_count);
    eth_abi_put(&tuple, &all, &data);
    if (!chain__charge(c->meter, CHAIN__GAS_LOG * (topics_count + 1) + CHAIN__GAS_LOG_BYTE * data.len)) return;
    *riv_push(c->arena, c->logs) = (chain_log){ c->self, topics, topics_count, riv_buf_view(&data) };
}

/* ---- calls ---- */

chain__call chain__inner(const chain__call *c, const eth_address *to)
{
    chain__call inner = *c;
    inner.sender      = c->self;
    inner.self        = *to;
    inner.value       = U256_ZERO;
    inner.data        = (riv_bytes){ 0 };
    inner.revert      = (riv_bytes){ 0 };
    inner.depth       = c->depth + 1;
    return inner;
}

riv_err chain__end(chain__call *c, const chain__call *inner, riv_err err)
{
    if (err) c->revert = inner->revert;
    return err;
}

bool chain__contract_at(chain__call *c, const eth_address *where, chain_contract *which)
{
    for (*which = 0; *which < CHAIN_CONTRACTS; (*which)++) {
        if (eth_address_eq(where, &c->engine->addresses[*which])) return true;
    }
    if (chain__deal_exists(c, where)) return true; /* *which is CHAIN_CONTRACTS */
    *which = CHAIN_USD;
    return chain__is_token(c, where); /* another of its kind */
}

static riv_err run_function(chain__call *c, const chain__function_entry *e, riv_bytes *returned)
{
    const chain__function *f = e->function;
    eth_value              args, out;
    riv_buf                bytes = riv_buf_in(c->arena);
    if (!u256_is_zero(c->value) && !f->payable) return chain__reject(c);
    /* Of a transaction the intrinsic gas pays for it; of a call in a call nothing else does, and many may name the same bytes. */
    if (c->depth && !chain__charge(c->meter, CHAIN__GAS_DATA * c->data.len)) return RIV_E_LIMIT;
    if (eth_abi_read(&e->args, riv_bytes_sub(c->data, SELECTOR_BYTES, c->data.len), c->arena, NULL, &args))
        return chain__reject(c);
    eth_value *items = riv_new(c->arena, eth_value, e->returns.items_count + 1);
    RIV_TRY(f->run(c, args.items, items));
    if (c->meter->out) return RIV_E_LIMIT; /* what was read since is not what is there */
    out = eth_list(items, e->returns.items_count);
    eth_abi_put(&e->returns, &out, &bytes);
    *returned = riv_buf_view(&bytes);
    return RIV_OK;
}

static riv_err run_contract(chain__call *c, chain_contract which, riv_bytes *returned)
{
    const chain__contract *contract = c->engine->contracts[which].contract;
    riv_reader             r        = riv_reader_of(c->data);
    uint32_t               selector = riv_read_u32be(&r);
    if (c->data.len == 0) return contract->receive ? contract->receive(c) : chain__reject(c);
    const chain__function_entry *e = r.short_read ? NULL : chain__find_function(c->engine, which, selector);
    return e ? run_function(c, e, returned) : chain__reject(c);
}

/* What the intrinsic gas of a transaction pays: its value is moved and its receiver looked up. So a plain transfer costs 21000, as clients take for
 * granted. Calls between contracts pay themselves. */
static riv_err enter(chain__call *c, bool *contract, chain_contract *which)
{
    riv_err      err  = RIV_OK;
    chain__meter free = { .gas_left = UINT64_MAX };
    chain__call  base = *c;
    if (c->depth == 0) base.meter = &free;
    if (!chain__charge(base.meter, CHAIN__GAS_CALL)) return RIV_E_LIMIT;
    if (!u256_is_zero(c->value)) err = chain__send_flt(&base, &c->sender, &c->self, c->value);
    if (!err) *contract = chain__contract_at(&base, &c->self, which);
    c->revert = base.revert;
    return err;
}

riv_err chain__run(chain__call *c, riv_bytes *returned)
{
    size_t         mark = chain__state_mark(c->state), logs = c->logs->len;
    chain_contract which;
    bool           contract = false;
    *returned               = (riv_bytes){ 0 };
    if (c->depth > CHAIN__CALLS_DEEP) return chain__reject(c);
    riv_err err = enter(c, &contract, &which);
    if (!err && contract) err = run_contract(c, which, returned);
    if (!err && c->meter->out) err = RIV_E_LIMIT;
    if (err) {
        chain__state_back(c->state, mark);
        c->logs->len = logs;
        *returned    = (riv_bytes){ 0 };
        if (c->meter->out) err = RIV_E_LIMIT;
    }
    return err;
}
