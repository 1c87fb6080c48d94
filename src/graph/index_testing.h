/* index_testing.h: a chain in memory whose blocks go into an index: accounts by number, transactions and calls by signature. Include it after cmocka. */
#ifndef RIV_GRAPH_INDEX_TESTING_H
#define RIV_GRAPH_INDEX_TESTING_H

#include "graph/internal.h"

enum { TOWN_PEOPLE = 6, TOWN_TXS_MAX = 4, TOWN_GAS = 5000000 };
typedef RIV_VEC(eth_value) values;
typedef struct town {
    riv_arena    *arena;
    chain        *engine;
    chain_memory *memory;
    chain_store   store;
    chain_params  params;
    crypto_secret keys[TOWN_PEOPLE];
    eth_address   who[TOWN_PEOPLE];
    uint64_t      nonces[TOWN_PEOPLE];
    riv_bytes     waiting[TOWN_TXS_MAX]; /* for the next block */
    size_t        waiting_count;
    chain_block   block;  /* the last */
    uint64_t      time_s;
    graph        *g;
    RIV_VEC(chain_block) blocks; /* all of them */
} town;

static inline void town_fold(town *t)
{
    riv_fault fault = { 0 };
    *riv_push(t->arena, &t->blocks) = t->block;
    if (graph_apply(t->g, &t->block, &t->store, &fault)) fail_msg("block %llu: %s", (unsigned long long)t->block.height, fault.msg);
}

/* t->params are as wished; the first account owns the network. */
static inline void town_open(town *t)
{
    chain_balance *balances = riv_new(t->arena, chain_balance, TOWN_PEOPLE);
    riv_fault      fault    = { 0 };
    u256           much;
    t->engine = chain_new();
    t->memory = chain_memory_new();
    t->store  = chain_memory_store(t->memory);
    assert_int_equal(u256_parse(RIV_LIT("1000000000000000000000000"), NULL, &much), RIV_OK);
    for (size_t i = 0; i < TOWN_PEOPLE; i++) {
        crypto_secp_public key;
        memset(t->keys[i].bytes, (int)i + 1, sizeof t->keys[i].bytes);
        assert_int_equal(crypto_secp_public_of(&t->keys[i], &key), RIV_OK);
        t->who[i]   = eth_address_of_key(&key);
        balances[i] = (chain_balance){ t->who[i], much, much };
    }
    t->params.owner = t->params.oracle = t->who[0];
    t->params.balances                 = balances;
    t->params.balances_count           = TOWN_PEOPLE;
    t->time_s                          = t->params.genesis_time_s;
    if (chain_genesis(t->engine, &t->params, &t->store, t->arena, &fault, &t->block)) fail_msg("%s", fault.msg);
    chain_memory_apply(t->memory, t->block.writes, t->block.writes_count);
    t->g = graph_new(t->engine);
    town_fold(t);
}

static inline void town_close(town *t)
{
    graph_free(t->g);
    chain_memory_free(t->memory);
    chain_free(t->engine);
    riv_arena_free(t->arena);
}

static inline riv_bytes town_data(town *t, const char *signature, const eth_value *args)
{
    riv_buf data = riv_buf_in(t->arena);
    assert_int_equal(eth_call_put(riv_str_c(signature), args, t->arena, NULL, &data), RIV_OK);
    return riv_buf_view(&data);
}

/* Into the next block. */
static inline void town_send(town *t, size_t by, const eth_address *to, u256 value, const char *signature, const eth_value *args)
{
    riv_buf   raw   = riv_buf_in(t->arena);
    riv_fault fault = { 0 };
    eth_tx    tx    = { .type = 2, .chain_id = t->params.chain_id, .protected_by_chain = true, .nonce = t->nonces[by]++, .gas_limit = TOWN_GAS,
                        .to = *to, .value = value, .data = town_data(t, signature, args) };
    assert_true(t->waiting_count < TOWN_TXS_MAX);
    if (eth_tx_sign(&tx, &t->keys[by], &raw, &fault)) fail_msg("%s", fault.msg);
    t->waiting[t->waiting_count++] = riv_buf_view(&raw);
}

/* A block of what was sent; its receipts. */
static inline const chain_receipt *town_block(town *t)
{
    riv_fault         fault = { 0 };
    chain_block_input in    = { .height = t->block.height + 1, .time_s = t->time_s, .proposer = t->who[0], .txs = t->waiting, .txs_count = t->waiting_count };
    if (chain_apply(t->engine, &t->store, &in, t->arena, &fault, &t->block)) fail_msg("%s", fault.msg);
    chain_memory_apply(t->memory, t->block.writes, t->block.writes_count);
    t->waiting_count = 0;
    town_fold(t);
    return t->block.receipts;
}

/* A transaction in a block of its own which must work: what it returned. */
static inline const chain_receipt *town_do(town *t, size_t by, const eth_address *to, u256 value, const char *signature, const eth_value *args)
{
    town_send(t, by, to, value, signature, args);
    const chain_receipt *r = town_block(t);
    if (!r->ok) fail_msg("%s: " RIV_FMT, signature, RIV_ARG(r->error));
    return r;
}

#define TOWN_DO(t, by, contract, signature, ...)                                                              \
    do {                                                                                                      \
        eth_address     town_at_     = chain_contract_address(contract);                                      \
        const eth_value town_args_[] = { __VA_ARGS__ };                                                       \
        (void)town_do((t), (by), &town_at_, U256_ZERO, (signature), town_args_);                              \
    } while (0)

/* A call at a time (0: the head's): false: it reverts. out: a tuple. */
static inline bool town_ask(town *t, const eth_address *to, uint64_t time_s, const char *signature, const char *returns, const eth_value *args, eth_value *out)
{
    chain_call    call  = { .to = *to, .data = town_data(t, signature, args), .time_s = time_s };
    riv_fault     fault = { 0 };
    chain_receipt r;
    eth_type      type;
    assert_int_equal(eth_type_parse(riv_str_c(returns), t->arena, NULL, &type), RIV_OK);
    if (chain_call_run(t->engine, &t->store, UINT64_MAX, &call, t->arena, &fault, &r)) fail_msg("%s", fault.msg);
    if (!r.ok) return false;
    assert_int_equal(eth_abi_read(&type, r.returned, t->arena, NULL, out), RIV_OK);
    return true;
}

static inline eth_value town_id(const char *name)
{
    crypto_hash hash = crypto_keccak256(riv_str_bytes(riv_str_c(name)));
    return eth_of_hash(hash.bytes);
}

static inline riv_str town_hex(town *t, const uint8_t *bytes, size_t count)
{
    riv_buf out = riv_buf_in(t->arena);
    riv_putf(&out, "0x");
    for (size_t i = 0; i < count; i++) riv_putf(&out, "%02x", bytes[i]);
    return riv_buf_str(&out);
}

static inline riv_str town_hash_text(town *t, const eth_value *v)
{
    uint8_t bytes[32];
    u256_to_be(v->word, bytes);
    return town_hex(t, bytes, sizeof bytes);
}

static inline riv_str town_address_text(town *t, const eth_value *v)
{
    eth_address a = eth_to_address(v);
    return town_hex(t, a.bytes, sizeof a.bytes);
}

static inline uint64_t town_epoch(const town *t) { return 1 + (t->time_s - t->params.genesis_time_s) / t->params.epoch_seconds; }

static inline riv_str town_text(graph__type type, const graph__row *row, const char *field) { return graph__get(type, row, field).text; }
static inline uint64_t town_number(graph__type type, const graph__row *row, const char *field)
{
    graph__value v = graph__get(type, row, field);
    uint64_t     n = 0;
    assert_true(!v.set || u256_u64(v.number, &n));
    return n;
}

static inline graph__rows town_list(town *t, graph__type type, const graph__row *row, const char *field)
{
    return graph__list(t->g, type, row, graph__field_find(type, riv_str_c(field)));
}

#endif
