/* flood_test.c: what clients can make the chain spend: places among those that wait, time of one request, memory of what subscribers are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rpc/testing.h"

/* Of a stranger, who has nothing and needs nothing where there are no fees. */
static const char *of_stranger(desk *d, uint32_t who, uint64_t nonce)
{
    riv_buf       raw = riv_buf_in(d->arena), out = riv_buf_in(d->arena);
    crypto_secret key = { { 7 } };
    for (int i = 0; i < 4; i++) key.bytes[28 + i] = (uint8_t)(who >> (24 - 8 * i));
    eth_tx tx = { .type               = 2,
                  .chain_id           = 31337,
                  .protected_by_chain = true,
                  .nonce              = nonce,
                  .gas_limit          = 21000,
                  .to                 = chain_development_account(1) };
    assert_int_equal(eth_tx_sign(&tx, &key, &raw, NULL), RIV_OK);
    riv_putf(&out, "[\"0x");
    for (size_t i = 0; i < raw.len; i++) riv_putf(&out, "%02x", raw.ptr[i]);
    riv_putf(&out, "\"]");
    return riv_cstr(d->arena, riv_buf_str(&out));
}

/* Transactions that wait for others which never come take all places: the rest of the world still gets through. */
static void early_ones_give_way(void **state)
{
    desk d;
    (void)state;
    desk_open(&d, 1000, false);
    for (uint32_t i = 0; i < RPC_WAITING_MAX; i++) desk_ok(&d, "eth_sendRawTransaction", of_stranger(&d, 1 + i, 3));
    DESK_FAILS(&d, 0, "eth_sendRawTransaction", of_stranger(&d, 5000, 3), -32000, "txpool is full");
    for (uint64_t n = 0; n < 3; n++) desk_ok(&d, "eth_sendRawTransaction", desk_send_params(&d, 0, 1, n, 1, 0));
    desk_ok(&d, "eth_sendRawTransaction", of_stranger(&d, 4000, 0)); /* the first of one that waits */
    DESK_IS(&d, "txpool_status", "[]", "{\"pending\":\"0x4\",\"queued\":\"0xffc\"}");
    desk_ok(&d, "evm_mine", "[]");
    DESK_IS(&d, "eth_getBlockTransactionCountByNumber", "[\"latest\"]", "\"0x4\"");
    desk_close(&d);
}

/* Not more blocks than one request may have fit one batch of requests. */
static void dear_batches(void **state)
{
    enum { QUESTIONS = 1000 };
    desk            d;
    riv_buf         batch = { 0 };
    size_t          good  = 0;
    const riv_json *root;
    (void)state;
    desk_open(&d, 0, false);
    for (int i = 0; i < QUESTIONS; i++)
        riv_putf(&batch, "%c{\"id\":%d,\"method\":\"anvil_mine\",\"params\":[\"0x3e8\"]}", i ? ',' : '[', i);
    riv_putf(&batch, "]%c", 0);
    assert_int_equal(riv_json_parse(riv_str_c(desk_text(&d, 0, (const char *)batch.ptr)), d.arena, NULL, &root),
                     RIV_OK);
    assert_int_equal(root->arr.count, QUESTIONS);
    for (size_t i = 0; i < QUESTIONS; i++) {
        const riv_json *error = riv_json_get(riv_json_at(root, i), RIV_LIT("error"));
        good += !error;
        if (error)
            assert_string_equal(riv_cstr(d.arena, riv_json_get(error, RIV_LIT("message"))->str),
                                "too much is asked for at once");
    }
    assert_true(good >= 10 && good <= 100);
    desk_ok(&d, "evm_mine", "[]"); /* the next request starts anew */
    DESK_IS(&d, "eth_blockNumber", "[]", riv_cstr(d.arena, riv_format(d.arena, "\"0x%zx\"", good * RPC_MINE_MAX + 1)));
    riv_buf_free(&batch);
    desk_close(&d);
}

/* More than there is room for: who cannot be told everything learns that it lost something. */
static void much_to_tell(void **state)
{
    enum { CONNECTIONS = 2000 };
    desk              d;
    riv_buf           data = { 0 };
    const rpc_notice *told;
    const riv_json   *error;
    size_t            bytes = 0, cut = 0;
    (void)state;
    desk_open(&d, 1000, false);
    for (uint64_t i = 1; i <= CONNECTIONS; i++)
        for (int k = 0; k < 2; k++)
            assert_non_null(desk_call(&d, i, "eth_subscribe", "[\"newPendingTransactions\",true]", &error));
    riv_putf(&data, "[{\"from\":\"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266\",\"to\":"
                    "\"0x70997970c51812dc3a010c7d01b50e0d17dc79c8\",\"gas\":\"0x1c9c380\",\"data\":\"0x");
    for (int i = 0; i < 100000; i++) riv_putf(&data, "11");
    riv_putf(&data, "\"}]%c", 0);
    desk_ok(&d, "eth_sendTransaction", (const char *)data.ptr);
    size_t count = rpc_notices(d.rpc, &told);
    for (size_t i = 0; i < count; i++) {
        bytes += told[i].text.len;
        cut += told[i].text.len == 0;
        if (i) assert_true(told[i].conn >= told[i - 1].conn);
    }
    assert_true(bytes > RPC_NOTICES_BYTES_MAX / 4 && bytes < 2 * (size_t)RPC_NOTICES_BYTES_MAX);
    assert_int_equal(told[count - 1].conn, CONNECTIONS);
    assert_true(cut > CONNECTIONS / 2 && cut < CONNECTIONS); /* each of them once */
    desk_ok(&d, "evm_mine", "[]");
    assert_int_equal(rpc_notices(d.rpc, &told), 0);
    assert_non_null(desk_call(&d, 1, "eth_subscribe", "[\"newHeads\"]", &error));
    desk_ok(&d, "evm_mine", "[]");
    assert_int_equal(rpc_notices(d.rpc, &told), 1); /* there is room again */
    assert_true(told[0].text.len > 0);
    riv_buf_free(&data);
    desk_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(early_ones_give_way), cmocka_unit_test(dear_batches),
                                        cmocka_unit_test(much_to_tell) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
