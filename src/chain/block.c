/* block.c: the fold: transactions of a block run one behind the other, then the roots, the hashes and what the store has to take.
 * Raw keys of the store beside the state's: 'N' the newest height, 'H' height: its head, 'P' the parameters, 'Q' the same without balances, which
 * each block and each question reads.
 * Spec: docs/spec/chain.md 1.4, 2; EIP-1559. Tests: block_test.c. */
#include "chain/internal.h"

enum {
    KEY_NEWEST = 'N',
    KEY_HEAD   = 'H',
    KEY_PARAMS = 'P',
    KEY_RULES  = 'Q',
    HEAD_BYTES = 8 + 8 + 4 * 32 + 8,
    ELASTICITY = 2,
    CHANGE_MAX = 8
};
#define BASE_FEE_FIRST UINT64_C(1000000000) /* one thousand millionth of FLT: EIP-1559's */

/* ---- heads ---- */

static riv_bytes raw_key(riv_arena *arena, char table, uint64_t height, bool numbered)
{
    riv_buf out = riv_buf_in(arena);
    riv_put_u8(&out, (uint8_t)table);
    if (numbered) riv_put_u64be(&out, height);
    return riv_buf_view(&out);
}

static void put_hash(riv_buf *out, const crypto_hash *hash)
{
    riv_put_bytes(out, (riv_bytes){ hash->bytes, sizeof hash->bytes });
}

static void read_hash(riv_reader *r, crypto_hash *out)
{
    riv_bytes bytes = riv_read_bytes(r, sizeof out->bytes);
    if (bytes.len) memcpy(out->bytes, bytes.ptr, bytes.len);
}

static riv_bytes head_bytes(const chain_block *b, riv_arena *arena)
{
    riv_buf out = riv_buf_in(arena);
    riv_put_u64be(&out, b->height);
    riv_put_u64be(&out, b->time_s);
    put_hash(&out, &b->hash);
    put_hash(&out, &b->app_hash);
    put_hash(&out, &b->state_root);
    u256_to_be(b->base_fee, riv_buf_raw(&out, 32));
    riv_put_u64be(&out, b->gas_used);
    RIV_ASSERT(out.len == HEAD_BYTES);
    return riv_buf_view(&out);
}

static riv_err damaged(riv_fault *fault, const char *what)
{
    return riv_fail(fault, RIV_E_MALFORMED, 0, "the chain's store is damaged: %s", what);
}

riv_err chain_head_read(const chain_store *store, uint64_t height, riv_arena *arena, riv_fault *fault, chain_head *out)
{
    riv_bytes value, params;
    *out = (chain_head){ 0 };
    if (!store->get(store->ctx, raw_key(arena, KEY_NEWEST, 0, false), arena, &value))
        return riv_fail(fault, RIV_E_NOT_FOUND, 0, "there is no chain yet");
    riv_reader r      = riv_reader_of(value);
    uint64_t   newest = riv_read_u64be(&r);
    if (height == UINT64_MAX) height = newest;
    if (height > newest || newest - height >= CHAIN_VERSIONS_KEPT)
        return riv_fail(fault, RIV_E_NOT_FOUND, 0,
                        "the state of block %llu is not kept, only that of the last %d up to %llu",
                        (unsigned long long)height, CHAIN_VERSIONS_KEPT, (unsigned long long)newest);
    if (!store->get(store->ctx, raw_key(arena, KEY_HEAD, height, true), arena, &value) || value.len != HEAD_BYTES)
        return damaged(fault, "the head of a block is missing");
    if (!store->get(store->ctx, raw_key(arena, KEY_RULES, 0, false), arena, &params))
        return store->get(store->ctx, raw_key(arena, KEY_PARAMS, 0, false), arena, &params)
                   ? riv_fail(fault, RIV_E_UNSUPPORTED, 0, "this chain was made by an older version of the program")
                   : damaged(fault, "its parameters are missing");
    r           = riv_reader_of(value);
    out->height = riv_read_u64be(&r);
    out->time_s = riv_read_u64be(&r);
    read_hash(&r, &out->hash);
    read_hash(&r, &out->app_hash);
    read_hash(&r, &out->state_root);
    out->base_fee = u256_from_be(riv_read_bytes(&r, 32));
    out->gas_used = riv_read_u64be(&r);
    return chain_params_read(params, arena, fault, &out->params);
}

riv_err chain_genesis_read(const chain_store *store, riv_arena *arena, riv_fault *fault, chain_params *out)
{
    riv_bytes params;
    if (!store->get(store->ctx, raw_key(arena, KEY_PARAMS, 0, false), arena, &params))
        return riv_fail(fault, RIV_E_NOT_FOUND, 0, "there is no chain yet");
    return chain_params_read(params, arena, fault, out);
}

/* EIP-1559: an eighth up or down towards half of the block's gas. */
u256 chain_next_base_fee(const chain_head *head)
{
    uint64_t target = head->params.block_gas_max / ELASTICITY, used = head->gas_used;
    u256     delta, out                                             = head->base_fee;
    if (!head->params.fees || target == 0 || used == target) return out;
    uint64_t apart = used > target ? used - target : target - used;
    if (!u256_muldiv(head->base_fee, u256_of(apart), u256_of(target), &delta)) return out;
    u256_divmod(delta, u256_of(CHANGE_MAX), &delta, NULL);
    if (used > target && u256_is_zero(delta)) delta = u256_of(1);
    if (used > target ? !u256_add(out, delta, &out) : !u256_sub(out, delta, &out)) return head->base_fee;
    return out;
}

/* ---- roots ---- */

/* A binary tree over keccak256: leaves are marked 0, nodes 1; what stands alone goes up as it is; of nothing: 32 zeros. */
static crypto_hash merkle(crypto_hash *level, size_t count)
{
    crypto_hash zero = { { 0 } };
    if (count == 0) return zero;
    while (count > 1) {
        size_t next = 0;
        for (size_t i = 0; i < count; i += 2) {
            uint8_t node[65] = { 1 };
            if (i + 1 == count) {
                level[next++] = level[i];
                break;
            }
            memcpy(node + 1, level[i].bytes, 32);
            memcpy(node + 33, level[i + 1].bytes, 32);
            level[next++] = crypto_keccak256((riv_bytes){ node, sizeof node });
        }
        count = next;
    }
    return level[0];
}

static crypto_hash leaf(riv_bytes content)
{
    riv_buf out = { 0 };
    riv_put_u8(&out, 0);
    riv_put_bytes(&out, content);
    crypto_hash hash = crypto_keccak256(riv_buf_view(&out));
    riv_buf_free(&out);
    return hash;
}

static riv_bytes receipt_bytes(const chain_receipt *r, riv_arena *arena)
{
    riv_buf out = riv_buf_in(arena);
    put_hash(&out, &r->hash);
    riv_put_u8(&out, (uint8_t)(r->valid | r->ok << 1));
    riv_put_u64be(&out, r->gas_used);
    riv_put_u32be(&out, (uint32_t)r->revert.len);
    riv_put_bytes(&out, r->revert);
    riv_put_u32be(&out, (uint32_t)r->logs_count);
    for (size_t i = 0; i < r->logs_count; i++) {
        const chain_log *log = &r->logs[i];
        riv_put_bytes(&out, (riv_bytes){ log->at.bytes, sizeof log->at.bytes });
        riv_put_u8(&out, (uint8_t)log->topics_count);
        for (size_t k = 0; k < log->topics_count; k++) put_hash(&out, &log->topics[k]);
        riv_put_u32be(&out, (uint32_t)log->data.len);
        riv_put_bytes(&out, log->data);
    }
    return riv_buf_view(&out);
}

/* Another length than a transaction's hash: neither passes for the other. */
static crypto_hash balance_leaf(const chain_balance_write *w)
{
    uint8_t all[sizeof w->who.bytes + 32];
    memcpy(all, w->who.bytes, sizeof w->who.bytes);
    u256_to_be(w->flt, all + sizeof w->who.bytes);
    return leaf((riv_bytes){ all, sizeof all });
}

/* What the block itself did stands behind its transactions: logs behind receipts, balances behind transactions. */
static void roots_of(chain_block *b, const chain_block_input *in, riv_arena *arena)
{
    const chain_receipt own      = { .logs = b->logs, .logs_count = b->logs_count };
    size_t              balances = in ? in->balances_count : 0;
    crypto_hash        *txs      = riv_new(arena, crypto_hash, b->receipts_count + balances + 1),
                *receipts        = riv_new(arena, crypto_hash, b->receipts_count + 2);
    for (size_t i = 0; i < b->receipts_count; i++) {
        txs[i]      = leaf((riv_bytes){ b->receipts[i].hash.bytes, 32 });
        receipts[i] = leaf(receipt_bytes(&b->receipts[i], arena));
    }
    for (size_t i = 0; i < balances; i++) txs[b->receipts_count + i] = balance_leaf(&in->balances[i]);
    b->txs_root = merkle(txs, b->receipts_count + balances);
    if (b->logs_count) receipts[b->receipts_count] = leaf(receipt_bytes(&own, arena));
    b->receipts_root = merkle(receipts, b->receipts_count + (b->logs_count != 0));
}

typedef struct bloom_bits {
    unsigned of[3];
} bloom_bits;
static bloom_bits bloom_bits_of(riv_bytes what)
{
    bloom_bits  out;
    crypto_hash hash = crypto_keccak256(what);
    for (int i = 0; i < 3; i++) out.of[i] = ((unsigned)hash.bytes[2 * i] << 8 | hash.bytes[2 * i + 1]) & 2047;
    return out;
}

static void bloom_add(uint8_t bloom[256], riv_bytes what)
{
    bloom_bits bits = bloom_bits_of(what);
    for (int i = 0; i < 3; i++) bloom[255 - bits.of[i] / 8] |= (uint8_t)(1u << bits.of[i] % 8);
}

bool chain_bloom_has(const uint8_t bloom[256], riv_bytes address_or_topic)
{
    bloom_bits bits = bloom_bits_of(address_or_topic);
    for (int i = 0; i < 3; i++)
        if (!(bloom[255 - bits.of[i] / 8] & 1u << bits.of[i] % 8)) return false;
    return true;
}

/* Of a block's logs most addresses and topics are some that came before: their bits are remembered. */
enum { BLOOM_KNOWN = 256 };
typedef struct bloom_known {
    riv_bytes what[BLOOM_KNOWN];
} bloom_known;

static void bloom_add_once(uint8_t bloom[256], bloom_known *known, riv_bytes what)
{
    riv_bytes *slot = &known->what[(what.ptr[what.len - 1] ^ what.ptr[what.len / 2]) % BLOOM_KNOWN];
    if (riv_bytes_eq(*slot, what)) return;
    *slot = what;
    bloom_add(bloom, what);
}

static void bloom_add_logs(uint8_t bloom[256], bloom_known *known, const chain_log *logs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bloom_add_once(bloom, known, (riv_bytes){ logs[i].at.bytes, sizeof logs[i].at.bytes });
        for (size_t t = 0; t < logs[i].topics_count; t++)
            bloom_add_once(bloom, known, (riv_bytes){ logs[i].topics[t].bytes, sizeof logs[i].topics[t].bytes });
    }
}

void chain_bloom_add(uint8_t bloom[256], const chain_log *logs, size_t count)
{
    bloom_known known = { 0 };
    bloom_add_logs(bloom, &known, logs, count);
}

static void bloom_of(chain_block *b)
{
    bloom_known known = { 0 };
    bloom_add_logs(b->logs_bloom, &known, b->logs, b->logs_count);
    for (size_t i = 0; i < b->receipts_count; i++)
        bloom_add_logs(b->logs_bloom, &known, b->receipts[i].logs, b->receipts[i].logs_count);
}

/* SPEC chain.md 1.4: app hash == keccak256(abi.encode(breakdown)); messages to the parent and validators come with anchoring. */
static crypto_hash app_hash_of(const crypto_hash *state_root, riv_arena *arena)
{
    eth_type type;
    riv_err  err =
        eth_type_parse(RIV_LIT("((bytes,(uint64,bytes32),uint64,(((uint64,uint64),bytes32))))"), arena, NULL, &type);
    eth_value none[2] = { eth_word(0), eth_word(0) }, stats = eth_list(none, 2), summary[2] = { stats, eth_word(0) };
    eth_value consensus = eth_list(summary, 2), activity = eth_list(&consensus, 1);
    eth_value parts[4]  = { eth_data((riv_bytes){ state_root->bytes, 32 }), eth_list(none, 2), eth_word(0), activity };
    eth_value breakdown = eth_list(parts, 4), all = eth_list(&breakdown, 1);
    riv_buf   out = riv_buf_in(arena);
    RIV_ASSERT(!err);
    eth_abi_put(&type, &all, &out);
    return crypto_keccak256(riv_buf_view(&out));
}

static crypto_hash block_hash_of(const chain_block *b, const chain_block_input *in, riv_arena *arena)
{
    riv_buf out = riv_buf_in(arena);
    riv_put_u64be(&out, b->height);
    riv_put_u64be(&out, b->time_s);
    riv_put_u64be(&out, b->gas_used);
    u256_to_be(b->base_fee, riv_buf_raw(&out, 32));
    put_hash(&out, &b->parent);
    put_hash(&out, &b->app_hash);
    put_hash(&out, &b->txs_root);
    put_hash(&out, &b->receipts_root);
    riv_put_bytes(&out, (riv_bytes){ b->logs_bloom, sizeof b->logs_bloom });
    if (in) {
        riv_put_bytes(&out, (riv_bytes){ in->proposer.bytes, sizeof in->proposer.bytes });
        put_hash(&out, &in->beacon);
    }
    return crypto_keccak256(riv_buf_view(&out));
}

/* ---- what the store has to take: the state's, and the head; in the order of keys ---- */

/* Two lists in the order of keys as one. */
static void merge_writes(const chain_write *a, size_t a_count, const chain_write *b, size_t b_count, riv_arena *arena,
                         chain_block *out)
{
    chain_write *all   = riv_new(arena, chain_write, a_count + b_count);
    size_t       count = 0, i = 0, k = 0;
    while (i < a_count || k < b_count)
        all[count++] = k == b_count || (i < a_count && riv_bytes_cmp(a[i].key, b[k].key) < 0) ? a[i++] : b[k++];
    out->writes       = all;
    out->writes_count = count;
}

/* first: what a genesis writes besides, in order, behind heads. */
static riv_err finish(chain__state *state, const chain_block_input *in, const chain_write *first, size_t first_count,
                      riv_arena *arena, riv_fault *fault, chain_block *b)
{
    chain_write *of_state, *own = riv_new(arena, chain_write, first_count + 3);
    size_t       count, more    = 0;
    riv_buf      newest = riv_buf_in(arena);
    RIV_TRY(chain__commit(state, b->height, arena, fault, &b->state_root, &of_state, &count));
    b->app_hash = app_hash_of(&b->state_root, arena);
    roots_of(b, in, arena);
    bloom_of(b);
    b->hash = block_hash_of(b, in, arena);

    riv_put_u64be(&newest, b->height);
    if (b->height >= CHAIN_VERSIONS_KEPT)
        own[more++] =
            (chain_write){ .key = raw_key(arena, KEY_HEAD, b->height - CHAIN_VERSIONS_KEPT, true), .removes = true };
    own[more++] = (chain_write){ .key = raw_key(arena, KEY_HEAD, b->height, true), .value = head_bytes(b, arena) };
    own[more++] = (chain_write){ .key = raw_key(arena, KEY_NEWEST, 0, false), .value = riv_buf_view(&newest) };
    for (size_t i = 0; i < first_count; i++) own[more++] = first[i];
    merge_writes(of_state, count, own, more, arena, b);
    return RIV_OK;
}

chain__call chain__context(const chain *engine, chain__state *state, const chain_head *head, uint64_t height,
                           uint64_t time_s, riv_arena *arena, chain__logs *logs, chain__meter *meter)
{
    const chain_params *p     = &head->params;
    uint64_t            since = time_s > p->genesis_time_s ? time_s - p->genesis_time_s : 0;
    return (chain__call){ .engine      = engine,
                          .state       = state,
                          .params      = p,
                          .arena       = arena,
                          .height      = height,
                          .time_s      = time_s,
                          .epoch       = 1 + since / p->epoch_seconds,
                          .parent_hash = head->hash,
                          .base_fee    = head->base_fee,
                          .logs        = logs,
                          .meter       = meter };
}

/* ---- genesis ---- */

/* All FLT there is at first. */
static bool flt_of_genesis(const chain_params *p, u256 *out)
{
    *out = p->reward_balance;
    for (size_t i = 0; i < p->balances_count; i++)
        if (!u256_add(*out, p->balances[i].flt, out)) return false;
    return true;
}

static riv_err give_balances(chain__call *c, const chain_params *p)
{
    eth_address usd = c->engine->addresses[CHAIN_USD];
    RIV_TRY(chain__mint(c, &usd, &p->owner, U256_ZERO)); /* the token is there, even when nobody has any */
    for (size_t k = 0; k < p->more_tokens_count; k++) RIV_TRY(chain__mint(c, &p->more_tokens[k], &p->owner, U256_ZERO));
    for (size_t i = 0; i < p->balances_count; i++) {
        const chain_balance *b = &p->balances[i];
        uint64_t             nonce;
        u256                 balance;
        chain__account_get(c, &b->who, &nonce, &balance);
        RIV_TRY(chain__add(c, balance, b->flt, &balance));
        chain__account_put(c, &b->who, nonce, balance);
        RIV_TRY(chain__mint(c, &usd, &b->who, b->usd));
        for (size_t k = 0; k < p->more_tokens_count; k++) RIV_TRY(chain__mint(c, &p->more_tokens[k], &b->who, b->usd));
        chain__state_settle(c->state);
    }
    return RIV_OK;
}

/* The reward balance is there from the start, as the original's deployment sends it. */
static riv_err fill_rewards(chain__call *c, const chain_params *p)
{
    eth_address capacity = c->engine->addresses[CHAIN_CAPACITY];
    uint64_t    nonce;
    u256        balance;
    if (u256_is_zero(p->reward_balance)) return RIV_OK;
    chain__account_get(c, &capacity, &nonce, &balance);
    chain__account_put(c, &capacity, nonce, p->reward_balance);
    chain__call inner = chain__inner(c, &capacity);
    inner.value       = p->reward_balance;
    return chain__capacity.receive(&inner);
}

riv_err chain_genesis(const chain *engine, const chain_params *params, const chain_store *empty, riv_arena *arena,
                      riv_fault *fault, chain_block *out)
{
    chain_head    head        = { .time_s = params->genesis_time_s, .params = *params };
    chain__state *state       = chain__state_new(empty, 0, arena);
    chain__logs   logs        = { 0 };
    chain__meter  meter       = { .gas_left = UINT64_MAX };
    chain__call   c           = chain__context(engine, state, &head, 0, params->genesis_time_s, arena, &logs, &meter);
    *out                      = (chain_block){ .time_s = params->genesis_time_s };
    out->base_fee             = params->fees ? u256_of(BASE_FEE_FIRST) : U256_ZERO;
    chain_params rules        = *params;
    rules.balances_count      = 0;
    const chain_write first[] = {
        { .key = raw_key(arena, KEY_PARAMS, 0, false), .value = chain_params_write(params, arena) },
        { .key = raw_key(arena, KEY_RULES, 0, false), .value = chain_params_write(&rules, arena) }
    };
    out->parent = crypto_keccak256(first[0].value); /* the first block's parent is what the chain is */
    u256 total;
    if (!flt_of_genesis(params, &total) || give_balances(&c, params) || fill_rewards(&c, params))
        return riv_fail(fault, RIV_E_LIMIT, 0, "genesis: balances together are more than 256 bits hold");
    return finish(state, NULL, first, RIV_COUNT(first), arena, fault, out);
}

/* ---- transactions ---- */

typedef struct applying {
    const chain             *engine;
    const chain_head        *head; /* with the base fee of the new block */
    const chain_block_input *in;
    chain__state            *state;
    riv_arena               *arena;
    uint64_t                 gas_left;
    u256                     burned;
} applying;

static chain__call context_of(const applying *a, chain__logs *logs, chain__meter *meter)
{
    chain__call c = chain__context(a->engine, a->state, a->head, a->in->height, a->in->time_s, a->arena, logs, meter);
    c.beacon      = a->in->beacon;
    c.proposer    = a->in->proposer;
    return c;
}

static void add_balance(chain__call *c, const eth_address *who, u256 amount)
{
    uint64_t nonce;
    u256     balance;
    if (u256_is_zero(amount)) return;
    chain__account_get(c, who, &nonce, &balance);
    bool fits = u256_add(balance, amount, &balance);
    RIV_ASSERT(fits); /* the sum of all FLT fits */
    chain__account_put(c, who, nonce, balance);
}

/* Gas that was not used goes back; of the rest the tip is the proposer's, the base fee the reward pool's. */
static void settle(applying *a, const eth_tx *tx, u256 price, uint64_t used)
{
    chain__logs  none = { 0 };
    chain__meter free = { .gas_left = UINT64_MAX };
    chain__call  c    = context_of(a, &none, &free);
    u256         back = U256_ZERO, base = U256_ZERO, tip = U256_ZERO;
    bool         fits = u256_mul(price, u256_of(tx->gas_limit - used), &back) &&
                u256_mul(a->head->base_fee, u256_of(used), &base) && u256_mul(price, u256_of(used), &tip) &&
                u256_sub(tip, base, &tip) && u256_add(a->burned, base, &a->burned);
    RIV_ASSERT(fits); /* the sender had price * limit, and price is the base fee at least */
    add_balance(&c, &tx->from, back);
    add_balance(&c, &a->in->proposer, tip);
}

/* Takes the price of all its gas, and counts. */
static void charge_sender(chain__call *c, const eth_tx *tx, u256 price, uint64_t nonce, u256 balance)
{
    u256 cost;
    bool fits = u256_mul(price, u256_of(tx->gas_limit), &cost) && u256_sub(balance, cost, &balance);
    RIV_ASSERT(fits && nonce < UINT64_MAX); /* it was allowed */
    chain__account_put(c, &tx->from, nonce + 1, balance);
}

/* What a call came to; the gas is the caller's to tell. */
static void tell_outcome(const chain__call *c, riv_err err, chain_receipt *out)
{
    out->ok         = err == RIV_OK;
    out->revert     = err ? c->revert : (riv_bytes){ 0 };
    out->error      = err == RIV_E_LIMIT ? RIV_LIT("out of gas")
                      : err              ? chain_revert_text(c->engine, c->revert, c->arena)
                                         : RIV_LIT("");
    out->logs       = c->logs->ptr;
    out->logs_count = c->logs->len;
}

static void run_tx(applying *a, const eth_tx *tx, chain_receipt *out)
{
    chain__logs *logs = riv_new(a->arena, chain__logs, 1);
    uint64_t     base = eth_tx_intrinsic_gas(tx);
    chain__meter free = { .gas_left = UINT64_MAX }, meter = { .gas_left = tx->gas_limit - base };
    chain__call  payer = context_of(a, logs, &free), c = context_of(a, logs, &meter);
    uint64_t     nonce;
    u256         balance;
    chain__account_get(&payer, &tx->from, &nonce, &balance);
    charge_sender(&payer, tx, out->gas_price, nonce, balance);
    c.sender = tx->from;
    c.self   = tx->to;
    c.value  = tx->value;
    c.data   = tx->data;
    riv_err err =
        tx->creates ? chain__revert(&c, "contracts cannot be deployed on this chain") : chain__run(&c, &out->returned);
    tell_outcome(&c, err, out);
    out->gas_used = base + meter.gas_used;
    settle(a, tx, out->gas_price, out->gas_used);
}

static void apply_tx(applying *a, size_t index, chain_receipt *out)
{
    eth_tx       tx    = { 0 };
    riv_fault    fault = { 0 };
    chain__meter free  = { .gas_left = UINT64_MAX };
    chain__call  c     = context_of(a, NULL, &free);
    uint64_t     nonce;
    u256         balance;
    riv_err      err = RIV_OK;
    if (a->in->decoded)
        tx = a->in->decoded[index];
    else
        err = eth_tx_read(a->in->txs[index], a->arena, &fault, &tx);
    out->hash      = err ? crypto_keccak256(a->in->txs[index]) : tx.hash;
    out->from      = tx.from;
    out->to        = tx.to;
    out->nonce     = tx.nonce;
    out->gas_limit = tx.gas_limit;
    if (!err) {
        chain__account_get(&c, &tx.from, &nonce, &balance);
        err = chain__tx_allowed(a->head, &tx, nonce, balance, &fault);
    }
    if (!err && tx.gas_limit > a->gas_left) err = riv_fail(&fault, RIV_E_DENIED, 0, "gas limit reached");
    if (err) {
        out->error = riv_format(a->arena, "%s", fault.msg);
        return;
    }
    out->valid     = true;
    out->gas_price = chain__tx_price(a->head, &tx);
    run_tx(a, &tx, out);
    a->gas_left -= out->gas_used;
}

/* The base fees of the block go where rewards come from. */
static void pay_rewards(applying *a)
{
    chain__logs  none     = { 0 };
    chain__meter free     = { .gas_left = UINT64_MAX };
    eth_address  capacity = a->engine->addresses[CHAIN_CAPACITY];
    chain__call  c        = context_of(a, &none, &free);
    if (u256_is_zero(a->burned)) return;
    c.self  = capacity;
    c.value = a->burned;
    add_balance(&c, &capacity, a->burned);
    riv_err err = chain__capacity.receive(&c);
    RIV_ASSERT(!err);
}

/* Before the transactions: what capacity has to do in each block. */
static riv_err begin(applying *a, riv_fault *fault, chain_block *out)
{
    chain__logs *logs = riv_new(a->arena, chain__logs, 1);
    chain__meter free = { .gas_left = UINT64_MAX };
    chain__call  c    = context_of(a, logs, &free);
    c.self            = a->engine->addresses[CHAIN_CAPACITY];
    RIV_TRY(chain__proofs_begin(&c, a->in->verifier, fault));
    out->logs       = logs->ptr;
    out->logs_count = logs->len;
    return RIV_OK;
}

static uint64_t proofs_waiting(applying *a)
{
    chain__meter free = { .gas_left = UINT64_MAX };
    chain__call  c    = context_of(a, NULL, &free);
    return chain__proofs_waiting(&c);
}

/* ---- balances that tests set ---- */

static bool is_contract(chain__state *s, const chain_head *head, const eth_address *who, riv_arena *arena);

static riv_err set_balance(applying *a, const chain_balance_write *w, u256 *total, riv_fault *fault)
{
    chain__meter free = { .gas_left = UINT64_MAX };
    chain__call  c    = context_of(a, NULL, &free);
    uint64_t     nonce;
    u256         balance, rest;
    if (is_contract(a->state, a->head, &w->who, a->arena))
        return riv_fail(fault, RIV_E_DENIED, 0,
                        "the balance of a contract is what its calls made it: it cannot be set");
    chain__account_get(&c, &w->who, &nonce, &balance);
    if (!u256_sub(*total, balance, &rest)) return damaged(fault, "an account has more than all FLT");
    if (!u256_add(rest, w->flt, total))
        return riv_fail(fault, RIV_E_LIMIT, 0, "all balances together would be more than 256 bits hold");
    chain__account_put(&c, &w->who, nonce, w->flt);
    chain__state_settle(a->state);
    return RIV_OK;
}

/* SPEC chain.md 3: before the transactions. That all FLT fits is what later sums rest on. */
static riv_err set_balances(applying *a, const chain_store *store, riv_fault *fault)
{
    chain__meter free = { .gas_left = UINT64_MAX };
    chain__call  c    = context_of(a, NULL, &free);
    u256         total;
    if (a->in->balances_count == 0) return RIV_OK;
    if (!chain__flt_total(&c, &total)) {
        chain_params genesis;
        RIV_TRY(chain_genesis_read(store, a->arena, fault, &genesis));
        if (!flt_of_genesis(&genesis, &total)) return damaged(fault, "genesis has more FLT than 256 bits hold");
    }
    for (size_t i = 0; i < a->in->balances_count; i++) RIV_TRY(set_balance(a, &a->in->balances[i], &total, fault));
    chain__flt_total_put(&c, total);
    return RIV_OK;
}

static riv_err check_follows(const chain_head *head, const chain_block_input *in, riv_fault *fault)
{
    if (in->height != head->height + 1)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "block %llu does not follow block %llu",
                        (unsigned long long)in->height, (unsigned long long)head->height);
    if (in->time_s < head->time_s)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "block %llu is older than the one before it",
                        (unsigned long long)in->height);
    return RIV_OK;
}

riv_err chain_apply(const chain *engine, const chain_store *store, const chain_block_input *in, riv_arena *arena,
                    riv_fault *fault, chain_block *out)
{
    chain_head head;
    RIV_TRY(chain_head_read(store, UINT64_MAX, arena, fault, &head));
    RIV_TRY(check_follows(&head, in, fault));
    head.base_fee = chain_next_base_fee(&head);
    *out = (chain_block){ .height = in->height, .time_s = in->time_s, .parent = head.hash, .base_fee = head.base_fee };
    applying a = { engine,   &head, in, chain__state_new(store, head.height, arena), arena, head.params.block_gas_max,
                   U256_ZERO };
    RIV_TRY(set_balances(&a, store, fault)); /* first: it may fail, and proofs are dear */
    RIV_TRY(begin(&a, fault, out));
    chain_receipt *receipts = riv_new(arena, chain_receipt, in->txs_count + 1);
    for (size_t i = 0; i < in->txs_count; i++) {
        apply_tx(&a, i, &receipts[i]);
        chain__state_settle(a.state);
        out->gas_used += receipts[i].gas_used;
    }
    pay_rewards(&a);
    out->receipts       = receipts;
    out->receipts_count = in->txs_count;
    out->proofs_waiting = proofs_waiting(&a);
    return finish(a.state, in, NULL, 0, arena, fault, out);
}

/* ---- looking ---- */

static bool is_contract(chain__state *s, const chain_head *head, const eth_address *who, riv_arena *arena)
{
    chain__logs  none = { 0 };
    chain__meter free = { .gas_left = UINT64_MAX };
    chain__call  c    = chain__context(NULL, s, head, head->height, head->time_s, arena, &none, &free);
    for (size_t i = 0; i < CHAIN_CONTRACTS; i++) {
        eth_address at = chain_contract_address((chain_contract)i);
        if (eth_address_eq(who, &at)) return true;
    }
    return chain__deal_exists(&c, who) || chain__is_token(&c, who);
}

riv_err chain_account_read(const chain_store *store, uint64_t height, const eth_address *who, riv_fault *fault,
                           chain_account *out)
{
    chain_head head;
    riv_arena *arena = riv_arena_new(0);
    riv_bytes  value;
    riv_err    err = chain_head_read(store, height, arena, fault, &head);
    *out           = (chain_account){ 0 };
    if (!err) {
        chain__state *s   = chain__state_new(store, head.height, arena);
        chain__key    key = chain__key_with_address(chain__key_of('a'), who);
        chain__state_get(s, chain__key_view(&key), &value);
        chain__account_parse(value, &out->nonce, &out->balance);
        out->is_contract = is_contract(s, &head, who, arena);
    }
    riv_arena_free(arena);
    return err;
}

riv_err chain_call_run(const chain *engine, const chain_store *store, uint64_t height, const chain_call *call,
                       riv_arena *arena, riv_fault *fault, chain_receipt *out)
{
    chain_head *head = riv_new(arena, chain_head, 1);
    RIV_TRY(chain_head_read(store, height, arena, fault, head));
    chain__logs  *logs   = riv_new(arena, chain__logs, 1);
    uint64_t      limit  = call->gas_limit ? call->gas_limit : head->params.block_gas_max;
    eth_tx        as_tx  = { .data = call->data };
    uint64_t      base   = eth_tx_intrinsic_gas(&as_tx);
    chain__meter  meter  = { .gas_left = limit > base ? limit - base : 0 };
    chain__state *state  = chain__state_new(store, head->height, arena);
    uint64_t      time_s = call->time_s ? call->time_s : head->time_s;
    chain__call   c =
        chain__context(engine, state, head, head->height + (call->beacon != NULL), time_s, arena, logs, &meter);
    if (call->beacon) c.beacon = *call->beacon;
    c.sender    = call->from;
    c.self      = call->to;
    c.value     = call->value;
    c.data      = call->data;
    *out        = (chain_receipt){ .valid = true, .from = call->from, .to = call->to, .gas_limit = limit };
    riv_err err = limit < base ? RIV_E_LIMIT : chain__run(&c, &out->returned);
    tell_outcome(&c, err, out);
    out->gas_used = RIV_MIN(base + meter.gas_used, limit);
    return RIV_OK;
}
