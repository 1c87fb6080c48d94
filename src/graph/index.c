/* index.c: blocks' logs become entities: finds who folds an event, takes it apart by its ABI, hands it out; ids and counters that all folds use.
 * A log of an address or a topic that nobody folds is passed over.
 * Spec: docs/spec/graph.md "Entities from events". Tests: index_test.c, index_fuzz.c. */
#include "graph/index.h"
#include "codec/codec.h"

enum { EVENT_ARGS_MAX = 16 };

/* An event somebody folds: its parameters apart, as they lie in a log. */
typedef struct folded {
    const graph__event *event;
    eth_type            indexed, plain; /* tuples */
    size_t              args_count;
    bool                is_indexed[EVENT_ARGS_MAX];
} folded;

static const graph__events *const all_events[] = { &graph__core_events, &graph__market_events, &graph__factory_events,
                                                   &graph__deal_events, &graph__capacity_events };

/* ---- the table: read once ---- */

enum { EVENT_KEY_BYTES = 33 };

static riv_bytes event_key(chain_contract of, const crypto_hash *topic, uint8_t out[EVENT_KEY_BYTES])
{
    out[0] = (uint8_t)of;
    memcpy(out + 1, topic->bytes, sizeof topic->bytes);
    return (riv_bytes){ out, EVENT_KEY_BYTES };
}

static void add_event(graph__index *index, chain_contract of, const graph__event *event, riv_str name,
                      const eth_type *args)
{
    folded     *f       = riv_new(index->arena, folded, 1);
    eth_type   *indexed = riv_new(index->arena, eth_type, args->items_count + 1);
    eth_type   *plain   = riv_new(index->arena, eth_type, args->items_count + 1);
    uint8_t     key[EVENT_KEY_BYTES];
    crypto_hash topic = eth_signature_hash(name, args);
    *f                = (folded){ .event = event, .indexed.kind = ETH_TUPLE, .plain.kind = ETH_TUPLE };
    f->args_count     = args->items_count;
    RIV_ASSERT(args->items_count <= EVENT_ARGS_MAX);
    for (size_t i = 0; i < args->items_count; i++) {
        f->is_indexed[i] = args->items[i].indexed;
        if (f->is_indexed[i])
            indexed[f->indexed.items_count++] = args->items[i];
        else
            plain[f->plain.items_count++] = args->items[i];
    }
    f->indexed.items = indexed;
    f->plain.items   = plain;
    riv_map_put(index->events, event_key(of, &topic, key), f);
}

static const graph__event *event_named(const graph__events *events, riv_str name)
{
    for (size_t i = 0; i < events->count; i++)
        if (riv_str_eq(name, riv_str_c(events->items[i].name))) return &events->items[i];
    return NULL;
}

/* The events' parameters are the contract's own: it must tell of each of them. */
static void add_events(graph__index *index, const chain *engine, const graph__events *events)
{
    const char *const *texts;
    size_t             count = chain_events(engine, events->of, &texts), found = 0;
    for (size_t i = 0; i < count; i++) {
        riv_str  name;
        eth_type args;
        riv_err  err = eth_signature_parse(riv_str_c(texts[i]), index->arena, NULL, &name, &args);
        RIV_ASSERT(!err);
        const graph__event *event = event_named(events, name);
        if (!event) continue;
        add_event(index, events->of, event, name, &args);
        found++;
    }
    RIV_ASSERT(found == events->count);
}

graph__index *graph__index_new(graph *g)
{
    graph__index *index = riv_new(g->arena, graph__index, 1);
    index->arena        = g->arena;
    index->events       = riv_map_new(g->arena);
    index->min_of       = riv_map_new(g->arena);
    index->counted      = riv_map_new(g->arena);
    index->succeeded    = riv_map_new(g->arena);
    index->waiting      = riv_map_new(g->arena);
    index->units        = riv_map_new(g->arena);
    index->places       = riv_map_new(g->arena);
    for (size_t i = 0; i < RIV_COUNT(all_events); i++) add_events(index, g->engine, all_events[i]);
    return index;
}

/* ---- one log ---- */

static bool contract_of(graph__told *t, chain_contract *out)
{
    t->deal = NULL;
    for (*out = 0; *out < CHAIN_CONTRACTS; (*out)++) {
        eth_address at = chain_contract_address(*out);
        if (eth_address_eq(&at, &t->log->at)) return true;
    }
    t->deal = graph__find(t->g, GRAPH__DEAL, graph__address_text(t->arena, &t->log->at));
    return t->deal != NULL; /* CHAIN_CONTRACTS */
}

static riv_err misformed(const graph__told *t, const folded *f)
{
    return riv_fail(t->fault, RIV_E_MALFORMED, t->block->height, "a log of block %llu is no %s",
                    (unsigned long long)t->block->height, f->event->name);
}

static riv_err take_apart(graph__told *t, const folded *f)
{
    const chain_log *log          = t->log;
    eth_value       *args         = riv_new(t->arena, eth_value, f->args_count + 1), indexed, plain;
    riv_buf          topics       = riv_buf_in(t->arena);
    size_t           next_indexed = 0, next_plain = 0;
    if (log->topics_count != 1 + f->indexed.items_count) return misformed(t, f);
    for (size_t i = 1; i < log->topics_count; i++)
        riv_put_bytes(&topics, (riv_bytes){ log->topics[i].bytes, sizeof log->topics[i].bytes });
    if (eth_abi_read(&f->indexed, riv_buf_view(&topics), t->arena, NULL, &indexed)) return misformed(t, f);
    if (eth_abi_read(&f->plain, log->data, t->arena, NULL, &plain)) return misformed(t, f);
    for (size_t i = 0; i < f->args_count; i++)
        args[i] = f->is_indexed[i] ? indexed.items[next_indexed++] : plain.items[next_plain++];
    t->args = args;
    return RIV_OK;
}

/* *out: who folds the log; NULL: nobody, or nobody yet: a deal's first events come before that of its creation. */
static riv_err fold_log(graph__told *t, const chain_log *log, const folded **out)
{
    chain_contract of;
    uint8_t        key[EVENT_KEY_BYTES];
    *out   = NULL;
    t->log = log;
    if (log->topics_count == 0 || !contract_of(t, &of)) return RIV_OK;
    *out = riv_map_get(t->g->index->events, event_key(of, &log->topics[0], key));
    if (!*out) return RIV_OK;
    RIV_TRY(take_apart(t, *out));
    return (*out)->event->fold(t);
}

/* ---- blocks ---- */

/* What a deal told while it was made: its address was nobody's yet. */
static riv_err fold_earlier(graph__told *t, const chain_log *logs, size_t before)
{
    const folded *found;
    eth_address   deal = eth_to_address(&t->args[1]);
    for (size_t i = 0; i < before; i++)
        if (eth_address_eq(&logs[i].at, &deal)) RIV_TRY(fold_log(t, &logs[i], &found));
    return RIV_OK;
}

static riv_err fold_logs(graph__told *t, const chain_log *logs, size_t count)
{
    const folded *found;
    *t->proofs = 0;
    for (size_t i = 0; i < count; i++) {
        RIV_TRY(fold_log(t, &logs[i], &found));
        if (found && found->event == graph__factory_events.items) RIV_TRY(fold_earlier(t, logs, i));
    }
    return RIV_OK;
}

static riv_err fold_block(graph__told *t)
{
    const chain_block *b = t->block;
    if (b->height == 0) RIV_TRY(graph__begin(t));
    const chain_params *p = &t->g->index->params;
    if (b->time_s < p->genesis_time_s)
        return riv_fail(t->fault, RIV_E_MALFORMED, b->height, "block %llu is older than genesis",
                        (unsigned long long)b->height);
    t->epoch = 1 + (b->time_s - p->genesis_time_s) / p->epoch_seconds;
    graph__epoch(t);
    RIV_TRY(fold_logs(t, b->logs, b->logs_count));
    for (size_t i = 0; i < b->receipts_count; i++) {
        t->receipt = &b->receipts[i];
        if (t->receipt->valid && t->receipt->ok) RIV_TRY(fold_logs(t, t->receipt->logs, t->receipt->logs_count));
    }
    return RIV_OK;
}

riv_err graph_apply(graph *g, const chain_block *block, const chain_store *store, riv_fault *fault)
{
    if (block->height != g->next_height)
        return riv_fail(fault, RIV_E_MALFORMED, block->height, "block %llu comes where block %llu should",
                        (unsigned long long)block->height, (unsigned long long)g->next_height);
    uint64_t    proofs = 0;
    graph__told t      = {
             .g = g, .block = block, .store = store, .proofs = &proofs, .arena = riv_arena_new(0), .fault = fault
    };
    riv_err err = fold_block(&t);
    riv_arena_free(t.arena);
    if (err) return err;
    g->next_height++;
    g->block_time_s = block->time_s;
    g->block_hash   = block->hash;
    return RIV_OK;
}

/* ---- ids and values ---- */

static riv_str hex(riv_arena *arena, const char *front, const uint8_t *bytes, size_t count)
{
    riv_buf out = riv_buf_in(arena);
    riv_put_str(&out, riv_str_c(front));
    codec_put_hex(&out, (riv_bytes){ bytes, count });
    return riv_buf_str(&out);
}

riv_str graph__hash_id(const graph__told *t, const eth_value *v)
{
    uint8_t bytes[32];
    u256_to_be(v->word, bytes);
    return hex(t->arena, "0x", bytes, sizeof bytes);
}

riv_str graph__address_text(riv_arena *arena, const eth_address *a)
{
    return hex(arena, "0x", a->bytes, sizeof a->bytes);
}

riv_str graph__address_id(const graph__told *t, const eth_value *v)
{
    eth_address a = eth_to_address(v);
    return graph__address_text(t->arena, &a);
}

riv_str graph__cid_id(const graph__told *t, const eth_value *v)
{
    uint8_t prefixes[32], hash[32];
    u256_to_be(v->items[0].word, prefixes);
    u256_to_be(v->items[1].word, hash);
    return graph__joined(t, hex(t->arena, "", prefixes, 4), hex(t->arena, "", hash, sizeof hash));
}

riv_str graph__joined(const graph__told *t, riv_str a, riv_str b)
{
    return riv_format(t->arena, RIV_FMT RIV_FMT, RIV_ARG(a), RIV_ARG(b));
}

riv_str graph__epoch_id(const graph__told *t, uint64_t epoch)
{
    return riv_format(t->arena, "%llu", (unsigned long long)epoch);
}

riv_str graph__clean(riv_arena *arena, riv_bytes text)
{
    riv_buf out = riv_buf_in(arena);
    for (size_t from = 0; from < text.len;) {
        size_t    bad  = 0;
        riv_bytes rest = riv_bytes_sub(text, from, text.len);
        size_t    good = riv_utf8_valid(rest, &bad) ? rest.len : bad, zero = 0;
        while (zero < good && rest.ptr[zero] != 0) zero++;
        riv_put_bytes(&out, riv_bytes_sub(rest, 0, zero));
        from += zero;
        if (zero == rest.len) break;
        riv_utf8_put(&out, 0xfffd);
        from++;
    }
    return riv_buf_str(&out);
}

uint64_t graph__u64(u256 v)
{
    uint64_t out;
    return u256_u64(v, &out) ? out : UINT64_MAX;
}

/* ---- rows ---- */

riv_err graph__need(const graph__told *t, graph__type type, riv_str id, graph__row **out)
{
    graph__row *row = graph__find(t->g, type, id);
    if (!row)
        return riv_fail(t->fault, RIV_E_MALFORMED, t->block->height, "a log of block %llu tells of no %s " RIV_FMT,
                        (unsigned long long)t->block->height, graph__schema[type].name, RIV_ARG(id));
    *out = row;
    return RIV_OK;
}

riv_err graph__need_of(const graph__told *t, graph__type type, const graph__row *row, const char *field,
                       graph__row **out)
{
    size_t at = graph__field_find(type, riv_str_c(field));
    RIV_ASSERT(at != SIZE_MAX);
    return graph__need(t, graph__schema[type].fields[at].of, graph__get(type, row, field).text, out);
}

graph__row *graph__link(const graph__told *t, graph__type type, const char *a_field, const graph__row *a,
                        const char *b_field, const graph__row *b)
{
    graph__row *link = graph__make(t->g, type, graph__joined(t, a->id, b->id));
    graph__set_text(t->g, type, link, a_field, a->id);
    graph__set_text(t->g, type, link, b_field, b->id);
    return link;
}

uint64_t graph__number(graph__type type, const graph__row *row, const char *field)
{
    graph__value v = graph__get(type, row, field);
    return v.set ? graph__u64(v.number) : 0;
}

void graph__int(const graph__told *t, graph__type type, graph__row *row, const char *field, u256 v)
{
    graph__set_u64(t->g, type, row, field, RIV_MIN(graph__u64(v), (uint64_t)INT32_MAX));
}

riv_err graph__count(const graph__told *t, graph__type type, graph__row *row, const char *field, int by)
{
    uint64_t now  = graph__number(type, row, field);
    uint64_t less = by < 0 ? (uint64_t)-by : 0;
    if (now < less)
        return riv_fail(t->fault, RIV_E_MALFORMED, t->block->height, "block %llu takes %s of %s " RIV_FMT " below zero",
                        (unsigned long long)t->block->height, field, graph__schema[type].name, RIV_ARG(row->id));
    graph__set_u64(t->g, type, row, field, by < 0 ? now - less : now + (uint64_t)by);
    return RIV_OK;
}

void graph__count_down(const graph__told *t, graph__type type, graph__row *row, const char *field)
{
    uint64_t now = graph__number(type, row, field);
    graph__set_u64(t->g, type, row, field, now - (now > 0));
}

void graph__sum(const graph__told *t, graph__type type, graph__row *row, const char *field, u256 by)
{
    u256 sum  = graph__get(type, row, field).number;
    bool fits = u256_add(sum, by, &sum);
    if (!fits) memset(&sum, 0xff, sizeof sum);
    graph__set_number(t->g, type, row, field, sum);
}

graph__row *graph__network(const graph__told *t) { return graph__make(t->g, GRAPH__NETWORK, RIV_LIT("1")); }

void graph__total(const graph__told *t, const char *field)
{
    graph__row *network = graph__network(t);
    graph__set_u64(t->g, GRAPH__NETWORK, network, field, graph__number(GRAPH__NETWORK, network, field) + 1);
}

/* ---- what events do not carry ---- */

riv_err graph__ask(const graph__told *t, const eth_address *at, const char *function, const eth_type *returns,
                   bool *found, eth_value *out)
{
    eth_type      one  = { .kind = ETH_TUPLE, .items = returns, .items_count = 1 };
    crypto_hash   hash = crypto_keccak256(riv_str_bytes(riv_str_c(function)));
    chain_call    call = { .to = *at, .data = { hash.bytes, 4 } };
    chain_receipt r;
    eth_value     v;
    RIV_TRY(chain_call_run(t->g->engine, t->store, UINT64_MAX, &call, t->arena, t->fault, &r));
    *found = r.ok && eth_abi_read(&one, r.returned, t->arena, NULL, &v) == RIV_OK;
    if (*found) *out = v.items[0];
    return RIV_OK;
}
