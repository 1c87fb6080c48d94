/* engine.c: the contracts' tables read once: selectors, types, topics; and what they say in words.
 * Spec: Solidity ABI specification; docs/spec/market.md. Tests: run_test.c. */
#include "chain/internal.h"

#include <stdlib.h>

static const chain__contract *const contracts[CHAIN_CONTRACTS + 1] = {
    [CHAIN_USD]          = &chain__usd,
    [CHAIN_MULTICALL3]   = &chain__multicall,
    [CHAIN_RANDOMX]      = &chain__randomx,
    [CHAIN_CORE]         = &chain__core,
    [CHAIN_MARKET]       = &chain__market,
    [CHAIN_CAPACITY]     = &chain__capacity,
    [CHAIN_DEAL_FACTORY] = &chain__factory,
    [CHAIN_CONTRACTS]    = &chain__deal,
};

uint32_t chain__selector_of(const crypto_hash *hash)
{
    return (uint32_t)hash->bytes[0] << 24 | (uint32_t)hash->bytes[1] << 16 | (uint32_t)hash->bytes[2] << 8 |
           hash->bytes[3];
}

static int by_selector(const void *a, const void *b)
{
    uint32_t x = ((const chain__function_entry *)a)->selector, y = ((const chain__function_entry *)b)->selector;
    return (x > y) - (x < y);
}

/* Signatures are ours: one that cannot be read ends the process, at the first start of all. */
static void read_functions(chain *engine, chain__contract_entry *out)
{
    const chain__contract *c = out->contract;
    out->functions           = riv_new(engine->arena, chain__function_entry, c->functions_count);
    out->functions_count     = c->functions_count;
    for (size_t i = 0; i < c->functions_count; i++) {
        chain__function_entry *e     = &out->functions[i];
        riv_fault              fault = { 0 };
        e->function                  = &c->functions[i];
        riv_err err = eth_signature_parse(riv_str_c(e->function->signature), engine->arena, &fault, &e->name, &e->args);
        if (!err) err = eth_type_parse(riv_str_c(e->function->returns), engine->arena, &fault, &e->returns);
        RIV_ASSERT(!err && e->returns.kind == ETH_TUPLE);
        crypto_hash hash = eth_signature_hash(e->name, &e->args);
        e->selector      = chain__selector_of(&hash);
    }
    qsort(out->functions, out->functions_count, sizeof out->functions[0], by_selector);
}

static void read_entries(chain *engine, riv_map *into, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        chain__event_entry *e     = riv_new(engine->arena, chain__event_entry, 1);
        riv_fault           fault = { 0 };
        e->text                   = texts[i];
        riv_err err               = eth_signature_parse(riv_str_c(texts[i]), engine->arena, &fault, &e->name, &e->args);
        RIV_ASSERT(!err);
        e->topic = eth_signature_hash(e->name, &e->args);
        riv_map_put_str(into, riv_str_c(texts[i]), e);
    }
}

chain *chain_new(void)
{
    chain *engine  = riv_alloc(sizeof *engine);
    engine->arena  = riv_arena_new(0);
    engine->events = riv_map_new(engine->arena);
    engine->errors = riv_map_new(engine->arena);
    for (chain_contract i = 0; i < CHAIN_CONTRACTS; i++) engine->addresses[i] = chain_contract_address(i);
    for (size_t i = 0; i < RIV_COUNT(contracts); i++) {
        engine->contracts[i].contract = contracts[i];
        read_functions(engine, &engine->contracts[i]);
        read_entries(engine, engine->events, contracts[i]->events, contracts[i]->events_count);
        read_entries(engine, engine->errors, contracts[i]->errors, contracts[i]->errors_count);
    }
    return engine;
}

void chain_free(chain *engine)
{
    if (!engine) return;
    riv_arena_free(engine->arena);
    riv_free(engine);
}

const chain__function_entry *chain__find_function(const chain *engine, chain_contract which, uint32_t selector)
{
    const chain__contract_entry *in  = &engine->contracts[which];
    chain__function_entry        key = { .selector = selector };
    return in->functions_count ? bsearch(&key, in->functions, in->functions_count, sizeof in->functions[0], by_selector)
                               : NULL;
}

size_t chain_functions(const chain *engine, chain_contract which, riv_arena *arena, const chain_function_info **out)
{
    const chain__contract *c   = engine->contracts[which].contract;
    chain_function_info   *all = riv_new(arena, chain_function_info, c->functions_count + 1);
    for (size_t i = 0; i < c->functions_count; i++)
        all[i] = (chain_function_info){ c->functions[i].signature, c->functions[i].returns, c->functions[i].writes,
                                        c->functions[i].payable };
    *out = all;
    return c->functions_count;
}

size_t chain_events(const chain *engine, chain_contract which, const char *const **out)
{
    *out = engine->contracts[which].contract->events;
    return engine->contracts[which].contract->events_count;
}

/* ---- addresses: those of the original's local deployment. SPEC market.md 2 ---- */

/* clang-format off */
static const eth_address addresses[CHAIN_CONTRACTS] = {
    [CHAIN_USD]            = { { 0x5f, 0xbd, 0xb2, 0x31, 0x56, 0x78, 0xaf, 0xec, 0xb3, 0x67, 0xf0, 0x32, 0xd9, 0x3f, 0x64, 0x2f, 0x64, 0x18, 0x0a, 0xa3 } },
    [CHAIN_MULTICALL3]     = { { 0xe7, 0xf1, 0x72, 0x5e, 0x77, 0x34, 0xce, 0x28, 0x8f, 0x83, 0x67, 0xe1, 0xbb, 0x14, 0x3e, 0x90, 0xbb, 0x3f, 0x05, 0x12 } },
    [CHAIN_RANDOMX]        = { { 0x9a, 0x67, 0x6e, 0x78, 0x1a, 0x52, 0x3b, 0x5d, 0x0c, 0x0e, 0x43, 0x73, 0x13, 0x13, 0xa7, 0x08, 0xcb, 0x60, 0x75, 0x08 } },
    [CHAIN_CORE]           = { { 0x0b, 0x30, 0x6b, 0xf9, 0x15, 0xc4, 0xd6, 0x45, 0xff, 0x59, 0x6e, 0x51, 0x8f, 0xaf, 0x3f, 0x96, 0x69, 0xb9, 0x70, 0x16 } },
    [CHAIN_MARKET]         = { { 0x3a, 0xa5, 0xeb, 0xb1, 0x0d, 0xc7, 0x97, 0xca, 0xc8, 0x28, 0x52, 0x4e, 0x59, 0xa3, 0x33, 0xd0, 0xa3, 0x71, 0x44, 0x3c } },
    [CHAIN_CAPACITY]       = { { 0xc6, 0xe7, 0xdf, 0x5e, 0x7b, 0x4f, 0x2a, 0x27, 0x89, 0x06, 0x86, 0x2b, 0x61, 0x20, 0x58, 0x50, 0x34, 0x4d, 0x4e, 0x7d } },
    [CHAIN_DEAL_FACTORY]   = { { 0x59, 0xb6, 0x70, 0xe9, 0xfa, 0x9d, 0x0a, 0x42, 0x77, 0x51, 0xaf, 0x20, 0x1d, 0x67, 0x67, 0x19, 0xa9, 0x70, 0x85, 0x7b } },
};
/* clang-format on */

eth_address chain_contract_address(chain_contract which)
{
    RIV_ASSERT(which < CHAIN_CONTRACTS);
    return addresses[which];
}

/* ---- reverts in words ---- */

enum { SELECTOR_BYTES = 4, PANIC_BYTES = SELECTOR_BYTES + 32 };
#define SELECTOR_ERROR UINT32_C(0x08c379a0) /* Error(string) */
#define SELECTOR_PANIC UINT32_C(0x4e487b71) /* Panic(uint256) */

static void put_value(riv_buf *out, const eth_type *type, const eth_value *v)
{
    uint8_t be[32];
    if (type->kind == ETH_FIXED_BYTES || type->kind == ETH_ADDRESS) {
        u256_to_be(v->word, be);
        size_t from = type->kind == ETH_ADDRESS ? 12 : 0, to = type->kind == ETH_ADDRESS ? 32 : type->size;
        riv_putf(out, "0x");
        for (size_t i = from; i < to; i++) riv_putf(out, "%02x", be[i]);
    } else {
        u256_put(out, v->word);
    }
}

static bool custom_text(const chain *engine, uint32_t selector, riv_bytes data, riv_arena *arena, riv_buf *out)
{
    for (size_t i = 0; i < riv_map_slots(engine->errors); i++) {
        riv_bytes key;
        void     *value;
        eth_value args;
        if (!riv_map_at(engine->errors, i, &key, &value)) continue;
        const chain__event_entry *e = value;
        if (chain__selector_of(&e->topic) != selector || eth_abi_read(&e->args, data, arena, NULL, &args)) continue;
        riv_put_str(out, e->name);
        riv_put_u8(out, '(');
        for (size_t k = 0; k < args.items_count; k++) {
            if (k) riv_put_u8(out, ',');
            put_value(out, &e->args.items[k], &args.items[k]);
        }
        riv_put_u8(out, ')');
        return true;
    }
    return false;
}

riv_str chain_revert_text(const chain *engine, riv_bytes revert, riv_arena *arena)
{
    static const eth_type text_item = { .kind = ETH_STRING },
                          text      = { .kind = ETH_TUPLE, .items = &text_item, .items_count = 1 };
    eth_value  v;
    riv_buf    out      = riv_buf_in(arena);
    riv_reader r        = riv_reader_of(revert);
    uint32_t   selector = riv_read_u32be(&r);
    riv_bytes  data     = riv_bytes_sub(revert, SELECTOR_BYTES, revert.len);
    if (r.short_read) return RIV_LIT("reverted without a reason");
    if (selector == SELECTOR_ERROR && !eth_abi_read(&text, data, arena, NULL, &v) &&
        riv_utf8_valid(v.items[0].bytes, NULL))
        return riv_bytes_str(v.items[0].bytes);
    if (selector == SELECTOR_PANIC && revert.len == PANIC_BYTES)
        return riv_format(arena, "Panic 0x%02x", revert.ptr[PANIC_BYTES - 1]);
    if (custom_text(engine, selector, data, arena, &out)) return riv_buf_str(&out);
    return riv_format(arena, "reverted with an unknown error 0x%08x", selector);
}
