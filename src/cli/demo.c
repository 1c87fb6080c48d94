/* demo.c: rivulet demo: three node processes on loopback, a client, one call; then the answer and the way it took.
 * Whatever happens, the processes are stopped and their folders removed. Spec: docs/cli.md "demo". Tests: tests/e2e. */
#define _GNU_SOURCE
#include "cli/internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { DEMO_NODES = 3, DEMO_READY_MS = 15000, DEMO_STOP_MS = 3000, DEMO_TTL_MS = 10000, CHART_COLUMNS = 32 };

typedef struct demo_node {
    host_child child;
    riv_str    addr, id;  /* once it is ready */
    riv_buf    out, err;  /* read so far */
    size_t     err_taken; /* bytes of err that were looked at */
    uint64_t   met;       /* peers connected, by its log */
} demo_node;

typedef struct demo {
    cli        *c;
    riv_str     file, config, temp, client;
    demo_node   nodes[DEMO_NODES];
    cli_program program;
    cli_outcome outcome;
    uint64_t    begin_ns, ready_ns, end_ns;
    int         code; /* of the report */
} demo;

/* ---- what to run ---- */

static int find_file(demo *d)
{
    cli           *c      = d->c;
    riv_fault      fault  = { 0 };
    riv_str        folder = c->given.args_count ? cli_arg(c, 0) : RIV_LIT("examples/hello");
    const riv_str *names;
    size_t         count;
    if (host_dir_list(folder, c->arena, &fault, &names, &count)) {
        cli_fault(c, &fault);
        cli_hint(c, "the demo runs where the sources are: `rivulet demo FOLDER` with a .aqua file, its services and "
                    "rivulet.toml");
        return CLI_USAGE;
    }
    for (size_t i = 0; i < count && !d->file.len; i++)
        if (riv_str_ends(names[i], RIV_LIT(".aqua"))) d->file = host_path_join(c->arena, folder, names[i]);
    d->config = host_path_join(c->arena, folder, RIV_LIT("rivulet.toml"));
    if (cli_value(c, "config").len) d->config = cli_value(c, "config");
    if (!d->file.len) return cli_error(c, CLI_USAGE, "there is no .aqua file in " RIV_FMT, RIV_ARG(folder));
    if (!host_file_exists(d->config))
        return cli_error(c, CLI_USAGE, "there is no rivulet.toml in " RIV_FMT, RIV_ARG(folder));
    return CLI_OK;
}

/* The children find modules and machine code in the cache; building them here once is quicker than three times there. */
static int warm_cache(demo *d)
{
    int        code   = CLI_OK;
    cli_config config = { 0 };
    if (!cli_config_load(d->c, d->file, &config, &code)) return code;
    code                   = CLI_OK;
    cli_services *services = cli_services_load(d->c, &config, &code);
    cli_services_free(services);
    return services ? CLI_OK : code;
}

/* ---- child processes ---- */

static int start_node(demo *d, size_t index)
{
    cli        *c     = d->c;
    riv_fault   fault = { 0 };
    riv_str     state = riv_format(c->arena, RIV_FMT "/node%zu", RIV_ARG(d->temp), index + 1);
    const char *argv[32];
    size_t      n      = 0;
    const char *head[] = {
        "/proc/self/exe", "node", "--listen", "/ip4/127.0.0.1/tcp/0",    "--log-level", "info",
        "--log-format",   "json", "--state",  riv_cstr(c->arena, state), "--config",    riv_cstr(c->arena, d->config)
    };
    for (size_t i = 0; i < RIV_COUNT(head); i++) argv[n++] = head[i];
    for (size_t i = 0; i < index; i++) {
        argv[n++] = "--peer";
        argv[n++] = riv_cstr(c->arena, d->nodes[i].addr);
    }
    argv[n] = NULL;
    return host_child_start(argv, &fault, &d->nodes[index].child) ? cli_fault(c, &fault) : CLI_OK;
}

static bool read_some(int fd, riv_buf *to)
{
    uint8_t bytes[16 << 10];
    ssize_t got = read(fd, bytes, sizeof bytes);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (got > 0) riv_put_bytes(to, (riv_bytes){ bytes, (size_t)got });
    return got > 0;
}

/* One line of a node's log, as an event of ours. */
static void take_record(demo *d, demo_node *one, riv_str line)
{
    const riv_json *doc = NULL;
    riv_log_field   fields[16];
    size_t          count = 0;
    if (riv_json_parse(line, d->c->arena, NULL, &doc) || doc->kind != RIV_JSON_OBJ) return;
    const riv_json *ts = riv_json_get(doc, RIV_LIT("ts")), *event = riv_json_get(doc, RIV_LIT("event")),
                   *peer = riv_json_get(doc, RIV_LIT("peer"));
    if (!ts || ts->kind != RIV_JSON_U64 || !event || event->kind != RIV_JSON_STR) return;
    for (size_t i = 0; i < doc->obj.count && count < RIV_COUNT(fields); i++) {
        const riv_json_member *m   = &doc->obj.members[i];
        const char            *key = riv_cstr(d->c->arena, m->key);
        if (m->value->kind == RIV_JSON_STR) fields[count++] = (riv_log_field)LOG_STR(key, m->value->str);
        if (m->value->kind == RIV_JSON_U64) fields[count++] = (riv_log_field)LOG_U64(key, m->value->u64);
    }
    if (riv_str_eq(event->str, RIV_LIT("peer.connected"))) one->met++;
    cli_outcome_event(&d->outcome, d->c->arena, ts->u64,
                      peer && peer->kind == RIV_JSON_STR ? peer->str : (riv_str){ 0 },
                      riv_cstr(d->c->arena, event->str), fields, count);
}

static void take_records(demo *d, demo_node *one)
{
    riv_str all = riv_buf_str(&one->err);
    for (size_t end; (end = riv_str_find_char(all, '\n', one->err_taken)) != SIZE_MAX; one->err_taken = end + 1)
        take_record(d, one, riv_str_sub(all, one->err_taken, end));
}

static void take_ready(demo *d, demo_node *one)
{
    riv_str out = riv_buf_str(&one->out);
    size_t  end = riv_str_find_char(out, '\n', 0), id = riv_str_find(out, RIV_LIT("/p2p/"), 0);
    if (one->addr.len || end == SIZE_MAX || id == SIZE_MAX || id > end) return;
    one->addr = riv_str_dup(d->c->arena, riv_str_sub(out, 0, end));
    one->id   = riv_str_sub(one->addr, id + 5, one->addr.len);
}

static int node_died(demo *d, size_t index)
{
    riv_str said = riv_str_trim(riv_buf_str(&d->nodes[index].err));
    cli_error(d->c, CLI_INTERNAL, "node %zu ended before it was ready", index + 1);
    if (said.len) fprintf(stderr, RIV_FMT "\n", RIV_ARG(said));
    return CLI_INTERNAL;
}

/* Reads from all children until done says so. */
static int wait_for(demo *d, size_t nodes, bool (*done)(const demo *d))
{
    uint64_t until = host_clock_ns() + UINT64_C(1000000) * DEMO_READY_MS;
    while (!done(d)) {
        struct pollfd fds[2 * DEMO_NODES] = { 0 };
        if (cli_interrupted()) return CLI_INTERRUPTED;
        if (host_clock_ns() > until)
            return cli_error(d->c, CLI_INTERNAL, "the nodes were not ready in %d seconds", DEMO_READY_MS / 1000);
        for (size_t i = 0; i < nodes; i++) {
            fds[2 * i]     = (struct pollfd){ d->nodes[i].child.out, POLLIN, 0 };
            fds[2 * i + 1] = (struct pollfd){ d->nodes[i].child.err, POLLIN, 0 };
        }
        if (poll(fds, (nfds_t)(2 * nodes), 100) <= 0) continue;
        for (size_t i = 0; i < nodes; i++) {
            if (fds[2 * i + 1].revents && !read_some(fds[2 * i + 1].fd, &d->nodes[i].err)) return node_died(d, i);
            if (fds[2 * i].revents && !read_some(fds[2 * i].fd, &d->nodes[i].out)) return node_died(d, i);
            take_ready(d, &d->nodes[i]);
            take_records(d, &d->nodes[i]);
        }
    }
    return CLI_OK;
}

static bool started_1(const demo *d) { return d->nodes[0].addr.len > 0; }
static bool started_2(const demo *d) { return d->nodes[1].addr.len > 0; }
static bool all_met(const demo *d)
{
    bool met = true;
    for (size_t i = 0; i < DEMO_NODES; i++) met = met && d->nodes[i].addr.len && d->nodes[i].met >= DEMO_NODES - 1;
    return met;
}

static int start_nodes(demo *d)
{
    static bool (*const ready[DEMO_NODES])(const demo *) = { started_1, started_2, all_met };
    int code                                             = CLI_OK;
    for (size_t i = 0; i < DEMO_NODES && code == CLI_OK; i++) {
        d->nodes[i].out = d->nodes[i].err = riv_buf_in(d->c->arena);
        code                              = start_node(d, i);
        if (code == CLI_OK) code = wait_for(d, i + 1, ready[i]);
    }
    return code;
}

/* What the nodes still have to say is in the pipes when they have ended. */
static void stop_nodes(demo *d)
{
    for (size_t i = 0; i < DEMO_NODES; i++)
        if (d->nodes[i].child.pid > 0) kill(d->nodes[i].child.pid, SIGTERM);
    for (size_t i = 0; i < DEMO_NODES; i++) {
        demo_node    *one = &d->nodes[i];
        struct pollfd fd  = { one->child.err, POLLIN, 0 };
        if (one->child.pid <= 0) continue;
        while (poll(&fd, 1, DEMO_STOP_MS) > 0 && read_some(fd.fd, &one->err)) {}
        take_records(d, one);
        host_child_stop(&one->child, DEMO_STOP_MS);
    }
}

/* ---- the call ---- */

/* The first exported function that takes one text, or nothing. */
static int prepare_call(demo *d)
{
    cli        *c = d->c;
    int         code;
    aqua_output out   = { 0 };
    riv_fault   fault = { 0 };
    riv_str     name  = cli_value(c, "name").len ? cli_value(c, "name") : RIV_LIT("Rivulet");
    if (!cli_compile(c, d->file, (aqua_options){ 0 }, &out, &code)) return code;
    cli_print_diags(c, out.errors);
    if (!out.accepted) return CLI_FAILED;
    for (size_t i = 0; i < out.funcs_count && !d->program.func; i++) {
        const aqua_func *f    = &out.funcs[i];
        riv_json_list    args = { 0 };
        if (f->params_count == 1) riv_json_add(c->arena, &args, riv_json_str(c->arena, name));
        const riv_json *list = riv_json_arr(c->arena, args.ptr, args.len);
        if (f->params_count > 1 || aqua_call_check(f, list, &fault)) continue;
        d->program = (cli_program){ f, { f->name, list } };
    }
    return d->program.func ? CLI_OK
                           : cli_error(c, CLI_USAGE, RIV_FMT " exports no function of one text", RIV_ARG(d->file));
}

static int call(demo *d)
{
    cli_client client = {
        .c = d->c, .program = &d->program, .outcome = &d->outcome, .relay_text = d->nodes[0].addr, .ttl_ms = DEMO_TTL_MS
    };
    int code  = cli_client_run(&client, (riv_str){ 0 });
    d->end_ns = host_clock_ns();
    cli_catch_signals(); /* the host had taken them */
    return code;
}

/* ---- telling it ---- */

static bool utf8_terminal(void)
{
    static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    for (size_t i = 0; i < RIV_COUNT(names); i++) {
        riv_str v = host_env(names[i]);
        if (v.len)
            return riv_str_find(v, RIV_LIT("UTF-8"), 0) != SIZE_MAX || riv_str_find(v, RIV_LIT("utf8"), 0) != SIZE_MAX;
    }
    return false;
}

static const char *name_of(const demo *d, riv_str id)
{
    static const char *const names[DEMO_NODES] = { "relay", "peer 2", "peer 3" };
    for (size_t i = 0; i < DEMO_NODES; i++)
        if (riv_str_eq(d->nodes[i].id, id)) return names[i];
    return "client";
}

static void put_bar(const demo *d, const cli_hop *hop, uint64_t total_us)
{
    bool     utf8 = utf8_terminal();
    uint64_t from = hop->sent_us > d->outcome.start_us ? hop->sent_us - d->outcome.start_us : 0,
             to   = hop->received_us - d->outcome.start_us;
    size_t begin  = (size_t)RIV_MIN(from * CHART_COLUMNS / total_us, (uint64_t)CHART_COLUMNS - 1);
    size_t end    = (size_t)RIV_MIN((to * CHART_COLUMNS + total_us - 1) / total_us, (uint64_t)CHART_COLUMNS);
    if (end <= begin) end = begin + 1;
    for (size_t i = 0; i < CHART_COLUMNS; i++) {
        if (i == begin) printf("%s", cli_style(d->c->colour_out, CLI_BLUE));
        printf("%s", i >= begin && i < end ? (utf8 ? "\xe2\x96\x88" : "#") : utf8 ? "\xc2\xb7" : ".");
        if (i + 1 == end) printf("%s", cli_style(d->c->colour_out, CLI_PLAIN));
    }
}

static void print_chart(demo *d)
{
    size_t         count;
    const cli_hop *hops  = cli_outcome_hops(&d->outcome, d->c->arena, &count);
    uint64_t       total = RIV_MAX(d->outcome.end_us - d->outcome.start_us, 1u);
    const char    *arrow = utf8_terminal() ? "\xe2\x86\x92" : "->";
    for (size_t i = 0; i < count; i++) {
        printf("  %-6s %s %-6s  ", name_of(d, hops[i].from), arrow, name_of(d, hops[i].to));
        put_bar(d, &hops[i], total);
        printf(" %6.2f ms\n", (double)(hops[i].received_us - hops[i].sent_us) / 1000.0);
    }
}

static void print_next(const demo *d)
{
    const char *dim = cli_style(d->c->colour_out, CLI_DIM), *plain = cli_style(d->c->colour_out, CLI_PLAIN);
    const char *me = d->c->program;
    printf("\n%sTry next%s\n", cli_style(d->c->colour_out, CLI_BOLD), plain);
    printf("  %s# the same in a simulated network%s\n  %s run " RIV_FMT " -f '" RIV_FMT "(\"Ada\")' --nodes 5\n", dim,
           plain, me, RIV_ARG(d->file), RIV_ARG(d->program.func->name));
    printf("  %s# real nodes until Ctrl-C; then: run ... --relay ADDRESS%s\n  %s up --config " RIV_FMT "\n", dim, plain,
           me, RIV_ARG(d->config));
    printf("  %s# the script that travelled%s\n  %s aqua compile " RIV_FMT " --air\n", dim, plain, me,
           RIV_ARG(d->file));
}

static int report(demo *d)
{
    cli            *c    = d->c;
    const char     *bold = cli_style(c->colour_out, CLI_BOLD), *plain = cli_style(c->colour_out, CLI_PLAIN);
    const riv_json *peers  = riv_json_object(c->arena, "network", riv_json_strc(c->arena, "processes"), "setup_us",
                                             riv_json_u64(c->arena, (d->ready_ns - d->begin_ns) / 1000u), "total_us",
                                             riv_json_u64(c->arena, (d->end_ns - d->begin_ns) / 1000u), NULL);
    const riv_json *answer = cli_answer(c->arena, &d->program, &d->outcome);
    if (cli_has(c, "json") || !answer) return cli_outcome_print(c, &d->program, &d->outcome, peers);
    size_t hops;
    cli_outcome_hops(&d->outcome, c->arena, &hops);
    riv_str args = riv_json_text(d->program.call.args, c->arena); /* an array: its brackets become a call's */
    printf("%s" RIV_FMT "(" RIV_FMT ")%s\n", bold, RIV_ARG(d->program.func->name),
           RIV_ARG(riv_str_sub(args, 1, args.len - 1)), plain);
    printf("  %s" RIV_FMT "%s\n\n", cli_style(c->colour_out, CLI_BOLD CLI_GREEN),
           RIV_ARG(riv_json_text(answer, c->arena)), plain);
    printf("%zu hops between four processes\n", hops);
    print_chart(d);
    printf("\n%llu signatures checked, answer after %.1f ms, everything in %.2f s\n",
           (unsigned long long)cli_outcome_signatures(&d->outcome),
           (double)(d->outcome.end_us - d->outcome.start_us) / 1000.0, (double)(d->end_ns - d->begin_ns) / 1e9);
    print_next(d);
    return CLI_OK;
}

static int run_demo(demo *d)
{
    riv_fault fault = { 0 };
    int       code;
    if ((code = find_file(d)) || (code = prepare_call(d)) || (code = warm_cache(d))) return code;
    cli_catch_signals(); /* building a module had released them */
    if (cli_interrupted()) return CLI_INTERRUPTED;
    if (host_temp_dir(RIV_LIT("rivulet-demo"), d->c->arena, &fault, &d->temp)) return cli_fault(d->c, &fault);
    code        = start_nodes(d);
    d->ready_ns = host_clock_ns();
    if (code == CLI_OK) code = call(d);
    stop_nodes(d);
    host_dir_remove(d->temp);
    if (code == CLI_OK) d->code = report(d);
    return code;
}

int cli_cmd_demo(cli *c)
{
    if (cli_has(c, "market")) return cli_demo_market(c);
    demo *d     = riv_new(c->arena, demo, 1);
    d->c        = c;
    d->begin_ns = host_clock_ns();
    cli_catch_signals();
    int code = run_demo(d);
    return code ? cli_json_failure(c, code) : d->code;
}
