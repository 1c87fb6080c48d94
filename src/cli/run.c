/* run.c: rivulet run: a function call in an embedded network (simulated world), or through a relay into a real one.
 * Spec: docs/cli.md "run". Tests: tests/e2e. */
#include "cli/internal.h"
#include "sim/sim.h"

enum { RUN_CONNECT_MS = 5000, RUN_WORLD_MEET_MS = 10000, RUN_TTL_MS = 7000, RUN_LATENCY_MS = 5, RUN_JOB_MS = 1 };

/* ---- embedded ---- */

typedef struct embedded {
    cli         *c;
    sim_world   *world;
    cli_outcome *outcome;
    riv_str      names[CLI_NODES_MAX + 1], ids[CLI_NODES_MAX + 1];
    size_t       indexes[CLI_NODES_MAX + 1], count;
    uint64_t     met, meetings; /* peer.connected events, and how many make everybody know everybody */
    size_t       replies;
    riv_log      log;
} embedded;

static void on_world_event(void *ctx, riv_log_level level, const char *event, const riv_log_field *fields, size_t count)
{
    embedded *e    = ctx;
    riv_str   name = count ? fields[0].str : (riv_str){ 0 };
    if (strcmp(event, "peer.connected") == 0) e->met++;
    for (size_t i = 0; i < e->count; i++)
        if (riv_str_eq(e->names[i], name))
            cli_outcome_event(e->outcome, e->c->arena, sim_world_now(e->world) * 1000, e->ids[i], event, fields, count);
    riv_log_write(&e->c->log.sink, level, event, fields, count);
}

static bool everybody_met(void *ctx, const sim_world *world)
{
    (void)world;
    return ((embedded *)ctx)->met >= ((embedded *)ctx)->meetings;
}

static bool answered(void *ctx, const sim_world *world)
{
    embedded        *e = ctx;
    const sim_reply *replies;
    size_t           count = sim_world_replies(world, &replies);
    for (; e->replies < count; e->replies++) {
        const sim_reply *r = &replies[e->replies];
        cli_outcome_reply(e->outcome, e->c->arena, sim_world_now(world) * 1000, r->kind, r->name, r->json);
    }
    return e->outcome->done;
}

static uint64_t world_now(void *ctx) { return sim_world_now(((embedded *)ctx)->world) * 1000000u; }

static void world_log(void *ctx, riv_str module, int32_t level, riv_str text)
{
    marine_env real = cli_world_env(((embedded *)ctx)->c);
    real.log(real.ctx, module, level, text);
}

static void world_output(void *ctx, riv_str module, bool is_stderr, riv_str text)
{
    marine_env real = cli_world_env(((embedded *)ctx)->c);
    real.output(real.ctx, module, is_stderr, text);
}

static riv_err world_command(void *ctx, const marine_command *command, riv_arena *arena, riv_fault *fault,
                             marine_output *out)
{
    marine_env real = cli_world_env(((embedded *)ctx)->c);
    return real.command(real.ctx, command, arena, fault, out);
}

/* Virtual time and no true randomness: the same call gives the same bytes. */
static bool add_nodes(embedded *e, cli_services *services, size_t nodes, int *code)
{
    cli       *c     = e->c;
    riv_fault  fault = { 0 };
    marine_env env   = {
          .ctx = e, .now_ns = world_now, .log = world_log, .output = world_output, .command = world_command
    };
    size_t              all[CLI_NODES_MAX], count;
    const node_service *known = cli_services_nodes(services, &count);
    for (size_t i = 0; i <= nodes; i++) { /* the last one is the client */
        bool     client = i == nodes;
        sim_node spec   = { .listens = !client, .peers = all, .peers_count = client ? 1 : i };
        spec.name = client ? RIV_LIT("client") : i == 0 ? RIV_LIT("relay") : riv_format(c->arena, "peer%zu", i + 1);
        if (!client) {
            spec.services       = known;
            spec.services_count = count;
            if (!(spec.env = cli_services_env(c, services, &(cli_services_node){ .env = &env }, code))) return false;
        }
        e->names[i] = spec.name;
        if (sim_world_add(e->world, &spec, &fault, &e->indexes[i])) return *code = cli_fault(c, &fault), false;
        codec_peer peer = sim_world_peer(e->world, e->indexes[i]);
        e->ids[i]       = codec_peer_text(c->arena, &peer);
        if (!client) all[i] = e->indexes[i];
        e->count++;
    }
    e->meetings = nodes * (nodes - 1) + 2; /* both ends tell */
    return true;
}

static int run_world(embedded *e, const cli_program *p, uint64_t ttl_ms)
{
    cli      *c     = e->c;
    riv_fault fault = { 0 };
    node_run  run   = { .request = 1, .script = p->func->air_text, .ttl_ms = (uint32_t)ttl_ms, .has_relay = true };
    run.relay       = sim_world_peer(e->world, e->indexes[0]);
    run.values      = cli_program_values(c->arena, p, e->ids[0]);
    riv_err err     = sim_world_run(e->world, sim_world_now(e->world) + RUN_WORLD_MEET_MS, everybody_met, e, &fault);
    if (!err && e->met < e->meetings) cli_warn(c, "not every peer of the embedded network found the others");
    e->outcome->start_us = sim_world_now(e->world) * 1000;
    if (!err) sim_world_request(e->world, e->indexes[e->count - 1], &run);
    if (!err) err = sim_world_run(e->world, sim_world_now(e->world) + ttl_ms + 1000, answered, e, &fault);
    return err ? cli_error(c, CLI_INTERNAL, "%s", fault.msg) : CLI_OK;
}

static int run_embedded(cli *c, const cli_program *p, cli_services *services, uint64_t nodes, uint64_t ttl_ms,
                        cli_outcome *outcome)
{
    uint64_t  seed;
    int       code = CLI_OK;
    embedded *e    = riv_new(c->arena, embedded, 1);
    if (!cli_number(c, "seed", 1, 0, UINT64_MAX, &seed)) return CLI_USAGE;
    e->c              = c;
    e->outcome        = outcome;
    e->log            = (riv_log){ on_world_event, e, RIV_MAX(RIV_LOG_INFO, c->log.config.level) };
    sim_config config = { .seed           = seed,
                          .latency_ms_min = RUN_LATENCY_MS,
                          .latency_ms_max = RUN_LATENCY_MS,
                          .job_ms_min     = RUN_JOB_MS,
                          .job_ms_max     = RUN_JOB_MS,
                          .log            = &e->log };
    e->world          = sim_world_new(&config);
    if (add_nodes(e, services, nodes, &code)) code = run_world(e, p, ttl_ms);
    outcome->json = outcome->json ? riv_json_copy(c->arena, outcome->json) : NULL;
    sim_world_free(e->world);
    return code;
}

/* ---- through a relay ---- */

static void on_reply(void *ctx, const node_effect *reply)
{
    cli_client *k = ctx;
    cli_outcome_reply(k->outcome, k->c->arena, host_now_us(), reply->reply, reply->name, reply->json);
    if (k->outcome->done) host_stop(k->host);
}

static void send_call(void *ctx)
{
    cli_client *k   = ctx;
    node_run    run = {
           .request = 1, .script = k->program->func->air_text, .ttl_ms = k->ttl_ms, .has_relay = true, .relay = k->relay
    };
    run.values           = cli_program_values(k->c->arena, k->program, codec_peer_text(k->c->arena, &k->relay));
    k->outcome->start_us = host_now_us();
    host_node_request(k->node, &run);
}

static void give_up(void *ctx)
{
    cli_client *k = ctx;
    if (k->connected) return;
    k->unreachable = RIV_LIT("it accepts the connection but does not speak libp2p (noise, yamux)");
    host_stop(k->host);
}

/* Called from inside a step of the node: only notes, the loop acts. */
static void on_event(void *ctx, riv_log_level level, const char *event, const riv_log_field *fields, size_t count)
{
    cli_client *k = ctx;
    (void)level;
    cli_outcome_event(k->outcome, k->c->arena, host_now_us(), count ? fields[0].str : (riv_str){ 0 }, event, fields,
                      count);
    if (strcmp(event, "peer.connected") == 0 && !k->connected) {
        k->connected = true;
        host_after(k->host, 0, send_call, k);
    }
    if (strcmp(event, "link.failed") != 0 || k->connected) return;
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].key, "reason") == 0) k->unreachable = riv_str_dup(k->c->arena, fields[i].str);
    host_stop(k->host);
}

static bool relay_peer(cli_client *k)
{
    codec_multiaddr addr  = { 0 };
    codec_tcp_addr  tcp   = { 0 };
    riv_fault       fault = { 0 };
    if (codec_multiaddr_parse(k->relay_text, k->c->arena, &fault, &addr)) {
        cli_error(k->c, CLI_USAGE, "the relay's address " RIV_FMT " is wrong: %s", RIV_ARG(k->relay_text), fault.msg);
        cli_hint(k->c, "an address looks like /ip4/127.0.0.1/tcp/7777/p2p/12D3KooW...; `rivulet node` prints its own");
        return false;
    }
    if (!codec_multiaddr_tcp(k->c->arena, &addr, &tcp) || !tcp.has_peer) {
        cli_error(k->c, CLI_USAGE, "the relay's address " RIV_FMT " lacks %s", RIV_ARG(k->relay_text),
                  tcp.port ? "the peer's id: .../p2p/12D3KooW..." : "an ip or dns part with /tcp/PORT");
        return false;
    }
    k->relay = tcp.peer;
    return true;
}

static int unreachable(cli_client *k)
{
    cli_error(k->c, CLI_NETWORK, "cannot reach the relay " RIV_FMT ": " RIV_FMT, RIV_ARG(k->relay_text),
              RIV_ARG(k->unreachable.len ? k->unreachable : RIV_LIT("no answer")));
    cli_hint(k->c, "is a node running there? `rivulet up` starts some and prints their addresses");
    return CLI_NETWORK;
}

int cli_client_run(cli_client *k, riv_str key_file)
{
    cli             *c      = k->c;
    riv_fault        fault  = { 0 };
    host_node_config config = { .peers       = &k->relay_text,
                                .peers_count = 1,
                                .log         = &c->log.sink,
                                .ctx         = k,
                                .on_reply    = on_reply,
                                .on_event    = on_event };
    if (!relay_peer(k)) return CLI_USAGE;
    if (key_file.len == 0)
        host_key_new(&config.seed);
    else if (host_key_load(key_file, &fault, &config.seed, NULL))
        return cli_fault(c, &fault);
    int code = CLI_OK;
    if (host_new(&(host_config){ .workers = 1, .signals = true }, &fault, &k->host) ||
        host_node_add(k->host, &config, &fault, &k->node)) {
        code = cli_fault(c, &fault);
    } else {
        host_after(k->host, RUN_CONNECT_MS, give_up, k);
        if (host_run(k->host, &fault))
            code = cli_fault(c, &fault);
        else if (host_stop_signal(k->host))
            code = CLI_INTERRUPTED;
        else if (!k->connected)
            code = unreachable(k);
    }
    crypto_wipe(&config.seed, sizeof config.seed);
    host_free(k->host);
    return code;
}

/* ---- the command ---- */

static void print_figures(cli *c, cli_outcome *o, const char *clock)
{
    size_t hops;
    cli_outcome_hops(o, c->arena, &hops);
    if (c->colour_err && o->done && o->kind == NODE_REPLY_RESPONSE)
        cli_note(c, "%zu hops, %llu signatures checked, %.1f ms%s", hops, (unsigned long long)cli_outcome_signatures(o),
                 (double)(o->end_us - o->start_us) / 1000.0, clock);
}

static int call_real(cli *c, const cli_program *program, uint64_t ttl, cli_outcome *outcome, const riv_json **extra)
{
    cli_client client = {
        .c = c, .program = program, .outcome = outcome, .relay_text = cli_value(c, "relay"), .ttl_ms = (uint32_t)ttl
    };
    if (cli_value(c, "service").len || cli_value(c, "config").len)
        cli_warn(c, "--service and --config are for the embedded network; here the peers bring their own services");
    *extra = riv_json_object(c->arena, "relay", riv_json_str(c->arena, client.relay_text), "network",
                             riv_json_strc(c->arena, "real"), NULL);
    return cli_client_run(&client, cli_value(c, "key"));
}

static int call_embedded(cli *c, const cli_program *program, uint64_t nodes, uint64_t ttl, cli_outcome *outcome,
                         const riv_json **extra)
{
    int        code;
    cli_config config = { 0 };
    if (!cli_config_load(c, cli_arg(c, 0), &config, &code)) return code;
    cli_services *services = cli_services_load(c, &config, &code);
    if (!services) return code;
    *extra = riv_json_object(c->arena, "nodes", riv_json_u64(c->arena, nodes), "network",
                             riv_json_strc(c->arena, "embedded"), NULL);
    code   = run_embedded(c, program, services, nodes, ttl, outcome);
    cli_services_free(services);
    return code;
}

/* Up to the answer, of whatever kind it is. */
static int call(cli *c, cli_program *program, cli_outcome *outcome, const riv_json **extra)
{
    int      code;
    uint64_t nodes, ttl;
    bool     real = cli_value(c, "relay").len > 0;
    if (real && cli_value(c, "nodes").len)
        return cli_error(c, CLI_USAGE,
                         "--relay and --nodes exclude each other: the network is there, or it is embedded");
    if (!cli_number(c, "nodes", 3, 1, CLI_NODES_MAX, &nodes) ||
        !cli_number(c, "ttl", RUN_TTL_MS, 1, NODE_TTL_MS_MAX, &ttl))
        return CLI_USAGE;
    if (!cli_program_load(c, cli_arg(c, 0), cli_value(c, "func"), program, &code)) return code;
    return real ? call_real(c, program, ttl, outcome, extra) : call_embedded(c, program, nodes, ttl, outcome, extra);
}

int cli_cmd_run(cli *c)
{
    cli_program     program = { 0 };
    cli_outcome     outcome = { 0 };
    const riv_json *extra   = NULL;
    int             code    = call(c, &program, &outcome, &extra);
    if (code) return cli_json_failure(c, code);
    code = cli_outcome_print(c, &program, &outcome, extra);
    if (!cli_has(c, "json")) print_figures(c, &outcome, cli_value(c, "relay").len ? "" : " of virtual time");
    return code;
}
