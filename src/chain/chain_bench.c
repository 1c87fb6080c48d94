/* chain_bench.c: transfers applied with and without the recovery of senders, beside recovery alone; accounts at genesis; what a transfer leaves in the store. */
#define _POSIX_C_SOURCE 200809L
#include "chain/chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ACCOUNTS = 1000, TRANSFERS = 20000, BLOCK = 1000, MANY_ACCOUNTS = 100000 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check(riv_err err, const riv_fault *fault)
{
    if (!err) return;
    printf("%s: %s\n", riv_err_name(err), fault->msg);
    exit(1);
}

typedef struct made {
    crypto_secret *keys;
    chain_balance *balances;
    riv_bytes     *raw;
    eth_tx        *txs;
} made;

static made make(riv_arena *arena, const chain_params *params)
{
    riv_fault fault = { 0 };
    riv_prng  r     = riv_prng_seed(1);
    made      m     = { riv_new(arena, crypto_secret, ACCOUNTS), riv_new(arena, chain_balance, ACCOUNTS),
                        riv_new(arena, riv_bytes, TRANSFERS), riv_new(arena, eth_tx, TRANSFERS) };
    for (size_t i = 0; i < ACCOUNTS; i++) {
        crypto_secp_public key;
        riv_prng_fill(&r, m.keys[i].bytes, sizeof m.keys[i].bytes);
        check(crypto_secp_public_of(&m.keys[i], &key), &fault);
        m.balances[i] = (chain_balance){ eth_address_of_key(&key), u256_of(UINT64_C(1) << 60), U256_ZERO };
    }
    for (size_t i = 0; i < TRANSFERS; i++) {
        eth_tx tx = {
            .type = 2, .chain_id = params->chain_id, .nonce = i / ACCOUNTS, .gas_limit = 50000, .value = u256_of(1)
        };
        riv_buf raw = riv_buf_in(arena);
        tx.to       = m.balances[riv_prng_below(&r, ACCOUNTS)].who;
        check(eth_tx_sign(&tx, &m.keys[i % ACCOUNTS], &raw, &fault), &fault);
        m.raw[i] = riv_buf_view(&raw);
    }
    return m;
}

static double recover_all(made *m)
{
    riv_fault fault = { 0 };
    double    start = now_s();
    for (size_t i = 0; i < TRANSFERS; i++) {
        riv_arena *arena = riv_arena_new(0);
        check(eth_tx_read(m->raw[i], arena, &fault, &m->txs[i]), &fault);
        riv_arena_free(arena);
    }
    return TRANSFERS / (now_s() - start);
}

static double apply_all(const chain *engine, const chain_params *params, const made *m, bool decoded, double *bytes)
{
    riv_fault     fault  = { 0 };
    chain_memory *memory = chain_memory_new();
    chain_store   store  = chain_memory_store(memory);
    riv_arena    *arena  = riv_arena_new(0);
    chain_block   block;
    double        spent = 0;
    check(chain_genesis(engine, params, &store, arena, &fault, &block), &fault);
    chain_memory_apply(memory, block.writes, block.writes_count);
    *bytes = 0;
    for (size_t at = 0; at < TRANSFERS; at += BLOCK) {
        chain_block_input in = { .height    = block.height + 1,
                                 .time_s    = block.time_s + 1,
                                 .txs       = m->raw + at,
                                 .txs_count = BLOCK,
                                 .decoded   = decoded ? m->txs + at : NULL };
        riv_arena_reset(arena);
        double start = now_s();
        check(chain_apply(engine, &store, &in, arena, &fault, &block), &fault);
        spent += now_s() - start;
        for (size_t i = 0; i < BLOCK; i++)
            if (!block.receipts[i].ok)
                check(riv_fail(&fault, RIV_E_CONFLICT, i, RIV_FMT, RIV_ARG(block.receipts[i].error)), &fault);
        for (size_t i = 0; i < block.writes_count; i++)
            *bytes += (double)(block.writes[i].key.len + block.writes[i].value.len);
        chain_memory_apply(memory, block.writes, block.writes_count);
    }
    riv_arena_free(arena);
    chain_memory_free(memory);
    return TRANSFERS / spent;
}

static void bench_genesis(const chain *engine, chain_params params)
{
    riv_arena     *arena  = riv_arena_new(0);
    chain_memory  *memory = chain_memory_new();
    chain_store    store  = chain_memory_store(memory);
    chain_balance *all    = riv_new(arena, chain_balance, MANY_ACCOUNTS);
    riv_prng       r      = riv_prng_seed(2);
    riv_fault      fault  = { 0 };
    chain_block    block;
    for (size_t i = 0; i < MANY_ACCOUNTS; i++) {
        riv_prng_fill(&r, all[i].who.bytes, sizeof all[i].who.bytes);
        all[i].flt = u256_of(i + 1);
    }
    params.balances       = all;
    params.balances_count = MANY_ACCOUNTS;
    double start          = now_s();
    check(chain_genesis(engine, &params, &store, arena, &fault, &block), &fault);
    printf("%-44s %12.0f accounts/s\n", "genesis, 100,000 accounts", MANY_ACCOUNTS / (now_s() - start));
    chain_memory_free(memory);
    riv_arena_free(arena);
}

int main(void)
{
    riv_arena   *arena  = riv_arena_new(0);
    chain       *engine = chain_new();
    chain_params params;
    double       bytes;
    chain_params_local(&params);
    params.block_gas_max  = UINT64_C(1) << 40;
    made m                = make(arena, &params);
    params.balances       = m.balances;
    params.balances_count = ACCOUNTS;
    double alone = recover_all(&m), whole = apply_all(engine, &params, &m, false, &bytes),
           rest = apply_all(engine, &params, &m, true, &bytes);
    printf("%-44s %12.0f /s\n", "transactions decoded, senders recovered", alone);
    printf("%-44s %12.0f /s, %.2f of recovery alone\n", "transfers applied, blocks of 1,000", whole, whole / alone);
    printf("%-44s %12.0f /s\n", "the same, senders known", rest);
    printf("%-44s %12.0f bytes\n", "to the store for each transfer", bytes / TRANSFERS);
    bench_genesis(engine, params);
    chain_free(engine);
    riv_arena_free(arena);
    return 0;
}
