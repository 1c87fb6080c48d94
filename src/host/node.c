/* node.c: one node on the loop: steps its mind, commits what must last, then carries out its effects.
 * A turn: every event of the turn is stepped at once; effects wait. At the turn's end all changes of the turn go into one
 * transaction, and only when that is synced do the effects leave. So nothing that a peer has seen of us can be forgotten by a kill.
 * Tests: node_test.c, tests/e2e. */
#define _GNU_SOURCE
#include "host/internal.h"

static void fill_log(void *ctx, riv_log_level level, const char *event, const riv_log_field *fields, size_t count);

/* ---- configuration's copy ---- */

static riv_str *copy_texts(riv_arena *arena, const riv_str *items, size_t count)
{
    riv_str *out = riv_new(arena, riv_str, count ? count : 1);
    for (size_t i = 0; i < count; i++) out[i] = riv_str_dup(arena, items[i]);
    return out;
}

static void copy_config(host_node *n, const host_node_config *config)
{
    n->config           = *config;
    n->config.listen    = copy_texts(n->arena, config->listen, config->listen_count);
    n->config.peers     = copy_texts(n->arena, config->peers, config->peers_count);
    n->config.state_dir = riv_str_dup(n->arena, config->state_dir);
}

static riv_err make_mind(host_node *n, riv_fault *fault)
{
    node_config config = {
        .seed           = n->config.seed,
        .agent          = RIV_LIT("rivulet/" RIV_VERSION),
        .listen         = n->addrs,
        .listen_count   = n->addrs_count,
        .peers          = n->config.peers,
        .peers_count    = n->config.peers_count,
        .services       = n->config.services,
        .services_count = n->config.services_count,
        .ttl_ms_max     = n->config.ttl_ms_max,
        .version        = n->config.version,
        .log            = &n->log,
    };
    host_entropy(config.entropy.bytes, sizeof config.entropy.bytes);
    riv_err err = node_new(&config, fault, &n->mind);
    crypto_wipe(&config, sizeof config);
    return err;
}

/* ---- starting ---- */

static void give_stored(void *ctx, riv_bytes key, riv_bytes value)
{
    node_event event = { .kind = NODE_STORED, .key = key, .bytes = value };
    host__node_give(ctx, &event);
}

static void name_addrs(host_node *n)
{
    for (size_t i = 0; i < n->addrs_count; i++)
        n->addrs[i] = riv_format(n->arena, RIV_FMT "/p2p/" RIV_FMT, RIV_ARG(n->addrs[i]), RIV_ARG(n->peer_text));
}

static riv_err start(host_node *n, riv_fault *fault)
{
    node_event     event = { .kind = NODE_START };
    crypto_keypair pair;
    crypto_keypair_of(&n->config.seed, &pair);
    n->peer      = codec_peer_of(&pair.public_key);
    n->peer_text = codec_peer_text(n->arena, &n->peer);
    crypto_wipe(&pair, sizeof pair);
    for (size_t i = 0; i < n->config.listen_count; i++) RIV_TRY(host__listen(n, n->config.listen[i], fault));
    if (n->config.state_dir.len) RIV_TRY(host_store_open(n->config.state_dir, fault, &n->store));
    RIV_TRY(make_mind(n, fault));
    crypto_wipe(&n->config.seed, sizeof n->config.seed);
    n->started = true;
    if (n->store) RIV_TRY(host_store_each(n->store, give_stored, n, fault));
    host__node_give(n, &event);
    name_addrs(n);
    return host__accept_all(n, fault);
}

riv_err host_node_add(host *h, const host_node_config *config, riv_fault *fault, host_node **out)
{
    host_node *n   = riv_alloc(sizeof *n);
    n->host        = h;
    n->arena       = riv_arena_new(0);
    n->turns[0]    = riv_arena_new(0);
    n->turns[1]    = riv_arena_new(0);
    n->links       = riv_map_new(NULL);
    n->dials       = riv_map_new(NULL);
    n->log         = (riv_log){ fill_log, n,
                        config->on_event ? RIV_LOG_TRACE
                                : config->log    ? config->log->level
                                                 : RIV_LOG_ERROR };
    n->deadline_ms = UINT64_MAX;
    copy_config(n, config);
    uv_timer_init(&h->loop, &n->timer);
    n->timer.data              = n;
    h->nodes                   = riv_realloc(h->nodes, (h->nodes_count + 1) * sizeof(host_node *));
    h->nodes[h->nodes_count++] = n; /* on failure too: its handles are closed with the host */
    RIV_TRY(start(n, fault));
    *out = n;
    return RIV_OK;
}

/* ---- stepping ---- */

uint64_t host__node_time(uint64_t last_ms, uint64_t real_ms, uint64_t elapsed_ms)
{
    uint64_t least_ms;
    if (__builtin_add_overflow(last_ms, elapsed_ms / 2, &least_ms)) least_ms = last_ms;
    return RIV_MAX(real_ms, least_ms);
}

static uint64_t now_ms(host_node *n)
{
    uint64_t at_ms = host_clock_ns() / 1000000u, now = host__node_time(n->now_ms, host_now_ms(), at_ms - n->now_at_ms);
    if (now > n->now_ms) n->now_ms = now, n->now_at_ms = at_ms;
    return n->now_ms;
}

void host__node_give(host_node *n, node_event *event)
{
    node_effects effects = { .arena = n->turns[n->turn] };
    if (!n->started || n->stopped) {
        if (event->kind == NODE_JOB_DONE) node_job_free(event->job);
        return;
    }
    event->now_ms = now_ms(n);
    node_step(n->mind, event, &effects);
    if (effects.count) {
        if (n->batches_count == n->batches_cap) {
            n->batches_cap = n->batches_cap ? 2 * n->batches_cap : 64;
            n->batches     = riv_realloc(n->batches, n->batches_cap * sizeof *n->batches);
        }
        n->batches[n->batches_count++] = (host_batch){ effects.items, effects.count };
    }
    if (!n->host->flushing && riv_arena_used(effects.arena) > HOST_EFFECTS_BYTES_MAX) host__node_flush(n);
}

void host__node_note(host_node *n, node_event_kind kind, uint64_t id, riv_str text)
{
    if (n->notes_count == n->notes_cap) {
        n->notes_cap = n->notes_cap ? 2 * n->notes_cap : 64;
        n->notes     = riv_realloc(n->notes, n->notes_cap * sizeof *n->notes);
    }
    n->notes[n->notes_count++] = (host_note){ kind, id, riv_blob_copy(riv_str_bytes(text)) };
}

/* ---- carrying out ---- */

static void on_timer(uv_timer_t *timer)
{
    host_node *n     = timer->data;
    node_event event = { .kind = NODE_TIMER };
    n->deadline_ms   = UINT64_MAX;
    host__node_give(n, &event);
}

/* The loop's timers are monotonic, deadlines are wall time: a long wait is cut, so that a clock that is set is seen. */
static void set_timer(host_node *n)
{
    uint64_t now = now_ms(n), wait = n->deadline_ms > now ? n->deadline_ms - now : 0;
    n->timer_dirty = false;
    if (n->deadline_ms == UINT64_MAX) {
        uv_timer_stop(&n->timer);
        return;
    }
    uv_update_time(&n->host->loop);
    uv_timer_start(&n->timer, on_timer, RIV_MIN(wait, 60000u), 0);
}

static void keep(host_node *n, const node_effect *e)
{
    riv_fault fault = { 0 };
    riv_err   err;
    if (!n->store) return;
    err            = e->kind == NODE_STORE_PUT ? host_store_put(n->store, e->key, e->bytes, &fault)
                                               : host_store_del(n->store, e->key, &fault);
    n->store_dirty = true;
    if (err) host__fail(n->host, &fault);
}

static void carry_out(host_node *n, const node_effect *e)
{
    switch (e->kind) {
    case NODE_STORE_PUT:
    case NODE_STORE_DEL: break; /* done by commit_turn */
    case NODE_LINK_WRITE: host__link_write(n, e->link, e->bytes); break;
    case NODE_LINK_CLOSE: host__link_close(n, e->link); break;
    case NODE_LINK_PAUSE: host__link_read(n, e->link, false); break;
    case NODE_LINK_RESUME: host__link_read(n, e->link, true); break;
    case NODE_DIAL: host__dial(n, e->dial, e->addr); break;
    case NODE_TIMER_SET:
        n->deadline_ms = e->deadline_ms;
        n->timer_dirty = true;
        break;
    case NODE_JOB: host__pool_submit(&n->host->pool, e->job, n); break;
    case NODE_REPLY:
        if (n->config.on_reply) n->config.on_reply(n->config.ctx, e);
        break;
    }
}

static bool commit_turn(host_node *n, const host_batch *batches, size_t count)
{
    riv_fault fault = { 0 };
    for (size_t b = 0; b < count; b++)
        for (size_t i = 0; i < batches[b].count; i++) {
            const node_effect *e = &batches[b].items[i];
            if (e->kind == NODE_STORE_PUT || e->kind == NODE_STORE_DEL) keep(n, e);
        }
    if (n->store && n->store_dirty && host_store_commit(n->store, &fault)) host__fail(n->host, &fault);
    n->store_dirty = false;
    return n->host->fault.err == RIV_OK;
}

static void give_notes(host_node *n)
{
    host_note *notes = n->notes;
    size_t     count = n->notes_count;
    n->notes         = NULL;
    n->notes_count = n->notes_cap = 0;
    for (size_t i = 0; i < count; i++) {
        host_note *note  = &notes[i];
        node_event event = {
            .kind = note->kind, .link = note->id, .dial = note->id, .reason = riv_bytes_str(riv_blob_view(note->text))
        };
        if (note->kind == NODE_LINK_DRAINED) event.count = host__link_drained(n, note->id);
        if (note->kind == NODE_LINK_DRAINED && event.count == 0) event.kind = NODE_STOP; /* gone meanwhile */
        if (event.kind != NODE_STOP) host__node_give(n, &event);
        riv_blob_free(&note->text);
    }
    riv_free(notes);
}

/* Of effects that are not carried out: jobs own memory. */
static void drop_jobs(const host_batch *batches, size_t count)
{
    for (size_t b = 0; b < count; b++)
        for (size_t i = 0; i < batches[b].count; i++)
            if (batches[b].items[i].kind == NODE_JOB) node_job_free(batches[b].items[i].job);
}

void host__node_flush(host_node *n)
{
    if (n->host->flushing) return;
    n->host->flushing = true;
    while (n->batches_count || n->notes_count) {
        host_batch *batches = n->batches;
        size_t      count   = n->batches_count;
        riv_arena  *arena   = n->turns[n->turn];
        n->batches          = NULL;
        n->batches_count = n->batches_cap = 0;
        n->turn                           = 1 - n->turn;
        bool kept                         = commit_turn(n, batches, count);
        for (size_t b = 0; kept && b < count; b++)
            for (size_t i = 0; i < batches[b].count; i++) carry_out(n, &batches[b].items[i]);
        if (!kept) drop_jobs(batches, count);
        riv_free(batches);
        riv_arena_reset(arena);
        give_notes(n);
    }
    if (n->timer_dirty && !n->stopped) set_timer(n);
    n->host->flushing = false;
}

/* ---- stopping ---- */

void host__node_stop(host_node *n)
{
    node_event event = { .kind = NODE_STOP };
    if (n->started && !n->stopped) host__node_give(n, &event);
    host__node_flush(n);
    n->stopped = true;
}

void host__node_close(host_node *n)
{
    n->stopped = true;
    host__links_close(n);
    for (size_t i = 0; i < n->listeners_count; i++)
        if (!uv_is_closing((uv_handle_t *)&n->listeners[i]->tcp)) uv_close((uv_handle_t *)&n->listeners[i]->tcp, NULL);
    if (!uv_is_closing((uv_handle_t *)&n->timer)) uv_close((uv_handle_t *)&n->timer, NULL);
}

void host__node_free(host_node *n)
{
    for (size_t i = 0; i < n->notes_count; i++) riv_blob_free(&n->notes[i].text);
    for (size_t i = 0; i < n->listeners_count; i++) riv_free(n->listeners[i]);
    drop_jobs(n->batches, n->batches_count);
    riv_free(n->notes);
    riv_free(n->batches);
    riv_free(n->addrs);
    node_free(n->mind);
    host_store_close(n->store);
    riv_map_free(n->links);
    riv_map_free(n->dials);
    riv_arena_free(n->turns[0]);
    riv_arena_free(n->turns[1]);
    riv_arena_free(n->arena);
    crypto_wipe(n, sizeof *n);
    riv_free(n);
}

/* ---- asking ---- */

codec_peer host_node_peer(const host_node *n) { return n->peer; }

const riv_str *host_node_addrs(const host_node *n, size_t *count)
{
    *count = n->addrs_count;
    return n->addrs;
}

void host_node_request(host_node *n, const node_run *run)
{
    node_event event = { .kind = NODE_API_RUN, .run = run };
    host__node_give(n, &event);
}

void host_node_add_peer(host_node *n, riv_str addr)
{
    node_event event = { .kind = NODE_ADD_PEER, .addr = addr };
    host__node_give(n, &event);
}

node_stats host_node_stats(const host_node *n) { return node_stats_of(n->mind); }

/* Puts the node's own id first; a field of the event that is called "peer" becomes "remote". */
static void fill_log(void *ctx, riv_log_level level, const char *event, const riv_log_field *fields, size_t count)
{
    host_node    *n = ctx;
    riv_log_field all[24];
    size_t        used = RIV_MIN(count, RIV_COUNT(all) - 1);
    all[0]             = (riv_log_field)LOG_STR("peer", n->peer_text);
    for (size_t i = 0; i < used; i++) {
        all[i + 1] = fields[i];
        if (strcmp(fields[i].key, "peer") == 0) all[i + 1].key = "remote";
    }
    riv_log_write(n->config.log, level, event, all, used + 1);
    if (n->config.on_event) n->config.on_event(n->config.ctx, level, event, all, used + 1);
}
