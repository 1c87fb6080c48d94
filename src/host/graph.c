/* graph.c: the index over a chain's blocks on the loop. It costs nothing until somebody asks: then it reads the blocks that it has not seen, and before
 * each later answer those that came since. Spec: docs/spec/graph.md 5. Tests: chain_test.c, tests/interop/graph. */
#define _GNU_SOURCE
#include "host/graph.h"

#include "host/internal.h"

enum { SLICE_NS = 10000000 }; /* of the loop's time at once */

struct host_graph {
    host_graph_config config;
    graph            *graph;
    uv_timer_t       *timer;
    riv_fault         failed; /* the index stopped; err 0: it did not */
    bool              behind; /* slices go on by the timer */
};

static void on_slice(uv_timer_t *timer);

host_graph *host_graph_new(host *h, const host_graph_config *config)
{
    host_graph *g = riv_alloc(sizeof *g);
    g->config     = *config;
    g->timer      = host__timer_new(h, g);
    return g;
}

void host_graph_free(host_graph *g)
{
    if (!g) return;
    host__timer_close(g->timer);
    graph_free(g->graph);
    riv_free(g);
}

bool host_graph_is_path(riv_str path)
{
    riv_str own = RIV_LIT(HOST_GRAPH_PATH), rest = riv_str_sub(path, own.len, path.len);
    return riv_str_starts(path, own) && (rest.len == 0 || rest.ptr[0] == '?' || riv_str_eq(rest, RIV_LIT("/")));
}

/* ---- slices ---- */

static riv_err one_block(host_graph *g)
{
    rpc_block  b;
    riv_arena *arena = riv_arena_new(0);
    riv_err    err   = rpc_block_read(g->config.store, graph_next_height(g->graph), true, arena, &g->failed, &b);
    if (!err) err = graph_apply(g->graph, &b.block, g->config.store, &g->failed);
    riv_arena_free(arena);
    return err;
}

static riv_err newest(host_graph *g, uint64_t *out)
{
    chain_head head;
    riv_arena *arena = riv_arena_new(0);
    riv_err    err   = chain_head_read(g->config.store, UINT64_MAX, arena, &g->failed, &head);
    *out             = err ? 0 : head.height;
    riv_arena_free(arena);
    return err;
}

/* False: it is behind, another slice is to come. */
static bool catch_up(host_graph *g)
{
    uint64_t last, start = host_clock_ns();
    if (g->failed.err || newest(g, &last)) return true;
    while (graph_next_height(g->graph) <= last) {
        if (one_block(g)) {
            LOG_ERROR(g->config.log, "graph.stopped", LOG_U64("height", graph_next_height(g->graph)),
                      LOG_CSTR("why", g->failed.msg));
            return true;
        }
        if (host_clock_ns() - start > SLICE_NS) return graph_next_height(g->graph) > last;
    }
    return true;
}

static void on_slice(uv_timer_t *timer)
{
    host_graph *g = timer->data;
    g->behind     = !catch_up(g);
    if (g->behind)
        uv_timer_start(timer, on_slice, 0, 0);
    else
        g->config.ready(g->config.ctx);
}

/* ---- answers ---- */

static void write_failure(const host_graph *g, riv_buf *reply)
{
    riv_buf text = { 0 };
    riv_putf(&text, "The index stopped before block %llu: %s", (unsigned long long)graph_next_height(g->graph),
             g->failed.msg);
    graph_refuse(riv_buf_str(&text), reply);
    riv_buf_free(&text);
}

bool host_graph_answer(host_graph *g, riv_str body, riv_buf *reply)
{
    if (g->behind) return false;
    if (!g->graph) g->graph = graph_new(g->config.engine);
    if (!catch_up(g)) {
        g->behind = true;
        uv_timer_start(g->timer, on_slice, 0, 0);
        return false;
    }
    if (g->failed.err)
        write_failure(g, reply);
    else
        graph_answer(g->graph, body, reply);
    return true;
}
