/* For this room's tests, fuzzers and benches: one node, its store, and one remote peer (a bare swarm) on an in-memory link.
 * The remote can send any bytes as a particle frame. Jobs run at once; service calls by a function of the test.
 * Not part of the library. */
#ifndef RIV_NODE_TESTING_H
#define RIV_NODE_TESTING_H

#include "node/internal.h"

enum { RIG_LINK = 1, RIG_START_MS = 5000000 };

typedef struct rig_reply { uint64_t request; node_reply_kind kind; riv_str name, json; } rig_reply;

typedef struct rig {
    riv_arena    *arena, *scratch; /* arena: all that a test looks at */
    node_config   config;
    node         *n;
    uint64_t      now_ms, timer_ms;
    riv_map      *store;           /* key -> riv_blob *, in arena */
    size_t        store_bytes;     /* written so far */
    p2p_identity  remote_id;
    p2p_swarm    *remote;
    bool          linked;
    RIV_VEC(node_job *) jobs;      /* held back when hold_jobs */
    bool          hold_jobs;
    void        (*call)(node_job *job);
    RIV_VEC(rig_reply) replies;
    RIV_VEC(p2p_particle) got;     /* by the remote */
    RIV_VEC(riv_str) log;          /* "event key=value ..." */
    uint64_t      token;
    RIV_VEC(node_effect) line;     /* effects that are not carried out yet */
    RIV_VEC(riv_arena *) spent;    /* where their bytes live */
    bool          in_line;
    double      (*seconds)(void);  /* of a bench: time spent in steps and in the interpreter */
    double        step_s, avm_s;
    riv_log       sink;
} rig;

static inline void rig_log(void *ctx, riv_log_level level, const char *event, const riv_log_field *fields, size_t count)
{
    rig    *r   = ctx;
    riv_buf buf = riv_buf_in(r->arena);
    riv_putf(&buf, "%s", event);
    for (size_t i = 0; i < count; i++) {
        if (fields[i].kind == RIV_LOG_KIND_STR)
            riv_putf(&buf, " %s=" RIV_FMT, fields[i].key, RIV_ARG(fields[i].str));
        else
            riv_putf(&buf, " %s=%lld", fields[i].key, (long long)fields[i].u64);
    }
    (void)level;
    *riv_push(r->arena, &r->log) = riv_buf_str(&buf);
}

/* Does the log hold a line with both texts? */
static inline bool rig_logged(const rig *r, const char *event, const char *part)
{
    for (size_t i = 0; i < r->log.len; i++)
        if (riv_str_starts(r->log.ptr[i], riv_str_c(event)) && riv_str_find(r->log.ptr[i], riv_str_c(part), 0) != SIZE_MAX) return true;
    return false;
}

static inline void rig_step(rig *r, node_event ev);

static inline void rig_pump_remote(rig *r)
{
    p2p_effect e;
    while (r->remote && p2p_swarm_next(r->remote, &e)) {
        if (e.kind == P2P_DO_WRITE && r->linked) {
            riv_bytes bytes = riv_bytes_dup(r->arena, e.bytes);
            p2p_swarm_drained(r->remote, RIG_LINK, bytes.len, r->now_ms);
            rig_step(r, (node_event){ .kind = NODE_LINK_BYTES, .link = RIG_LINK, .bytes = bytes });
        } else if (e.kind == P2P_GOT_PARTICLE) {
            p2p_particle p;
            RIV_ASSERT(!p2p_particle_read(riv_bytes_dup(r->arena, e.bytes), r->arena, NULL, &p));
            *riv_push(r->arena, &r->got) = p;
        }
    }
}

static inline void rig_store_put(rig *r, riv_bytes key, riv_bytes value)
{
    riv_blob *b = riv_new(r->arena, riv_blob, 1);
    riv_bytes v = riv_bytes_dup(r->arena, value);
    *b          = (riv_blob){ (uint8_t *)(uintptr_t)v.ptr, v.len };
    riv_map_put(r->store, key, b);
    r->store_bytes += key.len + value.len;
}

static inline void rig_finish(rig *r, node_job *job)
{
    double start = r->seconds ? r->seconds() : 0;
    if (job->kind == NODE_JOB_AVM)
        node_job_avm(job);
    else
        r->call(job);
    if (r->seconds) r->avm_s += r->seconds() - start;
    rig_step(r, (node_event){ .kind = NODE_JOB_DONE, .job = job });
}

static inline void rig_effect(rig *r, const node_effect *e)
{
    switch (e->kind) {
    case NODE_STORE_PUT: rig_store_put(r, e->key, e->bytes); return;
    case NODE_STORE_DEL: riv_map_remove(r->store, e->key); return;
    case NODE_LINK_WRITE:
        if (!r->linked) return;
        p2p_swarm_bytes(r->remote, RIG_LINK, e->bytes, r->now_ms);
        rig_step(r, (node_event){ .kind = NODE_LINK_DRAINED, .link = RIG_LINK, .count = e->bytes.len });
        rig_pump_remote(r);
        return;
    case NODE_LINK_CLOSE:
        if (!r->linked) return;
        r->linked = false;
        p2p_swarm_closed(r->remote, RIG_LINK, r->now_ms);
        rig_step(r, (node_event){ .kind = NODE_LINK_CLOSED, .link = RIG_LINK });
        return;
    case NODE_TIMER_SET: r->timer_ms = e->deadline_ms; return;
    case NODE_JOB:
        if (r->hold_jobs)
            *riv_push(r->arena, &r->jobs) = e->job;
        else
            rig_finish(r, e->job);
        return;
    case NODE_REPLY:
        *riv_push(r->arena, &r->replies) =
            (rig_reply){ e->request, e->reply, riv_str_dup(r->arena, e->name), riv_json_text(e->json, r->arena) };
        return;
    case NODE_DIAL: rig_step(r, (node_event){ .kind = NODE_DIAL_FAILED, .dial = e->dial, .reason = RIV_LIT("no network") }); return;
    case NODE_LINK_PAUSE:
    case NODE_LINK_RESUME: return;
    }
}

/* One step. Its effects stand in line behind those of earlier steps, as bytes must keep their order on a link. */
static inline void rig_step(rig *r, node_event ev)
{
    node_effects out = { .arena = riv_arena_new(0) };
    ev.now_ms        = r->now_ms;
    if (ev.kind == NODE_TIMER) r->timer_ms = UINT64_MAX;
    double start = r->seconds ? r->seconds() : 0;
    node_step(r->n, &ev, &out);
    if (r->seconds) r->step_s += r->seconds() - start;
    for (size_t i = 0; i < out.count; i++) *riv_push(r->arena, &r->line) = out.items[i];
    *riv_push(r->arena, &r->spent) = out.arena;
    if (r->in_line) return;
    r->in_line = true;
    for (size_t i = 0; i < r->line.len; i++) {
        node_effect e = r->line.ptr[i];
        rig_effect(r, &e);
    }
    for (size_t i = 0; i < r->spent.len; i++) riv_arena_free(r->spent.ptr[i]);
    r->line.len = r->spent.len = 0;
    r->in_line                 = false;
}

static inline void rig_boot(rig *r)
{
    riv_fault fault = { 0 };
    riv_bytes key;
    void     *value;
    RIV_ASSERT(!node_new(&r->config, &fault, &r->n));
    r->timer_ms = UINT64_MAX;
    riv_arena *a = riv_arena_new(0);
    RIV_VEC(riv_bytes) keys = { 0 };
    for (size_t i = 0; i < riv_map_slots(r->store); i++)
        if (riv_map_at(r->store, i, &key, &value)) *riv_push(a, &keys) = key;
    for (size_t i = 0; i < keys.len; i++) {
        const riv_blob *b = riv_map_get(r->store, keys.ptr[i]);
        rig_step(r, (node_event){ .kind = NODE_STORED, .key = keys.ptr[i], .bytes = riv_blob_view(*b) });
    }
    riv_arena_free(a);
    rig_step(r, (node_event){ .kind = NODE_START });
}

/* The remote dials the node; both handshakes run to their end. */
static inline void rig_link(rig *r)
{
    riv_fault     fault = { 0 };
    crypto_secret seed  = { { 'r', 'e', 'm' } };
    p2p_effect    e;
    codec_peer    peer = node_peer(r->n);
    p2p_swarm_free(r->remote);
    r->remote = p2p_swarm_new(&r->remote_id, &seed);
    riv_str addr = riv_format(r->arena, "/memory/1/p2p/" RIV_FMT, RIV_ARG(codec_peer_text(r->arena, &peer)));
    RIV_ASSERT(!p2p_swarm_add_peer(r->remote, &peer, addr, true, r->now_ms, &fault));
    uint64_t dial = 0;
    while (p2p_swarm_next(r->remote, &e))
        if (e.kind == P2P_DO_DIAL) dial = e.dial;
    RIV_ASSERT(dial);
    r->linked = true;
    rig_step(r, (node_event){ .kind = NODE_LINK_OPENED, .link = RIG_LINK, .addr = RIV_LIT("/memory/2") });
    p2p_swarm_opened(r->remote, RIG_LINK, dial, addr, r->now_ms);
    rig_pump_remote(r);
}

static inline void rig_unlink(rig *r)
{
    r->linked = false;
    rig_step(r, (node_event){ .kind = NODE_LINK_CLOSED, .link = RIG_LINK });
}

static inline void rig_init(rig *r, const node_service *services, size_t services_count)
{
    static const riv_str listen[1] = { RIV_LIT_INIT("/memory/1") };
    static const riv_str remote_listen[1] = { RIV_LIT_INIT("/memory/2") };
    memset(r, 0, sizeof *r);
    RIV_ASSERT(!crypto_init(NULL));
    r->arena  = riv_arena_new(0);
    r->now_ms = RIG_START_MS;
    r->store  = riv_map_new(r->arena);
    r->sink   = (riv_log){ rig_log, r, RIV_LOG_DEBUG };
    crypto_secret remote_seed = { { 2 } };
    r->remote_id = (p2p_identity){ .agent = RIV_LIT("remote"), .listen = remote_listen, .listen_count = 1 };
    crypto_keypair_of(&remote_seed, &r->remote_id.keys);
    r->remote_id.peer = codec_peer_of(&r->remote_id.keys.public_key);
    r->config = (node_config){ .seed = { { 1 } }, .entropy = { { 9 } }, .agent = RIV_LIT("test"), .listen = listen, .listen_count = 1,
                               .services = services, .services_count = services_count, .log = &r->sink };
    rig_boot(r);
}

static inline void rig_deinit(rig *r)
{
    for (size_t i = 0; i < r->jobs.len; i++) node_job_free(r->jobs.ptr[i]);
    node_free(r->n);
    p2p_swarm_free(r->remote);
    riv_arena_free(r->arena);
}

/* Time goes on; timers fire when they are due. */
static inline void rig_advance(rig *r, uint64_t ms)
{
    uint64_t until = r->now_ms + ms;
    while (r->timer_ms <= until) {
        r->now_ms = RIV_MAX(r->timer_ms, r->now_ms);
        rig_step(r, (node_event){ .kind = NODE_TIMER });
    }
    r->now_ms = until;
}

/* The process dies and starts again from its store. Held jobs die with it. */
static inline void rig_crash(rig *r)
{
    for (size_t i = 0; i < r->jobs.len; i++) node_job_free(r->jobs.ptr[i]);
    r->jobs.len = 0;
    r->linked   = false;
    node_free(r->n);
    rig_boot(r);
}

/* A particle that the remote starts, signed by its key. */
static inline p2p_particle rig_particle(rig *r, const char *id, const char *script, uint32_t ttl_ms)
{
    p2p_particle p = { .id = riv_str_c(id), .init_peer_id = codec_peer_text(r->arena, &r->remote_id.peer), .script = riv_str_c(script),
                       .timestamp_ms = r->now_ms, .ttl_ms = ttl_ms };
    riv_buf      buf = riv_buf_in(r->arena);
    p2p_particle_signed_bytes(&p, &buf);
    crypto_signature s = crypto_sign(&r->remote_id.keys, riv_buf_view(&buf));
    p.signature        = riv_bytes_dup(r->arena, (riv_bytes){ s.bytes, sizeof s.bytes });
    return p;
}

static inline void rig_send_frame(rig *r, riv_bytes frame)
{
    riv_fault  fault = { 0 };
    codec_peer peer  = node_peer(r->n);
    RIV_ASSERT(!p2p_swarm_send(r->remote, &peer, frame, ++r->token, r->now_ms + 5000, r->now_ms, &fault));
    rig_pump_remote(r);
}

static inline void rig_send(rig *r, const p2p_particle *p)
{
    riv_buf buf = riv_buf_in(r->arena);
    p2p_particle_write(p, &buf);
    rig_send_frame(r, riv_buf_view(&buf));
}

static inline void rig_run(rig *r, uint64_t request, const char *script, const riv_json *values, uint32_t ttl_ms)
{
    node_run run = { .request = request, .script = riv_str_c(script), .values = values, .ttl_ms = ttl_ms };
    rig_step(r, (node_event){ .kind = NODE_API_RUN, .run = &run });
}

#endif
