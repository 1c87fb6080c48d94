/* job.c: an AVM job where it runs: one step of the particle's session, and its data when that has to leave.
 * Everything here may be on another thread than the node: it touches the job alone.
 * Spec: docs/spec/node.md §4 (5). Tests: node_test.c, src/work/work_test.c. */
#include "node/internal.h"

void node_job_free(node_job *job)
{
    if (!job) return;
    crypto_wipe(&job->avm.params.secret, sizeof job->avm.params.secret);
    avm_session_free(job->session);
    node__text_release(job->text);
    riv_arena_free(job->arena); /* the job itself lives there */
}

/* Codes that give the old data back: the script, the data or the traces were refused. SPEC air.md 4.7 */
bool node__is_refusal(int64_t code) { return (code >= 1 && code <= 10) || (code >= 20000 && code < 30000); }

/* Call results go in alone: whatever else is stepped is data of someone (at the start: none). */
static bool is_arrival(const node_job *job) { return !job->only_data && !job->avm.results_count; }

static void lose(node_job *job, riv_err err)
{
    job->err  = err;
    job->lost = true;
}

/* A view: the session's bytes last until its next step, and the node has copied them by then. */
static void take_data(node_job *job)
{
    riv_err err = avm_session_data(job->session, &job->fault, &job->avm_out.data);
    if (err) {
        lose(job, err);
        return;
    }
    job->has_data = true;
}

/* Data that was to be merged may be refused: then what we had is told beside it. */
static void open(node_job *job)
{
    riv_bytes data = { 0 };
    if (!job->session) {
        job->session = avm_session_new(job->avm.prev);
        return;
    }
    if (!is_arrival(job)) return;
    riv_err err = avm_session_data(job->session, &job->fault, &data);
    if (err)
        lose(job, err);
    else
        job->avm.prev = riv_bytes_dup(job->arena, data);
}

/* Some refusals of the original give no data at all. Here nothing that was refused changes what we have. SPEC air.md 4.7 */
static void keep_former(node_job *job)
{
    riv_bytes data = { 0 };
    riv_err   err  = avm_session_data(job->session, &job->fault, &data);
    if (!err && data.len) return;
    if (!err && is_arrival(job)) {
        avm_session_free(job->session);
        job->session = avm_session_new(job->avm.prev);
    } else {
        if (!err) err = riv_fail(&job->fault, RIV_E_CONFLICT, 0, "a run of the script left no trace");
        lose(job, err);
    }
}

/* Who signed what; beyond these sizes the interpreter's words must do. SPEC air.md 3.4 */
enum { EXPLAIN_BYTES_MAX = 4 << 20, EXPLAIN_TRIES_MAX = 32 };

static void explain(node_job *job)
{
    const avm_output *out         = &job->avm_out;
    bool              contradicts = out->ret_code == 8 || out->ret_code == 9 || out->ret_code >= 20000;
    if (!contradicts || !job->avm.cur.len || job->avm.cur.len + job->avm.prev.len > EXPLAIN_BYTES_MAX) return;
    avm_evidence       found;
    avm_evidence_input in = { .data        = job->avm.cur,
                              .stored      = job->avm.prev,
                              .particle_id = job->avm.params.particle_id,
                              .code        = (uint32_t)out->ret_code,
                              .refusal     = out->error_message,
                              .tries_max   = EXPLAIN_TRIES_MAX };
    avm_evidence_of(&in, job->arena, &found);
    job->evidence = found.line;
    job->against  = found.peer;
}

static void run(node_job *job)
{
    job->err = avm_session_step(job->session, &job->avm, job->arena, &job->fault, &job->avm_out);
    if (job->err || !node__is_refusal(job->avm_out.ret_code))
        return; /* after an error the session is as before the step */
    keep_former(job);
    explain(job);
}

/* Where the trace goes, and where it can rest. Nothing is new after a run that failed; only the answers that it used up may have no room in
 * the journal. */
static bool data_is_due(const node_job *job)
{
    const avm_output *out = &job->avm_out;
    if (job->err || node__is_refusal(out->ret_code)) return job->want_data && job->avm.results_count;
    bool rests = job->last && !out->call_requests_count;
    return job->only_data || job->want_data || rests || is_arrival(job) || out->next_peers_count;
}

void node_job_avm(node_job *job)
{
    open(job);
    if (!job->lost && !job->only_data) run(job);
    if (!job->lost && data_is_due(job)) take_data(job);
}
