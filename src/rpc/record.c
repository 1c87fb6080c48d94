/* record.c: blocks and receipts as they are kept, and found again by hash; exports and their replay.
 * Numbers are big-endian, lengths stand before what they measure. In the store both are packed (pack.c); in exports blocks are not.
 * Spec: docs/spec/chain.md 3.1. Tests: record_test.c, record_fuzz.c. */
#include "rpc/internal.h"

/* Of the count of transactions: balances that were set follow them. Blocks without any are as they were before there were such. */
#define BALANCES_FOLLOW (UINT32_C(1) << 31)
enum { KEY_BLOCK = 'b', KEY_RECEIPTS = 'r', KEY_TX = 'x', KEY_HASH = 'y', KEY_DRIVER = 'd', TOPICS_MAX = 4 };
static const riv_str export_mark = RIV_LIT_INIT("rivulet chain export 1\n");

/* ---- pieces ---- */

static riv_bytes key_of(riv_arena *arena, char table, riv_bytes what)
{
    riv_buf out = riv_buf_in(arena);
    riv_put_u8(&out, (uint8_t)table);
    riv_put_bytes(&out, what);
    return riv_buf_view(&out);
}

static riv_bytes numbered_key(riv_arena *arena, char table, uint64_t height)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)(height >> (56 - 8 * i));
    return key_of(arena, table, (riv_bytes){ bytes, sizeof bytes });
}

static riv_bytes of_hash(const crypto_hash *hash) { return (riv_bytes){ hash->bytes, sizeof hash->bytes }; }
static riv_bytes of_address(const eth_address *a) { return (riv_bytes){ a->bytes, sizeof a->bytes }; }

static void put_long(riv_buf *out, riv_bytes bytes)
{
    riv_put_u32be(out, (uint32_t)bytes.len);
    riv_put_bytes(out, bytes);
}

static void copy_to(riv_reader *r, uint8_t *out, size_t len)
{
    riv_bytes bytes = riv_read_bytes(r, len);
    if (bytes.len) memcpy(out, bytes.ptr, bytes.len);
}

static riv_bytes read_long(riv_reader *r) { return riv_read_bytes(r, riv_read_u32be(r)); }

static riv_err damaged(riv_fault *fault, const riv_reader *r, const char *what)
{
    return riv_fail(fault, RIV_E_MALFORMED, r->pos, "the record of a block is damaged: %s", what);
}

/* How many of at least so many bytes each there may be: a count that is larger than what is left is no count. */
static bool there_are(const riv_reader *r, uint32_t count, size_t each)
{
    return !r->short_read && count <= riv_reader_left(r) / each;
}

static bool count_of(riv_reader *r, size_t each, size_t *out)
{
    uint32_t count = riv_read_u32be(r);
    *out           = count;
    return there_are(r, count, each);
}

/* ---- a block ---- */

static void put_balances(riv_buf *out, const rpc_block *b)
{
    riv_put_u32be(out, (uint32_t)b->balances_count);
    for (size_t i = 0; i < b->balances_count; i++) {
        riv_put_bytes(out, of_address(&b->balances[i].who));
        u256_to_be(b->balances[i].flt, riv_buf_raw(out, 32));
    }
}

static riv_err read_balances(riv_reader *r, riv_arena *arena, riv_fault *fault, rpc_block *out)
{
    size_t count;
    if (!count_of(r, 20 + 32, &count) || count == 0) return damaged(fault, r, "its balances");
    chain_balance_write *all = riv_new(arena, chain_balance_write, count);
    for (size_t i = 0; i < count; i++) {
        copy_to(r, all[i].who.bytes, sizeof all[i].who.bytes);
        all[i].flt = u256_from_be(riv_read_bytes(r, 32));
    }
    out->balances       = all;
    out->balances_count = count;
    return RIV_OK;
}

void rpc__put_block(riv_buf *out, const rpc_block *b)
{
    const chain_block *k = &b->block;
    riv_put_u64be(out, k->height);
    riv_put_u64be(out, k->time_s);
    riv_put_u64be(out, k->gas_used);
    riv_put_u64be(out, b->gas_limit);
    u256_to_be(k->base_fee, riv_buf_raw(out, 32));
    const crypto_hash *hashes[] = { &k->hash,     &k->parent,        &k->app_hash, &k->state_root,
                                    &k->txs_root, &k->receipts_root, &b->beacon };
    for (size_t i = 0; i < RIV_COUNT(hashes); i++) riv_put_bytes(out, of_hash(hashes[i]));
    riv_put_bytes(out, (riv_bytes){ k->logs_bloom, sizeof k->logs_bloom });
    riv_put_bytes(out, of_address(&b->proposer));
    riv_put_u32be(out, (uint32_t)b->txs_count | (b->balances_count ? BALANCES_FOLLOW : 0));
    for (size_t i = 0; i < b->txs_count; i++) put_long(out, b->txs[i]);
    if (b->balances_count) put_balances(out, b);
}

riv_err rpc__read_block(riv_reader *r, riv_arena *arena, riv_fault *fault, rpc_block *out)
{
    rpc_block    b              = { 0 };
    chain_block *k              = &b.block;
    k->height                   = riv_read_u64be(r);
    k->time_s                   = riv_read_u64be(r);
    k->gas_used                 = riv_read_u64be(r);
    b.gas_limit                 = riv_read_u64be(r);
    k->base_fee                 = u256_from_be(riv_read_bytes(r, 32));
    crypto_hash *const hashes[] = { &k->hash,     &k->parent,        &k->app_hash, &k->state_root,
                                    &k->txs_root, &k->receipts_root, &b.beacon };
    for (size_t i = 0; i < RIV_COUNT(hashes); i++) copy_to(r, hashes[i]->bytes, sizeof hashes[i]->bytes);
    copy_to(r, k->logs_bloom, sizeof k->logs_bloom);
    copy_to(r, b.proposer.bytes, sizeof b.proposer.bytes);
    uint32_t marked = riv_read_u32be(r), count = marked & ~BALANCES_FOLLOW;
    if (!there_are(r, count, 4)) return damaged(fault, r, "it ends too early");
    riv_bytes *txs = riv_new(arena, riv_bytes, (size_t)count + 1);
    for (size_t i = 0; i < count; i++) txs[i] = read_long(r);
    if (r->short_read) return damaged(fault, r, "a transaction ends too early");
    if (marked & BALANCES_FOLLOW) RIV_TRY(read_balances(r, arena, fault, &b));
    b.txs       = txs;
    b.txs_count = count;
    *out        = b;
    return RIV_OK;
}

/* ---- receipts ---- */

static void put_logs(riv_buf *out, const chain_log *logs, size_t count)
{
    riv_put_u32be(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        const chain_log *log = &logs[i];
        riv_put_bytes(out, of_address(&log->at));
        riv_put_u8(out, (uint8_t)log->topics_count);
        for (size_t k = 0; k < log->topics_count; k++) riv_put_bytes(out, of_hash(&log->topics[k]));
        put_long(out, log->data);
    }
}

/* Without hashes, which are those of the block's transactions. Behind them the block's own logs. */
static void put_receipts(riv_buf *out, const chain_block *k)
{
    riv_put_u32be(out, (uint32_t)k->receipts_count);
    for (size_t i = 0; i < k->receipts_count; i++) {
        const chain_receipt *t = &k->receipts[i];
        riv_put_bytes(out, of_address(&t->from));
        riv_put_bytes(out, of_address(&t->to));
        riv_put_bytes(out, of_address(&t->created));
        riv_put_u8(out, t->ok);
        riv_put_u64be(out, t->nonce);
        riv_put_u64be(out, t->gas_used);
        riv_put_u64be(out, t->gas_limit);
        u256_to_be(t->gas_price, riv_buf_raw(out, 32));
        put_long(out, t->revert);
        put_long(out, riv_str_bytes(t->error));
        put_logs(out, t->logs, t->logs_count);
    }
    put_logs(out, k->logs, k->logs_count);
}

static bool read_logs(riv_reader *r, riv_arena *arena, const chain_log **out, size_t *out_count)
{
    size_t count;
    if (!count_of(r, 20 + 1 + 4, &count)) return false;
    chain_log *logs = riv_new(arena, chain_log, count + 1);
    for (size_t i = 0; i < count; i++) {
        copy_to(r, logs[i].at.bytes, sizeof logs[i].at.bytes);
        size_t topics = riv_read_u8(r);
        if (topics > TOPICS_MAX) return false;
        crypto_hash *hashes = riv_new(arena, crypto_hash, topics + 1);
        for (size_t k = 0; k < topics; k++) copy_to(r, hashes[k].bytes, sizeof hashes[k].bytes);
        logs[i].topics       = hashes;
        logs[i].topics_count = topics;
        logs[i].data         = read_long(r);
    }
    *out       = logs;
    *out_count = count;
    return !r->short_read;
}

static riv_err read_receipts(riv_bytes text, const rpc_block *b, riv_arena *arena, riv_fault *fault, chain_block *out)
{
    riv_reader r = riv_reader_of(text);
    size_t     count;
    if (!count_of(&r, 100, &count)) return damaged(fault, &r, "its receipts");
    if (count != b->txs_count)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "block %llu has receipts of others",
                        (unsigned long long)b->block.height);
    chain_receipt *all = riv_new(arena, chain_receipt, count + 1);
    for (size_t i = 0; i < count; i++) {
        chain_receipt *t = &all[i];
        t->hash          = crypto_keccak256(b->txs[i]);
        copy_to(&r, t->from.bytes, sizeof t->from.bytes);
        copy_to(&r, t->to.bytes, sizeof t->to.bytes);
        copy_to(&r, t->created.bytes, sizeof t->created.bytes);
        t->valid     = true;
        t->ok        = riv_read_u8(&r) != 0;
        t->nonce     = riv_read_u64be(&r);
        t->gas_used  = riv_read_u64be(&r);
        t->gas_limit = riv_read_u64be(&r);
        t->gas_price = u256_from_be(riv_read_bytes(&r, 32));
        t->revert    = read_long(&r);
        t->error     = riv_bytes_str(read_long(&r));
        if (!read_logs(&r, arena, &t->logs, &t->logs_count)) return damaged(fault, &r, "a receipt");
    }
    if (!read_logs(&r, arena, &out->logs, &out->logs_count)) return damaged(fault, &r, "its own logs");
    out->receipts       = all;
    out->receipts_count = count;
    return RIV_OK;
}

/* ---- into the store and out of it ---- */

static chain_write hash_write(riv_arena *arena, char table, const crypto_hash *hash, uint64_t height, uint32_t index)
{
    riv_buf value = riv_buf_in(arena);
    riv_put_u64be(&value, height);
    if (table == KEY_TX) riv_put_u32be(&value, index);
    return (chain_write){ .key = key_of(arena, table, of_hash(hash)), .value = riv_buf_view(&value) };
}

size_t rpc__record(const rpc_block *b, int64_t offset_s, riv_arena *arena, chain_write **writes)
{
    const chain_block *k     = &b->block;
    size_t             count = 0;
    riv_buf            plain = riv_buf_in(arena), block = riv_buf_in(arena), receipts = riv_buf_in(arena),
            driver   = riv_buf_in(arena);
    chain_write *all = riv_new(arena, chain_write, k->writes_count + k->receipts_count + 4);
    rpc__put_block(&plain, b);
    rpc__pack(&block, riv_buf_view(&plain));
    riv_buf_clear(&plain);
    put_receipts(&plain, k);
    rpc__pack(&receipts, riv_buf_view(&plain));
    riv_put_u64be(&driver, (uint64_t)offset_s);
    if (k->writes_count) memcpy(all, k->writes, k->writes_count * sizeof *all);
    count        = k->writes_count;
    all[count++] = (chain_write){ .key = numbered_key(arena, KEY_BLOCK, k->height), .value = riv_buf_view(&block) };
    all[count++] = (chain_write){ .key = key_of(arena, KEY_DRIVER, (riv_bytes){ 0 }), .value = riv_buf_view(&driver) };
    all[count++] =
        (chain_write){ .key = numbered_key(arena, KEY_RECEIPTS, k->height), .value = riv_buf_view(&receipts) };
    for (size_t i = 0; i < k->receipts_count; i++)
        all[count++] = hash_write(arena, KEY_TX, &k->receipts[i].hash, k->height, (uint32_t)i);
    all[count++] = hash_write(arena, KEY_HASH, &k->hash, k->height, 0);
    *writes      = all;
    return count;
}

riv_err rpc__offset_read(const chain_store *store, riv_arena *arena, int64_t *offset_s)
{
    riv_bytes value;
    if (!store->get(store->ctx, key_of(arena, KEY_DRIVER, (riv_bytes){ 0 }), arena, &value)) return RIV_E_NOT_FOUND;
    riv_reader r = riv_reader_of(value);
    uint64_t   v = riv_read_u64be(&r);
    if (r.short_read) return RIV_E_MALFORMED;
    *offset_s = (int64_t)v;
    return RIV_OK;
}

riv_err rpc_block_read(const chain_store *store, uint64_t height, bool receipts, riv_arena *arena, riv_fault *fault,
                       rpc_block *out)
{
    riv_bytes value;
    if (!store->get(store->ctx, numbered_key(arena, KEY_BLOCK, height), arena, &value))
        return riv_fail(fault, RIV_E_NOT_FOUND, 0, "there is no block %llu", (unsigned long long)height);
    RIV_TRY(rpc__unpack(value, RPC__RECORD_BYTES_MAX, arena, fault, &value));
    riv_reader r = riv_reader_of(value);
    RIV_TRY(rpc__read_block(&r, arena, fault, out));
    if (riv_reader_left(&r)) return damaged(fault, &r, "more follows");
    if (!receipts) return RIV_OK;
    if (!store->get(store->ctx, numbered_key(arena, KEY_RECEIPTS, height), arena, &value))
        return riv_fail(fault, RIV_E_MALFORMED, 0, "the receipts of block %llu are missing",
                        (unsigned long long)height);
    RIV_TRY(rpc__unpack(value, RPC__RECORD_BYTES_MAX, arena, fault, &value));
    return read_receipts(value, out, arena, fault, &out->block);
}

riv_err rpc_block_find(const chain_store *store, const crypto_hash *hash, riv_arena *arena, uint64_t *height)
{
    riv_bytes value;
    if (!store->get(store->ctx, key_of(arena, KEY_HASH, of_hash(hash)), arena, &value)) return RIV_E_NOT_FOUND;
    riv_reader r = riv_reader_of(value);
    *height      = riv_read_u64be(&r);
    return r.short_read ? RIV_E_MALFORMED : RIV_OK;
}

riv_err rpc_tx_find(const chain_store *store, const crypto_hash *hash, riv_arena *arena, uint64_t *height,
                    uint32_t *index)
{
    riv_bytes value;
    if (!store->get(store->ctx, key_of(arena, KEY_TX, of_hash(hash)), arena, &value)) return RIV_E_NOT_FOUND;
    riv_reader r = riv_reader_of(value);
    *height      = riv_read_u64be(&r);
    *index       = riv_read_u32be(&r);
    return r.short_read ? RIV_E_MALFORMED : RIV_OK;
}

/* ---- exports ---- */

void rpc_export_start(const chain_params *params, riv_arena *arena, riv_buf *out)
{
    riv_put_str(out, export_mark);
    put_long(out, chain_params_write(params, arena));
}

void rpc_export_block(const rpc_block *block, riv_buf *out) { rpc__put_block(out, block); }

static riv_err differs(riv_fault *fault, uint64_t height, const char *what)
{
    return riv_fail(fault, RIV_E_CONFLICT, height, "block %llu leads to another %s here", (unsigned long long)height,
                    what);
}

/* Everything else, byte for byte: what was read is what would be kept here. */
static bool same_record(const rpc_block *there, const chain_block *here, riv_arena *arena)
{
    rpc_block own = *there;
    riv_buf   a = riv_buf_in(arena), b = riv_buf_in(arena);
    own.block = *here;
    rpc__put_block(&a, there);
    rpc__put_block(&b, &own);
    return riv_bytes_eq(riv_buf_view(&a), riv_buf_view(&b));
}

static riv_err compare(const chain_block *here, const chain_block *there, riv_fault *fault)
{
    if (memcmp(&here->state_root, &there->state_root, sizeof here->state_root) != 0)
        return differs(fault, there->height, "state");
    if (memcmp(&here->receipts_root, &there->receipts_root, sizeof here->receipts_root) != 0)
        return differs(fault, there->height, "list of receipts");
    if (memcmp(&here->app_hash, &there->app_hash, sizeof here->app_hash) != 0)
        return differs(fault, there->height, "app hash");
    if (memcmp(&here->hash, &there->hash, sizeof here->hash) != 0) return differs(fault, there->height, "hash");
    return RIV_OK;
}

static riv_err replay_block(const chain *engine, struct proof *verifier, chain_memory *memory,
                            const chain_params *params, riv_reader *r, riv_arena *arena, riv_fault *fault,
                            rpc_replayed *out)
{
    chain_store store = chain_memory_store(memory);
    rpc_block   b;
    chain_block here;
    RIV_TRY(rpc__read_block(r, arena, fault, &b));
    if (out->blocks == 0) {
        if (b.txs_count || b.balances_count) return differs(fault, 0, "list of transactions");
        RIV_TRY(chain_genesis(engine, params, &store, arena, fault, &here));
    } else {
        chain_block_input in = { .height         = b.block.height,
                                 .time_s         = b.block.time_s,
                                 .proposer       = b.proposer,
                                 .beacon         = b.beacon,
                                 .txs            = b.txs,
                                 .txs_count      = b.txs_count,
                                 .balances       = b.balances,
                                 .balances_count = b.balances_count,
                                 .verifier       = verifier };
        RIV_TRY(chain_apply(engine, &store, &in, arena, fault, &here));
    }
    RIV_TRY(compare(&here, &b.block, fault));
    if (!same_record(&b, &here, arena)) return differs(fault, b.block.height, "header");
    chain_memory_apply(memory, here.writes, here.writes_count);
    out->blocks++;
    out->txs += b.txs_count;
    out->balances += b.balances_count;
    out->app_hash = here.app_hash;
    out->hash     = here.hash;
    return RIV_OK;
}

riv_err rpc_replay(const chain *engine, struct proof *verifier, riv_bytes text, riv_fault *fault, rpc_replayed *out)
{
    chain_params  params;
    riv_reader    r     = riv_reader_of(text);
    riv_arena    *whole = riv_arena_new(0), *one = riv_arena_new(0);
    chain_memory *memory = chain_memory_new();
    riv_err       err    = RIV_OK;
    *out                 = (rpc_replayed){ 0 };
    riv_bytes mark = riv_read_bytes(&r, export_mark.len), bytes = read_long(&r);
    if (r.short_read || !riv_bytes_eq(mark, riv_str_bytes(export_mark)))
        err = riv_fail(fault, RIV_E_MALFORMED, 0, "this is no export of a chain");
    if (!err) err = chain_params_read(bytes, whole, fault, &params);
    while (!err && riv_reader_left(&r)) {
        riv_arena_reset(one);
        err = replay_block(engine, verifier, memory, &params, &r, one, fault, out);
    }
    chain_memory_free(memory);
    riv_arena_free(one);
    riv_arena_free(whole);
    return err;
}
