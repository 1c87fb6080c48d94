/* answer_fuzz.c: lines of any text are requests to a development chain: every answer is JSON-RPC, every notice is JSON, and the chain replays from its blocks. */
#include "rpc/rpc.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES_MAX = 16 };

static void check_json(riv_str text)
{
    riv_arena      *arena = riv_arena_new(0);
    const riv_json *v;
    riv_err         err = riv_json_parse(text, arena, NULL, &v);
    RIV_ASSERT(!err);
    RIV_ASSERT(v->kind == RIV_JSON_ARR || riv_json_get(v, RIV_LIT("jsonrpc")) != NULL);
    riv_arena_free(arena);
}

static void check_replay(const chain *engine, const chain_params *params, const chain_store *store)
{
    riv_arena   *arena = riv_arena_new(0);
    riv_buf      out   = riv_buf_in(arena);
    chain_head   head;
    rpc_block    b;
    rpc_replayed r;
    riv_err      err = chain_head_read(store, UINT64_MAX, arena, NULL, &head);
    RIV_ASSERT(!err);
    rpc_export_start(params, arena, &out);
    for (uint64_t h = 0; h <= head.height; h++) {
        err = rpc_block_read(store, h, true, arena, NULL, &b);
        RIV_ASSERT(!err);
        rpc_export_block(&b, &out);
    }
    err = rpc_replay(engine, NULL, riv_buf_view(&out), NULL, &r);
    RIV_ASSERT(!err && memcmp(&r.hash, &head.hash, sizeof r.hash) == 0);
    riv_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_arena    *arena  = riv_arena_new(0);
    chain        *engine = chain_new();
    chain_memory *memory = chain_memory_new();
    chain_params  params;
    rpc          *r;
    riv_str       text = { (const char *)data, size };
    chain_params_local(&params);
    chain_balances_local(arena, &params);
    rpc_config config = { .engine = engine, .place = rpc_place_memory(memory), .genesis = &params };
    riv_err    err    = rpc_open(&config, NULL, &r);
    RIV_ASSERT(!err);
    for (size_t at = 0, i = 0; at < text.len && i < LINES_MAX; i++) {
        size_t  end   = RIV_MIN(riv_str_find_char(text, '\n', at), text.len);
        riv_buf reply = { 0 };
        rpc_answer(r, i % 2, UINT64_C(1704067200000) + 1000 * i, riv_str_sub(text, at, end), &reply);
        if (reply.len) check_json(riv_buf_str(&reply));
        const rpc_notice *notices;
        size_t            count = rpc_notices(r, &notices);
        for (size_t k = 0; k < count; k++) check_json(notices[k].text);
        riv_buf_free(&reply);
        at = end + 1;
    }
    check_replay(engine, &params, &config.place.store);
    rpc_close(r);
    chain_memory_free(memory);
    chain_free(engine);
    riv_arena_free(arena);
    return 0;
}
