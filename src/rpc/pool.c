/* pool.c: transactions that wait for a block, in order of arrival, one for each sender and nonce. The words are geth's.
 * Spec: docs/spec/chain.md 2.1 (replacement), 3. Tests: driver_test.c. */
#include "rpc/internal.h"

const rpc__waiting *rpc__pool_find(const rpc__pool *pool, const crypto_hash *hash)
{
    for (size_t i = 0; i < pool->count; i++)
        if (memcmp(&pool->items[i]->tx.hash, hash, sizeof *hash) == 0) return pool->items[i];
    return NULL;
}

static size_t place_of(const rpc__pool *pool, const eth_address *from, uint64_t nonce)
{
    size_t i = 0;
    while (i < pool->count && (pool->items[i]->tx.nonce != nonce || !eth_address_eq(&pool->items[i]->tx.from, from)))
        i++;
    return i;
}

const rpc__waiting *rpc__pool_at(const rpc__pool *pool, const eth_address *from, uint64_t nonce)
{
    size_t i = place_of(pool, from, nonce);
    return i < pool->count ? pool->items[i] : NULL;
}

/* SPEC chain.md 2.1: replacement needs +10 % both fees */
static bool outbids(u256 offer, u256 old)
{
    u256 least, part;
    u256_divmod(old, u256_of(10), &part, NULL);
    if (u256_is_zero(part)) part = u256_of(1);
    return u256_add(old, part, &least) && u256_cmp(offer, least) >= 0;
}

void rpc__pool_drop(rpc__pool *pool, size_t at)
{
    riv_blob_free(&pool->items[at]->raw);
    riv_free(pool->items[at]);
    pool->count--;
    memmove(pool->items + at, pool->items + at + 1, (pool->count - at) * sizeof *pool->items);
}

riv_err rpc__pool_add(rpc__pool *pool, const eth_tx *tx, riv_bytes raw, riv_fault *fault)
{
    if (rpc__pool_find(pool, &tx->hash)) return riv_fail(fault, RIV_E_DENIED, 0, "already known");
    size_t at = place_of(pool, &tx->from, tx->nonce);
    if (at < pool->count) {
        const eth_tx *old = &pool->items[at]->tx;
        if (!outbids(tx->max_fee, old->max_fee) || !outbids(tx->max_tip, old->max_tip))
            return riv_fail(fault, RIV_E_DENIED, 0, "replacement transaction underpriced");
        rpc__pool_drop(pool, at);
    } else if (pool->count == RPC_WAITING_MAX) {
        return riv_fail(fault, RIV_E_DENIED, 0, "txpool is full");
    }
    rpc__waiting *w = riv_alloc(sizeof *w);
    w->tx           = *tx;
    w->raw          = riv_blob_copy(raw);
    if (tx->data.len) w->tx.data = (riv_bytes){ w->raw.ptr + (tx->data.ptr - raw.ptr), tx->data.len };
    if (tx->access_list.len)
        w->tx.access_list = (riv_bytes){ w->raw.ptr + (tx->access_list.ptr - raw.ptr), tx->access_list.len };
    if (!pool->items) pool->items = riv_alloc(RPC_WAITING_MAX * sizeof(rpc__waiting *));
    pool->items[pool->count++] = w;
    return RIV_OK;
}

void rpc__pool_remove(rpc__pool *pool, const crypto_hash *hash)
{
    for (size_t i = 0; i < pool->count; i++) {
        if (memcmp(&pool->items[i]->tx.hash, hash, sizeof *hash) != 0) continue;
        rpc__pool_drop(pool, i);
        return;
    }
}

void rpc__pool_free(rpc__pool *pool)
{
    while (pool->count) rpc__pool_drop(pool, pool->count - 1);
    riv_free(pool->items);
    *pool = (rpc__pool){ 0 };
}
