/* world_check.c: what must hold in every simulated world, whatever was drawn. A broken rule ends the run with the seed and the step.
 * Spec: docs/sim.md "Checkers". Tests: world_test.c. */
#include "sim/world_internal.h"

#include "avm/avm.h"
#include "codec/archive.h"

void sim__world_broken(sim_world *w, const char *format, ...)
{
    if (w->fault.err) return;
    va_list args;
    va_start(args, format);
    riv_str what = riv_vformat(w->scratch, format, args);
    va_end(args);
    (void)riv_fail(&w->fault, RIV_E_CONFLICT, w->steps, "seed %llu, step %llu, %llu ms: " RIV_FMT,
                   (unsigned long long)w->config.seed, (unsigned long long)w->steps,
                   (unsigned long long)(w->now_ms - WORLD_START_MS), RIV_ARG(what));
    LOG_ERROR(w->config.log, "sim.broken", LOG_U64("seed", w->config.seed), LOG_U64("step", w->steps),
              LOG_STR("rule", what));
}

static bool over(const sim_world *w, uint64_t timestamp_ms, uint32_t ttl_ms)
{
    return w->now_ms > timestamp_ms + ttl_ms;
}

/* No particle is acted on after its deadline. */
void sim__world_check_job(sim_world *w, const world_node *at, const node_job *job)
{
    bool late = job->kind == NODE_JOB_AVM ? over(w, job->avm.params.timestamp_ms, job->avm.params.ttl_ms)
                                          : over(w, job->call.timestamp_ms, job->call.ttl_ms);
    if (late) sim__world_broken(w, "node " RIV_FMT " began a job for an expired particle", RIV_ARG(at->name));
}

static const riv_json *readable(riv_arena *a, riv_bytes data)
{
    archive_data decoded = { 0 };
    return archive_read(data, a, NULL, &decoded) ? NULL : archive_json(&decoded, a);
}

/* Merging a trace with itself changes nothing. */
static void check_idempotent(sim_world *w, riv_arena *a, const node_job *job)
{
    avm_input  in    = job->avm;
    avm_output again = { 0 };
    riv_fault  fault = { 0 };
    in.prev = in.cur = job->avm_out.data;
    in.results       = NULL;
    in.results_count = 0;
    if (avm_run(&in, a, &fault, &again)) {
        sim__world_broken(w, "a trace merged with itself spends the budget: %s", fault.msg);
        return;
    }
    const riv_json *before = readable(a, job->avm_out.data), *after = readable(a, again.data);
    if (again.ret_code != job->avm_out.ret_code)
        sim__world_broken(w, "a trace merged with itself ends with %lld: " RIV_FMT, (long long)again.ret_code,
                          RIV_ARG(again.error_message));
    else if (again.next_peers_count || again.call_requests_count)
        sim__world_broken(w, "a trace merged with itself asks for calls or peers again");
    else if (!before || !after || !riv_json_eq(before, after))
        sim__world_broken(w, "a trace merged with itself changes");
}

void sim__world_check_result(sim_world *w, const node_job *job)
{
    riv_fault fault = { 0 };
    if (job->err) {
        sim__world_broken(w, "an interpreter run spent its budget: %s", job->fault.msg);
        return;
    }
    if (job->avm_out.ret_code || !job->avm_out.data.len || w->runs++ % WORLD_CHECK_EVERY) return;
    riv_arena *a = riv_arena_new(0);
    w->counts.checks++;
    if (avm_verify(job->avm_out.data, job->avm.params.particle_id, a, &fault))
        sim__world_broken(w, "a trace that was made here does not verify: %s", fault.msg);
    else
        check_idempotent(w, a, job);
    riv_arena_free(a);
}

void sim__world_check_reply(sim_world *w, const world_request *r, const node_effect *reply)
{
    if (!r)
        sim__world_broken(w, "a reply to request %llu, which is not open", (unsigned long long)reply->request);
    else if (reply->reply == NODE_REPLY_EXPIRED && r->answered)
        sim__world_broken(w, "request %llu expired although it was answered", (unsigned long long)reply->request);
    else if (reply->reply != NODE_REPLY_EXPIRED && w->now_ms > r->deadline_ms)
        sim__world_broken(w, "request %llu got a reply after its deadline", (unsigned long long)reply->request);
    else if (!reply->json)
        sim__world_broken(w, "request %llu got a reply without a content", (unsigned long long)reply->request);
}

void sim__world_check_caps(sim_world *w, const world_node *at)
{
    node_stats s = node_stats_of(at->mind);
    if (s.particles > NODE_PARTICLES_MAX || s.stored_bytes > NODE_PARTICLE_BYTES ||
        s.waiting > s.particles * NODE_WAITING_MAX || s.links > P2P_LINKS_MAX)
        sim__world_broken(w, "node " RIV_FMT " holds more than its caps allow", RIV_ARG(at->name));
    if (s.particles == 0 && s.stored_bytes)
        sim__world_broken(w, "node " RIV_FMT " counts bytes of no particle", RIV_ARG(at->name));
}

/* Every request of the API ends in a reply: at rest, or a little after its deadline. */
void sim__world_check_requests(sim_world *w, bool at_rest)
{
    w->check_at_ms = UINT64_MAX;
    for (size_t i = 0; i < w->requests.len; i++) {
        const world_request *r = &w->requests.ptr[i];
        if (!r->taken || r->over || r->answered) continue;
        uint64_t latest_ms = r->deadline_ms + WORLD_REPLY_MARGIN_MS;
        if (at_rest || w->now_ms >= latest_ms)
            sim__world_broken(w, "request %llu never got a reply", (unsigned long long)r->number);
        w->check_at_ms = RIV_MIN(w->check_at_ms, latest_ms);
    }
}
