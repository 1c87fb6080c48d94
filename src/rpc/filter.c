/* filter.c: logs by address and topics, filters that are asked again and again, subscriptions that are told.
 * Blocks whose bloom excludes a filter are not opened; what one question may span and find is bounded.
 * Spec: docs/spec/chain.md 3; geth's pubsub. Tests: filter_test.c. */
#include "rpc/internal.h"

enum { TOPICS = 4, FORGOTTEN_MS = 5 * 60 * 1000 };

static const chain_store *store_of(const rpc__call *c) { return &c->r->config.place.store; }

/* ---- what is wanted ---- */

static bool too_many(rpc__call *c, const char *what)
{
    rpc__fail(c, RPC__INVALID_PARAMS, "exceed max %s: %d", what, RPC_ADDRESSES_MAX);
    return false;
}

static bool addresses_of(rpc__call *c, const riv_json *v, riv_arena *arena, rpc__logs_wanted *out)
{
    if (!v || v->kind == RIV_JSON_NULL) return true;
    size_t count = v->kind == RIV_JSON_ARR ? v->arr.count : 1;
    if (count > RPC_ADDRESSES_MAX) return too_many(c, "addresses");
    eth_address *all = riv_new(arena, eth_address, count + 1);
    for (size_t i = 0; i < count; i++)
        if (!rpc__address(c, 0, v->kind == RIV_JSON_ARR ? v->arr.items[i] : v, &all[i])) return false;
    out->addresses       = all;
    out->addresses_count = count;
    return true;
}

static bool topic_of(rpc__call *c, const riv_json *v, riv_arena *arena, rpc__logs_wanted *out, size_t place)
{
    if (v->kind == RIV_JSON_NULL) return true;
    size_t count = v->kind == RIV_JSON_ARR ? v->arr.count : 1, kept = 0;
    if (count > RPC_ADDRESSES_MAX) return too_many(c, "topics");
    crypto_hash *all = riv_new(arena, crypto_hash, count + 1);
    for (size_t i = 0; i < count; i++) {
        const riv_json *one = v->kind == RIV_JSON_ARR ? v->arr.items[i] : v;
        if (one->kind == RIV_JSON_NULL) return true; /* null among several: any */
        if (!rpc__hash(c, 0, one, &all[kept++])) return false;
    }
    out->topics[place].items = all;
    out->topics[place].count = kept;
    return true;
}

static bool wanted_of(rpc__call *c, const riv_json *v, riv_arena *arena, rpc__logs_wanted *out)
{
    const riv_json *topics = riv_json_get(v, RIV_LIT("topics"));
    *out                   = (rpc__logs_wanted){ 0 };
    if (v && v->kind != RIV_JSON_OBJ)
        return rpc__fail(c, RPC__INVALID_PARAMS, "invalid argument 0: expected an object"), false;
    if (!addresses_of(c, riv_json_get(v, RIV_LIT("address")), arena, out)) return false;
    if (!topics || topics->kind == RIV_JSON_NULL) return true;
    if (topics->kind != RIV_JSON_ARR || topics->arr.count > TOPICS)
        return rpc__fail(c, RPC__INVALID_PARAMS, "invalid argument 0: expected at most %d topics", TOPICS), false;
    out->topics_count = topics->arr.count;
    for (size_t i = 0; i < out->topics_count; i++)
        if (!topic_of(c, topics->arr.items[i], arena, out, i)) return false;
    return true;
}

static bool fits(const rpc__logs_wanted *w, const chain_log *log)
{
    bool any = w->addresses_count == 0;
    for (size_t i = 0; i < w->addresses_count && !any; i++) any = eth_address_eq(&w->addresses[i], &log->at);
    if (!any || w->topics_count > log->topics_count) return false;
    for (size_t i = 0; i < w->topics_count; i++) {
        any = w->topics[i].count == 0;
        for (size_t k = 0; k < w->topics[i].count && !any; k++)
            any = memcmp(&w->topics[i].items[k], &log->topics[i], sizeof log->topics[i]) == 0;
        if (!any) return false;
    }
    return true;
}

static bool may_have(const rpc__logs_wanted *w, const uint8_t bloom[256])
{
    bool any = w->addresses_count == 0;
    for (size_t i = 0; i < w->addresses_count && !any; i++)
        any = chain_bloom_has(bloom, (riv_bytes){ w->addresses[i].bytes, sizeof w->addresses[i].bytes });
    for (size_t i = 0; i < w->topics_count && any; i++) {
        any = w->topics[i].count == 0;
        for (size_t k = 0; k < w->topics[i].count && !any; k++)
            any =
                chain_bloom_has(bloom, (riv_bytes){ w->topics[i].items[k].bytes, sizeof w->topics[i].items[k].bytes });
    }
    return any;
}

/* ---- looking for logs ---- */

static bool add_logs(rpc__call *c, const rpc__logs_wanted *w, const rpc_block *b, riv_json_list *out)
{
    size_t number = 0, count;
    for (size_t i = 0; i <= b->block.receipts_count; i++) {
        const chain_log *logs = rpc__logs_of(b, i, &count);
        for (size_t k = 0; k < count; k++, number++) {
            if (!fits(w, &logs[k])) continue;
            if (out->len == RPC_LOGS_MAX || riv_arena_over(c->arena)) {
                rpc__fail(c, RPC__LIMIT, "query returned more than %d results", RPC_LOGS_MAX);
                return false;
            }
            riv_json_add(c->arena, out, rpc__json_log(c->arena, b, i, k, number));
        }
    }
    return true;
}

static bool logs_between(rpc__call *c, const rpc__logs_wanted *w, uint64_t from, uint64_t to, riv_json_list *out)
{
    riv_fault  fault = { 0 };
    rpc_block  b;
    riv_arena *arena = riv_arena_new(0);
    for (uint64_t h = from; h <= to && !c->code; h++) {
        riv_arena_reset(arena);
        riv_err err = rpc_block_read(store_of(c), h, false, arena, &fault, &b);
        if (!rpc__works(c, RPC__WORK_BLOCK)) break;
        if (!err && may_have(w, b.block.logs_bloom)) {
            if (!rpc__works(c, RPC__WORK_RECEIPT * b.txs_count)) break;
            err = rpc_block_read(store_of(c), h, true, arena, &fault, &b);
            if (!err && !add_logs(c, w, &b, out)) break;
        }
        if (err) rpc__fault(c, &fault);
    }
    riv_arena_free(arena);
    return c->code == 0;
}

static const riv_json *as_array(const rpc__call *c, const riv_json_list *list)
{
    return riv_json_arr(c->arena, list->ptr, list->len);
}

/* One end of a span. *named: it is not the newest block, whichever that is when it is looked for. */
static bool end_of(rpc__call *c, const riv_json *v, uint64_t *height, bool *named)
{
    rpc__at at;
    if (!rpc__block_param(c, 0, v, &at)) return false;
    if (!at.found) return rpc__fail(c, RPC__SERVER, "unknown block"), false;
    *height = at.height;
    *named  = v && (v->kind != RIV_JSON_STR || riv_str_starts(v->str, RIV_LIT("0x")) ||
                   riv_str_eq(v->str, RIV_LIT("earliest")));
    return true;
}

/* The blocks that a filter names: from..to. geth's: the newest block as an end may lie before a beginning that is still to come; a number may not.
 * *open: the end is the newest block. */
static bool span_of(rpc__call *c, const riv_json *v, uint64_t *from, uint64_t *to, bool *open)
{
    bool            starts, ends;
    crypto_hash     wanted;
    const riv_json *hash = rpc__given(v, "blockHash"), *first = rpc__given(v, "fromBlock"),
                   *last = rpc__given(v, "toBlock");
    *open                = false;
    if (hash) {
        if (first || last)
            return rpc__fail(c, RPC__INVALID_PARAMS,
                             "cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other"),
                   false;
        if (!rpc__hash(c, 0, hash, &wanted)) return false;
        if (rpc_block_find(store_of(c), &wanted, c->arena, from))
            return rpc__fail(c, RPC__SERVER, "unknown block"), false;
        *to = *from;
        return true;
    }
    if (!end_of(c, first, from, &starts) || !end_of(c, last, to, &ends)) return false;
    *open = !ends;
    if (*from > *to && starts && ends) return rpc__fail(c, RPC__INVALID_PARAMS, "invalid block range params"), false;
    return true;
}

static const riv_json *logs_of(rpc__call *c, const rpc__logs_wanted *w, uint64_t from, uint64_t to)
{
    chain_head    head;
    riv_json_list out = { 0 };
    if (!rpc__head(c, &head)) return NULL;
    to = RIV_MIN(to, head.height);
    if (from > to) return as_array(c, &out);
    if (to - from >= RPC_LOG_BLOCKS_MAX)
        return rpc__fail(c, RPC__LIMIT, "exceed maximum block range: %d", RPC_LOG_BLOCKS_MAX);
    return logs_between(c, w, from, to, &out) ? as_array(c, &out) : NULL;
}

static const riv_json *get_logs(rpc__call *c)
{
    rpc__logs_wanted w;
    uint64_t         from, to;
    bool             open;
    const riv_json  *v = rpc__param(c, 0);
    if (!v) return rpc__fail(c, RPC__INVALID_PARAMS, "missing value for required argument 0");
    if (!wanted_of(c, v, c->arena, &w) || !span_of(c, v, &from, &to, &open)) return NULL;
    return logs_of(c, &w, from, to);
}

/* ---- watches ---- */

static void drop(rpc *r, size_t at)
{
    riv_arena_free(r->watches[at]->arena);
    riv_free(r->watches[at]);
    r->watches_count--;
    memmove(r->watches + at, r->watches + at + 1, (r->watches_count - at) * sizeof *r->watches);
}

void rpc__watches_free(rpc *r)
{
    while (r->watches_count) drop(r, r->watches_count - 1);
    riv_free(r->watches);
    r->watches = NULL;
}

void rpc_forget(rpc *r, uint64_t conn)
{
    for (size_t i = r->watches_count; i > 0; i--)
        if (conn && r->watches[i - 1]->conn == conn) drop(r, i - 1);
}

static void forget_old(rpc *r, uint64_t now_ms)
{
    for (size_t i = r->watches_count; i > 0; i--) {
        const rpc__watch *w = r->watches[i - 1];
        if (w->conn == 0 && now_ms > w->asked_ms && now_ms - w->asked_ms > FORGOTTEN_MS) drop(r, i - 1);
    }
}

static size_t count_of(const rpc *r, uint64_t conn)
{
    size_t count = 0;
    for (size_t i = 0; i < r->watches_count; i++) count += r->watches[i]->conn == conn;
    return count;
}

static uint64_t new_id(rpc *r)
{
    riv_buf out = { 0 };
    riv_put_bytes(&out, (riv_bytes){ r->secret.bytes, sizeof r->secret.bytes });
    riv_put_u64be(&out, r->ids++);
    crypto_hash hash   = crypto_keccak256(riv_buf_view(&out));
    riv_reader  reader = riv_reader_of((riv_bytes){ hash.bytes, sizeof hash.bytes });
    riv_buf_free(&out);
    return riv_read_u64be(&reader) | 1;
}

/* NULL: c has the error. v: what logs are wanted, or NULL. */
static rpc__watch *watch(rpc__call *c, rpc__watch_kind kind, const riv_json *v)
{
    rpc       *r = c->r;
    chain_head head;
    forget_old(r, c->now_ms);
    if (count_of(r, c->conn) >= (c->conn ? RPC_SUBSCRIPTIONS_MAX : RPC_FILTERS_MAX))
        return rpc__fail(c, RPC__LIMIT, "too many %s", c->conn ? "subscriptions" : "filters"), NULL;
    if (!rpc__head(c, &head)) return NULL;
    rpc__watch *w = riv_alloc(sizeof *w);
    w->kind       = kind;
    w->conn       = c->conn;
    w->asked_ms   = c->now_ms;
    w->next       = kind == RPC__WATCH_PENDING ? r->recent_count : head.height + 1;
    w->to         = UINT64_MAX;
    w->arena      = riv_arena_new(1 << 20);
    if (kind == RPC__WATCH_LOGS && !wanted_of(c, v, w->arena, &w->wanted)) {
        riv_arena_free(w->arena);
        riv_free(w);
        return NULL;
    }
    w->id                          = new_id(r);
    r->watches                     = riv_realloc(r->watches, (r->watches_count + 1) * sizeof *r->watches);
    r->watches[r->watches_count++] = w;
    return w;
}

static rpc__watch *watch_of(rpc__call *c, size_t *at)
{
    uint64_t id;
    forget_old(c->r, c->now_ms);
    if (!rpc__number(c, 0, rpc__param(c, 0), &id)) return NULL;
    for (*at = 0; *at < c->r->watches_count; ++*at)
        if (c->r->watches[*at]->id == id && c->r->watches[*at]->conn == c->conn) return c->r->watches[*at];
    return NULL;
}

static const riv_json *id_of(rpc__call *c, const rpc__watch *w) { return w ? rpc__json_number(c->arena, w->id) : NULL; }

/* ---- filters: asked by whoever knows the id; kept under connection 0 ---- */

static const riv_json *filter(rpc__call *c, rpc__watch_kind kind, const riv_json *v)
{
    c->conn = 0;
    return id_of(c, watch(c, kind, v));
}

static const riv_json *new_filter(rpc__call *c)
{
    const riv_json *v    = rpc__param(c, 0);
    uint64_t        from = 0, to = UINT64_MAX;
    bool            open;
    c->conn = 0;
    if (!v) return rpc__fail(c, RPC__INVALID_PARAMS, "missing value for required argument 0");
    if (!span_of(c, v, &from, &to, &open)) return NULL;
    rpc__watch *w = watch(c, RPC__WATCH_LOGS, v);
    if (!w) return NULL;
    w->from = from;
    if (!open) w->to = to;
    return id_of(c, w);
}

static const riv_json *new_block_filter(rpc__call *c) { return filter(c, RPC__WATCH_HEADS, NULL); }
static const riv_json *new_pending_filter(rpc__call *c) { return filter(c, RPC__WATCH_PENDING, NULL); }

static const riv_json *uninstall(rpc__call *c)
{
    size_t at;
    c->conn             = 0;
    const rpc__watch *w = watch_of(c, &at);
    if (c->code) return NULL;
    if (w) drop(c->r, at);
    return riv_json_bool(w != NULL);
}

static const riv_json *new_heads(rpc__call *c, rpc__watch *w, uint64_t head)
{
    riv_json_list out = { 0 };
    rpc_block     b;
    riv_fault     fault = { 0 };
    riv_arena    *arena = riv_arena_new(0);
    if (head - w->next >= RPC_LOG_BLOCKS_MAX) w->next = head + 1 - RPC_LOG_BLOCKS_MAX;
    for (; w->next <= head && !c->code; w->next++) {
        riv_arena_reset(arena);
        c->r->work += RPC__WORK_BLOCK;
        if (rpc_block_read(store_of(c), w->next, false, arena, &fault, &b))
            rpc__fault(c, &fault);
        else
            riv_json_add(c->arena, &out, rpc__json_hash(c->arena, &b.block.hash));
    }
    riv_arena_free(arena);
    return c->code ? NULL : as_array(c, &out);
}

static const riv_json *new_pending(rpc__call *c, rpc__watch *w)
{
    riv_json_list out = { 0 };
    if (c->r->recent_count - w->next > RPC__RECENT) w->next = c->r->recent_count - RPC__RECENT;
    for (; w->next < c->r->recent_count; w->next++)
        riv_json_add(c->arena, &out, rpc__json_hash(c->arena, &c->r->recent[w->next % RPC__RECENT]));
    return as_array(c, &out);
}

static const riv_json *changes(rpc__call *c)
{
    size_t        at;
    chain_head    head;
    riv_json_list empty = { 0 };
    c->conn             = 0;
    rpc__watch *w       = watch_of(c, &at);
    if (!w) return rpc__fail(c, RPC__SERVER, "filter not found");
    if (!rpc__head(c, &head)) return NULL;
    w->asked_ms = c->now_ms;
    if (w->kind == RPC__WATCH_PENDING) return new_pending(c, w);
    if (w->next > head.height) return as_array(c, &empty);
    if (w->kind == RPC__WATCH_HEADS) return new_heads(c, w, head.height);
    uint64_t from = RIV_MAX(w->next, w->from), to = RIV_MIN(w->to, RIV_MIN(head.height, from + RPC_LOG_BLOCKS_MAX - 1));
    const riv_json *out = logs_of(c, &w->wanted, from, to);
    if (out) w->next = RIV_MIN(head.height, from + RPC_LOG_BLOCKS_MAX - 1) + 1;
    return out;
}

static const riv_json *filter_logs(rpc__call *c)
{
    size_t at;
    c->conn       = 0;
    rpc__watch *w = watch_of(c, &at);
    if (!w || w->kind != RPC__WATCH_LOGS) return rpc__fail(c, RPC__SERVER, "filter not found");
    w->asked_ms = c->now_ms;
    return logs_of(c, &w->wanted, w->from, w->to);
}

/* ---- subscriptions ---- */

static const riv_json *subscribe(rpc__call *c)
{
    const riv_json *kind = rpc__param(c, 0), *more = rpc__param(c, 1);
    if (c->conn == 0) return rpc__fail(c, RPC__SERVER, "notifications not supported");
    if (!kind || kind->kind != RIV_JSON_STR)
        return rpc__fail(c, RPC__INVALID_PARAMS, "missing value for required argument 0");
    if (riv_str_eq(kind->str, RIV_LIT("newHeads"))) return id_of(c, watch(c, RPC__WATCH_HEADS, NULL));
    if (riv_str_eq(kind->str, RIV_LIT("logs"))) return id_of(c, watch(c, RPC__WATCH_LOGS, more));
    if (riv_str_eq(kind->str, RIV_LIT("newPendingTransactions"))) {
        rpc__watch *w = watch(c, RPC__WATCH_PENDING, NULL);
        if (w) w->full = more && more->kind == RIV_JSON_BOOL && more->boolean;
        return id_of(c, w);
    }
    return rpc__fail(c, RPC__NO_METHOD, "no \"" RIV_FMT "\" subscription in eth namespace",
                     RIV_ARG(riv_str_sub(kind->str, 0, 64)));
}

static const riv_json *unsubscribe(rpc__call *c)
{
    size_t at;
    if (c->conn == 0) return rpc__fail(c, RPC__SERVER, "notifications not supported");
    if (!watch_of(c, &at)) return c->code ? NULL : rpc__fail(c, RPC__SERVER, "subscription not found");
    drop(c->r, at);
    return riv_json_bool(true);
}

/* What was handed out is gone once something new is to be told. */
static riv_arena *notice_arena(rpc *r)
{
    if (r->told) {
        riv_arena_reset(r->notices_arena);
        r->notices.ptr = NULL;
        r->notices.len = r->notices.cap = 0;
        r->told                         = false;
    }
    return r->notices_arena;
}

/* Many subscribers of a block with many logs may be more than there is room for: they hear of it by being cut off. */
static void tell(rpc *r, const rpc__watch *w, const riv_json *what)
{
    riv_arena *arena = notice_arena(r);
    riv_buf    out   = riv_buf_in(arena);
    u256       id    = u256_of(w->id);
    if (riv_arena_over(arena)) {
        if (r->notices.ptr[r->notices.len - 1].conn != w->conn || r->notices.ptr[r->notices.len - 1].text.len)
            *riv_push(arena, &r->notices) = (rpc_notice){ .conn = w->conn };
        return;
    }
    riv_put_str(&out, RIV_LIT("{\"jsonrpc\":\"2.0\",\"method\":\"eth_subscription\",\"params\":{\"subscription\":\""));
    u256_put_hex(&out, id);
    riv_put_str(&out, RIV_LIT("\",\"result\":"));
    riv_json_write(what, &out);
    riv_put_str(&out, RIV_LIT("}}"));
    *riv_push(arena, &r->notices) = (rpc_notice){ w->conn, riv_buf_str(&out) };
}

static void tell_logs(rpc *r, const rpc__watch *w, const rpc_block *b, riv_arena *arena)
{
    size_t number = 0, count;
    riv_arena_reset(arena);
    if (!may_have(&w->wanted, b->block.logs_bloom)) return;
    for (size_t i = 0; i <= b->block.receipts_count; i++) {
        const chain_log *logs = rpc__logs_of(b, i, &count);
        for (size_t k = 0; k < count; k++, number++)
            if (fits(&w->wanted, &logs[k])) {
                tell(r, w, rpc__json_log(arena, b, i, k, number));
                if (riv_arena_over(r->notices_arena)) return;
            }
    }
}

void rpc__tell_block(rpc *r, const rpc_block *b)
{
    riv_arena      *arena = riv_arena_new(0), *one = riv_arena_new(0);
    const riv_json *header = NULL;
    for (size_t i = 0; i < r->watches_count; i++) {
        const rpc__watch *w = r->watches[i];
        if (!header && w->conn && w->kind == RPC__WATCH_HEADS) header = rpc__json_header(arena, b);
        if (w->conn && w->kind == RPC__WATCH_HEADS) tell(r, w, header);
        if (w->conn && w->kind == RPC__WATCH_LOGS) tell_logs(r, w, b, one);
    }
    riv_arena_free(one);
    riv_arena_free(arena);
}

void rpc__tell_pending(rpc *r, const eth_tx *tx)
{
    const riv_json *full  = NULL;
    riv_arena      *arena = riv_arena_new(0);
    for (size_t i = 0; i < r->watches_count; i++) {
        const rpc__watch *w = r->watches[i];
        if (!w->conn || w->kind != RPC__WATCH_PENDING) continue;
        if (w->full && !full) full = rpc__json_tx(arena, tx, NULL, 0);
        tell(r, w, w->full ? full : rpc__json_hash(arena, &tx->hash));
    }
    riv_arena_free(arena);
}

size_t rpc_notices(rpc *r, const rpc_notice **out)
{
    if (r->told) return 0;
    r->told = true;
    *out    = r->notices.ptr;
    return r->notices.len;
}

static const rpc__method methods[] = {
    { "eth_getLogs", get_logs },
    { "eth_newFilter", new_filter },
    { "eth_newBlockFilter", new_block_filter },
    { "eth_newPendingTransactionFilter", new_pending_filter },
    { "eth_uninstallFilter", uninstall },
    { "eth_getFilterChanges", changes },
    { "eth_getFilterLogs", filter_logs },
    { "eth_subscribe", subscribe },
    { "eth_unsubscribe", unsubscribe },
};
const rpc__methods rpc__of_filters = { methods, RIV_COUNT(methods) };
