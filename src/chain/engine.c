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

static const char *const addresses[CHAIN_CONTRACTS] = {
    [CHAIN_USD]          = "0x5FbDB2315678afecb367f032d93F642f64180aa3",
    [CHAIN_MULTICALL3]   = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512",
    [CHAIN_RANDOMX]      = "0x9A676e781A523b5d0C0e43731313A708CB607508",
    [CHAIN_CORE]         = "0x0B306BF915C4d645ff596e518fAf3F9669b97016",
    [CHAIN_MARKET]       = "0x3Aa5ebB10DC797CAC828524e59A333d0A371443c",
    [CHAIN_CAPACITY]     = "0xc6e7DF5E7b4f2A278906862b61205850344D4e7d",
    [CHAIN_DEAL_FACTORY] = "0x59b670e9fA9D0A427751Af201D676719a970857b",
};

eth_address chain_contract_address(chain_contract which)
{
    eth_address out = { { 0 } };
    RIV_ASSERT(which < CHAIN_CONTRACTS);
    riv_err err = eth_read_address(riv_str_c(addresses[which]), NULL, &out);
    RIV_ASSERT(!err);
    return out;
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
