/* session.c: a particle's run between its steps: what avm_run would work out again at each step is kept.
 * The definition is avm_run over encoded data; a session only saves work.
 * Spec: docs/spec/air.md §2.3, avm.h. Tests: session_test.c, session_fuzz.c. */
#include "avm/avm.h"
#include "avm/internal.h"

struct avm_session {
    riv_blob          data;   /* encoded, as of the last step */
    riv_arena        *own;    /* what is fixed by the first step */
    bool              opened; /* script and params are those of the first step */
    riv_str           script;
    avm_params        params;
    avm_session_stats stats;
};

avm_session *avm_session_new(riv_bytes data)
{
    avm_session *s = riv_alloc(sizeof *s);
    s->data        = riv_blob_copy(data);
    s->own         = riv_arena_new(0);
    return s;
}

void avm_session_free(avm_session *s)
{
    if (!s) return;
    crypto_wipe(&s->params, sizeof s->params);
    riv_blob_free(&s->data);
    riv_arena_free(s->own);
    riv_free(s);
}

static void open(avm_session *s, const avm_input *in)
{
    s->script                 = riv_str_dup(s->own, in->script);
    s->params                 = in->params;
    s->params.init_peer_id    = riv_str_dup(s->own, in->params.init_peer_id);
    s->params.current_peer_id = riv_str_dup(s->own, in->params.current_peer_id);
    s->params.particle_id     = riv_str_dup(s->own, in->params.particle_id);
    s->opened                 = true;
}

static bool same_params(const avm_params *a, const avm_params *b)
{
    return riv_str_eq(a->init_peer_id, b->init_peer_id) && riv_str_eq(a->current_peer_id, b->current_peer_id) &&
           riv_str_eq(a->particle_id, b->particle_id) && a->timestamp_ms == b->timestamp_ms && a->ttl_ms == b->ttl_ms &&
           a->key_format == b->key_format && crypto_equal(a->secret.bytes, b->secret.bytes, sizeof a->secret.bytes) &&
           a->air_bytes_max == b->air_bytes_max && a->particle_bytes_max == b->particle_bytes_max &&
           a->call_result_bytes_max == b->call_result_bytes_max && a->hard_limits == b->hard_limits &&
           a->version == b->version;
}

static riv_err check_same(const avm_session *s, const avm_input *in, riv_fault *fault)
{
    if (!s->opened) return RIV_OK;
    if (!riv_str_eq(s->script, in->script))
        return riv_fail(fault, RIV_E_CONFLICT, 0, "a session's script cannot change");
    if (!same_params(&s->params, &in->params))
        return riv_fail(fault, RIV_E_CONFLICT, 0, "a session's parameters cannot change");
    return RIV_OK;
}

riv_err avm_session_step(avm_session *s, const avm_input *in, riv_arena *arena, riv_fault *fault, avm_output *out)
{
    avm_input  step   = *in;
    avm_output result = { 0 };
    RIV_TRY(check_same(s, in, fault));
    step.prev = riv_bytes_dup(arena, riv_blob_view(s->data)); /* what comes out may point into it */
    RIV_TRY(avm_run(&step, arena, fault, &result));
    if (!s->opened) open(s, in);
    riv_blob_free(&s->data);
    s->data     = riv_blob_copy(result.data);
    result.data = (riv_bytes){ 0 };
    s->stats.steps++;
    s->stats.replayed++;
    *out = result;
    return RIV_OK;
}

riv_err avm_session_data(avm_session *s, riv_fault *fault, riv_bytes *out)
{
    (void)fault;
    *out = riv_blob_view(s->data);
    return RIV_OK;
}

size_t avm_session_bytes(const avm_session *s) { return sizeof *s + s->data.len + riv_arena_used(s->own); }

avm_session_stats avm_session_stats_of(const avm_session *s) { return s->stats; }
