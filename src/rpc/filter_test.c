/* filter_test.c: what logs, filters and subscriptions are given, by geth's rules; transactions as they came.
 * The signed transactions with access lists are those of ethers 6.7.1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rpc/testing.h"

#define A0       "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
#define NO_BLOCK "0x1100000000000000000000000000000000000000000000000000000000000022"

/* approve(account 1, 5) of USD by account 0: one log. */
static const char *log_params(desk *d)
{
    riv_buf     out = riv_buf_in(d->arena);
    eth_address usd = chain_contract_address(CHAIN_USD), spender = chain_development_account(1);
    riv_putf(&out, "[{\"from\":\"" A0 "\",\"to\":\"");
    eth_put_address(&out, &usd);
    riv_putf(&out, "\",\"data\":\"0x095ea7b3%024d", 0);
    for (size_t i = 0; i < sizeof spender.bytes; i++) riv_putf(&out, "%02x", spender.bytes[i]);
    riv_putf(&out, "%064d\"}]", 5);
    return riv_cstr(d->arena, riv_buf_str(&out));
}

static size_t logs_in(desk *d, const char *method, const char *params)
{
    const riv_json *all = desk_ok(d, method, params);
    assert_int_equal(all->kind, RIV_JSON_ARR);
    return all->arr.count;
}

/* Blocks 1 to 3 have a log each. How many are found, or why none may be. */
static void spans(void **state)
{
    static const struct {
        const char *filter;
        size_t      found;
        int         code;
        const char *message;
    } cases[] = {
        { "{\"fromBlock\":\"0x0\"}", 3, 0, NULL },
        { "{}", 1, 0, NULL },
        { "{\"fromBlock\":\"earliest\",\"toBlock\":\"0x2\"}", 2, 0, NULL },
        { "{\"fromBlock\":null,\"toBlock\":null,\"blockHash\":null}", 1, 0, NULL },
        { "{\"fromBlock\":\"0x2\",\"toBlock\":\"safe\"}", 2, 0, NULL },
        { "{\"fromBlock\":\"0x1\",\"toBlock\":\"0xff\"}", 3, 0, NULL },
        /* who asks from the block to come, as pollers do, finds nothing yet */
        { "{\"fromBlock\":\"0x4\"}", 0, 0, NULL },
        { "{\"fromBlock\":\"0x4\",\"toBlock\":\"latest\"}", 0, 0, NULL },
        { "{\"fromBlock\":\"0x4\",\"toBlock\":\"0x9\"}", 0, 0, NULL },
        { "{\"fromBlock\":\"0xffffffffffffffff\"}", 0, 0, NULL },
        { "{\"fromBlock\":\"latest\",\"toBlock\":\"0x1\"}", 0, 0, NULL },
        { "{\"fromBlock\":\"0x3\",\"toBlock\":\"0x2\"}", 0, -32602, "invalid block range params" },
        { "{\"fromBlock\":\"0x3\",\"toBlock\":\"earliest\"}", 0, -32602, "invalid block range params" },
        { "{\"blockHash\":\"" NO_BLOCK "\"}", 0, -32000, "unknown block" },
        { "{\"fromBlock\":\"" NO_BLOCK "\"}", 0, -32000, "unknown block" },
        { "{\"toBlock\":\"" NO_BLOCK "\"}", 0, -32000, "unknown block" },
        { "{\"blockHash\":\"latest\"}", 0, -32602, "invalid argument 0: expected a hash: 0x and 64 digits" },
        { "{\"blockHash\":\"0x1\"}", 0, -32602, "invalid argument 0: expected a hash: 0x and 64 digits" },
        { "{\"blockHash\":\"" NO_BLOCK "\",\"fromBlock\":\"0x1\"}", 0, -32602,
          "cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other" },
    };
    desk d;
    (void)state;
    desk_open(&d, 0, false);
    for (int i = 0; i < 3; i++) desk_ok(&d, "eth_sendTransaction", log_params(&d));
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        const char *params = riv_cstr(d.arena, riv_format(d.arena, "[%s]", cases[i].filter));
        if (cases[i].message) {
            DESK_FAILS(&d, 0, "eth_getLogs", params, cases[i].code, cases[i].message);
            DESK_FAILS(&d, 0, "eth_newFilter", params, cases[i].code, cases[i].message);
            continue;
        }
        if (logs_in(&d, "eth_getLogs", params) != cases[i].found) fail_msg("%s", cases[i].filter);
        assert_int_equal(desk_ok(&d, "eth_newFilter", params)->kind, RIV_JSON_STR);
    }
    desk_close(&d);
}

/* A filter that begins in a block to come is told of it and of those behind it, one that ends is told no more. */
static void changes(void **state)
{
    desk d;
    (void)state;
    desk_open(&d, 0, false);
    const char *early = riv_cstr(
        d.arena,
        riv_json_text(
            riv_json_arr(d.arena, (const riv_json *[]){ desk_ok(&d, "eth_newFilter", "[{\"fromBlock\":\"0x2\"}]") }, 1),
            d.arena));
    const char *ends = riv_cstr(
        d.arena, riv_json_text(riv_json_arr(d.arena,
                                            (const riv_json *[]){ desk_ok(
                                                &d, "eth_newFilter", "[{\"fromBlock\":\"0x0\",\"toBlock\":\"0x2\"}]") },
                                            1),
                               d.arena));
    static const size_t told[][2] = { { 0, 1 }, { 1, 1 }, { 1, 0 } };
    for (size_t i = 0; i < RIV_COUNT(told); i++) {
        desk_ok(&d, "eth_sendTransaction", log_params(&d));
        assert_int_equal(logs_in(&d, "eth_getFilterChanges", early), told[i][0]);
        assert_int_equal(logs_in(&d, "eth_getFilterChanges", ends), told[i][1]);
    }
    assert_int_equal(logs_in(&d, "eth_getFilterLogs", early), 2);
    assert_int_equal(logs_in(&d, "eth_getFilterLogs", ends), 2);
    desk_close(&d);
}

static void access_lists(void **state)
{
    static const char *const raws[] = {
        "0x01f8d6827a698080829c409470997970c51812dc3a010c7d01b50e0d17dc79c80180f872f859945fbdb2315678afec"
        "b367f032d93f642f64180aa3f842a01111111111111111111111111111111111111111111111111111111111111111a0"
        "2222222222222222222222222222222222222222222222222222222222222222d694f39fd6e51aad88f6f4ce6ab88272"
        "79cfffb92266c080a06568a18a9692fdd8ea2205ac6b0b184c775eb8c4a7220e0986b1f81d15851023a003b75391db48"
        "a8d518e553910773b64d3d49a5a87a9af863c4806d15945dca55",
        "0x02f8d7827a69018080829c409470997970c51812dc3a010c7d01b50e0d17dc79c80180f872f859945fbdb2315678af"
        "ecb367f032d93f642f64180aa3f842a01111111111111111111111111111111111111111111111111111111111111111"
        "a02222222222222222222222222222222222222222222222222222222222222222d694f39fd6e51aad88f6f4ce6ab882"
        "7279cfffb92266c080a0ef2865b7a96ff52ba3c466f9d60303fc5ce8e0ab31f1dad015ceb6dd9d1fb61ea05002efc767"
        "7ce10289aae4485110232233c93638eb9fac3507616c159a3af2c2",
    };
    static const char wanted[] = "[{\"address\":\"0x5fbdb2315678afecb367f032d93f642f64180aa3\",\"storageKeys\":["
                                 "\"0x1111111111111111111111111111111111111111111111111111111111111111\","
                                 "\"0x2222222222222222222222222222222222222222222222222222222222222222\"]},"
                                 "{\"address\":\"" A0 "\",\"storageKeys\":[]}]";
    desk              d;
    (void)state;
    desk_open(&d, 1000, false);
    for (size_t i = 0; i < 2 * RIV_COUNT(raws); i++) { /* while it waits, and in its block */
        const char *raw = riv_cstr(d.arena, riv_format(d.arena, "[\"%s\"]", raws[i / 2]));
        crypto_hash hash;
        riv_buf     bytes = riv_buf_in(d.arena);
        for (size_t k = 2; raws[i / 2][k]; k += 2) {
            u256 byte;
            assert_int_equal(u256_parse(riv_format(d.arena, "0x%.2s", raws[i / 2] + k), NULL, &byte), RIV_OK);
            riv_put_u8(&bytes, (uint8_t)byte.limb[0]);
        }
        hash = crypto_keccak256(riv_buf_view(&bytes));
        if (i % 2 == 0)
            desk_ok(&d, "eth_sendRawTransaction", raw);
        else
            desk_ok(&d, "evm_mine", "[]");
        riv_buf by = riv_buf_in(d.arena);
        riv_putf(&by, "[\"0x");
        for (size_t k = 0; k < sizeof hash.bytes; k++) riv_putf(&by, "%02x", hash.bytes[k]);
        riv_putf(&by, "\"]");
        const riv_json *tx = desk_ok(&d, "eth_getTransactionByHash", riv_cstr(d.arena, riv_buf_str(&by)));
        assert_int_equal(riv_json_get(tx, RIV_LIT("blockHash"))->kind == RIV_JSON_NULL, i % 2 == 0);
        assert_string_equal(riv_cstr(d.arena, riv_json_text(riv_json_get(tx, RIV_LIT("accessList")), d.arena)), wanted);
    }
    desk_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(spans), cmocka_unit_test(changes),
                                        cmocka_unit_test(access_lists) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
