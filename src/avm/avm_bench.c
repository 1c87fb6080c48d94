/* avm_bench.c: microseconds of one invoke for typical scripts; grows with the trace only linearly. */
#include <stdio.h>
#include <time.h>

#include "avm/testnet.h"

static double now_us(void)
{
    struct timespec t;
    (void)timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

typedef struct step {
    riv_bytes              prev, cur;
    const avm_call_result *results;
    size_t                 count;
} step;

/* The same invoke again and again, on an arena of its own. */
static avm_output measure(testnet *net, const char *name, const step *s, unsigned rounds)
{
    avm_output out         = { 0 };
    avm_input  in          = { .script        = net->script,
                               .prev          = s->prev,
                               .cur           = s->cur,
                               .results       = s->results,
                               .results_count = s->count,
                               .params        = net->params };
    riv_arena *arena       = riv_arena_new(0);
    riv_fault  fault       = { 0 };
    in.params.init_peer_id = in.params.current_peer_id = net->peer[0].id;
    in.params.secret                                   = net->peer[0].secret;
    double start                                       = now_us();
    for (unsigned i = 0; i < rounds; i++) {
        riv_arena_reset(arena);
        if (avm_run(&in, arena, &fault, &out)) {
            (void)printf("%s: %s\n", name, fault.msg);
            break;
        }
    }
    double us = (now_us() - start) / rounds;
    (void)printf("%-44s %10.1f us   code %lld, data %zu bytes, %zu signatures checked, arena %zu KiB\n", name, us,
                 (long long)out.ret_code, out.data.len, out.signatures_checked, riv_arena_used(arena) / 1024);
    out.data = riv_bytes_dup(net->arena, out.data);
    riv_arena_free(arena);
    return out;
}

static const char *many(riv_arena *arena, const char *op, unsigned count, const char *call)
{
    riv_buf out = riv_buf_in(arena);
    for (unsigned i = 0; i < count; i++) riv_putf(&out, "(%s %s ", op, call);
    riv_put_str(&out, RIV_LIT("(null)"));
    for (unsigned i = 0; i < count; i++) riv_put_u8(&out, ')');
    riv_put_u8(&out, 0);
    return (const char *)out.ptr;
}

static avm_call_result *answers(riv_arena *arena, unsigned count)
{
    avm_call_result *r = riv_new(arena, avm_call_result, count);
    for (unsigned i = 0; i < count; i++) r[i] = (avm_call_result){ .id = i + 1, .result = RIV_LIT("\"ok\"") };
    return r;
}

static void bench_par(unsigned count)
{
    testnet    net;
    riv_arena *arena = riv_arena_new(0);
    char       name[64];
    testnet_init(&net, arena, many(arena, "par", count, "(call @A (\"s\" \"f\") [\"x\"] $s)"));
    (void)snprintf(name, sizeof name, "par of %u calls: requests", count);
    avm_output out = measure(&net, name, &(step){ 0 }, 10);
    (void)snprintf(name, sizeof name, "par of %u calls: results", count);
    out = measure(&net, name, &(step){ .prev = out.data, .results = answers(arena, count), .count = count }, 10);
    (void)snprintf(name, sizeof name, "par of %u calls: replay", count);
    (void)measure(&net, name, &(step){ .prev = out.data }, 10);
    (void)snprintf(name, sizeof name, "par of %u calls: merge with itself", count);
    (void)measure(&net, name, &(step){ .prev = out.data, .cur = out.data }, 10);
    (void)snprintf(name, sizeof name, "par of %u calls: all from another peer", count);
    (void)measure(&net, name, &(step){ .cur = out.data }, 10);
    riv_arena_free(arena);
}

static void bench_seq(unsigned count)
{
    testnet    net;
    riv_arena *arena = riv_arena_new(0);
    char       name[64];
    avm_output out;
    riv_fault  fault = { 0 };
    testnet_init(&net, arena, many(arena, "seq", count, "(call @A (\"s\" \"f\") [\"x\"])"));
    double start = now_us();
    (void)testnet_invoke(&net, 0, (riv_bytes){ 0 }, NULL, 0, &fault, &out);
    for (unsigned i = 1; i <= count; i++) {
        avm_call_result r = { .id = i, .result = RIV_LIT("\"ok\"") };
        if (testnet_invoke(&net, 0, (riv_bytes){ 0 }, &r, 1, &fault, &out)) break;
    }
    (void)printf("seq of %u calls: %.1f ms for all %zu invokes\n", count, (now_us() - start) / 1e3, net.invokes);
    (void)snprintf(name, sizeof name, "seq of %u calls: replay", count);
    (void)measure(&net, name, &(step){ .prev = out.data }, 10);
    riv_arena_free(arena);
}

static void bench_fold(unsigned count, const char *op)
{
    testnet    net;
    riv_arena *arena = riv_arena_new(0);
    char       name[64], script[256];
    riv_buf    list = riv_buf_in(arena);
    riv_put_u8(&list, '[');
    for (unsigned i = 0; i < count; i++) riv_putf(&list, "%s%u", i ? "," : "", i);
    riv_put_u8(&list, ']');
    (void)snprintf(script, sizeof script,
                   "(seq (call @A (\"s\" \"l\") [] l) (fold l i (%s (call @B (\"s\" \"f\") [i]) (next i))))", op);
    testnet_init(&net, arena, script);
    avm_output      out = measure(&net, "one call: request", &(step){ 0 }, 1000);
    avm_call_result r   = { .id = 1, .result = riv_buf_str(&list) };
    (void)snprintf(name, sizeof name, "fold over %u with %s: first run", count, op);
    (void)measure(&net, name, &(step){ .prev = out.data, .results = &r, .count = 1 }, 5);
    riv_arena_free(arena);
}

/* ---- sessions ---- */

static void session_step(avm_session *s, const avm_input *in, riv_arena *arena, avm_output *out)
{
    riv_fault fault = { 0 };
    riv_arena_reset(arena);
    if (avm_session_step(s, in, arena, &fault, out)) (void)printf("session: %s\n", fault.msg);
}

static void session_data(avm_session *s, riv_bytes *out)
{
    riv_fault fault = { 0 };
    if (avm_session_data(s, &fault, out)) (void)printf("session: %s\n", fault.msg);
}

static avm_input session_input(const testnet *net)
{
    avm_input in           = { .script = net->script, .params = net->params };
    in.params.init_peer_id = in.params.current_peer_id = net->peer[0].id;
    in.params.secret                                   = net->peer[0].secret;
    return in;
}

/* One call, asked for and answered by avm_run: what the rest is measured by. */
static double bench_one_call(void)
{
    enum { ROUNDS = 2000 };
    testnet    net;
    riv_arena *arena = riv_arena_new(0), *run = riv_arena_new(0);
    riv_fault  fault = { 0 };
    testnet_init(&net, arena, "(call @A (\"s\" \"f\") [\"x\"])");
    avm_input       in     = session_input(&net);
    avm_call_result answer = { .id = 1, .result = RIV_LIT("\"ok\"") };
    double          start  = now_us();
    for (int i = 0; i < ROUNDS; i++) {
        avm_output out;
        riv_arena_reset(run);
        in.prev          = (riv_bytes){ 0 };
        in.results_count = 0;
        if (avm_run(&in, run, &fault, &out)) break;
        in.prev          = out.data;
        in.results       = &answer;
        in.results_count = 1;
        if (avm_run(&in, run, &fault, &out)) break;
    }
    double us = (now_us() - start) / ROUNDS;
    (void)printf("one call, asked for and answered: %.1f us\n", us);
    riv_arena_free(run);
    riv_arena_free(arena);
    return us;
}

/* A script whose calls are answered one at a time, in a session; encoded at the end. */
static void bench_session(const char *name, const char *script, unsigned count, double one_call)
{
    testnet    net;
    riv_arena *arena = riv_arena_new(0), *run = riv_arena_new(0);
    riv_bytes  data;
    avm_output out;
    testnet_init(&net, arena, script);
    avm_input    in    = session_input(&net);
    avm_session *s     = avm_session_new((riv_bytes){ 0 });
    double       start = now_us();
    size_t       most  = 0;
    session_step(s, &in, run, &out);
    for (unsigned i = 1; i <= count; i++) {
        avm_call_result answer = { .id = i, .result = RIV_LIT("\"ok\"") };
        in.results             = &answer;
        in.results_count       = 1;
        session_step(s, &in, run, &out);
        most = RIV_MAX(most, avm_session_bytes(s));
    }
    session_data(s, &data);
    double            us    = now_us() - start;
    avm_session_stats stats = avm_session_stats_of(s);
    (void)printf(
        "%-44s %10.1f us   %.0f x one call; data %zu bytes, %llu resumed, %llu replayed, %llu encoded, at most %zu "
        "KiB\n",
        name, us, us / one_call, data.len, (unsigned long long)stats.resumed, (unsigned long long)stats.replayed,
        (unsigned long long)stats.encoded, most / 1024);
    avm_session_free(s);
    riv_arena_free(run);
    riv_arena_free(arena);
}

static void bench_nothing_new(void)
{
    enum { ROUNDS = 20000 };
    testnet    net;
    riv_arena *arena = riv_arena_new(0), *run = riv_arena_new(0);
    riv_bytes  data;
    avm_output out;
    testnet_init(&net, arena, "(null)");
    avm_input    in    = session_input(&net);
    avm_session *s     = avm_session_new((riv_bytes){ 0 });
    double       start = now_us();
    for (int i = 0; i < ROUNDS; i++) {
        session_step(s, &in, run, &out);
        session_data(s, &data);
    }
    avm_session_stats stats = avm_session_stats_of(s);
    (void)printf("%-44s %10.1f us   with data; %llu encoded, %llu signed, %zu KiB\n", "session: null, again and again",
                 (now_us() - start) / ROUNDS, (unsigned long long)stats.encoded, (unsigned long long)stats.signed_anew,
                 avm_session_bytes(s) / 1024);
    avm_session_free(s);
    riv_arena_free(run);
    riv_arena_free(arena);
}

static void bench_sessions(void)
{
    enum { COUNT = 1000 };
    riv_arena *arena    = riv_arena_new(0);
    double     one_call = bench_one_call();
    bench_nothing_new();
    bench_session("session: seq of 1,000 to its end", many(arena, "seq", COUNT, "(call @A (\"s\" \"f\") [\"x\"])"),
                  COUNT, one_call);
    bench_session("session: seq of 1,000 with results", many(arena, "seq", COUNT, "(call @A (\"s\" \"f\") [\"x\"] $s)"),
                  COUNT, one_call);
    bench_session("session: par of 1,000 answered one by one",
                  many(arena, "par", COUNT, "(call @A (\"s\" \"f\") [\"x\"])"), COUNT, one_call);
    riv_arena_free(arena);
}

int main(void)
{
    riv_fault fault = { 0 };
    if (crypto_init(&fault)) return 1;
    riv_arena *arena = riv_arena_new(0);
    testnet    net;
    testnet_init(&net, arena, "(null)");
    (void)measure(&net, "null", &(step){ 0 }, 2000);
    testnet_init(&net, arena, "(call @A (\"s\" \"f\") [] x)");
    avm_output out = measure(&net, "one call: request", &(step){ 0 }, 2000);
    (void)measure(&net, "one call: result", &(step){ .prev = out.data, .results = answers(arena, 1), .count = 1 },
                  2000);
    riv_arena_free(arena);
    bench_sessions();
    bench_par(100);
    bench_par(1000);
    bench_seq(100);
    bench_seq(1000);
    bench_fold(1000, "par");
    bench_fold(10000, "par");
    bench_fold(10000, "seq");
    return 0;
}
