/* node_test.c: real nodes on loopback in one loop: a particle crosses them and comes back, dials fail with reasons, state survives,
 * floods of bytes from strangers do no harm. */
#define _GNU_SOURCE
#include "host/internal.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static const riv_str loopback[] = { RIV_LIT_INIT("/ip4/127.0.0.1/tcp/0") };

typedef struct world {
    riv_arena      *arena;
    host           *host;
    host_node      *nodes[4];
    size_t          count, met;
    node_reply_kind reply;
    riv_str         answer;
    riv_str         failed; /* reason of the last link.failed */
    bool            answered, stop_on_failed;
    const char     *script;
    riv_str         script_text;
} world;

static void on_reply(void *ctx, const node_effect *e)
{
    world *w    = ctx;
    w->reply    = e->reply;
    w->answer   = riv_json_text(e->json, w->arena);
    w->answered = true;
    host_stop(w->host);
}

static void send_it(void *ctx)
{
    world   *w   = ctx;
    node_run run = { .request = 9, .ttl_ms = 5000, .script = w->script_text };
    run.values   = riv_json_object(w->arena, "x", riv_json_strc(w->arena, "hello"), NULL);
    host_node_request(w->nodes[0], &run);
}

static void on_event(void *ctx, riv_log_level level, const char *event, const riv_log_field *fields, size_t count)
{
    world *w = ctx;
    (void)level;
    assert_string_equal(fields[0].key, "peer");
    for (size_t i = 1; i < count; i++) assert_string_not_equal(fields[i].key, "peer");
    if (strcmp(event, "peer.connected") == 0 && ++w->met == w->count * (w->count - 1) && w->script_text.len)
        host_after(w->host, 0, send_it, w);
    if (strcmp(event, "link.failed") != 0) return;
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].key, "reason") == 0) w->failed = riv_str_dup(w->arena, fields[i].str);
    if (w->stop_on_failed) host_stop(w->host);
}

static void too_late(void *ctx) { host_stop(((world *)ctx)->host); }

static void open_world(world *w)
{
    riv_fault fault = { 0 };
    *w              = (world){ .arena = riv_arena_new(0) };
    assert_int_equal(crypto_init(NULL), RIV_OK);
    if (host_new(&(host_config){ .workers = 2 }, &fault, &w->host)) fail_msg("%s", fault.msg);
    host_after(w->host, 20000, too_late, w);
}

static void close_world(world *w)
{
    host_free(w->host);
    riv_arena_free(w->arena);
}

static riv_str addr_of(world *w, size_t index)
{
    size_t         count;
    const riv_str *addrs = host_node_addrs(w->nodes[index], &count);
    assert_int_equal(count, 1);
    return addrs[0];
}

static riv_err add_node(world *w, const riv_str *peers, size_t peers_count, riv_str state, riv_fault *fault)
{
    host_node_config config = { .listen       = loopback,
                                .listen_count = 1,
                                .peers        = peers,
                                .peers_count  = peers_count,
                                .state_dir    = state,
                                .ctx          = w,
                                .on_reply     = on_reply,
                                .on_event     = on_event };
    host_key_new(&config.seed);
    RIV_TRY(host_node_add(w->host, &config, fault, &w->nodes[w->count]));
    w->count++;
    return RIV_OK;
}

static void test_particle_crosses(void **state)
{
    world     w;
    riv_str   addrs[3], ids[3];
    riv_fault fault = { 0 };
    (void)state;
    open_world(&w);
    for (size_t i = 0; i < 3; i++) {
        if (add_node(&w, addrs, i, (riv_str){ 0 }, &fault)) fail_msg("%s", fault.msg);
        addrs[i]        = addr_of(&w, i);
        codec_peer peer = host_node_peer(w.nodes[i]);
        ids[i]          = codec_peer_text(w.arena, &peer);
        assert_true(riv_str_ends(addrs[i], riv_format(w.arena, "/p2p/" RIV_FMT, RIV_ARG(ids[i]))));
        assert_false(riv_str_starts(addrs[i], RIV_LIT("/ip4/127.0.0.1/tcp/0/")));
    }
    w.script_text = riv_format(w.arena,
                               "(seq (call %%init_peer_id%% (\"getDataSrv\" \"x\") [] x)\n"
                               " (seq (call \"" RIV_FMT "\" (\"op\" \"identity\") [x] y)\n"
                               "  (seq (call \"" RIV_FMT "\" (\"op\" \"identity\") [y] z)\n"
                               "   (call %%init_peer_id%% (\"callbackSrv\" \"response\") [z]))))",
                               RIV_ARG(ids[1]), RIV_ARG(ids[2]));
    if (host_run(w.host, &fault)) fail_msg("%s", fault.msg);
    if (!w.answered) fail_msg("no answer; met %zu, last failure " RIV_FMT, w.met, RIV_ARG(w.failed));
    assert_int_equal(w.reply, NODE_REPLY_RESPONSE);
    assert_true(riv_str_eq(w.answer, RIV_LIT("[\"hello\"]")));
    assert_true(host_node_stats(w.nodes[0]).sent >= 1);
    assert_true(host_node_stats(w.nodes[2]).signatures_checked >= 1);
    close_world(&w);
}

/* ---- turns ---- */

enum { FLOOD = 1000 };

typedef struct crowd {
    host      *host;
    host_node *nodes[3]; /* the one that is flooded, who floods, who asks once */
    riv_arena *arena;
    riv_str    script;
    size_t     met, replies, before; /* before: the flood's replies when the one came */
    bool       served;
} crowd;

static void ask_all(void *ctx)
{
    crowd   *c   = ctx;
    node_run run = { .ttl_ms = 15000, .script = c->script };
    for (run.request = 1; run.request <= FLOOD; run.request++) host_node_request(c->nodes[1], &run);
    run.request = 0;
    host_node_request(c->nodes[2], &run);
}

static void count_reply(void *ctx, const node_effect *e)
{
    crowd *c = ctx;
    assert_int_equal(e->reply, NODE_REPLY_RESPONSE);
    if (e->request) {
        c->replies++;
    } else {
        c->before = c->replies;
        c->served = true;
    }
    if (c->replies == FLOOD && c->served) host_stop(c->host);
}

static void count_met(void *ctx, riv_log_level level, const char *event, const riv_log_field *fields, size_t count)
{
    crowd *c = ctx;
    (void)level, (void)fields, (void)count;
    if (strcmp(event, "peer.connected") == 0 && ++c->met == 4) host_after(c->host, 0, ask_all, c);
}

static void stop_crowd(void *ctx) { host_stop(((crowd *)ctx)->host); }

/* One thread for all jobs; who asks once is served before most of the flood that came before it. */
static void test_a_flood_does_not_starve(void **state)
{
    (void)state;
    crowd     c     = { .arena = riv_arena_new(0) };
    riv_fault fault = { 0 };
    riv_str   addr  = { 0 };
    size_t    count;
    assert_int_equal(crypto_init(NULL), RIV_OK);
    if (host_new(&(host_config){ .workers = 1 }, &fault, &c.host)) fail_msg("%s", fault.msg);
    host_after(c.host, 20000, stop_crowd, &c);
    for (size_t i = 0; i < 3; i++) {
        host_node_config config = { .listen       = loopback,
                                    .listen_count = i == 0,
                                    .peers        = &addr,
                                    .peers_count  = i > 0,
                                    .ctx          = &c,
                                    .on_reply     = count_reply,
                                    .on_event     = count_met };
        host_key_new(&config.seed);
        if (host_node_add(c.host, &config, &fault, &c.nodes[i])) fail_msg("%s", fault.msg);
        if (i == 0) addr = host_node_addrs(c.nodes[0], &count)[0];
    }
    codec_peer peer = host_node_peer(c.nodes[0]);
    c.script        = riv_format(c.arena,
                                 "(seq (call \"" RIV_FMT "\" (\"op\" \"identity\") [1] x) (seq (call \"" RIV_FMT
                                 "\" (\"op\" \"identity\") [x] y) (call %%init_peer_id%% (\"callbackSrv\" \"response\") "
                                        "[y])))",
                                 RIV_ARG(codec_peer_text(c.arena, &peer)), RIV_ARG(codec_peer_text(c.arena, &peer)));
    if (host_run(c.host, &fault)) fail_msg("%s", fault.msg);
    assert_true(c.served);
    assert_int_equal(c.replies, FLOOD);
    assert_true(c.before < FLOOD / 8);
    host_free(c.host);
    riv_arena_free(c.arena);
}

static void test_dial_fails_with_reason(void **state)
{
    static const struct {
        const char *addr, *reason;
    } cases[] = {
        { "/ip4/127.0.0.1/tcp/1/p2p/12D3KooWMMGdfVEJ1rWe1nH1nehYDzNEHhg5ogdfiGk88AupCMnf", "connection refused" },
        { "/dns/no-such-name.invalid/tcp/1/p2p/12D3KooWMMGdfVEJ1rWe1nH1nehYDzNEHhg5ogdfiGk88AupCMnf", "" },
    };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        world     w;
        riv_str   peer  = riv_str_c(cases[i].addr);
        riv_fault fault = { 0 };
        open_world(&w);
        w.stop_on_failed = true;
        if (add_node(&w, &peer, 1, (riv_str){ 0 }, &fault)) fail_msg("%s", fault.msg);
        assert_int_equal(host_run(w.host, &fault), RIV_OK);
        if (w.failed.len == 0 || riv_str_find(w.failed, riv_str_c(cases[i].reason), 0) == SIZE_MAX)
            fail_msg("%s: '" RIV_FMT "'", cases[i].addr, RIV_ARG(w.failed));
        close_world(&w);
    }
}

/* localhost may be ::1 first, where nobody listens. */
static void test_names_are_tried_to_the_end(void **state)
{
    world     w;
    riv_fault fault = { 0 };
    (void)state;
    open_world(&w);
    assert_int_equal(add_node(&w, NULL, 0, (riv_str){ 0 }, &fault), RIV_OK);
    riv_str name = riv_format(w.arena, "/dns/localhost" RIV_FMT, RIV_ARG(riv_str_sub(addr_of(&w, 0), 14, SIZE_MAX)));
    assert_int_equal(add_node(&w, &name, 1, (riv_str){ 0 }, &fault), RIV_OK);
    codec_peer peer = host_node_peer(w.nodes[1]);
    w.script_text   = riv_format(w.arena,
                                 "(seq (call \"" RIV_FMT "\" (\"op\" \"identity\") [1] y)\n"
                                   " (call %%init_peer_id%% (\"callbackSrv\" \"response\") [y]))",
                                 RIV_ARG(codec_peer_text(w.arena, &peer)));
    assert_int_equal(host_run(w.host, &fault), RIV_OK);
    if (!riv_str_eq(w.answer, RIV_LIT("[1]"))) fail_msg(RIV_FMT ": " RIV_FMT, RIV_ARG(name), RIV_ARG(w.failed));
    close_world(&w);
}

static void test_bad_configuration(void **state)
{
    static const struct {
        const char *listen;
        riv_err     want;
    } cases[] = { { "/ip4/127.0.0.1", RIV_E_MALFORMED },
                  { "nonsense", RIV_E_MALFORMED },
                  { "/dns/localhost/tcp/0", RIV_E_MALFORMED },
                  { "/ip4/127.0.0.1/tcp/70000", RIV_E_MALFORMED },
                  { "/ip4/192.0.2.1/tcp/0", RIV_E_IO } };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        world            w;
        riv_str          listen = riv_str_c(cases[i].listen);
        riv_fault        fault  = { 0 };
        host_node_config config = { .listen = &listen, .listen_count = 1 };
        host_node       *n;
        open_world(&w);
        host_key_new(&config.seed);
        assert_int_equal(host_node_add(w.host, &config, &fault, &n), cases[i].want);
        assert_true(strlen(fault.msg) > 5);
        close_world(&w);
    }
}

/* Two nodes must not share a folder, and a second start with it goes well. */
static void test_state_folder(void **state)
{
    world     w;
    riv_str   dir;
    riv_fault fault = { 0 };
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    assert_int_equal(host_temp_dir(RIV_LIT("rivulet-test"), arena, NULL, &dir), RIV_OK);
    for (int round = 0; round < 2; round++) {
        open_world(&w);
        assert_int_equal(add_node(&w, NULL, 0, dir, &fault), RIV_OK);
        fault = (riv_fault){ 0 };
        assert_int_equal(add_node(&w, NULL, 0, dir, &fault), RIV_E_CONFLICT);
        host_after(w.host, 10, too_late, &w);
        assert_int_equal(host_run(w.host, &fault), RIV_OK);
        close_world(&w);
        fault = (riv_fault){ 0 };
    }
    host_dir_remove(dir);
    riv_arena_free(arena);
}

static void stop_when_paused(void *ctx)
{
    world     *w = ctx;
    node_stats s = host_node_stats(w->nodes[0]);
    if (s.journaled + s.replayed >= 50 && !s.jobs) host_stop(w->host);
    host_after(w->host, 5, stop_when_paused, w);
}

/* Fifty answers in a row are in the store as answers; a new process repeats the runs instead of the calls, and waits where the old one did. */
static void test_the_journal_is_repeated(void **state)
{
    enum { CALLS = 50 };
    world         w;
    riv_str       dir;
    crypto_secret key;
    riv_fault     fault = { 0 };
    (void)state;
    riv_arena *arena  = riv_arena_new(0);
    riv_buf    script = riv_buf_in(arena);
    host_key_new(&key);
    assert_int_equal(host_temp_dir(RIV_LIT("rivulet-test"), arena, NULL, &dir), RIV_OK);
    for (size_t i = 0; i < CALLS; i++)
        riv_putf(&script, "(seq (call %%init_peer_id%% (\"op\" \"identity\") [%zu] $s) ", i);
    riv_putf(&script, "(call %%init_peer_id%% (\"peer\" \"timeout\") [60000])");
    for (size_t i = 0; i < CALLS; i++) riv_put_u8(&script, ')');
    for (int round = 0; round < 3; round++) {
        open_world(&w);
        w.script_text           = riv_buf_str(&script);
        host_node_config config = { .seed = key, .state_dir = dir, .ctx = &w, .on_reply = on_reply };
        assert_int_equal(host_node_add(w.host, &config, &fault, &w.nodes[0]), RIV_OK);
        node_run run = { .request = 1, .ttl_ms = 120000, .script = w.script_text };
        if (round == 0) host_node_request(w.nodes[0], &run);
        host_after(w.host, 5, stop_when_paused, &w);
        assert_int_equal(host_run(w.host, &fault), RIV_OK);
        node_stats s = host_node_stats(w.nodes[0]);
        assert_int_equal(s.particles, 1);
        assert_int_equal(s.journaled, round == 0 ? CALLS : 0);
        assert_int_equal(s.replayed, round == 0 ? 0 : CALLS);
        assert_int_equal(s.calls, round == 0 ? CALLS : 0); /* none is made again */
        close_world(&w);
    }
    host_dir_remove(dir);
    riv_arena_free(arena);
}

/* Strangers that send noise, say nothing, or close at once; then the node still serves. */
static void test_strangers(void **state)
{
    world     w;
    riv_str   addrs[2];
    riv_fault fault = { 0 };
    riv_prng  prng  = riv_prng_seed(7);
    int       fds[24];
    (void)state;
    open_world(&w);
    assert_int_equal(add_node(&w, NULL, 0, (riv_str){ 0 }, &fault), RIV_OK);
    addrs[0]                = addr_of(&w, 0);
    uint64_t           port = 0;
    riv_str            text = riv_str_sub(addrs[0], 19, riv_str_find(addrs[0], RIV_LIT("/p2p/"), 0));
    struct sockaddr_in at   = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    assert_true(riv_str_u64(text, &port));
    at.sin_port = htons((uint16_t)port);
    for (size_t i = 0; i < RIV_COUNT(fds); i++) {
        uint8_t bytes[3000];
        size_t  len = (size_t)riv_prng_below(&prng, sizeof bytes);
        riv_prng_fill(&prng, bytes, len);
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fds[i], (struct sockaddr *)&at, sizeof at), 0);
        if (i % 3 && send(fds[i], bytes, len, MSG_NOSIGNAL) < 0) {}
        if (i % 4 == 0) close(fds[i]), fds[i] = -1;
    }
    assert_int_equal(add_node(&w, addrs, 1, (riv_str){ 0 }, &fault), RIV_OK);
    codec_peer peer = host_node_peer(w.nodes[1]);
    w.script_text   = riv_format(w.arena,
                                 "(seq (call \"" RIV_FMT "\" (\"op\" \"identity\") [1] y)\n"
                                   " (call %%init_peer_id%% (\"callbackSrv\" \"response\") [y]))",
                                 RIV_ARG(codec_peer_text(w.arena, &peer)));
    assert_int_equal(host_run(w.host, &fault), RIV_OK);
    assert_true(riv_str_eq(w.answer, RIV_LIT("[1]")));
    for (size_t i = 0; i < RIV_COUNT(fds); i++)
        if (fds[i] >= 0) close(fds[i]);
    close_world(&w);
}

static void test_time_never_stands(void **state)
{
    (void)state;
    static const struct {
        uint64_t last_ms, real_ms, elapsed_ms, want_ms;
    } cases[] = {
        { 0, 1700000000000, 5000000, 1700000000000 }, /* the first look */
        { 5000, 5010, 10, 5010 },                     /* all is well */
        { 5000, 9000, 10, 9000 },                     /* the clock was set forward */
        { 5000, 1000, 0, 5000 },                      /* back: not a step back, */
        { 5000, 1000, 1, 5000 },                      /* but */
        { 5000, 1100, 100, 5050 },                    /* on, at half speed, */
        { 5000, 5060, 100, 5060 },                    /* until the clock has caught up */
        { UINT64_MAX, 0, 100, UINT64_MAX },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++)
        assert_int_equal(host__node_time(cases[i].last_ms, cases[i].real_ms, cases[i].elapsed_ms), cases[i].want_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_particle_crosses),        cmocka_unit_test(test_a_flood_does_not_starve),
        cmocka_unit_test(test_dial_fails_with_reason),  cmocka_unit_test(test_names_are_tried_to_the_end),
        cmocka_unit_test(test_bad_configuration),       cmocka_unit_test(test_state_folder),
        cmocka_unit_test(test_the_journal_is_repeated), cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_time_never_stands),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
