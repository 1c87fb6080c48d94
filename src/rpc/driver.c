/* driver.c: the development driver: takes transactions, makes blocks of them on demand or on a timer, keeps what came of it, and the chain's time.
 * A block is applied on paper first: what turns out not to run is left out, so that a block holds only what was executed.
 * Spec: docs/spec/chain.md 2, 3. Tests: driver_test.c. */
#include "rpc/internal.h"

enum { TX_GAS_LEAST = 21000, TRIES = 3 };

/* ---- places ---- */

static riv_err commit_memory(void *ctx, const chain_write *writes, size_t count, riv_fault *fault)
{
    (void)fault;
    chain_memory_apply(ctx, writes, count);
    return RIV_OK;
}

rpc_place rpc_place_memory(chain_memory *memory)
{
    return (rpc_place){ chain_memory_store(memory), memory, commit_memory };
}

/* ---- open and close ---- */

static riv_err keep(rpc *r, rpc_block *b, riv_arena *arena, riv_fault *fault)
{
    chain_write *writes;
    size_t       count = rpc__record(b, r->offset_s, arena, &writes);
    return r->config.place.commit(r->config.place.ctx, writes, count, fault);
}

static riv_err begin(rpc *r, riv_arena *arena, riv_fault *fault)
{
    rpc_block           b     = { 0 };
    const chain_params *p     = r->config.genesis;
    chain_store        *store = &r->config.place.store;
    if (!p) return riv_fail(fault, RIV_E_NOT_FOUND, 0, "there is no chain yet");
    RIV_TRY(chain_genesis(r->config.engine, p, store, arena, fault, &b.block));
    b.gas_limit = p->block_gas_max;
    return keep(r, &b, arena, fault);
}

riv_err rpc_open(const rpc_config *config, riv_fault *fault, rpc **out)
{
    chain_head head;
    rpc       *r     = riv_alloc(sizeof *r);
    riv_arena *arena = riv_arena_new(0);
    r->config        = *config;
    r->interval_ms   = config->interval_ms;
    r->automine      = config->interval_ms == 0;
    r->arena         = riv_arena_new(0);
    r->notices_arena = riv_arena_new(RPC_NOTICES_BYTES_MAX);
    chain_store *s   = &r->config.place.store;
    riv_err      err = rpc__offset_read(s, arena, &r->offset_s);
    if (err == RIV_E_NOT_FOUND) err = begin(r, arena, fault);
    if (!err) err = chain_head_read(s, UINT64_MAX, r->arena, fault, &head);
    if (!err) err = chain_proofs_waiting(s, fault, &r->proofs_waiting);
    if (!err) {
        r->params = head.params;
        r->secret = crypto_keccak256((riv_bytes){ head.hash.bytes, sizeof head.hash.bytes });
        *out      = r;
    } else {
        riv_fail(fault, err, 0, "the chain's records are damaged");
        rpc_close(r);
    }
    riv_arena_free(arena);
    return err;
}

void rpc_close(rpc *r)
{
    if (!r) return;
    rpc__pool_free(&r->pool);
    rpc__watches_free(r);
    riv_arena_free(r->notices_arena);
    riv_arena_free(r->arena);
    riv_free(r);
}

uint64_t         rpc_interval_ms(const rpc *r) { return r->interval_ms; }
bool             rpc_wants_block(const rpc *r) { return r->proofs_waiting != 0; }
const riv_fault *rpc_failed(const rpc *r) { return r->failed.err ? &r->failed : NULL; }

/* ---- time ---- */

uint64_t rpc__next_time(const rpc *r, const chain_head *head, uint64_t now_ms)
{
    if (r->next_set) return RIV_MAX(r->next_s, head->time_s);
    return RIV_MAX((uint64_t)((int64_t)(now_ms / 1000) + r->offset_s), head->time_s);
}

/* ---- blocks ---- */

typedef struct chosen {
    const rpc__waiting **items;
    size_t               count;
} chosen;

static u256 tip_of(const eth_tx *tx, u256 base_fee)
{
    u256 room;
    if (!u256_sub(tx->max_fee, base_fee, &room)) return U256_ZERO;
    return u256_cmp(room, tx->max_tip) < 0 ? room : tx->max_tip;
}

/* The next nonce of a sender: of the state, and behind what was chosen already. */
static riv_err nonce_of(rpc *r, const chosen *c, const eth_address *who, riv_fault *fault, uint64_t *nonce)
{
    chain_account account;
    RIV_TRY(chain_account_read(&r->config.place.store, UINT64_MAX, who, fault, &account));
    *nonce = account.nonce;
    for (size_t i = 0; i < c->count; i++)
        if (eth_address_eq(&c->items[i]->tx.from, who)) *nonce = c->items[i]->tx.nonce + 1;
    return RIV_OK;
}

/* SPEC chain.md 2.1: orders by (sender nonce order, tip). Each round takes the best tip among those whose turn it is. */
static riv_err choose(rpc *r, const chain_head *head, riv_arena *arena, riv_fault *fault, chosen *out)
{
    size_t    count = r->pool.count, max = (size_t)(r->params.block_gas_max / TX_GAS_LEAST);
    uint64_t *next  = riv_new(arena, uint64_t, count + 1);
    bool     *taken = riv_new(arena, bool, count + 1);
    out->items      = riv_new(arena, const rpc__waiting *, count + 1);
    out->count      = 0;
    for (size_t i = 0; i < count; i++) RIV_TRY(nonce_of(r, out, &r->pool.items[i]->tx.from, fault, &next[i]));
    while (out->count < max) {
        size_t best = count;
        for (size_t i = 0; i < count; i++) {
            const eth_tx *tx = &r->pool.items[i]->tx;
            if (taken[i] || tx->nonce != next[i]) continue;
            if (best == count ||
                u256_cmp(tip_of(tx, head->base_fee), tip_of(&r->pool.items[best]->tx, head->base_fee)) > 0)
                best = i;
        }
        if (best == count) break;
        taken[best]              = true;
        out->items[out->count++] = r->pool.items[best];
        for (size_t i = 0; i < count; i++)
            if (eth_address_eq(&r->pool.items[i]->tx.from, &r->pool.items[best]->tx.from)) next[i]++;
    }
    return RIV_OK;
}

crypto_hash rpc__next_beacon(const chain_head *head)
{
    riv_buf out = { 0 };
    riv_put_str(&out, RIV_LIT("rivulet development beacon"));
    riv_put_u64be(&out, head->height);
    riv_put_bytes(&out, (riv_bytes){ head->hash.bytes, sizeof head->hash.bytes });
    crypto_hash hash = crypto_keccak256(riv_buf_view(&out));
    riv_buf_free(&out);
    return hash;
}

/* balance: that is set before the transactions; NULL: none. */
static riv_err apply(rpc *r, const chain_head *head, const chosen *c, const chain_balance_write *balance,
                     uint64_t time_s, riv_arena *arena, riv_fault *fault, rpc_block *out)
{
    riv_bytes *txs     = riv_new(arena, riv_bytes, c->count + 1);
    eth_tx    *decoded = riv_new(arena, eth_tx, c->count + 1);
    for (size_t i = 0; i < c->count; i++) {
        txs[i]     = riv_blob_view(c->items[i]->raw);
        decoded[i] = c->items[i]->tx;
    }
    chain_block_input in = { .height         = head->height + 1,
                             .time_s         = time_s,
                             .proposer       = r->config.proposer,
                             .beacon         = rpc__next_beacon(head),
                             .txs            = txs,
                             .txs_count      = c->count,
                             .decoded        = decoded,
                             .balances       = balance,
                             .balances_count = balance != NULL,
                             .verifier       = r->config.verifier };
    *out     = (rpc_block){ .gas_limit = head->params.block_gas_max, .proposer = in.proposer, .beacon = in.beacon };
    out->txs = txs;
    out->txs_count      = c->count;
    out->balances       = balance;
    out->balances_count = in.balances_count;
    return chain_apply(r->config.engine, &r->config.place.store, &in, arena, fault, &out->block);
}

/* Leaves out what did not run. What only found no room stays among those that wait; the rest will never run. False: all ran. */
static bool leave_out(rpc *r, chosen *c, const rpc_block *b)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++) {
        const chain_receipt *t = &b->block.receipts[i];
        if (t->valid)
            c->items[kept++] = c->items[i];
        else if (!riv_str_eq(t->error, RIV_LIT("gas limit reached")) &&
                 !riv_str_starts(t->error, RIV_LIT("nonce too high")))
            rpc__pool_remove(&r->pool, &t->hash);
    }
    bool changed = kept < c->count;
    c->count     = kept;
    return changed;
}

/* What the block took, and what it made impossible: used nonces. */
static void clean_pool(rpc *r, const rpc_block *b)
{
    for (size_t i = 0; i < b->block.receipts_count; i++) rpc__pool_remove(&r->pool, &b->block.receipts[i].hash);
    for (size_t i = r->pool.count; i > 0; i--) {
        const eth_tx *tx = &r->pool.items[i - 1]->tx;
        for (size_t k = 0; k < b->block.receipts_count; k++) {
            const chain_receipt *t = &b->block.receipts[k];
            if (tx->nonce > t->nonce || !eth_address_eq(&t->from, &tx->from)) continue;
            rpc__pool_remove(&r->pool, &tx->hash);
            break;
        }
    }
}

/* The block is there: time goes on from it. */
static riv_err take(rpc *r, uint64_t now_ms, riv_arena *arena, riv_fault *fault, rpc_block *b)
{
    if (r->next_set) r->offset_s = (int64_t)b->block.time_s - (int64_t)(now_ms / 1000);
    r->next_set = false;
    return keep(r, b, arena, fault);
}

static riv_err make_block(rpc *r, uint64_t now_ms, riv_arena *arena, riv_fault *fault, rpc_block *b)
{
    chain_head head;
    chosen     c    = { 0 };
    bool       done = false;
    RIV_TRY(chain_head_read(&r->config.place.store, UINT64_MAX, arena, fault, &head));
    uint64_t time_s = rpc__next_time(r, &head, now_ms);
    RIV_TRY(choose(r, &head, arena, fault, &c));
    for (int tries = 0; !done; tries++) {
        if (tries == TRIES) c.count = 0; /* leaving out cannot go on for ever; an empty block always runs */
        RIV_TRY(apply(r, &head, &c, NULL, time_s, arena, fault, b));
        done = !leave_out(r, &c, b);
    }
    return take(r, now_ms, arena, fault, b);
}

static riv_err fails(rpc *r, riv_err err, riv_fault *fault)
{
    riv_fail(&r->failed, err, 0, "no block could be made");
    return riv_fail(fault, err, 0, "%s", r->failed.msg);
}

/* It is kept: what follows from it. */
static void made(rpc *r, const rpc_block *b)
{
    r->proofs_waiting = b->block.proofs_waiting;
    r->work += RPC__WORK_MINED + RPC__WORK_MINED * b->txs_count;
    rpc__tell_block(r, b); /* first: the block's transactions are the pool's bytes */
    clean_pool(r, b);
    LOG_INFO(r->config.log, "chain.block", LOG_U64("height", b->block.height), LOG_U64("txs", b->txs_count),
             LOG_U64("gas", b->block.gas_used), LOG_U64("time", b->block.time_s));
}

riv_err rpc_mine(rpc *r, uint64_t now_ms, riv_fault *fault)
{
    riv_err    err;
    rpc_block  b     = { 0 };
    riv_arena *arena = riv_arena_new(0);
    if (r->failed.err)
        err = fails(r, r->failed.err, fault);
    else if ((err = make_block(r, now_ms, arena, &r->failed, &b)))
        err = fails(r, err, fault);
    else
        made(r, &b);
    riv_arena_free(arena);
    return err;
}

riv_err rpc__set_balance(rpc *r, uint64_t now_ms, const chain_balance_write *balance, riv_fault *fault)
{
    chain_head head;
    rpc_block  b     = { 0 };
    chosen     none  = { 0 };
    riv_arena *arena = riv_arena_new(0);
    riv_err    err   = r->failed.err ? fails(r, r->failed.err, fault) : RIV_OK;
    if (!err) err = chain_head_read(&r->config.place.store, UINT64_MAX, arena, fault, &head);
    if (!err) err = apply(r, &head, &none, balance, rpc__next_time(r, &head, now_ms), arena, fault, &b);
    if (!err && (err = take(r, now_ms, arena, &r->failed, &b)))
        err = fails(r, err, fault); /* before: nothing was kept */
    if (!err) made(r, &b);
    riv_arena_free(arena);
    return err;
}

/* ---- transactions ---- */

uint64_t rpc__next_nonce(rpc *r, const eth_address *who, uint64_t state_nonce)
{
    while (rpc__pool_at(&r->pool, who, state_nonce)) state_nonce++;
    return state_nonce;
}

/* Whether it waits for another that is not there. */
static riv_err is_early(rpc *r, const eth_tx *tx, riv_fault *fault, bool *out)
{
    chain_account account;
    RIV_TRY(chain_account_read(&r->config.place.store, UINT64_MAX, &tx->from, fault, &account));
    *out = tx->nonce > account.nonce && !rpc__pool_at(&r->pool, &tx->from, tx->nonce - 1);
    return RIV_OK;
}

/* Early ones cost nothing and may wait for ever: where all places are taken, the oldest of them goes for one that can run. */
static riv_err make_place(rpc *r, const eth_tx *tx, riv_fault *fault)
{
    bool early;
    if (r->pool.count < RPC_WAITING_MAX) return RIV_OK;
    RIV_TRY(is_early(r, tx, fault, &early));
    for (size_t i = 0; i < r->pool.count && !early; i++) {
        bool waits;
        r->work += RPC__WORK_BLOCK;
        RIV_TRY(is_early(r, &r->pool.items[i]->tx, fault, &waits));
        if (!waits) continue;
        rpc__pool_drop(&r->pool, i);
        return RIV_OK;
    }
    return RIV_OK; /* the pool says that it is full, or takes it in place of its older form */
}

riv_err rpc__submit(rpc *r, uint64_t now_ms, riv_bytes raw, riv_arena *arena, riv_fault *fault, crypto_hash *hash)
{
    eth_tx        tx;
    chain_account account;
    RIV_TRY(chain_check_tx(&r->config.place.store, raw, arena, fault, &tx));
    r->work += RPC__WORK_SENT;
    RIV_TRY(make_place(r, &tx, fault));
    RIV_TRY(rpc__pool_add(&r->pool, &tx, raw, fault));
    *hash                                      = tx.hash;
    r->recent[r->recent_count++ % RPC__RECENT] = tx.hash;
    rpc__tell_pending(r, &tx);
    if (!r->automine) return RIV_OK;
    RIV_TRY(chain_account_read(&r->config.place.store, UINT64_MAX, &tx.from, fault, &account));
    return account.nonce == tx.nonce ? rpc_mine(r, now_ms, fault) : RIV_OK; /* one that comes too early waits */
}
