/* node_cmd.c: rivulet node (one node until a signal) and rivulet up (several in one process).
 * Spec: docs/cli.md "node". Tests: tests/e2e. */
#define _GNU_SOURCE
#include "cli/chain_cmd.h"
#include "cli/internal.h"

#include <signal.h>

/* A node tells of its life unless the user asked for something else. */
static void default_log(cli *c)
{
    c->serves = c->log.config.format == HOST_LOG_JSON;
    if (cli_value(c, "log-level").len || host_env("RIVULET_LOG").len) return;
    c->log.config.level = c->log.sink.level = RIV_LOG_INFO;
}

static int stopped(cli *c, host *h, riv_err err, const riv_fault *fault)
{
    if (err) {
        cli_error(c, CLI_INTERNAL, "%s", fault->msg);
        cli_hint(c, "what was acknowledged before is safe in the state folder; see to the disk and start again");
        return CLI_INTERNAL;
    }
    (void)h;
    return CLI_OK;
}

static void print_addrs(host_node *n)
{
    size_t         count;
    const riv_str *addrs = host_node_addrs(n, &count);
    for (size_t i = 0; i < count; i++) printf(RIV_FMT "\n", RIV_ARG(addrs[i]));
    fflush(stdout);
}

/* ---- keys ---- */

/* --key, the configuration's key, DIR/key (made when missing), or a new one for this process. */
static bool find_key(cli *c, riv_str given, riv_str state, crypto_secret *seed, int *code)
{
    riv_fault fault   = { 0 };
    bool      exposed = false;
    riv_str   path = given.len ? given : state.len ? host_path_join(c->arena, state, RIV_LIT("key")) : (riv_str){ 0 };
    *code          = CLI_USAGE;
    if (path.len == 0) return host_key_new(seed), true;
    if (!given.len && !host_file_exists(path)) {
        host_key_new(seed);
        if (!host_dir_make(state, &fault) && !host_key_save(path, seed, &fault)) return true;
        return *code = cli_fault(c, &fault), false;
    }
    if (host_key_load(path, &fault, seed, &exposed)) {
        cli_fault(c, &fault);
        if (fault.err == RIV_E_NOT_FOUND) cli_hint(c, "`rivulet key new " RIV_FMT "` makes one", RIV_ARG(path));
        return false;
    }
    if (exposed) cli_warn(c, "others may read the key " RIV_FMT "; chmod 600 " RIV_FMT, RIV_ARG(path), RIV_ARG(path));
    return true;
}

/* ---- addresses ---- */

static bool check_addrs(cli *c, const riv_str *addrs, size_t count, const char *flag, bool with_peer)
{
    for (size_t i = 0; i < count; i++) {
        codec_multiaddr addr  = { 0 };
        codec_tcp_addr  tcp   = { 0 };
        riv_fault       fault = { 0 };
        const char     *lack  = NULL;
        if (codec_multiaddr_parse(addrs[i], c->arena, &fault, &addr))
            lack = fault.msg;
        else if (!codec_multiaddr_tcp(c->arena, &addr, &tcp))
            lack = "only ip4, ip6 and dns with tcp can be used";
        else if (with_peer && !tcp.has_peer)
            lack = "the peer's id is missing: .../p2p/12D3KooW...";
        if (!lack) continue;
        cli_error(c, CLI_USAGE, "--%s " RIV_FMT ": %s", flag, RIV_ARG(addrs[i]), lack);
        cli_hint(c, with_peer ? "expected /ip4/127.0.0.1/tcp/7777/p2p/12D3KooW..."
                              : "expected /ip4/127.0.0.1/tcp/7777 (port 0: any)");
        return false;
    }
    return true;
}

static const riv_str default_listen[] = { RIV_LIT_INIT("/ip4/127.0.0.1/tcp/0") };

/* ---- node ---- */

static int run_node(cli *c, const host_node_config *config)
{
    riv_fault  fault = { 0 };
    host      *h     = NULL;
    host_node *n;
    int        code;
    if (host_new(&(host_config){ .signals = true }, &fault, &h) || host_node_add(h, config, &fault, &n)) {
        code = cli_fault(c, &fault);
    } else {
        print_addrs(n);
        riv_err err = host_run(h, &fault);
        code        = stopped(c, h, err, &fault);
    }
    host_free(h);
    return code;
}

int cli_cmd_node(cli *c)
{
    int              code;
    uint64_t         ttl;
    cli_config       config = { 0 };
    host_node_config own    = { .log = &c->log.sink };
    default_log(c);
    if (!cli_config_load(c, (riv_str){ 0 }, &config, &code)) return code;
    if (!cli_number(c, "ttl-max", config.ttl_max_ms, 1, NODE_TTL_MS_MAX, &ttl)) return CLI_USAGE;
    own.ttl_ms_max = (uint32_t)ttl;
    own.listen     = cli_values(c, "listen", &own.listen_count);
    own.peers      = cli_values(c, "peer", &own.peers_count);
    own.state_dir  = cli_value(c, "state").len ? cli_value(c, "state") : config.state;
    if (!own.listen_count) own.listen = config.listen, own.listen_count = config.listen_count;
    if (!own.peers_count) own.peers = config.peers, own.peers_count = config.peers_count;
    if (!own.listen_count) own.listen = default_listen, own.listen_count = 1;
    if (!check_addrs(c, own.listen, own.listen_count, "listen", false) ||
        !check_addrs(c, own.peers, own.peers_count, "peer", true))
        return CLI_USAGE;
    if (!find_key(c, cli_value(c, "key").len ? cli_value(c, "key") : config.key, own.state_dir, &own.seed, &code))
        return code;
    cli_services *services = cli_services_load(c, &config, &code);
    marine_env    env      = cli_world_env(c);
    if (services) {
        own.services = cli_services_nodes(services, &own.services_count);
        own.work     = cli_services_env(c, services, &(cli_services_node){ &env, own.state_dir, true }, &code);
        if (own.work) code = run_node(c, &own);
    }
    crypto_wipe(&own.seed, sizeof own.seed);
    cli_services_free(services);
    return code;
}

/* ---- up ---- */

typedef struct up {
    cli          *c;
    host         *host;
    cli_services *services;
    host_chain   *chain;
    riv_str       state;
    host_node    *nodes[CLI_NODES_UP_MAX];
    riv_str       addrs[CLI_NODES_UP_MAX];
    size_t        count;
} up;

static bool add_one(up *u, const cli_config *config, int *code)
{
    cli             *c     = u->c;
    riv_fault        fault = { 0 };
    size_t           addrs_count;
    marine_env       env = cli_world_env(c);
    host_node_config own = { .log          = &c->log.sink,
                             .listen       = default_listen,
                             .listen_count = 1,
                             .peers        = u->addrs,
                             .peers_count  = u->count,
                             .ttl_ms_max   = config->ttl_max_ms };
    own.state_dir        = host_path_join(c->arena, u->state, riv_format(c->arena, "node%zu", u->count + 1));
    own.services         = cli_services_nodes(u->services, &own.services_count);
    if (!find_key(c, (riv_str){ 0 }, own.state_dir, &own.seed, code)) return false;
    if (!(own.work = cli_services_env(c, u->services, &(cli_services_node){ &env, own.state_dir, true }, code)))
        return false;
    riv_err err = host_node_add(u->host, &own, &fault, &u->nodes[u->count]);
    crypto_wipe(&own.seed, sizeof own.seed);
    if (err) return *code = cli_fault(c, &fault), false;
    u->addrs[u->count] = host_node_addrs(u->nodes[u->count], &addrs_count)[0];
    u->count++;
    return true;
}

static int run_up(up *u, const cli_config *config, size_t nodes)
{
    riv_fault fault = { 0 };
    int       code  = CLI_OK;
    if (host_new(&(host_config){ .signals = true }, &fault, &u->host)) return cli_fault(u->c, &fault);
    while (u->count < nodes)
        if (!add_one(u, config, &code)) return code;
    if (cli_has(u->c, "chain") &&
        !cli_chain_open(u->c, u->host, host_path_join(u->c->arena, u->state, RIV_LIT("chain")),
                        cli_value(u->c, "chain-listen"), &u->chain, &code))
        return code;
    for (size_t i = 0; i < u->count; i++) print_addrs(u->nodes[i]);
    if (u->chain) {
        cli_note(u->c, "the chain answers on port %u: rivulet chain status --chain http://127.0.0.1:%u",
                 host_chain_port(u->chain), host_chain_port(u->chain));
        cli_note(u->c, "GraphQL: " RIV_FMT,
                 RIV_ARG(cli_chain_graph_url(u->c, u->chain, cli_value(u->c, "chain-listen"))));
    }
    cli_note(u->c, "%zu node%s up; Ctrl-C stops %s. Try: rivulet run FILE.aqua -f 'CALL' --relay " RIV_FMT, u->count,
             u->count == 1 ? " is" : "s are", u->count == 1 ? "it" : "them", RIV_ARG(u->addrs[0]));
    if (cli_interrupted()) return CLI_INTERRUPTED; /* before the host could see it */
    riv_err err = host_run(u->host, &fault);
    cli_catch_signals(); /* the folder is still to be removed */
    return stopped(u->c, u->host, err, &fault);
}

/* What a chain would be told, where none is started. */
static bool idle_flag(cli *c)
{
    static const char *const of_chains[] = { "chain-listen", "graph-listen", "block-ms", "epoch",        "rules",
                                             "proof-bits",   "fees",         "chain-id", "genesis-time", "origin" };
    for (size_t i = 0; i < RIV_COUNT(of_chains) && !cli_has(c, "chain"); i++) {
        if (!cli_has(c, of_chains[i]) && !cli_value(c, of_chains[i]).len) continue;
        cli_error(c, CLI_USAGE, "--%s is for a chain, and none is started without --chain", of_chains[i]);
        return true;
    }
    return false;
}

int cli_cmd_up(cli *c)
{
    int        code;
    uint64_t   nodes;
    riv_fault  fault  = { 0 };
    cli_config config = { 0 };
    up        *u      = riv_new(c->arena, up, 1);
    default_log(c);
    if (idle_flag(c) || !cli_number(c, "nodes", 3, 1, CLI_NODES_UP_MAX, &nodes)) return CLI_USAGE;
    if (!cli_config_load(c, RIV_LIT("rivulet.toml"), &config, &code)) return code;
    u->c        = c;
    u->state    = cli_value(c, "state");
    u->services = cli_services_load(c, &config, &code);
    if (!u->services) return code;
    bool temporary = u->state.len == 0;
    cli_catch_signals();
    if (temporary && host_temp_dir(RIV_LIT("rivulet-up"), c->arena, &fault, &u->state))
        code = cli_fault(c, &fault);
    else
        code = run_up(u, &config, (size_t)nodes);
    host_chain_close(u->chain);
    host_free(u->host);
    cli_services_free(u->services);
    if (temporary) host_dir_remove(u->state);
    return code;
}
