/* run.c: interpreter runs of one particle, one at a time: what goes in, what becomes of what comes out.
 *   call results that wait, else the first arrival -> job (with the particle's session) -> trace kept, next peers, calls -> durable record
 * A run of call results alone leaves those results in the store, not the trace, unless the trace was encoded anyway: so a step costs what is new.
 * Spec: docs/spec/node.md §4 (4 to 6), §14. Tests: node_test.c. */
#include "node/internal.h"

static void run_start(node *n, node_particle *p, const node_arrival *arrival);
static void replay_start(node *n, node_particle *p);

void node__run_next(node *n, node_particle *p)
{
    bool replays = p->replay_at < p->replay.len, due = replays || p->results.len || p->first;
    if (p->job || (!due && !(p->wants_data && p->ahead))) return;
    if (due &&
        p->rounds >= NODE_ROUNDS_MAX) { /* a script that loops for ever over built-ins ends here, not with the ttl */
        node__give_up(n, p, RIV_LIT("too many interpreter runs for one particle"));
        return;
    }
    if (!due)
        node__run_data(n, p);
    else if (replays)
        replay_start(n, p);
    else /* Results go in alone: a forged arrival beside them would take them down with it. */
        run_start(n, p, p->results.len ? NULL : p->first);
}

/* What it has is kept until its deadline, so that it does not begin anew when it comes again; nothing more is done for it here. */
void node__give_up(node *n, node_particle *p, riv_str reason)
{
    p->rounds = NODE_ROUNDS_MAX;
    node__replay_end(p);
    LOG_WARN(n->log, "particle.lost", LOG_STR("id", p->head.id), LOG_STR("to", n->self_text),
             LOG_STR("reason", reason));
    node__reply_failed(n, p, 0, reason);
}

/* ---- starting ---- */

static avm_params params_of(const node *n, const node_particle *p, riv_arena *a)
{
    return (avm_params){
        .init_peer_id       = p->head.init_peer_id,
        .current_peer_id    = riv_str_dup(a, n->self_text),
        .particle_id        = p->head.id,
        .timestamp_ms       = p->head.timestamp_ms,
        .ttl_ms             = p->head.ttl_ms,
        .secret             = n->secret,
        .has_public_key     = true,
        .public_key         = n->identity.keys.public_key,
        .air_bytes_max      = n->config.air_bytes_max,
        .particle_bytes_max = n->config.particle_bytes_max,
        .hard_limits        = true,
        .version            = n->config.version,
    };
}

codec_peer node__turn_of(const node_particle *p) { return p->has_from ? p->from : (codec_peer){ 0 }; }

static node_job *new_job(node *n, node_particle *p)
{
    riv_arena *a    = riv_arena_new(0);
    node_job  *job  = riv_new(a, node_job, 1);
    job->kind       = NODE_JOB_AVM;
    job->id         = ++n->jobs_next;
    job->arena      = a;
    job->text       = node__text_use(p->text);
    job->turn       = node__turn_of(p);
    job->avm.script = p->head.script;
    job->avm.params = params_of(n, p, a);
    return job;
}

static void hand_out(node *n, node_particle *p, node_job *job)
{
    node_flight *flight = riv_alloc(sizeof *flight);
    *flight             = (node_flight){ NODE_JOB_AVM, p->number, 0, 0, job->arena };
    p->job              = job->id;
    riv_map_put_u64(n->flights, job->id, flight);
    node__session_lend(n, p, job);
    node__emit(n, NODE_JOB)->job = job;
}

static void move_results(node *n, node_particle *p, riv_arena *a, avm_input *in)
{
    avm_call_result *results = riv_new(a, avm_call_result, p->results.len + 1);
    for (size_t i = 0; i < p->results.len; i++) {
        node_result *r = &p->results.ptr[i];
        results[i]     = (avm_call_result){ r->id, r->ret_code, riv_str_dup(a, riv_bytes_str(riv_blob_view(r->text))) };
        node__count_calls(n, p, 0, r->text.len);
        riv_blob_free(&r->text);
    }
    in->results       = results;
    in->results_count = p->results.len;
    p->results.len    = 0;
}

static void take_arrival(node *n, node_particle *p, node_job *job, const node_arrival *arrival)
{
    job->avm.cur    = riv_bytes_dup(job->arena, riv_blob_view(arrival->data));
    p->job_arrival  = arrival->number;
    p->job_foreign  = arrival->foreign;
    p->job_from     = arrival->from;
    p->job_has_from = arrival->has_from;
    if (arrival->has_from) job->turn = arrival->from;
    node__pop_arrival(n, p);
}

/* A journal that is long is slow to repeat, and large beside the trace that it stands for. */
static bool journal_fits(const node *n, const node_particle *p, const avm_input *in)
{
    size_t more = node__journal_bytes(in->results, in->results_count);
    return p->has_state && p->journal_next - p->journal_first < NODE_JOURNAL_MAX &&
           p->journal_bytes + more <= NODE_JOURNAL_BYTES + p->data.len / 2 && node__has_room(n, p, more);
}

static void run_start(node *n, node_particle *p, const node_arrival *arrival)
{
    node_job *job   = new_job(n, p);
    p->job_arrival  = 0;
    p->job_foreign  = false;
    p->job_replays  = false;
    p->job_asked_ms = 0;
    if (arrival)
        take_arrival(n, p, job, arrival);
    else
        move_results(n, p, job->arena, &job->avm);
    job->want_data = p->wants_data || !journal_fits(n, p, &job->avm);
    job->last      = !p->calls.len && !p->first;
    p->rounds++;
    hand_out(n, p, job);
}

/* A run of before the crash, with the same results: the script asks for the same again. */
static void replay_start(node *n, node_particle *p)
{
    const node_journal *entry   = &p->replay.ptr[p->replay_at++];
    node_job           *job     = new_job(n, p);
    avm_call_result    *results = riv_new(job->arena, avm_call_result, entry->results_count + 1);
    for (size_t i = 0; i < entry->results_count; i++) {
        results[i]        = entry->results[i];
        results[i].result = riv_str_dup(job->arena, results[i].result);
    }
    job->avm.results       = results;
    job->avm.results_count = entry->results_count;
    p->job_arrival         = 0;
    p->job_foreign         = false;
    p->job_replays         = true;
    p->job_asked_ms        = entry->at_ms;
    p->rounds++;
    n->stats.replayed++;
    hand_out(n, p, job);
}

void node__run_data(node *n, node_particle *p)
{
    node_job *job  = new_job(n, p);
    job->only_data = true;
    p->job_arrival = 0;
    p->job_foreign = false;
    p->job_replays = false;
    hand_out(n, p, job);
}

/* ---- what came out ---- */

/* A small particle can grow to the largest size here, and many of them beyond all room. */
static bool can_grow(const node *n, const node_particle *p, riv_bytes data)
{
    return data.len <= p->data.len || node__has_room(n, p, data.len - p->data.len);
}

static bool has_stepped(const node_job *job)
{
    return !job->only_data && !job->err && !node__is_refusal(job->avm_out.ret_code);
}

/* False: the particle was given up; it stays as it was when it was encoded last. */
static bool keep_trace(node *n, node_particle *p, const node_job *job)
{
    riv_str why = { 0 };
    if (job->lost)
        why = riv_str_c(job->fault.msg);
    else if (job->has_data && !can_grow(n, p, job->avm_out.data))
        why = RIV_LIT("no room for what the particle has become");
    if (why.len) {
        node__session_forget(n, p);
        node__give_up(n, p, why);
        return false;
    }
    if (!job->has_data) {
        p->ahead |= has_stepped(job);
        return true;
    }
    if (!riv_bytes_eq(job->avm_out.data, riv_blob_view(p->data))) {
        node__set_data(n, p, job->avm_out.data);
        node__mark_seen(p, job->avm_out.data); /* what we made ourselves teaches us nothing when it comes back */
    }
    n->stats.encoded++;
    p->ahead = p->wants_data = false;
    return true;
}

/* A script can name thousands that are none: one line tells of the first and how many there are. */
static void add_next_peers(node *n, node_particle *p, const avm_output *out)
{
    riv_str  to = { 0 }, reason = { 0 };
    uint64_t count = 0;
    for (size_t i = 0; i < out->next_peers_count; i++) {
        riv_str why = node__next_peer(n, p, out->next_peers[i]);
        if (why.len && !count++) to = out->next_peers[i], reason = why;
    }
    if (count)
        LOG_INFO(n->log, "particle.lost", LOG_STR("id", p->head.id),
                 LOG_STR("to", to.len <= CODEC_PEER_TEXT_MAX ? to : RIV_LIT("?")), LOG_STR("reason", reason),
                 LOG_U64("count", count));
}

static void take_outcome(node *n, node_particle *p, const avm_output *out)
{
    uint64_t asked_ms = p->job_replays ? p->job_asked_ms : n->now_ms;
    add_next_peers(n, p, out);
    for (size_t i = 0; i < out->call_requests_count; i++) node__call_new(n, p, &out->call_requests[i], asked_ms);
}

/* Data that was refused changed nothing: the records are as good as before. Results that were refused are used up all the same. */
static void make_durable(node *n, node_particle *p, const node_job *job, uint64_t arrival)
{
    if (job->has_data)
        node__store_state(n, p);
    else if (job->avm.results_count && !p->job_replays)
        node__store_run(n, p, job->avm.results, job->avm.results_count);
    if (arrival) node__forget_arrival(n, p, arrival);
}

/* What a peer handed over and the interpreter refused: one line that can be held against whoever it speaks of. */
static void log_refused(node *n, const node_particle *p, const node_job *job)
{
    riv_str why = job->evidence.len ? job->evidence : job->avm_out.error_message;
    n->stats.dropped++;
    LOG_INFO(n->log, "particle.dropped", LOG_STR("id", p->head.id),
             LOG_STR("from", p->job_has_from ? node__peer_text(n, &p->job_from) : (riv_str){ 0 }),
             LOG_I64("code", job->avm_out.ret_code), LOG_STR("against", job->against), LOG_STR("reason", why));
}

static void log_run(node *n, const node_particle *p, const node_job *job)
{
    const avm_output *out = &job->avm_out;
    LOG_INFO(n->log, "particle.run", LOG_STR("id", p->head.id), LOG_I64("ret_code", job->err ? -1 : out->ret_code),
             LOG_U64("next", job->err ? 0 : out->next_peers_count),
             LOG_U64("calls", job->err ? 0 : out->call_requests_count),
             LOG_U64("signatures", job->err ? 0 : out->signatures_checked), LOG_U64("time_us", job->time_us));
}

/* Data that a peer handed over and that was refused says nothing of the script: only runs of our own end a request. */
static void run_failed(node *n, node_particle *p, const node_job *job, bool foreign)
{
    int64_t code = job->err ? 0 : job->avm_out.ret_code;
    riv_str text = job->err ? riv_str_c(job->fault.msg) : job->avm_out.error_message;
    if (code == 30000 || (foreign && (job->err || node__is_refusal(code)))) return;
    node__reply_failed(n, p, code, text);
}

static void run_done(node *n, node_particle *p, const node_job *job)
{
    bool foreign = p->job_foreign, refused = job->err || node__is_refusal(job->avm_out.ret_code);
    if (!job->err) n->stats.signatures_checked += job->avm_out.signatures_checked;
    if (has_stepped(job)) take_outcome(n, p, &job->avm_out);
    /* Data that is refused does not use up the runs of whoever began the particle. */
    if (foreign && refused && p->rounds < NODE_ROUNDS_MAX) p->rounds--;
    if (foreign && refused && !job->err) log_refused(n, p, job);
    if (refused || job->avm_out.ret_code) run_failed(n, p, job, foreign);
}

void node__avm_done(node *n, const node_flight *flight, node_job *job)
{
    node_particle *p = node__particle_by_number(n, flight->particle);
    n->stats.runs += !job->only_data;
    if (!p) return; /* its deadline came first */
    uint64_t arrival = p->job_arrival;
    RIV_ASSERT(p->job == job->id);
    p->job = p->job_arrival = 0;
    node__session_take(n, p, job);
    if (!job->only_data) log_run(n, p, job);
    bool kept = keep_trace(n, p, job);
    if (kept && !job->only_data) run_done(n, p, job);
    if (kept)
        make_durable(n, p, job, arrival);
    else if (arrival)
        node__forget_arrival(n, p, arrival);
    if (p->replay_at == p->replay.len) node__replay_end(p);
    if (p->leaving) node__session_forget(n, p);
    node__sessions_fit(n);
    node__flush(n, p);
    node__dispatch(n, p);
    node__run_next(n, p);
    node__settle(n, p);
}
