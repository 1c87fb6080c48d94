/* border.c: call requests and call results in the original interpreter's border format: a codec prefix and MessagePack.
 * Spec: docs/spec/air.md §2.2. Tests: avm_test.c, results_fuzz.c. */
#include "avm/avm.h"

enum { BORDER_RESULTS_MAX = 1 << 20 };

/* ---- requests ---- */

static void put_tetraplet(riv_buf *out, const avm_tetraplet *t)
{
    codec_mp_put_map(out, 4);
    codec_mp_put_str(out, RIV_LIT("peer_pk"));
    codec_mp_put_str(out, t->peer_pk);
    codec_mp_put_str(out, RIV_LIT("service_id"));
    codec_mp_put_str(out, t->service_id);
    codec_mp_put_str(out, RIV_LIT("function_name"));
    codec_mp_put_str(out, t->function_name);
    codec_mp_put_str(out, RIV_LIT("lens"));
    codec_mp_put_str(out, t->lens);
}

static void put_tetraplets(riv_buf *out, const avm_call_request *r)
{
    size_t count = r->args->arr.count;
    codec_mp_put_array(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        codec_mp_put_array(out, (uint32_t)r->tetraplets[i].count);
        for (size_t k = 0; k < r->tetraplets[i].count; k++) put_tetraplet(out, &r->tetraplets[i].items[k]);
    }
}

static void put_request(riv_buf *out, const avm_call_request *r)
{
    riv_buf inner = { 0 };
    codec_mp_put_map(out, 4);
    codec_mp_put_str(out, RIV_LIT("service_id"));
    codec_mp_put_str(out, r->service_id);
    codec_mp_put_str(out, RIV_LIT("function_name"));
    codec_mp_put_str(out, r->function_name);
    codec_mp_put_str(out, RIV_LIT("arguments"));
    codec_mp_put_json(&inner, r->args);
    codec_mp_put_bin(out, riv_buf_view(&inner));
    riv_buf_clear(&inner);
    codec_mp_put_str(out, RIV_LIT("tetraplets"));
    put_tetraplets(&inner, r);
    codec_mp_put_bin(out, riv_buf_view(&inner));
    riv_buf_free(&inner);
}

void avm_put_call_requests(const avm_output *out, riv_buf *buf)
{
    codec_put_varint(buf, CODEC_MSGPACK);
    codec_mp_put_map(buf, (uint32_t)out->call_requests_count);
    for (size_t i = 0; i < out->call_requests_count; i++) {
        codec_mp_put_uint(buf, out->call_requests[i].id);
        put_request(buf, &out->call_requests[i]);
    }
}

/* ---- results ---- */

static riv_err read_id(riv_reader *r, riv_fault *fault, uint32_t *out)
{
    codec_mp token;
    size_t   start = r->pos;
    uint64_t id    = 0;
    RIV_TRY(codec_mp_next(r, fault, &token));
    riv_str text      = riv_bytes_str(token.bytes);
    bool    canonical = token.kind == CODEC_MP_STR && riv_str_u64(text, &id) && id <= UINT32_MAX &&
                     (text.len == 1 || text.ptr[0] != '0');
    if (!canonical) return riv_fail(fault, RIV_E_MALFORMED, start, "call id is not a decimal number in a string");
    *out = (uint32_t)id;
    return RIV_OK;
}

static riv_err read_ret_code(riv_reader *r, riv_fault *fault, int32_t *out)
{
    codec_mp token;
    size_t   start = r->pos;
    RIV_TRY(codec_mp_next(r, fault, &token));
    if (token.kind == CODEC_MP_UINT && token.u64 <= INT32_MAX)
        *out = (int32_t)token.u64;
    else if (token.kind == CODEC_MP_INT && token.i64 >= INT32_MIN)
        *out = (int32_t)token.i64;
    else
        return riv_fail(fault, RIV_E_MALFORMED, start, "ret_code is not a 32-bit number");
    return RIV_OK;
}

static riv_err read_text(riv_reader *r, riv_fault *fault, riv_str *out)
{
    codec_mp token;
    size_t   start = r->pos;
    RIV_TRY(codec_mp_next(r, fault, &token));
    if (token.kind != CODEC_MP_STR) return riv_fail(fault, RIV_E_MALFORMED, start, "result is not a string");
    *out = riv_bytes_str(token.bytes);
    return RIV_OK;
}

/* A struct as a map with names, or as an array in field order: serde takes both. */
static riv_err read_result(riv_reader *r, riv_fault *fault, avm_call_result *out)
{
    codec_mp head, name;
    size_t   start    = r->pos;
    bool     has_code = false, has_result = false;
    RIV_TRY(codec_mp_next(r, fault, &head));
    if (head.kind == CODEC_MP_ARRAY && head.count == 2) {
        RIV_TRY(read_ret_code(r, fault, &out->ret_code));
        return read_text(r, fault, &out->result);
    }
    if (head.kind != CODEC_MP_MAP) return riv_fail(fault, RIV_E_MALFORMED, start, "call result is not a map");
    for (uint32_t i = 0; i < head.count; i++) {
        RIV_TRY(codec_mp_next(r, fault, &name));
        riv_str key = name.kind == CODEC_MP_STR || name.kind == CODEC_MP_BIN ? riv_bytes_str(name.bytes) : RIV_LIT("");
        if (riv_str_eq(key, RIV_LIT("ret_code")) && !has_code) {
            RIV_TRY(read_ret_code(r, fault, &out->ret_code));
            has_code = true;
        } else if (riv_str_eq(key, RIV_LIT("result")) && !has_result) {
            RIV_TRY(read_text(r, fault, &out->result));
            has_result = true;
        } else if (key.len && !riv_str_eq(key, RIV_LIT("ret_code")) && !riv_str_eq(key, RIV_LIT("result"))) {
            RIV_TRY(codec_mp_skip(r, fault));
        } else {
            return riv_fail(fault, RIV_E_MALFORMED, start, "call result has a field twice or a bad one");
        }
    }
    if (!has_code || !has_result)
        return riv_fail(fault, RIV_E_MALFORMED, start, "call result lacks ret_code or result");
    return RIV_OK;
}

riv_err avm_read_call_results(riv_bytes in, riv_arena *arena, riv_fault *fault, avm_call_result **out, size_t *count)
{
    riv_reader r     = riv_reader_of(in);
    uint64_t   codec = 0;
    codec_mp   head;
    if (codec_read_varint(&r, fault, &codec) || codec != CODEC_MSGPACK)
        return riv_fail(fault, RIV_E_UNSUPPORTED, 0, "call results are not MessagePack");
    RIV_TRY(codec_mp_next(&r, fault, &head));
    if (head.kind != CODEC_MP_MAP) return riv_fail(fault, RIV_E_MALFORMED, 2, "call results are not a map");
    if (head.count > BORDER_RESULTS_MAX) return riv_fail(fault, RIV_E_LIMIT, 2, "%u call results", head.count);
    RIV_VEC(avm_call_result) list = { 0 };
    riv_map *seen                 = riv_map_new(arena);
    for (uint32_t i = 0; i < head.count; i++) {
        avm_call_result one = { 0 };
        RIV_TRY(read_id(&r, fault, &one.id));
        RIV_TRY(read_result(&r, fault, &one));
        uintptr_t at = (uintptr_t)riv_map_get_u64(seen, one.id); /* of equal ids the last one counts */
        if (at) {
            list.ptr[at - 1] = one;
            continue;
        }
        *riv_push(arena, &list) = one;
        riv_map_put_u64(seen, one.id, (void *)(uintptr_t)list.len);
    }
    *out   = list.ptr;
    *count = list.len;
    return RIV_OK;
}
