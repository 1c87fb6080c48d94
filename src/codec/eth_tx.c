/* eth_tx.c: transactions of types 0, 1 and 2: decoding with the sender's recovery, signing, intrinsic gas.
 * Spec: EIP-155, EIP-2718, EIP-2930, EIP-1559, EIP-2028; docs/spec/chain.md 2.1. Tests: eth_test.c. */
#include "codec/eth.h"

enum {
    LEGACY        = 0,
    ACCESS_LIST   = 1,
    DYNAMIC_FEE   = 2,
    TYPE_LIMIT    = 0x7f,
    LEGACY_FIELDS = 9,
    CHAIN_OFFSET  = 35,
    PLAIN_OFFSET  = 27
};
enum { GAS_TX = 21000, GAS_CREATE = 32000, GAS_ZERO = 4, GAS_BYTE = 16, GAS_ADDRESS = 2400, GAS_SLOT = 1900 };

typedef struct fields {
    const eth_rlp *items;
    riv_bytes      raw;
    riv_fault     *fault;
} fields;

static riv_err wrong(const fields *f, size_t index, const char *what)
{
    const riv_bytes at = f->items[index].bytes;
    return riv_fail(f->fault, RIV_E_MALFORMED, at.ptr >= f->raw.ptr ? (uint64_t)(at.ptr - f->raw.ptr) : 0,
                    "transaction: %s", what);
}

static riv_err number(const fields *f, size_t index, u256 *out)
{
    const eth_rlp *item = &f->items[index];
    if (item->is_list || item->bytes.len > 32 || (item->bytes.len && item->bytes.ptr[0] == 0))
        return wrong(f, index, "a number is expected here, without zeros in front");
    *out = u256_from_be(item->bytes);
    return RIV_OK;
}

static riv_err number64(const fields *f, size_t index, uint64_t *out)
{
    u256 v;
    RIV_TRY(number(f, index, &v));
    return u256_u64(v, out) ? RIV_OK : wrong(f, index, "the number does not fit 64 bits");
}

static riv_err receiver(const fields *f, size_t index, eth_tx *out)
{
    const eth_rlp *item = &f->items[index];
    out->creates        = item->bytes.len == 0;
    if (item->is_list || (!out->creates && item->bytes.len != ETH_ADDRESS_BYTES))
        return wrong(f, index, "the receiver is an address of 20 bytes or empty");
    if (!out->creates) memcpy(out->to.bytes, item->bytes.ptr, ETH_ADDRESS_BYTES);
    return RIV_OK;
}

static riv_err data(const fields *f, size_t index, eth_tx *out)
{
    if (f->items[index].is_list) return wrong(f, index, "the data is bytes");
    out->data = f->items[index].bytes;
    return RIV_OK;
}

static riv_err access_list(const fields *f, size_t index, eth_tx *out)
{
    const eth_rlp *list = &f->items[index];
    if (!list->is_list) return wrong(f, index, "the access list is a list");
    for (size_t i = 0; i < list->items_count; i++) {
        const eth_rlp *entry = &list->items[i];
        if (!entry->is_list || entry->items_count != 2 || entry->items[0].is_list ||
            entry->items[0].bytes.len != ETH_ADDRESS_BYTES || !entry->items[1].is_list)
            return wrong(f, index, "an entry of the access list is an address and a list of slots");
        for (size_t k = 0; k < entry->items[1].items_count; k++)
            if (entry->items[1].items[k].is_list || entry->items[1].items[k].bytes.len != 32)
                return wrong(f, index, "a slot of the access list has 32 bytes");
        out->access_slots += entry->items[1].items_count;
    }
    out->access_addresses = list->items_count;
    out->access_list      = list->bytes;
    return RIV_OK;
}

static riv_err signature(const fields *f, size_t index, eth_tx *out)
{
    u256 r, s;
    RIV_TRY(number(f, index, &r));
    RIV_TRY(number(f, index + 1, &s));
    u256_to_be(r, out->r);
    u256_to_be(s, out->s);
    return RIV_OK;
}

/* v is 27 and 28, or 35 and 36 behind twice the chain's number. */
static riv_err legacy_mark(const fields *f, eth_tx *out)
{
    uint64_t v;
    RIV_TRY(number64(f, 6, &v));
    if (v >= CHAIN_OFFSET) {
        out->protected_by_chain = true;
        out->chain_id           = (v - CHAIN_OFFSET) / 2;
        out->y_parity           = (uint8_t)((v - CHAIN_OFFSET) % 2);
        return RIV_OK;
    }
    if (v != PLAIN_OFFSET && v != PLAIN_OFFSET + 1)
        return wrong(f, 6, "the signature's v is neither 27, 28 nor a chain's");
    out->y_parity = (uint8_t)(v - PLAIN_OFFSET);
    return RIV_OK;
}

static riv_err read_legacy(const fields *f, eth_tx *out)
{
    RIV_TRY(number64(f, 0, &out->nonce));
    RIV_TRY(number(f, 1, &out->max_fee));
    out->max_tip = out->max_fee;
    RIV_TRY(number64(f, 2, &out->gas_limit));
    RIV_TRY(receiver(f, 3, out));
    RIV_TRY(number(f, 4, &out->value));
    RIV_TRY(data(f, 5, out));
    RIV_TRY(legacy_mark(f, out));
    return signature(f, 7, out);
}

static riv_err read_typed(const fields *f, eth_tx *out)
{
    size_t   i = 0;
    uint64_t parity;
    RIV_TRY(number64(f, i++, &out->chain_id));
    out->protected_by_chain = true;
    RIV_TRY(number64(f, i++, &out->nonce));
    RIV_TRY(number(f, i++, &out->max_tip));
    out->max_fee = out->max_tip;
    if (out->type == DYNAMIC_FEE) RIV_TRY(number(f, i++, &out->max_fee));
    RIV_TRY(number64(f, i++, &out->gas_limit));
    RIV_TRY(receiver(f, i++, out));
    RIV_TRY(number(f, i++, &out->value));
    RIV_TRY(data(f, i++, out));
    RIV_TRY(access_list(f, i++, out));
    RIV_TRY(number64(f, i, &parity));
    if (parity > 1) return wrong(f, i, "the signature's parity is 0 or 1");
    out->y_parity = (uint8_t)parity;
    return signature(f, i + 1, out);
}

/* What was signed: the fields before the signature; of a protected legacy transaction the chain and two zeros behind them. */
static crypto_hash signed_hash(const eth_tx *tx, const eth_rlp *list, size_t before)
{
    riv_buf items = { 0 }, out = { 0 };
    if (tx->type != LEGACY) riv_put_u8(&out, tx->type);
    if (before) { /* they lie one behind the other, with their heads */
        const uint8_t *start = list->bytes.ptr;
        const eth_rlp *first = &list->items[before];
        const uint8_t *end   = first->bytes.ptr;
        if (first->bytes.len != 1 || first->bytes.ptr[0] >= 0x80) end--; /* the head of a short item is one byte */
        riv_put_bytes(&items, (riv_bytes){ start, (size_t)(end - start) });
    }
    if (tx->type == LEGACY && tx->protected_by_chain) {
        eth_rlp_put_u64(&items, tx->chain_id);
        eth_rlp_put_u64(&items, 0);
        eth_rlp_put_u64(&items, 0);
    }
    eth_rlp_put_list(&out, riv_buf_view(&items));
    crypto_hash hash = crypto_keccak256(riv_buf_view(&out));
    riv_buf_free(&items);
    riv_buf_free(&out);
    return hash;
}

static riv_err recover(eth_tx *tx, const crypto_hash *hash, riv_fault *fault)
{
    crypto_secp_signature signature = { .recovery = tx->y_parity };
    crypto_secp_public    key;
    memcpy(signature.bytes, tx->r, 32);
    memcpy(signature.bytes + 32, tx->s, 32);
    if (crypto_secp_recover(hash, &signature, &key))
        return riv_fail(fault, RIV_E_DENIED, 0, "transaction: the signature is wrong");
    tx->from = eth_address_of_key(&key);
    return RIV_OK;
}

riv_err eth_tx_read(riv_bytes raw, riv_arena *arena, riv_fault *fault, eth_tx *out)
{
    eth_rlp list;
    *out = (eth_tx){ 0 };
    if (raw.len == 0) return riv_fail(fault, RIV_E_MALFORMED, 0, "transaction: there is nothing");
    if (raw.len > ETH_TX_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "transaction: %zu bytes, the limit is %d", raw.len, ETH_TX_BYTES_MAX);
    out->type  = raw.ptr[0] <= TYPE_LIMIT ? raw.ptr[0] : LEGACY;
    bool typed = raw.ptr[0] <= TYPE_LIMIT;
    if (typed && out->type != ACCESS_LIST && out->type != DYNAMIC_FEE)
        return riv_fail(fault, RIV_E_UNSUPPORTED, 0, "transaction: type %u is not known", out->type);
    RIV_TRY(eth_rlp_read(riv_bytes_sub(raw, typed, raw.len), arena, fault, &list));
    size_t wanted = !typed ? LEGACY_FIELDS : out->type == DYNAMIC_FEE ? 12 : 11;
    if (!list.is_list || list.items_count != wanted)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "transaction: %zu fields where %zu are expected", list.items_count,
                        wanted);
    fields f = { list.items, raw, fault };
    RIV_TRY(typed ? read_typed(&f, out) : read_legacy(&f, out));
    out->hash        = crypto_keccak256(raw);
    crypto_hash hash = signed_hash(out, &list, wanted - 3);
    return recover(out, &hash, fault);
}

/* ---- signing ---- */

static void put_receiver(riv_buf *out, const eth_tx *tx)
{
    eth_rlp_put_bytes(out, (riv_bytes){ tx->to.bytes, tx->creates ? 0 : sizeof tx->to.bytes });
}

static void put_unsigned(const eth_tx *tx, riv_buf *out)
{
    if (tx->type != LEGACY) eth_rlp_put_u64(out, tx->chain_id);
    eth_rlp_put_u64(out, tx->nonce);
    if (tx->type == DYNAMIC_FEE) eth_rlp_put_u256(out, tx->max_tip);
    eth_rlp_put_u256(out, tx->max_fee);
    eth_rlp_put_u64(out, tx->gas_limit);
    put_receiver(out, tx);
    eth_rlp_put_u256(out, tx->value);
    eth_rlp_put_bytes(out, tx->data);
    if (tx->type != LEGACY) eth_rlp_put_list(out, (riv_bytes){ 0 });
}

static void put_signature(const eth_tx *tx, riv_buf *out)
{
    uint64_t mark = tx->y_parity;
    if (tx->type == LEGACY) mark += tx->protected_by_chain ? CHAIN_OFFSET + 2 * tx->chain_id : PLAIN_OFFSET;
    eth_rlp_put_u64(out, mark);
    eth_rlp_put_u256(out, u256_from_be((riv_bytes){ tx->r, 32 }));
    eth_rlp_put_u256(out, u256_from_be((riv_bytes){ tx->s, 32 }));
}

riv_err eth_tx_sign(eth_tx *tx, const crypto_secret *key, riv_buf *raw, riv_fault *fault)
{
    crypto_secp_public    public_key;
    crypto_secp_signature signature;
    riv_buf               items = { 0 }, text = { 0 };
    put_unsigned(tx, &items);
    size_t len = items.len;
    if (tx->type == LEGACY && tx->protected_by_chain) {
        eth_rlp_put_u64(&items, tx->chain_id);
        eth_rlp_put_u64(&items, 0);
        eth_rlp_put_u64(&items, 0);
    }
    if (tx->type != LEGACY) riv_put_u8(&text, tx->type);
    eth_rlp_put_list(&text, riv_buf_view(&items));
    crypto_hash hash = crypto_keccak256(riv_buf_view(&text));
    riv_err     err  = crypto_secp_sign(key, &hash, &signature);
    if (!err) err = crypto_secp_public_of(key, &public_key);
    if (!err) {
        size_t start = raw->len;
        tx->from     = eth_address_of_key(&public_key);
        tx->y_parity = signature.recovery;
        memcpy(tx->r, signature.bytes, 32);
        memcpy(tx->s, signature.bytes + 32, 32);
        items.len = len;
        put_signature(tx, &items);
        if (tx->type != LEGACY) riv_put_u8(raw, tx->type);
        eth_rlp_put_list(raw, riv_buf_view(&items));
        tx->hash = crypto_keccak256((riv_bytes){ raw->ptr + start, raw->len - start });
    }
    riv_buf_free(&items);
    riv_buf_free(&text);
    return err ? riv_fail(fault, err, 0, "the key cannot sign: it is zero or too large") : RIV_OK;
}

uint64_t eth_tx_intrinsic_gas(const eth_tx *tx)
{
    uint64_t gas = GAS_TX + (tx->creates ? (uint64_t)GAS_CREATE : 0) + GAS_ADDRESS * tx->access_addresses +
                   GAS_SLOT * tx->access_slots;
    for (size_t i = 0; i < tx->data.len; i++) gas += tx->data.ptr[i] ? GAS_BYTE : GAS_ZERO;
    return gas;
}
