/* chain.c: the development chain on a host: JSON-RPC and GraphQL by http.c, blocks by the clock, the ledger below. All of it on the loop's thread.
 * Spec: docs/spec/chain.md 2, 3; docs/spec/graph.md 5. Tests: chain_test.c, tests/interop/eth. */
#define _GNU_SOURCE
#include "host/chain.h"

#include "host/graph.h"
#include "host/http.h"
#include "host/internal.h"
#include "proof/proof.h"

enum { VERIFIER_CACHES = 1, VERIFY_MS = 100 };

struct host_chain {
    host         *host;
    chain        *engine;
    chain_memory *memory; /* without a folder */
    host_ledger  *ledger;
    rpc_place     place;
    proof        *verifier;
    rpc          *rpc;
    host_graph   *graph;
    host_http    *http, *graph_http; /* graph_http: NULL without a port of its own */
    uv_timer_t   *timer;             /* NULL: it is not open yet */
    uint64_t      every_ms;          /* of the timer; 0: it rests */
};

/* ---- what follows an answer ---- */

static void on_timer(uv_timer_t *timer);

/* Blocks go by the clock where that was asked for, at the start or by a request; and while they have proofs to verify. */
static void set_timer(host_chain *c)
{
    uint64_t every = rpc_interval_ms(c->rpc);
    if (every == 0 && rpc_wants_block(c->rpc)) every = VERIFY_MS;
    if (!c->timer || every == c->every_ms) return;
    c->every_ms = every;
    if (every)
        uv_timer_start(c->timer, on_timer, every, every);
    else
        uv_timer_stop(c->timer);
}

static void after(void *ctx)
{
    host_chain       *c = ctx;
    const rpc_notice *notices;
    size_t            count = rpc_notices(c->rpc, &notices);
    for (size_t i = 0; i < count; i++) host_http_tell(c->http, notices[i].conn, notices[i].text);
    set_timer(c);
    if (rpc_failed(c->rpc)) host__fail(c->host, rpc_failed(c->rpc));
}

static void on_timer(uv_timer_t *timer)
{
    host_chain *c     = timer->data;
    riv_fault   fault = { 0 };
    if (rpc_mine(c->rpc, host_now_ms(), &fault)) host__fail(c->host, &fault);
    after(c);
}

/* ---- what http.c asks ---- */

/* The port that has GraphQL alone. */
static int on_graph(void *ctx, riv_str path, riv_str body, riv_buf *reply)
{
    host_chain *c = ctx;
    if (host_graph_is_path(path)) return host_graph_answer(c->graph, body, reply) ? 200 : HOST_HTTP_LATER;
    graph_refuse(RIV_LIT("The path is " HOST_GRAPH_PATH), reply);
    return 404;
}

static int on_answer(void *ctx, riv_str path, riv_str body, riv_buf *reply)
{
    host_chain *c = ctx;
    if (host_graph_is_path(path)) return on_graph(ctx, path, body, reply);
    rpc_answer(c->rpc, 0, host_now_ms(), body, reply);
    return 200;
}

static void on_graph_ready(void *ctx)
{
    host_chain *c = ctx;
    host_http_again(c->http);
    host_http_again(c->graph_http);
}

static void on_message(void *ctx, uint64_t conn, riv_str text, riv_buf *reply)
{
    host_chain *c = ctx;
    rpc_answer(c->rpc, conn, host_now_ms(), text, reply);
}

static void on_gone(void *ctx, uint64_t conn)
{
    host_chain *c = ctx;
    rpc_forget(c->rpc, conn);
}

/* ---- opening ---- */

static riv_err open_place(host_chain *c, const host_chain_config *config, riv_fault *fault)
{
    if (config->dir.len == 0) {
        c->memory = chain_memory_new();
        c->place  = rpc_place_memory(c->memory);
        return RIV_OK;
    }
    RIV_TRY(host_ledger_open(config->dir, HOST_LEDGER_OWN, fault, &c->ledger));
    c->place = host_ledger_place(c->ledger);
    return RIV_OK;
}

static riv_err open_rpc(host_chain *c, const host_chain_config *config, riv_fault *fault)
{
    rpc_config own = { .engine      = c->engine,
                       .verifier    = c->verifier,
                       .place       = c->place,
                       .genesis     = config->genesis,
                       .interval_ms = config->interval_ms,
                       .proposer    = config->proposer,
                       .log         = config->log };
    return rpc_open(&own, fault, &c->rpc);
}

static riv_err open_graph(host_chain *c, const host_chain_config *config, riv_fault *fault)
{
    host_http_config http = { .listen = config->graph_listen, .origin = config->origin, .ctx = c, .answer = on_graph };
    riv_fault        own  = { 0 };
    c->graph              = host_graph_new(
                     c->host,
                     &(host_graph_config){
                         .engine = c->engine, .store = &c->place.store, .ctx = c, .ready = on_graph_ready, .log = config->log });
    if (config->graph_listen.len == 0) return RIV_OK;
    riv_err err = host_http_open(c->host, &http, &own, &c->graph_http);
    if (!err || (err == RIV_E_IO && config->graph_optional)) return RIV_OK;
    return riv_fail(fault, err, own.pos, "%s", own.msg);
}

riv_err host_chain_open(host *h, const host_chain_config *config, riv_fault *fault, host_chain **out)
{
    host_chain      *c    = riv_alloc(sizeof *c);
    host_http_config http = { .listen  = config->listen,
                              .origin  = config->origin,
                              .ctx     = c,
                              .answer  = on_answer,
                              .message = on_message,
                              .after   = after,
                              .closed  = on_gone };
    c->host               = h;
    c->engine             = chain_new();
    c->verifier           = proof_new(VERIFIER_CACHES);
    riv_err err           = open_place(c, config, fault);
    if (!err) err = open_rpc(c, config, fault);
    if (!err) err = host_http_open(h, &http, fault, &c->http);
    if (!err) err = open_graph(c, config, fault);
    if (err) {
        host_chain_close(c);
        return err;
    }
    c->timer = host__timer_new(h, c);
    set_timer(c);
    *out = c;
    return RIV_OK;
}

void host_chain_close(host_chain *c)
{
    if (!c) return;
    host__timer_close(c->timer);
    host_http_close(c->http);
    host_http_close(c->graph_http);
    host_graph_free(c->graph);
    rpc_close(c->rpc);
    host_ledger_close(c->ledger);
    chain_memory_free(c->memory);
    proof_free(c->verifier);
    chain_free(c->engine);
    riv_free(c);
}

uint16_t host_chain_port(const host_chain *c) { return host_http_port(c->http); }

uint16_t host_chain_graph_port(const host_chain *c) { return c->graph_http ? host_http_port(c->graph_http) : 0; }
