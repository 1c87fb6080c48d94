/* state_calls.c: methods that look at the state and run calls: balances, nonces, code, eth_call, gas and fees, and who is asked.
 * Spec: docs/spec/chain.md 3. Tests: answer_test.c. */
#include "rpc/internal.h"

#include <stdlib.h>

enum { SLOT_BYTES = 32, FEE_BLOCKS_MAX = 1024, PERCENTILES_MAX = 100 };

static const chain_store *store_of(const rpc__call *c) { return &c->r->config.place.store; }

/* ---- who is asked ---- */

static const riv_json *chain_id(rpc__call *c) { return rpc__json_number(c->arena, c->r->params.chain_id); }

static const riv_json *net_version(rpc__call *c)
{
    return riv_json_str(c->arena, riv_format(c->arena, "%llu", (unsigned long long)c->r->params.chain_id));
}

static const riv_json *client_version(rpc__call *c)
{
    (void)c;
    return riv_json_strc(c->arena, "Rivulet/v" RIV_VERSION);
}

static const riv_json *keccak(rpc__call *c)
{
    riv_bytes bytes;
    if (!rpc__hex(c, 0, rpc__param(c, 0), &bytes)) return NULL;
    crypto_hash hash = crypto_keccak256(bytes);
    return rpc__json_hash(c->arena, &hash);
}

static const riv_json *never(rpc__call *c)
{
    (void)c;
    return riv_json_bool(false);
}

static const riv_json *always(rpc__call *c)
{
    (void)c;
    return riv_json_bool(true);
}

static const riv_json *none(rpc__call *c) { return rpc__json_number(c->arena, 0); }

static const riv_json *modules(rpc__call *c)
{
    const riv_json *one = riv_json_strc(c->arena, "1.0");
    return riv_json_object(c->arena, "eth", one, "net", one, "web3", one, "rpc", one, "evm", one, NULL);
}

/* ---- accounts ---- */

static bool account_of(rpc__call *c, eth_address *who, rpc__at *at, chain_account *out)
{
    riv_fault fault = { 0 };
    if (!rpc__address(c, 0, rpc__param(c, 0), who) || !rpc__state_param(c, 1, at)) return false;
    if (!chain_account_read(store_of(c), at->height, who, &fault, out)) return true;
    rpc__fault(c, &fault);
    return false;
}

static const riv_json *balance(rpc__call *c)
{
    eth_address   who;
    rpc__at       at;
    chain_account account;
    if (!account_of(c, &who, &at, &account)) return NULL;
    return rpc__json_u256(c->arena, account.balance);
}

static const riv_json *nonce(rpc__call *c)
{
    eth_address   who;
    rpc__at       at;
    chain_account account;
    if (!account_of(c, &who, &at, &account)) return NULL;
    return rpc__json_number(c->arena, at.pending ? rpc__next_nonce(c->r, &who, account.nonce) : account.nonce);
}

/* Contracts are native: one byte (INVALID) says that there is one, since clients look before they call. SPEC chain.md 2.1: a marker byte */
static const riv_json *code(rpc__call *c)
{
    static const uint8_t marker = 0xfe;
    eth_address          who;
    rpc__at              at;
    chain_account        account;
    if (!account_of(c, &who, &at, &account)) return NULL;
    return rpc__json_hex(c->arena, (riv_bytes){ &marker, account.is_contract ? 1 : 0 });
}

static const riv_json *storage(rpc__call *c)
{
    static const uint8_t zero[SLOT_BYTES];
    eth_address          who;
    rpc__at              at;
    if (!rpc__address(c, 0, rpc__param(c, 0), &who) || !rpc__state_param(c, 2, &at)) return NULL;
    return rpc__json_hex(c->arena, (riv_bytes){ zero, sizeof zero });
}

/* ---- calls ---- */

static bool call_param(rpc__call *c, chain_call *out, bool *creates)
{
    const riv_json *p = rpc__param(c, 0);
    if (!p || p->kind != RIV_JSON_OBJ) {
        rpc__fail(c, RPC__INVALID_PARAMS,
                  p ? "invalid argument 0: expected an object" : "missing value for required argument 0");
        return false;
    }
    const riv_json *to = rpc__given(p, "to"), *from = rpc__given(p, "from"), *gas = rpc__given(p, "gas"),
                   *value = rpc__given(p, "value"), *data = rpc__data(p);
    *creates = !to;
    *out     = (chain_call){ 0 };
    if (from && !rpc__address(c, 0, from, &out->from)) return false;
    if (!*creates && !rpc__address(c, 0, to, &out->to)) return false;
    if (gas && !rpc__number(c, 0, gas, &out->gas_limit)) return false;
    if (value && !rpc__quantity(c, 0, value, &out->value)) return false;
    return !data || rpc__hex(c, 0, data, &out->data);
}

/* geth's: code 3, and the ABI bytes as data. */
static const riv_json *reverted(rpc__call *c, const chain_receipt *t)
{
    c->data = rpc__json_hex(c->arena, t->revert);
    if (t->error.len == 0) return rpc__fail(c, RPC__REVERTED, "execution reverted");
    return rpc__fail(c, RPC__REVERTED, "execution reverted: " RIV_FMT, RIV_ARG(t->error));
}

/* next: as part of the next block where the request names none. */
static bool run_call(rpc__call *c, bool next, chain_receipt *out)
{
    chain_call    call;
    rpc__at       at;
    chain_account account;
    chain_head    head;
    bool          creates;
    riv_fault     fault = { 0 };
    if (!call_param(c, &call, &creates) || !rpc__state_param(c, 1, &at) || !rpc__head(c, &head)) return false;
    if (rpc__param(c, 2)) return rpc__fail(c, RPC__INVALID_PARAMS, "state override is not supported"), false;
    if (creates) return rpc__fail(c, RPC__SERVER, "contracts cannot be deployed on this chain"), false;
    if (chain_account_read(store_of(c), at.height, &call.from, &fault, &account)) return rpc__fault(c, &fault), false;
    if (u256_cmp(call.value, account.balance) > 0)
        return rpc__fail(c, RPC__SERVER, "insufficient funds for transfer"), false;
    crypto_hash beacon = rpc__next_beacon(&head);
    if (at.pending || (next && !rpc__param(c, 1))) {
        call.time_s = rpc__next_time(c->r, &head, c->now_ms);
        call.beacon = &beacon;
    }
    if (call.gas_limit > head.params.block_gas_max) call.gas_limit = head.params.block_gas_max;
    if (chain_call_run(c->r->config.engine, store_of(c), at.height, &call, c->arena, &fault, out))
        return rpc__fault(c, &fault), false;
    c->r->work += RPC__WORK_BLOCK + out->gas_used / RPC__GAS_A_US;
    if (out->ok) return true;
    if (riv_str_eq(out->error, RIV_LIT("out of gas"))) return rpc__fail(c, RPC__SERVER, "out of gas"), false;
    return reverted(c, out), false;
}

static const riv_json *call(rpc__call *c)
{
    chain_receipt t;
    return run_call(c, false, &t) ? rpc__json_hex(c->arena, t.returned) : NULL;
}

/* A call finds the state as it is when its block comes: another's transaction, or an epoch, may have made it dearer meanwhile. Plain transfers always cost the same. */
const riv_json *rpc__estimate_gas(rpc__call *c)
{
    chain_receipt t;
    if (!run_call(c, true, &t)) return NULL;
    uint64_t gas = t.gas_used;
    if (gas > 21000) gas = RIV_MIN(gas + gas / 4, t.gas_limit);
    return rpc__json_number(c->arena, gas);
}

/* ---- fees ---- */

static u256 tip_wanted(const rpc__call *c) { return c->r->params.fees ? u256_of(UINT64_C(1000000000)) : U256_ZERO; }

static const riv_json *tip(rpc__call *c) { return rpc__json_u256(c->arena, tip_wanted(c)); }

static const riv_json *gas_price(rpc__call *c)
{
    chain_head head;
    u256       price;
    if (!rpc__head(c, &head)) return NULL;
    if (!u256_add(head.base_fee, tip_wanted(c), &price)) price = head.base_fee;
    return rpc__json_u256(c->arena, price);
}

static double ratio_of(const rpc_block *b)
{
    return b->gas_limit ? (double)b->block.gas_used / (double)b->gas_limit : 0;
}

static int by_price(const void *a, const void *b)
{
    return u256_cmp((*(const chain_receipt *const *)a)->gas_price, (*(const chain_receipt *const *)b)->gas_price);
}

/* Tips that the transactions of a block paid, the least first, as percentiles of their gas. */
static const riv_json *rewards(rpc__call *c, const rpc_block *b, const double *wanted, size_t count, riv_arena *one)
{
    riv_json_list         out = { 0 };
    size_t                txs = b->block.receipts_count;
    const chain_receipt **all = riv_new(one, const chain_receipt *, txs + 1);
    for (size_t i = 0; i < txs; i++) all[i] = &b->block.receipts[i];
    if (txs) qsort(all, txs, sizeof *all, by_price);
    for (size_t i = 0; i < count; i++) {
        u256     paid = U256_ZERO;
        uint64_t gas  = 0;
        double   goal = wanted[i] / 100 * (double)b->block.gas_used;
        for (size_t k = 0; k < txs; k++) {
            gas += all[k]->gas_used;
            if (!u256_sub(all[k]->gas_price, b->block.base_fee, &paid)) paid = U256_ZERO;
            if ((double)gas >= goal) break;
        }
        riv_json_add(c->arena, &out, rpc__json_u256(c->arena, paid));
    }
    return riv_json_arr(c->arena, out.ptr, out.len);
}

static bool percentiles(rpc__call *c, double *out, size_t *count)
{
    const riv_json *p = rpc__param(c, 2);
    *count            = p && p->kind == RIV_JSON_ARR ? p->arr.count : 0;
    if (p && (p->kind != RIV_JSON_ARR || *count > PERCENTILES_MAX))
        return rpc__fail(c, RPC__INVALID_PARAMS, "invalid argument 2: expected at most %d percentiles",
                         PERCENTILES_MAX),
               false;
    for (size_t i = 0; i < *count; i++) {
        const riv_json *v = p->arr.items[i];
        out[i]            = v->kind == RIV_JSON_F64 ? v->f64 : v->kind == RIV_JSON_U64 ? (double)v->u64 : -1;
        if (!(out[i] >= 0 && out[i] <= 100) || (i && out[i] < out[i - 1]))
            return rpc__fail(c, RPC__SERVER, "invalid reward percentile"), false;
    }
    return true;
}

static const riv_json *fee_history(rpc__call *c)
{
    uint64_t      count;
    size_t        wanted_count;
    double        wanted[PERCENTILES_MAX];
    rpc__at       at;
    chain_head    last;
    riv_fault     fault = { 0 };
    rpc_block     b     = { 0 };
    riv_json_list fees = { 0 }, ratios = { 0 }, paid = { 0 };
    if (!rpc__number(c, 0, rpc__param(c, 0), &count) || !rpc__state_param(c, 1, &at) ||
        !percentiles(c, wanted, &wanted_count))
        return NULL;
    if (chain_head_read(store_of(c), at.height, c->arena, &fault, &last)) return rpc__fault(c, &fault);
    count          = RIV_MIN(RIV_MIN(count, FEE_BLOCKS_MAX), at.height + 1);
    riv_arena *one = riv_arena_new(0);
    for (uint64_t h = at.height + 1 - count; count && h <= at.height && !c->code; h++) {
        riv_arena_reset(one);
        if (rpc_block_read(store_of(c), h, true, one, &fault, &b)) {
            rpc__fault(c, &fault);
            continue;
        }
        riv_json_add(c->arena, &fees, rpc__json_u256(c->arena, b.block.base_fee));
        riv_json_add(c->arena, &ratios, riv_json_f64(c->arena, ratio_of(&b)));
        riv_json_add(c->arena, &paid, rewards(c, &b, wanted, wanted_count, one));
        (void)rpc__works(c, RPC__WORK_BLOCK + RPC__WORK_RECEIPT * b.txs_count * (1 + wanted_count / 16));
    }
    if (count) riv_json_add(c->arena, &fees, rpc__json_u256(c->arena, chain_next_base_fee(&last)));
    riv_arena_free(one);
    if (c->code) return NULL;
    return riv_json_record(c->arena, "oldestBlock", rpc__json_number(c->arena, at.height + 1 - count), "baseFeePerGas",
                           riv_json_arr(c->arena, fees.ptr, fees.len), "gasUsedRatio",
                           riv_json_arr(c->arena, ratios.ptr, ratios.len), "reward",
                           wanted_count ? riv_json_arr(c->arena, paid.ptr, paid.len) : NULL, NULL);
}

static const rpc__method methods[] = {
    { "eth_chainId", chain_id },
    { "net_version", net_version },
    { "net_listening", always },
    { "net_peerCount", none },
    { "web3_clientVersion", client_version },
    { "web3_sha3", keccak },
    { "rpc_modules", modules },
    { "eth_syncing", never },
    { "eth_mining", always },
    { "eth_hashrate", none },
    { "eth_getBalance", balance },
    { "eth_getTransactionCount", nonce },
    { "eth_getCode", code },
    { "eth_getStorageAt", storage },
    { "eth_call", call },
    { "eth_estimateGas", rpc__estimate_gas },
    { "eth_gasPrice", gas_price },
    { "eth_maxPriorityFeePerGas", tip },
    { "eth_feeHistory", fee_history },
};
const rpc__methods rpc__of_state = { methods, RIV_COUNT(methods) };
