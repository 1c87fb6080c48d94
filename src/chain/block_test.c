/* block_test.c: blocks of signed transactions: what is refused and why, that refusals change nothing, money, fees, receipts, Multicall3, and that the same blocks
 * give the same hashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/chain.h"

enum { PEOPLE = 4, GAS_TX = 21000 };
#define COIN UINT64_C(1000000000000000000)

typedef struct town {
    riv_arena    *arena;
    chain        *engine;
    chain_memory *memory;
    chain_store   store;
    chain_params  params;
    crypto_secret keys[PEOPLE];
    eth_address   who[PEOPLE];
    chain_block   block; /* the last */
    uint64_t      time_s;
} town;

static void open_town(town *t, bool fees)
{
    static chain_balance balances[PEOPLE];
    riv_fault            fault = { 0 };
    *t       = (town){ .arena = riv_arena_new(0), .engine = chain_new(), .memory = chain_memory_new() };
    t->store = chain_memory_store(t->memory);
    chain_params_local(&t->params);
    t->params.fees = fees;
    for (size_t i = 0; i < PEOPLE; i++) {
        crypto_secp_public key;
        memset(t->keys[i].bytes, (int)i + 1, sizeof t->keys[i].bytes);
        assert_int_equal(crypto_secp_public_of(&t->keys[i], &key), RIV_OK);
        t->who[i]   = eth_address_of_key(&key);
        balances[i] = (chain_balance){ t->who[i], u256_of(10 * COIN), u256_of(1000) };
    }
    t->params.balances       = balances;
    t->params.balances_count = PEOPLE - 1; /* the last has nothing */
    assert_int_equal(chain_genesis(t->engine, &t->params, &t->store, t->arena, &fault, &t->block), RIV_OK);
    chain_memory_apply(t->memory, t->block.writes, t->block.writes_count);
    t->time_s = t->params.genesis_time_s;
}

static void close_town(town *t)
{
    chain_memory_free(t->memory);
    chain_free(t->engine);
    riv_arena_free(t->arena);
}

static chain_account account(town *t, size_t who)
{
    chain_account out;
    riv_fault     fault = { 0 };
    assert_int_equal(chain_account_read(&t->store, UINT64_MAX, &t->who[who], &fault, &out), RIV_OK);
    return out;
}

static eth_tx plain(town *t, size_t from, size_t to, uint64_t value)
{
    return (eth_tx){ .type               = 2,
                     .chain_id           = t->params.chain_id,
                     .protected_by_chain = true,
                     .nonce              = account(t, from).nonce,
                     .gas_limit          = 100000,
                     .max_fee            = u256_of(3000000000),
                     .max_tip            = u256_of(1000000000),
                     .to                 = t->who[to],
                     .value              = u256_of(value) };
}

static riv_bytes signed_by(town *t, size_t who, eth_tx tx)
{
    riv_buf   raw   = riv_buf_in(t->arena);
    riv_fault fault = { 0 };
    assert_int_equal(eth_tx_sign(&tx, &t->keys[who], &raw, &fault), RIV_OK);
    return riv_buf_view(&raw);
}

static const chain_receipt *apply(town *t, const riv_bytes *txs, size_t count)
{
    riv_fault         fault = { 0 };
    chain_block_input in    = {
           .height = t->block.height + 1, .time_s = ++t->time_s, .proposer = t->who[0], .txs = txs, .txs_count = count
    };
    assert_int_equal(chain_apply(t->engine, &t->store, &in, t->arena, &fault, &t->block), RIV_OK);
    chain_memory_apply(t->memory, t->block.writes, t->block.writes_count);
    return t->block.receipts;
}

static const chain_receipt *apply_one(town *t, riv_bytes tx) { return apply(t, &tx, 1); }

static riv_err apply_balances(town *t, const chain_balance_write *all, size_t count, const riv_bytes *txs,
                              size_t txs_count, riv_fault *fault)
{
    chain_block_input in  = { .height         = t->block.height + 1,
                              .time_s         = ++t->time_s,
                              .proposer       = t->who[0],
                              .txs            = txs,
                              .txs_count      = txs_count,
                              .balances       = all,
                              .balances_count = count };
    riv_err           err = chain_apply(t->engine, &t->store, &in, t->arena, fault, &t->block);
    if (!err) chain_memory_apply(t->memory, t->block.writes, t->block.writes_count);
    return err;
}

/* Tests of a development chain make FLT of nothing: before the transactions, in order, under the block's hash, and never more than sums can hold. */
static void test_balances_are_set(void **state)
{
    (void)state;
    town      t, other;
    riv_fault fault = { 0 };
    u256      rest;
    open_town(&t, true);
    open_town(&other, true);
    /* What the poorest gets is there for its own transaction in the same block; of two writes of one balance the last counts. */
    const chain_balance_write two[] = { { t.who[3], u256_of(1) }, { t.who[3], u256_of(12 * COIN) } };
    riv_bytes                 tx    = signed_by(&t, 3, plain(&t, 3, 1, 5 * COIN));
    assert_int_equal(apply_balances(&t, two, 2, &tx, 1, &fault), RIV_OK);
    assert_string_equal(riv_cstr(t.arena, t.block.receipts[0].error), "");
    assert_true(t.block.receipts[0].ok);
    assert_int_equal(u256_cmp(account(&t, 1).balance, u256_of(15 * COIN)), 0);
    assert_int_equal(account(&t, 3).nonce, 1);
    assert_int_equal(apply_balances(&other, two, 2, &tx, 1, &fault), RIV_OK);
    assert_memory_equal(&t.block.hash, &other.block.hash, sizeof t.block.hash);

    /* The hash says what was set even where the state comes out the same. */
    crypto_hash               none = { { 0 } };
    const chain_balance_write same = { t.who[2], u256_of(10 * COIN) };
    assert_int_equal(apply_balances(&t, &same, 1, NULL, 0, &fault), RIV_OK);
    assert_int_equal(
        apply_balances(&other, (chain_balance_write[]){ { t.who[2], u256_of(1) }, same }, 2, NULL, 0, &fault), RIV_OK);
    assert_memory_equal(&t.block.state_root, &other.block.state_root, sizeof none);
    assert_memory_not_equal(&t.block.txs_root, &other.block.txs_root, sizeof none);
    assert_memory_not_equal(&t.block.hash, &other.block.hash, sizeof none);
    apply(&t, NULL, 0);
    assert_memory_equal(&t.block.txs_root, &none, sizeof none);

    /* Down to nothing, the nonce stays; what was never there stays away. */
    const chain_balance_write nothing = { t.who[3], U256_ZERO };
    assert_int_equal(apply_balances(&t, &nothing, 1, NULL, 0, &fault), RIV_OK);
    assert_int_equal(account(&t, 3).nonce, 1);
    assert_true(u256_is_zero(account(&t, 3).balance));

    /* All there is: three times ten at first, less what the base fee took to Capacity, the reward balance, and what was set. Up to 2^256 - 1, no part more. */
    u256                all = U256_ZERO, most;
    chain_account       held;
    eth_address         capacity = chain_contract_address(CHAIN_CAPACITY);
    chain_balance_write rich     = { t.who[0], U256_ZERO };
    for (size_t i = 1; i < PEOPLE; i++) assert_true(u256_add(all, account(&t, i).balance, &all));
    assert_int_equal(chain_account_read(&t.store, UINT64_MAX, &capacity, &fault, &held), RIV_OK);
    assert_true(u256_add(all, held.balance, &all));
    memset(&most, 0xff, sizeof most);
    assert_true(u256_sub(most, all, &rest));
    assert_true(u256_add(rest, u256_of(1), &rich.flt));
    chain_block before = t.block; /* a refused block is none: the next has its height */
    assert_int_equal(apply_balances(&t, &rich, 1, NULL, 0, &fault), RIV_E_LIMIT);
    assert_string_equal(fault.msg, "all balances together would be more than 256 bits hold");
    t.block  = before;
    rich.flt = rest;
    fault    = (riv_fault){ 0 };
    assert_int_equal(apply_balances(&t, &rich, 1, NULL, 0, &fault), RIV_OK);
    assert_int_equal(u256_cmp(account(&t, 0).balance, rest), 0);
    tx = signed_by(&t, 0, plain(&t, 0, 1, COIN)); /* sums with all of it: the tip, the base fee, what goes back */
    assert_true(apply_one(&t, tx)->ok);

    /* A contract's books rest on its balance. */
    for (size_t i = 0; i < CHAIN_CONTRACTS; i++) {
        const chain_balance_write of = { chain_contract_address((chain_contract)i), u256_of(1) };
        before                       = t.block;
        fault                        = (riv_fault){ 0 };
        assert_int_equal(apply_balances(&t, &of, 1, NULL, 0, &fault), RIV_E_DENIED);
        t.block = before;
    }
    close_town(&t);
    close_town(&other);
}

/* Sums of FLT cannot overflow later: what would is no genesis. */
static void test_genesis_of_too_much(void **state)
{
    (void)state;
    town          t;
    chain_balance two[2] = { 0 };
    chain_block   block;
    riv_fault     fault = { 0 };
    open_town(&t, false);
    chain_memory *empty     = chain_memory_new();
    chain_store   store     = chain_memory_store(empty);
    two[0].who              = t.who[0];
    two[1].who              = t.who[1];
    t.params.balances       = two;
    t.params.balances_count = 2;
    t.params.reward_balance = u256_of(3);
    memset(&two[0].flt, 0xff, sizeof two[0].flt);
    two[0].flt.limb[0] -= 4;
    two[1].flt = u256_of(1);
    assert_int_equal(chain_genesis(t.engine, &t.params, &store, t.arena, &fault, &block), RIV_OK);
    two[1].flt = u256_of(2);
    assert_int_equal(chain_genesis(t.engine, &t.params, &store, t.arena, &fault, &block), RIV_E_LIMIT);
    assert_string_equal(fault.msg, "genesis: balances together are more than 256 bits hold");
    chain_memory_free(empty);
    close_town(&t);
}

/* What each block reads does not grow with the accounts of genesis; they are kept for exports. */
static void test_genesis_is_kept(void **state)
{
    (void)state;
    town         t;
    chain_head   head;
    chain_params genesis;
    riv_fault    fault = { 0 };
    open_town(&t, true);
    chain_params rules = t.params;
    assert_int_equal(chain_genesis_read(&t.store, t.arena, &fault, &genesis), RIV_OK);
    assert_true(riv_bytes_eq(chain_params_write(&genesis, t.arena), chain_params_write(&t.params, t.arena)));
    assert_int_equal(chain_head_read(&t.store, UINT64_MAX, t.arena, &fault, &head), RIV_OK);
    rules.balances_count = 0;
    assert_true(riv_bytes_eq(chain_params_write(&head.params, t.arena), chain_params_write(&rules, t.arena)));
    crypto_hash what = crypto_keccak256(chain_params_write(&genesis, t.arena));
    assert_memory_equal(t.block.parent.bytes, what.bytes, sizeof what.bytes);
    for (size_t i = 1; i < t.block.writes_count; i++)
        assert_true(riv_bytes_cmp(t.block.writes[i - 1].key, t.block.writes[i].key) < 0);
    chain_memory_apply(t.memory, &(chain_write){ .key = RIV_BYTES("Q"), .removes = true }, 1);
    assert_int_equal(chain_head_read(&t.store, UINT64_MAX, t.arena, &fault, &head), RIV_E_UNSUPPORTED);
    chain_memory_apply(t.memory, &(chain_write){ .key = RIV_BYTES("P"), .removes = true }, 1);
    assert_int_equal(chain_head_read(&t.store, UINT64_MAX, t.arena, &fault, &head), RIV_E_MALFORMED);
    close_town(&t);
}

static void test_transfers(void **state)
{
    (void)state;
    town t;
    open_town(&t, false);
    riv_bytes            two[] = { signed_by(&t, 1, plain(&t, 1, 3, 7)), signed_by(&t, 2, plain(&t, 2, 3, 8)) };
    const chain_receipt *r     = apply(&t, two, 2);
    assert_true(r[0].valid && r[0].ok && r[1].valid && r[1].ok);
    assert_int_equal(r[0].gas_used, GAS_TX);
    assert_int_equal(account(&t, 3).balance.limb[0], 15);
    assert_int_equal(account(&t, 1).nonce, 1);
    assert_int_equal(account(&t, 1).balance.limb[0], 10 * COIN - 7);
    r = apply_one(&t, two[0]); /* again */
    assert_false(r[0].valid);
    assert_string_equal(riv_cstr(t.arena, r[0].error), "nonce too low: next nonce 1, tx nonce 0");
    assert_int_equal(account(&t, 3).balance.limb[0], 15);
    close_town(&t);
}

static void test_refused(void **state)
{
    (void)state;
    town t;
    open_town(&t, true);
    crypto_hash root = t.block.state_root;
    eth_tx      tx;
    struct {
        const char *why;
        eth_tx      tx;
    } cases[8];
    size_t n = 0;
    tx = plain(&t, 1, 3, 1), tx.nonce = 1, cases[n].why = "nonce too high: next nonce 0, tx nonce 1",
    cases[n++].tx = tx;
    tx = plain(&t, 1, 3, 1), tx.chain_id = 1, cases[n].why = "invalid chain id for signer: have 1 want 31337",
    cases[n++].tx = tx;
    tx = plain(&t, 1, 3, 1), tx.gas_limit = 20999,
    cases[n].why = "intrinsic gas too low: gas 20999, minimum needed 21000", cases[n++].tx = tx;
    tx = plain(&t, 1, 3, 1), tx.gas_limit = 30000001, cases[n].why = "exceeds block gas limit", cases[n++].tx = tx;
    tx = plain(&t, 1, 3, 1), tx.max_fee = tx.max_tip = u256_of(1),
    cases[n].why = "max fee per gas less than block base fee", cases[n++].tx = tx;
    tx = plain(&t, 1, 3, 1), tx.max_tip = u256_of(4000000000),
    cases[n].why = "max priority fee per gas higher than max fee per gas", cases[n++].tx = tx;
    tx = plain(&t, 1, 3, 1), tx.type = 0, tx.protected_by_chain = false, tx.max_tip = tx.max_fee,
    cases[n].why = "only replay-protected (EIP-155) transactions allowed over RPC", cases[n++].tx = tx;
    tx = plain(&t, 1, 3, 10 * COIN),
    cases[n].why =
        "insufficient funds for gas * price + value: balance 10000000000000000000, tx cost 10000300000000000000",
    cases[n++].tx = tx;
    for (size_t i = 0; i < n; i++) {
        riv_fault            fault = { 0 };
        eth_tx               read;
        riv_bytes            raw = signed_by(&t, 1, cases[i].tx);
        const chain_receipt *r   = apply_one(&t, raw);
        assert_false(r[0].valid);
        assert_string_equal(riv_cstr(t.arena, r[0].error), cases[i].why);
        assert_memory_equal(t.block.state_root.bytes, root.bytes, 32); /* nothing changed */
        riv_err err = chain_check_tx(&t.store, raw, t.arena, &fault, &read);
        assert_int_equal(err, i == 0 ? RIV_OK : RIV_E_DENIED); /* one ahead may wait */
        if (err) assert_string_equal(fault.msg, cases[i].why);
    }
    const chain_receipt *r = apply_one(&t, RIV_BYTES("no transaction"));
    assert_false(r[0].valid);
    assert_memory_equal(t.block.state_root.bytes, root.bytes, 32);
    close_town(&t);
}

/* Any bit of a transaction turned, or its end cut off: it is nobody's, or somebody's without money. */
static void test_spoilt(void **state)
{
    (void)state;
    town t;
    open_town(&t, true);
    crypto_hash root = t.block.state_root;
    riv_bytes   raw  = signed_by(&t, 1, plain(&t, 1, 3, 5));
    uint8_t    *copy = riv_new(t.arena, uint8_t, raw.len + 1);
    for (size_t bit = 0; bit < 8 * raw.len; bit++) {
        memcpy(copy, raw.ptr, raw.len);
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        t.time_s--; /* all in one epoch: each has a nonce of its own in the state */
        assert_false(apply_one(&t, (riv_bytes){ copy, raw.len })[0].valid);
        assert_memory_equal(t.block.state_root.bytes, root.bytes, 32);
    }
    memcpy(copy, raw.ptr, raw.len);
    for (size_t len = 0; len <= raw.len + 1; len++) {
        if (len == raw.len) continue;
        t.time_s--;
        assert_false(apply_one(&t, (riv_bytes){ copy, len })[0].valid);
        assert_memory_equal(t.block.state_root.bytes, root.bytes, 32);
    }
    assert_true(apply_one(&t, raw)[0].ok);
    root = t.block.state_root;
    assert_false(apply_one(&t, raw)[0].valid); /* once is enough */
    assert_memory_equal(t.block.state_root.bytes, root.bytes, 32);
    close_town(&t);
}

/* Prices and values whose sums do not fit 256 bits. */
static void test_overflow(void **state)
{
    (void)state;
    town t;
    open_town(&t, true);
    crypto_hash root = t.block.state_root;
    u256        most;
    (void)!u256_sub(U256_ZERO, u256_of(1), &most);
    for (int i = 1; i < 4; i++) {
        eth_tx tx = plain(&t, 1, 3, 1);
        if (i & 1) tx.max_fee = most;
        if (i & 2) tx.value = most;
        assert_false(apply_one(&t, signed_by(&t, 1, tx))[0].valid);
        assert_memory_equal(t.block.state_root.bytes, root.bytes, 32);
    }
    close_town(&t);
}

static riv_bytes token_call(town *t, const char *signature, const eth_value *args)
{
    riv_buf data = riv_buf_in(t->arena);
    assert_int_equal(eth_call_put(riv_str_c(signature), args, t->arena, NULL, &data), RIV_OK);
    return riv_buf_view(&data);
}

/* However far the gas goes: when it does not go to the end, the state is that of a call that does nothing. */
static void test_gas_at_the_limit(void **state)
{
    (void)state;
    town            t, twin;
    const uint64_t  step   = 97;
    const eth_value args[] = { eth_word(1), eth_word(5) };
    open_town(&t, false);
    open_town(&twin, false);
    eth_tx approve = plain(&t, 2, 1, 0), nothing;
    approve.to     = chain_contract_address(CHAIN_USD);
    approve.data   = token_call(&t, "approve(address,uint256)", args);
    chain_receipt seen;
    chain_call    call = { .from = t.who[2], .to = approve.to, .data = approve.data };
    assert_int_equal(chain_call_run(t.engine, &t.store, UINT64_MAX, &call, t.arena, NULL, &seen), RIV_OK);
    assert_true(seen.ok);
    nothing       = approve;
    nothing.data  = token_call(&t, "noSuchFunction()", NULL);
    uint64_t last = seen.gas_used - 1;
    for (uint64_t gas = eth_tx_intrinsic_gas(&approve);; gas = RIV_MIN(gas + step, last)) {
        approve.nonce = nothing.nonce = account(&t, 2).nonce;
        approve.gas_limit             = gas;
        const chain_receipt *r        = apply_one(&t, signed_by(&t, 2, approve));
        assert_true(r[0].valid && !r[0].ok);
        assert_string_equal(riv_cstr(t.arena, r[0].error), "out of gas");
        assert_int_equal(r[0].logs_count, 0);
        assert_true(r[0].gas_used <= gas);
        assert_false(apply_one(&twin, signed_by(&twin, 2, nothing))[0].ok);
        assert_memory_equal(t.block.state_root.bytes, twin.block.state_root.bytes, 32);
        if (gas == last) break;
    }
    approve.nonce     = account(&t, 2).nonce;
    approve.gas_limit = last + 1;
    assert_true(apply_one(&t, signed_by(&t, 2, approve))[0].ok);
    close_town(&twin);
    close_town(&t);
}

static u256 all_flt(town *t)
{
    u256              sum      = U256_ZERO;
    const eth_address capacity = chain_contract_address(CHAIN_CAPACITY);
    chain_account     a;
    for (size_t i = 0; i < PEOPLE; i++) assert_true(u256_add(sum, account(t, i).balance, &sum));
    assert_int_equal(chain_account_read(&t->store, UINT64_MAX, &capacity, NULL, &a), RIV_OK);
    assert_true(u256_add(sum, a.balance, &sum));
    return sum;
}

/* Base fees go to the reward pool, tips to the proposer, what is not used back: nothing is lost. */
static void test_fees(void **state)
{
    (void)state;
    town t;
    open_town(&t, true);
    u256                 before = all_flt(&t), first = account(&t, 0).balance;
    riv_bytes            txs[] = { signed_by(&t, 1, plain(&t, 1, 3, 7)), signed_by(&t, 2, plain(&t, 2, 2, 8)) };
    const chain_receipt *r     = apply(&t, txs, 2);
    assert_true(r[0].ok && r[1].ok);
    assert_int_equal(u256_cmp(all_flt(&t), before), 0);
    u256 tip, base = t.block.base_fee, price = r[0].gas_price;
    assert_true(u256_sub(price, base, &tip));
    assert_int_equal(tip.limb[0], 1000000000);
    assert_true(u256_mul(tip, u256_of(r[0].gas_used + r[1].gas_used), &tip) && u256_add(first, tip, &first));
    assert_int_equal(u256_cmp(account(&t, 0).balance, first), 0);
    uint64_t fee = t.block.base_fee.limb[0];
    apply(&t, NULL, 0);
    assert_true(t.block.base_fee.limb[0] < fee); /* blocks are nearly empty: an eighth down at most */
    assert_true(t.block.base_fee.limb[0] >= fee - fee / 8 - 1);
    close_town(&t);
}

/* A call of the token that reverts: the gas is paid, the nonce counts, nothing else changes. */
static void test_revert(void **state)
{
    (void)state;
    town t;
    open_town(&t, true);
    eth_value args[]            = { eth_of_address(&t.who[1]), eth_word(5000) };
    eth_tx    tx                = plain(&t, 2, 1, 0);
    tx.to                       = chain_contract_address(CHAIN_USD);
    tx.data                     = token_call(&t, "transfer(address,uint256)", args);
    u256                 before = all_flt(&t);
    const chain_receipt *r      = apply_one(&t, signed_by(&t, 2, tx));
    assert_true(r[0].valid && !r[0].ok);
    assert_string_equal(riv_cstr(t.arena, r[0].error), "ERC20: transfer amount exceeds balance");
    assert_int_equal(r[0].logs_count, 0);
    assert_int_equal(account(&t, 2).nonce, 1);
    assert_int_equal(u256_cmp(all_flt(&t), before), 0);
    tx.creates = true;
    tx.nonce++;
    r = apply_one(&t, signed_by(&t, 2, tx));
    assert_true(r[0].valid && !r[0].ok);
    chain_receipt seen;
    chain_call    call  = { .from = t.who[2], .to = chain_contract_address(CHAIN_USD), .data = tx.data };
    riv_fault     fault = { 0 };
    assert_int_equal(chain_call_run(t.engine, &t.store, UINT64_MAX, &call, t.arena, &fault, &seen), RIV_OK);
    assert_false(seen.ok);
    assert_string_equal(riv_cstr(t.arena, seen.error), "ERC20: transfer amount exceeds balance");
    close_town(&t);
}

/* Two chains that take the same blocks agree at every height; another order is another chain. */
static void test_replay(void **state)
{
    (void)state;
    town a, b;
    open_town(&a, true);
    open_town(&b, true);
    riv_prng r = riv_prng_seed(5);
    for (int i = 0; i < 60; i++) {
        riv_bytes txs[3];
        size_t    count = riv_prng_below(&r, 4);
        for (size_t k = 0; k < count; k++)
            txs[k] = signed_by(&a, k, plain(&a, k, riv_prng_below(&r, PEOPLE), riv_prng_below(&r, 1000)));
        apply(&a, txs, count);
        apply(&b, txs, count);
        assert_memory_equal(a.block.hash.bytes, b.block.hash.bytes, 32);
        assert_memory_equal(a.block.app_hash.bytes, b.block.app_hash.bytes, 32);
    }
    riv_fault         fault = { 0 };
    chain_block       out;
    chain_block_input wrong = { .height = a.block.height + 2, .time_s = a.time_s + 1 };
    assert_int_equal(chain_apply(a.engine, &a.store, &wrong, a.arena, &fault, &out), RIV_E_MALFORMED);
    wrong = (chain_block_input){ .height = a.block.height + 1, .time_s = a.time_s - 1 };
    assert_int_equal(chain_apply(a.engine, &a.store, &wrong, a.arena, &fault, &out), RIV_E_MALFORMED);
    close_town(&a);
    close_town(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_balances_are_set),
        cmocka_unit_test(test_genesis_of_too_much),
        cmocka_unit_test(test_genesis_is_kept),
        cmocka_unit_test(test_transfers),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_spoilt),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_gas_at_the_limit),
        cmocka_unit_test(test_fees),
        cmocka_unit_test(test_revert),
        cmocka_unit_test(test_replay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
