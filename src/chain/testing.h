/* testing.h: a world for tests of the contracts: a state in memory, accounts by name, calls by signature, time by epochs.
 * Include it after cmocka. No blocks and no signatures: those are block_test.c's. */
#ifndef RIV_CHAIN_TESTING_H
#define RIV_CHAIN_TESTING_H

#include "chain/internal.h"

typedef struct world {
    riv_arena     *arena;
    chain         *engine;
    chain_params   params;
    chain__state  *state;
    chain__logs    logs;      /* of the last call */
    uint64_t       height, time_s;
    riv_str        text;      /* why the last call failed: "Peer doesn't exist", "Panic 0x11", "TooManyProofs()"; empty when it did not */
    eth_value      out;       /* what the last call gave: a tuple */
    uint64_t       gas_used;
} world;

static inline eth_address world_who(const char *name)
{
    eth_address out;
    crypto_hash hash = crypto_keccak256(riv_str_bytes(riv_str_c(name)));
    memcpy(out.bytes, hash.bytes + 12, sizeof out.bytes);
    return out;
}

static inline chain__id world_id(const char *name)
{
    chain__id   out;
    crypto_hash hash = crypto_keccak256(riv_str_bytes(riv_str_c(name)));
    memcpy(out.bytes, hash.bytes, sizeof out.bytes);
    return out;
}

static inline eth_value world_name(const char *name)
{
    eth_address a = world_who(name);
    return eth_of_address(&a);
}

static inline uint64_t world_epoch(const world *w) { return 1 + (w->time_s - w->params.genesis_time_s) / w->params.epoch_seconds; }

static inline chain__call world_context(world *w, const eth_address *sender, const eth_address *to, chain__meter *meter)
{
    return (chain__call){ .engine = w->engine, .state = w->state, .params = &w->params, .arena = w->arena, .height = w->height,
                          .time_s = w->time_s, .epoch = world_epoch(w), .self = *to, .sender = *sender, .logs = &w->logs, .meter = meter };
}

/* One call; every call is a block of its own (the height moves on). False: it failed, w->text says why. */
static inline bool world_call_at(world *w, const char *sender, u256 value, const eth_address *to, const char *signature, const eth_value *args)
{
    riv_str      name;
    eth_type     types;
    riv_buf      data  = riv_buf_in(w->arena);
    riv_bytes    returned;
    eth_address  from  = world_who(sender);
    chain__meter meter = { .gas_left = UINT64_C(1) << 50 };
    chain__call  c     = world_context(w, &from, to, &meter);
    chain_contract which;
    assert_int_equal(eth_signature_parse(riv_str_c(signature), w->arena, NULL, &name, &types), RIV_OK);
    crypto_hash hash = eth_signature_hash(name, &types);
    eth_value   all  = eth_list(args, types.items_count);
    riv_put_bytes(&data, (riv_bytes){ hash.bytes, 4 });
    eth_abi_put(&types, &all, &data);
    c.data     = riv_buf_view(&data);
    c.value    = value;
    w->logs.len = 0;
    w->text    = RIV_LIT("");
    w->out     = (eth_value){ 0 };
    w->height++;
    c.height       = w->height;
    riv_err err    = chain__run(&c, &returned);
    w->gas_used    = meter.gas_used;
    if (err) {
        w->text = err == RIV_E_LIMIT ? RIV_LIT("out of gas") : chain_revert_text(w->engine, c.revert, w->arena);
        return false;
    }
    assert_true(chain__contract_at(&c, to, &which));
    const chain__function_entry *e = chain__find_function(w->engine, which, chain__selector_of(&hash));
    assert_non_null(e);
    assert_int_equal(eth_abi_read(&e->returns, returned, w->arena, NULL, &w->out), RIV_OK);
    return true;
}

static inline bool world_call(world *w, const char *sender, chain_contract to, const char *signature, const eth_value *args)
{
    eth_address at = chain_contract_address(to);
    return world_call_at(w, sender, U256_ZERO, &at, signature, args);
}

/* It must work; or fail with exactly this text. */
#define WORLD_OK(w, sender, to, signature, ...)                                                              \
    do {                                                                                                     \
        const eth_value world_args_[] = { __VA_ARGS__ };                                                     \
        if (!world_call((w), (sender), (to), (signature), world_args_))                                      \
            fail_msg("%s: " RIV_FMT, (signature), RIV_ARG((w)->text));                                       \
    } while (0)
#define WORLD_REVERTS(w, why, sender, to, signature, ...)                                                    \
    do {                                                                                                     \
        const eth_value world_args_[] = { __VA_ARGS__ };                                                     \
        assert_false(world_call((w), (sender), (to), (signature), world_args_));                             \
        assert_string_equal(riv_cstr((w)->arena, (w)->text), (why));                                         \
    } while (0)

/* To 1 % after the start of an epoch; never back. */
static inline void world_to_epoch(world *w, uint64_t epoch)
{
    w->time_s = RIV_MAX(w->time_s, w->params.genesis_time_s + (epoch - 1) * w->params.epoch_seconds + w->params.epoch_seconds / 100);
}

static inline void world_give(world *w, const char *name, u256 flt, u256 usd)
{
    static const eth_address nobody;
    eth_address  who = world_who(name), token = chain_contract_address(CHAIN_USD);
    chain__meter meter = { .gas_left = UINT64_C(1) << 50 };
    chain__call  c     = world_context(w, &nobody, &token, &meter);
    uint64_t     nonce;
    u256         balance;
    chain__account_get(&c, &who, &nonce, &balance);
    assert_true(u256_add(balance, flt, &balance));
    chain__account_put(&c, &who, nonce, balance);
    assert_int_equal(chain__mint(&c, &token, &who, usd), RIV_OK);
}

static inline void world_open(world *w, chain_rules rules)
{
    static const chain_store none;
    *w = (world){ .arena = riv_arena_new(0), .engine = chain_new() };
    chain_params_local(&w->params);
    w->params.rules         = rules;
    w->params.epoch_seconds = CHAIN_EPOCH_SECONDS_DEFAULT;
    w->params.proofs_mocked = true;
    w->params.owner         = world_who("owner");
    w->params.oracle        = world_who("oracle");
    w->time_s               = w->params.genesis_time_s;
    w->state                = chain__state_new(&none, 0, w->arena);
}

static inline void world_close(world *w)
{
    chain_free(w->engine);
    riv_arena_free(w->arena);
}

#endif
