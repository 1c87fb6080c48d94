/* index_fuzz.c: blocks of logs that bytes make up: of the contracts' own events with ids out of few, so that they meet; what is refused is refused in words, what is
 * taken leaves rows whose references lead somewhere. Corpus: tests/corpus/graph_index_fuzz. */
#include "graph/internal.h"

enum { LOGS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const chain_contract contracts[] = { CHAIN_CORE, CHAIN_MARKET, CHAIN_CAPACITY, CHAIN_DEAL_FACTORY,
                                            CHAIN_CONTRACTS };

/* A word out of few: zero, small numbers, ids. */
static void put_word(riv_buf *out, uint8_t b)
{
    uint8_t *word = riv_buf_room(out, 32);
    word[31]      = b & 0x3f;
    if (b & 0x40) memset(word + 12, b & 7, 20);
    if (b & 0x80) memset(word, 0xff, 12);
}

static eth_value value_of(const eth_type *type, riv_reader *r, riv_arena *arena, unsigned depth)
{
    eth_value out = { .word = u256_of(riv_read_u8(r)) };
    uint8_t   word[32];
    riv_buf   one = riv_buf_in(arena);
    switch (type->kind) {
    case ETH_BOOL: out.word = u256_of(out.word.limb[0] & 1); break;
    case ETH_STRING:
    case ETH_BYTES: out.bytes = riv_read_bytes(r, out.word.limb[0] & 31); break;
    case ETH_ARRAY:
    case ETH_TUPLE: {
        size_t     count = type->kind == ETH_TUPLE ? type->items_count : (size_t)(out.word.limb[0] & 3);
        eth_value *items = riv_new(arena, eth_value, count + 1);
        for (size_t i = 0; depth < ETH_DEPTH_MAX && i < count; i++)
            items[i] = value_of(type->kind == ETH_TUPLE ? &type->items[i] : type->items, r, arena, depth + 1);
        return eth_list(items, count);
    }
    case ETH_ADDRESS:
        memset(word, 0, sizeof word);
        memset(word + 12, (int)(out.word.limb[0] & 3) + 1, 20);
        out.word = u256_from_be((riv_bytes){ word, sizeof word });
        break;
    case ETH_FIXED_BYTES:
        memset(word, 0, sizeof word);
        memset(word, (int)(out.word.limb[0] & 3) + 1, type->size);
        out.word = u256_from_be((riv_bytes){ word, sizeof word });
        break;
    case ETH_UINT:
    case ETH_INT:
        put_word(&one, (uint8_t)out.word.limb[0]);
        out.word = type->size < 256 ? u256_of(out.word.limb[0] & 3) : u256_from_be(riv_buf_view(&one));
        break;
    }
    return out;
}

static chain_log log_of(const chain *engine, riv_reader *r, riv_arena *arena)
{
    const char *const *texts;
    chain_contract     of    = contracts[riv_read_u8(r) % RIV_COUNT(contracts)];
    size_t             count = chain_events(engine, of, &texts), plain_count = 0, topics_count = 1;
    riv_str            name;
    eth_type           args;
    riv_buf            data = riv_buf_in(arena);
    riv_err            err  = eth_signature_parse(riv_str_c(texts[riv_read_u8(r) % count]), arena, NULL, &name, &args);
    RIV_ASSERT(!err);
    eth_type    *types  = riv_new(arena, eth_type, args.items_count + 1);
    eth_value   *plain  = riv_new(arena, eth_value, args.items_count + 1);
    crypto_hash *topics = riv_new(arena, crypto_hash, args.items_count + 1);
    topics[0]           = eth_signature_hash(name, &args);
    for (size_t i = 0; i < args.items_count; i++) {
        eth_value v = value_of(&args.items[i], r, arena, 0);
        if (args.items[i].indexed) {
            u256_to_be(v.word, topics[topics_count++].bytes);
        } else {
            types[plain_count]   = args.items[i];
            plain[plain_count++] = v;
        }
    }
    eth_type    tuple = { .kind = ETH_TUPLE, .items = types, .items_count = plain_count };
    eth_value   all   = eth_list(plain, plain_count);
    eth_address deal;
    memset(deal.bytes, (riv_read_u8(r) & 3) + 1, sizeof deal.bytes);
    eth_abi_put(&tuple, &all, &data);
    uint8_t spoils = riv_read_u8(r);
    if (spoils > 250 && data.len) data.len -= RIV_MIN(data.len, (size_t)(spoils - 250));
    if (spoils == 250) topics_count--;
    return (chain_log){ of == CHAIN_CONTRACTS ? deal : chain_contract_address(of), topics, topics_count,
                        riv_buf_view(&data) };
}

static void check_references(const graph *g)
{
    for (size_t type = 0; type < GRAPH__TYPES; type++) {
        graph__rows all = graph__all(g, (graph__type)type);
        for (size_t i = 0; i < all.count; i++) {
            for (size_t f = 0; all.items[i] && f < graph__schema[type].fields_count; f++) {
                const graph__field *field = &graph__schema[type].fields[f];
                if (field->kind == GRAPH__LIST) continue;
                graph__value v = all.items[i]->values[f];
                RIV_ASSERT(v.set || field->nullable);
                RIV_ASSERT(!v.set || field->kind != GRAPH__REF || graph__find(g, field->of, v.text));
                RIV_ASSERT(!v.set || field->kind != GRAPH__STRING || riv_utf8_valid(riv_str_bytes(v.text), NULL));
            }
        }
    }
}

static void fold(graph *g, const chain *engine, const chain_store *store, uint64_t genesis_s, riv_reader *r,
                 riv_arena *arena)
{
    for (uint64_t height = 1; riv_reader_left(r) && !r->short_read; height++) {
        chain_log     logs[2];
        riv_fault     fault   = { 0 };
        chain_receipt receipt = { .valid = true, .ok = true, .logs = logs, .logs_count = 2 };
        memset(receipt.hash.bytes, (int)(height & 0xff), sizeof receipt.hash.bytes);
        logs[0]         = log_of(engine, r, arena);
        logs[1]         = log_of(engine, r, arena);
        bool        own = riv_read_u8(r) > 200;
        chain_block b   = { .height         = height,
                            .time_s         = genesis_s + height * 5,
                            .receipts       = &receipt,
                            .receipts_count = !own,
                            .logs           = logs,
                            .logs_count     = own ? 2 : 0 };
        riv_err     err = graph_apply(g, &b, store, &fault);
        if (err) {
            RIV_ASSERT(err == RIV_E_MALFORMED && fault.msg[0]);
            return;
        }
        if (height % 8 == 0 || r->short_read || !riv_reader_left(r)) check_references(g);
    }
}

/* A chain at its genesis: the same for all. */
typedef struct town {
    chain       *engine;
    chain_store  store;
    chain_params params;
    chain_block  genesis;
} town;

static town make_town(bool mocked)
{
    static riv_arena *arena[2];
    town              t = { .engine = chain_new() };
    arena[mocked]       = riv_arena_new(0);
    t.store             = chain_memory_store(chain_memory_new());
    chain_params_local(&t.params);
    t.params.proofs_mocked = mocked;
    riv_err err            = chain_genesis(t.engine, &t.params, &t.store, arena[mocked], NULL, &t.genesis);
    RIV_ASSERT(!err);
    chain_memory_apply(t.store.ctx, t.genesis.writes, t.genesis.writes_count);
    return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static town towns[2];
    town       *t = &towns[size & 1];
    if (!t->engine) *t = make_town(size & 1);
    riv_arena *arena = riv_arena_new(0);
    graph     *g     = graph_new(t->engine);
    riv_reader r     = riv_reader_of((riv_bytes){ data, RIV_MIN(size, (size_t)LOGS_MAX * 32) });
    riv_err    err   = graph_apply(g, &t->genesis, &t->store, NULL);
    RIV_ASSERT(!err);
    fold(g, t->engine, &t->store, t->params.genesis_time_s, &r, arena);
    graph_free(g);
    riv_arena_free(arena);
    return 0;
}
