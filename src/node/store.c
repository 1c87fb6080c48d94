/* store.c: what a particle leaves in the durable store, and how a new run of the program goes on from it.
 *   "h" KEY          who and what: written once, when the particle is accepted
 *   "s" KEY          the stored trace, calls without an answer, peers that did not take it yet: after each interpreter run
 *   "a" KEY NUMBER   data of an arrival that no run has taken in yet; written before the sender sees that we have it
 * KEY is sha-256 of signature and id (32 bytes), NUMBER a u64. So a crash loses nothing that was acknowledged; calls and sends in flight are made again.
 * Spec: docs/spec/node.md §13, §14 (8). Tests: node_test.c, store_fuzz.c. */
#include "node/internal.h"

enum { RECORD_VERSION = 1, HEAD = 'h', STATE = 's', ARRIVAL = 'a', KEY_BYTES = 1 + CRYPTO_HASH_BYTES };

static riv_bytes key_of(node *n, const node_particle *p, uint8_t kind)
{
    riv_buf buf = riv_buf_in(n->scratch);
    riv_put_u8(&buf, kind);
    riv_put_bytes(&buf, (riv_bytes){ p->key, sizeof p->key });
    return riv_buf_view(&buf);
}

static riv_bytes arrival_key(node *n, const node_particle *p, uint64_t number)
{
    riv_buf buf = riv_buf_in(n->scratch);
    riv_put_bytes(&buf, key_of(n, p, ARRIVAL));
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

static void put_peer(riv_buf *buf, bool has, const codec_peer *peer)
{
    codec_mp_put_bin(buf, has ? codec_peer_view(peer) : (riv_bytes){ 0 });
}

void node__store_head(node *n, const node_particle *p)
{
    riv_buf buf = riv_buf_in(n->scratch);
    codec_mp_put_array(&buf, 11);
    codec_mp_put_uint(&buf, RECORD_VERSION);
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

void node__store_state(node *n, const node_particle *p)
{
    riv_buf buf = riv_buf_in(n->scratch);
    codec_mp_put_array(&buf, 4);
    codec_mp_put_uint(&buf, RECORD_VERSION);
    codec_mp_put_bin(&buf, riv_blob_view(p->data));
    codec_mp_put_array(&buf, (uint32_t)p->calls.len * 3);
    for (size_t i = 0; i < p->calls.len; i++) {
        const node_call *c = &p->calls.ptr[i];
        codec_mp_put_uint(&buf, c->id);
        codec_mp_put_uint(&buf, c->asked_ms);
        codec_mp_put_bin(&buf, riv_blob_view(c->record));
    }
    codec_mp_put_array(&buf, (uint32_t)p->outbox.len);
    for (size_t i = 0; i < p->outbox.len; i++) put_peer(&buf, true, &p->outbox.ptr[i].peer);
    put(n, key_of(n, p, STATE), riv_buf_view(&buf));
}

void node__store_arrival(node *n, const node_particle *p, uint64_t number, riv_bytes data)
{
    put(n, arrival_key(n, p, number), riv_bytes_dup(n->scratch, data));
}

void node__forget_arrival(node *n, const node_particle *p, uint64_t number) { del(n, arrival_key(n, p, number)); }

void node__forget(node *n, const node_particle *p)
{
    del(n, key_of(n, p, HEAD));
    del(n, key_of(n, p, STATE));
    if (p->job_arrival) del(n, arrival_key(n, p, p->job_arrival));
    for (const node_arrival *a = p->first; a; a = a->next) del(n, arrival_key(n, p, a->number));
}

/* ---- reading: records come in any order; a particle is whole at NODE_START ---- */

static riv_err next_of(riv_reader *r, riv_fault *fault, codec_mp_kind kind, codec_mp *out)
{
    RIV_TRY(codec_mp_next(r, fault, out));
    return out->kind == kind ? RIV_OK : riv_fail(fault, RIV_E_MALFORMED, r->pos, "a stored record is broken");
}

static riv_err read_version(riv_reader *r, riv_fault *fault, uint32_t fields)
{
    codec_mp v;
    RIV_TRY(next_of(r, fault, CODEC_MP_ARRAY, &v));
    if (v.count != fields) return riv_fail(fault, RIV_E_MALFORMED, 0, "a stored record of %u fields", v.count);
    RIV_TRY(next_of(r, fault, CODEC_MP_UINT, &v));
    return v.u64 == RECORD_VERSION ? RIV_OK
                                   : riv_fail(fault, RIV_E_UNSUPPORTED, 0, "a stored record of another version");
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
    RIV_TRY(read_version(&r, fault, 11));
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

static riv_err restore_state(node *n, const uint8_t *key, riv_bytes value, riv_fault *fault)
{
    riv_reader     r = riv_reader_of(value);
    codec_mp       data, list;
    node_particle *p = node__particle_make(n, NULL, key);
    if (p->data.ptr) return riv_fail(fault, RIV_E_MALFORMED, 0, "a stored trace comes twice");
    RIV_TRY(read_version(&r, fault, 4));
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
    return RIV_OK;
}

static riv_err restore_arrival(node *n, riv_bytes key, riv_bytes value, riv_fault *fault)
{
    riv_reader r = riv_reader_of(riv_bytes_sub(key, KEY_BYTES, key.len));
    if (riv_reader_left(&r) != 8) return riv_fail(fault, RIV_E_MALFORMED, 0, "a stored arrival under a wrong key");
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
    case ARRIVAL: return restore_arrival(n, key, value, fault);
    }
    return riv_fail(fault, RIV_E_MALFORMED, 0, "a stored record under an unknown key");
}

/* A broken record is deleted and told; the rest of the particle may still be good. */
void node__restore(node *n, riv_bytes key, riv_bytes value)
{
    riv_fault fault = { 0 };
    if (n->started || !restore(n, key, value, &fault)) return;
    LOG_WARN(n->log, "store.broken", LOG_CSTR("reason", fault.msg));
    del(n, riv_bytes_dup(n->scratch, key));
}

/* SPEC node.md 14 (9): what is over leaves nothing behind. */
static bool worth_keeping(const node *n, const node_particle *p)
{
    return p->text.ptr && n->now_ms <= p->deadline_ms && riv_map_count(n->by_number) < NODE_PARTICLES_MAX;
}

void node__restored(node *n)
{
    void *value;
    for (size_t i = 0; i < riv_map_slots(n->by_key); i++) {
        if (!riv_map_at(n->by_key, i, NULL, &value)) continue;
        node_particle *p = value;
        if (!worth_keeping(n, p)) {
            n->stats.expired += p->text.ptr != NULL;
            node__particle_drop(n, p);
            continue;
        }
        p->number     = ++n->particles_next;
        p->started_ms = n->now_ms;
        riv_map_put_u64(n->by_number, p->number, p);
        node__timer_add(n, p->deadline_ms + 1, NODE_AT_EXPIRY, p, 0);
        if (p->data.len) node__mark_seen(p, riv_blob_view(p->data));
        node__flush(n, p);
        node__dispatch(n, p);
        node__run_next(n, p);
    }
}
