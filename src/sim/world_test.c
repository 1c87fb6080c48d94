/* world_test.c: whole nodes in one process: a particle goes client -> relay -> two peers -> back; faults; the same seed gives the same run. */
#include "sim/world_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { RELAY = 0, PEER_A = 1, PEER_B = 2, CLIENT = 3, NODES = 4 };

/* Three nodes that listen, joined to each other, and a client that knows the relay only. */
static sim_world *small_world(const sim_config *config)
{
    sim_world          *w            = sim_world_new(config);
    riv_fault           fault        = { 0 };
    size_t              at           = 0;
    static const size_t before[]     = { 0, 1 };
    const sim_node      nodes[NODES] = {
             [RELAY]  = { .name = RIV_LIT_INIT("relay"), .listens = true },
             [PEER_A] = { .name = RIV_LIT_INIT("a"), .listens = true, .peers = before, .peers_count = 1 },
             [PEER_B] = { .name = RIV_LIT_INIT("b"), .listens = true, .peers = before, .peers_count = 2 },
             [CLIENT] = { .name = RIV_LIT_INIT("client"), .peers = before, .peers_count = 1 },
    };
    for (size_t i = 0; i < NODES; i++) {
        assert_int_equal(sim_world_add(w, &nodes[i], &fault, &at), RIV_OK);
        assert_int_equal(at, i);
    }
    return w;
}

/* getDataSrv at the client, the relay's noop, an identity at each peer, back over the relay. */
static riv_str tour(sim_world *w)
{
    riv_arena *a = w->arena;
    riv_str    id[NODES];
    for (size_t i = 0; i < NODES; i++) {
        codec_peer peer = sim_world_peer(w, i);
        id[i]           = codec_peer_text(a, &peer);
    }
    return riv_format(a,
                      "(seq (seq (call %%init_peer_id%% (\"getDataSrv\" \"name\") [] name)"
                      "          (seq (call %%init_peer_id%% (\"getDataSrv\" \"-relay-\") [] -relay-) (call -relay- "
                      "(\"op\" \"noop\") [])))"
                      "     (xor (seq (seq (call \"" RIV_FMT "\" (\"op\" \"concat_strings\") [\"hello \" name] one)"
                      "                    (call \"" RIV_FMT "\" (\"op\" \"concat_strings\") [one \"!\"] two))"
                      "               (seq (call -relay- (\"op\" \"noop\") []) (call %%init_peer_id%% (\"callbackSrv\" "
                      "\"response\") [two])))"
                      "          (seq (call -relay- (\"op\" \"noop\") []) (call %%init_peer_id%% (\"errorHandlingSrv\" "
                      "\"error\") [:error: 1]))))",
                      RIV_ARG(id[PEER_A]), RIV_ARG(id[PEER_B]));
}

static void ask(sim_world *w, uint64_t request, riv_str script, uint32_t ttl_ms)
{
    node_run run = {
        .request = request, .script = script, .ttl_ms = ttl_ms, .has_relay = true, .relay = sim_world_peer(w, RELAY)
    };
    run.values = riv_json_object(w->arena, "name", riv_json_strc(w->arena, "world"), NULL);
    sim_world_request(w, CLIENT, &run);
}

static bool has_replies(void *ctx, const sim_world *w)
{
    const sim_reply *replies;
    return sim_world_replies(w, &replies) >= *(const size_t *)ctx;
}

static void run(sim_world *w, uint64_t until_ms, size_t replies)
{
    riv_fault fault = { 0 };
    if (sim_world_run(w, until_ms, replies ? has_replies : NULL, &replies, &fault)) fail_msg("%s", fault.msg);
}

static const sim_config calm = {
    .seed = 1, .latency_ms_min = 5, .latency_ms_max = 20, .job_ms_min = 0, .job_ms_max = 2
};

static void a_particle_crosses_four_nodes(void **state)
{
    (void)state;
    sim_world       *w = small_world(&calm);
    const sim_reply *replies;
    run(w, 1000, 0); /* links come up */
    ask(w, 7, tour(w), 5000);
    run(w, 6000, 1);
    assert_int_equal(sim_world_replies(w, &replies), 1);
    assert_int_equal(replies[0].request, 7);
    assert_int_equal(replies[0].kind, NODE_REPLY_RESPONSE);
    assert_string_equal(riv_cstr(w->arena, riv_json_text(replies[0].json, w->arena)), "[\"hello world!\"]");
    for (size_t i = 0; i < NODES; i++) {
        node_stats s = sim_world_stats(w, i);
        assert_int_equal(s.particles, 1);
        assert_true(s.runs >= 1 && s.sent >= 1);
    }
    run(w, 60000, 0);
    for (size_t i = 0; i < NODES; i++) assert_int_equal(sim_world_stats(w, i).particles, 0);
    assert_int_equal(sim_world_replies(w, &replies), 1);
    assert_true(sim_world_counts(w).checks > 0);
    sim_world_free(w);
}

/* A request may be made before any link is up: it waits for the link, not for the user to try again. */
static void a_request_waits_for_links(void **state)
{
    (void)state;
    sim_world       *w = small_world(&calm);
    const sim_reply *replies;
    ask(w, 1, tour(w), 5000);
    run(w, 6000, 1);
    assert_int_equal(sim_world_replies(w, &replies), 1);
    assert_int_equal(replies[0].kind, NODE_REPLY_RESPONSE);
    sim_world_free(w);
}

static const sim_config stormy = {
    .latency_ms_min = 1,
    .latency_ms_max = 30,
    .job_ms_min     = 0,
    .job_ms_max     = 5,
    .faults         = { .drop_link  = 5000,
                        .split      = 100000,
                        .stall      = 20000,
                        .duplicate  = 20000,
                        .crash      = 5000,
                        .dial_fail  = 100000,
                        .stall_ms   = 300,
                        .restart_ms = 400,
                        .until_ms   = 15000 },
};

static void every_request_ends_under_faults(void **state)
{
    (void)state;
    size_t     kinds[5] = { 0 };
    sim_counts total    = { 0 };
    for (uint64_t seed = 1; seed <= 40; seed++) {
        sim_config config  = stormy;
        config.seed        = seed;
        sim_world       *w = small_world(&config);
        const sim_reply *replies;
        run(w, 500, 0);
        for (uint64_t i = 0; i < 5; i++) {
            ask(w, i, tour(w), 8000);
            run(w, 500 + 100 * i, 0);
        }
        run(w, 12000, 0);
        size_t count = sim_world_replies(w, &replies);
        assert_true(count >= 5);
        for (size_t i = 0; i < count; i++) kinds[replies[i].kind]++;
        sim_counts c = sim_world_counts(w);
        total.links_dropped += c.links_dropped;
        total.crashes += c.crashes;
        total.duplicates += c.duplicates;
        total.dials_failed += c.dials_failed;
        total.splits += c.splits;
        total.stalls += c.stalls;
        sim_world_free(w);
    }
    assert_true(kinds[NODE_REPLY_RESPONSE] > 100); /* of 200: the network heals itself most of the time */
    assert_true(total.links_dropped && total.crashes && total.duplicates && total.dials_failed && total.splits &&
                total.stalls);
}

/* After the faults everything works again, whatever they left behind. */
static void a_healed_world_answers(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        sim_config config      = stormy;
        config.seed            = seed;
        config.faults.until_ms = 3000;
        config.faults.crash    = 100000;
        sim_world       *w     = small_world(&config);
        const sim_reply *replies;
        run(w, 70000, 0); /* redials pause up to a minute */
        ask(w, 1, tour(w), 5000);
        run(w, 80000, 1);
        assert_int_equal(sim_world_replies(w, &replies), 1);
        if (replies[0].kind != NODE_REPLY_RESPONSE)
            fail_msg("seed %llu: " RIV_FMT, (unsigned long long)seed,
                     RIV_ARG(riv_json_text(replies[0].json, w->arena)));
        sim_world_free(w);
    }
}

/* The relay dies while the particle is under way, and goes on from its store. */
static void a_crashed_relay_goes_on(void **state)
{
    (void)state;
    size_t answered = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        sim_config config  = calm;
        config.seed        = seed;
        sim_world       *w = small_world(&config);
        const sim_reply *replies;
        run(w, 1000, 0);
        ask(w, 1, tour(w), 20000);
        run(w, 1010 + 8 * seed, 0);
        sim_world_crash(w, RELAY);
        run(w, 25000, 1);
        assert_int_equal(sim_world_replies(w, &replies), 1);
        answered += replies[0].kind == NODE_REPLY_RESPONSE;
        sim_world_free(w);
    }
    assert_int_equal(answered, 20);
}

/* A peer dies again and again in the middle of many calls of its own; what it has answered is not lost, and the answer is the same. */
static void many_calls_survive_crashes(void **state)
{
    enum { CALLS = 60 };
    (void)state;
    uint64_t replayed = 0;
    size_t   answered = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        sim_config config       = calm;
        config.seed             = seed;
        config.job_ms_min       = 1;
        config.job_ms_max       = 3;
        sim_world       *w      = small_world(&config);
        codec_peer       relay  = sim_world_peer(w, RELAY);
        riv_str          id     = codec_peer_text(w->arena, &relay);
        riv_buf          script = riv_buf_in(w->arena);
        const sim_reply *replies;
        for (size_t i = 0; i < CALLS; i++)
            riv_putf(&script, "(seq (call \"" RIV_FMT "\" (\"op\" \"%s\") [%zu] $s) ", RIV_ARG(id),
                     i % 2 ? "identity" : "array", i);
        riv_putf(&script,
                 "(seq (call \"" RIV_FMT "\" (\"op\" \"noop\") []) (seq (canon %%init_peer_id%% $s #all) (call "
                 "%%init_peer_id%% (\"callbackSrv\" \"response\") [#all.length])))",
                 RIV_ARG(id));
        for (size_t i = 0; i < CALLS; i++) riv_put_u8(&script, ')');
        run(w, 1000, 0);
        ask(w, 1, riv_buf_str(&script), 30000);
        for (uint64_t i = 0; i < 4; i++) {
            run(w, 1000 + 10 * seed + 700 * i + 60, 0);
            replayed += sim_world_stats(w, RELAY).replayed;
            sim_world_crash(w, RELAY);
        }
        run(w, 35000, 1);
        assert_int_equal(sim_world_replies(w, &replies), 1);
        answered += replies[0].kind == NODE_REPLY_RESPONSE;
        if (replies[0].kind == NODE_REPLY_RESPONSE)
            assert_string_equal(riv_cstr(w->arena, riv_json_text(replies[0].json, w->arena)), "[60]");
        sim_world_free(w);
    }
    assert_int_equal(answered, 20);
    assert_true(replayed > 100);
}

static uint64_t hash_of(uint64_t seed)
{
    sim_config config = stormy;
    config.seed       = seed;
    sim_world *w      = small_world(&config);
    ask(w, 1, tour(w), 8000);
    run(w, 10000, 0);
    uint64_t hash = sim_world_hash(w);
    sim_world_free(w);
    return hash;
}

static void the_same_seed_gives_the_same_run(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        assert_true(hash_of(seed) == hash_of(seed));
        assert_true(hash_of(seed) != hash_of(seed + 1));
    }
}

/* Checkers that never speak are worth nothing: here each is shown something wrong. */
static void checkers_see_what_is_wrong(void **state)
{
    (void)state;
    sim_world *w = small_world(&calm);
    run(w, 100, 0);
    world_request r     = { .number = 9, .answered = true, .deadline_ms = w->now_ms };
    node_effect   again = { .kind = NODE_REPLY, .request = 9, .reply = NODE_REPLY_EXPIRED, .json = riv_json_null() };
    riv_fault     fault = { 0 };
    sim__world_check_reply(w, &r, &again);
    assert_int_equal(sim_world_run(w, 200, NULL, NULL, &fault), RIV_E_CONFLICT);
    assert_non_null(strstr(fault.msg, "request 9 expired although it was answered"));
    assert_non_null(strstr(fault.msg, "seed 1, step "));
    sim_world_free(w);

    w                           = small_world(&calm);
    node_job job                = { .kind = NODE_JOB_AVM };
    job.avm.params.timestamp_ms = w->now_ms - 10;
    job.avm.params.ttl_ms       = 9;
    sim__world_check_job(w, w->nodes.ptr[0], &job);
    assert_non_null(strstr(w->fault.msg, "began a job for an expired particle"));
    sim_world_free(w);

    w = small_world(&calm);
    ask(w, 3, RIV_LIT("(null)"), 100);
    run(w, 50, 0);
    w->requests.ptr[0].over     = false; /* forget that it was answered */
    w->requests.ptr[0].answered = false;
    w->check_at_ms              = 0;
    memset(&fault, 0, sizeof fault);
    assert_int_equal(sim_world_run(w, 5000, NULL, NULL, &fault), RIV_E_CONFLICT);
    assert_non_null(strstr(fault.msg, "request 3 never got a reply"));
    sim_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_particle_crosses_four_nodes),   cmocka_unit_test(a_request_waits_for_links),
        cmocka_unit_test(every_request_ends_under_faults), cmocka_unit_test(a_healed_world_answers),
        cmocka_unit_test(a_crashed_relay_goes_on),         cmocka_unit_test(the_same_seed_gives_the_same_run),
        cmocka_unit_test(many_calls_survive_crashes),      cmocka_unit_test(checkers_see_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
