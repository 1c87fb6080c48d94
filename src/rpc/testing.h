/* testing.h: a development chain in memory that is asked by text. Include it after cmocka. */
#ifndef RIV_RPC_TESTING_H
#define RIV_RPC_TESTING_H

#include "rpc/rpc.h"

typedef struct desk {
    riv_arena    *arena;
    chain        *engine;
    chain_memory *memory;
    chain_params  params;
    rpc          *rpc;
    uint64_t      now_ms;
    bool          commit_fails;
    rpc_place     place;
} desk;

static inline riv_err desk_commit(void *ctx, const chain_write *writes, size_t count, riv_fault *fault)
{
    desk *d = ctx;
    if (d->commit_fails) return riv_fail(fault, RIV_E_IO, 0, "the disk is full");
    chain_memory_apply(d->memory, writes, count);
    return RIV_OK;
}

static inline void desk_open(desk *d, uint64_t interval_ms, bool fees)
{
    riv_fault fault = { 0 };
    *d = (desk){ .arena = riv_arena_new(0), .engine = chain_new(), .memory = chain_memory_new(), .now_ms = UINT64_C(1704067200000) };
    chain_params_local(&d->params);
    chain_balances_local(d->arena, &d->params);
    d->params.fees = fees;
    d->place       = (rpc_place){ chain_memory_store(d->memory), d, desk_commit };
    rpc_config config = { .engine = d->engine, .place = d->place, .genesis = &d->params, .interval_ms = interval_ms };
    if (rpc_open(&config, &fault, &d->rpc)) fail_msg("%s", fault.msg);
}

static inline void desk_close(desk *d)
{
    rpc_close(d->rpc);
    chain_memory_free(d->memory);
    chain_free(d->engine);
    riv_arena_free(d->arena);
}

/* The whole answer as text, for comparing. */
static inline const char *desk_text(desk *d, uint64_t conn, const char *request)
{
    riv_buf out = riv_buf_in(d->arena);
    rpc_answer(d->rpc, conn, d->now_ms, riv_str_c(request), &out);
    return riv_cstr(d->arena, riv_buf_str(&out));
}

/* One call: its result; or NULL with the error in *error. */
static inline const riv_json *desk_call(desk *d, uint64_t conn, const char *method, const char *params, const riv_json **error)
{
    riv_buf         out  = riv_buf_in(d->arena);
    const riv_json *root = NULL;
    riv_str         text = riv_format(d->arena, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}", method, params);
    rpc_answer(d->rpc, conn, d->now_ms, text, &out);
    if (riv_json_parse(riv_buf_str(&out), d->arena, NULL, &root)) fail_msg("no JSON: " RIV_FMT, RIV_ARG(riv_buf_str(&out)));
    *error = riv_json_get(root, RIV_LIT("error"));
    return *error ? NULL : riv_json_get(root, RIV_LIT("result"));
}

static inline const riv_json *desk_ok(desk *d, const char *method, const char *params)
{
    const riv_json *error, *result = desk_call(d, 0, method, params, &error);
    if (error) fail_msg("%s %s: " RIV_FMT, method, params, RIV_ARG(riv_json_text(error, d->arena)));
    return result;
}

/* The result as JSON text. */
#define DESK_IS(d, method, params, want) \
    assert_string_equal(riv_cstr((d)->arena, riv_json_text(desk_ok((d), (method), (params)), (d)->arena)), (want))
#define DESK_FAILS(d, conn, method, params, code_, message_)                                                     \
    do {                                                                                                         \
        const riv_json *error_;                                                                                  \
        assert_null(desk_call((d), (conn), (method), (params), &error_));                                        \
        assert_string_equal(riv_cstr((d)->arena, riv_json_get(error_, RIV_LIT("message"))->str), (message_));     \
        const riv_json *number_ = riv_json_get(error_, RIV_LIT("code"));                                          \
        assert_int_equal(number_->kind == RIV_JSON_I64 ? number_->i64 : (int64_t)number_->u64, (code_));          \
    } while (0)

/* A signed transfer of wei from a development account, as hexadecimal text. */
static inline riv_str desk_raw(desk *d, size_t from, size_t to, uint64_t nonce, uint64_t wei, uint64_t fee)
{
    riv_buf       raw = riv_buf_in(d->arena), out = riv_buf_in(d->arena);
    crypto_secret key = rpc_development_key(from);
    eth_tx        tx  = { .type = 2, .chain_id = 31337, .protected_by_chain = true, .nonce = nonce, .gas_limit = 21000,
                          .max_fee = u256_of(fee), .max_tip = u256_of(fee / 2), .to = chain_development_account(to), .value = u256_of(wei) };
    assert_int_equal(eth_tx_sign(&tx, &key, &raw, NULL), RIV_OK);
    riv_putf(&out, "0x");
    for (size_t i = 0; i < raw.len; i++) riv_putf(&out, "%02x", raw.ptr[i]);
    return riv_buf_str(&out);
}

static inline const char *desk_send_params(desk *d, size_t from, size_t to, uint64_t nonce, uint64_t wei, uint64_t fee)
{
    return riv_cstr(d->arena, riv_format(d->arena, "[\"" RIV_FMT "\"]", RIV_ARG(desk_raw(d, from, to, nonce, wei, fee))));
}

#endif
