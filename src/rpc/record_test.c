/* Tests of record.c: a block is read as it was kept, with the logs that belong to no transaction, and how those are shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/codec.h"
#include "rpc/internal.h"

static void test_own_logs(void **state)
{
    const crypto_hash topics[2] = { { { 1 } }, { { 2 } } };
    const chain_log   of_tx     = { { { 9 } }, topics, 1, RIV_BYTES("one") },
                    own[2]      = { { { { 8 } }, topics, 2, RIV_BYTES("two") }, { { { 7 } }, NULL, 0, { 0 } } };
    const riv_bytes     tx      = RIV_BYTES("a transaction");
    const chain_receipt receipt = {
        .hash = crypto_keccak256(tx), .valid = true, .ok = true, .logs = &of_tx, .logs_count = 1
    };
    const rpc_block b      = { .block     = { .height         = 5,
                                              .hash           = { { 4 } },
                                              .receipts       = &receipt,
                                              .receipts_count = 1,
                                              .logs           = own,
                                              .logs_count     = 2 },
                               .txs       = &tx,
                               .txs_count = 1 };
    riv_arena      *arena  = riv_arena_new(0);
    chain_memory   *memory = chain_memory_new();
    chain_store     store  = chain_memory_store(memory);
    chain_write    *writes;
    rpc_block       read;
    riv_fault       fault = { 0 };
    size_t          count, n = rpc__record(&b, 0, arena, &writes);
    (void)state;
    chain_memory_apply(memory, writes, n);
    assert_int_equal(rpc_block_read(&store, 5, true, arena, &fault, &read), RIV_OK);
    const chain_log *logs = rpc__logs_of(&read, 0, &count);
    assert_int_equal(count, 1);
    assert_true(riv_bytes_eq(logs[0].data, of_tx.data));
    logs = rpc__logs_of(&read, 1, &count);
    assert_int_equal(count, 2);
    assert_true(eth_address_eq(&logs[0].at, &own[0].at) && riv_bytes_eq(logs[0].data, own[0].data));
    assert_int_equal(logs[0].topics_count, 2);
    assert_memory_equal(&logs[0].topics[1], &topics[1], sizeof topics[1]);
    assert_int_equal(logs[1].topics_count, 0);
    riv_str text = riv_json_text(rpc__json_log(arena, &read, 1, 0, 1), arena);
    assert_true(
        riv_str_find(
            text,
            RIV_LIT("\"transactionHash\":\"0x0000000000000000000000000000000000000000000000000000000000000000\","
                    "\"transactionIndex\":\"0x1\",\"logIndex\":\"0x1\""),
            0) != SIZE_MAX);
    text = riv_json_text(rpc__json_log(arena, &read, 0, 0, 0), arena);
    assert_memory_equal(&read.block.receipts[0].hash, &receipt.hash, sizeof receipt.hash); /* which is not kept */
    riv_buf hash = riv_buf_in(arena);
    riv_putf(&hash, "\"transactionHash\":\"0x");
    codec_put_hex(&hash, (riv_bytes){ receipt.hash.bytes, sizeof receipt.hash.bytes });
    assert_true(riv_str_find(text, riv_buf_str(&hash), 0) != SIZE_MAX);
    chain_memory_free(memory);
    riv_arena_free(arena);
}

/* Balances follow the transactions under a mark in their count; a block without any is as it always was. */
static void test_balances(void **state)
{
    const riv_bytes           tx  = RIV_BYTES("a transaction");
    const chain_balance_write set = { { { 7 } }, u256_of(5) };
    rpc_block    with = { .block = { .height = 5 }, .txs = &tx, .txs_count = 1, .balances = &set, .balances_count = 1 };
    rpc_block    without = with, read;
    riv_arena   *arena   = riv_arena_new(0);
    riv_buf      a = riv_buf_in(arena), b = riv_buf_in(arena);
    riv_fault    fault    = { 0 };
    const size_t count_at = 4 * 8 + 32 + 7 * 32 + 256 + 20;
    (void)state;
    without.balances_count = 0;
    rpc__put_block(&a, &without);
    rpc__put_block(&b, &with);
    assert_int_equal(a.len, count_at + 4 + 4 + tx.len);
    assert_int_equal(b.len, a.len + 4 + 20 + 32);
    assert_memory_equal(a.ptr + count_at, "\0\0\0\1", 4);
    assert_memory_equal(b.ptr + count_at, "\x80\0\0\1", 4);
    assert_memory_equal(a.ptr + count_at + 4, b.ptr + count_at + 4, a.len - count_at - 4);
    riv_reader r = riv_reader_of(riv_buf_view(&b));
    assert_int_equal(rpc__read_block(&r, arena, &fault, &read), RIV_OK);
    assert_int_equal(riv_reader_left(&r), 0);
    assert_int_equal(read.txs_count, 1);
    assert_int_equal(read.balances_count, 1);
    assert_true(eth_address_eq(&read.balances[0].who, &set.who));
    assert_int_equal(u256_cmp(read.balances[0].flt, set.flt), 0);
    for (size_t len = count_at; len < b.len; len++) {
        r = riv_reader_of(riv_bytes_sub(riv_buf_view(&b), 0, len));
        assert_int_equal(rpc__read_block(&r, arena, &fault, &read), RIV_E_MALFORMED);
    }
    b.ptr[a.len + 3] = 0; /* the mark, and then none */
    r                = riv_reader_of(riv_buf_view(&b));
    fault            = (riv_fault){ 0 };
    assert_int_equal(rpc__read_block(&r, arena, &fault, &read), RIV_E_MALFORMED);
    assert_string_equal(fault.msg, "the record of a block is damaged: its balances");
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_own_logs), cmocka_unit_test(test_balances) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
