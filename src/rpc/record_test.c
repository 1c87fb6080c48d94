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

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_own_logs) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
