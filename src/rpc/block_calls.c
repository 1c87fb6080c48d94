/* block_calls.c: methods that read blocks, transactions and receipts, and that take transactions.
 * Spec: docs/spec/chain.md 3. Tests: answer_test.c. */
#include "rpc/internal.h"

static const chain_store *store_of(const rpc__call *c) { return &c->r->config.place.store; }

/* False without an error: there is no such block. */
static bool read_block(rpc__call *c, const rpc__at *at, bool receipts, rpc_block *out)
{
    riv_fault fault = { 0 };
    if (!at->found) return false;
    riv_err err = rpc_block_read(store_of(c), at->height, receipts, c->arena, &fault, out);
    if (err && err != RIV_E_NOT_FOUND) rpc__fault(c, &fault);
    c->r->work += RPC__WORK_BLOCK;
    if (!err) c->r->work += RPC__WORK_RECEIPT * out->txs_count;
    return !err;
}

static const riv_json *null_or_error(const rpc__call *c) { return c->code ? NULL : riv_json_null(); }

static bool block_of(rpc__call *c, bool receipts, rpc_block *out)
{
    rpc__at at;
    if (!rpc__param(c, 0)) return rpc__fail(c, RPC__INVALID_PARAMS, "missing value for required argument 0"), false;
    return rpc__block_param(c, 0, rpc__param(c, 0), &at) && read_block(c, &at, receipts, out);
}

static bool block_of_hash(rpc__call *c, bool receipts, rpc_block *out)
{
    crypto_hash hash;
    rpc__at     at = { .found = true };
    if (!rpc__hash(c, 0, rpc__param(c, 0), &hash)) return false;
    return !rpc_block_find(store_of(c), &hash, c->arena, &at.height) && read_block(c, &at, receipts, out);
}

/* ---- blocks ---- */

static const riv_json *number(rpc__call *c)
{
    chain_head head;
    return rpc__head(c, &head) ? rpc__json_number(c->arena, head.height) : NULL;
}

static const riv_json *shown(rpc__call *c, const rpc_block *b)
{
    const riv_json *full = rpc__param(c, 1);
    if (full && full->kind != RIV_JSON_BOOL)
        return rpc__fail(c, RPC__INVALID_PARAMS, "invalid argument 1: expected true or false");
    if (full && full->boolean) c->r->work += RPC__WORK_SENDER * b->txs_count;
    return rpc__json_block(c->arena, b, full && full->boolean);
}

static const riv_json *by_number(rpc__call *c)
{
    rpc_block b;
    return block_of(c, false, &b) ? shown(c, &b) : null_or_error(c);
}

static const riv_json *by_hash(rpc__call *c)
{
    rpc_block b;
    return block_of_hash(c, false, &b) ? shown(c, &b) : null_or_error(c);
}

static const riv_json *count_by_number(rpc__call *c)
{
    rpc_block b;
    return block_of(c, false, &b) ? rpc__json_number(c->arena, b.txs_count) : null_or_error(c);
}

static const riv_json *count_by_hash(rpc__call *c)
{
    rpc_block b;
    return block_of_hash(c, false, &b) ? rpc__json_number(c->arena, b.txs_count) : null_or_error(c);
}

static const riv_json *uncles_by_number(rpc__call *c)
{
    rpc_block b;
    return block_of(c, false, &b) ? rpc__json_number(c->arena, 0) : null_or_error(c);
}

static const riv_json *uncles_by_hash(rpc__call *c)
{
    rpc_block b;
    return block_of_hash(c, false, &b) ? rpc__json_number(c->arena, 0) : null_or_error(c);
}

static const riv_json *receipts(rpc__call *c)
{
    rpc_block     b;
    riv_json_list all = { 0 };
    if (!block_of(c, true, &b)) return null_or_error(c);
    for (size_t i = 0; i < b.txs_count; i++) riv_json_add(c->arena, &all, rpc__json_receipt(c->arena, &b, i));
    return riv_json_arr(c->arena, all.ptr, all.len);
}

/* ---- transactions ---- */

static const riv_json *tx_of(rpc__call *c, const rpc_block *b, uint64_t index)
{
    eth_tx tx;
    if (index >= b->txs_count) return riv_json_null();
    if (eth_tx_read(b->txs[index], c->arena, NULL, &tx)) return NULL;
    return rpc__json_tx(c->arena, &tx, b, (size_t)index);
}

static const riv_json *tx_by_number(rpc__call *c)
{
    rpc_block b;
    uint64_t  index;
    if (!rpc__number(c, 1, rpc__param(c, 1), &index)) return NULL;
    return block_of(c, false, &b) ? tx_of(c, &b, index) : null_or_error(c);
}

static const riv_json *tx_by_block(rpc__call *c)
{
    rpc_block b;
    uint64_t  index;
    if (!rpc__number(c, 1, rpc__param(c, 1), &index)) return NULL;
    return block_of_hash(c, false, &b) ? tx_of(c, &b, index) : null_or_error(c);
}

static bool find_tx(rpc__call *c, bool with_receipts, crypto_hash *hash, rpc_block *b, uint32_t *index)
{
    rpc__at at = { .found = true };
    if (!rpc__hash(c, 0, rpc__param(c, 0), hash)) return false;
    return !rpc_tx_find(store_of(c), hash, c->arena, &at.height, index) && read_block(c, &at, with_receipts, b) &&
           *index < b->txs_count;
}

static const riv_json *tx_by_hash(rpc__call *c)
{
    crypto_hash hash;
    rpc_block   b;
    uint32_t    index;
    if (find_tx(c, false, &hash, &b, &index)) return tx_of(c, &b, index);
    if (c->code) return NULL;
    const rpc__waiting *w = rpc__pool_find(&c->r->pool, &hash);
    return w ? rpc__json_tx(c->arena, &w->tx, NULL, 0) : riv_json_null();
}

static const riv_json *raw_by_hash(rpc__call *c)
{
    crypto_hash hash;
    rpc_block   b;
    uint32_t    index;
    if (find_tx(c, false, &hash, &b, &index)) return rpc__json_hex(c->arena, b.txs[index]);
    if (c->code) return NULL;
    const rpc__waiting *w = rpc__pool_find(&c->r->pool, &hash);
    return w ? rpc__json_hex(c->arena, riv_blob_view(w->raw)) : riv_json_null();
}

static const riv_json *receipt(rpc__call *c)
{
    crypto_hash hash;
    rpc_block   b;
    uint32_t    index;
    return find_tx(c, true, &hash, &b, &index) ? rpc__json_receipt(c->arena, &b, index) : null_or_error(c);
}

const riv_json *rpc__send(rpc__call *c, riv_bytes raw)
{
    crypto_hash hash;
    riv_fault   fault = { 0 };
    if (raw.len > ETH_TX_BYTES_MAX) return rpc__fail(c, RPC__SERVER, "oversized data");
    if (rpc__submit(c->r, c->now_ms, raw, c->arena, &fault, &hash)) return rpc__fault(c, &fault);
    return rpc__json_hash(c->arena, &hash);
}

static const riv_json *send_raw(rpc__call *c)
{
    riv_bytes raw;
    return rpc__hex(c, 0, rpc__param(c, 0), &raw) ? rpc__send(c, raw) : NULL;
}

static const rpc__method methods[] = {
    { "eth_blockNumber", number },
    { "eth_getBlockByNumber", by_number },
    { "eth_getBlockByHash", by_hash },
    { "eth_getBlockTransactionCountByNumber", count_by_number },
    { "eth_getBlockTransactionCountByHash", count_by_hash },
    { "eth_getUncleCountByBlockNumber", uncles_by_number },
    { "eth_getUncleCountByBlockHash", uncles_by_hash },
    { "eth_getBlockReceipts", receipts },
    { "eth_getTransactionByHash", tx_by_hash },
    { "eth_getRawTransactionByHash", raw_by_hash },
    { "eth_getTransactionByBlockNumberAndIndex", tx_by_number },
    { "eth_getTransactionByBlockHashAndIndex", tx_by_block },
    { "eth_getTransactionReceipt", receipt },
    { "eth_sendRawTransaction", send_raw },
};
const rpc__methods rpc__of_blocks = { methods, RIV_COUNT(methods) };
