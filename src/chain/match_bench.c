/* match_bench.c: CPU time of matching without candidates against 100,000 offers (or as many as the first argument says) that lie in a store: each match is a call in a new block. */
#define _POSIX_C_SOURCE 200809L
#include "chain/market.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { OFFERS = 100000, OFFERS_A_BLOCK = 5000, PRICES = 1000, FEW = 10, MANY = 1000, MATCHES = 400, WORKERS = 3 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- a chain without transactions: calls straight to the contracts ---- */

typedef struct bench {
    chain        *engine;
    chain_memory *memory;
    chain_store   store;
    chain_params  params;
    riv_arena    *arena; /* of the block */
    chain__state *state;
    chain__logs   logs;
    uint64_t      version, time_s;
    eth_value     out;
} bench;

static eth_address named(const char *kind, uint64_t i)
{
    char        text[64];
    eth_address out;
    int         len  = snprintf(text, sizeof text, "%s %llu", kind, (unsigned long long)i);
    crypto_hash hash = crypto_keccak256((riv_bytes){ (const uint8_t *)text, (size_t)len });
    memcpy(out.bytes, hash.bytes, sizeof out.bytes);
    return out;
}

static eth_value id_of(const char *kind, uint64_t i)
{
    uint8_t     id[32] = { 0 };
    eth_address a      = named(kind, i);
    memcpy(id, a.bytes, sizeof a.bytes);
    return eth_of_hash(id);
}

static void block_begin(bench *b)
{
    b->arena = riv_arena_new(0);
    b->state = chain__state_new(&b->store, b->version, b->arena);
    b->logs  = (chain__logs){ 0 };
}

static void block_end(bench *b)
{
    crypto_hash  root;
    chain_write *writes;
    size_t       count;
    riv_fault    fault = { 0 };
    if (chain__commit(b->state, ++b->version, b->arena, &fault, &root, &writes, &count)) {
        printf("commit: %s\n", fault.msg);
        exit(1);
    }
    chain_memory_apply(b->memory, writes, count);
    riv_arena_free(b->arena);
}

static chain__call context(bench *b, const eth_address *sender, const eth_address *to, chain__meter *meter)
{
    return (chain__call){ .engine = b->engine,
                          .state  = b->state,
                          .params = &b->params,
                          .arena  = b->arena,
                          .height = b->version + 1,
                          .time_s = b->time_s,
                          .epoch  = 1 + (b->time_s - b->params.genesis_time_s) / b->params.epoch_seconds,
                          .self   = *to,
                          .sender = *sender,
                          .logs   = &b->logs,
                          .meter  = meter };
}

/* The time that it took, without the encoding. */
static double call(bench *b, const eth_address *sender, chain_contract which, u256 value, const char *signature,
                   const eth_value *args, uint64_t *gas)
{
    riv_str      name;
    eth_type     types, returns;
    riv_bytes    returned;
    riv_buf      data  = riv_buf_in(b->arena);
    eth_address  to    = chain_contract_address(which);
    chain__meter meter = { .gas_left = UINT64_C(1) << 50 };
    chain__call  c     = context(b, sender, &to, &meter);
    if (eth_signature_parse(riv_str_c(signature), b->arena, NULL, &name, &types)) exit(1);
    crypto_hash hash = eth_signature_hash(name, &types);
    eth_value   all  = eth_list(args, types.items_count);
    riv_put_bytes(&data, (riv_bytes){ hash.bytes, 4 });
    eth_abi_put(&types, &all, &data);
    c.data       = riv_buf_view(&data);
    c.value      = value;
    double start = now_s();
    if (chain__run(&c, &returned)) {
        riv_str why = chain_revert_text(b->engine, c.revert, b->arena);
        printf("%s: " RIV_FMT "\n", signature, RIV_ARG(why));
        exit(1);
    }
    double took = now_s() - start;
    if (gas) *gas = meter.gas_used;
    const chain__function_entry *e = chain__find_function(b->engine, which, chain__selector_of(&hash));
    returns                        = e->returns;
    if (eth_abi_read(&returns, returned, b->arena, NULL, &b->out)) exit(1);
    return took;
}

static eth_value list(bench *b, const eth_value *items, size_t count)
{
    eth_value *copy = riv_new(b->arena, eth_value, count + 1);
    for (size_t i = 0; i < count; i++) copy[i] = items[i];
    return eth_list(copy, count);
}

static eth_value cid(bench *b, const char *kind, uint64_t i)
{
    uint8_t         prefixes[32] = { 0x01, 0x55, 0x12, 0x20 };
    const eth_value parts[]      = { eth_of_hash(prefixes), id_of(kind, i) };
    return list(b, parts, 2);
}

static void give(bench *b, const eth_address *who, u256 flt, u256 usd)
{
    uint64_t     nonce;
    u256         balance;
    eth_address  token = chain_contract_address(CHAIN_USD);
    chain__meter meter = { .gas_left = UINT64_C(1) << 50 };
    chain__call  c     = context(b, who, &token, &meter);
    chain__account_get(&c, who, &nonce, &balance);
    if (!u256_add(balance, flt, &balance)) exit(1);
    chain__account_put(&c, who, nonce, balance);
    if (chain__mint(&c, &token, who, usd)) exit(1);
}

/* ---- the market ---- */

/* One peer with one unit, one effector of a few and one of many; the price is anywhere. */
static void make_offer(bench *b, uint64_t i, uint64_t price)
{
    eth_address     provider = named("provider", i), token = chain_contract_address(CHAIN_USD);
    const eth_value info[]       = { eth_text(RIV_LIT("p")), cid(b, "info", 0) };
    const eth_value effectors[]  = { cid(b, "few", i % FEW), cid(b, "many", i % MANY) };
    const eth_value unit         = id_of("unit", i),
                    parts[]      = { id_of("peer", i), eth_of_address(&provider), list(b, &unit, 1) };
    const eth_value peer         = list(b, parts, 3);
    const eth_value offer[]      = { eth_word(price),       eth_of_address(&token),
                                     list(b, effectors, 2), list(b, &peer, 1),
                                     eth_word(1),           eth_word(1) };
    const eth_value commitment[] = { parts[0], eth_word(100), eth_of_address(&provider), eth_word(1) };
    u256            collateral = u256_of(UINT64_C(100000000000000000)); /* of the local network's constants: 0.1 FLT */
    give(b, &provider, collateral, U256_ZERO);
    call(b, &provider, CHAIN_MARKET, U256_ZERO, "setProviderInfo(string,(bytes4,bytes32))", info, NULL);
    call(b, &provider, CHAIN_MARKET, U256_ZERO,
         "registerMarketOffer(uint256,address,(bytes4,bytes32)[],(bytes32,address,bytes32[])[],uint256,uint256)", offer,
         NULL);
    call(b, &provider, CHAIN_CAPACITY, U256_ZERO, "createCommitment(bytes32,uint256,address,uint256)", commitment,
         NULL);
    const eth_value ids[] = { list(b, b->out.items, 1) };
    call(b, &provider, CHAIN_CAPACITY, collateral, "depositCollateral(bytes32[])", ids, NULL);
}

static eth_value make_deal(bench *b, const eth_address *customer, const eth_value *effectors, size_t count)
{
    eth_address     factory = chain_contract_address(CHAIN_DEAL_FACTORY), token = chain_contract_address(CHAIN_USD);
    uint64_t        deposit   = (uint64_t)PRICES * WORKERS * 4;
    const eth_value approve[] = { eth_of_address(&factory), eth_word(deposit) };
    const eth_value args[]    = { cid(b, "app", 0),  eth_of_address(&token), eth_word(deposit), eth_word(1),
                                  eth_word(WORKERS), eth_word(WORKERS),      eth_word(PRICES),  list(b, effectors, count),
                                  eth_word(0),       eth_list(NULL, 0),      eth_word(1) };
    give(b, customer, U256_ZERO, u256_of(deposit));
    call(b, customer, CHAIN_USD, U256_ZERO, "approve(address,uint256)", approve, NULL);
    call(b, customer, CHAIN_DEAL_FACTORY, U256_ZERO,
         "deployDeal((bytes4,bytes32),address,uint256,uint256,uint256,uint256,uint256,(bytes4,bytes32)[],uint8,address["
         "],uint256)",
         args, NULL);
    return b->out.items[0];
}

static int by_time(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Each match in a block of its own: what it reads comes from the store. */
static void measure(bench *b, const char *what, bool few, bool many)
{
    static double took[MATCHES];
    eth_address   customer = named("customer", 0);
    uint64_t      gas = 0, units = 0;
    double        sum = 0;
    for (uint64_t i = 0; i < MATCHES; i++) {
        eth_value effectors[2];
        size_t    count = 0;
        block_begin(b);
        if (few) effectors[count++] = cid(b, "few", i % FEW);
        if (many) effectors[count++] = cid(b, "many", i % FEW + FEW * (i % (MANY / FEW)));
        eth_value deal = make_deal(b, &customer, effectors, count);
        block_end(b);
        block_begin(b);
        took[i] = call(b, &customer, CHAIN_MARKET, U256_ZERO, "matchDeal(address)", &deal, &gas);
        units += b->out.items[0].word.limb[0];
        sum += took[i];
        block_end(b);
    }
    qsort(took, MATCHES, sizeof took[0], by_time);
    printf("%-34s %4.1f units a deal, median %.3f ms, mean %.3f ms, worst %.3f ms, gas %llu\n", what,
           (double)units / MATCHES, took[MATCHES / 2] * 1e3, sum / MATCHES * 1e3, took[MATCHES - 1] * 1e3,
           (unsigned long long)gas);
}

int main(int argc, char **argv)
{
    uint64_t offers = argc > 1 ? strtoull(argv[1], NULL, 10) : OFFERS;
    riv_prng r      = riv_prng_seed(1);
    bench    b      = { .engine = chain_new(), .memory = chain_memory_new() };
    b.store         = chain_memory_store(b.memory);
    chain_params_local(&b.params);
    b.params.proofs_mocked = true;
    b.params.epoch_seconds = CHAIN_EPOCH_SECONDS_DEFAULT;
    b.time_s               = b.params.genesis_time_s;
    double start           = now_s();
    for (uint64_t i = 0; i < offers;) {
        block_begin(&b);
        for (uint64_t until = RIV_MIN(offers, i + OFFERS_A_BLOCK); i < until; i++)
            make_offer(&b, i, 1 + riv_prng_below(&r, PRICES));
        block_end(&b);
    }
    printf("%llu offers listed in %.1f s, state's commits included\n", (unsigned long long)offers, now_s() - start);
    b.time_s += b.params.epoch_seconds; /* the commitments begin */
    measure(&b, "any effectors", false, false);
    measure(&b, "one effector of 10", true, false);
    measure(&b, "two effectors, of 10 and of 1000", true, true);
    chain_memory_free(b.memory);
    chain_free(b.engine);
    return 0;
}
