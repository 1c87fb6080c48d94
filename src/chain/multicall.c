/* multicall.c: many calls in one, and what a block is: Multicall3 as clients know it.
 * Spec: the contract Multicall3 (its ABI). Tests: block_test.c. */
#include "chain/internal.h"

enum { CALLS_MAX = 4096 };

typedef struct request {
    eth_address to;
    u256        value;
    riv_bytes   data;
    bool        may_fail;
} request;

/* False: it reverted; *returned is what it gave back either way. */
static bool run_one(chain__call *c, const request *r, riv_bytes *returned)
{
    chain__call inner = chain__inner(c, &r->to);
    inner.value       = r->value;
    inner.data        = r->data;
    riv_err err       = chain__run(&inner, returned);
    if (err) *returned = inner.revert;
    return err == RIV_OK;
}

/* results: tuples of success and data, or data alone. */
static riv_err run_all(chain__call *c, const request *all, size_t count, bool with_success, eth_value *results)
{
    if (count > CALLS_MAX) return chain__revert(c, "Multicall3: too many calls");
    for (size_t i = 0; i < count; i++) {
        riv_bytes returned;
        bool      ok = run_one(c, &all[i], &returned);
        if (!ok && !all[i].may_fail) return chain__revert(c, "Multicall3: call failed");
        if (!with_success) {
            results[i] = eth_data(returned);
            continue;
        }
        eth_value *pair = riv_new(c->arena, eth_value, 2);
        pair[0]         = eth_word(ok);
        pair[1]         = eth_data(returned);
        results[i]      = eth_list(pair, 2);
    }
    return RIV_OK;
}

/* (address, bytes)[] with one rule for all. */
static riv_err run_plain(chain__call *c, const eth_value *calls, bool may_fail, bool with_success, eth_value *out)
{
    request   *all     = riv_new(c->arena, request, calls->items_count + 1);
    eth_value *results = riv_new(c->arena, eth_value, calls->items_count + 1);
    for (size_t i = 0; i < calls->items_count; i++)
        all[i] =
            (request){ eth_to_address(&calls->items[i].items[0]), U256_ZERO, calls->items[i].items[1].bytes, may_fail };
    *out = eth_list(results, calls->items_count);
    return run_all(c, all, calls->items_count, with_success, results);
}

static eth_value block_hash(const chain__call *c)
{
    return eth_of_hash(c->parent_hash.bytes);
} /* its own is not known yet */

static riv_err aggregate(chain__call *c, const eth_value *args, eth_value *out)
{
    out[0] = eth_word(c->height);
    return run_plain(c, &args[0], false, false, &out[1]);
}

static riv_err try_aggregate(chain__call *c, const eth_value *args, eth_value *out)
{
    return run_plain(c, &args[1], args[0].word.limb[0] == 0, true, &out[0]);
}

static riv_err try_block_and_aggregate(chain__call *c, const eth_value *args, eth_value *out)
{
    out[0] = eth_word(c->height);
    out[1] = block_hash(c);
    return run_plain(c, &args[1], args[0].word.limb[0] == 0, true, &out[2]);
}

static riv_err block_and_aggregate(chain__call *c, const eth_value *args, eth_value *out)
{
    out[0] = eth_word(c->height);
    out[1] = block_hash(c);
    return run_plain(c, &args[0], false, true, &out[2]);
}

static riv_err aggregate3(chain__call *c, const eth_value *args, eth_value *out)
{
    const eth_value *calls   = &args[0];
    request         *all     = riv_new(c->arena, request, calls->items_count + 1);
    eth_value       *results = riv_new(c->arena, eth_value, calls->items_count + 1);
    for (size_t i = 0; i < calls->items_count; i++) {
        const eth_value *f = calls->items[i].items;
        all[i]             = (request){ eth_to_address(&f[0]), U256_ZERO, f[2].bytes, f[1].word.limb[0] == 1 };
    }
    out[0] = eth_list(results, calls->items_count);
    return run_all(c, all, calls->items_count, true, results);
}

static riv_err aggregate3_value(chain__call *c, const eth_value *args, eth_value *out)
{
    const eth_value *calls   = &args[0];
    request         *all     = riv_new(c->arena, request, calls->items_count + 1);
    eth_value       *results = riv_new(c->arena, eth_value, calls->items_count + 1);
    u256             sum     = U256_ZERO;
    for (size_t i = 0; i < calls->items_count; i++) {
        const eth_value *f = calls->items[i].items;
        all[i]             = (request){ eth_to_address(&f[0]), f[2].word, f[3].bytes, f[1].word.limb[0] == 1 };
        RIV_TRY(chain__add(c, sum, f[2].word, &sum));
    }
    if (u256_cmp(sum, c->value) != 0) return chain__revert(c, "Multicall3: value mismatch");
    out[0] = eth_list(results, calls->items_count);
    return run_all(c, all, calls->items_count, true, results);
}

/* ---- what a block is ---- */

#define VIEW(name, value)                                                                                              \
    static riv_err get_##name(chain__call *c, const eth_value *args, eth_value *out)                                   \
    {                                                                                                                  \
        (void)args;                                                                                                    \
        out[0] = (value);                                                                                              \
        return RIV_OK;                                                                                                 \
    }
VIEW(block_number, eth_word(c->height))
VIEW(last_block_hash, block_hash(c))
VIEW(timestamp, eth_word(c->time_s))
VIEW(gas_limit, eth_word(c->params->block_gas_max))
VIEW(difficulty, eth_of_hash(c->beacon.bytes)) /* as Ethereum since its merge: the beacon's randomness */
VIEW(coinbase, eth_of_address(&c->proposer))
VIEW(base_fee, eth_number(c->base_fee))
VIEW(chain_id, eth_word(c->params->chain_id))

static riv_err get_block_hash(chain__call *c, const eth_value *args, eth_value *out)
{
    uint64_t height;
    bool     known = u256_u64(args[0].word, &height) && height + 1 == c->height;
    out[0]         = known ? block_hash(c) : eth_word(0);
    return RIV_OK;
}

static riv_err get_balance(chain__call *c, const eth_value *args, eth_value *out)
{
    eth_address who = eth_to_address(&args[0]);
    uint64_t    nonce;
    chain__account_get(c, &who, &nonce, &out[0].word);
    return RIV_OK;
}

static const chain__function functions[] = {
    { "aggregate((address,bytes)[])", "(uint256,bytes[])", true, true, aggregate },
    { "tryAggregate(bool,(address,bytes)[])", "((bool,bytes)[])", true, true, try_aggregate },
    { "tryBlockAndAggregate(bool,(address,bytes)[])", "(uint256,bytes32,(bool,bytes)[])", true, true,
      try_block_and_aggregate },
    { "blockAndAggregate((address,bytes)[])", "(uint256,bytes32,(bool,bytes)[])", true, true, block_and_aggregate },
    { "aggregate3((address,bool,bytes)[])", "((bool,bytes)[])", true, true, aggregate3 },
    { "aggregate3Value((address,bool,uint256,bytes)[])", "((bool,bytes)[])", true, true, aggregate3_value },
    { "getBlockNumber()", "(uint256)", false, false, get_block_number },
    { "getBlockHash(uint256)", "(bytes32)", false, false, get_block_hash },
    { "getLastBlockHash()", "(bytes32)", false, false, get_last_block_hash },
    { "getCurrentBlockTimestamp()", "(uint256)", false, false, get_timestamp },
    { "getCurrentBlockGasLimit()", "(uint256)", false, false, get_gas_limit },
    { "getCurrentBlockDifficulty()", "(uint256)", false, false, get_difficulty },
    { "getCurrentBlockCoinbase()", "(address)", false, false, get_coinbase },
    { "getEthBalance(address)", "(uint256)", false, false, get_balance },
    { "getBasefee()", "(uint256)", false, false, get_base_fee },
    { "getChainId()", "(uint256)", false, false, get_chain_id },
};

const chain__contract chain__multicall = { functions, RIV_COUNT(functions), NULL, 0, NULL, 0, NULL };
