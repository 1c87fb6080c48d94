/* params.c: what scenarios and single invokes share when they read JSON: members with a kind, run parameters, call results.
 * Spec: docs/spec/scenarios.md 1, 4. Tests: scenario_test.c. */
#include "sim/internal.h"

riv_err sim__malformed(riv_fault *fault, const char *where, const char *key, const char *expected)
{
    return riv_fail(fault, RIV_E_MALFORMED, 0, "%s%s%s: expected %s", where, key ? "." : "", key ? key : "", expected);
}

static const char *kind_wanted(riv_json_kind kind)
{
    switch (kind) {
    case RIV_JSON_NULL: return "null";
    case RIV_JSON_BOOL: return "true or false";
    case RIV_JSON_U64: return "a number from 0";
    case RIV_JSON_I64: return "an integer";
    case RIV_JSON_F64: return "a number with a dot";
    case RIV_JSON_STR: return "a text";
    case RIV_JSON_ARR: return "a list";
    case RIV_JSON_OBJ: return "an object";
    }
    RIV_UNREACHABLE();
}

riv_err sim__member(const riv_json *obj, const char *where, const char *key, riv_json_kind kind, bool required,
                    riv_fault *fault, const riv_json **out)
{
    *out = NULL;
    if (obj->kind != RIV_JSON_OBJ) return sim__malformed(fault, where, NULL, "an object");
    const riv_json *v = riv_json_get(obj, riv_str_c(key));
    if (!v && !required) return RIV_OK;
    bool fits = v && (v->kind == kind || (kind == RIV_JSON_I64 && v->kind == RIV_JSON_U64));
    if (!fits) return sim__malformed(fault, where, key, kind_wanted(kind));
    *out = v;
    return RIV_OK;
}

riv_err sim__known_keys(const riv_json *obj, const char *where, const char *const *keys, size_t count, riv_fault *fault)
{
    if (obj->kind != RIV_JSON_OBJ) return sim__malformed(fault, where, NULL, "an object");
    for (size_t i = 0; i < obj->obj.count; i++) {
        riv_str key   = obj->obj.members[i].key;
        bool    known = false;
        for (size_t k = 0; k < count && !known; k++) known = riv_str_eq(key, riv_str_c(keys[k]));
        if (!known) return riv_fail(fault, RIV_E_MALFORMED, 0, "%s." RIV_FMT ": no such key", where, RIV_ARG(key));
    }
    return RIV_OK;
}

/* ---- run parameters ---- */

static riv_err set_secret(avm_params *params, const riv_json *v, const char *where, riv_arena *arena, riv_fault *fault)
{
    riv_buf key = riv_buf_in(arena);
    if (v->kind != RIV_JSON_STR || codec_read_base64(v->str, &key, NULL) || key.len != sizeof params->secret.bytes)
        return sim__malformed(fault, where, "secret_key", "32 bytes in base64");
    memcpy(params->secret.bytes, key.ptr, key.len);
    return RIV_OK;
}

/* AquaVM's limits; 0 stands for the default in avm_params, and no script, data or result that counts is shorter than 1. */
static uint64_t limit_of(uint64_t v) { return v ? v : 1; }

riv_err sim__param_set(avm_params *params, riv_str name, const riv_json *v, const char *where, riv_arena *arena,
                       riv_fault *fault)
{
    const struct {
        const char *name;
        riv_str    *text;
        uint64_t   *number, *limit;
    } rows[] = {
        { "init_peer_id", &params->init_peer_id, NULL, NULL },
        { "current_peer_id", &params->current_peer_id, NULL, NULL },
        { "particle_id", &params->particle_id, NULL, NULL },
        { "timestamp", NULL, &params->timestamp_ms, NULL },
        { "air_size_limit", NULL, NULL, &params->air_bytes_max },
        { "particle_size_limit", NULL, NULL, &params->particle_bytes_max },
        { "call_result_size_limit", NULL, NULL, &params->call_result_bytes_max },
    };
    for (size_t i = 0; i < RIV_COUNT(rows); i++) {
        if (!riv_str_eq(name, riv_str_c(rows[i].name))) continue;
        if (v->kind != (rows[i].text ? RIV_JSON_STR : RIV_JSON_U64))
            return sim__malformed(fault, where, rows[i].name, rows[i].text ? "a text" : "a number from 0");
        if (rows[i].text) *rows[i].text = v->str;
        if (rows[i].number) *rows[i].number = v->u64;
        if (rows[i].limit) *rows[i].limit = limit_of(v->u64);
        return RIV_OK;
    }
    if (riv_str_eq(name, RIV_LIT("secret_key"))) return set_secret(params, v, where, arena, fault);
    if (riv_str_eq(name, RIV_LIT("ttl"))) {
        if (v->kind != RIV_JSON_U64 || v->u64 > UINT32_MAX)
            return sim__malformed(fault, where, "ttl", "a number of 32 bits");
        params->ttl_ms = (uint32_t)v->u64;
        return RIV_OK;
    }
    if (riv_str_eq(name, RIV_LIT("key_format"))) {
        if (v->kind != RIV_JSON_U64 || v->u64 > UINT8_MAX)
            return sim__malformed(fault, where, "key_format", "a number up to 255");
        params->key_format = (uint8_t)v->u64;
        return RIV_OK;
    }
    if (riv_str_eq(name, RIV_LIT("hard_limit_enabled"))) {
        if (v->kind != RIV_JSON_BOOL) return sim__malformed(fault, where, "hard_limit_enabled", "true or false");
        params->hard_limits = v->boolean;
        return RIV_OK;
    }
    return riv_fail(fault, RIV_E_MALFORMED, 0, "%s." RIV_FMT ": no such parameter", where, RIV_ARG(name));
}

/* ---- call results and requests ---- */

riv_err sim__results_read(const riv_json *map, const char *where, riv_arena *arena, riv_fault *fault,
                          sim_results *results, riv_str *bad)
{
    if (map->kind != RIV_JSON_OBJ) return sim__malformed(fault, where, NULL, "{id: {ret_code, result}}");
    for (size_t i = 0; i < map->obj.count; i++) {
        const riv_json *code, *text;
        riv_str         key   = map->obj.members[i].key;
        riv_str         place = riv_format(arena, "%s." RIV_FMT, where, RIV_ARG(key));
        uint64_t        id;
        RIV_TRY(sim__member(map->obj.members[i].value, place.ptr, "ret_code", RIV_JSON_I64, true, fault, &code));
        RIV_TRY(sim__member(map->obj.members[i].value, place.ptr, "result", RIV_JSON_STR, true, fault, &text));
        int64_t n = code->kind == RIV_JSON_U64 ? (int64_t)RIV_MIN(code->u64, (uint64_t)INT64_MAX) : code->i64;
        if (n > INT32_MAX || n < INT32_MIN)
            return sim__malformed(fault, place.ptr, "ret_code", "an integer of 32 bits");
        if (!riv_str_u64(key, &id) || id > UINT32_MAX)
            *bad = riv_format(arena, "failed to parse '" RIV_FMT "' as a call id", RIV_ARG(key));
        else
            *riv_push(arena, results) = (avm_call_result){ (uint32_t)id, (int32_t)n, text->str };
    }
    return RIV_OK;
}

const riv_json *sim__tetraplets_json(const avm_call_request *request, riv_arena *arena)
{
    riv_json_list all = { 0 };
    for (size_t i = 0; i < request->args->arr.count; i++) {
        riv_json_list list = { 0 };
        for (size_t k = 0; k < request->tetraplets[i].count; k++) {
            const avm_tetraplet *t = &request->tetraplets[i].items[k];
            riv_json_add(arena, &list,
                         riv_json_object(arena, "peer_pk", riv_json_str(arena, t->peer_pk), "service_id",
                                         riv_json_str(arena, t->service_id), "function_name",
                                         riv_json_str(arena, t->function_name), "lens", riv_json_str(arena, t->lens),
                                         NULL));
        }
        riv_json_add(arena, &all, riv_json_arr(arena, list.ptr, list.len));
    }
    return riv_json_arr(arena, all.ptr, all.len);
}
