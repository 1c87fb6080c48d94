/* line.c: a development chain by the original's rules: answers one JSON-RPC request a line on standard input. Time stands still but for evm_increaseTime. */
#define _POSIX_C_SOURCE 200809L
#include "rpc/rpc.h"

#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    riv_arena    *arena  = riv_arena_new(0);
    chain        *engine = chain_new();
    chain_memory *memory = chain_memory_new();
    riv_fault     fault  = { 0 };
    rpc          *chain_rpc;
    chain_params  params;
    char         *line = NULL;
    size_t        cap  = 0;
    chain_params_local(&params);
    chain_balances_local(arena, &params);
    params.rules            = CHAIN_G0;
    params.epoch_seconds    = CHAIN_EPOCH_SECONDS_DEFAULT;
    params.proofs_mocked    = true;
    params.fees             = false;
    const rpc_config config = { .engine = engine, .place = rpc_place_memory(memory), .genesis = &params };
    if (rpc_open(&config, &fault, &chain_rpc)) {
        fprintf(stderr, "%s\n", fault.msg);
        return 1;
    }
    for (ssize_t len; (len = getline(&line, &cap, stdin)) > 0;) {
        riv_buf reply = { 0 };
        rpc_answer(chain_rpc, 0, (params.genesis_time_s + 10) * 1000, (riv_str){ line, (size_t)len }, &reply);
        riv_put_u8(&reply, '\n');
        fwrite(reply.ptr, 1, reply.len, stdout);
        fflush(stdout);
        riv_buf_free(&reply);
    }
    free(line);
    rpc_close(chain_rpc);
    chain_memory_free(memory);
    chain_free(engine);
    riv_arena_free(arena);
    return 0;
}
