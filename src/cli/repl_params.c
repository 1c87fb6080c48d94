/* repl_params.c: what follows `call MODULE FUNCTION` in the repl: -nr, the arguments, and the parameters of the call.
 * Spec: docs/spec/scenarios.md 5, docs/spec/marine.md 5.2, 10.4. Tests: repl_params_test.c. */
#include "cli/repl.h"

/* ---- two JSON values in a row ---- */

static size_t skip_space(riv_str s, size_t at)
{
    while (at < s.len && (s.ptr[at] == ' ' || s.ptr[at] == '\t' || s.ptr[at] == '\r')) at++;
    return at;
}

static size_t string_end(riv_str s, size_t at)
{
    for (at++; at < s.len && s.ptr[at] != '"'; at++)
        if (s.ptr[at] == '\\') at++;
    return RIV_MIN(at + 1, s.len);
}

/* Where the value ends that begins at `at`. What is malformed ends somewhere: the parser says what is wrong with it. */
static size_t value_end(riv_str s, size_t at)
{
    size_t depth = 0;
    while (at < s.len) {
        char c = s.ptr[at];
        if (c == '"') {
            at = string_end(s, at);
        } else if (c == '[' || c == '{') {
            depth++;
            at++;
        } else if (c == ']' || c == '}') {
            depth -= depth > 0;
            at++;
        } else {
            while (at < s.len && !strchr(" \t\r\"[]{}", s.ptr[at])) at++;
            while (depth && at < s.len && skip_space(s, at) > at) at = skip_space(s, at);
        }
        if (depth == 0) break;
    }
    return at;
}

static riv_err read_value(riv_str text, const char *what, size_t *at, riv_arena *arena, riv_fault *fault,
                          const riv_json **out)
{
    size_t    start = skip_space(text, *at), end = value_end(text, start);
    riv_fault own = { 0 };
    if (start == end) {
        *out = NULL;
        return RIV_OK;
    }
    riv_err err = riv_json_parse(riv_str_sub(text, start, end), arena, &own, out);
    if (err)
        return riv_fail(fault, err, start + own.pos, "%s: %s (column %zu)", what, own.msg, start + (size_t)own.pos + 1);
    *at = end;
    return RIV_OK;
}

/* ---- the parameters ---- */

typedef struct reader {
    riv_arena *arena;
    riv_fault *fault;
} reader;

static riv_err wrong(reader *r, const char *key, const char *wanted, const riv_json *got)
{
    return riv_fail(r->fault, RIV_E_MALFORMED, 0, "call parameters: %s is %s, not %s", key, wanted,
                    riv_json_kind_name(got));
}

static riv_err check_keys(reader *r, const riv_json *object, const char *what, const riv_str *keys, size_t count)
{
    for (size_t i = 0; i < object->obj.count; i++) {
        riv_str key = object->obj.members[i].key;
        size_t  k   = 0;
        while (k < count && !riv_str_eq(keys[k], key)) k++;
        if (k < count) continue;
        size_t near = riv_nearest(key, keys, count);
        return riv_fail(r->fault, RIV_E_MALFORMED, 0, "%s: unknown key '" RIV_FMT "'%s" RIV_FMT "%s", what,
                        RIV_ARG(key), near == SIZE_MAX ? "" : " (did you mean '",
                        RIV_ARG(near == SIZE_MAX ? (riv_str){ 0 } : keys[near]), near == SIZE_MAX ? "" : "'?)");
    }
    return RIV_OK;
}

static riv_err read_text(reader *r, const riv_json *object, const char *key, riv_str *out)
{
    const riv_json *v = riv_json_get(object, riv_str_c(key));
    if (!v) return RIV_OK;
    if (v->kind != RIV_JSON_STR) return wrong(r, key, "a string", v);
    *out = v->str;
    return RIV_OK;
}

static riv_err read_number(reader *r, const riv_json *object, const char *key, uint64_t max, uint64_t *out)
{
    const riv_json *v = riv_json_get(object, riv_str_c(key));
    if (!v) return RIV_OK;
    if (v->kind != RIV_JSON_U64) return wrong(r, key, "a whole number from 0", v);
    if (v->u64 > max)
        return riv_fail(r->fault, RIV_E_MALFORMED, 0, "call parameters: %s is at most %llu", key,
                        (unsigned long long)max);
    *out = v->u64;
    return RIV_OK;
}

static riv_err read_bytes(reader *r, const riv_json *object, const char *key, riv_bytes *out)
{
    const riv_json *v = riv_json_get(object, riv_str_c(key));
    if (!v) return RIV_OK;
    if (v->kind != RIV_JSON_ARR) return wrong(r, key, "an array of bytes", v);
    uint8_t *bytes = riv_new(r->arena, uint8_t, v->arr.count);
    for (size_t i = 0; i < v->arr.count; i++) {
        const riv_json *b = v->arr.items[i];
        if (b->kind != RIV_JSON_U64 || b->u64 > 255) return wrong(r, key, "an array of numbers from 0 to 255", b);
        bytes[i] = (uint8_t)b->u64;
    }
    *out = (riv_bytes){ bytes, v->arr.count };
    return RIV_OK;
}

/* The last field was called json_path until the second generation. SPEC marine.md 5.2 */
static riv_err read_tetraplet(reader *r, const riv_json *v, marine_tetraplet *out)
{
    static const riv_str keys[] = { RIV_LIT_INIT("peer_pk"), RIV_LIT_INIT("service_id"), RIV_LIT_INIT("function_name"),
                                    RIV_LIT_INIT("lens"), RIV_LIT_INIT("json_path") };
    if (v->kind != RIV_JSON_OBJ) return wrong(r, "a tetraplet", "an object", v);
    RIV_TRY(check_keys(r, v, "a tetraplet", keys, RIV_COUNT(keys)));
    RIV_TRY(read_text(r, v, "peer_pk", &out->peer_pk));
    RIV_TRY(read_text(r, v, "service_id", &out->service_id));
    RIV_TRY(read_text(r, v, "function_name", &out->function_name));
    RIV_TRY(read_text(r, v, "json_path", &out->lens));
    return read_text(r, v, "lens", &out->lens);
}

static riv_err read_tetraplets(reader *r, const riv_json *object, marine_call_params *out)
{
    const riv_json *v = riv_json_get(object, RIV_LIT("tetraplets"));
    if (!v) return RIV_OK;
    if (v->kind != RIV_JSON_ARR) return wrong(r, "tetraplets", "an array of arrays, one for each argument", v);
    marine_tetraplets *lists = riv_new(r->arena, marine_tetraplets, v->arr.count);
    for (size_t i = 0; i < v->arr.count; i++) {
        const riv_json *inner = v->arr.items[i];
        if (inner->kind != RIV_JSON_ARR)
            return wrong(r, "tetraplets", "an array of arrays, one for each argument", inner);
        marine_tetraplet *items = riv_new(r->arena, marine_tetraplet, inner->arr.count);
        for (size_t k = 0; k < inner->arr.count; k++) RIV_TRY(read_tetraplet(r, inner->arr.items[k], &items[k]));
        lists[i] = (marine_tetraplets){ items, inner->arr.count };
    }
    out->tetraplets       = lists;
    out->tetraplets_count = v->arr.count;
    return RIV_OK;
}

static riv_err read_particle(reader *r, const riv_json *object, marine_call_params *out)
{
    static const riv_str keys[] = { RIV_LIT_INIT("id"),   RIV_LIT_INIT("init_peer_id"), RIV_LIT_INIT("timestamp"),
                                    RIV_LIT_INIT("ttl"),  RIV_LIT_INIT("script"),       RIV_LIT_INIT("signature"),
                                    RIV_LIT_INIT("token") };
    const riv_json      *v      = riv_json_get(object, RIV_LIT("particle"));
    uint64_t             ttl    = 0;
    if (!v) return RIV_OK;
    if (v->kind != RIV_JSON_OBJ) return wrong(r, "particle", "an object", v);
    RIV_TRY(check_keys(r, v, "particle", keys, RIV_COUNT(keys)));
    RIV_TRY(read_text(r, v, "id", &out->particle_id));
    RIV_TRY(read_text(r, v, "init_peer_id", &out->init_peer_id));
    RIV_TRY(read_number(r, v, "timestamp", UINT64_MAX, &out->timestamp_ms));
    RIV_TRY(read_number(r, v, "ttl", UINT32_MAX, &ttl));
    RIV_TRY(read_text(r, v, "script", &out->script));
    RIV_TRY(read_bytes(r, v, "signature", &out->signature));
    out->ttl_ms = (uint32_t)ttl;
    return read_text(r, v, "token", &out->token);
}

static riv_err read_params(reader *r, const riv_json *v, marine_call_params *out)
{
    static const riv_str keys[] = {
        RIV_LIT_INIT("init_peer_id"), RIV_LIT_INIT("service_id"), RIV_LIT_INIT("service_creator_peer_id"),
        RIV_LIT_INIT("host_id"),      RIV_LIT_INIT("worker_id"),  RIV_LIT_INIT("particle_id"),
        RIV_LIT_INIT("tetraplets"),   RIV_LIT_INIT("particle"),
    };
    if (v->kind != RIV_JSON_OBJ)
        return riv_fail(r->fault, RIV_E_MALFORMED, 0, "call parameters are an object, not %s", riv_json_kind_name(v));
    RIV_TRY(check_keys(r, v, "call parameters", keys, RIV_COUNT(keys)));
    RIV_TRY(read_text(r, v, "init_peer_id", &out->init_peer_id));
    RIV_TRY(read_text(r, v, "service_id", &out->service_id));
    RIV_TRY(read_text(r, v, "service_creator_peer_id", &out->service_creator_peer_id));
    RIV_TRY(read_text(r, v, "host_id", &out->host_id));
    RIV_TRY(read_text(r, v, "worker_id", &out->worker_id));
    RIV_TRY(read_text(r, v, "particle_id", &out->particle_id));
    RIV_TRY(read_tetraplets(r, v, out));
    return read_particle(r, v, out);
}

/* ---- all of it ---- */

riv_err repl_call_read(riv_str text, riv_arena *arena, riv_fault *fault, repl_call *out)
{
    repl_call       made = { .args = riv_json_null() };
    reader          r    = { arena, fault };
    const riv_json *args = NULL, *params = NULL;
    size_t          at     = skip_space(text, 0);
    riv_str         option = RIV_LIT("-nr");
    if (riv_str_starts(riv_str_sub(text, at, text.len), option) &&
        (at + option.len == text.len || skip_space(text, at + option.len) > at + option.len)) {
        made.no_result = true;
        at += option.len;
    }
    RIV_TRY(read_value(text, "ARGS", &at, arena, fault, &args));
    RIV_TRY(read_value(text, "call parameters", &at, arena, fault, &params));
    at = skip_space(text, at);
    if (at < text.len)
        return riv_fail(fault, RIV_E_MALFORMED, at, "nothing follows the call parameters (column %zu)", at + 1);
    if (args) made.args = args;
    if (params) RIV_TRY(read_params(&r, params, &made.params));
    *out = made;
    return RIV_OK;
}
