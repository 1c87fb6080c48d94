/* development.c: what a development chain offers beside the rest: accounts whose keys everybody knows, time that tests move, blocks at will.
 * Names and shapes are those of hardhat and anvil.
 * Spec: docs/spec/chain.md 3. Tests: answer_test.c. */
#include "rpc/internal.h"

enum { GAS_GWEI = 1000000000 };

/* Of the words "test test test test test test test test test test test junk", m/44'/60'/0'/0/N. */
static const char *const keys[CHAIN_DEVELOPMENT_ACCOUNTS] = {
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    "0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
    "0x4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
    "0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
    "0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
};

crypto_secret rpc_development_key(size_t index)
{
    u256          v;
    crypto_secret out;
    RIV_ASSERT(index < RIV_COUNT(keys));
    riv_err err = u256_parse(riv_str_c(keys[index]), NULL, &v);
    RIV_ASSERT(!err);
    u256_to_be(v, out.bytes);
    return out;
}

/* ---- accounts ---- */

static const riv_json *accounts(rpc__call *c)
{
    riv_json_list all = { 0 };
    for (size_t i = 0; i < CHAIN_DEVELOPMENT_ACCOUNTS; i++) {
        eth_address a = chain_development_account(i);
        riv_json_add(c->arena, &all, rpc__json_address(c->arena, &a));
    }
    return riv_json_arr(c->arena, all.ptr, all.len);
}

static bool optional(rpc__call *c, const riv_json *p, const char *name, u256 *out, bool *there)
{
    const riv_json *v = rpc__given(p, name);
    *there            = v != NULL;
    return !*there || rpc__quantity(c, 0, v, out);
}

static bool fees_of(rpc__call *c, const riv_json *p, eth_tx *tx)
{
    chain_head head;
    u256       tip = u256_of(c->r->params.fees ? GAS_GWEI : 0), twice;
    bool       price, max, given;
    if (!rpc__head(c, &head) || !optional(c, p, "gasPrice", &tx->max_fee, &price)) return false;
    if (price) {
        tx->type    = 0;
        tx->max_tip = tx->max_fee;
        return true;
    }
    tx->max_tip = tip;
    if (!optional(c, p, "maxPriorityFeePerGas", &tx->max_tip, &given) ||
        !optional(c, p, "maxFeePerGas", &tx->max_fee, &max))
        return false;
    if (!max && (!u256_add(head.base_fee, head.base_fee, &twice) || !u256_add(twice, tx->max_tip, &tx->max_fee)))
        return rpc__fail(c, RPC__SERVER, "the base fee is too high"), false;
    return true;
}

static bool estimated(rpc__call *c, uint64_t *gas)
{
    rpc__call inner   = { .r = c->r, .now_ms = c->now_ms, .arena = c->arena };
    inner.params      = riv_json_arr(c->arena, &c->params->arr.items[0], 1);
    const riv_json *v = rpc__estimate_gas(&inner);
    c->code           = inner.code;
    c->message        = inner.message;
    c->data           = inner.data;
    return v && rpc__number(c, 0, v, gas);
}

/* Which development account sends, and everything that the request leaves open. */
static bool transaction(rpc__call *c, eth_tx *tx, size_t *who)
{
    const riv_json *p = rpc__param(c, 0);
    u256            nonce, gas;
    chain_account   account;
    riv_fault       fault = { 0 };
    bool            given, limited, valued;
    *tx = (eth_tx){ .type = 2, .protected_by_chain = true, .chain_id = c->r->params.chain_id };
    if (!p || p->kind != RIV_JSON_OBJ)
        return rpc__fail(c, RPC__INVALID_PARAMS, "missing value for required argument 0"), false;
    const riv_json *to = rpc__given(p, "to"), *data = rpc__data(p);
    if (!rpc__address(c, 0, riv_json_get(p, RIV_LIT("from")), &tx->from)) return false;
    for (*who = 0; *who < CHAIN_DEVELOPMENT_ACCOUNTS; ++*who) {
        eth_address a = chain_development_account(*who);
        if (eth_address_eq(&a, &tx->from)) break;
    }
    if (*who == CHAIN_DEVELOPMENT_ACCOUNTS) return rpc__fail(c, RPC__SERVER, "unknown account"), false;
    tx->creates = !to;
    if (!tx->creates && !rpc__address(c, 0, to, &tx->to)) return false;
    if (data && !rpc__hex(c, 0, data, &tx->data)) return false;
    if (!optional(c, p, "value", &tx->value, &valued) || !optional(c, p, "nonce", &nonce, &given) ||
        !optional(c, p, "gas", &gas, &limited) || !fees_of(c, p, tx))
        return false;
    if (limited ? !u256_u64(gas, &tx->gas_limit) : !estimated(c, &tx->gas_limit))
        return rpc__fail(c, RPC__INVALID_PARAMS, "invalid argument 0: gas"), false;
    if (chain_account_read(&c->r->config.place.store, UINT64_MAX, &tx->from, &fault, &account))
        return rpc__fault(c, &fault), false;
    tx->nonce = rpc__next_nonce(c->r, &tx->from, account.nonce);
    return !given || u256_u64(nonce, &tx->nonce)
               ? true
               : (rpc__fail(c, RPC__INVALID_PARAMS, "invalid argument 0: nonce"), false);
}

static bool sign(rpc__call *c, riv_buf *raw)
{
    eth_tx    tx;
    size_t    who;
    riv_fault fault = { 0 };
    if (!transaction(c, &tx, &who)) return false;
    crypto_secret key = rpc_development_key(who);
    if (!eth_tx_sign(&tx, &key, raw, &fault)) return true;
    rpc__fault(c, &fault);
    return false;
}

static const riv_json *send(rpc__call *c)
{
    riv_buf raw = riv_buf_in(c->arena);
    return sign(c, &raw) ? rpc__send(c, riv_buf_view(&raw)) : NULL;
}

/* FLT made of nothing, or lost; the block that says so is made at once. */
static bool set_balance(rpc__call *c)
{
    chain_balance_write w;
    riv_fault           fault = { 0 };
    if (!rpc__address(c, 0, rpc__param(c, 0), &w.who) || !rpc__quantity(c, 1, rpc__param(c, 1), &w.flt) ||
        !rpc__works(c, RPC__WORK_MINED))
        return false;
    if (!rpc__set_balance(c->r, c->now_ms, &w, &fault)) return true;
    rpc__fault(c, &fault);
    return false;
}

static const riv_json *anvil_set_balance(rpc__call *c) { return set_balance(c) ? riv_json_null() : NULL; }
static const riv_json *hardhat_set_balance(rpc__call *c) { return set_balance(c) ? riv_json_bool(true) : NULL; }

/* ---- time ---- */

/* Seconds that fit a clock for the next hundred thousand years. */
static bool seconds_of(rpc__call *c, size_t index, const riv_json *v, uint64_t *out)
{
    if (!rpc__number(c, index, v, out)) return false;
    if (*out < UINT64_C(1) << 42) return true;
    rpc__fail(c, RPC__INVALID_PARAMS, "invalid argument %zu: too many seconds", index);
    return false;
}

static bool seconds(rpc__call *c, size_t index, uint64_t *out)
{
    return seconds_of(c, index, rpc__param(c, index), out);
}

static const riv_json *increase_time(rpc__call *c)
{
    uint64_t by;
    if (!seconds(c, 0, &by)) return NULL;
    if (c->r->offset_s > INT64_C(1) << 43) return rpc__fail(c, RPC__SERVER, "time is too far ahead");
    c->r->offset_s += (int64_t)by;
    return riv_json_i64(c->arena, c->r->offset_s);
}

static bool check_later(rpc__call *c, uint64_t time_s)
{
    chain_head head;
    if (!rpc__head(c, &head)) return false;
    if (time_s >= head.time_s) return true;
    rpc__fail(c, RPC__SERVER, "timestamp %llu is lower than the previous block's timestamp %llu",
              (unsigned long long)time_s, (unsigned long long)head.time_s);
    return false;
}

static const riv_json *next_timestamp(rpc__call *c)
{
    uint64_t time_s;
    if (!seconds(c, 0, &time_s) || !check_later(c, time_s)) return NULL;
    c->r->next_set = true;
    c->r->next_s   = time_s;
    return riv_json_null();
}

static const riv_json *set_time(rpc__call *c)
{
    uint64_t time_s;
    if (!seconds(c, 0, &time_s) || !check_later(c, time_s)) return NULL;
    c->r->offset_s = (int64_t)time_s - (int64_t)(c->now_ms / 1000);
    return riv_json_i64(c->arena, c->r->offset_s);
}

/* ---- blocks ---- */

static bool mine(rpc__call *c, uint64_t count, uint64_t apart_s)
{
    riv_fault fault = { 0 };
    if (count > RPC_MINE_MAX)
        return rpc__fail(c, RPC__INVALID_PARAMS, "at most %d blocks at once", RPC_MINE_MAX), false;
    for (uint64_t i = 0; i < count; i++) {
        if (i) c->r->offset_s += (int64_t)apart_s;
        if (rpc_mine(c->r, c->now_ms, &fault)) return rpc__fault(c, &fault), false;
    }
    return true;
}

static const riv_json *evm_mine(rpc__call *c)
{
    const riv_json *p     = rpc__param(c, 0);
    uint64_t        count = 1, time_s = 0;
    if (p && p->kind == RIV_JSON_OBJ) {
        const riv_json *blocks = riv_json_get(p, RIV_LIT("blocks"));
        if (blocks && !rpc__number(c, 0, blocks, &count)) return NULL;
        p = rpc__given(p, "timestamp");
    }
    if (p) {
        if (!seconds_of(c, 0, p, &time_s) || !check_later(c, time_s)) return NULL;
        c->r->next_set = true;
        c->r->next_s   = time_s;
    }
    return mine(c, count, 0) ? riv_json_strc(c->arena, "0x0") : NULL;
}

static const riv_json *mine_many(rpc__call *c)
{
    uint64_t count = 1, apart_s = 1;
    if (rpc__param(c, 0) && !rpc__number(c, 0, rpc__param(c, 0), &count)) return NULL;
    if (rpc__param(c, 1) && (!seconds(c, 1, &apart_s) || apart_s > UINT64_C(1) << 30))
        return rpc__fail(c, RPC__INVALID_PARAMS, "invalid argument 1: too many seconds");
    return mine(c, count, apart_s) ? riv_json_null() : NULL;
}

static const riv_json *hardhat_mine(rpc__call *c) { return mine_many(c) ? riv_json_bool(true) : NULL; }

static const riv_json *set_automine(rpc__call *c)
{
    const riv_json *on = rpc__param(c, 0);
    if (!on || on->kind != RIV_JSON_BOOL)
        return rpc__fail(c, RPC__INVALID_PARAMS, "invalid argument 0: expected true or false");
    c->r->automine = on->boolean;
    return riv_json_bool(true);
}

static const riv_json *get_automine(rpc__call *c) { return riv_json_bool(c->r->automine); }

/* A timer is in place of blocks on demand. */
static const riv_json *set_interval(rpc__call *c, uint64_t unit_ms)
{
    uint64_t v;
    if (!seconds(c, 0, &v)) return NULL;
    if (v > UINT32_MAX / unit_ms) return rpc__fail(c, RPC__INVALID_PARAMS, "invalid argument 0: too long");
    c->r->interval_ms = v * unit_ms;
    c->r->automine    = v == 0;
    return riv_json_bool(true);
}

static const riv_json *interval_ms(rpc__call *c) { return set_interval(c, 1); }
static const riv_json *interval_s(rpc__call *c) { return set_interval(c, 1000); }

static const riv_json *pool_status(rpc__call *c)
{
    riv_fault fault   = { 0 };
    uint64_t  pending = 0;
    for (size_t i = 0; i < c->r->pool.count; i++) {
        const eth_tx *tx = &c->r->pool.items[i]->tx;
        chain_account account;
        if (chain_account_read(&c->r->config.place.store, UINT64_MAX, &tx->from, &fault, &account))
            return rpc__fault(c, &fault);
        pending += tx->nonce < rpc__next_nonce(c->r, &tx->from, account.nonce);
    }
    return riv_json_record(c->arena, "pending", rpc__json_number(c->arena, pending), "queued",
                           rpc__json_number(c->arena, c->r->pool.count - pending), NULL);
}

static const riv_json *drop_all(rpc__call *c)
{
    rpc__pool_free(&c->r->pool);
    return riv_json_null();
}

static const rpc__method methods[] = {
    { "eth_accounts", accounts },
    { "eth_sendTransaction", send },
    { "anvil_setBalance", anvil_set_balance },
    { "hardhat_setBalance", hardhat_set_balance },
    { "txpool_status", pool_status },
    { "evm_increaseTime", increase_time },
    { "anvil_increaseTime", increase_time },
    { "evm_setNextBlockTimestamp", next_timestamp },
    { "anvil_setNextBlockTimestamp", next_timestamp },
    { "evm_setTime", set_time },
    { "anvil_setTime", set_time },
    { "evm_mine", evm_mine },
    { "anvil_mine", mine_many },
    { "hardhat_mine", hardhat_mine },
    { "evm_setAutomine", set_automine },
    { "anvil_setAutomine", set_automine },
    { "hardhat_getAutomine", get_automine },
    { "anvil_getAutomine", get_automine },
    { "evm_setIntervalMining", interval_ms },
    { "anvil_setIntervalMining", interval_s },
    { "anvil_dropAllTransactions", drop_all },
};
const rpc__methods rpc__of_development = { methods, RIV_COUNT(methods) };
