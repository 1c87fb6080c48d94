/* session_test.c: sessions give what avm_run gives, byte for byte, dropped or not. */
#include <setjmp.h>
#include <signal.h>
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

/* ---- what is resumed ---- */

/* A alone, its calls answered in the order of asking, one by one. */
static avm_session_stats answered_one_by_one(const char *script, size_t *calls)
{
    riv_arena *arena = riv_arena_new(0);
    riv_fault  fault = { 0 };
    testnet    net;
    choices    c = { 0 };
    avm_output out;
    RIV_VEC(avm_call_result) waiting = { 0 };
    testnet_init(&net, arena, script);
    lockstep l         = lockstep_open(&net, &c);
    l.patient          = true;
    const void *answer = NULL;
    size_t      next   = 0;
    do {
        avm_call_result one = answer ? waiting.ptr[next++] : (avm_call_result){ 0 };
        assert_int_equal(lockstep_invoke(&l, 0, (riv_bytes){ 0 }, &one, answer ? 1 : 0, &fault, &out), RIV_OK);
        if (out.ret_code == 1) fail_msg("%s: " RIV_FMT, script, RIV_ARG(out.error_message));
        for (size_t i = 0; i < out.call_requests_count; i++)
            *riv_push(arena, &waiting) = testnet_serve(&net, 0, &out.call_requests[i]);
        answer = &waiting;
    } while (next < waiting.len);
    lockstep_close(&l);
    riv_arena_free(arena);
    *calls = next;
    return l.stats;
}

#define CALL(n)  "(call @A (\"s\" \"id\") [" #n "] x" #n ")"
#define FAILS(n) "(call @A (\"s\" \"fail\") [\"" #n "\"])"
#define LIST     "(call @A (\"s\" \"json\") [\"[1,2,3,4,5,6]\"] l)"
#define TO(s)    "(call @A (\"s\" \"id\") [1] " s ")"

static const struct {
    const char *name, *script;
    size_t      calls, resumed; /* that many at least */
} shapes[] = {
    { "seq", "(seq " CALL(1) " (seq " CALL(2) " (seq " CALL(3) " (seq " CALL(4) " " CALL(5) "))))", 5, 5 },
    { "seq to the left", "(seq (seq (seq (seq " CALL(1) " " CALL(2) ") " CALL(3) ") " CALL(4) ") " CALL(5) ")", 5, 5 },
    { "par", "(par " CALL(1) " (par " CALL(2) " (par " CALL(3) " (par " CALL(4) " " CALL(5) "))))", 5, 5 },
    { "par of seqs",
      "(par (seq " CALL(1) " (seq " CALL(2) " " CALL(3) ")) (seq " CALL(4) " (seq " CALL(5) " " CALL(6) ")))", 6, 6 },
    { "xor", "(xor (seq " CALL(1) " (seq " FAILS(2) " " CALL(3) ")) (seq " CALL(4) " (xor " FAILS(5) " " CALL(6) ")))",
      5, 5 },
    { "match", "(seq " CALL(1) " (xor (match x1 1 (seq " CALL(2) " " CALL(3) ")) (null)))", 3, 3 },
    { "fold over a scalar", "(seq " LIST " (fold l i (seq (call @A (\"s\" \"id\") [i] y) (next i))))", 7, 7 },
    { "fold backwards", "(seq " LIST " (fold l i (seq (next i) (call @A (\"s\" \"id\") [i] y))))", 7, 7 },
    { "fold in parallel", "(seq " LIST " (fold l i (par (call @A (\"s\" \"id\") [i] y) (next i))))", 7, 7 },
    { "new and a stream",
      "(new $s (seq " TO("$s") " (seq " TO("$s") " (seq " TO(
          "$s") " (seq (canon @A $s #c) (call @A (\"s\" \"id\") [#c]))))))",
      4, 4 },
    { "new scalars", "(seq " CALL(1) " (new x1 (seq (ap 5 x1) (seq " CALL(2) " " CALL(3) "))))", 3, 3 },
    { "maps",
      "(seq " CALL(1) " (seq (ap (\"k\" x1) %m) (seq " CALL(2) " (seq (ap (\"k\" x2) %m) (seq (canon @A %m #%mm) " CALL(
          3) ")))))",
      3, 3 },
    { "fold over a stream",
      "(seq (par " TO("$s") " (par " TO("$s") " " TO(
          "$s") ")) (fold $s i (seq (call @A (\"s\" \"id\") [i] y) (next i))))",
      6, 5 },
    { "after a fold over a stream",
      "(seq (seq " TO("$s") " (fold $s i (seq (ap i $t) (next i)) (null))) (seq " CALL(1) " (seq " CALL(2) " " CALL(
          3) ")))",
      4, 4 },
    { "a new scalar that is set behind the first call",
      "(new z (par " CALL(1) " (seq (ap 5 z) (seq " CALL(2) " " CALL(3) "))))", 3, 3 },
    { "a scalar of an iteration hides an outer one",
      "(seq (ap 7 y) (seq " LIST
      " (seq (fold l i (seq (ap i y) (par (call @A (\"s\" \"id\") [y]) (next i)))) (call @A (\"s\" \"id\") [y]))))",
      8, 8 },
    { "a float that is read as its neighbour",
      "(seq (call @A (\"s\" \"raw\") [\"5.689329179025993e-57\"] x) (seq (call @A (\"s\" \"id\") [x]) (seq " CALL(
          1) " " CALL(2) ")))",
      4, 2 },
    { "a key that is none leaves a hole", "(seq " LIST " (seq (xor (ap (l 1) %m) (null)) (seq (ap 1 $s) " CALL(1) ")))",
      2, 0 },
    { "a canon's peer that is none leaves a hole",
      "(seq " LIST " (seq (xor (canon l $s #c) (null)) (seq (canon @A $t #d) " CALL(1) ")))", 2, 0 },
    { "a stream is written to where none of its scopes is",
      "(seq (par " LIST " (null)) (fold l i (seq (null) (new $s (next i))) (seq (ap 1 $s) " CALL(1) ")))", 1, 0 },
    { "an answer that is no JSON is read anew",
      "(xor (call @A (\"s\" \"raw\") [\"[1,\"]) (seq " CALL(1) " (seq " CALL(2) " " CALL(3) ")))", 4, 3 },
};

static void test_shapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(shapes); i++) {
        size_t            calls;
        avm_session_stats s = answered_one_by_one(shapes[i].script, &calls);
        if (calls != shapes[i].calls || s.resumed < shapes[i].resumed)
            fail_msg("%s: %zu calls, %llu steps resumed, %llu replayed", shapes[i].name, calls,
                     (unsigned long long)s.resumed, (unsigned long long)s.replayed);
    }
}

/* Machines that part end the process: then the seed is told. */
static uint64_t seed_now;
static void     tell_seed(int signal_number)
{
    (void)signal_number;
    (void)fprintf(stderr, "RIV_SESSION_SEED=%llu\n", (unsigned long long)seed_now);
}

/* Random scripts on random networks. RIV_SESSION_NETS: how many, RIV_SESSION_SEED: the first. */
static void test_made_up(void **state)
{
    (void)state;
    const char       *count = getenv("RIV_SESSION_NETS"), *from = getenv("RIV_SESSION_SEED");
    uint64_t          first = from ? strtoull(from, NULL, 10) : 1, nets = count ? strtoull(count, NULL, 10) : 1500;
    avm_session_stats all = { 0 };
    (void)signal(SIGABRT, tell_seed);
    for (uint64_t seed = first; seed < first + nets; seed++) {
        riv_arena *arena      = riv_arena_new(0);
        choices    c          = choices_of_seed(arena, seed, 4000);
        seed_now              = seed;
        avm_session_stats one = made_run(arena, &c, made_script(&c, arena), 60);
        all.steps += one.steps;
        all.resumed += one.resumed;
        all.replayed += one.replayed;
        riv_arena_free(arena);
    }
    print_message("%llu steps, %llu resumed, %llu replayed\n", (unsigned long long)all.steps,
                  (unsigned long long)all.resumed, (unsigned long long)all.replayed);
    assert_true(all.resumed * 6 > all.steps);
}

/* ---- memory ---- */

typedef struct alone {
    riv_arena   *arena;
    testnet      net;
    avm_session *s;
    avm_input    in;
} alone;

static alone *alone_open(riv_bytes data, const char *script)
{
    riv_arena *arena = riv_arena_new(0);
    alone     *a     = riv_new(arena, alone, 1);
    a->arena         = arena;
    testnet_init(&a->net, arena, script);
    a->s                         = avm_session_new(data);
    a->in                        = (avm_input){ .script = a->net.script, .params = a->net.params };
    a->in.params.current_peer_id = a->in.params.init_peer_id = a->net.peer[0].id;
    a->in.params.secret                                      = a->net.peer[0].secret;
    return a;
}

static void alone_close(alone *a)
{
    avm_session_free(a->s);
    riv_arena_free(a->arena);
}

static avm_output alone_step(alone *a, riv_bytes cur, const avm_call_result *results, size_t count)
{
    riv_fault  fault    = { 0 };
    avm_output out      = { 0 };
    a->in.cur           = cur;
    a->in.results       = results;
    a->in.results_count = count;
    if (avm_session_step(a->s, &a->in, a->arena, &fault, &out)) fail_msg("%s", fault.msg);
    return out;
}

/* Steps that bring nothing, data that comes again, data that is refused and answers that nobody asked for leave nothing behind. */
static void test_memory(void **state)
{
    (void)state;
    alone    *a = alone_open((riv_bytes){ 0 }, "(par (call @A (\"s\" \"f\") [] x) (seq (call @A (\"s\" \"g\") [] y) "
                                                  "(call @B (\"s\" \"h\") [x y])))");
    riv_fault fault = { 0 };
    riv_bytes data;
    (void)alone_step(a, (riv_bytes){ 0 }, NULL, 0);
    (void)alone_step(a, (riv_bytes){ 0 }, &(avm_call_result){ .id = 2, .result = RIV_LIT("[1,2,3]") }, 1);
    assert_int_equal(avm_session_data(a->s, &fault, &data), RIV_OK);
    data            = riv_bytes_dup(a->arena, data);
    uint8_t *spoilt = riv_arena_alloc_raw(a->arena, data.len, 1);
    memcpy(spoilt, data.ptr, data.len);
    spoilt[data.len - 40] ^= 1;
    size_t start = avm_session_bytes(a->s), most = 0;
    for (int i = 0; i < 3000; i++) {
        (void)alone_step(a, (riv_bytes){ 0 }, NULL, 0);
        (void)alone_step(a, data, NULL, 0);
        assert_int_not_equal(alone_step(a, (riv_bytes){ spoilt, data.len }, NULL, 0).ret_code, 0);
        (void)alone_step(a, (riv_bytes){ 0 }, &(avm_call_result){ .id = 9, .result = RIV_LIT("7") }, 1);
        most = RIV_MAX(most, avm_session_bytes(a->s));
    }
    if (most > 2 * start + (96u << 10)) fail_msg("%zu bytes became %zu", start, most);
    uint64_t resumed =
        avm_session_stats_of(a->s).resumed; /* answers that did not decode leave the checkpoint where it is */
    a->in.results_error = RIV_LIT("broken");
    assert_int_equal(alone_step(a, (riv_bytes){ 0 }, NULL, 0).ret_code, 5);
    a->in.results_error = RIV_LIT("");
    assert_int_equal(alone_step(a, (riv_bytes){ 0 }, NULL, 0).ret_code, 0);
    assert_int_equal(avm_session_stats_of(a->s).resumed, resumed + 1);
    lockstep_same_data(a->s, data);
    assert_int_equal(avm_session_stats_of(a->s).signed_anew, 1);
    alone_close(a);
}

/* What a session holds stays within a multiple of its data. */
static void test_memory_grows_with_data(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    riv_buf    text  = riv_buf_in(arena);
    enum { CALLS = 400 };
    for (int i = 0; i < CALLS; i++) riv_putf(&text, "(seq (call @A (\"s\" \"f\") [%d] x%d) ", i, i);
    riv_put_str(&text, RIV_LIT("(null)"));
    for (int i = 0; i < CALLS; i++) riv_put_u8(&text, ')');
    riv_put_u8(&text, 0);
    alone    *a     = alone_open((riv_bytes){ 0 }, (const char *)text.ptr);
    riv_fault fault = { 0 };
    riv_bytes data;
    (void)alone_step(a, (riv_bytes){ 0 }, NULL, 0);
    for (uint32_t i = 1; i <= CALLS; i++) {
        avm_call_result one = { .id = i, .result = riv_format(a->arena, "\"answer %u\"", i) };
        assert_int_equal(alone_step(a, (riv_bytes){ 0 }, &one, 1).ret_code, 0);
    }
    size_t held = avm_session_bytes(a->s);
    assert_int_equal(avm_session_data(a->s, &fault, &data), RIV_OK);
    if (held > 16 * data.len + (1u << 18)) fail_msg("%zu bytes for data of %zu", held, data.len);
    assert_true(avm_session_stats_of(a->s).resumed > CALLS - 20);
    alone_close(a);
    riv_arena_free(arena);
}

/* A run that computes much and leaves little: the memory that it took is not kept. */
static void test_memory_of_a_hungry_run(void **state)
{
    enum { ITEMS = 60 };
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    riv_buf    list  = riv_buf_in(arena);
    for (int i = 0; i < ITEMS; i++) riv_putf(&list, "%c%d", i ? ',' : '[', i);
    riv_put_u8(&list, ']');
    alone          *a     = alone_open((riv_bytes){ 0 },
                                       "(seq (call @A (\"s\" \"f\") [] l) (par (call @A (\"s\" \"g\") [] y) (fold l i (seq "
                                                    "(fold l j (seq (fold l k (seq (ap [] x) (next k))) (next j))) (next i)))))");
    riv_fault       fault = { 0 };
    riv_bytes       data;
    avm_call_result one = { .id = 1, .result = riv_buf_str(&list) }, two = { .id = 2, .result = RIV_LIT("2") };
    (void)alone_step(a, (riv_bytes){ 0 }, NULL, 0);
    avm_session *resumed = a->s;
    assert_int_equal(alone_step(a, (riv_bytes){ 0 }, &one, 1).ret_code, 0);
    size_t held = avm_session_bytes(a->s);
    assert_int_equal(avm_session_data(a->s, &fault, &data), RIV_OK);
    if (held > 16 * data.len + (5u << 19)) fail_msg("%zu bytes for data of %zu", held, data.len);
    a->s = avm_session_new(data); /* and where that is the first run in it */
    assert_int_equal(alone_step(a, (riv_bytes){ 0 }, &two, 1).ret_code, 0);
    held = avm_session_bytes(a->s);
    avm_session_free(resumed);
    assert_int_equal(avm_session_data(a->s, &fault, &data), RIV_OK);
    if (held > 16 * data.len + (5u << 19)) fail_msg("%zu bytes for data of %zu", held, data.len);
    alone_close(a);
    riv_arena_free(arena);
}

/* ---- stored data that is spoilt ---- */

static void test_spoilt_store(void **state)
{
    (void)state;
    const char *script =
        "(seq (call @A (\"s\" \"id\") [1] x) (seq (ap x $s) (seq (canon @A $s #c) (par (call @A (\"s\" \"f\") [x #c] "
        "y) (call @A (\"s\" \"g\") [y])))))";
    alone    *maker = alone_open((riv_bytes){ 0 }, script);
    riv_fault fault = { 0 };
    riv_bytes data;
    riv_prng  prng = riv_prng_seed(4);
    (void)alone_step(maker, (riv_bytes){ 0 }, NULL, 0);
    (void)alone_step(maker, (riv_bytes){ 0 }, &(avm_call_result){ .id = 1, .result = RIV_LIT("5") }, 1);
    assert_int_equal(avm_session_data(maker->s, &fault, &data), RIV_OK);
    for (int i = 0; i < 3000; i++) {
        uint8_t *copy = riv_arena_alloc_raw(maker->arena, data.len, 1);
        memcpy(copy, data.ptr, data.len);
        copy[riv_prng_below(&prng, data.len)] ^= (uint8_t)(1 + riv_prng_below(&prng, 255));
        riv_bytes store = { copy, riv_prng_below(&prng, 20) ? data.len : (size_t)riv_prng_below(&prng, data.len) };
        alone    *a     = alone_open(store, script);
        for (uint32_t id = 2; id < 5; id++) { /* twice the answer, then nothing new */
            avm_call_result one  = { .id = id < 4 ? 2 : 0, .result = RIV_LIT("{\"a\":[]}") };
            size_t          many = id < 4 ? 1 : 0;
            avm_output      want, got = alone_step(a, (riv_bytes){ 0 }, &one, many);
            a->in.prev = store;
            assert_int_equal(avm_run(&a->in, a->arena, &fault, &want), RIV_OK);
            lockstep_same_output(&want, &got);
            lockstep_same_data(a->s, want.data);
            store = want.data;
        }
        alone_close(a);
    }
    alone_close(maker);
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
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_made_up),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_memory_grows_with_data),
        cmocka_unit_test(test_memory_of_a_hungry_run),
        cmocka_unit_test(test_spoilt_store),
        cmocka_unit_test(test_other_particles),
    };
    return cmocka_run_group_tests(tests, open_crypto, NULL);
}
