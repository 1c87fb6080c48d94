/* msgpack.c: MessagePack, token by token, and as JSON values. Integers are written in the smallest form, as rmp-serde does.
 * Spec: docs/spec/codec.md 7. Tests: msgpack_test.c, msgpack_fuzz.c. */
#include "codec/internal.h"

/* ---- reading ---- */

static double f32_of(uint32_t bits)
{
    float v;
    memcpy(&v, &bits, sizeof v);
    return (double)v;
}

static double f64_of(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static codec_mp integer(int64_t v)
{
    if (v >= 0) return (codec_mp){ .kind = CODEC_MP_UINT, .u64 = (uint64_t)v };
    return (codec_mp){ .kind = CODEC_MP_INT, .i64 = v };
}

static uint64_t read_uint(riv_reader *r, unsigned bytes)
{
    return bytes == 1   ? riv_read_u8(r)
           : bytes == 2 ? riv_read_u16be(r)
           : bytes == 4 ? riv_read_u32be(r)
                        : riv_read_u64be(r);
}

static int64_t read_sint(riv_reader *r, unsigned bytes)
{
    uint64_t v = read_uint(r, bytes);
    return bytes == 1 ? (int8_t)v : bytes == 2 ? (int16_t)v : bytes == 4 ? (int32_t)v : (int64_t)v;
}

static codec_mp slice(riv_reader *r, codec_mp_kind kind, uint64_t len)
{
    return (codec_mp){ .kind = kind, .bytes = riv_read_bytes(r, len) };
}

/* The type goes to i64. */
static codec_mp ext(riv_reader *r, uint64_t len)
{
    int64_t  type = (int8_t)riv_read_u8(r);
    codec_mp t    = slice(r, CODEC_MP_EXT, len);
    t.i64         = type;
    return t;
}

static codec_mp container(codec_mp_kind kind, uint64_t count)
{
    return (codec_mp){ .kind = kind, .count = (uint32_t)count };
}

/* Bytes 0xc0 to 0xdf; 0xc1 is left to the caller. */
static codec_mp read_marked(riv_reader *r, uint8_t mark)
{
    switch (mark) {
    case 0xc2: return (codec_mp){ .kind = CODEC_MP_BOOL, .boolean = false };
    case 0xc3: return (codec_mp){ .kind = CODEC_MP_BOOL, .boolean = true };
    case 0xc4: return slice(r, CODEC_MP_BIN, read_uint(r, 1));
    case 0xc5: return slice(r, CODEC_MP_BIN, read_uint(r, 2));
    case 0xc6: return slice(r, CODEC_MP_BIN, read_uint(r, 4));
    case 0xc7: return ext(r, read_uint(r, 1));
    case 0xc8: return ext(r, read_uint(r, 2));
    case 0xc9: return ext(r, read_uint(r, 4));
    case 0xca: return (codec_mp){ .kind = CODEC_MP_FLOAT, .f64 = f32_of(riv_read_u32be(r)) };
    case 0xcb: return (codec_mp){ .kind = CODEC_MP_FLOAT, .f64 = f64_of(riv_read_u64be(r)) };
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf: return (codec_mp){ .kind = CODEC_MP_UINT, .u64 = read_uint(r, 1u << (mark - 0xcc)) };
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3: return integer(read_sint(r, 1u << (mark - 0xd0)));
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8: return ext(r, UINT64_C(1) << (mark - 0xd4));
    case 0xd9: return slice(r, CODEC_MP_STR, read_uint(r, 1));
    case 0xda: return slice(r, CODEC_MP_STR, read_uint(r, 2));
    case 0xdb: return slice(r, CODEC_MP_STR, read_uint(r, 4));
    case 0xdc: return container(CODEC_MP_ARRAY, read_uint(r, 2));
    case 0xdd: return container(CODEC_MP_ARRAY, read_uint(r, 4));
    case 0xde: return container(CODEC_MP_MAP, read_uint(r, 2));
    case 0xdf: return container(CODEC_MP_MAP, read_uint(r, 4));
    default: return (codec_mp){ .kind = CODEC_MP_NIL };
    }
}

static codec_mp read_any(riv_reader *r, uint8_t mark)
{
    if (mark < 0x80) return integer(mark);
    if (mark < 0x90) return container(CODEC_MP_MAP, mark & 0x0f);
    if (mark < 0xa0) return container(CODEC_MP_ARRAY, mark & 0x0f);
    if (mark < 0xc0) return slice(r, CODEC_MP_STR, mark & 0x1f);
    if (mark >= 0xe0) return integer((int8_t)mark);
    return read_marked(r, mark);
}

riv_err codec__mp_token(riv_reader *r, riv_fault *fault, codec_mp *out)
{
    size_t   start = r->pos;
    uint8_t  mark  = riv_read_u8(r);
    codec_mp token = read_any(r, mark);
    if (mark == 0xc1) return riv_fail(fault, RIV_E_MALFORMED, start, "MessagePack byte 0xc1 is reserved");
    if (r->short_read) return riv_fail(fault, RIV_E_MALFORMED, start, "MessagePack value is cut");
    uint64_t values = token.kind == CODEC_MP_MAP ? 2 * (uint64_t)token.count : token.count;
    if (values > riv_reader_left(r)) /* each takes a byte at least */
        return riv_fail(fault, RIV_E_MALFORMED, start, "MessagePack container of %u in %zu bytes", token.count,
                        riv_reader_left(r));
    *out = token;
    return RIV_OK;
}

riv_err codec_mp_next(riv_reader *r, riv_fault *fault, codec_mp *out)
{
    codec_mp token;
    size_t   bad = 0;
    RIV_TRY(codec__mp_token(r, fault, &token));
    if (token.kind == CODEC_MP_STR && !riv_utf8_valid(token.bytes, &bad))
        return riv_fail(fault, RIV_E_MALFORMED, r->pos - token.bytes.len + bad, "MessagePack text is not UTF-8");
    *out = token;
    return RIV_OK;
}

typedef riv_err (*token_fn)(riv_reader *r, riv_fault *fault, codec_mp *out);

/* left[d]: values still to come in the container at depth d. */
static riv_err skip(riv_reader *r, riv_fault *fault, token_fn next, size_t depth_max)
{
    uint64_t left[CODEC__MP_DEPTH_MAX + 1];
    size_t   depth = 0;
    RIV_ASSERT(depth_max <= CODEC__MP_DEPTH_MAX);
    left[0] = 1;
    for (;;) {
        codec_mp token;
        while (left[depth] == 0) {
            if (depth == 0) return RIV_OK;
            depth--;
        }
        left[depth]--;
        RIV_TRY(next(r, fault, &token));
        if (token.kind != CODEC_MP_ARRAY && token.kind != CODEC_MP_MAP) continue;
        if (depth == depth_max)
            return riv_fail(fault, RIV_E_LIMIT, r->pos, "MessagePack nested deeper than %zu", depth_max);
        left[++depth] = token.kind == CODEC_MP_MAP ? 2 * (uint64_t)token.count : token.count;
    }
}

riv_err codec_mp_skip(riv_reader *r, riv_fault *fault)
{
    return skip(r, fault, codec_mp_next, CODEC_MSGPACK_DEPTH_MAX);
}

riv_err codec__mp_skip(riv_reader *r, riv_fault *fault, size_t depth_max)
{
    return skip(r, fault, codec__mp_token, depth_max);
}

riv_err codec_mp_bytes(riv_reader *r, riv_arena *arena, riv_fault *fault, riv_bytes *out)
{
    size_t   start = r->pos;
    codec_mp head, item;
    RIV_TRY(codec__mp_token(r, fault, &head));
    if (head.kind == CODEC_MP_STR || head.kind == CODEC_MP_BIN) {
        *out = head.bytes;
        return RIV_OK;
    }
    if (head.kind != CODEC_MP_ARRAY)
        return riv_fail(fault, RIV_E_MALFORMED, start, "MessagePack value is no byte string");
    if (head.count > riv_arena_left(arena))
        return riv_fail(fault, RIV_E_LIMIT, start, "MessagePack byte string of %u bytes is more than is granted",
                        head.count);
    uint8_t *bytes = riv_new(arena, uint8_t, head.count);
    for (uint32_t i = 0; i < head.count; i++) {
        start = r->pos;
        RIV_TRY(codec__mp_token(r, fault, &item));
        if (item.kind != CODEC_MP_UINT || item.u64 > UINT8_MAX)
            return riv_fail(fault, RIV_E_MALFORMED, start, "MessagePack byte string with an item that is no byte");
        bytes[i] = (uint8_t)item.u64;
    }
    *out = (riv_bytes){ bytes, head.count };
    return RIV_OK;
}

/* ---- writing ---- */

void codec_mp_put_nil(riv_buf *out) { riv_put_u8(out, 0xc0); }

void codec_mp_put_bool(riv_buf *out, bool v) { riv_put_u8(out, v ? 0xc3 : 0xc2); }

/* A mark (that of one byte, or the next two) and the number in 1, 2, 4 or 8 bytes. */
static void put_sized(riv_buf *out, uint8_t mark_u8, uint64_t v)
{
    if (v <= UINT8_MAX) {
        riv_put_u8(out, mark_u8);
        riv_put_u8(out, (uint8_t)v);
    } else if (v <= UINT16_MAX) {
        riv_put_u8(out, (uint8_t)(mark_u8 + 1));
        riv_put_u16be(out, (uint16_t)v);
    } else if (v <= UINT32_MAX) {
        riv_put_u8(out, (uint8_t)(mark_u8 + 2));
        riv_put_u32be(out, (uint32_t)v);
    } else {
        riv_put_u8(out, (uint8_t)(mark_u8 + 3));
        riv_put_u64be(out, v);
    }
}

void codec_mp_put_uint(riv_buf *out, uint64_t v)
{
    if (v < 0x80)
        riv_put_u8(out, (uint8_t)v);
    else
        put_sized(out, 0xcc, v);
}

void codec_mp_put_int(riv_buf *out, int64_t v)
{
    if (v >= 0) {
        codec_mp_put_uint(out, (uint64_t)v);
    } else if (v >= -32) {
        riv_put_u8(out, (uint8_t)v);
    } else if (v >= INT8_MIN) {
        riv_put_u8(out, 0xd0);
        riv_put_u8(out, (uint8_t)v);
    } else if (v >= INT16_MIN) {
        riv_put_u8(out, 0xd1);
        riv_put_u16be(out, (uint16_t)v);
    } else if (v >= INT32_MIN) {
        riv_put_u8(out, 0xd2);
        riv_put_u32be(out, (uint32_t)v);
    } else {
        riv_put_u8(out, 0xd3);
        riv_put_u64be(out, (uint64_t)v);
    }
}

void codec_mp_put_float(riv_buf *out, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    riv_put_u8(out, 0xcb);
    riv_put_u64be(out, bits);
}

void codec_mp_put_str(riv_buf *out, riv_str v)
{
    RIV_ASSERT(v.len <= UINT32_MAX);
    if (v.len < 32)
        riv_put_u8(out, (uint8_t)(0xa0 | v.len));
    else
        put_sized(out, 0xd9, v.len);
    riv_put_str(out, v);
}

void codec__mp_put_bin_head(riv_buf *out, size_t len)
{
    RIV_ASSERT(len <= UINT32_MAX);
    put_sized(out, 0xc4, len);
}

void codec_mp_put_bin(riv_buf *out, riv_bytes v)
{
    codec__mp_put_bin_head(out, v.len);
    riv_put_bytes(out, v);
}

static void put_head(riv_buf *out, uint8_t fix, uint8_t mark_u16, uint32_t count)
{
    if (count < 16) {
        riv_put_u8(out, (uint8_t)(fix | count));
    } else if (count <= UINT16_MAX) {
        riv_put_u8(out, mark_u16);
        riv_put_u16be(out, (uint16_t)count);
    } else {
        riv_put_u8(out, (uint8_t)(mark_u16 + 1));
        riv_put_u32be(out, count);
    }
}

void codec_mp_put_array(riv_buf *out, uint32_t count) { put_head(out, 0x90, 0xdc, count); }

void codec_mp_put_map(riv_buf *out, uint32_t count) { put_head(out, 0x80, 0xde, count); }

/* ---- JSON values ---- */

void codec_mp_put_json(riv_buf *out, const riv_json *v)
{
    switch (v->kind) {
    case RIV_JSON_NULL: codec_mp_put_nil(out); return;
    case RIV_JSON_BOOL: codec_mp_put_bool(out, v->boolean); return;
    case RIV_JSON_U64: codec_mp_put_uint(out, v->u64); return;
    case RIV_JSON_I64: codec_mp_put_int(out, v->i64); return;
    case RIV_JSON_F64: codec_mp_put_float(out, v->f64); return;
    case RIV_JSON_STR: codec_mp_put_str(out, v->str); return;
    case RIV_JSON_ARR:
        codec_mp_put_array(out, (uint32_t)v->arr.count);
        for (size_t i = 0; i < v->arr.count; i++) codec_mp_put_json(out, v->arr.items[i]);
        return;
    case RIV_JSON_OBJ:
        codec_mp_put_map(out, (uint32_t)v->obj.count);
        for (size_t i = 0; i < v->obj.count; i++) {
            codec_mp_put_str(out, v->obj.members[i].key);
            codec_mp_put_json(out, v->obj.members[i].value);
        }
        return;
    }
    RIV_UNREACHABLE();
}

static riv_err json_value(riv_reader *r, riv_arena *arena, riv_fault *fault, size_t depth, const riv_json **out);

static riv_err json_array(riv_reader *r, riv_arena *arena, riv_fault *fault, size_t depth, uint32_t count,
                          const riv_json **out)
{
    riv_json_list items = { 0 }; /* grows as values come, whatever count says */
    for (uint32_t i = 0; i < count; i++) {
        const riv_json *item;
        RIV_TRY(json_value(r, arena, fault, depth, &item));
        riv_json_add(arena, &items, item);
    }
    *out = riv_json_arr(arena, items.ptr, items.len);
    return RIV_OK;
}

static riv_err json_object(riv_reader *r, riv_arena *arena, riv_fault *fault, size_t depth, uint32_t count,
                           const riv_json **out)
{
    RIV_VEC(riv_json_member) members = { 0 };
    for (uint32_t i = 0; i < count; i++) {
        size_t          start = r->pos;
        codec_mp        key;
        const riv_json *value;
        RIV_TRY(codec_mp_next(r, fault, &key));
        if (key.kind != CODEC_MP_STR)
            return riv_fail(fault, RIV_E_MALFORMED, start, "MessagePack map with a key that is no text");
        RIV_TRY(json_value(r, arena, fault, depth, &value));
        *riv_push(arena, &members) = (riv_json_member){ riv_str_dup(arena, riv_bytes_str(key.bytes)), value };
    }
    *out = riv_json_obj(arena, members.ptr, members.len);
    return RIV_OK;
}

static riv_err json_value(riv_reader *r, riv_arena *arena, riv_fault *fault, size_t depth, const riv_json **out)
{
    size_t   start = r->pos;
    codec_mp token;
    if (riv_arena_over(arena))
        return riv_fail(fault, RIV_E_LIMIT, start, "MessagePack value needs more memory than is granted");
    RIV_TRY(codec_mp_next(r, fault, &token));
    bool nested = token.kind == CODEC_MP_ARRAY || token.kind == CODEC_MP_MAP;
    if (nested && depth == CODEC_MSGPACK_DEPTH_MAX)
        return riv_fail(fault, RIV_E_LIMIT, start, "MessagePack nested deeper than %d", CODEC_MSGPACK_DEPTH_MAX);
    switch (token.kind) {
    case CODEC_MP_NIL: *out = riv_json_null(); return RIV_OK;
    case CODEC_MP_BOOL: *out = riv_json_bool(token.boolean); return RIV_OK;
    case CODEC_MP_UINT: *out = riv_json_u64(arena, token.u64); return RIV_OK;
    case CODEC_MP_INT: *out = riv_json_i64(arena, token.i64); return RIV_OK;
    case CODEC_MP_FLOAT: *out = riv_json_f64(arena, token.f64); return RIV_OK;
    case CODEC_MP_STR: *out = riv_json_str(arena, riv_str_dup(arena, riv_bytes_str(token.bytes))); return RIV_OK;
    case CODEC_MP_ARRAY: return json_array(r, arena, fault, depth + 1, token.count, out);
    case CODEC_MP_MAP: return json_object(r, arena, fault, depth + 1, token.count, out);
    case CODEC_MP_BIN:
    case CODEC_MP_EXT: break;
    }
    return riv_fail(fault, RIV_E_MALFORMED, start, "MessagePack %s has no JSON form",
                    token.kind == CODEC_MP_BIN ? "byte string" : "extension");
}

riv_err codec_mp_json(riv_reader *r, riv_arena *arena, riv_fault *fault, const riv_json **out)
{
    return json_value(r, arena, fault, 0, out);
}
