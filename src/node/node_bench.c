/* node_bench.c: particles through one node: decrypted, decoded, verified, run twice around a built-in call, signed, stored, sent on.
 * The remote peer, its key and its side of the link run in the same thread; their time is told apart.
 * Then one particle with many calls, one after the other, to see that a step costs what is new and not what is old. */
#include "node/testing.h"

#include <stdio.h>
#include <time.h>

enum { PARTICLES = 3000 };

/* Of this process, not of the wall: other programs may run beside. */
static double seconds(void) { return (double)clock() / CLOCKS_PER_SEC; }

static p2p_particle *prepare(rig *r)
{
    p2p_particle *all = riv_new(r->arena, p2p_particle, PARTICLES);
    codec_peer    me  = node_peer(r->n);
    riv_str       script =
        riv_format(r->arena,
                   "(seq (call \"" RIV_FMT
                   "\" (\"op\" \"identity\") [\"payload\"] x) (call %%init_peer_id%% (\"out\" \"put\") [x]))",
                   RIV_ARG(codec_peer_text(r->arena, &me)));
    for (size_t i = 0; i < PARTICLES; i++)
        all[i] = rig_particle(r, riv_cstr(r->arena, riv_format(r->arena, "particle-%zu", i)),
                              riv_cstr(r->arena, script), 600000);
    return all;
}

static void answer(node_job *job) { job->result = RIV_LIT("\"done\""); }

/* Every other call is a built-in, the others are of a service that answers at once. */
static riv_str chain(riv_arena *a, size_t calls)
{
    riv_buf script = riv_buf_in(a);
    for (size_t i = 0; i < calls; i++)
        riv_putf(&script, "(seq (call %%init_peer_id%% (\"%s\" \"identity\") [%zu]) ", i % 2 ? "bench" : "op", i);
    riv_putf(&script, "(call %%init_peer_id%% (\"callbackSrv\" \"response\") [\"end\"])");
    for (size_t i = 0; i < calls; i++) riv_put_u8(&script, ')');
    riv_put_u8(&script, 0);
    return riv_buf_str(&script);
}

/* us for a whole particle: node, interpreter, and the bench's own store, which copies each record; the mean of some. */
static double bench_chain(size_t calls, uint64_t particles)
{
    static const node_service service = { RIV_LIT_INIT("bench"), NULL, 0, { 0 } };
    rig                       r;
    rig_init(&r, &service, 1);
    r.sink.write   = NULL;
    r.call         = answer;
    riv_str script = chain(r.arena, calls);
    r.seconds      = seconds;
    double start   = seconds();
    for (uint64_t i = 0; i < particles; i++) rig_run(&r, i, script.ptr, NULL, 600000);
    double     us = (seconds() - start) * 1e6 / (double)particles;
    node_stats s  = node_stats_of(r.n);
    printf("%4zu calls in turn: %.0f us a particle, of which interpreter %.0f us; %.0f runs, %.0f times encoded, "
           "%zu bytes to the store, %.0f bytes of session\n",
           calls, us, r.avm_s * 1e6 / (double)particles, (double)s.runs / (double)particles,
           (double)s.encoded / (double)particles, r.store_bytes / particles,
           (double)s.session_bytes / (double)RIV_MAX(s.sessions, 1u));
    bool good = r.replies.len == particles;
    for (size_t i = 0; i < r.replies.len; i++) good &= r.replies.ptr[i].kind == NODE_REPLY_RESPONSE;
    rig_deinit(&r);
    if (!good) printf("a particle did not end\n");
    return good ? us : -1;
}

static bool bench_particles(void)
{
    rig r;
    rig_init(&r, NULL, 0);
    r.sink.write = NULL;
    rig_link(&r);
    p2p_particle *all = prepare(&r);
    r.seconds         = seconds;
    double start      = seconds();
    for (size_t i = 0; i < PARTICLES; i++) rig_send(&r, &all[i]);
    double     whole = seconds() - start;
    node_stats s     = node_stats_of(r.n);
    printf("%d particles in, %llu sent on, %llu interpreter runs, %llu signatures checked\n", PARTICLES,
           (unsigned long long)s.sent, (unsigned long long)s.runs, (unsigned long long)s.signatures_checked);
    printf("%.0f particles/s on one core, of which: node and link %.0f us, interpreter %.0f us, the remote peer's side "
           "%.0f us each\n",
           PARTICLES / whole, r.step_s * 1e6 / PARTICLES, r.avm_s * 1e6 / PARTICLES,
           (whole - r.step_s - r.avm_s) * 1e6 / PARTICLES);
    printf("%.0f particles/s if only this node's share counts\n", PARTICLES / (r.step_s + r.avm_s));
    rig_deinit(&r);
    return s.sent == PARTICLES;
}

int main(void)
{
    bool   good = bench_particles();
    double one = bench_chain(1, 500), thousand = bench_chain(1000, 5);
    printf("1,000 calls cost %.0f times one call\n", thousand / one);
    return good && one > 0 && thousand > 0 ? 0 : 1;
}
