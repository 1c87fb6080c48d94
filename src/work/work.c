/* work.c: runs one job to its end: an interpreter step, or one function of a wasm service.
 * What goes wrong is a result like any other: it stands in job->err and job->fault, and the node decides.
 * Spec: docs/spec/node.md §4 (5, 7), docs/spec/marine.md §5.2. Tests: work_test.c. */
#include "work/work.h"

/* The two rooms name the same four texts by types of their own, so that neither must know the other. */
static const marine_tetraplets *tetraplets_of(const node_job *job)
{
    size_t             count = job->call.tetraplets_count;
    marine_tetraplets *out   = riv_new(job->arena, marine_tetraplets, count + 1);
    for (size_t i = 0; i < count; i++) {
        const avm_tetraplets *from  = &job->call.tetraplets[i];
        marine_tetraplet     *items = riv_new(job->arena, marine_tetraplet, from->count + 1);
        for (size_t k = 0; k < from->count; k++) {
            const avm_tetraplet *t = &from->items[k];
            items[k]               = (marine_tetraplet){ t->peer_pk, t->service_id, t->function_name, t->lens };
        }
        out[i] = (marine_tetraplets){ items, from->count };
    }
    return out;
}

static marine_call_params params_of(const node_job *job)
{
    return (marine_call_params){
        .particle_id             = job->call.particle_id,
        .init_peer_id            = job->call.init_peer_id,
        .script                  = job->call.script,
        .token                   = job->call.token,
        .timestamp_ms            = job->call.timestamp_ms,
        .ttl_ms                  = job->call.ttl_ms,
        .signature               = job->call.signature,
        .service_id              = job->call.service_id,
        .service_creator_peer_id = job->call.service_creator_peer_id,
        .host_id                 = job->call.host_id,
        .worker_id               = job->call.host_id,
        .tetraplets              = tetraplets_of(job),
        .tetraplets_count        = job->call.tetraplets_count,
    };
}

static void run_call(node_job *job, const work_env *env)
{
    if (!env || job->call.service >= env->services_count || !env->services[job->call.service]) {
        job->err = riv_fail(&job->fault, RIV_E_NOT_FOUND, 0, "service " RIV_FMT " is not loaded here",
                            RIV_ARG(job->call.service_id));
        return;
    }
    marine_result result = { 0 };
    riv_arena    *values = riv_arena_new(WORK_RESULT_BYTES_MAX);
    uint64_t      fuel   = env->fuels ? env->fuels[job->call.service] : 0;
    marine_call   call   = { .function       = job->call.function,
                             .args           = job->call.args,
                             .params         = params_of(job),
                             .fuel           = fuel ? fuel : env->call_fuel,
                             .deadline_ticks = env->call_ticks };
    job->err             = marine_service_call(env->services[job->call.service], &call, values, &job->fault, &result);
    job->fuel            = result.fuel_used;
    /* SPEC node.md 5 "Conventions": a function without a result gives the empty text. */
    if (!job->err)
        job->result = result.value && result.value->kind != RIV_JSON_NULL ? riv_json_text(result.value, job->arena)
                                                                          : RIV_LIT("\"\"");
    riv_arena_free(values);
}

void work_run(node_job *job, const work_env *env)
{
    uint64_t start_us = env && env->now_us ? env->now_us(env->ctx) : 0;
    switch (job->kind) {
    case NODE_JOB_AVM: node_job_avm(job); break;
    case NODE_JOB_CALL: run_call(job, env); break;
    }
    if (env && env->now_us) job->time_us = env->now_us(env->ctx) - start_us;
}
