/* node.c: the step function: one event in, effects out; timers; what the swarm reports.
 * Order inside a step: timers that are due, the event, then the swarm's effects until none is left; durable writes are put in front.
 * Spec: docs/spec/node.md §2 to §4. Tests: node_test.c. */
#include "node/internal.h"

static void    timers_run(node *n);
static void    take_event(node *n, const node_event *ev);
static void    drain_swarm(node *n);
static void    set_timer(node *n);
static void    store_first(node_effects *out, riv_arena *scratch);
static riv_err copy_config(node *n, const node_config *config, riv_fault *fault);
static void    add_peer(node *n, riv_str addr);

/* ---- life ---- */

riv_err node_new(const node_config *config, riv_fault *fault, node **out)
{
    RIV_TRY(crypto_init(fault));
    node *n         = riv_alloc(sizeof *n);
    n->config_arena = riv_arena_new(0);
    n->timer_ms     = UINT64_MAX;
    n->by_key       = riv_map_new(NULL);
    n->by_number    = riv_map_new(NULL);
    n->flights      = riv_map_new(NULL);
    n->tokens       = riv_map_new(NULL);
    n->contacts     = riv_map_new(NULL);
    n->links        = riv_map_new(NULL);
    n->shares       = riv_map_new(NULL);
    n->log          = config->log;
    riv_err err     = copy_config(n, config, fault);
    if (err) {
        node_free(n);
        return err;
    }
    *out = n;
    return RIV_OK;
}

void node_free(node *n)
{
    if (!n) return;
    p2p_swarm_free(n->swarm);
    void *value;
    for (size_t i = 0; i < riv_map_slots(n->by_key); i++)
        if (riv_map_at(n->by_key, i, NULL, &value)) node__particle_free(value);
    for (size_t i = 0; i < riv_map_slots(n->flights); i++)
        if (riv_map_at(n->flights, i, NULL, &value)) riv_free(value);
    for (size_t i = 0; i < riv_map_slots(n->contacts); i++)
        if (riv_map_at(n->contacts, i, NULL, &value)) riv_arena_free(((node_contact *)value)->arena);
    riv_map_free(n->by_key);
    riv_map_free(n->by_number);
    riv_map_free(n->flights);
    riv_map_free(n->tokens);
    riv_map_free(n->contacts);
    riv_map_free(n->links);
    for (size_t i = 0; i < riv_map_slots(n->shares); i++)
        if (riv_map_at(n->shares, i, NULL, &value)) riv_free(value);
    riv_map_free(n->shares);
    for (size_t i = 0; i < n->slots_count; i++) riv_free(n->slots[i].queue.ptr);
    riv_free(n->slots);
    riv_free(n->timers.ptr);
    crypto_wipe(&n->secret, sizeof n->secret);
    crypto_wipe(&n->identity.keys, sizeof n->identity.keys);
    crypto_wipe(&n->rng, sizeof n->rng);
    riv_arena_free(n->config_arena);
    riv_free(n);
}

codec_peer node_peer(const node *n) { return n->identity.peer; }

node_stats node_stats_of(const node *n)
{
    node_stats s    = n->stats;
    s.particles     = riv_map_count(n->by_key); /* while records are given back, by_number is still empty */
    s.links         = riv_map_count(n->links);
    s.jobs          = riv_map_count(n->flights);
    s.waiting       = n->waiting;
    s.stored_bytes  = n->stored_bytes;
    s.sessions      = n->sessions;
    s.session_bytes = n->session_bytes;
    return s;
}

/* Ids win over aliases, earlier services over later ones. */
static void name_slot(node *n, riv_str name, size_t slot)
{
    if (!riv_map_get_str(n->slot_names, name)) riv_map_put_str(n->slot_names, name, &n->slots[slot]);
}

static riv_err copy_services(node *n, riv_arena *a, const node_config *config, riv_fault *fault)
{
    if (config->services_count > NODE_SERVICES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "%zu services: the limit is %d", config->services_count,
                        NODE_SERVICES_MAX);
    n->slots       = riv_alloc((config->services_count + 1) * sizeof *n->slots);
    n->slots_count = config->services_count;
    for (size_t i = 0; i < config->services_count; i++) {
        const node_service *s = &config->services[i];
        if (!s->id.len) return riv_fail(fault, RIV_E_MALFORMED, i, "service number %zu has no id", i);
        riv_str *aliases = riv_new(a, riv_str, s->aliases_count + 1);
        for (size_t k = 0; k < s->aliases_count; k++) aliases[k] = riv_str_dup(a, s->aliases[k]);
        riv_str owner       = s->owner_peer_id.len ? riv_str_dup(a, s->owner_peer_id) : n->self_text;
        n->slots[i].service = (node_service){ riv_str_dup(a, s->id), aliases, s->aliases_count, owner };
    }
    n->slot_names = riv_map_new(a);
    for (size_t i = 0; i < n->slots_count; i++) name_slot(n, n->slots[i].service.id, i);
    for (size_t i = 0; i < n->slots_count; i++)
        for (size_t k = 0; k < n->slots[i].service.aliases_count; k++) name_slot(n, n->slots[i].service.aliases[k], i);
    return RIV_OK;
}

static riv_err peer_of_addr(riv_arena *a, riv_str addr, riv_fault *fault, codec_peer *out)
{
    codec_multiaddr parsed;
    RIV_TRY(codec_multiaddr_parse(addr, a, fault, &parsed));
    if (!parsed.count || parsed.parts[parsed.count - 1].kind != CODEC_ADDR_P2P)
        return riv_fail(fault, RIV_E_MALFORMED, addr.len, "address " RIV_FMT " does not end in /p2p/PEER_ID",
                        RIV_ARG(addr));
    return codec_peer_read(parsed.parts[parsed.count - 1].value, fault, out);
}

static riv_err copy_addrs(riv_arena *a, const node_config *config, riv_fault *fault, riv_str **listen, riv_str **peers)
{
    codec_multiaddr parsed;
    codec_peer      peer;
    if (config->peers_count > NODE_PEERS_MAX || config->listen_count > NODE_PEERS_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "more than %d addresses", NODE_PEERS_MAX);
    *listen = riv_new(a, riv_str, config->listen_count + 1);
    *peers  = riv_new(a, riv_str, config->peers_count + 1);
    for (size_t i = 0; i < config->listen_count; i++) {
        RIV_TRY(codec_multiaddr_parse(config->listen[i], a, fault, &parsed));
        (*listen)[i] = riv_str_dup(a, config->listen[i]);
    }
    for (size_t i = 0; i < config->peers_count; i++) {
        RIV_TRY(peer_of_addr(a, config->peers[i], fault, &peer));
        (*peers)[i] = riv_str_dup(a, config->peers[i]);
    }
    return RIV_OK;
}

static riv_err copy_config(node *n, const node_config *config, riv_fault *fault)
{
    riv_arena *a      = n->config_arena;
    riv_str   *listen = NULL, *peers = NULL;
    RIV_TRY(copy_addrs(a, config, fault, &listen, &peers));
    n->config = *config;
    crypto_wipe(&n->config.seed, sizeof n->config.seed);
    crypto_wipe(&n->config.entropy, sizeof n->config.entropy);
    n->config.agent  = riv_str_dup(a, config->agent.len ? config->agent : RIV_LIT("rivulet"));
    n->config.listen = listen;
    n->config.peers  = peers;
    if (!n->config.ttl_ms_max) n->config.ttl_ms_max = NODE_TTL_MS_MAX;
    if (!n->config.skew_ms_max) n->config.skew_ms_max = NODE_SKEW_MS_MAX;
    if (!n->config.air_bytes_max) n->config.air_bytes_max = NODE_AIR_BYTES;
    if (!n->config.particle_bytes_max) n->config.particle_bytes_max = P2P_FRAME_BYTES_MAX;
    if (!n->config.session_bytes_max) n->config.session_bytes_max = NODE_SESSION_BYTES;
    n->secret = config->seed;
    crypto_keypair_of(&config->seed, &n->identity.keys);
    n->identity.peer         = codec_peer_of(&n->identity.keys.public_key);
    n->identity.agent        = n->config.agent;
    n->identity.listen       = listen;
    n->identity.listen_count = config->listen_count;
    n->self_text             = codec_peer_text(a, &n->identity.peer);
    RIV_TRY(copy_services(n, a, config, fault));
    n->config.services = NULL;
    /* One stream for the node's own draws, another for the swarm's: neither sees how much the other used. */
    crypto_rng_seed(&n->rng, &config->entropy);
    crypto_secret swarm_seed;
    crypto_rng_fill(&n->rng, swarm_seed.bytes, sizeof swarm_seed.bytes);
    n->swarm = p2p_swarm_new(&n->identity, &swarm_seed);
    crypto_wipe(&swarm_seed, sizeof swarm_seed);
    return RIV_OK;
}

/* ---- the step ---- */

void node_step(node *n, const node_event *event, node_effects *out)
{
    RIV_ASSERT(event->now_ms >= n->now_ms); /* time comes in with the event; nobody reads a clock */
    RIV_ASSERT(out->arena != NULL);
    n->now_ms  = event->now_ms;
    n->out     = out;
    n->scratch = out->arena;
    out->items = NULL;
    out->count = out->cap = 0;
    if (event->kind == NODE_TIMER) n->timer_ms = UINT64_MAX;
    timers_run(n);
    if (n->started && p2p_swarm_deadline(n->swarm) <= n->now_ms) p2p_swarm_tick(n->swarm, n->now_ms);
    take_event(n, event);
    drain_swarm(n);
    if (n->started && !n->stopped) set_timer(n);
    store_first(out, n->scratch);
    n->out     = NULL;
    n->scratch = NULL;
}

static void start(node *n)
{
    n->started = true;
    for (size_t i = 0; i < n->config.peers_count; i++) add_peer(n, n->config.peers[i]);
    node__restored(n);
}

static void stop(node *n)
{
    riv_bytes key;
    void     *value;
    n->stopped = true;
    for (size_t i = 0; i < riv_map_slots(n->by_number); i++)
        if (riv_map_at(n->by_number, i, NULL, &value)) node__reply_failed(n, value, 0, RIV_LIT("the node was stopped"));
    for (size_t i = 0; i < riv_map_slots(n->links); i++) {
        if (!riv_map_at(n->links, i, &key, NULL)) continue;
        riv_reader r                         = riv_reader_of(key);
        node__emit(n, NODE_LINK_CLOSE)->link = riv_read_u64le(&r);
    }
}

static void job_done(node *n, node_job *job)
{
    node_flight *flight = riv_map_get_u64(n->flights, job->id);
    RIV_ASSERT(flight && flight->arena == job->arena); /* a job comes back once, as the one that was handed out */
    riv_map_remove_u64(n->flights, job->id);
    switch (job->kind) {
    case NODE_JOB_AVM: node__avm_done(n, flight, job); break;
    case NODE_JOB_CALL: node__call_done(n, flight, job); break;
    }
    riv_free(flight);
    node_job_free(job);
}

static void take_event(node *n, const node_event *ev)
{
    static uint8_t const present = 0;
    switch (ev->kind) {
    case NODE_STORED: node__restore(n, ev->key, ev->bytes); return;
    case NODE_START: start(n); return;
    case NODE_LINK_OPENED:
        riv_map_put_u64(n->links, ev->link, (void *)(uintptr_t)&present);
        p2p_swarm_opened(n->swarm, ev->link, ev->dial, ev->addr, n->now_ms);
        return;
    case NODE_LINK_BYTES: p2p_swarm_bytes(n->swarm, ev->link, ev->bytes, n->now_ms); return;
    case NODE_LINK_DRAINED: p2p_swarm_drained(n->swarm, ev->link, (size_t)ev->count, n->now_ms); return;
    case NODE_LINK_CLOSED:
        riv_map_remove_u64(n->links, ev->link);
        p2p_swarm_closed(n->swarm, ev->link, n->now_ms);
        return;
    case NODE_DIAL_FAILED: p2p_swarm_dial_failed(n->swarm, ev->dial, ev->reason, n->now_ms); return;
    case NODE_TIMER: return; /* what is due was run before */
    case NODE_JOB_DONE: job_done(n, ev->job); return;
    case NODE_API_RUN: node__api_run(n, ev->run); return;
    case NODE_ADD_PEER: add_peer(n, ev->addr); return;
    case NODE_STOP: stop(n); return;
    }
    RIV_UNREACHABLE();
}

static void add_peer(node *n, riv_str addr)
{
    codec_peer peer;
    riv_fault  fault = { 0 };
    riv_err    err   = peer_of_addr(n->scratch, addr, &fault, &peer);
    if (!err && codec_peer_eq(&peer, &n->identity.peer))
        err = riv_fail(&fault, RIV_E_DENIED, 0, "that is this peer itself");
    if (!err) err = p2p_swarm_add_peer(n->swarm, &peer, addr, true, n->now_ms, &fault);
    if (err) LOG_WARN(n->log, "link.failed", LOG_STR("addr", addr), LOG_CSTR("reason", fault.msg));
}

/* ---- what the swarm reports ---- */

static void contact_drop(node *n, const codec_peer *peer)
{
    node_contact *old = riv_map_remove(n->contacts, codec_peer_view(peer));
    if (old) riv_arena_free(old->arena);
}

static void contact_set(node *n, const p2p_effect *e)
{
    contact_drop(n, &e->peer);
    riv_arena    *a = riv_arena_new(0);
    node_contact *c = riv_new(a, node_contact, 1);
    c->arena        = a;
    c->addrs        = riv_new(a, riv_str, e->addrs_count + 1);
    for (size_t i = 0; i < e->addrs_count; i++) c->addrs[c->count++] = riv_str_dup(a, e->addrs[i]);
    riv_map_put(n->contacts, codec_peer_view(&e->peer), c);
}

static void take_effect(node *n, const p2p_effect *e)
{
    node_effect *out;
    switch (e->kind) {
    case P2P_DO_WRITE:
        out        = node__emit(n, NODE_LINK_WRITE);
        out->link  = e->link;
        out->bytes = riv_bytes_dup(n->scratch, e->bytes);
        return;
    case P2P_DO_CLOSE:
        riv_map_remove_u64(n->links, e->link);
        node__emit(n, NODE_LINK_CLOSE)->link = e->link;
        return;
    case P2P_DO_DIAL:
        out       = node__emit(n, NODE_DIAL);
        out->dial = e->dial;
        out->addr = riv_str_dup(n->scratch, e->addr);
        return;
    case P2P_DO_PAUSE: node__emit(n, NODE_LINK_PAUSE)->link = e->link; return;
    case P2P_DO_RESUME: node__emit(n, NODE_LINK_RESUME)->link = e->link; return;
    case P2P_PEER_CONNECTED:
        LOG_INFO(n->log, "peer.connected", LOG_STR("peer", node__peer_text(n, &e->peer)));
        node__peer_up(n, &e->peer);
        return;
    case P2P_PEER_IDENTIFIED: contact_set(n, e); return;
    case P2P_PEER_DISCONNECTED:
        LOG_INFO(n->log, "peer.disconnected", LOG_STR("peer", node__peer_text(n, &e->peer)));
        contact_drop(n, &e->peer);
        return;
    case P2P_GOT_PARTICLE: node__arrived(n, &e->peer, riv_bytes_dup(n->scratch, e->bytes)); return;
    case P2P_PARTICLE_SENT: node__sent(n, e->token); return;
    case P2P_PARTICLE_LOST: node__lost(n, e->token, riv_str_dup(n->scratch, e->reason)); return;
    case P2P_LINK_FAILED:
        LOG_WARN(n->log, "link.failed", LOG_STR("addr", e->addr), LOG_STR("reason", e->reason));
        return;
    }
    RIV_UNREACHABLE();
}

static void drain_swarm(node *n)
{
    p2p_effect e;
    while (p2p_swarm_next(n->swarm, &e)) {
        p2p_effect mine = e; /* its slices live until the next call on the swarm; take_effect copies what it keeps */
        take_effect(n, &mine);
    }
}

/* ---- effects ---- */

node_effect *node__emit(node *n, node_effect_kind kind)
{
    node_effects *out = n->out;
    if (out->count == out->cap) out->items = riv_vec_grow(out->arena, out->items, &out->cap, sizeof *out->items);
    node_effect *e = &out->items[out->count++];
    memset(e, 0, sizeof *e);
    e->kind = kind;
    return e;
}

static bool is_store(const node_effect *e) { return e->kind == NODE_STORE_PUT || e->kind == NODE_STORE_DEL; }

/* Durable writes go in front, both halves in their order: so what we tell others (an acknowledged stream, a particle sent on) is
 * never ahead of what we would still know after a crash. */
static void store_first(node_effects *out, riv_arena *scratch)
{
    size_t stores = 0, at = 0;
    for (size_t i = 0; i < out->count; i++) stores += is_store(&out->items[i]);
    if (!stores || stores == out->count) return;
    node_effect *sorted = riv_new(scratch, node_effect, out->count);
    for (size_t i = 0; i < out->count; i++)
        if (is_store(&out->items[i])) sorted[at++] = out->items[i];
    for (size_t i = 0; i < out->count; i++)
        if (!is_store(&out->items[i])) sorted[at++] = out->items[i];
    out->items = sorted;
    out->cap   = out->count;
}

riv_str node__peer_text(const node *n, const codec_peer *peer) { return codec_peer_text(n->scratch, peer); }

node_particle *node__particle_by_number(const node *n, uint64_t number)
{
    return riv_map_get_u64(n->by_number, number);
}

/* ---- timers: a heap; entries whose particle or call is gone are skipped when they come up ---- */

static bool timer_before(const node_timer *a, const node_timer *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->seq < b->seq;
}

void node__timer_add(node *n, uint64_t at_ms, node_timer_kind kind, const node_particle *p, uint32_t call)
{
    node_timer *t = node__push(&n->timers);
    *t            = (node_timer){ at_ms, ++n->timers_seq, p->number, kind, call };
    for (size_t i = n->timers.len - 1; i > 0;) {
        size_t     up = (i - 1) / 2;
        node_timer tmp;
        if (!timer_before(&n->timers.ptr[i], &n->timers.ptr[up])) break;
        tmp               = n->timers.ptr[i];
        n->timers.ptr[i]  = n->timers.ptr[up];
        n->timers.ptr[up] = tmp;
        i                 = up;
    }
}

static node_timer timer_pop(node *n)
{
    node_timer *t = n->timers.ptr, top = t[0];
    size_t      len = --n->timers.len;
    t[0]            = t[len];
    for (size_t i = 0;;) {
        size_t least = i, kid = 2 * i + 1;
        if (kid < len && timer_before(&t[kid], &t[least])) least = kid;
        if (kid + 1 < len && timer_before(&t[kid + 1], &t[least])) least = kid + 1;
        if (least == i) return top;
        node_timer tmp = t[i];
        t[i]           = t[least];
        t[least]       = tmp;
        i              = least;
    }
}

static void timers_run(node *n)
{
    while (n->timers.len && n->timers.ptr[0].at_ms <= n->now_ms) {
        node_timer     t = timer_pop(n);
        node_particle *p = node__particle_by_number(n, t.particle);
        if (!p) continue;
        switch (t.kind) {
        case NODE_AT_EXPIRY: node__particle_expired(n, p); break;
        case NODE_AT_CALL: node__call_due(n, p, t.call); break;
        case NODE_AT_RETRY: node__retry(n, p); break;
        case NODE_AT_IDLE: node__session_idle(n, p); break;
        }
    }
}

static void set_timer(node *n)
{
    uint64_t at = p2p_swarm_deadline(n->swarm);
    if (n->timers.len && n->timers.ptr[0].at_ms < at) at = n->timers.ptr[0].at_ms;
    if (at == n->timer_ms || at == UINT64_MAX) return;
    n->timer_ms                                = at;
    node__emit(n, NODE_TIMER_SET)->deadline_ms = at;
}

void *node__vec_grow(void *ptr, size_t *cap, size_t bytes)
{
    *cap = *cap ? *cap * 2 : 4;
    return riv_realloc(ptr, *cap * bytes);
}
