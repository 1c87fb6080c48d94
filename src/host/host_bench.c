/* host_bench.c: whole particles over loopback sockets: a client and a node, each with its own mind, in one loop; the node calls a built-in and
 * sends the particle back. One at a time (latency) and many in flight (throughput), with and without durable state. */
#define _GNU_SOURCE
#include "host/host.h"

#include <signal.h>
#include <stdio.h>

enum { CALLS = 1000, IN_FLIGHT = 64 };

typedef struct run {
    host      *host;
    host_node *node, *client;
    riv_arena *arena;
    riv_str    script;
    uint64_t   start_ns, sent, answered, failed, in_flight;
} run;

static void send_one(void *ctx)
{
    run *r = ctx;
    if (!r->start_ns) r->start_ns = host_clock_ns();
    node_run call = { .request = ++r->sent, .ttl_ms = 60000, .script = r->script, .has_relay = true };
    call.relay    = host_node_peer(r->node);
    host_node_request(r->client, &call);
}

static void on_reply(void *ctx, const node_effect *e)
{
    run *r = ctx;
    r->answered++;
    r->failed += e->reply != NODE_REPLY_RESPONSE;
    if (r->answered == CALLS)
        host_stop(r->host);
    else if (r->sent < CALLS)
        send_one(r);
}

static void on_event(void *ctx, riv_log_level level, const char *event, const riv_log_field *fields, size_t count)
{
    run *r = ctx;
    (void)level, (void)fields, (void)count;
    if (strcmp(event, "peer.connected") != 0) return;
    for (uint64_t i = 0; i < r->in_flight; i++) host_after(r->host, 0, send_one, r);
}

static int measure(const char *name, uint64_t in_flight, bool durable)
{
    static const riv_str loopback = RIV_LIT_INIT("/ip4/127.0.0.1/tcp/0");
    run                  r        = { .arena = riv_arena_new(0), .in_flight = in_flight };
    riv_fault            fault    = { 0 };
    riv_str              dir      = { 0 };
    size_t               count;
    host_node_config     server = { .listen = &loopback, .listen_count = 1 };
    if (durable && host_temp_dir(RIV_LIT("rivulet-bench"), r.arena, &fault, &dir)) return puts(fault.msg), 1;
    server.state_dir = dir;
    host_key_new(&server.seed);
    if (host_new(&(host_config){ .workers = 2 }, &fault, &r.host) || host_node_add(r.host, &server, &fault, &r.node))
        return puts(fault.msg), 1;
    host_node_config client = { .peers       = host_node_addrs(r.node, &count),
                                .peers_count = 1,
                                .ctx         = &r,
                                .on_reply    = on_reply,
                                .on_event    = on_event };
    codec_peer       peer   = host_node_peer(r.node);
    r.script                = riv_format(r.arena,
                                         "(seq (call \"" RIV_FMT "\" (\"op\" \"identity\") [\"payload\"] x)\n"
                                                        " (call %%init_peer_id%% (\"callbackSrv\" \"response\") [x]))",
                                         RIV_ARG(codec_peer_text(r.arena, &peer)));
    host_key_new(&client.seed);
    if (host_node_add(r.host, &client, &fault, &r.client) || host_run(r.host, &fault)) return puts(fault.msg), 1;
    double seconds = (double)(host_clock_ns() - r.start_ns) / 1e9;
    printf("%-34s %8.0f calls/s %8.2f ms each in flight, %llu failed\n", name, (double)r.answered / seconds,
           seconds * 1000 * (double)in_flight / (double)r.answered, (unsigned long long)r.failed);
    host_free(r.host);
    if (durable) host_dir_remove(dir);
    riv_arena_free(r.arena);
    return 0;
}

int main(void)
{
    riv_fault fault = { 0 };
    signal(SIGPIPE, SIG_IGN);
    if (crypto_init(&fault)) return puts(fault.msg), 1;
    return measure("one at a time, in memory", 1, false) || measure("one at a time, durable", 1, true) ||
           measure("64 in flight, in memory", IN_FLIGHT, false) || measure("64 in flight, durable", IN_FLIGHT, true);
}
