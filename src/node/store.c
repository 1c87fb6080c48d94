/* store.c: what a particle leaves in the durable store, and how a new run of the program goes on from it. Values are MessagePack arrays:
 *   "h" KEY          who and what: written once, when the particle is accepted
 *                    [1, id, init peer, script, signature, timestamp, ttl, own, relay, from, values]
 *   "s" KEY          as of some run: [2, trace, calls without an answer [id, asked_ms, call, ...], peers that did not take it yet [peer, ...],
 *                    number of the first journal entry that follows, call results that no run has taken in yet [id, ret_code, text, ...]];
 *                    version 1 ended behind the peers
 *   "j" KEY NUMBER   the journal: a run after that, of call results alone, which made no particle leave:
 *                    [1, when, results [id, ret_code, text, ...], peers that did not take it yet, or nil: as before]
 *   "a" KEY NUMBER   data of an arrival that no run has taken in yet; written before the sender sees that we have it
 * KEY is sha-256 of signature and id (32 bytes), NUMBER a u64, big-endian. A crash loses nothing that was acknowledged: runs of the journal are repeated
 * in order, which ends with the same trace to the byte; then calls without an answer are made again, and sends.
 * The state is written, and its journal deleted, whenever the trace is encoded: when it leaves, when data was merged, when nothing
 * is under way here any more, when its session is dropped, when the journal is full.
 * Spec: docs/spec/node.md §13, §14 (8). Tests: node_test.c, store_fuzz.c. */
#include "node/internal.h"

#include <stdlib.h>

enum { HEAD = 'h', STATE = 's', JOURNAL = 'j', ARRIVAL = 'a', KEY_BYTES = 1 + CRYPTO_HASH_BYTES, NUMBER_BYTES = 8 };
enum { HEAD_VERSION = 1, STATE_VERSION = 2, STATE_VERSION_OLD = 1, JOURNAL_VERSION = 1 };
enum { OLD_STATE_HEAD = 0x94 /* an array of four */ };

static riv_bytes key_of(node *n, const node_particle *p, uint8_t kind)
{
    riv_buf buf = riv_buf_in(n->scratch);
    riv_put_u8(&buf, kind);
    riv_put_bytes(&buf, (riv_bytes){ p->key, sizeof p->key });
    return riv_buf_view(&buf);
}

static riv_bytes numbered_key(node *n, const node_particle *p, uint8_t kind, uint64_t number)
{
    riv_buf buf = riv_buf_in(n->scratch);
    riv_put_bytes(&buf, key_of(n, p, kind));
    riv_put_u64be(&buf, number);
    return riv_buf_view(&buf);
}

static void put(node *n, riv_bytes key, riv_bytes value)
{
    node_effect *e = node__emit(n, NODE_STORE_PUT);
    e->key         = key;
    e->bytes       = value;
}

static void del(node *n, riv_bytes key) { node__emit(n, NODE_STORE_DEL)->key = key; }

/* ---- writing ---- */

static size_t entry_bytes(size_t value_bytes) { return KEY_BYTES + NUMBER_BYTES + value_bytes; }

static void count_journal(node *n, node_particle *p, size_t bytes)
{
    node__count_bytes(n, p, bytes, p->journal_bytes);
    p->journal_bytes = bytes;
}

static void put_peer(riv_buf *buf, bool has, const codec_peer *peer)
{
    codec_mp_put_bin(buf, has ? codec_peer_view(peer) : (riv_bytes){ 0 });
}

void node__store_head(node *n, const node_particle *p)
{
    riv_buf buf = riv_buf_in(n->scratch);
    codec_mp_put_array(&buf, 11);
    codec_mp_put_uint(&buf, HEAD_VERSION);
    codec_mp_put_str(&buf, p->head.id);
    codec_mp_put_str(&buf, p->head.init_peer_id);
    codec_mp_put_str(&buf, p->head.script);
    codec_mp_put_bin(&buf, p->head.signature);
    codec_mp_put_uint(&buf, p->head.timestamp_ms);
    codec_mp_put_uint(&buf, p->head.ttl_ms);
    codec_mp_put_bool(&buf, p->own);
    put_peer(&buf, p->has_relay, &p->relay);
    put_peer(&buf, p->has_from, &p->from);
    codec_mp_put_json(&buf, p->values ? p->values : riv_json_null());
    put(n, key_of(n, p, HEAD), riv_buf_view(&buf));
}

static void put_result(riv_buf *buf, uint32_t id, int32_t ret_code, riv_bytes text)
{
    codec_mp_put_uint(buf, id);
    codec_mp_put_int(buf, ret_code);
    codec_mp_put_bin(buf, text);
}

static void put_outbox(riv_buf *buf, const node_particle *p)
{
    codec_mp_put_array(buf, (uint32_t)p->outbox.len);
    for (size_t i = 0; i < p->outbox.len; i++) put_peer(buf, true, &p->outbox.ptr[i].peer);
}

/* Entries of a former run of the program that are not repeated yet follow this trace too. */
static void drop_journal(node *n, node_particle *p)
{
    bool     replays = p->replay_at < p->replay.len;
    uint64_t from    = replays ? p->replay.ptr[p->replay_at].number : p->journal_next;
    size_t   kept    = 0;
    for (; p->journal_first < from; p->journal_first++) del(n, numbered_key(n, p, JOURNAL, p->journal_first));
    for (size_t i = p->replay_at; i < p->replay.len; i++) kept += entry_bytes(p->replay.ptr[i].value.len);
    count_journal(n, p, kept);
}

void node__store_state(node *n, node_particle *p)
{
    RIV_ASSERT(!p->ahead);
    drop_journal(n, p);
    riv_buf buf = riv_buf_in(n->scratch);
    riv_buf_reserve(&buf, p->data.len + 64);
    codec_mp_put_array(&buf, 6);
    codec_mp_put_uint(&buf, STATE_VERSION);
    codec_mp_put_bin(&buf, riv_blob_view(p->data));
    codec_mp_put_array(&buf, (uint32_t)p->calls.len * 3);
    for (size_t i = 0; i < p->calls.len; i++) {
        const node_call *c = &p->calls.ptr[i];
        codec_mp_put_uint(&buf, c->id);
        codec_mp_put_uint(&buf, c->asked_ms);
        codec_mp_put_bin(&buf, riv_blob_view(c->record));
    }
    put_outbox(&buf, p);
    codec_mp_put_uint(&buf, p->journal_first);
    codec_mp_put_array(&buf, (uint32_t)p->results.len * 3);
    for (size_t i = 0; i < p->results.len; i++) {
        const node_result *r = &p->results.ptr[i];
        put_result(&buf, r->id, r->ret_code, riv_blob_view(r->text));
    }
    put(n, key_of(n, p, STATE), riv_buf_view(&buf));
    p->has_state      = true;
    p->outbox_changed = false;
}

size_t node__journal_bytes(const avm_call_result *results, size_t count)
{
    size_t bytes = entry_bytes(32);
    for (size_t i = 0; i < count; i++) bytes += 16 + results[i].result.len;
    return bytes;
}

void node__store_run(node *n, node_particle *p, const avm_call_result *results, size_t count)
{
    riv_buf buf = riv_buf_in(n->scratch);
    codec_mp_put_array(&buf, 4);
    codec_mp_put_uint(&buf, JOURNAL_VERSION);
    codec_mp_put_uint(&buf, n->now_ms);
    codec_mp_put_array(&buf, (uint32_t)count * 3);
    for (size_t i = 0; i < count; i++)
        put_result(&buf, results[i].id, results[i].ret_code, riv_str_bytes(results[i].result));
    if (p->outbox_changed)
        put_outbox(&buf, p);
    else
        codec_mp_put_nil(&buf);
    put(n, numbered_key(n, p, JOURNAL, p->journal_next++), riv_buf_view(&buf));
    count_journal(n, p, p->journal_bytes + entry_bytes(buf.len));
    p->outbox_changed = false;
    n->stats.journaled++;
}

void node__store_arrival(node *n, const node_particle *p, uint64_t number, riv_bytes data)
{
    put(n, numbered_key(n, p, ARRIVAL, number), riv_bytes_dup(n->scratch, data));
}

void node__forget_arrival(node *n, const node_particle *p, uint64_t number)
{
    del(n, numbered_key(n, p, ARRIVAL, number));
}

void node__forget(node *n, const node_particle *p)
{
    del(n, key_of(n, p, HEAD));
    del(n, key_of(n, p, STATE));
    if (p->job_arrival) del(n, numbered_key(n, p, ARRIVAL, p->job_arrival));
    for (const node_arrival *a = p->first; a; a = a->next) del(n, numbered_key(n, p, ARRIVAL, a->number));
    for (uint64_t i = p->journal_first; i < p->journal_next; i++) del(n, numbered_key(n, p, JOURNAL, i));
}

/* ---- reading: records come in any order; a particle is whole at NODE_START ---- */

static riv_err next_of(riv_reader *r, riv_fault *fault, codec_mp_kind kind, codec_mp *out)
{
    RIV_TRY(codec_mp_next(r, fault, out));
    return out->kind == kind ? RIV_OK : riv_fail(fault, RIV_E_MALFORMED, r->pos, "a stored record is broken");
}

static riv_err read_version(riv_reader *r, riv_fault *fault, uint32_t fields, uint64_t version)
{
    codec_mp v;
    RIV_TRY(next_of(r, fault, CODEC_MP_ARRAY, &v));
    if (v.count != fields) return riv_fail(fault, RIV_E_MALFORMED, 0, "a stored record of %u fields", v.count);
    RIV_TRY(next_of(r, fault, CODEC_MP_UINT, &v));
    return v.u64 == version ? RIV_OK
                            : riv_fail(fault, RIV_E_UNSUPPORTED, 0, "a stored record of version %llu, not %llu",
                                       (unsigned long long)v.u64, (unsigned long long)version);
}

static riv_err read_peer(riv_reader *r, riv_fault *fault, bool *has, codec_peer *out)
{
    codec_mp v;
    RIV_TRY(next_of(r, fault, CODEC_MP_BIN, &v));
    *has = v.bytes.len > 0;
    return *has ? codec_peer_read(v.bytes, fault, out) : RIV_OK;
}

typedef struct stored_head {
    p2p_particle    head;
    bool            own, has_relay, has_from;
    codec_peer      relay, from;
    const riv_json *values;
} stored_head;

static riv_err read_head(riv_bytes value, riv_arena *a, riv_fault *fault, stored_head *out)
{
    riv_reader r = riv_reader_of(value);
    codec_mp   id, init, script, signature, timestamp, ttl, own;
    RIV_TRY(read_version(&r, fault, 11, HEAD_VERSION));
    RIV_TRY(next_of(&r, fault, CODEC_MP_STR, &id));
    RIV_TRY(next_of(&r, fault, CODEC_MP_STR, &init));
    RIV_TRY(next_of(&r, fault, CODEC_MP_STR, &script));
    RIV_TRY(next_of(&r, fault, CODEC_MP_BIN, &signature));
    RIV_TRY(next_of(&r, fault, CODEC_MP_UINT, &timestamp));
    RIV_TRY(next_of(&r, fault, CODEC_MP_UINT, &ttl));
    RIV_TRY(next_of(&r, fault, CODEC_MP_BOOL, &own));
    RIV_TRY(read_peer(&r, fault, &out->has_relay, &out->relay));
    RIV_TRY(read_peer(&r, fault, &out->has_from, &out->from));
    RIV_TRY(codec_mp_json(&r, a, fault, &out->values));
    out->own  = own.boolean;
    out->head = (p2p_particle){ .id           = riv_bytes_str(id.bytes),
                                .init_peer_id = riv_bytes_str(init.bytes),
                                .script       = riv_bytes_str(script.bytes),
                                .signature    = signature.bytes,
                                .timestamp_ms = timestamp.u64,
                                .ttl_ms       = (uint32_t)RIV_MIN(ttl.u64, (uint64_t)UINT32_MAX) };
    return RIV_OK;
}

static riv_err restore_head(node *n, const uint8_t *key, riv_bytes value, riv_fault *fault)
{
    stored_head s = { 0 };
    uint8_t     right[CRYPTO_HASH_BYTES];
    RIV_TRY(read_head(value, n->scratch, fault, &s));
    node__particle_key(s.head.id, s.head.signature, right);
    if (memcmp(right, key, sizeof right) != 0 || !node__id_ok(s.head.id))
        return riv_fail(fault, RIV_E_MALFORMED, 0, "a stored particle under a wrong key");
    node_particle *p = node__particle_make(n, &s.head, key);
    p->own           = s.own;
    p->has_relay     = s.has_relay;
    p->relay         = s.relay;
    if (s.has_from && !p->has_from) node__share_take(n, p, &s.from);
    if (!p->values_arena) p->values_arena = riv_arena_new(0);
    p->values = riv_json_copy(p->values_arena, s.values);
    return RIV_OK;
}

static riv_err restore_calls(node *n, node_particle *p, riv_reader *r, riv_fault *fault)
{
    codec_mp list, id, asked, record;
    RIV_TRY(next_of(r, fault, CODEC_MP_ARRAY, &list));
    for (uint32_t i = 0; i < list.count / 3 && i < NODE_CALLS_MAX; i++) {
        RIV_TRY(next_of(r, fault, CODEC_MP_UINT, &id));
        RIV_TRY(next_of(r, fault, CODEC_MP_UINT, &asked));
        RIV_TRY(next_of(r, fault, CODEC_MP_BIN, &record));
        node_call *c = node__push(&p->calls);
        c->id        = (uint32_t)id.u64;
        c->asked_ms  = asked.u64;
        c->record    = riv_blob_copy(record.bytes);
        node__count_calls(n, p, record.bytes.len, 0);
    }
    return RIV_OK;
}

static riv_err read_result(riv_reader *r, riv_fault *fault, avm_call_result *out)
{
    codec_mp id, code, text;
    RIV_TRY(next_of(r, fault, CODEC_MP_UINT, &id));
    RIV_TRY(codec_mp_next(r, fault, &code));
    RIV_TRY(next_of(r, fault, CODEC_MP_BIN, &text));
    bool    below  = code.kind == CODEC_MP_INT;
    int64_t number = below ? code.i64 : (int64_t)RIV_MIN(code.u64, (uint64_t)INT64_MAX);
    if ((!below && code.kind != CODEC_MP_UINT) || number > INT32_MAX || number < INT32_MIN || id.u64 > UINT32_MAX)
        return riv_fail(fault, RIV_E_MALFORMED, r->pos, "a stored call result with a wrong number");
    *out = (avm_call_result){ (uint32_t)id.u64, (int32_t)number, riv_bytes_str(text.bytes) };
    return RIV_OK;
}

static riv_err restore_waiting(node *n, node_particle *p, riv_reader *r, riv_fault *fault)
{
    codec_mp        number, list;
    avm_call_result result;
    RIV_TRY(next_of(r, fault, CODEC_MP_UINT, &number));
    RIV_TRY(next_of(r, fault, CODEC_MP_ARRAY, &list));
    for (uint32_t i = 0; i < list.count / 3; i++) {
        RIV_TRY(read_result(r, fault, &result));
        node__add_result(n, p, result.id, result.ret_code, result.result);
    }
    p->journal_first = p->journal_next = number.u64;
    return RIV_OK;
}

static riv_err restore_state(node *n, const uint8_t *key, riv_bytes value, riv_fault *fault)
{
    riv_reader     r = riv_reader_of(value);
    codec_mp       data, list;
    node_particle *p = node__particle_make(n, NULL, key);
    if (p->data.ptr) return riv_fail(fault, RIV_E_MALFORMED, 0, "a stored trace comes twice");
    bool old = value.len && value.ptr[0] == OLD_STATE_HEAD;
    RIV_TRY(read_version(&r, fault, old ? 4 : 6, old ? STATE_VERSION_OLD : STATE_VERSION));
    RIV_TRY(next_of(&r, fault, CODEC_MP_BIN, &data));
    node__set_data(n, p, data.bytes);
    RIV_TRY(restore_calls(n, p, &r, fault));
    RIV_TRY(next_of(&r, fault, CODEC_MP_ARRAY, &list));
    for (uint32_t i = 0; i < list.count && i < NODE_OUTBOX_MAX; i++) {
        bool       has;
        codec_peer peer;
        RIV_TRY(read_peer(&r, fault, &has, &peer));
        if (has) node__push(&p->outbox)->peer = peer;
    }
    if (!old) RIV_TRY(restore_waiting(n, p, &r, fault));
    p->has_state = true;
    return RIV_OK;
}

static riv_err restore_journal(node *n, riv_bytes key, riv_bytes value, riv_fault *fault)
{
    riv_reader r = riv_reader_of(riv_bytes_sub(key, KEY_BYTES, key.len));
    if (riv_reader_left(&r) != NUMBER_BYTES)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "a stored run under a wrong key");
    node_particle *p        = node__particle_make(n, NULL, key.ptr + 1);
    *node__push(&p->replay) = (node_journal){ .number = riv_read_u64be(&r), .value = riv_blob_copy(value) };
    count_journal(n, p, p->journal_bytes + entry_bytes(value.len));
    return RIV_OK;
}

static riv_err restore_arrival(node *n, riv_bytes key, riv_bytes value, riv_fault *fault)
{
    riv_reader r = riv_reader_of(riv_bytes_sub(key, KEY_BYTES, key.len));
    if (riv_reader_left(&r) != NUMBER_BYTES)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "a stored arrival under a wrong key");
    uint64_t       number = riv_read_u64be(&r);
    node_particle *p      = node__particle_make(n, NULL, key.ptr + 1);
    if (p->waiting >= NODE_WAITING_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "too many stored arrivals of one particle");
    node__mark_seen(p, value);
    node__add_arrival(n, p, number, true, NULL, value);
    n->arrivals_next = RIV_MAX(n->arrivals_next, number);
    return RIV_OK;
}

static riv_err restore(node *n, riv_bytes key, riv_bytes value, riv_fault *fault)
{
    if (key.len < KEY_BYTES) return riv_fail(fault, RIV_E_MALFORMED, 0, "a stored record under an unknown key");
    switch (key.ptr[0]) {
    case HEAD: return restore_head(n, key.ptr + 1, value, fault);
    case STATE: return restore_state(n, key.ptr + 1, value, fault);
    case JOURNAL: return restore_journal(n, key, value, fault);
    case ARRIVAL: return restore_arrival(n, key, value, fault);
    }
    return riv_fail(fault, RIV_E_MALFORMED, 0, "a stored record under an unknown key");
}

static void broken(node *n, riv_bytes key, const riv_fault *fault)
{
    LOG_WARN(n->log, "store.broken", LOG_CSTR("reason", fault->msg));
    del(n, key);
}

/* A broken record is deleted and told; the rest of the particle may still be good. */
void node__restore(node *n, riv_bytes key, riv_bytes value)
{
    riv_fault fault = { 0 };
    if (!n->started && restore(n, key, value, &fault)) broken(n, riv_bytes_dup(n->scratch, key), &fault);
}

/* ---- the journal of a former run ---- */

static riv_err read_results(riv_reader *r, riv_arena *a, riv_fault *fault, node_journal *out)
{
    codec_mp list;
    RIV_TRY(next_of(r, fault, CODEC_MP_ARRAY, &list));
    size_t count = list.count / 3;
    if (!count || count * 3 != list.count || count > riv_reader_left(r) / 3)
        return riv_fail(fault, RIV_E_MALFORMED, r->pos, "a stored run of %u result fields", list.count);
    out->results = riv_new(a, avm_call_result, count);
    for (; out->results_count < count; out->results_count++)
        RIV_TRY(read_result(r, fault, &out->results[out->results_count]));
    return RIV_OK;
}

static riv_err read_outbox(riv_reader *r, riv_arena *a, riv_fault *fault, node_journal *out)
{
    codec_mp list;
    bool     has;
    RIV_TRY(codec_mp_next(r, fault, &list));
    if (list.kind == CODEC_MP_NIL) return RIV_OK;
    if (list.kind != CODEC_MP_ARRAY || list.count > NODE_OUTBOX_MAX)
        return riv_fail(fault, RIV_E_MALFORMED, r->pos, "a stored run with no list of peers");
    out->has_outbox = true;
    out->outbox     = riv_new(a, codec_peer, (size_t)list.count + 1);
    for (; out->outbox_count < list.count; out->outbox_count++) {
        RIV_TRY(read_peer(r, fault, &has, &out->outbox[out->outbox_count]));
        if (!has) return riv_fail(fault, RIV_E_MALFORMED, r->pos, "a stored run with an empty peer");
    }
    return RIV_OK;
}

static riv_err read_journal(node_journal *entry, riv_arena *a, riv_fault *fault)
{
    riv_reader r = riv_reader_of(riv_blob_view(entry->value));
    codec_mp   at;
    RIV_TRY(read_version(&r, fault, 4, JOURNAL_VERSION));
    RIV_TRY(next_of(&r, fault, CODEC_MP_UINT, &at));
    entry->at_ms = at.u64;
    RIV_TRY(read_results(&r, a, fault, entry));
    return read_outbox(&r, a, fault, entry);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = ((const node_journal *)a)->number, y = ((const node_journal *)b)->number;
    return x < y ? -1 : x > y;
}

/* Entries that the state has already, and, from the first that is missing or broken on, those that cannot be repeated any more. */
static void cut_journal(node *n, node_particle *p, size_t from, size_t to)
{
    if (from == to) return;
    for (size_t i = from; i < to; i++) {
        node_journal *entry = &p->replay.ptr[i];
        del(n, numbered_key(n, p, JOURNAL, entry->number));
        count_journal(n, p, p->journal_bytes - entry_bytes(entry->value.len));
        riv_blob_free(&entry->value);
    }
    memmove(&p->replay.ptr[from], &p->replay.ptr[to], (p->replay.len - to) * sizeof *p->replay.ptr);
    p->replay.len -= to - from;
}

static size_t good_entries(node *n, node_particle *p)
{
    riv_fault fault = { 0 };
    size_t    good  = 0;
    for (; good < p->replay.len; good++) {
        node_journal *entry = &p->replay.ptr[good];
        if (!p->has_state || entry->number != p->journal_first + good)
            (void)riv_fail(&fault, RIV_E_MALFORMED, 0, "a stored run without the one before it");
        else
            (void)read_journal(entry, p->replay_arena, &fault);
        if (fault.err) break;
    }
    if (fault.err) broken(n, numbered_key(n, p, JOURNAL, p->replay.ptr[good].number), &fault);
    return good;
}

static void restore_outbox(node_particle *p, const node_journal *entry)
{
    p->outbox.len = 0;
    for (size_t i = 0; i < entry->outbox_count; i++) node__push(&p->outbox)->peer = entry->outbox[i];
}

/* What the runs of the journal have answered is not asked again, whom they no longer name is not sent to. */
static void replay_begin(node *n, node_particle *p)
{
    size_t stale = 0;
    if (!p->replay.len) return;
    p->replay_arena = riv_arena_new(0);
    qsort(p->replay.ptr, p->replay.len, sizeof *p->replay.ptr, by_number);
    while (stale < p->replay.len && p->has_state && p->replay.ptr[stale].number < p->journal_first) stale++;
    cut_journal(n, p, 0, stale);
    cut_journal(n, p, good_entries(n, p), p->replay.len);
    p->answered     = riv_map_new(p->replay_arena);
    p->journal_next = p->journal_first + p->replay.len;
    for (size_t i = 0; i < p->replay.len; i++) {
        const node_journal *entry = &p->replay.ptr[i];
        for (size_t k = 0; k < entry->results_count; k++) {
            riv_map_put_u64(p->answered, entry->results[k].id, p);
            node__call_forget(n, p, entry->results[k].id);
        }
        if (entry->has_outbox) restore_outbox(p, entry);
    }
    if (!p->replay.len) node__replay_end(p);
}

bool node__replaying(const node_particle *p) { return p->replay.len != 0; }

void node__replay_end(node_particle *p)
{
    for (size_t i = 0; i < p->replay.len; i++) riv_blob_free(&p->replay.ptr[i].value);
    riv_free(p->replay.ptr);
    riv_arena_free(p->replay_arena);
    memset(&p->replay, 0, sizeof p->replay);
    p->replay_arena = NULL;
    p->answered     = NULL;
    p->replay_at    = 0;
}

/* ---- going on ---- */

/* SPEC node.md 14 (9): what is over leaves nothing behind. */
static bool worth_keeping(const node *n, const node_particle *p)
{
    return p->text && n->now_ms <= p->deadline_ms && riv_map_count(n->by_number) < NODE_PARTICLES_MAX;
}

void node__restored(node *n)
{
    void *value;
    for (size_t i = 0; i < riv_map_slots(n->by_key); i++) {
        if (!riv_map_at(n->by_key, i, NULL, &value)) continue;
        node_particle *p = value;
        if (!worth_keeping(n, p)) {
            n->stats.expired += p->text != NULL;
            cut_journal(n, p, 0, p->replay.len);
            node__particle_drop(n, p);
            continue;
        }
        p->number     = ++n->particles_next;
        p->started_ms = n->now_ms;
        riv_map_put_u64(n->by_number, p->number, p);
        node__timer_add(n, p->deadline_ms + 1, NODE_AT_EXPIRY, p, 0);
        if (p->data.len) node__mark_seen(p, riv_blob_view(p->data));
        replay_begin(n, p);
        node__flush(n, p);
        node__dispatch(n, p);
        node__run_next(n, p);
    }
}
