/* index_bench.c: how fast blocks become entities: offers of ten peers with five units each, which go into deals and come back. Usage: index_bench [OFFERS] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "graph/internal.h"

enum { PEERS = 10, UNITS = 5, LOGS_A_BLOCK = PEERS * (1 + 3 * UNITS) + 1 };

typedef struct bench {
    chain       *engine;
    chain_store  store;
    chain_params params;
    graph       *g;
    riv_arena   *arena; /* of a block */
    uint64_t     height, logs;
    double       seconds;
    chain_log    waiting[LOGS_A_BLOCK + 2];
    size_t       count;
} bench;

/* CPU time: benches run beside others. */
static double now_s(void) { return (double)clock() / CLOCKS_PER_SEC; }

static eth_value id(char kind, uint64_t number)
{
    uint8_t bytes[32] = { (uint8_t)kind };
    for (int i = 0; i < 8; i++) bytes[31 - i] = (uint8_t)(number >> (8 * i));
    return eth_of_hash(bytes);
}

static void tell(bench *b, const eth_address *at, const char *event, const eth_value *values)
{
    riv_str      name;
    eth_type     args;
    riv_buf      data   = riv_buf_in(b->arena);
    crypto_hash *topics = riv_new(b->arena, crypto_hash, 4);
    size_t       plain = 0, topics_count = 1;
    riv_err      err = eth_signature_parse(riv_str_c(event), b->arena, NULL, &name, &args);
    RIV_ASSERT(!err);
    eth_type  *types = riv_new(b->arena, eth_type, args.items_count);
    eth_value *rest  = riv_new(b->arena, eth_value, args.items_count);
    topics[0]        = eth_signature_hash(name, &args);
    for (size_t i = 0; i < args.items_count; i++) {
        if (args.items[i].indexed) {
            u256_to_be(values[i].word, topics[topics_count++].bytes);
        } else {
            types[plain]  = args.items[i];
            rest[plain++] = values[i];
        }
    }
    eth_type  tuple = { .kind = ETH_TUPLE, .items = types, .items_count = plain };
    eth_value all   = eth_list(rest, plain);
    eth_abi_put(&tuple, &all, &data);
    b->waiting[b->count++] = (chain_log){ *at, topics, topics_count, riv_buf_view(&data) };
}

static void block(bench *b)
{
    riv_fault           fault = { 0 };
    const chain_receipt r     = { .valid = true, .ok = true, .logs = b->waiting, .logs_count = b->count };
    const chain_block   made  = {
           .height = b->height++, .time_s = b->params.genesis_time_s + b->height, .receipts = &r, .receipts_count = 1
    };
    double from = now_s();
    if (graph_apply(b->g, &made, &b->store, &fault)) {
        fprintf(stderr, "%s\n", fault.msg);
        exit(1);
    }
    b->seconds += now_s() - from;
    b->logs += b->count;
    b->count = 0;
    riv_arena_reset(b->arena);
}

static eth_value cid(bench *b)
{
    eth_value *two = riv_new(b->arena, eth_value, 2);
    two[0] = two[1] = eth_word(0);
    return eth_list(two, 2);
}

static void deal(bench *b, const eth_address *at)
{
    eth_address factory = chain_contract_address(CHAIN_DEAL_FACTORY), usd = chain_contract_address(CHAIN_USD),
                owner      = b->params.owner;
    const eth_value args[] = { eth_of_address(&owner),
                               eth_of_address(at),
                               eth_word(1),
                               eth_of_address(&usd),
                               eth_word(1),
                               eth_word(9),
                               eth_word(9),
                               eth_word(5),
                               eth_list(NULL, 0),
                               cid(b),
                               eth_word(0),
                               eth_list(NULL, 0),
                               eth_word(1) };
    tell(b, &factory,
         "DealCreated(address indexed "
         "owner,address,uint256,address,uint256,uint256,uint256,uint256,(bytes4,bytes32)[],(bytes4,bytes32),uint8,"
         "address[],uint256)",
         args);
    block(b);
}

static void offer(bench *b, uint64_t n, const eth_address *at)
{
    eth_address market = chain_contract_address(CHAIN_MARKET), usd = chain_contract_address(CHAIN_USD),
                owner        = b->params.owner;
    eth_value       effector = cid(b), deal_value = eth_of_address(at);
    const eth_value offered[] = { eth_of_address(&owner), id('o', n),  eth_word(n), eth_of_address(&usd),
                                  eth_list(&effector, 1), eth_word(1), eth_word(1) };
    tell(b, &market,
         "MarketOfferRegistered(address indexed provider,bytes32,uint256,address,(bytes4,bytes32)[],uint256,uint256)",
         offered);
    for (uint64_t p = n * PEERS; p < (n + 1) * PEERS; p++) {
        const eth_value peer[] = { id('o', n), id('p', p), eth_of_address(&owner) };
        tell(b, &market, "PeerCreated(bytes32 indexed offerId,bytes32,address)", peer);
        for (uint64_t u = p * UNITS; u < (p + 1) * UNITS; u++) {
            const eth_value unit[] = { id('p', p), id('u', u) }, moved[] = { id('u', u), deal_value, id('p', p) };
            tell(b, &market, "ComputeUnitCreated(bytes32 indexed peerId,bytes32)", unit);
            tell(b, &market, "ComputeUnitAddedToDeal(bytes32 indexed unitId,address,bytes32)", moved);
            tell(b, &market, "ComputeUnitRemovedFromDeal(bytes32 indexed unitId,address,bytes32)", moved);
        }
    }
    block(b);
}

int main(int argc, char **argv)
{
    static bench b;
    chain_block  genesis;
    riv_fault    fault  = { 0 };
    uint64_t     offers = argc > 1 ? strtoull(argv[1], NULL, 10) : 2000;
    eth_address  at;
    memset(at.bytes, 0xdd, sizeof at.bytes);
    b.arena  = riv_arena_new(0);
    b.engine = chain_new();
    b.store  = chain_memory_store(chain_memory_new());
    b.g      = graph_new(b.engine);
    chain_params_local(&b.params);
    riv_arena *arena = riv_arena_new(0);
    if (chain_genesis(b.engine, &b.params, &b.store, arena, &fault, &genesis)) return 1;
    chain_memory_apply(b.store.ctx, genesis.writes, genesis.writes_count);
    if (graph_apply(b.g, &genesis, &b.store, &fault)) return 1;
    b.height = 1;
    deal(&b, &at);
    for (uint64_t n = 0; n < offers; n++) offer(&b, n, &at);
    printf("graph index: %llu logs of %llu blocks in %.2f s: %.0f logs/s, %.1f MB for %llu units\n",
           (unsigned long long)b.logs, (unsigned long long)b.height, b.seconds, (double)b.logs / b.seconds,
           (double)riv_arena_held(b.g->arena) / 1e6, (unsigned long long)(offers * PEERS * UNITS));
    return 0;
}
