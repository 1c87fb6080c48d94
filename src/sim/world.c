/* world.c: many nodes, one thread, one seed, virtual time. Replaces host/: it carries out what node_step asks for.
 * One queue ordered by (time, sequence); all randomness comes from two streams of the seed: delays, and faults.
 * Spec: docs/sim.md. Tests: world_test.c, tests/sim/. */
#include "sim/world_internal.h"

static void happen(sim_world *w, const world_event *e);
static void carry_out(sim_world *w, world_node *n, size_t index, const node_effect *e);
static void crash(sim_world *w, size_t index);

/* ---- life ---- */

sim_world *sim_world_new(const sim_config *config)
{
    sim_world *w   = riv_alloc(sizeof *w);
    w->config      = *config;
    w->arena       = riv_arena_new(0);
    w->scratch     = riv_arena_new(0);
    w->delays      = riv_prng_seed(config->seed);
    w->faults      = riv_prng_seed(config->seed ^ 0x5bd1e9955bd1e995u);
    w->now_ms      = WORLD_START_MS;
    w->check_at_ms = UINT64_MAX;
    if (!w->config.faults.restart_ms) w->config.faults.restart_ms = 500;
    if (w->config.faults.crash) sim__world_push(w, w->now_ms + WORLD_TICK_MS, WORLD_TICK, 0);
    return w;
}

void sim_world_free(sim_world *w)
{
    if (!w) return;
    void *value;
    for (size_t i = 0; i < w->queue.len; i++) node_job_free(w->queue.ptr[i].job);
    for (size_t i = 0; i < w->links.len; i++) sim__world_link_free(w->links.ptr[i]);
    for (size_t i = 0; i < w->nodes.len; i++) {
        world_node *n = w->nodes.ptr[i];
        node_free(n->mind);
        for (size_t k = 0; k < riv_map_slots(n->store); k++)
            if (riv_map_at(n->store, k, NULL, &value)) {
                riv_blob_free(value);
                riv_free(value);
            }
        riv_map_free(n->store);
        crypto_wipe(&n->seed, sizeof n->seed);
    }
    riv_arena_free(w->scratch);
    riv_arena_free(w->arena);
    riv_free(w);
}

/* ---- the queue ---- */

static bool earlier(const world_event *a, const world_event *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->seq < b->seq;
}

/* Puts an event at its place in the heap and returns it there; the pointer is good until the next push. */
world_event *sim__world_push(sim_world *w, uint64_t at_ms, world_event_kind kind, size_t index)
{
    world_event e = { .at_ms = at_ms, .seq = ++w->seq, .kind = kind, .node = index };
    if (index < w->nodes.len) e.life = w->nodes.ptr[index]->life;
    RIV_ASSERT(at_ms >= w->now_ms);
    (void)riv_push(w->arena, &w->queue);
    world_event *q = w->queue.ptr;
    size_t       i = w->queue.len - 1;
    for (; i > 0 && earlier(&e, &q[(i - 1) / 2]); i = (i - 1) / 2) q[i] = q[(i - 1) / 2];
    q[i] = e;
    return &q[i];
}

static world_event pop(sim_world *w)
{
    world_event *q = w->queue.ptr, top = q[0], last = q[--w->queue.len];
    size_t       len = w->queue.len, i = 0;
    for (;;) {
        size_t kid = 2 * i + 1;
        if (kid >= len) break;
        if (kid + 1 < len && earlier(&q[kid + 1], &q[kid])) kid++;
        if (!earlier(&q[kid], &last)) break;
        q[i] = q[kid];
        i    = kid;
    }
    if (len) q[i] = last;
    return top;
}

bool sim__world_faulty(sim_world *w, uint32_t per_million)
{
    return per_million && w->now_ms - WORLD_START_MS < w->config.faults.until_ms &&
           riv_prng_chance(&w->faults, per_million);
}

uint64_t sim__world_between(sim_world *w, uint64_t min, uint64_t max)
{
    return max > min ? min + riv_prng_below(&w->delays, max - min + 1) : min;
}

void sim__world_note(sim_world *w, uint64_t what, uint64_t a, uint64_t b, riv_bytes bytes)
{
    uint64_t words[6] = { w->hash, w->now_ms, what, a, b, riv_hash64(bytes) };
    uint8_t  raw[sizeof words];
    for (size_t i = 0; i < sizeof raw; i++) raw[i] = (uint8_t)(words[i / 8] >> (8 * (i % 8)));
    w->hash = riv_hash64((riv_bytes){ raw, sizeof raw });
}

/* ---- nodes ---- */

static void write_log(void *ctx, riv_log_level level, const char *event, const riv_log_field *fields, size_t count)
{
    const world_node *n                          = ctx;
    riv_log_field     with[WORLD_LOG_FIELDS_MAX] = { LOG_STR("node", n->name),
                                                     LOG_U64("at_ms", n->world->now_ms - WORLD_START_MS) };
    size_t            len                        = 2;
    for (size_t i = 0; i < count && len < WORLD_LOG_FIELDS_MAX; i++) with[len++] = fields[i];
    riv_log_write(n->world->config.log, level, event, with, len);
}

static crypto_secret entropy_of(const sim_world *w, size_t index, uint32_t life)
{
    riv_buf buf = riv_buf_in(w->scratch);
    riv_putf(&buf, "sim-entropy:%llu:%zu:%u", (unsigned long long)w->config.seed, index, life);
    crypto_hash   hash = crypto_sha256(riv_buf_view(&buf));
    crypto_secret out;
    memcpy(out.bytes, hash.bytes, sizeof out.bytes);
    return out;
}

static node_config config_of(sim_world *w, const world_node *n, size_t index)
{
    riv_arena *a      = w->scratch;
    riv_str   *listen = riv_new(a, riv_str, 1), *peers = riv_new(a, riv_str, n->peers_count + 1);
    listen[0] = riv_format(a, "/memory/%zu", index);
    for (size_t i = 0; i < n->peers_count; i++)
        peers[i] = riv_format(a, "/memory/%zu/p2p/" RIV_FMT, n->peers[i],
                              RIV_ARG(codec_peer_text(a, &w->nodes.ptr[n->peers[i]]->peer)));
    return (node_config){
        .seed           = n->seed,
        .entropy        = entropy_of(w, index, n->life),
        .agent          = RIV_LIT("rivulet-sim"),
        .listen         = listen,
        .listen_count   = n->listens,
        .peers          = peers,
        .peers_count    = n->peers_count,
        .services       = n->services,
        .services_count = n->services_count,
        .log            = w->config.log ? &n->log : NULL,
    };
}

static riv_err start(sim_world *w, size_t index, riv_fault *fault)
{
    world_node *n = w->nodes.ptr[index];
    node_config c = config_of(w, n, index);
    riv_bytes   key;
    void       *value;
    RIV_TRY(node_new(&c, fault, &n->mind));
    for (size_t i = 0; i < riv_map_slots(n->store) && n->mind; i++) {
        if (!riv_map_at(n->store, i, &key, &value)) continue;
        node_event stored = { .kind  = NODE_STORED,
                              .key   = riv_bytes_dup(w->arena, key),
                              .bytes = riv_blob_view(*(riv_blob *)value) };
        sim__world_feed(w, index, &stored);
    }
    sim__world_push(w, w->now_ms, WORLD_START, index);
    return RIV_OK;
}

riv_err sim_world_add(sim_world *w, const sim_node *spec, riv_fault *fault, size_t *index)
{
    size_t at = w->nodes.len;
    RIV_TRY(crypto_init(fault));
    for (size_t i = 0; i < spec->peers_count; i++)
        if (spec->peers[i] >= at || !w->nodes.ptr[spec->peers[i]]->listens)
            return riv_fail(fault, RIV_E_MALFORMED, i, "peer %zu of a node is no earlier node that listens",
                            spec->peers[i]);
    world_node *n     = riv_new(w->arena, world_node, 1);
    size_t     *peers = riv_new(w->arena, size_t, spec->peers_count + 1);
    if (spec->peers_count) memcpy(peers, spec->peers, spec->peers_count * sizeof *peers);
    *n       = (world_node){ .name           = riv_str_dup(w->arena, spec->name),
                             .listens        = spec->listens,
                             .peers          = peers,
                             .peers_count    = spec->peers_count,
                             .services       = spec->services,
                             .services_count = spec->services_count,
                             .env            = spec->env,
                             .world          = w };
    n->seed  = sim_peer_seed(spec->name);
    n->store = riv_map_new(NULL);
    n->log   = (riv_log){ write_log, n, w->config.log ? w->config.log->level : RIV_LOG_ERROR };
    crypto_keypair keys;
    crypto_keypair_of(&n->seed, &keys);
    n->peer = codec_peer_of(&keys.public_key);
    crypto_wipe(&keys, sizeof keys);
    *riv_push(w->arena, &w->nodes) = n;
    *index                         = at;
    return start(w, at, fault);
}

/* Gives a node one event and carries out what it asks for. A crash that is due cuts the effects short, behind those that are durable. */
void sim__world_feed(sim_world *w, size_t index, const node_event *event)
{
    world_node  *n    = w->nodes.ptr[index];
    node_event   ev   = *event;
    node_effects out  = { .arena = w->scratch };
    bool         last = n->crashing && ev.kind != NODE_STORED;
    ev.now_ms         = w->now_ms;
    w->steps++;
    sim__world_note(w, 100 + (uint64_t)ev.kind, index, ev.link + ev.dial + ev.count, ev.bytes);
    node_step(n->mind, &ev, &out);
    size_t kept = last ? (size_t)riv_prng_below(&w->faults, out.count + 1) : out.count;
    for (size_t i = 0; i < out.count; i++) {
        const node_effect *e       = &out.items[i];
        bool               durable = e->kind == NODE_STORE_PUT || e->kind == NODE_STORE_DEL;
        if (i < kept || durable)
            carry_out(w, n, index, e);
        else
            node_job_free(e->job);
    }
    sim__world_check_caps(w, n);
    if (last) crash(w, index);
}

static void store_put(world_node *n, riv_bytes key, riv_bytes value)
{
    riv_blob *blob = riv_alloc(sizeof *blob);
    *blob          = riv_blob_copy(value);
    riv_blob *old  = riv_map_put(n->store, key, blob);
    if (!old) return;
    riv_blob_free(old);
    riv_free(old);
}

static void store_del(world_node *n, riv_bytes key)
{
    riv_blob *old = riv_map_remove(n->store, key);
    if (!old) return;
    riv_blob_free(old);
    riv_free(old);
}

/* Runs at once; the answer comes back after the time that it is said to take. */
static void run_job(sim_world *w, world_node *n, size_t index, node_job *job)
{
    sim__world_check_job(w, n, job);
    world_run run = sim__world_check_run(w, job);
    w->counts.jobs++;
    if (job->kind == NODE_JOB_CALL && sim__world_faulty(w, w->config.faults.job_fail)) {
        w->counts.jobs_failed++;
        job->err = riv_fail(&job->fault, RIV_E_IO, 0, "the service failed (simulated)");
    } else {
        work_run(job, n->env);
    }
    if (job->kind == NODE_JOB_AVM) sim__world_check_result(w, job, &run);
    world_event *e = sim__world_push(w, w->now_ms + sim__world_between(w, w->config.job_ms_min, w->config.job_ms_max),
                                     WORLD_JOB_DONE, index);
    e->job         = job;
}

static world_request *request_by(sim_world *w, size_t index, uint64_t number)
{
    for (size_t i = w->requests.len; i-- > 0;) {
        world_request *r = &w->requests.ptr[i];
        if (r->node == index && r->number == number && r->taken && !r->over) return r;
    }
    return NULL;
}

static void add_reply(sim_world *w, uint64_t request, node_reply_kind kind, riv_str name, const riv_json *json)
{
    sim_reply *r = riv_push(w->arena, &w->replies);
    *r           = (sim_reply){ request, w->now_ms, kind, riv_str_dup(w->arena, name), riv_json_copy(w->arena, json) };
    sim__world_note(w, 200, request, (uint64_t)kind, riv_str_bytes(riv_json_text(json, w->scratch)));
}

static void reply(sim_world *w, size_t index, const node_effect *e)
{
    world_request *r = request_by(w, index, e->request);
    sim__world_check_reply(w, r, e);
    if (r && e->reply != NODE_REPLY_CALLBACK) r->answered = true;
    if (r && (e->reply == NODE_REPLY_FAILED || e->reply == NODE_REPLY_EXPIRED)) r->over = true;
    add_reply(w, e->request, e->reply, e->name, e->json);
}

static void carry_out(sim_world *w, world_node *n, size_t index, const node_effect *e)
{
    sim__world_note(w, (uint64_t)e->kind, index, e->link + e->dial, e->bytes);
    switch (e->kind) {
    case NODE_STORE_PUT: store_put(n, e->key, e->bytes); return;
    case NODE_STORE_DEL: store_del(n, e->key); return;
    case NODE_LINK_WRITE: sim__world_write(w, index, e->link, e->bytes); return;
    case NODE_LINK_CLOSE: sim__world_close(w, index, e->link); return;
    case NODE_LINK_PAUSE: sim__world_pause(w, index, e->link, true); return;
    case NODE_LINK_RESUME: sim__world_pause(w, index, e->link, false); return;
    case NODE_DIAL: sim__world_dial(w, index, e->dial, e->addr); return;
    case NODE_TIMER_SET:
        sim__world_push(w, RIV_MAX(e->deadline_ms, w->now_ms), WORLD_TIMER, index)->count = ++n->timer;
        return;
    case NODE_JOB: run_job(w, n, index, e->job); return;
    case NODE_REPLY: reply(w, index, e); return;
    }
    RIV_UNREACHABLE();
}

/* ---- crashes ---- */

static const riv_json *crash_json(sim_world *w)
{
    return riv_json_object(w->arena, "code", riv_json_u64(w->arena, 0), "message",
                           riv_json_strc(w->arena, "the node that ran the request crashed"), NULL);
}

/* The process is gone: whoever asked it sees that at once, as a client sees its connection break. */
static void crash(sim_world *w, size_t index)
{
    world_node *n = w->nodes.ptr[index];
    w->counts.crashes++;
    LOG_DEBUG(w->config.log, "sim.crash", LOG_STR("node", n->name), LOG_U64("at_ms", w->now_ms - WORLD_START_MS));
    sim__world_note(w, 300, index, n->life, (riv_bytes){ 0 });
    sim__world_break_all(w, index);
    node_free(n->mind);
    n->mind     = NULL;
    n->crashing = false;
    for (size_t i = 0; i < w->requests.len; i++) {
        world_request *r = &w->requests.ptr[i];
        if (r->node != index || !r->taken || r->over) continue;
        r->over = true;
        if (!r->answered) add_reply(w, r->number, NODE_REPLY_FAILED, (riv_str){ 0 }, crash_json(w));
    }
    n->life++;
    sim__world_push(w, w->now_ms + w->config.faults.restart_ms, WORLD_RESTART, index);
}

void sim_world_crash(sim_world *w, size_t index) { w->nodes.ptr[index]->crashing = true; }

/* Half of the crashes come between two steps, half in the middle of one. When the weather is over nothing of it is left to come. */
static void tick(sim_world *w)
{
    bool healed = w->now_ms - WORLD_START_MS >= w->config.faults.until_ms;
    for (size_t i = 0; i < w->nodes.len; i++) {
        world_node *n = w->nodes.ptr[i];
        if (healed) n->crashing = false;
        if (!n->mind || !sim__world_faulty(w, w->config.faults.crash)) continue;
        if (riv_prng_chance(&w->faults, 500000))
            crash(w, i);
        else
            n->crashing = true;
    }
    if (!healed) sim__world_push(w, w->now_ms + WORLD_TICK_MS, WORLD_TICK, 0);
}

/* ---- requests ---- */

static const node_run *copy_run(sim_world *w, const node_run *run)
{
    node_run *r = riv_new(w->arena, node_run, 1);
    *r          = *run;
    r->script   = riv_str_dup(w->arena, run->script);
    r->values   = run->values ? riv_json_copy(w->arena, run->values) : NULL;
    return r;
}

void sim_world_request(sim_world *w, size_t index, const node_run *run)
{
    world_request *r = riv_push(w->arena, &w->requests);
    *r               = (world_request){ .node = index, .number = run->request, .run = copy_run(w, run) };
    sim__world_push(w, w->now_ms, WORLD_REQUEST, index)->count = w->requests.len - 1;
}

static void take_request(sim_world *w, const world_event *e)
{
    world_request *r = &w->requests.ptr[e->count];
    world_node    *n = w->nodes.ptr[e->node];
    r->taken         = true;
    r->life          = n->life;
    r->deadline_ms   = w->now_ms + r->run->ttl_ms;
    w->check_at_ms   = RIV_MIN(w->check_at_ms, r->deadline_ms + WORLD_REPLY_MARGIN_MS);
    if (!n->mind) { /* nobody is there to ask */
        r->over = true;
        add_reply(w, r->number, NODE_REPLY_FAILED, (riv_str){ 0 }, crash_json(w));
        return;
    }
    sim__world_feed(w, e->node, &(node_event){ .kind = NODE_API_RUN, .run = r->run });
}

/* ---- running ---- */

static void happen(sim_world *w, const world_event *e)
{
    if (e->kind == WORLD_TICK) {
        tick(w);
        return;
    }
    if (e->kind == WORLD_REQUEST) {
        take_request(w, e);
        return;
    }
    world_node *n = w->nodes.ptr[e->node];
    if (e->kind == WORLD_RESTART) {
        riv_fault fault = { 0 };
        if (start(w, e->node, &fault)) sim__world_broken(w, "a node did not start again: %s", fault.msg);
        return;
    }
    if (e->life != n->life || !n->mind) { /* of a life that is over */
        node_job_free(e->job);
        return;
    }
    switch (e->kind) {
    case WORLD_START: sim__world_feed(w, e->node, &(node_event){ .kind = NODE_START }); return;
    case WORLD_OPENED: sim__world_opened(w, e); return;
    case WORLD_CHUNK: sim__world_deliver(w, e); return;
    case WORLD_DRAINED:
        sim__world_feed(w, e->node, &(node_event){ .kind = NODE_LINK_DRAINED, .link = e->link, .count = e->count });
        return;
    case WORLD_CLOSED: sim__world_feed(w, e->node, &(node_event){ .kind = NODE_LINK_CLOSED, .link = e->link }); return;
    case WORLD_DIAL_FAILED:
        sim__world_feed(
            w, e->node,
            &(node_event){ .kind = NODE_DIAL_FAILED, .dial = e->dial, .reason = RIV_LIT("refused (simulated)") });
        return;
    case WORLD_TIMER:
        if (e->count == n->timer) sim__world_feed(w, e->node, &(node_event){ .kind = NODE_TIMER });
        return;
    case WORLD_JOB_DONE: sim__world_feed(w, e->node, &(node_event){ .kind = NODE_JOB_DONE, .job = e->job }); return;
    case WORLD_RESTART:
    case WORLD_REQUEST:
    case WORLD_TICK: break;
    }
    RIV_UNREACHABLE();
}

riv_err sim_world_run(sim_world *w, uint64_t until_ms, sim_stop_fn stop, void *ctx, riv_fault *fault)
{
    uint64_t until = WORLD_START_MS + until_ms;
    while (w->queue.len && w->queue.ptr[0].at_ms <= until && !w->fault.err) {
        world_event e = pop(w);
        if (e.at_ms < w->now_ms)
            sim__world_broken(w, "time went back from %llu to %llu ms", (unsigned long long)w->now_ms,
                              (unsigned long long)e.at_ms);
        w->now_ms = RIV_MAX(w->now_ms, e.at_ms);
        happen(w, &e);
        riv_arena_reset(w->scratch);
        if (w->now_ms >= w->check_at_ms) sim__world_check_requests(w, false);
        if (stop && !w->fault.err && stop(ctx, w)) break;
    }
    bool over = !w->queue.len || w->queue.ptr[0].at_ms > until;
    if (over && !w->fault.err) w->now_ms = RIV_MAX(w->now_ms, until);
    if (!w->queue.len || w->now_ms >= w->check_at_ms) sim__world_check_requests(w, !w->queue.len);
    if (w->fault.err) {
        if (fault && !fault->err) *fault = w->fault;
        return w->fault.err;
    }
    return RIV_OK;
}

/* ---- looking at it ---- */

codec_peer sim_world_peer(const sim_world *w, size_t index) { return w->nodes.ptr[index]->peer; }
uint64_t   sim_world_now(const sim_world *w) { return w->now_ms - WORLD_START_MS; }
uint64_t   sim_world_steps(const sim_world *w) { return w->steps; }
uint64_t   sim_world_hash(const sim_world *w) { return w->hash; }
sim_counts sim_world_counts(const sim_world *w) { return w->counts; }

size_t sim_world_replies(const sim_world *w, const sim_reply **out)
{
    *out = w->replies.ptr;
    return w->replies.len;
}

node_stats sim_world_stats(const sim_world *w, size_t index)
{
    const world_node *n = w->nodes.ptr[index];
    return n->mind ? node_stats_of(n->mind) : (node_stats){ 0 };
}
