/* answer_test.c: what goes over the wire: envelopes, batches, arguments, errors, shapes of answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rpc/testing.h"

#define A0     "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
#define A1     "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"
#define NOBODY "0x000000000000000000000000000000000000dead"

static void envelopes(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        { "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"eth_chainId\"}",
          "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":\"0x7a69\"}" },
        { "{\"jsonrpc\":\"2.0\",\"id\":\"a\\n\",\"method\":\"net_version\",\"params\":[]}",
          "{\"jsonrpc\":\"2.0\",\"id\":\"a\\n\",\"result\":\"31337\"}" },
        { "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"eth_syncing\",\"params\":null}",
          "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":false}" },
        { "{\"jsonrpc\":\"2.0\",\"method\":\"eth_chainId\"}", "" },
        { "", "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"parse error\"}}" },
        { "{", "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"parse error\"}}" },
        { "7", "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"invalid request\"}}" },
        { "{\"id\":1}",
          "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"invalid request\"}}" },
        { "{\"id\":1,\"jsonrpc\":\"1.0\",\"method\":\"eth_chainId\"}",
          "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"invalid request\"}}" },
        { "{\"id\":1,\"method\":\"eth_chainId\",\"params\":{}}",
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,\"message\":\"non-array args\"}}" },
        { "{\"id\":1,\"method\":\"eth_nothing\"}",
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,\"message\":\"the method eth_nothing does not "
          "exist/is not available\"}}" },
        { "[]", "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"empty batch\"}}" },
        { "[{\"method\":\"eth_chainId\"}]", "" },
        { "[{\"id\":1,\"method\":\"eth_chainId\"},{\"method\":\"eth_chainId\"},4,{\"id\":2,\"method\":\"web3_sha3\","
          "\"params\":[\"0x\"]}]",
          "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x7a69\"},"
          "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"invalid request\"}},"
          "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":"
          "\"0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470\"}]" },
    };
    desk d;
    (void)state;
    desk_open(&d, 0, false);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) assert_string_equal(desk_text(&d, 0, cases[i].in), cases[i].out);
    desk_close(&d);
}

static void limits(void **state)
{
    desk    d;
    riv_buf many = { 0 }, long_one = { 0 };
    (void)state;
    desk_open(&d, 0, false);
    riv_putf(&many, "[7");
    for (int i = 0; i < RPC_BATCH_MAX; i++) riv_putf(&many, ",7");
    riv_putf(&many, "]");
    riv_put_u8(&many, 0);
    assert_string_equal(
        desk_text(&d, 0, (const char *)many.ptr),
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"batch too large\"}}");
    memset(riv_buf_raw(&long_one, RPC_REQUEST_BYTES_MAX + 1), ' ', RPC_REQUEST_BYTES_MAX + 1);
    riv_put_u8(&long_one, 0);
    assert_string_equal(
        desk_text(&d, 0, (const char *)long_one.ptr),
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"content length too large\"}}");
    riv_buf_free(&many);
    riv_buf_free(&long_one);
    desk_close(&d);
}

static void arguments(void **state)
{
    static const struct {
        const char *method, *params;
        int         code;
        const char *message;
    } cases[] = {
        { "eth_getBalance", "[]", -32602, "missing value for required argument 0" },
        { "eth_getBalance", "[\"0x12\"]", -32602, "invalid argument 0: expected an address: 0x and 40 digits" },
        { "eth_getBalance", "[\"0xzz9fd6e51aad88f6f4ce6ab8827279cfffb92266\"]", -32602,
          "invalid argument 0: expected hex data: 0x and an even number of digits" },
        { "eth_getBalance", "[\"" A0 "\",\"newest\"]", -32602,
          "invalid argument 1: expected a block: a number, a hash, latest, earliest, pending, safe or finalized" },
        { "eth_getBalance", "[\"" A0 "\",\"0x9\"]", -32000, "header not found" },
        { "eth_getBalance",
          "[\"" A0 "\",{\"blockHash\":\"0x1100000000000000000000000000000000000000000000000000000000000022\"}]", -32000,
          "header not found" },
        { "eth_getBalance", "[\"" A0 "\",{}]", -32602,
          "invalid argument 1: expected one of blockHash and blockNumber" },
        { "eth_getBalance", "[\"" A0 "\",{\"blockHash\":null,\"blockNumber\":\"0x5\"}]", -32000, "header not found" },
        { "eth_getBalance",
          "[\"" A0 "\",{\"blockHash\":\"0x1100000000000000000000000000000000000000000000000000000000000022\","
          "\"blockNumber\":\"0x0\"}]",
          -32602, "invalid argument 1: expected one of blockHash and blockNumber" },
        { "eth_getBlockByNumber", "[\"0x\"]", -32602,
          "invalid argument 0: expected a quantity: 0x and hexadecimal digits, at most 256 bits" },
        { "eth_getBlockByNumber", "[\"0x10000000000000000\"]", -32602,
          "invalid argument 0: expected a number of at most 64 bits" },
        { "eth_getBlockByNumber", "[\"0x0\",1]", -32602, "invalid argument 1: expected true or false" },
        { "eth_sendRawTransaction", "[\"0x00\"]", -32000, NULL },
        { "eth_call", "[]", -32602, "missing value for required argument 0" },
        { "eth_call", "[{\"from\":\"" A0 "\"}]", -32000, "contracts cannot be deployed on this chain" },
        { "eth_call", "[{\"to\":\"" A0 "\"},\"latest\",{}]", -32602, "state override is not supported" },
        { "eth_call", "[{\"from\":\"" NOBODY "\",\"to\":\"" A0 "\",\"value\":\"0x1\"}]", -32000,
          "insufficient funds for transfer" },
        { "eth_sendTransaction", "[{\"from\":\"" NOBODY "\",\"to\":\"" A0 "\"}]", -32000, "unknown account" },
        { "eth_subscribe", "[\"newHeads\"]", -32000, "notifications not supported" },
        { "eth_getLogs", "[{\"fromBlock\":\"0x5\",\"toBlock\":\"0x4\"}]", -32602, "invalid block range params" },
        { "eth_getLogs", "[{\"topics\":[null,null,null,null,null]}]", -32602,
          "invalid argument 0: expected at most 4 topics" },
        { "eth_getFilterChanges", "[\"0x1\"]", -32000, "filter not found" },
        { "evm_setNextBlockTimestamp", "[1]", -32000,
          "timestamp 1 is lower than the previous block's timestamp 1704067200" },
        { "anvil_mine", "[1001]", -32602, "at most 1000 blocks at once" },
        { "hardhat_setBalance", "[]", -32602, "missing value for required argument 0" },
        { "hardhat_setBalance", "[\"" A0 "\"]", -32602, "missing value for required argument 1" },
        { "hardhat_setBalance", "[\"0x12\",\"0x1\"]", -32602,
          "invalid argument 0: expected an address: 0x and 40 digits" },
        { "anvil_setBalance", "[\"" A0 "\",\"1\"]", -32602,
          "invalid argument 1: expected a quantity: 0x and hexadecimal digits, at most 256 bits" },
        { "anvil_setBalance", "[\"" A0 "\",-1]", -32602,
          "invalid argument 1: expected a quantity: 0x and hexadecimal digits, at most 256 bits" },
        { "anvil_setBalance", "[\"" A0 "\",\"0x10000000000000000000000000000000000000000000000000000000000000000\"]",
          -32602, "invalid argument 1: expected a quantity: 0x and hexadecimal digits, at most 256 bits" },
        { "anvil_setBalance", "[\"" A0 "\",\"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"]",
          -32000, "all balances together would be more than 256 bits hold" },
        { "anvil_setBalance", "[\"0x5fbdb2315678afecb367f032d93f642f64180aa3\",\"0x1\"]", -32000,
          "the balance of a contract is what its calls made it: it cannot be set" },
    };
    desk d;
    (void)state;
    desk_open(&d, 0, false);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        const riv_json *error;
        if (cases[i].message) {
            DESK_FAILS(&d, 0, cases[i].method, cases[i].params, cases[i].code, cases[i].message);
        } else {
            assert_null(desk_call(&d, 0, cases[i].method, cases[i].params, &error));
        }
    }
    DESK_IS(&d, "eth_blockNumber", "[]", "\"0x0\""); /* what was refused made no block */
    DESK_IS(&d, "eth_getBlockByNumber", "[\"0x5\",false]", "null");
    DESK_IS(&d, "eth_getTransactionReceipt", "[\"0x1100000000000000000000000000000000000000000000000000000000000022\"]",
            "null");
    desk_close(&d);
}

/* The keys that everybody knows belong to the accounts that everybody knows. */
static void development_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAIN_DEVELOPMENT_ACCOUNTS; i++) {
        crypto_secp_public public_key;
        crypto_secret      key  = rpc_development_key(i);
        eth_address        want = chain_development_account(i);
        assert_int_equal(crypto_secp_public_of(&key, &public_key), RIV_OK);
        eth_address got = eth_address_of_key(&public_key);
        assert_true(eth_address_eq(&got, &want));
    }
}

static void state_calls(void **state)
{
    desk d;
    (void)state;
    desk_open(&d, 0, false);
    DESK_IS(&d, "eth_getBalance", "[\"" A0 "\",\"latest\"]", "\"0x21e19e0c9bab2400000\"");
    DESK_IS(&d, "eth_getTransactionCount", "[\"" A0 "\",\"pending\"]", "\"0x0\"");
    DESK_IS(&d, "eth_getCode", "[\"" A0 "\",\"latest\"]", "\"0x\"");
    DESK_IS(&d, "eth_blockNumber", "[]", "\"0x0\"");
    for (int i = 0; i < CHAIN_CONTRACTS; i++) {
        riv_buf     at = riv_buf_in(d.arena);
        eth_address a  = chain_contract_address((chain_contract)i);
        riv_putf(&at, "[\"");
        eth_put_address(&at, &a);
        riv_putf(&at, "\",\"latest\"]");
        DESK_IS(&d, "eth_getCode", riv_cstr(d.arena, riv_buf_str(&at)), "\"0xfe\"");
    }
    DESK_IS(&d, "eth_estimateGas", "[{\"from\":\"" A0 "\",\"to\":\"" A1 "\",\"value\":\"0x1\"}]", "\"0x5208\"");
    desk_close(&d);
}

/* Errors of contracts come with code 3 and the ABI bytes, which ethers and others read. */
static void reverts(void **state)
{
    desk            d;
    const riv_json *error;
    riv_buf         usd = riv_buf_in(NULL), params;
    eth_address     at  = chain_contract_address(CHAIN_USD);
    (void)state;
    desk_open(&d, 0, false);
    params = riv_buf_in(d.arena);
    eth_put_address(&usd, &at);
    /* transfer(0x...01, 1) by somebody who has nothing */
    riv_putf(&params, "[{\"from\":\"" NOBODY "\",\"to\":\"" RIV_FMT "\",\"data\":\"0xa9059cbb%064d%064d\"}]",
             RIV_ARG(riv_buf_str(&usd)), 1, 1);
    assert_null(desk_call(&d, 0, "eth_estimateGas", riv_cstr(d.arena, riv_buf_str(&params)), &error));
    assert_int_equal(riv_json_get(error, RIV_LIT("code"))->u64, 3);
    assert_string_equal(riv_cstr(d.arena, riv_json_get(error, RIV_LIT("message"))->str),
                        "execution reverted: ERC20: transfer amount exceeds balance");
    assert_true(riv_str_starts(riv_json_get(error, RIV_LIT("data"))->str, RIV_LIT("0x08c379a0")));
    riv_buf_free(&usd);
    desk_close(&d);
}

static void transactions(void **state)
{
    desk            d;
    const riv_json *hash, *receipt, *tx, *block;
    (void)state;
    desk_open(&d, 0, false);
    hash =
        desk_ok(&d, "eth_sendTransaction", "[{\"from\":\"" A0 "\",\"to\":\"" A1 "\",\"value\":\"0xde0b6b3a7640000\"}]");
    const char *by_hash = riv_cstr(d.arena, riv_format(d.arena, "[\"" RIV_FMT "\"]", RIV_ARG(hash->str)));
    receipt             = desk_ok(&d, "eth_getTransactionReceipt", by_hash);
    tx                  = desk_ok(&d, "eth_getTransactionByHash", by_hash);
    block               = desk_ok(&d, "eth_getBlockByNumber", "[\"latest\",true]");
    assert_string_equal(riv_cstr(d.arena, riv_json_get(receipt, RIV_LIT("status"))->str), "0x1");
    assert_string_equal(riv_cstr(d.arena, riv_json_get(receipt, RIV_LIT("gasUsed"))->str), "0x5208");
    assert_string_equal(riv_cstr(d.arena, riv_json_get(receipt, RIV_LIT("to"))->str), A1);
    assert_string_equal(riv_cstr(d.arena, riv_json_get(tx, RIV_LIT("value"))->str), "0xde0b6b3a7640000");
    assert_true(riv_json_eq(riv_json_at(riv_json_get(block, RIV_LIT("transactions")), 0), tx));
    assert_true(riv_json_eq(riv_json_get(block, RIV_LIT("hash")), riv_json_get(receipt, RIV_LIT("blockHash"))));
    DESK_IS(&d, "eth_getBalance", "[\"" A1 "\"]", "\"0x21e27c1806e59a40000\"");
    DESK_IS(&d, "eth_getBalance", "[\"" A1 "\",\"0x0\"]", "\"0x21e19e0c9bab2400000\"");
    DESK_FAILS(&d, 0, "eth_sendRawTransaction", desk_send_params(&d, 0, 1, 0, 5, 0), -32000,
               "nonce too low: next nonce 1, tx nonce 0");
    DESK_FAILS(&d, 0, "eth_sendRawTransaction", desk_send_params(&d, 0, 1, 18, 5, 0), -32000,
               "nonce too high: next nonce 1, tx nonce 18");
    desk_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(envelopes),        cmocka_unit_test(limits),      cmocka_unit_test(arguments),
        cmocka_unit_test(development_keys), cmocka_unit_test(state_calls), cmocka_unit_test(reverts),
        cmocka_unit_test(transactions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
