/* market_testing.h: the market in tests: offers, deals and their calls in one line each. Names are free labels. Include it after cmocka. */
#ifndef RIV_CHAIN_MARKET_TESTING_H
#define RIV_CHAIN_MARKET_TESTING_H

#include "chain/market.h"
#include "chain/testing.h"

static inline eth_value world_id_value(const char *name)
{
    chain__id id = world_id(name);
    return eth_of_hash(id.bytes);
}

static inline eth_value world_list(world *w, const eth_value *items, size_t count)
{
    eth_value *copy = riv_new(w->arena, eth_value, count + 1);
    for (size_t i = 0; i < count; i++) copy[i] = items[i];
    return eth_list(copy, count);
}
#define WORLD_LIST(w, ...) \
    world_list((w), (const eth_value[]){ __VA_ARGS__ }, sizeof((const eth_value[]){ __VA_ARGS__ }) / sizeof(eth_value))
static inline eth_value world_none(void) { return eth_list(NULL, 0); }

/* 0x01551220 and the hash of the name */
static inline eth_value world_cid(world *w, const char *name)
{
    uint8_t be[32] = { 0x01, 0x55, 0x12, 0x20 };
    return WORLD_LIST(w, eth_of_hash(be), world_id_value(name));
}

static inline eth_value world_usd(void)
{
    eth_address at = chain_contract_address(CHAIN_USD);
    return eth_of_address(&at);
}

static inline chain__id world_result_id(const world *w) { return chain__to_id(&w->out.items[0]); }
static inline uint64_t  world_result(const world *w) { return w->out.items[0].word.limb[0]; }

/* A peer "NAME" of the owner "NAME owner" with units "NAME 0", "NAME 1", ... */
static inline const char *world_unit(world *w, const char *peer, uint64_t i)
{
    return riv_cstr(w->arena, riv_format(w->arena, "%s %u", peer, (unsigned)i));
}

static inline eth_value world_peer(world *w, const char *name, uint64_t units)
{
    eth_value  *ids   = riv_new(w->arena, eth_value, units + 1);
    const char *owner = riv_cstr(w->arena, riv_format(w->arena, "%s owner", name));
    for (uint64_t i = 0; i < units; i++) ids[i] = world_id_value(world_unit(w, name, i));
    return WORLD_LIST(w, world_id_value(name), world_name(owner), eth_list(ids, units));
}

#define WORLD_REGISTER \
    "registerMarketOffer(uint256,address,(bytes4,bytes32)[],(bytes32,address,bytes32[])[],uint256,uint256)"
#define WORLD_DEPLOY                                                                                                   \
    "deployDeal((bytes4,bytes32),address,uint256,uint256,uint256,uint256,uint256,(bytes4,bytes32)[],uint8,address[],uint256)"

static inline void world_provider(world *w, const char *name)
{
    WORLD_OK(w, name, CHAIN_MARKET, "setProviderInfo(string,(bytes4,bytes32))", eth_text(riv_str_c(name)), world_cid(w, name));
}

/* The offer's id. */
static inline chain__id world_offer(world *w, const char *provider, uint64_t price, eth_value effectors, eth_value peers)
{
    WORLD_OK(w, provider, CHAIN_MARKET, WORLD_REGISTER, eth_word(price), world_usd(), effectors, peers, eth_word(1), eth_word(1));
    return world_result_id(w);
}

typedef struct world_order { uint64_t deposit, min, target, per_provider, price, access; eth_value effectors, list; } world_order;

static inline bool world_try_deal(world *w, const char *owner, const world_order *o)
{
    eth_address     factory   = chain_contract_address(CHAIN_DEAL_FACTORY);
    const eth_value approve[] = { eth_of_address(&factory), eth_word(o->deposit) };
    const eth_value args[]    = { world_cid(w, "app"), world_usd(), eth_word(o->deposit), eth_word(o->min), eth_word(o->target),
                                  eth_word(o->per_provider), eth_word(o->price), o->effectors, eth_word(o->access), o->list, eth_word(1) };
    world_give(w, owner, U256_ZERO, u256_of(o->deposit));
    assert_true(world_call(w, owner, CHAIN_USD, "approve(address,uint256)", approve));
    return world_call(w, owner, CHAIN_DEAL_FACTORY, WORLD_DEPLOY, args);
}

static inline eth_address world_deal(world *w, const char *owner, const world_order *o)
{
    if (!world_try_deal(w, owner, o)) fail_msg("deal: " RIV_FMT, RIV_ARG(w->text));
    return eth_to_address(&w->out.items[0]);
}

#define DEAL_OK(w, sender, deal, signature, ...)                                                             \
    do {                                                                                                     \
        const eth_value world_args_[] = { __VA_ARGS__ };                                                     \
        if (!world_call_at((w), (sender), U256_ZERO, (deal), (signature), world_args_))                      \
            fail_msg("%s: " RIV_FMT, (signature), RIV_ARG((w)->text));                                       \
    } while (0)
#define DEAL_REVERTS(w, why, sender, deal, signature, ...)                                                   \
    do {                                                                                                     \
        const eth_value world_args_[] = { __VA_ARGS__ };                                                     \
        assert_false(world_call_at((w), (sender), U256_ZERO, (deal), (signature), world_args_));             \
        assert_string_equal(riv_cstr((w)->arena, (w)->text), (why));                                         \
    } while (0)

static inline uint64_t deal_number(world *w, const eth_address *deal, const char *signature, eth_value arg)
{
    DEAL_OK(w, "anyone", deal, signature, arg);
    return world_result(w);
}

static inline uint64_t world_usd_at(world *w, const eth_address *who)
{
    WORLD_OK(w, "anyone", CHAIN_USD, "balanceOf(address)", eth_of_address(who));
    return world_result(w);
}

static inline uint64_t world_usd_of(world *w, const char *name)
{
    eth_address who = world_who(name);
    return world_usd_at(w, &who);
}

/* How many events of the last call are of this kind. */
static inline size_t world_events(const world *w, const char *event)
{
    const chain__event_entry *e = riv_map_get_str(w->engine->events, riv_str_c(event));
    size_t                    n = 0;
    assert_non_null(e);
    for (size_t i = 0; i < w->logs.len; i++) n += memcmp(w->logs.ptr[i].topics[0].bytes, e->topic.bytes, 32) == 0;
    return n;
}

#endif
