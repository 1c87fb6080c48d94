/* turns_test.c: whose job is run next: a peer that floods waits for itself. */
#define _GNU_SOURCE
#include "host/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static host_node nodes[2];

/* peer 0: the node's own work. */
static void add_one(host_turns *t, size_t at, uint8_t peer, uint64_t id, bool only_data)
{
    riv_arena *a   = riv_arena_new(0);
    node_job  *job = riv_new(a, node_job, 1);
    host_job  *h   = riv_alloc(sizeof *h);
    if (peer) {
        crypto_secret  seed = { { peer } };
        crypto_keypair pair;
        crypto_keypair_of(&seed, &pair);
        job->turn = codec_peer_of(&pair.public_key);
    }
    job->arena     = a;
    job->id        = id;
    job->only_data = only_data;
    *h             = (host_job){ NULL, job, &nodes[at] };
    host__turns_add(t, h);
}

static void add(host_turns *t, size_t at, uint8_t peer, uint64_t id) { add_one(t, at, peer, id, false); }

static uint64_t take(host_turns *t)
{
    host_job *h = host__turns_take(t);
    if (!h) return 0;
    uint64_t id = h->job->id;
    node_job_free(h->job);
    riv_free(h);
    return id;
}

static void a_flood_waits_for_itself(void **state)
{
    enum { FLOOD = 5000, HONEST = 20 };
    (void)state;
    host_turns t = { 0 };
    for (uint64_t i = 1; i <= FLOOD; i++) add(&t, 0, 1, i);
    assert_int_equal(take(&t), 1);
    for (uint64_t i = 0; i < HONEST; i++) { /* one job at a time, each asked for when the one before is done */
        add(&t, 0, 2, 10000 + i);
        uint64_t first = take(&t), second = take(&t);
        assert_int_equal(first < 10000 ? second : first, 10000 + i);
        assert_true(first < 10000 || second < 10000);
    }
    uint64_t last = 0;
    for (uint64_t id; (id = take(&t)); last = id)
        assert_int_equal(id, last ? last + 1 : HONEST + 2); /* in order, none is lost */
    assert_int_equal(last, FLOOD);
    assert_int_equal(t.count, 0);
    assert_int_equal(riv_map_count(t.lanes), 0);
    host__turns_free(&t);
}

static void peers_nodes_and_own_work_have_a_turn_each(void **state)
{
    static const uint64_t want[] = { 1, 11, 21, 31, 2, 12, 32, 3, 33, 34 };
    (void)state;
    host_turns t = { 0 };
    for (uint64_t i = 1; i <= 3; i++) add(&t, 0, 1, i);
    for (uint64_t i = 11; i <= 12; i++) add(&t, 0, 2, i);
    add(&t, 0, 0, 21);
    for (uint64_t i = 31; i <= 34; i++) add(&t, 1, 1, i); /* the same peer at another node of this process */
    for (size_t i = 0; i < RIV_COUNT(want); i++) assert_int_equal(take(&t), want[i]);
    assert_null(host__turns_take(&t));
    host__turns_free(&t);
}

/* A flood of runs whose sessions have to go again: they do not gather until the last run is done. */
static void what_ends_a_session_comes_first(void **state)
{
    enum { FLOOD = 1000, ENDS = 10000 };
    (void)state;
    host_turns t    = { 0 };
    uint64_t   last = 0, held = 0;
    for (uint64_t i = 1; i <= FLOOD; i++) add(&t, 0, 1, i);
    for (uint64_t id; (id = take(&t));) {
        if (id > ENDS) {
            held--;
            continue;
        }
        assert_int_equal(id, ++last);
        assert_true(++held <= 1);
        add_one(&t, 0, 1, ENDS + id, true);
    }
    assert_int_equal(last, FLOOD);
    assert_int_equal(held, 0);
    add_one(&t, 0, 1, ENDS, true); /* alone in its lane */
    add(&t, 0, 1, 1);
    assert_int_equal(take(&t), ENDS);
    assert_int_equal(take(&t), 1);
    host__turns_free(&t);
}

/* Any mix: every job is run once, those of one peer in their order, and nobody is passed over twice while it waits. */
static void any_mix_is_fair(void **state)
{
    enum { PEERS = 5, STEPS = 3000 };
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        riv_prng   prng      = riv_prng_seed(seed);
        host_turns t         = { 0 };
        uint64_t   in[PEERS] = { 0 }, out[PEERS] = { 0 };
        size_t     since[PEERS] = { 0 };
        for (size_t i = 0; i < STEPS; i++) {
            size_t peer = (size_t)riv_prng_below(&prng, PEERS);
            if (riv_prng_below(&prng, 2)) {
                add(&t, 0, (uint8_t)peer, peer * STEPS + ++in[peer]);
                continue;
            }
            uint64_t id = take(&t);
            if (!id) continue;
            size_t who = (size_t)((id - 1) / STEPS);
            assert_int_equal(id, who * STEPS + ++out[who]);
            for (size_t k = 0; k < PEERS; k++) since[k] = k == who || in[k] == out[k] ? 0 : since[k] + 1;
            for (size_t k = 0; k < PEERS; k++) assert_true(since[k] < PEERS);
        }
        host__turns_free(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_waits_for_itself),
        cmocka_unit_test(peers_nodes_and_own_work_have_a_turn_each),
        cmocka_unit_test(what_ends_a_session_comes_first),
        cmocka_unit_test(any_mix_is_fair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
