/* shape.c: blocks, transactions, receipts and logs as Ethereum's clients read them.
 * Spec: docs/spec/chain.md 3; execution-apis. Tests: answer_test.c; real clients: tests/interop/eth. */
#include "rpc/internal.h"

#include "codec/codec.h"

/* Of an empty list of uncles in RLP: what every block since the merge has. */
static const char no_uncles[] = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347";

const riv_json *rpc__json_hex(riv_arena *arena, riv_bytes bytes)
{
    riv_buf out = riv_buf_in(arena);
    riv_buf_reserve(&out, 2 + 2 * bytes.len);
    riv_put_str(&out, RIV_LIT("0x"));
    codec_put_hex(&out, bytes);
    return riv_json_str(arena, riv_buf_str(&out));
}

const riv_json *rpc__json_u256(riv_arena *arena, u256 v)
{
    riv_buf out = riv_buf_in(arena);
    u256_put_hex(&out, v);
    return riv_json_str(arena, riv_buf_str(&out));
}

const riv_json *rpc__json_number(riv_arena *arena, uint64_t v) { return rpc__json_u256(arena, u256_of(v)); }

const riv_json *rpc__json_address(riv_arena *arena, const eth_address *a)
{
    return rpc__json_hex(arena, (riv_bytes){ a->bytes, sizeof a->bytes });
}

const riv_json *rpc__json_hash(riv_arena *arena, const crypto_hash *hash)
{
    return rpc__json_hex(arena, (riv_bytes){ hash->bytes, sizeof hash->bytes });
}

static const riv_json *address_or_null(riv_arena *arena, const eth_address *a, bool there)
{
    return there ? rpc__json_address(arena, a) : riv_json_null();
}

/* ---- blocks ---- */

/* Of its record: the chain has no RLP form of a block. */
static size_t size_of(const rpc_block *b, riv_arena *arena)
{
    riv_buf out = riv_buf_in(arena);
    rpc__put_block(&out, b);
    return out.len;
}

static const riv_json *block_json(riv_arena *a, const rpc_block *b, const riv_json *txs)
{
    static const crypto_hash none;
    static const uint8_t     nonce[8];
    const chain_block       *k = &b->block;
    return riv_json_record(
        a, "number", rpc__json_number(a, k->height), "hash", rpc__json_hash(a, &k->hash), "parentHash",
        k->height ? rpc__json_hash(a, &k->parent) : rpc__json_hash(a, &none), "sha3Uncles", riv_json_strc(a, no_uncles),
        "logsBloom", rpc__json_hex(a, (riv_bytes){ k->logs_bloom, sizeof k->logs_bloom }), "transactionsRoot",
        rpc__json_hash(a, &k->txs_root), "stateRoot", rpc__json_hash(a, &k->state_root), "receiptsRoot",
        rpc__json_hash(a, &k->receipts_root), "miner", rpc__json_address(a, &b->proposer), "difficulty",
        rpc__json_number(a, 0), "totalDifficulty", rpc__json_number(a, 0), "extraData", rpc__json_hash(a, &k->app_hash),
        "gasLimit", rpc__json_number(a, b->gas_limit), "gasUsed", rpc__json_number(a, k->gas_used), "timestamp",
        rpc__json_number(a, k->time_s), "baseFeePerGas", rpc__json_u256(a, k->base_fee), "mixHash",
        rpc__json_hash(a, &b->beacon), "nonce", rpc__json_hex(a, (riv_bytes){ nonce, sizeof nonce }), "size",
        rpc__json_number(a, size_of(b, a)), "transactions", txs, "uncles", txs ? riv_json_arr(a, NULL, 0) : NULL, NULL);
}

const riv_json *rpc__json_header(riv_arena *arena, const rpc_block *b) { return block_json(arena, b, NULL); }

const riv_json *rpc__json_block(riv_arena *arena, const rpc_block *b, bool full)
{
    riv_json_list txs = { 0 };
    for (size_t i = 0; i < b->txs_count; i++) {
        eth_tx      tx;
        crypto_hash hash;
        if (!full) {
            hash = crypto_keccak256(b->txs[i]);
            riv_json_add(arena, &txs, rpc__json_hash(arena, &hash));
            continue;
        }
        if (eth_tx_read(b->txs[i], arena, NULL, &tx)) return NULL;
        riv_json_add(arena, &txs, rpc__json_tx(arena, &tx, b, i));
    }
    return block_json(arena, b, riv_json_arr(arena, txs.ptr, txs.len));
}

/* ---- transactions ---- */

static u256 price_of(const eth_tx *tx, const rpc_block *b)
{
    u256 price;
    if (tx->type < 2 || !b) return tx->max_fee;
    if (!u256_add(b->block.base_fee, tx->max_tip, &price) || u256_cmp(price, tx->max_fee) > 0) return tx->max_fee;
    return price;
}

/* It was read when the transaction was. */
static const riv_json *access_json(riv_arena *a, const eth_tx *tx)
{
    eth_rlp       list;
    riv_json_list out  = { 0 };
    riv_buf       text = riv_buf_in(a);
    eth_rlp_put_list(&text, tx->access_list);
    if (eth_rlp_read(riv_buf_view(&text), a, NULL, &list)) return riv_json_null();
    for (size_t i = 0; i < list.items_count; i++) {
        const eth_rlp *entry = list.items[i].items;
        riv_json_list  slots = { 0 };
        for (size_t k = 0; k < entry[1].items_count; k++)
            riv_json_add(a, &slots, rpc__json_hex(a, entry[1].items[k].bytes));
        riv_json_add(a, &out,
                     riv_json_record(a, "address", rpc__json_hex(a, entry[0].bytes), "storageKeys",
                                     riv_json_arr(a, slots.ptr, slots.len), NULL));
    }
    return riv_json_arr(a, out.ptr, out.len);
}

const riv_json *rpc__json_tx(riv_arena *a, const eth_tx *tx, const rpc_block *b, size_t index)
{
    bool     modern = tx->type == 2;
    uint64_t v      = tx->type                 ? tx->y_parity
                      : tx->protected_by_chain ? 35 + 2 * tx->chain_id + tx->y_parity
                                               : 27u + tx->y_parity;
    return riv_json_record(a, "hash", rpc__json_hash(a, &tx->hash), "type", rpc__json_number(a, tx->type), "blockHash",
                           b ? rpc__json_hash(a, &b->block.hash) : riv_json_null(), "blockNumber",
                           b ? rpc__json_number(a, b->block.height) : riv_json_null(), "transactionIndex",
                           b ? rpc__json_number(a, index) : riv_json_null(), "from", rpc__json_address(a, &tx->from),
                           "to", address_or_null(a, &tx->to, !tx->creates), "nonce", rpc__json_number(a, tx->nonce),
                           "gas", rpc__json_number(a, tx->gas_limit), "gasPrice", rpc__json_u256(a, price_of(tx, b)),
                           "maxFeePerGas", modern ? rpc__json_u256(a, tx->max_fee) : NULL, "maxPriorityFeePerGas",
                           modern ? rpc__json_u256(a, tx->max_tip) : NULL, "value", rpc__json_u256(a, tx->value),
                           "input", rpc__json_hex(a, tx->data), "accessList", tx->type ? access_json(a, tx) : NULL,
                           "chainId", tx->type || tx->protected_by_chain ? rpc__json_number(a, tx->chain_id) : NULL,
                           "v", rpc__json_number(a, v), "r", rpc__json_u256(a, u256_from_be((riv_bytes){ tx->r, 32 })),
                           "s", rpc__json_u256(a, u256_from_be((riv_bytes){ tx->s, 32 })), "yParity",
                           tx->type ? rpc__json_number(a, tx->y_parity) : NULL, NULL);
}

const chain_log *rpc__logs_of(const rpc_block *b, size_t tx, size_t *count)
{
    const chain_block *k = &b->block;
    *count               = tx < k->receipts_count ? k->receipts[tx].logs_count : k->logs_count;
    return tx < k->receipts_count ? k->receipts[tx].logs : k->logs;
}

const riv_json *rpc__json_log(riv_arena *a, const rpc_block *b, size_t tx, size_t log, size_t number)
{
    static const crypto_hash none;
    size_t                   count;
    const chain_log         *l      = &rpc__logs_of(b, tx, &count)[log];
    const crypto_hash       *of_tx  = tx < b->block.receipts_count ? &b->block.receipts[tx].hash : &none;
    riv_json_list            topics = { 0 };
    for (size_t i = 0; i < l->topics_count; i++) riv_json_add(a, &topics, rpc__json_hash(a, &l->topics[i]));
    return riv_json_record(a, "address", rpc__json_address(a, &l->at), "topics",
                           riv_json_arr(a, topics.ptr, topics.len), "data", rpc__json_hex(a, l->data), "blockNumber",
                           rpc__json_number(a, b->block.height), "blockHash", rpc__json_hash(a, &b->block.hash),
                           "blockTimestamp", rpc__json_number(a, b->block.time_s), "transactionHash",
                           rpc__json_hash(a, of_tx), "transactionIndex", rpc__json_number(a, tx), "logIndex",
                           rpc__json_number(a, number), "removed", riv_json_bool(false), NULL);
}

/* ---- receipts ---- */

static const riv_json *bloom_json(riv_arena *arena, const chain_receipt *t)
{
    uint8_t bloom[256] = { 0 };
    chain_bloom_add(bloom, t->logs, t->logs_count);
    return rpc__json_hex(arena, (riv_bytes){ bloom, sizeof bloom });
}

static uint64_t type_of(riv_bytes raw) { return raw.len && raw.ptr[0] < 0x80 ? raw.ptr[0] : 0; }

/* A receiver of zeros, or none at all? */
static bool sent_to_zero(const rpc_block *b, size_t index, riv_arena *arena)
{
    eth_tx tx;
    return eth_tx_read(b->txs[index], arena, NULL, &tx) == RIV_OK && !tx.creates;
}

const riv_json *rpc__json_receipt(riv_arena *a, const rpc_block *b, size_t index)
{
    const chain_receipt *t      = &b->block.receipts[index];
    riv_json_list        logs   = { 0 };
    uint64_t             gas    = 0;
    size_t               before = 0;
    bool creates = !eth_address_is_zero(&t->created), to = !eth_address_is_zero(&t->to) || sent_to_zero(b, index, a);
    for (size_t i = 0; i <= index; i++) gas += b->block.receipts[i].gas_used;
    for (size_t i = 0; i < index; i++) before += b->block.receipts[i].logs_count;
    for (size_t i = 0; i < t->logs_count; i++) riv_json_add(a, &logs, rpc__json_log(a, b, index, i, before + i));
    return riv_json_record(a, "transactionHash", rpc__json_hash(a, &t->hash), "transactionIndex",
                           rpc__json_number(a, index), "blockHash", rpc__json_hash(a, &b->block.hash), "blockNumber",
                           rpc__json_number(a, b->block.height), "from", rpc__json_address(a, &t->from), "to",
                           address_or_null(a, &t->to, to), "contractAddress", address_or_null(a, &t->created, creates),
                           "cumulativeGasUsed", rpc__json_number(a, gas), "gasUsed", rpc__json_number(a, t->gas_used),
                           "effectiveGasPrice", rpc__json_u256(a, t->gas_price), "logs",
                           riv_json_arr(a, logs.ptr, logs.len), "logsBloom", bloom_json(a, t), "type",
                           rpc__json_number(a, type_of(b->txs[index])), "status", rpc__json_number(a, t->ok),
                           "revertReason", t->revert.len ? rpc__json_hex(a, t->revert) : NULL, NULL);
}
