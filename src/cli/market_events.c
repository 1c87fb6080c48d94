/* market_events.c: events of the contracts by their signatures: of a receipt, and all that a chain keeps.
 * Contract: market_client.h. Tests: market_client_test.c, tests/e2e/market.py. */
#include "cli/market_client.h"

enum { EVENTS_MAX = 100000 };

/* ---- events ---- */

static bool topic_of(const riv_json *topics, size_t index, riv_arena *arena, u256 *out)
{
    riv_bytes bytes;
    if (!host_eth_read_data(riv_json_at(topics, index), arena, &bytes) || bytes.len != 32) return false;
    *out = u256_from_be(bytes);
    return true;
}

typedef struct event_kind { /* a signature, read */
    eth_type    args;
    crypto_hash topic;
} event_kind;

static event_kind kind_of(cli_chain *s, const char *signature)
{
    riv_str    name;
    event_kind out;
    riv_err    err = eth_signature_parse(riv_str_c(signature), s->c->arena, NULL, &name, &out.args);
    RIV_ASSERT(!err);
    out.topic = eth_signature_hash(name, &out.args);
    return out;
}

static bool read_event(cli_chain *s, const event_kind *kind, const riv_json *log, eth_value *out)
{
    riv_bytes       data;
    u256            topic;
    eth_value       rest;
    riv_arena      *arena  = s->c->arena;
    const eth_type *args   = &kind->args;
    const riv_json *topics = riv_json_get(log, RIV_LIT("topics"));
    u256            first  = u256_from_be((riv_bytes){ kind->topic.bytes, sizeof kind->topic.bytes });
    if (!topic_of(topics, 0, arena, &topic) || u256_cmp(topic, first)) return false;
    if (!host_eth_read_data(riv_json_get(log, RIV_LIT("data")), arena, &data)) return false;
    /* what is not indexed is a tuple of its own */
    eth_type  *plain = riv_new(arena, eth_type, args->items_count + 1);
    eth_value *all   = riv_new(arena, eth_value, args->items_count + 1);
    size_t     count = 0, next = 1, taken = 0;
    for (size_t i = 0; i < args->items_count; i++)
        if (!args->items[i].indexed) plain[count++] = args->items[i];
    eth_type tuple = { .kind = ETH_TUPLE, .items = plain, .items_count = count };
    if (eth_abi_read(&tuple, data, arena, NULL, &rest)) return false;
    for (size_t i = 0; i < args->items_count; i++)
        if (!args->items[i].indexed)
            all[i] = rest.items[taken++];
        else if (!topic_of(topics, next++, arena, &all[i].word))
            return false;
    *out = eth_list(all, args->items_count);
    return true;
}

bool cli_event_of(cli_chain *s, const riv_json *log, const char *signature, eth_value *out)
{
    event_kind kind = kind_of(s, signature);
    return read_event(s, &kind, log, out);
}

bool cli_event_find(cli_chain *s, const cli_receipt *receipt, const char *signature, eth_value *out)
{
    event_kind kind = kind_of(s, signature);
    for (size_t i = 0; riv_json_at(receipt->logs, i); i++)
        if (read_event(s, &kind, riv_json_at(receipt->logs, i), out)) return true;
    return false;
}

typedef struct events { /* what is asked for */
    cli_chain      *s;
    const riv_json *at, *topics;
    event_kind      kind;
    size_t          most;
    cli_events     *out; /* newest first, as they come */
} events;

/* The node refuses when there are too many in these blocks, or too many blocks: RIV_E_DENIED. */
static riv_err ask_events(events *e, uint64_t from, uint64_t to, riv_fault *fault)
{
    riv_arena      *arena = e->s->c->arena;
    const riv_json *logs;
    const riv_json *filter =
        riv_json_object(arena, "address", e->at, "fromBlock", host_eth_quantity(arena, u256_of(from)), "toBlock",
                        host_eth_quantity(arena, u256_of(to)), "topics", e->topics, NULL);
    RIV_TRY(host_eth_ask(e->s->eth, "eth_getLogs", cli_json_list(arena, filter, NULL), arena, fault, NULL, &logs));
    size_t count = logs->kind == RIV_JSON_ARR ? logs->arr.count : 0;
    for (size_t i = count; i > 0 && e->out->len < e->most; i--) {
        eth_value v;
        if (read_event(e->s, &e->kind, logs->arr.items[i - 1], &v)) *riv_push(arena, e->out) = v;
    }
    return RIV_OK;
}

static bool read_events(events *e, uint64_t newest)
{
    uint64_t span = HOST_ETH_LOGS_BLOCKS_MAX, left = newest + 1; /* blocks below `left` were not asked for yet */
    while (left > 0 && e->out->len < e->most) {
        riv_fault fault = { 0 };
        uint64_t  from  = left > span ? left - span : 0;
        riv_err   err   = ask_events(e, from, left - 1, &fault);
        if (err == RIV_E_DENIED && span > 1) {
            span = span / 2;
            continue;
        }
        if (err) return cli_chain_fault(e->s, &fault);
        left = from;
        span = RIV_MIN(2 * span, (uint64_t)HOST_ETH_LOGS_BLOCKS_MAX);
    }
    return true;
}

bool cli_events_read(cli_chain *s, const eth_address *at, const char *signature, const eth_value *first, size_t most,
                     cli_events *out)
{
    u256            head;
    uint64_t        newest;
    uint8_t         word[32];
    riv_arena      *arena  = s->c->arena;
    riv_fault       fault  = { 0 };
    event_kind      kind   = kind_of(s, signature);
    const riv_json *topic  = host_eth_data(arena, (riv_bytes){ kind.topic.bytes, sizeof kind.topic.bytes }),
                   *second = NULL;
    if (first) u256_to_be(first->word, word), second = host_eth_data(arena, (riv_bytes){ word, sizeof word });
    if (host_eth_number(s->eth, "eth_blockNumber", riv_json_arr(arena, NULL, 0), arena, &fault, NULL, &head))
        return cli_chain_fault(s, &fault);
    if (!u256_u64(head, &newest) || newest == UINT64_MAX)
        return cli_chain_fail(s, cli_error(s->c, CLI_NETWORK, "the chain's height cannot be"));
    events e = { s,    host_eth_address(arena, at), cli_json_list(arena, topic, second),
                 kind, most ? most : EVENTS_MAX,    out };
    if (!read_events(&e, newest)) return false;
    for (size_t i = 0; i < out->len / 2; i++) {
        eth_value v                = out->ptr[i];
        out->ptr[i]                = out->ptr[out->len - 1 - i];
        out->ptr[out->len - 1 - i] = v;
    }
    return true;
}
