/* work_test.c: jobs of both kinds run to their end, and what goes wrong becomes a result. The service is examples/hello/greeting.c,
 * built by tests/sim/tests.cmake. */
#include "work/work.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static node_job *new_job(node_job_kind kind)
{
    riv_arena *a   = riv_arena_new(0);
    node_job  *job = riv_new(a, node_job, 1);
    job->kind      = kind;
    job->arena     = a;
    return job;
}

static uint64_t ticks(void *ctx) { return *(uint64_t *)ctx += 7; }

static void runs_the_interpreter(void **state)
{
    (void)state;
    uint64_t  clock                 = 0;
    node_job *job                   = new_job(NODE_JOB_AVM);
    work_env  env                   = { .now_us = ticks, .ctx = &clock };
    job->avm.script                 = RIV_LIT("(call \"somebody\" (\"a\" \"b\") [])");
    job->avm.params.init_peer_id    = RIV_LIT("me");
    job->avm.params.current_peer_id = RIV_LIT("me");
    job->avm.params.particle_id     = RIV_LIT("p");
    work_run(job, &env);
    assert_int_equal(job->err, RIV_OK);
    assert_int_equal(job->avm_out.ret_code, 0);
    assert_int_equal(job->avm_out.next_peers_count, 1);
    assert_int_equal(job->time_us, 7);
    node_job_free(job);
}

static node_job *step_job(avm_session *session, const avm_call_result *result)
{
    node_job *job                   = new_job(NODE_JOB_AVM);
    job->session                    = session;
    job->avm.script                 = RIV_LIT("(seq (seq (call \"me\" (\"a\" \"b\") []) (call \"me\" (\"a\" \"c\") []))"
                                                              " (call \"you\" (\"a\" \"d\") []))");
    job->avm.params.init_peer_id    = RIV_LIT("me");
    job->avm.params.current_peer_id = RIV_LIT("me");
    job->avm.params.particle_id     = RIV_LIT("p");
    job->avm.results                = result;
    job->avm.results_count          = result != NULL;
    return job;
}

/* When it arrived, when it leaves, when it is asked for, and then only; a refused arrival leaves what there was. */
static void data_is_encoded_when_it_must_be(void **state)
{
    (void)state;
    static const avm_call_result results[] = { { 1, 0, RIV_LIT_INIT("1") }, { 2, 0, RIV_LIT_INIT("2") } };
    avm_session                 *session   = NULL;
    riv_arena                   *a         = riv_arena_new(0);
    riv_bytes                    before    = { 0 };
    for (int step = 0; step < 5; step++) {
        node_job *job  = step_job(session, step == 1 ? &results[0] : step == 4 ? &results[1] : NULL);
        job->only_data = step == 2;
        if (step == 3) job->avm.cur = RIV_BYTES("no data");
        work_run(job, NULL);
        assert_int_equal(job->err, RIV_OK);
        assert_false(job->lost);
        assert_int_equal(job->avm_out.ret_code, step == 3 ? 3 : 0);
        assert_int_equal(job->avm_out.call_requests_count, step < 2);
        assert_int_equal(job->avm_out.next_peers_count, step == 4);
        assert_int_equal(job->has_data, step != 1 && step != 3);
        if (step == 3) assert_true(riv_bytes_eq(job->avm.prev, before));
        if (job->has_data) before = riv_bytes_dup(a, job->avm_out.data);
        assert_non_null(job->session);
        session      = job->session;
        job->session = NULL; /* goes back to its particle */
        node_job_free(job);
    }
    avm_session_free(session);
    riv_arena_free(a);
}

static void a_budget_that_is_spent_is_told(void **state)
{
    (void)state;
    node_job *job                   = new_job(NODE_JOB_AVM);
    job->avm.script                 = RIV_LIT("(seq (null) (null))");
    job->avm.params.init_peer_id    = RIV_LIT("me");
    job->avm.params.current_peer_id = RIV_LIT("me");
    job->avm.params.steps_max       = 1;
    work_run(job, NULL);
    assert_int_equal(job->err, RIV_E_LIMIT);
    assert_true(job->fault.msg[0] != 0);
    assert_int_equal(job->time_us, 0);
    node_job_free(job);
}

static void a_service_that_is_not_there(void **state)
{
    (void)state;
    marine_service *const none[] = { NULL };
    const work_env        envs[] = { { .services_count = 0 }, { .services = none, .services_count = 1 } };
    for (size_t i = 0; i < RIV_COUNT(envs); i++) {
        node_job *job        = new_job(NODE_JOB_CALL);
        job->call.service_id = RIV_LIT("ghost");
        work_run(job, &envs[i]);
        assert_int_equal(job->err, RIV_E_NOT_FOUND);
        assert_string_equal(job->fault.msg, "service ghost is not loaded here");
        node_job_free(job);
    }
}

static riv_bytes read_file(riv_arena *a, const char *path)
{
    enum { MAX = 4 << 20 };
    uint8_t *bytes = riv_new(a, uint8_t, MAX);
    FILE    *f     = fopen(path, "rb");
    if (!f) fail_msg("cannot read %s", path);
    size_t len = fread(bytes, 1, MAX, f);
    fclose(f);
    return (riv_bytes){ bytes, len };
}

typedef struct greeter {
    riv_arena      *arena;
    marine_engine  *engine;
    marine_module  *module;
    marine_service *service;
} greeter;

static greeter make_greeter(void)
{
    greeter   g     = { .arena = riv_arena_new(0) };
    riv_fault fault = { 0 };
    riv_buf   wasm  = riv_buf_in(g.arena);
    assert_int_equal(marine_engine_new(&fault, &g.engine), RIV_OK);
    assert_int_equal(marine_embed(read_file(g.arena, RIV_BINARY_DIR "/tests/greeting.wasm"), &fault, &wasm), RIV_OK);
    assert_int_equal(marine_module_new(g.engine, riv_buf_view(&wasm), &fault, &g.module), RIV_OK);
    marine_module_config  modules[] = { { .name = RIV_LIT("greeting"), .module = g.module } };
    marine_service_config config    = { .modules = modules, .modules_count = 1 };
    assert_int_equal(marine_service_new(g.engine, &config, &fault, &g.service), RIV_OK);
    return g;
}

static void free_greeter(greeter *g)
{
    marine_service_free(g->service);
    marine_module_free(g->module);
    marine_engine_free(g->engine);
    riv_arena_free(g->arena);
}

static node_job *greet(const greeter *g, const char *function, const char *args, uint64_t fuel)
{
    marine_service *const services[] = { g->service };
    const work_env        env        = { .services = services, .services_count = 1, .call_fuel = fuel };
    node_job             *job        = new_job(NODE_JOB_CALL);
    job->call.service_id             = RIV_LIT("greeting");
    job->call.function               = riv_str_c(function);
    assert_int_equal(riv_json_parse(riv_str_c(args), job->arena, NULL, &job->call.args), RIV_OK);
    work_run(job, &env);
    return job;
}

static void calls_a_real_service(void **state)
{
    (void)state;
    greeter   g   = make_greeter();
    node_job *job = greet(&g, "greeting", "[\"you\"]", 0);
    assert_int_equal(job->err, RIV_OK);
    assert_string_equal(riv_cstr(job->arena, job->result), "\"Hi, you\"");
    assert_true(job->fuel > 0);
    node_job_free(job);

    static const struct {
        const char *function, *args;
        uint64_t    fuel;
    } bad[] = {
        { "nothing", "[]", 0 }, { "greeting", "[]", 0 }, { "greeting", "[7]", 0 }, { "greeting", "[\"you\"]", 10 }
    };
    for (size_t i = 0; i < RIV_COUNT(bad); i++) {
        job = greet(&g, bad[i].function, bad[i].args, bad[i].fuel);
        assert_true(job->err != RIV_OK);
        assert_true(job->fault.msg[0] != 0);
        node_job_free(job);
    }
    job = greet(&g, "greeting", "[\"again\"]", 0); /* a failure before does not spoil it */
    assert_string_equal(riv_cstr(job->arena, job->result), "\"Hi, again\"");
    node_job_free(job);
    free_greeter(&g);
}

/* A service may hand over 256 MiB of values; what becomes of them here is bounded too. */
static void a_result_too_large_is_told(void **state)
{
    (void)state;
    enum { NAME_BYTES = WORK_RESULT_BYTES_MAX + 1 };
    greeter g    = make_greeter();
    char   *args = riv_alloc(NAME_BYTES + 5);
    memset(args, 'a', NAME_BYTES + 2);
    memcpy(args, "[\"", 2);
    memcpy(args + NAME_BYTES + 2, "\"]", 3);
    node_job *job = greet(&g, "greeting", args, 0);
    assert_int_equal(job->err, RIV_E_LIMIT);
    assert_string_equal(job->fault.msg,
                        "function greeting: result of 67108869 values does not fit in 67108864 bytes of memory");
    node_job_free(job);
    riv_free(args);
    free_greeter(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_the_interpreter),           cmocka_unit_test(data_is_encoded_when_it_must_be),
        cmocka_unit_test(a_budget_that_is_spent_is_told), cmocka_unit_test(a_service_that_is_not_there),
        cmocka_unit_test(calls_a_real_service),           cmocka_unit_test(a_result_too_large_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
