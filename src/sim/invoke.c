/* invoke.c: one run of the interpreter from a JSON document to a JSON document, for tools and mixed networks.
 * Spec: docs/spec/scenarios.md 4. Tests: scenario_test.c, tests/conform/avm (mixed networks). */
#include "sim/internal.h"

static riv_err read_bytes(const riv_json *doc, const char *key, riv_arena *arena, riv_fault *fault, riv_bytes *out)
{
    const riv_json *v;
    riv_buf         buf = riv_buf_in(arena);
    RIV_TRY(sim__member(doc, "invoke", key, RIV_JSON_STR, false, fault, &v));
    if (v && codec_read_base64(v->str, &buf, NULL)) return sim__malformed(fault, "invoke", key, "base64");
    *out = riv_buf_view(&buf);
    return RIV_OK;
}

static riv_err read_input(const riv_json *doc, riv_arena *arena, riv_fault *fault, avm_input *in)
{
    static const char *const keys[] = { "air", "prev", "data", "params", "call_results" };
    const riv_json          *air, *params, *results;
    sim_results              list = { 0 };
    RIV_TRY(sim__known_keys(doc, "invoke", keys, RIV_COUNT(keys), fault));
    RIV_TRY(sim__member(doc, "invoke", "air", RIV_JSON_STR, true, fault, &air));
    RIV_TRY(read_bytes(doc, "prev", arena, fault, &in->prev));
    RIV_TRY(read_bytes(doc, "data", arena, fault, &in->cur));
    RIV_TRY(sim__member(doc, "invoke", "params", RIV_JSON_OBJ, true, fault, &params));
    for (size_t i = 0; i < params->obj.count; i++)
        RIV_TRY(sim__param_set(&in->params, params->obj.members[i].key, params->obj.members[i].value, "params", arena,
                               fault));
    static const char *const needed[] = { "init_peer_id", "current_peer_id", "timestamp",
                                          "ttl",          "secret_key",      "particle_id" };
    for (size_t i = 0; i < RIV_COUNT(needed); i++)
        if (!riv_json_get(params, riv_str_c(needed[i]))) return sim__malformed(fault, "params", needed[i], "a value");
    RIV_TRY(sim__member(doc, "invoke", "call_results", RIV_JSON_OBJ, false, fault, &results));
    if (results) RIV_TRY(sim__results_read(results, "call_results", arena, fault, &list, &in->results_error));
    in->script        = air->str;
    in->results       = list.ptr;
    in->results_count = list.len;
    return RIV_OK;
}

static const riv_json *requests_json(const avm_output *out, riv_arena *arena)
{
    riv_json_member *members = riv_new(arena, riv_json_member, out->call_requests_count);
    for (size_t i = 0; i < out->call_requests_count; i++) {
        const avm_call_request *r = &out->call_requests[i];
        members[i].key            = riv_format(arena, "%u", r->id);
        members[i].value = riv_json_object(arena, "service_id", riv_json_str(arena, r->service_id), "function_name",
                                           riv_json_str(arena, r->function_name), "arguments", r->args, "tetraplets",
                                           sim__tetraplets_json(r, arena), NULL);
    }
    return riv_json_obj(arena, members, out->call_requests_count);
}

static const riv_json *output_json(const avm_output *out, riv_arena *arena)
{
    riv_json_list peers = { 0 };
    for (size_t i = 0; i < out->next_peers_count; i++)
        riv_json_add(arena, &peers, riv_json_str(arena, out->next_peers[i]));
    return riv_json_object(arena, "ret_code", riv_json_i64(arena, out->ret_code), "error_message",
                           riv_json_str(arena, out->error_message), "data",
                           riv_json_str(arena, codec_base64(arena, out->data)), "next_peer_pks",
                           riv_json_arr(arena, peers.ptr, peers.len), "call_requests", requests_json(out, arena),
                           "air_size_limit_exceeded", riv_json_bool(out->air_limit_exceeded),
                           "particle_size_limit_exceeded", riv_json_bool(out->particle_limit_exceeded),
                           "call_result_size_limit_exceeded", riv_json_bool(out->call_result_limit_exceeded), NULL);
}

riv_err sim_invoke_read(riv_str line, avm_version version, riv_arena *arena, riv_fault *fault, avm_input *out)
{
    const riv_json *doc;
    avm_input       in = { .params.version = version };
    RIV_TRY(riv_json_parse(line, arena, fault, &doc));
    RIV_TRY(read_input(doc, arena, fault, &in));
    *out = in;
    return RIV_OK;
}

riv_err sim_invoke(riv_str line, avm_version version, riv_arena *arena, riv_fault *fault, const riv_json **out)
{
    avm_input  in     = { 0 };
    avm_output output = { 0 };
    riv_err    err;
    if ((err = sim_invoke_read(line, version, arena, fault, &in))) goto out;
    if ((err = avm_run(&in, arena, fault, &output))) goto out;
    *out = output_json(&output, arena);
out:
    crypto_wipe(&in.params.secret, sizeof in.params.secret);
    return err;
}
