/* node_bench.c: particles through one node: decrypted, decoded, verified, run twice around a built-in call, signed, stored, sent on.
 * The remote peer, its key and its side of the link run in the same thread; their time is told apart. */
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

int main(void)
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
    return s.sent == PARTICLES ? 0 : 1;
}
