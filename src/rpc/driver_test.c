/* driver_test.c: the driver: order of transactions, replacement, blocks on demand and by hand, time, what survives, exports that replay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rpc/testing.h"

#define GWEI UINT64_C(1000000000)

static uint64_t height(desk *d)
{
    chain_head head;
    assert_int_equal(chain_head_read(&d->place.store, UINT64_MAX, d->arena, NULL, &head), RIV_OK);
    return head.height;
}

static void read_newest(desk *d, rpc_block *b)
{
    assert_int_equal(rpc_block_read(&d->place.store, height(d), true, d->arena, NULL, b), RIV_OK);
}

static void nonces_wait_for_those_before(void **state)
{
    desk      d;
    rpc_block b;
    (void)state;
    desk_open(&d, 0, false);
    desk_ok(&d, "eth_sendRawTransaction", desk_send_params(&d, 0, 1, 2, 5, 0));
    desk_ok(&d, "eth_sendRawTransaction", desk_send_params(&d, 0, 1, 1, 5, 0));
    assert_int_equal(height(&d), 0);
    DESK_IS(&d, "txpool_status", "[]", "{\"pending\":\"0x0\",\"queued\":\"0x2\"}");
    DESK_IS(&d, "eth_getTransactionCount", "[\"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266\",\"pending\"]", "\"0x0\"");
    desk_ok(&d, "eth_sendRawTransaction", desk_send_params(&d, 0, 1, 0, 5, 0));
    assert_int_equal(height(&d), 1);
    read_newest(&d, &b);
    assert_int_equal(b.txs_count, 3);
    for (size_t i = 0; i < 3; i++) assert_int_equal(b.block.receipts[i].nonce, i);
    desk_close(&d);
}

static void best_tips_first(void **state)
{
    desk      d;
    rpc_block b;
    (void)state;
    desk_open(&d, 1000, true);
    desk_ok(&d, "eth_sendRawTransaction", desk_send_params(&d, 1, 0, 0, 5, 4 * GWEI));
    desk_ok(&d, "eth_sendRawTransaction", desk_send_params(&d, 2, 0, 0, 5, 9 * GWEI));
    desk_ok(&d, "eth_sendRawTransaction", desk_send_params(&d, 2, 0, 1, 5, 3 * GWEI));
    desk_ok(&d, "eth_sendRawTransaction", desk_send_params(&d, 3, 0, 0, 5, 6 * GWEI));
    assert_int_equal(height(&d), 0);
    assert_int_equal(rpc_mine(d.rpc, d.now_ms, NULL), RIV_OK);
    read_newest(&d, &b);
    static const size_t order[] = { 2, 3, 1, 2 };
    assert_int_equal(b.txs_count, RIV_COUNT(order));
    for (size_t i = 0; i < RIV_COUNT(order); i++) {
        eth_address who = chain_development_account(order[i]);
        assert_true(eth_address_eq(&b.block.receipts[i].from, &who));
    }
    desk_close(&d);
}

static void replacement(void **state)
{
    desk      d;
    rpc_block b;
    (void)state;
    desk_open(&d, 1000, true);
    desk_ok(&d, "eth_sendRawTransaction", desk_send_params(&d, 0, 1, 0, 5, 10 * GWEI));
    DESK_FAILS(&d, 0, "eth_sendRawTransaction", desk_send_params(&d, 0, 1, 0, 5, 10 * GWEI), -32000, "already known");
    DESK_FAILS(&d, 0, "eth_sendRawTransaction", desk_send_params(&d, 0, 1, 0, 6, 11 * GWEI - 1), -32000,
               "replacement transaction underpriced");
    desk_ok(&d, "eth_sendRawTransaction", desk_send_params(&d, 0, 1, 0, 7, 11 * GWEI));
    assert_int_equal(rpc_mine(d.rpc, d.now_ms, NULL), RIV_OK);
    read_newest(&d, &b);
    assert_int_equal(b.txs_count, 1);
    eth_tx tx;
    assert_int_equal(eth_tx_read(b.txs[0], d.arena, NULL, &tx), RIV_OK);
    assert_int_equal(tx.value.limb[0], 7);
    desk_close(&d);
}

/* Two that each could pay, but not both: the second is not in the block, and not among those that wait. */
static void what_does_not_run_is_left_out(void **state)
{
    desk      d;
    rpc_block b;
    eth_tx    tx = {
           .type = 2, .chain_id = 31337, .protected_by_chain = true, .gas_limit = 21000, .to = chain_development_account(1)
    };
    (void)state;
    desk_open(&d, 1000, false);
    assert_int_equal(u256_parse(RIV_LIT("9999999999999999999999"), NULL, &tx.value), RIV_OK);
    for (tx.nonce = 0; tx.nonce < 2; tx.nonce++) {
        riv_buf       raw = riv_buf_in(d.arena), text = riv_buf_in(d.arena);
        crypto_secret key = rpc_development_key(0);
        assert_int_equal(eth_tx_sign(&tx, &key, &raw, NULL), RIV_OK);
        riv_putf(&text, "[\"0x");
        for (size_t i = 0; i < raw.len; i++) riv_putf(&text, "%02x", raw.ptr[i]);
        riv_putf(&text, "\"]");
        desk_ok(&d, "eth_sendRawTransaction", riv_cstr(d.arena, riv_buf_str(&text)));
    }
    assert_int_equal(rpc_mine(d.rpc, d.now_ms, NULL), RIV_OK);
    read_newest(&d, &b);
    assert_int_equal(b.txs_count, 1);
    DESK_IS(&d, "txpool_status", "[]", "{\"pending\":\"0x0\",\"queued\":\"0x0\"}");
    desk_close(&d);
}

static uint64_t newest_time(desk *d)
{
    rpc_block b;
    read_newest(d, &b);
    return b.block.time_s;
}

static void time_moves(void **state)
{
    desk d;
    (void)state;
    desk_open(&d, 0, false);
    uint64_t start = d.now_ms / 1000;
    desk_ok(&d, "evm_mine", "[]");
    assert_int_equal(newest_time(&d), start);
    DESK_IS(&d, "evm_increaseTime", "[100]", "100");
    desk_ok(&d, "evm_mine", "[]");
    assert_int_equal(newest_time(&d), start + 100);
    desk_ok(&d, "evm_setNextBlockTimestamp", "[\"0x65920c80\"]"); /* start + 86400 */
    d.now_ms += 5000;
    desk_ok(&d, "evm_mine", "[]");
    assert_int_equal(newest_time(&d), 0x65920c80);
    d.now_ms += 7000;
    desk_ok(&d, "evm_mine", "[]");
    assert_int_equal(newest_time(&d), 0x65920c80 + 7);
    d.now_ms -= 100000; /* a clock that was set back */
    desk_ok(&d, "evm_mine", "[]");
    assert_int_equal(newest_time(&d), 0x65920c80 + 7);
    desk_ok(&d, "anvil_mine", "[\"0x3\",\"0x3e8\"]");
    assert_int_equal(height(&d), 8);
    desk_close(&d);
}

static const char *asked(desk *d, chain_contract which, const char *function, const char *at)
{
    eth_address to   = chain_contract_address(which);
    crypto_hash hash = crypto_keccak256(riv_str_bytes(riv_str_c(function)));
    riv_buf     text = riv_buf_in(d->arena);
    riv_putf(&text, "[{\"to\":\"");
    eth_put_address(&text, &to);
    riv_putf(&text, "\",\"data\":\"0x%02x%02x%02x%02x\"},\"%s\"]", hash.bytes[0], hash.bytes[1], hash.bytes[2],
             hash.bytes[3], at);
    return riv_cstr(d->arena, desk_ok(d, "eth_call", riv_cstr(d->arena, riv_buf_str(&text)))->str);
}

/* In an epoch that has no block yet: a prover learns the nonce by which its proof will be judged, a wallet what its transaction will cost. */
static void pending_is_the_next_block(void **state)
{
    static const struct {
        chain_contract which;
        const char    *function;
    } views[] = { { CHAIN_CAPACITY, "getGlobalNonce()" },
                  { CHAIN_CORE, "currentEpoch()" },
                  { CHAIN_MULTICALL3, "getBlockNumber()" } };
    desk        d;
    const char *pending[RIV_COUNT(views)];
    (void)state;
    desk_open(&d, 0, false);
    desk_ok(&d, "evm_mine", "[]");
    desk_ok(&d, "evm_increaseTime", "[100]");
    for (size_t i = 0; i < RIV_COUNT(views); i++) {
        pending[i] = asked(&d, views[i].which, views[i].function, "pending");
        assert_string_not_equal(pending[i], asked(&d, views[i].which, views[i].function, "latest"));
    }
    desk_ok(&d, "evm_mine", "[]");
    for (size_t i = 0; i < RIV_COUNT(views); i++)
        assert_string_equal(pending[i], asked(&d, views[i].which, views[i].function, "latest"));
    desk_close(&d);
}

/* Opened again on what was kept, the chain goes on where it was, its time too. */
static void opened_again(void **state)
{
    desk      d;
    rpc      *again;
    riv_fault fault = { 0 };
    (void)state;
    desk_open(&d, 0, false);
    desk_ok(&d, "evm_increaseTime", "[1000]");
    const riv_json *hash = desk_ok(&d, "eth_sendRawTransaction", desk_send_params(&d, 0, 1, 0, 5, 0));
    rpc_close(d.rpc);
    d.rpc             = NULL;
    rpc_config config = { .engine = d.engine, .place = d.place };
    assert_int_equal(rpc_open(&config, &fault, &again), RIV_OK);
    d.rpc = again;
    assert_int_equal(height(&d), 1);
    const riv_json *receipt = desk_ok(&d, "eth_getTransactionReceipt",
                                      riv_cstr(d.arena, riv_format(d.arena, "[\"" RIV_FMT "\"]", RIV_ARG(hash->str))));
    assert_int_equal(receipt->kind, RIV_JSON_OBJ);
    desk_ok(&d, "evm_mine", "[]");
    assert_int_equal(newest_time(&d), d.now_ms / 1000 + 1000);
    desk_close(&d);
}

static void place_that_fails(void **state)
{
    desk d;
    (void)state;
    desk_open(&d, 0, false);
    d.commit_fails = true;
    DESK_FAILS(&d, 0, "eth_sendRawTransaction", desk_send_params(&d, 0, 1, 0, 5, 0), -32603, "the disk is full");
    assert_int_equal(height(&d), 0);
    assert_non_null(rpc_failed(d.rpc));
    d.commit_fails = false; /* what is in memory may not fit what is kept: it does not go on by itself */
    DESK_FAILS(&d, 0, "evm_mine", "[]", -32603, "the disk is full");
    desk_close(&d);
}

static riv_bytes exported(desk *d)
{
    riv_buf   out = riv_buf_in(d->arena);
    rpc_block b;
    rpc_export_start(&d->params, d->arena, &out);
    for (uint64_t h = 0; h <= height(d); h++) {
        assert_int_equal(rpc_block_read(&d->place.store, h, false, d->arena, NULL, &b), RIV_OK);
        rpc_export_block(&b, &out);
    }
    return riv_buf_view(&out);
}

static void exports_replay(void **state)
{
    desk         d;
    chain_head   head;
    riv_prng     prng      = riv_prng_seed(11);
    uint64_t     nonces[4] = { 0 };
    rpc_replayed r;
    riv_fault    fault = { 0 };
    (void)state;
    desk_open(&d, 1000, true);
    for (int i = 0; i < 60; i++) {
        size_t from = riv_prng_below(&prng, 4);
        desk_ok(&d, "eth_sendRawTransaction",
                desk_send_params(&d, from, 5, nonces[from]++, riv_prng_below(&prng, 1000), 20 * GWEI));
        if (riv_prng_below(&prng, 3) == 0) {
            assert_int_equal(rpc_mine(d.rpc, d.now_ms += 1000, NULL), RIV_OK);
        }
    }
    assert_int_equal(rpc_mine(d.rpc, d.now_ms, NULL), RIV_OK);
    riv_bytes text = exported(&d);
    assert_int_equal(rpc_replay(d.engine, NULL, text, &fault, &r), RIV_OK);
    assert_int_equal(chain_head_read(&d.place.store, UINT64_MAX, d.arena, NULL, &head), RIV_OK);
    assert_int_equal(r.blocks, head.height + 1);
    assert_int_equal(r.txs, 60);
    assert_memory_equal(&r.app_hash, &head.app_hash, sizeof r.app_hash);

    uint8_t *spoilt = riv_bytes_dup(d.arena, text).ptr ? (uint8_t *)riv_alloc(text.len) : NULL;
    memcpy(spoilt, text.ptr, text.len);
    spoilt[text.len - 40] ^= 1; /* in the last transaction's signature, or its text */
    assert_int_not_equal(rpc_replay(d.engine, NULL, (riv_bytes){ spoilt, text.len }, &fault, &r), RIV_OK);
    assert_int_not_equal(rpc_replay(d.engine, NULL, riv_bytes_sub(text, 0, text.len - 1), &fault, &r), RIV_OK);
    riv_free(spoilt);
    desk_close(&d);
}

/* A balance that a test sets is a block of its own: subscribers hear of it, what waits goes on waiting, it is kept, exported and applied again. */
static void balances_are_set(void **state)
{
#define WHO    "0x00000000000000000000000000000000000000aa"
#define SENDER "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"
    desk              d;
    rpc              *again;
    rpc_block         b;
    rpc_replayed      r;
    chain_head        head;
    const rpc_notice *notices;
    const riv_json   *error;
    riv_fault         fault = { 0 };
    (void)state;
    desk_open(&d, 1000, false);
    riv_bytes without = exported(&d);
    assert_int_equal(rpc_replay(d.engine, NULL, without, &fault, &r), RIV_OK);
    assert_int_equal(r.balances, 0);
    assert_non_null(desk_call(&d, 7, "eth_subscribe", "[\"newHeads\"]", &error));
    desk_ok(&d, "eth_sendRawTransaction", desk_send_params(&d, 1, 2, 0, 1000, 0));
    DESK_IS(&d, "hardhat_setBalance", "[\"" WHO "\",\"0x0de0b6b3a7640000\"]", "true");
    assert_int_equal(rpc_notices(d.rpc, &notices), 1);
    assert_int_equal(height(&d), 1);
    DESK_IS(&d, "txpool_status", "[]", "{\"pending\":\"0x1\",\"queued\":\"0x0\"}");
    DESK_IS(&d, "eth_getBalance", "[\"" WHO "\"]", "\"0xde0b6b3a7640000\"");
    DESK_IS(&d, "eth_getBalance", "[\"" WHO "\",\"0x0\"]", "\"0x0\"");
    read_newest(&d, &b);
    assert_int_equal(b.txs_count, 0);
    assert_int_equal(b.balances_count, 1);
    assert_int_equal(b.balances[0].who.bytes[19], 0xaa);
    assert_int_equal(u256_cmp(b.balances[0].flt, u256_of(UINT64_C(1000000000000000000))), 0);

    /* Less than what the one that waits needs: it will never run. And as much again. */
    DESK_IS(&d, "anvil_setBalance", "[\"" SENDER "\",999]", "null");
    assert_int_equal(rpc_mine(d.rpc, d.now_ms, NULL), RIV_OK);
    DESK_IS(&d, "txpool_status", "[]", "{\"pending\":\"0x0\",\"queued\":\"0x0\"}");
    DESK_IS(&d, "anvil_setBalance", "[\"" SENDER "\",\"0x3e9\"]", "null");
    desk_ok(&d, "eth_sendRawTransaction", desk_send_params(&d, 1, 2, 0, 1000, 0));
    assert_int_equal(rpc_mine(d.rpc, d.now_ms, NULL), RIV_OK);
    DESK_IS(&d, "eth_getBalance", "[\"" SENDER "\"]", "\"0x1\"");
    desk_ok(&d, "evm_setNextBlockTimestamp", "[\"0x65920c80\"]"); /* holds for this block as for any */
    DESK_IS(&d, "hardhat_setBalance", "[\"" WHO "\",\"0x0\"]", "true");
    assert_int_equal(newest_time(&d), 0x65920c80);

    riv_bytes text = exported(&d);
    assert_int_equal(rpc_replay(d.engine, NULL, text, &fault, &r), RIV_OK);
    assert_int_equal(chain_head_read(&d.place.store, UINT64_MAX, d.arena, NULL, &head), RIV_OK);
    assert_memory_equal(&r.hash, &head.hash, sizeof r.hash);
    assert_int_equal(r.balances, 4);
    assert_int_equal(r.txs, 1);
    uint8_t *spoilt = riv_alloc(text.len);
    memcpy(spoilt, text.ptr, text.len);
    spoilt[text.len - 1] ^= 1; /* the last balance */
    assert_int_equal(rpc_replay(d.engine, NULL, (riv_bytes){ spoilt, text.len }, &fault, &r), RIV_E_CONFLICT);
    riv_free(spoilt);

    rpc_close(d.rpc);
    d.rpc             = NULL;
    rpc_config config = { .engine = d.engine, .place = d.place };
    assert_int_equal(rpc_open(&config, &fault, &again), RIV_OK);
    d.rpc = again;
    DESK_IS(&d, "eth_getBalance", "[\"" SENDER "\"]", "\"0x1\"");
    DESK_IS(&d, "eth_getBalance", "[\"" WHO "\"]", "\"0x0\"");
    d.commit_fails = true;
    DESK_FAILS(&d, 0, "anvil_setBalance", "[\"" WHO "\",\"0x1\"]", -32603, "the disk is full");
    assert_non_null(rpc_failed(d.rpc));
    desk_close(&d);
}

/* What subscribers are told is made of the block's own bytes, which were the pool's: under ASan a pool that was cleaned before is found here. */
static void heads_of_full_blocks(void **state)
{
    desk              d;
    const riv_json   *error, *root = NULL;
    const rpc_notice *all = NULL;
    (void)state;
    desk_open(&d, 1000, false);
    assert_non_null(desk_call(&d, 7, "eth_subscribe", "[\"newHeads\"]", &error));
    for (uint64_t i = 0; i < 3; i++) desk_ok(&d, "eth_sendRawTransaction", desk_send_params(&d, (size_t)i, 4, 0, i, 0));
    assert_int_equal(rpc_mine(d.rpc, d.now_ms, NULL), RIV_OK);
    assert_int_equal(rpc_notices(d.rpc, &all), 1);
    assert_int_equal(all[0].conn, 7);
    assert_int_equal(riv_json_parse(all[0].text, d.arena, NULL, &root), RIV_OK);
    const riv_json *head  = riv_json_get(riv_json_get(root, RIV_LIT("params")), RIV_LIT("result"));
    const riv_json *block = desk_ok(&d, "eth_getBlockByNumber", "[\"0x1\",false]");
    assert_int_equal(riv_json_get(block, RIV_LIT("transactions"))->arr.count, 3);
    static const char *const members[] = { "hash", "size", "gasUsed", "logsBloom", "transactionsRoot" };
    for (size_t i = 0; i < RIV_COUNT(members); i++)
        assert_true(riv_json_eq(riv_json_get(head, riv_str_c(members[i])), riv_json_get(block, riv_str_c(members[i]))));
    desk_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nonces_wait_for_those_before),
        cmocka_unit_test(best_tips_first),
        cmocka_unit_test(replacement),
        cmocka_unit_test(what_does_not_run_is_left_out),
        cmocka_unit_test(time_moves),
        cmocka_unit_test(pending_is_the_next_block),
        cmocka_unit_test(heads_of_full_blocks),
        cmocka_unit_test(balances_are_set),
        cmocka_unit_test(opened_again),
        cmocka_unit_test(place_that_fails),
        cmocka_unit_test(exports_replay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
