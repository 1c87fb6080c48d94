/* world_wire.c: links between simulated nodes: two pipes of bytes each, with latency and the faults of the wire.
 * A pipe is a queue of chunks with arrival times that never decrease, so bytes keep their order whatever delays are drawn. Bytes count as gone
 * from the writer ("drained") when the reader has them: back-pressure is as hard as it can be.
 * Spec: docs/sim.md. Tests: world_test.c. */
#include "sim/world_internal.h"

static uint64_t number_of(size_t link, size_t end) { return 2 * (uint64_t)link + (uint64_t)end + 1; }

static world_end *end_by(sim_world *w, uint64_t number, world_end **other)
{
    size_t index = (size_t)(number - 1) / 2, end = (size_t)(number - 1) % 2;
    if (!number || index >= w->links.len) return NULL;
    if (other) *other = &w->links.ptr[index]->end[1 - end];
    return &w->links.ptr[index]->end[end];
}

/* What the weather did, among the nodes' own events. */
static void tell(sim_world *w, const char *event, const world_end *from, const world_end *to)
{
    LOG_DEBUG(w->config.log, event, LOG_STR("node", w->nodes.ptr[from->node]->name),
              LOG_U64("at_ms", w->now_ms - WORLD_START_MS), LOG_STR("to", w->nodes.ptr[to->node]->name));
}

static uint64_t latency(sim_world *w)
{
    return sim__world_between(w, w->config.latency_ms_min, w->config.latency_ms_max);
}

/* ---- opening ---- */

static bool target_of(const sim_world *w, riv_str addr, size_t *out)
{
    riv_str  prefix = RIV_LIT("/memory/");
    uint64_t index;
    if (!riv_str_starts(addr, prefix)) return false;
    size_t slash = riv_str_find_char(addr, '/', prefix.len);
    if (!riv_str_u64(riv_str_sub(addr, prefix.len, slash), &index) || index >= w->nodes.len) return false;
    *out = (size_t)index;
    return true;
}

void sim__world_dial(sim_world *w, size_t from, uint64_t dial, riv_str addr)
{
    size_t to;
    bool   fails = sim__world_faulty(w, w->config.faults.dial_fail);
    if (fails || !target_of(w, addr, &to) || !w->nodes.ptr[to]->mind || !w->nodes.ptr[to]->listens) {
        w->counts.dials_failed += fails;
        sim__world_push(w, w->now_ms + WORLD_DIAL_REFUSED_MS + latency(w), WORLD_DIAL_FAILED, from)->dial = dial;
        return;
    }
    size_t      index = w->links.len;
    world_link *link  = riv_new(w->arena, world_link, 1);
    uint64_t    at_ms = w->now_ms + latency(w);
    link->end[0] = (world_end){ .node = from, .life = w->nodes.ptr[from]->life, .open = true, .last_at_ms = at_ms };
    link->end[1] = (world_end){ .node = to, .life = w->nodes.ptr[to]->life, .open = true, .last_at_ms = at_ms };
    *riv_push(w->arena, &w->links) = link;
    w->counts.links++;
    for (size_t end = 2; end-- > 0;) { /* the listener sees it first, as with a real socket */
        world_event *e = sim__world_push(w, at_ms, WORLD_OPENED, link->end[end].node);
        e->link        = number_of(index, end);
        e->dial        = end == 0 ? dial : 0;
    }
}

void sim__world_opened(sim_world *w, const world_event *e)
{
    world_end *other, *end = end_by(w, e->link, &other);
    if (end->open) {
        riv_str addr = riv_format(w->scratch, "/memory/%zu", other->node);
        sim__world_feed(w, e->node,
                        &(node_event){ .kind = NODE_LINK_OPENED, .link = e->link, .dial = e->dial, .addr = addr });
    } else if (e->dial) { /* it broke before it was up */
        sim__world_feed(
            w, e->node,
            &(node_event){ .kind = NODE_DIAL_FAILED, .dial = e->dial, .reason = RIV_LIT("broken (simulated)") });
    }
}

/* ---- bytes ---- */

static void put_chunk(sim_world *w, world_end *to, uint64_t number, uint64_t at_ms, int kind, riv_bytes bytes)
{
    world_chunk *c = riv_alloc(sizeof *c);
    to->last_at_ms = RIV_MAX(to->last_at_ms, at_ms);
    c->at_ms       = to->last_at_ms;
    c->kind        = kind == 0 ? WORLD_DATA : kind == 1 ? WORLD_EOF : WORLD_BREAK;
    c->data        = riv_blob_copy(bytes);
    if (to->last)
        to->last->next = c;
    else
        to->first = c;
    to->last = c;
    to->bytes += bytes.len;
    world_event *e = sim__world_push(w, RIV_MAX(c->at_ms, w->now_ms), WORLD_CHUNK, to->node);
    e->link        = number;
    e->life        = to->life;
}

static void clear_pipe(world_end *end)
{
    while (end->first) {
        world_chunk *c = end->first;
        end->first     = c->next;
        riv_blob_free(&c->data);
        riv_free(c);
    }
    end->last  = NULL;
    end->bytes = 0;
}

void sim__world_link_free(world_link *link)
{
    clear_pipe(&link->end[0]);
    clear_pipe(&link->end[1]);
}

/* Both sides learn of it, each after its own delay; what was on its way is lost. */
static void break_link(sim_world *w, uint64_t number)
{
    size_t      index = (size_t)(number - 1) / 2;
    world_link *link  = w->links.ptr[index];
    for (size_t end = 0; end < 2; end++) {
        world_end *e    = &link->end[end];
        bool       told = !e->open;
        e->open         = false;
        clear_pipe(e);
        if (told || e->life != w->nodes.ptr[e->node]->life) continue;
        uint64_t     at_ms = RIV_MAX(e->last_at_ms, w->now_ms + latency(w)); /* not before it was opened */
        world_event *ev    = sim__world_push(w, at_ms, WORLD_CLOSED, e->node);
        ev->link           = number_of(index, end);
    }
}

void sim__world_break_all(sim_world *w, size_t index)
{
    for (size_t i = 0; i < w->links.len; i++) {
        world_link *l = w->links.ptr[i];
        for (size_t end = 0; end < 2; end++) {
            if (l->end[end].node != index || !l->end[end].open) continue;
            l->end[end].open = false; /* nobody is left to be told on this side */
            break_link(w, number_of(i, end));
        }
    }
}

static void put_data(sim_world *w, world_end *to, uint64_t number, riv_bytes bytes)
{
    uint64_t at_ms = w->now_ms + latency(w);
    if (sim__world_faulty(w, w->config.faults.stall)) {
        w->counts.stalls++;
        at_ms += riv_prng_below(&w->faults, (uint64_t)w->config.faults.stall_ms + 1);
    }
    put_chunk(w, to, number, at_ms, 0, bytes);
}

void sim__world_write(sim_world *w, size_t index, uint64_t link, riv_bytes bytes)
{
    world_end *to, *from = end_by(w, link, &to);
    if (!from || from->node != index) {
        sim__world_broken(w, "a node wrote to link %llu, which is not its own", (unsigned long long)link);
        return;
    }
    if (!from->open || !to->open) return; /* the news of the end is on its way */
    uint64_t to_number = link % 2 ? link + 1 : link - 1;
    if (sim__world_faulty(w, w->config.faults.drop_link)) {
        w->counts.links_dropped++;
        tell(w, "sim.link_dropped", from, to);
        break_link(w, link);
        return;
    }
    while (bytes.len > 1 && sim__world_faulty(w, w->config.faults.split)) {
        size_t cut = 1 + (size_t)riv_prng_below(&w->faults, bytes.len - 1);
        w->counts.splits++;
        put_data(w, to, to_number, riv_bytes_sub(bytes, 0, cut));
        bytes = riv_bytes_sub(bytes, cut, bytes.len);
    }
    put_data(w, to, to_number, bytes);
    /* The bytes arrive, their acknowledgement never does: the sender tries again on another link, and the frame comes twice. */
    if (bytes.len >= 256 && sim__world_faulty(w, w->config.faults.duplicate)) {
        w->counts.duplicates++;
        tell(w, "sim.link_to_break", from, to);
        put_chunk(w, to, to_number, 0, 2, (riv_bytes){ 0 });
    }
}

/* SPEC of node.h: the link ends when the written bytes are out. */
void sim__world_close(sim_world *w, size_t index, uint64_t link)
{
    world_end *to, *from = end_by(w, link, &to);
    if (!from || from->node != index || !from->open) return;
    from->open = false;
    clear_pipe(from);
    sim__world_push(w, w->now_ms, WORLD_CLOSED, index)->link = link;
    if (to->open) put_chunk(w, to, link % 2 ? link + 1 : link - 1, w->now_ms + latency(w), 1, (riv_bytes){ 0 });
}

void sim__world_pause(sim_world *w, size_t index, uint64_t link, bool paused)
{
    world_end *end = end_by(w, link, NULL);
    if (!end || end->node != index || end->paused == paused) return;
    end->paused = paused;
    if (!paused) sim__world_push(w, w->now_ms, WORLD_CHUNK, index)->link = link;
}

static void arrive(sim_world *w, uint64_t number, world_end *end, const world_end *from, riv_bytes bytes)
{
    uint64_t     writer = number % 2 ? number + 1 : number - 1;
    world_event *e;
    if (from->open && from->life == w->nodes.ptr[from->node]->life) {
        e        = sim__world_push(w, w->now_ms, WORLD_DRAINED, from->node);
        e->link  = writer;
        e->count = bytes.len;
    }
    sim__world_feed(w, end->node, &(node_event){ .kind = NODE_LINK_BYTES, .link = number, .bytes = bytes });
}

/* Hands over what has come by now. Each hand-over is a step that may pause or end the link, so the pipe is looked at anew each time. */
void sim__world_deliver(sim_world *w, const world_event *ev)
{
    world_end *from, *end = end_by(w, ev->link, &from);
    uint32_t   life = ev->life;
    while (end->open && !end->paused && end->first && end->first->at_ms <= w->now_ms &&
           w->nodes.ptr[end->node]->life == life) {
        world_chunk *c = end->first;
        end->first     = c->next;
        if (!end->first) end->last = NULL;
        end->bytes -= c->data.len;
        if (c->kind == WORLD_DATA) {
            arrive(w, ev->link, end, from, riv_blob_view(c->data));
        } else if (c->kind == WORLD_EOF) {
            end->open = false;
            sim__world_feed(w, end->node, &(node_event){ .kind = NODE_LINK_CLOSED, .link = ev->link });
        } else {
            break_link(w, ev->link);
        }
        riv_blob_free(&c->data);
        riv_free(c);
    }
}
