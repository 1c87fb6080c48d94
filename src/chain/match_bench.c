/* match_bench.c: CPU time of matching without candidates against 100,000 offers (or as many as the first argument says) that lie in a store: each match is a call in a new block.
 * A quarter of them are of one provider and the cheapest, another quarter, as cheap, are for a newer protocol version; the rest are of a provider each.
 * Orders are of those that can be served at once, and of those that have all these before them. */
#define _POSIX_C_SOURCE 200809L
#include "chain/market.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    OFFERS         = 100000,
    OFFERS_A_BLOCK = 5000,
    PRICES         = 1000,
    CHEAP          = 10, /* up to this price, from 2 on: the quarters of the one provider and the newer version */
    FEW            = 10,
    MANY           = 1000,
    MATCHES        = 200,
    WORKERS        = 3,
    GONE           = 20000,
    SETTLE         = 64
};

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
    bool          served;
    chain__id    *ids; /* of all offers */
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

/* What the store in memory freed by the hundred thousand (old versions, all at once) the heap sorts when it is asked again: now, and not in a match. */
static void settle_heap(void)
{
    for (int i = 0; i < SETTLE; i++) {
        riv_arena *arena = riv_arena_new(0);
        for (int k = 0; k < 256; k++) (void)riv_arena_alloc(arena, 1024, 16);
        riv_arena_free(arena);
    }
}

static void block_begin(bench *b)
{
    settle_heap();
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
    c.data        = riv_buf_view(&data);
    c.value       = value;
    double  start = now_s();
    riv_err err   = chain__run(&c, &returned);
    double  took  = now_s() - start;
    if (gas) *gas = meter.gas_used;
    b->served = !err;
    if (err) {
        riv_str why = chain_revert_text(b->engine, c.revert, b->arena);
        if (riv_str_starts(why, RIV_LIT("MinWorkersNotMatched"))) return took;
        printf("%s: " RIV_FMT "\n", signature, RIV_ARG(why));
        exit(1);
    }
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

/* One peer with one unit, one effector of a few and one of many. */
typedef struct terms {
    eth_address provider;
    uint64_t    price, version;
} terms;

static terms terms_of(uint64_t i, riv_prng *r)
{
    terms t = { named("provider", i % 4 == 0 ? 0 : i), 2 + riv_prng_below(r, CHEAP - 1), i % 4 == 1 ? 2 : 1 };
    if (i % 4 >= 2) t.price = CHEAP + 1 + riv_prng_below(r, PRICES - CHEAP);
    return t;
}

static void make_offer(bench *b, uint64_t i, const terms *t)
{
    eth_address     token        = chain_contract_address(CHAIN_USD);
    const eth_value info[]       = { eth_text(RIV_LIT("p")), cid(b, "info", 0) };
    const eth_value effectors[]  = { cid(b, "few", i % FEW), cid(b, "many", i % MANY) };
    const eth_value unit         = id_of("unit", i),
                    parts[]      = { id_of("peer", i), eth_of_address(&t->provider), list(b, &unit, 1) };
    const eth_value peer         = list(b, parts, 3);
    const eth_value offer[]      = { eth_word(t->price), eth_of_address(&token), list(b, effectors, 2),
                                     list(b, &peer, 1),  eth_word(t->version),   eth_word(t->version) };
    const eth_value commitment[] = { parts[0], eth_word(100), eth_of_address(&t->provider), eth_word(1) };
    u256            collateral = u256_of(UINT64_C(100000000000000000)); /* of the local network's constants: 0.1 FLT */
    give(b, &t->provider, collateral, U256_ZERO);
    call(b, &t->provider, CHAIN_MARKET, U256_ZERO, "setProviderInfo(string,(bytes4,bytes32))", info, NULL);
    call(b, &t->provider, CHAIN_MARKET, U256_ZERO,
         "registerMarketOffer(uint256,address,(bytes4,bytes32)[],(bytes32,address,bytes32[])[],uint256,uint256)", offer,
         NULL);
    b->ids[i] = chain__to_id(&b->out.items[0]);
    call(b, &t->provider, CHAIN_CAPACITY, U256_ZERO, "createCommitment(bytes32,uint256,address,uint256)", commitment,
         NULL);
    const eth_value ids[] = { list(b, b->out.items, 1) };
    call(b, &t->provider, CHAIN_CAPACITY, collateral, "depositCollateral(bytes32[])", ids, NULL);
}

typedef struct wish {
    const char *what;
    const char *effectors[2]; /* "few", "many", or one that nobody has */
    uint64_t    apart;        /* how far the second effector's number is from the first one's */
    uint64_t    price, per_provider;
    bool        denied; /* the provider with a quarter of all offers */
} wish;

static eth_value make_deal(bench *b, const eth_address *customer, const wish *w, uint64_t number)
{
    eth_address     factory = chain_contract_address(CHAIN_DEAL_FACTORY), token = chain_contract_address(CHAIN_USD);
    eth_address     big       = named("provider", 0);
    const eth_value big_value = eth_of_address(&big);
    uint64_t        deposit   = w->price * WORKERS * 4;
    eth_value       effectors[2];
    size_t          count = 0;
    for (; count < 2 && w->effectors[count]; count++)
        effectors[count] = cid(b, w->effectors[count], number % FEW + count * w->apart);
    const eth_value approve[] = { eth_of_address(&factory), eth_word(deposit) };
    const eth_value args[]    = { cid(b, "app", 0),
                                  eth_of_address(&token),
                                  eth_word(deposit),
                                  eth_word(1),
                                  eth_word(WORKERS),
                                  eth_word(w->per_provider),
                                  eth_word(w->price),
                                  list(b, effectors, count),
                                  eth_word(w->denied ? CHAIN__ACCESS_BLACKLIST : CHAIN__ACCESS_NONE),
                                  list(b, &big_value, w->denied),
                                  eth_word(1) };
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
static void measure(bench *b, const wish *w)
{
    static double took[MATCHES];
    eth_address   customer = named("customer", 0);
    uint64_t      gas = 0, most = 0, units = 0;
    double        sum = 0;
    for (uint64_t i = 0; i < MATCHES; i++) {
        block_begin(b);
        eth_value deal = make_deal(b, &customer, w, i);
        block_end(b);
        block_begin(b);
        took[i] = call(b, &customer, CHAIN_MARKET, U256_ZERO, "matchDeal(address)", &deal, &gas);
        if (b->served) units += b->out.items[0].word.limb[0];
        sum += took[i];
        most = RIV_MAX(most, gas);
        block_end(b);
    }
    qsort(took, MATCHES, sizeof took[0], by_time);
    printf("%-52s %4.1f units a deal, median %.3f ms, mean %.3f ms, worst %.3f ms, gas %llu\n", w->what,
           (double)units / MATCHES, took[MATCHES / 2] * 1e3, sum / MATCHES * 1e3, took[MATCHES - 1] * 1e3,
           (unsigned long long)most);
}

/* Offers at the front become the dearest: what is gone stays in the store for a while, in old versions. */
static void make_dear(bench *b, uint64_t offers)
{
    block_begin(b);
    for (uint64_t i = 0; i < offers && i < 4 * GONE; i += 4) {
        eth_address     provider = named("provider", 0);
        const eth_value args[]   = { eth_of_hash(b->ids[i].bytes), eth_word(2 * PRICES) };
        call(b, &provider, CHAIN_MARKET, U256_ZERO, "changeMinPricePerWorkerEpoch(bytes32,uint256)", args, NULL);
    }
    block_end(b);
}

static const wish any      = { "any effectors", { NULL }, 0, PRICES, WORKERS, false };
static const wish wishes[] = {
    { "one effector of 10", { "few" }, 0, PRICES, WORKERS, false },
    { "two effectors, of 10 and of 1000", { "few", "many" }, FEW, PRICES, WORKERS, false },
    { "a quarter of all, the cheapest, is of one denied", { NULL }, 0, PRICES, WORKERS, true },
    { "the same may give one unit only", { NULL }, 0, PRICES, 1, false },
    { "all are too dear", { NULL }, 0, 1, WORKERS, false },
    { "an effector that nobody has", { "none" }, 0, PRICES, WORKERS, false },
    { "two effectors that nobody has together: the bound", { "few", "few" }, 1, PRICES, WORKERS, false },
};

int main(int argc, char **argv)
{
    uint64_t offers = argc > 1 ? strtoull(argv[1], NULL, 10) : OFFERS;
    riv_prng r      = riv_prng_seed(1);
    bench    b      = { .engine = chain_new(), .memory = chain_memory_new() };
    b.ids           = riv_alloc((offers + 1) * sizeof *b.ids);
    b.store         = chain_memory_store(b.memory);
    chain_params_local(&b.params);
    b.params.proofs_mocked        = true;
    b.params.max_protocol_version = 2;
    b.params.epoch_seconds        = CHAIN_EPOCH_SECONDS_DEFAULT;
    b.time_s                      = b.params.genesis_time_s;
    double start                  = now_s();
    for (uint64_t i = 0; i < offers;) {
        block_begin(&b);
        for (uint64_t until = RIV_MIN(offers, i + OFFERS_A_BLOCK); i < until; i++) {
            terms t = terms_of(i, &r);
            make_offer(&b, i, &t);
        }
        block_end(&b);
    }
    printf("%llu offers listed in %.1f s, state's commits included\n", (unsigned long long)offers, now_s() - start);
    b.time_s += b.params.epoch_seconds; /* the commitments begin */
    measure(&b, &any);
    for (size_t i = 0; i < RIV_COUNT(wishes); i++) measure(&b, &wishes[i]);
    make_dear(&b, offers);
    printf("%d offers left the front in one block; since then:\n", GONE);
    measure(&b, &any);
    riv_free(b.ids);
    chain_memory_free(b.memory);
    chain_free(b.engine);
    return 0;
}
