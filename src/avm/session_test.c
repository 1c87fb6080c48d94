/* session_test.c: sessions give what avm_run gives, byte for byte, dropped or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "avm/avm_cases.h"
#include "avm/session_net.h"

static int open_crypto(void **state)
{
    (void)state;
    riv_fault fault = { 0 };
    return crypto_init(&fault) ? -1 : 0;
}

/* The rows of avm_cases.h, in other orders of arrival each round. */
static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(avm_cases); i++)
        for (uint64_t round = 0; round < 4; round++) {
            riv_arena *arena = riv_arena_new(0);
            riv_fault  fault = { 0 };
            testnet    net;
            choices    c = choices_of_seed(arena, i * 100 + round, 4096);
            testnet_init(&net, arena, avm_cases[i].script);
            lockstep l = lockstep_open(&net, &c);
            assert_int_equal(lockstep_run(&l, 200, &fault), RIV_OK);
            lockstep_close(&l);
            riv_arena_free(arena);
        }
}

/* Random scripts on random networks. RIV_SESSION_NETS: how many, RIV_SESSION_SEED: the first. */
static void test_made_up(void **state)
{
    (void)state;
    const char       *count = getenv("RIV_SESSION_NETS"), *from = getenv("RIV_SESSION_SEED");
    uint64_t          first = from ? strtoull(from, NULL, 10) : 1, nets = count ? strtoull(count, NULL, 10) : 1500;
    avm_session_stats all = { 0 };
    for (uint64_t seed = first; seed < first + nets; seed++) {
        riv_arena *arena = riv_arena_new(0);
        choices    c     = choices_of_seed(arena, seed, 4000);
        (void)fprintf(stderr, "\rseed %llu ", (unsigned long long)seed);
        avm_session_stats one = made_run(arena, &c, made_script(&c, arena), 60);
        all.steps += one.steps;
        all.resumed += one.resumed;
        all.replayed += one.replayed;
        riv_arena_free(arena);
    }
    (void)fprintf(stderr, "\r%llu steps, %llu resumed, %llu replayed\n", (unsigned long long)all.steps,
                  (unsigned long long)all.resumed, (unsigned long long)all.replayed);
    assert_true(all.resumed * 6 > all.steps);
}

/* One session is for one particle. */
static void test_other_particles(void **state)
{
    (void)state;
    riv_arena   *arena = riv_arena_new(0);
    riv_fault    fault = { 0 };
    avm_output   out;
    riv_bytes    data;
    testnet      net;
    avm_session *s = avm_session_new((riv_bytes){ 0 });
    testnet_init(&net, arena, "(call @A (\"s\" \"f\") [])");
    avm_input in              = { .script = net.script, .params = net.params };
    in.params.current_peer_id = in.params.init_peer_id = net.peer[0].id;
    in.params.secret                                   = net.peer[0].secret;
    assert_int_equal(avm_session_step(s, &in, arena, &fault, &out), RIV_OK);
    assert_int_equal(out.call_requests_count, 1);
    assert_int_equal(avm_session_data(s, &fault, &data), RIV_OK);
    riv_bytes before = riv_bytes_dup(arena, data);
    avm_input other  = in;
    other.script     = RIV_LIT("(null)");
    assert_int_equal(avm_session_step(s, &other, arena, &fault, &out), RIV_E_CONFLICT);
    other = in;
    other.params.timestamp_ms++;
    assert_int_equal(avm_session_step(s, &other, arena, &fault, &out), RIV_E_CONFLICT);
    other                    = in;
    other.params.particle_id = RIV_LIT("another");
    assert_int_equal(avm_session_step(s, &other, arena, &fault, &out), RIV_E_CONFLICT);
    other               = in;
    other.params.secret = net.peer[1].secret;
    assert_int_equal(avm_session_step(s, &other, arena, &fault, &out), RIV_E_CONFLICT);
    assert_int_equal(avm_session_data(s, &fault, &data), RIV_OK);
    assert_true(riv_bytes_eq(data, before));
    assert_int_equal(avm_session_stats_of(s).steps, 1);
    assert_true(avm_session_bytes(s) > data.len);
    avm_session_free(s);
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_made_up),
        cmocka_unit_test(test_other_particles),
    };
    return cmocka_run_group_tests(tests, open_crypto, NULL);
}
