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
static void check_idempotent(sim_world *w, const world_run *run, riv_bytes data, const avm_output *out)
{
    avm_input  in    = run->in;
    avm_output again = { 0 };
    riv_fault  fault = { 0 };
    in.prev = in.cur = data;
    in.results       = NULL;
    in.results_count = 0;
    if (avm_run(&in, run->arena, &fault, &again)) {
        sim__world_broken(w, "a trace merged with itself spends the budget: %s", fault.msg);
        return;
    }
    const riv_json *before = readable(run->arena, data), *after = readable(run->arena, again.data);
    if (again.ret_code != out->ret_code)
        sim__world_broken(w, "a trace merged with itself ends with %lld: " RIV_FMT, (long long)again.ret_code,
                          RIV_ARG(again.error_message));
    else if (again.next_peers_count || again.call_requests_count)
        sim__world_broken(w, "a trace merged with itself asks for calls or peers again");
    else if (!before || !after || !riv_json_eq(before, after))
        sim__world_broken(w, "a trace merged with itself changes");
}

/* Results that a trace holds, by content id and sorted: of calls, and of those canons that one of the merged traces had already. */
typedef RIV_VEC(riv_str) id_list;

static bool is_result(const archive_state *s)
{
    return (s->kind == ARCHIVE_CALL && s->call != ARCHIVE_CALL_REQUEST) ||
           (s->kind == ARCHIVE_CANON && s->canon_executed);
}

static void note_ids(riv_arena *a, riv_bytes data, riv_map *known)
{
    archive_data decoded = { 0 };
    if (archive_read(data, a, NULL, &decoded)) return;
    for (size_t i = 0; i < decoded.trace_count; i++)
        if (is_result(&decoded.trace[i])) riv_map_put_str(known, decoded.trace[i].cid, known);
}

static id_list results_in(riv_arena *a, riv_bytes data, const riv_map *known)
{
    id_list      all = { 0 }, sorted = { 0 };
    archive_data decoded = { 0 };
    if (archive_read(data, a, NULL, &decoded)) return all;
    for (size_t i = 0; i < decoded.trace_count; i++)
        if (is_result(&decoded.trace[i]) && riv_map_get_str(known, decoded.trace[i].cid))
            *riv_push(a, &all) = decoded.trace[i].cid;
    const uint32_t *order = riv_order(a, all.ptr, sizeof *all.ptr, all.len);
    if (!order) return all;
    for (size_t i = 0; i < all.len; i++) *riv_push(a, &sorted) = all.ptr[order[i]];
    return sorted;
}

/* What was stored and what arrived change places: the same results are known in the end. Who sent a request, the order of a stream and what
 * this peer collects from it now may differ. */
static void check_order(sim_world *w, const world_run *run, riv_bytes data)
{
    avm_input  in    = run->in;
    avm_output other = { 0 };
    riv_fault  fault = { 0 };
    riv_map   *known = riv_map_new(run->arena);
    if (!in.prev.len || !in.cur.len || in.results_count) return;
    in.prev = run->in.cur;
    in.cur  = run->in.prev;
    if (avm_run(&in, run->arena, &fault, &other)) {
        sim__world_broken(w, "a merge the other way round spends the budget: %s", fault.msg);
        return;
    }
    if (other.ret_code == 9) return; /* SPEC air.md 3.4: merging can drop states; such data verifies nowhere */
    if (other.ret_code) {
        sim__world_broken(w, "a merge the other way round ends with %lld: " RIV_FMT, (long long)other.ret_code,
                          RIV_ARG(other.error_message));
        return;
    }
    w->counts.orders++;
    note_ids(run->arena, in.prev, known);
    note_ids(run->arena, in.cur, known);
    id_list mine = results_in(run->arena, data, known), theirs = results_in(run->arena, other.data, known);
    bool    same = mine.len == theirs.len;
    for (size_t i = 0; same && i < mine.len; i++) same = riv_str_eq(mine.ptr[i], theirs.ptr[i]);
    if (!same)
        sim__world_broken(w, "a merge holds %zu results, the other way round %zu or others", mine.len, theirs.len);
}

static bool same_outcome(const avm_output *a, const avm_output *b)
{
    bool same = a->ret_code == b->ret_code && riv_str_eq(a->error_message, b->error_message) &&
                a->next_peers_count == b->next_peers_count && a->call_requests_count == b->call_requests_count;
    for (size_t i = 0; same && i < a->next_peers_count; i++) same = riv_str_eq(a->next_peers[i], b->next_peers[i]);
    for (size_t i = 0; same && i < a->call_requests_count; i++) {
        const avm_call_request *x = &a->call_requests[i], *y = &b->call_requests[i];
        same = x->id == y->id && riv_str_eq(x->service_id, y->service_id) &&
               riv_str_eq(x->function_name, y->function_name) && riv_json_eq(x->args, y->args);
    }
    return same;
}

static riv_bytes session_data(sim_world *w, node_job *job)
{
    riv_bytes data  = { 0 };
    riv_fault fault = { 0 };
    if (avm_session_data(job->session, &fault, &data))
        sim__world_broken(w, "what an interpreter run made cannot be encoded: %s", fault.msg);
    return data;
}

world_run sim__world_check_run(sim_world *w, node_job *job)
{
    world_run run = { 0 };
    if (job->kind != NODE_JOB_AVM || job->only_data || w->runs++ % WORLD_CHECK_EVERY) return run;
    run.arena = riv_arena_new(0);
    run.in    = job->avm;
    if (job->session) run.in.prev = riv_bytes_dup(run.arena, session_data(w, job));
    return run;
}

/* A run that goes on from what is kept in memory is the same, to the byte, as one that begins with the encoded trace. */
static void check_run(sim_world *w, const world_run *run, node_job *job)
{
    avm_output out   = { 0 };
    riv_fault  fault = { 0 };
    riv_bytes  data  = session_data(w, job);
    w->counts.checks++;
    if (avm_run(&run->in, run->arena, &fault, &out))
        sim__world_broken(w, "an interpreter run from encoded data spent its budget: %s", fault.msg);
    else if (!same_outcome(&out, &job->avm_out))
        sim__world_broken(w, "an interpreter run gives %lld, but from encoded data %lld",
                          (long long)job->avm_out.ret_code, (long long)out.ret_code);
    else if (out.data.len && !riv_bytes_eq(out.data, data))
        sim__world_broken(w, "an interpreter run leaves another trace than one from encoded data");
    if (w->fault.err || out.ret_code) return;
    if (avm_verify(data, run->in.params.particle_id, run->arena, &fault))
        sim__world_broken(w, "a trace that was made here does not verify: %s", fault.msg);
    else
        check_idempotent(w, run, data, &out);
    if (!w->fault.err) check_order(w, run, data);
}

void sim__world_check_result(sim_world *w, node_job *job, world_run *run)
{
    if (job->err)
        sim__world_broken(w, "an interpreter run spent its budget: %s", job->fault.msg);
    else if (run->arena)
        check_run(w, run, job);
    riv_arena_free(run->arena);
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
        s.waiting > s.particles * NODE_WAITING_MAX || s.links > P2P_LINKS_MAX || s.session_bytes > NODE_SESSION_BYTES ||
        s.sessions > s.particles)
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
